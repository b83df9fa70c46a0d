//! What can go wrong in a host, as one line for the person in front of it.

use thiserror::Error;

/// Why the host could not go on. The message is one line and holds no reading.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct HostError(String);

impl HostError {
    /// A failure in the host's own words.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// A failure of a part, after what was being done.
    pub fn during(what: impl std::fmt::Display, error: impl std::fmt::Display) -> Self {
        Self(format!("{what}: {error}"))
    }
}

/// Says what was being done when a part failed.
pub trait During<T> {
    /// The value, or the failure after `what`.
    ///
    /// # Errors
    /// The part's own error, in one line.
    fn during(self, what: impl std::fmt::Display) -> Result<T, HostError>;
}

impl<T, E: std::fmt::Display> During<T> for Result<T, E> {
    fn during(self, what: impl std::fmt::Display) -> Result<T, HostError> {
        self.map_err(|error| HostError::during(what, error))
    }
}
