//! Whom a patient trusts with which power: two circles of trustees, each with its own terms.

use super::{EmergencyTerms, RecoveryTerms};
use crate::{
    codec::{Canonical, CodecError, List},
    identity::MemberId,
    time::{Height, Moment},
};
use alloc::vec::Vec;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error as IoError, ErrorKind, Read, Result as IoResult},
};
use core::{fmt, time::Duration};
use thiserror::Error;

/// Most trustees of one circle.
pub const MAX_TRUSTEES: usize = 16;

/// What trustees may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "two powers, and no third")]
pub enum Power {
    /// Approve that somebody reads in an emergency.
    BreakGlass = 1,
    /// Approve that lost patient keys are replaced.
    Recovery = 2,
}

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BreakGlass => "emergency",
            Self::Recovery => "recovery",
        })
    }
}

/// k of n trustees, each a member of the network: relatives, or public bodies that do not treat the patient.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct Circle {
    threshold: u8,
    trustees: List<MemberId, MAX_TRUSTEES>,
}

impl Circle {
    /// A circle of which `threshold` trustees suffice; the trustees are put in ascending order.
    ///
    /// # Errors
    /// [`CircleError::Threshold`] unless `1 <= threshold <= n`; [`CircleError::Duplicate`]; [`CircleError::TooMany`].
    pub fn new(threshold: u8, mut trustees: Vec<MemberId>) -> Result<Self, CircleError> {
        trustees.sort_unstable();
        let circle = Self { threshold, trustees: List::new(trustees)? };
        circle.check()?;
        Ok(circle)
    }

    /// How many have to approve.
    #[must_use]
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }

    /// The trustees, ascending.
    #[must_use]
    pub fn trustees(&self) -> &[MemberId] {
        &self.trustees
    }

    /// Whether this member is a trustee.
    #[must_use]
    pub fn contains(&self, member: &MemberId) -> bool {
        self.trustees.binary_search(member).is_ok()
    }

    /// A member of both circles, if there is one.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> Option<MemberId> {
        self.trustees.iter().find(|trustee| other.contains(trustee)).copied()
    }

    fn check(&self) -> Result<(), CircleError> {
        if self.threshold == 0 || usize::from(self.threshold) > self.trustees.len() {
            return Err(CircleError::Threshold { threshold: self.threshold, trustees: self.trustees.len() });
        }
        if self.trustees.windows(2).all(|pair| matches!(pair, [a, b] if a < b)) {
            Ok(())
        } else {
            Err(CircleError::Duplicate)
        }
    }
}

impl BorshDeserialize for Circle {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (threshold, trustees) = BorshDeserialize::deserialize_reader(reader)?;
        let circle = Self { threshold, trustees };
        circle.check().map_err(|_| IoError::new(ErrorKind::InvalidData, "not a circle of trustees"))?;
        Ok(circle)
    }
}

impl Canonical for Circle {
    const MAX_BYTES: usize = 8 + MAX_TRUSTEES * 32;
}

/// Why a circle was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CircleError {
    /// Zero, or more than there are.
    #[error("threshold {threshold} of {trustees} trustees")]
    Threshold {
        /// The threshold.
        threshold: u8,
        /// The trustees.
        trustees: usize,
    },
    /// A trustee stands in it twice.
    #[error("trustee named twice")]
    Duplicate,
    /// More than [`MAX_TRUSTEES`].
    #[error("too many trustees: {0}")]
    TooMany(#[from] CodecError),
}

/// A stretch of the ledger's life, measured in block time and in blocks.
///
/// What has to be waited for has passed when *both* measures have; what runs out is over when *either* has. So neither
/// clocks set forward by validators nor a burst of blocks shortens a wait or prolongs a permission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Period {
    millis: u64,
    blocks: u64,
}

impl Period {
    /// No wait at all.
    pub const NONE: Self = Self { millis: 0, blocks: 0 };

    /// This long and this many blocks; whole milliseconds, saturating.
    #[must_use]
    pub fn new(duration: Duration, blocks: u64) -> Self {
        Self { millis: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), blocks }
    }

    /// The measure in time.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        Duration::from_millis(self.millis)
    }

    /// The measure in blocks.
    #[must_use]
    pub const fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Whether it is at least one millisecond and one block long.
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.millis > 0 && self.blocks > 0
    }

    /// The moment that lies this much after `from` in both measures.
    #[must_use]
    pub fn after(&self, from: Moment) -> Moment {
        let height = Height::new(from.height.value().saturating_add(self.blocks));
        Moment { height, time: from.time.plus(self.duration()) }
    }
}

/// Whether a block at `at` has reached `goal` in both measures.
#[must_use]
pub fn has_reached(at: Moment, goal: Moment) -> bool {
    at.time >= goal.time && at.height >= goal.height
}

