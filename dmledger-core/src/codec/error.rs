//! Why bytes were not accepted.

use thiserror::Error;

/// Why an encoding or a bounded value was refused. Never carries the offending bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CodecError {
    /// Longer than the type allows.
    #[error("{len} bytes where at most {max} are allowed")]
    TooLong {
        /// Bytes given.
        len: usize,
        /// Cap of the type.
        max: usize,
    },
    /// More elements than the list allows.
    #[error("{len} elements where at most {max} are allowed")]
    TooMany {
        /// Elements given.
        len: usize,
        /// Cap of the list.
        max: usize,
    },
    /// Written by a newer or foreign version.
    #[error("encoding version {found}, this build reads version {known}")]
    UnknownVersion {
        /// Version byte found.
        found: u8,
        /// Version this build reads.
        known: u8,
    },
    /// Cut short, or a field holds a value its type does not have.
    #[error("malformed or truncated encoding")]
    Malformed,
    /// Bytes left over after a complete value.
    #[error("{extra} bytes after the end of the value")]
    TrailingBytes {
        /// How many were left over.
        extra: usize,
    },
    /// Readable, but not the one canonical encoding of its value.
    #[error("not the canonical encoding")]
    NotCanonical,
}
