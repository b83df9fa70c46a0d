//! Which data, when, to do what, and why: the dimensions a right is bounded in.

pub mod condition;
pub mod purpose;

pub use condition::{Condition, Conditions, Disease};
pub use purpose::{Purpose, PurposeSet};

use crate::time::{Height, TimeRange, Timestamp};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error, ErrorKind, Read, Result as IoResult},
};
use core::fmt;
use thiserror::Error;

/// What is done with a record. The two are separate rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Verb {
    /// Read it.
    Query = 1,
    /// Write a new version of it.
    Update = 2,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Query => "query",
            Self::Update => "update",
        })
    }
}

/// A non-empty set of verbs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct VerbSet(u8);

impl VerbSet {
    const KNOWN: u8 = 0b11;
    /// Reading only.
    pub const QUERY: Self = Self(0b01);
    /// Writing new versions only.
    pub const UPDATE: Self = Self(0b10);
    /// Both.
    pub const QUERY_AND_UPDATE: Self = Self(0b11);

    /// Whether `verb` is one of them.
    #[must_use]
    pub const fn contains(self, verb: Verb) -> bool {
        self.0 & (1 << (verb as u8 - 1)) != 0
    }

    /// Whether every verb of `other` is one of them.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Debug for VerbSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for VerbSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::QUERY => "query",
            Self::UPDATE => "update",
            _ => "query and update",
        })
    }
}

impl BorshDeserialize for VerbSet {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let bits = u8::deserialize_reader(reader)?;
        if bits == 0 || bits & !Self::KNOWN != 0 {
            return Err(Error::new(ErrorKind::InvalidData, "not a set of verbs"));
        }
        Ok(Self(bits))
    }
}

/// When a right holds: in ledger time and in heights, both half-open. It ends with whichever ends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Validity {
    time: TimeRange,
    from: Height,
    until: Height,
}

impl Validity {
    /// A validity in both measures; block `until` is the first one at which it holds no more.
    ///
    /// # Errors
    /// [`ScopeError::EmptyHeights`] unless `from < until`.
    pub fn new(time: TimeRange, from: Height, until: Height) -> Result<Self, ScopeError> {
        if from < until { Ok(Self { time, from, until }) } else { Err(ScopeError::EmptyHeights) }
    }

    /// Bounded in ledger time only.
    #[must_use]
    pub const fn during(time: TimeRange) -> Self {
        Self { time, from: Height::GENESIS, until: Height::MAX }
    }

    /// The bounds in ledger time.
    #[must_use]
    pub const fn time(&self) -> TimeRange {
        self.time
    }

    /// First height at which it holds.
    #[must_use]
    pub const fn from(&self) -> Height {
        self.from
    }

    /// First height at which it holds no more.
    #[must_use]
    pub const fn until(&self) -> Height {
        self.until
    }

    /// Whether it has begun and not ended in the block at `height` with time `time`.
    #[must_use]
    pub fn holds(&self, height: Height, time: Timestamp) -> bool {
        self.time.contains(time) && self.from <= height && height < self.until
    }

    /// Whether `other` holds at no moment at which this does not.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.time.covers(&other.time) && self.from <= other.from && other.until <= self.until
    }

    /// Whether it can never hold again after the block at `height` with time `time`.
    #[must_use]
    pub fn is_over(&self, height: Height, time: Timestamp) -> bool {
        time >= self.time.end() || height >= self.until
    }
}

impl BorshDeserialize for Validity {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (time, from, until) = <(TimeRange, Height, Height)>::deserialize_reader(reader)?;
        Self::new(time, from, until).map_err(|_| Error::new(ErrorKind::InvalidData, "empty range of heights"))
    }
}

/// Why a scope was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// The range of heights ends at or before its start.
    #[error("range of heights ends at or before its start")]
    EmptyHeights,
    /// No purpose at all.
    #[error("no purpose given")]
    NoPurpose,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn verbs_are_separate_rights() {
        assert!(VerbSet::QUERY.contains(Verb::Query) && !VerbSet::QUERY.contains(Verb::Update));
        assert!(VerbSet::UPDATE.contains(Verb::Update) && !VerbSet::UPDATE.contains(Verb::Query));
        assert!(VerbSet::QUERY_AND_UPDATE.covers(VerbSet::UPDATE) && !VerbSet::UPDATE.covers(VerbSet::QUERY));
    }

    #[test]
    fn sets_of_verbs_that_do_not_exist_are_refused() {
        for bits in [0, 4, 5, 7, 255] {
            assert!(VerbSet::try_from_slice(&[bits]).is_err(), "{bits}");
        }
    }

    #[test]
    fn validity_ends_exactly_where_it_says_in_both_measures() {
        let time = TimeRange::new(at(100), at(200)).unwrap();
        let validity = Validity::new(time, Height::new(5), Height::new(9)).unwrap();
        for (height, ms, holds, over) in [
            (5, 100, true, false),
            (8, 199, true, false),
            (4, 150, false, false),
            (9, 150, false, true),
            (6, 99, false, false),
            (6, 200, false, true),
        ] {
            assert_eq!(validity.holds(Height::new(height), at(ms)), holds, "{height} {ms}");
            assert_eq!(validity.is_over(Height::new(height), at(ms)), over, "{height} {ms}");
        }
        assert_eq!(Validity::new(time, Height::new(5), Height::new(5)), Err(ScopeError::EmptyHeights));
    }
}
