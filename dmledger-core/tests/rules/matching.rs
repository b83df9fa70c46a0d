//! Similar cases: who comes into a cell, what it answers, who leaves.

use super::{Done, Failed, assert_refused, newcomer, signed};
use dmledger_core::{
    account::{KeyClass, Missing},
    action::{
        Action, Enrol, FindSimilar, Leave, Refusal, SignedAction,
        matching::{MatchEntry, MatchOutcome},
    },
    codec::List,
    consent::RequestId,
    envelope::Meaning::{Authored, CoSigned},
    identity::Role,
    ledger::{Ledger, Query, StateMachine},
    matching::{AgeBand, CaseSecret, CellEntry, CellToken, Diabetes, Features, MatchingKey, entries},
    scope::Purpose,
    testing::{World, WorldPlan},
};

const KEY: MatchingKey = MatchingKey::new([5; 32]);
/// The smallest cell that answers, as genesis sets it.
const LEAST: usize = 5;

fn crowd(patients: usize) -> Result<(World, Ledger), Failed> {
    let mut world = World::new(WorldPlan { patients, ..WorldPlan::default() })?;
    let ledger = world.populated()?;
    Ok((world, ledger))
}

fn features(years: u8) -> Features {
    Features { age: Some(AgeBand::of_years(years)), ..Features::new(Diabetes::Type1) }
}

fn case(patient: usize, years: u8) -> Vec<CellEntry> {
    let secret = u8::try_from(patient).unwrap_or(u8::MAX);
    entries(&features(years), &KEY, &CaseSecret::new([secret; 32]))
}

fn enrol(world: &World, patient: usize, entries: Vec<CellEntry>) -> Result<SignedAction, Failed> {
    let one = &world.patients()[patient];
    let body = Action::Enrol(Enrol { entries: List::new(entries)? });
    Ok(signed(world, Some(one.account), body, &[(&one.phone, Authored), (&one.home, CoSigned)]))
}

fn leave(world: &World, ledger: &Ledger, patient: usize) -> Result<SignedAction, Failed> {
    let one = &world.patients()[patient];
    let since = ledger.facts().enrolment(&one.account)?.ok_or("not enrolled")?.since;
    Ok(signed(world, Some(one.account), Action::Leave(Leave { since }), &[(&one.phone, Authored)]))
}

fn question(world: &mut World, cell: CellToken) -> FindSimilar {
    FindSimilar { id: RequestId::new(world.bytes()), cell, purpose: Purpose::Research }
}

/// Asks, and returns the answer from the complete log.
fn ask(world: &mut World, ledger: &mut Ledger, cell: CellToken) -> Result<MatchEntry, Failed> {
    let body = Action::FindSimilar(question(world, cell));
    let action = signed(world, None, body, &[(&world.institutions()[0].key, Authored)]);
    world.advance(ledger, &[action])?;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let log = query.match_log()?;
    let entries = log.verify(&ledger.tip().state_root, world.chain())?;
    Ok(entries.last().ok_or("no entry")?.clone())
}

/// How many the answer tells of, and how many pseudonyms it shows.
fn told(world: &mut World, ledger: &mut Ledger, cell: CellToken) -> Result<Option<(u32, usize)>, Failed> {
    Ok(match ask(world, ledger, cell)?.outcome {
        MatchOutcome::Found { at_least, cases } => Some((at_least, cases.len())),
        MatchOutcome::TooFew => None,
    })
}

#[test]
fn a_cell_answers_from_the_smallest_size_on_and_newcomers_come_in_together() -> Done {
    let (mut world, mut ledger) = crowd(2 * LEAST + 1)?;
    let cell = case(0, 44)[1].cell;
    let mut seen = Vec::new();
    for patient in 0..2 * LEAST + 1 {
        let action = enrol(&world, patient, case(patient, 44))?;
        world.advance(&mut ledger, &[action])?;
        seen.push(told(&mut world, &mut ledger, cell)?);
    }
    // Before and after any one of them the answer is the same, or differs by a whole cohort.
    let five = Some((5, 5));
    assert_eq!(seen, [None, None, None, None, five, five, five, five, five, Some((10, 10)), Some((10, 10))]);
    Ok(())
}

