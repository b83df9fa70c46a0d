use super::*;
use crate::ingest::journal::{FileJournal, MemoryJournal};
use crate::ingest::{Device, DeviceClock, reading};
use crate::link::BondState;
use dmledger_core::account::device::NewDevice;
use dmledger_core::account::{Device as Listed, DeviceKind, DeviceStatus};
use dmledger_core::codec::Text;
use dmledger_core::envelope::{AccountId, ChainId};
use dmledger_core::key::{SecretKey, Suite};
use dmledger_core::record::quantity::{HeartRate, Quantity};
use dmledger_core::record::{Quality, SourceFormat};
use dmledger_core::time::Height;
use proptest::prelude::*;
use std::sync::{Arc, Mutex, OnceLock};

const NOON: i64 = 1_772_366_400;

fn now() -> Timestamp {
    Timestamp::from_seconds(NOON)
}

fn band() -> Device {
    Device::new(b"band 1", BondState::Bonded)
}

/// The row that the ledger keeps of a device once it is paired.
fn row(device: &Device) -> Listed {
    let (chain, account) = (ChainId::new(Digest::new([1; 32])), AccountId::new(Digest::new([2; 32])));
    let key = SecretKey::from_bytes(Suite::Bip340, [3; 32]).unwrap();
    let new = NewDevice::prove(DeviceKind::Wearable, &device.id(), Text::default(), &key, &chain, &account).unwrap();
    Listed::new(&new, account, 0, Height::new(1))
}

/// The row of [`band`].
fn listed() -> &'static Listed {
    static ROW: OnceLock<Listed> = OnceLock::new();
    ROW.get_or_init(|| row(&band()))
}

/// A heart rate so many seconds before noon, received at noon.
fn beat(device: &Device, number: u32, before: i64, rate: u16) -> Reading {
    let clock = DeviceClock::none(Timestamp::from_seconds(NOON - before));
    let raw = [(crate::codec::uuid::HEART_RATE_MEASUREMENT, &rate.to_le_bytes()[..])];
    let provenance = device.provenance(SourceFormat::BluetoothHeartRate, number, clock, now(), &raw);
    let measured = Quantity::HeartRate(HeartRate::from_per_minute(rate).unwrap()).into();
    let quality = super::super::plausibility(&measured, DataKind::HeartRate);
    reading(DataKind::HeartRate, measured, quality, provenance).unwrap()
}

fn intake<J: Journal>(journal: J) -> Intake<J> {
    let mut intake = Intake::open(journal, IntakeRules::new(), [7; 32]).unwrap();
    if intake.devices.is_empty() {
        intake.register(&band(), Timestamp::from_seconds(NOON - 86_400), &[listed()]).unwrap();
    }
    intake
}

fn one(intake: &mut Intake<impl Journal>, reading: Reading) -> Verdict {
    intake.offer(vec![reading]).unwrap()[0]
}

#[test]
fn a_reading_is_taken_once_and_claimed_once() {
    let mut intake = intake(MemoryJournal::new());
    let first = beat(&band(), 1, 100, 61);
    let both = intake.offer(vec![first.clone(), first.clone()]).unwrap();
    assert_eq!(both, [Verdict::Accepted, Verdict::Duplicate]);
    assert_eq!(one(&mut intake, first.clone()), Verdict::Duplicate);
    let batches = intake.claim().unwrap();
    assert_eq!((batches.len(), batches[0].readings()), (1, &[first.clone()][..]));
    assert_eq!(one(&mut intake, first.clone()), Verdict::Duplicate, "claimed is not forgotten");
    assert_eq!(intake.claim().unwrap(), batches, "the same batch under the same name");
    intake.settle(batches[0].name()).unwrap();
    assert!(matches!(intake.settle(batches[0].name()), Err(IntakeError::Unknown)));
    assert_eq!((intake.pending(), intake.claim().unwrap().len()), (0, 0));
    assert_eq!(one(&mut intake, first.clone()), Verdict::Duplicate, "settled is not forgotten");
    assert_eq!(intake.high_water(band().id(), DataKind::HeartRate), Some((first.at(), 1)));
}

#[test]
fn batches_are_of_one_kind_and_hour_and_a_late_reading_makes_another() {
    let mut intake = intake(MemoryJournal::new());
    intake.offer((1..=8).map(|n| beat(&band(), n, 900 * i64::from(n), 61)).collect()).unwrap();
    let batches = intake.claim().unwrap();
    assert_eq!(batches.iter().map(|batch| batch.readings().len()).collect::<Vec<_>>(), [4, 4]);
    assert!(batches.iter().all(|batch| batch.readings().is_sorted_by_key(Reading::at)));
    intake.offer(vec![beat(&band(), 9, 901, 61)]).unwrap();
    let again = intake.claim().unwrap();
    assert_eq!((again.len(), &again[..2]), (3, &batches[..]));
}

