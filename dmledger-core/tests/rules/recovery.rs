//! Lost keys: what takes their place, when, and what stops it.

use super::{
    Done, assert_refused, refusal,
    ward::{DAY, EMERGENCY, Failed, RECOVERY, Ward, trusted},
};
use core::time::Duration;
use dmledger_core::{
    account::{KeyClass, PolicyCause, PolicyVersion},
    action::{Action, Appoint, CancelRecovery, ExecuteRecovery, Refusal, SignedAction},
    codec::{List, decode, encode},
    decide::{AccessOutcome, Reason},
    emergency::{Appointment, Period, RecoveryId, RecoveryRequest, RecoveryStatus},
    envelope::Meaning::{Approved, Authored, CoSigned},
    key::{PublicKey, SecretKey},
    ledger::{Query, Recoveries, StateMachine},
    scope::Purpose,
    time::Moment,
};

/// Two new keys, and the request that puts them in.
struct Attempt {
    request: RecoveryRequest,
    fresh: Vec<SecretKey>,
}

/// All keys lost: two new ones.
fn attempt(ward: &mut Ward) -> Result<Attempt, Failed> {
    let fresh = vec![ward.world.key(), ward.world.key()];
    attempt_with(ward, fresh, None)
}

/// `fresh` keys beside one that stays, or none.
fn attempt_with(ward: &mut Ward, fresh: Vec<SecretKey>, stays: Option<PublicKey>) -> Result<Attempt, Failed> {
    let mut keys: Vec<_> = fresh.iter().map(SecretKey::public).chain(stays).collect();
    keys.sort_unstable();
    let request = RecoveryRequest { id: RecoveryId::new(ward.world.bytes()), terms: 0, keys: List::new(keys)? };
    Ok(Attempt { request, fresh })
}

impl Attempt {
    /// The request with the new keys' signatures, these trustees' approvals and perhaps a key that stays.
    fn ask(&self, ward: &Ward, approving: &[usize], stays: Option<&SecretKey>) -> SignedAction {
        let mut keys: Vec<_> = self.fresh.iter().map(|key| (key, CoSigned)).collect();
        keys.extend(approving.iter().map(|i| (&ward.parties[*i].key, Approved)));
        keys.extend(stays.map(|key| (key, Authored)));
        ward.signed(Action::RequestRecovery(Box::new(self.request.clone())), &keys)
    }

    fn execute(&self, ward: &Ward) -> SignedAction {
        let body = Action::ExecuteRecovery(ExecuteRecovery { id: self.request.id });
        ward.signed(body, &[(&self.fresh[0], Authored)])
    }

    fn cancel(&self, ward: &Ward, key: &SecretKey) -> SignedAction {
        ward.signed(Action::CancelRecovery(CancelRecovery { id: self.request.id }), &[(key, Authored)])
    }
}

fn due(asked: Moment) -> Moment {
    Period::new(3 * DAY, 20).after(asked)
}

/// Asks with two trustees; returns the block in which it was.
fn asked(ward: &mut Ward, attempt: &Attempt) -> Result<Moment, Failed> {
    let (action, at) = (attempt.ask(ward, &RECOVERY[..2], None), ward.next());
    ward.advance(&[action])?;
    Ok(at)
}

#[test]
fn after_the_window_the_new_keys_are_in_and_the_old_ones_dead() -> Done {
    let mut ward = trusted()?;
    let attempt = attempt(&mut ward)?;
    let grant = ward.world.grant_to(1, 0);
    let old_grant = ward.world.grant(0, grant)?;
    let at = asked(&mut ward, &attempt)?;
    ward.pass(Period::new(3 * DAY, 20))?;
    let execute = attempt.execute(&ward);
    let height = ward.next().height;
    ward.advance(std::slice::from_ref(&execute))?;
    let account = ward.ledger.facts().account(&ward.account())?.ok_or("none")?;
    let keys: Vec<_> = account.policy().keys_of(KeyClass::Patient).copied().collect();
    assert_eq!((keys.as_slice(), account.policy().is_medical()), (&attempt.request.keys[..], true));
    assert_eq!(account.version(), 1);
    let recovery = ward.ledger.facts().recovery(&attempt.request.id)?.ok_or("none")?;
    assert_eq!(recovery.status(ward.next()), RecoveryStatus::Executed { height });
    assert_eq!(recovery.requested(), at);
    let version: PolicyVersion =
        ward.ledger.facts().get(&ward.ledger.places().policy(&ward.account(), 1))?.ok_or("no history")?;
    assert_eq!((version.cause, &version.policy), (PolicyCause::Recovered, account.policy()));
    // What the old keys sign is worth nothing, to open or to close.
    let missing = refusal(&ward.ledger, &old_grant);
    assert!(matches!(missing, Some(Refusal::Policy { .. })), "{missing:?}");
    let removal = ward.appoint(1, Appointment::BreakGlass(None));
    assert!(refusal(&ward.ledger, &removal).is_some());
    // The new keys decide.
    let body = Action::Appoint(Box::new(Appoint { number: 1, appointment: Appointment::Recovery(None) }));
    let by_new = ward.signed(body, &[(&attempt.fresh[0], Authored), (&attempt.fresh[1], CoSigned)]);
    ward.advance(&[by_new])?;
    assert_refused(&mut ward.world, &ward.ledger, &execute, Refusal::RecoverySettled);
    Ok(())
}

