//! Thirty-two secret bytes: wiped when dropped, never printed, compared in constant time.

use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Read, Result as IoResult, Write},
};
use core::fmt;
use dmledger_core::hash::Hasher;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 256-bit key of the sealing construction. Has no `Clone`: a second owner is always visible in the code.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secret([u8; 32]);

impl Secret {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Thirty-two bytes of the generator.
    pub(crate) fn random(rng: &mut impl CryptoRng) -> Self {
        let mut secret = Self([0; 32]);
        rng.fill_bytes(&mut secret.0);
        secret
    }

    /// The end of a tagged hash whose input held a secret.
    pub(crate) fn derived(hasher: Hasher) -> Self {
        Self(hasher.finish().to_bytes())
    }

    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// For the few places that hand a key on to another owner, which then wipes its own copy.
    pub(crate) const fn duplicate(&self) -> Self {
        Self(self.0)
    }
}

impl ConstantTimeEq for Secret {
    fn ct_eq(&self, other: &Self) -> subtle::Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}
impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl BorshSerialize for Secret {
    fn serialize<W: Write>(&self, writer: &mut W) -> IoResult<()> {
        self.0.serialize(writer)
    }
}

impl BorshDeserialize for Secret {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let mut secret = Self([0; 32]);
        reader.read_exact(&mut secret.0)?;
        Ok(secret)
    }
}
