//! Erasing records and epochs, with receipts.

use super::{
    Done, assert_refused, denied, refusal,
    ward::{EMERGENCY, Failed, Ward, trusted},
};
use dmledger_core::{
    account::{KeyClass, Missing},
    action::{Action, ConfirmErasure, Refusal, SignedAction},
    codec::{List, decode, encode},
    consent::erasure::{Custodian, Custody, EraseReceipt, Erased, ErasureId, ErasureOrder, SignedReceipt},
    decide::{AccessOutcome, Reason},
    emergency::PatientState,
    envelope::{
        Envelope,
        Meaning::{Approved, Authored, CoSigned, Witnessed},
    },
    key::SecretKey,
    ledger::{ErasureAnswer, Query, StateMachine},
    record::RecordId,
    scope::Purpose,
    time::Height,
};

const GATE: Custody = Custody::GateKeys { committee: 1, node: 3 };

/// The pharmacy operates the lake, the regulator is a gate node; the pharmacy answers for both its custodies.
fn custodians(ward: &Ward) -> Vec<Custodian> {
    let institutions = ward.world.institutions();
    let mut all = vec![
        Custodian { member: institutions[1].id(), custody: Custody::Objects },
        Custodian { member: institutions[1].id(), custody: GATE },
        Custodian { member: institutions[2].id(), custody: GATE },
    ];
    all.sort_unstable();
    all
}

fn order(ward: &mut Ward, erased: Erased) -> Result<ErasureOrder, Failed> {
    let id = ErasureId::new(ward.world.bytes());
    Ok(ErasureOrder { id, erased, custodians: List::new(custodians(ward))? })
}

fn ordered(ward: &mut Ward, erased: Erased) -> Result<(ErasureOrder, Height), Failed> {
    let (order, height) = (order(ward, erased)?, ward.next().height);
    let action = ward.by_patient(Action::OrderErasure(Box::new(order.clone())));
    ward.advance(&[action])?;
    Ok((order, height))
}

fn receipt(ward: &Ward, order: &ErasureOrder, custody: Custody, ordered: Height, key: &SecretKey) -> SignedReceipt {
    let body = EraseReceipt { order: order.id, erased: order.erased, custody, ordered };
    Envelope::new(ward.world.chain(), Some(ward.account()), body).sign(key, Authored).expect("signs")
}

fn confirm(ward: &Ward, receipt: SignedReceipt) -> SignedAction {
    ward.signed(Action::ConfirmErasure(Box::new(ConfirmErasure { receipt })), &[])
}

/// The key of a custodian.
fn key<'a>(ward: &'a Ward, custodian: &Custodian) -> &'a SecretKey {
    let all = ward.world.institutions().iter();
    &all.clone().find(|party| party.id() == custodian.member).expect("an institution").key
}

#[test]
fn from_the_order_on_nobody_reads_it_and_with_the_last_receipt_it_is_complete() -> Done {
    for of_epoch in [false, true] {
        let mut ward = trusted()?;
        let mut request = ward.request();
        request.patient = PatientState::Unresponsive;
        let mut grant = ward.world.grant_to(0, 0);
        grant.data = dmledger_core::time::TimeRange::ALWAYS;
        let actions = [ward.ask(&request, &EMERGENCY), ward.world.grant(0, grant.clone())?];
        ward.advance(&actions)?;
        let (target, others) = (ward.records[2], vec![ward.records[0], ward.records[4]]);
        let erased = if of_epoch { Erased::Epoch(0) } else { Erased::Record(target) };
        let (order, height) = ordered(&mut ward, erased)?;
        for purpose in [Purpose::Treatment, Purpose::BreakTheGlass] {
            let outcome = ward.read_as(0, vec![target], purpose)?;
            assert_eq!(outcome, denied(Reason::ErasureOrdered { position: 0, height }));
        }
        let outcome = ward.read_as(0, others, Purpose::Treatment)?;
        let untouched = AccessOutcome::Allowed { grant: grant.id };
        assert_eq!(outcome == untouched, !of_epoch, "{outcome:?}");
        for (left, custodian) in (0..3).rev().zip(custodians(&ward)) {
            let receipt = receipt(&ward, &order, custodian.custody, height, key(&ward, &custodian));
            let action = confirm(&ward, receipt);
            ward.advance(std::slice::from_ref(&action))?;
            assert_refused(&mut ward.world, &ward.ledger, &action, Refusal::AnsweredAlready);
            let erasure = ward.ledger.facts().erasure(&order.id)?.ok_or("none")?;
            assert_eq!((erasure.outstanding().count(), erasure.completed().is_some()), (left, left == 0));
        }
        let height = ward.ledger.tip().height;
        let outcome = ward.read_as(0, vec![target], Purpose::Treatment)?;
        assert_eq!(outcome, denied(Reason::Erased { position: 0, height }));
    }
    Ok(())
}

