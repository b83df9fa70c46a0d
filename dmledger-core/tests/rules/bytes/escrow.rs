//! Bytes of the actions of escrow, similar cases, evidence and membership.

use super::super::{Done, Failed, escrow, evidence, fixed_bytes, newcomer, signed, twins};
use dmledger_core::{
    account::escrow::{BasicInfo, Intake, Objection, Publication, Tweak, address},
    action::{
        Action, AdmissionContract, Close, ConfigureAdmission, Confirm, Ending, Enrol, FindSimilar, Leave, Provision,
        PublishInfo, SignedAction, Submit,
    },
    codec::{Bytes, List, Text},
    consent::RequestId,
    envelope::Meaning::{Approved, Authored, CoSigned},
    identity::Role,
    ledger::{Ledger, StateMachine},
    matching::{CaseSecret, Diabetes, Features, MatchingKey, entries},
    scope::Purpose,
    testing::{World, WorldPlan},
};

/// One action of each kind, all of which the ledger takes.
pub(in super::super) fn golden() -> Result<(World, Ledger, Vec<SignedAction>), Failed> {
    let mut world = World::new(WorldPlan { validators: 4, patients: 2, ..WorldPlan::default() })?;
    let mut ledger = world.populated()?;
    let hospital = World::new(WorldPlan { validators: 4, patients: 2, ..WorldPlan::default() })?;
    let hospital = hospital.into_institutions().remove(0).key;
    let centre = newcomer(&mut world, &mut ledger, Role::DataCentre)?;
    let end_node = newcomer(&mut world, &mut ledger, Role::EndNode)?;
    let tweak = Tweak::new([9; 32]);
    let account = |world: &World, n: usize| world.patients()[n].account;
    let keys = [hospital.public(), world.patients()[0].phone.public()];
    let first = escrow::publication(&mut world, &hospital, 0, 1)?;
    let first = Publication { address: address(&world.chain(), &account(&world, 0), keys, &tweak), ..first };
    let waits = first.address;
    let submitted = signed(
        &world,
        Some(account(&world, 0)),
        Action::Submit(Box::new(Submit { publication: first })),
        &[(&hospital, Authored)],
    );
    let cells = |patient: u8| {
        List::new(entries(&Features::new(Diabetes::Type2), &MatchingKey::new([1; 32]), &CaseSecret::new([patient; 32])))
    };
    let both = |world: &World, n: usize, body: Action| {
        let one = &world.patients()[n];
        signed(world, Some(one.account), body, &[(&one.phone, Authored), (&one.home, CoSigned)])
    };
    let enrolled = both(&world, 1, Action::Enrol(Enrol { entries: cells(1)? }));
    world.advance(&mut ledger, &[submitted, enrolled])?;
    let since = ledger.tip().height;
    let second = escrow::publication(&mut world, &hospital, 0, 1)?;
    let info = BasicInfo {
        number: 0,
        intake: Intake::Institutions,
        kem: Bytes::new(vec![7; 32])?,
        about: Text::new("German")?,
    };
    let question = FindSimilar { id: RequestId::new([3; 16]), cell: cells(1)?[0].cell, purpose: Purpose::Research };
    let contract = AdmissionContract { number: 1, ..*ledger.settings().contract() };
    let (node, _) = twins(&mut world);
    let institutions = world.institutions();
    let one = |body, n: usize, key| signed(&world, Some(account(&world, n)), body, &[(key, Authored)]);
    let actions = vec![
        one(Action::Submit(Box::new(Submit { publication: second })), 0, &hospital),
        both(&world, 0, Action::Confirm(Confirm { address: waits, tweak })),
        one(
            Action::Close(Close { address: waits, ending: Ending::Reject(Objection::Inaccurate) }),
            0,
            &world.patients()[0].phone,
        ),
        one(Action::PublishInfo(Box::new(PublishInfo { info })), 0, &world.patients()[0].phone),
        both(&world, 0, Action::Enrol(Enrol { entries: cells(2)? })),
        one(Action::Leave(Leave { since }), 1, &world.patients()[1].phone),
        signed(&world, None, Action::FindSimilar(question), &[(&hospital, Authored)]),
        evidence::accusation(&world, evidence::two_votes(&world, &world.validators()[0])?),
        signed(
            &world,
            None,
            Action::ConfigureAdmission(ConfigureAdmission { contract }),
            &[(&centre.key, Authored), (&institutions[1].key, Approved), (&institutions[2].key, Approved)],
        ),
        signed(
            &world,
            None,
            Action::Provision(Provision { contract: 0, member: institutions[1].id(), node: node.public() }),
            &[(&end_node.key, Authored), (&institutions[1].key, Approved), (&node, CoSigned)],
        ),
    ];
    Ok((world, ledger, actions))
}

#[test]
fn the_bytes_of_each_are_fixed() -> Done {
    let (_, ledger, actions) = golden()?;
    assert_eq!(fixed_bytes(&ledger, &actions)?, FIXED);
    Ok(())
}
const FIXED: [&str; 10] = [
    "50 submit f4905930131a3671",
    "51 confirm a13eba60b2e56c25",
    "52 close edda96c122313bb5",
    "53 publish-info dfdcfcaed3b2591b",
    "54 enrol f44f76781d527ebf",
    "55 leave 3536fcf740098947",
    "56 find-similar 4eb3f89c60a8ca42",
    "57 accuse 1efeaf6126a20e15",
    "58 configure-admission 5d28016c0eaf2e26",
    "59 provision 2736fadb2f023a65",
];
