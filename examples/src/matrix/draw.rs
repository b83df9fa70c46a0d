//! Dice: rules and requests, with bounds that fall on their edges more often than chance would have it.

use super::model::{Keeping, Model, Request, Rule, Whom};
use dmledger_core::scope::Purpose;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;

/// Hours of records each patient has.
pub const HOURS: u64 = 24;
/// Purposes that are drawn.
pub const PURPOSES: [Purpose; 4] =
    [Purpose::Treatment, Purpose::CareManagement, Purpose::Research, Purpose::EmergencyTreatment];

/// The purpose of emergencies.
pub const URGENT: Purpose = Purpose::EmergencyTreatment;

/// A number below `n`.
pub fn below(rng: &mut ChaCha20Rng, n: u64) -> u64 {
    rng.next_u64() % n.max(1)
}

/// A place in a list of `n`.
pub fn place(rng: &mut ChaCha20Rng, n: usize) -> usize {
    usize::try_from(below(rng, n as u64)).unwrap_or(0)
}

/// True once in `n`.
pub fn once_in(rng: &mut ChaCha20Rng, n: u64) -> bool {
    below(rng, n) == 0
}

/// One of some things.
fn one_of<T: Copy>(rng: &mut ChaCha20Rng, things: &[T]) -> Option<T> {
    things.get(place(rng, things.len())).copied()
}

/// A rule of a patient, made in the block of `height` and `time` (milliseconds). It may begin later, never end before.
pub fn rule(rng: &mut ChaCha20Rng, patient: usize, members: &[u8], height: u64, time: i64) -> Rule {
    let whom = match below(rng, 8) {
        0 => Whom::All,
        1 | 2 => Whom::Role(one_of(rng, members).unwrap_or(1)),
        _ => Whom::One(place(rng, members.len())),
    };
    let from = below(rng, HOURS);
    let hours = if once_in(rng, 3) { (0, HOURS) } else { (from, from + 1 + below(rng, HOURS - from)) };
    // Steps of a second, as blocks come: requests fall on both ends and a step beside them.
    let second = |rng: &mut ChaCha20Rng, n: u64| i64::try_from(1_000 * below(rng, n)).unwrap_or(0);
    let begin = if once_in(rng, 3) { time + second(rng, 6) } else { 0 };
    let end = begin.max(time) + 1_000 + second(rng, 40);
    let first = if once_in(rng, 4) { height + below(rng, 4) } else { 0 };
    let heights = if once_in(rng, 3) { (first, first.max(height) + 1 + below(rng, 12)) } else { (first, u64::MAX) };
    let verbs = one_of(rng, &[(true, false), (true, false), (true, true), (false, true)]).unwrap_or((true, false));
    let first = place(rng, PURPOSES.len());
    let count = 1 + place(rng, 2);
    let purposes = PURPOSES.iter().cycle().skip(first).take(count).map(|purpose| purpose.code()).collect();
    let left = once_in(rng, 4).then(|| 1 + u32::try_from(below(rng, 3)).unwrap_or(0));
    let permits = !once_in(rng, 7);
    let times = (begin, end);
    Rule { patient, permits, whom, hours, times, heights, verbs, purposes, quota: left, left, ended: false }
}

/// A request, most often one that some rule or emergency has a word for.
pub fn request(rng: &mut ChaCha20Rng, model: &Model, patients: usize) -> Request {
    let (rules, members) = (&model.rules, model.askers.len());
    let aim = rules.len().checked_sub(1 + place(rng, rules.len().min(40)));
    let aimed = aim.and_then(|number| rules.get(number)).filter(|_| !once_in(rng, 6));
    let patient = aimed.map_or_else(|| place(rng, patients), |rule| rule.patient);
    let asker = match aimed.map(|rule| rule.whom) {
        Some(Whom::One(one)) if !once_in(rng, 8) => one,
        _ => place(rng, members),
    };
    let (low, high) = aimed.map_or((0, HOURS), |rule| rule.hours);
    let (low, high) = if once_in(rng, 8) { (low.saturating_sub(1), (high + 1).min(HOURS)) } else { (low, high) };
    let first = low + below(rng, high - low);
    let count = if once_in(rng, 3) { 1 + below(rng, (high - first).min(6)) } else { 1 };
    let mut records: Vec<_> =
        (first..(first + count).min(HOURS)).filter_map(|hour| record(rng, model, patient, hour)).collect();
    if once_in(rng, 40) {
        records.extend(record(rng, model, (patient + 1) % patients, first));
    }
    let purpose = match aimed.and_then(|rule| one_of(rng, &rule.purposes)) {
        Some(purpose) if !once_in(rng, 8) => purpose,
        _ => one_of(rng, &PURPOSES).map_or("TREAT", Purpose::code),
    };
    let updates = match aimed {
        Some(rule) if !once_in(rng, 8) => !rule.verbs.0,
        _ => once_in(rng, 3),
    };
    let urgent = purpose == URGENT.code();
    let request = Request {
        asker: (!once_in(rng, 50)).then_some(asker),
        holds_key: !once_in(rng, 50),
        this_network: !once_in(rng, 50),
        patient: (!once_in(rng, 50)).then_some(patient),
        records,
        updates,
        purpose,
        urgent,
        named: aim.filter(|_| once_in(rng, 6)),
    };
    if once_in(rng, 12) { in_an_emergency(rng, model, request) } else { request }
}

/// The same, bent towards one of the latest emergencies.
fn in_an_emergency(rng: &mut ChaCha20Rng, model: &Model, request: Request) -> Request {
    let all = &model.emergencies;
    let number = all.len().checked_sub(1 + place(rng, all.len().min(4)));
    let Some(one) = number.and_then(|number| all.get(number)) else { return request };
    let (from, until) = if once_in(rng, 6) { (0, HOURS) } else { one.hours };
    let hour = from + below(rng, until - from);
    let records = record(rng, model, one.patient, hour).into_iter().collect();
    let asker = if once_in(rng, 8) { request.asker } else { Some(one.asker) };
    let (updates, purpose) = (once_in(rng, 12), URGENT.code());
    Request { asker, patient: Some(one.patient), records, updates, purpose, urgent: true, named: None, ..request }
}

/// A record of that hour: the latest, or now and then one that is waiting or gone.
fn record(rng: &mut ChaCha20Rng, model: &Model, patient: usize, hour: u64) -> Option<usize> {
    let kept_only = !once_in(rng, 20);
    model.records.iter().rposition(|one| {
        let this = one.patient == patient && one.hour == hour;
        this && (one.keeping == Keeping::Kept) == kept_only
    })
}
