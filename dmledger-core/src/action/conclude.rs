//! Concluding an agreement: the institution has signed it, the account's holders accept it.

use super::{Fault, Frame, Handler, Refusal, grant, party, replace};
use crate::{
    account::Authority,
    codec::List,
    consent::{
        AgreementRecord, SignedAgreement,
        agreement::{AgreementEvent, EndedBy, MAX_REFERRALS},
        grant::{Effect, Origin},
    },
    identity::MemberId,
    key::batch::Claim,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use alloc::{collections::BTreeSet, vec::Vec};
use borsh::{BorshDeserialize, BorshSerialize};

/// Puts an agreement and the right it gives into effect; if it names an earlier one, in that one's place.
///
/// The institution's signature stands inside, over the agreement's digest. Endorsed as the account's policy asks.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Conclude {
    /// The agreement, signed by the institution.
    pub signed: SignedAgreement,
}

impl Conclude {
    /// The agreement whose place it takes.
    fn before(&self, frame: &Frame<'_>, facts: &Facts<'_>) -> Result<Option<AgreementRecord>, Fault> {
        let agreement = self.signed.agreement();
        let Some(before) = agreement.supersedes else { return Ok(None) };
        let before = party::agreement_of(&frame.account()?, &before, facts)?;
        if before.agreement().institution != agreement.institution {
            return Err(Refusal::OtherAudience.into());
        }
        Ok(Some(before))
    }

    /// Every record of the index has to be an original of this account: its versions come with it.
    fn index(&self, frame: &Frame<'_>, facts: &Facts<'_>) -> Result<(), Fault> {
        let account = frame.account()?;
        for (position, record) in (0..).zip(&self.signed.agreement().index) {
            let is_hers = facts.record(record)?.is_some_and(|found| found.account == account);
            if !is_hers || facts.version(record)?.is_some() {
                return Err(Refusal::UnknownRecord { position }.into());
            }
        }
        Ok(())
    }
}

impl Handler for Conclude {
    fn claims(&self, frame: &Frame<'_>) -> Vec<Claim> {
        let account = frame.account();
        account.map(|account| self.signed.claim(&frame.chain(), &account)).into_iter().collect()
    }

    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        let agreement = self.signed.agreement();
        let terms = &agreement.terms;
        if MemberId::of(&self.signed.key()) != agreement.institution {
            return Err(Refusal::NotTheGrantee);
        }
        if terms.audience.member() != Some(agreement.institution) {
            return Err(Refusal::OtherAudience);
        }
        if terms.effect != Effect::Permit {
            return Err(Refusal::NotAPermit);
        }
        if agreement.referrals > MAX_REFERRALS {
            return Err(Refusal::TooManyReferrals { max: MAX_REFERRALS });
        }
        if agreement.index.iter().collect::<BTreeSet<_>>().len() != agreement.index.len() {
            return Err(Refusal::DuplicateRecord);
        }
        grant::shape(terms)
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let account = party::account(frame, facts)?;
        party::holders(&account, frame, facts, at)?;
        let agreement = self.signed.agreement();
        if facts.has(&facts.places().agreement(&agreement.id))? {
            return Err(Refusal::AgreementExists.into());
        }
        if facts.member(&agreement.institution)?.is_some_and(|member| !member.role().is_institution()) {
            return Err(Refusal::PartyNotInstitution.into());
        }
        self.index(frame, facts)?;
        let gone = self.before(frame, facts)?.map(|before| before.grant());
        grant::admissible(&account.id(), &agreement.terms, gone, facts, at)
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, places) = (frame.account()?, Places::new(frame.chain()));
        let agreement = self.signed.agreement();
        let id = agreement.id;
        let before = self.before(frame, &Facts::new(frame.chain(), state))?;
        if let Some(before) = before {
            let (old, right) = (before.id(), before.grant());
            state.put(places.agreement(&old), &before.end(at.height, EndedBy::Renewal(id)))?;
            replace::supersede(&right, &agreement.terms.id, frame, state, at)?;
            party::log(&old, AgreementEvent::Renewed { by: id }, frame, state, at)?;
        }
        let number = places.agreements(&account).leaf(state)?.count();
        // An envelope carries no more endorsements than fit here.
        let holders = List::new(frame.acting().into_iter().collect()).unwrap_or_default();
        let record = AgreementRecord::new(account, self.signed.clone(), number, at, holders);
        state.put(places.agreement(&id), &record)?;
        places.agreements(&account).push(&id.list_member(), state)?;
        grant::enter(&agreement.terms, Origin::Agreed { agreement: id }, frame, state, at)?;
        party::log(&id, AgreementEvent::Concluded, frame, state, at)
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Policy)
    }
}
