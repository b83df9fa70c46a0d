use super::*;
use crate::seal::erase::EraseReceipt;
use crate::seal::gate::{Answers, Committee, GateSeed, Shape};
use crate::seal::range_tree::EpochNumber;
use crate::seal::slot::CommitteeId;
use crate::seal::testing::{World, account, chain, range, record_id, rng};
use crate::seal::{GrantBody, KemKeyPair, Keys, SealSuite, erasure_of, open};
use dmledger_core::key::{SecretKey, Suite};
use dmledger_core::testing::key_gate::{self, Bench};
use dmledger_core::traits::key_gate::{GateAnswers, WrongAnswer};

fn place() -> GatePlace {
    GatePlace { account: account(2), epoch: 0, committee: 4 }
}

fn guard(nodes: u8, threshold: u8) -> Guard {
    let committee = Committee::new(CommitteeId::new(4), Shape::new(nodes, threshold).unwrap());
    Guard::new(account(2), EpochNumber::new(0), committee)
}

fn kem(seed: u64) -> KemKeyPair {
    KemKeyPair::generate(SealSuite::default(), &mut rng(seed))
}

fn signer() -> Arc<dyn Signer> {
    Arc::new(SecretKey::generate(Suite::Bip340, &mut rng(5)))
}

fn letter(seed: &GateSeed, node: u8, to: &KemKeyPair) -> Vec<u8> {
    codec::encode(&wrap(&seed.bundle(NodeNumber::new(node)).unwrap(), chain(1), to.public(), &mut rng(9)).unwrap())
}

struct OfNodeOne;

impl Bench for OfNodeOne {
    fn gate(&self) -> Box<dyn KeyGate> {
        let shelf = Box::new(MemoryShelf::default());
        Box::new(GateKeeper::open(chain(1), Arc::new(kem(1)), signer(), shelf).unwrap())
    }

    fn chain(&self) -> ChainId {
        chain(1)
    }

    fn place(&self) -> GatePlace {
        place()
    }

    fn letter(&self, number: u64) -> Vec<u8> {
        letter(&GateSeed::generate(guard(4, 2), &mut rng(number)), 1, &kem(1))
    }

    fn recipient(&self, number: u64) -> (Vec<u8>, Digest) {
        let pair = kem(100 + number);
        (codec::encode(pair.public()), pair.public().id().digest())
    }

    fn open(&self, sealed: &[u8], permit: &Permit) -> Option<Vec<(RecordId, Vec<u8>)>> {
        let letter: Wrapped<GateAnswer> = codec::decode(sealed).ok()?;
        let answer = unwrap(&letter, &kem(100), chain(1), Address::new(account(2), permit.asked())).ok()?;
        Some(answer.replies().iter().map(|reply| (*reply.record(), codec::encode(reply)[33..].to_vec())).collect())
    }
}

#[test]
fn the_keeper_keeps_the_promises_of_a_gate() -> dmledger_core::testing::Outcome {
    key_gate::keeps_its_promises(&OfNodeOne)
}

/// A shelf that can be opened again, and fails when told to.
#[derive(Clone, Default)]
struct Shared(Arc<MemoryShelf>, Arc<Mutex<bool>>);

impl Shelf for Shared {
    fn rows(&self) -> Result<Vec<Vec<u8>>, GateFault> {
        self.0.rows()
    }

    fn put(&self, name: &Digest, row: &[u8]) -> Result<(), GateFault> {
        if *self.1.lock().unwrap() { Err(GateFault::Unavailable) } else { self.0.put(name, row) }
    }
}

fn keeper(shelf: &Shared) -> Result<GateKeeper, GateFault> {
    GateKeeper::open(chain(1), Arc::new(kem(1)), signer(), Box::new(shelf.clone()))
}

fn permit(records: &[u8]) -> Permit {
    let recipient = kem(100).public().id().digest();
    let records = records.iter().map(|n| record_id(*n)).collect();
    key_gate::permit((chain(1), place()), records, recipient, Digest::new([7; 32]), Height::new(9))
}

