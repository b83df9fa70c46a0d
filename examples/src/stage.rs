//! A small network in a temporary folder, for examples that tell one thing: institutions, a patient's home with a few
//! days of made-up readings, and the lake.

use crate::{
    error::{During, HostError},
    input::Input,
    institution::Institution,
    network::Network,
    people::People,
    residence::Residence,
    story,
};
use dmledger_core::{
    record::Reading,
    time::{Clock, TimeRange, Timestamp},
    traits::BlobStore,
};
use dmledger_net::node::SystemClock;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{future::Future, num::NonZeroU32, process::ExitCode, sync::Arc, time::Duration};

/// Everybody, admitted, and the folder that goes with them.
#[derive(Debug)]
pub struct Stage {
    /// Who takes part.
    pub people: People,
    /// Their nodes and the lake.
    pub network: Network,
    /// When it began.
    pub now: Timestamp,
    seed: u64,
    rng: ChaCha20Rng,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// A network of `institutions` and one home.
    ///
    /// # Errors
    /// If a node cannot start or somebody is not admitted.
    pub async fn new(institutions: u8, seed: u64) -> Result<Self, HostError> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let now = SystemClock.now();
        let folder = tempfile::tempdir().during("temporary folder")?;
        let people = People::new(institutions, 1, now, &mut rng)?;
        let network = Network::start(people.genesis(now)?, people.seats(), &folder.path().join("data")).await?;
        story::found(&network, &people, &mut rng).await?;
        Ok(Self { people, network, now, seed, rng, _folder: folder })
    }

    /// The patient's home, which has taken in `days` days of readings; and the readings.
    ///
    /// # Errors
    /// If the ledger or the lake refuses.
    pub async fn home(&self, days: u32) -> Result<(Residence, Vec<Reading>), HostError> {
        let days = NonZeroU32::new(days).unwrap_or(NonZeroU32::MIN);
        let readings = Input::synthetic(self.seed, days)?.through_the_meter(self.seed, self.now)?.readings;
        let first = readings.first().ok_or_else(|| HostError::new("no reading could be taken in"))?;
        let node = Arc::clone(&self.network.nodes()[self.people.institutions.len()]);
        let (lake, rng) = (self.network.lake() as Arc<dyn BlobStore>, self.rng.clone());
        let person = &self.people.residences[0];
        let mut home = Residence::open(person, first.kind(), first.at(), node, lake, rng).await?;
        home.take_in(readings.clone(), &|_| ()).await?;
        Ok((home, readings))
    }

    /// Institution `n` at its node, once it knows what the home knows.
    ///
    /// # Errors
    /// If there is no such institution, or its node has stopped.
    pub async fn institution(&self, n: usize, home: &Residence) -> Result<Institution<'_>, HostError> {
        let none = || HostError::new("no such institution");
        let (person, node) = self.people.institutions.get(n).zip(self.network.nodes().get(n)).ok_or_else(none)?;
        let (lake, seed) = (self.network.lake() as Arc<dyn BlobStore>, self.seed.wrapping_add(100 + n as u64));
        let institution = Institution::new(person, Arc::clone(node), lake, seed);
        institution.node().reach(home.node().tip()?.height).await?;
        Ok(institution)
    }

    /// Stops every node and opens its folder again; whether each is where it was. Whatever holds a node has to be let go
    /// before.
    ///
    /// # Errors
    /// If a node cannot be stopped or its folder not be opened.
    pub async fn finish(self) -> Result<bool, HostError> {
        let tip = self.network.nodes().first().map(|node| node.tip()).transpose()?;
        if let Some(tip) = tip {
            self.network.settle(tip.height).await?;
        }
        self.network.stop_and_reopen().await
    }

    /// Thirty days from now.
    #[must_use]
    pub fn next_month(&self) -> Timestamp {
        self.now.plus(Duration::from_secs(30 * 24 * 3600))
    }
}

/// The whole hours that readings lie in.
///
/// # Errors
/// If there are none.
pub fn span(readings: &[Reading]) -> Result<TimeRange, HostError> {
    let ends = readings.first().zip(readings.last());
    let (first, last) = ends.ok_or_else(|| HostError::new("no reading could be taken in"))?;
    TimeRange::new(first.at().floor_hour(), last.at().floor_hour().plus(Duration::from_secs(3600))).during("range")
}

/// What must hold, or the example fails with `what`.
///
/// # Errors
/// If it does not hold.
pub fn ensure(holds: bool, what: &str) -> Result<(), HostError> {
    if holds { Ok(()) } else { Err(HostError::new(format!("not as it must be: {what}"))) }
}

/// Runs an example to its end; a failure is one line and a status that is not zero.
#[must_use]
pub fn run(example: impl Future<Output = Result<(), HostError>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&HostError::during("runtime", error)),
    };
    match runtime.block_on(example) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &HostError) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}
