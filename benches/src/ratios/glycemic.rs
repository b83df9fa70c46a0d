//! The day digest beside what a range proof of every reading costs with `bulletproofs` 5: two 8-bit sides for each of 288
//! readings, filled up to 1,024 values. (The peer even shows *which* readings are in range; the digest does not.)

use crate::{
    report,
    zk::{Floor, context, line},
};
use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use curve25519_dalek_4::{ristretto::CompressedRistretto, scalar::Scalar};
use dmledger_zk::{
    batch::BatchVerifier,
    context::Context,
    glycemic::{
        Cadence, DayHistogram, DayProof, DaySecret, DigestOpening, Slot, Table, Tokens, Unit, VariationClaim,
        claim::{Bound, DaysClaim, Quantity, Ranges, Side},
        seal,
    },
    statement::{Prove as _, Verify as _},
};
use merlin::Transcript;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::hint::black_box;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// `C_m, C_u, C_s, T_1, T_2` and two points for each of 8 rounds, which come as bytes.
const DAY_POINTS: usize = 5 + 16;
/// `C_v` and seven `S_k`.
const DAY_READY: usize = 8;
/// 768 coordinates on both sides, `B` and `B~`.
const DAY_GENERATORS: usize = 2 * 768 + 2;

struct Naive {
    generators: BulletproofGens,
    proof: RangeProof,
    commitments: Vec<CompressedRistretto>,
}

impl Naive {
    const VALUES: usize = 1_024;

    fn new() -> Outcome<Self> {
        let generators = BulletproofGens::new(8, Self::VALUES);
        let (proof, commitments) = Self::prove(&generators)?;
        Ok(Self { generators, proof, commitments })
    }

    fn prove(generators: &BulletproofGens) -> Outcome<(RangeProof, Vec<CompressedRistretto>)> {
        let values: Vec<u64> = (0..Self::VALUES as u64).map(|place| place % 111).collect();
        let blindings: Vec<_> = (1..=Self::VALUES as u64).map(Scalar::from).collect();
        let (bases, mut transcript) = (PedersenGens::default(), Transcript::new(b"naive"));
        Ok(RangeProof::prove_multiple(generators, &bases, &mut transcript, &values, &blindings, 8)?)
    }

    fn verify(&self) -> bool {
        let (bases, mut transcript) = (PedersenGens::default(), Transcript::new(b"naive"));
        self.proof.verify_multiple(&self.generators, &bases, &mut transcript, &self.commitments, 8).is_ok()
    }
}

/// Sealed days of a 5-minute sensor.
pub struct Days {
    pub context: Context,
    pub statements: Vec<DayHistogram>,
    secrets: Vec<DaySecret>,
}

impl Days {
    pub fn new(count: usize) -> Outcome<Self> {
        let context = context()?;
        let table = Table::new(Unit::MgPerDl, Tokens::Counted);
        let (mut statements, mut secrets) = (Vec::new(), Vec::new());
        for day in 0..count {
            let value = |slot: usize| Slot::Value(60 + ((slot * 7 + day) % 200) as u16);
            let slots: Vec<_> = (0..288).map(value).collect();
            let mut key = [0; 32];
            key[..8].copy_from_slice(&day.to_le_bytes());
            let (sealed, digest, secret) = seal(table, Cadence::Minutes5, &slots, &key)?;
            statements.push(DayHistogram::new(sealed, digest));
            secrets.push(secret);
        }
        Ok(Self { context, statements, secrets })
    }

    pub fn opening(&self) -> Outcome<DigestOpening> {
        let openings: Vec<_> = self.secrets.iter().map(DaySecret::opening).collect();
        DigestOpening::sum(&openings).ok_or_else(|| "sums leave 64 bits".into())
    }

    pub fn prove(&self) -> Outcome<Vec<DayProof>> {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let days = self.statements.iter().zip(&self.secrets);
        Ok(days.map(|(day, secret)| day.prove(&self.context, secret, &mut rng)).collect::<Result<_, _>>()?)
    }
}

/// Prints the group's second half.
///
/// # Errors
/// If a proof of this bench cannot be made.
pub fn run() -> Outcome<()> {
    let naive = Naive::new()?;
    one_day(&naive)?;
    batch_of_days()?;
    claims(&naive)
}

