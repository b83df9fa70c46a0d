//! Chunked authenticated encryption of one record: the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizar
//! ("Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015), with constant memory and
//! random access.
//!
//! The padded plaintext is cut into chunks of [`CHUNK_PLAINTEXT`] bytes (the last one shorter). Chunk `i` is encrypted
//! under the data key with nonce `0^7 || i as 32-bit big-endian || last`, where `last` is 1 on the final chunk and 0 on
//! all others, and with the digest of the record header as associated data. The counter refuses reordering and
//! duplication, the flag refuses truncation and extension, the header digest refuses a chunk of any other record. The
//! nonce prefix is zero because a data key seals one record only. A sealed chunk of [`CHUNK_BYTES`] is one segment of
//! the data lake, so that reading chunk `i` needs and verifies exactly one segment.

use super::data_key::DataKey;
use super::error::Inauthentic;
use super::suite::{RecordCipher, SealSuite, TAG_BYTES};
use core::{fmt, ops::Range};
use dmledger_core::hash::Digest;
use thiserror::Error;
use zeroize::Zeroizing;

/// Bytes of a full sealed chunk, tag included.
pub const CHUNK_BYTES: usize = 65_536;
/// Plaintext bytes of a full chunk.
pub const CHUNK_PLAINTEXT: usize = CHUNK_BYTES - TAG_BYTES;
/// Longest plaintext of one record: 2^40 bytes.
pub const MAX_PLAINTEXT: u64 = 1 << 40;
/// Shortest padded length: a reading and a day of readings look alike.
const MIN_PADDED: u64 = 256;

/// Why bytes could not be sealed or opened as a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StreamError {
    /// A plaintext over [`MAX_PLAINTEXT`].
    #[error("{len} bytes where at most {max} can be sealed in one record")]
    TooLong {
        /// Bytes asked for.
        len: u64,
        /// The limit.
        max: u64,
    },
    /// More or fewer bytes were given than the header announces.
    #[error("{found} bytes where {announced} are announced")]
    Length {
        /// Bytes given so far.
        found: u64,
        /// Bytes announced.
        announced: u64,
    },
    /// No chunk has this number.
    #[error("chunk {index} of {chunks}")]
    NoSuchChunk {
        /// Chunk asked for.
        index: u32,
        /// Number of chunks.
        chunks: u32,
    },
    /// A chunk is not what was sealed at its place.
    #[error(transparent)]
    Inauthentic(#[from] Inauthentic),
}

/// How a record of a given length lies in chunks.
///
/// The plaintext is padded with zeros to the next size class of the Padme scheme (Nikitin et al., "Reducing Metadata
/// Leakage from Encrypted Files and Communication with PURBs", PETS 2019): at most 12 % longer, and only
/// `O(log log len)` bits of the length remain visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    padded: u64,
}

impl Layout {
    /// The layout of `len` plaintext bytes.
    ///
    /// # Errors
    /// [`StreamError::TooLong`] above [`MAX_PLAINTEXT`].
    pub fn of_plaintext(len: u64) -> Result<Self, StreamError> {
        if len > MAX_PLAINTEXT {
            return Err(StreamError::TooLong { len, max: MAX_PLAINTEXT });
        }
        let len = len.max(MIN_PADDED);
        let exponent = len.ilog2();
        let mask = (1_u64 << (exponent - exponent.ilog2() - 1)) - 1;
        Ok(Self { padded: (len + mask) & !mask })
    }

    /// The layout a header announces by its padded length.
    ///
    /// # Errors
    /// [`StreamError::Length`] if no plaintext is padded to this length.
    pub fn of_padded(padded: u64) -> Result<Self, StreamError> {
        let layout = Self::of_plaintext(padded)?;
        if layout.padded == padded {
            Ok(layout)
        } else {
            Err(StreamError::Length { found: padded, announced: layout.padded })
        }
    }

    /// Padded plaintext length in bytes.
    #[must_use]
    pub const fn padded(&self) -> u64 {
        self.padded
    }

    /// Number of chunks, at least 1.
    #[must_use]
    pub fn chunks(&self) -> u32 {
        u32::try_from(self.padded.div_ceil(CHUNK_PLAINTEXT as u64)).unwrap_or(u32::MAX)
    }

    /// Length of the whole ciphertext in bytes.
    #[must_use]
    pub fn sealed_len(&self) -> u64 {
        self.padded + u64::from(self.chunks()) * TAG_BYTES as u64
    }

