//! The numbered codes and flag sets of the Glucose service.

use crate::codec::cursor::{Reader, Remainder, Writer};
use crate::codec::layout::{codes, flags, whole};
use crate::codec::{Characteristic, uuid};
use crate::error::{DecodeError, EncodeError};

codes! {
    /// What was measured (low half of the type and location octet).
    pub struct SampleType {
        /// Capillary whole blood.
        CAPILLARY_WHOLE_BLOOD = 1;
        /// Capillary plasma.
        CAPILLARY_PLASMA = 2;
        /// Venous whole blood.
        VENOUS_WHOLE_BLOOD = 3;
        /// Venous plasma.
        VENOUS_PLASMA = 4;
        /// Arterial whole blood.
        ARTERIAL_WHOLE_BLOOD = 5;
        /// Arterial plasma.
        ARTERIAL_PLASMA = 6;
        /// Undetermined whole blood.
        UNDETERMINED_WHOLE_BLOOD = 7;
        /// Undetermined plasma.
        UNDETERMINED_PLASMA = 8;
        /// Interstitial fluid.
        INTERSTITIAL_FLUID = 9;
        /// Control solution: a test of the meter, not of a person.
        CONTROL_SOLUTION = 10;
    }
}

codes! {
    /// Where the sample was taken (high half of the type and location octet).
    pub struct SampleLocation {
        /// Finger.
        FINGER = 1;
        /// Alternate site test.
        ALTERNATE_SITE = 2;
        /// Earlobe.
        EARLOBE = 3;
        /// Control solution.
        CONTROL_SOLUTION = 4;
        /// The meter does not know.
        NOT_AVAILABLE = 15;
    }
}

impl SampleType {
    /// Whether a sample of this type from there is control solution: meters say so in either of the two.
    pub(in crate::codec) fn is_control_solution(self, location: SampleLocation) -> bool {
        self == Self::CONTROL_SOLUTION || location == SampleLocation::CONTROL_SOLUTION
    }
}

flags! {
    /// Sensor Status Annunciation: what the meter found at the time of the measurement.
    pub struct SensorStatus(u16) {
        /// Device battery low.
        BATTERY_LOW = 0;
        /// Sensor malfunction or faulting.
        SENSOR_MALFUNCTION = 1;
        /// Sample size insufficient.
        SAMPLE_TOO_SMALL = 2;
        /// Strip insertion error.
        STRIP_INSERTION_ERROR = 3;
        /// Strip type incorrect for the device.
        STRIP_TYPE_INCORRECT = 4;
        /// Result higher than the device can process.
        RESULT_TOO_HIGH = 5;
        /// Result lower than the device can process.
        RESULT_TOO_LOW = 6;
        /// Sensor temperature too high for a valid result.
        TEMPERATURE_TOO_HIGH = 7;
        /// Sensor temperature too low for a valid result.
        TEMPERATURE_TOO_LOW = 8;
        /// Strip pulled too soon.
        READ_INTERRUPTED = 9;
        /// General device fault.
        GENERAL_FAULT = 10;
        /// Time fault: the stated time may be wrong.
        TIME_FAULT = 11;
    }
}

flags! {
    /// Glucose Feature 0x2A51: what a meter can detect.
    pub struct GlucoseFeature(u16) {
        /// Low battery detection during measurement.
        LOW_BATTERY = 0;
        /// Sensor malfunction detection.
        SENSOR_MALFUNCTION = 1;
        /// Sensor sample size.
        SAMPLE_SIZE = 2;
        /// Strip insertion error detection.
        STRIP_INSERTION_ERROR = 3;
        /// Strip type error detection.
        STRIP_TYPE_ERROR = 4;
        /// Sensor result high-low detection.
        RESULT_HIGH_LOW = 5;
        /// Temperature high-low detection.
        TEMPERATURE_HIGH_LOW = 6;
        /// Read interrupt detection.
        READ_INTERRUPT = 7;
        /// General device fault.
        GENERAL_FAULT = 8;
        /// Time fault.
        TIME_FAULT = 9;
        /// Multiple bonds.
        MULTIPLE_BOND = 10;
    }
}

whole!(GlucoseFeature(u16) = uuid::GLUCOSE_FEATURE);

codes! {
    /// Which meal the carbohydrate belongs to.
    pub struct CarbohydrateKind {
        /// Breakfast.
        BREAKFAST = 1;
        /// Lunch.
        LUNCH = 2;
        /// Dinner.
        DINNER = 3;
        /// Snack.
        SNACK = 4;
        /// Drink.
        DRINK = 5;
        /// Supper.
        SUPPER = 6;
        /// Brunch.
        BRUNCH = 7;
    }
}

codes! {
    /// Relation of the measurement to a meal.
    pub struct Meal {
        /// Preprandial, before a meal.
        BEFORE = 1;
        /// Postprandial, after a meal.
        AFTER = 2;
        /// Fasting.
        FASTING = 3;
        /// Casual: snacks, drinks and the like.
        CASUAL = 4;
        /// Bedtime.
        BEDTIME = 5;
    }
}

codes! {
    /// Who measured (low half of the tester and health octet).
    pub struct Tester {
        /// The patient.
        PATIENT = 1;
        /// A health care professional.
        PROFESSIONAL = 2;
        /// A laboratory test.
        LABORATORY = 3;
        /// The device does not know.
        NOT_AVAILABLE = 15;
    }
}

codes! {
    /// State of health (high half of the tester and health octet).
    pub struct Health {
        /// Minor health issues.
        MINOR_ISSUES = 1;
        /// Major health issues.
        MAJOR_ISSUES = 2;
        /// During menses.
        MENSES = 3;
        /// Under stress.
        STRESS = 4;
        /// No health issues.
        NO_ISSUES = 5;
        /// The device does not know.
        NOT_AVAILABLE = 15;
    }
}

codes! {
    /// Kind of medication.
    pub struct MedicationKind {
        /// Rapid acting insulin.
        RAPID_INSULIN = 1;
        /// Short acting insulin.
        SHORT_INSULIN = 2;
        /// Intermediate acting insulin.
        INTERMEDIATE_INSULIN = 3;
        /// Long acting insulin.
        LONG_INSULIN = 4;
        /// Pre-mixed insulin.
        MIXED_INSULIN = 5;
    }
}
