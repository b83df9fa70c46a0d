//! Registering records.

use super::{Done, anchored, assert_refused, signed, world};
use dmledger_core::{
    account::{KeyClass, Missing},
    action::{Action, Anchor, Refusal},
    codec::List,
    envelope::Meaning::{Authored, CoSigned},
    ledger::{Query, StateMachine},
    record::IndexEntry,
};

fn body(entries: &[IndexEntry]) -> Result<Action, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Action::Anchor(Anchor { entries: List::new(entries.to_vec())? }))
}

#[test]
fn the_home_registers_without_the_phone_and_the_list_is_complete() -> Done {
    let (mut world, mut ledger) = world()?;
    let mut names = anchored(&mut world, &mut ledger, 0, 5)?;
    names.extend(anchored(&mut world, &mut ledger, 0, 3)?);
    anchored(&mut world, &mut ledger, 1, 2)?;
    let account = world.patients()[0].account;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let answer = query.records(&account)?;
    let entries = answer.verify(&ledger.tip().state_root, world.chain(), &account)?;
    assert_eq!(entries.iter().map(|one| one.entry.facts().record).collect::<Vec<_>>(), names);
    assert!(entries.iter().zip(0..).all(|(one, number)| one.entry.facts().sequence == number));
    let other = world.patients()[1].account;
    assert!(answer.verify(&ledger.tip().state_root, world.chain(), &other).is_err());
    Ok(())
}

#[test]
fn gaps_and_repetitions_are_refused() -> Done {
    let (mut world, mut ledger) = world()?;
    let entries = world.entries(0, 3)?;
    let patient = &world.patients()[0];
    let keys = [(&patient.gateway, Authored), (&patient.home, CoSigned)];
    let gap = signed(&world, Some(patient.account), body(&entries[1..])?, &keys);
    let twice = signed(&world, Some(patient.account), body(&[entries[0].clone(), entries[0].clone()])?, &keys);
    let empty = signed(&world, Some(patient.account), body(&[])?, &keys);
    let all = signed(&world, Some(patient.account), body(&entries)?, &keys);
    // A gap may close while the action waits: the pool keeps it, no block takes it.
    assert_eq!(super::refusal(&ledger, &gap), None);
    assert!(!super::is_taken(&mut world, &ledger, &gap));
    assert_refused(&mut world, &ledger, &twice, Refusal::DuplicateRecord);
    assert_refused(&mut world, &ledger, &empty, Refusal::Empty);
    world.advance(&mut ledger, std::slice::from_ref(&all))?;
    assert_refused(&mut world, &ledger, &all, Refusal::WrongSequence { found: 0, expected: 3 });
    Ok(())
}

#[test]
fn a_record_is_registered_once_in_any_account() -> Done {
    let (mut world, mut ledger) = world()?;
    let entries = world.entries(0, 1)?;
    let action = world.anchor(0, entries.clone())?;
    world.advance(&mut ledger, &[action])?;
    let other = &world.patients()[1];
    let facts = entries[0].facts().clone();
    let record = facts.record;
    let copied = IndexEntry::sign(facts, &other.gateway, &world.chain(), &other.account)?;
    let keys = [(&other.gateway, Authored), (&other.home, CoSigned)];
    let action = signed(&world, Some(other.account), body(&[copied])?, &keys);
    assert_refused(&mut world, &ledger, &action, Refusal::RecordExists { record });
    Ok(())
}

#[test]
fn institutions_write_only_together_with_the_patient() -> Done {
    let (mut world, ledger) = world()?;
    let facts = world.entries(0, 1)?[0].facts().clone();
    let (patient, account) = (&world.patients()[0], world.patients()[0].account);
    let (hospital, pharmacy) = (&world.institutions()[0].key, &world.institutions()[1].key);
    let entry = IndexEntry::sign(facts, hospital, &world.chain(), &account)?;
    let alone = signed(
        &world,
        Some(account),
        body(std::slice::from_ref(&entry))?,
        &[(hospital, Authored), (pharmacy, CoSigned)],
    );
    let with_patient =
        signed(&world, Some(account), body(&[entry])?, &[(hospital, Authored), (&patient.phone, CoSigned)]);
    let missing = Missing::OfClass { class: KeyClass::Patient, have: 0, need: 1 };
    assert_refused(&mut world, &ledger, &alone, Refusal::Policy { missing });
    assert!(super::is_taken(&mut world, &ledger, &with_patient));
    Ok(())
}

#[test]
fn strangers_author_nothing_and_authors_cannot_be_forged() -> Done {
    let (mut world, ledger) = world()?;
    let entries = world.entries(0, 1)?;
    let stranger = world.key();
    let (patient, account) = (&world.patients()[0], world.patients()[0].account);
    let keys = [(&patient.gateway, Authored), (&patient.home, CoSigned)];
    let strange = IndexEntry::sign(entries[0].facts().clone(), &stranger, &world.chain(), &account)?;
    let by_stranger = signed(&world, Some(account), body(&[strange])?, &keys);
    // Signed by the right gateway, for the account next door.
    let next_door = world.patients()[1].account;
    let moved = IndexEntry::sign(entries[0].facts().clone(), &patient.gateway, &world.chain(), &next_door)?;
    let forged = signed(&world, Some(account), body(&[moved])?, &keys);
    assert_refused(&mut world, &ledger, &by_stranger, Refusal::WrongAuthor);
    assert_refused(&mut world, &ledger, &forged, Refusal::BadSignature { count: 1 });
    Ok(())
}
