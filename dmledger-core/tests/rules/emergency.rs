//! Break-glass: who opens it, for how long, and who stops it.

use super::{
    Done, assert_refused, denied, refusal,
    ward::{EMERGENCY, HOUR, PHYSICIAN, RECOVERY, Ward, trusted, ward},
};
use core::time::Duration;
use dmledger_core::{
    action::{Action, Appoint, ApproveEmergency, Dismiss, Refusal, SignedAction},
    codec::List,
    consent::{Audience, Effect},
    decide::{AccessOutcome, Reason},
    emergency::{Appointment, EmergencyRequest, EmergencyStatus, PatientState, Period, break_glass::EndedBy},
    envelope::{
        Envelope,
        Meaning::{Approved, Authored, CoSigned},
    },
    identity::Role,
    key::SecretKey,
    scope::{Purpose, PurposeSet, Verb},
    testing::{World, WorldPlan},
    time::{Height, TimeRange, Timestamp},
};

const BTG: Purpose = Purpose::BreakTheGlass;

#[test]
fn in_one_block_from_request_to_reading_when_the_patient_cannot_answer() -> Done {
    let mut ward = trusted()?;
    let mut request = ward.request();
    request.patient = PatientState::Unresponsive;
    let mut reading = ward.world.request(ward.records.clone())?;
    reading.purpose = BTG;
    let asked = ward.ask(&request, &EMERGENCY);
    let read = ward.world.access(0, 0, reading)?;
    ward.advance(&[asked, read])?;
    let outcome = super::last_answer(&ward.world, &ward.ledger, 0)?;
    assert_eq!(outcome, AccessOutcome::BreakGlass { emergency: request.id });
    assert_eq!(ward.emergency(request.id)?.used(), 1);
    Ok(())
}

/// Every set of parties, in one action and one after another: open exactly with two trustees of this circle, at once
/// exactly with all three, which includes the regulator.
#[test]
fn exactly_the_trustees_of_the_circle_open_it_whoever_else_signs() -> Done {
    let mut ward = trusted()?;
    for set in 0..1_usize << 6 {
        let who: Vec<_> = (0..6).filter(|i| set >> i & 1 == 1).collect();
        let count = who.iter().filter(|i| EMERGENCY.contains(i)).count();
        let mut request = ward.request();
        request.patient = PatientState::Unresponsive;
        let asked = ward.ask(&request, &who);
        ward.advance(&[asked])?;
        let status = ward.emergency(request.id)?.status(ward.next());
        match count {
            0 | 1 => assert_eq!(status, EmergencyStatus::Pending, "{who:?}"),
            2 => assert!(matches!(status, EmergencyStatus::Delayed { .. }), "{who:?}"),
            _ => assert_eq!(status, EmergencyStatus::Open, "{who:?}"),
        }
        let outcome = ward.read(BTG)?;
        assert_eq!(outcome == AccessOutcome::BreakGlass { emergency: request.id }, count == 3, "{who:?}");
        let end = ward.end(request.id, &ward.world.institutions()[0].key);
        ward.advance(&[end])?;
    }
    Ok(())
}

#[test]
fn approvals_come_one_by_one_and_count_once() -> Done {
    let mut ward = trusted()?;
    let request = ward.request();
    let asked = ward.ask(&request, &[0]);
    ward.advance(&[asked])?;
    for who in [&[0][..], &RECOVERY, &[PHYSICIAN]] {
        let again = ward.approve(request.id, who);
        assert_refused(&mut ward.world, &ward.ledger, &again, Refusal::NoTrusteeApproves);
    }
    let authored =
        ward.signed(Action::ApproveEmergency(ApproveEmergency { id: request.id }), &[(&ward.parties[1].key, Authored)]);
    assert_refused(&mut ward.world, &ward.ledger, &authored, Refusal::NoTrusteeApproves);
    let (approved, at) = (ward.approve(request.id, &[0, 1]), ward.next());
    ward.advance(&[approved])?;
    let emergency = ward.emergency(request.id)?;
    assert_eq!(emergency.approvals().len(), 2);
    let opens = Period::new(HOUR / 6, 5).after(at);
    assert_eq!(emergency.status(ward.next()), EmergencyStatus::Delayed { opens });
    Ok(())
}

