//! Glucose measurements, finger and sensor, for C.
//!
//! Fields named `has_…` are 1 when the field after them is there and 0 when it is not; any other value counts as 1.

use super::{DmledgerDateTime, DmledgerNumber, DmledgerStatus, guarded, memory};
use crate::codec::Characteristic;
use crate::codec::cgm::{CgmMeasurement, measurements};
use crate::codec::crc::E2eCrc;
use crate::codec::glucose::{
    Concentration, ConcentrationUnit, ContextNotice, GlucoseMeasurement, GlucoseMeasurementContext, MedicationAmount,
    SampleLocation, SampleType, SensorStatus, SequenceNumber,
};
use crate::codec::medfloat::Sfloat;

/// Glucose Measurement 0x2A18.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerGlucoseMeasurement {
    /// The concentration in [`Self::unit`]. Not read when the value is written: that takes `concentration_bits`.
    pub concentration: DmledgerNumber,
    /// The meter's clock without its offset.
    pub base_time: DmledgerDateTime,
    /// Number of the record on the meter, 0 to 65,535.
    pub sequence: u16,
    /// Minutes to add to `base_time` for the time the owner sees; 0x7FFF overrun, 0x8000 underrun.
    pub time_offset_minutes: i16,
    /// The SFLOAT of the concentration, its bit pattern.
    pub concentration_bits: u16,
    /// Sensor status by bit: 0 battery low, 1 sensor malfunction, 2 sample too small, 3 strip insertion, 4 strip type,
    /// 5 too high, 6 too low, 7 too warm, 8 too cold, 9 strip pulled too soon, 10 general fault, 11 time fault.
    pub status: u16,
    /// Whether there is a time offset.
    pub has_time_offset: u8,
    /// Whether there are concentration, type and location.
    pub has_concentration: u8,
    /// 0 kg/L, 1 mol/L.
    pub unit: u8,
    /// Sample type, 0 to 15: 1 to 8 capillary, venous, arterial and undetermined, each whole blood, then plasma;
    /// 9 interstitial fluid, 10 control solution.
    pub sample_type: u8,
    /// Sample location, 0 to 15: 1 finger, 2 alternate site, 3 earlobe, 4 control solution, 15 not available.
    pub sample_location: u8,
    /// Whether there is a sensor status.
    pub has_status: u8,
    /// Whether a context with the same sequence number follows.
    pub context_follows: u8,
    /// Whether it is a test with control solution, which is no reading of a person. Not read when the value is written.
    pub control_solution: u8,
}

impl From<&GlucoseMeasurement> for DmledgerGlucoseMeasurement {
    fn from(value: &GlucoseMeasurement) -> Self {
        let mut out = Self {
            sequence: value.sequence().value(),
            base_time: value.base_time().into(),
            has_time_offset: value.time_offset().is_some().into(),
            time_offset_minutes: value.time_offset().unwrap_or_default(),
            has_status: value.status().is_some().into(),
            status: value.status().map(SensorStatus::bits).unwrap_or_default(),
            context_follows: (value.context() == ContextNotice::Follows).into(),
            control_solution: value.is_control_solution().into(),
            ..Self::default()
        };
        if let Some(concentration) = value.concentration() {
            out.has_concentration = 1;
            out.concentration = concentration.value().into();
            out.concentration_bits = concentration.value().to_bits();
            out.unit = (concentration.unit() == ConcentrationUnit::MolePerLitre).into();
            out.sample_type = concentration.sample_type().number();
            out.sample_location = concentration.location().number();
        }
        out
    }
}

