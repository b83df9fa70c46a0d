//! Precomputed multiples of the generators a single range proof needs, for the sum of one or a few proofs.
//!
//! A large batch is faster without: there the generators are few among the points, and tables only fill the cache.

use super::{Chain, Point, Scalar, blinding_base, generators, value_base};
use core::fmt;
use curve25519_dalek::{ristretto::VartimeRistrettoPrecomputation, traits::VartimePrecomputedMultiscalarMul as _};
use std::sync::OnceLock;

/// Most values of an aggregate whose generators are precomputed.
pub(crate) const TABLED_VALUES: u32 = 2;
/// Most points beside the generators for which tables pay.
pub(crate) const TABLED_POINTS: usize = 96;

/// Generators of each value, one bit after the other, so that a narrower proof uses the front of the table.
const BITS: usize = 64;

/// Tables for one or two values: `B, B~`, then for every bit `G, H` of each value.
struct Tables {
    values: u32,
    multiples: VartimeRistrettoPrecomputation,
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables").field("values", &self.values).finish_non_exhaustive()
    }
}

impl Tables {
    fn new(values: u32) -> Self {
        let chains = chains(values).map(|chain| generators(chain, BITS)).collect::<Vec<_>>();
        let mut points = vec![value_base(), blinding_base()];
        for bit in 0..BITS {
            points.extend(chains.iter().filter_map(|chain| chain.get(bit)));
        }
        Self { values, multiples: VartimeRistrettoPrecomputation::new(points) }
    }
}

fn chains(values: u32) -> impl Iterator<Item = Chain> {
    (0..values).flat_map(|place| [Chain::RangeG(place), Chain::RangeH(place)])
}

/// `value B + blinding B~ + sum of the chains' scalars on their generators + sum of scalars[i] points[i]`, in variable
/// time. `None` if there is no table for these chains.
pub(crate) fn sum<'a>(
    [value, blinding]: [Scalar; 2],
    of: impl Fn(Chain) -> Option<&'a [Scalar]>,
    scalars: &[Scalar],
    points: &[Point],
) -> Option<Point> {
    static TABLES: [OnceLock<Tables>; TABLED_VALUES as usize] = [const { OnceLock::new() }; TABLED_VALUES as usize];
    let second = [Chain::RangeG(1), Chain::RangeH(1)];
    let values = if second.into_iter().any(|chain| of(chain).is_some()) { 2 } else { 1 };
    let tables = TABLES.get(values - 1)?.get_or_init(|| Tables::new(values as u32));
    let columns: Vec<_> = chains(tables.values).map(|chain| of(chain).unwrap_or_default()).collect();
    let width = columns.iter().map(|column| column.len()).max().unwrap_or_default();
    if width > BITS {
        return None;
    }
    let mut fixed = Vec::with_capacity(2 + width * columns.len());
    fixed.extend([value, blinding]);
    for bit in 0..width {
        fixed.extend(columns.iter().map(|column| column.get(bit).copied().unwrap_or_default()));
    }
    let points = points.iter().copied().map(Some);
    tables.multiples.optional_mixed_multiscalar_mul(fixed, scalars, points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{commit::Blinding, group::sum_of_public, testing};

    #[test]
    fn tables_give_the_same_sum_as_plain_multiplication() {
        let mut rng = testing::rng(1);
        let mut random = |count: usize| (0..count).map(|_| *Blinding::random(&mut rng).scalar()).collect::<Vec<_>>();
        let (first, second, own) = (random(64), random(8), random(3));
        let points = generators(Chain::TableG, 3)[..3].to_vec();
        for used in [
            vec![(Chain::RangeG(0), &first)],
            vec![(Chain::RangeH(1), &second)],
            vec![(Chain::RangeG(0), &second), (Chain::RangeH(0), &first)],
            vec![(Chain::RangeH(1), &second), (Chain::RangeG(1), &first), (Chain::RangeH(0), &second)],
        ] {
            let (mut scalars, mut all) = (own.clone(), points.clone());
            for (chain, column) in &used {
                scalars.extend(column.iter());
                all.extend(generators(*chain, column.len()).iter().take(column.len()));
            }
            scalars.extend([Scalar::from(5_u64), Scalar::from(6_u64)]);
            all.extend([value_base(), blinding_base()]);
            let of = |chain| used.iter().find(|(own, _)| *own == chain).map(|(_, column)| column.as_slice());
            let tabled = sum([Scalar::from(5_u64), Scalar::from(6_u64)], of, &own, &points);
            assert_eq!(tabled, Some(sum_of_public(&scalars, &all)));
        }
    }
}
