//! Submitting: an institution asks a patient to take records into an account.

use super::{log, sweep};
use crate::{
    account::{
        Account, KeyClass,
        escrow::{Escrow, EscrowStatus, Intake, MAX_WAITING, Publication},
    },
    action::{Fault, Frame, Handler, Refusal, configure::require_inline_allowed, handler::acting_member},
    envelope::Meaning,
    identity::MemberId,
    key::{PublicKey, batch::Claim},
    record::index::IndexFacts,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use alloc::{collections::BTreeSet, vec::Vec};
use borsh::{BorshDeserialize, BorshSerialize};

/// Lets records wait for the patient.
///
/// Authored by one institution that the account takes publications of ([`Intake`]); every entry is signed by it for the
/// account, and carries no number yet.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Submit {
    /// What is to be published.
    pub publication: Publication,
}

impl Handler for Submit {
    fn claims(&self, frame: &Frame<'_>) -> Vec<Claim> {
        let Ok(account) = frame.account() else { return Vec::new() };
        self.publication.entries.iter().map(|entry| entry.claim(&frame.chain(), &account)).collect()
    }

    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        let (author, one) = (author(frame)?, &self.publication);
        if one.entries.is_empty() {
            return Err(Refusal::Empty);
        }
        let names: BTreeSet<_> = one.records().collect();
        if names.len() != one.entries.len() {
            return Err(Refusal::DuplicateRecord);
        }
        let own = |entry: &crate::record::IndexEntry| {
            entry.author() == author && entry.facts().sequence == IndexFacts::IN_ESCROW
        };
        if one.entries.iter().all(own) { Ok(()) } else { Err(Refusal::NotForEscrow) }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let (id, author, one) = (frame.account()?, author(frame)?, &self.publication);
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        may_publish(&author, &account, facts, at)?;
        if account.policy().class_of(&one.patient) != Some(KeyClass::Patient) {
            return Err(Refusal::NotAPatientKey.into());
        }
        if one.open.is_over(at.height, at.time) {
            return Err(Refusal::EscrowOver.into());
        }
        require_inline_allowed(one.note.as_slice().len(), facts)?;
        if facts.has(&facts.places().escrow(&one.address))? || facts.has(&facts.places().account(&one.address))? {
            return Err(Refusal::EscrowExists.into());
        }
        for record in one.records() {
            if facts.has(&facts.places().record(&record))? {
                return Err(Refusal::RecordExists { record }.into());
            }
        }
        let mut waiting = 0;
        for address in facts.escrows(&id)? {
            waiting += usize::from(facts.escrow(&address)?.is_some_and(|escrow| !escrow.is_over(at)));
        }
        if waiting < MAX_WAITING { Ok(()) } else { Err(Refusal::TooManyWaiting { max: MAX_WAITING }.into()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, author, places) = (frame.account()?, author(frame)?, Places::new(frame.chain()));
        sweep(&account, state, at, &places)?;
        let address = self.publication.address;
        let escrow = Escrow::new(account, author, self.publication.clone(), at);
        state.put(places.escrow(&address), &escrow)?;
        places.escrows(&account).push(&address.digest(), state)?;
        let asked = (MemberId::of(&author), EscrowStatus::Waiting, self.publication.records().collect());
        log(account, address, asked, state, at, &places)
    }
}

/// The one author.
fn author(frame: &Frame<'_>) -> Result<PublicKey, Refusal> {
    let mut authors = frame.signers(Meaning::Authored);
    match (authors.next(), authors.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => Err(Refusal::NoAuthor),
        (Some(_), Some(_)) => Err(Refusal::SeveralAuthors),
    }
}

/// Whether the account takes publications of the holder of `key`.
fn may_publish(key: &PublicKey, account: &Account, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
    let member = acting_member(key, facts, at.time)?.ok_or(Refusal::NotAMember)?;
    if !member.role().is_institution() {
        return Err(Refusal::NotAnInstitution.into());
    }
    let intake = facts.basic_info(&account.id())?.map_or(Intake::Cosigners, |info| info.intake);
    let open = match intake {
        Intake::Closed => false,
        Intake::Cosigners => account.policy().class_of(key) == Some(KeyClass::Cosigner),
        Intake::Institutions => true,
    };
    if open { Ok(()) } else { Err(Refusal::IntakeClosed { intake }.into()) }
}
