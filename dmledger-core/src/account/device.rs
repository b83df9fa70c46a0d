//! Devices and gateways: the keys that may author an account's entries, paired, replaced and retired.
//!
//! Every device an account ever had stays in its list. A device is told by a mark, the keyed digest of what identifies
//! it: whoever holds a reading and knows its device can tell which key stands for it; the ledger shows no serial number,
//! and one device in two accounts has two marks.

use crate::{
    codec::{Canonical, Text},
    envelope::{AccountId, ChainId},
    hash::{Digest, Hasher, tag},
    key::{KeyError, PublicKey, SecretKey, Signature, batch::Claim},
    record::provenance::DeviceId,
    time::Height,
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// Longest label in bytes.
pub const MAX_LABEL_BYTES: usize = 32;

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum DeviceKind {
    /// The home gateway.
    Gateway = 1,
    /// A blood-glucose meter.
    GlucoseMeter = 2,
    /// A continuous glucose sensor.
    GlucoseSensor = 3,
    /// A blood-pressure cuff.
    BloodPressure = 4,
    /// A wearable: heart rate, sleep, activity.
    Wearable = 5,
    /// The camera over the dining table.
    TableCamera = 6,
    /// Anything else.
    Other = 255,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gateway => "gateway",
            Self::GlucoseMeter => "glucose meter",
            Self::GlucoseSensor => "glucose sensor",
            Self::BloodPressure => "blood-pressure cuff",
            Self::Wearable => "wearable",
            Self::TableCamera => "table camera",
            Self::Other => "device",
        })
    }
}

/// What a device is called within one account: a digest of its identification that is keyed by the account.
#[must_use]
pub fn mark(account: &AccountId, device: &DeviceId) -> Digest {
    Hasher::new(tag::DEVICE_MARK).chain(account.as_bytes()).chain(device.as_bytes()).finish()
}

/// What an account's complete list of devices holds for a key.
#[must_use]
pub fn list_member(key: &PublicKey) -> Digest {
    Hasher::new(tag::DEVICE_KEY).chain(key.as_bytes()).finish()
}

/// A device to be paired: its key, and its proof that it holds that key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct NewDevice {
    key: PublicKey,
    kind: DeviceKind,
    mark: Digest,
    label: Text<MAX_LABEL_BYTES>,
    possession: Signature,
}

impl NewDevice {
    /// The device signs that it shall author entries of this account.
    ///
    /// # Errors
    /// [`KeyError`] if the key cannot sign.
    pub fn prove(
        kind: DeviceKind,
        device: &DeviceId,
        label: Text<MAX_LABEL_BYTES>,
        key: &SecretKey,
        chain: &ChainId,
        account: &AccountId,
    ) -> Result<Self, KeyError> {
        let (mark, public) = (mark(account, device), key.public());
        let possession = key.sign(&statement(chain, account, &public, kind, &mark))?;
        Ok(Self { key: public, kind, mark, label, possession })
    }

    /// Its key.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> DeviceKind {
        self.kind
    }

    /// What has to be checked for the proof of possession to count.
    #[must_use]
    pub fn claim(&self, chain: &ChainId, account: &AccountId) -> Claim {
        let digest = statement(chain, account, &self.key, self.kind, &self.mark);
        Claim { key: self.key, digest, signature: self.possession }
    }
}

fn statement(chain: &ChainId, account: &AccountId, key: &PublicKey, kind: DeviceKind, mark: &Digest) -> Digest {
    Hasher::new(tag::DEVICE_POSSESSION)
        .chain(chain.as_bytes())
        .chain(account.as_bytes())
        .chain(key.as_bytes())
        .chain([kind as u8])
        .chain(mark)
        .finish()
}

/// Whether a device may author entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum DeviceStatus {
    /// It may.
    Paired = 1,
    /// Another took its place in the block at this height, that block included.
    Replaced {
        /// Height of the block.
        height: Height,
        /// The key of the other.
        by: PublicKey,
    } = 2,
    /// De-registered in the block at this height, that block included.
    Retired {
        /// Height of the block.
        height: Height,
    } = 3,
}

