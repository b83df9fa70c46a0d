//! Hours, epochs and buckets: how time is counted in the range tree.

use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error, ErrorKind, Read, Result as IoResult},
};
use dmledger_core::time::{TimeRange, Timestamp};

const HOUR_MILLIS: i64 = 3_600_000;

/// An hour of universal time, counted from 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Hour(u32);

impl Hour {
    /// The hour with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The hour in which `at` lies.
    ///
    /// # Errors
    /// [`OutsideRange`] before 1970 or beyond the year 491,936.
    pub fn of(at: Timestamp) -> Result<Self, OutsideRange> {
        u32::try_from(at.millis().div_euclid(HOUR_MILLIS)).map(Self).map_err(|_| OutsideRange)
    }

    /// The number of the hour.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Whole hours without a gap, first and last included: what a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct Hours {
    first: Hour,
    last: Hour,
}

impl Hours {
    /// The hours from `first` to `last`, both included.
    ///
    /// # Errors
    /// [`OutsideRange`] if `last` lies before `first`.
    pub fn new(first: Hour, last: Hour) -> Result<Self, OutsideRange> {
        if first <= last { Ok(Self { first, last }) } else { Err(OutsideRange) }
    }

    /// One hour.
    #[must_use]
    pub const fn one(hour: Hour) -> Self {
        Self { first: hour, last: hour }
    }

    /// All hours that `span` touches: those of a record.
    ///
    /// # Errors
    /// [`OutsideRange`] if the span leaves the years that hours are counted in.
    pub fn touched_by(span: &TimeRange) -> Result<Self, OutsideRange> {
        let last = Timestamp::from_millis(span.end().millis() - 1);
        Self::new(Hour::of(span.start())?, Hour::of(last)?)
    }

    /// The hours that lie inside `span` as a whole: those a grant for it opens.
    ///
    /// # Errors
    /// [`OutsideRange`] if there is none, or the span leaves the years that hours are counted in.
    pub fn inside(span: &TimeRange) -> Result<Self, OutsideRange> {
        let first = Hour::of(Timestamp::from_millis(span.start().millis().saturating_add(HOUR_MILLIS - 1)))?;
        let end = Hour::of(span.end())?;
        Self::new(first, Hour(end.0.checked_sub(1).ok_or(OutsideRange)?))
    }

    /// First hour.
    #[must_use]
    pub const fn first(&self) -> Hour {
        self.first
    }

    /// Last hour.
    #[must_use]
    pub const fn last(&self) -> Hour {
        self.last
    }
}

impl BorshDeserialize for Hours {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (first, last) = BorshDeserialize::deserialize_reader(reader)?;
        Self::new(first, last).map_err(|_| Error::new(ErrorKind::InvalidData, "range of hours"))
    }
}

/// The hour asked for lies outside the range that the keys at hand cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("outside the granted range of time")]
pub struct OutsideRange;

/// The number of an epoch of one account; a revocation opens the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct EpochNumber(u32);

impl EpochNumber {
    /// The epoch with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The epoch after this one; the last number repeats itself.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// An epoch: its number and the hour of its first leaf. Its leaves may lie in the past, so that old records can be
/// moved into a new epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Epoch {
    number: EpochNumber,
    first: Hour,
}

impl Epoch {
    /// Epoch `number`, whose first leaf is hour `first`.
    #[must_use]
    pub const fn new(number: EpochNumber, first: Hour) -> Self {
        Self { number, first }
    }

    /// The epoch's number.
    #[must_use]
    pub const fn number(&self) -> EpochNumber {
        self.number
    }

    /// The hour of the epoch's first leaf.
    #[must_use]
    pub const fn first(&self) -> Hour {
        self.first
    }

    /// The bucket of `hour`.
    ///
    /// # Errors
    /// [`OutsideRange`] before the epoch's first hour or after its last.
    pub fn bucket(&self, hour: Hour) -> Result<Bucket, OutsideRange> {
        let offset = hour.0.checked_sub(self.first.0).ok_or(OutsideRange)?;
        u16::try_from(offset).map(Bucket).map_err(|_| OutsideRange)
    }

    /// The buckets of `hours`.
    ///
    /// # Errors
    /// [`OutsideRange`] if an hour does not lie in the epoch.
    pub fn buckets(&self, hours: &Hours) -> Result<BucketRange, OutsideRange> {
        BucketRange::new(self.bucket(hours.first)?, self.bucket(hours.last)?)
    }
}

/// A leaf's place in its epoch: hours since the epoch's first hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Bucket(pub(super) u16);

impl Bucket {
    /// The bucket with this number.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// Buckets from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct BucketRange {
    pub(super) first: Bucket,
    pub(super) last: Bucket,
}

impl BucketRange {
    /// The buckets of an epoch, all of them.
    pub const ALL: Self = Self { first: Bucket(0), last: Bucket(u16::MAX) };

    /// The buckets from `first` to `last`, both included.
    ///
    /// # Errors
    /// [`OutsideRange`] if `last` lies before `first`.
    pub fn new(first: Bucket, last: Bucket) -> Result<Self, OutsideRange> {
        if first <= last { Ok(Self { first, last }) } else { Err(OutsideRange) }
    }

    /// First bucket.
    #[must_use]
    pub const fn first(&self) -> Bucket {
        self.first
    }

    /// Last bucket.
    #[must_use]
    pub const fn last(&self) -> Bucket {
        self.last
    }
}

impl BorshDeserialize for BucketRange {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (first, last) = BorshDeserialize::deserialize_reader(reader)?;
        Self::new(first, last).map_err(|_| Error::new(ErrorKind::InvalidData, "range of buckets"))
    }
}
