//! Who acts: the checks that several actions share.

use super::{
    Fault, Frame, Refusal,
    handler::{acting_member, require},
};
use crate::{
    account::{Account, Authority},
    consent::{
        AgreementEntry, AgreementId, AgreementRecord, GrantId, GrantRecord, agreement::AgreementEvent, erasure::Erased,
    },
    envelope::{AccountId, Meaning},
    identity::{Member, MemberId},
    key::PublicKey,
    state::{
        Delta, StateError,
        tables::{Facts, Places},
    },
    time::Moment,
};

/// The one author.
pub(super) fn author(frame: &Frame<'_>) -> Result<PublicKey, Refusal> {
    let mut authors = frame.signers(Meaning::Authored);
    match (authors.next(), authors.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => Err(Refusal::NoAuthor),
        (Some(_), Some(_)) => Err(Refusal::SeveralAuthors),
    }
}

/// The one author, a member in good standing.
pub(super) fn acting_author(frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<Member, Fault> {
    let member = acting_member(&author(frame)?, facts, at.time)?;
    Ok(member.ok_or(Refusal::NotAMember)?)
}

/// The account that the action is about.
pub(super) fn account(frame: &Frame<'_>, facts: &Facts<'_>) -> Result<Account, Fault> {
    Ok(facts.account(&frame.account()?)?.ok_or(Refusal::UnknownAccount)?)
}

/// The account's holders act, as its policy asks.
pub(super) fn holders(account: &Account, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
    require(Authority::Policy, account, frame, facts, at)
}

/// To close a door: the account's holders, or any one of the patient's keys.
pub(super) fn closers(account: &Account, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
    require(Authority::Closing, account, frame, facts, at)
}

/// Whether this member is among those who act.
pub(super) fn acts(member: &MemberId, frame: &Frame<'_>) -> bool {
    frame.acting().iter().any(|key| MemberId::of(key) == *member)
}

/// No record goes into an epoch of the account that is erased: nobody could ever read it.
pub(super) fn living_epoch(account: &AccountId, epoch: u32, facts: &Facts<'_>) -> Result<(), Fault> {
    let is_erased = facts.has_erasures(account)? && facts.erasure_of(account, &Erased::Epoch(epoch))?.is_some();
    if is_erased { Err(Refusal::EpochErased { epoch }.into()) } else { Ok(()) }
}

/// A grant of the account.
pub(super) fn grant_of(account: &AccountId, grant: &GrantId, facts: &Facts<'_>) -> Result<GrantRecord, Fault> {
    let record = facts.grant(grant)?.filter(|record| record.account() == *account);
    Ok(record.ok_or(Refusal::UnknownGrant)?)
}

/// An agreement of the account that nobody has ended.
pub(super) fn agreement_of(
    account: &AccountId,
    agreement: &AgreementId,
    facts: &Facts<'_>,
) -> Result<AgreementRecord, Fault> {
    let record = facts.agreement(agreement)?.filter(|record| record.account() == *account);
    let record = record.ok_or(Refusal::UnknownAgreement)?;
    match record.ended() {
        None => Ok(record),
        Some((height, _)) => Err(Refusal::AgreementEnded { height }.into()),
    }
}

/// Adds a line to an agreement's log.
pub(super) fn log(
    agreement: &AgreementId,
    event: AgreementEvent,
    frame: &Frame<'_>,
    state: &mut Delta<'_>,
    at: Moment,
) -> Result<(), Fault> {
    let places = Places::new(frame.chain());
    let by = frame.signers(Meaning::Authored).next().or_else(|| frame.acting().into_iter().next());
    let by = by.ok_or(Refusal::NoAuthor)?;
    let number = places.agreement_log(agreement).leaf(state)?.count();
    let entry = AgreementEntry { agreement: *agreement, number, at, by, event };
    state.put(places.agreement_entry(agreement, number), &entry)?;
    Ok(places.agreement_log(agreement).push(&entry.digest(), state)?)
}

/// Writes a grant back.
pub(super) fn put_grant(record: &GrantRecord, frame: &Frame<'_>, state: &mut Delta<'_>) -> Result<(), StateError> {
    state.put(Places::new(frame.chain()).grant(&record.grant().id), record)
}
