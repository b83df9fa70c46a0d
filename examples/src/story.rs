//! What happens in `ab_network` once the patient's readings are anchored: who asks for what, and what they get.

mod days;

use crate::{
    audit::Dossier,
    error::{During, HostError},
    institution::{Institution, Question, ReadError, Shown},
    network::{Network, Node},
    outcome::{Denied, Learned, Outcome, Row},
    people::{People, Person},
    residence::{Grantee, Residence, Terms},
    tamper,
};
use dmledger_core::{
    consent::GrantId,
    decide::{AccessOutcome, Reason},
    record::{Reading, RecordId, reading::ReadingBatch},
    scope::Purpose,
    time::{TimeRange, Timestamp},
    traits::{BlobStore, proof_verifier::ProofClaim},
};
use dmledger_store::lake::Lake;
use dmledger_zk::{range::Interval, seal::Keys};
use rand_chacha::ChaCha20Rng;
use std::{path::Path, sync::Arc, time::Duration};

/// What the proof of the story is for.
const PURPOSE: &str = "time in range";
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
    institutions: Vec<Institution<'a>>,
    residence: Residence,
    readings: &'a [Reading],
    all: TimeRange,
    outcome: &'a mut Outcome,
    proved: Option<(RecordId, Shown, ProofClaim)>,
    interval: Interval,
    /// The patient's home, where a second account is opened for sealed days.
    resident: &'a Person,
    home: Arc<Node>,
    lake: Arc<Lake>,
    seed: u64,
}

impl<'a> Story<'a> {
    /// Puts the institutions of `people` at their nodes of `network`.
    ///
    /// # Errors
    /// If there are no readings.
    pub fn new(
        network: &Network,
        people: &'a People,
        residence: Residence,
        readings: &'a [Reading],
        seed: u64,
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
        let (lake, proved) = (network.lake(), None);
        Ok(Self { institutions, residence, readings, all, outcome, proved, interval, resident, home, lake, seed })
    }

    /// The patient's home.
    #[must_use]
    pub const fn residence(&self) -> &Residence {
        &self.residence
    }

    /// Plays every scene.
    ///
    /// # Errors
    /// If anything but the ledger's refusals stops it.
    pub async fn play(&mut self, until: Timestamp) -> Result<(), HostError> {
        let grant = self.a_hospital_is_granted_and_reads(until).await?;
        self.another_purpose_is_refused().await?;
        self.a_stranger_is_denied_and_cannot_open(grant).await?;
        self.a_pharmacy_gets_one_day(until).await?;
        self.a_fact_is_proved().await?;
        self.a_regulator_learns_time_in_range().await?;
        self.a_former_grantee_keeps_everything(until).await?;
        self.the_grant_is_revoked(grant).await?;
        self.the_log_is_complete().await
    }

