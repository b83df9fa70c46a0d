//! One key among many, its place shown bit by bit (Groth, Kohlweiss 2015, with the commitments of Bootle et al. 2015), and a
//! second base for the nullifier.
//!
//! Letters as in `docs/member.md`: place `l` with bits `l_j`, `j < m`; the set filled up to `2^m` with its last key.

use super::{MemberSecret, Membership};
use crate::{
    accumulator::Accumulator,
    group::{self, Chain, ELEMENT_BYTES, Point, Scalar},
    transcript::Transcript,
};
use rand_core::CryptoRng;
use subtle::{Choice, ConditionallySelectable as _};
use zeroize::Zeroizing;

/// Elements besides those of each bit: `P_0, P_1`, `z_b, z`.
const FIXED: usize = 4;
/// Elements of each bit: `D_k, E_k`, `f_j`.
const EACH: usize = 3;

/// Bits of a place.
fn bits_of(membership: &Membership) -> usize {
    membership.set.keys().len().next_power_of_two().ilog2() as usize
}

/// What the prover chooses at random.
struct Masks {
    /// `a_j`.
    bits: Zeroizing<Vec<Scalar>>,
    /// `rho_k`.
    sums: Zeroizing<Vec<Scalar>>,
    /// Blindings of `P_0` and `P_1`.
    blindings: Zeroizing<[Scalar; 2]>,
}

/// Makes the proof's bytes. `place` is that of the secret's key in the set.
pub(super) fn prove<R: CryptoRng + ?Sized>(
    membership: &Membership,
    mut transcript: Transcript,
    place: usize,
    secret: &MemberSecret,
    rng: &mut R,
) -> Vec<u8> {
    let m = bits_of(membership);
    let mut nonces = transcript.prover_rng(&[secret.scalar().as_bytes(), &place.to_le_bytes()], rng);
    let mut draw = |count: usize| Zeroizing::new((0..count).map(|_| nonces.scalar()).collect::<Vec<_>>());
    let (bits, sums, pair) = (draw(m), draw(m), draw(2));
    let mut blindings = Zeroizing::new([Scalar::ZERO; 2]);
    blindings.iter_mut().zip(pair.iter()).for_each(|(to, from)| *to = *from);
    let masks = Masks { bits, sums, blindings };
    let l: Zeroizing<Vec<_>> = Zeroizing::new((0..m).map(|j| bit(place, j)).collect());

    let mut points = bit_commitments(&l, &masks).to_vec();
    points.extend(place_commitments(membership, &l, &masks));
    let points: Vec<_> = points.iter().map(group::encode_point).collect();
    let x = challenge(&mut transcript, &points);

    let mut power = Scalar::ONE;
    let mut z = Scalar::ZERO;
    for rho in masks.sums.iter() {
        z -= rho * power;
        power *= x;
    }
    z += secret.scalar() * power;
    let z_b = masks.blindings[0] + x * masks.blindings[1];
    let f = l.iter().zip(masks.bits.iter()).map(|(l, a)| l * x + a);
    let scalars = f.chain([z_b, z]).map(|scalar| scalar.to_bytes());
    points.into_iter().chain(scalars).flatten().collect()
}

/// `1` if bit `j` of the place is set, without a branch.
fn bit(place: usize, j: usize) -> Scalar {
    let set = Choice::from((place >> j & 1) as u8);
    Scalar::conditional_select(&Scalar::ZERO, &Scalar::ONE, set)
}

/// `P_0 = <a, G> - <a^2, H> + r_0 B~` and `P_1 = <l, G> + <a (1 - 2 l), H> + r_1 B~`.
fn bit_commitments(l: &[Scalar], masks: &Masks) -> [Point; 2] {
    let m = l.len();
    let (g, h) = (group::generators(Chain::MemberG, m), group::generators(Chain::MemberH, m));
    let bases: Vec<_> = g.iter().take(m).chain(h.iter().take(m)).copied().chain([group::blinding_base()]).collect();
    let a = &masks.bits;
    let [r_0, r_1] = *masks.blindings;
    let squares = a.iter().map(|a| -(a * a));
    let first: Zeroizing<Vec<_>> = Zeroizing::new(a.iter().copied().chain(squares).chain([r_0]).collect());
    let cross = a.iter().zip(l).map(|(a, l)| a * (Scalar::ONE - l - l));
    let second: Zeroizing<Vec<_>> = Zeroizing::new(l.iter().copied().chain(cross).chain([r_1]).collect());
    [group::sum_of_secret(&first, &bases), group::sum_of_secret(&second, &bases)]
}

/// `D_k = sum_i p_(i,k) Q_i + rho_k B` for every `k < m`, then `E_k = rho_k J`.
fn place_commitments(membership: &Membership, l: &[Scalar], masks: &Masks) -> Vec<Point> {
    let keys = membership.set.points();
    let columns = coefficients(l, &masks.bits, keys.len());
    let base = membership.scope.base();
    let d = columns.iter().zip(masks.sums.iter());
    let d = d.map(|(column, rho)| group::sum_of_secret(column, keys) + group::times_value_base(rho));
    d.chain(masks.sums.iter().map(|rho| rho * base)).collect()
}

