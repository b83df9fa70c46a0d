//! Devices: decoders beside straight-line ones written by hand for the same octets, and a synchronisation beside the
//! bare decoding of what it is fed; a clip of the camera beside the bare link.
//!
//! The hand decoders know one layout, read fixed positions and check nothing but the length and the flags; they are what
//! a decoder costs at least. Allocations are counted by the allocator of this program.

#[path = "ble/clip.rs"]
mod clip;

use crate::report;
use dmledger_ble::codec::{
    Characteristic,
    cgm::{CgmMeasurement, CheckedCharacteristic},
    crc::E2eCrc,
    date_time::DateTime,
    glucose::{
        Concentration, ConcentrationUnit, GlucoseMeasurement, SampleLocation, SampleType, SensorStatus, SequenceNumber,
    },
    medfloat::{Decimal, Sfloat, Value},
    uuid::{GLUCOSE_MEASUREMENT, RECORD_ACCESS_CONTROL_POINT},
};
use dmledger_ble::procedure::Uptime;
use dmledger_ble::procedure::glucose_sync::{Action, Event, GlucoseSync, SyncConfig};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::{alloc::System, hint::black_box};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

type Failed = Box<dyn std::error::Error>;

const ROUNDS: usize = 15;
const RECORDS: u16 = 4096;
/// Passes over the records in one round: about a million decodings.
const PASSES: u32 = 256;
/// Records a second that the decoder of 0x2A18 is meant to reach.
const GOAL: f64 = 30e6;

/// Prints the group.
///
/// # Errors
/// If a value of this bench cannot be made or a decoder allocates.
pub fn run() -> Result<(), Failed> {
    glucose()?;
    sensor()?;
    sfloat()?;
    synchronisation()?;
    clip::run()
}

/// Rate of a round that handles every record [`PASSES`] times.
fn rate(seconds: f64) -> f64 {
    f64::from(RECORDS) * f64::from(PASSES) / seconds
}

/// Sums something of every value, so that nothing is left out.
fn passes<T>(values: &[T], mut of: impl FnMut(&T) -> u64) -> u64 {
    let mut sum = 0_u64;
    for _ in 0..PASSES {
        for value in black_box(values) {
            sum = sum.wrapping_add(of(value));
        }
    }
    sum
}

/// Refuses a decoder that allocates.
fn without_allocation(name: &str, task: impl FnOnce() -> u64) -> Result<(), Failed> {
    let region = Region::new(ALLOCATOR);
    black_box(task());
    let made = region.change().allocations;
    if made == 0 { Ok(()) } else { Err(format!("{name}: {made} allocations").into()) }
}

/// A record of 17 octets: time offset, concentration and status.
fn record(number: u16) -> Result<[u8; 17], Failed> {
    let taken = DateTime::new(2026, 1, 1 + u8::try_from(number % 28)?, u8::try_from(number % 24)?, 30, 0)?;
    let concentration = Concentration::new(
        Sfloat::from_decimal(Decimal::new(i64::from(70 + number % 300), -5)).map_err(|error| error.to_string())?,
        ConcentrationUnit::KilogramPerLitre,
        SampleType::CAPILLARY_PLASMA,
        SampleLocation::FINGER,
    );
    let value = GlucoseMeasurement::new(SequenceNumber::new(number), taken)
        .with_time_offset(-60)
        .with_concentration(concentration)
        .with_status(SensorStatus::from_bits(number & 3));
    let mut octets = [0; 17];
    value.encode(&mut octets)?;
    Ok(octets)
}

/// What the hand decoder reads.
struct Plain {
    sequence: u16,
    year: u16,
    time: [u8; 5],
    offset: i16,
    mantissa: i16,
    exponent: i8,
    kind: u8,
    status: u16,
}

/// Exactly the layout of [`record`].
fn by_hand(octets: &[u8]) -> Option<Plain> {
    let &[flags, s0, s1, y0, y1, month, day, hour, minute, second, o0, o1, c0, c1, kind, t0, t1] = octets else {
        return None;
    };
    if flags != 0x0B {
        return None;
    }
    let bits = u16::from_le_bytes([c0, c1]);
    Some(Plain {
        sequence: u16::from_le_bytes([s0, s1]),
        year: u16::from_le_bytes([y0, y1]),
        time: [month, day, hour, minute, second],
        offset: i16::from_le_bytes([o0, o1]),
        mantissa: (bits << 4).cast_signed() >> 4,
        exponent: i8::try_from(bits.cast_signed() >> 12).unwrap_or_default(),
        kind,
        status: u16::from_le_bytes([t0, t1]),
    })
}

fn glucose() -> Result<(), Failed> {
    let records = (0..RECORDS).map(record).collect::<Result<Vec<_>, _>>()?;
    let decode = |octets: &[u8; 17]| {
        black_box(GlucoseMeasurement::decode(octets)).map_or(0, |value| u64::from(value.sequence().value()))
    };
    let hand = |octets: &[u8; 17]| {
        black_box(by_hand(octets)).map_or(0, |value| {
            black_box((value.year, value.time, value.offset, value.mantissa, value.exponent, value.kind, value.status));
            u64::from(value.sequence)
        })
    };
    without_allocation("decode_2a18", || passes(&records, decode))?;
    let (ours, peer) = report::beside(ROUNDS, || passes(&records, decode), || passes(&records, hand));
    let ours = rate(ours.median());
    let unit = "records/s,higher_is_better,peer=straight_line_by_hand,allocations=0";
    report::line("decode_2a18", ours, rate(peer.median()), unit);
    report::line("decode_2a18_beside_goal", ours, GOAL, "records/s,higher_is_better");
    Ok(())
}

