//! Public vectors of several projects' tests, where they are at hand.
//!
//! The file is not part of the repository. Without it the test says so and passes, unless `DMLEDGER_CI=1`, where a
//! missing file is a failure.

#[path = "shared_vectors/compare.rs"]
mod compare;

use serde_json::{Value, json};

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
        assert_eq!(compare::mismatches(&vector), Vec::<String>::new(), "{line}");
        checked += 1;
    }
    assert!(checked >= 91, "only {checked} vectors");
}

#[test]
fn the_comparison_notices_every_kind_of_mistake() {
    let noticed = |vector: Value| !compare::mismatches(&vector).is_empty();
    let record = "020300e807030f0a1e0001d01a";
    assert!(!noticed(json!({ "char": "2A18", "hex": record, "expect": { "type": 10, "seq": 3 } })));
    assert!(noticed(json!({ "char": "2A18", "hex": record, "expect": { "type": 9 } })), "another value");
    assert!(noticed(json!({ "char": "2A18", "hex": record, "expect": { "status": 0 } })), "an absent field");
    assert!(noticed(json!({ "char": "2A18", "hex": record, "expect": { "colour": 1 } })), "an unknown field");
    assert!(noticed(json!({ "char": "2A18", "hex": record, "expect": { "error": true } })), "not refused");
    assert!(!noticed(json!({ "char": "2A18", "hex": "02", "expect": { "error": true } })));
    assert!(noticed(json!({ "char": "2A18", "hex": "02", "expect": { "error": false } })), "refused");
    assert!(noticed(json!({ "char": "2A00", "hex": "02", "expect": { "error": true } })), "nobody refuses it");
    assert!(noticed(json!({ "char": "SFLOAT", "hex": "000000", "expect": { "error": true } })), "nobody refuses it");
    assert!(noticed(json!({ "char": "2A37", "hex": "e03d", "expect": { "error": true } })), "read, and not kept");
    assert!(noticed(json!({ "char": "2A18", "hex": "02", "expect": { "seq": 3 } })), "refused");
    assert!(noticed(json!({ "char": "2A00", "hex": "02", "expect": { "seq": 3 } })), "no decoder");
    assert!(noticed(json!({ "char": "2A18", "hex": "0", "expect": {} })), "no octets");
    // 18 mmol/L exactly, and what a binary approximation of its milligrams may differ
    let molar = json!({ "char": "2A18", "hex": "060100e807010100000012d011",
        "expect": { "mg_dl_approx": 324.3, "tol": 0.5, "unit": "mol/L" } });
    assert_eq!(compare::mismatches(&molar), Vec::<String>::new());
    let two = "060078000500060078000600";
    assert!(!noticed(json!({ "char": "2AA7", "hex": two, "expect": { "records": [{ "time_offset": 5 }, {}] } })));
    assert!(noticed(json!({ "char": "2AA7", "hex": two, "expect": { "records": [{}] } })), "a record too many");
    assert!(!noticed(json!({ "char": "2A52", "hex": "0101", "expect": { "error_as_response": true, "opcode": 1 } })));
    assert!(noticed(json!({ "char": "2A52", "hex": "06000101", "expect": { "error_as_response": true } })));
    assert!(!noticed(json!({ "char": "2A52", "hex": "05000700", "expect": { "count": 7, "operand": "0700" } })));
    assert!(!noticed(json!({ "char": "2AA7", "hex": "080078001e000000", "expect": { "crc_error": true } })));
}
