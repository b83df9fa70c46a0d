//! Medical floats of IEEE 11073-20601: SFLOAT (16 bits) and FLOAT (32 bits), as exact decimals.
//!
//! Both are a two's-complement mantissa times ten to a two's-complement exponent; five bit patterns are not numbers but
//! statements about the measurement. Nothing here is ever turned into a binary float: a number is a [`Decimal`], and a
//! statement is a [`Special`] that a caller has to look at.

use crate::error::ConversionError;

/// An exact decimal number: `mantissa * 10^exponent`.
///
/// Two decimals are equal when their fields are; [`Decimal::same_value`] compares the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i64,
    exponent: i8,
}

impl Decimal {
    /// The number `mantissa * 10^exponent`.
    #[must_use]
    pub const fn new(mantissa: i64, exponent: i8) -> Self {
        Self { mantissa, exponent }
    }

    /// The signed integer in front of the power of ten.
    #[must_use]
    pub const fn mantissa(self) -> i64 {
        self.mantissa
    }

    /// The power of ten.
    #[must_use]
    pub const fn exponent(self) -> i8 {
        self.exponent
    }

    /// The same number with no trailing zero in its mantissa (zero itself has exponent 0).
    #[must_use]
    pub const fn normalised(self) -> Self {
        if self.mantissa == 0 {
            return Self { mantissa: 0, exponent: 0 };
        }
        let Self { mut mantissa, mut exponent } = self;
        while mantissa % 10 == 0 && exponent < i8::MAX {
            mantissa /= 10;
            exponent += 1;
        }
        Self { mantissa, exponent }
    }

    /// Whether both are the same number, however written.
    #[must_use]
    pub fn same_value(self, other: Self) -> bool {
        self.normalised() == other.normalised()
    }

    /// How many units of `10^exponent` the number is.
    ///
    /// ```
    /// use dmledger_ble::codec::medfloat::Decimal;
    /// // 0.00077 kg/L in steps of 10^-5 kg/L, which is 1 mg/dL
    /// assert_eq!(Decimal::new(77, -5).in_units_of(-5), Ok(77));
    /// assert!(Decimal::new(1368, -6).in_units_of(-5).is_err());
    /// ```
    ///
    /// # Errors
    /// [`ConversionError::Inexact`] when that is no integer, [`ConversionError::Overflow`] when it exceeds 64 bits.
    pub const fn in_units_of(self, exponent: i8) -> Result<i64, ConversionError> {
        if self.mantissa == 0 {
            return Ok(0);
        }
        let mut shift = self.exponent as i16 - exponent as i16;
        let mut result = self.mantissa;
        while shift > 0 {
            match result.checked_mul(10) {
                Some(next) => result = next,
                None => return Err(ConversionError::Overflow),
            }
            shift -= 1;
        }
        while shift < 0 {
            if result % 10 != 0 {
                return Err(ConversionError::Inexact);
            }
            result /= 10;
            shift += 1;
        }
        Ok(result)
    }

    /// The same number times `10^places`.
    ///
    /// # Errors
    /// [`ConversionError::Overflow`] when the exponent leaves its 8 bits.
    pub const fn shifted(self, places: i8) -> Result<Self, ConversionError> {
        match self.exponent.checked_add(places) {
            Some(exponent) => Ok(Self { mantissa: self.mantissa, exponent }),
            None => Err(ConversionError::Overflow),
        }
    }

    /// Writes the number with a mantissa of at most `limit` in size and an exponent within `lowest..=highest`; the
    /// form given is kept when it fits.
    const fn fitted(self, limit: i64, lowest: i8, highest: i8) -> Result<Self, ConversionError> {
        let limit = limit.unsigned_abs();
        let mut d = self;
        if d.mantissa.unsigned_abs() > limit || d.exponent < lowest {
            d = d.normalised();
        }
        if d.mantissa == 0 {
            return Ok(Self { mantissa: 0, exponent: 0 });
        }
        if d.exponent < lowest {
            return Err(ConversionError::Inexact);
        }
        while d.exponent > highest && d.mantissa.unsigned_abs() <= limit {
            d.mantissa *= 10;
            d.exponent -= 1;
        }
        if d.mantissa.unsigned_abs() <= limit {
            return Ok(d);
        }
        // Too many digits: the rounded number would have fitted only if the exponent had room.
        if d.exponent >= highest { Err(ConversionError::Overflow) } else { Err(ConversionError::Inexact) }
    }
}

/// A bit pattern that states something about a measurement instead of giving a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the five patterns of IEEE 11073-20601")]
pub enum Special {
    /// NaN: not a number, there is no valid result.
    NotANumber,
    /// `NRes`: not at this resolution.
    NotAtThisResolution,
    /// Above what the device can state.
    PositiveInfinity,
    /// Below what the device can state.
    NegativeInfinity,
    /// Reserved for future use.
    Reserved,
}

