//! What happens in `ab_network` once the patient's readings are anchored: who asks for what, and what they get. One file a
//! scene, or a few that belong together.

mod cosigning;
mod days;
mod devices;
mod emergency;
mod escrow;
mod grants;
mod proofs;
mod revocation;
mod visit;

use crate::{
    audit::Dossier,
    error::{During, HostError},
    household::Household,
    institution::{Institution, Shown},
    network::{Network, Node},
    outcome::{Denied, Outcome, Row, Scene},
    people::{People, Person},
    report::NoticeLine,
    residence::Residence,
};
use dmledger_core::{
    consent::GrantId,
    decide::{AccessOutcome, Reason},
    envelope::AccountId,
    key::PublicKey,
    record::{DataKind, Reading, RecordId},
    scope::Purpose,
    time::{TimeRange, Timestamp},
    traits::{BlobStore, proof_verifier::ProofClaim},
};
use dmledger_store::lake::Lake;
use dmledger_zk::range::Interval;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Admits everybody: the founders on their own word, the residences with two institutions' approval.
///
/// # Errors
/// The ledger's reason if it refuses somebody.
pub async fn found(network: &Network, people: &People, rng: &mut ChaCha20Rng) -> Result<(), HostError> {
    let chain = network.genesis().chain();
    let first = network.nodes().first().ok_or_else(|| HostError::new("a network without nodes"))?;
    for admissions in [people.founding(chain, rng)?, people.joining(chain, rng)?] {
        let mut tickets = Vec::new();
        for admission in &admissions {
            tickets.push(first.post(admission).await?);
        }
        for ticket in tickets {
            ticket.outcome().await.during("admission")?;
        }
    }
    network.settle(first.tip()?.height).await
}

/// Leaves the dossier of an account beside the network's genesis, for an auditor without a node.
///
/// # Errors
/// If a store cannot be read or the file not be written.
pub fn leave_dossier(network: &Network, residence: &Residence) -> Result<(), HostError> {
    let (chain, account) = (network.genesis().chain(), residence.account());
    let never = GrantId::new([0; 16]);
    Dossier::collect(chain, residence.node().store(), account, never)?.write(network.dir())
}

/// The people of the story at their nodes, and what it has brought so far.
#[derive(Debug)]
pub struct Story<'a> {
    people: &'a People,
    institutions: Vec<Institution<'a>>,
    /// The account of the glucose readings.
    residence: Residence,
    /// The patient's other accounts, one a kind of data.
    others: BTreeMap<DataKind, Residence>,
    /// The devices of the home with their accounts.
    household: Option<Household>,
    clips: Vec<Vec<u8>>,
    readings: &'a [Reading],
    all: TimeRange,
    outcome: &'a mut Outcome,
    /// Denials that were heard, by account.
    denials: BTreeMap<AccountId, usize>,
    notices: Vec<NoticeLine>,
    proved: Option<(RecordId, Shown, ProofClaim)>,
    interval: Interval,
    /// Who lives there, at which node, with which folder.
    resident: &'a Person,
    home: Arc<Node>,
    folder: PathBuf,
    lake: Arc<Lake>,
    seed: u64,
}

impl<'a> Story<'a> {
    /// Puts the institutions of `people` at their nodes of `network`. `clip` is what the camera sees at every meal.
    ///
    /// # Errors
    /// If there are no readings.
    pub fn new(
        network: &Network,
        people: &'a People,
        residence: Residence,
        readings: &'a [Reading],
        (seed, clip): (u64, Vec<u8>),
        outcome: &'a mut Outcome,
    ) -> Result<Self, HostError> {
        let lake = network.lake() as Arc<dyn BlobStore>;
        let seats = people.institutions.iter().zip(network.nodes()).zip((1..).map(|n| seed.wrapping_add(n)));
        let institutions = seats
            .map(|((person, node), seed)| Institution::new(person, Arc::clone(node), Arc::clone(&lake), seed))
            .collect();
        let none = || HostError::new("no reading could be taken in");
        let (first, last) = readings.first().zip(readings.last()).ok_or_else(none)?;
        let all = TimeRange::new(first.at().floor_hour(), last.at().floor_hour().plus(HOUR)).during("range")?;
        let interval = Interval::new(70_000_000, 180_000_000).during("claim")?;
        let none = || HostError::new("a network without a home");
        let resident = people.residences.first().ok_or_else(none)?;
        let home = Arc::clone(network.nodes().get(people.institutions.len()).ok_or_else(none)?);
        Ok(Self {
            people,
            institutions,
            residence,
            others: BTreeMap::new(),
            household: None,
            clips: vec![clip],
            readings,
            all,
            outcome,
            denials: BTreeMap::new(),
            notices: Vec::new(),
            proved: None,
            interval,
            resident,
            folder: network.dir().join(home.name()),
            home,
            lake: network.lake(),
            seed,
        })
    }

    /// The patient's account of glucose readings.
    #[must_use]
    pub const fn residence(&self) -> &Residence {
        &self.residence
    }

    /// All of the patient's accounts, that of the glucose readings first.
    pub fn accounts(&self) -> impl Iterator<Item = &Residence> {
        let devices = self.household.iter().flat_map(Household::accounts);
        std::iter::once(&self.residence).chain(devices).chain(self.others.values())
    }

    /// What the patient was told of.
    #[must_use]
    pub fn notices(&self) -> &[NoticeLine] {
        &self.notices
    }

