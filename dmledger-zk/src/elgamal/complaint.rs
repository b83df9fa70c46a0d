//! A recipient shows that what a parcel holds is not what was promised.
//!
//! The recipient shows the point it shares with the sender, `Z = s E`, and that it belongs to its key: `B~ = s P` for the same
//! `s`. With `Z` anyone opens the parcel and sees the fault. Nobody can complain of a good parcel: the statement cannot
//! be made. The contents become known to whoever sees the complaint, and only they: `Z` opens no other parcel.

use super::{DecryptionKey, Delivery, Fault, Parcel};
use crate::{
    accumulator::Accumulator,
    error::{ProveError, Rejected, StatementError},
    group::{
        self,
        element::{computed_element, element},
    },
    sigma::{Base, Relation, RelationProof, Row},
    statement::{Prove, Statement, Verify},
    transcript::Transcript,
};
use rand_core::CryptoRng;

element! {
    /// The point that sender and recipient of a parcel share, `Z = e B~ = s E`. Shown only to complain.
    SharedPoint
}

computed_element!(SharedPoint);

/// A parcel is faulty, and this is the point that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// [`Delivery::digest`].
    digest: [u8; 32],
    fault: Fault,
    shared: SharedPoint,
    relation: Relation,
}

impl Complaint {
    /// States that a parcel is faulty.
    ///
    /// # Errors
    /// [`StatementError::NoFault`] if it opens under `shared` to what was promised.
    pub fn new(delivery: &Delivery, parcel: &Parcel, shared: SharedPoint) -> Result<Self, StatementError> {
        let Err(fault) = parcel.examine(delivery, &shared) else { return Err(StatementError::NoFault) };
        let key = Row::new(group::blinding_base(), vec![(0, Base::Point(*delivery.to().point()))]);
        let point = Row::new(*shared.point(), vec![(0, Base::Point(*parcel.ephemeral().point()))]);
        let relation = Relation::new(1, vec![key, point])?;
        Ok(Self { digest: delivery.digest(parcel), fault, shared, relation })
    }

    /// The recipient's complaint.
    ///
    /// # Errors
    /// [`StatementError::NoFault`] if the parcel is as promised.
    pub fn of(delivery: &Delivery, parcel: &Parcel, key: &DecryptionKey) -> Result<Self, StatementError> {
        Self::new(delivery, parcel, parcel.shared(key).ok_or(StatementError::Identity)?)
    }

    /// What is wrong.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        self.fault
    }

    /// The point shown.
    #[must_use]
    pub const fn shared(&self) -> &SharedPoint {
        &self.shared
    }
}

impl Statement for Complaint {
    const DOMAIN: &'static str = "dmledger/zk/complaint/v1";
    type Witness = DecryptionKey;
    /// Two nonces and a response, 96 bytes.
    type Proof = RelationProof;

    /// The digest holds the recipient's key and the parcel, so both bases of the relation.
    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append(b"parcel", &self.digest);
        transcript.append(b"Z", self.shared.as_bytes());
    }
}

impl Prove for Complaint {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        transcript: Transcript,
        witness: &DecryptionKey,
        rng: &mut R,
    ) -> Result<RelationProof, ProveError> {
        self.relation.prove_on(transcript, &witness.witness(), rng)
    }
}

impl Verify for Complaint {
    fn equations(
        &self,
        transcript: Transcript,
        proof: &RelationProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        self.relation.equations(transcript, proof, accumulator)
    }
}
