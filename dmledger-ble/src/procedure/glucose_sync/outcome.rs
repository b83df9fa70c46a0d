//! How a synchronisation ends: complete with its proof, or incomplete with the reason and the holes.

use alloc::vec::Vec;

use super::range::SequenceRange;
use super::record::RecordKey;
use crate::codec::racp::ResponseCode;

/// How the session relates to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Continuity {
    /// No earlier session was named: everything was fetched.
    FirstSession,
    /// The last known record is still there; what follows it was fetched.
    Continued,
    /// The last known record is gone, its number names another measurement, or newer records have smaller numbers: the
    /// device was reset, wrapped or emptied, so everything was fetched.
    Restarted,
}

/// What shows that nothing is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// The device's count equals what was received, and no gap between the received numbers can hold a record: the
    /// device counted zero in it, or it lies in a range of which as many records came as the device had counted there
    /// before they came. A device without ranges showed the zero by three counts; a record measured and deleted again
    /// between two of them could hide another one.
    EveryGapCounted,
    /// The device's count equals what was received; the device cannot count ranges, or knows only "greater or equal" and
    /// has used up its sequence numbers.
    CountOnly,
    /// The device cannot count at all. Two whole reports ended in success, the second brought nothing new, and no number
    /// between the first and the last received is missing. A record lost from both reports outside these numbers would
    /// not be noticed.
    ReportsAgree,
}

/// What happened in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub(super) delivered: u32,
    pub(super) control_solutions: u32,
    pub(super) duplicates: u32,
    pub(super) undecodable: u32,
    pub(super) requests: u32,
    pub(super) reconnects: u32,
    pub(super) stored: Option<u16>,
    pub(super) continuity: Continuity,
    pub(super) conflicts: Vec<RecordKey>,
    pub(super) resume: Option<RecordKey>,
}

impl Summary {
    pub(super) const fn new() -> Self {
        Self {
            delivered: 0,
            control_solutions: 0,
            duplicates: 0,
            undecodable: 0,
            requests: 0,
            reconnects: 0,
            stored: None,
            continuity: Continuity::FirstSession,
            conflicts: Vec::new(),
            resume: None,
        }
    }

    /// Records handed to the host, each once.
    #[must_use]
    pub const fn delivered(&self) -> u32 {
        self.delivered
    }

    /// Delivered records that are tests with control solution.
    #[must_use]
    pub const fn control_solutions(&self) -> u32 {
        self.control_solutions
    }

    /// Values that repeated a record already received.
    #[must_use]
    pub const fn duplicates(&self) -> u32 {
        self.duplicates
    }

    /// Values that no decoder accepts; each was handed to the host as octets.
    #[must_use]
    pub const fn undecodable(&self) -> u32 {
        self.undecodable
    }

    /// Requests written to the control point.
    #[must_use]
    pub const fn requests(&self) -> u32 {
        self.requests
    }

    /// Times the link was made again.
    #[must_use]
    pub const fn reconnects(&self) -> u32 {
        self.reconnects
    }

    /// Records the device last said it holds in the part that was asked for.
    #[must_use]
    pub const fn stored(&self) -> Option<u16> {
        self.stored
    }

    /// How the session relates to the one before.
    #[must_use]
    pub const fn continuity(&self) -> Continuity {
        self.continuity
    }

    /// Records that came a second time with other content; the first was delivered.
    #[must_use]
    pub fn conflicts(&self) -> &[RecordKey] {
        &self.conflicts
    }

    /// Where the next session may start, once the host has stored what was delivered. Unset unless complete.
    #[must_use]
    pub const fn resume(&self) -> Option<RecordKey> {
        self.resume
    }
}

/// Why a session ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The device has no Glucose Measurement or no Record Access Control Point.
    NotAGlucoseMeter,
    /// The device wants a bond before it answers.
    NotPaired,
    /// The radio, or the service that drives it, is gone.
    RadioGone,
    /// The device refuses to report.
    Refused(ResponseCode),
    /// Asking again brought nothing new as often as the configuration allows.
    NoProgress,
    /// The device sends more different records than its sequence numbers allow.
    TooManyRecords,
    /// The session's time is up.
    OutOfTime,
    /// The host stopped it.
    Stopped,
    /// Every record is here, but a context or exact value that one announced is lost.
    CompanionsLost,
}

/// What is missing when a session ends early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomplete {
    pub(super) reason: Reason,
    pub(super) holes: Vec<SequenceRange>,
    pub(super) missing: Option<u32>,
    pub(super) companions_lost: Vec<RecordKey>,
    pub(super) summary: Summary,
}

impl Incomplete {
    /// Why it ended.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// Ranges that hold no received record and were not counted empty: every missing record that shares its number
    /// with no other lies in one of them.
    #[must_use]
    pub fn holes(&self) -> &[SequenceRange] {
        &self.holes
    }

    /// Records counted and not received; `None` when the device never answered the count.
    #[must_use]
    pub const fn missing(&self) -> Option<u32> {
        self.missing
    }

    /// Records delivered without a context or exact value that they announced.
    #[must_use]
    pub fn companions_lost(&self) -> &[RecordKey] {
        &self.companions_lost
    }

    /// What happened until then.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete or not: hosts must treat both")]
pub enum Outcome {
    /// Every stored record in scope was delivered.
    Complete {
        /// What shows it.
        proof: Proof,
        /// What happened.
        summary: Summary,
    },
    /// Something may be missing.
    Incomplete(Incomplete),
}

impl Outcome {
    /// What happened, either way.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        match self {
            Self::Complete { summary, .. } | Self::Incomplete(Incomplete { summary, .. }) => summary,
        }
    }

    /// Whether every stored record in scope was delivered.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self, Self::Complete { .. })
    }
}
