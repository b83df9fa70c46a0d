//! Records that an institution publishes into a patient's account: sealed by the institution, adopted by the patient.
//!
//! The institution draws the data key, seals the record, and wraps the data key to the patient. Once the patient has
//! confirmed, the residence writes a slot of one of its own epochs around the same key: the bulk data is not touched,
//! and the institution, which still knows what it wrote, gets no key to anything else.

use super::data_key::{DataKey, KeyCommitment};
use super::envelope::{self, Part, RecordHeader, RecordMeta};
use super::error::{Altered, OpenError, SealError};
use super::range_tree::EpochKey;
use super::secret::Secret;
use super::slot::AccessPart;
use super::stream::{Opener, Sealer};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::account::escrow::{Tweak, address};
use dmledger_core::codec::Canonical;
use dmledger_core::envelope::{AccountId, ChainId, Envelope};
use dmledger_core::hash::{Digest, Hasher, tag};
use dmledger_core::key::PublicKey;
use dmledger_core::record::index::RecordId;
use dmledger_core::traits::signer::Signer;

/// The data key of a published record on its way to the patient. Travels wrapped.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub struct EscrowedKey {
    account: AccountId,
    record: RecordId,
    header: Digest,
    key: Secret,
}

impl Canonical for EscrowedKey {
    const MAX_BYTES: usize = 1 + 4 * 32;
}

impl EscrowedKey {
    /// The account it was published for.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The record.
    #[must_use]
    pub const fn record(&self) -> RecordId {
        self.record
    }

    /// Prepares to read the record before deciding on it.
    ///
    /// # Errors
    /// [`OpenError::Tampered`] if the key is not that of `header`.
    pub fn opener(&self, header: &Envelope<RecordHeader>) -> Result<Opener, OpenError> {
        let key = self.key_of(header)?;
        let (_, len) = header.body().unveil(&key)?;
        Ok(Opener::new(header.body().suite(), &key, header.id(), len)?)
    }

    /// Takes the record over into `epoch`: writes its first access part, signed by `custodian`. To be done once the
    /// account has confirmed; the ciphertext stays as it is.
    ///
    /// # Errors
    /// [`SealError::OldSlot`] if the key is not that of `header`, [`SealError::OutsideRange`] if one of the record's
    /// hours does not lie in the epoch, [`SealError::Signature`].
    pub fn adopt(
        &self,
        header: Envelope<RecordHeader>,
        epoch: &EpochKey,
        custodian: &dyn Signer,
    ) -> Result<Part, SealError> {
        let key = self.key_of(&header).map_err(SealError::OldSlot)?;
        let access = AccessPart::issue(&header, &key, epoch, 1, custodian)?;
        Ok(Part::new(header, access))
    }

    /// Address of the account in which the publication waits: both sides come to it from the two public keys and the
    /// data keys that went from one to the other, `keys` in the order of the publication; nobody else can.
    #[must_use]
    pub fn waits_at(chain: &ChainId, account: &AccountId, parties: [PublicKey; 2], keys: &[Self]) -> AccountId {
        address(chain, account, parties, &Self::tweak(keys))
    }

    /// What the address was made with: `H("escrow-tweak", record 1, DEK 1, record 2, DEK 2, ...)`. To show it, as the
    /// patient does when confirming, shows nothing of the keys.
    #[must_use]
    pub fn tweak(keys: &[Self]) -> Tweak {
        let start = Hasher::new(tag::SEAL_ESCROW_TWEAK).chain((keys.len() as u64).to_le_bytes());
        let add = |hasher: Hasher, one: &Self| hasher.chain(one.record.as_bytes()).chain(one.key.bytes());
        Tweak::new(keys.iter().fold(start, add).finish().to_bytes())
    }

    fn key_of(&self, header: &Envelope<RecordHeader>) -> Result<DataKey, OpenError> {
        let key = DataKey::from_secret(self.key.duplicate());
        let commitment: &KeyCommitment = header.body().key_commitment();
        if header.id() != self.header || header.account() != Some(self.account) {
            Err(OpenError::Tampered(Altered::Header))
        } else if commitment.is_of(&key) {
            Ok(key)
        } else {
            Err(OpenError::Tampered(Altered::DataKey))
        }
    }
}

