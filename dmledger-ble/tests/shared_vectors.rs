//! Public vectors of several projects' tests, where they are at hand.
//!
//! The file is not part of the repository. Without it the test says so and passes, unless `DMLEDGER_CI=1`, where a
//! missing file is a failure.

use dmledger_ble::codec::Characteristic;
use dmledger_ble::codec::blood_pressure::{
    BloodPressureMeasurement, BloodPressureStatus, IntermediateCuffPressure, PressureUnit,
};
use dmledger_ble::codec::cgm::{
    CgmFeatures, CgmMeasurement, CgmStatus, CheckedCharacteristic, SessionRunTime, SpecificOperation, measurements,
};
use dmledger_ble::codec::crc::{E2eCrc, e2e_crc};
use dmledger_ble::codec::date_time::DateTime;
use dmledger_ble::codec::glucose::{
    ConcentrationUnit, ContextNotice, GlucoseFeature, GlucoseMeasurement, GlucoseMeasurementContext, Meal, SensorStatus,
};
use dmledger_ble::codec::heart_rate::{Contact, HeartRateMeasurement};
use dmledger_ble::codec::medfloat::{Decimal, Float, Sfloat, Special, Value as Number};
use dmledger_ble::codec::plx::{PlxDeviceStatus, PlxFeatures, PlxMeasurementStatus};
use dmledger_ble::codec::racp::{Frame, Response, ResponseCode};
use dmledger_ble::codec::thermometer::{TemperatureMeasurement, TemperatureType};
use dmledger_ble::codec::weight::{WeightMeasurement, WeightScaleFeature, WeightUnits};
use serde_json::{Map, Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/ble-vectors.jsonl");

#[test]
fn public_vectors_of_other_projects_agree() {
    let text = match std::fs::read_to_string(FILE) {
        Ok(text) => text,
        Err(error) if std::env::var("DMLEDGER_CI").as_deref() == Ok("1") => panic!("{FILE}: {error}"),
        Err(error) => return println!("skipped: {FILE}: {error}"),
    };
    let mut checked = 0;
    for line in text.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let bytes = unhex(vector["hex"].as_str().unwrap()).unwrap();
        let expect = vector["expect"].as_object().unwrap();
        let found = decode(vector["char"].as_str().unwrap(), &bytes, expect);
        for (key, wanted) in expect {
            match (key.as_str(), &found) {
                ("error", found) => assert!(found.is_none(), "must be refused: {line}"),
                ("e2e_crc", _) if expect.contains_key("error") => {}
                (_, None) => panic!("refused: {line}"),
                (key, Some(found)) => {
                    let have = found.get(key).unwrap_or_else(|| panic!("no field {key} to compare: {line}"));
                    assert!(same(have, wanted), "{key}: {have} instead of {wanted}: {line}");
                }
            }
        }
        checked += 1;
    }
    assert!(checked >= 91, "only {checked} vectors");
}

/// The fields of a value under the names of the file; `None` when it is refused.
fn decode(kind: &str, bytes: &[u8], expect: &Map<String, Value>) -> Option<Map<String, Value>> {
    let fields = match kind {
        "SFLOAT" => json!({ "value": number(Sfloat::from_bits(u16::from_le_bytes(bytes.try_into().ok()?)).value()) }),
        "FLOAT" => json!({ "value": number(Float::from_bits(u32::from_le_bytes(bytes.try_into().ok()?)).value()) }),
        "E2ECRC" => json!({ "crc": e2e_crc(bytes) }),
        "2A18" => glucose(&round_trip(bytes)?),
        "2A34" => context(&round_trip(bytes)?),
        "2A51" => glucose_feature(round_trip(bytes)?),
        "2A52" => racp(bytes)?,
        "2A35" => blood_pressure(&round_trip(bytes)?),
        "2A36" => cuff(&round_trip(bytes)?),
        "2A37" => heart_rate(&round_trip(bytes)?),
        "2A1C" => json!({ "temp": number(round_trip::<TemperatureMeasurement>(bytes)?.temperature().value()) }),
        "2A1D" => json!({ "type": round_trip::<TemperatureType>(bytes)?.number() }),
        "2A60" => plx_features(&round_trip(bytes)?),
        "2A9D" => weight(&round_trip(bytes)?),
        "2A9E" => weight_feature(round_trip(bytes)?),
        "2AA7" => cgm(bytes, if expect.contains_key("e2e_crc") { E2eCrc::Present } else { E2eCrc::Absent })?,
        "2AA8" => cgm_features(&CgmFeatures::decode(bytes).ok()?),
        "2AA9" => checked::<CgmStatus>(bytes).map(|status| json!({ "minutes": status.minutes() }))?,
        "2AAB" => json!({ "run_time_h": checked::<SessionRunTime>(bytes)?.hours() }),
        "2AAC" => operation(&checked(bytes)?, bytes),
        // No decoder: a vector with fields then fails as refused.
        _ => return None,
    };
    fields.as_object().cloned()
}

