//! The attack that the key commitment stops, carried out: one ciphertext that ChaCha20-Poly1305 accepts under two keys
//! (Dodis, Grubbs, Ristenpart, Woodage, "Fast Message Franking: From Invisible Salamanders to Encryptment", CRYPTO
//! 2018), shown to two readers of one record.
//!
//! Poly1305 of blocks `m_0 .. m_{n-1}` (each with 2^128 added) is `sum m_i r^(n-i) mod 2^130-5`, plus `s` mod 2^128. For
//! two keys and a chosen tag these are two linear equations in two free ciphertext blocks.

use super::stream::Opener;
use super::testing::{World, record_id, rng};
use super::*;
use dmledger_core::hash::Digest;
use dmledger_core::record::index::ContentId;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rand_core::Rng;

/// A number modulo 2^130 - 5 as high and low 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Field(u128, u128);

const P: Field = Field(3, u128::MAX - 4);

impl Field {
    fn add(self, other: Self) -> Self {
        let (low, carry) = self.1.overflowing_add(other.1);
        let sum = Self(self.0 + other.0 + u128::from(carry), low);
        if sum >= P { sum.minus(P) } else { sum }
    }

    fn minus(self, other: Self) -> Self {
        let (low, borrow) = self.1.overflowing_sub(other.1);
        Self(self.0.wrapping_sub(other.0).wrapping_sub(u128::from(borrow)), low)
    }

    fn sub(self, other: Self) -> Self {
        self.add(P.minus(other))
    }

    fn mul(self, other: Self) -> Self {
        let mut product = Self(0, 0);
        for bit in (0..130).rev() {
            product = product.add(product);
            let set = if bit >= 128 { other.0 >> (bit - 128) } else { other.1 >> bit } & 1 == 1;
            product = if set { product.add(self) } else { product };
        }
        product
    }

    fn power(self, exponent: Self) -> Self {
        let mut power = Self(0, 1);
        for bit in (0..130).rev() {
            power = power.mul(power);
            let set = if bit >= 128 { exponent.0 >> (bit - 128) } else { exponent.1 >> bit } & 1 == 1;
            power = if set { power.mul(self) } else { power };
        }
        power
    }

    fn inverse(self) -> Self {
        self.power(P.minus(Self(0, 2)))
    }
}

/// The one-time key (r, s) of Poly1305 for the only chunk of a record: the first key-stream block. `ChaCha20Rng` is the
/// same cipher with a 64-bit counter; its stream number is the second half of the nonce.
fn one_time_key(key: &DataKey) -> (Field, u128) {
    let mut stream = ChaCha20Rng::from_seed(*key.secret().bytes());
    stream.set_stream(1 << 56);
    let mut bytes = [0; 32];
    stream.fill_bytes(&mut bytes);
    let half = |half: &[u8]| u128::from_le_bytes(half.try_into().unwrap());
    (Field(0, half(&bytes[..16]) & 0x0ffffffc_0ffffffc_0ffffffc_0fffffff), half(&bytes[16..]))
}

/// Sixteen ciphertext blocks and a tag that open under both keys with associated data `header`.
fn craft(keys: [&DataKey; 2], header: &Digest) -> Vec<u8> {
    let mut rng = rng(11);
    loop {
        let mut ciphertext = [0; 256];
        rng.fill_bytes(&mut ciphertext);
        let mut tag = [0; 16];
        rng.fill_bytes(&mut tag);
        // (r^3, r^2, what x r^3 + y r^2 must be) for each key, x and y the last two ciphertext blocks.
        let [(a, b, c), (d, e, f)] = keys.map(|key| {
            let (r, s) = one_time_key(key);
            let mut lengths = [0; 16];
            lengths[..8].copy_from_slice(&32_u64.to_le_bytes());
            lengths[8..].copy_from_slice(&256_u64.to_le_bytes());
            let blocks = header.as_bytes().chunks(16).chain(ciphertext.chunks(16)).chain([&lengths[..]]);
            let mut known = Field(0, 0);
            for (i, block) in blocks.enumerate() {
                let value = Field(1, u128::from_le_bytes(block.try_into().unwrap()));
                let free = i == 16 || i == 17;
                known = known.add(if free { Field(0, 0) } else { value }).mul(r);
            }
            let wanted = Field(0, u128::from_le_bytes(tag).wrapping_sub(s));
            (r.mul(r).mul(r), r.mul(r), wanted.sub(known))
        });
        let determinant = a.mul(e).sub(b.mul(d)).inverse();
        let x = c.mul(e).sub(b.mul(f)).mul(determinant);
        let y = a.mul(f).sub(c.mul(d)).mul(determinant);
        // A block of 16 bytes stands for its number plus 2^128.
        if (x.0, y.0) == (1, 1) {
            ciphertext[224..240].copy_from_slice(&x.1.to_le_bytes());
            ciphertext[240..].copy_from_slice(&y.1.to_le_bytes());
            return [&ciphertext[..], &tag].concat();
        }
    }
}

#[test]
fn one_ciphertext_under_two_keys_is_read_by_the_holder_of_the_committed_key_only() {
    let world = World::new();
    let key = |n: u64| DataKey::generate(&record_id(1), &Hedge::Sequence(n), &mut rng(n));
    // The author commits to key 1 and, with the patient's help, hands out slots with either key.
    let sealed = world.seal_with(&World::meta(1, 30), key(1), &[1; 256]);
    let header = sealed.part().header_digest();
    let ciphertext = craft([&key(1), &key(2)], &header);

    let opened = |key: &DataKey| {
        let opener = Opener::new(SealSuite::XWingChaCha20, key, header, 256).unwrap();
        opener.all(&ciphertext).unwrap().to_vec()
    };
    assert_ne!(opened(&key(1)), opened(&key(2)), "the cipher alone accepts both");

    let entry = world.entry(sealed.part().header(), ContentId::of(&ciphertext));
    let read = |slot: &DataKey| {
        let access = AccessPart::issue(sealed.part().header(), slot, &world.epochs[0], 1, &world.patient).unwrap();
        let part = Part::new(sealed.part().header().clone(), access);
        let view = LedgerView { entry: &entry, ..world.view(&sealed) };
        open(&part, &ciphertext, Keys::Grant(&world.grant), &view).map(|plaintext| plaintext.as_bytes().to_vec())
    };
    assert_eq!(read(&key(1)), Ok(opened(&key(1))));
    assert_eq!(read(&key(2)), Err(OpenError::Tampered(Altered::DataKey)));
}
