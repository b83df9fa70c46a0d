//! Glucose Measurement Context 0x2A34: what the owner noted about a measurement.

use super::{CarbohydrateKind, Health, Meal, MedicationKind, SequenceNumber, Tester};
use crate::codec::cursor::{Reader, Remainder, Writer};
use crate::codec::medfloat::Sfloat;
use crate::codec::{Characteristic, uuid};
use crate::error::{DecodeError, EncodeError};

/// Carbohydrate eaten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carbohydrate {
    kind: CarbohydrateKind,
    kilograms: Sfloat,
}

impl Carbohydrate {
    /// An amount in kilograms.
    #[must_use]
    pub const fn new(kind: CarbohydrateKind, kilograms: Sfloat) -> Self {
        Self { kind, kilograms }
    }

    /// The meal it belongs to.
    #[must_use]
    pub const fn kind(&self) -> CarbohydrateKind {
        self.kind
    }

    /// The amount in kilograms.
    #[must_use]
    pub const fn kilograms(&self) -> Sfloat {
        self.kilograms
    }
}

/// Who measured and how they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TesterHealth {
    tester: Tester,
    health: Health,
}

impl TesterHealth {
    /// Both halves of the octet, each cut to four bits.
    #[must_use]
    pub const fn new(tester: Tester, health: Health) -> Self {
        Self {
            tester: Tester::from_number(tester.number() & 0x0F),
            health: Health::from_number(health.number() & 0x0F),
        }
    }

    /// Who measured.
    #[must_use]
    pub const fn tester(&self) -> Tester {
        self.tester
    }

    /// State of health.
    #[must_use]
    pub const fn health(&self) -> Health {
        self.health
    }
}

/// Exercise before the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exercise {
    seconds: u16,
    percent: u8,
}

impl Exercise {
    /// Duration in seconds (65,535 is "overrun": longer than can be said) and intensity in percent.
    #[must_use]
    pub const fn new(seconds: u16, percent: u8) -> Self {
        Self { seconds, percent }
    }

    /// Duration in seconds; `None` when the field says "overrun".
    #[must_use]
    pub const fn seconds(&self) -> Option<u16> {
        if self.seconds == u16::MAX { None } else { Some(self.seconds) }
    }

    /// Intensity in percent, as stated.
    #[must_use]
    pub const fn percent(&self) -> u8 {
        self.percent
    }
}

/// Amount of a medication with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "one flag bit")]
pub enum MedicationAmount {
    /// Kilograms.
    Kilograms(Sfloat),
    /// Litres.
    Litres(Sfloat),
}

/// Medication taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Medication {
    kind: MedicationKind,
    amount: MedicationAmount,
}

impl Medication {
    /// An amount of a kind of medication.
    #[must_use]
    pub const fn new(kind: MedicationKind, amount: MedicationAmount) -> Self {
        Self { kind, amount }
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> MedicationKind {
        self.kind
    }

    /// The amount.
    #[must_use]
    pub const fn amount(&self) -> MedicationAmount {
        self.amount
    }
}

/// Glucose Measurement Context 0x2A34, 3 to 17 octets; belongs to the measurement with the same sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlucoseMeasurementContext {
    sequence: SequenceNumber,
    extended: Option<u8>,
    carbohydrate: Option<Carbohydrate>,
    meal: Option<Meal>,
    tester_health: Option<TesterHealth>,
    exercise: Option<Exercise>,
    medication: Option<Medication>,
    /// The litre bit, which is there also without a medication.
    litres: bool,
    hba1c_percent: Option<Sfloat>,
}

impl GlucoseMeasurementContext {
    /// A context that says nothing yet.
    #[must_use]
    pub const fn new(sequence: SequenceNumber) -> Self {
        Self {
            sequence,
            extended: None,
            carbohydrate: None,
            meal: None,
            tester_health: None,
            exercise: None,
            medication: None,
            litres: false,
            hba1c_percent: None,
        }
    }

    /// The same context with carbohydrate.
    #[must_use]
    pub const fn with_carbohydrate(mut self, carbohydrate: Carbohydrate) -> Self {
        self.carbohydrate = Some(carbohydrate);
        self
    }

    /// The same context with a relation to a meal.
    #[must_use]
    pub const fn with_meal(mut self, meal: Meal) -> Self {
        self.meal = Some(meal);
        self
    }

    /// The same context with tester and health.
    #[must_use]
    pub const fn with_tester_health(mut self, tester_health: TesterHealth) -> Self {
        self.tester_health = Some(tester_health);
        self
    }

    /// The same context with exercise.
    #[must_use]
    pub const fn with_exercise(mut self, exercise: Exercise) -> Self {
        self.exercise = Some(exercise);
        self
    }

    /// The same context with medication.
    #[must_use]
    pub const fn with_medication(mut self, medication: Medication) -> Self {
        self.litres = matches!(medication.amount, MedicationAmount::Litres(_));
        self.medication = Some(medication);
        self
    }

    /// The same context with `HbA1c` in percent.
    #[must_use]
    pub const fn with_hba1c_percent(mut self, hba1c_percent: Sfloat) -> Self {
        self.hba1c_percent = Some(hba1c_percent);
        self
    }

