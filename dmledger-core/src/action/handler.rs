//! The three checks every action passes.

use super::{Refusal, configure::Settings};
use crate::{
    envelope::{AccountId, ChainId, Endorsement, Envelope, Meaning, Signable},
    hash::Digest,
    identity::{Member, MemberId},
    key::{PublicKey, batch::Claim},
    state::{Delta, StateError, tables::Facts},
    time::{Moment, Timestamp},
};
use alloc::{collections::BTreeSet, vec::Vec};
use thiserror::Error;

/// What surrounds an action: chain, account, identity, and who endorsed it. All signatures have been verified.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    chain: ChainId,
    account: Option<AccountId>,
    id: Digest,
    endorsements: &'a [Endorsement],
}

impl<'a> Frame<'a> {
    /// The frame of an envelope.
    #[must_use]
    pub fn of<T: Signable>(envelope: &'a Envelope<T>) -> Self {
        Self {
            chain: envelope.chain(),
            account: envelope.account(),
            id: envelope.id(),
            endorsements: envelope.endorsements(),
        }
    }

    /// The network.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// The action's identity.
    #[must_use]
    pub const fn id(&self) -> Digest {
        self.id
    }

    /// The account it is for.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`] if it names none.
    pub fn account(&self) -> Result<AccountId, Refusal> {
        self.account.ok_or(Refusal::NoAccount)
    }

    /// Checks that it concerns the network as a whole.
    ///
    /// # Errors
    /// [`Refusal::UnexpectedAccount`] if it names an account.
    pub const fn no_account(&self) -> Result<(), Refusal> {
        if self.account.is_some() { Err(Refusal::UnexpectedAccount) } else { Ok(()) }
    }

    /// Who endorsed in this sense.
    pub fn signers(&self, meaning: Meaning) -> impl Iterator<Item = PublicKey> + use<'a> {
        self.endorsements.iter().filter(move |one| one.meaning() == meaning).map(Endorsement::signer)
    }

    /// Who acts: authors, approvers and co-signers, each once. A witness only saw it.
    #[must_use]
    pub fn acting(&self) -> BTreeSet<PublicKey> {
        self.endorsements.iter().filter(|one| one.meaning() != Meaning::Witnessed).map(Endorsement::signer).collect()
    }
}

/// The rules of one action.
///
/// A host's own action implements this as ours do. Nothing here may depend on anything but the arguments: every node
/// runs it and must come to the same result.
pub trait Handler {
    /// What shows without any state: shape, ranges, who has to have signed at all.
    ///
    /// # Errors
    /// [`Refusal`], for ever: nothing that happens later makes the action acceptable.
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal>;

    /// The signatures inside the body, beside the endorsements around it; all are verified before [`Self::verify`].
    fn claims(&self, _: &Frame<'_>) -> Vec<Claim> {
        Vec::new()
    }

    /// Whether the action fits the state, in a block at `at`.
    ///
    /// # Errors
    /// [`Fault::Refused`]: not now; [`Fault::State`]: cannot be told.
    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault>;

    /// Changes the state, after [`Self::verify`] has agreed on the same state and moment.
    ///
    /// # Errors
    /// [`Fault`]; the caller takes back what was written.
    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault>;
}

/// Why an action was not executed: the rules said no, or the state could not be read.
#[derive(Debug, Error)]
#[expect(clippy::exhaustive_enums, reason = "either the rules or the state")]
pub enum Fault {
    /// The rules said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Checks that as many institutions as an admission takes have approved; `except` does not count.
pub(super) fn require_approvals(
    frame: &Frame<'_>,
    facts: &Facts<'_>,
    at: Moment,
    except: Option<MemberId>,
) -> Result<(), Fault> {
    let need = Settings::read(facts)?.approvals();
    let mut have = 0;
    for key in frame.signers(Meaning::Approved) {
        let member = acting_member(&key, facts, at.time)?;
        if member.is_some_and(|member| member.role().is_institution() && Some(member.id()) != except) {
            have += 1;
        }
    }
    if have >= need { Ok(()) } else { Err(Refusal::MissingApprovals { have, need }.into()) }
}

/// The active member with this ledger key.
pub(super) fn acting_member(key: &PublicKey, facts: &Facts<'_>, time: Timestamp) -> Result<Option<Member>, StateError> {
    let member = facts.member(&MemberId::of(key))?;
    Ok(member.filter(|member| member.acts_at(time)))
}
