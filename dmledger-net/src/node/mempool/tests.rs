use super::*;
use crate::testing;

fn peer(n: u8) -> PeerId {
    PeerId::of(&testing::secret_key(n).public())
}

fn action(n: u32) -> RawAction {
    RawAction::new(n.to_le_bytes().to_vec()).unwrap()
}

fn add(pool: &mut Mempool, n: u32, source: u8) -> Admission {
    let action = action(n);
    let digest = action.digest();
    pool.add(action, digest, peer(source))
}

fn pool(actions: usize) -> Mempool {
    Mempool::new(PoolLimits { actions, bytes: 1000 })
}

#[test]
fn an_action_waits_once_and_is_remembered_when_final() {
    let mut pool = pool(10);
    assert_eq!(add(&mut pool, 1, 0), Admission::Added);
    assert_eq!(add(&mut pool, 1, 1), Admission::Waiting);
    pool.finalized(&action(1).digest(), Height::new(4));
    assert!(pool.is_empty() && pool.bytes == 0 && pool.shares.is_empty());
    assert_eq!(add(&mut pool, 1, 0), Admission::Final(Height::new(4)));
}

#[test]
fn a_flooding_source_makes_room_for_the_others() {
    let mut pool = pool(4);
    for n in 0..4 {
        assert_eq!(add(&mut pool, n, 0), Admission::Added);
    }
    assert_eq!(add(&mut pool, 4, 0), Admission::Full, "not for itself");
    assert_eq!(add(&mut pool, 5, 1), Admission::Displaced(action(3).digest()));
    assert_eq!(add(&mut pool, 6, 1), Admission::Displaced(action(2).digest()));
    assert_eq!(add(&mut pool, 7, 1), Admission::Full, "shares are even");
    assert_eq!(pool.len(), 4);
}

#[test]
fn bytes_are_bounded_too() {
    let mut pool = Mempool::new(PoolLimits { actions: 10, bytes: 7 });
    assert_eq!(add(&mut pool, 1, 0), Admission::Added);
    assert_eq!(add(&mut pool, 2, 1), Admission::Full);
}

#[test]
fn what_proposals_pass_over_runs_out_of_chances() {
    let mut pool = pool(10);
    for n in 0..3 {
        add(&mut pool, n, 0);
    }
    let mut offer = pool.offer(10);
    assert_eq!(offer.by_ref().count(), 3);
    let looked_at = offer.looked_at();
    let included = [action(1)];
    let passed = |pool: &mut Mempool| pool.passed_over(&looked_at, &included);
    let the_first = |chances| vec![(action(0).digest(), action(0), chances)];
    for _ in 0..=CHANCES {
        assert_eq!(passed(&mut pool), the_first(Chances::Left), "the last may be one too many");
    }
    for _ in 0..LIFETIME {
        pool.tick();
    }
    assert_eq!(passed(&mut pool), the_first(Chances::Used));
}

#[test]
fn those_that_rest_do_not_keep_the_others_from_being_offered() {
    let mut pool = pool(10);
    for n in 0..4 {
        add(&mut pool, n, 0);
    }
    let mut offer = pool.offer(3);
    assert_eq!(offer.by_ref().collect::<Vec<_>>(), [action(0), action(1), action(2)]);
    let looked_at = offer.looked_at();
    pool.passed_over(&looked_at, &[]);
    assert_eq!(pool.offer(3).collect::<Vec<_>>(), [action(2), action(3), action(0)]);
}

#[test]
fn what_was_passed_over_is_no_work_until_something_changes_or_it_has_rested() {
    let mut pool = pool(10);
    assert!(!pool.has_work());
    add(&mut pool, 1, 0);
    for ticks in [2, 3, 5] {
        assert!(pool.has_work());
        pool.block_applied(0);
        for _ in 0..ticks {
            assert!(!pool.has_work());
            pool.tick();
        }
    }
    pool.block_applied(0);
    assert!(!pool.has_work());
    pool.block_applied(1);
    assert!(pool.has_work(), "another action was executed");
    pool.block_applied(0);
    add(&mut pool, 2, 0);
    pool.finalized(&action(2).digest(), Height::new(1));
    assert!(pool.has_work(), "another action came");
    pool.finalized(&action(1).digest(), Height::new(1));
    assert!(!pool.has_work() && pool.resting.is_empty());
}
