//! Pictures and clips of the table camera: list, fetch, delete.
//!
//! One machine does one of three things ([`Goal`]); [`GattObjects`](crate::objects::GattObjects) puts them together
//! behind [`ObjectSource`](crate::objects::ObjectSource). Fetching:
//!
//! - An object travels as a stream of chunks: first the digests of its pieces of 4,096 octets, then the object. The
//!   manifest states the root over the digests, so that every piece is verified as soon as it is whole, and one that
//!   fails is fetched again; the digest of the whole comes last.
//! - The receiver grants a window of chunks and says with a bitmap which it has already. The camera sends what is missing
//!   and closes the window. A clean window doubles the next one, a hole halves it; nothing that has arrived is asked for
//!   again.
//! - A transfer that is cut short gives a [`Partial`], from which another goes on.
//!
//! Layout and rules of the service: `docs/camera.md`.

mod partial;
mod run;

use alloc::vec::Vec;
use core::time::Duration;

use partial::Stored;
#[cfg(feature = "sim")]
pub(crate) use partial::digests;
pub use partial::{BadPartial, Partial};

use super::Uptime;
use super::conversation::{Action, Event, Failure, Limits, Procedure};
use super::line::{Heard, Line, Plan};
use crate::codec::Characteristic;
use crate::codec::capture::{
    CAMERA_CONTROL, CAMERA_DATA, CAMERA_MANIFEST, CameraAnswer, CameraControl, Chunk, MAX_BITMAP, Manifest,
};
use crate::codec::uuid::Uuid;
use crate::error::DecodeError;

/// What a transfer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the three things that are done with an object")]
pub enum Goal {
    /// Which objects are there?
    List,
    /// Fetch the object of which this is the beginning, perhaps empty.
    Fetch(Partial),
    /// Delete an object that is verified and kept.
    Delete(Manifest),
}

/// How windows grow and how long to wait.
#[derive(Clone, Copy, Debug)]
pub struct ClipConfig {
    limits: Limits,
    quiet: Duration,
    first_window: u16,
    largest_window: u16,
    largest_object: u32,
    bitmap: usize,
}

impl ClipConfig {
    /// 16 chunks first, up to 512; a window that is silent for half a second is over; objects up to 16 MiB.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            limits: Limits::new(),
            quiet: Duration::from_millis(500),
            first_window: 16,
            largest_window: 512,
            largest_object: 16 << 20,
            bitmap: MAX_BITMAP,
        }
    }

    /// How long to wait and how often to try.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// After how long a silence a window is taken for over.
    #[must_use]
    pub const fn with_quiet(mut self, quiet: Duration) -> Self {
        self.quiet = quiet;
        self
    }

    /// The first and the largest window, in chunks, each at least 1; the largest is at most 512.
    #[must_use]
    pub const fn with_windows(mut self, first: u16, largest: u16) -> Self {
        self.largest_window = if largest == 0 {
            1
        } else if largest > 512 {
            512
        } else {
            largest
        };
        self.first_window = if first == 0 {
            1
        } else if first > self.largest_window {
            self.largest_window
        } else {
            first
        };
        self
    }

    /// The largest object that is taken, in octets: what memory there is for.
    #[must_use]
    pub const fn with_largest_object(mut self, octets: u32) -> Self {
        self.largest_object = octets;
        self
    }

    /// For a link of this MTU: shortens the bitmap so that a grant fits into one write.
    #[must_use]
    pub const fn with_mtu(mut self, mtu: u16) -> Self {
        let room = (mtu as usize).saturating_sub(3 + CameraControl::GRANT_BYTES);
        self.bitmap = if room < 1 {
            1
        } else if room > MAX_BITMAP {
            MAX_BITMAP
        } else {
            room
        };
        self
    }
}

impl Default for ClipConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// A chunk that has arrived; a host that wants to go on after its own restart keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    index: u32,
    payload: Vec<u8>,
}

impl Arrived {
    /// Its place in the stream.
    #[must_use]
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// Its octets; not verified before its piece is whole.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// What a transfer saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClipSummary {
    chunks: u32,
    repeats: u32,
    corrupt: u32,
    undecodable: u32,
    windows: u32,
    reconnects: u32,
}

