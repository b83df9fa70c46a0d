//! The coefficient of variation of several days, at least or at most a threshold: three products and one range proof.
//!
//! With `N` readings, sum `S` and sum of squares `Q`, the sample variance is `(N Q - S^2) / (N (N - 1))`, so that
//! `CV <= p / 1000` is exactly `N D >= p^2 S^2` with `D = (10^6 + p^2) S^2 - 10^6 N Q`. The proof commits to `P = S S`,
//! `A = N Q`, `E = N D` and shows each product; what is left, `F = E - p^2 P` (or its negative), is shown not to be
//! negative in two limbs of 64 bits. Below 2^92 for 128 days, so nothing wraps around.

use super::{
    claim::{MAX_DAYS, Side},
    digest::DigestOpening,
    histogram::DayHistogram,
    table::{METRICS, Metric},
};
use crate::{
    accumulator::Accumulator,
    commit::{Blinding, Commitment, Opening},
    error::{DecodeError, ProveError, Rejected, StatementError},
    group::{self, ELEMENT_BYTES, Point, Scalar},
    range::{Bits, FitsBits, RangeProof},
    sigma::{Relation, RelationProof, Witness},
    statement::{Prove, Statement, Verify},
    transcript::{ProverRng, Transcript},
};
use rand_core::CryptoRng;
use std::collections::HashSet;
use zeroize::Zeroizing;

/// The coefficient of variation of these days' readings is at least, or at most, so many per mille.
#[derive(Clone, Debug)]
pub struct VariationClaim {
    days: Vec<DayHistogram>,
    /// `N`, `S`, `Q`.
    sums: [Commitment; 3],
    readings: u32,
    side: Side,
    threshold: u32,
}

/// Commitments `P, A, E` and the high limb of `F`.
const COMMITMENTS: usize = 4;
const RELATION_BYTES: usize = 8 * ELEMENT_BYTES;

impl VariationClaim {
    /// Largest threshold: 1000 per cent.
    pub const MAX_THRESHOLD: u32 = 10_000;

    /// States a bound in per mille (360 is the consensus goal's 36 %) of the days' readings, of which there are at least
    /// `readings`, two or more.
    ///
    /// # Errors
    /// [`StatementError::Count`] for no day, too many, or a day used twice; [`StatementError::Coefficient`] for a
    /// threshold out of range, fewer than two readings, or days of different tables.
    pub fn new(days: &[DayHistogram], readings: u32, side: Side, threshold: u32) -> Result<Self, StatementError> {
        let distinct: HashSet<_> = days.iter().map(|day| *day.day().commitment()).collect();
        let (Some(first), true) = (days.first(), distinct.len() == days.len() && days.len() <= MAX_DAYS) else {
            return Err(StatementError::Count { count: distinct.len(), max: MAX_DAYS });
        };
        let table = first.day().table();
        let mixed = days.iter().any(|day| day.day().table() != table);
        if readings < 2 || threshold > Self::MAX_THRESHOLD || mixed {
            return Err(StatementError::Coefficient);
        }
        let mut totals = [Point::default(); METRICS];
        for day in days {
            for (total, commitment) in totals.iter_mut().zip(day.digest().commitments()) {
                *total += commitment.point();
            }
        }
        let [a, b, c, d, e, sum, squares] = totals;
        let sums = [a + b + c + d + e, sum, squares].map(Commitment::from_point);
        Ok(Self { days: days.to_vec(), sums, readings, side, threshold })
    }

    /// The days.
    #[must_use]
    pub fn days(&self) -> &[DayHistogram] {
        &self.days
    }

    /// The least number of readings.
    #[must_use]
    pub const fn readings(&self) -> u32 {
        self.readings
    }

    /// Which way it is bounded.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// The threshold in per mille.
    #[must_use]
    pub const fn threshold(&self) -> u32 {
        self.threshold
    }

    /// `10^6 + p^2` and `p^2`.
    fn factors(&self) -> [Scalar; 2] {
        let square = u64::from(self.threshold) * u64::from(self.threshold);
        [Scalar::from(1_000_000 + square), Scalar::from(square)]
    }

    /// `D` from commitments or values of `P` and `A`.
    fn difference(&self, product: &Point, other: &Point) -> Point {
        let [factor, _] = self.factors();
        group::sum_of_public(&[factor, -Scalar::from(1_000_000_u64)], &[*product, *other])
    }

