//! The key epochs of a residence: opened with a gate that guards them, followed by the next one after a revocation.

use super::{
    Residence,
    rights::{Granted, Terms},
};
use crate::{
    error::{During, HostError},
    renewal::{Renewal, Renewed, moves},
};
use dmledger_core::{
    codec::{self, Bytes},
    consent::{GateOrder, GateTask, GrantId},
    envelope::{Envelope, Meaning},
    identity::MemberId,
    key::SecretKey,
    record::RecordId,
    time::{Height, Moment},
};
use dmledger_net::{
    node::gate::{Errand, Patience, Report},
    transport::PeerId,
};
use dmledger_zk::seal::{Committee, Epoch, EpochKey, GateSeed, Guard, renew::Into, wrap};

/// The gate's share of an epoch that does not seal yet. A node takes one letter for an epoch and no other: whoever goes on
/// hands out the same ones.
#[derive(Debug)]
pub(super) struct Begun {
    seed: GateSeed,
    letters: Vec<(PeerId, Vec<u8>)>,
}

impl Residence {
    /// The epoch that new records are sealed in.
    pub(super) fn epoch(&self) -> Result<&EpochKey, HostError> {
        self.epochs.last().ok_or_else(|| HostError::new("a residence without an epoch"))
    }

    /// The key of an epoch that somebody else has named.
    pub(super) fn epoch_numbered(&self, number: u32) -> Result<&EpochKey, HostError> {
        let of = |key: &EpochKey| key.epoch().number().number();
        self.epochs.iter().find(|key| of(key) == number).ok_or_else(|| {
            let is_gone = self.epochs.first().is_some_and(|oldest| number < of(oldest));
            let why = if is_gone { "was erased" } else { "has not begun" };
            HostError::new(format!("epoch {number} of the account {why}"))
        })
    }

    /// The patient's epoch keys, oldest first: what opens the patient's own records.
    #[must_use]
    pub fn epochs(&self) -> &[EpochKey] {
        &self.epochs
    }

    /// Draws the keys of an epoch and deals every node of the committee its share, over the network; the epoch seals
    /// once all of them have confirmed. Where a node did not, the next call goes on with the same shares.
    pub(super) async fn begin_epoch(&mut self, epoch: Epoch) -> Result<(), HostError> {
        let guard = Guard::new(self.account, epoch.number(), self.committee());
        let begun = match self.begun.take().filter(|begun| *begun.seed.guard() == guard) {
            Some(begun) => begun,
            None => self.draw_shares(guard)?,
        };
        if let Err(why) = self.deal(&begun).await {
            self.begun = Some(begun);
            return Err(why);
        }
        self.epochs.push(EpochKey::generate(epoch, &mut self.rng).guarded_by(begun.seed).during("gate")?);
        Ok(())
    }

    fn draw_shares(&mut self, guard: Guard) -> Result<Begun, HostError> {
        let seed = GateSeed::generate(guard, &mut self.rng);
        let mut letters = Vec::new();
        for (number, peer, kem) in self.node.roster().clone().members() {
            let bundle = seed.bundle(number).during("gate")?;
            letters.push((peer, codec::encode(&wrap(&bundle, self.node.chain(), kem, &mut self.rng).during("gate")?)));
        }
        Ok(Begun { seed, letters })
    }

    async fn deal(&self, begun: &Begun) -> Result<(), HostError> {
        for (peer, letter) in &begun.letters {
            let task = GateTask::Keep(Bytes::new(letter.clone()).during("gate")?);
            let order = self.order(begun.seed.guard(), task, &[&self.patient.home])?;
            let report = self.node.gate().run(Errand::order(order, vec![*peer], Patience::default())).await;
            complete(&report.during("gate")?)?;
        }
        Ok(())
    }

    pub(super) fn committee(&self) -> Committee {
        self.node.roster().committee()
    }

    /// What the account tells the gate about an epoch.
    pub(super) fn order(
        &self,
        guard: &Guard,
        task: GateTask,
        keys: &[&SecretKey],
    ) -> Result<Envelope<GateOrder>, HostError> {
        let (epoch, committee) = (guard.epoch().number(), guard.committee().id().number());
        let order = Envelope::new(self.node.chain(), Some(self.account), GateOrder { epoch, committee, task });
        keys.iter().try_fold(order, |order, key| order.sign(key, Meaning::Approved)).during("gate")
    }

