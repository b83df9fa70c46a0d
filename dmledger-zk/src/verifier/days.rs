//! Claims about days: how sealed days, digests and bounds stand in a ledger's bytes.
//!
//! A day is anchored as the digest of everything public about it, [`DayHistogram::anchor`]. A `DAY_HISTOGRAM` claim shows
//! that its digest is that of its readings; `DAYS_BOUNDS` and
//! `DAYS_VARIATION` speak about days whose histograms the ledger accepted before.

use super::claim::{malformed, no_statement, range_cost, range_proof, statement_of};
use crate::{
    commit::Commitment,
    glycemic::{
        Cadence, DayDigest, DayHistogram, DayProof, METRICS, SealedDay, Table, Tokens, Unit, VariationClaim,
        VariationProof,
        claim::{Bound, DaysClaim, MAX_BOUNDS, MAX_DAYS, Quantity, Ranges, Side},
    },
    group::ELEMENT_BYTES,
    range::RangeProof,
};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{
    codec::{self, Canonical, CodecError, List},
    hash::{self, Digest, tag},
    traits::proof_verifier::{MAX_STATEMENT_BYTES, ProofClaim, ProofContext, ProofCost, ProofFamily, ProofRefusal},
};

/// Everything public about a day.
#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct DayWire {
    unit: u8,
    tokens: u8,
    /// Minutes between readings.
    cadence: u8,
    sealed: [u8; ELEMENT_BYTES],
    digest: [[u8; ELEMENT_BYTES]; METRICS],
}

impl Canonical for DayWire {
    const MAX_BYTES: usize = 4 + ELEMENT_BYTES * (1 + METRICS);
}

impl DayWire {
    fn new(day: &DayHistogram) -> Self {
        let table = day.day().table();
        Self {
            unit: match table.unit() {
                Unit::MgPerDl => 1,
                Unit::TenthMmolPerL => 2,
            },
            tokens: match table.tokens() {
                Tokens::Counted => 1,
                Tokens::Missing => 2,
            },
            cadence: match day.day().cadence() {
                Cadence::Minutes1 => 1,
                Cadence::Minutes5 => 5,
                Cadence::Minutes15 => 15,
            },
            sealed: *day.day().commitment().as_bytes(),
            digest: day.digest().commitments().map(|commitment| *commitment.as_bytes()),
        }
    }

    fn read(&self) -> Result<DayHistogram, ProofRefusal> {
        let unit = match self.unit {
            1 => Unit::MgPerDl,
            2 => Unit::TenthMmolPerL,
            _ => return Err(malformed("statement")),
        };
        let tokens = match self.tokens {
            1 => Tokens::Counted,
            2 => Tokens::Missing,
            _ => return Err(malformed("statement")),
        };
        let commitment = |bytes| Commitment::from_bytes(bytes).map_err(|_| malformed("statement"));
        let [a, b, c, d, e, f, g] = self.digest.each_ref().map(commitment);
        let digest = DayDigest::new([a?, b?, c?, d?, e?, f?, g?]);
        let day = SealedDay::new(Table::new(unit, tokens), self.cadence()?, commitment(&self.sealed)?);
        Ok(DayHistogram::new(day, digest))
    }

    fn cadence(&self) -> Result<Cadence, ProofRefusal> {
        match self.cadence {
            1 => Ok(Cadence::Minutes1),
            5 => Ok(Cadence::Minutes5),
            15 => Ok(Cadence::Minutes15),
            _ => Err(malformed("statement")),
        }
    }

