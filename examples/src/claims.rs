//! From readings to days that can be sealed, and from the ledger back to what was shown about them.

use crate::{
    error::{During, HostError},
    network::Node,
};
use dmledger_core::{
    action::{self, Action},
    envelope::AccountId,
    hash::Digest,
    record::{Glucose, GlucoseUnit, Measurement, Reading},
    time::{Height, Timestamp},
    traits::proof_verifier::{ProofClaim, ProofFamily},
};
use dmledger_zk::glycemic::{
    Cadence, DigestOpening, Metric, Slot, Table, Tokens, Unit, calendar::Calendar, claim::DaysClaim,
};

/// Readings laid out in days, and what had to be changed for it.
#[derive(Debug)]
pub struct Diary {
    /// All possible readings.
    pub table: Table,
    /// How often the sensor reads.
    pub cadence: Cadence,
    /// The days.
    pub calendar: Calendar,
    /// Readings that were no whole number of the table's unit, and were rounded.
    pub rounded: usize,
    /// Readings beyond the table's numbers, which count as the sensor's "Low" and "High".
    pub beyond: usize,
    /// Readings without a result.
    pub without_value: usize,
}

impl Diary {
    /// Lays readings out on the patient's own clock. Whole mg/dL if most readings are, else tenths of mmol/L; the
    /// sensor's words for "too low" and "too high" count.
    #[must_use]
    pub fn of(readings: &[Reading]) -> Self {
        let glucose: Vec<_> = readings.iter().filter_map(|one| one.measured().glucose()).collect();
        let whole = glucose.iter().filter(|one| exactly(**one, Unit::MgPerDl)).count();
        let tenths = glucose.iter().filter(|one| exactly(**one, Unit::TenthMmolPerL)).count();
        let unit = if tenths > whole { Unit::TenthMmolPerL } else { Unit::MgPerDl };
        let table = Table::new(unit, Tokens::Counted);
        let (mut slots, mut times) = (Vec::new(), Vec::new());
        let (mut rounded, mut beyond, mut without_value) = (0, 0, 0);
        for reading in readings {
            let at = reading.wall_clock().millis();
            let slot = match (reading.measured(), reading.measured().glucose()) {
                (_, Some(glucose)) => {
                    rounded += usize::from(!exactly(glucose, unit));
                    let number = nearest(glucose, unit);
                    let slot = within(table, number);
                    beyond += usize::from(!matches!(slot, Slot::Value(_)));
                    slot
                }
                (Measurement::BelowRange, _) => Slot::Low,
                (Measurement::AboveRange, _) => Slot::High,
                _ => {
                    without_value += 1;
                    continue;
                }
            };
            slots.push((at, slot));
            times.push(at);
        }
        times.sort_unstable();
        let cadence = Cadence::of(&times);
        Self { table, cadence, calendar: Calendar::of(&slots, cadence), rounded, beyond, without_value }
    }

    /// First instant of the first day.
    #[must_use]
    pub fn begins(&self) -> Option<Timestamp> {
        self.calendar.days.first().map(|day| Timestamp::from_seconds(day.number.saturating_mul(86_400)))
    }
}

/// Millionths of one step of a table's unit: a tenth of a mmol/L, or one mg/dL. A value in the other unit is converted.
fn steps(glucose: Glucose, unit: Unit) -> (u64, u64) {
    match (glucose.unit(), unit) {
        (GlucoseUnit::MmolPerL, Unit::TenthMmolPerL) => (u64::from(glucose.millionths()), 100_000),
        // 1 mmol/L is 18 mg/dL here, as in the consensus tables.
        (_, Unit::TenthMmolPerL) => (glucose.millionths_of_mg_per_dl(), 1_800_000),
        (_, Unit::MgPerDl) => (glucose.millionths_of_mg_per_dl(), 1_000_000),
    }
}

fn exactly(glucose: Glucose, unit: Unit) -> bool {
    let (value, step) = steps(glucose, unit);
    value.is_multiple_of(step)
}

fn nearest(glucose: Glucose, unit: Unit) -> u64 {
    let (value, step) = steps(glucose, unit);
    (value + step / 2) / step
}

fn within(table: Table, number: u64) -> Slot {
    let Ok(value) = u16::try_from(number) else { return Slot::High };
    match table.entry(Slot::Value(value)) {
        Ok(_) => Slot::Value(value),
        Err(_) if table.entry(Slot::Low).is_ok_and(|low| value <= low) => Slot::Low,
        Err(_) => Slot::High,
    }
}

/// Consensus metrics of sealed days, from what they open to: for their owner's eyes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a row of numbers to print")]
pub struct Metrics {
    /// Readings that count.
    pub readings: u64,
    /// Per cent below 70, in 70 to 180, above 180 mg/dL.
    pub below_in_above: [f64; 3],
    /// Mean in the table's unit; mg/dL or mmol/L.
    pub mean: f64,
    /// Coefficient of variation, per cent.
    pub variation: f64,
}

impl Metrics {
    /// Reads them off an opening.
    #[must_use]
    pub fn of(opening: &DigestOpening, unit: Unit) -> Self {
        let [very_low, low, target, high, very_high, sum, squares] =
            Metric::ALL.map(|metric| f64::from(u32::try_from(opening.value(metric)).unwrap_or(u32::MAX)));
        let (readings, n) = (opening.readings(), very_low + low + target + high + very_high);
        let (percent, mean) = (100.0 / n, sum / n);
        let deviation = ((squares - sum * mean) / (n - 1.0)).sqrt();
        let scale = if unit == Unit::MgPerDl { 1.0 } else { 10.0 };
        let below_in_above = [(very_low + low) * percent, target * percent, (high + very_high) * percent];
        Self { readings, below_in_above, mean: mean / scale, variation: 100.0 * deviation / mean }
    }
}

/// What somebody with a node finds about an account: the statement about days that was accepted last.
#[derive(Debug)]
pub struct Accepted {
    /// What was shown.
    pub statement: DaysClaim,
    /// Why.
    pub purpose: String,
    /// For whom.
    pub audience: Digest,
    /// Height of the block that accepted it.
    pub height: Height,
}

impl Accepted {
    /// Looks on one's own node: the list of claims is complete under the state root, the statement is taken from the
    /// block that accepted it.
    ///
    /// # Errors
    /// If nothing about days was accepted, or what the node says does not hold.
    pub fn latest(node: &Node, account: &AccountId) -> Result<Self, HostError> {
        let query = node.query()?;
        let answer = query.claims(account).during("claims")?;
        let claims = answer.verify(&query.root().digest, node.chain(), account).during("claims")?;
        let none = || HostError::new("nothing about days has been accepted");
        let last = claims.into_iter().rfind(|one| one.family == ProofFamily::DAYS_BOUNDS).ok_or_else(none)?;
        let claim = claim_in_block(node, last.height, &last.claim)?.ok_or_else(none)?;
        Ok(Self {
            statement: DaysClaim::try_from(&claim).during("claim")?,
            purpose: last.context.purpose().to_owned(),
            audience: last.context.audience(),
            height: last.height,
        })
    }
}

fn claim_in_block(node: &Node, height: Height, name: &Digest) -> Result<Option<ProofClaim>, HostError> {
    let Some(block) = node.store().block(height).during("block")? else { return Ok(None) };
    for raw in block.block().actions() {
        let signed = action::decode(raw).during("block")?;
        if let Action::Claim(action) = signed.body()
            && action.name() == *name
        {
            return Ok(Some(action.claim.clone()));
        }
    }
    Ok(None)
}
