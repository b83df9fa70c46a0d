//! Readings of nights and meals.

use dmledger_core::hash::Digest;
use dmledger_core::record::quantity::{Meal, Quantity, Sleep};
use dmledger_core::record::{DataKind, Quality, Reading, SourceFormat};
use dmledger_core::time::Timestamp;

use super::{Device, DeviceClock, IngestError, reading};
use crate::codec::Characteristic;
use crate::codec::capture::Manifest;
use crate::codec::sleep::NIGHT;
use crate::procedure::sleep::SleepRecord;

/// Makes a reading from a wearable's night.
///
/// # Errors
/// [`IngestError::Unread`] when its octets could not be read as a night, else why it is no reading.
pub fn sleep(from: &SleepRecord, device: &Device, received: Timestamp) -> Result<Reading, IngestError> {
    let night = from.night().ok_or(IngestError::Unread)?;
    let mut sleep = Sleep::new(night.in_bed(), night.asleep(), night.awakenings())?;
    if let Some(stages) = night.stages() {
        sleep = sleep.with_stages(stages.light, stages.deep, stages.rem)?;
    }
    let clock = DeviceClock { time_offset: Some(night.time_offset()), ..DeviceClock::stated(night.start())? };
    let raw = [(NIGHT, from.raw())];
    let provenance = device.provenance(SourceFormat::BluetoothSleep, from.number().into(), clock, received, &raw);
    reading(DataKind::Sleep, Quantity::Sleep(sleep).into(), Quality::GOOD, provenance)
}

/// Makes a meal's reading from the manifest of its picture or clip, verified, and what is known of the meal. The digest
/// of the picture becomes the meal's.
///
/// # Errors
/// Why it is no reading.
pub fn meal(from: &Manifest, meal: Meal, device: &Device, received: Timestamp) -> Result<Reading, IngestError> {
    let clock = DeviceClock::stated(from.start)?;
    let mut buffer = [0; Manifest::MAX_BYTES];
    let octets = from.encode(&mut buffer).map_err(|_| IngestError::Overflow)?;
    let raw = [(Manifest::UUID, octets)];
    let number = from.object.value().into();
    let provenance = device.provenance(SourceFormat::BluetoothObject, number, clock, received, &raw);
    let meal = meal.with_image(Digest::new(from.digest));
    reading(DataKind::Diet, Quantity::Meal(meal).into(), Quality::GOOD, provenance)
}
