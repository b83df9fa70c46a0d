//! Confirming: what waited moves into the account, all of it or nothing.

use super::{settle, waiting};
use crate::{
    account::{
        Authority,
        escrow::{EscrowStatus, Tweak, address},
    },
    action::{
        Fault, Frame, Handler, Refusal,
        handler::{require, require_member},
        party,
    },
    envelope::AccountId,
    hash::Digest,
    identity::MemberId,
    state::{
        Delta,
        tables::{AnchoredEntry, Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Releases a publication into the account.
///
/// Endorsed as the account's policy asks, so by the patient. The tweak shows that the patient has opened what the
/// institution sent, and that the waiting account is made of these two keys. The institution must still be a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Confirm {
    /// The waiting account.
    pub address: AccountId,
    /// What its address was made with.
    pub tweak: Tweak,
}

impl Handler for Confirm {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account().map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        require(Authority::Policy, &account, frame, facts, at)?;
        let escrow = waiting(&self.address, frame, facts)?;
        if escrow.is_over(at) {
            return Err(Refusal::EscrowOver.into());
        }
        let publication = escrow.waiting().ok_or(Refusal::EscrowDecided)?;
        let keys = [escrow.institution(), publication.patient];
        if address(&frame.chain(), &id, keys, &self.tweak) != self.address {
            return Err(Refusal::WrongTweak.into());
        }
        require_member(&MemberId::of(&escrow.institution()), facts, at.time)?;
        for entry in &publication.entries {
            let (record, epoch) = (entry.facts().record, entry.facts().epoch);
            party::living_epoch(&id, epoch, facts)?;
            if facts.has(&facts.places().record(&record))? {
                return Err(Refusal::RecordExists { record }.into());
            }
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, places) = (frame.account()?, Places::new(frame.chain()));
        let escrow = waiting(&self.address, frame, &Facts::new(frame.chain(), state))?;
        let publication = escrow.waiting().ok_or(Refusal::EscrowDecided)?;
        for entry in &publication.entries {
            let record = entry.facts().record;
            let anchored = AnchoredEntry { account, height: at.height, entry: entry.clone() };
            state.put(places.record(&record), &anchored)?;
            places.records(&account).push(&Digest::new(*record.as_bytes()), state)?;
        }
        settle(&self.address, escrow, EscrowStatus::Released, state, at, &places)
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Policy)
    }
}
