//! Claims about keys on a ledger: an unnamed member is heard once, a recipient reads the anchored reading.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests: a failure is the test's")]

use dmledger_core::{
    action::{self, Action, ClaimAction, Fault, Refusal, SignedAction},
    codec::List,
    envelope::{Envelope, Meaning},
    hash::Digest,
    ledger::Ledger,
    record::{ContentId, IndexEntry, RecordId, index::IndexFacts},
    testing::{World, WorldPlan},
    traits::proof_verifier::{ProofClaim, ProofContext, ProofFamily},
};
use dmledger_zk::{
    commit::commit_values,
    context::Context,
    elgamal::{DecryptionKey, ValueTable},
    member::{AuthorisedSet, MemberSecret, Membership},
    statement::{
        Prove as _,
        encrypted::{ReadingEncrypted, ReadingEncryptedProof},
        reading::{ReadingWitness, value_root},
    },
    verifier::Verifier,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::sync::Arc;

struct Home {
    world: World,
    ledger: Ledger,
    rng: ChaCha20Rng,
}

impl Home {
    fn new() -> Self {
        let mut world = World::new(WorldPlan::default()).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let ledger = world.populated().unwrap().with_verifier(Arc::new(Verifier::new(&mut rng)));
        Self { world, ledger, rng }
    }

    fn context(&self, purpose: &str) -> ProofContext {
        let account = self.world.patients()[0].account;
        ProofContext::new(self.world.chain(), account, 0, purpose, Digest::ZERO).unwrap()
    }

    fn anchor(&mut self, commitments: Digest, count: u32) -> RecordId {
        let patient = &self.world.patients()[0];
        let record = RecordId::new([u8::try_from(patient.next).unwrap() + 1; 32]);
        let facts = IndexFacts {
            record,
            sequence: patient.next,
            content: ContentId::of(b"ciphertext"),
            header: Digest::ZERO,
            commitments,
            count,
            span: World::hour(patient.next).unwrap(),
            epoch: 0,
        };
        let entry = IndexEntry::sign(facts, &patient.gateway, &self.world.chain(), &patient.account).unwrap();
        let anchor = self.world.anchor(0, vec![entry]).unwrap();
        self.world.advance(&mut self.ledger, &[anchor]).unwrap();
        record
    }

    fn action(&self, record: RecordId, claim: ProofClaim) -> SignedAction {
        let patient = &self.world.patients()[0];
        let records = List::new(vec![record]).unwrap();
        let body = Action::Claim(Box::new(ClaimAction { records, claim }));
        let action = Envelope::new(self.world.chain(), Some(patient.account), body);
        action.sign(&patient.phone, Meaning::Authored).unwrap().sign(&patient.home, Meaning::CoSigned).unwrap()
    }

    fn speaks(&mut self, set: &AuthorisedSet, secret: &MemberSecret, purpose: &str, scope: &[u8]) -> ProofClaim {
        let context = self.context(purpose);
        let statement = Membership::in_claim(set, &context, scope, secret).unwrap();
        let proof = statement.prove(&Context::try_from(&context).unwrap(), secret, &mut self.rng).unwrap();
        statement.claim(context, scope, &proof).unwrap()
    }

    fn refusal(&self, action: &SignedAction) -> Refusal {
        match self.ledger.examine(&action::encode(action).unwrap()) {
            Err(Fault::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_member_is_heard_once_in_a_scope_under_whatever_proof() {
    let mut home = Home::new();
    let members: Vec<_> = (0..6).map(|_| MemberSecret::random(&mut home.rng)).collect();
    let set = AuthorisedSet::new(&members.iter().map(MemberSecret::key).collect::<Vec<_>>()).unwrap();
    let record = home.anchor(set.anchor(), 6);

    let first = home.speaks(&set, &members[2], "opinion", b"case 17");
    let again = home.speaks(&set, &members[2], "opinion", b"case 17");
    assert!(first != again && first.mark() == again.mark());
    let (first, again) = (home.action(record, first), home.action(record, again));
    let both = home.world.propose(&home.ledger, &[first.clone(), again.clone()]).unwrap();
    assert_eq!(both.actions().len(), 1, "nor twice in one block");
    home.world.advance(&mut home.ledger, &[first]).unwrap();
    assert_eq!(home.refusal(&again), Refusal::MemberHeard);

    // On another case, for another purpose, or as another member.
    let others = [
        home.speaks(&set, &members[2], "opinion", b"case 18"),
        home.speaks(&set, &members[2], "vote", b"case 17"),
        home.speaks(&set, &members[3], "opinion", b"case 17"),
    ];
    let others = others.map(|claim| home.action(record, claim));
    home.world.advance(&mut home.ledger, &others).unwrap();
}

#[test]
fn a_set_that_is_not_the_anchored_one_is_refused() {
    let mut home = Home::new();
    let members: Vec<_> = (0..3).map(|_| MemberSecret::random(&mut home.rng)).collect();
    let set = AuthorisedSet::new(&[members[0].key(), members[1].key()]).unwrap();
    let record = home.anchor(set.anchor(), 2);
    // A stranger in a set of its own making.
    let own = AuthorisedSet::new(&[members[0].key(), members[2].key()]).unwrap();
    let claim = home.speaks(&own, &members[2], "opinion", b"case 17");
    assert_eq!(home.refusal(&home.action(record, claim.clone())), Refusal::OtherAnchor { position: 0 });
    // The same under the anchored set's name.
    let (statement, proof) = (claim.statement().to_vec(), claim.proof().to_vec());
    let renamed = ProofClaim::new(claim.family(), claim.context().clone(), vec![set.anchor()], statement, proof);
    assert!(matches!(home.refusal(&home.action(record, renamed.unwrap())), Refusal::Proof { .. }));
}

#[test]
fn a_recipient_reads_the_anchored_reading_from_the_block() {
    let mut home = Home::new();
    let (commitments, openings) = commit_values(&[104, 98, 171], &[7; 32]);
    let root = value_root(&commitments);
    let record = home.anchor(root, 3);
    let doctor = DecryptionKey::random(&mut home.rng);
    let keys = [doctor.encryption_key()];
    let statement = ReadingEncrypted::encrypt(root, 3, 2, &openings[2], &keys).unwrap();
    let witness = ReadingWitness::new(&commitments, &openings, 2).unwrap();
    let context = home.context("treatment");
    let proof = statement.prove(&Context::try_from(&context).unwrap(), &witness, &mut home.rng).unwrap();
    let claim = statement.claim(context.clone(), &proof).unwrap();
    let action = home.action(record, claim.clone());
    home.world.advance(&mut home.ledger, &[action]).unwrap();

    assert_eq!(claim.family(), ProofFamily::READING_ENCRYPTED);
    let stated = ReadingEncrypted::try_from(&claim).unwrap();
    let ciphertext = ReadingEncryptedProof::from_bytes(claim.proof()).unwrap();
    let handle = stated.handle_for(&doctor.encryption_key()).unwrap();
    assert_eq!(doctor.decrypt(ciphertext.commitment(), handle, &ValueTable::up_to(500)), Some(171));
    assert_eq!(stated.handle_for(&DecryptionKey::random(&mut home.rng).encryption_key()), None);

    // Stated of another place of the record, the proof does not hold.
    let moved = ReadingEncrypted::new(root, 3, 1, stated.recipients()).unwrap();
    let moved = home.action(record, moved.claim(context, &proof).unwrap());
    assert!(matches!(home.refusal(&moved), Refusal::Proof { .. }));
}
