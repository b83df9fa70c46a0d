//! An institution gives a right up: it wants to be able to read no longer.

use super::Institution;
use crate::error::{During, HostError};
use dmledger_core::{
    action::{Action, Renounce},
    codec,
    consent::GrantId,
    envelope::AccountId,
    record::ContentId,
    time::Height,
};
use dmledger_zk::seal::GrantBody;

impl Institution<'_> {
    /// Gives a grant up: it says so on the ledger, from when on neither ledger nor gate serves it any more, wipes the range
    /// keys that it unwrapped, and deletes the letter they came in.
    ///
    /// # Errors
    /// The ledger's reason if it refuses; nothing is deleted then. If the lake fails: the letter is left, for a key that the
    /// gate no longer adds to.
    pub async fn renounce(&self, account: AccountId, grant: GrantId, keys: GrantBody) -> Result<Height, HostError> {
        let delivery = self.granted(&grant)?.grant().delivery.clone();
        let height = self.act(account, Action::Renounce(Renounce { grant })).await?;
        // Wiped where they were kept.
        drop(keys);
        let letter: ContentId = codec::decode(delivery.as_slice()).during("grant")?;
        self.lake.delete(&letter).await.during("lake")?;
        Ok(height)
    }
}
