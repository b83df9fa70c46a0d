//! Where every proof's equations meet: one sum that is the identity if all of them hold.
//!
//! An equation says that a sum of scaled points is the identity. Each gets its own random weight, so that a wrong one
//! cannot be cancelled by another except with probability 2^-128; the weights are drawn after all proofs are fixed
//! (see [`crate::batch`]). Terms on shared generators add up as scalars, so a batch pays for them once.

use crate::{
    error::Rejected,
    group::{
        self, Chain, Point, Scalar,
        products::Ladder,
        residue::Residue,
        tables::{self, TABLED_POINTS, TABLED_VALUES},
    },
};
use core::fmt;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

/// Collects the weighted equations of one proof.
pub struct Accumulator<'a> {
    weights: &'a mut ChaCha20Rng,
    terms: Terms,
}

impl fmt::Debug for Accumulator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accumulator").field("points", &self.terms.points.len()).finish_non_exhaustive()
    }
}

impl<'a> Accumulator<'a> {
    pub(crate) fn new(weights: &'a mut ChaCha20Rng) -> Self {
        Self { weights, terms: Terms::default() }
    }

    /// Begins an equation with a weight of its own.
    pub fn equation(&mut self) -> Equation<'_> {
        let drawn = self.weight();
        Equation { drawn, weight: drawn, terms: &mut self.terms }
    }

    /// Begins an equation that the family multiplied by `factor`, for example to get rid of inverses.
    ///
    /// # Errors
    /// [`Rejected`] if `factor` is zero: every equation would hold.
    pub fn scaled_equation(&mut self, factor: &Scalar) -> Result<Equation<'_>, Rejected> {
        if *factor == Scalar::ZERO {
            return Err(Rejected);
        }
        let drawn = self.weight();
        Ok(Equation { drawn, weight: drawn * factor, terms: &mut self.terms })
    }

    /// 128 random bits.
    fn weight(&mut self) -> Scalar {
        let mut bytes = [0; 16];
        self.weights.fill_bytes(&mut bytes);
        Scalar::from(u128::from_le_bytes(bytes))
    }

    pub(crate) fn into_terms(self) -> Terms {
        self.terms
    }
}

/// One equation in the making: what is added must sum to the identity.
pub struct Equation<'a> {
    drawn: Scalar,
    weight: Scalar,
    terms: &'a mut Terms,
}

impl fmt::Debug for Equation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Equation(..)")
    }
}

impl Equation<'_> {
    /// The weight of this equation, its factor included.
    #[must_use]
    pub const fn weight(&self) -> Scalar {
        self.weight
    }

    /// The weight without the factor given to [`Accumulator::scaled_equation`], for terms in which part of the factor
    /// cancels an inverse.
    #[must_use]
    pub const fn drawn(&self) -> Scalar {
        self.drawn
    }

    /// Adds `scalar B`.
    pub fn value(&mut self, scalar: &Scalar) {
        self.terms.value += scalar * self.weight;
    }

    /// Adds `scalar B~`.
    pub fn blinding(&mut self, scalar: &Scalar) {
        self.terms.blinding += scalar * self.weight;
    }

    /// Adds `scalar point`.
    pub fn point(&mut self, scalar: &Scalar, point: Point) {
        self.weighted_point(scalar * self.weight, point);
    }

    /// Adds `scalar point`, where the scalar already carries [`Self::weight`].
    pub fn weighted_point(&mut self, scalar: Scalar, point: Point) {
        self.terms.scalars.push(scalar);
        self.terms.points.push(point);
    }

    /// Adds `scalar chain[i]` for all `i < count`, where the scalar already carries [`Self::weight`].
    pub fn weighted_run(&mut self, chain: Chain, count: usize, scalar: Scalar) {
        *self.terms.runs.entry((chain, count)).or_default() += scalar;
    }

    /// Adds `scalars[i] points[i]` of a list that several proofs use, where the scalars already carry [`Self::weight`]. Lists
    /// of one `name` are taken to be the same; the name is a collision-resistant hash of the list.
    pub(crate) fn weighted_shared(&mut self, name: &[u8; 32], points: &Arc<[Point]>, scalars: &[Scalar]) {
        self.terms.add_shared(name, points, scalars);
    }

    /// Adds `scalars[i] chain[i]` for all `i`, where the scalars already carry [`Self::weight`].
    pub fn weighted_generators(&mut self, chain: Chain, scalars: &[Scalar]) {
        self.terms.add_generators(chain, scalars.iter().map(Residue::from).collect());
    }

    /// The same where the scalars were computed in the faster form.
    pub(crate) fn weighted_residues(&mut self, chain: Chain, scalars: Vec<Residue>) {
        self.terms.add_generators(chain, scalars);
    }

    /// Adds the `count` entries of a ladder from place `from` on, times the first generators of a chain, where they already
    /// carry [`Self::weight`]. They are multiplied out for all proofs together.
    pub(crate) fn weighted_ladder(&mut self, chain: Chain, ladder: Ladder, from: usize, count: usize) {
        let stretch = Stretch { chain, from, count, step: ladder.step() };
        self.terms.ladders.entry(stretch).or_default().push(ladder);
    }
}

