//! Granting and revoking.

use super::{Done, assert_refused, signed, world};
use core::time::Duration;
use dmledger_core::{
    account::{KeyClass, Missing},
    action::{Action, GrantAction, Refusal, Revoke},
    consent::{Audience, GrantId, GrantStatus},
    envelope::Meaning::{Authored, CoSigned, Witnessed},
    identity::MemberId,
    ledger::{Query, StateMachine},
    scope::Validity,
    state::tables::MAX_AT_HAND,
    time::{Height, TimeRange, Timestamp},
};

#[test]
fn a_grant_needs_two_signatures_one_of_them_the_patients() -> Done {
    let (mut world, ledger) = world()?;
    let grant = world.grant_to(0, 0);
    let (patient, account) = (&world.patients()[0], Some(world.patients()[0].account));
    let (hospital, pharmacy) = (&world.institutions()[0].key, &world.institutions()[1].key);
    let body = || Action::Grant(GrantAction { grant: grant.clone() });
    let institutions = signed(&world, account, body(), &[(hospital, Authored), (pharmacy, CoSigned)]);
    let alone = signed(&world, account, body(), &[(&patient.phone, Authored)]);
    let same_twice = signed(&world, account, body(), &[(&patient.phone, Authored), (&patient.phone, CoSigned)]);
    let witnessed = signed(&world, account, body(), &[(&patient.phone, Authored), (hospital, Witnessed)]);
    let neighbour = &world.patients()[1];
    let foreign = signed(&world, account, body(), &[(&neighbour.phone, Authored), (&neighbour.home, CoSigned)]);
    let with_hospital = signed(&world, account, body(), &[(&patient.home, Authored), (hospital, CoSigned)]);
    let no_patient = Refusal::Policy { missing: Missing::OfClass { class: KeyClass::Patient, have: 0, need: 1 } };
    let one = Refusal::Policy { missing: Missing::Signatures { have: 1, need: 2 } };
    assert_refused(&mut world, &ledger, &institutions, no_patient);
    assert_refused(&mut world, &ledger, &foreign, no_patient);
    assert_refused(&mut world, &ledger, &alone, one);
    assert_refused(&mut world, &ledger, &same_twice, one);
    assert_refused(&mut world, &ledger, &witnessed, one);
    assert!(super::is_taken(&mut world, &ledger, &with_hospital));
    Ok(())
}

#[test]
fn a_grant_is_made_once() -> Done {
    let (mut world, mut ledger) = world()?;
    let grant = world.grant_to(0, 0);
    let action = world.grant(0, grant.clone())?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    assert_refused(&mut world, &ledger, &action, Refusal::GrantExists);
    // The name is taken for other accounts too.
    let elsewhere = world.grant(1, grant)?;
    assert_refused(&mut world, &ledger, &elsewhere, Refusal::GrantExists);
    Ok(())
}

#[test]
fn a_grantee_must_be_a_member_and_the_grant_not_over() -> Done {
    let (mut world, ledger) = world()?;
    let member = MemberId::of(&world.key().public());
    let mut grant = world.grant_to(0, 0);
    grant.audience = Audience::Member(member);
    let to_stranger = world.grant(0, grant)?;
    assert_refused(&mut world, &ledger, &to_stranger, Refusal::UnknownGrantee { member });
    let mut grant = world.grant_to(0, 0);
    let past = TimeRange::new(Timestamp::EPOCH, ledger.tip().time)?;
    grant.validity = Validity::during(past);
    let over = world.grant(0, grant.clone())?;
    assert_refused(&mut world, &ledger, &over, Refusal::GrantIsOver);
    grant.validity = Validity::new(TimeRange::ALWAYS, Height::GENESIS, Height::new(3))?;
    let over = world.grant(0, grant)?;
    assert_refused(&mut world, &ledger, &over, Refusal::GrantIsOver);
    Ok(())
}

