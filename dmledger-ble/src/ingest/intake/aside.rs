//! What is put aside: which of it leaves a mark, and how much of it is kept.
//!
//! A reading from an unknown device, or over a weaker link than its device was registered with, may be anybody's in reach
//! of the radio, replayed or made up. It leaves no mark: the device's own reading is judged as if nothing had come before.
//! Such readings are recognised among themselves, so that each is kept once, and nobody can fill a home's memory with
//! them: [`MAX_OF_STRANGERS`] of a device's name and [`MAX_STRANGERS`] unknown names are kept until a person decides.

use std::collections::{BTreeMap, BTreeSet};

use dmledger_core::hash::Digest;
use dmledger_core::record::{DeviceId, Reading};

use super::{Intake, Known, Mark, Quarantine, Verdict, mark};
use crate::ingest::journal::Journal;

/// Who sent a reading that is put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sender {
    /// The device, as well known as when it was registered.
    Device,
    /// Perhaps the device, perhaps anybody.
    Stranger,
}

impl Sender {
    const fn most(self) -> usize {
        match self {
            Self::Device => MAX_DOUBTFUL,
            Self::Stranger => MAX_OF_STRANGERS,
        }
    }
}

impl Quarantine {
    pub(super) const fn sender(self) -> Sender {
        match self {
            Self::UnknownDevice | Self::Clone => Sender::Stranger,
            _ => Sender::Device,
        }
    }
}

/// Readings of an offer that are to be kept and are not in the journal yet.
#[derive(Debug, Default)]
pub(super) struct Offered {
    seen: BTreeSet<(DeviceId, Sender, Mark)>,
    aside: BTreeMap<(DeviceId, Sender), usize>,
}

impl<J: Journal> Intake<J> {
    /// What becomes of a reading of an offer, those before it considered.
    pub(super) fn judge_offered(&self, reading: &Reading, offered: &mut Offered) -> Verdict {
        let verdict = self.judge(reading);
        let (sender, why) = match verdict {
            Verdict::Accepted => (Sender::Device, None),
            Verdict::Quarantined(why) => (why.sender(), Some(why)),
            Verdict::Duplicate | Verdict::TurnedAway(_) => return verdict,
        };
        let device = reading.provenance().device;
        let recognised = (device, sender, mark(reading));
        if offered.seen.contains(&recognised) {
            return Verdict::Duplicate;
        }
        if let Some(why) = why {
            if !self.has_room(device, sender, offered) {
                return Verdict::TurnedAway(why);
            }
            *offered.aside.entry((device, sender)).or_default() += 1;
        }
        offered.seen.insert(recognised);
        verdict
    }

    fn has_room(&self, device: DeviceId, sender: Sender, offered: &Offered) -> bool {
        let known = self.devices.get(&device);
        let kept = known.map_or(0, |known| known.aside(sender));
        let offered_too = offered.aside.get(&(device, sender)).copied().unwrap_or(0);
        let unknown = known.is_none_or(|known| known.from.is_none());
        if unknown && kept + offered_too == 0 && self.strangers(offered) >= MAX_STRANGERS {
            return false;
        }
        kept + offered_too < sender.most()
    }

    /// How many unknown devices have readings put aside, those of an offer included.
    fn strangers(&self, offered: &Offered) -> usize {
        let keeps = |known: &Known| known.from.is_none() && !known.strange.is_empty();
        let kept = self.devices.values().filter(|known| keeps(known)).count();
        let in_table = |device| self.devices.get(device).is_some_and(|known| known.from.is_some() || keeps(known));
        kept + offered.aside.keys().filter(|(device, _)| !in_table(device)).count()
    }

    /// A reading is put aside.
    pub(super) fn put_aside(&mut self, why: Quarantine, reading: Reading) {
        let place = (reading.at().millis(), mark(&reading));
        let known = self.devices.entry(reading.provenance().device).or_default();
        let fresh = self.quarantined.insert(reading.digest(), (why, reading)).is_none();
        match why.sender() {
            Sender::Stranger => _ = known.strange.insert(place),
            Sender::Device => {
                known.doubtful += usize::from(fresh);
                known.mark(place.0, place.1);
            }
        }
    }

    /// A person has decided. What a stranger sent and the device itself has sent since is not taken again.
    pub(super) fn decided(&mut self, digest: Digest, keep: bool) {
        let Some((why, reading)) = self.quarantined.remove(&digest) else { return };
        let place = (reading.at().millis(), mark(&reading));
        let device = reading.provenance().device;
        let known = self.devices.entry(device).or_default();
        let taken = match why.sender() {
            Sender::Stranger => {
                known.strange.remove(&place);
                known.marks.contains(&place)
            }
            Sender::Device => {
                known.doubtful = known.doubtful.saturating_sub(1);
                false
            }
        };
        if keep {
            known.mark(place.0, place.1);
        } else if known.from.is_none() && known.strange.is_empty() && known.marks.is_empty() {
            self.devices.remove(&device);
        }
        if keep && !taken {
            self.waiting.insert(digest, reading);
        }
    }
}

impl Known {
    fn aside(&self, sender: Sender) -> usize {
        match sender {
            Sender::Device => self.doubtful,
            Sender::Stranger => self.strange.len(),
        }
    }
}

/// Most readings that are kept of those who may not be the device, for one device.
pub const MAX_OF_STRANGERS: usize = 1024;
/// Most unknown devices of which readings are kept.
pub const MAX_STRANGERS: usize = 64;
/// Most readings of one device that are put aside for another reason.
pub const MAX_DOUBTFUL: usize = 1 << 16;
