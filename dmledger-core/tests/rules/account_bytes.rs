//! Encodings of the actions that govern an account: fixed.

use super::{Done, fixed_bytes, world};
use dmledger_core::{
    account::Policy,
    action::{Action, Equip, GrantAction, SignedAction},
    hash::Digest,
    ledger::Ledger,
    testing::World,
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// One of each, each of them acceptable on top of the ledger.
pub(super) fn golden() -> Result<(World, Ledger, Vec<SignedAction>), Failed> {
    let (mut world, mut ledger) = world()?;
    let (waiting, grant) = (world.grant_to(0, 0), world.grant_to(1, 2));
    let (meter, fresh) = (world.key(), world.key());
    let hospital = &world.institutions()[0].key;
    let body = |grant| Action::Grant(GrantAction { grant });
    let before = world.proposal(0, &body(waiting), hospital)?;
    let id = World::proposal_of(&before);
    world.advance(&mut ledger, &[before])?;
    let (patient, hospital) = (&world.patients()[0], &world.institutions()[0].key);
    let policy = Policy::medical([fresh.public(), patient.home.public()], vec![hospital.public()])?;
    let actions = vec![
        world.proposal(0, &body(grant), hospital)?,
        world.endorse(0, id, &patient.phone)?,
        world.withdraw(0, id, hospital)?,
        world.amend(0, 1, policy, &[&fresh])?,
        world.equip(0, Equip::Pair(world.device(0, "meter", &meter)?))?,
        world.equip(0, Equip::Replace { old: patient.gateway.public(), new: world.device(0, "m", &meter)? })?,
        world.equip(0, Equip::Retire { key: patient.gateway.public() })?,
        world.instruct(0, 1, Some(Digest::new([7; 32])))?,
    ];
    Ok((world, ledger, actions))
}

#[test]
fn the_bytes_of_every_action_about_an_account_are_fixed() -> Done {
    let (_, ledger, actions) = golden()?;
    assert_eq!(fixed_bytes(&ledger, &actions)?, FIXED);
    Ok(())
}
const FIXED: [&str; 8] = [
    "20 propose 51b96820486b19a4",
    "21 endorse 95043bb1fb27e62a",
    "22 withdraw a9e5d20ecddda831",
    "23 amend 7aff1993c1fb64f6",
    "24 equip 0bacdb7a596e01f4",
    "24 equip 6df2bb91381afec1",
    "24 equip 68e93967e52cb67d",
    "25 instruct 0c73d23d015c0a00",
];
