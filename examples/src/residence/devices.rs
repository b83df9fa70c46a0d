//! The devices of a residence on the ledger: paired, replaced and de-registered by the patient.
//!
//! A device whose maker gave it no key is given one by the gateway that reads it: its entry says that readings of this
//! device go to this account, and from which block on they no longer do.

use super::Residence;
use crate::error::{During, HostError};
use dmledger_core::{
    account::{Device, DeviceKind, DeviceStatus, device::NewDevice},
    action::{Action, Equip},
    codec::Text,
    key::{SecretKey, Suite},
    record::DeviceId,
    time::Height,
};

impl Residence {
    /// Pairs a device with the account; final on return.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn pair(&mut self, kind: DeviceKind, device: &DeviceId) -> Result<Height, HostError> {
        let new = self.new_device(kind, device)?;
        self.equip(Equip::Pair(new)).await
    }

    /// Lets a device take the place of another; final on return.
    ///
    /// # Errors
    /// The ledger's reason if it refuses, or if the old one is not paired.
    pub async fn replace(&mut self, old: &DeviceId, kind: DeviceKind, device: &DeviceId) -> Result<Height, HostError> {
        let (old, new) = (self.paired(old)?.key(), self.new_device(kind, device)?);
        self.equip(Equip::Replace { old, new }).await
    }

    /// De-registers a device; final on return.
    ///
    /// # Errors
    /// The ledger's reason if it refuses, or if the device is not paired.
    pub async fn deregister(&mut self, device: &DeviceId) -> Result<Height, HostError> {
        let key = self.paired(device)?.key();
        self.equip(Equip::Retire { key }).await
    }

    /// Every device the account ever had, with the proof checked against the state root of the node's last block.
    ///
    /// # Errors
    /// If the node's store cannot be read or proves something else.
    pub fn devices(&self) -> Result<Vec<Device>, HostError> {
        let tip = self.node.tip()?;
        let answer = self.node.query_at(tip.height)?.devices(&self.account).during("devices")?;
        let listed = answer.verify(&tip.state_root, self.node.chain(), &self.account).during("devices")?;
        Ok(listed.into_iter().cloned().collect())
    }

    fn paired(&self, device: &DeviceId) -> Result<Device, HostError> {
        let mut all = self.devices()?.into_iter();
        let found = all.find(|row| row.is(device) && row.status() == DeviceStatus::Paired);
        found.ok_or_else(|| HostError::new(format!("{}: {device} is not paired", self.name)))
    }

    fn new_device(&mut self, kind: DeviceKind, device: &DeviceId) -> Result<NewDevice, HostError> {
        let key = SecretKey::generate(Suite::Bip340, &mut self.rng);
        let label = Text::new(&kind.to_string()).during("label")?;
        NewDevice::prove(kind, device, label, &key, &self.node.chain(), &self.account).during(&self.name)
    }

    async fn equip(&self, change: Equip) -> Result<Height, HostError> {
        let action = Action::Equip(Box::new(change));
        self.node.submit(&self.envelope(action, &self.patient.phone, &self.patient.home)?).await
    }
}
