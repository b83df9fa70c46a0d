//! The patient's agent at home: looks at what is proposed, and signs with the patient's second key what the rules allow.
//!
//! It signs by rules only while the ledger holds their digest as the account's mandate, and nothing that changes who may
//! act: such an action never becomes a [`Subject`], so it meets no rule.

use crate::{
    account::{
        KeyClass, ProposalId, ProposalStatus,
        auto_sign::{Deed, Outcome, Party, RuleSet, Subject, Usage, Verdict},
    },
    action::{Action, Anchor, Endorse, Equip, Propose, Refusal, SignedAction, Withdraw},
    consent::{Audience, Effect, Grant},
    envelope::{Envelope, EnvelopeError, Meaning},
    identity::MemberId,
    key::{PublicKey, SecretKey},
    state::{StateError, tables::Facts},
    time::{Moment, TimeRange},
};
use alloc::vec::Vec;
use thiserror::Error;

/// Why an agent does nothing by its rules.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AgentError {
    /// What is proposed changes who may act, or is not for rules to decide: the patient decides.
    #[error("{action} is the patient's own to decide")]
    Reserved {
        /// Name of the action.
        action: &'static str,
    },
    /// The ledger holds the digest of other rules, or of none.
    #[error("these rules are not in force for this account")]
    NotInForce,
    /// The key is not one of the patient's.
    #[error("the agent's key is no patient key of the account")]
    NotThePatients,
    /// There is no such proposal, or it no longer waits.
    #[error("no such pending proposal")]
    NotPending,
    /// What is proposed does not read.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The state cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The key could not sign.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

/// What the agent makes of a proposal: the rules' verdict, and what it sends for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Considered {
    /// The verdict, with its reasons.
    pub verdict: Verdict,
    /// The endorsement or rejection, signed; `None` if the patient is asked, or if the patient's own proposal is refused.
    pub reply: Option<SignedAction>,
}

/// An agent with its rules and its memory of what it has signed; the patient's second key is lent to it.
#[derive(Debug)]
pub struct Agent {
    rules: RuleSet,
    usage: Usage,
}

impl Agent {
    /// An agent that has signed nothing yet.
    #[must_use]
    pub fn new(rules: RuleSet) -> Self {
        Self { rules, usage: Usage::default() }
    }

    /// Its rules.
    #[must_use]
    pub const fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Judges a pending proposal on the state `facts`, as if in the block at `at`, and signs what comes of it. A
    /// signature counts towards the rules' rates once it is made.
    ///
    /// # Errors
    /// [`AgentError`]: nothing is signed, and the patient has to look.
    pub fn consider(
        &mut self,
        id: &ProposalId,
        key: &SecretKey,
        facts: &Facts<'_>,
        at: Moment,
    ) -> Result<Considered, AgentError> {
        let subject = self.subject(id, facts, at)?;
        let account = facts.account(&self.rules.account())?.ok_or(Refusal::UnknownAccount)?;
        if account.policy().class_of(&key.public()) != Some(KeyClass::Patient) {
            return Err(AgentError::NotThePatients);
        }
        // What the patient proposed with the other key is not the agent's to reject, only not to sign.
        let proposer = facts.proposal(id)?.map(|proposal| proposal.proposer());
        let own = proposer.and_then(|key| account.policy().class_of(&key)) == Some(KeyClass::Patient);
        let verdict = self.rules.judge(&subject, at.time, &self.usage);
        let body = match verdict.outcome() {
            Outcome::Sign => Some(Action::Endorse(Endorse { proposal: *id })),
            Outcome::Refuse if !own => Some(Action::Withdraw(Withdraw { proposal: *id })),
            Outcome::Refuse | Outcome::Ask => None,
        };
        let envelope = |body| Envelope::new(facts.chain(), Some(self.rules.account()), body);
        let reply = body.map(|body| envelope(body).sign(key, Meaning::CoSigned)).transpose()?;
        self.usage.count(&verdict, at.time);
        Ok(Considered { verdict, reply })
    }

