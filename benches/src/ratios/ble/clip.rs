//! A clip of the table camera over the simulated link: octets of the object a second of the link's own time, beside the
//! same octets in the same notifications sent without a question, an acknowledgement or a check; and what the transfer
//! costs the machine.

use super::{Failed, ROUNDS};
use crate::report;
use dmledger_ble::{
    codec::{
        capture::{CAMERA_DATA, ObjectCodec, ObjectKind},
        date_time::DateTime,
        uuid::Uuid,
    },
    link::{Central as _, DeviceId, LinkEvent},
    procedure::{
        Uptime,
        clip_transfer::{ClipConfig, ClipOutcome, ClipTransfer, Goal, Partial},
        glucose_sync::AttError,
    },
    sim::{Faults, PerMille, Peripheral, SimCamera, SimCentral, Traffic, run_procedure},
};
use std::{collections::VecDeque, time::Duration};

/// A megabyte.
const OCTETS: u32 = 1 << 20;
/// Octets of the object in one notification: the largest at an MTU of 500.
const CHUNK: u16 = 488;
/// Head of a chunk: object and index.
const HEAD: usize = 6;
const SEED: u64 = 18;

/// Prints the figures of a clip.
///
/// # Errors
/// If a transfer is not whole.
pub fn run() -> Result<(), Failed> {
    let octets: Vec<u8> = (0..OCTETS).map(|index| index.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
    let lossy = Faults::NONE.with_lost_values(PerMille::new(180));
    for (name, faults) in [("clip_transfer_goodput", Faults::NONE), ("clip_transfer_goodput_18_percent_lost", lossy)] {
        let (ours, bare) = (transfer(&octets, faults)?, flood(faults)?);
        let unit = "octets/s_of_the_link,higher_is_better,peer=bare_link_unchecked";
        report::line(name, ours, bare, unit);
    }
    let (ours, peer) = report::beside(
        ROUNDS,
        || transfer(&octets, Faults::NONE).unwrap_or_default(),
        || flood(Faults::NONE).unwrap_or_default(),
    );
    let rate = |seconds: f64| f64::from(OCTETS) / seconds;
    let unit = "octets/s_of_this_machine,higher_is_better,peer=bare_link_unchecked";
    report::line("clip_transfer_cpu", rate(ours.median()), rate(peer.median()), unit);
    Ok(())
}

fn seconds(time: Uptime) -> f64 {
    time.since(Uptime::default()).as_secs_f64()
}

/// A whole, verified transfer from the wish to connect to the end of the link.
fn transfer(octets: &[u8], faults: Faults) -> Result<f64, Failed> {
    let at = DateTime::new(2026, 3, 1, 12, 30, 0)?;
    let mut camera = SimCamera::new(CHUNK);
    let manifest = camera.keep(octets, ObjectKind::CLIP, ObjectCodec::MJPEG, at, at).ok_or("clip too large")?;
    let central = SimCentral::new(camera, faults, SEED);
    let mut transfer = ClipTransfer::new(Goal::Fetch(Partial::new(manifest)), ClipConfig::new());
    match run_procedure(&central, &mut transfer, &mut |_| {}) {
        Some(ClipOutcome::Fetched { object, .. }) if object == octets => {
            Ok(f64::from(OCTETS) / seconds(central.uptime()))
        }
        _ => Err("no whole transfer".into()),
    }
}

/// The link with nothing on it but the notifications: what arrives, a second.
fn flood(faults: Faults) -> Result<f64, Failed> {
    let size = usize::from(CHUNK);
    let whole = usize::try_from(OCTETS)?.div_ceil(size);
    let values = (0..whole).map(|_| vec![0; HEAD + size]).collect();
    let central = SimCentral::new(Flood(values), faults, SEED);
    let listen = async {
        let mut link = central.connect(&DeviceId::new("flood")).await?;
        link.characteristics().await?;
        link.subscribe(CAMERA_DATA).await?;
        let mut arrived = 0;
        while let LinkEvent::Value { bytes, .. } = link.next(Duration::from_secs(1)).await {
            arrived += bytes.len() - HEAD;
        }
        Ok::<_, Failed>(arrived)
    };
    let arrived = futures::executor::block_on(listen)?;
    // The last second was silence.
    Ok(f64::from(u32::try_from(arrived)?) / (seconds(central.uptime()) - 1.0))
}

/// Sends what it has, unasked.
#[derive(Debug)]
struct Flood(VecDeque<Vec<u8>>);

impl Peripheral for Flood {
    fn characteristics(&self) -> Vec<Uuid> {
        vec![CAMERA_DATA]
    }

    fn subscribe(&mut self, _characteristic: Uuid) -> Result<(), AttError> {
        Ok(())
    }

    fn due(&self, now: Uptime) -> Option<Uptime> {
        (!self.0.is_empty()).then_some(now)
    }

    fn next_value(&mut self, _now: Uptime) -> Option<(Uuid, Vec<u8>)> {
        self.0.pop_front().map(|value| (CAMERA_DATA, value))
    }

    fn unlink(&mut self) {}

    fn traffic(&self, _characteristic: Uuid) -> Traffic {
        Traffic::Record
    }
}
