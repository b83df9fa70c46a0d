//! A grant from beginning to end: given, used, narrowed, handed over, given up and taken back. After each step the
//! patient asks who has access to what, and checks the answer against the state root.
//!
//! `cargo run --example grant_and_revoke`
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use dmledger_core::{
    action::{Action, HandOver, Renounce, Replace, SignedAction, Succession},
    consent::{Audience, Grant, GrantId},
    decide::{AccessOutcome, Reason},
    envelope::Meaning,
    ledger::{Ledger, Query, StateMachine},
    record::RecordId,
    testing::World,
    time::{Moment, TimeRange},
};
use std::error::Error;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const HOSPITAL: usize = 0;
const PHARMACY: usize = 1;

fn main() -> Result<()> {
    let mut day = Day::begin()?;

    println!("The patient lets the hospital read thirty days of glucose, to treat her, for ninety days.");
    let grant = day.world.grant_to(HOSPITAL, 0);
    let action = day.world.grant(0, grant.clone())?;
    day.advance(action)?;
    assert_eq!(day.ask(HOSPITAL, 24)?, AccessOutcome::Allowed { grant: grant.id });
    assert_eq!(day.ask(PHARMACY, 1)?, AccessOutcome::Denied { reason: Reason::NoGrant });
    assert_eq!(day.who()?, ["Hospital A1"]);

    println!("\nThirty days are too many: with one key she narrows it to the first twelve hours.");
    let half = TimeRange::new(grant.data.start(), World::hour(12)?.start())?;
    let narrow = Grant { id: day.name(), data: half, ..grant.clone() };
    let (from, how) = (grant.id, Succession::Narrow);
    let action = day.world.by_patient(0, Action::Replace(Box::new(Replace { from, how, grant: narrow.clone() })))?;
    day.advance(action)?;
    assert_eq!(day.ask(HOSPITAL, 12)?, AccessOutcome::Allowed { grant: narrow.id });
    let outside = AccessOutcome::Denied { reason: Reason::OutsideDataRange { position: 12 } };
    assert_eq!(day.ask(HOSPITAL, 24)?, outside);

    println!("\nThe hospital hands its right over to the pharmacy; both it and the patient sign.");
    let audience = Audience::Member(day.world.institutions()[PHARMACY].id());
    let handed = Grant { id: day.name(), audience, ..narrow.clone() };
    let body = Action::HandOver(Box::new(HandOver { from: narrow.id, grant: handed.clone() }));
    let action = day.world.by_patient(0, body)?;
    let action = action.sign(&day.world.institutions()[HOSPITAL].key, Meaning::Approved)?;
    day.advance(action)?;
    assert_eq!(day.ask(PHARMACY, 12)?, AccessOutcome::Allowed { grant: handed.id });
    assert!(matches!(day.ask(HOSPITAL, 12)?, AccessOutcome::Denied { reason: Reason::Superseded { .. } }));
    assert_eq!(day.who()?, ["Pharmacy A2"]);

    println!("\nThe pharmacy gives it up.");
    let action = day.world.by_institution(PHARMACY, 0, Action::Renounce(Renounce { grant: handed.id }))?;
    day.advance(action)?;
    assert!(matches!(day.ask(PHARMACY, 12)?, AccessOutcome::Denied { reason: Reason::Renounced { .. } }));
    assert_eq!(day.who()?, [""; 0]);

    println!("\nThe hospital gets another grant, and loses it again in the block of the revocation.");
    let last = day.world.grant_to(HOSPITAL, 0);
    let action = day.world.grant(0, last.clone())?;
    day.advance(action)?;
    let action = day.world.revoke(0, last.id)?;
    day.advance(action)?;
    let height = day.ledger.tip().height;
    assert_eq!(day.ask(HOSPITAL, 1)?, AccessOutcome::Denied { reason: Reason::Revoked { height } });

    println!("\nNothing is forgotten:");
    assert_eq!(day.history(&handed.id)?, [handed.id, narrow.id, grant.id]);
    Ok(())
}

/// One patient's day on a small network.
struct Day {
    world: World,
    ledger: Ledger,
    records: Vec<RecordId>,
}

impl Day {
    fn begin() -> Result<Self> {
        let mut world = World::new(dmledger_core::testing::WorldPlan::default())?;
        let mut ledger = world.populated()?;
        let entries = world.entries(0, 24)?;
        let records = entries.iter().map(|entry| entry.facts().record).collect();
        let action = world.anchor(0, entries)?;
        world.advance(&mut ledger, &[action])?;
        Ok(Self { world, ledger, records })
    }

    fn name(&mut self) -> GrantId {
        GrantId::new(self.world.bytes())
    }

    fn advance(&mut self, action: SignedAction) -> Result<()> {
        self.world.advance(&mut self.ledger, &[action])?;
        Ok(())
    }

    /// An institution asks for the first `hours` records; the answer as the access log has it.
    fn ask(&mut self, institution: usize, hours: usize) -> Result<AccessOutcome> {
        let request = self.world.request(self.records.iter().take(hours).copied().collect())?;
        let name = request.id;
        let action = self.world.access(institution, 0, request)?;
        self.advance(action)?;
        let entry = self.ledger.facts().answer(&name)?.ok_or("a request that is final is in the log")?;
        println!("  {} asks for {hours} hours: {}", self.world.institutions()[institution].name, entry.outcome);
        Ok(entry.outcome)
    }

    fn query(&self) -> Result<Query> {
        Ok(Query::at(self.world.chain(), self.ledger.tip().height, self.ledger.store().as_ref())?)
    }

    /// Who has access now: a proved list, by name.
    fn who(&self) -> Result<Vec<String>> {
        let (tip, accounts) = (self.ledger.tip(), [self.world.patients()[0].account]);
        let overview = self.query()?.overview(&accounts)?;
        let at = Moment { height: tip.height, time: tip.time };
        let holdings = overview.verify(&tip.state_root, self.world.chain(), &accounts, at)?;
        let holders = dmledger_core::ledger::Overview::who(&holdings);
        let parties = self.world.institutions().iter().filter(|party| holders.contains(&party.id()));
        let names: Vec<_> = parties.map(|party| party.name.to_string()).collect();
        println!("  Who has access: {}", if names.is_empty() { "nobody".to_owned() } else { names.join(", ") });
        Ok(names)
    }

    /// A grant and those it came from, out of the complete list.
    fn history(&self, grant: &GrantId) -> Result<Vec<GrantId>> {
        let (tip, account) = (self.ledger.tip(), self.world.patients()[0].account);
        let grants = self.query()?.grants(&account)?;
        let at = Moment { height: tip.height, time: tip.time };
        for record in grants.verify(&tip.state_root, self.world.chain(), &account)? {
            println!("  grant {}, made at height {}: {}", record.grant().id, record.granted(), record.standing(at));
        }
        Ok(grants.lineage(grant).iter().map(|record| record.grant().id).collect())
    }
}
