//! Pedersen commitments: `C = v B + r B~` hides `v` perfectly and binds it as hard as discrete logarithms are.
//!
//! Commitments add as their openings do. A blinding is used for one commitment only: two commitments under one blinding
//! show the difference of their values.

use crate::{
    error::DecodeError,
    group::{self, ELEMENT_BYTES, Point, Scalar},
};
use core::{
    fmt,
    hash::{Hash, Hasher},
    ops::{Add, Sub},
};
use rand_core::CryptoRng;
use sha3::{Digest as _, Sha3_512};
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// Tag of the hash that turns a key and a position into a blinding.
pub const BLINDING_TAG: &str = "dmledger/zk/blinding/v1";

/// A commitment to one value, 32 bytes.
#[derive(Clone, Copy)]
pub struct Commitment {
    bytes: [u8; ELEMENT_BYTES],
    point: Point,
}

impl Commitment {
    /// The commitment whose group element is `point`.
    #[must_use]
    pub fn from_point(point: Point) -> Self {
        Self { bytes: group::encode_point(&point), point }
    }

    /// Reads a commitment from its canonical encoding. The identity (value and blinding zero) is a commitment.
    ///
    /// # Errors
    /// [`DecodeError::Point`] if the bytes are not a canonical Ristretto encoding.
    pub fn from_bytes(bytes: &[u8; ELEMENT_BYTES]) -> Result<Self, DecodeError> {
        Ok(Self { bytes: *bytes, point: group::decode_point(bytes)? })
    }

    /// The canonical encoding.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; ELEMENT_BYTES] {
        &self.bytes
    }

    /// The group element.
    #[must_use]
    pub const fn point(&self) -> &Point {
        &self.point
    }
}

impl AsRef<[u8]> for Commitment {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl PartialEq for Commitment {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Commitment {}

impl Hash for Commitment {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.bytes;
        write!(f, "Commitment({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}

impl Add for Commitment {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::from_point(self.point + other.point)
    }
}

impl Sub for Commitment {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::from_point(self.point - other.point)
    }
}

/// The secret scalar that hides a value; wiped when dropped, never shown, compared in constant time.
#[derive(ZeroizeOnDrop)]
pub struct Blinding(Scalar);

impl Blinding {
    /// A fresh blinding.
    pub fn random<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut wide = Zeroizing::new([0; 64]);
        rng.fill_bytes(wide.as_mut());
        Self(Scalar::from_bytes_mod_order_wide(&wide))
    }

    /// The blinding of the value at `index` of a record whose secret data key is `key`:
    /// SHA3-512 of tag, key and index, reduced modulo the group order (bias below 2^-250).
    #[must_use]
    pub fn derive(key: &[u8; 32], index: u64) -> Self {
        Self::derive_under(BLINDING_TAG, key, index)
    }

    /// The same under another tag of at most 60 bytes, for another use of the same key.
    pub(crate) fn derive_under(tag: &str, key: &[u8; 32], index: u64) -> Self {
        let hash = Sha3_512::new()
            .chain_update([tag.len() as u8])
            .chain_update(tag)
            .chain_update(key)
            .chain_update(index.to_le_bytes());
        let wide = Zeroizing::new(<[u8; 64]>::from(hash.finalize()));
        Self(Scalar::from_bytes_mod_order_wide(&wide))
    }

    /// Takes over a scalar that is already secret and used once.
    #[must_use]
    pub const fn from_scalar(scalar: Scalar) -> Self {
        Self(scalar)
    }

    /// The scalar.
    #[must_use]
    pub const fn scalar(&self) -> &Scalar {
        &self.0
    }
}

impl ConstantTimeEq for Blinding {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl fmt::Debug for Blinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blinding(..)")
    }
}

/// What a commitment opens to: the value and its blinding. Wiped when dropped.
pub struct Opening {
    value: u64,
    blinding: Blinding,
}