    /// Takes a grant back, and makes what comes next closed to its holder by mathematics too: opens the next epoch and
    /// gives everybody else a grant that reaches into both, in place of the one they had.
    ///
    /// # Errors
    /// The ledger's reason if it refuses, or if a gate node cannot be dealt its share.
    pub async fn revoke_and_rotate(&mut self, grant: GrantId) -> Result<Height, HostError> {
        let height = self.revoke(grant).await?;
        self.rotate().await?;
        Ok(height)
    }

    /// Opens the next epoch, and gives everybody a grant that reaches into it too, in place of the one they had and for
    /// as many requests as that had left. So do trustees get another capsule ([`Self::entrusted`]).
    ///
    /// # Errors
    /// As [`Self::revoke_and_rotate`]. Nobody is forgotten then: the next rotation goes on with whoever is left, and
    /// [`Self::extend_grants`] does without another epoch.
    pub async fn rotate(&mut self) -> Result<(), HostError> {
        let before = self.epoch()?.epoch();
        self.begin_epoch(Epoch::new(before.number().next(), before.first())).await?;
        self.renew_capsule().await?;
        self.extend_grants().await
    }

    /// The second half of a rotation, also to go on with one that was cut short: every grant that does not reach into the
    /// latest epoch is followed by one that does, then revoked. A grant that can never serve again is let go of.
    ///
    /// # Errors
    /// The ledger's reason if it refuses, or if the lake fails; whoever is left is still on the list.
    pub async fn extend_grants(&mut self) -> Result<(), HostError> {
        let latest = self.epoch()?.epoch().number();
        let due: Vec<_> = self.granted.iter().filter(|one| one.reach < latest).map(|one| one.id).collect();
        for id in due {
            self.extend(id).await?;
        }
        Ok(())
    }

    /// The grant leaves the list with its revocation, when another one stands in its place.
    async fn extend(&mut self, id: GrantId) -> Result<(), HostError> {
        let found = self.granted.iter().find(|one| one.id == id).cloned();
        let Some(Granted { to, terms, is_followed, .. }) = found else { return Ok(()) };
        let tip = self.node.tip()?;
        let record = self.node.query_at(tip.height)?.facts().grant(&id).during("grant")?;
        let record = record.ok_or_else(|| HostError::new("no such grant"))?;
        if record.is_over(Moment { height: tip.height, time: tip.time }) {
            self.granted.retain(|one| one.id != id);
            return Ok(());
        }
        if !is_followed {
            self.grant(&to, &Terms { quota: record.left(), ..terms }).await?;
            self.granted.iter_mut().filter(|one| one.id == id).for_each(|one| one.is_followed = true);
        }
        self.revoke(id).await.map(|_| ())
    }

    /// The grant that a member has now, if any.
    #[must_use]
    pub fn granted_to(&self, member: &MemberId) -> Option<GrantId> {
        self.granted.iter().rev().find(|granted| granted.to.member == *member).map(|granted| granted.id)
    }

    /// Moves records into the latest epoch: 48 bytes of each part are written anew, the ciphertext is left alone; then the
    /// ledger is told where their keys lie. Final on return.
    ///
    /// # Errors
    /// If the lake fails, no epoch key of the patient opens a record's slot, or the ledger refuses.
    pub async fn move_records(&self, records: &[RecordId]) -> Result<Height, HostError> {
        let tip = self.node.tip()?;
        let query = self.node.query_at(tip.height)?;
        let number = self.epoch()?.epoch().number();
        let renewal = Renewal {
            query: &query,
            at: Moment { height: tip.height, time: tip.time },
            account: self.account,
            lake: &*self.lake,
            epochs: &self.epochs,
            former: &self.custodians(),
            custodian: &self.patient.home,
            into: Into::Epoch(number),
        };
        let mut renewed = Renewed::default();
        for record in records {
            let anchored = query.facts().record(record).during("index")?;
            renewal.one(&anchored.ok_or_else(|| HostError::new("no such record"))?, &mut renewed).await?;
        }
        if let Some((record, why)) = renewed.left.first() {
            return Err(HostError::new(format!("record {record:?} was not moved: {why}")));
        }
        let mut height = tip.height;
        for action in moves(number.number(), &[renewed.signed, renewed.already].concat())? {
            height = self.node.submit(&self.envelope(action, &self.patient.home, &self.gateway)?).await?;
        }
        Ok(height)
    }
}

fn complete(report: &Report) -> Result<(), HostError> {
    if report.is_complete {
        return Ok(());
    }
    let why = report.reason().map_or_else(|| "no answer".to_owned(), ToString::to_string);
    Err(HostError::new(format!("a gate node did not take its share: {why}")))
}
