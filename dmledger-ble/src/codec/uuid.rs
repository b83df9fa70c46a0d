//! Attribute types: 16-bit numbers assigned by the Bluetooth SIG and 128-bit vendor numbers.

use core::fmt;

/// A 128-bit attribute type; SIG numbers are held in their long form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(u128);

impl Uuid {
    /// A number assigned by the SIG, widened with the Bluetooth base UUID.
    #[must_use]
    pub const fn assigned(number: u16) -> Self {
        Self(BASE | (number as u128) << 96)
    }

    /// A vendor's own number, in the order in which it is written with hyphens.
    #[must_use]
    pub const fn vendor(number: u128) -> Self {
        Self(number)
    }

    /// All 128 bits.
    #[must_use]
    pub const fn to_u128(self) -> u128 {
        self.0
    }

    /// The SIG's 16-bit number, if this is one.
    #[must_use]
    pub const fn assigned_number(self) -> Option<u16> {
        let short = (self.0 >> 96) as u32;
        if self.0 & !(0xFFFF_FFFF << 96) == BASE && short <= 0xFFFF { Some(short as u16) } else { None }
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            n >> 96,
            (n >> 80) & 0xFFFF,
            (n >> 64) & 0xFFFF,
            (n >> 48) & 0xFFFF,
            n & 0xFFFF_FFFF_FFFF
        )
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! assigned {
    ($( $(#[$doc:meta])* $name:ident = $number:literal; )*) => {
        $( $(#[$doc])* pub const $name: Uuid = Uuid::assigned($number); )*
    };
}

assigned! {
    /// Current Time service.
    CURRENT_TIME_SERVICE = 0x1805;
    /// Glucose service.
    GLUCOSE_SERVICE = 0x1808;
    /// Health Thermometer service.
    HEALTH_THERMOMETER_SERVICE = 0x1809;
    /// Device Information service.
    DEVICE_INFORMATION_SERVICE = 0x180A;
    /// Heart Rate service.
    HEART_RATE_SERVICE = 0x180D;
    /// Battery service.
    BATTERY_SERVICE = 0x180F;
    /// Blood Pressure service.
    BLOOD_PRESSURE_SERVICE = 0x1810;
    /// Weight Scale service.
    WEIGHT_SCALE_SERVICE = 0x181D;
    /// Continuous Glucose Monitoring service.
    CGM_SERVICE = 0x181F;
    /// Pulse Oximeter service.
    PULSE_OXIMETER_SERVICE = 0x1822;
    /// Physical Activity Monitor service.
    PHYSICAL_ACTIVITY_MONITOR_SERVICE = 0x183E;
    /// Glucose Measurement characteristic.
    GLUCOSE_MEASUREMENT = 0x2A18;
    /// Battery Level characteristic.
    BATTERY_LEVEL = 0x2A19;
    /// Temperature Measurement characteristic.
    TEMPERATURE_MEASUREMENT = 0x2A1C;
    /// Temperature Type characteristic.
    TEMPERATURE_TYPE = 0x2A1D;
    /// Intermediate Temperature characteristic.
    INTERMEDIATE_TEMPERATURE = 0x2A1E;
    /// System ID characteristic.
    SYSTEM_ID = 0x2A23;
    /// Model Number String characteristic.
    MODEL_NUMBER = 0x2A24;
    /// Serial Number String characteristic.
    SERIAL_NUMBER = 0x2A25;
    /// Firmware Revision String characteristic.
    FIRMWARE_REVISION = 0x2A26;
    /// Hardware Revision String characteristic.
    HARDWARE_REVISION = 0x2A27;
    /// Software Revision String characteristic.
    SOFTWARE_REVISION = 0x2A28;
    /// Manufacturer Name String characteristic.
    MANUFACTURER_NAME = 0x2A29;
    /// Current Time characteristic.
    CURRENT_TIME = 0x2A2B;
    /// Glucose Measurement Context characteristic.
    GLUCOSE_MEASUREMENT_CONTEXT = 0x2A34;
    /// Blood Pressure Measurement characteristic.
    BLOOD_PRESSURE_MEASUREMENT = 0x2A35;
    /// Intermediate Cuff Pressure characteristic.
    INTERMEDIATE_CUFF_PRESSURE = 0x2A36;
    /// Heart Rate Measurement characteristic.
    HEART_RATE_MEASUREMENT = 0x2A37;
    /// Body Sensor Location characteristic.
    BODY_SENSOR_LOCATION = 0x2A38;
    /// Heart Rate Control Point characteristic.
    HEART_RATE_CONTROL_POINT = 0x2A39;
    /// Blood Pressure Feature characteristic.
    BLOOD_PRESSURE_FEATURE = 0x2A49;
    /// PnP ID characteristic.
    PNP_ID = 0x2A50;
    /// Glucose Feature characteristic.
    GLUCOSE_FEATURE = 0x2A51;
    /// Record Access Control Point characteristic.
    RECORD_ACCESS_CONTROL_POINT = 0x2A52;
    /// PLX Spot-Check Measurement characteristic.
    PLX_SPOT_CHECK = 0x2A5E;
    /// PLX Continuous Measurement characteristic.
    PLX_CONTINUOUS = 0x2A5F;
    /// PLX Features characteristic.
    PLX_FEATURES = 0x2A60;
    /// Weight Measurement characteristic.
    WEIGHT_MEASUREMENT = 0x2A9D;
    /// Weight Scale Feature characteristic.
    WEIGHT_SCALE_FEATURE = 0x2A9E;
    /// CGM Measurement characteristic.
    CGM_MEASUREMENT = 0x2AA7;
    /// CGM Feature characteristic.
    CGM_FEATURE = 0x2AA8;
    /// CGM Status characteristic.
    CGM_STATUS = 0x2AA9;
    /// CGM Session Start Time characteristic.
    CGM_SESSION_START_TIME = 0x2AAA;
    /// CGM Session Run Time characteristic.
    CGM_SESSION_RUN_TIME = 0x2AAB;
    /// CGM Specific Ops Control Point characteristic.
    CGM_SPECIFIC_OPS_CONTROL_POINT = 0x2AAC;
    /// Sleep Activity Instantaneous characteristic.
    SLEEP_INSTANT = 0x2B41;
    /// Sleep Activity Summary characteristic.
    SLEEP_SUMMARY = 0x2B42;
}

const BASE: u128 = 0x0000_0000_0000_1000_8000_0080_5F9B_34FB;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assigned_numbers_survive_and_vendor_numbers_have_none() {
        for number in [0, 0x1808, 0x2A18, 0xFFFF] {
            assert_eq!(Uuid::assigned(number).assigned_number(), Some(number));
        }
        assert_eq!(Uuid::vendor(7).assigned_number(), None);
        assert_eq!(Uuid::vendor(BASE | 1 << 112).assigned_number(), None);
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn the_written_form_is_the_usual_one() {
        assert_eq!(alloc::format!("{GLUCOSE_SERVICE}"), "00001808-0000-1000-8000-00805f9b34fb");
    }
}
