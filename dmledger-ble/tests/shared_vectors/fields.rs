//! The fields of a value under the names of the shared vectors' file. Binary floats are for the comparison alone.

use dmledger_ble::codec::Characteristic;
use dmledger_ble::codec::blood_pressure::{
    BloodPressureFeature, BloodPressureMeasurement, BloodPressureStatus, IntermediateCuffPressure, PressureUnit,
};
use dmledger_ble::codec::cgm::{
    CgmFeatures, CgmMeasurement, CgmStatus, CheckedCharacteristic, SessionRunTime, SessionStartTime, SpecificOperation,
    measurements,
};
use dmledger_ble::codec::crc::{E2eCrc, e2e_crc};
use dmledger_ble::codec::date_time::DateTime;
use dmledger_ble::codec::glucose::{
    ConcentrationUnit, ContextNotice, DisplayedGlucose, GlucoseFeature, GlucoseMeasurement, GlucoseMeasurementContext,
    Meal, MedicationAmount, SensorStatus,
};
use dmledger_ble::codec::heart_rate::{Contact, HeartRateMeasurement};
use dmledger_ble::codec::medfloat::{Decimal, Float, Sfloat, Special, Value as Number};
use dmledger_ble::codec::plx::{
    PlxContinuous, PlxDeviceStatus, PlxFeatures, PlxMeasurementStatus, PlxSpotCheck, Saturation,
};
use dmledger_ble::codec::racp::{Frame, OpCode, Response, ResponseCode};
use dmledger_ble::codec::thermometer::{TemperatureMeasurement, TemperatureType, TemperatureUnit};
use dmledger_ble::codec::weight::{WeightMeasurement, WeightScaleFeature, WeightUnits};
use dmledger_ble::error::DecodeError;
use serde_json::{Map, Value, json};

/// Why a value gave no fields.
pub(crate) enum Refused {
    /// The decoder's own reason.
    Decoder(DecodeError),
    /// It was read, and is not what `encode(decode(x)) == x` demands.
    NotKept,
    /// The crate has no decoder for it, or it is not as long as the building block.
    NoDecoder,
}

impl From<DecodeError> for Refused {
    fn from(error: DecodeError) -> Self {
        Self::Decoder(error)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Decoder(error) => write!(f, "refused: {error}"),
            Self::NotKept => f.write_str("encode(decode(x)) is not x"),
            Self::NoDecoder => f.write_str("no decoder"),
        }
    }
}

/// The fields of a value under the names of the file.
pub(crate) fn decode(kind: &str, bytes: &[u8], crc: E2eCrc) -> Result<Map<String, Value>, Refused> {
    let fields = match kind {
        "SFLOAT" => json!({ "value": number(Sfloat::from_bits(u16::from_le_bytes(block(bytes)?)).value()) }),
        "FLOAT" => json!({ "value": number(Float::from_bits(u32::from_le_bytes(block(bytes)?)).value()) }),
        "E2ECRC" => json!({ "crc": e2e_crc(bytes) }),
        "2A18" => glucose(&round_trip(bytes)?),
        "2A34" => context(&round_trip(bytes)?),
        "2A51" => glucose_feature(round_trip(bytes)?),
        "2A52" => racp(bytes)?,
        "2A35" => blood_pressure(&round_trip(bytes)?),
        "2A36" => cuff(&round_trip(bytes)?),
        "2A49" => json!({ "features": round_trip::<BloodPressureFeature>(bytes)?.bits() }),
        "2A37" => heart_rate(&round_trip(bytes)?),
        "2A1C" | "2A1E" => temperature(&round_trip(bytes)?),
        "2A1D" => json!({ "type": round_trip::<TemperatureType>(bytes)?.number() }),
        "2A5E" => spot_check(&round_trip(bytes)?),
        "2A5F" => continuous(&round_trip(bytes)?),
        "2A60" => plx_features(&round_trip(bytes)?),
        "2A9D" => weight(&round_trip(bytes)?),
        "2A9E" => weight_feature(round_trip(bytes)?),
        "2AA7" => cgm(bytes, crc)?,
        "2AA8" => cgm_features(&CgmFeatures::decode(bytes)?),
        "2AA9" => cgm_status(&checked(bytes, crc)?),
        "2AAA" => json!({ "time": checked::<SessionStartTime>(bytes, crc)?.start().to_string() }),
        "2AAB" => json!({ "run_time_h": checked::<SessionRunTime>(bytes, crc)?.hours() }),
        "2AAC" => operation(&checked(bytes, crc)?, bytes),
        _ => return Err(Refused::NoDecoder),
    };
    fields.as_object().cloned().ok_or(Refused::NoDecoder)
}