#[test]
fn everything_doubtful_is_put_aside_with_its_reason() {
    let mut intake = intake(MemoryJournal::new());
    let weaker = Device::new(b"band 1", BondState::NotBonded);
    let stranger = Device::new(b"band 2", BondState::Bonded);
    assert_eq!(one(&mut intake, beat(&band(), 1, 100, 61)), Verdict::Accepted);
    for (reading, why) in [
        (beat(&stranger, 1, 100, 61), Quarantine::UnknownDevice),
        (beat(&weaker, 2, 200, 61), Quarantine::Clone),
        (beat(&band(), 1, 100, 62), Quarantine::Conflict),
        (beat(&band(), 3, 86_401, 61), Quarantine::BeforeRegistration),
        (beat(&band(), 4, -601, 61), Quarantine::Future),
        (beat(&band(), 5, 300, 400), Quarantine::Impossible),
    ] {
        assert_eq!(one(&mut intake, reading.clone()), Verdict::Quarantined(why));
        assert_eq!(one(&mut intake, reading), Verdict::Duplicate);
    }
    assert_eq!((intake.pending(), intake.quarantined().count()), (1, 6));
    intake.retire(band().id(), now()).unwrap();
    assert_eq!(one(&mut intake, beat(&band(), 6, -10, 61)), Verdict::Quarantined(Quarantine::AfterRetirement));
    assert_eq!(one(&mut intake, beat(&band(), 7, 10, 61)), Verdict::Accepted, "measured before it went");
    assert!(matches!(intake.retire(stranger.id(), now()), Err(IntakeError::Unknown)));
    // a person decides
    let of = |intake: &Intake<MemoryJournal>, wanted| {
        intake.quarantined().find(|(_, why, _)| *why == wanted).map(|(digest, ..)| digest).unwrap()
    };
    let (conflict, future) = (of(&intake, Quarantine::Conflict), of(&intake, Quarantine::Future));
    intake.release(conflict).unwrap();
    intake.discard(future).unwrap();
    assert!(matches!(intake.release(future), Err(IntakeError::Unknown)));
    assert_eq!((intake.pending(), intake.quarantined().count()), (3, 5));
    let late = Intake::open(MemoryJournal::new(), IntakeRules::new().with_oldest(core::time::Duration::ZERO), [0; 32]);
    let mut late = late.unwrap();
    late.register(&band(), Timestamp::EPOCH, &[listed()]).unwrap();
    assert_eq!(one(&mut late, beat(&band(), 1, 1, 61)), Verdict::Quarantined(Quarantine::Late));
}

#[test]
fn only_a_device_that_the_ledger_lists_as_paired_is_admitted() {
    let journal = Crashing::default();
    let mut intake = Intake::open(journal.clone(), IntakeRules::new(), [7; 32]).unwrap();
    let (first, second) = (band(), Device::new(b"band 2", BondState::Bonded));
    let replaced = row(&first).end(DeviceStatus::Replaced { height: Height::new(2), by: row(&second).key() });
    let retired = row(&first).end(DeviceStatus::Retired { height: Height::new(2) });
    for rows in [&[][..], &[&row(&second)], &[&replaced], &[&retired]] {
        let refused = intake.register(&first, Timestamp::EPOCH, rows);
        assert!(matches!(refused, Err(IntakeError::NotPaired)), "{rows:?}");
    }
    let unknown = Verdict::Quarantined(Quarantine::UnknownDevice);
    assert_eq!(one(&mut intake, beat(&first, 1, 100, 61)), unknown);
    let since = Timestamp::from_seconds(NOON - 86_400);
    intake.register(&first, since, &[&row(&second), listed()]).unwrap();
    assert_eq!(one(&mut intake, beat(&first, 2, 90, 61)), Verdict::Accepted);
    // Another takes its place on the ledger an hour before noon.
    let (second_row, then) = (row(&second), Timestamp::from_seconds(NOON - 3600));
    assert_eq!(intake.follow(&[listed(), &second_row], then).unwrap(), []);
    assert_eq!(intake.follow(&[&replaced, &second_row], then).unwrap(), [first.id()]);
    assert_eq!(intake.follow(&[&replaced, &second_row], now()).unwrap(), [], "the first end stands");
    intake.register(&second, then, &[&replaced, &second_row]).unwrap();
    let mut intake = Intake::open(journal, IntakeRules::new(), [7; 32]).unwrap();
    for (device, before, verdict) in [
        (&first, 3601, Verdict::Accepted),
        (&first, 3599, Verdict::Quarantined(Quarantine::AfterRetirement)),
        (&second, 3601, Verdict::Quarantined(Quarantine::BeforeRegistration)),
        (&second, 3599, Verdict::Accepted),
    ] {
        assert_eq!(one(&mut intake, beat(device, 9, before, 62)), verdict, "{before} s before noon");
    }
    // It comes back, as the ledger allows with a fresh key.
    intake.register(&first, now(), &[&replaced, listed()]).unwrap();
    assert_eq!(intake.follow(&[&replaced, listed(), &second_row], now()).unwrap(), []);
    assert_eq!(intake.follow(&[], now()).unwrap().len(), 2, "no list, no devices");
}

