//! Lists of which the state holds *all* members: "these are all the grants of this account at this height".
//!
//! [`CompleteList`] is the leaf: count and root of the members in order. Whoever is shown a list checks it against the
//! leaf, and the leaf against the state root; nothing can be left out. [`StoredList`] keeps leaf and members in the
//! state, so that the ledger finds the members again.

use super::{Delta, Namespace, ReadState, ReadTyped, StateError, StateKey};
use crate::{
    codec::Canonical,
    envelope::ChainId,
    hash::{
        Digest,
        tree::{ConsistencyProof, Frontier, InclusionProof, Tree},
    },
    traits::StoreError,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

/// Why a list was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ListError {
    /// The presented list has members too many or too few.
    #[error("list of {presented} members where the state commits to {committed}")]
    Count {
        /// Members presented.
        presented: u64,
        /// Members the state commits to.
        committed: u64,
    },
    /// As many members as there should be, but not these or not in this order.
    #[error("not the members the state commits to")]
    Members,
    /// The member is not in the list.
    #[error("not a member of the list")]
    NotAMember,
}

/// Commits to all members of an ordered list: their number and the root of the RFC 6962 tree over their digests.
///
/// Appending costs `O(log n)` and needs no member; removing needs the whole list. At most 64 digests, 32 bytes each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct CompleteList {
    members: Frontier,
}

impl Canonical for CompleteList {
    const MAX_BYTES: usize = Frontier::MAX_BYTES;
}

impl CompleteList {
    /// The list without members.
    #[must_use]
    pub const fn new() -> Self {
        Self { members: Frontier::new() }
    }

    /// Commits to `members`, in their order.
    #[must_use]
    pub fn of(members: &[Digest]) -> Self {
        Self { members: members.iter().collect() }
    }

    /// Appends a member.
    pub fn push(&mut self, member: &Digest) {
        self.members.push(member);
    }

    /// Removes the member at `index` of the presented full list; the last member takes its place. Returns the members
    /// that are left.
    ///
    /// # Errors
    /// As [`Self::verify`]; [`ListError::NotAMember`] if `index` is beyond the list.
    pub fn remove(&mut self, mut members: Vec<Digest>, index: usize) -> Result<Vec<Digest>, ListError> {
        self.verify(&members)?;
        if index >= members.len() {
            return Err(ListError::NotAMember);
        }
        members.swap_remove(index);
        *self = Self::of(&members);
        Ok(members)
    }

    /// Number of members.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.members.len()
    }

    /// Root of the tree over the members.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.members.root()
    }

    /// Checks that `members` are all the members, in their order.
    ///
    /// # Errors
    /// [`ListError::Count`], [`ListError::Members`].
    pub fn verify(&self, members: &[Digest]) -> Result<(), ListError> {
        if members.len() as u64 != self.count() {
            return Err(ListError::Count { presented: members.len() as u64, committed: self.count() });
        }
        if Self::of(members) == *self { Ok(()) } else { Err(ListError::Members) }
    }

    /// Checks that `member` stands at `index`, with a proof from [`Tree::prove`] over all members.
    ///
    /// # Errors
    /// [`ListError::NotAMember`].
    pub fn verify_member(&self, index: u64, member: &Digest, proof: &InclusionProof) -> Result<(), ListError> {
        proof.verify(&self.root(), index, self.count(), member).map_err(|_| ListError::NotAMember)
    }

    /// Checks that this list only appended to `earlier`, with a proof from [`Tree::prove_consistency`] over all members.
    ///
    /// # Errors
    /// [`ListError::Members`].
    pub fn verify_continues(&self, earlier: &Self, proof: &ConsistencyProof) -> Result<(), ListError> {
        proof.verify(&earlier.root(), earlier.count(), &self.root(), self.count()).map_err(|_| ListError::Members)
    }
}

/// A complete list kept in the state: its leaf under one key, each member under a key of its own.
#[derive(Clone, Debug)]
pub struct StoredList<'a> {
    chain: &'a ChainId,
    namespace: Namespace,
    owner: &'a [u8],
}

