//! The sealed file of a party's own keys: signing keys, unwrapping keys and epoch keys under a passphrase.
//!
//! ```text
//! salt    = H("store-salt", generator output, contents)
//! key     = Argon2id(passphrase, salt; memory, passes, lanes)        RFC 9106, version 0x13, 32 bytes
//! check   = H("store-check", key)
//! context = H("store-context", generation, effort, salt, check)
//! file    = generation, effort, salt, check, ChaCha20-Poly1305(key, nonce 0, contents, associated data = context)
//! ```
//! Every saving has a new salt, which depends on the contents: a key encrypts one file, also with a stuck generator.
//! The check value commits to the key, so that no file opens under two passphrases. Reading and writing the file is the
//! host's business; the `generation` lets it notice a file that was rolled back.

use super::error::Inauthentic;
use super::range_tree::EpochKey;
use super::secret::Secret;
use super::suite::{SealSuite, TAG_BYTES};
use super::wrap::{KemKeyPair, secret_bytes};
use argon2::{Algorithm, Argon2, Params, Version};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error as IoError, ErrorKind, Read, Result as IoResult},
};
use core::fmt;
use dmledger_core::codec::{self, Bytes, Canonical, CodecError, List, Text};
use dmledger_core::hash::{Digest, Hasher, tag};
use dmledger_core::key::{KeyError, SecretKey, Suite};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

/// Most keys of each sort in one keystore.
pub const MAX_KEYS: usize = 1024;
const MAX_CONTENTS: usize = 4 << 20;

/// What a guess of the passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Effort {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Effort {
    /// 64 MiB, three passes, four lanes: the second recommended option of RFC 9106 section 4.
    pub const DEFAULT: Self = Self { memory_kib: 65_536, passes: 3, lanes: 4 };
    /// 19 MiB, two passes, one lane, for small devices (OWASP Password Storage Cheat Sheet).
    pub const SMALL: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };

    /// An effort of at least [`Self::SMALL`] memory and at most 1 GiB, 64 passes and 16 lanes.
    ///
    /// # Errors
    /// [`KeystoreError::BadEffort`].
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, KeystoreError> {
        let effort = Self { memory_kib, passes, lanes };
        if memory_kib >= Self::SMALL.memory_kib && effort.is_bearable() {
            Ok(effort)
        } else {
            Err(KeystoreError::BadEffort)
        }
    }

    /// Whether a file may ask for it: an upper limit only, since a file's own effort protects nobody but its owner.
    const fn is_bearable(&self) -> bool {
        self.memory_kib <= 1 << 20 && self.passes >= 1 && self.passes <= 64 && self.lanes >= 1 && self.lanes <= 16
    }

    fn key(&self, passphrase: &[u8], salt: &[u8; 32]) -> Result<Secret, KeystoreError> {
        let params =
            Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(|_| KeystoreError::BadEffort)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase, salt, &mut key[..])
            .map_err(|_| KeystoreError::BadEffort)?;
        Ok(Secret::from_bytes(*key))
    }
}

impl BorshDeserialize for Effort {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (memory_kib, passes, lanes) = BorshDeserialize::deserialize_reader(reader)?;
        let effort = Self { memory_kib, passes, lanes };
        if effort.is_bearable() { Ok(effort) } else { Err(IoError::new(ErrorKind::InvalidData, "effort")) }
    }
}

