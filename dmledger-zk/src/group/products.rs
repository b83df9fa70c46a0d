//! Long lists of products that need about one multiplication an entry, and no inversion.

use super::residue::{Residue, Wide};

/// The products of `start` with the factors at the bits set in `i`, for every `i` below `2^factors`: entry
/// `start.len() i + j` holds that of `start_j`.
pub(crate) fn tensor(start: &[Residue], factors: &[Residue]) -> Vec<Residue> {
    let mut out = Vec::with_capacity(start.len() << factors.len());
    out.extend_from_slice(start);
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
    Others::of(elements).scaled(elements, Residue::ONE)
}

/// The products of all but one of a list, halfway: the product of all is known, and a scale may depend on it.
pub(crate) struct Others {
    /// Of each element, the product of those before it.
    before: Vec<Residue>,
    all: Residue,
}

impl Others {
    pub(crate) fn of(elements: &[Residue]) -> Self {
        let mut all = Residue::ONE;
        let step = |element: &Residue| {
            let before = all;
            all *= *element;
            before
        };
        let before = elements.iter().map(step).collect();
        Self { before, all }
    }

    /// The product of all elements.
    pub(crate) const fn all(&self) -> Residue {
        self.all
    }

    /// `scale` times the product of all but one of `elements`, those this was made of, for each.
    pub(crate) fn scaled(self, elements: &[Residue], scale: Residue) -> Vec<Residue> {
        let mut out = self.before;
        let mut after = scale;
        for (product, element) in out.iter_mut().zip(elements).rev() {
            *product *= after;
            after *= *element;
        }
        out
    }
}

/// A sequence whose entry `l + L c` is `low_l high_c`, `L` the length of `low`: products of two such are such.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    low: Vec<Residue>,
    high: Vec<Residue>,
}

impl Ladder {
    pub(crate) const fn new(low: Vec<Residue>, high: Vec<Residue>) -> Self {
        Self { low, high }
    }

    /// `base^(count - 1), .., base, 1`. `None` unless `step`, the length of the lower part, divides `count`.
    pub(crate) fn falling(base: Residue, count: usize, step: usize) -> Option<Self> {
        if step == 0 || !count.is_multiple_of(step) {
            return None;
        }
        let mut low: Vec<_> = powers(base).take(step + 1).collect();
        let mut high: Vec<_> = powers(low.pop()?).take(count / step).collect();
        low.reverse();
        high.reverse();
        Some(Self { low, high })
    }

    /// The first entry.
    pub(crate) fn first(&self) -> Option<Residue> {
        Some(*self.low.first()? * *self.high.first()?)
    }

    /// The sum of all entries.
    pub(crate) fn total(&self) -> Residue {
        self.low.iter().copied().sum::<Residue>() * self.high.iter().copied().sum()
    }

    /// The entries times those of another ladder of the same step, as many as both have.
    pub(crate) fn times(&self, other: &Self) -> Self {
        let each = |own: &[Residue], other: &[Residue]| own.iter().zip(other).map(|(a, b)| *a * *b).collect();
        Self { low: each(&self.low, &other.low), high: each(&self.high, &other.high) }
    }

    /// `scale` times all entries.
    pub(crate) fn scaled(&self, scale: Residue) -> Self {
        Self { low: self.low.clone(), high: self.high.iter().map(|high| *high * scale).collect() }
    }

    /// The number of entries that share a higher part.
    pub(crate) const fn step(&self) -> usize {
        self.low.len()
    }

