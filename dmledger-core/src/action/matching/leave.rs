//! Leaving: from this block on an account is counted and shown nowhere.

use crate::{
    account::Authority,
    action::{Fault, Frame, Handler, Refusal, handler::require},
    codec::List,
    matching::{CaseId, CellEntry},
    state::{
        Delta, StateError,
        tables::{CasePlace, CaseRow, CellRow, Enrolment, Facts, Places},
    },
    time::{Height, Moment},
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Ends an enrolment. Endorsed as the account's policy asks, or by any one of the patient's keys: leaving is never
/// harder than joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Leave {
    /// Height of the enrolment that ends: an old message does not end a later one.
    pub since: Height,
}

impl Handler for Leave {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account().map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        require(Authority::Closing, &account, frame, facts, at)?;
        let standing = facts.enrolment(&id)?.is_some_and(|one| one.left.is_none() && one.since == self.since);
        if standing { Ok(()) } else { Err(Refusal::NotEnrolled.into()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, places) = (frame.account()?, Places::new(frame.chain()));
        let enrolment = Facts::new(frame.chain(), state).enrolment(&account)?.ok_or(Refusal::NotEnrolled)?;
        for entry in &enrolment.entries {
            take_out(entry, state, &places)?;
        }
        let ended = Enrolment { left: Some(at.height), entries: List::empty(), ..enrolment };
        Ok(state.put(places.enrolment(&account), &ended)?)
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Closing)
    }
}

/// Takes a case out of its cell. One who waits takes its place, so that the count stays and nobody's leaving shows; if
/// nobody waits, the last case does.
fn take_out(entry: &CellEntry, state: &mut Delta<'_>, places: &Places) -> Result<(), StateError> {
    let (row, place, last) = {
        let facts = Facts::new(places.chain(), state);
        let row = facts.cell(&entry.cell)?;
        let last = row.cases.saturating_sub(1);
        let place: Option<CasePlace> = facts.get(&places.case(&entry.case))?;
        (row, place, (last, facts.get::<CaseRow>(&places.cell_case(&entry.cell, last))?))
    };
    state.delete(places.case(&entry.case));
    let row = match (place, row.waiting.first().copied(), last) {
        (Some(CasePlace::At(place)), Some(case), _) => {
            state.put(places.cell_case(&entry.cell, place), &CaseRow { case })?;
            state.put(places.case(&case), &CasePlace::At(place))?;
            without(row, &case)
        }
        (Some(CasePlace::At(place)), None, (last, Some(moved))) => {
            if place != last {
                state.put(places.cell_case(&entry.cell, place), &moved)?;
                state.put(places.case(&moved.case), &CasePlace::At(place))?;
            }
            state.delete(places.cell_case(&entry.cell, last));
            CellRow { cases: last, waiting: row.waiting }
        }
        _ => without(row, &entry.case),
    };
    if row == CellRow::default() {
        state.delete(places.cell(&entry.cell));
        return Ok(());
    }
    state.put(places.cell(&entry.cell), &row)
}

/// The cell without one of those who wait.
fn without(row: CellRow, case: &CaseId) -> CellRow {
    let mut waiting = row.waiting.into_vec();
    waiting.retain(|one| one != case);
    CellRow { cases: row.cases, waiting: List::new(waiting).unwrap_or_default() }
}