    /// Where sealed chunk `index` lies in the ciphertext, in bytes.
    ///
    /// # Errors
    /// [`StreamError::NoSuchChunk`].
    pub fn sealed_range(&self, index: u32) -> Result<Range<u64>, StreamError> {
        if index >= self.chunks() {
            return Err(StreamError::NoSuchChunk { index, chunks: self.chunks() });
        }
        let start = u64::from(index) * CHUNK_BYTES as u64;
        Ok(start..(start + CHUNK_BYTES as u64).min(self.sealed_len()))
    }

    /// The chunk that holds plaintext byte `at`.
    #[must_use]
    pub fn chunk_of(&self, at: u64) -> u32 {
        u32::try_from(at / CHUNK_PLAINTEXT as u64).unwrap_or(u32::MAX)
    }

    fn sealed_chunk_len(&self, index: u32) -> Result<usize, StreamError> {
        let range = self.sealed_range(index)?;
        Ok(usize::try_from(range.end - range.start).unwrap_or(CHUNK_BYTES))
    }
}

/// The cipher of one record, chunk by chunk.
#[derive(Debug)]
struct Chunks {
    cipher: RecordCipher,
    header: Digest,
    layout: Layout,
}

impl Chunks {
    fn nonce(&self, index: u32) -> [u8; 12] {
        let mut nonce = [0; 12];
        let [.., a, b, c, d, last] = &mut nonce;
        [*a, *b, *c, *d] = index.to_be_bytes();
        *last = u8::from(index + 1 == self.layout.chunks());
        nonce
    }

    /// Encrypts `out[from..]` in place as chunk `index` and appends the tag.
    fn seal(&self, index: u32, from: usize, out: &mut Vec<u8>) -> Result<(), StreamError> {
        let chunk = out.get_mut(from..).unwrap_or_default();
        let tag = self.cipher.seal(&self.nonce(index), self.header.as_bytes(), chunk)?;
        out.extend_from_slice(&tag);
        Ok(())
    }

    /// Decrypts sealed chunk `index` onto the end of `out`; on failure `out` is as it was.
    fn open(&self, index: u32, sealed: &[u8], out: &mut Vec<u8>) -> Result<(), StreamError> {
        if sealed.len() != self.layout.sealed_chunk_len(index)? {
            return Err(Inauthentic.into());
        }
        let (chunk, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(Inauthentic)?;
        let from = out.len();
        out.extend_from_slice(chunk);
        let place = out.get_mut(from..).unwrap_or_default();
        let opened = self.cipher.open(&self.nonce(index), self.header.as_bytes(), place, tag);
        if opened.is_err() {
            out.truncate(from);
        }
        Ok(opened?)
    }
}

/// Seals one record from front to back in constant memory.
pub struct Sealer {
    chunks: Chunks,
    next: u32,
    /// Plaintext bytes announced, and how many of them were given.
    len: u64,
    given: u64,
    pending: Zeroizing<Vec<u8>>,
}

impl Sealer {
    /// Begins the record of `len` plaintext bytes whose header digest is `header`. Consumes the data key: it seals
    /// nothing else.
    ///
    /// # Errors
    /// [`StreamError::TooLong`].
    #[expect(clippy::needless_pass_by_value, reason = "a data key seals once")]
    pub fn new(suite: SealSuite, key: DataKey, header: Digest, len: u64) -> Result<Self, StreamError> {
        let layout = Layout::of_plaintext(len)?;
        let chunks = Chunks { cipher: suite.cipher(key.secret()), header, layout };
        Ok(Self { chunks, next: 0, len, given: 0, pending: Zeroizing::new(Vec::with_capacity(CHUNK_PLAINTEXT)) })
    }

    /// Goes on after the first `done` chunks, which were sealed under the same key and are kept.
    ///
    /// # Errors
    /// [`StreamError::NoSuchChunk`] unless something is left to seal.
    pub(crate) fn skip(mut self, done: u32) -> Result<Self, StreamError> {
        let chunks = self.chunks.layout.chunks();
        if done >= chunks {
            return Err(StreamError::NoSuchChunk { index: done, chunks });
        }
        self.next = done;
        self.given = (u64::from(done) * CHUNK_PLAINTEXT as u64).min(self.len);
        Ok(self)
    }

    /// How many plaintext bytes were taken: where the source is to go on.
    #[must_use]
    pub const fn given(&self) -> u64 {
        self.given
    }

    /// How the record lies in chunks.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.chunks.layout
    }

    /// Takes more plaintext and appends every chunk that became full to `out`.
    ///
    /// # Errors
    /// [`StreamError::Length`] if more plaintext arrives than was announced; nothing of it is sealed.
    pub fn update(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), StreamError> {
        let given = self.given.saturating_add(plaintext.len() as u64);
        if given > self.len {
            return Err(StreamError::Length { found: given, announced: self.len });
        }
        self.given = given;
        self.absorb(plaintext, out)
    }

