//! A radio in virtual time that reaches one simulated meter.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::fault::{Dice, Fate, Faults, Traffic};
use super::peripheral::SimMeter;
use super::reading::MeterConfig;
use crate::codec::uuid::{GLUCOSE_MEASUREMENT, RECORD_ACCESS_CONTROL_POINT, Uuid};
use crate::link::{BondState, Central, DeviceId, Link, LinkError, LinkEvent};
use crate::procedure::Uptime;

/// What time it is and what is under way.
#[derive(Debug)]
struct World {
    meter: SimMeter,
    dice: Dice,
    now: Uptime,
    /// When the meter may send its next value.
    free: Uptime,
    /// Values that arrive late, by time and order of sending.
    late: BTreeMap<(Uptime, u64), (Uuid, Vec<u8>)>,
    sent: u64,
    /// Counts links, so that an old one stays dead.
    generation: u64,
    linked: bool,
}

impl World {
    fn advance(&mut self, wait: Duration) {
        self.now = self.now.after(wait);
    }

    fn unlink(&mut self) {
        self.meter.unlink();
        self.late.clear();
        self.free = self.now;
        self.linked = false;
    }

    fn delay(&mut self, wait: Duration, value: (Uuid, Vec<u8>)) {
        self.late.insert((self.free.after(wait), self.sent), value);
    }

    /// The next value that arrives before `end`, with time moved to its arrival.
    fn arrival(&mut self, end: Uptime) -> LinkEvent {
        loop {
            let due = self.meter.has_value().then(|| self.free.max(self.now));
            let late = self.late.first_key_value().map(|((at, _), _)| (*at).max(self.now));
            match (due, late) {
                (_, Some(at)) if at <= end && due.is_none_or(|due| at <= due) => {
                    self.now = at;
                    let Some((_, (characteristic, bytes))) = self.late.pop_first() else { continue };
                    return LinkEvent::Value { characteristic, bytes };
                }
                (Some(at), _) if at <= end => {
                    self.now = at;
                    self.free = at.after(PACE);
                    if let Some(event) = self.send() {
                        return event;
                    }
                }
                _ => {
                    self.now = end;
                    return LinkEvent::Idle;
                }
            }
        }
    }

    /// The meter sends; what arrives at once is handed back.
    fn send(&mut self) -> Option<LinkEvent> {
        let value = self.meter.next_value()?;
        self.sent += 1;
        let traffic = match value.0 {
            RECORD_ACCESS_CONTROL_POINT => Traffic::Answer,
            GLUCOSE_MEASUREMENT => Traffic::Record,
            _ => Traffic::Companion,
        };
        match self.dice.fate(traffic) {
            Fate::Lost => return None,
            Fate::Late(wait) => {
                self.delay(wait, value);
                if traffic == Traffic::Answer {
                    // One bearer keeps its order: what follows a late answer is later still.
                    self.free = self.free.after(wait).after(PACE);
                }
                return None;
            }
            Fate::LinkBreaks => {
                self.unlink();
                return Some(LinkEvent::Disconnected);
            }
            Fate::Repeated => self.delay(PACE, value.clone()),
            Fate::Arrives => {}
        }
        let (characteristic, bytes) = value;
        Some(LinkEvent::Value { characteristic, bytes })
    }
}

/// A simulated radio: one meter in reach, its own clock, faults from a seed.
#[derive(Clone, Debug)]
pub struct SimCentral {
    world: Arc<Mutex<World>>,
}

impl SimCentral {
    /// A radio that reaches `meter`.
    #[must_use]
    pub fn new(meter: SimMeter, faults: Faults, seed: u64) -> Self {
        let world = World {
            meter,
            dice: Dice::new(faults, seed),
            now: Uptime::default(),
            free: Uptime::default(),
            late: BTreeMap::new(),
            sent: 0,
            generation: 0,
            linked: false,
        };
        Self { world: Arc::new(Mutex::new(world)) }
    }

    /// The meter, for example to take a further reading while a session runs.
    pub fn with_meter<T>(&self, look: impl FnOnce(&mut SimMeter) -> T) -> T {
        look(&mut lock(&self.world).meter)
    }

    /// Takes the meter out of reach and hands it back.
    #[must_use]
    pub fn into_meter(self) -> SimMeter {
        let mut world = lock(&self.world);
        world.unlink();
        core::mem::replace(&mut world.meter, SimMeter::new(MeterConfig::new()))
    }
}

#[async_trait]
impl Central for SimCentral {
    async fn connect(&self, _device: &DeviceId) -> Result<Box<dyn Link>, LinkError> {
        let mut world = lock(&self.world);
        world.unlink();
        world.advance(CONNECT_TIME);
        world.linked = true;
        world.generation += 1;
        Ok(Box::new(SimLink { world: Arc::clone(&self.world), generation: world.generation }))
    }

    fn uptime(&self) -> Uptime {
        lock(&self.world).now
    }
}

#[derive(Debug)]
struct SimLink {
    world: Arc<Mutex<World>>,
    generation: u64,
}

impl SimLink {
    /// The world, if this link is still the one that is up.
    fn up(&self) -> Result<MutexGuard<'_, World>, LinkError> {
        let world = lock(&self.world);
        if world.linked && world.generation == self.generation { Ok(world) } else { Err(LinkError::Lost) }
    }
}

#[async_trait]
impl Link for SimLink {
    async fn characteristics(&mut self) -> Result<Vec<Uuid>, LinkError> {
        let mut world = self.up()?;
        world.advance(ROUND_TRIP);
        Ok(world.meter.characteristics())
    }

    async fn subscribe(&mut self, characteristic: Uuid) -> Result<(), LinkError> {
        let mut world = self.up()?;
        world.advance(ROUND_TRIP);
        world.meter.subscribe(characteristic).map_err(LinkError::Att)
    }

    async fn write(&mut self, characteristic: Uuid, bytes: &[u8]) -> Result<(), LinkError> {
        let mut world = self.up()?;
        world.advance(ROUND_TRIP);
        world.free = world.free.max(world.now.after(ROUND_TRIP));
        world.meter.write(characteristic, bytes).map_err(LinkError::Att)
    }

    async fn next(&mut self, wait: Duration) -> LinkEvent {
        match self.up() {
            Ok(mut world) => {
                let end = world.now.after(wait);
                world.arrival(end)
            }
            Err(_) => LinkEvent::Disconnected,
        }
    }

    fn bond(&self) -> BondState {
        BondState::BondedAuthenticated
    }

    async fn disconnect(&mut self) {
        if let Ok(mut world) = self.up() {
            world.unlink();
        }
    }
}

/// A panic elsewhere does not make the world less true.
fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Time between two values.
const PACE: Duration = Duration::from_millis(5);
/// Time a question takes to the device and back.
const ROUND_TRIP: Duration = Duration::from_millis(30);
/// Time from the wish to a link.
const CONNECT_TIME: Duration = Duration::from_millis(500);
