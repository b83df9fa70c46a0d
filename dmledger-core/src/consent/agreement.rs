//! A smart agreement: what an institution and a patient's account have agreed on, and the log of everything done under it.
//!
//! Text, data index, verbs and log make an agreement (called an intelligent agreement in CN111933292B). The text stays
//! with the parties, the ledger has its salted digest. The right it gives is an ordinary grant, made when the agreement is
//! concluded and ended with it, so that one place decides about all rights. The institution signs the agreement's
//! digest; anybody verifies that with the institution's key on the ledger.

pub mod log;

pub use log::{AgreementEntry, AgreementEvent, NoteKind};

use super::grant::{Grant, GrantId, random_name, wide_name};
use crate::{
    codec::{Canonical, CodecError, List, Text},
    envelope::{AccountId, ChainId},
    hash::{Digest, Hasher, tag},
    identity::MemberId,
    key::{BadSignature, KeyError, PublicKey, SecretKey, Signature, batch::Claim},
    record::RecordId,
    time::{Height, Moment},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// Most records that an agreement names one by one.
pub const MAX_INDEXED: usize = 64;
/// Most referrals an agreement can allow.
pub const MAX_REFERRALS: u8 = 16;
/// Longest media type in bytes.
pub const MAX_MEDIA_TYPE_BYTES: usize = 64;
/// Most keys kept of those that concluded an agreement.
const MAX_HOLDERS: usize = crate::envelope::MAX_ENDORSEMENTS;

/// An agreement's name: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct AgreementId([u8; 16]);
random_name!(AgreementId);
wide_name!(AgreementId);

/// What the ledger knows of an agreement's text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct AgreementText {
    media_type: Text<MAX_MEDIA_TYPE_BYTES>,
    length: u64,
    digest: Digest,
}

impl AgreementText {
    /// Describes `text`; the parties keep it together with the 32 random bytes of `salt`.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] for a media type above [`MAX_MEDIA_TYPE_BYTES`].
    pub fn of(media_type: &str, salt: &[u8; 32], text: &[u8]) -> Result<Self, CodecError> {
        let media_type = Text::new(media_type)?;
        Ok(Self { media_type, length: text.len() as u64, digest: Self::digest(salt, text) })
    }

    fn digest(salt: &[u8; 32], text: &[u8]) -> Digest {
        Hasher::new(tag::AGREEMENT_TEXT).chain(salt).field(text).finish()
    }

    /// Whether this is the text that was agreed on.
    #[must_use]
    pub fn is(&self, salt: &[u8; 32], text: &[u8]) -> bool {
        self.length == text.len() as u64 && self.digest == Self::digest(salt, text)
    }

    /// Its media type, for example `text/markdown`.
    #[must_use]
    pub fn media_type(&self) -> &str {
        self.media_type.as_str()
    }
}

/// What is agreed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Agreement {
    /// Its name.
    pub id: AgreementId,
    /// The institution; the other party is the account.
    pub institution: MemberId,
    /// The text.
    pub text: AgreementText,
    /// The data index: these records and all their versions. Empty: every record of the hours that the terms grant.
    pub index: List<RecordId, MAX_INDEXED>,
    /// To how many other institutions it may refer, within its own right; 0: to none.
    pub referrals: u8,
    /// The right: hours, validity, verbs, purposes, quota, conditions. Permits, and is for the institution.
    pub terms: Grant,
    /// The agreement whose place it takes: a renewal.
    pub supersedes: Option<AgreementId>,
}

impl Canonical for Agreement {
    const MAX_BYTES: usize = 256 + MAX_MEDIA_TYPE_BYTES + MAX_INDEXED * 32 + Grant::MAX_BYTES;
}

/// An agreement with the institution's signature.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct SignedAgreement {
    agreement: Agreement,
    key: PublicKey,
    signature: Signature,
}

impl SignedAgreement {
    /// Signs for the institution, for one account of one network.
    ///
    /// # Errors
    /// [`KeyError`] if the key cannot sign.
    pub fn sign(agreement: Agreement, key: &SecretKey, chain: &ChainId, account: &AccountId) -> Result<Self, KeyError> {
        let signature = key.sign(&digest(&agreement, &key.public(), chain, account))?;
        Ok(Self { agreement, key: key.public(), signature })
    }

