//! The scene of a report that waits in escrow until the patient has read it: one is confirmed and taken over, another
//! rejected.

use super::{Story, day};
use crate::{
    authored::Place,
    error::{During, HostError},
    residence::{Grantee, Terms},
};
use dmledger_core::{
    account::escrow::{EscrowStatus, Objection},
    codec,
    record::{ContentId, DataKind, Reading, index::IndexFacts},
    scope::Purpose,
    time::Timestamp,
    traits::BlobStore,
};

/// Where reports about the readings go.
const REPORTS: DataKind = DataKind::HealthRecord;

impl Story<'_> {
    /// The hospital that has read the glucose writes what it makes of it; another hospital reads the report in the end.
    pub(super) async fn a_report_waits_in_escrow(&mut self, until: Timestamp) -> Result<(), HostError> {
        self.open_account(REPORTS, self.all.start(), Vec::new()).await?;
        self.other(REPORTS)?.invite("reads German").await?;
        self.follow(0).await?;
        let text = report(self.readings);
        for text in [text.as_str(), "the report of somebody else"] {
            self.publish(text).await?;
        }
        let content = self.the_patient_decides(&text).await?;
        let told = self.other(REPORTS)?.escrow_log()?;
        let expected = [
            EscrowStatus::Waiting,
            EscrowStatus::Waiting,
            EscrowStatus::Released,
            EscrowStatus::Rejected(Objection::NotMine),
        ];
        if told != expected {
            return Err(HostError::new(format!("the escrow log tells another story: {told:?}")));
        }
        self.another_hospital_reads(&text, until).await?;
        // Not a byte of the lake has changed since the hospital wrote it.
        self.lake.get(&content).await.during("lake")?;
        self.scene("escrow", "one report confirmed and read, one rejected");
        Ok(())
    }

    async fn publish(&mut self, text: &str) -> Result<(), HostError> {
        let span = self.last_hour()?;
        let home = self.others.get_mut(&REPORTS).ok_or_else(|| HostError::new("no account for reports"))?;
        let (account, phone) = (home.account(), home.phone());
        let hospital = &mut self.institutions[0];
        let letters = hospital.letter_key(&account)?;
        let place = Place { patient: &letters, ..home.place(IndexFacts::IN_ESCROW, span)? };
        hospital.publish(text.as_bytes(), &place, phone).await?;
        home.node().reach(hospital.node().tip()?.height).await
    }

    /// Opens both letters; the one about these readings is confirmed, the other refused. Gives the record's content.
    async fn the_patient_decides(&mut self, expected: &str) -> Result<ContentId, HostError> {
        let home = self.other(REPORTS)?;
        let waiting = home.waiting()?;
        let (count, mut content) = (waiting.len(), None);
        for publication in waiting {
            let entry = publication.entries.first().ok_or_else(|| HostError::new("an empty publication"))?;
            let parcel: ContentId = codec::decode(publication.note.as_slice()).during("note")?;
            let (received, text) = home.look_into(&parcel, entry).await?;
            if text == expected.as_bytes() {
                home.confirm(&publication, &received).await?;
                content = Some(entry.facts().content);
            } else {
                home.reject(&publication, Objection::NotMine).await?;
            }
        }
        let (who, why) = (self.resident.name().to_owned(), "both letters opened before deciding");
        self.row(&who, format!("{count} reports that waited in escrow"), "1 confirmed, 1 rejected", why);
        content.ok_or_else(|| HostError::new("the report did not arrive as it was written"))
    }

    async fn another_hospital_reads(&mut self, expected: &str, until: Timestamp) -> Result<(), HostError> {
        let (who, to, data) = (self.person(1)?.title(), Grantee::from(self.person(1)?), self.last_hour()?);
        let terms = Terms { data, until, purpose: Purpose::Treatment, quota: Some(1) };
        let home = self.others.get_mut(&REPORTS).ok_or_else(|| HostError::new("no account for reports"))?;
        let (account, grant) = (home.account(), home.grant(&to, &terms).await?);
        self.follow(1).await?;
        let reader = &mut self.institutions[1];
        let records = reader.index(&account, &data)?;
        let read = reader.read_objects(account, grant, &records, Purpose::Treatment).await;
        let read = read.map_err(|error| HostError::during("the released report", error))?;
        if read != [expected.as_bytes()] {
            return Err(HostError::new("the released report is not what was published"));
        }
        self.outcome.inclusions_verified += records.len();
        let why = format!("released, granted until {}, 1 request", day(until));
        self.row(&who, "the report A1 had published", "1 report, as A1 wrote it", why);
        Ok(())
    }
}

/// What a hospital makes of the readings: number, mean, and the glucose management indicator of Bergenstal et al. 2018,
/// 3.31 + 0.02392 x mean in mg/dL.
fn report(readings: &[Reading]) -> String {
    let values = readings.iter().filter_map(|one| one.measured().glucose());
    let (sum, count) =
        values.fold((0_u64, 0_u64), |(sum, count), one| (sum + one.millionths_of_mg_per_dl(), count + 1));
    let Some(mean) = sum.checked_div(count) else {
        return format!("glucose report: {} readings, none with a number", readings.len());
    };
    let milli_mg_dl = mean / 1_000;
    let indicator = 3_310 + milli_mg_dl * 2_392 / 100_000;
    format!(
        "glucose report: {count} readings, mean {}.{} mg/dL, management indicator {}.{} %",
        milli_mg_dl / 1_000,
        milli_mg_dl % 1_000 / 100,
        indicator / 1_000,
        indicator % 1_000 / 100
    )
}
