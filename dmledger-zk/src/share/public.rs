//! Sharing that anyone can check, without private channels (after Schoenmakers, *A Simple Publicly Verifiable Secret
//! Sharing Scheme*, 1999, with one proof for all shares).

mod opened;

pub use opened::OpenedShare;

use super::{
    HolderNumber, Holders, RecoverError,
    polynomial::{self, Polynomial},
};
use crate::{
    accumulator::Accumulator,
    context::Context,
    elgamal::{DecryptionKey, EncryptionKey},
    error::{DecodeError, ProveError, Rejected, StatementError},
    group::{
        self, ELEMENT_BYTES, Point, Scalar,
        element::{computed_element, element},
    },
    statement::{Statement, Verify},
    transcript::{ProverRng, Transcript},
};
use core::fmt;
use rand_core::CryptoRng;
use sha3::{Digest as _, Sha3_256};
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// Tag of the hash that turns the shared element into a key.
pub const SHARED_KEY_TAG: &str = "dmledger/zk/shared-key/v1";

element! {
    /// A commitment to a coefficient of the dealer's polynomial: `X_k = a_k B`.
    Coefficient
}

computed_element!(Coefficient);

element! {
    /// A share encrypted to its holder: `Y_i = p(i) P_i`.
    EncryptedShare
}

computed_element!(EncryptedShare);

element! {
    /// A share as its holder opens it: `S_i = s_i Y_i = p(i) B~`.
    OpenShare
}

computed_element!(OpenShare);

/// Every encrypted share is the value of one polynomial of degree below the threshold, known to the dealer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicDealing {
    holders: Holders,
    coefficients: Vec<Coefficient>,
    shares: Vec<EncryptedShare>,
}

/// What was shared: `p(0) B~`. Wiped when dropped.
pub struct SharedElement(Point);

impl SharedElement {
    /// The 32-byte key that the element stands for.
    #[must_use]
    pub fn key(&self) -> Zeroizing<[u8; 32]> {
        let hash = Sha3_256::new()
            .chain_update([SHARED_KEY_TAG.len() as u8])
            .chain_update(SHARED_KEY_TAG)
            .chain_update(Zeroizing::new(group::encode_point(&self.0)));
        Zeroizing::new(hash.finalize().into())
    }
}

impl Drop for SharedElement {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for SharedElement {}

impl fmt::Debug for SharedElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedElement(..)")
    }
}

impl PublicDealing {
    /// Deals a fresh secret in `context`: the dealing, its proof, the secret.
    ///
    /// # Errors
    /// [`StatementError::Identity`] if a drawn coefficient or share is zero, which does not happen.
    pub fn deal<R: CryptoRng + ?Sized>(
        context: &Context,
        holders: &Holders,
        rng: &mut R,
    ) -> Result<(Self, PublicDealingProof, SharedElement), ProveError> {
        let mut nonces = Self::nonces(context, holders, rng);
        let p = Polynomial::new((0..holders.threshold()).map(|_| nonces.scalar()).collect());
        Self::deal_polynomial(context, holders, &p, &mut nonces)
    }

    fn nonces<R: CryptoRng + ?Sized>(context: &Context, holders: &Holders, rng: &mut R) -> ProverRng {
        let empty = Self { holders: holders.clone(), coefficients: Vec::new(), shares: Vec::new() };
        Transcript::bind(context, &empty).prover_rng(&[], rng)
    }

    fn deal_polynomial(
        context: &Context,
        holders: &Holders,
        p: &Polynomial,
        nonces: &mut ProverRng,
    ) -> Result<(Self, PublicDealingProof, SharedElement), ProveError> {
        let dealing = Self::of(holders, p).ok_or(StatementError::Identity)?;
        let secret = p.coefficients().first().map(group::times_blinding_base).ok_or(StatementError::Identity)?;
        let proof = dealing.prove_polynomial(Transcript::bind(context, &dealing), p, nonces);
        Ok((dealing, proof, SharedElement(secret)))
    }

    fn of(holders: &Holders, p: &Polynomial) -> Option<Self> {
        let commit = |coefficient| Coefficient::from_point(group::times_value_base(coefficient));
        let encrypt = |(number, key): (HolderNumber, &EncryptionKey)| {
            EncryptedShare::from_point(*Zeroizing::new(p.at(number)) * key.point())
        };
        let coefficients = p.coefficients().iter().map(commit).collect::<Option<_>>()?;
        let shares = holders.numbers().zip(holders.keys()).map(encrypt).collect::<Option<_>>()?;
        Some(Self { holders: holders.clone(), coefficients, shares })
    }

    /// Reads a dealing to these holders: `X_0 .. X_(t-1)`, then `Y_1 .. Y_n`, 32 bytes each.
    ///
    /// # Errors
    /// [`DecodeError`] for another length or an element that is not canonical, or the identity.
    pub fn from_bytes(holders: &Holders, bytes: &[u8]) -> Result<Self, DecodeError> {
        let (elements, rest) = bytes.as_chunks::<ELEMENT_BYTES>();
        let wrong = DecodeError::Length { len: bytes.len() };
        let (coefficients, shares) = elements.split_at_checked(holders.threshold()).ok_or(wrong)?;
        if !rest.is_empty() || shares.len() != holders.keys().len() {
            return Err(wrong);
        }
        Ok(Self {
            holders: holders.clone(),
            coefficients: coefficients.iter().map(Coefficient::from_bytes).collect::<Result<_, _>>()?,
            shares: shares.iter().map(EncryptedShare::from_bytes).collect::<Result<_, _>>()?,
        })
    }

