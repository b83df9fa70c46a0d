//! Policies, devices and mandates: who changes them, and what stays of them.

use super::{Done, anchored, assert_refused, refusal, signed, world};
use dmledger_core::{
    account::{DeviceStatus, Group, KeyClass, Missing, Policy, PolicyCause, ProposalStatus, version::EnteringKey},
    action::{Action, Amend, Anchor, Equip, GrantAction, Refusal},
    codec::List,
    envelope::{
        Meaning,
        Meaning::{Authored, CoSigned},
    },
    hash::Digest,
    key::SecretKey,
    ledger::{Query, StateMachine},
    record::{IndexEntry, provenance::DeviceId},
    testing::World,
    time::Height,
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The first patient's policy with other patient keys, and the same cosigners.
fn with_patient(world: &World, keys: [&SecretKey; 2]) -> Result<Policy, Failed> {
    let cosigners = world.patients()[0].opening.policy.keys_of(KeyClass::Cosigner).copied().collect();
    Ok(Policy::medical(keys.map(SecretKey::public), cosigners)?)
}

/// The first patient's policy without cosigners.
fn alone(world: &World) -> Result<Policy, Failed> {
    let patient = &world.patients()[0];
    Ok(Policy::medical([patient.phone.public(), patient.home.public()], vec![])?)
}

#[test]
fn the_patient_alone_amends_and_every_policy_stays_provable() -> Done {
    let (mut world, mut ledger) = world()?;
    let action = world.amend(0, 1, alone(&world)?, &[])?;
    let height = world.advance(&mut ledger, std::slice::from_ref(&action))?.height;
    assert_refused(&mut world, &ledger, &action, Refusal::WrongPolicyNumber { found: 1, expected: 2 });
    let (account, root) = (world.patients()[0].account, ledger.tip().state_root);
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let answer = query.policies(&account)?;
    let versions = answer.verify(&root, world.chain(), &account)?;
    let seen: Vec<_> = versions.iter().map(|one| (one.number, one.cause, one.since.height)).collect();
    assert_eq!(seen, [(0, PolicyCause::Opened, Height::new(2)), (1, PolicyCause::Amended, height)]);
    assert_eq!((&versions[0].policy, &versions[1].policy), (&world.patients()[0].opening.policy, &alone(&world)?));
    let row = ledger.facts().account(&account)?.ok_or("no account")?;
    assert_eq!((row.version(), row.policy()), (1, &alone(&world)?));
    assert!(answer.verify(&root, world.chain(), &world.patients()[1].account).is_err());
    Ok(())
}

/// Every set of the six keys of a policy, and what a thief of one key can do.
#[test]
fn exhaustively_only_both_patient_keys_together_change_a_policy() -> Done {
    let (world, ledger) = world()?;
    let patient = &world.patients()[0];
    let keys: Vec<&SecretKey> = [&patient.phone, &patient.home, &patient.gateway]
        .into_iter()
        .chain(world.institutions().iter().map(|party| &party.key))
        .collect();
    assert_eq!(keys.len(), 6);
    let body = world.amendment(0, 1, alone(&world)?, &[])?;
    for mask in 0..1_u32 << keys.len() {
        let signers: Vec<_> = (0..6).filter(|i| mask >> i & 1 == 1).map(|i| (keys[i], Authored)).collect();
        let action = signed(&world, Some(patient.account), body.clone(), &signers);
        assert_eq!(refusal(&ledger, &action).is_none(), mask & 0b11 == 0b11, "{mask:b}");
    }
    Ok(())
}

#[test]
fn a_proposed_amendment_waits_for_both_patient_keys_whoever_else_agrees() -> Done {
    let (mut world, mut ledger) = world()?;
    let body = world.amendment(0, 1, alone(&world)?, &[])?;
    let action = world.proposal(0, &body, &world.institutions()[0].key)?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    let id = World::proposal_of(&action);
    let status = |ledger: &dmledger_core::ledger::Ledger| -> Result<_, Failed> {
        Ok(ledger.facts().proposal(&id)?.ok_or("no proposal")?.status())
    };
    for i in 0..3 {
        let patient = &world.patients()[0];
        let key = [&world.institutions()[1].key, &patient.gateway, &patient.home][i];
        let action = world.endorse(0, id, key)?;
        world.advance(&mut ledger, &[action])?;
        assert_eq!(status(&ledger)?, ProposalStatus::Pending);
    }
    let action = world.endorse(0, id, &world.patients()[0].phone)?;
    let height = world.advance(&mut ledger, &[action])?.height;
    assert_eq!(status(&ledger)?, ProposalStatus::Executed { height });
    assert_eq!(ledger.facts().account(&world.patients()[0].account)?.ok_or("no account")?.version(), 1);
    Ok(())
}

#[test]
fn a_policy_stays_medical_and_an_account_stays_a_patients() -> Done {
    let (mut world, ledger) = world()?;
    let patient = &world.patients()[0];
    let pair = || vec![patient.phone.public(), patient.home.public()];
    let single = Policy::new(1, vec![Group::new(KeyClass::Patient, 1, pair())?])?;
    let optional = Policy::new(2, vec![Group::new(KeyClass::Patient, 0, pair())?])?;
    let nobody = Policy::plain(2, pair())?;
    let same = patient.opening.policy.clone();
    for (policy, expected) in [
        (single, Refusal::NotMedical),
        (optional, Refusal::NotMedical),
        (nobody, Refusal::PatientKeysComeOrGo),
        (same, Refusal::PolicyUnchanged),
    ] {
        let action = world.amend(0, 1, policy, &[])?;
        assert_refused(&mut world, &ledger, &action, expected);
    }
    let action = world.amend(0, 2, alone(&world)?, &[])?;
    assert_refused(&mut world, &ledger, &action, Refusal::WrongPolicyNumber { found: 2, expected: 1 });
    Ok(())
}

#[test]
fn a_patient_key_enters_only_with_proof_and_belongs_to_its_account_for_ever() -> Done {
    let (mut world, mut ledger) = world()?;
    let (fresh, other) = (world.key(), world.key());
    let policy = with_patient(&world, [&fresh, &world.patients()[0].home])?;
    let account = world.patients()[0].account;
    let unproved = world.amend(0, 1, policy.clone(), &[])?;
    let too_many = world.amend(0, 1, policy.clone(), &[&fresh, &other])?;
    assert_refused(&mut world, &ledger, &unproved, Refusal::UnprovedKey);
    assert_refused(&mut world, &ledger, &too_many, Refusal::UnprovedKey);
    // Proved for another number, another account: the signature does not verify.
    for (number, place) in [(2, account), (1, world.patients()[1].account)] {
        let entering = List::new(vec![EnteringKey::prove(&fresh, number, &world.chain(), &place)?])?;
        let body = Action::Amend(Box::new(Amend { number: 1, policy: policy.clone(), entering }));
        let forged = world.by_patient(0, body)?;
        assert_refused(&mut world, &ledger, &forged, Refusal::BadSignature { count: 1 });
    }
    let neighbour = &world.patients()[1].phone;
    let taken = with_patient(&world, [neighbour, &world.patients()[0].home])?;
    let hijack = world.amend(0, 1, taken, &[neighbour])?;
    assert_refused(&mut world, &ledger, &hijack, Refusal::PatientKeyInUse);
    let action = world.amend(0, 1, policy, &[&fresh])?;
    world.advance(&mut ledger, &[action])?;
    let facts = ledger.facts();
    for key in [fresh.public(), world.patients()[0].phone.public()] {
        let owner: Option<dmledger_core::state::tables::KeyOwner> = facts.get(&facts.places().patient_key(&key))?;
        assert_eq!(owner.ok_or("no owner")?.account, account);
    }
    // The key that left does nothing any more; the one that entered does.
    let grant = world.grant_to(0, 0);
    let body = Action::Grant(GrantAction { grant });
    let home = &world.patients()[0].home;
    let old = signed(&world, Some(account), body.clone(), &[(&world.patients()[0].phone, Authored), (home, CoSigned)]);
    let new = signed(&world, Some(account), body, &[(&fresh, Authored), (home, CoSigned)]);
    assert_refused(&mut world, &ledger, &old, Refusal::Policy { missing: Missing::Signatures { have: 1, need: 2 } });
    assert!(super::is_taken(&mut world, &ledger, &new));
    Ok(())
}

fn entry_by(
    world: &World,
    facts: &dmledger_core::record::index::IndexFacts,
    author: &SecretKey,
) -> Result<Action, Failed> {
    let entry = IndexEntry::sign(facts.clone(), author, &world.chain(), &world.patients()[0].account)?;
    Ok(Action::Anchor(Anchor { entries: List::new(vec![entry])? }))
}

#[test]
fn a_paired_device_authors_and_a_retired_one_does_not_from_that_height() -> Done {
    let (mut world, mut ledger) = world()?;
    let (meter, second) = (world.key(), world.key());
    let facts = world.entries(0, 1)?[0].facts().clone();
    let by = |world: &World, author: &SecretKey| world.by_patient(0, entry_by(world, &facts, author)?);
    let early = by(&world, &meter)?;
    assert_refused(&mut world, &ledger, &early, Refusal::WrongAuthor);
    let pair = world.equip(0, Equip::Pair(world.device(0, "meter 1", &meter)?))?;
    world.advance(&mut ledger, std::slice::from_ref(&pair))?;
    assert_refused(&mut world, &ledger, &pair, Refusal::DeviceExists);
    assert!(super::is_taken(&mut world, &ledger, &early));
    let replace = Equip::Replace { old: meter.public(), new: world.device(0, "meter 2", &second)? };
    let action = world.equip(0, replace)?;
    let height = world.advance(&mut ledger, &[action])?.height;
    assert_refused(&mut world, &ledger, &early, Refusal::WrongAuthor);
    let later = by(&world, &second)?;
    assert!(super::is_taken(&mut world, &ledger, &later));
    // Any one key of the patient closes this door, even the one at home.
    let retire = Action::Equip(Box::new(Equip::Retire { key: second.public() }));
    let institutions = [&world.institutions()[0].key, &world.institutions()[1].key].map(|key| (key, Authored));
    let without = world.by(0, retire.clone(), &institutions)?;
    assert!(matches!(refusal(&ledger, &without), Some(Refusal::Policy { .. })));
    let action = world.by(0, retire, &[(&world.patients()[0].home, Authored)])?;
    let end = world.advance(&mut ledger, std::slice::from_ref(&action))?.height;
    assert_refused(&mut world, &ledger, &later, Refusal::WrongAuthor);
    assert_refused(&mut world, &ledger, &action, Refusal::DeviceRetired { height: end });
    let (account, root) = (world.patients()[0].account, ledger.tip().state_root);
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let answer = query.devices(&account)?;
    let devices = answer.verify(&root, world.chain(), &account)?;
    let seen: Vec<_> = devices.iter().map(|one| (one.label(), one.status())).collect();
    let replaced = DeviceStatus::Replaced { height, by: second.public() };
    let retired = DeviceStatus::Retired { height: end };
    assert_eq!(seen, [("", DeviceStatus::Paired), ("meter 1", replaced), ("meter 2", retired)]);
    assert!(devices[1].is(&DeviceId::of(b"meter 1")) && devices[1].number() == 1);
    Ok(())
}

#[test]
fn a_retired_gateway_neither_writes_nor_counts_although_the_policy_names_it() -> Done {
    let (mut world, mut ledger) = world()?;
    anchored(&mut world, &mut ledger, 0, 1)?;
    let entries = world.entries(0, 1)?;
    let home = world.anchor(0, entries.clone())?;
    let by_both = world.by_patient(0, Action::Anchor(Anchor { entries: List::new(entries)? }))?;
    assert!(super::is_taken(&mut world, &ledger, &home));
    let key = world.patients()[0].gateway.public();
    let retire =
        world.by(0, Action::Equip(Box::new(Equip::Retire { key })), &[(&world.patients()[0].phone, Authored)])?;
    world.advance(&mut ledger, &[retire])?;
    let missing = Missing::Signatures { have: 1, need: 2 };
    assert_refused(&mut world, &ledger, &home, Refusal::Policy { missing });
    assert_refused(&mut world, &ledger, &by_both, Refusal::WrongAuthor);
    Ok(())
}

#[test]
fn a_device_shows_that_it_holds_its_key_and_others_pair_none() -> Done {
    let (mut world, mut ledger) = world()?;
    let meter = world.key();
    let new = world.device(0, "meter", &meter)?;
    // Made for the first account, sent to the second.
    let moved = world.by_patient(1, Action::Equip(Box::new(Equip::Pair(new.clone()))))?;
    assert_refused(&mut world, &ledger, &moved, Refusal::BadSignature { count: 1 });
    let body = Action::Equip(Box::new(Equip::Pair(new)));
    let institutions = [&world.institutions()[0].key, &world.institutions()[1].key].map(|key| (key, Authored));
    let without = world.by(0, body.clone(), &institutions)?;
    assert!(matches!(refusal(&ledger, &without), Some(Refusal::Policy { .. })));
    let one = world.by(0, body.clone(), &[(&world.patients()[0].phone, Authored)])?;
    assert!(matches!(refusal(&ledger, &one), Some(Refusal::Policy { .. })));
    let unknown = world.by(
        0,
        Action::Equip(Box::new(Equip::Retire { key: meter.public() })),
        &[(&world.patients()[0].phone, Authored)],
    )?;
    assert_refused(&mut world, &ledger, &unknown, Refusal::UnknownDevice);
    // Proposed by the hospital that hands the meter out, agreed to by the patient.
    let action = world.proposal(0, &body, &world.institutions()[0].key)?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    let sign = world.endorse(0, World::proposal_of(&action), &world.patients()[0].phone)?;
    world.advance(&mut ledger, &[sign])?;
    assert!(ledger.facts().device(&world.patients()[0].account, &meter.public())?.is_some());
    Ok(())
}

#[test]
fn sixteen_devices_and_no_more() -> Done {
    let (mut world, mut ledger) = world()?;
    for n in 1..16 {
        let key = world.key();
        let pair = world.equip(0, Equip::Pair(world.device(0, &format!("meter {n}"), &key)?))?;
        world.advance(&mut ledger, &[pair])?;
    }
    let key = world.key();
    let more = world.equip(0, Equip::Pair(world.device(0, "meter 17", &key)?))?;
    assert_refused(&mut world, &ledger, &more, Refusal::TooManyDevices { max: 16 });
    let swap = Equip::Replace { old: world.patients()[0].gateway.public(), new: world.device(0, "meter 17", &key)? };
    let swap = world.equip(0, swap)?;
    assert!(super::is_taken(&mut world, &ledger, &swap));
    Ok(())
}

#[test]
fn a_mandate_takes_both_patient_keys_to_give_and_one_to_end() -> Done {
    let (mut world, mut ledger) = world()?;
    let rules = Some(Digest::new([7; 32]));
    let body = |number, rules| Action::Instruct(dmledger_core::action::Instruct { number, rules });
    let home: &[(usize, Meaning)] = &[(1, Authored)];
    let keys = |world: &World, who: &[(usize, Meaning)], body: Action| -> Result<_, Failed> {
        let patient = &world.patients()[0];
        let all = [&patient.phone, &patient.home, &patient.gateway, &world.institutions()[0].key];
        world.by(0, body, &who.iter().map(|(i, meaning)| (all[*i], *meaning)).collect::<Vec<_>>())
    };
    let lacking = Refusal::Policy { missing: Missing::OfClass { class: KeyClass::Patient, have: 1, need: 2 } };
    for who in [home, &[(1, Authored), (2, CoSigned), (3, CoSigned)]] {
        let action = keys(&world, who, body(1, rules))?;
        assert_refused(&mut world, &ledger, &action, lacking);
    }
    let give = world.instruct(0, 1, rules)?;
    world.advance(&mut ledger, std::slice::from_ref(&give))?;
    assert_refused(&mut world, &ledger, &give, Refusal::WrongMandateNumber { found: 1, expected: 2 });
    let end = keys(&world, home, body(2, None))?;
    world.advance(&mut ledger, &[end])?;
    let (account, root) = (world.patients()[0].account, ledger.tip().state_root);
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let answer = query.mandates(&account)?;
    let mandates = answer.verify(&root, world.chain(), &account)?;
    assert_eq!(mandates.iter().map(|one| (one.number, one.rules)).collect::<Vec<_>>(), [(1, rules), (2, None)]);
    assert_eq!(ledger.facts().mandate(&account)?.ok_or("no mandate")?.rules, None);
    Ok(())
}
