//! The admission contract, and the chain nodes that end nodes provision under it.

use super::{Done, Failed, assert_refused, newcomer, signed, twins, world};
use core::time::Duration;
use dmledger_core::{
    action::{
        Action, AdmissionContract, Admit, ConfigureAdmission, Dismiss, Provision, Reconfigure, Refusal, SignedAction,
        configure::{Provisioning, RoleSet},
    },
    codec::Bytes,
    envelope::Meaning::{Approved, Authored, CoSigned},
    identity::Role,
    key::SecretKey,
    ledger::{Ledger, Query, StateMachine},
    quorum::{Address, Validator, ValidatorSet},
    testing::{World, world::Party, world::WORLD_BEGINS},
    time::TimeRange,
};

fn configure(world: &World, contract: AdmissionContract, author: &SecretKey, approvals: &[usize]) -> SignedAction {
    let mut keys = vec![(author, Authored)];
    keys.extend(approvals.iter().map(|i| (&world.institutions()[*i].key, Approved)));
    signed(world, None, Action::ConfigureAdmission(ConfigureAdmission { contract }), &keys)
}

fn provision(world: &World, end_node: &Party, owner: &SecretKey, node: &SecretKey, contract: u64) -> SignedAction {
    let member = dmledger_core::identity::MemberId::of(&owner.public());
    let body = Action::Provision(Provision { contract, member, node: node.public() });
    signed(world, None, body, &[(&end_node.key, Authored), (owner, Approved), (node, CoSigned)])
}

fn reconfigure(world: &World, ledger: &Ledger, number: u64, fresh: &SecretKey) -> Result<SignedAction, Failed> {
    let mut set: Vec<_> = ledger.validators(ledger.tip().height.next())?.iter().copied().collect();
    set.push(Validator::new(fresh.public(), 1));
    let body = Action::Reconfigure(Box::new(Reconfigure { number, validators: ValidatorSet::new(set)? }));
    let keys = [(&world.institutions()[0].key, Approved), (&world.institutions()[1].key, Approved)];
    Ok(signed(world, None, body, &keys))
}

#[test]
fn the_data_centre_and_the_others_together_set_what_admission_takes() -> Done {
    let (mut world, mut ledger) = world()?;
    let centre = newcomer(&mut world, &mut ledger, Role::DataCentre)?;
    let in_force = *ledger.settings().contract();
    assert_eq!(in_force, AdmissionContract::founding(2));
    let hospitals = RoleSet::new(&[Role::Hospital, Role::EndNode]);
    let next = AdmissionContract { number: 1, approvals: 3, roles: hospitals, certificate_days: 400, ..in_force };
    let hospital = &world.institutions()[2].key;
    let alone = configure(&world, next, &centre.key, &[]);
    let without = configure(&world, next, hospital, &[0, 1]);
    let skipped = configure(&world, AdmissionContract { number: 2, ..next }, &centre.key, &[0, 1]);
    let closed = configure(&world, AdmissionContract { approvals: 0, ..next }, &centre.key, &[0, 1]);
    let beyond = configure(&world, AdmissionContract { approvals: 100, ..next }, &centre.key, &[0, 1]);
    let right = configure(&world, next, &centre.key, &[0, 1]);
    assert_refused(&mut world, &ledger, &alone, Refusal::MissingApprovals { have: 0, need: 2 });
    assert_refused(&mut world, &ledger, &without, Refusal::NotADataCentre);
    assert_refused(&mut world, &ledger, &skipped, Refusal::WrongContract { found: 2, expected: 1 });
    assert_refused(&mut world, &ledger, &closed, Refusal::NobodyApproves);
    assert_refused(&mut world, &ledger, &beyond, Refusal::NobodyApproves);
    world.advance(&mut ledger, std::slice::from_ref(&right))?;
    assert_eq!(*ledger.settings().contract(), next);
    assert_refused(&mut world, &ledger, &right, Refusal::WrongContract { found: 1, expected: 2 });

    // From now on three approve, for two roles, and for certificates of 400 days at most.
    let key = world.key();
    let device = world.party(key, Role::Device, "Meter")?;
    let device = world.admission(&device, 3)?;
    assert_refused(&mut world, &ledger, &device, Refusal::RoleNotAdmitted { role: Role::Device });
    let key = world.key();
    let long = world.party(key, Role::Hospital, "Three years")?;
    let long = world.admission(&long, 3)?;
    assert_refused(&mut world, &ledger, &long, Refusal::CertificateTooLong { days: 400 });
    let key = world.key();
    let year = TimeRange::new(WORLD_BEGINS, WORLD_BEGINS.plus(Duration::from_secs(400 * 86_400)))?;
    let (_, der) = world.certificate(&key, Role::Hospital, "A year", year)?;
    let body = Action::Admit(Admit { certificate: Bytes::new(der)? });
    let approvals = |n: usize| world.institutions().iter().take(n).map(|one| (&one.key, Approved)).collect::<Vec<_>>();
    let (two, three) = (signed(&world, None, body.clone(), &approvals(2)), signed(&world, None, body, &approvals(3)));
    assert_refused(&mut world, &ledger, &two, Refusal::MissingApprovals { have: 2, need: 3 });
    assert!(super::is_taken(&mut world, &ledger, &three));
    Ok(())
}

