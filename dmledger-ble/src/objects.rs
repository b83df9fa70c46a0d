//! Pictures and clips of a camera, whatever they travel over.
//!
//! [`GattObjects`] is the camera service of this crate. A back end over the Object Transfer service and its channels is
//! another [`ObjectSource`].

use async_trait::async_trait;
use thiserror::Error;

use crate::codec::capture::Manifest;
use crate::link::{Central, DeviceId, drive};
use crate::procedure::clip_transfer::{ClipConfig, ClipOutcome, ClipSummary, ClipTransfer, Goal, Partial};
use crate::procedure::conversation::Failure;

/// Why an object could not be listed, fetched or deleted.
#[derive(Debug, Error)]
#[error("camera: {reason:?}")]
pub struct ObjectError {
    reason: Failure,
    partial: Option<Box<Partial>>,
}

impl ObjectError {
    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Failure {
        self.reason
    }

    /// What has arrived of an object; the next fetch goes on from it.
    #[must_use]
    pub fn into_partial(self) -> Option<Partial> {
        self.partial.map(|partial| *partial)
    }
}

/// An object that is whole and equal to its manifest's digest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what came and how")]
pub struct Fetched {
    /// What the camera said of it.
    pub manifest: Manifest,
    /// The object.
    pub object: Vec<u8>,
    /// What the transfer saw.
    pub summary: ClipSummary,
}

/// Where pictures and clips come from.
#[async_trait]
pub trait ObjectSource: Send {
    /// The objects that are there, each once.
    ///
    /// # Errors
    /// [`ObjectError`] when the camera cannot be asked.
    async fn list(&mut self) -> Result<Vec<Manifest>, ObjectError>;

    /// Fetches an object from its beginning or from what arrived before. On return it is whole and verified.
    ///
    /// # Errors
    /// [`ObjectError`] with what has arrived.
    async fn fetch(&mut self, from: Partial) -> Result<Fetched, ObjectError>;

    /// Deletes an object on the camera. To be called when the object is kept durably; harmless when repeated.
    ///
    /// # Errors
    /// [`ObjectError`]; the object may then still be there.
    async fn finish(&mut self, manifest: &Manifest) -> Result<(), ObjectError>;
}

/// The camera service over GATT.
#[expect(missing_debug_implementations, reason = "a radio has nothing to show")]
pub struct GattObjects<'a> {
    central: &'a dyn Central,
    device: DeviceId,
    config: ClipConfig,
}

impl<'a> GattObjects<'a> {
    /// The camera with this name on this radio.
    #[must_use]
    pub fn new(central: &'a dyn Central, device: DeviceId, config: ClipConfig) -> Self {
        Self { central, device, config }
    }

    async fn run(&self, goal: Goal) -> ClipOutcome {
        let mut transfer = ClipTransfer::new(goal, self.config);
        drive(self.central, &self.device, &mut transfer, &mut |_| {}).await
    }
}

fn failed(outcome: ClipOutcome) -> ObjectError {
    match outcome {
        ClipOutcome::Incomplete { reason, partial, .. } => ObjectError { reason, partial: partial.map(Box::new) },
        // One goal has one kind of success.
        _ => ObjectError { reason: Failure::Stopped, partial: None },
    }
}

#[async_trait]
impl ObjectSource for GattObjects<'_> {
    async fn list(&mut self) -> Result<Vec<Manifest>, ObjectError> {
        match self.run(Goal::List).await {
            ClipOutcome::Listed(manifests) => Ok(manifests),
            other => Err(failed(other)),
        }
    }

    async fn fetch(&mut self, from: Partial) -> Result<Fetched, ObjectError> {
        match self.run(Goal::Fetch(from)).await {
            ClipOutcome::Fetched { manifest, object, summary } => Ok(Fetched { manifest, object, summary }),
            other => Err(failed(other)),
        }
    }

    async fn finish(&mut self, manifest: &Manifest) -> Result<(), ObjectError> {
        match self.run(Goal::Delete(*manifest)).await {
            ClipOutcome::Deleted => Ok(()),
            other => Err(failed(other)),
        }
    }
}
