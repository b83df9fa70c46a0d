//! The inner-product argument: `P` opens to vectors `l`, `r` over scaled generators, and their product is what was said.
//!
//! Vectors have `f 2^k` coordinates with `f` 2 or 3; `k` rounds halve them, the last `f` are sent as they are. Stopping at
//! 2 or 3 costs no bytes against stopping at 1, and keeps padding below half. **Every coordinate has a generator on
//! both sides, padding too.** A coordinate without generators binds nothing: a prover could put any product there
//! and so claim any inner product (tested in `padding_without_generators_would_prove_anything`). `docs/ipa.md`.

mod fold;

use crate::{
    accumulator::Equation,
    error::DecodeError,
    group::{
        self, Chain, ELEMENT_BYTES, Point, Scalar,
        products::{Ladder, all_but_one, tensor},
        residue::Residue,
    },
    transcript::Transcript,
};
pub(crate) use fold::{Committed, prove};

/// Length of the vectors of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    rounds: usize,
    last: usize,
}

impl Shape {
    /// The smallest shape with at least `needed` coordinates.
    pub(crate) fn holding(needed: usize) -> Self {
        let two = Self { rounds: needed.div_ceil(2).next_power_of_two().ilog2() as usize, last: 2 };
        let three = Self { rounds: needed.div_ceil(3).next_power_of_two().ilog2() as usize, last: 3 };
        if three.len() < two.len() { three } else { two }
    }

    /// Coordinates of each vector.
    pub(crate) const fn len(self) -> usize {
        self.last << self.rounds
    }

    /// Rounds whose bits belong to the lower part of a coordinate's number when its scalars are computed: about half.
    const fn low_bits(self) -> usize {
        if self.rounds < 8 { self.rounds / 2 } else { 4 }
    }

    /// Coordinates that the lower part tells apart; divides the slots of every sensor.
    pub(crate) const fn step(self) -> usize {
        self.last << self.low_bits()
    }

    /// Scalars at the end of the argument: both last vectors.
    pub(crate) const fn scalars(self) -> usize {
        2 * self.last
    }

    /// Bytes of the argument: two points a round and both last vectors.
    pub(crate) const fn bytes(self) -> usize {
        ELEMENT_BYTES * 2 * (self.rounds + self.last)
    }
}

/// One side's generators, in order: runs of chains.
#[derive(Clone, Debug)]
pub(crate) struct Generators(Vec<(Chain, usize)>);

impl Generators {
    /// The first generators of each chain, one chain after the other.
    pub(crate) fn new(runs: &[(Chain, usize)]) -> Self {
        Self(runs.to_vec())
    }

    /// All points, in order.
    pub(crate) fn points(&self) -> Vec<Point> {
        let run = |(chain, count): &(Chain, usize)| {
            let kept = group::generators(*chain, *count);
            kept.iter().take(*count).copied().collect::<Vec<_>>()
        };
        self.0.iter().flat_map(run).collect()
    }

    /// Adds a scalar for each generator, in order: that of `weights`, times what its run is scaled by.
    fn emit(&self, weights: &Ladder, scales: &[Scale<'_>], equation: &mut Equation<'_>) -> Option<()> {
        let mut from = 0;
        for ((chain, count), scale) in self.0.iter().zip(scales) {
            let scalars = match scale {
                Scale::Same(scale) => weights.scaled(*scale),
                Scale::Each(scale, ladder) if from == 0 => weights.times(ladder).scaled(*scale),
                Scale::Each(..) => return None,
            };
            equation.weighted_ladder(*chain, scalars, from, *count);
            from += count;
        }
        Some(())
    }
}

/// A decoded argument with the challenges of its rounds.
pub(crate) struct Argument {
    shape: Shape,
    /// `L`, `R` of every round as sent.
    rounds: Vec<[[u8; ELEMENT_BYTES]; 2]>,
    u: Vec<Scalar>,
    a: Vec<Scalar>,
    b: Vec<Scalar>,
}

impl Argument {
    /// Whether bytes are an argument of this shape: its length, and canonical scalars at its end.
    pub(crate) fn check(bytes: &[u8], shape: Shape) -> Result<(), DecodeError> {
        let wrong = DecodeError::Length { len: bytes.len() };
        if bytes.len() != shape.bytes() {
            return Err(wrong);
        }
        let (elements, _) = bytes.as_chunks::<ELEMENT_BYTES>();
        for (place, element) in elements.iter().enumerate().skip(2 * shape.rounds) {
            group::decode_scalar(element).map_err(|_| DecodeError::Scalar { at: place * ELEMENT_BYTES })?;
        }
        Ok(())
    }

