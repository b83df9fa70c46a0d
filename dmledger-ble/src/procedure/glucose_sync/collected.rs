//! The records received so far: joins companions, drops repeats, knows the gaps.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::range::{SequenceRange, gaps, gaps_in};
use super::record::{Pending, Record, RecordKey};
use crate::codec::date_time::DateTime;
use crate::codec::exact::ExactGlucose;
use crate::codec::glucose::{GlucoseMeasurement, GlucoseMeasurementContext, SequenceNumber};
use crate::procedure::Uptime;
use crate::procedure::history::fingerprint;

/// What a received measurement turned out to be.
#[derive(Debug)]
pub(super) enum Received {
    /// New and whole.
    Whole(Record),
    /// New, and waiting for what it announced.
    Waiting,
    /// The record the host already holds from the session before.
    Known,
    /// A repeat, octet for octet.
    Duplicate,
    /// A repeat with other octets.
    Conflict(RecordKey),
}

/// Received records by key, with a fingerprint of their octets.
#[derive(Debug, Default)]
pub(super) struct Collected {
    seen: BTreeMap<RecordKey, u64>,
    pending: BTreeMap<RecordKey, Pending>,
    /// Contexts that came before their measurement, within one report.
    orphans: BTreeMap<SequenceNumber, (GlucoseMeasurementContext, Vec<u8>)>,
    /// Exact values that came before their measurement, within one report.
    exact_orphans: BTreeMap<RecordKey, (ExactGlucose, Vec<u8>)>,
    companions: u64,
}

impl Collected {
    /// Takes a measurement; `known` is the record the host holds already.
    pub(super) fn measurement(
        &mut self,
        measurement: GlucoseMeasurement,
        raw: &[u8],
        exact_offered: bool,
        known: Option<RecordKey>,
        now: Uptime,
    ) -> Received {
        let key = RecordKey::from(&measurement);
        let print = fingerprint(raw);
        if let Some(before) = self.seen.get(&key) {
            return if *before == print { Received::Duplicate } else { Received::Conflict(key) };
        }
        self.seen.insert(key, print);
        if known == Some(key) {
            return Received::Known;
        }
        let mut pending = Pending::new(measurement, raw, exact_offered, now);
        if let Some((context, raw)) = self.orphans.remove(&key.sequence()) {
            self.companions += u64::from(pending.offer_context(context, &raw));
        }
        if let Some((exact, raw)) = self.exact_orphans.remove(&key) {
            self.companions += u64::from(pending.offer_exact(exact, &raw));
        }
        if pending.is_whole() {
            return Received::Whole(pending.into_record());
        }
        self.pending.insert(key, pending);
        Received::Waiting
    }

    /// Takes a context; hands back the record that it made whole.
    ///
    /// A context names only a sequence number. Of two measurements with that number the newer base time is served
    /// first; the other waits for its own context, which a repeated report brings.
    pub(super) fn context(&mut self, context: GlucoseMeasurementContext, raw: &[u8]) -> Option<Record> {
        let number = context.sequence();
        let taker = self
            .pending
            .range_mut(keys_of(number))
            .rev()
            .find_map(|(key, pending)| pending.offer_context(context, raw).then_some(*key));
        match taker {
            Some(key) => self.joined(key),
            None => {
                if self.seen.range(keys_of(number)).next().is_none() && self.orphans.len() < MAX_ORPHANS {
                    self.orphans.insert(number, (context, raw.to_vec()));
                }
                None
            }
        }
    }

    /// Takes an exact value; hands back the record that it made whole.
    pub(super) fn exact(&mut self, exact: ExactGlucose, raw: &[u8]) -> Option<Record> {
        let key = RecordKey::new(exact.sequence(), exact.base_time());
        match self.pending.get_mut(&key) {
            Some(pending) => pending.offer_exact(exact, raw).then(|| self.joined(key)).flatten(),
            None => {
                if !self.seen.contains_key(&key) && self.exact_orphans.len() < MAX_ORPHANS {
                    self.exact_orphans.insert(key, (exact, raw.to_vec()));
                }
                None
            }
        }
    }

    fn joined(&mut self, key: RecordKey) -> Option<Record> {
        self.companions += 1;
        if !self.pending.get(&key)?.is_whole() {
            return None;
        }
        self.pending.remove(&key).map(Pending::into_record)
    }

