//! One reading of an anchored record lies in an interval; no other reading is touched, and the value stays hidden.
//!
//! The statement is [`InInterval`] about the reading's commitment, see [`super::anchored`].

use super::anchored::{Anchored, AnchoredProof, sealed::Said};
use crate::{
    commit::{Commitment, Opening},
    error::StatementError,
    range::{InInterval, Interval, RangeProof},
    transcript::Transcript,
};
use dmledger_core::hash::{Digest, tree::Tree};

pub use super::anchored::ReadingWitness;

/// The value root of a record: the RFC 6962 root over the commitments to its readings, in their order.
#[must_use]
pub fn value_root(commitments: &[Commitment]) -> Digest {
    commitments.iter().collect::<Tree>().root()
}

/// The reading at `index` of the record of `count` readings under `root` lies in an interval.
pub type ReadingInRange = Anchored<Interval>;

/// A proof of [`ReadingInRange`]: the canonical bytes of commitment, path and range proof.
pub type ReadingProof = AnchoredProof<RangeProof>;

impl ReadingInRange {
    /// States it of an anchored record.
    ///
    /// # Errors
    /// [`StatementError::Position`] if the record has no such reading.
    pub fn new(root: Digest, count: u64, index: u64, interval: Interval) -> Result<Self, StatementError> {
        Self::of(root, count, index, interval)
    }

    /// The interval, in the unit of the committed values.
    #[must_use]
    pub const fn interval(&self) -> Interval {
        *self.said()
    }
}

impl Said for Interval {
    const DOMAIN: &'static str = "dmledger/zk/reading-in-range/v1";
    type About = InInterval;
    type Proof = RangeProof;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append_number(b"low", self.low());
        transcript.append_number(b"high", self.high());
    }

    fn about(&self, commitment: Commitment) -> Result<InInterval, StatementError> {
        InInterval::new(&[commitment], *self)
    }

    fn witness(opening: &[Opening; 1]) -> &[Opening] {
        opening
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        batch::BatchVerifier,
        commit::{Blinding, commit_values},
        error::{ProveError, Rejected},
        statement::{Prove as _, Statement as _, Verify as _},
        testing,
    };

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
        let range = statement.interval().about(commitment).unwrap();
        let mut transcript = Transcript::bind(&testing::context(), &statement);
        range.absorb(&mut transcript);
        let range = range.prove_on(transcript, &[foreign], &mut testing::rng(1)).unwrap();
        let forged = ReadingProof::new(commitment, proof.path(), range).unwrap();
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
