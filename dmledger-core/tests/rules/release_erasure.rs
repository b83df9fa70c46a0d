//! What gate nodes destroy: what the patient's order on the ledger names, and nothing on anybody else's word.

use super::{
    Done,
    ward::{Failed, Ward, trusted},
};
use dmledger_core::{
    action::Action,
    codec::List,
    consent::{
        GateOrder, GateTask,
        erasure::{Custodian, Custody, Erased, ErasureId, ErasureOrder},
    },
    decide::{Ordered, ReleaseError, Withheld, ordered},
    envelope::{Envelope, Meaning},
    key::SecretKey,
    ledger::StateMachine,
    record::RecordId,
    time::Height,
};

/// The patient orders an erasure on the ledger; its name and height.
fn order(ward: &mut Ward, erased: Erased) -> Result<(ErasureId, Height), Failed> {
    let id = ErasureId::new(ward.world.bytes());
    let custody = Custody::GateKeys { committee: 1, node: 0 };
    let custodians = List::new(vec![Custodian { member: ward.world.institutions()[1].id(), custody }])?;
    let height = ward.next().height;
    let action = ward.by_patient(Action::OrderErasure(Box::new(ErasureOrder { id, erased, custodians })));
    ward.advance(&[action])?;
    Ok((id, height))
}

/// What a node makes of a task, handed over by `key`: the record and the height that its receipt will name.
fn obeyed(ward: &Ward, epoch: u32, task: GateTask, key: &SecretKey) -> Result<(Option<RecordId>, Height), Withheld> {
    let body = GateOrder { epoch, committee: 1, task };
    let order = Envelope::new(ward.world.chain(), Some(ward.account()), body).sign(key, Meaning::Approved);
    match ordered(&ward.ledger.facts(), &order.expect("signs"), ward.ledger.tip().height) {
        Ok(Ordered::Destroy(order)) => Ok((order.record(), order.height())),
        Ok(Ordered::Keep(..)) => panic!("nothing was dealt"),
        Err(ReleaseError::Withheld(why)) => Err(why),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_node_destroys_what_the_ledgers_order_names_and_its_receipt_names_the_orders_height() -> Done {
    let mut ward = trusted()?;
    let [one, other] = [ward.records[0], ward.records[1]];
    let tip = ward.ledger.tip().height;
    let unknown = GateTask::EraseRecord(ErasureId::new([6; 16]), one);
    let home = |ward: &Ward, epoch, task| obeyed(ward, epoch, task, &ward.world.patients()[0].home);
    assert_eq!(home(&ward, 0, unknown), Err(Withheld::NotOrdered { height: tip }));
    let (record, at) = order(&mut ward, Erased::Record(one))?;
    let (epoch, later) = order(&mut ward, Erased::Epoch(3))?;
    ward.advance(&[])?;
    assert_eq!(home(&ward, 0, GateTask::EraseRecord(record, one)), Ok((Some(one), at)));
    assert_eq!(home(&ward, 3, GateTask::EraseEpoch(epoch)), Ok((None, later)));
    let wrong = [
        (0, GateTask::EraseRecord(record, other)),
        (0, GateTask::EraseRecord(epoch, one)),
        (0, GateTask::EraseEpoch(record)),
        (2, GateTask::EraseEpoch(epoch)),
    ];
    for (number, task) in wrong {
        assert_eq!(home(&ward, number, task), Err(Withheld::Refused));
    }
    for key in [&ward.world.institutions()[1].key, &ward.world.patients()[1].home, &ward.world.patients()[0].gateway] {
        let task = GateTask::EraseRecord(record, one);
        assert_eq!(obeyed(&ward, 0, task, key), Err(Withheld::Refused), "no key of the patient");
    }
    Ok(())
}

/// An order of the neighbour, which stands on the same ledger, destroys nothing here.
#[test]
fn the_order_of_another_account_destroys_nothing() -> Done {
    let mut ward = trusted()?;
    let (id, _) = order(&mut ward, Erased::Epoch(0))?;
    let body = GateOrder { epoch: 0, committee: 1, task: GateTask::EraseEpoch(id) };
    let neighbour = &ward.world.patients()[1];
    let foreign = Envelope::new(ward.world.chain(), Some(neighbour.account), body);
    let foreign = foreign.sign(&neighbour.home, Meaning::Approved)?;
    let answer = ordered(&ward.ledger.facts(), &foreign, ward.ledger.tip().height);
    assert!(matches!(answer, Err(ReleaseError::Withheld(Withheld::Refused))));
    Ok(())
}
