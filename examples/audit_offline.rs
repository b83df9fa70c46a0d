//! An auditor with two files and no node: genesis, and the dossier that a network left behind.
//!
//! ```text
//! cargo run --release --example ab_network -- --data-dir DIR
//! cargo run --release --example audit_offline -- DIR
//! ```
//!
//! Without a folder it founds a small network, lets a patient grant and revoke, and audits what that left.

use clap::Parser;
use dmledger_core::{
    action::Genesis,
    codec,
    consent::GrantStatus,
    decide::AccessOutcome,
    record::DataKind,
    scope::Purpose,
    time::{Clock, TimeRange},
};
use dmledger_examples::{
    audit::{self, Dossier},
    error::{During, HostError},
    network::Network,
    people::People,
    residence::{Grantee, Residence, Terms},
    story,
};
use dmledger_net::node::SystemClock;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

/// How many changes to the file are tried.
const CHANGES: usize = 100;

/// Audits an account from files alone.
#[derive(Debug, Parser)]
#[command(name = "audit_offline")]
struct Args {
    /// The folder that a network left.
    dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), HostError> {
    let scratch = tempfile::tempdir().during("temporary folder")?;
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => {
            let dir = scratch.path().join("data");
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().during("runtime")?;
            runtime.block_on(leave_files(&dir))?;
            dir
        }
    };
    examine(&dir)
}

/// Everything the auditor does: read two files, check, look.
#[expect(clippy::print_stdout, reason = "the findings are what the program is for")]
fn examine(dir: &Path) -> Result<(), HostError> {
    let (genesis, dossier) = Dossier::read(dir)?;
    let findings = dossier.verify(&genesis, SystemClock.now())?;
    println!("network {:.16}, decided by {} validators", genesis.chain(), genesis.validators().count());
    println!("height  {}, every header certified by a quorum; state root {:.16}", findings.height, findings.state_root);
    println!("grants  {}, and there are no others:", findings.grants.len());
    for record in &findings.grants {
        let grant = record.grant();
        let status = match record.status() {
            GrantStatus::Revoked { height } => format!("revoked at height {height}"),
            _ => format!("until {}", grant.validity.time().end()),
        };
        println!("        {} for {}, {}; {status}", grant.id, grant.purposes, grant.verbs);
    }
    println!("absent  grant {} does not exist", findings.absent);
    let denied = findings.log.iter().filter(|one| matches!(one.outcome, AccessOutcome::Denied { .. })).count();
    assert!(findings.log.iter().zip(0..).all(|(entry, number)| entry.number == number));
    println!("log     {} requests, {denied} of them denied; the log is complete", findings.log.len());

    assert!(findings.grants.iter().all(|record| record.grant().id != findings.absent));
    assert_eq!(unnoticed(dir, &genesis)?, 0);
    println!("altered in {CHANGES} places, one at a time: noticed every time");
    Ok(())
}

/// Alters the dossier byte by byte, all over the file: whatever is changed, the audit has to fail.
fn unnoticed(dir: &Path, genesis: &Genesis) -> Result<usize, HostError> {
    let bytes = std::fs::read(dir.join(audit::FILE)).during(audit::FILE)?;
    let holds = |altered: &[u8]| {
        codec::decode::<Dossier>(altered).is_ok_and(|dossier| dossier.verify(genesis, SystemClock.now()).is_ok())
    };
    assert!(holds(&bytes));
    let places = (0..bytes.len()).step_by(bytes.len() / CHANGES + 1);
    Ok(places
        .filter(|place| {
            let mut altered = bytes.clone();
            altered[*place] ^= 1;
            holds(&altered)
        })
        .count())
}

/// A network of three institutions and a home; a grant that is given and revoked.
async fn leave_files(dir: &Path) -> Result<(), HostError> {
    let (mut rng, now) = (ChaCha20Rng::seed_from_u64(1), SystemClock.now());
    let people = People::new(3, 1, now, &mut rng)?;
    let network = Network::start(people.genesis(now)?, people.seats(), dir).await?;
    story::found(&network, &people, &mut rng).await?;
    let home = Arc::clone(&network.nodes()[people.institutions.len()]);
    let (resident, lake) = (&people.residences[0], network.lake());
    let mut residence = Residence::open(resident, DataKind::ContinuousGlucose, now, home, lake, rng).await?;
    let data = TimeRange::new(now.floor_hour(), now.floor_hour().plus(Duration::from_secs(86_400))).during("range")?;
    let until = now.plus(Duration::from_secs(30 * 86_400));
    let terms = Terms { data, until, purpose: Purpose::Treatment, quota: None };
    let grant = residence.grant(&Grantee::from(&people.institutions[0]), &terms).await?;
    residence.revoke(grant).await?;
    story::leave_dossier(&network, &residence)?;
    drop(residence);
    network.stop_and_reopen().await.map(|_| ())
}
