//! A camera above the table: a clip is recorded, sent over a link that loses every sixth chunk and breaks, and arrives
//! whole, verified piece by piece; then the camera deletes it.
//!
//! ```text
//! cargo run --release --example capture_clip
//! cargo run --release --example capture_clip -- --clip FILE.mjpeg
//! ```

use clap::Parser;
use dmledger_ble::{
    codec::{
        capture::{ObjectCodec, ObjectKind},
        date_time::DateTime,
        mjpeg::frames,
    },
    link::DeviceId,
    objects::{GattObjects, ObjectSource},
    procedure::{
        clip_transfer::{ClipConfig, Partial},
        conversation::Limits,
    },
    sim::{Faults, PerMille, SimCamera, SimCentral},
};
use dmledger_examples::{
    devices::made_up_frame,
    error::{During, HostError},
};
use std::{path::PathBuf, time::Duration};

/// Records a clip on a simulated camera and fetches it.
#[derive(Debug, Parser)]
#[command(name = "capture_clip")]
struct Args {
    /// Motion JPEG to record; without it, pictures are made up.
    #[arg(long, value_name = "FILE")]
    clip: Option<PathBuf>,
    /// Chunks lost, in thousandths.
    #[arg(long, default_value_t = 180)]
    loss: u16,
    /// Seed of the link's faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "what it prints is what it is for")]
async fn main() -> Result<(), HostError> {
    let args = Args::parse();
    let clip = match &args.clip {
        Some(file) => std::fs::read(file).during(file.display())?,
        None => (0..40).flat_map(|number| made_up_frame(number, 12_000)).collect(),
    };
    let pictures = frames(&clip).collect::<Result<Vec<_>, _>>().during("clip")?;
    println!("recorded: {} pictures, {} bytes", pictures.len(), clip.len());

    let at = DateTime::new(2026, 3, 1, 12, 30, 0).during("time")?;
    let mut camera = SimCamera::new(238);
    camera.keep(&clip, ObjectKind::CLIP, ObjectCodec::MJPEG, at, at).ok_or_else(|| HostError::new("clip too large"))?;
    let faults = Faults::NONE.with_lost_values(PerMille::new(args.loss)).with_dropped_links(PerMille::new(1));
    let central = SimCentral::new(camera, faults, args.seed);

    // Three seconds at a time, as if somebody walked by: each transfer goes on where the one before was cut short.
    let config = ClipConfig::new().with_limits(Limits::new().with_session(Duration::from_secs(3)));
    let mut source = GattObjects::new(&central, DeviceId::new("table"), config);
    let manifest = source.list().await.during("camera")?.pop().ok_or_else(|| HostError::new("no object listed"))?;
    let (mut partial, mut transfers) = (Partial::new(manifest), 0);
    let fetched = loop {
        transfers += 1;
        match source.fetch(partial).await {
            Ok(fetched) => break fetched,
            Err(error) => {
                let why = error.reason();
                partial = error.into_partial().ok_or_else(|| HostError::new(format!("nothing fetched: {why:?}")))?;
                println!("cut short ({why:?}): {} of {} chunks", partial.arrived(), manifest.chunks());
            }
        }
        if transfers > 100 {
            return Err(HostError::new("a hundred transfers were not enough"));
        }
    };
    let sent = central.with_device(|camera| camera.sent()).unwrap_or(0);
    println!("whole after {transfers} transfers: {sent} chunks sent for {}, the rest was lost", manifest.chunks());
    source.finish(&manifest).await.during("camera")?;

    let again = frames(&fetched.object).collect::<Result<Vec<_>, _>>().during("clip")?;
    assert_eq!(again, pictures, "every picture as it was recorded");
    let lost = u64::from(central.struck().lost);
    let needless = sent - u64::from(manifest.chunks()) - lost.min(sent - u64::from(manifest.chunks()));
    assert!(20 * needless <= u64::from(manifest.chunks()), "{needless} chunks came again that had arrived");
    assert_eq!(central.with_device(|camera| camera.len()), Some(0), "the camera has deleted it");
    println!("every picture equal; the camera has deleted the clip");
    Ok(())
}
