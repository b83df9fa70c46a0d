//! What a patient is told of emergencies, recoveries and erasures: each by a notice of its own.

use super::{
    Done,
    ward::{DAY, EMERGENCY, Failed, HOUR, RECOVERY, Ward, trusted},
};
use dmledger_core::{
    action::{Action, CancelRecovery, ConfirmErasure, ReviewEmergency, Subscribe},
    codec::List,
    consent::{
        Alert, Subscriber,
        erasure::{Custodian, Custody, EraseReceipt, Erased, ErasureId, ErasureOrder},
    },
    emergency::{
        EmergencyId, EmergencyStatus, Period, RecoveryId, RecoveryRequest, RecoveryStatus, Verdict,
        break_glass::EndedBy,
    },
    envelope::{
        Envelope,
        Meaning::{Approved, Authored, CoSigned},
    },
    hash::Digest,
    identity::MemberId,
    key::SecretKey,
    ledger::{Event, Notice, StateMachine, Watch},
    scope::Purpose,
    time::Moment,
};

/// Listens from the tip on.
fn listen(ward: &Ward, subscriber: Subscriber) -> Result<Watch, Failed> {
    let at = Moment { height: ward.ledger.tip().height, time: ward.ledger.tip().time };
    Ok(Watch::begin(ward.account(), subscriber, &ward.ledger.facts(), at)?)
}

/// What the tip means.
fn told(watch: &mut Watch, ward: &Ward) -> Result<Vec<Event>, Failed> {
    let block = ward.ledger.finalized(ward.ledger.tip().height)?.ok_or("no block")?;
    let notices = watch.observe(block.block(), &ward.ledger.facts())?;
    Ok(notices.into_iter().map(|Notice { event, .. }| event).collect())
}

fn hospital(ward: &Ward) -> MemberId {
    ward.world.institutions()[0].id()
}

/// The hospital's emergency.
fn stands(ward: &Ward, emergency: EmergencyId, approvals: u16, status: EmergencyStatus) -> Event {
    Event::Emergency { emergency, requester: hospital(ward), approvals, status }
}

/// A rule that asks for nothing of the kind.
fn ask_for_records_only(ward: &mut Ward) -> Done {
    let rules = List::new(vec![Alert::RecordAdded])?;
    let rules =
        ward.by_patient(Action::Subscribe(Box::new(Subscribe { subscriber: Subscriber::Account, number: 1, rules })));
    ward.advance(&[rules])
}

#[test]
fn every_step_of_an_emergency_is_told_and_no_rule_silences_it() -> Done {
    let mut ward = trusted()?;
    ask_for_records_only(&mut ward)?;
    let mut patient = listen(&ward, Subscriber::Account)?;
    let request = ward.request();
    let asked = ward.ask(&request, &[0]);
    ward.advance(&[asked])?;
    assert_eq!(told(&mut patient, &ward)?, [stands(&ward, request.id, 1, EmergencyStatus::Pending)]);
    let approved = ward.approve(request.id, &[1]);
    ward.advance(&[approved])?;
    let opens = ward.emergency(request.id)?.open().ok_or("not approved")?;
    let opens = Moment { height: opens.from(), time: opens.time().start() };
    assert_eq!(told(&mut patient, &ward)?, [stands(&ward, request.id, 2, EmergencyStatus::Delayed { opens })]);
    // It opens by time alone: nobody acts in that block.
    ward.world.wait(HOUR / 6);
    let mut opened = Vec::new();
    for _ in 0..6 {
        ward.advance(&[])?;
        opened.extend(told(&mut patient, &ward)?);
    }
    assert_eq!(opened, [stands(&ward, request.id, 2, EmergencyStatus::Open)]);
    ward.read(Purpose::BreakTheGlass)?;
    assert!(matches!(told(&mut patient, &ward)?[..], [Event::GlassBroken { member, .. }] if member == hospital(&ward)));
    let end = ward.end(request.id, &ward.world.patients()[0].phone);
    ward.advance(&[end])?;
    let ended = EmergencyStatus::Ended { by: EndedBy::Patient, height: ward.ledger.tip().height };
    assert_eq!(told(&mut patient, &ward)?, [stands(&ward, request.id, 2, ended)]);
    let (reviewer, verdict) = (ward.world.institutions()[2].id(), Verdict::Justified);
    let review = ReviewEmergency { id: request.id, verdict, findings: Digest::new([1; 32]) };
    let review = ward.signed(Action::ReviewEmergency(review), &[(&ward.world.institutions()[2].key, Authored)]);
    ward.advance(&[review])?;
    assert_eq!(told(&mut patient, &ward)?, [Event::EmergencyReviewed { emergency: request.id, reviewer, verdict }]);
    ward.advance(&[])?;
    assert_eq!(told(&mut patient, &ward)?, [], "told once");
    Ok(())
}

