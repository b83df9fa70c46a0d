//! Provisioning: an end node sets up the ledger on a member's chain node and puts the node's own key on the ledger.

use super::{
    Fault, Frame, Handler, Refusal,
    configure::Settings,
    handler::{acting_member, require_member},
};
use crate::{
    envelope::Meaning,
    identity::{MemberId, Role},
    key::PublicKey,
    quorum::{Address, ValidatorSet},
    state::{
        Delta, StateError,
        tables::{Facts, NodeList, NodeRecord, Places},
    },
    time::Moment,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// Registers the key of a chain node that an end node has provisioned.
///
/// Authored by an end node that is a member, approved by the member whose node it is, and co-signed by the node's key:
/// the private half was drawn on the node and stays there. A key serves one node, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Provision {
    /// Number of the admission contract the end node acted on: the one in force.
    pub contract: u64,
    /// Whose node it is.
    pub member: MemberId,
    /// The node's own key.
    pub node: PublicKey,
}

impl Handler for Provision {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.no_account()?;
        if !frame.signers(Meaning::CoSigned).any(|key| key == self.node) {
            return Err(Refusal::NodeKeyDidNotSign);
        }
        if !frame.signers(Meaning::Approved).any(|key| MemberId::of(&key) == self.member) {
            return Err(Refusal::OwnerDidNotApprove);
        }
        frame.signers(Meaning::Authored).next().map(|_| ()).ok_or(Refusal::NoAuthor)
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let expected = Settings::read(facts)?.contract().number;
        if self.contract != expected {
            return Err(Refusal::WrongContract { found: self.contract, expected }.into());
        }
        require_member(&self.member, facts, at.time)?;
        end_node(frame, facts, at)?;
        let places = facts.places();
        let (as_node, as_member) = (places.node(&Address::of(&self.node)), places.member(&MemberId::of(&self.node)));
        if facts.has(&as_node)? || facts.has(&as_member)? || facts.has(&places.patient_key(&self.node))? {
            return Err(Refusal::NodeKeyInUse.into());
        }
        if facts.nodes_of(&self.member)?.is_full() {
            return Err(Refusal::TooManyNodes { max: NodeList::MAX }.into());
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let places = Places::new(frame.chain());
        let (provisioner, nodes) = {
            let facts = Facts::new(frame.chain(), state);
            (end_node(frame, &facts, at)?, facts.nodes_of(&self.member)?)
        };
        let (contract, address) = (self.contract, Address::of(&self.node));
        let record = NodeRecord { key: self.node, member: self.member, provisioner, contract, provisioned: at.height };
        state.put(places.node(&address), &record)?;
        let full = || Refusal::TooManyNodes { max: NodeList::MAX };
        Ok(state.put(places.nodes_of(&self.member), &nodes.with(address).ok_or_else(full)?)?)
    }
}

/// The end node among the authors.
fn end_node(frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<MemberId, Fault> {
    for key in frame.signers(Meaning::Authored) {
        let member = acting_member(&key, facts, at.time)?;
        if let Some(member) = member.filter(|member| member.role() == Role::EndNode) {
            return Ok(member.id());
        }
    }
    Err(Refusal::NotAnEndNode.into())
}

/// The member behind a validator's key: whose ledger key it is, or whose node was provisioned with it.
pub(super) fn owner(key: &PublicKey, facts: &Facts<'_>) -> Result<Option<(MemberId, IsNode)>, StateError> {
    if let Some(node) = facts.node(&Address::of(key))? {
        return Ok(Some((node.member, IsNode::Yes)));
    }
    let id = MemberId::of(key);
    Ok(facts.member(&id)?.map(|_| (id, IsNode::No)))
}

/// Whether a validator's key is a provisioned node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IsNode {
    Yes,
    No,
}

/// Takes the keys of a member, its own and its nodes', out of the validators of the next block. A set is never left
/// empty: the last validator stays until another is named.
pub(super) fn leave_validators(gone: &[Address], state: &mut Delta<'_>, places: &Places) -> Result<(), Fault> {
    let Some(set) = Facts::new(places.chain(), state).validators()? else { return Ok(()) };
    let left: Vec<_> = set.iter().filter(|one| !gone.contains(&one.address())).copied().collect();
    if left.is_empty() || left.len() == set.count() {
        return Ok(());
    }
    if let Ok(left) = ValidatorSet::new(left) {
        state.put(places.validators(), &left)?;
    }
    Ok(())
}

/// Every address under which a member could be a validator.
pub(super) fn addresses_of(member: &MemberId, facts: &Facts<'_>) -> Result<Vec<Address>, StateError> {
    let mut all = facts.nodes_of(member)?.addresses().to_vec();
    if let Some(member) = facts.member(member)? {
        all.push(Address::of(&member.key()));
    }
    Ok(all)
}