#[test]
fn what_a_stranger_sends_under_a_devices_name_never_stands_in_the_way_of_the_device() {
    let journal = Crashing::default();
    let weaker = Device::new(b"band 1", BondState::NotBonded);
    let (replayed, forged) = (beat(&weaker, 1, 100, 61), beat(&weaker, 2, 200, 99));
    let (first, second, third) = (beat(&band(), 1, 100, 61), beat(&band(), 2, 200, 62), beat(&band(), 3, 300, 63));
    let clone = Verdict::Quarantined(Quarantine::Clone);
    let mut node = intake(journal.clone());
    assert_eq!(node.offer(vec![replayed.clone(), forged.clone()]).unwrap(), [clone, clone]);
    assert_eq!(node.high_water(band().id(), DataKind::HeartRate), None, "a stranger moves no mark");
    node.compact().unwrap();
    // also after a restart
    let mut node = intake(journal.clone());
    assert_eq!(node.offer(vec![replayed.clone(), forged.clone()]).unwrap(), [Verdict::Duplicate; 2]);
    assert_eq!(node.offer(vec![first.clone(), second.clone()]).unwrap(), [Verdict::Accepted; 2]);
    // and when both come at once
    let same = vec![beat(&weaker, 3, 300, 63), third.clone(), third.clone()];
    assert_eq!(node.offer(same).unwrap(), [clone, Verdict::Accepted, Verdict::Duplicate]);
    // What the device has sent itself is not taken a second time, whatever a person says of the replay.
    node.release(replayed.digest()).unwrap();
    node.discard(forged.digest()).unwrap();
    let mut node = intake(journal);
    assert_eq!((node.pending(), node.quarantined().count()), (3, 1));
    assert_eq!(one(&mut node, second), Verdict::Duplicate);
    assert_eq!(one(&mut node, forged), Verdict::Quarantined(Quarantine::Clone), "discarded and forgotten");
    // A replay that a person released is the reading: the device's own is then a repeat.
    let released = beat(&weaker, 4, 400, 64);
    assert_eq!(one(&mut node, released.clone()), clone);
    node.release(released.digest()).unwrap();
    assert_eq!(one(&mut node, beat(&band(), 4, 400, 64)), Verdict::Duplicate);
    assert_eq!(node.pending(), 4);
}

#[test]
fn strangers_fill_their_room_and_no_more() {
    let mut intake = intake(MemoryJournal::new());
    let weaker = Device::new(b"band 1", BondState::NotBonded);
    let many = u32::try_from(MAX_OF_STRANGERS).unwrap();
    let flood: Vec<_> = (0..many + 10).map(|number| beat(&weaker, number, i64::from(number), 61)).collect();
    let verdicts = intake.offer(flood).unwrap();
    let (kept, away) = verdicts.split_at(MAX_OF_STRANGERS);
    assert!(kept.iter().all(|verdict| *verdict == Verdict::Quarantined(Quarantine::Clone)));
    assert_eq!(away, [Verdict::TurnedAway(Quarantine::Clone); 10]);
    assert_eq!(one(&mut intake, beat(&weaker, many, 1, 70)), Verdict::TurnedAway(Quarantine::Clone));
    let names: Vec<_> =
        (0..MAX_STRANGERS + 5).map(|name| Device::new(&name.to_be_bytes(), BondState::Bonded)).collect();
    let strangers = names.iter().map(|name| beat(name, 1, 10, 61)).collect();
    let verdicts = intake.offer(strangers).unwrap();
    let (kept, away) = verdicts.split_at(MAX_STRANGERS);
    assert!(kept.iter().all(|verdict| *verdict == Verdict::Quarantined(Quarantine::UnknownDevice)));
    assert_eq!(away, [Verdict::TurnedAway(Quarantine::UnknownDevice); 5]);
    assert_eq!(one(&mut intake, beat(&names[0], 2, 20, 61)), Verdict::Quarantined(Quarantine::UnknownDevice));
    assert_eq!((intake.turned_away(), intake.quarantined().count()), (16, MAX_OF_STRANGERS + MAX_STRANGERS + 1));
    // Whoever is known is taken all the same, and what is doubtful of a known device has room of its own.
    assert_eq!(one(&mut intake, beat(&band(), 1, 1, 61)), Verdict::Accepted);
    assert_eq!(one(&mut intake, beat(&band(), 2, 2, 400)), Verdict::Quarantined(Quarantine::Impossible));
    // A decision makes room.
    let aside: Vec<_> = intake.quarantined().map(|(digest, ..)| digest).collect();
    aside.into_iter().for_each(|digest| intake.discard(digest).unwrap());
    let last = beat(&names[MAX_STRANGERS + 4], 1, 10, 61);
    assert_eq!(one(&mut intake, last), Verdict::Quarantined(Quarantine::UnknownDevice));
}

