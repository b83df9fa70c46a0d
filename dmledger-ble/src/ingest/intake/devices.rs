//! Which devices an intake takes readings of: those that the ledger lists as paired in an account of the patient.
//!
//! The ledger knows a device by a mark (`dmledger_core::account::device`); the gateway knows its identification and
//! tells which row is its. Pairing, replacement and de-registration are actions of the patient
//! (`dmledger_core::action::Equip`); a gateway reads the account's complete list with its proof, and tells the intake.

use dmledger_core::account::{Device as Listed, DeviceStatus};
use dmledger_core::record::DeviceId;
use dmledger_core::time::Timestamp;

use super::entry::Entry;
use super::{Intake, IntakeError};
use crate::ingest::Device;
use crate::ingest::journal::Journal;

impl<J: Journal> Intake<J> {
    /// A device belongs to the patient from this time on, and is known as well as its link says. `listed` are the rows of
    /// the accounts that its readings go to, whose proofs the caller has checked.
    ///
    /// # Errors
    /// [`IntakeError::NotPaired`] when none of the rows is this device's and still paired; [`IntakeError::Journal`].
    pub fn register(&mut self, device: &Device, from: Timestamp, listed: &[&Listed]) -> Result<(), IntakeError> {
        if !paired(&device.id(), listed) {
            return Err(IntakeError::NotPaired);
        }
        self.commit(vec![Entry::Registered { device: device.id(), from, assurance: device.assurance() }])
    }

    /// Holds the devices against the ledger's lists: one that is paired in none of them any more, replaced or
    /// de-registered, is the patient's no more from `at` on, the time of the block that the lists were read after. Says
    /// which. To be called with the complete lists of all accounts whenever a block may have changed them.
    ///
    /// # Errors
    /// [`IntakeError::Journal`]; nothing changed then.
    pub fn follow(&mut self, listed: &[&Listed], at: Timestamp) -> Result<Vec<DeviceId>, IntakeError> {
        let current = self.devices.iter().filter(|(_, known)| known.from.is_some() && known.until.is_none());
        let gone: Vec<_> = current.map(|(device, _)| *device).filter(|device| !paired(device, listed)).collect();
        self.commit(gone.iter().map(|device| Entry::Retired { device: *device, until: at }).collect())?;
        Ok(gone)
    }

    /// A device belongs to the patient no more from this time on, whatever the ledger says: it was lost, and the patient
    /// has yet to sign.
    ///
    /// # Errors
    /// [`IntakeError::Unknown`] for a device that was never registered, [`IntakeError::Journal`].
    pub fn retire(&mut self, device: DeviceId, until: Timestamp) -> Result<(), IntakeError> {
        if self.devices.get(&device).and_then(|known| known.from).is_none() {
            return Err(IntakeError::Unknown);
        }
        self.commit(vec![Entry::Retired { device, until }])
    }
}

/// Whether a row is this device's and has not ended. One that came back has an ended row and a later one.
fn paired(device: &DeviceId, listed: &[&Listed]) -> bool {
    listed.iter().any(|row| row.status() == DeviceStatus::Paired && row.is(device))
}
