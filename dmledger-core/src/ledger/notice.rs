//! Notices: what a finalised block means for somebody concerned with an account.
//!
//! [`Watch`] folds finalised blocks, in order, into notices: a deterministic function of blocks and state, without a
//! clock, so that a host may run it anywhere, stop, and begin again at any height. What it gives depends on the rules
//! its subscriber has set on the ledger ([`Alert`]); an account's holders who set none are told everything that happens.
//! Delivering a notice is the host's part.

mod courses;
mod event;
mod rights;

pub use event::{Event, Notice};

use crate::{
    action::{self, Action, SignedAction},
    block::Block,
    consent::{AgreementId, Alert, GrantId, RequestId, Standing, Subscriber, grant::Origin},
    decide::AccessOutcome,
    envelope::AccountId,
    identity::MemberId,
    state::{StateError, tables::Facts},
    time::{Moment, Timestamp},
};
use alloc::{collections::BTreeMap, vec::Vec};
use core::time::Duration;
use courses::{Courses, Seen};
use rights::Tracked;

/// Follows one account for one subscriber.
#[derive(Clone, Debug)]
pub struct Watch {
    account: AccountId,
    subscriber: Subscriber,
    rules: Option<Vec<Alert>>,
    grants: BTreeMap<GrantId, Tracked>,
    certificates: BTreeMap<MemberId, Timestamp>,
    heard: Timestamp,
    granted: u64,
    records: u64,
    courses: Courses,
    at: Moment,
}

