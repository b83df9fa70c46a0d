//! Withdrawing: a proposal is taken back, rejected, or loses a signature.

use super::{Fault, Frame, Handler, Refusal, endorse::pending, settle::close};
use crate::{
    account::{
        KeyClass, Policy, ProposalId,
        proposal::{Proposal, ProposalStatus},
    },
    key::PublicKey,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::{Height, Moment},
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Ends a proposal, or the signer's part in it. Endorsed by one key: the proposer's takes the proposal back; any patient
/// key rejects it; anybody else's takes its own endorsement back, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Withdraw {
    /// Which proposal.
    pub proposal: ProposalId,
}

/// The one who signs.
fn signer(frame: &Frame<'_>) -> Result<PublicKey, Refusal> {
    let acting = frame.acting();
    match (acting.first(), acting.len()) {
        (Some(key), 1) => Ok(*key),
        (None, _) => Err(Refusal::NoAuthor),
        _ => Err(Refusal::SeveralAuthors),
    }
}

/// How the proposal ends by this signer; `None` if only its own endorsement goes.
fn end(proposal: &Proposal, policy: &Policy, signer: PublicKey, height: Height) -> Option<ProposalStatus> {
    if proposal.proposer() == signer {
        return Some(ProposalStatus::Withdrawn { height });
    }
    let patient = policy.class_of(&signer) == Some(KeyClass::Patient);
    patient.then_some(ProposalStatus::Rejected { height, by: signer })
}

impl Handler for Withdraw {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        signer(frame).map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let (id, signer) = (frame.account()?, signer(frame)?);
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        let proposal = pending(&self.proposal, &id, facts, at)?;
        let ends = end(&proposal, account.policy(), signer, at.height).is_some();
        let retracts = || proposal.standing().any(|one| one.key == signer);
        if ends || retracts() { Ok(()) } else { Err(Refusal::NotYoursToWithdraw.into()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (id, signer, chain) = (frame.account()?, signer(frame)?, frame.chain());
        let (proposal, status) = {
            let facts = Facts::new(chain, state);
            let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
            let proposal = pending(&self.proposal, &id, &facts, at)?;
            let status = end(&proposal, account.policy(), signer, at.height);
            (proposal, status)
        };
        match status {
            Some(status) => Ok(close(&proposal.end(status), chain, state)?),
            None => {
                let proposal = proposal.retract(&signer, at.height);
                Ok(state.put(Places::new(chain).proposal(&proposal.id()), &proposal)?)
            }
        }
    }
}
