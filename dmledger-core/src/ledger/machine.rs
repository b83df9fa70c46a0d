//! The ledger: the rules of the actions over a block store.
//!
//! A proposal is executed when it is built or validated; what came out is remembered, so that applying the decided block
//! executes nothing again. Signatures are verified once, when an action is first seen, in batches.

mod driven;

use super::{
    Applied, LedgerError,
    execution::{Executed, Remembered, begin, handful, may_wait, next_validators, perform, read, unreadable},
    proofs::Proofs,
    signatures::Vetted,
};
use crate::{
    action::{self, Fault, Frame, Genesis, Refusal, SignedAction, configure::Settings},
    block::{Block, BlockError, FinalizedBlock, Header, RawAction, Tip},
    envelope::ChainId,
    hash::{Digest, tree},
    quorum::{Address, ValidatorSet},
    state::{
        Delta, Tree,
        tables::{Facts, Places},
    },
    time::{Height, Moment, Timestamp},
    traits::{BlockCommit, BlockStore, ProofVerifier},
};
use core::{fmt, time::Duration};
use std::{sync::Arc, thread};

/// The rules over a store: what a node runs, and what an engine drives.
pub struct Ledger {
    chain: ChainId,
    store: Arc<dyn BlockStore>,
    tree: Tree,
    tip: Tip,
    settings: Settings,
    validators: ValidatorSet,
    vetted: Vetted,
    proofs: Proofs,
    executed: Remembered,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("chain", &self.chain).field("height", &self.tip.height).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Begins a network: commits the genesis block to an empty store.
    ///
    /// # Errors
    /// [`LedgerError::WrongGenesis`] if the store holds blocks already; [`LedgerError::Store`].
    pub fn create(genesis: &Genesis, store: Arc<dyn BlockStore>) -> Result<Self, LedgerError> {
        if store.tip()?.is_some() {
            return Err(LedgerError::WrongGenesis);
        }
        let (block, update) = begin(genesis)?;
        let tip = Tip::after(block.block().header(), None);
        store.commit(&BlockCommit { block, tip, changes: update.changes })?;
        Self::open(genesis, store)
    }

    /// Opens a network where its store left off.
    ///
    /// # Errors
    /// [`LedgerError::WrongGenesis`] if the store is empty or began with another genesis; [`LedgerError::StateRoot`] if
    /// its state is not the one its last header commits to; [`LedgerError::Store`].
    pub fn open(genesis: &Genesis, store: Arc<dyn BlockStore>) -> Result<Self, LedgerError> {
        let tip = store.tip()?.ok_or(LedgerError::WrongGenesis)?;
        let first = store.block(Height::GENESIS)?.ok_or(LedgerError::WrongGenesis)?;
        if first != begin(genesis)?.0 {
            return Err(LedgerError::WrongGenesis);
        }
        let chain = genesis.chain();
        let tree = Tree::open(store.at(tip.height)?, tip.height).map_err(unreadable)?;
        if tree.root().digest != tip.state_root {
            return Err(LedgerError::StateRoot);
        }
        let (settings, validators) = {
            let facts = Facts::new(chain, &tree);
            (Settings::read(&facts).map_err(unreadable)?, next_validators(&facts)?)
        };
        let (vetted, proofs, executed) = (Vetted::default(), Proofs::default(), Remembered::default());
        Ok(Self { chain, store, tree, tip, settings, validators, vetted, proofs, executed })
    }

    /// The same with something to check proofs with. Without it a node refuses every claim, and every block with one:
    /// in a network whose genesis allows proofs each node needs it.
    #[must_use]
    pub fn with_verifier(mut self, verifier: Arc<dyn ProofVerifier>) -> Self {
        self.proofs = Proofs::by(verifier);
        self
    }

    /// [`Self::open`], or [`Self::create`] if the store is empty.
    ///
    /// # Errors
    /// As those.
    pub fn open_or_create(genesis: &Genesis, store: Arc<dyn BlockStore>) -> Result<Self, LedgerError> {
        if store.tip()?.is_some() { Self::open(genesis, store) } else { Self::create(genesis, store) }
    }

