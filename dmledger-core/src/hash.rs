//! SHA3-256 under domain tags, and the RFC 6962 tree over it.
//!
//! A tagged hash is `SHA3-256(len(tag) as one byte || tag || ...)`, so that no message of one purpose is a message of
//! another. The tree in [`tree`] keeps RFC 6962's own one-byte prefixes, which no tagged message can begin with: a
//! tag's length byte is at least 20.

pub mod tag;
pub mod tree;

pub use tag::Tag;

use crate::codec::{self, Canonical};
use borsh::{BorshDeserialize, BorshSerialize};
use core::{fmt, str::FromStr};
use sha3::{Digest as _, Sha3_256};
use thiserror::Error;

/// A SHA3-256 digest, 32 bytes. Shown as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Digest([u8; 32]);

impl Digest {
    /// All bits zero: stands for "none" where a digest is optional by protocol.
    pub const ZERO: Self = Self([0; 32]);

    /// Wraps 32 bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 32 bytes, by value.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(64).min(64);
        for (i, byte) in self.0.iter().enumerate() {
            match digits.saturating_sub(2 * i) {
                0 => break,
                1 => write!(f, "{:x}", byte >> 4)?,
                _ => write!(f, "{byte:02x}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self:.12})")
    }
}

/// A text that is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not 64 hexadecimal digits")]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        if text.len() != 64 || !text.is_ascii() {
            return Err(NotADigest);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = core::str::from_utf8(pair).map_err(|_| NotADigest)?;
            if pair.starts_with('+') {
                return Err(NotADigest);
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotADigest)?;
        }
        Ok(Self(bytes))
    }
}

/// A tagged hash in the making.
#[derive(Clone, Debug)]
pub struct Hasher(Sha3_256);

impl Hasher {
    /// Begins under `tag`.
    #[must_use]
    pub fn new(tag: Tag) -> Self {
        let text = tag.as_bytes();
        // The table's test holds every tag to 60 bytes.
        let len = u8::try_from(text.len()).unwrap_or(u8::MAX);
        Self(Sha3_256::new().chain_update([len]).chain_update(text))
    }

    /// Adds bytes whose length the protocol fixes.
    #[must_use]
    pub fn chain(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.update(bytes.as_ref());
        self
    }

    /// Adds bytes of any length, preceded by their length as 64-bit little-endian.
    #[must_use]
    pub fn field(self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.chain((bytes.len() as u64).to_le_bytes()).chain(bytes)
    }

    /// The digest.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// Tagged hash of one byte string that stands at the end of the message.
#[must_use]
pub fn tagged(tag: Tag, bytes: &[u8]) -> Digest {
    Hasher::new(tag).chain(bytes).finish()
}

/// Tagged hash of a value's canonical bytes.
#[must_use]
pub fn of<T: Canonical>(tag: Tag, value: &T) -> Digest {
    tagged(tag, &codec::encode(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_tagged_digest_is_fixed() {
        // SHA3-256 of byte 22, the 22-byte tag and "abc", computed with Python's hashlib.
        let digest = tagged(tag::BLOCK, b"abc");
        assert_eq!(digest.to_string(), TAGGED_ABC);
    }
    const TAGGED_ABC: &str = "bceabb7d6f7db3be1d4d7a0e3a4980c45b21535cd629e949033eb5b7385ee7b2";

    #[test]
    fn the_same_bytes_differ_under_every_tag() {
        let all: alloc::collections::BTreeSet<_> = tag::ALL.iter().map(|tag| tagged(*tag, b"x")).collect();
        assert_eq!(all.len(), tag::ALL.len());
    }

    #[test]
    fn fields_cannot_be_moved_across_their_border() {
        let a = Hasher::new(tag::BLOCK).field(b"ab").field(b"c").finish();
        let b = Hasher::new(tag::BLOCK).field(b"a").field(b"bc").finish();
        assert_ne!(a, b);
    }

    #[test]
    fn hex_reads_back_and_foreign_text_is_refused() {
        let digest = tagged(tag::BLOCK, b"hex");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for text in ["", "zz", &"0".repeat(63), &"g".repeat(64), &"+1".repeat(32)] {
            assert_eq!(text.parse::<Digest>(), Err(NotADigest));
        }
    }
}
