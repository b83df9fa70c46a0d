//! The light client: headers, quorum certificates and validator-set changes from genesis, without storage and without
//! a rule. A phone or a home gateway checks a grant, its absence or an access log against the root it trusts.
//!
//! Trust begins with the validators of genesis and moves on by [`LightClient::advance`]: to the next header, or over
//! many at once. A jump is accepted only if a quorum of the validators trusted *before* it signed too, and only while
//! that trust is young enough: keys of validators long gone prove nothing (the long-range attack).
//!
//! A verdict is about one height. [`LightClient::fresh`] gives the root only while it is recent enough for the caller's
//! purpose; a stale one is refused, not used.

use crate::{
    block::{BlockError, Header},
    codec::Canonical,
    envelope::ChainId,
    hash::{Digest, tree::InclusionProof},
    quorum::{BlockId, QuorumCertificate, QuorumError, ValidatorSet},
    time::{Height, Timestamp},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::time::Duration;
use thiserror::Error;

/// A header with the certificate that makes it final, and what has to be known to go on from it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct LightUpdate {
    header: Header,
    certificate: QuorumCertificate,
    validators: Option<ValidatorSet>,
    next_validators: Option<ValidatorSet>,
}

impl LightUpdate {
    /// A decided header. `validators`, who decided it, and `next_validators`, who decide the one after it, may be left
    /// out where they are the ones the client trusts already.
    #[must_use]
    pub const fn new(
        header: Header,
        certificate: QuorumCertificate,
        validators: Option<ValidatorSet>,
        next_validators: Option<ValidatorSet>,
    ) -> Self {
        Self { header, certificate, validators, next_validators }
    }

    /// The header, unverified.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }
}

impl Canonical for LightUpdate {
    const MAX_BYTES: usize = Header::MAX_BYTES + QuorumCertificate::MAX_BYTES + 2 * ValidatorSet::MAX_BYTES + 8;
}

/// How long trust lasts and how far clocks may be apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument")]
pub struct TrustPolicy {
    /// How long validators are believed after the header that named them. Shorter than the time in which a validator
    /// that misbehaved can be held to account.
    pub period: Duration,
    /// How far a header's time may lie ahead of the client's clock.
    pub skew: Duration,
}

impl Default for TrustPolicy {
    /// Two weeks, and half a minute.
    fn default() -> Self {
        Self { period: Duration::from_secs(14 * 86_400), skew: Duration::from_secs(30) }
    }
}

/// What a light client believes: one header of one network, and who decides the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightClient {
    chain: ChainId,
    policy: TrustPolicy,
    height: Height,
    time: Timestamp,
    /// Not known before the first header.
    header: Option<Header>,
    /// Who decides the header after the trusted one.
    validators: ValidatorSet,
}

impl LightClient {
    /// Trusts what genesis says: network, time, and who decides block 1.
    #[must_use]
    pub const fn begin(chain: ChainId, genesis: Timestamp, validators: ValidatorSet, policy: TrustPolicy) -> Self {
        Self { chain, policy, height: Height::GENESIS, time: genesis, header: None, validators }
    }

    /// Trusts a header that the holder verified before, for example in an earlier session.
    ///
    /// # Errors
    /// [`LightError::WrongChain`]; [`LightError::MissingValidators`] if `next_validators` is not the set it names.
    pub fn resume(
        chain: ChainId,
        header: Header,
        next_validators: ValidatorSet,
        policy: TrustPolicy,
    ) -> Result<Self, LightError> {
        if header.chain != chain {
            return Err(LightError::WrongChain);
        }
        if header.next_validators != next_validators.digest() {
            return Err(LightError::MissingValidators { height: header.height.next() });
        }
        let (height, time) = (header.height, header.time);
        Ok(Self { chain, policy, height, time, header: Some(header), validators: next_validators })
    }

    /// Height of the trusted header.
    #[must_use]
    pub const fn height(&self) -> Height {
        self.height
    }

    /// The trusted header; `None` at genesis.
    #[must_use]
    pub const fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The network.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// Who decides the next header.
    #[must_use]
    pub const fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    /// The trusted state root, if it is no older than `age` by the client's clock.
    ///
    /// # Errors
    /// [`LightError::Stale`], [`LightError::NoHeader`].
    pub fn fresh(&self, age: Duration, now: Timestamp) -> Result<Digest, LightError> {
        let header = self.header.as_ref().ok_or(LightError::NoHeader)?;
        if now.since(header.time) > age {
            return Err(LightError::Stale { height: self.height, time: self.time });
        }
        Ok(header.state_root)
    }

