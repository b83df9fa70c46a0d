//! A record is erased, then all of an epoch: the gate's nodes sign that their keys are gone, the receipts prove how many of
//! them may have lied, the ledger stays whole, and nobody decrypts any more, the patient included.
//!
//! ```text
//! cargo run --release --example erase_and_prove
//! ```

use dmledger_core::{scope::Purpose, traits::BlobStore};
use dmledger_examples::{
    error::HostError,
    institution::ReadError,
    residence::{Grantee, Terms},
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

    // One record: its slot and salt are deleted, and the gate will not answer for it again.
    let copy = a1.part(&gone).await?;
    let erasure = home.erase_record(&gone).await?;
    println!("a record: {} receipts, {} of them may be lies", erasure.receipts(), erasure.tolerated_liars());
    let refused = a1.read(home.account(), grant, &[gone], Purpose::Treatment).await;
    ensure(refused.is_err(), "an erased record is not read")?;
    let entry = a1.ask(home.account(), &[gone, left], Purpose::Treatment).await?;
    match a1.partials_of(home.account(), &kept, entry.request, &[copy]).await {
        Err(ReadError::Gate(refusal)) => println!("whoever kept a copy of its part: {refusal}"),
        _ => return Err(HostError::new("the gate answered for an erased record")),
    }
    let others = a1.read(home.account(), grant, &[left], Purpose::Treatment).await;
    ensure(others.is_ok(), "the other records are read as before")?;

    // The whole epoch: the keys of every record in it, at seven nodes and at home.
    let erasure = home.erase_oldest_epoch().await?;
    println!("the epoch: {} receipts, {} of them may be lies", erasure.receipts(), erasure.tolerated_liars());
    ensure(usize::from(erasure.receipts()) == stage.people.institutions.len(), "every node has signed")?;
    let mut opened = 0;
    for record in &records[1..] {
        let part = a1.part(record).await?;
        let refused = a1.partials_of(home.account(), &kept, entry.request, &[part]).await;
        let shown = a1.show(record)?;
        let anchored = a1.check(record, &shown)?;
        let ciphertext = stage.network.lake().get(&anchored.entry.facts().content).await;
        ensure(ciphertext.is_ok(), "the ciphertext is where it was")?;
        let grantee = a1.open_regardless(anchored, Keys::Gated(&kept, &[])).await;
        let patient = a1.open_regardless(anchored, Keys::Owner(home.epochs())).await;
        opened += [refused.is_ok(), grantee.is_ok(), patient.is_ok()].into_iter().filter(|one| *one).count();
    }
    ensure(opened == 0, "nobody decrypts")?;
    println!("{} records: opened by the former grantee with kept keys 0, by the patient 0", records.len() - 1);

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
