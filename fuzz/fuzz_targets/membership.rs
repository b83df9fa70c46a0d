//! Membership proofs of small and larger sets: no bytes make the verifier panic, and none that no member made are accepted.
#![no_main]

use dmledger_zk::{
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    member::{AuthorisedSet, MemberSecret, Membership, MembershipProof, Scope},
    statement::Verify,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (Ok(proof), Ok(purpose)) = (MembershipProof::from_bytes(bytes), Purpose::new("fuzz")) else { return };
    let id = [2; 32];
    let scope = Scope::new(Chain::new(id), Epoch::new(0), &purpose, b"fuzz");
    let context = Context::new(Chain::new(id), Pseudonym::new(id), Epoch::new(0), purpose, Audience::new(id));
    let secrets: Vec<_> = (1..9).filter_map(|byte| MemberSecret::from_bytes(&[byte; 32]).ok()).collect();
    let keys: Vec<_> = secrets.iter().map(MemberSecret::key).collect();
    for count in [3, 8] {
        let set = keys.get(..count).and_then(|keys| AuthorisedSet::new(keys).ok());
        let statement = set.zip(secrets.first()).and_then(|(set, secret)| Membership::of(&set, scope, secret).ok());
        assert!(statement.is_none_or(|statement| statement.verify(&context, &proof).is_err()));
    }
});
