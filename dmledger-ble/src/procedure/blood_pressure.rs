//! Measurements that a device has stored and indicates by itself: cuffs, scales, thermometers, oximeters.
//!
//! Such a device keeps a measurement until an indication of it is confirmed, sends what it keeps as soon as somebody
//! subscribes, and offers no way to ask how many there are. So nothing proves that everything has come. The procedure
//! says what it knows: [`Ending::Quiet`] after a silence on a link that was up, [`Ending::DeviceLeft`] when the device
//! ended the link and did not come back. A link lost in between is made anew, and what was not confirmed comes again.
//!
//! A repeat is told by its octets. Two measurements without a time of their own may have the same octets: then only one
//! that follows within a second, or comes first on a new link, is a repeat.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::time::Duration;

use super::Uptime;
use super::conversation::{Action, Event, Failure, Limits, Procedure};
use super::history::fingerprint;
use super::line::{Heard, Line, Plan};
use crate::codec::Characteristic;
use crate::codec::blood_pressure::BloodPressureMeasurement;
use crate::codec::date_time::DateTime;
use crate::codec::device::{BatteryLevel, CurrentTime};
use crate::codec::plx::PlxSpotCheck;
use crate::codec::thermometer::TemperatureMeasurement;
use crate::codec::uuid::{BATTERY_LEVEL, CURRENT_TIME, Uuid};
use crate::codec::weight::WeightMeasurement;

/// A measurement that devices indicate from their store.
pub trait Indicated: Characteristic {
    /// The device's time of the measurement, if it states one.
    fn taken(&self) -> Option<DateTime>;
}

macro_rules! indicated {
    ($($value:ty)*) => {
        $(
            impl Indicated for $value {
                fn taken(&self) -> Option<DateTime> {
                    self.taken()
                }
            }
        )*
    };
}

indicated!(BloodPressureMeasurement WeightMeasurement TemperatureMeasurement PlxSpotCheck);

/// A measurement as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured<C> {
    value: C,
    raw: Vec<u8>,
    received: Uptime,
}

impl<C> Measured<C> {
    /// The measurement.
    pub const fn value(&self) -> &C {
        &self.value
    }

    /// The octets as received.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// When it was received.
    pub const fn received(&self) -> Uptime {
        self.received
    }
}

/// How a session ended that was not cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "silence or farewell")]
pub enum Ending {
    /// The link was up and nothing came for a while.
    Quiet,
    /// The device ended the link and is out of reach.
    DeviceLeft,
}

/// What a session saw and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndicationsOutcome {
    end: Result<Ending, Failure>,
    delivered: u32,
    repeats: u32,
    undecodable: u32,
    reconnects: u32,
    clock: Option<(CurrentTime, Uptime)>,
    battery: Option<BatteryLevel>,
}

impl IndicationsOutcome {
    /// How it ended. Neither ending proves that nothing is left on the device.
    ///
    /// # Errors
    /// [`Failure`] when it was cut short.
    pub const fn end(&self) -> Result<Ending, Failure> {
        self.end
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

    /// Values that no decoder accepts.
    #[must_use]
    pub const fn undecodable(&self) -> u32 {
        self.undecodable
    }

    /// Links made anew.
    #[must_use]
    pub const fn reconnects(&self) -> u32 {
        self.reconnects
    }

    /// The device's clock and when it was read, if it shows one.
    #[must_use]
    pub const fn clock(&self) -> Option<(CurrentTime, Uptime)> {
        self.clock
    }

    /// The device's battery, if it shows one.
    #[must_use]
    pub const fn battery(&self) -> Option<BatteryLevel> {
        self.battery
    }
}

/// Takes everything a device has stored and indicates.
#[derive(Debug)]
pub struct Indications<C> {
    line: Line,
    quiet: Duration,
    over: bool,
    was_open: bool,
    first_on_link: bool,
    recent: VecDeque<(u64, Uptime)>,
    seen: BTreeSet<u64>,
    outcome: IndicationsOutcome,
    value: PhantomData<C>,
}

/// Takes the measurements of a cuff.
pub type BloodPressureSync = Indications<BloodPressureMeasurement>;

impl<C: Indicated> Indications<C> {
    /// A session that ends after `quiet` without a measurement.
    #[must_use]
    pub fn new(quiet: Duration, limits: Limits) -> Self {
        let outcome = IndicationsOutcome {
            end: Err(Failure::Stopped),
            delivered: 0,
            repeats: 0,
            undecodable: 0,
            reconnects: 0,
            clock: None,
            battery: None,
        };
        Self {
            line: Line::new(Plan::new(&[C::UUID], &[CURRENT_TIME, BATTERY_LEVEL], &[C::UUID]), limits),
            quiet,
            over: false,
            was_open: false,
            first_on_link: false,
            recent: VecDeque::new(),
            seen: BTreeSet::new(),
            outcome,
            value: PhantomData,
        }
    }

