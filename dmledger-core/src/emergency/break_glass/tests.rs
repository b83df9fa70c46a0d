use super::*;
use crate::{
    codec,
    emergency::trustees::{Circle, Period},
    hash::tag,
    scope::Purpose,
    time::Timestamp,
};
use alloc::{format, vec, vec::Vec};
use core::time::Duration;

fn member(n: u8) -> MemberId {
    MemberId::new(Digest::new([n; 32]))
}

fn at(height: u64, ms: i64) -> Moment {
    Moment { height: Height::new(height), time: Timestamp::from_millis(ms) }
}

fn terms(delay: Period, life: Period, immediate: Option<Immediate>) -> EmergencyTerms {
    EmergencyTerms {
        circle: Circle::new(2, (0..3).map(member).collect()).unwrap(),
        requesters: List::new(vec![Role::Hospital]).unwrap(),
        look_back_ms: None,
        delay,
        immediate,
        life,
        uses: 1,
        reviewer: None,
    }
}

fn asked(terms: &EmergencyTerms, patient: PatientState, at: Moment) -> Emergency {
    let request = EmergencyRequest {
        id: EmergencyId::new([7; 16]),
        terms: 0,
        reason: Purpose::BreakTheGlass,
        patient,
        data: TimeRange::ALWAYS,
        statement: Digest::new([8; 32]),
    };
    Emergency::new(AccountId::new(Digest::new([1; 32])), member(9), request, terms, at).unwrap()
}

fn millis(millis: u64, blocks: u64) -> Period {
    Period::new(Duration::from_millis(millis), blocks)
}

/// Every small delay and life, every moment around them: open exactly from both measures of the delay on until either
/// measure of the life; and on no way forward is it ever open again once it was over.
#[test]
fn open_is_a_stretch_that_begins_in_both_measures_and_ends_in_either() {
    let (start, two) = (at(5, 50), [(member(0), Role::Trustee), (member(1), Role::Trustee)]);
    for code in 0..3 * 3 * 3 * 3_u64 {
        let (d_ms, d_blocks) = (code % 3, code / 3 % 3);
        let (l_ms, l_blocks) = (1 + code / 9 % 3, 1 + code / 27);
        let terms = terms(millis(d_ms, d_blocks), millis(l_ms, l_blocks), None);
        let emergency = asked(&terms, PatientState::Responsive, start).approve(&two, &terms, start);
        let mut over: Vec<Moment> = Vec::new();
        for (height, ms) in (5..12).flat_map(|height| (50..57).map(move |ms| (height, ms))) {
            let status = emergency.status(at(height, ms));
            let (from, until) = ((5 + d_blocks, 50 + d_ms), (5 + d_blocks + l_blocks, 50 + d_ms + l_ms));
            let ms_now = u64::try_from(ms).unwrap();
            let begun = height >= from.0 && ms_now >= from.1;
            let ended = height >= until.0 || ms_now >= until.1;
            assert_eq!(status == EmergencyStatus::Open, begun && !ended, "{code} {height} {ms}");
            assert_eq!(status == EmergencyStatus::Over, ended, "{code} {height} {ms}");
            let follows_an_end = over.iter().any(|end| end.height.value() <= height && end.time.millis() <= ms);
            assert!(!follows_an_end || status == EmergencyStatus::Over, "{code} {height} {ms}");
            if status == EmergencyStatus::Over {
                over.push(at(height, ms));
            }
        }
    }
}

