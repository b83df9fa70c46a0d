//! A radio in virtual time that reaches one simulated device.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::device::Peripheral;
use super::fault::{Dice, Fate, Faults, Struck, Traffic};
use super::peripheral::SimMeter;
use crate::codec::uuid::Uuid;
use crate::link::{BondState, Central, DeviceId, Link, LinkError, LinkEvent};
use crate::procedure::Uptime;
use crate::procedure::glucose_sync::AttError;

/// What time it is and what is under way.
#[derive(Debug)]
struct World<P> {
    device: Option<P>,
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
    refuses_bond: bool,
}

impl<P: Peripheral> World<P> {
    fn advance(&mut self, wait: Duration) {
        self.now = self.now.after(wait);
    }

    fn unlink(&mut self) {
        if let Some(device) = &mut self.device {
            device.unlink();
        }
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
            let due =
                self.device.as_ref().and_then(|device| device.due(self.now)).map(|at| at.max(self.free).max(self.now));
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
        let now = self.now;
        let (characteristic, mut bytes) = self.device.as_mut()?.next_value(now)?;
        self.sent += 1;
        let traffic = self.device.as_ref().map_or(Traffic::Record, |device| device.traffic(characteristic));
        let fate = self.dice.fate(traffic);
        if let (false, Some(device)) = (fate == Fate::LinkBreaks, &mut self.device) {
            device.confirmed(characteristic);
        }
        let value = (characteristic, bytes.clone());
        match fate {
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
            Fate::Repeated => self.delay(PACE, value),
            Fate::Corrupted(place) => flip(&mut bytes, place),
            Fate::Arrives => {}
        }
        Some(LinkEvent::Value { characteristic, bytes })
    }
}

/// A simulated radio: one device in reach, its own clock, faults from a seed.
#[derive(Debug)]
pub struct SimCentral<P = SimMeter> {
    world: Arc<Mutex<World<P>>>,
}

impl<P> Clone for SimCentral<P> {
    fn clone(&self) -> Self {
        Self { world: Arc::clone(&self.world) }
    }
}

impl<P: Peripheral> SimCentral<P> {
    /// A radio that reaches `device`.
    #[must_use]
    pub fn new(device: P, faults: Faults, seed: u64) -> Self {
        let world = World {
            device: Some(device),
            dice: Dice::new(faults, seed),
            now: Uptime::default(),
            free: Uptime::default(),
            late: BTreeMap::new(),
            sent: 0,
            generation: 0,
            linked: false,
            refuses_bond: false,
        };
        Self { world: Arc::new(Mutex::new(world)) }
    }

    /// The device, for example to take a further reading while a session runs; `None` when it was taken away.
    pub fn with_device<T>(&self, look: impl FnOnce(&mut P) -> T) -> Option<T> {
        lock(&self.world).device.as_mut().map(look)
    }

    /// How often each fault has struck.
    #[must_use]
    pub fn struck(&self) -> Struck {
        lock(&self.world).dice.struck()
    }

    /// Lets time pass.
    pub fn pass(&self, wait: Duration) {
        lock(&self.world).advance(wait);
    }

    /// Takes the device out of reach and hands it back; `None` when it was taken before.
    #[must_use]
    pub fn into_device(self) -> Option<P> {
        let mut world = lock(&self.world);
        world.unlink();
        world.device.take()
    }
}

#[async_trait]
impl<P: Peripheral> Central for SimCentral<P> {
    async fn connect(&self, _device: &DeviceId) -> Result<Box<dyn Link>, LinkError> {
        let mut world = lock(&self.world);
        world.unlink();
        world.advance(CONNECT_TIME);
        if world.device.is_none() {
            return Err(LinkError::NotFound);
        }
        world.refuses_bond = world.dice.refuses_bond();
        world.linked = true;
        world.generation += 1;
        Ok(Box::new(SimLink { world: Arc::clone(&self.world), generation: world.generation }))
    }

    fn uptime(&self) -> Uptime {
        lock(&self.world).now
    }
}

#[derive(Debug)]
struct SimLink<P> {
    world: Arc<Mutex<World<P>>>,
    generation: u64,
}

impl<P: Peripheral> SimLink<P> {
    /// The world, if this link is still the one that is up.
    fn up(&self) -> Result<MutexGuard<'_, World<P>>, LinkError> {
        let world = lock(&self.world);
        if world.linked && world.generation == self.generation { Ok(world) } else { Err(LinkError::Lost) }
    }
}

#[async_trait]
impl<P: Peripheral> Link for SimLink<P> {
    async fn characteristics(&mut self) -> Result<Vec<Uuid>, LinkError> {
        let mut world = self.up()?;
        world.advance(ROUND_TRIP);
        Ok(world.device.as_ref().map(Peripheral::characteristics).unwrap_or_default())
    }

    async fn subscribe(&mut self, characteristic: Uuid) -> Result<(), LinkError> {
        let mut world = self.up()?;
        world.advance(ROUND_TRIP);
        if world.refuses_bond {
            return Err(LinkError::Att(AttError::INSUFFICIENT_AUTHENTICATION));
        }
        let device = world.device.as_mut().ok_or(LinkError::Lost)?;
        device.subscribe(characteristic).map_err(LinkError::Att)
    }

    async fn read(&mut self, characteristic: Uuid) -> Result<Vec<u8>, LinkError> {
        let mut world = self.up()?;
        let slowness = world.dice.slowness();
        world.advance(ROUND_TRIP + slowness);
        let now = world.now;
        let device = world.device.as_mut().ok_or(LinkError::Lost)?;
        device.read(characteristic, now).map_err(LinkError::Att)
    }

    async fn write(&mut self, characteristic: Uuid, bytes: &[u8]) -> Result<(), LinkError> {
        let mut world = self.up()?;
        let slowness = world.dice.slowness();
        world.advance(ROUND_TRIP + slowness);
        world.free = world.free.max(world.now.after(ROUND_TRIP));
        let now = world.now;
        let device = world.device.as_mut().ok_or(LinkError::Lost)?;
        device.write(characteristic, bytes, now).map_err(LinkError::Att)
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

/// Flips one bit.
fn flip(bytes: &mut [u8], place: u64) {
    let length = (bytes.len() as u64).max(1);
    let index = usize::try_from(place / 8 % length).unwrap_or(0);
    if let Some(octet) = bytes.get_mut(index) {
        *octet ^= 1 << (place % 8);
    }
}

/// A panic elsewhere does not make the world less true.
fn lock<P>(world: &Mutex<World<P>>) -> MutexGuard<'_, World<P>> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Time between two values.
const PACE: Duration = Duration::from_millis(5);
/// Time a question takes to the device and back.
const ROUND_TRIP: Duration = Duration::from_millis(30);
/// Time from the wish to a link.
const CONNECT_TIME: Duration = Duration::from_millis(500);