#[test]
fn a_recovery_reads_nothing() -> Done {
    let mut ward = trusted()?;
    let attempt = attempt(&mut ward)?;
    asked(&mut ward, &attempt)?;
    ward.pass(Period::new(3 * DAY, 20))?;
    let execute = attempt.execute(&ward);
    ward.advance(&[execute])?;
    for purpose in [Purpose::Treatment, Purpose::BreakTheGlass, Purpose::PatientRequest] {
        assert_eq!(ward.read(purpose)?, AccessOutcome::Denied { reason: Reason::NoGrant });
        let mut request = ward.world.request(ward.records.clone())?;
        request.purpose = purpose;
        let by_trustee = ward.signed(Action::Access(request), &[(&ward.parties[RECOVERY[0]].key, Authored)]);
        ward.advance(&[by_trustee])?;
        let outcome = super::last_answer(&ward.world, &ward.ledger, 0)?;
        assert_eq!(outcome, AccessOutcome::Denied { reason: Reason::NoGrant });
    }
    Ok(())
}

/// Every set of the six trustees: accepted exactly with two of the recovery circle.
#[test]
fn approvals_of_emergency_trustees_never_count_for_recovery() -> Done {
    let mut ward = trusted()?;
    let attempt = attempt(&mut ward)?;
    for set in 0..1_usize << 6 {
        let who: Vec<_> = (0..6).filter(|i| set >> i & 1 == 1).collect();
        let have = who.iter().filter(|i| RECOVERY.contains(i)).count();
        let expected = (have < 2).then_some(Refusal::MissingTrustees { have: u8::try_from(have)?, need: 2 });
        assert_eq!(refusal(&ward.ledger, &attempt.ask(&ward, &who, None)), expected, "{who:?}");
    }
    Ok(())
}

#[test]
fn the_window_takes_its_time_and_its_blocks() -> Done {
    let mut ward = trusted()?;
    let attempt = attempt(&mut ward)?;
    let due = due(asked(&mut ward, &attempt)?);
    let not_due = Refusal::RecoveryNotDue { time: due.time, height: due.height };
    ward.world.wait(3 * DAY);
    ward.advance(&[])?;
    let execute = attempt.execute(&ward);
    assert_eq!(refusal(&ward.ledger, &execute), Some(not_due), "too few blocks");
    assert!(!super::is_taken(&mut ward.world, &ward.ledger, &execute));
    let mut ward = trusted()?;
    asked(&mut ward, &attempt)?;
    for _ in 0..40 {
        ward.advance(&[])?;
    }
    assert_eq!(refusal(&ward.ledger, &execute), Some(not_due), "too little time");
    for (early, taken) in [(1, 0), (0, 1)] {
        let mut ward = trusted()?;
        asked(&mut ward, &attempt)?;
        for _ in 0..40 {
            ward.advance(&[])?;
        }
        ward.until(ward.next().height, due.time.minus(Duration::from_millis(early)))?;
        let block = ward.world.propose(&ward.ledger, std::slice::from_ref(&execute))?;
        assert_eq!(block.actions().len(), taken, "{early} ms early");
    }
    Ok(())
}

#[test]
fn one_patient_key_stops_it_in_the_last_block() -> Done {
    for phone in [true, false] {
        let mut ward = trusted()?;
        let attempt = attempt(&mut ward)?;
        let due = due(asked(&mut ward, &attempt)?);
        ward.until(due.height, due.time)?;
        let patient = &ward.world.patients()[0];
        let cancel = attempt.cancel(&ward, if phone { &patient.phone } else { &patient.home });
        let execute = attempt.execute(&ward);
        let due_now = ward.world.propose(&ward.ledger, std::slice::from_ref(&execute))?;
        assert_eq!(due_now.actions().len(), 1);
        // In one block the order decides; a veto that comes first stops what follows it.
        let taken = ward.world.propose(&ward.ledger, &[cancel.clone(), execute.clone()])?;
        assert_eq!(taken.actions().len(), 1);
        ward.advance(std::slice::from_ref(&cancel))?;
        assert_refused(&mut ward.world, &ward.ledger, &execute, Refusal::RecoverySettled);
        assert_refused(&mut ward.world, &ward.ledger, &cancel, Refusal::RecoverySettled);
    }
    Ok(())
}

