//! Admission: a certificate alone makes nobody a member; institutions that are members have to agree.

use super::{
    Fault, Frame, Handler, Refusal,
    configure::{Founder, Settings},
    handler::require_approvals,
};
use crate::{
    codec::Bytes,
    identity::{Binding, Certificate, Credential, Member, MemberId, certificate::MAX_CERTIFICATE_BYTES},
    quorum::Address,
    state::{Delta, tables::Facts},
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Makes the holder of a certificate a member.
///
/// Endorsed as approved by as many members as the admission contract asks for, for a role it is open to; a founding
/// member with the key, role and name that genesis gives needs none, nor does one the network's profile welcomes. The
/// holder itself has signed inside the certificate.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Admit {
    /// The certificate, DER.
    pub certificate: Bytes<MAX_CERTIFICATE_BYTES>,
}

/// Checks what a certificate shows by itself: that it reads, and is for this network as the envelope is.
pub(super) fn check(der: &Bytes<MAX_CERTIFICATE_BYTES>, frame: &Frame<'_>) -> Result<Binding, Refusal> {
    frame.no_account()?;
    let binding = Certificate::from_der(der.as_slice())?.binding()?;
    if binding.chain() == frame.chain() { Ok(binding) } else { Err(Refusal::WrongChain) }
}

/// Verifies a certificate against the authorities in force.
pub(super) fn credential(
    der: &Bytes<MAX_CERTIFICATE_BYTES>,
    facts: &Facts<'_>,
    at: Moment,
) -> Result<Credential, Fault> {
    let authorities = Settings::read(facts)?.authorities().map_err(Refusal::from)?;
    let certificate = Certificate::from_der(der.as_slice()).map_err(Refusal::from)?;
    Ok(certificate.verify(&authorities, facts.chain(), at.time).map_err(Refusal::from)?)
}

impl Handler for Admit {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        check(&self.certificate, frame).map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let credential = credential(&self.certificate, facts, at)?;
        let id = MemberId::of(&credential.key());
        if facts.has(&facts.places().member(&id))? {
            return Err(Refusal::AlreadyMember.into());
        }
        // A key serves one purpose: a node's is not its owner's.
        if facts.node(&Address::of(&credential.key()))?.is_some() {
            return Err(Refusal::NodeKeyInUse.into());
        }
        let founder: Option<Founder> = facts.get(&facts.places().founder(&id))?;
        if founder.is_some_and(|one| one.role == credential.role() && one.name == *credential.name()) {
            return Ok(());
        }
        let settings = Settings::read(facts)?;
        settings.contract().admits(&credential)?;
        if settings.profile().welcomes(credential.role()) {
            return Ok(());
        }
        require_approvals(frame, facts, at, None)
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (member, places) = {
            let facts = Facts::new(frame.chain(), state);
            (Member::admit(credential(&self.certificate, &facts, at)?, at.height), *facts.places())
        };
        state.put(places.member(&member.id()), &member)?;
        places.members().push(&member.id().digest(), state)?;
        Ok(())
    }
}
