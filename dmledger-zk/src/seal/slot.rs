//! The slot of a record: its data key under a key that only the holders of the right hours can derive; and the access
//! part around it, the only part of a sealed record that ever changes.
//!
//! ```text
//! context = H("slot", header digest, version, epoch, buckets, committee, check tags)
//! A       = H("leaf", nodes above the buckets, record)        the patient's half
//! G       = mask of the gate committee for this record       32 zero bytes when there is no committee
//! KEK     = H("kek", A, G, context)
//! slot    = AEAD(KEK, nonce 0, DEK, associated data = context)     32 + 16 bytes
//! ```
//! Every version of the access part has its own context and so its own KEK, and the DEK of a header never changes (the
//! header commits to it): one KEK encrypts one message, and a fixed nonce is safe.

use super::data_key::DataKey;
use super::envelope::{Part, RecordHeader};
use super::error::{Altered, Inauthentic, OpenError, SealError};
use super::gate::{CheckTag, MAX_SUBSETS};
use super::range_tree::{BucketRange, EpochKey, EpochNumber, HourKeys};
use super::secret::Secret;
use super::suite::TAG_BYTES;
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::codec::{Canonical, List};
use dmledger_core::envelope::{Envelope, Meaning, Signable};
use dmledger_core::hash::{Digest, Hasher, Tag, tag};
use dmledger_core::record::index::RecordId;
use dmledger_core::traits::signer::{Signer, endorse};
use zeroize::Zeroizing;

/// Length of a slot in bytes: a 32-byte data key and a 16-byte tag.
pub const SLOT_BYTES: usize = 32 + TAG_BYTES;

/// The gate committee whose mask a slot's key needs; 0 means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct CommitteeId(u32);

impl CommitteeId {
    /// No committee: the range nodes alone open the slot.
    pub const NONE: Self = Self(0);

    /// The committee with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// The mask G that a gate committee contributes to a slot's key.
#[derive(Debug)]
pub(crate) enum GateMask {
    /// There is no committee ([`CommitteeId::NONE`]).
    None,
    /// The mask of a committee.
    Committee {
        /// Which one.
        committee: CommitteeId,
        /// The exclusive-or of its partials.
        mask: Secret,
    },
}

impl GateMask {
    const fn committee(&self) -> CommitteeId {
        match self {
            Self::None => CommitteeId::NONE,
            Self::Committee { committee, .. } => *committee,
        }
    }

    const fn bytes(&self) -> &[u8; 32] {
        match self {
            Self::None => &[0; 32],
            Self::Committee { mask, .. } => mask.bytes(),
        }
    }
}

/// A data key under a slot key, 48 bytes.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Slot([u8; SLOT_BYTES]);

/// The mutable part of a sealed record: which hours of which epoch open it, and the slot. Signed for the account.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccessPart {
    header: Digest,
    version: u64,
    epoch: EpochNumber,
    buckets: BucketRange,
    committee: CommitteeId,
    check_tags: List<CheckTag, MAX_SUBSETS>,
    slot: Slot,
}

impl Canonical for AccessPart {
    const MAX_BYTES: usize = 1 + 32 + 8 + 4 + 4 + 4 + 4 + 8 * MAX_SUBSETS + SLOT_BYTES;
}

impl Signable for AccessPart {
    const TAG: Tag = tag::SEAL_ACCESS;
}

impl AccessPart {
    /// Puts the data key of `header` into a slot of `epoch` and signs the result as `custodian`, one of the account's
    /// keys.
    ///
    /// `version` is 1 for a new record and grows with every later access part of it.
    ///
    /// # Errors
    /// [`SealError::OutsideRange`] if one of the record's hours does not lie in the epoch; [`SealError::Signature`].
    pub fn issue(
        header: &Envelope<RecordHeader>,
        key: &DataKey,
        epoch: &EpochKey,
        version: u64,
        custodian: &dyn Signer,
    ) -> Result<Envelope<Self>, SealError> {
        let buckets = epoch.epoch().buckets(header.body().hours())?;
        let (mask, check_tags) = epoch.mask(header.body().record());
        let mut part = Self {
            header: header.id(),
            version,
            epoch: epoch.epoch().number(),
            buckets,
            committee: mask.committee(),
            check_tags: List::new(check_tags)?,
            slot: Slot([0; SLOT_BYTES]),
        };
        part.slot = part.fill(header.body(), key, &epoch.hour_keys(buckets), &mask)?;
        Ok(endorse(Envelope::new(header.chain(), header.account(), part), custodian, Meaning::Approved)?)
    }

