use super::*;
use crate::{
    glycemic::{Cadence, DaySecret, Slot, Table, Tokens, Unit, seal},
    testing,
};

/// Two days whose readings lie around 120, and the readings.
fn days(spread: u16) -> (Vec<DayHistogram>, DigestOpening, Vec<i128>) {
    let table = Table::new(Unit::MgPerDl, Tokens::Counted);
    let value = |place: u16| 120 + (place * 37 % (2 * spread + 1)) - spread;
    let (mut statements, mut secrets, mut readings) = (Vec::new(), Vec::new(), Vec::new());
    for key in 1..3_u8 {
        let slot = |place| if place % 11 == 0 { Slot::Empty } else { Slot::Value(value(place + u16::from(key))) };
        let slots: Vec<_> = (0..96).map(slot).collect();
        readings.extend(slots.iter().filter_map(|slot| match slot {
            Slot::Value(value) => Some(i128::from(*value)),
            _ => None,
        }));
        let (day, digest, secret) = seal(table, Cadence::Minutes15, &slots, &[key; 32]).unwrap();
        statements.push(DayHistogram::new(day, digest));
        secrets.push(secret);
    }
    let sum = DigestOpening::sum(&secrets.iter().map(DaySecret::opening).collect::<Vec<_>>()).unwrap();
    (statements, sum, readings)
}

/// Whether `CV <= p / 1000`, by the definition: `sum (v - mean)^2 / (n - 1) <= p^2 mean^2 / 10^6`, times `n^2`.
fn at_most(readings: &[i128], threshold: u32) -> bool {
    let (n, sum) = (readings.len() as i128, readings.iter().sum::<i128>());
    let squares: i128 = readings.iter().map(|value| (n * value - sum) * (n * value - sum)).sum();
    squares * 1_000_000 <= i128::from(threshold) * i128::from(threshold) * sum * sum * (n - 1)
}

#[test]
fn the_bound_is_provable_exactly_where_the_definition_holds() {
    for spread in [40, 75] {
        let (days, witness, readings) = days(spread);
        let least = (0..1_000).find(|threshold| at_most(&readings, *threshold)).unwrap();
        for (side, threshold, holds) in [
            (Side::AtMost, least, true),
            (Side::AtMost, least - 1, false),
            (Side::AtLeast, least - 1, true),
            (Side::AtLeast, least, false),
        ] {
            let claim = VariationClaim::new(&days, 170, side, threshold).unwrap();
            match claim.prove(&testing::context(), &witness, &mut testing::rng(1)) {
                Ok(proof) => {
                    assert!(holds, "{side:?} {threshold}");
                    assert_eq!(proof.as_bytes().len(), VariationProof::BYTES);
                    assert_eq!(claim.verify(&testing::context(), &proof), Ok(()));
                }
                Err(error) => assert_eq!((holds, error), (false, ProveError::False)),
            }
        }
    }
}

#[test]
fn other_days_thresholds_sides_or_contexts_are_rejected() {
    let (days, witness, _) = days(40);
    let claim = VariationClaim::new(&days, 170, Side::AtMost, 360).unwrap();
    let proof = claim.prove(&testing::context(), &witness, &mut testing::rng(1)).unwrap();
    let wrong = [
        VariationClaim::new(&days[..1], 170, Side::AtMost, 360),
        VariationClaim::new(&days, 169, Side::AtMost, 360),
        VariationClaim::new(&days, 170, Side::AtLeast, 360),
        VariationClaim::new(&days, 170, Side::AtMost, 361),
    ];
    for claim in wrong {
        assert_eq!(claim.unwrap().verify(&testing::context(), &proof), Err(Rejected));
    }
    for context in testing::every_other_context(&testing::context()) {
        assert_eq!(claim.verify(&context, &proof), Err(Rejected));
    }
    let few = VariationClaim::new(&days, 193, Side::AtMost, 360).unwrap();
    assert_eq!(few.prove(&testing::context(), &witness, &mut testing::rng(1)), Err(ProveError::False));
}

#[test]
fn every_flipped_byte_and_every_truncation_is_refused() {
    let (days, witness, _) = days(40);
    let claim = VariationClaim::new(&days, 170, Side::AtMost, 360).unwrap();
    let proof = claim.prove(&testing::context(), &witness, &mut testing::rng(1)).unwrap();
    for at in 0..VariationProof::BYTES {
        let mut changed = proof.as_bytes().to_vec();
        changed[at] ^= 1 << (at % 8);
        let refused = VariationProof::from_bytes(&changed)
            .map_or(true, |proof| claim.verify(&testing::context(), &proof).is_err());
        assert!(refused, "byte {at}");
        assert!(VariationProof::from_bytes(&proof.as_bytes()[..at]).is_err());
    }
}

#[test]
fn statements_without_meaning_cannot_be_made() {
    let (days, ..) = days(40);
    assert!(VariationClaim::new(&days, 1, Side::AtMost, 360).is_err());
    assert!(VariationClaim::new(&days, 2, Side::AtMost, 10_001).is_err());
    assert!(VariationClaim::new(&[], 2, Side::AtMost, 360).is_err());
    assert!(VariationClaim::new(&[days[0], days[0]], 2, Side::AtMost, 360).is_err());
}