/// What a medical float says: a number or a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a medical float is one or the other")]
pub enum Value {
    /// An exact number.
    Number(Decimal),
    /// No number, and why.
    Special(Special),
}

impl Value {
    /// The number, if it is one.
    #[must_use]
    pub const fn number(self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(number),
            Self::Special(_) => None,
        }
    }
}

/// The 16-bit medical float: 4-bit exponent, 12-bit mantissa. Held as its bit pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sfloat(u16);

impl Sfloat {
    /// Not a number.
    pub const NAN: Self = Self(0x07FF);
    /// Not at this resolution.
    pub const NRES: Self = Self(0x0800);
    /// Above what the device can state.
    pub const POSITIVE_INFINITY: Self = Self(0x07FE);
    /// Below what the device can state.
    pub const NEGATIVE_INFINITY: Self = Self(0x0802);
    /// Reserved for future use.
    pub const RESERVED: Self = Self(0x0801);

    /// Largest mantissa that is written. The two larger ones look like +INFINITY and NaN to readers that forget to
    /// compare the exponent, so they are understood but never produced.
    pub const LARGEST_MANTISSA: i64 = 2045;

    /// From the bit pattern as it travels (after the octets are put in order).
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The bit pattern.
    #[must_use]
    pub const fn to_bits(self) -> u16 {
        self.0
    }

    /// Writes a number, keeping its exponent when it fits.
    ///
    /// # Errors
    /// [`ConversionError::Inexact`] when digits would be lost, [`ConversionError::Overflow`] when it is too large.
    pub const fn from_decimal(number: Decimal) -> Result<Self, ConversionError> {
        match number.fitted(Self::LARGEST_MANTISSA, -8, 7) {
            Ok(d) => Ok(Self((d.mantissa as u16 & 0x0FFF) | ((d.exponent as u16) << 12))),
            Err(error) => Err(error),
        }
    }

    /// What it says.
    #[must_use]
    pub const fn value(self) -> Value {
        match self {
            Self::NAN => Value::Special(Special::NotANumber),
            Self::NRES => Value::Special(Special::NotAtThisResolution),
            Self::POSITIVE_INFINITY => Value::Special(Special::PositiveInfinity),
            Self::NEGATIVE_INFINITY => Value::Special(Special::NegativeInfinity),
            Self::RESERVED => Value::Special(Special::Reserved),
            Self(bits) => {
                let mantissa = ((bits << 4) as i16) >> 4;
                let exponent = (bits as i16) >> 12;
                Value::Number(Decimal { mantissa: mantissa as i64, exponent: exponent as i8 })
            }
        }
    }
}

/// The 32-bit medical float: 8-bit exponent, 24-bit mantissa. Held as its bit pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Float(u32);

impl Float {
    /// Not a number.
    pub const NAN: Self = Self(0x007F_FFFF);
    /// Not at this resolution.
    pub const NRES: Self = Self(0x0080_0000);
    /// Above what the device can state.
    pub const POSITIVE_INFINITY: Self = Self(0x007F_FFFE);
    /// Below what the device can state.
    pub const NEGATIVE_INFINITY: Self = Self(0x0080_0002);
    /// Reserved for future use.
    pub const RESERVED: Self = Self(0x0080_0001);

    /// Largest mantissa that is written, for the reason given at [`Sfloat::LARGEST_MANTISSA`].
    pub const LARGEST_MANTISSA: i64 = 8_388_605;

    /// From the bit pattern as it travels (after the octets are put in order).
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bit pattern.
    #[must_use]
    pub const fn to_bits(self) -> u32 {
        self.0
    }

    /// Writes a number, keeping its exponent when it fits.
    ///
    /// # Errors
    /// [`ConversionError::Inexact`] when digits would be lost, [`ConversionError::Overflow`] when it is too large.
    pub const fn from_decimal(number: Decimal) -> Result<Self, ConversionError> {
        match number.fitted(Self::LARGEST_MANTISSA, i8::MIN, i8::MAX) {
            Ok(d) => Ok(Self((d.mantissa as u32 & 0x00FF_FFFF) | ((d.exponent as u32) << 24))),
            Err(error) => Err(error),
        }
    }

    /// What it says.
    #[must_use]
    pub const fn value(self) -> Value {
        match self {
            Self::NAN => Value::Special(Special::NotANumber),
            Self::NRES => Value::Special(Special::NotAtThisResolution),
            Self::POSITIVE_INFINITY => Value::Special(Special::PositiveInfinity),
            Self::NEGATIVE_INFINITY => Value::Special(Special::NegativeInfinity),
            Self::RESERVED => Value::Special(Special::Reserved),
            Self(bits) => {
                let mantissa = ((bits << 8) as i32) >> 8;
                let exponent = (bits as i32) >> 24;
                Value::Number(Decimal { mantissa: mantissa as i64, exponent: exponent as i8 })
            }
        }
    }
}

#[cfg(test)]
mod tests;
