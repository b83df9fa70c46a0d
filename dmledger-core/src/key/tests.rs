use super::{batch::Claim, *};
use crate::hash::{tag, tagged};
use alloc::{vec, vec::Vec};
use hex_literal::hex;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

fn claims(count: usize, suite: impl Fn(usize) -> Suite) -> Vec<Claim> {
    let mut rng = ChaCha20Rng::seed_from_u64(340);
    (0..count)
        .map(|i| {
            let key = SecretKey::generate(suite(i), &mut rng);
            let digest = tagged(tag::ENVELOPE, &i.to_le_bytes());
            Claim { key: key.public(), digest, signature: key.sign(&digest).unwrap() }
        })
        .collect()
}

/// BIP340 test vectors, github.com/bitcoin/bips bip-0340/test-vectors.csv, indices 0, 3 (zero auxiliary bytes apply to
/// index 0 only; 3 is verified, not signed) and the refusals 5 (key not on the curve) and 6 (R has odd y).
#[test]
fn bip340_vectors_hold() {
    let secret = hex!("0000000000000000000000000000000000000000000000000000000000000003");
    let key = SecretKey::from_bytes(Suite::Bip340, secret).unwrap();
    assert_eq!(key.public().x(), hex!("F9308A019258C31049344F85F89D5229B531C845836F99B08601F113BCE036F9"));
    let signature = key.sign(&Digest::ZERO).unwrap();
    let expected = hex!(
        "E907831F80848D1069A5371B402410364BDF1C5F8307B0084C55F1CE2DCA821525F66A4A85EA8B71E482A74F382D2CE5EBEEE8FDB2172F477DF4900D310536C0"
    );
    assert_eq!(signature.body(), expected);

    let check = |key: [u8; 32], message: [u8; 32], signature: [u8; 64]| {
        let mut public = [1; 33];
        public[1..].copy_from_slice(&key);
        let mut bytes = [1; 65];
        bytes[1..].copy_from_slice(&signature);
        PublicKey::from_bytes(public).unwrap().verify(&Digest::new(message), &Signature::from_bytes(bytes).unwrap())
    };
    let message = hex!("243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89");
    assert_eq!(
        check(
            hex!("EEFDEA4CDB677750A420FEE807EACF21EB9898AE79B9768766E4FAA04A2D4A34"),
            message,
            hex!(
                "6CFF5C3BA86C69EA4B7376F31A9BCB4F74C1976089B2D9963DA2E5543E17776969E89B4C5564D00349106B8497785DD7D1D713A8AE82B32FA79D5F7FC407D39B"
            )
        ),
        Err(BadSignature)
    );
    assert_eq!(
        check(
            hex!("DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659"),
            message,
            hex!(
                "FFF97BD5755EEEA420453A14355235D382F6472F8568A18B2F057A14602975563CC27944640AC607CD107AE10923D9EF7A73C643E166BE5EBEAFA34B1AC553E2"
            )
        ),
        Err(BadSignature)
    );
}

#[test]
fn both_suites_sign_and_refuse_another_digest_key_and_suite() {
    for suite in [Suite::Bip340, Suite::EcdsaLowS] {
        let all = claims(2, |_| suite);
        assert!(all[0].holds());
        assert!(!Claim { digest: all[1].digest, ..all[0] }.holds());
        assert!(!Claim { key: all[1].key, ..all[0] }.holds());
        let mut other = *all[0].signature.as_bytes();
        other[0] = 3 - other[0];
        assert!(!Claim { signature: Signature::from_bytes(other).unwrap(), ..all[0] }.holds());
    }
}

#[test]
fn the_mirrored_ecdsa_signature_is_refused() {
    let claim = claims(1, |_| Suite::EcdsaLowS)[0];
    let signature = ecdsa::Signature::from_slice(claim.signature.body()).unwrap();
    let mirrored = ecdsa::Signature::from_scalars(*signature.r(), -*signature.s()).unwrap();
    let mirrored = Signature::assemble(Suite::EcdsaLowS, &mirrored.to_bytes());
    assert!(!Claim { signature: mirrored, ..claim }.holds());
}

#[test]
fn every_flipped_byte_of_a_signature_is_refused() {
    let claim = claims(1, |_| Suite::Bip340)[0];
    for i in 0..65 {
        let mut bytes = *claim.signature.as_bytes();
        bytes[i] ^= 0x40;
        if let Ok(signature) = Signature::from_bytes(bytes) {
            assert!(!Claim { signature, ..claim }.holds(), "byte {i}");
        }
    }
}

#[test]
fn a_batch_of_any_size_agrees_with_single_verification() {
    for count in [0, 1, 2, 63, 64, 65, 130] {
        let all = claims(count, |i| if i % 7 == 3 { Suite::EcdsaLowS } else { Suite::Bip340 });
        assert_eq!(batch::verify(&all), Ok(()), "{count}");
    }
}

#[test]
fn every_culprit_of_a_batch_is_named() {
    let good = claims(70, |_| Suite::Bip340);
    for culprits in [vec![0], vec![69], vec![63, 64], vec![1, 2, 3, 40, 66], (0..70).collect::<Vec<_>>()] {
        let mut all = good.clone();
        for &i in &culprits {
            all[i].digest = tagged(tag::VOTE, &i.to_le_bytes());
        }
        assert_eq!(batch::verify(&all), Err(culprits));
    }
}

#[test]
fn two_forgeries_whose_errors_cancel_are_refused() {
    // s_0 + d and s_1 - d leave the unweighted sum of a batch unchanged.
    let mut all = claims(2, |_| Suite::Bip340);
    for (claim, delta) in all.iter_mut().zip([1_i8, -1]) {
        let mut bytes = *claim.signature.as_bytes();
        bytes[64] = bytes[64].wrapping_add_signed(delta);
        claim.signature = Signature::from_bytes(bytes).unwrap();
    }
    assert_eq!(batch::verify(&all), Err(vec![0, 1]));
}

#[test]
fn one_signer_with_many_signatures_is_checked_each() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let key = SecretKey::generate(Suite::Bip340, &mut rng);
    let mut all: Vec<_> = (0..40_u64)
        .map(|i| {
            let digest = tagged(tag::ENVELOPE, &i.to_le_bytes());
            Claim { key: key.public(), digest, signature: key.sign(&digest).unwrap() }
        })
        .collect();
    assert_eq!(batch::verify(&all), Ok(()));
    all[13].digest = all[14].digest;
    assert_eq!(batch::verify(&all), Err(vec![13]));
}

#[test]
fn a_secret_key_is_never_shown() {
    let key = SecretKey::from_bytes(Suite::Bip340, [0x5a; 32]).unwrap();
    assert!(!alloc::format!("{key:?}").contains("5a5a"));
    assert_eq!(SecretKey::from_bytes(Suite::Bip340, [0; 32]).err(), Some(KeyError::InvalidSecret));
    assert_eq!(SecretKey::from_bytes(Suite::Bip340, [0xff; 32]).err(), Some(KeyError::InvalidSecret));
}
