//! Encodings of actions: fixed, and refused when touched.

mod escrow;

use super::{Done, refusal, world};
use dmledger_core::{
    action::{self, Action, SignedAction},
    block::RawAction,
    hash::{tag, tagged},
    ledger::{Ledger, StateMachine},
    testing::World,
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// One of each action, each of them acceptable on top of the ledger.
fn golden() -> Result<(Ledger, Vec<SignedAction>), Failed> {
    let (mut world, mut ledger) = world()?;
    let grant = world.grant_to(0, 3);
    let granting = world.grant(0, grant)?;
    world.advance(&mut ledger, std::slice::from_ref(&granting))?;
    let key = world.key();
    let party = world.party(key, dmledger_core::identity::Role::Hospital, "New")?;
    let admit = world.admission(&party, 2)?;
    let patient = world.patient(0, dmledger_core::record::DataKind::BloodPressure)?;
    let open = world.opening(&patient)?;
    let entries = world.entries(0, 1)?;
    let record = entries[0].facts().record;
    let anchor = world.anchor(0, entries)?;
    let (next, standing) = (world.grant_to(1, 0), granting_id(&granting)?);
    let grant = world.grant(0, next)?;
    let revoke = world.revoke(0, standing)?;
    let request = world.request(vec![record])?;
    let access = world.access(0, 0, request)?;
    Ok((ledger, vec![admit, open, anchor, grant, revoke, access]))
}

fn granting_id(action: &SignedAction) -> Result<dmledger_core::consent::GrantId, Failed> {
    match action.body() {
        Action::Grant(grant) => Ok(grant.grant.id),
        _ => Err("not a grant".into()),
    }
}

#[test]
fn the_bytes_of_every_action_are_fixed() -> Done {
    let (ledger, actions) = golden()?;
    let mut seen = Vec::new();
    for action in &actions {
        let raw = action::encode(action)?;
        assert_eq!(&action::decode(&raw)?, action);
        assert_eq!(refusal(&ledger, action), None, "{}", action.body().name());
        seen.push(format!("{} {:.16}", action.body().name(), tagged(tag::RAW_ACTION, raw.as_slice())));
    }
    let world = World::new(dmledger_core::testing::WorldPlan::default())?;
    seen.push(format!("genesis {:.16}", world.chain()));
    seen.push(format!("state {:.16}", ledger.tip().state_root));
    assert_eq!(seen, FIXED);
    Ok(())
}
const FIXED: [&str; 8] = [
    "admit 4b833d6bec32209c",
    "open 9aa6db875109d689",
    "anchor 1cb7a6780b80a756",
    "grant 9513bc88fcd34970",
    "revoke 048cf2938a79663c",
    "access 7b26cfb15ef5ba15",
    "genesis 6da4c601eebb3c94",
    "state e51c3010cc095090",
];

#[test]
fn every_truncation_and_every_flipped_bit_of_every_action_is_refused() -> Done {
    let (ledger, actions) = golden()?;
    actions.iter().try_for_each(|action| refuses_every_change(&ledger, action))
}

/// Checks that no truncation and no flipped bit of an action is accepted.
pub(super) fn refuses_every_change(ledger: &Ledger, action: &SignedAction) -> Done {
    let bytes = action::encode(action)?.as_slice().to_vec();
    for end in 0..bytes.len() {
        assert!(ledger.check(&RawAction::new(bytes[..end].to_vec())?).is_err(), "{end} bytes");
    }
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let accepted = ledger.check(&RawAction::new(bytes)?);
        assert!(accepted.is_err(), "{} bit {bit}", action.body().name());
    }
    Ok(())
}