#[test]
fn a_control_solution_is_put_aside_whatever_its_value() {
    let mut facts = beat(&band(), 1, 10, 61).facts().clone();
    facts.quality = Quality::CONTROL_SOLUTION;
    let mut intake = intake(MemoryJournal::new());
    let verdict = one(&mut intake, Reading::new(facts).unwrap());
    assert_eq!(verdict, Verdict::Quarantined(Quarantine::ControlSolution));
}

/// A journal whose appends fail on command, and that can be opened again as after a crash.
#[derive(Clone, Debug, Default)]
struct Crashing(Arc<Mutex<(MemoryJournal, bool)>>);

impl Journal for Crashing {
    fn entries(&mut self) -> Result<Vec<Vec<u8>>, JournalError> {
        self.0.lock().unwrap().0.entries()
    }

    fn append(&mut self, entries: &[Vec<u8>]) -> Result<(), JournalError> {
        let mut inner = self.0.lock().unwrap();
        if inner.1 { Err(std::io::Error::other("disk full").into()) } else { inner.0.append(entries) }
    }

    fn replace(&mut self, entries: &[Vec<u8>]) -> Result<(), JournalError> {
        self.0.lock().unwrap().0.replace(entries)
    }
}

#[test]
fn a_failing_journal_takes_nothing() {
    let journal = Crashing::default();
    let mut intake = intake(journal.clone());
    journal.0.lock().unwrap().1 = true;
    assert!(matches!(intake.offer(vec![beat(&band(), 1, 10, 61)]), Err(IntakeError::Journal(_))));
    assert_eq!(intake.pending(), 0);
    journal.0.lock().unwrap().1 = false;
    assert_eq!(one(&mut intake, beat(&band(), 1, 10, 61)), Verdict::Accepted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Offers with repeats, claims, settlements, crashes and tidyings in any order: every reading is settled once.
    #[test]
    fn whatever_happens_every_reading_reaches_the_ledger_once(steps in proptest::collection::vec((0_u8..6, 0_u32..40), 1..80)) {
        let journal = Crashing::default();
        let mut node = intake(journal.clone());
        let mut offered = BTreeSet::new();
        // what the ledger holds, by the record's name: a second anchoring of a name is refused
        let mut ledger: BTreeMap<Digest, Vec<Reading>> = BTreeMap::new();
        for (what, number) in steps {
            match what {
                0 | 1 => {
                    let reading = beat(&band(), number, 60 * i64::from(number), 61);
                    let first = offered.insert(number);
                    prop_assert_eq!(one(&mut node, reading) == Verdict::Accepted, first);
                }
                2 => for batch in node.claim().unwrap() {
                    ledger.entry(batch.name()).or_insert_with(|| batch.readings().to_vec());
                    node.settle(batch.name()).unwrap();
                },
                // anchored, and crashed before it was settled
                3 => {
                    for batch in node.claim().unwrap() {
                        ledger.entry(batch.name()).or_insert_with(|| batch.readings().to_vec());
                    }
                    node = intake(journal.clone());
                }
                4 => node = intake(journal.clone()),
                _ => node.compact().unwrap(),
            }
        }
        for batch in node.claim().unwrap() {
            ledger.entry(batch.name()).or_insert_with(|| batch.readings().to_vec());
            node.settle(batch.name()).unwrap();
        }
        let mut anchored: Vec<_> = ledger.values().flatten().map(|one| one.provenance().sequence).collect();
        anchored.sort_unstable();
        prop_assert_eq!(anchored, offered.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_file_remembers_across_openings() {
    let folder = std::env::temp_dir().join(format!("dmledger-intake-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("intake");
    let mut first = intake(FileJournal::open(&path).unwrap());
    first.offer((1..=50).map(|n| beat(&band(), n, 60 * i64::from(n), 61)).collect()).unwrap();
    let batches = first.claim().unwrap();
    drop(first);
    let mut second = intake(FileJournal::open(&path).unwrap());
    assert_eq!(second.claim().unwrap(), batches);
    assert_eq!(one(&mut second, beat(&band(), 50, 3000, 61)), Verdict::Duplicate);
    std::fs::remove_dir_all(&folder).unwrap();
}
