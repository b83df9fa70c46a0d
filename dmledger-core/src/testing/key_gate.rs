//! What every [`KeyGate`] promises: partials for a permit and nothing else, sealed to the certified key, and none after
//! they were destroyed.
//!
//! Call [`keeps_its_promises`] from a test of the implementation, with a [`Bench`] that knows its letters and its seal.

use crate::{
    envelope::ChainId,
    hash::Digest,
    record::RecordId,
    testing::Outcome,
    time::Height,
    traits::key_gate::{Destruction, GateFault, GatePlace, KeyGate, Permit},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// What the suite needs of an implementation.
pub trait Bench {
    /// A gate that holds nothing.
    fn gate(&self) -> Box<dyn KeyGate>;

    /// The network of its letters.
    fn chain(&self) -> ChainId;

    /// The place its letters are about.
    fn place(&self) -> GatePlace;

    /// A letter for [`Self::place`]; another letter for another number.
    fn letter(&self, number: u64) -> Vec<u8>;

    /// The recipient's encoded encapsulation key and the digest that names it; another key for another number.
    fn recipient(&self, number: u64) -> (Vec<u8>, Digest);

    /// What an answer to recipient 0 holds about each record; `None` if it does not open.
    fn open(&self, sealed: &[u8], permit: &Permit) -> Option<Vec<(RecordId, Vec<u8>)>>;
}

/// A permit as the ledger's rules would give it.
#[must_use]
pub const fn permit(
    (chain, place): (ChainId, GatePlace),
    records: Vec<RecordId>,
    recipient: Digest,
    asked: Digest,
    height: Height,
) -> Permit {
    Permit::new((chain, place), records, recipient, asked, height)
}

/// An order as the ledger's rules would give it.
#[must_use]
pub const fn destruction(chain: ChainId, place: GatePlace, record: Option<RecordId>, height: Height) -> Destruction {
    Destruction::new((chain, [8; 16]), place, record, height)
}

/// Holds a gate to every promise of the trait.
///
/// # Errors
/// With the first promise that is broken.
pub fn keeps_its_promises(bench: &dyn Bench) -> Outcome {
    only_bundles_of_the_place_are_kept(bench)?;
    an_answer_is_for_its_permit_and_recipient(bench)?;
    nothing_is_answered_without_keys(bench)?;
    an_erased_record_stays_erased(bench)?;
    an_erased_place_stays_erased(bench)
}

const RECORDS: [RecordId; 2] = [RecordId::new([1; 32]), RecordId::new([2; 32])];

fn asked(bench: &dyn Bench, records: &[RecordId]) -> Permit {
    let digest = bench.recipient(0).1;
    permit((bench.chain(), bench.place()), records.to_vec(), digest, Digest::new([7; 32]), Height::new(9))
}

fn release(bench: &dyn Bench, gate: &dyn KeyGate, permit: &Permit, seed: u64) -> Result<Vec<u8>, GateFault> {
    gate.release(permit, &bench.recipient(0).0, &mut ChaCha20Rng::seed_from_u64(seed))
}

fn holding(bench: &dyn Bench) -> Result<Box<dyn KeyGate>, GateFault> {
    let gate = bench.gate();
    gate.keep(&bench.place(), &bench.letter(0))?;
    Ok(gate)
}

fn expect<T: PartialEq + core::fmt::Debug>(found: &T, wanted: &T, what: &str) -> Outcome {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?} instead of {wanted:?}").into()) }
}

fn only_bundles_of_the_place_are_kept(bench: &dyn Bench) -> Outcome {
    let gate = bench.gate();
    let letter = bench.letter(0);
    let short = letter.split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default();
    let mut flipped = letter.clone();
    if let Some(byte) = flipped.last_mut() {
        *byte ^= 1;
    }
    for bad in [Vec::new(), short, flipped] {
        expect(&gate.keep(&bench.place(), &bad), &Err(GateFault::BadLetter), "a damaged letter")?;
    }
    let elsewhere = GatePlace { epoch: bench.place().epoch + 1, ..bench.place() };
    expect(&gate.keep(&elsewhere, &letter), &Err(GateFault::BadLetter), "a letter about another epoch")?;
    gate.keep(&bench.place(), &letter)?;
    gate.keep(&bench.place(), &letter)?;
    expect(&gate.keep(&bench.place(), &bench.letter(1)), &Err(GateFault::Taken), "a second bundle")
}