fn block<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Refused> {
    bytes.try_into().map_err(|_| Refused::NoDecoder)
}

fn round_trip<C: Characteristic>(bytes: &[u8]) -> Result<C, Refused> {
    let value = C::decode(bytes)?;
    if value.to_vec().as_deref() == Ok(bytes) { Ok(value) } else { Err(Refused::NotKept) }
}

fn checked<C: CheckedCharacteristic>(bytes: &[u8], crc: E2eCrc) -> Result<C, Refused> {
    let value = C::decode(bytes, crc)?;
    if value.encode(crc, &mut [0; 64]) == Ok(bytes) { Ok(value) } else { Err(Refused::NotKept) }
}

fn glucose(value: &GlucoseMeasurement) -> Value {
    let concentration = value.concentration();
    let at = value.base_time().wall_seconds().ok().map(|at| at.plus_minutes(value.time_offset().unwrap_or(0)));
    let at = at.and_then(|at| DateTime::from_wall_seconds(at).ok());
    let displayed = concentration.and_then(|c| c.displayed().ok());
    let mg_dl = match displayed {
        Some(DisplayedGlucose::MilligramsPerDecilitre(number)) => float(number),
        _ => None,
    };
    let approximately = match displayed {
        Some(DisplayedGlucose::MillimolesPerLitre(number)) => float(number).map(|n| n * MILLIGRAMS_PER_MILLIMOLE),
        _ => mg_dl,
    };
    json!({
        "seq": value.sequence().value(),
        "base_time": value.base_time().to_string(),
        "effective_local": at.map(|at| at.to_string()),
        "effective_minute": at.map(DateTime::minutes),
        "conc": concentration.map(|c| number(c.value().value())),
        "mg_dl": mg_dl,
        "mg_dl_approx": approximately,
        "unit": concentration.map(|c| match c.unit() {
            ConcentrationUnit::KilogramPerLitre => "kg/L",
            ConcentrationUnit::MolePerLitre => "mol/L",
        }),
        "type": concentration.map(|c| c.sample_type().number()),
        "location": concentration.map(|c| c.location().number()),
        "status": value.status().map(SensorStatus::bits),
        "context_follows": value.context() == ContextNotice::Follows,
    })
}

fn context(value: &GlucoseMeasurementContext) -> Value {
    let medication = value.medication().map(|medication| match medication.amount() {
        MedicationAmount::Kilograms(amount) => (amount, "kg"),
        MedicationAmount::Litres(amount) => (amount, "L"),
    });
    json!({
        "seq": value.sequence().value(),
        "carb_id": value.carbohydrate().map(|c| c.kind().number()),
        "carb": value.carbohydrate().map(|c| number(c.kilograms().value())),
        "meal": value.meal().map(Meal::number),
        "tester": value.tester_health().map(|both| both.tester().number()),
        "health": value.tester_health().map(|both| both.health().number()),
        "exercise_s": value.exercise().map(|exercise| exercise.seconds()),
        "exercise_pct": value.exercise().map(|exercise| exercise.percent()),
        "med_id": value.medication().map(|medication| medication.kind().number()),
        "med": medication.map(|(amount, _)| number(amount.value())),
        "med_unit": medication.map(|(_, unit)| unit),
        "hba1c": value.hba1c_percent().map(|percent| number(percent.value())),
    })
}

fn glucose_feature(value: GlucoseFeature) -> Value {
    let has = |feature| value.contains(feature);
    let enabled: Vec<u16> = (0..16).map(|bit| 1 << bit).filter(|bit| value.bits() & bit != 0).collect();
    json!({
        "features_bitmap": value.bits(),
        "feature_count": enabled.len(),
        "enabled_features": enabled,
        "low_battery": has(GlucoseFeature::LOW_BATTERY),
        "low_battery_detection": has(GlucoseFeature::LOW_BATTERY),
        "sensor_malfunction": has(GlucoseFeature::SENSOR_MALFUNCTION),
        "sensor_malfunction_detection": has(GlucoseFeature::SENSOR_MALFUNCTION),
        "sample_size": has(GlucoseFeature::SAMPLE_SIZE),
        "sensor_sample_size": has(GlucoseFeature::SAMPLE_SIZE),
        "strip_insertion": has(GlucoseFeature::STRIP_INSERTION_ERROR),
        "sensor_strip_insertion_error": has(GlucoseFeature::STRIP_INSERTION_ERROR),
        "strip_type": has(GlucoseFeature::STRIP_TYPE_ERROR),
        "sensor_strip_type_error": has(GlucoseFeature::STRIP_TYPE_ERROR),
        "result_high_low": has(GlucoseFeature::RESULT_HIGH_LOW),
        "sensor_result_high_low": has(GlucoseFeature::RESULT_HIGH_LOW),
        "temp_high_low": has(GlucoseFeature::TEMPERATURE_HIGH_LOW),
        "sensor_temperature_high_low": has(GlucoseFeature::TEMPERATURE_HIGH_LOW),
        "read_interrupt": has(GlucoseFeature::READ_INTERRUPT),
        "sensor_read_interrupt": has(GlucoseFeature::READ_INTERRUPT),
        "general_fault": has(GlucoseFeature::GENERAL_FAULT),
        "general_device_fault": has(GlucoseFeature::GENERAL_FAULT),
        "time_fault": has(GlucoseFeature::TIME_FAULT),
        "multiple_bond": has(GlucoseFeature::MULTIPLE_BOND),
        "multiple_bond_support": has(GlucoseFeature::MULTIPLE_BOND),
    })
}

