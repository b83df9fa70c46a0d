//! Watches the adapter: which device went away.

use core::pin::Pin;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use btleplug::api::{Central as _, CentralEvent};
use btleplug::platform::Adapter;
use futures::{Stream, StreamExt as _};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::device::Command;
use super::error::within;
use super::lock;
use super::session::Session;
use crate::link::{DeviceId, LinkError};

/// Who wants to know that a device may have gone away.
#[derive(Clone, Debug, Default)]
pub(super) struct Losses {
    /// Weak: a task that only losses could wake ends.
    listeners: Arc<Mutex<HashMap<DeviceId, mpsc::WeakUnboundedSender<Command>>>>,
}

impl Losses {
    pub(super) fn listen(&self, device: DeviceId, listener: &mpsc::UnboundedSender<Command>) {
        lock(&self.listeners).insert(device, listener.downgrade());
    }

    /// One device may be gone.
    fn one(&self, device: &DeviceId) {
        if let Some(listener) = lock(&self.listeners).get(device) {
            tell(listener);
        }
    }

    /// The whole stack may be gone.
    pub(super) fn all(&self) {
        lock(&self.listeners).values().for_each(tell);
    }
}

/// A listener that is gone has no link.
fn tell(listener: &mpsc::WeakUnboundedSender<Command>) {
    if let Some(listener) = listener.upgrade() {
        let _ = listener.send(Command::Lost);
    }
}

/// The task that listens to the adapter for as long as the radio lives.
#[derive(Debug)]
pub(super) struct Watch {
    losses: Losses,
    ending: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

type Events = Pin<Box<dyn Stream<Item = CentralEvent> + Send>>;

impl Watch {
    pub(super) async fn start(adapter: &Adapter, session: Session, limit: Duration) -> Result<Self, LinkError> {
        let events = within(limit, adapter.events()).await?;
        let losses = Losses::default();
        let (ending, ended) = watch::channel(false);
        let task = tokio::spawn(run(session, events, losses.clone(), ended));
        Ok(Self { losses, ending, task: Mutex::new(Some(task)) })
    }

    pub(super) fn losses(&self) -> Losses {
        self.losses.clone()
    }

    /// Ends the task and waits for that.
    pub(super) async fn end(&self) {
        self.ending.send_replace(true);
        let task = lock(&self.task).take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}

async fn run(_session: Session, mut events: Events, losses: Losses, mut ended: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(CentralEvent::DeviceDisconnected(id)) => losses.one(&DeviceId::new(id.to_string())),
                Some(_) => {}
                None => break,
            },
            // Also when the radio was dropped.
            _ = ended.changed() => break,
        }
    }
    until_quiet(&mut events).await;
}

/// Takes from a stream until nothing has come for a while: dropping a stream of the stack while something arrives makes
/// the stack panic.
pub(super) async fn until_quiet<T>(stream: &mut (impl Stream<Item = T> + Unpin)) {
    let end = tokio::time::Instant::now() + AT_MOST;
    while tokio::time::Instant::now() < end {
        if !matches!(tokio::time::timeout(QUIET, stream.next()).await, Ok(Some(_))) {
            return;
        }
    }
}

const QUIET: Duration = Duration::from_millis(50);
const AT_MOST: Duration = Duration::from_secs(2);
