//! Updating: a record gets another version; the versions before it stay.

use super::{Fault, Frame, Handler, Refusal, equip::may_author, party};
use crate::{
    account::{Account, Authority},
    consent::{RecordVersion, RequestId, UpdateReason, agreement::AgreementEvent},
    decide::still_allows,
    hash::Digest,
    identity::MemberId,
    key::batch::Claim,
    record::{IndexEntry, RecordId},
    scope::Verb,
    state::{
        Delta,
        tables::{AnchoredEntry, Facts, Places, Present},
    },
    time::Moment,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// Registers a record as the version that follows another.
///
/// By right of an access, or of the account. Under an access: endorsed by the member that asked, whose request to update
/// this record was allowed in an earlier block and would still be; it serves once for each record it names, and the
/// hours stay the same. Otherwise endorsed as the account's policy asks, as any new record is.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Update {
    /// The later version, signed by its author. A record like any other, with a number of its own.
    pub entry: IndexEntry,
    /// The version it follows: the latest.
    pub supersedes: RecordId,
    /// Why.
    pub reason: UpdateReason,
    /// Salted digest of a note on why; [`Digest::ZERO`] if there is none.
    pub note: Digest,
    /// The access it relies on.
    pub under: Option<RequestId>,
}

impl Update {
    /// The record it follows has to be here, and the latest of its versions.
    fn follows(&self, account: &Account, facts: &Facts<'_>) -> Result<AnchoredEntry, Fault> {
        let before = facts.record(&self.supersedes)?.filter(|found| found.account == account.id());
        let before = before.ok_or(Refusal::UnknownRecord { position: 0 })?;
        let (latest, _) = facts.latest(&self.supersedes)?;
        if latest == self.supersedes { Ok(before) } else { Err(Refusal::NotLatest { latest }.into()) }
    }

    /// By right of an access that was granted and would still be.
    fn under_access(
        &self,
        request: &RequestId,
        before: &AnchoredEntry,
        frame: &Frame<'_>,
        facts: &Facts<'_>,
        at: Moment,
    ) -> Result<(), Fault> {
        let member = party::acting_author(frame, facts, at)?;
        let access = facts.answer(request)?.filter(|access| {
            access.account == before.account
                && access.member == member.id()
                && access.verb == Verb::Update
                && access.records.contains(&self.supersedes)
        });
        let access = access.ok_or(Refusal::UnknownRequest)?;
        if access.at.height >= at.height {
            return Err(Refusal::NotFinal.into());
        }
        if let Some(reason) = still_allows(facts, &access, at)?.reason() {
            return Err(Refusal::NotAllowed { reason }.into());
        }
        if facts.has(&facts.places().updated_under(request, &self.supersedes))? {
            return Err(Refusal::RequestSpent.into());
        }
        if MemberId::of(&self.entry.author()) != member.id() {
            return Err(Refusal::WrongAuthor.into());
        }
        if self.entry.facts().span != before.entry.facts().span {
            return Err(Refusal::OtherHours.into());
        }
        Ok(())
    }
}

impl Handler for Update {
    fn claims(&self, frame: &Frame<'_>) -> Vec<Claim> {
        let account = frame.account();
        account.map(|account| self.entry.claim(&frame.chain(), &account)).into_iter().collect()
    }

    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        if self.entry.facts().record == self.supersedes {
            return Err(Refusal::DuplicateRecord);
        }
        if self.under.is_some() { party::author(frame).map(|_| ()) } else { Ok(()) }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let account = party::account(frame, facts)?;
        let entry = self.entry.facts();
        let before = self.follows(&account, facts)?;
        match &self.under {
            Some(request) => self.under_access(request, &before, frame, facts, at)?,
            None => {
                party::holders(&account, frame, facts, at)?;
                if !may_author(&account, &self.entry.author(), facts, at)? {
                    return Err(Refusal::WrongAuthor.into());
                }
            }
        }
        let expected = facts.record_count(&account.id())?;
        if entry.sequence != expected {
            return Err(Refusal::WrongSequence { found: entry.sequence, expected }.into());
        }
        party::living_epoch(&account.id(), entry.epoch, facts)?;
        if facts.has(&facts.places().record(&entry.record))? {
            return Err(Refusal::RecordExists { record: entry.record }.into());
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, places) = (frame.account()?, Places::new(frame.chain()));
        let record = self.entry.facts().record;
        let (original, number, agreement) = {
            let facts = Facts::new(frame.chain(), state);
            let (_, number) = facts.latest(&self.supersedes)?;
            (facts.original(&self.supersedes)?, number, self.agreement(&facts)?)
        };
        let list = places.versions(&original);
        if number == 0 {
            list.push(&Digest::new(*original.as_bytes()), state)?;
        }
        list.push(&Digest::new(*record.as_bytes()), state)?;
        let version = RecordVersion {
            record,
            supersedes: self.supersedes,
            original,
            number: number.saturating_add(1),
            author: self.entry.author(),
            reason: self.reason,
            note: self.note,
            under: self.under,
            at,
        };
        state.put(places.version(&record), &version)?;
        state.put(places.record(&record), &AnchoredEntry { account, height: at.height, entry: self.entry.clone() })?;
        places.records(&account).push(&Digest::new(*record.as_bytes()), state)?;
        if let Some(request) = &self.under {
            state.put(places.updated_under(request, &self.supersedes), &Present)?;
        }
        let event = AgreementEvent::Updated { record, supersedes: self.supersedes };
        agreement.map_or(Ok(()), |id| party::log(&id, event, frame, state, at))
    }

    fn authority(&self) -> Option<Authority> {
        self.under.is_none().then_some(Authority::Policy)
    }
}

impl Update {
    /// The agreement behind the access it relies on.
    fn agreement(&self, facts: &Facts<'_>) -> Result<Option<crate::consent::AgreementId>, Fault> {
        let Some(request) = &self.under else { return Ok(None) };
        let grant = facts.answer(request)?.and_then(|access| access.outcome.grant());
        let Some(grant) = grant.map_or(Ok(None), |id| facts.grant(&id))? else { return Ok(None) };
        Ok(facts.agreement_of(&grant)?.map(|agreement| agreement.id()))
    }
}
