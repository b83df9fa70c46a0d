//! A gate whose partial is a hash of its secret and the record, and whose answers are not sealed: enough to see who is
//! asked, who answers, and who lies.

use dmledger_core::{
    hash::{Digest, Hasher, tag},
    record::RecordId,
    traits::{Destruction, GateAnswers, GateFault, GatePlace, KeyGate, Permit, WrongAnswer},
};
use rand_core::CryptoRng;
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A gate of tests, number `n` of its committee.
#[derive(Debug)]
pub struct TallyGate {
    number: u8,
    lies: bool,
    kept: Mutex<BTreeSet<GatePlace>>,
}

impl TallyGate {
    /// Gate `number`, which holds nothing yet.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Self { number, lies: false, kept: Mutex::new(BTreeSet::new()) }
    }

    /// Gate `number`, whose partials are wrong.
    #[must_use]
    pub const fn lying(number: u8) -> Self {
        Self { number, lies: true, kept: Mutex::new(BTreeSet::new()) }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeSet<GatePlace>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyGate for TallyGate {
    fn keep(&self, place: &GatePlace, _: &[u8]) -> Result<(), GateFault> {
        self.kept().insert(*place);
        Ok(())
    }

    fn release(&self, permit: &Permit, _: &[u8], _: &mut dyn CryptoRng) -> Result<Vec<u8>, GateFault> {
        if !self.kept().contains(&permit.place()) {
            return Err(GateFault::NotHeld);
        }
        let partials = permit.records().iter().map(|record| partial(self.number, self.lies, record));
        Ok([self.number].into_iter().chain(partials.flat_map(Digest::to_bytes)).collect())
    }

    fn destroy(&self, order: &Destruction) -> Result<Vec<u8>, GateFault> {
        if self.kept().remove(&order.place()) { Ok(vec![self.number]) } else { Err(GateFault::NotHeld) }
    }
}

fn partial(number: u8, lies: bool, record: &RecordId) -> Digest {
    Hasher::new(tag::RAW_ACTION).chain([number, u8::from(lies)]).chain(record.as_bytes()).finish()
}

/// Answers of [`TallyGate`]s, of which `need` different ones are enough.
#[derive(Debug)]
pub struct TallyAnswers {
    records: Vec<RecordId>,
    need: usize,
    from: Mutex<BTreeSet<u8>>,
}

impl TallyAnswers {
    /// Answers about `records`.
    #[must_use]
    pub const fn new(records: Vec<RecordId>, need: usize) -> Self {
        Self { records, need, from: Mutex::new(BTreeSet::new()) }
    }

    /// The gates that answered rightly.
    #[must_use]
    pub fn from(&self) -> Vec<u8> {
        self.from.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }
}

impl GateAnswers for TallyAnswers {
    fn take(&self, sealed: &[u8]) -> Result<(), WrongAnswer> {
        let (number, partials) = sealed.split_first().ok_or(WrongAnswer)?;
        let right = self.records.iter().flat_map(|record| partial(*number, false, record).to_bytes());
        if !right.eq(partials.iter().copied()) {
            return Err(WrongAnswer);
        }
        self.from.lock().unwrap_or_else(PoisonError::into_inner).insert(*number);
        Ok(())
    }

    fn are_enough(&self) -> bool {
        self.from().len() >= self.need
    }
}
