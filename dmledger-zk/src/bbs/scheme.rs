//! Signing, proving and verifying as the draft has them, on scalars and bytes. Letters as in `docs/bbs.md`.

use super::suite::{self, POINT_BYTES, SCALAR_BYTES};
use bls12_381_plus::{
    G1Affine, G1Projective, G2Affine, G2Prepared, G2Projective, Scalar,
    elliptic_curve::group::{Curve as _, Group as _},
    ff::Field as _,
    multi_miller_loop,
};
use zeroize::{Zeroize as _, Zeroizing};

/// A signature `(A, e)`: whoever has it can show it, so it is wiped when dropped.
pub(super) struct Signature {
    pub(super) a: G1Affine,
    pub(super) e: Scalar,
}

impl Drop for Signature {
    fn drop(&mut self) {
        self.a = G1Affine::identity();
        self.e.zeroize();
    }
}

/// What signer and verifier compute the same: generators, domain, `B`.
struct Setting {
    q: G1Projective,
    h: Vec<G1Projective>,
    domain: Scalar,
    base: G1Projective,
}

impl Setting {
    fn new(key: &G2Affine, header: &[u8], count: usize) -> Option<Self> {
        let kept = suite::generators(count + 1)?;
        let all = kept.get(..count + 1)?;
        let domain = suite::domain(&key.to_compressed(), all, header);
        let (q, h) = all.split_first()?;
        Some(Self { q: *q, h: h.to_vec(), domain, base: suite::base()? })
    }

    /// `P1 + domain Q_1 + sum m_i H_i` over the messages given.
    fn b<'a>(&self, messages: impl IntoIterator<Item = (usize, &'a Scalar)>) -> Option<G1Projective> {
        let mut sum = self.base + self.q * self.domain;
        for (place, message) in messages {
            sum += self.h.get(place)? * message;
        }
        Some(sum)
    }
}

/// Whether `e(a, x) = e(b, G2)`.
fn paired(a: &G1Affine, x: &G2Affine, b: &G1Affine) -> bool {
    let (first, second) = (G2Prepared::from(*x), G2Prepared::from(-G2Affine::generator()));
    let product = multi_miller_loop(&[(a, &first), (b, &second)]).final_exponentiation();
    bool::from(product.is_identity())
}

/// `CoreSign`. `None` if the key and `e` cancel, which does not happen.
pub(super) fn sign(secret: &Scalar, key: &G2Affine, header: &[u8], messages: &[Scalar]) -> Option<Signature> {
    let setting = Setting::new(key, header, messages.len())?;
    let mut input = Zeroizing::new(Vec::with_capacity(SCALAR_BYTES * (messages.len() + 2)));
    for scalar in core::iter::once(secret).chain(messages).chain([&setting.domain]) {
        input.extend(scalar.to_be_bytes());
    }
    let e = suite::to_scalar(&input);
    let inverse: Option<Scalar> = (secret + e).invert().into();
    let a = setting.b(messages.iter().enumerate())? * *Zeroizing::new(inverse?);
    Some(Signature { a: a.to_affine(), e })
}

/// `CoreVerify`.
pub(super) fn verify(key: &G2Affine, signature: &Signature, header: &[u8], messages: &[Scalar]) -> Option<bool> {
    let b = Setting::new(key, header, messages.len())?.b(messages.iter().enumerate())?;
    let shifted = G2Projective::from(*key) + G2Projective::GENERATOR * signature.e;
    Some(paired(&signature.a, &shifted.to_affine(), &b.to_affine()))
}

/// A proof: `A', B', D, e^, r_1^, r_3^, m^_j, c`.
pub(super) struct Proof {
    points: [G1Affine; 3],
    responses: [Scalar; 3],
    hidden: Vec<Scalar>,
    challenge: Scalar,
}

/// Elements of a proof besides its hidden messages.
const FIXED_BYTES: usize = 3 * POINT_BYTES + 4 * SCALAR_BYTES;

impl Proof {
    /// Bytes of a proof with so many hidden messages.
    pub(super) const fn bytes(hidden: usize) -> usize {
        FIXED_BYTES + SCALAR_BYTES * hidden
    }

    pub(super) const fn hidden(&self) -> usize {
        self.hidden.len()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let points = self.points.iter().flat_map(G1Affine::to_compressed);
        let scalars = self.responses.iter().chain(&self.hidden).chain([&self.challenge]);
        points.chain(scalars.flat_map(Scalar::to_be_bytes)).collect()
    }

    /// `octets_to_proof`: `None` for a point off the group or the identity, a scalar that is not canonical or zero.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (points, scalars) = bytes.split_at_checked(3 * POINT_BYTES)?;
        let (points, _) = points.as_chunks::<POINT_BYTES>();
        let [first, second, third] = points else { return None };
        let points = [read_point(first)?, read_point(second)?, read_point(third)?];
        let (scalars, []) = scalars.as_chunks::<SCALAR_BYTES>() else { return None };
        let mut scalars = scalars.iter().map(read_scalar).collect::<Option<Vec<_>>>()?;
        let challenge = scalars.pop()?;
        let (responses, hidden) = scalars.split_first_chunk::<3>()?;
        Some(Self { points, responses: *responses, hidden: hidden.to_vec(), challenge })
    }
}