fn an_answer_is_for_its_permit_and_recipient(bench: &dyn Bench) -> Outcome {
    let gate = holding(bench)?;
    let permit = asked(bench, &RECORDS);
    let [first, again] = [1, 2].map(|seed| release(bench, &*gate, &permit, seed));
    let (first, again) = (first?, again?);
    if first == again {
        return Err("two seals of one answer are alike".into());
    }
    let (opened, reopened) = (bench.open(&first, &permit), bench.open(&again, &permit));
    let opened = opened.ok_or("an answer does not open to its recipient")?;
    expect(&Some(opened.clone()), &reopened, "partials of one permit")?;
    let names: Vec<_> = opened.iter().map(|(record, _)| *record).collect();
    expect(&names, &RECORDS.to_vec(), "records answered for")?;
    if let [(_, one), (_, other)] = opened.as_slice()
        && one == other
    {
        return Err("two records have the same partials".into());
    }
    let alone = asked(bench, RECORDS.split_at(1).0);
    let answer = release(bench, &*gate, &alone, 3)?;
    expect(&bench.open(&answer, &alone).map(|all| all.len()), &Some(1), "records answered for beyond the permit")?;
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    for bad in [bench.recipient(1).0, Vec::new(), vec![0; 64]] {
        let refused = gate.release(&permit, &bad, &mut rng).err();
        expect(&refused, &Some(GateFault::WrongRecipient), "another recipient's key")?;
    }
    Ok(())
}

fn nothing_is_answered_without_keys(bench: &dyn Bench) -> Outcome {
    let permit = asked(bench, &RECORDS);
    let empty = release(bench, &*bench.gate(), &permit, 1).err();
    expect(&empty, &Some(GateFault::NotHeld), "a gate without keys")?;
    let gate = holding(bench)?;
    let place = bench.place();
    let elsewhere =
        [GatePlace { epoch: place.epoch + 1, ..place }, GatePlace { committee: place.committee + 1, ..place }];
    for place in elsewhere {
        let digest = permit.recipient();
        let other = self::permit((bench.chain(), place), RECORDS.to_vec(), digest, permit.asked(), permit.height());
        expect(&release(bench, &*gate, &other, 1).err(), &Some(GateFault::NotHeld), "another place")?;
        let order = destruction(bench.chain(), place, None, Height::new(9));
        expect(&gate.destroy(&order).err(), &Some(GateFault::NotHeld), "destroying what was never kept")?;
    }
    Ok(())
}

fn an_erased_record_stays_erased(bench: &dyn Bench) -> Outcome {
    let gate = holding(bench)?;
    let [gone, left] = RECORDS;
    let order = destruction(bench.chain(), bench.place(), Some(gone), Height::new(9));
    gate.destroy(&order)?;
    gate.destroy(&order)?;
    for records in [vec![gone], vec![left, gone]] {
        let refused = release(bench, &*gate, &asked(bench, &records), 1).err();
        expect(&refused, &Some(GateFault::Erased), "an erased record")?;
    }
    release(bench, &*gate, &asked(bench, &[left]), 1)?;
    Ok(())
}

fn an_erased_place_stays_erased(bench: &dyn Bench) -> Outcome {
    let gate = holding(bench)?;
    let order = destruction(bench.chain(), bench.place(), None, Height::new(9));
    gate.destroy(&order)?;
    gate.destroy(&order)?;
    let refused = release(bench, &*gate, &asked(bench, &RECORDS), 1).err();
    expect(&refused, &Some(GateFault::Erased), "an erased epoch")?;
    expect(&gate.keep(&bench.place(), &bench.letter(0)), &Err(GateFault::Erased), "dealing an erased epoch again")
}
