//! Publishing into a patient's account.

mod endings;
mod model;
mod told;

use super::{Done, Failed, anchored, assert_refused, newcomer, refusal, signed, world};
use core::time::Duration;
use dmledger_core::{
    account::{
        KeyClass, Missing,
        escrow::{BasicInfo, EscrowStatus, Intake, MAX_WAITING, Objection, Publication, Tweak, address},
    },
    action::{Action, Close, Confirm, Dismiss, Ending, PublishInfo, Refusal, SignedAction, Submit},
    codec::{Bytes, List, Text},
    envelope::{
        AccountId,
        Meaning::{Approved, Authored, CoSigned, Witnessed},
    },
    identity::{MemberId, Role},
    key::SecretKey,
    ledger::{Ledger, Query, StateMachine},
    record::{IndexEntry, RecordId, index::IndexFacts},
    scope::Validity,
    testing::{World, WorldPlan},
    time::{Height, TimeRange, Timestamp},
};

const TWEAK: Tweak = Tweak::new([9; 32]);

/// `count` records of an institution for a patient, to be decided on within an hour.
pub(super) fn publication(
    world: &mut World,
    publisher: &SecretKey,
    patient: usize,
    count: u64,
) -> Result<Publication, Failed> {
    let made = world.entries(patient, count)?;
    let tweak = Tweak::new(world.bytes());
    let (chain, to) = (world.chain(), &world.patients()[patient]);
    let entries = made.iter().map(|entry| {
        let facts = IndexFacts { sequence: IndexFacts::IN_ESCROW, ..entry.facts().clone() };
        IndexEntry::sign(facts, publisher, &chain, &to.account)
    });
    let until = world.clock().plus(Duration::from_secs(3600));
    Ok(Publication {
        address: address(&chain, &to.account, [publisher.public(), to.phone.public()], &tweak),
        patient: to.phone.public(),
        entries: List::new(entries.collect::<Result<_, _>>()?)?,
        open: Validity::new(TimeRange::new(Timestamp::EPOCH, until)?, Height::GENESIS, Height::new(1000))?,
        note: Bytes::default(),
    })
}

/// The same at the address that [`TWEAK`] leads to.
fn at_known_address(world: &World, publisher: &SecretKey, patient: usize, one: Publication) -> Publication {
    let account = world.patients()[patient].account;
    Publication { address: address(&world.chain(), &account, [one.patient, publisher.public()], &TWEAK), ..one }
}

fn submit(world: &World, publisher: &SecretKey, patient: usize, publication: Publication) -> SignedAction {
    let account = Some(world.patients()[patient].account);
    signed(world, account, Action::Submit(Box::new(Submit { publication })), &[(publisher, Authored)])
}

fn confirm(world: &World, patient: usize, address: AccountId) -> SignedAction {
    confirm_with(world, patient, address, TWEAK)
}

fn confirm_with(world: &World, patient: usize, address: AccountId, tweak: Tweak) -> SignedAction {
    let to = &world.patients()[patient];
    let body = Action::Confirm(Confirm { address, tweak });
    signed(world, Some(to.account), body, &[(&to.phone, Authored), (&to.home, CoSigned)])
}

fn close(world: &World, key: &SecretKey, address: AccountId, ending: Ending) -> SignedAction {
    signed(world, Some(world.patients()[0].account), Action::Close(Close { address, ending }), &[(key, Authored)])
}

/// The first institution's key, beside the world that holds it.
fn hospital() -> Result<SecretKey, Failed> {
    let twin = World::new(WorldPlan { residences: 2, patients: 2, ..WorldPlan::default() })?;
    Ok(twin.into_institutions().remove(0).key)
}

/// A publication of two records by the hospital that waits for the first patient.
fn submitted() -> Result<(World, Ledger, Publication), Failed> {
    let (mut world, mut ledger) = world()?;
    let hospital = hospital()?;
    let one = publication(&mut world, &hospital, 0, 2)?;
    let one = at_known_address(&world, &hospital, 0, one);
    let action = submit(&world, &hospital, 0, one.clone());
    world.advance(&mut ledger, &[action])?;
    Ok((world, ledger, one))
}

/// What the account's whole escrow log says, shown to be complete.
fn log(world: &World, ledger: &Ledger) -> Result<Vec<(EscrowStatus, usize)>, Failed> {
    let account = world.patients()[0].account;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let answer = query.escrow_log(&account)?;
    let entries = answer.verify(&ledger.tip().state_root, world.chain(), &account)?;
    assert!(entries.iter().zip(0..).all(|(entry, number)| entry.number == number));
    Ok(entries.iter().map(|entry| (entry.status, entry.records.len())).collect())
}

