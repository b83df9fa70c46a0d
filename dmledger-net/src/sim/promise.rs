//! What every world promises, and how it shows that a promise was broken.

use crate::error::{Halt, Misbehaviour};
use dmledger_core::time::Height;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// Two nodes hold different blocks at one height.
    Fork {
        /// The height.
        height: Height,
        /// The node whose block came second.
        node: usize,
    },
    /// An honest node was caught contradicting itself.
    HonestCaught(Misbehaviour),
    /// A node stopped itself although nobody made its log fail.
    Stopped {
        /// The node.
        node: usize,
        /// Why.
        halt: Halt,
    },
    /// A ledger could not be opened again.
    NotReopened {
        /// The node.
        node: usize,
        /// The ledger's or the engine's words.
        reason: String,
    },
}
