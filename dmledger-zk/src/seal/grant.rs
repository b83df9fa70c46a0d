//! What a patient hands a grantee: the terms of a grant and the range nodes that make it work.

use super::envelope::KindCode;
use super::error::{OpenError, SubKey};
use super::range_tree::{Cover, Epoch, EpochNumber, Leaf};
use super::slot::AccessPart;
use super::wrap::KemKeyId;
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;
use dmledger_core::codec::{self, Canonical, CodecError, List};
use dmledger_core::envelope::AccountId;
use dmledger_core::hash::{Digest, Hasher, tag};
use dmledger_core::time::{Height, Timestamp};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Most epochs one grant reaches into.
pub const MAX_EPOCHS: usize = 8;

/// The id of a grant, 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct GrantId([u8; 16]);

impl GrantId {
    /// Wraps 16 bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrantId({:032x})", u128::from_be_bytes(self.0))
    }
}

/// What a grantee may do, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct VerbBits(u8);

impl VerbBits {
    /// May read.
    pub const QUERY: Self = Self(1);
    /// May write a new version.
    pub const UPDATE: Self = Self(2);
    /// May read and write.
    pub const QUERY_AND_UPDATE: Self = Self(3);

    /// Whether everything that `other` allows is allowed.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Why the data is read: a code of the purpose vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct PurposeCode(u16);

impl PurposeCode {
    /// The purpose with this code.
    #[must_use]
    pub const fn new(code: u16) -> Self {
        Self(code)
    }

    /// The code.
    #[must_use]
    pub const fn code(self) -> u16 {
        self.0
    }
}

/// When a grant is valid: both its heights and its instants must hold; first included, last excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Validity {
    /// First height.
    pub from: Height,
    /// First height no longer valid.
    pub until: Height,
    /// First instant.
    pub begins: Timestamp,
    /// First instant no longer valid.
    pub ends: Timestamp,
}

/// The terms of a grant, as the patient chose them.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GrantTerms {
    /// The grant's id, the same on the ledger.
    pub grant: GrantId,
    /// The account whose records it opens.
    pub account: AccountId,
    /// The public key it is wrapped to.
    pub grantee: KemKeyId,
    /// The kind of data.
    pub kind: KindCode,
    /// What may be done.
    pub verbs: VerbBits,
    /// What for.
    pub purpose: PurposeCode,
    /// When.
    pub validity: Validity,
    /// How many reads, if limited.
    pub quota: Option<u32>,
}

/// A grant with its secret range nodes. Travels only wrapped to its grantee.
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

    /// The salted digest for the ledger, 32 bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Hasher::new(tag::SEAL_GRANT).chain(self.to_secret_bytes().as_slice()).finish()
    }

    /// The canonical bytes; they contain keys.
    pub(crate) fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Reserved in full, so that growing does not leave copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::MAX_BYTES));
        bytes.push(Self::VERSION);
        // Writing to memory cannot fail; a failure would leave bytes that no decoder accepts.
        let _ = self.serialize(&mut *bytes);
        bytes
    }

    /// Reads canonical bytes.
    pub(crate) fn from_secret_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes)
    }

    /// Whether the grant is valid at this height and block time.
    pub(crate) fn check_validity(&self, height: Height, time: Timestamp) -> Result<(), OpenError> {
        let Validity { from, until, begins, ends } = self.terms.validity;
        if height < from || time < begins {
            return Err(OpenError::NotYetValid { from, begins });
        }
        if height >= until || time >= ends {
            return Err(OpenError::Expired { until, ends });
        }
        Ok(())
    }

    /// The cover and leaf that `access` needs.
    pub(crate) fn leaf(&self, access: &AccessPart) -> Result<(&Cover, Leaf), OpenError> {
        let of_epoch = |number: EpochNumber| self.covers.iter().filter(move |cover| cover.epoch().number() == number);
        if of_epoch(access.epoch()).next().is_none() {
            let which = vec![SubKey::RangeNodes(access.epoch())];
            return Err(OpenError::MissingSubKey { have: 0, need: 1, which });
        }
        let found = of_epoch(access.epoch()).find_map(|cover| Some((cover, cover.leaf(access.bucket()).ok()?)));
        Ok(found.ok_or(super::range_tree::OutsideRange)?)
    }
}