/// How many publications wait, shown to be all.
fn waiting(world: &World, ledger: &Ledger) -> Result<usize, Failed> {
    let account = world.patients()[0].account;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    Ok(query.escrows(&account)?.verify(&ledger.tip().state_root, world.chain(), &account)?.len())
}

fn records(ledger: &Ledger, names: impl IntoIterator<Item = RecordId>) -> Result<usize, Failed> {
    let mut found = 0;
    for name in names {
        found += usize::from(ledger.facts().record(&name)?.is_some());
    }
    Ok(found)
}

#[test]
fn a_confirmed_publication_is_in_the_account_whole_and_the_patient_is_told() -> Done {
    let (mut world, mut ledger, one) = submitted()?;
    assert_eq!((waiting(&world, &ledger)?, log(&world, &ledger)?), (1, vec![(EscrowStatus::Waiting, 2)]));
    assert_eq!(records(&ledger, one.records())?, 0, "waiting is not in the account");
    let action = confirm(&world, 0, one.address);
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    let account = world.patients()[0].account;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let listed = query.records(&account)?;
    let listed = listed.verify(&ledger.tip().state_root, world.chain(), &account)?;
    assert_eq!(listed.iter().map(|one| one.entry.clone()).collect::<Vec<_>>(), one.entries.to_vec());
    let hospital = world.institutions()[0].key.public();
    for entry in listed {
        assert_eq!((entry.entry.author(), entry.height), (hospital, ledger.tip().height));
        assert_eq!(entry.entry.verify(&world.chain(), &account), Ok(()));
    }
    let told = vec![(EscrowStatus::Waiting, 2), (EscrowStatus::Released, 2)];
    assert_eq!((waiting(&world, &ledger)?, log(&world, &ledger)?), (0, told));
    assert_refused(&mut world, &ledger, &action, Refusal::EscrowDecided);
    // Home goes on where the list stands.
    let patient = ledger.facts().record_count(&account)?;
    assert_eq!(patient, 2);
    Ok(())
}

#[test]
fn only_the_patient_confirms_and_only_with_what_the_institution_sent() -> Done {
    let (mut world, ledger, one) = submitted()?;
    let (to, account) = (&world.patients()[0], world.patients()[0].account);
    let (hospital, pharmacy) = (&world.institutions()[0].key, &world.institutions()[1].key);
    let body = || Action::Confirm(Confirm { address: one.address, tweak: TWEAK });
    let institutions = signed(&world, Some(account), body(), &[(hospital, Authored), (pharmacy, CoSigned)]);
    let phone = signed(&world, Some(account), body(), &[(&to.phone, Authored), (&to.home, Witnessed)]);
    let guessed = Action::Confirm(Confirm { address: one.address, tweak: Tweak::new([8; 32]) });
    let guessed = signed(&world, Some(account), guessed, &[(&to.phone, Authored), (&to.home, CoSigned)]);
    let elsewhere = confirm(&world, 1, one.address);
    let with_hospital = signed(&world, Some(account), body(), &[(&to.phone, Authored), (hospital, CoSigned)]);
    let missing = Missing::OfClass { class: KeyClass::Patient, have: 0, need: 1 };
    assert_refused(&mut world, &ledger, &institutions, Refusal::Policy { missing });
    let missing = Missing::Signatures { have: 1, need: 2 };
    assert_refused(&mut world, &ledger, &phone, Refusal::Policy { missing });
    assert_refused(&mut world, &ledger, &guessed, Refusal::WrongTweak);
    assert_refused(&mut world, &ledger, &elsewhere, Refusal::UnknownEscrow);
    assert!(super::is_taken(&mut world, &ledger, &with_hospital));
    Ok(())
}

