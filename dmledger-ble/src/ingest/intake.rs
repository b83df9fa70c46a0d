//! From devices to the sealing path, each reading once: the buffer of a home node.
//!
//! ```text
//! register, follow -> devices that the ledger lists as paired are admitted, and go when it says so
//! offer -> refused as a duplicate | quarantined with its reason | accepted: durable in the journal
//! claim -> a batch of accepted readings of one kind and hour, with a name; the same again after a crash
//! settle -> the batch is final on the ledger: its readings leave the buffer, their marks stay
//! ```
//!
//! While the network is away nothing is settled and everything is kept. Exactly once comes from the name: it is drawn
//! from the intake's secret and the batch's number when the batch is made, stays the same until it is settled, and is to
//! become the record's name, which the ledger takes once. A host that crashed between anchoring and settling finds the
//! name on the ledger and settles.
//!
//! Marks: for every device and kind the intake remembers which readings it has seen, by time, number and digest of the
//! raw octets. Only the [`MAX_MARKS`] newest of a device are kept; what is older than the oldest of them is late. What a
//! stranger may have sent leaves no mark, and only so much of it is kept (module `aside`).

mod aside;
mod devices;
mod entry;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use dmledger_core::codec::{self, List};
use dmledger_core::hash::{Digest, Hasher, tag};
use dmledger_core::record::reading::MAX_BATCH_READINGS;
use dmledger_core::record::{Assurance, DataKind, DeviceId, Reading};
use dmledger_core::time::Timestamp;
use thiserror::Error;

pub use aside::{MAX_DOUBTFUL, MAX_OF_STRANGERS, MAX_STRANGERS};
use aside::{Offered, Sender};
use entry::Entry;
pub use rules::{IntakeRules, Quarantine};

use super::journal::{Journal, JournalError};

/// Why an intake could not work.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// Its journal failed; nothing changed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An entry of the journal is of another make.
    #[error("entry {0} of the journal is none of an intake")]
    NotAnEntry(usize),
    /// The ledger does not list the device as paired; nothing changed.
    #[error("the ledger lists no such device as paired")]
    NotPaired,
    /// No batch, reading or device of that name is waiting.
    #[error("nothing waits under that name")]
    Unknown,
}

/// What became of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "taken, seen before, put aside or not kept")]
pub enum Verdict {
    /// Taken: it is durable and will be claimed once.
    Accepted,
    /// Seen before, whatever became of it then; one that a stranger sent and a person discarded is forgotten.
    Duplicate,
    /// Put aside for a person: durable, and never claimed unless released.
    Quarantined(Quarantine),
    /// To be put aside, but there is no room until a person has decided on what is: not kept, and counted.
    TurnedAway(Quarantine),
}

/// Readings of one kind and hour on their way to the sealing path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    name: Digest,
    readings: Vec<Reading>,
}

impl Batch {
    /// Its name: stays the same until it is settled, and says nothing about its content. To become the record's.
    #[must_use]
    pub const fn name(&self) -> Digest {
        self.name
    }

    /// The readings in order of time, at least one.
    #[must_use]
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// Gives the readings away.
    #[must_use]
    pub fn into_readings(self) -> Vec<Reading> {
        self.readings
    }
}

/// How a reading is recognised: kind, time, the device's number and the digest of the raw octets.
type Mark = (u16, i64, u32, Digest);

#[derive(Debug, Default)]
struct Known {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    assurance: Option<Assurance>,
    marks: BTreeSet<(i64, Mark)>,
    /// How those are recognised that are put aside and may be a stranger's.
    strange: BTreeSet<(i64, Mark)>,
    /// Readings put aside for other reasons.
    doubtful: usize,
    /// Time of the newest mark that was dropped.
    floor: Option<i64>,
    high: BTreeMap<u16, (i64, u32)>,
}

