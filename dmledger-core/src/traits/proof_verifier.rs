//! How the ledger uses proofs without knowing their mathematics.

use crate::{
    codec::{Bytes, Canonical, CodecError, List, Text},
    envelope::{AccountId, ChainId},
    hash::Digest,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;
use thiserror::Error;

/// Longest statement in bytes: a quarter of days with everything public about them.
pub const MAX_STATEMENT_BYTES: usize = 40 * 1024;
/// Longest proof in bytes.
pub const MAX_PROOF_BYTES: usize = 16 * 1024;
/// Most anchored digests one claim is about: the days of a quarter and some to spare.
pub const MAX_ANCHORS: usize = 128;

/// The number of a family of proofs. Numbers are given once and never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct ProofFamily(u16);

impl ProofFamily {
    /// One reading of an anchored record lies in an interval.
    pub const READING_IN_RANGE: Self = Self(1);
    /// Committed values each lie in one interval.
    pub const VALUES_IN_INTERVAL: Self = Self(2);
    /// Committed values each fit into a number of bits.
    pub const VALUES_FIT_BITS: Self = Self(3);
    /// The digest of a sealed day is that of its readings.
    pub const DAY_HISTOGRAM: Self = Self(4);
    /// Bounds of the readings of several sealed days: time in range, mean, GMI, GRI, number of readings.
    pub const DAYS_BOUNDS: Self = Self(5);
    /// A bound of the coefficient of variation of several sealed days.
    pub const DAYS_VARIATION: Self = Self(6);
    /// One reading of an anchored record is encrypted to keys.
    pub const READING_ENCRYPTED: Self = Self(7);
    /// Somebody of an anchored set speaks, unnamed, within a scope in which each is heard once.
    pub const MEMBERSHIP: Self = Self(8);

    /// The family with this number.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Debug for ProofFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProofFamily({})", self.0)
    }
}

/// What a proof is bound to besides its statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct ProofContext {
    chain: ChainId,
    subject: AccountId,
    epoch: u64,
    purpose: Text<64>,
    audience: Digest,
}

impl ProofContext {
    /// Binds ledger, account, epoch of the account's keys, purpose and verifier.
    ///
    /// `audience` is 32 bytes the verifier chose: the hash of its key, with a fresh number where a proof must not be
    /// shown twice.
    ///
    /// # Errors
    /// [`CodecError`] if the purpose is longer than 64 bytes, [`CodecError::Malformed`] if it is empty.
    pub fn new(
        chain: ChainId,
        subject: AccountId,
        epoch: u64,
        purpose: &str,
        audience: Digest,
    ) -> Result<Self, CodecError> {
        if purpose.is_empty() {
            return Err(CodecError::Malformed);
        }
        Ok(Self { chain, subject, epoch, purpose: Text::new(purpose)?, audience })
    }

    /// The ledger.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// The account the data belong to.
    #[must_use]
    pub const fn subject(&self) -> AccountId {
        self.subject
    }

    /// The epoch of the account's keys.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Why the proof is made.
    #[must_use]
    pub fn purpose(&self) -> &str {
        self.purpose.as_str()
    }

    /// For whom the proof is made.
    #[must_use]
    pub const fn audience(&self) -> Digest {
        self.audience
    }
}

/// A statement about anchored data and its proof, as they travel.
///
/// The ledger checks that context and anchors are what it knows; the verifier checks that the proof shows the statement
/// about exactly these anchors.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ProofClaim {
    family: ProofFamily,
    context: ProofContext,
    anchors: List<Digest, MAX_ANCHORS>,
    statement: Bytes<MAX_STATEMENT_BYTES>,
    proof: Bytes<MAX_PROOF_BYTES>,
}

impl Canonical for ProofClaim {
    const MAX_BYTES: usize = 256 + 32 * MAX_ANCHORS + MAX_STATEMENT_BYTES + MAX_PROOF_BYTES;
}

impl ProofClaim {
    /// Puts a claim together. Nothing is verified.
    ///
    /// # Errors
    /// [`CodecError`] if a part is longer than its cap.
    pub fn new(
        family: ProofFamily,
        context: ProofContext,
        anchors: Vec<Digest>,
        statement: Vec<u8>,
        proof: Vec<u8>,
    ) -> Result<Self, CodecError> {
        let (statement, proof) = (Bytes::new(statement)?, Bytes::new(proof)?);
        Ok(Self { family, context, anchors: List::new(anchors)?, statement, proof })
    }

    /// The family, which gives statement and proof their meaning.
    #[must_use]
    pub const fn family(&self) -> ProofFamily {
        self.family
    }

    /// What the proof is bound to.
    #[must_use]
    pub const fn context(&self) -> &ProofContext {
        &self.context
    }

    /// The anchored digests the statement is about, in the order the family says.
    #[must_use]
    pub fn anchors(&self) -> &[Digest] {
        &self.anchors
    }

    /// The public part of the statement besides the anchors.
    #[must_use]
    pub fn statement(&self) -> &[u8] {
        self.statement.as_slice()
    }