/// A point of the group that is not the identity.
pub(super) fn read_point(bytes: &[u8; POINT_BYTES]) -> Option<G1Affine> {
    let point: G1Affine = Option::from(G1Affine::from_compressed(bytes))?;
    (!bool::from(point.is_identity())).then_some(point)
}

/// A canonical scalar that is not zero.
pub(super) fn read_scalar(bytes: &[u8; SCALAR_BYTES]) -> Option<Scalar> {
    let scalar: Scalar = Option::from(Scalar::from_be_bytes(bytes))?;
    (!bool::from(scalar.is_zero())).then_some(scalar)
}

/// `ProofChallengeCalculate` over disclosed messages with their places, `A', B', D, T_1, T_2`, domain and the header of the
/// presentation.
fn challenge(disclosed: &[(usize, Scalar)], points: &[G1Affine; 5], domain: &Scalar, header: &[u8]) -> Scalar {
    let mut input = (disclosed.len() as u64).to_be_bytes().to_vec();
    for (place, message) in disclosed {
        input.extend((*place as u64).to_be_bytes());
        input.extend(message.to_be_bytes());
    }
    points.iter().for_each(|point| input.extend(point.to_compressed()));
    input.extend(domain.to_be_bytes());
    input.extend((header.len() as u64).to_be_bytes());
    input.extend(header);
    suite::to_scalar(&input)
}

/// What is shown with a proof, and to what it is bound.
pub(super) struct Shown<'a> {
    pub(super) key: &'a G2Affine,
    pub(super) header: &'a [u8],
    pub(super) presentation: &'a [u8],
    /// All messages of the signature.
    pub(super) count: usize,
    /// Places and scalars of the messages disclosed, ascending.
    pub(super) disclosed: &'a [(usize, Scalar)],
}

/// `CoreProofGen`: random scalars are `r_1, r_2, e~, r_1~, r_3~`, then one for each hidden message. `None` for the wrong
/// number of them, or an `r_2` of zero.
pub(super) fn prove(
    shown: &Shown<'_>,
    signature: &Signature,
    messages: &[Scalar],
    random: &Zeroizing<Vec<Scalar>>,
) -> Option<Proof> {
    let setting = Setting::new(shown.key, shown.header, shown.count)?;
    let is_shown = |place: &usize| shown.disclosed.iter().any(|(own, _)| own == place);
    let hidden: Vec<_> = messages.iter().enumerate().filter(|(place, _)| !is_shown(place)).collect();
    let (fixed, masks) = random.split_first_chunk::<5>()?;
    let [r_1, r_2, e_mask, r_1_mask, r_3_mask] = fixed;
    if masks.len() != hidden.len() {
        return None;
    }
    let b = setting.b(messages.iter().enumerate())?;
    let d = b * r_2;
    let a_bar = G1Projective::from(signature.a) * (r_1 * r_2);
    let b_bar = d * r_1 - a_bar * signature.e;
    let t_1 = a_bar * e_mask + d * r_1_mask;
    let mut t_2 = d * r_3_mask;
    for ((place, _), mask) in hidden.iter().zip(masks) {
        t_2 += setting.h.get(*place)? * mask;
    }
    let points = [a_bar, b_bar, d, t_1, t_2].map(|point| point.to_affine());
    let c = challenge(shown.disclosed, &points, &setting.domain, shown.presentation);
    let r_3: Option<Scalar> = r_2.invert().into();
    let responses = [e_mask + signature.e * c, r_1_mask - r_1 * c, r_3_mask - r_3? * c];
    let hidden = hidden.iter().zip(masks).map(|((_, message), mask)| mask + *message * c).collect();
    let [a_bar, b_bar, d, ..] = points;
    Some(Proof { points: [a_bar, b_bar, d], responses, hidden, challenge: c })
}

/// `CoreProofVerify`.
pub(super) fn verify_proof(shown: &Shown<'_>, proof: &Proof) -> Option<bool> {
    let setting = Setting::new(shown.key, shown.header, shown.count)?;
    if proof.hidden.len() + shown.disclosed.len() != shown.count {
        return Some(false);
    }
    let [a_bar, b_bar, d] = proof.points.map(G1Projective::from);
    let ([e, r_1, r_3], c) = (&proof.responses, &proof.challenge);
    let t_1 = b_bar * c + a_bar * e + d * r_1;
    let mut t_2 = setting.b(shown.disclosed.iter().map(|(place, message)| (*place, message)))? * c + d * r_3;
    let is_shown = |place: &usize| shown.disclosed.iter().any(|(own, _)| own == place);
    for (place, response) in (0..shown.count).filter(|place| !is_shown(place)).zip(&proof.hidden) {
        t_2 += setting.h.get(place)? * response;
    }
    let [a_bar, b_bar, d] = proof.points;
    let points = [a_bar, b_bar, d, t_1.to_affine(), t_2.to_affine()];
    let same = challenge(shown.disclosed, &points, &setting.domain, shown.presentation) == *c;
    Some(same && paired(&a_bar, shown.key, &b_bar))
}