/// A device as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Device {
    account: AccountId,
    number: u64,
    key: PublicKey,
    kind: DeviceKind,
    mark: Digest,
    label: Text<MAX_LABEL_BYTES>,
    paired: Height,
    status: DeviceStatus,
}

impl Device {
    /// The account's device `number` (from 0), paired by the block at `paired`.
    #[must_use]
    pub fn new(device: &NewDevice, account: AccountId, number: u64, paired: Height) -> Self {
        let NewDevice { key, kind, mark, label, .. } = device.clone();
        Self { account, number, key, kind, mark, label, paired, status: DeviceStatus::Paired }
    }

    /// A gateway named when the account was opened: known by its key alone.
    #[must_use]
    pub fn at_opening(key: PublicKey, account: AccountId, number: u64, paired: Height) -> Self {
        let (kind, mark, label) = (DeviceKind::Gateway, Digest::ZERO, Text::default());
        Self { account, number, key, kind, mark, label, paired, status: DeviceStatus::Paired }
    }

    /// Whose account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// Its place in the account's list of devices, from 0.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Its key.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> DeviceKind {
        self.kind
    }

    /// Whether it is the device with this identification. A gateway named at the opening is known by its key alone.
    #[must_use]
    pub fn is(&self, device: &DeviceId) -> bool {
        self.mark == mark(&self.account, device)
    }

    /// What the patient calls it; may be empty.
    #[must_use]
    pub fn label(&self) -> &str {
        self.label.as_str()
    }

    /// Height of the block that paired it.
    #[must_use]
    pub const fn paired(&self) -> Height {
        self.paired
    }

    /// Whether it may author entries.
    #[must_use]
    pub const fn status(&self) -> DeviceStatus {
        self.status
    }

    /// The height since which it may not, if it may not.
    #[must_use]
    pub const fn ended(&self) -> Option<Height> {
        match self.status {
            DeviceStatus::Paired => None,
            DeviceStatus::Replaced { height, .. } | DeviceStatus::Retired { height } => Some(height),
        }
    }

    /// The same device after its end; the first end stands.
    #[must_use]
    pub const fn end(mut self, status: DeviceStatus) -> Self {
        if matches!(self.status, DeviceStatus::Paired) {
            self.status = status;
        }
        self
    }
}

impl Canonical for Device {
    const MAX_BYTES: usize = 256;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Suite;

    #[test]
    fn one_device_in_two_accounts_has_two_marks_and_no_serial_number_shows() {
        let device = DeviceId::of(b"maker/model/1");
        let account = |n| AccountId::new(Digest::new([n; 32]));
        assert_ne!(mark(&account(1), &device), mark(&account(2), &device));
        assert_ne!(mark(&account(1), &device), mark(&account(1), &DeviceId::of(b"maker/model/2")));
    }

    #[test]
    fn possession_is_proved_for_one_account_of_one_network() {
        let key = SecretKey::from_bytes(Suite::Bip340, [7; 32]).unwrap();
        let (chain, account) = (ChainId::new(Digest::new([1; 32])), AccountId::new(Digest::new([2; 32])));
        let (id, label) = (DeviceId::of(b"m"), Text::new("kitchen").unwrap());
        let new = NewDevice::prove(DeviceKind::GlucoseMeter, &id, label, &key, &chain, &account).unwrap();
        assert!(new.claim(&chain, &account).holds());
        assert!(!new.claim(&ChainId::new(Digest::ZERO), &account).holds());
        assert!(!new.claim(&chain, &AccountId::new(Digest::ZERO)).holds());
        let renamed = NewDevice { kind: DeviceKind::Gateway, ..new.clone() };
        assert!(!renamed.claim(&chain, &account).holds());
        let device = Device::new(&new, account, 0, Height::new(5));
        assert!(device.is(&id) && !device.is(&DeviceId::of(b"n")));
        assert_eq!((device.label(), device.ended()), ("kitchen", None));
        let retired = device.end(DeviceStatus::Retired { height: Height::new(6) });
        let again = retired.clone().end(DeviceStatus::Retired { height: Height::new(9) });
        assert_eq!((retired.ended(), &again), (Some(Height::new(6)), &retired));
    }
}
