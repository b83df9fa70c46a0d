//! Endorsing: one more signature for a proposal, and what is proposed is done if it was the last that lacked.

use super::{Fault, Frame, Handler, Refusal, handler::require_standing, settle::settle};
use crate::{
    account::{
        ProposalId,
        proposal::{Proposal, ProposalStatus},
    },
    envelope::AccountId,
    state::{Delta, tables::Facts},
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Adds the endorsers' signatures to a proposal. Its name is a digest of what is proposed, so that is what they sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Endorse {
    /// Which proposal.
    pub proposal: ProposalId,
}

/// A pending proposal of this account.
///
/// # Errors
/// [`Refusal::UnknownProposal`], [`Refusal::ProposalEnded`], [`Refusal::ProposalLapsed`].
pub(super) fn pending(id: &ProposalId, account: &AccountId, facts: &Facts<'_>, at: Moment) -> Result<Proposal, Fault> {
    let proposal = facts.proposal(id)?.filter(|one| one.account() == *account).ok_or(Refusal::UnknownProposal)?;
    match proposal.status_at(at) {
        ProposalStatus::Pending => Ok(proposal),
        ProposalStatus::Lapsed => Err(Refusal::ProposalLapsed.into()),
        status => Err(Refusal::ProposalEnded { status }.into()),
    }
}

impl Handler for Endorse {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        if frame.acting().is_empty() { Err(Refusal::NoAuthor) } else { Ok(()) }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        let proposal = pending(&self.proposal, &id, facts, at)?;
        require_standing(&account, frame, facts, at)?;
        if frame.acting().iter().any(|key| proposal.has_signed(key)) {
            return Err(Refusal::EndorsedAlready.into());
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let mut proposal = pending(&self.proposal, &frame.account()?, &Facts::new(frame.chain(), state), at)?;
        for (key, meaning) in frame.each_acting() {
            proposal = proposal.sign(key, meaning, at.height).map_err(|_| Refusal::TooManySigners)?;
        }
        settle(proposal, frame.chain(), state, at)
    }
}
