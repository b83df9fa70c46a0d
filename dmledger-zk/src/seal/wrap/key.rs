//! Key pairs that messages are wrapped to, one kind for each suite.

use crate::seal::error::{Inauthentic, WrapError};
use crate::seal::suite::SealSuite;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error, ErrorKind, Read, Result as IoResult, Write},
};
use core::fmt;
use dmledger_core::codec::Canonical;
use dmledger_core::hash::{Digest, Hasher, tag};
use hpke::{
    Deserializable, Kem, OpModeR, Serializable,
    aead::{Aead, AesGcm256, ChaCha20Poly1305},
    kdf::HkdfSha256,
    kem::{MlKem768P256, XWing},
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Length of the longest public key in bytes.
const MAX_PUBLIC_KEY: usize = 1249;

/// Names a public key: its tagged hash, 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct KemKeyId(Digest);

impl KemKeyId {
    /// Wraps a digest that was read from the ledger.
    #[must_use]
    pub const fn new(digest: Digest) -> Self {
        Self(digest)
    }

    /// The digest.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.0
    }
}

/// A public key that messages can be wrapped to. On the wire: suite byte, then 1,216 bytes (suite 1) or 1,249 (suite 2).
#[derive(Clone, PartialEq, Eq)]
pub struct KemPublicKey(pub(super) Public);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Public {
    XWing(Box<<XWing as Kem>::PublicKey>),
    P256(Box<<MlKem768P256 as Kem>::PublicKey>),
}

impl KemPublicKey {
    /// Reads a public key of `suite`: ML-KEM-768 encapsulation key, then X25519 point or uncompressed P-256 point.
    ///
    /// # Errors
    /// [`WrapError::BadPublicKey`] if the length is wrong, a coefficient is not reduced (FIPS 203 section 7.2), or the
    /// point does not lie on the curve.
    pub fn from_bytes(suite: SealSuite, bytes: &[u8]) -> Result<Self, WrapError> {
        let public = match suite {
            SealSuite::XWingChaCha20 => <XWing as Kem>::PublicKey::from_bytes(bytes).map(Box::new).map(Public::XWing),
            SealSuite::P256Aes256 => {
                <MlKem768P256 as Kem>::PublicKey::from_bytes(bytes).map(Box::new).map(Public::P256)
            }
        };
        public.map(Self).map_err(|_| WrapError::BadPublicKey)
    }

    /// The bytes that [`Self::from_bytes`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Public::XWing(key) => key.to_bytes().to_vec(),
            Public::P256(key) => key.to_bytes().to_vec(),
        }
    }

    /// The suite the key belongs to.
    #[must_use]
    pub const fn suite(&self) -> SealSuite {
        match self.0 {
            Public::XWing(_) => SealSuite::XWingChaCha20,
            Public::P256(_) => SealSuite::P256Aes256,
        }
    }

    /// The name of the key.
    #[must_use]
    pub fn id(&self) -> KemKeyId {
        KemKeyId(Hasher::new(tag::SEAL_KEM_KEY).chain([self.suite().id()]).chain(self.to_bytes()).finish())
    }
}

impl fmt::Debug for KemPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KemPublicKey({:.12})", self.id().0)
    }
}

impl Canonical for KemPublicKey {
    const MAX_BYTES: usize = 2 + MAX_PUBLIC_KEY;
}

impl BorshSerialize for KemPublicKey {
    fn serialize<W: Write>(&self, writer: &mut W) -> IoResult<()> {
        self.suite().serialize(writer)?;
        writer.write_all(&self.to_bytes())
    }
}

impl BorshDeserialize for KemPublicKey {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let suite = SealSuite::deserialize_reader(reader)?;
        let size = match suite {
            SealSuite::XWingChaCha20 => <XWing as Kem>::PublicKey::size(),
            SealSuite::P256Aes256 => <MlKem768P256 as Kem>::PublicKey::size(),
        };
        let mut bytes = vec![0; size];
        reader.read_exact(&mut bytes)?;
        Self::from_bytes(suite, &bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))
    }
}

/// A key pair that messages can be wrapped to.
pub struct KemKeyPair {
    secret: Private,
    public: KemPublicKey,
}

