//! Proposals: how they collect signatures, and each way they end.

mod lists;

use super::{Done, assert_refused, refusal, signed, world};
use core::time::Duration;
use dmledger_core::{
    account::{
        KeyClass, Missing, Policy, Proposal, ProposalId, ProposalStatus,
        proposal::{LONGEST_WAIT, MAX_PENDING, MAX_PENDING_OF_ONE},
    },
    action::{Action, Anchor, Dismiss, Endorse, GrantAction, Propose, Refusal, Revoke, Withdraw},
    codec::{self, List},
    consent::{Grant, GrantId},
    envelope::Meaning::{Approved, Authored, CoSigned, Witnessed},
    key::SecretKey,
    ledger::{Ledger, Query, StateMachine, answer::accounts::PendingProposals},
    record::{IndexEntry, RecordId, index::IndexFacts},
    testing::World,
    time::{Height, Moment},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn granting(grant: &Grant) -> Action {
    Action::Grant(GrantAction { grant: grant.clone() })
}

fn row(ledger: &Ledger, id: ProposalId) -> Result<Proposal, Failed> {
    Ok(ledger.facts().proposal(&id)?.ok_or("no such proposal")?)
}

fn status(ledger: &Ledger, id: ProposalId) -> Result<ProposalStatus, Failed> {
    Ok(row(ledger, id)?.status())
}

fn is_granted(ledger: &Ledger, grant: &GrantId) -> Result<bool, Failed> {
    Ok(ledger.facts().grant(grant)?.is_some())
}

/// The hospital proposes a grant to itself; it waits.
fn waiting_grant(world: &mut World, ledger: &mut Ledger) -> Result<(ProposalId, Grant), Failed> {
    let grant = world.grant_to(0, 0);
    let action = world.proposal(0, &granting(&grant), &world.institutions()[0].key)?;
    world.advance(ledger, std::slice::from_ref(&action))?;
    Ok((World::proposal_of(&action), grant))
}

#[test]
fn an_institution_proposes_and_the_patients_signature_completes_it_in_the_same_block() -> Done {
    let (mut world, mut ledger) = world()?;
    let (id, grant) = waiting_grant(&mut world, &mut ledger)?;
    assert_eq!(status(&ledger, id)?, ProposalStatus::Pending);
    assert!(!is_granted(&ledger, &grant.id)?);
    // Another institution is no substitute for the patient.
    let action = world.endorse(0, id, &world.institutions()[1].key)?;
    world.advance(&mut ledger, &[action])?;
    assert!(!is_granted(&ledger, &grant.id)?);
    let action = world.endorse(0, id, &world.patients()[0].phone)?;
    let applied = world.advance(&mut ledger, &[action])?;
    assert_eq!(status(&ledger, id)?, ProposalStatus::Executed { height: applied.height });
    let record = ledger.facts().grant(&grant.id)?.ok_or("not granted")?;
    assert_eq!((record.grant(), record.granted()), (&grant, applied.height));
    assert!(
        ledger.facts().proposed(&id)?.is_none()
            && ledger.facts().waiting(&world.patients()[0].account)?.all().is_empty()
    );
    Ok(())
}

#[test]
fn whoever_has_all_signatures_needs_no_second_action() -> Done {
    let (mut world, mut ledger) = world()?;
    let grant = world.grant_to(1, 0);
    let until = Moment { height: Height::MAX, time: world.clock().plus(Duration::from_secs(60)) };
    let body = Action::Propose(Propose::new(&granting(&grant), until, [7; 16])?);
    let action = world.by_patient(0, body)?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    assert!(is_granted(&ledger, &grant.id)?);
    assert_refused(&mut world, &ledger, &action, Refusal::ProposalExists);
    Ok(())
}

/// Every set of the institutions' and the gateway's keys, in whatever order, directly and through proposals.
#[test]
fn no_set_of_other_keys_does_anything_without_the_patient_in_any_order() -> Done {
    let (mut world, mut ledger) = world()?;
    for order in orders(4) {
        let grant = world.grant_to(0, 0);
        let (first, rest) = order.split_first().ok_or("nobody")?;
        let action = world.proposal(0, &granting(&grant), other(&world, *first))?;
        world.advance(&mut ledger, std::slice::from_ref(&action))?;
        let id = World::proposal_of(&action);
        for one in rest {
            let action = world.endorse(0, id, other(&world, *one))?;
            world.advance(&mut ledger, &[action])?;
            assert_eq!(status(&ledger, id)?, ProposalStatus::Pending);
        }
        assert!(!is_granted(&ledger, &grant.id)?);
        let together: Vec<_> = order.iter().map(|one| (other(&world, *one), Authored)).collect();
        let direct = signed(&world, Some(world.patients()[0].account), granting(&grant), &together);
        let missing = Missing::OfClass { class: KeyClass::Patient, have: 0, need: 1 };
        assert_refused(&mut world, &ledger, &direct, Refusal::Policy { missing });
        let action = world.withdraw(0, id, &world.patients()[0].phone)?;
        world.advance(&mut ledger, &[action])?;
    }
    Ok(())
}

/// The keys in the first patient's policy that are not the patient's: three institutions and the gateway.
fn other(world: &World, n: usize) -> &SecretKey {
    world.institutions().get(n).map_or(&world.patients()[0].gateway, |party| &party.key)
}

/// Every order of every non-empty choice of `n` things.
fn orders(n: usize) -> Vec<Vec<usize>> {
    fn extend(prefix: &[usize], n: usize, out: &mut Vec<Vec<usize>>) {
        for next in (0..n).filter(|next| !prefix.contains(next)) {
            let longer = [prefix, &[next]].concat();
            out.push(longer.clone());
            extend(&longer, n, out);
        }
    }
    let mut out = Vec::new();
    extend(&[], n, &mut out);
    out
}

#[test]
fn it_lapses_at_the_exact_height() -> Done {
    for (blocks, taken) in [(1, true), (2, false)] {
        let (mut world, mut ledger) = world()?;
        let grant = world.grant_to(0, 0);
        // Proposed at 3, holds at 4 and 5, no longer at 6.
        let until = Moment { height: Height::new(6), time: world.clock().plus(Duration::from_secs(3600)) };
        let action = world.proposal_until(0, &granting(&grant), &world.institutions()[0].key, until)?;
        world.advance(&mut ledger, std::slice::from_ref(&action))?;
        for _ in 0..blocks {
            world.advance(&mut ledger, &[])?;
        }
        let id = World::proposal_of(&action);
        let late = world.endorse(0, id, &world.patients()[0].phone)?;
        if taken {
            world.advance(&mut ledger, &[late])?;
            assert!(is_granted(&ledger, &grant.id)?);
        } else {
            assert_refused(&mut world, &ledger, &late, Refusal::ProposalLapsed);
            let at = Moment { height: Height::new(6), time: ledger.tip().time };
            assert_eq!(row(&ledger, id)?.status_at(at), ProposalStatus::Lapsed);
        }
    }
    Ok(())
}

#[test]
fn it_lapses_at_the_exact_instant() -> Done {
    for (wait, taken) in [(1999, true), (2000, false)] {
        let (mut world, mut ledger) = world()?;
        let (grant, start) = (world.grant_to(0, 0), world.clock());
        let until = Moment { height: Height::MAX, time: start.plus(Duration::from_millis(3000)) };
        let action = world.proposal_until(0, &granting(&grant), &world.institutions()[0].key, until)?;
        world.advance(&mut ledger, std::slice::from_ref(&action))?;
        // The proposal stands in the block at 1 s; a block takes one second more.
        world.wait(Duration::from_millis(wait - 1000));
        let late = world.endorse(0, World::proposal_of(&action), &world.patients()[0].phone)?;
        assert_eq!(super::is_taken(&mut world, &ledger, &late), taken, "{wait} ms later");
    }
    Ok(())
}

#[test]
fn the_proposer_withdraws_and_either_patient_key_rejects() -> Done {
    let (mut world, mut ledger) = world()?;
    let (mine, _) = waiting_grant(&mut world, &mut ledger)?;
    let stranger = world.withdraw(0, mine, &world.institutions()[1].key)?;
    assert_refused(&mut world, &ledger, &stranger, Refusal::NotYoursToWithdraw);
    let action = world.withdraw(0, mine, &world.institutions()[0].key)?;
    let height = world.advance(&mut ledger, std::slice::from_ref(&action))?.height;
    let ended = ProposalStatus::Withdrawn { height };
    assert_eq!(status(&ledger, mine)?, ended);
    assert_refused(&mut world, &ledger, &action, Refusal::ProposalEnded { status: ended });
    let late = world.endorse(0, mine, &world.patients()[0].phone)?;
    assert_refused(&mut world, &ledger, &late, Refusal::ProposalEnded { status: ended });
    for home in [false, true] {
        let (theirs, grant) = waiting_grant(&mut world, &mut ledger)?;
        let patient = &world.patients()[0];
        let key = if home { &patient.home } else { &patient.phone };
        let (by, action) = (key.public(), world.withdraw(0, theirs, key)?);
        let height = world.advance(&mut ledger, &[action])?.height;
        assert_eq!(status(&ledger, theirs)?, ProposalStatus::Rejected { height, by });
        assert!(!is_granted(&ledger, &grant.id)?);
    }
    Ok(())
}

#[test]
fn an_endorsement_taken_back_does_not_come_again() -> Done {
    let (mut world, mut ledger) = world()?;
    let grant = world.grant_to(1, 0);
    // Three must sign here: the patient proposes, the hospital agrees, then thinks better of it.
    let policy = Policy::new(3, world.patients()[0].opening.policy.groups().to_vec())?;
    let action = world.amend(0, 1, policy, &[])?;
    world.advance(&mut ledger, &[action])?;
    let action = world.proposal(0, &granting(&grant), &world.patients()[0].phone)?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    let id = World::proposal_of(&action);
    let agreed = world.endorse(0, id, &world.institutions()[0].key)?;
    world.advance(&mut ledger, std::slice::from_ref(&agreed))?;
    let back = world.withdraw(0, id, &world.institutions()[0].key)?;
    world.advance(&mut ledger, std::slice::from_ref(&back))?;
    assert_refused(&mut world, &ledger, &agreed, Refusal::EndorsedAlready);
    assert_refused(&mut world, &ledger, &back, Refusal::NotYoursToWithdraw);
    let pharmacy = world.endorse(0, id, &world.institutions()[1].key)?;
    world.advance(&mut ledger, &[pharmacy])?;
    assert!(!is_granted(&ledger, &grant.id)?, "the signature taken back does not count");
    let regulator = world.endorse(0, id, &world.institutions()[2].key)?;
    world.advance(&mut ledger, &[regulator])?;
    assert!(is_granted(&ledger, &grant.id)?);
    Ok(())
}

#[test]
fn replays_repetitions_and_strangers_are_refused() -> Done {
    let (mut world, mut ledger) = world()?;
    let (id, grant) = waiting_grant(&mut world, &mut ledger)?;
    let again = world.endorse(0, id, &world.institutions()[0].key)?;
    assert_refused(&mut world, &ledger, &again, Refusal::EndorsedAlready);
    let stranger = world.key();
    let strange = world.endorse(0, id, &stranger)?;
    assert_refused(&mut world, &ledger, &strange, Refusal::NoStanding);
    let strange = world.proposal(0, &granting(&grant), &stranger)?;
    assert_refused(&mut world, &ledger, &strange, Refusal::NoStanding);
    // The neighbour's account has no such proposal, and the neighbour no say in this one.
    let next_door = world.endorse(1, id, &world.patients()[1].phone)?;
    assert_refused(&mut world, &ledger, &next_door, Refusal::UnknownProposal);
    let neighbour = world.endorse(0, id, &world.patients()[1].phone)?;
    assert_refused(&mut world, &ledger, &neighbour, Refusal::NoStanding);
    let body = Action::Endorse(Endorse { proposal: id });
    let witness = world.by(0, body, &[(&world.patients()[0].phone, Witnessed)])?;
    assert_refused(&mut world, &ledger, &witness, Refusal::NoAuthor);
    // An endorsement is of one proposal: the same thing proposed anew is another.
    let endorsement = world.endorse(0, id, &world.patients()[0].phone)?;
    let withdrawal = world.withdraw(0, id, &world.institutions()[0].key)?;
    let anew = world.proposal(0, &granting(&grant), &world.institutions()[0].key)?;
    world.advance(&mut ledger, &[withdrawal, anew])?;
    assert!(matches!(refusal(&ledger, &endorsement), Some(Refusal::ProposalEnded { .. })));
    assert!(!is_granted(&ledger, &grant.id)?);
    Ok(())
}

#[test]
fn what_fails_leaves_its_reason_and_nothing_else() -> Done {
    let (mut world, mut ledger) = world()?;
    let (id, mut grant) = waiting_grant(&mut world, &mut ledger)?;
    // The patient makes a grant of that name in between.
    grant.quota = Some(1);
    let direct = world.grant(0, grant.clone())?;
    world.advance(&mut ledger, &[direct])?;
    let action = world.endorse(0, id, &world.patients()[0].phone)?;
    let height = world.advance(&mut ledger, &[action])?.height;
    assert_eq!(status(&ledger, id)?, ProposalStatus::Failed { height, code: Refusal::GrantExists.code() });
    let account = world.patients()[0].account;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    assert_eq!(query.grants(&account)?.grants().map(|one| one.grant().clone()).collect::<Vec<_>>(), [grant]);
    Ok(())
}

#[test]
fn records_of_an_institution_are_registered_through_a_proposal_and_their_author_is_checked_at_once() -> Done {
    let (mut world, mut ledger) = world()?;
    let facts = world.entries(0, 1)?[0].facts().clone();
    let by_hospital = |world: &World, facts: &IndexFacts, patient: usize| -> Result<Action, Failed> {
        let (hospital, account) = (&world.institutions()[0].key, world.patients()[patient].account);
        let entry = IndexEntry::sign(facts.clone(), hospital, &world.chain(), &account)?;
        Ok(Action::Anchor(Anchor { entries: List::new(vec![entry])? }))
    };
    let action = world.proposal(0, &by_hospital(&world, &facts, 0)?, &world.institutions()[0].key)?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    let sign = world.endorse(0, World::proposal_of(&action), &world.patients()[0].phone)?;
    world.advance(&mut ledger, &[sign])?;
    assert!(ledger.facts().record(&facts.record)?.is_some());
    // Signed for the account next door.
    let forged = world.proposal(0, &by_hospital(&world, &facts, 1)?, &world.institutions()[0].key)?;
    assert_refused(&mut world, &ledger, &forged, Refusal::BadSignature { count: 1 });
    Ok(())
}

#[test]
fn nothing_nests_and_only_what_a_policy_answers_for_can_be_proposed() -> Done {
    let (mut world, ledger) = world()?;
    let grant = world.grant_to(0, 0);
    let request = world.request(vec![RecordId::new([1; 32])])?;
    let inner = world.proposal(0, &granting(&grant), &world.institutions()[0].key)?;
    let proposal = World::proposal_of(&inner);
    let (endorse, withdraw) = (Action::Endorse(Endorse { proposal }), Action::Withdraw(Withdraw { proposal }));
    let open = Action::Open(world.patients()[1].opening.clone());
    for body in [inner.body().clone(), endorse, withdraw, open, Action::Access(request)] {
        let nested = world.proposal(0, &body, &world.institutions()[0].key)?;
        assert_refused(&mut world, &ledger, &nested, Refusal::NotProposable);
    }
    let nothing = Action::Anchor(Anchor { entries: List::empty() });
    let empty = world.proposal(0, &nothing, &world.institutions()[0].key)?;
    assert_refused(&mut world, &ledger, &empty, Refusal::Empty);
    Ok(())
}

#[test]
fn a_proposal_is_weighed_under_the_policy_in_force_when_it_is_endorsed() -> Done {
    let (mut world, mut ledger) = world()?;
    let (id, grant) = waiting_grant(&mut world, &mut ledger)?;
    // The hospital leaves the policy: its signature counts no more.
    let patient = &world.patients()[0];
    let policy = Policy::medical(
        [patient.phone.public(), patient.home.public()],
        vec![patient.gateway.public(), world.institutions()[1].key.public()],
    )?;
    let action = world.amend(0, 1, policy, &[])?;
    world.advance(&mut ledger, &[action])?;
    let phone = world.endorse(0, id, &world.patients()[0].phone)?;
    world.advance(&mut ledger, &[phone])?;
    assert_eq!(status(&ledger, id)?, ProposalStatus::Pending);
    let withdrawn_from = world.endorse(0, id, &world.institutions()[2].key)?;
    assert_refused(&mut world, &ledger, &withdrawn_from, Refusal::NoStanding);
    let pharmacy = world.endorse(0, id, &world.institutions()[1].key)?;
    let height = world.advance(&mut ledger, &[pharmacy])?.height;
    assert_eq!(status(&ledger, id)?, ProposalStatus::Executed { height });
    assert!(is_granted(&ledger, &grant.id)?);
    Ok(())
}

#[test]
fn a_dismissed_member_has_no_say_even_where_it_has_signed() -> Done {
    let (mut world, mut ledger) = world()?;
    let (id, grant) = waiting_grant(&mut world, &mut ledger)?;
    let body = Action::Dismiss(Dismiss { member: world.institutions()[0].id() });
    let keys = [&world.institutions()[1].key, &world.institutions()[2].key].map(|key| (key, Approved));
    let dismissal = signed(&world, None, body, &keys);
    world.advance(&mut ledger, &[dismissal])?;
    let phone = world.endorse(0, id, &world.patients()[0].phone)?;
    world.advance(&mut ledger, &[phone])?;
    assert_eq!(status(&ledger, id)?, ProposalStatus::Pending, "the dismissed hospital's signature does not count");
    let direct = signed(
        &world,
        Some(world.patients()[0].account),
        granting(&grant),
        &[(&world.patients()[0].phone, Authored), (&world.institutions()[0].key, CoSigned)],
    );
    let missing = Missing::Signatures { have: 1, need: 2 };
    assert_refused(&mut world, &ledger, &direct, Refusal::Policy { missing });
    Ok(())
}