impl DmledgerGlucoseMeasurement {
    fn value(&self) -> Result<GlucoseMeasurement, DmledgerStatus> {
        let mut value = GlucoseMeasurement::new(SequenceNumber::new(self.sequence), self.base_time.stated()?);
        if self.has_time_offset != 0 {
            value = value.with_time_offset(self.time_offset_minutes);
        }
        if self.has_concentration != 0 {
            let unit = match self.unit {
                0 => ConcentrationUnit::KilogramPerLitre,
                1 => ConcentrationUnit::MolePerLitre,
                _ => return Err(DmledgerStatus::BadArgument),
            };
            if self.sample_type > 15 || self.sample_location > 15 {
                return Err(DmledgerStatus::BadArgument);
            }
            value = value.with_concentration(Concentration::new(
                Sfloat::from_bits(self.concentration_bits),
                unit,
                SampleType::from_number(self.sample_type),
                SampleLocation::from_number(self.sample_location),
            ));
        }
        if self.has_status != 0 {
            value = value.with_status(SensorStatus::from_bits(self.status));
        }
        let context = if self.context_follows == 0 { ContextNotice::None } else { ContextNotice::Follows };
        Ok(value.with_context(context))
    }
}

/// Reads a Glucose Measurement 0x2A18, 10 to 17 octets.
///
/// # Safety
/// `bytes` points to `length` octets, `out` to a writable struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_glucose_measurement_decode(
    bytes: *const u8,
    length: usize,
    out: *mut DmledgerGlucoseMeasurement,
) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `bytes` and `length` are as the caller of this function promises.
        let value = GlucoseMeasurement::decode(unsafe { memory::octets(bytes, length) }?)?;
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, (&value).into()) }
    })
}

/// Writes a Glucose Measurement 0x2A18, at most 17 octets, and how many it took.
///
/// # Safety
/// `value` points to a struct, `buffer` to `capacity` octets, `written` to a writable size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_glucose_measurement_encode(
    value: *const DmledgerGlucoseMeasurement,
    buffer: *mut u8,
    capacity: usize,
    written: *mut usize,
) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `value` is as the caller of this function promises.
        let value = unsafe { memory::value(value) }?.value()?;
        // SAFETY: `buffer` and `capacity` are as the caller of this function promises.
        let buffer = unsafe { memory::buffer(buffer, capacity) }?;
        let length = value.encode(buffer)?.len();
        // SAFETY: `written` is as the caller of this function promises.
        unsafe { memory::put(written, length) }
    })
}

/// Glucose Measurement Context 0x2A34.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerGlucoseContext {
    /// Carbohydrate in kilograms.
    pub carbohydrate_kilograms: DmledgerNumber,
    /// Medication in kilograms or litres.
    pub medication: DmledgerNumber,
    /// `HbA1c` in percent.
    pub hba1c_percent: DmledgerNumber,
    /// Number of the measurement it belongs to.
    pub sequence: u16,
    /// Duration of exercise in seconds; 65,535 means longer than can be stated.
    pub exercise_seconds: u16,
    /// Whether there is carbohydrate.
    pub has_carbohydrate: u8,
    /// Which meal the carbohydrate belongs to: 1 breakfast, 2 lunch, 3 dinner, 4 snack, 5 drink, 6 supper, 7 brunch.
    pub carbohydrate_kind: u8,
    /// Whether there is a relation to a meal.
    pub has_meal: u8,
    /// Relation to a meal: 1 before, 2 after, 3 fasting, 4 casual, 5 bedtime.
    pub meal: u8,
    /// Whether there are tester and health.
    pub has_tester_health: u8,
    /// Who measured: 1 patient, 2 professional, 3 laboratory, 15 not available.
    pub tester: u8,
    /// State of health: 1 minor issues, 2 major issues, 3 menses, 4 stress, 5 none, 15 not available.
    pub health: u8,
    /// Whether there is exercise.
    pub has_exercise: u8,
    /// Intensity of exercise in percent.
    pub exercise_percent: u8,
    /// Whether there is medication.
    pub has_medication: u8,
    /// Kind of medication: insulin, 1 rapid acting, 2 short acting, 3 intermediate acting, 4 long acting, 5 pre-mixed.
    pub medication_kind: u8,
    /// 0 kilograms, 1 litres.
    pub medication_unit: u8,
    /// Whether there is an `HbA1c`.
    pub has_hba1c: u8,
}

