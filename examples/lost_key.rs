//! A lost phone and a burnt gateway: both keys of a patient are gone, and come back in three days, because two of three
//! people the patient had chosen for that vouch for the new ones.
//!
//! The *ledger* puts new signing keys into the policy; the *capsule* gives back the keystore, without which the new keys
//! could rule over records that nobody can read. Whoever holds an old key during the three days stops both. Then every
//! record's access part is *signed again* by a new key, since nobody takes the old one's word any more: the patient reads,
//! whoever had a grant reads on, and new grants can be given. At last the records *move into a new epoch*: keys that were
//! stolen rather than burnt open nothing any more.

#![expect(clippy::print_stdout, reason = "an example tells what happens")]

use dmledger_core::{
    account::{
        KeyClass,
        escrow::{BasicInfo, Intake},
    },
    action::{Action, Appoint, CancelRecovery, ExecuteRecovery, PublishInfo, SignedAction},
    codec::{Bytes, List, Text},
    consent::Grant,
    emergency::{Appointment, Circle, Period, RecoveryId, RecoveryRequest, RecoveryStatus, RecoveryTerms},
    envelope::{
        AccountId, Envelope,
        Meaning::{self, Approved, Authored, CoSigned},
    },
    hash::Digest,
    identity::Role,
    key::{PublicKey, SecretKey},
    ledger::{Ledger, Query, StateMachine},
    record::{ContentId, DataKind, IndexEntry, RecordId, index::IndexFacts},
    testing::{World, WorldPlan, world::Party},
    time::Moment,
    traits::BlobStore,
};
use dmledger_examples::{
    renewal::{Renewal, Renewed, moves},
    trustees,
};
use dmledger_store::memory::MemoryLake;
use dmledger_zk::seal::{
    Address, Altered, Capsule, CapsuleHead, CapsuleId, CapsulePurpose, DataKey, Effort, Epoch, EpochKey, EpochNumber,
    GrantBody, GrantTerms, Hedge, Hours, KemKeyPair, Keys, Keystore, KeystoreContents, LedgerView, OpenError, Part,
    RecordMeta, SealSuite, Sealed, Shape, Standing, TrusteeBundle, Wrapped, open, renew::Into, seal_record, unwrap,
    wrap,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::{error::Error, time::Duration};

type Answer<T> = Result<T, Box<dyn Error + Send + Sync>>;

const READINGS: &[u8] = b"07:00 5.5 mmol/L; 07:05 5.7; 07:10 6.0";
const RECORDS: usize = 3;
const DAY: Duration = Duration::from_secs(86_400);
const WINDOW: Duration = Duration::from_secs(3 * 86_400);

fn main() -> Answer<()> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(play())
}

