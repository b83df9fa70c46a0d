//! The radio against an emulated Bluetooth daemon.
//!
//! Each test is about one mode of the daemon and runs only under it:
//! `BLUEZ_MODE=drop tests/bluez/run.sh TEST-BINARY` (`.ci/run radio` runs them all). Elsewhere the tests say that they
//! are skipped.

#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use dmledger_ble::codec::uuid::{GLUCOSE_MEASUREMENT, GLUCOSE_SERVICE, RECORD_ACCESS_CONTROL_POINT};
use dmledger_ble::link::{BondState, Central, DeviceId, LinkError, LinkEvent, PairingError, RecordSink, sync_glucose};
use dmledger_ble::procedure::glucose_sync::{GlucoseSync, Outcome, Proof, Reason, Record, SyncConfig};
use dmledger_ble::radio::{
    PairingAnswer, PairingHost, PairingPolicy, PairingQuestion, Passkey, Radio, RadioConfig, Sighting,
};

/// Runs a test if the daemon is in this mode.
fn under(mode: &str, test: impl Future<Output = ()>) {
    match std::env::var("BLUEZ_MODE") {
        Ok(found) if found == mode => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(test);
        }
        found => println!("skipped: wants mode {mode}, the daemon is {found:?}"),
    }
}

async fn meter(radio: &Radio) -> Sighting {
    radio.find(Duration::from_secs(60), |seen| seen.offers(GLUCOSE_SERVICE)).await.unwrap()
}

/// Records, and the bond of the last link.
#[derive(Default)]
struct Sink {
    numbers: Vec<u16>,
    bond: Option<BondState>,
}

impl RecordSink for Sink {
    fn linked(&mut self, bond: BondState) {
        self.bond = Some(bond);
    }

    fn record(&mut self, record: Record) {
        self.numbers.push(record.key().sequence().value());
    }
}

async fn sync(radio: &Radio) -> (Outcome, Sink) {
    let mut sink = Sink::default();
    let seen = meter(radio).await;
    let outcome = sync_glucose(radio, seen.device(), GlucoseSync::new(SyncConfig::new()), &mut sink).await;
    (outcome, sink)
}

fn records() -> Vec<u16> {
    (1..=std::env::var("RECORDS").unwrap().parse().unwrap()).collect()
}

fn reason(outcome: &Outcome) -> Reason {
    let Outcome::Incomplete(incomplete) = outcome else { panic!("complete") };
    incomplete.reason()
}

#[test]
fn every_record_arrives_in_order_with_proof() {
    under("plain", async {
        let radio = Radio::open(RadioConfig::new()).await.unwrap();
        let (outcome, sink) = sync(&radio).await;
        assert!(matches!(outcome, Outcome::Complete { proof: Proof::EveryGapCounted, .. }), "{outcome:?}");
        assert_eq!(sink.numbers, records());
        assert_eq!(sink.bond, Some(BondState::NotBonded), "the meter cannot pair");
        radio.close().await;
    });
}

#[test]
fn a_hundred_links_are_made_and_dropped_and_nothing_panics() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    under("plain", async {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            before(info);
        }));
        let radio = Radio::open(RadioConfig::new().with_pairing(PairingPolicy::Never)).await.unwrap();
        let seen = meter(&radio).await;
        for round in 0_u8..100 {
            let mut link = radio.connect(seen.device()).await.unwrap();
            assert!(link.characteristics().await.unwrap().contains(&GLUCOSE_MEASUREMENT));
            link.subscribe(GLUCOSE_MEASUREMENT).await.unwrap();
            link.subscribe(RECORD_ACCESS_CONTROL_POINT).await.unwrap();
            link.write(RECORD_ACCESS_CONTROL_POINT, &[1, 1]).await.unwrap();
            match round % 3 {
                // With values still arriving.
                0 => drop(link),
                1 => link.disconnect().await,
                _ => {
                    assert!(matches!(link.next(Duration::from_secs(60)).await, LinkEvent::Value { .. }));
                    drop(link);
                }
            }
        }
        radio.close().await;
        assert_eq!(PANICS.load(Ordering::SeqCst), 0);
    });
}

