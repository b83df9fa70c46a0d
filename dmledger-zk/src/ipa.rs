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
    group::{self, Chain, ELEMENT_BYTES, Point, Scalar, residue::Residue},
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

    /// Adds weighted scalars, one for each generator in order, to an equation.
    pub(crate) fn emit(&self, scalars: &[Residue], equation: &mut Equation<'_>) {
        let mut rest = scalars;
        for (chain, count) in &self.0 {
            let (run, others) = rest.split_at_checked(*count).unwrap_or((rest, &[]));
            equation.weighted_residues(*chain, run);
            rest = others;
        }
    }
}

/// A decoded argument with the challenges of its rounds.
pub(crate) struct Argument {
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
        Some(Self { rounds: rounds.to_vec(), u, a: a.to_vec(), b: b.to_vec() })
    }

    /// The factor of the equation that [`Self::emit`] completes: the square of the product of all round challenges.
    pub(crate) fn factor(&self) -> Scalar {
        self.u.iter().map(|u| u * u).product()
    }

    /// Completes an equation that holds `P`, so that it says: `P` opens to `l` over `left_i G_i`, to `r` over
    /// `right_i H_i`, and to `<l, r>` over `q B`.
    ///
    /// The equation is scaled by `extra` times [`Self::factor`]; `right` is given times `extra`, so that inverse powers in
    /// it can cancel. `None` if a point does not decode.
    pub(crate) fn emit(
        &self,
        left: &Side<'_>,
        right: &Side<'_>,
        extra: &Scalar,
        q: &Scalar,
        equation: &mut Equation<'_>,
    ) -> Option<()> {
        let u: Vec<_> = self.u.iter().map(Residue::from).collect();
        let squares: Vec<_> = u.iter().map(|u| u.square()).collect();
        let product: Residue = u.iter().copied().product();
        let (drawn, weight) = (Residue::from(&equation.drawn()), Residue::from(&equation.weight()));
        let extra = Residue::from(extra);
        for ((square, others), [l, r]) in squares.iter().zip(all_but_one(&squares)).zip(&self.rounds) {
            equation.weighted_point((weight * *square).scalar(), group::decode_message(l)?);
            equation.weighted_point((drawn * extra * others).scalar(), group::decode_message(r)?);
        }
        let inner: Scalar = self.a.iter().zip(&self.b).map(|(a, b)| a * b).sum();
        equation.value(&-(q * inner));
        // Times the squares at the bits set in the block's number: the weight of each block of the left side; read
        // backwards, of the right side.
        let bits: Vec<_> = squares.iter().rev().copied().collect();
        let blocks = tensor(-(drawn * product), &bits);
        let spread = |ends: &[Residue], scales: &[Scalar], blocks: &mut dyn Iterator<Item = &Residue>| {
            let each = blocks.flat_map(|block| ends.iter().map(move |end| *block * *end));
            each.zip(scales).map(|(end, scale)| end * Residue::from(scale)).collect::<Vec<_>>()
        };
        let a: Vec<_> = self.a.iter().map(|a| Residue::from(a) * extra).collect();
        let b: Vec<_> = self.b.iter().map(Residue::from).collect();
        left.generators.emit(&spread(&a, left.scales, &mut blocks.iter()), equation);
        right.generators.emit(&spread(&b, right.scales, &mut blocks.iter().rev()), equation);
        Some(())
    }
}

/// Generators of one side and the scalars that scale them.
pub(crate) struct Side<'a> {
    pub(crate) generators: &'a Generators,
    pub(crate) scales: &'a [Scalar],
}

/// Absorbs the messages of a round and draws its challenge.
fn round(transcript: &mut Transcript, left: &[u8; ELEMENT_BYTES], right: &[u8; ELEMENT_BYTES]) -> Scalar {
    transcript.append(b"L", left);
    transcript.append(b"R", right);
    transcript.challenge(b"u")
}

/// `scale` times the product of the factors at the bits set in `i`, for every `i` below `2^factors`.
pub(crate) fn tensor(scale: Residue, factors: &[Residue]) -> Vec<Residue> {
    let mut out = Vec::with_capacity(1 << factors.len());
    out.push(scale);
    for factor in factors {
        for at in 0..out.len() {
            let next = out.get(at).map_or(Residue::ZERO, |known| *known * *factor);
            out.push(next);
        }
    }
    out
}

/// For every element the product of all others.
pub(crate) fn all_but_one(elements: &[Residue]) -> Vec<Residue> {
    let mut out = Vec::with_capacity(elements.len());
    let mut before = Residue::ONE;
    for element in elements {
        out.push(before);
        before *= *element;
    }
    let mut after = Residue::ONE;
    for (product, element) in out.iter_mut().zip(elements).rev() {
        *product *= after;
        after *= *element;
    }
    out
}

#[cfg(test)]
mod tests;
