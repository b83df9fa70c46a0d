//! A light client that follows headers, beside k256 verifying the same signatures one by one.

use super::{super::apply::plain, Failed};
use crate::report;
use dmledger_core::{
    ledger::StateMachine,
    light::{LightClient, LightUpdate, TrustPolicy},
    quorum::{Vote, VoteKind},
    testing::{World, WorldPlan},
};
use k256::schnorr::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};

const HEADERS: usize = 32;
const ROUNDS: usize = 7;

pub(super) fn run() -> Result<(), Failed> {
    [4, 16, 64].into_iter().try_for_each(with_validators)
}

fn with_validators(validators: usize) -> Result<(), Failed> {
    let mut world = World::new(WorldPlan { validators, ..WorldPlan::default() }).map_err(plain)?;
    let mut ledger = world.populated().map_err(plain)?;
    while ledger.tip().height.value() < HEADERS as u64 {
        world.advance(&mut ledger, &[]).map_err(plain)?;
    }
    let (mut updates, mut signatures) = (Vec::new(), Vec::new());
    for height in 1..=HEADERS as u64 {
        let finalized = ledger.finalized(dmledger_core::time::Height::new(height))?.ok_or("no block")?;
        let certificate = finalized.certificate().ok_or("no certificate")?.clone();
        for (voter, signature) in certificate.signatures() {
            let validator = world.genesis().validators().get(voter).ok_or("unknown validator")?;
            let (kind, block) = (VoteKind::Precommit, Some(certificate.block()));
            let vote = Vote { kind, height: certificate.height(), round: certificate.round(), block, voter: *voter };
            let key = VerifyingKey::from_slice(&validator.key().as_bytes()[1..])?;
            let signature = Signature::from_slice(&signature.as_bytes()[1..])?;
            signatures.push((key, vote.digest(&world.chain()).to_bytes(), signature));
        }
        updates.push(LightUpdate::new(finalized.block().header().clone(), certificate, None, None));
    }
    let (genesis, now) = (world.genesis(), world.clock());
    let follow = || {
        let set = genesis.validators().clone();
        let mut light = LightClient::begin(world.chain(), genesis.time(), set, TrustPolicy::default());
        updates.iter().all(|update| light.advance(update, now).is_ok())
    };
    assert!(follow());
    let (ours, peer) = report::beside(
        ROUNDS,
        || assert!(follow()),
        || {
            assert!(signatures.iter().all(|(key, digest, signature)| key.verify_prehash(digest, signature).is_ok()));
        },
    );
    let rate = |seconds: f64| HEADERS as f64 / seconds;
    let name = format!("ledger_light_client_{validators}_validators");
    report::line(&name, rate(ours.median()), rate(peer.median()), "headers/s,higher_is_better,peer=k256_single");
    Ok(())
}
