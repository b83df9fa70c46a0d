//! All versions of a record, and what a holder of a copy can tell from them.

use super::{AnswerError, complete};
use crate::{
    codec::Canonical,
    consent::RecordVersion,
    envelope::ChainId,
    hash::Digest,
    record::{ContentId, RecordId},
    state::{
        CompleteList,
        tables::{AnchoredEntry, Places, Proved},
    },
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// All versions of an original, itself first.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RecordVersions {
    list: Proved<CompleteList>,
    versions: Vec<(Proved<AnchoredEntry>, Proved<RecordVersion>)>,
}

/// A version with its index entry.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a line of a table, for its reader")]
pub struct VersionLine<'a> {
    /// Where it is and what it commits to.
    pub anchored: &'a AnchoredEntry,
    /// What makes it a version; `None` for the original.
    pub version: Option<&'a RecordVersion>,
}

impl RecordVersions {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(
        list: Proved<CompleteList>,
        versions: Vec<(Proved<AnchoredEntry>, Proved<RecordVersion>)>,
    ) -> Self {
        Self { list, versions }
    }

    /// The versions, once shown to be all of `original` under `root`; every one verified to follow the one before it.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out; [`AnswerError::Missing`] if there is no such original.
    pub fn verify(
        &self,
        root: &Digest,
        chain: ChainId,
        original: &RecordId,
    ) -> Result<Vec<VersionLine<'_>>, AnswerError> {
        let places = Places::new(chain);
        let (mut names, mut lines) = (Vec::new(), Vec::<VersionLine<'_>>::new());
        for (anchored, version) in &self.versions {
            let name = anchored.value().ok_or(AnswerError::Missing)?.entry.facts().record;
            let anchored = anchored.verify(root, &places.record(&name))?.ok_or(AnswerError::Missing)?;
            let version = version.verify(root, &places.version(&name))?;
            let before = lines.last().map(|line| line.anchored.entry.facts().record);
            if before != version.map(|version| version.supersedes) {
                return Err(AnswerError::Missing);
            }
            names.push(Digest::new(*name.as_bytes()));
            lines.push(VersionLine { anchored, version });
        }
        if lines.first().map(|line| line.anchored.entry.facts().record) != Some(*original) {
            return Err(AnswerError::Missing);
        }
        // A record that nothing followed has no list: its place has to be shown empty.
        let listed = if names.len() == 1 { &[][..] } else { &names };
        complete(&self.list, root, &places.versions(original), listed)?;
        Ok(lines)
    }

    /// Which version a held copy of the ciphertext equals, from 0, and whether it is the latest.
    ///
    /// # Errors
    /// As [`Self::verify`]; [`AnswerError::Missing`] if it equals none.
    pub fn identify(
        &self,
        copy: &[u8],
        root: &Digest,
        chain: ChainId,
        original: &RecordId,
    ) -> Result<(usize, bool), AnswerError> {
        let lines = self.verify(root, chain, original)?;
        let content = ContentId::of(copy);
        let equal = lines.iter().rposition(|line| line.anchored.entry.facts().content == content);
        let number = equal.ok_or(AnswerError::Missing)?;
        Ok((number, number + 1 == lines.len()))
    }
}

impl Canonical for RecordVersions {
    const MAX_BYTES: usize = 64 * 1024 * 1024;
}
