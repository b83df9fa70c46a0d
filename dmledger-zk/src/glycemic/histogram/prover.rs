//! The prover of a day's histogram.
//!
//! It works on commitments that may carry parts on every base, although an honest one carries its vector on one base
//! only: so the very same code makes the forgeries of the tests.

use super::{Challenges, DayHistogram, DayProof, Draw, Layout, METRICS, opening_challenge, polynomial_challenge};
use crate::{
    error::ProveError,
    glycemic::digest::DaySecret,
    group::{self, ELEMENT_BYTES, Point, Scalar},
    ipa::{self, Committed},
    transcript::{ProverRng, Transcript},
};
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

/// What a commitment carries: on `G` and `G'`, on `H` and `H'`, on `B` and on `B~`. Which bases are used is public.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) g: Vector,
    pub(super) g_table: Vector,
    pub(super) h: Vector,
    pub(super) h_table: Vector,
    pub(super) value: Zeroizing<Scalar>,
    pub(super) blinding: Zeroizing<Scalar>,
}

/// A secret vector on one run of generators, or nothing there.
type Vector = Option<Zeroizing<Vec<Scalar>>>;

/// Puts a vector on a run of generators.
pub(super) fn carry(scalars: impl IntoIterator<Item = Scalar>) -> Vector {
    Some(Zeroizing::new(scalars.into_iter().collect()))
}

impl Parts {
    /// The commitment, in constant time.
    pub(super) fn commit(&self, bases: &Bases) -> Point {
        let mut scalars = Zeroizing::new(vec![*self.value, *self.blinding]);
        let mut points = vec![group::value_base(), group::blinding_base()];
        let [g, g_table, h, h_table] = bases.runs();
        let used = [(&self.g, g), (&self.g_table, g_table), (&self.h, h), (&self.h_table, h_table)];
        for (vector, generators) in used {
            if let Some(vector) = vector {
                scalars.extend_from_slice(vector);
                points.extend_from_slice(generators);
            }
        }
        group::sum_of_secret(&scalars, &points)
    }
}

/// All generators of both sides, and where the table begins and ends.
pub(super) struct Bases {
    left: Vec<Point>,
    right: Vec<Point>,
    readings: usize,
    used: usize,
}

impl Bases {
    pub(super) fn new(layout: &Layout) -> Self {
        let used = layout.readings + layout.entries;
        Self { left: layout.left.points(), right: layout.right.points(), readings: layout.readings, used }
    }

    fn split<'a>(&self, points: &'a [Point]) -> [&'a [Point]; 2] {
        let (readings, rest) = points.split_at_checked(self.readings).unwrap_or_default();
        let (table, _) = rest.split_at_checked(self.used - self.readings).unwrap_or_default();
        [readings, table]
    }

    /// `G, G', H, H'`.
    fn runs(&self) -> [&[Point]; 4] {
        let ([g, g_table], [h, h_table]) = (self.split(&self.left), self.split(&self.right));
        [g, g_table, h, h_table]
    }
}

/// The three commitments of a prover. `inverses` is made once **X** is known.
pub(super) struct Scheme<'a> {
    pub(super) readings: &'a Parts,
    pub(super) histogram: &'a Parts,
    pub(super) inverses: &'a dyn Fn(&Scalar) -> Parts,
    /// `rho_k`.
    pub(super) blindings: [&'a Scalar; METRICS],
    /// Added to `t^`; nothing for an honest prover.
    pub(super) shift: Scalar,
}

