//! Keys on their way to a named party: HPKE (RFC 9180) in base mode with X-Wing, bound to everything they are meant for.
//!
//! ```text
//! info = H("wrap", suite, message type, chain)
//! aad  = H("wrap-aad", account, grant, recipient key id)
//! wrap = HPKE.Seal(recipient, info, aad, length as 32-bit little-endian || GrantBody || zeros to the next size class)
//! ```
//! The receiver computes `info` and `aad` from what *it* expects, not from what the message says. HPKE's base mode does
//! not authenticate the sender: that the contents come from the patient follows from the ledger's grant, which the
//! account's policy signed and whose digest the contents must have.

use super::error::{Inauthentic, WrapError};
use super::grant::GrantBody;
use super::secret::Secret;
use super::stream::Layout;
use super::suite::SealSuite;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error, ErrorKind, Read, Result as IoResult, Write},
};
use core::{convert::Infallible, fmt};
use dmledger_core::codec::{Bytes, Canonical};
use dmledger_core::consent::GrantId;
use dmledger_core::envelope::{AccountId, ChainId};
use dmledger_core::hash::{Digest, Hasher, tag};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256, kem::XWing};
use rand_core::{CryptoRng, TryCryptoRng, TryRng};
use zeroize::Zeroizing;

/// Length of an X-Wing public key in bytes.
pub const PUBLIC_KEY_BYTES: usize = 1216;
/// Length of an X-Wing encapsulation in bytes.
pub const ENCAPSULATION_BYTES: usize = 1120;
/// Longest wrapped message in bytes: the largest grant, its length field, padding and the tag.
const MAX_WRAPPED: usize = 9216;

/// What a wrapped message is; bound into its key.
#[derive(Clone, Copy)]
#[repr(u8)]
enum MessageType {
    Grant = 1,
}

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

/// A public key that messages can be wrapped to: suite byte and 1,216 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct KemPublicKey(<XWing as Kem>::PublicKey);

impl KemPublicKey {
    /// Reads an X-Wing public key.
    ///
    /// # Errors
    /// [`WrapError::BadPublicKey`] if the length is wrong or a coefficient is not reduced (FIPS 203 section 7.2).
    pub fn from_bytes(bytes: &[u8; PUBLIC_KEY_BYTES]) -> Result<Self, WrapError> {
        <XWing as Kem>::PublicKey::from_bytes(bytes).map(Self).map_err(|_| WrapError::BadPublicKey)
    }

    /// The X-Wing public key: ML-KEM-768 encapsulation key, then X25519 point.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; PUBLIC_KEY_BYTES] {
        self.0.to_bytes().into()
    }

    /// The suite the key belongs to.
    #[must_use]
    pub const fn suite(&self) -> SealSuite {
        SealSuite::XWingChaCha20
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
    const MAX_BYTES: usize = 2 + PUBLIC_KEY_BYTES;
}

impl BorshSerialize for KemPublicKey {
    fn serialize<W: Write>(&self, writer: &mut W) -> IoResult<()> {
        self.suite().serialize(writer)?;
        writer.write_all(&self.to_bytes())
    }
}

impl BorshDeserialize for KemPublicKey {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let SealSuite::XWingChaCha20 = SealSuite::deserialize_reader(reader)?;
        let mut bytes = [0; PUBLIC_KEY_BYTES];
        reader.read_exact(&mut bytes)?;
        Self::from_bytes(&bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))
    }
}

/// A key pair that messages can be wrapped to.
pub struct KemKeyPair {
    // Wiped on drop by the crate that defines it.
    secret: <XWing as Kem>::PrivateKey,
    public: KemPublicKey,
}

impl KemKeyPair {
    /// Draws a key pair.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let (secret, public) = XWing::gen_keypair_with_rng(rng);
        Self { secret, public: KemPublicKey(public) }
    }

    /// The key pair of a stored 32-byte seed (the X-Wing decapsulation key).
    ///
    /// # Errors
    /// [`WrapError::BadPublicKey`] if the seed yields no key; no 32 bytes are known that do not.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, WrapError> {
        let secret = <XWing as Kem>::PrivateKey::from_bytes(seed).map_err(|_| WrapError::BadPublicKey)?;
        let public = KemPublicKey(XWing::sk_to_pk(&secret));
        Ok(Self { secret, public })
    }

    /// The 32-byte seed to keep in a keystore.
    #[must_use]
    pub fn to_seed(&self) -> Zeroizing<[u8; 32]> {
        let mut seed = Zeroizing::new([0; 32]);
        self.secret.write_exact(&mut seed[..]);
        seed
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &KemPublicKey {
        &self.public
    }
}

impl fmt::Debug for KemKeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KemKeyPair({:?}, ..)", self.public)
    }
}

/// A grant under its grantee's public key.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct WrappedGrant {
    suite: SealSuite,
    chain: ChainId,
    account: AccountId,
    grant: GrantId,
    recipient: KemKeyId,
    encapsulation: Bytes<ENCAPSULATION_BYTES>,
    ciphertext: Bytes<MAX_WRAPPED>,
}

impl Canonical for WrappedGrant {
    const MAX_BYTES: usize = 2 + 3 * 32 + 16 + 4 + ENCAPSULATION_BYTES + 4 + MAX_WRAPPED;
}

impl WrappedGrant {
    /// The grant it says it is.
    #[must_use]
    pub const fn grant(&self) -> GrantId {
        self.grant
    }

    /// The key it says it is wrapped to.
    #[must_use]
    pub const fn recipient(&self) -> KemKeyId {
        self.recipient
    }
}