impl<'a> StoredList<'a> {
    /// The list of kind `namespace` that belongs to `owner`. The namespace must be used for lists only.
    #[must_use]
    pub const fn new(chain: &'a ChainId, namespace: Namespace, owner: &'a [u8]) -> Self {
        Self { chain, namespace, owner }
    }

    /// Key of the leaf: what a proof of completeness is about.
    #[must_use]
    pub fn key(&self) -> StateKey {
        StateKey::new(self.chain, self.namespace, &[self.owner])
    }

    fn member_key(&self, index: u64) -> StateKey {
        StateKey::new(self.chain, self.namespace, &[self.owner, &index.to_be_bytes()])
    }

    /// The leaf; the empty list if there is none.
    ///
    /// # Errors
    /// As [`ReadTyped::get`].
    pub fn leaf(&self, state: &dyn ReadState) -> Result<CompleteList, StateError> {
        Ok(state.get(&self.key())?.unwrap_or_default())
    }

    /// The member at `index`, if there are so many.
    ///
    /// # Errors
    /// As [`ReadTyped::get`].
    pub fn member(&self, index: u64, state: &dyn ReadState) -> Result<Option<Digest>, StateError> {
        Ok(state.get::<Member>(&self.member_key(index))?.map(|member| member.0))
    }

    /// All members, in order.
    ///
    /// # Errors
    /// As [`ReadTyped::get`]; [`StateError::Store`] if a member is missing.
    pub fn members(&self, state: &dyn ReadState) -> Result<Vec<Digest>, StateError> {
        let missing = || StoreError::Corrupt { what: "member of a complete list", height: None };
        let count = self.leaf(state)?.count();
        (0..count).map(|index| Ok(self.member(index, state)?.ok_or_else(missing)?)).collect()
    }

    /// Appends a member: two writes, `O(log n)` hashes.
    ///
    /// # Errors
    /// As [`ReadTyped::get`].
    pub fn push(&self, member: &Digest, delta: &mut Delta<'_>) -> Result<(), StateError> {
        let mut leaf = self.leaf(delta)?;
        delta.put(self.member_key(leaf.count()), &Member(*member))?;
        leaf.push(member);
        delta.put(self.key(), &leaf)
    }

    /// Removes a member, whose place the last one takes: reads the whole list.
    ///
    /// # Errors
    /// [`ListError::NotAMember`]; as [`Self::members`].
    pub fn remove(&self, member: &Digest, delta: &mut Delta<'_>) -> Result<(), StateError> {
        let members = self.members(delta)?;
        let index = members.iter().position(|one| one == member).ok_or(ListError::NotAMember)?;
        let mut leaf = self.leaf(delta)?;
        let left = leaf.remove(members, index)?;
        if let Some(moved) = left.get(index) {
            delta.put(self.member_key(index as u64), &Member(*moved))?;
        }
        delta.delete(self.member_key(left.len() as u64));
        if left.is_empty() {
            delta.delete(self.key());
            return Ok(());
        }
        delta.put(self.key(), &leaf)
    }

    /// The tree over all members, for proofs of one member or of growth.
    ///
    /// # Errors
    /// As [`Self::members`].
    pub fn tree(&self, state: &dyn ReadState) -> Result<Tree, StateError> {
        Ok(Tree::new(&self.members(state)?))
    }
}

/// A member as stored: its digest.
#[derive(BorshSerialize, BorshDeserialize)]
struct Member(Digest);

