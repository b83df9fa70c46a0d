//! Z5: the day as a circuit of `bulletproofs` 4 (feature `yoloproofs`; that of version 5 does not compile): LogUp with one
//! gate a reading, and the histogram's linear forms.
//!
//! The peer's curve crate has vector instructions on nightly compilers only; `Z5 curve_of_the_peer` shows how much slower it
//! is for one and the same range proof, to be divided out.

use crate::{glycemic::Days, report, zk::line};
use bulletproofs_4::{
    BulletproofGens, PedersenGens, RangeProof,
    r1cs::{
        ConstraintSystem as _, LinearCombination, Prover, R1CSError, R1CSProof, RandomizableConstraintSystem,
        RandomizedConstraintSystem as _, Variable, Verifier,
    },
};
use curve25519_dalek_ng::{ristretto::CompressedRistretto, scalar::Scalar};
use dmledger_zk::statement::Verify as _;
use merlin::Transcript;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const READINGS: usize = 288;
/// First value of the table and number of its entries.
const TABLE: (u64, usize) = (39, 363);
/// Boundaries of the five ranges: a range ends below each.
const RANGES: [u64; 4] = [54, 70, 181, 251];
const METRICS: usize = 7;

/// The weights of the seven metrics at a value.
fn weights(value: u64) -> [u64; METRICS] {
    let range = RANGES.iter().filter(|end| value >= **end).count();
    let mut all = [0; METRICS];
    if let Some(count) = all.get_mut(range) {
        *count = 1;
    }
    all[5] = value;
    all[6] = value * value;
    all
}

fn readings() -> Vec<u64> {
    (0..READINGS as u64).map(|slot| 60 + slot * 7 % 200).collect()
}

/// What both sides constrain; the prover knows the readings.
fn constrain<C: RandomizableConstraintSystem>(
    system: &mut C,
    readings: Vec<Variable>,
    metrics: &[Variable],
    known: Option<Vec<u64>>,
) -> Result<(), R1CSError> {
    let mut histogram = Vec::with_capacity(TABLE.1);
    for entry in (TABLE.0..).take(TABLE.1) {
        let count = known.as_ref().map(|all| all.iter().filter(|value| **value == entry).count() as u64);
        histogram.push(system.allocate(count.map(Scalar::from))?);
    }
    for (place, metric) in metrics.iter().enumerate() {
        let weight = |entry| Scalar::from(weights(entry).get(place).copied().unwrap_or_default());
        let sum: LinearCombination =
            (TABLE.0..).zip(&histogram).map(|(entry, count)| (*count, weight(entry))).collect();
        system.constrain(sum - *metric);
    }
    system.specify_randomized_constraints(move |system| {
        let x = system.challenge_scalar(b"X");
        let mut sum = LinearCombination::default();
        for (place, reading) in readings.iter().enumerate() {
            let distance = known.as_ref().and_then(|all| all.get(place)).map(|value| x - Scalar::from(*value));
            let (left, right, out) = system.allocate_multiplier(distance.map(|left| (left, left.invert())))?;
            system.constrain(left - (x - *reading));
            system.constrain(out - Scalar::one());
            sum = sum + right;
        }
        for (entry, count) in (TABLE.0..).zip(&histogram) {
            sum = sum - *count * (x - Scalar::from(entry)).invert();
        }
        system.constrain(sum);
        Ok(())
    })
}

struct Circuit {
    bases: PedersenGens,
    generators: BulletproofGens,
    proof: R1CSProof,
    commitments: Vec<CompressedRistretto>,
}

impl Circuit {
    fn new() -> Outcome<Self> {
        let (bases, generators) = (PedersenGens::default(), BulletproofGens::new(512, 1));
        let (proof, commitments) = Self::prove(&bases, &generators).map_err(|error| error.to_string())?;
        Ok(Self { bases, generators, proof, commitments })
    }