    /// Forgets companions without a measurement: a new report sends both again, and a join across reports could
    /// attach a note to another record with the same number.
    pub(super) fn forget_orphans(&mut self) {
        self.orphans.clear();
        self.exact_orphans.clear();
    }

    /// Different records received.
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// Different records received within `scope`.
    pub(super) fn len_in(&self, scope: SequenceRange) -> usize {
        let inside = |key: Option<(&RecordKey, &u64)>| key.is_none_or(|(key, _)| scope.contains(key.sequence()));
        if inside(self.seen.first_key_value()) && inside(self.seen.last_key_value()) {
            self.seen.len()
        } else {
            self.seen.range(span(scope)).count()
        }
    }

    pub(super) fn contains(&self, key: &RecordKey) -> bool {
        self.seen.contains_key(key)
    }

    /// Largest sequence number received.
    pub(super) fn largest_number(&self) -> Option<u16> {
        self.seen.last_key_value().map(|(key, _)| key.sequence().value())
    }

    /// Grows with every record and companion received.
    pub(super) fn progress(&self) -> u64 {
        self.seen.len() as u64 + self.companions
    }

    /// Whether records wait for what they announced.
    pub(super) fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Numbers of the records that wait.
    pub(super) fn waiting(&self) -> Vec<SequenceRange> {
        self.pending.keys().filter_map(|key| SequenceRange::new(key.sequence(), key.sequence())).collect()
    }

    /// Gives up waiting.
    pub(super) fn drain_waiting(&mut self) -> Vec<Record> {
        core::mem::take(&mut self.pending).into_values().map(Pending::into_record).collect()
    }

    /// The parts of `scope` without a record.
    pub(super) fn gaps(&self, scope: SequenceRange) -> Vec<SequenceRange> {
        gaps(scope, self.seen.keys().map(|key| key.sequence().value()))
    }

    /// The same, one after the other, from the first one that begins at `from` or behind it.
    pub(super) fn gaps_from(&self, scope: SequenceRange, from: u16) -> impl Iterator<Item = SequenceRange> {
        let first = scope.first().max(SequenceNumber::new(from));
        let rest = SequenceRange::new(first, scope.last());
        let seen = &self.seen;
        rest.into_iter()
            .flat_map(move |rest| gaps_in(rest, seen.range(span(rest)).map(|(key, _)| key.sequence().value())))
    }

    /// The parts without a record between the smallest and the largest number received in `scope`.
    pub(super) fn inner_gaps(&self, scope: SequenceRange) -> Vec<SequenceRange> {
        let mut received = self.seen.range(span(scope)).map(|(key, _)| key.sequence());
        let Some(first) = received.next() else { return Vec::new() };
        let last = received.next_back().unwrap_or(first);
        SequenceRange::new(first, last).map_or_else(Vec::new, |inner| self.gaps(inner))
    }

    /// The record after which the next session may start: the largest number, or after a wrap (65,535 is taken) the
    /// number before the widest gap of `scope`, since the newest record is followed by the numbers not used yet.
    pub(super) fn newest(&self, scope: SequenceRange) -> Option<RecordKey> {
        let (last, _) = self.seen.last_key_value()?;
        if last.sequence().value() < u16::MAX {
            return Some(*last);
        }
        let behind_records = |gap: &SequenceRange| gap.first() > scope.first();
        let widest = self.gaps(scope).into_iter().filter(behind_records).max_by_key(|gap| gap.width());
        let before = widest.and_then(|gap| gap.first().value().checked_sub(1)).map(SequenceNumber::new);
        let newest = before.and_then(|number| self.seen.range(keys_of(number)).next_back());
        Some(newest.map_or(*last, |(key, _)| *key))
    }
}

fn keys_of(number: SequenceNumber) -> core::ops::RangeInclusive<RecordKey> {
    RecordKey::new(number, DateTime::EARLIEST)..=RecordKey::new(number, DateTime::LATEST)
}

fn span(scope: SequenceRange) -> core::ops::RangeInclusive<RecordKey> {
    RecordKey::new(scope.first(), DateTime::EARLIEST)..=RecordKey::new(scope.last(), DateTime::LATEST)
}

/// Companions kept without their measurement; enough for any reordering, and a bound for a device that sends only those.
const MAX_ORPHANS: usize = 4096;
