//! Days sealed for claims: each day of an account is anchored as 32 bytes, shown once to be what its digest says, and
//! from then on facts about any of them are proved without a reading.
//!
//! The account of sealed days is one of its own: who may read readings is granted elsewhere.

use super::Residence;
use crate::error::{During, HostError};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{
    action::{Action, ClaimAction},
    codec::{self, Canonical, List},
    hash::Digest,
    record::{ContentId, IndexEntry, RecordId, index::IndexFacts},
    time::{Height, TimeRange, Timestamp},
    traits::proof_verifier::{ProofClaim, ProofContext},
};
use dmledger_zk::{
    context::Context,
    error::ProveError,
    glycemic::{
        Cadence, DayHistogram, DaySecret, DigestOpening, Slot, Table,
        calendar::{Calendar, Day},
        claim::{Bound, DaysClaim},
        seal,
    },
    seal::{DataKey, Hedge, Hours, Part, RecordMeta, seal_record},
    statement::Prove,
};
use rand_core::Rng;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
/// Slots of a one-minute sensor.
const MAX_SLOTS: usize = 1_440;

/// What the lake keeps of a day: the table entry of each slot, 0 for a gap.
#[derive(BorshSerialize, BorshDeserialize)]
struct Entries(List<u16, MAX_SLOTS>);

impl Canonical for Entries {
    const MAX_BYTES: usize = 8 + 2 * MAX_SLOTS;
}

/// A day that has been sealed, and what its owner knows of it.
struct Sealed {
    record: RecordId,
    statement: DayHistogram,
    secret: DaySecret,
}

/// The sealed days of an account, with what opens them.
pub struct SealedDays {
    days: Vec<Sealed>,
    opening: DigestOpening,
}

impl std::fmt::Debug for SealedDays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedDays({})", self.days.len())
    }
}

impl SealedDays {
    /// How many days.
    #[must_use]
    pub fn count(&self) -> usize {
        self.days.len()
    }

    /// The records they are anchored as, in order.
    #[must_use]
    pub fn records(&self) -> Vec<RecordId> {
        self.days.iter().map(|day| day.record).collect()
    }

    /// What all days together open to: known to their owner alone.
    #[must_use]
    pub const fn opening(&self) -> &DigestOpening {
        &self.opening
    }

    /// States bounds of the days taken together, true or not.
    ///
    /// # Errors
    /// If a threshold means nothing.
    pub fn state(&self, readings: u32, bounds: &[Bound]) -> Result<DaysClaim, HostError> {
        let statements: Vec<_> = self.days.iter().map(|day| day.statement).collect();
        DaysClaim::new(&statements, readings, bounds).during("claim")
    }
}

