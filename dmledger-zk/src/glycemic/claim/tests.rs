use super::*;
use crate::{
    batch::BatchVerifier,
    glycemic::{Cadence, DaySecret, Slot, Tokens, Unit, seal},
    testing,
};
use rand_core::Rng as _;

const TABLE: Table = Table::new(Unit::MgPerDl, Tokens::Counted);

/// Three days of a 15-minute sensor, and the readings that count.
fn days() -> (Vec<DayHistogram>, Vec<DaySecret>, Vec<u64>) {
    let mut rng = testing::rng(5);
    let (mut statements, mut secrets, mut readings) = (Vec::new(), Vec::new(), Vec::new());
    for key in 1..4_u8 {
        let slots: Vec<_> = (0..96)
            .map(|place| match place % 17 {
                0 => Slot::Empty,
                _ => Slot::Value(45 + (rng.next_u32() % 260) as u16),
            })
            .collect();
        readings.extend(slots.iter().filter_map(|slot| match slot {
            Slot::Value(value) => Some(u64::from(*value)),
            _ => None,
        }));
        let (day, digest, secret) = seal(TABLE, Cadence::Minutes15, &slots, &[key; 32]).unwrap();
        statements.push(DayHistogram::new(day, digest));
        secrets.push(secret);
    }
    (statements, secrets, readings)
}

fn witness(secrets: &[DaySecret]) -> DigestOpening {
    DigestOpening::sum(&secrets.iter().map(DaySecret::opening).collect::<Vec<_>>()).unwrap()
}

/// The exact value of a quantity as a fraction, by counting readings.
fn exact(quantity: Quantity, readings: &[u64]) -> (u64, u64) {
    let count = |low: u64, high: u64| readings.iter().filter(|value| (low..=high).contains(*value)).count() as u64;
    let (n, sum) = (readings.len() as u64, readings.iter().sum::<u64>());
    let risk = 3_000 * count(0, 53) + 2_400 * count(54, 69) + 1_600 * count(251, 999) + 800 * count(181, 250);
    match quantity {
        Quantity::Share(Ranges::IN) => (1_000 * count(70, 180), n),
        Quantity::Share(Ranges::BELOW) => (1_000 * count(0, 69), n),
        Quantity::Share(Ranges::VERY_LOW) => (1_000 * count(0, 53), n),
        Quantity::Share(Ranges::ABOVE) => (1_000 * count(181, 999), n),
        Quantity::Share(Ranges::VERY_HIGH) => (1_000 * count(251, 999), n),
        Quantity::Mean => (100 * sum, n),
        // 3.31 + 0.02392 mean in hundredths of a percent: (331 n + 2.392 sum) / n.
        Quantity::Gmi => (331_000 * n + 2_392 * sum, 1_000 * n),
        Quantity::Gri => (risk, n),
        Quantity::Readings => (n, 1),
        Quantity::Active => (1_000 * n, 3 * 96),
        other => panic!("no exact value of {other:?}"),
    }
}

const QUANTITIES: [Quantity; 10] = [
    Quantity::Share(Ranges::IN),
    Quantity::Share(Ranges::BELOW),
    Quantity::Share(Ranges::VERY_LOW),
    Quantity::Share(Ranges::ABOVE),
    Quantity::Share(Ranges::VERY_HIGH),
    Quantity::Mean,
    Quantity::Gmi,
    Quantity::Gri,
    Quantity::Readings,
    Quantity::Active,
];

#[test]
fn every_quantity_is_provable_at_its_exact_value_and_not_one_step_beyond() {
    let (days, secrets, readings) = days();
    let witness = witness(&secrets);
    for quantity in QUANTITIES {
        let (numerator, denominator) = exact(quantity, &readings);
        let floor = u32::try_from(numerator / denominator).unwrap();
        let ceiling = u32::try_from(numerator.div_ceil(denominator)).unwrap();
        for (side, holds, fails) in
            [(Side::AtLeast, floor, floor + 1), (Side::AtMost, ceiling, ceiling.wrapping_sub(1))]
        {
            let claim = DaysClaim::new(&days, 1, &[Bound::new(quantity, side, holds)]).unwrap();
            let proof = claim.prove(&testing::context(), &witness, &mut testing::rng(1)).unwrap();
            assert_eq!(claim.verify(&testing::context(), &proof), Ok(()), "{quantity:?} {side:?}");
            let Ok(claim) = DaysClaim::new(&days, 1, &[Bound::new(quantity, side, fails)]) else { continue };
            let beyond = claim.prove(&testing::context(), &witness, &mut testing::rng(1));
            assert_eq!(beyond, Err(ProveError::False), "{quantity:?} {side:?}");
            assert!(claim.verify(&testing::context(), &proof).is_err());
        }
    }
}

fn four() -> [Bound; 3] {
    [
        Bound::new(Quantity::Share(Ranges::IN), Side::AtLeast, 100),
        Bound::new(Quantity::Share(Ranges::BELOW), Side::AtMost, 500),
        Bound::new(Quantity::Mean, Side::AtMost, 30_000),
    ]
}

