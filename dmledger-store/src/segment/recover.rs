//! Walking the log from a place to its end, and telling a torn tail from damage.
//!
//! One record at a time is in flight, and it is the last one. So whatever does not check is a torn tail only if nothing
//! sound follows it in the last segment and the bytes themselves show a write that did not finish: they stop short, or a
//! whole sector is still empty. Everything else is damage to acknowledged data and is refused, never cut.

use std::io;
use std::sync::Arc;

use dmledger_core::hash::Digest;
use dmledger_core::traits::StoreError;

use super::file::LogFile;
use super::record::{HEADER_LEN, Header, Record, lost_a_sector, next_sound_record};
use super::{Location, MAX_RECORD, Reader, SEGMENT_HEADER, SegmentHeader, read_segment_header, unknown_format};
use crate::error::{corrupt, from_io};

/// One step of a walk.
#[derive(Debug)]
pub(crate) enum Step {
    /// A sound record.
    Record(Location, Record),
    /// The log ends here; `(segment, offset)` is where the next record goes. An offset below the segment header says
    /// that not even that was written.
    End((u32, u64)),
}

/// A walk over the records of a log.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    reader: &'a Reader,
    network: [u8; 32],
    last: u32,
    segment: u32,
    offset: u64,
    file: Arc<dyn LogFile>,
    length: u64,
    /// Height that the next record is about, to name damage by.
    expected: u64,
}

impl<'a> Walk<'a> {
    /// Starts at `(segment, offset)`; an offset of zero means the segment's first record. `expected` is the height the
    /// first record will be about.
    pub(crate) fn start(
        reader: &'a Reader,
        network: [u8; 32],
        (segment, offset): (u32, u64),
        expected: u64,
    ) -> Result<Self, StoreError> {
        let numbers = reader.segments().map_err(from_io)?;
        let gapless = (0_u32..).zip(&numbers).all(|(index, number)| index == *number);
        let last = *numbers.last().ok_or_else(|| corrupt("block segment is missing", expected))?;
        if !gapless || segment > last {
            return Err(corrupt("block segment is missing", expected));
        }
        let file = reader.file(segment).map_err(from_io)?;
        let length = file.length().map_err(from_io)?;
        let mut walk = Self { reader, network, last, segment, offset, file, length, expected };
        walk.enter(offset)?;
        Ok(walk)
    }

    /// The next record, or the end.
    pub(crate) fn next(&mut self) -> Result<Step, StoreError> {
        while self.offset == self.length && self.segment < self.last {
            self.segment += 1;
            self.file = self.reader.file(self.segment).map_err(from_io)?;
            self.length = self.file.length().map_err(from_io)?;
            self.enter(0)?;
        }
        if self.offset >= self.length || self.offset < SEGMENT_HEADER {
            return if self.offset > self.length {
                Err(corrupt("block segment is too short", self.expected))
            } else {
                Ok(Step::End((self.segment, self.offset)))
            };
        }
        match record_at(&*self.file, self.segment, self.offset, self.length).map_err(from_io)? {
            Some((at, record)) => {
                self.offset = at.end();
                Ok(Step::Record(at, record))
            }
            None => self.judge_tail(),
        }
    }

    /// Tells the walk which height comes next.
    pub(crate) fn expect(&mut self, height: u64) {
        self.expected = height;
    }

    /// Checks the present segment's header and goes to `offset`, or to the first record.
    fn enter(&mut self, offset: u64) -> Result<(), StoreError> {
        self.offset = offset.max(SEGMENT_HEADER);
        let mut header = vec![0; usize::try_from(self.length.min(SEGMENT_HEADER)).unwrap_or(0)];
        self.file.read_at(0, &mut header).map_err(from_io)?;
        match read_segment_header(&header) {
            SegmentHeader::Sound(number, network) if network != self.network => {
                let _ = number;
                Err(StoreError::WrongNetwork { found: Digest::new(network), expected: Digest::new(self.network) })
            }
            SegmentHeader::Sound(number, _) if number == self.segment => Ok(()),
            SegmentHeader::Unknown(format) => Err(unknown_format(format)),
            SegmentHeader::Damaged if self.unfinished_header(&header) => {
                self.offset = 0;
                self.length = 0;
                Ok(())
            }
            _ => Err(corrupt("block segment header", self.expected)),
        }
    }

    /// A crash between creating the last segment and syncing its header leaves no more than this.
    fn unfinished_header(&self, header: &[u8]) -> bool {
        self.segment == self.last
            && self.length <= SEGMENT_HEADER
            && (self.length < SEGMENT_HEADER || lost_a_sector(header, 0))
    }

    fn judge_tail(&self) -> Result<Step, StoreError> {
        let left = self.length - self.offset;
        // More than one record can be is not one unfinished record.
        if self.segment == self.last && left <= MAX_RECORD {
            let mut rest = vec![0; usize::try_from(left).unwrap_or(0)];
            self.file.read_at(self.offset, &mut rest).map_err(from_io)?;
            if is_unfinished(&rest, self.offset) {
                return Ok(Step::End((self.segment, self.offset)));
            }
        }
        Err(corrupt("block record", self.expected))
    }
}

