//! Instants, ranges and heights. Nothing here reads a clock: a host supplies one.

use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error, ErrorKind, Read, Result as IoResult},
};
use core::{fmt, time::Duration};
use thiserror::Error;

/// An instant: milliseconds since 1970-01-01T00:00:00 UTC, leap seconds not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00 UTC.
    pub const EPOCH: Self = Self(0);
    /// The earliest instant that can be written; "since ever" in a range.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant that can be written; "for ever" in a range.
    pub const MAX: Self = Self(i64::MAX);

    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch; saturates at the ends.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This instant moved forward; saturates at [`Self::MAX`].
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis_of(by)))
    }

    /// This instant moved back; saturates at [`Self::MIN`].
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(millis_of(by)))
    }

    /// How long after `earlier` this is; zero if it is not after.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }

    /// Start of the hour this instant lies in.
    #[must_use]
    pub const fn floor_hour(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(3_600_000)))
    }

    /// Year, month 1..=12, day 1..=31 in the proleptic Gregorian calendar, UTC.
    #[must_use]
    pub const fn date(self) -> (i64, u8, u8) {
        // Days-to-civil of H. Hinnant, "chrono-compatible low-level date algorithms".
        let z = self.0.div_euclid(86_400_000) + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month as u8, day as u8)
    }

    /// From a civil date and time of day, UTC.
    ///
    /// # Errors
    /// [`TimeError::NoSuchInstant`] for a date that is not in the calendar (year 1..=9999) or a time not on the clock.
    pub fn from_civil(date: (i64, u8, u8), time: (u8, u8, u8)) -> Result<Self, TimeError> {
        let ((year, month, day), (hour, minute, second)) = (date, time);
        if !(1..=9999).contains(&year) || hour > 23 || minute > 59 || second > 59 || day == 0 || month == 0 {
            return Err(TimeError::NoSuchInstant);
        }
        let y = if month <= 2 { year - 1 } else { year };
        let yoe = y.rem_euclid(400);
        let mp = (i64::from(month) + 9) % 12;
        let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
        let days = y.div_euclid(400) * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468;
        let instant =
            Self::from_seconds(days * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second));
        // 30 February comes back as 1 or 2 March: not the date that was asked for.
        if month > 12 || instant.date() != date { Err(TimeError::NoSuchInstant) } else { Ok(instant) }
    }
}

fn millis_of(by: Duration) -> i64 {
    i64::try_from(by.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds; the two ends of the range as "the beginning" and "for ever".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::MIN => return f.write_str("the beginning"),
            Self::MAX => return f.write_str("for ever"),
            _ => {}
        }
        let (year, month, day) = self.date();
        let ms = self.0.rem_euclid(86_400_000);
        let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{:03}Z", ms % 1000)
    }
}

/// A half-open, non-empty span of time: `start` belongs to it, `end` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct TimeRange {
    start: Timestamp,
    end: Timestamp,
}

impl TimeRange {
    /// All of time.
    pub const ALWAYS: Self = Self { start: Timestamp::MIN, end: Timestamp::MAX };

    /// From `start` up to, not including, `end`.
    ///
    /// # Errors
    /// [`TimeError::EmptyRange`] unless `start < end`.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, TimeError> {
        if start < end { Ok(Self { start, end }) } else { Err(TimeError::EmptyRange) }
    }

    /// First instant inside.
    #[must_use]
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// First instant after it.
    #[must_use]
    pub const fn end(&self) -> Timestamp {
        self.end
    }

    /// Whether `at` lies inside.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// Whether all of `other` lies inside.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two share an instant.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} until {}", self.start, self.end)
    }
}

impl BorshDeserialize for TimeRange {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (start, end) = <(Timestamp, Timestamp)>::deserialize_reader(reader)?;
        Self::new(start, end).map_err(|_| Error::new(ErrorKind::InvalidData, "empty time range"))
    }
}

/// A block's place in the chain; genesis is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Height(u64);

impl Height {
    /// The block that holds the configuration.
    pub const GENESIS: Self = Self(0);
    /// No block is beyond it.
    pub const MAX: Self = Self(u64::MAX);

    /// The `n`-th block after genesis.
    #[must_use]
    pub const fn new(n: u64) -> Self {
        Self(n)
    }

    /// Blocks after genesis.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The height after this one; [`Self::MAX`] stays.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The height before this one; none before genesis.
    #[must_use]
    pub const fn previous(self) -> Option<Self> {
        match self.0.checked_sub(1) {
            Some(n) => Some(Self(n)),
            None => None,
        }
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// When something happens on the ledger: a block's height and time. Rights are judged by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a plain pair")]
pub struct Moment {
    /// The block's height.
    pub height: Height,
    /// The block's time.
    pub time: Timestamp,
}

/// The host's clock. Only proposals and skew bounds look at it; rights are judged by block time.
pub trait Clock: Send + Sync {
    /// Now, in UTC. Need not be monotone.
    fn now(&self) -> Timestamp;
}

/// Why a time value was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TimeError {
    /// The range ends at or before its start.
    #[error("time range ends at or before its start")]
    EmptyRange,
    /// Not a date of the calendar, or not a time of day.
    #[error("no such date or time of day")]
    NoSuchInstant,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn civil_dates_go_both_ways() {
        for (date, text) in [
            ((1970, 1, 1), "1970-01-01T00:00:00.000Z"),
            ((2000, 2, 29), "2000-02-29T00:00:00.000Z"),
            ((2024, 12, 31), "2024-12-31T00:00:00.000Z"),
            ((1, 1, 1), "0001-01-01T00:00:00.000Z"),
        ] {
            let at = Timestamp::from_civil(date, (0, 0, 0)).unwrap();
            assert_eq!((at.date(), at.to_string().as_str()), (date, text));
        }
        // Seconds of Python's datetime(2014, 2, 3, 3, 42).
        assert_eq!(Timestamp::from_civil((2014, 2, 3), (3, 42, 0)), Ok(Timestamp::from_seconds(1_391_398_920)));
    }

    #[test]
    fn every_day_of_four_centuries_reads_back() {
        for day in 0..146_097_i64 {
            let at = Timestamp::from_seconds(day * 86_400);
            assert_eq!(Timestamp::from_civil(at.date(), (0, 0, 0)), Ok(at));
        }
    }

    #[test]
    fn dates_outside_the_calendar_are_refused() {
        for date in [(2023, 2, 29), (2024, 13, 1), (2024, 0, 1), (2024, 4, 31), (2024, 4, 0), (0, 1, 1), (10_000, 1, 1)]
        {
            assert_eq!(Timestamp::from_civil(date, (0, 0, 0)), Err(TimeError::NoSuchInstant), "{date:?}");
        }
        assert!(Timestamp::from_civil((2024, 1, 1), (24, 0, 0)).is_err());
    }

    #[test]
    fn the_end_of_a_range_is_outside_it() {
        let range = TimeRange::new(Timestamp::from_millis(10), Timestamp::from_millis(20)).unwrap();
        assert!(range.contains(Timestamp::from_millis(10)) && range.contains(Timestamp::from_millis(19)));
        assert!(!range.contains(Timestamp::from_millis(9)) && !range.contains(Timestamp::from_millis(20)));
        assert_eq!(TimeRange::new(range.end(), range.end()), Err(TimeError::EmptyRange));
    }
}
