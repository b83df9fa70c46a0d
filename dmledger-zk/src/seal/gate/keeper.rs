//! A gate node's own shares: kept as the sealed letters they came in, answered from against a permit, destroyed on order.
//!
//! What lies on the [`Shelf`] is sealed to the node's encapsulation key, which is kept in its sealed
//! [keystore](crate::seal::keystore); the opened bundles live in memory only and are wiped on drop. The keeper asks no
//! ledger: it acts on a [`Permit`] or a [`Destruction`], which only the ledger's rules can make.

use super::{GateAnswer, GateBundle, Guard, NodeNumber};
use crate::seal::erase::{self, Erased, ErasureId};
use crate::seal::wrap::{Address, KemPublicKey, Unwrapper, Wrapped, unwrap, wrap};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;
use dmledger_core::codec::{self, Canonical, List};
use dmledger_core::envelope::{ChainId, Envelope, Meaning};
use dmledger_core::hash::{Digest, Hasher, tag};
use dmledger_core::record::index::RecordId;
use dmledger_core::time::Height;
use dmledger_core::traits::key_gate::{Destruction, GateFault, GatePlace, KeyGate, Permit};
use dmledger_core::traits::signer::{Signer, endorse};
use rand_core::CryptoRng;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most records of one epoch that a node remembers to have erased one by one.
pub const MAX_ERASED_RECORDS: usize = 65_536;

/// Where a node keeps what must outlive it: one row a place, replaced as a whole. A folder, a table; the host supplies it.
pub trait Shelf: Send + Sync {
    /// Every row there is.
    ///
    /// # Errors
    /// [`GateFault::Unavailable`].
    fn rows(&self) -> Result<Vec<Vec<u8>>, GateFault>;

    /// Keeps `row` under `name` in place of what was there. Durable on return, and the former row is gone.
    ///
    /// # Errors
    /// [`GateFault::Unavailable`]; the former row then stands.
    fn put(&self, name: &Digest, row: &[u8]) -> Result<(), GateFault>;
}

/// Rows in memory, for tests and for nodes that are dealt to anew at every start.
#[derive(Debug, Default)]
pub struct MemoryShelf(Mutex<BTreeMap<Digest, Vec<u8>>>);

impl Shelf for MemoryShelf {
    fn rows(&self) -> Result<Vec<Vec<u8>>, GateFault> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect())
    }

    fn put(&self, name: &Digest, row: &[u8]) -> Result<(), GateFault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(*name, row.to_vec());
        Ok(())
    }
}

/// One row: whose keys these are, the letter as long as it is kept, and what was erased at which height.
#[derive(BorshSerialize, BorshDeserialize)]
struct Row {
    guard: Guard,
    node: NodeNumber,
    letter: Option<Wrapped<GateBundle>>,
    erased: Option<Height>,
    records: List<(RecordId, Height), MAX_ERASED_RECORDS>,
}

impl Canonical for Row {
    const MAX_BYTES: usize = 256 + Wrapped::<GateBundle>::MAX_BYTES + 40 * MAX_ERASED_RECORDS;
}

impl Row {
    fn place(&self) -> GatePlace {
        let Guard { account, epoch, committee } = self.guard;
        GatePlace { account, epoch: epoch.number(), committee: committee.id.number() }
    }

    fn erased_at(&self, record: &RecordId) -> Option<Height> {
        self.records.iter().find(|(gone, _)| gone == record).map(|(_, height)| *height)
    }
}

struct Held {
    row: Row,
    bundle: Option<GateBundle>,
}

/// The shares of one node, for any number of accounts and epochs.
pub struct GateKeeper {
    chain: ChainId,
    key: Arc<dyn Unwrapper>,
    signer: Arc<dyn Signer>,
    shelf: Box<dyn Shelf>,
    held: Mutex<BTreeMap<GatePlace, Held>>,
}

impl fmt::Debug for GateKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GateKeeper({} places)", self.held().len())
    }
}

impl GateKeeper {
    /// The keeper of the node whose letters `key` opens and whose receipts `signer` signs, with what its shelf holds.
    ///
    /// # Errors
    /// [`GateFault::Unavailable`] if the shelf cannot be read, [`GateFault::BadLetter`] if a row is damaged or was
    /// sealed to another key.
    pub fn open(
        chain: ChainId,
        key: Arc<dyn Unwrapper>,
        signer: Arc<dyn Signer>,
        shelf: Box<dyn Shelf>,
    ) -> Result<Self, GateFault> {
        let mut held = BTreeMap::new();
        for bytes in shelf.rows()? {
            let row: Row = codec::decode(&bytes).map_err(|_| GateFault::BadLetter)?;
            let place = row.place();
            let bundle = row.letter.as_ref().map(|letter| opened(letter, &place, chain, &*key)).transpose()?;
            held.insert(place, Held { row, bundle });
        }
        Ok(Self { chain, key, signer, shelf, held: Mutex::new(held) })
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<GatePlace, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, row: &Row) -> Result<(), GateFault> {
        self.shelf.put(&name(&row.place()), &codec::encode(row))
    }

