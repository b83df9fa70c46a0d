//! Blood pressure, heart rate and the other vital signs that home devices measure.

use super::{Plausibility, ValueError, decimal};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult},
};
use core::fmt;

/// The unit a cuff reports in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "the two units of the Blood Pressure service")]
pub enum PressureUnit {
    /// Millimetres of mercury (UCUM `mm[Hg]`).
    MmHg = 1,
    /// Kilopascals (UCUM `kPa`).
    KPa = 2,
}

/// A blood pressure (LOINC 8480-6, 8462-4, 8478-0), in millionths of the unit the cuff reported in.
///
/// Systolic above 0, all numbers at most 1,000 of the unit. Encoded in at most 19 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct BloodPressure {
    unit: PressureUnit,
    systolic: u32,
    diastolic: u32,
    mean_arterial: Option<u32>,
    pulse: Option<u32>,
}

impl BloodPressure {
    /// Largest number: 1,000 of the unit.
    pub const MAX_MILLIONTHS: u32 = 1_000_000_000;

    /// Systolic and diastolic pressure in millionths of `unit`.
    ///
    /// # Errors
    /// [`ValueError::OutOfRange`] for a systolic pressure of zero and above [`Self::MAX_MILLIONTHS`].
    pub const fn from_millionths(systolic: u32, diastolic: u32, unit: PressureUnit) -> Result<Self, ValueError> {
        if systolic == 0 || systolic > Self::MAX_MILLIONTHS || diastolic > Self::MAX_MILLIONTHS {
            return Err(ValueError::OutOfRange);
        }
        Ok(Self { unit, systolic, diastolic, mean_arterial: None, pulse: None })
    }

    /// The same pressure with its mean in millionths of the unit.
    ///
    /// # Errors
    /// [`ValueError::OutOfRange`] above [`Self::MAX_MILLIONTHS`].
    pub const fn with_mean_arterial(mut self, millionths: u32) -> Result<Self, ValueError> {
        if millionths > Self::MAX_MILLIONTHS {
            return Err(ValueError::OutOfRange);
        }
        self.mean_arterial = Some(millionths);
        Ok(self)
    }

    /// The same pressure with the pulse of the measurement in millionths of a beat per minute.
    ///
    /// # Errors
    /// [`ValueError::OutOfRange`] above [`Self::MAX_MILLIONTHS`].
    pub const fn with_pulse(mut self, millionths: u32) -> Result<Self, ValueError> {
        if millionths > Self::MAX_MILLIONTHS {
            return Err(ValueError::OutOfRange);
        }
        self.pulse = Some(millionths);
        Ok(self)
    }

    /// The unit of the pressures.
    #[must_use]
    pub const fn unit(self) -> PressureUnit {
        self.unit
    }

    /// Systolic pressure in millionths of the unit.
    #[must_use]
    pub const fn systolic(self) -> u32 {
        self.systolic
    }

    /// Diastolic pressure in millionths of the unit.
    #[must_use]
    pub const fn diastolic(self) -> u32 {
        self.diastolic
    }

    /// Mean arterial pressure in millionths of the unit, if the cuff states one.
    #[must_use]
    pub const fn mean_arterial(self) -> Option<u32> {
        self.mean_arterial
    }

    /// Pulse in millionths of a beat per minute, if the cuff states one.
    #[must_use]
    pub const fn pulse(self) -> Option<u32> {
        self.pulse
    }

    /// Systolic 50 to 280 and diastolic 20 to 180 mmHg, the latter below the former, are credible (in kPa 6.6 to 37.4
    /// and 2.6 to 24.0); a diastolic pressure at or above the systolic one is impossible.
    #[must_use]
    pub const fn plausibility(self) -> Plausibility {
        let [low, high, least, most] = match self.unit {
            PressureUnit::MmHg => [50_000_000, 280_000_000, 20_000_000, 180_000_000],
            PressureUnit::KPa => [6_600_000, 37_400_000, 2_600_000, 24_000_000],
        };
        if self.diastolic >= self.systolic {
            return Plausibility::Impossible;
        }
        let usual = self.systolic >= low && self.systolic <= high && self.diastolic >= least && self.diastolic <= most;
        if usual { Plausibility::Credible } else { Plausibility::Doubtful }
    }
}

