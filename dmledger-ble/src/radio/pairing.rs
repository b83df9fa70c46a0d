//! What pairing asks of a host and of the person in front of it.

use core::fmt;

use async_trait::async_trait;

use crate::link::DeviceId;

/// When a radio pairs with a device it is not bonded with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "never, if possible, always")]
pub enum PairingPolicy {
    /// Never: a device that asks for a bond refuses to be read.
    Never,
    /// Before anything else is said; a device that cannot pair is read all the same, and its link is
    /// [`NotBonded`](crate::link::BondState::NotBonded).
    WhenOffered,
    /// Before anything else is said; a device that cannot pair is not connected to.
    Required,
}

/// A six-digit code, 0 to 999,999.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Passkey(u32);

impl Passkey {
    /// From the number; `None` when it has more than six digits.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        if number <= 999_999 { Some(Self(number)) } else { None }
    }

    /// The number; a person reads it with leading zeros, see [`Display`](fmt::Display).
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

/// A passkey is a secret until it is used up.
impl fmt::Debug for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passkey(..)")
    }
}

/// What the pairing procedure wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PairingQuestion {
    /// Whether the device that was asked for may pair without any proof of who it is.
    JustWorks,
    /// Whether the device shows the same code.
    Compare(Passkey),
    /// The code that the device shows, or that is printed on it.
    EnterPasskey,
    /// The code to be typed on the device; [`PairingAnswer::Accept`] says that the person was told.
    Show(Passkey),
}

/// What the host says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "yes, a code, or no")]
pub enum PairingAnswer {
    /// Yes.
    Accept,
    /// The code asked for.
    Passkey(Passkey),
    /// No.
    Refuse,
}

/// The person's side of pairing. Without one a radio pairs only with devices that ask nothing.
#[async_trait]
pub trait PairingHost: Send + Sync {
    /// Answers a question about a device that the host asked to connect to. The procedure waits for at most
    /// [`with_pairing_timeout`](super::RadioConfig::with_pairing_timeout), and devices give up earlier.
    async fn answer(&self, device: &DeviceId, question: PairingQuestion) -> PairingAnswer;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_has_six_digits_and_is_not_logged() {
        assert_eq!(Passkey::new(1_000_000), None);
        let passkey = Passkey::new(42).unwrap();
        assert_eq!(passkey.to_string(), "000042");
        assert!(!format!("{:?}", PairingQuestion::Compare(passkey)).contains("42"));
    }
}
