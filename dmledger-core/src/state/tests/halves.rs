//! Batches large enough for two threads.

use super::*;

#[test]
fn large_batches_do_in_halves_what_small_ones_do_at_once() {
    for cache in [16, 1 << 16] {
        let mut rng = ChaCha20Rng::seed_from_u64(11);
        let mut world = World::new();
        world.tree = Tree::empty(world.rows.clone()).with_cache(cache);
        for _ in 0..6 {
            world.step(random_batch(&mut rng, 4_000, 2_000));
        }
        // All keys of the right half go, and one half is left to stand alone.
        let right = world.map().into_keys().filter(|key| key.goes_right(0));
        world.step(right.map(|key| (key, None)).chain((0..2_000).map(|n| (key(10_000 + n), None))).collect());
        world.step(random_batch(&mut rng, 4_000, 2_000));
        let probes: Vec<_> = (0..4_000).step_by(7).map(key).collect();
        world.check_stored(5, &probes);
        world.check_stored(7, &probes);
        world.rows.prune(Height::new(7));
        let mut fresh = World::new();
        fresh.step(world.map().into_iter().map(|(key, value)| (key, Some(value))).collect());
        assert_eq!(world.rows.len(), fresh.rows.len(), "not a row more than a tree built at once");
    }
}
