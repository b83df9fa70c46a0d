//! The bytes of a range proof.

use crate::{
    error::DecodeError,
    group::{self, ELEMENT_BYTES, Scalar},
};

/// A range proof in the encoding of `bulletproofs` 5: `A, S, T1, T2, t^, tau, mu`, then `L, R` of every round, then `a, b`;
/// `32 (9 + 2 log2(n m))` bytes for `m` values of `n` bits.
///
/// Holding one means that its length is possible and its scalars are canonical; its points are decoded when it is
/// verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RangeProof(Vec<u8>);

/// Rounds of the narrowest and of the widest proof: 2^3 and 2^12 bits in all.
const ROUNDS: core::ops::RangeInclusive<usize> = 3..=12;
const FIXED: usize = 9;
/// Where the scalars before the rounds begin, in elements.
const FIRST_SCALARS: [usize; 3] = [4, 5, 6];

impl RangeProof {
    /// Longest proof in bytes: 64 values of 64 bits.
    pub const MAX_BYTES: usize = ELEMENT_BYTES * (FIXED + 2 * 12);

    /// Reads a proof.
    ///
    /// # Errors
    /// [`DecodeError::Length`] if no proof has this length, [`DecodeError::Scalar`] for a scalar not below the order.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wrong = DecodeError::Length { len: bytes.len() };
        let (elements, rest) = bytes.as_chunks::<ELEMENT_BYTES>();
        let rounds = elements.len().checked_sub(FIXED).ok_or(wrong)?;
        if !rest.is_empty() || rounds % 2 != 0 || !ROUNDS.contains(&(rounds / 2)) {
            return Err(wrong);
        }
        let last = [elements.len() - 2, elements.len() - 1];
        for (place, element) in elements.iter().enumerate() {
            if FIRST_SCALARS.contains(&place) || last.contains(&place) {
                group::decode_scalar(element).map_err(|_| DecodeError::Scalar { at: place * ELEMENT_BYTES })?;
            }
        }
        Ok(Self(bytes.to_vec()))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The parts, every point still encoded.
    pub(super) fn parts(&self) -> Option<Parts<'_>> {
        let (elements, _) = self.0.as_chunks::<ELEMENT_BYTES>();
        let (first, rest) = elements.split_first_chunk::<7>()?;
        let (rounds, last) = rest.split_last_chunk::<2>()?;
        let (rounds, odd) = rounds.as_chunks::<2>();
        let [a, s, t_1, t_2, t_x, tau, mu] = first;
        let scalar = |bytes| group::decode_scalar(bytes).ok();
        let [left, right] = last;
        odd.is_empty().then_some(())?;
        Some(Parts {
            points: [a, s, t_1, t_2],
            t_x: scalar(t_x)?,
            tau: scalar(tau)?,
            mu: scalar(mu)?,
            rounds,
            a: scalar(left)?,
            b: scalar(right)?,
        })
    }
}

impl AsRef<[u8]> for RangeProof {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A range proof taken apart. Letters as in `docs/range-proof.md`.
pub(super) struct Parts<'a> {
    /// `A, S, T1, T2`.
    pub(super) points: [&'a [u8; ELEMENT_BYTES]; 4],
    pub(super) t_x: Scalar,
    pub(super) tau: Scalar,
    pub(super) mu: Scalar,
    /// `L, R` of every round.
    pub(super) rounds: &'a [[[u8; ELEMENT_BYTES]; 2]],
    pub(super) a: Scalar,
    pub(super) b: Scalar,
}
