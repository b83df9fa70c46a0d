//! A small ledger and seeded keys for tests of networks.
//!
//! [`Tally`] executes three actions: a counted number, which is refused a second time; a number that waits until the one
//! before it is counted; and a change of the validator set. That is enough to see lost, repeated and contradictory
//! blocks, actions that come too early, and a set that changes under way.

pub mod gate;
pub mod transport;

use dmledger_core::{
    block::{Block, FinalizedBlock, Header, MAX_ACTIONS, RawAction, Tip},
    codec::CodecError,
    envelope::ChainId,
    hash::{Digest, Hasher, tag, tree},
    key::{PublicKey, SecretKey, Suite},
    ledger::{Applied, BlockContext, LedgerError, Rejection, StateMachine},
    quorum::{Address, BlockId, QuorumError, Validator, ValidatorSet},
    time::{Height, Timestamp},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How far a block's time may lie from a node's clock.
const SKEW: Duration = Duration::from_secs(10);

/// The same secret key for the same number, every time. For tests only.
#[must_use]
pub fn secret_key(n: u8) -> SecretKey {
    SecretKey::generate(Suite::Bip340, &mut ChaCha20Rng::seed_from_u64(0x6e65_7400 + u64::from(n)))
}

/// The validator set of the keys `0..count`, one vote each.
///
/// # Errors
/// [`QuorumError::NoValidators`] for none.
pub fn validators(count: u8) -> Result<ValidatorSet, QuorumError> {
    ValidatorSet::new((0..count).map(|n| Validator::new(secret_key(n).public(), 1)).collect())
}

/// An action that counts `n`, padded to `bytes` bytes. Refused once `n` has been counted.
///
/// # Errors
/// [`CodecError`] beyond the longest action.
pub fn count(n: u64, bytes: usize) -> Result<RawAction, CodecError> {
    let mut action = [&[COUNT], n.to_le_bytes().as_slice()].concat();
    action.resize(bytes.max(9), 0);
    RawAction::new(action)
}

/// An action that counts `n` once the number before it has been counted, and waits until then.
///
/// # Errors
/// None.
pub fn count_after(n: u64) -> Result<RawAction, CodecError> {
    RawAction::new([&[AFTER], n.to_le_bytes().as_slice()].concat())
}

/// An action that gives a validator another voting power; 0 removes it.
///
/// # Errors
/// None for a key of a known suite.
pub fn set_power(key: &PublicKey, power: u64) -> Result<RawAction, CodecError> {
    RawAction::new([&[POWER], key.as_bytes().as_slice(), &power.to_le_bytes()].concat())
}

const COUNT: u8 = b'C';
const AFTER: u8 = b'A';
/// Code of the refusal of a number whose predecessor is missing.
const TOO_EARLY: u16 = 4;
const POWER: u8 = b'V';

/// Where a [`Tally`] keeps its blocks. Clones share it, so a ledger can be opened again after a simulated crash.
#[derive(Clone, Debug, Default)]
pub struct Shelf(Arc<Mutex<Vec<FinalizedBlock>>>);

impl Shelf {
    /// Every block after genesis.
    #[must_use]
    pub fn blocks(&self) -> Vec<FinalizedBlock> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<FinalizedBlock>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ledger of tests.
pub struct Tally {
    chain: ChainId,
    tip: Tip,
    counted: BTreeSet<u64>,
    sets: Vec<ValidatorSet>,
    shelf: Shelf,
    refuse: Option<Address>,
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tally").field("height", &self.tip.height).finish_non_exhaustive()
    }
}

/// What a block's actions lead to.
struct Executed {
    root: Digest,
    counted: Vec<u64>,
    set: ValidatorSet,
}

impl Tally {
    /// The chain of all tallies.
    #[must_use]
    pub fn chain_id() -> ChainId {
        ChainId::new(Digest::new([0x7a; 32]))
    }

    /// Opens a ledger over what the shelf holds.
    ///
    /// # Errors
    /// [`LedgerError`] if a block on the shelf does not apply.
    pub fn open(genesis: ValidatorSet, shelf: Shelf) -> Result<Self, LedgerError> {
        let header = Header {
            chain: Self::chain_id(),
            height: Height::GENESIS,
            parent: BlockId::new(Digest::ZERO),
            time: Timestamp::EPOCH,
            actions_root: tree::root::<RawAction>(&[]),
            history_root: Digest::ZERO,
            state_root: Digest::ZERO,
            validators: genesis.digest(),
            next_validators: genesis.digest(),
            proposer: Address::from_bytes([0; 20]),
        };
        let tip = Tip::after(&header, None);
        let (chain, counted) = (Self::chain_id(), BTreeSet::new());
        let mut ledger =
            Self { chain, tip, counted, sets: vec![genesis.clone(), genesis], shelf: Shelf::default(), refuse: None };
        for block in shelf.blocks() {
            ledger.take(&block)?;
        }
        ledger.shelf = shelf;
        Ok(ledger)
    }

    /// A ledger that finds every block of this proposer invalid: a vendor's bug, or a lie.
    #[must_use]
    pub fn refusing(mut self, proposer: Address) -> Self {
        self.refuse = Some(proposer);
        self
    }

    /// How many numbers have been counted.
    #[must_use]
    pub fn counted(&self) -> usize {
        self.counted.len()
    }

    fn set(&self, height: Height) -> Result<&ValidatorSet, LedgerError> {
        let index = usize::try_from(height.value()).unwrap_or(usize::MAX);
        self.sets.get(index).ok_or(LedgerError::UnknownHeight { height })
    }

    fn execute_one(&self, action: &RawAction, so_far: &mut Executed) -> Result<(), Rejection> {
        let unreadable = || Rejection::new(2, "not an action".to_owned());
        let (kind, rest) = action.as_slice().split_first().ok_or_else(unreadable)?;
        match *kind {
            COUNT | AFTER => {
                let (n, _) = rest.split_first_chunk().ok_or_else(unreadable)?;
                let n = u64::from_le_bytes(*n);
                let counted = |n| self.counted.contains(&n) || so_far.counted.contains(&n);
                if counted(n) {
                    return Err(Rejection::new(1, format!("{n} is counted already")));
                }
                if *kind == AFTER && !n.checked_sub(1).is_some_and(counted) {
                    return Err(Rejection::new(TOO_EARLY, format!("{n} waits for the number before it")));
                }
                so_far.counted.push(n);
            }
            POWER => {
                let (key, power) = rest.split_first_chunk().ok_or_else(unreadable)?;
                let key = PublicKey::from_bytes(*key).map_err(|_| unreadable())?;
                let power = u64::from_le_bytes(power.try_into().map_err(|_| unreadable())?);
                let others = so_far.set.iter().filter(|one| one.key() != key).copied();
                let all = others.chain((power > 0).then(|| Validator::new(key, power))).collect();
                so_far.set = ValidatorSet::new(all).map_err(|error| Rejection::new(3, error.to_string()))?;
            }
            _ => return Err(unreadable()),
        }
        let root = Hasher::new(tag::RAW_ACTION).chain(so_far.root).chain(action.digest());
        so_far.root = root.finish();
        Ok(())
    }

    fn nothing_yet(&self) -> Result<Executed, LedgerError> {
        let set = self.set(self.tip.height.next())?.clone();
        Ok(Executed { root: self.tip.state_root, counted: Vec::new(), set })
    }

    fn execute(&self, block: &Block) -> Result<Executed, LedgerError> {
        let mut executed = self.nothing_yet()?;
        for (position, action) in block.actions().iter().enumerate() {
            self.execute_one(action, &mut executed).map_err(|rejection| LedgerError::Action { position, rejection })?;
        }
        let header = block.header();
        if header.state_root != executed.root || header.next_validators != executed.set.digest() {
            return Err(LedgerError::StateRoot);
        }
        Ok(executed)
    }

    fn take(&mut self, block: &FinalizedBlock) -> Result<Applied, LedgerError> {
        block.verify(&self.tip, &self.chain, self.set(self.tip.height.next())?)?;
        let executed = self.execute(block.block())?;
        self.tip = Tip::after(block.block().header(), Some(&self.tip));
        self.counted.extend(executed.counted);
        self.sets.push(executed.set);
        self.shelf.lock().push(block.clone());
        let actions = block.block().actions().iter().map(RawAction::digest).collect();
        Ok(Applied::new(self.tip.height, self.tip.state_root, actions))
    }
}

impl StateMachine for Tally {
    fn chain(&self) -> ChainId {
        self.chain
    }

    fn tip(&self) -> Tip {
        self.tip.clone()
    }

    fn validators(&self, height: Height) -> Result<ValidatorSet, LedgerError> {
        self.set(height).cloned()
    }

    fn check(&self, action: &RawAction) -> Result<Digest, Rejection> {
        let mut nothing = self.nothing_yet().map_err(|error| Rejection::new(0, error.to_string()))?;
        match self.execute_one(action, &mut nothing) {
            Err(rejection) if rejection.code() != TOO_EARLY => Err(rejection),
            Ok(()) | Err(_) => Ok(action.digest()),
        }
    }

    fn propose(&self, context: &BlockContext, pool: &mut dyn Iterator<Item = RawAction>) -> Result<Block, LedgerError> {
        let mut executed = self.nothing_yet()?;
        let fitting = pool.filter(|action| self.execute_one(action, &mut executed).is_ok());
        let actions: Vec<_> = fitting.take(MAX_ACTIONS / 8).collect();
        let header = Header {
            chain: self.chain,
            height: context.height,
            parent: self.tip.id,
            time: context.time.max(self.tip.time.plus(Duration::from_millis(1))),
            actions_root: tree::root(&actions),
            history_root: self.tip.history.root(),
            state_root: executed.root,
            validators: self.set(context.height)?.digest(),
            next_validators: executed.set.digest(),
            proposer: context.proposer,
        };
        Ok(Block::new(header, actions)?)
    }

    fn validate(&self, block: &Block, now: Timestamp) -> Result<(), LedgerError> {
        let header = block.header();
        if self.refuse == Some(header.proposer) {
            return Err(LedgerError::StateRoot);
        }
        header.verify_link(&self.tip, &self.chain)?;
        block.verify_body()?;
        let away = header.time.since(now).max(now.since(header.time)).as_millis();
        // A chain that stands still for longer than the skew still follows its parent by a millisecond.
        if away > SKEW.as_millis() && header.time > now {
            let millis = u64::try_from(away).unwrap_or(u64::MAX);
            return Err(LedgerError::ClockSkew { millis, allowed: 10_000 });
        }
        self.execute(block).map(drop)
    }

    fn apply(&mut self, block: FinalizedBlock) -> Result<Applied, LedgerError> {
        self.take(&block)
    }

    fn finalized(&self, height: Height) -> Result<Option<FinalizedBlock>, LedgerError> {
        let index = height.previous().and_then(|before| usize::try_from(before.value()).ok());
        Ok(index.and_then(|index| self.shelf.lock().get(index).cloned()))
    }
}
