//! The network inside one process: every joined peer reaches every other through bounded queues.

use super::{Channel, Frame, PeerId, Transport};
use crate::error::TransportError;
use async_trait::async_trait;
use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    task::{Poll, Waker},
};

/// Frames a peer may leave unread on one channel before more are refused.
const QUEUE_FRAMES: usize = 8192;

/// Joins nodes of one process. Cloning gives another handle to the same network.
#[derive(Clone, Default)]
pub struct MemoryHub {
    peers: Arc<RwLock<BTreeMap<PeerId, Arc<Inbox>>>>,
}

impl MemoryHub {
    /// A network without peers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Connects `peer` with everyone on the hub. A peer that joins again (a restarted node) replaces its former self.
    #[must_use]
    pub fn join(&self, peer: PeerId) -> MemoryTransport {
        let inbox = Arc::new(Inbox::default());
        let former = self.write().insert(peer, Arc::clone(&inbox));
        if let Some(former) = former {
            former.close();
        }
        MemoryTransport { hub: self.clone(), local: peer, inbox }
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<PeerId, Arc<Inbox>>> {
        self.peers.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<PeerId, Arc<Inbox>>> {
        self.peers.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryHub").field("peers", &self.read().len()).finish()
    }
}

/// One node's place on a [`MemoryHub`]; leaves the hub when dropped.
pub struct MemoryTransport {
    hub: MemoryHub,
    local: PeerId,
    inbox: Arc<Inbox>,
}

impl fmt::Debug for MemoryTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTransport").field("local", &self.local).finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for MemoryTransport {
    fn local(&self) -> PeerId {
        self.local
    }

    fn peers(&self) -> Vec<PeerId> {
        self.hub.read().keys().copied().filter(|peer| *peer != self.local).collect()
    }

    fn send(&self, to: PeerId, channel: Channel, bytes: Arc<[u8]>) -> Result<(), TransportError> {
        let max = self.max_frame(channel);
        if bytes.len() > max {
            return Err(TransportError::TooLong { len: bytes.len(), max });
        }
        let inbox = self.hub.read().get(&to).cloned().ok_or(TransportError::Unreachable)?;
        inbox.push(Frame { from: self.local, channel, bytes })
    }

    async fn recv(&self) -> Result<Frame, TransportError> {
        poll_fn(|context| self.inbox.poll(context.waker())).await
    }
}

impl Drop for MemoryTransport {
    fn drop(&mut self) {
        self.inbox.close();
        let mut peers = self.hub.write();
        if peers.get(&self.local).is_some_and(|inbox| Arc::ptr_eq(inbox, &self.inbox)) {
            peers.remove(&self.local);
        }
    }
}

/// Unread frames of one peer, a queue a channel.
#[derive(Default)]
struct Inbox(Mutex<Queues>);

#[derive(Default)]
struct Queues {
    channels: [VecDeque<Frame>; Channel::ALL.len()],
    waker: Option<Waker>,
    closed: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, frame: Frame) -> Result<(), TransportError> {
        let waker = {
            let mut queues = self.lock();
            if queues.closed {
                return Err(TransportError::Unreachable);
            }
            let queue = queues.channels.get_mut(frame.channel.index()).ok_or(TransportError::Unreachable)?;
            if queue.len() >= QUEUE_FRAMES {
                return Err(TransportError::Full);
            }
            queue.push_back(frame);
            queues.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    fn poll(&self, waker: &Waker) -> Poll<Result<Frame, TransportError>> {
        let mut queues = self.lock();
        if let Some(frame) = queues.channels.iter_mut().find_map(VecDeque::pop_front) {
            return Poll::Ready(Ok(frame));
        }
        if queues.closed {
            return Poll::Ready(Err(TransportError::Closed));
        }
        queues.waker = Some(waker.clone());
        Poll::Pending
    }

    fn close(&self) {
        let waker = {
            let mut queues = self.lock();
            queues.closed = true;
            queues.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use futures::executor::block_on;

    fn peer(n: u8) -> PeerId {
        PeerId::of(&testing::secret_key(n).public())
    }

    fn bytes(n: u8) -> Arc<[u8]> {
        Arc::from([n].as_slice())
    }

    #[test]
    fn the_hub_keeps_the_promises_of_a_transport() -> testing::transport::Outcome {
        let hub = MemoryHub::new();
        let (a, b) = (hub.join(peer(0)), hub.join(peer(1)));
        block_on(testing::transport::keeps_its_promises(&a, &b))
    }

    #[test]
    fn a_broadcast_reaches_everyone_but_the_sender() {
        let hub = MemoryHub::new();
        let all: Vec<_> = (0..3).map(|n| hub.join(peer(n))).collect();
        all[0].broadcast(Channel::Gossip, bytes(7)).unwrap();
        for transport in &all[1..] {
            let frame = block_on(transport.recv()).unwrap();
            assert_eq!((frame.from, frame.bytes), (peer(0), bytes(7)));
        }
        assert!(all[0].inbox.poll(Waker::noop()).is_pending());
    }

    #[test]
    fn the_most_urgent_channel_is_read_first() {
        let hub = MemoryHub::new();
        let (a, b) = (hub.join(peer(0)), hub.join(peer(1)));
        for channel in Channel::ALL.iter().rev() {
            a.send(peer(1), *channel, bytes(0)).unwrap();
        }
        for channel in Channel::ALL {
            assert_eq!(block_on(b.recv()).unwrap().channel, channel);
        }
    }

    #[test]
    fn an_absent_peer_a_long_frame_and_a_full_queue_are_refused() {
        let hub = MemoryHub::new();
        let a = hub.join(peer(0));
        assert_eq!(a.send(peer(1), Channel::Body, bytes(0)), Err(TransportError::Unreachable));
        let b = hub.join(peer(1));
        let long: Arc<[u8]> = vec![0; Channel::Consensus.max_bytes() + 1].into();
        let max = Channel::Consensus.max_bytes();
        assert_eq!(a.send(peer(1), Channel::Consensus, long), Err(TransportError::TooLong { len: max + 1, max }));
        for _ in 0..QUEUE_FRAMES {
            a.send(peer(1), Channel::Gossip, bytes(0)).unwrap();
        }
        assert_eq!(a.send(peer(1), Channel::Gossip, bytes(0)), Err(TransportError::Full));
        assert_eq!(a.send(peer(1), Channel::Consensus, bytes(0)), Ok(()));
        drop(b);
        assert_eq!(a.send(peer(1), Channel::Consensus, bytes(0)), Err(TransportError::Unreachable));
    }

    #[test]
    fn a_peer_that_joins_again_replaces_its_former_self() {
        let hub = MemoryHub::new();
        let (a, old) = (hub.join(peer(0)), hub.join(peer(1)));
        let new = hub.join(peer(1));
        a.send(peer(1), Channel::Body, bytes(3)).unwrap();
        assert_eq!(block_on(old.recv()), Err(TransportError::Closed));
        drop(old);
        assert_eq!(block_on(new.recv()).unwrap().bytes, bytes(3));
        assert_eq!(a.peers(), vec![peer(1)]);
    }
}