#[test]
fn an_unknown_cell_and_a_small_one_answer_alike() -> Done {
    let (mut world, mut ledger) = crowd(1)?;
    let action = enrol(&world, 0, case(0, 44))?;
    world.advance(&mut ledger, &[action])?;
    let small = ask(&mut world, &mut ledger, case(0, 44)[0].cell)?;
    let empty = ask(&mut world, &mut ledger, case(0, 99)[1].cell)?;
    assert_eq!((small.outcome, empty.outcome), (MatchOutcome::TooFew, MatchOutcome::TooFew));
    Ok(())
}

#[test]
fn whoever_leaves_is_out_from_that_height_and_comes_back_only_with_a_cohort() -> Done {
    let (mut world, mut ledger) = crowd(LEAST + 1)?;
    for patient in 0..LEAST + 1 {
        let action = enrol(&world, patient, case(patient, 44))?;
        world.advance(&mut ledger, &[action])?;
    }
    let cell = case(0, 44)[0].cell;
    assert_eq!(told(&mut world, &mut ledger, cell)?, Some((5, 5)));
    let left = leave(&world, &ledger, 2)?;
    world.advance(&mut ledger, std::slice::from_ref(&left))?;
    let enrolment = ledger.facts().enrolment(&world.patients()[2].account)?.ok_or("no trace")?;
    assert_eq!((enrolment.left, enrolment.entries.len()), (Some(ledger.tip().height), 0));
    // The sixth, who waited, has taken the place: nothing shows.
    assert_eq!(told(&mut world, &mut ledger, cell)?, Some((5, 5)));
    assert_refused(&mut world, &ledger, &left, Refusal::NotEnrolled);
    let gone = case(2, 44)[0].case;
    let again = enrol(&world, 2, case(2, 44))?;
    world.advance(&mut ledger, &[again])?;
    assert_eq!(told(&mut world, &mut ledger, cell)?, Some((5, 5)));
    assert_refused(&mut world, &ledger, &left, Refusal::NotEnrolled);
    let row = ledger.facts().cell(&cell)?;
    assert_eq!((row.cases, row.waiting.to_vec()), (5, vec![gone]));
    // One who waits leaves without ever having been counted; then nobody is left to take the next one's place.
    let waiting = leave(&world, &ledger, 2)?;
    world.advance(&mut ledger, &[waiting])?;
    assert!(ledger.facts().cell(&cell)?.waiting.is_empty());
    let another = leave(&world, &ledger, LEAST)?;
    world.advance(&mut ledger, &[another])?;
    assert_eq!(told(&mut world, &mut ledger, cell)?, None);
    Ok(())
}

#[test]
fn answers_name_cases_that_are_in_and_nobody_who_left() -> Done {
    let (mut world, mut ledger) = crowd(2 * LEAST)?;
    for patient in 0..2 * LEAST {
        let action = enrol(&world, patient, case(patient, 44))?;
        world.advance(&mut ledger, &[action])?;
    }
    let cell = case(0, 44)[0].cell;
    for gone in [0, 7, 3] {
        let action = leave(&world, &ledger, gone)?;
        world.advance(&mut ledger, &[action])?;
        let MatchOutcome::Found { at_least, cases } = ask(&mut world, &mut ledger, cell)?.outcome else {
            return Err("too few".into());
        };
        assert_eq!((at_least, cases.len()), (5, 5), "counts are told in whole cells");
        assert!(!cases.contains(&case(gone, 44)[0].case));
        let known: Vec<_> = (0..2 * LEAST).map(|patient| case(patient, 44)[0].case).collect();
        assert!(cases.iter().all(|one| known.contains(one)));
    }
    Ok(())
}

