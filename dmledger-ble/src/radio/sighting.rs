//! What a scan sees of a device.

use btleplug::api::Peripheral as _;
use btleplug::platform::Peripheral;

use crate::codec::uuid::Uuid;
use crate::link::DeviceId;

/// A device in reach.
#[derive(Clone, Debug)]
pub struct Sighting {
    device: DeviceId,
    address: String,
    name: Option<String>,
    services: Vec<Uuid>,
    rssi: Option<i16>,
}

impl Sighting {
    /// What to hand to [`Central::connect`](crate::link::Central::connect).
    #[must_use]
    pub const fn device(&self) -> &DeviceId {
        &self.device
    }

    /// Bluetooth address as six octets in hexadecimal; zeros on systems that hide it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Name the device gives itself.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Services it advertises; it may have more.
    #[must_use]
    pub fn services(&self) -> &[Uuid] {
        &self.services
    }

    /// Whether it advertises a service.
    #[must_use]
    pub fn offers(&self, service: Uuid) -> bool {
        self.services.contains(&service)
    }

    /// Strength of the last advertisement in dBm.
    #[must_use]
    pub const fn rssi(&self) -> Option<i16> {
        self.rssi
    }
}

/// Looks at a device; `None` for one that the system remembers and does not see.
pub(super) async fn look(peripheral: &Peripheral) -> Result<Option<Sighting>, btleplug::Error> {
    let Some(seen) = peripheral.properties().await? else { return Ok(None) };
    if seen.rssi.is_none() && !peripheral.is_connected().await? {
        return Ok(None);
    }
    Ok(Some(Sighting {
        device: DeviceId::new(peripheral.id().to_string()),
        address: seen.address.to_string(),
        name: seen.local_name,
        services: seen.services.iter().map(|service| Uuid::vendor(service.as_u128())).collect(),
        rssi: seen.rssi,
    }))
}
