mod emergency;

use super::*;
use crate::{
    sim::{self, Setup, network::Quality},
    testing::gate::{TallyAnswers, TallyGate},
    transport::MemoryHub,
    wire::{GateMessage, GateSaid, Message},
};
use dmledger_core::{
    action,
    codec::{Bytes, List},
    consent::{
        GateOrder, GateRequest, GateTask, GrantId, RequestId,
        erasure::{Custodian, Custody, Erased, ErasureId, ErasureOrder},
    },
    decide::{Reason, Withheld},
    envelope::{Envelope, Meaning},
    hash::Digest,
    key::{PublicKey, Signature},
    ledger::{Ledger, StateMachine},
    record::RecordId,
    testing::{MemoryStore, World, WorldPlan},
    time::{Height, Timestamp},
    traits::{KeyGate, Signer, SignerError},
};
use futures::executor::block_on;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A world of four validators with a patient's records, a grant for institution 0 and its logged request.
struct Scene {
    world: World,
    ledger: Ledger,
    stores: Vec<Arc<MemoryStore>>,
    records: Vec<RecordId>,
    grant: GrantId,
    request: RequestId,
}

fn plan() -> WorldPlan {
    WorldPlan { validators: 4, ..WorldPlan::default() }
}

impl Scene {
    fn new() -> Result<Self, Failed> {
        let mut world = World::new(plan())?;
        let mut ledger = world.populated()?;
        let entries = world.entries(0, 3)?;
        let records: Vec<_> = entries.iter().map(|entry| entry.facts().record).collect();
        let (anchor, grant) = (world.anchor(0, entries)?, world.grant_to(0, 0));
        let id = grant.id;
        let granted = world.grant(0, grant)?;
        world.advance(&mut ledger, &[anchor])?;
        world.advance(&mut ledger, &[granted])?;
        let asked = world.request(records.clone())?;
        let request = asked.id;
        let access = world.access(0, 0, asked)?;
        world.advance(&mut ledger, &[access])?;
        let mut scene = Self { world, ledger, stores: Vec::new(), records, grant: id, request };
        for _ in 0..5 {
            let store = Arc::new(MemoryStore::new());
            scene.follow(&store)?;
            scene.stores.push(store);
        }
        Ok(scene)
    }

    /// The patient orders on the ledger that epoch 0 be erased; every store knows.
    fn order_erasure(&mut self) -> Result<ErasureId, Failed> {
        let id = ErasureId::new([6; 16]);
        let custody = Custody::GateKeys { committee: 1, node: 0 };
        let custodians = List::new(vec![Custodian { member: self.world.institutions()[0].id(), custody }])?;
        let order = ErasureOrder { id, erased: Erased::Epoch(0), custodians };
        let action = self.world.by_patient(0, action::Action::OrderErasure(Box::new(order)))?;
        self.world.advance(&mut self.ledger, &[action])?;
        self.stores.iter().try_for_each(|store| self.follow(store))?;
        Ok(id)
    }

    /// Brings a store to the ledger's height.
    fn follow(&self, store: &Arc<MemoryStore>) -> Result<(), Failed> {
        let mut ledger = Ledger::open_or_create(self.world.genesis(), Arc::clone(store) as _)?;
        for height in ledger.tip().height.value() + 1..=self.ledger.tip().height.value() {
            ledger.apply(self.ledger.finalized(Height::new(height))?.ok_or("no block")?)?;
        }
        Ok(())
    }

    /// Revokes the grant on the scene's ledger; the stores do not know yet.
    fn revoke(&mut self) -> Result<Height, Failed> {
        let revoke = self.world.revoke(0, self.grant)?;
        self.world.advance(&mut self.ledger, &[revoke])?;
        Ok(self.ledger.tip().height)
    }

    fn service(&self, n: usize, gate: TallyGate) -> GateService {
        self.limited(n, gate, ServiceLimits::default())
    }

    fn limited(&self, n: usize, gate: TallyGate, limits: ServiceLimits) -> GateService {
        let place =
            dmledger_core::traits::GatePlace { account: self.world.patients()[0].account, epoch: 0, committee: 1 };
        assert_eq!(gate.keep(&place, &[]), Ok(()));
        GateService::new(self.world.chain(), Arc::clone(&self.stores[n]) as _, Arc::new(gate), limits)
    }

