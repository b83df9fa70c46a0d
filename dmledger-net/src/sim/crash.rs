//! Where a node stops.

/// A point at which a node crashes. Whatever its log had not flushed is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrashPoint {
    /// Between two events.
    Now,
    /// When its log is asked for the operation after this many more appends, flushes and resets.
    LogOperation(u64),
    /// After it handed out this many outputs of one event, in the middle of a broadcast perhaps.
    Outputs(usize),
}
