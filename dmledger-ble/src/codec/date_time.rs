//! The seven-octet Date Time field: a device's own wall clock, without a zone.
//!
//! A device's clock is evidence, not truth: owners set it wrongly, firmware writes 31 February. The seven octets are
//! therefore kept as they came, and whether they name a day is asked separately.

use core::fmt;

use thiserror::Error;

use super::cursor::{Reader, Writer};
use crate::error::{DecodeError, EncodeError};

/// Year, month, day, hour, minute and second as a device states them (GATT Date Time, 7 octets).
///
/// The order of the type is the order of time for values that name a day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    year: u16,
    month: u8,
    day: u8,
    hours: u8,
    minutes: u8,
    seconds: u8,
}

/// Seconds on a device's own wall clock since its 1 January 1970, 00:00:00. Not UTC: the zone is the device's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallSeconds(i64);

impl WallSeconds {
    /// From a count of seconds.
    #[must_use]
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The count of seconds.
    #[must_use]
    pub const fn value(self) -> i64 {
        self.0
    }

    /// The same instant read from a clock that is `minutes` ahead; saturates at the ends of 64 bits.
    #[must_use]
    pub const fn plus_minutes(self, minutes: i16) -> Self {
        Self(self.0.saturating_add(minutes as i64 * 60))
    }
}

/// Why seven octets name no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DateTimeError {
    /// Year, month or day is 0: the device says that it does not know.
    #[error("device does not know its date")]
    Unknown,
    /// No calendar has this date or clock this time.
    #[error("no such date or time")]
    NotInCalendar,
    /// Outside the years 1582 to 9999.
    #[error("year outside 1582..=9999")]
    OutOfRange,
}

impl DateTime {
    /// Octets of the field.
    pub const BYTES: usize = 7;

    /// Sorts before every other content: all octets zero, the date unknown.
    #[cfg(feature = "alloc")]
    pub(crate) const EARLIEST: Self = Self { year: 0, month: 0, day: 0, hours: 0, minutes: 0, seconds: 0 };

    /// Sorts after every other content: all octets 255, no date.
    #[cfg(feature = "alloc")]
    pub(crate) const LATEST: Self =
        Self { year: u16::MAX, month: u8::MAX, day: u8::MAX, hours: u8::MAX, minutes: u8::MAX, seconds: u8::MAX };

    /// A date of the Gregorian calendar and a time of day.
    ///
    /// # Errors
    /// [`DateTimeError`] when there is no such second; a leap second (60) is not expressible in this field.
    pub fn new(year: u16, month: u8, day: u8, hours: u8, minutes: u8, seconds: u8) -> Result<Self, DateTimeError> {
        let value = Self { year, month, day, hours, minutes, seconds };
        value.wall_seconds().map(|_| value)
    }

    /// From seconds on the device's own clock.
    ///
    /// # Errors
    /// [`DateTimeError::OutOfRange`] outside the years 1582 to 9999.
    pub fn from_wall_seconds(at: WallSeconds) -> Result<Self, DateTimeError> {
        let days = at.0.div_euclid(SECONDS_PER_DAY);
        let second = at.0.rem_euclid(SECONDS_PER_DAY);
        let (year, month, day) = civil_from_days(days).ok_or(DateTimeError::OutOfRange)?;
        let octet = |value: i64| u8::try_from(value).map_err(|_| DateTimeError::OutOfRange);
        Ok(Self {
            year,
            month,
            day,
            hours: octet(second / 3600)?,
            minutes: octet(second / 60 % 60)?,
            seconds: octet(second % 60)?,
        })
    }

    /// Seconds on the device's own clock.
    ///
    /// # Errors
    /// [`DateTimeError`] when the octets name no second.
    pub fn wall_seconds(self) -> Result<WallSeconds, DateTimeError> {
        if self.year == 0 || self.month == 0 || self.day == 0 {
            return Err(DateTimeError::Unknown);
        }
        if !(FIRST_YEAR..=LAST_YEAR).contains(&self.year) {
            return Err(DateTimeError::OutOfRange);
        }
        if self.day > days_in_month(self.year, self.month) || self.hours > 23 || self.minutes > 59 || self.seconds > 59
        {
            return Err(DateTimeError::NotInCalendar);
        }
        let of_day = i64::from(self.hours) * 3600 + i64::from(self.minutes) * 60 + i64::from(self.seconds);
        Ok(WallSeconds(days_from_civil(self.year, self.month, self.day) * SECONDS_PER_DAY + of_day))
    }

    /// Year as stated; 0 is unknown.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// Month as stated, 1 to 12; 0 is unknown.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// Day of the month as stated; 0 is unknown.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }

