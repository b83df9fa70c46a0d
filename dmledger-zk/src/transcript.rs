//! The record of a proof that both sides keep, from which every challenge comes (Fiat-Shamir).
//!
//! A transcript begins with the [`Context`], continues with the statement, and only then takes the prover's messages;
//! [`Transcript::bind`] is the only way to make one, so no family of proofs can forget either. Underneath is a Merlin 3
//! transcript (STROBE-128), because `bulletproofs` 5 continues the same one; no Merlin type is public.

use crate::{context::Context, group::Scalar, statement::Statement};
use core::{convert::Infallible, fmt};
use rand_core::{CryptoRng, TryCryptoRng, TryRng};
use rand_core_06::{self as older, RngCore as _};
use zeroize::Zeroize as _;

/// First label of every transcript.
pub const TRANSCRIPT_TAG: &str = "dmledger/zk/transcript/v1";

/// The messages of one proof so far.
#[derive(Clone)]
pub struct Transcript(merlin::Transcript);

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transcript(..)")
    }
}

impl Transcript {
    /// Begins the transcript of a proof of `statement` in `context`.
    #[must_use]
    pub fn bind<S: Statement + ?Sized>(context: &Context, statement: &S) -> Self {
        let mut transcript = Self(merlin::Transcript::new(TRANSCRIPT_TAG.as_bytes()));
        transcript.append(b"chain", context.chain().as_bytes());
        transcript.append(b"subject", context.subject().as_bytes());
        transcript.append_number(b"epoch", context.epoch().number());
        transcript.append(b"purpose", context.purpose().as_str().as_bytes());
        transcript.append(b"verifier", context.verifier().as_bytes());
        transcript.append(b"statement", S::DOMAIN.as_bytes());
        statement.absorb(&mut transcript);
        transcript
    }

    /// A transcript of somebody else's, bound to nothing.
    #[cfg(test)]
    pub(crate) fn unbound(label: &'static [u8]) -> Self {
        Self(merlin::Transcript::new(label))
    }

    /// Adds a message; its length is bound with it.
    pub fn append(&mut self, label: &'static [u8], message: &[u8]) {
        self.0.append_message(label, message);
    }

    /// Adds a number as 64-bit little-endian.
    pub fn append_number(&mut self, label: &'static [u8], number: u64) {
        self.0.append_u64(label, number);
    }

    /// Adds a scalar as its 32 canonical bytes.
    pub fn append_scalar(&mut self, label: &'static [u8], scalar: &Scalar) {
        self.append(label, scalar.as_bytes());
    }

    /// A challenge that depends on everything so far: 64 bytes reduced modulo the group order.
    #[must_use]
    pub fn challenge(&mut self, label: &'static [u8]) -> Scalar {
        let mut wide = [0; 64];
        self.0.challenge_bytes(label, &mut wide);
        Scalar::from_bytes_mod_order_wide(&wide)
    }

    /// 32 bytes that stand for everything so far.
    #[must_use]
    pub fn digest(mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.challenge_bytes(b"digest", &mut bytes);
        bytes
    }

    /// The prover's randomness: keyed with everything so far, with the prover's secrets and with `rng`.
    ///
    /// A generator that repeats itself then still gives different nonces to different statements and witnesses.
    pub fn prover_rng<R: CryptoRng + ?Sized>(&self, secrets: &[&[u8]], rng: &mut R) -> ProverRng {
        let keyed = secrets
            .iter()
            .fold(self.0.build_rng(), |builder, secret| builder.rekey_with_witness_bytes(b"secret", secret));
        ProverRng(keyed.finalize(&mut Older(rng)))
    }

    /// The transcript that `bulletproofs` continues.
    pub(crate) const fn inner(&mut self) -> &mut merlin::Transcript {
        &mut self.0
    }
}

/// Hedged randomness of one prover step, see [`Transcript::prover_rng`].
pub struct ProverRng(merlin::TranscriptRng);

impl fmt::Debug for ProverRng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProverRng(..)")
    }
}

impl ProverRng {
    /// A uniformly random scalar.
    pub fn scalar(&mut self) -> Scalar {
        let mut wide = [0; 64];
        self.0.fill_bytes(&mut wide);
        let scalar = Scalar::from_bytes_mod_order_wide(&wide);
        wide.zeroize();
        scalar
    }

    /// The generator as `bulletproofs` wants it.
    pub(crate) const fn inner(&mut self) -> &mut merlin::TranscriptRng {
        &mut self.0
    }
}

impl TryRng for ProverRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl TryCryptoRng for ProverRng {}

/// A generator of `rand_core` 0.10 in the clothes of 0.6.
struct Older<'a, R: ?Sized>(&'a mut R);

impl<R: CryptoRng + ?Sized> older::RngCore for Older<'_, R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), older::Error> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl<R: CryptoRng + ?Sized> older::CryptoRng for Older<'_, R> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use std::collections::BTreeSet;

    struct Word(&'static str);
    impl Statement for Word {
        const DOMAIN: &'static str = "dmledger/zk/test-word/v1";
        type Witness = ();
        type Proof = Vec<u8>;
        fn absorb(&self, transcript: &mut Transcript) {
            transcript.append(b"word", self.0.as_bytes());
        }
    }

    #[test]
    fn every_field_of_the_context_and_the_statement_change_the_challenge() {
        let mut seen = BTreeSet::new();
        for context in testing::every_other_context(&testing::context()) {
            seen.insert(Transcript::bind(&context, &Word("a")).digest());
        }
        seen.insert(Transcript::bind(&testing::context(), &Word("a")).digest());
        seen.insert(Transcript::bind(&testing::context(), &Word("b")).digest());
        assert_eq!(seen.len(), 7);
    }

    #[test]
    fn a_stuck_generator_still_gives_each_secret_and_statement_its_own_nonce() {
        let nonce = |word, secret: &[u8]| {
            Transcript::bind(&testing::context(), &Word(word)).prover_rng(&[secret], &mut testing::StuckRng).scalar()
        };
        assert_eq!(nonce("a", b"s"), nonce("a", b"s"));
        assert_ne!(nonce("a", b"s"), nonce("a", b"t"));
        assert_ne!(nonce("a", b"s"), nonce("b", b"s"));
    }
}
