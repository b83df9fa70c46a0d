use super::*;
use crate::seal::testing::{FIRST, Stuck, epoch, range, record_id, rng};
use dmledger_core::hash::Digest;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn tree() -> EpochKey {
    EpochKey::generate(epoch(3), &mut rng(3))
}

fn key(leaf: &Leaf) -> [u8; 32] {
    *leaf.0.bytes()
}

#[test]
fn exhaustively_at_depth_eight_exactly_the_range_is_derivable_and_no_cover_is_smaller() {
    const SMALL: u32 = 8;
    let leaves = || (0..1_u16 << SMALL).map(Bucket);
    for first in leaves() {
        for last in leaves().skip(first.0.into()) {
            let nodes = minimal_cover(BucketRange { first, last }, SMALL);
            for bucket in leaves() {
                let above = nodes.iter().filter(|node| node.is_above(Node::leaf(bucket, SMALL))).count();
                assert_eq!(above, usize::from(first <= bucket && bucket <= last), "{first:?} {last:?} {bucket:?}");
            }
            assert!(nodes.len() <= 2 * SMALL as usize - 2);
            // Minimal: no two nodes could be replaced by their parent.
            let siblings = nodes.windows(2).any(|pair| pair[0].0 ^ 1 == pair[1].0 && pair[0].0 & 1 == 0);
            assert!(!siblings, "{first:?} {last:?}");
        }
    }
}

/// Together with the test above: the keys that follow from a cover are exactly the leaves of its range.
#[test]
fn all_keys_of_a_tree_differ_and_every_way_down_leads_to_the_same_leaf() {
    const SMALL: u32 = 8;
    let tree = tree();
    let keys: Vec<_> = (1..2_u32 << SMALL).map(|node| descend(&tree.root, Node::ROOT, Node(node))).collect();
    let distinct: BTreeSet<_> = keys.iter().map(|key| *key.bytes()).collect();
    assert_eq!(distinct.len(), (2 << SMALL) - 1);
    for leaf in 1_u32 << SMALL..2 << SMALL {
        for up in 0..=SMALL {
            let node = leaf >> up;
            let way = descend(&keys[node as usize - 1], Node(node), Node(leaf));
            assert_eq!(way, keys[leaf as usize - 1], "from {node} to {leaf}");
        }
    }
}

proptest! {
    #[test]
    fn a_cover_opens_its_hours_and_no_others(a in any::<u16>(), b in any::<u16>(), probe in any::<u16>()) {
        let (tree, range) = (tree(), range(a.min(b), a.max(b)));
        let cover = tree.cover(range);
        prop_assert!(cover.nodes() <= MAX_COVER);
        let (before, after) = (range.first.0.checked_sub(1), range.last.0.checked_add(1));
        for bucket in [Some(probe), Some(range.first.0), Some(range.last.0), before, after].into_iter().flatten() {
            let bucket = Bucket(bucket);
            match cover.leaf(bucket) {
                Ok(leaf) => {
                    prop_assert!(range.first <= bucket && bucket <= range.last);
                    prop_assert_eq!(key(&leaf), key(&tree.leaf(bucket)));
                }
                Err(OutsideRange) => prop_assert!(bucket < range.first || bucket > range.last),
            }
        }
    }
}

#[test]
fn the_worst_cover_has_thirty_nodes_and_a_whole_epoch_one() {
    assert_eq!(tree().cover(range(1, u16::MAX - 1)).nodes(), MAX_COVER);
    assert_eq!(tree().cover(BucketRange::ALL).nodes(), 1);
    assert_eq!(tree().cover(range(24, 47)).nodes(), 2);
}

#[test]
fn a_cover_reads_back_and_a_wrong_number_of_nodes_is_refused() {
    let cover = tree().cover(range(5, 1000));
    let bytes = borsh::to_vec(&cover).unwrap();
    let back: Cover = borsh::from_slice(&bytes).unwrap();
    assert_eq!(key(&back.leaf(Bucket(700)).unwrap()), key(&tree().leaf(Bucket(700))));
    for end in 0..bytes.len() {
        assert!(borsh::from_slice::<Cover>(&bytes[..end]).is_err(), "accepted {end} bytes");
    }
    let wide = Cover { range: range(5, 1002), ..cover };
    assert!(borsh::from_slice::<Cover>(&borsh::to_vec(&wide).unwrap()).is_err());
    assert!(borsh::from_slice::<BucketRange>(&[2, 0, 1, 0]).is_err(), "an inverted range");
}

#[test]
fn another_epoch_and_another_record_have_other_keys_even_with_a_stuck_generator() {
    let [a, b] = [0, 1].map(|number| EpochKey::generate(epoch(number), &mut Stuck));
    assert_ne!(a.root, b.root);
    let leaf = a.leaf(Bucket(0));
    assert_ne!(leaf.of_record(&record_id(0)), leaf.of_record(&record_id(1)));
}

#[test]
fn the_derivation_is_fixed() {
    let tree = EpochKey { epoch: epoch(0), root: Secret::from_bytes([0; 32]), gate: None };
    let share = tree.leaf(Bucket(0x1234)).of_record(&record_id(0));
    assert_eq!(Digest::new(*share.bytes()).to_string(), FIXED_SHARE);
}
/// Computed with Python's hashlib.
const FIXED_SHARE: &str = "186307bb7deabe566538d421b2a0e9b2bed30cfb6f98b02f1623373e76fafff0";

#[test]
fn hours_and_buckets_meet_at_their_borders() {
    let at = |seconds| Hour::of(Timestamp::from_seconds(seconds));
    assert_eq!(at(-1), Err(OutsideRange));
    assert_eq!((at(0), at(3599), at(3600)), (Ok(Hour(0)), Ok(Hour(0)), Ok(Hour(1))));
    let (epoch, first) = (epoch(0), FIRST.number());
    assert_eq!(epoch.bucket(Hour(first - 1)), Err(OutsideRange));
    assert_eq!(epoch.bucket(Hour(first)), Ok(Bucket(0)));
    assert_eq!(epoch.bucket(Hour(first + 65_535)), Ok(Bucket(u16::MAX)));
    assert_eq!(epoch.bucket(Hour(first + 65_536)), Err(OutsideRange));
}

#[test]
fn nothing_secret_is_printed() {
    let cover = tree().cover(range(0, 3));
    let shown = format!("{:?} {:?} {:?}", tree(), cover, tree().leaf(Bucket(0)));
    assert!(shown.contains("Secret(..)") && shown.contains("1 nodes"), "{shown}");
    let hex = Digest::new(*tree().root.bytes()).to_string();
    assert!(!shown.contains(&hex[..8]) && !shown.contains(&format!("{}", tree().root.bytes()[0]).repeat(2)));
}
