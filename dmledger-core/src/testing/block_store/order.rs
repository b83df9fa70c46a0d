//! Blocks: order, identity, atomicity.
#![expect(clippy::missing_panics_doc, reason = "a property that does not hold panics")]
#![expect(clippy::missing_errors_doc, reason = "an error of the store is a failure of the property")]

use std::sync::Arc;

use super::Factory;
use crate::{
    block::FinalizedBlock,
    envelope::ChainId,
    hash::Digest,
    quorum::BlockId,
    testing::{
        Outcome,
        chain::{Chain, Content, row_key},
    },
    time::Height,
    traits::{BlockCommit, BlockStore, Committed, StoreError},
};

/// No tip, no block, no state.
pub fn an_empty_store_has_nothing(factory: &dyn Factory) -> Outcome {
    let chain = Chain::new(1)?;
    let store = factory.create(chain.network())?;
    assert_eq!(store.tip()?, None);
    assert_eq!(store.block(Height::GENESIS)?, None);
    assert_eq!(store.lowest()?, Height::GENESIS);
    assert!(matches!(store.at(Height::GENESIS), Err(StoreError::NotFound { .. })));
    Ok(())
}

/// A block at height 1 has nothing to follow in an empty store.
pub fn the_first_block_is_genesis(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(2)?;
    let store = factory.create(chain.network())?;
    let genesis = chain.next(some(2))?;
    let first = chain.next(some(2))?;
    assert_conflict(&*store, &first);
    assert_eq!(store.tip()?, None);
    assert_eq!(store.commit(&genesis)?, Committed::Applied);
    assert_eq!(store.commit(&first)?, Committed::Applied);
    Ok(())
}

/// Block, certificate, identity and tip are what was committed.
pub fn a_committed_block_reads_back(factory: &dyn Factory) -> Outcome {
    let (store, commits) = filled(factory, 3, 5)?;
    for commit in &commits {
        assert_reads_back(&*store, commit)?;
    }
    assert_eq!(store.tip()?, commits.last().map(|commit| commit.tip.clone()));
    Ok(())
}

/// Every committed block may be committed again, also below the tip.
pub fn repeating_a_commit_changes_nothing(factory: &dyn Factory) -> Outcome {
    let (store, commits) = filled(factory, 4, 4)?;
    let tip = store.tip()?;
    for commit in &commits {
        assert_eq!(store.commit(commit)?, Committed::AlreadyApplied);
        assert_eq!(store.tip()?, tip);
        assert_reads_back(&*store, commit)?;
    }
    Ok(())
}

/// The block that came first stays, at the tip and below it.
pub fn another_block_at_a_known_height_conflicts(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(5)?;
    let store = factory.create(chain.network())?;
    let mut pairs = Vec::new();
    for _ in 0..4 {
        let rival = chain.candidate(some(1))?;
        let commit = chain.next(some(1))?;
        store.commit(&commit)?;
        assert_conflict(&*store, &rival);
        pairs.push((commit, rival));
    }
    for (commit, rival) in &pairs {
        assert_conflict(&*store, rival);
        assert_eq!(store.height_of(&rival.tip.id)?, None);
        assert_reads_back(&*store, commit)?;
    }
    Ok(())
}

/// Heights come one after another.
pub fn a_gap_in_heights_conflicts(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(6)?;
    let store = factory.create(chain.network())?;
    store.commit(&chain.next(some(1))?)?;
    let tip = store.tip()?;
    let skipped = chain.next(some(1))?;
    let late = chain.next(some(1))?;
    assert_conflict(&*store, &late);
    assert_eq!(store.tip()?, tip);
    store.commit(&skipped)?;
    store.commit(&late)?;
    Ok(())
}

/// The right height under another parent is another chain.
pub fn a_wrong_parent_conflicts(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(7)?;
    let store = factory.create(chain.network())?;
    let rival = chain.candidate(some(1))?;
    chain.next(some(1))?;
    let orphan = chain.next(some(1))?;
    store.commit(&rival)?;
    assert_conflict(&*store, &orphan);
    assert_eq!(store.tip()?, Some(rival.tip));
    Ok(())
}

/// Block, tip and changes are about one block.
pub fn a_commit_that_disagrees_with_itself_conflicts(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(8)?;
    let store = factory.create(chain.network())?;
    let right = chain.candidate(some(1))?;
    let mut wrong_version = right.clone();
    wrong_version.changes.version = Height::new(9);
    let mut wrong_id = right.clone();
    wrong_id.tip.id = BlockId::new(Digest::ZERO);
    let mut wrong_height = right.clone();
    wrong_height.tip.height = Height::new(1);
    let mut wrong_root = right.clone();
    wrong_root.tip.state_root = Digest::ZERO;
    for wrong in [wrong_version, wrong_id, wrong_height, wrong_root] {
        assert!(matches!(store.commit(&wrong), Err(StoreError::Conflict { .. })));
        assert_eq!(store.tip()?, None);
    }
    assert_eq!(store.commit(&right)?, Committed::Applied);
    Ok(())
}

/// A store holds one network's blocks.
pub fn a_block_of_another_network_is_refused(factory: &dyn Factory) -> Outcome {
    let chain = Chain::new(9)?;
    let store = factory.create(chain.network())?;
    let foreign = Chain::new(10)?.next(some(1))?;
    let refused = store.commit(&foreign);
    assert!(matches!(refused, Err(StoreError::WrongNetwork { .. })), "{refused:?}");
    assert_eq!(store.tip()?, None);
    Ok(())
}

