//! Sealing: readings and objects become records, their ciphertext goes to the lake, their entries to the ledger.

use super::{Kept, Residence};
use crate::error::{During, HostError};
use dmledger_core::{
    action::{Action, Anchor},
    codec::{self, List},
    hash::Digest,
    record::{
        ContentId, IndexEntry, RecordId,
        index::IndexFacts,
        reading::{Reading, ReadingBatch},
    },
    time::{Height, TimeRange, Timestamp},
};
use dmledger_zk::{
    commit::commit_values,
    seal::{DataKey, Hedge, Hours, Part, RecordMeta, seal_record},
    statement::reading::value_root,
};
use std::time::Duration;

/// Index entries in one anchor action: a day of hourly records.
const ENTRIES_AN_ACTION: usize = 24;

/// What is sealed as one record.
struct Content {
    record: RecordId,
    span: TimeRange,
    plaintext: Vec<u8>,
    batch: Option<ReadingBatch>,
}

impl Residence {
    /// Seals readings hour by hour, keeps the ciphertext in the lake, then anchors the records; final on return.
    /// `progress` hears of every anchored record.
    ///
    /// # Errors
    /// If sealing, the lake or the ledger fails. What is in the lake without an index entry is nobody's.
    pub async fn take_in(&mut self, readings: Vec<Reading>, progress: &dyn Fn(usize)) -> Result<Height, HostError> {
        let batches = ReadingBatch::by_hour(readings).during("readings")?;
        let named = batches.into_iter().map(|batch| (self.draw_name(), batch)).collect();
        self.take_in_named(named, progress).await
    }

    /// As [`Self::take_in`], for batches whose records were named before. A name that is on the ledger is passed over:
    /// whoever hands a batch in again after a crash anchors it once.
    ///
    /// # Errors
    /// If sealing, the lake or the ledger fails.
    pub async fn take_in_named(
        &mut self,
        batches: Vec<(RecordId, ReadingBatch)>,
        progress: &dyn Fn(usize),
    ) -> Result<Height, HostError> {
        let contents = batches.into_iter().map(|(record, batch)| Content {
            record,
            span: batch.span(),
            plaintext: codec::encode(&batch),
            batch: Some(batch),
        });
        self.take_in_contents(contents.collect(), progress).await
    }

    /// Seals an object that is no readings, for example a picture, as a record of the hour it is about.
    ///
    /// # Errors
    /// If sealing, the lake or the ledger fails.
    pub async fn take_in_object(&mut self, at: Timestamp, object: Vec<u8>) -> Result<RecordId, HostError> {
        let (record, start) = (self.draw_name(), at.floor_hour());
        let span = TimeRange::new(start, start.plus(Duration::from_secs(3600))).during("hour")?;
        self.take_in_contents(vec![Content { record, span, plaintext: object, batch: None }], &|_| ()).await?;
        Ok(record)
    }

    async fn take_in_contents(
        &mut self,
        contents: Vec<Content>,
        progress: &dyn Fn(usize),
    ) -> Result<Height, HostError> {
        let (mut objects, mut parts, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        let before = self.node.query()?;
        let next = before.facts().record_count(&self.account).during("index")?;
        for content in contents {
            if before.facts().record(&content.record).during("index")?.is_some() {
                continue;
            }
            let (entry, part, ciphertext) = self.seal(content, next + entries.len() as u64)?;
            parts.push((entry.facts().record, 1, part.to_bytes()));
            objects.push((entry.facts().content, ciphertext));
            entries.push(entry);
        }
        self.lake.put_all(&objects).await.during("lake")?;
        self.lake.put_parts(&parts).await.during("lake")?;
        self.anchor(entries, progress).await
    }

    pub(super) fn draw_name(&mut self) -> RecordId {
        RecordId::new(self.draw())
    }

    fn seal(&mut self, content: Content, sequence: u64) -> Result<(IndexEntry, Part, Vec<u8>), HostError> {
        let Content { record, span, plaintext, batch } = content;
        let key = DataKey::generate(&record, &Hedge::Content(&plaintext), &mut self.rng);
        let value_key = *key.value_key().as_bytes();
        let (root, count) = commitments(batch.as_ref(), &value_key)?;
        let hours = Hours::touched_by(&span).during("hour")?;
        let meta = RecordMeta::new(self.node.chain(), self.account, record, self.kind, hours, root);
        let epoch = self.epoch()?;
        let sealed =
            seal_record(&plaintext, &meta, key, epoch, &*self.gateway, &self.patient.home).during("sealing")?;
        let (part, ciphertext) = sealed.into_parts();
        let facts = IndexFacts {
            record,
            sequence,
            content: ContentId::of(&ciphertext),
            header: part.header_digest(),
            commitments: root,
            count,
            span,
            epoch: epoch.epoch().number().number(),
        };
        let entry =
            IndexEntry::sign(facts.clone(), &self.gateway, &self.node.chain(), &self.account).during("index")?;
        self.kept.push(Kept { facts, batch, value_key });
        Ok((entry, part, ciphertext))
    }

    /// The patient's home key and the residence's own satisfy the policy: nobody has to pick up the phone for a reading.
    pub(super) async fn anchor(&self, entries: Vec<IndexEntry>, progress: &dyn Fn(usize)) -> Result<Height, HostError> {
        let mut tickets = Vec::new();
        for entries in entries.chunks(ENTRIES_AN_ACTION) {
            let anchor = Action::Anchor(Anchor { entries: List::new(entries.to_vec()).during("anchor")? });
            let signed = self.envelope(anchor, &self.patient.home, &self.gateway)?;
            tickets.push((entries.len(), self.node.post(&signed).await?));
        }
        let mut height = Height::GENESIS;
        for (records, ticket) in tickets {
            height = ticket.outcome().await.during("anchor")?.height;
            progress(records);
        }
        Ok(height)
    }
}

/// Digest of the commitments to a record's values, and how many values there are; none for what is no readings.
pub(crate) fn commitments(batch: Option<&ReadingBatch>, value_key: &[u8; 32]) -> Result<(Digest, u32), HostError> {
    let Some(batch) = batch else { return Ok((Digest::ZERO, 0)) };
    let values = committed(batch);
    let root = value_root(&commit_values(&values, value_key).0);
    Ok((root, u32::try_from(values.len()).during("readings")?))
}

/// What is committed to: every reading in millionths of its unit; nothing can be shown about one without a result.
pub(crate) fn committed(batch: &ReadingBatch) -> Vec<u64> {
    batch.readings().iter().map(|one| one.measured().committed().map_or(u64::MAX, u64::from)).collect()
}
