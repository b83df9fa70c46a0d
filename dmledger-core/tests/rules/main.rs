//! The rules of the ledger, seen from outside: for each one the case that is allowed and each case that is refused.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

mod access;
mod account_bytes;
mod accounts;
mod admission;
mod agreements;
mod amend;
mod audit;
mod auto_sign;
mod bytes;
mod chain;
mod consent;
mod contract;
mod emergency;
mod emergency_bytes;
mod emergency_review;
mod erasure;
mod escrow;
mod evidence;
mod grants;
mod malformed;
mod matching;
mod members;
mod model;
mod moved_records;
mod notices;
mod notices_powers;
mod overview;
mod powers;
mod prescription;
mod profiles;
mod proposals;
mod recall;
mod records;
mod recovery;
mod release;
mod release_emergency;
mod release_erasure;
mod replays;
mod signatures;
mod trustees;
mod versions;
mod ward;

use dmledger_core::{
    action::{self, Action, Fault, Refusal, SignedAction},
    consent::AccessRequest,
    decide::{AccessOutcome, Reason},
    envelope::{AccountId, Envelope, Meaning},
    hash::{tag, tagged},
    identity::Role,
    key::{SecretKey, Suite},
    ledger::{Ledger, Query, StateMachine},
    record::RecordId,
    testing::{World, WorldPlan, world::Party},
};

/// Tests fail by error as well as by assertion.
type Done = Result<(), Failed>;
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Three institutions, two homes, two patients, everybody admitted and every account open.
fn world() -> Result<(World, Ledger), Box<dyn std::error::Error + Send + Sync>> {
    let mut world = World::new(WorldPlan { residences: 2, patients: 2, ..WorldPlan::default() })?;
    let ledger = world.populated()?;
    Ok((world, ledger))
}

/// Why the ledger refuses an action now; `None` if it takes it.
fn refusal(ledger: &Ledger, action: &SignedAction) -> Option<Refusal> {
    let raw = action::encode(action).expect("action fits");
    match ledger.examine(&raw) {
        Ok(_) => None,
        Err(Fault::Refused(refusal)) => Some(refusal),
        Err(Fault::State(error)) => panic!("state: {error}"),
    }
}

/// Whether a proposer takes the action into a block.
fn is_taken(world: &mut World, ledger: &Ledger, action: &SignedAction) -> bool {
    world.propose(ledger, std::slice::from_ref(action)).expect("proposal").actions().len() == 1
}

/// Checks that both pool and proposer refuse the action, the pool for this reason.
fn assert_refused(world: &mut World, ledger: &Ledger, action: &SignedAction, expected: Refusal) {
    assert_eq!(refusal(ledger, action), Some(expected));
    assert!(!is_taken(world, ledger, action), "taken although {expected}");
}

/// The body, for this world and account, signed by these keys.
fn signed(world: &World, account: Option<AccountId>, body: Action, keys: &[(&SecretKey, Meaning)]) -> SignedAction {
    keys.iter().fold(Envelope::new(world.chain(), account, body), |envelope, (key, meaning)| {
        envelope.sign(key, *meaning).expect("signs")
    })
}

/// One line an action, in its fixed bytes: number, name, digest. Each reads back, and the ledger takes it.
fn fixed_bytes(ledger: &Ledger, actions: &[SignedAction]) -> Result<Vec<String>, Failed> {
    let line = |action: &SignedAction| {
        let raw = action::encode(action)?;
        assert_eq!(&action::decode(&raw)?, action);
        assert_eq!(refusal(ledger, action), None, "{}", action.body().name());
        let (number, name) = (action.body().number(), action.body().name());
        Ok(format!("{number} {name} {:.16}", tagged(tag::RAW_ACTION, raw.as_slice())))
    };
    actions.iter().map(line).collect()
}

/// A key, and the same key again: secret keys are never cloned.
fn twins(world: &mut World) -> (SecretKey, SecretKey) {
    let bytes = world.bytes();
    let key = || SecretKey::from_bytes(Suite::Bip340, bytes).expect("a scalar");
    (key(), key())
}

/// A new member of this role, admitted by two institutions.
fn newcomer(world: &mut World, ledger: &mut Ledger, role: Role) -> Result<Party, Failed> {
    let key = world.key();
    let party = world.party(key, role, role.name())?;
    let admission = world.admission(&party, 2)?;
    world.advance(ledger, &[admission])?;
    Ok(party)
}

/// Registers the next `count` records of a patient and returns their names.
fn anchored(
    world: &mut World,
    ledger: &mut Ledger,
    patient: usize,
    count: u64,
) -> Result<Vec<RecordId>, Box<dyn std::error::Error + Send + Sync>> {
    let entries = world.entries(patient, count)?;
    let names = entries.iter().map(|entry| entry.facts().record).collect();
    let action = world.anchor(patient, entries)?;
    world.advance(ledger, &[action])?;
    Ok(names)
}

/// What an institution is answered that asks this of the first patient.
fn ask_as(
    institution: usize,
    world: &mut World,
    ledger: &mut Ledger,
    request: AccessRequest,
) -> Result<AccessOutcome, Failed> {
    let action = world.access(institution, 0, request)?;
    world.advance(ledger, &[action])?;
    last_answer(world, ledger, 0)
}

const fn denied(reason: Reason) -> AccessOutcome {
    AccessOutcome::Denied { reason }
}

/// The answer to the latest request about a patient's account.
fn last_answer(
    world: &World,
    ledger: &Ledger,
    patient: usize,
) -> Result<AccessOutcome, Box<dyn std::error::Error + Send + Sync>> {
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let log = query.access_log(&world.patients()[patient].account)?;
    Ok(log.entries().last().ok_or("empty log")?.outcome)
}
