//! Membership: "I hold one of these keys", without saying which, and with a mark that shows when the same key is used
//! twice within one scope.
//!
//! A member's key is `Q = x B`. For a scope with base `J` (a hash of its name) the mark is the nullifier `N = x J`: fixed by key
//! and scope, so a second use is seen; unlinkable across scopes. A [`Membership`] shows that the `x` of the nullifier is that of
//! one key of an [`AuthorisedSet`]: by alternatives for up to [`SMALL`] keys, above that by one-of-many (Groth, Kohlweiss
//! 2015; Bootle et al. 2015), of logarithmic size. Whether a reader may stay anonymous is a policy: a log that must name
//! who read uses signatures instead. `docs/member.md`.

mod one_of_many;
mod set;

pub use set::{AuthorisedSet, MemberKey, MemberSecret, Nullifier, SCOPE_BASE_TAG, SCOPE_TAG, SET_TAG, Scope};

use crate::{
    accumulator::Accumulator,
    error::{DecodeError, ProveError, Rejected, StatementError},
    group::ELEMENT_BYTES,
    sigma::{AnyOf, AnyOfProof, Base, Relation, Witness},
    statement::{Prove, Statement, Verify},
    transcript::Transcript,
};
use rand_core::CryptoRng;

/// Most keys of a set for which every key is an alternative of its own.
pub const SMALL: usize = 4;

/// The nullifier is that of one key of the set in this scope.
#[derive(Clone, Debug)]
pub struct Membership {
    set: AuthorisedSet,
    scope: Scope,
    nullifier: Nullifier,
}

impl Membership {
    /// States that someone in `set` has this nullifier in `scope`.
    #[must_use]
    pub fn new(set: &AuthorisedSet, scope: Scope, nullifier: Nullifier) -> Self {
        Self { set: set.clone(), scope, nullifier }
    }

    /// The statement a member makes about itself.
    ///
    /// # Errors
    /// [`StatementError::Identity`] if the nullifier would be the identity, which does not happen.
    pub fn of(set: &AuthorisedSet, scope: Scope, secret: &MemberSecret) -> Result<Self, StatementError> {
        Ok(Self::new(set, scope, secret.nullifier(&scope).ok_or(StatementError::Identity)?))
    }

    /// The set.
    #[must_use]
    pub const fn set(&self) -> &AuthorisedSet {
        &self.set
    }

    /// The scope.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The mark by which a second use is seen.
    #[must_use]
    pub const fn nullifier(&self) -> &Nullifier {
        &self.nullifier
    }

    /// For a small set: one relation `Q_i = x B`, `N = x J` a key.
    fn alternatives(&self) -> Result<AnyOf, StatementError> {
        let base = self.scope.base();
        let relation = |key: &MemberKey| {
            Relation::same_logarithm(&[(Base::Value, *key.point()), (Base::Point(base), *self.nullifier.point())])
        };
        AnyOf::new(self.set.keys().iter().map(relation).collect::<Result<_, _>>()?)
    }
}

/// A proof of [`Membership`]: for a small set that of its alternatives, `128 n` bytes; otherwise `32 (4 + 3 m)` bytes with
/// `m` the number of bits of a place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MembershipProof(Vec<u8>);

impl MembershipProof {
    /// Longest proof in bytes.
    pub const MAX_BYTES: usize = ELEMENT_BYTES * 4 * 16;

    /// Reads a proof. Its elements are decoded when it is verified.
    ///
    /// # Errors
    /// [`DecodeError::Length`] if no proof has this length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.is_empty() || bytes.len() > Self::MAX_BYTES || !bytes.len().is_multiple_of(ELEMENT_BYTES) {
            return Err(DecodeError::Length { len: bytes.len() });
        }
        Ok(Self(bytes.to_vec()))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for MembershipProof {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Statement for Membership {
    const DOMAIN: &'static str = "dmledger/zk/membership/v1";
    type Witness = MemberSecret;
    type Proof = MembershipProof;

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append_number(b"keys", self.set.keys().len() as u64);
        transcript.append(b"set", self.set.digest());
        transcript.append(b"scope", self.scope.as_bytes());
        transcript.append(b"N", self.nullifier.as_bytes());
    }
}

impl Prove for Membership {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        transcript: Transcript,
        witness: &MemberSecret,
        rng: &mut R,
    ) -> Result<MembershipProof, ProveError> {
        let place = self.set.place_of(&witness.key()).ok_or(ProveError::False)?;
        if witness.nullifier(&self.scope) != Some(self.nullifier) {
            return Err(ProveError::False);
        }
        if self.set.keys().len() > SMALL {
            return Ok(MembershipProof(one_of_many::prove(self, transcript, place, witness, rng)));
        }
        let witness = (place, Witness::new(vec![*witness.scalar()]));
        let proof = self.alternatives()?.prove_on(transcript, &witness, rng)?;
        Ok(MembershipProof(proof.as_bytes().to_vec()))
    }
}

impl Verify for Membership {
    fn equations(
        &self,
        transcript: Transcript,
        proof: &MembershipProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        if self.set.keys().len() > SMALL {
            return one_of_many::equations(self, transcript, proof.as_bytes(), accumulator).ok_or(Rejected);
        }
        let alternatives = self.alternatives().map_err(|_| Rejected)?;
        let proof = AnyOfProof::from_bytes(proof.as_bytes()).map_err(|_| Rejected)?;
        alternatives.equations(transcript, &proof, accumulator)
    }
}

#[cfg(test)]
mod tests;
