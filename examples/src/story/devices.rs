//! The scene in which cuff, band and table camera are read over their procedures, sealed beside the glucose readings and
//! read back by the hospital.

use super::{DAY, HOUR, Story, day};
use crate::{
    devices::{Band, Camera, Cuff, FAULTS, Session},
    error::{During, HostError},
    household::{Household, read_all},
    outcome::DeviceData,
    residence::{Grantee, Terms},
};
use dmledger_ble::codec::capture::{ObjectCodec, ObjectKind};
use dmledger_core::{
    account::DeviceKind,
    decide::Reason,
    record::{DataKind, Meal, MealType, Reading},
    scope::Purpose,
    time::{TimeRange, Timestamp},
    traits::BlobStore,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// What is measured beside glucose.
const KINDS: [DataKind; 3] = [DataKind::BloodPressure, DataKind::HeartRate, DataKind::Diet];
/// Days of the series on which the other devices are worn and used.
const DAYS: u32 = 2;
/// Longest listening to the band, in seconds.
const LISTEN: u8 = 60;

impl Story<'_> {
    /// Two days of two blood pressures, a minute of heart rates and a meal with its clip each.
    pub(super) async fn more_devices_of_the_home_are_read(&mut self, until: Timestamp) -> Result<(), HostError> {
        let mut rng = ChaCha20Rng::seed_from_u64(self.seed.wrapping_add(2_000));
        let first = Timestamp::from_seconds(self.all.start().millis().div_euclid(86_400_000) * 86_400);
        let days = (1..=DAYS).take_while(|days| first.plus(DAY * (*days - 1)) < self.all.end()).count();
        let days = u32::try_from(days).during("days")?;
        let (home, lake) = (&self.home, Arc::clone(&self.lake) as Arc<dyn BlobStore>);
        let journal = self.folder.join("intake");
        let mut household = Household::open(&KINDS, self.resident, first, home, &lake, journal, &mut rng).await?;
        let mut wearing = Wearing::new(self.seed);
        let paired = [
            (DeviceKind::BloodPressure, wearing.cuff.identity()),
            (DeviceKind::Wearable, wearing.band.identity()),
            (DeviceKind::TableCamera, wearing.camera.identity()),
        ];
        for (kind, device) in paired {
            household.pair(kind, device, first).await?;
        }
        let clip = self.clips.first().cloned().unwrap_or_default();
        for number in 0..days {
            wearing.day(&mut household, number, first.plus(DAY * number), &clip).await?;
        }
        household.flush().await?;
        if household.pending() > 0 || household.quarantined().next().is_some() {
            return Err(HostError::new("a reading of a device was not taken in"));
        }

        let data = TimeRange::new(first, first.plus(DAY * days)).during("days")?;
        let terms = Terms { data, until, purpose: Purpose::Treatment, quota: None };
        let granted = household.grant(&Grantee::from(self.person(0)?), &terms).await?;
        self.follow(0).await?;
        let read = read_all(&mut self.institutions[0], &granted, household.pictures(), &data).await;
        let read = read.map_err(|error| HostError::during("the devices' readings", error))?;
        for (kind, device) in KINDS.into_iter().zip(["cuff", "band", "table camera"]) {
            let taken = |one: &&Reading| one.kind() == kind;
            let expected: BTreeSet<_> = wearing.taken.iter().filter(taken).map(Reading::digest).collect();
            let got: BTreeSet<_> = read.readings.get(&kind).into_iter().flatten().map(Reading::digest).collect();
            let equal = !expected.is_empty() && expected == got;
            let (kind, readings, read_back) = (kind.to_string(), expected.len(), got.len());
            self.outcome.devices.push(DeviceData { device: device.to_owned(), kind, readings, read_back, equal });
        }
        self.outcome.clips = read.pictures.len();
        self.outcome.clips_equal = !read.pictures.is_empty() && read.pictures == wearing.shown;
        self.clips = wearing.shown;
        let pressures = household.account(DataKind::BloodPressure).ok_or_else(|| HostError::new("no such account"))?;
        let account = pressures.account();
        self.household = Some(household);
        self.tell(until)?;

        self.institutions[1].node().reach(self.home.tip()?.height).await?;
        let record = self.institutions[1].index(&account, &data)?.into_iter().take(1).collect::<Vec<_>>();
        let what = "blood pressures, for treatment";
        self.denied(1, account, &record, Purpose::Treatment, what, |why| *why == Reason::NoGrant).await
    }

    fn tell(&mut self, until: Timestamp) -> Result<(), HostError> {
        let who = self.person(0)?.title();
        let lines: Vec<_> = self.outcome.devices.clone();
        for one in lines {
            let equal = if one.equal { "equal to what was measured" } else { "NOT what was measured" };
            let mut got = format!("{} readings, {equal}", one.read_back);
            if one.device == "table camera" {
                let clips = if self.outcome.clips_equal { "each as recorded" } else { "NOT as recorded" };
                got = format!("meals: {}, clips: {}, {clips}", one.read_back, self.outcome.clips);
            }
            let what = format!("{}, for treatment", one.kind.replace('-', " "));
            self.row(
                &who,
                what,
                got,
                format!("from the {} over its procedure, granted until {}", one.device, day(until)),
            );
        }
        let all = self.outcome.devices.iter().all(|one| one.equal) && self.outcome.clips_equal;
        self.scene("devices", if all { "held" } else { "what was read differs" });
        Ok(())
    }
}