fn release(keeper: &GateKeeper, records: &[u8]) -> Result<Vec<u8>, GateFault> {
    keeper.release(&permit(records), &codec::encode(kem(100).public()), &mut rng(1))
}

#[test]
fn shares_and_erasures_outlive_the_node_and_a_failing_shelf_changes_nothing() {
    let shelf = Shared::default();
    let letter = OfNodeOne.letter(0);
    keeper(&shelf).unwrap().keep(&place(), &letter).unwrap();
    let again = keeper(&shelf).unwrap();
    assert!(release(&again, &[1, 2]).is_ok());
    *shelf.1.lock().unwrap() = true;
    for record in [Some(record_id(1)), None] {
        let order = key_gate::destruction(chain(1), place(), record, Height::new(9));
        assert_eq!(again.destroy(&order), Err(GateFault::Unavailable));
    }
    assert!(release(&again, &[1, 2]).is_ok(), "not durable, so not done");
    *shelf.1.lock().unwrap() = false;
    again.destroy(&key_gate::destruction(chain(1), place(), Some(record_id(1)), Height::new(9))).unwrap();
    assert_eq!(release(&keeper(&shelf).unwrap(), &[1]), Err(GateFault::Erased));
    again.destroy(&key_gate::destruction(chain(1), place(), None, Height::new(10))).unwrap();
    assert_eq!(release(&keeper(&shelf).unwrap(), &[2]), Err(GateFault::Erased));
    let rows = shelf.rows().unwrap();
    let sealed = &letter[letter.len() - 64..];
    assert!(
        rows.iter().all(|row| !row.windows(64).any(|window| window == sealed)),
        "the letter is gone from the shelf"
    );
    let other = GateKeeper::open(chain(9), Arc::new(kem(1)), signer(), Box::new(shelf)).unwrap();
    assert_eq!(release(&other, &[2]), Err(GateFault::NotHeld), "a permit of another chain");
}

#[test]
fn a_shelf_sealed_to_another_key_is_not_opened() {
    let shelf = Shared::default();
    keeper(&shelf).unwrap().keep(&place(), &OfNodeOne.letter(0)).unwrap();
    let other = GateKeeper::open(chain(1), Arc::new(kem(2)), signer(), Box::new(shelf));
    assert_eq!(other.err(), Some(GateFault::BadLetter));
}

#[test]
fn receipts_of_the_keepers_prove_the_erasure_of_an_epoch() {
    let seed = GateSeed::generate(guard(4, 2), &mut rng(3));
    let mut receipts = Vec::new();
    let key = |n: u8| SecretKey::from_bytes(Suite::Bip340, [50 + n; 32]).unwrap();
    for n in 0..4 {
        let (own, shelf) = (kem(u64::from(n)), Box::new(MemoryShelf::default()));
        let letter = letter(&seed, n, &own);
        let keeper = GateKeeper::open(chain(1), Arc::new(own), Arc::new(key(n)), shelf).unwrap();
        keeper.keep(&place(), &letter).unwrap();
        let order = key_gate::destruction(chain(1), place(), None, Height::new(9));
        let receipt: Envelope<EraseReceipt> = codec::decode(&keeper.destroy(&order).unwrap()).unwrap();
        receipts.push(receipt);
    }
    let members: Vec<_> = (0..4).map(|n| key(n).public()).collect();
    let name = ErasureId::new([8; 16]);
    let erasure = erasure_of(name, Erased::Epoch(0), chain(1), &guard(4, 2), &members, &receipts).unwrap();
    assert_eq!((erasure.receipts(), erasure.tolerated_liars()), (4, 1));
    assert!(erasure_of(name, Erased::Epoch(0), chain(1), &guard(4, 2), &members, &receipts[..2]).is_err());
}

