//! A real radio: [`Central`] and [`Link`] over the Bluetooth stack of the operating system.
//!
//! The stack is reached through the crate `btleplug`; on Linux pairing, connecting and the health of the daemon go over
//! a second connection to the system bus, with a pairing agent of our own. What this module adds to the stack:
//!
//! - **Every call has a limit** ([`RadioConfig`]) and a typed error. A call that runs into its limit is followed by a
//!   short question whether the daemon lives; [`LinkError::Unavailable`] says that it does not, and that trying again is
//!   useless.
//! - **Disconnection is watched.** The stack's stream of notifications does not end with the link; here the link reports
//!   [`LinkEvent::Disconnected`](crate::link::LinkEvent) after the last value that the stack received.
//! - **Pairing** ([`PairingPolicy`]) with an agent that answers for the devices the host asked for and for no others, and
//!   asks a [`PairingHost`] where a person has to look.
//! - **Streams of the stack are kept** as long as the radio: dropping one while signals arrive makes a task of the stack
//!   panic, which ends a host that is built with `panic = "abort"`. [`Radio::close`] ends them in peace.
//!
//! A radio needs a Tokio runtime with timers, and must be used within the one it was opened in; what speaks to the daemon
//! runs on a thread of the radio's own.
//!
//! ```no_run
//! use dmledger_ble::codec::uuid::GLUCOSE_SERVICE;
//! use dmledger_ble::link::sync_glucose;
//! use dmledger_ble::procedure::glucose_sync::{GlucoseSync, SyncConfig};
//! use dmledger_ble::radio::{Radio, RadioConfig};
//! # use std::time::Duration;
//!
//! # async fn gateway() -> Result<(), dmledger_ble::link::LinkError> {
//! let radio = Radio::open(RadioConfig::new()).await?;
//! let meter = radio.find(Duration::from_secs(20), |seen| seen.offers(GLUCOSE_SERVICE)).await?;
//! let mut records = Vec::new();
//! let outcome = sync_glucose(&radio, meter.device(), GlucoseSync::new(SyncConfig::new()), &mut records).await;
//! println!("{} records, complete: {}", records.len(), outcome.is_complete());
//! radio.close().await;
//! # Ok(())
//! # }
//! ```

#[cfg(target_os = "linux")]
mod agent;
#[cfg(target_os = "linux")]
mod bluez;
mod config;
mod device;
mod error;
mod link;
mod pairing;
mod session;
mod sighting;
mod watch;

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use btleplug::api::{Central as _, Manager as _, ScanFilter};
use btleplug::platform::{Adapter, Peripheral};

pub use config::RadioConfig;
pub use pairing::{PairingAnswer, PairingHost, PairingPolicy, PairingQuestion, Passkey};
pub use sighting::Sighting;

use crate::link::{Central, DeviceId, Link, LinkError};
use crate::procedure::Uptime;
use device::Device;
use error::within;
use session::Session;
use watch::Watch;

/// An adapter of this machine. Clones are the same adapter.
#[derive(Clone)]
pub struct Radio {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    config: RadioConfig,
    adapter: Adapter,
    started: Instant,
    devices: Mutex<HashMap<DeviceId, Device>>,
    watch: Watch,
    #[cfg(target_os = "linux")]
    bluez: Arc<bluez::Bluez>,
    session: Session,
}

impl fmt::Debug for Radio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Radio").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

impl Radio {
    /// Opens an adapter; pairs only with devices that ask nothing.
    ///
    /// # Errors
    /// [`LinkError::Unavailable`] when there is no adapter, or no daemon that drives it.
    pub async fn open(config: RadioConfig) -> Result<Self, LinkError> {
        Self::open_shared(config, None).await
    }

