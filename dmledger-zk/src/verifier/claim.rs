//! What stands in the claims of each family.
//!
//! | family | anchors | statement | proof |
//! |---|---|---|---|
//! | `READING_IN_RANGE` | value root of the record | readings in the record, place, low, high | [`ReadingProof`] |
//! | `VALUES_IN_INTERVAL` | value root over all commitments | low, high, bits, commitments | [`RangeProof`] |
//! | `VALUES_FIT_BITS` | value root over all commitments | bits, commitments | [`RangeProof`] |
//! | `DAY_HISTOGRAM` | anchor of the day | unit, tokens, cadence, `C_v`, `S_1 .. S_7` | [`DayProof`] |
//! | `DAYS_BOUNDS` | anchors of the days | days, least number of readings, bounds | [`RangeProof`] |
//! | `DAYS_VARIATION` | anchors of the days | days, least number of readings, side, threshold | [`VariationProof`] |
//! | `READING_ENCRYPTED` | value root of the record | readings in the record, place, keys and handles | [`ReadingEncryptedProof`] |
//! | `MEMBERSHIP` | hash of the set | nullifier, name of the scope, keys | [`MembershipProof`] |
//!
//! Statements are canonical bytes: a version byte, then the fields in `borsh` order, numbers as 64-bit little-endian.

use super::{days, keys};
use crate::{
    batch::BatchVerifier,
    commit::Commitment,
    context::Context,
    error::StatementError,
    glycemic::{DayHistogram, DayProof, VariationClaim, VariationProof, claim::DaysClaim},
    group::ELEMENT_BYTES,
    member::{Membership, MembershipProof},
    range::{Bits, FitsBits, InInterval, Interval, MAX_VALUES, RangeProof},
    statement::{
        encrypted::{ReadingEncrypted, ReadingEncryptedProof},
        reading::{ReadingInRange, ReadingProof, value_root},
    },
};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{
    codec::{self, Canonical, CodecError, List},
    traits::proof_verifier::{ProofClaim, ProofContext, ProofCost, ProofFamily, ProofRefusal},
};

#[derive(BorshSerialize, BorshDeserialize)]
struct ReadingWire {
    count: u64,
    index: u64,
    low: u64,
    high: u64,
}

impl Canonical for ReadingWire {
    const MAX_BYTES: usize = 33;
}

#[derive(BorshSerialize, BorshDeserialize)]
struct IntervalWire {
    low: u64,
    high: u64,
    bits: u8,
    commitments: List<[u8; ELEMENT_BYTES], { InInterval::MAX_VALUES }>,
}

impl Canonical for IntervalWire {
    const MAX_BYTES: usize = 22 + ELEMENT_BYTES * InInterval::MAX_VALUES;
}

#[derive(BorshSerialize, BorshDeserialize)]
struct BitsWire {
    bits: u8,
    commitments: List<[u8; ELEMENT_BYTES], MAX_VALUES>,
}

impl Canonical for BitsWire {
    const MAX_BYTES: usize = 6 + ELEMENT_BYTES * MAX_VALUES;
}

impl ReadingInRange {
    /// The claim that carries this statement and its proof to a ledger.
    ///
    /// # Errors
    /// None for statements and proofs of this crate; [`CodecError`] guards the caps.
    pub fn claim(&self, context: ProofContext, proof: &ReadingProof) -> Result<ProofClaim, CodecError> {
        let (low, high) = (self.interval().low(), self.interval().high());
        let wire = ReadingWire { count: self.count(), index: self.index(), low, high };
        let (statement, proof) = (codec::encode(&wire), proof.as_bytes().to_vec());
        ProofClaim::new(ProofFamily::READING_IN_RANGE, context, vec![self.root()], statement, proof)
    }
}

impl TryFrom<&ProofClaim> for ReadingInRange {
    type Error = ProofRefusal;

    /// What a claim of this family states. A verifier compares it with what it asked: a proof of a wider interval or of
    /// another record holds as well, and answers another question.
    fn try_from(claim: &ProofClaim) -> Result<Self, ProofRefusal> {
        match Decoded::from_claim(claim)? {
            Decoded::Reading(statement, _) => Ok(statement),
            _ => Err(ProofRefusal::UnknownFamily(claim.family())),
        }
    }
}

