use super::*;
use crate::seal::testing::{Anchored, World, account, epoch, hour, range, record_id, rng};
use crate::seal::{EpochKey, GrantBody, Keys, Part, open, reslot, unlock};
use dmledger_core::codec;

const ID: CommitteeId = CommitteeId::new(4);

fn seed(nodes: u8, threshold: u8) -> GateSeed {
    let committee = Committee::new(ID, Shape::new(nodes, threshold).unwrap());
    GateSeed::generate(Guard::new(account(2), EpochNumber::new(0), committee), &mut rng(4))
}

fn bundles(seed: &GateSeed) -> Vec<GateBundle> {
    (0..seed.guard.shape().nodes).map(|node| seed.bundle(NodeNumber(node)).unwrap()).collect()
}

/// All answers about one record, and the mask they should give.
struct Answers {
    seed: GateSeed,
    replies: Vec<GateReply>,
    tags: Vec<CheckTag>,
}

impl Answers {
    fn new(nodes: u8, threshold: u8) -> Self {
        let seed = seed(nodes, threshold);
        let replies = bundles(&seed).iter().map(|bundle| bundle.partials(&record_id(1))).collect();
        let (_, tags) = seed.mask(&record_id(1));
        Self { seed, replies, tags }
    }

    /// Combines the answers of the nodes whose bits are set.
    fn combine(self, nodes: u16) -> Result<Combined, OpenError> {
        let record = record_id(1);
        let wanted = Wanted { record: &record, epoch: EpochNumber::new(0), tags: &self.tags };
        let replies: Vec<_> = self.replies.into_iter().filter(|reply| nodes & (1 << reply.node.0) != 0).collect();
        combine(wanted, self.seed.guard.committee, &replies)
    }
}

fn bytes(mask: &GateMask) -> [u8; 32] {
    match mask {
        GateMask::Committee { mask, .. } => *mask.bytes(),
        GateMask::None => [0; 32],
    }
}

#[test]
fn in_every_committee_every_k_nodes_hold_all_keys_and_every_k_minus_one_lack_one() {
    let up_to_twelve = (1..=12).flat_map(|nodes| (1..=nodes).map(move |threshold| (nodes, threshold)));
    for (nodes, threshold) in up_to_twelve.chain([(13, 4)]) {
        let shape = Shape::new(nodes, threshold).unwrap();
        let held_by =
            |subset: Subset| (0..nodes).filter(|n| subset.is_held_by(NodeNumber(*n))).fold(0, |all, n| all | 1 << n);
        let holders: Vec<u32> = shape.subsets().map(held_by).collect();
        let lacking = |coalition: u32| holders.iter().filter(|holders| *holders & coalition == 0).count();
        for coalition in 0..1_u32 << nodes {
            match coalition.count_ones() {
                size if size >= u32::from(threshold) => {
                    assert_eq!(lacking(coalition), 0, "{nodes},{threshold}: {coalition:b}");
                }
                size if size + 1 == u32::from(threshold) => {
                    assert_eq!(lacking(coalition), 1, "{nodes},{threshold}: {coalition:b}");
                }
                _ => assert!(lacking(coalition) >= 1, "{nodes},{threshold}: {coalition:b}"),
            }
        }
    }
}

#[test]
fn any_k_answers_give_the_writers_mask_and_fewer_name_what_is_missing() {
    for (nodes, threshold) in [(1, 1), (4, 2), (5, 5), (7, 3)] {
        let mask = bytes(&seed(nodes, threshold).mask(&record_id(1)).0);
        for coalition in 0..1_u16 << nodes {
            let answer = Answers::new(nodes, threshold).combine(coalition);
            if coalition.count_ones() >= threshold.into() {
                assert_eq!(bytes(&answer.unwrap().mask), mask);
                continue;
            }
            let shape = Shape::new(nodes, threshold).unwrap();
            let absent =
                |subset: &Subset| !(0..nodes).any(|n| coalition & (1 << n) != 0 && subset.is_held_by(NodeNumber(n)));
            let which: Vec<_> = shape.subsets().filter(absent).map(SubKey::Gate).collect();
            let need = shape.subsets().count() as u16 + 1;
            let expected = OpenError::MissingSubKey { have: need - which.len() as u16, need, which };
            assert_eq!(answer.unwrap_err(), expected, "{nodes},{threshold}: {coalition:b}");
        }
    }
}