impl Canonical for Member {
    const MAX_BYTES: usize = 33;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::{decode, encode},
        hash::{tag, tagged},
    };

    struct Nothing;
    impl ReadState for Nothing {
        fn raw(&self, _: &StateKey) -> Result<Option<Vec<u8>>, StateError> {
            Ok(None)
        }
    }

    const GRANTS: Namespace = Namespace::new("test-list");

    fn members(n: u8) -> Vec<Digest> {
        (0..n).map(|i| tagged(tag::STATE_VALUE, &[i])).collect()
    }

    #[test]
    fn only_the_full_list_in_its_order_is_accepted() {
        let all = members(9);
        let list = CompleteList::of(&all);
        assert_eq!(list.verify(&all), Ok(()));
        for left_out in 0..all.len() {
            let mut some = all.clone();
            some.remove(left_out);
            assert_eq!(list.verify(&some), Err(ListError::Count { presented: 8, committed: 9 }));
            some.push(all[(left_out + 1) % 9]);
            assert_eq!(list.verify(&some), Err(ListError::Members), "one left out, one doubled");
        }
        let mut swapped = all.clone();
        swapped.swap(2, 3);
        assert_eq!(list.verify(&swapped), Err(ListError::Members));
        assert_eq!(CompleteList::new().verify(&[]), Ok(()));
        assert!(CompleteList::new().verify(&all[..1]).is_err());
    }

    #[test]
    fn removing_is_as_if_the_rest_had_been_listed() {
        let all = members(6);
        for index in 0..6 {
            let mut list = CompleteList::of(&all);
            let left = list.remove(all.clone(), index).unwrap();
            assert_eq!((left.len(), list.clone()), (5, CompleteList::of(&left)));
            assert!(!left.contains(&all[index]) && all.iter().filter(|one| left.contains(one)).count() == 5);
            assert_eq!(list.remove(all.clone(), 0), Err(ListError::Count { presented: 6, committed: 5 }));
            assert_eq!(list.remove(left, 5), Err(ListError::NotAMember));
        }
    }

    #[test]
    fn a_member_and_the_growth_can_be_shown_without_the_list() {
        let all = members(20);
        let (early, late) = (CompleteList::of(&all[..7]), CompleteList::of(&all));
        let tree = Tree::new(&all);
        let proof = tree.prove(4).unwrap();
        assert_eq!(late.verify_member(4, &all[4], &proof), Ok(()));
        assert_eq!(late.verify_member(4, &all[5], &proof), Err(ListError::NotAMember));
        let growth = tree.prove_consistency(7).unwrap();
        assert_eq!(late.verify_continues(&early, &growth), Ok(()));
        assert_eq!(late.verify_continues(&CompleteList::of(&all[1..8]), &growth), Err(ListError::Members));
    }

    #[test]
    fn the_stored_list_and_its_leaf_move_together() {
        let chain = ChainId::new(Digest::new([3; 32]));
        let list = StoredList::new(&chain, GRANTS, b"account");
        let mut delta = Delta::new(&Nothing);
        let all = members(5);
        for member in &all {
            list.push(member, &mut delta).unwrap();
        }
        assert_eq!(list.members(&delta).unwrap(), all);
        assert_eq!(list.leaf(&delta).unwrap().verify(&all), Ok(()));
        list.remove(&all[1], &mut delta).unwrap();
        let left = [all[0], all[4], all[2], all[3]];
        assert_eq!(list.members(&delta).unwrap(), left);
        assert_eq!(list.leaf(&delta).unwrap(), CompleteList::of(&left));
        assert!(matches!(list.remove(&all[1], &mut delta), Err(StateError::List(ListError::NotAMember))));
        for member in left {
            list.remove(&member, &mut delta).unwrap();
        }
        assert!(delta.into_batch().iter().all(|(_, value)| value.is_none()), "an emptied list leaves no row");
    }

    #[test]
    fn the_leaf_reads_back_and_its_bytes_are_fixed() {
        let list = CompleteList::of(&members(5));
        let bytes = encode(&list);
        assert_eq!(decode::<CompleteList>(&bytes), Ok(list));
        assert!((0..bytes.len()).all(|end| decode::<CompleteList>(&bytes[..end]).is_err()));
        assert_eq!(alloc::format!("{:.16}", tagged(tag::STATE_VALUE, &bytes)), FIXED);
    }
    const FIXED: &str = "e57acf91a90480ae";
}