#[test]
fn a_query_of_four_bounds_is_one_proof_of_736_bytes_and_batches_with_its_days() {
    let (days, secrets, _) = days();
    let claim = DaysClaim::new(&days, 200, &four()).unwrap();
    let proof = claim.prove(&testing::context(), &witness(&secrets), &mut testing::rng(1)).unwrap();
    assert_eq!((claim.bits(), proof.as_bytes().len()), (Bits::ThirtyTwo, 736));
    let each = days.iter().zip(&secrets);
    let proofs: Vec<_> =
        each.map(|(day, secret)| day.prove(&testing::context(), secret, &mut testing::rng(2)).unwrap()).collect();
    let mut batch = BatchVerifier::new();
    batch.add(&claim, &testing::context(), &proof);
    for (day, proof) in days.iter().zip(&proofs) {
        batch.add(day, &testing::context(), proof);
    }
    assert_eq!(batch.finish(&mut testing::rng(3)), Ok(()));
}

#[test]
fn other_days_bounds_thresholds_or_contexts_are_rejected() {
    let (days, secrets, _) = days();
    let claim = DaysClaim::new(&days, 200, &four()).unwrap();
    let proof = claim.prove(&testing::context(), &witness(&secrets), &mut testing::rng(1)).unwrap();
    let mut reordered = days.clone();
    reordered.swap(0, 1);
    let [a, b, c] = four();
    let higher = Bound::new(a.quantity(), a.side(), a.threshold() + 1);
    let turned = Bound::new(b.quantity(), Side::AtLeast, b.threshold());
    let wrong = [
        DaysClaim::new(&days[..2], 200, &[a, b, c]),
        DaysClaim::new(&reordered, 200, &[a, b, c]),
        DaysClaim::new(&days, 199, &[a, b, c]),
        DaysClaim::new(&days, 200, &[higher, b, c]),
        DaysClaim::new(&days, 200, &[a, turned, c]),
        DaysClaim::new(&days, 200, &[b, a, c]),
        DaysClaim::new(&days, 200, &[a, b]),
    ];
    for (number, claim) in wrong.into_iter().enumerate() {
        assert_eq!(claim.unwrap().verify(&testing::context(), &proof), Err(Rejected), "{number}");
    }
    for context in testing::every_other_context(&testing::context()) {
        assert_eq!(claim.verify(&context, &proof), Err(Rejected));
    }
}

#[test]
fn a_day_used_twice_no_day_and_mixed_tables_cannot_be_claimed() {
    let (days, ..) = days();
    assert!(DaysClaim::new(&[days[0], days[1], days[0]], 1, &[]).is_err());
    assert!(DaysClaim::new(&[], 1, &[]).is_err());
    assert!(DaysClaim::new(&days, 0, &[]).is_err());
    let other = Table::new(Unit::TenthMmolPerL, Tokens::Counted);
    let (day, digest, _) = seal(other, Cadence::Minutes15, &[Slot::Value(100); 96], &[9; 32]).unwrap();
    let mmol = DayHistogram::new(day, digest);
    assert!(DaysClaim::new(&[days[0], mmol], 1, &[]).is_err());
    assert!(DaysClaim::new(&[mmol], 1, &[Bound::new(Quantity::Gmi, Side::AtMost, 700)]).is_err());
}

#[test]
fn about_no_reading_nothing_can_be_claimed() {
    let (day, digest, secret) = seal(TABLE, Cadence::Minutes15, &[Slot::Empty; 96], &[9; 32]).unwrap();
    let claim = DaysClaim::new(&[DayHistogram::new(day, digest)], 1, &four()).unwrap();
    let proof = claim.prove(&testing::context(), secret.opening(), &mut testing::rng(1));
    assert_eq!(proof, Err(ProveError::False));
}

#[test]
fn thresholds_out_of_range_and_too_many_bounds_cannot_be_stated() {
    let (days, ..) = days();
    for bound in [
        Bound::new(Quantity::Share(Ranges::IN), Side::AtLeast, 1_001),
        Bound::new(Quantity::Gri, Side::AtMost, 1_000),
        Bound::new(Quantity::Active, Side::AtLeast, 1_001),
        Bound::new(Quantity::Gmi, Side::AtMost, 1_301),
    ] {
        assert_eq!(DaysClaim::new(&days, 1, &[bound]).err(), Some(StatementError::Coefficient), "{bound:?}");
    }
    assert!(DaysClaim::new(&days, 1, &[four()[0]; 16]).is_err());
}

#[test]
fn a_wrong_opening_is_said() {
    let (days, secrets, _) = days();
    let claim = DaysClaim::new(&days, 1, &[]).unwrap();
    let proof = claim.prove(&testing::context(), &witness(&secrets[..2]), &mut testing::rng(1));
    assert_eq!(proof, Err(ProveError::WrongOpening));
}

#[test]
fn ninety_days_of_a_five_minute_sensor_fit_32_bits_in_every_quantity() {
    let slots = 90 * 288;
    for quantity in QUANTITIES {
        for side in [Side::AtLeast, Side::AtMost] {
            let form = Bound::new(quantity, side, 900).form(TABLE, slots).unwrap();
            assert!(form.largest(TABLE, slots) < 1 << 32, "{quantity:?} {side:?}");
        }
    }
}
