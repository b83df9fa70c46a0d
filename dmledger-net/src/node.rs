//! The driver: one thread a node, which lets frames, timers and requests happen to its [`Core`] one after the other.
//!
//! The thread waits for whichever comes first, and looks at the transport's most urgent channel before anything else
//! after every step. No runtime is needed; any executor may await the [`Engine`]'s answers.

pub mod gate;
pub mod mempool;
mod requests;
#[cfg(test)]
mod tests;

use crate::{
    engine::{Core, CoreParts, Engine, Event, Output, Parts, Standing, Status, Ticket, TimerId},
    error::{EngineError, Misbehaviour, Outcome, SubmitError},
    transport::{Frame, Transport},
};
use async_trait::async_trait;
use dmledger_core::{
    block::{FinalizedBlock, RawAction},
    time::{Clock, Height, Timestamp},
};
use futures::channel::oneshot;
use requests::{Request, Requests};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Most actions that one step takes from the host: checking them must not keep votes waiting for long.
const SUBMIT_AT_ONCE: usize = 32;
/// Longest sleep without a timer.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::EPOCH.plus(since)
    }
}

/// A node on its own thread.
pub(crate) struct Node {
    requests: Arc<Requests>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Node {
    pub(crate) fn start(parts: Parts) -> Result<Self, EngineError> {
        let Parts { state_machine, transport, signer, wal, clock, config } = parts;
        let local = transport.local();
        let core = Core::new(CoreParts { machine: state_machine, wal, signer, local, config })?;
        let requests = Arc::new(Requests::default());
        let driver = Driver::new(core, transport, clock, Arc::clone(&requests));
        let thread = thread::Builder::new()
            .name(format!("dmledger-{local:.8}"))
            .spawn(move || driver.run())
            .map_err(|error| EngineError::NoThread(error.to_string()))?;
        requests.wake_by(thread.thread().clone());
        Ok(Self { requests, thread: Mutex::new(Some(thread)) })
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, EngineError> {
        let (sender, answer) = oneshot::channel();
        self.requests.push(request(sender))?;
        answer.await.map_err(|_| self.requests.stopped())
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").finish_non_exhaustive()
    }
}

#[async_trait]
impl Engine for Node {
    async fn submit(&self, action: RawAction) -> Result<Ticket, EngineError> {
        let (outcome, ticket) = Ticket::new(action.digest());
        self.requests.push(Request::Submit(action, outcome))?;
        Ok(ticket)
    }

    async fn status(&self) -> Result<Status, EngineError> {
        self.ask(Request::Status).await
    }

    async fn next_finalized(&self, after: Height) -> Result<FinalizedBlock, EngineError> {
        self.ask(|answer| Request::Next(after, answer)).await?
    }

    async fn finalized_at(&self, height: Height) -> Result<Option<FinalizedBlock>, EngineError> {
        self.ask(|answer| Request::At(height, answer)).await?
    }

    async fn shutdown(&self) {
        let (sender, done) = oneshot::channel();
        if self.requests.push(Request::Shutdown(sender)).is_ok() {
            // The driver drops the sender as its very last act.
            let _: Result<(), oneshot::Canceled> = done.await;
        }
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
            let _: thread::Result<()> = thread.join();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let (sender, _) = oneshot::channel();
        // Already stopped is stopped.
        let _: Result<(), EngineError> = self.requests.push(Request::Shutdown(sender));
    }
}

type Receiving<'a> = Pin<Box<dyn Future<Output = Result<Frame, crate::error::TransportError>> + Send + 'a>>;

struct Driver {
    core: Core,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    requests: Arc<Requests>,
    timers: BinaryHeap<Reverse<(Instant, TimerId)>>,
    tickets: HashMap<u64, oneshot::Sender<Outcome>>,
    next_ticket: u64,
    waiting: Vec<(Height, oneshot::Sender<Result<FinalizedBlock, EngineError>>)>,
    last_block: Instant,
    caught: Vec<Misbehaviour>,
    ended: Option<oneshot::Sender<()>>,
    running: bool,
}

impl Driver {
    fn new(core: Core, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, requests: Arc<Requests>) -> Self {
        Self {
            core,
            transport,
            clock,
            requests,
            timers: BinaryHeap::new(),
            tickets: HashMap::new(),
            next_ticket: 0,
            waiting: Vec::new(),
            last_block: Instant::now(),
            caught: Vec::new(),
            ended: None,
            running: true,
        }
    }

    fn run(mut self) {
        let transport = Arc::clone(&self.transport);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut receiving: Option<Receiving<'_>> = Some(transport.recv());
        self.step(Event::Start);
        while self.running {
            let received = receiving.as_mut().map(|next| next.as_mut().poll(&mut Context::from_waker(&waker)));
            match received {
                Some(Poll::Ready(Ok(frame))) => {
                    receiving = Some(transport.recv());
                    self.step(Event::Frame(frame));
                    self.fire();
                    // Requests wait while frames come in, but not for ever.
                    self.serve();
                }
                // Without a network the node still serves its host.
                Some(Poll::Ready(Err(_))) => receiving = None,
                Some(Poll::Pending) | None => {
                    if !self.fire() && !self.serve() {
                        thread::park_timeout(self.sleep());
                    }
                }
            }
        }
        drop(receiving);
        self.end();
    }

    /// Fires the timers that are due; whether there were any.
    fn fire(&mut self) -> bool {
        let mut fired = false;
        while let Some(Reverse((due, id))) = self.timers.peek().copied() {
            if due > Instant::now() || !self.running {
                break;
            }
            self.timers.pop();
            self.step(Event::Timer(id));
            fired = true;
        }
        fired
    }

    fn sleep(&self) -> Duration {
        let due = self.timers.peek().map(|Reverse((due, _))| due.saturating_duration_since(Instant::now()));
        due.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)
    }

    /// Serves what the host asked for; whether there was anything.
    fn serve(&mut self) -> bool {
        let requests = self.requests.take(SUBMIT_AT_ONCE);
        let any = !requests.is_empty();
        let mut actions = Vec::new();
        for request in requests {
            match request {
                Request::Submit(action, outcome) => {
                    self.tickets.insert(self.next_ticket, outcome);
                    actions.push((self.next_ticket, action));
                    self.next_ticket += 1;
                }
                Request::Status(answer) => drop(answer.send(self.status())),
                Request::Next(after, answer) => self.waiting.push((after.next(), answer)),
                Request::At(height, answer) => drop(answer.send(self.core.finalized(height))),
                Request::Shutdown(done) => {
                    self.ended = Some(done);
                    self.running = false;
                }
            }
        }
        if !actions.is_empty() {
            self.step(Event::Submit(actions));
        }
        if any {
            self.answer_waiting();
        }
        any
    }

    fn status(&self) -> Status {
        let standing: Standing = self.core.standing();
        let (peers, since_last_block) = (self.transport.peers().len(), self.last_block.elapsed());
        Status { standing, peers, since_last_block, caught: self.caught.clone() }
    }

    fn answer_waiting(&mut self) {
        let tip = self.core.standing().height;
        for (height, answer) in std::mem::take(&mut self.waiting) {
            if height > tip {
                self.waiting.push((height, answer));
                continue;
            }
            let missing = || EngineError::Ledger(format!("no block at height {height}"));
            drop(answer.send(self.core.finalized(height).and_then(|block| block.ok_or_else(missing))));
        }
    }

    fn step(&mut self, event: Event) {
        let mut applied = false;
        for output in self.core.step(event, self.clock.now()) {
            match output {
                Output::Send { to, channel, bytes } => {
                    if let Err(error) = self.transport.send(to, channel, bytes) {
                        tracing::debug!(%to, ?channel, %error, "frame not sent");
                    }
                }
                Output::SetTimer { id, after } => self.timers.push(Reverse((Instant::now() + after, id))),
                Output::Applied { .. } => {
                    applied = true;
                    self.last_block = Instant::now();
                }
                Output::Settled { ticket, outcome } => {
                    if let Some(sender) = self.tickets.remove(&ticket) {
                        // The submitter may have lost interest.
                        let _: Result<(), Outcome> = sender.send(outcome);
                    }
                }
                Output::Caught(misbehaviour) => {
                    tracing::warn!(%misbehaviour, "misbehaviour");
                    self.caught.push(misbehaviour);
                }
                Output::Halted(halt) => {
                    self.requests.close(&halt.to_string());
                    self.running = false;
                }
            }
        }
        if applied {
            self.answer_waiting();
        }
    }

    fn end(self) {
        let Self { core, requests, tickets, ended, .. } = self;
        requests.close("the node was shut down");
        let EngineError::Stopped { reason } = requests.stopped() else { return };
        for outcome in tickets.into_values() {
            let _: Result<(), Outcome> = outcome.send(Err(SubmitError::Stopped { reason: reason.clone() }));
        }
        // Ledger and log are let go before anyone is told.
        drop(core);
        drop(ended);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
