use super::*;
use crate::seal::testing::{FIRST, Stuck, epoch, range, record_id, rng};
use dmledger_core::hash::Digest;
use dmledger_core::time::{TimeRange, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn tree() -> EpochKey {
    EpochKey::generate(epoch(3), &mut rng(3))
}

fn one(bucket: Bucket) -> BucketRange {
    BucketRange { first: bucket, last: bucket }
}

fn key(hours: &HourKeys) -> [u8; 32] {
    *hours.of_record(&record_id(0)).bytes()
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
            match cover.hour_keys(one(bucket)) {
                Ok(leaf) => {
                    prop_assert!(range.first <= bucket && bucket <= range.last);
                    prop_assert_eq!(key(&leaf), key(&tree.hour_keys(one(bucket))));
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
    assert_eq!(key(&back.hour_keys(range(600, 700)).unwrap()), key(&tree().hour_keys(range(600, 700))));
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
    let leaf = a.hour_keys(one(Bucket(0)));
    assert_ne!(leaf.of_record(&record_id(0)), leaf.of_record(&record_id(1)));
}

#[test]
fn the_derivation_is_fixed() {
    let tree = EpochKey { epoch: epoch(0), root: Secret::from_bytes([0; 32]), gate: None };
    let share = tree.hour_keys(one(Bucket(0x1234))).of_record(&record_id(0));
    assert_eq!(Digest::new(*share.bytes()).to_string(), FIXED_SHARE);
}
/// Computed with Python's hashlib.
const FIXED_SHARE: &str = "186307bb7deabe566538d421b2a0e9b2bed30cfb6f98b02f1623373e76fafff0";

#[test]
fn hours_and_buckets_meet_at_their_borders() {
    let at = |seconds| Hour::of(Timestamp::from_seconds(seconds));
    assert_eq!(at(-1), Err(OutsideRange));
    assert_eq!((at(0), at(3599), at(3600)), (Ok(Hour::new(0)), Ok(Hour::new(0)), Ok(Hour::new(1))));
    let (epoch, first) = (epoch(0), FIRST.number());
    assert_eq!(epoch.bucket(Hour::new(first - 1)), Err(OutsideRange));
    assert_eq!(epoch.bucket(Hour::new(first)), Ok(Bucket(0)));
    assert_eq!(epoch.bucket(Hour::new(first + 65_535)), Ok(Bucket(u16::MAX)));
    assert_eq!(epoch.bucket(Hour::new(first + 65_536)), Err(OutsideRange));
}

#[test]
fn a_record_of_several_hours_opens_to_those_who_hold_all_of_them() {
    let tree = tree();
    for (first, last) in [(24, 24), (24, 47), (30, 33), (47, 47)] {
        let span = range(first, last);
        let keys = tree.cover(range(24, 47)).hour_keys(span).unwrap();
        assert_eq!(key(&keys), key(&tree.hour_keys(span)), "{first} to {last}");
    }
    for (first, last) in [(23, 24), (23, 48), (47, 48), (0, 65_535)] {
        assert_eq!(tree.cover(range(24, 47)).hour_keys(range(first, last)).unwrap_err(), OutsideRange);
    }
    assert_ne!(key(&tree.hour_keys(range(24, 25))), key(&tree.hour_keys(range(24, 24))));
    assert_ne!(key(&tree.hour_keys(range(24, 25))), key(&tree.hour_keys(range(24, 26))));
}

#[test]
fn a_record_has_the_hours_it_touches_and_a_grant_the_hours_inside_it() {
    let span = |start, end| TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end)).unwrap();
    let hours = |first, last| Hours::new(Hour::new(first), Hour::new(last));
    let h = 3_600_000;
    assert_eq!(Hours::touched_by(&span(0, h)), hours(0, 0));
    assert_eq!(Hours::touched_by(&span(h - 1, 2 * h + 1)), hours(0, 2));
    assert_eq!(Hours::inside(&span(0, h)), hours(0, 0));
    assert_eq!(Hours::inside(&span(h - 1, 4 * h + 1)), hours(1, 3));
    assert_eq!(Hours::inside(&span(1, 2 * h - 1)), Err(OutsideRange));
    assert_eq!(Hours::inside(&span(0, 1)), Err(OutsideRange));
    assert_eq!(Hours::touched_by(&span(-1, 1)), Err(OutsideRange));
    assert!(borsh::from_slice::<Hours>(&[2, 0, 0, 0, 1, 0, 0, 0]).is_err(), "an inverted range");
}

#[test]
fn nothing_secret_is_printed() {
    let cover = tree().cover(range(0, 3));
    let shown = format!("{:?} {:?} {:?}", tree(), cover, tree().hour_keys(one(Bucket(0))));
    assert!(shown.contains("Secret(..)") && shown.contains("1 nodes"), "{shown}");
    let hex = Digest::new(*tree().root.bytes()).to_string();
    assert!(!shown.contains(&hex[..8]) && !shown.contains(&format!("{}", tree().root.bytes()[0]).repeat(2)));
}
