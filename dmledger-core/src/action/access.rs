//! Asking for records. The answer is decided when the block executes and stays in the account's log, yes or no.

use super::{Fault, Frame, Handler, Refusal};
use crate::{
    consent::AccessRequest,
    decide::{AccessEntry, AccessOutcome, Question, decide},
    envelope::Meaning,
    identity::MemberId,
    state::{
        Delta,
        tables::{Facts, LogPosition},
    },
    time::Moment,
};
use alloc::collections::BTreeSet;

/// The one who asks: the one author.
pub(super) fn asker(frame: &Frame<'_>) -> Result<MemberId, Refusal> {
    let mut authors = frame.signers(Meaning::Authored);
    match (authors.next(), authors.next()) {
        (Some(key), None) => Ok(MemberId::of(&key)),
        (None, _) => Err(Refusal::NoAuthor),
        (Some(_), Some(_)) => Err(Refusal::SeveralAuthors),
    }
}

impl Handler for AccessRequest {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        asker(frame)?;
        if self.records.is_empty() {
            return Err(Refusal::Empty);
        }
        let names: BTreeSet<_> = self.records.iter().collect();
        if names.len() == self.records.len() { Ok(()) } else { Err(Refusal::DuplicateRecord) }
    }

    /// Only strangers and repetitions are refused; a member's request is answered whatever the answer, a member whose
    /// admission was revoked or whose certificate has run out included.
    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, _: Moment) -> Result<(), Fault> {
        if !facts.has(&facts.places().member(&asker(frame)?))? {
            return Err(Refusal::NotAMember.into());
        }
        if facts.has(&facts.places().request(&self.id))? {
            return Err(Refusal::RequestExists.into());
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, member) = (frame.account()?, asker(frame)?);
        let (places, outcome, number) = {
            let facts = Facts::new(frame.chain(), state);
            let question = Question { chain: frame.chain(), member, account, request: self };
            let outcome = decide(&facts, &question, at)?.outcome();
            (*facts.places(), outcome, facts.places().accesses(&account).leaf(state)?.count())
        };
        spend(outcome, frame, state)?;
        let entry = AccessEntry {
            account,
            number,
            member,
            request: self.id,
            records: self.records.clone(),
            verb: self.verb,
            purpose: self.purpose,
            outcome,
            at,
        };
        state.put(places.request(&self.id), &LogPosition { account, number })?;
        state.put(places.access(&account, number), &entry)?;
        Ok(places.accesses(&account).push(&entry.digest(), state)?)
    }
}

/// Counts the request towards what allowed it.
fn spend(outcome: AccessOutcome, frame: &Frame<'_>, state: &mut Delta<'_>) -> Result<(), Fault> {
    let facts = Facts::new(frame.chain(), state);
    let places = *facts.places();
    match outcome {
        AccessOutcome::Allowed { grant } => {
            if let Some(record) = facts.grant(&grant)? {
                state.put(places.grant(&grant), &record.spend())?;
            }
        }
        AccessOutcome::BreakGlass { emergency } => {
            if let Some(record) = facts.emergency(&emergency)? {
                state.put(places.emergency(&emergency), &record.spend())?;
            }
        }
        AccessOutcome::Denied { .. } => {}
    }
    Ok(())
}
