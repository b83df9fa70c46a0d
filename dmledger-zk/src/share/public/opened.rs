//! A share that its holder opened, and the proof that it did so rightly.

use super::{EncryptedShare, HolderNumber, OpenShare};
use crate::{
    accumulator::Accumulator,
    elgamal::{DecryptionKey, EncryptionKey},
    error::{ProveError, Rejected},
    group::{self, ELEMENT_BYTES},
    sigma::{Base, Relation, RelationProof, Row},
    statement::{Prove, Statement, Verify},
    transcript::Transcript,
};
use rand_core::CryptoRng;

/// A holder opened its share rightly: `B~ = s_i P_i` and `S_i = s_i Y_i`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedShare {
    pub(super) number: HolderNumber,
    pub(super) key: EncryptionKey,
    pub(super) encrypted: EncryptedShare,
    pub(super) open: OpenShare,
}

impl OpenedShare {
    /// Whose it is.
    #[must_use]
    pub const fn number(&self) -> HolderNumber {
        self.number
    }

    /// `S_i` in its canonical encoding.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; ELEMENT_BYTES] {
        self.open.as_bytes()
    }

    /// `S_i`.
    #[must_use]
    pub const fn share(&self) -> &OpenShare {
        &self.open
    }

    fn relation(&self) -> Relation {
        let key = Row::new(group::blinding_base(), vec![(0, Base::Point(*self.key.point()))]);
        let share = Row::new(*self.open.point(), vec![(0, Base::Point(*self.encrypted.point()))]);
        Relation::of(1, vec![key, share])
    }
}

impl Statement for OpenedShare {
    const DOMAIN: &'static str = "dmledger/zk/opened-share/v1";
    type Witness = DecryptionKey;
    /// Two nonces and a response, 96 bytes.
    type Proof = RelationProof;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append_number(b"number", self.number.number().into());
        transcript.append(b"P", self.key.as_bytes());
        transcript.append(b"Y", self.encrypted.as_bytes());
        transcript.append(b"S", self.open.as_bytes());
    }
}

impl Prove for OpenedShare {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        transcript: Transcript,
        witness: &DecryptionKey,
        rng: &mut R,
    ) -> Result<RelationProof, ProveError> {
        self.relation().prove_on(transcript, &witness.witness(), rng)
    }
}

impl Verify for OpenedShare {
    fn equations(
        &self,
        transcript: Transcript,
        proof: &RelationProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        self.relation().equations(transcript, proof, accumulator)
    }
}
