//! The certificate extension that ties a ledger key to a TLS key, a role and one network.
//!
//! TLS has no signature scheme for secp256k1 and authorities issue none, so the certificate's own key is P-256 and the
//! ledger key travels in a private, non-critical extension: TLS stacks pass over it, [`Certificate`] insists on it. The
//! ledger key proves that its holder asked for exactly this certificate by signing the TLS key, network and role.
//!
//! [`Certificate`]: super::Certificate

use super::role::Role;
use crate::{
    codec::Canonical,
    envelope::ChainId,
    hash::{Digest, Hasher, tag},
    key::{KeyError, PublicKey, SecretKey, Signature},
};
use borsh::{BorshDeserialize, BorshSerialize};
use der::asn1::ObjectIdentifier;

/// Object identifier of the extension, under the arc that RFC 5612 sets aside for uses without a registered number.
pub const BINDING_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.5724.1");

/// What the extension says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Binding {
    role: Role,
    chain: ChainId,
    key: PublicKey,
    kem: Digest,
    possession: Signature,
}

impl Binding {
    /// Binds a ledger key: `tls` is the DER encoding of the certificate's SubjectPublicKeyInfo, `kem` the digest of
    /// the public key that others encapsulate to.
    ///
    /// # Errors
    /// [`KeyError`] if the key cannot sign.
    pub fn prove(role: Role, chain: ChainId, kem: Digest, tls: &[u8], key: &SecretKey) -> Result<Self, KeyError> {
        let public = key.public();
        let possession = key.sign(&statement(role, chain, &public, kem, tls))?;
        Ok(Self { role, chain, key: public, kem, possession })
    }

    /// Whether the ledger key signed this binding for the TLS key `tls`.
    #[must_use]
    pub fn is_proved_for(&self, tls: &[u8]) -> bool {
        let statement = statement(self.role, self.chain, &self.key, self.kem, tls);
        self.key.verify(&statement, &self.possession).is_ok()
    }

    /// The role the certificate is for.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The network the certificate is for.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// The ledger key.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// Digest of the public key that others encapsulate to.
    #[must_use]
    pub const fn kem(&self) -> Digest {
        self.kem
    }
}

impl Canonical for Binding {
    const MAX_BYTES: usize = 192;
}

fn statement(role: Role, chain: ChainId, key: &PublicKey, kem: Digest, tls: &[u8]) -> Digest {
    Hasher::new(tag::POSSESSION)
        .chain([role as u8])
        .chain(chain.as_bytes())
        .chain(key.as_bytes())
        .chain(kem)
        .field(tls)
        .finish()
}
