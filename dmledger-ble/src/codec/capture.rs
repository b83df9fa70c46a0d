//! The table camera's vendor service: manifest, control point and data.
//!
//! No profile of the SIG carries pictures over GATT. The service follows the words of the Object Transfer service, so
//! that the latter can take its place where a radio offers its channels. Every field is least significant octet first.
//! The procedure is described in `docs/camera.md` of this crate.

use super::Characteristic;
mod control;

pub use control::{CameraAnswer, CameraControl, MAX_BITMAP};

use super::cursor::{Reader, Remainder, Writer};
use super::date_time::DateTime;
use super::layout::codes;
use super::uuid::Uuid;
use crate::error::{DecodeError, EncodeError};

/// The camera service.
pub const CAMERA_SERVICE: Uuid = Uuid::vendor(0x646D_6C65_6467_6572_8000_0000_0003_0000);
/// Manifest of an object, indicated while objects are listed.
pub const CAMERA_MANIFEST: Uuid = Uuid::vendor(0x646D_6C65_6467_6572_8000_0000_0003_0001);
/// Control point, written and indicated.
pub const CAMERA_CONTROL: Uuid = Uuid::vendor(0x646D_6C65_6467_6572_8000_0000_0003_0002);
/// Chunks of an object, notified.
pub const CAMERA_DATA: Uuid = Uuid::vendor(0x646D_6C65_6467_6572_8000_0000_0003_0003);

/// Octets of a piece of an object that is verified by itself; the last one may be shorter.
pub const PIECE_BYTES: u32 = 4096;
/// Octets of the digest of a piece.
pub const DIGEST_BYTES: usize = 32;
/// Largest object, 64 MiB.
pub const MAX_OBJECT_BYTES: u32 = 64 << 20;
/// Smallest and largest chunk.
pub const CHUNK_BYTES: core::ops::RangeInclusive<u16> = 8..=500;

/// Number of an object on one camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectNumber(u16);

impl ObjectNumber {
    /// From the number as it travels.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number as it travels.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }
}

codes! {
    /// What an object shows.
    pub struct ObjectKind {
        /// One picture.
        KEY_FRAME = 1;
        /// A clip of some seconds.
        CLIP = 2;
    }
}

codes! {
    /// How an object is encoded.
    pub struct ObjectCodec {
        /// One JPEG picture.
        JPEG = 1;
        /// JPEG pictures one after the other.
        MJPEG = 2;
        /// An H.264 byte stream; opaque here.
        H264 = 3;
    }
}

/// What a camera says of an object before it sends it, 90 octets.
///
/// Object number u16, kind u8, codec u8, length u32, chunk length u16, digest of the whole (32 octets), root over the
/// digests of its pieces (32 octets), start and end of the capture on the camera's clock (7 octets each), version u16
/// (1). The link needs an MTU of at least 93.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the characteristic, checked when written and read")]
pub struct Manifest {
    /// Its number on the camera.
    pub object: ObjectNumber,
    /// What it shows.
    pub kind: ObjectKind,
    /// How it is encoded.
    pub codec: ObjectCodec,
    /// Octets of the object, 1 to [`MAX_OBJECT_BYTES`].
    pub length: u32,
    /// Octets of a chunk of the stream, within [`CHUNK_BYTES`].
    pub chunk: u16,
    /// Digest of the whole object.
    pub digest: [u8; DIGEST_BYTES],
    /// Root over the digests of its pieces.
    pub root: [u8; DIGEST_BYTES],
    /// When the capture began, on the camera's clock.
    pub start: DateTime,
    /// When it ended.
    pub end: DateTime,
}

impl Manifest {
    /// How many pieces the object has.
    #[must_use]
    pub const fn pieces(&self) -> u32 {
        self.length.div_ceil(PIECE_BYTES)
    }

    /// Octets of the stream: the digests of all pieces, then the object.
    #[must_use]
    pub const fn stream_bytes(&self) -> u32 {
        self.pieces() * 32 + self.length
    }

    /// How many chunks the stream has.
    #[must_use]
    pub const fn chunks(&self) -> u32 {
        // A manifest that was read or can be written has a chunk length above zero.
        self.stream_bytes().div_ceil(if self.chunk == 0 { 1 } else { self.chunk as u32 })
    }

    fn fault(&self) -> Option<&'static str> {
        if self.length == 0 || self.length > MAX_OBJECT_BYTES {
            return Some("length");
        }
        if CHUNK_BYTES.contains(&self.chunk) { None } else { Some("chunk length") }
    }
}

impl Characteristic for Manifest {
    const UUID: Uuid = CAMERA_MANIFEST;
    const MAX_BYTES: usize = 90;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let object = ObjectNumber(input.u16()?);
        let [kind, codec] = input.array::<2>()?;
        let (length, chunk) = (input.u32()?, input.u16()?);
        let (digest, root) = (input.array()?, input.array()?);
        let (start, end) = (DateTime::read(&mut input)?, DateTime::read(&mut input)?);
        let version = input.u16()?;
        input.finish(if version == VERSION { Remainder::Refuse } else { Remainder::Ignore })?;
        let (kind, codec) = (ObjectKind::from_number(kind), ObjectCodec::from_number(codec));
        let value = Self { object, kind, codec, length, chunk, digest, root, start, end };
        value.fault().map_or(Ok(value), |field| Err(DecodeError::Forbidden { field }))
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        if let Some(field) = self.fault() {
            return Err(EncodeError::Contradiction { field });
        }
        out.u16(self.object.0)?;
        out.put(&[self.kind.number(), self.codec.number()])?;
        out.u32(self.length)?;
        out.u16(self.chunk)?;
        out.put(&self.digest)?;
        out.put(&self.root)?;
        self.start.write(out)?;
        self.end.write(out)?;
        out.u16(VERSION)
    }
}

