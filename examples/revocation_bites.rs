//! A revoked hospital that kept everything it ever got still reads nothing: the gate refuses at the revocation's height,
//! the record does not open without it, and what is sealed afterwards is closed by mathematics alone.
//!
//! ```text
//! cargo run --release --example revocation_bites
//! ```

use dmledger_core::{
    decide::{AccessOutcome, Reason},
    record::RecordId,
    scope::Purpose,
    traits::BlobStore,
};
use dmledger_examples::{
    error::{During, HostError},
    institution::ReadError,
    residence::{Grantee, Terms},
    stage::{Stage, ensure, run, span},
};
use dmledger_zk::seal::{Altered, Keys, OpenError, Part};
use std::process::ExitCode;

fn main() -> ExitCode {
    run(play())
}

#[expect(clippy::print_stdout, reason = "what happens is what the program is for")]
async fn play() -> Result<(), HostError> {
    let stage = Stage::new(4, 2).await?;
    let (mut home, readings) = stage.home(2).await?;
    let all = span(&readings)?;
    let terms = Terms { data: all, until: stage.next_month(), purpose: Purpose::Treatment, quota: None };
    let [hospital, other] = [0, 1].map(|n| Grantee::from(&stage.people.institutions[n]));
    let grant = home.grant(&hospital, &terms).await?;
    home.grant(&other, &terms).await?;

    // A1 unwraps its range keys, is allowed by the ledger, reads one record, and keeps everything.
    let mut a1 = stage.institution(0, &home).await?;
    let records = a1.index(&home.account(), &all)?;
    let kept = a1.unwrap(home.account(), grant).await?;
    let entry = a1.ask(home.account(), &records, Purpose::Treatment).await?;
    ensure(matches!(entry.outcome, AccessOutcome::Allowed { .. }), "A1 is allowed")?;
    let partials = a1.partials(home.account(), &kept, entry.request, &records[..1]).await;
    let mut partials = partials.map_err(|error| HostError::during("A1 before the revocation", error))?;
    let first = partials.remove(&records[0]).unwrap_or_default();
    println!("A1 holds range keys, {} partials of the first record, and a logged request for all", first.len());

    // The patient takes the grant back: one signature. A2's is replaced by one that reaches into the next epoch too.
    let height = home.revoke_and_rotate(grant).await?;
    let a1 = stage.institution(0, &home).await?;
    println!("revoked at height {}", height.value());

    // A1 does not keep to the rules: it asks the gate on its old log entry, and opens without asking its ledger.
    let mut opened = 0;
    for record in &records[1..] {
        let at_gate = a1.partials(home.account(), &kept, entry.request, std::slice::from_ref(record)).await;
        let Err(ReadError::Gate(refusal)) = at_gate else { return Err(HostError::new("the gate answered")) };
        ensure(refusal.right == 0, "no node answers")?;
        let shown = a1.show(record)?;
        match a1.open_regardless(a1.check(record, &shown)?, Keys::Gated(&kept, &first)).await {
            Err(ReadError::Sealed(error @ OpenError::MissingSubKey { .. })) if *record == records[1] => {
                println!("{refusal}");
                println!("kept keys and ciphertext: {error}");
            }
            Err(ReadError::Sealed(OpenError::MissingSubKey { .. })) => {}
            _ => opened += 1,
        }
    }
    ensure(opened == 0, "not one record opens after the revocation")?;
    println!("{} of {} records opened", opened, records.len() - 1);

    // What cannot be taken back: the record whose partials it already had.
    let shown = a1.show(&records[0])?;
    let before = a1.open_regardless(a1.check(&records[0], &shown)?, Keys::Gated(&kept, &first)).await;
    ensure(before.is_ok(), "what was answered before stays readable, as a plaintext would")?;

    // The others read on, and what is moved into the new epoch has no key that A1 ever held.
    let mut a2 = stage.institution(1, &home).await?;
    let renewed =
        home.granted_to(&stage.people.institutions[1].id()).ok_or_else(|| HostError::new("A2 has no grant"))?;
    let outdated = a2.part(&records[0]).await?;
    let height = home.move_records(&records[..1]).await?;
    a2.node().reach(height).await?;
    let (read, _) = a2
        .read(home.account(), renewed, &records, Purpose::Treatment)
        .await
        .map_err(|error| HostError::during("A2 after the rotation", error))?;
    ensure(read.iter().map(|batch| batch.readings().len()).sum::<usize>() == readings.len(), "A2 reads all")?;
    let moved = a1.open_regardless(a1.check(&records[0], &shown)?, Keys::Gated(&kept, &first)).await;
    match moved {
        Err(ReadError::Sealed(error)) => println!("a record moved to the next epoch, with A1's keys: {error}"),
        _ => return Err(HostError::new("A1 opened a record of an epoch it has no key of")),
    }
    println!("A2 reads all {} readings as before", readings.len());

    // A lake that shows the part from before the move again, to whoever has read the one after it.
    let (lake, latest) = (stage.network.lake(), a2.part(&records[0]).await?);
    put_back(&*lake, &records[0], &outdated).await?;
    match a2.read(home.account(), renewed, &records[..1], Purpose::Treatment).await {
        Err(ReadError::Sealed(error @ OpenError::Tampered(Altered::RolledBack))) => println!("{error}"),
        _ => return Err(HostError::new("a part that was rolled back was taken")),
    }
    put_back(&*lake, &records[0], &latest).await?;

    // Then A2 wants no more: it gives its grant up, and its keys.
    let [keys, copy] = [a2.unwrap(home.account(), renewed).await?, a2.unwrap(home.account(), renewed).await?];
    let before = a2.ask(home.account(), &records, Purpose::Treatment).await?;
    let height = a2.renounce(home.account(), renewed, keys).await?;
    match a2.read(home.account(), renewed, &records, Purpose::Treatment).await {
        Err(ReadError::Host(_)) => {}
        _ => return Err(HostError::new("the letter with the keys is still there")),
    }
    let denied = a2.ask(home.account(), &records, Purpose::Treatment).await?.outcome;
    ensure(denied == AccessOutcome::Denied { reason: Reason::Renounced { height } }, "the ledger serves it no more")?;
    match a2.partials(home.account(), &copy, before.request, &records[1..2]).await {
        Err(ReadError::Gate(refusal)) if refusal.right == 0 => println!("{refusal}; its keys are gone too"),
        _ => return Err(HostError::new("the gate answered whoever has renounced")),
    }
    Ok(())
}

/// The lake has this part of a record, and no other.
async fn put_back(lake: &dyn BlobStore, record: &RecordId, part: &Part) -> Result<(), HostError> {
    lake.delete_parts(record).await.during("lake")?;
    lake.put_part(record, part.access().body().version(), &part.to_bytes()).await.during("lake")
}
