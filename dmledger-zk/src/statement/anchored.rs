//! Something said of one reading of an anchored record, without showing the reading or any other.
//!
//! A record's readings are committed one by one ([`commit_values`](crate::commit::commit_values)); the ledger anchors the
//! RFC 6962 root over the commitments. A proof holds the reading's commitment, its path to the root, and a proof of what is
//! said of the commitment.

use super::{Prove, Statement, Verify};
use crate::{
    accumulator::Accumulator,
    commit::{Blinding, Commitment, Opening},
    error::{DecodeError, ProveError, Rejected, StatementError},
    group::ELEMENT_BYTES,
    range::RangeProof,
    sigma::RelationProof,
    transcript::Transcript,
};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{
    codec::{self, Bytes, Canonical},
    hash::{Digest, tree::InclusionProof},
};
use rand_core::CryptoRng;

/// What is said of a commitment once it is known.
pub(super) mod sealed {
    use super::{DecodeError, Opening, Prove, Statement, StatementError, Verify};
    use crate::{commit::Commitment, transcript::Transcript};

    /// A proof that stands inside one about an anchored reading.
    pub trait Inner: AsRef<[u8]> + Sized {
        /// Longest in bytes.
        const MAX_BYTES: usize;
        /// What it is called when it is malformed.
        const NAME: &'static str;

        fn read(bytes: &[u8]) -> Result<Self, DecodeError>;
    }

    /// What can be said of an anchored reading.
    pub trait Said {
        /// [`Statement::DOMAIN`] of the whole.
        const DOMAIN: &'static str;
        /// The statement about the commitment alone.
        type About: Prove + Verify + Statement<Proof = Self::Proof>;
        type Proof: Inner;

        /// Adds what is public beside the place.
        fn absorb(&self, transcript: &mut Transcript);

        fn about(&self, commitment: Commitment) -> Result<Self::About, StatementError>;

        fn witness(opening: &[Opening; 1]) -> &<Self::About as Statement>::Witness;
    }
}

use sealed::{Inner, Said};

impl Inner for RangeProof {
    const MAX_BYTES: usize = Self::MAX_BYTES;
    const NAME: &'static str = "range proof of a reading";

    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::from_bytes(bytes)
    }
}

impl Inner for RelationProof {
    const MAX_BYTES: usize = Self::MAX_BYTES;
    const NAME: &'static str = "consistency proof of a reading";

    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::from_bytes(bytes)
    }
}

/// Something is said of the reading at `index` of the record of `count` readings under `root`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchored<S> {
    root: Digest,
    count: u64,
    index: u64,
    said: S,
}

impl<S> Anchored<S> {
    /// # Errors
    /// [`StatementError::Position`] if the record has no such reading.
    pub(super) fn of(root: Digest, count: u64, index: u64, said: S) -> Result<Self, StatementError> {
        if index >= count {
            return Err(StatementError::Position { index, count });
        }
        Ok(Self { root, count, index, said })
    }

    /// The anchored root over the record's commitments.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// The number of readings of the record.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The place of the reading, counted from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    pub(super) const fn said(&self) -> &S {
        &self.said
    }

    fn holds(&self, commitment: Commitment, path: &InclusionProof) -> bool {
        path.verify(&self.root, self.index, self.count, commitment).is_ok()
    }
}

/// What the prover of a statement about an anchored reading knows: its opening and the way from its commitment to the root.
#[derive(Debug)]
pub struct ReadingWitness {
    opening: [Opening; 1],
    path: InclusionProof,
}

impl ReadingWitness {
    /// Takes the witness for one reading out of a record's commitments and openings.
    ///
    /// # Errors
    /// [`StatementError::Position`] if there is no such reading, or not one opening for each commitment.
    pub fn new(commitments: &[Commitment], openings: &[Opening], index: u64) -> Result<Self, StatementError> {
        let missing = StatementError::Position { index, count: openings.len().min(commitments.len()) as u64 };
        let place = usize::try_from(index).map_err(|_| missing)?;
        let opening = openings.get(place).ok_or(missing)?;
        let path = InclusionProof::build(commitments, index).map_err(|_| missing)?;
        let blinding = Blinding::from_scalar(*opening.blinding().scalar());
        Ok(Self { opening: [Opening::new(opening.value(), blinding)], path })
    }
}

