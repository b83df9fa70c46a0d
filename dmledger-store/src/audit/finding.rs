//! What an audit says.

use std::fmt;

use dmledger_core::block::BlockError;
use dmledger_core::record::index::{ContentId, RecordId};
use dmledger_core::time::Height;

/// One thing that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// No block where there should be one.
    BlockMissing {
        /// Its height.
        height: Height,
    },
    /// A block whose stored bytes do not check.
    BlockDamaged {
        /// Its height.
        height: Height,
    },
    /// A block that reads well and does not belong there.
    BlockInvalid {
        /// Its height.
        height: Height,
        /// What does not hold.
        cause: BlockError,
    },
    /// Nobody could say who decides this height, so its certificate was not checked.
    UnknownValidators {
        /// The height.
        height: Height,
    },
    /// The stored tip is not where the blocks lead to.
    TipDiffers {
        /// Height of the stored tip.
        height: Height,
    },
    /// A segment file is not there.
    SegmentMissing {
        /// Its number.
        segment: u32,
    },
    /// The header of a segment does not check, or names another network or layout.
    SegmentHeader {
        /// Number of the segment.
        segment: u32,
    },
    /// A record in a segment file does not check.
    RecordDamaged {
        /// Number of the segment.
        segment: u32,
        /// Where the record starts.
        offset: u64,
        /// The block it was about.
        height: Height,
    },
    /// The last segment ends in a record that was never completely written: a crash, cut at the next opening.
    UnfinishedTail {
        /// Number of the segment.
        segment: u32,
        /// Where the record starts.
        offset: u64,
    },
    /// An object that should be in the lake is not.
    ObjectMissing {
        /// Its address.
        id: ContentId,
    },
    /// An object that differs from its address.
    ObjectDamaged {
        /// Its address.
        id: ContentId,
    },
    /// A sound object that nobody expects: left over, or not yet anchored.
    ObjectUnexpected {
        /// Its address.
        id: ContentId,
    },
    /// A record without its part.
    PartMissing {
        /// The record.
        record: RecordId,
    },
    /// A part whose stored bytes do not check.
    PartDamaged {
        /// The record.
        record: RecordId,
    },
}

impl Finding {
    /// Whether acknowledged bytes are lost or altered; the others are left-overs or open questions.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        !matches!(self, Self::UnfinishedTail { .. } | Self::ObjectUnexpected { .. } | Self::UnknownValidators { .. })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlockMissing { height } => write!(f, "block {height} is missing"),
            Self::BlockDamaged { height } => write!(f, "block {height} is damaged"),
            Self::BlockInvalid { height, cause } => write!(f, "block {height} does not hold: {cause}"),
            Self::UnknownValidators { height } => write!(f, "validators of height {height} are not known"),
            Self::TipDiffers { height } => write!(f, "tip {height} is not where the blocks lead to"),
            Self::SegmentMissing { segment } => write!(f, "segment {segment:08x} is missing"),
            Self::SegmentHeader { segment } => write!(f, "header of segment {segment:08x} does not hold"),
            Self::RecordDamaged { segment, offset, height } => {
                write!(f, "block {height} is damaged (segment {segment:08x}, byte {offset})")
            }
            Self::UnfinishedTail { segment, offset } => {
                write!(f, "segment {segment:08x} ends in an unfinished record at byte {offset}")
            }
            Self::ObjectMissing { id } => write!(f, "object {:.12} is missing", id.root()),
            Self::ObjectDamaged { id } => write!(f, "object {:.12} differs from its address", id.root()),
            Self::ObjectUnexpected { id } => write!(f, "object {:.12} is not expected", id.root()),
            Self::PartMissing { record } => write!(f, "record {record:.12} has no part"),
            Self::PartDamaged { record } => write!(f, "part of record {record:.12} is damaged"),
        }
    }
}

/// What was looked at and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    examined: u64,
    findings: Vec<Finding>,
}

impl Report {
    /// Blocks, records, objects or parts looked at.
    #[must_use]
    pub const fn examined(&self) -> u64 {
        self.examined
    }

    /// Everything found, in the order it was met.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether nothing is lost or altered.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !self.findings.iter().any(Finding::is_damage)
    }

    pub(crate) fn count(&mut self) {
        self.examined += 1;
    }

    /// Notes a finding; the answer is `None`, for use in place of what was not found.
    pub(crate) fn add<T>(&mut self, finding: Finding) -> Option<T> {
        self.findings.push(finding);
        None
    }
}
