//! Where each coordinate of the two vectors stands: readings, then the table, then padding.

use super::{METRICS, SealedDay};
use crate::{
    glycemic::table::Table,
    group::{Chain, ELEMENT_BYTES, Scalar},
    ipa::{Generators, Shape},
    transcript::Transcript,
};

/// The shape of the proof of one kind of day.
pub(super) struct Layout {
    pub(super) table: Table,
    /// `N`.
    pub(super) readings: usize,
    /// `T`.
    pub(super) entries: usize,
    pub(super) shape: Shape,
    /// `G, G'`, padding.
    pub(super) left: Generators,
    /// `H, H'`, padding.
    pub(super) right: Generators,
}

impl Layout {
    pub(super) fn new(day: &SealedDay) -> Self {
        let (table, readings) = (day.table(), day.cadence().slots());
        let entries = table.entries().len();
        let shape = Shape::holding(readings + entries);
        let padding = shape.len() - readings - entries;
        let runs = |reading, table, pad| Generators::new(&[(reading, readings), (table, entries), (pad, padding)]);
        let left = runs(Chain::ReadingG, Chain::TableG, Chain::PaddingG);
        let right = runs(Chain::ReadingH, Chain::TableH, Chain::PaddingH);
        Self { table, readings, entries, shape, left, right }
    }

    /// **X**, after `C_m`; `None` if it is an entry of the table, where `1 / (X - t)` does not exist.
    pub(super) fn challenge(&self, transcript: &mut Transcript, c_m: &[u8; ELEMENT_BYTES]) -> Option<Scalar> {
        transcript.append(b"C_m", c_m);
        let first = transcript.challenge(b"X");
        self.table.entries().all(|entry| Scalar::from(entry) != first).then_some(first)
    }

    /// `y, y^2, .., y^N`.
    pub(super) fn powers(&self, y: &Scalar) -> Vec<Scalar> {
        core::iter::successors(Some(*y), |power| Some(power * y)).take(self.readings).collect()
    }

    /// `-z w_t + sum_k z^(k+1) f_k(t)` for every entry `t`, `w_t = 1 / (X - t)`.
    pub(super) fn public_right(&self, first: &Scalar, z: &Scalar) -> Vec<Scalar> {
        let mut inverses: Vec<_> = self.table.entries().map(|entry| first - Scalar::from(entry)).collect();
        Scalar::invert_batch_alloc(&mut inverses);
        let powers: Vec<_> = core::iter::successors(Some(z * z), |power| Some(power * z)).take(METRICS).collect();
        let weigh = |(entry, inverse): (u16, Scalar)| {
            let terms = self.table.weights(entry).into_iter().zip(&powers);
            let sum: Scalar =
                terms.filter(|(weight, _)| *weight != 0).map(|(weight, power)| Scalar::from(weight) * power).sum();
            sum - z * inverse
        };
        self.table.entries().zip(inverses).map(weigh).collect()
    }

    /// 1 for readings, `d` for the table, 1 for padding.
    pub(super) fn left_scales(&self, d: &Scalar) -> Vec<Scalar> {
        let mut scales = vec![Scalar::ONE; self.readings];
        scales.resize(self.readings + self.entries, *d);
        scales.resize(self.shape.len(), Scalar::ONE);
        scales
    }

    /// `readings` as given, one scale for the table, one for padding.
    pub(super) fn right_scales(&self, readings: Vec<Scalar>, table: &Scalar, padding: &Scalar) -> Vec<Scalar> {
        let mut scales = readings;
        scales.resize(self.readings + self.entries, *table);
        scales.resize(self.shape.len(), *padding);
        scales
    }
}
