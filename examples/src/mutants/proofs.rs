//! Any family of proofs, spoiled: its bytes, its context, its statement, its order in a batch.

use super::{Family, Tried, below, bytes};
use crate::error::{During, HostError};
use dmledger_zk::{
    batch::BatchVerifier,
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    statement::{Statement, Verify},
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};

/// Another statement than the one at this place, about which its proof says nothing.
type Alter<'a, S> = Box<dyn Fn(usize, &S, &mut ChaCha20Rng) -> Option<S> + Send + Sync + 'a>;
/// Reads a proof.
type Read<S> = fn(&[u8]) -> Option<<S as Statement>::Proof>;

/// A statement and what proves it.
pub(super) struct Good<S: Verify> {
    pub(super) statement: S,
    pub(super) proof: S::Proof,
}

/// Valid proofs of one family.
pub(super) struct Proofs<'a, S: Verify> {
    name: &'static str,
    weight: u32,
    good: Vec<Good<S>>,
    read: Read<S>,
    alter: Alter<'a, S>,
    /// Bytes before the first whole element.
    offset: usize,
    /// Whether a proof is bound to its context; a share that fits, for example, is the share in every context.
    bound: bool,
}

impl<'a, S: Verify> Proofs<'a, S> {
    /// Takes valid proofs over, and looks that they are valid: two or more, in the context of [`context`].
    pub(super) fn new(
        (name, weight): (&'static str, u32),
        good: Vec<Good<S>>,
        read: Read<S>,
        alter: impl Fn(usize, &S, &mut ChaCha20Rng) -> Option<S> + Send + Sync + 'a,
    ) -> Result<Self, HostError> {
        let context = context()?;
        for Good { statement, proof } in &good {
            statement.verify(&context, proof).during(name)?;
        }
        if good.len() < 2 {
            return Err(HostError::new(format!("{name}: fewer than two valid proofs")));
        }
        Ok(Self { name, weight, good, read, alter: Box::new(alter), offset: 0, bound: true })
    }

    /// Elements begin after so many bytes.
    pub(super) fn with_elements_from(self, offset: usize) -> Self {
        Self { offset, ..self }
    }

    /// Holds in every context.
    pub(super) fn in_every_context(self) -> Self {
        Self { bound: false, ..self }
    }

    /// One of them and the place of another.
    fn draw(&self, rng: &mut ChaCha20Rng) -> Option<(usize, &Good<S>, &Good<S>)> {
        let place = below(self.good.len(), rng);
        let other = (place + 1 + below(self.good.len() - 1, rng)) % self.good.len();
        Some((place, self.good.get(place)?, self.good.get(other)?))
    }

    fn spoiled_bytes(&self, context: &Context, rng: &mut ChaCha20Rng) -> Option<Tried> {
        let (_, good, other) = self.draw(rng)?;
        let original = good.proof.as_ref();
        let (kind, changed) = bytes::spoil(original, other.proof.as_ref(), self.offset, rng);
        if changed == original {
            return None;
        }
        let proof = (self.read)(&changed);
        let accepted = proof.is_some_and(|proof| good.statement.verify(context, &proof).is_ok());
        Some(Tried::one(kind, accepted, || format!("{original:02x?} became {changed:02x?}")))
    }

    fn other_context(&self, context: &Context, rng: &mut ChaCha20Rng) -> Option<Tried> {
        let (place, good, _) = self.draw(rng)?;
        let other = another_context(context, rng).filter(|other| self.bound && other != context)?;
        let accepted = good.statement.verify(&other, &good.proof).is_ok();
        Some(Tried::one("another context", accepted, || format!("proof {place} in {other:?}")))
    }

    fn other_statement(&self, context: &Context, rng: &mut ChaCha20Rng) -> Option<Tried> {
        let (place, good, _) = self.draw(rng)?;
        let other = (self.alter)(place, &good.statement, rng)?;
        let accepted = other.verify(context, &good.proof).is_ok();
        Some(Tried::one("another statement", accepted, || format!("proof {place}")))
    }

    fn other_proof(&self, context: &Context, rng: &mut ChaCha20Rng) -> Option<Tried> {
        let (place, good, other) = self.draw(rng)?;
        let accepted = good.statement.verify(context, &other.proof).is_ok();
        Some(Tried::one("proof of another statement", accepted, || format!("under statement {place}")))
    }

    /// Good and bad ones in one batch, some of them exchanged, some with errors that cancel: exactly the bad are named.
    fn batch(&self, context: &Context, rng: &mut ChaCha20Rng) -> Option<Tried> {
        let mut members: Vec<(&S, S::Proof, bool)> = Vec::new();
        let (_, good, other) = self.draw(rng)?;
        let again = |proof: &S::Proof| (self.read)(proof.as_ref());
        if rng.next_u32().is_multiple_of(2) {
            members.push((&good.statement, again(&other.proof)?, false));
            members.push((&other.statement, again(&good.proof)?, false));
        } else {
            let original = good.proof.as_ref();
            let at = self.offset + 32 * below((original.len() - self.offset) / 32, rng);
            let by = bytes::draw_scalar(rng);
            for by in [by, -by] {
                let changed = bytes::moved(original, at, &by)?;
                members.push((&good.statement, (self.read)(&changed)?, false));
            }
        }
        for _ in 0..below(3, rng) {
            let (_, good, _) = self.draw(rng)?;
            let place = below(members.len() + 1, rng);
            members.insert(place, (&good.statement, again(&good.proof)?, true));
        }
        let mut batch = BatchVerifier::new();
        for (statement, proof, _) in &members {
            batch.add(*statement, context, proof);
        }
        let named: Vec<_> = batch.finish(rng).err().unwrap_or_default().iter().map(|one| one.place()).collect();
        let bad: Vec<_> = (0..members.len()).filter(|place| members.get(*place).is_some_and(|one| !one.2)).collect();
        let accepted = (named != bad).then(|| format!("bad were {bad:?}, named {named:?}"));
        Some(Tried { kind: "exchanged or cancelling in a batch", mutants: bad.len() as u64, accepted })
    }
}

impl<S> Family for Proofs<'_, S>
where
    S: Verify + Send + Sync,
    S::Proof: Send + Sync,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn weight(&self) -> u32 {
        self.weight
    }

