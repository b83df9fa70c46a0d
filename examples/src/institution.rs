//! An institution: asks the ledger, fetches from the lake, checks everything against finalised headers, and opens what
//! it was granted.

use crate::{
    error::{During, HostError},
    network::Node,
    people::Person,
};
use dmledger_core::{
    action::Action,
    block::Header,
    codec::{self, List},
    consent::{AccessRequest, GrantId, RequestId, grant::GrantRecord},
    decide::{AccessEntry, AccessOutcome},
    envelope::AccountId,
    quorum::ValidatorSet,
    record::{ContentId, RecordId, reading::ReadingBatch},
    scope::{Conditions, Purpose, Verb},
    state::tables::{AnchoredEntry, LogPosition, Places, Proved},
    time::TimeRange,
    traits::{
        BlobStore,
        proof_verifier::{ProofClaim, ProofVerifier},
    },
};
use dmledger_zk::{
    range::Interval,
    seal::{AnchoredGrant, GrantBody, Keys, LedgerView, OpenError, Standing, WrappedGrant, open, unwrap_grant},
    statement::reading::ReadingInRange,
    verifier::Verifier,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

pub mod emergency;
mod partials;
mod rights;
pub mod writing;

pub use partials::{GateRefusal, Partials};

/// Most records in one request.
const RECORDS_A_REQUEST: usize = 256;

/// An institution at its own node.
pub struct Institution<'a> {
    person: &'a Person,
    node: Arc<Node>,
    lake: Arc<dyn BlobStore>,
    /// The latest version of the part of every record that it has opened: no older one is taken any more.
    seen: Mutex<BTreeMap<RecordId, u64>>,
    rng: ChaCha20Rng,
}

impl std::fmt::Debug for Institution<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Institution").field("name", &self.person.name()).finish_non_exhaustive()
    }
}

/// A record's index entry with everything that shows it to somebody who has only the validators' keys.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The entry and where it stands in the state.
    pub entry: Proved<AnchoredEntry>,
    /// The finalised header whose state root the proof leads to.
    pub header: Header,
}

/// What a verifier wants to know of a record: whether one of its readings lies in an interval.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The record.
    pub record: &'a RecordId,
    /// Its entry, shown to the verifier.
    pub shown: &'a Shown,
    /// The interval, millionths of mg/dL.
    pub interval: Interval,
    /// What the answer is for.
    pub purpose: &'a str,
}