fn racp(bytes: &[u8]) -> Result<Value, Refused> {
    let frame = Frame::decode(bytes)?;
    let response = Response::decode(bytes);
    let (code, count) = match response {
        Ok(Response::Code { request, code }) => (Some((request.number(), code)), None),
        Ok(Response::Number(count)) => (None, Some(count)),
        _ => (None, None),
    };
    let answers = [OpCode::NUMBER_RESPONSE, OpCode::RESPONSE_CODE].contains(&frame.op_code());
    Ok(json!({
        "opcode": frame.op_code().number(),
        "operator": frame.operator().number(),
        "operand": hex(frame.operand()),
        "is_response": answers && response.is_ok(),
        "request_opcode": code.map(|(request, _)| request),
        "response_code": code.map(|(_, code)| code.number()),
        "count": count,
        "ok": code.map(|(_, code)| code == ResponseCode::SUCCESS),
        "no_records": code.map(|(_, code)| code == ResponseCode::NO_RECORDS),
    }))
}

fn pressure_unit(unit: PressureUnit) -> &'static str {
    if unit == PressureUnit::Kilopascal { "kPa" } else { "mmHg" }
}

fn blood_pressure(value: &BloodPressureMeasurement) -> Value {
    let irregular = value.status().map(|status| status.contains(BloodPressureStatus::IRREGULAR_PULSE));
    json!({
        "systolic": number(value.pressures().systolic().value()),
        "diastolic": number(value.pressures().diastolic().value()),
        "map": number(value.pressures().mean_arterial().value()),
        "unit": pressure_unit(value.pressures().unit()),
        "pulse": value.pulse().map(|pulse| number(pulse.value())),
        "user": value.user(),
        "status": value.status().map(BloodPressureStatus::bits),
        "irregular_pulse": irregular,
        "time": value.taken().map(|taken| taken.to_string()),
        "year": value.taken().map(DateTime::year),
        "month": value.taken().map(DateTime::month),
        "day": value.taken().map(DateTime::day),
    })
}

fn cuff(value: &IntermediateCuffPressure) -> Value {
    json!({
        "cuff": number(value.cuff().value()),
        "unit": pressure_unit(value.unit()),
        "pulse": value.pulse().map(|pulse| number(pulse.value())),
        "user": value.user(),
        "status": value.status().map(BloodPressureStatus::bits),
        "time": value.taken().map(|taken| taken.to_string()),
        "year": value.taken().map(DateTime::year),
        "month": value.taken().map(DateTime::month),
    })
}

fn heart_rate(value: &HeartRateMeasurement) -> Value {
    json!({
        "hr": value.rate().value(),
        "contact": value.contact() == Contact::Detected,
        "energy": value.energy_kilojoules(),
        "rr": value.intervals(),
    })
}

fn temperature(value: &TemperatureMeasurement) -> Value {
    json!({
        "temp": number(value.temperature().value()),
        "unit": if value.unit() == TemperatureUnit::Celsius { "C" } else { "F" },
        "time": value.taken().map(|taken| taken.to_string()),
        "type": value.site().map(TemperatureType::number),
    })
}

fn saturation(prefix: &str, value: Saturation, fields: &mut Map<String, Value>) {
    fields.insert(format!("spo2{prefix}"), number(value.percent().value()));
    fields.insert(format!("pulse{prefix}"), number(value.pulse().value()));
}

fn spot_check(value: &PlxSpotCheck) -> Value {
    let mut fields = Map::new();
    saturation("", value.saturation(), &mut fields);
    fields.insert("time".into(), json!(value.taken().map(|taken| taken.to_string())));
    fields.insert("status".into(), json!(value.status().map(PlxMeasurementStatus::bits)));
    fields.insert("device_status".into(), json!(value.device_status().map(PlxDeviceStatus::bits)));
    fields.insert("pai".into(), json!(value.pulse_amplitude().map(|index| number(index.value()))));
    Value::Object(fields)
}

