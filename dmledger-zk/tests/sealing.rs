//! The life of a record through the public interface: committed, sealed, granted, guarded, read, revoked, erased.

use dmledger_core::codec;
use dmledger_core::consent::GrantId;
use dmledger_core::envelope::{AccountId, ChainId, Envelope, Meaning};
use dmledger_core::hash::Digest;
use dmledger_core::key::{SecretKey, Suite};
use dmledger_core::record::index::{ContentId, IndexEntry, IndexFacts, RecordId};
use dmledger_core::record::kind::DataKind;
use dmledger_core::scope::{Purpose, PurposeSet, Validity, VerbSet};
use dmledger_core::time::{Height, TimeRange, Timestamp};
use dmledger_zk::seal::erase::{Erased, ErasureId, receipt as receipt_of};
use dmledger_zk::seal::{
    Address, AnchoredGrant, Committee, CommitteeId, DataKey, Epoch, EpochKey, EpochNumber, GateBundle, GateReply,
    GateSeed, GrantBody, GrantTerms, Guard, Hedge, Hours, KemKeyPair, Keys, LedgerView, NodeNumber, OpenError, Part,
    RecordMeta, SealSuite, Sealed, Shape, Standing, erasure_of, open, reslot, seal_record, unwrap, unwrap_grant, wrap,
    wrap_grant,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::error::Error;

type Answer<T> = Result<T, Box<dyn Error>>;

const CHAIN: ChainId = ChainId::new(Digest::new([1; 32]));
const ACCOUNT: AccountId = AccountId::new(Digest::new([2; 32]));
const RECORD: RecordId = RecordId::new([3; 32]);
const READINGS: &[u8] = b"2026-01-02T07:00Z 5.5; 07:05 5.7; 07:10 6.0 mmol/L";

fn at(hour: i64) -> Timestamp {
    // Hours of 2 January 2026.
    Timestamp::from_seconds((20_455 * 24 + hour) * 3600)
}

fn span(from: i64, to: i64) -> Answer<TimeRange> {
    Ok(TimeRange::new(at(from), at(to))?)
}

/// A patient with a guarded epoch, a gateway, a committee of seven, and a hospital.
struct Scene {
    rng: ChaCha20Rng,
    patient: SecretKey,
    gateway: SecretKey,
    nodes: Vec<(KemKeyPair, SecretKey)>,
    hospital: KemKeyPair,
    committee: Committee,
}

impl Scene {
    fn new() -> Answer<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(42);
        let patient = SecretKey::generate(Suite::Bip340, &mut rng);
        let gateway = SecretKey::generate(Suite::Bip340, &mut rng);
        let mut node = || {
            let kem = KemKeyPair::generate(SealSuite::default(), &mut rng);
            (kem, SecretKey::generate(Suite::Bip340, &mut rng))
        };
        let nodes = (0..7).map(|_| node()).collect();
        let hospital = KemKeyPair::generate(SealSuite::P256Aes256, &mut rng);
        let committee = Committee::new(CommitteeId::new(1), Shape::DEFAULT);
        Ok(Self { rng, patient, gateway, nodes, hospital, committee })
    }

    fn guard(&self, number: u32) -> Guard {
        Guard::new(ACCOUNT, EpochNumber::new(number), self.committee)
    }

    /// Opens an epoch and hands each gate node its bundle, over the wire.
    fn open_epoch(&mut self, number: u32) -> Answer<(EpochKey, Vec<GateBundle>)> {
        let first = Hours::touched_by(&span(0, 1)?)?.first();
        let seed = GateSeed::generate(self.guard(number), &mut self.rng);
        let mut bundles = Vec::new();
        for (n, (kem, _)) in (0..).zip(&self.nodes) {
            let node = NodeNumber::new(n);
            let letter = wrap(&seed.bundle(node)?, CHAIN, kem.public(), &mut self.rng)?;
            let letter = codec::decode(&codec::encode(&letter))?;
            let subject = (EpochNumber::new(number), self.committee.id(), node);
            bundles.push(unwrap(&letter, kem, CHAIN, Address::new(ACCOUNT, subject))?);
        }
        let epoch = Epoch::new(EpochNumber::new(number), first);
        Ok((EpochKey::generate(epoch, &mut self.rng).guarded_by(seed)?, bundles))
    }

    fn seal(&mut self, epoch: &EpochKey) -> Answer<(Sealed, IndexEntry)> {
        let key = DataKey::generate(&RECORD, &Hedge::Content(READINGS), &mut self.rng);
        let hours = Hours::touched_by(&span(7, 8)?)?;
        let meta = RecordMeta::new(CHAIN, ACCOUNT, RECORD, DataKind::ContinuousGlucose, hours, Digest::new([9; 32]));
        let sealed = seal_record(READINGS, &meta, key, epoch, &self.gateway, &self.patient)?;
        let facts = IndexFacts {
            record: RECORD,
            sequence: 0,
            content: ContentId::of(sealed.ciphertext()),
            header: sealed.part().header_digest(),
            commitments: Digest::new([9; 32]),
            count: 3,
            span: span(7, 8)?,
            epoch: 0,
        };
        Ok((sealed, IndexEntry::sign(facts, &self.gateway, &CHAIN, &ACCOUNT)?))
    }

    /// Grants the hospital some hours of an epoch and lets it unwrap what it got.
    fn grant(&mut self, epoch: &EpochKey, from: i64, to: i64) -> Answer<GrantBody> {
        let terms = GrantTerms {
            grant: GrantId::new([5; 16]),
            account: ACCOUNT,
            kind: DataKind::ContinuousGlucose,
            verbs: VerbSet::QUERY,
            purposes: PurposeSet::only(Purpose::Treatment),
            validity: Validity::during(span(0, 1000)?),
            quota: None,
        };
        let buckets = epoch.epoch().buckets(&Hours::inside(&span(from, to)?)?)?;
        let body = GrantBody::new(terms, vec![epoch.cover(buckets)], &mut self.rng)?;
        let anchored =
            AnchoredGrant { chain: CHAIN, account: ACCOUNT, grant: GrantId::new([5; 16]), digest: body.digest() };
        let letter = codec::encode(&wrap_grant(&body, CHAIN, self.hospital.public(), &mut self.rng)?);
        Ok(unwrap_grant(&codec::decode(&letter)?, &self.hospital, &anchored)?)
    }
}

