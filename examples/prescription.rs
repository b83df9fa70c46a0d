//! A prescription's way: the hospital proposes, the patient signs, by hand once and by rule once; the pharmacy reads
//! under a grant and writes down what it handed out; whoever holds the state root follows the medicine end to end.
//!
//! ```text
//! cargo run --release --example prescription
//! ```
//!
//! Contents pass from hand to hand in clear here, in one process; `ab_network` shows them sealed. What the ledger holds
//! of them is the same: address, author, place in the account.

#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use dmledger_core::{
    account::{
        ProposalId, ProposalStatus,
        auto_sign::{Outcome, RuleSet},
    },
    action::{Action, Anchor},
    codec::{self, List},
    decide::AccessOutcome,
    ledger::{Agent, AgentError, Ledger, Query, StateMachine},
    record::{
        ContentId, DataKind, IndexEntry, RecordId,
        index::IndexFacts,
        prescription::{Dispensation, Prescription, follow},
    },
    testing::{World, WorldPlan, world::WORLD_BEGINS},
    time::{Moment, TimeRange, Timestamp},
};
use dmledger_examples::dispensary;

type Done<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const HOSPITAL: usize = 0;
const PHARMACY: usize = 1;

fn main() -> Done<()> {
    // A network of a hospital, a pharmacy and a regulator; one home; one patient with a medication account.
    let mut world = World::new(WorldPlan { kind: DataKind::Medication, ..WorldPlan::default() })?;
    let mut ledger = world.populated()?;

    // By hand: the hospital's proposal waits, the patient sees what lacks, and signs on the phone.
    let first = prescription(&world, "A10AE04 insulin glargine, pen 3 mL", 5)?;
    let (one, waits) = propose(&mut world, &mut ledger, HOSPITAL, &codec::encode(&first))?;
    show_pending(&world, &ledger)?;
    let signature = world.endorse(0, waits, &world.patients()[0].phone)?;
    world.advance(&mut ledger, &[signature])?;
    assert!(ledger.facts().record(&one)?.is_some());
    println!("the patient signs by hand: {}", status(&ledger, waits)?);

    // By rule: both of the patient's keys give the agent at home a mandate, by the digest of its rules.
    let mut agent = Agent::new(rules(&world)?);
    assert!(agent.rules().conflicts().is_empty());
    let mandate = world.instruct(0, 1, Some(agent.rules().digest()))?;
    world.advance(&mut ledger, &[mandate])?;
    let second = prescription(&world, "A10AB05 insulin aspart, pen 3 mL", 3)?;
    let (two, waits) = propose(&mut world, &mut ledger, HOSPITAL, &codec::encode(&second))?;
    assert_eq!(agent_at_home(&mut agent, &mut world, &mut ledger, waits)?, Outcome::Sign);
    assert!(ledger.facts().record(&two)?.is_some());

    // The pharmacy reads what it was granted; before that it is told why not.
    assert!(!reads(&mut world, &mut ledger, one)?);
    let grant = world.grant_to(PHARMACY, 2);
    let granting = world.grant(0, grant)?;
    world.advance(&mut ledger, &[granting])?;
    assert!(reads(&mut world, &mut ledger, one)?);

    // It hands out two pens, and writes that into the account; the agent knows pharmacies dispense.
    let pens = dispensation(&world, one, &first, 2)?;
    let (handed_out, waits) = propose(&mut world, &mut ledger, PHARMACY, &codec::encode(&pens))?;
    assert_eq!(agent_at_home(&mut agent, &mut world, &mut ledger, waits)?, Outcome::Sign);

    // What would change who may act is out of reach of every rule.
    let policy = world.patients()[0].opening.policy.clone();
    let amend = world.amendment(0, 1, policy, &[])?;
    let takeover = world.proposal(0, &amend, &world.institutions()[HOSPITAL].key)?;
    world.advance(&mut ledger, std::slice::from_ref(&takeover))?;
    let home = &world.patients()[0].home;
    let refused = agent.consider(&World::proposal_of(&takeover), home, &ledger.facts(), next(&ledger));
    assert!(matches!(refused, Err(AgentError::Reserved { .. })));

    let left = trace(&world, &ledger, &[one, two, handed_out], (&one, &first), &[pens])?;
    println!("{left} of {} pens left; no more than prescribed was handed out", first.units.count());
    assert_eq!(left, 3);
    Ok(())
}

fn prescription(world: &World, medicine: &str, pens: u32) -> Done<Prescription> {
    let valid = TimeRange::new(WORLD_BEGINS, Timestamp::MAX)?;
    Ok(dispensary::prescription(medicine, pens, valid, world.institutions()[HOSPITAL].id())?)
}

fn dispensation(world: &World, prescription: RecordId, read: &Prescription, pens: u32) -> Done<Dispensation> {
    let pharmacy = world.institutions()[PHARMACY].id();
    Ok(dispensary::dispensation(prescription, read, pens, pharmacy, world.clock())?)
}

fn rules(world: &World) -> Done<RuleSet> {
    let from = [HOSPITAL, PHARMACY].map(|i| world.institutions()[i].id());
    Ok(dispensary::rules(world.patients()[0].account, from.to_vec())?)
}

