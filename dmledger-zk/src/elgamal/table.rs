//! Finding a small value by its multiple of the base: baby steps kept, giant steps walked.

use crate::group::{self, ELEMENT_BYTES, Point, Scalar};
use core::fmt;
use std::collections::HashMap;

/// Multiples of `B` kept; one lookup costs an encoding for each so many values.
const KEPT: u64 = 1_024;

/// Finds `v` from `v B` for every `v` up to a bound.
#[derive(Clone)]
pub struct ValueTable {
    kept: HashMap<[u8; ELEMENT_BYTES], u64>,
    largest: u64,
}

impl fmt::Debug for ValueTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueTable").field("largest", &self.largest).finish_non_exhaustive()
    }
}

impl ValueTable {
    /// Largest bound: a thousand steps a lookup, some 5 ms.
    pub const MAX: u64 = (1 << 20) - 1;

    /// A table of the values from 0 to `largest`; a larger bound than [`Self::MAX`] is cut down to it.
    #[must_use]
    pub fn up_to(largest: u64) -> Self {
        let largest = largest.min(Self::MAX);
        let mut point = group::times_value_base(&Scalar::ZERO);
        let mut kept = HashMap::new();
        for value in 0..KEPT.min(largest + 1) {
            kept.insert(group::encode_point(&point), value);
            point += group::value_base();
        }
        Self { kept, largest }
    }

    /// The largest value it finds.
    #[must_use]
    pub const fn largest(&self) -> u64 {
        self.largest
    }

    /// `v` for `point = v B`.
    pub(super) fn find(&self, mut point: Point) -> Option<u64> {
        let step = group::times_value_base(&Scalar::from(KEPT));
        for start in (0..=self.largest).step_by(KEPT as usize) {
            if let Some(rest) = self.kept.get(&group::encode_point(&point)) {
                return Some(start + rest).filter(|value| *value <= self.largest);
            }
            point -= step;
        }
        None
    }
}
