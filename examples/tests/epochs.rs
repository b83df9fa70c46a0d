//! The key epochs of a home on a small network: what others publish goes into the epoch that its entry names, a rotation
//! that is cut short forgets nobody, the trustees' capsule keeps pace, and an erasure goes by what the ledger says.

use async_trait::async_trait;
use dmledger_core::{
    account::escrow::Publication,
    codec,
    consent::{GrantId, GrantRecord},
    record::{ContentId, DataKind, IndexEntry, RecordId, index::IndexFacts},
    scope::Purpose,
    time::TimeRange,
    traits::{BlobError, BlobStore},
};
use dmledger_examples::{
    authored::{Place, Received},
    error::HostError,
    institution::{Institution, ReadError},
    residence::{Grantee, Residence, Terms},
    stage::{Stage, span},
    trustees,
};
use dmledger_store::lake::Lake;
use dmledger_zk::seal::{Capsule, GrantBody, Keys, Part};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

const INSTITUTIONS: u8 = 4;

fn runtime() -> Result<tokio::runtime::Runtime, std::io::Error> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Publishes a record for the account; its entry names `epoch`.
async fn publish(
    home: &mut Residence,
    by: &mut Institution<'_>,
    (text, hour, epoch): (&[u8], TimeRange, u32),
) -> Result<Publication, HostError> {
    let (account, phone) = (home.account(), home.phone());
    let letters = by.letter_key(&account)?;
    let place = Place { patient: &letters, epoch, ..home.place(IndexFacts::IN_ESCROW, hour)? };
    let publication = by.publish(text, &place, phone).await?;
    home.node().reach(by.node().tip()?.height).await?;
    Ok(publication)
}

fn entry_of(publication: &Publication) -> Result<&IndexEntry, HostError> {
    publication.entries.first().ok_or_else(|| HostError::new("an empty publication"))
}

/// Opens the letter of a publication.
async fn look(home: &Residence, publication: &Publication) -> Result<(Received, Vec<u8>), HostError> {
    let parcel: ContentId = codec::decode(publication.note.as_slice()).map_err(|why| HostError::during("note", why))?;
    home.look_into(&parcel, entry_of(publication)?).await
}

#[test]
fn a_publication_goes_into_the_epoch_that_its_entry_names_and_into_no_other() -> Result<(), Failed> {
    runtime()?.block_on(published())
}

async fn published() -> Result<(), Failed> {
    let stage = Stage::new(INSTITUTIONS, 21).await?;
    let (mut home, readings) = stage.home(1).await?;
    home.invite("reads German").await?;
    let mut hospital = stage.institution(0, &home).await?;
    let batch = codec::encode(home.batches().next().ok_or("no readings")?);
    let text = batch.as_slice();
    let hour = span(readings.get(..1).unwrap_or_default())?;
    let first = publish(&mut home, &mut hospital, (text, hour, 0)).await?;
    let late = publish(&mut home, &mut hospital, (text, hour, 0)).await?;
    let ahead = publish(&mut home, &mut hospital, (text, hour, 7)).await?;

    // Confirmed after a rotation, it lies in the epoch before, where the ledger takes it to be.
    home.rotate().await?;
    let (received, read) = look(&home, &first).await?;
    assert_eq!(read, text);
    hospital.node().reach(home.confirm(&first, &received).await?).await?;
    let facts = entry_of(&first)?.facts();
    let (_, part) = stage.network.lake().part(&facts.record).await?.ok_or("no part")?;
    let epoch = Part::from_bytes(&part)?.access().body().epoch().number();
    assert_eq!((epoch, facts.epoch, home.epochs().len()), (0, 0, 2));
    let shown = hospital.show(&facts.record)?;
    let anchored = hospital.check(&facts.record, &shown)?;
    let (former, latest) = home.epochs().split_at(1);
    assert_eq!(codec::encode(&hospital.open_regardless(anchored, Keys::Owner(former)).await?), text);
    let other = hospital.open_regardless(anchored, Keys::Owner(latest)).await;
    assert!(matches!(other, Err(ReadError::Sealed(_))), "{other:?}");

    // Of an epoch that is gone, or is none: refused before the ledger hears of it.
    let (received, _) = look(&home, &late).await?;
    home.erase_oldest_epoch().await?;
    let refused = [look(&home, &late).await.map(|_| ()), home.confirm(&late, &received).await.map(|_| ())];
    for refused in refused {
        assert_eq!(refused.map_err(|why| why.to_string()), Err("epoch 0 of the account was erased".to_owned()));
    }
    let refused = look(&home, &ahead).await.map(|_| ());
    assert_eq!(refused.map_err(|why| why.to_string()), Err("epoch 7 of the account has not begun".to_owned()));
    let waiting: Vec<_> = home.waiting()?.iter().map(|one| one.address).collect();
    assert!(waiting.len() == 2 && waiting.contains(&late.address) && waiting.contains(&ahead.address));
    Ok(())
}