    /// Replays the rounds on the transcript. `None` if the bytes are not an argument of this shape.
    pub(crate) fn replay(bytes: &[u8], shape: Shape, transcript: &mut Transcript) -> Option<Self> {
        Self::check(bytes, shape).ok()?;
        let (elements, _) = bytes.as_chunks::<ELEMENT_BYTES>();
        let (rounds, last) = elements.split_at_checked(2 * shape.rounds)?;
        let (rounds, _) = rounds.as_chunks::<2>();
        transcript.append_number(b"ipa", shape.len() as u64);
        let u = rounds.iter().map(|[left, right]| round(transcript, left, right)).collect();
        let scalars = last.iter().map(group::decode_scalar).collect::<Result<Vec<_>, _>>().ok()?;
        let (a, b) = scalars.split_at_checked(shape.last)?;
        Some(Self { shape, rounds: rounds.to_vec(), u, a: a.to_vec(), b: b.to_vec() })
    }

    /// The factor of the equation that [`Self::emit`] completes: the square of the product of all round challenges.
    pub(crate) fn factor(&self) -> Residue {
        self.u.iter().map(|u| Residue::from(u).square()).product()
    }

    /// Completes an equation that holds `P`, so that it says: `P` opens to `l` over the scaled generators of `left`, to `r`
    /// over those of `right`, and to `<l, r>` over `q B`.
    ///
    /// The equation is scaled by `extra` times [`Self::factor`]; the scales of `right` are given times `extra`, so that
    /// inverse powers in them can cancel. `None` if a point does not decode, or a ladder of scales does not fit.
    pub(crate) fn emit(
        &self,
        left: &Side<'_>,
        right: &Side<'_>,
        extra: Residue,
        q: &Scalar,
        equation: &mut Equation<'_>,
    ) -> Option<()> {
        let u: Vec<_> = self.u.iter().map(Residue::from).collect();
        let squares: Vec<_> = u.iter().map(|u| u.square()).collect();
        let product: Residue = u.iter().copied().product();
        let (drawn, weight) = (Residue::from(&equation.drawn()), Residue::from(&equation.weight()));
        let kept = drawn * extra;
        for ((square, others), [l, r]) in squares.iter().zip(all_but_one(&squares)).zip(&self.rounds) {
            equation.weighted_point((weight * *square).scalar(), group::decode_message(l)?);
            equation.weighted_point((kept * others).scalar(), group::decode_message(r)?);
        }
        let inner: Scalar = self.a.iter().zip(&self.b).map(|(a, b)| a * b).sum();
        equation.value(&-(q * inner));
        // Times the squares at the bits set in the block's number: the weight of each block of the left side; read
        // backwards, of the right side.
        let bits: Vec<_> = squares.iter().rev().copied().collect();
        let (low, high) = bits.split_at_checked(self.shape.low_bits())?;
        let high = tensor(&[-(drawn * product)], high);
        let a: Vec<_> = self.a.iter().map(|a| Residue::from(a) * extra).collect();
        let b: Vec<_> = self.b.iter().rev().map(Residue::from).collect();
        let backwards = |mut all: Vec<Residue>| {
            all.reverse();
            all
        };
        let of_right = Ladder::new(backwards(tensor(&b, low)), backwards(high.clone()));
        left.generators.emit(&Ladder::new(tensor(&a, low), high), &left.scales, equation)?;
        right.generators.emit(&of_right, &right.scales, equation)
    }
}

/// Generators of one side and what each run of them is scaled by.
pub(crate) struct Side<'a> {
    pub(crate) generators: &'a Generators,
    pub(crate) scales: Vec<Scale<'a>>,
}

/// What the generators of a run are scaled by.
pub(crate) enum Scale<'a> {
    /// All by the same.
    Same(Residue),
    /// By this times the entries of a ladder of [`Shape::step`]; only for the first run.
    Each(Residue, &'a Ladder),
}

/// Absorbs the messages of a round and draws its challenge.
fn round(transcript: &mut Transcript, left: &[u8; ELEMENT_BYTES], right: &[u8; ELEMENT_BYTES]) -> Scalar {
    transcript.append(b"L", left);
    transcript.append(b"R", right);
    transcript.challenge(b"u")
}

#[cfg(test)]
mod tests;
