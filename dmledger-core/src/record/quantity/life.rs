//! Sleep and meals: what a wearable and a table camera add to the measured values.

use super::ValueError;
use crate::hash::Digest;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult},
};
use core::fmt;

/// One sleep (LOINC 93832-4), in seconds. The reading's time is when it began. Encoded in at most 29 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct Sleep {
    in_bed: u32,
    asleep: u32,
    light: Option<u32>,
    deep: Option<u32>,
    rem: Option<u32>,
    awakenings: u16,
}

impl Sleep {
    /// Longest time in bed: two days.
    pub const MAX_SECONDS: u32 = 2 * 24 * 3600;

    /// Seconds in bed and asleep, and how often the person woke.
    ///
    /// # Errors
    /// [`ValueError::OutOfRange`] for no time in bed, above [`Self::MAX_SECONDS`], or longer asleep than in bed.
    pub const fn new(in_bed: u32, asleep: u32, awakenings: u16) -> Result<Self, ValueError> {
        if in_bed == 0 || in_bed > Self::MAX_SECONDS || asleep > in_bed {
            return Err(ValueError::OutOfRange);
        }
        Ok(Self { in_bed, asleep, light: None, deep: None, rem: None, awakenings })
    }

    /// The same sleep with seconds of its stages, where the device tells them apart.
    ///
    /// # Errors
    /// [`ValueError::OutOfRange`] when they add up to more than the time asleep.
    pub fn with_stages(mut self, light: u32, deep: u32, rem: u32) -> Result<Self, ValueError> {
        let sum = u64::from(light) + u64::from(deep) + u64::from(rem);
        if sum > u64::from(self.asleep) {
            return Err(ValueError::OutOfRange);
        }
        (self.light, self.deep, self.rem) = (Some(light), Some(deep), Some(rem));
        Ok(self)
    }

    /// Seconds in bed.
    #[must_use]
    pub const fn in_bed(self) -> u32 {
        self.in_bed
    }

    /// Seconds asleep.
    #[must_use]
    pub const fn asleep(self) -> u32 {
        self.asleep
    }

    /// Seconds of light, deep and REM sleep, if the device tells them apart.
    #[must_use]
    pub const fn stages(self) -> Option<(u32, u32, u32)> {
        match (self.light, self.deep, self.rem) {
            (Some(light), Some(deep), Some(rem)) => Some((light, deep, rem)),
            _ => None,
        }
    }

    /// How often the person woke.
    #[must_use]
    pub const fn awakenings(self) -> u16 {
        self.awakenings
    }

    /// Share of the time in bed that was sleep, in thousandths, rounded down.
    #[must_use]
    pub fn efficiency_per_mille(self) -> u16 {
        let share = u64::from(self.asleep) * 1000 / u64::from(self.in_bed.max(1));
        u16::try_from(share).unwrap_or(1000)
    }
}

impl BorshDeserialize for Sleep {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (in_bed, asleep) = <(u32, u32)>::deserialize_reader(reader)?;
        let stages = <(Option<u32>, Option<u32>, Option<u32>)>::deserialize_reader(reader)?;
        let bare = Self::new(in_bed, asleep, u16::deserialize_reader(reader)?).map_err(|_| ErrorKind::InvalidData)?;
        match stages {
            (None, None, None) => Ok(bare),
            (Some(light), Some(deep), Some(rem)) => {
                bare.with_stages(light, deep, rem).map_err(|_| ErrorKind::InvalidData.into())
            }
            _ => Err(ErrorKind::InvalidData.into()),
        }
    }
}

impl fmt::Display for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} min asleep", self.asleep / 60, self.in_bed / 60)
    }
}

/// Which meal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum MealType {
    /// Not said.
    Unspecified = 0,
    /// Breakfast.
    Breakfast = 1,
    /// Lunch.
    Lunch = 2,
    /// Dinner.
    Dinner = 3,
    /// Between meals.
    Snack = 4,
    /// Drink.
    Drink = 5,
}

impl MealType {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "meal",
            Self::Breakfast => "breakfast",
            Self::Lunch => "lunch",
            Self::Dinner => "dinner",
            Self::Snack => "snack",
            Self::Drink => "drink",
        }
    }
}

/// A meal (LOINC 67504-6): its type, its nutrients where known, and the digest of the picture or clip of the table.
/// Encoded in at most 54 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Meal {
    meal: MealType,
    carbohydrate_mg: Option<u32>,
    protein_mg: Option<u32>,
    fat_mg: Option<u32>,
    energy_cal: Option<u32>,
    image: Option<Digest>,
}

impl Meal {
    /// A meal of which nothing else is known.
    #[must_use]
    pub const fn new(meal: MealType) -> Self {
        Self { meal, carbohydrate_mg: None, protein_mg: None, fat_mg: None, energy_cal: None, image: None }
    }

    /// The same meal with its carbohydrate in milligrams.
    #[must_use]
    pub const fn with_carbohydrate_mg(mut self, milligrams: u32) -> Self {
        self.carbohydrate_mg = Some(milligrams);
        self
    }

    /// The same meal with its protein in milligrams.
    #[must_use]
    pub const fn with_protein_mg(mut self, milligrams: u32) -> Self {
        self.protein_mg = Some(milligrams);
        self
    }

    /// The same meal with its fat in milligrams.
    #[must_use]
    pub const fn with_fat_mg(mut self, milligrams: u32) -> Self {
        self.fat_mg = Some(milligrams);
        self
    }

    /// The same meal with its energy in calories (thousandths of a kilocalorie).
    #[must_use]
    pub const fn with_energy_cal(mut self, calories: u32) -> Self {
        self.energy_cal = Some(calories);
        self
    }

    /// The same meal with the digest of its picture or clip.
    #[must_use]
    pub const fn with_image(mut self, digest: Digest) -> Self {
        self.image = Some(digest);
        self
    }

    /// Which meal.
    #[must_use]
    pub const fn meal(self) -> MealType {
        self.meal
    }

    /// Carbohydrate in milligrams.
    #[must_use]
    pub const fn carbohydrate_mg(self) -> Option<u32> {
        self.carbohydrate_mg
    }

    /// Protein in milligrams.
    #[must_use]
    pub const fn protein_mg(self) -> Option<u32> {
        self.protein_mg
    }

    /// Fat in milligrams.
    #[must_use]
    pub const fn fat_mg(self) -> Option<u32> {
        self.fat_mg
    }

    /// Energy in calories (thousandths of a kilocalorie).
    #[must_use]
    pub const fn energy_cal(self) -> Option<u32> {
        self.energy_cal
    }

    /// Digest of the picture or clip as the camera stated it.
    #[must_use]
    pub const fn image(self) -> Option<Digest> {
        self.image
    }
}

impl fmt::Display for Meal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.meal.name())?;
        if let Some(milligrams) = self.carbohydrate_mg {
            write!(f, ", {} g carbohydrate", milligrams / 1000)?;
        }
        Ok(())
    }
}
