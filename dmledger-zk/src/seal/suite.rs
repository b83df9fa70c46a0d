//! The suite id that stands on every sealed message, and the record cipher it names.
//!
//! | id | key encapsulation (HPKE, RFC 9180) | record cipher | hash |
//! |----|------------------------------------|---------------|------|
//! | 1  | X-Wing = ML-KEM-768 + X25519 (KEM 0x647A), HKDF-SHA256, ChaCha20-Poly1305 | ChaCha20-Poly1305 in STREAM | SHA3-256 |
//! | 2  | MLKEM768-P256 (KEM 0x0050), HKDF-SHA256, AES-256-GCM | AES-256-GCM in STREAM | SHA3-256 |
//!
//! Suite 2 is for hosts that must stay with FIPS-approved primitives. The parties of a record or wrap do not negotiate:
//! the author of a record and the holder of a public key choose, and the id is bound into every key derived.

use super::error::Inauthentic;
use super::secret::Secret;
use aead::{AeadInOut, KeyInit, inout::InOutBuf};
use aes_gcm::Aes256Gcm;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error, ErrorKind, Read, Result as IoResult, Write},
};
use chacha20poly1305::ChaCha20Poly1305;
use core::fmt;
use thiserror::Error;

/// Length in bytes of the authentication tag of every record cipher.
pub const TAG_BYTES: usize = 16;

/// Which primitives a sealed message uses; one byte on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum SealSuite {
    /// X-Wing, HKDF-SHA256, ChaCha20-Poly1305, SHA3-256.
    #[default]
    XWingChaCha20 = 1,
    /// MLKEM768-P256, HKDF-SHA256, AES-256-GCM, SHA3-256.
    P256Aes256 = 2,
}

/// A suite id this build does not seal or open with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SuiteError {
    /// The id has no meaning.
    #[error("suite {id} is unknown")]
    Unknown {
        /// The id found.
        id: u8,
    },
}

impl SealSuite {
    /// The byte on the wire.
    #[must_use]
    pub const fn id(self) -> u8 {
        self as u8
    }

    /// Reads the byte on the wire.
    ///
    /// # Errors
    /// [`SuiteError::Unknown`] for an id without a meaning.
    pub const fn from_id(id: u8) -> Result<Self, SuiteError> {
        match id {
            1 => Ok(Self::XWingChaCha20),
            2 => Ok(Self::P256Aes256),
            _ => Err(SuiteError::Unknown { id }),
        }
    }

    pub(crate) fn cipher(self, key: &Secret) -> RecordCipher {
        match self {
            Self::XWingChaCha20 => RecordCipher::ChaCha20(ChaCha20Poly1305::new(key.bytes().into())),
            // Boxed: the key schedule and the hash key tables are ten times the size of the other cipher.
            Self::P256Aes256 => RecordCipher::Aes256(Box::new(Aes256Gcm::new(key.bytes().into()))),
        }
    }
}

impl BorshSerialize for SealSuite {
    fn serialize<W: Write>(&self, writer: &mut W) -> IoResult<()> {
        self.id().serialize(writer)
    }
}

impl BorshDeserialize for SealSuite {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        Self::from_id(u8::deserialize_reader(reader)?).map_err(|error| Error::new(ErrorKind::InvalidData, error))
    }
}

/// The AEAD of a suite under one key; the key is wiped on drop by the cipher's crate.
pub(crate) enum RecordCipher {
    ChaCha20(ChaCha20Poly1305),
    Aes256(Box<Aes256Gcm>),
}

impl fmt::Debug for RecordCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordCipher(..)")
    }
}

impl RecordCipher {
    /// Encrypts in place and returns the tag. Fails only beyond the cipher's length limit (64 GiB or more), which a chunk
    /// never reaches.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; 12],
        context: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; TAG_BYTES], Inauthentic> {
        match self {
            Self::ChaCha20(cipher) => cipher
                .encrypt_inout_detached(nonce.into(), context, InOutBuf::from(buffer))
                .map(Into::into)
                .map_err(|_| Inauthentic),
            Self::Aes256(cipher) => cipher
                .encrypt_inout_detached(nonce.into(), context, InOutBuf::from(buffer))
                .map(Into::into)
                .map_err(|_| Inauthentic),
        }
    }

    /// Checks the tag, then decrypts in place; on failure the buffer still holds ciphertext.
    pub(crate) fn open(
        &self,
        nonce: &[u8; 12],
        context: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<(), Inauthentic> {
        match self {
            Self::ChaCha20(cipher) => cipher
                .decrypt_inout_detached(nonce.into(), context, InOutBuf::from(buffer), tag.into())
                .map_err(|_| Inauthentic),
            Self::Aes256(cipher) => cipher
                .decrypt_inout_detached(nonce.into(), context, InOutBuf::from(buffer), tag.into())
                .map_err(|_| Inauthentic),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_suite_is_refused_by_name() {
        for suite in [SealSuite::XWingChaCha20, SealSuite::P256Aes256] {
            assert_eq!(SealSuite::from_id(suite.id()), Ok(suite));
        }
        for id in (0..=255).filter(|id| !(1..=2).contains(id)) {
            assert_eq!(SealSuite::from_id(id), Err(SuiteError::Unknown { id }));
            assert!(borsh::from_slice::<SealSuite>(&[id]).is_err());
        }
    }

    #[test]
    fn one_suite_does_not_open_what_the_other_sealed() {
        let [a, b] =
            [SealSuite::XWingChaCha20, SealSuite::P256Aes256].map(|suite| suite.cipher(&Secret::from_bytes([1; 32])));
        let mut buffer = *b"5.5 mmol/L";
        let tag = a.seal(&[0; 12], b"", &mut buffer).unwrap();
        assert_eq!(b.open(&[0; 12], b"", &mut buffer, &tag), Err(Inauthentic));
    }
}