/// The buffer between devices and the sealing path. One process owns its journal.
pub struct Intake<J> {
    journal: J,
    rules: IntakeRules,
    secret: [u8; 32],
    devices: BTreeMap<DeviceId, Known>,
    waiting: BTreeMap<Digest, Reading>,
    claimed: BTreeMap<u64, Vec<Reading>>,
    batches: u64,
    quarantined: BTreeMap<Digest, (Quarantine, Reading)>,
    turned_away: u64,
    appended: usize,
}

impl<J> core::fmt::Debug for Intake<J> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Intake")
            .field("waiting", &self.waiting.len())
            .field("claimed", &self.claimed.len())
            .field("quarantined", &self.quarantined.len())
            .finish_non_exhaustive()
    }
}

impl<J: Journal> Intake<J> {
    /// Opens an intake with what its journal holds. `secret` is 32 bytes drawn at random, the same at every opening.
    ///
    /// # Errors
    /// [`IntakeError`] when the journal cannot be read.
    pub fn open(mut journal: J, rules: IntakeRules, secret: [u8; 32]) -> Result<Self, IntakeError> {
        let entries = journal.entries()?;
        let mut intake = Self {
            journal,
            rules,
            secret,
            devices: BTreeMap::new(),
            waiting: BTreeMap::new(),
            claimed: BTreeMap::new(),
            batches: 0,
            quarantined: BTreeMap::new(),
            turned_away: 0,
            appended: entries.len(),
        };
        for (place, bytes) in entries.iter().enumerate() {
            let entry: Entry = codec::decode(bytes).map_err(|_| IntakeError::NotAnEntry(place))?;
            intake.apply(entry);
        }
        Ok(intake)
    }

    /// Takes readings. On return what was accepted or quarantined survives a crash: whoever fetched them may tell the
    /// device, and use its resume point, unless one was turned away.
    ///
    /// # Errors
    /// [`IntakeError::Journal`]; none was taken then.
    pub fn offer(&mut self, readings: Vec<Reading>) -> Result<Vec<Verdict>, IntakeError> {
        let (mut verdicts, mut entries) = (Vec::with_capacity(readings.len()), Vec::new());
        let (mut offered, mut turned_away) = (Offered::default(), 0);
        for reading in readings {
            let verdict = self.judge_offered(&reading, &mut offered);
            verdicts.push(verdict);
            match verdict {
                Verdict::Accepted => entries.push(Entry::Accepted(reading)),
                Verdict::Quarantined(why) => entries.push(Entry::Quarantined(why.code(), reading)),
                Verdict::TurnedAway(_) => turned_away += 1,
                Verdict::Duplicate => {}
            }
        }
        self.commit(entries)?;
        self.turned_away = self.turned_away.saturating_add(turned_away);
        Ok(verdicts)
    }

    fn judge(&self, reading: &Reading) -> Verdict {
        let known = self.devices.get(&reading.provenance().device);
        let place = (reading.at().millis(), mark(reading));
        if known.is_some_and(|known| known.marks.contains(&place)) {
            return Verdict::Duplicate;
        }
        let why = match known.filter(|known| known.from.is_some()) {
            Some(known) => self.rules.judge(reading, known),
            None => Some(Quarantine::UnknownDevice),
        };
        match why {
            None => Verdict::Accepted,
            Some(why)
                if why.sender() == Sender::Stranger && known.is_some_and(|known| known.strange.contains(&place)) =>
            {
                Verdict::Duplicate
            }
            Some(why) => Verdict::Quarantined(why),
        }
    }

