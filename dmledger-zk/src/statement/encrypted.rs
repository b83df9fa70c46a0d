//! One reading of an anchored record, encrypted to recipients: each of them reads it, and knows that it is the anchored one.
//!
//! As in [`super::reading`] a record's readings are committed one by one and the ledger anchors the root over the
//! commitments. The proof holds the reading's commitment, its path to the root, and that every recipient's handle carries
//! the blinding of that commitment ([`EncryptedTo`]). Nobody else learns anything of the value.

use super::{Prove, Statement, Verify};
use crate::{
    accumulator::Accumulator,
    commit::{Commitment, Opening},
    elgamal::{EncryptedTo, EncryptionKey, Handle},
    error::{DecodeError, ProveError, Rejected, StatementError},
    group::ELEMENT_BYTES,
    sigma::RelationProof,
    statement::reading::ReadingWitness,
    transcript::Transcript,
};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{
    codec::{self, Bytes, Canonical},
    hash::{Digest, tree::InclusionProof},
};
use rand_core::CryptoRng;

/// The reading at `index` of the record of `count` readings under `root` is encrypted to each key by the handle beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingEncrypted {
    root: Digest,
    count: u64,
    index: u64,
    recipients: Vec<(EncryptionKey, Handle)>,
}

impl ReadingEncrypted {
    /// States it of an anchored record.
    ///
    /// # Errors
    /// [`StatementError::Position`] if the record has no such reading, [`StatementError::Count`] for no recipient or more
    /// than [`EncryptedTo::MAX_RECIPIENTS`].
    pub fn new(
        root: Digest,
        count: u64,
        index: u64,
        recipients: &[(EncryptionKey, Handle)],
    ) -> Result<Self, StatementError> {
        if index >= count {
            return Err(StatementError::Position { index, count });
        }
        let (have, max) = (recipients.len(), EncryptedTo::MAX_RECIPIENTS);
        if have == 0 || have > max {
            return Err(StatementError::Count { count: have, max });
        }
        Ok(Self { root, count, index, recipients: recipients.to_vec() })
    }

    /// Encrypts the reading that `opening` opens to every key.
    ///
    /// # Errors
    /// As [`Self::new`]; [`StatementError::Identity`] if the blinding is zero, which would show the value to everybody.
    pub fn encrypt(
        root: Digest,
        count: u64,
        index: u64,
        opening: &Opening,
        keys: &[EncryptionKey],
    ) -> Result<Self, StatementError> {
        Self::new(root, count, index, EncryptedTo::encrypt(opening, keys)?.recipients())
    }

    /// The anchored root over the record's commitments.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// The number of readings of the record.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The place of the reading, counted from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Recipients and their handles.
    #[must_use]
    pub fn recipients(&self) -> &[(EncryptionKey, Handle)] {
        &self.recipients
    }

    /// The handle of one recipient.
    #[must_use]
    pub fn handle_for(&self, key: &EncryptionKey) -> Option<&Handle> {
        self.recipients.iter().find(|(own, _)| own == key).map(|(_, handle)| handle)
    }

    fn of(&self, commitment: Commitment) -> Result<EncryptedTo, StatementError> {
        EncryptedTo::new(commitment, &self.recipients)
    }
}

/// A proof of [`ReadingEncrypted`]: the canonical bytes of commitment, path and consistency proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingEncryptedProof {
    bytes: Vec<u8>,
    commitment: Commitment,
    path: InclusionProof,
    relation: RelationProof,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct Wire {
    commitment: [u8; ELEMENT_BYTES],
    path: InclusionProof,
    relation: Bytes<{ RelationProof::MAX_BYTES }>,
}

impl Canonical for Wire {
    const MAX_BYTES: usize = ReadingEncryptedProof::MAX_BYTES;
}

impl ReadingEncryptedProof {
    /// Longest proof in bytes.
    pub const MAX_BYTES: usize = ELEMENT_BYTES + InclusionProof::MAX_BYTES + 4 + RelationProof::MAX_BYTES;

    fn new(commitment: Commitment, path: InclusionProof, relation: RelationProof) -> Result<Self, DecodeError> {
        let field = Bytes::new(relation.as_bytes().to_vec());
        let field = field.map_err(|_| DecodeError::Malformed { what: "consistency proof" })?;
        let wire = Wire { commitment: *commitment.as_bytes(), path, relation: field };
        Ok(Self { bytes: codec::encode(&wire), commitment, path: wire.path, relation })
    }

    /// Reads a proof from its canonical bytes.
    ///
    /// # Errors
    /// [`DecodeError`] if any part is not canonical.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire: Wire =
            codec::decode(bytes).map_err(|_| DecodeError::Malformed { what: "proof of an encrypted reading" })?;
        Ok(Self {
            bytes: bytes.to_vec(),
            commitment: Commitment::from_bytes(&wire.commitment)?,
            path: wire.path,
            relation: RelationProof::from_bytes(wire.relation.as_slice())?,
        })
    }

    /// The canonical bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The commitment to the reading: with the handle of a recipient, its ciphertext.
    #[must_use]
    pub const fn commitment(&self) -> &Commitment {
        &self.commitment
    }
}

impl AsRef<[u8]> for ReadingEncryptedProof {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Statement for ReadingEncrypted {
    const DOMAIN: &'static str = "dmledger/zk/reading-encrypted/v1";
    type Witness = ReadingWitness;
    type Proof = ReadingEncryptedProof;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append(b"root", self.root.as_bytes());
        transcript.append_number(b"count", self.count);
        transcript.append_number(b"index", self.index);
        transcript.append_number(b"recipients", self.recipients.len() as u64);
        for (key, handle) in &self.recipients {
            transcript.append(b"P", key.as_bytes());
            transcript.append(b"D", handle.as_bytes());
        }
    }
}

impl Prove for ReadingEncrypted {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        mut transcript: Transcript,
        witness: &ReadingWitness,
        rng: &mut R,
    ) -> Result<ReadingEncryptedProof, ProveError> {
        let (commitment, path) = (witness.opening().commitment(), witness.path().clone());
        path.verify(&self.root, self.index, self.count, commitment).map_err(|_| ProveError::WrongOpening)?;
        let encrypted = self.of(commitment)?;
        encrypted.absorb(&mut transcript);
        let relation = encrypted.prove_on(transcript, witness.opening(), rng)?;
        ReadingEncryptedProof::new(commitment, path, relation).map_err(|_| ProveError::WrongOpening)
    }
}

impl Verify for ReadingEncrypted {
    fn equations(
        &self,
        mut transcript: Transcript,
        proof: &ReadingEncryptedProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        proof.path.verify(&self.root, self.index, self.count, proof.commitment).map_err(|_| Rejected)?;
        let encrypted = self.of(proof.commitment).map_err(|_| Rejected)?;
        encrypted.absorb(&mut transcript);
        encrypted.equations(transcript, &proof.relation, accumulator)
    }
}

#[cfg(test)]
mod tests;
