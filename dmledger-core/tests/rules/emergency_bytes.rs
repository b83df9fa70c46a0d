//! Encodings of emergency, recovery and erasure: fixed.

use super::{
    Done, refusal,
    ward::{DAY, EMERGENCY, Failed, PHYSICIAN, RECOVERY, Ward, trusted},
};
use dmledger_core::{
    action::{
        self, Action, CancelRecovery, ConfirmErasure, ExecuteRecovery, MoveRecords, ReviewEmergency, SignedAction,
    },
    block::RawAction,
    codec::List,
    consent::erasure::{Custodian, Custody, EraseReceipt, Erased, ErasureId, ErasureOrder},
    emergency::{Appointment, PatientState, Period, RecoveryId, RecoveryRequest, Verdict},
    envelope::{
        Envelope,
        Meaning::{Approved, Authored, CoSigned},
    },
    hash::{Digest, tag, tagged},
    key::SecretKey,
    ledger::StateMachine,
    testing::World,
};

/// The physician's emergency was open and is over, the hospital's waits for a second approval, an erasure waits for its
/// receipt; and one of each action, each of them acceptable on top of that.
pub(super) fn golden() -> Result<(Ward, Vec<SignedAction>), Failed> {
    let mut ward = trusted()?;
    let doctor_asks = |ward: &mut Ward, approving: &[usize]| {
        let mut request = ward.request();
        request.patient = PatientState::Unresponsive;
        let mut keys = vec![(&ward.parties[PHYSICIAN].key, Authored)];
        keys.extend(approving.iter().map(|i| (&ward.parties[*i].key, Approved)));
        (request.id, ward.signed(Action::RequestEmergency(request), &keys))
    };
    let (over, asked) = doctor_asks(&mut ward, &EMERGENCY);
    ward.advance(&[asked])?;
    let waiting = ward.request();
    let lake = ward.world.institutions()[1].id();
    let custodian = Custodian { member: lake, custody: Custody::Objects };
    let order = |ward: &mut Ward, n: usize| -> Result<_, Failed> {
        let (id, erased) = (ErasureId::new(ward.world.bytes()), Erased::Record(ward.records[n]));
        Ok(ErasureOrder { id, erased, custodians: List::new(vec![custodian])? })
    };
    let (first, second) = (order(&mut ward, 0)?, order(&mut ward, 1)?);
    let (ordered, patient) = (ward.next().height, &ward.world.patients()[0]);
    let actions = [
        ward.end(over, &patient.phone),
        ward.ask(&waiting, &[0]),
        ward.by_patient(Action::OrderErasure(Box::new(first.clone()))),
    ];
    ward.advance(&actions)?;
    let body = EraseReceipt { order: first.id, erased: first.erased, custody: Custody::Objects, ordered };
    let receipt = Envelope::new(ward.world.chain(), Some(ward.account()), body);
    let receipt = receipt.sign(&ward.world.institutions()[1].key, Authored)?;
    let review = ReviewEmergency { id: over, verdict: Verdict::Justified, findings: Digest::new([1; 32]) };
    let mut moved = ward.records[2..4].to_vec();
    moved.sort_unstable();
    let all = vec![
        ward.appoint(1, Appointment::BreakGlass(Some(ward.emergency_terms()?))),
        ward.appoint(1, Appointment::Recovery(Some(ward.recovery_terms()?))),
        doctor_asks(&mut ward, &EMERGENCY[..1]).1,
        ward.approve(waiting.id, &[1]),
        ward.end(waiting.id, &ward.world.patients()[0].phone),
        ward.signed(Action::ReviewEmergency(review), &[(&ward.world.institutions()[2].key, Authored)]),
        ward.by_patient(Action::OrderErasure(Box::new(second))),
        ward.signed(Action::ConfirmErasure(Box::new(ConfirmErasure { receipt })), &[]),
        ward.by_patient(Action::MoveRecords(MoveRecords { epoch: 1, records: List::new(moved)? })),
    ];
    Ok((ward, all))
}

/// The request of a recovery; and on top of another ledger, on which it is due, its end in either way.
pub(super) fn golden_recovery() -> Result<[(Ward, Vec<SignedAction>); 2], Failed> {
    let (mut before, mut due): (Ward, Ward) = (trusted()?, trusted()?);
    let fresh = [before.world.key(), before.world.key()];
    let mut keys: Vec<_> = fresh.iter().map(SecretKey::public).collect();
    keys.sort_unstable();
    let id = RecoveryId::new([7; 16]);
    let request = RecoveryRequest { id, terms: 0, keys: List::new(keys)? };
    let mut keys = vec![(&fresh[0], CoSigned), (&fresh[1], CoSigned)];
    keys.extend(RECOVERY[..2].iter().map(|i| (&before.parties[*i].key, Approved)));
    let ask = before.signed(Action::RequestRecovery(Box::new(request)), &keys);
    due.advance(std::slice::from_ref(&ask))?;
    due.pass(Period::new(3 * DAY, 21))?;
    let cancel = Action::CancelRecovery(CancelRecovery { id });
    let ends = vec![
        due.signed(cancel, &[(&due.world.patients()[0].phone, Authored)]),
        due.signed(Action::ExecuteRecovery(ExecuteRecovery { id }), &[(&fresh[0], Authored)]),
    ];
    Ok([(before, vec![ask]), (due, ends)])
}

#[test]
fn the_bytes_of_every_action_of_emergency_and_erasure_are_fixed() -> Done {
    let [first, second] = golden_recovery()?;
    let mut seen = Vec::new();
    for (ward, actions) in [golden()?, first, second] {
        for action in &actions {
            let raw = action::encode(action)?;
            assert_eq!(&action::decode(&raw)?, action);
            assert_eq!(refusal(&ward.ledger, action), None, "{}", action.body().name());
            seen.push(format!("{} {:.16}", action.body().name(), tagged(tag::RAW_ACTION, raw.as_slice())));
        }
        seen.push(format!("state {:.16}", ward.ledger.tip().state_root));
    }
    assert_eq!(seen, FIXED);
    Ok(())
}
const FIXED: [&str; 15] = [
    "appoint b737d763127800fa",
    "appoint cd9f6429773ce94b",
    "request emergency 44d7462141c16308",
    "approve emergency a890825c1b351952",
    "end emergency 8dae365233683591",
    "review emergency cca2e2555247f5e7",
    "order erasure 1c91b73def2f0b2a",
    "confirm erasure e5cc7fa323cebe8a",
    "move records 4abcaeb392f85e3d",
    "state aba0585da090ce5a",
    "request recovery 29e4e0f64337b8e0",
    "state 975117c3f7bacba5",
    "cancel recovery dadf6ecd93f8e90e",
    "execute recovery 628de7509b8f3bc9",
    "state 17fac2beceef05de",
];

#[test]
fn an_action_for_one_world_is_refused_in_every_other() -> Done {
    let (_, actions) = golden()?;
    let mut other = World::new(dmledger_core::testing::WorldPlan { seed: 9, ..Default::default() })?;
    let ledger = other.populated()?;
    for action in &actions {
        assert_eq!(refusal(&ledger, action), Some(action::Refusal::WrongChain), "{}", action.body().name());
    }
    for action in &actions {
        let moved = Envelope::new(other.chain(), Some(other.patients()[0].account), action.body().clone());
        let moved = action.endorsements().iter().try_fold(moved, |moved, one| moved.with(*one))?;
        let raw: RawAction = action::encode(&moved)?;
        assert!(ledger.check(&raw).is_err(), "{}", action.body().name());
    }
    Ok(())
}
