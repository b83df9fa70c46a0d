//! One account with very many grants, most of them ended: deciding, proving, revoking.

use super::{super::apply::plain, Failed};
use crate::report::{self, Samples};
use dmledger_core::{
    action::SignedAction,
    codec,
    consent::{AccessRequest, GrantId},
    decide::{Question, decide},
    ledger::{Ledger, Query, StateMachine},
    scope::{Purpose, Validity},
    testing::{World, WorldPlan},
    time::{Height, Moment},
};
use std::{hint::black_box, sync::Arc, time::Instant};

const INSTITUTIONS: usize = 20;
/// Grants of one block: below the number that can be in force for one institution.
const A_BLOCK: usize = 1_000;
const DECISIONS: usize = 2_000;
const STARTS: usize = 20;
const PROOFS: usize = 200;
const REVOCATIONS: usize = 20;
/// What the issue asks: a decision in 20 us, a proof checked in 200 us, a revocation in 5 ms.
const DECIDE_GOAL: f64 = 20.0;
const VERIFY_GOAL: f64 = 200.0;
const REVOKE_GOAL: f64 = 5.0;

struct Account {
    world: World,
    ledger: Ledger,
    grants: Vec<GrantId>,
}

pub(super) fn run() -> Result<(), Failed> {
    let plan = WorldPlan { institutions: INSTITUTIONS, ..WorldPlan::default() };
    let mut world = World::new(plan).map_err(plain)?;
    let ledger = world.populated().map_err(plain)?;
    let mut account = Account { world, ledger, grants: Vec::new() };
    for (name, count) in [("1e3", 1_000), ("1e5", 100_000)] {
        account.fill(count)?;
        account.decisions(name)?;
    }
    account.proofs()?;
    account.revocations()
}

impl Account {
    /// Grants until there are `count`, each in force for one block, those of the last block for the one after it too.
    fn fill(&mut self, count: usize) -> Result<(), Failed> {
        self.world.advance(&mut self.ledger, &[]).map_err(plain)?;
        while self.grants.len() < count {
            let next = self.ledger.tip().height.next();
            let is_last = self.grants.len() + A_BLOCK >= count;
            let until = Height::new(next.value() + if is_last { 2 } else { 1 });
            let actions = (0..A_BLOCK).map(|i| self.grant(i, until)).collect::<Result<Vec<_>, _>>()?;
            self.world.advance(&mut self.ledger, &actions).map_err(plain)?;
        }
        Ok(())
    }

    fn grant(&mut self, number: usize, until: Height) -> Result<SignedAction, Failed> {
        let mut grant = self.world.grant_to(number % INSTITUTIONS, 0);
        grant.validity = Validity::new(grant.validity.time(), Height::GENESIS, until)?;
        self.grants.push(grant.id);
        self.world.grant(0, grant).map_err(plain)
    }

    /// The first hospital asks again and again, for what it was granted and for what it was not; and a node that has
    /// just been started is asked once.
    fn decisions(&mut self, name: &str) -> Result<(), Failed> {
        let account = self.world.patients().first().ok_or("no patient")?.account;
        let member = self.world.institutions().first().ok_or("no institution")?.id();
        let allowed = self.world.request(vec![]).map_err(plain)?;
        let denied = AccessRequest { purpose: Purpose::Payment, ..allowed.clone() };
        let at = Moment { height: self.ledger.tip().height.next(), time: self.world.clock() };
        let unit = "us,lower_is_better,peer=goal";
        for (answer, request) in [("", &allowed), ("denied_", &denied)] {
            let question = Question { chain: self.world.chain(), member, account, request };
            let mut times = Vec::with_capacity(DECISIONS);
            for _ in 0..DECISIONS {
                let start = Instant::now();
                black_box(decide(&self.ledger.facts(), &question, at)?);
                times.push(start.elapsed());
            }
            assert_eq!(decide(&self.ledger.facts(), &question, at)?.is_allowed(), answer.is_empty());
            let samples = Samples::new(times);
            let name = |percent| format!("ledger_decide_{answer}p{percent}_{name}_grants");
            report::line(&name(50), samples.median() * 1e6, DECIDE_GOAL, unit);
            report::line(&name(99), samples.percentile(99) * 1e6, DECIDE_GOAL, unit);
        }
        let question = Question { chain: self.world.chain(), member, account, request: &allowed };
        let mut times = Vec::with_capacity(STARTS);
        for _ in 0..STARTS {
            let started = Ledger::open(self.world.genesis(), Arc::clone(self.ledger.store()))?;
            let start = Instant::now();
            black_box(decide(&started.facts(), &question, at)?);
            times.push(start.elapsed());
        }
        let first = Samples::new(times).median() * 1e6;
        report::line(&format!("ledger_decide_first_{name}_grants"), first, DECIDE_GOAL, unit);
        Ok(())
    }

    fn proofs(&mut self) -> Result<(), Failed> {
        let tip = self.ledger.tip();
        let query = Query::at(self.world.chain(), tip.height, self.ledger.store().as_ref())?;
        let places = self.ledger.places();
        let step = self.grants.len() / PROOFS;
        let present: Vec<_> = self.grants.iter().step_by(step).copied().collect();
        let absent: Vec<_> = (0..PROOFS).map(|_| GrantId::new(self.world.bytes())).collect();
        for (name, ids) in [("presence", present), ("absence", absent)] {
            let answers = ids.iter().map(|id| Ok((*id, query.grant(id)?))).collect::<Result<Vec<_>, Failed>>()?;
            let bytes: usize = answers.iter().map(|(_, answer)| codec::encode(answer.proof()).len()).sum();
            let mut times = Vec::new();
            for (id, answer) in &answers {
                times.push(report::time(|| answer.verify(&tip.state_root, &places.grant(id)).is_ok()));
                assert!(answer.verify(&tip.state_root, &places.grant(id)).is_ok());
            }
            let each = bytes as f64 / answers.len() as f64;
            report::line(&format!("ledger_{name}_proof_bytes"), each, 720.0, "B,lower_is_better,peer=goal");
            let verify = Samples::new(times).median() * 1e6;
            report::line(&format!("ledger_{name}_verify"), verify, VERIFY_GOAL, "us,lower_is_better,peer=goal");
        }
        Ok(())
    }

    /// A block with one revocation: from the signed action to the durable new state, in memory.
    fn revocations(&mut self) -> Result<(), Failed> {
        let (mut times, mut bytes) = (Vec::new(), 0);
        let standing: Vec<_> = self.grants.iter().rev().take(REVOCATIONS).copied().collect();
        for grant in standing {
            let action = self.world.revoke(0, grant).map_err(plain)?;
            let start = Instant::now();
            let block = self.world.propose(&self.ledger, &[action]).map_err(plain)?;
            bytes = block.size();
            let decided = self.world.certify(block).map_err(plain)?;
            self.ledger.apply(decided)?;
            times.push(start.elapsed());
        }
        let median = Samples::new(times).median() * 1e3;
        report::line("ledger_revoke_one_of_1e5", median, REVOKE_GOAL, "ms,lower_is_better,peer=goal");
        // Nobody else learns or fetches anything but the block: its bytes beside themselves.
        report::line("ledger_revoke_bytes_to_fetch", bytes as f64, bytes as f64, "B,lower_is_better,peer=the_block");
        Ok(())
    }
}