/// Fewer than both patient keys have signed.
fn lacking(have: u8) -> Refusal {
    Refusal::Policy { missing: Missing::OfClass { class: KeyClass::Patient, have, need: 2 } }
}

#[test]
fn only_the_patient_orders_and_only_once() -> Done {
    let mut ward = trusted()?;
    let target = Erased::Record(ward.records[0]);
    let order = order(&mut ward, target)?;
    let body = || Action::OrderErasure(Box::new(order.clone()));
    let (patient, hospital) = (&ward.world.patients()[0], &ward.world.institutions()[0].key);
    let one_key = ward.signed(body(), &[(&patient.phone, Authored), (hospital, CoSigned)]);
    let trustees: Vec<_> = ward.parties.iter().map(|party| (&party.key, Approved)).collect();
    let trustees = ward.signed(body(), &trustees);
    for (action, have) in [(one_key, 1), (trustees, 0)] {
        assert_eq!(refusal(&ward.ledger, &action), Some(lacking(have)));
    }
    let action = ward.by_patient(body());
    ward.advance(std::slice::from_ref(&action))?;
    assert_refused(&mut ward.world, &ward.ledger, &action, Refusal::ErasureExists);
    let second = ErasureOrder { id: ErasureId::new([9; 16]), ..order };
    let second = ward.by_patient(Action::OrderErasure(Box::new(second)));
    assert_refused(&mut ward.world, &ward.ledger, &second, Refusal::ErasedAlready);
    Ok(())
}

#[test]
fn an_order_names_what_is_there_and_members_that_can_answer() -> Done {
    let mut ward = trusted()?;
    let neighbours = super::anchored(&mut ward.world, &mut ward.ledger, 1, 1)?[0];
    for record in [RecordId::new([1; 32]), neighbours] {
        let order = order(&mut ward, Erased::Record(record))?;
        let action = ward.by_patient(Action::OrderErasure(Box::new(order)));
        assert_refused(&mut ward.world, &ward.ledger, &action, Refusal::NoSuchRecord { record });
    }
    let good = order(&mut ward, Erased::Epoch(7))?;
    let member = dmledger_core::identity::MemberId::of(&ward.world.key().public());
    let mut reversed = custodians(&ward);
    reversed.reverse();
    for (custodians, expected) in [
        (vec![], Refusal::Empty),
        (reversed, Refusal::CustodiansOutOfOrder),
        (vec![Custodian { member, custody: GATE }], Refusal::UnknownCustodian { member }),
    ] {
        let order = ErasureOrder { custodians: List::new(custodians)?, ..good.clone() };
        let action = ward.by_patient(Action::OrderErasure(Box::new(order)));
        assert_refused(&mut ward.world, &ward.ledger, &action, expected);
    }
    Ok(())
}

