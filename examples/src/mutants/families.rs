//! Valid proofs about single values, keys, shares and sets, with statements that are about something else.

use super::{
    Family, attributes, below,
    bytes::{draw_point, draw_scalar},
    glycemic,
    proofs::{Good, Proofs, context},
    wire,
};
use crate::error::{During, HostError};
use dmledger_zk::{
    commit::{Blinding, Commitment, Opening, commit_values},
    group::Scalar,
    range::{Bits, FitsBits, InInterval, Interval, RangeProof},
    sigma::{AnyOf, AnyOfProof, Base, Relation, RelationProof, Witness},
    statement::{
        Prove, Verify,
        reading::{ReadingInRange, ReadingProof, ReadingWitness, value_root},
    },
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};

mod keys;

/// All of them.
pub(super) fn all(rng: &mut ChaCha20Rng) -> Result<Vec<Box<dyn Family>>, HostError> {
    let mut all = ranges(rng)?;
    all.push(readings(rng)?);
    all.extend(relations(rng)?);
    all.push(alternatives(rng)?);
    all.extend(keys::all(rng)?);
    all.extend(glycemic::all(rng)?);
    all.push(attributes::all(rng)?);
    all.extend(wire::all(rng)?);
    Ok(all)
}

/// A statement with a proof made for it.
pub(super) fn good<S: Prove + Verify>(
    statement: S,
    witness: &S::Witness,
    rng: &mut ChaCha20Rng,
) -> Result<Good<S>, HostError> {
    let proof = statement.prove(&context()?, witness, rng).during(S::DOMAIN)?;
    Ok(Good { statement, proof })
}

/// Commitments to numbers below `end`, with their openings.
fn committed(count: usize, end: usize, rng: &mut ChaCha20Rng) -> (Vec<Commitment>, Vec<Opening>) {
    let values: Vec<_> = (0..count).map(|_| below(end, rng) as u64).collect();
    let mut key = [0; 32];
    rng.fill_bytes(&mut key);
    commit_values(&values, &key)
}

pub(super) fn draw_commitment(rng: &mut ChaCha20Rng) -> Commitment {
    Commitment::from_point(draw_point(rng))
}

/// The list with one element replaced or two exchanged.
fn altered(commitments: &[Commitment], rng: &mut ChaCha20Rng) -> Vec<Commitment> {
    let mut out = commitments.to_vec();
    let (first, second) = (below(out.len(), rng), below(out.len(), rng));
    if rng.next_u32().is_multiple_of(2) && out.get(first) != out.get(second) {
        out.swap(first, second);
    } else if let Some(one) = out.get_mut(first) {
        *one = draw_commitment(rng);
    }
    out
}

fn ranges(rng: &mut ChaCha20Rng) -> Result<Vec<Box<dyn Family>>, HostError> {
    let mut all: Vec<Box<dyn Family>> = Vec::new();
    let widths = [("range, 8 bits", 12, Bits::Eight, 1), ("range, 64 bits", 3, Bits::SixtyFour, 1)];
    for (name, weight, bits, count) in widths.into_iter().chain([("range, aggregated", 3, Bits::Sixteen, 4)]) {
        let made = (0..3).map(|_| {
            let (commitments, openings) = committed(count, 256, rng);
            good(FitsBits::new(&commitments, bits).during(name)?, openings.as_slice(), rng)
        });
        let made = made.collect::<Result<Vec<_>, HostError>>()?;
        let alter = |_: usize, one: &FitsBits, rng: &mut ChaCha20Rng| {
            let other = Bits::ALL[below(4, rng)];
            if rng.next_u32().is_multiple_of(4) && other != one.bits() {
                return FitsBits::new(one.commitments(), other).ok();
            }
            FitsBits::new(&altered(one.commitments(), rng), one.bits()).ok()
        };
        all.push(Box::new(Proofs::new((name, weight), made, |bytes| RangeProof::from_bytes(bytes).ok(), alter)?));
    }
    let interval = Interval::new(70, 180).during("interval")?;
    for (name, weight, count) in [("interval, one value", 10, 1), ("interval, several values", 3, 3)] {
        let made = (0..3).map(|_| {
            let (commitments, openings) = committed(count, 100, rng);
            let moved: Vec<_> = openings.iter().map(|one| shifted(one, 75)).collect();
            let commitments: Vec<_> = commitments.iter().zip(&moved).map(|(_, one)| one.commitment()).collect();
            good(InInterval::new(&commitments, interval).during(name)?, moved.as_slice(), rng)
        });
        let made = made.collect::<Result<Vec<_>, HostError>>()?;
        let alter = |_: usize, one: &InInterval, rng: &mut ChaCha20Rng| {
            let commitments = altered(one.commitments(), rng);
            match below(2, rng) {
                0 => InInterval::with_bits(one.commitments(), another(one.interval(), rng)?, one.bits()).ok(),
                _ => InInterval::with_bits(&commitments, one.interval(), one.bits()).ok(),
            }
        };
        all.push(Box::new(Proofs::new((name, weight), made, |bytes| RangeProof::from_bytes(bytes).ok(), alter)?));
    }
    Ok(all)
}