/// Why a keystore was not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeystoreError {
    /// The passphrase is not the one the file was sealed with.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// Right passphrase, altered file.
    #[error(transparent)]
    Inauthentic(#[from] Inauthentic),
    /// Too little or too much work for a passphrase.
    #[error("effort outside the accepted range")]
    BadEffort,
    /// More than fits, or not the contents of a keystore.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// A kept key is not one.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No key of this name.
    #[error("no such key in the keystore")]
    NoSuchKey,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct SigningKey {
    name: Text<64>,
    suite: Suite,
    secret: Secret,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct UnwrappingKey {
    name: Text<64>,
    suite: SealSuite,
    seed: Secret,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct NamedEpoch {
    name: Text<64>,
    key: EpochKey,
}

/// The keys of a party, by name. Wiped on drop.
#[derive(Default, BorshSerialize, BorshDeserialize)]
pub struct KeystoreContents {
    signing: List<SigningKey, MAX_KEYS>,
    unwrapping: List<UnwrappingKey, MAX_KEYS>,
    epochs: List<NamedEpoch, MAX_KEYS>,
}

impl Canonical for KeystoreContents {
    const MAX_BYTES: usize = MAX_CONTENTS;
}

impl KeystoreContents {
    /// Keeps the 32 secret bytes of a signing key.
    ///
    /// # Errors
    /// [`KeystoreError::Key`] if they are not a key of `suite`; [`KeystoreError::Codec`] if the name is too long (64
    /// bytes) or the keystore full.
    pub fn keep_signing(&mut self, name: &str, suite: Suite, secret: &[u8; 32]) -> Result<(), KeystoreError> {
        SecretKey::from_bytes(suite, *secret)?;
        let secret = Secret::from_bytes(*secret);
        Ok(self.signing.push(SigningKey { name: Text::new(name)?, suite, secret })?)
    }

    /// The signing key of this name; the newest if there are several.
    ///
    /// # Errors
    /// [`KeystoreError::NoSuchKey`].
    pub fn signing(&self, name: &str) -> Result<SecretKey, KeystoreError> {
        let found = self.signing.iter().rev().find(|key| key.name.as_str() == name).ok_or(KeystoreError::NoSuchKey)?;
        Ok(SecretKey::from_bytes(found.suite, *found.secret.bytes())?)
    }

    /// Keeps an unwrapping key.
    ///
    /// # Errors
    /// [`KeystoreError::Codec`] if the name is too long (64 bytes) or the keystore full.
    pub fn keep_unwrapping(&mut self, name: &str, pair: &KemKeyPair) -> Result<(), KeystoreError> {
        let seed = Secret::from_bytes(*pair.to_seed());
        Ok(self.unwrapping.push(UnwrappingKey { name: Text::new(name)?, suite: pair.public().suite(), seed })?)
    }

    /// The unwrapping key of this name; the newest if there are several.
    ///
    /// # Errors
    /// [`KeystoreError::NoSuchKey`].
    pub fn unwrapping(&self, name: &str) -> Result<KemKeyPair, KeystoreError> {
        let found = self.unwrapping.iter().rev().find(|key| key.name.as_str() == name);
        let found = found.ok_or(KeystoreError::NoSuchKey)?;
        KemKeyPair::from_seed(found.suite, found.seed.bytes()).map_err(|_| KeystoreError::NoSuchKey)
    }

    /// Keeps an epoch key of the account that the host calls `name`.
    ///
    /// # Errors
    /// [`KeystoreError::Codec`] if the name is too long (64 bytes) or the keystore full.
    pub fn keep_epoch(&mut self, name: &str, key: EpochKey) -> Result<(), KeystoreError> {
        Ok(self.epochs.push(NamedEpoch { name: Text::new(name)?, key })?)
    }

    /// The epoch keys of the account that the host calls `name`, oldest first.
    pub fn epochs<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a EpochKey> {
        self.epochs.iter().filter(move |epoch| epoch.name.as_str() == name).map(|epoch| &epoch.key)
    }

    /// Takes out the epoch keys of the account that the host calls `name`, oldest first: the whole keystore is given up.
    #[must_use]
    pub fn into_epochs(self, name: &str) -> Vec<EpochKey> {
        let own = self.epochs.into_vec().into_iter().filter(|epoch| epoch.name.as_str() == name);
        own.map(|epoch| epoch.key).collect()
    }

    /// Forgets epoch keys for which `erase` says yes: the patient's side of an erasure, complete once no older file of
    /// the keystore is left.
    ///
    /// # Errors
    /// None that can occur; the list only gets shorter.
    pub fn forget_epochs(&mut self, erase: impl Fn(&str, &EpochKey) -> bool) -> Result<(), KeystoreError> {
        let kept = core::mem::take(&mut self.epochs).into_vec().into_iter();
        self.epochs = List::new(kept.filter(|epoch| !erase(epoch.name.as_str(), &epoch.key)).collect())?;
        Ok(())
    }
}

impl fmt::Debug for KeystoreContents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = (self.signing.len(), self.unwrapping.len(), self.epochs.len());
        write!(f, "KeystoreContents({} signing, {} unwrapping, {} epoch keys)", counts.0, counts.1, counts.2)
    }
}

/// A sealed keystore: the contents of the file.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Keystore {
    generation: u64,
    effort: Effort,
    salt: [u8; 32],
    check: Digest,
    ciphertext: Bytes<{ MAX_CONTENTS + TAG_BYTES }>,
}