    /// The bytes that [`Self::from_bytes`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let coefficients = self.coefficients.iter().map(Coefficient::as_bytes);
        coefficients.chain(self.shares.iter().map(EncryptedShare::as_bytes)).flatten().copied().collect()
    }

    /// Who holds shares.
    #[must_use]
    pub const fn holders(&self) -> &Holders {
        &self.holders
    }

    /// `X_0 .. X_(t-1)`.
    #[must_use]
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }

    /// `Y_1 .. Y_n`.
    #[must_use]
    pub fn shares(&self) -> &[EncryptedShare] {
        &self.shares
    }

    /// Opens one's own share; the statement shows others that it is the right one.
    ///
    /// # Errors
    /// [`StatementError::Position`] if there is no such holder.
    pub fn open(&self, number: HolderNumber, key: &DecryptionKey) -> Result<OpenedShare, StatementError> {
        let count = self.shares.len() as u64;
        let missing = StatementError::Position { index: number.number().into(), count };
        let share = self.shares.get(number.place()).ok_or(missing)?;
        let open = OpenShare::from_point(key.scalar() * share.point()).ok_or(StatementError::Identity)?;
        self.opened(number, open.as_bytes())
    }

    /// A share that a holder says it opened.
    ///
    /// # Errors
    /// [`StatementError::Position`] if there is no such holder, [`StatementError::Identity`] if the bytes are no element
    /// that a share can be.
    pub fn opened(&self, number: HolderNumber, bytes: &[u8; ELEMENT_BYTES]) -> Result<OpenedShare, StatementError> {
        let count = self.shares.len() as u64;
        let missing = StatementError::Position { index: number.number().into(), count };
        let encrypted = *self.shares.get(number.place()).ok_or(missing)?;
        let key = *self.holders.key(number).ok_or(missing)?;
        let open = OpenShare::from_bytes(bytes).map_err(|_| StatementError::Identity)?;
        Ok(OpenedShare { number, key, encrypted, open })
    }

    /// The secret from opened shares, whose proofs have been verified; repetitions are passed over.
    ///
    /// # Errors
    /// [`RecoverError::MissingShares`].
    pub fn recover(&self, shares: &[OpenedShare]) -> Result<SharedElement, RecoverError> {
        let own: Vec<_> =
            shares.iter().filter(|share| self.shares.get(share.number.place()) == Some(&share.encrypted)).collect();
        let numbers: Vec<_> = own.iter().map(|share| share.number).collect();
        let chosen = polynomial::at_zero(&numbers, self.holders.threshold())?;
        let (mut factors, mut points) = (Vec::new(), Vec::new());
        for (place, factor) in chosen {
            if let Some(share) = own.get(place) {
                factors.push(factor);
                points.push(*share.open.point());
            }
        }
        Ok(SharedElement(group::sum_of_public(&factors, &points)))
    }

    /// First messages for a mask polynomial `a`: `a_k B`, then `a(i) P_i`.
    fn first_messages(&self, masks: &Polynomial) -> Vec<[u8; ELEMENT_BYTES]> {
        let coefficients = masks.coefficients().iter().map(group::times_value_base);
        let each = self.holders.numbers().zip(self.holders.keys());
        let shares = each.map(|(number, key)| masks.at(number) * key.point());
        coefficients.chain(shares).map(|point| group::encode_point(&point)).collect()
    }

    fn prove_polynomial<R: CryptoRng + ?Sized>(
        &self,
        mut transcript: Transcript,
        p: &Polynomial,
        rng: &mut R,
    ) -> PublicDealingProof {
        let mut nonces = transcript.prover_rng(&[&p.bytes()], rng);
        let masks = Polynomial::new(p.coefficients().iter().map(|_| nonces.scalar()).collect());
        let messages = self.first_messages(&masks);
        let challenge = draw(&mut transcript, &messages);
        let responses = masks.coefficients().iter().zip(p.coefficients()).map(|(mask, own)| mask + challenge * own);
        let responses = responses.map(|response| response.to_bytes());
        PublicDealingProof(messages.into_iter().chain(responses).flatten().collect())
    }

    /// `s_k B = c X_k + A_k` for every coefficient, `s(i) P_i = c Y_i + A'_i` for every holder.
    fn emit(&self, run: &Run<'_>, challenge: &Scalar, accumulator: &mut Accumulator<'_>) -> Option<()> {
        let (first, second) = run.messages.split_at_checked(self.coefficients.len())?;
        for ((response, coefficient), message) in run.responses.iter().zip(&self.coefficients).zip(first) {
            let mut equation = accumulator.equation();
            equation.value(response);
            equation.point(&-challenge, *coefficient.point());
            equation.point(&-Scalar::ONE, group::decode_message(message)?);
        }
        let each = self.holders.numbers().zip(self.holders.keys()).zip(&self.shares);
        for (((number, key), share), message) in each.zip(second) {
            let mut equation = accumulator.equation();
            equation.point(&polynomial::evaluate(&run.responses, number), *key.point());
            equation.point(&-challenge, *share.point());
            equation.point(&-Scalar::ONE, group::decode_message(message)?);
        }
        Some(())
    }
}

