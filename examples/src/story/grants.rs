//! The scenes of grants: who was granted reads, whoever was not is denied and could not open what the lake holds.

use super::{DAY, Story, day};
use crate::{
    error::{During, HostError},
    institution::ReadError,
    residence::{Grantee, Terms},
};
use dmledger_core::{
    consent::GrantId,
    decide::Reason,
    record::reading::ReadingBatch,
    scope::Purpose,
    time::{TimeRange, Timestamp},
};
use dmledger_zk::seal::Keys;

impl Story<'_> {
    pub(super) async fn a_hospital_is_granted_and_reads(&mut self, until: Timestamp) -> Result<GrantId, HostError> {
        let who = self.person(0)?.title();
        let terms = Terms { data: self.all, until, purpose: Purpose::Treatment, quota: None };
        let to = Grantee::from(self.person(0)?);
        let grant = self.residence.grant(&to, &terms).await?;
        let account = self.residence.account();
        self.follow(0).await?;
        let reader = &mut self.institutions[0];
        let records = reader.index(&account, &self.all)?;
        let (batches, checked) = match reader.read(account, grant, &records, Purpose::Treatment).await {
            Ok(read) => read,
            Err(error) => return Err(HostError::during("the grantee's read", error)),
        };
        let read: Vec<_> = batches.into_iter().flat_map(ReadingBatch::into_readings).collect();
        self.outcome.readings_read_by_grantee = read.len();
        self.outcome.values_equal = read == self.readings;
        self.outcome.inclusions_verified += checked;
        let equal = if self.outcome.values_equal { "equal to what went in" } else { "NOT what went in" };
        let got = format!("{} readings, {equal}", read.len());
        self.row(&who, "all glucose, for treatment", got, format!("granted until {}", day(until)));
        Ok(grant)
    }

    pub(super) async fn another_purpose_is_refused(&mut self) -> Result<(), HostError> {
        let records = self.some_records(0, 1)?;
        let what = "one hour of glucose, for research";
        self.denied(0, self.residence.account(), &records, Purpose::Research, what, |why| *why == Reason::WrongPurpose)
            .await
    }

    pub(super) async fn a_stranger_is_denied_and_cannot_open(&mut self, grant: GrantId) -> Result<(), HostError> {
        let records = self.some_records(1, 1)?;
        let what = "one hour of glucose, for treatment";
        self.denied(1, self.residence.account(), &records, Purpose::Treatment, what, |why| *why == Reason::NoGrant)
            .await?;
        let (account, who) = (self.residence.account(), self.person(1)?.title());
        let stranger = &self.institutions[1];
        let record = records.first().ok_or_else(|| HostError::new("no record"))?;
        let shown = stranger.show(record)?;
        let anchored = stranger.check(record, &shown)?;
        let refusal = match stranger.open(anchored, Keys::None).await {
            Err(ReadError::Sealed(error)) => error.for_stranger().to_string(),
            Err(error) => return Err(HostError::during("the stranger's attempt", error)),
            Ok(_) => return Err(HostError::new("a stranger opened a record")),
        };
        let stolen = match stranger.unwrap(account, grant).await {
            Err(error) => error.to_string(),
            Ok(_) => return Err(HostError::new("a stranger unwrapped a grant that is not its own")),
        };
        self.row(&who, "the ciphertext in the lake", "bytes it cannot open", refusal);
        self.row(&who, "the keys wrapped for A1", "nothing", stolen);
        Ok(())
    }

    pub(super) async fn a_pharmacy_gets_one_day(&mut self, until: Timestamp) -> Result<(), HostError> {
        let what = "glucose of the first day";
        let Some(who) = self.institutions.get(2).map(|one| one.person().title()) else {
            self.row("nobody", what, "not played", "a network of two institutions has no pharmacy");
            return Ok(());
        };
        let day_one = TimeRange::new(self.all.start(), self.all.start().plus(DAY).min(self.all.end())).during("day")?;
        let terms = Terms { data: day_one, until, purpose: Purpose::Treatment, quota: Some(2) };
        let to = Grantee::from(self.person(2)?);
        let grant = self.residence.grant(&to, &terms).await?;
        self.follow(2).await?;
        let account = self.residence.account();
        let reader = &mut self.institutions[2];
        let inside = reader.index(&account, &day_one)?;
        let read = reader.read(account, grant, &inside, Purpose::Treatment).await;
        let (batches, checked) = read.map_err(|error| HostError::during("the pharmacy's read", error))?;
        let count: usize = batches.iter().map(|batch| batch.readings().len()).sum();
        self.outcome.inclusions_verified += checked;
        self.row(&who, what, format!("{count} readings"), "granted: that day, 2 requests");
        let later: Vec<_> = self.institutions[2].index(&account, &self.all)?;
        let Some(beyond) = later.into_iter().find(|record| !inside.contains(record)) else { return Ok(()) };
        let outside = |why: &Reason| matches!(why, Reason::OutsideDataRange { .. });
        self.denied(2, account, &[beyond], Purpose::Treatment, "glucose of a later day", outside).await?;
        let reader = &self.institutions[2];
        let body = reader.unwrap(account, grant).await?;
        let shown = reader.show(&beyond)?;
        let why = match reader.open(reader.check(&beyond, &shown)?, Keys::Grant(&body)).await {
            Err(ReadError::Sealed(error)) => error.to_string(),
            Err(error) => return Err(HostError::during("the pharmacy's attempt", error)),
            Ok(_) => return Err(HostError::new("a grant opened a record outside its range")),
        };
        self.row(&who, "that ciphertext, with its own keys", "bytes it cannot open", why);
        Ok(())
    }
}
