//! A signed thing of any kind: what it is, which chain and account it belongs to, who endorsed it and in what sense.
//!
//! What a signer signs binds suite, chain, account, message type and *meaning*, so a signature given for one purpose
//! is worth nothing for another: not on a second network, not for a second account, not as an approval where a
//! co-signature was given.

use crate::{
    codec::{self, Canonical, CodecError, List},
    hash::{Digest, Hasher, Tag, tag},
    key::{KeyError, PublicKey, SecretKey, Signature, Suite, batch::Claim},
};
use alloc::vec::Vec;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Read, Result as IoResult},
};
use core::fmt;
use thiserror::Error;

/// Most endorsements one envelope carries.
pub const MAX_ENDORSEMENTS: usize = 32;

/// A network: the digest of its genesis.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct ChainId(Digest);

/// An account's address. One patient has one account a data type, and nobody can tell that two belong together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct AccountId(Digest);

macro_rules! digest_newtype {
    ($name:ident) => {
        impl $name {
            /// Wraps a digest.
            #[must_use]
            pub const fn new(digest: Digest) -> Self {
                Self(digest)
            }

            /// The digest, 32 bytes.
            #[must_use]
            pub const fn digest(&self) -> Digest {
                self.0
            }

            /// The 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:.12})"), self.0)
            }
        }
    };
}
pub(crate) use digest_newtype;

digest_newtype!(ChainId);
digest_newtype!(AccountId);

/// In what sense a signer signed (21 CFR 11.50: a signature states its meaning).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Meaning {
    /// "I made this."
    Authored = 1,
    /// "I agree that this may happen."
    Approved = 2,
    /// "I act together with the author."
    CoSigned = 3,
    /// "I saw this."
    Witnessed = 4,
}

/// One signature on an envelope, with its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Endorsement {
    signer: PublicKey,
    meaning: Meaning,
    signature: Signature,
}

impl Endorsement {
    /// A signature that was made elsewhere, over [`Envelope::digest`] of the signer's suite and this meaning.
    #[must_use]
    pub const fn new(signer: PublicKey, meaning: Meaning, signature: Signature) -> Self {
        Self { signer, meaning, signature }
    }

    /// Who signed.
    #[must_use]
    pub const fn signer(&self) -> PublicKey {
        self.signer
    }

    /// In what sense.
    #[must_use]
    pub const fn meaning(&self) -> Meaning {
        self.meaning
    }

    /// The signature.
    #[must_use]
    pub const fn signature(&self) -> Signature {
        self.signature
    }
}

/// A body that can be put in an envelope. The tag names the message type.
pub trait Signable: Canonical {
    /// Tag of this message type, unique in [`tag::ALL`].
    const TAG: Tag;
}

/// A body, the chain and account it is for, and its endorsements in ascending order of signer and meaning.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Envelope<T: Signable> {
    chain: ChainId,
    account: Option<AccountId>,
    body: T,
    endorsements: List<Endorsement, MAX_ENDORSEMENTS>,
}

/// Why an envelope was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The endorsements at these positions do not verify.
    #[error("{} endorsement(s) do not verify", positions.len())]
    BadEndorsement {
        /// Their positions, ascending.
        positions: Vec<usize>,
    },
    /// This signer has already endorsed in this sense.
    #[error("signer has already endorsed this in the same sense")]
    Duplicate,
    /// No room for another endorsement.
    #[error(transparent)]
    Full(#[from] CodecError),
    /// The key could not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl<T: Signable> Envelope<T> {
    /// A body nobody has endorsed yet. `account` is `None` for what concerns the network as a whole.
    #[must_use]
    pub const fn new(chain: ChainId, account: Option<AccountId>, body: T) -> Self {
        Self { chain, account, body, endorsements: List::empty() }
    }

    /// The network it is for.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// The account it is for.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        self.account
    }

    /// What is signed.
    #[must_use]
    pub const fn body(&self) -> &T {
        &self.body
    }

    /// Who signed.
    #[must_use]
    pub fn endorsements(&self) -> &[Endorsement] {
        &self.endorsements
    }

    /// Identity of what is signed: the same however many have endorsed it.
    #[must_use]
    pub fn id(&self) -> Digest {
        self.bound(Hasher::new(tag::ENVELOPE_ID)).finish()
    }

    /// What a signer of `suite` signs to endorse in the sense of `meaning`.
    #[must_use]
    pub fn digest(&self, suite: Suite, meaning: Meaning) -> Digest {
        signing_digest(&self.id(), suite, meaning)
    }

    /// Adds an endorsement; keeps the canonical order.
    ///
    /// # Errors
    /// [`EnvelopeError::Duplicate`], [`EnvelopeError::Full`]. The signature is not checked here.
    pub fn with(mut self, endorsement: Endorsement) -> Result<Self, EnvelopeError> {
        let mut all = self.endorsements.into_vec();
        match all.binary_search_by_key(&order(&endorsement), order) {
            Ok(_) => return Err(EnvelopeError::Duplicate),
            Err(position) => all.insert(position, endorsement),
        }
        self.endorsements = List::new(all)?;
        Ok(self)
    }

    /// Signs and adds the endorsement.
    ///
    /// # Errors
    /// As [`Self::with`], or [`EnvelopeError::Key`].
    pub fn sign(self, key: &SecretKey, meaning: Meaning) -> Result<Self, EnvelopeError> {
        let signature = key.sign(&self.digest(key.public().suite(), meaning))?;
        self.with(Endorsement::new(key.public(), meaning, signature))
    }

    /// What has to be checked for the endorsements to count; several envelopes go into one batch.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        self.claims_as(&self.id())
    }

    /// The same for a caller who has its identity already.
    pub(crate) fn claims_as(&self, id: &Digest) -> Vec<Claim> {
        let claim = |one: &Endorsement| Claim {
            key: one.signer,
            digest: signing_digest(id, one.signer.suite(), one.meaning),
            signature: one.signature,
        };
        self.endorsements.iter().map(claim).collect()
    }

    /// Checks every endorsement.
    ///
    /// # Errors
    /// [`EnvelopeError::BadEndorsement`] with the positions of those that do not verify.
    pub fn verify(&self) -> Result<(), EnvelopeError> {
        crate::key::batch::verify(&self.claims()).map_err(|positions| EnvelopeError::BadEndorsement { positions })
    }

    fn bound(&self, hasher: Hasher) -> Hasher {
        let account = self.account.map_or(Digest::ZERO, |account| account.0);
        hasher
            .field(T::TAG.as_bytes())
            .chain(self.chain.0)
            .chain([u8::from(self.account.is_some())])
            .chain(account)
            .field(codec::encode(&self.body))
    }
}

