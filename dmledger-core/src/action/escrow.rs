//! Publishing into a patient's account: submitted by an institution, decided by the patient.
//!
//! ```text
//! submit ──> waiting ──> confirm ──> released: the records are in the account
//!                   ├──> close: rejected (patient), withdrawn (institution), expired (anybody, once time is over)
//! ```
//! Every step leaves a line in the account's escrow log, which is what the patient is asked and told. A publication that
//! has run out is as good as closed: it cannot be confirmed, and the next publication for the account sweeps it away.

mod close;
mod confirm;
mod info;
mod submit;

pub use close::{Close, Ending};
pub use confirm::Confirm;
pub use info::PublishInfo;
pub use submit::Submit;

use super::{Fault, Frame, Refusal};
use crate::{
    account::{
        KeyClass,
        escrow::{Escrow, EscrowEntry, EscrowStatus},
    },
    codec::List,
    envelope::AccountId,
    identity::MemberId,
    record::RecordId,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use alloc::vec::Vec;

/// The publication at `address`, if it waits for the account of the frame.
fn waiting(address: &AccountId, frame: &Frame<'_>, facts: &Facts<'_>) -> Result<Escrow, Fault> {
    let account = frame.account()?;
    let escrow = facts.escrow(address)?.filter(|escrow| escrow.account() == account);
    let escrow = escrow.ok_or(Refusal::UnknownEscrow)?;
    if escrow.status() == EscrowStatus::Waiting { Ok(escrow) } else { Err(Refusal::EscrowDecided.into()) }
}

/// Whether one of the acting keys is a patient's key of the account.
fn patient_acts(frame: &Frame<'_>, facts: &Facts<'_>) -> Result<bool, Fault> {
    let account = facts.account(&frame.account()?)?.ok_or(Refusal::UnknownAccount)?;
    let patient = |key: &_| account.policy().class_of(key) == Some(KeyClass::Patient);
    Ok(frame.acting().iter().any(patient))
}

/// Writes down what became of a publication, and lets go of it if it no longer waits.
fn settle(
    address: &AccountId,
    escrow: Escrow,
    status: EscrowStatus,
    state: &mut Delta<'_>,
    at: Moment,
    places: &Places,
) -> Result<(), Fault> {
    let records: Vec<_> = escrow.waiting().map(|one| one.records().collect()).unwrap_or_default();
    let (account, institution) = (escrow.account(), MemberId::of(&escrow.institution()));
    state.put(places.escrow(address), &escrow.decide(status, at))?;
    places.escrows(&account).remove(&address.digest(), state)?;
    log(account, *address, (institution, status, records), state, at, places)
}

/// Appends a line to an account's escrow log.
fn log(
    account: AccountId,
    address: AccountId,
    (institution, status, records): (MemberId, EscrowStatus, Vec<RecordId>),
    state: &mut Delta<'_>,
    at: Moment,
    places: &Places,
) -> Result<(), Fault> {
    let list = places.escrow_entries(&account);
    let (number, records) = (list.leaf(state)?.count(), List::new(records).unwrap_or_default());
    let entry = EscrowEntry { account, number, address, institution, status, records, at };
    state.put(places.escrow_entry(&account, number), &entry)?;
    Ok(list.push(&entry.digest(), state)?)
}

/// Closes the account's publications whose time is over.
fn sweep(account: &AccountId, state: &mut Delta<'_>, at: Moment, places: &Places) -> Result<(), Fault> {
    let mut over = Vec::new();
    {
        let facts = Facts::new(places.chain(), state);
        for address in facts.escrows(account)? {
            over.extend(facts.escrow(&address)?.filter(|one| one.is_over(at)).map(|escrow| (address, escrow)));
        }
    }
    over.into_iter()
        .try_for_each(|(address, escrow)| settle(&address, escrow, EscrowStatus::Expired, state, at, places))
}