#[test]
fn up_to_n_minus_k_liars_and_silent_nodes_do_not_stop_a_read_and_liars_are_named() {
    let (nodes, threshold) = (7, 3);
    let mask = bytes(&seed(nodes, threshold).mask(&record_id(1)).0);
    for bad in (0..1_u16 << nodes).filter(|bad| bad.count_ones() == u32::from(nodes - threshold)) {
        let mut answers = Answers::new(nodes, threshold);
        let all: Vec<_> = (0..nodes).filter(|node| bad & (1 << node) != 0).collect();
        let (liars, silent) = all.split_at(2);
        for reply in answers.replies.iter_mut().filter(|reply| liars.contains(&reply.node.0)) {
            reply.partials[3] = Secret::from_bytes([0; 32]);
        }
        let silent = silent.iter().fold(0, |set, node| set | 1 << node);
        let combined = answers.combine(!silent).unwrap();
        assert_eq!(bytes(&combined.mask), mask);
        assert_eq!(combined.liars.iter().map(|node| node.0).collect::<Vec<_>>(), liars);
    }
}

#[test]
fn answers_about_another_record_epoch_or_committee_are_ignored() {
    let alterations: [fn(&mut GateReply); 4] = [
        |reply| reply.record = record_id(2),
        |reply| reply.epoch = EpochNumber::new(1),
        |reply| reply.committee = Committee::new(CommitteeId::new(5), reply.committee.shape),
        |reply| reply.committee = Committee::new(ID, Shape::new(7, 4).unwrap()),
    ];
    for alter in alterations {
        let mut answers = Answers::new(7, 3);
        answers.replies.iter_mut().for_each(alter);
        let refused = answers.combine(u16::MAX).unwrap_err();
        assert!(matches!(refused, OpenError::MissingSubKey { have: 1, need: 22, .. }), "{refused}");
    }
}

#[test]
fn impossible_committees_are_refused() {
    for (nodes, threshold) in [(0, 0), (1, 0), (3, 4), (17, 2), (255, 255)] {
        assert_eq!(Shape::new(nodes, threshold), Err(GateError::BadShape { nodes, threshold }));
        assert!(borsh::from_slice::<Shape>(&[nodes, threshold]).is_err());
    }
    let refused = GateError::TooManySubsets { nodes: 16, threshold: 8, subsets: 11_440 };
    assert_eq!(Shape::new(16, 8), Err(refused));
    assert!(seed(4, 2).bundle(NodeNumber(4)).is_err());
}

#[test]
fn masks_differ_by_record_and_epoch_and_seed() {
    let mask = |seed: &GateSeed, record| bytes(&seed.mask(&record_id(record)).0);
    let (a, other) = (seed(4, 2), seed(5, 2));
    assert_ne!(mask(&a, 1), mask(&a, 2));
    assert_ne!(mask(&a, 1), mask(&other, 1));
}

#[test]
fn bundles_and_replies_read_back_and_every_truncation_is_refused() {
    let bundle = seed(7, 3).bundle(NodeNumber(2)).unwrap();
    assert_eq!(bundle.keys.len(), 15);
    let bytes = codec::encode(&bundle);
    assert_eq!(codec::encode(&codec::decode::<GateBundle>(&bytes).unwrap()), bytes);
    let reply = codec::encode(&bundle.partials(&record_id(1)));
    assert_eq!(codec::encode(&codec::decode::<GateReply>(&reply).unwrap()), reply);
    for end in 0..bytes.len() {
        assert!(codec::decode::<GateBundle>(&bytes[..end]).is_err(), "accepted {end} bytes");
    }
    for end in 0..reply.len() {
        assert!(codec::decode::<GateReply>(&reply[..end]).is_err(), "accepted {end} bytes");
    }
}

/// A patient whose epoch 0 is guarded three of seven, a hospital granted hours 24 to 47, and one record of hour 30.
struct Guarded {
    world: World,
    grant: GrantBody,
    bundles: Vec<GateBundle>,
    sealed: Anchored,
}

impl Guarded {
    fn new() -> Self {
        let mut world = World::new();
        let gate = seed(7, 3);
        let bundles = bundles(&gate);
        let key = EpochKey::generate(epoch(0), &mut rng(8)).guarded_by(gate).unwrap();
        let cover = key.cover(range(24, 47));
        let grant = GrantBody::new(world.grant.terms().clone(), vec![cover], &mut rng(9)).unwrap();
        world.epochs[0] = key;
        let sealed = world.seal(1, 30, b"5.5 mmol/L");
        Self { world, grant, bundles, sealed }
    }