/// Why a record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The ledger denied the request.
    #[error("{0}")]
    Denied(dmledger_core::decide::Reason),
    /// The gate did not give enough partials.
    #[error("{0}")]
    Gate(GateRefusal),
    /// The record did not open.
    #[error("{0}")]
    Sealed(#[from] OpenError),
    /// Something on the way failed.
    #[error("{0}")]
    Host(#[from] HostError),
}

impl<'a> Institution<'a> {
    /// `person` at its node, with the lake it shares.
    #[must_use]
    pub fn new(person: &'a Person, node: Arc<Node>, lake: Arc<dyn BlobStore>, seed: u64) -> Self {
        Self { person, node, lake, seen: Mutex::default(), rng: ChaCha20Rng::seed_from_u64(seed) }
    }

    /// Who it is.
    #[must_use]
    pub const fn person(&self) -> &'a Person {
        self.person
    }

    /// Its node.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Asks the ledger for records of an account; returns the entry of the access log with the answer.
    ///
    /// # Errors
    /// If the request itself is refused: an asker without certificate, a request that was made before.
    pub async fn ask(
        &mut self,
        account: AccountId,
        records: &[RecordId],
        purpose: Purpose,
    ) -> Result<AccessEntry, HostError> {
        self.ask_to(Verb::Query, account, records, purpose).await
    }

    /// As [`Self::ask`], to do something else than to read.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn ask_to(
        &mut self,
        verb: Verb,
        account: AccountId,
        records: &[RecordId],
        purpose: Purpose,
    ) -> Result<AccessEntry, HostError> {
        let mut name = [0; 16];
        self.rng.fill_bytes(&mut name);
        let id = RequestId::new(name);
        let records = List::new(records.to_vec()).during("request")?;
        let undertaking = Conditions::NONE;
        let request = AccessRequest { id, records, verb, purpose, undertaking, grant: None };
        let height = self.act(account, Action::Access(request)).await?;
        let query = self.node.query_at(height)?;
        let facts = query.facts();
        let position: Option<LogPosition> = facts.get(&facts.places().request(&id)).during("access log")?;
        let place = position.map(|at| facts.places().access(&at.account, at.number));
        let entry = place.map(|place| facts.get(&place)).transpose().during("access log")?.flatten();
        entry.ok_or_else(|| HostError::new("the access log lacks a request that is final"))
    }

    /// The records of an account whose data lie in `range`, as the ledger lists them.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn index(&self, account: &AccountId, range: &TimeRange) -> Result<Vec<RecordId>, HostError> {
        let records = self.node.query()?.records(account).during("index")?;
        let inside = |one: &&AnchoredEntry| range.covers(&one.entry.facts().span);
        Ok(records.entries().filter(inside).map(|one| one.entry.facts().record).collect())
    }

    /// A record's entry with its proof and the header that proof leads to.
    ///
    /// # Errors
    /// If the state cannot be read or there is no such record.
    pub fn show(&self, record: &RecordId) -> Result<Shown, HostError> {
        let query = self.node.query()?;
        let entry = query.record(record).during("index")?;
        let block = self.node.store().block(query.root().version).during("block")?;
        let header = block.ok_or_else(|| HostError::new("the tip's block is missing"))?.block().header().clone();
        Ok(Shown { entry, header })
    }

    /// Checks that an entry stands in the finalised state: the header's certificate against the validators this node
    /// knows, the proof against the header's state root.
    ///
    /// # Errors
    /// With the first thing that does not hold.
    pub fn check<'s>(&self, record: &RecordId, shown: &'s Shown) -> Result<&'s AnchoredEntry, HostError> {
        let height = shown.header.height;
        let block = self.node.store().block(height).during("block")?;
        let block = block.ok_or_else(|| HostError::new("a header that is not final here"))?;
        let certificate = block.certificate().ok_or_else(|| HostError::new("a block without certificate"))?;
        if certificate.block() != shown.header.id() {
            return Err(HostError::new("certificate of another header"));
        }
        certificate.verify(&self.node.chain(), &self.validators(&shown.header)?).during("certificate")?;
        let place = Places::new(self.node.chain()).record(record);
        let entry = shown.entry.verify(&shown.header.state_root, &place).during("state proof")?;
        entry.ok_or_else(|| HostError::new("no such record"))
    }

    /// Reads records under a grant: asks, fetches, checks every entry against a finalised header, opens. Returns the
    /// batches in the order asked for, and how many inclusion proofs were checked.
    ///
    /// # Errors
    /// [`ReadError`] with the ledger's reason, or why a record did not open.
    pub async fn read(
        &mut self,
        account: AccountId,
        grant: GrantId,
        records: &[RecordId],
        purpose: Purpose,
    ) -> Result<(Vec<ReadingBatch>, usize), ReadError> {
        let objects = self.read_objects(account, grant, records, purpose).await?;
        let batches = objects.iter().map(|object| codec::decode(object).during("readings"));
        Ok((batches.collect::<Result<_, _>>()?, objects.len()))
    }

    /// As [`Self::read`], for records whatever they hold, for example pictures. Every entry has been checked.
    ///
    /// # Errors
    /// [`ReadError`] with the ledger's reason, or why a record did not open.
    pub async fn read_objects(
        &mut self,
        account: AccountId,
        grant: GrantId,
        records: &[RecordId],
        purpose: Purpose,
    ) -> Result<Vec<Vec<u8>>, ReadError> {
        let body = self.unwrap(account, grant).await?;
        let mut objects = Vec::with_capacity(records.len());
        for records in records.chunks(RECORDS_A_REQUEST) {
            let entry = self.ask(account, records, purpose).await?;
            if let AccessOutcome::Denied { reason } = entry.outcome {
                return Err(ReadError::Denied(reason));
            }
            let mut partials = self.partials(account, &body, entry.request, records).await?;
            for record in records {
                let shown = self.show(record)?;
                let anchored = self.check(record, &shown)?;
                let replies = partials.remove(record).unwrap_or_default();
                let keys = Keys::Gated(&body, &replies);
                objects.push(self.open_bytes(anchored, keys, self.standing(keys)?).await?);
            }
        }
        Ok(objects)
    }

    /// Fetches a grant's keys from where the ledger says they are and unwraps them.
    ///
    /// # Errors
    /// If they are missing, altered, or for somebody else.
    pub async fn unwrap(&self, account: AccountId, grant: GrantId) -> Result<GrantBody, HostError> {
        let record = self.granted(&grant)?;
        let address: ContentId = codec::decode(record.grant().delivery.as_slice()).during("grant")?;
        let bytes = self.lake.get(&address).await.during("lake")?;
        let wrapped: WrappedGrant = codec::decode(&bytes).during("grant")?;
        let expected = AnchoredGrant { chain: self.node.chain(), account, grant, digest: record.grant().body };
        unwrap_grant(&wrapped, &**self.person.kem(), &expected).during("grant")
    }

    /// Takes a record's ciphertext from the lake and opens it with the keys at hand.
    ///
    /// # Errors
    /// [`ReadError::Sealed`] with what is missing or does not fit.
    pub async fn open(&self, anchored: &AnchoredEntry, keys: Keys<'_>) -> Result<ReadingBatch, ReadError> {
        let standing = self.standing(keys)?;
        self.open_as(anchored, keys, standing).await
    }

    /// Opens a record without asking whether the grant still stands: what somebody would try who kept the keys and does
    /// not keep to the rules.
    ///
    /// # Errors
    /// [`ReadError::Sealed`] with what is missing or does not fit.
    pub async fn open_regardless(&self, anchored: &AnchoredEntry, keys: Keys<'_>) -> Result<ReadingBatch, ReadError> {
        self.open_as(anchored, keys, Standing::Active).await
    }

    async fn open_as(
        &self,
        anchored: &AnchoredEntry,
        keys: Keys<'_>,
        standing: Standing,
    ) -> Result<ReadingBatch, ReadError> {
        Ok(codec::decode(&self.open_bytes(anchored, keys, standing).await?).during("readings")?)
    }

    async fn open_bytes(
        &self,
        anchored: &AnchoredEntry,
        keys: Keys<'_>,
        standing: Standing,
    ) -> Result<Vec<u8>, ReadError> {
        let facts = anchored.entry.facts();
        let part = self.part(&facts.record).await?;
        let ciphertext = self.lake.get(&facts.content).await.during("lake")?;
        let tip = self.node.tip()?;
        let query = self.node.query_at(tip.height)?;
        let account = query.facts().account(&anchored.account).during("account")?;
        let account = account.ok_or_else(|| HostError::new("no such account"))?;
        let custodians: Vec<_> =
            account.policy().groups().iter().flat_map(|group| group.keys().iter().copied()).collect();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(&facts.record).copied();
        let view = LedgerView {
            chain: self.node.chain(),
            account: anchored.account,
            entry: &anchored.entry,
            custodians: &custodians,
            least_version: seen.unwrap_or(1),
            height: tip.height,
            time: tip.time,
            standing,
        };
        let plaintext = open(&part, &ciphertext, keys, &view)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(facts.record, part.access().body().version());
        Ok(plaintext.as_bytes().to_vec())
    }

    /// Checks that a claim answers a question: one reading of this record lies in this interval, shown for this purpose
    /// to this institution. The reading itself is never seen.
    ///
    /// # Errors
    /// If the claim answers another question, or its proof does not hold.
    pub fn verify(&mut self, question: &Question<'_>, claim: &ProofClaim) -> Result<(), HostError> {
        let anchored = self.check(question.record, question.shown)?;
        let (facts, context) = (anchored.entry.facts(), claim.context());
        let other = |what: &str| Err(HostError::new(format!("the claim is about another {what}")));
        if context.chain() != self.node.chain() || context.subject() != anchored.account {
            return other("account");
        }
        if context.audience() != self.person.id().digest() || context.purpose() != question.purpose {
            return other("verifier or purpose");
        }
        let stated = ReadingInRange::try_from(claim).during("claim")?;
        let record = stated.root() == facts.commitments && stated.count() == u64::from(facts.count);
        if !record || context.epoch() != u64::from(facts.epoch) {
            return other("record");
        }
        if stated.interval() != question.interval {
            return other("interval");
        }
        Verifier::new(&mut self.rng).verify(claim).during("claim")
    }

    /// The validators that decide a header's block: those the state before it names, and the header commits to.
    ///
    /// # Errors
    /// If the state before it cannot be read or names others.
    pub fn validators(&self, header: &Header) -> Result<ValidatorSet, HostError> {
        let before = header.height.previous().ok_or_else(|| HostError::new("nobody decides genesis"))?;
        let set = self.node.query_at(before)?.facts().validators().during("validators")?;
        let set = set.filter(|set| set.digest() == header.validators);
        set.ok_or_else(|| HostError::new("the header names other validators"))
    }

    fn granted(&self, grant: &GrantId) -> Result<GrantRecord, HostError> {
        let record = self.node.query()?.facts().grant(grant).during("grant")?;
        record.ok_or_else(|| HostError::new("no such grant"))
    }

    fn standing(&self, keys: Keys<'_>) -> Result<Standing, HostError> {
        let (Keys::Grant(body) | Keys::Gated(body, _)) = keys else { return Ok(Standing::Active) };
        let void = self.granted(&body.terms().grant)?.status().void_since();
        Ok(void.map_or(Standing::Active, |height| Standing::Revoked { height }))
    }
}