impl ClipSummary {
    /// Chunks that arrived for the first time.
    #[must_use]
    pub const fn chunks(&self) -> u32 {
        self.chunks
    }

    /// Chunks that came although they had arrived.
    #[must_use]
    pub const fn repeats(&self) -> u32 {
        self.repeats
    }

    /// Pieces that failed their digest and were fetched again.
    #[must_use]
    pub const fn corrupt(&self) -> u32 {
        self.corrupt
    }

    /// Values that no decoder accepts.
    #[must_use]
    pub const fn undecodable(&self) -> u32 {
        self.undecodable
    }

    /// Windows granted.
    #[must_use]
    pub const fn windows(&self) -> u32 {
        self.windows
    }

    /// Links made anew.
    #[must_use]
    pub const fn reconnects(&self) -> u32 {
        self.reconnects
    }
}

/// How a transfer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClipOutcome {
    /// The objects of the camera, each once.
    Listed(Vec<Manifest>),
    /// The object, whole and equal to its manifest's digest.
    Fetched {
        /// What the camera said of it.
        manifest: Manifest,
        /// The object.
        object: Vec<u8>,
        /// What the transfer saw.
        summary: ClipSummary,
    },
    /// The camera has deleted the object, or had it no more.
    Deleted,
    /// Not done.
    Incomplete {
        /// Why.
        reason: Failure,
        /// What has arrived of an object, to go on from.
        partial: Option<Partial>,
        /// What the transfer saw.
        summary: ClipSummary,
    },
}

/// One piece of work with a camera: feed it events, do what it answers.
#[derive(Debug)]
pub struct ClipTransfer {
    config: ClipConfig,
    line: Line,
    goal: Goal,
    listed: Vec<Manifest>,
    window: Window,
    summary: ClipSummary,
    over: bool,
}

/// The window that is open.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// Chunks to be granted next time.
    size: u16,
    /// First chunk of the open window.
    base: u32,
    /// Chunks that are due in it.
    due: u16,
    /// Chunks that arrived in it for the first time.
    arrived: u16,
    open: bool,
}

impl ClipTransfer {
    /// A transfer that has not begun; [`Event::Start`] begins it.
    #[must_use]
    pub fn new(goal: Goal, config: ClipConfig) -> Self {
        let all = [CAMERA_MANIFEST, CAMERA_DATA, CAMERA_CONTROL];
        let window = Window { size: config.first_window, base: 0, due: 0, arrived: 0, open: false };
        Self {
            line: Line::new(Plan::new(&all, &[], &all), config.limits),
            config,
            goal,
            listed: Vec::new(),
            window,
            summary: ClipSummary::default(),
            over: false,
        }
    }

    /// What the transfer has seen so far.
    #[must_use]
    pub const fn summary(&self) -> &ClipSummary {
        &self.summary
    }
}

impl Procedure for ClipTransfer {
    type Item = Arrived;
    type Outcome = ClipOutcome;

    fn handle(&mut self, event: Event<'_>, now: Uptime) -> Vec<ClipAction> {
        let mut actions = Vec::new();
        if self.over {
            return actions;
        }
        let failure = match self.line.hear(event, now, &mut actions) {
            Heard::Open => {
                self.ask(now, &mut actions);
                None
            }
            Heard::Value(characteristic, bytes) => {
                self.value(characteristic, bytes, now, &mut actions);
                None
            }
            Heard::Refused(..) => self.line.drop_link(now, &mut actions),
            Heard::Deadline => self.deadline(now, &mut actions),
            Heard::Lost => {
                self.window.open = false;
                self.line.again(now, &mut actions)
            }
            Heard::Stop => Some(Failure::Stopped),
            Heard::Failed(failure) => Some(failure),
            Heard::Nothing | Heard::Read(..) => None,
        };
        if let Some(failure) = failure {
            self.give_up(failure, &mut actions);
        }
        self.line.set_timer(&mut actions);
        actions
    }

    fn is_finished(&self) -> bool {
        self.over
    }
}

type ClipAction = Action<Arrived, ClipOutcome>;

/// Pieces that may fail, beside four for each piece of the object, before the object itself is taken for corrupt.
const MOST_CORRUPT: u32 = 32;
/// Most objects of one camera that are listed.
const MAX_OBJECTS: usize = 4096;
