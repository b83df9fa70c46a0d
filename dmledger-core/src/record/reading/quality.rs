//! What is to be known of a reading before its value is used.

use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult},
};
use core::fmt;

/// A set of remarks on a reading. A value beyond the device's range is not among them: the measurement itself says so.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Quality(u16);

/// Remarks with their words.
const NAMES: [(Quality, &str); 7] = [
    (Quality::CALIBRATION, "calibration"),
    (Quality::CONTROL_SOLUTION, "control solution"),
    (Quality::DUPLICATE, "duplicate"),
    (Quality::CONFLICTING, "conflicting"),
    (Quality::IMPLAUSIBLE, "implausible"),
    (Quality::TIME_FAULT, "time fault"),
    (Quality::DEVICE_FAULT, "device fault"),
];

impl Quality {
    /// Nothing to remark.
    pub const GOOD: Self = Self(0);
    /// Entered to calibrate a sensor.
    pub const CALIBRATION: Self = Self(1);
    /// A test of the meter with control solution: not a reading of a person.
    pub const CONTROL_SOLUTION: Self = Self(1 << 1);
    /// Another channel of the same device delivered the same measurement.
    pub const DUPLICATE: Self = Self(1 << 2);
    /// The source holds another value for the same instant.
    pub const CONFLICTING: Self = Self(1 << 3);
    /// Outside what such devices report as a number.
    pub const IMPLAUSIBLE: Self = Self(1 << 4);
    /// The device says its clock may be wrong.
    pub const TIME_FAULT: Self = Self(1 << 5);
    /// The device reports a fault of sensor, strip, sample or temperature.
    pub const DEVICE_FAULT: Self = Self(1 << 6);

    /// The remarks of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every remark of `other` is made.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (_, name) in NAMES.iter().filter(|(remark, _)| self.contains(*remark)) {
            write!(f, "{separator}{name}")?;
            separator = ", ";
        }
        if self.0 == 0 { f.write_str("good") } else { Ok(()) }
    }
}

impl fmt::Debug for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quality({self})")
    }
}

impl BorshDeserialize for Quality {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let bits = u16::deserialize_reader(reader)?;
        if bits >> NAMES.len() != 0 {
            return Err(ErrorKind::InvalidData.into());
        }
        Ok(Self(bits))
    }
}
