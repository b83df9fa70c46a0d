//! What the simulated radio asks of a device.

use super::fault::Traffic;
use crate::codec::uuid::Uuid;
use crate::procedure::Uptime;
use crate::procedure::glucose_sync::AttError;

/// A simulated GATT server. Its time is the radio's.
pub trait Peripheral: Send + 'static {
    /// The characteristics a collector discovers.
    fn characteristics(&self) -> Vec<Uuid>;

    /// A collector enables notifications or indications.
    ///
    /// # Errors
    /// The ATT error the device answers with.
    fn subscribe(&mut self, characteristic: Uuid) -> Result<(), AttError>;

    /// A collector reads.
    ///
    /// # Errors
    /// The ATT error the device answers with; "attribute not found" unless overridden.
    fn read(&mut self, characteristic: Uuid, now: Uptime) -> Result<Vec<u8>, AttError> {
        let _ = (characteristic, now);
        Err(ATTRIBUTE_NOT_FOUND)
    }

    /// A collector writes with response.
    ///
    /// # Errors
    /// The ATT error the device answers with; "attribute not found" unless overridden.
    fn write(&mut self, characteristic: Uuid, bytes: &[u8], now: Uptime) -> Result<(), AttError> {
        let _ = (characteristic, bytes, now);
        Err(ATTRIBUTE_NOT_FOUND)
    }

    /// When the next notification or indication is to be sent, if one is known of.
    fn due(&self, now: Uptime) -> Option<Uptime>;

    /// The notification or indication that is due at `now`.
    fn next_value(&mut self, now: Uptime) -> Option<(Uuid, Vec<u8>)>;

    /// The last value arrived at the collector's radio. Only what is indicated needs it.
    fn confirmed(&mut self, characteristic: Uuid) {
        let _ = characteristic;
    }

    /// The link is down: subscriptions and running procedures are gone.
    fn unlink(&mut self);

    /// Which faults a value is subject to.
    fn traffic(&self, characteristic: Uuid) -> Traffic;
}

pub(super) const ATTRIBUTE_NOT_FOUND: AttError = AttError::from_number(0x0A);