    async fn a_hospital_is_granted_and_reads(&mut self, until: Timestamp) -> Result<GrantId, HostError> {
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

    async fn another_purpose_is_refused(&mut self) -> Result<(), HostError> {
        let records = self.some_records(0, 1)?;
        let what = "one hour of glucose, for research";
        self.denied(0, &records, Purpose::Research, what, |why| *why == Reason::WrongPurpose).await
    }

    async fn a_stranger_is_denied_and_cannot_open(&mut self, grant: GrantId) -> Result<(), HostError> {
        let records = self.some_records(1, 1)?;
        let what = "one hour of glucose, for treatment";
        self.denied(1, &records, Purpose::Treatment, what, |why| *why == Reason::NoGrant).await?;
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

    async fn a_pharmacy_gets_one_day(&mut self, until: Timestamp) -> Result<(), HostError> {
        let who = self.person(2)?.title();
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
        self.row(&who, "glucose of the first day", format!("{count} readings"), "granted: that day, 2 requests");
        let later: Vec<_> = self.institutions[2].index(&account, &self.all)?;
        let Some(beyond) = later.into_iter().find(|record| !inside.contains(record)) else { return Ok(()) };
        let outside = |why: &Reason| matches!(why, Reason::OutsideDataRange { .. });
        self.denied(2, &[beyond], Purpose::Treatment, "glucose of a later day", outside).await?;
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

    async fn a_fact_is_proved(&mut self) -> Result<(), HostError> {
        let (who, audience) = (self.person(2)?.title(), self.person(2)?.id().digest());
        let what = "whether a reading lies in 70..180 mg/dL";
        let Some((record, claim)) = self.residence.prove_in_range(self.interval, PURPOSE, audience)? else {
            self.row(&who, what, "no proof", "no reading of this series lies there");
            return Ok(());
        };
        let verifier = &mut self.institutions[2];
        let shown = verifier.show(&record)?;
        let question = Question { record: &record, shown: &shown, interval: self.interval, purpose: PURPOSE };
        verifier.verify(&question, &claim)?;
        self.outcome.proofs_verified += 1;
        self.outcome.proofs.push(Learned {
            verifier: who.clone(),
            at_least_mg_dl: self.interval.low() / 1_000_000,
            at_most_mg_dl: self.interval.high() / 1_000_000,
        });
        self.outcome.inclusions_verified += 1;
        self.row(&who, what, "a proof that holds, no value", format!("{} bytes, bound to A3", claim.proof().len()));
        self.proved = Some((record, shown, claim));
        Ok(())
    }

    /// Granted, unwrapped, asked and allowed; revoked before the gate was asked. Keys, ciphertext and the logged request
    /// are all there, and nothing opens.
    async fn a_former_grantee_keeps_everything(&mut self, until: Timestamp) -> Result<(), HostError> {
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

    async fn the_grant_is_revoked(&mut self, grant: GrantId) -> Result<(), HostError> {
        let height = self.residence.revoke_and_rotate(grant).await?;
        self.follow(0).await?;
        let records = self.some_records(0, 1)?;
        let what = "one hour of glucose, after the revocation";
        self.denied(0, &records, Purpose::Treatment, what, |why| *why == Reason::Revoked { height }).await
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
        if denied != self.outcome.reads_denied.len() {
            return Err(HostError::new("the access log has other denials than were heard"));
        }
        let got = format!("{} entries, {denied} of them denials", entries.len());
        self.outcome.inclusions_verified += 1;
        self.row(&who, "the account's access log", got, "complete under the state root; no reading in it");
        Ok(())
    }

    /// Flips bytes in copies of what A1's node and the lake keep, and in proofs.
    ///
    /// # Errors
    /// If a change goes unnoticed.
    pub async fn tamper(&mut self, network: &Network, scratch: &Path) -> Result<(), HostError> {
        let record = *self.some_records(0, 1)?.first().ok_or_else(|| HostError::new("no record"))?;
        let shown = self.institutions[0].show(&record)?;
        let content = self.institutions[0].check(&record, &shown)?.entry.facts().content;
        let mut found = vec![tamper::lake(&network.lake(), &content, scratch).await?];
        let store = network.dir().join(self.institutions[0].node().name()).join("store");
        found.push(tamper::block_file(&store, network.genesis().chain(), &record, scratch)?);
        if let Some((record, shown, claim)) = &self.proved {
            let question = Question { record, shown, interval: self.interval, purpose: PURPOSE };
            found.push(tamper::claim(&mut self.institutions[2], &question, claim)?);
        }
        found.push(tamper::inclusion(&self.institutions[0], &record, &shown)?);
        found.push(tamper::certificate(&self.institutions[0], &shown)?);
        for what in &found {
            let (thing, how) = what.split_once(": ").unwrap_or((what, ""));
            self.outcome.table.push(Row::new("anybody", format!("one byte changed: {thing}"), "noticed", how));
        }
        self.outcome.tampering_detected = found;
        Ok(())
    }

    /// Asks for records that must not be had, and writes down the answer.
    ///
    /// # Errors
    /// If the ledger allows it, or denies it for another reason than it should.
    async fn denied(
        &mut self,
        n: usize,
        records: &[RecordId],
        purpose: Purpose,
        what: &str,
        expected: impl Fn(&Reason) -> bool,
    ) -> Result<(), HostError> {
        let who = self.person(n)?.title();
        let entry = self.institutions[n].ask(self.residence.account(), records, purpose).await?;
        match entry.outcome {
            AccessOutcome::Denied { reason } if expected(&reason) => {
                let reason = reason.to_string();
                let (who_asked, what_asked) = (who.clone(), what.to_owned());
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
