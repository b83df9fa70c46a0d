//! The log of diagnosis and treatment: an institution puts a note on file under its agreement.

use super::{Fault, Frame, Handler, Refusal, party};
use crate::{
    consent::{
        AgreementId, RequestId,
        agreement::{AgreementEvent, NoteKind},
    },
    hash::Digest,
    state::{
        Delta,
        tables::{Facts, Places, Present},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Adds a note to an agreement's log. The note stays with the parties, sealed like any record; the ledger has its digest.
///
/// Endorsed by the institution alone: it writes about its own work, into a log of its own.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Note {
    /// Under which agreement.
    pub agreement: AgreementId,
    /// About what.
    pub kind: NoteKind,
    /// Salted digest of the note; the note's name in this log.
    pub digest: Digest,
    /// The visit it belongs to.
    pub request: Option<RequestId>,
}

impl Handler for Note {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        party::author(frame).map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let account = frame.account()?;
        let author = party::acting_author(frame, facts, at)?.id();
        let agreement = party::agreement_of(&account, &self.agreement, facts)?;
        if agreement.agreement().institution != author {
            return Err(Refusal::NotTheGrantee.into());
        }
        if facts.has(&facts.places().agreement_note(&self.agreement, &self.digest))? {
            return Err(Refusal::NoteExists.into());
        }
        let Some(request) = self.request else { return Ok(()) };
        let visit = facts.answer(&request)?;
        let is_hers = visit.is_some_and(|visit| visit.account == account && visit.member == author);
        if is_hers { Ok(()) } else { Err(Refusal::UnknownRequest.into()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let place = Places::new(frame.chain()).agreement_note(&self.agreement, &self.digest);
        state.put(place, &Present)?;
        let event = AgreementEvent::Noted { kind: self.kind, digest: self.digest, request: self.request };
        party::log(&self.agreement, event, frame, state, at)
    }
}
