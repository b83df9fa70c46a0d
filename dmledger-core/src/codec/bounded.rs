//! Lists, texts and byte strings whose cap is part of the type.

use super::CodecError;
use alloc::{string::String, vec::Vec};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error, ErrorKind, Read, Result as IoResult},
};
use core::{fmt, ops::Deref};

/// A list of at most `MAX` elements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// Takes the elements over.
    ///
    /// # Errors
    /// [`CodecError::TooMany`] above `MAX` elements.
    pub fn new(elements: Vec<T>) -> Result<Self, CodecError> {
        if elements.len() > MAX {
            return Err(CodecError::TooMany { len: elements.len(), max: MAX });
        }
        Ok(Self(elements))
    }

    /// The list without elements.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Appends one element.
    ///
    /// # Errors
    /// [`CodecError::TooMany`] if the list is full.
    pub fn push(&mut self, element: T) -> Result<(), CodecError> {
        if self.0.len() >= MAX {
            return Err(CodecError::TooMany { len: self.0.len() + 1, max: MAX });
        }
        self.0.push(element);
        Ok(())
    }

    /// Gives the elements back.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T, const MAX: usize> IntoIterator for &'a List<T, MAX> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: BorshDeserialize, const MAX: usize> BorshDeserialize for List<T, MAX> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let len = length(reader, MAX)?;
        // Grows with what is really there: a lying length costs no memory.
        let mut elements = Vec::with_capacity(len.min(64));
        for _ in 0..len {
            elements.push(T::deserialize_reader(reader)?);
        }
        Ok(Self(elements))
    }
}

/// A byte string of at most `MAX` bytes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Bytes<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Bytes<MAX> {
    /// Takes the bytes over.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] above `MAX` bytes.
    pub fn new(bytes: Vec<u8>) -> Result<Self, CodecError> {
        if bytes.len() > MAX {
            return Err(CodecError::TooLong { len: bytes.len(), max: MAX });
        }
        Ok(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// Gives the bytes back.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl<const MAX: usize> fmt::Debug for Bytes<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.0.len())
    }
}

impl<const MAX: usize> AsRef<[u8]> for Bytes<MAX> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> BorshDeserialize for Bytes<MAX> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let mut left = length(reader, MAX)?;
        let mut bytes = Vec::with_capacity(left.min(4096));
        let mut chunk = [0; 4096];
        while left > 0 {
            let part = chunk.get_mut(..left.min(4096)).ok_or_else(|| refuse("length"))?;
            reader.read_exact(part)?;
            bytes.extend_from_slice(part);
            left -= part.len();
        }
        Ok(Self(bytes))
    }
}

/// UTF-8 text of at most `MAX` bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Copies the text.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] above `MAX` bytes of UTF-8.
    pub fn new(text: &str) -> Result<Self, CodecError> {
        if text.len() > MAX {
            return Err(CodecError::TooLong { len: text.len(), max: MAX });
        }
        Ok(Self(String::from(text)))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> BorshDeserialize for Text<MAX> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let bytes = Bytes::<MAX>::deserialize_reader(reader)?;
        String::from_utf8(bytes.into_vec()).map(Self).map_err(|_| refuse("text is not UTF-8"))
    }
}

fn length<R: Read>(reader: &mut R, max: usize) -> IoResult<usize> {
    let len = usize::try_from(u32::deserialize_reader(reader)?).map_err(|_| refuse("length"))?;
    if len > max { Err(refuse("length over its cap")) } else { Ok(len) }
}

fn refuse(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}
