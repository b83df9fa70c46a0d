//! One record of the block log: a checked header, three checked sections, an end mark.
//!
//! ```text
//!  0   4  mark "DMR1"
//!  4   1  kind: 1 = block commit, 2 = prune
//!  5   3  zero
//!  8   8  height, little-endian (of the block; of a prune: `below`)
//! 16  32  block id (of a prune: zero)
//! 48  12  three section lengths, u32 little-endian
//! 60  12  three section CRC32C
//! 72   4  CRC32C of the file offset (u64 little-endian) and bytes 0..72
//! 76   -  the sections, one after another
//!      4  end mark "1RMD"
//! ```
//! The offset is part of the header's check, so a record written in the wrong place, or forged inside a block body, is
//! not taken for one. The two marks are never zero: a sector that did not reach the disk shows at both ends.

use crate::segment::Location;

pub(crate) const HEADER_LEN: usize = 76;
const MARK: [u8; 4] = *b"DMR1";
const END_MARK: [u8; 4] = *b"1RMD";
const CHECKED: usize = HEADER_LEN - 4;
pub(crate) const SECTIONS: usize = 3;

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A block with certificate, tip and state changes.
    Commit = 1,
    /// Rows retired at or before the record's height are gone.
    Prune = 2,
}

/// A header whose check has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) height: u64,
    pub(crate) id: [u8; 32],
    lengths: [u32; SECTIONS],
    checks: [u32; SECTIONS],
}

impl Header {
    /// Reads a header that is said to stand at `offset`; `None` if it does not check.
    pub(crate) fn parse(bytes: &[u8], offset: u64) -> Option<Self> {
        let bytes: &[u8; HEADER_LEN] = bytes.get(..HEADER_LEN)?.try_into().ok()?;
        let (checked, check) = bytes.split_at(CHECKED);
        if !checked.starts_with(&MARK) || word(check, 0)? != header_check(checked, offset) {
            return None;
        }
        let kind = match checked.get(4..8)? {
            [1, 0, 0, 0] => Kind::Commit,
            [2, 0, 0, 0] => Kind::Prune,
            _ => return None,
        };
        let height = u64::from_le_bytes(checked.get(8..16)?.try_into().ok()?);
        let id = checked.get(16..48)?.try_into().ok()?;
        let lengths = [word(checked, 48)?, word(checked, 52)?, word(checked, 56)?];
        let checks = [word(checked, 60)?, word(checked, 64)?, word(checked, 68)?];
        Some(Self { kind, height, id, lengths, checks })
    }

    /// Bytes of the whole record, header and end mark included.
    pub(crate) fn record_len(&self) -> u64 {
        let sections: u64 = self.lengths.iter().map(|length| u64::from(*length)).sum();
        HEADER_LEN as u64 + sections + END_MARK.len() as u64
    }

    /// Where section `index` starts inside the record, and its length.
    pub(crate) fn section_span(&self, index: usize) -> (u64, u64) {
        let before: u64 = self.lengths.iter().take(index).map(|length| u64::from(*length)).sum();
        let length = self.lengths.get(index).copied().unwrap_or(0);
        (HEADER_LEN as u64 + before, u64::from(length))
    }

    /// Whether `bytes` are section `index` as it was written.
    pub(crate) fn section_checks(&self, index: usize, bytes: &[u8]) -> bool {
        self.lengths.get(index).is_some_and(|length| *length as usize == bytes.len())
            && self.checks.get(index).is_some_and(|check| *check == crc32c::crc32c(bytes))
    }
}

/// A whole record in memory whose every check has passed.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) header: Header,
    bytes: Vec<u8>,
}

impl Record {
    /// Takes the bytes of a record that is said to stand at `offset`; `None` if any check fails.
    pub(crate) fn parse(bytes: Vec<u8>, offset: u64) -> Option<Self> {
        let header = Header::parse(&bytes, offset)?;
        let record = Self { header, bytes };
        let whole = record.bytes.len() as u64 == header.record_len() && record.bytes.ends_with(&END_MARK);
        let sound = whole && (0..SECTIONS).all(|index| header.section_checks(index, record.section(index)));
        sound.then_some(record)
    }

    /// The bytes of section `index`.
    pub(crate) fn section(&self, index: usize) -> &[u8] {
        let (start, length) = self.header.section_span(index);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
        self.bytes.get(start..end).unwrap_or_default()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The buffer, for the next [`Builder`].
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }
}

/// Builds a record in one buffer: sections are written behind a gap that the header fills at the end.
#[derive(Debug)]
pub(crate) struct Builder {
    buffer: Vec<u8>,
    ends: [usize; SECTIONS],
    section: usize,
}

impl Builder {
    /// Builds in a buffer that was used before: memory the process already has needs no page faults.
    pub(crate) fn reusing(mut buffer: Vec<u8>, body: usize) -> Self {
        buffer.clear();
        buffer.reserve(HEADER_LEN + body + END_MARK.len());
        buffer.resize(HEADER_LEN, 0);
        Self { buffer, ends: [HEADER_LEN; SECTIONS], section: 0 }
    }

    /// The buffer that the present section is written to; only append.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Ends the present section and starts the next.
    pub(crate) fn end_section(&mut self) {
        let end = self.buffer.len();
        for slot in self.ends.iter_mut().skip(self.section) {
            *slot = end;
        }
        self.section += 1;
    }

