//! A day sealed, and the seven numbers of it that can be spoken about.

use super::table::{Cadence, METRICS, Metric, Slot, Table, Tokens, Unit};
use crate::{
    commit::{Blinding, Commitment, Opening},
    error::StatementError,
    group::{self, Chain, Scalar},
    transcript::Transcript,
};
use core::fmt;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Tag of the blindings of a day.
pub const DIGEST_TAG: &str = "dmledger/zk/day-digest/v1";

/// A day's readings as one vector commitment, `C_v = <v, G> + r B~`: 32 bytes that a gateway signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedDay {
    table: Table,
    cadence: Cadence,
    commitment: Commitment,
}

impl SealedDay {
    /// A sealed day as it was published.
    #[must_use]
    pub const fn new(table: Table, cadence: Cadence, commitment: Commitment) -> Self {
        Self { table, cadence, commitment }
    }

    /// The table its readings are from.
    #[must_use]
    pub const fn table(&self) -> Table {
        self.table
    }

    /// How often the sensor reads.
    #[must_use]
    pub const fn cadence(&self) -> Cadence {
        self.cadence
    }

    /// `C_v`.
    #[must_use]
    pub const fn commitment(&self) -> &Commitment {
        &self.commitment
    }

    pub(super) fn absorb(&self, transcript: &mut Transcript) {
        transcript.append_number(b"slots", self.cadence.slots() as u64);
        absorb_table(self.table, transcript);
        transcript.append(b"C_v", self.commitment.as_bytes());
    }
}

pub(super) fn absorb_table(table: Table, transcript: &mut Transcript) {
    let unit: &[u8] = match table.unit() {
        Unit::MgPerDl => b"mg/dL",
        Unit::TenthMmolPerL => b"0.1 mmol/L",
    };
    let tokens: &[u8] = match table.tokens() {
        Tokens::Counted => b"tokens counted",
        Tokens::Missing => b"tokens missing",
    };
    transcript.append(b"unit", unit);
    transcript.append(b"tokens", tokens);
}

/// Commitments to the seven metrics, `S_k = s_k B + rho_k B~`, of one day or of several: 224 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayDigest([Commitment; METRICS]);

impl DayDigest {
    /// A digest as it was published, in the order of [`Metric::ALL`].
    #[must_use]
    pub const fn new(commitments: [Commitment; METRICS]) -> Self {
        Self(commitments)
    }

    /// The seven commitments, in the order of [`Metric::ALL`].
    #[must_use]
    pub const fn commitments(&self) -> &[Commitment; METRICS] {
        &self.0
    }

    pub(super) fn absorb(&self, transcript: &mut Transcript) {
        for commitment in &self.0 {
            transcript.append(b"S", commitment.as_bytes());
        }
    }
}

/// What a digest opens to; adds as digests do. Wiped when dropped.
pub struct DigestOpening([Opening; METRICS]);

impl DigestOpening {
    /// Adds up the openings of several days. `None` for no day, or if a sum leaves 64 bits.
    #[must_use]
    pub fn sum(days: &[&Self]) -> Option<Self> {
        days.first()?;
        let mut sums: [Option<Opening>; METRICS] = [const { None }; METRICS];
        for (place, sum) in sums.iter_mut().enumerate() {
            let (mut value, mut blinding) = (0_u64, Zeroizing::new(Scalar::ZERO));
            for opening in days.iter().filter_map(|day| day.0.get(place)) {
                value = value.checked_add(opening.value())?;
                *blinding += opening.blinding().scalar();
            }
            *sum = Some(Opening::new(value, Blinding::from_scalar(*blinding)));
        }
        let [a, b, c, d, e, f, g] = sums;
        Some(Self([a?, b?, c?, d?, e?, f?, g?]))
    }

    /// The seven openings, in the order of [`Metric::ALL`].
    #[must_use]
    pub const fn openings(&self) -> &[Opening; METRICS] {
        &self.0
    }

    /// One number.
    #[must_use]
    pub fn value(&self, metric: Metric) -> u64 {
        self.0.get(metric as usize).map_or(0, Opening::value)
    }

    /// Readings that count: the sum of the five ranges.
    #[must_use]
    pub fn readings(&self) -> u64 {
        Metric::COUNTS.into_iter().map(|metric| self.value(metric)).sum()
    }

    /// The digest that this opens.
    #[must_use]
    pub fn digest(&self) -> DayDigest {
        DayDigest(self.0.each_ref().map(Opening::commitment))
    }
}

impl fmt::Debug for DigestOpening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestOpening(..)")
    }
}

/// What the owner of a sealed day knows. Wiped when dropped.
pub struct DaySecret {
    /// `v`: the entry of each slot.
    entries: Zeroizing<Vec<u16>>,
    blinding: Blinding,
    opening: DigestOpening,
}

impl DaySecret {
    pub(super) fn entries(&self) -> &[u16] {
        &self.entries
    }

    pub(super) const fn blinding(&self) -> &Blinding {
        &self.blinding
    }

    /// The opening of the day's digest.
    #[must_use]
    pub const fn opening(&self) -> &DigestOpening {
        &self.opening
    }
}

impl ZeroizeOnDrop for DaySecret {}

impl fmt::Debug for DaySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DaySecret(..)")
    }
}

/// Seals a day: its vector commitment, its digest, and the secret that opens both.
///
/// Blindings are derived from `key`, so whoever holds the day's data key can derive the secret again from the readings.
/// One key serves one day.
///
/// # Errors
/// [`StatementError::Slots`] if there is not one slot for each time of day, [`StatementError::OffTable`] for a value the
/// table has not.
pub fn seal(
    table: Table,
    cadence: Cadence,
    slots: &[Slot],
    key: &[u8; 32],
) -> Result<(SealedDay, DayDigest, DaySecret), StatementError> {
    if slots.len() != cadence.slots() {
        return Err(StatementError::Slots { have: slots.len(), need: cadence.slots() });
    }
    let mut entries = Zeroizing::new(Vec::with_capacity(slots.len()));
    let mut sums = Zeroizing::new([0_u64; METRICS]);
    for slot in slots {
        let entry = table.entry(*slot)?;
        entries.push(entry);
        for (sum, weight) in sums.iter_mut().zip(table.weights(entry)) {
            *sum += weight;
        }
    }
    let blinding = Blinding::derive_under(DIGEST_TAG, key, METRICS as u64);
    let mut place = 0;
    let openings = sums.map(|sum| {
        place += 1;
        Opening::new(sum, Blinding::derive_under(DIGEST_TAG, key, place - 1))
    });
    let mut scalars: Zeroizing<Vec<Scalar>> =
        Zeroizing::new(entries.iter().map(|entry| Scalar::from(*entry)).collect());
    scalars.push(*blinding.scalar());
    let mut points = group::generators(Chain::ReadingG, entries.len()).to_vec();
    points.truncate(entries.len());
    points.push(group::blinding_base());
    let commitment = Commitment::from_point(group::sum_of_secret(&scalars, &points));
    let opening = DigestOpening(openings);
    let digest = opening.digest();
    Ok((SealedDay { table, cadence, commitment }, digest, DaySecret { entries, blinding, opening }))
}
