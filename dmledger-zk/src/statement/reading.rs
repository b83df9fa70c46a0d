//! One reading of an anchored record lies in an interval; no other reading is touched, and the value stays hidden.
//!
//! A record's readings are committed one by one ([`commit_values`](crate::commit::commit_values)); the ledger anchors the
//! RFC 6962 root over the commitments. The proof holds the reading's commitment, its path to the root and a range proof.

use super::{Prove, Statement, Verify};
use crate::{
    accumulator::Accumulator,
    commit::{Blinding, Commitment, Opening},
    error::{DecodeError, ProveError, Rejected, StatementError},
    group::ELEMENT_BYTES,
    range::{InInterval, Interval, RangeProof},
    transcript::Transcript,
};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{
    codec::{self, Bytes, Canonical},
    hash::{
        Digest,
        tree::{InclusionProof, Tree},
    },
};
use rand_core::CryptoRng;

/// The value root of a record: the RFC 6962 root over the commitments to its readings, in their order.
#[must_use]
pub fn value_root(commitments: &[Commitment]) -> Digest {
    commitments.iter().collect::<Tree>().root()
}

/// The reading at `index` of the record of `count` readings under `root` lies in an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingInRange {
    root: Digest,
    count: u64,
    index: u64,
    interval: Interval,
}

impl ReadingInRange {
    /// States it of an anchored record.
    ///
    /// # Errors
    /// [`StatementError::Position`] if the record has no such reading.
    pub const fn new(root: Digest, count: u64, index: u64, interval: Interval) -> Result<Self, StatementError> {
        if index >= count {
            return Err(StatementError::Position { index, count });
        }
        Ok(Self { root, count, index, interval })
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

    /// The interval, in the unit of the committed values.
    #[must_use]
    pub const fn interval(&self) -> Interval {
        self.interval
    }

    fn range(&self, commitment: Commitment) -> Result<InInterval, StatementError> {
        InInterval::new(&[commitment], self.interval)
    }
}

/// What the prover of [`ReadingInRange`] knows: the reading's opening and the way from its commitment to the root.
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

    pub(super) const fn opening(&self) -> &Opening {
        let [opening] = &self.opening;
        opening
    }

    pub(super) const fn path(&self) -> &InclusionProof {
        &self.path
    }
}

/// A proof of [`ReadingInRange`]: the canonical bytes of commitment, path and range proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingProof {
    bytes: Vec<u8>,
    commitment: Commitment,
    path: InclusionProof,
    range: RangeProof,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct Wire {
    commitment: [u8; ELEMENT_BYTES],
    path: InclusionProof,
    range: Bytes<{ RangeProof::MAX_BYTES }>,
}

impl Canonical for Wire {
    const MAX_BYTES: usize = ReadingProof::MAX_BYTES;
}

impl ReadingProof {
    /// Longest proof in bytes.
    pub const MAX_BYTES: usize = ELEMENT_BYTES + InclusionProof::MAX_BYTES + 4 + RangeProof::MAX_BYTES;

    fn new(commitment: Commitment, path: InclusionProof, range: RangeProof) -> Result<Self, DecodeError> {
        let field =
            Bytes::new(range.as_bytes().to_vec()).map_err(|_| DecodeError::Malformed { what: "range proof" })?;
        let wire = Wire { commitment: *commitment.as_bytes(), path, range: field };
        Ok(Self { bytes: codec::encode(&wire), commitment, path: wire.path, range })
    }

    /// Reads a proof from its canonical bytes.
    ///
    /// # Errors
    /// [`DecodeError`] if any part is not canonical.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire: Wire = codec::decode(bytes).map_err(|_| DecodeError::Malformed { what: "reading proof" })?;
        Ok(Self {
            bytes: bytes.to_vec(),
            commitment: Commitment::from_bytes(&wire.commitment)?,
            path: wire.path,
            range: RangeProof::from_bytes(wire.range.as_slice())?,
        })
    }

    /// The canonical bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The commitment to the reading.
    #[must_use]
    pub const fn commitment(&self) -> &Commitment {
        &self.commitment
    }
}

impl AsRef<[u8]> for ReadingProof {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Statement for ReadingInRange {
    const DOMAIN: &'static str = "dmledger/zk/reading-in-range/v1";
    type Witness = ReadingWitness;
    type Proof = ReadingProof;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append(b"root", self.root.as_bytes());
        transcript.append_number(b"count", self.count);
        transcript.append_number(b"index", self.index);
        transcript.append_number(b"low", self.interval.low());
        transcript.append_number(b"high", self.interval.high());
    }
}

impl Prove for ReadingInRange {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        mut transcript: Transcript,
        witness: &ReadingWitness,
        rng: &mut R,
    ) -> Result<ReadingProof, ProveError> {
        let [opening] = &witness.opening;
        let commitment = opening.commitment();
        let path = witness.path.clone();
        path.verify(&self.root, self.index, self.count, commitment).map_err(|_| ProveError::WrongOpening)?;
        let range = self.range(commitment)?;
        range.absorb(&mut transcript);
        let range = range.prove_on(transcript, &witness.opening, rng)?;
        ReadingProof::new(commitment, path, range).map_err(|_| ProveError::WrongOpening)
    }
}