    /// The three products, the range statement; `None` if a commitment does not decode.
    fn parts(&self, commitments: &[[u8; ELEMENT_BYTES]; COMMITMENTS]) -> Option<([Relation; 3], FitsBits)> {
        let [p, a, e, high] = commitments.each_ref().map(|bytes| Commitment::from_bytes(bytes).ok());
        let (p, a, e, high) = (p?, a?, e?, high?);
        let [n, s, q] = &self.sums;
        let d = Commitment::from_point(self.difference(p.point(), a.point()));
        let relations = [Relation::product(s, s, &p), Relation::product(n, q, &a), Relation::product(n, &d, &e)];
        let [_, square] = self.factors();
        let left = e.point() - group::sum_of_public(&[square], &[*p.point()]);
        let left = if self.side == Side::AtMost { left } else { -left };
        let low = left - group::sum_of_public(&[limb()], &[*high.point()]);
        let enough = n.point() - group::times_value_base(&Scalar::from(self.readings));
        let values = [Commitment::from_point(low), high, Commitment::from_point(enough)];
        Some((relations, FitsBits::new(&values, Bits::SixtyFour).ok()?))
    }
}

/// `2^64`.
fn limb() -> Scalar {
    Scalar::from(1_u128 << 64)
}

/// A proof of [`VariationClaim`]: four commitments, three product proofs, one range proof; 1,696 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VariationProof {
    bytes: Vec<u8>,
    relations: [RelationProof; 3],
    range: RangeProof,
}

impl VariationProof {
    /// Length of every proof in bytes.
    pub const BYTES: usize = COMMITMENTS * ELEMENT_BYTES + 3 * RELATION_BYTES + 25 * ELEMENT_BYTES;

    /// Reads a proof. Points are decoded when it is verified.
    ///
    /// # Errors
    /// [`DecodeError`] for another length or scalars that are not canonical.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wrong = DecodeError::Length { len: bytes.len() };
        if bytes.len() != Self::BYTES {
            return Err(wrong);
        }
        let (_, rest) = bytes.split_at_checked(COMMITMENTS * ELEMENT_BYTES).ok_or(wrong)?;
        let (relations, range) = rest.split_at_checked(3 * RELATION_BYTES).ok_or(wrong)?;
        let (relations, _) = relations.as_chunks::<RELATION_BYTES>();
        let [first, second, third] = relations else { return Err(wrong) };
        let read = |bytes: &[u8; RELATION_BYTES]| RelationProof::from_bytes(bytes);
        let relations = [read(first)?, read(second)?, read(third)?];
        Ok(Self { bytes: bytes.to_vec(), relations, range: RangeProof::from_bytes(range)? })
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn commitments(&self) -> Option<&[[u8; ELEMENT_BYTES]; COMMITMENTS]> {
        self.bytes.as_chunks::<ELEMENT_BYTES>().0.first_chunk()
    }
}

impl AsRef<[u8]> for VariationProof {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Statement for VariationClaim {
    const DOMAIN: &'static str = "dmledger/zk/days-variation/v1";
    /// The sum of the days' openings.
    type Witness = DigestOpening;
    type Proof = VariationProof;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append_number(b"days", self.days.len() as u64);
        for day in &self.days {
            day.absorb(transcript);
        }
        transcript.append_number(b"readings", self.readings.into());
        transcript.append(b"side", if self.side == Side::AtLeast { b"at least" } else { b"at most" });
        transcript.append_number(b"threshold", self.threshold.into());
    }
}

/// A secret number of any size and its blinding.
struct Secret {
    value: Zeroizing<Scalar>,
    blinding: Zeroizing<Scalar>,
}

impl Secret {
    fn new(value: Scalar, blinding: Scalar) -> Self {
        Self { value: Zeroizing::new(value), blinding: Zeroizing::new(blinding) }
    }

    fn commitment(&self) -> Commitment {
        Commitment::from_point(group::commit(&self.value, &self.blinding))
    }

    /// The product under a fresh blinding.
    fn times(&self, other: &Self, nonces: &mut ProverRng) -> Self {
        Self::new(*self.value * *other.value, nonces.scalar())
    }

    /// `a self + b other`.
    fn combine(&self, a: &Scalar, other: &Self, b: &Scalar) -> Self {
        Self::new(a * *self.value + b * *other.value, a * *self.blinding + b * *other.blinding)
    }

    /// The witness that `product` holds `self` times `other`.
    fn product(&self, other: &Self, product: &Self) -> Witness {
        let rest = *product.blinding - *self.value * *other.blinding;
        Witness::new(vec![*self.value, *self.blinding, *other.value, *other.blinding, rest])
    }

