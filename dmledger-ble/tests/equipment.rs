//! A gateway admits what the patient has paired on the ledger, and nothing else: a real ledger's list of devices, with its
//! proof, in front of the intake.

use dmledger_ble::ingest::intake::{Intake, IntakeError, IntakeRules, Quarantine, Verdict};
use dmledger_ble::ingest::journal::MemoryJournal;
use dmledger_ble::ingest::{Device, ingest};
use dmledger_ble::link::BondState;
use dmledger_ble::sim::{Faults, MeterConfig, SimMeter, StoredReading, sync_readings};
use dmledger_ble::{codec::date_time::DateTime, codec::medfloat::Decimal};
use dmledger_core::account::Device as Listed;
use dmledger_core::action::Equip;
use dmledger_core::ledger::{Ledger, Query, StateMachine as _};
use dmledger_core::record::{Reading, ZoneOffset};
use dmledger_core::testing::{World, WorldPlan};
use dmledger_core::time::Timestamp;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// 15 March 2024, 00:00 UTC.
const MIDNIGHT: i64 = 1_710_460_800;

fn hour(hour: u8) -> Timestamp {
    Timestamp::from_seconds(MIDNIGHT + 3600 * i64::from(hour))
}

fn meter(serial: &str) -> Device {
    Device::new(serial.as_bytes(), BondState::Bonded).in_zone(ZoneOffset::UTC)
}

/// What a meter measured at this hour, fetched from it at the end of the day.
fn reading(device: &Device, at: u8) -> Result<Reading, Failed> {
    let stored = StoredReading::mg_per_dl(DateTime::new(2024, 3, 15, at, 0, 0)?, Decimal::new(100 + i64::from(at), 0));
    let report = sync_readings(&mut SimMeter::new(MeterConfig::new()), &[stored], Faults::NONE, 7);
    let (_, record) = report.records().first().ok_or("no record")?;
    Ok(ingest(record, device, hour(23))?)
}

/// The first patient's devices as the ledger lists them, proved.
fn listed(world: &World, ledger: &Ledger) -> Result<Vec<Listed>, Failed> {
    let account = world.patients().first().ok_or("no patient")?.account;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let answer = query.devices(&account)?;
    Ok(answer.verify(&ledger.tip().state_root, world.chain(), &account)?.into_iter().cloned().collect())
}

struct Gateway(Intake<MemoryJournal>);

impl Gateway {
    fn offer(&mut self, device: &Device, at: u8) -> Result<Verdict, Failed> {
        Ok(*self.0.offer(vec![reading(device, at)?])?.first().ok_or("no verdict")?)
    }

    /// The patient's list changed at this hour.
    fn follow(&mut self, world: &World, ledger: &Ledger, at: u8) -> Result<usize, Failed> {
        let rows = listed(world, ledger)?;
        Ok(self.0.follow(&rows.iter().collect::<Vec<_>>(), hour(at))?.len())
    }

    fn register(&mut self, device: &Device, world: &World, ledger: &Ledger, at: u8) -> Result<(), Failed> {
        let rows = listed(world, ledger)?;
        Ok(self.0.register(device, hour(at), &rows.iter().collect::<Vec<_>>())?)
    }
}

#[test]
fn pairing_replacement_and_deregistration_on_the_ledger_decide_what_a_gateway_takes() -> Result<(), Failed> {
    let mut world = World::new(WorldPlan::default())?;
    let mut ledger = world.populated()?;
    let mut gateway = Gateway(Intake::open(MemoryJournal::new(), IntakeRules::new(), [7; 32])?);
    let (first, second, stranger) = (meter("meter 1"), meter("meter 2"), meter("meter 3"));
    let (first_key, second_key) = (world.key(), world.key());

    // Unregistered: the gateway refuses to register it, and puts its readings aside.
    let refused = gateway.register(&first, &world, &ledger, 1).err().ok_or("registered without the ledger")?;
    assert!(matches!(refused.downcast_ref(), Some(IntakeError::NotPaired)), "{refused}");
    assert_eq!(gateway.offer(&first, 1)?, Verdict::Quarantined(Quarantine::UnknownDevice));

    let pair = world.equip(0, Equip::Pair(world.device(0, "meter 1", &first_key)?))?;
    world.advance(&mut ledger, &[pair])?;
    gateway.register(&first, &world, &ledger, 2)?;
    assert_eq!(gateway.follow(&world, &ledger, 2)?, 0);
    assert_eq!(gateway.offer(&first, 3)?, Verdict::Accepted);
    assert!(gateway.register(&stranger, &world, &ledger, 2).is_err(), "only the one that is listed");

    // Replaced at 6 h.
    let replace = Equip::Replace { old: first_key.public(), new: world.device(0, "meter 2", &second_key)? };
    let replace = world.equip(0, replace)?;
    world.advance(&mut ledger, &[replace])?;
    assert_eq!(gateway.follow(&world, &ledger, 6)?, 1);
    assert!(gateway.register(&first, &world, &ledger, 6).is_err(), "the one that went does not come back");
    gateway.register(&second, &world, &ledger, 6)?;
    assert_eq!(gateway.offer(&first, 5)?, Verdict::Accepted, "measured before it went");
    assert_eq!(gateway.offer(&first, 7)?, Verdict::Quarantined(Quarantine::AfterRetirement));
    assert_eq!(gateway.offer(&second, 7)?, Verdict::Accepted);

    // De-registered at 9 h.
    let retire = world.equip(0, Equip::Retire { key: second_key.public() })?;
    world.advance(&mut ledger, &[retire])?;
    assert_eq!(gateway.follow(&world, &ledger, 9)?, 1);
    assert_eq!(gateway.offer(&second, 8)?, Verdict::Accepted);
    assert_eq!(gateway.offer(&second, 10)?, Verdict::Quarantined(Quarantine::AfterRetirement));
    assert!(gateway.register(&second, &world, &ledger, 10).is_err());
    assert_eq!(gateway.0.pending(), 4);
    Ok(())
}
