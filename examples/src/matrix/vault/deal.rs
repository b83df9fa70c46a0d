//! Dealing: a patient's epoch, shared among the nodes of the gate, and a capsule of it among trustees.

use super::{Home, Vault, none, urgent};
use crate::error::{During, HostError};
use dmledger_core::{
    codec::{self, Bytes},
    consent::{GateOrder, GateTask, GrantId},
    envelope::{AccountId, ChainId, Envelope, Meaning},
    key::{SecretKey, Suite},
    record::DataKind,
    scope::{Validity, VerbSet},
    testing::{MemoryStore, World, world::WORLD_BEGINS},
    time::TimeRange,
};
use dmledger_net::{
    node::gate::{GateService, ServiceLimits},
    transport::PeerId,
    wire::{GateMessage, GateSaid},
};
use dmledger_zk::seal::{
    BucketRange, Capsule, CapsuleHead, CapsuleId, CapsulePurpose, Committee, CommitteeId, Epoch, EpochKey, EpochNumber,
    GateKeeper, GateSeed, GrantBody, GrantTerms, Guard, Hour, KemKeyPair, MemoryShelf, NodeNumber, SealSuite, Shape,
    wrap,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rand_core::Rng;
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// Nodes of the committee; two have to agree.
pub(super) const NODES: u8 = 4;
const TRUSTEES: u8 = 3;

impl Vault {
    /// The keys of a world's patients, for members with these encapsulation keys; every node decides on `store`.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn new(
        world: &World,
        store: &Arc<MemoryStore>,
        kems: Vec<Arc<KemKeyPair>>,
        kinds: &[DataKind],
        rng: &mut ChaCha20Rng,
    ) -> Result<Self, HostError> {
        let mut rng = ChaCha20Rng::seed_from_u64(rng.next_u64());
        let nodes: Vec<_> =
            (0..NODES).map(|_| Arc::new(KemKeyPair::generate(SealSuite::default(), &mut rng))).collect();
        let mut gate = Vec::new();
        for node in &nodes {
            let signer = SecretKey::generate(Suite::Bip340, &mut rng);
            let peer = PeerId::of(&signer.public());
            let (key, shelf) = (Arc::clone(node) as _, Box::new(MemoryShelf::default()));
            let keeper = GateKeeper::open(world.chain(), key, Arc::new(signer), shelf).during("gate")?;
            let limits = ServiceLimits { each_peer_a_second: u32::MAX, ..ServiceLimits::default() };
            gate.push((peer, GateService::new(world.chain(), Arc::clone(store) as _, Arc::new(keeper), limits)));
        }
        let thief = Arc::new(KemKeyPair::generate(SealSuite::default(), &mut rng));
        let thiefs_key = SecretKey::generate(Suite::Bip340, &mut rng);
        let mut vault = Self {
            kems,
            thief,
            thiefs_key,
            homes: Vec::new(),
            gate,
            objects: BTreeMap::new(),
            published: BTreeMap::new(),
            kept: BTreeMap::new(),
            letter: None,
            heard: None,
            rng,
        };
        for (patient, kind) in kinds.iter().enumerate() {
            vault.deal(world, patient, *kind, &nodes)?;
        }
        Ok(vault)
    }

    fn deal(
        &mut self,
        world: &World,
        patient: usize,
        kind: DataKind,
        nodes: &[Arc<KemKeyPair>],
    ) -> Result<(), HostError> {
        let keys = world.patients().get(patient).ok_or_else(|| none("patient"))?;
        let number = EpochNumber::new(0);
        let committee = Committee::new(CommitteeId::new(1), Shape::new(NODES, 2).during("committee")?);
        let seed = GateSeed::generate(Guard::new(keys.account, number, committee), &mut self.rng);
        let mut bundles = Vec::new();
        for (node, kem) in (0..).zip(nodes) {
            let bundle = seed.bundle(NodeNumber::new(node)).during("gate")?;
            let letter = wrap(&bundle, world.chain(), kem.public(), &mut self.rng).during("gate")?;
            let task = GateTask::Keep(Bytes::new(codec::encode(&letter)).during("gate")?);
            let order = Envelope::new(world.chain(), Some(keys.account), GateOrder { epoch: 0, committee: 1, task });
            self.obey(world, &order.sign(&keys.home, Meaning::Approved).during("gate")?, node..node + 1)?;
            bundles.push(bundle);
        }
        let epoch = Epoch::new(number, Hour::of(WORLD_BEGINS).during("hour")?);
        let epoch = EpochKey::generate(epoch, &mut self.rng).guarded_by(seed).during("gate")?;
        let (capsule, trustees) = self.capsule(world.chain(), keys.account, kind, &epoch)?;
        let kem = KemKeyPair::generate(SealSuite::default(), &mut self.rng);
        self.homes.push(Home { kind, epoch, kem, bundles, capsule, trustees });
        Ok(())
    }

    /// A grant for every hour, in a capsule that two of three trustees open.
    #[expect(clippy::type_complexity, reason = "a capsule, and each trustee with its share")]
    fn capsule(
        &mut self,
        chain: ChainId,
        account: AccountId,
        kind: DataKind,
        epoch: &EpochKey,
    ) -> Result<(Capsule, Vec<(KemKeyPair, dmledger_zk::seal::Wrapped<dmledger_zk::seal::TrusteeBundle>)>), HostError>
    {
        let mut name = [0; 16];
        self.rng.fill_bytes(&mut name);
        let terms = GrantTerms {
            grant: GrantId::new(name),
            account,
            kind,
            verbs: VerbSet::QUERY,
            purposes: urgent()?,
            validity: Validity::during(TimeRange::ALWAYS),
            quota: None,
        };
        let body = GrantBody::new(terms, vec![epoch.cover(BucketRange::ALL)], &mut self.rng).during("capsule")?;
        let shape = Shape::new(TRUSTEES, 2).during("capsule")?;
        let head =
            CapsuleHead::new(CapsulePurpose::BreakGlass, account, CapsuleId::new(name), shape).during("capsule")?;
        let (capsule, bundles) = Capsule::seal(head, &codec::encode(&body), &mut self.rng).during("capsule")?;
        let mut trustees = Vec::new();
        for bundle in bundles {
            let kem = KemKeyPair::generate(SealSuite::default(), &mut self.rng);
            let letter = wrap(&bundle, chain, kem.public(), &mut self.rng).during("capsule")?;
            trustees.push((kem, letter));
        }
        Ok((capsule, trustees))
    }

    /// Gives an order to these nodes; every one has to carry it out.
    pub(super) fn obey(
        &mut self,
        world: &World,
        order: &Envelope<GateOrder>,
        nodes: Range<u8>,
    ) -> Result<(), HostError> {
        let message = GateMessage::Order(order.clone());
        for node in nodes {
            let (peer, service) = self.gate.get_mut(usize::from(node)).ok_or_else(|| none("node"))?;
            match service.answer(*peer, &message, world.clock(), &mut self.rng) {
                Some(GateMessage::Answer { said: GateSaid::Kept | GateSaid::Erased(_), .. }) => {}
                Some(GateMessage::Answer { said, .. }) => return Err(HostError::new(format!("the gate: {said}"))),
                _ => return Err(HostError::new("the gate said nothing")),
            }
        }
        Ok(())
    }
}