impl Canonical for Keystore {
    const MAX_BYTES: usize = MAX_CONTENTS + 256;
}

impl Keystore {
    /// Seals contents under a passphrase. `generation` is to grow with every saving.
    ///
    /// # Errors
    /// [`KeystoreError::Codec`] if the contents are too long.
    pub fn seal(
        contents: &KeystoreContents,
        generation: u64,
        passphrase: &[u8],
        effort: Effort,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, KeystoreError> {
        let mut bytes = secret_bytes(contents);
        let random = Secret::random(rng);
        let salt = Hasher::new(tag::SEAL_STORE_SALT).chain(random.bytes()).chain(bytes.as_slice()).finish().to_bytes();
        let key = effort.key(passphrase, &salt)?;
        let check = check(&key);
        let context = context(generation, &effort, &salt, &check);
        let tag = SealSuite::XWingChaCha20.cipher(&key).seal(&[0; 12], context.as_bytes(), &mut bytes)?;
        bytes.extend_from_slice(&tag);
        Ok(Self { generation, effort, salt, check, ciphertext: Bytes::new(bytes.to_vec())? })
    }

    /// Opens the contents. Takes the time and memory that the file's effort says, at most 1 GiB.
    ///
    /// # Errors
    /// [`KeystoreError::WrongPassphrase`], [`KeystoreError::Inauthentic`].
    pub fn open(&self, passphrase: &[u8]) -> Result<KeystoreContents, KeystoreError> {
        let key = self.effort.key(passphrase, &self.salt)?;
        if !bool::from(check(&key).as_bytes().ct_eq(self.check.as_bytes())) {
            return Err(KeystoreError::WrongPassphrase);
        }
        let context = context(self.generation, &self.effort, &self.salt, &self.check);
        let (sealed, tag) = self.ciphertext.as_slice().split_last_chunk::<TAG_BYTES>().ok_or(Inauthentic)?;
        let mut bytes = Zeroizing::new(sealed.to_vec());
        SealSuite::XWingChaCha20.cipher(&key).open(&[0; 12], context.as_bytes(), &mut bytes, tag)?;
        Ok(codec::decode(&bytes)?)
    }

    /// Number of the saving; a file with a lower one than the last seen was rolled back.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }
}

fn check(key: &Secret) -> Digest {
    Hasher::new(tag::SEAL_STORE_CHECK).chain(key.bytes()).finish()
}

fn context(generation: u64, effort: &Effort, salt: &[u8; 32], check: &Digest) -> Digest {
    let start = Hasher::new(tag::SEAL_STORE_CONTEXT).chain(generation.to_le_bytes());
    let numbers = [effort.memory_kib, effort.passes, effort.lanes].map(u32::to_le_bytes);
    start.chain(numbers.as_flattened()).chain(salt).chain(check).finish()
}

#[cfg(test)]
mod tests;
