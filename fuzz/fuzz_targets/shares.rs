//! Shares, public dealings and their proofs: no bytes make a reader panic, none that no dealer made are accepted.
#![no_main]

use dmledger_zk::{
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    elgamal::DecryptionKey,
    share::{HolderNumber, Holders, PublicDealing, PublicDealingProof, Share},
    statement::Verify,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(purpose) = Purpose::new("fuzz") else { return };
    let id = [2; 32];
    let context = Context::new(Chain::new(id), Pseudonym::new(id), Epoch::new(0), purpose, Audience::new(id));
    let keys: Vec<_> = [3, 4].iter().filter_map(|byte| DecryptionKey::from_bytes(&[*byte; 32]).ok()).collect();
    let keys: Vec<_> = keys.iter().map(DecryptionKey::encryption_key).collect();
    let Ok(holders) = Holders::new(2, &keys) else { return };
    let _ = bytes.first_chunk().map(Share::from_bytes);
    let _ = bytes.first().map(|number| HolderNumber::new(*number));
    // Two commitments and two shares, then the proof.
    let Some((dealing, proof)) = bytes.split_at_checked(128) else { return };
    let (Ok(dealing), Ok(proof)) =
        (PublicDealing::from_bytes(&holders, dealing), PublicDealingProof::from_bytes(proof))
    else {
        return;
    };
    assert!(dealing.verify(&context, &proof).is_err());
});
