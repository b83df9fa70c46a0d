//! One device: makes and ends its links in turn, and hands its values to the link that is up.

use core::pin::Pin;
use core::time::Duration;
use std::sync::{Arc, Weak};

use btleplug::api::{Peripheral as _, ValueNotification};
use btleplug::platform::Peripheral;
use futures::{Stream, StreamExt as _};
use tokio::sync::{mpsc, oneshot};

use super::error::within;
use super::session::Session;
use super::watch::until_quiet;
use super::{LOOK_AGAIN, RadioConfig, Shared};
use crate::codec::uuid::Uuid;
use crate::link::{BondState, DeviceId, LinkError, LinkEvent};

/// What is asked of a device's task. Commands are obeyed one after the other, so the end of an old link can never
/// hit a later one.
#[derive(Debug)]
pub(super) enum Command {
    /// Make a link.
    Open(oneshot::Sender<Result<Opened, LinkError>>),
    /// End the link with this number, if it is still the one that is up.
    Close(u64, Option<oneshot::Sender<()>>),
    /// The device may be gone.
    Lost,
    /// End the link and the task.
    End(oneshot::Sender<()>),
}

/// A link that was made.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) number: u64,
    pub(super) bond: BondState,
    pub(super) events: mpsc::UnboundedReceiver<LinkEvent>,
}

/// The handle of a device's task.
#[derive(Clone, Debug)]
pub(super) struct Device {
    commands: mpsc::UnboundedSender<Command>,
    pub(super) peripheral: Peripheral,
}

impl Device {
    /// Begins to listen to a device.
    pub(super) async fn start(id: DeviceId, peripheral: Peripheral, shared: &Arc<Shared>) -> Result<Self, LinkError> {
        let values = within(shared.config.call_timeout, peripheral.notifications()).await?;
        let (commands, received) = mpsc::unbounded_channel();
        shared.watch.losses().listen(id.clone(), &commands);
        let task = Task {
            id,
            peripheral: peripheral.clone(),
            values,
            link: None,
            lingers: false,
            made: 0,
            config: shared.config.clone(),
            shared: Arc::downgrade(shared),
            _session: shared.session.clone(),
        };
        tokio::spawn(task.run(received));
        Ok(Self { commands, peripheral })
    }

    /// Makes a link; an earlier one ends.
    pub(super) async fn open(&self) -> Result<Opened, LinkError> {
        let (answer, opened) = oneshot::channel();
        self.tell(Command::Open(answer))?;
        opened.await.unwrap_or(Err(LinkError::Unavailable))
    }

    /// Ends a link without waiting for that.
    pub(super) fn close(&self, number: u64) {
        let _ = self.tell(Command::Close(number, None));
    }

    /// Ends a link.
    pub(super) async fn closed(&self, number: u64) {
        let (answer, closed) = oneshot::channel();
        if self.tell(Command::Close(number, Some(answer))).is_ok() {
            let _ = closed.await;
        }
    }

    /// Ends the task.
    pub(super) async fn end(&self) {
        let (answer, ended) = oneshot::channel();
        if self.tell(Command::End(answer)).is_ok() {
            let _ = ended.await;
        }
    }

    fn tell(&self, command: Command) -> Result<(), LinkError> {
        self.commands.send(command).map_err(|_| LinkError::Unavailable)
    }
}

struct Up {
    number: u64,
    events: mpsc::UnboundedSender<LinkEvent>,
}

struct Task {
    id: DeviceId,
    peripheral: Peripheral,
    values: Pin<Box<dyn Stream<Item = ValueNotification> + Send>>,
    link: Option<Up>,
    /// A link was ended and not seen to be down yet.
    lingers: bool,
    made: u64,
    config: RadioConfig,
    shared: Weak<Shared>,
    /// The stream needs it longer than the radio may live.
    _session: Session,
}