    /// How many readings were turned away since the intake was opened.
    #[must_use]
    pub const fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// Readings that were accepted and not settled, claimed ones included.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.waiting.len() + self.claimed.values().map(Vec::len).sum::<usize>()
    }

    /// Batches to be sealed and anchored: those claimed before and not settled, under their names, then everything that
    /// waits, by kind and hour.
    ///
    /// # Errors
    /// [`IntakeError::Journal`]; nothing new was claimed then.
    pub fn claim(&mut self) -> Result<Vec<Batch>, IntakeError> {
        let mut groups: BTreeMap<(u16, i64), Vec<Digest>> = BTreeMap::new();
        for (digest, reading) in &self.waiting {
            let hour = reading.at().floor_hour().millis();
            groups.entry((reading.kind().code(), hour)).or_default().push(*digest);
        }
        let parts: Vec<_> =
            groups.values().flat_map(|group| group.chunks(MAX_BATCH_READINGS)).map(<[Digest]>::to_vec).collect();
        let claim = |(number, part)| Entry::Claimed { number, readings: List::new(part).unwrap_or_default() };
        self.commit((self.batches..).zip(parts).map(claim).collect())?;
        let batch =
            |(number, readings): (&u64, &Vec<Reading>)| Batch { name: self.name(*number), readings: readings.clone() };
        Ok(self.claimed.iter().map(batch).collect())
    }

    /// The batch of this name is final on the ledger.
    ///
    /// # Errors
    /// [`IntakeError::Unknown`] for a name that is not claimed, [`IntakeError::Journal`].
    pub fn settle(&mut self, name: Digest) -> Result<(), IntakeError> {
        let found = self.claimed.keys().copied().find(|number| self.name(*number) == name);
        let number = found.ok_or(IntakeError::Unknown)?;
        self.commit(vec![Entry::Settled { number }])?;
        if self.appended > COMPACT_ABOVE && self.appended > 4 * self.snapshot_length() {
            self.compact()?;
        }
        Ok(())
    }

    /// What was put aside, by the reading's digest, with its reason.
    pub fn quarantined(&self) -> impl Iterator<Item = (Digest, Quarantine, &Reading)> + '_ {
        self.quarantined.iter().map(|(digest, (why, reading))| (*digest, *why, reading))
    }

    /// A person looked at a reading that was put aside and says that it is the patient's. It is taken, unless the device
    /// itself has sent the same since.
    ///
    /// # Errors
    /// [`IntakeError::Unknown`], [`IntakeError::Journal`].
    pub fn release(&mut self, reading: Digest) -> Result<(), IntakeError> {
        self.decide(reading, true)
    }

    /// A person looked at a reading that was put aside and says that it is not the patient's.
    ///
    /// # Errors
    /// [`IntakeError::Unknown`], [`IntakeError::Journal`].
    pub fn discard(&mut self, reading: Digest) -> Result<(), IntakeError> {
        self.decide(reading, false)
    }

    fn decide(&mut self, reading: Digest, keep: bool) -> Result<(), IntakeError> {
        if !self.quarantined.contains_key(&reading) {
            return Err(IntakeError::Unknown);
        }
        self.commit(vec![Entry::Decided { reading, keep }])
    }

    /// Time and number of the newest reading seen of a device and kind: the high-water mark.
    #[must_use]
    pub fn high_water(&self, device: DeviceId, kind: DataKind) -> Option<(Timestamp, u32)> {
        let (at, number) = *self.devices.get(&device)?.high.get(&kind.code())?;
        Some((Timestamp::from_millis(at), number))
    }

    fn name(&self, number: u64) -> Digest {
        Hasher::new(tag::BLE_INTAKE).chain(self.secret).chain(number.to_be_bytes()).finish()
    }

    /// Writes, then changes.
    fn commit(&mut self, entries: Vec<Entry>) -> Result<(), IntakeError> {
        if entries.is_empty() {
            return Ok(());
        }
        let bytes: Vec<_> = entries.iter().map(codec::encode).collect();
        self.journal.append(&bytes)?;
        self.appended += bytes.len();
        entries.into_iter().for_each(|entry| self.apply(entry));
        Ok(())
    }
}

/// How a reading is recognised.
fn mark(reading: &Reading) -> Mark {
    let provenance = reading.provenance();
    // A cuff without a clock states no time: its readings get theirs when they are received.
    (reading.kind().code(), provenance.base_time.millis(), provenance.sequence, provenance.raw)
}

/// Most marks kept for one device: ten years of a sensor that measures every five minutes.
pub const MAX_MARKS: usize = 1 << 20;
/// Entries below which a journal is not worth tidying.
const COMPACT_ABOVE: usize = 4096;

#[cfg(test)]
mod tests;
