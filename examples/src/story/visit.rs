//! The scene of a visit: hospital and patient agree on a text and on records; the hospital resolves the agreement to them,
//! asks, reads, and writes a later version; then the patient ends it.

use super::{HOUR, Story};
use crate::{
    error::{During, HostError},
    institution::writing::Delivered,
    residence::{Terms, visits::Concluded},
    visit,
};
use dmledger_core::{
    decide::{AccessOutcome, Reason},
    record::{
        ContentId, Reading, RecordId,
        reading::{Quality, ReadingBatch},
    },
    scope::{Purpose, Verb},
    time::{Moment, TimeRange, Timestamp},
    traits::BlobStore,
};

const VISITED: usize = 1;
/// Records an agreement is about here, at most.
const AGREED: usize = 2;
const TEXT: &[u8] = b"The hospital reads these hours of glucose, and marks readings of them that are in doubt.";

impl Story<'_> {
    pub(super) async fn a_visit_under_an_agreement(&mut self, until: Timestamp) -> Result<(), HostError> {
        self.follow(VISITED).await?;
        let account = self.residence.account();
        let all = self.institutions[VISITED].index(&account, &self.all)?;
        let (other, agreed) = all.split_at(all.len().saturating_sub(AGREED));
        let terms = Terms { data: self.all, until, purpose: Purpose::Treatment, quota: None };
        let person = self.person(VISITED)?;
        let concluded = self.residence.agree(person, agreed.to_vec(), &terms, TEXT).await?;
        let found = self.the_agreement_leads_to(&concluded).await?;
        if found != agreed {
            return Err(HostError::new("the agreement leads to other records"));
        }
        let before = self.reads_at_the_visit(&concluded, &found).await?;
        if let Some(stray) = other.first() {
            let what = "an hour that was not agreed on";
            let outside = |why: &Reason| matches!(why, Reason::NotIndexed { .. });
            self.denied(VISITED, account, &[*stray], Purpose::Treatment, what, outside).await?;
        }
        self.writes_a_later_version(&concluded, &found, &before).await?;
        self.residence.terminate(concluded.id).await?;
        self.follow(VISITED).await?;
        let ended = |why: &Reason| !matches!(why, Reason::NoGrant | Reason::NotIndexed { .. });
        let what = "the agreed hours, after the agreement";
        self.denied(VISITED, account, &found, Purpose::Treatment, what, ended).await?;
        self.scene("agreement", "concluded, resolved to its records, read, one corrected as a later version, ended");
        Ok(())
    }

    /// From the agreement to the records within it, with a proof.
    async fn the_agreement_leads_to(&mut self, concluded: &Concluded) -> Result<Vec<RecordId>, HostError> {
        self.follow(VISITED).await?;
        let node = self.institutions[VISITED].node();
        let (query, tip) = (node.query()?, node.tip()?);
        let at = Moment { height: tip.height, time: tip.time };
        Ok(visit::resolve(&query, node.chain(), &concluded.id, (&concluded.salt, TEXT), at)?.records)
    }

    async fn reads_at_the_visit(
        &mut self,
        concluded: &Concluded,
        found: &[RecordId],
    ) -> Result<Vec<ReadingBatch>, HostError> {
        let (who, account) = (self.person(VISITED)?.title(), self.residence.account());
        let reader = &mut self.institutions[VISITED];
        let read = reader.read(account, concluded.grant, found, Purpose::Treatment).await;
        let (batches, checked) = read.map_err(|error| HostError::during("the visit", error))?;
        let read: usize = batches.iter().map(|batch| batch.readings().len()).sum();
        let spans = batches.iter().flat_map(ReadingBatch::readings);
        if !spans.into_iter().all(|one| self.readings.contains(one)) {
            return Err(HostError::new("a visit brought other readings than went in"));
        }
        self.outcome.inclusions_verified += checked;
        let got = format!("{read} readings of {} hours, verified", found.len());
        self.row(&who, "a visit: what the agreement is about", got, "text, index and verbs signed by both");
        Ok(batches)
    }

    /// One reading is marked as in doubt; its hour gets another version, which everybody who may reads instead.
    async fn writes_a_later_version(
        &mut self,
        concluded: &Concluded,
        found: &[RecordId],
        before: &[ReadingBatch],
    ) -> Result<(), HostError> {
        let none = || HostError::new("a visit without a record");
        let (record, batch) = found.first().zip(before.first()).ok_or_else(none)?;
        let (who, account) = (self.person(VISITED)?.title(), self.residence.account());
        let marked = marked(batch)?;
        let start = batch.span().start().floor_hour();
        let span = TimeRange::new(start, start.plus(HOUR)).during("hour")?;
        let entry = self.institutions[VISITED].ask_to(Verb::Update, account, &[*record], Purpose::Treatment).await?;
        if !matches!(entry.outcome, AccessOutcome::Allowed { .. }) {
            return Err(HostError::new("an update within the agreement was denied"));
        }
        self.residence.node().reach(entry.at.height).await?;
        let place = self.residence.place(self.residence.next_sequence()?, span)?;
        let Delivered { entry: later, parcel } =
            self.institutions[VISITED].update(&marked, &place, *record, entry.request).await?;
        self.residence.node().reach(self.institutions[VISITED].node().tip()?.height).await?;
        let (received, _) = self.residence.look_into(&parcel, &later).await?;
        self.residence.adopt(&received, &later).await?;

        let latest = self.the_agreement_leads_to(concluded).await?;
        let read = self.institutions[VISITED].read(account, concluded.grant, &latest, Purpose::Treatment).await;
        let (read, checked) = read.map_err(|error| HostError::during("the later version", error))?;
        if !latest.contains(&later.facts().record) || !read.contains(&marked) {
            return Err(HostError::new("the later version is not what the visit leads to"));
        }
        self.outcome.inclusions_verified += checked;
        let (number, is_latest) = self.copy_is(record, &later.facts().content).await?;
        if (number, is_latest) != (1, true) {
            return Err(HostError::new("a copy of the latest version is not known as that"));
        }
        let why = "asked to update, allowed; the version before stays and is shown";
        self.row(&who, "to mark a reading as in doubt", "the hour's second version, read back", why);
        Ok(())
    }

    /// Which version of `original` a copy of this content is.
    async fn copy_is(&self, original: &RecordId, content: &ContentId) -> Result<(usize, bool), HostError> {
        let node = self.institutions[VISITED].node();
        let copy = self.lake.get(content).await.during("lake")?;
        visit::identify(&node.query()?, node.chain(), original, &copy)
    }
}

/// The same readings, the last of them marked as in doubt.
fn marked(batch: &ReadingBatch) -> Result<ReadingBatch, HostError> {
    let mut readings = batch.readings().to_vec();
    if let Some(last) = readings.last_mut() {
        let mut facts = last.facts().clone();
        facts.quality = facts.quality.with(Quality::DEVICE_FAULT);
        *last = Reading::new(facts).during("marking")?;
    }
    ReadingBatch::new(readings).during("marking")
}
