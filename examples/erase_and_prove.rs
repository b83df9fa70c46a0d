//! A record is erased, then all of an epoch: ordered on the ledger, carried out by every custodian, confirmed on the
//! ledger receipt by receipt. The receipts prove how many of the gate's nodes may have lied, the ledger stays whole, and
//! nobody decrypts any more: not the grantee who kept every key it ever had, not the patient. Records that were moved into
//! the next epoch before are read on.
//!
//! ```text
//! cargo run --release --example erase_and_prove
//! ```

use dmledger_core::{
    decide::{AccessOutcome, Reason},
    record::RecordId,
    scope::Purpose,
    traits::BlobStore,
};
use dmledger_examples::{
    error::{During, HostError},
    institution::{Institution, ReadError},
    residence::{Grantee, Terms, erasure::Gone},
    stage::{Stage, ensure, run, span},
};
use dmledger_zk::seal::Keys;
use std::process::ExitCode;

fn main() -> ExitCode {
    run(play())
}

#[expect(clippy::print_stdout, reason = "what happens is what the program is for")]
async fn play() -> Result<(), HostError> {
    let stage = Stage::new(7, 3).await?;
    let (mut home, readings) = stage.home(1).await?;
    let all = span(&readings)?;
    let terms = Terms { data: all, until: stage.next_month(), purpose: Purpose::Treatment, quota: None };
    let grant = home.grant(&Grantee::from(&stage.people.institutions[0]), &terms).await?;
    let mut a1 = stage.institution(0, &home).await?;
    let records = a1.index(&home.account(), &all)?;
    let kept = a1.unwrap(home.account(), grant).await?;
    let [gone, left] = [records[0], records[1]];

    // Before: A1 is allowed, and keeps its range keys, the sealed parts and what two of the seven nodes answered.
    let before = a1.ask(home.account(), &records, Purpose::Treatment).await?;
    let parts = a1.parts(&records).await?;
    let partials = a1.partials_of(home.account(), &kept, before.request, &parts).await;
    let partials = partials.map_err(|error| HostError::during("A1 before the erasure", error))?;
    let of_two = |record: &RecordId| partials.get(record).and_then(|all| all.get(..2)).unwrap_or_default();

    // One record: the ledger refuses from the order on, its slot and salt are deleted, the gate never answers for it again.
    let erasure = home.erase_record(&gone).await?;
    proved(&a1, &erasure, "the record", stage.people.institutions.len() + 1).await?;
    match a1.read(home.account(), grant, &[gone], Purpose::Treatment).await {
        Err(ReadError::Denied(reason @ Reason::Erased { .. })) => println!("asked for again: {reason}"),
        _ => return Err(HostError::new("the ledger allowed an erased record")),
    }
    match a1.partials_of(home.account(), &kept, before.request, &parts[..1]).await {
        Err(ReadError::Gate(refusal)) => println!("with a kept part and the old log entry, {refusal}"),
        _ => return Err(HostError::new("the gate answered for an erased record")),
    }
    let others = a1.read(home.account(), grant, &[left], Purpose::Treatment).await;
    ensure(others.is_ok(), "the other records are read as before")?;

    // Two records are to outlive the epoch: their slots are written anew under the next one.
    home.rotate().await?;
    let (moved, lost) = records[1..].split_at(2);
    a1.node().reach(home.move_records(moved).await?).await?;

    // The whole epoch: the keys of every record in it, at seven nodes and at home.
    let before = a1.ask(home.account(), lost, Purpose::Treatment).await?;
    ensure(matches!(before.outcome, AccessOutcome::Allowed { .. }), "allowed until the order")?;
    let erasure = home.erase_oldest_epoch().await?;
    proved(&a1, &erasure, "the epoch", stage.people.institutions.len()).await?;
    let mut opened = 0;
    for record in lost {
        let part = a1.part(record).await?;
        let refused = a1.partials_of(home.account(), &kept, before.request, &[part]).await;
        let shown = a1.show(record)?;
        let anchored = a1.check(record, &shown)?;
        let ciphertext = stage.network.lake().get(&anchored.entry.facts().content).await;
        ensure(ciphertext.is_ok(), "the ciphertext is where it was")?;
        let grantee = a1.open_regardless(anchored, Keys::Gated(&kept, of_two(record))).await;
        let patient = a1.open_regardless(anchored, Keys::Owner(home.epochs())).await;
        opened += [refused.is_ok(), grantee.is_ok(), patient.is_ok()].into_iter().filter(|one| *one).count();
    }
    ensure(opened == 0, "nobody decrypts")?;
    println!("{} records: opened by the former grantee with kept keys 0, by the patient 0", lost.len());
    let grant = home.granted_to(&stage.people.institutions[0].id());
    let grant = grant.ok_or_else(|| HostError::new("A1 has no grant for the next epoch"))?;
    let read = a1.read(home.account(), grant, moved, Purpose::Treatment).await;
    ensure(read.is_ok_and(|(read, _)| read.len() == moved.len()), "what was moved is read on")?;
    match a1.read(home.account(), grant, &lost[..1], Purpose::Treatment).await {
        Err(ReadError::Denied(Reason::Erased { .. })) => {}
        _ => return Err(HostError::new("the ledger allowed a record of the erased epoch")),
    }
    println!("{} records that were moved into the next epoch before: read as ever", moved.len());

    // The ledger has lost nothing: every block verifies, the log is complete, the index still shows what there was.
    let query = a1.node().query()?;
    let log = query.access_log(&home.account()).map_err(|error| HostError::during("access log", error))?;
    let whole = log.verify(&query.root().digest, a1.node().chain(), &home.account());
    let entries = whole.map_err(|error| HostError::during("access log", error))?.len();
    println!("the access log is complete: {entries} entries");
    ensure(a1.index(&home.account(), &all)?.len() == records.len(), "the index is whole")?;
    drop((query, log, home, a1));
    ensure(stage.finish().await?, "every node opens again at the same height and state")
}

/// Holds an erasure against the ledger's state root, with the receipts that stand there.
#[expect(clippy::print_stdout, reason = "what is proved is what the program is for")]
async fn proved(a1: &Institution<'_>, gone: &Gone, what: &str, custodians: usize) -> Result<(), HostError> {
    a1.node().reach(gone.confirmed).await?;
    let query = a1.node().query()?;
    let answer = query.erasure(&gone.order).during("erasure")?;
    let shown = answer.verify(&query.root().digest, a1.node().chain(), &gone.order).during("erasure")?;
    let shown = shown.ok_or_else(|| HostError::new("the ledger knows no such order"))?;
    let complete = shown.completed().ok_or_else(|| HostError::new("a custodian has not answered"))?;
    ensure(shown.answered().len() == custodians, "every custodian has answered")?;
    println!(
        "{what}: ordered at height {}, complete at {}; {custodians} receipts on the ledger, of the {} of gate nodes {} may \
         be lies",
        shown.ordered().height.value(),
        complete.height.value(),
        gone.gate.receipts(),
        gone.gate.tolerated_liars(),
    );
    Ok(())
}
