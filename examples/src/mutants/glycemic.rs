//! Valid proofs about sealed days, with days, digests, bounds and thresholds that are others.

use super::{
    Family, below,
    families::{draw_commitment, good},
    proofs::Proofs,
};
use crate::error::{During, HostError};
use dmledger_zk::{
    glycemic::{
        Cadence, DayDigest, DayHistogram, DayProof, DaySecret, DigestOpening, SealedDay, Slot, Table, Tokens, Unit,
        VariationClaim, VariationProof,
        claim::{Bound, DaysClaim, Quantity, Ranges, Side},
        seal,
    },
    range::RangeProof,
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};

const SLOTS: usize = 96;

pub(super) fn all(rng: &mut ChaCha20Rng) -> Result<Vec<Box<dyn Family>>, HostError> {
    let days = (0..3).map(|_| day(rng)).collect::<Result<Vec<_>, _>>()?;
    let histograms = days.iter().map(|(day, secret)| good(*day, secret, rng)).collect::<Result<Vec<_>, _>>()?;
    let read = |bytes: &[u8]| DayProof::from_bytes(bytes).ok();
    let histograms = Proofs::new(("day's digest", 1), histograms, read, |_, day, rng| another_day(day, rng))?;
    Ok(vec![Box::new(histograms), bounds(&days, rng)?, variations(&days, rng)?])
}

/// A day of a 15-minute sensor, mostly in range.
pub(super) fn day(rng: &mut ChaCha20Rng) -> Result<(DayHistogram, DaySecret), HostError> {
    let mut key = [0; 32];
    rng.fill_bytes(&mut key);
    let slot = |rng: &mut ChaCha20Rng| match below(20, rng) {
        0 => Slot::Empty,
        1 => Slot::High,
        _ => Slot::Value(90 + u16::try_from(below(90, rng)).unwrap_or_default()),
    };
    let slots: Vec<_> = (0..SLOTS).map(|_| slot(rng)).collect();
    let table = Table::new(Unit::MgPerDl, Tokens::Counted);
    let (sealed, digest, secret) = seal(table, Cadence::Minutes15, &slots, &key).during("day")?;
    Ok((DayHistogram::new(sealed, digest), secret))
}

/// The day with one public value changed, or two of its sums exchanged.
fn another_day(day: &DayHistogram, rng: &mut ChaCha20Rng) -> Option<DayHistogram> {
    let (mut table, mut cadence, mut sealed) = (day.day().table(), day.day().cadence(), *day.day().commitment());
    let mut sums = *day.digest().commitments();
    match below(6, rng) {
        0 => table = Table::new(Unit::TenthMmolPerL, table.tokens()),
        1 => table = Table::new(table.unit(), Tokens::Missing),
        2 => cadence = [Cadence::Minutes1, Cadence::Minutes5][below(2, rng)],
        3 => sealed = draw_commitment(rng),
        4 => *sums.get_mut(below(7, rng))? = draw_commitment(rng),
        _ => sums.swap(below(3, rng), 3 + below(4, rng)),
    }
    Some(DayHistogram::new(SealedDay::new(table, cadence, sealed), DayDigest::new(sums)))
}

/// One day left out, exchanged with another or replaced.
fn other_days(days: &[DayHistogram], rng: &mut ChaCha20Rng) -> Option<Vec<DayHistogram>> {
    let mut out = days.to_vec();
    let at = below(out.len(), rng);
    match below(3, rng) {
        0 if out.len() > 1 => drop(out.remove(at)),
        1 if out.len() > 1 => out.swap(at, (at + 1) % days.len()),
        _ => *out.get_mut(at)? = another_day(days.get(at)?, rng)?,
    }
    Some(out)
}

/// Sets of days, with what opens their sums.
fn sets(days: &[(DayHistogram, DaySecret)]) -> Result<Vec<(Vec<DayHistogram>, DigestOpening)>, HostError> {
    let set = |days: &[(DayHistogram, DaySecret)]| {
        let openings: Vec<_> = days.iter().map(|(_, secret)| secret.opening()).collect();
        Some((days.iter().map(|(day, _)| *day).collect(), DigestOpening::sum(&openings)?))
    };
    let sets = [days.get(..1), days.get(..2), days.get(..3)].into_iter().map(|days| set(days?));
    sets.collect::<Option<_>>().ok_or_else(|| HostError::new("sums of days"))
}

fn bounds(days: &[(DayHistogram, DaySecret)], rng: &mut ChaCha20Rng) -> Result<Box<dyn Family>, HostError> {
    let asked =
        [Bound::new(Quantity::Share(Ranges::IN), Side::AtLeast, 500), Bound::new(Quantity::Mean, Side::AtMost, 30_000)];
    let mut made = Vec::new();
    for (days, opening) in sets(days)? {
        made.push(good(DaysClaim::new(&days, 50, &asked).during("bounds")?, &opening, rng)?);
    }
    let alter = |_: usize, one: &DaysClaim, rng: &mut ChaCha20Rng| {
        let (least, bounds) = one.bounds().split_first()?;
        let (mut readings, mut bounds) = (least.threshold(), bounds.to_vec());
        let at = below(bounds.len(), rng);
        let bound = *bounds.get(at)?;
        let step = 1 + rng.next_u32() % 400;
        let replaced = match below(6, rng) {
            0 => return DaysClaim::new(&other_days(one.days(), rng)?, readings, &bounds).ok(),
            1 => {
                readings += step;
                bound
            }
            2 => Bound::new(bound.quantity(), bound.side(), bound.threshold() + step),
            3 => Bound::new(bound.quantity(), bound.side(), bound.threshold().checked_sub(step)?),
            4 => Bound::new(Quantity::Share(Ranges::ABOVE), bound.side(), 500),
            _ => {
                bounds.reverse();
                return DaysClaim::new(one.days(), readings, &bounds).ok();
            }
        };
        *bounds.get_mut(at)? = replaced;
        DaysClaim::new(one.days(), readings, &bounds).ok()
    };
    Ok(Box::new(Proofs::new(("bounds of days", 2), made, |bytes| RangeProof::from_bytes(bytes).ok(), alter)?))
}

fn variations(days: &[(DayHistogram, DaySecret)], rng: &mut ChaCha20Rng) -> Result<Box<dyn Family>, HostError> {
    let mut made = Vec::new();
    for (days, opening) in sets(days)? {
        made.push(good(VariationClaim::new(&days, 50, Side::AtMost, 900).during("variation")?, &opening, rng)?);
    }
    let alter = |_: usize, one: &VariationClaim, rng: &mut ChaCha20Rng| {
        let (readings, side, threshold) = (one.readings(), one.side(), one.threshold());
        let step = 1 + rng.next_u32() % 40;
        match below(5, rng) {
            0 => VariationClaim::new(&other_days(one.days(), rng)?, readings, side, threshold),
            1 => VariationClaim::new(one.days(), readings + step, side, threshold),
            2 => VariationClaim::new(one.days(), readings, Side::AtLeast, threshold),
            3 => VariationClaim::new(one.days(), readings, side, threshold + step),
            _ => VariationClaim::new(one.days(), readings, side, threshold - step),
        }
        .ok()
    };
    Ok(Box::new(Proofs::new(("variation of days", 2), made, |bytes| VariationProof::from_bytes(bytes).ok(), alter)?))
}
