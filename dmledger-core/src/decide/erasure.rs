//! What has been erased is read by nobody, in no emergency either.

use super::Reason;
use crate::{
    consent::erasure::{Erased, Erasure},
    state::{
        StateError,
        tables::{AnchoredEntry, Facts},
    },
};

/// What keeps the record at `position` of a request from being read: the order that erases it, or the whole epoch in which
/// its keys lie.
pub(super) fn erased(position: u16, found: &AnchoredEntry, facts: &Facts<'_>) -> Result<Option<Reason>, StateError> {
    let entry = found.entry.facts();
    for erased in [Erased::Record(entry.record), Erased::Epoch(facts.epoch_of(found)?)] {
        if let Some(erasure) = facts.erasure_of(&found.account, &erased)? {
            return Ok(Some(reason(position, &erasure)));
        }
    }
    Ok(None)
}

fn reason(position: u16, erasure: &Erasure) -> Reason {
    match erasure.completed() {
        Some(completed) => Reason::Erased { position, height: completed.height },
        None => Reason::ErasureOrdered { position, height: erasure.ordered().height },
    }
}