fn read(
    part: &Part,
    ciphertext: &[u8],
    entry: &IndexEntry,
    keys: Keys<'_>,
    scene: &Scene,
    standing: Standing,
) -> Result<Vec<u8>, OpenError> {
    let view = LedgerView {
        chain: CHAIN,
        account: ACCOUNT,
        entry,
        custodians: &[scene.patient.public()],
        least_version: part.access().body().version(),
        height: Height::new(20),
        time: at(48),
        standing,
    };
    open(part, ciphertext, keys, &view).map(|plaintext| plaintext.as_bytes().to_vec())
}

fn answers(bundles: &[GateBundle], nodes: &[usize]) -> Answer<Vec<GateReply>> {
    let answer = |node: &usize| Ok(codec::decode(&codec::encode(&bundles[*node].partials(&RECORD)))?);
    nodes.iter().map(answer).collect()
}

#[test]
fn a_record_is_read_under_a_grant_with_the_gate_and_not_without() -> Answer<()> {
    let mut scene = Scene::new()?;
    let (epoch, bundles) = scene.open_epoch(0)?;
    let (sealed, entry) = scene.seal(&epoch)?;
    let part = Part::from_bytes(&sealed.part().to_bytes())?;
    let grant = scene.grant(&epoch, 6, 12)?;
    let try_with = |keys, standing| read(&part, sealed.ciphertext(), &entry, keys, &scene, standing);

    let three = answers(&bundles, &[0, 3, 5])?;
    assert_eq!(try_with(Keys::Gated(&grant, &three), Standing::Active)?, READINGS);
    let two = answers(&bundles, &[0, 3])?;
    let refused = try_with(Keys::Gated(&grant, &two), Standing::Active).unwrap_err();
    assert!(matches!(refused, OpenError::MissingSubKey { have: 21, need: 22, .. }), "{refused}");
    let refused = try_with(Keys::None, Standing::Active).unwrap_err();
    assert!(matches!(refused, OpenError::MissingSubKey { have: 0, .. }), "{refused}");
    let revoked = Standing::Revoked { height: Height::new(19) };
    let refused = try_with(Keys::Gated(&grant, &three), revoked).unwrap_err();
    assert_eq!(refused, OpenError::Revoked { height: Height::new(19) });
    Ok(())
}