/// A proof of [`PublicDealing`] taken apart.
struct Run<'a> {
    messages: &'a [[u8; ELEMENT_BYTES]],
    responses: Vec<Scalar>,
}

impl<'a> Run<'a> {
    fn read(dealing: &PublicDealing, elements: &'a [[u8; ELEMENT_BYTES]]) -> Option<Self> {
        let threshold = dealing.coefficients.len();
        let (messages, scalars) = elements.split_at_checked(threshold + dealing.shares.len())?;
        let responses = scalars.iter().map(group::decode_scalar).collect::<Result<Vec<_>, _>>().ok()?;
        (responses.len() == threshold).then_some(Self { messages, responses })
    }
}

fn draw(transcript: &mut Transcript, messages: &[[u8; ELEMENT_BYTES]]) -> Scalar {
    for message in messages {
        transcript.append(b"A", message);
    }
    transcript.challenge(b"c")
}

/// A proof of [`PublicDealing`]: a first message for every coefficient and every holder, a response for every coefficient;
/// `32 (2 t + n)` bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PublicDealingProof(Vec<u8>);

impl PublicDealingProof {
    /// Longest proof in bytes.
    pub const MAX_BYTES: usize = ELEMENT_BYTES * 3 * super::MAX_HOLDERS;

    /// Reads a proof. Its elements are decoded when it is verified.
    ///
    /// # Errors
    /// [`DecodeError::Length`] if no proof has this length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (elements, rest) = bytes.as_chunks::<ELEMENT_BYTES>();
        if !rest.is_empty() || elements.len() < 3 || bytes.len() > Self::MAX_BYTES {
            return Err(DecodeError::Length { len: bytes.len() });
        }
        Ok(Self(bytes.to_vec()))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for PublicDealingProof {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Statement for PublicDealing {
    const DOMAIN: &'static str = "dmledger/zk/public-dealing/v1";
    type Witness = ();
    type Proof = PublicDealingProof;

    fn absorb(&self, transcript: &mut Transcript) {
        self.holders.absorb(transcript);
        for coefficient in &self.coefficients {
            transcript.append(b"X", coefficient.as_bytes());
        }
        for share in &self.shares {
            transcript.append(b"Y", share.as_bytes());
        }
    }
}

impl Verify for PublicDealing {
    fn equations(
        &self,
        mut transcript: Transcript,
        proof: &PublicDealingProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        let (elements, _) = proof.0.as_chunks::<ELEMENT_BYTES>();
        let run = Run::read(self, elements).ok_or(Rejected)?;
        let challenge = draw(&mut transcript, run.messages);
        self.emit(&run, &challenge, accumulator).ok_or(Rejected)
    }
}

#[cfg(test)]
impl PublicDealing {
    /// Deals a secret of the test's choice, not zero.
    pub(crate) fn deal_for_test<R: CryptoRng + ?Sized>(
        holders: &Holders,
        secret: Scalar,
        rng: &mut R,
    ) -> Result<(Self, PublicDealingProof), ProveError> {
        let context = crate::testing::context();
        let mut nonces = Self::nonces(&context, holders, rng);
        let others = (1..holders.threshold()).map(|_| nonces.scalar());
        let p = Polynomial::new(core::iter::once(secret).chain(others).collect());
        Self::deal_polynomial(&context, holders, &p, &mut nonces).map(|(dealing, proof, _)| (dealing, proof))
    }

    /// What a dealer makes who does not check that the polynomial is that of the shares.
    pub(super) fn prove_for_test(&self, p: &Polynomial) -> PublicDealingProof {
        let context = crate::testing::context();
        self.prove_polynomial(Transcript::bind(&context, self), p, &mut crate::testing::rng(1))
    }

    /// The equations of a run whose challenge and responses were chosen first.
    pub(super) fn simulated_sum(&self, rng: &mut rand_chacha::ChaCha20Rng) -> Point {
        let mut draw = || *crate::commit::Blinding::random(rng).scalar();
        let challenge = draw();
        let responses: Vec<_> = self.coefficients.iter().map(|_| draw()).collect();
        let first = self.coefficients.iter().zip(&responses);
        let first = first.map(|(one, response)| group::times_value_base(response) - challenge * one.point());
        let second = self.holders.numbers().zip(self.holders.keys()).zip(&self.shares).map(|((number, key), share)| {
            polynomial::evaluate(&responses, number) * key.point() - challenge * share.point()
        });
        let messages: Vec<_> = first.chain(second).map(|point| group::encode_point(&point)).collect();
        let run = Run { messages: &messages, responses };
        crate::testing::sum_of(1, |accumulator| self.emit(&run, &challenge, accumulator))
    }
}
