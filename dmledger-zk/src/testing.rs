//! What the tests of this crate share.

use crate::context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose};
use core::convert::Infallible;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use rand_core::{TryCryptoRng, TryRng};

/// A seeded generator.
pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A context like any other.
pub(crate) fn context() -> Context {
    Context::new(
        Chain::new([1; 32]),
        Pseudonym::new([2; 32]),
        Epoch::new(3),
        Purpose::new("test").unwrap(),
        Audience::new([4; 32]),
    )
}

/// The five contexts that differ from `from` in one field.
pub(crate) fn every_other_context(from: &Context) -> Vec<Context> {
    let (chain, subject, epoch) = (from.chain(), from.subject(), from.epoch());
    let (purpose, verifier) = (from.purpose().clone(), from.verifier());
    vec![
        Context::new(Chain::new([9; 32]), subject, epoch, purpose.clone(), verifier),
        Context::new(chain, Pseudonym::new([9; 32]), epoch, purpose.clone(), verifier),
        Context::new(chain, subject, Epoch::new(9), purpose.clone(), verifier),
        Context::new(chain, subject, epoch, Purpose::new("tesu").unwrap(), verifier),
        Context::new(chain, subject, epoch, purpose, Audience::new([9; 32])),
    ]
}

/// A broken generator: always the same byte.
pub(crate) struct StuckRng;

impl TryRng for StuckRng {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0x0707_0707)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0x0707_0707_0707_0707)
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(7);
        Ok(())
    }
}

impl TryCryptoRng for StuckRng {}
