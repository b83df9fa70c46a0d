//! Checking any mix of proofs at once, and naming the bad ones.
//!
//! All proofs are given first; only then the weights are drawn, from a generator seeded with a hash of every statement,
//! context and proof together with fresh randomness. If the sum is not the identity, halves are summed until every bad
//! proof stands alone: the right half's sum is the whole minus the left, so one bad proof costs about one more sum.

use crate::{
    accumulator::{Accumulator, Terms},
    context::Context,
    error::Rejected,
    group::{IsIdentity as _, Point},
    statement::Verify,
    transcript::Transcript,
};
use core::{fmt, ops::Range};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use rand_core::CryptoRng;
use sha3::{Digest as _, Sha3_256};

/// Tag of the hash that seeds the weights.
pub const WEIGHTS_TAG: &str = "dmledger/zk/batch-weights/v1";

/// The place of a proof in its batch, counted from 0 in the order of [`BatchVerifier::add`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(usize);

impl Ticket {
    /// The place.
    #[must_use]
    pub const fn place(self) -> usize {
        self.0
    }
}

/// Proofs of any families that are checked together.
pub struct BatchVerifier<'a> {
    members: Vec<Box<dyn Member + 'a>>,
    seed: Sha3_256,
}

impl fmt::Debug for BatchVerifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchVerifier").field("members", &self.members.len()).finish_non_exhaustive()
    }
}

impl Default for BatchVerifier<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> BatchVerifier<'a> {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        let seed = Sha3_256::new().chain_update([WEIGHTS_TAG.len() as u8]).chain_update(WEIGHTS_TAG);
        Self { members: Vec::new(), seed }
    }

    /// Adds a proof; the ticket names it if it turns out bad.
    pub fn add<S: Verify>(&mut self, statement: &'a S, context: &Context, proof: &'a S::Proof) -> Ticket {
        let transcript = Transcript::bind(context, statement);
        let bytes = proof.as_ref();
        let mut whole = transcript.clone();
        statement.absorb_rest(&mut whole);
        self.seed.update(whole.digest());
        self.seed.update((bytes.len() as u64).to_le_bytes());
        self.seed.update(bytes);
        self.members.push(Box::new(Claimed { statement, transcript, proof }));
        Ticket(self.members.len() - 1)
    }

    /// The number of proofs added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether no proof was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Checks all proofs. An empty batch holds.
    ///
    /// # Errors
    /// The tickets of all proofs that do not hold, in order.
    pub fn finish<R: CryptoRng + ?Sized>(self, rng: &mut R) -> Result<(), Vec<Ticket>> {
        let mut fresh = [0; 32];
        rng.fill_bytes(&mut fresh);
        self.finish_with(fresh)
    }

    /// Checks all proofs with weights from the hash of the batch and these bytes.
    pub(crate) fn finish_with(self, fresh: [u8; 32]) -> Result<(), Vec<Ticket>> {
        let mut weights = ChaCha20Rng::from_seed(self.seed.chain_update(fresh).finalize().into());
        let mut bad = Vec::new();
        let (mut places, mut terms) = (Vec::new(), Vec::new());
        for (place, member) in self.members.iter().enumerate() {
            let mut accumulator = Accumulator::new(&mut weights);
            match member.emit(&mut accumulator) {
                Ok(()) => {
                    places.push(place);
                    terms.push(accumulator.into_terms());
                }
                Err(Rejected) => bad.push(place),
            }
        }
        let mut search = Search { terms: &terms, found: Vec::new() };
        search.descend(0..terms.len(), Terms::sum(terms.iter()));
        bad.extend(search.found.iter().filter_map(|&found| places.get(found)));
        bad.sort_unstable();
        if bad.is_empty() { Ok(()) } else { Err(bad.into_iter().map(Ticket).collect()) }
    }
}

/// A proof of some family, its type forgotten.
trait Member {
    fn emit(&self, accumulator: &mut Accumulator<'_>) -> Result<(), Rejected>;
}

struct Claimed<'a, S: Verify> {
    statement: &'a S,
    transcript: Transcript,
    proof: &'a S::Proof,
}

impl<S: Verify> Member for Claimed<'_, S> {
    fn emit(&self, accumulator: &mut Accumulator<'_>) -> Result<(), Rejected> {
        self.statement.equations(self.transcript.clone(), self.proof, accumulator)
    }
}

/// Bisection over the members whose sum is not the identity.
struct Search<'a> {
    terms: &'a [Terms],
    found: Vec<usize>,
}

impl Search<'_> {
    fn descend(&mut self, range: Range<usize>, sum: Point) {
        if sum.is_identity() {
            return;
        }
        if range.len() <= 1 {
            self.found.extend(range);
            return;
        }
        let middle = range.start + range.len() / 2;
        let left = Terms::sum(self.terms.iter().take(middle).skip(range.start));
        self.descend(range.start..middle, left);
        self.descend(middle..range.end, sum - left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commit::{Blinding, Commitment, Opening},
        range::{Bits, FitsBits, RangeProof},
        statement::Prove as _,
        testing,
    };

    /// Its transcript does not hold them before the first message.
    #[test]
    fn weights_depend_on_the_commitments_of_a_range_statement_too() {
        let [first, second] = [1, 2].map(|place| Opening::new(100, Blinding::derive(&[1; 32], place)));
        let fits = |commitment: Commitment| FitsBits::new(&[commitment], Bits::Eight).unwrap();
        let (own, other) = (fits(first.commitment()), fits(second.commitment()));
        let proof = own.prove(&testing::context(), &[first], &mut testing::rng(1)).unwrap();
        let seed = |statement: &FitsBits, proof: &RangeProof| {
            let mut batch = BatchVerifier::new();
            batch.add(statement, &testing::context(), proof);
            batch.seed.clone().finalize()
        };
        assert_eq!(seed(&own, &proof), seed(&own, &proof));
        assert_ne!(seed(&own, &proof), seed(&other, &proof));
    }
}
