//! What comes without an action around it: blocks, certificates, proofs, and updates of a light client.

use super::{
    super::{Done, Failed, anchored, twins},
    only_these_bytes,
};
use dmledger_core::{
    block::{FinalizedBlock, Tip},
    codec::{Canonical, decode, encode},
    consent::{GrantId, GrantRecord},
    hash::tree::{InclusionProof, Tree},
    ledger::{AccessLog, AccountGrants, AccountRecords, AllMembers, Ledger, Query, StateMachine},
    light::{LightClient, LightUpdate, TrustPolicy},
    quorum::{QuorumCertificate, Validator, ValidatorSet},
    state::tables::{Places, Proved},
    testing::{World, WorldPlan},
    time::Height,
};

/// Four validators; a patient with records, two grants and an access log.
fn network() -> Result<(World, Ledger, Vec<GrantId>), Failed> {
    let mut world = World::new(WorldPlan { validators: 4, ..WorldPlan::default() })?;
    let mut ledger = world.populated()?;
    let records = anchored(&mut world, &mut ledger, 0, 2)?;
    let grants = [world.grant_to(0, 0), world.grant_to(1, 2)];
    let mut actions = grants.iter().map(|grant| world.grant(0, grant.clone())).collect::<Result<Vec<_>, _>>()?;
    let request = world.request(records)?;
    actions.push(world.access(0, 0, request)?);
    world.advance(&mut ledger, &actions)?;
    Ok((world, ledger, grants.iter().map(|grant| grant.id).collect()))
}

/// Whether these bytes are a `T` that `holds`.
fn is<T: Canonical>(bytes: &[u8], holds: impl Fn(&T) -> bool) -> bool {
    decode::<T>(bytes).is_ok_and(|value| holds(&value))
}

fn block_at(ledger: &Ledger, height: Height) -> Result<FinalizedBlock, Failed> {
    Ok(ledger.finalized(height)?.ok_or("no block")?)
}

#[test]
fn no_change_of_a_block_or_of_its_certificate_is_accepted() -> Done {
    let (world, ledger, _) = network()?;
    let mut tip: Option<Tip> = None;
    for height in 0..ledger.tip().height.value() {
        tip = Some(Tip::after(block_at(&ledger, Height::new(height))?.block().header(), tip.as_ref()));
    }
    let (tip, chain, validators) = (tip.ok_or("no tip")?, world.chain(), world.genesis().validators());
    let last = block_at(&ledger, ledger.tip().height)?;
    only_these_bytes("block", &encode(&last), |bytes| {
        is::<FinalizedBlock>(bytes, |block| block.verify(&tip, &chain, validators).is_ok())
    });
    only_these_bytes("certificate", &encode(last.certificate().ok_or("no certificate")?), |bytes| {
        is::<QuorumCertificate>(bytes, |certificate| certificate.verify(&chain, validators).is_ok())
    });
    only_these_bytes("validators", &encode(validators), |bytes| {
        is::<ValidatorSet>(bytes, |set| set.digest() == validators.digest())
    });
    Ok(())
}

#[test]
fn no_change_of_a_proof_of_presence_or_absence_is_accepted() -> Done {
    let (world, ledger, grants) = network()?;
    let (root, places) = (ledger.tip().state_root, Places::new(world.chain()));
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    // Some of the absent ones end at an empty place, some at another leaf.
    let absent = (0..8).map(|n| GrantId::new([n; 16]));
    for id in grants.into_iter().take(1).chain(absent) {
        only_these_bytes("proof", &encode(&query.grant(&id)?), |bytes| {
            is::<Proved<GrantRecord>>(bytes, |proved| proved.verify(&root, &places.grant(&id)).is_ok())
        });
    }
    Ok(())
}