#[test]
fn nobody_else_stops_it() -> Done {
    let mut ward = trusted()?;
    let attempt = attempt(&mut ward)?;
    asked(&mut ward, &attempt)?;
    let others = [
        &ward.world.institutions()[0].key,
        &ward.parties[RECOVERY[2]].key,
        &ward.parties[EMERGENCY[0]].key,
        &ward.world.patients()[1].phone,
        &attempt.fresh[0],
    ];
    for key in others {
        assert_eq!(refusal(&ward.ledger, &attempt.cancel(&ward, key)), Some(Refusal::NoVeto));
    }
    Ok(())
}

#[test]
fn every_entering_key_has_to_sign_and_to_be_free() -> Done {
    let mut ward = trusted()?;
    let good = attempt(&mut ward)?;
    let keys = [(&good.fresh[0], CoSigned), (&ward.parties[3].key, Approved), (&ward.parties[4].key, Approved)];
    let unsigned = ward.signed(Action::RequestRecovery(Box::new(good.request.clone())), &keys);
    assert_refused(&mut ward.world, &ward.ledger, &unsigned, Refusal::UnsignedKeys { have: 1, need: 2 });
    let three = vec![ward.world.key(), ward.world.key(), ward.world.key()];
    let three = attempt_with(&mut ward, three, None)?;
    let one = vec![ward.world.key()];
    let one = attempt_with(&mut ward, one, None)?;
    for wrong in [three, one] {
        let action = wrong.ask(&ward, &RECOVERY, None);
        assert_eq!(refusal(&ward.ledger, &action), Some(Refusal::NoPolicy));
    }
    let mut keys: Vec<_> = ward.world.patients()[0].opening.policy.keys_of(KeyClass::Patient).copied().collect();
    keys.sort_unstable();
    let same =
        Attempt { request: RecoveryRequest { keys: List::new(keys)?, ..good.request.clone() }, fresh: Vec::new() };
    assert_eq!(refusal(&ward.ledger, &same.ask(&ward, &RECOVERY, None)), Some(Refusal::NoPolicy));
    // The neighbour's key, with the neighbour's signature.
    let neighbour = &ward.world.patients()[1];
    let mut keys = vec![neighbour.phone.public(), good.fresh[0].public()];
    keys.sort_unstable();
    let body = RecoveryRequest { keys: List::new(keys)?, ..good.request };
    let keys = [
        (&neighbour.phone, CoSigned),
        (&good.fresh[0], CoSigned),
        (&ward.parties[3].key, Approved),
        (&ward.parties[4].key, Approved),
    ];
    let taken = ward.signed(Action::RequestRecovery(Box::new(body)), &keys);
    assert_refused(&mut ward.world, &ward.ledger, &taken, Refusal::PatientKeyInUse);
    Ok(())
}

#[test]
fn with_one_key_left_the_other_is_replaced_and_a_thief_stops_it_unless_all_trustees_vouch() -> Done {
    for all in [false, true] {
        let mut ward = trusted()?;
        let home = ward.world.patients()[0].home.public();
        let fresh = vec![ward.world.key()];
        let attempt = attempt_with(&mut ward, fresh, Some(home))?;
        let who = if all { &RECOVERY[..] } else { &RECOVERY[..2] };
        let ask = attempt.ask(&ward, who, Some(&ward.world.patients()[0].home));
        ward.advance(&[ask])?;
        let (phone, home) = (&ward.world.patients()[0].phone, &ward.world.patients()[0].home);
        let by_thief = attempt.cancel(&ward, phone);
        assert_eq!(refusal(&ward.ledger, &by_thief), all.then_some(Refusal::NoVeto));
        assert_eq!(refusal(&ward.ledger, &attempt.cancel(&ward, home)), None, "the key that stays can stop it");
        ward.pass(Period::new(3 * DAY, 20))?;
        let execute = attempt.execute(&ward);
        ward.advance(&[execute])?;
        let account = ward.ledger.facts().account(&ward.account())?.ok_or("none")?;
        let phone = ward.world.patients()[0].phone.public();
        assert_eq!(account.policy().class_of(&phone), None);
        assert_eq!(account.policy().class_of(&attempt.fresh[0].public()), Some(KeyClass::Patient));
    }
    // All trustees without a key that stays silence nobody.
    let mut ward = trusted()?;
    let attempt = attempt(&mut ward)?;
    let ask = attempt.ask(&ward, &RECOVERY, None);
    ward.advance(&[ask])?;
    let cancel = attempt.cancel(&ward, &ward.world.patients()[0].phone);
    assert_eq!(refusal(&ward.ledger, &cancel), None);
    Ok(())
}