    /// The signed statement that `row`'s node has erased what it was ordered to.
    fn receipt(&self, row: &Row, order: [u8; 16], erased: Erased, height: Height) -> Result<Vec<u8>, GateFault> {
        let body = erase::receipt(ErasureId::new(order), erased, &row.guard, row.node, height);
        let envelope = Envelope::new(self.chain, Some(row.guard.account), body);
        let signed = endorse(envelope, &*self.signer, Meaning::Authored).map_err(|_| GateFault::Unavailable)?;
        Ok(codec::encode(&signed))
    }
}

impl KeyGate for GateKeeper {
    fn keep(&self, place: &GatePlace, letter: &[u8]) -> Result<(), GateFault> {
        let mut held = self.held();
        if let Some(there) = held.get(place) {
            return match &there.row.letter {
                None => Err(GateFault::Erased),
                Some(kept) if codec::encode(kept) == letter => Ok(()),
                Some(_) => match codec::decode(letter).map(|letter| opened(&letter, place, self.chain, &*self.key)) {
                    Ok(Ok(_)) => Err(GateFault::Taken),
                    _ => Err(GateFault::BadLetter),
                },
            };
        }
        let letter = codec::decode(letter).map_err(|_| GateFault::BadLetter)?;
        let bundle = opened(&letter, place, self.chain, &*self.key)?;
        let (guard, node) = (*bundle.guard(), bundle.node());
        let row = Row { guard, node, letter: Some(letter), erased: None, records: List::empty() };
        self.store(&row)?;
        held.insert(*place, Held { row, bundle: Some(bundle) });
        Ok(())
    }

    fn release(&self, permit: &Permit, recipient: &[u8], mut rng: &mut dyn CryptoRng) -> Result<Vec<u8>, GateFault> {
        let public: KemPublicKey = codec::decode(recipient).map_err(|_| GateFault::WrongRecipient)?;
        if public.id().digest() != permit.recipient() {
            return Err(GateFault::WrongRecipient);
        }
        let answer = {
            let held = self.held();
            let there = held.get(&permit.place()).filter(|_| permit.chain() == self.chain).ok_or(GateFault::NotHeld)?;
            let bundle = there.bundle.as_ref().ok_or(GateFault::Erased)?;
            if permit.records().iter().any(|record| there.row.erased_at(record).is_some()) {
                return Err(GateFault::Erased);
            }
            let replies = permit.records().iter().map(|record| bundle.partials(record)).collect();
            GateAnswer::new(permit.place().account, permit.asked(), replies).map_err(|_| GateFault::Unavailable)?
        };
        let sealed = wrap(&answer, self.chain, &public, &mut rng).map_err(|_| GateFault::WrongRecipient)?;
        Ok(codec::encode(&sealed))
    }

    fn destroy(&self, order: &Destruction) -> Result<Vec<u8>, GateFault> {
        let mut held = self.held();
        let there = held.get_mut(&order.place()).filter(|_| order.chain() == self.chain).ok_or(GateFault::NotHeld)?;
        let (erased, height) = match order.record() {
            Some(record) => match there.row.erased_at(&record) {
                Some(height) => (Erased::Record(record), height),
                None => {
                    there.row.records.push((record, order.height())).map_err(|_| GateFault::Unavailable)?;
                    if let Err(fault) = self.store(&there.row) {
                        forget_last(&mut there.row);
                        return Err(fault);
                    }
                    (Erased::Record(record), order.height())
                }
            },
            None => {
                let height = there.row.erased.unwrap_or_else(|| order.height());
                let letter = there.row.letter.take();
                there.row.erased = Some(height);
                if let Err(fault) = self.store(&there.row) {
                    (there.row.letter, there.row.erased) = (letter, None);
                    return Err(fault);
                }
                there.bundle = None;
                (Erased::Epoch(order.place().epoch), height)
            }
        };
        self.receipt(&there.row, order.order(), erased, height)
    }
}

fn forget_last(row: &mut Row) {
    let mut records = core::mem::take(&mut row.records).into_vec();
    records.pop();
    row.records = List::new(records).unwrap_or_default();
}

/// The bundle in a letter about `place`.
fn opened(
    letter: &Wrapped<GateBundle>,
    place: &GatePlace,
    chain: ChainId,
    key: &dyn Unwrapper,
) -> Result<GateBundle, GateFault> {
    let (epoch, committee, node) = letter.subject();
    if (epoch.number(), committee.number()) != (place.epoch, place.committee) {
        return Err(GateFault::BadLetter);
    }
    unwrap(letter, key, chain, Address::new(place.account, (epoch, committee, node))).map_err(|_| GateFault::BadLetter)
}

/// A row's name: tells nothing of the account.
fn name(place: &GatePlace) -> Digest {
    Hasher::new(tag::SEAL_GATE_ROW).chain(borsh::to_vec(place).unwrap_or_default()).finish()
}

#[cfg(test)]
mod tests;