/// A chunk of the stream: object u16, index u32, payload of 1 to 500 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the characteristic")]
pub struct Chunk<'a> {
    /// Which object.
    pub object: ObjectNumber,
    /// Place in the stream, counted in chunks.
    pub index: u32,
    /// Octets of the stream.
    pub payload: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Octets before the payload.
    pub const HEADER_BYTES: usize = 6;

    /// Reads a whole attribute value.
    ///
    /// # Errors
    /// [`DecodeError`] under seven octets, or for a payload longer than any chunk.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let (object, index) = (ObjectNumber(input.u16()?), input.u32()?);
        let payload = input.take_rest();
        let most = usize::from(*CHUNK_BYTES.end());
        match payload.len() {
            0 => Err(DecodeError::TooShort { needed: 1, have: 0 }),
            length if length > most => Err(DecodeError::TrailingBytes { extra: length - most }),
            _ => Ok(Self { object, index, payload }),
        }
    }

    /// Writes the attribute value to the front of `buffer` and returns that part.
    ///
    /// # Errors
    /// [`EncodeError`] when it does not fit.
    pub fn encode<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        let mut out = Writer::new(buffer);
        out.u16(self.object.0)?;
        out.u32(self.index)?;
        out.put(self.payload)?;
        Ok(out.finish())
    }
}

const VERSION: u16 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::testing::survives;

    fn manifest() -> Manifest {
        let start = DateTime::new(2026, 3, 1, 12, 30, 0).unwrap();
        Manifest {
            object: ObjectNumber::new(7),
            kind: ObjectKind::CLIP,
            codec: ObjectCodec::MJPEG,
            length: 10_000,
            chunk: 238,
            digest: [1; 32],
            root: [2; 32],
            start,
            end: start,
        }
    }

    #[test]
    fn a_manifest_says_how_many_pieces_and_chunks_there_are() {
        let manifest = manifest();
        assert_eq!((manifest.pieces(), manifest.stream_bytes(), manifest.chunks()), (3, 10_096, 43));
        let mut buffer = [0; Manifest::MAX_BYTES];
        let octets = manifest.encode(&mut buffer).unwrap();
        assert_eq!((octets.len(), Manifest::decode(octets)), (90, Ok(manifest)));
        survives::<Manifest>(octets, |_| false);
        assert!((0..90).all(|end| Manifest::decode(&octets[..end]).is_err()));
        for (length, chunk) in [(0, 238), (MAX_OBJECT_BYTES + 1, 238), (1, 7), (1, 501)] {
            assert!(Manifest { length, chunk, ..manifest }.encode(&mut [0; 90]).is_err());
        }
    }

    #[test]
    fn every_control_value_survives_and_every_cut_is_refused() {
        let object = ObjectNumber::new(0x0102);
        let values = [
            CameraControl::List,
            CameraControl::Grant { object, base: 77, credit: 16, bitmap: &[] },
            CameraControl::Grant { object, base: 77, credit: 16, bitmap: &[0xFE, 1] },
            CameraControl::Abort,
            CameraControl::Delete { object, digest: &[9; 32] },
            CameraControl::Listed(3),
            CameraControl::Window { object, base: 77, sent: 15 },
            CameraControl::Answer { request: 4, answer: CameraAnswer::WRONG_DIGEST },
        ];
        for value in values {
            let mut buffer = [0; CameraControl::MAX_BYTES];
            let octets = value.encode(&mut buffer).unwrap();
            assert_eq!(CameraControl::decode(octets), Ok(value));
            let least = if matches!(value, CameraControl::Grant { .. }) { 9 } else { octets.len() };
            assert!((0..least).all(|end| CameraControl::decode(&octets[..end]).is_err()));
        }
        assert_eq!(CameraControl::decode(&[9]), Err(DecodeError::UnknownOpCode(9)));
        let long = CameraControl::Grant { object, base: 0, credit: 0, bitmap: &[0; 65] };
        assert_eq!(long.encode(&mut [0; 100]), Err(EncodeError::TooLong(65)));
    }

    #[test]
    fn a_chunk_has_a_payload_and_none_too_long() {
        let chunk = Chunk { object: ObjectNumber::new(1), index: 2, payload: &[3, 4] };
        let mut buffer = [0; 8];
        assert_eq!(Chunk::decode(chunk.encode(&mut buffer).unwrap()), Ok(chunk));
        assert!((0..7).all(|end| Chunk::decode(&buffer[..end]).is_err()));
        assert_eq!(Chunk::decode(&[0; 507]), Err(DecodeError::TrailingBytes { extra: 1 }));
    }
}