impl BorshDeserialize for BloodPressure {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let unit = PressureUnit::deserialize_reader(reader)?;
        let (systolic, diastolic) = <(u32, u32)>::deserialize_reader(reader)?;
        let (mean_arterial, pulse) = <(Option<u32>, Option<u32>)>::deserialize_reader(reader)?;
        let bare = Self::from_millionths(systolic, diastolic, unit).map_err(|_| ErrorKind::InvalidData)?;
        let mean = mean_arterial.map_or(Ok(bare), |mean| bare.with_mean_arterial(mean));
        let whole = mean.and_then(|one| pulse.map_or(Ok(one), |pulse| one.with_pulse(pulse)));
        whole.map_err(|_| ErrorKind::InvalidData.into())
    }
}

impl fmt::Display for BloodPressure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_millionths(f, self.systolic)?;
        f.write_str("/")?;
        write_millionths(f, self.diastolic)?;
        f.write_str(match self.unit {
            PressureUnit::MmHg => " mm[Hg]",
            PressureUnit::KPa => " kPa",
        })
    }
}

/// A heart rate (LOINC 8867-4) with the intervals between beats that came with it. Encoded in 7 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct HeartRate {
    per_minute: u16,
    intervals: u8,
    interval_sum: u32,
}

impl HeartRate {
    /// Beats per minute, at most 1,000.
    ///
    /// # Errors
    /// [`ValueError::OutOfRange`] for zero and above 1,000.
    pub const fn from_per_minute(per_minute: u16) -> Result<Self, ValueError> {
        if per_minute == 0 || per_minute > 1000 {
            return Err(ValueError::OutOfRange);
        }
        Ok(Self { per_minute, intervals: 0, interval_sum: 0 })
    }

    /// The same rate with how many intervals between beats came with it, and their sum in 1/1024 s.
    #[must_use]
    pub const fn with_intervals(mut self, count: u8, sum: u32) -> Self {
        self.intervals = count;
        self.interval_sum = sum;
        self
    }

    /// Beats per minute.
    #[must_use]
    pub const fn per_minute(self) -> u16 {
        self.per_minute
    }

    /// How many intervals between beats came with it.
    #[must_use]
    pub const fn intervals(self) -> u8 {
        self.intervals
    }

    /// Sum of those intervals in 1/1024 s.
    #[must_use]
    pub const fn interval_sum(self) -> u32 {
        self.interval_sum
    }

    /// 25 to 240 beats per minute are credible; up to 350 have been seen.
    #[must_use]
    pub const fn plausibility(self) -> Plausibility {
        match self.per_minute {
            25..=240 => Plausibility::Credible,
            10..=350 => Plausibility::Doubtful,
            _ => Plausibility::Impossible,
        }
    }
}

impl BorshDeserialize for HeartRate {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (per_minute, intervals, sum) = <(u16, u8, u32)>::deserialize_reader(reader)?;
        let rate = Self::from_per_minute(per_minute).map_err(|_| ErrorKind::InvalidData)?;
        Ok(rate.with_intervals(intervals, sum))
    }
}

impl fmt::Display for HeartRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /min", self.per_minute)
    }
}

/// Which sign a number is about, with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum VitalSign {
    /// Oxygen saturation of arterial blood by pulse oximetry in percent (LOINC 59408-5).
    OxygenSaturation = 1,
    /// Body temperature in degrees Celsius (LOINC 8310-5).
    TemperatureCelsius = 2,
    /// Body temperature in degrees Fahrenheit.
    TemperatureFahrenheit = 3,
    /// Body mass in kilograms (LOINC 29463-7).
    MassKilograms = 4,
    /// Body mass in pounds.
    MassPounds = 5,
}

