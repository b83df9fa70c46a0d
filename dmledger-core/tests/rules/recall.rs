//! What the state remembers decoded never answers for a row that was written since.

use super::{Done, anchored, world};
use dmledger_core::{
    consent::{GrantStatus, RequestId},
    decide::{Decision, Question, Reason, decide},
    ledger::{Ledger, Query, StateMachine},
    record::RecordId,
    scope::Verb,
    state::{Delta, ReadState, StateError, StateKey, tables::Facts},
    testing::World,
    time::Moment,
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A state that remembers nothing: what every view is to begin with.
struct Forgetful<'a>(&'a dyn ReadState);

impl ReadState for Forgetful<'_> {
    fn raw(&self, key: &StateKey) -> Result<Option<Vec<u8>>, StateError> {
        self.0.raw(key)
    }
}

/// What the institution hears if it asks now, by a state that may remember.
fn ask(
    world: &World,
    facts: &Facts<'_>,
    institution: usize,
    records: &[RecordId],
    at: Moment,
) -> Result<Decision, Failed> {
    let request = dmledger_core::consent::AccessRequest {
        id: RequestId::new([9; 16]),
        records: dmledger_core::codec::List::new(records.to_vec())?,
        verb: Verb::Query,
        purpose: dmledger_core::scope::Purpose::Treatment,
        undertaking: dmledger_core::scope::Conditions::NONE,
        grant: None,
    };
    let (member, account) = (world.institutions()[institution].id(), world.patients()[0].account);
    Ok(decide(facts, &Question { chain: world.chain(), member, account, request: &request }, at)?)
}

fn next(world: &World, ledger: &Ledger) -> Moment {
    Moment { height: ledger.tip().height.next(), time: world.clock() }
}

#[test]
fn every_decision_is_the_same_with_and_without_memory() -> Done {
    let (mut world, mut ledger) = world()?;
    let records = anchored(&mut world, &mut ledger, 0, 2)?;
    let (mut standing, mut answers) = (Vec::new(), [0; 2]);
    for step in 0..40_usize {
        let institution = step % 3;
        let action = match step % 6 {
            0 | 1 => {
                let grant = world.grant_to(institution, 1);
                standing.push(grant.id);
                world.grant(0, grant)?
            }
            2..5 => {
                let request = world.request(records.clone())?;
                world.access(institution, 0, request)?
            }
            _ => world.revoke(0, standing.remove(step % standing.len()))?,
        };
        world.advance(&mut ledger, &[action])?;
        let at = next(&world, &ledger);
        let past = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
        for institution in 0..3 {
            let [first, again] = [(); 2].map(|()| ask(&world, &ledger.facts(), institution, &records, at));
            let forgetful = Forgetful(ledger.facts().state());
            let without = ask(&world, &Facts::new(world.chain(), &forgetful), institution, &records, at)?;
            assert_eq!((&first?, &again?), (&without, &without), "step {step}");
            assert_eq!(ask(&world, &past.facts(), institution, &records, at)?, without, "step {step}");
            answers[usize::from(without.is_allowed())] += 1;
        }
    }
    assert!(answers.iter().all(|count| *count > 20), "denied, allowed: {answers:?}");
    Ok(())
}

#[test]
fn a_row_is_remembered_until_it_is_written_and_a_pending_change_is_seen_at_once() -> Done {
    let (mut world, mut ledger) = world()?;
    let grant = world.grant_to(0, 0);
    let granting = world.grant(0, grant.clone())?;
    world.advance(&mut ledger, &[granting])?;
    let (key, at) = (ledger.places().grant(&grant.id), next(&world, &ledger));
    assert!(ledger.facts().state().recall(&key).is_none());
    assert!(ask(&world, &ledger.facts(), 0, &[], at)?.is_allowed());
    assert!(ledger.facts().state().recall(&key).is_some());
    // Revoked in a block that is being executed: there, and nowhere else.
    let height = at.height;
    let record = ledger.facts().grant(&grant.id)?.ok_or("no grant")?;
    let facts = ledger.facts();
    let mut delta = Delta::new(facts.state());
    let refused: Result<(), StateError> = delta.attempt(|delta| {
        delta.put(key, &record.clone().end(GrantStatus::Revoked { height }))?;
        let seen = ask(&world, &Facts::new(world.chain(), delta), 0, &[], at);
        assert_eq!(seen.ok().and_then(|one| one.reason()), Some(Reason::Revoked { height }));
        Err(StateError::NoLayer)
    });
    assert!(refused.is_err());
    assert!(ask(&world, &Facts::new(world.chain(), &delta), 0, &[], at)?.is_allowed(), "taken back");
    assert!(ask(&world, &ledger.facts(), 0, &[], at)?.is_allowed());
    let revocation = world.revoke(0, grant.id)?;
    world.advance(&mut ledger, &[revocation])?;
    assert!(ledger.facts().state().recall(&key).is_none());
    let at = next(&world, &ledger);
    assert_eq!(ask(&world, &ledger.facts(), 0, &[], at)?.reason(), Some(Reason::Revoked { height }));
    Ok(())
}