fn sensor() -> Result<(), Failed> {
    let value = |number: u16| {
        let [low, high] = number.to_le_bytes();
        // size, flags: trend; 70 mg/dL and more; minutes; trend
        [8, 1, 70_u8.wrapping_add(low), 0, low, high, 1, 0xF0]
    };
    let values: Vec<[u8; 8]> = (0..RECORDS).map(value).collect();
    let decode = |octets: &[u8; 8]| {
        black_box(CgmMeasurement::decode(octets, E2eCrc::Absent)).map_or(0, |value| u64::from(value.minutes()))
    };
    let hand = |octets: &[u8; 8]| black_box(sensor_by_hand(octets)).map_or(0, |(_, minutes, _)| u64::from(minutes));
    without_allocation("decode_2aa7", || passes(&values, decode))?;
    let (ours, peer) = report::beside(ROUNDS, || passes(&values, decode), || passes(&values, hand));
    let unit = "records/s,higher_is_better,peer=straight_line_by_hand,allocations=0";
    report::line("decode_2aa7", rate(ours.median()), rate(peer.median()), unit);
    Ok(())
}

/// Concentration, minutes and trend of exactly the layout that [`sensor`] makes.
fn sensor_by_hand(octets: &[u8]) -> Option<(u16, u16, Option<u16>)> {
    let &[8, 1, g0, g1, m0, m1, t0, t1] = octets else { return None };
    let number = u16::from_le_bytes;
    Some((number([g0, g1]), number([m0, m1]), Some(number([t0, t1]))))
}

fn sfloat() -> Result<(), Failed> {
    let all: Vec<u16> = (0..RECORDS).map(|number| number.wrapping_mul(16)).collect();
    let decode = |bits: &u16| match black_box(Sfloat::from_bits(*bits).value()) {
        Value::Number(number) => number.mantissa().unsigned_abs(),
        Value::Special(_) => 0,
    };
    let hand =
        |bits: &u16| black_box(sfloat_by_hand(*bits)).map_or(0, |(mantissa, _)| u64::from(mantissa.unsigned_abs()));
    without_allocation("decode_sfloat", || passes(&all, decode))?;
    let (ours, peer) = report::beside(ROUNDS, || passes(&all, decode), || passes(&all, hand));
    let unit = "values/s,higher_is_better,peer=straight_line_by_hand,allocations=0";
    report::line("decode_sfloat", rate(ours.median()), rate(peer.median()), unit);
    Ok(())
}

/// Mantissa and exponent, or nothing for the five statements.
fn sfloat_by_hand(bits: u16) -> Option<(i16, i16)> {
    if matches!(bits, 0x07FE..=0x0802) {
        None
    } else {
        Some(((bits << 4).cast_signed() >> 4, bits.cast_signed() >> 12))
    }
}

/// A whole session with a meter that loses nothing: every notification and answer is an event.
fn session(records: &[[u8; 17]]) -> Result<u64, Failed> {
    let mut sync = GlucoseSync::new(SyncConfig::new());
    let mut events = 0_u64;
    let mut delivered = 0_u64;
    let mut tell = |sync: &mut GlucoseSync, event: Event<'_>| {
        events += 1;
        let actions = sync.handle(event, Uptime::from_millis(events));
        delivered += actions.iter().filter(|action| matches!(action, Action::Deliver(_))).count() as u64;
    };
    let found = [GLUCOSE_MEASUREMENT, RECORD_ACCESS_CONTROL_POINT];
    tell(&mut sync, Event::Start);
    tell(&mut sync, Event::ServicesResolved(&found));
    for characteristic in found {
        tell(&mut sync, Event::Subscribed(characteristic));
    }
    let count = u16::try_from(records.len())?.to_le_bytes();
    let [low, high] = count;
    let answer = |bytes| Event::Value { characteristic: RECORD_ACCESS_CONTROL_POINT, bytes };
    let counted = [5, 0, low, high];
    tell(&mut sync, answer(&counted));
    for bytes in records {
        tell(&mut sync, Event::Value { characteristic: GLUCOSE_MEASUREMENT, bytes });
    }
    tell(&mut sync, answer(&[6, 0, 1, 1]));
    tell(&mut sync, answer(&counted));
    tell(&mut sync, answer(&[5, 0, 0, 0]));
    if sync.is_finished() && delivered == records.len() as u64 { Ok(events) } else { Err("no whole session".into()) }
}

fn synchronisation() -> Result<(), Failed> {
    let records = (0..RECORDS).map(record).collect::<Result<Vec<_>, _>>()?;
    let events = session(&records)?;
    let (ours, peer) = report::beside(
        ROUNDS,
        || session(&records).unwrap_or_default(),
        || {
            let copies: Vec<_> = records
                .iter()
                .filter_map(|octets| Some((GlucoseMeasurement::decode(octets).ok()?, octets.to_vec())))
                .collect();
            copies.len()
        },
    );
    let rate = |seconds: f64| f64::from(u32::try_from(events).unwrap_or(u32::MAX)) / seconds;
    let unit = "events/s,higher_is_better,peer=decode_and_copy_alone";
    report::line("glucose_sync_events", rate(ours.median()), rate(peer.median()), unit);
    Ok(())
}
