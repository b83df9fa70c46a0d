//! The grants at hand for one account and audience: what a decision looks at, however many grants there are.

use super::{AUDIENCE, Facts, Places};
use crate::{
    codec::{Canonical, CodecError, List},
    consent::grant::{Audience, GrantId, GrantRecord, audience_key},
    envelope::AccountId,
    state::{ReadTyped, StateError, StateKey},
};
use alloc::{sync::Arc, vec::Vec};
use borsh::{BorshDeserialize, BorshSerialize};
use core::any::Any;

/// Most grants kept at hand for one account and audience; see [`Facts::at_hand`].
pub const MAX_AT_HAND: usize = 64;

/// The names of the grants a decision looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AtHand(List<GrantId, MAX_AT_HAND>);

impl AtHand {
    /// These grants, oldest first.
    ///
    /// # Errors
    /// [`CodecError::TooMany`] above [`MAX_AT_HAND`].
    pub fn new(grants: Vec<GrantId>) -> Result<Self, CodecError> {
        List::new(grants).map(Self)
    }

    /// The names, oldest first.
    #[must_use]
    pub fn grants(&self) -> &[GrantId] {
        &self.0
    }
}

impl Canonical for AtHand {
    const MAX_BYTES: usize = 8 + MAX_AT_HAND * 16;
}

impl Places {
    /// The grants at hand for one account and audience.
    #[must_use]
    pub fn audience(&self, account: &AccountId, audience: &Audience) -> StateKey {
        self.key(AUDIENCE, &[audience_key(account, audience).as_bytes()])
    }
}

/// Where the grants at hand stand: a key costs a hash, and there are many.
struct HandKeys(Vec<StateKey>);

impl Facts<'_> {
    /// The grants a decision about this account and audience looks at: all that still stand, and of the ended ones the
    /// latest, as many as there is room for.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn at_hand(&self, account: &AccountId, audience: &Audience) -> Result<AtHand, StateError> {
        Ok(self.get(&self.places.audience(account, audience))?.unwrap_or_default())
    }

    /// The same grants themselves, added to `grants`, without reading again what the state remembers decoded.
    pub(crate) fn hand(
        &self,
        account: &AccountId,
        audience: &Audience,
        grants: &mut Vec<Arc<Option<GrantRecord>>>,
    ) -> Result<(), StateError> {
        let places = self.places;
        let keys = self.state.made(&places.audience(account, audience), |names: Option<AtHand>| {
            let names = names.unwrap_or_default();
            HandKeys(names.grants().iter().map(|name| places.grant(name)).collect())
        })?;
        for key in &keys.0 {
            grants.push(self.known(key)?);
        }
        Ok(())
    }

    /// A value of any kind, as [`Self::get`], without reading it again while the state remembers it decoded.
    pub(crate) fn known<T: Canonical + Any + Send + Sync>(&self, key: &StateKey) -> Result<Arc<Option<T>>, StateError> {
        self.state.made(key, |value| value)
    }
}
