//! Range proofs: batches beside `bulletproofs` 5 one by one, and beside the floor of the bare arithmetic.

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

const ROUNDS: usize = 5;

struct Set {
    context: Context,
    proofs: Vec<(FitsBits, RangeProof)>,
}

impl Set {
    /// `count` proofs of one value each.
    fn new(bits: Bits, count: usize) -> Outcome<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(count as u64);
        let context = Context::new(
            Chain::new([1; 32]),
            Pseudonym::new([2; 32]),
            Epoch::new(3),
            Purpose::new("bench")?,
            Audience::new([4; 32]),
        );
        let mut proofs = Vec::with_capacity(count);
        for _ in 0..count {
            let opening = Opening::new(rng.next_u64() & bits.max(), Blinding::random(&mut rng));
            let statement = FitsBits::new(&[opening.commitment()], bits)?;
            let proof = statement.prove(&context, &[opening], &mut rng)?;
            proofs.push((statement, proof));
        }
        Ok(Self { context, proofs })
    }

    fn batch(&self) -> Result<(), usize> {
        let mut batch = BatchVerifier::new();
        for (statement, proof) in &self.proofs {
            batch.add(statement, &self.context, proof);
        }
        batch.finish(&mut ChaCha20Rng::seed_from_u64(5)).map_err(|bad| bad.len())
    }

    fn one_by_one(&self) -> bool {
        self.proofs.iter().all(|(statement, proof)| statement.verify_with_bulletproofs(&self.context, proof).is_ok())
    }

    /// The bare multiscalar multiplication and decompression of the same points.
    fn floor(&self) -> Result<group::Point, Box<dyn std::error::Error>> {
        let mut points = Vec::new();
        for (statement, proof) in &self.proofs {
            let (elements, _) = proof.as_bytes().as_chunks::<32>();
            let last = elements.len() - 2;
            for (place, element) in elements.iter().enumerate() {
                if !(4..7).contains(&place) && place < last {
                    points.push(group::decode_point(element)?);
                }
            }
            points.extend(statement.commitments().iter().map(|commitment| *commitment.point()));
        }
        let chain = group::Chain::RangeG(0);
        let width = 2 * self.proofs.first().map_or(0, |(statement, _)| statement.bits().number() as usize) + 2;
        points.extend(group::generators(chain, width).iter().take(width));
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        let scalars: Vec<_> = points.iter().map(|_| *Blinding::random(&mut rng).scalar()).collect();
        Ok(group::sum_of_public(&scalars, &points))
    }
}

/// Prints the group.
///
/// # Errors
/// If a proof of this bench cannot be made.
pub fn run() -> Outcome<()> {
    for (bits, count) in [(Bits::SixtyFour, 256), (Bits::SixtyFour, 16), (Bits::Sixteen, 256), (Bits::Eight, 256)] {
        let set = Set::new(bits, count)?;
        let (ours, peer) = report::beside(ROUNDS, || assert!(set.batch().is_ok()), || assert!(set.one_by_one()));
        let name = format!("range_batch_{count}x{}", bits.number());
        report::line(&name, ours.median() * 1e3, peer.median() * 1e3, "ms, bulletproofs one by one, less is better");
        let (ours, peer) = report::beside(ROUNDS, || assert!(set.batch().is_ok()), || set.floor().is_ok());
        report::line(&format!("{name}_floor"), ours.median() * 1e3, peer.median() * 1e3, "ms, bare arithmetic");
    }
    single()?;
    one_bad()?;
    commitments()?;
    crate::glycemic::run()
}

fn single() -> Outcome<()> {
    for bits in [Bits::SixtyFour, Bits::Eight] {
        let set = Set::new(bits, 1)?;
        let one = || set.proofs.iter().all(|(statement, proof)| statement.verify(&set.context, proof).is_ok());
        let (ours, peer) = report::beside(51, || assert!(one()), || assert!(set.one_by_one()));
        let name = format!("range_single_{}", bits.number());
        report::line(&name, ours.median() * 1e3, peer.median() * 1e3, "ms, bulletproofs, less is better");
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
    report::line("range_one_bad_of_256", ours.median() * 1e3, peer.median() * 1e3, "ms, all good, less is better");
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
    report::line("commit_4032", ours.median() * 1e3, peer.median() * 1e3, "ms, without tables, less is better");

    let set = Set::new(Bits::Eight, 1)?;
    let (commitments, openings) = commit_values(&[1_043], &[7; 32]);
    let statement = InInterval::new(&commitments, Interval::new(700, 1_800)?)?;
    let proof = statement.prove(&set.context, &openings, &mut ChaCha20Rng::seed_from_u64(1))?;
    let (ours, peer) = report::beside(
        21,
        || assert!(statement.verify(&set.context, &proof).is_ok()),
        || assert!(statement.verify_with_bulletproofs(&set.context, &proof).is_ok()),
    );
    report::line("reading_in_range_verify", ours.median() * 1e3, peer.median() * 1e3, "ms, bulletproofs");
    Ok(())
}
