//! Who decides the order of blocks, how a vote is worded, and what proves that enough of them agreed.

pub mod evidence;
mod proposal;

pub use evidence::Evidence;
pub use proposal::Proposal;

use crate::{
    codec::{Canonical, List},
    envelope::{ChainId, digest_newtype},
    hash::{Digest, Hasher, tag},
    key::{PublicKey, Signature, batch},
    time::Height,
};
use alloc::vec::Vec;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error as IoError, ErrorKind, Read, Result as IoResult},
};
use core::fmt;
use thiserror::Error;

/// Most validators a network has.
pub const MAX_VALIDATORS: usize = 256;
/// Bound of the sum of all voting powers; products with 3 stay far inside 64 bits.
pub const MAX_TOTAL_POWER: u64 = 1 << 60;

/// A block's identity: the tagged digest of its header.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct BlockId(Digest);
digest_newtype!(BlockId);

/// A validator's short name in votes: the first 20 bytes of the tagged digest of its key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Address([u8; 20]);

impl Address {
    /// The address of a validator key.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let digest = Hasher::new(tag::ADDRESS).chain(key.as_bytes()).finish();
        let mut short = [0; 20];
        short.copy_from_slice(digest.as_bytes().split_at(20).0);
        Self(short)
    }

    /// Wraps 20 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A validator's key and voting power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Validator {
    key: PublicKey,
    power: u64,
}

impl Validator {
    /// A validator; power 0 is refused by the set.
    #[must_use]
    pub const fn new(key: PublicKey, power: u64) -> Self {
        Self { key, power }
    }

    /// The key its votes verify under.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// Its share of the vote.
    #[must_use]
    pub const fn power(&self) -> u64 {
        self.power
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::of(&self.key)
    }
}

/// The validators of one height, ascending by address, each once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct ValidatorSet {
    validators: List<Validator, MAX_VALIDATORS>,
    #[borsh(skip)]
    addresses: Vec<Address>,
}

impl ValidatorSet {
    /// Sorts by address.
    ///
    /// # Errors
    /// [`QuorumError::NoValidators`], [`QuorumError::DuplicateValidator`], [`QuorumError::BadPower`] for a power of zero
    /// or a sum above [`MAX_TOTAL_POWER`], [`QuorumError::TooManyValidators`].
    pub fn new(mut validators: Vec<Validator>) -> Result<Self, QuorumError> {
        validators.sort_by_cached_key(Validator::address);
        Self::sorted(List::new(validators).map_err(|_| QuorumError::TooManyValidators)?)
    }

    fn sorted(validators: List<Validator, MAX_VALIDATORS>) -> Result<Self, QuorumError> {
        if validators.is_empty() {
            return Err(QuorumError::NoValidators);
        }
        let mut total = 0_u64;
        for validator in &validators {
            total = total.saturating_add(validator.power);
            if validator.power == 0 || total > MAX_TOTAL_POWER {
                return Err(QuorumError::BadPower);
            }
        }
        let addresses: Vec<_> = validators.iter().map(Validator::address).collect();
        if !addresses.windows(2).all(|pair| matches!(pair, [a, b] if a < b)) {
            return Err(QuorumError::DuplicateValidator);
        }
        Ok(Self { validators, addresses })
    }

    /// The validator with this address.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&Validator> {
        self.validators.get(self.addresses.binary_search(address).ok()?)
    }

    /// All validators, ascending by address.
    pub fn iter(&self) -> core::slice::Iter<'_, Validator> {
        self.validators.iter()
    }

    /// The addresses, ascending.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// How many there are; never zero.
    #[must_use]
    pub fn count(&self) -> usize {
        self.validators.len()
    }

    /// Sum of all powers.
    #[must_use]
    pub fn total_power(&self) -> u64 {
        self.validators.iter().map(Validator::power).sum()
    }

    /// Least power that is a quorum: more than two thirds of the total.
    #[must_use]
    pub fn quorum_power(&self) -> u64 {
        self.total_power() * 2 / 3 + 1
    }

    /// What a header commits to.
    #[must_use]
    pub fn digest(&self) -> Digest {
        crate::hash::of(tag::VALIDATORS, self)
    }
}

impl Canonical for ValidatorSet {
    const MAX_BYTES: usize = 16 + MAX_VALIDATORS * 41;
}

impl BorshDeserialize for ValidatorSet {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let validators = List::deserialize_reader(reader)?;
        Self::sorted(validators).map_err(|_| IoError::new(ErrorKind::InvalidData, "not a validator set"))
    }
}

/// The two rounds of voting (Tendermint, Buchman, Kwon, Milosevic 2018).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has two kinds of vote")]
pub enum VoteKind {
    /// "This proposal is acceptable to me."
    Prevote = 1,
    /// "I have seen a quorum of prevotes and am locked on it."
    Precommit = 2,
}

/// A vote, before it is signed. `block` is `None` for a vote for nothing in this round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Vote {
    /// Which round of voting.
    pub kind: VoteKind,
    /// Height voted on.
    pub height: Height,
    /// Round of that height.
    pub round: u32,
    /// What is voted for.
    pub block: Option<BlockId>,
    /// Who votes.
    pub voter: Address,
}

