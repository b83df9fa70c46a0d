//! Who becomes a member.

use super::{Done, assert_refused, refusal, signed, world};
use dmledger_core::{
    action::{Action, Admit, Refusal},
    codec::Bytes,
    envelope::Meaning,
    identity::{CertificateError, MemberId, Role},
    ledger::StateMachine,
    testing::{World, WorldPlan, world::WORLD_LASTS},
};

#[test]
fn founders_are_admitted_by_their_certificate_alone_and_once() -> Done {
    let (mut world, ledger) = world()?;
    for party in world.institutions().iter().chain(world.residences()) {
        let member = ledger.facts().member(&party.id())?.ok_or("not admitted")?;
        assert_eq!((member.role(), member.admitted().value()), (party.role, 1));
        assert_eq!(member.credential().name(), &party.name);
    }
    let again = world.admissions()?.remove(0);
    assert_refused(&mut world, &ledger, &again, Refusal::AlreadyMember);
    Ok(())
}

#[test]
fn a_newcomer_needs_the_approval_of_enough_institutions() -> Done {
    let (mut world, mut ledger) = world()?;
    let key = world.key();
    let newcomer = world.party(key, Role::Hospital, "New Hospital")?;
    for have in 0..2 {
        let action = world.admission(&newcomer, usize::from(have))?;
        assert_refused(&mut world, &ledger, &action, Refusal::MissingApprovals { have, need: 2 });
    }
    let action = world.admission(&newcomer, 2)?;
    world.advance(&mut ledger, &[action])?;
    assert!(ledger.facts().member(&newcomer.id())?.is_some());
    Ok(())
}

#[test]
fn only_approvals_by_institutions_count() -> Done {
    let (mut world, ledger) = world()?;
    let key = world.key();
    let newcomer = world.party(key, Role::Physician, "Doctor")?;
    let body = Action::Admit(Admit { certificate: Bytes::new(newcomer.certificate.clone())? });
    let stranger = world.key();
    let homes = world.residences();
    let hospital = &world.institutions()[0].key;
    let action = signed(
        &world,
        None,
        body.clone(),
        &[
            (&homes[0].key, Meaning::Approved),
            (&homes[1].key, Meaning::Approved),
            (&stranger, Meaning::Approved),
            (&newcomer.key, Meaning::Approved),
            (hospital, Meaning::Approved),
            // A second signature of the same hospital, in another sense, is no second approval.
            (hospital, Meaning::CoSigned),
        ],
    );
    assert_refused(&mut world, &ledger, &action, Refusal::MissingApprovals { have: 1, need: 2 });
    Ok(())
}

#[test]
fn a_founding_key_under_another_role_or_name_is_a_newcomer() -> Done {
    let mut world = World::new(WorldPlan::default())?;
    let ledger = world.ledger()?;
    let twin = World::new(WorldPlan::default())?;
    let mut keys: Vec<_> = twin.into_institutions().into_iter().map(|party| party.key).collect();
    let key = keys.remove(0);
    let impostor = world.party(key, Role::Regulator, "Hospital A1")?;
    let action = world.admission(&impostor, 0)?;
    assert_refused(&mut world, &ledger, &action, Refusal::MissingApprovals { have: 0, need: 2 });
    let key = keys.remove(0);
    let renamed = world.party(key, Role::Pharmacy, "Somebody else")?;
    let action = world.admission(&renamed, 0)?;
    assert_refused(&mut world, &ledger, &action, Refusal::MissingApprovals { have: 0, need: 2 });
    Ok(())
}

#[test]
fn certificates_of_another_network_or_authority_admit_nobody() -> Done {
    let (mut world, ledger) = world()?;
    let mut other = World::new(WorldPlan { seed: 2, ..WorldPlan::default() })?;
    let key = other.key();
    let foreign = other.party(key, Role::Hospital, "Foreign")?;
    let body = Action::Admit(Admit { certificate: Bytes::new(foreign.certificate)? });
    let hospital =
        [(&world.institutions()[0].key, Meaning::Approved), (&world.institutions()[1].key, Meaning::Approved)];
    let action = signed(&world, None, body, &hospital);
    assert_refused(&mut world, &ledger, &action, Refusal::WrongChain);
    Ok(())
}

#[test]
fn an_expired_certificate_admits_nobody() -> Done {
    let (mut world, mut ledger) = world()?;
    let key = world.key();
    let late = world.party(key, Role::Hospital, "Late")?;
    world.wait(WORLD_LASTS);
    world.advance(&mut ledger, &[])?;
    let action = world.admission(&late, 3)?;
    // The authority's own certificate of this world runs out with all others.
    let expected = Refusal::Certificate { error: CertificateError::AuthorityNotValid };
    assert_refused(&mut world, &ledger, &action, expected);
    Ok(())
}

#[test]
fn an_admission_with_a_forged_approval_is_refused() -> Done {
    let (mut world, ledger) = world()?;
    let key = world.key();
    let newcomer = world.party(key, Role::Hospital, "New Hospital")?;
    let approved = world.admission(&newcomer, 2)?;
    let other_key = world.key();
    let other = world.party(other_key, Role::Hospital, "Other")?;
    let body = Action::Admit(Admit { certificate: Bytes::new(other.certificate.clone())? });
    let stolen = approved.endorsements().iter().try_fold(signed(&world, None, body, &[]), |to, one| to.with(*one))?;
    assert_refused(&mut world, &ledger, &stolen, Refusal::BadSignature { count: 2 });
    assert_eq!(refusal(&ledger, &approved), None);
    Ok(())
}

#[test]
fn a_stranger_is_no_member() -> Done {
    let (mut world, ledger) = world()?;
    let key = world.key();
    assert!(ledger.facts().member(&MemberId::of(&key.public()))?.is_none());
    assert_eq!(ledger.tip().height.value(), 2);
    Ok(())
}
