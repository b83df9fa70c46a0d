//! What outlives the process: restarts, kills, damage.
#![expect(clippy::missing_panics_doc, reason = "a property that does not hold panics")]
#![expect(clippy::missing_errors_doc, reason = "an error of the store is a failure of the property")]

use super::{
    Durable,
    order::{assert_reads_back, filled, network_of, some},
    state::overwritten,
};
use crate::{
    testing::{
        Outcome,
        chain::{Chain, row_key},
    },
    time::Height,
    traits::StoreError,
};

/// Nothing was committed, nothing is there.
pub fn an_empty_store_reopens_empty(factory: &dyn Durable) -> Outcome {
    let network = Chain::new(40)?.network();
    drop(factory.create(network)?);
    assert_eq!(factory.reopen(network)?.tip()?, None);
    Ok(())
}

/// Tip, blocks and identities.
pub fn a_reopened_store_equals_what_was_committed(factory: &dyn Durable) -> Outcome {
    let (store, commits) = filled(factory, 41, 20)?;
    let tip = store.tip()?;
    drop(store);
    let store = factory.reopen(network_of(&commits))?;
    assert_eq!(store.tip()?, tip);
    commits.iter().try_for_each(|commit| assert_reads_back(&*store, commit))
}

/// The next block follows; the last may be repeated.
pub fn a_reopened_store_goes_on(factory: &dyn Durable) -> Outcome {
    let mut chain = Chain::new(42)?;
    drop(factory.create(chain.network())?);
    let mut commits = Vec::new();
    for _ in 0..6 {
        let store = factory.reopen(chain.network())?;
        let commit = chain.next(some(2))?;
        store.commit(&commit)?;
        commits.push(commit);
    }
    let store = factory.reopen(chain.network())?;
    commits.iter().try_for_each(|commit| assert_reads_back(&*store, commit))
}

/// An acknowledgement is a promise.
pub fn a_killed_store_has_every_acknowledged_block(factory: &dyn Durable) -> Outcome {
    let (store, commits) = filled(factory, 43, 25)?;
    let tip = store.tip()?;
    factory.kill(store);
    let store = factory.reopen(network_of(&commits))?;
    assert_eq!(store.tip()?, tip);
    commits.iter().try_for_each(|commit| assert_reads_back(&*store, commit))
}

/// Recovery is not a special state.
pub fn a_killed_and_reopened_store_may_be_killed_again(factory: &dyn Durable) -> Outcome {
    let mut chain = Chain::new(44)?;
    let mut store = factory.create(chain.network())?;
    let mut commits = Vec::new();
    for _ in 0..4 {
        for _ in 0..3 {
            let commit = chain.next(some(1))?;
            store.commit(&commit)?;
            commits.push(commit);
        }
        factory.kill(store);
        store = factory.reopen(chain.network())?;
        assert_eq!(store.tip()?, commits.last().map(|commit| commit.tip.clone()));
    }
    commits.iter().try_for_each(|commit| assert_reads_back(&*store, commit))
}

/// What was pruned stays pruned, what was kept stays kept.
pub fn a_prune_outlives_reopening(factory: &dyn Durable) -> Outcome {
    let (store, mut chain) = overwritten(factory, 45, 8)?;
    store.prune(Height::new(5))?;
    factory.kill(store);
    let store = factory.reopen(chain.network())?;
    assert_eq!(store.lowest()?, Height::new(5));
    let refused = store.at(Height::new(4)).map(|_| ());
    assert!(matches!(refused, Err(StoreError::Pruned { .. })), "{refused:?}");
    for version in 0..8 {
        let row = store.at(Height::new(7))?.row(&row_key(Height::new(version), b"row")?)?;
        assert_eq!(row, (version >= 5).then(|| vec![version as u8]), "version {version}");
    }
    store.commit(&chain.next(some(1))?)?;
    Ok(())
}

/// The refusal is typed, and the right network still opens whole.
pub fn another_network_is_refused_and_changes_nothing(factory: &dyn Durable) -> Outcome {
    let (store, commits) = filled(factory, 46, 3)?;
    drop(store);
    let foreign = Chain::new(47)?.network();
    match factory.reopen(foreign).map(|_| ()) {
        Err(StoreError::WrongNetwork { found, expected }) => {
            assert_eq!((found, expected), (network_of(&commits).digest(), foreign.digest()));
        }
        other => return Err(format!("not refused as another network: {other:?}").into()),
    }
    let store = factory.reopen(network_of(&commits))?;
    commits.iter().try_for_each(|commit| assert_reads_back(&*store, commit))
}

/// Two writers would each acknowledge what the other loses.
pub fn a_second_opener_is_refused(factory: &dyn Durable) -> Outcome {
    let (store, commits) = filled(factory, 48, 2)?;
    let refused = factory.reopen(network_of(&commits)).map(|_| ());
    assert!(matches!(refused, Err(StoreError::InUse)), "{refused:?}");
    commits.iter().try_for_each(|commit| assert_reads_back(&*store, commit))?;
    drop(store);
    assert!(factory.reopen(network_of(&commits))?.tip()?.is_some());
    Ok(())
}

/// Wherever the bit flips, the answer is [`StoreError::Corrupt`] or the right block.
pub fn a_damaged_block_is_reported_and_never_returned(factory: &dyn Durable) -> Outcome {
    let (store, commits) = filled(factory, 49, 6)?;
    store.sync()?;
    drop(store);
    factory.corrupt(Height::new(3))?;
    let store = match factory.reopen(network_of(&commits)) {
        Ok(store) => store,
        Err(StoreError::Corrupt { .. }) => return Ok(()),
        Err(other) => return Err(other.into()),
    };
    for commit in &commits {
        match store.block(commit.tip.height) {
            Ok(block) => {
                assert_eq!(block.as_ref(), Some(&commit.block));
                assert_ne!(commit.tip.height, Height::new(3), "the damage was not noticed");
            }
            Err(StoreError::Corrupt { height, .. }) => assert_eq!(height, Some(Height::new(3))),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}

/// Empty, in the middle, twice.
pub fn sync_is_harmless_at_any_time(factory: &dyn Durable) -> Outcome {
    let mut chain = Chain::new(50)?;
    let store = factory.create(chain.network())?;
    store.sync()?;
    for _ in 0..3 {
        store.commit(&chain.next(some(1))?)?;
        store.sync()?;
        store.sync()?;
    }
    let tip = store.tip()?;
    factory.kill(store);
    assert_eq!(factory.reopen(chain.network())?.tip()?, tip);
    Ok(())
}
