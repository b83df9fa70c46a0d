//! The audit of segment files as they lie on disk.

use std::path::Path;
use std::sync::Arc;

use dmledger_core::envelope::ChainId;
use dmledger_core::time::Height;
use dmledger_core::traits::StoreError;

use super::{Finding, Report};
use crate::error::from_io;
use crate::segment::file::{LogFile, RealFiles};
use crate::segment::record::{Kind, Record, next_sound_record};
use crate::segment::recover::{is_unfinished, record_at};
use crate::segment::{Reader, SEGMENT_HEADER, SegmentHeader, body};

/// Reads every record in the segments of the embedded store in the folder `path`, opened for reading alone: checks,
/// identities and links of all blocks. Certificates are [`chain`](super::chain)'s business.
///
/// Damage does not end the audit: it goes on at the next sound record.
///
/// # Errors
/// [`StoreError::Backend`] if the files cannot be read; damage is a finding, not an error.
pub fn segments(path: &Path, network: ChainId) -> Result<Report, StoreError> {
    let reader = Reader::new(Arc::new(RealFiles), &path.join("segments"));
    let numbers = reader.segments().map_err(from_io)?;
    let last = numbers.last().copied().unwrap_or(0);
    let mut audit = Audit { report: Report::default(), last, expected: 0, parent: None };
    for segment in 0..=last {
        if numbers.binary_search(&segment).is_err() {
            audit.report.add::<()>(Finding::SegmentMissing { segment });
            audit.parent = None;
            continue;
        }
        match reader.segment_header(segment)? {
            SegmentHeader::Sound(number, found) if number == segment && found == *network.as_bytes() => {}
            _ => audit.report.add(Finding::SegmentHeader { segment }).unwrap_or_default(),
        }
        audit.segment(&*reader.file(segment).map_err(from_io)?, segment)?;
    }
    Ok(audit.report)
}

struct Audit {
    report: Report,
    last: u32,
    /// Height of the next block.
    expected: u64,
    /// Identity of the last block, unless it could not be read.
    parent: Option<[u8; 32]>,
}

impl Audit {
    fn segment(&mut self, file: &dyn LogFile, segment: u32) -> Result<(), StoreError> {
        let length = file.length().map_err(from_io)?;
        let mut offset = SEGMENT_HEADER;
        while offset < length {
            self.report.count();
            if let Some((at, record)) = record_at(file, segment, offset, length).map_err(from_io)? {
                self.record(&record, segment, offset);
                offset = at.end();
                continue;
            }
            let mut rest = vec![0; usize::try_from(length - offset).unwrap_or(0)];
            file.read_at(offset, &mut rest).map_err(from_io)?;
            let tail = segment == self.last && is_unfinished(&rest, offset);
            self.report.add::<()>(if tail {
                Finding::UnfinishedTail { segment, offset }
            } else {
                Finding::RecordDamaged { segment, offset, height: Height::new(self.expected) }
            });
            self.parent = None;
            self.expected += 1;
            offset = next_sound_record(&rest, offset).map_or(length, |start| offset + start as u64);
        }
        Ok(())
    }

    fn record(&mut self, record: &Record, segment: u32, offset: u64) {
        let header = &record.header;
        if header.kind != Kind::Commit {
            return;
        }
        let height = Height::new(header.height);
        let block = body::block(record.section(body::BLOCK), header).ok();
        let tip = body::tip(record.section(body::TIP), header).ok();
        let changes = body::changes(record).ok();
        let links = block.as_ref().is_some_and(|block| {
            let follows = self.parent.is_none_or(|parent| parent == *block.block().header().parent.as_bytes());
            // Behind damage the next height is only a guess.
            follows && (self.parent.is_none() || header.height == self.expected) && block.block().verify_body().is_ok()
        });
        if !links || tip.is_none() || changes.is_none() {
            self.report.add::<()>(Finding::RecordDamaged { segment, offset, height });
        }
        self.parent = Some(header.id);
        self.expected = header.height + 1;
    }
}
