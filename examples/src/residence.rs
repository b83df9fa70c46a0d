//! A patient's home: takes readings in, seals them hour by hour, anchors them, grants, revokes, proves. Its key epochs and
//! the gate that guards them are in [`epochs`].

pub mod days;
pub mod devices;
pub mod epochs;

use crate::{
    error::{During, HostError},
    network::Node,
    people::Person,
};
use dmledger_core::{
    account::{self, Policy},
    action::{Action, Anchor, GrantAction, Open, Revoke},
    codec::{self, Bytes, List},
    consent::grant::{Audience, Effect, Grant, GrantId},
    envelope::{AccountId, Envelope, Meaning},
    hash::Digest,
    identity::MemberId,
    key::{PublicKey, SecretKey, Suite},
    record::{
        ContentId, DataKind, IndexEntry, RecordId,
        index::IndexFacts,
        reading::{Reading, ReadingBatch},
    },
    scope::{Conditions, Purpose, PurposeSet, Validity, VerbSet},
    time::{Height, TimeRange, Timestamp},
    traits::{
        BlobStore,
        proof_verifier::{ProofClaim, ProofContext},
    },
};
use dmledger_zk::{
    commit::commit_values,
    context::Context,
    range::Interval,
    seal::{
        DataKey, Epoch, EpochKey, EpochNumber, GrantBody, GrantTerms, Hedge, Hour, Hours, KemPublicKey, Part,
        RecordMeta, grant::MAX_EPOCHS, seal_record, wrap_grant,
    },
    statement::{
        Prove,
        reading::{ReadingInRange, ReadingWitness, value_root},
    },
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use std::{sync::Arc, time::Duration};

/// Index entries in one anchor action: a day of hourly records.
const ENTRIES_AN_ACTION: usize = 24;

/// The two keys of one account: one on the phone, one on the home node, which co-signs what needs no thought.
#[derive(Debug)]
struct PatientKeys {
    phone: SecretKey,
    home: SecretKey,
}

/// A record this residence has sealed: its index entry, and the key that opens it again. A picture has no readings.
struct Kept {
    facts: IndexFacts,
    batch: Option<ReadingBatch>,
    value_key: [u8; 32],
}

/// A grant that stands.
#[derive(Clone, Debug)]
struct Granted {
    id: GrantId,
    to: Grantee,
    terms: Terms,
}

/// What is sealed as one record.
struct Content {
    record: RecordId,
    span: TimeRange,
    plaintext: Vec<u8>,
    batch: Option<ReadingBatch>,
}

/// A home node with its patient's account for one kind of data.
pub struct Residence {
    name: String,
    node: Arc<Node>,
    lake: Arc<dyn BlobStore>,
    gateway: Arc<SecretKey>,
    patient: PatientKeys,
    account: AccountId,
    kind: DataKind,
    /// The key epochs, oldest first; the last one seals.
    epochs: Vec<EpochKey>,
    /// Grants that stand, with what they were given for.
    granted: Vec<Granted>,
    kept: Vec<Kept>,
    rng: ChaCha20Rng,
}

impl std::fmt::Debug for Residence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Residence").field("name", &self.name).field("account", &self.account).finish_non_exhaustive()
    }
}

/// To whom something is granted: what the ledger and the grantee's certificate say of it.
#[derive(Clone, Debug)]
pub struct Grantee {
    /// Its name on the ledger.
    pub member: MemberId,
    /// The key that wraps to it; its digest stands in the certificate.
    pub kem: KemPublicKey,
}

impl From<&Person> for Grantee {
    fn from(person: &Person) -> Self {
        Self { member: person.id(), kem: person.kem().public().clone() }
    }
}

/// What a patient grants.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Data of which whole hours.
    pub data: TimeRange,
    /// Until when.
    pub until: Timestamp,
    /// What for.
    pub purpose: Purpose,
    /// How many requests, if limited.
    pub quota: Option<u32>,
}