#[test]
fn an_emergency_that_is_open_at_once_and_runs_out_is_told_to_its_requester_too_and_to_no_other_member() -> Done {
    let mut ward = trusted()?;
    let (me, other) = (hospital(&ward), ward.world.institutions()[1].id());
    let rules = |subscriber| -> Result<_, Failed> {
        let rules = List::new(vec![Alert::Emergency])?;
        Ok(Action::Subscribe(Box::new(Subscribe { subscriber, number: 1, rules })))
    };
    let rights = [ward.world.grant_to(0, 0), ward.world.grant_to(1, 0)];
    let rights = rights.map(|grant| ward.world.grant(0, grant));
    ward.advance(&rights.into_iter().collect::<Result<Vec<_>, _>>()?)?;
    let subscribed = [
        ward.world.by_institution(0, 0, rules(Subscriber::Member(me))?)?,
        ward.world.by_institution(1, 0, rules(Subscriber::Member(other))?)?,
    ];
    ward.advance(&subscribed)?;
    let mut watches = [Subscriber::Account, Subscriber::Member(me), Subscriber::Member(other)]
        .into_iter()
        .map(|subscriber| listen(&ward, subscriber))
        .collect::<Result<Vec<_>, _>>()?;
    let (request, _) = ward.opened()?;
    let open = stands(&ward, request.id, 3, EmergencyStatus::Open);
    let heard = watches.iter_mut().map(|watch| told(watch, &ward)).collect::<Result<Vec<_>, _>>()?;
    assert_eq!(heard, [vec![open], vec![open], vec![]]);
    // A host that begins now is not told what stands already, and hears the end like everybody.
    watches.push(listen(&ward, Subscriber::Account)?);
    ward.world.wait(HOUR);
    ward.advance(&[])?;
    let over = stands(&ward, request.id, 3, EmergencyStatus::Over);
    let heard = watches.iter_mut().map(|watch| told(watch, &ward)).collect::<Result<Vec<_>, _>>()?;
    assert_eq!(heard, [vec![over], vec![over], vec![], vec![over]]);
    Ok(())
}

/// A recovery for two fresh keys, by two of three trustees.
fn recovery(ward: &mut Ward) -> Result<RecoveryId, Failed> {
    let fresh = [ward.world.key(), ward.world.key()];
    let mut keys: Vec<_> = fresh.iter().map(SecretKey::public).collect();
    keys.sort_unstable();
    let id = RecoveryId::new([7; 16]);
    let request = RecoveryRequest { id, terms: 0, keys: List::new(keys)? };
    let mut keys = vec![(&fresh[0], CoSigned), (&fresh[1], CoSigned)];
    keys.extend(RECOVERY[..2].iter().map(|i| (&ward.parties[*i].key, Approved)));
    let asked = ward.signed(Action::RequestRecovery(Box::new(request)), &keys);
    ward.advance(&[asked])?;
    Ok(id)
}

