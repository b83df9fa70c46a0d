//! Ledger keys and signatures over secp256k1, each naming its suite.
//!
//! [`Suite::Bip340`] is the default: Schnorr signatures are not malleable and verify in batches ([`batch`]).
//! [`Suite::EcdsaLowS`] is accepted for hardware modules that offer nothing else. The curve has cofactor 1, so a batch
//! accepts exactly what single verification accepts.

pub mod batch;

use crate::hash::Digest;
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;
use k256::{
    ecdsa::{
        self,
        signature::hazmat::{PrehashSigner, PrehashVerifier},
    },
    schnorr,
};
use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::Zeroize;

/// A signature scheme over secp256k1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Suite {
    /// BIP340 Schnorr, x-only keys.
    Bip340 = 1,
    /// ECDSA with SEC1 compressed keys; `s` in the lower half (the other half is refused).
    EcdsaLowS = 2,
}

/// A public key, 33 bytes: `0x01` and the x coordinate (BIP340), or SEC1 compressed `0x02`/`0x03` (ECDSA).
///
/// Whether the x coordinate lies on the curve shows at first use: a signature under a key that does not is refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct PublicKey([u8; 33]);

/// A signature, 65 bytes: the suite's number, then the 64 bytes of the scheme.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Signature([u8; 65]);

/// A signing key of one suite. Wiped when dropped, never printed, never cloned.
pub struct SecretKey {
    scalar: SigningScalar,
    public: PublicKey,
}

/// The parsed scalar; both kinds wipe themselves when dropped.
enum SigningScalar {
    Bip340(schnorr::SigningKey),
    EcdsaLowS(ecdsa::SigningKey),
}

/// The signature does not belong to this key and message, or the key is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("signature does not verify")]
pub struct BadSignature;

/// Why bytes are not a key or a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The first byte names no suite.
    #[error("unknown signature suite {0}")]
    UnknownSuite(u8),
    /// Zero, or not below the order of the group.
    #[error("not a valid secret scalar")]
    InvalidSecret,
}

impl PublicKey {
    /// Bytes of an encoded key.
    pub const BYTES: usize = 33;

    /// Reads 33 bytes.
    ///
    /// # Errors
    /// [`KeyError::UnknownSuite`] if the first byte is none of 1, 2, 3.
    pub const fn from_bytes(bytes: [u8; 33]) -> Result<Self, KeyError> {
        match bytes[0] {
            1..=3 => Ok(Self(bytes)),
            other => Err(KeyError::UnknownSuite(other)),
        }
    }

    /// The 33 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }

    /// The scheme this key signs under.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        if self.0[0] == 1 { Suite::Bip340 } else { Suite::EcdsaLowS }
    }

    /// Checks `signature` over `digest`.
    ///
    /// # Errors
    /// [`BadSignature`], whatever the cause.
    pub fn verify(&self, digest: &Digest, signature: &Signature) -> Result<(), BadSignature> {
        if signature.suite() != self.suite() {
            return Err(BadSignature);
        }
        match self.suite() {
            Suite::Bip340 => {
                let key = schnorr::VerifyingKey::from_slice(self.x()).map_err(|_| BadSignature)?;
                let signature = schnorr::Signature::from_slice(signature.body()).map_err(|_| BadSignature)?;
                key.verify_prehash(digest.as_bytes(), &signature).map_err(|_| BadSignature)
            }
            Suite::EcdsaLowS => {
                let key = ecdsa::VerifyingKey::from_sec1_bytes(&self.0).map_err(|_| BadSignature)?;
                let signature = ecdsa::Signature::from_slice(signature.body()).map_err(|_| BadSignature)?;
                // One message, one signature: the mirrored `s` would be a second one.
                if signature.normalize_s() != signature {
                    return Err(BadSignature);
                }
                key.verify_prehash(digest.as_bytes(), &signature).map_err(|_| BadSignature)
            }
        }
    }

    /// The x coordinate, 32 bytes.
    pub(crate) fn x(&self) -> &[u8] {
        self.0.split_at(1).1
    }
}

impl Signature {
    /// Bytes of an encoded signature.
    pub const BYTES: usize = 65;