async fn play() -> Answer<()> {
    let mut house = House::begin().await?;

    println!("One corrupt trustee cannot even begin: two of three have to vouch.");
    let stolen = house.attempt()?;
    assert!(house.ask(&stolen, &[0]).is_err());

    println!("Two are deceived. The patient still has the phone, sees the notice, and stops it with that key alone.");
    house.ask(&stolen, &[0, 1])?;
    house.cancel(&stolen)?;
    house.world.wait(WINDOW);
    assert!(house.execute(&stolen).is_err());
    assert!(house.released(&stolen)?.is_empty());

    house.world.wait(10 * DAY);
    println!("Later phone and gateway are lost in a fire. Friend and notary vouch for two new keys.");
    let fresh = house.attempt()?;
    house.ask(&fresh, &[0, 1])?;
    assert!(house.execute(&fresh).is_err(), "not within the window");
    assert!(house.released(&fresh)?.is_empty(), "and no share before the ledger has the keys");
    house.world.wait(WINDOW);
    let former = house.custodians()?;
    house.execute(&fresh)?;

    let account = house.ledger.facts().account(&house.account())?.ok_or("no account")?;
    let old = &house.world.patients()[0];
    assert!([&old.phone, &old.home].iter().all(|key| account.policy().class_of(&key.public()).is_none()));
    let class = |key: &SecretKey| account.policy().class_of(&key.public());
    assert!(fresh.keys.iter().all(|key| class(key) == Some(KeyClass::Patient)));
    let by_old = house.appoint(1, &[(&old.phone, Authored), (&old.home, CoSigned)])?;
    assert!(house.advance(by_old).is_err(), "what the old keys sign is worth nothing");
    let by_new = house.appoint(1, &[(&fresh.keys[0], Authored), (&fresh.keys[1], CoSigned)])?;
    house.advance(by_new)?;
    println!("Three days later the new keys are in, and the old ones sign for nothing.");

    let shares = house.released(&fresh)?;
    assert!(house.restore(&fresh, &shares[..1]).is_err(), "one share is none");
    let epochs = house.restore(&fresh, &shares[..2])?;
    println!("Two shares open the backup of the keystore: the epoch key is back.");

    // What the burnt keys have signed is worth nothing to anybody who goes by the ledger.
    let unsigned = Err(OpenError::Tampered(Altered::Custodian));
    assert_eq!(house.read(0, Keys::Owner(&epochs)).await?, unsigned);
    assert_eq!(house.read(0, Keys::Grant(&house.hospital)).await?, unsigned);
    let outdated = house.lake.part(&house.entries[0].facts().record).await?.ok_or("no part")?;

    let ids = [stolen.id, fresh.id];
    house.takes_over(fresh)?;
    let renewed = house.renew(&epochs, &former, Into::SameEpoch).await?;
    assert_eq!((renewed.signed.len(), renewed.left.len()), (RECORDS, 0));
    let again = house.renew(&epochs, &former, Into::SameEpoch).await?;
    assert_eq!(again.already.len(), RECORDS, "begun again, it changes nothing");
    println!("The access parts of {RECORDS} records are signed by the new key, each one version higher.");

    let pharmacy = house.grant(1, &epochs[0])?;
    for record in 0..RECORDS {
        for keys in [Keys::Owner(&epochs), Keys::Grant(&house.hospital), Keys::Grant(&pharmacy)] {
            let read = house.read(record, keys).await?;
            assert_eq!(read.as_deref().map_err(ToString::to_string), Ok(READINGS));
        }
    }
    let read = String::from_utf8_lossy(READINGS);
    println!("The patient reads, the hospital with its grant from before the fire, a pharmacy with a new one: {read}");

    let epochs = house.move_on(epochs).await?;
    let (old, new) = epochs.split_at(1);
    for stolen in [Keys::Owner(old), Keys::Grant(&house.hospital), Keys::Grant(&pharmacy)] {
        assert!(matches!(house.read(0, stolen).await?, Err(OpenError::MissingSubKey { .. })));
    }
    let hospital = house.grant(0, &new[0])?;
    for keys in [Keys::Owner(new), Keys::Grant(&hospital)] {
        assert_eq!(house.read(0, keys).await?.as_deref().map_err(ToString::to_string), Ok(READINGS));
    }
    println!(
        "The records move into a new epoch, and a new key stands where institutions send to: what a thief may have"
    );
    println!("copied opens nothing any more; the hospital is given the keys of the new epoch and reads.");

    let record = house.entries[0].facts().record;
    house.lake.delete_parts(&record).await?;
    house.lake.put_part(&record, outdated.0, &outdated.1).await?;
    assert_eq!(house.read(0, Keys::Owner(&epochs)).await?, unsigned);
    println!("A lake that goes back to the former part is found out.");
    house.history(&ids)
}

/// Two new keys, and where shares are to be sent.
struct Attempt {
    id: RecoveryId,
    keys: Vec<SecretKey>,
    kem: KemKeyPair,
}

/// A trustee, the key that wraps to it, and the letter with its shares.
struct Trustee {
    party: Party,
    kem: KemKeyPair,
    letter: Wrapped<TrusteeBundle>,
}

/// A network, a patient with three recovery trustees, a backup of the keystore, and sealed records.
struct House {
    world: World,
    ledger: Ledger,
    rng: ChaCha20Rng,
    trustees: Vec<Trustee>,
    capsule: Capsule,
    backup: Keystore,
    lake: MemoryLake,
    entries: Vec<IndexEntry>,
    /// What the hospital was granted before the fire, and keeps.
    hospital: GrantBody,
}