impl Canonical for Vote {
    const MAX_BYTES: usize = 80;
}

impl Vote {
    /// What the validator key signs: the chain and every field. Votes of one network are void on another that shares keys.
    #[must_use]
    pub fn digest(&self, chain: &ChainId) -> Digest {
        Hasher::new(tag::VOTE).chain(chain.as_bytes()).chain(crate::codec::encode(self)).finish()
    }
}

/// Proof that a quorum of a height's validators committed to one block: their precommits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct QuorumCertificate {
    height: Height,
    round: u32,
    block: BlockId,
    signatures: List<(Address, Signature), MAX_VALIDATORS>,
}

impl QuorumCertificate {
    /// Sorts the signatures by address.
    ///
    /// # Errors
    /// [`QuorumError::DuplicateSigner`], [`QuorumError::TooManyValidators`].
    pub fn new(
        height: Height,
        round: u32,
        block: BlockId,
        mut signatures: Vec<(Address, Signature)>,
    ) -> Result<Self, QuorumError> {
        signatures.sort_by_key(|(address, _)| *address);
        let signatures = List::new(signatures).map_err(|_| QuorumError::TooManyValidators)?;
        if !ascending(&signatures) {
            return Err(QuorumError::DuplicateSigner);
        }
        Ok(Self { height, round, block, signatures })
    }

    /// Height that was decided.
    #[must_use]
    pub const fn height(&self) -> Height {
        self.height
    }

    /// Round it was decided in.
    #[must_use]
    pub const fn round(&self) -> u32 {
        self.round
    }

    /// Block that was decided.
    #[must_use]
    pub const fn block(&self) -> BlockId {
        self.block
    }

    /// The precommits, ascending by address.
    #[must_use]
    pub fn signatures(&self) -> &[(Address, Signature)] {
        &self.signatures
    }

    /// Checks that validators of `set` holding a quorum signed this decision on `chain`.
    ///
    /// # Errors
    /// [`QuorumError::UnknownSigner`], [`QuorumError::BelowQuorum`], [`QuorumError::BadSignature`].
    pub fn verify(&self, chain: &ChainId, set: &ValidatorSet) -> Result<(), QuorumError> {
        let mut power = 0;
        let mut claims = Vec::with_capacity(self.signatures.len());
        for (voter, signature) in &self.signatures {
            let validator = set.get(voter).ok_or(QuorumError::UnknownSigner { signer: *voter })?;
            power += validator.power();
            claims.push(batch::Claim {
                key: validator.key(),
                digest: self.precommit(*voter).digest(chain),
                signature: *signature,
            });
        }
        if power < set.quorum_power() {
            return Err(QuorumError::BelowQuorum { have: power, need: set.quorum_power() });
        }
        batch::verify(&claims).map_err(|positions| {
            let first = positions.first().and_then(|position| self.signatures.get(*position));
            first.map_or(QuorumError::NoValidators, |(signer, _)| QuorumError::BadSignature { signer: *signer })
        })
    }

    fn precommit(&self, voter: Address) -> Vote {
        Vote { kind: VoteKind::Precommit, height: self.height, round: self.round, block: Some(self.block), voter }
    }
}

impl Canonical for QuorumCertificate {
    const MAX_BYTES: usize = 64 + MAX_VALIDATORS * 85;
}

impl BorshDeserialize for QuorumCertificate {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (height, round, block) = <(Height, u32, BlockId)>::deserialize_reader(reader)?;
        let signatures = List::deserialize_reader(reader)?;
        if !ascending(&signatures) {
            return Err(IoError::new(ErrorKind::InvalidData, "signers out of order"));
        }
        Ok(Self { height, round, block, signatures })
    }
}

fn ascending(signatures: &[(Address, Signature)]) -> bool {
    signatures.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if a < b))
}

/// Why a validator set or a certificate was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QuorumError {
    /// A set without validators decides nothing.
    #[error("no validators")]
    NoValidators,
    /// More than [`MAX_VALIDATORS`].
    #[error("more than {MAX_VALIDATORS} validators")]
    TooManyValidators,
    /// A key stands in the set twice.
    #[error("validator listed twice")]
    DuplicateValidator,
    /// A power of zero, or a sum beyond [`MAX_TOTAL_POWER`].
    #[error("voting power out of range")]
    BadPower,
    /// One validator signed twice in a certificate.
    #[error("validator signed twice")]
    DuplicateSigner,
    /// A signer who is not in the set of that height.
    #[error("{signer} is not a validator of this height")]
    UnknownSigner {
        /// The foreign address.
        signer: Address,
    },
    /// Not enough power behind the decision.
    #[error("signed by power {have}, a quorum is {need}")]
    BelowQuorum {
        /// Power of the signers.
        have: u64,
        /// Power that would be enough.
        need: u64,
    },
    /// A precommit that does not verify.
    #[error("signature of validator {signer} does not verify")]
    BadSignature {
        /// Whose signature.
        signer: Address,
    },
}

#[cfg(test)]
mod tests;
