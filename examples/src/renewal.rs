//! Renewing what lies in the lake: after a loss of keys every access part is signed again, after a rotation records move
//! into the next epoch. The ciphertext is not touched.
//!
//! It can be stopped at any moment and begun again: a new part is in the lake before an old one goes, and what is renewed
//! already is passed over.

use crate::error::{During, HostError};
use dmledger_core::{
    action::{Action, MoveRecords, move_records::MAX_MOVED},
    codec::List,
    envelope::AccountId,
    key::PublicKey,
    ledger::Query,
    record::RecordId,
    state::tables::AnchoredEntry,
    time::Moment,
    traits::{BlobStore, Signer},
};
use dmledger_zk::seal::{
    EpochKey, LedgerView, Part, SealError, Standing, renew,
    renew::{Into, is_renewed},
};

/// Who renews what, by which state of the ledger.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument, built by the caller")]
pub struct Renewal<'a> {
    /// The ledger's state, and when that was.
    pub query: &'a Query,
    /// Height and time of that state.
    pub at: Moment,
    /// The account.
    pub account: AccountId,
    /// Where its parts lie.
    pub lake: &'a dyn BlobStore,
    /// The patient's epoch keys.
    pub epochs: &'a [EpochKey],
    /// Keys whose signature on the present parts counts: those that the account has, or had before a recovery.
    pub former: &'a [PublicKey],
    /// The key that signs from now on.
    pub custodian: &'a dyn Signer,
    /// Where records go.
    pub into: Into,
}

impl std::fmt::Debug for Renewal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renewal").field("account", &self.account).field("into", &self.into).finish_non_exhaustive()
    }
}

/// What came of it, record by record.
#[derive(Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Renewed {
    /// Signed anew.
    pub signed: Vec<RecordId>,
    /// They were what they are to be.
    pub already: Vec<RecordId>,
    /// The lake has no part of them: they were erased.
    pub absent: Vec<RecordId>,
    /// Left as they are, and why.
    pub left: Vec<(RecordId, SealError)>,
}

impl Renewal<'_> {
    /// Goes over every record of the account.
    ///
    /// # Errors
    /// If the state or the lake cannot be read; what one record refuses is told in the answer.
    pub async fn all(&self) -> Result<Renewed, HostError> {
        let records = self.query.records(&self.account).during("index")?;
        let mut renewed = Renewed::default();
        for anchored in records.entries() {
            self.one(anchored, &mut renewed).await?;
        }
        Ok(renewed)
    }

    /// Renews one record.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub async fn one(&self, anchored: &AnchoredEntry, renewed: &mut Renewed) -> Result<(), HostError> {
        let record = anchored.entry.facts().record;
        let Some((version, bytes)) = self.lake.part(&record).await.during("lake")? else {
            renewed.absent.push(record);
            return Ok(());
        };
        let part = Part::from_bytes(&bytes).during("access part")?;
        let view = self.view(anchored, version);
        if is_renewed(&part, self.into, &view, &self.custodian.public()) {
            // An earlier run may have stopped before it cleared up.
            self.lake.delete_parts_below(&record, version).await.during("lake")?;
            renewed.already.push(record);
            return Ok(());
        }
        match renew(&part, self.epochs, self.into, &view, self.custodian) {
            Ok(part) => {
                let version = part.access().body().version();
                self.lake.put_part(&record, version, &part.to_bytes()).await.during("lake")?;
                self.lake.delete_parts_below(&record, version).await.during("lake")?;
                renewed.signed.push(record);
            }
            Err(why) => renewed.left.push((record, why)),
        }
        Ok(())
    }

    fn view<'b>(&'b self, anchored: &'b AnchoredEntry, least_version: u64) -> LedgerView<'b> {
        LedgerView {
            chain: self.query.facts().chain(),
            account: self.account,
            entry: &anchored.entry,
            custodians: self.former,
            least_version,
            height: self.at.height,
            time: self.at.time,
            standing: Standing::Active,
        }
    }
}

/// What the ledger is told of records that have moved: erasing the epoch they come from does not take them along then.
///
/// # Errors
/// None that can occur: no list is longer than it may be.
pub fn moves(epoch: u32, records: &[RecordId]) -> Result<Vec<Action>, HostError> {
    let mut records = records.to_vec();
    records.sort_unstable();
    let moves = records.chunks(MAX_MOVED).map(|some| {
        let records = List::new(some.to_vec()).during("records")?;
        Ok(Action::MoveRecords(MoveRecords { epoch, records }))
    });
    moves.collect()
}
