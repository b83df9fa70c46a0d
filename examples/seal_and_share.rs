//! Sealed, divided into sub-keys, published, read by the one who is entitled; anybody else gets the plain failure.
//!
//! ```text
//! cargo run --release --example seal_and_share
//! ```

use dmledger_core::{decide::AccessOutcome, record::reading::ReadingBatch, scope::Purpose, traits::BlobStore};
use dmledger_examples::{
    error::HostError,
    institution::ReadError,
    residence::{Grantee, Terms},
    stage::{Stage, ensure, run, span},
};
use dmledger_zk::seal::{Keys, OpenError};
use std::process::ExitCode;

fn main() -> ExitCode {
    run(play())
}

#[expect(clippy::print_stdout, reason = "what happens is what the program is for")]
async fn play() -> Result<(), HostError> {
    let stage = Stage::new(4, 1).await?;

    // Encrypt: every hour of readings is a record under a key of its own. That key is locked by the hour's key, which the
    // patient keeps, and by a mask of which every hospital's node holds a share, and none of them all.
    let (mut home, readings) = stage.home(2).await?;
    let shape = home.node().roster().committee().shape();
    println!("{} readings sealed in {} records", readings.len(), home.records());
    println!("sub-keys: the patient's, and {} of the {} gate nodes'", shape.threshold(), shape.nodes());

    // Publish: the ciphertext lies in a lake that everybody may read, the index on a ledger that everybody keeps.
    let entitled = stage.institution(0, &home).await?;
    let records = entitled.index(&home.account(), &span(&readings)?)?;
    let shown = entitled.show(&records[0])?;
    let anchored = entitled.check(&records[0], &shown)?;
    let sealed = stage.network.lake().get(&anchored.entry.facts().content).await;
    let sealed = sealed.map_err(|error| HostError::during("lake", error))?;
    println!("the first record in the lake: {} bytes, beginning {:02x?}", sealed.len(), &sealed[..8]);

    // Grant: the patient's sub-key of these hours goes to A1 and to nobody else.
    let to = Grantee::from(&stage.people.institutions[0]);
    let terms = Terms { data: span(&readings)?, until: stage.next_month(), purpose: Purpose::Treatment, quota: None };
    let grant = home.grant(&to, &terms).await?;

    // Read: A1 asks the ledger, which writes it down; the gate's nodes see the entry and send their sub-keys.
    let mut entitled = stage.institution(0, &home).await?;
    let (batches, _) = entitled.read(home.account(), grant, &records, Purpose::Treatment).await.map_err(unexpected)?;
    let read: Vec<_> = batches.into_iter().flat_map(ReadingBatch::into_readings).collect();
    ensure(read == readings, "A1 reads what went in")?;
    println!("A1 reads all {} of them", read.len());

    // The entitled without the gate: one sub-key is not enough, and the message says which are missing.
    let body = entitled.unwrap(home.account(), grant).await?;
    match entitled.open(anchored, Keys::Gated(&body, &[])).await {
        Err(ReadError::Sealed(error @ OpenError::MissingSubKey { .. })) => println!("A1 without the gate: {error}"),
        other => return Err(unlike("A1 without the gate", &other)),
    }

    // Somebody else: the ledger says no, the ciphertext does not open, and no reason is given away.
    let mut other = stage.institution(1, &home).await?;
    let entry = other.ask(home.account(), &records[..1], Purpose::Treatment).await?;
    let AccessOutcome::Denied { reason } = entry.outcome else { return Err(HostError::new("A2 was allowed")) };
    println!("A2 asks the ledger: {reason}");
    match other.open(anchored, Keys::None).await {
        Err(ReadError::Sealed(error)) => println!("A2 opens the ciphertext: {}", error.for_stranger()),
        other => return Err(unlike("A2 with the ciphertext", &other)),
    }
    match other.partials(home.account(), &body, entry.request, &records[..1]).await {
        Err(ReadError::Gate(refusal)) => println!("A2 asks the gate: {refusal}"),
        other => return Err(unlike("A2 at the gate", &other)),
    }
    Ok(())
}

fn unexpected(error: ReadError) -> HostError {
    HostError::during("A1's read", error)
}

fn unlike<T>(who: &str, found: &Result<T, ReadError>) -> HostError {
    let found = found.as_ref().err().map_or_else(|| "it opened".to_owned(), ToString::to_string);
    HostError::new(format!("{who}: {found}"))
}
