//! What takes its course over many blocks: emergencies, recoveries, erasures and publications of one account.
//!
//! They stand in complete lists of the account, so that one that was begun through a proposal is heard of as well; those
//! that are not over yet are looked at again in every block, since time alone opens, ends and lets lapse.

use super::Event;
use crate::{
    account::escrow::EscrowEntry,
    consent::{Subscriber, erasure::ErasureId},
    emergency::{EmergencyId, EmergencyStatus, RecoveryId, RecoveryStatus},
    envelope::AccountId,
    hash::Digest,
    identity::MemberId,
    state::{StateError, StoredList, tables::Facts},
    time::Moment,
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

/// What is remembered of those that are not over.
#[derive(Clone, Debug, Default)]
pub(super) struct Courses {
    emergencies: BTreeMap<EmergencyId, (usize, EmergencyStatus)>,
    reviews: BTreeSet<EmergencyId>,
    recoveries: BTreeMap<RecoveryId, RecoveryStatus>,
    erasures: BTreeSet<ErasureId>,
    /// How many of each the lists had.
    heard: [u64; 3],
    /// How many lines the escrow log had.
    publications: u64,
}

/// Whose courses, for whom, by which state and when.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) account: &'a AccountId,
    pub(super) subscriber: Subscriber,
    pub(super) facts: &'a Facts<'a>,
    pub(super) at: Moment,
}

impl Seen<'_> {
    /// The members of a list beyond the first `known`, which becomes their number.
    fn latest(&self, list: &StoredList<'_>, known: &mut u64) -> Result<Vec<Digest>, StateError> {
        let (before, count) = (*known, list.leaf(self.facts.state())?.count());
        *known = count;
        let mut latest = Vec::new();
        for number in before..count {
            latest.extend(list.member(number, self.facts.state())?);
        }
        Ok(latest)
    }

    fn concerns(&self, mut members: impl Iterator<Item = MemberId>) -> bool {
        match self.subscriber {
            Subscriber::Account => true,
            Subscriber::Member(me) => members.any(|member| member == me),
        }
    }
}

impl Courses {
    /// What has become of all of them since it was asked before; what is begun is looked for only where `may_begin`.
    pub(super) fn follow(
        &mut self,
        seen: &Seen<'_>,
        may_begin: bool,
        events: &mut Vec<Event>,
    ) -> Result<(), StateError> {
        let places = *seen.facts.places();
        let [emergencies, recoveries, erasures] = &mut self.heard;
        let mut begun = [Vec::new(), Vec::new(), Vec::new()];
        if may_begin {
            begun = [
                seen.latest(&places.emergencies(seen.account), emergencies)?,
                seen.latest(&places.recoveries(seen.account), recoveries)?,
                seen.latest(&places.erasures(seen.account), erasures)?,
            ];
        }
        let [emergencies, recoveries, erasures] = begun;
        self.emergencies(seen, &emergencies, events)?;
        self.recoveries(seen, &recoveries, events)?;
        self.erasures(seen, &erasures, events)?;
        if may_begin { self.publications(seen, events) } else { Ok(()) }
    }

    /// Every step of a publication is a line of the escrow log.
    fn publications(&mut self, seen: &Seen<'_>, events: &mut Vec<Event>) -> Result<(), StateError> {
        let places = seen.facts.places();
        let count = places.escrow_entries(seen.account).leaf(seen.facts.state())?.count();
        for number in self.publications..count {
            let Some(line) = seen.facts.get::<EscrowEntry>(&places.escrow_entry(seen.account, number))? else {
                continue;
            };
            if seen.concerns([line.institution].into_iter()) {
                let records = u16::try_from(line.records.len()).unwrap_or(u16::MAX);
                let (address, institution, status) = (line.address, line.institution, line.status);
                events.push(Event::Publication { address, institution, records, status });
            }
        }
        self.publications = count;
        Ok(())
    }

    fn emergencies(&mut self, seen: &Seen<'_>, begun: &[Digest], events: &mut Vec<Event>) -> Result<(), StateError> {
        let mut ids: BTreeSet<_> = self.emergencies.keys().chain(&self.reviews).copied().collect();
        ids.extend(begun.iter().filter_map(EmergencyId::from_list_member));
        for id in ids {
            let Some(found) = seen.facts.emergency(&id)? else { continue };
            let (requester, status) = (found.requester(), found.status(seen.at));
            let stands = (found.approvals().len(), status);
            let trustees = found.approvals().iter().map(|one| one.trustee);
            let concerns = seen.concerns(trustees.chain([requester]).chain(found.reviewer()));
            let is_over = self.reviews.contains(&id);
            if !is_over && self.emergencies.get(&id) != Some(&stands) && concerns {
                let approvals = u16::try_from(stands.0).unwrap_or(u16::MAX);
                events.push(Event::Emergency { emergency: id, requester, approvals, status });
            }
            if let Some(review) = found.review().filter(|review| concerns && review.at == seen.at) {
                let (reviewer, verdict) = (review.reviewer, review.verdict);
                events.push(Event::EmergencyReviewed { emergency: id, reviewer, verdict });
            }
            self.emergencies.remove(&id);
            self.reviews.remove(&id);
            if found.is_running(seen.at) {
                self.emergencies.insert(id, stands);
            } else if found.awaits_review(seen.at) {
                self.reviews.insert(id);
            }
        }
        Ok(())
    }

    fn recoveries(&mut self, seen: &Seen<'_>, begun: &[Digest], events: &mut Vec<Event>) -> Result<(), StateError> {
        let mut ids: BTreeSet<_> = self.recoveries.keys().copied().collect();
        ids.extend(begun.iter().filter_map(RecoveryId::from_list_member));
        for id in ids {
            let Some(found) = seen.facts.recovery(&id)? else { continue };
            let status = found.status(seen.at);
            let concerns = seen.concerns(found.trustees().iter().copied());
            if self.recoveries.get(&id) != Some(&status) && concerns {
                events.push(Event::Recovery { recovery: id, status });
            }
            self.recoveries.remove(&id);
            if found.is_pending(seen.at) {
                self.recoveries.insert(id, status);
            }
        }
        Ok(())
    }

    fn erasures(&mut self, seen: &Seen<'_>, begun: &[Digest], events: &mut Vec<Event>) -> Result<(), StateError> {
        for id in begun.iter().filter_map(ErasureId::from_list_member) {
            let Some(found) = seen.facts.erasure(&id)? else { continue };
            if seen.concerns(found.order().custodians.iter().map(|one| one.member)) {
                events.push(Event::ErasureOrdered { erasure: id, erased: found.order().erased });
            }
            self.erasures.insert(id);
        }
        for id in self.erasures.clone() {
            let Some(found) = seen.facts.erasure(&id)? else { continue };
            let outstanding = u16::try_from(found.outstanding().count()).unwrap_or(u16::MAX);
            for (custodian, answered) in found.order().custodians.iter().zip(found.answered()) {
                if *answered == Some(seen.at) && seen.concerns([custodian.member].into_iter()) {
                    events.push(Event::ErasureConfirmed { erasure: id, custodian: *custodian, outstanding });
                }
            }
            if outstanding == 0 {
                self.erasures.remove(&id);
            }
        }
        Ok(())
    }
}