    /// Hour as stated.
    #[must_use]
    pub const fn hours(self) -> u8 {
        self.hours
    }

    /// Minute as stated.
    #[must_use]
    pub const fn minutes(self) -> u8 {
        self.minutes
    }

    /// Second as stated.
    #[must_use]
    pub const fn seconds(self) -> u8 {
        self.seconds
    }

    /// Reads seven octets; every content is kept.
    ///
    /// # Errors
    /// [`DecodeError::TooShort`] under seven octets.
    pub fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [y0, y1, month, day, hours, minutes, seconds] = input.array::<7>()?;
        Ok(Self { year: u16::from_le_bytes([y0, y1]), month, day, hours, minutes, seconds })
    }

    /// Writes seven octets.
    ///
    /// # Errors
    /// [`EncodeError::BufferTooSmall`] when they do not fit.
    pub fn write(self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u16(self.year)?;
        out.put(&[self.month, self.day, self.hours, self.minutes, self.seconds])
    }
}

impl fmt::Display for DateTime {
    /// `2024-03-15T10:30:00`, without a zone because the device states none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hours, minutes, seconds } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}")
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Days from 1970-01-01, counting in 400-year eras of years that begin in March.
fn days_from_civil(year: u16, month: u8, day: u8) -> i64 {
    let (month, day) = (i64::from(month), i64::from(day));
    let year = i64::from(year) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970
}

fn civil_from_days(days: i64) -> Option<(u16, u8, u8)> {
    let shifted = days.checked_add(DAYS_TO_1970)?;
    let (era, of_era) = (shifted.div_euclid(DAYS_PER_ERA), shifted.rem_euclid(DAYS_PER_ERA));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = u8::try_from(of_year - (153 * from_march + 2) / 5 + 1).ok()?;
    let month = u8::try_from((from_march + 2) % 12 + 1).ok()?;
    let year = u16::try_from(era * 400 + year_of_era + i64::from(month <= 2)).ok()?;
    (FIRST_YEAR..=LAST_YEAR).contains(&year).then_some((year, month, day))
}

const FIRST_YEAR: u16 = 1582;
const LAST_YEAR: u16 = 9999;
const SECONDS_PER_DAY: i64 = 86_400;
const DAYS_PER_ERA: i64 = 146_097;
/// Days from 1 March of year 0 to 1 January 1970.
const DAYS_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_from_1582_to_9999_is_counted_once_and_in_order() {
        let mut expected = days_from_civil(1582, 1, 1);
        for year in 1582..=9999 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    assert_eq!(days_from_civil(year, month, day), expected);
                    assert_eq!(civil_from_days(expected), Some((year, month, day)));
                    expected += 1;
                }
            }
        }
        assert_eq!(civil_from_days(expected), None);
    }

    #[test]
    fn known_instants() {
        let at = DateTime::new(2024, 3, 15, 14, 30, 45).unwrap();
        assert_eq!(at.wall_seconds(), Ok(WallSeconds(1_710_513_045)));
        assert_eq!(DateTime::from_wall_seconds(WallSeconds(1_710_513_045)), Ok(at));
        assert_eq!(DateTime::from_wall_seconds(WallSeconds(0)), DateTime::new(1970, 1, 1, 0, 0, 0));
        assert_eq!(DateTime::from_wall_seconds(WallSeconds(i64::MAX)), Err(DateTimeError::OutOfRange));
    }

    #[test]
    fn a_wrong_date_is_kept_and_called_wrong() {
        let octets = [0x0F, 0x27, 2, 31, 0, 0, 0];
        let kept = DateTime::read(&mut Reader::new(&octets)).unwrap();
        assert_eq!((kept.year(), kept.month(), kept.day()), (9999, 2, 31));
        assert_eq!(kept.wall_seconds(), Err(DateTimeError::NotInCalendar));
        let mut buffer = [0; 7];
        let mut out = Writer::new(&mut buffer);
        kept.write(&mut out).unwrap();
        assert_eq!(out.finish(), octets);
        assert_eq!(DateTime::new(0, 1, 1, 0, 0, 0), Err(DateTimeError::Unknown));
        assert_eq!(DateTime::new(1581, 1, 1, 0, 0, 0), Err(DateTimeError::OutOfRange));
        assert_eq!(DateTime::new(2023, 2, 29, 0, 0, 0), Err(DateTimeError::NotInCalendar));
        assert_eq!(DateTime::new(2023, 1, 1, 24, 0, 0), Err(DateTimeError::NotInCalendar));
    }
}
