//! Proofs: `Z1` to `Z11`, each beside a named peer in the same process, on one thread.
//!
//! | line | ours | peer | goal (ratio) |
//! |---|---|---|---|
//! | Z1 | 256 proofs of 64 bits, one batch | `bulletproofs` 5, one by one | 0.154 |
//! | Z2 | the same, compiled for AVX-512 IFMA | the same | 0.125 |
//! | Z3 | the same as Z1 | `tari_bulletproofs_plus`, one batch | 0.80 |
//! | Z4 | a day of 288 readings | one aggregated 8-bit proof, m = 1,024 | 0.083 prove, 0.111 verify |
//! | Z5 | the same | LogUp as a circuit of `bulletproofs` 4 | 0.59 verify |
//! | Z6 | four metrics of 14 days | the peer of Z4 | 0.04, with variation 0.056 |
//! | Z7 | 64 days, one batch | one by one | 0.167 |
//! | Z8 | one proof of 64 bits | `bulletproofs` 5 | 1.05 |
//! | Z9 | one bad among 256 found | 256 good ones | 3 |
//! | Z10 | each of the above | its bare arithmetic | 1.3 |
//! | Z11 | a day, a claim | `ark-groth16` on an equivalent circuit | reported |
//!
//! `bulletproofs` 5 takes AVX2 at run time where the processor has it, as we do. For Z2 compile with
//! `RUSTFLAGS="-C target-cpu=native"` on a processor with `avx512ifma` and `avx512vl`; without, the line says so.

use crate::report;
use dmledger_zk::{
    batch::BatchVerifier,
    commit::{Blinding, Opening, commit_values},
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    group::{self, Scalar},
    range::{Bits, FitsBits, InInterval, Interval, RangeProof},
    statement::{Prove as _, Verify as _},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rand_core::Rng as _;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ROUNDS: usize = 9;

/// The context of every proof of this group.
pub fn context() -> Outcome<Context> {
    Ok(Context::new(
        Chain::new([1; 32]),
        Pseudonym::new([2; 32]),
        Epoch::new(3),
        Purpose::new("bench")?,
        Audience::new([4; 32]),
    ))
}

/// A figure in milliseconds.
pub fn line(name: &str, ours: f64, peer: f64, unit: &str) {
    report::line(name, ours * 1e3, peer * 1e3, unit);
}

/// The bare arithmetic of a verification: this many points to decode, and one multiplication of them and of others.
pub struct Floor {
    encoded: Vec<[u8; 32]>,
    points: Vec<group::Point>,
    scalars: Vec<Scalar>,
}

impl Floor {
    /// `decoded` of the points come as bytes; `ready` are generators and commitments, decoded before.
    pub fn new(decoded: usize, ready: usize) -> Self {
        let encoded =
            group::generators(group::Chain::PaddingG, decoded).iter().take(decoded).map(group::encode_point).collect();
        let points = group::generators(group::Chain::PaddingH, ready).iter().take(ready).copied().collect();
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        let scalars = (0..decoded + ready).map(|_| *Blinding::random(&mut rng).scalar()).collect();
        Self { encoded, points, scalars }
    }

    /// Decodes and multiplies.
    pub fn run(&self) -> bool {
        let decoded = self.encoded.iter().map(group::decode_point).collect::<Result<Vec<_>, _>>();
        decoded.is_ok_and(|mut points| {
            points.extend_from_slice(&self.points);
            group::sum_of_public(&self.scalars, &points) != group::Point::default()
        })
    }
}

pub struct Set {
    context: Context,
    proofs: Vec<(FitsBits, RangeProof)>,
}

impl Set {
    /// `count` proofs of one value each.
    pub fn new(bits: Bits, count: usize) -> Outcome<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(count as u64);
        let context = context()?;
        let mut proofs = Vec::with_capacity(count);
        for _ in 0..count {
            let opening = Opening::new(rng.next_u64() & bits.max(), Blinding::random(&mut rng));
            let statement = FitsBits::new(&[opening.commitment()], bits)?;
            let proof = statement.prove(&context, &[opening], &mut rng)?;
            proofs.push((statement, proof));
        }
        Ok(Self { context, proofs })
    }

    pub fn batch(&self) -> Result<(), usize> {
        let mut batch = BatchVerifier::new();
        for (statement, proof) in &self.proofs {
            batch.add(statement, &self.context, proof);
        }
        batch.finish(&mut ChaCha20Rng::seed_from_u64(5)).map_err(|bad| bad.len())
    }

    fn one_by_one(&self) -> bool {
        self.proofs.iter().all(|(statement, proof)| statement.verify_with_bulletproofs(&self.context, proof).is_ok())
    }

    /// Each proof's points but its commitment; commitments, generators and bases.
    fn floor(&self) -> Floor {
        let elements = self.proofs.iter().map(|(_, proof)| proof.as_bytes().len() / 32 - 5).sum();
        let width = self.proofs.first().map_or(0, |(statement, _)| 2 * statement.bits().number() as usize + 2);
        Floor::new(elements, self.proofs.len() + width)
    }
}

