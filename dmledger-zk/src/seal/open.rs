//! Opening a sealed record: everything that can be checked without a key is checked before any key is used.
//!
//! Order of checks: chain, account, header digest, index entry and header alike, author's signature; content id of the ciphertext; access part
//! (record, version, signature for the account); the grant's standing, validity and account; epoch and hours; gate; slot and
//! key commitment; kind and length; chunks. The first that fails is the answer.

use super::envelope::{Part, RecordHeader};
use super::error::{Altered, OpenError, SubKey};
use super::gate::{self, Combined, GateReply, NodeNumber, Wanted};
use super::grant::GrantBody;
use super::range_tree::{Epoch, EpochKey, Hours};
use super::slot::{AccessPart, CommitteeId, GateMask};
use super::stream::Opener;
use super::{DataKey, ValueKey};
use core::fmt;
use dmledger_core::envelope::{AccountId, ChainId, Endorsement, Envelope, Meaning, Signable};
use dmledger_core::key::PublicKey;
use dmledger_core::record::index::{ContentId, IndexEntry};
use dmledger_core::record::kind::DataKind;
use dmledger_core::time::{Height, Timestamp};
use zeroize::Zeroizing;

/// Whether the ledger still lets a grant be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// No revocation is known at the ledger's height.
    Active,
    /// The grant was revoked.
    Revoked {
        /// Height of the block that holds the revocation.
        height: Height,
    },
}

/// What the reader's ledger says about a record and about the grant used to open it.
#[derive(Clone, Copy, Debug)]
pub struct LedgerView<'a> {
    /// The network.
    pub chain: ChainId,
    /// The account that holds the record.
    pub account: AccountId,
    /// The record's entry in the index, as finalised.
    pub entry: &'a IndexEntry,
    /// The account's keys, one of which must have signed the access part.
    pub custodians: &'a [PublicKey],
    /// Lowest version of the access part that is still acceptable; 1 if none has been seen.
    pub least_version: u64,
    /// Latest finalised height.
    pub height: Height,
    /// Time of that block.
    pub time: Timestamp,
    /// Standing of the grant at that height; without meaning for the owner.
    pub standing: Standing,
}

/// The keys a reader brings.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Keys<'a> {
    /// The patient's own epoch keys.
    Owner(&'a [EpochKey]),
    /// A grant that was unwrapped, for records that no committee guards.
    Grant(&'a GrantBody),
    /// A grant and the answers of gate nodes about this record.
    Gated(&'a GrantBody, &'a [GateReply]),
    /// Nothing: a reader who was never granted anything.
    None,
}

/// A record whose key has been recovered: what it is, and the cipher of its chunks.
#[derive(Debug)]
pub struct Unlocked {
    kind: DataKind,
    values: ValueKey,
    opener: Opener,
    liars: Vec<NodeNumber>,
}

impl Unlocked {
    /// Kind of data.
    #[must_use]
    pub const fn kind(&self) -> DataKind {
        self.kind
    }

    /// The key of the blindings of the record's value commitments.
    #[must_use]
    pub const fn value_key(&self) -> &ValueKey {
        &self.values
    }

    /// Gate nodes whose answers were wrong, ascending; the record opened without them.
    #[must_use]
    pub fn liars(&self) -> &[NodeNumber] {
        &self.liars
    }

    /// Opens chunks, in any order and in constant memory.
    #[must_use]
    pub const fn opener(&self) -> &Opener {
        &self.opener
    }
}

/// A decrypted record. Wiped on drop.
pub struct Plaintext {
    unlocked: Unlocked,
    bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plaintext({} bytes)", self.bytes.len())
    }
}

impl Plaintext {
    /// Kind of data.
    #[must_use]
    pub const fn kind(&self) -> DataKind {
        self.unlocked.kind
    }

    /// Gate nodes whose answers were wrong, ascending; the record opened without them.
    #[must_use]
    pub fn liars(&self) -> &[NodeNumber] {
        &self.unlocked.liars
    }

    /// The bytes that were sealed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The key of the blindings of the record's value commitments.
    #[must_use]
    pub const fn value_key(&self) -> &ValueKey {
        &self.unlocked.values
    }
}

/// Opens a whole record.
///
/// # Errors
/// [`OpenError`], in the order of checks that the module describes.
pub fn open(part: &Part, ciphertext: &[u8], keys: Keys<'_>, view: &LedgerView<'_>) -> Result<Plaintext, OpenError> {
    check_header(part.header(), view)?;
    if ContentId::of(ciphertext) != view.entry.facts().content {
        return Err(OpenError::Tampered(Altered::Content));
    }
    let unlocked = unlock_checked(part, keys, view)?;
    let bytes = unlocked.opener.all(ciphertext)?;
    Ok(Plaintext { unlocked, bytes })
}

/// Recovers the key of a record without its ciphertext, to open single chunks or a long stream.
///
/// Every chunk is still authenticated against header and place; that the object as a whole is the anchored one is
/// checked by whoever fetches its segments (their content id).
///
/// # Errors
/// [`OpenError`] as [`open`], the checks of the ciphertext left out.
pub fn unlock(part: &Part, keys: Keys<'_>, view: &LedgerView<'_>) -> Result<Unlocked, OpenError> {
    check_header(part.header(), view)?;
    unlock_checked(part, keys, view)
}

