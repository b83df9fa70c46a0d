//! The grants at hand for one account and audience: what a decision looks at, however many grants there are.

use super::{AUDIENCE, Facts, Places};
use crate::{
    codec::{Canonical, CodecError, List},
    consent::grant::{Audience, GrantId, GrantRecord, audience_key},
    envelope::AccountId,
    identity::Role,
    state::{CompleteList, ReadTyped, StateError, StateKey},
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

/// What every decision about an account asks first, whoever asks.
pub(crate) struct Surroundings {
    has_erasures: bool,
    /// Where the names at hand stand for the audiences of many: a key costs two hashes.
    shared: Vec<(Audience, StateKey)>,
}

impl Surroundings {
    /// Whether anything of the account was ever ordered to be erased.
    pub(crate) const fn has_erasures(&self) -> bool {
        self.has_erasures
    }
}

impl Facts<'_> {
    /// The grants a decision about this account and audience looks at: all that still stand, and of the ended ones the
    /// latest, as many as there is room for.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn at_hand(&self, account: &AccountId, audience: &Audience) -> Result<AtHand, StateError> {
        Ok(self.get(&self.places.audience(account, audience))?.unwrap_or_default())
    }

    /// What every decision about an account asks first, remembered with the account's list of erasures.
    pub(crate) fn surroundings(&self, account: &AccountId) -> Result<Arc<Surroundings>, StateError> {
        let places = self.places;
        self.state.made(&places.erasures(account).key(), |erasures: Option<CompleteList>| {
            let many = [Audience::Consortium, Audience::Public].into_iter().chain(Role::ALL.map(Audience::Role));
            let shared = many.map(|audience| (audience, places.audience(account, &audience))).collect();
            Surroundings { has_erasures: erasures.is_some(), shared }
        })
    }

    /// The same grants themselves, added to `grants`, without reading again what the state remembers decoded.
    pub(crate) fn hand(
        &self,
        account: &AccountId,
        audience: &Audience,
        around: &Surroundings,
        grants: &mut Vec<Arc<Option<GrantRecord>>>,
    ) -> Result<(), StateError> {
        let places = self.places;
        let shared = around.shared.iter().find(|(known, _)| known == audience).map(|(_, key)| *key);
        let names = shared.unwrap_or_else(|| places.audience(account, audience));
        let keys = self.state.made(&names, |names: Option<AtHand>| {
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