    /// What is agreed.
    #[must_use]
    pub const fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// The institution's key.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// What has to be checked for the signature to count.
    #[must_use]
    pub fn claim(&self, chain: &ChainId, account: &AccountId) -> Claim {
        let digest = digest(&self.agreement, &self.key, chain, account);
        Claim { key: self.key, digest, signature: self.signature }
    }

    /// Checks the signature alone. That the key is the institution's shows in its name, [`MemberId::of`].
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, chain: &ChainId, account: &AccountId) -> Result<(), BadSignature> {
        let is_hers = MemberId::of(&self.key) == self.agreement.institution;
        if is_hers && self.claim(chain, account).holds() { Ok(()) } else { Err(BadSignature) }
    }
}

impl Canonical for SignedAgreement {
    const MAX_BYTES: usize = Agreement::MAX_BYTES + 128;
}

fn digest(agreement: &Agreement, key: &PublicKey, chain: &ChainId, account: &AccountId) -> Digest {
    Hasher::new(tag::AGREEMENT)
        .chain(chain.as_bytes())
        .chain(account.as_bytes())
        .chain(key.as_bytes())
        .field(crate::codec::encode(agreement))
        .finish()
}

/// Who ended an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum EndedBy {
    /// The institution.
    Institution,
    /// The account's holders.
    Account,
    /// Nobody: this agreement took its place.
    Renewal(AgreementId),
}

/// An agreement as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct AgreementRecord {
    account: AccountId,
    signed: SignedAgreement,
    number: u64,
    concluded: Moment,
    holders: List<PublicKey, MAX_HOLDERS>,
    referred: u8,
    ended: Option<(Height, EndedBy)>,
}

impl AgreementRecord {
    /// The account's agreement `number` (from 0), concluded in the block at `concluded` by `holders`.
    #[must_use]
    pub const fn new(
        account: AccountId,
        signed: SignedAgreement,
        number: u64,
        concluded: Moment,
        holders: List<PublicKey, MAX_HOLDERS>,
    ) -> Self {
        Self { account, signed, number, concluded, holders, referred: 0, ended: None }
    }

    /// The same agreement, ended. The first end stands.
    #[must_use]
    pub fn end(mut self, height: Height, by: EndedBy) -> Self {
        self.ended = self.ended.or(Some((height, by)));
        self
    }

    /// The same agreement after one more referral.
    #[must_use]
    pub const fn refer(mut self) -> Self {
        self.referred = self.referred.saturating_add(1);
        self
    }

    /// The patient's account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// What was agreed, with the institution's signature.
    #[must_use]
    pub const fn signed(&self) -> &SignedAgreement {
        &self.signed
    }

    /// What was agreed.
    #[must_use]
    pub const fn agreement(&self) -> &Agreement {
        &self.signed.agreement
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> AgreementId {
        self.signed.agreement.id
    }

    /// The grant it gives: whether it is in force shows there.
    #[must_use]
    pub const fn grant(&self) -> GrantId {
        self.signed.agreement.terms.id
    }

    /// Its place among the account's agreements, from 0.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The block that concluded it.
    #[must_use]
    pub const fn concluded(&self) -> Moment {
        self.concluded
    }

    /// The keys that acted for the account.
    #[must_use]
    pub fn holders(&self) -> &[PublicKey] {
        &self.holders
    }

    /// Referrals it still allows.
    #[must_use]
    pub const fn referrals_left(&self) -> u8 {
        self.signed.agreement.referrals.saturating_sub(self.referred)
    }

    /// When and by whom it was ended before its time, if it was.
    #[must_use]
    pub const fn ended(&self) -> Option<(Height, EndedBy)> {
        self.ended
    }
}

impl Canonical for AgreementRecord {
    const MAX_BYTES: usize = SignedAgreement::MAX_BYTES + 128 + MAX_HOLDERS * 33;
}

#[cfg(test)]
mod tests;
