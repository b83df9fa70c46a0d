//! A visit under a smart agreement: text, data index, verbs and log. The hospital resolves the agreement to records,
//! asks, checks what it fetched, writes a later version, notes the treatment and refers to a colleague; the patient ends it.
//!
//! `cargo run --example visit_agreement`
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use dmledger_core::{
    action::{Action, Note, Refer, SignedAction, Terminate},
    codec::List,
    consent::{
        AccessRequest, Agreement, Audience, Grant, GrantId, RequestId,
        agreement::{AgreementText, NoteKind},
    },
    decide::{AccessOutcome, Reason},
    hash::Digest,
    ledger::{Ledger, Query, StateMachine},
    record::RecordId,
    scope::Verb,
    testing::{World, WorldPlan},
    time::Moment,
};
use dmledger_examples::visit;
use std::error::Error;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const HOSPITAL: usize = 0;
const COLLEAGUE: usize = 2;
const TEXT: &[u8] =
    b"The hospital reads two records, corrects them where they are wrong, and may refer to one colleague.";

fn main() -> Result<()> {
    let mut world = World::new(WorldPlan::default())?;
    let mut ledger = world.populated()?;
    let entries = world.entries(0, 4)?;
    let records: Vec<RecordId> = entries.iter().map(|entry| entry.facts().record).collect();
    let action = world.anchor(0, entries)?;
    advance(&mut world, &mut ledger, action)?;

    println!("Hospital and patient agree on a text and on two of the patient's four records.");
    let salt = world.bytes();
    let text = AgreementText::of("text/plain", &salt, TEXT)?;
    let index = List::new(records[..2].to_vec())?;
    let agreement = Agreement { text, index, ..world.agreement(HOSPITAL, 0)? };
    let action = world.conclude(HOSPITAL, 0, agreement.clone())?;
    advance(&mut world, &mut ledger, action)?;

    println!("The visit: from the agreement to the records within it.");
    let (chain, tip) = (world.chain(), ledger.tip());
    let at = Moment { height: tip.height, time: tip.time };
    let visit = visit::resolve(&query(&world, &ledger)?, chain, &agreement.id, (&salt, TEXT), at)?;
    let found = visit.records;
    println!("  {} records, the agreement is {}", found.len(), visit.standing);
    assert_eq!(found, records[..2]);

    println!("It asks to read and to write, and is answered; a third record is none of its business.");
    let read = ask(&mut world, &mut ledger, HOSPITAL, &found, Verb::Query)?;
    assert!(matches!(answered(&ledger, &read)?, AccessOutcome::Allowed { .. }));
    let strayed = ask(&mut world, &mut ledger, HOSPITAL, &records[2..3], Verb::Query)?;
    assert_eq!(answered(&ledger, &strayed)?, AccessOutcome::Denied { reason: Reason::NotIndexed { position: 0 } });
    let write = ask(&mut world, &mut ledger, HOSPITAL, &found, Verb::Update)?;

    println!("It corrects the first record: another version, the one before it stays.");
    let action = world.update(0, (records[0], 0), Some((HOSPITAL, write)))?;
    let Action::Update(update) = action.body() else { return Err("an update".into()) };
    // The world's made-up ciphertext is the record's name.
    let copy = update.entry.facts().record.as_bytes().to_vec();
    advance(&mut world, &mut ledger, action)?;
    let versions = query(&world, &ledger)?.versions(&records[0])?;
    let root = ledger.tip().state_root;
    for line in versions.verify(&root, chain, &records[0])? {
        let why = line.version.map_or("original".to_owned(), |version| version.reason.to_string());
        println!("  {:.16} at height {}: {why}", line.anchored.entry.facts().record, line.anchored.height);
    }
    assert_eq!(visit::identify(&query(&world, &ledger)?, chain, &records[0], &copy)?, (1, true));

    println!("It notes the treatment, and refers to a colleague who may read what the hospital may.");
    let note = Note {
        agreement: agreement.id,
        kind: NoteKind::Treatment,
        digest: Digest::new(world.bytes()),
        request: Some(read),
    };
    let audience = Audience::Member(world.institutions()[COLLEAGUE].id());
    let grant = Grant { id: GrantId::new(world.bytes()), audience, ..agreement.terms.clone() };
    let referral = Action::Refer(Box::new(Refer { from: agreement.terms.id, grant: grant.clone() }));
    for body in [Action::Note(note), referral] {
        let action = world.by_institution(HOSPITAL, 0, body)?;
        advance(&mut world, &mut ledger, action)?;
    }
    let referred = ask(&mut world, &mut ledger, COLLEAGUE, &found, Verb::Query)?;
    assert_eq!(answered(&ledger, &referred)?, AccessOutcome::Allowed { grant: grant.id });

    println!("The patient ends the agreement; the referral falls with it.");
    let action = world.by_patient(0, Action::Terminate(Terminate { agreement: agreement.id }))?;
    advance(&mut world, &mut ledger, action)?;
    let late = ask(&mut world, &mut ledger, COLLEAGUE, &found, Verb::Query)?;
    let ended = Reason::ReferralEnded { grant: agreement.terms.id };
    assert_eq!(answered(&ledger, &late)?, AccessOutcome::Denied { reason: ended });

    println!("All of it is in the agreement's log, and the log is complete:");
    let log = query(&world, &ledger)?.agreement_log(&agreement.id)?;
    let entries = log.verify(&ledger.tip().state_root, chain, &agreement.id)?;
    for entry in entries {
        println!("  {:>2} at height {}: {:?}", entry.number, entry.at.height, entry.event);
    }
    assert_eq!(entries.len(), 8);
    Ok(())
}

fn advance(world: &mut World, ledger: &mut Ledger, action: SignedAction) -> Result<()> {
    world.advance(ledger, &[action])?;
    Ok(())
}

fn query(world: &World, ledger: &Ledger) -> Result<Query> {
    Ok(Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?)
}

/// An institution asks, relying on its agreement or referral; the request's name.
fn ask(
    world: &mut World,
    ledger: &mut Ledger,
    institution: usize,
    records: &[RecordId],
    verb: Verb,
) -> Result<RequestId> {
    let request = AccessRequest { verb, ..world.request(records.to_vec())? };
    let name = request.id;
    let action = world.access(institution, 0, request)?;
    advance(world, ledger, action)?;
    println!("  {} asks to {verb}: {}", world.institutions()[institution].name, answered(ledger, &name)?);
    Ok(name)
}

fn answered(ledger: &Ledger, request: &RequestId) -> Result<AccessOutcome> {
    Ok(ledger.facts().answer(request)?.ok_or("a request that is final is in the log")?.outcome)
}