#[test]
fn who_may_publish_follows_from_what_the_patient_published() -> Done {
    let (mut world, mut ledger) = world()?;
    let outsider = newcomer(&mut world, &mut ledger, Role::Research)?;
    let physician = newcomer(&mut world, &mut ledger, Role::Physician)?;
    let stranger = world.key();
    let account = world.patients()[0].account;
    let info = |number, intake, about: &str| -> Result<Action, Failed> {
        let info = BasicInfo { number, intake, kem: Bytes::new(vec![7; 1216])?, about: Text::new(about)? };
        Ok(Action::PublishInfo(Box::new(PublishInfo { info })))
    };
    let by_outsider = publication(&mut world, &outsider.key, 0, 1)?;
    let by_outsider = submit(&world, &outsider.key, 0, by_outsider);
    let by_stranger = publication(&mut world, &stranger, 0, 1)?;
    let by_stranger = submit(&world, &stranger, 0, by_stranger);
    let by_physician = publication(&mut world, &physician.key, 0, 1)?;
    let by_physician = submit(&world, &physician.key, 0, by_physician);
    assert_refused(&mut world, &ledger, &by_outsider, Refusal::IntakeClosed { intake: Intake::Cosigners });
    assert_refused(&mut world, &ledger, &by_stranger, Refusal::NotAMember);
    assert_refused(&mut world, &ledger, &by_physician, Refusal::NotAnInstitution);

    let by_hospital =
        signed(&world, Some(account), info(0, Intake::Institutions, "")?, &[(&world.institutions()[0].key, Authored)]);
    assert_refused(&mut world, &ledger, &by_hospital, Refusal::NotAPatientKey);
    let patient = |world: &World, body| signed(world, Some(account), body, &[(&world.patients()[0].phone, Authored)]);
    let bell = patient(&world, info(0, Intake::Institutions, "bell \u{7}")?);
    assert_refused(&mut world, &ledger, &bell, Refusal::ControlCharacters);
    let opened = patient(&world, info(0, Intake::Institutions, "German, ward 4")?);
    world.advance(&mut ledger, std::slice::from_ref(&opened))?;
    assert_refused(&mut world, &ledger, &opened, Refusal::WrongInfoNumber { found: 0, expected: 1 });
    // Any institution asks for it, with a proof, before it publishes.
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let shown = query.basic_info(&account)?;
    let shown = shown.verify(&ledger.tip().state_root, &ledger.places().basic_info(&account))?.ok_or("no info")?;
    assert_eq!((shown.about.as_str(), shown.intake), ("German, ward 4", Intake::Institutions));
    assert!(super::is_taken(&mut world, &ledger, &by_outsider));
    let closed = patient(&world, info(1, Intake::Closed, "")?);
    world.advance(&mut ledger, &[closed])?;
    assert_refused(&mut world, &ledger, &by_outsider, Refusal::IntakeClosed { intake: Intake::Closed });
    Ok(())
}

#[test]
fn entries_that_are_not_the_publishers_or_have_a_number_do_not_wait() -> Done {
    let (mut world, mut ledger) = world()?;
    let names = anchored(&mut world, &mut ledger, 0, 1)?;
    let hospital = hospital()?;
    let one = publication(&mut world, &hospital, 0, 1)?;
    let account = world.patients()[0].account;
    let with = |entries: Vec<IndexEntry>| -> Result<Publication, Failed> {
        Ok(Publication { entries: List::new(entries)?, ..one.clone() })
    };
    let sign =
        |key: &SecretKey, facts: IndexFacts, account: &AccountId| IndexEntry::sign(facts, key, &world.chain(), account);
    let facts = one.entries[0].facts().clone();
    let cases = [
        (with(vec![])?, Refusal::Empty),
        (with(vec![one.entries[0].clone(), one.entries[0].clone()])?, Refusal::DuplicateRecord),
        (with(vec![sign(&world.institutions()[1].key, facts.clone(), &account)?])?, Refusal::NotForEscrow),
        (with(vec![sign(&hospital, IndexFacts { sequence: 1, ..facts.clone() }, &account)?])?, Refusal::NotForEscrow),
        (
            with(vec![sign(&hospital, facts.clone(), &world.patients()[1].account)?])?,
            Refusal::BadSignature { count: 1 },
        ),
        (
            with(vec![sign(&hospital, IndexFacts { record: names[0], ..facts }, &account)?])?,
            Refusal::RecordExists { record: names[0] },
        ),
        (Publication { patient: world.patients()[1].phone.public(), ..one.clone() }, Refusal::NotAPatientKey),
        (Publication { patient: hospital.public(), ..one.clone() }, Refusal::NotAPatientKey),
        (
            Publication { open: Validity::during(TimeRange::new(Timestamp::EPOCH, world.clock())?), ..one.clone() },
            Refusal::EscrowOver,
        ),
    ];
    for (publication, expected) in cases {
        let action = submit(&world, &hospital, 0, publication);
        assert_refused(&mut world, &ledger, &action, expected);
    }
    // What waits has no number, so it cannot be anchored past the patient either.
    let to = &world.patients()[0];
    let body = Action::Anchor(dmledger_core::action::Anchor { entries: List::new(one.entries.to_vec())? });
    let anchor = signed(&world, Some(account), body, &[(&hospital, Authored), (&to.phone, CoSigned)]);
    assert_refused(&mut world, &ledger, &anchor, Refusal::WrongSequence { found: u64::MAX, expected: 1 });
    Ok(())
}

