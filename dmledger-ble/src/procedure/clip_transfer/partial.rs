//! What has arrived of an object: its stream, which chunks are there, which pieces are verified.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use dmledger_core::hash::{Digest, tag, tagged, tree};
use thiserror::Error;

use crate::codec::capture::{DIGEST_BYTES, MAX_BITMAP, Manifest, PIECE_BYTES};

/// The beginning of an object, from none of its chunks to all of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Partial {
    manifest: Manifest,
    stream: Vec<u8>,
    /// One bit a chunk, least significant first.
    have: Vec<u64>,
    count: u32,
    /// Every chunk below this one is there.
    first_missing: u32,
    digests_checked: bool,
    verified: Vec<bool>,
}

impl core::fmt::Debug for Partial {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Partial({} of {} chunks of {:?})", self.count, self.manifest.chunks(), self.manifest.object)
    }
}

/// What a chunk turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// It was missing.
    First,
    /// It was there.
    Repeat,
    /// It does not fit the manifest.
    Misfit,
    /// It made a piece whole that failed its digest; so many chunks are missing again.
    Corrupt(u32),
}

/// Why octets are no beginning of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("chunk {0} does not fit the object")]
pub struct BadPartial(u32);

impl Partial {
    /// Nothing of the object yet.
    #[must_use]
    pub fn new(manifest: Manifest) -> Self {
        let chunks = usize::try_from(manifest.chunks()).unwrap_or(usize::MAX);
        Self {
            manifest,
            stream: vec![0; size(manifest.stream_bytes())],
            have: vec![0; chunks.div_ceil(64)],
            count: 0,
            first_missing: 0,
            digests_checked: false,
            verified: vec![false; size(manifest.pieces())],
        }
    }

    /// The object whose beginning it is.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Puts back a chunk that a host kept from an earlier transfer. What is wrong in it is found when its piece is whole.
    ///
    /// # Errors
    /// [`BadPartial`] when place or length do not fit the manifest.
    pub fn restore(&mut self, index: u32, payload: &[u8]) -> Result<(), BadPartial> {
        match self.store(index, payload) {
            Stored::Misfit => Err(BadPartial(index)),
            Stored::First | Stored::Repeat | Stored::Corrupt(_) => Ok(()),
        }
    }

    /// A chunk that is there, for a host that keeps what has arrived.
    #[must_use]
    pub fn chunk(&self, index: u32) -> Option<&[u8]> {
        if self.has(index) { self.stream.get(self.range(index)) } else { None }
    }

    /// How many chunks are there.
    #[must_use]
    pub const fn arrived(&self) -> u32 {
        self.count
    }

    /// How many chunks are missing.
    #[must_use]
    pub const fn missing(&self) -> u32 {
        self.manifest.chunks().saturating_sub(self.count)
    }

    /// The first chunk that is missing.
    pub(super) const fn first_missing(&self) -> u32 {
        self.first_missing
    }

