//! What a reading can be, and what each possible reading counts for.

use crate::error::StatementError;

/// Numbers a digest holds: five range counts, the sum, the sum of squares.
pub const METRICS: usize = 7;

/// One number of a digest, in the order of its commitments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the seven commitments of a digest")]
pub enum Metric {
    /// Readings below 54 mg/dL (3.0 mmol/L).
    VeryLow,
    /// Readings from 54 to 69 mg/dL (3.0 to 3.8 mmol/L).
    Low,
    /// Readings from 70 to 180 mg/dL (3.9 to 10.0 mmol/L).
    InRange,
    /// Readings from 181 to 250 mg/dL (10.1 to 13.9 mmol/L).
    High,
    /// Readings above 250 mg/dL (13.9 mmol/L).
    VeryHigh,
    /// Sum of the readings, in the table's unit.
    Sum,
    /// Sum of the squares of the readings.
    SquareSum,
}

impl Metric {
    /// All metrics, in order.
    pub const ALL: [Self; METRICS] =
        [Self::VeryLow, Self::Low, Self::InRange, Self::High, Self::VeryHigh, Self::Sum, Self::SquareSum];
    /// The five counts.
    pub const COUNTS: [Self; 5] = [Self::VeryLow, Self::Low, Self::InRange, Self::High, Self::VeryHigh];
}

/// The unit of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new unit is a new table and a new format")]
pub enum Unit {
    /// Whole mg/dL, 40 to 400.
    MgPerDl,
    /// Tenths of mmol/L, 22 to 222.
    TenthMmolPerL,
}

impl Unit {
    /// Both units.
    pub const ALL: [Self; 2] = [Self::MgPerDl, Self::TenthMmolPerL];
}

/// Whether the sensor's words for "below" and "above what I can measure" are readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a third way is a new format")]
pub enum Tokens {
    /// They count as one step beyond the measurable values: 39 and 401 mg/dL, 2.1 and 22.3 mmol/L.
    Counted,
    /// They count as missing, as in the consensus definition over numeric readings.
    Missing,
}

/// How often the sensor reads, which fixes the number of slots of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "each cadence is a shape of the proof")]
pub enum Cadence {
    /// Every minute, 1,440 slots.
    Minutes1,
    /// Every 5 minutes, 288 slots.
    Minutes5,
    /// Every 15 minutes, 96 slots.
    Minutes15,
}

impl Cadence {
    /// All cadences, most readings first.
    pub const ALL: [Self; 3] = [Self::Minutes1, Self::Minutes5, Self::Minutes15];

    /// Slots of a day.
    #[must_use]
    pub const fn slots(self) -> usize {
        match self {
            Self::Minutes1 => 1_440,
            Self::Minutes5 => 288,
            Self::Minutes15 => 96,
        }
    }
}

/// What a sensor said at one time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a sensor says nothing else")]
pub enum Slot {
    /// Nothing: a gap.
    Empty,
    /// Below what it can measure.
    Low,
    /// A number in the table's unit.
    Value(u16),
    /// Above what it can measure.
    High,
}

/// All possible readings of a day, their unit, and what they count for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    unit: Unit,
    tokens: Tokens,
}

impl Table {
    /// The table of a unit and a way to treat tokens.
    #[must_use]
    pub const fn new(unit: Unit, tokens: Tokens) -> Self {
        Self { unit, tokens }
    }

    /// The unit.
    #[must_use]
    pub const fn unit(self) -> Unit {
        self.unit
    }

    /// How tokens are treated.
    #[must_use]
    pub const fn tokens(self) -> Tokens {
        self.tokens
    }

    /// The smallest and the largest number, and the last number of each of the lower four ranges.
    const fn bounds(self) -> ([u16; 2], [u16; 4]) {
        match self.unit {
            Unit::MgPerDl => ([40, 400], [53, 69, 180, 250]),
            Unit::TenthMmolPerL => ([22, 222], [29, 38, 100, 139]),
        }
    }

    /// The number that stands for what a sensor said: 0 for a gap, the value, or one step beyond.
    ///
    /// # Errors
    /// [`StatementError::OffTable`] for a value the table has not.
    pub const fn entry(self, slot: Slot) -> Result<u16, StatementError> {
        let ([first, last], _) = self.bounds();
        match slot {
            Slot::Empty => Ok(0),
            Slot::Low => Ok(first - 1),
            Slot::High => Ok(last + 1),
            Slot::Value(value) if first <= value && value <= last => Ok(value),
            Slot::Value(value) => Err(StatementError::OffTable { value, first, last }),
        }
    }

