//! The camera above the table, read object by object.

use super::{SESSIONS, clock};
use crate::error::{During, HostError};
use dmledger_ble::{
    codec::capture::{Manifest, ObjectCodec, ObjectKind},
    ingest::{self, Device},
    link::{BondState, DeviceId},
    objects::{Fetched, GattObjects, ObjectSource},
    procedure::clip_transfer::{ClipConfig, Partial},
    sim::{Faults, SimCamera, SimCentral, Struck},
};
use dmledger_core::{
    record::{Meal, Reading, ZoneOffset},
    time::Timestamp,
};

/// A camera above the table.
#[derive(Debug)]
pub struct Camera {
    identity: Device,
    camera: Option<SimCamera>,
}

/// What the camera saw of a meal: the picture or clip, verified, and the reading that names it.
#[derive(Debug)]
pub struct MealSeen {
    /// The meal with the digest of its picture.
    pub reading: Reading,
    /// The picture or clip.
    pub object: Vec<u8>,
}

impl Camera {
    /// A bonded camera on UTC.
    #[must_use]
    pub fn new(serial: &[u8]) -> Self {
        let identity = Device::new(serial, BondState::Bonded).in_zone(ZoneOffset::UTC);
        Self { identity, camera: Some(SimCamera::new(238)) }
    }

    /// Who it is.
    #[must_use]
    pub const fn identity(&self) -> &Device {
        &self.identity
    }

    /// Records a picture or clip.
    ///
    /// # Errors
    /// If it is empty or too large.
    pub fn record(
        &mut self,
        at: Timestamp,
        kind: ObjectKind,
        codec: ObjectCodec,
        octets: &[u8],
    ) -> Result<(), HostError> {
        let at = clock(at)?;
        let kept = self.camera.as_mut().and_then(|camera| camera.keep(octets, kind, codec, at, at));
        kept.map(|_| ()).ok_or_else(|| HostError::new("the camera cannot keep that"))
    }

    /// Fetches what it keeps and goes on where a transfer was cut short. Each object goes to `keep` with its meal's
    /// reading; only when that has kept both does the camera delete the object.
    ///
    /// # Errors
    /// If the camera cannot be read, or what it saw cannot be kept.
    pub async fn fetch(
        &mut self,
        received: Timestamp,
        faults: Faults,
        seed: u64,
        meal: impl Fn(&Manifest) -> Meal + Send,
        mut keep: impl FnMut(MealSeen) -> Result<(), HostError> + Send,
    ) -> Result<Struck, HostError> {
        let in_reach = self.camera.take().ok_or_else(|| HostError::new("the camera is out of reach"))?;
        let central = SimCentral::new(in_reach, faults, seed);
        {
            let mut source = GattObjects::new(&central, DeviceId::new("camera"), ClipConfig::new());
            for manifest in source.list().await.during("camera")? {
                let fetched = whole(&mut source, manifest).await?;
                let reading = ingest::meal(&manifest, meal(&manifest), &self.identity, received).during("meal")?;
                keep(MealSeen { reading, object: fetched.object })?;
                source.finish(&manifest).await.during("camera")?;
            }
        }
        let struck = central.struck();
        self.camera = central.into_device();
        Ok(struck)
    }

    /// How many objects it keeps.
    #[must_use]
    pub fn objects(&self) -> usize {
        self.camera.as_ref().map_or(0, SimCamera::len)
    }
}

async fn whole(source: &mut GattObjects<'_>, manifest: Manifest) -> Result<Fetched, HostError> {
    let mut partial = Partial::new(manifest);
    for _ in 0..SESSIONS {
        match source.fetch(partial).await {
            Ok(fetched) => return Ok(fetched),
            Err(error) => match error.into_partial() {
                Some(rest) => partial = rest,
                None => break,
            },
        }
    }
    Err(HostError::new("an object could not be fetched"))
}

/// A frame of about `octets` that has the markers of JPEG and no picture, for who has no camera at hand.
#[must_use]
pub fn made_up_frame(number: u32, octets: u32) -> Vec<u8> {
    let data = (0..octets).map(|at| u8::try_from((at.wrapping_mul(7).wrapping_add(number)) % 251).unwrap_or(0));
    [0xFF, 0xD8, 0xFF, 0xDA, 0, 2].into_iter().chain(data).chain([0xFF, 0xD9]).collect()
}

/// A short clip of made-up frames, one after the other as Motion JPEG has them.
#[must_use]
pub fn made_up_clip() -> Vec<u8> {
    (0..8).flat_map(|number| made_up_frame(number, 2_000)).collect()
}