impl Opening {
    /// Pairs a value with its blinding.
    #[must_use]
    pub const fn new(value: u64, blinding: Blinding) -> Self {
        Self { value, blinding }
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> u64 {
        self.value
    }

    /// The blinding.
    #[must_use]
    pub const fn blinding(&self) -> &Blinding {
        &self.blinding
    }

    /// The commitment that this opens, in constant time.
    #[must_use]
    pub fn commitment(&self) -> Commitment {
        Commitment::from_point(group::commit(&Scalar::from(self.value), &self.blinding.0))
    }

    /// Whether this opens `commitment`, compared in constant time.
    #[must_use]
    pub fn opens(&self, commitment: &Commitment) -> bool {
        self.commitment().bytes.ct_eq(&commitment.bytes).into()
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl ZeroizeOnDrop for Opening {}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening(..)")
    }
}

/// Commits to the values of one record, the blinding of each derived from the record's data key and its position.
///
/// Whoever can open the record can derive every opening again; nobody else learns anything of a value. One key serves
/// one record: committing other values under the same key would use blindings twice.
#[must_use]
pub fn commit_values(values: &[u64], key: &[u8; 32]) -> (Vec<Commitment>, Vec<Opening>) {
    let openings: Vec<_> =
        (0..).zip(values).map(|(index, &value)| Opening::new(value, Blinding::derive(key, index))).collect();
    (openings.iter().map(Opening::commitment).collect(), openings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use std::collections::HashSet;

    #[test]
    fn a_commitment_reads_back_and_only_from_a_canonical_encoding() {
        let commitment = Opening::new(103, Blinding::random(&mut testing::rng(1))).commitment();
        assert_eq!(Commitment::from_bytes(commitment.as_bytes()), Ok(commitment));
        assert!(Commitment::from_bytes(&[0xff; 32]).is_err());
    }

    #[test]
    fn commitments_add_and_subtract_as_their_values_do() {
        let (a, b) = (Blinding::derive(&[1; 32], 0), Blinding::derive(&[1; 32], 1));
        let sum = Opening::new(30, Blinding::from_scalar(a.scalar() + b.scalar()));
        let (first, second) = (Opening::new(10, a), Opening::new(20, b));
        assert!(sum.opens(&(first.commitment() + second.commitment())));
        assert!(first.opens(&(sum.commitment() - second.commitment())));
        assert!(!first.opens(&second.commitment()));
    }

    #[test]
    fn no_two_readings_of_a_long_record_share_a_blinding_and_another_key_shares_none() {
        let mut seen = HashSet::new();
        for key in [[1; 32], [2; 32]] {
            for index in 0..4_032 {
                assert!(seen.insert(Blinding::derive(&key, index).scalar().to_bytes()));
            }
        }
    }

    #[test]
    fn equal_values_have_different_commitments() {
        let (commitments, openings) = commit_values(&[1_000; 50], &[7; 32]);
        assert_eq!(commitments.iter().map(Commitment::as_bytes).collect::<HashSet<_>>().len(), 50);
        assert!(commitments.iter().zip(&openings).all(|(commitment, opening)| opening.opens(commitment)));
    }

    #[test]
    fn a_value_cannot_be_found_by_trying_every_value_without_its_blinding() {
        let (commitments, _) = commit_values(&[1_000, 0, 5_999], &[7; 32]);
        let mut unblinded = group::times_value_base(&Scalar::ZERO);
        for value in 0..6_000_u64 {
            assert!(commitments.iter().all(|commitment| *commitment.point() != unblinded), "{value}");
            unblinded += group::value_base();
        }
    }

    #[test]
    fn a_derived_blinding_is_the_reduced_hash() {
        // Computed with Python: SHA3-512(0x17 || tag || 05 * 32 || 3 as u64 LE) modulo 2^252 + 277...493, little-endian.
        let hex: String =
            Blinding::derive(&[5; 32], 3).scalar().as_bytes().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "bde58724bd93dc6107bbe9458e44e496b799f7900de213129d417598f1425601");
    }

    #[test]
    fn a_derived_commitment_is_fixed() {
        let (commitments, _) = commit_values(&[1_043], &[5; 32]);
        let hex: String = commitments[0].as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, FIRST_OF_KEY_5);
    }
    const FIRST_OF_KEY_5: &str = "229d00c9a0dcab9bd5e73eee1873a83cee1edc063553755049857275a76cf824";

    #[test]
    fn secrets_are_not_shown() {
        let opening = Opening::new(4_711, Blinding::derive(&[5; 32], 3));
        let shown = format!("{opening:?} {:?}", opening.blinding());
        assert_eq!(shown, "Opening(..) Blinding(..)");
    }
}
