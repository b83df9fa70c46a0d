//! Polynomials over the scalars: values at holders' numbers, and back from values to the one at zero.

use super::HolderNumber;
use crate::group::Scalar;
use std::collections::BTreeSet;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why shares do not give the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// Fewer right shares than the threshold.
    #[error("cannot recover: {have} of {need} shares are right")]
    MissingShares {
        /// Right shares of different holders.
        have: usize,
        /// The threshold.
        need: usize,
    },
}

/// `c_0 + c_1 x + ..`; wiped when dropped.
pub(super) struct Polynomial(Zeroizing<Vec<Scalar>>);

impl Polynomial {
    /// With these coefficients, lowest first.
    pub(super) fn new(coefficients: Vec<Scalar>) -> Self {
        Self(Zeroizing::new(coefficients))
    }

    pub(super) fn coefficients(&self) -> &[Scalar] {
        &self.0
    }

    pub(super) fn at(&self, number: HolderNumber) -> Scalar {
        evaluate(&self.0, number)
    }

    pub(super) fn bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.iter().flat_map(|scalar| *scalar.as_bytes()).collect())
    }
}

/// The value at a holder's number, by Horner's rule.
pub(super) fn evaluate(coefficients: &[Scalar], number: HolderNumber) -> Scalar {
    let x = number.scalar();
    coefficients.iter().rev().fold(Scalar::ZERO, |sum, coefficient| sum * x + coefficient)
}

/// `1, i, i^2, ..`.
pub(super) fn powers(number: HolderNumber, count: usize) -> Vec<Scalar> {
    let x = number.scalar();
    core::iter::successors(Some(Scalar::ONE), |power| Some(power * x)).take(count).collect()
}

/// For the first `need` different holders the factor of each one's value in the value at zero.
pub(super) fn at_zero(numbers: &[HolderNumber], need: usize) -> Result<Vec<(usize, Scalar)>, RecoverError> {
    let mut seen = BTreeSet::new();
    let first = numbers.iter().enumerate().filter(|(_, number)| seen.insert(**number));
    let chosen: Vec<_> = first.take(need).map(|(place, number)| (place, number.scalar())).collect();
    if chosen.len() < need {
        return Err(RecoverError::MissingShares { have: chosen.len(), need });
    }
    let factor = |own: &Scalar| {
        let others = chosen.iter().map(|(_, other)| other).filter(|other| *other != own);
        let (mut above, mut below) = (Scalar::ONE, Scalar::ONE);
        for other in others {
            above *= other;
            below *= other - own;
        }
        above * below.invert()
    };
    Ok(chosen.iter().map(|(place, own)| (*place, factor(own))).collect())
}