    /// Pads and appends what is left to `out`.
    ///
    /// # Errors
    /// [`StreamError::Length`] if less plaintext was given than announced.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), StreamError> {
        if self.given != self.len {
            return Err(StreamError::Length { found: self.given, announced: self.len });
        }
        let zeros = [0; 4096];
        let sealed = u64::from(self.next) * CHUNK_PLAINTEXT as u64 + self.pending.len() as u64;
        let mut left = self.chunks.layout.padded().saturating_sub(sealed);
        while left > 0 {
            let step = usize::try_from(left).unwrap_or(usize::MAX).min(zeros.len());
            self.absorb(zeros.get(..step).unwrap_or_default(), out)?;
            left -= step as u64;
        }
        // The final chunk stays pending until here, full or not.
        self.emit_pending(out)
    }

    fn absorb(&mut self, mut input: &[u8], out: &mut Vec<u8>) -> Result<(), StreamError> {
        while !input.is_empty() {
            if self.pending.len() == CHUNK_PLAINTEXT {
                self.emit_pending(out)?;
            }
            // A chunk that is whole in the input and not the final one goes straight to its place.
            if self.pending.is_empty() && input.len() > CHUNK_PLAINTEXT {
                let (chunk, rest) = input.split_at(CHUNK_PLAINTEXT);
                self.emit(chunk, out)?;
                input = rest;
                continue;
            }
            let (part, rest) = input.split_at(input.len().min(CHUNK_PLAINTEXT - self.pending.len()));
            self.pending.extend_from_slice(part);
            input = rest;
        }
        Ok(())
    }

    fn emit_pending(&mut self, out: &mut Vec<u8>) -> Result<(), StreamError> {
        let mut pending = core::mem::take(&mut self.pending);
        let done = self.emit(&pending, out);
        pending.clear();
        self.pending = pending;
        done
    }

    fn emit(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), StreamError> {
        let from = out.len();
        out.reserve(chunk.len() + TAG_BYTES);
        out.extend_from_slice(chunk);
        self.chunks.seal(self.next, from, out)?;
        self.next += 1;
        Ok(())
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({} of {} bytes)", self.given, self.len)
    }
}

/// Opens the chunks of one record, in any order.
#[derive(Debug)]
pub struct Opener {
    chunks: Chunks,
    len: u64,
}

impl Opener {
    /// Prepares to open the record of `len` plaintext bytes whose header digest is `header`.
    ///
    /// # Errors
    /// [`StreamError::TooLong`].
    pub(crate) fn new(suite: SealSuite, key: &DataKey, header: Digest, len: u64) -> Result<Self, StreamError> {
        let layout = Layout::of_plaintext(len)?;
        Ok(Self { chunks: Chunks { cipher: suite.cipher(key.secret()), header, layout }, len })
    }

    /// How the record lies in chunks.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.chunks.layout
    }

    /// Plaintext length in bytes, padding left out.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether the record is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Opens sealed chunk `index` alone and appends its plaintext, padding left out, to `out`.
    ///
    /// # Errors
    /// [`StreamError::NoSuchChunk`]; [`Inauthentic`] if `sealed` is not the chunk sealed at this place of this record.
    pub fn chunk(&self, index: u32, sealed: &[u8], out: &mut Vec<u8>) -> Result<(), StreamError> {
        let from = out.len();
        self.chunks.open(index, sealed, out)?;
        let start = u64::from(index) * CHUNK_PLAINTEXT as u64;
        let wanted = usize::try_from(self.len.saturating_sub(start)).unwrap_or(usize::MAX).min(out.len() - from);
        let padding = out.get(from + wanted..).unwrap_or_default();
        if padding.iter().any(|byte| *byte != 0) {
            out.truncate(from);
            return Err(Inauthentic.into());
        }
        out.truncate(from + wanted);
        Ok(())
    }

    /// Opens the whole ciphertext.
    ///
    /// # Errors
    /// [`StreamError::Length`] if it is longer or shorter than the header announces, [`Inauthentic`] if any chunk is.
    pub fn all(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, StreamError> {
        let (found, announced) = (ciphertext.len() as u64, self.chunks.layout.sealed_len());
        if found != announced {
            return Err(StreamError::Length { found, announced });
        }
        let capacity = usize::try_from(self.chunks.layout.padded()).unwrap_or(ciphertext.len()).min(ciphertext.len());
        let mut out = Zeroizing::new(Vec::with_capacity(capacity));
        for (index, sealed) in (0..).zip(ciphertext.chunks(CHUNK_BYTES)) {
            self.chunk(index, sealed, &mut out)?;
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests;
