//! Declaring a record de-identified: the condition on which it can be open to the public.

use super::{Fault, Frame, Handler, Refusal, party};
use crate::{
    account::Authority,
    consent::version::Deidentified,
    hash::Digest,
    record::RecordId,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::{Moment, TimeRange, Timestamp},
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Declares that a record identifies nobody. Endorsed as the account's policy asks.
///
/// The ledger cannot see into the record. It holds the declaration to what it does see: the index entry names whole
/// calendar years (UTC) and no finer date, as 45 CFR 164.514(b)(2)(i)(C) asks.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Deidentify {
    /// Which record.
    pub record: RecordId,
    /// Salted digest of the statement of how it was done.
    pub statement: Digest,
}

impl Handler for Deidentify {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account().map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let account = party::account(frame, facts)?;
        party::holders(&account, frame, facts, at)?;
        let found = facts.record(&self.record)?.filter(|found| found.account == account.id());
        let found = found.ok_or(Refusal::UnknownRecord { position: 0 })?;
        if facts.deidentified(&self.record)?.is_some() {
            return Err(Refusal::AlreadyDeidentified.into());
        }
        if is_whole_years(&found.entry.facts().span) { Ok(()) } else { Err(Refusal::NotWholeYears.into()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let declared = Deidentified { record: self.record, statement: self.statement, at };
        Ok(state.put(Places::new(frame.chain()).deidentified(&self.record), &declared)?)
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Policy)
    }
}

fn is_whole_years(span: &TimeRange) -> bool {
    let begins_a_year = |at: Timestamp| {
        let (year, ..) = at.date();
        Timestamp::from_civil((year, 1, 1), (0, 0, 0)) == Ok(at)
    };
    begins_a_year(span.start()) && begins_a_year(span.end())
}