/// The sound record at `offset` of a segment of `length` bytes, if there is one.
pub(crate) fn record_at(
    file: &dyn LogFile,
    segment: u32,
    offset: u64,
    length: u64,
) -> io::Result<Option<(Location, Record)>> {
    let left = length.saturating_sub(offset);
    if left < HEADER_LEN as u64 {
        return Ok(None);
    }
    let mut bytes = vec![0; HEADER_LEN];
    file.read_at(offset, &mut bytes)?;
    let Some(header) = Header::parse(&bytes, offset) else { return Ok(None) };
    let at = super::record::location(segment, offset, &header);
    if at.length > left.min(MAX_RECORD) {
        return Ok(None);
    }
    bytes.resize(usize::try_from(at.length).unwrap_or(0), 0);
    file.read_at(offset, &mut bytes)?;
    Ok(Record::parse(bytes, offset).map(|record| (at, record)))
}

/// Whether `rest`, the end of the last segment from `offset` on, is one record that was never completely written.
pub(crate) fn is_unfinished(rest: &[u8], offset: u64) -> bool {
    let stops_short = match Header::parse(rest, offset) {
        Some(header) => header.record_len() > rest.len() as u64,
        None => rest.len() < HEADER_LEN,
    };
    (stops_short || lost_a_sector(rest, offset)) && next_sound_record(rest, offset).is_none()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Writer;
    use super::super::record::{Builder, Kind};
    use super::*;
    use crate::fault::FaultyDisk;

    const NETWORK: [u8; 32] = [7; 32];

    /// Three records in two segments; the bodies hold no run of zeros as long as a sector.
    fn log() -> FaultyDisk {
        let disk = FaultyDisk::new();
        let reader = Arc::new(Reader::new(Arc::new(disk.clone()), Path::new("log")));
        let mut writer = Writer::create(reader, NETWORK, 400).unwrap();
        for height in 0..3_u8 {
            let mut builder = Builder::reusing(Vec::new(), 200);
            for section in 0..3 {
                builder.buffer().extend(vec![height * 3 + section + 1; 60]);
                builder.end_section();
            }
            writer.append(builder, Kind::Commit, u64::from(height), [height; 32]).unwrap();
        }
        disk
    }

    fn heights(disk: &FaultyDisk) -> Result<(Vec<u64>, (u32, u64)), StoreError> {
        let reader = Reader::new(Arc::new(disk.clone()), Path::new("log"));
        let mut walk = Walk::start(&reader, NETWORK, (0, 0), 0)?;
        let mut heights = Vec::new();
        loop {
            match walk.next()? {
                Step::Record(_, record) => {
                    heights.push(record.header.height);
                    walk.expect(record.header.height + 1);
                }
                Step::End(end) => return Ok((heights, end)),
            }
        }
    }

    #[test]
    fn the_log_reads_back_in_order() {
        assert_eq!(log().paths().len(), 2);
        assert_eq!(heights(&log()).unwrap().0, [0, 1, 2]);
    }

    #[test]
    fn every_flipped_bit_of_every_segment_is_refused() {
        let disk = log();
        for path in disk.paths() {
            let bytes = disk.bytes(&path).unwrap();
            for index in 0..bytes.len() {
                for bit in 0..8 {
                    let mut flipped = bytes.clone();
                    flipped[index] ^= 1 << bit;
                    disk.set_bytes(&path, flipped);
                    let read = heights(&disk);
                    let refused = matches!(
                        read,
                        Err(StoreError::Corrupt { .. }
                            | StoreError::WrongNetwork { .. }
                            | StoreError::UnknownLayout { .. })
                    );
                    assert!(refused, "{} byte {index} bit {bit}: {read:?}", path.display());
                }
            }
            disk.set_bytes(&path, bytes);
        }
    }

    #[test]
    fn the_last_segment_may_end_anywhere_and_an_earlier_one_only_where_it_did() {
        let disk = log();
        let [first, last] = [0, 1].map(|index| disk.paths()[index].clone());
        let whole = disk.bytes(&last).unwrap();
        for end in 0..whole.len() {
            disk.set_bytes(&last, whole[..end].to_vec());
            let (heights, (segment, offset)) = heights(&disk).unwrap();
            assert_eq!((heights.as_slice(), segment), (&[0, 1][..], 1), "cut at {end}");
            assert_eq!(offset, if end < 64 { 0 } else { 64 });
        }
        disk.set_bytes(&last, whole);
        let whole = disk.bytes(&first).unwrap();
        for end in (0..whole.len()).filter(|end| *end != 64) {
            disk.set_bytes(&first, whole[..end].to_vec());
            let read = heights(&disk);
            let skipped = matches!(&read, Ok((heights, _)) if heights.first() != Some(&0) || heights.len() < 3);
            assert!(matches!(read, Err(StoreError::Corrupt { .. })) || skipped, "cut at {end}: {read:?}");
        }
    }

    #[test]
    fn a_torn_tail_is_not_cut_when_a_sound_record_stands_behind_it() {
        let disk = log();
        let path = disk.paths()[0].clone();
        let mut bytes = disk.bytes(&path).unwrap();
        bytes[64..140].fill(0);
        disk.set_bytes(&disk.paths()[0], bytes);
        assert!(matches!(heights(&disk), Err(StoreError::Corrupt { .. })));
    }
}
