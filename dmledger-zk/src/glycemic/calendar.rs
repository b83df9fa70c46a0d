//! From a series of readings to the days that are sealed.
//!
//! A digest weighs every reading the same, wherever in its day it stands: so a reading whose slot is taken moves to the
//! next free one of its day, and is left over only when the day has more readings than slots.

use super::table::{Cadence, Slot};

const DAY_MINUTES: i64 = 1_440;
const MINUTE_MILLIS: i64 = 60_000;

/// One day of the patient's own clock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Day {
    /// Days since 1 January 1970 of that clock.
    pub number: i64,
    /// One slot for each time of day, as [`seal`](super::seal) takes them.
    pub slots: Vec<Slot>,
}

/// A series laid out in days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Calendar {
    /// The days that have readings, ascending.
    pub days: Vec<Day>,
    /// Places of readings for which their day has no slot left, ascending.
    pub left_over: Vec<usize>,
}

impl Calendar {
    /// Lays out readings, each with its wall-clock time in milliseconds since 1970, in any order. Gaps stay empty.
    #[must_use]
    pub fn of(readings: &[(i64, Slot)], cadence: Cadence) -> Self {
        let mut order: Vec<_> = (0..).zip(readings).map(|(place, (at, slot))| (*at, place, *slot)).collect();
        order.sort_by_key(|(at, place, _)| (*at, *place));
        let mut calendar = Self::default();
        for (at, place, slot) in order {
            let minutes = at.div_euclid(MINUTE_MILLIS);
            let (number, minute) = (minutes.div_euclid(DAY_MINUTES), minutes.rem_euclid(DAY_MINUTES));
            if calendar.days.last().is_none_or(|day| day.number != number) {
                calendar.days.push(Day { number, slots: vec![Slot::Empty; cadence.slots()] });
            }
            let slots = calendar.days.last_mut().map(|day| day.slots.as_mut_slice()).unwrap_or_default();
            match free(slots, own_slot(minute, cadence)) {
                Some(place) => *place = slot,
                None => calendar.left_over.push(place),
            }
        }
        calendar.left_over.sort_unstable();
        calendar
    }
}

impl Cadence {
    /// How often a sensor reads, told from the middle one of the distances between its readings: times in milliseconds,
    /// ascending. 5 minutes for a single reading.
    #[must_use]
    pub fn of(times: &[i64]) -> Self {
        let mut distances: Vec<_> =
            times.windows(2).filter_map(|pair| pair.last()?.checked_sub(*pair.first()?)).collect();
        distances.retain(|distance| *distance > 0);
        distances.sort_unstable();
        let seconds = distances.get(distances.len() / 2).map_or(300, |middle| middle / 1_000);
        match seconds {
            ..150 => Self::Minutes1,
            150..600 => Self::Minutes5,
            _ => Self::Minutes15,
        }
    }
}

fn own_slot(minute: i64, cadence: Cadence) -> usize {
    let each = DAY_MINUTES as usize / cadence.slots();
    usize::try_from(minute).unwrap_or(0) / each
}

/// The slot itself, or the next free one after it, or the last free one before.
fn free(slots: &mut [Slot], own: usize) -> Option<&mut Slot> {
    let is_free = |slot: &Slot| *slot == Slot::Empty;
    let after = slots.iter().skip(own).position(is_free).map(|place| own + place);
    let place = after.or_else(|| slots.iter().take(own).rposition(is_free))?;
    slots.get_mut(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64, minute: i64) -> i64 {
        (day * DAY_MINUTES + minute) * MINUTE_MILLIS
    }

    #[test]
    fn every_reading_finds_a_slot_of_its_day_while_there_is_one() {
        let mut readings: Vec<_> = (0..95).map(|i| (at(10, 15 * i), Slot::Value(100))).collect();
        // Three more in the first quarter of an hour: one place is free, at the end of the day.
        readings.extend([(at(10, 1), Slot::Low), (at(10, 2), Slot::High), (at(10, 3), Slot::Value(50))]);
        readings.push((at(9, 1_439), Slot::Value(60)));
        let calendar = Calendar::of(&readings, Cadence::Minutes15);
        assert_eq!(calendar.days.iter().map(|day| day.number).collect::<Vec<_>>(), [9, 10]);
        assert_eq!(calendar.days[0].slots[95], Slot::Value(60));
        let kept = calendar.days.iter().flat_map(|day| &day.slots).filter(|slot| **slot != Slot::Empty).count();
        assert_eq!((kept, calendar.left_over.len()), (97, 2));
        assert!(calendar.days[1].slots.contains(&Slot::Low));
    }

    #[test]
    fn days_before_1970_and_readings_out_of_order_fall_where_they_belong() {
        let calendar = Calendar::of(&[(at(-1, 5), Slot::Value(70)), (at(-2, 0), Slot::Value(71))], Cadence::Minutes5);
        assert_eq!(calendar.days.iter().map(|day| day.number).collect::<Vec<_>>(), [-2, -1]);
        assert_eq!((calendar.days[0].slots[0], calendar.days[1].slots[1]), (Slot::Value(71), Slot::Value(70)));
    }

    #[test]
    fn the_last_free_slot_before_is_taken_when_none_is_left_after() {
        let readings = [(at(0, 1_439), Slot::Value(70)), (at(0, 1_438), Slot::Value(71))];
        let calendar = Calendar::of(&readings, Cadence::Minutes15);
        assert_eq!(calendar.days[0].slots[94..], [Slot::Value(70), Slot::Value(71)]);
    }

    #[test]
    fn the_cadence_is_that_of_most_readings_gaps_and_repetitions_aside() {
        for (step, expected) in [(1, Cadence::Minutes1), (5, Cadence::Minutes5), (15, Cadence::Minutes15)] {
            let mut times: Vec<_> = (0..50).map(|i| at(0, step * i)).collect();
            times.extend([at(3, 0), at(3, 0), at(9, 0)]);
            assert_eq!(Cadence::of(&times), expected);
        }
        assert_eq!(Cadence::of(&[at(0, 0)]), Cadence::Minutes5);
    }
}
