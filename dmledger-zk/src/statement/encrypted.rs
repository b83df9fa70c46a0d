//! One reading of an anchored record, encrypted to recipients: each of them reads it, and knows that it is the anchored one.
//!
//! The statement is [`EncryptedTo`] about the reading's commitment, see [`super::anchored`]: every recipient's handle carries
//! the blinding of that commitment. Nobody else learns anything of the value.

use super::anchored::{Anchored, AnchoredProof, sealed::Said};
use crate::{
    commit::{Commitment, Opening},
    elgamal::{EncryptedTo, EncryptionKey, Handle},
    error::StatementError,
    sigma::RelationProof,
    transcript::Transcript,
};
use dmledger_core::hash::Digest;

/// Keys, and beside each the handle that encrypts to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipients(Vec<(EncryptionKey, Handle)>);

/// The reading at `index` of the record of `count` readings under `root` is encrypted to each key by the handle beside it.
pub type ReadingEncrypted = Anchored<Recipients>;

/// A proof of [`ReadingEncrypted`]: the canonical bytes of commitment, path and consistency proof.
pub type ReadingEncryptedProof = AnchoredProof<RelationProof>;

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
        let (have, max) = (recipients.len(), EncryptedTo::MAX_RECIPIENTS);
        let stated = Self::of(root, count, index, Recipients(recipients.to_vec()))?;
        if have == 0 || have > max {
            return Err(StatementError::Count { count: have, max });
        }
        Ok(stated)
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

    /// Recipients and their handles.
    #[must_use]
    pub fn recipients(&self) -> &[(EncryptionKey, Handle)] {
        &self.said().0
    }

    /// The handle of one recipient.
    #[must_use]
    pub fn handle_for(&self, key: &EncryptionKey) -> Option<&Handle> {
        self.recipients().iter().find(|(own, _)| own == key).map(|(_, handle)| handle)
    }
}

impl Said for Recipients {
    const DOMAIN: &'static str = "dmledger/zk/reading-encrypted/v1";
    type About = EncryptedTo;
    type Proof = RelationProof;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append_number(b"recipients", self.0.len() as u64);
        for (key, handle) in &self.0 {
            transcript.append(b"P", key.as_bytes());
            transcript.append(b"D", handle.as_bytes());
        }
    }

    fn about(&self, commitment: Commitment) -> Result<EncryptedTo, StatementError> {
        EncryptedTo::new(commitment, &self.0)
    }

    fn witness([opening]: &[Opening; 1]) -> &Opening {
        opening
    }
}

#[cfg(test)]
mod tests;
