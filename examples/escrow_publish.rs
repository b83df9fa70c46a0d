//! A laboratory result on its way into a patient's account: sealed and published by the hospital, waiting in an account
//! that only the two can name, opened and confirmed by the patient, taken over without encrypting it again, and read
//! with the range keys of a grant. A second result is rejected, a third one nobody answers.
//!
//! `cargo run --example escrow_publish`
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use dmledger_core::{
    account::escrow::{BasicInfo, EscrowStatus, Intake, Objection},
    action::{Action, Close, Confirm, Ending, PublishInfo, Submit},
    codec::{Bytes, Text},
    consent::GrantId,
    envelope::{
        AccountId, Envelope,
        Meaning::{self, Authored, CoSigned},
    },
    key::SecretKey,
    ledger::{Ledger, Query, StateMachine},
    record::{ContentId, DataKind, RecordId, index::IndexFacts},
    scope::{Purpose, PurposeSet, Validity, VerbSet},
    testing::{World, WorldPlan},
    time::TimeRange,
};
use dmledger_examples::authored::{self, Parcel, Place};
use dmledger_zk::seal::{
    Epoch, EpochKey, EpochNumber, GrantBody, GrantTerms, Hour, Hours, KemKeyPair, Keys, LedgerView, SealSuite,
    Standing, open,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{error::Error, time::Duration};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const HOSPITAL: usize = 0;
const RESULT: &[u8] = b"HbA1c 6.8 % (51 mmol/mol), 2026-01-01, fasting";

fn main() -> Result<()> {
    let mut day = Day::begin()?;

    println!("The patient lets every institution know where to encapsulate to, and that institutions may publish.");
    let kem = Bytes::new(day.kem.public().to_bytes())?;
    let info = BasicInfo { number: 0, intake: Intake::Institutions, kem, about: Text::new("German")? };
    day.by_patient(Action::PublishInfo(Box::new(PublishInfo { info })))?;
    let shown = day.query()?.basic_info(&day.account)?;
    let place = day.ledger.places().basic_info(&day.account);
    let info = shown.verify(&day.ledger.tip().state_root, &place)?.ok_or("nothing published")?;
    println!("  the hospital looks it up, with a proof: speaks {}, takes {:?}", info.about, info.intake);

    println!("\nThe hospital seals a result under a key of its own and publishes it; the ciphertext is in the lake.");
    let sent = day.publish(RESULT)?;
    assert_eq!(day.waiting()?, 1);
    println!("  it waits at {:.16}, of which nobody can tell whose keys it is made of", sent.address);

    println!("\nThe patient is asked, opens the letter, reads, and confirms.");
    let received = sent.parcel.open(&day.kem, day.world.chain(), day.account, sent.record)?;
    println!("  {}", String::from_utf8_lossy(&received.read(&sent.ciphertext)?));
    let parties = [day.hospital().public(), day.world.patients()[0].phone.public()];
    let address = received.waits_at(&day.world.chain(), &day.account, parties);
    assert_eq!(address, sent.address, "both sides come to the same address");
    day.by_patient(Action::Confirm(Confirm { address, tweak: received.tweak() }))?;
    assert_eq!((day.waiting()?, day.told()?), (0, vec![EscrowStatus::Waiting, EscrowStatus::Released]));

    let grant = day.grant_body()?;
    println!("\nThe home takes the record over: one slot around the same key, the ciphertext stays as it is.");
    let custodian = &day.world.patients()[0].home;
    let part = received.adopt(&day.epoch, custodian)?;
    let entry = day.ledger.facts().record(&sent.record)?.ok_or("not in the account")?.entry;
    assert_eq!(entry.facts().content, ContentId::of(&sent.ciphertext), "not a byte of the lake has changed");
    assert_eq!(entry.author(), day.hospital().public(), "and it is still the hospital's word");

    println!("\nWhoever holds the range keys of a grant reads it; without them nobody does.");
    let custodians = [custodian.public()];
    let view = LedgerView {
        chain: day.world.chain(),
        account: day.account,
        entry: &entry,
        custodians: &custodians,
        least_version: 1,
        height: day.ledger.tip().height,
        time: day.ledger.tip().time,
        standing: Standing::Active,
    };
    let read = open(&part, &sent.ciphertext, Keys::Grant(&grant), &view)?;
    assert_eq!(read.as_bytes(), RESULT);
    assert!(open(&part, &sent.ciphertext, Keys::None, &view).is_err());

    println!("\nA second result is not hers: she rejects it. A third one she never looks at.");
    let wrong = day.publish(b"somebody else's result")?;
    let ending = Ending::Reject(Objection::NotMine);
    day.by_patient(Action::Close(Close { address: wrong.address, ending }))?;
    let late = day.publish(b"a result of last month")?;
    day.world.wait(Duration::from_secs(8 * 24 * 3600));
    let expire = Action::Close(Close { address: late.address, ending: Ending::Expire });
    day.advance(expire, &[])?;
    for gone in [&wrong, &late] {
        assert!(day.ledger.facts().record(&gone.record)?.is_none());
        assert!(day.ledger.facts().escrow(&gone.address)?.is_some_and(|row| row.waiting().is_none()));
    }
    println!("\nHer escrow log, shown to be complete:");
    for status in day.told()? {
        println!("  {status:?}");
    }
    let expected = [
        EscrowStatus::Waiting,
        EscrowStatus::Released,
        EscrowStatus::Waiting,
        EscrowStatus::Rejected(Objection::NotMine),
        EscrowStatus::Waiting,
        EscrowStatus::Expired,
    ];
    assert_eq!(day.told()?, expected);
    Ok(())
}

/// What the hospital sent: the publication's address and record, and what lies in the lake for the patient.
struct Sent {
    address: AccountId,
    record: RecordId,
    parcel: Parcel,
    ciphertext: Vec<u8>,
}

/// One patient, one hospital, one ledger.
struct Day {
    world: World,
    ledger: Ledger,
    account: AccountId,
    kem: KemKeyPair,
    epoch: EpochKey,
    random: ChaCha20Rng,
}

impl Day {
    fn begin() -> Result<Self> {
        let mut world = World::new(WorldPlan { kind: DataKind::BloodSample, ..WorldPlan::default() })?;
        let ledger = world.populated()?;
        let mut random = ChaCha20Rng::seed_from_u64(7);
        let first = Hour::of(World::hour(0)?.start())?;
        let epoch = EpochKey::generate(Epoch::new(EpochNumber::new(0), first), &mut random);
        let kem = KemKeyPair::generate(SealSuite::default(), &mut random);
        Ok(Self { account: world.patients()[0].account, world, ledger, kem, epoch, random })
    }

    fn hospital(&self) -> &SecretKey {
        &self.world.institutions()[HOSPITAL].key
    }

    /// The hospital seals, wraps the key to the patient, and submits.
    fn publish(&mut self, text: &[u8]) -> Result<Sent> {
        let (chain, account, record) = (self.world.chain(), self.account, RecordId::new(self.world.bytes()));
        let (kind, sequence, span) = (DataKind::BloodSample, IndexFacts::IN_ESCROW, World::hour(3)?);
        let place = Place { chain, account, kind, record, sequence, span, epoch: 0, patient: self.kem.public() };
        let hospital = &self.world.institutions()[HOSPITAL].key;
        let written = authored::write(text, None, &place, hospital, &mut self.random)?;
        let week = TimeRange::new(self.world.clock(), self.world.clock().plus(Duration::from_secs(7 * 24 * 3600)))?;
        let (open, patient) = (Validity::during(week), self.world.patients()[0].phone.public());
        let publication = written.publication((chain, account), patient, open, Vec::new())?;
        let address = publication.address;
        self.advance(Action::Submit(Box::new(Submit { publication })), &[(Who::Hospital, Authored)])?;
        Ok(Sent { address, record, parcel: written.parcel, ciphertext: written.ciphertext })
    }

    fn by_patient(&mut self, body: Action) -> Result<()> {
        self.advance(body, &[(Who::Phone, Authored), (Who::Home, CoSigned)])
    }

    /// One block with one action about the account.
    fn advance(&mut self, body: Action, signers: &[(Who, Meaning)]) -> Result<()> {
        let mut action = Envelope::new(self.world.chain(), Some(self.account), body);
        for (who, meaning) in signers {
            let key = match who {
                Who::Hospital => self.hospital(),
                Who::Phone => &self.world.patients()[0].phone,
                Who::Home => &self.world.patients()[0].home,
            };
            action = action.sign(key, *meaning)?;
        }
        self.world.advance(&mut self.ledger, &[action])?;
        Ok(())
    }

    fn query(&self) -> Result<Query> {
        Ok(Query::at(self.world.chain(), self.ledger.tip().height, self.ledger.store().as_ref())?)
    }

    /// How many publications wait, shown to be all.
    fn waiting(&self) -> Result<usize> {
        let root = self.ledger.tip().state_root;
        Ok(self.query()?.escrows(&self.account)?.verify(&root, self.world.chain(), &self.account)?.len())
    }

    /// What the patient was asked and told, shown to be everything.
    fn told(&self) -> Result<Vec<EscrowStatus>> {
        let (root, log) = (self.ledger.tip().state_root, self.query()?.escrow_log(&self.account)?);
        let entries = log.verify(&root, self.world.chain(), &self.account)?;
        Ok(entries.iter().map(|entry| entry.status).collect())
    }

    /// The range keys of the first day, as a grantee would unwrap them.
    fn grant_body(&mut self) -> Result<GrantBody> {
        let first = World::hour(0)?.start();
        let validity = Validity::during(TimeRange::new(first, first.plus(Duration::from_secs(90 * 24 * 3600)))?);
        let terms = GrantTerms {
            grant: GrantId::new(self.world.bytes()),
            account: self.account,
            kind: DataKind::BloodSample,
            verbs: VerbSet::QUERY,
            purposes: PurposeSet::only(Purpose::Treatment),
            validity,
            quota: None,
        };
        let hours = Hours::inside(&TimeRange::new(first, World::hour(23)?.end())?)?;
        let cover = self.epoch.cover(self.epoch.epoch().buckets(&hours)?);
        Ok(GrantBody::new(terms, vec![cover], &mut self.random)?)
    }
}

#[derive(Clone, Copy)]
enum Who {
    Hospital,
    Phone,
    Home,
}