fn signing_digest(id: &Digest, suite: Suite, meaning: Meaning) -> Digest {
    Hasher::new(tag::ENVELOPE).chain([suite as u8, meaning as u8]).chain(id).finish()
}

fn order(endorsement: &Endorsement) -> (PublicKey, Meaning) {
    (endorsement.signer, endorsement.meaning)
}

impl<T: Signable> Canonical for Envelope<T> {
    // Chain, account and endorsements (33 + 1 + 65 bytes each) around the body.
    const MAX_BYTES: usize = T::MAX_BYTES + 70 + MAX_ENDORSEMENTS * 99;
}

impl<T: Signable> BorshDeserialize for Envelope<T> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let chain = ChainId::deserialize_reader(reader)?;
        let account = Option::<AccountId>::deserialize_reader(reader)?;
        let body = T::deserialize_reader(reader)?;
        let endorsements = List::<Endorsement, MAX_ENDORSEMENTS>::deserialize_reader(reader)?;
        if !endorsements.windows(2).all(|pair| matches!(pair, [a, b] if order(a) < order(b))) {
            return Err(borsh::io::Error::new(borsh::io::ErrorKind::InvalidData, "endorsements out of order"));
        }
        Ok(Self { chain, account, body, endorsements })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    #[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
    struct Note(u64);
    impl Canonical for Note {
        const MAX_BYTES: usize = 16;
    }
    impl Signable for Note {
        const TAG: Tag = tag::RAW_ACTION;
    }

    fn chain(n: u8) -> ChainId {
        ChainId::new(Digest::new([n; 32]))
    }

    fn account(n: u8) -> Option<AccountId> {
        Some(AccountId::new(Digest::new([n; 32])))
    }

    fn keys() -> [SecretKey; 2] {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        [SecretKey::generate(Suite::Bip340, &mut rng), SecretKey::generate(Suite::EcdsaLowS, &mut rng)]
    }

    fn signed() -> Envelope<Note> {
        let [a, b] = keys();
        let envelope = Envelope::new(chain(1), account(2), Note(3));
        envelope.sign(&b, Meaning::CoSigned).unwrap().sign(&a, Meaning::Authored).unwrap()
    }

    #[test]
    fn a_signed_envelope_verifies_and_reads_back() {
        let envelope = signed();
        assert_eq!(envelope.verify(), Ok(()));
        assert_eq!(codec::decode::<Envelope<Note>>(&codec::encode(&envelope)), Ok(envelope));
    }

    #[test]
    fn signatures_do_not_pass_to_another_chain_account_body_or_meaning() {
        let [a, _] = keys();
        let original = Envelope::new(chain(1), account(2), Note(3)).sign(&a, Meaning::Approved).unwrap();
        let moved = |chain, account, body, meaning| {
            let taken = original.endorsements()[0];
            let endorsement = Endorsement::new(taken.signer(), meaning, taken.signature());
            Envelope::new(chain, account, Note(body)).with(endorsement).unwrap().verify()
        };
        assert_eq!(moved(chain(1), account(2), 3, Meaning::Approved), Ok(()));
        let refused = Err(EnvelopeError::BadEndorsement { positions: alloc::vec![0] });
        assert_eq!(moved(chain(9), account(2), 3, Meaning::Approved), refused);
        assert_eq!(moved(chain(1), account(9), 3, Meaning::Approved), refused);
        assert_eq!(moved(chain(1), None, 3, Meaning::Approved), refused);
        assert_eq!(moved(chain(1), account(2), 9, Meaning::Approved), refused);
        assert_eq!(moved(chain(1), account(2), 3, Meaning::CoSigned), refused);
    }

    #[test]
    fn nobody_counts_twice() {
        let [a, _] = keys();
        assert_eq!(signed().sign(&a, Meaning::Authored), Err(EnvelopeError::Duplicate));
        let mut bytes = codec::encode(&signed());
        let (at, one) = (bytes.len() - 2 * 99, 99);
        let first = bytes[at..at + one].to_vec();
        bytes[at + one..].copy_from_slice(&first);
        assert_eq!(codec::decode::<Envelope<Note>>(&bytes), Err(CodecError::Malformed));
    }

    #[test]
    fn the_identity_does_not_depend_on_who_has_signed() {
        assert_eq!(signed().id(), Envelope::new(chain(1), account(2), Note(3)).id());
    }

    #[test]
    fn every_flipped_byte_is_refused() {
        let bytes = codec::encode(&signed());
        for i in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[i] ^= 1;
            let accepted = codec::decode::<Envelope<Note>>(&bytes).is_ok_and(|envelope| envelope.verify().is_ok());
            assert!(!accepted, "byte {i}");
        }
    }
}
