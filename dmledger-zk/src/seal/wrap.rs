//! Keys on their way to a named party: HPKE (RFC 9180) in base mode with a post-quantum hybrid, bound to everything they
//! are meant for.
//!
//! ```text
//! info = H("wrap", suite, letter type, chain)
//! aad  = H("wrap-context", account, subject, recipient key id)
//! wrap = HPKE.Seal(recipient, info, aad, length as 32-bit little-endian || letter || zeros to the next size class)
//! ```
//! The receiver computes `info` and `aad` from what *it* expects, not from what the message says. HPKE's base mode does
//! not authenticate the sender: that a grant comes from the patient follows from the ledger's grant, which the account's
//! policy signed and whose digest the contents must have; that a gate bundle or an escrowed key is the right one shows
//! in the check tags and key commitments of the records it is used for.

mod coins;
mod key;
mod letter;

pub use key::{KemKeyId, KemKeyPair, KemPublicKey, Unwrapper};
pub use letter::{Address, Letter};

use super::error::{Inauthentic, WrapError};
use super::gate::GateAnswer;
use super::grant::GrantBody;
use super::secret::Secret;
use super::stream::Layout;
use super::suite::SealSuite;
use borsh::{BorshDeserialize, BorshSerialize};
use coins::Coins;
use core::fmt;
use dmledger_core::codec::{self, Bytes, Canonical};
use dmledger_core::consent::GrantId;
use dmledger_core::envelope::{AccountId, ChainId};
use dmledger_core::hash::{Digest, Hasher, tag};
use hpke::{
    Kem, OpModeS, Serializable,
    aead::{Aead, AesGcm256, ChaCha20Poly1305},
    kdf::HkdfSha256,
    kem::{MlKem768P256, XWing},
};
use key::Public;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Longest encapsulation in bytes (suite 2; suite 1 has 1,120).
const MAX_ENCAPSULATION: usize = 1153;
/// Longest wrapped letter in bytes: the largest answer of a gate node, its length field, padding and the tag.
const MAX_WRAPPED: usize = wrapped_len(GateAnswer::MAX_BYTES);

/// Room for a letter of `len` bytes: its length field, padding of at most an eighth, and the tag.
const fn wrapped_len(len: usize) -> usize {
    len + len / 8 + 512
}

/// A letter under its recipient's public key.
#[derive(BorshSerialize, BorshDeserialize)]
pub struct Wrapped<T: Letter> {
    suite: SealSuite,
    chain: ChainId,
    address: Address<T::Subject>,
    recipient: KemKeyId,
    encapsulation: Bytes<MAX_ENCAPSULATION>,
    ciphertext: Bytes<MAX_WRAPPED>,
}

/// A grant under a grantee's public key.
pub type WrappedGrant = Wrapped<GrantBody>;

// By hand: a derive would ask for the letter itself to be comparable, clonable and printable.
impl<T: Letter> Clone for Wrapped<T> {
    fn clone(&self) -> Self {
        Self { encapsulation: self.encapsulation.clone(), ciphertext: self.ciphertext.clone(), ..*self }
    }
}

impl<T: Letter> PartialEq for Wrapped<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.suite, self.chain, self.address, self.recipient)
            == (other.suite, other.chain, other.address, other.recipient)
            && self.encapsulation == other.encapsulation
            && self.ciphertext == other.ciphertext
    }
}

impl<T: Letter> Eq for Wrapped<T> {}

impl<T: Letter> fmt::Debug for Wrapped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wrapped({:?} to {:?})", self.address, self.recipient)
    }
}

impl<T: Letter> Canonical for Wrapped<T> {
    const MAX_BYTES: usize = 2 + 3 * 32 + 32 + 4 + MAX_ENCAPSULATION + 4 + wrapped_len(T::MAX_BYTES);
}

impl<T: Letter> Wrapped<T> {
    /// What it says it is about.
    #[must_use]
    pub const fn subject(&self) -> T::Subject {
        self.address.subject
    }

    /// The account it says it is about.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.address.account
    }

    /// The key it says it is wrapped to.
    #[must_use]
    pub const fn recipient(&self) -> KemKeyId {
        self.recipient
    }
}

/// Wraps a letter to a recipient's public key, in that key's suite.
///
/// # Errors
/// [`WrapError::BadPublicKey`] if the key cannot be encapsulated to.
pub fn wrap<T: Letter>(
    letter: &T,
    chain: ChainId,
    recipient: &KemPublicKey,
    rng: &mut impl CryptoRng,
) -> Result<Wrapped<T>, WrapError> {
    let (address, suite, id) = (Address::new(letter.account(), letter.subject()), recipient.suite(), recipient.id());
    let (info, aad) = context::<T>(suite, chain, &address, id);
    let message = padded(&secret_bytes(letter));
    let coins = Coins::new(&Secret::random(rng), &info, &aad, &message);
    let (encapsulation, ciphertext) = match &recipient.0 {
        Public::XWing(key) => seal::<XWing, ChaCha20Poly1305>(key, &info, &aad, &message, coins),
        Public::P256(key) => seal::<MlKem768P256, AesGcm256>(key, &info, &aad, &message, coins),
    }?;
    let (encapsulation, ciphertext) = (Bytes::new(encapsulation)?, Bytes::new(ciphertext)?);
    Ok(Wrapped { suite, chain, address, recipient: id, encapsulation, ciphertext })
}