fn continuous(value: &PlxContinuous) -> Value {
    let mut fields = Map::new();
    saturation("", value.normal(), &mut fields);
    for (prefix, part) in [("_fast", value.fast()), ("_slow", value.slow())] {
        if let Some(part) = part {
            saturation(prefix, part, &mut fields);
        }
    }
    fields.insert("status".into(), json!(value.status().map(PlxMeasurementStatus::bits)));
    fields.insert("device_status".into(), json!(value.device_status().map(PlxDeviceStatus::bits)));
    fields.insert("pai".into(), json!(value.pulse_amplitude().map(|index| number(index.value()))));
    Value::Object(fields)
}

fn plx_features(value: &PlxFeatures) -> Value {
    json!({
        "supported": value.supported().bits(),
        "measurement_status_support": value.measurement_status_support().map(PlxMeasurementStatus::bits),
        "device_status_support": value.device_status_support().map(PlxDeviceStatus::bits),
    })
}

fn weight(value: &WeightMeasurement) -> Value {
    let metric = value.units() == WeightUnits::Metric;
    json!({
        "weight_raw": value.weight_steps(),
        "weight": value.weight().map(float),
        "weight_unit": if metric { "kg" } else { "lb" },
        "time": value.taken().map(|taken| taken.to_string()),
        "user": value.user(),
        "bmi": value.body_mass().map(|body| float(Decimal::new(body.index_tenths().into(), -1))),
        "height": value.height().map(float),
        "height_unit": value.height().map(|_| if metric { "m" } else { "in" }),
    })
}

fn weight_feature(value: WeightScaleFeature) -> Value {
    json!({
        "timestamp_supported": value.has_time(),
        "multiple_users_supported": value.has_users(),
        "bmi_supported": value.has_body_mass(),
        "weight_measurement_resolution": value.weight_resolution(),
        "height_measurement_resolution": value.height_resolution(),
    })
}

fn cgm(bytes: &[u8], crc: E2eCrc) -> Result<Value, Refused> {
    let records: Result<Vec<CgmMeasurement>, DecodeError> = measurements(bytes, crc).collect();
    let records: Vec<Value> = records?.iter().map(cgm_record).collect();
    Ok(json!({ "records": records }))
}

fn cgm_record(record: &CgmMeasurement) -> Value {
    json!({
        "conc": number(record.glucose_mg_per_dl().value()),
        "time_offset": record.minutes(),
        "status": record.annunciation().bits(),
        "trend": record.trend().map(|trend| number(trend.value())),
        "quality": record.quality().map(|quality| number(quality.value())),
    })
}

fn cgm_status(value: &CgmStatus) -> Value {
    json!({ "minutes": value.minutes(), "time_offset": value.minutes(), "status": value.annunciation().bits() })
}

fn cgm_features(value: &CgmFeatures) -> Value {
    let bit = |bit: u32| value.features().bits() >> bit & 1 == 1;
    json!({
        "features": value.features().bits(),
        "type": value.sample_type().number(),
        "location": value.location().number(),
        "crc_ok": true,
        "calibration": bit(0), "patient_alerts": bit(1), "hypo": bit(2), "hyper": bit(3), "rate": bit(4),
        "device_specific": bit(5), "malfunction": bit(6), "temp": bit(7), "result_high_low": bit(8),
        "low_battery": bit(9), "sensor_type_error": bit(10), "general_fault": bit(11), "e2e_crc": bit(12),
        "multiple_bond": bit(13), "multiple_sessions": bit(14), "trend": bit(15), "quality": bit(16),
    })
}

fn operation(value: &SpecificOperation, bytes: &[u8]) -> Value {
    json!({ "opcode": value.code().number(), "operand": hex(bytes.get(1..).unwrap_or_default()) })
}

/// A medical float as the file writes it.
fn number(value: Number) -> Value {
    match value {
        Number::Number(decimal) => json!(float(decimal)),
        Number::Special(Special::NotANumber) => json!("NaN"),
        Number::Special(Special::NotAtThisResolution) => json!("NRes"),
        Number::Special(Special::PositiveInfinity) => json!("+Inf"),
        Number::Special(Special::NegativeInfinity) => json!("-Inf"),
        Number::Special(Special::Reserved) => json!("RFU"),
    }
}

fn float(decimal: Decimal) -> Option<f64> {
    format!("{}e{}", decimal.mantissa(), decimal.exponent()).parse().ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Molar mass of glucose in milligrams per millimole, per decilitre: for the file's approximate values only.
const MILLIGRAMS_PER_MILLIMOLE: f64 = 18.015_6;
