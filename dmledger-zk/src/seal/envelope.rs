//! The sealed record: an immutable header, a ciphertext, and an access part.
//!
//! Two things lie in the data lake. The *object* is the ciphertext alone; its content id is `content` of the ledger's
//! index entry. The *part*, kept by record id and version, is header and access part together; the digest of the header
//! is `header` of the index entry. So whoever has the entry checks both without any key, and deleting the small parts
//! takes away salt and slot even where the bulk object cannot be deleted.
//!
//! Sealing and committing to values are joined by the data key, in this order: make the [`DataKey`]; derive the
//! blindings of the value commitments from [`DataKey::value_key`]; put the root of the commitments into
//! [`RecordMeta`]; seal, which consumes the key.

use super::data_key::{DataKey, KeyCommitment};
use super::error::{Altered, OpenError, SealError};
use super::range_tree::{EpochKey, Hours};
use super::slot::AccessPart;
use super::stream::{Layout, Sealer, StreamError};
use super::suite::SealSuite;
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::codec::{self, Canonical};
use dmledger_core::envelope::{AccountId, ChainId, Envelope, Meaning, Signable};
use dmledger_core::hash::{Digest, Tag, tag};
use dmledger_core::key::PublicKey;
use dmledger_core::record::index::RecordId;
use dmledger_core::record::kind::DataKind;
use dmledger_core::traits::signer::{Signer, endorse};

/// What the author says about a record before it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordMeta {
    suite: SealSuite,
    chain: ChainId,
    account: AccountId,
    record: RecordId,
    kind: DataKind,
    hours: Hours,
    values: Digest,
}

impl RecordMeta {
    /// A record of `kind`, about `hours`, for `account` on `chain`. `values` is the root of the commitments to its
    /// values, [`Digest::ZERO`] if there are none.
    #[must_use]
    pub const fn new(
        chain: ChainId,
        account: AccountId,
        record: RecordId,
        kind: DataKind,
        hours: Hours,
        values: Digest,
    ) -> Self {
        Self { suite: SealSuite::XWingChaCha20, chain, account, record, kind, hours, values }
    }

    /// The same record, sealed with another suite than the default.
    #[must_use]
    pub const fn with_suite(mut self, suite: SealSuite) -> Self {
        self.suite = suite;
        self
    }

    /// The account the record is for.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The record's id.
    #[must_use]
    pub const fn record(&self) -> RecordId {
        self.record
    }
}

/// The immutable header of a sealed record, 189 bytes. Chain and account stand in the [`Envelope`] around it, which its
/// author signs; the envelope's identity is the header digest. The salt makes that digest tell nothing.
///
/// Kind of data and exact length are veiled with a one-time pad from the data key: whoever keeps the lake sees neither.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RecordHeader {
    suite: SealSuite,
    record: RecordId,
    padded: u64,
    veiled: [u8; VEILED_BYTES],
    key: KeyCommitment,
    values: Digest,
    salt: [u8; 32],
    hours: Hours,
    author: PublicKey,
}

/// Kind (16-bit) and exact length (64-bit), both big-endian.
const VEILED_BYTES: usize = 10;

impl Canonical for RecordHeader {
    const MAX_BYTES: usize = 189;
}

impl Signable for RecordHeader {
    const TAG: Tag = tag::SEAL_HEADER;
}

impl RecordHeader {
    /// The suite the record is sealed with.
    #[must_use]
    pub const fn suite(&self) -> SealSuite {
        self.suite
    }

    /// The record's id.
    #[must_use]
    pub const fn record(&self) -> &RecordId {
        &self.record
    }

    /// The commitment to the data key.
    #[must_use]
    pub const fn key_commitment(&self) -> &KeyCommitment {
        &self.key
    }

    /// Root of the commitments to the record's values; zero if there are none.
    #[must_use]
    pub const fn values(&self) -> Digest {
        self.values
    }

    /// The hours the data are about.
    #[must_use]
    pub const fn hours(&self) -> &Hours {
        &self.hours
    }

    /// Who made the record.
    #[must_use]
    pub const fn author(&self) -> PublicKey {
        self.author
    }

    /// How the ciphertext lies in chunks.
    ///
    /// # Errors
    /// [`StreamError`] if the header announces a length that no record is padded to.
    pub fn layout(&self) -> Result<Layout, StreamError> {
        Layout::of_padded(self.padded)
    }

    /// Kind of data and exact length; refuses a kind that is not in the catalogue and a length that is not padded to
    /// the announced one.
    pub(crate) fn unveil(&self, key: &DataKey) -> Result<(DataKind, u64), OpenError> {
        let [k1, k2, length @ ..] = masked(self.veiled, key);
        let length = u64::from_be_bytes(length);
        let layout = Layout::of_plaintext(length)?;
        if layout.padded() != self.padded {
            return Err(OpenError::Tampered(Altered::Length));
        }
        let kind = DataKind::from_code(u16::from_be_bytes([k1, k2])).map_err(|_| OpenError::WrongKind)?;
        Ok((kind, length))
    }
}

fn masked(mut bytes: [u8; VEILED_BYTES], key: &DataKey) -> [u8; VEILED_BYTES] {
    for (byte, pad) in bytes.iter_mut().zip(key.veil().bytes()) {
        *byte ^= pad;
    }
    bytes
}