/// What follows once the header is known to be the anchored one.
fn unlock_checked(part: &Part, keys: Keys<'_>, view: &LedgerView<'_>) -> Result<Unlocked, OpenError> {
    check_access(part, view)?;
    let (header, access) = (part.header().body(), part.access().body());
    let (key, liars) = match keys {
        Keys::None => Err(missing(access))?,
        Keys::Owner(epochs) => {
            let own = epochs.iter().find(|own| own.epoch().number() == access.epoch());
            let own = own.ok_or_else(|| missing(access))?;
            check_hours(own.epoch(), header, access)?;
            (own.unlock_slot(header, access)?, Vec::new())
        }
        Keys::Grant(grant) => by_grant(grant, &[], part, view)?,
        Keys::Gated(grant, replies) => by_grant(grant, replies, part, view)?,
    };
    let (kind, len) = header.unveil(&key)?;
    if let Keys::Grant(grant) | Keys::Gated(grant, _) = keys
        && grant.terms().kind != kind
    {
        return Err(OpenError::WrongKind);
    }
    let opener = Opener::new(header.suite(), &key, part.header_digest(), len)?;
    Ok(Unlocked { kind, values: key.value_key(), opener, liars })
}

fn by_grant(
    grant: &GrantBody,
    replies: &[GateReply],
    part: &Part,
    view: &LedgerView<'_>,
) -> Result<(DataKey, Vec<NodeNumber>), OpenError> {
    if let Standing::Revoked { height } = view.standing {
        return Err(OpenError::Revoked { height });
    }
    grant.check_validity(view.height, view.time)?;
    if grant.terms().account != view.account {
        return Err(OpenError::WrongAccount);
    }
    let (header, access) = (part.header().body(), part.access().body());
    let (cover, hours) = grant.hour_keys(access)?;
    check_hours(cover.epoch(), header, access)?;
    if access.committee() == CommitteeId::NONE {
        return Ok((access.data_key(header, &hours, &GateMask::None)?, Vec::new()));
    }
    let committee = cover.committee().filter(|committee| committee.id() == access.committee());
    let committee = committee.ok_or(OpenError::Tampered(Altered::AccessPart))?;
    let wanted = Wanted { record: header.record(), epoch: access.epoch(), tags: access.check_tags() };
    let Combined { mask, liars } = gate::combine(wanted, committee, replies)?;
    Ok((access.data_key(header, &hours, &mask)?, liars))
}

/// The author's hours decide, so that nobody can move a record under keys of other hours.
fn check_hours(epoch: Epoch, header: &RecordHeader, access: &AccessPart) -> Result<(), OpenError> {
    if epoch.buckets(header.hours()) == Ok(access.buckets()) {
        Ok(())
    } else {
        Err(OpenError::Tampered(Altered::AccessPart))
    }
}

pub(super) fn missing(access: &AccessPart) -> OpenError {
    OpenError::MissingSubKey { have: 0, need: 1, which: vec![SubKey::RangeNodes(access.epoch())] }
}

pub(super) fn check_header(header: &Envelope<RecordHeader>, view: &LedgerView<'_>) -> Result<(), OpenError> {
    if header.chain() != view.chain {
        return Err(OpenError::WrongChain);
    }
    if header.account() != Some(view.account) {
        return Err(OpenError::WrongAccount);
    }
    let (body, facts) = (header.body(), view.entry.facts());
    if header.id() != facts.header {
        return Err(OpenError::Tampered(Altered::Header));
    }
    // The ledger decides by the entry's hours, the keys by the header's: an author must not say one here, another there.
    let same = *body.record() == facts.record
        && body.values() == facts.commitments
        && body.author() == view.entry.author()
        && Hours::touched_by(&facts.span) == Ok(*body.hours());
    if !same {
        return Err(OpenError::Tampered(Altered::Entry));
    }
    let author = body.author();
    if signed_by(header, |one| one.signer() == author && one.meaning() == Meaning::Authored) {
        Ok(())
    } else {
        Err(OpenError::Tampered(Altered::Author))
    }
}

pub(super) fn check_access(part: &Part, view: &LedgerView<'_>) -> Result<(), OpenError> {
    let access = part.access();
    let same = access.chain() == view.chain && access.account() == Some(view.account);
    if !same || access.body().header() != view.entry.facts().header {
        return Err(OpenError::Tampered(Altered::AccessPart));
    }
    let of_account = |one: &Endorsement| view.custodians.contains(&one.signer()) && one.meaning() == Meaning::Approved;
    if !signed_by(access, of_account) {
        return Err(OpenError::Tampered(Altered::Custodian));
    }
    if access.body().version() < view.least_version {
        return Err(OpenError::Tampered(Altered::RolledBack));
    }
    Ok(())
}

/// Whether one of the endorsements that `counts` verifies. Others are ignored: they could be added by anybody.
fn signed_by<T: Signable>(envelope: &Envelope<T>, counts: impl Fn(&Endorsement) -> bool) -> bool {
    envelope.endorsements().iter().filter(|one| counts(one)).any(|one| {
        let digest = envelope.digest(one.signer().suite(), one.meaning());
        one.signer().verify(&digest, &one.signature()).is_ok()
    })
}

#[cfg(test)]
mod tests;
