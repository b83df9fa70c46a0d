//! A lost phone and a burnt gateway: both keys of a patient are gone, and come back in three days, because two of three
//! people the patient had chosen for that vouch for the new ones.
//!
//! The *ledger* puts new signing keys into the policy; the *capsule* gives back the keystore, without which the new keys
//! could rule over records that nobody can read. Whoever holds an old key during the three days stops both.

#![expect(clippy::print_stdout, reason = "an example tells what happens")]

use dmledger_core::{
    account::KeyClass,
    action::{Action, Appoint, CancelRecovery, ExecuteRecovery, SignedAction},
    codec::List,
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
};
use dmledger_zk::seal::{
    Address, Capsule, CapsuleHead, CapsuleId, CapsulePurpose, DataKey, Effort, Epoch, EpochKey, EpochNumber, Hedge,
    Hours, KemKeyPair, Keys, Keystore, KeystoreContents, LedgerView, RecordMeta, SealSuite, Sealed, Shape, Standing,
    TrusteeBundle, Wrapped, open, seal_record, unwrap, wrap,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::{error::Error, time::Duration};

type Answer<T> = Result<T, Box<dyn Error + Send + Sync>>;

const READINGS: &[u8] = b"07:00 5.5 mmol/L; 07:05 5.7; 07:10 6.0";
const DAY: Duration = Duration::from_secs(86_400);
const WINDOW: Duration = Duration::from_secs(3 * 86_400);

fn main() -> Answer<()> {
    let mut house = House::begin()?;

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
    let read = house.read(&fresh, &shares[..2])?;
    assert_eq!(read, READINGS);
    let read = String::from_utf8_lossy(&read);
    println!("Two shares open the backup of the keystore, and with it the patient reads: {read}");
    house.history(&[&stolen, &fresh])
}

/// Two new keys, and where shares are to be sent.
struct Attempt {
    id: RecoveryId,
    keys: Vec<SecretKey>,
    kem: KemKeyPair,
}

/// A network, a patient with three recovery trustees, a backup of the keystore, and one sealed record.
struct House {
    world: World,
    ledger: Ledger,
    rng: ChaCha20Rng,
    trustees: Vec<(Party, TrusteeBundle)>,
    capsule: Capsule,
    backup: Keystore,
    sealed: Sealed,
    entry: IndexEntry,
}

impl House {
    fn begin() -> Answer<Self> {
        let mut world = World::new(WorldPlan::default())?;
        let (mut ledger, mut rng) = (world.populated()?, ChaCha20Rng::seed_from_u64(72));
        let account = world.patients()[0].account;
        let (hour, record) = (World::hour(0)?, RecordId::new(world.bytes()));
        let hours = Hours::touched_by(&hour)?;
        let epoch = EpochKey::generate(Epoch::new(EpochNumber::new(0), hours.first()), &mut rng);
        let meta = RecordMeta::new(world.chain(), account, record, DataKind::ContinuousGlucose, hours, Digest::ZERO);
        let key = DataKey::generate(&record, &Hedge::Content(READINGS), &mut rng);
        let patient = &world.patients()[0];
        let sealed = seal_record(READINGS, &meta, key, &epoch, &patient.gateway, &patient.home)?;
        let facts = IndexFacts {
            record,
            sequence: 0,
            content: ContentId::of(sealed.ciphertext()),
            header: sealed.part().header_digest(),
            commitments: Digest::ZERO,
            count: 0,
            span: hour,
            epoch: 0,
        };
        let entry = IndexEntry::sign(facts, &patient.gateway, &world.chain(), &account)?;
        let anchor = world.anchor(0, vec![entry.clone()])?;
        world.advance(&mut ledger, &[anchor])?;

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
            trustees.push((party, bundle));
        }
        let mut house = Self { world, ledger, rng, trustees, capsule, backup, sealed, entry };
        let patient = &house.world.patients()[0];
        let appointed = house.appoint(0, &[(&patient.phone, Authored), (&patient.home, CoSigned)])?;
        house.advance(appointed)?;
        Ok(house)
    }

    /// A decision of the patient: two of three trustees, three days of window, ten days from one request to the next.
    fn appoint(&self, number: u64, keys: &[(&SecretKey, Meaning)]) -> Answer<SignedAction> {
        let circle = Circle::new(2, self.trustees.iter().map(|(party, _)| party.id()).collect())?;
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
        keys.extend(approving.iter().map(|i| (&self.trustees[*i].0.key, Approved)));
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
        let to = attempt.kem.public();
        self.trustees.iter().map(|(_, bundle)| Ok(wrap(bundle, chain, to, &mut self.rng)?)).collect()
    }

    /// What the patient does with the shares: capsule, backup of the keystore, epoch key, record.
    fn read(&self, attempt: &Attempt, shares: &[Wrapped<TrusteeBundle>]) -> Answer<Vec<u8>> {
        let (chain, account) = (self.world.chain(), self.account());
        let unwrapped =
            |share: &Wrapped<TrusteeBundle>| unwrap(share, &attempt.kem, chain, Address::new(account, share.subject()));
        let bundles = shares.iter().map(unwrapped).collect::<Result<Vec<_>, _>>()?;
        let epochs = self.backup.open(self.capsule.open(&bundles)?.contents())?.into_epochs("glucose");
        let view = LedgerView {
            chain,
            account,
            entry: &self.entry,
            custodians: &[self.world.patients()[0].home.public()],
            least_version: 0,
            height: self.ledger.tip().height,
            time: self.ledger.tip().time,
            standing: Standing::Active,
        };
        let plaintext = open(self.sealed.part(), self.sealed.ciphertext(), Keys::Owner(&epochs), &view)?;
        Ok(plaintext.as_bytes().to_vec())
    }

    /// Both attempts stand on the ledger for ever, and the list of them is complete.
    fn history(&self, attempts: &[&Attempt]) -> Answer<()> {
        let (root, chain, account) = (self.ledger.tip().state_root, self.world.chain(), self.account());
        let answer = Query::at(chain, self.ledger.tip().height, self.ledger.store().as_ref())?.recoveries(&account)?;
        let all = answer.verify(&root, chain, &account)?;
        let names: Vec<_> = attempts.iter().map(|attempt| attempt.id).collect();
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
