//! Running actions on a state, and remembering what came out.

use super::LedgerError;
use crate::{
    action::{self, Action, Fault, Frame, Genesis, Refusal, SignedAction},
    block::{Block, BlockError, FinalizedBlock, Header, RawAction},
    codec::CodecError,
    envelope::{ChainId, Envelope},
    hash::{Digest, tree},
    identity::CertificateError,
    quorum::{Address, BlockId, ValidatorSet},
    state::{Delta, StateError, Tree, Update, tables::Facts},
    time::{Height, Moment},
    traits::{RowKey, StateRows, StoreError},
};
use std::{
    num::NonZero,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Executed blocks that are remembered: a round's proposal, and those of a few rounds before it.
const REMEMBERED: usize = 4;
/// Actions taken from a pool at a time, so that their signatures make full batches.
const HANDFUL: usize = 256;
/// Fewer actions than this are not worth a thread to read them.
const THREAD_WORTH: usize = 128;
/// An entry may run ahead of the account's records by so many and still wait in a pool.
const LOOKAHEAD: u64 = 10_000;

/// What the actions of a block lead to.
#[derive(Debug)]
pub(super) struct Executed {
    /// The next state.
    pub(super) update: Update,
    /// Identities of the actions, in order.
    pub(super) actions: Vec<Digest>,
    /// Digest of the validators of the next block.
    pub(super) next_validators: Digest,
}

/// Blocks that were executed on top of the tip and are not yet decided.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<Vec<(BlockId, Executed)>>);

impl Remembered {
    pub(super) fn keep(&self, id: BlockId, executed: Executed) {
        let mut all = self.all();
        all.retain(|(known, _)| *known != id);
        if all.len() >= REMEMBERED {
            all.remove(0);
        }
        all.push((id, executed));
    }

    pub(super) fn holds(&self, id: &BlockId) -> bool {
        self.all().iter().any(|(known, _)| known == id)
    }

    pub(super) fn take(&self, id: &BlockId) -> Option<Executed> {
        let mut all = self.all();
        let position = all.iter().position(|(known, _)| known == id)?;
        Some(all.swap_remove(position).1)
    }

    /// The tip has moved: nothing that was executed on the old one counts.
    pub(super) fn clear(&self) {
        self.all().clear();
    }

    fn all(&self) -> MutexGuard<'_, Vec<(BlockId, Executed)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The genesis block, and the state it leaves behind: a function of the genesis alone.
///
/// # Errors
/// [`LedgerError::Block`] if genesis does not fit into a block, [`LedgerError::Action`] if it does not execute.
pub fn begin(genesis: &Genesis) -> Result<(FinalizedBlock, Update), LedgerError> {
    let chain = genesis.chain();
    let action = Envelope::new(chain, None, Action::Configure(Box::new(genesis.clone())));
    let raw = action::encode(&action).map_err(|_| BlockError::TooLarge)?;
    let tree = Tree::empty(Arc::new(NoRows));
    let mut delta = Delta::new(&tree);
    let at = Moment { height: Height::GENESIS, time: genesis.time() };
    perform(chain, &action, &mut delta, at).map_err(|fault| match fault {
        Fault::Refused(refusal) => LedgerError::Action { position: 0, rejection: refusal.into() },
        Fault::State(error) => unreadable(error),
    })?;
    let update = tree.update(delta.into_batch(), at.height).map_err(unreadable)?;
    let validators = genesis.validators().digest();
    let header = Header {
        chain,
        height: at.height,
        parent: BlockId::new(Digest::ZERO),
        time: at.time,
        actions_root: tree::root(&[&raw]),
        history_root: tree::empty(),
        state_root: update.root.digest,
        validators,
        next_validators: validators,
        proposer: Address::from_bytes([0; 20]),
    };
    Ok((FinalizedBlock::genesis(Block::new(header, vec![raw])?)?, update))
}

/// The rows before the first block.
struct NoRows;

impl StateRows for NoRows {
    fn row(&self, _: &RowKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }
}

/// Runs the three checks of one action whose signatures have been verified; leaves no trace if one fails.
pub(super) fn perform(
    chain: ChainId,
    action: &SignedAction,
    delta: &mut Delta<'_>,
    at: Moment,
) -> Result<Digest, Fault> {
    let frame = Frame::of(action);
    if frame.chain() != chain {
        return Err(Refusal::WrongChain.into());
    }
    let handler = action.body().handler();
    handler.check(&frame)?;
    handler.verify(&frame, &Facts::new(chain, delta), at)?;
    delta.attempt(|delta| handler.execute(&frame, delta, at))?;
    Ok(frame.id())
}

/// The actions of a block with the digests of their bytes, on all processors where that pays.
pub(super) fn read(actions: &[RawAction]) -> Vec<(Digest, Result<SignedAction, CodecError>)> {
    let read = |part: &[RawAction]| -> Vec<_> { part.iter().map(|raw| (raw.digest(), action::decode(raw))).collect() };
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    if actions.len() < THREAD_WORTH || processors == 1 {
        return read(actions);
    }
    thread::scope(|scope| {
        let parts: Vec<_> = actions
            .chunks(actions.len().div_ceil(processors))
            .map(|part| (part, scope.spawn(move || read(part))))
            .collect();
        // What a thread that died should have read is read here.
        parts.into_iter().flat_map(|(part, thread)| thread.join().unwrap_or_else(|_| read(part))).collect()
    })
}

/// The next readable actions of a pool, as many as fit; and whether the pool or the room has come to its end.
pub(super) fn handful(
    pool: &mut dyn Iterator<Item = RawAction>,
    most: usize,
    room: &mut usize,
) -> (Vec<(RawAction, SignedAction)>, bool) {
    let mut all = Vec::new();
    while all.len() < most.min(HANDFUL) {
        let Some(raw) = pool.next() else { return (all, true) };
        let size = raw.as_slice().len() + 4;
        if size > *room {
            return (all, true);
        }
        if let Ok(signed) = action::decode(&raw) {
            *room -= size;
            all.push((raw, signed));
        }
    }
    (all, false)
}

/// Whether time, or actions that are on their way, may yet make the action acceptable.
pub(super) fn may_wait(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::WrongSequence { found, expected } => found > expected && found - expected <= LOOKAHEAD,
        // Block time stands still between blocks; the proposer's clock decides.
        Refusal::Certificate { error: CertificateError::NotYetValid { .. } } | Refusal::EscrowNotOver => true,
        _ => false,
    }
}

pub(super) fn next_validators(facts: &Facts<'_>) -> Result<ValidatorSet, LedgerError> {
    facts.validators().map_err(unreadable)?.ok_or(LedgerError::CorruptState { what: "validator set" })
}

pub(super) fn unreadable(error: StateError) -> LedgerError {
    match error {
        StateError::Store(error) => LedgerError::Store(error),
        StateError::WrongRoot { .. } => LedgerError::StateRoot,
        _ => LedgerError::CorruptState { what: "state" },
    }
}
