//! Pedersen's verifiable secret sharing (*Non-Interactive and Information-Theoretic Secure Verifiable Secret Sharing*, 1991).

use super::{
    HolderNumber, Holders, RecoverError,
    polynomial::{self, Polynomial},
};
use crate::{
    accumulator::Accumulator,
    commit::{Blinding, Commitment},
    context::Context,
    error::{DecodeError, ProveError, Rejected, StatementError},
    group::{self, ELEMENT_BYTES, Scalar},
    sigma::{Relation, RelationProof, Witness},
    statement::{Prove, Statement, Verify},
    transcript::Transcript,
};
use core::fmt;
use rand_core::CryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// What the dealer publishes: commitments to the coefficients, `A_k = f_k B + g_k B~` for `k < t`.
///
/// As a statement it says that the dealer can open `A_0`, the commitment to the secret; its proof binds the dealing to its
/// context, so that one made for another epoch or account is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dealing {
    holders: Holders,
    commitments: Vec<Commitment>,
}

/// The secret and its blinding. Wiped when dropped.
#[derive(ZeroizeOnDrop)]
pub struct SharedScalar {
    secret: Scalar,
    blinding: Scalar,
}

impl SharedScalar {
    /// The secret.
    #[must_use]
    pub const fn scalar(&self) -> &Scalar {
        &self.secret
    }

    fn witness(&self) -> Witness {
        Witness::new(vec![self.secret, self.blinding])
    }
}

impl fmt::Debug for SharedScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedScalar(..)")
    }
}

impl Dealing {
    /// Shares `secret` among the holders: what to publish, its witness, and the share of each holder in order.
    pub fn deal<R: CryptoRng + ?Sized>(
        context: &Context,
        holders: &Holders,
        secret: &Blinding,
        rng: &mut R,
    ) -> (Self, SharedScalar, Vec<Share>) {
        let empty = Self { holders: holders.clone(), commitments: Vec::new() };
        let mut nonces = Transcript::bind(context, &empty).prover_rng(&[secret.scalar().as_bytes()], rng);
        let mut draw = |first: Option<Scalar>| {
            let first = first.unwrap_or_else(|| nonces.scalar());
            Polynomial::new(core::iter::once(first).chain((1..holders.threshold()).map(|_| nonces.scalar())).collect())
        };
        let (f, g) = (draw(Some(*secret.scalar())), draw(None));
        let pairs = f.coefficients().iter().zip(g.coefficients());
        let commitments = pairs.map(|(f, g)| Commitment::from_point(group::commit(f, g))).collect();
        let shares = holders.numbers().map(|number| Share::new(&f.at(number), &g.at(number))).collect();
        let blinding = g.coefficients().first().copied().unwrap_or_default();
        let dealing = Self { holders: holders.clone(), commitments };
        (dealing, SharedScalar { secret: *secret.scalar(), blinding }, shares)
    }

    /// A dealing received.
    ///
    /// # Errors
    /// [`StatementError::Count`] unless there are as many commitments as holders are needed.
    pub fn new(holders: &Holders, commitments: Vec<Commitment>) -> Result<Self, StatementError> {
        if commitments.len() != holders.threshold() {
            return Err(StatementError::Count { count: commitments.len(), max: holders.threshold() });
        }
        Ok(Self { holders: holders.clone(), commitments })
    }

    /// Who holds shares.
    #[must_use]
    pub const fn holders(&self) -> &Holders {
        &self.holders
    }

    /// `A_0 .. A_(t-1)`; the first commits to the secret.
    #[must_use]
    pub fn commitments(&self) -> &[Commitment] {
        &self.commitments
    }

    /// The statement that a share is that of this holder.
    ///
    /// # Errors
    /// [`StatementError::Position`] if there is no such holder.
    pub fn share_of(&self, number: HolderNumber) -> Result<HoldsShare<'_>, StatementError> {
        if self.holders.key(number).is_none() {
            let count = self.holders.keys().len() as u64;
            return Err(StatementError::Position { index: number.number().into(), count });
        }
        Ok(HoldsShare { dealing: self, number })
    }

    /// The secret from the right ones among these shares; wrong ones and repetitions are passed over.
    ///
    /// # Errors
    /// [`RecoverError::MissingShares`] with the number of right ones.
    pub fn recover(&self, context: &Context, shares: &[(HolderNumber, Share)]) -> Result<SharedScalar, RecoverError> {
        let right = |(number, share): &&(HolderNumber, Share)| {
            self.share_of(*number).is_ok_and(|statement| statement.verify(context, share).is_ok())
        };
        let right: Vec<_> = shares.iter().filter(right).collect();
        let numbers: Vec<_> = right.iter().map(|(number, _)| *number).collect();
        let mut sum = SharedScalar { secret: Scalar::ZERO, blinding: Scalar::ZERO };
        for (place, factor) in polynomial::at_zero(&numbers, self.holders.threshold())? {
            if let Some([f, g]) = right.get(place).and_then(|(_, share)| share.scalars()) {
                sum.secret += factor * f;
                sum.blinding += factor * g;
            }
        }
        Ok(sum)
    }
}

