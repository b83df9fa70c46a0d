//! Encrypted values, parcels and complaints: no bytes make a reader panic, none that nobody sealed or proved are accepted.
#![no_main]

use dmledger_zk::{
    commit::{Blinding, Opening},
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    elgamal::{Complaint, DecryptionKey, Delivery, EncryptedTo, Parcel, SharedPoint},
    sigma::RelationProof,
    statement::Verify,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(purpose) = Purpose::new("fuzz") else { return };
    let id = [2; 32];
    let context = Context::new(Chain::new(id), Pseudonym::new(id), Epoch::new(0), purpose, Audience::new(id));
    let Ok(key) = DecryptionKey::from_bytes(&[3; 32]) else { return };
    let opening = Opening::new(1000, Blinding::derive(&[1; 32], 0));
    let Ok(delivery) = Delivery::new(context.clone(), key.encryption_key(), &[opening.commitment()]) else { return };
    if let Ok(parcel) = Parcel::from_bytes(bytes) {
        assert_eq!(parcel.to_bytes(), bytes);
        assert!(parcel.open(&delivery, &key).is_err());
        let shared = bytes.last_chunk().and_then(|point| SharedPoint::from_bytes(point).ok());
        let _ = shared.map(|shared| Complaint::new(&delivery, &parcel, shared));
    }
    let Ok(proof) = RelationProof::from_bytes(bytes) else { return };
    if let Ok(statement) = EncryptedTo::encrypt(&opening, &[key.encryption_key()]) {
        assert!(statement.verify(&context, &proof).is_err());
    }
});