    /// What the ledger accepts once and never again, under whatever proof: of a [`ProofFamily::MEMBERSHIP`] claim the
    /// nullifier, the 32 bytes after the version byte of its statement.
    #[must_use]
    pub fn mark(&self) -> Option<Digest> {
        let (mark, _) = self.statement().get(1..)?.split_first_chunk::<32>()?;
        (self.family == ProofFamily::MEMBERSHIP).then_some(Digest::new(*mark))
    }

    /// The proof.
    #[must_use]
    pub fn proof(&self) -> &[u8] {
        self.proof.as_slice()
    }
}

/// What a verification costs, in group elements of its multiscalar multiplication (4 to 12 microseconds each).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProofCost(u64);

impl ProofCost {
    /// The cost of this many group elements.
    #[must_use]
    pub const fn elements(number: u64) -> Self {
        Self(number)
    }

    /// The number of group elements.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Why a claim is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofRefusal {
    /// This verifier does not know the family.
    #[error("unknown proof family {}", .0.number())]
    UnknownFamily(ProofFamily),
    /// Statement, anchors or proof are not canonical bytes of the family.
    #[error("malformed {what}")]
    Malformed {
        /// The part that was malformed.
        what: &'static str,
    },
    /// The proof does not show the statement in this context.
    #[error("proof rejected")]
    Rejected,
}

/// A claim of a batch that is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("claim {place}: {refusal}")]
pub struct BadClaim {
    /// Its place in the slice given.
    pub place: usize,
    /// Why.
    pub refusal: ProofRefusal,
}

/// Checks claims; called by the ledger, implemented by `dmledger-zk`.
///
/// The verdict on a claim is a function of the claim alone: the same on every node, alone or in any batch, first or last.
/// (A verifier that batches with random weights errs with probability below 2^-100.) No method panics on any input.
pub trait ProofVerifier: Send + Sync {
    /// What checking the claim costs, told from its family and lengths before any of the work is done, so that a block's
    /// limit can be enforced first. Deterministic.
    ///
    /// # Errors
    /// [`ProofRefusal::UnknownFamily`] or [`ProofRefusal::Malformed`].
    fn cost(&self, claim: &ProofClaim) -> Result<ProofCost, ProofRefusal>;

    /// Checks all claims of a block at once.
    ///
    /// # Errors
    /// Every claim that is not accepted, in the order of their places.
    fn verify_all(&self, claims: &[ProofClaim]) -> Result<(), Vec<BadClaim>>;

    /// Checks one claim.
    ///
    /// # Errors
    /// [`ProofRefusal`].
    fn verify(&self, claim: &ProofClaim) -> Result<(), ProofRefusal> {
        self.verify_all(core::slice::from_ref(claim))
            .map_err(|bad| bad.first().map_or(ProofRefusal::Rejected, |bad| bad.refusal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::{decode, encode},
        hash::{tag, tagged},
    };
    use alloc::vec;

    fn claim() -> ProofClaim {
        let digest = |text: &[u8]| tagged(tag::BLOCK, text);
        let (chain, subject) = (ChainId::new(digest(b"chain")), AccountId::new(digest(b"account")));
        let context = ProofContext::new(chain, subject, 3, "study", digest(b"verifier")).unwrap();
        ProofClaim::new(ProofFamily::READING_IN_RANGE, context, vec![digest(b"day")], vec![1, 2], vec![3, 4, 5])
            .unwrap()
    }

    #[test]
    fn a_claim_reads_back_and_no_truncation_does() {
        let bytes = encode(&claim());
        assert_eq!(decode(&bytes), Ok(claim()));
        for end in 0..bytes.len() {
            assert!(decode::<ProofClaim>(&bytes[..end]).is_err(), "accepted {end} bytes");
        }
    }

    #[test]
    fn the_largest_claim_fits_its_cap() {
        let small = claim();
        let largest = ProofClaim::new(
            small.family(),
            ProofContext::new(small.context.chain, small.context.subject, 0, &"p".repeat(64), Digest::ZERO).unwrap(),
            vec![Digest::ZERO; MAX_ANCHORS],
            vec![0; MAX_STATEMENT_BYTES],
            vec![0; MAX_PROOF_BYTES],
        )
        .unwrap();
        assert_eq!(decode(&encode(&largest)), Ok(largest));
        let over = |anchors, statement, proof| {
            let context = small.context.clone();
            ProofClaim::new(small.family, context, vec![Digest::ZERO; anchors], vec![0; statement], vec![0; proof])
        };
        assert!(over(MAX_ANCHORS + 1, 0, 0).is_err());
        assert!(over(0, MAX_STATEMENT_BYTES + 1, 0).is_err());
        assert!(over(0, 0, MAX_PROOF_BYTES + 1).is_err());
    }

    #[test]
    fn a_context_without_a_purpose_cannot_be_made() {
        let context = claim().context;
        assert!(ProofContext::new(context.chain, context.subject, 0, "", Digest::ZERO).is_err());
        assert!(ProofContext::new(context.chain, context.subject, 0, &"p".repeat(65), Digest::ZERO).is_err());
    }

    #[test]
    fn the_encoding_of_a_claim_is_fixed() {
        use alloc::string::ToString as _;
        assert_eq!(tagged(tag::BLOCK, &encode(&claim())).to_string(), FIXED);
    }
    const FIXED: &str = "fcc8cf7e7b7e15cad98b417e2dd0ffd690d58345cb0d1a384ce995340fafbce3";
}
