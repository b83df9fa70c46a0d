//! Opening an account: the patient's keys, and somebody who knows whose they are.

use super::{
    Fault, Frame, Handler, Refusal,
    amend::{adopt, may_enter},
    equip::register,
    handler::acting_member,
};
use crate::{
    account::{Account, Device, KeyClass, MAX_GATEWAYS, Policy, PolicyCause, address},
    codec::List,
    envelope::Meaning,
    identity::MemberId,
    key::PublicKey,
    record::DataKind,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use alloc::collections::BTreeSet;
use borsh::{BorshDeserialize, BorshSerialize};

/// Opens an account for one kind of data.
///
/// A patient's account has a medical policy and is endorsed by every patient key in it; an account without patient keys
/// is endorsed as its own policy asks. Either way a residence or an end node that is a member endorses as witness: it
/// certifies that the keys are whose they are said to be. A patient's keys serve one account only; otherwise anybody
/// could see which accounts belong together.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Open {
    /// 32 random bytes that make the address unguessable.
    pub salt: [u8; 32],
    /// The kind of data it will hold.
    pub kind: DataKind,
    /// Who must sign.
    pub policy: Policy,
    /// Keys that may author entries: the home gateway's and devices'.
    pub gateways: List<PublicKey, MAX_GATEWAYS>,
}

impl Open {
    /// The residence or end node that witnesses.
    fn certifier(frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<Option<MemberId>, Fault> {
        for key in frame.signers(Meaning::Witnessed) {
            let member = acting_member(&key, facts, at.time)?.filter(|member| member.role().certifies_patients());
            if let Some(member) = member {
                return Ok(Some(member.id()));
            }
        }
        Ok(None)
    }
}

impl Handler for Open {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        if frame.account()? != address(&frame.chain(), self.kind, &self.policy, &self.salt) {
            return Err(Refusal::WrongAddress);
        }
        if self.gateways.iter().collect::<BTreeSet<_>>().len() != self.gateways.len() {
            return Err(Refusal::DeviceExists);
        }
        let acting = frame.acting();
        let patient = || self.policy.keys_of(KeyClass::Patient);
        if patient().next().is_none() {
            return Ok(self.policy.satisfied_by(acting)?);
        }
        if !self.policy.is_medical() {
            return Err(Refusal::NotMedical);
        }
        let (need, have) = (patient().count(), patient().filter(|key| acting.contains(key)).count());
        if have < need {
            let count = |n| u8::try_from(n).unwrap_or(u8::MAX);
            return Err(Refusal::MissingPatientKeys { have: count(have), need: count(need) });
        }
        Ok(())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        if facts.has(&facts.places().account(&frame.account()?))? {
            return Err(Refusal::AccountExists.into());
        }
        let patient = self.policy.keys_of(KeyClass::Patient).copied().collect();
        may_enter(&frame.account()?, &patient, facts)?;
        Self::certifier(frame, facts, at)?.map(|_| ()).ok_or_else(|| Refusal::NoCertifier.into())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (id, places) = (frame.account()?, Places::new(frame.chain()));
        let certifier = Self::certifier(frame, &Facts::new(frame.chain(), state), at)?.ok_or(Refusal::NoCertifier)?;
        let account = Account::new(id, self.kind, self.policy.clone(), self.gateways.clone(), certifier, at.height);
        for (number, key) in (0..).zip(&self.gateways) {
            register(&Device::at_opening(*key, id, number, at.height), &places, state)?;
        }
        adopt(frame.chain(), &account, PolicyCause::Opened, state, at)
    }
}
