//! A week at home: meter, sensor, cuff, band and table camera, paired on the ledger and read every evening over links that
//! lose, repeat, delay and break, into a home node that loses its network and dies once; at the end the hospital reads
//! every reading of the week.
//!
//! ```text
//! cargo run --release --example home_gateway
//! cargo run --release --example home_gateway -- --seed 7 --clip FILE.mjpeg
//! ```

use clap::Parser;
use dmledger_ble::{
    codec::{
        capture::{ObjectCodec, ObjectKind},
        glucose::{SampleLocation, SampleType},
        medfloat::Decimal,
        mjpeg::frames,
    },
    ingest::{Device, intake::Quarantine},
    link::BondState,
    sim::{Faults, StoredReading, Struck},
};
use dmledger_core::{
    account::{DeviceKind, DeviceStatus},
    record::{Assurance, DataKind, Meal, MealType, Reading, ReadingFacts, ZoneOffset},
    scope::Purpose,
    time::{Clock, TimeRange, Timestamp},
    traits::BlobStore,
};
use dmledger_examples::{
    devices::{Band, Camera, Cuff, FAULTS, MealSeen, Meter, Sensor, Session, clock, made_up_frame},
    error::{During, HostError},
    household::{Household, KINDS, Tally, read_all},
    institution::Institution,
    network::Network,
    people::People,
    residence::{Grantee, Terms},
    story,
};
use dmledger_net::node::SystemClock;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

const DAYS: u32 = 7;
const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);

/// A week of a simulated household, from its devices to the hospital.
#[derive(Debug, Parser)]
#[command(name = "home_gateway")]
struct Args {
    /// Seed of keys, values and faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Motion JPEG for the camera; without it, pictures are made up.
    #[arg(long, value_name = "FILE")]
    clip: Option<PathBuf>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "the account of the week is what it is for")]
