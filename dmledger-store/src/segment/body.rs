//! A [`BlockCommit`] as the three sections of a record: block with certificate, tip, state changes.
//!
//! Changes are written so that they can be read in place: the index is built, and rows are served, from the record's
//! own bytes.
//!
//! ```text
//! version u64 | count u32 | (key length u8, key, value length u32, value)* | count u32 | (key length u8, key)*
//! ```

use borsh::BorshSerialize;
use dmledger_core::block::{FinalizedBlock, Tip};
use dmledger_core::codec::{Canonical, decode};
use dmledger_core::traits::{BlockCommit, StateChanges, StoreError};

use super::record::{Builder, Header, Record};
use crate::error::corrupt;

pub(crate) const BLOCK: usize = 0;
pub(crate) const TIP: usize = 1;
pub(crate) const CHANGES: usize = 2;

/// Writes the three sections, in a buffer that was used before.
pub(crate) fn encode(commit: &BlockCommit, buffer: Vec<u8>) -> Result<Builder, StoreError> {
    let changes = &commit.changes;
    let rows: usize = changes.put.iter().map(|(key, value)| key.as_slice().len() + value.len() + 5).sum();
    let stale: usize = changes.stale.iter().map(|key| key.as_slice().len() + 1).sum();
    let mut builder = Builder::reusing(buffer, commit.block.block().size() + rows + stale + 32 * 1024);
    write(builder.buffer(), &commit.block)?;
    builder.end_section();
    write(builder.buffer(), &commit.tip)?;
    builder.end_section();
    write_changes(builder.buffer(), changes)?;
    builder.end_section();
    Ok(builder)
}

/// The block in its section, checked to be the one the record's header names.
pub(crate) fn block(section: &[u8], header: &Header) -> Result<FinalizedBlock, StoreError> {
    decode::<FinalizedBlock>(section)
        .ok()
        .filter(|block| *block.block().id().as_bytes() == header.id)
        .filter(|block| block.block().header().height.value() == header.height)
        .ok_or_else(|| corrupt("block", header.height))
}

/// The tip in its section, checked to be the one of the record's block.
pub(crate) fn tip(section: &[u8], header: &Header) -> Result<Tip, StoreError> {
    decode::<Tip>(section)
        .ok()
        .filter(|tip| *tip.id.as_bytes() == header.id && tip.height.value() == header.height)
        .ok_or_else(|| corrupt("tip", header.height))
}

/// The changes of a record, readable in place.
pub(crate) fn changes(record: &Record) -> Result<Changes, StoreError> {
    Changes::parse(record.section(CHANGES)).ok_or_else(|| corrupt("state changes", record.header.height))
}

fn write<T: Canonical + BorshSerialize>(buffer: &mut Vec<u8>, value: &T) -> Result<(), StoreError> {
    buffer.push(T::VERSION);
    value.serialize(buffer).map_err(|error| StoreError::Backend(Box::new(error)))
}

fn write_changes(buffer: &mut Vec<u8>, changes: &StateChanges) -> Result<(), StoreError> {
    buffer.extend_from_slice(&changes.version.value().to_le_bytes());
    write_count(buffer, changes.put.len())?;
    for (key, value) in &changes.put {
        write_key(buffer, key.as_slice())?;
        write_count(buffer, value.len())?;
        buffer.extend_from_slice(value);
    }
    write_count(buffer, changes.stale.len())?;
    changes.stale.iter().try_for_each(|key| write_key(buffer, key.as_slice()))
}

fn write_count(buffer: &mut Vec<u8>, count: usize) -> Result<(), StoreError> {
    let count = u32::try_from(count).map_err(|_| StoreError::Full)?;
    buffer.extend_from_slice(&count.to_le_bytes());
    Ok(())
}

fn write_key(buffer: &mut Vec<u8>, key: &[u8]) -> Result<(), StoreError> {
    buffer.push(u8::try_from(key.len()).map_err(|_| StoreError::Full)?);
    buffer.extend_from_slice(key);
    Ok(())
}

/// A piece of a record's changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// The bytes it stands for in the section it was found in.
    pub(crate) fn of(self, section: &[u8]) -> &[u8] {
        section.get(self.start..self.end).unwrap_or_default()
    }
}

/// Where keys and values stand in the changes of a record.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) put: Vec<(Span, Span)>,
    pub(crate) stale: Vec<Span>,
}

impl Changes {
    /// Reads a section whose check has passed; `None` if it is not one, trailing bytes included.
    pub(crate) fn parse(section: &[u8]) -> Option<Self> {
        let mut cursor = Cursor { section, at: 8 };
        let puts = cursor.count()?;
        // A row takes five bytes at least: a wrong count does not allocate more than the section's size.
        let mut put = Vec::with_capacity(puts.min(section.len() / 5));
        for _ in 0..puts {
            let key = cursor.key()?;
            let length = cursor.count()?;
            put.push((key, cursor.span(length)?));
        }
        let stales = cursor.count()?;
        let mut stale = Vec::with_capacity(stales.min(section.len()));
        for _ in 0..stales {
            stale.push(cursor.key()?);
        }
        (cursor.at == section.len()).then_some(Self { put, stale })
    }
}

struct Cursor<'a> {
    section: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn span(&mut self, length: usize) -> Option<Span> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.section.len())?;
        let span = Span { start: self.at, end };
        self.at = end;
        Some(span)
    }

    fn count(&mut self) -> Option<usize> {
        let bytes = self.span(4)?.of(self.section);
        usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
    }

    fn key(&mut self) -> Option<Span> {
        let length = *self.span(1)?.of(self.section).first()?;
        self.span(usize::from(length))
    }
}