#[test]
fn a_trustee_cannot_ask() -> Done {
    let mut ward = ward()?;
    let mut terms = ward.emergency_terms()?;
    terms.requesters = List::new(vec![Role::Regulator, Role::Trustee])?;
    let actions = [ward.appoint(0, Appointment::BreakGlass(Some(terms)))];
    ward.advance(&actions)?;
    let request = ward.request();
    let body = Action::RequestEmergency(request);
    let own = ward.signed(body, &[(&ward.parties[2].key, Authored), (&ward.parties[0].key, Approved)]);
    assert_refused(&mut ward.world, &ward.ledger, &own, Refusal::RequesterIsTrustee);
    Ok(())
}

fn asked_by(ward: &Ward, request: EmergencyRequest, key: &SecretKey) -> SignedAction {
    ward.signed(Action::RequestEmergency(request), &[(key, Authored)])
}

#[test]
fn only_roles_the_patient_named_ask_for_a_reason_that_is_one_within_the_terms() -> Done {
    let mut ward = ward()?;
    let mut terms = ward.emergency_terms()?;
    terms.look_back_ms = Some(2 * 3_600_000);
    let actions = [ward.appoint(0, Appointment::BreakGlass(Some(terms)))];
    ward.advance(&actions)?;
    let (mut request, now) = (ward.request(), ward.world.clock());
    request.data = TimeRange::new(now.minus(HOUR), Timestamp::MAX)?;
    let pharmacy = asked_by(&ward, request.clone(), &ward.world.institutions()[1].key);
    assert_refused(&mut ward.world, &ward.ledger, &pharmacy, Refusal::NotEntitled { role: Role::Pharmacy });
    let stranger = ward.world.key();
    let stranger = asked_by(&ward, request.clone(), &stranger);
    assert_refused(&mut ward.world, &ward.ledger, &stranger, Refusal::NotAMember);
    for reason in Purpose::ALL.iter().filter(|one| ![BTG, Purpose::EmergencyTreatment].contains(one)) {
        let mut request = request.clone();
        request.reason = *reason;
        let asked = ward.ask(&request, &[]);
        assert_eq!(refusal(&ward.ledger, &asked), Some(Refusal::NoEmergencyReason));
    }
    let mut long = request.clone();
    long.data = TimeRange::new(now.minus(3 * HOUR), Timestamp::MAX)?;
    let long = ward.ask(&long, &[0, 1]);
    assert_refused(&mut ward.world, &ward.ledger, &long, Refusal::BeyondTerms);
    let mut other = request.clone();
    other.terms = 1;
    let other = ward.ask(&other, &[0, 1]);
    assert_refused(&mut ward.world, &ward.ledger, &other, Refusal::TermsChanged { found: 1, current: 0 });
    let by_doctor = asked_by(&ward, request, &ward.parties[PHYSICIAN].key);
    ward.advance(&[by_doctor])
}

#[test]
fn a_delay_takes_its_time_and_its_blocks() -> Done {
    for (waited, blocks, open) in [(HOUR, 0, false), (Duration::ZERO, 30, false), (HOUR / 6, 5, true)] {
        let mut ward = trusted()?;
        let request = ward.request();
        let asked = ward.ask(&request, &[0, 1]);
        ward.advance(&[asked])?;
        ward.world.wait(waited);
        for _ in 0..blocks {
            ward.advance(&[])?;
        }
        let outcome = ward.read(BTG)?;
        assert_eq!(
            outcome == AccessOutcome::BreakGlass { emergency: request.id },
            open,
            "{waited:?} {blocks}: {outcome:?}"
        );
    }
    Ok(())
}

