//! A home with its devices at one node: readings go through the intake, which keeps them while the network is away, into
//! the accounts, one a kind of data; alerts go to whoever coordinates care.

use crate::{
    error::{During, HostError},
    institution::{Institution, ReadError},
    network::Node,
    people::Person,
    residence::{Grantee, Residence, Terms},
};
use dmledger_ble::ingest::{
    Device,
    alert::{Alert, AlertRules, Monitor},
    intake::{Intake, IntakeRules, Quarantine, Verdict},
    journal::FileJournal,
};
use dmledger_core::{
    account::{Device as Listed, DeviceKind, DeviceStatus},
    consent::GrantId,
    envelope::AccountId,
    record::{DataKind, Reading, RecordId, reading::ReadingBatch},
    scope::Purpose,
    time::{TimeRange, Timestamp},
    traits::BlobStore,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rand_core::Rng;
use std::{
    collections::BTreeMap,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The kinds of data that the devices of a home measure.
pub const KINDS: [DataKind; 6] = [
    DataKind::SelfMeasuredGlucose,
    DataKind::ContinuousGlucose,
    DataKind::BloodPressure,
    DataKind::HeartRate,
    DataKind::Sleep,
    DataKind::Diet,
];

/// What became of readings that were offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Taken.
    pub accepted: usize,
    /// Seen before.
    pub duplicates: usize,
    /// Put aside.
    pub quarantined: usize,
    /// Not kept: too many are put aside already.
    pub turned_away: usize,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            duplicates: self.duplicates + other.duplicates,
            quarantined: self.quarantined + other.quarantined,
            turned_away: self.turned_away + other.turned_away,
        }
    }
}

/// A grant for one account.
#[derive(Clone, Copy, Debug)]
pub struct Granted {
    /// For what.
    pub kind: DataKind,
    /// The account.
    pub account: AccountId,
    /// The grant.
    pub grant: GrantId,
}

/// A home node with its intake and its accounts.
#[derive(Debug)]
pub struct Household {
    accounts: BTreeMap<DataKind, Residence>,
    journal: PathBuf,
    secret: [u8; 32],
    intake: Intake<FileJournal>,
    monitor: Monitor,
    alerts: Vec<Alert>,
    held: Vec<(Timestamp, PathBuf)>,
    pictures: Vec<RecordId>,
}

impl Household {
    /// Opens an account for each of `kinds` and the intake's journal.
    ///
    /// # Errors
    /// The ledger's reason if it refuses, or if the journal cannot be opened.
    pub async fn open(
        kinds: &[DataKind],
        person: &Person,
        first: Timestamp,
        node: &Arc<Node>,
        lake: &Arc<dyn BlobStore>,
        journal: PathBuf,
        rng: &mut ChaCha20Rng,
    ) -> Result<Self, HostError> {
        let mut accounts = BTreeMap::new();
        for kind in kinds.iter().copied() {
            let mut seed = [0; 32];
            rng.fill_bytes(&mut seed);
            let own = ChaCha20Rng::from_seed(seed);
            let residence = Residence::open(person, kind, first, Arc::clone(node), Arc::clone(lake), own).await?;
            accounts.insert(kind, residence);
        }
        let mut secret = [0; 32];
        rng.fill_bytes(&mut secret);
        let intake = open_intake(&journal, secret)?;
        let monitor = Monitor::new(AlertRules::usual());
        Ok(Self {
            accounts,
            journal,
            secret,
            intake,
            monitor,
            alerts: Vec::new(),
            held: Vec::new(),
            pictures: Vec::new(),
        })
    }

    /// Pairs a device on the ledger, in the account of each kind of data it measures, then with the gateway: its readings
    /// are taken from `from` on.
    ///
    /// # Errors
    /// The ledger's reason if it refuses, or if the journal fails.
    pub async fn pair(&mut self, kind: DeviceKind, device: &Device, from: Timestamp) -> Result<(), HostError> {
        for data in self.measured_here(kind) {
            self.account_mut(data)?.pair(kind, &device.id()).await?;
        }
        self.admit(device, from)
    }

    /// Lets a device take the place of another on the ledger; from `at` on the gateway takes readings of the new one only.
    ///
    /// # Errors
    /// The ledger's reason if it refuses, or if the journal fails.
    pub async fn replace(
        &mut self,
        old: &Device,
        kind: DeviceKind,
        new: &Device,
        at: Timestamp,
    ) -> Result<(), HostError> {
        for data in self.measured_here(kind) {
            self.account_mut(data)?.replace(&old.id(), kind, &new.id()).await?;
        }
        self.follow(at)?;
        self.admit(new, at)
    }