/// Prints the group.
///
/// # Errors
/// If a proof of this bench cannot be made.
pub fn run() -> Outcome<()> {
    batches()?;
    single()?;
    one_bad()?;
    commitments()?;
    crate::glycemic::run()?;
    crate::zk_r1cs::run()?;
    crate::zk_groth16::run()
}

fn batches() -> Outcome<()> {
    let named = [
        (Bits::SixtyFour, 256, "Z1 batch_256x64"),
        (Bits::SixtyFour, 16, "range_batch_16x64"),
        (Bits::Sixteen, 256, "range_batch_256x16"),
        (Bits::Eight, 256, "range_batch_256x8"),
    ];
    for (bits, count, name) in named {
        let set = Set::new(bits, count)?;
        let (ours, peer) = report::beside(ROUNDS, || assert!(set.batch().is_ok()), || assert!(set.one_by_one()));
        line(name, ours.median(), peer.median(), "ms, bulletproofs 5 one by one, less is better");
        if count == 256 && bits == Bits::SixtyFour {
            second(&set);
            crate::zk_tari::run(&set)?;
            let floor = set.floor();
            let (ours, peer) = report::beside(ROUNDS, || assert!(set.batch().is_ok()), || assert!(floor.run()));
            line("Z10 batch_256x64_floor", ours.median(), peer.median(), "ms, bare arithmetic");
        }
    }
    Ok(())
}

/// Z1 again when compiled for IFMA; otherwise a line that says what is missing.
#[expect(clippy::print_stdout, reason = "the line is what the program is for")]
fn second(set: &Set) {
    if cfg!(all(target_feature = "avx512ifma", target_feature = "avx512vl")) {
        let (ours, peer) = report::beside(ROUNDS, || assert!(set.batch().is_ok()), || assert!(set.one_by_one()));
        line("Z2 batch_256x64_ifma", ours.median(), peer.median(), "ms, bulletproofs 5 one by one, less is better");
    } else {
        println!("Z2 batch_256x64_ifma not measured: compiled without avx512ifma and avx512vl");
    }
}

fn single() -> Outcome<()> {
    for (bits, name) in [(Bits::SixtyFour, "Z8 single_64"), (Bits::Eight, "range_single_8")] {
        let set = Set::new(bits, 1)?;
        let one = || set.proofs.iter().all(|(statement, proof)| statement.verify(&set.context, proof).is_ok());
        let (ours, peer) = report::beside(101, || assert!(one()), || assert!(set.one_by_one()));
        line(name, ours.median(), peer.median(), "ms, bulletproofs 5, less is better");
        if bits == Bits::SixtyFour {
            let floor = set.floor();
            let (ours, peer) = report::beside(51, || assert!(one()), || assert!(floor.run()));
            line("Z10 single_64_floor", ours.median(), peer.median(), "ms, bare arithmetic without tables");
        }
    }
    Ok(())
}

/// Finding one bad proof among 256, beside the same batch all good.
fn one_bad() -> Outcome<()> {
    let good = Set::new(Bits::SixtyFour, 256)?;
    let mut bad = Set { context: good.context.clone(), proofs: good.proofs.clone() };
    if let Some((_, proof)) = bad.proofs.get_mut(200) {
        let mut bytes = proof.as_bytes().to_vec();
        if let Some(byte) = bytes.get_mut(128) {
            *byte ^= 1;
        }
        *proof = RangeProof::from_bytes(&bytes)?;
    }
    let (ours, peer) = report::beside(ROUNDS, || assert_eq!(bad.batch(), Err(1)), || assert!(good.batch().is_ok()));
    line("Z9 one_bad_of_256", ours.median(), peer.median(), "ms, all good, less is better");
    Ok(())
}

/// A fortnight of readings committed to, beside as many plain two-base multiplications; and one reading shown in range.
fn commitments() -> Outcome<()> {
    let values: Vec<u64> = (0..4_032).map(|place| 400 + place % 3_600).collect();
    let (ours, peer) = report::beside(
        3,
        || commit_values(&values, &[7; 32]).0.len(),
        || {
            let bases = [group::value_base(), group::blinding_base()];
            let commit = |value: &u64| {
                let blinding = Blinding::derive(&[7; 32], *value);
                group::encode_point(&group::sum_of_secret(&[Scalar::from(*value), *blinding.scalar()], &bases))
            };
            values.iter().map(commit).collect::<Vec<_>>().len()
        },
    );
    line("commit_4032", ours.median(), peer.median(), "ms, without tables, less is better");

    let context = context()?;
    let (commitments, openings) = commit_values(&[1_043], &[7; 32]);
    let statement = InInterval::new(&commitments, Interval::new(700, 1_800)?)?;
    let proof = statement.prove(&context, &openings, &mut ChaCha20Rng::seed_from_u64(1))?;
    let (ours, peer) = report::beside(
        21,
        || assert!(statement.verify(&context, &proof).is_ok()),
        || assert!(statement.verify_with_bulletproofs(&context, &proof).is_ok()),
    );
    line("reading_in_range_verify", ours.median(), peer.median(), "ms, bulletproofs 5, less is better");
    Ok(())
}