    /// Digest of the header this part gives access to.
    #[must_use]
    pub const fn header(&self) -> Digest {
        self.header
    }

    /// Version, growing by every change.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The epoch whose keys open the slot.
    #[must_use]
    pub const fn epoch(&self) -> EpochNumber {
        self.epoch
    }

    /// The hours of the epoch whose keys open the slot.
    #[must_use]
    pub const fn buckets(&self) -> BucketRange {
        self.buckets
    }

    /// The committee whose mask the slot's key needs.
    #[must_use]
    pub const fn committee(&self) -> CommitteeId {
        self.committee
    }

    /// The check tags of the committee's partials, one for each subset of the committee; none without a committee.
    #[must_use]
    pub fn check_tags(&self) -> &[CheckTag] {
        &self.check_tags
    }

    /// Takes the data key out of the slot and holds it against the header's commitment.
    pub(crate) fn data_key(
        &self,
        header: &RecordHeader,
        hours: &HourKeys,
        mask: &GateMask,
    ) -> Result<DataKey, OpenError> {
        let (kek, context) = self.slot_key(header.record(), hours, mask);
        let (sealed, tag) = self.slot.0.split_last_chunk::<TAG_BYTES>().ok_or(Inauthentic)?;
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(sealed);
        header.suite().cipher(&kek).open(&[0; 12], context.as_bytes(), &mut bytes[..], tag)?;
        let key = DataKey::from_secret(Secret::from_bytes(*bytes));
        if header.key_commitment().is_of(&key) { Ok(key) } else { Err(OpenError::Tampered(Altered::DataKey)) }
    }

    fn fill(
        &self,
        header: &RecordHeader,
        key: &DataKey,
        hours: &HourKeys,
        mask: &GateMask,
    ) -> Result<Slot, Inauthentic> {
        let (kek, context) = self.slot_key(header.record(), hours, mask);
        let mut slot = [0; SLOT_BYTES];
        let (place, tag) = slot.split_last_chunk_mut::<TAG_BYTES>().ok_or(Inauthentic)?;
        place.copy_from_slice(key.secret().bytes());
        *tag = header.suite().cipher(&kek).seal(&[0; 12], context.as_bytes(), place)?;
        Ok(Slot(slot))
    }

    fn slot_key(&self, record: &RecordId, hours: &HourKeys, mask: &GateMask) -> (Secret, Digest) {
        let context = Hasher::new(tag::SEAL_SLOT)
            .chain(self.header)
            .chain(self.version.to_le_bytes())
            .chain(self.epoch.number().to_le_bytes())
            .chain(self.buckets.first().number().to_le_bytes())
            .chain(self.buckets.last().number().to_le_bytes())
            .chain(self.committee.number().to_le_bytes())
            .field(self.check_tags.as_flattened())
            .finish();
        let share = hours.of_record(record);
        let kek = Hasher::new(tag::SEAL_SLOT_KEY).chain(share.bytes()).chain(mask.bytes()).chain(context);
        (Secret::derived(kek), context)
    }
}

/// Moves a record into another epoch without touching its ciphertext: opens the slot with the old epoch key and writes
/// a new access part, one version higher, under the new one.
///
/// # Errors
/// [`SealError::OldSlot`] if `old` is not the key of the present slot, [`SealError::OutsideRange`] if one of the record's
/// hours does not lie in the new epoch, [`SealError::Signature`].
pub fn reslot(part: &Part, old: &EpochKey, new: &EpochKey, custodian: &dyn Signer) -> Result<Part, SealError> {
    let (header, access) = (part.header(), part.access().body());
    let key = old.unlock_slot(header.body(), access).map_err(SealError::OldSlot)?;
    let issued = AccessPart::issue(header, &key, new, access.version().saturating_add(1), custodian)?;
    Ok(Part::new(header.clone(), issued))
}

#[cfg(test)]
mod tests;
