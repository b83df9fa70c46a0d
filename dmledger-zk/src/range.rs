//! Range proofs: committed values lie between bounds, and nothing else is shown about them.
//!
//! Proofs are byte for byte those of `bulletproofs` 5, which makes them; they are checked by this crate's own
//! verifier, which emits equations instead of deciding, so that proofs of any mix batch together. [`FitsBits`] shows
//! `0 <= v < 2^n`; [`InInterval`] shows `low <= v <= high` by showing both `v - low` and `high - v` to fit into `n` bits,
//! on commitments that the verifier shifts itself. The mathematics is in `docs/range-proof.md`.

mod aggregate;
mod older;
mod proof;

pub use proof::RangeProof;

use crate::{
    accumulator::Accumulator,
    commit::{Blinding, Commitment, Opening},
    context::Context,
    error::{ProveError, Rejected, StatementError},
    group::{self, Scalar},
    statement::{Prove, Statement, Verify},
    transcript::Transcript,
};
use aggregate::Aggregate;
use rand_core::CryptoRng;

/// Most values in one proof, padding included.
pub const MAX_VALUES: usize = 64;

/// The width of a range proof in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "bulletproofs 5 has exactly these widths")]
pub enum Bits {
    /// Values below 2^8.
    Eight,
    /// Values below 2^16.
    Sixteen,
    /// Values below 2^32.
    ThirtyTwo,
    /// Values below 2^64.
    SixtyFour,
}

impl Bits {
    /// All widths, narrowest first.
    pub const ALL: [Self; 4] = [Self::Eight, Self::Sixteen, Self::ThirtyTwo, Self::SixtyFour];

    /// The number of bits.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Eight => 8,
            Self::Sixteen => 16,
            Self::ThirtyTwo => 32,
            Self::SixtyFour => 64,
        }
    }

    /// The largest value of this width.
    #[must_use]
    pub const fn max(self) -> u64 {
        u64::MAX >> (64 - self.number())
    }

    /// The narrowest width that holds `value`.
    #[must_use]
    pub const fn holding(value: u64) -> Self {
        match value {
            0..=0xff => Self::Eight,
            0x100..=0xffff => Self::Sixteen,
            0x1_0000..=0xffff_ffff => Self::ThirtyTwo,
            _ => Self::SixtyFour,
        }
    }
}

/// Both bounds of a value, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval {
    low: u64,
    high: u64,
}

impl Interval {
    /// The values from `low` to `high`, both included.
    ///
    /// # Errors
    /// [`StatementError::EmptyInterval`] if `low > high`.
    pub const fn new(low: u64, high: u64) -> Result<Self, StatementError> {
        if low > high {
            return Err(StatementError::EmptyInterval { low, high });
        }
        Ok(Self { low, high })
    }

    /// The smallest value inside.
    #[must_use]
    pub const fn low(self) -> u64 {
        self.low
    }

    /// The largest value inside.
    #[must_use]
    pub const fn high(self) -> u64 {
        self.high
    }

    /// Whether `value` lies inside.
    #[must_use]
    pub const fn contains(self, value: u64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The narrowest width in bits that can show this interval: the width of `high - low`.
    #[must_use]
    pub const fn bits(self) -> Bits {
        Bits::holding(self.high - self.low)
    }
}

/// Every committed value is below `2^bits`.
#[derive(Clone, Debug)]
pub struct FitsBits(Aggregate);

impl FitsBits {
    /// States that the values in `commitments` fit into `bits`.
    ///
    /// # Errors
    /// [`StatementError::Count`] for no commitment or more than [`MAX_VALUES`].
    pub fn new(commitments: &[Commitment], bits: Bits) -> Result<Self, StatementError> {
        check_count(commitments.len(), MAX_VALUES)?;
        Ok(Self(Aggregate::new(commitments.to_vec(), bits)))
    }

    /// The commitments.
    #[must_use]
    pub fn commitments(&self) -> &[Commitment] {
        self.0.own()
    }

    /// The width.
    #[must_use]
    pub const fn bits(&self) -> Bits {
        self.0.bits()
    }

    /// Checks a proof with `bulletproofs` 5 itself instead of this crate's verifier, for comparison.
    ///
    /// # Errors
    /// [`Rejected`] if `bulletproofs` does not accept it.
    pub fn verify_with_bulletproofs(&self, context: &Context, proof: &RangeProof) -> Result<(), Rejected> {
        self.0.verify_with_bulletproofs(Transcript::bind(context, self), proof)
    }
}

impl Statement for FitsBits {
    const DOMAIN: &'static str = "dmledger/zk/fits-bits/v1";
    type Witness = [Opening];
    type Proof = RangeProof;

    /// The commitments themselves are absorbed by the range protocol, one message each.
    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append_number(b"bits", self.0.bits().number().into());
    }

    fn absorb_rest(&self, transcript: &mut Transcript) {
        for commitment in self.commitments() {
            transcript.append(b"V", commitment.as_bytes());
        }
    }
}