impl Task {
    async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let mut end = None;
        loop {
            tokio::select! {
                // Values first: what the stack received before the link went down is not lost.
                biased;
                Some(value) = self.values.next() => self.forward(value),
                command = commands.recv() => match command {
                    Some(Command::Open(answer)) => self.open(answer).await,
                    Some(Command::Close(number, answer)) => {
                        if self.link.as_ref().is_some_and(|up| up.number == number) {
                            // One that stays up is the next link's trouble.
                            let _ = self.hang_up().await;
                        }
                        if let Some(answer) = answer {
                            let _ = answer.send(());
                        }
                    }
                    Some(Command::Lost) => self.lost().await,
                    Some(Command::End(answer)) => {
                        end = Some(answer);
                        break;
                    }
                    None => break,
                },
            }
        }
        let _ = self.hang_up().await;
        until_quiet(&mut self.values).await;
        drop(self.values);
        if let Some(answer) = end {
            let _ = answer.send(());
        }
    }

    fn forward(&mut self, value: ValueNotification) {
        if let Some(up) = &self.link {
            let characteristic = Uuid::vendor(value.uuid.as_u128());
            // A link that was dropped has already asked for its end.
            let _ = up.events.send(LinkEvent::Value { characteristic, bytes: value.value });
        }
    }

    async fn open(&mut self, answer: oneshot::Sender<Result<Opened, LinkError>>) {
        let opened = match self.hang_up().await {
            Ok(()) => self.connect().await.map(|bond| self.opened(bond)),
            Err(error) => Err(error),
        };
        if answer.send(opened).is_err() {
            // Nobody waits any more.
            let _ = self.hang_up().await;
        }
    }

    fn opened(&mut self, bond: BondState) -> Opened {
        let (sender, events) = mpsc::unbounded_channel();
        self.made += 1;
        self.link = Some(Up { number: self.made, events: sender });
        Opened { number: self.made, bond, events }
    }

    #[cfg(target_os = "linux")]
    fn connect(&self) -> impl Future<Output = Result<BondState, LinkError>> + Send + use<> {
        let (shared, id, config) = (Weak::clone(&self.shared), self.id.clone(), self.config.clone());
        async move {
            let bluez = shared.upgrade().map(|shared| Arc::clone(&shared.bluez)).ok_or(LinkError::Unavailable)?;
            bluez.connect(&id, &config).await
        }
    }

    /// Other systems pair through a dialogue of their own when a device asks for it, and do not say how that went.
    #[cfg(not(target_os = "linux"))]
    fn connect(&self) -> impl Future<Output = Result<BondState, LinkError>> + Send + use<> {
        let (peripheral, limit) = (self.peripheral.clone(), self.config.connect_timeout);
        async move { within(limit, peripheral.connect()).await.map(|()| BondState::NotBonded) }
    }

    /// Ends the link that is up, if one is, and waits until it is down. The stack may say that it has ended a link long
    /// before it has; a link made meanwhile would be the old one, and end with it.
    async fn hang_up(&mut self) -> Result<(), LinkError> {
        self.lingers |= self.link.take().is_some();
        for _ in 0..REQUESTS_TO_END {
            if !self.lingers {
                break;
            }
            let _ = within(self.config.call_timeout, self.peripheral.disconnect()).await;
            self.lingers = !goes_down(self.peripheral.clone(), self.config.call_timeout).await;
        }
        if self.lingers { Err(LinkError::StillUp) } else { Ok(()) }
    }

    /// Tells the link that it is down, unless what was seen was the end of an earlier one.
    async fn lost(&mut self) {
        if self.link.is_none() {
            return;
        }
        match standing(self.peripheral.clone(), self.config.call_timeout).await {
            Standing::Up => return,
            Standing::Down => {}
            Standing::Unknown => self.lingers = true,
        }
        if let Some(up) = self.link.take() {
            let _ = up.events.send(LinkEvent::Disconnected);
        }
    }
}

/// Waits, for as long as a call may take, until the stack says that the link is down.
async fn goes_down(peripheral: Peripheral, limit: Duration) -> bool {
    let down = async {
        while standing(peripheral.clone(), limit).await != Standing::Down {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(limit, down).await.is_ok()
}

/// What the stack says of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Up,
    /// It is down, or the stack no longer knows the device, or is gone itself.
    Down,
    /// It does not say: the link may be up.
    Unknown,
}

async fn standing(peripheral: Peripheral, limit: Duration) -> Standing {
    match within(limit, peripheral.is_connected()).await {
        Ok(true) => Standing::Up,
        Ok(false) | Err(LinkError::Lost | LinkError::NotFound | LinkError::Unavailable) => Standing::Down,
        Err(_) => Standing::Unknown,
    }
}

/// How often the stack is asked to end a link.
const REQUESTS_TO_END: u32 = 2;