    /// The same context for another measurement.
    #[must_use]
    pub const fn renumbered(mut self, sequence: SequenceNumber) -> Self {
        self.sequence = sequence;
        self
    }

    /// Number of the measurement it belongs to.
    #[must_use]
    pub const fn sequence(&self) -> SequenceNumber {
        self.sequence
    }

    /// The extended flags octet; all its bits are reserved.
    #[must_use]
    pub const fn extended(&self) -> Option<u8> {
        self.extended
    }

    /// Carbohydrate eaten.
    #[must_use]
    pub const fn carbohydrate(&self) -> Option<Carbohydrate> {
        self.carbohydrate
    }

    /// Relation to a meal.
    #[must_use]
    pub const fn meal(&self) -> Option<Meal> {
        self.meal
    }

    /// Tester and health.
    #[must_use]
    pub const fn tester_health(&self) -> Option<TesterHealth> {
        self.tester_health
    }

    /// Exercise.
    #[must_use]
    pub const fn exercise(&self) -> Option<Exercise> {
        self.exercise
    }

    /// Medication.
    #[must_use]
    pub const fn medication(&self) -> Option<Medication> {
        self.medication
    }

    /// `HbA1c` in percent.
    #[must_use]
    pub const fn hba1c_percent(&self) -> Option<Sfloat> {
        self.hba1c_percent
    }
}

impl Characteristic for GlucoseMeasurementContext {
    const UUID: uuid::Uuid = uuid::GLUCOSE_MEASUREMENT_CONTEXT;
    const MAX_BYTES: usize = 17;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let flags = input.u8()?;
        let sequence = SequenceNumber(input.u16()?);
        let litres = flags & LITRES != 0;
        let extended = input.when(flags & EXTENDED != 0, Reader::u8)?;
        let carbohydrate = input.when(flags & CARBOHYDRATE != 0, |input| {
            let kind = CarbohydrateKind::from_number(input.u8()?);
            Ok(Carbohydrate { kind, kilograms: Sfloat::from_bits(input.u16()?) })
        })?;
        let meal = input.when(flags & MEAL != 0, Reader::u8)?.map(Meal::from_number);
        let tester_health = input.when(flags & TESTER_HEALTH != 0, Reader::u8)?.map(|octet| TesterHealth {
            tester: Tester::from_number(octet & 0x0F),
            health: Health::from_number(octet >> 4),
        });
        let exercise = input.when(flags & EXERCISE != 0, |input| {
            let seconds = input.u16()?;
            Ok(Exercise { seconds, percent: input.u8()? })
        })?;
        let medication = input.when(flags & MEDICATION != 0, |input| {
            let kind = MedicationKind::from_number(input.u8()?);
            let amount = Sfloat::from_bits(input.u16()?);
            let amount = if litres { MedicationAmount::Litres(amount) } else { MedicationAmount::Kilograms(amount) };
            Ok(Medication { kind, amount })
        })?;
        let hba1c_percent = input.when(flags & HBA1C != 0, Reader::u16)?.map(Sfloat::from_bits);
        input.finish(Remainder::of_reserved(extended.unwrap_or(0).into()))?;
        Ok(Self { sequence, extended, carbohydrate, meal, tester_health, exercise, medication, litres, hba1c_percent })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        let set = |present: bool, flag: u8| if present { flag } else { 0 };
        out.u8(set(self.carbohydrate.is_some(), CARBOHYDRATE)
            | set(self.meal.is_some(), MEAL)
            | set(self.tester_health.is_some(), TESTER_HEALTH)
            | set(self.exercise.is_some(), EXERCISE)
            | set(self.medication.is_some(), MEDICATION)
            | set(self.litres, LITRES)
            | set(self.hba1c_percent.is_some(), HBA1C)
            | set(self.extended.is_some(), EXTENDED))?;
        out.u16(self.sequence.value())?;
        if let Some(extended) = self.extended {
            out.u8(extended)?;
        }
        if let Some(carbohydrate) = self.carbohydrate {
            out.u8(carbohydrate.kind.number())?;
            out.u16(carbohydrate.kilograms.to_bits())?;
        }
        if let Some(meal) = self.meal {
            out.u8(meal.number())?;
        }
        if let Some(both) = self.tester_health {
            out.u8(both.tester.number() | both.health.number() << 4)?;
        }
        if let Some(exercise) = self.exercise {
            out.u16(exercise.seconds)?;
            out.u8(exercise.percent)?;
        }
        if let Some(medication) = self.medication {
            let (MedicationAmount::Kilograms(amount) | MedicationAmount::Litres(amount)) = medication.amount;
            out.u8(medication.kind.number())?;
            out.u16(amount.to_bits())?;
        }
        self.hba1c_percent.map_or(Ok(()), |percent| out.u16(percent.to_bits()))
    }
}

const CARBOHYDRATE: u8 = 1;
const MEAL: u8 = 1 << 1;
const TESTER_HEALTH: u8 = 1 << 2;
const EXERCISE: u8 = 1 << 3;
const MEDICATION: u8 = 1 << 4;
const LITRES: u8 = 1 << 5;
const HBA1C: u8 = 1 << 6;
const EXTENDED: u8 = 1 << 7;
