//! Reading and writing little-endian fields without panicking and without allocating.

use crate::error::{DecodeError, EncodeError};

/// Whether reserved flag bits announced content that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a flag word either has reserved bits or has not")]
pub enum Remainder {
    /// Every flag bit is known: nothing may follow the last field.
    Refuse,
    /// A reserved bit is set: a later version's fields may follow and are ignored.
    Ignore,
}

impl Remainder {
    /// [`Remainder::Ignore`] when `reserved` (the flag word masked to its reserved bits) is not zero.
    #[must_use]
    pub const fn of_reserved(reserved: u32) -> Self {
        if reserved == 0 { Self::Refuse } else { Self::Ignore }
    }
}

/// Reads fields from the front of an attribute value.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first octet.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Octets not read yet.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Takes the next `N` octets.
    ///
    /// # Errors
    /// [`DecodeError::TooShort`] when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let Some((head, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(DecodeError::TooShort { needed: N, have: self.rest.len() });
        };
        self.rest = rest;
        Ok(*head)
    }

    /// Takes the next `count` octets.
    ///
    /// # Errors
    /// [`DecodeError::TooShort`] when fewer are left.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let Some((head, rest)) = self.rest.split_at_checked(count) else {
            return Err(DecodeError::TooShort { needed: count, have: self.rest.len() });
        };
        self.rest = rest;
        Ok(head)
    }

    /// Takes all octets that are left.
    pub fn take_rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    /// Next octet.
    ///
    /// # Errors
    /// [`DecodeError::TooShort`] at the end.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[octet]| octet)
    }

    /// Next two octets, least significant first.
    ///
    /// # Errors
    /// [`DecodeError::TooShort`] at the end.
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_le_bytes)
    }

    /// Next two octets as two's complement, least significant first.
    ///
    /// # Errors
    /// [`DecodeError::TooShort`] at the end.
    pub fn i16(&mut self) -> Result<i16, DecodeError> {
        self.array().map(i16::from_le_bytes)
    }

    /// Next three octets, least significant first.
    ///
    /// # Errors
    /// [`DecodeError::TooShort`] at the end.
    pub fn u24(&mut self) -> Result<u32, DecodeError> {
        self.array::<3>().map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    /// Next four octets, least significant first.
    ///
    /// # Errors
    /// [`DecodeError::TooShort`] at the end.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    /// Reads a field only when its flag says that it is there.
    ///
    /// # Errors
    /// Whatever `read` refuses.
    pub fn when<T>(
        &mut self,
        present: bool,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if present { read(self).map(Some) } else { Ok(None) }
    }

    /// Ends the value.
    ///
    /// # Errors
    /// [`DecodeError::TrailingBytes`] when octets are left and `remainder` refuses them.
    pub const fn finish(&self, remainder: Remainder) -> Result<(), DecodeError> {
        match remainder {
            Remainder::Refuse if !self.rest.is_empty() => Err(DecodeError::TrailingBytes { extra: self.rest.len() }),
            _ => Ok(()),
        }
    }
}

/// Writes fields to the front of a caller's buffer.
#[derive(Debug)]
pub struct Writer<'b> {
    buffer: &'b mut [u8],
    length: usize,
}

impl<'b> Writer<'b> {
    /// Starts at the first octet of `buffer`.
    #[must_use]
    pub const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, length: 0 }
    }

    /// Appends `bytes`.
    ///
    /// # Errors
    /// [`EncodeError::BufferTooSmall`] when they do not fit.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        let room = self.buffer.get_mut(self.length..).unwrap_or_default();
        let have = room.len();
        let Some(target) = room.get_mut(..bytes.len()) else {
            return Err(EncodeError::BufferTooSmall { needed: bytes.len(), have });
        };
        target.copy_from_slice(bytes);
        self.length += bytes.len();
        Ok(())
    }

    /// Appends one octet.
    ///
    /// # Errors
    /// [`EncodeError::BufferTooSmall`] when it does not fit.
    pub fn u8(&mut self, value: u8) -> Result<(), EncodeError> {
        self.put(&[value])
    }

    /// Appends two octets, least significant first.
    ///
    /// # Errors
    /// [`EncodeError::BufferTooSmall`] when they do not fit.
    pub fn u16(&mut self, value: u16) -> Result<(), EncodeError> {
        self.put(&value.to_le_bytes())
    }

    /// Appends the low three octets of `value`, least significant first.
    ///
    /// # Errors
    /// [`EncodeError::BufferTooSmall`] when they do not fit.
    pub fn u24(&mut self, value: u32) -> Result<(), EncodeError> {
        let [a, b, c, _] = value.to_le_bytes();
        self.put(&[a, b, c])
    }

    /// Appends four octets, least significant first.
    ///
    /// # Errors
    /// [`EncodeError::BufferTooSmall`] when they do not fit.
    pub fn u32(&mut self, value: u32) -> Result<(), EncodeError> {
        self.put(&value.to_le_bytes())
    }

    /// What has been written so far.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    /// Ends the value and hands back what was written.
    #[must_use]
    pub fn finish(self) -> &'b [u8] {
        let (written, _) = self.buffer.split_at(self.length.min(self.buffer.len()));
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_little_endian_and_end_is_typed() {
        let mut reader = Reader::new(&[1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(reader.u8(), Ok(1));
        assert_eq!(reader.u16(), Ok(0x0302));
        assert_eq!(reader.u24(), Ok(0x0006_0504));
        assert_eq!(reader.u16(), Err(DecodeError::TooShort { needed: 2, have: 1 }));
        assert_eq!(reader.finish(Remainder::Refuse), Err(DecodeError::TrailingBytes { extra: 1 }));
        assert_eq!(reader.finish(Remainder::Ignore), Ok(()));
    }

    #[test]
    fn writer_refuses_what_does_not_fit_and_keeps_what_did() {
        let mut buffer = [0; 4];
        let mut writer = Writer::new(&mut buffer);
        writer.u24(0x00AA_BBCC).unwrap();
        assert_eq!(writer.u16(1), Err(EncodeError::BufferTooSmall { needed: 2, have: 1 }));
        assert_eq!(writer.finish(), [0xCC, 0xBB, 0xAA]);
    }
}
