//! Linear relations between secrets and group elements, and "one of these relations holds".
//!
//! A [`Relation`] says: there are scalars `x_j` with `P_k = sum_j x_j M_kj` for every row `k`. Knowledge of an opening,
//! equality of two committed values, a product, equality of two discrete logarithms are all of this form. [`AnyOf`] shows
//! that one of several relations holds and hides which. `docs/sigma.md`.

mod any;

pub use any::{AnyOf, AnyOfProof};

use crate::{
    accumulator::Accumulator,
    commit::{Commitment, Opening},
    error::{DecodeError, ProveError, Rejected, StatementError},
    group::{self, ELEMENT_BYTES, Point, Scalar},
    statement::{Prove, Statement, Verify},
    transcript::Transcript,
};
use core::fmt;
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

/// Most secrets, and most rows, of a relation.
pub const MAX_TERMS: usize = 16;

/// A public element that a secret multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "two fixed bases and any other point")]
pub enum Base {
    /// `B`.
    Value,
    /// `B~`.
    Blinding,
    /// Any other element.
    Point(Point),
}

impl Base {
    fn point(self) -> Point {
        match self {
            Self::Value => group::value_base(),
            Self::Blinding => group::blinding_base(),
            Self::Point(point) => point,
        }
    }
}

/// `image = sum of secret_j base_j` over the terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    image: Point,
    terms: Vec<(usize, Base)>,
}

impl Row {
    /// A row; each term is the place of a secret and what it multiplies.
    #[must_use]
    pub const fn new(image: Point, terms: Vec<(usize, Base)>) -> Self {
        Self { image, terms }
    }

    /// `sum of scalars_j base_j`, in constant time.
    fn apply(&self, scalars: &[Scalar]) -> Point {
        let of = |place: &usize| scalars.get(*place).copied().unwrap_or_default();
        let factors: Zeroizing<Vec<_>> = Zeroizing::new(self.terms.iter().map(|(place, _)| of(place)).collect());
        let bases: Vec<_> = self.terms.iter().map(|(_, base)| base.point()).collect();
        group::sum_of_secret(&factors, &bases)
    }
}

/// There are secrets that satisfy every row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    secrets: usize,
    rows: Vec<Row>,
}

impl Relation {
    /// A relation of this many secrets.
    ///
    /// # Errors
    /// [`StatementError::Count`] for no or more than [`MAX_TERMS`] secrets, rows or terms of a row;
    /// [`StatementError::Position`] for a term of a secret that does not exist.
    pub fn new(secrets: usize, rows: Vec<Row>) -> Result<Self, StatementError> {
        let counts = rows.iter().map(|row| row.terms.len()).chain([secrets, rows.len()]);
        for count in counts {
            if count == 0 || count > MAX_TERMS {
                return Err(StatementError::Count { count, max: MAX_TERMS });
            }
        }
        for (place, _) in rows.iter().flat_map(|row| &row.terms) {
            if *place >= secrets {
                return Err(StatementError::Position { index: *place as u64, count: secrets as u64 });
            }
        }
        Ok(Self { secrets, rows })
    }

    /// A relation whose bounds hold by construction.
    pub(crate) const fn of(secrets: usize, rows: Vec<Row>) -> Self {
        Self { secrets, rows }
    }

    /// Someone knows value and blinding of `commitment`. Secrets: value, blinding.
    #[must_use]
    pub fn opening(commitment: &Commitment) -> Self {
        let row = Row::new(*commitment.point(), vec![(0, Base::Value), (1, Base::Blinding)]);
        Self { secrets: 2, rows: vec![row] }
    }

    /// `commitment` opens to the public `value`. Secret: blinding.
    #[must_use]
    pub fn value(commitment: &Commitment, value: u64) -> Self {
        let rest = commitment.point() - group::times_value_base(&Scalar::from(value));
        Self { secrets: 1, rows: vec![Row::new(rest, vec![(0, Base::Blinding)])] }
    }