    /// Moves on to a later header, by the client's clock `now`. After an error the client is where it was.
    ///
    /// # Errors
    /// [`LightError`] with the first thing that does not hold.
    pub fn advance(&mut self, update: &LightUpdate, now: Timestamp) -> Result<(), LightError> {
        let header = &update.header;
        self.check_times(header, now)?;
        let adjacent = header.height == self.height.next();
        if adjacent && self.header.as_ref().is_some_and(|trusted| trusted.id() != header.parent) {
            return Err(LightError::Block(BlockError::WrongParent));
        }
        let deciding = self.deciding(update, adjacent)?;
        let certificate = &update.certificate;
        if certificate.height() != header.height || certificate.block() != header.id() {
            return Err(LightError::Block(BlockError::WrongCertificate));
        }
        certificate.verify(&self.chain, deciding)?;
        if !adjacent {
            self.check_overlap(certificate, deciding)?;
        }
        let next = if header.next_validators == deciding.digest() {
            deciding.clone()
        } else {
            let named = update.next_validators.as_ref().filter(|set| set.digest() == header.next_validators);
            named.cloned().ok_or(LightError::MissingValidators { height: header.height.next() })?
        };
        self.height = header.height;
        self.time = header.time;
        self.header = Some(header.clone());
        self.validators = next;
        Ok(())
    }

    /// Checks that `header` is one of the blocks before the trusted one, so that its state root can be used for
    /// questions about its height.
    ///
    /// # Errors
    /// [`LightError::NotInHistory`], [`LightError::NoHeader`].
    pub fn includes(&self, header: &Header, proof: &InclusionProof) -> Result<(), LightError> {
        let trusted = self.header.as_ref().ok_or(LightError::NoHeader)?;
        let id: BlockId = header.id();
        proof
            .verify(&trusted.history_root, header.height.value(), trusted.height.value(), id.as_bytes())
            .map_err(|_| LightError::NotInHistory)
    }

    fn check_times(&self, header: &Header, now: Timestamp) -> Result<(), LightError> {
        if header.chain != self.chain {
            return Err(LightError::WrongChain);
        }
        if header.height <= self.height {
            return Err(LightError::NotLater { height: self.height });
        }
        if header.time <= self.time {
            return Err(LightError::Block(BlockError::TimeNotAfterParent));
        }
        if header.time > now.plus(self.policy.skew) {
            return Err(LightError::FromTheFuture { time: header.time });
        }
        if now.since(self.time) > self.policy.period {
            return Err(LightError::TrustExpired { height: self.height, time: self.time });
        }
        Ok(())
    }

    /// The set that decided the header: the trusted one, or after a jump the one that came with it.
    fn deciding<'a>(&'a self, update: &'a LightUpdate, adjacent: bool) -> Result<&'a ValidatorSet, LightError> {
        let named = update.header.validators;
        if named == self.validators.digest() {
            return Ok(&self.validators);
        }
        if adjacent {
            return Err(LightError::Block(BlockError::ValidatorSet));
        }
        let set = update.validators.as_ref().filter(|set| set.digest() == named);
        set.ok_or(LightError::MissingValidators { height: update.header.height })
    }

    /// Whether enough of those trusted before the jump signed, with the keys they were trusted with.
    fn check_overlap(&self, certificate: &QuorumCertificate, deciding: &ValidatorSet) -> Result<(), LightError> {
        let kept = |signer| {
            let (before, now) = (self.validators.get(signer)?, deciding.get(signer)?);
            (before.key() == now.key()).then_some(before.power())
        };
        let have = certificate.signatures().iter().filter_map(|(signer, _)| kept(signer)).sum();
        let need = self.validators.quorum_power();
        if have < need { Err(LightError::TooFar { have, need }) } else { Ok(()) }
    }
}

/// Why a header was not believed, or a root not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LightError {
    /// Of another network.
    #[error("header of another network")]
    WrongChain,
    /// Not after the trusted header.
    #[error("header is not later than height {height}")]
    NotLater {
        /// Trusted height.
        height: Height,
    },
    /// Its time lies ahead of the client's clock.
    #[error("header is of {time}, which is still to come")]
    FromTheFuture {
        /// Time of the header.
        time: Timestamp,
    },
    /// The trusted header is too old to tell who decides now; a new one has to come from somebody trusted.
    #[error("trust in height {height} of {time} has run out")]
    TrustExpired {
        /// Trusted height.
        height: Height,
        /// Its time.
        time: Timestamp,
    },
    /// The trusted root is older than asked for.
    #[error("last known state is of height {height} and {time}: too old for this question")]
    Stale {
        /// Trusted height.
        height: Height,
        /// Its time.
        time: Timestamp,
    },
    /// No header has been seen yet.
    #[error("no header is known yet")]
    NoHeader,
    /// The set that decides a height did not come with the header that needs it.
    #[error("validators of height {height} are not known")]
    MissingValidators {
        /// Which height.
        height: Height,
    },
    /// Too few of the validators trusted before the jump signed.
    #[error("trusted validators signed with power {have}, a jump takes {need}")]
    TooFar {
        /// Power of the trusted signers.
        have: u64,
        /// Power that would be enough.
        need: u64,
    },
    /// The header is not among the blocks before the trusted one.
    #[error("header is not in the trusted history")]
    NotInHistory,
    /// It does not link.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// Its certificate does not hold.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
}

#[cfg(test)]
mod tests;