fn shifted(opening: &Opening, by: u64) -> Opening {
    Opening::new(opening.value() + by, Blinding::from_scalar(*opening.blinding().scalar()))
}

/// An interval with another end.
fn another(interval: Interval, rng: &mut ChaCha20Rng) -> Option<Interval> {
    let step = 1 + below(40, rng) as u64;
    let (low, high) = (interval.low(), interval.high());
    let ends = [(low - step, high), (low + step, high), (low, high - step), (low, high + step)];
    let (low, high) = ends[below(4, rng)];
    Interval::new(low, high).ok()
}

fn readings(rng: &mut ChaCha20Rng) -> Result<Box<dyn Family>, HostError> {
    const COUNT: usize = 12;
    let name = "reading of a record";
    let interval = Interval::new(70, 180).during(name)?;
    let mut made = Vec::new();
    for index in [0, 4, 11] {
        let mut key = [0; 32];
        rng.fill_bytes(&mut key);
        let values: Vec<_> = (0..COUNT).map(|_| 70 + below(111, rng) as u64).collect();
        let (commitments, openings) = commit_values(&values, &key);
        let statement = ReadingInRange::new(value_root(&commitments), COUNT as u64, index, interval).during(name)?;
        let witness = ReadingWitness::new(&commitments, &openings, index).during(name)?;
        made.push(good(statement, &witness, rng)?);
    }
    let range = made.first().map_or(0, |one| one.proof.as_ref().len()) % 32;
    let alter = |_: usize, one: &ReadingInRange, rng: &mut ChaCha20Rng| {
        let (root, count, index) = (one.root(), one.count(), one.index());
        let other = (index + 1 + below(COUNT - 1, rng) as u64) % count;
        match below(4, rng) {
            0 => ReadingInRange::new(value_root(&[draw_commitment(rng)]), count, index, one.interval()),
            1 => ReadingInRange::new(root, count + 1 + below(9, rng) as u64, index, one.interval()),
            2 => ReadingInRange::new(root, count, other, one.interval()),
            _ => ReadingInRange::new(root, count, index, another(one.interval(), rng)?),
        }
        .ok()
    };
    let proofs = Proofs::new((name, 10), made, |bytes| ReadingProof::from_bytes(bytes).ok(), alter)?;
    Ok(Box::new(proofs.with_elements_from(range)))
}

fn read_relation(bytes: &[u8]) -> Option<RelationProof> {
    RelationProof::from_bytes(bytes).ok()
}

pub(super) fn relation_family(
    name: &'static str,
    made: Vec<Good<Relation>>,
    another: impl Fn(&mut ChaCha20Rng) -> Option<Relation> + Send + Sync + 'static,
) -> Result<Box<dyn Family>, HostError> {
    let alter = move |_: usize, _: &Relation, rng: &mut ChaCha20Rng| another(rng);
    Ok(Box::new(Proofs::new((name, 14), made, read_relation, alter)?))
}

