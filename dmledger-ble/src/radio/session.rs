//! The stack's connections to the daemon, on a thread of their own.
//!
//! The stack's session has no end: a task of the runtime that opened it keeps its connection to the bus for as long as
//! that runtime lives, so a gateway that opens radio after radio would run out of connections. Here the runtime is the
//! radio's: it ends with the radio, and everything in it. A connection also closes before its file descriptor leaves the
//! reactor; nobody else has descriptors in this one, so none of a later connection can be taken off in its place.

use core::time::Duration;
use std::sync::Arc;

use btleplug::platform::Manager;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::error::within;
use crate::link::LinkError;

/// Keeps the thread; its clones keep it too.
#[derive(Clone, Debug)]
pub(super) struct Session {
    runtime: Handle,
    _until_dropped: Arc<oneshot::Sender<()>>,
}

impl Session {
    /// Starts the thread and opens the stack in it.
    pub(super) async fn open(limit: Duration) -> Result<(Self, Manager), LinkError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(unable)?;
        let handle = runtime.handle().clone();
        let (keep, dropped) = oneshot::channel();
        let (answer, opened) = oneshot::channel();
        let thread = std::thread::Builder::new().name("bluetooth".into());
        let run = move || {
            runtime.block_on(async move {
                if answer.send(Manager::new().await).is_ok() {
                    let _ = dropped.await;
                    tokio::time::sleep(LAST_CALLS).await;
                }
            });
        };
        thread.spawn(run).map_err(unable)?;
        let opened = async { opened.await.unwrap_or(Err(btleplug::Error::NoAdapterAvailable)) };
        let manager = within(limit, opened).await?;
        Ok((Self { runtime: handle, _until_dropped: Arc::new(keep) }, manager))
    }

    /// Runs a task in the thread.
    #[cfg(target_os = "linux")]
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }
}

/// The system has no thread or no reactor left.
fn unable(error: std::io::Error) -> LinkError {
    LinkError::Radio(Box::new(error))
}

/// How long calls under way may take when nobody needs the thread any more: the stack makes one for every stream that it
/// drops, and panics when that fails.
const LAST_CALLS: Duration = Duration::from_secs(3);
