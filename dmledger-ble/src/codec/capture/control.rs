//! The camera's control point.

use super::{DIGEST_BYTES, ObjectNumber};
use crate::codec::cursor::{Reader, Remainder, Writer};
use crate::codec::layout::codes;
use crate::error::{DecodeError, EncodeError};

codes! {
    /// How a camera says that a request ended.
    pub struct CameraAnswer {
        /// Done.
        SUCCESS = 1;
        /// Op code not supported.
        OP_CODE_NOT_SUPPORTED = 2;
        /// The operand is malformed.
        INVALID_OPERAND = 3;
        /// No such object.
        NO_OBJECT = 4;
        /// The digest is not that of the object: nothing was deleted.
        WRONG_DIGEST = 5;
    }
}

/// A value of the control point, in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CameraControl<'a> {
    /// 0x01, written: indicate every manifest, then [`Self::Listed`].
    List,
    /// 0x02, written: object u16, base u32, credit u16, bitmap (0 to 64 octets). Every chunk below `base` has arrived,
    /// and of the chunks from `base` on those whose bit is set (least significant bit of the first octet first). Send
    /// the next `credit` chunks that have not arrived, in ascending order, from `base` up to `base + 8 * bitmap` (with
    /// an empty bitmap up to `base + credit`), then [`Self::Window`].
    Grant {
        /// Which object.
        object: ObjectNumber,
        /// First chunk that has not arrived.
        base: u32,
        /// How many chunks may be sent.
        credit: u16,
        /// Which of the chunks from `base` on have arrived.
        bitmap: &'a [u8],
    },
    /// 0x03, written: stop sending.
    Abort,
    /// 0x04, written: object u16, digest (32 octets). The object is verified and kept: delete it.
    Delete {
        /// Which object.
        object: ObjectNumber,
        /// Digest of what was received.
        digest: &'a [u8; DIGEST_BYTES],
    },
    /// 0x81, indicated: how many objects there are, u16.
    Listed(u16),
    /// 0x82, indicated: object u16, base u32, chunks sent u16. Answers the grant with this base.
    Window {
        /// Which object.
        object: ObjectNumber,
        /// The base of the grant.
        base: u32,
        /// How many chunks were sent.
        sent: u16,
    },
    /// 0x80, indicated: op code u8, answer u8.
    Answer {
        /// The request that ended.
        request: u8,
        /// How.
        answer: CameraAnswer,
    },
}

impl<'a> CameraControl<'a> {
    /// Octets of the longest value.
    pub const MAX_BYTES: usize = 9 + MAX_BITMAP;
    /// Octets of a grant before its bitmap.
    pub const GRANT_BYTES: usize = 9;

    /// The op code.
    #[must_use]
    pub const fn op_code(&self) -> u8 {
        match self {
            Self::List => LIST,
            Self::Grant { .. } => GRANT,
            Self::Abort => ABORT,
            Self::Delete { .. } => DELETE,
            Self::Answer { .. } => ANSWER,
            Self::Listed(_) => LISTED,
            Self::Window { .. } => WINDOW,
        }
    }

    /// Reads a whole attribute value.
    ///
    /// # Errors
    /// [`DecodeError`] when the octets are no such value.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let value = match input.u8()? {
            LIST => Self::List,
            ABORT => Self::Abort,
            GRANT => {
                let (object, base, credit) = (ObjectNumber(input.u16()?), input.u32()?, input.u16()?);
                let bitmap = input.take_rest();
                if bitmap.len() > MAX_BITMAP {
                    return Err(DecodeError::TrailingBytes { extra: bitmap.len() - MAX_BITMAP });
                }
                Self::Grant { object, base, credit, bitmap }
            }
            DELETE => {
                let object = ObjectNumber(input.u16()?);
                let rest = input.take(DIGEST_BYTES)?;
                let short = DecodeError::TooShort { needed: DIGEST_BYTES, have: rest.len() };
                Self::Delete { object, digest: rest.first_chunk().ok_or(short)? }
            }
            LISTED => Self::Listed(input.u16()?),
            WINDOW => Self::Window { object: ObjectNumber(input.u16()?), base: input.u32()?, sent: input.u16()? },
            ANSWER => Self::Answer { request: input.u8()?, answer: CameraAnswer::from_number(input.u8()?) },
            other => return Err(DecodeError::UnknownOpCode(other)),
        };
        input.finish(Remainder::Refuse)?;
        Ok(value)
    }

    /// Writes the attribute value to the front of `buffer` and returns that part.
    ///
    /// # Errors
    /// [`EncodeError`] when it does not fit or the bitmap is longer than 64 octets.
    pub fn encode<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        let mut out = Writer::new(buffer);
        out.u8(self.op_code())?;
        match self {
            Self::List | Self::Abort => {}
            Self::Grant { bitmap, .. } if bitmap.len() > MAX_BITMAP => return Err(EncodeError::TooLong(bitmap.len())),
            Self::Grant { object, base, credit, bitmap } => {
                out.u16(object.0)?;
                out.u32(*base)?;
                out.u16(*credit)?;
                out.put(bitmap)?;
            }
            Self::Delete { object, digest } => {
                out.u16(object.0)?;
                out.put(*digest)?;
            }
            Self::Listed(count) => out.u16(*count)?,
            Self::Window { object, base, sent } => {
                out.u16(object.0)?;
                out.u32(*base)?;
                out.u16(*sent)?;
            }
            Self::Answer { request, answer } => out.put(&[*request, answer.number()])?,
        }
        Ok(out.finish())
    }
}

/// Octets of the longest bitmap: 512 chunks.
pub const MAX_BITMAP: usize = 64;
const LIST: u8 = 1;
const GRANT: u8 = 2;
const ABORT: u8 = 3;
const DELETE: u8 = 4;
const ANSWER: u8 = 0x80;
const LISTED: u8 = 0x81;
const WINDOW: u8 = 0x82;
