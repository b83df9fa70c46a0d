//! Members and keys: emergencies, certificates that run out, dismissals, lost keys.

use crate::{
    error::{During, HostError},
    matrix::{
        draw,
        model::Emergency,
        trial::{
            MEMBERS, PATIENTS, Trial,
            found::{EMERGENCY, SHORT, certificate},
        },
    },
};
use dmledger_core::{
    action::{self, Action, Dismiss, EndEmergency, ExecuteRecovery, Renew, SignedAction},
    codec::{Bytes, List},
    emergency::{EmergencyId, EmergencyRequest, PatientState, RecoveryId, RecoveryRequest},
    envelope::{Envelope, Meaning},
    hash::Digest,
    testing::World,
    time::{TimeRange, Timestamp},
};
use std::time::Duration;

impl Trial {
    /// A hospital asks for an emergency, with the approval of all trustees or of none; or the patient ends one.
    pub(super) fn emergency(&mut self, height: u64, time: i64) -> Result<Option<SignedAction>, HostError> {
        if self.once_in(12) {
            return self.end_emergency(height, time);
        }
        let (patient, asker) = (draw::place(&mut self.rng, PATIENTS), 5 * draw::place(&mut self.rng, 2));
        let own = |one: &Emergency| one.patient == patient && one.asker == asker && one.is_running(height, time);
        if !self.once_in(2) || !self.model.is_fit(asker, time) || self.model.emergencies.iter().any(own) {
            return Ok(None);
        }
        let first = draw::below(&mut self.rng, draw::HOURS);
        let hours = (first, first + 1 + draw::below(&mut self.rng, draw::HOURS - first));
        let hour = |hour: u64| World::hour(hour).during("hour");
        let id = EmergencyId::new(self.world.bytes());
        let request = EmergencyRequest {
            id,
            terms: 0,
            reason: draw::URGENT,
            patient: PatientState::Unresponsive,
            data: TimeRange::new(hour(hours.0)?.start(), hour(hours.1 - 1)?.end()).during("hours")?,
            statement: Digest::new(self.world.bytes()),
        };
        let body = Action::RequestEmergency(request);
        let body = Envelope::new(self.world.chain(), Some(self.account(Some(patient))), body);
        let mut action = body.sign(&self.member(asker)?.key, Meaning::Authored).during("emergency")?;
        let approved = !self.once_in(3);
        for trustee in self.trustees.iter().take(if approved { 3 } else { 0 }) {
            action = action.sign(&trustee.key, Meaning::Approved).during("emergency")?;
        }
        if let Some(vault) = self.vault.as_mut().filter(|_| approved) {
            vault.break_glass(&self.world, patient, asker)?;
        }
        let (life, blocks, uses) = EMERGENCY;
        let until = (height + blocks, Timestamp::from_millis(time).plus(life).millis());
        self.model.emergencies.push(Emergency { patient, asker, hours, approved, until, left: uses, ended: false });
        self.emergencies.push(id);
        self.score.changes.emergencies += 1;
        Ok(Some(action))
    }

    fn end_emergency(&mut self, height: u64, time: i64) -> Result<Option<SignedAction>, HostError> {
        let Some(number) = self.model.emergencies.iter().rposition(|one| one.is_running(height, time)) else {
            return Ok(None);
        };
        let (Some(one), Some(id)) = (self.model.emergencies.get_mut(number), self.emergencies.get(number)) else {
            return Ok(None);
        };
        one.ended = true;
        let (patient, body) = (one.patient, Action::EndEmergency(EndEmergency { id: *id }));
        let keys = self.world.patients().get(patient).ok_or_else(|| HostError::new("no such patient"))?;
        self.world.by(patient, body, &[(&keys.phone, Meaning::Authored)]).during("veto").map(Some)
    }

