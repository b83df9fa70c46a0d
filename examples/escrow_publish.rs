//! A laboratory result on its way into a patient's account: sealed and published by the hospital, waiting in an account
//! that only the two can name, opened and confirmed by the patient, taken over without encrypting it again, and read
//! with the range keys of a grant, together with what another institution had of her history. A result that is not hers
//! is rejected, one nobody answers runs out.
//!
//! `cargo run --example escrow_publish`
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use dmledger_core::{
    account::escrow::{BasicInfo, EscrowStatus, Intake, Objection},
    action::{Action, Close, Confirm, Ending, PublishInfo, Submit},
    codec::{Bytes, Text},
    consent::{GrantId, Subscriber},
    envelope::{
        AccountId, Envelope,
        Meaning::{self, Authored, CoSigned},
    },
    identity::MemberId,
    key::PublicKey,
    ledger::{Event, Ledger, Notice, Query, StateMachine, Watch},
    record::{ContentId, DataKind, IndexEntry, RecordId, index::IndexFacts},
    scope::{Purpose, PurposeSet, Validity, VerbSet},
    testing::{World, WorldPlan},
    time::{Moment, TimeRange},
};
use dmledger_examples::authored::{self, Parcel, Place};
use dmledger_zk::seal::{
    Epoch, EpochKey, EpochNumber, GrantBody, GrantTerms, Hour, Hours, KemKeyPair, Keys, LedgerView, Part, SealSuite,
    Standing, open,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{error::Error, time::Duration};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const HOSPITAL: usize = 0;
const PHARMACY: usize = 1;
const RESULT: &[u8] = b"HbA1c 6.8 % (51 mmol/mol), 2026-01-01, fasting";
const EARLIER: &[u8] = b"HbA1c 7.4 % (57 mmol/mol), capillary, tested at the pharmacy";

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
    let sent = day.publish(HOSPITAL, RESULT)?;
    assert_eq!(day.waiting()?, 1);
    println!("  it waits at {:.16}, of which nobody can tell whose keys it is made of", sent.address);

    println!(
        "\nThe patient is asked, opens the letter, reads, and confirms; the home takes the record over: one slot around"
    );
    println!("the same key, the ciphertext stays as it is.");
    let result = day.take_over(sent)?;
    assert_eq!((day.waiting()?, day.told()?), (0, vec![EscrowStatus::Waiting, EscrowStatus::Released]));

    println!("\nAnother institution has an earlier value: it is asked for, confirmed and taken over in the same way.");
    let sent = day.publish(PHARMACY, EARLIER)?;
    let earlier = day.take_over(sent)?;

    println!(
        "\nWhoever holds the range keys of one grant reads the history of both together; without them nobody does."
    );
    let grant = day.grant_body()?;
    for (taken, text) in [(&earlier, EARLIER), (&result, RESULT)] {
        let read = day.read(taken, Keys::Grant(&grant))?;
        assert_eq!(read, text);
        assert!(day.read(taken, Keys::None).is_err());
        println!("  {:8} {}", day.name_of(taken.entry.author()), String::from_utf8_lossy(&read));
    }

    println!("\nA result is not hers: she rejects it. Another one she never looks at.");
    let wrong = day.publish(HOSPITAL, b"somebody else's result")?;
    let ending = Ending::Reject(Objection::NotMine);
    day.by_patient(Action::Close(Close { address: wrong.address, ending }))?;
    let late = day.publish(HOSPITAL, b"a result of last month")?;
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
    institution: PublicKey,
    parcel: Parcel,
    ciphertext: Vec<u8>,
}

/// What the home keeps of a record it has taken over.
struct Taken {
    entry: IndexEntry,
    part: Part,
    ciphertext: Vec<u8>,
}

