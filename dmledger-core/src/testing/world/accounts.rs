//! What is proposed, endorsed and amended in a world's accounts.

use super::{Failed, Patient, World};
use crate::{
    account::{DeviceKind, Policy, ProposalId, device::NewDevice, version::EnteringKey},
    action::{Action, Amend, Endorse, Equip, Instruct, Propose, SignedAction, Withdraw},
    codec::{List, Text},
    envelope::{Envelope, Meaning},
    hash::Digest,
    key::SecretKey,
    record::provenance::DeviceId,
    time::{Height, Moment},
};
use core::time::Duration;

impl World {
    /// Adds a patient whose account is not yet open; its number.
    pub fn join(&mut self, patient: Patient) -> usize {
        self.patients.push(patient);
        self.patients.len() - 1
    }

    /// The patient's keys are others from now on, as after a recovery.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn rekey(&mut self, patient: usize, phone: SecretKey, home: SecretKey) -> Result<(), Failed> {
        let keys = self.patients.get_mut(patient).ok_or("no such patient")?;
        (keys.phone, keys.home) = (phone, home);
        Ok(())
    }

    /// An action put before the holders of a patient's account by `proposer`, for an hour.
    ///
    /// # Errors
    /// If there is no such patient, or the action is too long.
    pub fn proposal(&self, patient: usize, action: &Action, proposer: &SecretKey) -> Result<SignedAction, Failed> {
        let until = Moment { height: Height::MAX, time: self.clock.plus(Duration::from_secs(3600)) };
        self.proposal_until(patient, action, proposer, until)
    }

    /// An action put before the holders of a patient's account by `proposer`, until a moment.
    ///
    /// # Errors
    /// If there is no such patient, or the action is too long.
    pub fn proposal_until(
        &self,
        patient: usize,
        action: &Action,
        proposer: &SecretKey,
        until: Moment,
    ) -> Result<SignedAction, Failed> {
        // Drawn from the clock, so that whoever only reads the world can propose.
        let salt = u128::try_from(self.clock.millis())?.to_be_bytes();
        let body = Action::Propose(Propose::new(action, until, salt)?);
        self.by(patient, body, &[(proposer, Meaning::Authored)])
    }

    /// One more signature for a proposal.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn endorse(&self, patient: usize, proposal: ProposalId, key: &SecretKey) -> Result<SignedAction, Failed> {
        self.by(patient, Action::Endorse(Endorse { proposal }), &[(key, Meaning::CoSigned)])
    }

    /// A proposal taken back or rejected, or an endorsement taken back, as the key may.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn withdraw(&self, patient: usize, proposal: ProposalId, key: &SecretKey) -> Result<SignedAction, Failed> {
        self.by(patient, Action::Withdraw(Withdraw { proposal }), &[(key, Meaning::Authored)])
    }

    /// The name of the proposal that an action makes.
    #[must_use]
    pub fn proposal_of(action: &SignedAction) -> ProposalId {
        ProposalId::new(action.id())
    }

    /// Another policy for a patient's account, with the patient keys that enter.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn amendment(
        &self,
        patient: usize,
        number: u64,
        policy: Policy,
        entering: &[&SecretKey],
    ) -> Result<Action, Failed> {
        let account = self.patients.get(patient).ok_or("no such patient")?.account;
        let prove = |key: &&SecretKey| EnteringKey::prove(key, number, &self.chain(), &account);
        let entering = List::new(entering.iter().map(prove).collect::<Result<_, _>>()?)?;
        Ok(Action::Amend(Box::new(Amend { number, policy, entering })))
    }

    /// An amendment signed by both keys of the patient.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn amend(
        &self,
        patient: usize,
        number: u64,
        policy: Policy,
        entering: &[&SecretKey],
    ) -> Result<SignedAction, Failed> {
        self.by_patient(patient, self.amendment(patient, number, policy, entering)?)
    }

    /// A device that proves it holds its key.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn device(&self, patient: usize, name: &str, key: &SecretKey) -> Result<NewDevice, Failed> {
        let account = self.patients.get(patient).ok_or("no such patient")?.account;
        let (id, label) = (DeviceId::of(name.as_bytes()), Text::new(name)?);
        Ok(NewDevice::prove(DeviceKind::GlucoseMeter, &id, label, key, &self.chain(), &account)?)
    }

    /// A change of devices, signed by both keys of the patient.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn equip(&self, patient: usize, change: Equip) -> Result<SignedAction, Failed> {
        self.by_patient(patient, Action::Equip(Box::new(change)))
    }

    /// A mandate for a patient's agent, signed by both keys of the patient.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn instruct(&self, patient: usize, number: u64, rules: Option<Digest>) -> Result<SignedAction, Failed> {
        self.by_patient(patient, Action::Instruct(Instruct { number, rules }))
    }

    /// A body for a patient's account, signed by both keys of the patient.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn by_patient(&self, patient: usize, body: Action) -> Result<SignedAction, Failed> {
        let keys = self.patients.get(patient).ok_or("no such patient")?;
        self.by(patient, body, &[(&keys.phone, Meaning::Authored), (&keys.home, Meaning::CoSigned)])
    }

    /// A body for a patient's account, signed by these keys.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn by(&self, patient: usize, body: Action, keys: &[(&SecretKey, Meaning)]) -> Result<SignedAction, Failed> {
        let account = self.patients.get(patient).ok_or("no such patient")?.account;
        let mut action = Envelope::new(self.chain(), Some(account), body);
        for (key, meaning) in keys {
            action = action.sign(key, *meaning)?;
        }
        Ok(action)
    }
}
