//! Our own connection to the Bluetooth daemon of Linux: connecting, pairing, and whether the daemon lives.
//!
//! Interfaces `org.bluez.Device1`, `Adapter1` and `AgentManager1` of `BlueZ`'s `doc/`. Connecting here and not through
//! the stack's crate leaves no stream of the crate behind with every connection.

use core::time::Duration;
use std::sync::Arc;

use dbus::arg::{AppendAll, ReadAll};
use dbus::message::MatchRule;
use dbus::nonblock::stdintf::org_freedesktop_dbus::Properties;
use dbus::nonblock::{MsgMatch, Proxy, SyncConnection};
use dbus::strings::Path;

use super::RadioConfig;
use super::agent::Agent;
use super::error::dbus_error;
use super::pairing::{PairingHost, PairingPolicy};
use super::session::Session;
use super::watch::Losses;
use crate::link::{BondState, DeviceId, LinkError, PairingError};

/// A connection to the system bus, with an agent on it.
pub(super) struct Bluez {
    connection: Arc<SyncConnection>,
    agent: Arc<Agent>,
    /// One pairing at a time: the agent knows for which device it answers.
    pairing: tokio::sync::Mutex<()>,
    /// Watches the daemon as long as it is kept.
    _owner: MsgMatch,
}

impl Bluez {
    pub(super) async fn open(
        session: &Session,
        host: Option<Arc<dyn PairingHost>>,
        losses: Losses,
        limit: Duration,
    ) -> Result<Self, LinkError> {
        let (resource, connection) = dbus_tokio::connection::new_system_sync().map_err(dbus_error)?;
        let bus_lost = losses.clone();
        session.spawn(async move {
            // Ends only when the bus is gone.
            let _ = resource.await;
            bus_lost.all();
        });
        let agent = Agent::export(&connection, host);
        let owner = within(limit, connection.add_match(MatchRule::new_signal(BUS, "NameOwnerChanged"))).await?;
        let owner = owner.cb(move |_, (name, _, after): (String, String, String)| {
            if name == DAEMON && after.is_empty() {
                losses.all();
            }
            true
        });
        Ok(Self { connection, agent, pairing: tokio::sync::Mutex::default(), _owner: owner })
    }

    /// Whether the daemon answers within `limit`.
    pub(super) async fn answers(&self, limit: Duration) -> bool {
        self.call::<(), _>("/", limit, "org.freedesktop.DBus.Peer", "Ping", ()).await.is_ok()
    }

    /// Makes a link, pairing first where the policy says so, and waits until services are known.
    pub(super) async fn connect(&self, device: &DeviceId, config: &RadioConfig) -> Result<BondState, LinkError> {
        let path = path_of(device)?;
        let bond = self.bond(device, &path, config).await?;
        match self.call::<(), _>(&path, config.connect_timeout, DEVICE, "Connect", ()).await {
            Ok(()) => {}
            Err(error) if is(&error, &["AlreadyConnected", "InProgress"]) => {}
            Err(error) => return Err(dbus_error(error)),
        }
        let resolved = async {
            while !self.flag(&path, "ServicesResolved", config.call_timeout).await? {
                if !self.flag(&path, "Connected", config.call_timeout).await? {
                    return Err(LinkError::Lost);
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Ok(())
        };
        tokio::time::timeout(config.connect_timeout, resolved).await.unwrap_or(Err(LinkError::TimedOut))?;
        Ok(bond)
    }

    /// Removes a device and its bond from the daemon.
    pub(super) async fn forget(&self, device: &DeviceId, limit: Duration) -> Result<(), LinkError> {
        let path = path_of(device)?;
        let (adapter, _) = path.rsplit_once('/').ok_or(LinkError::NotFound)?;
        let removed = self.call::<(), _>(adapter, limit, "org.bluez.Adapter1", "RemoveDevice", (path.clone(),)).await;
        removed.map_err(|error| if is(&error, &["DoesNotExist"]) { LinkError::NotFound } else { dbus_error(error) })
    }

    async fn bond(
        &self,
        device: &DeviceId,
        path: &Path<'static>,
        config: &RadioConfig,
    ) -> Result<BondState, LinkError> {
        if self.flag(path, "Paired", config.call_timeout).await? {
            // With what proof it was paired is not kept by the daemon.
            return Ok(BondState::Bonded);
        }
        if config.pairing == PairingPolicy::Never {
            return Ok(BondState::NotBonded);
        }
        match self.pair(device, path, config).await {
            Err(LinkError::Pairing(PairingError::Unsupported | PairingError::Failed))
                if config.pairing == PairingPolicy::WhenOffered =>
            {
                Ok(BondState::NotBonded)
            }
            paired => paired,
        }
    }

    async fn pair(
        &self,
        device: &DeviceId,
        path: &Path<'static>,
        config: &RadioConfig,
    ) -> Result<BondState, LinkError> {
        let _one_at_a_time = self.pairing.lock().await;
        self.register(config.call_timeout).await?;
        self.agent.expect(device.clone(), path.clone());
        let paired = self.call::<(), _>(path, config.pairing_timeout, DEVICE, "Pair", ()).await;
        let answered = self.agent.done();
        match paired {
            Ok(()) if answered.proof => Ok(BondState::BondedAuthenticated),
            Ok(()) => Ok(BondState::Bonded),
            Err(error) if is(&error, &["AlreadyExists"]) => Ok(BondState::Bonded),
            Err(_) if answered.refused => Err(LinkError::Pairing(PairingError::Refused)),
            Err(error) => {
                if is(&error, &["Timeout", "NoReply"]) {
                    // The daemon still waits; nobody else does.
                    let _ = self.call::<(), _>(path, config.call_timeout, DEVICE, "CancelPairing", ()).await;
                }
                Err(pairing_error(error))
            }
        }
    }

    /// Tells the daemon that pairing asked for by this connection is answered by our agent.
    async fn register(&self, limit: Duration) -> Result<(), LinkError> {
        let (owner,): (String,) = self.bus("GetNameOwner", limit, (DAEMON,)).await.map_err(dbus_error)?;
        self.agent.trust(owner);
        let arguments = (Agent::path(), self.agent.capability());
        match self.call::<(), _>("/org/bluez", limit, "org.bluez.AgentManager1", "RegisterAgent", arguments).await {
            Ok(()) => Ok(()),
            Err(error) if is(&error, &["AlreadyExists"]) => Ok(()),
            Err(error) => Err(pairing_error(error)),
        }
    }

    async fn flag(&self, path: &Path<'static>, name: &str, limit: Duration) -> Result<bool, LinkError> {
        self.proxy(DAEMON, path, limit).get::<bool>(DEVICE, name).await.map_err(dbus_error)
    }

    async fn call<R: ReadAll + 'static, A: AppendAll>(
        &self,
        path: &str,
        limit: Duration,
        interface: &'static str,
        method: &'static str,
        arguments: A,
    ) -> Result<R, dbus::Error> {
        self.proxy(DAEMON, path, limit).method_call(interface, method, arguments).await
    }

    async fn bus<R: ReadAll + 'static, A: AppendAll>(
        &self,
        method: &'static str,
        limit: Duration,
        arguments: A,
    ) -> Result<R, dbus::Error> {
        self.proxy(BUS, "/org/freedesktop/DBus", limit).method_call(BUS, method, arguments).await
    }

