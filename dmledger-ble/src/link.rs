//! What a radio offers: [`Central`] finds devices and connects, [`Link`] speaks GATT with one of them.
//!
//! A back end implements the two traits; [`sync_glucose`] drives a [`GlucoseSync`] over any of them, [`drive()`] every
//! other procedure. No runtime is forced: a link waits by itself ([`Link::next`]) and tells the time ([`Central::uptime`]), so the same driver runs in
//! virtual time over the simulated meter.

mod drive;
mod wire;

use core::fmt;
use core::time::Duration;

pub use drive::drive;

use async_trait::async_trait;
use thiserror::Error;
use wire::Wire;

use crate::codec::uuid::Uuid;
use crate::error::DecodeError;
use crate::procedure::Uptime;
use crate::procedure::glucose_sync::{Action, AttError, Event, GlucoseSync, Outcome, Record};

/// The name under which a central finds a device again: an address or the system's own handle.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(String);

impl DeviceId {
    /// From the central's own spelling.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The central's own spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How well the two ends know each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BondState {
    /// Strangers: anybody could be the device.
    NotBonded,
    /// Keys were exchanged without a passkey or comparison.
    Bonded,
    /// Keys were exchanged and a person confirmed the device.
    BondedAuthenticated,
}

/// Why two ends did not pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PairingError {
    /// The host or the person in front of it said no, or the device did.
    #[error("refused")]
    Refused,
    /// The two ends could not agree: a wrong code, or nothing that both can do.
    #[error("authentication failed")]
    Failed,
    /// Nobody answered in time.
    #[error("timed out")]
    TimedOut,
    /// The device or the system cannot pair.
    #[error("not supported")]
    Unsupported,
}