/// What the ledger says about the grant that a grantee is about to unwrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchoredGrant {
    /// The network.
    pub chain: ChainId,
    /// The account that granted.
    pub account: AccountId,
    /// The grant's id.
    pub grant: GrantId,
    /// [`GrantBody::digest`] as the ledger carries it.
    pub digest: Digest,
}

/// Wraps a grant to a grantee's public key.
///
/// # Errors
/// [`WrapError::BadPublicKey`] if the key cannot be encapsulated to.
pub fn wrap_grant(
    body: &GrantBody,
    chain: ChainId,
    recipient: &KemPublicKey,
    rng: &mut impl CryptoRng,
) -> Result<WrappedGrant, WrapError> {
    let (terms, suite, id) = (body.terms(), recipient.suite(), recipient.id());
    let info = info(suite, MessageType::Grant, chain);
    let aad = associated(terms.account, terms.grant, id);
    let message = padded(&body.to_secret_bytes());
    let mut coins = Coins::new(&Secret::random(rng), &info, &aad, &message);
    let (encapsulation, ciphertext) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeS::Base,
        &recipient.0,
        info.as_bytes(),
        &message,
        aad.as_bytes(),
        &mut coins,
    )
    .map_err(|_| WrapError::BadPublicKey)?;
    Ok(WrappedGrant {
        suite,
        chain,
        account: terms.account,
        grant: terms.grant,
        recipient: id,
        encapsulation: Bytes::new(encapsulation.to_bytes().to_vec())?,
        ciphertext: Bytes::new(ciphertext)?,
    })
}

/// Unwraps a grant and holds it against what the ledger says.
///
/// # Errors
/// The `Wrong...` variants of [`WrapError`] if the message says it is for somebody or something else;
/// [`WrapError::Inauthentic`] if it was altered or wrapped in another context; [`WrapError::NotAnchored`] if its
/// contents are not those the ledger commits to, which is what an outdated message of the same grant runs into.
pub fn unwrap_grant(
    message: &WrappedGrant,
    key: &KemKeyPair,
    expected: &AnchoredGrant,
) -> Result<GrantBody, WrapError> {
    let id = key.public.id();
    if message.suite != key.public.suite() {
        return Err(WrapError::WrongSuite);
    }
    if message.chain != expected.chain {
        return Err(WrapError::WrongChain);
    }
    if message.account != expected.account {
        return Err(WrapError::WrongAccount);
    }
    if message.grant != expected.grant {
        return Err(WrapError::WrongGrant);
    }
    if message.recipient != id {
        return Err(WrapError::WrongRecipient);
    }
    let encapsulation =
        <XWing as Kem>::EncappedKey::from_bytes(message.encapsulation.as_slice()).map_err(|_| Inauthentic)?;
    let contents = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        &key.secret,
        &encapsulation,
        info(message.suite, MessageType::Grant, expected.chain).as_bytes(),
        message.ciphertext.as_slice(),
        associated(expected.account, expected.grant, id).as_bytes(),
    )
    .map(Zeroizing::new)
    .map_err(|_| Inauthentic)?;
    let body = GrantBody::from_secret_bytes(unpadded(&contents).ok_or(Inauthentic)?)?;
    let terms = body.terms();
    let same = terms.account == expected.account && terms.grant == expected.grant;
    if same && body.digest() == expected.digest { Ok(body) } else { Err(WrapError::NotAnchored) }
}

fn info(suite: SealSuite, message: MessageType, chain: ChainId) -> Digest {
    Hasher::new(tag::SEAL_WRAP).chain([suite.id(), message as u8]).chain(chain.as_bytes()).finish()
}

fn associated(account: AccountId, grant: GrantId, recipient: KemKeyId) -> Digest {
    let start = Hasher::new(tag::SEAL_WRAP_CONTEXT).chain(account.as_bytes());
    start.chain(grant.as_bytes()).chain(recipient.0).finish()
}

/// Length, message, zeros up to the next size class: the number of range nodes tells little about the range.
fn padded(message: &[u8]) -> Zeroizing<Vec<u8>> {
    let len = message.len() + 4;
    let class = Layout::of_plaintext(len as u64).map_or(len, |layout| usize::try_from(layout.padded()).unwrap_or(len));
    let mut out = Zeroizing::new(Vec::with_capacity(class));
    out.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(message);
    out.resize(class, 0);
    out
}

fn unpadded(padded: &[u8]) -> Option<&[u8]> {
    let (len, rest) = padded.split_first_chunk()?;
    let (message, zeros) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
    zeros.iter().all(|byte| *byte == 0).then_some(message)
}

/// The randomness of one encapsulation: a hash of the generator's output and of everything that is wrapped, so that a
/// generator that repeats itself does not encrypt two messages under one key and nonce.
struct Coins {
    seed: Secret,
    blocks: u64,
}

impl Coins {
    fn new(random: &Secret, info: &Digest, aad: &Digest, message: &[u8]) -> Self {
        let seed = Hasher::new(tag::SEAL_WRAP_COINS).chain(random.bytes()).chain(info).chain(aad).field(message);
        Self { seed: Secret::derived(seed), blocks: 0 }
    }
}

impl TryRng for Coins {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for part in out.chunks_mut(32) {
            let block = Hasher::new(tag::SEAL_WRAP_COINS).chain(self.seed.bytes()).chain(self.blocks.to_le_bytes());
            let block = Secret::derived(block);
            part.copy_from_slice(block.bytes().get(..part.len()).unwrap_or_default());
            self.blocks += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Coins {}

#[cfg(test)]
mod tests;