    fn replies(&self, nodes: &[usize]) -> Vec<GateReply> {
        nodes.iter().map(|node| self.bundles[*node].partials(self.sealed.part().header().body().record())).collect()
    }

    fn read(&self, keys: Keys<'_>) -> Result<Vec<u8>, OpenError> {
        self.world.read(&self.sealed, keys)
    }
}

#[test]
fn a_guarded_record_opens_with_grant_and_gate_together_and_with_neither_alone() {
    let guarded = Guarded::new();
    let plaintext = Ok(b"5.5 mmol/L".to_vec());
    assert_eq!(guarded.read(Keys::Gated(&guarded.grant, &guarded.replies(&[1, 4, 6]))), plaintext);
    assert_eq!(guarded.read(Keys::Owner(&guarded.world.epochs)), plaintext);
    let refused = guarded.read(Keys::Grant(&guarded.grant)).unwrap_err();
    assert!(matches!(refused, OpenError::MissingSubKey { have: 1, need: 22, .. }), "{refused}");
    let refused = guarded.read(Keys::Gated(&guarded.grant, &guarded.replies(&[1, 4]))).unwrap_err();
    let text = "cannot decrypt: 21 of 22 sub-keys present; missing: the gate key held outside {1,4}";
    assert_eq!(refused.to_string(), text);
    let all = guarded.replies(&[0, 1, 2, 3, 4, 5, 6]);
    let refused = guarded.read(Keys::Gated(&guarded.world.grant, &all)).unwrap_err();
    assert_eq!(refused, OpenError::Tampered(Altered::AccessPart), "a grant that does not know the committee");
}

#[test]
fn a_lying_node_is_named_and_the_record_opens() {
    let guarded = Guarded::new();
    let mut replies = guarded.replies(&[0, 1, 2, 3]);
    replies[1].partials[0] = Secret::from_bytes([7; 32]);
    let view = guarded.world.view(&guarded.sealed);
    let unlocked = unlock(guarded.sealed.part(), Keys::Gated(&guarded.grant, &replies), &view).unwrap();
    assert_eq!(unlocked.liars(), [NodeNumber(1)]);
    let (record, access) = (record_id(1), guarded.sealed.part().access().body());
    let honest: Vec<_> = replies.iter().map(|reply| reply.matches(&record, access)).collect();
    assert_eq!(honest, [true, false, true, true]);
    assert!(!replies[0].matches(&record_id(2), access));
}

#[test]
fn range_nodes_of_another_hour_and_the_whole_gate_open_nothing() {
    let guarded = Guarded::new();
    let access = guarded.sealed.part().access().body();
    let header = guarded.sealed.part().header().body();
    let (mask, _) = seed(7, 3).mask(&record_id(1));
    let wrong = guarded.world.epochs[0].hour_keys(range(31, 31));
    assert!(access.data_key(header, &wrong, &mask).is_err());
    let right = guarded.world.epochs[0].hour_keys(range(30, 30));
    assert!(access.data_key(header, &right, &GateMask::None).is_err());
    assert!(access.data_key(header, &right, &mask).is_ok());
    assert_eq!(header.hours().first(), hour(30));
}

#[test]
fn a_guarded_record_moves_to_an_unguarded_epoch_and_back() {
    let guarded = Guarded::new();
    let [old, new] = &guarded.world.epochs;
    let moved = reslot(guarded.sealed.part(), old, new, &guarded.world.patient).unwrap();
    assert_eq!((moved.access().body().committee(), moved.access().body().check_tags().len()), (CommitteeId::NONE, 0));
    let back: Part = reslot(&moved, new, old, &guarded.world.patient).unwrap();
    let (view, replies) = (guarded.world.view(&guarded.sealed), guarded.replies(&[0, 2, 5]));
    let keys = Keys::Gated(&guarded.grant, &replies);
    assert_eq!(open(&back, guarded.sealed.ciphertext(), keys, &view).unwrap().as_bytes(), b"5.5 mmol/L");
    assert_eq!(back.access().body().version(), 3);
}

#[test]
fn an_owner_without_the_gate_seed_is_told_so() {
    let guarded = Guarded::new();
    let bare = [guarded.world.epochs[0].shifted(0)];
    let which = vec![SubKey::GateSeed(ID)];
    assert_eq!(guarded.read(Keys::Owner(&bare)), Err(OpenError::MissingSubKey { have: 1, need: 2, which }));
    let other = EpochKey::generate(epoch(1), &mut rng(1)).guarded_by(seed(4, 2));
    assert_eq!(other.unwrap_err(), GateError::OtherEpoch);
}
