//! The engine's signing scheme over the project's own keys, and the two guards around it.
//!
//! A validator signs [`Vote::digest`] and [`Proposal::digest`](crate::wire::Proposal::digest), both of which bind the
//! chain. The keyring refuses to sign two different things for one height, round and kind, whatever the engine asks;
//! and it remembers which signatures it has verified at this height, because a vote is met again in every certificate.

use super::bft::context::{Ctx, Proposed, Voted};
use crate::error::Halt;
use arc_malachitebft_core_types::{SignedMessage, SigningScheme, ValidatorProof, VoteExtensionScope};
use arc_malachitebft_signing::{Error as VerifyError, VerificationResult, Verifier};
use async_trait::async_trait;
use dmledger_core::{
    envelope::ChainId,
    hash::Digest,
    key::{KeyError, PublicKey, Signature},
    quorum::{Address, VoteKind},
    time::Height,
    traits::Signer,
};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Verified signatures remembered at one height; beyond it they are verified again.
const REMEMBERED: usize = 16 * 1024;

/// BIP340 or ECDSA over secp256k1, as [`dmledger_core::key`] has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scheme;

/// The engine never holds a secret: signing goes through the host's [`Signer`].
#[derive(Clone, Debug)]
pub(crate) struct NoSecret;

impl SigningScheme for Scheme {
    type DecodingError = KeyError;
    type Signature = Signature;
    type PublicKey = PublicKey;
    type PrivateKey = NoSecret;

    fn decode_signature(bytes: &[u8]) -> Result<Signature, KeyError> {
        Signature::from_bytes(bytes.try_into().map_err(|_| KeyError::UnknownSuite(0))?)
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.as_bytes().to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, KeyError> {
        PublicKey::from_bytes(bytes.try_into().map_err(|_| KeyError::UnknownSuite(0))?)
    }

    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        key.as_bytes().to_vec()
    }
}

/// What may be signed once per height and round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Slot {
    Prevote(u32),
    Precommit(u32),
    Proposal(u32),
}

/// Signs for this node and verifies for everyone.
pub(crate) struct Keyring {
    chain: ChainId,
    signer: Arc<dyn Signer>,
    height: Height,
    signed: HashMap<Slot, Digest>,
    verified: Mutex<HashSet<(Digest, Signature)>>,
}

impl Keyring {
    pub(crate) fn new(chain: ChainId, signer: Arc<dyn Signer>) -> Self {
        Self { chain, signer, height: Height::GENESIS, signed: HashMap::new(), verified: Mutex::default() }
    }

    pub(crate) fn address(&self) -> Address {
        Address::of(&self.signer.public())
    }

    /// Forgets what belongs to earlier heights.
    pub(crate) fn enter(&mut self, height: Height) {
        if height > self.height {
            self.height = height;
            self.signed.clear();
            self.remembered().clear();
        }
    }

    /// Takes note of a vote of this node found in the write-ahead log, so that no other is signed beside it.
    pub(crate) fn recall_vote(&mut self, vote: &Voted) {
        let slot = vote_slot(vote);
        self.recall(vote.height(), slot, vote.digest(&self.chain));
    }

    /// Takes note of a proposal of this node found in the write-ahead log.
    pub(crate) fn recall_proposal(&mut self, proposal: &Proposed) {
        let slot = Slot::Proposal(proposal.wire().round);
        self.recall(proposal.wire().height, slot, proposal.wire().digest(&self.chain));
    }

    pub(crate) fn sign_vote(&mut self, vote: Voted) -> Result<SignedMessage<Ctx, Voted>, Halt> {
        let signature = self.sign(vote.height(), vote_slot(&vote), vote.digest(&self.chain))?;
        Ok(SignedMessage::new(vote, signature))
    }

    pub(crate) fn sign_proposal(&mut self, proposal: Proposed) -> Result<SignedMessage<Ctx, Proposed>, Halt> {
        let wire = *proposal.wire();
        let signature = self.sign(wire.height, Slot::Proposal(wire.round), wire.digest(&self.chain))?;
        Ok(SignedMessage::new(proposal, signature))
    }

    pub(crate) fn verify_vote(&self, vote: &Voted, signature: &Signature, key: &PublicKey) -> bool {
        self.holds(vote.digest(&self.chain), signature, key)
    }

    pub(crate) fn verify_proposal(&self, proposal: &Proposed, signature: &Signature, key: &PublicKey) -> bool {
        self.holds(proposal.wire().digest(&self.chain), signature, key)
    }

    fn sign(&mut self, height: Height, slot: Slot, digest: Digest) -> Result<Signature, Halt> {
        if height != self.height || self.signed.get(&slot).is_some_and(|earlier| *earlier != digest) {
            return Err(Halt::WouldSignTwice { height, round: slot.round() });
        }
        let signature = self.signer.sign(&digest).map_err(|error| Halt::Signer(error.to_string()))?;
        self.signed.insert(slot, digest);
        self.remember(digest, signature);
        Ok(signature)
    }