/// A proof about an anchored reading: the canonical bytes of commitment, path and the proof of what is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchoredProof<P> {
    bytes: Vec<u8>,
    commitment: Commitment,
    path: InclusionProof,
    inner: P,
}

/// What travels; no kind of inner proof is longer than the bound, and each holds its own.
#[derive(BorshSerialize, BorshDeserialize)]
struct Wire {
    commitment: [u8; ELEMENT_BYTES],
    path: InclusionProof,
    inner: Bytes<LONGEST>,
}

const LONGEST: usize = {
    let (range, relation) = (RangeProof::MAX_BYTES, RelationProof::MAX_BYTES);
    if range > relation { range } else { relation }
};

impl Canonical for Wire {
    const MAX_BYTES: usize = AnchoredProof::<()>::around(LONGEST);
}

impl<P> AnchoredProof<P> {
    const fn around(inner: usize) -> usize {
        ELEMENT_BYTES + InclusionProof::MAX_BYTES + 4 + inner
    }

    /// The canonical bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The commitment to the reading; with the handle of a recipient, its ciphertext.
    #[must_use]
    pub const fn commitment(&self) -> &Commitment {
        &self.commitment
    }
}

impl<P: Inner> AnchoredProof<P> {
    /// Longest proof in bytes.
    pub const MAX_BYTES: usize = Self::around(P::MAX_BYTES);

    pub(super) fn new(commitment: Commitment, path: InclusionProof, inner: P) -> Result<Self, DecodeError> {
        let field = Bytes::new(inner.as_ref().to_vec()).map_err(|_| DecodeError::Malformed { what: P::NAME })?;
        let wire = Wire { commitment: *commitment.as_bytes(), path, inner: field };
        Ok(Self { bytes: codec::encode(&wire), commitment, path: wire.path, inner })
    }

    /// Reads a proof from its canonical bytes.
    ///
    /// # Errors
    /// [`DecodeError`] if any part is not canonical.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire: Wire = codec::decode(bytes).map_err(|_| DecodeError::Malformed { what: P::NAME })?;
        Ok(Self {
            bytes: bytes.to_vec(),
            commitment: Commitment::from_bytes(&wire.commitment)?,
            path: wire.path,
            inner: P::read(wire.inner.as_slice())?,
        })
    }
}

#[cfg(test)]
impl<P: Clone> AnchoredProof<P> {
    pub(super) fn path(&self) -> InclusionProof {
        self.path.clone()
    }
}

impl<P> AsRef<[u8]> for AnchoredProof<P> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<S: Said> Statement for Anchored<S> {
    const DOMAIN: &'static str = S::DOMAIN;
    type Witness = ReadingWitness;
    type Proof = AnchoredProof<S::Proof>;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append(b"root", self.root.as_bytes());
        transcript.append_number(b"count", self.count);
        transcript.append_number(b"index", self.index);
        self.said.absorb(transcript);
    }
}

impl<S: Said> Prove for Anchored<S> {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        mut transcript: Transcript,
        witness: &ReadingWitness,
        rng: &mut R,
    ) -> Result<Self::Proof, ProveError> {
        let [opening] = &witness.opening;
        let commitment = opening.commitment();
        if !self.holds(commitment, &witness.path) {
            return Err(ProveError::WrongOpening);
        }
        let about = self.said.about(commitment)?;
        about.absorb(&mut transcript);
        let inner = about.prove_on(transcript, S::witness(&witness.opening), rng)?;
        AnchoredProof::new(commitment, witness.path.clone(), inner).map_err(|_| ProveError::WrongOpening)
    }
}

impl<S: Said> Verify for Anchored<S> {
    fn equations(
        &self,
        mut transcript: Transcript,
        proof: &Self::Proof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        if !self.holds(proof.commitment, &proof.path) {
            return Err(Rejected);
        }
        let about = self.said.about(proof.commitment).map_err(|_| Rejected)?;
        about.absorb(&mut transcript);
        about.equations(transcript, &proof.inner, accumulator)
    }
}
