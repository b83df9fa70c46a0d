//! A block full of facts of every family, checked in one batch; one forged among them is named.
//!
//! ```text
//! cargo run --release --example verify_block_of_claims
//! ```

use dmledger_core::{
    action::SignedAction,
    record::RecordId,
    traits::proof_verifier::{ProofClaim, ProofRefusal, ProofVerifier as _},
};
use dmledger_examples::{
    cabinet::{Cabinet, Day, Values, name_of},
    error::{During, HostError},
    stage::{ensure, run},
};
use dmledger_zk::{
    elgamal::DecryptionKey,
    glycemic::{
        DigestOpening, Slot, VariationClaim,
        claim::{Bound, DaysClaim, Quantity, Ranges, Side},
    },
    member::{AuthorisedSet, MemberSecret, Membership},
    range::{Bits, FitsBits, InInterval, Interval},
    statement::{
        Prove as _,
        encrypted::ReadingEncrypted,
        reading::{ReadingInRange, ReadingWitness},
    },
    verifier::Verifier,
};
use std::{collections::BTreeMap, process::ExitCode, time::Instant};

const PURPOSE: &str = "study";
const RECORDS: u64 = 16;
const DAYS: u16 = 4;
const CASE: &[u8] = b"case 17";

/// A claim and the records it is about.
type About = (Vec<RecordId>, ProofClaim);

fn main() -> ExitCode {
    run(play())
}

#[expect(clippy::print_stdout, reason = "what happens is what the program is for")]
async fn play() -> Result<(), HostError> {
    let mut cabinet = Cabinet::new(3)?;
    let records = (0..RECORDS).map(|n| cabinet.values(&series(n))).collect::<Result<Vec<_>, _>>()?;
    let days = (0..DAYS).map(|n| cabinet.day(&slots(n))).collect::<Result<Vec<_>, _>>()?;
    cabinet.anchor()?;

    let mut claims = Vec::new();
    for day in &days {
        claims.push(digest(&mut cabinet, day)?);
    }
    for values in &records {
        claims.extend(facts(&mut cabinet, values)?);
    }
    claims.extend(about_days(&mut cabinet, &days)?);
    claims.extend(members_speak(&mut cabinet)?);
    let only: Vec<_> = claims.iter().map(|(_, claim)| claim.clone()).collect();
    print_families(&only);

    // What it costs is known before any of the work is done, and genesis limits what a block may cost.
    let verifier = Verifier::new(cabinet.rng());
    let costs = only.iter().map(|claim| verifier.cost(claim)).collect::<Result<Vec<_>, _>>().during("cost")?;
    println!("declared {} group elements", costs.iter().map(|cost| cost.number()).sum::<u64>());

    let start = Instant::now();
    verifier.verify_all(&only).map_err(|bad| HostError::new(format!("{} claims refused", bad.len())))?;
    let together = start.elapsed();
    let start = Instant::now();
    for claim in &only {
        verifier.verify(claim).during("claim")?;
    }
    println!("verified {} claims in one batch in {together:?}, one by one in {:?}", only.len(), start.elapsed());

    the_forged_one_is_named(&verifier, &only)?;
    let mut actions = actions(&cabinet, &claims)?;
    let honest = actions.len();
    actions.insert(honest / 2, forged_action(&cabinet, &claims)?);
    let block = cabinet.propose(&actions)?;
    ensure(block.actions().len() == honest, "a proposer leaves exactly the forged claim out")?;
    actions.remove(honest / 2);
    cabinet.advance(&actions)?;
    println!("accepted {honest} claims in one block; the forged one was left out");
    Ok(())
}

/// Twelve readings of an hour, mg/dL.
fn series(record: u64) -> Vec<u64> {
    (0..12).map(|place| 75 + (7 * record + 8 * place) % 100).collect()
}

/// A day of a 15-minute sensor with a few gaps.
fn slots(day: u16) -> Vec<Slot> {
    (0..96).map(|place| if place % 31 == 7 { Slot::Empty } else { Slot::Value(80 + (place + day) % 97) }).collect()
}

/// What can be said about one record: of a reading, of all, and that all are numbers a sensor can show.
fn facts(cabinet: &mut Cabinet, values: &Values) -> Result<Vec<About>, HostError> {
    let (travels, context) = cabinet.context(PURPOSE)?;
    let target = Interval::new(70, 180).during("interval")?;
    let mut claims = Vec::new();
    for index in [0, 5, 11] {
        let statement = ReadingInRange::new(values.root(), 12, index, target).during("reading")?;
        let witness = ReadingWitness::new(&values.commitments, &values.openings, index).during("reading")?;
        let proof = statement.prove(&context, &witness, cabinet.rng()).during("reading")?;
        claims.push(statement.claim(travels.clone(), &proof).during("reading")?);
    }
    let all = InInterval::new(&values.commitments, target).during("record")?;
    let proof = all.prove(&context, &values.openings, cabinet.rng()).during("record")?;
    claims.push(all.claim(travels.clone(), &proof).during("record")?);
    let possible = FitsBits::new(&values.commitments, Bits::Sixteen).during("record")?;
    let proof = possible.prove(&context, &values.openings, cabinet.rng()).during("record")?;
    claims.push(possible.claim(travels.clone(), &proof).during("record")?);

    // To somebody who may read one reading of the record, and nobody else: the anchored one, encrypted.
    let to = DecryptionKey::random(cabinet.rng()).encryption_key();
    let opening = values.openings.first().ok_or_else(|| HostError::new("no reading"))?;
    let encrypted = ReadingEncrypted::encrypt(values.root(), 12, 0, opening, &[to]).during("encryption")?;
    let witness = ReadingWitness::new(&values.commitments, &values.openings, 0).during("encryption")?;
    let proof = encrypted.prove(&context, &witness, cabinet.rng()).during("encryption")?;
    claims.push(encrypted.claim(travels, &proof).during("encryption")?);
    Ok(claims.into_iter().map(|claim| (vec![values.record], claim)).collect())
}

