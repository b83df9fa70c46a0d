//! Claims about keys: a reading encrypted to recipients, and somebody of an anchored set who says so once.
//!
//! A set is anchored as the hash that stands for it, [`AuthorisedSet::digest`]. Its members speak within scopes: network,
//! epoch and purpose of the claim's context, and a name. The nullifier stands first in the statement, where the ledger
//! finds it as [`ProofClaim::mark`] and accepts it once.

use super::claim::{malformed, no_statement, statement_of};
use crate::{
    context::Context,
    elgamal::{EncryptedTo, EncryptionKey, Handle},
    group::ELEMENT_BYTES,
    member::{AuthorisedSet, MemberKey, Membership, MembershipProof, Nullifier, SMALL, Scope},
    statement::encrypted::{ReadingEncrypted, ReadingEncryptedProof},
};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{
    codec::{self, Bytes, Canonical, CodecError, List},
    hash::Digest,
    traits::proof_verifier::{MAX_STATEMENT_BYTES, ProofClaim, ProofContext, ProofCost, ProofFamily, ProofRefusal},
};

/// Most keys of a set that a claim can carry.
pub const MAX_CLAIMED_KEYS: usize = 1_024;
/// Longest name of a scope in bytes.
pub const MAX_SCOPE_BYTES: usize = 64;

#[derive(BorshSerialize, BorshDeserialize)]
struct EncryptedWire {
    count: u64,
    index: u64,
    /// Key and handle of every recipient.
    recipients: List<[[u8; ELEMENT_BYTES]; 2], { EncryptedTo::MAX_RECIPIENTS }>,
}

impl Canonical for EncryptedWire {
    const MAX_BYTES: usize = 21 + 2 * ELEMENT_BYTES * EncryptedTo::MAX_RECIPIENTS;
}

#[derive(BorshSerialize, BorshDeserialize)]
struct MemberWire {
    /// First, where the ledger looks for it.
    nullifier: [u8; ELEMENT_BYTES],
    scope: Bytes<MAX_SCOPE_BYTES>,
    /// Ascending.
    keys: List<[u8; ELEMENT_BYTES], MAX_CLAIMED_KEYS>,
}

impl Canonical for MemberWire {
    const MAX_BYTES: usize = 9 + ELEMENT_BYTES + MAX_SCOPE_BYTES + ELEMENT_BYTES * MAX_CLAIMED_KEYS;
}

const _: () = assert!(MemberWire::MAX_BYTES <= MAX_STATEMENT_BYTES);

impl ReadingEncrypted {
    /// The claim that carries this statement and its proof to a ledger.
    ///
    /// # Errors
    /// None for statements and proofs of this crate; [`CodecError`] guards the caps.
    pub fn claim(&self, context: ProofContext, proof: &ReadingEncryptedProof) -> Result<ProofClaim, CodecError> {
        let recipients = self.recipients().iter().map(|(key, handle)| [*key.as_bytes(), *handle.as_bytes()]);
        let recipients = List::new(recipients.collect())?;
        let wire = EncryptedWire { count: self.count(), index: self.index(), recipients };
        let (statement, proof) = (codec::encode(&wire), proof.as_bytes().to_vec());
        ProofClaim::new(ProofFamily::READING_ENCRYPTED, context, vec![self.root()], statement, proof)
    }
}

impl TryFrom<&ProofClaim> for ReadingEncrypted {
    type Error = ProofRefusal;

    /// What a claim of this family states; a recipient finds its handle there, and the commitment in the proof.
    fn try_from(claim: &ProofClaim) -> Result<Self, ProofRefusal> {
        if claim.family() != ProofFamily::READING_ENCRYPTED {
            return Err(ProofRefusal::UnknownFamily(claim.family()));
        }
        decode_encrypted(claim).map(|(statement, _)| statement)
    }
}

impl AuthorisedSet {
    /// The digest under which a set is anchored.
    #[must_use]
    pub fn anchor(&self) -> Digest {
        Digest::new(*self.digest())
    }
}

/// The scope of a name in the context of a claim.
fn scope_of(context: &ProofContext, name: &[u8]) -> Result<Scope, ProofRefusal> {
    let context = Context::try_from(context).map_err(|_| malformed("context"))?;
    Ok(Scope::new(context.chain(), context.epoch(), context.purpose(), name))
}

impl Membership {
    /// The statement a member makes about itself in a claim of this context, within the scope of `name`.
    ///
    /// # Errors
    /// [`ProofRefusal::Malformed`] if the context cannot be that of a proof, or for a secret that has no nullifier, which
    /// does not happen.
    pub fn in_claim(
        set: &AuthorisedSet,
        context: &ProofContext,
        name: &[u8],
        secret: &crate::member::MemberSecret,
    ) -> Result<Self, ProofRefusal> {
        Self::of(set, scope_of(context, name)?, secret).map_err(no_statement)
    }