#[test]
fn no_change_of_a_complete_list_is_accepted() -> Done {
    let (world, ledger, _) = network()?;
    let (root, chain, account) = (ledger.tip().state_root, world.chain(), world.patients()[0].account);
    let query = Query::at(chain, ledger.tip().height, ledger.store().as_ref())?;
    only_these_bytes("grants", &encode(&query.grants(&account)?), |bytes| {
        is::<AccountGrants>(bytes, |all| all.verify(&root, chain, &account).is_ok())
    });
    only_these_bytes("records", &encode(&query.records(&account)?), |bytes| {
        is::<AccountRecords>(bytes, |all| all.verify(&root, chain, &account).is_ok())
    });
    only_these_bytes("access log", &encode(&query.access_log(&account)?), |bytes| {
        is::<AccessLog>(bytes, |all| all.verify(&root, chain, &account).is_ok())
    });
    only_these_bytes("members", &encode(&query.members()?), |bytes| {
        is::<AllMembers>(bytes, |all| all.verify(&root, chain).is_ok())
    });
    Ok(())
}

#[test]
fn no_change_of_a_place_in_history_is_accepted() -> Done {
    let (world, mut ledger, _) = network()?;
    let mut world = world;
    for _ in 0..4 {
        world.advance(&mut ledger, &[])?;
    }
    let update = update(&ledger, ledger.tip().height, (None, None))?;
    let mut light = client(&world);
    light.advance(&update, world.clock())?;
    let ids = (0..ledger.tip().height.value()).map(|height| Ok(block_at(&ledger, Height::new(height))?.block().id()));
    let ids = ids.map(|id: Result<_, Failed>| Ok(id?.digest())).collect::<Result<Vec<_>, Failed>>()?;
    let header = block_at(&ledger, Height::new(2))?.block().header().clone();
    only_these_bytes("place in history", &encode(&Tree::new(&ids).prove(2)?), |bytes| {
        is::<InclusionProof>(bytes, |proof| light.includes(&header, proof).is_ok())
    });
    Ok(())
}

type Sets = (Option<ValidatorSet>, Option<ValidatorSet>);

fn update(ledger: &Ledger, height: Height, (deciding, next): Sets) -> Result<LightUpdate, Failed> {
    let block = block_at(ledger, height)?;
    let certificate = block.certificate().ok_or("no certificate")?.clone();
    Ok(LightUpdate::new(block.block().header().clone(), certificate, deciding, next))
}

fn client(world: &World) -> LightClient {
    let (genesis, policy) = (world.genesis(), TrustPolicy::default());
    LightClient::begin(world.chain(), genesis.time(), genesis.validators().clone(), policy)
}

/// A step, and a jump over a change of validators that brings the set of its own height and of the one after it.
#[test]
fn no_change_of_a_light_clients_update_is_accepted() -> Done {
    let (mut world, mut ledger, _) = network()?;
    let step = update(&ledger, Height::new(1), (None, None))?;
    let mut keys = Vec::new();
    for n in 0..2 {
        let (key, copy) = twins(&mut world);
        let party = world.party(key, dmledger_core::identity::Role::Hospital, &format!("Newcomer {n}"))?;
        let admission = world.admission(&party, 2)?;
        world.advance(&mut ledger, &[admission])?;
        keys.push(copy);
    }
    let before: Vec<_> = world.genesis().validators().iter().copied().collect();
    let mut sets = Vec::new();
    for (number, _) in keys.iter().enumerate() {
        let fresh = keys[..=number].iter().map(|key| Validator::new(key.public(), 1));
        let set = ValidatorSet::new(before.iter().copied().chain(fresh).collect())?;
        let change = super::super::bytes::membership::change(&world, number as u64 + 1, set.clone());
        world.advance(&mut ledger, &[change])?;
        sets.push(set);
    }
    let jump = update(&ledger, ledger.tip().height, (Some(sets[0].clone()), Some(sets[1].clone())))?;
    for update in [step, jump] {
        only_these_bytes("update", &encode(&update), |bytes| {
            is::<LightUpdate>(bytes, |update| client(&world).advance(update, world.clock()).is_ok())
        });
    }
    Ok(())
}
