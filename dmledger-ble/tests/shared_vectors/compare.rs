//! Compares what the codecs make of a value with what a line of the shared vectors' file expects.
//!
//! The format is that of `ble-vectors.README.md` beside the vectors. Shared by the crate's test and by the example
//! `ble_decode`.

#[path = "fields.rs"]
mod fields;

use dmledger_ble::codec::crc::E2eCrc;
use dmledger_ble::error::DecodeError;
use fields::{Refused, decode};
use serde_json::{Map, Value};

/// What one line of the file expects and the codecs do otherwise; empty when they agree.
pub(crate) fn mismatches(vector: &Value) -> Vec<String> {
    let (Some(kind), Some(bytes), Some(expect)) =
        (vector["char"].as_str(), vector["hex"].as_str().and_then(unhex), vector["expect"].as_object())
    else {
        return vec!["no vector: char, hex and expect are needed".into()];
    };
    let has_crc = ["e2e_crc", "crc_error"].iter().any(|key| expect.get(*key) == Some(&Value::Bool(true)));
    let found = decode(kind, &bytes, if has_crc { E2eCrc::Present } else { E2eCrc::Absent });
    expect.iter().filter_map(|(key, wanted)| differs(kind, key, wanted, &found, expect)).collect()
}

fn differs(
    kind: &str,
    key: &str,
    wanted: &Value,
    found: &Result<Map<String, Value>, Refused>,
    expect: &Map<String, Value>,
) -> Option<String> {
    let refused = ["error", "crc_error"].iter().any(|key| expect.get(*key) == Some(&Value::Bool(true)));
    let agrees = |holds: bool, what: &str| (!holds).then(|| what.to_owned());
    match (key, found) {
        // Only a decoder refuses: that there is none, or that a value does not survive, is no refusal.
        ("error", Err(Refused::Decoder(_))) => {
            agrees(wanted == &Value::Bool(true), "a value to be accepted is refused")
        }
        ("error", Ok(_)) => agrees(wanted == &Value::Bool(false), "a value that must be refused is accepted"),
        ("error", Err(why)) => Some(format!("error: {why}")),
        ("crc_error", found) => {
            agrees(matches!(found, Err(Refused::Decoder(DecodeError::BadCrc { .. }))), "a wrong E2E-CRC is accepted")
        }
        ("error_as_response", Ok(found)) => {
            agrees(found.get("is_response") == Some(&Value::Bool(false)), "accepted as a response")
        }
        // Says how to read, or how close a number must come; it is no field.
        ("tol", _) => None,
        ("e2e_crc", _) if kind != "2AA8" || refused => None,
        (_, Err(_)) if refused => None,
        (key, Err(why)) => Some(format!("{key}: {why}")),
        (key, Ok(found)) => {
            let tolerance = match (kind, key) {
                (_, "mg_dl_approx") => expect.get("tol").and_then(Value::as_f64).unwrap_or(1.0),
                ("2A1C", "temp") => 0.01,
                _ => 0.0,
            };
            match found.get(key) {
                None => Some(format!("{key}: no such field")),
                Some(have) => (!same(have, wanted, tolerance)).then(|| format!("{key}: {have} instead of {wanted}")),
            }
        }
    }
}

/// Numbers agree to a millionth, or to within `tolerance` where the file states one.
fn same(have: &Value, wanted: &Value, tolerance: f64) -> bool {
    match (have, wanted) {
        (Value::Number(have), Value::Number(wanted)) => {
            let (Some(have), Some(wanted)) = (have.as_f64(), wanted.as_f64()) else { return false };
            (have - wanted).abs() <= tolerance.max(1e-6 * wanted.abs())
        }
        (Value::Array(have), Value::Array(wanted)) => {
            have.len() == wanted.len() && have.iter().zip(wanted).all(|(have, wanted)| same(have, wanted, tolerance))
        }
        (Value::Object(have), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| have.get(key).is_some_and(|have| same(have, wanted, tolerance)))
        }
        _ => have == wanted,
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
