//! The pairing agent: an `org.bluez.Agent1` object that the daemon asks while a device pairs.
//!
//! It answers the daemon and nobody else, and only about the device that the host is pairing with; whatever is asked
//! without that is refused. It is not made the system's default agent, so other programs keep theirs.

use std::ffi::CStr;
use std::sync::{Arc, Mutex, Weak};

use dbus::Message;
use dbus::channel::{MatchingReceiver as _, Sender as _};
use dbus::message::MatchRule;
use dbus::nonblock::SyncConnection;
use dbus::strings::{ErrorName, Path};
use tokio::runtime::Handle;

use super::lock;
use super::pairing::{PairingAnswer, PairingHost, PairingQuestion, Passkey};
use crate::link::DeviceId;

/// What is known of the pairing that runs, and who may ask.
pub(super) struct Agent {
    host: Option<Arc<dyn PairingHost>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The daemon's unique name on the bus.
    daemon: Option<String>,
    pairing: Option<(DeviceId, Path<'static>)>,
    answered: Answered,
}

/// What happened while a device paired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answered {
    /// A person compared or copied a code.
    pub(super) proof: bool,
    /// The host said no.
    pub(super) refused: bool,
}

/// What a call of the daemon comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// Nothing to decide.
    Note,
    /// A question for the host.
    Ask(PairingQuestion),
    /// Not something this agent does.
    Refuse,
}

impl Agent {
    /// Puts the agent on a connection.
    pub(super) fn export(connection: &Arc<SyncConnection>, host: Option<Arc<dyn PairingHost>>) -> Arc<Self> {
        let agent = Arc::new(Self { host, state: Mutex::default() });
        let (served, back) = (Arc::clone(&agent), Arc::downgrade(connection));
        // The host answers in its own runtime, not in that of the connection.
        let runtime = Handle::current();
        let calls = MatchRule::new_method_call().with_path(Self::path()).with_interface(INTERFACE);
        connection.start_receive(
            calls,
            Box::new(move |message, connection| {
                Self::serve(&served, message, connection, &back, &runtime);
                true
            }),
        );
        agent
    }

    /// Where the object is.
    pub(super) fn path() -> Path<'static> {
        Path::from("/dmledger/agent")
    }

    /// What the daemon is told that this machine can do.
    pub(super) fn capability(&self) -> &'static str {
        if self.host.is_some() { "KeyboardDisplay" } else { "NoInputNoOutput" }
    }

    /// From here on only the bearer of this unique name is answered.
    pub(super) fn trust(&self, daemon: String) {
        lock(&self.state).daemon = Some(daemon);
    }

    /// Pairing with a device begins.
    pub(super) fn expect(&self, device: DeviceId, path: Path<'static>) {
        let mut state = lock(&self.state);
        state.pairing = Some((device, path));
        state.answered = Answered::default();
    }

    /// Pairing is over.
    pub(super) fn done(&self) -> Answered {
        let mut state = lock(&self.state);
        state.pairing = None;
        state.answered
    }

    fn serve(
        self: &Arc<Self>,
        message: Message,
        connection: &SyncConnection,
        back: &Weak<SyncConnection>,
        runtime: &Handle,
    ) {
        let Some(device) = self.about(&message) else {
            return reply(connection, &message, None);
        };
        match call(&message) {
            Call::Note => reply(connection, &message, Some(PairingAnswer::Accept)),
            Call::Refuse => reply(connection, &message, None),
            Call::Ask(question) => {
                let (agent, back) = (Arc::clone(self), Weak::clone(back));
                runtime.spawn(async move {
                    let answer = agent.decide(&device, question).await;
                    if let Some(connection) = back.upgrade() {
                        reply(&connection, &message, answer);
                    }
                });
            }
        }
    }

    /// The device that a call is about, if the daemon makes it and the host is pairing with that device.
    fn about(&self, message: &Message) -> Option<DeviceId> {
        let state = lock(&self.state);
        let caller = message.sender()?;
        if state.daemon.as_deref() != Some(&*caller) {
            return None;
        }
        let (device, path) = state.pairing.as_ref()?;
        // Release and Cancel name no device.
        let named = message.get1::<Path<'_>>();
        named.is_none_or(|named| named == *path).then(|| device.clone())
    }

    /// The answer to a question; `None` refuses.
    async fn decide(&self, device: &DeviceId, question: PairingQuestion) -> Option<PairingAnswer> {
        let answer = match &self.host {
            Some(host) => host.answer(device, question).await,
            None if question == PairingQuestion::JustWorks => PairingAnswer::Accept,
            None => PairingAnswer::Refuse,
        };
        let fits = match (question, answer) {
            (_, PairingAnswer::Refuse) => false,
            (PairingQuestion::EnterPasskey, answer) => matches!(answer, PairingAnswer::Passkey(_)),
            (_, answer) => answer == PairingAnswer::Accept,
        };
        let mut state = lock(&self.state);
        state.answered.refused |= !fits;
        state.answered.proof |= fits && question != PairingQuestion::JustWorks;
        fits.then_some(answer)
    }
}

/// Reads a call: `org.bluez.Agent1` of `doc/agent-api.txt`.
fn call(message: &Message) -> Call {
    let member = message.member();
    let code = || message.get2::<Path<'_>, u32>().1.and_then(Passkey::new);
    match member.as_deref() {
        Some("RequestAuthorization") => Call::Ask(PairingQuestion::JustWorks),
        Some("RequestConfirmation") => code().map_or(Call::Refuse, |code| Call::Ask(PairingQuestion::Compare(code))),
        Some("RequestPasskey") => Call::Ask(PairingQuestion::EnterPasskey),
        Some("DisplayPasskey") => match (code(), message.get3::<Path<'_>, u32, u16>().2) {
            // Called again for every digit typed; the person is told once.
            (Some(code), Some(0) | None) => Call::Ask(PairingQuestion::Show(code)),
            (Some(_), Some(_)) => Call::Note,
            (None, _) => Call::Refuse,
        },
        Some("Release" | "Cancel") => Call::Note,
        // Service authorisation and PIN codes belong to classic Bluetooth.
        _ => Call::Refuse,
    }
}