#[test]
fn an_emergency_ends_at_its_exact_instant_and_height() -> Done {
    // The last instant, then the first after it.
    for (late, open) in [(Duration::from_millis(1), true), (Duration::ZERO, false)] {
        let mut ward = trusted()?;
        let (request, at) = ward.opened()?;
        let (end, height) = (at.time.plus(HOUR), at.height.next());
        ward.until(height, end.minus(late))?;
        let outcome = ward.read(BTG)?;
        let expected = if open {
            AccessOutcome::BreakGlass { emergency: request.id }
        } else {
            denied(Reason::EmergencyOver { at: end })
        };
        assert_eq!(outcome, expected);
    }
    // The last height, then the first after it.
    let mut ward = trusted()?;
    let (request, at) = ward.opened()?;
    let until = Height::new(at.height.value() + 100);
    while ward.next().height.next() < until {
        ward.advance(&[])?;
    }
    assert_eq!(ward.read(BTG)?, AccessOutcome::BreakGlass { emergency: request.id });
    assert_eq!(ward.next().height, until);
    assert_eq!(ward.read(BTG)?, denied(Reason::EmergencyOverAtHeight { until }));
    Ok(())
}

#[test]
fn nothing_renews_an_emergency() -> Done {
    let mut ward = trusted()?;
    let (request, _) = ward.opened()?;
    let second = ward.request();
    let again = ward.ask(&second, &EMERGENCY);
    assert_refused(&mut ward.world, &ward.ledger, &again, Refusal::EmergencyRunning);
    let approved = ward.approve(request.id, &[0]);
    assert_refused(&mut ward.world, &ward.ledger, &approved, Refusal::EmergencyOpen);
    ward.world.wait(HOUR);
    ward.advance(&[])?;
    let approved = ward.approve(request.id, &EMERGENCY);
    assert_refused(&mut ward.world, &ward.ledger, &approved, Refusal::EmergencyOver);
    let same = ward.ask(&request, &EMERGENCY);
    assert_refused(&mut ward.world, &ward.ledger, &same, Refusal::EmergencyExists);
    // A new request is another emergency, with approvals of its own.
    let asked = ward.ask(&second, &[0]);
    ward.advance(&[asked])?;
    assert_eq!(ward.read(BTG)?, denied(Reason::EmergencyPending));
    Ok(())
}

#[test]
fn a_request_that_is_not_approved_in_time_lapses() -> Done {
    let mut ward = trusted()?;
    let request = ward.request();
    let (asked, at) = (ward.ask(&request, &[0]), ward.next());
    ward.advance(&[asked])?;
    ward.until(ward.next().height, at.time.plus(HOUR))?;
    assert_eq!(ward.read(BTG)?, denied(Reason::EmergencyLapsed), "at the exact instant");
    let late = ward.approve(request.id, &[1]);
    assert_refused(&mut ward.world, &ward.ledger, &late, Refusal::EmergencyOver);
    Ok(())
}

#[test]
fn any_one_patient_key_vetoes_in_the_last_block_before_it_opens() -> Done {
    for phone in [true, false] {
        let mut ward = trusted()?;
        let request = ward.request();
        let (asked, at) = (ward.ask(&request, &[0, 1]), ward.next());
        ward.advance(&[asked])?;
        let opens = Period::new(HOUR / 6, 5).after(at);
        ward.until(Height::new(opens.height.value()), opens.time.minus(Duration::from_millis(1)))?;
        let patient = &ward.world.patients()[0];
        let veto = ward.end(request.id, if phone { &patient.phone } else { &patient.home });
        let height = ward.next().height;
        ward.advance(std::slice::from_ref(&veto))?;
        assert_eq!(ward.emergency(request.id)?.status(ward.next()), EmergencyStatus::Vetoed { height });
        assert_eq!(ward.read(BTG)?, denied(Reason::EmergencyVetoed { height }));
        assert_refused(&mut ward.world, &ward.ledger, &veto, Refusal::EmergencyOver);
        let approved = ward.approve(request.id, &[2]);
        assert_refused(&mut ward.world, &ward.ledger, &approved, Refusal::EmergencyOver);
    }
    Ok(())
}

