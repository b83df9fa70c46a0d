//! Claims of any family: no bytes make the verifier panic, its cost is told before its work, and none are accepted. Proofs of
//! one statement a family: what is read has one encoding, and only the one proof that was made is accepted.
#![no_main]

#[path = "good/fixed.rs"]
mod fixed;
#[path = "good/proof.rs"]
mod proof;

use dmledger_core::{
    codec,
    traits::proof_verifier::{ProofClaim, ProofVerifier},
};
use dmledger_zk::{
    commit::commit_values,
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    glycemic::{
        Cadence, DayHistogram, DayProof, Slot, Table, Tokens, Unit, VariationClaim, VariationProof, claim::Side, seal,
    },
    range::Interval,
    sigma::{AnyOf, AnyOfProof, Relation, RelationProof, Witness},
    statement::{
        Prove, Verify,
        reading::{ReadingInRange, ReadingProof, ReadingWitness, value_root},
    },
    verifier::Verifier,
};
use fixed::Fixed;
use proof::Good;
use std::sync::OnceLock;

impl<S: Prove + Verify> Good<S> {
    fn only_the_proof_is_accepted(&self, context: &Context, bytes: &[u8]) {
        let Ok(proof) = (self.read)(bytes) else { return };
        assert_eq!(proof.as_ref(), bytes);
        assert_eq!(self.statement.verify(context, &proof).is_ok(), bytes == self.proof.as_ref());
    }

    /// The bytes themselves, and the proof changed by them, which reaches what drawn bytes hardly do.
    fn try_both(&self, context: &Context, bytes: &[u8]) {
        self.only_the_proof_is_accepted(context, bytes);
        let others = bytes.iter().chain(core::iter::repeat(&0));
        let changed: Vec<_> = self.proof.as_ref().iter().zip(others).map(|(own, other)| own ^ other).collect();
        self.only_the_proof_is_accepted(context, &changed);
    }
}

struct Families {
    context: Context,
    day: Good<DayHistogram>,
    variation: Good<VariationClaim>,
    relation: Good<Relation>,
    any_of: Good<AnyOf>,
    reading: Good<ReadingInRange>,
}

fn families() -> Option<&'static Families> {
    static FAMILIES: OnceLock<Option<Families>> = OnceLock::new();
    FAMILIES.get_or_init(make).as_ref()
}

fn make() -> Option<Families> {
    let id = [2; 32];
    let purpose = Purpose::new("fuzz").ok()?;
    let context = Context::new(Chain::new(id), Pseudonym::new(id), Epoch::new(0), purpose, Audience::new(id));
    let (commitments, openings) = commit_values(&[3, 5, 15], &[1; 32]);
    let ([first, second, product], [a, b, c]) = (commitments.as_slice(), openings.as_slice()) else { return None };
    let table = Table::new(Unit::MgPerDl, Tokens::Counted);
    let (day, digest, secret) = seal(table, Cadence::Minutes15, &[Slot::Value(120); 96], &[5; 32]).ok()?;
    let day = DayHistogram::new(day, digest);
    let variation = VariationClaim::new(&[day], 90, Side::AtMost, 360).ok()?;
    let any_of = AnyOf::new(vec![Relation::value(first, 3), Relation::value(first, 9)]).ok()?;
    let reading = ReadingInRange::new(value_root(&commitments), 3, 1, Interval::new(4, 8).ok()?).ok()?;
    let witness = ReadingWitness::new(&commitments, &openings, 1).ok()?;
    Some(Families {
        day: Good::new(day, &context, &secret, DayProof::from_bytes)?,
        variation: Good::new(variation, &context, secret.opening(), VariationProof::from_bytes)?,
        relation: Good::new(
            Relation::product(first, second, product),
            &context,
            &Witness::product(a, b, c),
            RelationProof::from_bytes,
        )?,
        any_of: Good::new(any_of, &context, &(0, Witness::value(a)), AnyOfProof::from_bytes)?,
        reading: Good::new(reading, &context, &witness, ReadingProof::from_bytes)?,
        context,
    })
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (Some(all), Some((family, proof))) = (families(), bytes.split_first()) else { return };
    match family % 5 {
        0 => all.day.try_both(&all.context, proof),
        1 => all.variation.try_both(&all.context, proof),
        2 => all.relation.try_both(&all.context, proof),
        3 => all.any_of.try_both(&all.context, proof),
        _ => all.reading.try_both(&all.context, proof),
    }
    let Ok(claim) = codec::decode::<ProofClaim>(bytes) else { return };
    let verifier = Verifier::new(&mut Fixed);
    if verifier.cost(&claim).is_ok_and(|cost| cost.number() < 10_000) {
        assert!(verifier.verify(&claim).is_err());
    }
});