    /// All entries `t`, ascending: 0, and everything from LOW to HIGH.
    pub fn entries(self) -> impl ExactSizeIterator<Item = u16> + Clone {
        let ([first, last], _) = self.bounds();
        // Place 0 is the gap; place 1 is LOW.
        (0..last - first + 4).map(move |place| if place == 0 { 0 } else { first - 2 + place })
    }

    /// The place of an entry among [`Self::entries`].
    pub(super) const fn place(self, entry: u16) -> usize {
        let ([first, _], _) = self.bounds();
        if entry == 0 { 0 } else { entry as usize + 2 - first as usize }
    }

    /// `f_k(t)` for the seven metrics `k`: what a reading of `entry` adds to each.
    #[must_use]
    pub fn weights(self, entry: u16) -> [u64; METRICS] {
        let ([first, last], ends) = self.bounds();
        let is_token = entry < first || entry > last;
        if entry == 0 || (is_token && self.tokens == Tokens::Missing) {
            return [0; METRICS];
        }
        let range = ends.iter().filter(|end| entry > **end).count();
        let value = u64::from(entry);
        let count = |place| u64::from(place == range);
        [count(0), count(1), count(2), count(3), count(4), value, value * value]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_ranges_have_the_consensus_bounds() {
        let cases = [
            (
                Unit::MgPerDl,
                [(40, 0), (53, 0), (54, 1), (69, 1), (70, 2), (180, 2), (181, 3), (250, 3), (251, 4), (400, 4)],
            ),
            (
                Unit::TenthMmolPerL,
                [(22, 0), (29, 0), (30, 1), (38, 1), (39, 2), (100, 2), (101, 3), (139, 3), (140, 4), (222, 4)],
            ),
        ];
        for (unit, edges) in cases {
            let table = Table::new(unit, Tokens::Counted);
            for (value, range) in edges {
                let weights = table.weights(table.entry(Slot::Value(value)).unwrap());
                assert_eq!(weights[..5].iter().position(|one| *one == 1), Some(range), "{value}");
                assert_eq!(weights[..5].iter().sum::<u64>(), 1);
                assert_eq!(weights[5..], [u64::from(value), u64::from(value) * u64::from(value)]);
            }
        }
    }

    #[test]
    fn entries_are_distinct_and_stand_at_their_places() {
        for (unit, count) in [(Unit::MgPerDl, 364), (Unit::TenthMmolPerL, 204)] {
            let table = Table::new(unit, Tokens::Counted);
            let entries: Vec<_> = table.entries().collect();
            assert_eq!(entries.len(), count);
            assert!(entries.is_sorted() && entries.windows(2).all(|pair| pair[0] < pair[1]));
            for (place, entry) in entries.iter().enumerate() {
                assert_eq!(table.place(*entry), place);
            }
            for slot in [Slot::Empty, Slot::Low, Slot::High, Slot::Value(100)] {
                assert!(entries.contains(&table.entry(slot).unwrap()));
            }
        }
    }

    #[test]
    fn tokens_count_or_are_missing_as_the_table_says_and_gaps_never_count() {
        let [counted, missing] = [Tokens::Counted, Tokens::Missing].map(|tokens| Table::new(Unit::MgPerDl, tokens));
        for slot in [Slot::Low, Slot::High] {
            assert_eq!(missing.weights(missing.entry(slot).unwrap()), [0; METRICS]);
        }
        assert_eq!(counted.weights(39), [1, 0, 0, 0, 0, 39, 39 * 39]);
        assert_eq!(counted.weights(401), [0, 0, 0, 0, 1, 401, 401 * 401]);
        assert_eq!(counted.weights(0), [0; METRICS]);
    }

    #[test]
    fn a_value_off_the_table_is_refused_by_name() {
        let table = Table::new(Unit::MgPerDl, Tokens::Counted);
        for value in [0, 39, 401, 1_000] {
            let expected = StatementError::OffTable { value, first: 40, last: 400 };
            assert_eq!(table.entry(Slot::Value(value)), Err(expected));
        }
    }
}
