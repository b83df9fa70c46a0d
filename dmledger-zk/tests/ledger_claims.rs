//! Facts about sealed days, accepted by a ledger that never sees a reading.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests: a failure is the test's")]

use dmledger_core::{
    action::{self, Action, ClaimAction, Fault, Parameters, Refusal, SignedAction},
    block::RawAction,
    codec::List,
    envelope::{Envelope, Meaning},
    hash::Digest,
    ledger::{Ledger, Query, StateMachine},
    record::{ContentId, IndexEntry, RecordId, index::IndexFacts},
    testing::{World, WorldPlan, world::WORLD_BEGINS},
    time::TimeRange,
    traits::{ProofClaim, ProofContext, ProofFamily, ProofRefusal},
};
use dmledger_zk::{
    context::Context,
    glycemic::{
        Cadence, DayHistogram, DaySecret, DigestOpening, Slot, Table, Tokens, Unit,
        claim::{Bound, DaysClaim, Quantity, Ranges, Side},
        seal,
    },
    statement::Prove,
    verifier::Verifier,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{sync::Arc, time::Duration};

struct Day {
    record: RecordId,
    statement: DayHistogram,
    secret: DaySecret,
}

struct Home {
    world: World,
    ledger: Ledger,
    rng: ChaCha20Rng,
}

impl Home {
    fn new(parameters: Parameters) -> Self {
        let plan = WorldPlan { patients: 2, parameters, ..WorldPlan::default() };
        let mut world = World::new(plan).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let ledger = world.populated().unwrap().with_verifier(Arc::new(Verifier::new(&mut rng)));
        Self { world, ledger, rng }
    }

    /// Anchors a day of a 15-minute sensor that starts `hour` hours after the world: 72 readings in range, 24 above.
    fn day(&mut self, hour: u64) -> Day {
        let slots: Vec<_> = (0..96).map(|i| Slot::Value(if i % 4 == 0 { 200 } else { 100 + i / 2 })).collect();
        let table = Table::new(Unit::MgPerDl, Tokens::Counted);
        let (sealed, digest, secret) = seal(table, Cadence::Minutes15, &slots, &self.world.bytes()).unwrap();
        let statement = DayHistogram::new(sealed, digest);
        let start = WORLD_BEGINS.plus(Duration::from_secs(3600 * hour));
        let patient = &self.world.patients()[0];
        let facts = IndexFacts {
            record: RecordId::new([u8::try_from(hour).unwrap(); 32]),
            sequence: patient.next,
            content: ContentId::of(b"ciphertext"),
            header: Digest::ZERO,
            commitments: statement.anchor(),
            count: 96,
            span: TimeRange::new(start, start.plus(Duration::from_secs(86_400))).unwrap(),
            epoch: 0,
        };
        let record = facts.record;
        let entry = IndexEntry::sign(facts, &patient.gateway, &self.world.chain(), &patient.account).unwrap();
        let anchor = self.world.anchor(0, vec![entry]).unwrap();
        self.world.advance(&mut self.ledger, &[anchor]).unwrap();
        Day { record, statement, secret }
    }

    fn context(&self) -> ProofContext {
        let account = self.world.patients()[0].account;
        ProofContext::new(self.world.chain(), account, 0, "insurance", Digest::ZERO).unwrap()
    }

    fn histogram(&mut self, day: &Day) -> ProofClaim {
        let context = self.context();
        let bound = Context::try_from(&context).unwrap();
        let proof = day.statement.prove(&bound, &day.secret, &mut self.rng).unwrap();
        day.statement.claim(context, &proof).unwrap()
    }

    fn in_range(&mut self, days: &[&Day], per_mille: u32) -> Option<ProofClaim> {
        let statements: Vec<_> = days.iter().map(|day| day.statement).collect();
        let bound = Bound::new(Quantity::Share(Ranges::IN), Side::AtLeast, per_mille);
        let claim = DaysClaim::new(&statements, 90, &[bound]).unwrap();
        let opening = DigestOpening::sum(&days.iter().map(|day| day.secret.opening()).collect::<Vec<_>>()).unwrap();
        let context = self.context();
        let proof = claim.prove(&Context::try_from(&context).unwrap(), &opening, &mut self.rng).ok()?;
        Some(claim.claim(context, &proof).unwrap())
    }

    fn action(&self, patient: usize, records: Vec<RecordId>, claim: ProofClaim) -> SignedAction {
        let patient = &self.world.patients()[patient];
        let body = Action::Claim(Box::new(ClaimAction { records: List::new(records).unwrap(), claim }));
        let action = Envelope::new(self.world.chain(), Some(patient.account), body);
        action.sign(&patient.phone, Meaning::Authored).unwrap().sign(&patient.home, Meaning::CoSigned).unwrap()
    }

    fn show(&mut self, day: &Day) {
        let claim = self.histogram(day);
        let action = self.action(0, vec![day.record], claim);
        self.world.advance(&mut self.ledger, &[action]).unwrap();
    }

    fn refusal(&self, action: &SignedAction) -> Refusal {
        match self.ledger.examine(&action::encode(action).unwrap()) {
            Err(Fault::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn time_in_range_over_days_is_accepted_and_listed_for_a_stranger() {
    let mut home = Home::new(Parameters::default());
    let (first, second) = (home.day(0), home.day(24));
    home.show(&first);
    home.show(&second);
    let claim = home.in_range(&[&first, &second], 750).unwrap();
    assert!(home.in_range(&[&first, &second], 751).is_none(), "one step beyond is false");
    let action = home.action(0, vec![first.record, second.record], claim);
    home.world.advance(&mut home.ledger, std::slice::from_ref(&action)).unwrap();
    assert_eq!(home.refusal(&action), Refusal::ClaimExists);

    let (height, account) = (home.ledger.tip().height, home.world.patients()[0].account);
    let query = Query::at(home.world.chain(), height, home.ledger.store().as_ref()).unwrap();
    let answer = query.claims(&account).unwrap();
    let claims = answer.verify(&home.ledger.tip().state_root, home.world.chain(), &account).unwrap();
    let families: Vec<_> = claims.iter().map(|claim| claim.family).collect();
    assert_eq!(families, [ProofFamily::DAY_HISTOGRAM, ProofFamily::DAY_HISTOGRAM, ProofFamily::DAYS_BOUNDS]);
    assert_eq!(&claims[2].records[..], [first.record, second.record]);
    assert_eq!(claims[2].context.purpose(), "insurance");
    let other = home.world.patients()[1].account;
    assert!(answer.verify(&home.ledger.tip().state_root, home.world.chain(), &other).is_err());
}

#[test]
fn days_have_to_be_shown_first_and_count_once() {
    let mut home = Home::new(Parameters::default());
    let (first, second, between) = (home.day(0), home.day(24), home.day(12));
    home.show(&first);
    let claim = home.in_range(&[&first, &second], 700).unwrap();
    let action = home.action(0, vec![first.record, second.record], claim);
    assert_eq!(home.refusal(&action), Refusal::DayNotShown { position: 1 });
    home.show(&second);
    home.show(&between);
    assert!(home.ledger.examine(&action::encode(&action).unwrap()).is_ok());
    let claim = home.in_range(&[&second, &between], 700).unwrap();
    let action = home.action(0, vec![second.record, between.record], claim);
    assert_eq!(home.refusal(&action), Refusal::DaysOverlap);
}

#[test]
fn a_claim_about_other_records_accounts_or_networks_is_refused() {
    let mut home = Home::new(Parameters::default());
    let (first, second) = (home.day(0), home.day(24));
    let claim = home.histogram(&first);
    let refusal = |records: Vec<RecordId>| home.refusal(&home.action(0, records, claim.clone()));
    assert_eq!(refusal(vec![second.record]), Refusal::OtherAnchor { position: 0 });
    assert_eq!(refusal(vec![RecordId::new([0xee; 32])]), Refusal::ClaimedRecordUnknown { position: 0 });
    assert_eq!(refusal(vec![first.record, second.record]), Refusal::AnchorCount { have: 2, need: 1 });
    assert_eq!(refusal(vec![first.record, first.record]), Refusal::DuplicateRecord);
    assert_eq!(refusal(vec![]), Refusal::Empty);
    assert_eq!(home.refusal(&home.action(1, vec![first.record], claim.clone())), Refusal::OtherContext);

    let alone = Envelope::new(home.world.chain(), Some(home.world.patients()[0].account), {
        Action::Claim(Box::new(ClaimAction { records: List::new(vec![first.record]).unwrap(), claim }))
    });
    let alone = alone.sign(&home.world.institutions()[0].key, Meaning::Authored).unwrap();
    assert!(
        matches!(home.refusal(&alone), Refusal::Policy { .. }),
        "what is shown about a patient, the patient decides"
    );
}

#[test]
fn a_forged_proof_is_refused_by_name_and_keeps_nothing_else_out_of_the_block() {
    let mut home = Home::new(Parameters::default());
    let (first, second) = (home.day(0), home.day(24));
    let good = home.histogram(&second);
    let claim = home.histogram(&first);
    let mut bytes = claim.proof().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let (anchors, statement) = (claim.anchors().to_vec(), claim.statement().to_vec());
    let forged = ProofClaim::new(claim.family(), claim.context().clone(), anchors, statement, bytes).unwrap();
    let forged = home.action(0, vec![first.record], forged);
    assert!(matches!(home.refusal(&forged), Refusal::Proof { .. }));
    let good = home.action(0, vec![second.record], good);
    let block = home.world.propose(&home.ledger, &[forged.clone(), good]).unwrap();
    assert_eq!(block.actions().len(), 1);

    // A block that holds it nevertheless is refused by every node that validates it.
    let lenient = Home::new(Parameters::default());
    let mut lenient = lenient.world.ledger().unwrap().with_verifier(Arc::new(Credulous));
    let mut height = home.ledger.tip().height;
    for h in 1..=height.value() {
        let block = home.ledger.finalized(dmledger_core::time::Height::new(h)).unwrap().unwrap();
        lenient.apply(block).unwrap();
    }
    height = height.next();
    let block = home.world.propose(&lenient, &[forged]).unwrap();
    assert_eq!((block.header().height, block.actions().len()), (height, 1));
    let refused = home.ledger.validate(&block, home.world.clock()).unwrap_err().to_string();
    assert!(refused.contains("claim refused"), "{refused}");
    let certified = home.world.certify(block).unwrap();
    assert!(home.ledger.apply(certified).is_err());
    assert!(home.ledger.facts().state().raw(&home.ledger.places().shown_day(&first.record)).unwrap().is_none());
}

/// Believes everything: what a node with a broken verifier would propose.
struct Credulous;

impl dmledger_core::traits::ProofVerifier for Credulous {
    fn cost(&self, _: &ProofClaim) -> Result<dmledger_core::traits::ProofCost, ProofRefusal> {
        Ok(dmledger_core::traits::ProofCost::elements(1))
    }

    fn verify_all(&self, _: &[ProofClaim]) -> Result<(), Vec<dmledger_core::traits::BadClaim>> {
        Ok(())
    }
}

#[test]
fn bytes_of_a_claim_are_fixed_and_no_cut_or_altered_one_is_accepted() {
    let mut home = Home::new(Parameters::default());
    let day = home.day(0);
    let claim = home.histogram(&day);
    let action = home.action(0, vec![day.record], claim);
    let raw = action::encode(&action).unwrap();
    assert_eq!(format!("{:.16}", raw.digest()), FIXED);
    assert!(home.ledger.examine(&raw).is_ok());
    let bytes = raw.as_slice();
    for end in 0..bytes.len() {
        assert!(action::decode(&RawAction::new(bytes[..end].to_vec()).unwrap()).is_err(), "cut at {end}");
    }
    for place in (0..bytes.len()).step_by(13) {
        let mut altered = bytes.to_vec();
        altered[place] ^= 1 << (place % 8);
        assert!(home.ledger.examine(&RawAction::new(altered).unwrap()).is_err(), "byte {place}");
    }
}
const FIXED: &str = "2fe017e49bf9d28a";

#[test]
fn a_block_checks_no_more_proofs_than_genesis_allows() {
    // Proofs of two days of a 15-minute sensor do not fit, one does.
    let mut home = Home::new(Parameters { max_proof_elements: 3_000, ..Parameters::default() });
    let (first, second) = (home.day(0), home.day(24));
    let both: Vec<_> = [&first, &second]
        .map(|day| {
            let claim = home.histogram(day);
            home.action(0, vec![day.record], claim)
        })
        .into();
    let block = home.world.propose(&home.ledger, &both).unwrap();
    assert_eq!(block.actions().len(), 1);

    let mut none = Home::new(Parameters { max_proof_elements: 0, ..Parameters::default() });
    let day = none.day(0);
    let claim = none.histogram(&day);
    let action = none.action(0, vec![day.record], claim);
    assert!(matches!(none.refusal(&action), Refusal::ProofTooCostly { left: 0, .. }));
    let blind = none.world.ledger().unwrap();
    let refused = blind.examine(&action::encode(&action).unwrap()).unwrap_err();
    assert!(matches!(refused, Fault::Refused(_)));
}