    fn prove(
        bases: &PedersenGens,
        generators: &BulletproofGens,
    ) -> Result<(R1CSProof, Vec<CompressedRistretto>), R1CSError> {
        let readings = readings();
        let mut transcript = Transcript::new(b"peer");
        let mut prover = Prover::new(bases, &mut transcript);
        let mut metrics = [0; METRICS];
        for value in &readings {
            metrics.iter_mut().zip(weights(*value)).for_each(|(sum, weight)| *sum += weight);
        }
        let mut commit =
            |(place, value): (usize, &u64)| prover.commit(Scalar::from(*value), Scalar::from(place as u64 + 9));
        let (points, variables): (Vec<_>, Vec<_>) =
            readings.iter().chain(&metrics).enumerate().map(&mut commit).unzip();
        let (own, sums) = variables.split_at(READINGS);
        constrain(&mut prover, own.to_vec(), sums, Some(readings.clone()))?;
        Ok((prover.prove(generators)?, points))
    }

    fn verify(&self) -> bool {
        let mut transcript = Transcript::new(b"peer");
        let mut verifier = Verifier::new(&mut transcript);
        let variables: Vec<_> = self.commitments.iter().map(|point| verifier.commit(*point)).collect();
        let (own, sums) = variables.split_at(READINGS);
        constrain(&mut verifier, own.to_vec(), sums, None).is_ok()
            && verifier.verify(&self.proof, &self.bases, &self.generators).is_ok()
    }
}

/// Prints the lines.
///
/// # Errors
/// If a proof cannot be made.
pub fn run() -> Outcome<()> {
    let circuit = Circuit::new()?;
    let day = Days::new(1)?;
    let proofs = day.prove()?;
    let prove = || Circuit::prove(&circuit.bases, &circuit.generators).is_ok();
    let (ours, peer) = report::beside(3, || day.prove().is_ok(), || assert!(prove()));
    line("Z5 day_prove_r1cs", ours.median(), peer.median(), "ms, LogUp in bulletproofs 4 R1CS, less is better");
    let verify = || day.statements.iter().zip(&proofs).all(|(one, proof)| one.verify(&day.context, proof).is_ok());
    let (ours, peer) = report::beside(21, || assert!(verify()), || assert!(circuit.verify()));
    line("Z5 day_verify_r1cs", ours.median(), peer.median(), "ms, LogUp in bulletproofs 4 R1CS, less is better");
    let bytes = proofs.first().map_or(0, |proof| proof.as_bytes().len());
    report::line("Z5 day_bytes_r1cs", bytes as f64, circuit.proof.to_bytes().len() as f64, "B, proof alone");
    report::line("Z5 day_commitment_bytes_r1cs", 32.0, (READINGS * 32) as f64, "B, one commitment a reading");
    curve()
}

/// One range proof of 1,024 bits with either generation of the peer.
fn curve() -> Outcome<()> {
    let values: Vec<u64> = (0..16).collect();
    let (bases, generators) = (PedersenGens::default(), BulletproofGens::new(64, 16));
    let blindings: Vec<_> = (1..=16_u64).map(Scalar::from).collect();
    let mut transcript = Transcript::new(b"peer");
    let (proof, commitments) =
        RangeProof::prove_multiple(&generators, &bases, &mut transcript, &values, &blindings, 64)
            .map_err(|error| error.to_string())?;
    let four = || {
        let mut transcript = Transcript::new(b"peer");
        proof.verify_multiple(&generators, &bases, &mut transcript, &commitments, 64).is_ok()
    };
    let newer = bulletproofs::BulletproofGens::new(64, 16);
    let newer_bases = bulletproofs::PedersenGens::default();
    let newer_proof = bulletproofs::RangeProof::from_bytes(&proof.to_bytes())?;
    let newer_commitments: Vec<_> =
        commitments.iter().map(|point| curve25519_dalek_4::ristretto::CompressedRistretto(*point.as_bytes())).collect();
    let five = || {
        let mut transcript = Transcript::new(b"peer");
        newer_proof.verify_multiple(&newer, &newer_bases, &mut transcript, &newer_commitments, 64).is_ok()
    };
    let (ours, peer) = report::beside(9, || assert!(five()), || assert!(four()));
    line("Z5 curve_of_the_peer", ours.median(), peer.median(), "ms, bulletproofs 4 beside 5 on one proof");
    Ok(())
}