    /// Opens an adapter; `host` answers what devices ask while they pair.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with(config: RadioConfig, host: Arc<dyn PairingHost>) -> Result<Self, LinkError> {
        Self::open_shared(config, Some(host)).await
    }

    async fn open_shared(config: RadioConfig, host: Option<Arc<dyn PairingHost>>) -> Result<Self, LinkError> {
        let limit = config.call_timeout;
        let (session, manager) = Session::open(limit).await?;
        let adapters = within(limit, manager.adapters()).await?;
        let adapter = adapters.into_iter().nth(config.adapter).ok_or(LinkError::Unavailable)?;
        let watch = Watch::start(&adapter, session.clone(), limit).await?;
        #[cfg(target_os = "linux")]
        let bluez = bluez::Bluez::open(&session, host, watch.losses(), limit).await?;
        #[cfg(not(target_os = "linux"))]
        drop(host);
        let shared = Shared {
            config,
            adapter,
            started: Instant::now(),
            devices: Mutex::default(),
            watch,
            #[cfg(target_os = "linux")]
            bluez: Arc::new(bluez),
            session,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Scans until a device in reach pleases `wanted`.
    ///
    /// # Errors
    /// [`LinkError::NotFound`] when none does within `limit`, or why scanning failed.
    pub async fn find(
        &self,
        limit: Duration,
        wanted: impl Fn(&Sighting) -> bool + Send + Sync,
    ) -> Result<Sighting, LinkError> {
        self.shared.scan(limit, |seen| seen.iter().position(&wanted)).await?.ok_or(LinkError::NotFound)
    }

    /// Scans for all of `time` and hands back every device in reach.
    ///
    /// # Errors
    /// Why scanning failed.
    pub async fn scan(&self, time: Duration) -> Result<Vec<Sighting>, LinkError> {
        self.shared.scan(time, |_| None).await?;
        self.shared.sightings().await
    }

    /// Makes the system forget a device and its bond, for example before it is given to somebody else. The device
    /// keeps its side of the bond.
    ///
    /// # Errors
    /// [`LinkError::NotFound`] when the system does not know it; on systems other than Linux always, since their own
    /// settings do that.
    pub async fn forget(&self, device: &DeviceId) -> Result<(), LinkError> {
        #[cfg(target_os = "linux")]
        return self.shared.bluez.forget(device, self.shared.config.call_timeout).await;
        #[cfg(not(target_os = "linux"))]
        Err(LinkError::NotFound)
    }

    /// Ends all links and everything that runs for this radio, and waits for that. Without it the same happens in the
    /// background when the last clone and the last link are gone.
    pub async fn close(self) {
        let devices: Vec<Device> = lock(&self.shared.devices).drain().map(|(_, device)| device).collect();
        for device in devices {
            device.end().await;
        }
        self.shared.watch.end().await;
    }
}

impl Shared {
    /// Looks at the devices in reach until `chosen` picks one or `limit` has passed.
    async fn scan(
        &self,
        limit: Duration,
        chosen: impl Fn(&[Sighting]) -> Option<usize> + Send + Sync,
    ) -> Result<Option<Sighting>, LinkError> {
        let end = tokio::time::Instant::now() + limit;
        within(self.config.call_timeout, self.adapter.start_scan(ScanFilter::default())).await?;
        let found = loop {
            match self.sightings().await {
                Ok(mut seen) => {
                    if let Some(index) = chosen(&seen).filter(|index| *index < seen.len()) {
                        break Ok(Some(seen.swap_remove(index)));
                    }
                }
                Err(error) => break Err(error),
            }
            if tokio::time::Instant::now() >= end {
                break Ok(None);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        };
        // A scan that goes on slows connections down; that it cannot be stopped is no reason to find nothing.
        let _ = within(self.config.call_timeout, self.adapter.stop_scan()).await;
        found
    }

    async fn sightings(&self) -> Result<Vec<Sighting>, LinkError> {
        let mut seen = Vec::new();
        for peripheral in within(self.config.call_timeout, self.adapter.peripherals()).await? {
            // A device may leave between the list and the look.
            if let Ok(Some(sighting)) = within(self.config.call_timeout, sighting::look(&peripheral)).await {
                seen.push(sighting);
            }
        }
        Ok(seen)
    }

    /// The stack's handle of a device, found again by scanning if the stack has forgotten it.
    async fn peripheral(&self, device: &DeviceId) -> Result<Peripheral, LinkError> {
        use btleplug::api::Peripheral as _;
        let known = || async {
            let all = within(self.config.call_timeout, self.adapter.peripherals()).await?;
            Ok::<_, LinkError>(all.into_iter().find(|one| one.id().to_string() == device.as_str()))
        };
        if let Some(peripheral) = known().await? {
            return Ok(peripheral);
        }
        let same = |seen: &[Sighting]| seen.iter().position(|one| one.device() == device);
        self.scan(self.config.connect_timeout, same).await?;
        known().await?.ok_or(LinkError::NotFound)
    }

    /// Whether the daemon behind the radio still answers; asked when a call ran into its limit.
    async fn answers(&self) -> bool {
        #[cfg(target_os = "linux")]
        return self.bluez.answers(STILL_THERE).await;
        #[cfg(not(target_os = "linux"))]
        true
    }

    /// An error of a call, with a limit that was reached explained.
    async fn explained<T>(&self, result: Result<T, LinkError>) -> Result<T, LinkError> {
        match result {
            Err(LinkError::TimedOut) if !self.answers().await => Err(LinkError::Unavailable),
            result => result,
        }
    }
}

#[async_trait]
impl Central for Radio {
    async fn connect(&self, device: &DeviceId) -> Result<Box<dyn Link>, LinkError> {
        let peripheral = self.shared.explained(self.shared.peripheral(device).await).await?;
        let known = lock(&self.shared.devices).get(device).cloned();
        let actor = match known {
            Some(actor) => actor,
            None => {
                let actor = Device::start(device.clone(), peripheral, &self.shared).await?;
                lock(&self.shared.devices).entry(device.clone()).or_insert(actor).clone()
            }
        };
        let opened = self.shared.explained(actor.open().await).await?;
        Ok(Box::new(link::RadioLink::new(actor, opened, Arc::clone(&self.shared))))
    }

    fn uptime(&self) -> Uptime {
        Uptime::default().after(self.shared.started.elapsed())
    }
}

/// A panic elsewhere does not make the list less true.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Time between two looks at what a scan has found, or whether a link is down.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long a daemon that lives may take to say so.
#[cfg(target_os = "linux")]
const STILL_THERE: Duration = Duration::from_millis(500);
