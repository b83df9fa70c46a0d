//! Valid proofs about keys: values encrypted to them, secrets shared among them, membership of a set of them.

use super::{committed, draw_blinding, draw_commitment, good, read_relation};
use crate::{
    error::{During, HostError},
    mutants::{
        Family, below,
        bytes::{draw_point, draw_scalar},
        proofs::{Good, Proofs, context},
    },
};
use dmledger_zk::{
    accumulator::Accumulator,
    commit::Opening,
    context::{Chain, Epoch, Purpose},
    elgamal::{Complaint, DecryptionKey, Delivery, EncryptedTo, EncryptionKey, Handle, Parcel, SharedPoint},
    error::Rejected,
    group,
    member::{AuthorisedSet, MemberSecret, Membership, MembershipProof, Nullifier, Scope},
    share::{Dealing, HolderNumber, Holders, OpenedShare, PublicDealing, PublicDealingProof, Share},
    statement::{Statement, Verify},
    transcript::Transcript,
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};

pub(super) fn all(rng: &mut ChaCha20Rng) -> Result<Vec<Box<dyn Family>>, HostError> {
    let mut all = vec![held(rng)?, encrypted(rng)?, complaints(rng)?];
    all.extend(shares(rng)?);
    all.extend(public_shares(rng)?);
    all.push(members("member of a small set", 10, 3, rng)?);
    all.push(members("member of a large set", 8, 12, rng)?);
    Ok(all)
}

fn draw_key(rng: &mut ChaCha20Rng) -> Option<EncryptionKey> {
    EncryptionKey::from_bytes(&group::encode_point(&draw_point(rng))).ok()
}

fn held(rng: &mut ChaCha20Rng) -> Result<Box<dyn Family>, HostError> {
    let mut made = Vec::new();
    for _ in 0..3 {
        let key = DecryptionKey::random(rng);
        made.push(good(key.encryption_key().held(), &key.witness(), rng)?);
    }
    super::relation_family("a key is held", made, |rng| Some(draw_key(rng)?.held()))
}

fn encrypted(rng: &mut ChaCha20Rng) -> Result<Box<dyn Family>, HostError> {
    let name = "encrypted to keys";
    let mut made = Vec::new();
    for recipients in 1..=3 {
        let keys: Vec<_> = (0..recipients).map(|_| DecryptionKey::random(rng).encryption_key()).collect();
        let opening = Opening::new(below(1_000, rng) as u64, draw_blinding(rng));
        made.push(good(EncryptedTo::encrypt(&opening, &keys).during(name)?, &opening, rng)?);
    }
    let alter = |_: usize, one: &EncryptedTo, rng: &mut ChaCha20Rng| {
        let mut recipients = one.recipients().to_vec();
        let at = below(recipients.len(), rng);
        let (key, handle) = recipients.get(at).copied()?;
        let drawn = Handle::from_bytes(&group::encode_point(&draw_point(rng))).ok()?;
        match below(4, rng) {
            0 => return EncryptedTo::new(draw_commitment(rng), &recipients).ok(),
            1 => recipients.push((draw_key(rng)?, drawn)),
            2 => *recipients.get_mut(at)? = (key, drawn),
            _ => *recipients.get_mut(at)? = (draw_key(rng)?, handle),
        }
        EncryptedTo::new(*one.commitment(), &recipients).ok()
    };
    Ok(Box::new(Proofs::new((name, 12), made, read_relation, alter)?))
}

