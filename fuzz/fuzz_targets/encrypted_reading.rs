//! Proofs about an encrypted reading: no bytes make a reader panic, what is read has one encoding, and none that nobody
//! made are accepted.
#![no_main]

use dmledger_core::hash::Digest;
use dmledger_zk::{
    commit::{Blinding, Opening},
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    elgamal::DecryptionKey,
    statement::{
        Verify,
        encrypted::{ReadingEncrypted, ReadingEncryptedProof},
    },
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(proof) = ReadingEncryptedProof::from_bytes(bytes) else { return };
    assert_eq!(proof.as_ref(), bytes);
    let (Ok(purpose), Ok(key)) = (Purpose::new("fuzz"), DecryptionKey::from_bytes(&[3; 32])) else { return };
    let id = [2; 32];
    let context = Context::new(Chain::new(id), Pseudonym::new(id), Epoch::new(0), purpose, Audience::new(id));
    let opening = Opening::new(1000, Blinding::derive(&[1; 32], 0));
    let root = Digest::new([4; 32]);
    if let Ok(statement) = ReadingEncrypted::encrypt(root, 12, 3, &opening, &[key.encryption_key()]) {
        assert!(statement.verify(&context, &proof).is_err());
    }
});
