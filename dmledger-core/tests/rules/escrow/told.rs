//! Who is told of a publication: the account's holders and its publisher, of every step, and nobody else.

use super::*;
use crate::notices::{told, watch};
use dmledger_core::{
    action::Subscribe,
    consent::{Alert, Subscriber},
    ledger::Event,
};

fn stands(world: &World, address: AccountId, status: EscrowStatus) -> Event {
    Event::Publication { address, institution: world.institutions()[0].id(), records: 2, status }
}

/// Rules that ask for this alone, of the holders or of a member.
fn asking_for(subscriber: Subscriber, rule: Alert) -> Result<Action, Failed> {
    Ok(Action::Subscribe(Box::new(Subscribe { subscriber, number: 1, rules: List::new(vec![rule])? })))
}

#[test]
fn the_patient_is_asked_and_both_sides_hear_what_became_of_it() -> Done {
    let (mut world, mut ledger) = world()?;
    let account = world.patients()[0].account;
    let members = [0, 1].map(|n: usize| Subscriber::Member(world.institutions()[n].id()));
    let rights = [world.grant_to(0, 0), world.grant_to(1, 0)].map(|grant| world.grant(0, grant));
    world.advance(&mut ledger, &rights.into_iter().collect::<Result<Vec<_>, _>>()?)?;
    for (n, member) in members.into_iter().enumerate() {
        let action = world.by_institution(n, 0, asking_for(member, Alert::Publication)?)?;
        world.advance(&mut ledger, &[action])?;
    }
    let mut watches = [Subscriber::Account, members[0], members[1]]
        .into_iter()
        .map(|subscriber| watch(&ledger, account, subscriber))
        .collect::<Result<Vec<_>, _>>()?;
    let mut all =
        |ledger: &Ledger| -> Result<Vec<_>, Failed> { watches.iter_mut().map(|watch| told(watch, ledger)).collect() };
    let hospital = hospital()?;
    for ending in [None, Some(Ending::Reject(Objection::NotMine)), Some(Ending::Withdraw)] {
        let one = publication(&mut world, &hospital, 0, 2)?;
        let (address, tweak) = fresh_address(&mut world, &hospital, &one);
        let one = Publication { address, ..one };
        let action = submit(&world, &hospital, 0, one);
        world.advance(&mut ledger, &[action])?;
        let asked = stands(&world, address, EscrowStatus::Waiting);
        assert_eq!(all(&ledger)?, [vec![asked], vec![asked], vec![]], "the patient is asked");
        let (action, status) = match ending {
            None => (confirm_with(&world, 0, address, tweak), EscrowStatus::Released),
            Some(Ending::Withdraw) => (close(&world, &hospital, address, Ending::Withdraw), EscrowStatus::Withdrawn),
            Some(ending) => {
                let status = EscrowStatus::Rejected(Objection::NotMine);
                (close(&world, &world.patients()[0].home, address, ending), status)
            }
        };
        world.advance(&mut ledger, &[action])?;
        let [patient, publisher, other] = <[_; 3]>::try_from(all(&ledger)?).map_err(|_| "three watches")?;
        assert!(patient.contains(&stands(&world, address, status)), "{patient:?}");
        assert_eq!((publisher, other), (vec![stands(&world, address, status)], vec![]));
        let added = patient.contains(&Event::RecordsAdded { count: 2 });
        assert_eq!(added, status == EscrowStatus::Released);
    }
    Ok(())
}

/// An address that leads to the patient with a tweak nobody has used.
fn fresh_address(world: &mut World, publisher: &SecretKey, one: &Publication) -> (AccountId, Tweak) {
    let tweak = Tweak::new(world.bytes());
    let account = world.patients()[0].account;
    (address(&world.chain(), &account, [one.patient, publisher.public()], &tweak), tweak)
}

#[test]
fn no_rule_silences_the_request_to_the_patient() -> Done {
    let (mut world, mut ledger) = world()?;
    let rules = world.by_patient(0, asking_for(Subscriber::Account, Alert::RecordAdded)?)?;
    world.advance(&mut ledger, &[rules])?;
    let mut patient = watch(&ledger, world.patients()[0].account, Subscriber::Account)?;
    let hospital = hospital()?;
    let one = publication(&mut world, &hospital, 0, 2)?;
    let one = at_known_address(&world, &hospital, 0, one);
    let address = one.address;
    let action = submit(&world, &hospital, 0, one);
    world.advance(&mut ledger, &[action])?;
    assert_eq!(told(&mut patient, &ledger)?, [stands(&world, address, EscrowStatus::Waiting)]);
    let rejected = close(&world, &world.patients()[0].home, address, Ending::Reject(Objection::Unwanted));
    world.advance(&mut ledger, &[rejected])?;
    assert_eq!(told(&mut patient, &ledger)?, [], "what she did herself she asked not to be told");
    Ok(())
}

#[test]
fn what_ran_out_is_told_when_the_ledger_writes_it_down() -> Done {
    let (mut world, mut ledger, one) = submitted()?;
    let mut patient = watch(&ledger, world.patients()[0].account, Subscriber::Account)?;
    world.wait(Duration::from_secs(3600));
    world.advance(&mut ledger, &[])?;
    assert_eq!(told(&mut patient, &ledger)?, []);
    let body = Action::Close(Close { address: one.address, ending: Ending::Expire });
    let action = signed(&world, Some(world.patients()[0].account), body, &[]);
    world.advance(&mut ledger, &[action])?;
    assert_eq!(told(&mut patient, &ledger)?, [stands(&world, one.address, EscrowStatus::Expired)]);
    world.advance(&mut ledger, &[])?;
    assert_eq!(told(&mut patient, &ledger)?, [], "told once");
    Ok(())
}