/// Complaints about a parcel that lost a byte.
fn complaints(rng: &mut ChaCha20Rng) -> Result<Box<dyn Family>, HostError> {
    let name = "complaint";
    let (mut made, mut about) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let (commitments, openings) = committed(2, 1_000, rng);
        let key = DecryptionKey::random(rng);
        let delivery = Delivery::new(context()?, key.encryption_key(), &commitments).during(name)?;
        let mut bytes = Parcel::seal(&delivery, &openings, rng).during(name)?.to_bytes();
        *bytes.last_mut().ok_or_else(|| HostError::new(name))? ^= 1;
        let parcel = Parcel::from_bytes(&bytes).during(name)?;
        made.push(good(Complaint::of(&delivery, &parcel, &key).during(name)?, &key, rng)?);
        about.push((delivery, parcel));
    }
    let alter = move |place: usize, one: &Complaint, rng: &mut ChaCha20Rng| {
        let (delivery, parcel) = about.get(place)?;
        if rng.next_u32().is_multiple_of(2) {
            let point = SharedPoint::from_bytes(&group::encode_point(&draw_point(rng))).ok()?;
            return Complaint::new(delivery, parcel, point).ok();
        }
        let mut bytes = parcel.to_bytes();
        let at = 32 + below(bytes.len() - 32, rng);
        *bytes.get_mut(at)? ^= 1 + rng.next_u32().to_le_bytes()[0] % 127;
        Complaint::new(delivery, &Parcel::from_bytes(&bytes).ok()?, *one.shared()).ok()
    };
    Ok(Box::new(Proofs::new((name, 10), made, read_relation, alter)?))
}

fn holders(rng: &mut ChaCha20Rng) -> Result<(Holders, Vec<DecryptionKey>), HostError> {
    let secrets: Vec<_> = (0..4).map(|_| DecryptionKey::random(rng)).collect();
    let keys: Vec<_> = secrets.iter().map(DecryptionKey::encryption_key).collect();
    Ok((Holders::new(3, &keys).during("holders")?, secrets))
}

/// [`dmledger_zk::share::HoldsShare`] with the dealing it is about.
struct Holds(Dealing, HolderNumber);

impl Statement for Holds {
    const DOMAIN: &'static str = dmledger_zk::share::HoldsShare::DOMAIN;
    type Witness = ();
    type Proof = Share;

    fn absorb(&self, transcript: &mut Transcript) {
        if let Ok(statement) = self.0.share_of(self.1) {
            statement.absorb(transcript);
        }
    }
}

impl Verify for Holds {
    fn equations(
        &self,
        transcript: Transcript,
        proof: &Share,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        self.0.share_of(self.1).map_err(|_| Rejected)?.equations(transcript, proof, accumulator)
    }
}

fn shares(rng: &mut ChaCha20Rng) -> Result<Vec<Box<dyn Family>>, HostError> {
    let (mut dealings, mut held) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let (holders, _) = holders(rng)?;
        let (dealing, secret, shares) = Dealing::deal(&context()?, &holders, &draw_blinding(rng), rng);
        for (number, share) in holders.numbers().zip(shares) {
            held.push(Good { statement: Holds(dealing.clone(), number), proof: share });
        }
        dealings.push(good(dealing, &secret, rng)?);
    }
    let other_dealing = |one: &Dealing, rng: &mut ChaCha20Rng| {
        let mut keys = one.holders().keys().to_vec();
        match below(3, rng) {
            0 => {
                *keys.get_mut(below(4, rng))? = draw_key(rng)?;
                Dealing::new(&Holders::new(3, &keys).ok()?, one.commitments().to_vec()).ok()
            }
            1 => {
                keys.swap(below(2, rng), 2 + below(2, rng));
                Dealing::new(&Holders::new(3, &keys).ok()?, one.commitments().to_vec()).ok()
            }
            _ => {
                let mut commitments = one.commitments().to_vec();
                *commitments.get_mut(below(3, rng))? = draw_commitment(rng);
                Dealing::new(one.holders(), commitments).ok()
            }
        }
    };
    let other_share = |_: usize, one: &Holds, rng: &mut ChaCha20Rng| {
        if rng.next_u32().is_multiple_of(2) {
            let number = (one.1.number() + u8::try_from(below(3, rng)).ok()?) % 4 + 1;
            return Some(Holds(one.0.clone(), HolderNumber::new(number).ok()?));
        }
        let mut commitments = one.0.commitments().to_vec();
        *commitments.get_mut(below(3, rng))? = draw_commitment(rng);
        Some(Holds(Dealing::new(one.0.holders(), commitments).ok()?, one.1))
    };
    let read = |bytes: &[u8]| Share::from_bytes(bytes.try_into().ok()?).ok();
    let alter = move |_: usize, one: &Dealing, rng: &mut ChaCha20Rng| other_dealing(one, rng);
    Ok(vec![
        Box::new(Proofs::new(("dealing", 10), dealings, read_relation, alter)?),
        Box::new(Proofs::new(("share of a dealing", 12), held, read, other_share)?.in_every_context()),
    ])
}

