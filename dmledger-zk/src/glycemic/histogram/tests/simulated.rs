//! A simulator: given the challenges it makes proofs about any commitments, whatever is in them and without knowing it.

use super::super::prover::Scales;
use super::*;
use crate::{
    commit::{Blinding, Commitment},
    group::IsIdentity as _,
    ipa::{self, Committed},
};

/// `count` random scalars.
fn draw(count: usize, rng: &mut rand_chacha::ChaCha20Rng) -> Vec<Scalar> {
    (0..count).map(|_| *Blinding::random(rng).scalar()).collect()
}

/// Commitments nobody can open, as a day and its digest.
fn unknown(rng: &mut rand_chacha::ChaCha20Rng) -> DayHistogram {
    let mut point = || {
        let mut uniform = [0; 64];
        rng.fill_bytes(&mut uniform);
        Commitment::from_point(group::point_from_uniform(&uniform))
    };
    let day = SealedDay::new(TABLE, Cadence::Minutes15, point());
    DayHistogram::new(day, DayDigest::new([(); METRICS].map(|()| point())))
}

#[test]
fn a_simulator_without_the_readings_makes_accepting_runs() {
    let mut rng = testing::rng(7);
    let statement = unknown(&mut rng);
    let layout = Layout::new(statement.day());
    let [first, d, e, y, z, x, w, tau, mu] = draw(9, &mut rng).try_into().unwrap();
    let challenges = AllChallenges { first, middle: Challenges { d, e, y, z }, x, w };
    let [c_m, c_u, t_2] = [(); 3].map(|()| group::times_value_base(&draw(1, &mut rng)[0]));
    let used = layout.readings + layout.entries;
    let [l, r] = [(); 2].map(|()| {
        let mut vector = draw(used, &mut rng);
        vector.resize(layout.shape.len(), Scalar::ZERO);
        vector
    });
    let t_x: Scalar = l.iter().zip(&r).map(|(l, r)| l * r).sum();

    // Equation (a) for T1.
    let powers = layout.powers(&y);
    let mut rest = group::commit(&(t_x - powers.iter().sum::<Scalar>()), &tau) - x * x * t_2;
    let mut power = z;
    for commitment in statement.digest().commitments() {
        power *= z;
        rest -= power * commitment.point();
    }
    let t_1 = x.invert() * rest;

    // Equation (b) for C_s: what l and r open to, and what P0 has of it already.
    let [left, right] = Scales::new(&layout, &challenges.middle).into_both();
    let (points_left, points_right) = (layout.left.points(), layout.right.points());
    let mut on_left: Vec<_> = l.iter().zip(&left).map(|(l, scale)| l * scale).collect();
    let mut on_right: Vec<_> = r.iter().zip(&right).map(|(r, scale)| r * scale).collect();
    for (sum, power) in on_left.iter_mut().zip(&powers) {
        *sum -= first + z * power.invert();
    }
    for (sum, public) in on_right.iter_mut().skip(layout.readings).zip(layout.public_right(&first, &z)) {
        *sum -= e * public;
    }
    let open = group::sum_of_public(&on_left, &points_left) + group::sum_of_public(&on_right, &points_right);
    let open = open + group::times_blinding_base(&mu) + statement.day().commitment().point() - d * c_m - e * c_u;
    let c_s = x.invert() * open;

    // The argument is honest about l and r, which are nobody's secret.
    let side = |vector, points, scales| Committed { vector, points, scales };
    let q = group::times_value_base(&w);
    let (left, right) = (side(l, points_left, left), side(r, points_right, right));
    let bytes = ipa::prove(&mut Transcript::unbound(b"simulated"), layout.shape, &q, left, right);
    let argument = Argument::replay(&bytes, layout.shape, &mut Transcript::unbound(b"simulated")).unwrap();
    let points = Points { c_m, c_u, c_s, t_1, t_2 };
    let sum = |scalars: [Scalar; SCALARS]| {
        testing::sum_of(1, |accumulator| {
            statement.emit(&layout, (&points, &scalars), &challenges, &argument, accumulator)
        })
    };
    assert!(sum([t_x, tau, mu]).is_identity());
    assert!(!sum([t_x, tau, mu + Scalar::ONE]).is_identity());
}
