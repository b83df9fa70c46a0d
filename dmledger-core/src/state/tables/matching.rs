//! Cells of similar cases, who is enrolled, and everything that was asked.

use super::{Facts, Places};
use crate::{
    codec::{Canonical, List},
    consent::RequestId,
    envelope::AccountId,
    matching::{CaseId, CellEntry, CellToken, MAX_CELLS},
    state::{Namespace, StateError, StateKey, StoredList},
    time::Height,
};
use borsh::{BorshDeserialize, BorshSerialize};

const CELL: Namespace = Namespace::new("match-cell");
const CELL_CASE: Namespace = Namespace::new("match-cell-case");
const CASE: Namespace = Namespace::new("match-case");
const ENROLMENT: Namespace = Namespace::new("match-enrolment");
const MATCH_ASKED: Namespace = Namespace::new("match-asked");
const MATCH_ENTRY: Namespace = Namespace::new("match-entry");
const MATCH_ENTRIES: Namespace = Namespace::new("match-entries");

/// Most cases that wait for a cell at a time.
pub const MAX_COHORT: usize = 100;

/// A cell: how many cases are in it, and who waits to be taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct CellRow {
    /// Cases in it.
    pub cases: u32,
    /// Cases that wait until there are enough to come in together, ascending.
    pub waiting: List<CaseId, MAX_COHORT>,
}

impl Canonical for CellRow {
    const MAX_BYTES: usize = 16 + MAX_COHORT * 32;
}

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum CasePlace {
    /// It waits.
    Waiting,
    /// It has this place in its cell, from 0.
    At(u32),
}

impl Canonical for CasePlace {
    const MAX_BYTES: usize = 8;
}

/// A case's place in a cell, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct CaseRow {
    /// Which case.
    pub case: CaseId,
}

impl Canonical for CaseRow {
    const MAX_BYTES: usize = 40;
}

/// An account's enrolment.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct Enrolment {
    /// Height of the block that enrolled it.
    pub since: Height,
    /// Height of the block that ended it.
    pub left: Option<Height>,
    /// Its cases; emptied when it leaves.
    pub entries: List<CellEntry, MAX_CELLS>,
}

impl Canonical for Enrolment {
    const MAX_BYTES: usize = 40 + MAX_CELLS * 64;
}

/// Where the log has the answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct MatchPosition {
    /// Its place in the network's log of questions, from 0.
    pub number: u64,
}

impl Canonical for MatchPosition {
    const MAX_BYTES: usize = 16;
}

impl Places {
    /// A cell.
    #[must_use]
    pub fn cell(&self, cell: &CellToken) -> StateKey {
        self.key(CELL, &[cell.as_bytes()])
    }

    /// Case `place` (from 0) of a cell.
    #[must_use]
    pub fn cell_case(&self, cell: &CellToken, place: u32) -> StateKey {
        self.key(CELL_CASE, &[cell.as_bytes(), &place.to_be_bytes()])
    }

    /// A case's place.
    #[must_use]
    pub fn case(&self, case: &CaseId) -> StateKey {
        self.key(CASE, &[case.as_bytes()])
    }

    /// An account's enrolment.
    #[must_use]
    pub fn enrolment(&self, account: &AccountId) -> StateKey {
        self.key(ENROLMENT, &[account.as_bytes()])
    }

    /// Where the log has the answer to a question for similar cases.
    #[must_use]
    pub fn match_asked(&self, id: &RequestId) -> StateKey {
        self.key(MATCH_ASKED, &[id.as_bytes()])
    }

    /// Entry `number` (from 0) of the network's log of questions.
    #[must_use]
    pub fn match_entry(&self, number: u64) -> StateKey {
        self.key(MATCH_ENTRY, &[&number.to_be_bytes()])
    }

    /// The digests of all entries of the network's log of questions, in order.
    #[must_use]
    pub const fn match_entries(&self) -> StoredList<'_> {
        StoredList::new(&self.chain, MATCH_ENTRIES, &[])
    }
}

impl Facts<'_> {
    /// A cell; an empty one if nobody was ever in it.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn cell(&self, cell: &CellToken) -> Result<CellRow, StateError> {
        Ok(self.get(&self.places.cell(cell))?.unwrap_or_default())
    }

    /// An account's enrolment, ended or not.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn enrolment(&self, account: &AccountId) -> Result<Option<Enrolment>, StateError> {
        self.get(&self.places.enrolment(account))
    }
}