impl Prove for FitsBits {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        transcript: Transcript,
        witness: &[Opening],
        rng: &mut R,
    ) -> Result<RangeProof, ProveError> {
        let copies: Vec<_> =
            witness.iter().map(|opening| shifted(opening.value(), opening.blinding().scalar())).collect();
        self.0.prove(transcript, &copies, rng)
    }
}

impl Verify for FitsBits {
    fn equations(
        &self,
        transcript: Transcript,
        proof: &RangeProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        self.0.equations(transcript, proof, accumulator)
    }
}

/// Every committed value lies in one interval.
#[derive(Clone, Debug)]
pub struct InInterval {
    commitments: Vec<Commitment>,
    interval: Interval,
    sides: Aggregate,
}

impl InInterval {
    /// Most values in one statement: each takes two places of the proof.
    pub const MAX_VALUES: usize = MAX_VALUES / 2;

    /// States that the values in `commitments` lie in `interval`, at the narrowest width that can show it.
    ///
    /// # Errors
    /// [`StatementError::Count`] for no commitment or more than [`Self::MAX_VALUES`].
    pub fn new(commitments: &[Commitment], interval: Interval) -> Result<Self, StatementError> {
        Self::with_bits(commitments, interval, interval.bits())
    }

    /// The same at a given width, so that the proof's length does not depend on the interval.
    ///
    /// # Errors
    /// [`StatementError::TooWide`] if `high - low` does not fit into `bits`, and as [`Self::new`].
    pub fn with_bits(commitments: &[Commitment], interval: Interval, bits: Bits) -> Result<Self, StatementError> {
        check_count(commitments.len(), Self::MAX_VALUES)?;
        let width = interval.high - interval.low;
        if width > bits.max() {
            return Err(StatementError::TooWide { width, bits: bits.number() });
        }
        let low = group::times_value_base(&Scalar::from(interval.low));
        let high = group::times_value_base(&Scalar::from(interval.high));
        let both = |commitment: &Commitment| {
            [Commitment::from_point(commitment.point() - low), Commitment::from_point(high - commitment.point())]
        };
        let sides = Aggregate::new(commitments.iter().flat_map(both).collect(), bits);
        Ok(Self { commitments: commitments.to_vec(), interval, sides })
    }

    /// The interval.
    #[must_use]
    pub const fn interval(&self) -> Interval {
        self.interval
    }

    /// The commitments.
    #[must_use]
    pub fn commitments(&self) -> &[Commitment] {
        &self.commitments
    }

    /// The width at which both sides are shown.
    #[must_use]
    pub const fn bits(&self) -> Bits {
        self.sides.bits()
    }

    /// Checks a proof with `bulletproofs` 5 itself instead of this crate's verifier, for comparison.
    ///
    /// # Errors
    /// [`Rejected`] if `bulletproofs` does not accept it.
    pub fn verify_with_bulletproofs(&self, context: &Context, proof: &RangeProof) -> Result<(), Rejected> {
        self.sides.verify_with_bulletproofs(Transcript::bind(context, self), proof)
    }
}

impl Statement for InInterval {
    const DOMAIN: &'static str = "dmledger/zk/in-interval/v1";
    type Witness = [Opening];
    type Proof = RangeProof;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append_number(b"low", self.interval.low);
        transcript.append_number(b"high", self.interval.high);
        transcript.append_number(b"bits", self.sides.bits().number().into());
        for commitment in &self.commitments {
            transcript.append(b"C", commitment.as_bytes());
        }
    }
}

impl Prove for InInterval {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        transcript: Transcript,
        witness: &[Opening],
        rng: &mut R,
    ) -> Result<RangeProof, ProveError> {
        if witness.len() != self.commitments.len() {
            return Err(ProveError::Openings { have: witness.len(), need: self.commitments.len() });
        }
        if !witness.iter().zip(&self.commitments).all(|(opening, commitment)| opening.opens(commitment)) {
            return Err(ProveError::WrongOpening);
        }
        if !witness.iter().all(|opening| self.interval.contains(opening.value())) {
            return Err(ProveError::False);
        }
        let both = |opening: &Opening| {
            let blinding = opening.blinding().scalar();
            let above = shifted(opening.value().wrapping_sub(self.interval.low), blinding);
            let below = shifted(self.interval.high.wrapping_sub(opening.value()), &-blinding);
            [above, below]
        };
        let shifted: Vec<_> = witness.iter().flat_map(both).collect();
        self.sides.prove(transcript, &shifted, rng)
    }
}

impl Verify for InInterval {
    fn equations(
        &self,
        transcript: Transcript,
        proof: &RangeProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        self.sides.equations(transcript, proof, accumulator)
    }
}

fn shifted(value: u64, blinding: &Scalar) -> Opening {
    Opening::new(value, Blinding::from_scalar(*blinding))
}

const fn check_count(count: usize, max: usize) -> Result<(), StatementError> {
    if count == 0 || count > max { Err(StatementError::Count { count, max }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
