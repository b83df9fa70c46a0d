//! Settling a proposal: once its signers suffice, what it holds is done, in the same block and as a whole.

use super::{Fault, Frame, Refusal, handler::counts, propose::content};
use crate::{
    account::proposal::{Proposal, ProposalStatus},
    envelope::ChainId,
    state::{
        Delta, StateError,
        tables::{Facts, Places},
    },
    time::Moment,
};
use alloc::vec::Vec;

/// Does what a proposal holds if its signers suffice under the policy in force, and writes down what came of it.
///
/// What it holds runs through its own three checks. If they refuse, nothing is left of it but the refusal's number in
/// the proposal. A signer whose key has left the policy, whose membership has ended, or whose device was retired since
/// it signed does not count.
///
/// # Errors
/// [`Fault::State`]; the rules' refusal of what is proposed is no error here.
pub(super) fn settle(proposal: Proposal, chain: ChainId, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
    let (id, places) = (proposal.account(), Places::new(chain));
    let (action, signers, suffices) = {
        let facts = Facts::new(chain, state);
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        let proposed = facts.proposed(&proposal.id())?.ok_or(Refusal::UnknownProposal)?;
        let action = content(&proposed.0)?;
        let authority = action.handler().authority().ok_or(Refusal::NotProposable)?;
        let mut signers = Vec::new();
        for signer in proposal.standing() {
            if counts(&signer.key, &account, &facts, at)? {
                signers.push((signer.key, signer.meaning));
            }
        }
        let suffices = authority.satisfied_by(account.policy(), signers.iter().map(|(key, _)| *key)).is_ok();
        (action, signers, suffices)
    };
    if !suffices {
        return Ok(state.put(places.proposal(&proposal.id()), &proposal)?);
    }
    let frame = Frame::collected(chain, id, proposal.content(), &signers);
    let handler = action.handler();
    let done = state.attempt(|state| {
        handler.check(&frame)?;
        handler.verify(&frame, &Facts::new(chain, state), at)?;
        handler.execute(&frame, state, at)
    });
    let height = at.height;
    let status = match done {
        Ok(()) => ProposalStatus::Executed { height },
        Err(Fault::Refused(refusal)) => ProposalStatus::Failed { height, code: refusal.code() },
        Err(Fault::State(error)) => return Err(error.into()),
    };
    Ok(close(&proposal.end(status), chain, state)?)
}

/// Writes down a proposal that has ended, and takes it from those that wait.
pub(super) fn close(proposal: &Proposal, chain: ChainId, state: &mut Delta<'_>) -> Result<(), StateError> {
    let (id, account, places) = (proposal.id(), proposal.account(), Places::new(chain));
    let mut waiting = Facts::new(chain, state).waiting(&account)?;
    waiting.remove(&id);
    if waiting.all().is_empty() {
        state.delete(places.waiting(&account));
    } else {
        state.put(places.waiting(&account), &waiting)?;
    }
    state.delete(places.proposed(&id));
    state.put(places.proposal(&id), proposal)
}
