//! The three checks every action passes.

use super::{Refusal, configure::Settings};
use crate::{
    account::{Account, Authority, KeyClass},
    envelope::{AccountId, ChainId, Endorsement, Envelope, Meaning, Signable},
    hash::Digest,
    identity::{Member, MemberId},
    key::{PublicKey, batch::Claim},
    state::{Delta, StateError, tables::Facts},
    time::{Moment, Timestamp},
    traits::proof_verifier::ProofClaim,
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use thiserror::Error;

/// What surrounds an action: chain, account, identity, and who endorsed it. All signatures have been verified.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    chain: ChainId,
    account: Option<AccountId>,
    id: Digest,
    endorsed: Endorsed<'a>,
}

/// Who endorsed: in one envelope, or one by one on the ledger.
#[derive(Clone, Copy, Debug)]
enum Endorsed<'a> {
    Together(&'a [Endorsement]),
    Collected(&'a [(PublicKey, Meaning)]),
}

impl Endorsed<'_> {
    fn get(&self, position: usize) -> Option<(PublicKey, Meaning)> {
        match self {
            Self::Together(all) => all.get(position).map(|one| (one.signer(), one.meaning())),
            Self::Collected(all) => all.get(position).copied(),
        }
    }
}

impl<'a> Frame<'a> {
    /// The frame of an envelope.
    #[must_use]
    pub fn of<T: Signable>(envelope: &'a Envelope<T>) -> Self {
        Self {
            chain: envelope.chain(),
            account: envelope.account(),
            id: envelope.id(),
            endorsed: Endorsed::Together(envelope.endorsements()),
        }
    }

    /// The frame of an action in an account's name whose signatures came one by one: `id` is the identity it would have
    /// in an envelope of its own.
    #[must_use]
    pub const fn collected(
        chain: ChainId,
        account: AccountId,
        id: Digest,
        signers: &'a [(PublicKey, Meaning)],
    ) -> Self {
        Self { chain, account: Some(account), id, endorsed: Endorsed::Collected(signers) }
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

    /// Everybody who endorsed, and in what sense.
    pub fn endorsers(&self) -> impl Iterator<Item = (PublicKey, Meaning)> + use<'a> {
        let endorsed = self.endorsed;
        (0..).map_while(move |position| endorsed.get(position))
    }

    /// Who endorsed in this sense.
    pub fn signers(&self, meaning: Meaning) -> impl Iterator<Item = PublicKey> + use<'a> {
        self.endorsers().filter(move |(_, sense)| *sense == meaning).map(|(key, _)| key)
    }

    /// Who acts: authors, approvers and co-signers, each once. A witness only saw it.
    #[must_use]
    pub fn acting(&self) -> BTreeSet<PublicKey> {
        self.each_acting().into_keys().collect()
    }

    /// Who acts, each once, with the first of the senses in which it signed.
    pub(super) fn each_acting(&self) -> BTreeMap<PublicKey, Meaning> {
        let mut all = BTreeMap::new();
        for (key, meaning) in self.endorsers().filter(|(_, meaning)| *meaning != Meaning::Witnessed) {
            all.entry(key).or_insert(meaning);
        }
        all
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

    /// The claim whose proof has to be checked, together with all others of the block, before [`Self::verify`].
    fn proof(&self) -> Option<&ProofClaim> {
        None
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

    /// Whose signatures it takes, if it is done in an account's name and a proposal may collect them; `None` keeps it
    /// out of proposals.
    fn authority(&self) -> Option<Authority> {
        None
    }
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

/// Checks that as many of those who have a say as an admission takes have approved; `except` does not count.
pub(super) fn require_approvals(
    frame: &Frame<'_>,
    facts: &Facts<'_>,
    at: Moment,
    except: Option<MemberId>,
) -> Result<(), Fault> {
    let settings = Settings::read(facts)?;
    let need = settings.approvals();
    let mut have = 0;
    for key in frame.signers(Meaning::Approved) {
        let member = acting_member(&key, facts, at.time)?;
        if member.is_some_and(|member| settings.profile().approves(member.role()) && Some(member.id()) != except) {
            have += 1;
        }
    }
    if have >= need { Ok(()) } else { Err(Refusal::MissingApprovals { have, need }.into()) }
}

/// Checks that the signers may act for an account with this authority.
///
/// # Errors
/// [`Refusal::Policy`], naming what lacks.
pub(super) fn require(
    authority: Authority,
    account: &Account,
    frame: &Frame<'_>,
    facts: &Facts<'_>,
    at: Moment,
) -> Result<(), Fault> {
    let mut signers = Vec::new();
    for key in frame.acting() {
        if counts(&key, account, facts, at)? {
            signers.push(key);
        }
    }
    Ok(authority.satisfied_by(account.policy(), signers).map_err(Refusal::from)?)
}

/// Checks that every signer has a say in the account.
///
/// # Errors
/// [`Refusal::NoStanding`].
pub(super) fn require_standing(
    account: &Account,
    frame: &Frame<'_>,
    facts: &Facts<'_>,
    at: Moment,
) -> Result<(), Fault> {
    for key in frame.acting() {
        if !counts(&key, account, facts, at)? {
            return Err(Refusal::NoStanding.into());
        }
    }
    Ok(())
}

/// Whether a key has a say in an account: it stands in the policy, and neither has its member left or run out nor its
/// device been retired. The patient's keys are nobody's membership and no device's.
pub(super) fn counts(key: &PublicKey, account: &Account, facts: &Facts<'_>, at: Moment) -> Result<bool, StateError> {
    match account.policy().class_of(key) {
        None => return Ok(false),
        Some(KeyClass::Patient) => return Ok(true),
        Some(_) => {}
    }
    let left = facts.member(&MemberId::of(key))?.is_some_and(|member| !member.acts_at(at.time));
    let retired = facts.device(&account.id(), key)?.is_some_and(|device| device.ended().is_some());
    Ok(!left && !retired)
}

/// The active member of this name.
pub(super) fn require_member(id: &MemberId, facts: &Facts<'_>, time: Timestamp) -> Result<Member, Fault> {
    let member = facts.member(id)?.filter(|member| member.acts_at(time));
    member.ok_or_else(|| Refusal::NotAMember.into())
}

/// The active member with this ledger key.
pub(super) fn acting_member(key: &PublicKey, facts: &Facts<'_>, time: Timestamp) -> Result<Option<Member>, StateError> {
    let member = facts.member(&MemberId::of(key))?;
    Ok(member.filter(|member| member.acts_at(time)))
}