    fn asked(&self, institution: usize) -> Result<Envelope<GateRequest>, Failed> {
        let (records, recipient) = (List::new(self.records.clone())?, Bytes::new(Vec::new())?);
        let body = GateRequest { request: self.request, epoch: 0, committee: 1, records, recipient };
        let envelope = Envelope::new(self.world.chain(), Some(self.world.patients()[0].account), body);
        Ok(envelope.sign(&self.world.institutions()[institution].key, Meaning::Authored)?)
    }

    fn order(&self, task: GateTask) -> Result<Envelope<GateOrder>, Failed> {
        let patient = &self.world.patients()[0];
        let body = GateOrder { epoch: 0, committee: 1, task };
        let order =
            Envelope::new(self.world.chain(), Some(patient.account), body).sign(&patient.phone, Meaning::Approved)?;
        Ok(order.sign(&patient.home, Meaning::CoSigned)?)
    }

    fn answers(&self) -> Arc<TallyAnswers> {
        Arc::new(TallyAnswers::new(self.records.clone(), 2))
    }

    fn now(&self) -> Timestamp {
        self.world.clock()
    }
}

struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Nodes on one hub: four that serve and one that asks. Their engines are nobody; the doors are pumped by threads.
struct Street {
    peers: Vec<PeerId>,
    doors: Vec<GateDoor>,
    asker: GateDoor,
}

fn street(scene: &Scene, services: Vec<Option<GateService>>) -> Result<Street, Failed> {
    let hub = MemoryHub::new();
    let clock: Arc<dyn Clock> = Arc::new(Still(scene.now()));
    let mut peers = Vec::new();
    let mut door = |key: &PublicKey, service| -> Result<GateDoor, Failed> {
        peers.push(PeerId::of(key));
        let (transport, door) = open(Arc::new(hub.join(PeerId::of(key))), service, Arc::clone(&clock), [1; 32])?;
        thread::spawn(move || while block_on(transport.recv()).is_ok() {});
        Ok(door)
    };
    let keys: Vec<_> = scene.world.validators().iter().map(dmledger_core::key::SecretKey::public).collect();
    let doors = keys.iter().zip(services).map(|(key, service)| door(key, service)).collect::<Result<_, _>>()?;
    let asker = door(&scene.world.institutions()[0].key.public(), None)?;
    peers.pop();
    Ok(Street { peers, doors, asker })
}

const QUICK: Patience = Patience { turn: Duration::from_millis(5), turns: 40, grace: 4 };

#[test]
fn a_lying_and_a_silent_node_do_not_stop_a_read_and_are_named() -> Result<(), Failed> {
    let scene = Scene::new()?;
    let gates = [Some(TallyGate::new(0)), Some(TallyGate::lying(1)), None, Some(TallyGate::new(3))];
    let services = gates.into_iter().enumerate().map(|(n, gate)| gate.map(|gate| scene.service(n, gate))).collect();
    let street = street(&scene, services)?;
    let answers = scene.answers();
    let errand = Errand::gather(scene.asked(0)?, street.peers.clone(), Arc::clone(&answers) as _, QUICK);
    let report = block_on(street.asker.run(errand))?;
    let height = scene.ledger.tip().height;
    assert!(report.is_complete);
    assert_eq!(answers.from(), [0, 3]);
    let mut right = vec![(street.peers[0], height), (street.peers[3], height)];
    right.sort_unstable();
    assert_eq!((report.right, report.liars), (right, vec![street.peers[1]]));
    assert_eq!((report.silent, report.refused), (vec![street.peers[2]], vec![]));
    for door in &street.doors {
        door.close();
    }
    assert!(
        block_on(street.doors[0].run(Errand::order(
            scene.order(GateTask::EraseEpoch(ErasureId::new([6; 16])))?,
            vec![],
            QUICK
        )))
        .is_err()
    );
    Ok(())
}

