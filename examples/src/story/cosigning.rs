//! The scene of a prescription: the hospital proposes, the patient signs, by hand once and by rule from then on; the
//! pharmacy reads within its grant and hands out no more than was prescribed.

use super::{DAY, HOUR, Story};
use crate::{
    dispensary,
    error::{During, HostError},
    institution::writing::Delivered,
    residence::{Grantee, Terms},
};
use dmledger_core::{
    account::{ProposalId, ProposalStatus, auto_sign::Outcome},
    codec,
    consent::GrantId,
    decide::Reason,
    ledger::Agent,
    record::{
        DataKind, RecordId,
        prescription::{Dispensation, Prescription, follow},
    },
    scope::Purpose,
    time::{TimeRange, Timestamp},
};

const HOSPITAL: usize = 0;
const PHARMACY: usize = 2;
const MEDICATION: DataKind = DataKind::Medication;

impl Story<'_> {
    pub(super) async fn a_prescription_is_signed_and_filled(&mut self, until: Timestamp) -> Result<(), HostError> {
        if self.institutions.len() <= PHARMACY {
            let why = "a network of two institutions has no pharmacy";
            self.row("nobody", "a prescription, signed and filled", "not played", why);
            self.scene("co-signing", format!("not played: {why}"));
            self.scene("prescription", format!("not played: {why}"));
            return Ok(());
        }
        let say = [HOSPITAL, PHARMACY].map(|n| self.institutions[n].person().key().public());
        // Prescriptions are of today, however old the readings are.
        self.open_account(MEDICATION, self.home.tip()?.time, say.to_vec()).await?;
        let first = self.prescribe("A10AE04 insulin glargine, pen 3 mL", 5)?;
        let one = self.signed_by_hand(&first).await?;
        let mut agent = self.a_mandate().await?;
        let second = self.prescribe("A10AB05 insulin aspart, pen 3 mL", 3)?;
        self.signed_by_rule(&mut agent, HOSPITAL, &codec::encode(&second)).await?;
        self.scene("co-signing", "one proposal signed by hand, one by rule; neither stood without the patient");
        self.the_pharmacy_fills(&mut agent, one, &first, until).await
    }

    fn prescribe(&self, medicine: &str, pens: u32) -> Result<Prescription, HostError> {
        let now = self.home.tip()?.time;
        let valid = TimeRange::new(now.minus(HOUR), now.plus(30 * DAY)).during("prescription")?;
        dispensary::prescription(medicine, pens, valid, self.person(HOSPITAL)?.id())
    }

    /// Proposes a record for the medication account; it must not be in the account on return.
    async fn propose(&mut self, author: usize, content: &[u8]) -> Result<(ProposalId, Delivered), HostError> {
        let hour = self.home.tip()?.time.floor_hour();
        let span = TimeRange::new(hour, hour.plus(HOUR)).during("hour")?;
        let home = self.others.get_mut(&MEDICATION).ok_or_else(|| HostError::new("no medication account"))?;
        let author = &mut self.institutions[author];
        author.node().reach(home.node().tip()?.height).await?;
        let sequence = home.next_sequence()?;
        let proposed = author.propose(content, &home.place(sequence, span)?).await?;
        home.node().reach(author.node().tip()?.height).await?;
        if home.next_sequence()? != sequence || home.proposal(&proposed.0)? != ProposalStatus::Pending {
            return Err(HostError::new("a proposal landed without the patient"));
        }
        Ok(proposed)
    }

    /// Reads what was proposed, and takes it over once it stands.
    async fn take_over(&self, proposal: &ProposalId, delivered: &Delivered, content: &[u8]) -> Result<(), HostError> {
        let home = self.other(MEDICATION)?;
        let (received, text) = home.look_into(&delivered.parcel, &delivered.entry).await?;
        if !matches!(home.proposal(proposal)?, ProposalStatus::Executed { .. }) || text != content {
            return Err(HostError::new("what the patient signed for is not in the account"));
        }
        home.adopt(&received, &delivered.entry).await
    }

    async fn signed_by_hand(&mut self, prescription: &Prescription) -> Result<RecordId, HostError> {
        let content = codec::encode(prescription);
        let (proposal, delivered) = self.propose(HOSPITAL, &content).await?;
        let home = self.other(MEDICATION)?;
        let pending = home.pending()?;
        home.sign_by_hand(proposal).await?;
        self.take_over(&proposal, &delivered, &content).await?;
        let (who, what) = (self.person(HOSPITAL)?.title(), "a prescription for 5 pens, into the medication account");
        let why = format!("it waited: {}", pending.join("; "));
        self.row(&who, what, "in the account once the phone had signed", why);
        Ok(delivered.entry.facts().record)
    }

    async fn a_mandate(&self) -> Result<Agent, HostError> {
        let home = self.other(MEDICATION)?;
        let from = [HOSPITAL, PHARMACY].map(|n| self.institutions[n].person().id()).to_vec();
        let agent = Agent::new(dispensary::rules(home.account(), from)?);
        home.mandate(agent.rules().digest()).await?;
        Ok(agent)
    }

    async fn signed_by_rule(
        &mut self,
        agent: &mut Agent,
        author: usize,
        content: &[u8],
    ) -> Result<RecordId, HostError> {
        let (proposal, delivered) = self.propose(author, content).await?;
        let considered = self.other(MEDICATION)?.consult(agent, &proposal).await?;
        if considered.verdict.outcome() != Outcome::Sign {
            return Err(HostError::new(format!("the agent at home did not sign: {}", considered.verdict)));
        }
        self.take_over(&proposal, &delivered, content).await?;
        let (who, what) = (self.person(author)?.title(), "another record of the medication account");
        // The first line is the verdict, what follows tells of every rule.
        let verdict = considered.verdict.to_string();
        let why = format!("the agent at home: {}", verdict.lines().next().unwrap_or_default());
        self.row(&who, what, "in the account at once", why);
        Ok(delivered.entry.facts().record)
    }

    /// The pharmacy reads one prescription, hands out pens of it and writes that down; it can neither read again nor hand
    /// out more than is left.
    async fn the_pharmacy_fills(
        &mut self,
        agent: &mut Agent,
        record: RecordId,
        prescribed: &Prescription,
        until: Timestamp,
    ) -> Result<(), HostError> {
        let account = self.other(MEDICATION)?.account();
        self.follow(PHARMACY).await?;
        let what = "the prescription, to fill it";
        self.denied(PHARMACY, account, &[record], Purpose::Treatment, what, |why| *why == Reason::NoGrant).await?;
        let grant = self.the_pharmacy_is_granted(record, until).await?;
        let reader = &mut self.institutions[PHARMACY];
        let read = reader.read_objects(account, grant, &[record], Purpose::Treatment).await;
        let read = read.map_err(|error| HostError::during("the prescription", error))?;
        let read: Prescription =
            codec::decode(read.first().ok_or_else(|| HostError::new("nothing was read"))?).during("prescription")?;
        let pens = dispensary::dispensation(record, &read, 2, self.person(PHARMACY)?.id(), self.home.tip()?.time)?;
        let left = follow(&record, prescribed, &[pens]).during("dispensation")?;
        let who = self.person(PHARMACY)?.title();
        self.row(&who, what, format!("{}, {} pens", read.medicine, read.units.count()), "granted: 1 request");
        self.signed_by_rule(agent, PHARMACY, &codec::encode(&pens)).await?;
        self.row(&who, "to hand out 2 pens", format!("handed out, {left} left"), "the prescription it had read");
        self.no_more_than_prescribed(record, prescribed, pens, &who)?;
        let spent = |why: &Reason| matches!(why, Reason::QuotaExhausted { .. });
        self.denied(PHARMACY, account, &[record], Purpose::Treatment, "the prescription again", spent).await?;
        self.scene("prescription", format!("prescribed, signed, read under a grant, 2 pens handed out, {left} left"));
        Ok(())
    }

    async fn the_pharmacy_is_granted(&mut self, record: RecordId, until: Timestamp) -> Result<GrantId, HostError> {
        let to = Grantee::from(self.person(PHARMACY)?);
        let home = self.others.get_mut(&MEDICATION).ok_or_else(|| HostError::new("no medication account"))?;
        let entry = home.node().query()?.facts().record(&record).during("index")?;
        let data = entry.ok_or_else(|| HostError::new("no such record"))?.entry.facts().span;
        let terms = Terms { data, until, purpose: Purpose::Treatment, quota: Some(1) };
        let grant = home.grant(&to, &terms).await?;
        self.follow(PHARMACY).await?;
        Ok(grant)
    }

    fn no_more_than_prescribed(
        &mut self,
        record: RecordId,
        prescribed: &Prescription,
        handed_out: Dispensation,
        who: &str,
    ) -> Result<(), HostError> {
        let more = dispensary::dispensation(record, prescribed, 4, handed_out.pharmacy, handed_out.at)?;
        match follow(&record, prescribed, &[handed_out, more]) {
            Err(why) => self.row(who, "to hand out 4 more", "refused by whoever reads the records", why.to_string()),
            Ok(_) => return Err(HostError::new("more was handed out than prescribed")),
        }
        Ok(())
    }
}