#[test]
fn only_an_unresponsive_patient_and_the_role_asked_for_make_it_open_at_once() {
    let immediate = Some(Immediate { approvals: 3, role: Some(Role::Regulator) });
    let terms = terms(millis(10, 10), millis(10, 10), immediate);
    let now = at(5, 50);
    for (patient, last, open) in [
        (PatientState::Unresponsive, Role::Regulator, true),
        (PatientState::Unresponsive, Role::Trustee, false),
        (PatientState::Responsive, Role::Regulator, false),
    ] {
        let all = [(member(0), Role::Trustee), (member(1), Role::Trustee), (member(2), last)];
        let emergency = asked(&terms, patient, now);
        assert_eq!(emergency.clone().approve(&all, &terms, now).status(now) == EmergencyStatus::Open, open);
        let twice = [all[0], all[0], all[0]];
        assert_eq!(emergency.approve(&twice, &terms, now).status(now), EmergencyStatus::Pending);
    }
}

#[test]
fn more_approvals_shorten_a_delay_and_never_prolong_it() {
    let immediate = Some(Immediate { approvals: 3, role: None });
    let terms = terms(millis(10, 10), millis(10, 10), immediate);
    let trustee = |n| [(member(n), Role::Trustee)];
    let two = asked(&terms, PatientState::Unresponsive, at(5, 50));
    let two = two.approve(&trustee(0), &terms, at(5, 50)).approve(&trustee(1), &terms, at(6, 51));
    assert_eq!(two.status(at(7, 52)), EmergencyStatus::Delayed { opens: at(16, 61) });
    let three = two.clone().approve(&trustee(2), &terms, at(8, 53));
    assert_eq!(three.status(at(8, 53)), EmergencyStatus::Open);
    let stays = terms.clone();
    let stays = EmergencyTerms { immediate: None, ..stays };
    let later = two.approve(&trustee(2), &stays, at(8, 53));
    assert_eq!(later.status(at(8, 53)), EmergencyStatus::Delayed { opens: at(16, 61) });
}

#[test]
fn ends_and_reviews_stand_as_they_were_first_given() {
    let terms = terms(Period::NONE, millis(10, 10), None);
    let both = [(member(0), Role::Trustee), (member(1), Role::Trustee)];
    let now = at(5, 50);
    let open = asked(&terms, PatientState::Responsive, now).approve(&both, &terms, now);
    assert!(open.is_running(now) && !open.awaits_review(now));
    let ended = open.end(EndedBy::Patient, at(6, 51)).end(EndedBy::Requester, at(7, 52));
    let by_patient = EmergencyStatus::Ended { by: EndedBy::Patient, height: Height::new(6) };
    assert_eq!((ended.status(at(9, 54)), ended.awaits_review(at(9, 54))), (by_patient, true));
    let review = |n, verdict| Review { reviewer: member(n), verdict, findings: Digest::ZERO, at: at(9, 54) };
    let reviewed = ended.reviewed(review(3, Verdict::Abuse)).reviewed(review(4, Verdict::Justified));
    assert_eq!(reviewed.review(), Some(review(3, Verdict::Abuse)));
    assert!(!reviewed.awaits_review(at(9, 54)));
}

#[test]
fn rows_read_back_truncations_are_refused_and_the_bytes_are_fixed() {
    let terms = terms(millis(1, 2), millis(3, 4), Some(Immediate { approvals: 2, role: None }));
    let now = at(5, 50);
    let emergency = asked(&terms, PatientState::Responsive, now).approve(&[(member(0), Role::Trustee)], &terms, now);
    let bytes = [codec::encode(&terms), codec::encode(&emergency)];
    assert_eq!(codec::decode::<EmergencyTerms>(&bytes[0]), Ok(terms));
    assert_eq!(codec::decode::<Emergency>(&bytes[1]), Ok(emergency));
    assert!((0..bytes[0].len()).all(|end| codec::decode::<EmergencyTerms>(&bytes[0][..end]).is_err()));
    assert!((0..bytes[1].len()).all(|end| codec::decode::<Emergency>(&bytes[1][..end]).is_err()));
    let seen = bytes.map(|bytes| format!("{:.16}", crate::hash::tagged(tag::STATE_VALUE, &bytes)));
    assert_eq!(seen, FIXED);
}
const FIXED: [&str; 2] = ["5019eb1082413744", "d30fed775c0395fb"];
