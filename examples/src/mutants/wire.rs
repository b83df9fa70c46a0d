//! Claims as they travel, spoiled anywhere, before the ledger's verifier: one alone, or among good ones of other families.

use super::{Family, Tried, below, bytes, glycemic};
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
    glycemic::{
        VariationClaim,
        claim::{Bound, DaysClaim, Quantity, Ranges, Side},
    },
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
use std::sync::Arc;

/// One good claim of each family that the verifier decodes, both kinds of membership among them, and who checks them.
struct Pool {
    good: Vec<(&'static str, u32, ProofClaim)>,
    verifier: Verifier,
}

/// The claim of the pool at this place.
struct Claimed {
    pool: Arc<Pool>,
    place: usize,
}

pub(super) fn all(rng: &mut ChaCha20Rng) -> Result<Vec<Box<dyn Family>>, HostError> {
    let mut good = about_values(rng)?;
    good.extend(about_days(rng)?);
    good.extend(about_keys(rng)?);
    let verifier = Verifier::new(rng);
    let claims: Vec<_> = good.iter().map(|(_, _, claim)| claim.clone()).collect();
    verifier.verify_all(&claims).map_err(|bad| HostError::new(format!("{} good claims refused", bad.len())))?;
    let count = good.len();
    let pool = Arc::new(Pool { good, verifier });
    let each = |place| Box::new(Claimed { pool: Arc::clone(&pool), place }) as Box<dyn Family>;
    Ok((0..count).map(each).collect())
}

type Named = (&'static str, u32, ProofClaim);

/// What every claim is bound to, as it travels.
fn travels() -> Result<ProofContext, HostError> {
    let digest = |byte| Digest::new([byte; 32]);
    let (chain, account) = (ChainId::new(digest(1)), AccountId::new(digest(2)));
    ProofContext::new(chain, account, 3, "mutants", digest(4)).during("context")
}

fn bound() -> Result<Context, HostError> {
    Context::try_from(&travels()?).during("context")
}

fn about_values(rng: &mut ChaCha20Rng) -> Result<Vec<Named>, HostError> {
    let (travels, context) = (travels()?, bound()?);
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
    let fourth = encrypted.claim(travels, &proof).during("encryption")?;
    Ok(vec![
        ("claim: reading in range", 4, first),
        ("claim: values in interval", 4, second),
        ("claim: values fit bits", 4, third),
        ("claim: reading encrypted", 4, fourth),
    ])
}

fn about_days(rng: &mut ChaCha20Rng) -> Result<Vec<Named>, HostError> {
    let (travels, context) = (travels()?, bound()?);
    let (day, secret) = glycemic::day(rng)?;
    let proof = day.prove(&context, &secret, rng).during("day")?;
    let first = day.claim(travels.clone(), &proof).during("day")?;
    let asked = [Bound::new(Quantity::Share(Ranges::IN), Side::AtLeast, 500)];
    let bounds = DaysClaim::new(&[day], 50, &asked).during("bounds")?;
    let proof = bounds.prove(&context, secret.opening(), rng).during("bounds")?;
    let second = bounds.claim(travels.clone(), &proof).during("bounds")?;
    let steady = VariationClaim::new(&[day], 50, Side::AtMost, 900).during("variation")?;
    let proof = steady.prove(&context, secret.opening(), rng).during("variation")?;
    let third = steady.claim(travels, &proof).during("variation")?;
    Ok(vec![("claim: day's digest", 1, first), ("claim: bounds of days", 2, second), ("claim: variation", 2, third)])
}

fn about_keys(rng: &mut ChaCha20Rng) -> Result<Vec<Named>, HostError> {
    let (travels, context) = (travels()?, bound()?);
    let mut out = Vec::new();
    for (name, count) in [("claim: member of a small set", 3), ("claim: member of a large set", 9)] {
        let members: Vec<_> = (0..count).map(|_| MemberSecret::random(rng)).collect();
        let set = AuthorisedSet::new(&members.iter().map(MemberSecret::key).collect::<Vec<_>>()).during("set")?;
        let member = members.first().ok_or_else(|| HostError::new("no member"))?;
        let statement = Membership::in_claim(&set, &travels, b"scope", member).during("member")?;
        let proof = statement.prove(&context, member, rng).during("member")?;
        out.push((name, 4, statement.claim(travels.clone(), b"scope", &proof).during("member")?));
    }
    Ok(out)
}

impl Claimed {
    /// The claim at a place of the pool, counted round.
    fn at(&self, place: usize) -> Option<&Named> {
        self.pool.good.get(place % self.pool.good.len())
    }
}

impl Family for Claimed {
    fn name(&self) -> &'static str {
        self.at(self.place).map_or("", |(name, ..)| name)
    }

    fn weight(&self) -> u32 {
        self.at(self.place).map_or(0, |(_, weight, _)| *weight)
    }

    fn attempt(&self, rng: &mut ChaCha20Rng) -> Option<Tried> {
        let (_, _, good) = self.at(self.place)?;
        let (_, _, other) = self.at(self.place + 1 + below(self.pool.good.len() - 1, rng))?;
        let original = codec::encode(good);
        let offset = original.len() % 32;
        let (kind, changed) = bytes::spoil(&original, &codec::encode(other), offset, rng);
        if changed == original {
            return None;
        }
        let Ok(claim) = codec::decode::<ProofClaim>(&changed) else {
            return Some(Tried::one(kind, false, String::new));
        };
        if rng.next_u32().is_multiple_of(8) {
            // Among good ones, at any place of the block.
            let at = below(3, rng);
            let mut block = vec![other.clone(); 2];
            block.insert(at, claim);
            let named: Vec<_> =
                self.pool.verifier.verify_all(&block).err().unwrap_or_default().iter().map(|bad| bad.place).collect();
            return Some(Tried::one(kind, named != [at], || format!("{at} was bad, named {named:?}")));
        }
        let accepted = self.pool.verifier.verify(&claim).is_ok();
        Some(Tried::one(kind, accepted, || format!("{original:02x?} became {changed:02x?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dmledger_core::traits::proof_verifier::{ProofFamily, ProofRefusal};
    use rand_chacha::rand_core::SeedableRng as _;
    use std::collections::BTreeSet;

    #[test]
    fn a_claim_of_every_family_the_verifier_decodes_is_spoiled() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut all = about_values(&mut rng).unwrap();
        all.extend(about_days(&mut rng).unwrap());
        all.extend(about_keys(&mut rng).unwrap());
        let families: BTreeSet<_> = all.iter().map(|(_, _, claim)| format!("{:?}", claim.family())).collect();
        // Whatever else has a number, the verifier does not know.
        let (verifier, original) = (Verifier::new(&mut rng), &all[0].2);
        let known = (0..=u16::from(u8::MAX)).map(ProofFamily::new).filter(|family| {
            let (context, statement, proof) = (original.context(), original.statement(), original.proof());
            let (anchors, context) = (original.anchors().to_vec(), context.clone());
            let claim = ProofClaim::new(*family, context, anchors, statement.to_vec(), proof.to_vec()).unwrap();
            verifier.cost(&claim) != Err(ProofRefusal::UnknownFamily(*family))
        });
        assert_eq!(known.map(|family| format!("{family:?}")).collect::<BTreeSet<_>>(), families);
    }
}
