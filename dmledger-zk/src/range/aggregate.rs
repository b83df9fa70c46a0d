//! `m` values of `n` bits in one proof: replaying the challenges and emitting the two equations.
//!
//! Letters as in `docs/range-proof.md`. Nothing is inverted: the inner-product equation is multiplied by `U^2 y^(N-1)`, where
//! `U` is the product of the round challenges, which turns every inverse power into a power.

use super::{Bits, RangeProof, older, proof};
use crate::{
    accumulator::Accumulator,
    commit::{Blinding, Commitment, Opening},
    error::{ProveError, Rejected},
    group::{
        self, Chain, Point, Scalar,
        products::{all_but_one, tensor},
        residue::Residue,
    },
    transcript::Transcript,
};
use rand_core::CryptoRng;

/// Commitments whose values are all below `2^bits`, filled up with zeros to a power of two.
#[derive(Clone, Debug)]
pub(super) struct Aggregate {
    /// Commitments the statement is about.
    own: usize,
    /// `V_j`, their number `m` a power of two.
    commitments: Vec<Commitment>,
    bits: Bits,
}

impl Aggregate {
    /// `commitments` is not empty and has at most [`super::MAX_VALUES`] elements.
    pub(super) fn new(mut commitments: Vec<Commitment>, bits: Bits) -> Self {
        let own = commitments.len();
        let zero = Commitment::from_point(Point::default());
        commitments.resize(own.next_power_of_two(), zero);
        Self { own, commitments, bits }
    }

    /// The commitments without the padding.
    pub(super) fn own(&self) -> &[Commitment] {
        self.commitments.split_at_checked(self.own).map_or(&[], |(own, _)| own)
    }

    pub(super) const fn bits(&self) -> Bits {
        self.bits
    }

    pub(super) fn prove<R: CryptoRng + ?Sized>(
        &self,
        transcript: Transcript,
        openings: &[Opening],
        rng: &mut R,
    ) -> Result<RangeProof, ProveError> {
        if openings.len() != self.own {
            return Err(ProveError::Openings { have: openings.len(), need: self.own });
        }
        if !openings.iter().zip(&self.commitments).all(|(opening, commitment)| opening.opens(commitment)) {
            return Err(ProveError::WrongOpening);
        }
        if !openings.iter().all(|opening| opening.value() <= self.bits.max()) {
            return Err(ProveError::False);
        }
        let zero = Opening::new(0, Blinding::from_scalar(Scalar::ZERO));
        let padding = self.commitments.len() - self.own;
        let padded: Vec<_> = openings.iter().chain(core::iter::repeat_n(&zero, padding)).collect();
        let bytes = older::prove(transcript, &padded, self.bits.number(), rng).ok_or(ProveError::False)?;
        RangeProof::from_bytes(&bytes).map_err(|_| ProveError::False)
    }

    pub(super) fn verify_with_bulletproofs(&self, transcript: Transcript, proof: &RangeProof) -> Result<(), Rejected> {
        older::verify(transcript, &self.commitments, self.bits.number(), proof.as_bytes())
    }

    pub(super) fn equations(
        &self,
        mut transcript: Transcript,
        proof: &RangeProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        let parts = proof.parts().ok_or(Rejected)?;
        let (n, m) = (self.bits.number() as usize, self.commitments.len());
        if 1 << parts.rounds.len() != n * m {
            return Err(Rejected);
        }
        let challenges = self.replay(&mut transcript, &parts);
        let points = Points::decode(&parts).ok_or(Rejected)?;
        self.value_equation(&parts, &challenges, &points, accumulator);
        self.product_equation(&parts, &challenges, points, accumulator)
    }

