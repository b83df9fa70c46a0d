//! What the ledger knows of a record: where its ciphertext is and what it commits to, nothing of its content.

use crate::{
    codec::Canonical,
    envelope::{AccountId, ChainId},
    hash::{Digest, Hasher, tag, tree},
    key::{BadSignature, KeyError, PublicKey, SecretKey, Signature, batch::Claim},
    time::TimeRange,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;
use thiserror::Error;

/// Bytes of a segment of an object in the lake: the unit that is addressed, verified and fetched by range.
pub const SEGMENT_BYTES: usize = 64 * 1024;

/// A record's name: 32 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct RecordId([u8; 32]);

impl RecordId {
    /// Wraps 32 bytes that were drawn at random.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Digest::new(self.0).fmt(f)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({:.12})", Digest::new(self.0))
    }
}

/// Address of an object in the lake: the RFC 6962 root over its 64 KiB segments, and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct ContentId {
    root: Digest,
    length: u64,
}

impl ContentId {
    /// The address of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let segments: Vec<_> = bytes.chunks(SEGMENT_BYTES).collect();
        Self { root: tree::root(&segments), length: bytes.len() as u64 }
    }

    /// An address made elsewhere, for example segment by segment.
    #[must_use]
    pub const fn new(root: Digest, length: u64) -> Self {
        Self { root, length }
    }

    /// Root over the segments.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// Length of the object in bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }
}

impl Canonical for ContentId {
    const MAX_BYTES: usize = 41;
}

/// Everything an index entry says, before its author signs it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "filled in by the writer of a record, field by field")]
pub struct IndexFacts {
    /// The record's name.
    pub record: RecordId,
    /// Its place in the account, from 0 without gap; [`Self::IN_ESCROW`] if it was signed before that was known.
    pub sequence: u64,
    /// Where its ciphertext is.
    pub content: ContentId,
    /// Salted digest of its immutable header.
    pub header: Digest,
    /// RFC 6962 root over the commitments to its values; [`Digest::ZERO`] if it has none.
    pub commitments: Digest,
    /// How many values are committed to.
    pub count: u32,
    /// Whole hours the data are about.
    pub span: TimeRange,
    /// Key epoch it was sealed in.
    pub epoch: u32,
}

/// What the ledger keeps of a record: address, commitments, hours, and its author's signature. No content, no kind, no
/// identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct IndexEntry {
    facts: IndexFacts,
    author: PublicKey,
    signature: Signature,
}

/// Why an index entry was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The span does not begin and end on the hour.
    #[error("the record's span is not whole hours")]
    NotWholeHours,
    /// The author's key could not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl IndexFacts {
    /// [`Self::sequence`] of a record that an institution publishes: it is signed before its place is known. Once
    /// released, its place is the one the account's complete list gives it.
    pub const IN_ESCROW: u64 = u64::MAX;
}

impl IndexEntry {
    /// Signs the facts as the record's author, for one account of one network.
    ///
    /// # Errors
    /// [`IndexError::NotWholeHours`], [`IndexError::Key`].
    pub fn sign(
        facts: IndexFacts,
        author: &SecretKey,
        chain: &ChainId,
        account: &AccountId,
    ) -> Result<Self, IndexError> {
        if !whole_hours(&facts.span) {
            return Err(IndexError::NotWholeHours);
        }
        let signature = author.sign(&digest(&facts, &author.public(), chain, account))?;
        Ok(Self { facts, author: author.public(), signature })
    }

    /// What the entry says.
    #[must_use]
    pub const fn facts(&self) -> &IndexFacts {
        &self.facts
    }

    /// Who made the record: the gateway's key at home, the institution's elsewhere.
    #[must_use]
    pub const fn author(&self) -> PublicKey {
        self.author
    }

    /// What has to be checked for the author's signature to count; goes into the block's batch.
    #[must_use]
    pub fn claim(&self, chain: &ChainId, account: &AccountId) -> Claim {
        let digest = digest(&self.facts, &self.author, chain, account);
        Claim { key: self.author, digest, signature: self.signature }
    }