impl Residence {
    /// Seals days and anchors them; final on return.
    ///
    /// # Errors
    /// If there is no day, or sealing, the lake or the ledger fails.
    pub async fn seal_days(
        &mut self,
        table: Table,
        cadence: Cadence,
        calendar: &Calendar,
    ) -> Result<(SealedDays, Height), HostError> {
        let next = self.node.query()?.facts().record_count(&self.account).during("account")?;
        let (mut days, mut objects, mut parts, mut entries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (day, sequence) in calendar.days.iter().zip(next..) {
            let (sealed, entry, part, ciphertext) = self.seal_day(table, cadence, day, sequence)?;
            days.push(sealed);
            parts.push((entry.facts().record, 1, part.to_bytes()));
            objects.push((entry.facts().content, ciphertext));
            entries.push(entry);
        }
        self.lake.put_all(&objects).await.during("lake")?;
        self.lake.put_parts(&parts).await.during("lake")?;
        let height = self.anchor(entries, &|_| {}).await?;
        let openings: Vec<_> = days.iter().map(|day| day.secret.opening()).collect();
        let opening = DigestOpening::sum(&openings).ok_or_else(|| HostError::new("no day to seal"))?;
        Ok((SealedDays { days, opening }, height))
    }

    fn seal_day(
        &mut self,
        table: Table,
        cadence: Cadence,
        day: &Day,
        sequence: u64,
    ) -> Result<(Sealed, IndexEntry, Part, Vec<u8>), HostError> {
        let entry = |slot: &Slot| table.entry(*slot);
        let entries = day.slots.iter().map(entry).collect::<Result<Vec<_>, _>>().during("day")?;
        let plaintext = codec::encode(&Entries(List::new(entries).during("day")?));
        let mut name = [0; 32];
        self.rng.fill_bytes(&mut name);
        let record = RecordId::new(name);
        let key = DataKey::generate(&record, &Hedge::Content(&plaintext), &mut self.rng);
        let (sealed, digest, secret) = seal(table, cadence, &day.slots, key.value_key().as_bytes()).during("day")?;
        let statement = DayHistogram::new(sealed, digest);
        let start = Timestamp::from_seconds(day.number.saturating_mul(86_400));
        let span = TimeRange::new(start, start.plus(DAY)).during("day")?;
        let hours = Hours::touched_by(&span).during("day")?;
        let meta = RecordMeta::new(self.node.chain(), self.account, record, self.kind, hours, statement.anchor());
        let epoch = self.epoch()?;
        let (part, ciphertext) =
            seal_record(&plaintext, &meta, key, epoch, &*self.gateway, &self.patient.home).during("day")?.into_parts();
        let facts = IndexFacts {
            record,
            sequence,
            content: ContentId::of(&ciphertext),
            header: part.header_digest(),
            commitments: statement.anchor(),
            count: u32::try_from(day.slots.len()).during("day")?,
            span,
            epoch: epoch.epoch().number().number(),
        };
        let entry = IndexEntry::sign(facts, &self.gateway, &self.node.chain(), &self.account).during("index")?;
        Ok((Sealed { record, statement, secret }, entry, part, ciphertext))
    }

    /// Shows of every day that its digest is that of its readings; final on return. Gives the bytes of one proof.
    ///
    /// # Errors
    /// If a proof cannot be made or the ledger refuses it.
    pub async fn show_days(&mut self, sealed: &SealedDays, purpose: &str) -> Result<(usize, Height), HostError> {
        let (mut tickets, mut bytes) = (Vec::new(), 0);
        for day in &sealed.days {
            let context = self.proof_context(purpose, Digest::ZERO)?;
            let bound = Context::try_from(&context).during("claim")?;
            let proof = day.statement.prove(&bound, &day.secret, &mut self.rng).during("day")?;
            bytes = proof.as_bytes().len();
            let claim = day.statement.claim(context, &proof).during("day")?;
            tickets.push(self.node.post(&self.claim_action(vec![day.record], claim)?).await?);
        }
        let mut height = Height::GENESIS;
        for ticket in tickets {
            height = ticket.outcome().await.during("day")?.height;
        }
        Ok((bytes, height))
    }

    /// Proves a statement about sealed days; `None` if it is false.
    ///
    /// # Errors
    /// If the proof cannot be made for another reason.
    pub fn prove_days(
        &mut self,
        sealed: &SealedDays,
        statement: &DaysClaim,
        purpose: &str,
        audience: Digest,
    ) -> Result<Option<ProofClaim>, HostError> {
        let context = self.proof_context(purpose, audience)?;
        let bound = Context::try_from(&context).during("claim")?;
        match statement.prove(&bound, sealed.opening(), &mut self.rng) {
            Ok(proof) => statement.claim(context, &proof).during("claim").map(Some),
            Err(ProveError::False) => Ok(None),
            Err(error) => Err(HostError::during("claim", error)),
        }
    }

    /// Puts a claim about sealed days on the ledger; final on return.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn claim(&self, records: Vec<RecordId>, claim: ProofClaim) -> Result<Height, HostError> {
        self.node.submit(&self.claim_action(records, claim)?).await
    }

    fn claim_action(
        &self,
        records: Vec<RecordId>,
        claim: ProofClaim,
    ) -> Result<dmledger_core::envelope::Envelope<Action>, HostError> {
        let records = List::new(records).during("claim")?;
        let action = Action::Claim(Box::new(ClaimAction { records, claim }));
        self.envelope(action, &self.patient.phone, &self.patient.home)
    }

    fn proof_context(&self, purpose: &str, audience: Digest) -> Result<ProofContext, HostError> {
        let epoch = u64::from(self.epoch()?.epoch().number().number());
        ProofContext::new(self.node.chain(), self.account, epoch, purpose, audience).during("claim")
    }
}