#[test]
fn nothing_in_an_answer_leads_to_an_account_or_to_another_cell() -> Done {
    let (mut world, mut ledger) = crowd(LEAST)?;
    for patient in 0..LEAST {
        let action = enrol(&world, patient, case(patient, 44))?;
        world.advance(&mut ledger, &[action])?;
    }
    let (coarse, fine) = (case(0, 44)[0].cell, case(0, 44)[1].cell);
    let (coarse, fine) = (ask(&mut world, &mut ledger, coarse)?, ask(&mut world, &mut ledger, fine)?);
    let names = |entry: &MatchEntry| match &entry.outcome {
        MatchOutcome::Found { cases, .. } => cases.to_vec(),
        MatchOutcome::TooFew => Vec::new(),
    };
    assert!(names(&coarse).len() == LEAST && names(&fine).iter().all(|one| !names(&coarse).contains(one)));
    let bytes = [dmledger_core::codec::encode(&coarse), dmledger_core::codec::encode(&fine)].concat();
    for patient in world.patients() {
        let keys = [patient.phone.public(), patient.home.public(), patient.gateway.public()];
        let known = keys.iter().map(|key| key.as_bytes().as_slice()).chain([patient.account.as_bytes().as_slice()]);
        for secret in known {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "an answer names somebody");
        }
    }
    Ok(())
}

#[test]
fn only_the_owner_enrols_and_once() -> Done {
    let (mut world, mut ledger) = crowd(2)?;
    let one = &world.patients()[0];
    let body = || -> Result<Action, Failed> { Ok(Action::Enrol(Enrol { entries: List::new(case(0, 44))? })) };
    let (hospital, pharmacy) = (&world.institutions()[0].key, &world.institutions()[1].key);
    let institutions = signed(&world, Some(one.account), body()?, &[(hospital, Authored), (pharmacy, CoSigned)]);
    let missing = Missing::OfClass { class: KeyClass::Patient, have: 0, need: 1 };
    assert_refused(&mut world, &ledger, &institutions, Refusal::Policy { missing });
    let empty = enrol(&world, 0, Vec::new())?;
    assert_refused(&mut world, &ledger, &empty, Refusal::Empty);
    let twice = enrol(&world, 0, vec![case(0, 44)[0], case(0, 44)[0]])?;
    assert_refused(&mut world, &ledger, &twice, Refusal::DuplicateCase);
    let action = enrol(&world, 0, case(0, 44))?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    assert_refused(&mut world, &ledger, &action, Refusal::AlreadyEnrolled);
    let stolen = enrol(&world, 1, case(0, 44))?;
    assert_refused(&mut world, &ledger, &stolen, Refusal::CaseExists);
    let neighbour = {
        let since = ledger.tip().height;
        let (from, to) = (&world.patients()[1].phone, world.patients()[0].account);
        signed(&world, Some(to), Action::Leave(Leave { since }), &[(from, Authored)])
    };
    assert_refused(&mut world, &ledger, &neighbour, Refusal::Policy { missing });
    Ok(())
}

#[test]
fn members_that_treat_or_study_ask_and_every_question_stays() -> Done {
    let (mut world, mut ledger) = crowd(1)?;
    let device = newcomer(&mut world, &mut ledger, Role::Device)?;
    let physician = newcomer(&mut world, &mut ledger, Role::Physician)?;
    let stranger = world.key();
    let cell = case(0, 44)[0].cell;
    let asked = Action::FindSimilar(question(&mut world, cell));
    let by_device = signed(&world, None, asked.clone(), &[(&device.key, Authored)]);
    assert_refused(&mut world, &ledger, &by_device, Refusal::MayNotMatch { role: Role::Device });
    let by_stranger = signed(&world, None, asked.clone(), &[(&stranger, Authored)]);
    assert_refused(&mut world, &ledger, &by_stranger, Refusal::NotAMember);
    let shared =
        signed(&world, None, asked.clone(), &[(&physician.key, Authored), (&world.institutions()[0].key, Authored)]);
    assert_refused(&mut world, &ledger, &shared, Refusal::SeveralAuthors);
    let by_physician = signed(&world, None, asked, &[(&physician.key, Authored)]);
    world.advance(&mut ledger, std::slice::from_ref(&by_physician))?;
    assert_refused(&mut world, &ledger, &by_physician, Refusal::RequestExists);
    ask(&mut world, &mut ledger, cell)?;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let log = query.match_log()?;
    let entries = log.verify(&ledger.tip().state_root, world.chain())?;
    let askers: Vec<_> = entries.iter().map(|entry| entry.member).collect();
    assert_eq!(askers, [physician.id(), world.institutions()[0].id()]);
    Ok(())
}
