//! Committees and their subsets: who holds which key.

use crate::seal::range_tree::EpochNumber;
use crate::seal::slot::CommitteeId;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error as IoError, ErrorKind, Read, Result as IoResult},
};
use core::fmt;
use dmledger_core::envelope::AccountId;
use thiserror::Error;

/// Most nodes of a committee.
pub const MAX_NODES: u8 = 16;
/// Most subset keys of a committee, and so most check tags of an access part.
pub const MAX_SUBSETS: usize = 1024;

/// How many nodes a committee has, and how many of them a reader needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct Shape {
    pub(super) nodes: u8,
    pub(super) threshold: u8,
}

/// A committee that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GateError {
    /// Threshold zero, above the number of nodes, or more nodes than [`MAX_NODES`].
    #[error("no committee has {nodes} nodes and threshold {threshold}")]
    BadShape {
        /// Nodes asked for.
        nodes: u8,
        /// Threshold asked for.
        threshold: u8,
    },
    /// More subset keys than [`MAX_SUBSETS`].
    #[error(
        "a committee of {nodes} with threshold {threshold} would need {subsets} keys, at most {MAX_SUBSETS} are held"
    )]
    TooManySubsets {
        /// Nodes asked for.
        nodes: u8,
        /// Threshold asked for.
        threshold: u8,
        /// Keys it would need.
        subsets: usize,
    },
    /// The seed was drawn for another epoch.
    #[error("the gate seed belongs to another epoch")]
    OtherEpoch,
    /// The committee has no node of this number.
    #[error("no node {node} in a committee of {nodes}")]
    NoSuchNode {
        /// Number asked for.
        node: u8,
        /// Nodes of the committee.
        nodes: u8,
    },
}

/// A node's number in its committee, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct NodeNumber(pub(super) u8);

impl NodeNumber {
    /// The node with this number.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A set of `k - 1` nodes, which names the key that exactly the other nodes hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Subset(pub(super) u16);

impl Subset {
    /// Whether `node` holds this subset's key: it does unless it is one of the subset.
    #[must_use]
    pub const fn is_held_by(self, node: NodeNumber) -> bool {
        node.0 < MAX_NODES && self.0 & (1 << node.0) == 0
    }
}

impl fmt::Display for Subset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the gate key held outside {")?;
        let members = (0..MAX_NODES).filter(|node| self.0 & (1 << node) != 0);
        for (i, node) in members.enumerate() {
            write!(f, "{}{node}", if i == 0 { "" } else { "," })?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Subset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subset({self})")
    }
}

impl Shape {
    /// One node, which has to agree: patient and module, two of two.
    pub const SINGLE: Self = Self { nodes: 1, threshold: 1 };
    /// Three of seven.
    pub const DEFAULT: Self = Self { nodes: 7, threshold: 3 };

    /// A committee of `nodes` nodes of which a reader needs `threshold`.
    ///
    /// # Errors
    /// [`GateError::BadShape`], [`GateError::TooManySubsets`].
    pub fn new(nodes: u8, threshold: u8) -> Result<Self, GateError> {
        if threshold == 0 || threshold > nodes || nodes > MAX_NODES {
            return Err(GateError::BadShape { nodes, threshold });
        }
        let shape = Self { nodes, threshold };
        let subsets = shape.subsets().count();
        if subsets > MAX_SUBSETS { Err(GateError::TooManySubsets { nodes, threshold, subsets }) } else { Ok(shape) }
    }

    /// Number of nodes.
    #[must_use]
    pub const fn nodes(&self) -> u8 {
        self.nodes
    }

    /// How many of them a reader needs.
    #[must_use]
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }

    /// The subsets of `threshold - 1` nodes in ascending order: one key each.
    pub fn subsets(self) -> impl Iterator<Item = Subset> {
        // Gosper's successor: the next larger number with as many bits set.
        let next = |set: &u32| {
            let low = set & set.wrapping_neg();
            let ripple = set + low;
            (((ripple ^ set) >> 2).checked_div(low)).map(|tail| tail | ripple)
        };
        core::iter::successors(Some((1_u32 << (self.threshold - 1)) - 1), next)
            .take_while(move |set| *set < 1 << self.nodes)
            .map(|set| Subset(u16::try_from(set).unwrap_or(u16::MAX)))
    }

    pub(super) const fn check(self, node: NodeNumber) -> Result<(), GateError> {
        if node.0 < self.nodes { Ok(()) } else { Err(GateError::NoSuchNode { node: node.0, nodes: self.nodes }) }
    }
}

impl BorshDeserialize for Shape {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (nodes, threshold) = BorshDeserialize::deserialize_reader(reader)?;
        Self::new(nodes, threshold).map_err(|error| IoError::new(ErrorKind::InvalidData, error))
    }
}

/// A committee: its number on the ledger and its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Committee {
    pub(super) id: CommitteeId,
    pub(super) shape: Shape,
}

impl Committee {
    /// The committee `id` of this shape.
    #[must_use]
    pub const fn new(id: CommitteeId, shape: Shape) -> Self {
        Self { id, shape }
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> CommitteeId {
        self.id
    }

    /// Its shape.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }
}

/// Which committee guards which epoch of which account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Guard {
    pub(super) account: AccountId,
    pub(super) epoch: EpochNumber,
    pub(super) committee: Committee,
}

impl Guard {
    /// `committee` guards epoch `epoch` of `account`.
    #[must_use]
    pub const fn new(account: AccountId, epoch: EpochNumber, committee: Committee) -> Self {
        Self { account, epoch, committee }
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The epoch.
    #[must_use]
    pub const fn epoch(&self) -> EpochNumber {
        self.epoch
    }

    /// The committee.
    #[must_use]
    pub const fn committee(&self) -> Committee {
        self.committee
    }

    pub(super) const fn shape(&self) -> Shape {
        self.committee.shape
    }
}
