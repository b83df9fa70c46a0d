//! Walking chain and lake and checking every link, digest, signature and address. Nothing is repaired and nothing is
//! written.
//!
//! [`chain`] asks a [`BlockStore`] and trusts none of its answers; [`segments`] reads the files of an embedded store
//! as they lie on disk, also while it is open, and says which record is damaged; [`lake`] reads every object.

mod finding;
mod raw;

pub use finding::{Finding, Report};
pub use raw::segments;

use std::collections::HashSet;

use dmledger_core::block::{BlockError, FinalizedBlock, Tip};
use dmledger_core::envelope::ChainId;
use dmledger_core::quorum::{BlockId, ValidatorSet};
use dmledger_core::record::index::{ContentId, RecordId};
use dmledger_core::time::Height;
use dmledger_core::traits::{BlobError, BlobStore, BlockStore, StoreError};

/// Walks the chain from genesis to the tip: link, time, history, body and the quorum's signatures of every block.
///
/// `validators` tells who decides a height, for example from the audited state or from a fixed set; `None` is a finding.
/// Behind an unreadable block the walk goes on with what the next one says of its parent.
///
/// # Errors
/// What the store says when it cannot be asked at all; damage is a finding, not an error.
pub fn chain(
    store: &dyn BlockStore,
    network: &ChainId,
    validators: &mut dyn FnMut(Height) -> Option<ValidatorSet>,
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let Some(stored) = store.tip()? else { return Ok(report) };
    let mut walked: Option<Tip> = None;
    let mut height = Height::GENESIS;
    let mut bridged = false;
    while height <= stored.height {
        report.count();
        let found = match store.block(height) {
            Ok(Some(block)) => Some(block),
            Ok(None) => report.add(Finding::BlockMissing { height }),
            Err(StoreError::Corrupt { .. }) => report.add(Finding::BlockDamaged { height }),
            Err(other) => return Err(other),
        };
        if let Some(block) = found {
            let header = block.block().header();
            if bridged {
                walked = bridge(walked, height, header.parent);
            }
            if let Err(finding) = check(&block, walked.as_ref(), network, validators) {
                report.add::<()>(finding);
            }
            walked = Some(Tip::after(header, walked.as_ref()));
        }
        bridged = walked.as_ref().is_none_or(|tip| tip.height != height);
        height = height.next();
    }
    if walked.as_ref() != Some(&stored) {
        report.add::<()>(Finding::TipDiffers { height: stored.height });
    }
    Ok(report)
}

/// Reads every object: those in `expected` must be there, and none may differ from its address.
///
/// # Errors
/// [`BlobError`] when the lake cannot be asked; damage is a finding, not an error.
pub async fn lake(store: &dyn BlobStore, expected: &[ContentId]) -> Result<Report, BlobError> {
    let mut report = Report::default();
    let present = store.list().await?;
    let wanted: HashSet<&ContentId> = expected.iter().collect();
    for id in &present {
        report.count();
        match store.get(id).await {
            Ok(_) if wanted.contains(id) => {}
            Ok(_) => report.add(Finding::ObjectUnexpected { id: *id }).unwrap_or_default(),
            Err(BlobError::Corrupt) => report.add(Finding::ObjectDamaged { id: *id }).unwrap_or_default(),
            // Deleted since it was listed.
            Err(BlobError::NotFound) => {}
            Err(other) => return Err(other),
        }
    }
    for id in expected.iter().filter(|id| present.binary_search(id).is_err()) {
        report.count();
        report.add::<()>(Finding::ObjectMissing { id: *id });
    }
    Ok(report)
}

/// Reads the newest part of each record; all must be there.
///
/// # Errors
/// As [`lake`].
pub async fn parts(store: &dyn BlobStore, expected: &[RecordId]) -> Result<Report, BlobError> {
    let mut report = Report::default();
    for record in expected {
        report.count();
        match store.part(record).await {
            Ok(Some(_)) => {}
            Ok(None) => report.add(Finding::PartMissing { record: *record }).unwrap_or_default(),
            Err(BlobError::Corrupt) => report.add(Finding::PartDamaged { record: *record }).unwrap_or_default(),
            Err(other) => return Err(other),
        }
    }
    Ok(report)
}

fn check(
    block: &FinalizedBlock,
    tip: Option<&Tip>,
    network: &ChainId,
    validators: &mut dyn FnMut(Height) -> Option<ValidatorSet>,
) -> Result<(), Finding> {
    let header = block.block().header();
    let height = header.height;
    let invalid = |cause| Finding::BlockInvalid { height, cause };
    let Some(tip) = tip else {
        // Genesis is what everybody holds from the start: nobody certifies it.
        if header.chain != *network {
            return Err(invalid(BlockError::WrongChain));
        }
        return block.block().verify_body().map_err(invalid);
    };
    let set = validators(height).ok_or(Finding::UnknownValidators { height })?;
    block.verify(tip, network, &set).map_err(invalid)
}

/// The tip behind blocks that could not be read, as far as their successor at `height` tells it.
fn bridge(before: Option<Tip>, height: Height, parent: BlockId) -> Option<Tip> {
    let mut tip = before?;
    let previous = height.previous()?;
    // More than one unreadable block leaves the history unknown; the successor is then checked against a wrong one and
    // reported, which is right: nothing proves that it belongs to what came before.
    tip.history.push(parent.as_bytes());
    tip.height = previous;
    tip.id = parent;
    Some(tip)
}

#[cfg(test)]
mod tests;
