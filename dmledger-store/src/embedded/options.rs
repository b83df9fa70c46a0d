//! How much memory and disk an embedded store takes.

/// What kind of machine the store runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// A home gateway: a few megabytes of memory, little flash wear.
    #[default]
    Home,
    /// An institution's server.
    Server,
}

/// Sizes of an embedded store. They may differ from one opening to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    profile: Profile,
    segment_bytes: u64,
    sync_index_every: u64,
}

impl Options {
    /// The sizes of a profile.
    #[must_use]
    pub const fn new(profile: Profile) -> Self {
        match profile {
            Profile::Home => Self { profile, segment_bytes: 16 << 20, sync_index_every: 64 },
            Profile::Server => Self { profile, segment_bytes: 256 << 20, sync_index_every: 256 },
        }
    }

    /// Starts a new segment file once the present one has reached `bytes`.
    #[must_use]
    pub const fn with_segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes;
        self
    }

    /// Syncs the index after so many blocks (at least one): the fewer, the shorter the replay after a power loss.
    #[must_use]
    pub const fn with_index_synced_every(mut self, blocks: u64) -> Self {
        self.sync_index_every = if blocks == 0 { 1 } else { blocks };
        self
    }

    pub(crate) const fn segment_bytes(&self) -> u64 {
        self.segment_bytes
    }

    pub(crate) const fn sync_index_every(&self) -> u64 {
        self.sync_index_every
    }

    pub(crate) const fn cache_bytes(&self) -> u64 {
        match self.profile {
            Profile::Home => 8 << 20,
            Profile::Server => 128 << 20,
        }
    }

    pub(crate) const fn memtable_bytes(&self) -> u64 {
        match self.profile {
            Profile::Home => 4 << 20,
            Profile::Server => 32 << 20,
        }
    }

    /// Acknowledged blocks that may wait for the index, in bytes of their records.
    pub(crate) const fn pending_bytes(&self) -> u64 {
        match self.profile {
            Profile::Home => 4 << 20,
            Profile::Server => 64 << 20,
        }
    }

    pub(crate) const fn index_threads(&self) -> usize {
        match self.profile {
            Profile::Home => 1,
            Profile::Server => 2,
        }
    }

    pub(crate) const fn index_files(&self) -> usize {
        match self.profile {
            Profile::Home => 32,
            Profile::Server => 512,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new(Profile::default())
    }
}
