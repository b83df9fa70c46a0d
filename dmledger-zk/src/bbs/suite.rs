//! The cipher suite `BLS12-381-SHA-256` of the draft: hashing to scalars and points, generators, keys' arithmetic.
//!
//! Names as in draft-irtf-cfrg-bbs-signatures, sections 4 and 7.2. Only this room and its siblings name the curve's crate.

use bls12_381_plus::{
    G1Affine, G1Projective, Scalar,
    elliptic_curve::hash2curve::{ExpandMsg as _, ExpandMsgXmd, Expander as _},
};
use sha2_010::Sha256;
use std::sync::{Arc, Mutex, PoisonError};

/// `api_id`.
const API: &[u8] = b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_HM2S_";
/// Tag of key generation, as in the vectors of the draft.
pub(super) const KEYGEN_TAG: &[u8] = b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_HM2S_KEYGEN_DST_";
/// Bytes a scalar or generator is expanded from.
const EXPAND_BYTES: usize = 48;
/// Bytes of an encoded point of the first group.
pub(super) const POINT_BYTES: usize = 48;
/// Bytes of an encoded scalar.
pub(super) const SCALAR_BYTES: usize = 32;

/// `P1`, the fixed base of the suite.
const P1: [u8; POINT_BYTES] = [
    0xa8, 0xce, 0x25, 0x61, 0x02, 0x84, 0x08, 0x21, 0xa3, 0xe9, 0x4e, 0xa9, 0x02, 0x5e, 0x46, 0x62, 0xb2, 0x05, 0x76,
    0x2f, 0x97, 0x76, 0xb3, 0xa7, 0x66, 0xc8, 0x72, 0xb9, 0x48, 0xf1, 0xfd, 0x22, 0x5e, 0x7c, 0x59, 0x69, 0x85, 0x88,
    0xe7, 0x0d, 0x11, 0x40, 0x6d, 0x16, 0x1b, 0x4e, 0x28, 0xc9,
];

fn tag(suffix: &[u8]) -> Vec<u8> {
    [API, suffix].concat()
}

/// `hash_to_scalar` under a tag of its own.
pub(super) fn scalar_under(tag: &[u8], message: &[u8]) -> Scalar {
    Scalar::hash::<ExpandMsgXmd<Sha256>>(message, tag)
}

/// `hash_to_scalar` under the tag `H2S_`.
pub(super) fn to_scalar(message: &[u8]) -> Scalar {
    scalar_under(&tag(b"H2S_"), message)
}

/// `messages_to_scalars` of one message.
pub(super) fn message_to_scalar(message: &[u8]) -> Scalar {
    scalar_under(&tag(b"MAP_MSG_TO_SCALAR_AS_HASH_"), message)
}

/// `expand_message` to the length of the suite. `None` for a tag or length that the hash does not take.
fn expand(message: &[u8], under: &[u8]) -> Option<[u8; EXPAND_BYTES]> {
    let (message, under) = ([message], [under]);
    let mut expander = ExpandMsgXmd::<Sha256>::expand_message(&message, &under, EXPAND_BYTES).ok()?;
    let mut out = [0; EXPAND_BYTES];
    expander.fill_bytes(&mut out);
    Some(out)
}

/// `P1`.
pub(super) fn base() -> Option<G1Projective> {
    Option::<G1Affine>::from(G1Affine::from_compressed(&P1)).map(G1Projective::from)
}

/// `create_generators`: `Q_1, H_1 .. H_L` for `count = L + 1`, made once and kept.
pub(super) fn generators(count: usize) -> Option<Arc<[G1Projective]>> {
    static KEPT: Mutex<Option<Arc<[G1Projective]>>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    match &*kept {
        Some(points) if points.len() >= count => Some(Arc::clone(points)),
        _ => {
            let points = derive(count)?;
            *kept = Some(Arc::clone(&points));
            Some(points)
        }
    }
}

fn derive(count: usize) -> Option<Arc<[G1Projective]>> {
    let (seed_tag, generator_tag) = (tag(b"SIG_GENERATOR_SEED_"), tag(b"SIG_GENERATOR_DST_"));
    let mut seed = expand(&tag(b"MESSAGE_GENERATOR_SEED"), &seed_tag)?;
    let next = |number: u64| {
        seed = expand(&[&seed[..], &number.to_be_bytes()].concat(), &seed_tag)?;
        Some(G1Projective::hash::<ExpandMsgXmd<Sha256>>(&seed, &generator_tag))
    };
    (1..).take(count).map(next).collect()
}

/// `calculate_domain`: what a signature is bound to besides its messages.
pub(super) fn domain(key: &[u8], generators: &[G1Projective], header: &[u8]) -> Scalar {
    let count = generators.len().saturating_sub(1) as u64;
    let mut input = [key, &count.to_be_bytes()].concat();
    generators.iter().for_each(|point| input.extend(G1Affine::from(*point).to_compressed()));
    input.extend(API);
    input.extend((header.len() as u64).to_be_bytes());
    input.extend(header);
    to_scalar(&input)
}