    /// Splits a value below 2^128 into limbs; the low one is what the verifier gets by subtraction.
    fn limbs(&self, nonces: &mut ProverRng) -> Option<[Opening; 2]> {
        let (number, rest) = self.value.as_bytes().split_first_chunk::<16>()?;
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        let number = Zeroizing::new(u128::from_le_bytes(*number));
        let (low, high) = (*number as u64, (*number >> 64) as u64);
        let blinding = Zeroizing::new(nonces.scalar());
        let low = Opening::new(low, Blinding::from_scalar(*self.blinding - limb() * *blinding));
        Some([low, Opening::new(high, Blinding::from_scalar(*blinding))])
    }
}

/// `N`, `S`, `Q` of a sum of days.
fn secrets_of(witness: &DigestOpening) -> [Secret; 3] {
    let of = |metrics: &[Metric]| {
        let mut total = Secret::new(Scalar::ZERO, Scalar::ZERO);
        for opening in metrics.iter().filter_map(|metric| witness.openings().get(*metric as usize)) {
            *total.value += Scalar::from(opening.value());
            *total.blinding += opening.blinding().scalar();
        }
        total
    };
    [of(&Metric::COUNTS), of(&[Metric::Sum]), of(&[Metric::SquareSum])]
}

impl Prove for VariationClaim {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        mut transcript: Transcript,
        witness: &DigestOpening,
        rng: &mut R,
    ) -> Result<VariationProof, ProveError> {
        let [n, s, q] = secrets_of(witness);
        if [&n, &s, &q].map(Secret::commitment) != self.sums {
            return Err(ProveError::WrongOpening);
        }
        let secrets = Zeroizing::new([&n, &s, &q].map(|secret| *secret.blinding.as_bytes()).concat());
        let mut nonces = transcript.prover_rng(&[&secrets], rng);
        let [factor, square] = self.factors();
        let p = s.times(&s, &mut nonces);
        let a = n.times(&q, &mut nonces);
        let d = p.combine(&factor, &a, &-Scalar::from(1_000_000_u64));
        let e = n.times(&d, &mut nonces);
        let sign = if self.side == Side::AtMost { Scalar::ONE } else { -Scalar::ONE };
        let left = e.combine(&sign, &p, &(-sign * square));
        let [low, high] = left.limbs(&mut nonces).ok_or(ProveError::False)?;
        let enough = witness.readings().checked_sub(self.readings.into()).ok_or(ProveError::False)?;
        let enough = Opening::new(enough, Blinding::from_scalar(*n.blinding));

        let commitments =
            [p.commitment(), a.commitment(), e.commitment(), high.commitment()].map(|one| *one.as_bytes());
        absorb_commitments(&mut transcript, &commitments);
        let (relations, range) = self.parts(&commitments).ok_or(ProveError::WrongOpening)?;
        let mut bytes = commitments.concat();
        let witnesses = [s.product(&s, &p), n.product(&q, &a), n.product(&d, &e)];
        for ((place, relation), witness) in (0..).zip(&relations).zip(&witnesses) {
            bytes.extend(relation.prove_on(fork(&transcript, place, relation), witness, &mut nonces)?.as_bytes());
        }
        let range = range.prove_on(fork(&transcript, 3, &range), &[low, high, enough], &mut nonces)?;
        bytes.extend(range.as_bytes());
        VariationProof::from_bytes(&bytes).map_err(|_| ProveError::WrongOpening)
    }
}

impl Verify for VariationClaim {
    fn equations(
        &self,
        mut transcript: Transcript,
        proof: &VariationProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        let commitments = proof.commitments().ok_or(Rejected)?;
        absorb_commitments(&mut transcript, commitments);
        let (relations, range) = self.parts(commitments).ok_or(Rejected)?;
        for ((place, relation), proof) in (0..).zip(&relations).zip(&proof.relations) {
            relation.equations(fork(&transcript, place, relation), proof, accumulator)?;
        }
        range.equations(fork(&transcript, 3, &range), &proof.range, accumulator)
    }
}

fn absorb_commitments(transcript: &mut Transcript, commitments: &[[u8; ELEMENT_BYTES]; COMMITMENTS]) {
    for commitment in commitments {
        transcript.append(b"C", commitment);
    }
}

/// The transcript of one part: everything common, the part's place, its statement.
fn fork<S: Statement>(transcript: &Transcript, place: u64, statement: &S) -> Transcript {
    let mut transcript = transcript.clone();
    transcript.append_number(b"part", place);
    statement.absorb(&mut transcript);
    transcript
}

#[cfg(test)]
mod tests;