    /// Checks the author's signature alone.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, chain: &ChainId, account: &AccountId) -> Result<(), BadSignature> {
        if self.claim(chain, account).holds() { Ok(()) } else { Err(BadSignature) }
    }
}

impl Canonical for IndexEntry {
    // 240 bytes of facts, a key and a signature.
    const MAX_BYTES: usize = 384;
}

impl Canonical for IndexFacts {
    const MAX_BYTES: usize = 256;
}

impl BorshDeserialize for IndexEntry {
    fn deserialize_reader<R: borsh::io::Read>(reader: &mut R) -> borsh::io::Result<Self> {
        let facts = IndexFacts::deserialize_reader(reader)?;
        if !whole_hours(&facts.span) {
            return Err(borsh::io::ErrorKind::InvalidData.into());
        }
        let (author, signature) = <(PublicKey, Signature)>::deserialize_reader(reader)?;
        Ok(Self { facts, author, signature })
    }
}

fn whole_hours(span: &TimeRange) -> bool {
    span.start() == span.start().floor_hour() && span.end() == span.end().floor_hour()
}

fn digest(facts: &IndexFacts, author: &PublicKey, chain: &ChainId, account: &AccountId) -> Digest {
    Hasher::new(tag::INDEX_ENTRY)
        .chain(chain.as_bytes())
        .chain(account.as_bytes())
        .chain(author.as_bytes())
        .field(crate::codec::encode(facts))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{codec, key::Suite, time::Timestamp};

    fn entry() -> (IndexEntry, ChainId, AccountId) {
        let (chain, account) = (ChainId::new(Digest::new([1; 32])), AccountId::new(Digest::new([2; 32])));
        let hour = Timestamp::from_seconds(3600);
        let facts = IndexFacts {
            record: RecordId::new([3; 32]),
            sequence: 4,
            content: ContentId::of(b"ciphertext"),
            header: Digest::new([5; 32]),
            commitments: Digest::new([6; 32]),
            count: 12,
            span: TimeRange::new(Timestamp::EPOCH, hour).unwrap(),
            epoch: 1,
        };
        let author = SecretKey::from_bytes(Suite::Bip340, [7; 32]).unwrap();
        (IndexEntry::sign(facts, &author, &chain, &account).unwrap(), chain, account)
    }

    #[test]
    fn an_entry_verifies_for_its_own_chain_and_account_only() {
        let (entry, chain, account) = entry();
        assert_eq!(entry.verify(&chain, &account), Ok(()));
        assert!(entry.verify(&ChainId::new(Digest::ZERO), &account).is_err());
        assert!(entry.verify(&chain, &AccountId::new(Digest::ZERO)).is_err());
    }

    #[test]
    fn every_flipped_byte_and_every_truncation_is_refused() {
        let (entry, chain, account) = entry();
        let bytes = codec::encode(&entry);
        assert_eq!(codec::decode::<IndexEntry>(&bytes), Ok(entry));
        for i in 0..bytes.len() {
            assert!(codec::decode::<IndexEntry>(&bytes[..i]).is_err());
            let mut bytes = bytes.clone();
            bytes[i] ^= 1;
            let accepted = codec::decode::<IndexEntry>(&bytes).is_ok_and(|one| one.verify(&chain, &account).is_ok());
            assert!(!accepted, "byte {i}");
        }
    }

    #[test]
    fn a_span_that_would_tell_the_minute_is_refused() {
        let (entry, chain, account) = entry();
        let start = Timestamp::from_millis(60_000);
        let facts = IndexFacts { span: TimeRange::new(start, entry.facts.span.end()).unwrap(), ..entry.facts };
        let author = SecretKey::from_bytes(Suite::Bip340, [7; 32]).unwrap();
        assert_eq!(IndexEntry::sign(facts, &author, &chain, &account), Err(IndexError::NotWholeHours));
    }
}