#[test]
fn revoking_takes_one_patient_key_and_history_stays() -> Done {
    let (mut world, mut ledger) = world()?;
    let (grant, kept) = (world.grant_to(0, 0), world.grant_to(1, 0));
    let actions = vec![world.grant(0, grant.clone())?, world.grant(0, kept.clone())?];
    world.advance(&mut ledger, &actions)?;
    let action = world.revoke(0, grant.id)?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    assert_refused(&mut world, &ledger, &action, Refusal::AlreadyRevoked);
    let account = world.patients()[0].account;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let answer = query.grants(&account)?;
    let grants = answer.verify(&ledger.tip().state_root, world.chain(), &account)?;
    assert_eq!(grants.len(), 2);
    assert_eq!(grants[0].grant(), &grant);
    assert_eq!(grants[0].status(), GrantStatus::Revoked { height: Height::new(4) });
    assert_eq!((grants[1].grant(), grants[1].status()), (&kept, GrantStatus::Standing));
    // The state before the revocation is still there to be proved.
    let before = Query::at(world.chain(), Height::new(3), ledger.store().as_ref())?;
    let header = ledger.finalized(Height::new(3))?.ok_or("no block")?;
    let answer = before.grants(&account)?;
    let grants = answer.verify(&header.block().header().state_root, world.chain(), &account)?;
    assert!(grants.iter().all(|grant| grant.status() == GrantStatus::Standing));
    Ok(())
}

#[test]
fn others_cannot_revoke_and_unknown_grants_cannot_be_revoked() -> Done {
    let (mut world, mut ledger) = world()?;
    let grant = world.grant_to(0, 0);
    let action = world.grant(0, grant.clone())?;
    world.advance(&mut ledger, &[action])?;
    let account = Some(world.patients()[0].account);
    let (hospital, pharmacy) = (&world.institutions()[0].key, &world.institutions()[1].key);
    let body = Action::Revoke(Revoke { grant: grant.id });
    let institutions = signed(&world, account, body, &[(hospital, Authored), (pharmacy, CoSigned)]);
    assert!(matches!(super::refusal(&ledger, &institutions), Some(Refusal::Policy { .. })));
    // A neighbour, through the neighbour's own account.
    let neighbour = world.revoke(1, grant.id)?;
    assert_refused(&mut world, &ledger, &neighbour, Refusal::UnknownGrant);
    let unknown = world.revoke(0, GrantId::new([0xee; 16]))?;
    assert_refused(&mut world, &ledger, &unknown, Refusal::UnknownGrant);
    Ok(())
}

#[test]
fn ended_grants_give_way_at_hand_and_stay_in_the_list() -> Done {
    let (mut world, mut ledger) = world()?;
    let mut names = Vec::new();
    for _ in 0..MAX_AT_HAND {
        let mut grant = world.grant_to(0, 0);
        if names.is_empty() {
            let end = world.clock().plus(Duration::from_secs(30));
            grant.validity = Validity::during(TimeRange::new(Timestamp::EPOCH, end)?);
        }
        names.push(grant.id);
        let action = world.grant(0, grant)?;
        world.advance(&mut ledger, &[action])?;
        if names.len() == 20 {
            let action = world.revoke(0, names[10])?;
            world.advance(&mut ledger, &[action])?;
        }
    }
    let account = world.patients()[0].account;
    let audience = Audience::Member(world.institutions()[0].id());
    // The first has expired by now, the eleventh was revoked: room for two more, then none.
    for gone in [names[0], names[10]] {
        let grant = world.grant_to(0, 0);
        let action = world.grant(0, grant)?;
        world.advance(&mut ledger, &[action])?;
        let at_hand = ledger.facts().at_hand(&account, &audience)?;
        assert!(at_hand.grants().len() == MAX_AT_HAND && !at_hand.grants().contains(&gone));
    }
    let grant = world.grant_to(0, 0);
    let action = world.grant(0, grant)?;
    assert_refused(&mut world, &ledger, &action, Refusal::TooManyGrants { max: MAX_AT_HAND });
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    assert_eq!(query.grants(&account)?.grants().count(), MAX_AT_HAND + 2);
    Ok(())
}
