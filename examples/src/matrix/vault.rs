//! The keys behind a trial: every record really sealed, every grant really wrapped, every answer of the gate really asked
//! for, so that what the ledger allows has to decrypt and what it refuses must not.
//!
//! A committee of four nodes guards the patients' epochs, two of which have to agree. Everything that anybody was ever sent
//! is kept by whoever got it: range keys of grants long revoked, the capsule of an emergency that is over, parts of records
//! that were erased. Whoever is refused also has all that one of the four nodes holds. What is not kept are the answers to
//! earlier requests that were allowed: who has them has read the record, and keeping them is keeping what was read.

mod attempt;
mod deal;

pub use attempt::{Attempt, Opened};

use crate::error::{During, HostError};
use dmledger_core::{
    account::escrow::Tweak,
    codec,
    consent::{GateOrder, GateRequest, GateTask, Grant, erasure::ErasureId},
    envelope::{Envelope, Meaning},
    hash::Digest,
    key::SecretKey,
    record::{ContentId, DataKind, IndexEntry, RecordId, index::IndexFacts},
    scope::{PurposeSet, Verb},
    testing::World,
    time::TimeRange,
};
use dmledger_net::{node::gate::GateService, transport::PeerId};
use dmledger_zk::seal::{
    Address, AnchoredGrant, BucketRange, Capsule, DataKey, EpochKey, EscrowedKey, GateBundle, GrantBody, GrantTerms,
    Hedge, Hours, KemKeyPair, Part, RecordMeta, TrusteeBundle, Wrapped, WrappedGrant, begin_escrow, reslot,
    seal_record, unwrap, unwrap_grant, wrap, wrap_grant,
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use std::{collections::BTreeMap, sync::Arc};

/// A sealed record, as lake and ledger hold it, and what was sealed.
struct Object {
    part: Part,
    ciphertext: Vec<u8>,
    entry: IndexEntry,
    plaintext: Vec<u8>,
}

/// A record that an institution sealed and the patient has unwrapped the key of.
struct Published {
    header: Envelope<dmledger_zk::seal::RecordHeader>,
    key: EscrowedKey,
    ciphertext: Vec<u8>,
    entry: IndexEntry,
    plaintext: Vec<u8>,
}

/// What a patient's home holds.
struct Home {
    kind: DataKind,
    epoch: EpochKey,
    kem: KemKeyPair,
    /// What each node of the committee was dealt: what a node that is not honest has.
    bundles: Vec<GateBundle>,
    capsule: Capsule,
    /// The trustees with their shares of the capsule, as they were wrapped to them.
    trustees: Vec<(KemKeyPair, Wrapped<TrusteeBundle>)>,
}

/// Keys that somebody was given, and the buckets they are for.
struct Kept {
    body: GrantBody,
    range: Option<BucketRange>,
}

/// The keys of a trial.
pub struct Vault {
    kems: Vec<Arc<KemKeyPair>>,
    thief: Arc<KemKeyPair>,
    thiefs_key: SecretKey,
    homes: Vec<Home>,
    gate: Vec<(PeerId, GateService)>,
    objects: BTreeMap<RecordId, Object>,
    published: BTreeMap<RecordId, Published>,
    /// Everything a member was ever given of a patient, in order.
    kept: BTreeMap<(usize, usize), Vec<Kept>>,
    /// The latest letter with keys, and for whom it was: what a thief finds in the lake.
    letter: Option<(WrappedGrant, AnchoredGrant)>,
    /// The latest request to the gate that was served, and its records: what a thief heard on the line.
    heard: Option<(Envelope<GateRequest>, Vec<RecordId>, usize)>,
    rng: ChaCha20Rng,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("objects", &self.objects.len()).finish_non_exhaustive()
    }
}

fn none(what: &str) -> HostError {
    HostError::new(format!("no such {what}"))
}

impl Vault {
    fn home(&self, patient: usize) -> Result<&Home, HostError> {
        self.homes.get(patient).ok_or_else(|| none("patient"))
    }

    /// A record nobody has the like of.
    fn draw(&mut self, patient: usize, hour: u64) -> (RecordId, Vec<u8>) {
        let mut name = [0; 32];
        self.rng.fill_bytes(&mut name);
        (RecordId::new(name), format!("patient {patient}, hour {hour}: {}", self.rng.next_u64()).into_bytes())
    }

