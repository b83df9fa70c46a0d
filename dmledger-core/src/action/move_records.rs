//! Moving records into a later key epoch: their slots were written anew, and the ledger learns where their keys lie, so
//! that erasing the epoch they were sealed in does not take them along.

use super::{Fault, Frame, Handler, Refusal, party};
use crate::{
    account::Authority,
    codec::List,
    consent::erasure::Erased,
    record::RecordId,
    state::{
        Delta,
        tables::{Facts, MovedTo, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Most records in one action.
pub const MAX_MOVED: usize = 256;

/// Says that the keys of records lie in another epoch from here on. Endorsed as the account's policy asks, as
/// registering them was.
///
/// Nothing comes back by it: a record that is erased, or whose epoch is, stays so, and an epoch that is erased takes
/// nothing in.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct MoveRecords {
    /// The epoch: later than that of every record named.
    pub epoch: u32,
    /// The records, ascending, at least one.
    pub records: List<RecordId, MAX_MOVED>,
}

impl Handler for MoveRecords {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        if self.records.is_empty() {
            return Err(Refusal::Empty);
        }
        let ascending = self.records.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        if ascending { Ok(()) } else { Err(Refusal::DuplicateRecord) }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let account = party::account(frame, facts)?;
        party::holders(&account, frame, facts, at)?;
        let id = account.id();
        party::living_epoch(&id, self.epoch, facts)?;
        for (position, record) in (0..).zip(&self.records) {
            let found = facts.record(record)?.filter(|found| found.account == id);
            let found = found.ok_or(Refusal::UnknownRecord { position })?;
            let epoch = facts.epoch_of(&found)?;
            party::living_epoch(&id, epoch, facts)?;
            if facts.erasure_of(&id, &Erased::Record(*record))?.is_some() {
                return Err(Refusal::ErasedAlready.into());
            }
            if self.epoch <= epoch {
                return Err(Refusal::NotALaterEpoch { position, epoch }.into());
            }
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let places = Places::new(frame.chain());
        let moved = MovedTo { epoch: self.epoch, height: at.height };
        self.records.iter().try_for_each(|record| Ok(state.put(places.moved(record), &moved)?))
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Policy)
    }
}