    /// The settings in force after the tip.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The state after the tip.
    #[must_use]
    pub const fn facts(&self) -> Facts<'_> {
        Facts::new(self.chain, &self.tree)
    }

    /// Where the things of this network stand in its state, for proofs.
    #[must_use]
    pub const fn places(&self) -> Places {
        Places::new(self.chain)
    }

    /// The store behind it.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn BlockStore> {
        &self.store
    }

    /// Why an action would not be accepted on top of the tip; [`StateMachine::check`](super::StateMachine::check) says the same in plain words.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn examine(&self, action: &RawAction) -> Result<Digest, Fault> {
        let signed = action::decode(action).map_err(|error| Refusal::Malformed { error })?;
        let frame = Frame::of(&signed);
        if frame.chain() != self.chain {
            return Err(Refusal::WrongChain.into());
        }
        let handler = signed.body().handler();
        handler.check(&frame)?;
        let next = Moment { height: self.tip.height.next(), time: self.tip.time.plus(Duration::from_millis(1)) };
        match handler.verify(&frame, &self.facts(), next) {
            Err(Fault::Refused(refusal)) if may_wait(&refusal) => {}
            other => other?,
        }
        let known = [(action.digest(), &signed)];
        match self.vetted.check(&known).first() {
            Some(0) | None => {}
            Some(count) => return Err(Refusal::BadSignature { count: *count }.into()),
        }
        match self.proofs.check(&known, &mut self.proof_allowance()).first() {
            Some(Some(refusal)) => Err((*refusal).into()),
            Some(None) | None => Ok(frame.id()),
        }
    }

    fn proof_allowance(&self) -> u64 {
        self.settings.parameters().max_proof_elements.into()
    }

    fn next_moment(&self, clock: Timestamp) -> Moment {
        let time = clock.max(self.tip.time.plus(Duration::from_millis(1)));
        Moment { height: self.tip.height.next(), time }
    }

    /// Executes the actions of a block on top of the tip; every one has to succeed.
    fn execute(&self, actions: &[RawAction], at: Moment) -> Result<Executed, LedgerError> {
        let refused = |position, refusal: Refusal| LedgerError::Action { position, rejection: refusal.into() };
        let read = read(actions);
        let mut signed = Vec::with_capacity(actions.len());
        let mut digests = Vec::with_capacity(actions.len());
        for (position, (digest, action)) in read.into_iter().enumerate() {
            signed.push(action.map_err(|error| refused(position, Refusal::Malformed { error }))?);
            digests.push(digest);
        }
        let known: Vec<_> = digests.into_iter().zip(&signed).collect();
        // The rules run while the signatures are verified; nothing comes of it unless all of them verify.
        let (bad, executed) = thread::scope(|scope| {
            let vetting = scope.spawn(|| self.vetted.check(&known));
            let executed = self.perform_all(&signed, at);
            (vetting.join().unwrap_or_else(|_| vec![1; signed.len()]), executed)
        });
        if let Some((position, count)) = bad.into_iter().enumerate().find(|(_, count)| *count > 0) {
            return Err(refused(position, Refusal::BadSignature { count }));
        }
        let proofs = self.proofs.check(&known, &mut self.proof_allowance());
        match proofs.into_iter().enumerate().find_map(|(position, refusal)| Some((position, refusal?))) {
            Some((position, refusal)) => Err(refused(position, refusal)),
            None => executed,
        }
    }

    fn perform_all(&self, signed: &[SignedAction], at: Moment) -> Result<Executed, LedgerError> {
        let mut delta = Delta::new(&self.tree);
        let mut ids = Vec::with_capacity(signed.len());
        for (position, action) in signed.iter().enumerate() {
            let id = perform(self.chain, action, &mut delta, at).map_err(|fault| match fault {
                Fault::Refused(refusal) => LedgerError::Action { position, rejection: refusal.into() },
                Fault::State(error) => unreadable(error),
            })?;
            ids.push(id);
        }
        self.finish(delta, ids, at)
    }

    fn finish(&self, delta: Delta<'_>, actions: Vec<Digest>, at: Moment) -> Result<Executed, LedgerError> {
        let next_validators = next_validators(&Facts::new(self.chain, &delta))?.digest();
        let update = self.tree.update(delta.into_batch(), at.height).map_err(unreadable)?;
        Ok(Executed { update, actions, next_validators })
    }

    fn header(&self, actions: &[RawAction], executed: &Executed, at: Moment, proposer: Address) -> Header {
        Header {
            chain: self.chain,
            height: at.height,
            parent: self.tip.id,
            time: at.time,
            actions_root: tree::root(actions),
            history_root: self.tip.history.root(),
            state_root: executed.update.root.digest,
            validators: self.validators.digest(),
            next_validators: executed.next_validators,
            proposer,
        }
    }

    /// Takes actions from a pool until the block is full, leaving out what does not execute.
    fn gather(
        &self,
        pool: &mut dyn Iterator<Item = RawAction>,
        at: Moment,
    ) -> Result<(Vec<RawAction>, Executed), LedgerError> {
        let limits = self.settings.parameters();
        let most = usize::try_from(limits.max_block_actions).unwrap_or(usize::MAX);
        let mut room = usize::try_from(limits.max_block_bytes).unwrap_or(usize::MAX).saturating_sub(1024);
        let (mut delta, mut allowance) = (Delta::new(&self.tree), self.proof_allowance());
        let (mut taken, mut ids) = (Vec::new(), Vec::new());
        while taken.len() < most {
            let (handful, is_last) = handful(pool, most - taken.len(), &mut room);
            let known: Vec<_> = handful.iter().map(|(raw, signed)| (raw.digest(), signed)).collect();
            let bad = self.vetted.check(&known);
            let unproved = self.proofs.check(&known, &mut allowance);
            for ((raw, signed), (bad, refusal)) in handful.into_iter().zip(bad.into_iter().zip(unproved)) {
                if bad > 0 || refusal.is_some() {
                    continue;
                }
                match perform(self.chain, &signed, &mut delta, at) {
                    Ok(id) => {
                        ids.push(id);
                        taken.push(raw);
                    }
                    Err(Fault::Refused(_)) => {}
                    Err(Fault::State(error)) => return Err(unreadable(error)),
                }
            }
            if is_last {
                break;
            }
        }
        let executed = self.finish(delta, ids, at)?;
        Ok((taken, executed))
    }

    fn check_header(&self, block: &Block) -> Result<(), LedgerError> {
        let header = block.header();
        header.verify_link(&self.tip, &self.chain)?;
        if header.validators != self.validators.digest() || self.validators.get(&header.proposer).is_none() {
            return Err(BlockError::ValidatorSet.into());
        }
        let limits = self.settings.parameters();
        let within = |n: usize, most: u32| usize::try_from(most).is_ok_and(|most| n <= most);
        if !within(block.size(), limits.max_block_bytes) || !within(block.actions().len(), limits.max_block_actions) {
            return Err(BlockError::TooLarge.into());
        }
        Ok(())
    }

    fn check_clock(&self, time: Timestamp, now: Timestamp) -> Result<(), LedgerError> {
        let millis = time.since(now).max(now.since(time)).as_millis();
        let (millis, allowed) = (u64::try_from(millis).unwrap_or(u64::MAX), self.settings.parameters().max_skew_ms);
        if millis > allowed { Err(LedgerError::ClockSkew { millis, allowed }) } else { Ok(()) }
    }

    /// Executes a block whose header and body fit, and compares what comes out with what the header says.
    fn execute_block(&self, block: &Block) -> Result<Executed, LedgerError> {
        let header = block.header();
        let executed = self.execute(block.actions(), Moment { height: header.height, time: header.time })?;
        if executed.next_validators != header.next_validators {
            return Err(BlockError::ValidatorSet.into());
        }
        if executed.update.root.digest != header.state_root {
            return Err(LedgerError::StateRoot);
        }
        Ok(executed)
    }

    /// Answers for a block at or below the tip: nothing to do if it is the one that is there.
    fn repeated(&self, block: &FinalizedBlock) -> Result<Applied, LedgerError> {
        let header = block.block().header();
        if self.store.height_of(&header.id())? != Some(header.height) {
            let expected = self.tip.height.next();
            return Err(BlockError::WrongHeight { found: header.height, expected }.into());
        }
        let mut ids = Vec::with_capacity(block.block().actions().len());
        for raw in block.block().actions() {
            let signed = action::decode(raw).map_err(|_| LedgerError::CorruptState { what: "stored action" })?;
            ids.push(signed.id());
        }
        Ok(Applied::new(header.height, header.state_root, ids))
    }

    /// Reads everything that depends on the tip again from the store.
    fn reopen(&mut self) -> Result<(), LedgerError> {
        let tip = self.store.tip()?.ok_or(LedgerError::WrongGenesis)?;
        self.tree = Tree::open(self.store.at(tip.height)?, tip.height).map_err(unreadable)?;
        self.tip = tip;
        Ok(())
    }
}