/// Weighted terms of any number of equations.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    value: Scalar,
    blinding: Scalar,
    generators: BTreeMap<Chain, Vec<Residue>>,
    /// Scalars of generators not yet multiplied out.
    ladders: BTreeMap<Stretch, Vec<Ladder>>,
    /// One scalar for each of the first generators of a chain.
    runs: BTreeMap<(Chain, usize), Scalar>,
    /// Points that several proofs share, by the hash of the list.
    shared: BTreeMap<[u8; 32], Shared>,
    scalars: Vec<Scalar>,
    points: Vec<Point>,
}

/// Adds scalars to those at the same places, which are zero beyond the end.
fn add_to(kept: &mut Vec<Residue>, scalars: &[Residue]) {
    if kept.len() < scalars.len() {
        kept.resize(scalars.len(), Residue::ZERO);
    }
    for (sum, scalar) in kept.iter_mut().zip(scalars) {
        *sum += *scalar;
    }
}

/// The first `count` generators of a chain, beside the entries of ladders of one step from a place on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stretch {
    chain: Chain,
    from: usize,
    count: usize,
    step: usize,
}

/// A list of points and the sum of all proofs' scalars on each.
#[derive(Clone)]
struct Shared {
    points: Arc<[Point]>,
    scalars: Vec<Scalar>,
}

impl Terms {
    fn add_shared(&mut self, name: &[u8; 32], points: &Arc<[Point]>, scalars: &[Scalar]) {
        let empty = || Shared { points: Arc::clone(points), scalars: vec![Scalar::ZERO; points.len()] };
        let kept = self.shared.entry(*name).or_insert_with(empty);
        for (sum, scalar) in kept.scalars.iter_mut().zip(scalars) {
            *sum += scalar;
        }
    }

    fn add_generators(&mut self, chain: Chain, scalars: Vec<Residue>) {
        match self.generators.entry(chain) {
            Entry::Vacant(place) => {
                place.insert(scalars);
            }
            Entry::Occupied(mut kept) => add_to(kept.get_mut(), &scalars),
        }
    }