    /// Two commitments open to one value. Secrets: value, first blinding, second blinding.
    #[must_use]
    pub fn same_value(first: &Commitment, second: &Commitment) -> Self {
        let row = |commitment: &Commitment, blinding| {
            Row::new(*commitment.point(), vec![(0, Base::Value), (blinding, Base::Blinding)])
        };
        Self { secrets: 3, rows: vec![row(first, 1), row(second, 2)] }
    }

    /// The value of `product` is that of `first` times that of `second`. The witness is [`Witness::product`].
    ///
    /// Rows: `C_1 = a B + r_1 B~`, `C_2 = b B + r_2 B~`, `C_3 = a C_2 + (r_3 - a r_2) B~`.
    #[must_use]
    pub fn product(first: &Commitment, second: &Commitment, product: &Commitment) -> Self {
        let rows = vec![
            Row::new(*first.point(), vec![(0, Base::Value), (1, Base::Blinding)]),
            Row::new(*second.point(), vec![(2, Base::Value), (3, Base::Blinding)]),
            Row::new(*product.point(), vec![(0, Base::Point(*second.point())), (4, Base::Blinding)]),
        ];
        Self { secrets: 5, rows }
    }

    /// `images[i] = x bases[i]` for one secret `x`: discrete logarithms are equal. Secret: `x`.
    ///
    /// # Errors
    /// [`StatementError::Count`] for no or more than [`MAX_TERMS`] pairs.
    pub fn same_logarithm(pairs: &[(Base, Point)]) -> Result<Self, StatementError> {
        Self::new(1, pairs.iter().map(|(base, image)| Row::new(*image, vec![(0, *base)])).collect())
    }

    fn holds(&self, secrets: &[Scalar]) -> bool {
        secrets.len() == self.secrets && self.rows.iter().all(|row| row.apply(secrets) == row.image)
    }

    /// Commitments and responses of one run, in bytes.
    const fn elements(&self) -> usize {
        self.rows.len() + self.secrets
    }

    fn absorb_rows(&self, transcript: &mut Transcript) {
        transcript.append_number(b"secrets", self.secrets as u64);
        transcript.append_number(b"rows", self.rows.len() as u64);
        for row in &self.rows {
            transcript.append(b"image", &group::encode_point(&row.image));
            transcript.append_number(b"terms", row.terms.len() as u64);
            for (place, base) in &row.terms {
                transcript.append_number(b"secret", *place as u64);
                transcript.append(b"base", &group::encode_point(&base.point()));
            }
        }
    }

    /// [`Self::emit`] for a run that stands nowhere: what a simulator makes.
    #[cfg(test)]
    pub(crate) fn emit_run(
        &self,
        nonces: &[[u8; ELEMENT_BYTES]],
        responses: &[Scalar],
        challenge: &Scalar,
        accumulator: &mut Accumulator<'_>,
    ) -> Option<()> {
        self.emit(&Run { nonces, responses: responses.to_vec() }, challenge, accumulator)
    }

    /// Emits `sum_j s_j M_kj - c P_k - A_k = 0` for every row.
    fn emit(&self, run: &Run<'_>, challenge: &Scalar, accumulator: &mut Accumulator<'_>) -> Option<()> {
        for (row, nonce) in self.rows.iter().zip(run.nonces) {
            let mut equation = accumulator.equation();
            for (place, base) in &row.terms {
                let response = run.responses.get(*place)?;
                match base {
                    Base::Value => equation.value(response),
                    Base::Blinding => equation.blinding(response),
                    Base::Point(point) => equation.point(response, *point),
                }
            }
            equation.point(&-challenge, row.image);
            equation.point(&-Scalar::ONE, group::decode_point(nonce).ok()?);
        }
        Some(())
    }
}

/// The messages about one relation: `A_k` for every row, `s_j` for every secret.
struct Run<'a> {
    nonces: &'a [[u8; ELEMENT_BYTES]],
    responses: Vec<Scalar>,
}

impl<'a> Run<'a> {
    /// `None` unless the elements are exactly those of the relation, scalars canonical.
    fn read(relation: &Relation, elements: &'a [[u8; ELEMENT_BYTES]]) -> Option<Self> {
        let (nonces, scalars) = elements.split_at_checked(relation.rows.len())?;
        let responses = scalars.iter().map(group::decode_scalar).collect::<Result<Vec<_>, _>>().ok()?;
        (responses.len() == relation.secrets).then_some(Self { nonces, responses })
    }
}