/// What the patient decides about one power: its circle and terms, or that nobody has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "two powers, and no third")]
pub enum Appointment {
    /// Who approves reading in an emergency.
    BreakGlass(Option<EmergencyTerms>) = 1,
    /// Who approves that lost keys are replaced.
    Recovery(Option<RecoveryTerms>) = 2,
}

impl Appointment {
    /// The power it is about.
    #[must_use]
    pub const fn power(&self) -> Power {
        match self {
            Self::BreakGlass(_) => Power::BreakGlass,
            Self::Recovery(_) => Power::Recovery,
        }
    }

    /// The circle it names, if any.
    #[must_use]
    pub fn circle(&self) -> Option<&Circle> {
        match self {
            Self::BreakGlass(terms) => terms.as_ref().map(|terms| &terms.circle),
            Self::Recovery(terms) => terms.as_ref().map(|terms| &terms.circle),
        }
    }

    /// Checks that the terms can work and keep what their power promises.
    ///
    /// # Errors
    /// [`TermsError`].
    pub fn check(&self) -> Result<(), TermsError> {
        match self {
            Self::BreakGlass(Some(terms)) => terms.check(),
            Self::Recovery(Some(terms)) => terms.check(),
            Self::BreakGlass(None) | Self::Recovery(None) => Ok(()),
        }
    }
}

/// Terms that cannot work, or that give away what their power promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TermsError {
    /// No role may ask.
    #[error("no role may ask in an emergency")]
    NoRequesters,
    /// A role stands in the list twice, or the list is out of order.
    #[error("roles twice or out of order")]
    Requesters,
    /// An emergency would never be open, or longer than [`MAX_LIFE`](super::break_glass::MAX_LIFE).
    #[error("an emergency that is never open, or for too long")]
    Life,
    /// An emergency that serves no request.
    #[error("an emergency that serves no request")]
    NoUses,
    /// Fewer approvals for opening at once than for opening after the delay, or more than there are trustees.
    #[error("{approvals} approvals for opening at once")]
    Immediate {
        /// Approvals asked for.
        approvals: u8,
    },
    /// A trustee would review what the circle approved.
    #[error("a trustee would review what the circle approved")]
    Reviewer,
    /// A window shorter than [`MIN_WINDOW`](super::recovery::MIN_WINDOW).
    #[error("window of a recovery shorter than a day")]
    Window,
}

/// What stands on the ledger about one power of an account: the terms in force, and how often they have been decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct Appointed<T> {
    /// Number of the decision, from 0.
    pub number: u64,
    /// Height of the block that made it.
    pub since: Height,
    /// The terms; `None` if nobody has the power.
    pub terms: Option<T>,
}

impl<T: Canonical> Canonical for Appointed<T> {
    const MAX_BYTES: usize = 24 + T::MAX_BYTES;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{codec, hash::Digest, time::Timestamp};

    fn member(n: u8) -> MemberId {
        MemberId::new(Digest::new([n; 32]))
    }

    #[test]
    fn circles_that_cannot_work_are_refused_as_values_and_as_bytes() {
        let three = || (0..3).map(member).collect::<Vec<_>>();
        for threshold in [0, 4] {
            assert_eq!(Circle::new(threshold, three()), Err(CircleError::Threshold { threshold, trustees: 3 }));
        }
        assert_eq!(Circle::new(1, alloc::vec![member(1), member(1)]), Err(CircleError::Duplicate));
        assert!(matches!(Circle::new(1, (0..17).map(member).collect()), Err(CircleError::TooMany(_))));
        let circle = Circle::new(2, alloc::vec![member(2), member(0), member(1)]).unwrap();
        assert_eq!(circle.trustees(), three());
        let bytes = codec::encode(&circle);
        assert_eq!(codec::decode::<Circle>(&bytes), Ok(circle));
        let mut swapped = bytes.clone();
        swapped[6] = 9;
        assert!(codec::decode::<Circle>(&swapped).is_err(), "out of order");
        for threshold in [0, 4] {
            let mut bytes = bytes.clone();
            bytes[1] = threshold;
            assert!(codec::decode::<Circle>(&bytes).is_err());
        }
    }

    #[test]
    fn a_period_has_passed_only_in_both_measures() {
        let at = |height, ms| Moment { height: Height::new(height), time: Timestamp::from_millis(ms) };
        let goal = Period::new(Duration::from_secs(1), 3).after(at(5, 100));
        assert_eq!(goal, at(8, 1100));
        for (moment, reached) in [(at(8, 1100), true), (at(7, 9999), false), (at(99, 1099), false), (at(9, 1101), true)]
        {
            assert_eq!(has_reached(moment, goal), reached, "{moment:?}");
        }
        let end = Period::new(Duration::MAX, u64::MAX).after(at(5, 100));
        assert_eq!((end.height, end.time), (Height::MAX, Timestamp::MAX));
    }
}
