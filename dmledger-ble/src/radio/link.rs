//! A link over the stack.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use async_trait::async_trait;
use btleplug::api::{Characteristic, Peripheral as _, WriteType};
use tokio::sync::mpsc;

use super::Shared;
use super::device::{Device, Opened};
use super::error::within;
use crate::codec::uuid::Uuid;
use crate::link::{BondState, Link, LinkError, LinkEvent};
use crate::procedure::glucose_sync::AttError;

/// A connection to one device; ends when it is dropped.
pub(super) struct RadioLink {
    device: Device,
    number: u64,
    bond: BondState,
    /// `None` after the end was reported.
    events: Option<mpsc::UnboundedReceiver<LinkEvent>>,
    shared: Arc<Shared>,
}

impl fmt::Debug for RadioLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RadioLink").field("number", &self.number).field("bond", &self.bond).finish_non_exhaustive()
    }
}

impl RadioLink {
    pub(super) fn new(device: Device, opened: Opened, shared: Arc<Shared>) -> Self {
        Self { device, number: opened.number, bond: opened.bond, events: Some(opened.events), shared }
    }

    fn characteristic(&self, wanted: Uuid) -> Result<Characteristic, LinkError> {
        let all = self.device.peripheral.characteristics();
        let found = all.into_iter().find(|one| one.uuid.as_u128() == wanted.to_u128());
        found.ok_or(LinkError::Att(AttError::ATTRIBUTE_NOT_FOUND))
    }
}

#[async_trait]
impl Link for RadioLink {
    async fn characteristics(&mut self) -> Result<Vec<Uuid>, LinkError> {
        let peripheral = &self.device.peripheral;
        let found = within(self.shared.config.connect_timeout, peripheral.discover_services()).await;
        self.shared.explained(found).await?;
        Ok(peripheral.characteristics().iter().map(|one| Uuid::vendor(one.uuid.as_u128())).collect())
    }

    async fn subscribe(&mut self, characteristic: Uuid) -> Result<(), LinkError> {
        let characteristic = self.characteristic(characteristic)?;
        let done = within(self.shared.config.call_timeout, self.device.peripheral.subscribe(&characteristic)).await;
        self.shared.explained(done).await
    }

    async fn read(&mut self, characteristic: Uuid) -> Result<Vec<u8>, LinkError> {
        let characteristic = self.characteristic(characteristic)?;
        let done = within(self.shared.config.call_timeout, self.device.peripheral.read(&characteristic)).await;
        self.shared.explained(done).await
    }

    async fn write(&mut self, characteristic: Uuid, bytes: &[u8]) -> Result<(), LinkError> {
        let characteristic = self.characteristic(characteristic)?;
        let write = self.device.peripheral.write(&characteristic, bytes, WriteType::WithResponse);
        let done = within(self.shared.config.call_timeout, write).await;
        self.shared.explained(done).await
    }

    async fn next(&mut self, wait: Duration) -> LinkEvent {
        let Some(events) = &mut self.events else { return LinkEvent::Disconnected };
        match tokio::time::timeout(wait, events.recv()).await {
            Err(_) => LinkEvent::Idle,
            Ok(Some(event @ LinkEvent::Value { .. })) => event,
            Ok(_) => {
                self.events = None;
                LinkEvent::Disconnected
            }
        }
    }

    fn bond(&self) -> BondState {
        self.bond
    }

    async fn disconnect(&mut self) {
        self.events = None;
        self.device.closed(self.number).await;
    }
}

impl Drop for RadioLink {
    fn drop(&mut self) {
        self.device.close(self.number);
    }
}
