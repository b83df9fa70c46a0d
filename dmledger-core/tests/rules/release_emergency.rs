//! What gate nodes hand out in an emergency: only what the ledger says, at the node's own height, for as long as it is open.

use super::{
    Done,
    ward::{EMERGENCY, Failed, HOUR, PHYSICIAN, Ward, trusted},
};
use core::time::Duration;
use dmledger_core::{
    codec::{Bytes, List},
    consent::{AccessRequest, GateRequest, RequestId},
    decide::{AccessOutcome, Reason, ReleaseError, Watch, Withheld, release, release::FRESH_FOR},
    emergency::{EmergencyId, EmergencyStatus, PatientState, break_glass::EndedBy},
    envelope::{Envelope, Meaning},
    key::SecretKey,
    ledger::{Query, StateMachine},
    record::RecordId,
    scope::{Purpose, Verb},
    testing::World,
    time::{Height, Moment, TimeRange},
    traits::key_gate::Permit,
};

const BTG: Purpose = Purpose::BreakTheGlass;

/// The hospital asks the ledger for records; the name of its request.
fn logged(ward: &mut Ward, records: &[RecordId]) -> Result<RequestId, Failed> {
    let request = AccessRequest { purpose: BTG, ..ward.world.request(records.to_vec())? };
    let (id, action) = (request.id, ward.world.access(0, 0, request)?);
    ward.advance(&[action])?;
    Ok(id)
}

/// The same, asked of a gate node that stands at the ledger's height.
fn released(ward: &Ward, request: RequestId, records: &[RecordId], by: &SecretKey) -> Result<Permit, Withheld> {
    let (records, recipient) = (List::new(records.to_vec()), Bytes::new(vec![1, 2, 3]));
    let (records, recipient) = (records.expect("few"), recipient.expect("short"));
    let body = GateRequest { request, epoch: 0, committee: 1, records, recipient };
    let asked = Envelope::new(ward.world.chain(), Some(ward.account()), body).sign(by, Meaning::Authored);
    let tip = ward.ledger.tip();
    let at = Moment { height: tip.height, time: tip.time };
    let watch = Watch { at, now: tip.time, fresh_for: FRESH_FOR };
    release(&ward.ledger.facts(), &asked.expect("signs"), watch).map_err(|error| match error {
        ReleaseError::Withheld(why) => why,
        other => panic!("{other}"),
    })
}

fn by_hospital(ward: &Ward, request: RequestId) -> Result<Permit, Withheld> {
    released(ward, request, &ward.records[..2], &ward.world.institutions()[0].key)
}

fn denied<T>(reason: Reason) -> Result<T, Withheld> {
    Err(Withheld::Denied { reason })
}

#[test]
fn the_gate_opens_when_the_emergency_does_and_not_before() -> Done {
    let mut ward = trusted()?;
    let records = ward.records.clone();
    let mut request = ward.request();
    request.patient = PatientState::Unresponsive;
    let asked = ward.ask(&request, &[]);
    ward.advance(&[asked])?;
    let pending = logged(&mut ward, &records)?;
    assert_eq!(by_hospital(&ward, pending), denied(Reason::EmergencyPending));
    let approved = ward.approve(request.id, &EMERGENCY);
    ward.advance(&[approved])?;
    // What was denied when it was logged opens no gate afterwards; it has to be asked again, and counted.
    assert_eq!(by_hospital(&ward, pending), denied(Reason::EmergencyPending));
    let open = logged(&mut ward, &records)?;
    let permit = by_hospital(&ward, open).expect("the emergency is open");
    assert_eq!((permit.records(), permit.height()), (&records[..2], ward.ledger.tip().height));
    for other in [&ward.world.institutions()[1].key, &ward.parties[PHYSICIAN].key, &ward.parties[0].key] {
        assert_eq!(released(&ward, open, &records[..1], other), Err(Withheld::Refused));
    }
    Ok(())
}

#[test]
fn every_request_that_an_emergency_serves_opens_the_gate_the_last_one_too() -> Done {
    let mut ward = trusted()?;
    let records = ward.records.clone();
    ward.opened()?;
    let names = (0..4).map(|_| logged(&mut ward, &records)).collect::<Result<Vec<_>, _>>()?;
    for (count, name) in names.iter().enumerate() {
        let answer = by_hospital(&ward, *name).map(|permit| permit.records().len());
        let expected = if count < 3 { Ok(2) } else { denied(Reason::QuotaExhausted { quota: 3 }) };
        assert_eq!(answer, expected, "request {count}");
    }
    Ok(())
}

#[test]
fn it_closes_by_itself_at_the_exact_instant_and_height() -> Done {
    for (late, open) in [(Duration::from_millis(1), true), (Duration::ZERO, false)] {
        let mut ward = trusted()?;
        let records = ward.records.clone();
        let (_, at) = ward.opened()?;
        let end = at.time.plus(HOUR);
        // Logged shortly before, so that nothing but the end of the emergency closes the gate.
        ward.world.wait(HOUR - FRESH_FOR / 2);
        let name = logged(&mut ward, &records)?;
        let next = ward.next().height;
        ward.until(next, end.minus(late))?;
        ward.advance(&[])?;
        let answer = by_hospital(&ward, name).map(|_| ());
        assert_eq!(answer, if open { Ok(()) } else { denied(Reason::EmergencyOver { at: end }) });
    }
    let mut ward = trusted()?;
    let records = ward.records.clone();
    let (_, at) = ward.opened()?;
    let name = logged(&mut ward, &records)?;
    let until = Height::new(at.height.value() + 100);
    while ward.ledger.tip().height.next() < until {
        ward.advance(&[])?;
    }
    assert!(by_hospital(&ward, name).is_ok(), "the last height");
    ward.advance(&[])?;
    assert_eq!(by_hospital(&ward, name), denied(Reason::EmergencyOverAtHeight { until }));
    Ok(())
}

