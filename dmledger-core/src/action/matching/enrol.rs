//! Enrolling: an account's holders let it be counted among similar cases.

use crate::{
    account::Authority,
    action::{Fault, Frame, Handler, Refusal, configure::Settings, handler::require},
    codec::List,
    matching::{CaseId, CellEntry, MAX_CELLS},
    state::{
        Delta,
        tables::{CasePlace, CaseRow, CellRow, Enrolment, Facts, MAX_COHORT, Places},
    },
    time::Moment,
};
use alloc::{collections::BTreeSet, vec::Vec};
use borsh::{BorshDeserialize, BorshSerialize};

/// Enters a case into cells, under another pseudonym in each. Endorsed as the account's policy asks.
///
/// Whoever reads the chain sees which account enrolled; an account of its own for this, with keys of its own, keeps even
/// that apart from the accounts that hold data.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Enrol {
    /// The cells and the case's pseudonyms in them.
    pub entries: List<CellEntry, MAX_CELLS>,
}

impl Handler for Enrol {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        if self.entries.is_empty() {
            return Err(Refusal::Empty);
        }
        let cells: BTreeSet<_> = self.entries.iter().map(|one| one.cell).collect();
        let cases: BTreeSet<_> = self.entries.iter().map(|one| one.case).collect();
        let all = self.entries.len();
        if cells.len() == all && cases.len() == all { Ok(()) } else { Err(Refusal::DuplicateCase) }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        require(Authority::Policy, &account, frame, facts, at)?;
        if facts.enrolment(&id)?.is_some_and(|one| one.left.is_none()) {
            return Err(Refusal::AlreadyEnrolled.into());
        }
        for entry in &self.entries {
            if facts.has(&facts.places().case(&entry.case))? {
                return Err(Refusal::CaseExists.into());
            }
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, places) = (frame.account()?, Places::new(frame.chain()));
        let least = {
            let facts = Facts::new(frame.chain(), state);
            usize::from(Settings::read(&facts)?.parameters().min_cell)
        };
        for entry in &self.entries {
            let row = Facts::new(frame.chain(), state).cell(&entry.cell)?;
            let row = wait(row, entry, state, &places)?;
            let row =
                if row.waiting.len() >= least.min(MAX_COHORT) { let_in(row, entry, state, &places)? } else { row };
            state.put(places.cell(&entry.cell), &row)?;
        }
        let enrolment = Enrolment { since: at.height, left: None, entries: self.entries.clone() };
        Ok(state.put(places.enrolment(&account), &enrolment)?)
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Policy)
    }
}

/// Lets a case wait. The waiting are kept in the order of their names, which says nothing of when they came.
fn wait(row: CellRow, entry: &CellEntry, state: &mut Delta<'_>, places: &Places) -> Result<CellRow, Fault> {
    let mut waiting: Vec<CaseId> = row.waiting.into_vec();
    let place = waiting.binary_search(&entry.case).unwrap_or_else(|place| place);
    waiting.insert(place, entry.case);
    state.put(places.case(&entry.case), &CasePlace::Waiting)?;
    Ok(CellRow { cases: row.cases, waiting: List::new(waiting).map_err(|_| Refusal::CaseExists)? })
}

/// Takes everybody in who waits.
fn let_in(mut row: CellRow, entry: &CellEntry, state: &mut Delta<'_>, places: &Places) -> Result<CellRow, Fault> {
    for case in row.waiting.into_vec() {
        state.put(places.cell_case(&entry.cell, row.cases), &CaseRow { case })?;
        state.put(places.case(&case), &CasePlace::At(row.cases))?;
        row.cases = row.cases.saturating_add(1);
    }
    Ok(CellRow { cases: row.cases, waiting: List::empty() })
}