/// Neither block nor rows of a refused commit can be read.
pub fn a_refused_commit_leaves_nothing_behind(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(11)?;
    let store = factory.create(chain.network())?;
    let key = row_key(Height::GENESIS, b"refused")?;
    let refused = chain.candidate(Content { put: vec![(key.clone(), vec![1])], ..some(1) })?;
    store.commit(&chain.next(some(1))?)?;
    assert_conflict(&*store, &refused);
    assert_eq!(store.height_of(&refused.tip.id)?, None);
    assert_eq!(store.at(Height::GENESIS)?.row(&key)?, None);
    Ok(())
}

/// What is not there is said to be not there, not an error.
pub fn unknown_heights_and_identities_are_none(factory: &dyn Factory) -> Outcome {
    let (store, _) = filled(factory, 12, 3)?;
    for height in [3, 4, u64::from(u32::MAX), u64::MAX] {
        assert_eq!(store.block(Height::new(height))?, None);
    }
    assert_eq!(store.height_of(&BlockId::new(Digest::ZERO))?, None);
    Ok(())
}

/// Half a megabyte of actions in one block.
pub fn a_block_of_a_thousand_actions_reads_back(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(13)?;
    let store = factory.create(chain.network())?;
    for _ in 0..2 {
        let commit = chain.next(Content { actions: 1000, action_bytes: 512, ..Content::default() })?;
        store.commit(&commit)?;
        assert_reads_back(&*store, &commit)?;
    }
    Ok(())
}

/// Racing commits of one block: one is new, the others are repetitions.
pub fn of_many_threads_committing_one_block_one_applies_it(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(14)?;
    let store = factory.create(chain.network())?;
    for _ in 0..5 {
        let commit = chain.next(some(3))?;
        let applied = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..4).map(|_| scope.spawn(|| store.commit(&commit))).collect();
            let results: Vec<_> = racers.into_iter().filter_map(|racer| racer.join().ok()).collect();
            assert_eq!(results.len(), 4, "a commit panicked");
            results.into_iter().collect::<Result<Vec<_>, _>>()
        })?;
        assert_eq!(applied.iter().filter(|result| **result == Committed::Applied).count(), 1);
    }
    Ok(())
}

/// Whoever sees a tip sees its block, its identity and its rows.
pub fn readers_never_see_half_a_commit(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(15)?;
    let store = factory.create(chain.network())?;
    let mut commits = Vec::new();
    for height in 0..40 {
        let rows = (0..50_u8).map(|index| Ok((row_key(Height::new(height), &[index])?, vec![index; 40])));
        let put = rows.collect::<Result<Vec<_>, Box<dyn std::error::Error + Send + Sync>>>()?;
        commits.push(chain.next(Content { put, ..some(2) })?);
    }
    store.commit(&commits[0])?;
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2).map(|_| scope.spawn(|| watch(&store, 40))).collect();
        for commit in commits.iter().skip(1) {
            store.commit(commit)?;
        }
        for reader in readers {
            reader.join().map_err(|_| "a reader panicked")??;
        }
        Ok(())
    })
}

fn watch(store: &Arc<dyn BlockStore>, blocks: u64) -> Outcome {
    loop {
        let tip = store.tip()?.ok_or("the tip went away")?;
        let block = store.block(tip.height)?.ok_or("a tip without its block")?;
        assert_eq!(block.block().id(), tip.id);
        assert_eq!(store.height_of(&tip.id)?, Some(tip.height));
        let state = store.at(tip.height)?;
        for index in 0..50_u8 {
            let row = state.row(&row_key(tip.height, &[index])?)?;
            assert_eq!(row, Some(vec![index; 40]), "row {index} of the tip");
        }
        if tip.height.value() + 1 == blocks {
            return Ok(());
        }
    }
}

/// A store and what was committed to it.
type Filled = (Arc<dyn BlockStore>, Vec<BlockCommit>);

/// `count` small blocks of a seeded chain in a fresh store.
pub(super) fn filled(
    factory: &dyn Factory,
    seed: u64,
    count: usize,
) -> Result<Filled, Box<dyn std::error::Error + Send + Sync>> {
    let mut chain = Chain::new(seed)?;
    let store = factory.create(chain.network())?;
    let mut commits = Vec::new();
    for _ in 0..count {
        let commit = chain.next(some(3))?;
        assert_eq!(store.commit(&commit)?, Committed::Applied);
        commits.push(commit);
    }
    Ok((store, commits))
}

pub(super) fn network_of(commits: &[BlockCommit]) -> ChainId {
    commits.first().map_or(ChainId::new(Digest::ZERO), |commit| commit.block.block().header().chain)
}

pub(super) fn some(actions: usize) -> Content {
    Content { actions, action_bytes: 100, ..Content::default() }
}

pub(super) fn assert_reads_back(store: &dyn BlockStore, commit: &BlockCommit) -> Outcome {
    let height = commit.tip.height;
    let block: Option<FinalizedBlock> = store.block(height)?;
    assert_eq!(block.as_ref(), Some(&commit.block), "block at height {height}");
    assert_eq!(store.height_of(&commit.tip.id)?, Some(height));
    Ok(())
}

fn assert_conflict(store: &dyn BlockStore, commit: &BlockCommit) {
    let result = store.commit(commit);
    let height = commit.tip.height;
    assert!(
        matches!(result, Err(StoreError::Conflict { height: at }) if at == height),
        "{result:?} at height {height}"
    );
}