    /// De-registers a device on the ledger; the gateway takes nothing that it measures from `at` on.
    ///
    /// # Errors
    /// The ledger's reason if it refuses, or if the journal fails.
    pub async fn unpair(&mut self, kind: DeviceKind, device: &Device, at: Timestamp) -> Result<(), HostError> {
        for data in self.measured_here(kind) {
            self.account_mut(data)?.deregister(&device.id()).await?;
        }
        self.follow(at)
    }

    /// Admits a device that the ledger lists as paired.
    ///
    /// # Errors
    /// If the ledger does not list it, or the journal fails.
    pub fn admit(&mut self, device: &Device, from: Timestamp) -> Result<(), HostError> {
        let listed = self.listed()?;
        self.intake.register(device, from, &listed.iter().collect::<Vec<_>>()).during("intake")
    }

    /// Lets go of what the ledger no longer lists as paired.
    fn follow(&mut self, at: Timestamp) -> Result<(), HostError> {
        let listed = self.listed()?;
        self.intake.follow(&listed.iter().collect::<Vec<_>>(), at).during("intake").map(|_| ())
    }

    /// What the ledger says of the devices of a kind, in the order of pairing.
    ///
    /// # Errors
    /// If the node's store cannot be read or proves something else.
    pub fn paired(&self, kind: DeviceKind) -> Result<Vec<DeviceStatus>, HostError> {
        Ok(self.listed()?.iter().filter(|row| row.kind() == kind).map(Listed::status).collect())
    }

    /// What a device measures that this home has an account for.
    fn measured_here(&self, kind: DeviceKind) -> Vec<DataKind> {
        measured_by(kind).iter().copied().filter(|data| self.accounts.contains_key(data)).collect()
    }

    /// The devices of all accounts, as the ledger proves them.
    fn listed(&self) -> Result<Vec<Listed>, HostError> {
        let lists = self.accounts.values().map(Residence::devices).collect::<Result<Vec<_>, _>>()?;
        Ok(lists.into_iter().flatten().collect())
    }

    /// Offers readings: durable on return, each once. Alerts are raised for those that are taken.
    ///
    /// # Errors
    /// If the journal fails.
    pub fn take(&mut self, readings: &[Reading]) -> Result<Tally, HostError> {
        let verdicts = self.intake.offer(readings.to_vec()).during("intake")?;
        let mut tally = Tally::default();
        for (verdict, reading) in verdicts.iter().zip(readings) {
            match verdict {
                Verdict::Accepted => {
                    tally.accepted += 1;
                    self.monitor.observe(reading, &mut self.alerts);
                }
                Verdict::Duplicate => tally.duplicates += 1,
                Verdict::Quarantined(_) => tally.quarantined += 1,
                Verdict::TurnedAway(_) => tally.turned_away += 1,
            }
        }
        Ok(tally)
    }

    /// Seals and anchors everything that waits, and settles it; says how many readings.
    ///
    /// # Errors
    /// If the ledger or the lake fails; nothing is lost, and the next call goes on.
    pub async fn flush(&mut self) -> Result<usize, HostError> {
        let pending = self.intake.pending();
        for name in self.anchor().await? {
            self.intake.settle(name).during("intake")?;
        }
        while let Some((at, file)) = self.held.first().cloned() {
            let object = std::fs::read(&file).during("picture")?;
            let record = self.account_mut(DataKind::Diet)?.take_in_object(at, object).await?;
            self.pictures.push(record);
            self.held.remove(0);
            std::fs::remove_file(&file).during("picture")?;
        }
        Ok(pending)
    }

    /// As [`Self::flush`], and the node dies before anything is settled: what was anchored is handed out again at the
    /// next flush, under the same names.
    ///
    /// # Errors
    /// If the ledger, the lake or the journal fails.
    pub async fn flush_and_crash(&mut self) -> Result<(), HostError> {
        self.anchor().await?;
        self.intake = open_intake(&self.journal, self.secret)?;
        Ok(())
    }

    async fn anchor(&mut self) -> Result<Vec<dmledger_core::hash::Digest>, HostError> {
        let mut by_kind: BTreeMap<DataKind, Vec<(RecordId, ReadingBatch)>> = BTreeMap::new();
        let mut names = Vec::new();
        for batch in self.intake.claim().during("intake")? {
            names.push(batch.name());
            let record = RecordId::new(batch.name().to_bytes());
            let batch = ReadingBatch::new(batch.into_readings()).during("batch")?;
            let kind = batch.kind().ok_or_else(|| HostError::new("a batch without a kind"))?;
            by_kind.entry(kind).or_default().push((record, batch));
        }
        for (kind, batches) in by_kind {
            self.account_mut(kind)?.take_in_named(batches, &|_| ()).await?;
        }
        Ok(names)
    }