impl From<&GlucoseMeasurementContext> for DmledgerGlucoseContext {
    fn from(value: &GlucoseMeasurementContext) -> Self {
        let mut out = Self { sequence: value.sequence().value(), ..Self::default() };
        if let Some(carbohydrate) = value.carbohydrate() {
            (out.has_carbohydrate, out.carbohydrate_kind) = (1, carbohydrate.kind().number());
            out.carbohydrate_kilograms = carbohydrate.kilograms().into();
        }
        if let Some(meal) = value.meal() {
            (out.has_meal, out.meal) = (1, meal.number());
        }
        if let Some(both) = value.tester_health() {
            (out.has_tester_health, out.tester, out.health) = (1, both.tester().number(), both.health().number());
        }
        if let Some(exercise) = value.exercise() {
            (out.has_exercise, out.exercise_percent) = (1, exercise.percent());
            out.exercise_seconds = exercise.seconds().unwrap_or(u16::MAX);
        }
        if let Some(medication) = value.medication() {
            (out.has_medication, out.medication_kind) = (1, medication.kind().number());
            (out.medication_unit, out.medication) = match medication.amount() {
                MedicationAmount::Kilograms(amount) => (0, amount.into()),
                MedicationAmount::Litres(amount) => (1, amount.into()),
            };
        }
        if let Some(percent) = value.hba1c_percent() {
            (out.has_hba1c, out.hba1c_percent) = (1, percent.into());
        }
        out
    }
}

/// Reads a Glucose Measurement Context 0x2A34, 3 to 17 octets.
///
/// # Safety
/// `bytes` points to `length` octets, `out` to a writable struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_glucose_context_decode(
    bytes: *const u8,
    length: usize,
    out: *mut DmledgerGlucoseContext,
) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `bytes` and `length` are as the caller of this function promises.
        let value = GlucoseMeasurementContext::decode(unsafe { memory::octets(bytes, length) }?)?;
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, (&value).into()) }
    })
}

/// One record of a CGM Measurement 0x2AA7.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerCgmMeasurement {
    /// Concentration in mg/dL.
    pub glucose_mg_per_dl: DmledgerNumber,
    /// Trend in mg/dL per minute.
    pub trend: DmledgerNumber,
    /// Quality in percent.
    pub quality_percent: DmledgerNumber,
    /// Status in bits 0 to 7, calibration and temperature in 8 to 15, warning in 16 to 23.
    pub annunciation: u32,
    /// Minutes since the session began.
    pub minutes: u16,
    /// Whether there is a trend.
    pub has_trend: u8,
    /// Whether there is a quality.
    pub has_quality: u8,
}

impl From<&CgmMeasurement> for DmledgerCgmMeasurement {
    fn from(value: &CgmMeasurement) -> Self {
        Self {
            glucose_mg_per_dl: value.glucose_mg_per_dl().into(),
            trend: value.trend().map(Into::into).unwrap_or_default(),
            quality_percent: value.quality().map(Into::into).unwrap_or_default(),
            annunciation: value.annunciation().bits(),
            minutes: value.minutes(),
            has_trend: value.trend().is_some().into(),
            has_quality: value.quality().is_some().into(),
        }
    }
}

/// Reads the record with this index (from 0) of a CGM Measurement 0x2AA7, which may hold several of 6 to 15 octets;
/// `DMLEDGER_STATUS_NO_MORE` behind the last. `e2e_crc` is 1 when the sensor's CGM Feature says that its values end in a
/// check, else 0.
///
/// # Safety
/// `bytes` points to `length` octets, `out` to a writable struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_cgm_measurement_decode(
    bytes: *const u8,
    length: usize,
    e2e_crc: u8,
    index: usize,
    out: *mut DmledgerCgmMeasurement,
) -> DmledgerStatus {
    guarded(|| {
        let crc = if e2e_crc == 0 { E2eCrc::Absent } else { E2eCrc::Present };
        // SAFETY: `bytes` and `length` are as the caller of this function promises.
        let bytes = unsafe { memory::octets(bytes, length) }?;
        let mut record = None;
        // An error anywhere refuses the whole value, whichever record is asked for.
        for (position, one) in measurements(bytes, crc).enumerate() {
            let one = one?;
            if position == index {
                record = Some(one);
            }
        }
        let record = record.ok_or(DmledgerStatus::NoMore)?;
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, (&record).into()) }
    })
}