#[test]
fn an_end_node_provisions_a_node_whose_key_serves_nothing_else() -> Done {
    let (mut world, mut ledger) = world()?;
    let end_node = newcomer(&mut world, &mut ledger, Role::EndNode)?;
    let (node, copy) = twins(&mut world);
    let owner = &world.institutions()[0].key;
    let right = provision(&world, &end_node, owner, &node, 0);
    let member = world.institutions()[0].id();
    let body = || Action::Provision(Provision { contract: 0, member, node: node.public() });
    let no_node = signed(&world, None, body(), &[(&end_node.key, Authored), (owner, Approved)]);
    let no_owner = signed(&world, None, body(), &[(&end_node.key, Authored), (&node, CoSigned)]);
    let hospital = &world.institutions()[1].key;
    let no_end_node = signed(&world, None, body(), &[(hospital, Authored), (owner, Approved), (&node, CoSigned)]);
    let old = provision(&world, &end_node, owner, &node, 7);
    let a_members = provision(&world, &end_node, owner, hospital, 0);
    let a_patients = provision(&world, &end_node, owner, &world.patients()[0].phone, 0);
    assert_refused(&mut world, &ledger, &no_node, Refusal::NodeKeyDidNotSign);
    assert_refused(&mut world, &ledger, &no_owner, Refusal::OwnerDidNotApprove);
    assert_refused(&mut world, &ledger, &no_end_node, Refusal::NotAnEndNode);
    assert_refused(&mut world, &ledger, &old, Refusal::WrongContract { found: 7, expected: 0 });
    assert_refused(&mut world, &ledger, &a_members, Refusal::NodeKeyInUse);
    assert_refused(&mut world, &ledger, &a_patients, Refusal::NodeKeyInUse);
    world.advance(&mut ledger, std::slice::from_ref(&right))?;
    assert_refused(&mut world, &ledger, &right, Refusal::NodeKeyInUse);
    // Shown to whoever has the state root.
    let (address, query) =
        (Address::of(&node.public()), Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?);
    let shown = query.node(&address)?;
    let row = shown.verify(&ledger.tip().state_root, &ledger.places().node(&address))?.ok_or("no node")?;
    assert_eq!((row.key, row.member, row.provisioner, row.contract), (node.public(), member, end_node.id(), 0));
    // Nobody becomes a member with a node's key.
    let party = world.party(copy, Role::Hospital, "Node")?;
    let admission = world.admission(&party, 3)?;
    assert_refused(&mut world, &ledger, &admission, Refusal::NodeKeyInUse);
    Ok(())
}

#[test]
fn validators_are_members_or_their_nodes_and_nodes_only_where_the_contract_says_so() -> Done {
    let (mut world, mut ledger) = world()?;
    let end_node = newcomer(&mut world, &mut ledger, Role::EndNode)?;
    let centre = newcomer(&mut world, &mut ledger, Role::DataCentre)?;
    let (node, stranger) = (world.key(), world.key());
    let action = provision(&world, &end_node, &world.institutions()[0].key, &node, 0);
    world.advance(&mut ledger, &[action])?;
    let unknown = reconfigure(&world, &ledger, 1, &stranger)?;
    assert_refused(&mut world, &ledger, &unknown, Refusal::NotAMember);
    let home = reconfigure(&world, &ledger, 1, &world.residences()[0].key)?;
    assert_refused(&mut world, &ledger, &home, Refusal::MayNotVote { role: Role::Residence });
    let registrar = reconfigure(&world, &ledger, 1, &end_node.key)?;
    assert_refused(&mut world, &ledger, &registrar, Refusal::MayNotVote { role: Role::EndNode });
    let own_key = reconfigure(&world, &ledger, 1, &world.institutions()[0].key)?;
    assert!(super::is_taken(&mut world, &ledger, &own_key));
    let stricter =
        AdmissionContract { number: 1, provisioning: Provisioning::Required, ..*ledger.settings().contract() };
    let stricter = configure(&world, stricter, &centre.key, &[0, 1]);
    world.advance(&mut ledger, &[stricter])?;
    assert_refused(&mut world, &ledger, &own_key, Refusal::NotProvisioned);
    let by_node = reconfigure(&world, &ledger, 1, &node)?;
    world.advance(&mut ledger, &[by_node])?;
    assert!(ledger.validators(ledger.tip().height.next())?.get(&Address::of(&node.public())).is_some());
    Ok(())
}

#[test]
fn a_dismissed_members_nodes_leave_the_validators_at_that_height() -> Done {
    let (mut world, mut ledger) = world()?;
    let end_node = newcomer(&mut world, &mut ledger, Role::EndNode)?;
    let (node, copy) = twins(&mut world);
    let action = provision(&world, &end_node, &world.institutions()[0].key, &node, 0);
    world.advance(&mut ledger, &[action])?;
    let change = reconfigure(&world, &ledger, 1, &node)?;
    world.advance(&mut ledger, &[change])?;
    let mut keys = world.replace_validators(Vec::new());
    keys.push(copy);
    world.replace_validators(keys);
    let member = world.institutions()[0].id();
    let approvals = [(&world.institutions()[1].key, Approved), (&world.institutions()[2].key, Approved)];
    let dismissal = signed(&world, None, Action::Dismiss(Dismiss { member }), &approvals);
    world.advance(&mut ledger, &[dismissal])?;
    let address = Address::of(&node.public());
    assert!(ledger.validators(ledger.tip().height)?.get(&address).is_some(), "it still decided this block");
    assert!(ledger.validators(ledger.tip().height.next())?.get(&address).is_none());
    Ok(())
}

#[test]
fn end_nodes_and_data_centres_hold_certificates_like_everybody() -> Done {
    let (mut world, mut ledger) = world()?;
    for role in Role::ALL {
        let party = newcomer(&mut world, &mut ledger, role)?;
        let member = ledger.facts().member(&party.id())?.ok_or("not admitted")?;
        assert_eq!((member.role(), member.credential().name().as_str()), (role, role.name()));
        assert!(member.acts_at(world.clock()));
    }
    Ok(())
}
