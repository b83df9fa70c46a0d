//! Batch verification of BIP340 signatures: one multiscalar multiplication for up to 64 of them.
//!
//! With `R_i = lift_x(r_i)`, `P_i` the key and `e_i` the BIP340 challenge, all signatures are checked at once as
//! `(sum a_i s_i) G = sum a_i R_i + sum (a_i e_i) P_i` (BIP340, "Batch Verification"). The weights `a_i` are 128 bits
//! drawn from a hash over every claim of the batch, so nobody can choose signatures whose errors cancel. A batch that
//! fails is halved until every culprit is named. Claims of one signer next to one another cost one point between them.

use super::{PublicKey, Signature, Suite};
use crate::hash::{Digest, Hasher, tag};
use alloc::{collections::BTreeMap, vec::Vec};
use k256::{
    AffinePoint, FieldBytes, ProjectivePoint, Scalar,
    elliptic_curve::{
        PrimeField,
        ops::{LinearCombination, Reduce},
        point::DecompressPoint,
        subtle::Choice,
    },
};
use sha2::{Digest as _, Sha256};

/// Beyond this many signatures Straus' tables outgrow the cache and a batch gets slower again (measured).
const CHUNK: usize = 64;

/// "This key signed this digest."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who is said to have signed.
    pub key: PublicKey,
    /// What was signed.
    pub digest: Digest,
    /// The signature.
    pub signature: Signature,
}

impl Claim {
    /// Checks this claim alone.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.key.verify(&self.digest, &self.signature).is_ok()
    }
}

/// Checks every claim; accepts exactly when each one verifies alone.
///
/// # Errors
/// The positions of all claims that do not hold, ascending.
pub fn verify(claims: &[Claim]) -> Result<(), Vec<usize>> {
    let mut bad = Vec::new();
    let mut pending: Vec<(usize, Term)> = Vec::with_capacity(claims.len());
    for (position, claim) in claims.iter().enumerate() {
        match (claim.key.suite(), claim.signature.suite()) {
            (Suite::Bip340, Suite::Bip340) => match Term::read(claim, pending.last().map(|(_, term)| term)) {
                Some(term) => pending.push((position, term)),
                None => bad.push(position),
            },
            _ if claim.holds() => {}
            _ => bad.push(position),
        }
    }
    let seed = seed(claims);
    for chunk in pending.chunks(CHUNK) {
        bisect(chunk, &seed, claims, &mut bad);
    }
    bad.sort_unstable();
    if bad.is_empty() { Ok(()) } else { Err(bad) }
}

/// One signature as group elements and scalars.
struct Term {
    key: [u8; 33],
    point: ProjectivePoint,
    nonce: ProjectivePoint,
    s: Scalar,
    e: Scalar,
}

impl Term {
    /// `None` where single verification would refuse before the equation: `r` or the key no x coordinate, `s` zero or
    /// not below the order.
    ///
    /// The point of a key that the claim `before` has too is not computed again.
    fn read(claim: &Claim, before: Option<&Self>) -> Option<Self> {
        let (r, s) = claim.signature.body().split_at(32);
        let s = Option::<Scalar>::from(Scalar::from_repr(FieldBytes::try_from(s).ok()?))?;
        if bool::from(s.is_zero()) {
            return None;
        }
        let challenge = challenge_hasher().chain_update(r).chain_update(claim.key.x());
        let e = Scalar::reduce(&challenge.chain_update(claim.digest.as_bytes()).finalize());
        let same = before.filter(|term| term.key == *claim.key.as_bytes()).map(|term| term.point);
        let point = same.map_or_else(|| lift_x(claim.key.x()), Some)?;
        Some(Self { key: *claim.key.as_bytes(), point, nonce: lift_x(r)?, s, e })
    }
}

fn challenge_hasher() -> Sha256 {
    let tag = Sha256::digest(b"BIP0340/challenge");
    Sha256::new().chain_update(tag).chain_update(tag)
}

/// The point with this x coordinate and even y.
fn lift_x(x: &[u8]) -> Option<ProjectivePoint> {
    let x = FieldBytes::try_from(x).ok()?;
    Option::<AffinePoint>::from(AffinePoint::decompress(&x, Choice::from(0))).map(ProjectivePoint::from)
}

fn seed(claims: &[Claim]) -> Digest {
    claims
        .iter()
        .fold(Hasher::new(tag::BATCH_WEIGHTS), |hasher, claim| {
            hasher.chain(claim.key.as_bytes()).chain(claim.digest).chain(claim.signature.as_bytes())
        })
        .finish()
}

fn bisect(terms: &[(usize, Term)], seed: &Digest, claims: &[Claim], bad: &mut Vec<usize>) {
    match terms {
        [] => {}
        [(position, _)] => {
            if !claims.get(*position).is_some_and(Claim::holds) {
                bad.push(*position);
            }
        }
        _ if equation_holds(terms, seed) => {}
        _ => {
            let (left, right) = terms.split_at(terms.len() / 2);
            bisect(left, seed, claims, bad);
            bisect(right, seed, claims, bad);
        }
    }
}

fn equation_holds(terms: &[(usize, Term)], seed: &Digest) -> bool {
    let mut sum = Scalar::ZERO;
    // Scalars of one signer add up: a block full of one gateway's actions costs one key point.
    let mut keys: BTreeMap<[u8; 33], (ProjectivePoint, Scalar)> = BTreeMap::new();
    let mut products = Vec::with_capacity(2 * terms.len() + 1);
    for (position, term) in terms {
        let weight = weight(seed, *position);
        sum += weight * term.s;
        products.push((term.nonce, weight));
        keys.entry(term.key).or_insert((term.point, Scalar::ZERO)).1 += weight * term.e;
    }
    products.extend(keys.into_values());
    products.push((ProjectivePoint::GENERATOR, -sum));
    ProjectivePoint::lincomb_vartime(products.as_slice()) == ProjectivePoint::IDENTITY
}

/// 128 bits, odd so that no signature is ever left out.
fn weight(seed: &Digest, position: usize) -> Scalar {
    let digest = Hasher::new(tag::BATCH_WEIGHTS).chain(seed).chain((position as u64).to_le_bytes()).finish();
    let mut low = [0; 16];
    low.copy_from_slice(digest.as_bytes().split_at(16).0);
    Scalar::from(u128::from_le_bytes(low) | 1)
}
