//! The scene of an emergency: a hospital breaks the glass because the patient's trustees agree, reads, and is shut out when
//! it ends by itself; the home rotates behind it, and the patient is told everything.

use super::{HOUR, Story};
use crate::{
    error::{During, HostError},
    institution::ReadError,
    people::Person,
    report::NoticeLine,
    residence::trust::Entrusted,
    trustees,
};
use dmledger_core::{
    action::{Action, ApproveEmergency},
    codec,
    consent::{RequestId, Subscriber},
    decide::{AccessOutcome, Reason},
    emergency::{Emergency, EmergencyId, Period, Verdict},
    envelope::{Envelope, Meaning},
    identity::{MemberId, Role},
    ledger::{Event, Watch},
    record::{RecordId, reading::ReadingBatch},
    scope::Purpose,
    time::{Height, Moment, TimeRange},
    traits::BlobStore,
};
use dmledger_zk::seal::{Capsule, GrantBody, Keys, OpenError, SubKey, TrusteeBundle, Wrapped};
use std::time::Duration;

const HOSPITAL: usize = 1;
/// Blocks an emergency lasts here; an hour at most.
const LIFE: u64 = 8;
/// Hours of readings that are asked for.
const HOURS: u32 = 2;

/// An emergency under way, and what the hospital keeps of it.
pub(super) struct Broken {
    id: EmergencyId,
    body: GrantBody,
    request: RequestId,
    records: Vec<RecordId>,
    began: Moment,
}

