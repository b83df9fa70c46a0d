//! What lies in the lake's folder after every scene of `ab_network`: nothing from which a value, a name, a kind of data or a
//! key can be read.

use dmledger_core::codec;
use dmledger_examples::{devices::made_up_clip, outcome::Outcome, people::Person, stage::Stage, story::Story};
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

/// What the folder of a story must not tell.
struct Played {
    stage: Stage,
    /// Everything that was sealed, in clear.
    plain: Vec<Vec<u8>>,
    /// Keys of every account.
    keys: Vec<Vec<u8>>,
    /// What is kept beside the keys and every access part says: account, epoch and committee.
    known: Vec<Vec<u8>>,
    records: usize,
    kinds: BTreeSet<String>,
}

/// A stage whose patient has two days in the lake, with every scene played on it.
async fn played() -> Result<Played, Failed> {
    let stage = Stage::new(4, 5).await?;
    let (home, readings) = stage.home(2).await?;
    let (mut outcome, clip) = (Outcome::default(), made_up_clip());
    let seen = (5, clip.clone());
    let mut story = Story::new(&stage.network, &stage.people, home, &readings, seen, &mut outcome)?;
    story.play(stage.next_month()).await?;
    let (mut plain, mut keys, mut known) = (vec![clip], Vec::new(), Vec::new());
    let (mut records, mut kinds) = (0, BTreeSet::new());
    for account in story.accounts() {
        plain.extend(account.batches().map(codec::encode));
        records += account.records();
        kinds.insert(account.kind().to_string());
        for key in account.epochs() {
            keys.push(borsh::to_vec(key)?);
            let guard = key.gate().ok_or("an epoch without a gate")?.guard();
            known.extend([borsh::to_vec(&Some(guard))?, borsh::to_vec(&key.epoch())?]);
        }
    }
    drop(story);
    Ok(Played { stage, plain, keys, known, records, kinds })
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

/// What is left of `bytes` between the runs that are known.
fn without<'a>(bytes: &'a [u8], known: &[Vec<u8>]) -> Vec<&'a [u8]> {
    let mut pieces = vec![bytes];
    for run in known {
        let cut = |piece: &'a [u8]| match piece.windows(run.len()).position(|window| window == run) {
            Some(at) => vec![&piece[..at], &piece[at + run.len()..]],
            None => vec![piece],
        };
        pieces = pieces.into_iter().flat_map(cut).collect();
    }
    pieces
}

/// Runs of the bytes that were sealed and of secret keys: none of them may be found.
fn secrets(played: &Played) -> HashSet<Vec<u8>> {
    let mut secrets = HashSet::new();
    // A run that has but one secret byte beside what is known stands in a header once in 256 times.
    let keys = played.keys.iter().flat_map(|key| without(key, &played.known));
    for bytes in played.plain.iter().map(Vec::as_slice).chain(keys) {
        secrets.extend(windows(bytes).map(<[u8]>::to_vec));
    }
    for known in &played.known {
        for window in windows(known) {
            secrets.remove(window);
        }
    }
    for person in everybody(&played.stage) {
        secrets.extend(windows(&person.kem().to_seed()[..]).map(<[u8]>::to_vec));
    }
    secrets
}

fn everybody(stage: &Stage) -> impl Iterator<Item = &Person> {
    let people = &stage.people;
    people.institutions.iter().chain(&people.residences).chain(&people.trustees)
}

/// Words that tell a person, a kind of data, a unit or what a record says.
fn words(played: &Played) -> Vec<String> {
    let said = ["glucose", "insulin", "glargine", "as discussed", "indicator", "somebody else"];
    let units = ["mg/dL", "mmol/L", "hospital", "treatment"];
    let words = said.into_iter().chain(units).map(str::to_owned);
    // Four letters in any case stand in a megabyte of noise once in a few hundred runs.
    let kinds = played.kinds.iter().filter(|kind| kind.len() > 4).cloned();
    everybody(&played.stage).map(Person::title).chain(kinds).chain(words).collect()
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
    let played = runtime.block_on(played())?;
    let (secrets, words) = (secrets(&played), words(&played));
    assert!(secrets.len() > 1000 && played.kinds.len() == 6, "there is something to look for");
    let folder = played.stage.network.dir().join("lake");
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
    assert!(count >= played.records, "every record has an object");
    // Uniform bytes would have 8 bits less 255 / (2 ln 2 n).
    let expected = 8.0 - 255.0 / (2.0 * std::f64::consts::LN_2 * objects.len() as f64);
    assert!(entropy(&objects) > expected - 0.02, "{} of {expected} bits a byte", entropy(&objects));
    assert!(entropy(&played.plain.concat()) < 7.0, "the measure tells plaintext from ciphertext");
    Ok(())
}
