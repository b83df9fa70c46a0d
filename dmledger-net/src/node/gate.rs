//! The gate of a node: serves partials to members the ledger allows, and gathers other nodes' partials for its host.
//!
//! Everything happens in [`Desk::step`], which is pure: the simulator drives it on virtual time, [`GateDoor`] on a thread
//! of its own, so that no vote waits behind a gate request. [`open`] puts a door into a transport: gate frames go to
//! the desk, all others to the engine that the returned transport is handed to.
//!
//! ```text
//! service   requests and orders in, answers out: the ledger's rules, then the node's KeyGate
//! desk      errands of the host and frames of peers, as a pure step
//! errand    one request to several nodes: who is right, who lies, who is silent
//! ```

mod desk;
mod errand;
mod service;
#[cfg(test)]
mod tests;

pub use desk::{Desk, DeskEvent, DeskOutput};
pub use errand::{Errand, Patience, Report};
pub use service::{GateService, ServiceLimits};

use crate::{
    error::{EngineError, TransportError},
    transport::{Channel, Frame, PeerId, Transport},
};
use async_trait::async_trait;
use dmledger_core::time::Clock;
use futures::channel::oneshot;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Longest sleep without a timer.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

enum Happening {
    Frame(Frame),
    Errand(Errand, oneshot::Sender<Report>),
    Close,
}

/// A node's gate on its own thread. Closes when dropped.
pub struct GateDoor {
    happenings: mpsc::Sender<Happening>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for GateDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateDoor").finish_non_exhaustive()
    }
}

/// Puts a gate between a transport and its engine: give the returned transport to the engine in place of `transport`.
/// Without a `service` the node asks only.
///
/// # Errors
/// [`EngineError::NoThread`].
pub fn open(
    transport: Arc<dyn Transport>,
    service: Option<GateService>,
    clock: Arc<dyn Clock>,
    seed: [u8; 32],
) -> Result<(Arc<dyn Transport>, GateDoor), EngineError> {
    let (happenings, received) = mpsc::channel();
    let driver = Driver {
        desk: Desk::new(transport.local(), service, seed),
        transport: Arc::clone(&transport),
        clock,
        received,
        timers: BinaryHeap::new(),
        waiting: BTreeMap::new(),
        next: 0,
    };
    let thread = thread::Builder::new()
        .name(format!("dmledger-gate-{:.8}", transport.local()))
        .spawn(move || driver.run())
        .map_err(|error| EngineError::NoThread(error.to_string()))?;
    let doorway = Doorway { inner: transport, gate: happenings.clone() };
    Ok((Arc::new(doorway), GateDoor { happenings, thread: Mutex::new(Some(thread)) }))
}

impl GateDoor {
    /// Runs an errand and reports once it is done or its patience has ended.
    ///
    /// # Errors
    /// [`EngineError::Stopped`] if the gate was closed meanwhile.
    pub async fn run(&self, errand: Errand) -> Result<Report, EngineError> {
        let stopped = || EngineError::Stopped { reason: "the gate was closed".to_owned() };
        let (done, report) = oneshot::channel();
        self.happenings.send(Happening::Errand(errand, done)).map_err(|_| stopped())?;
        report.await.map_err(|_| stopped())
    }

    /// Closes the gate; it has let its transport go on return.
    pub fn close(&self) {
        // Closed already is closed.
        let _: Result<(), mpsc::SendError<Happening>> = self.happenings.send(Happening::Close);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _: thread::Result<()> = thread.join();
        }
    }
}

impl Drop for GateDoor {
    fn drop(&mut self) {
        self.close();
    }
}

/// The engine's side of a transport with a gate in it.
struct Doorway {
    inner: Arc<dyn Transport>,
    gate: mpsc::Sender<Happening>,
}

#[async_trait]
impl Transport for Doorway {
    fn local(&self) -> PeerId {
        self.inner.local()
    }

    fn peers(&self) -> Vec<PeerId> {
        self.inner.peers()
    }

    fn send(&self, to: PeerId, channel: Channel, bytes: Arc<[u8]>) -> Result<(), TransportError> {
        self.inner.send(to, channel, bytes)
    }

    fn broadcast(&self, channel: Channel, bytes: Arc<[u8]>) -> Result<(), TransportError> {
        self.inner.broadcast(channel, bytes)
    }

    async fn recv(&self) -> Result<Frame, TransportError> {
        loop {
            let frame = self.inner.recv().await?;
            if frame.channel != Channel::Gate {
                return Ok(frame);
            }
            // Without a gate behind it the frame is nobody's.
            let _: Result<(), mpsc::SendError<Happening>> = self.gate.send(Happening::Frame(frame));
        }
    }

    fn max_frame(&self, channel: Channel) -> usize {
        self.inner.max_frame(channel)
    }
}

struct Driver {
    desk: Desk,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    received: mpsc::Receiver<Happening>,
    timers: BinaryHeap<Reverse<(Instant, u64)>>,
    waiting: BTreeMap<u64, oneshot::Sender<Report>>,
    next: u64,
}

impl Driver {
    fn run(mut self) {
        loop {
            match self.received.recv_timeout(self.sleep()) {
                Ok(Happening::Frame(frame)) => self.step(DeskEvent::Frame { from: frame.from, bytes: frame.bytes }),
                Ok(Happening::Errand(errand, done)) => {
                    self.next += 1;
                    self.waiting.insert(self.next, done);
                    self.step(DeskEvent::Errand(self.next, Box::new(errand)));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Happening::Close) | Err(RecvTimeoutError::Disconnected) => return,
            }
            while let Some(Reverse((_, id))) =
                self.timers.peek().copied().filter(|Reverse((due, _))| *due <= Instant::now())
            {
                self.timers.pop();
                self.step(DeskEvent::Timer(id));
            }
        }
    }

    fn sleep(&self) -> Duration {
        let due = self.timers.peek().map(|Reverse((due, _))| due.saturating_duration_since(Instant::now()));
        due.unwrap_or(LONGEST_SLEEP)
    }

    fn step(&mut self, event: DeskEvent) {
        for output in self.desk.step(event, self.clock.now()) {
            match output {
                DeskOutput::Send { to, bytes } => {
                    if let Err(error) = self.transport.send(to, Channel::Gate, bytes) {
                        tracing::debug!(%to, %error, "gate frame not sent");
                    }
                }
                DeskOutput::SetTimer { id, after } => self.timers.push(Reverse((Instant::now() + after, id))),
                DeskOutput::Done { errand, report } => {
                    if let Some(done) = self.waiting.remove(&errand) {
                        // The host may have lost interest.
                        let _: Result<(), Report> = done.send(report);
                    }
                }
            }
        }
    }
}
