//! What every [`Signer`] promises: its signatures verify under the key it names, for what was signed and nothing else.
//!
//! Call [`keeps_its_promises`] from a test of the back end, with a key that is allowed to sign.

use crate::{
    action::{Action, Revoke},
    consent::GrantId,
    envelope::{ChainId, Envelope, Meaning},
    hash::{Digest, tag, tagged},
    testing::Outcome,
    traits::signer::{Signer, endorse},
};

/// Holds a signer to every promise of the trait.
///
/// # Errors
/// With the first promise that is broken, or if the signer declines.
pub fn keeps_its_promises(signer: &dyn Signer) -> Outcome {
    a_signature_is_for_its_digest_and_key(signer)?;
    an_endorsed_envelope_verifies(signer)
}

fn a_signature_is_for_its_digest_and_key(signer: &dyn Signer) -> Outcome {
    let key = signer.public();
    let [one, other] = [b"one", b"two"].map(|text| tagged(tag::ENVELOPE, text));
    let signature = signer.sign(&one)?;
    if signer.public() != key {
        return Err("the signer changed its key".into());
    }
    if signature.suite() != key.suite() {
        return Err("the signature is of another suite than the key".into());
    }
    key.verify(&one, &signature)?;
    if key.verify(&other, &signature).is_ok() {
        return Err("the signature passes for another digest".into());
    }
    Ok(())
}

fn an_endorsed_envelope_verifies(signer: &dyn Signer) -> Outcome {
    let body = Action::Revoke(Revoke { grant: GrantId::new([1; 16]) });
    let envelope = Envelope::new(ChainId::new(Digest::new([2; 32])), None, body);
    let endorsed = endorse(envelope, signer, Meaning::Approved)?;
    endorsed.verify()?;
    match endorsed.endorsements() {
        [one] if one.signer() == signer.public() && one.meaning() == Meaning::Approved => Ok(()),
        _ => Err("the endorsement is not the signer's".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        key::{PublicKey, SecretKey, Signature, Suite},
        traits::signer::SignerError,
    };

    #[test]
    fn keys_in_memory_keep_the_promises_of_a_signer() -> Outcome {
        for suite in [Suite::Bip340, Suite::EcdsaLowS] {
            keeps_its_promises(&SecretKey::from_bytes(suite, [5; 32])?)?;
        }
        Ok(())
    }

    /// Signs with another key than it names, as a mixed-up module would.
    struct MixedUp(SecretKey, SecretKey);

    impl Signer for MixedUp {
        fn public(&self) -> PublicKey {
            self.0.public()
        }

        fn sign(&self, digest: &Digest) -> Result<Signature, SignerError> {
            Signer::sign(&self.1, digest)
        }
    }

    #[test]
    fn a_signer_that_signs_with_another_key_is_found_out() -> Outcome {
        let key = |byte, suite| SecretKey::from_bytes(suite, [byte; 32]);
        for suite in [Suite::Bip340, Suite::EcdsaLowS] {
            assert!(keeps_its_promises(&MixedUp(key(5, Suite::Bip340)?, key(6, suite)?)).is_err());
        }
        Ok(())
    }
}
