//! Where each coordinate of the two vectors stands: readings, then the table, then padding.

use super::{Draw, METRICS, SealedDay};
use crate::{
    glycemic::table::{Cadence, Table, Tokens, Unit},
    group::{Chain, ELEMENT_BYTES, Scalar, products::Others, residue::Residue},
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
        let shape = shape_of(table, readings);
        let padding = shape.len() - readings - entries;
        let runs = |reading, table, pad| Generators::new(&[(reading, readings), (table, entries), (pad, padding)]);
        let left = runs(Chain::ReadingG, Chain::TableG, Chain::PaddingG);
        let right = runs(Chain::ReadingH, Chain::TableH, Chain::PaddingH);
        Self { table, readings, entries, shape, left, right }
    }

    /// The shapes of all kinds of days.
    pub(super) fn shapes() -> impl Iterator<Item = Shape> {
        // Tokens make no entry more or less.
        let tables = Unit::ALL.into_iter().map(|unit| Table::new(unit, Tokens::Counted));
        tables.flat_map(|table| Cadence::ALL.into_iter().map(move |cadence| shape_of(table, cadence.slots())))
    }

    /// **X**, after `C_m`; `None` if it is an entry of the table, where `1 / (X - t)` does not exist.
    pub(super) fn challenge(
        &self,
        transcript: &mut Transcript,
        c_m: &[u8; ELEMENT_BYTES],
        draw: Draw,
    ) -> Option<Scalar> {
        transcript.append(b"C_m", c_m);
        let first = draw(transcript, b"X");
        let ([low, high], rest) = first.as_bytes().split_first_chunk::<2>()?;
        let number = u16::from_le_bytes([*low, *high]);
        let is_entry = rest.iter().all(|byte| *byte == 0) && self.table.entries().any(|entry| entry == number);
        (!is_entry).then_some(first)
    }

    /// `X - t` for every entry `t`.
    pub(super) fn gaps(&self, first: Residue) -> Vec<Residue> {
        let (mut gap, mut before) = (first, 0);
        let next = |entry: u16| {
            let step = entry - before;
            gap = gap - if step == 1 { Residue::ONE } else { Residue::from(&Scalar::from(step)) };
            before = entry;
            gap
        };
        self.table.entries().map(next).collect()
    }

    /// Adds `scale sum_k z^(k+1) f_k(t)` to the scalar of every entry `t`.
    pub(super) fn add_weights(&self, scalars: &mut [Residue], scale: Residue, z: Residue) {
        let powers = core::iter::successors(Some(scale * z.square()), |power| Some(*power * z)).take(METRICS);
        let powers: Vec<_> = powers.map(|power| (power, power.widened())).collect();
        for (sum, entry) in scalars.iter_mut().zip(self.table.entries()) {
            for (weight, (power, widened)) in self.table.weights(entry).into_iter().zip(&powers) {
                match weight {
                    0 => {}
                    1 => *sum += *power,
                    weight => *sum += widened.times(weight),
                }
            }
        }
    }

    /// `-z w_t + sum_k z^(k+1) f_k(t)` for every entry `t`, `w_t = 1 / (X - t)`.
    pub(super) fn public_right(&self, first: &Scalar, z: &Scalar) -> Vec<Scalar> {
        let gaps = self.gaps(Residue::from(first));
        let others = Others::of(&gaps);
        let (inverse, z) = (others.all().scalar().invert(), Residue::from(z));
        let mut public = others.scaled(&gaps, -(z * Residue::from(&inverse)));
        self.add_weights(&mut public, Residue::ONE, z);
        public.into_iter().map(Residue::scalar).collect()
    }

    /// `y, y^2, .., y^N`.
    pub(super) fn powers(&self, y: &Scalar) -> Vec<Scalar> {
        core::iter::successors(Some(*y), |power| Some(power * y)).take(self.readings).collect()
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

fn shape_of(table: Table, readings: usize) -> Shape {
    Shape::holding(readings + table.entries().len())
}