pub(super) fn header(
    meta: &RecordMeta,
    len: u64,
    key: &DataKey,
    author: &dyn Signer,
) -> Result<Envelope<RecordHeader>, SealError> {
    let mut veiled = [0; VEILED_BYTES];
    let (kind, length) = veiled.split_at_mut(2);
    kind.copy_from_slice(&meta.kind.code().to_be_bytes());
    length.copy_from_slice(&len.to_be_bytes());
    let body = RecordHeader {
        suite: meta.suite,
        record: meta.record,
        padded: Layout::of_plaintext(len)?.padded(),
        veiled: masked(veiled, key),
        key: key.commitment(),
        values: meta.values,
        salt: key.salt(),
        hours: meta.hours,
        author: author.public(),
    };
    Ok(endorse(Envelope::new(meta.chain, Some(meta.account), body), author, Meaning::Authored)?)
}

/// Header and access part of a record: what the lake keeps by record id and version.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Part {
    header: Envelope<RecordHeader>,
    access: Envelope<AccessPart>,
}

impl Canonical for Part {
    const MAX_BYTES: usize = Envelope::<RecordHeader>::MAX_BYTES + Envelope::<AccessPart>::MAX_BYTES;
}

impl Part {
    /// Puts a header and an access part together.
    #[must_use]
    pub const fn new(header: Envelope<RecordHeader>, access: Envelope<AccessPart>) -> Self {
        Self { header, access }
    }

    /// The signed header.
    #[must_use]
    pub const fn header(&self) -> &Envelope<RecordHeader> {
        &self.header
    }

    /// The signed access part.
    #[must_use]
    pub const fn access(&self) -> &Envelope<AccessPart> {
        &self.access
    }

    /// The salted digest of the header, which the ledger's index entry carries.
    #[must_use]
    pub fn header_digest(&self) -> Digest {
        self.header.id()
    }

    /// The bytes for the lake.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the bytes of the lake; nothing is verified yet.
    ///
    /// # Errors
    /// [`codec::CodecError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, codec::CodecError> {
        codec::decode(bytes)
    }
}

/// A sealed record, ready for lake and ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    part: Part,
    ciphertext: Vec<u8>,
}

impl Sealed {
    /// Header and access part.
    #[must_use]
    pub const fn part(&self) -> &Part {
        &self.part
    }

    /// The ciphertext: the lake's object.
    #[must_use]
    pub fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }

    /// Part and ciphertext, by value.
    #[must_use]
    pub fn into_parts(self) -> (Part, Vec<u8>) {
        (self.part, self.ciphertext)
    }
}

/// Begins a record of `len` plaintext bytes: its header and access part are complete, its ciphertext comes out of the
/// [`Sealer`]. Consumes the data key.
///
/// `author` signs the header; `custodian`, one of the account's keys, signs the access part. They may be the same.
///
/// # Errors
/// [`SealError`]: too long, hours outside the epoch, or a signature could not be made.
pub fn begin_record(
    meta: &RecordMeta,
    len: u64,
    key: DataKey,
    epoch: &EpochKey,
    author: &dyn Signer,
    custodian: &dyn Signer,
) -> Result<(Part, Sealer), SealError> {
    let header = header(meta, len, &key, author)?;
    let access = AccessPart::issue(&header, &key, epoch, 1, custodian)?;
    let sealer = Sealer::new(header.body().suite, key, header.id(), len)?;
    Ok((Part { header, access }, sealer))
}

/// Goes on sealing a record that was interrupted after its first `done` chunks: `part` and these chunks are kept, `epoch`
/// is the patient's key that the part was made with. Feed the [`Sealer`] the plaintext from byte [`Sealer::given`] on.
///
/// The rest of the plaintext has to be the one that was begun with: chunks that were sealed but not kept are sealed
/// again under the same key and nonce, which shows nothing if they are the same bytes and the difference if not.
///
/// # Errors
/// [`SealError::OldSlot`] if `epoch` does not open the part's slot, [`SealError::Stream`] if nothing is left to seal.
pub fn resume_record(part: &Part, epoch: &EpochKey, done: u32) -> Result<Sealer, SealError> {
    let (header, access) = (part.header.body(), part.access.body());
    let key = epoch.unlock_slot(header, access).map_err(SealError::OldSlot)?;
    let (_, len) = header.unveil(&key).map_err(SealError::OldSlot)?;
    Ok(Sealer::new(header.suite, key, part.header_digest(), len)?.skip(done)?)
}

/// Seals a record that fits in memory. Consumes the data key; make it with
/// [`Hedge::Content`](super::Hedge::Content) of the same plaintext.
///
/// # Errors
/// As [`begin_record`].
pub fn seal_record(
    plaintext: &[u8],
    meta: &RecordMeta,
    key: DataKey,
    epoch: &EpochKey,
    author: &dyn Signer,
    custodian: &dyn Signer,
) -> Result<Sealed, SealError> {
    let (part, mut sealer) = begin_record(meta, plaintext.len() as u64, key, epoch, author, custodian)?;
    let capacity = usize::try_from(sealer.layout().sealed_len()).unwrap_or(plaintext.len());
    let mut ciphertext = Vec::with_capacity(capacity);
    sealer.update(plaintext, &mut ciphertext)?;
    sealer.finish(&mut ciphertext)?;
    Ok(Sealed { part, ciphertext })
}

#[cfg(test)]
mod tests;
