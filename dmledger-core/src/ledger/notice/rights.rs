//! The grants of an account that may yet serve, and the certificates of those they name.

use super::{Event, Watch};
use crate::{
    consent::{
        Audience, GrantId, GrantRecord, Standing, Subscriber,
        grant::{Effect, Origin},
    },
    identity::MemberId,
    state::{StateError, tables::Facts},
    time::{Height, Moment, Timestamp},
};
use alloc::vec::Vec;

/// What is remembered of a grant that may yet serve.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tracked {
    pub(super) ends: Timestamp,
    pub(super) until: Height,
    pub(super) from: Option<GrantId>,
    pub(super) member: Option<MemberId>,
    pub(super) permits: bool,
}

impl Watch {
    /// The grants made since it was asked before.
    pub(super) fn latest_grants(&mut self, facts: &Facts<'_>) -> Result<Vec<GrantId>, StateError> {
        let list = facts.places().grants(&self.account);
        let (known, count) = (self.granted, list.leaf(facts.state())?.count());
        self.granted = count;
        let mut latest = Vec::new();
        for number in known..count {
            latest.extend(list.member(number, facts.state())?.and_then(|name| GrantId::from_list_member(&name)));
        }
        Ok(latest)
    }

    pub(super) fn made(
        &mut self,
        grant: &GrantId,
        facts: &Facts<'_>,
        at: Moment,
        events: &mut Vec<Event>,
    ) -> Result<(), StateError> {
        if let Some(record) = self.track(grant, facts, at)? {
            events.push(Event::GrantMade { grant: *grant, audience: record.grant().audience });
        }
        Ok(())
    }

    pub(super) fn ended(
        &mut self,
        grant: &GrantId,
        facts: &Facts<'_>,
        at: Moment,
        events: &mut Vec<Event>,
    ) -> Result<(), StateError> {
        if self.grants.contains_key(grant)
            && let Some(record) = facts.grant(grant)?
        {
            self.drop_grant(grant, record.standing(at), events);
        }
        Ok(())
    }

    pub(super) fn followed(
        &mut self,
        from: &GrantId,
        by: &GrantId,
        facts: &Facts<'_>,
        at: Moment,
        events: &mut Vec<Event>,
    ) -> Result<(), StateError> {
        self.ended(from, facts, at, events)?;
        self.made(by, facts, at, events)
    }

    pub(super) fn drop_grant(&mut self, grant: &GrantId, standing: Standing, events: &mut Vec<Event>) {
        if self.grants.remove(grant).is_some() {
            events.push(Event::GrantEnded { grant: *grant, standing });
        }
        let fallen: Vec<_> =
            self.grants.iter().filter(|(_, one)| one.from == Some(*grant)).map(|(id, _)| *id).collect();
        for id in fallen {
            self.grants.remove(&id);
            events.push(Event::ReferralEnded { grant: id, from: *grant });
        }
    }

    /// Remembers a grant that may yet serve and concerns the subscriber.
    pub(super) fn track(
        &mut self,
        id: &GrantId,
        facts: &Facts<'_>,
        at: Moment,
    ) -> Result<Option<GrantRecord>, StateError> {
        let Some(record) = facts.grant(id)?.filter(|record| !record.is_over(at)) else { return Ok(None) };
        let grant = record.grant();
        if let Subscriber::Member(me) = self.subscriber {
            let role = facts.member(&me)?.map(|member| member.role());
            if !role.is_some_and(|role| Audience::of(me, role).contains(&grant.audience)) {
                return Ok(None);
            }
        }
        let from = match record.origin() {
            Origin::Referred { from, .. } => Some(from),
            _ => None,
        };
        let (validity, member) = (grant.validity, grant.audience.member());
        let permits = grant.effect == Effect::Permit;
        let tracked = Tracked { ends: validity.time().end(), until: validity.until(), from, member, permits };
        self.grants.insert(*id, tracked);
        self.read_certificates(facts, at)?;
        Ok(Some(record))
    }

    /// The certificates of everybody whom a remembered grant names.
    pub(super) fn read_certificates(&mut self, facts: &Facts<'_>, at: Moment) -> Result<(), StateError> {
        for member in self.grants.values().filter_map(|grant| grant.member) {
            if let Some(found) = facts.member(&member)?.filter(|found| found.acts_at(at.time)) {
                self.certificates.insert(member, found.valid().end());
            }
        }
        Ok(())
    }
}