/// The secrets of a relation, in its order. Wiped when dropped.
pub struct Witness(Zeroizing<Vec<Scalar>>);

impl Witness {
    /// Takes secrets over.
    #[must_use]
    pub fn new(secrets: Vec<Scalar>) -> Self {
        Self(Zeroizing::new(secrets))
    }

    /// The witness of [`Relation::opening`].
    #[must_use]
    pub fn opening(opening: &Opening) -> Self {
        Self::new(vec![Scalar::from(opening.value()), *opening.blinding().scalar()])
    }

    /// The witness of [`Relation::value`].
    #[must_use]
    pub fn value(opening: &Opening) -> Self {
        Self::new(vec![*opening.blinding().scalar()])
    }

    /// The witness of [`Relation::same_value`].
    #[must_use]
    pub fn same_value(first: &Opening, second: &Opening) -> Self {
        Self::new(vec![Scalar::from(first.value()), *first.blinding().scalar(), *second.blinding().scalar()])
    }

    /// The witness of [`Relation::product`].
    #[must_use]
    pub fn product(first: &Opening, second: &Opening, product: &Opening) -> Self {
        let a = Scalar::from(first.value());
        let (r_1, r_2, r_3) = (first.blinding().scalar(), second.blinding().scalar(), product.blinding().scalar());
        Self::new(vec![a, *r_1, Scalar::from(second.value()), *r_2, r_3 - a * r_2])
    }

    fn bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.iter().flat_map(|scalar| *scalar.as_bytes()).collect())
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness(..)")
    }
}

/// A proof of a [`Relation`]: `A_k` for every row, then `s_j` for every secret, 32 bytes each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RelationProof(Vec<u8>);

impl RelationProof {
    /// Longest proof in bytes.
    pub const MAX_BYTES: usize = ELEMENT_BYTES * 2 * MAX_TERMS;

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

impl AsRef<[u8]> for RelationProof {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

const fn check_elements(bytes: &[u8], max: usize) -> Result<(), DecodeError> {
    if bytes.is_empty() || bytes.len() > max || !bytes.len().is_multiple_of(ELEMENT_BYTES) {
        return Err(DecodeError::Length { len: bytes.len() });
    }
    Ok(())
}

impl Statement for Relation {
    const DOMAIN: &'static str = "dmledger/zk/linear-relation/v1";
    type Witness = Witness;
    type Proof = RelationProof;

    fn absorb(&self, transcript: &mut Transcript) {
        self.absorb_rows(transcript);
    }
}

impl Prove for Relation {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        mut transcript: Transcript,
        witness: &Witness,
        rng: &mut R,
    ) -> Result<RelationProof, ProveError> {
        if !self.holds(&witness.0) {
            return Err(ProveError::False);
        }
        let mut nonces = transcript.prover_rng(&[&witness.bytes()], rng);
        let mut masks: Zeroizing<Vec<_>> = Zeroizing::new((0..self.secrets).map(|_| nonces.scalar()).collect());
        let mut bytes = Vec::with_capacity(ELEMENT_BYTES * self.elements());
        for row in &self.rows {
            let nonce = group::encode_point(&row.apply(&masks));
            transcript.append(b"A", &nonce);
            bytes.extend(nonce);
        }
        let challenge = transcript.challenge(b"c");
        for (mask, secret) in masks.iter().zip(witness.0.iter()) {
            bytes.extend((mask + challenge * secret).as_bytes());
        }
        masks.zeroize();
        Ok(RelationProof(bytes))
    }
}

impl Verify for Relation {
    fn equations(
        &self,
        mut transcript: Transcript,
        proof: &RelationProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        let (elements, _) = proof.0.as_chunks::<ELEMENT_BYTES>();
        let run = Run::read(self, elements).ok_or(Rejected)?;
        for nonce in run.nonces {
            transcript.append(b"A", nonce);
        }
        self.emit(&run, &transcript.challenge(b"c"), accumulator).ok_or(Rejected)
    }
}

#[cfg(test)]
mod tests;
