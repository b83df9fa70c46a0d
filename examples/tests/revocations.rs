//! Revocations in the simulator, with real keys: once a revocation is final, no read succeeds at its height or later, on
//! whatever side of a partition the reader is, whatever it kept.
//!
//! The reader has a node on either side of every partition and puts together what both of them, and all of its revoked
//! grants, were ever answered. A short run is part of every test run; the one of ten thousand revocations takes two or
//! three minutes of a processor in release:
//!
//! ```text
//! cargo test --release --workspace --test revocations -- --ignored
//! ```

use dmledger_core::time::Height;
use dmledger_zk::seal::{GateReply, OpenError};
use scene::{Granted, Scene};
use std::time::Duration;

#[path = "revocations/scene.rs"]
mod scene;

type Failed = Box<dyn std::error::Error + Send + Sync>;

const VALIDATORS: usize = 4;
/// The reader's two nodes, followers. The second is always with the majority.
const READERS: [usize; 2] = [4, 5];
const TEXT: &[u8] = b"5.5 mmol/L";
const MOST: Duration = Duration::from_secs(120);

#[test]
fn no_read_succeeds_after_a_revocation_with_partitions_and_real_keys() -> Result<(), Failed> {
    Scene::new(1, 8)?.play(SHORT)?.holds(8, SHORT)
}

#[test]
#[ignore = "ten thousand revocations: run in release"]
fn no_read_succeeds_after_ten_thousand_revocations() -> Result<(), Failed> {
    // The ledger lets a patient have 64 grants for one member in force at a time.
    Scene::new(2, 168)?.play(60)?.holds(168, 60)
}

/// Grants a round in the run that is part of every test run.
const SHORT: u32 = 8;

/// Who is cut off while grants are revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Nobody,
    /// A validator, alone.
    Validator,
    /// A node of the reader's, alone.
    Reader,
    /// Both together: the reader asks a validator that knows of no revocation.
    Both,
}

const CUTS: [Cut; 4] = [Cut::Nobody, Cut::Validator, Cut::Reader, Cut::Both];

/// What a run saw.
#[derive(Debug, Default)]
struct Seen {
    /// Revocations, by who was cut off meanwhile.
    revoked: [u32; CUTS.len()],
    /// Reads before a revocation; all of them succeeded.
    read: u32,
    /// Requests after one, to all nodes of the gate, from one of the reader's nodes; no node that knew of it answered.
    asked: u32,
    /// Right answers of nodes that did not know of the revocation.
    stale: u32,
    /// Attempts to open with everything that was ever answered; none succeeded.
    tried: u32,
    /// Attempts that did succeed once a partial of another node was added, which nobody had answered.
    missed_by_one: u32,
}

impl Seen {
    /// The run was of so many rounds of so many grants, and its failures were not for want of trying.
    fn holds(&self, rounds: u32, grants: u32) -> Result<(), Failed> {
        let quarter = rounds / 4 * grants;
        let all = rounds * grants;
        let full = self.revoked == [quarter; CUTS.len()] && self.read == all && self.asked == 6 * all;
        // Where validator and reader are cut off together, that validator goes on answering.
        let hard = self.stale >= quarter && self.tried == 2 * all && self.missed_by_one == rounds / 4;
        if full && hard { Ok(()) } else { Err(format!("{self:?}").into()) }
    }
}

impl Scene {
    /// Rounds of so many grants each: granted, asked, read, all revoked under a partition, none read again.
    fn play(mut self, grants: u32) -> Result<Seen, Failed> {
        let mut seen = Seen::default();
        for target in 1..self.records.len() {
            let (round, cut) = (target - 1, (target - 1) % CUTS.len());
            let granted = self.grant(grants, target)?;
            let mut kept = Vec::new();
            for (one, gathered) in granted.iter().zip(self.gather(&granted, READERS[0], 0)?) {
                self.open(0, &one.body, &gathered.replies).map_err(|why| format!("round {round}, granted: {why}"))?;
                seen.read += 1;
                kept.extend(gathered.replies);
            }
            let validator = self.part(CUTS[cut]);
            let revoked = self.revoke(&granted, round)?;
            seen.revoked[cut] += grants;
            // At once, while some nodes still lag: whoever knows the revocation does not answer.
            self.ask(&granted, 0, revoked, &mut seen)?;
            // Once all but those cut off know it, too few are left, whatever else was answered before.
            assert!(self.network.run_until(MOST, |network| knowing(network, revoked) > VALIDATORS - 2));
            kept.extend(self.ask(&granted, target, revoked, &mut seen)?);
            self.fails(&granted, target, &kept, &mut seen)?;
            if CUTS[cut] == Cut::Both {
                let other = &self.dealt[(validator + 1) % VALIDATORS];
                kept.push(other.partials(self.name(target)));
                self.open(target, &granted[0].body, &kept).map_err(|why| format!("round {round}, one more: {why}"))?;
                seen.missed_by_one += 1;
                kept.pop();
            }
            self.network.network().heal();
            assert!(self.network.run_until(MOST, |network| network.all_reached(revoked)));
            let before = seen.stale;
            kept.extend(self.ask(&granted, target, revoked, &mut seen)?);
            assert_eq!(seen.stale, before, "round {round}: everybody knows, and a node answered");
            self.fails(&granted, target, &kept, &mut seen)?;
        }
        assert_eq!(self.network.violations(), []);
        Ok(seen)
    }

    /// Asks from both of the reader's nodes after a revocation; what came, none of it from a node that knew.
    fn ask(
        &mut self,
        granted: &[Granted],
        record: usize,
        revoked: Height,
        seen: &mut Seen,
    ) -> Result<Vec<GateReply>, Failed> {
        let mut replies = Vec::new();
        for node in READERS {
            for gathered in self.gather(granted, node, record)? {
                let late = gathered.right.iter().filter(|(_, height)| *height >= revoked).count();
                assert_eq!(late, 0, "record {record}: a node answered at or after the revocation's height");
                seen.asked += 1;
                seen.stale += u32::try_from(gathered.right.len())?;
                replies.extend(gathered.replies);
            }
        }
        Ok(replies)
    }

    /// With the keys of no revoked grant does a record open.
    fn fails(&self, granted: &[Granted], record: usize, kept: &[GateReply], seen: &mut Seen) -> Result<(), Failed> {
        for one in granted {
            match self.open(record, &one.body, kept) {
                Err(OpenError::MissingSubKey { .. }) => seen.tried += 1,
                other => return Err(format!("record {record}: {other:?}").into()),
            }
        }
        Ok(())
    }
}

fn knowing(network: &dmledger_net::sim::World, height: Height) -> usize {
    (0..VALIDATORS).filter(|node| network.height_of(*node).is_some_and(|reached| reached >= height)).count()
}
