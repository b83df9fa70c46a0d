//! Capsules: keys for the day when the patient cannot act, shared among trustees.
//!
//! A break-glass capsule holds a narrow grant; a recovery capsule holds the key of a keystore backup. The two have their
//! own trustees and cannot be mistaken for one another. The key of a capsule is shared like a record's mask: one random
//! share for each set `S` of `t - 1` of `m` trustees, held by every trustee outside `S`, and
//!
//! ```text
//! X[S]      = H("capsule-share", seed, S)          seed = H("capsule-seed", generator output, head, contents)
//! commit[S] = H("capsule-check", head, X[S])
//! key       = H("capsule-key", xor of X[S] over all S, context)
//! context   = H("capsule", head, commitments)
//! sealed    = ChaCha20-Poly1305(key, nonce 0, contents, associated data = context)
//! ```
//! where `head` is purpose, account, capsule id and shape. Any `t` trustees open it, `t - 1` learn nothing. A share that
//! does not match its commitment is passed over and its trustee named. Every capsule opens once: afterwards the patient
//! makes a new one and rotates what was in it.

use super::error::Inauthentic;
use super::gate::{NodeNumber, Shape, Subset};
use super::secret::Secret;
use super::suite::{SealSuite, TAG_BYTES};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error as IoError, ErrorKind, Read, Result as IoResult},
};
use core::fmt;
use dmledger_core::codec::{Bytes, Canonical, CodecError, List};
use dmledger_core::envelope::AccountId;
use dmledger_core::hash::{Digest, Hasher, tag};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

/// Most shares of a capsule; three of five needs ten.
pub const MAX_SHARES: usize = 128;
/// Longest contents in bytes.
pub const MAX_CAPSULE_CONTENTS: usize = 16 << 10;

/// The name of a capsule, 16 random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct CapsuleId([u8; 16]);

impl CapsuleId {
    /// Wraps 16 bytes that were drawn at random.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// What a capsule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum CapsulePurpose {
    /// Fast and narrow: a grant for the emergency room.
    BreakGlass = 1,
    /// Slow and whole: the key of a keystore backup.
    Recovery = 2,
}

/// What stands on a capsule in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct CapsuleHead {
    purpose: CapsulePurpose,
    account: AccountId,
    id: CapsuleId,
    shape: Shape,
}

impl CapsuleHead {
    /// A capsule of `account` that `shape.threshold()` of `shape.nodes()` trustees open.
    ///
    /// # Errors
    /// [`CapsuleError::TooManyShares`] above [`MAX_SHARES`].
    pub fn new(purpose: CapsulePurpose, account: AccountId, id: CapsuleId, shape: Shape) -> Result<Self, CapsuleError> {
        let shares = shape.subsets().count();
        if shares > MAX_SHARES {
            return Err(CapsuleError::TooManyShares { shares });
        }
        Ok(Self { purpose, account, id, shape })
    }

    /// What it is for.
    #[must_use]
    pub const fn purpose(&self) -> CapsulePurpose {
        self.purpose
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The capsule's name.
    #[must_use]
    pub const fn id(&self) -> CapsuleId {
        self.id
    }

    /// Trustees and threshold.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    fn bytes(&self) -> Vec<u8> {
        borsh::to_vec(self).unwrap_or_default()
    }
}

/// Why a capsule was not sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CapsuleError {
    /// The trustees and the threshold need more shares than a capsule holds.
    #[error("{shares} shares needed, at most {MAX_SHARES} are held")]
    TooManyShares {
        /// Shares needed.
        shares: usize,
    },
    /// Too few right shares; nothing was decrypted.
    #[error("cannot open: {have} of {need} shares present")]
    MissingShares {
        /// Right shares at hand.
        have: usize,
        /// Shares needed.
        need: usize,
        /// Trustees whose shares are wrong, ascending.
        liars: Vec<NodeNumber>,
    },
    /// All shares are right, the capsule was altered.
    #[error(transparent)]
    Inauthentic(#[from] Inauthentic),
    /// Contents longer than [`MAX_CAPSULE_CONTENTS`].
    #[error(transparent)]
    Codec(#[from] CodecError),
}

/// A sealed capsule. Public: it may lie in the lake.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Capsule {
    head: CapsuleHead,
    commitments: List<Digest, MAX_SHARES>,
    sealed: Bytes<{ MAX_CAPSULE_CONTENTS + TAG_BYTES }>,
}

