//! The key of one record, and everything that is derived from it.
//!
//! One data key seals exactly one plaintext: it has no `Clone`, and sealing consumes it. That is why the nonces of the
//! record cipher may be plain counters.

use super::secret::Secret;
use super::suite::SealSuite;
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;
use dmledger_core::hash::{Digest, Hasher, tag};
use dmledger_core::record::index::RecordId;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;

/// What makes two data keys differ although the generator repeats itself (a restored snapshot, a stuck device).
#[non_exhaustive]
pub enum Hedge<'a> {
    /// The plaintext itself: two different plaintexts get different keys. For whatever fits in memory.
    Content(&'a [u8]),
    /// A number that the caller's durable storage never gives out twice. For streams whose end is not known yet.
    Sequence(u64),
}

impl fmt::Debug for Hedge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content(plaintext) => write!(f, "Content({} bytes)", plaintext.len()),
            Self::Sequence(number) => write!(f, "Sequence({number})"),
        }
    }
}

/// The random key DEK of one record (32 bytes).
#[derive(Debug)]
pub struct DataKey(Secret);

/// The commitment `kc = H("kc", DEK)`, 32 bytes, that stands in the record header.
///
/// ChaCha20-Poly1305 does not commit to its key: without `kc`, one ciphertext could be made to decrypt to two
/// different results for two readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct KeyCommitment(Digest);

/// The key from which the blindings of a record's value commitments are derived, 32 bytes.
///
/// `H("values", DEK)`: whoever can open the record can open its commitments, nobody else can.
#[derive(Debug)]
pub struct ValueKey(Secret);

impl DataKey {
    /// Makes the key of `record`: `H("dek", generator output, record, fingerprint)`.
    ///
    /// The fingerprint of [`Hedge::Content`] is a Poly1305 value of the plaintext under a one-off key made from the
    /// generator's output and the record id: two plaintexts of up to `n` 16-byte blocks agree with probability at most
    /// `n / 2^103` (RFC 8439 section 2.5; it costs a third of a hash of the bulk). It is hashed, never shown.
    pub fn generate(record: &RecordId, hedge: &Hedge<'_>, rng: &mut impl CryptoRng) -> Self {
        let seed = Secret::random(rng);
        let start = Hasher::new(tag::SEAL_DATA_KEY).chain(seed.bytes()).chain(record.as_bytes());
        let end = match hedge {
            Hedge::Content(plaintext) => {
                let one_off =
                    Secret::derived(Hasher::new(tag::SEAL_HEDGE).chain(seed.bytes()).chain(record.as_bytes()));
                // An empty message with the plaintext as associated data: the tag is Poly1305 of the plaintext.
                let print = SealSuite::XWingChaCha20.cipher(&one_off).seal(&[0; 12], plaintext, &mut []);
                start.chain([1]).chain((plaintext.len() as u64).to_le_bytes()).chain(print.unwrap_or_default())
            }
            Hedge::Sequence(number) => start.chain([2]).chain(number.to_le_bytes()),
        };
        Self(Secret::derived(end))
    }

    pub(crate) const fn from_secret(secret: Secret) -> Self {
        Self(secret)
    }

    /// The commitment `kc` to this key.
    #[must_use]
    pub fn commitment(&self) -> KeyCommitment {
        KeyCommitment(Hasher::new(tag::SEAL_KEY_COMMITMENT).chain(self.0.bytes()).finish())
    }

    /// The key from which the blindings of the record's value commitments are derived.
    #[must_use]
    pub fn value_key(&self) -> ValueKey {
        ValueKey(Secret::derived(Hasher::new(tag::SEAL_VALUES).chain(self.0.bytes())))
    }

    /// The one-time pad over the header's veiled fields.
    pub(crate) fn veil(&self) -> Secret {
        Secret::derived(Hasher::new(tag::SEAL_VEIL).chain(self.0.bytes()))
    }

    /// The header's salt: as random as the key, and gone with it.
    pub(crate) fn salt(&self) -> [u8; 32] {
        Hasher::new(tag::SEAL_SALT).chain(self.0.bytes()).finish().to_bytes()
    }

    pub(crate) const fn secret(&self) -> &Secret {
        &self.0
    }
}

impl KeyCommitment {
    /// Whether `key` is the committed key; in constant time.
    #[must_use]
    pub fn is_of(&self, key: &DataKey) -> bool {
        self.0.as_bytes().ct_eq(key.commitment().0.as_bytes()).into()
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl ValueKey {
    /// The 32 secret bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::testing::{Stuck, record_id};
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    use std::collections::BTreeSet;

    fn commitment(record: u8, hedge: &Hedge<'_>, rng: &mut impl CryptoRng) -> [u8; 32] {
        *DataKey::generate(&record_id(record), hedge, rng).commitment().as_bytes()
    }

    #[test]
    fn a_stuck_generator_still_gives_every_plaintext_and_record_its_own_key() {
        let mut seen = BTreeSet::new();
        for record in 0..4 {
            for plaintext in [&b""[..], b"\0", b"\0\0", b"5.5", b"5.6", &[0; 16], &[0; 17], &[7; 4096]] {
                assert!(seen.insert(commitment(record, &Hedge::Content(plaintext), &mut Stuck)));
            }
            for number in 0..8 {
                assert!(seen.insert(commitment(record, &Hedge::Sequence(number), &mut Stuck)));
            }
        }
    }

    #[test]
    fn a_working_generator_gives_a_new_key_for_the_same_plaintext() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let first = commitment(0, &Hedge::Content(b"5.5"), &mut rng);
        assert_ne!(first, commitment(0, &Hedge::Content(b"5.5"), &mut rng));
    }

    #[test]
    fn what_is_derived_from_a_key_differs_by_purpose_and_is_never_printed() {
        let key = DataKey::generate(&record_id(1), &Hedge::Sequence(0), &mut Stuck);
        let all = [*key.secret().bytes(), *key.commitment().as_bytes(), *key.value_key().as_bytes(), key.salt()];
        assert_eq!(BTreeSet::from(all).len(), 4);
        assert_eq!(format!("{key:?} {:?}", key.value_key()), "DataKey(Secret(..)) ValueKey(Secret(..))");
    }
}
