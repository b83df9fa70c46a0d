//! What an account's policy was, and which rules its agent signed by: numbered, never forgotten.

use super::policy::Policy;
use crate::{
    codec::Canonical,
    envelope::{AccountId, ChainId},
    hash::{Digest, Hasher, of, tag},
    key::{KeyError, PublicKey, SecretKey, Signature, batch::Claim},
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// How a policy came into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum PolicyCause {
    /// The account was opened with it.
    Opened = 1,
    /// The patient put it in the place of the one before.
    Amended = 2,
    /// Control was recovered after keys had been lost.
    Recovered = 3,
}

/// A policy of an account, with the block since which it was in force.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct PolicyVersion {
    /// Whose account.
    pub account: AccountId,
    /// Its number; the opening is 0.
    pub number: u64,
    /// The policy.
    pub policy: Policy,
    /// How it came into force.
    pub cause: PolicyCause,
    /// In which block.
    pub since: Moment,
}

impl PolicyVersion {
    /// What the account's complete list of policies holds for it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        of(tag::POLICY_VERSION, self)
    }
}

impl Canonical for PolicyVersion {
    const MAX_BYTES: usize = Policy::MAX_BYTES + 96;
}

/// A patient key that enters a policy, and its proof that somebody holds it: nobody can tie a stranger's key to an
/// account and so keep the stranger from using it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct EnteringKey {
    key: PublicKey,
    possession: Signature,
}

impl EnteringKey {
    /// The key signs that it enters policy `number` of this account.
    ///
    /// # Errors
    /// [`KeyError`] if the key cannot sign.
    pub fn prove(key: &SecretKey, number: u64, chain: &ChainId, account: &AccountId) -> Result<Self, KeyError> {
        let public = key.public();
        Ok(Self { key: public, possession: key.sign(&entering(&public, number, chain, account))? })
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// What has to be checked for the proof to count.
    #[must_use]
    pub fn claim(&self, number: u64, chain: &ChainId, account: &AccountId) -> Claim {
        Claim { key: self.key, digest: entering(&self.key, number, chain, account), signature: self.possession }
    }
}

fn entering(key: &PublicKey, number: u64, chain: &ChainId, account: &AccountId) -> Digest {
    Hasher::new(tag::PATIENT_KEY_POSSESSION)
        .chain(chain.as_bytes())
        .chain(account.as_bytes())
        .chain(number.to_be_bytes())
        .chain(key.as_bytes())
        .finish()
}

/// Which rules the patient's agent signs by, see [`auto_sign`](super::auto_sign): their digest, never the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct Mandate {
    /// Whose account.
    pub account: AccountId,
    /// Its number; the first is 1.
    pub number: u64,
    /// Digest of the rules; `None`: nothing is signed without the patient.
    pub rules: Option<Digest>,
    /// The block since which it holds.
    pub since: Moment,
}

impl Mandate {
    /// What the account's complete list of mandates holds for it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        of(tag::MANDATE, self)
    }
}

impl Canonical for Mandate {
    const MAX_BYTES: usize = 128;
}