#[test]
fn a_node_asks_itself_without_a_transport_and_a_revocation_it_knows_closes_it() -> Result<(), Failed> {
    let mut scene = Scene::new()?;
    let revoked = scene.revoke()?;
    scene.follow(&scene.stores[1])?;
    let local = PeerId::of(&scene.world.validators()[0].public());
    for (store, allowed) in [(0, true), (1, false)] {
        let mut desk = Desk::new(local, Some(scene.service(store, TallyGate::new(0))), [1; 32]);
        let answers = Arc::new(TallyAnswers::new(scene.records.clone(), 1));
        let errand = Errand::gather(scene.asked(0)?, vec![local], answers, QUICK);
        let out = desk.step(DeskEvent::Errand(7, Box::new(errand)), scene.now());
        let report = out.into_iter().find_map(|output| match output {
            DeskOutput::Done { errand: 7, report } => Some(report),
            _ => None,
        });
        let report = report.ok_or("not done")?;
        assert_eq!(report.is_complete, allowed);
        let denied = GateSaid::Withheld(Withheld::Denied { reason: Reason::Revoked { height: revoked } });
        assert_eq!(report.reason(), if allowed { None } else { Some(&denied) });
    }
    Ok(())
}

#[test]
fn orders_deal_and_destroy_and_a_stranger_orders_nothing() -> Result<(), Failed> {
    let mut scene = Scene::new()?;
    let services = (0..4_u8).map(|n| Some(scene.service(usize::from(n), TallyGate::new(n)))).collect();
    let street = street(&scene, services)?;
    let unordered = scene.order(GateTask::EraseEpoch(ErasureId::new([6; 16])))?;
    let unordered = block_on(street.asker.run(Errand::order(unordered, street.peers.clone(), QUICK)))?;
    let height = scene.ledger.tip().height;
    let unknown = GateSaid::Withheld(Withheld::NotOrdered { height });
    assert_eq!((unordered.is_complete, unordered.reason()), (false, Some(&unknown)), "the ledger knows no such order");
    let name = scene.order_erasure()?;
    let run = |order| block_on(street.asker.run(Errand::order(order, street.peers.clone(), QUICK)));
    let keep = run(scene.order(GateTask::Keep(Bytes::new(vec![1])?))?)?;
    assert!(keep.is_complete && keep.right.len() == 4);
    let body = GateOrder { epoch: 0, committee: 1, task: GateTask::EraseEpoch(ErasureId::new([6; 16])) };
    let forged = Envelope::new(scene.world.chain(), Some(scene.world.patients()[0].account), body);
    let forged = run(forged.sign(&scene.world.institutions()[0].key, Meaning::Approved)?)?;
    assert_eq!((forged.is_complete, forged.reason()), (false, Some(&GateSaid::Withheld(Withheld::Refused))));
    let erased = run(scene.order(GateTask::EraseEpoch(name))?)?;
    assert_eq!((erased.is_complete, erased.receipts.len()), (true, 4));
    let errand = Errand::gather(scene.asked(0)?, street.peers.clone(), scene.answers(), QUICK);
    let report = block_on(street.asker.run(errand))?;
    assert!(!report.is_complete && report.right.is_empty());
    assert!(matches!(
        report.reason(),
        Some(GateSaid::Withheld(Withheld::Denied { reason: Reason::ErasureOrdered { position: 0, .. } }))
    ));
    Ok(())
}

#[test]
fn whoever_asks_too_often_is_told_so_and_others_are_served() -> Result<(), Failed> {
    let scene = Scene::new()?;
    let limits = ServiceLimits { each_peer_a_second: 3, ..ServiceLimits::default() };
    let mut service = scene.limited(0, TallyGate::new(0), limits);
    let [one, other] = [0, 1].map(|n| PeerId::of(&scene.world.institutions()[n].key.public()));
    let message = GateMessage::Ask(scene.asked(0)?);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut said = |from, at| match service.answer(from, &message, at, &mut rng) {
        Some(GateMessage::Answer { said, .. }) => said,
        other => panic!("{other:?}"),
    };
    let now = scene.now();
    for _ in 0..3 {
        assert!(matches!(said(one, now), GateSaid::Sealed(_)));
    }
    assert_eq!(said(one, now), GateSaid::Busy);
    assert!(matches!(said(other, now), GateSaid::Sealed(_)), "another peer's share is its own");
    assert!(matches!(said(one, now.plus(Duration::from_secs(1))), GateSaid::Sealed(_)));
    let answer = GateMessage::Answer { to: Digest::ZERO, height: Height::GENESIS, said: GateSaid::Kept };
    assert!(service.answer(one, &answer, now, &mut rng).is_none());
    Ok(())
}

