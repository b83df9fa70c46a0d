//! An auditor with the genesis file and bytes from somebody untrusted: no store, no rules, no network.

use super::{Done, anchored};
use core::time::Duration;
use dmledger_core::{
    action::Genesis,
    codec::{decode, encode},
    consent::GrantId,
    hash::tree::{InclusionProof, Tree},
    ledger::{AccessLog, AccountGrants, AccountRecords, Ledger, Query, StateMachine},
    light::{LightClient, LightUpdate, TrustPolicy},
    state::tables::{Places, Proved},
    testing::{World, WorldPlan},
    time::Height,
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What a node hands out about its tip.
fn update(ledger: &Ledger) -> Result<Vec<u8>, Failed> {
    let block = ledger.finalized(ledger.tip().height)?.ok_or("no tip")?;
    let certificate = block.certificate().ok_or("no certificate")?.clone();
    Ok(encode(&LightUpdate::new(block.block().header().clone(), certificate, None, None)))
}

#[test]
fn grants_their_absence_records_and_log_are_verified_from_bytes_alone() -> Done {
    let mut world = World::new(WorldPlan { validators: 4, ..WorldPlan::default() })?;
    let mut ledger = world.populated()?;
    let records = anchored(&mut world, &mut ledger, 0, 3)?;
    let grant = world.grant_to(0, 0);
    let actions = [world.grant(0, grant.clone())?];
    world.advance(&mut ledger, &actions)?;
    for institution in 0..2 {
        let request = world.request(records.clone())?;
        let actions = [world.access(institution, 0, request)?];
        world.advance(&mut ledger, &actions)?;
    }
    let account = world.patients()[0].account;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let nobody = GrantId::new([0; 16]);
    let files = [
        encode(world.genesis()),
        update(&ledger)?,
        encode(&query.grants(&account)?),
        encode(&query.records(&account)?),
        encode(&query.access_log(&account)?),
        encode(&query.grant(&nobody)?),
    ];

    // From here on only the files and a clock.
    let [genesis, update, grants, entries, log, absence] = files;
    let genesis: Genesis = decode(&genesis)?;
    let chain = genesis.chain();
    let policy = TrustPolicy::default();
    let mut light = LightClient::begin(chain, genesis.time(), genesis.validators().clone(), policy);
    light.advance(&decode(&update)?, world.clock())?;
    let root = light.fresh(Duration::from_secs(60), world.clock())?;
    assert_eq!(root, ledger.tip().state_root);
    let grants: AccountGrants = decode(&grants)?;
    assert_eq!(grants.verify(&root, chain, &account)?[0].grant(), &grant);
    let entries: AccountRecords = decode(&entries)?;
    assert_eq!(entries.verify(&root, chain, &account)?.len(), 3);
    let log: AccessLog = decode(&log)?;
    assert_eq!(log.verify(&root, chain, &account)?.len(), 2);
    let absence: Proved<dmledger_core::consent::GrantRecord> = decode(&absence)?;
    assert_eq!(absence.verify(&root, &Places::new(chain).grant(&nobody))?, None);
    assert!(absence.verify(&root, &Places::new(chain).grant(&grant.id)).is_err());
    Ok(())
}

#[test]
fn an_earlier_height_is_reached_through_the_history_of_a_later_one() -> Done {
    let mut world = World::new(WorldPlan { validators: 4, ..WorldPlan::default() })?;
    let mut ledger = world.populated()?;
    for _ in 0..5 {
        world.advance(&mut ledger, &[])?;
    }
    let mut light = LightClient::begin(
        world.chain(),
        world.genesis().time(),
        world.genesis().validators().clone(),
        TrustPolicy::default(),
    );
    light.advance(&decode(&update(&ledger)?)?, world.clock())?;
    let mut ids = Vec::new();
    for height in 0..ledger.tip().height.value() {
        ids.push(ledger.finalized(Height::new(height))?.ok_or("no block")?.block().id().digest());
    }
    let proof: InclusionProof = Tree::new(&ids).prove(2)?;
    let header = ledger.finalized(Height::new(2))?.ok_or("no block")?.block().header().clone();
    light.includes(&header, &proof)?;
    let other = ledger.finalized(Height::new(3))?.ok_or("no block")?.block().header().clone();
    assert!(light.includes(&other, &proof).is_err());
    Ok(())
}