/// Begins a record of `len` plaintext bytes for somebody else's account: the signed header, the key to be wrapped to the
/// patient, and the [`Sealer`] that the ciphertext comes out of.
///
/// # Errors
/// [`SealError`]: too long, or the signature could not be made.
pub fn begin_escrow(
    meta: &RecordMeta,
    len: u64,
    key: DataKey,
    author: &dyn Signer,
) -> Result<(Envelope<RecordHeader>, EscrowedKey, Sealer), SealError> {
    let header = envelope::header(meta, len, &key, author)?;
    let (account, record) = (meta.account(), meta.record());
    let escrowed = EscrowedKey { account, record, header: header.id(), key: key.secret().duplicate() };
    let sealer = Sealer::new(header.body().suite(), key, header.id(), len)?;
    Ok((header, escrowed, sealer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::testing::{World, chain, record_id, rng};
    use crate::seal::{
        Address, Hedge, KemKeyPair, Keys, LedgerView, SealSuite, WrapError, Wrapped, open, unwrap, wrap,
    };
    use dmledger_core::codec;
    use dmledger_core::record::index::ContentId;

    struct Published {
        header: Envelope<RecordHeader>,
        letter: Wrapped<EscrowedKey>,
        ciphertext: Vec<u8>,
    }

    fn publish(world: &World, patient: &KemKeyPair) -> Published {
        let text = b"HbA1c 6.8 %";
        let key = DataKey::generate(&record_id(5), &Hedge::Content(text), &mut rng(5));
        let meta = World::meta(5, 30);
        let (header, escrowed, mut sealer) = begin_escrow(&meta, text.len() as u64, key, &world.gateway).unwrap();
        let mut ciphertext = Vec::new();
        sealer.update(text, &mut ciphertext).unwrap();
        sealer.finish(&mut ciphertext).unwrap();
        let letter = wrap(&escrowed, chain(1), patient.public(), &mut rng(6)).unwrap();
        Published { header, letter, ciphertext }
    }

    fn unwrapped(world: &World, published: &Published, patient: &KemKeyPair) -> Result<EscrowedKey, WrapError> {
        let account = world.grant.terms().account;
        unwrap(&published.letter, patient, chain(1), Address::new(account, record_id(5)))
    }

    #[test]
    fn an_adopted_record_opens_to_the_patients_grantee_with_untouched_ciphertext() {
        let world = World::new();
        for suite in [SealSuite::XWingChaCha20, SealSuite::P256Aes256] {
            let patient = KemKeyPair::generate(suite, &mut rng(1));
            let published = publish(&world, &patient);
            let escrowed = unwrapped(&world, &published, &patient).unwrap();
            let preview = escrowed.opener(&published.header).unwrap();
            assert_eq!(preview.all(&published.ciphertext).unwrap().as_slice(), b"HbA1c 6.8 %");
            let part = escrowed.adopt(published.header.clone(), &world.epochs[0], &world.patient).unwrap();
            let entry = world.entry(part.header(), ContentId::of(&published.ciphertext));
            let sealed = world.seal(1, 30, b"");
            let view = LedgerView { entry: &entry, ..world.view(&sealed) };
            let read = open(&part, &published.ciphertext, Keys::Grant(&world.grant), &view).unwrap();
            assert_eq!(read.as_bytes(), b"HbA1c 6.8 %");
        }
    }

    #[test]
    fn an_escrowed_key_adopts_only_the_record_it_was_made_for() {
        let world = World::new();
        let patient = KemKeyPair::generate(SealSuite::default(), &mut rng(1));
        let published = publish(&world, &patient);
        let escrowed = unwrapped(&world, &published, &patient).unwrap();
        let other = world.seal(6, 30, b"9.9");
        let refused = escrowed.adopt(other.part().header().clone(), &world.epochs[0], &world.patient).unwrap_err();
        assert_eq!(refused, SealError::OldSlot(OpenError::Tampered(Altered::Header)));
        let wrong = EscrowedKey { key: Secret::from_bytes([0; 32]), ..escrowed };
        let refused = wrong.opener(&published.header).unwrap_err();
        assert_eq!(refused, OpenError::Tampered(Altered::DataKey));
    }

    #[test]
    fn both_sides_and_nobody_else_come_to_the_waiting_address() {
        let world = World::new();
        let patient = KemKeyPair::generate(SealSuite::default(), &mut rng(1));
        let published = publish(&world, &patient);
        let text = b"HbA1c 6.8 %";
        let key = DataKey::generate(&record_id(5), &Hedge::Content(text), &mut rng(5));
        let (_, sent, _) = begin_escrow(&World::meta(5, 30), text.len() as u64, key, &world.gateway).unwrap();
        let received = unwrapped(&world, &published, &patient).unwrap();
        let (account, parties) = (received.account(), [world.gateway.public(), world.patient.public()]);
        let address = |keys: &[EscrowedKey]| EscrowedKey::waits_at(&chain(1), &account, parties, keys);
        let (sent, received) = ([sent], [received]);
        assert_eq!(address(&sent), address(&received));
        let [one] = received;
        let wrong = EscrowedKey { key: Secret::from_bytes([0; 32]), ..one };
        assert_ne!(address(&sent), address(&[wrong]));
        assert_ne!(address(&sent), address(&[]));
        assert_ne!(address(&sent), EscrowedKey::waits_at(&chain(2), &account, parties, &sent));
        assert_eq!(address(&sent), EscrowedKey::waits_at(&chain(1), &account, [parties[1], parties[0]], &sent));
        // What is shown on confirming is no key, and opens nothing.
        assert_ne!(EscrowedKey::tweak(&sent).as_bytes(), sent[0].key.bytes().as_slice());
    }

    #[test]
    fn a_letter_of_one_type_is_not_a_letter_of_another() {
        let world = World::new();
        let patient = KemKeyPair::generate(SealSuite::default(), &mut rng(1));
        let published = publish(&world, &patient);
        let bytes = codec::encode(&published.letter);
        assert_eq!(codec::decode::<Wrapped<EscrowedKey>>(&bytes), Ok(published.letter));
        assert!(codec::decode::<Wrapped<crate::seal::GrantBody>>(&bytes).is_err());
    }
}
