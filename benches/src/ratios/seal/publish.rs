//! A private publication end to end, four validators in this process: the institution seals a record and wraps its key, the
//! publication waits on the ledger, the patient opens and confirms it, adopts it into its epoch behind the default
//! committee, and two grantees open it with three nodes' answers.

use super::{Failure, terms};
use crate::{
    consensus::grants::{finalise, nodes, verify_on_all_processors},
    report,
};
use dmledger_core::{
    account::escrow::Publication,
    action::{self, Action, Confirm, Submit},
    block::RawAction,
    codec::{Bytes, List},
    envelope::{AccountId, Envelope, Meaning},
    hash::Digest,
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
use std::time::{Duration, Instant};

const VALIDATORS: usize = 4;
const PATIENTS: usize = 50;
/// Publications of one run; an account lets at most 32 wait.
const PUBLICATIONS: usize = 1_000;
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
    header: Envelope<RecordHeader>,
    letter: Wrapped<EscrowedKey>,
    ciphertext: Vec<u8>,
    entry: IndexEntry,
    address: AccountId,
}

/// Prints publications a second, beside what the bare verification of their signatures at four validators would allow.
pub fn run() -> Result<(), Failure> {
    let plan = WorldPlan { validators: VALIDATORS, patients: PATIENTS, residences: 10, ..WorldPlan::default() };
    let mut world = World::new(plan).map_err(plain)?;
    let first = world.populated().map_err(plain)?;
    let mut rng = ChaCha20Rng::seed_from_u64(22);
    let homes = (0..PATIENTS).map(|patient| home(&world, patient, &mut rng)).collect::<Result<Vec<_>, _>>()?;
    let nodes = nodes(plan, &world, &first)?;
    let tip = first.tip().height;

    let start = Instant::now();
    let (mut sent, mut submitted) = (Vec::new(), Vec::new());
    for number in 0..PUBLICATIONS {
        let (one, action) = publish(&world, &homes, number, &mut rng)?;
        sent.push(one);
        submitted.push(action);
    }
    let mut actions = submitted.clone();
    finalise(&nodes, submitted, tip)?;
    let middle = futures::executor::block_on(nodes.first().ok_or("no nodes")?.status())?.standing.height;
    let (mut keys, mut confirmed) = (Vec::new(), Vec::new());
    for one in &sent {
        let (key, action) = confirm(&world, &homes, one)?;
        keys.push(key);
        confirmed.push(action);
    }
    actions.extend(confirmed.iter().cloned());
    finalise(&nodes, confirmed, middle)?;
    for (one, key) in sent.iter().zip(&keys) {
        release(&world, &homes, one, key)?;
    }
    let took = start.elapsed().as_secs_f64();
    for node in &nodes {
        futures::executor::block_on(node.shutdown());
    }

    let start = Instant::now();
    verify_on_all_processors(&actions)?;
    let verifying = start.elapsed().as_secs_f64() * f64::from(u32::try_from(VALIDATORS)?);
    let count = f64::from(u32::try_from(PUBLICATIONS)?);
    let unit = "publications/s,higher_is_better,peer=bare_verification_of_their_signatures_four_times";
    report::line("private_publish_to_two_grantees", count / took, count / verifying, unit);
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

/// Sealed and wrapped by the institution, and on its way to the ledger.
fn publish(world: &World, homes: &[Home], number: usize, rng: &mut ChaCha20Rng) -> Result<(Sent, RawAction), Failure> {
    let patient = number % PATIENTS;
    let (to, home) = (world.patients().get(patient).ok_or("no such patient")?, homes.get(patient).ok_or("no home")?);
    let author = &world.institutions().first().ok_or("no institution")?.key;
    let (chain, span) = (world.chain(), World::hour(u64::try_from(number / PATIENTS)?).map_err(plain)?);
    let mut name = [0; 32];
    rng.fill_bytes(&mut name);
    let record = RecordId::new(name);
    let hours = Hours::touched_by(&span)?;
    let meta = RecordMeta::new(chain, to.account, record, DataKind::ContinuousGlucose, hours, Digest::ZERO);
    let key = DataKey::generate(&record, &Hedge::Content(TEXT), rng);
    let (header, escrowed, mut sealer) = begin_escrow(&meta, TEXT.len() as u64, key, author)?;
    let mut ciphertext = Vec::new();
    sealer.update(TEXT, &mut ciphertext)?;
    sealer.finish(&mut ciphertext)?;
    let letter = wrap(&escrowed, chain, home.kem.public(), rng)?;
    let keys = std::slice::from_ref(&escrowed);
    let address = EscrowedKey::waits_at(&chain, &to.account, [author.public(), to.phone.public()], keys);
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
    let entry = IndexEntry::sign(facts, author, &chain, &to.account)?;
    let until = world.clock().plus(Duration::from_secs(3_600));
    let publication = Publication {
        address,
        patient: to.phone.public(),
        entries: List::new(vec![entry.clone()])?,
        open: Validity::new(TimeRange::new(Timestamp::EPOCH, until)?, Height::GENESIS, Height::new(1_000_000))?,
        note: Bytes::default(),
    };
    let body = Envelope::new(chain, Some(to.account), Action::Submit(Box::new(Submit { publication })));
    let action = action::encode(&body.sign(author, Meaning::Authored)?)?;
    Ok((Sent { patient, header, letter, ciphertext, entry, address }, action))
}

/// Unwrapped and read by the patient, who confirms.
fn confirm(world: &World, homes: &[Home], sent: &Sent) -> Result<(EscrowedKey, RawAction), Failure> {
    let home = homes.get(sent.patient).ok_or("no home")?;
    let account = world.patients().get(sent.patient).ok_or("no such patient")?.account;
    let address = Address::new(account, sent.entry.facts().record);
    let key: EscrowedKey = unwrap(&sent.letter, &home.kem, world.chain(), address)?;
    if key.opener(&sent.header)?.all(&sent.ciphertext)?.as_slice() != TEXT {
        return Err("something else was published".into());
    }
    let tweak = EscrowedKey::tweak(std::slice::from_ref(&key));
    let body = Action::Confirm(Confirm { address: sent.address, tweak });
    Ok((key, action::encode(&world.by_patient(sent.patient, body).map_err(plain)?)?))
}

/// Adopted, and read by both grantees.
fn release(world: &World, homes: &[Home], sent: &Sent, key: &EscrowedKey) -> Result<(), Failure> {
    let home = homes.get(sent.patient).ok_or("no home")?;
    let keys = world.patients().get(sent.patient).ok_or("no such patient")?;
    let part: Part = key.adopt(sent.header.clone(), &home.epoch, &keys.home)?;
    let record = sent.entry.facts().record;
    let view = LedgerView {
        chain: world.chain(),
        account: keys.account,
        entry: &sent.entry,
        custodians: &[keys.home.public()],
        least_version: 1,
        height: Height::new(5),
        time: world.clock(),
        standing: Standing::Active,
    };
    for grantee in &home.grantees {
        let replies: Vec<_> = home.bundles.iter().take(3).map(|bundle| bundle.partials(&record)).collect();
        let read = open(&part, &sent.ciphertext, Keys::Gated(grantee, &replies), &view)?;
        if read.as_bytes() != TEXT {
            return Err("something else was read".into());
        }
    }
    Ok(())
}

fn plain(error: Box<dyn std::error::Error + Send + Sync>) -> Failure {
    error
}
