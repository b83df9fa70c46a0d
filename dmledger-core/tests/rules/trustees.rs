//! Whom the patient trusts, and who decides that.

use super::{
    Done, assert_refused, refusal,
    ward::{DAY, HOUR, ward},
};
use core::time::Duration;
use dmledger_core::{
    account::{KeyClass, Missing},
    action::{Action, Appoint, Refusal},
    codec::List,
    emergency::{Appointment, Circle, EmergencyRequest, EmergencyTerms, Immediate, Period, TermsError},
    envelope::Meaning::{Approved, Authored, CoSigned, Witnessed},
    identity::{MemberId, Role},
};

/// Fewer than both patient keys have signed.
fn lacking(have: u8) -> Refusal {
    Refusal::Policy { missing: Missing::OfClass { class: KeyClass::Patient, have, need: 2 } }
}

#[test]
fn the_patient_alone_appoints_replaces_and_removes() -> Done {
    let mut ward = ward()?;
    let account = ward.account();
    let terms = ward.emergency_terms()?;
    let body =
        |number, terms| Action::Appoint(Box::new(Appoint { number, appointment: Appointment::BreakGlass(terms) }));
    let (patient, hospital) = (&ward.world.patients()[0], &ward.world.institutions()[0].key);
    let one = ward.signed(body(0, Some(terms.clone())), &[(&patient.phone, Authored), (hospital, CoSigned)]);
    let witnessed =
        ward.signed(body(0, Some(terms.clone())), &[(&patient.phone, Authored), (&patient.home, Witnessed)]);
    let trustees: Vec<_> = ward.parties.iter().map(|party| (&party.key, Approved)).collect();
    let nobody = ward.signed(body(0, Some(terms.clone())), &trustees);
    for (action, have) in [(one, 1), (witnessed, 1), (nobody, 0)] {
        assert_eq!(refusal(&ward.ledger, &action), Some(lacking(have)));
    }
    let appointed = ward.by_patient(body(0, Some(terms.clone())));
    ward.advance(&[appointed])?;
    assert_eq!(ward.ledger.facts().emergency_trustees(&account)?.ok_or("none")?.terms, Some(terms.clone()));
    let other = EmergencyTerms { circle: ward.circle(1, &[0])?, immediate: None, ..terms };
    let replaced = ward.by_patient(body(1, Some(other.clone())));
    ward.advance(&[replaced])?;
    assert_eq!(ward.ledger.facts().emergency_trustees(&account)?.ok_or("none")?.terms, Some(other));
    let removed = ward.by_patient(body(2, None));
    ward.advance(&[removed])?;
    assert_eq!(ward.ledger.facts().emergency_trustees(&account)?.ok_or("none")?.terms, None);
    let request = EmergencyRequest { terms: 2, ..ward.request() };
    let asked = ward.ask(&request, &[0]);
    assert_refused(&mut ward.world, &ward.ledger, &asked, Refusal::NoTrustees);
    Ok(())
}

#[test]
fn an_old_decision_cannot_bring_trustees_back() -> Done {
    let mut ward = ward()?;
    let first = ward.appoint(0, Appointment::BreakGlass(Some(ward.emergency_terms()?)));
    let removal = ward.appoint(1, Appointment::BreakGlass(None));
    ward.advance(std::slice::from_ref(&first))?;
    ward.advance(&[removal])?;
    assert_refused(&mut ward.world, &ward.ledger, &first, Refusal::WrongAppointment { found: 0, expected: 2 });
    Ok(())
}

#[test]
fn trustees_of_one_power_are_not_trustees_of_the_other() -> Done {
    let mut ward = ward()?;
    let mut recovery = ward.recovery_terms()?;
    recovery.circle = ward.circle(2, &[2, 3, 4])?;
    let actions = [ward.appoint(0, Appointment::Recovery(Some(recovery)))];
    ward.advance(&actions)?;
    let both = ward.appoint(0, Appointment::BreakGlass(Some(ward.emergency_terms()?)));
    let member = ward.parties[2].id();
    assert_refused(&mut ward.world, &ward.ledger, &both, Refusal::TrusteeOfBoth { member });
    // Taken out of one circle, a trustee may be put into the other.
    let actions = [ward.appoint(1, Appointment::Recovery(None)), both];
    ward.advance(&actions)
}

#[test]
fn holders_of_a_key_cannot_be_trustees_and_strangers_neither() -> Done {
    let mut ward = ward()?;
    let hospital = ward.world.institutions()[0].id();
    let stranger = MemberId::of(&ward.world.key().public());
    for (member, expected) in [
        (hospital, Refusal::TrusteeHoldsKey { member: hospital }),
        (stranger, Refusal::UnknownTrustee { member: stranger }),
    ] {
        let mut terms = ward.emergency_terms()?;
        terms.circle = Circle::new(1, vec![ward.parties[0].id(), member])?;
        terms.immediate = None;
        let action = ward.appoint(0, Appointment::BreakGlass(Some(terms)));
        assert_refused(&mut ward.world, &ward.ledger, &action, expected);
    }
    Ok(())
}

#[test]
fn terms_that_cannot_work_are_refused() -> Done {
    let mut ward = ward()?;
    let good = ward.emergency_terms()?;
    let reviewer = Some(ward.parties[0].id());
    let wrong = [
        (TermsError::NoRequesters, {
            let mut t = good.clone();
            t.requesters = List::empty();
            t
        }),
        (TermsError::Requesters, {
            let mut t = good.clone();
            t.requesters = List::new(vec![Role::Physician, Role::Hospital])?;
            t
        }),
        (TermsError::Life, {
            let mut t = good.clone();
            t.life = Period::new(HOUR, 0);
            t
        }),
        (TermsError::Life, {
            let mut t = good.clone();
            t.life = Period::new(8 * DAY, 9);
            t
        }),
        (TermsError::NoUses, {
            let mut t = good.clone();
            t.uses = 0;
            t
        }),
        (TermsError::Immediate { approvals: 1 }, {
            let mut t = good.clone();
            t.immediate = Some(Immediate { approvals: 1, role: None });
            t
        }),
        (TermsError::Immediate { approvals: 4 }, {
            let mut t = good.clone();
            t.immediate = Some(Immediate { approvals: 4, role: None });
            t
        }),
        (TermsError::Reviewer, {
            let mut t = good;
            t.reviewer = reviewer;
            t
        }),
    ];
    for (error, terms) in wrong {
        let action = ward.appoint(0, Appointment::BreakGlass(Some(terms)));
        assert_refused(&mut ward.world, &ward.ledger, &action, Refusal::Terms { error });
    }
    let mut recovery = ward.recovery_terms()?;
    recovery.window = Period::new(DAY - Duration::from_millis(1), 100);
    let action = ward.appoint(0, Appointment::Recovery(Some(recovery)));
    assert_refused(&mut ward.world, &ward.ledger, &action, Refusal::Terms { error: TermsError::Window });
    Ok(())
}