impl VitalSign {
    /// The unit's UCUM code.
    #[must_use]
    pub const fn ucum(self) -> &'static str {
        match self {
            Self::OxygenSaturation => "%",
            Self::TemperatureCelsius => "Cel",
            Self::TemperatureFahrenheit => "[degF]",
            Self::MassKilograms => "kg",
            Self::MassPounds => "[lb_av]",
        }
    }

    /// What is credible, both ends inside, in millionths.
    const fn credible(self) -> (u32, u32) {
        match self {
            Self::OxygenSaturation => (50_000_000, 100_000_000),
            Self::TemperatureCelsius => (30_000_000, 43_000_000),
            Self::TemperatureFahrenheit => (86_000_000, 110_000_000),
            Self::MassKilograms => (1_000_000, 400_000_000),
            Self::MassPounds => (2_000_000, 880_000_000),
        }
    }
}

/// One vital sign, in millionths of its unit: above 0 and at most 1,000. Encoded in 5 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct Vital {
    sign: VitalSign,
    millionths: u32,
}

impl Vital {
    /// From `mantissa * 10^exponent` of the sign's unit.
    ///
    /// # Errors
    /// [`ValueError`] for a number that is not above zero, above 1,000 or finer than a millionth.
    pub fn from_decimal(mantissa: i64, exponent: i8, sign: VitalSign) -> Result<Self, ValueError> {
        let millionths = u32::try_from(decimal::scaled(mantissa, exponent)?).map_err(|_| ValueError::OutOfRange)?;
        Self::from_millionths(millionths, sign)
    }

    const fn from_millionths(millionths: u32, sign: VitalSign) -> Result<Self, ValueError> {
        if millionths == 0 || millionths > BloodPressure::MAX_MILLIONTHS {
            return Err(ValueError::OutOfRange);
        }
        Ok(Self { sign, millionths })
    }

    /// Which sign.
    #[must_use]
    pub const fn sign(self) -> VitalSign {
        self.sign
    }

    /// The number in millionths of the sign's unit.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.millionths
    }

    /// Whether a living person can have it.
    #[must_use]
    pub const fn plausibility(self) -> Plausibility {
        let (low, high) = self.sign.credible();
        if low <= self.millionths && self.millionths <= high { Plausibility::Credible } else { Plausibility::Doubtful }
    }
}

impl BorshDeserialize for Vital {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (sign, millionths) = <(VitalSign, u32)>::deserialize_reader(reader)?;
        Self::from_millionths(millionths, sign).map_err(|_| ErrorKind::InvalidData.into())
    }
}

impl fmt::Display for Vital {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_millionths(f, self.millionths)?;
        write!(f, " {}", self.sign.ucum())
    }
}

/// Millionths of `mantissa * 10^exponent`, for the parts of a quantity that a device states as decimals.
///
/// # Errors
/// [`ValueError`] for a number that is negative, beyond 32 bits of millionths, or finer than a millionth.
pub fn millionths(mantissa: i64, exponent: i8) -> Result<u32, ValueError> {
    u32::try_from(decimal::scaled(mantissa, exponent)?).map_err(|_| ValueError::OutOfRange)
}

/// Writes millionths as a decimal without needless zeros.
pub(super) fn write_millionths(f: &mut fmt::Formatter<'_>, millionths: u32) -> fmt::Result {
    let (whole, mut fraction, mut digits) = (millionths / 1_000_000, millionths % 1_000_000, 6);
    if fraction == 0 {
        return write!(f, "{whole}");
    }
    while fraction % 10 == 0 {
        fraction /= 10;
        digits -= 1;
    }
    write!(f, "{whole}.{fraction:0digits$}")
}
