//! The one group of all proofs: Ristretto over Curve25519, prime order, with generators nobody knows a relation of.
//!
//! Value and blinding base and the vector generators of range proofs are those of `bulletproofs` 5, so that its proofs
//! verify here unchanged. Further chains are derived the same way under their own labels. Only this room names
//! `curve25519-dalek`.

pub(crate) mod element;
pub(crate) mod products;
pub(crate) mod residue;
pub(crate) mod tables;

use crate::error::DecodeError;
use curve25519_dalek::{
    constants::{RISTRETTO_BASEPOINT_COMPRESSED, RISTRETTO_BASEPOINT_POINT, RISTRETTO_BASEPOINT_TABLE},
    ristretto::{CompressedRistretto, RistrettoBasepointTable},
    traits::{MultiscalarMul as _, VartimeMultiscalarMul as _},
};
use sha3::{Digest as _, Sha3_512};
use shake::{ExtendableOutput as _, Shake256, Update as _, XofReader as _};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

pub use curve25519_dalek::{
    ristretto::RistrettoPoint as Point,
    scalar::Scalar,
    traits::{Identity, IsIdentity},
};

/// Bytes of an encoded point or scalar.
pub const ELEMENT_BYTES: usize = 32;

/// A family of generators, in an order that anyone can derive again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Chain {
    /// Left generators of the range proof of the value at this place of an aggregate.
    RangeG(u32),
    /// Right generators of the same.
    RangeH(u32),
    /// `G_i`: the readings of a day.
    ReadingG,
    /// `H_i`: their inverses.
    ReadingH,
    /// `G'_t`: the histogram of a day.
    TableG,
    /// `H'_t`: its weights.
    TableH,
    /// Left coordinates that fill a vector up.
    PaddingG,
    /// Right coordinates that fill a vector up.
    PaddingH,
    /// The bits of a place in a set.
    MemberG,
    /// Their products with their complements.
    MemberH,
}

impl Chain {
    /// The bytes hashed after `GeneratorsChain`. Range chains have 5 bytes, all others are tags of more than 20.
    fn label(self) -> Vec<u8> {
        let with = |letter: u8, place: u32| {
            let [a, b, c, d] = place.to_le_bytes();
            vec![letter, a, b, c, d]
        };
        match self {
            Self::RangeG(place) => with(b'G', place),
            Self::RangeH(place) => with(b'H', place),
            Self::ReadingG => b"dmledger/zk/reading-g/v1".to_vec(),
            Self::ReadingH => b"dmledger/zk/reading-h/v1".to_vec(),
            Self::TableG => b"dmledger/zk/table-g/v1".to_vec(),
            Self::TableH => b"dmledger/zk/table-h/v1".to_vec(),
            Self::PaddingG => b"dmledger/zk/padding-g/v1".to_vec(),
            Self::PaddingH => b"dmledger/zk/padding-h/v1".to_vec(),
            Self::MemberG => b"dmledger/zk/member-g/v1".to_vec(),
            Self::MemberH => b"dmledger/zk/member-h/v1".to_vec(),
        }
    }
}

/// `B`, the base of committed values: the Ristretto base point.
#[must_use]
pub const fn value_base() -> Point {
    RISTRETTO_BASEPOINT_POINT
}

/// `B~`, the base of blindings: SHA3-512 of the encoded base point, mapped to the group (RFC 9496, section 4.3.4).
#[must_use]
pub fn blinding_base() -> Point {
    blinding_table().basepoint()
}

fn blinding_table() -> &'static RistrettoBasepointTable {
    static TABLE: OnceLock<RistrettoBasepointTable> = OnceLock::new();
    TABLE.get_or_init(|| {
        let hash = Sha3_512::digest(RISTRETTO_BASEPOINT_COMPRESSED.as_bytes());
        RistrettoBasepointTable::create(&Point::from_uniform_bytes(&hash.into()))
    })
}

/// `value B + blinding B~` from fixed tables, in constant time.
#[must_use]
pub fn commit(value: &Scalar, blinding: &Scalar) -> Point {
    value * RISTRETTO_BASEPOINT_TABLE + blinding * blinding_table()
}

/// `value B` from a fixed table, in constant time.
#[must_use]
pub fn times_value_base(value: &Scalar) -> Point {
    value * RISTRETTO_BASEPOINT_TABLE
}

/// `blinding B~` from a fixed table, in constant time.
#[must_use]
pub fn times_blinding_base(blinding: &Scalar) -> Point {
    blinding * blinding_table()
}

