//! The network of the revocation tests: a patient, four gate nodes, a reader with two nodes, and what they do.

use super::{Cut, Failed, MOST, READERS, TEXT, VALIDATORS};
use dmledger_core::{
    action::{self, SignedAction, anchor::MAX_ENTRIES},
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
    Answers, Committee, CommitteeId, DataKey, Epoch, EpochKey, EpochNumber, GateBundle, GateKeeper, GateReply,
    GateSeed, GrantBody, GrantTerms, Guard, Hedge, Hour, Hours, KemKeyPair, Keys, LedgerView, MemoryShelf, NodeNumber,
    OpenError, Part, RecordMeta, SealSuite, Sealed, Shape, Standing, open, seal_record, wrap,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::{sync::Arc, time::Duration};

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

pub(super) struct Scene {
    world: World,
    pub(super) network: sim::World,
    rng: ChaCha20Rng,
    reader: Party,
    kem: Arc<KemKeyPair>,
    account: AccountId,
    epoch: EpochKey,
    /// What every node of the gate was dealt.
    pub(super) dealt: Vec<GateBundle>,
    /// The first is read while grants stand; the others are asked for after revocations only, one in a round.
    pub(super) records: Vec<(Sealed, IndexEntry)>,
    peers: Vec<PeerId>,
}

/// Nodes that answered rightly, with the heights they decided at, and their answers.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) right: Vec<(PeerId, Height)>,
    pub(super) replies: Vec<GateReply>,
}

/// A grant, its keys, and the logged request that relies on it.
pub(super) struct Granted {
    id: GrantId,
    pub(super) body: GrantBody,
    request: RequestId,
}

