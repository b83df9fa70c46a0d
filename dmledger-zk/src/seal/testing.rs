//! Fixed parties, records and generators for the tests of this module.

use super::*;
use core::convert::Infallible;
use dmledger_core::consent::GrantId;
use dmledger_core::envelope::Envelope;
use dmledger_core::envelope::{AccountId, ChainId};
use dmledger_core::hash::Digest;
use dmledger_core::key::{PublicKey, SecretKey, Suite};
use dmledger_core::record::index::{ContentId, IndexEntry, IndexFacts, RecordId};
use dmledger_core::record::kind::DataKind;
use dmledger_core::scope::{Purpose, PurposeSet, Validity, VerbSet};
use dmledger_core::time::{Height, TimeRange, Timestamp};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rand_core::{TryCryptoRng, TryRng};

/// A generator that always says the same.
pub(crate) struct Stuck;

impl TryRng for Stuck {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0x5555_5555)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0x5555_5555_5555_5555)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.fill(0x55);
        Ok(())
    }
}

impl TryCryptoRng for Stuck {}

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(crate) fn record_id(n: u8) -> RecordId {
    RecordId::new([n; 32])
}

pub(crate) fn chain(n: u8) -> ChainId {
    ChainId::new(Digest::new([n; 32]))
}

pub(crate) fn account(n: u8) -> AccountId {
    AccountId::new(Digest::new([n; 32]))
}

/// First hour of the test epochs: 2026-01-01T00:00Z.
pub(crate) const FIRST: Hour = Hour::new(490_896);
pub(crate) const KIND: DataKind = DataKind::ContinuousGlucose;
/// Another kind.
pub(crate) const OTHER_KIND: DataKind = DataKind::SelfMeasuredGlucose;

/// A patient with two epochs, a gateway that writes, and a hospital that is granted hours 24 to 47 of epoch 0.
pub(crate) struct World {
    pub(crate) gateway: SecretKey,
    pub(crate) patient: SecretKey,
    pub(crate) custodians: Vec<PublicKey>,
    pub(crate) epochs: [EpochKey; 2],
    pub(crate) hospital: KemKeyPair,
    pub(crate) grant: GrantBody,
}

pub(crate) fn epoch(number: u32) -> Epoch {
    Epoch::new(EpochNumber::new(number), FIRST)
}

pub(crate) fn range(first: u16, last: u16) -> BucketRange {
    BucketRange::new(Bucket::new(first), Bucket::new(last)).unwrap()
}

pub(crate) fn hour(bucket: u16) -> Hour {
    Hour::new(FIRST.number() + u32::from(bucket))
}

pub(crate) fn hours(first: u16, last: u16) -> Hours {
    Hours::new(hour(first), hour(last)).unwrap()
}

fn at(hour: Hour) -> Timestamp {
    Timestamp::from_seconds(i64::from(hour.number()) * 3600)
}

pub(crate) fn terms() -> GrantTerms {
    let time = TimeRange::new(Timestamp::from_seconds(1_000), Timestamp::from_seconds(9_000)).unwrap();
    GrantTerms {
        grant: GrantId::new([9; 16]),
        account: account(2),
        kind: KIND,
        verbs: VerbSet::QUERY,
        purposes: PurposeSet::only(Purpose::Treatment),
        validity: Validity::new(time, Height::new(10), Height::new(100)).unwrap(),
        quota: None,
    }
}

/// A sealed record and its entry in the index.
#[derive(Debug)]
pub(crate) struct Anchored {
    sealed: Sealed,
    pub(crate) entry: IndexEntry,
}

impl core::ops::Deref for Anchored {
    type Target = Sealed;

    fn deref(&self) -> &Sealed {
        &self.sealed
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let mut rng = rng(7);
        let [gateway, patient] = [(); 2].map(|()| SecretKey::generate(Suite::Bip340, &mut rng));
        let epochs = [0, 1].map(|number| EpochKey::generate(epoch(number), &mut rng));
        let hospital = KemKeyPair::generate(SealSuite::default(), &mut rng);
        let cover = epochs[0].cover(range(24, 47));
        let grant = GrantBody::new(terms(), vec![cover], &mut rng).unwrap();
        Self { gateway, custodians: vec![patient.public()], patient, epochs, hospital, grant }
    }

    pub(crate) fn meta(record: u8, bucket: u16) -> RecordMeta {
        Self::meta_of(record, Hours::one(hour(bucket)))
    }

    pub(crate) fn meta_of(record: u8, hours: Hours) -> RecordMeta {
        RecordMeta::new(chain(1), account(2), record_id(record), KIND, hours, Digest::new([6; 32]))
    }

    /// Seals `plaintext` as record `record`, measured in hour `bucket`, in epoch 0.
    pub(crate) fn seal(&self, record: u8, bucket: u16, plaintext: &[u8]) -> Anchored {
        let key = DataKey::generate(&record_id(record), &Hedge::Content(plaintext), &mut rng(u64::from(record)));
        self.seal_with(&Self::meta(record, bucket), key, plaintext)
    }

    pub(crate) fn seal_with(&self, meta: &RecordMeta, key: DataKey, plaintext: &[u8]) -> Anchored {
        let sealed = seal_record(plaintext, meta, key, &self.epochs[0], &self.gateway, &self.patient).unwrap();
        let entry = self.entry(sealed.part().header(), ContentId::of(sealed.ciphertext()));
        Anchored { sealed, entry }
    }

    /// The facts that an honest author anchors.
    pub(crate) fn facts(header: &Envelope<RecordHeader>, content: ContentId) -> IndexFacts {
        let (body, header) = (header.body(), header.id());
        let end = Hour::new(body.hours().last().number() + 1);
        IndexFacts {
            record: *body.record(),
            sequence: 0,
            content,
            header,
            commitments: body.values(),
            count: 1,
            span: TimeRange::new(at(body.hours().first()), at(end)).unwrap(),
            epoch: 0,
        }
    }

    pub(crate) fn entry(&self, header: &Envelope<RecordHeader>, content: ContentId) -> IndexEntry {
        self.anchor(Self::facts(header, content))
    }

    pub(crate) fn anchor(&self, facts: IndexFacts) -> IndexEntry {
        IndexEntry::sign(facts, &self.gateway, &chain(1), &account(2)).unwrap()
    }

    /// What an honest ledger says about a sealed record, in the middle of the grant's validity.
    pub(crate) fn view<'a>(&'a self, sealed: &'a Anchored) -> LedgerView<'a> {
        LedgerView {
            chain: chain(1),
            account: account(2),
            entry: &sealed.entry,
            custodians: &self.custodians,
            least_version: 1,
            height: Height::new(50),
            time: Timestamp::from_seconds(5_000),
            standing: Standing::Active,
        }
    }

    pub(crate) fn read(&self, sealed: &Anchored, keys: Keys<'_>) -> Result<Vec<u8>, OpenError> {
        let plaintext = open(sealed.part(), sealed.ciphertext(), keys, &self.view(sealed))?;
        Ok(plaintext.as_bytes().to_vec())
    }
}
