//! Equipping: devices and gateways are paired, replaced and retired.

use super::{
    Fault, Frame, Handler, Refusal,
    handler::{counts, require},
};
use crate::{
    account::{
        Account, Authority, KeyClass, MAX_GATEWAYS,
        device::{Device, DeviceStatus, NewDevice, list_member},
    },
    codec::List,
    key::{PublicKey, batch::Claim},
    state::{
        Delta, StateError,
        tables::{Facts, Places},
    },
    time::Moment,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// Changes which devices may author an account's entries.
///
/// Pairing and replacing are endorsed as the policy asks, retiring also by any one of the patient's keys alone. From the
/// block that retires a device its entries are refused, and its key, should it stand in the policy, counts for nothing.
/// A retired key does not come back; the device may, with a fresh one.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Equip {
    /// Lets one more device author entries.
    Pair(NewDevice) = 1,
    /// Lets a device take the place of another.
    Replace {
        /// Key of the one that goes.
        old: PublicKey,
        /// The one that comes.
        new: NewDevice,
    } = 2,
    /// De-registers a device.
    Retire {
        /// Its key.
        key: PublicKey,
    } = 3,
}

impl Equip {
    const fn incoming(&self) -> Option<&NewDevice> {
        match self {
            Self::Pair(new) | Self::Replace { new, .. } => Some(new),
            Self::Retire { .. } => None,
        }
    }

    const fn outgoing(&self) -> Option<PublicKey> {
        match self {
            Self::Pair(_) => None,
            Self::Replace { old, .. } => Some(*old),
            Self::Retire { key } => Some(*key),
        }
    }
}

impl Handler for Equip {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account().map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        let authority = if self.incoming().is_some() { Authority::Policy } else { Authority::Closing };
        require(authority, &account, frame, facts, at)?;
        if let Some(old) = self.outgoing() {
            let device = facts.device(&id, &old)?.ok_or(Refusal::UnknownDevice)?;
            if let Some(height) = device.ended() {
                return Err(Refusal::DeviceRetired { height }.into());
            }
        }
        let Some(new) = self.incoming() else { return Ok(()) };
        if facts.device(&id, &new.key())?.is_some() {
            return Err(Refusal::DeviceExists.into());
        }
        let room = account.gateways().len().saturating_sub(usize::from(self.outgoing().is_some())) < MAX_GATEWAYS;
        if room { Ok(()) } else { Err(Refusal::TooManyDevices { max: MAX_GATEWAYS }.into()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (id, places) = (frame.account()?, Places::new(frame.chain()));
        let account = Facts::new(frame.chain(), state).account(&id)?.ok_or(Refusal::UnknownAccount)?;
        let mut keys: Vec<_> = account.gateways().to_vec();
        if let Some(old) = self.outgoing() {
            let device = Facts::new(frame.chain(), state).device(&id, &old)?.ok_or(Refusal::UnknownDevice)?;
            let ended = match self.incoming() {
                Some(new) => DeviceStatus::Replaced { height: at.height, by: new.key() },
                None => DeviceStatus::Retired { height: at.height },
            };
            state.put(places.device(&id, &list_member(&old)), &device.end(ended))?;
            keys.retain(|key| *key != old);
        }
        if let Some(new) = self.incoming() {
            let number = places.devices(&id).leaf(state)?.count();
            register(&Device::new(new, id, number, at.height), &places, state)?;
            keys.push(new.key());
        }
        let gateways = List::new(keys).map_err(|_| Refusal::TooManyDevices { max: MAX_GATEWAYS })?;
        Ok(state.put(places.account(&id), &account.equip(gateways))?)
    }

    fn claims(&self, frame: &Frame<'_>) -> Vec<Claim> {
        let Ok(account) = frame.account() else { return Vec::new() };
        self.incoming().map(|new| new.claim(&frame.chain(), &account)).into_iter().collect()
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Policy)
    }
}

/// Writes a device's row and its place in the account's list.
pub(super) fn register(device: &Device, places: &Places, state: &mut Delta<'_>) -> Result<(), Fault> {
    let (account, member) = (device.account(), list_member(&device.key()));
    state.put(places.device(&account, &member), device)?;
    Ok(places.devices(&account).push(&member, state)?)
}

/// Whether this key may author entries of the account: a paired device's, or an institution's in its policy while it is
/// a member. A gateway that was retired may still stand in the policy; it writes nothing any more.
pub(super) fn may_author(
    account: &Account,
    key: &PublicKey,
    facts: &Facts<'_>,
    at: Moment,
) -> Result<bool, StateError> {
    let cosigner = account.policy().class_of(key) == Some(KeyClass::Cosigner);
    Ok(account.gateways().contains(key) || cosigner && counts(key, account, facts, at)?)
}
