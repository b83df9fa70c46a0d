//! Records that were moved to a later key epoch outlive the erasure of the one they were sealed in.

use super::{
    Done, assert_refused, refusal,
    ward::{Failed, Ward, trusted},
};
use dmledger_core::{
    account::{KeyClass, Missing},
    action::{Action, MoveRecords, Refusal, SignedAction},
    codec::List,
    consent::erasure::{Custodian, Custody, Erased, ErasureId, ErasureOrder},
    decide::{AccessOutcome, Reason},
    envelope::Meaning::{Authored, CoSigned},
    record::RecordId,
    scope::Purpose,
    time::Height,
};

/// A ward whose hospital may read everything.
fn open_ward() -> Result<(Ward, AccessOutcome), Failed> {
    let mut ward = trusted()?;
    let mut grant = ward.world.grant_to(0, 0);
    grant.data = dmledger_core::time::TimeRange::ALWAYS;
    let allowed = AccessOutcome::Allowed { grant: grant.id };
    let granting = ward.world.grant(0, grant)?;
    ward.advance(&[granting])?;
    Ok((ward, allowed))
}

fn body(epoch: u32, records: &[RecordId]) -> Result<Action, Failed> {
    let mut records = records.to_vec();
    records.sort_unstable();
    Ok(Action::MoveRecords(MoveRecords { epoch, records: List::new(records)? }))
}

fn moved(ward: &Ward, epoch: u32, records: &[RecordId]) -> Result<SignedAction, Failed> {
    Ok(ward.by_patient(body(epoch, records)?))
}

fn erase(ward: &mut Ward, erased: Erased) -> Result<Height, Failed> {
    let custodian = Custodian { member: ward.world.institutions()[1].id(), custody: Custody::Objects };
    let id = ErasureId::new(ward.world.bytes());
    let order = ErasureOrder { id, erased, custodians: List::new(vec![custodian])? };
    let (action, height) = (ward.by_patient(Action::OrderErasure(Box::new(order))), ward.next().height);
    ward.advance(&[action])?;
    Ok(height)
}

fn denied(height: Height) -> AccessOutcome {
    AccessOutcome::Denied { reason: Reason::ErasureOrdered { position: 0, height } }
}

#[test]
fn a_moved_record_is_read_after_its_old_epoch_is_erased_and_the_others_are_gone() -> Done {
    let (mut ward, allowed) = open_ward()?;
    let (kept, left) = (ward.records[..2].to_vec(), ward.records[2]);
    let action = moved(&ward, 1, &kept)?;
    ward.advance(&[action])?;
    let height = erase(&mut ward, Erased::Epoch(0))?;
    assert_eq!(ward.read_as(0, kept.clone(), Purpose::Treatment)?, allowed);
    assert_eq!(ward.read_as(0, vec![left], Purpose::Treatment)?, denied(height));
    // It goes with the epoch that it is in.
    let again = moved(&ward, 2, &kept[..1])?;
    ward.advance(&[again])?;
    let height = erase(&mut ward, Erased::Epoch(1))?;
    assert_eq!(ward.read_as(0, vec![kept[0]], Purpose::Treatment)?, allowed);
    assert_eq!(ward.read_as(0, vec![kept[1]], Purpose::Treatment)?, denied(height));
    // Wherever it is, it can be erased by name.
    let height = erase(&mut ward, Erased::Record(kept[0]))?;
    assert_eq!(ward.read_as(0, vec![kept[0]], Purpose::Treatment)?, denied(height));
    Ok(())
}

#[test]
fn nothing_that_is_erased_comes_back_by_being_moved() -> Done {
    let (mut ward, _) = open_ward()?;
    let (by_name, with_epoch) = (ward.records[0], ward.records[1]);
    erase(&mut ward, Erased::Record(by_name))?;
    let action = moved(&ward, 1, &[by_name])?;
    assert_refused(&mut ward.world, &ward.ledger, &action, Refusal::ErasedAlready);
    let early = moved(&ward, 1, &[with_epoch])?;
    assert_eq!(refusal(&ward.ledger, &early), None);
    let height = erase(&mut ward, Erased::Epoch(0))?;
    assert_refused(&mut ward.world, &ward.ledger, &early, Refusal::EpochErased { epoch: 0 });
    assert_eq!(ward.read_as(0, vec![with_epoch], Purpose::Treatment)?, denied(height));
    Ok(())
}

#[test]
fn records_move_forward_into_an_epoch_that_was_not_erased() -> Done {
    let (mut ward, _) = open_ward()?;
    let records = ward.records.clone();
    for epoch in [0, 2] {
        let action = moved(&ward, epoch, &records[..1])?;
        let expected = (epoch == 0).then_some(Refusal::NotALaterEpoch { position: 0, epoch: 0 });
        assert_eq!(refusal(&ward.ledger, &action), expected);
    }
    let action = moved(&ward, 2, &records[..1])?;
    ward.advance(std::slice::from_ref(&action))?;
    for epoch in [1, 2] {
        let action = moved(&ward, epoch, &records[..1])?;
        let expected = Refusal::NotALaterEpoch { position: 0, epoch: 2 };
        assert_refused(&mut ward.world, &ward.ledger, &action, expected);
    }
    erase(&mut ward, Erased::Epoch(3))?;
    let action = moved(&ward, 3, &records[1..2])?;
    assert_refused(&mut ward.world, &ward.ledger, &action, Refusal::EpochErased { epoch: 3 });
    Ok(())
}

#[test]
fn only_the_accounts_own_records_are_moved_each_once_and_by_its_policy() -> Done {
    let (mut ward, _) = open_ward()?;
    let records = ward.records.clone();
    let neighbours = super::anchored(&mut ward.world, &mut ward.ledger, 1, 1)?[0];
    for foreign in [neighbours, RecordId::new([1; 32])] {
        let action = moved(&ward, 1, &[foreign])?;
        assert_refused(&mut ward.world, &ward.ledger, &action, Refusal::UnknownRecord { position: 0 });
    }
    let empty = moved(&ward, 1, &[])?;
    assert_refused(&mut ward.world, &ward.ledger, &empty, Refusal::Empty);
    let twice = moved(&ward, 1, &[records[0], records[0]])?;
    assert_refused(&mut ward.world, &ward.ledger, &twice, Refusal::DuplicateRecord);
    let (patient, hospital) = (&ward.world.patients()[0], &ward.world.institutions()[0].key);
    let by_home = ward.signed(body(1, &records[..1])?, &[(&patient.gateway, Authored), (&patient.home, CoSigned)]);
    assert_eq!(refusal(&ward.ledger, &by_home), None, "as records are registered, without the phone");
    let by_others = ward.signed(body(1, &records[..1])?, &[(&patient.gateway, Authored), (hospital, CoSigned)]);
    let lacking = Missing::OfClass { class: KeyClass::Patient, have: 0, need: 1 };
    assert_eq!(refusal(&ward.ledger, &by_others), Some(Refusal::Policy { missing: lacking }));
    Ok(())
}