/// How many descriptors this process has open.
#[cfg(target_os = "linux")]
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[cfg(target_os = "linux")]
#[test]
fn a_radio_that_is_closed_or_dropped_leaves_no_connection_behind() {
    under("plain", async {
        let before = descriptors();
        for round in 0_u8..12 {
            let radio = Radio::open(RadioConfig::new().with_pairing(PairingPolicy::Never)).await.unwrap();
            let seen = meter(&radio).await;
            let mut link = radio.connect(seen.device()).await.unwrap();
            link.characteristics().await.unwrap();
            if round % 2 == 0 {
                radio.close().await;
            }
        }
        // Connections end in the background; a minute is for machines with other things to do.
        let mut looks = 600;
        while descriptors() > before && looks > 0 {
            looks -= 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(descriptors() <= before, "{} descriptors, {before} before", descriptors());
    });
}

#[test]
fn a_link_that_was_replaced_is_down_and_the_later_one_is_not() {
    under("plain", async {
        let radio = Radio::open(RadioConfig::new().with_pairing(PairingPolicy::Never)).await.unwrap();
        let seen = meter(&radio).await;
        let mut first = radio.connect(seen.device()).await.unwrap();
        let mut second = radio.connect(seen.device()).await.unwrap();
        assert_eq!(first.next(Duration::from_secs(60)).await, LinkEvent::Disconnected);
        drop(first);
        second.characteristics().await.unwrap();
        second.subscribe(RECORD_ACCESS_CONTROL_POINT).await.unwrap();
        second.write(RECORD_ACCESS_CONTROL_POINT, &[4, 1]).await.unwrap();
        assert!(matches!(second.next(Duration::from_secs(60)).await, LinkEvent::Value { .. }));
        assert_eq!(second.next(Duration::from_millis(100)).await, LinkEvent::Idle);
        radio.close().await;
        assert_eq!(second.next(Duration::from_secs(60)).await, LinkEvent::Disconnected);
    });
}

#[test]
fn strangers_and_forgotten_devices_are_not_found() {
    under("plain", async {
        let config = RadioConfig::new().with_connect_timeout(Duration::from_millis(300));
        let radio = Radio::open(config).await.unwrap();
        let nobody = radio.connect(&DeviceId::new("hci0/dev_00_00_00_00_00_00")).await.map(|_| ());
        assert!(matches!(nobody, Err(LinkError::NotFound)), "{nobody:?}");
        let none = radio.find(Duration::from_millis(200), |_| false).await;
        assert!(matches!(none, Err(LinkError::NotFound)), "{none:?}");
        let seen = meter(&radio).await;
        radio.forget(seen.device()).await.unwrap();
        assert!(matches!(radio.forget(seen.device()).await, Err(LinkError::NotFound)));
        radio.close().await;
    });
}

#[test]
fn a_dropped_link_is_made_again_and_what_was_lost_is_fetched() {
    for mode in ["drop", "lossy"] {
        under(mode, async {
            let radio = Radio::open(RadioConfig::new()).await.unwrap();
            let (outcome, mut sink) = sync(&radio).await;
            assert!(outcome.is_complete(), "{outcome:?}");
            assert_eq!(outcome.summary().reconnects() > 0, mode == "drop");
            sink.numbers.sort_unstable();
            assert_eq!(sink.numbers, records());
            radio.close().await;
        });
    }
}

#[test]
fn a_daemon_that_goes_away_or_hangs_in_a_call_is_a_typed_error_within_five_seconds() {
    for mode in ["vanish", "hang"] {
        under(mode, async {
            // The limits that a radio has by itself sum up to less (`RadioConfig`); a short one leaves the rest to a
            // machine with other things to do.
            let radio = Radio::open(RadioConfig::new().with_call_timeout(Duration::from_secs(1))).await.unwrap();
            let seen = meter(&radio).await;
            let mut link = radio.connect(seen.device()).await.unwrap();
            link.characteristics().await.unwrap();
            link.subscribe(RECORD_ACCESS_CONTROL_POINT).await.unwrap();
            let start = Instant::now();
            let refused = link.write(RECORD_ACCESS_CONTROL_POINT, &[4, 1]).await;
            assert!(start.elapsed() < Duration::from_secs(5));
            match mode {
                "vanish" => {
                    assert!(matches!(refused, Err(LinkError::Unavailable)), "{refused:?}");
                    assert_eq!(link.next(Duration::from_secs(60)).await, LinkEvent::Disconnected);
                    let again = radio.connect(seen.device()).await.map(|_| ());
                    assert!(matches!(again, Err(LinkError::Unavailable)), "{again:?}");
                    let (mut sink, start) = (Sink::default(), Instant::now());
                    let sync = GlucoseSync::new(SyncConfig::new());
                    let outcome = sync_glucose(&radio, seen.device(), sync, &mut sink).await;
                    assert_eq!(reason(&outcome), Reason::RadioGone);
                    assert!(start.elapsed() < Duration::from_secs(5));
                }
                _ => assert!(matches!(refused, Err(LinkError::TimedOut)), "only the device is silent: {refused:?}"),
            }
        });
    }
}

#[test]
fn a_link_that_lingers_is_waited_for_and_one_that_clings_is_a_typed_error() {
    for mode in ["lingers", "clings", "mute"] {
        under(mode, async {
            let config = RadioConfig::new().with_pairing(PairingPolicy::Never);
            let waits = mode == "lingers";
            let config = if waits { config } else { config.with_call_timeout(Duration::from_millis(300)) };
            let radio = Radio::open(config).await.unwrap();
            let seen = meter(&radio).await;
            radio.connect(seen.device()).await.unwrap().disconnect().await;
            let again = radio.connect(seen.device()).await;
            if !waits {
                let again = again.map(|_| ());
                assert!(matches!(again, Err(LinkError::StillUp)), "{again:?}");
                let outcome =
                    sync_glucose(&radio, seen.device(), GlucoseSync::new(SyncConfig::new()), &mut Sink::default())
                        .await;
                assert_eq!(reason(&outcome), Reason::RadioGone);
            } else {
                // The end of the link before must not end this one.
                assert_eq!(again.unwrap().next(Duration::from_secs(2)).await, LinkEvent::Idle);
            }
            radio.close().await;
        });
    }
}

#[test]
fn an_error_of_the_device_keeps_its_number() {
    under("refuse", async {
        let radio = Radio::open(RadioConfig::new()).await.unwrap();
        let seen = meter(&radio).await;
        let mut link = radio.connect(seen.device()).await.unwrap();
        link.characteristics().await.unwrap();
        let refused = link.write(RECORD_ACCESS_CONTROL_POINT, &[4, 1]).await;
        assert!(matches!(refused, Err(LinkError::Att(error)) if error.number() == 0x80), "{refused:?}");
        radio.close().await;
    });
}

/// A person who always says the same, and remembers what was asked.
struct Person {
    says: PairingAnswer,
    asked: std::sync::Mutex<Vec<PairingQuestion>>,
}

impl Person {
    fn who_says(says: PairingAnswer) -> Arc<Self> {
        Arc::new(Self { says, asked: std::sync::Mutex::default() })
    }
}

#[async_trait]
impl PairingHost for Person {
    async fn answer(&self, _device: &DeviceId, question: PairingQuestion) -> PairingAnswer {
        self.asked.lock().unwrap().push(question);
        self.says
    }
}

#[test]
fn just_works_bonds_without_proof_and_nobody_is_asked() {
    under("just-works", async {
        let unpaired = Radio::open(RadioConfig::new().with_pairing(PairingPolicy::Never)).await.unwrap();
        let (outcome, _) = sync(&unpaired).await;
        assert_eq!(reason(&outcome), Reason::NotPaired);
        unpaired.close().await;

        let radio = Radio::open(RadioConfig::new().with_pairing(PairingPolicy::Required)).await.unwrap();
        let (outcome, sink) = sync(&radio).await;
        assert!(outcome.is_complete(), "{outcome:?}");
        assert_eq!((sink.numbers, sink.bond), (records(), Some(BondState::Bonded)));
        radio.close().await;
    });
}

#[test]
fn a_comparison_is_put_to_the_host_and_its_yes_authenticates() {
    under("compare", async {
        let config = RadioConfig::new().with_pairing(PairingPolicy::Required);
        let nobody = Radio::open(config.clone()).await.unwrap();
        let seen = meter(&nobody).await;
        let refused = nobody.connect(seen.device()).await.map(|_| ());
        assert!(matches!(refused, Err(LinkError::Pairing(PairingError::Failed))), "no display, no keys: {refused:?}");
        nobody.close().await;

        let no = Radio::open_with(config.clone(), Person::who_says(PairingAnswer::Refuse)).await.unwrap();
        let refused = no.connect(seen.device()).await.map(|_| ());
        assert!(matches!(refused, Err(LinkError::Pairing(PairingError::Refused))), "{refused:?}");
        no.close().await;

        let person = Person::who_says(PairingAnswer::Accept);
        let yes = Radio::open_with(config, Arc::clone(&person) as Arc<dyn PairingHost>).await.unwrap();
        let (outcome, sink) = sync(&yes).await;
        assert!(outcome.is_complete(), "{outcome:?}");
        assert_eq!(sink.bond, Some(BondState::BondedAuthenticated));
        assert_eq!(*person.asked.lock().unwrap(), [PairingQuestion::Compare(Passkey::new(123_456).unwrap())]);
        yes.close().await;
    });
}

#[test]
fn a_passkey_from_the_host_pairs_and_a_wrong_one_does_not() {
    under("passkey", async {
        let config = RadioConfig::new().with_pairing(PairingPolicy::Required);
        let open = |code| {
            let person = Person::who_says(PairingAnswer::Passkey(Passkey::new(code).unwrap()));
            Radio::open_with(config.clone(), person)
        };
        let wrong = open(1).await.unwrap();
        let seen = meter(&wrong).await;
        let refused = wrong.connect(seen.device()).await.map(|_| ());
        assert!(matches!(refused, Err(LinkError::Pairing(PairingError::Failed))), "{refused:?}");
        wrong.close().await;
        let right = open(123_456).await.unwrap();
        let link = right.connect(seen.device()).await.unwrap();
        assert_eq!(link.bond(), BondState::BondedAuthenticated);
        drop(link);
        right.close().await;
    });
}