    fn recall(&mut self, height: Height, slot: Slot, digest: Digest) {
        if height == self.height {
            self.signed.insert(slot, digest);
        }
    }

    /// Whether `signature` is `key`'s over `digest`. The digest names the signer's address, so that a remembered
    /// signature is never taken for another validator's.
    fn holds(&self, digest: Digest, signature: &Signature, key: &PublicKey) -> bool {
        if self.remembered().contains(&(digest, *signature)) {
            return true;
        }
        let holds = key.verify(&digest, signature).is_ok();
        if holds {
            self.remember(digest, *signature);
        }
        holds
    }

    fn remember(&self, digest: Digest, signature: Signature) {
        let mut verified = self.remembered();
        if verified.len() < REMEMBERED {
            verified.insert((digest, signature));
        }
    }

    fn remembered(&self) -> MutexGuard<'_, HashSet<(Digest, Signature)>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    const fn round(self) -> u32 {
        match self {
            Self::Prevote(round) | Self::Precommit(round) | Self::Proposal(round) => round,
        }
    }
}

fn vote_slot(vote: &Voted) -> Slot {
    match vote.wire().kind {
        VoteKind::Prevote => Slot::Prevote(vote.wire().round),
        VoteKind::Precommit => Slot::Precommit(vote.wire().round),
    }
}

/// The engine's own certificate checks run over this; votes carry no extensions here, so none verifies.
#[async_trait]
impl Verifier<Ctx> for Keyring {
    async fn verify_signed_vote(
        &self,
        vote: &Voted,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, VerifyError> {
        Ok(VerificationResult::from_bool(self.verify_vote(vote, signature, key)))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposed,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, VerifyError> {
        Ok(VerificationResult::from_bool(self.verify_proposal(proposal, signature, key)))
    }

    async fn verify_signed_vote_extension(
        &self,
        _scope: &VoteExtensionScope<Ctx>,
        _extension: &(),
        _signature: &Signature,
        _key: &PublicKey,
    ) -> Result<VerificationResult, VerifyError> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(&self, _proof: &ValidatorProof<Ctx>) -> Result<VerificationResult, VerifyError> {
        Ok(VerificationResult::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use arc_malachitebft_core_types::NilOrVal;
    use dmledger_core::quorum::BlockId;

    fn keyring(n: u8) -> Keyring {
        let chain = ChainId::new(Digest::new([1; 32]));
        let mut keyring = Keyring::new(chain, Arc::new(testing::secret_key(n)));
        keyring.enter(Height::new(1));
        keyring
    }

    fn vote(keyring: &Keyring, round: u32, block: u8) -> Voted {
        let block = NilOrVal::Val(BlockId::new(Digest::new([block; 32])));
        Voted::new(VoteKind::Prevote, Height::new(1), round, block, keyring.address())
    }

    #[test]
    fn a_second_different_vote_for_one_round_is_never_signed() {
        let mut keyring = keyring(0);
        let (first, second) = (vote(&keyring, 0, 1), vote(&keyring, 0, 2));
        let signed = keyring.sign_vote(first.clone()).unwrap();
        assert_eq!(keyring.sign_vote(first).unwrap(), signed);
        let refused = Halt::WouldSignTwice { height: Height::new(1), round: 0 };
        assert_eq!(keyring.sign_vote(second.clone()), Err(refused));
        assert!(keyring.sign_vote(vote(&keyring, 1, 2)).is_ok());
        keyring.enter(Height::new(2));
        assert!(keyring.sign_vote(second).is_err(), "a vote for a height that was left");
    }

    #[test]
    fn a_recalled_vote_blocks_another() {
        let mut keyring = keyring(0);
        let logged = vote(&keyring, 0, 1);
        keyring.recall_vote(&logged);
        assert!(keyring.sign_vote(vote(&keyring, 0, 2)).is_err());
        assert!(keyring.sign_vote(logged).is_ok());
    }

    #[test]
    fn a_remembered_signature_is_not_another_validators() {
        let (mut a, b) = (keyring(0), keyring(1));
        let signed = a.sign_vote(vote(&a, 0, 1)).unwrap();
        assert!(a.verify_vote(&signed.message, &signed.signature, &a.signer.public()));
        let theirs = vote(&b, 0, 1);
        assert!(!a.verify_vote(&theirs, &signed.signature, &b.signer.public()));
    }

    #[test]
    fn keys_and_signatures_read_back() {
        let mut keyring = keyring(0);
        let key = keyring.signer.public();
        let signature = keyring.sign_vote(vote(&keyring, 0, 1)).unwrap().signature;
        assert_eq!(Scheme::decode_public_key(&Scheme::encode_public_key(&key)).unwrap(), key);
        assert_eq!(Scheme::decode_signature(&Scheme::encode_signature(&signature)).unwrap(), signature);
        assert!(Scheme::decode_signature(&[0; 65]).is_err() && Scheme::decode_public_key(&[1; 32]).is_err());
    }
}