    /// The `count` entries from place `from` on, added up over ladders of one step; a short one has zeros at its end.
    pub(crate) fn sum_of(ladders: &[&Self], from: usize, count: usize) -> Vec<Residue> {
        let (step, end) = (ladders.first().map_or(1, |ladder| ladder.step().max(1)), from + count);
        let mut out = vec![Residue::ZERO; count];
        let mut rest = out.as_mut_slice();
        for (place, start) in (0..end).step_by(step).enumerate().skip(from / step) {
            let skipped = from.saturating_sub(start);
            let Some((part, others)) = rest.split_at_mut_checked(step.min(end - start) - skipped) else { break };
            let mut sums = vec![Wide::default(); part.len()];
            for some in ladders.chunks(Wide::MOST) {
                for ladder in some {
                    let high = ladder.high.get(place).copied().unwrap_or_default();
                    for (sum, low) in sums.iter_mut().zip(ladder.low.iter().skip(skipped)) {
                        sum.add(*low, high);
                    }
                }
                for (total, sum) in part.iter_mut().zip(&mut sums) {
                    *total += core::mem::take(sum).residue();
                }
            }
            rest = others;
        }
        out
    }
}

/// `1, base, base^2, ..`
fn powers(base: Residue) -> impl Iterator<Item = Residue> {
    core::iter::successors(Some(Residue::ONE), move |power| Some(*power * base))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{commit::Blinding, group::Scalar, testing};

    fn draw(count: usize) -> Vec<Scalar> {
        let mut rng = testing::rng(1);
        (0..count).map(|_| *Blinding::random(&mut rng).scalar()).collect()
    }

    fn residues(scalars: &[Scalar]) -> Vec<Residue> {
        scalars.iter().map(Residue::from).collect()
    }

    fn scalars(residues: &[Residue]) -> Vec<Scalar> {
        residues.iter().map(|one| one.scalar()).collect()
    }

    #[test]
    fn a_tensor_holds_the_products_at_the_bits_of_its_places() {
        let all = draw(6);
        let (start, factors) = all.split_at(3);
        for (place, found) in scalars(&tensor(&residues(start), &residues(factors))).into_iter().enumerate() {
            let chosen = factors.iter().enumerate().filter(|(bit, _)| (place / 3) >> bit & 1 == 1);
            assert_eq!(found, chosen.map(|(_, factor)| factor).product::<Scalar>() * start[place % 3]);
        }
    }

    #[test]
    fn the_products_of_all_others_are_those_without_one_even_beside_zero() {
        let mut elements = draw(5);
        for zero in [None, Some(2)] {
            if let Some(place) = zero {
                elements[place] = Scalar::ZERO;
            }
            let given = residues(&elements);
            let found = scalars(&all_but_one(&given));
            for (place, found) in found.into_iter().enumerate() {
                let others = elements.iter().enumerate().filter(|(other, _)| *other != place);
                assert_eq!(found, others.map(|(_, element)| element).product::<Scalar>());
            }
            assert_eq!(Others::of(&given).all().scalar(), elements.iter().product::<Scalar>());
        }
    }

    #[test]
    fn a_ladder_falls_and_multiplies_entry_by_entry_wherever_it_is_cut() {
        let [base, other, scale]: [Scalar; 3] = draw(3).try_into().unwrap();
        let of = |base: &Scalar| Ladder::falling(Residue::from(base), 12, 4).unwrap();
        let expected: Vec<_> = (0..12).map(|place| (0..11 - place).map(|_| base * other).product::<Scalar>()).collect();
        let product = of(&base).times(&of(&other));
        assert_eq!(product.total().scalar(), expected.iter().sum::<Scalar>());
        assert_eq!(product.first().map(Residue::scalar), expected.first().copied());
        let (scaled, many) = (product.scaled(Residue::from(&scale)), Scalar::from(40_u64));
        for from in 0..12 {
            for count in 0..=12 - from {
                let cut = expected[from..from + count].iter();
                let once: Vec<_> = cut.clone().map(|entry| entry * scale).collect();
                assert_eq!(scalars(&Ladder::sum_of(&[&scaled], from, count)), once, "{count} from {from}");
                let often: Vec<_> = cut.map(|entry| entry * (scale * many + Scalar::ONE)).collect();
                let ladders = [vec![&scaled; 40], vec![&product]].concat();
                assert_eq!(scalars(&Ladder::sum_of(&ladders, from, count)), often, "{count} from {from}");
            }
        }
        assert!(Ladder::falling(Residue::ONE, 12, 5).is_none() && Ladder::falling(Residue::ONE, 12, 0).is_none());
    }
}