    /// The claim that carries this statement and its proof to a ledger. Its anchor is the set's.
    ///
    /// # Errors
    /// [`CodecError::Malformed`] if the statement's scope is not that of `name` in this context, as
    /// [`Self::in_claim`] makes it; [`CodecError`] for a longer name or set than a claim can carry.
    pub fn claim(&self, context: ProofContext, name: &[u8], proof: &MembershipProof) -> Result<ProofClaim, CodecError> {
        if scope_of(&context, name).as_ref() != Ok(self.scope()) {
            return Err(CodecError::Malformed);
        }
        let keys = self.set().keys().iter().map(|key| *key.as_bytes()).collect();
        let (nullifier, scope) = (*self.nullifier().as_bytes(), Bytes::new(name.to_vec())?);
        let wire = MemberWire { nullifier, scope, keys: List::new(keys)? };
        let (statement, proof) = (codec::encode(&wire), proof.as_bytes().to_vec());
        ProofClaim::new(ProofFamily::MEMBERSHIP, context, vec![self.set().anchor()], statement, proof)
    }
}

impl TryFrom<&ProofClaim> for Membership {
    type Error = ProofRefusal;

    /// What a claim of this family states; a verifier compares set and scope with those it asked about.
    fn try_from(claim: &ProofClaim) -> Result<Self, ProofRefusal> {
        if claim.family() != ProofFamily::MEMBERSHIP {
            return Err(ProofRefusal::UnknownFamily(claim.family()));
        }
        decode_member(claim).map(|(statement, _)| statement)
    }
}

pub(super) fn decode_encrypted(claim: &ProofClaim) -> Result<(ReadingEncrypted, ReadingEncryptedProof), ProofRefusal> {
    let wire: EncryptedWire = statement_of(claim)?;
    let &[root] = claim.anchors() else { return Err(malformed("anchors")) };
    let recipient = |[key, handle]: &[[u8; ELEMENT_BYTES]; 2]| {
        Some((EncryptionKey::from_bytes(key).ok()?, Handle::from_bytes(handle).ok()?))
    };
    let recipients = wire.recipients.iter().map(recipient).collect::<Option<Vec<_>>>();
    let recipients = recipients.ok_or(malformed("statement"))?;
    let statement = ReadingEncrypted::new(root, wire.count, wire.index, &recipients).map_err(no_statement)?;
    let proof = ReadingEncryptedProof::from_bytes(claim.proof()).map_err(|_| malformed("proof"))?;
    Ok((statement, proof))
}

pub(super) fn decode_member(claim: &ProofClaim) -> Result<(Membership, MembershipProof), ProofRefusal> {
    let wire: MemberWire = statement_of(claim)?;
    let &[anchor] = claim.anchors() else { return Err(malformed("anchors")) };
    let keys = wire.keys.iter().map(MemberKey::from_bytes).collect::<Result<Vec<_>, _>>();
    let keys = keys.map_err(|_| malformed("statement"))?;
    let set = AuthorisedSet::new(&keys).map_err(no_statement)?;
    // One encoding of a set: its keys ascend.
    if set.keys() != keys {
        return Err(malformed("statement"));
    }
    if set.anchor() != anchor {
        return Err(ProofRefusal::Rejected);
    }
    let nullifier = Nullifier::from_bytes(&wire.nullifier).map_err(|_| malformed("statement"))?;
    let statement = Membership::new(&set, scope_of(claim.context(), wire.scope.as_slice())?, nullifier);
    let proof = MembershipProof::from_bytes(claim.proof()).map_err(|_| malformed("proof"))?;
    Ok((statement, proof))
}

/// A commitment; for every recipient its key and handle decoded, a row of three elements; the commitment's own row.
pub(super) fn cost_of_encrypted(claim: &ProofClaim) -> Result<ProofCost, ProofRefusal> {
    let wire: EncryptedWire = statement_of(claim)?;
    Ok(ProofCost::elements(8 + 6 * wire.recipients.len() as u64))
}

/// Every key decoded and multiplied; for a small set two rows a key, else what each bit of a place adds.
pub(super) fn cost_of_member(claim: &ProofClaim) -> Result<ProofCost, ProofRefusal> {
    let wire: MemberWire = statement_of(claim)?;
    let keys = wire.keys.len();
    let rows = if keys <= SMALL { 6 * keys } else { 6 * (keys.next_power_of_two().ilog2() as usize) };
    Ok(ProofCost::elements((2 * keys + rows + 8) as u64))
}
