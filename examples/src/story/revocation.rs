//! The scenes of revocation: it bites whoever kept everything, and is final at its height.

use super::Story;
use crate::{
    error::HostError,
    institution::ReadError,
    residence::{Grantee, Terms},
};
use dmledger_core::{consent::GrantId, decide::Reason, scope::Purpose, time::Timestamp};
use dmledger_zk::seal::Keys;

impl Story<'_> {
    /// Granted, unwrapped, asked and allowed; revoked before the gate was asked. Keys, ciphertext and the logged request
    /// are all there, and nothing opens.
    pub(super) async fn a_former_grantee_keeps_everything(&mut self, until: Timestamp) -> Result<(), HostError> {
        let (who, to) = (self.person(1)?.title(), Grantee::from(self.person(1)?));
        let terms = Terms { data: self.all, until, purpose: Purpose::Treatment, quota: None };
        let grant = self.residence.grant(&to, &terms).await?;
        self.follow(1).await?;
        let (account, records) = (self.residence.account(), self.some_records(1, 1)?);
        let record = records.first().ok_or_else(|| HostError::new("no record"))?;
        let reader = &mut self.institutions[1];
        let kept = reader.unwrap(account, grant).await?;
        let entry = reader.ask(account, &records, Purpose::Treatment).await?;
        self.residence.revoke(grant).await?;
        self.follow(1).await?;
        let reader = &self.institutions[1];
        let refusal = match reader.partials(account, &kept, entry.request, &records).await {
            Err(ReadError::Gate(refusal)) if refusal.right == 0 => refusal.to_string(),
            Err(error) => return Err(HostError::during("the former grantee's request", error)),
            Ok(_) => return Err(HostError::new("the gate answered after the revocation")),
        };
        let shown = reader.show(record)?;
        let attempt = reader.open_regardless(reader.check(record, &shown)?, Keys::Gated(&kept, &[])).await;
        let why = match attempt {
            Err(ReadError::Sealed(error)) => error.to_string(),
            Err(error) => return Err(HostError::during("the former grantee's attempt", error)),
            Ok(_) => return Err(HostError::new("kept keys opened a record after the revocation")),
        };
        self.row(&who, "partials of the gate, after a revocation", "nothing", refusal);
        self.row(&who, "the ciphertext, with the range keys it kept", "bytes it cannot open", why);
        Ok(())
    }

    pub(super) async fn the_grant_is_revoked(&mut self, grant: GrantId) -> Result<(), HostError> {
        let height = self.residence.revoke_and_rotate(grant).await?;
        self.follow(0).await?;
        let records = self.some_records(0, 1)?;
        let what = "one hour of glucose, after the revocation";
        self.denied(0, self.residence.account(), &records, Purpose::Treatment, what, |why| {
            *why == Reason::Revoked { height }
        })
        .await
    }
}
