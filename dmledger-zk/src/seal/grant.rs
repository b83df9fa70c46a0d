//! What a patient hands a grantee: the terms of a grant and the range nodes that make it work.

use super::error::{OpenError, SubKey};
use super::gate::Committee;
use super::range_tree::{Cover, Epoch, HourKeys, OutsideRange};
use super::slot::AccessPart;
use super::wrap::secret_bytes;
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::codec::{Canonical, CodecError, List};
use dmledger_core::consent::GrantId;
use dmledger_core::envelope::AccountId;
use dmledger_core::hash::{Digest, Hasher, tag};
use dmledger_core::record::kind::DataKind;
use dmledger_core::scope::{PurposeSet, Validity, VerbSet};
use dmledger_core::time::{Height, Timestamp};
use rand_core::CryptoRng;

/// Most epochs one grant reaches into.
pub const MAX_EPOCHS: usize = 8;

/// The terms of a grant, as the patient chose them.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GrantTerms {
    /// The grant's id, the same on the ledger.
    pub grant: GrantId,
    /// The account whose records it opens.
    pub account: AccountId,
    /// The kind of data.
    pub kind: DataKind,
    /// What may be done.
    pub verbs: VerbSet,
    /// What for.
    pub purposes: PurposeSet,
    /// When.
    pub validity: Validity,
    /// How many requests, if limited.
    pub quota: Option<u32>,
}

/// A grant with its secret range nodes. Travels only wrapped to a grantee; who that is stands in the wrap, so that
/// a grant to a role is one body wrapped to each of its members.
///
/// The ledger carries [`GrantBody::digest`]; the salt makes that digest tell nothing about the terms.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub struct GrantBody {
    salt: [u8; 32],
    terms: GrantTerms,
    covers: List<Cover, MAX_EPOCHS>,
}

impl Canonical for GrantBody {
    // Salt, terms (under 160 bytes), and covers of at most 30 nodes.
    const MAX_BYTES: usize = 1 + 32 + 160 + 4 + MAX_EPOCHS * (32 + 30 * 32);
}

impl GrantBody {
    /// Puts terms and range nodes together, one cover an epoch.
    ///
    /// # Errors
    /// [`CodecError::TooMany`] above [`MAX_EPOCHS`] covers.
    pub fn new(terms: GrantTerms, covers: Vec<Cover>, rng: &mut impl CryptoRng) -> Result<Self, CodecError> {
        let mut salt = [0; 32];
        rng.fill_bytes(&mut salt);
        Ok(Self { salt, terms, covers: List::new(covers)? })
    }

    /// The terms.
    #[must_use]
    pub const fn terms(&self) -> &GrantTerms {
        &self.terms
    }

    /// The epochs it reaches into.
    pub fn epochs(&self) -> impl Iterator<Item = Epoch> + '_ {
        self.covers.iter().map(Cover::epoch)
    }

    /// The committee that guards the epoch of `access`, if the grant reaches into it and one does.
    #[must_use]
    pub fn committee(&self, access: &AccessPart) -> Option<Committee> {
        let of_epoch = self.covers.iter().filter(|cover| cover.epoch().number() == access.epoch());
        of_epoch.filter_map(Cover::committee).find(|committee| committee.id() == access.committee())
    }

    /// The salted digest for the ledger, 32 bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Hasher::new(tag::SEAL_GRANT).chain(secret_bytes(self).as_slice()).finish()
    }

    /// Whether the grant is valid at this height and block time.
    pub(crate) fn check_validity(&self, height: Height, time: Timestamp) -> Result<(), OpenError> {
        let validity = &self.terms.validity;
        if validity.holds(height, time) {
            Ok(())
        } else if validity.is_over(height, time) {
            Err(OpenError::Expired { until: validity.until(), ends: validity.time().end() })
        } else {
            Err(OpenError::NotYetValid { from: validity.from(), begins: validity.time().start() })
        }
    }

    /// The cover and hours that `access` needs.
    pub(crate) fn hour_keys(&self, access: &AccessPart) -> Result<(&Cover, HourKeys), OpenError> {
        let of_epoch = || self.covers.iter().filter(|cover| cover.epoch().number() == access.epoch());
        if of_epoch().next().is_none() {
            let which = vec![SubKey::RangeNodes(access.epoch())];
            return Err(OpenError::MissingSubKey { have: 0, need: 1, which });
        }
        Ok(of_epoch().find_map(|cover| Some((cover, cover.hour_keys(access.buckets()).ok()?))).ok_or(OutsideRange)?)
    }
}
