//! What the host asks of its node, handed from any thread to the node's.

use crate::{
    engine::Status,
    error::{EngineError, Outcome},
};
use dmledger_core::{
    block::{FinalizedBlock, RawAction},
    time::Height,
};
use futures::channel::oneshot;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread::Thread,
};

/// One request and where its answer goes.
pub(super) enum Request {
    Submit(RawAction, oneshot::Sender<Outcome>),
    Status(oneshot::Sender<Status>),
    Next(Height, oneshot::Sender<Result<FinalizedBlock, EngineError>>),
    At(Height, oneshot::Sender<Result<Option<FinalizedBlock>, EngineError>>),
    Shutdown(oneshot::Sender<()>),
}

/// The queue between host and node.
#[derive(Default)]
pub(super) struct Requests {
    queue: Mutex<Queue>,
    thread: OnceLock<Thread>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Request>,
    closed: Option<String>,
}

impl Requests {
    /// Names the thread to wake for a request.
    pub(super) fn wake_by(&self, thread: Thread) {
        thread.unpark();
        // Set once, by the one who made the thread.
        let _: Result<(), Thread> = self.thread.set(thread);
    }

    pub(super) fn push(&self, request: Request) -> Result<(), EngineError> {
        {
            let mut queue = self.lock();
            if let Some(reason) = &queue.closed {
                return Err(EngineError::Stopped { reason: reason.clone() });
            }
            queue.waiting.push_back(request);
        }
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
        Ok(())
    }

    /// Takes what has been asked, at most `most` requests.
    pub(super) fn take(&self, most: usize) -> Vec<Request> {
        let mut queue = self.lock();
        let count = queue.waiting.len().min(most);
        queue.waiting.drain(..count).collect()
    }

    /// Refuses every further request for this reason, and forgets those not yet served. The first reason stays.
    pub(super) fn close(&self, reason: &str) {
        let forgotten = {
            let mut queue = self.lock();
            queue.closed.get_or_insert_with(|| reason.to_owned());
            std::mem::take(&mut queue.waiting)
        };
        // Dropped outside the lock: whoever awaits an answer is woken by it.
        drop(forgotten);
    }

    /// Why no request is served any more.
    pub(super) fn stopped(&self) -> EngineError {
        let reason = self.lock().closed.clone().unwrap_or_else(|| "the node was shut down".to_owned());
        EngineError::Stopped { reason }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
