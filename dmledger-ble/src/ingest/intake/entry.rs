//! What an intake writes into its journal, and what each entry does.

use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::codec::{self, Canonical, List};
use dmledger_core::hash::Digest;
use dmledger_core::record::reading::MAX_BATCH_READINGS;
use dmledger_core::record::{Assurance, DeviceId, Reading};
use dmledger_core::time::Timestamp;

use super::{Intake, IntakeError, MAX_MARKS, Mark, Quarantine, mark};
use crate::ingest::journal::Journal;

#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(super) enum Entry {
    Registered {
        device: DeviceId,
        from: Timestamp,
        assurance: Assurance,
    },
    Retired {
        device: DeviceId,
        until: Timestamp,
    },
    Accepted(Reading),
    Quarantined(u8, Reading),
    Claimed {
        number: u64,
        readings: List<Digest, MAX_BATCH_READINGS>,
    },
    Settled {
        number: u64,
    },
    Decided {
        reading: Digest,
        keep: bool,
    },
    /// Marks of a tidied journal.
    Marks {
        device: DeviceId,
        floor: Option<i64>,
        marks: List<(i64, Mark), MAX_BATCH_READINGS>,
    },
    /// Number of the next batch of a tidied journal.
    Next {
        number: u64,
    },
}

impl Canonical for Entry {
    // Marks are the longest: 54 bytes each.
    const MAX_BYTES: usize = 64 + 56 * MAX_BATCH_READINGS;
}

impl<J: Journal> Intake<J> {
    pub(super) fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Registered { device, from, assurance } => {
                let known = self.devices.entry(device).or_default();
                (known.from, known.until, known.assurance) = (Some(from), None, Some(assurance));
            }
            Entry::Retired { device, until } => self.devices.entry(device).or_default().until = Some(until),
            Entry::Accepted(reading) => {
                self.note(&reading);
                self.waiting.insert(reading.digest(), reading);
            }
            Entry::Quarantined(code, reading) => self.put_aside(Quarantine::from_code(code), reading),
            Entry::Claimed { number, readings } => {
                let mut claimed: Vec<_> = readings.iter().filter_map(|one| self.waiting.remove(one)).collect();
                claimed.sort_by_key(Reading::at);
                self.claimed.insert(number, claimed);
                self.batches = self.batches.max(number.saturating_add(1));
            }
            Entry::Settled { number } => _ = self.claimed.remove(&number),
            Entry::Decided { reading, keep } => self.decided(reading, keep),
            Entry::Marks { device, floor, marks } => {
                let known = self.devices.entry(device).or_default();
                known.floor = known.floor.max(floor);
                for (at, mark) in marks.into_vec() {
                    known.mark(at, mark);
                }
            }
            Entry::Next { number } => self.batches = self.batches.max(number),
        }
    }

    fn note(&mut self, reading: &Reading) {
        let known = self.devices.entry(reading.provenance().device).or_default();
        known.mark(reading.at().millis(), mark(reading));
    }

    /// How many entries a tidied journal has, nearly.
    pub(super) fn snapshot_length(&self) -> usize {
        let marks: usize = self.devices.values().map(|known| 3 + known.marks.len() / MAX_BATCH_READINGS).sum();
        marks + self.pending() + self.claimed.len() + self.quarantined.len()
    }

    /// Writes the journal anew with what still matters.
    pub(super) fn compact(&mut self) -> Result<(), IntakeError> {
        let mut entries = vec![Entry::Next { number: self.batches }];
        for (device, known) in &self.devices {
            let device = *device;
            if let (Some(from), Some(assurance)) = (known.from, known.assurance) {
                entries.push(Entry::Registered { device, from, assurance });
            }
            entries.extend(known.until.map(|until| Entry::Retired { device, until }));
            let marks: Vec<_> = known.marks.iter().copied().collect();
            for part in marks.chunks(MAX_BATCH_READINGS) {
                let marks = List::new(part.to_vec()).unwrap_or_default();
                entries.push(Entry::Marks { device, floor: known.floor, marks });
            }
        }
        entries.extend(self.waiting.values().chain(self.claimed.values().flatten()).cloned().map(Entry::Accepted));
        for (number, readings) in &self.claimed {
            let readings = List::new(readings.iter().map(Reading::digest).collect()).unwrap_or_default();
            entries.push(Entry::Claimed { number: *number, readings });
        }
        let aside = self.quarantined.values().cloned();
        entries.extend(aside.map(|(why, reading)| Entry::Quarantined(why.code(), reading)));
        let bytes: Vec<_> = entries.iter().map(codec::encode).collect();
        self.journal.replace(&bytes)?;
        self.appended = bytes.len();
        Ok(())
    }
}

impl super::Known {
    pub(super) fn mark(&mut self, at: i64, mark: Mark) {
        self.marks.insert((at, mark));
        let (kind, _, number, _) = mark;
        let high = self.high.entry(kind).or_insert((at, number));
        *high = (*high).max((at, number));
        while self.marks.len() > MAX_MARKS {
            let dropped = self.marks.pop_first().map(|(at, _)| at);
            self.floor = self.floor.max(dropped);
        }
    }
}
