//! Presentations of certified attributes: no bytes make a reader panic, what is read has one encoding, and none that no
//! holder made are accepted.
#![no_main]

use dmledger_zk::{
    bbs::{Header, IssuerSecret, Presentation, Presented},
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    statement::Verify,
};
use std::collections::BTreeMap;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(presentation) = Presentation::from_bytes(bytes) else { return };
    assert_eq!(presentation.as_bytes(), bytes);
    let id = [2; 32];
    let chain = Chain::new(id);
    let (Ok(purpose), Ok(issuer)) = (Purpose::new("fuzz"), IssuerSecret::from_bytes(&[3; 32])) else { return };
    let context = Context::new(chain, Pseudonym::new(id), Epoch::new(0), purpose, Audience::new(id));
    let Ok(header) = Header::for_ledger(chain, "physician") else { return };
    for count in 1..6 {
        let disclosed = BTreeMap::from([(0, b"role=physician".to_vec())]);
        if let Ok(statement) = Presented::new(&issuer.public(), &header, count, disclosed) {
            assert!(statement.verify(&context, &presentation).is_err());
        }
    }
});