    /// Plays every scene.
    ///
    /// # Errors
    /// If anything but the ledger's refusals stops it.
    pub async fn play(&mut self, until: Timestamp) -> Result<(), HostError> {
        let grant = self.a_hospital_is_granted_and_reads(until).await?;
        self.more_devices_of_the_home_are_read(until).await?;
        self.another_purpose_is_refused().await?;
        self.a_stranger_is_denied_and_cannot_open(grant).await?;
        self.a_pharmacy_gets_one_day(until).await?;
        self.a_fact_is_proved().await?;
        self.a_regulator_learns_time_in_range().await?;
        self.a_report_waits_in_escrow(until).await?;
        self.a_prescription_is_signed_and_filled(until).await?;
        let emergency = self.the_glass_is_broken().await?;
        self.a_visit_under_an_agreement(until).await?;
        self.a_former_grantee_keeps_everything(until).await?;
        self.the_grant_is_revoked(grant).await?;
        self.the_emergency_is_over(emergency).await?;
        self.the_log_is_complete().await
    }

    /// Anybody with a node can check that the log the patient reads is the whole log.
    async fn the_log_is_complete(&mut self) -> Result<(), HostError> {
        let account = self.residence.account();
        let last = self.institutions.len().min(4) - 1;
        let auditor = &self.institutions[last];
        // The last one who asked has seen the last entry.
        auditor.node().reach(self.institutions[0].node().tip()?.height).await?;
        let (node, who) = (auditor.node(), auditor.person().title());
        let query = node.query()?;
        let log = query.access_log(&account).during("access log")?;
        let entries = log.verify(&query.root().digest, node.chain(), &account).during("access log")?;
        let denied = entries.iter().filter(|one| matches!(one.outcome, AccessOutcome::Denied { .. })).count();
        self.outcome.reads_allowed = entries.len() - denied;
        if Some(&denied) != self.denials.get(&account) {
            return Err(HostError::new("the access log has other denials than were heard"));
        }
        let got = format!("{} entries, {denied} of them denials", entries.len());
        self.outcome.inclusions_verified += 1;
        self.row(&who, "the account's access log", got, "complete under the state root; no reading in it");
        Ok(())
    }

    /// Asks for records that must not be had, and writes down the answer.
    ///
    /// # Errors
    /// If the ledger allows it, or denies it for another reason than it should.
    async fn denied(
        &mut self,
        n: usize,
        account: AccountId,
        records: &[RecordId],
        purpose: Purpose,
        what: &str,
        expected: impl Fn(&Reason) -> bool,
    ) -> Result<(), HostError> {
        let who = self.person(n)?.title();
        let entry = self.institutions[n].ask(account, records, purpose).await?;
        match entry.outcome {
            AccessOutcome::Denied { reason } if expected(&reason) => {
                let reason = reason.to_string();
                let (who_asked, what_asked) = (who.clone(), what.to_owned());
                *self.denials.entry(account).or_default() += 1;
                self.outcome.reads_denied.push(Denied { who: who_asked, what: what_asked, reason: reason.clone() });
                self.row(&who, what, "denied", reason);
                Ok(())
            }
            AccessOutcome::Denied { reason } => Err(HostError::new(format!("{who}, {what}: denied, but {reason}"))),
            AccessOutcome::Allowed { .. } | AccessOutcome::BreakGlass { .. } => {
                Err(HostError::new(format!("{who}, {what}: allowed")))
            }
        }
    }

    /// Opens one of the patient's other accounts, for data from the day before `first` on; `institutions` may write into it
    /// together with the patient.
    async fn open_account(
        &mut self,
        kind: DataKind,
        first: Timestamp,
        institutions: Vec<PublicKey>,
    ) -> Result<(), HostError> {
        if self.others.contains_key(&kind) {
            return Ok(());
        }
        let rng = ChaCha20Rng::seed_from_u64(self.seed.wrapping_add(1_000 + u64::from(kind.code())));
        let (home, lake) = (Arc::clone(&self.home), Arc::clone(&self.lake) as Arc<dyn BlobStore>);
        // A day on the patient's clock may begin before that day in UTC.
        let first = first.minus(DAY).floor_hour();
        let account = Residence::open_with(self.resident, kind, first, institutions, home, lake, rng).await?;
        self.others.insert(kind, account);
        Ok(())
    }

    /// An account opened before.
    fn other(&self, kind: DataKind) -> Result<&Residence, HostError> {
        self.others.get(&kind).ok_or_else(|| HostError::new(format!("no account for {kind}")))
    }

    /// The last whole hour of readings.
    fn last_hour(&self) -> Result<TimeRange, HostError> {
        TimeRange::new(self.all.end().minus(HOUR), self.all.end()).during("hour")
    }

    /// Writes a scene down for whoever reads the outcome by machine.
    fn scene(&mut self, name: &'static str, outcome: impl Into<String>) {
        self.outcome.scenes.push(Scene { name, outcome: outcome.into() });
    }

    fn some_records(&self, n: usize, count: usize) -> Result<Vec<RecordId>, HostError> {
        let all = self.institutions[n].index(&self.residence.account(), &self.all)?;
        Ok(all.into_iter().take(count).collect())
    }

    /// Waits until an institution's node has seen what the patient's node has.
    async fn follow(&self, n: usize) -> Result<(), HostError> {
        self.institutions[n].node().reach(self.residence.node().tip()?.height).await
    }

    fn person(&self, n: usize) -> Result<&'a Person, HostError> {
        let institution =
            self.institutions.get(n).ok_or_else(|| HostError::new("at least three institutions are needed"))?;
        Ok(institution.person())
    }

    fn row(&mut self, who: &str, what: impl Into<String>, got: impl Into<String>, why: impl Into<String>) {
        self.outcome.table.push(Row::new(who, what, got, why));
    }
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}