impl Canonical for Capsule {
    const MAX_BYTES: usize = 128 + 32 * MAX_SHARES + MAX_CAPSULE_CONTENTS + TAG_BYTES;
}

/// One trustee's shares of one capsule. Travels wrapped: to the trustee, later from the trustee to who asks.
#[derive(BorshSerialize)]
pub struct TrusteeBundle {
    head: CapsuleHead,
    trustee: NodeNumber,
    shares: Vec<Secret>,
}

impl TrusteeBundle {
    /// The capsule it belongs to.
    #[must_use]
    pub const fn head(&self) -> &CapsuleHead {
        &self.head
    }

    /// Whose it is.
    #[must_use]
    pub const fn trustee(&self) -> NodeNumber {
        self.trustee
    }
}

impl fmt::Debug for TrusteeBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrusteeBundle({:?}, {:?}, {} shares)", self.head, self.trustee, self.shares.len())
    }
}

impl Canonical for TrusteeBundle {
    const MAX_BYTES: usize = 128 + 32 * MAX_SHARES;
}

impl BorshDeserialize for TrusteeBundle {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (head, trustee): (CapsuleHead, NodeNumber) = BorshDeserialize::deserialize_reader(reader)?;
        let held = head.shape.subsets().filter(|subset| subset.is_held_by(trustee)).count();
        let count = u32::deserialize_reader(reader)?;
        if trustee.number() >= head.shape.nodes() || held > MAX_SHARES || usize::try_from(count) != Ok(held) {
            return Err(IoError::new(ErrorKind::InvalidData, "number of shares"));
        }
        let shares = (0..held).map(|_| Secret::deserialize_reader(reader)).collect::<IoResult<_>>()?;
        Ok(Self { head, trustee, shares })
    }
}

/// An opened capsule. Wiped on drop.
pub struct OpenedCapsule {
    contents: Zeroizing<Vec<u8>>,
    liars: Vec<NodeNumber>,
}

impl fmt::Debug for OpenedCapsule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedCapsule({} bytes, liars {:?})", self.contents.len(), self.liars)
    }
}

impl OpenedCapsule {
    /// What was sealed.
    #[must_use]
    pub fn contents(&self) -> &[u8] {
        &self.contents
    }

    /// Trustees whose shares were wrong, ascending; it opened without them.
    #[must_use]
    pub fn liars(&self) -> &[NodeNumber] {
        &self.liars
    }
}

impl Capsule {
    /// Seals contents and makes the bundle of every trustee, by number.
    ///
    /// # Errors
    /// [`CapsuleError::Codec`] if the contents are too long.
    pub fn seal(
        head: CapsuleHead,
        contents: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<TrusteeBundle>), CapsuleError> {
        if contents.len() > MAX_CAPSULE_CONTENTS {
            return Err(CodecError::TooLong { len: contents.len(), max: MAX_CAPSULE_CONTENTS }.into());
        }
        let random = Secret::random(rng);
        let seed = Hasher::new(tag::SEAL_CAPSULE_SEED).chain(random.bytes()).field(head.bytes()).field(contents);
        let seed = Secret::derived(seed);
        let share = |subset: Subset| {
            let place = borsh::to_vec(&subset).unwrap_or_default();
            Secret::derived(Hasher::new(tag::SEAL_CAPSULE_SHARE).chain(seed.bytes()).chain(place))
        };
        let shares: Vec<_> = head.shape.subsets().map(share).collect();
        let commitments = List::new(shares.iter().map(|share| commitment(&head, share)).collect())?;
        let (key, context) = key(&head, &commitments, shares.iter());
        let mut sealed = Vec::with_capacity(contents.len() + TAG_BYTES);
        sealed.extend_from_slice(contents);
        let tag = SealSuite::XWingChaCha20.cipher(&key).seal(&[0; 12], context.as_bytes(), &mut sealed)?;
        sealed.extend_from_slice(&tag);
        let bundle = |trustee| {
            let held = head.shape.subsets().zip(&shares).filter(|(subset, _)| subset.is_held_by(trustee));
            TrusteeBundle { head, trustee, shares: held.map(|(_, share)| share.duplicate()).collect() }
        };
        let bundles = (0..head.shape.nodes()).map(NodeNumber::new).map(bundle).collect();
        Ok((Self { head, commitments, sealed: Bytes::new(sealed)? }, bundles))
    }