#[test]
fn a_rotation_that_was_cut_short_forgets_nobody_and_goes_on() -> Result<(), Failed> {
    runtime()?.block_on(cut_short())
}

async fn cut_short() -> Result<(), Failed> {
    let stage = Stage::new(INSTITUTIONS, 22).await?;
    let lake = Arc::new(Filling { lake: stage.network.lake(), room: AtomicUsize::new(usize::MAX) });
    let node = stage.network.nodes().get(usize::from(INSTITUTIONS)).cloned().ok_or("no home")?;
    let (shared, rng) = (Arc::clone(&lake) as Arc<dyn BlobStore>, ChaCha20Rng::seed_from_u64(22));
    let person = stage.people.residences.first().ok_or("nobody lives there")?;
    let mut home = Residence::open(person, DataKind::ContinuousGlucose, stage.now, node, shared, rng).await?;
    let record = home.take_in_object(stage.now, b"an hour".to_vec()).await?;
    let start = stage.now.floor_hour();
    let data = TimeRange::new(start, start.plus(Duration::from_secs(3600)))?;
    let terms = Terms { data, until: stage.next_month(), purpose: Purpose::Treatment, quota: Some(3) };
    let to: Vec<_> = stage.people.institutions.iter().take(3).map(Grantee::from).collect();
    let mut given = Vec::new();
    for one in &to {
        given.push(home.grant(one, &terms).await?);
    }
    let mut hospital = stage.institution(0, &home).await?;
    let spent = hospital.ask(home.account(), &[record], Purpose::Treatment).await?;
    home.node().reach(spent.at.height).await?;

    // One object more: the letter to the first of three.
    lake.room.store(1, Ordering::SeqCst);
    assert!(home.rotate().await.is_err());
    lake.room.store(usize::MAX, Ordering::SeqCst);
    let has = |home: &Residence| to.iter().map(|one| home.granted_to(&one.member)).collect::<Option<Vec<_>>>();
    let midway = has(&home).ok_or("somebody was forgotten")?;
    assert_ne!(midway.first(), given.first());
    assert_eq!(midway.get(1..), given.get(1..));

    home.extend_grants().await?;
    let after = has(&home).ok_or("somebody was forgotten")?;
    assert_eq!((home.epochs().len(), after.first()), (2, midway.first()));
    for (before, after) in given.iter().zip(&after) {
        let (before, after) = (on_ledger(&home, before)?, on_ledger(&home, after)?);
        assert!(before.ended().is_some() && after.ended().is_none());
        assert_eq!(before.left(), after.left());
    }
    assert_eq!(after.first().map(|grant| on_ledger(&home, grant)).transpose()?.and_then(|one| one.left()), Some(2));

    // A further rotation finds everybody.
    home.rotate().await?;
    let further = has(&home).ok_or("somebody was forgotten")?;
    assert!(home.epochs().len() == 3 && further.iter().all(|grant| !after.contains(grant)));
    Ok(())
}

#[test]
fn the_trustees_capsule_reaches_into_every_epoch_but_an_erased_one_and_the_one_before_is_gone() -> Result<(), Failed> {
    runtime()?.block_on(entrusted())
}

async fn entrusted() -> Result<(), Failed> {
    let stage = Stage::new(INSTITUTIONS, 23).await?;
    let (mut home, readings) = stage.home(1).await?;
    home.rotate().await?;
    assert!(home.entrusted().is_none(), "nobody is trusted unasked");
    let before = home.entrust(&stage.people.trustees, &span(&readings)?).await?;
    assert_eq!(reach(&stage, &home).await?, [0, 1]);
    home.rotate().await?;
    assert_eq!(reach(&stage, &home).await?, [0, 1, 2]);
    let between = home.entrusted().ok_or("nobody is trusted")?.capsule;
    home.erase_oldest_epoch().await?;
    assert_eq!(reach(&stage, &home).await?, [1, 2]);
    for gone in [before.capsule, between] {
        assert!(matches!(stage.network.lake().get(&gone).await, Err(BlobError::NotFound)));
    }
    Ok(())
}

