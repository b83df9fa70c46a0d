//! Referring: an institution lets another use what it may use itself, if its agreement says that it may.

use super::{Fault, Frame, Handler, Refusal, grant, party, replace};
use crate::{
    consent::{
        GrantId, Standing,
        agreement::{AgreementEvent, AgreementRecord},
        grant::{Grant, Origin},
    },
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Gives another institution a grant within the author's own.
///
/// Endorsed by the referring institution alone: the patient agreed to referrals, and to how many, in the agreement. The
/// grant serves only while the referrer's does, spends the referrer's quota beside its own, and cannot be referred on.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Refer {
    /// The referrer's grant, the right of its agreement.
    pub from: GrantId,
    /// The other's grant; names one institution.
    pub grant: Grant,
}

impl Refer {
    /// The agreement that allows it.
    fn agreement(&self, frame: &Frame<'_>, facts: &Facts<'_>) -> Result<AgreementRecord, Fault> {
        match party::grant_of(&frame.account()?, &self.from, facts)?.origin() {
            Origin::Agreed { agreement } => party::agreement_of(&frame.account()?, &agreement, facts),
            _ => Err(Refusal::NoReferral.into()),
        }
    }
}

impl Handler for Refer {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        party::author(frame)?;
        grant::shape(&self.grant)
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let account = party::account(frame, facts)?.id();
        let referrer = party::acting_author(frame, facts, at)?.id();
        let record = party::grant_of(&account, &self.from, facts)?;
        if record.grant().audience.member() != Some(referrer) {
            return Err(Refusal::NotTheGrantee.into());
        }
        if self.agreement(frame, facts)?.referrals_left() == 0 {
            return Err(Refusal::NoReferral.into());
        }
        if record.standing(at) != Standing::InForce {
            return Err(Refusal::GrantEnded.into());
        }
        let other = self.grant.audience.member().filter(|member| *member != referrer);
        let other = facts.member(&other.ok_or(Refusal::OtherAudience)?)?;
        if other.is_some_and(|member| !member.role().is_institution()) {
            return Err(Refusal::PartyNotInstitution.into());
        }
        replace::within(&self.grant, &record)?;
        grant::admissible(&account, &self.grant, None, facts, at)
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (agreement, by) = {
            let facts = Facts::new(frame.chain(), state);
            (self.agreement(frame, &facts)?, party::acting_author(frame, &facts, at)?.id())
        };
        let id = agreement.id();
        state.put(Places::new(frame.chain()).agreement(&id), &agreement.refer())?;
        grant::enter(&self.grant, Origin::Referred { from: self.from, by }, frame, state, at)?;
        party::log(&id, AgreementEvent::Referred { grant: self.grant.id }, frame, state, at)
    }
}
