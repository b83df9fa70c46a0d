//! Z11: the day and the claim as circuits of `ark-groth16` over BLS12-381, commitments opened inside.
//!
//! What each trusts: we trust discrete logarithms on Ristretto and a hash; the peer a pairing, knowledge of exponent, a
//! hash friendly to circuits (MiMC with exponent 5, 110 rounds), and for *each circuit* a setup whose secret, if kept by
//! anyone, forges every proof. The peer's proofs are the shorter ones, and faster to verify than a day; ours need no setup.

use crate::{glycemic::Days, report, zk::line};
use ark_bls12_381::{Bls12_381, Fr};
use ark_ff::{Field as _, PrimeField as _};
use ark_groth16::{Groth16, PreparedVerifyingKey, Proof, ProvingKey};
use ark_relations::r1cs::{ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable};
use ark_serialize::CanonicalSerialize as _;
use ark_snark::SNARK;
use ark_std::rand::{SeedableRng as _, rngs::StdRng};
use dmledger_zk::{
    glycemic::claim::{Bound, DaysClaim, Quantity, Ranges, Side},
    statement::{Prove as _, Verify as _},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
type Form = LinearCombination<Fr>;

const READINGS: usize = 288;
const ROUNDS: u64 = 110;
/// Readings packed into one element.
const PACKED: usize = 24;
/// Lower bounds of the table and of the ranges after the first, and the bound above the table.
const BOUNDS: [u64; 6] = [39, 54, 70, 181, 251, 402];

/// A value with its form over the circuit's variables.
#[derive(Clone)]
struct Wire {
    value: Fr,
    form: Form,
}

impl Wire {
    fn constant(value: Fr) -> Self {
        Self { value, form: Form::from((value, Variable::One)) }
    }

    fn witness(system: &ConstraintSystemRef<Fr>, value: Fr) -> Result<Self, SynthesisError> {
        Ok(Self { value, form: Form::from(system.new_witness_variable(|| Ok(value))?) })
    }

    fn plus(&self, other: &Self) -> Self {
        Self { value: self.value + other.value, form: self.form.clone() + other.form.clone() }
    }

    fn scaled(&self, factor: Fr) -> Self {
        Self { value: self.value * factor, form: self.form.clone() * factor }
    }

    fn times(&self, system: &ConstraintSystemRef<Fr>, other: &Self) -> Result<Self, SynthesisError> {
        let product = Self::witness(system, self.value * other.value)?;
        system.enforce_constraint(self.form.clone(), other.form.clone(), product.form.clone())?;
        Ok(product)
    }

    /// Shows that the wire is below `2^count`.
    fn below(&self, system: &ConstraintSystemRef<Fr>, count: u32) -> Result<Vec<Self>, SynthesisError> {
        let number = self.value.into_bigint().0[0];
        let mut sum = Self::constant(Fr::from(0_u64));
        let mut bits = Vec::new();
        for place in 0..count {
            let bit = Self::witness(system, Fr::from(number >> place & 1))?;
            system.enforce_constraint(bit.form.clone(), bit.form.clone(), bit.form.clone())?;
            sum = sum.plus(&bit.scaled(Fr::from(1_u64 << place)));
            bits.push(bit);
        }
        system.enforce_constraint(sum.form, Form::from(Variable::One), self.form.clone())?;
        Ok(bits)
    }
}

/// MiMC in a sponge of rate one: `state = E(state + message)`.
fn hash(system: &ConstraintSystemRef<Fr>, messages: &[Wire]) -> Result<Wire, SynthesisError> {
    let mut state = Wire::constant(Fr::from(0_u64));
    for message in messages {
        state = state.plus(message);
        for round in 0..ROUNDS {
            let shifted = state.plus(&Wire::constant(Fr::from(round * round + 7).pow([5])));
            let square = shifted.times(system, &shifted)?;
            let fourth = square.times(system, &square)?;
            state = fourth.times(system, &shifted)?;
        }
    }
    Ok(state)
}

fn publish(system: &ConstraintSystemRef<Fr>, wire: &Wire) -> Result<Fr, SynthesisError> {
    let public = system.new_input_variable(|| Ok(wire.value))?;
    system.enforce_constraint(wire.form.clone(), Form::from(Variable::One), Form::from(public))?;
    Ok(wire.value)
}

/// Five counts of 12 bits each, sum and sum of squares of 32, in one element.
fn pack(metrics: &[Wire; 7]) -> Wire {
    let shifts = [0, 12, 24, 36, 48, 60, 92];
    let zero = Wire::constant(Fr::from(0_u64));
    metrics.iter().zip(shifts).fold(zero, |sum, (metric, shift)| sum.plus(&metric.scaled(Fr::from(1_u128 << shift))))
}

/// Commitments to readings and to metrics, and that the metrics are those of the readings.
#[derive(Clone)]
struct DayCircuit;

impl ConstraintSynthesizer<Fr> for DayCircuit {
    fn generate_constraints(self, system: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let mut values = Vec::with_capacity(READINGS);
        let mut metrics = core::array::from_fn(|_| Wire::constant(Fr::from(0_u64)));
        for slot in 0..READINGS as u64 {
            let value = Wire::witness(&system, Fr::from(60 + slot * 7 % 200))?;
            // Whether the value reaches each bound: the top bit of value + 1024 - bound.
            let mut reached = Vec::new();
            for bound in BOUNDS {
                let shifted = value.plus(&Wire::constant(Fr::from(1_024 - bound)));
                reached.extend(shifted.below(&system, 11)?.pop());
            }
            let [inside, rest @ .., above] = reached.as_slice() else { return Err(SynthesisError::Unsatisfiable) };
            let one = Form::from(Variable::One);
            system.enforce_constraint(inside.form.clone(), one.clone(), one.clone())?;
            system.enforce_constraint(above.form.clone(), one.clone(), Form::zero())?;
            let square = value.times(&system, &value)?;
            let ends = core::iter::once(inside).chain(rest).zip(rest.iter().map(Some).chain([None]));
            let counts = ends.map(|(from, to)| match to {
                Some(to) => from.plus(&to.scaled(-Fr::from(1_u64))),
                None => from.clone(),
            });
            for (sum, own) in metrics.iter_mut().zip(counts.chain([value.clone(), square])) {
                *sum = sum.plus(&own);
            }
            values.push(value);
        }
        let mut messages = vec![Wire::witness(&system, Fr::from(11_u64))?];
        for run in values.chunks(PACKED) {
            let shift = |place: usize| Fr::from(1_024_u64).pow([place as u64]);
            let zero = Wire::constant(Fr::from(0_u64));
            messages
                .push(run.iter().enumerate().fold(zero, |sum, (place, value)| sum.plus(&value.scaled(shift(place)))));
        }
        publish(&system, &hash(&system, &messages)?)?;
        let blinding = Wire::witness(&system, Fr::from(12_u64))?;
        publish(&system, &hash(&system, &[blinding, pack(&metrics)])?)?;
        Ok(())
    }
}

/// Fourteen commitments to metrics opened, and four bounds of their sums.
#[derive(Clone)]
struct ClaimCircuit;

impl ClaimCircuit {
    const DAYS: u64 = 14;
}

impl ConstraintSynthesizer<Fr> for ClaimCircuit {
    fn generate_constraints(self, system: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let mut sums: [Wire; 7] = core::array::from_fn(|_| Wire::constant(Fr::from(0_u64)));
        for day in 0..Self::DAYS {
            let mut metrics = Vec::new();
            for value in [2, 6, 220, 50, 10, 42_000 + day, 6_500_000] {
                metrics.push(Wire::witness(&system, Fr::from(value))?);
            }
            for (place, metric) in metrics.iter().enumerate() {
                metric.below(&system, if place < 5 { 12 } else { 32 })?;
            }
            let metrics: [Wire; 7] = metrics.try_into().map_err(|_| SynthesisError::Unsatisfiable)?;
            for (sum, metric) in sums.iter_mut().zip(&metrics) {
                *sum = sum.plus(metric);
            }
            let blinding = Wire::witness(&system, Fr::from(day + 20))?;
            publish(&system, &hash(&system, &[blinding, pack(&metrics)])?)?;
        }
        let [very_low, low, target, high, very_high, sum, _] = &sums;
        let readings = [very_low, low, target, high, very_high]
            .into_iter()
            .skip(1)
            .fold(very_low.clone(), |all, one| all.plus(one));
        let minus = |wire: &Wire, factor: u64| wire.scaled(-Fr::from(factor));
        let enough = readings.plus(&Wire::constant(-Fr::from(100_u64)));
        let in_range = target.scaled(Fr::from(1_000_u64)).plus(&minus(&readings, 700));
        let below = readings.scaled(Fr::from(100_u64)).plus(&minus(&very_low.plus(low), 1_000));
        let mean = readings.scaled(Fr::from(30_000_u64)).plus(&minus(sum, 100));
        for left in [enough, in_range, below, mean] {
            left.below(&system, 32)?;
        }
        Ok(())
    }
}

struct Prepared {
    key: ProvingKey<Bls12_381>,
    verifying: PreparedVerifyingKey<Bls12_381>,
    inputs: Vec<Fr>,
    proof: Proof<Bls12_381>,
}

impl Prepared {
    fn new<C: ConstraintSynthesizer<Fr> + Clone>(circuit: &C, name: &str) -> Outcome<Self> {
        let mut rng = StdRng::seed_from_u64(1);
        let system = ark_relations::r1cs::ConstraintSystem::<Fr>::new_ref();
        circuit.clone().generate_constraints(system.clone())?;
        assert!(system.is_satisfied()?, "the peer's circuit holds");
        let inputs = system
            .borrow()
            .map(|inner| inner.instance_assignment.iter().skip(1).copied().collect())
            .unwrap_or_default();
        let mut made = None;
        let setup =
            report::time(|| made = Groth16::<Bls12_381>::circuit_specific_setup(circuit.clone(), &mut rng).ok());
        let (key, verifying) = made.ok_or("setup")?;
        report::line(&format!("Z11 {name}_setup"), 0.0, setup.as_secs_f64() * 1e3, "ms, ark-groth16; ours has none");
        report::line(
            &format!("Z11 {name}_constraints"),
            0.0,
            system.num_constraints() as f64,
            "constraints of the peer",
        );
        let verifying = Groth16::<Bls12_381>::process_vk(&verifying)?;
        let proof = Groth16::<Bls12_381>::prove(&key, circuit.clone(), &mut rng)?;
        Ok(Self { key, verifying, inputs, proof })
    }

    fn prove<C: ConstraintSynthesizer<Fr> + Clone>(&self, circuit: &C) -> bool {
        Groth16::<Bls12_381>::prove(&self.key, circuit.clone(), &mut StdRng::seed_from_u64(2)).is_ok()
    }

    fn verify(&self) -> bool {
        Groth16::<Bls12_381>::verify_with_processed_vk(&self.verifying, &self.inputs, &self.proof)
            .is_ok_and(|good| good)
    }

    fn bytes(&self) -> f64 {
        self.proof.compressed_size() as f64
    }
}

/// Prints the lines.
///
/// # Errors
/// If a proof cannot be made.
pub fn run() -> Outcome<()> {
    day()?;
    claim()
}

fn day() -> Outcome<()> {
    let peer = Prepared::new(&DayCircuit, "day")?;
    let day = Days::new(1)?;
    let proofs = day.prove()?;
    let verify = || day.statements.iter().zip(&proofs).all(|(one, proof)| one.verify(&day.context, proof).is_ok());
    let (ours, theirs) = report::beside(3, || day.prove().is_ok(), || assert!(peer.prove(&DayCircuit)));
    line("Z11 day_prove", ours.median(), theirs.median(), "ms, ark-groth16, less is better");
    let (ours, theirs) = report::beside(21, || assert!(verify()), || assert!(peer.verify()));
    line("Z11 day_verify", ours.median(), theirs.median(), "ms, ark-groth16, less is better");
    let bytes = proofs.first().map_or(0, |proof| proof.as_bytes().len());
    report::line("Z11 day_bytes", bytes as f64, peer.bytes(), "B, ark-groth16");
    Ok(())
}

fn claim() -> Outcome<()> {
    let peer = Prepared::new(&ClaimCircuit, "claim")?;
    let days = Days::new(14)?;
    let bounds = [
        Bound::new(Quantity::Share(Ranges::IN), Side::AtLeast, 100),
        Bound::new(Quantity::Share(Ranges::BELOW), Side::AtMost, 500),
        Bound::new(Quantity::Mean, Side::AtMost, 30_000),
    ];
    let (claim, opening) = (DaysClaim::new(&days.statements, 100, &bounds)?, days.opening()?);
    let prove = || claim.prove(&days.context, &opening, &mut ChaCha20Rng::seed_from_u64(3));
    let proof = prove()?;
    let (ours, theirs) = report::beside(3, || prove().is_ok(), || assert!(peer.prove(&ClaimCircuit)));
    line("Z11 claim_prove", ours.median(), theirs.median(), "ms, ark-groth16, less is better");
    let verify = || assert!(claim.verify(&days.context, &proof).is_ok());
    let (ours, theirs) = report::beside(21, verify, || assert!(peer.verify()));
    line("Z11 claim_verify", ours.median(), theirs.median(), "ms, ark-groth16, less is better");
    report::line("Z11 claim_bytes", proof.as_bytes().len() as f64, peer.bytes(), "B, ark-groth16");
    Ok(())
}