    /// The challenges of the protocol, in the labels of `bulletproofs` 5.
    fn replay(&self, transcript: &mut Transcript, parts: &proof::Parts<'_>) -> Challenges {
        let bits = u64::from(self.bits.number());
        let count = self.commitments.len() as u64;
        transcript.append(b"dom-sep", b"rangeproof v1");
        transcript.append_number(b"n", bits);
        transcript.append_number(b"m", count);
        for commitment in &self.commitments {
            transcript.append(b"V", commitment.as_bytes());
        }
        let [a, s, t_1, t_2] = parts.points;
        transcript.append(b"A", a);
        transcript.append(b"S", s);
        let y = transcript.challenge(b"y");
        let z = transcript.challenge(b"z");
        transcript.append(b"T_1", t_1);
        transcript.append(b"T_2", t_2);
        let x = transcript.challenge(b"x");
        transcript.append_scalar(b"t_x", &parts.t_x);
        transcript.append_scalar(b"t_x_blinding", &parts.tau);
        transcript.append_scalar(b"e_blinding", &parts.mu);
        let w = transcript.challenge(b"w");
        transcript.append(b"dom-sep", b"ipp v1");
        transcript.append_number(b"n", bits * count);
        let round = |[left, right]: &[[u8; 32]; 2]| {
            transcript.append(b"L", left);
            transcript.append(b"R", right);
            transcript.challenge(b"u")
        };
        let u = parts.rounds.iter().map(round).collect();
        Challenges { y, z, x, w, u }
    }

    /// `t^ B + tau B~ = delta B + sum_j z^(j+2) V_j + x T1 + x^2 T2`.
    fn value_equation(
        &self,
        parts: &proof::Parts<'_>,
        challenges: &Challenges,
        points: &Points,
        accumulator: &mut Accumulator<'_>,
    ) {
        let [y, z, x] = [&challenges.y, &challenges.z, &challenges.x].map(Residue::from);
        let mut equation = accumulator.equation();
        let weight = Residue::from(&equation.weight());
        equation.value(&(self.delta(y, z).scalar() - parts.t_x));
        equation.blinding(&-parts.tau);
        let mut power = weight * z.square();
        for commitment in &self.commitments {
            equation.weighted_point(power.scalar(), *commitment.point());
            power *= z;
        }
        equation.weighted_point((weight * x).scalar(), points.t_1);
        equation.weighted_point((weight * x.square()).scalar(), points.t_2);
    }

    /// `(z - z^2) sum_(i<N) y^i - (2^n - 1) sum_(j<m) z^(j+3)`.
    fn delta(&self, y: Residue, z: Residue) -> Residue {
        let count = self.commitments.len();
        let total = self.bits.number() as usize * count;
        let largest = Residue::from(&Scalar::from(self.bits.max()));
        (z - z.square()) * geometric(y, total) - largest * z.square() * z * geometric(z, count)
    }