/// The honest prover.
pub(super) fn prove<R: CryptoRng + ?Sized>(
    statement: &DayHistogram,
    transcript: Transcript,
    witness: &DaySecret,
    rng: &mut R,
) -> Result<DayProof, ProveError> {
    let layout = Layout::new(&statement.day);
    let bases = Bases::new(&layout);
    let entries = witness.entries();
    let readings = Parts {
        g: carry(entries.iter().map(|entry| Scalar::from(*entry))),
        blinding: Zeroizing::new(*witness.blinding().scalar()),
        ..Parts::default()
    };
    let opens = group::encode_point(&readings.commit(&bases)) == *statement.day.commitment().as_bytes()
        && witness.opening().digest() == statement.digest;
    if entries.len() != layout.readings || !opens {
        return Err(ProveError::WrongOpening);
    }
    let mut counts = Zeroizing::new(vec![0_u64; layout.entries]);
    for entry in entries {
        if let Some(count) = counts.get_mut(layout.table.place(*entry)) {
            *count += 1;
        }
    }
    let mut nonces = nonces(&transcript, witness, rng);
    let histogram = Parts {
        g_table: carry(counts.iter().map(|count| Scalar::from(*count))),
        blinding: Zeroizing::new(nonces.scalar()),
        ..Parts::default()
    };
    let blinding = Zeroizing::new(nonces.scalar());
    let inverses = |first: &Scalar| {
        let mut inverses: Vec<_> = entries.iter().map(|entry| first - Scalar::from(*entry)).collect();
        Scalar::invert_batch_alloc(&mut inverses);
        Parts { h: carry(inverses), blinding: blinding.clone(), ..Parts::default() }
    };
    let blindings = witness.opening().openings().each_ref().map(|opening| opening.blinding().scalar());
    let scheme =
        Scheme { readings: &readings, histogram: &histogram, inverses: &inverses, blindings, shift: Scalar::ZERO };
    // X is an entry of the table with probability below 2^-240; another generator state then helps.
    prove_scheme(&layout, &bases, transcript, &scheme, &mut nonces, Transcript::challenge).ok_or(ProveError::False)
}

fn nonces<R: CryptoRng + ?Sized>(transcript: &Transcript, witness: &DaySecret, rng: &mut R) -> ProverRng {
    let mut entries = Zeroizing::new(Vec::with_capacity(2 * witness.entries().len()));
    for entry in witness.entries() {
        entries.extend_from_slice(&entry.to_le_bytes());
    }
    transcript.prover_rng(&[&entries, witness.blinding().scalar().as_bytes()], rng)
}

/// Runs the protocol on whatever was committed to.
pub(super) fn prove_scheme(
    layout: &Layout,
    bases: &Bases,
    mut transcript: Transcript,
    scheme: &Scheme<'_>,
    nonces: &mut ProverRng,
    draw: Draw,
) -> Option<DayProof> {
    let c_m = group::encode_point(&scheme.histogram.commit(bases));
    let first = layout.challenge(&mut transcript, &c_m, draw)?;
    let inverses = (scheme.inverses)(&first);
    let c_u = group::encode_point(&inverses.commit(bases));
    let mut random = |count: usize| carry((0..count).map(|_| nonces.scalar()));
    let mask = Parts {
        g: random(layout.readings),
        g_table: random(layout.entries),
        h: random(layout.readings),
        h_table: random(layout.entries),
        value: Zeroizing::default(),
        blinding: Zeroizing::new(nonces.scalar()),
    };
    let c_s = group::encode_point(&mask.commit(bases));
    let challenges = Challenges::draw(&mut transcript, &c_u, &c_s, draw);
    let scales = Scales::new(layout, &challenges);
    let three = [(-Scalar::ONE, scheme.readings), (challenges.d, scheme.histogram), (challenges.e, &inverses)];
    let [mut l, mut r] = scales.unscale(&three);
    scales.add_public(layout, &first, &challenges.z, &mut l, &mut r);
    let [mut s_l, mut s_r] = scales.unscale(&[(Scalar::ONE, &mask)]);

    let (tau_1, tau_2) = (Zeroizing::new(nonces.scalar()), Zeroizing::new(nonces.scalar()));
    let t_1 = group::encode_point(&group::commit(&(inner(&l, &s_r) + inner(&s_l, &r)), &tau_1));
    let t_2 = group::encode_point(&group::commit(&inner(&s_l, &s_r), &tau_2));
    let x = polynomial_challenge(&mut transcript, &t_1, &t_2);
    for (value, mask) in l.iter_mut().zip(&s_l).chain(r.iter_mut().zip(&s_r)) {
        *value += x * mask;
    }
    s_l.zeroize();
    s_r.zeroize();
    let weighted = scheme
        .blindings
        .into_iter()
        .zip(core::iter::successors(Some(challenges.z * challenges.z), |power| Some(power * challenges.z)));
    let tau = weighted.map(|(rho, power)| rho * power).sum::<Scalar>() + x * *tau_1 + x * x * *tau_2;
    let mu = three.iter().map(|(scale, parts)| scale * *parts.blinding).sum::<Scalar>() + x * *mask.blinding;
    let scalars = [inner(&l, &r) + scheme.shift, tau, mu];
    let w = opening_challenge(&mut transcript, &scalars, draw);
    let [left, right] = scales.into_both();
    let left = Committed { vector: l, points: bases.left.clone(), scales: left };
    let right = Committed { vector: r, points: bases.right.clone(), scales: right };
    let argument = ipa::prove(&mut transcript, layout.shape, &group::times_value_base(&w), left, right);

    let mut bytes = Vec::with_capacity(8 * ELEMENT_BYTES + argument.len());
    [c_m, c_u, c_s, t_1, t_2].iter().for_each(|point| bytes.extend(point));
    scalars.iter().for_each(|scalar| bytes.extend(scalar.as_bytes()));
    bytes.extend(argument);
    Some(DayProof(bytes))
}