fn relations(rng: &mut ChaCha20Rng) -> Result<Vec<Box<dyn Family>>, HostError> {
    let (mut opening, mut value, mut same, mut product, mut logarithm) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..3 {
        let (commitments, openings) = committed(2, 1_000, rng);
        let ([a, b], [x, y]) = (&commitments[..], &openings[..]) else { return Err(HostError::new("two values")) };
        let again = Opening::new(x.value(), Blinding::random(rng));
        let times = Opening::new(x.value() * y.value(), Blinding::random(rng));
        opening.push(good(Relation::opening(a), &Witness::opening(x), rng)?);
        value.push(good(Relation::value(a, x.value()), &Witness::value(x), rng)?);
        let twin = Relation::same_value(a, &again.commitment());
        same.push(good(twin, &Witness::same_value(x, &again), rng)?);
        let triple = Relation::product(a, b, &times.commitment());
        product.push(good(triple, &Witness::product(x, y, &times), rng)?);
        let (base, secret) = (draw_point(rng), draw_scalar(rng));
        let pairs = [(Base::Value, dmledger_zk::group::times_value_base(&secret)), (Base::Point(base), secret * base)];
        let equal = Relation::same_logarithm(&pairs).during("logarithm")?;
        logarithm.push(good(equal, &Witness::new(vec![secret]), rng)?);
    }
    let drawn = draw_commitment;
    Ok(vec![
        relation_family("opening", opening, move |rng| Some(Relation::opening(&drawn(rng))))?,
        relation_family("opening to a number", value, move |rng| Some(Relation::value(&drawn(rng), rng.next_u64())))?,
        relation_family("same value", same, move |rng| Some(Relation::same_value(&drawn(rng), &drawn(rng))))?,
        relation_family("product", product, move |rng| Some(Relation::product(&drawn(rng), &drawn(rng), &drawn(rng))))?,
        relation_family("equal logarithms", logarithm, |rng| {
            Relation::same_logarithm(&[(Base::Value, draw_point(rng)), (Base::Blinding, draw_point(rng))]).ok()
        })?,
    ])
}

/// One of several commitments opens to a number.
fn alternatives(rng: &mut ChaCha20Rng) -> Result<Box<dyn Family>, HostError> {
    let name = "one of several relations";
    let (mut made, mut lists) = (Vec::new(), Vec::new());
    for place in 0..3_usize {
        let (mut commitments, openings) = committed(3, 50, rng);
        let known = openings.get(place).ok_or_else(|| HostError::new(name))?;
        for (at, one) in commitments.iter_mut().enumerate() {
            if at != place {
                *one = draw_commitment(rng);
            }
        }
        let statement = one_opens(&commitments, known.value()).ok_or_else(|| HostError::new(name))?;
        made.push(good(statement, &(place, Witness::value(known)), rng)?);
        lists.push((commitments, known.value()));
    }
    let alter = move |place: usize, _: &AnyOf, rng: &mut ChaCha20Rng| {
        let (commitments, value) = lists.get(place)?;
        let number = value + u64::from(rng.next_u32() % 3);
        one_opens(&altered(commitments, rng), number)
    };
    Ok(Box::new(Proofs::new((name, 10), made, |bytes| AnyOfProof::from_bytes(bytes).ok(), alter)?))
}

fn one_opens(commitments: &[Commitment], value: u64) -> Option<AnyOf> {
    AnyOf::new(commitments.iter().map(|one| Relation::value(one, value)).collect()).ok()
}

/// A number that is not zero.
pub(super) fn draw_blinding(rng: &mut ChaCha20Rng) -> Blinding {
    loop {
        let drawn = draw_scalar(rng);
        if drawn != Scalar::ZERO {
            return Blinding::from_scalar(drawn);
        }
    }
}
