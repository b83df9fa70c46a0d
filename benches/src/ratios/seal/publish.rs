//! A private publication end to end, four validators in this process: the institution seals a record and wraps its key, the
//! publication waits on the ledger, the patient opens and confirms it, adopts it into its epoch behind the default
//! committee, and two grantees open it with three nodes' answers. Measured with one record a publication, and with the
//! sixteen that one may hold. Institutions and homes are parties of their own: what they do, they do on all processors.

use super::{Failure, terms};
use crate::{
    consensus::grants::{finalise, nodes, verify_on_all_processors},
    report,
};
use dmledger_core::{
    account::escrow::{MAX_PUBLISHED, Publication},
    action::{self, Action, Confirm, Submit},
    block::RawAction,
    codec::{Bytes, List},
    envelope::{AccountId, Envelope, Meaning},
    hash::Digest,
    key::SecretKey,
    ledger::StateMachine,
    record::{ContentId, DataKind, IndexEntry, RecordId, index::IndexFacts},
    scope::Validity,
    testing::{World, WorldPlan, world::WORLD_BEGINS},
    time::{Height, TimeRange, Timestamp},
};
use dmledger_zk::seal::{
    Address, BucketRange, Committee, CommitteeId, DataKey, Epoch, EpochKey, EpochNumber, EscrowedKey, GateBundle,
    GateSeed, GrantBody, GrantTerms, Guard, Hedge, Hour, Hours, KemKeyPair, Keys, LedgerView, NodeNumber, Part,
    RecordHeader, RecordMeta, SealSuite, Shape, Standing, Wrapped, begin_escrow, open, unwrap, wrap,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::{
    thread,
    time::{Duration, Instant},
};

const VALIDATORS: usize = 4;
const PATIENTS: usize = 50;
/// Records of one run; an account lets at most 32 publications wait.
const RECORDS: usize = 1_008;
const TEXT: &[u8] = &[0x5A; 256];

/// What a patient's home and its grantees hold.
struct Home {
    kem: KemKeyPair,
    epoch: EpochKey,
    bundles: Vec<GateBundle>,
    grantees: [GrantBody; 2],
}

/// What an institution sends.
struct Sent {
    patient: usize,
    records: Vec<Written>,
    address: AccountId,
    action: RawAction,
}

/// A record of it.
struct Written {
    header: Envelope<RecordHeader>,
    letter: Wrapped<EscrowedKey>,
    ciphertext: Vec<u8>,
    entry: IndexEntry,
}

/// What a patient's home makes of it.
struct Confirmed {
    keys: Vec<EscrowedKey>,
    action: RawAction,
}

/// Prints published records a second, beside what the bare verification of their signatures at four validators would
/// allow.
pub fn run() -> Result<(), Failure> {
    measure("private_publish_to_two_grantees", 1)?;
    measure("private_publish_to_two_grantees_sixteen_records_at_once", MAX_PUBLISHED)
}

fn measure(name: &str, records: usize) -> Result<(), Failure> {
    let plan = WorldPlan { validators: VALIDATORS, patients: PATIENTS, residences: 10, ..WorldPlan::default() };
    let mut world = World::new(plan).map_err(plain)?;
    let first = world.populated().map_err(plain)?;
    let mut rng = ChaCha20Rng::seed_from_u64(22);
    let homes = (0..PATIENTS).map(|patient| home(&world, patient, &mut rng)).collect::<Result<Vec<_>, _>>()?;
    let nodes = nodes(plan, &world, &first)?;
    let tip = first.tip().height;

    let start = Instant::now();
    let numbers: Vec<usize> = (0..RECORDS / records).collect();
    let sent = side_by_side(&numbers, |number| publish(&world, &homes, *number, records))?;
    let mut actions: Vec<_> = sent.iter().map(|one| one.action.clone()).collect();
    finalise(&nodes, actions.clone(), tip)?;
    let middle = futures::executor::block_on(nodes.first().ok_or("no nodes")?.status())?.standing.height;
    let confirmed = side_by_side(&sent, |one| confirm(&world, &homes, one))?;
    let confirming: Vec<_> = confirmed.iter().map(|one| one.action.clone()).collect();
    actions.extend(confirming.iter().cloned());
    finalise(&nodes, confirming, middle)?;
    let both: Vec<_> = sent.iter().zip(&confirmed).collect();
    side_by_side(&both, |(sent, confirmed)| release(&world, &homes, sent, confirmed))?;
    let took = start.elapsed().as_secs_f64();
    for node in &nodes {
        futures::executor::block_on(node.shutdown());
    }

    let start = Instant::now();
    verify_on_all_processors(&actions)?;
    let verifying = start.elapsed().as_secs_f64() * f64::from(u32::try_from(VALIDATORS)?);
    let count = f64::from(u32::try_from(RECORDS / records * records)?);
    let unit = "records/s,higher_is_better,peer=bare_verification_of_their_signatures_four_times";
    report::line(name, count / took, count / verifying, unit);
    Ok(())
}

fn home(world: &World, patient: usize, rng: &mut ChaCha20Rng) -> Result<Home, Failure> {
    let account = world.patients().get(patient).ok_or("no such patient")?.account;
    let number = EpochNumber::new(0);
    let committee = Committee::new(CommitteeId::new(1), Shape::DEFAULT);
    let seed = GateSeed::generate(Guard::new(account, number, committee), rng);
    let bundles = (0..7).map(|node| seed.bundle(NodeNumber::new(node))).collect::<Result<_, _>>()?;
    let epoch = EpochKey::generate(Epoch::new(number, Hour::of(WORLD_BEGINS)?), rng).guarded_by(seed)?;
    let mut body = || {
        let terms = GrantTerms { account, validity: Validity::during(TimeRange::ALWAYS), ..terms()? };
        Ok::<_, Failure>(GrantBody::new(terms, vec![epoch.cover(BucketRange::ALL)], rng)?)
    };
    let grantees = [body()?, body()?];
    Ok(Home { kem: KemKeyPair::generate(SealSuite::default(), rng), epoch, bundles, grantees })
}

/// Does the same with each of these, on all processors; the answers in their order.
fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, Failure> + Sync,
) -> Result<Vec<R>, Failure> {
    let share = items.len().div_ceil(thread::available_parallelism()?.get()).max(1);
    let work = |some: &[T]| some.iter().map(&work).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string());
    let parts: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = items.chunks(share).map(|some| scope.spawn(|| work(some))).collect();
        running.into_iter().map(|one| one.join().unwrap_or_else(|_| Err("a party has stopped".to_owned()))).collect()
    });
    let parts = parts.into_iter().collect::<Result<Vec<Vec<R>>, String>>()?;
    Ok(parts.into_iter().flatten().collect())
}