impl House {
    async fn begin() -> Answer<Self> {
        let mut world = World::new(WorldPlan::default())?;
        let (mut ledger, mut rng) = (world.populated()?, ChaCha20Rng::seed_from_u64(72));
        let account = world.patients()[0].account;
        let hours = Hours::touched_by(&World::hour(0)?)?;
        let epoch = EpochKey::generate(Epoch::new(EpochNumber::new(0), hours.first()), &mut rng);
        let (lake, mut entries) = (MemoryLake::new(), Vec::new());
        for number in 0..RECORDS as u64 {
            let (sealed, entry) = sealed(&mut world, &epoch, number, &mut rng)?;
            lake.put(&entry.facts().content, sealed.ciphertext()).await?;
            lake.put_part(&entry.facts().record, 1, &sealed.part().to_bytes()).await?;
            entries.push(entry);
        }
        let anchor = world.anchor(0, entries.clone())?;
        world.advance(&mut ledger, &[anchor])?;
        let grant = world.grant_to(0, 0);
        let hospital = keys_of(&grant, account, &epoch, &mut rng)?;
        let granted = world.grant(0, Grant { body: hospital.digest(), ..grant })?;
        world.advance(&mut ledger, &[granted])?;

        // The keystore, backed up under a random key; that key lies in a capsule that two of three trustees open.
        let mut contents = KeystoreContents::default();
        contents.keep_epoch("glucose", epoch)?;
        let mut backup_key = [0; 32];
        rng.fill_bytes(&mut backup_key);
        let backup = Keystore::seal(&contents, 1, &backup_key, Effort::SMALL, &mut rng)?;
        let shape = Shape::new(3, 2)?;
        let head = CapsuleHead::new(CapsulePurpose::Recovery, account, CapsuleId::new(world.bytes()), shape)?;
        let (capsule, bundles) = Capsule::seal(head, &backup_key, &mut rng)?;
        let mut trustees = Vec::new();
        for (name, bundle) in ["Friend", "Notary", "Bank"].into_iter().zip(bundles) {
            let key = world.key();
            let party = world.party(key, Role::Trustee, name)?;
            let admission = world.admission(&party, 2)?;
            world.advance(&mut ledger, &[admission])?;
            let kem = KemKeyPair::generate(SealSuite::default(), &mut rng);
            let letter = wrap(&bundle, world.chain(), kem.public(), &mut rng)?;
            trustees.push(Trustee { party, kem, letter });
        }
        let mut house = Self { world, ledger, rng, trustees, capsule, backup, lake, entries, hospital };
        let patient = &house.world.patients()[0];
        let appointed = house.appoint(0, &[(&patient.phone, Authored), (&patient.home, CoSigned)])?;
        house.advance(appointed)?;
        Ok(house)
    }

    /// A decision of the patient: two of three trustees, three days of window, ten days from one request to the next.
    fn appoint(&self, number: u64, keys: &[(&SecretKey, Meaning)]) -> Answer<SignedAction> {
        let circle = Circle::new(2, self.trustees.iter().map(|one| one.party.id()).collect())?;
        let terms = RecoveryTerms { circle, window: Period::new(WINDOW, 1), pause: Period::new(10 * DAY, 1) };
        let appointment = Appointment::Recovery(Some(terms));
        self.signed(Action::Appoint(Box::new(Appoint { number, appointment })), keys)
    }

    fn attempt(&mut self) -> Answer<Attempt> {
        let keys = vec![self.world.key(), self.world.key()];
        let kem = KemKeyPair::generate(SealSuite::default(), &mut self.rng);
        Ok(Attempt { id: RecoveryId::new(self.world.bytes()), keys, kem })
    }

    /// Both new keys sign, so that nobody is put in who does not hold them; so do these trustees.
    fn ask(&mut self, attempt: &Attempt, approving: &[usize]) -> Answer<()> {
        let mut all: Vec<PublicKey> = attempt.keys.iter().map(SecretKey::public).collect();
        all.sort_unstable();
        let request = RecoveryRequest { id: attempt.id, terms: 0, keys: List::new(all)? };
        let mut keys: Vec<_> = attempt.keys.iter().map(|key| (key, CoSigned)).collect();
        keys.extend(approving.iter().map(|i| (&self.trustees[*i].party.key, Approved)));
        let action = self.signed(Action::RequestRecovery(Box::new(request)), &keys)?;
        self.advance(action)
    }

    fn cancel(&mut self, attempt: &Attempt) -> Answer<()> {
        let body = Action::CancelRecovery(CancelRecovery { id: attempt.id });
        let action = self.signed(body, &[(&self.world.patients()[0].phone, Authored)])?;
        self.advance(action)
    }

    fn execute(&mut self, attempt: &Attempt) -> Answer<()> {
        let body = Action::ExecuteRecovery(ExecuteRecovery { id: attempt.id });
        let action = self.signed(body, &[(&attempt.keys[0], Authored)])?;
        self.advance(action)
    }

