//! Break-glass: a hospital reads an unconscious patient's glucose within minutes, because three people the patient trusts
//! agree; afterwards everybody can see that it did, and why.
//!
//! Two locks have to open. The *capsule* holds the hospital's keys, shared among the trustees; the nodes of the *gate*
//! hold the other half, and answer while the ledger says that the emergency is open, to a request that stands in its log.
//! Trustees who ignore the ledger give away keys that open nothing, and the ledger's word alone decrypts nothing.

#![expect(clippy::print_stdout, reason = "an example tells what happens")]

use dmledger_core::{
    action::{Action, Appoint, ApproveEmergency, ReviewEmergency, SignedAction},
    codec::{self, Bytes, List},
    consent::{GateRequest, GrantId, RequestId},
    decide::{AccessOutcome, Reason, Watch, release, release::FRESH_FOR},
    emergency::{Appointment, Emergency, EmergencyId, EmergencyRequest, PatientState, Period, Verdict},
    envelope::{
        AccountId, Envelope,
        Meaning::{self, Approved, Authored, CoSigned},
    },
    hash::Digest,
    identity::Role,
    key::SecretKey,
    ledger::{Ledger, Query, StateMachine},
    record::{ContentId, DataKind, IndexEntry, RecordId, index::IndexFacts},
    scope::{Purpose, PurposeSet, Validity, VerbSet},
    testing::{World, WorldPlan, world::Party},
    time::{Moment, TimeRange},
};
use dmledger_examples::trustees::{self, ClosedCapsule};
use dmledger_zk::seal::{
    Capsule, CapsuleError, CapsuleId, Committee, CommitteeId, DataKey, Epoch, EpochKey, EpochNumber, GateBundle,
    GateReply, GateSeed, GrantBody, GrantTerms, Guard, Hedge, Hours, KemKeyPair, Keys, LedgerView, NodeNumber,
    OpenError, RecordMeta, SealSuite, Sealed, Shape, Standing, TrusteeBundle, Wrapped, open, seal_record,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::{error::Error, time::Duration};

type Answer<T> = Result<T, Box<dyn Error + Send + Sync>>;

const READINGS: &[u8] = b"03:05 2.9 mmol/L; 03:10 2.6; 03:15 2.3";
const HOSPITAL: usize = 0;
const REGULATOR: usize = 2;

fn main() -> Answer<()> {
    let mut night = Night::begin()?;

    println!("The patient has sealed one hour of glucose and granted nobody anything.");
    assert_eq!(night.ask()?, AccessOutcome::Denied { reason: Reason::NoGrant });
    assert!(night.released()?.is_empty(), "no trustee gives its share for a denied request");
    let leaked = night.passed_on()?;
    let refused = night.lacks_the_gate(&leaked)?;
    println!("Trustees who give their shares all the same give keys that open nothing: {refused}.");

    println!(
        "03:20. The hospital asks in an emergency: unconscious patient, reason {}.",
        Purpose::BreakTheGlass.code()
    );
    let id = night.request()?;
    assert_eq!(night.ask()?, AccessOutcome::Denied { reason: Reason::EmergencyPending });

    println!("Sister and brother approve: enough, but the patient would have ten minutes to veto.");
    night.approve(id, &[0, 1])?;
    assert!(matches!(night.ask()?, AccessOutcome::Denied { reason: Reason::EmergencyDelayed { .. } }));

    println!("The ombudsman approves too: all three, and an independent office among them. It opens at once.");
    night.approve(id, &[2])?;
    assert_eq!(night.ask()?, AccessOutcome::BreakGlass { emergency: id });

    let shares = night.released()?;
    assert_eq!(shares.len(), 3);
    let read = night.read(&shares[..2])?;
    assert_eq!(read, READINGS);
    println!("Two of three shares open the capsule; the hospital reads: {}", String::from_utf8_lossy(&read));
    let too_few = night.read(&shares[..1]).err().ok_or("one share opened the capsule")?;
    let missing = matches!(too_few.downcast_ref(), Some(ClosedCapsule::Capsule(CapsuleError::MissingShares { .. })));
    assert!(missing, "{too_few}");

    night.world.wait(Duration::from_secs(3600));
    let over = night.ask()?;
    assert!(matches!(over, AccessOutcome::Denied { reason: Reason::EmergencyOver { .. } }));
    assert!(night.released()?.is_empty());
    let refused = night.lacks_the_gate(&shares)?;
    println!("An hour later it is over by itself: {over:?}. The keys that were kept open nothing: {refused}.");

    night.review(id)?;
    night.tell_the_patient(id)
}

/// A network, a patient with three trustees, four gate nodes of which two have to agree, and one sealed record.
struct Night {
    world: World,
    ledger: Ledger,
    rng: ChaCha20Rng,
    trustees: Vec<(Party, TrusteeBundle)>,
    gate: Vec<GateBundle>,
    /// The hospital's latest request.
    request: RequestId,
    hospital: KemKeyPair,
    capsule: Capsule,
    sealed: Sealed,
    entry: IndexEntry,
}

impl Night {
    fn begin() -> Answer<Self> {
        let mut world = World::new(WorldPlan::default())?;
        let (mut ledger, mut rng) = (world.populated()?, ChaCha20Rng::seed_from_u64(320));
        let (chain, account) = (world.chain(), world.patients()[0].account);

        // The patient seals an hour under an epoch key, and registers it.
        let (hour, record) = (World::hour(0)?, RecordId::new(world.bytes()));
        let hours = Hours::touched_by(&hour)?;
        let committee = Committee::new(CommitteeId::new(1), Shape::new(4, 2)?);
        let seed = GateSeed::generate(Guard::new(account, EpochNumber::new(0), committee), &mut rng);
        let gate = (0..4).map(|node| seed.bundle(NodeNumber::new(node))).collect::<Result<Vec<_>, _>>()?;
        let epoch = EpochKey::generate(Epoch::new(EpochNumber::new(0), hours.first()), &mut rng).guarded_by(seed)?;
        let meta = RecordMeta::new(chain, account, record, DataKind::ContinuousGlucose, hours, Digest::ZERO);
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
        let entry = IndexEntry::sign(facts, &patient.gateway, &chain, &account)?;
        let anchor = world.anchor(0, vec![entry.clone()])?;
        world.advance(&mut ledger, &[anchor])?;

        // A grant for that hour, in a capsule that two of three trustees open; each gets its shares wrapped.
        let terms = GrantTerms {
            grant: GrantId::new(world.bytes()),
            account,
            kind: DataKind::ContinuousGlucose,
            verbs: VerbSet::QUERY,
            purposes: PurposeSet::new(&[Purpose::BreakTheGlass, Purpose::EmergencyTreatment])?,
            validity: Validity::during(TimeRange::ALWAYS),
            quota: None,
        };
        let body = GrantBody::new(terms, vec![epoch.cover(epoch.epoch().buckets(&hours)?)], &mut rng)?;
        let mut people = Vec::new();
        for (role, name) in [(Role::Trustee, "Sister"), (Role::Trustee, "Brother"), (Role::Regulator, "Ombudsman")] {
            let (key, kem) = (world.key(), KemKeyPair::generate(SealSuite::default(), &mut rng));
            let party = world.party(key, role, name)?;
            let admission = world.admission(&party, 2)?;
            world.advance(&mut ledger, &[admission])?;
            people.push((party, kem));
        }
        let to: Vec<_> = people.iter().map(|(_, kem)| kem.public()).collect();
        let place = (chain, account);
        let (capsule, letters) = trustees::entrust(&body, place, CapsuleId::new(world.bytes()), &to, &mut rng)?;
        let mut trustees = Vec::new();
        for (((party, kem), letter), number) in people.into_iter().zip(&letters).zip(0..) {
            trustees.push((party, trustees::open_letter(letter, &kem, place, &capsule, number)?));
        }
        let hospital = KemKeyPair::generate(SealSuite::default(), &mut rng);
        let request = RequestId::new(world.bytes());
        let mut night = Self { world, ledger, rng, trustees, gate, request, hospital, capsule, sealed, entry };
        night.appoint()?;
        Ok(night)
    }

    /// Two of three trustees; hospitals ask; ten minutes of delay, none with all three if a regulator is among them; an
    /// hour, and as many blocks as an hour can have.
    fn appoint(&mut self) -> Answer<()> {
        let circle = self.trustees.iter().map(|(party, _)| party.id()).collect();
        let life = Period::new(Duration::from_secs(3600), 3600);
        let terms = trustees::terms(circle, trustees::ten_minutes(), life, None)?;
        let appointment = Appointment::BreakGlass(Some(terms));
        let patient = &self.world.patients()[0];
        let body = Action::Appoint(Box::new(Appoint { number: 0, appointment }));
        let action = self.signed(body, &[(&patient.phone, Authored), (&patient.home, CoSigned)])?;
        self.advance(action)
    }

    fn request(&mut self) -> Answer<EmergencyId> {
        let request = EmergencyRequest {
            id: EmergencyId::new(self.world.bytes()),
            terms: 0,
            reason: Purpose::BreakTheGlass,
            patient: PatientState::Unresponsive,
            data: self.entry.facts().span,
            statement: Digest::new(self.world.bytes()),
        };
        let id = request.id;
        let action = self.signed(Action::RequestEmergency(request), &[(self.hospital_key(), Authored)])?;
        self.advance(action)?;
        Ok(id)
    }

    fn approve(&mut self, id: EmergencyId, who: &[usize]) -> Answer<()> {
        let keys: Vec<_> = who.iter().map(|i| (&self.trustees[*i].0.key, Approved)).collect();
        let action = self.signed(Action::ApproveEmergency(ApproveEmergency { id }), &keys)?;
        self.advance(action)
    }

    /// The hospital asks for the record; the answer stands in the patient's access log.
    fn ask(&mut self) -> Answer<AccessOutcome> {
        let mut request = self.world.request(vec![self.entry.facts().record])?;
        request.purpose = Purpose::BreakTheGlass;
        self.request = request.id;
        let action = self.world.access(HOSPITAL, 0, request)?;
        self.advance(action)?;
        let log = self.query()?.access_log(&self.account())?;
        Ok(log.entries().last().ok_or("empty log")?.outcome)
    }

    /// What the trustees send the hospital: each looks at the latest entry of the log, and gives its shares only if the
    /// glass was broken there, by the hospital, and the emergency is open still.
    fn released(&mut self) -> Answer<Vec<Wrapped<TrusteeBundle>>> {
        let log = self.query()?.access_log(&self.account())?;
        let entry = log.entries().last().ok_or("empty log")?;
        let (hospital, at) = (self.world.institutions()[HOSPITAL].id(), entry.at);
        if trustees::may_release(&self.query()?, &entry.request, &hospital, at)? {
            self.passed_on()
        } else {
            Ok(Vec::new())
        }
    }

    /// Every trustee's shares, wrapped to the hospital, whatever the ledger says.
    fn passed_on(&mut self) -> Answer<Vec<Wrapped<TrusteeBundle>>> {
        let (chain, to) = (self.world.chain(), self.hospital.public());
        self.trustees.iter().map(|(_, bundle)| Ok(trustees::pass_on(bundle, chain, to, &mut self.rng)?)).collect()
    }

    /// What the nodes of the gate answer to the hospital's latest request: each asks its own ledger. On the way they would
    /// be sealed to the hospital.
    fn answers(&self) -> Answer<Vec<GateReply>> {
        let (tip, record) = (self.ledger.tip(), self.entry.facts().record);
        let asked = GateRequest {
            request: self.request,
            epoch: 0,
            committee: 1,
            records: List::new(vec![record])?,
            recipient: Bytes::new(codec::encode(self.hospital.public()))?,
        };
        let asked =
            Envelope::new(self.world.chain(), Some(self.account()), asked).sign(self.hospital_key(), Authored)?;
        let at = Moment { height: tip.height, time: tip.time };
        let watch = Watch { at, now: self.world.clock(), fresh_for: FRESH_FOR };
        let says_yes = |_: &&GateBundle| release(&self.ledger.facts(), &asked, watch).is_ok();
        Ok(self.gate.iter().filter(says_yes).map(|node| node.partials(&record)).collect())
    }

    /// The shares open the capsule, and what is in it opens nothing; why.
    fn lacks_the_gate(&self, shares: &[Wrapped<TrusteeBundle>]) -> Answer<OpenError> {
        let refused = self.read(shares).err().ok_or("read without the gate")?.downcast::<OpenError>()?;
        assert!(matches!(*refused, OpenError::MissingSubKey { .. }), "{refused}");
        Ok(*refused)
    }

    /// What the hospital does with the shares it got.
    fn read(&self, shares: &[Wrapped<TrusteeBundle>]) -> Answer<Vec<u8>> {
        let (chain, account) = (self.world.chain(), self.account());
        let body = trustees::open_capsule(&self.capsule, shares, &self.hospital, (chain, account))?;
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
        let plaintext =
            open(self.sealed.part(), self.sealed.ciphertext(), Keys::Gated(&body, &self.answers()?), &view)?;
        Ok(plaintext.as_bytes().to_vec())
    }

    /// A regulator finds it among what awaits review, and puts a verdict on record.
    fn review(&mut self, id: EmergencyId) -> Answer<()> {
        assert_eq!(self.unreviewed()?, [id]);
        let body = ReviewEmergency { id, verdict: Verdict::Justified, findings: Digest::new(self.world.bytes()) };
        let regulator = &self.world.institutions()[REGULATOR].key;
        let action = self.signed(Action::ReviewEmergency(body), &[(regulator, Authored)])?;
        self.advance(action)?;
        assert!(self.unreviewed()?.is_empty());
        println!("The regulator has reviewed it: justified. Nothing of the network awaits review.");
        Ok(())
    }

    fn unreviewed(&self) -> Answer<Vec<EmergencyId>> {
        let tip = self.ledger.tip();
        let at = Moment { height: tip.height.next(), time: self.world.clock() };
        let all = self.query()?.emergencies_opened()?;
        let waiting = all.unreviewed(&tip.state_root, self.world.chain(), at)?;
        Ok(waiting.into_iter().map(Emergency::id).collect())
    }

    /// The patient wakes up, and reads what happened, from a state root alone.
    fn tell_the_patient(&self, id: EmergencyId) -> Answer<()> {
        let (root, chain, account) = (self.ledger.tip().state_root, self.world.chain(), self.account());
        let answer = self.query()?.emergencies(&account)?;
        let all = answer.of_account(&root, chain, &account)?;
        assert_eq!(all.iter().map(|one| one.id()).collect::<Vec<_>>(), [id]);
        let log = self.query()?.access_log(&account)?;
        let broken = AccessOutcome::BreakGlass { emergency: id };
        let uses = log.verify(&root, chain, &account)?.iter().filter(|entry| entry.outcome == broken).count();
        assert_eq!(uses, usize::try_from(all[0].used())?);
        println!(
            "The patient's log, complete and proved: the glass was broken once, read {uses} time(s), approved by {}, \
             reviewed as {:?}.",
            all[0].approvals().len(),
            all[0].review().ok_or("no review")?.verdict,
        );
        Ok(())
    }

    fn hospital_key(&self) -> &SecretKey {
        &self.world.institutions()[HOSPITAL].key
    }

    fn account(&self) -> AccountId {
        self.world.patients()[0].account
    }

    fn query(&self) -> Answer<Query> {
        Ok(Query::at(self.world.chain(), self.ledger.tip().height, self.ledger.store().as_ref())?)
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