#[test]
fn patient_and_requester_close_it_and_a_second_emergency_does_not_serve_the_first_ones_requests() -> Done {
    for by_patient in [true, false] {
        let mut ward = trusted()?;
        let records = ward.records.clone();
        let (first, _) = ward.opened()?;
        let name = logged(&mut ward, &records)?;
        assert!(by_hospital(&ward, name).is_ok());
        let key = if by_patient { &ward.world.patients()[0].phone } else { &ward.world.institutions()[0].key };
        let (end, height) = (ward.end(first.id, key), ward.next().height);
        ward.advance(&[end])?;
        assert_eq!(by_hospital(&ward, name), denied(Reason::EmergencyEnded { height }));
        let (second, _) = ward.opened()?;
        assert_eq!(by_hospital(&ward, name), denied(Reason::EmergencyEnded { height }), "of another emergency");
        let again = logged(&mut ward, &records)?;
        assert!(by_hospital(&ward, again).is_ok());
        assert_eq!(used(&ward, second.id)?, 1);
    }
    Ok(())
}

fn used(ward: &Ward, id: EmergencyId) -> Result<u32, Failed> {
    Ok(ward.emergency(id)?.used())
}

#[test]
fn only_what_was_asked_for_inside_the_emergencys_data_is_released() -> Done {
    let mut ward = trusted()?;
    let records = ward.records.clone();
    let mut request = ward.request();
    request.patient = PatientState::Unresponsive;
    request.data = TimeRange::new(World::hour(0)?.start(), World::hour(2)?.end())?;
    let asked = ward.ask(&request, &EMERGENCY);
    ward.advance(&[asked])?;
    let name = logged(&mut ward, &records[..3])?;
    let hospital = &ward.world.institutions()[0].key;
    assert!(released(&ward, name, &records[..3], hospital).is_ok());
    assert_eq!(released(&ward, name, &records[2..4], hospital), Err(Withheld::NotAsked { position: 1 }));
    let beyond = logged(&mut ward, &records[2..4])?;
    let hospital = &ward.world.institutions()[0].key;
    let outside = denied(Reason::OutsideDataRange { position: 1 });
    assert_eq!(released(&ward, beyond, &records[2..3], hospital), outside);
    Ok(())
}

/// Who reads in an emergency leaves a trail that the patient can prove to be whole.
#[test]
fn what_the_gate_released_stands_in_the_log_and_among_the_emergencies() -> Done {
    let mut ward = trusted()?;
    let records = ward.records.clone();
    let (request, _) = ward.opened()?;
    let name = logged(&mut ward, &records)?;
    assert!(by_hospital(&ward, name).is_ok());
    let end = ward.end(request.id, &ward.world.institutions()[0].key);
    ward.advance(&[end])?;
    let (chain, root, account) = (ward.world.chain(), ward.ledger.tip().state_root, ward.account());
    let query = Query::at(chain, ward.ledger.tip().height, ward.ledger.store().as_ref())?;
    let log = query.access_log(&account)?;
    let entries = log.verify(&root, chain, &account)?;
    let entry = entries.iter().find(|entry| entry.request == name).ok_or("no trail")?;
    assert_eq!(entry.outcome, AccessOutcome::BreakGlass { emergency: request.id });
    assert_eq!((entry.member, entry.purpose), (ward.world.institutions()[0].id(), BTG));
    let emergencies = query.emergencies(&account)?;
    let all = emergencies.of_account(&root, chain, &account)?;
    let [one] = all.as_slice() else { return Err("one emergency".into()) };
    assert_eq!((one.used(), one.approvals().len()), (1, 3));
    assert!(matches!(one.status(ward.next()), EmergencyStatus::Ended { by: EndedBy::Requester, .. }));
    Ok(())
}

/// An access to write a later version gives no key of the one there is.
#[test]
fn leave_to_update_is_no_leave_to_read() -> Done {
    let mut ward = trusted()?;
    let mut grant = ward.world.grant_to(0, 0);
    grant.verbs = dmledger_core::scope::VerbSet::QUERY_AND_UPDATE;
    let granted = ward.world.grant(0, grant)?;
    ward.advance(&[granted])?;
    for (verb, opens) in [(Verb::Update, false), (Verb::Query, true)] {
        let request = AccessRequest { verb, ..ward.world.request(ward.records.clone())? };
        let (id, action) = (request.id, ward.world.access(0, 0, request)?);
        ward.advance(&[action])?;
        assert!(matches!(super::last_answer(&ward.world, &ward.ledger, 0)?, AccessOutcome::Allowed { .. }));
        let answer = by_hospital(&ward, id).map(|_| ());
        assert_eq!(answer, if opens { Ok(()) } else { denied(Reason::WrongVerb) });
    }
    Ok(())
}
