//! A device that streams and keeps nothing: a pulse oximeter on a finger, for example.

use core::time::Duration;
use std::collections::VecDeque;

use super::device::{ATTRIBUTE_NOT_FOUND, Peripheral};
use super::fault::Traffic;
use crate::codec::Characteristic;
use crate::codec::uuid::Uuid;
use crate::procedure::Uptime;
use crate::procedure::glucose_sync::AttError;

/// Values to be streamed, one a second.
#[derive(Clone, Debug, Default)]
pub(super) struct Feed {
    values: VecDeque<Vec<u8>>,
    next: Option<Uptime>,
}

impl Feed {
    pub(super) fn extend<C: Characteristic>(&mut self, values: impl IntoIterator<Item = C>) {
        self.values.extend(values.into_iter().filter_map(|value| value.to_vec().ok()));
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// When the next value is due, if there is one.
    pub(super) fn due(&self, now: Uptime) -> Option<Uptime> {
        (!self.values.is_empty()).then(|| self.next.unwrap_or(now))
    }

    pub(super) fn pop(&mut self, now: Uptime) -> Option<Vec<u8>> {
        let value = self.values.pop_front()?;
        self.next = Some(now.after(Duration::from_secs(1)));
        Some(value)
    }
}

/// A simulated device that streams one characteristic.
#[derive(Clone, Debug)]
pub struct SimStreamer {
    characteristic: Uuid,
    about: Option<(Uuid, Vec<u8>)>,
    feed: Feed,
    subscribed: bool,
}

impl SimStreamer {
    /// A device that notifies this characteristic.
    #[must_use]
    pub fn new(characteristic: Uuid) -> Self {
        Self { characteristic, about: None, feed: Feed::default(), subscribed: false }
    }

    /// The same with a value that can be read and describes the stream.
    #[must_use]
    pub fn with_about<C: Characteristic>(mut self, about: &C) -> Self {
        self.about = about.to_vec().ok().map(|octets| (C::UUID, octets));
        self
    }

    /// Will stream this, once a second while it is subscribed to; what falls due without a subscriber waits.
    pub fn will_stream<C: Characteristic>(&mut self, values: impl IntoIterator<Item = C>) {
        self.feed.extend(values);
    }
}

impl Peripheral for SimStreamer {
    fn characteristics(&self) -> Vec<Uuid> {
        let about = self.about.as_ref().map(|(characteristic, _)| *characteristic);
        core::iter::once(self.characteristic).chain(about).collect()
    }

    fn subscribe(&mut self, characteristic: Uuid) -> Result<(), AttError> {
        if characteristic != self.characteristic {
            return Err(ATTRIBUTE_NOT_FOUND);
        }
        self.subscribed = true;
        Ok(())
    }

    fn read(&mut self, characteristic: Uuid, _now: Uptime) -> Result<Vec<u8>, AttError> {
        let about = self.about.as_ref().filter(|(of, _)| *of == characteristic);
        about.map(|(_, octets)| octets.clone()).ok_or(ATTRIBUTE_NOT_FOUND)
    }

    fn due(&self, now: Uptime) -> Option<Uptime> {
        if self.subscribed { self.feed.due(now) } else { None }
    }

    fn next_value(&mut self, now: Uptime) -> Option<(Uuid, Vec<u8>)> {
        self.feed.pop(now).map(|value| (self.characteristic, value))
    }

    fn unlink(&mut self) {
        self.subscribed = false;
    }

    fn traffic(&self, _characteristic: Uuid) -> Traffic {
        Traffic::Record
    }
}