/// Sealed and wrapped by the institution, and on its way to the ledger.
fn publish(world: &World, homes: &[Home], number: usize, count: usize) -> Result<Sent, Failure> {
    let patient = number % PATIENTS;
    let to = world.patients().get(patient).ok_or("no such patient")?;
    let home = homes.get(patient).ok_or("no home")?;
    let author = &world.institutions().first().ok_or("no institution")?.key;
    let chain = world.chain();
    let mut rng = ChaCha20Rng::seed_from_u64(u64::try_from(number)?);
    let (mut records, mut keys) = (Vec::new(), Vec::new());
    for hour in number / PATIENTS * count..(number / PATIENTS + 1) * count {
        let (written, key) = write((world, to.account, author), home, u64::try_from(hour)?, &mut rng)?;
        records.push(written);
        keys.push(key);
    }
    let address = EscrowedKey::waits_at(&chain, &to.account, [author.public(), to.phone.public()], &keys);
    let until = world.clock().plus(Duration::from_secs(3_600));
    let publication = Publication {
        address,
        patient: to.phone.public(),
        entries: List::new(records.iter().map(|one| one.entry.clone()).collect())?,
        open: Validity::new(TimeRange::new(Timestamp::EPOCH, until)?, Height::GENESIS, Height::new(1_000_000))?,
        note: Bytes::default(),
    };
    let body = Envelope::new(chain, Some(to.account), Action::Submit(Box::new(Submit { publication })));
    let action = action::encode(&body.sign(author, Meaning::Authored)?)?;
    Ok(Sent { patient, records, address, action })
}