    /// What stands on it.
    #[must_use]
    pub const fn head(&self) -> &CapsuleHead {
        &self.head
    }

    /// Opens it with the bundles of enough trustees; bundles of other capsules are ignored.
    ///
    /// # Errors
    /// [`CapsuleError::MissingShares`] with the trustees whose shares are wrong; [`CapsuleError::Inauthentic`].
    pub fn open(&self, bundles: &[TrusteeBundle]) -> Result<OpenedCapsule, CapsuleError> {
        let mut held: Vec<_> = bundles
            .iter()
            .filter(|bundle| bundle.head == self.head)
            .map(|bundle| (bundle.trustee, bundle.shares.iter()))
            .collect();
        let (mut shares, mut liars) = (Vec::new(), Vec::new());
        for (subset, expected) in self.head.shape.subsets().zip(&self.commitments) {
            let mut right = None;
            for (trustee, own) in held.iter_mut().filter(|(trustee, _)| subset.is_held_by(*trustee)) {
                match own.next() {
                    Some(share) if is_right(&self.head, share, expected) => right = Some(share),
                    _ => liars.push(*trustee),
                }
            }
            shares.extend(right);
        }
        liars.sort_unstable();
        liars.dedup();
        let (have, need) = (shares.len(), self.head.shape.subsets().count());
        if have != need {
            return Err(CapsuleError::MissingShares { have, need, liars });
        }
        let (key, context) = key(&self.head, &self.commitments, shares.into_iter());
        let (sealed, tag) = self.sealed.as_slice().split_last_chunk::<TAG_BYTES>().ok_or(Inauthentic)?;
        let mut contents = Zeroizing::new(sealed.to_vec());
        SealSuite::XWingChaCha20.cipher(&key).open(&[0; 12], context.as_bytes(), &mut contents, tag)?;
        Ok(OpenedCapsule { contents, liars })
    }
}

fn commitment(head: &CapsuleHead, share: &Secret) -> Digest {
    Hasher::new(tag::SEAL_CAPSULE_CHECK).field(head.bytes()).chain(share.bytes()).finish()
}

fn is_right(head: &CapsuleHead, share: &Secret, expected: &Digest) -> bool {
    commitment(head, share).as_bytes().ct_eq(expected.as_bytes()).into()
}

fn key<'a>(head: &CapsuleHead, commitments: &[Digest], shares: impl Iterator<Item = &'a Secret>) -> (Secret, Digest) {
    let mut sum = Zeroizing::new([0; 32]);
    for share in shares {
        sum.iter_mut().zip(share.bytes()).for_each(|(byte, other)| *byte ^= other);
    }
    let start = Hasher::new(tag::SEAL_CAPSULE).field(head.bytes());
    let context = commitments.iter().fold(start, Hasher::chain).finish();
    (Secret::derived(Hasher::new(tag::SEAL_CAPSULE_KEY).chain(sum.as_slice()).chain(context)), context)
}

#[cfg(test)]
mod tests;
