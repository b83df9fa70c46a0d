//! The scene in which the last institution, a regulator, learns a fact about all days and not one reading.

use super::Story;
use crate::{
    claims::{Accepted, Diary},
    error::{During, HostError},
};
use dmledger_core::record::DataKind;
use dmledger_zk::glycemic::{
    Metric,
    claim::{Bound, Quantity, Ranges, Side},
};

const PURPOSE: &str = "time in range for the regulator";
/// Days that one claim is made about at most.
const MOST_DAYS: usize = 90;

impl Story<'_> {
    /// Days are sealed in an account of their own, shown to be what their digests say, and claimed about.
    pub(super) async fn a_regulator_learns_time_in_range(&mut self) -> Result<(), HostError> {
        let mut diary = Diary::of(self.readings);
        diary.calendar.days.truncate(MOST_DAYS);
        if diary.begins().is_none() {
            self.row("nobody", "time in range of sealed days", "not played", "this series fills no day of a sensor");
            return Ok(());
        }
        self.open_account(DataKind::HealthRecord, self.all.start(), Vec::new()).await?;
        let residence =
            self.others.get_mut(&DataKind::HealthRecord).ok_or_else(|| HostError::new("no such account"))?;
        let (sealed, _) = residence.seal_days(diary.table, diary.cadence, &diary.calendar).await?;
        residence.show_days(&sealed, PURPOSE).await?;

        let last = self.institutions.len().min(4) - 1;
        let person = self.institutions[last].person();
        let (who, audience) = (person.title(), person.id().digest());
        let (part, whole) = (sealed.opening().value(Metric::InRange), sealed.opening().readings());
        let percent = u32::try_from(part * 100 / whole.max(1)).during("share")?;
        let readings = u32::try_from(whole).during("readings")?;
        let bound = Bound::new(Quantity::Share(Ranges::IN), Side::AtLeast, percent * 10);
        let asked = sealed.state(readings, &[bound])?;
        let claim = residence.prove_days(&sealed, &asked, PURPOSE, audience)?;
        let claim = claim.ok_or_else(|| HostError::new("a true share could not be proved"))?;
        let bytes = claim.proof().len();
        let height = residence.claim(sealed.records(), claim).await?;

        let node = self.institutions[last].node();
        node.reach(height).await?;
        let accepted = Accepted::latest(node, &residence.account())?;
        if accepted.statement.bounds() != asked.bounds() || accepted.audience != audience {
            return Err(HostError::new("the ledger accepted another claim than was asked"));
        }
        self.outcome.proofs_verified += 1 + sealed.count();
        let what = format!("time in range of {} sealed days", sealed.count());
        let got = format!("at least {percent} %, proved in {bytes} bytes");
        self.row(&who, what, got, format!("accepted by the ledger at height {height}; no reading seen"));
        Ok(())
    }
}