    /// Members whose certificates are short get another one, now and then too late.
    pub(super) fn certificates(&mut self, time: i64) -> Result<Option<SignedAction>, HostError> {
        let number = SHORT[usize::from(self.once_in(2))];
        let Some(asker) = self.model.askers.get(number).copied() else { return Ok(None) };
        if asker.dismissed || time + 5_000 < asker.certified_until || !self.once_in(6) {
            return Ok(None);
        }
        let until = time + 20_000 + 1_000 * i64::try_from(draw::below(&mut self.rng, 60)).unwrap_or(0);
        let member = self.members.get(number).ok_or_else(|| HostError::new("no such member"))?;
        let kem = *self.kems.get(number).ok_or_else(|| HostError::new("no such member"))?;
        let (_, der) = certificate(&mut self.world, &member.key, member.role, kem, Timestamp::from_millis(until))?;
        let body = Action::Renew(Renew { certificate: Bytes::new(der).during("certificate")? });
        let action = Envelope::new(self.world.chain(), None, body);
        if let Some(asker) = self.model.askers.get_mut(number) {
            asker.certified_until = until;
        }
        self.score.changes.renewed += 1;
        action.sign(&member.key, Meaning::Authored).during("certificate").map(Some)
    }

    /// Dismisses a member, at most two of them.
    pub(super) fn dismiss(&mut self, which: u64) -> Result<Option<SignedAction>, HostError> {
        let Some(number) = usize::try_from(which).ok().filter(|number| (1..=2).contains(number)) else {
            return Ok(None);
        };
        let leaving = MEMBERS - 1 - number;
        let member = self.member(leaving)?.id();
        let mut action = Envelope::new(self.world.chain(), None, Action::Dismiss(Dismiss { member }));
        for party in self.world.institutions().iter().take(3) {
            action = action.sign(&party.key, Meaning::Approved).during("dismissal")?;
        }
        if let Some(asker) = self.model.askers.get_mut(leaving) {
            asker.dismissed = true;
        }
        Ok(Some(action))
    }

    /// A patient has lost both keys. Trustees have them replaced; whoever finds the old ones can open nothing any more.
    pub(super) fn recover(&mut self, patient: usize) -> Result<(), HostError> {
        let fresh = [self.world.key(), self.world.key()];
        let mut keys: Vec<_> = fresh.iter().map(dmledger_core::key::SecretKey::public).collect();
        keys.sort_unstable();
        let id = RecoveryId::new(self.world.bytes());
        let request = RecoveryRequest { id, terms: 0, keys: List::new(keys).during("recovery")? };
        let account = self.account(Some(patient));
        let envelope = |body| Envelope::new(self.world.chain(), Some(account), body);
        let mut action = envelope(Action::RequestRecovery(Box::new(request)));
        for key in &fresh {
            action = action.sign(key, Meaning::CoSigned).during("recovery")?;
        }
        for trustee in self.trustees.iter().skip(3).take(2) {
            action = action.sign(&trustee.key, Meaning::Approved).during("recovery")?;
        }
        let execute = envelope(Action::ExecuteRecovery(ExecuteRecovery { id }));
        let execute = execute.sign(&fresh[0], Meaning::Authored).during("recovery")?;
        self.block(&[action])?;
        self.world.wait(Duration::from_secs(86_400));
        // What waited for a patient has lapsed.
        self.published.clear();
        for _ in 0..2 {
            self.block(&[])?;
        }
        self.block(&[execute])?;
        let found = self.world.grant_to(0, 0);
        let old = self.world.grant(patient, found).during("grant")?;
        let raw = action::encode(&old).during("grant")?;
        if self.ledger.examine(&raw).is_ok() {
            self.score.unauthorised += 1;
        }
        let [phone, home] = fresh;
        self.world.rekey(patient, phone, home).during("recovery")?;
        if let Some(vault) = &mut self.vault {
            vault.resign(&self.world, patient)?;
        }
        self.score.changes.recovered += 1;
        Ok(())
    }
}
