//! How accounts are opened.

use super::{Done, assert_refused, signed, world};
use dmledger_core::{
    account::{Group, KeyClass, Policy, address},
    action::{Action, Open, Refusal},
    codec::List,
    envelope::Meaning::{Approved, Authored, CoSigned, Witnessed},
    key::SecretKey,
    record::DataKind,
    testing::World,
};

fn open(salt: u8, policy: Policy) -> Open {
    Open { salt: [salt; 32], kind: DataKind::ContinuousGlucose, policy, gateways: List::empty() }
}

fn place(world: &World, open: &Open) -> Option<dmledger_core::envelope::AccountId> {
    Some(address(&world.chain(), open.kind, &open.policy, &open.salt))
}

#[test]
fn an_open_account_says_who_must_sign_and_who_certified() -> Done {
    let (world, ledger) = world()?;
    for patient in world.patients() {
        let account = ledger.facts().account(&patient.account)?.ok_or("not open")?;
        assert_eq!(account.policy(), &patient.opening.policy);
        assert_eq!(account.certifier(), world.residences()[patient.residence].id());
    }
    Ok(())
}

#[test]
fn both_patient_keys_must_sign() -> Done {
    let (mut world, ledger) = world()?;
    let (phone, home, residence) = (world.key(), world.key(), &world.residences()[0].key);
    let body = open(1, Policy::medical([phone.public(), home.public()], vec![residence.public()])?);
    let at = place(&world, &body);
    let keys = [(&phone, Authored), (residence, CoSigned), (residence, Witnessed)];
    let action = signed(&world, at, Action::Open(body), &keys);
    assert_refused(&mut world, &ledger, &action, Refusal::MissingPatientKeys { have: 1, need: 2 });
    Ok(())
}

#[test]
fn a_residence_or_end_node_must_witness() -> Done {
    let (mut world, ledger) = world()?;
    let (phone, home, hospital) = (world.key(), world.key(), &world.institutions()[0].key);
    let residence = &world.residences()[0].key;
    let body = open(1, Policy::medical([phone.public(), home.public()], vec![])?);
    let at = place(&world, &body);
    let both = [(&phone, Authored), (&home, CoSigned)];
    for witness in [vec![], vec![(hospital, Witnessed)], vec![(residence, Approved)]] {
        let action = signed(&world, at, Action::Open(body.clone()), &[&both[..], &witness[..]].concat());
        assert_eq!(super::refusal(&ledger, &action), Some(Refusal::NoCertifier));
    }
    let action = signed(&world, at, Action::Open(body), &[&both[..], &[(residence, Witnessed)]].concat());
    assert!(super::is_taken(&mut world, &ledger, &action));
    Ok(())
}

#[test]
fn a_policy_that_protects_the_patient_less_is_refused() -> Done {
    let (mut world, ledger) = world()?;
    let (phone, home) = (world.key(), world.key());
    let pair = || vec![phone.public(), home.public()];
    let optional = Policy::new(2, vec![Group::new(KeyClass::Patient, 0, pair())?])?;
    let single = Policy::new(1, vec![Group::new(KeyClass::Patient, 1, pair())?])?;
    for policy in [optional, single] {
        let body = open(1, policy);
        let keys = [(&phone, Authored), (&home, CoSigned), (&world.residences()[0].key, Witnessed)];
        let action = signed(&world, place(&world, &body), Action::Open(body), &keys);
        assert_refused(&mut world, &ledger, &action, Refusal::NotMedical);
    }
    Ok(())
}

#[test]
fn an_address_follows_from_its_contents() -> Done {
    let (mut world, ledger) = world()?;
    let (phone, home) = (world.key(), world.key());
    let body = open(1, Policy::medical([phone.public(), home.public()], vec![])?);
    let elsewhere = place(&world, &open(2, body.policy.clone()));
    let keys = [(&phone, Authored), (&home, CoSigned), (&world.residences()[0].key, Witnessed)];
    let moved = signed(&world, elsewhere, Action::Open(body.clone()), &keys);
    let nowhere = signed(&world, None, Action::Open(body), &keys);
    assert_refused(&mut world, &ledger, &moved, Refusal::WrongAddress);
    assert_refused(&mut world, &ledger, &nowhere, Refusal::NoAccount);
    Ok(())
}

#[test]
fn a_patient_key_serves_one_account_only() -> Done {
    let (mut world, mut ledger) = world()?;
    let (phone, home, fresh) = (world.key(), world.key(), world.key());
    let first = open(1, Policy::medical([phone.public(), home.public()], vec![])?);
    let second = open(2, Policy::medical([phone.public(), fresh.public()], vec![])?);
    let residence = &world.residences()[0].key;
    let keys = [(&phone, Authored), (&home, CoSigned), (residence, Witnessed)];
    let one = signed(&world, place(&world, &first), Action::Open(first), &keys);
    let keys = [(&phone, Authored), (&fresh, CoSigned), (residence, Witnessed)];
    let two = signed(&world, place(&world, &second), Action::Open(second), &keys);
    world.advance(&mut ledger, std::slice::from_ref(&one))?;
    assert_refused(&mut world, &ledger, &two, Refusal::PatientKeyInUse);
    assert_refused(&mut world, &ledger, &one, Refusal::AccountExists);
    Ok(())
}

#[test]
fn an_account_without_patient_is_opened_as_its_policy_asks() -> Done {
    let (mut world, mut ledger) = world()?;
    let keys = [world.key(), world.key(), world.key()];
    let body = open(1, Policy::plain(2, keys.iter().map(SecretKey::public).collect())?);
    let at = place(&world, &body);
    let residence = &world.residences()[0].key;
    let action = signed(&world, at, Action::Open(body.clone()), &[(&keys[0], Authored), (residence, Witnessed)]);
    assert!(matches!(super::refusal(&ledger, &action), Some(Refusal::Policy { .. })));
    let all = [(&keys[0], Authored), (&keys[2], CoSigned), (residence, Witnessed)];
    let action = signed(&world, at, Action::Open(body), &all);
    world.advance(&mut ledger, &[action])?;
    Ok(())
}