#[test]
fn one_record_taken_elsewhere_keeps_the_whole_publication_out() -> Done {
    let (mut world, mut ledger, one) = submitted()?;
    // The second of its two records is registered in the neighbour's account in the meantime.
    let neighbour = &world.patients()[1];
    let facts = IndexFacts { sequence: 0, ..one.entries[1].facts().clone() };
    let record = facts.record;
    let entry = IndexEntry::sign(facts, &neighbour.gateway, &world.chain(), &neighbour.account)?;
    let action = world.anchor(1, vec![entry])?;
    world.advance(&mut ledger, &[action])?;
    let action = confirm(&world, 0, one.address);
    assert_refused(&mut world, &ledger, &action, Refusal::RecordExists { record });
    assert_eq!(records(&ledger, [one.entries[0].facts().record])?, 0, "not one without the other");
    Ok(())
}

#[test]
fn what_an_institution_published_is_not_released_once_it_is_out() -> Done {
    let (mut world, mut ledger, one) = submitted()?;
    let member = MemberId::of(&world.institutions()[0].key.public());
    let keys = [(&world.institutions()[1].key, Approved), (&world.institutions()[2].key, Approved)];
    let dismissal = signed(&world, None, Action::Dismiss(Dismiss { member }), &keys);
    world.advance(&mut ledger, &[dismissal])?;
    let confirmed = confirm(&world, 0, one.address);
    assert_refused(&mut world, &ledger, &confirmed, Refusal::NotAMember);
    let withdrawn = close(&world, &world.institutions()[0].key, one.address, Ending::Withdraw);
    assert!(super::is_taken(&mut world, &ledger, &withdrawn), "taking back stays possible");
    Ok(())
}

#[test]
fn what_ran_out_makes_room_and_is_written_down() -> Done {
    let (mut world, mut ledger) = world()?;
    let hospital = hospital()?;
    let mut actions = Vec::new();
    for _ in 0..=MAX_WAITING {
        let one = publication(&mut world, &hospital, 0, 1)?;
        actions.push(submit(&world, &hospital, 0, one));
    }
    let last = actions.pop().ok_or("none")?;
    world.advance(&mut ledger, &actions)?;
    assert_eq!(waiting(&world, &ledger)?, MAX_WAITING);
    assert_refused(&mut world, &ledger, &last, Refusal::TooManyWaiting { max: MAX_WAITING });
    world.wait(Duration::from_secs(4000));
    let fresh = publication(&mut world, &hospital, 0, 1)?;
    let fresh = submit(&world, &hospital, 0, fresh);
    world.advance(&mut ledger, &[fresh])?;
    let log = log(&world, &ledger)?;
    assert_eq!((waiting(&world, &ledger)?, log.len()), (1, 2 * MAX_WAITING + 1));
    assert!(log[MAX_WAITING..2 * MAX_WAITING].iter().all(|line| *line == (EscrowStatus::Expired, 1)));
    Ok(())
}

#[test]
fn a_publication_is_worth_nothing_on_another_network_or_for_another_account() -> Done {
    let (mut world, ledger, one) = submitted()?;
    let other = World::new(WorldPlan { seed: 2, residences: 2, patients: 2, ..WorldPlan::default() })?;
    let hospital = hospital()?;
    let abroad = submit(&other, &hospital, 0, one.clone());
    assert_refused(&mut world, &ledger, &abroad, Refusal::WrongChain);
    // Carried over signature by signature: to the neighbour's account, and to the end of another publication.
    let here = confirm(&world, 0, one.address);
    let to = Some(world.patients()[1].account);
    let moved =
        here.endorsements().iter().try_fold(signed(&world, to, here.body().clone(), &[]), |to, one| to.with(*one))?;
    assert_refused(
        &mut world,
        &ledger,
        &moved,
        Refusal::Policy { missing: Missing::OfClass { class: KeyClass::Patient, have: 0, need: 1 } },
    );
    let ending = Action::Close(Close { address: one.address, ending: Ending::Reject(Objection::Unwanted) });
    let account = Some(world.patients()[0].account);
    let turned = here.endorsements().iter().try_fold(signed(&world, account, ending, &[]), |to, one| to.with(*one))?;
    assert_refused(&mut world, &ledger, &turned, Refusal::BadSignature { count: 2 });
    // The address itself is another on another network, for another account and for other keys.
    let keys = [hospital.public(), one.patient];
    let account = world.patients()[0].account;
    assert_eq!(address(&world.chain(), &account, keys, &TWEAK), one.address);
    assert_ne!(address(&other.chain(), &account, keys, &TWEAK), one.address);
    assert_ne!(address(&world.chain(), &world.patients()[1].account, keys, &TWEAK), one.address);
    assert_ne!(address(&world.chain(), &account, [keys[0], keys[0]], &TWEAK), one.address);
    assert_ne!(address(&world.chain(), &account, keys, &Tweak::new([0; 32])), one.address);
    Ok(())
}
