//! One of several relations holds; which one stays hidden (Cramer, Damgard, Schoenmakers 1994).
//!
//! Every relation gets a challenge of its own, and their sum must be the transcript's. The prover chooses all but one
//! freely, which lets it simulate those, and the last is then forced. Both kinds of branch cost the same work.

use super::{MAX_TERMS, Relation, Run, Witness, check_elements};
use crate::{
    accumulator::Accumulator,
    error::{DecodeError, ProveError, Rejected, StatementError},
    group::{self, ELEMENT_BYTES, Point, Scalar},
    statement::{Prove, Statement, Verify},
    transcript::Transcript,
};
use rand_core::CryptoRng;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::Zeroizing;

/// At least one of these relations holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnyOf(Vec<Relation>);

impl AnyOf {
    /// Most relations.
    pub const MAX_RELATIONS: usize = 64;

    /// States that one of the relations holds.
    ///
    /// # Errors
    /// [`StatementError::Count`] for fewer than 2 or more than [`Self::MAX_RELATIONS`].
    pub fn new(relations: Vec<Relation>) -> Result<Self, StatementError> {
        let count = relations.len();
        if !(2..=Self::MAX_RELATIONS).contains(&count) {
            return Err(StatementError::Count { count, max: Self::MAX_RELATIONS });
        }
        Ok(Self(relations))
    }
}

/// A proof of [`AnyOf`]: for every relation its challenge, its `A_k` and its `s_j`, 32 bytes each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnyOfProof(Vec<u8>);

impl AnyOfProof {
    /// Longest proof in bytes.
    pub const MAX_BYTES: usize = ELEMENT_BYTES * (1 + 2 * MAX_TERMS) * AnyOf::MAX_RELATIONS;

    /// Reads a proof. Its elements are decoded when it is verified.
    ///
    /// # Errors
    /// [`DecodeError::Length`] if no proof has this length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        check_elements(bytes, Self::MAX_BYTES)?;
        Ok(Self(bytes.to_vec()))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for AnyOfProof {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Statement for AnyOf {
    const DOMAIN: &'static str = "dmledger/zk/any-of/v1";
    /// The place of a relation that holds, and its secrets.
    type Witness = (usize, Witness);
    type Proof = AnyOfProof;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append_number(b"relations", self.0.len() as u64);
        for relation in &self.0 {
            relation.absorb_rows(transcript);
        }
    }
}

/// One relation in the making.
struct Branch {
    /// Whether this is the one that holds.
    real: Choice,
    /// What was chosen; zero in the real branch until the end.
    challenge: Scalar,
    responses: Zeroizing<Vec<Scalar>>,
    nonces: Vec<[u8; ELEMENT_BYTES]>,
}

impl Branch {
    /// Simulates with a random challenge, or in the real branch with the challenge 0, which is an honest first message.
    fn new(relation: &Relation, real: Choice, mut scalar: impl FnMut() -> Scalar) -> Self {
        let challenge = Scalar::conditional_select(&scalar(), &Scalar::ZERO, real);
        let responses = Zeroizing::new((0..relation.secrets).map(|_| scalar()).collect::<Vec<_>>());
        let nonce = |row: &super::Row| {
            let image: Point = group::sum_of_secret(&[challenge], &[row.image]);
            group::encode_point(&(row.apply(&responses) - image))
        };
        let nonces = relation.rows.iter().map(nonce).collect();
        Self { real, challenge, responses, nonces }
    }

    /// In the real branch takes the challenge that is left over and answers it; elsewhere does the same work for nothing.
    fn finish(&mut self, left_over: &Scalar, secrets: &[Scalar]) {
        let added = Scalar::conditional_select(&Scalar::ZERO, left_over, self.real);
        self.challenge += added;
        for (place, response) in self.responses.iter_mut().enumerate() {
            *response += added * secrets.get(place).copied().unwrap_or_default();
        }
    }
}

impl Prove for AnyOf {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        mut transcript: Transcript,
        (place, witness): &(usize, Witness),
        rng: &mut R,
    ) -> Result<AnyOfProof, ProveError> {
        if !self.0.get(*place).is_some_and(|relation| relation.holds(&witness.0)) {
            return Err(ProveError::False);
        }
        let mut nonces = transcript.prover_rng(&[&place.to_le_bytes(), &witness.bytes()], rng);
        let each = self.0.iter().enumerate();
        let mut branches: Vec<_> =
            each.map(|(at, relation)| Branch::new(relation, at.ct_eq(place), || nonces.scalar())).collect();
        for nonce in branches.iter().flat_map(|branch| &branch.nonces) {
            transcript.append(b"A", nonce);
        }
        let chosen: Scalar = branches.iter().map(|branch| branch.challenge).sum();
        let left_over = transcript.challenge(b"c") - chosen;
        let mut bytes = Vec::new();
        for branch in &mut branches {
            branch.finish(&left_over, &witness.0);
            bytes.extend(branch.challenge.as_bytes());
            branch.nonces.iter().for_each(|nonce| bytes.extend(nonce));
            branch.responses.iter().for_each(|response| bytes.extend(response.as_bytes()));
        }
        Ok(AnyOfProof(bytes))
    }
}

impl Verify for AnyOf {
    fn equations(
        &self,
        mut transcript: Transcript,
        proof: &AnyOfProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        let (mut rest, _) = proof.0.as_chunks::<ELEMENT_BYTES>();
        let mut branches = Vec::with_capacity(self.0.len());
        for relation in &self.0 {
            let (challenge, others) = rest.split_first().ok_or(Rejected)?;
            let (own, others) = others.split_at_checked(relation.elements()).ok_or(Rejected)?;
            let challenge = group::decode_scalar(challenge).map_err(|_| Rejected)?;
            branches.push((relation, challenge, Run::read(relation, own).ok_or(Rejected)?));
            rest = others;
        }
        for nonce in branches.iter().flat_map(|(_, _, run)| run.nonces) {
            transcript.append(b"A", nonce);
        }
        let sum: Scalar = branches.iter().map(|(_, challenge, _)| challenge).sum();
        if !rest.is_empty() || sum != transcript.challenge(b"c") {
            return Err(Rejected);
        }
        branches
            .iter()
            .try_for_each(|(relation, challenge, run)| relation.emit(run, challenge, accumulator))
            .ok_or(Rejected)
    }
}