    /// What the trustees send to the holder of the new keys: nothing before the ledger has carried the recovery out.
    fn released(&mut self, attempt: &Attempt) -> Answer<Vec<Wrapped<TrusteeBundle>>> {
        let (chain, next) = (self.world.chain(), self.next());
        let recovery = self.ledger.facts().recovery(&attempt.id)?.ok_or("no such recovery")?;
        if !matches!(recovery.status(next), RecoveryStatus::Executed { .. }) {
            return Ok(Vec::new());
        }
        let (to, place, mut shares) = (attempt.kem.public(), (chain, self.account()), Vec::new());
        for (number, one) in (0..).zip(&self.trustees) {
            let bundle = trustees::open_letter(&one.letter, &one.kem, place, &self.capsule, number)?;
            shares.push(wrap(&bundle, chain, to, &mut self.rng)?);
        }
        Ok(shares)
    }

    /// What the patient does with the shares: capsule, backup of the keystore, epoch keys.
    fn restore(&self, attempt: &Attempt, shares: &[Wrapped<TrusteeBundle>]) -> Answer<Vec<EpochKey>> {
        let (chain, account) = (self.world.chain(), self.account());
        let unwrapped =
            |share: &Wrapped<TrusteeBundle>| unwrap(share, &attempt.kem, chain, Address::new(account, share.subject()));
        let bundles = shares.iter().map(unwrapped).collect::<Result<Vec<_>, _>>()?;
        Ok(self.backup.open(self.capsule.open(&bundles)?.contents())?.into_epochs("glucose"))
    }

    /// The new keys are the patient's from now on.
    fn takes_over(&mut self, attempt: Attempt) -> Answer<()> {
        let [phone, home] = <[SecretKey; 2]>::try_from(attempt.keys).map_err(|_| "two keys")?;
        self.world.rekey(0, phone, home)
    }

    /// Signs the access part of every record with the new key, in this epoch.
    async fn renew(&self, epochs: &[EpochKey], former: &[PublicKey], into: Into) -> Answer<Renewed> {
        let tip = self.ledger.tip();
        let renewal = Renewal {
            query: &Query::at(self.world.chain(), tip.height, self.ledger.store().as_ref())?,
            at: Moment { height: tip.height, time: tip.time },
            account: self.account(),
            lake: &self.lake,
            epochs,
            former,
            custodian: &self.world.patients()[0].home,
            into,
        };
        Ok(renewal.all().await?)
    }

    /// A new epoch, into which every record moves, and a new key that institutions encapsulate to.
    async fn move_on(&mut self, mut epochs: Vec<EpochKey>) -> Answer<Vec<EpochKey>> {
        let number = EpochNumber::new(1);
        epochs.push(EpochKey::generate(Epoch::new(number, epochs[0].epoch().first()), &mut self.rng));
        let moved = self.renew(&epochs, &self.custodians()?, Into::Epoch(number)).await?;
        assert_eq!(moved.signed.len(), RECORDS);
        let kem = KemKeyPair::generate(SealSuite::default(), &mut self.rng);
        let kem = Bytes::new(kem.public().to_bytes())?;
        let info = BasicInfo { number: 0, intake: Intake::Institutions, kem, about: Text::new("")? };
        let mut actions = moves(number.number(), &moved.signed)?;
        actions.push(Action::PublishInfo(Box::new(PublishInfo { info })));
        for action in actions {
            let action = self.world.by_patient(0, action)?;
            self.advance(action)?;
        }
        Ok(epochs)
    }

    /// Grants an institution what the hospital was granted, signed by the keys that the patient has.
    fn grant(&mut self, institution: usize, epoch: &EpochKey) -> Answer<GrantBody> {
        let grant = self.world.grant_to(institution, 0);
        let body = keys_of(&grant, self.account(), epoch, &mut self.rng)?;
        let granted = self.world.grant(0, Grant { body: body.digest(), ..grant })?;
        self.advance(granted)?;
        Ok(body)
    }

