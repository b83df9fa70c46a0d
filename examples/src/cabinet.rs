//! A seeded ledger with one patient, on which facts of every family are anchored, proved and claimed: for examples that
//! are about proofs only.

use crate::error::{During, HostError};
use dmledger_core::{
    action::{Action, ClaimAction, SignedAction},
    block::Block,
    codec::List,
    envelope::{Envelope, Meaning},
    hash::Digest,
    ledger::{Ledger, StateMachine},
    record::{ContentId, IndexEntry, RecordId, index::IndexFacts},
    testing::{World, WorldPlan, world::WORLD_BEGINS},
    time::TimeRange,
    traits::proof_verifier::{ProofClaim, ProofContext, ProofFamily},
};
use dmledger_zk::{
    commit::{Commitment, Opening, commit_values},
    context::Context,
    glycemic::{Cadence, DayHistogram, DaySecret, Slot, Table, Tokens, Unit, seal},
    statement::reading::value_root,
    verifier::Verifier,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{sync::Arc, time::Duration};

const HOUR: Duration = Duration::from_secs(3600);

/// An anchored record of committed values, with what its owner knows.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain part of an example")]
pub struct Values {
    /// The record.
    pub record: RecordId,
    /// The values, in their order.
    pub values: Vec<u64>,
    /// A commitment to each.
    pub commitments: Vec<Commitment>,
    /// What opens them.
    pub openings: Vec<Opening>,
}

impl Values {
    /// The anchored root over the commitments.
    #[must_use]
    pub fn root(&self) -> Digest {
        value_root(&self.commitments)
    }
}

/// An anchored sealed day, with what its owner knows.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain part of an example")]
pub struct Day {
    /// The record.
    pub record: RecordId,
    /// That its digest is that of its readings.
    pub statement: DayHistogram,
    /// What opens it.
    pub secret: DaySecret,
}

/// The ledger, its one patient, and a drawer for what is anchored next.
pub struct Cabinet {
    world: World,
    ledger: Ledger,
    entries: Vec<IndexEntry>,
    /// Hours from the world's beginning that records have taken up.
    hours: u32,
    rng: ChaCha20Rng,
}

impl std::fmt::Debug for Cabinet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cabinet").field("tip", &self.ledger.tip()).finish_non_exhaustive()
    }
}

impl Cabinet {
    /// An empty one.
    ///
    /// # Errors
    /// If the ledger does not start.
    pub fn new(seed: u64) -> Result<Self, HostError> {
        let mut world = World::new(WorldPlan { seed, ..WorldPlan::default() }).during("world")?;
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let verifier = Arc::new(Verifier::new(&mut rng));
        let ledger = world.populated().during("world")?.with_verifier(verifier);
        Ok(Self { world, ledger, entries: Vec::new(), hours: 0, rng })
    }

    /// Randomness, from the seed.
    pub const fn rng(&mut self) -> &mut ChaCha20Rng {
        &mut self.rng
    }

    /// What every proof here is bound to: the ledger, the patient, a purpose.
    ///
    /// # Errors
    /// If the purpose is empty or too long.
    pub fn context(&self, purpose: &str) -> Result<(ProofContext, Context), HostError> {
        let account = self.world.patients().first().map(|patient| patient.account);
        let account = account.ok_or_else(|| HostError::new("no patient"))?;
        let context = ProofContext::new(self.world.chain(), account, 0, purpose, Digest::ZERO).during("context")?;
        let bound = Context::try_from(&context).during("context")?;
        Ok((context, bound))
    }

    /// Commits to values and puts their record into the drawer.
    ///
    /// # Errors
    /// If the record cannot be made.
    pub fn values(&mut self, values: &[u64]) -> Result<Values, HostError> {
        let (commitments, openings) = commit_values(values, &self.world.bytes());
        let record = self.file(value_root(&commitments), values.len(), 1)?;
        Ok(Values { record, values: values.to_vec(), commitments, openings })
    }

