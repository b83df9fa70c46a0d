//! Alert rules on the ledger, and the notices that blocks give.

use super::{Done, anchored, assert_refused, signed, world};
use core::time::Duration;
use dmledger_core::{
    action::{Action, GrantAction, Refusal, Subscribe, Terminate},
    codec::List,
    consent::{AccessRequest, Alert, Grant, Standing, Subscriber},
    decide::Reason,
    envelope::{AccountId, Meaning::Authored},
    ledger::{Event, Ledger, Notice, StateMachine, Watch},
    scope::{Validity, Verb},
    testing::World,
    time::{Moment, TimeRange, Timestamp},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

pub(super) fn watch(ledger: &Ledger, account: AccountId, subscriber: Subscriber) -> Result<Watch, Failed> {
    let at = Moment { height: ledger.tip().height, time: ledger.tip().time };
    Ok(Watch::begin(account, subscriber, &ledger.facts(), at)?)
}

/// What the tip means.
pub(super) fn told(watch: &mut Watch, ledger: &Ledger) -> Result<Vec<Event>, Failed> {
    let block = ledger.finalized(ledger.tip().height)?.ok_or("no block")?;
    let notices = watch.observe(block.block(), &ledger.facts())?;
    Ok(notices.into_iter().map(|Notice { event, .. }| event).collect())
}

fn subscribe(subscriber: Subscriber, number: u64, rules: &[Alert]) -> Result<Action, Failed> {
    Ok(Action::Subscribe(Box::new(Subscribe { subscriber, number, rules: List::new(rules.to_vec())? })))
}

fn act(world: &mut World, ledger: &mut Ledger, action: dmledger_core::action::SignedAction) -> Result<(), Failed> {
    world.advance(ledger, &[action])?;
    Ok(())
}

#[test]
fn the_patient_is_told_who_asked_what_was_granted_and_what_ended() -> Done {
    let (mut world, mut ledger) = world()?;
    let account = world.patients()[0].account;
    let mut patient = watch(&ledger, account, Subscriber::Account)?;
    let records = anchored(&mut world, &mut ledger, 0, 3)?;
    assert_eq!(told(&mut patient, &ledger)?, [Event::RecordsAdded { count: 3 }]);
    let end = world.clock().plus(Duration::from_secs(4));
    let grant = world.grant_to(0, 1);
    let short = world.grant_to(1, 0);
    let short = Grant { validity: Validity::during(TimeRange::new(Timestamp::EPOCH, end)?), ..short };
    let actions = [world.grant(0, grant.clone())?, world.grant(0, short.clone())?];
    world.advance(&mut ledger, &actions)?;
    let made = |grant: &Grant| Event::GrantMade { grant: grant.id, audience: grant.audience };
    assert_eq!(told(&mut patient, &ledger)?, [made(&grant), made(&short)]);
    let member = world.institutions()[0].id();
    let request = world.request(records.clone())?;
    let id = request.id;
    let action = world.access(0, 0, request)?;
    act(&mut world, &mut ledger, action)?;
    let exhausted = Event::GrantEnded { grant: grant.id, standing: Standing::Exhausted { quota: 1 } };
    assert_eq!(told(&mut patient, &ledger)?, [Event::AccessAllowed { request: id, member }, exhausted]);
    let request = AccessRequest { verb: Verb::Update, ..world.request(records.clone())? };
    let id = request.id;
    let action = world.access(0, 0, request)?;
    act(&mut world, &mut ledger, action)?;
    let denied = Event::AccessDenied { request: id, member, reason: Reason::WrongVerb };
    assert_eq!(told(&mut patient, &ledger)?, [denied]);
    world.advance(&mut ledger, &[])?;
    let over = Event::GrantEnded { grant: short.id, standing: Standing::Expired { at: end } };
    assert_eq!(told(&mut patient, &ledger)?, [over]);
    world.advance(&mut ledger, &[])?;
    assert_eq!(told(&mut patient, &ledger)?, []);
    // What happens next door is nobody's business here.
    anchored(&mut world, &mut ledger, 1, 1)?;
    assert_eq!(told(&mut patient, &ledger)?, []);
    let action = world.update(0, (records[0], 0), None)?;
    act(&mut world, &mut ledger, action)?;
    assert!(
        matches!(told(&mut patient, &ledger)?[..], [Event::RecordUpdated { supersedes, .. }] if supersedes == records[0])
    );
    Ok(())
}

#[test]
fn rules_choose_what_is_told_and_when() -> Done {
    let (mut world, mut ledger) = world()?;
    let account = world.patients()[0].account;
    let rules = [Alert::AccessDenied, Alert::GrantEnding(10_000), Alert::Silence(60_000)];
    let action = world.by_patient(0, subscribe(Subscriber::Account, 1, &rules)?)?;
    act(&mut world, &mut ledger, action)?;
    let mut patient = watch(&ledger, account, Subscriber::Account)?;
    anchored(&mut world, &mut ledger, 0, 1)?;
    assert_eq!(told(&mut patient, &ledger)?, []);
    let since = ledger.tip().time;
    let end = world.clock().plus(Duration::from_secs(30));
    let grant = world.grant_to(0, 0);
    let grant = Grant { validity: Validity::during(TimeRange::new(Timestamp::EPOCH, end)?), ..grant };
    let action = world.grant(0, grant.clone())?;
    act(&mut world, &mut ledger, action)?;
    assert_eq!(told(&mut patient, &ledger)?, []);
    world.wait(Duration::from_secs(18));
    world.advance(&mut ledger, &[])?;
    let resumed = patient.clone();
    assert_eq!(told(&mut patient, &ledger)?, [Event::GrantEnding { grant: grant.id, at: end }]);
    // Told once; and told the same by a watch that was stopped and went on.
    assert_eq!(told(&mut resumed.clone(), &ledger)?, [Event::GrantEnding { grant: grant.id, at: end }]);
    world.advance(&mut ledger, &[])?;
    assert_eq!(told(&mut patient, &ledger)?, []);
    world.wait(Duration::from_secs(60));
    world.advance(&mut ledger, &[])?;
    assert_eq!(told(&mut patient, &ledger)?, [Event::Silence { since }]);
    Ok(())
}

#[test]
fn a_member_is_told_what_concerns_itself() -> Done {
    let (mut world, mut ledger) = world()?;
    let account = world.patients()[0].account;
    let agreement = world.agreement(0, 0)?;
    let (hospital, pharmacy) = (world.institutions()[0].id(), world.institutions()[1].id());
    let rules = [Alert::Agreement, Alert::RecordAdded, Alert::GrantEnded, Alert::AccessAllowed];
    let body = || subscribe(Subscriber::Member(hospital), 1, &rules);
    let early = world.by_institution(0, 0, body()?)?;
    assert_refused(&mut world, &ledger, &early, Refusal::UnknownGrant);
    let action = world.conclude(0, 0, agreement.clone())?;
    act(&mut world, &mut ledger, action)?;
    let for_another = world.by_institution(1, 0, body()?)?;
    assert_refused(&mut world, &ledger, &for_another, Refusal::NotTheGrantee);
    let action = world.by_institution(0, 0, body()?)?;
    act(&mut world, &mut ledger, action.clone())?;
    assert_refused(&mut world, &ledger, &action, Refusal::WrongAlerts { found: 1, expected: 2 });
    let mut hers = watch(&ledger, account, Subscriber::Member(hospital))?;
    let mut theirs = watch(&ledger, account, Subscriber::Member(pharmacy))?;
    let records = anchored(&mut world, &mut ledger, 0, 2)?;
    assert_eq!(told(&mut hers, &ledger)?, [Event::RecordsAdded { count: 2 }]);
    assert_eq!(told(&mut theirs, &ledger)?, []);
    let request = world.request(records)?;
    let action = world.access(1, 0, request)?;
    act(&mut world, &mut ledger, action)?;
    assert_eq!(told(&mut hers, &ledger)?, [], "what another asked");
    let account_id = Some(account);
    let body = Action::Terminate(Terminate { agreement: agreement.id });
    let action = signed(&world, account_id, body, &[(&world.patients()[0].phone, Authored)]);
    act(&mut world, &mut ledger, action)?;
    let standing = Standing::Terminated { height: ledger.tip().height };
    let expected = [
        Event::GrantEnded { grant: agreement.terms.id, standing },
        Event::Agreement { agreement: agreement.id, action: "terminate" },
    ];
    assert_eq!(told(&mut hers, &ledger)?, expected);
    anchored(&mut world, &mut ledger, 0, 1)?;
    assert_eq!(told(&mut hers, &ledger)?, [], "no right, no news");
    // Without a grant a member can still unsubscribe.
    let action = world.by_institution(0, 0, subscribe(Subscriber::Member(hospital), 2, &[])?)?;
    act(&mut world, &mut ledger, action)?;
    let twice = world.by_patient(0, subscribe(Subscriber::Account, 1, &[Alert::Other, Alert::Other])?)?;
    assert_refused(&mut world, &ledger, &twice, Refusal::DuplicateAlert);
    Ok(())
}

#[test]
fn what_was_done_through_a_proposal_is_told_as_well() -> Done {
    let (mut world, mut ledger) = world()?;
    let account = world.patients()[0].account;
    let mut patient = watch(&ledger, account, Subscriber::Account)?;
    let grant = world.grant_to(0, 0);
    let body = Action::Grant(GrantAction { grant: grant.clone() });
    let action = world.proposal(0, &body, &world.institutions()[0].key)?;
    let proposal = World::proposal_of(&action);
    act(&mut world, &mut ledger, action)?;
    assert_eq!(told(&mut patient, &ledger)?, [Event::Other { action: "propose" }]);
    let action = world.endorse(0, proposal, &world.patients()[0].phone)?;
    act(&mut world, &mut ledger, action)?;
    let made = Event::GrantMade { grant: grant.id, audience: grant.audience };
    assert_eq!(told(&mut patient, &ledger)?, [Event::Other { action: "endorse" }, made]);
    Ok(())
}