async fn main() -> ExitCode {
    match week(&Args::parse()).await {
        Ok(account) => {
            println!("{account}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The five devices, and what was expected of them.
struct Home {
    meter: Meter,
    sensor: Sensor,
    cuff: Cuff,
    band: Band,
    camera: Camera,
    pictures: Vec<Vec<u8>>,
    seed: u64,
    struck: Struck,
    sessions: u64,
    refused: Vec<String>,
    tally: Tally,
    taken: Vec<Reading>,
    shown: Vec<Vec<u8>>,
}

async fn week(args: &Args) -> Result<String, HostError> {
    let mut rng = ChaCha20Rng::seed_from_u64(args.seed);
    let now = SystemClock.now();
    let monday = Timestamp::from_seconds((now.minus(DAY * (DAYS + 1)).millis() / 86_400_000) * 86_400);
    let scratch = tempfile::tempdir().during("temporary folder")?;

    let people = People::new(4, 1, now, &mut rng)?;
    let network = Network::start(people.genesis(now)?, people.seats(), &scratch.path().join("nodes")).await?;
    story::found(&network, &people, &mut rng).await?;
    let node = Arc::clone(&network.nodes()[people.institutions.len()]);
    let lake: Arc<dyn BlobStore> = network.lake();
    let journal = scratch.path().join("intake");
    let mut household = Household::open(&KINDS, &people.residences[0], monday, &node, &lake, journal, &mut rng).await?;

    let mut home = Home::new(args, monday)?;
    for (kind, device) in home.devices() {
        require(household.admit(&device, monday).is_err(), "nothing is admitted before it is paired on the ledger")?;
        household.pair(kind, &device, monday).await?;
    }
    for day in 0..DAYS {
        let morning = monday.plus(DAY * day);
        home.live(day, morning)?;
        home.evening(&mut household, day, morning.plus(HOUR * 23)).await?;
        match day {
            // The node dies between anchoring and noting it.
            1 => household.flush_and_crash().await?,
            // The network is away for two evenings: everything waits at home.
            2 | 3 => require(household.pending() > 0, "the node keeps what it cannot send")?,
            _ => _ = household.flush().await?,
        }
        if day == 4 {
            home.replace_meter(&mut household, morning.plus(HOUR * 23)).await?;
        }
    }
    home.doubtful(&mut household, monday.plus(DAY * DAYS).minus(HOUR)).await?;
    household.flush().await?;

    let data = TimeRange::new(monday, monday.plus(DAY * DAYS)).during("week")?;
    let terms = Terms { data, until: now.plus(DAY * 30), purpose: Purpose::Treatment, quota: None };
    let granted = household.grant(&Grantee::from(&people.institutions[0]), &terms).await?;
    let hospital_node = Arc::clone(&network.nodes()[0]);
    hospital_node.reach(node.tip()?.height).await?;
    let mut hospital = Institution::new(&people.institutions[0], hospital_node, Arc::clone(&lake), args.seed);
    let read = read_all(&mut hospital, &granted, household.pictures(), &data).await;
    let read = read.map_err(|error| HostError::new(error.to_string()))?;
    home.account(&household, &read.readings, &read.pictures)
}

fn require(holds: bool, what: &str) -> Result<(), HostError> {
    if holds { Ok(()) } else { Err(HostError::new(format!("does not hold: {what}"))) }
}

impl Home {
    fn new(args: &Args, monday: Timestamp) -> Result<Self, HostError> {
        let pictures = match &args.clip {
            Some(file) => {
                let clip = std::fs::read(file).during(file.display())?;
                frames(&clip).map(|frame| frame.map(<[u8]>::to_vec)).collect::<Result<_, _>>().during("clip")?
            }
            None => (0..21).map(|number| made_up_frame(number, 9_000)).collect(),
        };
        Ok(Self {
            meter: Meter::new(b"maker/meter/1"),
            sensor: Sensor::new(b"maker/sensor/1", monday)?,
            cuff: Cuff::new(b"maker/cuff/1"),
            band: Band::new(b"maker/band/1"),
            camera: Camera::new(b"maker/camera/1"),
            pictures,
            seed: args.seed,
            struck: Struck::default(),
            sessions: 0,
            refused: Vec::new(),
            tally: Tally::default(),
            taken: Vec::new(),
            shown: Vec::new(),
        })
    }

    fn devices(&self) -> [(DeviceKind, Device); 5] {
        [
            (DeviceKind::GlucoseMeter, *self.meter.identity()),
            (DeviceKind::GlucoseSensor, *self.sensor.identity()),
            (DeviceKind::BloodPressure, *self.cuff.identity()),
            (DeviceKind::Wearable, *self.band.identity()),
            (DeviceKind::TableCamera, *self.camera.identity()),
        ]
    }

    /// A day: four finger pricks, a sensor value every five minutes, two blood pressures, a night, three meals.
    fn live(&mut self, day: u32, morning: Timestamp) -> Result<(), HostError> {
        let number = i64::from(day);
        for (hour, mg_per_dl) in [(7, 104), (11, 131), (17, 98), (21, 142)] {
            let at = clock(morning.plus(HOUR * hour))?;
            self.meter.measure(&[StoredReading::mg_per_dl(at, Decimal::new(mg_per_dl + number, 0))]);
        }
        for slot in 0..276_u16 {
            let minutes = u16::try_from(day * 1440).during("minutes")? + 5 * slot;
            let wave = (i64::from(slot) * 37 + number * 11) % 90;
            let value = if day == 4 && (120..124).contains(&slot) { 51 } else { 85 + wave };
            self.sensor.measure(minutes, value)?;
        }
        for (hour, systolic) in [(8, 128), (20, 134)] {
            self.cuff.measure(morning.plus(HOUR * hour), systolic + number, 82, 66)?;
        }
        let in_bed = 28_000 + 60 * day;
        self.band.sleep(u16::try_from(day).during("night")?, morning.plus(Duration::from_secs(600)), in_bed, 25_000)?;
        for (index, hour) in [8, 13, 19].into_iter().enumerate() {
            let picture = &self.pictures[(3 * day as usize + index) % self.pictures.len()];
            self.camera.record(morning.plus(HOUR * hour), ObjectKind::KEY_FRAME, ObjectCodec::JPEG, picture)?;
        }
        Ok(())
    }

    /// The evening: every device is read.
    async fn evening(&mut self, household: &mut Household, day: u32, at: Timestamp) -> Result<(), HostError> {
        let seed = self.seed.wrapping_mul(1000) + u64::from(day) * 100;
        let rates: Vec<_> = (0..60_u8).map(|second| 58 + second % 12).collect();
        let sessions = [
            self.meter.sync(at, FAULTS, seed)?,
            self.sensor.sync(at, FAULTS, seed + 10)?,
            self.cuff.sync(at, FAULTS, seed + 20)?,
            self.band.nights(at, FAULTS, seed + 30)?,
            self.band.listen(at, &rates, FAULTS, seed + 40)?,
        ];
        for session in sessions {
            self.take(household, session)?;
        }
        let known = |manifest: &dmledger_ble::codec::capture::Manifest| {
            let meal = match manifest.start.hours() {
                0..11 => MealType::Breakfast,
                11..16 => MealType::Lunch,
                _ => MealType::Dinner,
            };
            Meal::new(meal).with_carbohydrate_mg(45_000)
        };
        let (mut tally, mut taken, mut shown) = (Tally::default(), Vec::new(), Vec::new());
        let keep = |meal: MealSeen| {
            tally = tally.plus(household.take_meal(meal.reading.clone(), &meal.object)?);
            taken.push(meal.reading);
            shown.push(meal.object);
            Ok(())
        };
        let struck = self.camera.fetch(at, FAULTS, seed + 50, known, keep).await?;
        (self.struck, self.sessions) = (self.struck.plus(struck), self.sessions + 1);
        self.tally = self.tally.plus(tally);
        self.taken.extend(taken);
        self.shown.extend(shown);
        Ok(())
    }

    fn take(&mut self, household: &mut Household, session: Session) -> Result<(), HostError> {
        let tally = household.take(&session.readings)?;
        self.taken.extend(session.readings);
        self.struck = self.struck.plus(session.struck);
        self.sessions += session.sessions;
        self.refused.extend(session.refused);
        self.tally = self.tally.plus(tally);
        Ok(())
    }

    /// The meter is replaced by another.
    async fn replace_meter(&mut self, household: &mut Household, at: Timestamp) -> Result<(), HostError> {
        let new = Meter::new(b"maker/meter/2");
        household.replace(self.meter.identity(), DeviceKind::GlucoseMeter, new.identity(), at).await?;
        require(household.admit(self.meter.identity(), at).is_err(), "the old meter does not come back")?;
        self.meter = new;
        Ok(())
    }

    /// What must not be mixed with the patient's data: control solution, a clock that jumped ahead, a number no meter
    /// reports, the old meter's readings after it was replaced, the cuff's after it was de-registered, a meter that nobody
    /// paired, and a stranger under the sensor's name.
    async fn doubtful(&mut self, household: &mut Household, at: Timestamp) -> Result<(), HostError> {
        let value = |hours: u32, mg_per_dl: i64| -> Result<StoredReading, HostError> {
            Ok(StoredReading::mg_per_dl(clock(at.minus(HOUR * hours))?, Decimal::new(mg_per_dl, 0)))
        };
        let control = value(2, 110)?.with_sample(SampleType::CONTROL_SOLUTION, SampleLocation::CONTROL_SOLUTION);
        let ahead = StoredReading::mg_per_dl(clock(at.plus(DAY))?, Decimal::new(111, 0));
        self.meter.measure(&[control, ahead, value(3, 1500)?]);
        let session = self.meter.sync(at, Faults::NONE, 1)?;
        self.take(household, session)?;
        for (serial, seed) in [(&b"maker/meter/1"[..], 2), (b"neighbour/meter", 3)] {
            let mut meter = Meter::new(serial);
            meter.measure(&[value(1, 99)?]);
            let session = meter.sync(at, Faults::NONE, seed)?;
            self.take(household, session)?;
        }
        household.unpair(DeviceKind::BloodPressure, self.cuff.identity(), at.minus(HOUR * 2)).await?;
        self.cuff.measure(at.minus(HOUR), 122, 80, 64)?;
        let session = self.cuff.sync(at, Faults::NONE, 4)?;
        self.take(household, session)?;
        let mut sensors = self.taken.iter().filter(|one| one.kind() == DataKind::ContinuousGlucose);
        let last = sensors.next_back().ok_or_else(|| HostError::new("no sensor reading"))?;
        let mut facts: ReadingFacts = last.facts().clone();
        facts.provenance.sequence += 1;
        facts.provenance.assurance = Assurance::None;
        let stranger = Device::new(b"maker/sensor/1", BondState::NotBonded).in_zone(ZoneOffset::UTC);
        require(stranger.id() == facts.provenance.device, "the stranger uses the sensor's name")?;
        let readings = vec![Reading::new(facts).during("stranger")?];
        self.take(household, Session { readings, sessions: 1, ..Session::default() })
    }

    /// Compares what the hospital read with what the devices measured.
    fn account(
        &self,
        household: &Household,
        read: &BTreeMap<DataKind, Vec<Reading>>,
        pictures: &[Vec<u8>],
    ) -> Result<String, HostError> {
        let aside: Vec<_> = household.quarantined().collect();
        let aside_digests: BTreeSet<_> = aside.iter().map(|(_, reading)| reading.digest()).collect();
        let expected: BTreeSet<_> = self
            .taken
            .iter()
            .map(content)
            .filter(|one| !aside.iter().any(|(_, aside)| content(aside) == *one))
            .collect();
        let got: Vec<_> = read.values().flatten().collect();
        let distinct: BTreeSet<_> = got.iter().map(|reading| content(reading)).collect();
        require(distinct.len() == got.len(), "no reading was anchored twice")?;
        require(distinct == expected, "every reading of the week is readable, and no other")?;
        require(got.iter().all(|one| !aside_digests.contains(&one.digest())), "nothing doubtful was anchored")?;
        let week = [
            (DataKind::SelfMeasuredGlucose, 28),
            (DataKind::ContinuousGlucose, 7 * 276),
            (DataKind::BloodPressure, 14),
            (DataKind::Sleep, 7),
            (DataKind::Diet, 21),
        ];
        for (kind, count) in week {
            require(read.get(&kind).map(Vec::len) == Some(count), &format!("{count} readings of {kind}"))?;
        }
        let reasons: BTreeSet<_> = aside.iter().map(|(why, _)| *why).collect();
        let wanted = [
            Quarantine::UnknownDevice,
            Quarantine::Clone,
            Quarantine::AfterRetirement,
            Quarantine::Future,
            Quarantine::Impossible,
            Quarantine::ControlSolution,
        ];
        require(reasons == wanted.into_iter().collect(), "each doubtful reading was put aside for its own reason")?;
        require(self.tally.accepted == got.len() && household.pending() == 0, "what was taken was anchored")?;
        require(self.refused.is_empty(), "every value of a device became a reading")?;
        require(self.camera.objects() == 0, "the camera has deleted what is kept")?;
        let (mut kept, mut seen) = (self.shown.clone(), pictures.to_vec());
        kept.sort();
        seen.sort();
        require(kept == seen && seen.len() == 21, "every picture is readable and equal")?;
        require(
            matches!(
                household.paired(DeviceKind::GlucoseMeter)?[..],
                [DeviceStatus::Replaced { .. }, DeviceStatus::Paired]
            ) && matches!(household.paired(DeviceKind::BloodPressure)?[..], [DeviceStatus::Retired { .. }]),
            "the ledger lists the meter as replaced and the cuff as de-registered",
        )?;
        require(!household.alerts().is_empty(), "the low of the fifth day raised an alert")?;
        Ok(self.words(household, read, &aside))
    }

    fn words(
        &self,
        household: &Household,
        read: &BTreeMap<DataKind, Vec<Reading>>,
        aside: &[(Quarantine, &Reading)],
    ) -> String {
        let mut lines = vec!["read by the hospital:".to_owned()];
        lines.extend(read.iter().map(|(kind, readings)| format!("  {:>5}  {kind}", readings.len())));
        lines.push(format!("  {:>5}  pictures of meals, each equal to what the camera recorded", self.shown.len()));
        lines.push("put aside, none of it anchored:".to_owned());
        lines
            .extend(aside.iter().map(|(why, reading)| format!("  {:>5}  {}: {}", 1, reading.measured(), why.reason())));
        let Struck { lost, late, repeated, corrupted, dropped, slow, refused, .. } = self.struck;
        lines.push(format!("faults of the links in {} sessions, each made good:", self.sessions));
        lines.push(format!(
            "  {lost} values lost, {late} late, {repeated} repeated, {corrupted} corrupted, {dropped} links broken, {slow} \
             slow answers, {refused} bonds refused"
        ));
        lines.push(format!("  {} readings came again and were known", self.tally.duplicates));
        lines.push(
            "the node died once between anchoring and noting it, and was without network for two evenings".into(),
        );
        lines.push(
            "on the ledger: six devices paired, the meter replaced, the cuff de-registered; nothing else was admitted"
                .into(),
        );
        lines.push(format!("alerts: {}", household.alerts().len()));
        lines.join("\n")
    }
}

/// What a reading says, whenever it was received: the night that is fetched every evening is one reading.
fn content(reading: &Reading) -> (u16, i64, u32, String) {
    let provenance = reading.provenance();
    let raw = provenance.raw.to_string();
    (reading.kind().code(), provenance.base_time.millis(), provenance.sequence, raw + &provenance.device.to_string())
}
