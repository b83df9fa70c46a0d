//! The data centre configures the admission contract: what it takes to become a member, from the next block on.

use super::{
    Fault, Frame, Handler, Refusal,
    configure::{AdmissionContract, Settings, replace_contract},
    handler::{acting_member, require_approvals},
};
use crate::{
    envelope::Meaning,
    identity::Role,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Puts another admission contract into force.
///
/// Authored by a data centre that is a member, endorsed as approved by as many members as the contract in force asks
/// for; a data centre alone changes nothing, the others without it neither. Contracts are numbered, so that an old one
/// cannot be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct ConfigureAdmission {
    /// The whole new contract, with the number after the one in force.
    pub contract: AdmissionContract,
}

impl Handler for ConfigureAdmission {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.no_account()?;
        if self.contract.approvals == 0 {
            return Err(Refusal::NobodyApproves);
        }
        frame.signers(Meaning::Authored).next().map(|_| ()).ok_or(Refusal::NoAuthor)
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let settings = Settings::read(facts)?;
        let expected = settings.contract().number.saturating_add(1);
        if self.contract.number != expected {
            return Err(Refusal::WrongContract { found: self.contract.number, expected }.into());
        }
        let mut by_data_centre = false;
        for key in frame.signers(Meaning::Authored) {
            let author = acting_member(&key, facts, at.time)?;
            by_data_centre |= author.is_some_and(|member| member.role() == Role::DataCentre);
        }
        if !by_data_centre {
            return Err(Refusal::NotADataCentre.into());
        }
        require_approvals(frame, facts, at, None)?;
        // A contract that more members must approve than there are could never be changed again.
        let members = Places::new(frame.chain()).members().leaf(facts.state())?.count();
        if u64::from(self.contract.approvals) > members {
            return Err(Refusal::NobodyApproves.into());
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, _: Moment) -> Result<(), Fault> {
        replace_contract(self.contract, state, frame.chain())
    }
}
