//! Bytes to meaning and back: GATT characteristics as exact values.
//!
//! - [`cursor`] reads and writes fields; [`medfloat`], [`date_time`], [`crc`] and [`uuid`] are what layouts share.
//! - One file a service holds its characteristics: [`glucose`] with [`racp`] and the vendor's [`exact`], [`cgm`],
//!   [`blood_pressure`], [`heart_rate`], [`plx`], [`thermometer`], [`weight`], [`sleep`], [`capture`] (the table
//!   camera's own), and [`device`] (device information, battery, current time).
//! - [`mjpeg`] splits the camera's clips into pictures.
//! - [`registry`] finds the decoder of a characteristic by its number.
//!
//! Rules for every decoder: it is total (no panic on any input), it does not allocate, it ignores reserved flag bits,
//! it refuses octets that no flag announces, and `encode(decode(x)) == x` for every `x` without reserved bits.
//! Every encoder writes into the caller's buffer, so that a meter's firmware can link this module alone.

pub mod blood_pressure;
pub mod capture;
pub mod cgm;
pub mod crc;
pub mod cursor;
pub mod date_time;
pub mod device;
pub mod exact;
pub mod glucose;
pub mod heart_rate;
mod layout;
pub mod medfloat;
pub mod mjpeg;
pub mod plx;
pub mod racp;
pub mod registry;
pub mod sleep;
#[cfg(test)]
pub(crate) mod testing;
pub mod thermometer;
pub mod uuid;
pub mod weight;

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use crate::error::{DecodeError, EncodeError};
use cursor::Writer;
use uuid::Uuid;

/// The value of one GATT characteristic that needs no knowledge beyond its octets.
pub trait Characteristic: Sized {
    /// The characteristic's type.
    const UUID: Uuid;

    /// Octets of the longest value.
    const MAX_BYTES: usize;

    /// Reads a whole attribute value.
    ///
    /// # Errors
    /// [`DecodeError`] when the octets are not a value of this characteristic.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError>;

    /// Appends the attribute value.
    ///
    /// # Errors
    /// [`EncodeError`] when it does not fit or cannot be expressed.
    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError>;

    /// Writes the attribute value to the front of `buffer` and returns that part.
    ///
    /// # Errors
    /// [`EncodeError`] when it does not fit or cannot be expressed.
    fn encode<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        let mut out = Writer::new(buffer);
        self.write(&mut out)?;
        Ok(out.finish())
    }

    /// The attribute value in a vector of its own.
    ///
    /// # Errors
    /// [`EncodeError`] when it cannot be expressed.
    #[cfg(feature = "alloc")]
    fn to_vec(&self) -> Result<Vec<u8>, EncodeError> {
        let mut buffer = alloc::vec![0; Self::MAX_BYTES];
        let length = self.encode(&mut buffer)?.len();
        buffer.truncate(length);
        Ok(buffer)
    }
}
