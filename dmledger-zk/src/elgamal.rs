//! Twisted ElGamal: a committed value, encrypted to whoever is to know it, and a proof that it is the committed one.
//!
//! A recipient's key is `P = s^-1 B~`. A commitment `C = v B + r B~` together with the handle `D = r P` is a ciphertext: the
//! recipient computes `C - s D = v B` and looks `v` up. [`EncryptedTo`] shows that every handle carries the blinding of the
//! commitment, so that all recipients read the same value, and it is the one the ledger knows. What is too long for a
//! lookup travels in a [`Parcel`] and is answered for after receipt, by a [`Complaint`]. `docs/elgamal.md`.

mod complaint;
mod key;
mod parcel;
mod table;

pub use complaint::{Complaint, SharedPoint};
pub use key::{DecryptionKey, EncryptionKey, Handle};
pub use parcel::{Delivery, Ephemeral, Fault, PARCEL_TAG, Parcel};
pub use table::ValueTable;

use crate::{
    accumulator::Accumulator,
    commit::{Commitment, Opening},
    error::{ProveError, Rejected, StatementError},
    sigma::{Base, MAX_TERMS, Relation, RelationProof, Row, Witness},
    statement::{Prove, Statement, Verify},
    transcript::Transcript,
};
use rand_core::CryptoRng;

/// Every handle carries the blinding of one commitment, which the prover can open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedTo {
    commitment: Commitment,
    recipients: Vec<(EncryptionKey, Handle)>,
    relation: Relation,
}

impl EncryptedTo {
    /// Most recipients of one statement.
    pub const MAX_RECIPIENTS: usize = MAX_TERMS - 1;

    /// States that `commitment` is encrypted to each key by the handle beside it.
    ///
    /// # Errors
    /// [`StatementError::Count`] for no recipient or more than [`Self::MAX_RECIPIENTS`].
    pub fn new(commitment: Commitment, recipients: &[(EncryptionKey, Handle)]) -> Result<Self, StatementError> {
        let count = recipients.len();
        if count == 0 || count > Self::MAX_RECIPIENTS {
            return Err(StatementError::Count { count, max: Self::MAX_RECIPIENTS });
        }
        let opening = Row::new(*commitment.point(), vec![(0, Base::Value), (1, Base::Blinding)]);
        let handle =
            |(key, handle): &(EncryptionKey, Handle)| Row::new(*handle.point(), vec![(1, Base::Point(*key.point()))]);
        let rows = core::iter::once(opening).chain(recipients.iter().map(handle)).collect();
        Ok(Self { commitment, recipients: recipients.to_vec(), relation: Relation::new(2, rows)? })
    }

    /// Encrypts what `opening` opens to every key.
    ///
    /// # Errors
    /// As [`Self::new`]; [`StatementError::Identity`] if the blinding is zero, which would show the value to everybody.
    pub fn encrypt(opening: &Opening, keys: &[EncryptionKey]) -> Result<Self, StatementError> {
        let handles = keys.iter().map(|key| Handle::of(opening.blinding(), key).map(|handle| (*key, handle)));
        Self::new(opening.commitment(), &handles.collect::<Option<Vec<_>>>().ok_or(StatementError::Identity)?)
    }

    /// The commitment.
    #[must_use]
    pub const fn commitment(&self) -> &Commitment {
        &self.commitment
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
}

impl Statement for EncryptedTo {
    const DOMAIN: &'static str = "dmledger/zk/encrypted-to/v1";
    type Witness = Opening;
    /// `A_0` for the commitment, `A_j` for every handle, responses for value and blinding: `32 (3 + recipients)` bytes.
    type Proof = RelationProof;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append(b"C", self.commitment.as_bytes());
        transcript.append_number(b"recipients", self.recipients.len() as u64);
        for (key, handle) in &self.recipients {
            transcript.append(b"P", key.as_bytes());
            transcript.append(b"D", handle.as_bytes());
        }
    }
}

impl Prove for EncryptedTo {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        transcript: Transcript,
        witness: &Opening,
        rng: &mut R,
    ) -> Result<RelationProof, ProveError> {
        if !witness.opens(&self.commitment) {
            return Err(ProveError::WrongOpening);
        }
        self.relation.prove_on(transcript, &Witness::opening(witness), rng)
    }
}

impl Verify for EncryptedTo {
    fn equations(
        &self,
        transcript: Transcript,
        proof: &RelationProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        self.relation.equations(transcript, proof, accumulator)
    }
}

#[cfg(test)]
mod tests;