    /// What the rules would say to these proposals, without signing or remembering anything.
    ///
    /// # Errors
    /// [`AgentError`] for the first that rules cannot decide.
    pub fn dry_run(&self, ids: &[ProposalId], facts: &Facts<'_>, at: Moment) -> Result<Vec<Verdict>, AgentError> {
        let subjects: Result<Vec<_>, _> = ids.iter().map(|id| self.subject(id, facts, at)).collect();
        Ok(self.rules.dry_run(&subjects?, at.time, &self.usage))
    }

    /// A pending proposal as the rules see it, if these rules are in force.
    fn subject(&self, id: &ProposalId, facts: &Facts<'_>, at: Moment) -> Result<Subject, AgentError> {
        let proposal = facts.proposal(id)?.filter(|one| one.account() == self.rules.account());
        let proposal = proposal.filter(|one| one.status_at(at) == ProposalStatus::Pending);
        let proposal = proposal.ok_or(AgentError::NotPending)?;
        let account = facts.account(&proposal.account())?.ok_or(Refusal::UnknownAccount)?;
        let bytes = facts.proposed(id)?.ok_or(AgentError::NotPending)?.0;
        let action = Propose { action: bytes, until: proposal.until(), salt: [0; 16] }.content()?;
        // Before anything else: no rule, and no mandate, reaches an action that changes who may act.
        let deed = deed(&action, facts)?.ok_or(AgentError::Reserved { action: action.name() })?;
        let mandate = facts.mandate(&proposal.account())?;
        if mandate.and_then(|mandate| mandate.rules) != Some(self.rules.digest()) {
            return Err(AgentError::NotInForce);
        }
        Ok(Subject { kind: account.kind(), proposer: party(&proposal.proposer(), facts)?, deed })
    }
}

/// What an action does, if rules may decide about it. Whatever is not listed here is the patient's own.
fn deed(action: &Action, facts: &Facts<'_>) -> Result<Option<Deed>, StateError> {
    Ok(match action {
        Action::Anchor(anchor) => records(anchor),
        Action::Grant(action) => Some(grant(&action.grant, facts)?),
        Action::Revoke(_) => Some(Deed::Close),
        Action::Equip(change) => Some(match change.as_ref() {
            Equip::Pair(new) | Equip::Replace { new, .. } => Deed::Pair { kind: new.kind() },
            Equip::Retire { .. } => Deed::Retire,
        }),
        _ => None,
    })
}

fn records(anchor: &Anchor) -> Option<Deed> {
    let spans = || anchor.entries.iter().map(|entry| entry.facts().span);
    let start = spans().map(|span| span.start()).min()?;
    let end = spans().map(|span| span.end()).max()?;
    let count = u32::try_from(anchor.entries.len()).ok()?;
    Some(Deed::Records { count, span: TimeRange::new(start, end).ok()? })
}

fn grant(grant: &Grant, facts: &Facts<'_>) -> Result<Deed, StateError> {
    if grant.effect == Effect::Deny {
        return Ok(Deed::Close);
    }
    let grantee = match grant.audience {
        Audience::Member(id) => member(id, facts)?.unwrap_or(Party::Everybody),
        Audience::Role(role) => Party::Role(role),
        _ => Party::Everybody,
    };
    let (verbs, purposes, data) = (grant.verbs, grant.purposes, grant.data);
    Ok(Deed::Grant { grantee, verbs, purposes, data, until: grant.validity.time().end(), quota: grant.quota })
}

fn party(key: &PublicKey, facts: &Facts<'_>) -> Result<Party, StateError> {
    Ok(member(MemberId::of(key), facts)?.unwrap_or(Party::Home))
}

fn member(id: MemberId, facts: &Facts<'_>) -> Result<Option<Party>, StateError> {
    Ok(facts.member(&id)?.map(|member| Party::Member { id, role: member.role() }))
}