    fn meta(&self, world: &World, record: RecordId, patient: usize, span: &TimeRange) -> Result<RecordMeta, HostError> {
        let account = world.patients().get(patient).ok_or_else(|| none("patient"))?.account;
        let hours = Hours::touched_by(span).during("hour")?;
        Ok(RecordMeta::new(world.chain(), account, record, self.home(patient)?.kind, hours, Digest::ZERO))
    }

    /// Seals a record of that hour; its entry for the index.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn seal(&mut self, world: &World, patient: usize, hour: u64, sequence: u64) -> Result<IndexEntry, HostError> {
        let (record, plaintext) = self.draw(patient, hour);
        let span = World::hour(hour).during("hour")?;
        let meta = self.meta(world, record, patient, &span)?;
        let key = DataKey::generate(&record, &Hedge::Content(&plaintext), &mut self.rng);
        let keys = world.patients().get(patient).ok_or_else(|| none("patient"))?;
        let epoch = &self.home(patient)?.epoch;
        let sealed = seal_record(&plaintext, &meta, key, epoch, &keys.gateway, &keys.home).during("sealing")?;
        let (part, ciphertext) = sealed.into_parts();
        let facts = facts(record, sequence, &ciphertext, part.header_digest(), span);
        let entry = IndexEntry::sign(facts, &keys.gateway, &world.chain(), &keys.account).during("index")?;
        self.objects.insert(record, Object { part, ciphertext, entry: entry.clone(), plaintext });
        Ok(entry)
    }

    /// An institution seals a record of that hour and wraps its key to the patient, who unwraps it; its entry, and what the
    /// waiting account's address is made with.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn publish(
        &mut self,
        world: &World,
        patient: usize,
        hour: u64,
    ) -> Result<(IndexEntry, Option<Tweak>), HostError> {
        let (record, plaintext) = self.draw(patient, hour);
        let span = World::hour(hour).during("hour")?;
        let meta = self.meta(world, record, patient, &span)?;
        let key = DataKey::generate(&record, &Hedge::Content(&plaintext), &mut self.rng);
        let author = &world.institutions().first().ok_or_else(|| none("institution"))?.key;
        let begun = begin_escrow(&meta, plaintext.len() as u64, key, author).during("sealing")?;
        let (header, escrowed, mut sealer) = begun;
        let mut ciphertext = Vec::new();
        sealer.update(&plaintext, &mut ciphertext).during("sealing")?;
        sealer.finish(&mut ciphertext).during("sealing")?;
        let to = self.homes.get(patient).ok_or_else(|| none("patient"))?;
        let letter = wrap(&escrowed, world.chain(), to.kem.public(), &mut self.rng).during("publication")?;
        drop(escrowed);
        let address = Address::new(meta.account(), record);
        let key: EscrowedKey = unwrap(&letter, &to.kem, world.chain(), address).during("publication")?;
        let tweak = EscrowedKey::tweak(std::slice::from_ref(&key));
        let facts = facts(record, IndexFacts::IN_ESCROW, &ciphertext, header.id(), span);
        let entry = IndexEntry::sign(facts, author, &world.chain(), &meta.account()).during("index")?;
        self.published.insert(record, Published { header, key, ciphertext, entry: entry.clone(), plaintext });
        Ok((entry, Some(tweak)))
    }

    /// The patient takes a published record in: writes the first slot around its key.
    ///
    /// # Errors
    /// If it was not published.
    pub fn adopt(&mut self, world: &World, patient: usize, record: &RecordId) -> Result<(), HostError> {
        let one = self.published.remove(record).ok_or_else(|| none("publication"))?;
        let custodian = &world.patients().get(patient).ok_or_else(|| none("patient"))?.home;
        let part = one.key.adopt(one.header, &self.home(patient)?.epoch, custodian).during("slot")?;
        let Published { ciphertext, entry, plaintext, .. } = one;
        self.objects.insert(*record, Object { part, ciphertext, entry, plaintext });
        Ok(())
    }

    /// A patient whose keys were replaced signs the access part of every record anew.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn resign(&mut self, world: &World, patient: usize) -> Result<(), HostError> {
        let keys = world.patients().get(patient).ok_or_else(|| none("patient"))?;
        let epoch = &self.homes.get(patient).ok_or_else(|| none("patient"))?.epoch;
        for object in self.objects.values_mut().filter(|one| one.part.header().account() == Some(keys.account)) {
            object.part = reslot(&object.part, epoch, epoch, &keys.home).during("slot")?;
        }
        Ok(())
    }

    /// Wraps the range keys of a grant to everybody it is for, who unwrap and keep them; the digest for the ledger. A grant
    /// that is for writing only has none.
    ///
    /// # Errors
    /// If a letter does not open for whom it is meant.
    pub fn deliver(
        &mut self,
        world: &World,
        grant: &Grant,
        patient: usize,
        audience: &[usize],
    ) -> Result<Digest, HostError> {
        let account = world.patients().get(patient).ok_or_else(|| none("patient"))?.account;
        let home = self.homes.get(patient).ok_or_else(|| none("patient"))?;
        let reads = grant.verbs.contains(Verb::Query);
        let hours = Hours::inside(&grant.data).during("range")?;
        let range = home.epoch.epoch().buckets(&hours).during("range")?;
        let covers = reads.then(|| home.epoch.cover(range)).into_iter().collect();
        let terms = GrantTerms {
            grant: grant.id,
            account,
            kind: home.kind,
            verbs: grant.verbs,
            purposes: grant.purposes,
            validity: grant.validity,
            quota: grant.quota,
        };
        let body = GrantBody::new(terms, covers, &mut self.rng).during("grant")?;
        let expected = AnchoredGrant { chain: world.chain(), account, grant: grant.id, digest: body.digest() };
        for member in audience {
            let kem = self.kems.get(*member).ok_or_else(|| none("member"))?;
            let letter = wrap_grant(&body, world.chain(), kem.public(), &mut self.rng).during("grant")?;
            let body = unwrap_grant(&letter, &**kem, &expected).during("grant")?;
            let range = reads.then_some(range);
            self.kept.entry((*member, patient)).or_default().push(Kept { body, range });
            self.letter = Some((letter, expected));
        }
        Ok(expected.digest)
    }

    /// Two trustees send their shares to a hospital, which opens the capsule and keeps what is in it.
    ///
    /// # Errors
    /// If the capsule does not open.
    pub fn break_glass(&mut self, world: &World, patient: usize, member: usize) -> Result<(), HostError> {
        let home = self.homes.get(patient).ok_or_else(|| none("patient"))?;
        let hospital = self.kems.get(member).ok_or_else(|| none("member"))?;
        let (chain, account) = (world.chain(), home.capsule.head().account());
        let mut bundles = Vec::new();
        for (kem, letter) in home.trustees.iter().take(2) {
            let address = Address::new(account, letter.subject());
            let bundle: TrusteeBundle = unwrap(letter, kem, chain, address).during("capsule")?;
            let sent = wrap(&bundle, chain, hospital.public(), &mut self.rng).during("capsule")?;
            bundles.push(unwrap(&sent, &**hospital, chain, address).during("capsule")?);
        }
        let body: GrantBody =
            codec::decode(home.capsule.open(&bundles).during("capsule")?.contents()).during("capsule")?;
        self.kept.entry((member, patient)).or_default().push(Kept { body, range: Some(BucketRange::ALL) });
        Ok(())
    }

    /// Hands the patient's order to every node; none of them answers for the record again. Its part stays with whoever
    /// has a copy.
    ///
    /// # Errors
    /// If a node does not sign for it.
    pub fn erase(&mut self, world: &World, record: RecordId, order: ErasureId) -> Result<(), HostError> {
        let account = self.objects.get(&record).and_then(|one| one.part.header().account());
        let owner = world.patients().iter().find(|one| Some(one.account) == account).ok_or_else(|| none("patient"))?;
        let body = GateOrder { epoch: 0, committee: 1, task: GateTask::EraseRecord(order, record) };
        let signed =
            Envelope::new(world.chain(), account, body).sign(&owner.home, Meaning::Approved).during("order")?;
        self.obey(world, &signed, 0..deal::NODES)
    }
}

fn facts(record: RecordId, sequence: u64, ciphertext: &[u8], header: Digest, span: TimeRange) -> IndexFacts {
    let content = ContentId::of(ciphertext);
    IndexFacts { record, sequence, content, header, commitments: Digest::ZERO, count: 0, span, epoch: 0 }
}

/// The purposes of a capsule's grant.
fn urgent() -> Result<PurposeSet, HostError> {
    use dmledger_core::scope::Purpose;
    PurposeSet::new(&[Purpose::BreakTheGlass, Purpose::EmergencyTreatment]).during("purposes")
}