    /// Fills the header in for a record that will stand at `offset`. `None` if a section is over 4 GiB.
    pub(crate) fn finish(mut self, kind: Kind, height: u64, id: [u8; 32], offset: u64) -> Option<Record> {
        let mut lengths = [0_u32; SECTIONS];
        let mut checks = [0_u32; SECTIONS];
        let mut start = HEADER_LEN;
        for ((length, check), end) in lengths.iter_mut().zip(&mut checks).zip(self.ends) {
            let section = self.buffer.get(start..end)?;
            *length = u32::try_from(section.len()).ok()?;
            *check = crc32c::crc32c(section);
            start = end;
        }
        let header = Header { kind, height, id, lengths, checks };
        let encoded = encode_header(&header, offset);
        self.buffer.get_mut(..HEADER_LEN)?.copy_from_slice(&encoded);
        self.buffer.extend_from_slice(&END_MARK);
        Some(Record { header, bytes: self.buffer })
    }
}

fn encode_header(header: &Header, offset: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_LEN);
    bytes.extend_from_slice(&MARK);
    bytes.extend_from_slice(&[header.kind as u8, 0, 0, 0]);
    bytes.extend_from_slice(&header.height.to_le_bytes());
    bytes.extend_from_slice(&header.id);
    for word in header.lengths.iter().chain(&header.checks) {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    let check = header_check(&bytes, offset);
    bytes.extend_from_slice(&check.to_le_bytes());
    bytes
}

fn header_check(checked: &[u8], offset: u64) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&offset.to_le_bytes()), checked)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// Where in `bytes`, after their first byte, the next sound record starts; `bytes` stand at `offset` in the file.
pub(crate) fn next_sound_record(bytes: &[u8], offset: u64) -> Option<usize> {
    (1..bytes.len().saturating_sub(HEADER_LEN - 1)).find(|start| {
        let Some(rest) = bytes.get(*start..).filter(|rest| rest.starts_with(&MARK)) else { return false };
        let at = offset + *start as u64;
        Header::parse(rest, at).is_some_and(|header| {
            let length = usize::try_from(header.record_len()).unwrap_or(usize::MAX);
            rest.get(..length).is_some_and(|record| Record::parse(record.to_vec(), at).is_some())
        })
    })
}

/// Whether a 512-byte sector of the file holds nothing but zeros where `bytes`, standing at `offset`, should be:
/// the trace of a write that did not reach the disk, which a flipped bit does not leave.
pub(crate) fn lost_a_sector(bytes: &[u8], offset: u64) -> bool {
    const SECTOR: u64 = 512;
    let mut rest = bytes;
    let mut at = offset;
    while !rest.is_empty() {
        let span = usize::try_from(SECTOR - at % SECTOR).unwrap_or(rest.len()).min(rest.len());
        let (sector, after) = rest.split_at(span);
        if sector.iter().all(|byte| *byte == 0) {
            return true;
        }
        rest = after;
        at += span as u64;
    }
    false
}

/// Where a record stands, from the offset of its start.
pub(crate) fn location(segment: u32, offset: u64, header: &Header) -> Location {
    Location { segment, offset, length: header.record_len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dmledger_core::hash::tree;

    fn sample(offset: u64) -> Record {
        let mut builder = Builder::reusing(Vec::new(), 64);
        for section in [&b"block bytes"[..], b"", b"rows"] {
            builder.buffer().extend_from_slice(section);
            builder.end_section();
        }
        builder.finish(Kind::Commit, 7, [9; 32], offset).unwrap()
    }

    #[test]
    fn a_record_reads_back_at_its_offset_and_nowhere_else() {
        let record = sample(96);
        let again = Record::parse(record.bytes().to_vec(), 96).unwrap();
        assert_eq!(again.header, record.header);
        assert_eq!([again.section(0), again.section(1), again.section(2)], [&b"block bytes"[..], b"", b"rows"]);
        assert!(Record::parse(record.bytes().to_vec(), 97).is_none());
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_noticed() {
        let bytes = sample(0).bytes().to_vec();
        for index in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[index] ^= 1 << bit;
                assert!(Record::parse(flipped, 0).is_none(), "byte {index} bit {bit}");
            }
            assert!(Record::parse(bytes[..index].to_vec(), 0).is_none(), "cut at {index}");
        }
    }

    #[test]
    fn the_layout_is_fixed() {
        let bytes = sample(96).bytes().to_vec();
        assert_eq!(bytes.len(), HEADER_LEN + 15 + 4);
        assert_eq!(tree::leaf(&bytes).to_string(), LAYOUT);
    }

    #[test]
    fn a_following_record_is_found_behind_damage() {
        let mut bytes = sample(0).bytes().to_vec();
        let second = bytes.len() as u64;
        bytes.extend_from_slice(sample(second).bytes());
        bytes[20] ^= 1;
        assert_eq!(next_sound_record(&bytes, 0), Some(second as usize));
        assert_eq!(next_sound_record(&bytes[..bytes.len() - 1], 0), None);
    }

    #[test]
    fn a_lost_sector_is_told_from_a_flipped_bit() {
        let mut bytes = vec![1_u8; 1_300];
        assert!(!lost_a_sector(&bytes, 100));
        bytes[412..924].fill(0);
        assert!(lost_a_sector(&bytes, 100));
        assert!(!lost_a_sector(&bytes, 0), "no whole sector is empty");
    }

    const LAYOUT: &str = "6c364c5e15d401cebb398dad8ae7735f75974a43f8c9e4a4346189679efb2a91";
}
