//! Revocations in the simulator, with real keys: once a revocation is final, no read succeeds at its height or later, on
//! whatever side of a partition the reader is, whatever it kept.
//!
//! The short run is part of every test run; the long one of ten thousand revocations is run with `--ignored`, in release.

use dmledger_core::{
    action::{self, SignedAction},
    codec::{self, Bytes, List},
    consent::{AccessRequest, GateOrder, GateRequest, GateTask, GrantId, RequestId},
    envelope::{AccountId, Envelope, Meaning},
    hash::Digest,
    identity::Role,
    key::{PublicKey, SecretKey, Signature},
    ledger::{Ledger, StateMachine},
    record::{ContentId, DataKind, IndexEntry, RecordId, index::IndexFacts},
    scope::{Purpose, PurposeSet, VerbSet},
    testing::{
        MemoryStore, World, WorldPlan,
        world::{Party, WORLD_BEGINS},
    },
    time::Height,
    traits::{Signer, SignerError},
};
use dmledger_net::{
    engine::Config,
    node::gate::{Errand, GateService, Patience, ServiceLimits},
    sim::{self, Setup, network::Quality},
    transport::PeerId,
};
use dmledger_zk::seal::{
    Answers, Committee, CommitteeId, DataKey, Epoch, EpochKey, EpochNumber, GateKeeper, GateSeed, GrantBody,
    GrantTerms, Guard, Hedge, Hour, Hours, KemKeyPair, Keys, LedgerView, MemoryShelf, NodeNumber, OpenError, Part,
    RecordMeta, SealSuite, Sealed, Shape, Standing, open, seal_record, wrap,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::{sync::Arc, time::Duration};

type Failed = Box<dyn std::error::Error + Send + Sync>;

const VALIDATORS: usize = 4;
/// The reader's node, a follower.
const READER: usize = 4;
const TEXT: &[u8] = b"5.5 mmol/L";
const MOST: Duration = Duration::from_secs(120);

#[test]
fn no_read_succeeds_after_a_revocation_with_partitions_and_real_keys() -> Result<(), Failed> {
    let seen = Scene::new(1)?.play(3, 4)?;
    assert!(seen.read > 0, "nothing was ever read, so nothing was shown");
    Ok(())
}

#[test]
#[ignore = "ten thousand revocations: run in release"]
fn no_read_succeeds_after_ten_thousand_revocations() -> Result<(), Failed> {
    let seen = Scene::new(2)?.play(500, 20)?;
    assert!(seen.read > 1000 && seen.tried == 20_000, "{seen:?}");
    Ok(())
}

/// What a run saw.
#[derive(Debug, Default)]
struct Seen {
    /// Reads before a revocation that succeeded.
    read: u32,
    /// Attempts after one.
    tried: u32,
}

/// A validator's key, held by a world of the same seed as the one that makes the actions.
struct Held(Arc<World>, usize);

impl Signer for Held {
    fn public(&self) -> PublicKey {
        self.0.validators()[self.1].public()
    }

    fn sign(&self, digest: &Digest) -> Result<Signature, SignerError> {
        Signer::sign(&self.0.validators()[self.1], digest)
    }
}

struct Scene {
    world: World,
    network: sim::World,
    rng: ChaCha20Rng,
    reader: Party,
    kem: Arc<KemKeyPair>,
    account: AccountId,
    epoch: EpochKey,
    sealed: Sealed,
    entry: IndexEntry,
    peers: Vec<PeerId>,
}

/// The nodes that answered rightly with the heights they decided at, and the answers.
type Gathered = (Vec<(PeerId, Height)>, Arc<Answers>);

/// A grant, its keys, and the logged request that relies on it.
struct Granted {
    id: GrantId,
    body: GrantBody,
    request: RequestId,
}

impl Scene {
    fn new(seed: u64) -> Result<Self, Failed> {
        let plan = || WorldPlan { validators: VALIDATORS, seed, ..WorldPlan::default() };
        let (mut world, keys) = (World::new(plan())?, Arc::new(World::new(plan())?));
        let mut ledger = world.populated()?;
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let kem = Arc::new(KemKeyPair::generate(SealSuite::default(), &mut rng));
        let key = world.key();
        let reader = world.party_with(key, Role::Hospital, "reader", kem.public().id().digest())?;
        let admission = world.admission(&reader, 3)?;
        let account = world.patients()[0].account;
        let epoch = EpochKey::generate(Epoch::new(EpochNumber::new(0), Hour::of(WORLD_BEGINS)?), &mut rng);
        let committee = Committee::new(CommitteeId::new(1), Shape::new(4, 2)?);
        let gate = GateSeed::generate(Guard::new(account, EpochNumber::new(0), committee), &mut rng);
        let nodes: Vec<_> = (0..VALIDATORS).map(|_| KemKeyPair::generate(SealSuite::default(), &mut rng)).collect();
        let mut letters = Vec::new();
        for (number, node) in (0..).zip(&nodes) {
            let bundle = gate.bundle(NodeNumber::new(number))?;
            letters.push(codec::encode(&wrap(&bundle, world.chain(), node.public(), &mut rng)?));
        }
        let epoch = epoch.guarded_by(gate)?;
        let (sealed, entry) = record(&world, account, &epoch, &mut rng)?;
        let anchor = world.anchor(0, vec![entry.clone()])?;
        world.advance(&mut ledger, &[admission, anchor])?;
        let stores: Vec<_> = (0..=READER).map(|_| Arc::new(MemoryStore::new())).collect();
        for store in &stores {
            let mut copy = Ledger::create(world.genesis(), Arc::clone(store) as _)?;
            for height in 1..=ledger.tip().height.value() {
                copy.apply(ledger.finalized(Height::new(height))?.ok_or("no block")?)?;
            }
        }
        let (genesis, opened) = (world.genesis().clone(), stores.clone());
        let mut network = sim::World::new(Setup {
            seed,
            validators: (0..VALIDATORS).map(|n| Arc::new(Held(Arc::clone(&keys), n)) as Arc<dyn Signer>).collect(),
            followers: vec![reader.key.public()],
            config: Config::default(),
            open: Box::new(move |n| Ok(Box::new(Ledger::open(&genesis, Arc::clone(&opened[n]) as _)?))),
        })?;
        let delay = Duration::from_millis(2);
        network.network().set_quality(Quality { delay, jitter: delay, ..Quality::default() });
        for (n, (node, letter)) in nodes.into_iter().zip(&letters).enumerate() {
            let signer = Arc::new(Held(Arc::clone(&keys), n));
            let keeper = GateKeeper::open(world.chain(), Arc::new(node), signer, Box::new(MemoryShelf::default()))?;
            let service = GateService::new(world.chain(), Arc::clone(&stores[n]) as _, Arc::new(keeper), generous());
            network.open_gate(n, Some(service));
            let task = GateTask::Keep(Bytes::new(letter.clone())?);
            let order = Envelope::new(world.chain(), Some(account), GateOrder { epoch: 0, committee: 1, task });
            let order = order.sign(&world.patients()[0].home, Meaning::Authored)?;
            let peer = PeerId::of(&world.validators()[n].public());
            let errand = network.send_errand(n, Errand::order(order, vec![peer], Patience::default()));
            assert!(network.report(errand).is_some_and(|report| report.is_complete), "dealt");
        }
        network.open_gate(READER, None);
        let peers = world.validators().iter().map(|key| PeerId::of(&key.public())).collect();
        Ok(Self { world, network, rng, reader, kem, account, epoch, sealed, entry, peers })
    }

    /// Rounds of so many grants each: granted, asked, some read, all revoked under a partition, none read again.
    fn play(mut self, rounds: u32, grants: usize) -> Result<Seen, Failed> {
        let mut seen = Seen::default();
        for round in 0..rounds {
            let granted = self.grant(grants)?;
            if self.reads(&granted[0])?.is_ok() {
                seen.read += 1;
            }
            self.part();
            let revoked = self.revoke(&granted, round)?;
            // At once, while some nodes still lag: whoever knows the revocation does not answer.
            for one in &granted {
                let (report, _) = self.gather(one)?;
                let late = report.iter().filter(|(_, height)| *height >= revoked).count();
                assert_eq!(late, 0, "round {round}: a node answered at or after the revocation's height");
                seen.tried += 1;
            }
            // Once all but those cut off know it, too few are left.
            assert!(self.network.run_until(MOST, |network| knowing(network, revoked) > VALIDATORS - 2));
            for one in &granted {
                let outcome = self.reads(one)?;
                assert!(matches!(outcome, Err(OpenError::MissingSubKey { .. })), "round {round}: {outcome:?}");
                seen.tried += 1;
            }
            self.network.network().heal();
            assert!(self.network.run_until(MOST, |network| network.all_reached(revoked)));
        }
        assert_eq!(self.network.violations(), []);
        Ok(seen)
    }

    fn grant(&mut self, count: usize) -> Result<Vec<Granted>, Failed> {
        let (mut granted, mut actions, mut requests) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count {
            let mut grant = self.world.grant_to(0, 0);
            grant.audience = dmledger_core::consent::Audience::Member(self.reader.id());
            let body = self.body(&grant)?;
            grant.body = body.digest();
            let request = self.world.request(vec![self.entry.facts().record])?;
            let request = AccessRequest { grant: Some(grant.id), ..request };
            granted.push(Granted { id: grant.id, body, request: request.id });
            actions.push(self.world.grant(0, grant)?);
            let asked = Envelope::new(self.world.chain(), Some(self.account), action::Action::Access(request));
            requests.push(asked.sign(&self.reader.key, Meaning::Authored)?);
        }
        self.settle(&actions, 0)?;
        let height = self.settle(&requests, 0)?;
        assert!(self.network.run_until(MOST, |network| network.all_reached(height)));
        Ok(granted)
    }

    fn body(&mut self, grant: &dmledger_core::consent::Grant) -> Result<GrantBody, Failed> {
        let terms = GrantTerms {
            grant: grant.id,
            account: self.account,
            kind: DataKind::ContinuousGlucose,
            verbs: VerbSet::QUERY,
            purposes: PurposeSet::only(Purpose::Treatment),
            validity: grant.validity,
            quota: None,
        };
        let cover = self.epoch.cover(self.epoch.epoch().buckets(&Hours::inside(&grant.data)?)?);
        Ok(GrantBody::new(terms, vec![cover], &mut self.rng)?)
    }

    /// Cuts off one validator, the reader, or both together; or nobody.
    fn part(&mut self) {
        let validator = self.rng.next_u32() as usize % VALIDATORS;
        let sides: [Vec<usize>; 4] = [vec![], vec![validator], vec![READER], vec![validator, READER]];
        self.network.network().cut_off(&sides[self.rng.next_u32() as usize % sides.len()]);
    }

    /// Revokes at a validator of the majority; the height at which all are revoked.
    fn revoke(&mut self, granted: &[Granted], round: u32) -> Result<Height, Failed> {
        let actions = granted.iter().map(|one| self.world.revoke(0, one.id)).collect::<Result<Vec<_>, _>>()?;
        self.settle(&actions, round as usize % VALIDATORS)
    }

    /// Submits actions at a node and at the one after it, and lets the network make them final.
    fn settle(&mut self, actions: &[SignedAction], node: usize) -> Result<Height, Failed> {
        let mut tickets = Vec::new();
        for one in actions {
            let raw = action::encode(one)?;
            tickets.push([node, (node + 1) % VALIDATORS].map(|at| self.network.submit(at, raw.clone())));
        }
        let settled = |network: &sim::World, pair: &[u64; 2]| {
            pair.iter().find_map(|ticket| network.outcome(*ticket)?.as_ref().ok().map(|receipt| receipt.height))
        };
        let all = |network: &sim::World| tickets.iter().all(|pair| settled(network, pair).is_some());
        assert!(self.network.run_until(MOST, all), "not final in time");
        let heights = tickets.iter().filter_map(|pair| settled(&self.network, pair));
        Ok(heights.max().unwrap_or_default())
    }

    /// Asks the gate on the strength of a logged request, and opens with whatever came; the reader believes its grant
    /// stands.
    fn reads(&mut self, granted: &Granted) -> Result<Result<(), OpenError>, Failed> {
        let (_, answers) = self.gather(granted)?;
        let replies = answers.take_replies().remove(&self.entry.facts().record).unwrap_or_default();
        let custodian = [self.world.patients()[0].home.public()];
        let view = LedgerView {
            chain: self.world.chain(),
            account: self.account,
            entry: &self.entry,
            custodians: &custodian,
            least_version: 1,
            height: Height::new(5),
            time: WORLD_BEGINS.plus(Duration::from_secs(60)),
            standing: Standing::Active,
        };
        let opened = open(self.sealed.part(), self.sealed.ciphertext(), Keys::Gated(&granted.body, &replies), &view);
        Ok(opened.map(|plaintext| assert_eq!(plaintext.as_bytes(), TEXT)))
    }

    fn gather(&mut self, granted: &Granted) -> Result<Gathered, Failed> {
        let body = GateRequest {
            request: granted.request,
            epoch: 0,
            committee: 1,
            records: List::new(vec![self.entry.facts().record])?,
            recipient: Bytes::new(codec::encode(self.kem.public()))?,
        };
        let asked = Envelope::new(self.world.chain(), Some(self.account), body);
        let asked = asked.sign(&self.reader.key, Meaning::Authored)?;
        let parts: [Part; 1] = [self.sealed.part().clone()];
        let key = Arc::clone(&self.kem) as _;
        let answers = Answers::new(asked.id(), self.world.chain(), &parts, &granted.body, key).map(Arc::new);
        let answers = answers.ok_or("a part without committee")?;
        let patience = Patience { turn: Duration::from_millis(20), turns: 3, grace: 1 };
        let errand = Errand::gather(asked, self.peers.clone(), Arc::clone(&answers) as _, patience);
        let errand = self.network.send_errand(READER, errand);
        assert!(self.network.run_until(MOST, |network| network.report(errand).is_some()));
        let report = self.network.report(errand).ok_or("no report")?;
        assert_eq!(report.liars, [], "honest nodes do not lie");
        Ok((report.right.clone(), answers))
    }
}

fn generous() -> ServiceLimits {
    ServiceLimits { each_peer_a_second: u32::MAX, ..ServiceLimits::default() }
}

fn knowing(network: &sim::World, height: Height) -> usize {
    (0..VALIDATORS).filter(|node| network.height_of(*node).is_some_and(|reached| reached >= height)).count()
}

/// One hour of the patient's, sealed and ready to be anchored.
fn record(
    world: &World,
    account: AccountId,
    epoch: &EpochKey,
    rng: &mut ChaCha20Rng,
) -> Result<(Sealed, IndexEntry), Failed> {
    let patient = &world.patients()[0];
    let (record, span) = (RecordId::new([3; 32]), World::hour(0)?);
    let key = DataKey::generate(&record, &Hedge::Content(TEXT), rng);
    let (kind, hours) = (DataKind::ContinuousGlucose, Hours::touched_by(&span)?);
    let meta = RecordMeta::new(world.chain(), account, record, kind, hours, Digest::ZERO);
    let author: &SecretKey = &patient.gateway;
    let sealed = seal_record(TEXT, &meta, key, epoch, author, &patient.home)?;
    let facts = IndexFacts {
        record,
        sequence: 0,
        content: ContentId::of(sealed.ciphertext()),
        header: sealed.part().header_digest(),
        commitments: Digest::ZERO,
        count: 0,
        span,
        epoch: 0,
    };
    let entry = IndexEntry::sign(facts, author, &world.chain(), &account)?;
    Ok((sealed, entry))
}
