//! Claims as they travel, spoiled anywhere, before the ledger's verifier: one alone, or among good ones of other families.

use super::{Family, Tried, below, bytes};
use crate::error::{During, HostError};
use dmledger_core::{
    codec,
    envelope::{AccountId, ChainId},
    hash::Digest,
    traits::proof_verifier::{ProofClaim, ProofContext, ProofVerifier as _},
};
use dmledger_zk::{
    commit::commit_values,
    context::Context,
    elgamal::DecryptionKey,
    member::{AuthorisedSet, MemberSecret, Membership},
    range::{Bits, FitsBits, InInterval, Interval},
    statement::{
        Prove as _,
        encrypted::ReadingEncrypted,
        reading::{ReadingInRange, ReadingWitness, value_root},
    },
    verifier::Verifier,
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};

/// Good claims of several families, and who checks them.
struct Claims {
    good: Vec<ProofClaim>,
    verifier: Verifier,
}

pub(super) fn all(rng: &mut ChaCha20Rng) -> Result<Box<dyn Family>, HostError> {
    let good = claims(rng)?;
    let verifier = Verifier::new(rng);
    verifier.verify_all(&good).map_err(|bad| HostError::new(format!("{} good claims refused", bad.len())))?;
    Ok(Box::new(Claims { good, verifier }))
}

fn claims(rng: &mut ChaCha20Rng) -> Result<Vec<ProofClaim>, HostError> {
    let digest = |byte| Digest::new([byte; 32]);
    let (chain, account) = (ChainId::new(digest(1)), AccountId::new(digest(2)));
    let travels = ProofContext::new(chain, account, 3, "mutants", digest(4)).during("context")?;
    let context = Context::try_from(&travels).during("context")?;
    let mut key = [0; 32];
    rng.fill_bytes(&mut key);
    let (commitments, openings) = commit_values(&[71, 104, 179], &key);
    let interval = Interval::new(70, 180).during("interval")?;
    let reading = ReadingInRange::new(value_root(&commitments), 3, 1, interval).during("reading")?;
    let witness = ReadingWitness::new(&commitments, &openings, 1).during("reading")?;
    let proof = reading.prove(&context, &witness, rng).during("reading")?;
    let first = reading.claim(travels.clone(), &proof).during("reading")?;
    let all = InInterval::new(&commitments, interval).during("record")?;
    let proof = all.prove(&context, openings.as_slice(), rng).during("record")?;
    let second = all.claim(travels.clone(), &proof).during("record")?;
    let fits = FitsBits::new(&commitments, Bits::Eight).during("record")?;
    let proof = fits.prove(&context, openings.as_slice(), rng).during("record")?;
    let third = fits.claim(travels.clone(), &proof).during("record")?;

    let keys = [DecryptionKey::random(rng).encryption_key(), DecryptionKey::random(rng).encryption_key()];
    let opening = openings.first().ok_or_else(|| HostError::new("no opening"))?;
    let encrypted = ReadingEncrypted::encrypt(value_root(&commitments), 3, 0, opening, &keys).during("encryption")?;
    let witness = ReadingWitness::new(&commitments, &openings, 0).during("encryption")?;
    let proof = encrypted.prove(&context, &witness, rng).during("encryption")?;
    let fourth = encrypted.claim(travels.clone(), &proof).during("encryption")?;

    let members: Vec<_> = (0..6).map(|_| MemberSecret::random(rng)).collect();
    let set = AuthorisedSet::new(&members.iter().map(MemberSecret::key).collect::<Vec<_>>()).during("set")?;
    let member = members.first().ok_or_else(|| HostError::new("no member"))?;
    let statement = Membership::in_claim(&set, &travels, b"scope", member).during("member")?;
    let proof = statement.prove(&context, member, rng).during("member")?;
    Ok(vec![first, second, third, fourth, statement.claim(travels, b"scope", &proof).during("member")?])
}

impl Family for Claims {
    fn name(&self) -> &'static str {
        "claims on the wire"
    }

    fn weight(&self) -> u32 {
        8
    }

    fn attempt(&self, rng: &mut ChaCha20Rng) -> Option<Tried> {
        let at = below(self.good.len(), rng);
        let (good, other) = (self.good.get(at)?, self.good.get((at + 1) % self.good.len())?);
        let original = codec::encode(good);
        let offset = original.len() % 32;
        let (kind, changed) = bytes::spoil(&original, &codec::encode(other), offset, rng);
        if changed == original {
            return None;
        }
        let Ok(claim) = codec::decode::<ProofClaim>(&changed) else {
            return Some(Tried::one(kind, false, String::new));
        };
        if rng.next_u32().is_multiple_of(4) {
            let mut block = self.good.clone();
            *block.get_mut(at)? = claim;
            let named: Vec<_> =
                self.verifier.verify_all(&block).err().unwrap_or_default().iter().map(|bad| bad.place).collect();
            return Some(Tried::one(kind, named != [at], || format!("{at} was bad, named {named:?}")));
        }
        let accepted = self.verifier.verify(&claim).is_ok();
        Some(Tried::one(kind, accepted, || format!("{original:02x?} became {changed:02x?}")))
    }
}