#[test]
fn a_grant_for_other_hours_opens_nothing_even_with_the_whole_gate() -> Answer<()> {
    let mut scene = Scene::new()?;
    let (epoch, bundles) = scene.open_epoch(0)?;
    let (sealed, entry) = scene.seal(&epoch)?;
    let grant = scene.grant(&epoch, 8, 12)?;
    let all = answers(&bundles, &[0, 1, 2, 3, 4, 5, 6])?;
    let keys = Keys::Gated(&grant, &all);
    let refused = read(sealed.part(), sealed.ciphertext(), &entry, keys, &scene, Standing::Active).unwrap_err();
    assert!(matches!(refused, OpenError::OutsideRange(_)), "{refused}");
    Ok(())
}

#[test]
fn after_rotation_the_old_grantee_is_shut_out_and_the_remaining_one_reads_on() -> Answer<()> {
    let mut scene = Scene::new()?;
    let (old, old_gate) = scene.open_epoch(0)?;
    let (sealed, entry) = scene.seal(&old)?;
    let revoked = scene.grant(&old, 6, 12)?;
    let (new, new_gate) = scene.open_epoch(1)?;
    let remaining = scene.grant(&new, 6, 12)?;
    let moved = reslot(sealed.part(), &old, &new, &scene.patient)?;
    let (scene, ciphertext) = (&scene, sealed.ciphertext());
    let try_with = |keys: Keys<'_>| read(&moved, ciphertext, &entry, keys, scene, Standing::Active);

    // Even with a gate that ignores the ledger.
    for gate in [&old_gate, &new_gate] {
        let all = answers(gate, &[0, 1, 2, 3, 4, 5, 6])?;
        let refused = try_with(Keys::Gated(&revoked, &all)).unwrap_err();
        assert!(matches!(refused, OpenError::MissingSubKey { have: 0, .. }), "{refused}");
    }
    let three = answers(&new_gate, &[1, 2, 6])?;
    assert_eq!(try_with(Keys::Gated(&remaining, &three))?, READINGS);
    Ok(())
}

#[test]
fn after_an_epoch_is_erased_a_grantee_who_kept_everything_reads_nothing() -> Answer<()> {
    let mut scene = Scene::new()?;
    let (epoch, bundles) = scene.open_epoch(0)?;
    let (sealed, entry) = scene.seal(&epoch)?;
    let grant = scene.grant(&epoch, 6, 12)?;
    drop(epoch);
    // Nodes 2 and 4 sign that they have erased, and keep their keys.
    let order = ErasureId::new([3; 16]);
    let kept = answers(&bundles, &[2, 4])?;
    drop(bundles);
    let receipt = |(n, (_, key)): (u8, &(KemKeyPair, SecretKey))| {
        let body = receipt_of(order, Erased::Epoch(0), &scene.guard(0), NodeNumber::new(n), Height::new(30));
        Envelope::new(CHAIN, Some(ACCOUNT), body).sign(key, Meaning::Authored)
    };
    let receipts = (0..).zip(&scene.nodes).map(receipt).collect::<Result<Vec<_>, _>>()?;
    let members: Vec<_> = scene.nodes.iter().map(|(_, key)| key.public()).collect();
    let erasure = erasure_of(order, Erased::Epoch(0), CHAIN, &scene.guard(0), &members, &receipts)?;
    assert_eq!(erasure.tolerated_liars(), 2);
    let keys = Keys::Gated(&grant, &kept);
    let refused = read(sealed.part(), sealed.ciphertext(), &entry, keys, &scene, Standing::Active).unwrap_err();
    assert!(matches!(refused, OpenError::MissingSubKey { have: 21, need: 22, .. }), "{refused}");
    Ok(())
}