/// The whole way: dealt, released, gathered, opened; a lying node is told from a right one.
#[test]
fn answers_of_enough_keepers_open_a_record_and_lies_are_told() {
    let mut world = World::new();
    let seed = GateSeed::generate(guard(4, 2), &mut rng(3));
    let keepers: Vec<_> = (0..4_u8)
        .map(|n| {
            let own = kem(u64::from(n));
            let letter = letter(&seed, n, &own);
            let shelf = Box::new(MemoryShelf::default());
            let keeper = GateKeeper::open(chain(1), Arc::new(own), signer(), shelf).unwrap();
            keeper.keep(&place(), &letter).unwrap();
            keeper
        })
        .collect();
    let [first, second] = world.epochs;
    world.epochs = [first.guarded_by(seed).unwrap(), second];
    let cover = world.epochs[0].cover(range(24, 47));
    world.grant = GrantBody::new(world.grant.terms().clone(), vec![cover], &mut rng(8)).unwrap();
    let sealed = world.seal(1, 30, b"5.5 mmol/L");
    let asked = permit(&[1]).asked();
    let parts = [sealed.part().clone()];
    let fresh = || Answers::new(asked, chain(1), &parts, &world.grant, Arc::new(kem(100))).unwrap();
    let answers = fresh();
    let good = release(&keepers[2], &[1]).unwrap();
    assert_eq!(answers.take(&good), Ok(()));
    assert_eq!(answers.take(&good), Ok(()), "twice is once");
    assert!(!answers.are_enough());
    let liar = GateKeeper::open(chain(1), Arc::new(kem(1)), signer(), Box::new(MemoryShelf::default())).unwrap();
    liar.keep(&place(), &letter(&GateSeed::generate(guard(4, 2), &mut rng(4)), 1, &kem(1))).unwrap();
    let other_record = release(&keepers[1], &[2]).unwrap();
    let too_many = release(&keepers[1], &[1, 2]).unwrap();
    for wrong in [release(&liar, &[1]).unwrap(), other_record, too_many, Vec::new(), good[..good.len() - 1].to_vec()] {
        assert_eq!(answers.take(&wrong), Err(WrongAnswer));
    }
    assert!(!answers.are_enough());
    answers.take(&release(&keepers[0], &[1]).unwrap()).unwrap();
    assert!(answers.are_enough());
    let replies = answers.take_replies().remove(&record_id(1)).unwrap();
    let keys = Keys::Gated(&world.grant, &replies);
    assert_eq!(open(sealed.part(), sealed.ciphertext(), keys, &world.view(&sealed)).unwrap().as_bytes(), b"5.5 mmol/L");
}

/// A node cannot pass for one of another committee whose subsets are as many: 7 of threshold 3 and 7 of threshold 6.
#[test]
fn an_answer_under_another_shape_does_not_count() {
    let mut world = World::new();
    let seed = GateSeed::generate(guard(7, 3), &mut rng(3));
    let bundle = seed.bundle(NodeNumber::new(6)).unwrap();
    let [first, second] = world.epochs;
    world.epochs = [first.guarded_by(seed).unwrap(), second];
    let cover = world.epochs[0].cover(range(24, 47));
    world.grant = GrantBody::new(world.grant.terms().clone(), vec![cover], &mut rng(8)).unwrap();
    let sealed = world.seal(1, 30, b"5.5 mmol/L");
    let (asked, parts) = (permit(&[1]).asked(), [sealed.part().clone()]);
    let answers = Answers::new(asked, chain(1), &parts, &world.grant, Arc::new(kem(100))).unwrap();
    let send = |reply| {
        let answer = GateAnswer::new(account(2), asked, vec![reply]).unwrap();
        codec::encode(&wrap(&answer, chain(1), kem(100).public(), &mut rng(1)).unwrap())
    };
    let mut reply = bundle.partials(&record_id(1));
    reply.committee = guard(7, 6).committee;
    reply.partials.truncate(6);
    assert_eq!(answers.take(&send(reply)), Err(WrongAnswer));
    assert_eq!(answers.take(&send(bundle.partials(&record_id(1)))), Ok(()));
}