/// An institution authors an entry about `content` and proposes it for the patient's account; it waits.
fn propose(world: &mut World, ledger: &mut Ledger, author: usize, content: &[u8]) -> Done<(RecordId, ProposalId)> {
    let account = world.patients()[0].account;
    let sequence = ledger.facts().record_count(&account)?;
    let made_up = world.entries(0, 1)?.first().ok_or("no entry")?.facts().clone();
    let facts = IndexFacts { content: ContentId::of(content), sequence, span: World::hour(sequence)?, ..made_up };
    let (record, key) = (facts.record, &world.institutions()[author].key);
    let entry = IndexEntry::sign(facts, key, &world.chain(), &account)?;
    let proposal = world.proposal(0, &Action::Anchor(Anchor { entries: List::new(vec![entry])? }), key)?;
    world.advance(ledger, std::slice::from_ref(&proposal))?;
    assert!(ledger.facts().record(&record)?.is_none(), "nothing lands without the patient");
    Ok((record, World::proposal_of(&proposal)))
}

/// The agent looks at what waits, says why it does what it does, and does it with the patient's second key.
fn agent_at_home(agent: &mut Agent, world: &mut World, ledger: &mut Ledger, waits: ProposalId) -> Done<Outcome> {
    let considered = agent.consider(&waits, &world.patients()[0].home, &ledger.facts(), next(ledger))?;
    println!("the agent at home: {}", considered.verdict);
    world.advance(ledger, &considered.reply.into_iter().collect::<Vec<_>>())?;
    println!("the patient signs by rule: {}", status(ledger, waits)?);
    Ok(considered.verdict.outcome())
}

/// The pharmacy asks for a record; the answer stays in the account's log.
fn reads(world: &mut World, ledger: &mut Ledger, record: RecordId) -> Done<bool> {
    let request = world.request(vec![record])?;
    let asked = world.access(PHARMACY, 0, request)?;
    world.advance(ledger, &[asked])?;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let log = query.access_log(&world.patients()[0].account)?;
    match log.entries().last().ok_or("nothing was asked")?.outcome {
        AccessOutcome::Allowed { grant } => {
            println!("the pharmacy reads, under grant {grant}");
            Ok(true)
        }
        AccessOutcome::Denied { reason } => {
            println!("the pharmacy is refused: {reason}");
            Ok(false)
        }
        AccessOutcome::BreakGlass { emergency } => {
            Err(format!("nobody broke the glass, yet emergency {emergency} did").into())
        }
    }
}

/// What the phone shows: everything that waits, proved to be all there is.
fn show_pending(world: &World, ledger: &Ledger) -> Done<()> {
    let account = world.patients()[0].account;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let answer = query.pending(&account)?;
    let pending = answer.verify(&query.root().digest, world.chain(), &account, next(ledger))?;
    for one in &pending {
        let lacks = one.missing.map_or_else(|| "nothing".to_owned(), |missing| missing.to_string());
        println!("waits until {}: {} ({lacks})", one.proposal.until().time, one.action.name());
    }
    assert_eq!(pending.len(), 1);
    Ok(())
}

/// The medicine's way, from answers that are verified against the state root alone.
fn trace(
    world: &World,
    ledger: &Ledger,
    expected: &[RecordId],
    prescribed: (&RecordId, &Prescription),
    dispensed: &[Dispensation],
) -> Done<u32> {
    let (chain, account, root) = (world.chain(), world.patients()[0].account, ledger.tip().state_root);
    let query = Query::at(chain, ledger.tip().height, ledger.store().as_ref())?;
    let name = |key| {
        world.institutions().iter().find(|one| one.key.public() == key).map_or("the patient", |one| one.name.as_str())
    };
    let (proposals, records, log) = (query.proposals(&account)?, query.records(&account)?, query.access_log(&account)?);
    println!("\nheight  what");
    for one in proposals.verify(&root, chain, &account)? {
        let signers: Vec<_> = one.signers().iter().map(|signer| name(signer.key)).collect();
        println!(
            "{:>6}  proposed by {}, signed by {}: {}",
            one.proposed().height,
            name(one.proposer()),
            signers.join(", "),
            one.status()
        );
    }
    let entries = records.verify(&root, chain, &account)?;
    for one in &entries {
        println!("{:>6}  record {:.12} by {}", one.height, one.entry.facts().record, name(one.entry.author()));
    }
    for one in log.verify(&root, chain, &account)? {
        let answer = if matches!(one.outcome, AccessOutcome::Allowed { .. }) { "allowed" } else { "denied" };
        println!("{:>6}  asked for {:.12}: {answer}", one.at.height, one.records.first().ok_or("nothing asked")?);
    }
    assert_eq!(entries.iter().map(|one| one.entry.facts().record).collect::<Vec<_>>(), expected);
    // The dispensation in hand is the one that was registered, and belongs to this prescription.
    let registered = entries.last().ok_or("no record")?.entry.facts().content;
    assert_eq!(Some(registered), dispensed.last().map(|one| ContentId::of(&codec::encode(one))));
    Ok(follow(prescribed.0, prescribed.1, dispensed)?)
}

fn status(ledger: &Ledger, proposal: ProposalId) -> Done<ProposalStatus> {
    Ok(ledger.facts().proposal(&proposal)?.ok_or("no such proposal")?.status())
}

fn next(ledger: &Ledger) -> Moment {
    Moment { height: ledger.tip().height.next(), time: ledger.tip().time }
}
