//! Keys that may live elsewhere: in a token, a phone's secure element, an institution's hardware module.

use crate::{
    envelope::{Endorsement, Envelope, EnvelopeError, Meaning, Signable},
    hash::Digest,
    key::{PublicKey, SecretKey, Signature},
};
use alloc::string::String;
use thiserror::Error;

/// Signs digests under one key that never leaves it.
pub trait Signer: Send + Sync {
    /// The public half.
    fn public(&self) -> PublicKey;

    /// Signs a digest in the suite of [`Self::public`].
    ///
    /// # Errors
    /// [`SignerError`] if the holder refuses or cannot be reached; nothing was signed then.
    fn sign(&self, digest: &Digest) -> Result<Signature, SignerError>;
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The holder of the key said no.
    #[error("the key's holder declined to sign")]
    Declined,
    /// The key cannot be reached now.
    #[error("signer unavailable: {0}")]
    Unavailable(String),
    /// The signature could not be added to the envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

impl Signer for SecretKey {
    fn public(&self) -> PublicKey {
        Self::public(self)
    }

    fn sign(&self, digest: &Digest) -> Result<Signature, SignerError> {
        Self::sign(self, digest).map_err(|error| SignerError::Envelope(error.into()))
    }
}

/// Lets `signer` endorse `envelope` in the sense of `meaning`.
///
/// # Errors
/// [`SignerError`], with the envelope lost: endorse a clone where a retry is wanted.
pub fn endorse<T: Signable>(
    envelope: Envelope<T>,
    signer: &dyn Signer,
    meaning: Meaning,
) -> Result<Envelope<T>, SignerError> {
    let key = signer.public();
    let signature = signer.sign(&envelope.digest(key.suite(), meaning))?;
    Ok(envelope.with(Endorsement::new(key, meaning, signature))?)
}