fn round_trip<C: Characteristic>(bytes: &[u8]) -> Option<C> {
    let value = C::decode(bytes).ok()?;
    assert_eq!(value.to_vec().as_deref(), Ok(bytes), "encode(decode(x)) must be x");
    Some(value)
}

fn checked<C: CheckedCharacteristic>(bytes: &[u8]) -> Option<C> {
    let value = C::decode(bytes, E2eCrc::Absent).ok()?;
    assert_eq!(value.encode(E2eCrc::Absent, &mut [0; 32]), Ok(bytes), "encode(decode(x)) must be x");
    Some(value)
}

fn glucose(value: &GlucoseMeasurement) -> Value {
    let concentration = value.concentration();
    let at = value.base_time().wall_seconds().ok().map(|at| at.plus_minutes(value.time_offset().unwrap_or(0)));
    json!({
        "seq": value.sequence().value(),
        "base_time": value.base_time().to_string(),
        "effective_local": at.and_then(|at| DateTime::from_wall_seconds(at).ok()).map(|at| at.to_string()),
        "conc": concentration.map(|c| number(c.value().value())),
        "mg_dl": concentration.and_then(|c| c.mg_per_dl().ok()),
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
    json!({
        "seq": value.sequence().value(),
        "carb_id": value.carbohydrate().map(|c| c.kind().number()),
        "carb": value.carbohydrate().map(|c| number(c.kilograms().value())),
        "meal": value.meal().map(Meal::number),
        "exercise_s": value.exercise().map(|exercise| exercise.seconds()),
        "exercise_pct": value.exercise().map(|exercise| exercise.percent()),
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

fn racp(bytes: &[u8]) -> Option<Value> {
    let frame = Frame::decode(bytes).ok()?;
    let code = match Response::decode(bytes) {
        Ok(Response::Code { request, code }) => Some((request.number(), code)),
        _ => None,
    };
    Some(json!({
        "opcode": frame.op_code().number(),
        "operator": frame.operator().number(),
        "request_opcode": code.map(|(request, _)| request),
        "response_code": code.map(|(_, code)| code.number()),
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

fn cgm(bytes: &[u8], crc: E2eCrc) -> Option<Value> {
    let records: Result<Vec<CgmMeasurement>, _> = measurements(bytes, crc).collect();
    let records: Vec<Value> = records
        .ok()?
        .iter()
        .map(|record| json!({ "conc": number(record.glucose_mg_per_dl().value()), "time_offset": record.minutes() }))
        .collect();
    Some(json!({ "records": records }))
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
    let operand: String = bytes.iter().skip(1).map(|octet| format!("{octet:02x}")).collect();
    json!({ "opcode": value.code().number(), "operand": operand })
}

/// A medical float as the file writes it. Binary floats are for the comparison with the file alone.
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

fn same(have: &Value, wanted: &Value) -> bool {
    match (have, wanted) {
        (Value::Number(have), Value::Number(wanted)) => {
            let (Some(have), Some(wanted)) = (have.as_f64(), wanted.as_f64()) else { return false };
            (have - wanted).abs() <= 1e-6 * wanted.abs()
        }
        (Value::Array(have), Value::Array(wanted)) => {
            have.len() == wanted.len() && have.iter().zip(wanted).all(|(have, wanted)| same(have, wanted))
        }
        (Value::Object(have), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| have.get(key).is_some_and(|have| same(have, wanted)))
        }
        _ => have == wanted,
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