    fn anchor(&self) -> Digest {
        hash::of(tag::ZK_DAY_ANCHOR, self)
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
struct BoundWire {
    quantity: u8,
    ranges: u8,
    side: u8,
    threshold: u32,
}

/// Sides as numbers.
const fn side_number(side: Side) -> u8 {
    match side {
        Side::AtLeast => 1,
        Side::AtMost => 2,
    }
}

fn read_side(number: u8) -> Result<Side, ProofRefusal> {
    match number {
        1 => Ok(Side::AtLeast),
        2 => Ok(Side::AtMost),
        _ => Err(malformed("statement")),
    }
}

impl BoundWire {
    fn new(bound: &Bound) -> Self {
        let (quantity, ranges) = match bound.quantity() {
            Quantity::Share(ranges) => (1, ranges.bits()),
            Quantity::Mean => (2, 0),
            Quantity::Gmi => (3, 0),
            Quantity::Gri => (4, 0),
            Quantity::Readings => (5, 0),
            Quantity::Active => (6, 0),
        };
        Self { quantity, ranges, side: side_number(bound.side()), threshold: bound.threshold() }
    }

    fn read(&self) -> Result<Bound, ProofRefusal> {
        let quantity = match (self.quantity, self.ranges) {
            (1, ranges) => Quantity::Share(Ranges::from_bits(ranges).ok_or(malformed("statement"))?),
            (2, 0) => Quantity::Mean,
            (3, 0) => Quantity::Gmi,
            (4, 0) => Quantity::Gri,
            (5, 0) => Quantity::Readings,
            (6, 0) => Quantity::Active,
            _ => return Err(malformed("statement")),
        };
        Ok(Bound::new(quantity, read_side(self.side)?, self.threshold))
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
struct DaysWire {
    days: List<DayWire, MAX_DAYS>,
    readings: u32,
    bounds: List<BoundWire, MAX_BOUNDS>,
}

impl Canonical for DaysWire {
    const MAX_BYTES: usize = 13 + DayWire::MAX_BYTES * MAX_DAYS + 7 * MAX_BOUNDS;
}

#[derive(BorshSerialize, BorshDeserialize)]
struct VariationWire {
    days: List<DayWire, MAX_DAYS>,
    readings: u32,
    side: u8,
    threshold: u32,
}

impl Canonical for VariationWire {
    const MAX_BYTES: usize = 14 + DayWire::MAX_BYTES * MAX_DAYS;
}

const _: () = assert!(DaysWire::MAX_BYTES <= MAX_STATEMENT_BYTES && VariationWire::MAX_BYTES <= MAX_STATEMENT_BYTES);

impl DayHistogram {
    /// The digest under which a day is anchored: table, cadence, `C_v` and the seven `S_k`.
    #[must_use]
    pub fn anchor(&self) -> Digest {
        DayWire::new(self).anchor()
    }

    /// The claim that carries this statement and its proof to a ledger.
    ///
    /// # Errors
    /// None for statements and proofs of this crate; [`CodecError`] guards the caps.
    pub fn claim(&self, context: ProofContext, proof: &DayProof) -> Result<ProofClaim, CodecError> {
        let wire = DayWire::new(self);
        let (statement, proof) = (codec::encode(&wire), proof.as_bytes().to_vec());
        ProofClaim::new(ProofFamily::DAY_HISTOGRAM, context, vec![wire.anchor()], statement, proof)
    }
}

impl DaysClaim {
    /// The claim that carries this statement and its proof to a ledger. Its anchors are the days', in order.
    ///
    /// # Errors
    /// None for statements and proofs of this crate; [`CodecError`] guards the caps.
    pub fn claim(&self, context: ProofContext, proof: &RangeProof) -> Result<ProofClaim, CodecError> {
        let days: Vec<_> = self.days().iter().map(DayWire::new).collect();
        let anchors = days.iter().map(DayWire::anchor).collect();
        let (least, bounds) = self.bounds().split_first().ok_or(CodecError::Malformed)?;
        let bounds = List::new(bounds.iter().map(BoundWire::new).collect())?;
        let wire = DaysWire { days: List::new(days)?, readings: least.threshold(), bounds };
        let (statement, proof) = (codec::encode(&wire), proof.as_bytes().to_vec());
        ProofClaim::new(ProofFamily::DAYS_BOUNDS, context, anchors, statement, proof)
    }
}

impl VariationClaim {
    /// The claim that carries this statement and its proof to a ledger. Its anchors are the days', in order.
    ///
    /// # Errors
    /// None for statements and proofs of this crate; [`CodecError`] guards the caps.
    pub fn claim(&self, context: ProofContext, proof: &VariationProof) -> Result<ProofClaim, CodecError> {
        let days: Vec<_> = self.days().iter().map(DayWire::new).collect();
        let anchors = days.iter().map(DayWire::anchor).collect();
        let (readings, side, threshold) = (self.readings(), side_number(self.side()), self.threshold());
        let wire = VariationWire { days: List::new(days)?, readings, side, threshold };
        let (statement, proof) = (codec::encode(&wire), proof.as_bytes().to_vec());
        ProofClaim::new(ProofFamily::DAYS_VARIATION, context, anchors, statement, proof)
    }
}

impl TryFrom<&ProofClaim> for DaysClaim {
    type Error = ProofRefusal;

    /// What a claim of this family states; a verifier compares it with what it asked.
    fn try_from(claim: &ProofClaim) -> Result<Self, ProofRefusal> {
        if claim.family() != ProofFamily::DAYS_BOUNDS {
            return Err(ProofRefusal::UnknownFamily(claim.family()));
        }
        decode_days(claim).map(|(statement, _)| statement)
    }
}

impl TryFrom<&ProofClaim> for VariationClaim {
    type Error = ProofRefusal;

    /// What a claim of this family states; a verifier compares it with what it asked.
    fn try_from(claim: &ProofClaim) -> Result<Self, ProofRefusal> {
        if claim.family() != ProofFamily::DAYS_VARIATION {
            return Err(ProofRefusal::UnknownFamily(claim.family()));
        }
        decode_variation(claim).map(|(statement, _)| statement)
    }
}

pub(super) fn decode_day(claim: &ProofClaim) -> Result<(DayHistogram, DayProof), ProofRefusal> {
    let wire: DayWire = statement_of(claim)?;
    let &[anchor] = claim.anchors() else { return Err(malformed("anchors")) };
    if wire.anchor() != anchor {
        return Err(ProofRefusal::Rejected);
    }
    let proof = DayProof::from_bytes(claim.proof()).map_err(|_| malformed("proof"))?;
    Ok((wire.read()?, proof))
}

pub(super) fn decode_days(claim: &ProofClaim) -> Result<(DaysClaim, RangeProof), ProofRefusal> {
    let wire: DaysWire = statement_of(claim)?;
    let days = anchored_days(claim, &wire.days)?;
    let bounds = wire.bounds.iter().map(BoundWire::read).collect::<Result<Vec<_>, _>>()?;
    let statement = DaysClaim::new(&days, wire.readings, &bounds).map_err(no_statement)?;
    Ok((statement, range_proof(claim)?))
}

pub(super) fn decode_variation(claim: &ProofClaim) -> Result<(VariationClaim, VariationProof), ProofRefusal> {
    let wire: VariationWire = statement_of(claim)?;
    let days = anchored_days(claim, &wire.days)?;
    let side = read_side(wire.side)?;
    let statement = VariationClaim::new(&days, wire.readings, side, wire.threshold).map_err(no_statement)?;
    let proof = VariationProof::from_bytes(claim.proof()).map_err(|_| malformed("proof"))?;
    Ok((statement, proof))
}

/// Decodes the days and holds them to the claim's anchors.
fn anchored_days(claim: &ProofClaim, days: &[DayWire]) -> Result<Vec<DayHistogram>, ProofRefusal> {
    if !days.iter().map(DayWire::anchor).eq(claim.anchors().iter().copied()) {
        return Err(ProofRefusal::Rejected);
    }
    days.iter().map(DayWire::read).collect()
}

/// Both vectors of generators, the days' commitments and the messages.
pub(super) fn cost_of_day(claim: &ProofClaim) -> Result<ProofCost, ProofRefusal> {
    let wire: DayWire = statement_of(claim)?;
    let coordinates = wire.cadence()?.slots() as u64 + 512;
    Ok(ProofCost::elements(3 * coordinates + 64))
}

/// As if every bound needed 64 bits; a day costs the decoding of its commitments.
pub(super) fn cost_of_days(claim: &ProofClaim) -> Result<ProofCost, ProofRefusal> {
    let wire: DaysWire = statement_of(claim)?;
    let range = range_cost(crate::range::Bits::SixtyFour, wire.bounds.len() + 1);
    Ok(ProofCost::elements(range.number() + (METRICS as u64 + 1) * wire.days.len() as u64))
}

/// Four limbs of 64 bits, three products; a day costs the decoding of its commitments.
pub(super) fn cost_of_variation(claim: &ProofClaim) -> Result<ProofCost, ProofRefusal> {
    let wire: VariationWire = statement_of(claim)?;
    let range = range_cost(crate::range::Bits::SixtyFour, 4);
    Ok(ProofCost::elements(range.number() + 36 + (METRICS as u64 + 1) * wire.days.len() as u64))
}