/// Unwraps the letter that is expected for `address` on `chain`.
///
/// # Errors
/// The `Wrong...` variants of [`WrapError`] if the message says it is for somebody or something else;
/// [`WrapError::Inauthentic`] if it was altered or wrapped in another context; [`WrapError::NotAnchored`] if its
/// contents are about something else than the wrap says.
pub fn unwrap<T: Letter>(
    message: &Wrapped<T>,
    key: &dyn Unwrapper,
    chain: ChainId,
    address: Address<T::Subject>,
) -> Result<T, WrapError> {
    let id = key.public().id();
    if message.suite != key.public().suite() {
        return Err(WrapError::WrongSuite);
    }
    if message.chain != chain {
        return Err(WrapError::WrongChain);
    }
    if message.address.account != address.account {
        return Err(WrapError::WrongAccount);
    }
    if message.address.subject != address.subject {
        return Err(WrapError::WrongSubject);
    }
    if message.recipient != id {
        return Err(WrapError::WrongRecipient);
    }
    let (info, aad) = context::<T>(message.suite, chain, &address, id);
    let (capsule, ciphertext) = (message.encapsulation.as_slice(), message.ciphertext.as_slice());
    let contents = key.open(capsule, info.as_bytes(), aad.as_bytes(), ciphertext)?;
    let letter: T = codec::decode(unpadded(&contents).ok_or(Inauthentic)?)?;
    let same = Address::new(letter.account(), letter.subject()) == address;
    if same { Ok(letter) } else { Err(WrapError::NotAnchored) }
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
/// As [`wrap`].
pub fn wrap_grant(
    body: &GrantBody,
    chain: ChainId,
    recipient: &KemPublicKey,
    rng: &mut impl CryptoRng,
) -> Result<WrappedGrant, WrapError> {
    wrap(body, chain, recipient, rng)
}

/// Unwraps a grant and holds it against what the ledger says.
///
/// # Errors
/// As [`unwrap`]; [`WrapError::NotAnchored`] also if the contents are not those the ledger commits to, which is what an
/// outdated message of the same grant runs into.
pub fn unwrap_grant(
    message: &WrappedGrant,
    key: &dyn Unwrapper,
    expected: &AnchoredGrant,
) -> Result<GrantBody, WrapError> {
    let body = unwrap(message, key, expected.chain, Address::new(expected.account, expected.grant))?;
    if body.digest() == expected.digest { Ok(body) } else { Err(WrapError::NotAnchored) }
}

/// The canonical bytes of a letter; they contain keys.
pub(super) fn secret_bytes<T: Canonical>(letter: &T) -> Zeroizing<Vec<u8>> {
    // Reserved in full, so that growing does not leave copies behind.
    let len = borsh::object_length(letter).unwrap_or(T::MAX_BYTES);
    let mut bytes = Zeroizing::new(Vec::with_capacity(1 + len));
    bytes.push(T::VERSION);
    // Writing to memory cannot fail; a failure would leave bytes that no decoder accepts.
    let _ = letter.serialize(&mut *bytes);
    bytes
}

fn context<T: Letter>(
    suite: SealSuite,
    chain: ChainId,
    address: &Address<T::Subject>,
    recipient: KemKeyId,
) -> (Digest, Digest) {
    let info = Hasher::new(tag::SEAL_WRAP).chain([suite.id(), T::TYPE]).chain(chain.as_bytes()).finish();
    let subject = borsh::to_vec(&address.subject).unwrap_or_default();
    let aad = Hasher::new(tag::SEAL_WRAP_CONTEXT).chain(address.account.as_bytes()).field(subject);
    (info, aad.chain(recipient.digest()).finish())
}

fn seal<K: Kem, A: Aead>(
    key: &K::PublicKey,
    info: &Digest,
    aad: &Digest,
    message: &[u8],
    mut coins: Coins,
) -> Result<(Vec<u8>, Vec<u8>), WrapError> {
    let (mode, info, aad) = (OpModeS::Base, info.as_bytes(), aad.as_bytes());
    hpke::single_shot_seal_with_rng::<A, HkdfSha256, K>(&mode, key, info, message, aad, &mut coins)
        .map(|(encapsulation, ciphertext)| (encapsulation.to_bytes().to_vec(), ciphertext))
        .map_err(|_| WrapError::BadPublicKey)
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

#[cfg(test)]
mod tests;