/// That a day's digest is the one of its readings: what every claim about days rests on.
fn digest(cabinet: &mut Cabinet, day: &Day) -> Result<About, HostError> {
    let (travels, context) = cabinet.context(PURPOSE)?;
    let proof = day.statement.prove(&context, &day.secret, cabinet.rng()).during("day")?;
    Ok((vec![day.record], day.statement.claim(travels, &proof).during("day")?))
}

/// Bounds of the days taken together, and of their variation.
fn about_days(cabinet: &mut Cabinet, days: &[Day]) -> Result<Vec<About>, HostError> {
    let (travels, context) = cabinet.context(PURPOSE)?;
    let records: Vec<_> = days.iter().map(|day| day.record).collect();
    let statements: Vec<_> = days.iter().map(|day| day.statement).collect();
    let openings: Vec<_> = days.iter().map(|day| day.secret.opening()).collect();
    let opening = DigestOpening::sum(&openings).ok_or_else(|| HostError::new("sum of days"))?;
    let bounds = [
        Bound::new(Quantity::Share(Ranges::IN), Side::AtLeast, 700),
        Bound::new(Quantity::Share(Ranges::BELOW), Side::AtMost, 40),
        Bound::new(Quantity::Active, Side::AtLeast, 700),
    ];
    let consensus = DaysClaim::new(&statements, 300, &bounds).during("days")?;
    let proof = consensus.prove(&context, &opening, cabinet.rng()).during("days")?;
    let first = consensus.claim(travels.clone(), &proof).during("days")?;
    let steady = VariationClaim::new(&statements, 300, Side::AtMost, 360).during("days")?;
    let proof = steady.prove(&context, &opening, cabinet.rng()).during("days")?;
    let second = steady.claim(travels, &proof).during("days")?;
    Ok(vec![(records.clone(), first), (records, second)])
}

/// Members of an anchored register, each heard once on a case; the register is anchored before they speak.
fn members_speak(cabinet: &mut Cabinet) -> Result<Vec<About>, HostError> {
    let secrets: Vec<_> = (0..20).map(|_| MemberSecret::random(cabinet.rng())).collect();
    let keys: Vec<_> = secrets.iter().map(MemberSecret::key).collect();
    let set = AuthorisedSet::new(&keys).during("register")?;
    let record = cabinet.file(set.anchor(), keys.len(), 1)?;
    cabinet.anchor()?;
    let (travels, context) = cabinet.context(PURPOSE)?;
    let mut claims = Vec::new();
    for secret in secrets.iter().take(8) {
        let statement = Membership::in_claim(&set, &travels, CASE, secret).during("member")?;
        let proof = statement.prove(&context, secret, cabinet.rng()).during("member")?;
        claims.push((vec![record], statement.claim(travels.clone(), CASE, &proof).during("member")?));
    }
    Ok(claims)
}

#[expect(clippy::print_stdout, reason = "what happens is what the program is for")]
fn print_families(claims: &[ProofClaim]) {
    let mut families = BTreeMap::<_, (usize, usize)>::new();
    for claim in claims {
        let (count, bytes) = families.entry(claim.family()).or_default();
        *count += 1;
        *bytes += claim.proof().len();
    }
    for (family, (count, bytes)) in families {
        println!("{count:>8} {}: {} bytes of proof each", name_of(family), bytes / count);
    }
}

/// Wherever a forged claim stands in the block, bisection names it, and it alone.
#[expect(clippy::print_stdout, reason = "what happens is what the program is for")]
fn the_forged_one_is_named(verifier: &Verifier, claims: &[ProofClaim]) -> Result<(), HostError> {
    let start = Instant::now();
    for place in 0..claims.len() {
        let mut block = claims.to_vec();
        block[place] = forge(&claims[place])?;
        let bad = verifier.verify_all(&block).err().unwrap_or_default();
        let named: Vec<_> = bad.iter().map(|bad| bad.place).collect();
        ensure(named == [place], "the forged claim is named, and no other")?;
        ensure(bad.iter().all(|bad| bad.refusal == ProofRefusal::Rejected), "its proof is what fails")?;
    }
    let each = start.elapsed() / u32::try_from(claims.len()).unwrap_or(u32::MAX);
    println!("named    a forged claim at each of {} places, in {each:?} a block", claims.len());
    Ok(())
}

/// A claim whose last response is another number: well formed, and wrong.
fn forge(claim: &ProofClaim) -> Result<ProofClaim, HostError> {
    let mut proof = claim.proof().to_vec();
    let last = proof.len().checked_sub(32).and_then(|place| proof.get_mut(place));
    *last.ok_or_else(|| HostError::new("a proof of less than one scalar"))? ^= 1;
    let (anchors, statement) = (claim.anchors().to_vec(), claim.statement().to_vec());
    ProofClaim::new(claim.family(), claim.context().clone(), anchors, statement, proof).during("forgery")
}

fn actions(cabinet: &Cabinet, claims: &[About]) -> Result<Vec<SignedAction>, HostError> {
    claims.iter().map(|(records, claim)| cabinet.action(records, claim.clone())).collect()
}

fn forged_action(cabinet: &Cabinet, claims: &[About]) -> Result<SignedAction, HostError> {
    let (records, claim) = claims.last().ok_or_else(|| HostError::new("no claim"))?;
    cabinet.action(records, forge(claim)?)
}