#[test]
fn a_recovery_is_told_with_the_time_in_which_it_can_be_stopped_and_no_rule_silences_it() -> Done {
    let mut ward = trusted()?;
    ask_for_records_only(&mut ward)?;
    let mut patient = listen(&ward, Subscriber::Account)?;
    let id = recovery(&mut ward)?;
    let due = ward.ledger.facts().recovery(&id)?.ok_or("no recovery")?.due();
    let waiting = Event::Recovery { recovery: id, status: RecoveryStatus::Waiting { due } };
    assert_eq!(told(&mut patient, &ward)?, [waiting]);
    let mut late = patient.clone();
    ward.pass(Period::new(3 * DAY, 0))?;
    let mut heard = Vec::new();
    for _ in 0..22 {
        ward.advance(&[])?;
        heard.extend(told(&mut patient, &ward)?);
    }
    assert_eq!(heard, [Event::Recovery { recovery: id, status: RecoveryStatus::Due }]);
    let stop = Action::CancelRecovery(CancelRecovery { id });
    let stop = ward.signed(stop, &[(&ward.world.patients()[0].phone, Authored)]);
    ward.advance(&[stop])?;
    let status = RecoveryStatus::Cancelled { height: ward.ledger.tip().height };
    assert_eq!(told(&mut patient, &ward)?, [Event::Recovery { recovery: id, status }]);
    assert_eq!(
        told(&mut late, &ward)?,
        [Event::Recovery { recovery: id, status }],
        "who missed blocks hears where it stands"
    );
    Ok(())
}

#[test]
fn an_erasure_is_told_when_it_is_ordered_and_at_each_receipt() -> Done {
    let mut ward = trusted()?;
    let lake = &ward.world.institutions()[1];
    let custody = [Custody::Objects, Custody::GateKeys { committee: 1, node: 0 }];
    let custodians = custody.map(|custody| Custodian { member: lake.id(), custody });
    let (id, erased) = (ErasureId::new([5; 16]), Erased::Record(ward.records[0]));
    let order = ErasureOrder { id, erased, custodians: List::new(custodians.to_vec())? };
    let mut patient = listen(&ward, Subscriber::Account)?;
    let ordered = ward.by_patient(Action::OrderErasure(Box::new(order)));
    ward.advance(&[ordered])?;
    assert_eq!(told(&mut patient, &ward)?, [Event::ErasureOrdered { erasure: id, erased }]);
    let height = ward.ledger.tip().height;
    for (left, custodian) in (0..2).rev().zip(custodians) {
        let body = EraseReceipt { order: id, erased, custody: custodian.custody, ordered: height };
        let receipt = Envelope::new(ward.world.chain(), Some(ward.account()), body);
        let receipt = receipt.sign(&ward.world.institutions()[1].key, Authored)?;
        let confirmed = ward.signed(Action::ConfirmErasure(Box::new(ConfirmErasure { receipt })), &[]);
        ward.advance(&[confirmed])?;
        let expected = Event::ErasureConfirmed { erasure: id, custodian, outstanding: left };
        assert_eq!(told(&mut patient, &ward)?, [expected]);
    }
    // A rule can ask for erasures, and one that does not ask keeps them quiet.
    let confirmed = Event::ErasureOrdered { erasure: id, erased };
    assert!(confirmed.is_asked_for_by(&Alert::Erasure) && !confirmed.is_asked_for_by(&Alert::Other));
    assert!(!confirmed.cannot_be_silenced());
    Ok(())
}

#[test]
fn an_emergency_that_never_finds_its_trustees_is_told_when_it_lapses() -> Done {
    let mut ward = trusted()?;
    let mut patient = listen(&ward, Subscriber::Account)?;
    let request = ward.request();
    let asked = ward.ask(&request, &EMERGENCY[..1]);
    ward.advance(&[asked])?;
    assert_eq!(told(&mut patient, &ward)?.len(), 1);
    ward.world.wait(HOUR);
    ward.advance(&[])?;
    assert_eq!(told(&mut patient, &ward)?, [stands(&ward, request.id, 1, EmergencyStatus::Lapsed)]);
    Ok(())
}
