//! Facts about continuous glucose data without the data: the day digest.
//!
//! A day of readings is sealed as one 32-byte vector commitment. [`DayHistogram`] proves that seven further commitments
//! hold the counts of the five consensus ranges, the sum and the sum of squares of exactly these readings. The seven add
//! from day to day, so a claim about weeks ([`claim`]) costs the same handful of group operations as one about a day.
//! Protocol and argument: `docs/day-digest.md`.

pub mod calendar;
pub mod claim;
mod digest;
mod histogram;
mod table;
mod variation;

pub use digest::{DIGEST_TAG, DayDigest, DaySecret, DigestOpening, SealedDay, seal};
pub use histogram::{DayHistogram, DayProof};
pub use table::{Cadence, METRICS, Metric, Slot, Table, Tokens, Unit};
pub use variation::{VariationClaim, VariationProof};