#[test]
fn an_open_emergency_is_ended_by_patient_or_requester_and_by_nobody_else() -> Done {
    let mut ward = trusted()?;
    let (request, _) = ward.opened()?;
    let (pharmacy, trustee) = (&ward.world.institutions()[1].key, &ward.parties[0].key);
    let neighbour = &ward.world.patients()[1].phone;
    for key in [pharmacy, trustee, neighbour] {
        let end = ward.end(request.id, key);
        assert_eq!(refusal(&ward.ledger, &end), Some(Refusal::NoVeto));
    }
    let (end, height) = (ward.end(request.id, &ward.world.patients()[0].home), ward.next().height);
    ward.advance(&[end])?;
    assert_eq!(ward.read(BTG)?, denied(Reason::EmergencyEnded { height }));
    let (request, _) = ward.opened()?;
    let (end, height) = (ward.end(request.id, &ward.world.institutions()[0].key), ward.next().height);
    ward.advance(&[end])?;
    let ended = EmergencyStatus::Ended { by: EndedBy::Requester, height };
    assert_eq!(ward.emergency(request.id)?.status(ward.next()), ended);
    Ok(())
}

#[test]
fn it_opens_reading_for_its_reason_span_and_number_of_requests_to_its_requester_only() -> Done {
    let mut ward = trusted()?;
    let mut request = ward.request();
    request.patient = PatientState::Unresponsive;
    request.data = TimeRange::new(World::hour(0)?.start(), World::hour(2)?.end())?;
    let asked = ward.ask(&request, &EMERGENCY);
    ward.advance(&[asked])?;
    let (allowed, records) = (AccessOutcome::BreakGlass { emergency: request.id }, ward.records.clone());
    let inside = records[..3].to_vec();
    assert_eq!(ward.read_as(0, inside.clone(), BTG)?, allowed);
    assert_eq!(ward.read_as(0, inside.clone(), Purpose::EmergencyTreatment)?, denied(Reason::WrongPurpose));
    assert_eq!(ward.read_as(0, inside.clone(), Purpose::Treatment)?, denied(Reason::NoGrant));
    assert_eq!(ward.read_as(1, inside.clone(), BTG)?, denied(Reason::NoGrant));
    let outside = records[2..4].to_vec();
    assert_eq!(ward.read_as(0, outside, BTG)?, denied(Reason::OutsideDataRange { position: 1 }));
    let mut update = ward.world.request(inside.clone())?;
    (update.purpose, update.verb) = (BTG, Verb::Update);
    let update = ward.world.access(0, 0, update)?;
    ward.advance(&[update])?;
    assert_eq!(super::last_answer(&ward.world, &ward.ledger, 0)?, denied(Reason::WrongVerb));
    for _ in 0..2 {
        assert_eq!(ward.read_as(0, inside.clone(), BTG)?, allowed);
    }
    assert_eq!(ward.read_as(0, inside, BTG)?, denied(Reason::QuotaExhausted { quota: 3 }));
    Ok(())
}

#[test]
fn a_denial_that_names_emergencies_wins_and_one_that_does_not_says_nothing_about_them() -> Done {
    for (purpose, closes) in [(Purpose::Treatment, false), (BTG, true)] {
        let mut ward = trusted()?;
        let (request, _) = ward.opened()?;
        let mut grant = ward.world.grant_to(0, 0);
        (grant.effect, grant.audience) = (Effect::Deny, Audience::Role(Role::Hospital));
        grant.purposes = PurposeSet::only(purpose);
        let id = grant.id;
        let denying = ward.world.grant(0, grant)?;
        ward.advance(&[denying])?;
        let expected = if closes {
            denied(Reason::Prohibited { grant: id })
        } else {
            AccessOutcome::BreakGlass { emergency: request.id }
        };
        assert_eq!(ward.read(BTG)?, expected);
    }
    Ok(())
}

