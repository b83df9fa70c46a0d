//! What a proof is bound to besides its statement; no proof is made or checked without it.
//!
//! A proof copied into another ledger, onto another subject, into another epoch, for another purpose or to another
//! verifier is a different transcript, and is rejected there.

use crate::error::StatementError;
use core::fmt;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
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
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let [a, b, c, d, ..] = self.0;
                write!(f, concat!(stringify!($name), "({:02x}{:02x}{:02x}{:02x}..)"), a, b, c, d)
            }
        }
    };
}

identifier! {
    /// The ledger: its genesis hash, 32 bytes.
    Chain
}
identifier! {
    /// Whom the data are about, as the account or pseudonym that this ledger knows, 32 bytes.
    Pseudonym
}
identifier! {
    /// For whom the proof is made: 32 bytes that the verifier chose, for example the hash of its key and a fresh number.
    Audience
}

/// A period of the subject's data or keys; what one step of it means is the ledger's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(u64);

impl Epoch {
    /// The period with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Why the proof is made: 1 to 64 bytes of text, for example `insurance/time-in-range`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purpose(String);

impl Purpose {
    /// Longest purpose in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Names a purpose.
    ///
    /// # Errors
    /// [`StatementError::Name`] if the text is empty or longer than [`Self::MAX_BYTES`].
    pub fn new(text: &str) -> Result<Self, StatementError> {
        match text.len() {
            1..=Self::MAX_BYTES => Ok(Self(text.to_owned())),
            len => Err(StatementError::Name { len, max: Self::MAX_BYTES }),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Everything a proof is bound to before its statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Context {
    chain: Chain,
    subject: Pseudonym,
    epoch: Epoch,
    purpose: Purpose,
    verifier: Audience,
}

impl Context {
    /// Binds ledger, subject, period, purpose and verifier together.
    #[must_use]
    pub const fn new(chain: Chain, subject: Pseudonym, epoch: Epoch, purpose: Purpose, verifier: Audience) -> Self {
        Self { chain, subject, epoch, purpose, verifier }
    }

    /// The ledger.
    #[must_use]
    pub const fn chain(&self) -> Chain {
        self.chain
    }

    /// Whom the data are about.
    #[must_use]
    pub const fn subject(&self) -> Pseudonym {
        self.subject
    }

    /// The period.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Why the proof is made.
    #[must_use]
    pub const fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// For whom the proof is made.
    #[must_use]
    pub const fn verifier(&self) -> Audience {
        self.verifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_is_neither_empty_nor_longer_than_its_cap() {
        assert!(Purpose::new("p").is_ok());
        assert!(Purpose::new(&"p".repeat(64)).is_ok());
        assert_eq!(Purpose::new(""), Err(StatementError::Name { len: 0, max: 64 }));
        assert_eq!(Purpose::new(&"p".repeat(65)), Err(StatementError::Name { len: 65, max: 64 }));
    }

    #[test]
    fn an_identifier_shows_only_its_first_bytes() {
        assert_eq!(format!("{:?}", Chain::new([0xab; 32])), "Chain(abababab..)");
    }
}
