//! What can go wrong: before the cryptography runs it is said plainly, afterwards there is one opaque answer.

use thiserror::Error;

/// The proof does not hold for this statement and context. Deliberately says no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("proof rejected")]
pub struct Rejected;

/// Bytes that are not the strict encoding of what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The number of bytes fits no value of this type.
    #[error("{len} bytes are not a possible length")]
    Length {
        /// Bytes given.
        len: usize,
    },
    /// 32 bytes that are not the canonical encoding of a scalar, at this offset in bytes.
    #[error("no canonical scalar at byte {at}")]
    Scalar {
        /// Offset in bytes.
        at: usize,
    },
    /// 32 bytes that are not the canonical encoding of a group element, or the identity where it is forbidden.
    #[error("no valid group element at byte {at}")]
    Point {
        /// Offset in bytes.
        at: usize,
    },
    /// Any other field out of its bounds.
    #[error("malformed {what}")]
    Malformed {
        /// The part that was malformed.
        what: &'static str,
    },
}

/// A statement that cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StatementError {
    /// The lower bound lies above the upper one.
    #[error("empty interval: {low} is above {high}")]
    EmptyInterval {
        /// Lower bound.
        low: u64,
        /// Upper bound.
        high: u64,
    },
    /// The interval is wider than the number of bits can show.
    #[error("an interval of width {width} needs more than {bits} bits")]
    TooWide {
        /// Upper minus lower bound.
        width: u64,
        /// Bits asked for.
        bits: u32,
    },
    /// No value, or more values than one proof may hold.
    #[error("{count} values in one proof; 1 to {max} are possible")]
    Count {
        /// Values given.
        count: usize,
        /// Most values in one proof.
        max: usize,
    },
    /// The position lies outside the sequence.
    #[error("position {index} of {count}")]
    Position {
        /// Position asked for.
        index: u64,
        /// Length of the sequence.
        count: u64,
    },
    /// A reading that the table of a day has not.
    #[error("a value outside the table of {first} to {last}")]
    OffTable {
        /// The value.
        value: u16,
        /// Smallest value of the table.
        first: u16,
        /// Largest value of the table.
        last: u16,
    },
    /// Not the number of slots of a day.
    #[error("{have} slots in a day of {need}")]
    Slots {
        /// Slots given.
        have: usize,
        /// Slots of a day.
        need: usize,
    },
    /// A linear form with a coefficient or constant beyond its bounds.
    #[error("a claim's numbers are out of bounds")]
    Coefficient,
    /// An element that would be the identity and hide nothing.
    #[error("a secret of zero hides nothing")]
    Identity,
    /// A complaint about a parcel that holds what was promised.
    #[error("the parcel holds what was promised")]
    NoFault,
    /// Something listed twice that may stand there once.
    #[error("entry {place} stands there twice")]
    Twice {
        /// Place of the second one, counted from 0.
        place: usize,
    },
    /// A name that is empty or too long.
    #[error("a name of {len} bytes; 1 to {max} are possible")]
    Name {
        /// Bytes given.
        len: usize,
        /// Most bytes.
        max: usize,
    },
}

/// A proof that was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The claim is not true of the values given; no proof of it exists.
    #[error("the claim does not hold")]
    False,
    /// The opening given does not belong to the commitment in the statement.
    #[error("the opening does not belong to the commitment")]
    WrongOpening,
    /// Not one opening for each commitment.
    #[error("{have} openings for {need} commitments")]
    Openings {
        /// Openings given.
        have: usize,
        /// Commitments in the statement.
        need: usize,
    },
    /// The statement cannot be made.
    #[error(transparent)]
    Statement(#[from] StatementError),
}
