//! What a session delivers and how it ends.

use alloc::vec::Vec;

use crate::codec::cgm::{CgmFeatures, CgmMeasurement, CgmStatus, SessionRunTime, SessionStartTime};
use crate::procedure::conversation::Failure;
use crate::procedure::glucose_sync::{Proof, SequenceRange};

/// One measurement with the session it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgmReading {
    pub(super) measurement: CgmMeasurement,
    pub(super) raw: Vec<u8>,
    pub(super) session: Option<SessionStartTime>,
    pub(super) features: CgmFeatures,
}

impl CgmReading {
    /// The measurement.
    #[must_use]
    pub const fn measurement(&self) -> &CgmMeasurement {
        &self.measurement
    }

    /// The octets of this record as received, its check included.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// When the session began, if the sensor says so.
    #[must_use]
    pub const fn session(&self) -> Option<SessionStartTime> {
        self.session
    }

    /// What the sensor measures, and where.
    #[must_use]
    pub const fn features(&self) -> &CgmFeatures {
        &self.features
    }
}

/// What a session saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CgmSummary {
    pub(super) features: Option<CgmFeatures>,
    pub(super) status: Option<CgmStatus>,
    pub(super) session: Option<SessionStartTime>,
    pub(super) run_time: Option<SessionRunTime>,
    pub(super) delivered: u32,
    pub(super) repeats: u32,
    pub(super) conflicts: u32,
    pub(super) undecodable: u32,
    pub(super) sessions: u32,
    pub(super) reconnects: u32,
    pub(super) stored: Option<u16>,
    pub(super) newest: Option<u16>,
    pub(super) was_stopped: bool,
}

impl CgmSummary {
    /// What the sensor can do.
    #[must_use]
    pub const fn features(&self) -> Option<CgmFeatures> {
        self.features
    }

    /// The sensor's status when it was last read.
    #[must_use]
    pub const fn status(&self) -> Option<CgmStatus> {
        self.status
    }

    /// When the session began.
    #[must_use]
    pub const fn session(&self) -> Option<SessionStartTime> {
        self.session
    }

    /// How long the session can last.
    #[must_use]
    pub const fn run_time(&self) -> Option<SessionRunTime> {
        self.run_time
    }

    /// Measurements delivered.
    #[must_use]
    pub const fn delivered(&self) -> u32 {
        self.delivered
    }

    /// Measurements that came again.
    #[must_use]
    pub const fn repeats(&self) -> u32 {
        self.repeats
    }

    /// Measurements of a minute that came before with other octets; the first was delivered.
    #[must_use]
    pub const fn conflicts(&self) -> u32 {
        self.conflicts
    }

    /// Values that no decoder accepts, a wrong check among them.
    #[must_use]
    pub const fn undecodable(&self) -> u32 {
        self.undecodable
    }

    /// How many sessions of the sensor were seen: more than one when it was started anew meanwhile.
    #[must_use]
    pub const fn sessions(&self) -> u32 {
        self.sessions
    }

    /// Links made anew.
    #[must_use]
    pub const fn reconnects(&self) -> u32 {
        self.reconnects
    }

    /// How many measurements the sensor last counted.
    #[must_use]
    pub const fn stored(&self) -> Option<u16> {
        self.stored
    }

    /// Where to go on next time, once everything delivered is stored: session and minute of the newest measurement.
    #[must_use]
    pub fn resume(&self) -> Option<(SessionStartTime, u16)> {
        self.session.zip(self.newest)
    }

    /// Whether the sensor confirmed the stop.
    #[must_use]
    pub const fn was_stopped(&self) -> bool {
        self.was_stopped
    }
}

/// A session that ended without the proof that nothing is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgmIncomplete {
    pub(super) reason: Failure,
    pub(super) holes: Vec<SequenceRange>,
    pub(super) summary: CgmSummary,
}

impl CgmIncomplete {
    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Failure {
        self.reason
    }

    /// Minutes of the session of which it is unknown whether there are measurements.
    #[must_use]
    pub fn holes(&self) -> &[SequenceRange] {
        &self.holes
    }

    /// What the session saw.
    #[must_use]
    pub const fn summary(&self) -> &CgmSummary {
        &self.summary
    }
}

/// How a session ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete or not: hosts must treat both")]
pub enum CgmOutcome {
    /// Every stored measurement was delivered.
    Complete {
        /// How that is known.
        proof: Proof,
        /// What the session saw.
        summary: CgmSummary,
    },
    /// Not known to be everything.
    Incomplete(CgmIncomplete),
}

impl CgmOutcome {
    /// What the session saw.
    #[must_use]
    pub const fn summary(&self) -> &CgmSummary {
        match self {
            Self::Complete { summary, .. } | Self::Incomplete(CgmIncomplete { summary, .. }) => summary,
        }
    }

    /// Whether every stored measurement was delivered.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self, Self::Complete { .. })
    }
}