impl Watch {
    /// Begins after the block at `at`, whose state is `facts`.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn begin(
        account: AccountId,
        subscriber: Subscriber,
        facts: &Facts<'_>,
        at: Moment,
    ) -> Result<Self, StateError> {
        let mut watch = Self {
            account,
            subscriber,
            rules: None,
            grants: BTreeMap::new(),
            certificates: BTreeMap::new(),
            heard: at.time,
            granted: 0,
            records: facts.record_count(&account)?,
            courses: Courses::default(),
            at,
        };
        watch.read_rules(facts)?;
        // What stands already is known, not news.
        watch.follow_courses(facts, at, true, &mut Vec::new())?;
        for id in watch.latest_grants(facts)? {
            watch.track(&id, facts, at)?;
        }
        Ok(watch)
    }

    /// What the next finalised block means; `facts` is the state it left behind. Blocks are given in order.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read; nothing has been taken in then.
    pub fn observe(&mut self, block: &Block, facts: &Facts<'_>) -> Result<Vec<Notice>, StateError> {
        let mut next = self.clone();
        let at = Moment { height: block.header().height, time: block.header().time };
        let (mut events, mut is_about_it) = (Vec::new(), false);
        for raw in block.actions() {
            // A block that was applied holds readable actions only.
            if let Ok(signed) = action::decode(raw) {
                is_about_it |= signed.account() == Some(next.account);
                next.take_in(&signed, facts, at, &mut events)?;
            }
        }
        if is_about_it {
            next.catch_up(facts, at, &mut events)?;
        }
        next.follow_courses(facts, at, is_about_it, &mut events)?;
        next.let_time_pass(at, &mut events);
        next.at = at;
        let wanted = events.into_iter().filter(|event| next.wants(event));
        let notices = wanted.map(|event| Notice { account: next.account, at, event }).collect();
        next.read_rules(facts)?;
        *self = next;
        Ok(notices)
    }

    fn follow_courses(
        &mut self,
        facts: &Facts<'_>,
        at: Moment,
        may_begin: bool,
        events: &mut Vec<Event>,
    ) -> Result<(), StateError> {
        let seen = Seen { account: &self.account, subscriber: self.subscriber, facts, at };
        self.courses.follow(&seen, may_begin, events)
    }

    /// What came of actions that carry others within them: grants, ends of grants and records not heard of yet.
    fn catch_up(&mut self, facts: &Facts<'_>, at: Moment, events: &mut Vec<Event>) -> Result<(), StateError> {
        for id in self.latest_grants(facts)? {
            if !self.grants.contains_key(&id) {
                self.made(&id, facts, at, events)?;
            }
        }
        let known: Vec<_> = self.grants.keys().copied().collect();
        for id in known {
            if facts.grant(&id)?.is_some_and(|record| record.ended().is_some()) {
                self.ended(&id, facts, at, events)?;
            }
        }
        let records = facts.record_count(&self.account)?;
        if let Some(count) = records.checked_sub(self.records).filter(|count| *count > 0) {
            self.registered(u32::try_from(count).unwrap_or(u32::MAX), at);
            self.if_it_may_read(Event::RecordsAdded { count: u32::try_from(count).unwrap_or(u32::MAX) }, events);
        }
        Ok(())
    }

    fn registered(&mut self, count: u32, at: Moment) {
        self.heard = at.time;
        self.records = self.records.saturating_add(u64::from(count));
    }

    fn read_rules(&mut self, facts: &Facts<'_>) -> Result<(), StateError> {
        let alerts = facts.alerts(&self.account, &self.subscriber)?;
        self.rules = alerts.map(|alerts| alerts.rules.into_vec());
        Ok(())
    }

    fn take_in(
        &mut self,
        signed: &SignedAction,
        facts: &Facts<'_>,
        at: Moment,
        events: &mut Vec<Event>,
    ) -> Result<(), StateError> {
        if let Action::Dismiss(dismiss) = signed.body() {
            if self.certificates.remove(&dismiss.member).is_some() {
                events.push(Event::MemberOut { member: dismiss.member });
            }
            return Ok(());
        }
        if let Action::Renew(_) = signed.body() {
            return self.read_certificates(facts, at);
        }
        if signed.account() != Some(self.account) {
            return Ok(());
        }
        let name = signed.body().name();
        match signed.body() {
            Action::Access(request) => self.accessed(&request.id, facts, at, events)?,
            Action::Grant(action) => self.made(&action.grant.id, facts, at, events)?,
            Action::Revoke(action) => self.ended(&action.grant, facts, at, events)?,
            Action::Renounce(action) => self.ended(&action.grant, facts, at, events)?,
            Action::Replace(action) => self.followed(&action.from, &action.grant.id, facts, at, events)?,
            Action::HandOver(action) => self.followed(&action.from, &action.grant.id, facts, at, events)?,
            Action::Refer(action) => {
                self.made(&action.grant.id, facts, at, events)?;
                let agreement = facts.grant(&action.from)?.map(|record| record.origin());
                if let Some(Origin::Agreed { agreement }) = agreement {
                    self.agreed(&agreement, name, facts, events)?;
                }
            }
            Action::Conclude(action) => {
                let agreement = action.signed.agreement();
                if let Some(before) = agreement.supersedes.map_or(Ok(None), |id| facts.agreement(&id))? {
                    self.ended(&before.grant(), facts, at, events)?;
                }
                self.made(&agreement.terms.id, facts, at, events)?;
                self.agreed(&agreement.id, name, facts, events)?;
            }
            Action::Terminate(action) => {
                if let Some(agreement) = facts.agreement(&action.agreement)? {
                    self.ended(&agreement.grant(), facts, at, events)?;
                }
                self.agreed(&action.agreement, name, facts, events)?;
            }
            Action::Note(action) => self.agreed(&action.agreement, name, facts, events)?,
            Action::Anchor(action) => {
                let count = u32::try_from(action.entries.len()).unwrap_or(u32::MAX);
                self.registered(count, at);
                self.if_it_may_read(Event::RecordsAdded { count }, events);
            }
            Action::Update(action) => {
                self.registered(1, at);
                let (record, supersedes) = (action.entry.facts().record, action.supersedes);
                self.if_it_may_read(Event::RecordUpdated { record, supersedes }, events);
            }
            // Told by where they stand afterwards.
            Action::RequestEmergency(_)
            | Action::ApproveEmergency(_)
            | Action::EndEmergency(_)
            | Action::ReviewEmergency(_)
            | Action::RequestRecovery(_)
            | Action::CancelRecovery(_)
            | Action::ExecuteRecovery(_)
            | Action::OrderErasure(_)
            | Action::ConfirmErasure(_)
            | Action::Submit(_)
            | Action::Confirm(_)
            | Action::Close(_) => {}
            _ if self.subscriber == Subscriber::Account => events.push(Event::Other { action: name }),
            _ => {}
        }
        Ok(())
    }

    fn accessed(
        &mut self,
        request: &RequestId,
        facts: &Facts<'_>,
        at: Moment,
        events: &mut Vec<Event>,
    ) -> Result<(), StateError> {
        let Some(entry) = facts.answer(request)? else { return Ok(()) };
        let member = entry.member;
        if matches!(self.subscriber, Subscriber::Member(me) if me != member) {
            return Ok(());
        }
        events.push(match entry.outcome {
            AccessOutcome::Denied { reason } => Event::AccessDenied { request: *request, member, reason },
            AccessOutcome::Allowed { .. } => Event::AccessAllowed { request: *request, member },
            AccessOutcome::BreakGlass { .. } => Event::GlassBroken { request: *request, member },
        });
        // Its last request may have been a grant's end, and its referrer's.
        let Some(used) = entry.outcome.grant().map_or(Ok(None), |id| facts.grant(&id))? else { return Ok(()) };
        for id in [Some(used.grant().id), used.origin().from()].into_iter().flatten() {
            if facts.grant(&id)?.is_some_and(|record| record.exhausted().is_some()) {
                self.ended(&id, facts, at, events)?;
            }
        }
        Ok(())
    }

    fn agreed(
        &self,
        agreement: &AgreementId,
        action: &'static str,
        facts: &Facts<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), StateError> {
        let institution = facts.agreement(agreement)?.map(|record| record.agreement().institution);
        let concerns = match self.subscriber {
            Subscriber::Account => true,
            Subscriber::Member(me) => institution == Some(me),
        };
        if concerns {
            events.push(Event::Agreement { agreement: *agreement, action });
        }
        Ok(())
    }

    /// Data concern the holders, and whoever has a grant that permits.
    fn if_it_may_read(&self, event: Event, events: &mut Vec<Event>) {
        if self.subscriber == Subscriber::Account || self.grants.values().any(|grant| grant.permits) {
            events.push(event);
        }
    }

    /// Ends, and warnings of ends, that lie between the block before and this one.
    fn let_time_pass(&mut self, at: Moment, events: &mut Vec<Event>) {
        let before = self.at;
        let passed = |instant: Timestamp| before.time < instant && instant <= at.time;
        let over = self.grants.iter().filter_map(|(id, grant)| {
            if grant.ends <= at.time {
                Some((*id, Standing::Expired { at: grant.ends }))
            } else {
                (grant.until <= at.height).then_some((*id, Standing::HeightExpired { until: grant.until }))
            }
        });
        let over = over.collect::<Vec<_>>();
        for (id, standing) in over {
            self.drop_grant(&id, standing, events);
        }
        for within in self.horizons(|alert| matches!(alert, Alert::GrantEnding(_))) {
            let soon = self.grants.iter().filter(|(_, grant)| passed(grant.ends.minus(within)));
            events.extend(soon.map(|(id, grant)| Event::GrantEnding { grant: *id, at: grant.ends }));
        }
        for within in self.horizons(|alert| matches!(alert, Alert::CertificateEnding(_))) {
            let soon = self.certificates.iter().filter(|(_, ends)| passed(ends.minus(within)) && **ends > at.time);
            events.extend(soon.map(|(member, ends)| Event::CertificateEnding { member: *member, at: *ends }));
        }
        let out: Vec<_> = self.certificates.iter().filter(|(_, ends)| **ends <= at.time).map(|(id, _)| *id).collect();
        for member in out {
            self.certificates.remove(&member);
            events.push(Event::MemberOut { member });
        }
        for silent in self.horizons(|alert| matches!(alert, Alert::Silence(_))) {
            if passed(self.heard.plus(silent)) {
                self.if_it_may_read(Event::Silence { since: self.heard }, events);
            }
        }
    }

    fn horizons(&self, kind: impl Fn(&Alert) -> bool) -> Vec<Duration> {
        self.rules.iter().flatten().filter(|alert| kind(alert)).filter_map(Alert::within).collect()
    }

    fn wants(&self, event: &Event) -> bool {
        let to_holders = self.subscriber == Subscriber::Account;
        match &self.rules {
            _ if to_holders && event.cannot_be_silenced() => true,
            Some(rules) => rules.iter().any(|alert| event.is_asked_for_by(alert)),
            None => to_holders,
        }
    }
}