/// Why a radio operation failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The device answered with an ATT error.
    #[error("device refused: ATT error {:#04x}", .0.number())]
    Att(AttError),
    /// The link is down.
    #[error("link lost")]
    Lost,
    /// No such device in reach.
    #[error("device not found")]
    NotFound,
    /// The radio did not answer in time.
    #[error("radio timed out")]
    TimedOut,
    /// There is no radio, or the service that drives it is gone: trying again is useless.
    #[error("no radio, or its service is gone")]
    Unavailable,
    /// The link before cannot be ended: the system holds on to it although it was asked twice. Trying again is useless.
    #[error("earlier link is still up")]
    StillUp,
    /// The device and this machine did not pair.
    #[error("pairing failed")]
    Pairing(#[source] PairingError),
    /// The radio's own error.
    #[error("radio failed")]
    Radio(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a link reports while it is listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkEvent {
    /// A notification or an indication.
    Value {
        /// The characteristic.
        characteristic: Uuid,
        /// Its value.
        bytes: Vec<u8>,
    },
    /// The link went down; it reports nothing more.
    Disconnected,
    /// The waiting time passed.
    Idle,
}

/// A GATT client's connection to one device.
#[async_trait]
pub trait Link: Send {
    /// Characteristics of the device, discovered anew.
    ///
    /// # Errors
    /// [`LinkError`] when discovery fails.
    async fn characteristics(&mut self) -> Result<Vec<Uuid>, LinkError>;

    /// Enables notifications, or indications where there are no notifications. On return they are enabled.
    ///
    /// # Errors
    /// [`LinkError`] when the device refuses or the link is down.
    async fn subscribe(&mut self, characteristic: Uuid) -> Result<(), LinkError>;

    /// Reads a value. The value of a characteristic that is subscribed to may come as an event too.
    ///
    /// # Errors
    /// [`LinkError`] when the device refuses or the link is down; [`LinkError::Att`] with "read not permitted" for a
    /// back end that cannot read, so that procedures go on without what they can do without.
    async fn read(&mut self, characteristic: Uuid) -> Result<Vec<u8>, LinkError> {
        let _ = characteristic;
        Err(LinkError::Att(READ_NOT_PERMITTED))
    }

    /// Writes with response. On return the device has accepted the octets; an answer may follow as a value.
    ///
    /// # Errors
    /// [`LinkError`] when the device refuses or the link is down.
    async fn write(&mut self, characteristic: Uuid, bytes: &[u8]) -> Result<(), LinkError>;

    /// The next value, the end of the link, or [`LinkEvent::Idle`] after `wait`. Values come in the order of arrival
    /// and none that the radio received is dropped.
    async fn next(&mut self, wait: Duration) -> LinkEvent;

    /// How well the two ends know each other.
    fn bond(&self) -> BondState;

    /// Ends the link; harmless when it is down.
    async fn disconnect(&mut self);
}

/// A radio that makes links.
#[async_trait]
pub trait Central: Send + Sync {
    /// Makes a link to a device, pairing with it where the device asks for that.
    ///
    /// # Errors
    /// [`LinkError`] when the device cannot be reached.
    async fn connect(&self, device: &DeviceId) -> Result<Box<dyn Link>, LinkError>;

    /// The clock that [`Link::next`] waits by.
    fn uptime(&self) -> Uptime;
}

/// Where records go during a synchronisation.
pub trait RecordSink: Send {
    /// A link was made; what is said about the bond holds for the records that follow. Ignored unless overridden.
    fn linked(&mut self, bond: BondState) {
        let _ = bond;
    }

    /// A record, once. It must be stored under its device and key before the session's resume point is used.
    fn record(&mut self, record: Record);

    /// Octets that no decoder accepts; ignored unless overridden, and counted in the summary either way.
    fn undecodable(&mut self, characteristic: Uuid, bytes: &[u8], error: DecodeError) {
        let _ = (characteristic, bytes, error);
    }
}

impl RecordSink for Vec<Record> {
    fn record(&mut self, record: Record) {
        self.push(record);
    }
}

/// Runs one synchronisation to its end over a real or simulated radio.
pub async fn sync_glucose(
    central: &dyn Central,
    device: &DeviceId,
    mut sync: GlucoseSync,
    sink: &mut dyn RecordSink,
) -> Outcome {
    let mut driver = Driver { wire: Wire::new(central, device), links: 0 };
    let mut actions: std::collections::VecDeque<_> = sync.handle(Event::Start, central.uptime()).into();
    loop {
        let Some(action) = actions.pop_front() else {
            actions.extend(driver.listen(&mut sync).await);
            continue;
        };
        match action {
            Action::Deliver(record) => sink.record(record),
            Action::Undecodable { characteristic, bytes, error } => sink.undecodable(characteristic, &bytes, error),
            Action::SetTimer(at) => driver.wire.set_timer(at),
            Action::Done(outcome) => return outcome,
            action => {
                let before = driver.links;
                actions.extend(driver.act(action, &mut sync).await);
                if let Some(link) = driver.wire.link().filter(|_| driver.links > before) {
                    sink.linked(link.bond());
                }
            }
        }
    }
}

struct Driver<'a> {
    wire: Wire<'a>,
    /// Links made so far.
    links: u32,
}

impl Driver<'_> {
    /// Waits for the next event of the link or the timer.
    async fn listen(&mut self, sync: &mut GlucoseSync) -> Vec<Action> {
        match self.wire.listen().await {
            LinkEvent::Value { characteristic, bytes } => {
                sync.handle(Event::Value { characteristic, bytes: &bytes }, self.wire.now())
            }
            LinkEvent::Disconnected => self.ended(sync, Event::Disconnected),
            LinkEvent::Idle => sync.handle(Event::Tick, self.wire.tick()),
        }
    }

    /// Does what needs the radio.
    async fn act(&mut self, action: Action, sync: &mut GlucoseSync) -> Vec<Action> {
        match action {
            Action::Connect => {
                let found = self.wire.connect().await;
                self.links = self.links.saturating_add(self.wire.link().is_some().into());
                match found {
                    Ok(found) => sync.handle(Event::ServicesResolved(&found), self.wire.now()),
                    Err(error) => self.unreachable(&error, sync),
                }
            }
            Action::Disconnect => {
                self.wire.disconnect().await;
                sync.handle(Event::Disconnected, self.wire.now())
            }
            Action::Subscribe(characteristic) => match self.wire.subscribe(characteristic).await {
                Ok(()) => sync.handle(Event::Subscribed(characteristic), self.wire.now()),
                Err(error) => self.failed(characteristic, &error, sync),
            },
            Action::Write { characteristic, bytes } => match self.wire.write(characteristic, &bytes).await {
                Ok(()) => Vec::new(),
                Err(error) => self.failed(characteristic, &error, sync),
            },
            _ => Vec::new(),
        }
    }

    fn failed(&mut self, characteristic: Uuid, error: &LinkError, sync: &mut GlucoseSync) -> Vec<Action> {
        match error {
            LinkError::Att(error) => sync.handle(Event::Refused { characteristic, error: *error }, self.wire.now()),
            error => self.unreachable(error, sync),
        }
    }

    fn unreachable(&mut self, error: &LinkError, sync: &mut GlucoseSync) -> Vec<Action> {
        match error {
            LinkError::Unavailable | LinkError::StillUp => self.ended(sync, Event::RadioGone),
            LinkError::Pairing(_) => self.ended(sync, Event::NotPaired),
            _ => self.ended(sync, Event::Disconnected),
        }
    }

    fn ended(&mut self, sync: &mut GlucoseSync, event: Event<'_>) -> Vec<Action> {
        self.wire.down();
        sync.handle(event, self.wire.now())
    }
}

const READ_NOT_PERMITTED: AttError = AttError::from_number(0x02);
/// How long to listen when the machine asks for no timer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