    /// Reads a record as the ledger lets it be read: by the keys that the account has, under a grant that stands.
    async fn read(&self, n: usize, keys: Keys<'_>) -> Answer<Result<Vec<u8>, OpenError>> {
        let (entry, tip) = (&self.entries[n], self.ledger.tip());
        let (_, part) = self.lake.part(&entry.facts().record).await?.ok_or("no part")?;
        let ciphertext = self.lake.get(&entry.facts().content).await?;
        if let Keys::Grant(body) = keys {
            let grant = self.ledger.facts().grant(&body.terms().grant)?.ok_or("no such grant")?;
            assert!(grant.status().void_since().is_none() && grant.grant().body == body.digest());
        }
        let view = LedgerView {
            chain: self.world.chain(),
            account: self.account(),
            entry,
            custodians: &self.custodians()?,
            least_version: 1,
            height: tip.height,
            time: tip.time,
            standing: Standing::Active,
        };
        let opened = open(&Part::from_bytes(&part)?, &ciphertext, keys, &view);
        Ok(opened.map(|plaintext| plaintext.as_bytes().to_vec()))
    }

    /// The patient's keys, as the ledger has them.
    fn custodians(&self) -> Answer<Vec<PublicKey>> {
        let account = self.ledger.facts().account(&self.account())?.ok_or("no account")?;
        let groups = account.policy().groups().iter();
        Ok(groups.flat_map(|group| group.keys().iter().copied()).collect())
    }

    /// Both attempts stand on the ledger for ever, and the list of them is complete.
    fn history(&self, names: &[RecoveryId]) -> Answer<()> {
        let (root, chain, account) = (self.ledger.tip().state_root, self.world.chain(), self.account());
        let answer = Query::at(chain, self.ledger.tip().height, self.ledger.store().as_ref())?.recoveries(&account)?;
        let all = answer.verify(&root, chain, &account)?;
        assert_eq!(all.iter().map(|one| one.id()).collect::<Vec<_>>(), names);
        assert!(matches!(all[0].status(self.next()), RecoveryStatus::Cancelled { .. }));
        assert!(matches!(all[1].status(self.next()), RecoveryStatus::Executed { .. }));
        println!("The account's history, complete and proved: one recovery stopped, one carried out.");
        Ok(())
    }

    fn next(&self) -> Moment {
        Moment { height: self.ledger.tip().height.next(), time: self.world.clock() }
    }

    fn account(&self) -> AccountId {
        self.world.patients()[0].account
    }

    fn signed(&self, body: Action, keys: &[(&SecretKey, Meaning)]) -> Answer<SignedAction> {
        let action = Envelope::new(self.world.chain(), Some(self.account()), body);
        Ok(keys.iter().try_fold(action, |action, (key, meaning)| action.sign(key, *meaning))?)
    }

    fn advance(&mut self, action: SignedAction) -> Answer<()> {
        self.world.advance(&mut self.ledger, &[action])?;
        Ok(())
    }
}

/// One hour of readings, sealed, and its entry in the index.
fn sealed(world: &mut World, epoch: &EpochKey, number: u64, rng: &mut ChaCha20Rng) -> Answer<(Sealed, IndexEntry)> {
    let (record, span) = (RecordId::new(world.bytes()), World::hour(number)?);
    let (patient, kind) = (&world.patients()[0], DataKind::ContinuousGlucose);
    let meta = RecordMeta::new(world.chain(), patient.account, record, kind, Hours::touched_by(&span)?, Digest::ZERO);
    let key = DataKey::generate(&record, &Hedge::Content(READINGS), rng);
    let sealed = seal_record(READINGS, &meta, key, epoch, &patient.gateway, &patient.home)?;
    let facts = IndexFacts {
        record,
        sequence: number,
        content: ContentId::of(sealed.ciphertext()),
        header: sealed.part().header_digest(),
        commitments: Digest::ZERO,
        count: 0,
        span,
        epoch: 0,
    };
    let entry = IndexEntry::sign(facts, &patient.gateway, &world.chain(), &patient.account)?;
    Ok((sealed, entry))
}

/// The keys that go with a grant.
fn keys_of(grant: &Grant, account: AccountId, epoch: &EpochKey, rng: &mut ChaCha20Rng) -> Answer<GrantBody> {
    let terms = GrantTerms {
        grant: grant.id,
        account,
        kind: DataKind::ContinuousGlucose,
        verbs: grant.verbs,
        purposes: grant.purposes,
        validity: grant.validity,
        quota: grant.quota,
    };
    let cover = epoch.cover(epoch.epoch().buckets(&Hours::inside(&grant.data)?)?);
    Ok(GrantBody::new(terms, vec![cover], rng)?)
}