impl Residence {
    /// Opens an account for `kind` under the medical policy: two signatures, one of them the patient's. Cosigner and
    /// gateway is the residence's own key.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn open(
        person: &Person,
        kind: DataKind,
        first: Timestamp,
        node: Arc<Node>,
        lake: Arc<dyn BlobStore>,
        mut rng: ChaCha20Rng,
    ) -> Result<Self, HostError> {
        let patient = PatientKeys {
            phone: SecretKey::generate(Suite::Bip340, &mut rng),
            home: SecretKey::generate(Suite::Bip340, &mut rng),
        };
        let gateway = Arc::clone(person.key());
        let keys = [patient.phone.public(), patient.home.public()];
        let policy = Policy::medical(keys, vec![gateway.public()]).during(person.name())?;
        let mut salt = [0; 32];
        rng.fill_bytes(&mut salt);
        let account = account::address(&node.chain(), kind, &policy, &salt);
        let gateways = List::new(vec![gateway.public()]).during(person.name())?;
        let open = Action::Open(Open { salt, kind, policy, gateways });
        let signed = Envelope::new(node.chain(), Some(account), open)
            .sign(&patient.phone, Meaning::Approved)
            .and_then(|one| one.sign(&patient.home, Meaning::Approved))
            .and_then(|one| one.sign(&gateway, Meaning::Witnessed))
            .during(person.name())?;
        node.submit(&signed).await?;
        let (name, epochs, granted, kept) = (person.name().to_owned(), Vec::new(), Vec::new(), Vec::new());
        let mut residence = Self { name, node, lake, gateway, patient, account, kind, epochs, granted, kept, rng };
        residence.begin_epoch(Epoch::new(EpochNumber::new(0), hour(first)?)).await?;
        Ok(residence)
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// Its home node.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The keys one of which signs the access part of every record.
    #[must_use]
    pub fn custodians(&self) -> Vec<PublicKey> {
        vec![self.patient.home.public(), self.patient.phone.public()]
    }

    /// How many records it has sealed.
    #[must_use]
    pub fn records(&self) -> usize {
        self.kept.len()
    }

    /// Seals readings hour by hour, keeps the ciphertext in the lake, then anchors the records; final on return.
    /// `progress` hears of every anchored record.
    ///
    /// # Errors
    /// If sealing, the lake or the ledger fails. What is in the lake without an index entry is nobody's.
    pub async fn take_in(&mut self, readings: Vec<Reading>, progress: &dyn Fn(usize)) -> Result<Height, HostError> {
        let batches = ReadingBatch::by_hour(readings).during("readings")?;
        let named = batches.into_iter().map(|batch| (self.draw_name(), batch)).collect();
        self.take_in_named(named, progress).await
    }

    /// As [`Self::take_in`], for batches whose records were named before. A name that is on the ledger is passed over:
    /// whoever hands a batch in again after a crash anchors it once.
    ///
    /// # Errors
    /// If sealing, the lake or the ledger fails.
    pub async fn take_in_named(
        &mut self,
        batches: Vec<(RecordId, ReadingBatch)>,
        progress: &dyn Fn(usize),
    ) -> Result<Height, HostError> {
        let contents = batches.into_iter().map(|(record, batch)| Content {
            record,
            span: batch.span(),
            plaintext: codec::encode(&batch),
            batch: Some(batch),
        });
        self.take_in_contents(contents.collect(), progress).await
    }

    /// Seals an object that is no readings, for example a picture, as a record of the hour it is about.
    ///
    /// # Errors
    /// If sealing, the lake or the ledger fails.
    pub async fn take_in_object(&mut self, at: Timestamp, object: Vec<u8>) -> Result<RecordId, HostError> {
        let (record, start) = (self.draw_name(), at.floor_hour());
        let span = TimeRange::new(start, start.plus(Duration::from_secs(3600))).during("hour")?;
        self.take_in_contents(vec![Content { record, span, plaintext: object, batch: None }], &|_| ()).await?;
        Ok(record)
    }

    async fn take_in_contents(
        &mut self,
        contents: Vec<Content>,
        progress: &dyn Fn(usize),
    ) -> Result<Height, HostError> {
        let (mut objects, mut parts, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        let before = self.node.query()?;
        for content in contents {
            if before.facts().record(&content.record).during("index")?.is_some() {
                continue;
            }
            let (entry, part, ciphertext) = self.seal(content)?;
            parts.push((entry.facts().record, 1, part.to_bytes()));
            objects.push((entry.facts().content, ciphertext));
            entries.push(entry);
        }
        self.lake.put_all(&objects).await.during("lake")?;
        self.lake.put_parts(&parts).await.during("lake")?;
        self.anchor(entries, progress).await
    }

    fn draw_name(&mut self) -> RecordId {
        let mut name = [0; 32];
        self.rng.fill_bytes(&mut name);
        RecordId::new(name)
    }

    fn seal(&mut self, content: Content) -> Result<(IndexEntry, Part, Vec<u8>), HostError> {
        let Content { record, span, plaintext, batch } = content;
        let key = DataKey::generate(&record, &Hedge::Content(&plaintext), &mut self.rng);
        let value_key = *key.value_key().as_bytes();
        let values = batch.as_ref().map(committed).unwrap_or_default();
        let root = match &batch {
            Some(_) => value_root(&commit_values(&values, &value_key).0),
            None => Digest::ZERO,
        };
        let hours = Hours::touched_by(&span).during("hour")?;
        let meta = RecordMeta::new(self.node.chain(), self.account, record, self.kind, hours, root);
        let epoch = self.epoch()?;
        let sealed =
            seal_record(&plaintext, &meta, key, epoch, &*self.gateway, &self.patient.home).during("sealing")?;
        let (part, ciphertext) = sealed.into_parts();
        let facts = IndexFacts {
            record,
            sequence: self.kept.len() as u64,
            content: ContentId::of(&ciphertext),
            header: part.header_digest(),
            commitments: root,
            count: u32::try_from(values.len()).during("readings")?,
            span,
            epoch: epoch.epoch().number().number(),
        };
        let entry =
            IndexEntry::sign(facts.clone(), &self.gateway, &self.node.chain(), &self.account).during("index")?;
        self.kept.push(Kept { facts, batch, value_key });
        Ok((entry, part, ciphertext))
    }

    /// The patient's home key and the residence's own satisfy the policy: nobody has to pick up the phone for a reading.
    async fn anchor(&self, entries: Vec<IndexEntry>, progress: &dyn Fn(usize)) -> Result<Height, HostError> {
        let mut tickets = Vec::new();
        for entries in entries.chunks(ENTRIES_AN_ACTION) {
            let anchor = Action::Anchor(Anchor { entries: List::new(entries.to_vec()).during("anchor")? });
            let signed = self.envelope(anchor, &self.patient.home, &self.gateway)?;
            tickets.push((entries.len(), self.node.post(&signed).await?));
        }
        let mut height = Height::GENESIS;
        for (records, ticket) in tickets {
            height = ticket.outcome().await.during("anchor")?.height;
            progress(records);
        }
        Ok(height)
    }

    /// Grants reading: the ledger gets the terms, the grantee the range keys of exactly these hours, wrapped to it and
    /// left in the lake.
    ///
    /// # Errors
    /// If the range lies outside the key epoch, or the ledger refuses.
    pub async fn grant(&mut self, to: &Grantee, terms: &Terms) -> Result<GrantId, HostError> {
        let mut name = [0; 16];
        self.rng.fill_bytes(&mut name);
        let id = GrantId::new(name);
        let now = self.node.tip()?.time;
        let validity = Validity::during(TimeRange::new(now, terms.until).during("validity")?);
        let body = self.grant_body(id, terms, validity)?;
        let wrapped = wrap_grant(&body, self.node.chain(), &to.kem, &mut self.rng).during("grant")?;
        let wrapped = codec::encode(&wrapped);
        let address = ContentId::of(&wrapped);
        self.lake.put(&address, &wrapped).await.during("lake")?;
        let grant = Grant {
            id,
            effect: Effect::Permit,
            audience: Audience::Member(to.member),
            data: terms.data,
            validity,
            verbs: VerbSet::QUERY,
            purposes: PurposeSet::only(terms.purpose),
            quota: terms.quota,
            conditions: Conditions::NONE,
            body: body.digest(),
            delivery: Bytes::new(codec::encode(&address)).during("grant")?,
        };
        let action = Action::Grant(GrantAction { grant });
        self.node.submit(&self.envelope(action, &self.patient.phone, &self.patient.home)?).await?;
        self.granted.push(Granted { id, to: to.clone(), terms: *terms });
        Ok(id)
    }

    /// The terms again, for the grantee's eyes, with the range keys of the hours inside the granted data and no others.
    fn grant_body(&mut self, id: GrantId, terms: &Terms, validity: Validity) -> Result<GrantBody, HostError> {
        let body_terms = GrantTerms {
            grant: id,
            account: self.account,
            kind: self.kind,
            verbs: VerbSet::QUERY,
            purposes: PurposeSet::only(terms.purpose),
            validity,
            quota: terms.quota,
        };
        let hours = Hours::inside(&terms.data).during("range")?;
        let cover = |key: &EpochKey| Ok(key.cover(key.epoch().buckets(&hours).during("range")?));
        // A grant reaches into the latest epochs; older records are moved into them.
        let latest = self.epochs.len().saturating_sub(MAX_EPOCHS);
        let covers = self.epochs.iter().skip(latest).map(cover).collect::<Result<_, HostError>>()?;
        GrantBody::new(body_terms, covers, &mut self.rng).during("grant")
    }

    /// Takes a grant back. One key of the patient is enough: it is never harder than granting.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn revoke(&mut self, grant: GrantId) -> Result<Height, HostError> {
        let action = Action::Revoke(Revoke { grant });
        let signed = Envelope::new(self.node.chain(), Some(self.account), action)
            .sign(&self.patient.phone, Meaning::Approved)
            .during("revoke")?;
        let height = self.node.submit(&signed).await?;
        self.granted.retain(|granted| granted.id != grant);
        Ok(height)
    }

    /// Proves to `audience` that one of the patient's readings lies in `interval` (millionths of mg/dL), without showing
    /// it: the first one that does. `None` if none does.
    ///
    /// # Errors
    /// If the proof cannot be made.
    pub fn prove_in_range(
        &mut self,
        interval: Interval,
        purpose: &str,
        audience: Digest,
    ) -> Result<Option<(RecordId, ProofClaim)>, HostError> {
        let found = self.kept.iter().find_map(|kept| {
            let values = committed(kept.batch.as_ref()?);
            let index = values.iter().position(|value| interval.contains(*value))?;
            Some((kept, values, index as u64))
        });
        let Some((kept, values, index)) = found else { return Ok(None) };
        let (commitments, openings) = commit_values(&values, &kept.value_key);
        let (root, count) = (kept.facts.commitments, u64::from(kept.facts.count));
        let statement = ReadingInRange::new(root, count, index, interval).during("claim")?;
        let witness = ReadingWitness::new(&commitments, &openings, index).during("claim")?;
        let epoch = u64::from(kept.facts.epoch);
        let context = ProofContext::new(self.node.chain(), self.account, epoch, purpose, audience).during("claim")?;
        let proof =
            statement.prove(&Context::try_from(&context).during("claim")?, &witness, &mut self.rng).during("claim")?;
        let claim = statement.claim(context, &proof).during("claim")?;
        Ok(Some((kept.facts.record, claim)))
    }

    fn envelope(&self, action: Action, first: &SecretKey, second: &SecretKey) -> Result<Envelope<Action>, HostError> {
        Envelope::new(self.node.chain(), Some(self.account), action)
            .sign(first, Meaning::Approved)
            .and_then(|one| one.sign(second, Meaning::CoSigned))
            .during(&self.name)
    }
}

/// What is committed to: every reading in millionths of its unit; nothing can be shown about one without a result.
fn committed(batch: &ReadingBatch) -> Vec<u64> {
    batch.readings().iter().map(|one| one.measured().committed().map_or(u64::MAX, u64::from)).collect()
}

fn hour(at: Timestamp) -> Result<Hour, HostError> {
    Hour::of(at).during("hour")
}