    /// Reads 65 bytes.
    ///
    /// # Errors
    /// [`KeyError::UnknownSuite`] if the first byte is neither 1 nor 2.
    pub const fn from_bytes(bytes: [u8; 65]) -> Result<Self, KeyError> {
        match bytes[0] {
            1 | 2 => Ok(Self(bytes)),
            other => Err(KeyError::UnknownSuite(other)),
        }
    }

    /// The 65 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 65] {
        &self.0
    }

    /// The scheme that made it.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        if self.0[0] == 1 { Suite::Bip340 } else { Suite::EcdsaLowS }
    }

    /// The scheme's own 64 bytes.
    pub(crate) fn body(&self) -> &[u8] {
        self.0.split_at(1).1
    }

    fn assemble(suite: Suite, body: &[u8]) -> Self {
        let mut bytes = [0; 65];
        bytes[0] = suite as u8;
        for (to, from) in bytes.iter_mut().skip(1).zip(body) {
            *to = *from;
        }
        Self(bytes)
    }
}

impl SecretKey {
    /// Draws a key.
    #[must_use]
    pub fn generate(suite: Suite, rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        loop {
            rng.fill_bytes(&mut bytes);
            // One draw in 2^128 is no scalar.
            if let Ok(key) = Self::from_bytes(suite, bytes) {
                bytes.zeroize();
                return key;
            }
        }
    }

    /// Reads a secret scalar, 32 bytes big-endian.
    ///
    /// # Errors
    /// [`KeyError::InvalidSecret`] for zero and for values not below the group order.
    pub fn from_bytes(suite: Suite, bytes: [u8; 32]) -> Result<Self, KeyError> {
        let invalid = |_| KeyError::InvalidSecret;
        Ok(match suite {
            Suite::Bip340 => {
                let key = schnorr::SigningKey::from_slice(&bytes).map_err(invalid)?;
                let mut encoded = [1; 33];
                encoded.split_at_mut(1).1.copy_from_slice(&key.verifying_key().to_bytes());
                Self { scalar: SigningScalar::Bip340(key), public: PublicKey(encoded) }
            }
            Suite::EcdsaLowS => {
                let key = ecdsa::SigningKey::from_slice(&bytes).map_err(invalid)?;
                let point = key.verifying_key().to_sec1_point(true);
                let encoded = point.as_bytes().try_into().map_err(|_| KeyError::InvalidSecret)?;
                Self { scalar: SigningScalar::EcdsaLowS(key), public: PublicKey(encoded) }
            }
        })
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs a digest, deterministically: the nonce is derived from key and message (BIP340 with zero auxiliary bytes,
    /// RFC 6979 for ECDSA), so a broken or cloned random generator cannot repeat one.
    ///
    /// # Errors
    /// [`KeyError::InvalidSecret`] in the one case in 2^128 that has no signature.
    pub fn sign(&self, digest: &Digest) -> Result<Signature, KeyError> {
        match &self.scalar {
            SigningScalar::Bip340(key) => {
                let signature: Result<schnorr::Signature, _> = key.sign_prehash(digest.as_bytes());
                signature.map(|one| Signature::assemble(Suite::Bip340, &one.to_bytes()))
            }
            SigningScalar::EcdsaLowS(key) => {
                let signature: Result<ecdsa::Signature, _> = key.sign_prehash(digest.as_bytes());
                signature.map(|one| Signature::assemble(Suite::EcdsaLowS, &one.normalize_s().to_bytes()))
            }
        }
        .map_err(|_| KeyError::InvalidSecret)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {:?})", self.public)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl fmt::Display for PublicKey {
    /// The first 8 bytes in hex: enough to tell keys apart on a screen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({:?})", self.suite())
    }
}

impl BorshDeserialize for PublicKey {
    fn deserialize_reader<R: borsh::io::Read>(reader: &mut R) -> borsh::io::Result<Self> {
        Self::from_bytes(<[u8; 33]>::deserialize_reader(reader)?).map_err(|_| borsh::io::ErrorKind::InvalidData.into())
    }
}

impl BorshDeserialize for Signature {
    fn deserialize_reader<R: borsh::io::Read>(reader: &mut R) -> borsh::io::Result<Self> {
        Self::from_bytes(<[u8; 65]>::deserialize_reader(reader)?).map_err(|_| borsh::io::ErrorKind::InvalidData.into())
    }
}

#[cfg(test)]
mod tests;
