//! Many openings at once to one recipient, sealed; and what a recipient can hold against the sender.
//!
//! ```text
//! E       = e P,  Z = e B~ = s E                       e of the sender, s of the recipient
//! k || c  = SHA3-512(tag, digest of context, P, C_1 .. C_n, E, encoded Z)
//! parcel  = E, c, ChaCha20-Poly1305(k, nonce 0, v_1 || r_1 || .. || v_n || r_n, associated data = that digest)
//! ```
//! `Z` is the only point that fits `P` and `E`, and `c` commits to the key, so there is one way to open a parcel. Nobody can
//! see from outside that it holds what was promised; the recipient sees it, and can show it with a
//! [`Complaint`](super::Complaint).

use super::{DecryptionKey, EncryptionKey, complaint::SharedPoint};
use crate::{
    commit::{Blinding, Commitment, Opening},
    context::Context,
    error::{DecodeError, ProveError, StatementError},
    group::{
        self, ELEMENT_BYTES,
        element::{computed_element, element},
    },
    statement::Statement,
    transcript::Transcript,
};
use aead::{AeadInOut as _, KeyInit as _, inout::InOutBuf};
use chacha20poly1305::ChaCha20Poly1305;
use rand_core::CryptoRng;
use sha3::{Digest as _, Sha3_512};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

/// Tag of the hash that turns the shared point into key and commitment.
pub const PARCEL_TAG: &str = "dmledger/zk/parcel-key/v1";

const TAG_BYTES: usize = 16;
const OPENING_BYTES: usize = 8 + ELEMENT_BYTES;

element! {
    /// The sender's share of the key, `E = e P`.
    Ephemeral
}

computed_element!(Ephemeral);

/// What a parcel is to hold, for whom, in which context: known to everybody beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    context: Context,
    to: EncryptionKey,
    commitments: Vec<Commitment>,
}

impl Delivery {
    /// Most commitments of one parcel: fourteen days of one-minute readings.
    pub const MAX_COMMITMENTS: usize = 20_160;

    /// The openings of these commitments, for the holder of `to`.
    ///
    /// # Errors
    /// [`StatementError::Count`] for no commitment or more than [`Self::MAX_COMMITMENTS`].
    pub fn new(context: Context, to: EncryptionKey, commitments: &[Commitment]) -> Result<Self, StatementError> {
        let count = commitments.len();
        if count == 0 || count > Self::MAX_COMMITMENTS {
            return Err(StatementError::Count { count, max: Self::MAX_COMMITMENTS });
        }
        Ok(Self { context, to, commitments: commitments.to_vec() })
    }

    /// For whom.
    #[must_use]
    pub const fn to(&self) -> &EncryptionKey {
        &self.to
    }

    /// The commitments whose openings are to be delivered.
    #[must_use]
    pub fn commitments(&self) -> &[Commitment] {
        &self.commitments
    }

    /// Everything up to the sealed bytes, bound together.
    fn head(&self, ephemeral: &Ephemeral) -> [u8; 32] {
        let mut transcript = Transcript::bind(&self.context, self);
        transcript.append(b"E", ephemeral.as_bytes());
        transcript.digest()
    }

    /// What a sender signs, so that it can be held to the parcel: delivery and every byte of the parcel.
    #[must_use]
    pub fn digest(&self, parcel: &Parcel) -> [u8; 32] {
        let mut transcript = Transcript::bind(&self.context, self);
        transcript.append(b"parcel", &parcel.to_bytes());
        transcript.digest()
    }
}

impl Statement for Delivery {
    const DOMAIN: &'static str = "dmledger/zk/delivery/v1";
    type Witness = [Opening];
    type Proof = Vec<u8>;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append(b"P", self.to.as_bytes());
        transcript.append_number(b"count", self.commitments.len() as u64);
        for commitment in &self.commitments {
            transcript.append(b"C", commitment.as_bytes());
        }
    }
}

/// What is wrong with a parcel; each is the sender's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// The parcel commits to another key than the one its sender and recipient share.
    #[error("the parcel was sealed under another key")]
    WrongKey,
    /// The seal does not verify.
    #[error("the parcel's seal is broken")]
    Seal,
    /// What was sealed is not a list of openings of the right length.
    #[error("the parcel holds something else than openings")]
    Contents,
    /// An opening does not belong to its commitment.
    #[error("opening {place} does not belong to its commitment")]
    Opening {
        /// Place of the first such opening, counted from 0.
        place: usize,
    },
}

/// Sealed openings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    ephemeral: Ephemeral,
    key_commitment: [u8; 32],
    sealed: Vec<u8>,
}

impl Parcel {
    /// Longest parcel in bytes.
    pub const MAX_BYTES: usize = ELEMENT_BYTES + 32 + Delivery::MAX_COMMITMENTS * OPENING_BYTES + TAG_BYTES;

    /// Seals the openings of a delivery.
    ///
    /// # Errors
    /// [`ProveError::Openings`] and [`ProveError::WrongOpening`] unless there is the right opening for each commitment.
    pub fn seal<R: CryptoRng + ?Sized>(
        delivery: &Delivery,
        openings: &[Opening],
        rng: &mut R,
    ) -> Result<Self, ProveError> {
        if openings.len() != delivery.commitments.len() {
            return Err(ProveError::Openings { have: openings.len(), need: delivery.commitments.len() });
        }
        if !openings.iter().zip(&delivery.commitments).all(|(opening, commitment)| opening.opens(commitment)) {
            return Err(ProveError::WrongOpening);
        }
        let mut contents = Zeroizing::new(Vec::with_capacity(openings.len() * OPENING_BYTES + TAG_BYTES));
        for opening in openings {
            contents.extend(opening.value().to_le_bytes());
            contents.extend(opening.blinding().scalar().as_bytes());
        }
        Self::seal_contents(delivery, &contents, rng).ok_or(ProveError::WrongOpening)
    }

