//! "One of my anchored readings lies between 70 and 180 mg/dL", shown to an institution that never sees the reading.
//!
//! ```text
//! cargo run --release --example prove_reading
//! ```
//!
//! The readings come from a meter, are sealed hour by hour and anchored. The verifier has its own node, and nothing else.

use dmledger_core::{
    codec,
    record::RecordId,
    traits::proof_verifier::{ProofClaim, ProofFamily},
};
use dmledger_examples::{
    error::{During, HostError},
    institution::{Institution, Question},
    residence::Residence,
    stage::{Stage, ensure, run},
    tamper,
};
use dmledger_zk::{
    range::Interval,
    statement::reading::{ReadingInRange, ReadingProof},
};
use std::{process::ExitCode, time::Instant};

const PURPOSE: &str = "fit to drive";
/// Readings are committed to in millionths of mg/dL.
const MG_PER_DL: u64 = 1_000_000;

fn main() -> ExitCode {
    run(play())
}

#[expect(clippy::print_stdout, reason = "what happens is what the program is for")]
async fn play() -> Result<(), HostError> {
    let stage = Stage::new(4, 7).await?;
    let (mut home, readings) = stage.home(1).await?;
    println!("{} readings sealed in {} records and anchored", readings.len(), home.records());

    let mut verifier = stage.institution(2, &home).await?;
    let audience = verifier.person().id().digest();
    let asked = Interval::new(70 * MG_PER_DL, 180 * MG_PER_DL).during("interval")?;
    let start = Instant::now();
    let proved = home.prove_in_range(asked, PURPOSE, audience)?;
    let (record, claim) = proved.ok_or_else(|| HostError::new("no reading lies there"))?;
    println!("proved   one lies in 70..180 mg/dL: {} bytes in {:?}", claim.proof().len(), start.elapsed());

    // The verifier takes the record's entry from its own node, checked up to the validators' signatures.
    let shown = verifier.show(&record)?;
    let question = Question { record: &record, shown: &shown, interval: asked, purpose: PURPOSE };
    let start = Instant::now();
    verifier.verify(&question, &claim)?;
    println!("verified by {}, who saw no value, in {:?}", verifier.person().title(), start.elapsed());

    // It holds nothing that reads: the record stays closed to it.
    let records = verifier.index(&home.account(), &dmledger_examples::stage::span(&readings)?)?;
    ensure(records.contains(&record), "the verifier sees that the record exists")?;

    nothing_false_is_shown(&mut home, &mut verifier, &record, &claim).await?;
    println!("{}", tamper::claim(&mut verifier, &question, &claim)?);

    // Anyone may keep the fact for later: as a claim, every node checks it and the ledger lists it.
    let height = home.claim(vec![record], claim).await?;
    let node = stage.institution(1, &home).await?;
    let query = node.node().query()?;
    let listed = query.claims(&home.account()).during("claims")?;
    let listed = listed.verify(&query.root().digest, node.node().chain(), &home.account()).during("claims")?;
    ensure(listed.last().is_some_and(|one| one.family == ProofFamily::READING_IN_RANGE), "the claim is listed")?;
    println!("accepted as a claim at height {}", height.value());
    Ok(())
}

/// What is false has no proof, and a proof of something else does not serve.
#[expect(clippy::print_stdout, reason = "what happens is what the program is for")]
async fn nothing_false_is_shown(
    home: &mut Residence,
    verifier: &mut Institution<'_>,
    record: &RecordId,
    claim: &ProofClaim,
) -> Result<(), HostError> {
    let audience = verifier.person().id().digest();
    let impossible = Interval::new(10 * MG_PER_DL, 20 * MG_PER_DL).during("interval")?;
    ensure(home.prove_in_range(impossible, PURPOSE, audience)?.is_none(), "what is false has no proof")?;
    println!("refused  no reading lies in 10..20 mg/dL: there is no proof of what is false");

    // The true proof under the false statement: to the verifier, and past it to the ledger.
    let stated = ReadingInRange::try_from(claim).during("claim")?;
    let lie = ReadingInRange::new(stated.root(), stated.count(), stated.index(), impossible).during("claim")?;
    let stolen = ReadingProof::from_bytes(claim.proof()).during("claim")?;
    let forged = lie.claim(claim.context().clone(), &stolen).during("claim")?;
    let shown = verifier.show(record)?;
    let question = Question { record, shown: &shown, interval: impossible, purpose: PURPOSE };
    let Err(refusal) = verifier.verify(&question, &forged) else {
        return Err(HostError::new("the verifier believed a forged claim"));
    };
    println!("refused  the proof of 70..180 as one of 10..20: {refusal}");
    let Err(refusal) = home.claim(vec![*record], forged).await else {
        return Err(HostError::new("the ledger accepted a forged claim"));
    };
    println!("refused  the same by the ledger: {refusal}");

    // Who asks something else does not take this for an answer, although the proof holds.
    let other = Question { purpose: "insurance", ..question };
    let Err(refusal) = verifier.verify(&other, claim) else {
        return Err(HostError::new("a proof for one purpose served another"));
    };
    println!("refused  for another purpose: {refusal}");
    ensure(codec::encode(claim).len() < 2_000, "a claim is short")
}
