//! Certified attributes, of which the holder shows some and hides the others: BBS signatures (feature `bbs`).
//!
//! An issuer signs a list of attributes, for example role, organisation and the last epoch of validity. The holder proves to
//! hold such a signature and discloses the attributes it chooses; two presentations of one credential cannot be linked by
//! anything but what they disclose. Header and presentation header of the draft carry the ledger and the
//! [`Context`](crate::context::Context), so a credential belongs to one ledger and a presentation to one verifier, purpose
//! and period. Signatures and proofs are those of draft-irtf-cfrg-bbs-signatures, suite `BLS12-381-SHA-256`, byte for byte. `docs/bbs.md`.
//!
//! ```
//! use dmledger_zk::{
//!     bbs::{Attributes, Header, Held, IssuerSecret, Presented},
//!     context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
//!     statement::{Prove as _, Verify as _},
//! };
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = <rand_chacha::ChaCha20Rng as rand_chacha::rand_core::SeedableRng>::seed_from_u64(1);
//! let chain = Chain::new([1; 32]);
//! let issuer = IssuerSecret::random(&mut rng);
//! let header = Header::for_ledger(chain, "physician")?;
//! let attributes = Attributes::new(&["role=physician", "hospital=A1", "licence=4711", "until=2027"])?;
//! let held = Held::new(issuer.issue(&header, &attributes)?, attributes);
//!
//! let context = Context::new(chain, Pseudonym::new([2; 32]), Epoch::new(7), Purpose::new("second opinion")?, Audience::new([3; 32]));
//! let shown = Presented::of(&issuer.public(), &header, &held, &[0, 3])?;
//! let presentation = shown.prove(&context, &held, &mut rng)?;
//! assert!(shown.verify(&context, &presentation).is_ok());
//! # Ok(()) }
//! ```

mod credential;
mod scheme;
mod suite;

pub use credential::{Attributes, Credential, HEADER_TAG, Header, Held, IssuerKey, IssuerSecret};

use crate::{
    accumulator::Accumulator,
    error::{DecodeError, ProveError, Rejected, StatementError},
    statement::{Prove, Statement, Verify},
    transcript::Transcript,
};
use bls12_381_plus::Scalar;
use rand_core::{CryptoRng, Rng as _};
use scheme::Shown;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Somebody holds a credential of this issuer under this header, with these attributes at these places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    issuer: IssuerKey,
    header: Header,
    count: usize,
    disclosed: BTreeMap<usize, Vec<u8>>,
}

impl Presented {
    /// What a verifier believes if the presentation holds: a credential of `count` attributes, those at the places given.
    ///
    /// # Errors
    /// [`StatementError::Count`] for a number of attributes that no credential has, [`StatementError::Position`] for a
    /// place beyond it, [`StatementError::Name`] for an attribute that is too long.
    pub fn new(
        issuer: &IssuerKey,
        header: &Header,
        count: usize,
        disclosed: BTreeMap<usize, Vec<u8>>,
    ) -> Result<Self, StatementError> {
        if count == 0 || count > Attributes::MAX {
            return Err(StatementError::Count { count, max: Attributes::MAX });
        }
        for (place, attribute) in &disclosed {
            if *place >= count {
                return Err(StatementError::Position { index: *place as u64, count: count as u64 });
            }
            credential::check_attribute(attribute)?;
        }
        Ok(Self { issuer: *issuer, header: header.clone(), count, disclosed })
    }

    /// The statement of a holder who discloses the attributes at these places.
    ///
    /// # Errors
    /// [`StatementError::Position`] for a place the credential has not.
    pub fn of(issuer: &IssuerKey, header: &Header, held: &Held, places: &[usize]) -> Result<Self, StatementError> {
        let all = held.attributes().as_slice();
        let mut disclosed = BTreeMap::new();
        for place in places {
            let missing = StatementError::Position { index: *place as u64, count: all.len() as u64 };
            disclosed.insert(*place, all.get(*place).ok_or(missing)?.clone());
        }
        Self::new(issuer, header, all.len(), disclosed)
    }

    /// The issuer.
    #[must_use]
    pub const fn issuer(&self) -> &IssuerKey {
        &self.issuer
    }

