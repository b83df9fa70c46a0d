//! Whether a gate node may hand out its partials, and whether it must destroy them: decided on the node's own finalised
//! state, each time anew.
//!
//! A request to the gate is good if its author is the member whose earlier request for these records stands in the
//! access log, allowed and not long ago, *and* [`decide`](super::decide()) would say yes again at this node's height: a
//! revocation that is final here closes the gate, whatever the log said before. A node that is cut off knows no new log
//! entry, and old ones are not enough: it falls silent by itself.

use super::{AccessEntry, AccessOutcome, Question, Reason, emergency, judge, weigh::Quotas};
use crate::{
    account::{Account, KeyClass},
    codec::List,
    consent::{AccessRequest, GateOrder, GateRequest, GateTask, RequestId, erasure::Erased},
    envelope::{AccountId, Envelope, Meaning, Signable},
    identity::MemberId,
    key::PublicKey,
    scope::Verb,
    state::{
        StateError,
        tables::{Facts, LogPosition},
    },
    time::{Height, Moment, Timestamp},
    traits::key_gate::{Destruction, GatePlace, Permit},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::time::Duration;
use thiserror::Error;

/// How long after its block an entry of the access log opens a gate, unless the host sets another time.
pub const FRESH_FOR: Duration = Duration::from_secs(600);

/// Why nothing is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Error)]
#[non_exhaustive]
pub enum Withheld {
    /// Said to everybody who has not shown to be the author of the logged request or of the account: no reason.
    #[error("refused")]
    Refused,
    /// The log of this node does not hold the request.
    #[error("no such request is final at height {height}")]
    NotLogged {
        /// The node's finalised height.
        height: Height,
    },
    /// A record that the logged request did not name.
    #[error("record {position} was not part of the logged request")]
    NotAsked {
        /// Its place in the request to the gate, from 0.
        position: u16,
    },
    /// Logged too long ago for this node to rely on it; ask the ledger again.
    #[error("the request was logged at {at}, too long ago")]
    Outdated {
        /// Time of its block.
        at: Timestamp,
    },
    /// The ledger says no: it said so when it was asked, or would say so at this node's height.
    #[error("{reason}")]
    Denied {
        /// Why.
        reason: Reason,
    },
    /// The ledger of this node holds no such order of erasure.
    #[error("no such order of erasure is final at height {height}")]
    NotOrdered {
        /// The node's finalised height.
        height: Height,
    },
}

/// Why nothing is handed out, or why it could not be decided.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// Not permitted.
    #[error(transparent)]
    Withheld(#[from] Withheld),
    /// The state cannot be read: no answer, and so no partials.
    #[error(transparent)]
    State(#[from] StateError),
}

/// When a node decides: on which block, by which clock, and how old a log entry it relies on.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument, built by the caller")]
pub struct Watch {
    /// The node's last finalised block.
    pub at: Moment,
    /// The node's clock.
    pub now: Timestamp,
    /// Greatest age of a log entry; [`FRESH_FOR`] by default.
    pub fresh_for: Duration,
}

/// Decides a request to the gate on the state `facts` of the node's last finalised block.
///
/// # Errors
/// [`ReleaseError`]; the reason is meant for the author of the request.
pub fn release(facts: &Facts<'_>, asked: &Envelope<GateRequest>, watch: Watch) -> Result<Permit, ReleaseError> {
    let (account, author) = addressed(facts, asked)?;
    let member = MemberId::of(&author);
    let Some(known) = facts.member(&member)? else { return Err(Withheld::Refused.into()) };
    signed(asked)?;
    let body = asked.body();
    let entry = logged(facts, account, &body.request)?.ok_or(Withheld::NotLogged { height: watch.at.height })?;
    if entry.member != member {
        return Err(Withheld::Refused.into());
    }
    let foreign = (0..).zip(&body.records).find(|(_, record)| !entry.records.contains(record));
    if let Some((position, _)) = foreign {
        return Err(Withheld::NotAsked { position }.into());
    }
    if watch.now.since(entry.at.time) > watch.fresh_for {
        return Err(Withheld::Outdated { at: entry.at.time }.into());
    }
    still_allowed(facts, &entry, body, watch.at)?;
    let place = GatePlace { account, epoch: body.epoch, committee: body.committee };
    let (records, recipient) = (body.records.to_vec(), known.credential().kem());
    Ok(Permit::new((facts.chain(), place), records, recipient, asked.id(), watch.at.height))
}

/// What the log entry relied on, the grant or the emergency, has to allow the same again; and it has to be reading.
fn still_allowed(facts: &Facts<'_>, entry: &AccessEntry, body: &GateRequest, at: Moment) -> Result<(), ReleaseError> {
    let denied = |reason| Err(Withheld::Denied { reason }.into());
    let (grant, emergency) = match entry.outcome {
        AccessOutcome::Allowed { grant } => (Some(grant), None),
        AccessOutcome::BreakGlass { emergency } => (None, Some(emergency)),
        AccessOutcome::Denied { reason } => return denied(reason),
    };
    // Whoever may only write a later version needs no key of this one.
    if entry.verb != Verb::Query {
        return denied(Reason::WrongVerb);
    }
    // Another emergency of the same asker has requests of its own to count.
    if let Some(reason) = emergency.map_or(Ok(None), |id| emergency::ended(facts, &id, at))? {
        return denied(reason);
    }
    let records = List::new(body.records.to_vec()).map_err(|_| Withheld::Refused)?;
    let (verb, purpose) = (entry.verb, entry.purpose);
    let undertaking = entry.undertaking.clone();
    let request = AccessRequest { id: entry.request, records, verb, purpose, undertaking, grant };
    let question = Question { chain: facts.chain(), member: entry.member, account: entry.account, request: &request };
    // This request was counted when it was logged.
    match judge(facts, &question, at, Quotas::WereCounted)?.outcome() {
        AccessOutcome::Allowed { .. } | AccessOutcome::BreakGlass { .. } => Ok(()),
        AccessOutcome::Denied { reason } => denied(reason),
    }
}

/// What an account's order comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a gate keeps or destroys")]
pub enum Ordered<'a> {
    /// Keep this bundle.
    Keep(GatePlace, &'a [u8]),
    /// Destroy these keys.
    Destroy(Destruction),
}

/// Checks an account's order on the state `facts`, which the block at `height` left behind. One of the patient's keys is
/// enough to deal. To destroy, the ledger must hold the patient's order of erasure, which every one of the patient's keys
/// has signed, and it must name the same.
///
/// # Errors
/// [`Withheld::Refused`] if account, signature or target is another, [`Withheld::NotOrdered`]; [`ReleaseError::State`].
pub fn ordered<'a>(
    facts: &Facts<'_>,
    order: &'a Envelope<GateOrder>,
    height: Height,
) -> Result<Ordered<'a>, ReleaseError> {
    let refused = || ReleaseError::from(Withheld::Refused);
    let id = order.account().filter(|_| order.chain() == facts.chain()).ok_or_else(refused)?;
    let account = facts.account(&id)?.ok_or_else(refused)?;
    signed(order)?;
    let by_patient = order.endorsements().iter().any(|one| is_patient(&account, &one.signer()));
    if !by_patient {
        return Err(refused());
    }
    let body = order.body();
    let place = GatePlace { account: id, epoch: body.epoch, committee: body.committee };
    let (name, erased, record) = match &body.task {
        GateTask::Keep(letter) => return Ok(Ordered::Keep(place, letter.as_slice())),
        GateTask::EraseRecord(name, record) => (name, Erased::Record(*record), Some(*record)),
        GateTask::EraseEpoch(name) => (name, Erased::Epoch(body.epoch), None),
    };
    let erasure = facts.erasure(name)?.ok_or(Withheld::NotOrdered { height })?;
    if erasure.account() != id || erasure.order().erased != erased {
        return Err(refused());
    }
    // The receipt repeats the height of the order, which is the same at every node.
    let ordered = erasure.ordered().height;
    Ok(Ordered::Destroy(Destruction::new((facts.chain(), *name.as_bytes()), place, record, ordered)))
}

fn is_patient(account: &Account, key: &PublicKey) -> bool {
    account.policy().class_of(key) == Some(KeyClass::Patient)
}

/// Account and sole author of a request for this network.
fn addressed(facts: &Facts<'_>, asked: &Envelope<GateRequest>) -> Result<(AccountId, PublicKey), Withheld> {
    match (asked.account(), asked.endorsements()) {
        (Some(account), [one]) if asked.chain() == facts.chain() && one.meaning() == Meaning::Authored => {
            Ok((account, one.signer()))
        }
        _ => Err(Withheld::Refused),
    }
}

fn signed<T: Signable>(envelope: &Envelope<T>) -> Result<(), Withheld> {
    envelope.verify().map_err(|_| Withheld::Refused)
}

/// The log entry of a request, if the account's log holds it.
fn logged(facts: &Facts<'_>, account: AccountId, request: &RequestId) -> Result<Option<AccessEntry>, StateError> {
    let position: Option<LogPosition> = facts.get(&facts.places().request(request))?;
    match position.filter(|position| position.account == account) {
        Some(position) => facts.get(&facts.places().access(&account, position.number)),
        None => Ok(None),
    }
}
