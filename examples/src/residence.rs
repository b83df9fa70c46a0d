//! A patient's home: the account for one kind of data, its keys, and the node it acts through.
//!
//! What it does is one file an idea: it seals readings hour by hour and anchors them ([`sealing`]), grants and revokes
//! ([`rights`]), proves ([`proofs`], [`days`]), keeps key epochs with the gate that guards them ([`epochs`]) and erases
//! ([`erasure`]), takes over what institutions write ([`letters`]), co-signs ([`cosigning`]), agrees on visits
//! ([`visits`]), pairs devices ([`devices`])
//! and trusts others in an emergency ([`trust`]).

pub mod cosigning;
pub mod days;
pub mod devices;
pub mod epochs;
pub mod erasure;
pub mod letters;
pub mod proofs;
pub mod rights;
pub mod sealing;
pub mod trust;
pub mod visits;

pub use rights::{Grantee, Terms};

use epochs::Begun;
use rights::Granted;
use trust::Trust;

use crate::{
    error::{During, HostError},
    network::Node,
    people::Person,
};
use dmledger_core::{
    account::{self, Policy},
    action::{Action, Open},
    codec::List,
    envelope::{AccountId, Envelope, Meaning},
    key::{PublicKey, SecretKey, Suite},
    record::{DataKind, index::IndexFacts, reading::ReadingBatch},
    time::{Height, Timestamp},
    traits::BlobStore,
};
use dmledger_zk::seal::{Epoch, EpochKey, EpochNumber, Hour, KemKeyPair, KemPublicKey, SealSuite};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use std::sync::Arc;

/// The two keys of one account: one on the phone, one on the home node, which co-signs what needs no thought.
#[derive(Debug)]
struct PatientKeys {
    phone: SecretKey,
    home: SecretKey,
}

/// A record this residence has sealed: its index entry, and the key that opens it again. A picture has no readings.
struct Kept {
    facts: IndexFacts,
    batch: Option<ReadingBatch>,
    value_key: [u8; 32],
}

/// A home node with its patient's account for one kind of data.
pub struct Residence {
    name: String,
    node: Arc<Node>,
    lake: Arc<dyn BlobStore>,
    gateway: Arc<SecretKey>,
    patient: PatientKeys,
    /// What letters to the patient are wrapped to.
    letters: KemKeyPair,
    account: AccountId,
    kind: DataKind,
    /// The key epochs, oldest first; the last one seals.
    epochs: Vec<EpochKey>,
    /// The epoch after them, while some node of the committee has not confirmed its share.
    begun: Option<Begun>,
    /// Grants that stand, with what they were given for.
    granted: Vec<Granted>,
    /// Who decides in an emergency, and the capsule that is theirs.
    trust: Option<Trust>,
    kept: Vec<Kept>,
    rng: ChaCha20Rng,
}

impl std::fmt::Debug for Residence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Residence").field("name", &self.name).field("account", &self.account).finish_non_exhaustive()
    }
}

impl Residence {
    /// Opens an account for `kind` under the medical policy: two signatures, one of them the patient's. Cosigner and
    /// gateway is the residence's own key.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn open(
        person: &Person,
        kind: DataKind,
        first: Timestamp,
        node: Arc<Node>,
        lake: Arc<dyn BlobStore>,
        rng: ChaCha20Rng,
    ) -> Result<Self, HostError> {
        Self::open_with(person, kind, first, Vec::new(), node, lake, rng).await
    }

    /// As [`Self::open`], with institutions that may write into the account together with the patient.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn open_with(
        person: &Person,
        kind: DataKind,
        first: Timestamp,
        institutions: Vec<PublicKey>,
        node: Arc<Node>,
        lake: Arc<dyn BlobStore>,
        mut rng: ChaCha20Rng,
    ) -> Result<Self, HostError> {
        let patient = PatientKeys {
            phone: SecretKey::generate(Suite::Bip340, &mut rng),
            home: SecretKey::generate(Suite::Bip340, &mut rng),
        };
        let gateway = Arc::clone(person.key());
        let keys = [patient.phone.public(), patient.home.public()];
        let cosigners = std::iter::once(gateway.public()).chain(institutions).collect();
        let policy = Policy::medical(keys, cosigners).during(person.name())?;
        let mut salt = [0; 32];
        rng.fill_bytes(&mut salt);
        let account = account::address(&node.chain(), kind, &policy, &salt);
        let gateways = List::new(vec![gateway.public()]).during(person.name())?;
        let open = Action::Open(Open { salt, kind, policy, gateways });
        let signed = Envelope::new(node.chain(), Some(account), open)
            .sign(&patient.phone, Meaning::Approved)
            .and_then(|one| one.sign(&patient.home, Meaning::Approved))
            .and_then(|one| one.sign(&gateway, Meaning::Witnessed))
            .during(person.name())?;
        node.submit(&signed).await?;
        let letters = KemKeyPair::generate(SealSuite::default(), &mut rng);
        let mut residence = Self {
            name: person.name().to_owned(),
            node,
            lake,
            gateway,
            patient,
            letters,
            account,
            kind,
            epochs: Vec::new(),
            begun: None,
            granted: Vec::new(),
            trust: None,
            kept: Vec::new(),
            rng,
        };
        residence.begin_epoch(Epoch::new(EpochNumber::new(0), hour(first)?)).await?;
        Ok(residence)
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// What kind of data it is for.
    #[must_use]
    pub const fn kind(&self) -> DataKind {
        self.kind
    }

    /// The patient's key on the phone.
    #[must_use]
    pub fn phone(&self) -> PublicKey {
        self.patient.phone.public()
    }

    /// The key that letters to the patient are wrapped to.
    #[must_use]
    pub const fn letter_key(&self) -> &KemPublicKey {
        self.letters.public()
    }

    /// The readings it has sealed, an hour a batch, in the order they were anchored.
    pub fn batches(&self) -> impl Iterator<Item = &ReadingBatch> {
        self.kept.iter().filter_map(|kept| kept.batch.as_ref())
    }

    /// Its home node.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The keys one of which signs the access part of every record.
    #[must_use]
    pub fn custodians(&self) -> Vec<PublicKey> {
        vec![self.patient.home.public(), self.patient.phone.public()]
    }

    /// How many records it has sealed.
    #[must_use]
    pub fn records(&self) -> usize {
        self.kept.len()
    }

    /// Signed by both of the patient's keys, and final on return.
    async fn decide(&self, action: Action) -> Result<Height, HostError> {
        self.node.submit(&self.envelope(action, &self.patient.phone, &self.patient.home)?).await
    }

    /// Sixteen or thirty-two random bytes, for a name.
    fn draw<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    fn envelope(&self, action: Action, first: &SecretKey, second: &SecretKey) -> Result<Envelope<Action>, HostError> {
        Envelope::new(self.node.chain(), Some(self.account), action)
            .sign(first, Meaning::Approved)
            .and_then(|one| one.sign(second, Meaning::CoSigned))
            .during(&self.name)
    }
}

fn hour(at: Timestamp) -> Result<Hour, HostError> {
    Hour::of(at).during("hour")
}