    /// What the credential is bound to.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Attributes of the credential, disclosed or not.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// What is disclosed, by place.
    #[must_use]
    pub const fn disclosed(&self) -> &BTreeMap<usize, Vec<u8>> {
        &self.disclosed
    }

    fn scalars(&self) -> Vec<(usize, Scalar)> {
        self.disclosed.iter().map(|(place, attribute)| (*place, suite::message_to_scalar(attribute))).collect()
    }
}

/// A proof of [`Presented`]: `272 + 32 h` bytes for `h` attributes kept hidden.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Presentation(Vec<u8>);

impl Presentation {
    /// Longest presentation in bytes: everything hidden.
    pub const MAX_BYTES: usize = scheme::Proof::bytes(Attributes::MAX);

    /// Reads a presentation: points of the group that are not the identity, canonical scalars that are not zero.
    ///
    /// # Errors
    /// [`DecodeError::Length`] if no presentation has this length, [`DecodeError::Malformed`] for an element that is not one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(DecodeError::Length { len: bytes.len() });
        }
        match scheme::Proof::from_bytes(bytes) {
            Some(_) => Ok(Self(bytes.to_vec())),
            None => Err(DecodeError::Malformed { what: "presentation" }),
        }
    }

    /// The bytes, as the draft orders them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Presentation {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Statement for Presented {
    const DOMAIN: &'static str = "dmledger/zk/bbs-presented/v1";
    type Witness = Held;
    type Proof = Presentation;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append(b"issuer", self.issuer.as_bytes());
        transcript.append(b"header", self.header.as_bytes());
        transcript.append_number(b"attributes", self.count as u64);
        transcript.append_number(b"disclosed", self.disclosed.len() as u64);
        for (place, attribute) in &self.disclosed {
            transcript.append_number(b"place", *place as u64);
            transcript.append(b"attribute", attribute);
        }
    }
}

impl Prove for Presented {
    /// The header of the presentation is the transcript's digest: context and statement.
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        transcript: Transcript,
        witness: &Held,
        rng: &mut R,
    ) -> Result<Presentation, ProveError> {
        let all = witness.attributes().as_slice();
        let same = |(place, attribute): (&usize, &Vec<u8>)| all.get(*place) == Some(attribute);
        if all.len() != self.count || !self.disclosed.iter().all(same) {
            return Err(ProveError::False);
        }
        if witness.credential().verify(&self.issuer, &self.header, witness.attributes()).is_err() {
            return Err(ProveError::WrongOpening);
        }
        let secret = Zeroizing::new(all.concat());
        let mut nonces = transcript.prover_rng(&[witness.credential().to_bytes().as_slice(), &secret], rng);
        let mut draw = || {
            let mut wide = Zeroizing::new([0; 64]);
            nonces.fill_bytes(wide.as_mut());
            Scalar::from_bytes_wide(&wide)
        };
        let hidden = self.count - self.disclosed.len();
        let random: Zeroizing<Vec<Scalar>> = Zeroizing::new((0..5 + hidden).map(|_| draw()).collect());
        let (scalars, disclosed, header) = (witness.attributes().scalars(), self.scalars(), transcript.digest());
        let shown = self.shown(&disclosed, &header);
        let proof = scheme::prove(&shown, witness.credential().signature(), &scalars, &random);
        Ok(Presentation(proof.ok_or(ProveError::False)?.to_bytes()))
    }
}

impl Presented {
    fn shown<'a>(&'a self, disclosed: &'a [(usize, Scalar)], presentation: &'a [u8]) -> Shown<'a> {
        let (key, header, count) = (self.issuer.point(), self.header.as_bytes(), self.count);
        Shown { key, header, presentation, count, disclosed }
    }
}

impl Verify for Presented {
    /// Decides by itself: an equation in a pairing's group does not join the sum of the others. In a batch its cost is
    /// that of a single verification.
    fn equations(
        &self,
        transcript: Transcript,
        proof: &Presentation,
        _accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        let proof = scheme::Proof::from_bytes(&proof.0).ok_or(Rejected)?;
        if proof.hidden() + self.disclosed.len() != self.count {
            return Err(Rejected);
        }
        let (disclosed, header) = (self.scalars(), transcript.digest());
        match scheme::verify_proof(&self.shown(&disclosed, &header), &proof) {
            Some(true) => Ok(()),
            _ => Err(Rejected),
        }
    }
}

#[cfg(test)]
mod tests;
