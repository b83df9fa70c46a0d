//! A batch of several families: whatever is added beside good proofs, in whatever place, exactly what is bad is named.
#![no_main]

#[path = "good/fixed.rs"]
mod fixed;
#[path = "good/proof.rs"]
mod proof;

use dmledger_zk::{
    batch::BatchVerifier,
    commit::{Blinding, Opening},
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    glycemic::{Cadence, DayHistogram, DayProof, Slot, Table, Tokens, Unit, seal},
    range::{Bits, FitsBits, RangeProof},
    sigma::{AnyOf, AnyOfProof, Relation, RelationProof, Witness},
    statement::{Prove, Verify},
};
use fixed::Fixed;
use proof::Good;
use std::sync::OnceLock;

impl<S: Prove + Verify> Good<S> {
    /// What the bytes are read as, and the proof changed by them, unless that is the proof.
    fn others(&self, bytes: &[u8]) -> Vec<S::Proof> {
        let own = self.proof.as_ref();
        let changes = bytes.iter().chain(core::iter::repeat(&0));
        let changed: Vec<_> = own.iter().zip(changes).map(|(own, change)| own ^ change).collect();
        let both = [bytes, changed.as_slice()].into_iter().filter(|bytes| *bytes != own);
        both.filter_map(|bytes| (self.read)(bytes).ok()).collect()
    }
}

struct Families {
    context: Context,
    range: Good<FitsBits>,
    relation: Good<Relation>,
    any_of: Good<AnyOf>,
    day: Good<DayHistogram>,
}

impl Families {
    /// Good proofs, this family's among them, and what the bytes are read as before one of them.
    fn exactly_what_is_bad_is_named<S: Prove + Verify>(&self, family: &Good<S>, place: usize, bytes: &[u8]) {
        let others = family.others(bytes);
        let (mut batch, mut bad) = (BatchVerifier::new(), Vec::new());
        for at in 0..4 {
            if at == place {
                bad.extend(others.iter().map(|other| batch.add(&family.statement, &self.context, other)));
            }
            match at {
                0 => batch.add(&self.range.statement, &self.context, &self.range.proof),
                1 => batch.add(&self.relation.statement, &self.context, &self.relation.proof),
                2 => batch.add(&self.any_of.statement, &self.context, &self.any_of.proof),
                _ => batch.add(&family.statement, &self.context, &family.proof),
            };
        }
        assert_eq!(batch.finish(&mut Fixed).err().unwrap_or_default(), bad);
    }
}

fn families() -> Option<&'static Families> {
    static FAMILIES: OnceLock<Option<Families>> = OnceLock::new();
    FAMILIES.get_or_init(make).as_ref()
}

fn make() -> Option<Families> {
    let id = [2; 32];
    let purpose = Purpose::new("fuzz").ok()?;
    let context = Context::new(Chain::new(id), Pseudonym::new(id), Epoch::new(0), purpose, Audience::new(id));
    let opening = Opening::new(100, Blinding::derive(&[1; 32], 0));
    let commitment = opening.commitment();
    let any_of = AnyOf::new([100, 9].map(|value| Relation::value(&commitment, value)).to_vec()).ok()?;
    let table = Table::new(Unit::MgPerDl, Tokens::Counted);
    let (day, digest, secret) = seal(table, Cadence::Minutes15, &[Slot::Value(120); 96], &[5; 32]).ok()?;
    let (known, value) = (Witness::opening(&opening), Witness::value(&opening));
    let range = FitsBits::new(&[commitment], Bits::Eight).ok()?;
    Some(Families {
        range: Good::new(range, &context, &[opening], RangeProof::from_bytes)?,
        relation: Good::new(Relation::opening(&commitment), &context, &known, RelationProof::from_bytes)?,
        any_of: Good::new(any_of, &context, &(0, value), AnyOfProof::from_bytes)?,
        day: Good::new(DayHistogram::new(day, digest), &context, &secret, DayProof::from_bytes)?,
        context,
    })
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (Some(all), Some((choice, bytes))) = (families(), bytes.split_first()) else { return };
    let place = usize::from(choice % 4);
    match choice / 4 % 4 {
        0 => all.exactly_what_is_bad_is_named(&all.range, place, bytes),
        1 => all.exactly_what_is_bad_is_named(&all.relation, place, bytes),
        2 => all.exactly_what_is_bad_is_named(&all.any_of, place, bytes),
        _ => all.exactly_what_is_bad_is_named(&all.day, place, bytes),
    }
});
