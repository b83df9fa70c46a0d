//! Nodes on threads over the in-memory network.

use super::*;
use crate::{
    engine::{self, Config, MemoryWal},
    testing::{self, Shelf, Tally},
    transport::{MemoryHub, PeerId},
};
use dmledger_core::{key::SecretKey, quorum::ValidatorSet};
use futures::executor::block_on;

fn parts(hub: &MemoryHub, set: &ValidatorSet, key: SecretKey, votes: bool) -> Parts {
    let transport = Arc::new(hub.join(PeerId::of(&key.public())));
    Parts {
        state_machine: Box::new(Tally::open(set.clone(), Shelf::default()).unwrap()),
        transport,
        signer: votes.then(|| Arc::new(key) as Arc<dyn dmledger_core::traits::Signer>),
        wal: Box::new(MemoryWal::new()),
        clock: Arc::new(SystemClock),
        config: Config::default(),
    }
}

fn network(validators: u8, followers: u8) -> Vec<Box<dyn Engine>> {
    let (hub, set) = (MemoryHub::new(), testing::validators(validators).unwrap());
    let nodes = (0..validators + followers).map(|n| {
        let parts = parts(&hub, &set, testing::secret_key(n), n < validators);
        if n < validators { engine::validator(parts) } else { engine::follower(parts) }.unwrap()
    });
    nodes.collect()
}

fn submit(node: &dyn Engine, n: u64) -> Outcome {
    block_on(async { node.submit(testing::count(n, 64).unwrap()).await.unwrap().outcome().await })
}

#[test]
fn a_single_validator_makes_an_action_final() {
    let node = &network(1, 0)[0];
    for n in 0..20 {
        assert_eq!(submit(node.as_ref(), n).unwrap().height, Height::new(n + 1));
    }
    let block = block_on(node.next_finalized(Height::new(6))).unwrap();
    assert_eq!(block.block().actions(), [testing::count(6, 64).unwrap()]);
    assert!(matches!(submit(node.as_ref(), 3), Ok(receipt) if receipt.height == Height::new(4)), "known to be final");
}

#[test]
fn four_validators_and_two_followers_agree() {
    let nodes = network(4, 2);
    for (n, node) in (0..).zip(&nodes) {
        let receipt = submit(node.as_ref(), n).unwrap();
        for node in &nodes {
            let at = receipt.height.previous().unwrap();
            let block = block_on(node.next_finalized(at)).unwrap();
            assert!(block.block().actions().iter().any(|action| action.digest() == receipt.action));
        }
    }
}

#[test]
fn an_idle_network_makes_no_blocks() {
    let nodes = network(4, 1);
    let height = submit(nodes[0].as_ref(), 1).unwrap().height;
    thread::sleep(Duration::from_millis(700));
    for node in &nodes {
        assert_eq!(block_on(node.status()).unwrap().standing.height, height);
    }
}

#[test]
fn what_the_rules_refuse_comes_back_with_the_reason() {
    let nodes = network(4, 1);
    let foreign = RawAction::new(vec![b'?']).unwrap();
    for node in &nodes {
        let outcome = block_on(async { node.submit(foreign.clone()).await.unwrap().outcome().await });
        assert!(matches!(outcome, Err(SubmitError::Refused(rejection)) if rejection.code() == 2));
    }
}

#[test]
fn a_node_that_was_shut_down_says_so() {
    let nodes = network(1, 0);
    block_on(nodes[0].shutdown());
    block_on(nodes[0].shutdown());
    assert!(matches!(block_on(nodes[0].status()), Err(EngineError::Stopped { .. })));
}