/// Wiped on drop by the crate that defines them.
enum Private {
    XWing(Box<<XWing as Kem>::PrivateKey>),
    P256(Box<<MlKem768P256 as Kem>::PrivateKey>),
}

impl KemKeyPair {
    /// Draws a key pair.
    pub fn generate(suite: SealSuite, rng: &mut impl CryptoRng) -> Self {
        match suite {
            SealSuite::XWingChaCha20 => Self::x_wing(XWing::gen_keypair_with_rng(rng).0),
            SealSuite::P256Aes256 => Self::p256(MlKem768P256::gen_keypair_with_rng(rng).0),
        }
    }

    /// The key pair of a stored 32-byte seed.
    ///
    /// # Errors
    /// [`WrapError::BadPublicKey`] if the seed yields no key; no 32 bytes are known that do not.
    pub fn from_seed(suite: SealSuite, seed: &[u8; 32]) -> Result<Self, WrapError> {
        let pair = match suite {
            SealSuite::XWingChaCha20 => <XWing as Kem>::PrivateKey::from_bytes(seed).map(Self::x_wing),
            SealSuite::P256Aes256 => <MlKem768P256 as Kem>::PrivateKey::from_bytes(seed).map(Self::p256),
        };
        pair.map_err(|_| WrapError::BadPublicKey)
    }

    fn x_wing(secret: <XWing as Kem>::PrivateKey) -> Self {
        let public = KemPublicKey(Public::XWing(Box::new(XWing::sk_to_pk(&secret))));
        Self { secret: Private::XWing(Box::new(secret)), public }
    }

    fn p256(secret: <MlKem768P256 as Kem>::PrivateKey) -> Self {
        let public = KemPublicKey(Public::P256(Box::new(MlKem768P256::sk_to_pk(&secret))));
        Self { secret: Private::P256(Box::new(secret)), public }
    }

    /// The 32-byte seed to keep in a keystore.
    #[must_use]
    pub fn to_seed(&self) -> Zeroizing<[u8; 32]> {
        let mut seed = Zeroizing::new([0; 32]);
        match &self.secret {
            Private::XWing(secret) => secret.write_exact(&mut seed[..]),
            Private::P256(secret) => secret.write_exact(&mut seed[..]),
        }
        seed
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &KemPublicKey {
        &self.public
    }
}

/// Opens what is wrapped to one public key. A [`KemKeyPair`] in memory, or a hardware module that keeps its key.
pub trait Unwrapper: Send + Sync {
    /// The public half.
    fn public(&self) -> &KemPublicKey;

    /// Opens one HPKE message of the key's suite (base mode, sequence number 0): encapsulated key, `info` and associated
    /// data as RFC 9180 section 6.1 names them. The plaintext holds keys.
    ///
    /// # Errors
    /// [`Inauthentic`] if it does not open, for whatever reason.
    fn open(
        &self,
        encapsulation: &[u8],
        info: &[u8; 32],
        associated: &[u8; 32],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Inauthentic>;
}

impl Unwrapper for KemKeyPair {
    fn public(&self) -> &KemPublicKey {
        &self.public
    }

    fn open(
        &self,
        encapsulation: &[u8],
        info: &[u8; 32],
        associated: &[u8; 32],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Inauthentic> {
        match &self.secret {
            Private::XWing(key) => open::<XWing, ChaCha20Poly1305>(key, encapsulation, info, associated, ciphertext),
            Private::P256(key) => open::<MlKem768P256, AesGcm256>(key, encapsulation, info, associated, ciphertext),
        }
    }
}

fn open<K: Kem, A: Aead>(
    key: &K::PrivateKey,
    encapsulation: &[u8],
    info: &[u8; 32],
    associated: &[u8; 32],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Inauthentic> {
    let encapsulation = K::EncappedKey::from_bytes(encapsulation).map_err(|_| Inauthentic)?;
    hpke::single_shot_open::<A, HkdfSha256, K>(&OpModeR::Base, key, &encapsulation, info, ciphertext, associated)
        .map(Zeroizing::new)
        .map_err(|_| Inauthentic)
}

impl fmt::Debug for KemKeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KemKeyPair({:?}, ..)", self.public)
    }
}
