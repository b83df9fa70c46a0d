//! Registering records: digests, addresses and commitments, under the account's policy.
//!
//! Home-measured data satisfies a medical policy with the patient's gateway-held key and the residence's cosigner key,
//! so no measurement waits for the phone. An institution's entries need a patient key beside its own.

use super::{Fault, Frame, Handler, Refusal, equip::may_author, handler::require, party};
use crate::{
    account::Authority,
    codec::List,
    key::batch::Claim,
    record::IndexEntry,
    state::{
        Delta,
        tables::{AnchoredEntry, Facts, Places},
    },
    time::Moment,
};
use alloc::{collections::BTreeSet, vec::Vec};
use borsh::{BorshDeserialize, BorshSerialize};

/// Most records in one action.
pub const MAX_ENTRIES: usize = 128;

/// Registers records of one account, in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Anchor {
    /// The entries, each signed by its author.
    pub entries: List<IndexEntry, MAX_ENTRIES>,
}

impl Handler for Anchor {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        if self.entries.is_empty() {
            return Err(Refusal::Empty);
        }
        let names: BTreeSet<_> = self.entries.iter().map(|entry| entry.facts().record).collect();
        if names.len() == self.entries.len() { Ok(()) } else { Err(Refusal::DuplicateRecord) }
    }

    fn claims(&self, frame: &Frame<'_>) -> Vec<Claim> {
        let Ok(account) = frame.account() else { return Vec::new() };
        self.entries.iter().map(|entry| entry.claim(&frame.chain(), &account)).collect()
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        require(Authority::Policy, &account, frame, facts, at)?;
        let next = facts.record_count(&id)?;
        for (entry, expected) in self.entries.iter().zip(next..) {
            let found = entry.facts().sequence;
            if found != expected {
                return Err(Refusal::WrongSequence { found, expected }.into());
            }
            if !may_author(&account, &entry.author(), facts, at)? {
                return Err(Refusal::WrongAuthor.into());
            }
            let (record, epoch) = (entry.facts().record, entry.facts().epoch);
            party::living_epoch(&id, epoch, facts)?;
            if facts.has(&facts.places().record(&record))? {
                return Err(Refusal::RecordExists { record }.into());
            }
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, places) = (frame.account()?, Places::new(frame.chain()));
        for entry in &self.entries {
            let record = entry.facts().record;
            let anchored = AnchoredEntry { account, height: at.height, entry: entry.clone() };
            state.put(places.record(&record), &anchored)?;
            places.records(&account).push(&crate::hash::Digest::new(*record.as_bytes()), state)?;
        }
        Ok(())
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Policy)
    }
}