/// The first `count` or more generators of `chain`, made once and kept.
#[must_use]
pub fn generators(chain: Chain, count: usize) -> Arc<[Point]> {
    static KEPT: Mutex<BTreeMap<Chain, Arc<[Point]>>> = Mutex::new(BTreeMap::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    match kept.get(&chain) {
        Some(points) if points.len() >= count => Arc::clone(points),
        _ => {
            let points = derive(chain, count.max(64));
            kept.insert(chain, Arc::clone(&points));
            points
        }
    }
}

fn derive(chain: Chain, count: usize) -> Arc<[Point]> {
    let mut shake = Shake256::default();
    shake.update(b"GeneratorsChain");
    shake.update(&chain.label());
    let mut reader = shake.finalize_xof();
    let next = |_| {
        let mut uniform = [0; 64];
        reader.read(&mut uniform);
        Point::from_uniform_bytes(&uniform)
    };
    (0..count).map(next).collect()
}

/// The point that 64 uniformly random bytes stand for (RFC 9496, section 4.3.4); nobody knows its logarithm.
#[must_use]
pub fn point_from_uniform(bytes: &[u8; 64]) -> Point {
    Point::from_uniform_bytes(bytes)
}

/// Sum of `scalars[i] points[i]` in time that depends on the scalars: for public data only.
#[must_use]
pub fn sum_of_public(scalars: &[Scalar], points: &[Point]) -> Point {
    Point::vartime_multiscalar_mul(scalars, points)
}

/// Sum of `scalars[i] points[i]` in time that does not depend on the scalars.
#[must_use]
pub fn sum_of_secret(scalars: &[Scalar], points: &[Point]) -> Point {
    Point::multiscalar_mul(scalars, points)
}

/// Reads a point from its one canonical encoding.
///
/// # Errors
/// [`DecodeError::Point`] for anything else.
pub fn decode_point(bytes: &[u8; ELEMENT_BYTES]) -> Result<Point, DecodeError> {
    CompressedRistretto(*bytes).decompress().ok_or(DecodeError::Point { at: 0 })
}

/// Reads a prover's message: a point that is not the identity, whose encoding is all zero. `None` for anything else.
#[must_use]
pub fn decode_message(bytes: &[u8; ELEMENT_BYTES]) -> Option<Point> {
    if *bytes == [0; ELEMENT_BYTES] { None } else { decode_point(bytes).ok() }
}

/// The encoding of a point.
#[must_use]
pub fn encode_point(point: &Point) -> [u8; ELEMENT_BYTES] {
    point.compress().to_bytes()
}

/// Reads a scalar below the group order.
///
/// # Errors
/// [`DecodeError::Scalar`] for anything else.
pub fn decode_scalar(bytes: &[u8; ELEMENT_BYTES]) -> Result<Scalar, DecodeError> {
    Option::from(Scalar::from_canonical_bytes(*bytes)).ok_or(DecodeError::Scalar { at: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bulletproofs::{BulletproofGens, PedersenGens};

    #[test]
    fn bases_and_range_generators_are_those_of_bulletproofs_5() {
        let theirs = PedersenGens::default();
        assert_eq!(encode_point(&value_base()), theirs.B.compress().to_bytes());
        assert_eq!(encode_point(&blinding_base()), theirs.B_blinding.compress().to_bytes());
        let vectors = BulletproofGens::new(64, 3);
        for place in 0..3_u32 {
            let ours = generators(Chain::RangeG(place), 64);
            for (mine, other) in ours.iter().zip(vectors.share(place as usize).G(64)) {
                assert_eq!(encode_point(mine), other.compress().to_bytes());
            }
        }
    }

    #[test]
    fn a_longer_chain_begins_with_the_shorter_one() {
        let short = derive(Chain::RangeH(7), 5);
        let long = derive(Chain::RangeH(7), 9);
        assert_eq!(&*short, &long[..5]);
        assert!(generators(Chain::RangeH(7), 70).len() >= 70);
        assert_eq!(&*short, &generators(Chain::RangeH(7), 3)[..5]);
    }

    #[test]
    fn multiples_of_the_base_point_are_those_of_rfc_9496() {
        // RFC 9496, appendix A.1: encodings of 0, 1 and 2 times the generator.
        let expected = [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
            "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
        ];
        for (multiple, hex) in (0_u64..).zip(expected) {
            let bytes = encode_point(&times_value_base(&Scalar::from(multiple)));
            assert_eq!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), hex);
            assert_eq!(decode_point(&bytes), Ok(times_value_base(&Scalar::from(multiple))));
        }
    }

    #[test]
    fn encodings_that_are_not_canonical_are_refused() {
        // RFC 9496, appendix A.2: a non-canonical field element, a negative one, and one off the curve.
        let mut field_order = [0xff; 32];
        field_order[0] = 0xed;
        field_order[31] = 0x7f;
        assert!(decode_point(&field_order).is_err());
        let mut one = [0; 32];
        one[0] = 1;
        assert!(decode_point(&one).is_err());
        assert!(decode_point(&[0xff; 32]).is_err());
        assert!(decode_scalar(&[0xff; 32]).is_err());
        let order_minus_one = (-Scalar::ONE).to_bytes();
        assert!(decode_scalar(&order_minus_one).is_ok());
        let mut order = order_minus_one;
        order[0] += 1;
        assert!(decode_scalar(&order).is_err());
    }

    #[test]
    fn constant_and_variable_time_sums_agree() {
        let scalars: Vec<_> = (1_u64..9).map(|n| Scalar::from(n).invert()).collect();
        let points = &generators(Chain::RangeG(0), 8)[..8];
        assert_eq!(sum_of_public(&scalars, points), sum_of_secret(&scalars, points));
    }
}
