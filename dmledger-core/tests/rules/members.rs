//! How members go on, how they leave, and how the validators change.

use super::{Done, anchored, assert_refused, last_answer, signed, world};
use core::time::Duration;
use dmledger_core::{
    action::{Action, Dismiss, Reconfigure, Refusal, Renew, SignedAction},
    codec::Bytes,
    consent::Grant,
    decide::{AccessOutcome, Reason},
    envelope::Meaning::{Approved, Authored},
    identity::Role,
    ledger::StateMachine,
    light::{LightClient, LightError, LightUpdate, TrustPolicy},
    quorum::{Validator, ValidatorSet},
    scope::Validity,
    testing::{
        World, WorldPlan,
        world::{WORLD_BEGINS, WORLD_LASTS},
    },
    time::{Height, TimeRange},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A body that concerns the network, approved by these institutions.
fn approved(world: &World, body: Action, institutions: &[usize]) -> SignedAction {
    let keys: Vec<_> = institutions.iter().map(|i| (&world.institutions()[*i].key, Approved)).collect();
    signed(world, None, body, &keys)
}

#[test]
fn a_dismissed_member_is_out_from_that_block_and_stays_out() -> Done {
    let (mut world, mut ledger) = world()?;
    let records = anchored(&mut world, &mut ledger, 0, 1)?;
    let grant = Grant { validity: Validity::during(TimeRange::ALWAYS), ..world.grant_to(0, 0) };
    let granting = world.grant(0, grant)?;
    world.advance(&mut ledger, &[granting])?;
    let party = &world.institutions()[0];
    let (member, body) = (party.id(), || Action::Dismiss(Dismiss { member: party.id() }));
    let own_voice = approved(&world, body(), &[0, 1]);
    let two = approved(&world, body(), &[1, 2]);
    let again = world.admission(party, 3)?;
    assert_refused(&mut world, &ledger, &own_voice, Refusal::MissingApprovals { have: 1, need: 2 });
    let request = world.request(records)?;
    let height = ledger.tip().height.next();
    let actions = [two.clone(), world.access(0, 0, request)?];
    world.advance(&mut ledger, &actions)?;
    let denied = AccessOutcome::Denied { reason: Reason::MembershipRevoked { height } };
    assert_eq!(last_answer(&world, &ledger, 0)?, denied);
    assert_refused(&mut world, &ledger, &two, Refusal::MemberDismissed { height });
    assert_refused(&mut world, &ledger, &again, Refusal::AlreadyMember);
    assert!(ledger.facts().member(&member)?.is_some_and(|member| !member.acts_at(world.clock())));
    Ok(())
}

#[test]
fn a_dismissed_institution_approves_nobody() -> Done {
    let (mut world, mut ledger) = world()?;
    let member = world.institutions()[0].id();
    let dismissal = approved(&world, Action::Dismiss(Dismiss { member }), &[1, 2]);
    world.advance(&mut ledger, &[dismissal])?;
    let key = world.key();
    let newcomer = world.party(key, Role::Hospital, "New")?;
    let action = world.admission(&newcomer, 2)?;
    assert_refused(&mut world, &ledger, &action, Refusal::MissingApprovals { have: 1, need: 2 });
    Ok(())
}

#[test]
fn a_member_renews_its_certificate_for_the_same_key_and_role_only() -> Done {
    let (mut world, mut ledger) = world()?;
    let mut founders =
        World::new(WorldPlan { residences: 2, patients: 2, ..WorldPlan::default() })?.into_institutions();
    let key = founders.remove(0).key;
    let end = WORLD_BEGINS.plus(WORLD_LASTS);
    let renewal = |world: &mut World, role, end, author: bool| -> Result<SignedAction, Failed> {
        let (_, der) = world.certificate(&key, role, "Hospital A1", TimeRange::new(WORLD_BEGINS, end)?)?;
        let body = Action::Renew(Renew { certificate: Bytes::new(der)? });
        let keys: Vec<_> = author.then_some((&key, Authored)).into_iter().collect();
        Ok(signed(world, None, body, &keys))
    };
    let later = end.plus(Duration::from_secs(86_400));
    let unsigned = renewal(&mut world, Role::Hospital, later, false)?;
    assert_refused(&mut world, &ledger, &unsigned, Refusal::NoAuthor);
    let promoted = renewal(&mut world, Role::Regulator, later, true)?;
    assert_refused(&mut world, &ledger, &promoted, Refusal::RoleChanged);
    let same = renewal(&mut world, Role::Hospital, end, true)?;
    assert_refused(&mut world, &ledger, &same, Refusal::NotLater { until: end });
    let renewed = renewal(&mut world, Role::Hospital, later, true)?;
    world.advance(&mut ledger, std::slice::from_ref(&renewed))?;
    let member = ledger.facts().member(&world.institutions()[0].id())?.ok_or("gone")?;
    assert_eq!((member.valid().end(), member.admitted()), (later, Height::new(1)));
    assert_refused(&mut world, &ledger, &renewed, Refusal::NotLater { until: later });
    Ok(())
}

#[test]
fn validators_change_at_run_time_and_a_light_client_follows() -> Done {
    let mut world = World::new(WorldPlan { validators: 4, ..WorldPlan::default() })?;
    let mut ledger = world.populated()?;
    let mut fresh = Vec::new();
    for n in 0..4 {
        let (key, copy) = super::twins(&mut world);
        let party = world.party(key, Role::Hospital, &format!("Newcomer {n}"))?;
        let admission = world.admission(&party, 2)?;
        world.advance(&mut ledger, &[admission])?;
        fresh.push(copy);
    }
    let set = ValidatorSet::new(fresh.iter().map(|key| Validator::new(key.public(), 1)).collect())?;
    let change = |number, institutions: &[usize], world: &World| {
        let body = Action::Reconfigure(Box::new(Reconfigure { number, validators: set.clone() }));
        approved(world, body, institutions)
    };
    let (few, early) = (change(1, &[0], &world), change(2, &[0, 1], &world));
    assert_refused(&mut world, &ledger, &few, Refusal::MissingApprovals { have: 1, need: 2 });
    assert_refused(&mut world, &ledger, &early, Refusal::WrongChange { found: 2, expected: 1 });
    let right = change(1, &[0, 1], &world);
    world.advance(&mut ledger, std::slice::from_ref(&right))?;
    let (before, changed) = (ledger.tip().height, ledger.tip().height.next());
    assert_eq!(&ledger.validators(before)?, world.genesis().validators());
    assert_eq!(ledger.validators(changed)?, set);
    assert_refused(&mut world, &ledger, &right, Refusal::WrongChange { found: 1, expected: 2 });
    // The old ones decide nothing any more.
    let block = world.propose(&ledger, &[])?;
    assert!(ledger.validate(&block, world.clock()).is_ok(), "its own proposal is remembered");
    assert!(ledger.apply(world.certify(block)?).is_err());
    world.replace_validators(fresh);
    world.advance(&mut ledger, &[])?;
    let mut light =
        LightClient::begin(world.chain(), WORLD_BEGINS, world.genesis().validators().clone(), TrustPolicy::default());
    for height in 1..=ledger.tip().height.value() {
        let block = ledger.finalized(Height::new(height))?.ok_or("no block")?;
        let certificate = block.certificate().ok_or("no certificate")?.clone();
        let header = block.block().header().clone();
        let next = ledger.validators(header.height.next())?;
        if header.height == before {
            let unnamed = LightUpdate::new(header.clone(), certificate.clone(), None, None);
            let expected = LightError::MissingValidators { height: changed };
            assert_eq!(light.advance(&unnamed, world.clock()), Err(expected));
        }
        light.advance(&LightUpdate::new(header, certificate, None, Some(next)), world.clock())?;
    }
    assert_eq!(light.validators(), &set);
    Ok(())
}
