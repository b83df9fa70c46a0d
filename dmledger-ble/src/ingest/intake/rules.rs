//! What is put aside, and why.

use core::time::Duration;

use dmledger_core::record::{Quality, Reading};

use super::{Known, mark};

/// Why a reading was put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Quarantine {
    /// From a device that nobody registered.
    UnknownDevice,
    /// Over a weaker link than the device was registered with: perhaps another device under its name.
    Clone,
    /// Another reading of the same device has the same time and number and other octets.
    Conflict,
    /// From before the device was the patient's.
    BeforeRegistration,
    /// From after the device was replaced or given away.
    AfterRetirement,
    /// Later than it was received.
    Future,
    /// So old that it may have been seen, or cannot be placed.
    Late,
    /// A value that such devices do not report.
    Impossible,
    /// A test with control solution: not a reading of a person.
    ControlSolution,
}

const CODES: [Quarantine; 9] = [
    Quarantine::UnknownDevice,
    Quarantine::Clone,
    Quarantine::Conflict,
    Quarantine::BeforeRegistration,
    Quarantine::AfterRetirement,
    Quarantine::Future,
    Quarantine::Late,
    Quarantine::Impossible,
    Quarantine::ControlSolution,
];

impl Quarantine {
    pub(super) fn code(self) -> u8 {
        CODES.iter().position(|one| *one == self).and_then(|place| u8::try_from(place).ok()).unwrap_or(0)
    }

    pub(super) fn from_code(code: u8) -> Self {
        CODES.get(usize::from(code)).copied().unwrap_or(Self::UnknownDevice)
    }

    /// The reason in words.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownDevice => "device not registered",
            Self::Clone => "weaker link than the device was registered with",
            Self::Conflict => "another reading has its time and number",
            Self::BeforeRegistration => "from before the device was registered",
            Self::AfterRetirement => "from after the device was retired",
            Self::Future => "later than it was received",
            Self::Late => "too old",
            Self::Impossible => "value that such devices do not report",
            Self::ControlSolution => "control solution",
        }
    }
}

/// How far a clock may be off, and how old a reading may be.
#[derive(Clone, Copy, Debug)]
pub struct IntakeRules {
    ahead: Duration,
    oldest: Duration,
}

impl IntakeRules {
    /// A clock may be ten minutes ahead, a reading 400 days old. Where the zone is unknown a clock may be off by fourteen
    /// hours more.
    #[must_use]
    pub const fn new() -> Self {
        Self { ahead: Duration::from_secs(600), oldest: Duration::from_secs(400 * 24 * 3600) }
    }

    /// How far a device's clock may be ahead of the gateway's.
    #[must_use]
    pub const fn with_ahead(mut self, ahead: Duration) -> Self {
        self.ahead = ahead;
        self
    }

    /// How old a reading may be.
    #[must_use]
    pub const fn with_oldest(mut self, oldest: Duration) -> Self {
        self.oldest = oldest;
        self
    }

    pub(super) fn judge(&self, reading: &Reading, known: &Known) -> Option<Quarantine> {
        let provenance = reading.provenance();
        let unknown_zone = if provenance.zone.minutes().is_none() { ZONES } else { Duration::ZERO };
        let at = reading.at();
        if known.assurance.is_some_and(|assurance| provenance.assurance < assurance) {
            return Some(Quarantine::Clone);
        }
        if known.has_other(reading) {
            return Some(Quarantine::Conflict);
        }
        if known.from.is_some_and(|from| at.plus(unknown_zone) < from) {
            return Some(Quarantine::BeforeRegistration);
        }
        if known.until.is_some_and(|until| at.minus(unknown_zone) >= until) {
            return Some(Quarantine::AfterRetirement);
        }
        if at > provenance.received.plus(self.ahead).plus(unknown_zone) {
            return Some(Quarantine::Future);
        }
        if at.plus(self.oldest) < provenance.received || known.floor.is_some_and(|floor| at.millis() <= floor) {
            return Some(Quarantine::Late);
        }
        if reading.quality().contains(Quality::CONTROL_SOLUTION) {
            return Some(Quarantine::ControlSolution);
        }
        reading.quality().contains(Quality::IMPLAUSIBLE).then_some(Quarantine::Impossible)
    }
}

impl Default for IntakeRules {
    fn default() -> Self {
        Self::new()
    }
}

impl Known {
    /// Whether another reading has the same kind, time and number.
    fn has_other(&self, reading: &Reading) -> bool {
        let (at, (kind, base, number, _)) = (reading.at().millis(), mark(reading));
        let from = (at, (kind, base, number, dmledger_core::hash::Digest::ZERO));
        let next = self.marks.range(from..).next();
        next.is_some_and(|(other, mark)| *other == at && (mark.0, mark.1, mark.2) == (kind, base, number))
    }
}

/// Widest offset of a zone from UTC that is in use.
const ZONES: Duration = Duration::from_secs(14 * 3600);
