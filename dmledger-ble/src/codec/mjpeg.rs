//! Motion JPEG: pictures one after the other, split at their markers.
//!
//! A picture begins with SOI (FF D8) and ends with EOI (FF D9). Segments are stepped over by their length, so that a
//! thumbnail inside one is not taken for the end; in entropy-coded data FF 00 is a stuffed octet and FF D0 to FF D7 are
//! restart markers (ITU-T T.81, annex B). No picture is decoded.

use thiserror::Error;

/// Why octets are not pictures one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MjpegError {
    /// No picture begins here.
    #[error("no picture begins at octet {0}")]
    NoStart(usize),
    /// The picture that begins here has no end.
    #[error("picture without end at octet {0}")]
    NoEnd(usize),
}

/// The pictures of a stream, in order; ends after the first error.
#[must_use]
pub const fn frames(stream: &[u8]) -> Frames<'_> {
    Frames { stream, at: 0 }
}

/// Iterator over the pictures of a stream.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<&'a [u8], MjpegError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.stream.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        if !rest.starts_with(&[0xFF, SOI]) {
            self.at = self.stream.len();
            return Some(Err(MjpegError::NoStart(start)));
        }
        match end(rest) {
            Some(length) => {
                self.at = start + length;
                rest.get(..length).map(Ok)
            }
            None => {
                self.at = self.stream.len();
                Some(Err(MjpegError::NoEnd(start)))
            }
        }
    }
}

/// Octets of the picture at the front.
fn end(picture: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        if *picture.get(at)? != 0xFF {
            return None;
        }
        let marker = *picture.get(at + 1)?;
        match marker {
            // fill octets before a marker
            0xFF => at += 1,
            EOI => return Some(at + 2),
            0x01 | RST0..=RST7 => at += 2,
            _ => {
                let length = u16::from_be_bytes([*picture.get(at + 2)?, *picture.get(at + 3)?]);
                if length < 2 {
                    return None;
                }
                at += 2 + usize::from(length);
                if marker == SOS {
                    at = scan(picture, at)?;
                }
            }
        }
    }
}

/// Where the marker after entropy-coded data stands.
fn scan(picture: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match (*picture.get(at)?, picture.get(at + 1)) {
            (0xFF, Some(0 | RST0..=RST7)) => at += 2,
            (0xFF, Some(_)) => return Some(at),
            _ => at += 1,
        }
    }
}

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const RST0: u8 = 0xD0;
const RST7: u8 = 0xD7;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// With a thumbnail in a segment, a stuffed octet and a restart marker in the data.
    const PICTURE: [u8; 24] = [
        0xFF, 0xD8, 0xFF, 0xE1, 0, 6, 0xFF, 0xD8, 0xFF, 0xD9, 0xFF, 0xDA, 0, 3, 9, 1, 0xFF, 0, 2, 0xFF, 0xD3, 3, 0xFF,
        0xD9,
    ];

    #[test]
    fn pictures_end_at_their_own_end() {
        let stream = [PICTURE, PICTURE].concat();
        let found: Vec<_> = frames(&stream).collect();
        assert_eq!(found, [Ok(&PICTURE[..]), Ok(&PICTURE[..])]);
        for cut in 2..PICTURE.len() {
            assert_eq!(frames(&PICTURE[..cut]).collect::<Vec<_>>(), [Err(MjpegError::NoEnd(0))], "{cut}");
        }
        assert_eq!(frames(&stream[1..]).next(), Some(Err(MjpegError::NoStart(0))));
        assert_eq!(frames(&[]).next(), None);
    }

    proptest! {
        #[test]
        fn any_octets_end_and_pictures_lie_one_after_the_other(octets in proptest::collection::vec(prop_oneof![Just(0xFF), Just(0xD8), Just(0xD9), Just(0xDA), any::<u8>()], 0..200)) {
            let mut at = 0;
            for frame in frames(&octets) {
                let Ok(frame) = frame else { break };
                prop_assert_eq!(&octets[at..at + frame.len()], frame);
                at += frame.len();
            }
        }
    }
}
