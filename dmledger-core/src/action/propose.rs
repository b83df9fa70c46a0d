//! Proposing: an action in an account's name goes onto the ledger before everybody it needs has signed.

use super::{Action, Fault, Frame, Handler, Refusal, handler::require_standing, settle::settle};
use crate::{
    account::{
        ProposalId,
        proposal::{LONGEST_WAIT, MAX_PENDING, MAX_PROPOSED_BYTES, NewProposal, Proposal, Waiting, is_over},
    },
    codec::{self, Bytes, CodecError},
    envelope::{Envelope, Meaning},
    key::{PublicKey, batch::Claim},
    state::{
        Delta,
        tables::{Facts, Places, accounts::Proposed},
    },
    time::Moment,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// Puts an action before the holders of an account.
///
/// Endorsed by one author, whose key has a say in the account, and by whoever has agreed already. If these suffice the
/// action is executed at once; otherwise it waits for [`Endorse`](super::Endorse) until `until`. The action stands in it
/// as bytes and cannot be a proposal itself, so nothing nests.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Propose {
    /// Canonical bytes of the action.
    pub action: Bytes<MAX_PROPOSED_BYTES>,
    /// First height, and first instant, at which the proposal no longer holds.
    pub until: Moment,
    /// 16 random bytes, so that the same thing can be proposed again.
    pub salt: [u8; 16],
}

impl Propose {
    /// Proposes `action`.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] above [`MAX_PROPOSED_BYTES`].
    pub fn new(action: &Action, until: Moment, salt: [u8; 16]) -> Result<Self, CodecError> {
        Ok(Self { action: Bytes::new(codec::encode(action))?, until, salt })
    }

    /// The action it holds.
    ///
    /// # Errors
    /// [`Refusal::UnreadableProposal`], [`Refusal::NotProposable`].
    pub fn content(&self) -> Result<Action, Refusal> {
        content(&self.action)
    }

    /// The one who proposes.
    fn proposer(frame: &Frame<'_>) -> Result<PublicKey, Refusal> {
        let mut authors = frame.signers(Meaning::Authored);
        match (authors.next(), authors.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(Refusal::NoAuthor),
            (Some(_), Some(_)) => Err(Refusal::SeveralAuthors),
        }
    }
}

/// Reads what a proposal holds: an action in an account's name that a policy can answer for.
pub(super) fn content(bytes: &Bytes<MAX_PROPOSED_BYTES>) -> Result<Action, Refusal> {
    let action: Action = codec::decode(bytes.as_slice()).map_err(|error| Refusal::UnreadableProposal { error })?;
    if action.handler().authority().is_some() { Ok(action) } else { Err(Refusal::NotProposable) }
}

impl Handler for Propose {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        Self::proposer(frame)?;
        self.content()?.handler().check(frame)
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let (id, proposer) = (frame.account()?, Self::proposer(frame)?);
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        require_standing(&account, frame, facts, at)?;
        if facts.has(&facts.places().proposal(&ProposalId::new(frame.id())))? {
            return Err(Refusal::ProposalExists.into());
        }
        if is_over(self.until, at) {
            return Err(Refusal::ProposalLapsed.into());
        }
        let latest = at.time.plus(LONGEST_WAIT);
        if self.until.time > latest {
            return Err(Refusal::WaitsTooLong { latest }.into());
        }
        let mut waiting = facts.waiting(&id)?;
        waiting.clear_lapsed(at);
        if waiting.room_for(&proposer) == 0 {
            return Err(Refusal::TooManyProposals { max: MAX_PENDING }.into());
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, places) = (frame.account()?, Places::new(frame.chain()));
        let (id, proposer, action) = (ProposalId::new(frame.id()), Self::proposer(frame)?, self.content()?);
        let kind = action.number();
        let content = Envelope::new(frame.chain(), Some(account), action).id();
        let number = places.proposals(&account).leaf(state)?.count();
        let parts = NewProposal { id, account, number, content, kind, proposer, proposed: at, until: self.until };
        let mut proposal = Proposal::new(parts);
        for (key, meaning) in frame.each_acting() {
            proposal = proposal.sign(key, meaning, at.height).map_err(|_| Refusal::TooManySigners)?;
        }
        let mut waiting = Facts::new(frame.chain(), state).waiting(&account)?;
        for lapsed in waiting.clear_lapsed(at) {
            state.delete(places.proposed(&lapsed));
        }
        let max = MAX_PENDING;
        let one = Waiting { proposal: id, proposer, until: self.until };
        waiting.push(one).map_err(|_| Refusal::TooManyProposals { max })?;
        state.put(places.waiting(&account), &waiting)?;
        state.put(places.proposed(&id), &Proposed(self.action.clone()))?;
        places.proposals(&account).push(&id.digest(), state)?;
        settle(proposal, frame.chain(), state, at)
    }

    fn claims(&self, frame: &Frame<'_>) -> Vec<Claim> {
        self.content().map(|action| action.handler().claims(frame)).unwrap_or_default()
    }
}