    /// `A + x S - mu B~ + w (t^ - a b) B + sum_j (u_j^2 L_j + u_j^-2 R_j)`
    /// `+ sum_i (-z - a s_i) G_i + sum_i (z + y^-i (z^(j+2) 2^(i - n j) - b / s_i)) H_i = 0`, with `j = floor(i / n)`.
    fn product_equation(
        &self,
        parts: &proof::Parts<'_>,
        challenges: &Challenges,
        points: Points,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        let [y, z, x] = [&challenges.y, &challenges.z, &challenges.x].map(Residue::from);
        let [a, b] = [&parts.a, &parts.b].map(Residue::from);
        let u: Vec<_> = challenges.u.iter().map(Residue::from).collect();
        let squares: Vec<_> = u.iter().map(|u| u.square()).collect();
        let product: Residue = u.iter().copied().product();
        // y^(2^k) for every bit k of an index, lowest first, and y^(N-1).
        let doublings: Vec<_> = core::iter::successors(Some(y), |power| Some(power.square())).take(u.len()).collect();
        let last_power: Residue = doublings.iter().copied().product();

        let mut equation = accumulator.scaled_equation(&(product.square() * last_power).scalar())?;
        let weight = Residue::from(&equation.weight());
        equation.weighted_point(equation.weight(), points.a);
        equation.weighted_point((weight * x).scalar(), points.s);
        equation.blinding(&-parts.mu);
        equation.value(&(challenges.w * (parts.t_x - parts.a * parts.b)));

        // What `scaled_equation` multiplied by stands outside the weight drawn; take it apart again where an inverse
        // is to cancel.
        let drawn = Residue::from(&equation.drawn());
        let kept = drawn * last_power;
        for ((square, others), (left, right)) in squares.iter().zip(all_but_one(&squares)).zip(points.rounds) {
            equation.weighted_point((weight * *square).scalar(), left);
            equation.weighted_point((kept * others).scalar(), right);
        }
        let bits_of_index: Vec<_> = squares.iter().rev().copied().collect();
        let left = tensor(&[-(kept * product * a)], &bits_of_index);
        let factors: Vec<_> = bits_of_index.iter().zip(&doublings).map(|(square, power)| *square * *power).collect();
        let right = tensor(&[drawn * product * b], &factors);
        let shift = (weight * z).scalar();
        let powers = self.scaled_powers(drawn * product.square(), y, z);
        let n = self.bits.number() as usize;
        let h: Vec<_> = powers.iter().zip(right.iter().rev()).map(|(power, right)| *power - *right).collect();
        for (place, (g, h)) in (0..).zip(left.chunks(n).zip(h.chunks(n))) {
            equation.weighted_run(Chain::RangeG(place), n, -shift);
            equation.weighted_run(Chain::RangeH(place), n, shift);
            equation.weighted_residues(Chain::RangeG(place), g.to_vec());
            equation.weighted_residues(Chain::RangeH(place), h.to_vec());
        }
        Ok(())
    }

    /// `scale z^(j+2) 2^(i - n j) y^(N-1-i)` for every `i`, `j = floor(i / n)`.
    fn scaled_powers(&self, scale: Residue, y: Residue, z: Residue) -> Vec<Residue> {
        let n = self.bits.number();
        let count = self.commitments.len();
        let half = y * Residue::HALF;
        let top = Residue::from(&Scalar::from(1_u64 << (n - 1)));
        let y_to_n = core::iter::successors(Some(y), |power| Some(power.square())).nth(n.ilog2() as usize);
        let y_to_n = y_to_n.unwrap_or(y);
        let z_powers: Vec<_> =
            core::iter::successors(Some(scale * z.square()), |power| Some(*power * z)).take(count).collect();
        let mut out = Vec::with_capacity(n as usize * count);
        let mut y_power = top;
        for z_power in z_powers.iter().rev() {
            let mut power = y_power * *z_power;
            for _ in 0..n {
                out.push(power);
                power *= half;
            }
            y_power *= y_to_n;
        }
        out.reverse();
        out
    }
}

struct Challenges {
    y: Scalar,
    z: Scalar,
    x: Scalar,
    w: Scalar,
    /// One a round, first round first.
    u: Vec<Scalar>,
}

/// The prover's messages, decoded; none is the identity.
struct Points {
    a: Point,
    s: Point,
    t_1: Point,
    t_2: Point,
    rounds: Vec<(Point, Point)>,
}

impl Points {
    fn decode(parts: &proof::Parts<'_>) -> Option<Self> {
        let [a, s, t_1, t_2] = parts.points.map(group::decode_message);
        let round = |[left, right]: &[[u8; 32]; 2]| Some((group::decode_message(left)?, group::decode_message(right)?));
        let rounds = parts.rounds.iter().map(round).collect::<Option<_>>()?;
        Some(Self { a: a?, s: s?, t_1: t_1?, t_2: t_2?, rounds })
    }
}

/// `1 + base + ... + base^(count-1)` for `count` a power of two.
fn geometric(base: Residue, count: usize) -> Residue {
    let mut sum = Residue::ONE;
    let mut power = base;
    for _ in 0..count.ilog2() {
        sum *= Residue::ONE + power;
        power = power.square();
    }
    sum
}

#[cfg(test)]
mod simulated;
