//! What an institution writes for a patient's account: sealed under a key of its own, that key wrapped to the patient, who
//! reads before deciding and takes the record over without encrypting it again.

use crate::{
    error::{During, HostError},
    residence::sealing::commitments,
};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{
    account::escrow::{Publication, Tweak},
    codec::{Bytes, Canonical, List},
    envelope::{AccountId, ChainId, Envelope},
    key::{PublicKey, SecretKey},
    record::{ContentId, DataKind, IndexEntry, RecordId, index::IndexFacts, reading::ReadingBatch},
    scope::Validity,
    time::TimeRange,
    traits::signer::Signer,
};
use dmledger_zk::seal::{
    Address, DataKey, EpochKey, EscrowedKey, Hedge, Hours, KemKeyPair, KemPublicKey, Part, RecordHeader, RecordMeta,
    Wrapped, begin_escrow, unwrap, wrap,
};
use rand_chacha::ChaCha20Rng;

/// Where a record goes.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The network.
    pub chain: ChainId,
    /// Whose account.
    pub account: AccountId,
    /// What the account is for.
    pub kind: DataKind,
    /// The record's name.
    pub record: RecordId,
    /// Its number in the account, or [`IndexFacts::IN_ESCROW`].
    pub sequence: u64,
    /// The whole hours it is about.
    pub span: TimeRange,
    /// The account's epoch that it is to be taken over into.
    pub epoch: u32,
    /// The key that letters to the patient are wrapped to.
    pub patient: &'a KemPublicKey,
}

/// A record an institution has sealed for somebody else.
#[derive(Debug)]
pub struct Written {
    /// Its entry, signed by the institution.
    pub entry: IndexEntry,
    /// What goes to the patient.
    pub parcel: Parcel,
    /// What goes to the lake.
    pub ciphertext: Vec<u8>,
    key: EscrowedKey,
}

/// What the patient gets of a record: its header, and its key in a letter.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub struct Parcel {
    header: Envelope<RecordHeader>,
    letter: Wrapped<EscrowedKey>,
}

impl Canonical for Parcel {
    const MAX_BYTES: usize = <Envelope<RecordHeader>>::MAX_BYTES + <Wrapped<EscrowedKey>>::MAX_BYTES;
}

/// A parcel that its recipient has opened.
#[derive(Debug)]
pub struct Received {
    header: Envelope<RecordHeader>,
    key: EscrowedKey,
}

/// Seals `plaintext` for an account; `batch` are the readings it encodes, if it does.
///
/// # Errors
/// If it is too long or a signature cannot be made.
pub fn write(
    plaintext: &[u8],
    batch: Option<&ReadingBatch>,
    place: &Place<'_>,
    author: &SecretKey,
    rng: &mut ChaCha20Rng,
) -> Result<Written, HostError> {
    let Place { chain, account, kind, record, sequence, span, epoch, patient } = *place;
    let key = DataKey::generate(&record, &Hedge::Content(plaintext), rng);
    let (root, count) = commitments(batch, key.value_key().as_bytes())?;
    let meta = RecordMeta::new(chain, account, record, kind, Hours::touched_by(&span).during("hours")?, root);
    let (header, key, mut sealer) =
        begin_escrow(&meta, plaintext.len() as u64, key, author).during("sealing for a patient")?;
    let mut ciphertext = Vec::new();
    sealer.update(plaintext, &mut ciphertext).during("sealing for a patient")?;
    sealer.finish(&mut ciphertext).during("sealing for a patient")?;
    let letter = wrap(&key, chain, patient, rng).during("letter")?;
    let (content, header_digest) = (ContentId::of(&ciphertext), header.id());
    let facts = IndexFacts { record, sequence, content, header: header_digest, commitments: root, count, span, epoch };
    let entry = IndexEntry::sign(facts, author, &chain, &account).during("index")?;
    Ok(Written { entry, parcel: Parcel { header, letter }, ciphertext, key })
}

impl Written {
    /// As a publication that waits for the patient who holds `patient`, at an address that only the two can name.
    ///
    /// # Errors
    /// If the note is too long.
    pub fn publication(
        &self,
        (chain, account): (ChainId, AccountId),
        patient: PublicKey,
        open: Validity,
        note: Vec<u8>,
    ) -> Result<Publication, HostError> {
        let parties = [self.entry.author(), patient];
        let address = EscrowedKey::waits_at(&chain, &account, parties, std::slice::from_ref(&self.key));
        let entries = List::new(vec![self.entry.clone()]).during("publication")?;
        Ok(Publication { address, patient, entries, open, note: Bytes::new(note).during("publication")? })
    }
}

impl Parcel {
    /// Opens the letter.
    ///
    /// # Errors
    /// If it is for somebody else, about another record, or altered.
    pub fn open(
        self,
        key: &KemKeyPair,
        chain: ChainId,
        account: AccountId,
        record: RecordId,
    ) -> Result<Received, HostError> {
        let Self { header, letter } = self;
        let key = unwrap(&letter, key, chain, Address::new(account, record)).during("letter")?;
        Ok(Received { header, key })
    }
}

impl Received {
    /// What the record says, before anything is decided about it.
    ///
    /// # Errors
    /// If the ciphertext is not what the header says.
    pub fn read(&self, ciphertext: &[u8]) -> Result<Vec<u8>, HostError> {
        let opener = self.key.opener(&self.header).during("preview")?;
        Ok(opener.all(ciphertext).during("preview")?.to_vec())
    }

    /// What shows the ledger that both sides came to the same address.
    #[must_use]
    pub fn tweak(&self) -> Tweak {
        EscrowedKey::tweak(std::slice::from_ref(&self.key))
    }

    /// Where a publication of this record waits.
    #[must_use]
    pub fn waits_at(&self, chain: &ChainId, account: &AccountId, parties: [PublicKey; 2]) -> AccountId {
        EscrowedKey::waits_at(chain, account, parties, std::slice::from_ref(&self.key))
    }

    /// Takes the record over into `epoch`: one slot around the same key, the ciphertext stays as it is.
    ///
    /// # Errors
    /// If the record's hours do not lie in the epoch.
    pub fn adopt(&self, epoch: &EpochKey, custodian: &dyn Signer) -> Result<Part, HostError> {
        self.key.adopt(self.header.clone(), epoch, custodian).during("taking over")
    }
}