    fn proxy<'a>(&self, destination: &'a str, path: &'a str, limit: Duration) -> Proxy<'a, Arc<SyncConnection>> {
        Proxy::new(destination, path, limit, Arc::clone(&self.connection))
    }
}

async fn within<T>(limit: Duration, call: impl Future<Output = Result<T, dbus::Error>>) -> Result<T, LinkError> {
    tokio::time::timeout(limit, call).await.map_err(|_| LinkError::TimedOut)?.map_err(dbus_error)
}

/// The object of a device that the stack names `hci0/dev_C0_DE_00_00_00_01`.
fn path_of(device: &DeviceId) -> Result<Path<'static>, LinkError> {
    Path::new(format!("/org/bluez/{}", device.as_str())).map_err(|_| LinkError::NotFound)
}

/// Whether an error has one of these names, whoever defined it.
fn is(error: &dbus::Error, names: &[&str]) -> bool {
    let last = error.name().and_then(|name| name.rsplit('.').next());
    last.is_some_and(|last| names.contains(&last))
}

fn pairing_error(error: dbus::Error) -> LinkError {
    let last = error.name().and_then(|name| name.rsplit('.').next()).unwrap_or_default();
    LinkError::Pairing(match last {
        "AuthenticationRejected" | "AuthenticationCanceled" => PairingError::Refused,
        "AuthenticationFailed" => PairingError::Failed,
        "AuthenticationTimeout" | "Timeout" | "NoReply" if !gone(&error) => PairingError::TimedOut,
        "NotSupported" | "UnknownMethod" | "UnknownObject" | "UnknownInterface" => PairingError::Unsupported,
        _ => return dbus_error(error),
    })
}

fn gone(error: &dbus::Error) -> bool {
    error.message().is_some_and(|message| message.contains("disconnected"))
}

const DAEMON: &str = "org.bluez";
const BUS: &str = "org.freedesktop.DBus";
const DEVICE: &str = "org.bluez.Device1";
/// Time between two looks at whether services are known.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_name_is_no_path() {
        assert_eq!(
            &*path_of(&DeviceId::new("hci0/dev_C0_DE_00_00_00_01")).unwrap(),
            "/org/bluez/hci0/dev_C0_DE_00_00_00_01"
        );
        assert!(matches!(path_of(&DeviceId::new("C0:DE 1")), Err(LinkError::NotFound)));
    }

    #[test]
    fn failures_of_pairing_are_told_apart() {
        let read = |name: &str, message: &str| pairing_error(dbus::Error::new_custom(name, message));
        for (name, expected) in [
            ("org.bluez.Error.AuthenticationRejected", PairingError::Refused),
            ("org.bluez.Error.AuthenticationCanceled", PairingError::Refused),
            ("org.bluez.Error.AuthenticationFailed", PairingError::Failed),
            ("org.bluez.Error.AuthenticationTimeout", PairingError::TimedOut),
            ("org.freedesktop.DBus.Error.Timeout", PairingError::TimedOut),
            ("org.freedesktop.DBus.Error.UnknownMethod", PairingError::Unsupported),
        ] {
            assert!(matches!(read(name, ""), LinkError::Pairing(error) if error == expected), "{name}");
        }
        let gone = "Message recipient disconnected from message bus without replying";
        assert!(matches!(read("org.freedesktop.DBus.Error.NoReply", gone), LinkError::Unavailable));
    }
}
