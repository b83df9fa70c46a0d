//! A simulator: given the challenges it makes proofs without knowing a value. That it can is what zero knowledge means; that
//! a transcript never gives challenges beforehand is why nobody else can.

use super::*;
use crate::{commit::Blinding, group::IsIdentity as _, range::proof::Parts, testing};

struct Simulated {
    challenges: Challenges,
    points: Points,
    encoded: [[u8; 32]; 4],
    scalars: [Scalar; 5],
}

/// `count` random scalars.
fn draw(count: usize, rng: &mut rand_chacha::ChaCha20Rng) -> Vec<Scalar> {
    (0..count).map(|_| *Blinding::random(rng).scalar()).collect()
}

fn dot(a: &[Scalar], b: &[Scalar]) -> Scalar {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Simulated {
    /// A proof that one commitment fits 8 bits.
    fn new(commitment: &Commitment, aggregate: &Aggregate) -> Self {
        let mut rng = testing::rng(11);
        let [y, z, x, w, tau, mu] = draw(6, &mut rng).try_into().unwrap();
        let (u, mut l, mut r) = (draw(3, &mut rng), draw(8, &mut rng), draw(8, &mut rng));
        let [a, t_2] = [(); 2].map(|()| group::times_value_base(&draw(1, &mut rng)[0]));
        let t_x = dot(&l, &r);

        // Equation 1 for T1, equation 2 for S.
        let left = group::commit(&(t_x - aggregate.delta(Residue::from(&y), Residue::from(&z)).scalar()), &tau)
            - z * z * commitment.point()
            - x * x * t_2;
        let t_1 = x.invert() * left;
        let mut g = group::generators(Chain::RangeG(0), 8)[..8].to_vec();
        let plain = &group::generators(Chain::RangeH(0), 8)[..8];
        let inverse = y.invert();
        let falling: Vec<_> =
            core::iter::successors(Some(Scalar::ONE), |power| Some(power * inverse)).take(8).collect();
        let mut h: Vec<_> = plain.iter().zip(&falling).map(|(point, power)| power * point).collect();
        let mut open = group::times_blinding_base(&mu) - a;
        for i in 0..8 {
            open += (l[i] + z) * g[i] + (r[i] - z * z * Scalar::from(1_u64 << i)) * h[i] - z * plain[i];
        }
        let s = x.invert() * open;

        let (mut rounds, q) = (Vec::new(), group::times_value_base(&w));
        for u in &u {
            let half = l.len() / 2;
            let (l_lo, l_hi) = l.split_at(half);
            let (r_lo, r_hi) = r.split_at(half);
            let (g_lo, g_hi) = g.split_at(half);
            let (h_lo, h_hi) = h.split_at(half);
            let sum = |l: &[Scalar], g: &[Point], r: &[Scalar], h: &[Point]| {
                group::sum_of_public(&[l, r].concat(), &[g, h].concat()) + dot(l, r) * q
            };
            rounds.push((sum(l_lo, g_hi, r_hi, h_lo), sum(l_hi, g_lo, r_lo, h_hi)));
            let v = u.invert();
            let fold = |lo: &[Scalar], hi: &[Scalar], a: Scalar, b: Scalar| {
                lo.iter().zip(hi).map(|(lo, hi)| a * lo + b * hi).collect::<Vec<_>>()
            };
            let bend = |lo: &[Point], hi: &[Point], a: Scalar, b: Scalar| {
                lo.iter().zip(hi).map(|(lo, hi)| a * lo + b * hi).collect::<Vec<_>>()
            };
            (l, r, g, h) =
                (fold(l_lo, l_hi, *u, v), fold(r_lo, r_hi, v, *u), bend(g_lo, g_hi, v, *u), bend(h_lo, h_hi, *u, v));
        }
        let points = Points { a, s, t_1, t_2, rounds };
        let encoded = [a, s, t_1, t_2].map(|point| group::encode_point(&point));
        Self { challenges: Challenges { y, z, x, w, u }, points, encoded, scalars: [t_x, tau, mu, l[0], r[0]] }
    }
}

#[test]
fn a_simulator_without_the_value_makes_accepting_runs() {
    // 300 does not even fit: the simulator never learns it.
    let commitment = Opening::new(300, Blinding::derive(&[1; 32], 0)).commitment();
    let aggregate = Aggregate::new(vec![commitment], Bits::Eight);
    let Simulated { challenges, points, encoded, scalars } = Simulated::new(&commitment, &aggregate);
    let [t_x, tau, mu, a, b] = scalars;
    let parts = Parts { points: encoded.each_ref(), t_x, tau, mu, rounds: &[], a, b };
    let sum = testing::sum_of(1, |accumulator| {
        aggregate.value_equation(&parts, &challenges, &points, accumulator);
        aggregate.product_equation(&parts, &challenges, points, accumulator).ok()
    });
    assert!(sum.is_identity());
}
