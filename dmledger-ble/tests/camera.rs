//! Real pictures of a table go through the camera's service and come out octet for octet.
//!
//! The clip is not part of the repository. Without it the test says so and passes, unless `DMLEDGER_CI=1`.

use dmledger_ble::codec::capture::{ObjectCodec, ObjectKind};
use dmledger_ble::codec::date_time::DateTime;
use dmledger_ble::codec::mjpeg::frames;
use dmledger_ble::procedure::clip_transfer::{ClipConfig, ClipOutcome, ClipTransfer, Goal, Partial};
use dmledger_ble::sim::{Faults, PerMille, SimCamera, SimCentral, run_procedure};

const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/video/dining-320x240.mjpeg");

#[test]
fn a_real_clip_is_split_sent_and_whole() {
    let clip = match std::fs::read(CLIP) {
        Ok(clip) => clip,
        Err(error) if std::env::var("DMLEDGER_CI").as_deref() == Ok("1") => panic!("{CLIP}: {error}"),
        Err(error) => return println!("skipped: {CLIP}: {error}"),
    };
    let pictures: Vec<_> = frames(&clip).collect::<Result<_, _>>().unwrap();
    assert_eq!((pictures.len(), pictures.concat().len()), (40, clip.len()));
    let at = DateTime::new(2026, 3, 1, 12, 30, 0).unwrap();
    let mut camera = SimCamera::new(238);
    let sent = [
        (pictures[0], camera.keep(pictures[0], ObjectKind::KEY_FRAME, ObjectCodec::JPEG, at, at).unwrap()),
        (&clip[..], camera.keep(&clip, ObjectKind::CLIP, ObjectCodec::MJPEG, at, at).unwrap()),
    ];
    let faults = Faults::NONE.with_lost_values(PerMille::new(20)).with_dropped_links(PerMille::new(1));
    let central = SimCentral::new(camera, faults, 7);
    for (octets, manifest) in sent {
        let goal = Goal::Fetch(Partial::new(manifest));
        let mut transfer = ClipTransfer::new(goal, ClipConfig::new());
        let outcome = run_procedure(&central, &mut transfer, &mut |_| {});
        let Some(ClipOutcome::Fetched { object, .. }) = outcome else { panic!("{outcome:?}") };
        assert!(object == octets);
    }
}