/// One patient, two institutions, one ledger; the patient's node listens to every block.
struct Day {
    world: World,
    ledger: Ledger,
    listening: Watch,
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
        let (account, tip) = (world.patients()[0].account, ledger.tip());
        let at = Moment { height: tip.height, time: tip.time };
        let listening = Watch::begin(account, Subscriber::Account, &ledger.facts(), at)?;
        Ok(Self { account, world, ledger, listening, kem, epoch, random })
    }

    fn name_of(&self, author: PublicKey) -> &'static str {
        let known = self.world.institutions().iter().find(|party| party.key.public() == author);
        known.map_or("unknown", |party| party.role.name())
    }

    /// An institution seals, wraps the key to the patient, and submits; the patient's node hears that it is asked.
    fn publish(&mut self, by: usize, text: &[u8]) -> Result<Sent> {
        let (chain, account, record) = (self.world.chain(), self.account, RecordId::new(self.world.bytes()));
        let (kind, sequence, span) = (DataKind::BloodSample, IndexFacts::IN_ESCROW, World::hour(3)?);
        let place = Place { chain, account, kind, record, sequence, span, epoch: 0, patient: self.kem.public() };
        let publisher = &self.world.institutions()[by].key;
        let institution = publisher.public();
        let written = authored::write(text, None, &place, publisher, &mut self.random)?;
        let week = TimeRange::new(self.world.clock(), self.world.clock().plus(Duration::from_secs(7 * 24 * 3600)))?;
        let (open, patient) = (Validity::during(week), self.world.patients()[0].phone.public());
        let publication = written.publication((chain, account), patient, open, Vec::new())?;
        let address = publication.address;
        let heard =
            self.advance(Action::Submit(Box::new(Submit { publication })), &[(Who::Institution(by), Authored)])?;
        let asked = Event::Publication {
            address,
            institution: MemberId::of(&institution),
            records: 1,
            status: EscrowStatus::Waiting,
        };
        assert_eq!(heard.iter().map(|notice| notice.event).collect::<Vec<_>>(), [asked]);
        Ok(Sent { address, record, institution, parcel: written.parcel, ciphertext: written.ciphertext })
    }

    /// The patient opens the letter, reads and confirms; the home puts one slot around the record's key.
    fn take_over(&mut self, sent: Sent) -> Result<Taken> {
        let (chain, account) = (self.world.chain(), self.account);
        let received = sent.parcel.open(&self.kem, chain, account, sent.record)?;
        println!("  {}", String::from_utf8_lossy(&received.read(&sent.ciphertext)?));
        let address = received.waits_at(&chain, &account, [sent.institution, self.world.patients()[0].phone.public()]);
        assert_eq!(address, sent.address, "both sides come to the same address");
        self.by_patient(Action::Confirm(Confirm { address, tweak: received.tweak() }))?;
        let part = received.adopt(&self.epoch, &self.world.patients()[0].home)?;
        let entry = self.ledger.facts().record(&sent.record)?.ok_or("not in the account")?.entry;
        assert_eq!(entry.facts().content, ContentId::of(&sent.ciphertext), "not a byte of the lake has changed");
        assert_eq!(entry.author(), sent.institution, "and it is still the institution's word");
        Ok(Taken { entry, part, ciphertext: sent.ciphertext })
    }

    fn read(&self, taken: &Taken, keys: Keys<'_>) -> Result<Vec<u8>> {
        let custodians = [self.world.patients()[0].home.public()];
        let view = LedgerView {
            chain: self.world.chain(),
            account: self.account,
            entry: &taken.entry,
            custodians: &custodians,
            least_version: 1,
            height: self.ledger.tip().height,
            time: self.ledger.tip().time,
            standing: Standing::Active,
        };
        Ok(open(&taken.part, &taken.ciphertext, keys, &view)?.as_bytes().to_vec())
    }

    fn by_patient(&mut self, body: Action) -> Result<Vec<Notice>> {
        self.advance(body, &[(Who::Phone, Authored), (Who::Home, CoSigned)])
    }

    /// One block with one action about the account, and what it means to the patient's node.
    fn advance(&mut self, body: Action, signers: &[(Who, Meaning)]) -> Result<Vec<Notice>> {
        let mut action = Envelope::new(self.world.chain(), Some(self.account), body);
        for (who, meaning) in signers {
            let key = match who {
                Who::Institution(n) => &self.world.institutions()[*n].key,
                Who::Phone => &self.world.patients()[0].phone,
                Who::Home => &self.world.patients()[0].home,
            };
            action = action.sign(key, *meaning)?;
        }
        self.world.advance(&mut self.ledger, &[action])?;
        let block = self.ledger.finalized(self.ledger.tip().height)?.ok_or("no block")?;
        Ok(self.listening.observe(block.block(), &self.ledger.facts())?)
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
    Institution(usize),
    Phone,
    Home,
}
