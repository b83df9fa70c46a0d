//! The prover of the inner-product argument.
//!
//! Folding generators is what costs. The first rounds leave them as they are and expand the scalars instead; then all
//! are folded at once by short multiscalar multiplications. Only vectors that are blinded already come here, so variable
//! time is allowed.

use super::{Shape, round};
use crate::{
    group::{self, Point, Scalar},
    transcript::Transcript,
};

/// Rounds after which the generators are folded once.
const UNFOLDED_ROUNDS: u32 = 3;

/// One side: the vector, and the generators `scales[i] points[i]` it is committed over.
pub(crate) struct Committed {
    pub(crate) vector: Vec<Scalar>,
    pub(crate) points: Vec<Point>,
    pub(crate) scales: Vec<Scalar>,
}

impl Committed {
    /// The terms of half of this side: `half` of the vector over the *other* half of the generators.
    fn cross(&self, half: Half, scalars: &mut Vec<Scalar>, points: &mut Vec<Point>) {
        let middle = self.vector.len() / 2;
        let (low, high) = self.vector.split_at(middle);
        let vector = if half == Half::Low { low } else { high };
        let blocks = self.scales.chunks(middle).zip(self.points.chunks(middle));
        let skipped = usize::from(half == Half::Low);
        for (scales, bases) in blocks.skip(skipped).step_by(2) {
            scalars.extend(vector.iter().zip(scales).map(|(value, scale)| value * scale));
            points.extend_from_slice(bases);
        }
    }

    /// `low' = low_factor low + high_factor high`; the generators take the factors the other way round.
    fn fold(&mut self, low_factor: &Scalar, high_factor: &Scalar) {
        let middle = self.vector.len() / 2;
        let high = self.vector.split_off(middle);
        for (low, high) in self.vector.iter_mut().zip(high) {
            *low = *low * low_factor + high * high_factor;
        }
        for (block, scales) in self.scales.chunks_mut(middle).enumerate() {
            let factor = if block % 2 == 0 { high_factor } else { low_factor };
            scales.iter_mut().for_each(|scale| *scale *= factor);
        }
    }

    /// Adds up the generators that stand for one coordinate.
    fn gather(&mut self) {
        let len = self.vector.len();
        let each = |place: usize| {
            let scales: Vec<_> = self.scales.iter().skip(place).step_by(len).copied().collect();
            let points: Vec<_> = self.points.iter().skip(place).step_by(len).copied().collect();
            group::sum_of_public(&scales, &points)
        };
        self.points = (0..len).map(each).collect();
        self.scales = vec![Scalar::ONE; len];
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Low,
    High,
}

/// Proves that `P = <left> + <right> + <l, r> q` for vectors of this shape, and returns the argument's bytes.
pub(crate) fn prove(
    transcript: &mut Transcript,
    shape: Shape,
    q: &Point,
    mut left: Committed,
    mut right: Committed,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(shape.bytes());
    transcript.append_number(b"ipa", shape.len() as u64);
    for number in 0..shape.rounds {
        if number as u32 == UNFOLDED_ROUNDS {
            left.gather();
            right.gather();
        }
        let l = cross(&left, Half::Low, &right, q);
        let r = cross(&left, Half::High, &right, q);
        let (l, r) = (group::encode_point(&l), group::encode_point(&r));
        bytes.extend(l);
        bytes.extend(r);
        let u = round(transcript, &l, &r);
        let inverse = u.invert();
        left.fold(&u, &inverse);
        right.fold(&inverse, &u);
    }
    for scalar in left.vector.iter().chain(&right.vector) {
        bytes.extend(scalar.as_bytes());
    }
    bytes
}

/// One half of the left vector over the other half's generators, the opposite half of the right vector likewise, and
/// the product of the two.
fn cross(left: &Committed, half: Half, right: &Committed, q: &Point) -> Point {
    let opposite = if half == Half::Low { Half::High } else { Half::Low };
    let (mut scalars, mut points) = (Vec::new(), Vec::new());
    left.cross(half, &mut scalars, &mut points);
    right.cross(opposite, &mut scalars, &mut points);
    let middle = left.vector.len() / 2;
    let (low, high) = left.vector.split_at(middle);
    let (other_low, other_high) = right.vector.split_at(middle);
    let pairs = if half == Half::Low { low.iter().zip(other_high) } else { high.iter().zip(other_low) };
    scalars.push(pairs.map(|(a, b)| a * b).sum());
    points.push(*q);
    group::sum_of_public(&scalars, &points)
}