    /// The sum of all terms of all `parts`, in one multiscalar multiplication.
    pub(crate) fn sum<'a>(parts: impl Iterator<Item = &'a Self> + Clone) -> Point {
        let mut shared = Self::default();
        let mut ladders = BTreeMap::<Stretch, Vec<&Ladder>>::new();
        let own = parts.clone().map(|part| part.points.len()).sum::<usize>();
        let (mut scalars, mut points) = (Vec::with_capacity(own + 512), Vec::with_capacity(own + 512));
        for part in parts {
            shared.value += part.value;
            shared.blinding += part.blinding;
            for (chain, coefficients) in &part.generators {
                add_to(shared.generators.entry(*chain).or_default(), coefficients);
            }
            for (stretch, own) in &part.ladders {
                ladders.entry(*stretch).or_default().extend(own);
            }
            for (run, scalar) in &part.runs {
                *shared.runs.entry(*run).or_default() += scalar;
            }
            for (name, list) in &part.shared {
                shared.add_shared(name, &list.points, &list.scalars);
            }
            scalars.extend_from_slice(&part.scalars);
            points.extend_from_slice(&part.points);
        }
        for (Stretch { chain, from, count, .. }, all) in ladders {
            shared.add_generators(chain, Ladder::sum_of(&all, from, count));
        }
        for ((chain, count), scalar) in core::mem::take(&mut shared.runs) {
            shared.add_generators(chain, vec![Residue::from(&scalar); count]);
        }
        for list in shared.shared.values() {
            scalars.extend_from_slice(&list.scalars);
            points.extend_from_slice(&list.points);
        }
        let reduced = |all: &Vec<Residue>| all.iter().map(|one| one.scalar()).collect::<Vec<_>>();
        let generators: BTreeMap<_, _> = shared.generators.iter().map(|(chain, all)| (*chain, reduced(all))).collect();
        let tabled =
            |chain: &Chain| matches!(chain, Chain::RangeG(place) | Chain::RangeH(place) if *place < TABLED_VALUES);
        if points.len() <= TABLED_POINTS && generators.keys().all(tabled) {
            let of = |chain| generators.get(&chain).map(Vec::as_slice);
            if let Some(sum) = tables::sum([shared.value, shared.blinding], of, &scalars, &points) {
                return sum;
            }
        }
        for (chain, coefficients) in &generators {
            scalars.extend_from_slice(coefficients);
            points.extend(group::generators(*chain, coefficients.len()).iter().take(coefficients.len()));
        }
        scalars.extend([shared.value, shared.blinding]);
        points.extend([group::value_base(), group::blinding_base()]);
        group::sum_of_public(&scalars, &points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{group::IsIdentity as _, testing};

    fn sum(emit: impl FnOnce(&mut Accumulator<'_>)) -> Point {
        let mut weights = testing::rng(1);
        let mut accumulator = Accumulator::new(&mut weights);
        emit(&mut accumulator);
        Terms::sum([&accumulator.into_terms()].into_iter())
    }

    /// 3 B + 5 B~ + 7 G_1 minus the same as one point.
    fn emit(accumulator: &mut Accumulator<'_>, error: u64) {
        let [three, five, seven] = [3_u64, 5, 7].map(Scalar::from);
        let generator = group::generators(Chain::RangeG(0), 2)[1];
        let total = group::commit(&three, &five) + seven * generator;
        let mut equation = accumulator.equation();
        equation.value(&(three + Scalar::from(error)));
        equation.blinding(&five);
        let weighted = seven * equation.weight();
        equation.weighted_generators(Chain::RangeG(0), &[-weighted]);
        equation.weighted_run(Chain::RangeG(0), 2, weighted);
        equation.point(&-Scalar::ONE, total);
    }

    #[test]
    fn true_equations_sum_to_the_identity_and_a_false_one_does_not() {
        assert!(sum(|accumulator| emit(accumulator, 0)).is_identity());
        assert!(sum(|accumulator| (0..3).for_each(|_| emit(accumulator, 0))).is_identity());
        assert!(!sum(|accumulator| (0..3).for_each(|n| emit(accumulator, n / 2))).is_identity());
    }

    #[test]
    fn two_errors_that_cancel_under_equal_weights_do_not_cancel() {
        let forged = sum(|accumulator| {
            accumulator.equation().value(&Scalar::ONE);
            accumulator.equation().value(&-Scalar::ONE);
        });
        assert!(!forged.is_identity());
    }

    #[test]
    fn an_equation_times_zero_is_refused() {
        let mut weights = testing::rng(1);
        assert!(Accumulator::new(&mut weights).scaled_equation(&Scalar::ZERO).is_err());
    }
}
