//! The randomness of one encapsulation.

use crate::seal::secret::Secret;
use core::convert::Infallible;
use dmledger_core::hash::{Digest, Hasher, tag};
use rand_core::{TryCryptoRng, TryRng};

/// The randomness of one encapsulation: a hash of the generator's output and of everything that is wrapped, so that a
/// generator that repeats itself does not encrypt two messages under one key and nonce.
pub(super) struct Coins {
    seed: Secret,
    blocks: u64,
}

impl Coins {
    pub(super) fn new(random: &Secret, info: &Digest, aad: &Digest, message: &[u8]) -> Self {
        let seed = Hasher::new(tag::SEAL_WRAP_COINS).chain(random.bytes()).chain(info).chain(aad).field(message);
        Self { seed: Secret::derived(seed), blocks: 0 }
    }
}

impl TryRng for Coins {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for part in out.chunks_mut(32) {
            let block = Hasher::new(tag::SEAL_WRAP_COINS).chain(self.seed.bytes()).chain(self.blocks.to_le_bytes());
            let block = Secret::derived(block);
            part.copy_from_slice(block.bytes().get(..part.len()).unwrap_or_default());
            self.blocks += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Coins {}