#[test]
fn a_receipt_counts_for_its_own_custodian_only() -> Done {
    let mut ward = trusted()?;
    let target = Erased::Record(ward.records[0]);
    let (order, height) = ordered(&mut ward, target)?;
    let (hospital, pharmacy) = (&ward.world.institutions()[0].key, &ward.world.institutions()[1].key);
    let of = |order: &ErasureOrder, custody, height, key| receipt(&ward, order, custody, height, key);
    let other_node = Custody::GateKeys { committee: 1, node: 4 };
    let whole = ErasureOrder { erased: Erased::Epoch(0), ..order.clone() };
    let good = of(&order, GATE, height, pharmacy);
    let body = *good.body();
    let by_account = |account| Envelope::new(ward.world.chain(), account, body);
    let neighbour = Some(ward.world.patients()[1].account);
    let wrong = [
        of(&order, GATE, height, hospital),
        of(&order, other_node, height, pharmacy),
        of(&order, GATE, height.next(), pharmacy),
        of(&whole, GATE, height, pharmacy),
        by_account(neighbour).sign(pharmacy, Authored)?,
        by_account(Some(ward.account())),
        by_account(Some(ward.account())).sign(pharmacy, Witnessed)?,
        good.clone().sign(hospital, Authored)?,
    ];
    for (i, receipt) in wrong.into_iter().enumerate() {
        assert_eq!(refusal(&ward.ledger, &confirm(&ward, receipt)), Some(Refusal::WrongReceipt), "{i}");
    }
    let stranger = ErasureOrder { id: ErasureId::new([9; 16]), ..order };
    let unknown = confirm(&ward, of(&stranger, GATE, height, pharmacy));
    assert_eq!(refusal(&ward.ledger, &unknown), Some(Refusal::UnknownErasure));
    // A signature of another statement of the same custodian.
    let stolen = of(&whole, GATE, height, pharmacy).endorsements()[0];
    let forged = confirm(&ward, by_account(Some(ward.account())).with(stolen)?);
    assert_eq!(refusal(&ward.ledger, &forged), Some(Refusal::BadSignature { count: 1 }));
    assert_eq!(refusal(&ward.ledger, &confirm(&ward, good)), None);
    Ok(())
}

#[test]
fn nothing_is_registered_in_an_erased_epoch_and_the_chain_still_verifies() -> Done {
    let mut ward = trusted()?;
    let (chain, account) = (ward.world.chain(), ward.account());
    ordered(&mut ward, Erased::Epoch(0))?;
    let entries = ward.world.entries(0, 1)?;
    let anchor = ward.world.anchor(0, entries)?;
    assert_refused(&mut ward.world, &ward.ledger, &anchor, Refusal::EpochErased { epoch: 0 });
    // Every index entry still stands, with its digests, under a root that everybody agrees on.
    let query = Query::at(chain, ward.ledger.tip().height, ward.ledger.store().as_ref())?;
    let root = ward.ledger.tip().state_root;
    assert_eq!(query.records(&account)?.verify(&root, chain, &account)?.len(), 5);
    let reopened = dmledger_core::ledger::Ledger::open(ward.world.genesis(), ward.ledger.store().clone())?;
    assert_eq!(reopened.tip().state_root, root);
    Ok(())
}

#[test]
fn no_later_version_goes_into_an_erased_epoch() -> Done {
    let mut ward = trusted()?;
    let record = ward.records[0];
    let before = ward.world.update(0, (record, 0), None)?;
    assert_eq!(refusal(&ward.ledger, &before), None);
    ordered(&mut ward, Erased::Epoch(0))?;
    assert_refused(&mut ward.world, &ward.ledger, &before, Refusal::EpochErased { epoch: 0 });
    Ok(())
}

#[test]
fn the_answer_shows_who_has_stated_what() -> Done {
    let mut ward = trusted()?;
    let target = Erased::Record(ward.records[0]);
    let (order, height) = ordered(&mut ward, target)?;
    let custodian = custodians(&ward)[1];
    let one = confirm(&ward, receipt(&ward, &order, custodian.custody, height, key(&ward, &custodian)));
    ward.advance(&[one])?;
    let (chain, root) = (ward.world.chain(), ward.ledger.tip().state_root);
    let query = Query::at(chain, ward.ledger.tip().height, ward.ledger.store().as_ref())?;
    let bytes = encode(&query.erasure(&order.id)?);
    let answer: ErasureAnswer = decode(&bytes)?;
    let erasure = answer.verify(&root, chain, &order.id)?.ok_or("none")?;
    assert_eq!(erasure.answered().iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!((erasure.order(), erasure.completed()), (&order, None));
    let mark = query.erased(&ward.account(), &target)?;
    let place = ward.ledger.places().erased(&ward.account(), &target);
    assert_eq!(mark.verify(&root, &place)?.map(|mark| mark.order), Some(order.id));
    let absent = query.erasure(&ErasureId::new([9; 16]))?;
    assert_eq!(absent.verify(&root, chain, &ErasureId::new([9; 16]))?, None);
    for bit in (0..bytes.len() * 8).step_by(23) {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let accepted = decode::<ErasureAnswer>(&bytes).is_ok_and(|one| one.verify(&root, chain, &order.id).is_ok());
        assert!(!accepted, "bit {bit}");
    }
    Ok(())
}