fn one_day(naive: &Naive) -> Outcome<()> {
    let day = Days::new(1)?;
    let proofs = day.prove()?;
    let (ours, peer) = report::beside(3, || day.prove().is_ok(), || Naive::prove(&naive.generators).is_ok());
    line("Z4 day_prove", ours.median(), peer.median(), "ms, naive m=1024, less is better");
    let verify = || day.statements.iter().zip(&proofs).all(|(day_, proof)| day_.verify(&day.context, proof).is_ok());
    let (ours, peer) = report::beside(9, || assert!(verify()), || assert!(naive.verify()));
    line("Z4 day_verify", ours.median(), peer.median(), "ms, naive m=1024, less is better");
    let floor = Floor::new(DAY_POINTS, DAY_READY + DAY_GENERATORS);
    let (ours, peer) = report::beside(21, || assert!(verify()), || assert!(floor.run()));
    line("Z10 day_verify_floor", ours.median(), peer.median(), "ms, bare arithmetic");
    let bytes = proofs.first().map_or(0, |proof| proof.as_bytes().len());
    report::line("Z4 day_bytes", bytes as f64, naive.proof.to_bytes().len() as f64, "B, naive m=1024");
    report::line("Z4 day_commitment_bytes", 32.0, (288 * 32) as f64, "B, one commitment a reading");
    Ok(())
}

fn batch_of_days() -> Outcome<()> {
    let days = Days::new(64)?;
    let proofs = days.prove()?;
    let each = || days.statements.iter().zip(&proofs);
    let batch = || {
        let mut batch = BatchVerifier::new();
        for (day, proof) in each() {
            batch.add(day, &days.context, proof);
        }
        batch.finish(&mut ChaCha20Rng::seed_from_u64(2)).is_ok()
    };
    let single = || each().all(|(day, proof)| day.verify(&days.context, proof).is_ok());
    let (ours, peer) = report::beside(3, || assert!(batch()), || assert!(single()));
    line("Z7 day_batch_64", ours.median(), peer.median(), "ms, one by one, less is better");
    let floor = Floor::new(64 * DAY_POINTS, 64 * DAY_READY + DAY_GENERATORS);
    let (ours, peer) = report::beside(5, || assert!(batch()), || assert!(floor.run()));
    line("Z10 day_batch_64_floor", ours.median(), peer.median(), "ms, bare arithmetic");
    Ok(())
}

/// Four bounds over a fortnight, and the same over one day and ninety; the coefficient of variation.
fn claims(naive: &Naive) -> Outcome<()> {
    let bounds = [
        Bound::new(Quantity::Share(Ranges::IN), Side::AtLeast, 100),
        Bound::new(Quantity::Share(Ranges::BELOW), Side::AtMost, 500),
        Bound::new(Quantity::Mean, Side::AtMost, 30_000),
    ];
    let mut medians = Vec::new();
    for count in [14, 1, 90] {
        let days = Days::new(count)?;
        let claim = DaysClaim::new(&days.statements, 100, &bounds)?;
        let proof = claim.prove(&days.context, &days.opening()?, &mut ChaCha20Rng::seed_from_u64(3))?;
        let verify = || {
            let stated = DaysClaim::new(&days.statements, 100, &bounds);
            assert!(stated.is_ok_and(|claim| claim.verify(&days.context, &proof).is_ok()));
        };
        let (ours, peer) = report::beside(9, verify, || assert!(naive.verify()));
        line(
            &format!("Z6 claim_{count}_days_verify"),
            ours.median(),
            peer.median(),
            "ms, naive m=1024, less is better",
        );
        medians.push(ours.median());
        if count == 14 {
            // Four points and two for each of 7 rounds; four commitments; 128 coordinates on both sides, two bases.
            let floor = Floor::new(4 + 14, 4 + 256 + 2);
            let claim = DaysClaim::new(&days.statements, 100, &bounds)?;
            let verify = || assert!(claim.verify(&days.context, &proof).is_ok());
            let (ours, peer) = report::beside(21, verify, || assert!(floor.run()));
            line("Z10 claim_14_days_floor", ours.median(), peer.median(), "ms, bare arithmetic");
            report::line("Z6 claim_14_days_bytes", proof.as_bytes().len() as f64, 1_120.0, "B, naive proof of one day");
            let claim = VariationClaim::new(&days.statements, 100, Side::AtMost, 900)?;
            let proof = claim.prove(&days.context, &days.opening()?, &mut ChaCha20Rng::seed_from_u64(4))?;
            let verify = || assert!(claim.verify(&days.context, &proof).is_ok());
            let (ours, peer) = report::beside(9, verify, || assert!(naive.verify()));
            line("Z6 variation_14_days_verify", ours.median(), peer.median(), "ms, naive m=1024, less is better");
        }
    }
    if let [_, one, ninety] = medians[..] {
        line("Z6 claim_90_days_beside_1", ninety, black_box(one), "ms, one day");
    }
    Ok(())
}