/// For every `k < m` the coefficients of `X^k` in `p_i(X)`, those of the filling added to the last key's.
///
/// `p_i = prod_j (i_j (l_j X + a_j) + (1 - i_j) ((1 - l_j) X - a_j))`; only the place itself has a term `X^m`, which is left out.
fn coefficients(l: &[Scalar], a: &[Scalar], keys: usize) -> Vec<Zeroizing<Vec<Scalar>>> {
    let mut polynomials = vec![Zeroizing::new(vec![Scalar::ONE])];
    for (l, a) in l.iter().zip(a) {
        let zero = polynomials.iter().map(|known| times(known, &-a, &(Scalar::ONE - l)));
        let one = polynomials.iter().map(|known| times(known, a, l));
        polynomials = zero.chain(one).collect();
    }
    let column = |k: usize| {
        let mut column: Zeroizing<Vec<Scalar>> = Zeroizing::new(vec![Scalar::ZERO; keys]);
        for (i, polynomial) in polynomials.iter().enumerate() {
            if let (Some(sum), Some(value)) = (column.get_mut(i.min(keys - 1)), polynomial.get(k)) {
                *sum += value;
            }
        }
        column
    };
    (0..l.len()).map(column).collect()
}

/// `known (low + high X)`.
fn times(known: &[Scalar], low: &Scalar, high: &Scalar) -> Zeroizing<Vec<Scalar>> {
    let mut out = Zeroizing::new(vec![Scalar::ZERO; known.len() + 1]);
    for (place, value) in known.iter().enumerate() {
        if let Some([first, second]) = out.get_mut(place..place + 2) {
            *first += value * low;
            *second += value * high;
        }
    }
    out
}

/// A proof taken apart.
pub(super) struct Run<'a> {
    /// `P_0, P_1, D_0 .., E_0 ..`.
    points: &'a [[u8; ELEMENT_BYTES]],
    /// `f_j`.
    f: Vec<Scalar>,
    z_b: Scalar,
    z: Scalar,
}

impl<'a> Run<'a> {
    pub(super) fn read(m: usize, bytes: &'a [u8]) -> Option<Self> {
        let (elements, rest) = bytes.as_chunks::<ELEMENT_BYTES>();
        if !rest.is_empty() || elements.len() != FIXED + EACH * m {
            return None;
        }
        let (points, scalars) = elements.split_at_checked(2 + 2 * m)?;
        let mut f = scalars.iter().map(group::decode_scalar).collect::<Result<Vec<_>, _>>().ok()?;
        let (z, z_b) = (f.pop()?, f.pop()?);
        Some(Self { points, f, z_b, z })
    }
}

fn challenge(transcript: &mut Transcript, points: &[[u8; ELEMENT_BYTES]]) -> Scalar {
    for point in points {
        transcript.append(b"P", point);
    }
    transcript.challenge(b"x")
}

/// Emits the three equations; `None` if the proof is malformed.
pub(super) fn equations(
    membership: &Membership,
    mut transcript: Transcript,
    bytes: &[u8],
    accumulator: &mut Accumulator<'_>,
) -> Option<()> {
    let run = Run::read(bits_of(membership), bytes)?;
    let x = challenge(&mut transcript, run.points);
    emit(membership, &run, &x, accumulator)
}

/// `P_0 + x P_1 = <f, G> + <f (x - f), H> + z_b B~`;
/// `sum_i p_i(x) Q_i - sum_k x^k D_k = z B`; `x^m N - sum_k x^k E_k = z J`.
pub(super) fn emit(
    membership: &Membership,
    run: &Run<'_>,
    x: &Scalar,
    accumulator: &mut Accumulator<'_>,
) -> Option<()> {
    let points = run.points.iter().map(group::decode_message).collect::<Option<Vec<_>>>()?;
    let (bits, rest) = points.split_at_checked(2)?;
    let [p_0, p_1] = bits else { return None };
    let (d, e) = rest.split_at_checked(run.f.len())?;

    let mut equation = accumulator.equation();
    equation.point(&Scalar::ONE, *p_0);
    equation.point(x, *p_1);
    equation.blinding(&-run.z_b);
    let minus = -equation.weight();
    let g: Vec<_> = run.f.iter().map(|f| minus * f).collect();
    let h: Vec<_> = run.f.iter().map(|f| minus * f * (x - f)).collect();
    equation.weighted_generators(Chain::MemberG, &g);
    equation.weighted_generators(Chain::MemberH, &h);

    let mut equation = accumulator.equation();
    let keys = membership.set.points();
    let mut products = vec![equation.weight()];
    for f in &run.f {
        let one: Vec<_> = products.iter().map(|known| known * f).collect();
        let rest = x - f;
        products.iter_mut().for_each(|known| *known *= rest);
        products.extend(one);
    }
    let filling: Scalar = products.drain(keys.len()..).sum();
    *products.last_mut()? += filling;
    equation.weighted_shared(membership.set.digest(), keys, &products);
    equation.value(&-run.z);
    let top = sum_of_powers(x, d, &mut equation);

    let mut equation = accumulator.equation();
    equation.point(&top, *membership.nullifier.point());
    equation.point(&-run.z, membership.scope.base());
    sum_of_powers(x, e, &mut equation);
    Some(())
}

/// Adds `-sum_k x^k points[k]` and returns `x^m`.
fn sum_of_powers(x: &Scalar, points: &[Point], equation: &mut crate::accumulator::Equation<'_>) -> Scalar {
    let mut power = Scalar::ONE;
    for point in points {
        equation.point(&-power, *point);
        power *= x;
    }
    power
}
