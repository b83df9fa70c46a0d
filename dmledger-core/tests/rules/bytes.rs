//! Encodings of actions: fixed. That every change of them is refused is shown in `malformed`.

pub(super) mod escrow;
pub(super) mod membership;

use super::{Done, fixed_bytes, signed, world};
use dmledger_core::{
    action::{
        Action, Deidentify, HandOver, Note, Refer, Renounce, Replace, SignedAction, Subscribe, Succession, Terminate,
    },
    codec::List,
    consent::{Alert, Audience, Grant, GrantId, Subscriber, agreement::NoteKind},
    envelope::Meaning::{Authored, CoSigned},
    hash::Digest,
    ledger::{Ledger, StateMachine},
    record::IndexEntry,
    testing::World,
    time::{TimeRange, Timestamp},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// One of each action, each of them acceptable on top of the ledger.
pub(super) fn golden() -> Result<(World, Ledger, Vec<SignedAction>), Failed> {
    let (mut world, mut ledger) = world()?;
    let grant = world.grant_to(0, 3);
    let granting = world.grant(0, grant)?;
    world.advance(&mut ledger, std::slice::from_ref(&granting))?;
    let key = world.key();
    let party = world.party(key, dmledger_core::identity::Role::Hospital, "New")?;
    let admit = world.admission(&party, 2)?;
    let patient = world.patient(0, dmledger_core::record::DataKind::BloodPressure)?;
    let open = world.opening(&patient)?;
    let entries = world.entries(1, 1)?;
    let record = entries[0].facts().record;
    let anchor = world.anchor(1, entries)?;
    let (next, standing) = (world.grant_to(1, 0), granting_id(&granting)?);
    let grant = world.grant(0, next)?;
    let revoke = world.revoke(0, standing)?;
    let request = world.request(vec![record])?;
    let access = world.access(0, 0, request)?;
    let mut actions = vec![admit, open, anchor, grant, revoke, access];
    actions.extend(consent(&mut world, &mut ledger, standing)?);
    Ok((world, ledger, actions))
}

/// One of each action about grants, agreements, versions and alerts.
fn consent(world: &mut World, ledger: &mut Ledger, standing: GrantId) -> Result<Vec<SignedAction>, Failed> {
    let (agreement, next, fresh) = (world.agreement(0, 0)?, world.agreement(1, 0)?, world.grant_to(0, 0));
    let mut entries = world.entries(0, 2)?;
    let (chain, patient) = (world.chain(), &world.patients()[0]);
    let year = |y| Timestamp::from_civil((y, 1, 1), (0, 0, 0));
    let mut facts = entries[0].facts().clone();
    facts.span = TimeRange::new(year(2025)?, year(2026)?)?;
    entries[0] = IndexEntry::sign(facts, &patient.gateway, &chain, &patient.account)?;
    let records = [entries[0].facts().record, entries[1].facts().record];
    let actions = [world.conclude(0, 0, agreement.clone())?, world.anchor(0, entries)?];
    world.advance(ledger, &actions)?;
    let narrow = Grant { quota: Some(1), ..ledger.facts().grant(&standing)?.ok_or("no grant")?.grant().clone() };
    let narrow = Grant { id: fresh.id, ..narrow };
    let pharmacy = Audience::Member(world.institutions()[1].id());
    let handed = Grant { audience: pharmacy, ..narrow.clone() };
    let referred = Grant { id: fresh.id, audience: pharmacy, ..agreement.terms.clone() };
    let hospital = &world.institutions()[0].key;
    let account = Some(world.patients()[0].account);
    let hand_over = Action::HandOver(Box::new(HandOver { from: standing, grant: handed }));
    let (from, digest, statement) = (agreement.terms.id, Digest::new([1; 32]), Digest::new([2; 32]));
    let note = Note { agreement: agreement.id, kind: NoteKind::Diagnosis, digest, request: None };
    let rules = List::new(vec![Alert::AccessDenied, Alert::GrantEnding(1), Alert::Reading(digest)])?;
    let alerts = Subscribe { subscriber: Subscriber::Account, number: 1, rules };
    Ok(vec![
        world.by_patient(
            0,
            Action::Replace(Box::new(Replace { from: standing, how: Succession::Narrow, grant: narrow })),
        )?,
        signed(world, account, hand_over, &[(hospital, Authored), (&world.patients()[0].phone, CoSigned)]),
        world.by_institution(0, 0, Action::Renounce(Renounce { grant: standing }))?,
        world.by_institution(0, 0, Action::Refer(Box::new(Refer { from, grant: referred })))?,
        world.conclude(1, 0, next)?,
        world.by_institution(0, 0, Action::Terminate(Terminate { agreement: agreement.id }))?,
        world.by_institution(0, 0, Action::Note(note))?,
        world.update(0, (records[1], 1), None)?,
        world.by_patient(0, Action::Deidentify(Deidentify { record: records[0], statement }))?,
        world.by_patient(0, Action::Subscribe(Box::new(alerts)))?,
    ])
}

fn granting_id(action: &SignedAction) -> Result<GrantId, Failed> {
    match action.body() {
        Action::Grant(grant) => Ok(grant.grant.id),
        _ => Err("not a grant".into()),
    }
}

#[test]
fn the_bytes_of_every_action_are_fixed() -> Done {
    let (_, ledger, actions) = golden()?;
    let mut seen = fixed_bytes(&ledger, &actions)?;
    let world = World::new(dmledger_core::testing::WorldPlan::default())?;
    seen.push(format!("genesis {:.16}", world.chain()));
    seen.push(format!("state {:.16}", ledger.tip().state_root));
    assert_eq!(seen, FIXED);
    Ok(())
}
const FIXED: [&str; 18] = [
    "1 admit 0461812c79c5021b",
    "2 open 02b798def6ed25b7",
    "3 anchor 150e864f4512af57",
    "4 grant 3a50d29b34f634ab",
    "5 revoke cca03ede705d380d",
    "6 access 3100b75bff668a4c",
    "30 replace 36689ddf0643e54f",
    "31 hand over 3d6f05a3d46a38af",
    "32 renounce e10a0c4da22312cd",
    "33 refer 5faafcd293a50b7b",
    "34 conclude 8a1c2113e68cd150",
    "35 terminate d0b850dbc1d30914",
    "36 note e05e83e0cb085e64",
    "37 update 49a93284cf665aef",
    "38 deidentify f5b29e77eff2c196",
    "39 subscribe d3395072cc87a529",
    "genesis 260380d0a9b8f110",
    "state bca7302815632f1f",
];
