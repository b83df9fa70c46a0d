//! Renewal: a member goes on with a new certificate for the same ledger key and role.

use super::{Fault, Frame, Handler, Refusal, admit};
use crate::{
    codec::Bytes,
    envelope::Meaning,
    identity::{MemberId, MemberStatus, certificate::MAX_CERTIFICATE_BYTES},
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Replaces a member's certificate. Endorsed as authored by the member; what was approved at admission, key and role,
/// stays as it is, so nobody approves again. A certificate that has run out can still be renewed.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Renew {
    /// The new certificate, DER.
    pub certificate: Bytes<MAX_CERTIFICATE_BYTES>,
}

impl Handler for Renew {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        let binding = admit::check(&self.certificate, frame)?;
        let is_author = frame.signers(Meaning::Authored).any(|key| key == binding.key());
        if is_author { Ok(()) } else { Err(Refusal::NoAuthor) }
    }

    fn verify(&self, _: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let credential = admit::credential(&self.certificate, facts, at)?;
        let member = facts.member(&MemberId::of(&credential.key()))?.ok_or(Refusal::NotAMember)?;
        if let MemberStatus::Revoked { height } = member.status() {
            return Err(Refusal::MemberDismissed { height }.into());
        }
        if credential.role() != member.role() {
            return Err(Refusal::RoleChanged.into());
        }
        // An older certificate sent again would take back what a newer one gave.
        if credential.valid().end() <= member.valid().end() {
            return Err(Refusal::NotLater { until: member.valid().end() }.into());
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let member = {
            let facts = Facts::new(frame.chain(), state);
            let credential = admit::credential(&self.certificate, &facts, at)?;
            facts.member(&MemberId::of(&credential.key()))?.ok_or(Refusal::NotAMember)?.renew(credential)
        };
        Ok(state.put(Places::new(frame.chain()).member(&member.id()), &member)?)
    }
}
