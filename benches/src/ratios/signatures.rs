//! Ledger signatures: ours in batches beside k256's own verification, one by one.

use crate::report;
use dmledger_core::{
    hash::{tag, tagged},
    key::{SecretKey, Suite, batch},
};
use k256::schnorr::{
    Signature, VerifyingKey,
    signature::hazmat::{PrehashSigner, PrehashVerifier},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const COUNT: usize = 512;

/// Prints the group.
///
/// # Errors
/// If a key or signature of this bench cannot be made.
pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let keys: Vec<_> = (0..COUNT).map(|_| SecretKey::generate(Suite::Bip340, &mut rng)).collect();
    let distinct = keys.iter().enumerate().map(|(i, key)| claim(key, i)).collect::<Result<Vec<_>, _>>()?;
    let few = (0..COUNT).map(|i| claim(&keys[i % 16], i)).collect::<Result<Vec<_>, _>>()?;

    for (name, claims) in [("verify_batch_512_signers", &distinct), ("verify_batch_16_signers", &few)] {
        let parsed = claims.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let (ours, peer) = report::beside(
            7,
            || assert!(batch::verify(claims).is_ok()),
            || {
                assert!(parsed.iter().all(|(key, digest, signature)| key.verify_prehash(digest, signature).is_ok()));
            },
        );
        rate(name, ours.median(), peer.median());
    }
    let (ours, peer) = report::beside(
        7,
        || assert!(distinct.iter().all(batch::Claim::holds)),
        || {
            assert!(distinct.iter().all(|one| {
                parse(one).is_ok_and(|(key, digest, signature)| key.verify_prehash(&digest, &signature).is_ok())
            }));
        },
    );
    rate("verify_single", ours.median(), peer.median());
    sign(&keys)
}

fn sign(keys: &[SecretKey]) -> Result<(), Box<dyn std::error::Error>> {
    let mut bytes = [7; 32];
    bytes[31] = 1;
    let bare = k256::schnorr::SigningKey::from_slice(&bytes)?;
    let digest = tagged(tag::ENVELOPE, b"sign");
    let key = keys.first().ok_or("no key")?;
    let (ours, peer) = report::beside(
        7,
        || (0..COUNT).all(|_| key.sign(&digest).is_ok()),
        || (0..COUNT).all(|_| PrehashSigner::<Signature>::sign_prehash(&bare, digest.as_bytes()).is_ok()),
    );
    rate("sign", ours.median(), peer.median());
    Ok(())
}

fn rate(name: &str, ours: f64, peer: f64) {
    let count = f64::from(u32::try_from(COUNT).unwrap_or(u32::MAX));
    report::line(name, count / ours, count / peer, "signatures/s,higher_is_better,peer=k256_schnorr");
}

fn claim(key: &SecretKey, i: usize) -> Result<batch::Claim, dmledger_core::key::KeyError> {
    let digest = tagged(tag::ENVELOPE, &i.to_le_bytes());
    Ok(batch::Claim { key: key.public(), digest, signature: key.sign(&digest)? })
}

type Parsed = (VerifyingKey, [u8; 32], Signature);

fn parse(claim: &batch::Claim) -> Result<Parsed, k256::schnorr::Error> {
    let key = VerifyingKey::from_slice(&claim.key.as_bytes()[1..])?;
    Ok((key, claim.digest.to_bytes(), Signature::from_slice(&claim.signature.as_bytes()[1..])?))
}