#[test]
fn answers_to_nobody_and_unreadable_frames_are_dropped() -> Result<(), Failed> {
    let scene = Scene::new()?;
    let local = PeerId::of(&scene.world.validators()[0].public());
    let mut desk = Desk::new(local, Some(scene.service(0, TallyGate::new(0))), [1; 32]);
    let answer = GateMessage::Answer { to: Digest::ZERO, height: Height::GENESIS, said: GateSaid::Kept };
    let ask = GateMessage::Ask(scene.asked(0)?).frame();
    for bytes in [answer.frame(), Arc::from(&ask[..ask.len() - 1]), Arc::from([].as_slice())] {
        assert!(desk.step(DeskEvent::Frame { from: local, bytes }, scene.now()).is_empty());
    }
    assert_eq!(desk.step(DeskEvent::Timer(3), scene.now()).len(), 0);
    Ok(())
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

/// Links that lose and double frames; the asker (node 4, a follower) is behind at first: it gets there all the same.
#[test]
fn in_the_simulator_lost_frames_and_lagging_nodes_only_delay_a_read() -> Result<(), Failed> {
    let scene = Scene::new()?;
    let keys = Arc::new(World::new(plan())?);
    let (genesis, stores) = (scene.world.genesis().clone(), scene.stores.clone());
    let mut network = sim::World::new(Setup {
        seed: 3,
        validators: (0..4).map(|n| Arc::new(Held(Arc::clone(&keys), n)) as Arc<dyn Signer>).collect(),
        followers: vec![scene.world.institutions()[0].key.public()],
        config: crate::engine::Config::default(),
        open: Box::new(move |n| Ok(Box::new(Ledger::open(&genesis, Arc::clone(&stores[n]) as _)?))),
    })?;
    let delay = Duration::from_millis(3);
    network.network().set_quality(Quality { delay, jitter: delay, lost_permille: 200, doubled_permille: 200 });
    let peers: Vec<_> = scene.world.validators().iter().map(|key| PeerId::of(&key.public())).collect();
    for n in 0..4_u8 {
        let gate = if n == 2 { TallyGate::lying(n) } else { TallyGate::new(n) };
        network.open_gate(usize::from(n), Some(scene.service(usize::from(n), gate)));
    }
    network.open_gate(4, None);
    let answers = scene.answers();
    let asked = Errand::gather(scene.asked(0)?, peers.clone(), Arc::clone(&answers) as _, Patience::default());
    let errand = network.send_errand(4, asked);
    assert!(network.run_until(Duration::from_secs(10), |network| network.report(errand).is_some()));
    assert!(network.report(errand).is_some_and(|report| report.is_complete));
    // A revocation becomes final: from then on nobody answers, whatever side of a cut they are on.
    let revoke = action::encode(&scene.world.revoke(0, scene.grant)?)?;
    let ticket = network.submit(0, revoke);
    assert!(network.run_until(Duration::from_secs(60), |network| network.outcome(ticket).is_some()));
    let height = network.height();
    assert!(network.run_until(Duration::from_secs(60), |network| network.all_reached(height)));
    for cut in [vec![], vec![0], vec![1, 2]] {
        network.network().cut_off(&cut);
        let answers = scene.answers();
        let errand = Errand::gather(scene.asked(0)?, peers.clone(), Arc::clone(&answers) as _, Patience::default());
        let errand = network.send_errand(4, errand);
        assert!(network.run_until(Duration::from_secs(30), |network| network.report(errand).is_some()));
        assert!(network.report(errand).is_some_and(|report| !report.is_complete && report.right.is_empty()));
        assert_eq!(answers.from(), [] as [u8; 0]);
    }
    assert_eq!(network.violations(), []);
    Ok(())
}
