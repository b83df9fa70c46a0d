//! The key epochs of a residence: opened with a gate that guards them, followed by the next one after a revocation.

use super::{Residence, rights::Granted};
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
use dmledger_net::node::gate::{Errand, Patience, Report};
use dmledger_zk::seal::{Committee, Epoch, EpochKey, GateSeed, Guard, renew::Into, wrap};

impl Residence {
    /// The epoch that new records are sealed in.
    pub(super) fn epoch(&self) -> Result<&EpochKey, HostError> {
        self.epochs.last().ok_or_else(|| HostError::new("a residence without an epoch"))
    }

    /// The patient's epoch keys, oldest first: what opens the patient's own records.
    #[must_use]
    pub fn epochs(&self) -> &[EpochKey] {
        &self.epochs
    }

    /// Draws the keys of an epoch and deals every node of the committee its share, over the network; the epoch seals
    /// once all of them have confirmed.
    pub(super) async fn begin_epoch(&mut self, epoch: Epoch) -> Result<(), HostError> {
        let guard = Guard::new(self.account, epoch.number(), self.committee());
        let seed = GateSeed::generate(guard, &mut self.rng);
        for (number, peer, kem) in self.node.roster().clone().members() {
            let bundle = seed.bundle(number).during("gate")?;
            let letter = codec::encode(&wrap(&bundle, self.node.chain(), kem, &mut self.rng).during("gate")?);
            let task = GateTask::Keep(Bytes::new(letter).during("gate")?);
            let order = self.order(&guard, task, &[&self.patient.home])?;
            let report = self.node.gate().run(Errand::order(order, vec![peer], Patience::default())).await;
            complete(&report.during("gate")?)?;
        }
        self.epochs.push(EpochKey::generate(epoch, &mut self.rng).guarded_by(seed).during("gate")?);
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

    /// Opens the next epoch, and gives everybody a grant that reaches into it too, in place of the one they had.
    ///
    /// # Errors
    /// As [`Self::revoke_and_rotate`].
    pub async fn rotate(&mut self) -> Result<(), HostError> {
        let before = self.epoch()?.epoch();
        self.begin_epoch(Epoch::new(before.number().next(), before.first())).await?;
        for Granted { id, to, terms } in std::mem::take(&mut self.granted) {
            self.grant(&to, &terms).await?;
            self.revoke(id).await?;
        }
        Ok(())
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
