//! What C and a synchronisation tell one another: events, actions, and how it ended.

use std::time::Duration;

use crate::codec::glucose::SequenceNumber;
use crate::codec::uuid::Uuid;
use crate::ffi::{DmledgerDateTime, DmledgerGlucoseContext, DmledgerGlucoseMeasurement, DmledgerStatus};
use crate::procedure::glucose_sync::{RecordKey, SyncConfig};

/// An attribute type: 128 bits in the order in which they are written with hyphens.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerUuid {
    /// The sixteen octets.
    pub octets: [u8; 16],
}

impl From<Uuid> for DmledgerUuid {
    fn from(uuid: Uuid) -> Self {
        Self { octets: uuid.to_u128().to_be_bytes() }
    }
}

impl From<DmledgerUuid> for Uuid {
    fn from(uuid: DmledgerUuid) -> Self {
        Self::vendor(u128::from_be_bytes(uuid.octets))
    }
}

/// The attribute type with a number assigned by the Bluetooth SIG, for example 0x2A18.
#[unsafe(no_mangle)]
pub extern "C" fn dmledger_uuid_assigned(number: u16) -> DmledgerUuid {
    Uuid::assigned(number).into()
}

/// How patient a synchronisation is, and where it starts. A time of 0 asks for the default.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerSyncConfig {
    /// How long a device may stay silent while it owes an answer; 5 s.
    pub response_timeout_ms: u32,
    /// How long to wait for a connection; 60 s.
    pub connect_timeout_ms: u32,
    /// How long to wait for a late context; 1 s.
    pub companion_timeout_ms: u32,
    /// How long the whole session may take; 30 minutes.
    pub session_limit_ms: u32,
    /// Base time of the last record that is stored durably.
    pub resume_base_time: DmledgerDateTime,
    /// Number of the last record that is stored durably.
    pub resume_sequence: u16,
    /// 1 to fetch only what is newer than that record.
    pub has_resume: u8,
}

impl DmledgerSyncConfig {
    pub(super) fn config(&self) -> Result<SyncConfig, DmledgerStatus> {
        let or = |millis: u32, with: fn(SyncConfig, Duration) -> SyncConfig, config: SyncConfig| match millis {
            0 => config,
            millis => with(config, Duration::from_millis(millis.into())),
        };
        let mut config = SyncConfig::new();
        config = or(self.response_timeout_ms, SyncConfig::with_response_timeout, config);
        config = or(self.connect_timeout_ms, SyncConfig::with_connect_timeout, config);
        config = or(self.companion_timeout_ms, SyncConfig::with_companion_timeout, config);
        config = or(self.session_limit_ms, SyncConfig::with_session_limit, config);
        if self.has_resume != 0 {
            let last = RecordKey::new(SequenceNumber::new(self.resume_sequence), self.resume_base_time.stated()?);
            config = config.resuming_after(last);
        }
        Ok(config)
    }
}

/// What happened.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DmledgerEventKind {
    /// Begin.
    Start = 0,
    /// The link is up; services are not known yet.
    Connected = 1,
    /// Service discovery is done: `characteristics`, `characteristic_count`.
    ServicesResolved = 2,
    /// A subscription is in place: `characteristic`.
    Subscribed = 3,
    /// The device refused a subscription or a write: `characteristic`, `att_error`.
    Refused = 4,
    /// A notification or an indication: `characteristic`, `bytes`, `length`.
    Value = 5,
    /// The link is down.
    Disconnected = 6,
    /// The time asked for has come.
    Tick = 7,
    /// Stop.
    Stop = 8,
    /// There is no radio any more.
    RadioGone = 9,
    /// The device did not pair.
    NotPaired = 10,
}