impl Story<'_> {
    pub(super) async fn the_glass_is_broken(&mut self) -> Result<Broken, HostError> {
        let tip = self.home.tip()?;
        let began = Moment { height: tip.height, time: tip.time };
        let entrusted = self.residence.entrust(&self.people.trustees, &self.all).await?;
        let bundles = self.trustees_open_their_letters(&entrusted).await?;
        self.appoint().await?;
        self.follow(HOSPITAL).await?;

        let account = self.residence.account();
        let data = TimeRange::new(self.all.end().minus(HOUR * HOURS).max(self.all.start()), self.all.end());
        let data = data.during("range")?;
        let records = self.institutions[HOSPITAL].index(&account, &data)?;
        let id = self.institutions[HOSPITAL].call_emergency(account, data).await?;
        let what = format!("{} hours of glucose, in an emergency", records.len());
        let pending = |why: &Reason| *why == Reason::EmergencyPending;
        self.denied(HOSPITAL, account, &records, Purpose::BreakTheGlass, &what, pending).await?;
        self.approve(id, 0..2).await?;
        let delayed = |why: &Reason| matches!(why, Reason::EmergencyDelayed { .. });
        self.denied(HOSPITAL, account, &records, Purpose::BreakTheGlass, &what, delayed).await?;
        self.approve(id, 2..3).await?;

        let entry = self.institutions[HOSPITAL].ask(account, &records, Purpose::BreakTheGlass).await?;
        if entry.outcome != (AccessOutcome::BreakGlass { emergency: id }) {
            return Err(HostError::new(format!("the glass did not break: {}", entry.outcome)));
        }
        self.home.reach(entry.at.height).await?;
        let shares = self.released(&entry.request, &bundles)?;
        let reader = &self.institutions[HOSPITAL];
        let enough = usize::from(trustees::ENOUGH);
        let few = shares.get(..enough - 1).unwrap_or_default();
        if reader.open_capsule(account, &entrusted.capsule, few).await.is_ok() {
            return Err(HostError::new("too few shares opened the capsule"));
        }
        let body = reader.open_capsule(account, &entrusted.capsule, &shares).await?;
        let broken = Broken { id, body, request: entry.request, records, began };
        self.reads_in_the_emergency(&broken, &what).await?;
        Ok(broken)
    }

    async fn trustees_open_their_letters(&self, entrusted: &Entrusted) -> Result<Vec<TrusteeBundle>, HostError> {
        let capsule = self.capsule(entrusted).await?;
        let place = (self.home.chain(), self.residence.account());
        let letters = entrusted.letters.iter().zip(&self.people.trustees).zip(0..);
        let opened =
            letters.map(|((letter, person), n)| trustees::open_letter(letter, person.kem(), place, &capsule, n));
        opened.collect()
    }

    async fn capsule(&self, entrusted: &Entrusted) -> Result<Capsule, HostError> {
        codec::decode(&self.lake.get(&entrusted.capsule).await.during("lake")?).during("capsule")
    }

    async fn appoint(&self) -> Result<Height, HostError> {
        let circle = self.people.trustees.iter().map(Person::id).collect();
        let regulator = self.institutions.iter().find(|one| one.person().role() == Role::Regulator);
        let reviewer = regulator.or(self.institutions.first()).map(|one| one.person().id());
        let life = Period::new(Duration::from_secs(3600), LIFE);
        self.residence.appoint(trustees::terms(circle, trustees::ten_minutes(), life, reviewer)?).await
    }

    async fn approve(&self, id: EmergencyId, who: std::ops::Range<usize>) -> Result<(), HostError> {
        let body = Action::ApproveEmergency(ApproveEmergency { id });
        let mut action = Envelope::new(self.home.chain(), Some(self.residence.account()), body);
        for person in self.people.trustees.get(who).unwrap_or_default() {
            action = action.sign(person.key(), Meaning::Approved).during(person.name())?;
        }
        self.home.submit(&action).await?;
        self.follow(HOSPITAL).await
    }

    /// What the trustees send the hospital: each looks at the log for itself, at the patient's node.
    fn released(
        &self,
        request: &RequestId,
        bundles: &[TrusteeBundle],
    ) -> Result<Vec<Wrapped<TrusteeBundle>>, HostError> {
        use rand_chacha::rand_core::SeedableRng;
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(self.seed.wrapping_add(3_000));
        let (hospital, query, tip) = (self.person(HOSPITAL)?, self.home.query()?, self.home.tip()?);
        let at = Moment { height: tip.height, time: tip.time };
        let (chain, to) = (self.home.chain(), hospital.kem().public());
        let mut shares = Vec::new();
        for bundle in bundles {
            if trustees::may_release(&query, request, &hospital.id(), at)? {
                shares.push(trustees::pass_on(bundle, chain, to, &mut rng)?);
            }
        }
        Ok(shares)
    }

    async fn reads_in_the_emergency(&mut self, broken: &Broken, what: &str) -> Result<(), HostError> {
        let (account, who) = (self.residence.account(), self.person(HOSPITAL)?.title());
        let reader = &self.institutions[HOSPITAL];
        let failed = |error: ReadError| HostError::during("the emergency", error);
        let mut partials =
            reader.partials(account, &broken.body, broken.request, &broken.records).await.map_err(failed)?;
        let read = reader.read_in_emergency(&broken.id, &broken.body, &broken.records, &mut partials).await;
        let read: Vec<_> = read.map_err(failed)?.into_iter().flat_map(ReadingBatch::into_readings).collect();
        if read.is_empty() || !self.readings.ends_with(&read) {
            return Err(HostError::new("the emergency brought other readings than went in"));
        }
        self.outcome.inclusions_verified += broken.records.len();
        let got = format!("{} readings, equal to what went in", read.len());
        self.row(&who, what, got, "broke the glass: three trustees agreed, two shares open the capsule");
        Ok(())
    }

    /// Its blocks have gone by: ledger, trustees and gate say no, although the hospital has kept everything.
    pub(super) async fn the_emergency_is_over(&mut self, broken: Broken) -> Result<(), HostError> {
        self.follow(HOSPITAL).await?;
        let account = self.residence.account();
        let over = |why: &Reason| matches!(why, Reason::EmergencyOver { .. } | Reason::EmergencyOverAtHeight { .. });
        let what = "the same hours, after the emergency";
        self.denied(HOSPITAL, account, &broken.records, Purpose::BreakTheGlass, what, over).await?;
        let (who, reader) = (self.person(HOSPITAL)?.title(), &self.institutions[HOSPITAL]);
        let refusal = match reader.partials(account, &broken.body, broken.request, &broken.records).await {
            Err(ReadError::Gate(refusal)) if refusal.right == 0 => refusal.to_string(),
            Err(error) => return Err(HostError::during("after the emergency", error)),
            Ok(_) => return Err(HostError::new("the gate answered after the emergency")),
        };
        self.row(&who, "partials of the gate, with the capsule's keys", "nothing", refusal);
        self.reviewed(broken.id).await?;
        self.the_door_is_shut(&broken).await?;
        self.the_patient_is_told(&broken)
    }

    /// The hospital has kept the capsule's keys. They open nothing that is sealed from here on, of whatever hour it is; the
    /// next capsule reaches it, and leaves the gate's word to be had.
    async fn the_door_is_shut(&mut self, broken: &Broken) -> Result<(), HostError> {
        self.residence.after_emergency(&broken.id).await?;
        let hour = self.last_hour()?.start();
        let record = self.residence.take_in_object(hour, b"a note on that night".to_vec()).await?;
        self.follow(HOSPITAL).await?;
        let latest = self.residence.epochs().last().ok_or_else(|| HostError::new("a patient without an epoch"))?;
        let latest = latest.epoch().number();
        let kept = self.refused(&record, &broken.body).await?;
        if !matches!(&kept, OpenError::MissingSubKey { which, .. } if *which == [SubKey::RangeNodes(latest)]) {
            return Err(HostError::new(format!("the keys of an emergency reach beyond it: {kept}")));
        }
        let next = self.refused(&record, &self.the_next_capsule().await?).await?;
        let gate = |one: &SubKey| matches!(one, SubKey::Gate(_));
        if !matches!(&next, OpenError::MissingSubKey { which, .. } if which.iter().all(gate)) {
            return Err(HostError::new(format!("the next emergency would not find the door: {next}")));
        }
        let (who, what) = (self.person(HOSPITAL)?.title(), "what is sealed afterwards, with the capsule's keys");
        self.row(&who, what, "bytes it cannot open", kept.to_string());
        Ok(())
    }

    /// What enough trustees would open in the next emergency.
    async fn the_next_capsule(&self) -> Result<GrantBody, HostError> {
        let entrusted = self.residence.entrusted().ok_or_else(|| HostError::new("nobody is trusted any more"))?;
        let bundles = self.trustees_open_their_letters(entrusted).await?;
        let enough = bundles.get(..usize::from(trustees::ENOUGH)).unwrap_or_default();
        let opened = self.capsule(entrusted).await?.open(enough).during("capsule")?;
        codec::decode(opened.contents()).during("capsule")
    }

    /// Why the hospital cannot open a record with these keys and no answer of the gate.
    async fn refused(&self, record: &RecordId, body: &GrantBody) -> Result<OpenError, HostError> {
        let reader = &self.institutions[HOSPITAL];
        let shown = reader.show(record)?;
        match reader.open_regardless(reader.check(record, &shown)?, Keys::Gated(body, &[])).await {
            Err(ReadError::Sealed(why)) => Ok(why),
            Err(error) => Err(HostError::during("after the emergency", error)),
            Ok(_) => Err(HostError::new("a record opened without the gate")),
        }
    }

    async fn reviewed(&mut self, id: EmergencyId) -> Result<(), HostError> {
        let account = self.residence.account();
        let emergency = self.institutions[HOSPITAL].emergency(&id)?;
        let named = emergency.reviewer();
        let reviewer = self.institutions.iter().position(|one| Some(one.person().id()) == named);
        let reviewer = reviewer.ok_or_else(|| HostError::new("nobody may review"))?;
        self.institutions[reviewer].node().reach(self.institutions[HOSPITAL].node().tip()?.height).await?;
        let institution = &mut self.institutions[reviewer];
        if institution.unreviewed()? != [id] {
            return Err(HostError::new("the emergency does not await review"));
        }
        let height = institution.review(account, id, Verdict::Justified).await?;
        if !institution.unreviewed()?.is_empty() {
            return Err(HostError::new("an emergency still awaits review"));
        }
        self.home.reach(height).await?;
        let who = self.person(reviewer)?.title();
        self.row(
            &who,
            "what awaits review in the network",
            "1 emergency: justified",
            "shown to be all; nothing is left",
        );
        Ok(())
    }

    /// What the patient's node makes of the blocks since: each notice, and the emergency in one sentence.
    fn the_patient_is_told(&mut self, broken: &Broken) -> Result<(), HostError> {
        let (node, account) = (&self.home, self.residence.account());
        let begin = node.query_at(broken.began.height)?;
        let mut watch = Watch::begin(account, Subscriber::Account, &begin.facts(), broken.began).during("notices")?;
        let (mut height, tip, mut glass) = (broken.began.height.next(), node.tip()?.height, 0);
        while height <= tip {
            let block = node.store().block(height).during("block")?;
            let block = block.ok_or_else(|| HostError::new("a block is missing"))?;
            let query = node.query_at(height)?;
            let notices = watch.observe(block.block(), &query.facts()).during("notices")?;
            glass += notices.iter().filter(|one| matches!(one.event, Event::GlassBroken { .. })).count();
            height = height.next();
        }
        let query = node.query()?;
        let answer = query.emergencies(&account).during("emergencies")?;
        let all = answer.of_account(&query.root().digest, node.chain(), &account).during("emergencies")?;
        let Some(emergency) = all.first().filter(|one| one.id() == broken.id) else {
            return Err(HostError::new("the patient's list lacks the emergency"));
        };
        if glass != usize::try_from(emergency.used()).during("uses")? || glass == 0 {
            return Err(HostError::new("the patient was not told of every use"));
        }
        let lines = self.lines(emergency)?;
        let (who, got) = (self.resident.name().to_owned(), format!("{glass} read in 1 emergency, {}", lines.1));
        self.notices = lines.0;
        self.row(&who, "what happened in an emergency", got, "told by the own node; the list is complete");
        self.scene("break-glass", format!("opened by three trustees, {glass} read, ended by itself, reviewed, told"));
        Ok(())
    }

    fn lines(&self, emergency: &Emergency) -> Result<(Vec<NoticeLine>, String), HostError> {
        let name = |id: &MemberId| self.people.title_of(id).unwrap_or_else(|| format!("member {id:.8}"));
        let who = name(&emergency.requester());
        let approved: Vec<_> = emergency.approvals().iter().map(|one| name(&one.trustee)).collect();
        let none = || HostError::new("an emergency that never opened");
        let until = emergency.open().ok_or_else(none)?.until();
        let review = emergency.review().ok_or_else(|| HostError::new("an emergency nobody reviewed"))?;
        let verdict = if review.verdict == Verdict::Justified { "justified" } else { "an abuse" };
        let ended = format!("ended by itself at block {until}, reviewed: {verdict}");
        let line = |at: Moment, text: String| NoticeLine { at: at.time, height: at.height.value(), text };
        let opened = emergency.approvals().last().map_or(emergency.requested(), |one| one.at);
        let lines = vec![
            line(emergency.requested(), format!("{who} asked to read in an emergency, while you could not answer.")),
            line(opened, format!("Your trustees agreed: {}.", approved.join(", "))),
            line(opened, format!("{who} read {} time(s). It ended by itself at block {until}.", emergency.used())),
            line(review.at, format!("{} reviewed it: {verdict}.", name(&review.reviewer))),
        ];
        Ok((lines, ended))
    }
}
