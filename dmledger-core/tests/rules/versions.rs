//! Later versions of records: who may write one, what stays, what can be shown.

use super::{Done, anchored, assert_refused, last_answer, signed, world};
use dmledger_core::{
    action::{Action, Refusal, SignedAction},
    consent::{AccessRequest, RequestId},
    decide::{AccessOutcome, Reason},
    envelope::Meaning::{Authored, CoSigned},
    ledger::{Ledger, Query, RecordVersions, StateMachine},
    record::RecordId,
    scope::Verb,
    testing::World,
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Patient 0 with two records and an agreement under which the hospital may update.
fn agreed() -> Result<(World, Ledger, Vec<RecordId>), Failed> {
    let (mut world, mut ledger) = world()?;
    let records = anchored(&mut world, &mut ledger, 0, 2)?;
    let agreement = world.agreement(0, 0)?;
    let action = world.conclude(0, 0, agreement)?;
    world.advance(&mut ledger, &[action])?;
    Ok((world, ledger, records))
}

/// The hospital asks to update these records; the request's name.
fn may_update(world: &mut World, ledger: &mut Ledger, records: &[RecordId]) -> Result<RequestId, Failed> {
    let request = AccessRequest { verb: Verb::Update, ..world.request(records.to_vec())? };
    let (id, action) = (request.id, world.access(0, 0, request)?);
    world.advance(ledger, &[action])?;
    assert!(matches!(last_answer(world, ledger, 0)?, AccessOutcome::Allowed { .. }));
    Ok(id)
}

fn name(action: &SignedAction) -> Result<RecordId, Failed> {
    match action.body() {
        Action::Update(update) => Ok(update.entry.facts().record),
        _ => Err("not an update".into()),
    }
}

#[test]
fn versions_form_a_chain_that_can_be_shown_whole_and_nothing_is_overwritten() -> Done {
    let (mut world, mut ledger, records) = agreed()?;
    let original = records[0];
    let before = ledger.facts().record(&original)?;
    let request = may_update(&mut world, &mut ledger, &records[..1])?;
    let first = world.update(0, (original, 0), Some((0, request)))?;
    world.advance(&mut ledger, std::slice::from_ref(&first))?;
    let second = world.update(0, (name(&first)?, 0), None)?;
    world.advance(&mut ledger, std::slice::from_ref(&second))?;
    assert_eq!(ledger.facts().record(&original)?, before);
    assert_eq!(ledger.facts().latest(&original)?, (name(&second)?, 2));
    assert_eq!(ledger.facts().latest(&name(&second)?)?, (name(&second)?, 2));
    assert_eq!(ledger.facts().latest(&records[1])?, (records[1], 0));
    let (chain, root) = (world.chain(), ledger.tip().state_root);
    let query = Query::at(chain, ledger.tip().height, ledger.store().as_ref())?;
    let answer = query.versions(&name(&first)?)?;
    let lines = answer.verify(&root, chain, &original)?;
    assert_eq!(lines.len(), 3);
    let version = lines[1].version.ok_or("no version")?;
    assert_eq!((version.supersedes, version.number, version.under), (original, 1, Some(request)));
    assert_eq!(version.author, world.institutions()[0].key.public());
    assert_eq!(lines[2].version.map(|one| (one.supersedes, one.under)), Some((name(&first)?, None)));
    // Whoever holds a copy learns which version it is.
    let copy = name(&first)?;
    assert_eq!(answer.identify(copy.as_bytes(), &root, chain, &original)?, (1, false));
    assert_eq!(answer.identify(name(&second)?.as_bytes(), &root, chain, &original)?, (2, true));
    assert!(answer.identify(b"another copy", &root, chain, &original).is_err());
    // A record that nothing followed is shown to be alone; an answer is worth nothing for another record.
    assert_eq!(query.versions(&records[1])?.verify(&root, chain, &records[1])?.len(), 1);
    assert!(answer.verify(&root, chain, &records[1]).is_err());
    assert_eq!(query.records(&world.patients()[0].account)?.entries().count(), 4);
    Ok(())
}

#[test]
fn a_version_that_is_left_out_is_missed() -> Done {
    let (mut world, mut ledger, records) = agreed()?;
    let first = world.update(0, (records[0], 0), None)?;
    world.advance(&mut ledger, std::slice::from_ref(&first))?;
    let (chain, root) = (world.chain(), ledger.tip().state_root);
    let query = Query::at(chain, ledger.tip().height, ledger.store().as_ref())?;
    // The list as it stands, the rows of the original alone.
    let list = query.versions_list(&records[0])?;
    let lonely = RecordVersions::new(list, vec![(query.record(&records[0])?, query.version(&records[0])?)]);
    assert!(lonely.verify(&root, chain, &records[0]).is_err());
    Ok(())
}

#[test]
fn an_update_needs_a_final_access_that_still_holds_and_serves_once() -> Done {
    let (mut world, mut ledger, records) = agreed()?;
    let unknown = world.update(0, (records[0], 0), Some((0, RequestId::new([9; 16]))))?;
    assert_eq!(super::refusal(&ledger, &unknown), Some(Refusal::UnknownRequest));
    // To read is not to write.
    let read = world.request(records.clone())?;
    let id = read.id;
    let action = world.access(0, 0, read)?;
    world.advance(&mut ledger, &[action])?;
    let by_reading = world.update(0, (records[0], 0), Some((0, id)))?;
    assert_eq!(super::refusal(&ledger, &by_reading), Some(Refusal::UnknownRequest));
    let (mut world, mut ledger, records) = agreed()?;
    let request = may_update(&mut world, &mut ledger, &records)?;
    let mut other = world.update(0, (records[0], 0), Some((1, request)))?;
    assert_eq!(super::refusal(&ledger, &other), Some(Refusal::UnknownRequest));
    let (mut world, mut ledger, records) = agreed()?;
    let request = may_update(&mut world, &mut ledger, &records)?;
    let moved = world.update(0, (records[0], 1), Some((0, request)))?;
    assert_eq!(super::refusal(&ledger, &moved), Some(Refusal::OtherHours));
    let (mut world, mut ledger, records) = agreed()?;
    let request = may_update(&mut world, &mut ledger, &records)?;
    let action = world.update(0, (records[0], 0), Some((0, request)))?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    assert_refused(&mut world, &ledger, &action, Refusal::NotLatest { latest: name(&action)? });
    // The request named the first version of one record and another record, which it serves as well.
    let second = world.update(0, (records[1], 1), Some((0, request)))?;
    world.advance(&mut ledger, &[second])?;
    other = world.update(0, (name(&action)?, 0), Some((0, request)))?;
    assert_refused(&mut world, &ledger, &other, Refusal::UnknownRequest);
    Ok(())
}

#[test]
fn an_access_in_the_same_block_is_not_final_and_one_whose_grant_ended_is_void() -> Done {
    let (mut world, mut ledger, records) = agreed()?;
    let request = AccessRequest { verb: Verb::Update, ..world.request(records.clone())? };
    let id = request.id;
    let ask = world.access(0, 0, request)?;
    let update = world.update(0, (records[0], 0), Some((0, id)))?;
    assert_eq!(world.propose(&ledger, &[ask.clone(), update.clone()])?.actions().len(), 1);
    world.advance(&mut ledger, &[ask])?;
    let grant = ledger.facts().answer(&id)?.and_then(|entry| entry.outcome.grant()).ok_or("denied")?;
    assert!(super::is_taken(&mut world, &ledger, &update));
    let revoke = world.revoke(0, grant)?;
    world.advance(&mut ledger, &[revoke])?;
    let reason = Reason::Revoked { height: ledger.tip().height };
    assert_refused(&mut world, &ledger, &update, Refusal::NotAllowed { reason });
    Ok(())
}

#[test]
fn institutions_update_nothing_by_the_accounts_right_without_the_patient() -> Done {
    let (mut world, ledger, records) = agreed()?;
    let update = world.update(0, (records[0], 0), None)?;
    let account = update.account();
    let (hospital, pharmacy) = (&world.institutions()[0].key, &world.institutions()[1].key);
    let update = signed(&world, account, update.body().clone(), &[(hospital, Authored), (pharmacy, CoSigned)]);
    assert!(matches!(super::refusal(&ledger, &update), Some(Refusal::Policy { .. })));
    let elsewhere = world.update(1, (records[0], 0), None)?;
    assert_refused(&mut world, &ledger, &elsewhere, Refusal::UnknownRecord { position: 0 });
    Ok(())
}