#[test]
fn a_record_is_erased_in_the_epoch_of_the_ledger_whatever_the_lake_shows() -> Result<(), Failed> {
    runtime()?.block_on(erased())
}

async fn erased() -> Result<(), Failed> {
    let stage = Stage::new(INSTITUTIONS, 24).await?;
    let (mut home, readings) = stage.home(1).await?;
    let reader = stage.institution(0, &home).await?;
    let records = reader.index(&home.account(), &span(&readings)?)?;
    // Where the part of one was, the lake shows something else, and of another nothing at all.
    let lake = stage.network.lake();
    let some = records.get(..2).ok_or("too few records")?;
    for (record, shown) in some.iter().zip([Some(b"not a part"), None]) {
        lake.delete_parts(record).await?;
        if let Some(shown) = shown {
            lake.put_part(record, 1, shown).await?;
        }
        let gone = home.erase_record(record).await?;
        let erasure = home.node().query()?.facts().erasure(&gone.order)?.ok_or("no such order")?;
        assert!(erasure.completed().is_some() && lake.part(record).await?.is_none());
        assert_eq!(gone.gate.receipts(), INSTITUTIONS);
    }
    let refused = home.erase_record(&RecordId::new([0; 32])).await.map(|_| ());
    assert_eq!(refused.map_err(|why| why.to_string()), Err("no such record".to_owned()));
    Ok(())
}

/// The epochs that two of the trustees open with the letters they were sent last.
async fn reach(stage: &Stage, home: &Residence) -> Result<Vec<u32>, Failed> {
    let entrusted = home.entrusted().ok_or("nobody is trusted")?;
    let capsule: Capsule = codec::decode(&stage.network.lake().get(&entrusted.capsule).await?)?;
    let place = (home.node().chain(), home.account());
    let mut bundles = Vec::new();
    for ((letter, person), number) in entrusted.letters.iter().zip(&stage.people.trustees).zip(0..).take(2) {
        bundles.push(trustees::open_letter(letter, person.kem(), place, &capsule, number)?);
    }
    let body: GrantBody = codec::decode(capsule.open(&bundles)?.contents())?;
    Ok(body.epochs().map(|epoch| epoch.number().number()).collect())
}

fn on_ledger(home: &Residence, grant: &GrantId) -> Result<GrantRecord, Failed> {
    Ok(home.node().query()?.facts().grant(grant)?.ok_or("no such grant")?)
}

/// A lake that takes so many more objects and then no other.
struct Filling {
    lake: Arc<Lake>,
    room: AtomicUsize,
}

#[async_trait]
impl BlobStore for Filling {
    async fn put(&self, id: &ContentId, bytes: &[u8]) -> Result<(), BlobError> {
        let full = || BlobError::Unavailable("full".to_owned());
        let left = self.room.load(Ordering::SeqCst).checked_sub(1).ok_or_else(full)?;
        self.room.store(left, Ordering::SeqCst);
        self.lake.put(id, bytes).await
    }

    async fn get(&self, id: &ContentId) -> Result<Vec<u8>, BlobError> {
        self.lake.get(id).await
    }

    async fn get_range(&self, id: &ContentId, range: Range<u64>) -> Result<Vec<u8>, BlobError> {
        self.lake.get_range(id, range).await
    }

    async fn contains(&self, id: &ContentId) -> Result<bool, BlobError> {
        self.lake.contains(id).await
    }

    async fn delete(&self, id: &ContentId) -> Result<(), BlobError> {
        self.lake.delete(id).await
    }

    async fn list(&self) -> Result<Vec<ContentId>, BlobError> {
        self.lake.list().await
    }

    async fn put_part(&self, record: &RecordId, version: u64, bytes: &[u8]) -> Result<(), BlobError> {
        self.lake.put_part(record, version, bytes).await
    }

    async fn part(&self, record: &RecordId) -> Result<Option<(u64, Vec<u8>)>, BlobError> {
        self.lake.part(record).await
    }

    async fn delete_parts(&self, record: &RecordId) -> Result<(), BlobError> {
        self.lake.delete_parts(record).await
    }

    async fn delete_parts_below(&self, record: &RecordId, version: u64) -> Result<(), BlobError> {
        self.lake.delete_parts_below(record, version).await
    }
}