impl Verify for ReadingInRange {
    fn equations(
        &self,
        mut transcript: Transcript,
        proof: &ReadingProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        proof.path.verify(&self.root, self.index, self.count, proof.commitment).map_err(|_| Rejected)?;
        let range = self.range(proof.commitment).map_err(|_| Rejected)?;
        range.absorb(&mut transcript);
        range.equations(transcript, &proof.range, accumulator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{batch::BatchVerifier, commit::commit_values, testing};

    const VALUES: [u64; 7] = [612, 700, 1_043, 1_288, 1_800, 1_801, 2_345];

    fn interval() -> Interval {
        Interval::new(700, 1_800).unwrap()
    }

    fn prove(index: u64) -> (ReadingInRange, Result<ReadingProof, ProveError>) {
        let (commitments, openings) = commit_values(&VALUES, &[6; 32]);
        let statement = ReadingInRange::new(value_root(&commitments), 7, index, interval()).unwrap();
        let witness = ReadingWitness::new(&commitments, &openings, index).unwrap();
        let proof = statement.prove(&testing::context(), &witness, &mut testing::rng(index));
        (statement, proof)
    }

    #[test]
    fn exactly_the_readings_inside_can_be_shown() {
        let proved: Vec<_> = (0..7).map(prove).collect();
        let mut batch = BatchVerifier::new();
        for ((statement, proof), value) in proved.iter().zip(VALUES) {
            assert_eq!(proof.is_ok(), interval().contains(value), "{value}");
            match proof {
                Ok(proof) => {
                    assert_eq!(statement.verify(&testing::context(), proof), Ok(()));
                    assert_eq!(ReadingProof::from_bytes(proof.as_bytes()).as_ref(), Ok(proof));
                    batch.add(statement, &testing::context(), proof);
                }
                Err(error) => assert_eq!(*error, ProveError::False),
            }
        }
        assert_eq!((batch.len(), batch.finish(&mut testing::rng(1))), (4, Ok(())));
    }

    #[test]
    fn the_witness_of_another_record_or_place_is_said_before_proving() {
        let (commitments, openings) = commit_values(&VALUES, &[6; 32]);
        let (others, _) = commit_values(&VALUES, &[7; 32]);
        let witness = ReadingWitness::new(&commitments, &openings, 2).unwrap();
        for (root, index) in [(value_root(&others), 2), (value_root(&commitments), 3)] {
            let statement = ReadingInRange::new(root, 7, index, interval()).unwrap();
            let proof = statement.prove(&testing::context(), &witness, &mut testing::rng(1));
            assert_eq!(proof, Err(ProveError::WrongOpening));
        }
        let none = ReadingWitness::new(&commitments, &openings, 7).err();
        assert_eq!(none, Some(StatementError::Position { index: 7, count: 7 }));
        assert!(ReadingInRange::new(value_root(&others), 7, 7, interval()).is_err());
    }

    #[test]
    fn another_root_count_place_interval_or_context_is_rejected() {
        let (statement, proof) = prove(2);
        let proof = proof.unwrap();
        let (others, _) = commit_values(&VALUES, &[7; 32]);
        let root = statement.root();
        let wider = Interval::new(699, 1_800).unwrap();
        let wrong = [
            ReadingInRange::new(value_root(&others), 7, 2, interval()),
            ReadingInRange::new(root, 8, 2, interval()),
            ReadingInRange::new(root, 7, 3, interval()),
            ReadingInRange::new(root, 7, 2, wider),
        ];
        for statement in wrong {
            assert_eq!(statement.unwrap().verify(&testing::context(), &proof), Err(Rejected));
        }
        for context in testing::every_other_context(&testing::context()) {
            assert_eq!(statement.verify(&context, &proof), Err(Rejected));
        }
    }

    #[test]
    fn a_commitment_that_is_not_in_the_record_is_rejected_although_its_range_holds() {
        let (statement, proof) = prove(2);
        let proof = proof.unwrap();
        let foreign = Opening::new(1_000, Blinding::derive(&[8; 32], 0));
        let commitment = foreign.commitment();
        let range = statement.range(commitment).unwrap();
        let mut transcript = Transcript::bind(&testing::context(), &statement);
        range.absorb(&mut transcript);
        let range = range.prove_on(transcript, &[foreign], &mut testing::rng(1)).unwrap();
        let forged = ReadingProof::new(commitment, proof.path, range).unwrap();
        assert_eq!(statement.verify(&testing::context(), &forged), Err(Rejected));
    }

    #[test]
    fn every_flipped_byte_and_every_truncation_is_refused() {
        let (statement, proof) = prove(2);
        let bytes = proof.unwrap().as_bytes().to_vec();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            let Ok(changed) = ReadingProof::from_bytes(&changed) else { continue };
            assert_eq!(statement.verify(&testing::context(), &changed), Err(Rejected), "byte {at}");
        }
        for end in 0..bytes.len() {
            assert!(ReadingProof::from_bytes(&bytes[..end]).is_err(), "{end} bytes");
        }
        assert!(ReadingProof::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    }
}