    /// Seals a day of a 15-minute sensor, mg/dL, and puts its record into the drawer.
    ///
    /// # Errors
    /// If there are not 96 slots, or a value no sensor shows.
    pub fn day(&mut self, slots: &[Slot]) -> Result<Day, HostError> {
        let table = Table::new(Unit::MgPerDl, Tokens::Counted);
        let sealed = seal(table, Cadence::Minutes15, slots, &self.world.bytes());
        let (sealed, digest, secret) = sealed.during("day")?;
        let statement = DayHistogram::new(sealed, digest);
        let record = self.file(statement.anchor(), slots.len(), 24)?;
        Ok(Day { record, statement, secret })
    }

    /// Puts the record of a digest, of whatever else is shown, into the drawer.
    ///
    /// # Errors
    /// If the record cannot be made.
    pub fn file(&mut self, anchor: Digest, count: usize, hours: u32) -> Result<RecordId, HostError> {
        let record = RecordId::new(self.world.bytes());
        let begins = WORLD_BEGINS.plus(HOUR * self.hours);
        self.hours += hours;
        let patient = self.world.patients().first().ok_or_else(|| HostError::new("no patient"))?;
        let facts = IndexFacts {
            record,
            sequence: patient.next + self.entries.len() as u64,
            content: ContentId::of(record.as_bytes()),
            header: Digest::ZERO,
            commitments: anchor,
            count: u32::try_from(count).during("record")?,
            span: TimeRange::new(begins, begins.plus(HOUR * hours)).during("record")?,
            epoch: 0,
        };
        let entry = IndexEntry::sign(facts, &patient.gateway, &self.world.chain(), &patient.account);
        self.entries.push(entry.during("record")?);
        Ok(record)
    }

    /// Anchors everything in the drawer, in one block.
    ///
    /// # Errors
    /// If the ledger refuses.
    pub fn anchor(&mut self) -> Result<(), HostError> {
        let entries = core::mem::take(&mut self.entries);
        let action = self.world.anchor(0, entries).during("anchor")?;
        self.advance(&[action])
    }

    /// The patient's action that puts a claim about these records on the ledger.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn action(&self, records: &[RecordId], claim: ProofClaim) -> Result<SignedAction, HostError> {
        let patient = self.world.patients().first().ok_or_else(|| HostError::new("no patient"))?;
        let records = List::new(records.to_vec()).during("claim")?;
        let body = Action::Claim(Box::new(ClaimAction { records, claim }));
        Envelope::new(self.world.chain(), Some(patient.account), body)
            .sign(&patient.phone, Meaning::Authored)
            .and_then(|one| one.sign(&patient.home, Meaning::CoSigned))
            .during("claim")
    }

    /// One block of these actions, all of which the ledger takes.
    ///
    /// # Errors
    /// With the ledger's reasons if it takes fewer.
    pub fn advance(&mut self, actions: &[SignedAction]) -> Result<(), HostError> {
        self.world.advance(&mut self.ledger, actions).map(drop).during("block")
    }

    /// The block that a proposer makes of these actions: what is refused is left out.
    ///
    /// # Errors
    /// If no block can be made.
    pub fn propose(&mut self, actions: &[SignedAction]) -> Result<Block, HostError> {
        self.world.propose(&self.ledger, actions).during("block")
    }

    /// The ledger.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

/// What a family of claims shows, in words.
#[must_use]
pub fn name_of(family: ProofFamily) -> &'static str {
    match family {
        ProofFamily::READING_IN_RANGE => "a reading in range",
        ProofFamily::VALUES_IN_INTERVAL => "a record in range",
        ProofFamily::VALUES_FIT_BITS => "a record of possible values",
        ProofFamily::DAY_HISTOGRAM => "a day's digest",
        ProofFamily::DAYS_BOUNDS => "bounds of days",
        ProofFamily::DAYS_VARIATION => "variation of days",
        ProofFamily::READING_ENCRYPTED => "a reading encrypted to keys",
        ProofFamily::MEMBERSHIP => "an unnamed member of a set",
        _ => "something else",
    }
}
