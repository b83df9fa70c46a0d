//! What lies in the lake's folder after a patient's days went in and grants went out: nothing from which a value, a name, a
//! kind of data or a key can be read.

use dmledger_core::{
    codec,
    record::{Reading, reading::ReadingBatch},
    scope::Purpose,
};
use dmledger_examples::{
    error::HostError,
    people::Person,
    residence::{Grantee, Residence, Terms},
    stage::{Stage, span},
};
use std::{
    collections::{BTreeSet, HashSet},
    fs,
    path::{Path, PathBuf},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Longest run of bytes that may be shared by chance; six of many megabytes of windows would be one in a million.
const WINDOW: usize = 8;

fn runtime() -> Result<tokio::runtime::Runtime, std::io::Error> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// A stage whose patient has two days in the lake and whose hospitals were granted them, one of them no longer.
async fn played() -> Result<(Stage, Residence, Vec<Reading>), HostError> {
    let stage = Stage::new(4, 5).await?;
    let (mut home, readings) = stage.home(2).await?;
    let terms = Terms { data: span(&readings)?, until: stage.next_month(), purpose: Purpose::Treatment, quota: None };
    for person in &stage.people.institutions[..2] {
        home.grant(&Grantee::from(person), &terms).await?;
    }
    let first = home.granted_to(&stage.people.institutions[0].id());
    home.revoke_and_rotate(first.ok_or_else(|| HostError::new("no grant"))?).await?;
    Ok((stage, home, readings))
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    Ok(found)
}

/// Every run of [`WINDOW`] bytes that says something: more than two different bytes in it.
fn windows(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.windows(WINDOW).filter(|window| window.iter().collect::<BTreeSet<_>>().len() > 2)
}

/// Runs of the bytes that were sealed and of secret keys: none of them may be found.
fn secrets(stage: &Stage, home: &Residence, readings: &[Reading]) -> Result<HashSet<Vec<u8>>, Failed> {
    let mut secrets = HashSet::new();
    for batch in ReadingBatch::by_hour(readings.to_vec())? {
        secrets.extend(windows(&codec::encode(&batch)).map(<[u8]>::to_vec));
    }
    for key in home.epochs() {
        secrets.extend(windows(&borsh::to_vec(key)?).map(<[u8]>::to_vec));
        // Kept beside the secrets: account, epoch and committee, which every access part says.
        let guard = key.gate().ok_or("an epoch without a gate")?.guard();
        for known in [borsh::to_vec(&Some(guard))?, borsh::to_vec(&key.epoch())?] {
            for window in windows(&known) {
                secrets.remove(window);
            }
        }
    }
    for person in stage.people.institutions.iter().chain(&stage.people.residences) {
        secrets.extend(windows(&person.kem().to_seed()[..]).map(<[u8]>::to_vec));
    }
    Ok(secrets)
}

/// Words that tell a person, a kind of data or a unit.
fn words(stage: &Stage) -> Vec<String> {
    let people = stage.people.institutions.iter().chain(&stage.people.residences);
    let words = ["continuous", "glucose", "mg/dL", "mmol", "hospital", "treatment"].map(str::to_owned);
    people.map(Person::title).chain(words).collect()
}

/// Shannon entropy of the bytes, in bits a byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let total = bytes.len() as f64;
    let share = |count: &u32| f64::from(*count) / total;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum::<f64>()
}

#[test]
fn no_byte_of_the_lake_tells_a_value_a_name_a_kind_or_a_key() -> Result<(), Failed> {
    let runtime = runtime()?;
    let (stage, home, readings) = runtime.block_on(played())?;
    let (secrets, words) = (secrets(&stage, &home, &readings)?, words(&stage));
    assert!(secrets.len() > 1000, "there is something to look for");
    let folder = stage.network.dir().join("lake");
    let (mut objects, mut count) = (Vec::new(), 0);
    for path in files(&folder)? {
        let bytes = fs::read(&path)?;
        let name = path.strip_prefix(&folder)?.to_string_lossy().into_owned();
        for place in [bytes.as_slice(), name.as_bytes()] {
            let found = windows(place).find(|window| secrets.contains(*window));
            assert_eq!(found, None, "{name}");
            for word in &words {
                let found = place.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()));
                assert!(!found, "{name} says {word}");
            }
        }
        if name.starts_with("objects") {
            objects.extend_from_slice(&bytes);
            count += 1;
        }
    }
    assert!(count >= home.records(), "every record has an object");
    // Uniform bytes would have 8 bits less 255 / (2 ln 2 n).
    let expected = 8.0 - 255.0 / (2.0 * std::f64::consts::LN_2 * objects.len() as f64);
    assert!(entropy(&objects) > expected - 0.02, "{} of {expected} bits a byte", entropy(&objects));
    let plain: Vec<u8> = ReadingBatch::by_hour(readings)?.iter().flat_map(codec::encode).collect();
    assert!(entropy(&plain) < 7.0, "the measure tells plaintext from ciphertext");
    Ok(())
}
