//! The link of a driver: made, used while it is up, ended.

use core::time::Duration;

use super::{Central, DeviceId, LONGEST_WAIT, Link, LinkError, LinkEvent};
use crate::codec::uuid::Uuid;
use crate::procedure::Uptime;

/// A device with the link to it, if one is up, and the timer of whoever talks over it.
pub(super) struct Wire<'a> {
    central: &'a dyn Central,
    device: &'a DeviceId,
    link: Option<Box<dyn Link>>,
    timer: Option<Uptime>,
}

impl<'a> Wire<'a> {
    pub(super) fn new(central: &'a dyn Central, device: &'a DeviceId) -> Self {
        Self { central, device, link: None, timer: None }
    }

    pub(super) fn now(&self) -> Uptime {
        self.central.uptime()
    }

    pub(super) fn link(&self) -> Option<&dyn Link> {
        self.link.as_deref()
    }

    pub(super) const fn set_timer(&mut self, at: Uptime) {
        self.timer = Some(at);
    }

    /// The time of a tick. Without a link nobody else would wait: the timer itself is what comes next.
    pub(super) fn tick(&mut self) -> Uptime {
        let now = self.now();
        self.timer.take().map_or(now, |at| at.max(now))
    }

    /// Waits for the link until the timer.
    pub(super) async fn listen(&mut self) -> LinkEvent {
        let wait = self.timer.map_or(LONGEST_WAIT, |at| at.since(self.central.uptime()));
        match &mut self.link {
            Some(link) if wait > Duration::ZERO => link.next(wait).await,
            _ => LinkEvent::Idle,
        }
    }

    /// Makes a link and discovers what there is.
    pub(super) async fn connect(&mut self) -> Result<Vec<Uuid>, LinkError> {
        self.link = None;
        let link = self.link.insert(self.central.connect(self.device).await?);
        link.characteristics().await
    }

    pub(super) async fn subscribe(&mut self, characteristic: Uuid) -> Result<(), LinkError> {
        self.up()?.subscribe(characteristic).await
    }

    pub(super) async fn read(&mut self, characteristic: Uuid) -> Result<Vec<u8>, LinkError> {
        self.up()?.read(characteristic).await
    }

    pub(super) async fn write(&mut self, characteristic: Uuid, bytes: &[u8]) -> Result<(), LinkError> {
        self.up()?.write(characteristic, bytes).await
    }

    pub(super) async fn disconnect(&mut self) {
        if let Some(mut link) = self.link.take() {
            link.disconnect().await;
        }
    }

    /// The link is of no use any more.
    pub(super) fn down(&mut self) {
        self.link = None;
    }

    fn up(&mut self) -> Result<&mut Box<dyn Link>, LinkError> {
        self.link.as_mut().ok_or(LinkError::Lost)
    }
}