/// One record of a publication.
fn write(
    (world, account, author): (&World, AccountId, &SecretKey),
    home: &Home,
    hour: u64,
    rng: &mut ChaCha20Rng,
) -> Result<(Written, EscrowedKey), Failure> {
    let (chain, span) = (world.chain(), World::hour(hour).map_err(plain)?);
    let mut name = [0; 32];
    rng.fill_bytes(&mut name);
    let record = RecordId::new(name);
    let hours = Hours::touched_by(&span)?;
    let meta = RecordMeta::new(chain, account, record, DataKind::ContinuousGlucose, hours, Digest::ZERO);
    let key = DataKey::generate(&record, &Hedge::Content(TEXT), rng);
    let (header, escrowed, mut sealer) = begin_escrow(&meta, TEXT.len() as u64, key, author)?;
    let mut ciphertext = Vec::new();
    sealer.update(TEXT, &mut ciphertext)?;
    sealer.finish(&mut ciphertext)?;
    let letter = wrap(&escrowed, chain, home.kem.public(), rng)?;
    let facts = IndexFacts {
        record,
        sequence: IndexFacts::IN_ESCROW,
        content: ContentId::of(&ciphertext),
        header: header.id(),
        commitments: Digest::ZERO,
        count: 0,
        span,
        epoch: 0,
    };
    let entry = IndexEntry::sign(facts, author, &chain, &account)?;
    Ok((Written { header, letter, ciphertext, entry }, escrowed))
}

/// Unwrapped and read by the patient, who confirms.
fn confirm(world: &World, homes: &[Home], sent: &Sent) -> Result<Confirmed, Failure> {
    let home = homes.get(sent.patient).ok_or("no home")?;
    let account = world.patients().get(sent.patient).ok_or("no such patient")?.account;
    let mut keys = Vec::new();
    for one in &sent.records {
        let address = Address::new(account, one.entry.facts().record);
        let key: EscrowedKey = unwrap(&one.letter, &home.kem, world.chain(), address)?;
        if key.opener(&one.header)?.all(&one.ciphertext)?.as_slice() != TEXT {
            return Err("something else was published".into());
        }
        keys.push(key);
    }
    let tweak = EscrowedKey::tweak(&keys);
    let body = Action::Confirm(Confirm { address: sent.address, tweak });
    let action = action::encode(&world.by_patient(sent.patient, body).map_err(plain)?)?;
    Ok(Confirmed { keys, action })
}

/// Adopted, and read by both grantees.
fn release(world: &World, homes: &[Home], sent: &Sent, confirmed: &Confirmed) -> Result<(), Failure> {
    let home = homes.get(sent.patient).ok_or("no home")?;
    let patient = world.patients().get(sent.patient).ok_or("no such patient")?;
    for (one, key) in sent.records.iter().zip(&confirmed.keys) {
        let part: Part = key.adopt(one.header.clone(), &home.epoch, &patient.home)?;
        let record = one.entry.facts().record;
        let view = LedgerView {
            chain: world.chain(),
            account: patient.account,
            entry: &one.entry,
            custodians: &[patient.home.public()],
            least_version: 1,
            height: Height::new(5),
            time: world.clock(),
            standing: Standing::Active,
        };
        for grantee in &home.grantees {
            let replies: Vec<_> = home.bundles.iter().take(3).map(|bundle| bundle.partials(&record)).collect();
            let read = open(&part, &one.ciphertext, Keys::Gated(grantee, &replies), &view)?;
            if read.as_bytes() != TEXT {
                return Err("something else was read".into());
            }
        }
    }
    Ok(())
}

fn plain(error: Box<dyn std::error::Error + Send + Sync>) -> Failure {
    error
}
