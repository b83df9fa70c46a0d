//! Files of any importer's format: what is accepted accounts for every row and gives readings in order of time.
#![no_main]

use dmledger_core::interop::{self, Row};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(import) = interop::read(bytes, "file", None) {
        assert_eq!(import.total(), (import.rows().len() + import.rejected().len()) as u64);
        assert!(import.rows().is_sorted_by_key(Row::at));
    }
});
