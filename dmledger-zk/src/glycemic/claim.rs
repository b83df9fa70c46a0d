//! Claims about several days: time in ranges, mean, GMI, GRI, number of readings; each at least or at most a threshold
//! that the verifier chose, all of one query in one range proof.
//!
//! Every metric is a linear form of the digests' sums, so the verifier forms its commitment itself. A claim says nothing
//! unless every day's [`DayHistogram`] is proved as well; both go into one batch.

mod form;

pub use form::{Bound, Quantity, Ranges, Side};

use super::{
    digest::{DigestOpening, absorb_table},
    histogram::DayHistogram,
    table::{METRICS, Table},
};
use crate::{
    accumulator::Accumulator,
    commit::{Blinding, Opening},
    error::{ProveError, Rejected, StatementError},
    group::{Point, Scalar},
    range::{Bits, FitsBits, RangeProof},
    statement::{Prove, Statement, Verify},
    transcript::Transcript,
};
use form::Form;
use rand_core::CryptoRng;
use std::collections::HashSet;
use zeroize::Zeroizing;

/// Most days of one claim.
pub const MAX_DAYS: usize = 128;
/// Most bounds of one claim, the least number of readings included.
pub const MAX_BOUNDS: usize = 16;

/// All bounds hold for the readings of these days taken together.
#[derive(Clone, Debug)]
pub struct DaysClaim {
    table: Table,
    days: Vec<DayHistogram>,
    bounds: Vec<Bound>,
    forms: Vec<Form>,
    range: FitsBits,
}

impl DaysClaim {
    /// States bounds of the days' readings, of which there are at least `readings` (and at least one: about no reading
    /// every share would hold).
    ///
    /// # Errors
    /// [`StatementError::Count`] for no day, too many days or bounds, or a day used twice; [`StatementError::Coefficient`]
    /// for a threshold out of range or days of different tables.
    pub fn new(days: &[DayHistogram], readings: u32, bounds: &[Bound]) -> Result<Self, StatementError> {
        let distinct: HashSet<_> = days.iter().map(|day| *day.day().commitment()).collect();
        let (Some(first), true) = (days.first(), distinct.len() == days.len() && days.len() <= MAX_DAYS) else {
            return Err(StatementError::Count { count: distinct.len(), max: MAX_DAYS });
        };
        let table = first.day().table();
        if readings == 0 || days.iter().any(|day| day.day().table() != table) {
            return Err(StatementError::Coefficient);
        }
        let least = Bound::new(Quantity::Readings, Side::AtLeast, readings);
        let bounds: Vec<_> = core::iter::once(least).chain(bounds.iter().copied()).collect();
        if bounds.len() > MAX_BOUNDS {
            return Err(StatementError::Count { count: bounds.len(), max: MAX_BOUNDS });
        }
        let slots = days.iter().map(|day| day.day().cadence().slots() as u64).sum();
        let forms = bounds.iter().map(|bound| bound.form(table, slots)).collect::<Result<Vec<_>, _>>()?;
        // 32 bits suffice for most queries; never fewer, so that the length tells nothing of the thresholds.
        let largest = forms.iter().map(|form| form.largest(table, slots)).max().unwrap_or_default();
        let largest = u64::try_from(largest).map_err(|_| StatementError::Coefficient)?;
        let bits = Ord::max(Bits::holding(largest), Bits::ThirtyTwo);
        let sums = sum_of(days);
        let commitments: Vec<_> = forms.iter().map(|form| form.commitment(&sums)).collect();
        let range = FitsBits::new(&commitments, bits)?;
        Ok(Self { table, days: days.to_vec(), bounds, forms, range })
    }

    /// The days.
    #[must_use]
    pub fn days(&self) -> &[DayHistogram] {
        &self.days
    }

    /// The bounds; the first is the least number of readings.
    #[must_use]
    pub fn bounds(&self) -> &[Bound] {
        &self.bounds
    }

    /// The width at which all bounds are shown.
    #[must_use]
    pub const fn bits(&self) -> Bits {
        self.range.bits()
    }
}

/// `sum S_k` over the days.
fn sum_of(days: &[DayHistogram]) -> [Point; METRICS] {
    let mut sums = [Point::default(); METRICS];
    for day in days {
        for (sum, commitment) in sums.iter_mut().zip(day.digest().commitments()) {
            *sum += commitment.point();
        }
    }
    sums
}

impl Statement for DaysClaim {
    const DOMAIN: &'static str = "dmledger/zk/days-claim/v1";
    /// The sum of the days' openings.
    type Witness = DigestOpening;
    type Proof = RangeProof;

    fn absorb(&self, transcript: &mut Transcript) {
        absorb_table(self.table, transcript);
        transcript.append_number(b"days", self.days.len() as u64);
        for day in &self.days {
            day.absorb(transcript);
        }
        transcript.append_number(b"bounds", self.bounds.len() as u64);
        for bound in &self.bounds {
            bound.absorb(transcript);
        }
        self.range.absorb(transcript);
    }
}

impl Prove for DaysClaim {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        transcript: Transcript,
        witness: &DigestOpening,
        rng: &mut R,
    ) -> Result<RangeProof, ProveError> {
        let values = witness.openings().each_ref().map(|opening| i128::from(opening.value()));
        let blindings = Zeroizing::new(witness.openings().each_ref().map(|opening| *opening.blinding().scalar()));
        let mut openings = Vec::with_capacity(self.forms.len());
        for form in &self.forms {
            let value = form.value(&values);
            let value = u64::try_from(value).map_err(|_| ProveError::False)?;
            openings.push(Opening::new(value, Blinding::from_scalar(form.blinding(&blindings))));
        }
        self.range.prove_on(transcript, &openings, rng)
    }
}

impl Verify for DaysClaim {
    fn equations(
        &self,
        transcript: Transcript,
        proof: &RangeProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        self.range.equations(transcript, proof, accumulator)
    }
}

/// A signed number as a scalar.
fn signed(number: i64) -> Scalar {
    let magnitude = Scalar::from(number.unsigned_abs());
    if number < 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests;