fn public_shares(rng: &mut ChaCha20Rng) -> Result<Vec<Box<dyn Family>>, HostError> {
    let (mut dealings, mut opened, mut from) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..2 {
        let (holders, secrets) = holders(rng)?;
        let (dealing, proof, _) = PublicDealing::deal(&context()?, &holders, rng).during("public dealing")?;
        for (number, key) in holders.numbers().zip(&secrets) {
            opened.push(good(dealing.open(number, key).during("share")?, key, rng)?);
            from.push((dealing.clone(), number));
        }
        dealings.push(Good { statement: dealing, proof });
    }
    let other_dealing = |_: usize, one: &PublicDealing, rng: &mut ChaCha20Rng| {
        let mut bytes = one.to_bytes();
        let (first, second) = (32 * below(7, rng), 32 * below(7, rng));
        if first == second {
            bytes.get_mut(first..first + 32)?.copy_from_slice(&group::encode_point(&draw_point(rng)));
        } else {
            (0..32).for_each(|place| bytes.swap(first + place, second + place));
        }
        PublicDealing::from_bytes(one.holders(), &bytes).ok()
    };
    let other_share = move |place: usize, one: &OpenedShare, rng: &mut ChaCha20Rng| {
        let (dealing, number) = from.get(place)?;
        if rng.next_u32().is_multiple_of(2) {
            return dealing.opened(*number, &group::encode_point(&draw_point(rng))).ok();
        }
        let other = HolderNumber::new(number.number() % 4 + 1).ok()?;
        dealing.opened(other, one.as_bytes()).ok()
    };
    let read = |bytes: &[u8]| PublicDealingProof::from_bytes(bytes).ok();
    Ok(vec![
        Box::new(Proofs::new(("public dealing", 10), dealings, read, other_dealing)?),
        Box::new(Proofs::new(("opened share", 12), opened, read_relation, other_share)?),
    ])
}

fn members(name: &'static str, weight: u32, count: usize, rng: &mut ChaCha20Rng) -> Result<Box<dyn Family>, HostError> {
    let secrets: Vec<_> = (0..count).map(|_| MemberSecret::random(rng)).collect();
    let keys: Vec<_> = secrets.iter().map(MemberSecret::key).collect();
    let set = AuthorisedSet::new(&keys).during(name)?;
    let purpose = Purpose::new("mutants").during(name)?;
    let scope = |text: &[u8]| Scope::new(Chain::new([1; 32]), Epoch::new(3), &purpose, text);
    let mut made = Vec::new();
    for (secret, text) in secrets.iter().zip([b"a", b"a", b"b"]) {
        made.push(good(Membership::of(&set, scope(text), secret).during(name)?, secret, rng)?);
    }
    let elsewhere = scope(b"c");
    let alter = move |_: usize, one: &Membership, rng: &mut ChaCha20Rng| match below(3, rng) {
        0 => {
            let mut keys = one.set().keys().to_vec();
            *keys.get_mut(below(count, rng))? = MemberSecret::random(rng).key();
            Some(Membership::new(&AuthorisedSet::new(&keys).ok()?, *one.scope(), *one.nullifier()))
        }
        1 => Some(Membership::new(one.set(), elsewhere, *one.nullifier())),
        _ => {
            let other = draw_scalar(rng) * one.nullifier().point();
            let other = Nullifier::from_bytes(&group::encode_point(&other)).ok()?;
            Some(Membership::new(one.set(), *one.scope(), other))
        }
    };
    Ok(Box::new(Proofs::new((name, weight), made, |bytes| MembershipProof::from_bytes(bytes).ok(), alter)?))
}