/// The devices beside the meter, and what they brought.
struct Wearing {
    cuff: Cuff,
    band: Band,
    camera: Camera,
    seed: u64,
    taken: Vec<Reading>,
    shown: Vec<Vec<u8>>,
}

impl Wearing {
    fn new(seed: u64) -> Self {
        let (cuff, band) = (Cuff::new(b"maker/cuff/1"), Band::new(b"maker/band/1"));
        let camera = Camera::new(b"maker/camera/1");
        Self { cuff, band, camera, seed, taken: Vec::new(), shown: Vec::new() }
    }

    /// A day is lived, and in the evening every device is read.
    async fn day(
        &mut self,
        household: &mut Household,
        number: u32,
        morning: Timestamp,
        clip: &[u8],
    ) -> Result<(), HostError> {
        let seed = self.seed.wrapping_mul(1_000).wrapping_add(u64::from(number) * 100);
        for (hour, systolic) in [(8, 128), (20, 134)] {
            self.cuff.measure(morning.plus(HOUR * hour), systolic + i64::from(number), 82, 66)?;
        }
        self.camera.record(morning.plus(HOUR * 13), ObjectKind::CLIP, ObjectCodec::MJPEG, clip)?;
        let (evening, rates) =
            (morning.plus(HOUR * 23), (0..LISTEN).map(|second| 58 + second % 12).collect::<Vec<_>>());
        let pressures = self.cuff.sync(evening, FAULTS, seed)?;
        let beats = self.band.listen(evening.plus(Duration::from_secs(60)), &rates, FAULTS, seed.wrapping_add(10))?;
        for Session { readings, refused, .. } in [pressures, beats] {
            if let Some(refused) = refused.first() {
                return Err(HostError::new(format!("a value of a device is no reading: {refused}")));
            }
            household.take(&readings)?;
            self.taken.extend(readings);
        }
        let lunch = |_: &_| Meal::new(MealType::Lunch).with_carbohydrate_mg(45_000);
        let (taken, shown) = (&mut self.taken, &mut self.shown);
        let keep = |meal: crate::devices::MealSeen| {
            household.take_meal(meal.reading.clone(), &meal.object)?;
            taken.push(meal.reading);
            shown.push(meal.object);
            Ok(())
        };
        self.camera.fetch(evening, FAULTS, seed.wrapping_add(20), lunch, keep).await.map(|_| ())
    }
}