    fn value(&mut self, bytes: &[u8], now: Uptime, actions: &mut Vec<Action<Measured<C>, IndicationsOutcome>>) {
        let value = match C::decode(bytes) {
            Ok(value) => value,
            Err(error) => {
                self.outcome.undecodable = self.outcome.undecodable.saturating_add(1);
                actions.push(Action::Undecodable { characteristic: C::UUID, bytes: bytes.to_vec(), error });
                return;
            }
        };
        let print = fingerprint(bytes);
        let first = core::mem::take(&mut self.first_on_link);
        let repeat = match value.taken() {
            Some(_) => !self.seen.insert(print),
            None => {
                let last = first && self.recent.back().is_some_and(|(last, _)| *last == print);
                last || self.recent.iter().any(|(one, at)| *one == print && now.since(*at) <= REPEAT_WITHIN)
            }
        };
        self.recent.push_back((print, now));
        if self.recent.len() > MAX_RECENT {
            self.recent.pop_front();
        }
        if repeat {
            self.outcome.repeats = self.outcome.repeats.saturating_add(1);
            return;
        }
        if self.seen.len() > MAX_MEASUREMENTS {
            return self.end(Err(Failure::TooMuch), actions);
        }
        self.line.progress();
        self.outcome.delivered = self.outcome.delivered.saturating_add(1);
        actions.push(Action::Deliver(Measured { value, raw: bytes.to_vec(), received: now }));
    }

    fn read(&mut self, characteristic: Uuid, bytes: &[u8], now: Uptime) {
        match characteristic {
            CURRENT_TIME => self.outcome.clock = CurrentTime::decode(bytes).ok().map(|clock| (clock, now)),
            _ => self.outcome.battery = BatteryLevel::decode(bytes).ok(),
        }
    }

    fn end(&mut self, end: Result<Ending, Failure>, actions: &mut Vec<Action<Measured<C>, IndicationsOutcome>>) {
        self.over = true;
        (self.outcome.end, self.outcome.reconnects) = (end, self.line.reconnects());
        self.line.finish(self.outcome.clone(), actions);
    }

    /// A device that was reached once and is gone has left; one that never was is out of reach.
    fn lost(&mut self, now: Uptime, actions: &mut Vec<Action<Measured<C>, IndicationsOutcome>>) {
        if let Some(failure) = self.line.again(now, actions) {
            let end = if self.was_open { Ok(Ending::DeviceLeft) } else { Err(failure) };
            self.end(end, actions);
        }
    }
}

impl<C: Indicated> Procedure for Indications<C> {
    type Item = Measured<C>;
    type Outcome = IndicationsOutcome;

    fn handle(&mut self, event: Event<'_>, now: Uptime) -> Vec<Action<Measured<C>, IndicationsOutcome>> {
        let mut actions = Vec::new();
        if self.over {
            return actions;
        }
        match self.line.hear(event, now, &mut actions) {
            Heard::Open => {
                (self.was_open, self.first_on_link) = (true, true);
                self.line.expect(Some(now.after(self.quiet)));
            }
            Heard::Value(characteristic, bytes) if characteristic == C::UUID => {
                self.value(bytes, now, &mut actions);
                self.line.expect(Some(now.after(self.quiet)));
            }
            Heard::Read(characteristic, bytes) => self.read(characteristic, bytes, now),
            Heard::Deadline => self.end(Ok(Ending::Quiet), &mut actions),
            Heard::Lost => self.lost(now, &mut actions),
            Heard::Stop => self.end(Err(Failure::Stopped), &mut actions),
            Heard::Failed(Failure::NoProgress) if self.was_open => self.end(Ok(Ending::DeviceLeft), &mut actions),
            Heard::Failed(failure) => self.end(Err(failure), &mut actions),
            Heard::Nothing | Heard::Value(..) | Heard::Refused(..) => {}
        }
        self.line.set_timer(&mut actions);
        actions
    }

    fn is_finished(&self) -> bool {
        self.over
    }
}

/// The same octets without a time within this long are the same measurement.
const REPEAT_WITHIN: Duration = Duration::from_secs(1);
/// More than come within that time.
const MAX_RECENT: usize = 256;
/// More than any cuff keeps.
const MAX_MEASUREMENTS: usize = 1 << 14;
