//! What an institution writes for a patient: sealed under a key of its own, published or proposed, never in the account
//! without the patient.

use super::Institution;
use crate::{
    authored::{self, Place},
    error::{During, HostError},
};
use dmledger_core::{
    account::{ProposalId, escrow::Publication},
    action::{Action, Anchor, Propose, Submit, Update},
    codec::{self, List},
    consent::{RequestId, UpdateReason},
    envelope::{AccountId, Envelope, Meaning},
    hash::Digest,
    key::PublicKey,
    record::{ContentId, IndexEntry, RecordId, reading::ReadingBatch},
    scope::Validity,
    time::{Height, Moment, TimeRange},
};
use dmledger_zk::seal::{KemPublicKey, SealSuite};
use rand_core::Rng as _;
use std::time::Duration;

/// How long a patient may take to answer.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Blocks that a proposal waits at most.
const PATIENCE: u64 = 100_000;

/// A record that lies in the lake, and the parcel with its key for the patient.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// Its entry.
    pub entry: IndexEntry,
    /// Where the parcel lies.
    pub parcel: ContentId,
}

impl Institution<'_> {
    /// Where letters about an account go, as its holder has told every member; looked up with a proof.
    ///
    /// # Errors
    /// If the patient has told nothing, or the state does not verify.
    pub fn letter_key(&self, account: &AccountId) -> Result<KemPublicKey, HostError> {
        let query = self.node.query()?;
        let (shown, place) = (query.basic_info(account), query.facts().places().basic_info(account));
        let shown = shown.during("basic information")?;
        let info = shown.verify(&query.root().digest, &place).during("basic information")?;
        let info = info.ok_or_else(|| HostError::new("a patient who takes in nothing"))?;
        KemPublicKey::from_bytes(SealSuite::default(), info.kem.as_slice()).during("letter key")
    }

    /// Seals something for a patient; ciphertext and parcel lie in the lake on return, and are nobody's yet.
    async fn write(
        &mut self,
        plaintext: &[u8],
        batch: Option<&ReadingBatch>,
        place: &Place<'_>,
    ) -> Result<(authored::Written, ContentId), HostError> {
        let written = authored::write(plaintext, batch, place, self.person.key(), &mut self.rng)?;
        let parcel = codec::encode(&written.parcel);
        let address = ContentId::of(&parcel);
        self.lake.put(&written.entry.facts().content, &written.ciphertext).await.during("lake")?;
        self.lake.put(&address, &parcel).await.during("lake")?;
        Ok((written, address))
    }

    /// Publishes a record into escrow, for the holder of the key `patient`.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn publish(
        &mut self,
        plaintext: &[u8],
        place: &Place<'_>,
        patient: PublicKey,
    ) -> Result<Publication, HostError> {
        let (written, parcel) = self.write(plaintext, None, place).await?;
        let now = self.node.tip()?.time;
        let open = Validity::during(TimeRange::new(now, now.plus(WEEK)).during("publication")?);
        let addressed = (place.chain, place.account);
        let publication = written.publication(addressed, patient, open, codec::encode(&parcel))?;
        let submit = Action::Submit(Box::new(Submit { publication: publication.clone() }));
        self.act(place.account, submit).await?;
        Ok(publication)
    }

    /// Proposes a record for an account that the institution has a say in; it waits for the patient.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn propose(&mut self, plaintext: &[u8], place: &Place<'_>) -> Result<(ProposalId, Delivered), HostError> {
        let (written, parcel) = self.write(plaintext, None, place).await?;
        let entry = written.entry;
        let entries = List::new(vec![entry.clone()]).during("proposal")?;
        let tip = self.node.tip()?;
        let until = Moment { height: Height::new(tip.height.value() + PATIENCE), time: tip.time.plus(WEEK) };
        let mut salt = [0; 16];
        self.rng.fill_bytes(&mut salt);
        let propose = Propose::new(&Action::Anchor(Anchor { entries }), until, salt).during("proposal")?;
        let signed = self.signed(place.account, Action::Propose(propose))?;
        self.node.submit(&signed).await?;
        Ok((ProposalId::new(signed.id()), Delivered { entry, parcel }))
    }

    /// Writes a later version of a record, under a request to update it that was allowed.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn update(
        &mut self,
        batch: &ReadingBatch,
        place: &Place<'_>,
        supersedes: RecordId,
        under: RequestId,
    ) -> Result<Delivered, HostError> {
        let (written, parcel) = self.write(&codec::encode(batch), Some(batch), place).await?;
        let entry = written.entry;
        let (reason, note, under) = (UpdateReason::Correction, Digest::ZERO, Some(under));
        let update = Update { entry: entry.clone(), supersedes, reason, note, under };
        self.act(place.account, Action::Update(Box::new(update))).await?;
        Ok(Delivered { entry, parcel })
    }

    /// Hands in an action about an account under the institution's own key; final on return.
    pub(super) async fn act(&self, account: AccountId, body: Action) -> Result<Height, HostError> {
        self.node.submit(&self.signed(account, body)?).await
    }

    fn signed(&self, account: AccountId, body: Action) -> Result<Envelope<Action>, HostError> {
        Envelope::new(self.node.chain(), Some(account), body)
            .sign(self.person.key(), Meaning::Authored)
            .during(self.person.name())
    }
}