    pub(super) fn has(&self, index: u32) -> bool {
        self.have.get(size(index / 64)).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Which of the chunks from `base` to `last` are there: one bit each, least significant first; empty if none is.
    pub(super) fn bitmap(&self, base: u32, last: u32) -> Vec<u8> {
        let octets = (last.saturating_sub(base) / 8 + 1).min(u32::try_from(MAX_BITMAP).unwrap_or(0));
        let octet = |place: u32| {
            let start = base.saturating_add(8 * place);
            (0..8).filter(|bit| self.has(start.saturating_add(*bit))).fold(0, |octet, bit| octet | 1_u8 << bit)
        };
        let bitmap: Vec<_> = (0..octets).map(octet).collect();
        if bitmap.iter().all(|octet| *octet == 0) { Vec::new() } else { bitmap }
    }

    pub(super) fn store(&mut self, index: u32, payload: &[u8]) -> Stored {
        let range = self.range(index);
        if range.is_empty() || payload.len() != range.len() {
            return Stored::Misfit;
        }
        if self.has(index) {
            return Stored::Repeat;
        }
        self.put(range.clone(), payload);
        self.mark(index, true);
        while self.first_missing < self.manifest.chunks() && self.has(self.first_missing) {
            self.first_missing += 1;
        }
        let lost = self.check(&range);
        if lost > 0 { Stored::Corrupt(lost) } else { Stored::First }
    }

    /// The object, if everything is there and its digest is the manifest's. With every piece right and another digest
    /// the manifest contradicts itself.
    pub(super) fn object(&self) -> Option<&[u8]> {
        if self.missing() > 0 || !self.digests_checked || self.verified.contains(&false) {
            return None;
        }
        let object = self.stream.get(size(self.manifest.pieces()) * DIGEST_BYTES..)?;
        (tagged(tag::BLE_OBJECT, object).as_bytes() == &self.manifest.digest).then_some(object)
    }

    /// Octets of the stream that a chunk holds.
    fn range(&self, index: u32) -> Range<usize> {
        if index >= self.manifest.chunks() {
            return 0..0;
        }
        let start = size(index) * usize::from(self.manifest.chunk);
        start..(start + usize::from(self.manifest.chunk)).min(self.stream.len())
    }

    fn mark(&mut self, index: u32, there: bool) {
        let Some(word) = self.have.get_mut(size(index / 64)) else { return };
        let bit = 1 << (index % 64);
        if there {
            *word |= bit;
            self.count += 1;
        } else if *word & bit != 0 {
            *word &= !bit;
            self.count -= 1;
            self.first_missing = self.first_missing.min(index);
        }
    }

    /// Octets of the stream that a piece holds.
    fn piece(&self, piece: usize) -> Range<usize> {
        let digests = self.verified.len() * DIGEST_BYTES;
        let start = digests + piece * size(PIECE_BYTES);
        start..(start + size(PIECE_BYTES)).min(self.stream.len())
    }

    /// Writes octets, except into what is verified already.
    fn put(&mut self, range: Range<usize>, payload: &[u8]) {
        let digests = self.verified.len() * DIGEST_BYTES;
        for (place, octet) in range.zip(payload) {
            let fixed = match place.checked_sub(digests) {
                None => self.digests_checked,
                Some(inside) => self.verified.get(inside / size(PIECE_BYTES)).copied().unwrap_or(true),
            };
            if let (false, Some(target)) = (fixed, self.stream.get_mut(place)) {
                *target = *octet;
            }
        }
    }

    /// Verifies what became whole with these octets; says how many chunks are missing again.
    fn check(&mut self, range: &Range<usize>) -> u32 {
        let digests = self.verified.len() * DIGEST_BYTES;
        if !self.digests_checked {
            if !self.is_whole(&(0..digests)) {
                return 0;
            }
            let list: Vec<_> = self.stream.get(..digests).unwrap_or_default().chunks(DIGEST_BYTES).collect();
            if tree::root(&list).as_bytes() != &self.manifest.root {
                return self.lose(&(0..digests));
            }
            self.digests_checked = true;
            return (0..self.verified.len()).map(|piece| self.check_piece(piece)).sum();
        }
        let first = range.start.max(digests) - digests;
        let last = range.end.max(digests + 1) - digests - 1;
        (first / size(PIECE_BYTES)..=last / size(PIECE_BYTES)).map(|piece| self.check_piece(piece)).sum()
    }

    fn check_piece(&mut self, piece: usize) -> u32 {
        let range = self.piece(piece);
        if range.is_empty() || self.verified.get(piece) != Some(&false) || !self.is_whole(&range) {
            return 0;
        }
        let computed = tagged(tag::BLE_OBJECT_PIECE, self.stream.get(range.clone()).unwrap_or_default());
        let stated = self.stream.get(piece * DIGEST_BYTES..(piece + 1) * DIGEST_BYTES);
        if stated != Some(&computed.as_bytes()[..]) {
            return self.lose(&range);
        }
        if let Some(verified) = self.verified.get_mut(piece) {
            *verified = true;
        }
        0
    }

    /// The chunks that hold these octets.
    fn chunks_of(&self, range: &Range<usize>) -> Range<u32> {
        let chunk = usize::from(self.manifest.chunk.max(1));
        let index = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        index(range.start / chunk)..index(range.end.div_ceil(chunk))
    }

    fn is_whole(&self, range: &Range<usize>) -> bool {
        self.chunks_of(range).all(|index| self.has(index))
    }

    fn lose(&mut self, range: &Range<usize>) -> u32 {
        let before = self.count;
        for index in self.chunks_of(range) {
            self.mark(index, false);
        }
        before - self.count
    }
}

/// Manifest of an object: its digest, and the root over the digests of its pieces. For cameras and their simulation.
pub(crate) fn digests(object: &[u8]) -> (Vec<Digest>, Digest, Digest) {
    let pieces: Vec<_> = object.chunks(size(PIECE_BYTES)).map(|piece| tagged(tag::BLE_OBJECT_PIECE, piece)).collect();
    let list: Vec<_> = pieces.iter().map(Digest::as_bytes).collect();
    let root = tree::root(&list);
    (pieces, tagged(tag::BLE_OBJECT, object), root)
}

/// Sizes here are below 128 MiB.
fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