    /// Takes a meal in with its picture: both are on disk on return. The picture is sealed and anchored at the next flush
    /// as a record of its own beside the meals, whose readings name its digest.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn take_meal(&mut self, reading: Reading, object: &[u8]) -> Result<Tally, HostError> {
        let number = self.held.len() + self.pictures.len();
        let path = self.journal.with_extension(format!("picture{number}"));
        let mut file = File::create(&path).during("picture")?;
        file.write_all(object).and_then(|()| file.sync_all()).during("picture")?;
        self.held.push((reading.at(), path));
        self.take(&[reading])
    }

    /// Grants every account to somebody under the same terms.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn grant(&mut self, to: &Grantee, terms: &Terms) -> Result<Vec<Granted>, HostError> {
        let mut granted = Vec::new();
        for (kind, residence) in &mut self.accounts {
            let grant = residence.grant(to, terms).await?;
            granted.push(Granted { kind: *kind, account: residence.account(), grant });
        }
        Ok(granted)
    }

    /// What was put aside, with its reason.
    pub fn quarantined(&self) -> impl Iterator<Item = (Quarantine, &Reading)> + '_ {
        self.intake.quarantined().map(|(_, why, reading)| (why, reading))
    }

    /// How many readings wait to be anchored.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.intake.pending()
    }

    /// What was raised so far.
    #[must_use]
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// Records of pictures, in the order they were kept.
    #[must_use]
    pub fn pictures(&self) -> &[RecordId] {
        &self.pictures
    }

    /// The accounts, one a kind of data.
    pub fn accounts(&self) -> impl Iterator<Item = &Residence> {
        self.accounts.values()
    }

    /// The account of a kind of data.
    #[must_use]
    pub fn account(&self, kind: DataKind) -> Option<&Residence> {
        self.accounts.get(&kind)
    }

    fn account_mut(&mut self, kind: DataKind) -> Result<&mut Residence, HostError> {
        self.accounts.get_mut(&kind).ok_or_else(|| HostError::new(format!("no account for {kind}")))
    }
}

/// The kinds of data that a device measures, and in whose accounts it is paired.
const fn measured_by(kind: DeviceKind) -> &'static [DataKind] {
    match kind {
        DeviceKind::GlucoseMeter => &[DataKind::SelfMeasuredGlucose],
        DeviceKind::GlucoseSensor => &[DataKind::ContinuousGlucose],
        DeviceKind::BloodPressure => &[DataKind::BloodPressure],
        DeviceKind::Wearable => &[DataKind::HeartRate, DataKind::Sleep],
        DeviceKind::TableCamera => &[DataKind::Diet],
        _ => &[],
    }
}

fn open_intake(journal: &Path, secret: [u8; 32]) -> Result<Intake<FileJournal>, HostError> {
    let journal = FileJournal::open(journal).during("intake")?;
    Intake::open(journal, IntakeRules::new(), secret).during("intake")
}

/// What an institution read of a household.
#[derive(Debug, Default)]
pub struct Read {
    /// Every reading, by kind.
    pub readings: BTreeMap<DataKind, Vec<Reading>>,
    /// Every picture.
    pub pictures: Vec<Vec<u8>>,
}

/// Reads everything of a household that was granted: readings as readings, `pictures` as they were recorded.
///
/// # Errors
/// If the ledger denies it, or a record does not open.
pub async fn read_all(
    institution: &mut Institution<'_>,
    granted: &[Granted],
    pictures: &[RecordId],
    range: &TimeRange,
) -> Result<Read, ReadError> {
    let mut read = Read::default();
    for Granted { kind, account, grant } in granted {
        let all = institution.index(account, range)?;
        let (objects, records): (Vec<_>, Vec<_>) = all.into_iter().partition(|record| pictures.contains(record));
        let (batches, _) = institution.read(*account, *grant, &records, Purpose::Treatment).await?;
        let readings = read.readings.entry(*kind).or_default();
        batches.into_iter().for_each(|batch| readings.extend(batch.into_readings()));
        read.pictures.extend(institution.read_objects(*account, *grant, &objects, Purpose::Treatment).await?);
    }
    Ok(read)
}