    /// Seals whatever it is given. The ephemeral secret is hedged with it.
    pub(super) fn seal_contents<R: CryptoRng + ?Sized>(
        delivery: &Delivery,
        contents: &[u8],
        rng: &mut R,
    ) -> Option<Self> {
        let transcript = Transcript::bind(&delivery.context, delivery);
        let secret = Zeroizing::new(transcript.prover_rng(&[contents], rng).scalar());
        let ephemeral = Ephemeral::from_point(*secret * delivery.to.point())?;
        let shared = SharedPoint::from_point(group::times_blinding_base(&secret))?;
        let head = delivery.head(&ephemeral);
        let (key, key_commitment) = derive(&head, &shared);
        let mut sealed = contents.to_vec();
        let cipher = ChaCha20Poly1305::new((&*key).into());
        let tag = cipher.encrypt_inout_detached(&[0; 12].into(), &head, InOutBuf::from(sealed.as_mut_slice())).ok()?;
        sealed.extend_from_slice(&tag);
        Some(Self { ephemeral, key_commitment, sealed })
    }

    /// Opens a parcel and checks every opening.
    ///
    /// # Errors
    /// The [`Fault`] for which the recipient can complain.
    pub fn open(&self, delivery: &Delivery, key: &DecryptionKey) -> Result<Vec<Opening>, Fault> {
        let shared = self.shared(key).ok_or(Fault::WrongKey)?;
        self.examine(delivery, &shared)
    }

    /// `Z = s E`.
    pub(super) fn shared(&self, key: &DecryptionKey) -> Option<SharedPoint> {
        SharedPoint::from_point(key.times(self.ephemeral.point()))
    }

    /// What anyone who knows `Z` can do.
    pub(super) fn examine(&self, delivery: &Delivery, shared: &SharedPoint) -> Result<Vec<Opening>, Fault> {
        let head = delivery.head(&self.ephemeral);
        let (key, key_commitment) = derive(&head, shared);
        if !bool::from(key_commitment.ct_eq(&self.key_commitment)) {
            return Err(Fault::WrongKey);
        }
        let (sealed, tag) = self.sealed.split_last_chunk::<TAG_BYTES>().ok_or(Fault::Seal)?;
        let mut contents = Zeroizing::new(sealed.to_vec());
        ChaCha20Poly1305::new((&*key).into())
            .decrypt_inout_detached(&[0; 12].into(), &head, InOutBuf::from(contents.as_mut_slice()), tag.into())
            .map_err(|_| Fault::Seal)?;
        let (each, rest) = contents.as_chunks::<OPENING_BYTES>();
        if !rest.is_empty() || each.len() != delivery.commitments.len() {
            return Err(Fault::Contents);
        }
        let openings = each.iter().map(read).collect::<Option<Vec<_>>>().ok_or(Fault::Contents)?;
        match openings.iter().zip(&delivery.commitments).position(|(opening, commitment)| !opening.opens(commitment)) {
            Some(place) => Err(Fault::Opening { place }),
            None => Ok(openings),
        }
    }

    /// The sender's share of the key.
    #[must_use]
    pub const fn ephemeral(&self) -> &Ephemeral {
        &self.ephemeral
    }

    /// `E`, `c`, then the sealed openings and their tag.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.ephemeral.as_bytes().as_slice(), &self.key_commitment, &self.sealed].concat()
    }

    /// Reads a parcel.
    ///
    /// # Errors
    /// [`DecodeError::Length`] if no parcel is so long or so short, [`DecodeError::Point`] if `E` is no valid element.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wrong = DecodeError::Length { len: bytes.len() };
        if bytes.len() > Self::MAX_BYTES {
            return Err(wrong);
        }
        let (ephemeral, rest) = bytes.split_first_chunk::<ELEMENT_BYTES>().ok_or(wrong)?;
        let (key_commitment, sealed) = rest.split_first_chunk::<32>().ok_or(wrong)?;
        if sealed.len() < TAG_BYTES {
            return Err(wrong);
        }
        Ok(Self {
            ephemeral: Ephemeral::from_bytes(ephemeral)?,
            key_commitment: *key_commitment,
            sealed: sealed.to_vec(),
        })
    }
}

fn read(bytes: &[u8; OPENING_BYTES]) -> Option<Opening> {
    let (value, blinding) = bytes.split_first_chunk::<8>()?;
    let blinding = group::decode_scalar(blinding.first_chunk::<ELEMENT_BYTES>()?).ok()?;
    Some(Opening::new(u64::from_le_bytes(*value), Blinding::from_scalar(blinding)))
}

/// Key and commitment to it.
fn derive(head: &[u8; 32], shared: &SharedPoint) -> (Zeroizing<[u8; 32]>, [u8; 32]) {
    let hash = Sha3_512::new()
        .chain_update([PARCEL_TAG.len() as u8])
        .chain_update(PARCEL_TAG)
        .chain_update(head)
        .chain_update(shared.as_bytes());
    let bytes = Zeroizing::new(<[u8; 64]>::from(hash.finalize()));
    let (mut key, mut commitment) = (Zeroizing::new([0; 32]), [0; 32]);
    key.iter_mut().chain(&mut commitment).zip(bytes.iter()).for_each(|(to, from)| *to = *from);
    (key, commitment)
}