fn reply(connection: &SyncConnection, message: &Message, answer: Option<PairingAnswer>) {
    let reply = match answer {
        Some(PairingAnswer::Passkey(passkey)) => message.method_return().append1(passkey.number()),
        Some(PairingAnswer::Accept) => message.method_return(),
        Some(PairingAnswer::Refuse) | None => message.error(&ErrorName::from(REJECTED), REFUSED),
    };
    // If the bus is gone there is nobody to answer.
    let _ = connection.send(reply);
}

const INTERFACE: &str = "org.bluez.Agent1";
const REJECTED: &str = "org.bluez.Error.Rejected";
const REFUSED: &CStr = c"refused";

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;

    const DEVICE: &str = "/org/bluez/hci0/dev_00";

    struct Person(PairingAnswer);

    #[async_trait]
    impl PairingHost for Person {
        async fn answer(&self, _device: &DeviceId, _question: PairingQuestion) -> PairingAnswer {
            self.0
        }
    }

    fn agent(host: Option<PairingAnswer>) -> Agent {
        let host = host.map(|answer| Arc::new(Person(answer)) as Arc<dyn PairingHost>);
        let agent = Agent { host, state: Mutex::default() };
        agent.trust(":1.7".into());
        agent.expect(DeviceId::new("hci0/dev_00"), Path::from(DEVICE));
        agent
    }

    fn message(member: &str, device: &str, sender: &str) -> Message {
        let mut message = Message::new_method_call("a.b", "/dmledger/agent", INTERFACE, member).unwrap();
        message.set_sender(Some(sender.into()));
        message.append1(Path::from(device))
    }

    fn decide(agent: &Agent, question: PairingQuestion) -> Option<PairingAnswer> {
        futures::executor::block_on(agent.decide(&DeviceId::new("hci0/dev_00"), question))
    }

    #[test]
    fn only_the_daemon_is_answered_and_only_about_the_device_that_pairs() {
        let agent = agent(None);
        assert!(agent.about(&message("RequestPasskey", DEVICE, ":1.7")).is_some());
        assert!(agent.about(&message("RequestPasskey", DEVICE, ":1.8")).is_none(), "another program");
        assert!(agent.about(&message("RequestPasskey", "/org/bluez/hci0/dev_01", ":1.7")).is_none(), "another device");
        agent.done();
        assert!(agent.about(&message("RequestPasskey", DEVICE, ":1.7")).is_none(), "nothing pairs");
    }

    #[test]
    fn calls_are_questions() {
        let code = Passkey::new(123_456).unwrap();
        let of = |member: &str| message(member, DEVICE, ":1.7");
        assert_eq!(call(&of("RequestAuthorization")), Call::Ask(PairingQuestion::JustWorks));
        assert_eq!(call(&of("RequestPasskey")), Call::Ask(PairingQuestion::EnterPasskey));
        assert_eq!(call(&of("RequestConfirmation").append1(123_456_u32)), Call::Ask(PairingQuestion::Compare(code)));
        assert_eq!(call(&of("RequestConfirmation").append1(1_000_000_u32)), Call::Refuse, "seven digits");
        assert_eq!(call(&of("RequestConfirmation")), Call::Refuse, "no code");
        assert_eq!(call(&of("DisplayPasskey").append2(123_456_u32, 0_u16)), Call::Ask(PairingQuestion::Show(code)));
        assert_eq!(call(&of("DisplayPasskey").append2(123_456_u32, 3_u16)), Call::Note);
        for member in ["RequestPinCode", "AuthorizeService", "Else"] {
            assert_eq!(call(&of(member)), Call::Refuse, "{member}");
        }
        assert_eq!(call(&of("Cancel")), Call::Note);
    }

    #[test]
    fn without_a_host_only_just_works_is_accepted() {
        let agent = agent(None);
        assert_eq!(agent.capability(), "NoInputNoOutput");
        assert_eq!(decide(&agent, PairingQuestion::JustWorks), Some(PairingAnswer::Accept));
        assert_eq!(agent.done(), Answered { proof: false, refused: false });
        assert_eq!(decide(&agent, PairingQuestion::Compare(Passkey::new(1).unwrap())), None);
        assert!(agent.done().refused);
    }

    #[test]
    fn a_comparison_is_proof_and_a_wrong_kind_of_answer_is_a_refusal() {
        let code = Passkey::new(1).unwrap();
        let says_yes = agent(Some(PairingAnswer::Accept));
        assert_eq!(says_yes.capability(), "KeyboardDisplay");
        assert_eq!(decide(&says_yes, PairingQuestion::Compare(code)), Some(PairingAnswer::Accept));
        assert_eq!(says_yes.done(), Answered { proof: true, refused: false });
        assert_eq!(decide(&says_yes, PairingQuestion::EnterPasskey), None, "yes is no code");
        let types = agent(Some(PairingAnswer::Passkey(code)));
        assert_eq!(decide(&types, PairingQuestion::EnterPasskey), Some(PairingAnswer::Passkey(code)));
        assert_eq!(decide(&types, PairingQuestion::Compare(code)), None, "a code is no yes");
        let refuses = agent(Some(PairingAnswer::Refuse));
        assert_eq!(decide(&refuses, PairingQuestion::JustWorks), None);
        assert!(refuses.done().refused);
    }
}
