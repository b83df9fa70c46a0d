//! Errors of the stack as errors of a link, and a limit on every wait.

use core::future::Future;
use core::time::Duration;

use btleplug::Error;

use crate::link::LinkError;

/// Runs a call of the stack for at most `limit`.
pub(super) async fn within<T>(limit: Duration, call: impl Future<Output = Result<T, Error>>) -> Result<T, LinkError> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result.map_err(link_error),
        Err(_) => Err(LinkError::TimedOut),
    }
}

/// What an error of the stack means to the user of a link.
pub(super) fn link_error(error: Error) -> LinkError {
    match error {
        Error::DeviceNotFound => LinkError::NotFound,
        Error::NotConnected => LinkError::Lost,
        Error::NoAdapterAvailable => LinkError::Unavailable,
        Error::TimedOut(_) => LinkError::TimedOut,
        #[cfg(target_os = "linux")]
        Error::Other(cause) => match cause.downcast::<bluez_async::BluetoothError>() {
            Ok(error) => bluez_error(*error),
            Err(cause) => LinkError::Radio(cause),
        },
        error => LinkError::Radio(Box::new(error)),
    }
}

#[cfg(target_os = "linux")]
fn bluez_error(error: bluez_async::BluetoothError) -> LinkError {
    use bluez_async::BluetoothError;
    match error {
        BluetoothError::DbusError(error) => dbus_error(error),
        BluetoothError::NoBluetoothAdapters => LinkError::Unavailable,
        BluetoothError::ServiceDiscoveryTimedOut => LinkError::TimedOut,
        error => LinkError::Radio(Box::new(error)),
    }
}

/// What an error reply of the Bluetooth daemon or of the bus means.
///
/// Names are those of `BlueZ`'s `doc/` and of the D-Bus specification. The daemon hides the number of most ATT errors behind a
/// name of its own and writes the others into the message.
#[cfg(target_os = "linux")]
pub(super) fn dbus_error(error: dbus::Error) -> LinkError {
    use crate::procedure::glucose_sync::AttError;
    let message = error.message().unwrap_or_default();
    match error.name().unwrap_or_default() {
        "org.bluez.Error.NotPermitted" => LinkError::Att(match message {
            "Read not permitted" => AttError::from_number(0x02),
            "Write not permitted" => AttError::from_number(0x03),
            _ => AttError::INSUFFICIENT_AUTHENTICATION,
        }),
        "org.bluez.Error.NotAuthorized" => LinkError::Att(AttError::INSUFFICIENT_AUTHORIZATION),
        "org.bluez.Error.NotSupported" => LinkError::Att(AttError::from_number(0x06)),
        "org.bluez.Error.InvalidValueLength" => LinkError::Att(AttError::from_number(0x0D)),
        "org.bluez.Error.Failed" => match att_number(message) {
            Some(number) => LinkError::Att(AttError::from_number(number)),
            None if message.eq_ignore_ascii_case("not connected") => LinkError::Lost,
            None => LinkError::Radio(Box::new(error)),
        },
        // An object that is no longer there: the daemon forgot the device.
        "org.bluez.Error.NotConnected"
        | "org.freedesktop.DBus.Error.UnknownObject"
        | "org.freedesktop.DBus.Error.UnknownMethod"
        | "org.freedesktop.DBus.Error.UnknownInterface" => LinkError::Lost,
        "org.bluez.Error.NotReady"
        | "org.freedesktop.DBus.Error.ServiceUnknown"
        | "org.freedesktop.DBus.Error.NameHasNoOwner"
        | "org.freedesktop.DBus.Error.Disconnected"
        | "org.freedesktop.DBus.Error.NoServer"
        | "org.freedesktop.DBus.Error.FileNotFound" => LinkError::Unavailable,
        // The bus says so when the daemon went away in the middle of a call.
        "org.freedesktop.DBus.Error.NoReply" if message.contains("disconnected") => LinkError::Unavailable,
        "org.freedesktop.DBus.Error.NoReply" | "org.freedesktop.DBus.Error.Timeout" => LinkError::TimedOut,
        _ => LinkError::Radio(Box::new(error)),
    }
}

/// The number in "Operation failed with ATT error: 0x80".
#[cfg(target_os = "linux")]
fn att_number(message: &str) -> Option<u8> {
    let (_, digits) = message.split_once("ATT error: 0x")?;
    let digits = digits.split(|c: char| !c.is_ascii_hexdigit()).next()?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::procedure::glucose_sync::AttError;

    fn read(name: &str, message: &str) -> LinkError {
        let cause = bluez_async::BluetoothError::DbusError(dbus::Error::new_custom(name, message));
        link_error(Error::Other(Box::new(cause)))
    }

    fn att(name: &str, message: &str) -> Option<AttError> {
        match read(name, message) {
            LinkError::Att(error) => Some(error),
            _ => None,
        }
    }

    #[test]
    fn errors_of_the_device_keep_their_number() {
        assert_eq!(
            att("org.bluez.Error.Failed", "Operation failed with ATT error: 0xfe"),
            Some(AttError::PROCEDURE_IN_PROGRESS)
        );
        assert_eq!(
            att("org.bluez.Error.Failed", "Operation failed with ATT error: 0xfd (x)"),
            Some(AttError::NOT_SUBSCRIBED)
        );
        assert_eq!(att("org.bluez.Error.Failed", "Operation failed"), None);
        assert!(att("org.bluez.Error.NotPermitted", "Not paired").is_some_and(AttError::wants_bond));
        assert!(!att("org.bluez.Error.NotPermitted", "Write not permitted").is_some_and(AttError::wants_bond));
    }

    #[test]
    fn a_daemon_that_went_away_is_told_from_a_slow_device() {
        let gone = "Message recipient disconnected from message bus without replying";
        assert!(matches!(read("org.freedesktop.DBus.Error.NoReply", gone), LinkError::Unavailable));
        assert!(matches!(read("org.freedesktop.DBus.Error.ServiceUnknown", ""), LinkError::Unavailable));
        assert!(matches!(read("org.freedesktop.DBus.Error.NoReply", "Did not receive a reply"), LinkError::TimedOut));
        assert!(matches!(read("org.bluez.Error.Failed", "Not connected"), LinkError::Lost));
        assert!(matches!(link_error(Error::NotConnected), LinkError::Lost));
    }
}
