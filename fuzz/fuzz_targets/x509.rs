//! X.509 certificates: what is accepted as DER is read without panic, and its binding too.
#![no_main]

use dmledger_core::identity::Certificate;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(certificate) = Certificate::from_der(bytes) {
        let _ = certificate.binding();
    }
});