impl InInterval {
    /// The claim that carries this statement, about all values of a record, and its proof to a ledger.
    ///
    /// # Errors
    /// None for statements and proofs of this crate; [`CodecError`] guards the caps.
    pub fn claim(&self, context: ProofContext, proof: &RangeProof) -> Result<ProofClaim, CodecError> {
        let wire = IntervalWire {
            low: self.interval().low(),
            high: self.interval().high(),
            bits: encode_bits(self.bits()),
            commitments: List::new(bytes_of(self.commitments()))?,
        };
        let anchors = vec![value_root(self.commitments())];
        let (statement, proof) = (codec::encode(&wire), proof.as_bytes().to_vec());
        ProofClaim::new(ProofFamily::VALUES_IN_INTERVAL, context, anchors, statement, proof)
    }
}

impl FitsBits {
    /// The claim that carries this statement, about all values of a record, and its proof to a ledger.
    ///
    /// # Errors
    /// None for statements and proofs of this crate; [`CodecError`] guards the caps.
    pub fn claim(&self, context: ProofContext, proof: &RangeProof) -> Result<ProofClaim, CodecError> {
        let commitments = List::new(bytes_of(self.commitments()))?;
        let wire = BitsWire { bits: encode_bits(self.bits()), commitments };
        let anchors = vec![value_root(self.commitments())];
        let (statement, proof) = (codec::encode(&wire), proof.as_bytes().to_vec());
        ProofClaim::new(ProofFamily::VALUES_FIT_BITS, context, anchors, statement, proof)
    }
}

/// A claim taken apart by its family.
#[derive(Debug)]
pub(super) enum Decoded {
    Reading(ReadingInRange, Box<ReadingProof>),
    Interval(InInterval, RangeProof),
    Bits(FitsBits, RangeProof),
    Day(Box<DayHistogram>, DayProof),
    Days(Box<DaysClaim>, RangeProof),
    Variation(Box<VariationClaim>, Box<VariationProof>),
    Encrypted(Box<ReadingEncrypted>, Box<ReadingEncryptedProof>),
    Member(Box<Membership>, MembershipProof),
}

impl Decoded {
    pub(super) fn from_claim(claim: &ProofClaim) -> Result<Self, ProofRefusal> {
        match claim.family() {
            ProofFamily::READING_IN_RANGE => {
                let wire: ReadingWire = statement_of(claim)?;
                let interval = Interval::new(wire.low, wire.high).map_err(no_statement)?;
                let &[root] = claim.anchors() else { return Err(malformed("anchors")) };
                let statement = ReadingInRange::new(root, wire.count, wire.index, interval).map_err(no_statement)?;
                let proof = ReadingProof::from_bytes(claim.proof()).map_err(|_| malformed("proof"))?;
                Ok(Self::Reading(statement, Box::new(proof)))
            }
            ProofFamily::VALUES_IN_INTERVAL => {
                let wire: IntervalWire = statement_of(claim)?;
                let commitments = commitments_of(claim, &wire.commitments)?;
                let interval = Interval::new(wire.low, wire.high).map_err(no_statement)?;
                let bits = decode_bits(wire.bits)?;
                let statement = InInterval::with_bits(&commitments, interval, bits).map_err(no_statement)?;
                Ok(Self::Interval(statement, range_proof(claim)?))
            }
            ProofFamily::VALUES_FIT_BITS => {
                let wire: BitsWire = statement_of(claim)?;
                let commitments = commitments_of(claim, &wire.commitments)?;
                let statement = FitsBits::new(&commitments, decode_bits(wire.bits)?).map_err(no_statement)?;
                Ok(Self::Bits(statement, range_proof(claim)?))
            }
            ProofFamily::DAY_HISTOGRAM => {
                days::decode_day(claim).map(|(statement, proof)| Self::Day(Box::new(statement), proof))
            }
            ProofFamily::DAYS_BOUNDS => {
                days::decode_days(claim).map(|(statement, proof)| Self::Days(Box::new(statement), proof))
            }
            ProofFamily::DAYS_VARIATION => days::decode_variation(claim)
                .map(|(statement, proof)| Self::Variation(Box::new(statement), Box::new(proof))),
            ProofFamily::READING_ENCRYPTED => keys::decode_encrypted(claim)
                .map(|(statement, proof)| Self::Encrypted(Box::new(statement), Box::new(proof))),
            ProofFamily::MEMBERSHIP => {
                keys::decode_member(claim).map(|(statement, proof)| Self::Member(Box::new(statement), proof))
            }
            family => Err(ProofRefusal::UnknownFamily(family)),
        }
    }