    fn attempt(&self, rng: &mut ChaCha20Rng) -> Option<Tried> {
        let context = context().ok()?;
        match below(100, rng) {
            0..70 => self.spoiled_bytes(&context, rng),
            70..78 => self.other_context(&context, rng),
            78..88 => self.other_statement(&context, rng),
            88..92 => self.other_proof(&context, rng),
            _ => self.batch(&context, rng),
        }
    }
}

/// What all valid proofs are bound to.
pub(super) fn context() -> Result<Context, HostError> {
    let purpose = Purpose::new("mutants").during("context")?;
    Ok(Context::new(Chain::new([1; 32]), Pseudonym::new([2; 32]), Epoch::new(3), purpose, Audience::new([4; 32])))
}

/// A context that differs in one field.
fn another_context(from: &Context, rng: &mut ChaCha20Rng) -> Option<Context> {
    let (mut chain, mut subject, mut epoch) = (from.chain(), from.subject(), from.epoch());
    let (mut purpose, mut verifier) = (from.purpose().clone(), from.verifier());
    let mut other = [0; 32];
    rng.fill_bytes(&mut other);
    match below(5, rng) {
        0 => chain = Chain::new(other),
        1 => subject = Pseudonym::new(other),
        2 => epoch = Epoch::new(rng.next_u64()),
        3 => purpose = Purpose::new(["mutant", "mutants ", "Mutants"][below(3, rng)]).ok()?,
        _ => verifier = Audience::new(other),
    }
    Some(Context::new(chain, subject, epoch, purpose, verifier))
}
