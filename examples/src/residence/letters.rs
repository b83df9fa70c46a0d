//! What institutions write for the account: the patient looks into it, decides, and the home takes it over.

use super::Residence;
use crate::{
    authored::{Parcel, Place, Received},
    error::{During, HostError},
};
use dmledger_core::{
    account::escrow::{BasicInfo, EscrowEntry, EscrowStatus, Intake, Objection, Publication},
    action::{Action, Close, Confirm, Ending, PublishInfo},
    codec::{self, Bytes, Text},
    record::{ContentId, IndexEntry},
    time::{Height, TimeRange},
};
use dmledger_zk::seal::{EpochKey, Hours};

impl Residence {
    /// Lets every member know where to wrap letters to, and that institutions may publish into the account.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn invite(&self, about: &str) -> Result<Height, HostError> {
        let before = self.node.query()?.facts().basic_info(&self.account).during("basic information")?;
        let number = before.map_or(0, |info| info.number + 1);
        let kem = Bytes::new(self.letter_key().to_bytes()).during("letter key")?;
        let about = Text::new(about).during("basic information")?;
        let info = BasicInfo { number, intake: Intake::Institutions, kem, about };
        self.decide(Action::PublishInfo(Box::new(PublishInfo { info }))).await
    }

    /// Where the next record of another author goes.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn place(&mut self, sequence: u64, span: TimeRange) -> Result<Place<'_>, HostError> {
        let (chain, record, epoch) = (self.node.chain(), self.draw_name(), self.epoch()?.epoch().number().number());
        let (account, kind, patient) = (self.account, self.kind, self.letter_key());
        Ok(Place { chain, account, kind, record, sequence, span, epoch, patient })
    }

    /// How many records the account has.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn next_sequence(&self) -> Result<u64, HostError> {
        self.node.query()?.facts().record_count(&self.account).during("index")
    }

    /// Publications that wait for the patient, shown to be all.
    ///
    /// # Errors
    /// If the state cannot be read or does not verify.
    pub fn waiting(&self) -> Result<Vec<Publication>, HostError> {
        let query = self.node.query()?;
        let escrows = query.escrows(&self.account).during("escrow")?;
        let all = escrows.verify(&query.root().digest, self.node.chain(), &self.account).during("escrow")?;
        Ok(all.into_iter().filter_map(|(_, escrow)| escrow.waiting().cloned()).collect())
    }

    /// What the patient was asked and told about publications, shown to be everything.
    ///
    /// # Errors
    /// If the state cannot be read or does not verify.
    pub fn escrow_log(&self) -> Result<Vec<EscrowStatus>, HostError> {
        let query = self.node.query()?;
        let log = query.escrow_log(&self.account).during("escrow log")?;
        let entries = log.verify(&query.root().digest, self.node.chain(), &self.account).during("escrow log")?;
        Ok(entries.iter().map(|EscrowEntry { status, .. }| *status).collect())
    }

    /// Fetches a parcel and its record from the lake, opens the letter and reads.
    ///
    /// # Errors
    /// If it cannot be taken over ([`Self::adopt`]); if something is missing, altered, or for somebody else.
    pub async fn look_into(&self, parcel: &ContentId, entry: &IndexEntry) -> Result<(Received, Vec<u8>), HostError> {
        self.epoch_of(entry)?;
        let bytes = self.lake.get(parcel).await.during("lake")?;
        let parcel: Parcel = codec::decode(&bytes).during("parcel")?;
        let received = parcel.open(&self.letters, self.node.chain(), self.account, entry.facts().record)?;
        let text = received.read(&self.lake.get(&entry.facts().content).await.during("lake")?)?;
        Ok((received, text))
    }

    /// Confirms a publication, and takes its record over.
    ///
    /// # Errors
    /// If it cannot be taken over ([`Self::adopt`]): the ledger hears nothing then. The ledger's reason if it refuses.
    pub async fn confirm(&self, publication: &Publication, received: &Received) -> Result<Height, HostError> {
        let entry = publication.entries.first().ok_or_else(|| HostError::new("an empty publication"))?;
        let part = received.adopt(self.epoch_of(entry)?, &self.patient.home)?;
        let address = received.waits_at(&self.node.chain(), &self.account, [entry.author(), self.phone()]);
        let height = self.decide(Action::Confirm(Confirm { address, tweak: received.tweak() })).await?;
        self.lake.put_part(&entry.facts().record, 1, &part.to_bytes()).await.during("lake")?;
        Ok(height)
    }

    /// Refuses a publication.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn reject(&self, publication: &Publication, objection: Objection) -> Result<Height, HostError> {
        let ending = Ending::Reject(objection);
        self.decide(Action::Close(Close { address: publication.address, ending })).await
    }

    /// Takes a record over that another author has anchored: writes its first access part into the lake, into the epoch
    /// that its entry names, whether or not that is the latest.
    ///
    /// # Errors
    /// If the patient has no key of that epoch, the record's hours do not lie in it, or the lake fails.
    pub async fn adopt(&self, received: &Received, entry: &IndexEntry) -> Result<(), HostError> {
        let part = received.adopt(self.epoch_of(entry)?, &self.patient.home)?;
        self.lake.put_part(&entry.facts().record, 1, &part.to_bytes()).await.during("lake")
    }

    /// The epoch that an entry names. By its number the ledger knows which records go when an epoch is erased: the slot
    /// must lie there and nowhere else.
    fn epoch_of(&self, entry: &IndexEntry) -> Result<&EpochKey, HostError> {
        let (key, hours) = (self.epoch_numbered(entry.facts().epoch)?, Hours::touched_by(&entry.facts().span));
        key.epoch().buckets(&hours.during("hours")?).map(|_| key).during("the record's hours and its epoch")
    }
}