    pub(super) fn add_to<'a>(&'a self, batch: &mut BatchVerifier<'a>, context: &Context) {
        match self {
            Self::Reading(statement, proof) => batch.add(statement, context, &**proof),
            Self::Interval(statement, proof) => batch.add(statement, context, proof),
            Self::Bits(statement, proof) => batch.add(statement, context, proof),
            Self::Day(statement, proof) => batch.add(&**statement, context, proof),
            Self::Days(statement, proof) => batch.add(&**statement, context, proof),
            Self::Variation(statement, proof) => batch.add(&**statement, context, &**proof),
            Self::Encrypted(statement, proof) => batch.add(&**statement, context, &**proof),
            Self::Member(statement, proof) => batch.add(&**statement, context, proof),
        };
    }
}

/// What a claim costs, from its statement alone.
pub(super) fn cost(claim: &ProofClaim) -> Result<ProofCost, ProofRefusal> {
    match claim.family() {
        ProofFamily::READING_IN_RANGE => {
            let wire: ReadingWire = statement_of(claim)?;
            let bits = Interval::new(wire.low, wire.high).map_err(no_statement)?.bits();
            Ok(range_cost(bits, 2))
        }
        ProofFamily::VALUES_IN_INTERVAL => {
            let wire: IntervalWire = statement_of(claim)?;
            Ok(range_cost(decode_bits(wire.bits)?, 2 * wire.commitments.len()))
        }
        ProofFamily::VALUES_FIT_BITS => {
            let wire: BitsWire = statement_of(claim)?;
            Ok(range_cost(decode_bits(wire.bits)?, wire.commitments.len()))
        }
        ProofFamily::DAY_HISTOGRAM => days::cost_of_day(claim),
        ProofFamily::DAYS_BOUNDS => days::cost_of_days(claim),
        ProofFamily::DAYS_VARIATION => days::cost_of_variation(claim),
        ProofFamily::READING_ENCRYPTED => keys::cost_of_encrypted(claim),
        ProofFamily::MEMBERSHIP => keys::cost_of_member(claim),
        family => Err(ProofRefusal::UnknownFamily(family)),
    }
}

/// Generators, commitments and messages of a range proof, as if it stood alone.
pub(super) fn range_cost(bits: Bits, values: usize) -> ProofCost {
    let values = values.max(1).next_power_of_two() as u64;
    let total = u64::from(bits.number()) * values;
    ProofCost::elements(2 * total + values + 6 + 2 * u64::from(total.ilog2()))
}

pub(super) fn statement_of<T: Canonical>(claim: &ProofClaim) -> Result<T, ProofRefusal> {
    codec::decode(claim.statement()).map_err(|_| malformed("statement"))
}

pub(super) fn range_proof(claim: &ProofClaim) -> Result<RangeProof, ProofRefusal> {
    RangeProof::from_bytes(claim.proof()).map_err(|_| malformed("proof"))
}

/// Decodes the commitments and holds them to the anchored root.
fn commitments_of(claim: &ProofClaim, bytes: &[[u8; ELEMENT_BYTES]]) -> Result<Vec<Commitment>, ProofRefusal> {
    let decoded: Result<Vec<_>, _> = bytes.iter().map(Commitment::from_bytes).collect();
    let commitments = decoded.map_err(|_| malformed("statement"))?;
    let &[root] = claim.anchors() else { return Err(malformed("anchors")) };
    if value_root(&commitments) == root { Ok(commitments) } else { Err(ProofRefusal::Rejected) }
}

fn bytes_of(commitments: &[Commitment]) -> Vec<[u8; ELEMENT_BYTES]> {
    commitments.iter().map(|commitment| *commitment.as_bytes()).collect()
}

/// Widths are at most 64, so one byte holds them.
const fn encode_bits(bits: Bits) -> u8 {
    bits.number() as u8
}

fn decode_bits(number: u8) -> Result<Bits, ProofRefusal> {
    Bits::ALL.into_iter().find(|bits| bits.number() == u32::from(number)).ok_or(malformed("statement"))
}

pub(super) const fn malformed(what: &'static str) -> ProofRefusal {
    ProofRefusal::Malformed { what }
}

pub(super) fn no_statement(_: StatementError) -> ProofRefusal {
    malformed("statement")
}