/// What every generator is scaled by, and the inverse of it.
pub(super) struct Scales {
    both: [Vec<Scalar>; 2],
    inverse: [Vec<Scalar>; 2],
    readings: usize,
}

impl Scales {
    pub(super) fn new(layout: &Layout, challenges: &Challenges) -> Self {
        let Challenges { d, e, y, .. } = challenges;
        let (powers, falling) = (layout.powers(y), layout.powers(&y.invert()));
        let (d_inverse, e_inverse) = (d.invert(), e.invert());
        let times = |powers: Vec<Scalar>, scale: &Scalar| powers.iter().map(|power| power * scale).collect::<Vec<_>>();
        let right = layout.right_scales(times(falling, e), e, &Scalar::ONE);
        let right_inverse = layout.right_scales(times(powers, &e_inverse), &e_inverse, &Scalar::ONE);
        Self {
            both: [layout.left_scales(d), right],
            inverse: [layout.left_scales(&d_inverse), right_inverse],
            readings: layout.readings,
        }
    }

    pub(super) fn into_both(self) -> [Vec<Scalar>; 2] {
        self.both
    }

    /// The coordinates, over the scaled generators, of a combination of commitments.
    fn unscale(&self, combination: &[(Scalar, &Parts)]) -> [Vec<Scalar>; 2] {
        let [left, right] = &self.inverse;
        let mut out = [vec![Scalar::ZERO; left.len()], vec![Scalar::ZERO; right.len()]];
        let [l, r] = &mut out;
        for (factor, parts) in combination {
            add_scaled(&mut *l, left, factor, [&parts.g, &parts.g_table], self.readings);
            add_scaled(&mut *r, right, factor, [&parts.h, &parts.h_table], self.readings);
        }
        out
    }

    /// Adds the coordinates that everyone knows: `X + z y^-i` on the left, the table's weights on the right.
    fn add_public(&self, layout: &Layout, first: &Scalar, z: &Scalar, l: &mut [Scalar], r: &mut [Scalar]) {
        let [_, right] = &self.both;
        // The table's scale is e, that of reading i is e y^-i.
        let e_inverse = self.inverse.last().and_then(|right| right.get(self.readings)).copied().unwrap_or_default();
        for (value, scale) in l.iter_mut().zip(right).take(self.readings) {
            *value += first + z * scale * e_inverse;
        }
        for (value, public) in r.iter_mut().skip(self.readings).zip(layout.public_right(first, z)) {
            *value += public;
        }
    }
}

/// Adds `factor` times one side of a commitment, readings and table, over the inverse scales.
fn add_scaled(side: &mut [Scalar], inverse: &[Scalar], factor: &Scalar, parts: [&Vector; 2], readings: usize) {
    for (vector, from) in parts.into_iter().zip([0, readings]) {
        let places = side.iter_mut().zip(inverse).skip(from);
        for ((sum, inverse), value) in places.zip(vector.iter().flat_map(|vector| vector.iter())) {
            *sum += factor * value * inverse;
        }
    }
}

fn inner(a: &[Scalar], b: &[Scalar]) -> Scalar {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