/// An event; which fields count depends on `kind`. Its pointers are read during the call only.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerEvent {
    /// The value.
    pub bytes: *const u8,
    /// Octets of the value.
    pub length: usize,
    /// The characteristics found.
    pub characteristics: *const DmledgerUuid,
    /// How many were found.
    pub characteristic_count: usize,
    /// The characteristic it is about.
    pub characteristic: DmledgerUuid,
    /// A [`DmledgerEventKind`].
    pub kind: u32,
    /// The ATT error.
    pub att_error: u8,
}

/// What to do.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DmledgerActionKind {
    /// Make the link and discover services.
    Connect = 0,
    /// Drop the link.
    Disconnect = 1,
    /// Enable notifications or indications: `characteristic`.
    Subscribe = 2,
    /// Write with response: `characteristic`, `bytes`, `length`.
    Write = 3,
    /// Send a tick at `at_ms`; replaces the time asked for before.
    SetTimer = 4,
    /// A record, handed over once: `measurement`, `bytes`, `length`, and `context` if there is one.
    Deliver = 5,
    /// A value that no decoder accepts: `characteristic`, `bytes`, `length`.
    Undecodable = 6,
    /// Over: `outcome`.
    Done = 7,
    /// Something a later version of the library asks for; not doing it does no harm.
    Unknown = 255,
}

/// Sequence numbers from `first` to `last`, both included.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerHole {
    /// The smallest number.
    pub first: u16,
    /// The largest number.
    pub last: u16,
}

/// What shows that nothing is missing.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DmledgerProof {
    /// Nothing: something may be missing.
    None = 0,
    /// The count is right, and the device's counts leave no gap between the numbers received that could hold a record.
    EveryGapCounted = 1,
    /// The count is right.
    CountOnly = 2,
    /// The device cannot count; two whole reports agree.
    ReportsAgree = 3,
}

/// Why a session ended early.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DmledgerReason {
    /// It did not.
    None = 0,
    /// The device is no glucose meter.
    NotAGlucoseMeter = 1,
    /// The device wants a bond.
    NotPaired = 2,
    /// The device refuses to report.
    Refused = 3,
    /// Asking again brought nothing new.
    NoProgress = 4,
    /// The device sends more records than its numbers allow.
    TooManyRecords = 5,
    /// The session's time is up.
    OutOfTime = 6,
    /// The host stopped it.
    Stopped = 7,
    /// Every record is here, but a context that one announced is lost.
    CompanionsLost = 8,
    /// The radio is gone.
    RadioGone = 9,
    /// A reason of a later version.
    Other = 255,
}

/// How a session ended.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerOutcome {
    /// Ranges in which records may be missing; empty when complete. Lives as long as the action.
    pub holes: *const DmledgerHole,
    /// How many ranges there are.
    pub hole_count: usize,
    /// Records handed over.
    pub delivered: u32,
    /// Records counted and not received.
    pub missing: u32,
    /// A [`DmledgerProof`].
    pub proof: u32,
    /// A [`DmledgerReason`].
    pub reason: u32,
    /// Base time of the record after which the next session may start.
    pub resume_base_time: DmledgerDateTime,
    /// Number of that record.
    pub resume_sequence: u16,
    /// 1 when there is such a record.
    pub has_resume: u8,
    /// 1 when every stored record in scope was handed over, 0 when something may be missing.
    pub complete: u8,
    /// 1 when `missing` is known.
    pub has_missing: u8,
}

/// An action; which fields count depends on `kind`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerAction {
    /// The value; lives until the next call with the same handle.
    pub bytes: *const u8,
    /// Octets of the value.
    pub length: usize,
    /// When to send a tick, in milliseconds of the caller's clock.
    pub at_ms: u64,
    /// How it ended.
    pub outcome: DmledgerOutcome,
    /// The record.
    pub measurement: DmledgerGlucoseMeasurement,
    /// Its context.
    pub context: DmledgerGlucoseContext,
    /// The characteristic.
    pub characteristic: DmledgerUuid,
    /// A [`DmledgerActionKind`].
    pub kind: u32,
    /// 1 when there is a context.
    pub has_context: u8,
}