#[test]
fn an_ordinary_grant_is_used_before_the_glass_is_broken() -> Done {
    let mut ward = trusted()?;
    let (request, _) = ward.opened()?;
    let mut grant = ward.world.grant_to(0, 0);
    grant.purposes = PurposeSet::only(BTG);
    let id = grant.id;
    let granting = ward.world.grant(0, grant)?;
    ward.advance(&[granting])?;
    assert_eq!(ward.read(BTG)?, AccessOutcome::Allowed { grant: id });
    assert_eq!(ward.emergency(request.id)?.used(), 0);
    Ok(())
}

#[test]
fn approvals_do_not_pass_to_another_request_account_or_network() -> Done {
    let mut ward = trusted()?;
    let (one, two) = (ward.request(), ward.request());
    let given = ward.ask(&one, &[0, 1]);
    let stolen: Vec<_> = given.endorsements().iter().filter(|one| one.meaning() == Approved).copied().collect();
    let with = |action: SignedAction| stolen.iter().try_fold(action, |action, one| action.with(*one));
    let bad = Some(Refusal::BadSignature { count: 2 });
    assert_eq!(refusal(&ward.ledger, &with(ward.ask(&two, &[]))?), bad);
    // The neighbour has the same trustees.
    let neighbour = ward.world.patients()[1].account;
    let appointment = Appointment::BreakGlass(Some(ward.emergency_terms()?));
    let patient = &ward.world.patients()[1];
    let body = Action::Appoint(Box::new(Appoint { number: 0, appointment }));
    let keys = [(&patient.phone, Authored), (&patient.home, CoSigned)];
    let appointed = super::signed(&ward.world, Some(neighbour), body, &keys);
    ward.advance(&[appointed])?;
    let hospital = [(&ward.world.institutions()[0].key, Authored)];
    let elsewhere = super::signed(&ward.world, Some(neighbour), Action::RequestEmergency(one.clone()), &hospital);
    assert_eq!(refusal(&ward.ledger, &with(elsewhere)?), bad);
    // Approvals given to an action of another kind.
    let asked = ward.ask(&one, &[]);
    ward.advance(&[asked])?;
    assert_eq!(refusal(&ward.ledger, &with(ward.approve(one.id, &[]))?), bad);
    let other = World::new(WorldPlan { seed: 2, ..WorldPlan::default() })?;
    let foreign = super::signed(
        &other,
        Some(ward.account()),
        Action::RequestEmergency(two),
        &[(&ward.world.institutions()[0].key, Authored)],
    );
    assert_refused(&mut ward.world, &ward.ledger, &foreign, Refusal::WrongChain);
    Ok(())
}

#[test]
fn approvals_under_an_earlier_decision_open_nothing() -> Done {
    let mut ward = trusted()?;
    let request = ward.request();
    let asked = ward.ask(&request, &[0]);
    ward.advance(&[asked])?;
    let again = ward.appoint(1, Appointment::BreakGlass(Some(ward.emergency_terms()?)));
    ward.advance(&[again])?;
    let approved = ward.approve(request.id, &[1]);
    assert_refused(&mut ward.world, &ward.ledger, &approved, Refusal::TermsChanged { found: 0, current: 1 });
    Ok(())
}

#[test]
fn a_dismissed_trustee_no_longer_counts() -> Done {
    let mut ward = trusted()?;
    let member = ward.parties[1].id();
    let mut dismissal = Envelope::new(ward.world.chain(), None, Action::Dismiss(Dismiss { member }));
    for institution in &ward.world.institutions()[..2] {
        dismissal = dismissal.sign(&institution.key, Approved)?;
    }
    ward.advance(&[dismissal])?;
    let request = ward.request();
    let asked = ward.ask(&request, &[0, 1]);
    ward.advance(&[asked])?;
    assert_eq!(ward.emergency(request.id)?.status(ward.next()), EmergencyStatus::Pending);
    Ok(())
}