impl Statement for Dealing {
    const DOMAIN: &'static str = "dmledger/zk/dealing/v1";
    type Witness = SharedScalar;
    /// One nonce and two responses, 96 bytes.
    type Proof = RelationProof;

    fn absorb(&self, transcript: &mut Transcript) {
        self.holders.absorb(transcript);
        for commitment in &self.commitments {
            transcript.append(b"A", commitment.as_bytes());
        }
    }
}

impl Dealing {
    fn relation(&self) -> Option<Relation> {
        self.commitments.first().map(Relation::opening)
    }
}

impl Prove for Dealing {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        transcript: Transcript,
        witness: &SharedScalar,
        rng: &mut R,
    ) -> Result<RelationProof, ProveError> {
        self.relation().ok_or(ProveError::False)?.prove_on(transcript, &witness.witness(), rng)
    }
}

impl Verify for Dealing {
    fn equations(
        &self,
        transcript: Transcript,
        proof: &RelationProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        self.relation().ok_or(Rejected)?.equations(transcript, proof, accumulator)
    }
}

/// A share belongs to this holder of a dealing: `f(i) B + g(i) B~ = sum_k i^k A_k`.
///
/// The share takes the place of a proof, and there is no challenge: whoever has a share that fits has *the* share, in
/// every context.
#[derive(Clone, Copy, Debug)]
pub struct HoldsShare<'a> {
    dealing: &'a Dealing,
    number: HolderNumber,
}

/// One holder's share: `f(i)` and `g(i)`, 64 bytes. Secret; wiped when dropped.
#[derive(ZeroizeOnDrop)]
pub struct Share([u8; Self::BYTES]);

impl Share {
    /// Length in bytes.
    pub const BYTES: usize = 2 * ELEMENT_BYTES;

    fn new(f: &Scalar, g: &Scalar) -> Self {
        let mut bytes = [0; Self::BYTES];
        bytes.iter_mut().zip(f.as_bytes().iter().chain(g.as_bytes())).for_each(|(to, from)| *to = *from);
        Self(bytes)
    }

    /// Reads a share.
    ///
    /// # Errors
    /// [`DecodeError::Scalar`] for a scalar that is not canonical.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, DecodeError> {
        let share = Self(*bytes);
        let (elements, _) = bytes.as_chunks::<ELEMENT_BYTES>();
        for (place, element) in elements.iter().enumerate() {
            group::decode_scalar(element).map_err(|_| DecodeError::Scalar { at: place * ELEMENT_BYTES })?;
        }
        Ok(share)
    }

    /// The bytes, for the holder's eyes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; Self::BYTES]> {
        Zeroizing::new(self.0)
    }

    pub(super) fn scalars(&self) -> Option<[Scalar; 2]> {
        let (elements, _) = self.0.as_chunks::<ELEMENT_BYTES>();
        let [f, g] = elements else { return None };
        Some([group::decode_scalar(f).ok()?, group::decode_scalar(g).ok()?])
    }
}

impl AsRef<[u8]> for Share {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Share(..)")
    }
}

impl Statement for HoldsShare<'_> {
    const DOMAIN: &'static str = "dmledger/zk/holds-share/v1";
    type Witness = ();
    type Proof = Share;

    fn absorb(&self, transcript: &mut Transcript) {
        self.dealing.absorb(transcript);
        transcript.append_number(b"number", self.number.number().into());
    }
}

impl Verify for HoldsShare<'_> {
    fn equations(
        &self,
        _transcript: Transcript,
        proof: &Share,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        let [f, g] = proof.scalars().ok_or(Rejected)?;
        let mut equation = accumulator.equation();
        equation.value(&f);
        equation.blinding(&g);
        let powers = polynomial::powers(self.number, self.dealing.commitments.len());
        for (power, commitment) in powers.iter().zip(&self.dealing.commitments) {
            equation.point(&-power, *commitment.point());
        }
        Ok(())
    }
}