impl Scene {
    pub(super) fn new(seed: u64, rounds: u32) -> Result<Self, Failed> {
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
        let dealt = (0..).map(NodeNumber::new).take(VALIDATORS).map(|node| gate.bundle(node));
        let dealt = dealt.collect::<Result<Vec<_>, _>>()?;
        let epoch = epoch.guarded_by(gate)?;
        let records = (0..=rounds).map(|number| record(&world, &epoch, number.into(), &mut rng));
        let records = records.collect::<Result<Vec<_>, _>>()?;
        world.advance(&mut ledger, &[admission])?;
        for some in records.chunks(MAX_ENTRIES) {
            let anchor = world.anchor(0, some.iter().map(|(_, entry)| entry.clone()).collect())?;
            world.advance(&mut ledger, &[anchor])?;
        }
        let stores: Vec<_> = (0..VALIDATORS + READERS.len()).map(|_| Arc::new(MemoryStore::new())).collect();
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
            followers: vec![reader.key.public(), world.key().public()],
            config: Config::default(),
            open: Box::new(move |n| Ok(Box::new(Ledger::open(&genesis, Arc::clone(&opened[n]) as _)?))),
        })?;
        let delay = Duration::from_millis(2);
        network.network().set_quality(Quality { delay, jitter: delay, ..Quality::default() });
        let peers = world.validators().iter().map(|key| PeerId::of(&key.public())).collect();
        let mut scene = Self { world, network, rng, reader, kem, account, epoch, dealt, records, peers };
        for (n, store) in stores.into_iter().take(VALIDATORS).enumerate() {
            scene.deal(n, Arc::new(Held(Arc::clone(&keys), n)), store)?;
        }
        READERS.iter().for_each(|node| scene.network.open_gate(*node, None));
        Ok(scene)
    }

    /// Opens the gate of a node and has the patient deal it its share.
    fn deal(&mut self, n: usize, signer: Arc<dyn Signer>, store: Arc<MemoryStore>) -> Result<(), Failed> {
        let chain = self.world.chain();
        let key = KemKeyPair::generate(SealSuite::default(), &mut self.rng);
        let letter = codec::encode(&wrap(&self.dealt[n], chain, key.public(), &mut self.rng)?);
        let keeper = GateKeeper::open(chain, Arc::new(key), signer, Box::new(MemoryShelf::default()))?;
        self.network.open_gate(n, Some(GateService::new(chain, store, Arc::new(keeper), generous())));
        let task = GateTask::Keep(Bytes::new(letter)?);
        let order = Envelope::new(chain, Some(self.account), GateOrder { epoch: 0, committee: 1, task });
        let order = order.sign(&self.world.patients()[0].home, Meaning::Authored)?;
        let errand = Errand::order(order, vec![self.peers[n]], Patience::default());
        let errand = self.network.send_errand(n, errand);
        assert!(self.network.report(errand).is_some_and(|report| report.is_complete), "dealt");
        Ok(())
    }

    pub(super) fn grant(&mut self, count: u32, target: usize) -> Result<Vec<Granted>, Failed> {
        let (mut granted, mut actions, mut requests) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count {
            let mut grant = self.world.grant_to(0, 0);
            grant.audience = dmledger_core::consent::Audience::Member(self.reader.id());
            let body = self.body(&grant)?;
            grant.body = body.digest();
            let request = self.world.request(vec![*self.name(0), *self.name(target)])?;
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

    /// Cuts somebody off; the validator in question.
    pub(super) fn part(&mut self, cut: Cut) -> usize {
        let validator = self.rng.next_u32() as usize % VALIDATORS;
        match cut {
            Cut::Nobody => self.network.network().heal(),
            Cut::Validator => self.network.network().cut_off(&[validator]),
            Cut::Reader => self.network.network().cut_off(&[READERS[0]]),
            Cut::Both => self.network.network().cut_off(&[validator, READERS[0]]),
        }
        validator
    }

    /// Revokes all; the height at which all are revoked.
    pub(super) fn revoke(&mut self, granted: &[Granted], round: usize) -> Result<Height, Failed> {
        let actions = granted.iter().map(|one| self.world.revoke(0, one.id)).collect::<Result<Vec<_>, _>>()?;
        self.settle(&actions, round % VALIDATORS)
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
        if !self.network.run_until(MOST, all) {
            let open = tickets.iter().filter(|pair| settled(&self.network, pair).is_none());
            let why: Vec<_> = open.map(|pair| pair.map(|ticket| self.network.outcome(ticket))).take(3).collect();
            return Err(format!("not final in time: {why:?}").into());
        }
        let heights = tickets.iter().filter_map(|pair| settled(&self.network, pair));
        Ok(heights.max().unwrap_or_default())
    }

    /// Asks the gate for a record from a node, on the strength of each of these logged requests.
    pub(super) fn gather(&mut self, granted: &[Granted], node: usize, record: usize) -> Result<Vec<Gathered>, Failed> {
        let mut errands = Vec::new();
        for one in granted {
            let body = GateRequest {
                request: one.request,
                epoch: 0,
                committee: 1,
                records: List::new(vec![*self.name(record)])?,
                recipient: Bytes::new(codec::encode(self.kem.public()))?,
            };
            let asked = Envelope::new(self.world.chain(), Some(self.account), body);
            let asked = asked.sign(&self.reader.key, Meaning::Authored)?;
            let parts: [Part; 1] = [self.records[record].0.part().clone()];
            let key = Arc::clone(&self.kem) as _;
            let answers = Answers::new(asked.id(), self.world.chain(), &parts, &one.body, key).map(Arc::new);
            let answers = answers.ok_or("a part without committee")?;
            let patience = Patience { turn: Duration::from_millis(20), turns: 3, grace: 1 };
            let errand = Errand::gather(asked, self.peers.clone(), Arc::clone(&answers) as _, patience);
            errands.push((self.network.send_errand(node, errand), answers));
        }
        let done = |network: &sim::World| errands.iter().all(|(errand, _)| network.report(*errand).is_some());
        assert!(self.network.run_until(MOST, done));
        let gathered = errands.iter().map(|(errand, answers)| {
            let report = self.network.report(*errand).ok_or("no report")?;
            assert_eq!(report.liars, [], "honest nodes do not lie");
            let replies = answers.take_replies().into_values().flatten().collect();
            Ok(Gathered { right: report.right.clone(), replies })
        });
        gathered.collect()
    }

    /// Opens a record with whatever came; the reader believes its grant stands.
    pub(super) fn open(&self, record: usize, body: &GrantBody, replies: &[GateReply]) -> Result<(), OpenError> {
        let (sealed, entry) = &self.records[record];
        let custodian = [self.world.patients()[0].home.public()];
        let view = LedgerView {
            chain: self.world.chain(),
            account: self.account,
            entry,
            custodians: &custodian,
            least_version: 1,
            height: Height::new(5),
            time: WORLD_BEGINS.plus(Duration::from_secs(60)),
            standing: Standing::Active,
        };
        let plaintext = open(sealed.part(), sealed.ciphertext(), Keys::Gated(body, replies), &view)?;
        assert_eq!(plaintext.as_bytes(), TEXT);
        Ok(())
    }

    pub(super) fn name(&self, record: usize) -> &RecordId {
        &self.records[record].1.facts().record
    }
}

fn generous() -> ServiceLimits {
    ServiceLimits { each_peer_a_second: u32::MAX, ..ServiceLimits::default() }
}

/// The patient's hour of this number, sealed and ready to be anchored.
fn record(world: &World, epoch: &EpochKey, number: u64, rng: &mut ChaCha20Rng) -> Result<(Sealed, IndexEntry), Failed> {
    let (patient, span) = (&world.patients()[0], World::hour(number)?);
    let mut name = [0; 32];
    rng.fill_bytes(&mut name);
    let record = RecordId::new(name);
    let key = DataKey::generate(&record, &Hedge::Content(TEXT), rng);
    let (kind, hours) = (DataKind::ContinuousGlucose, Hours::touched_by(&span)?);
    let meta = RecordMeta::new(world.chain(), patient.account, record, kind, hours, Digest::ZERO);
    let author: &SecretKey = &patient.gateway;
    let sealed = seal_record(TEXT, &meta, key, epoch, author, &patient.home)?;
    let facts = IndexFacts {
        record,
        sequence: number,
        content: ContentId::of(sealed.ciphertext()),
        header: sealed.part().header_digest(),
        commitments: Digest::ZERO,
        count: 0,
        span,
        epoch: 0,
    };
    let entry = IndexEntry::sign(facts, author, &world.chain(), &patient.account)?;
    Ok((sealed, entry))
}
