//! Admission: a certificate alone makes nobody a member; institutions that are members have to agree.

use super::{
    Fault, Frame, Handler, Refusal,
    configure::{Founder, Settings},
    handler::acting_member,
};
use crate::{
    codec::Bytes,
    envelope::{ChainId, Meaning},
    identity::{Certificate, Credential, Member, MemberId, certificate::MAX_CERTIFICATE_BYTES},
    state::{Delta, tables::Facts},
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Makes the holder of a certificate a member.
///
/// Endorsed as approved by as many institutions as genesis asks for; a founding member with the key, role and name that
/// genesis gives needs none. The holder itself has signed inside the certificate.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Admit {
    /// The certificate, DER.
    pub certificate: Bytes<MAX_CERTIFICATE_BYTES>,
}

impl Admit {
    fn credential(&self, chain: ChainId, facts: &Facts<'_>, at: Moment) -> Result<Credential, Fault> {
        let authorities = Settings::read(facts)?.authorities().map_err(Refusal::from)?;
        let certificate = Certificate::from_der(self.certificate.as_slice()).map_err(Refusal::from)?;
        Ok(certificate.verify(&authorities, chain, at.time).map_err(Refusal::from)?)
    }
}

impl Handler for Admit {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.no_account()?;
        let binding = Certificate::from_der(self.certificate.as_slice())?.binding()?;
        if binding.chain() == frame.chain() { Ok(()) } else { Err(Refusal::WrongChain) }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let credential = self.credential(frame.chain(), facts, at)?;
        let id = MemberId::of(&credential.key());
        if facts.has(&facts.places().member(&id))? {
            return Err(Refusal::AlreadyMember.into());
        }
        let founder: Option<Founder> = facts.get(&facts.places().founder(&id))?;
        if founder.is_some_and(|one| one.role == credential.role() && one.name == *credential.name()) {
            return Ok(());
        }
        let need = Settings::read(facts)?.approvals();
        let mut have = 0;
        for key in frame.signers(Meaning::Approved) {
            if acting_member(&key, facts, at.time)?.is_some_and(|member| member.role().is_institution()) {
                have += 1;
            }
        }
        if have >= need { Ok(()) } else { Err(Refusal::MissingApprovals { have, need }.into()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (member, places) = {
            let facts = Facts::new(frame.chain(), state);
            (Member::admit(self.credential(frame.chain(), &facts, at)?, at.height), *facts.places())
        };
        state.put(places.member(&member.id()), &member)?;
        places.members().push(&member.id().digest(), state)?;
        Ok(())
    }
}