#[test]
fn recoveries_are_rare() -> Done {
    let mut ward = trusted()?;
    let first = attempt(&mut ward)?;
    let at = asked(&mut ward, &first)?;
    let second = attempt(&mut ward)?;
    let ask = second.ask(&ward, &RECOVERY, None);
    assert_refused(&mut ward.world, &ward.ledger, &ask, Refusal::RecoveryPending);
    let cancel = first.cancel(&ward, &ward.world.patients()[0].home);
    ward.advance(&[cancel])?;
    let next = Period::new(10 * DAY, 0).after(at);
    let too_soon = Refusal::RecoveryTooSoon { time: next.time, height: next.height };
    assert_refused(&mut ward.world, &ward.ledger, &ask, too_soon);
    let again = first.ask(&ward, &RECOVERY, None);
    assert_refused(&mut ward.world, &ward.ledger, &again, Refusal::RecoveryExists);
    ward.until(ward.next().height, next.time)?;
    ward.advance(&[ask])
}

#[test]
fn a_recovery_that_nobody_carries_out_lapses() -> Done {
    let mut ward = trusted()?;
    let attempt = attempt(&mut ward)?;
    let at = asked(&mut ward, &attempt)?;
    ward.pass(Period::new(3 * DAY, 20))?;
    ward.until(ward.next().height, at.time.plus(6 * DAY))?;
    let execute = attempt.execute(&ward);
    assert!(!super::is_taken(&mut ward.world, &ward.ledger, &execute));
    ward.advance(&[])?;
    assert_eq!(refusal(&ward.ledger, &execute), Some(Refusal::RecoverySettled));
    Ok(())
}

#[test]
fn a_patient_who_decides_anew_in_the_window_voids_it() -> Done {
    let mut ward = trusted()?;
    let attempt = attempt(&mut ward)?;
    asked(&mut ward, &attempt)?;
    let again = ward.appoint(1, Appointment::Recovery(Some(ward.recovery_terms()?)));
    ward.advance(&[again])?;
    ward.pass(Period::new(3 * DAY, 20))?;
    let execute = attempt.execute(&ward);
    assert_refused(&mut ward.world, &ward.ledger, &execute, Refusal::TermsChanged { found: 0, current: 1 });
    Ok(())
}

#[test]
fn only_a_key_that_enters_or_stays_carries_it_out() -> Done {
    let mut ward = trusted()?;
    let attempt = attempt(&mut ward)?;
    asked(&mut ward, &attempt)?;
    ward.pass(Period::new(3 * DAY, 20))?;
    let body = || Action::ExecuteRecovery(ExecuteRecovery { id: attempt.request.id });
    let trustees: Vec<_> = RECOVERY.iter().map(|i| (&ward.parties[*i].key, Approved)).collect();
    assert_eq!(refusal(&ward.ledger, &ward.signed(body(), &trustees)), Some(Refusal::NoNewKey));
    let neighbour =
        super::signed(&ward.world, Some(ward.world.patients()[1].account), body(), &[(&attempt.fresh[0], Authored)]);
    assert_eq!(refusal(&ward.ledger, &neighbour), Some(Refusal::UnknownRecovery));
    Ok(())
}

#[test]
fn the_list_of_recoveries_is_complete() -> Done {
    let mut ward = trusted()?;
    let attempt = attempt(&mut ward)?;
    asked(&mut ward, &attempt)?;
    let (chain, account, root) = (ward.world.chain(), ward.account(), ward.ledger.tip().state_root);
    let query = Query::at(chain, ward.ledger.tip().height, ward.ledger.store().as_ref())?;
    let answer: Recoveries = decode(&encode(&query.recoveries(&account)?))?;
    assert_eq!(answer.verify(&root, chain, &account)?.len(), 1);
    let neighbour = ward.world.patients()[1].account;
    assert!(answer.verify(&root, chain, &neighbour).is_err());
    assert!(query.recoveries(&neighbour)?.verify(&root, chain, &neighbour)?.is_empty());
    Ok(())
}
