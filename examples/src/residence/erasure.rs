//! Erasing: the patient's order on the ledger, the deletion at every custodian, and their receipts on the ledger.

use super::Residence;
use crate::error::{During, HostError};
use dmledger_core::{
    action::{Action, ConfirmErasure},
    codec::{self, List},
    consent::{
        GateTask,
        erasure::{Custodian, Custody, EraseReceipt, Erased, ErasureId, ErasureOrder, SignedReceipt},
    },
    envelope::{Envelope, Meaning},
    identity::MemberId,
    record::RecordId,
    time::Height,
};
use dmledger_net::node::gate::{Errand, Patience};
use dmledger_zk::seal::{EpochNumber, Erasure, Guard, erase::custody, erasure_of};
use rand_core::Rng;

/// An erasure that every custodian has confirmed.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what came of an order")]
pub struct Gone {
    /// The order's name on the ledger.
    pub order: ErasureId,
    /// What the gate nodes' receipts are worth.
    pub gate: Erasure,
    /// Height of the block with the last receipt.
    pub confirmed: Height,
}

impl Residence {
    /// Erases one record. From the order on the ledger lets nobody read it; the gate's nodes never answer for it again;
    /// its parts, with slot and salt, are deleted from the lake. All of them sign for it.
    ///
    /// # Errors
    /// If the account has no such record, the lake fails, the ledger refuses, or a node does not sign.
    pub async fn erase_record(&mut self, record: &RecordId) -> Result<Gone, HostError> {
        let guard = self.guard_of(record)?;
        let own = Custodian { member: MemberId::of(&self.gateway.public()), custody: Custody::Objects };
        let erased = Erased::Record(*record);
        let (order, ordered) = self.order_erasure(&guard, erased, Some(own)).await?;
        let mut receipts = self.destroyed(&guard, erased, order).await?;
        self.lake.delete_parts(record).await.during("lake")?;
        let body = EraseReceipt { order, erased, custody: Custody::Objects, ordered };
        let envelope = Envelope::new(self.node.chain(), Some(self.account), body);
        let gate = self.worth(&guard, erased, order, &receipts)?;
        receipts.push(envelope.sign(&self.gateway, Meaning::Authored).during("receipt")?);
        Ok(Gone { order, gate, confirmed: self.put_down(receipts).await? })
    }

    /// Erases the oldest epoch with everything sealed in it: every gate node destroys its keys and signs, and the
    /// patient forgets the epoch key. The ciphertext stays where it is, for nobody. Where trustees have a capsule, another
    /// one takes its place that does not hold the epoch ([`Self::entrusted`]).
    ///
    /// # Errors
    /// If the ledger refuses or a node does not sign; the patient's key is kept then. If the lake does not take the next
    /// capsule: the epoch is erased all the same.
    pub async fn erase_oldest_epoch(&mut self) -> Result<Gone, HostError> {
        let oldest = self.epochs.first().ok_or_else(|| HostError::new("no epoch is left"))?;
        let guard = Guard::new(self.account, oldest.epoch().number(), self.committee());
        let erased = Erased::Epoch(guard.epoch().number());
        let (order, _) = self.order_erasure(&guard, erased, None).await?;
        let receipts = self.destroyed(&guard, erased, order).await?;
        let gate = self.worth(&guard, erased, order, &receipts)?;
        drop(self.epochs.remove(0));
        let confirmed = self.put_down(receipts).await?;
        self.renew_capsule().await?;
        Ok(Gone { order, gate, confirmed })
    }

    /// What guards a record: the epoch is the one that the ledger knows. What the lake shows as the record's part is anybody's
    /// word, and may be gone.
    fn guard_of(&self, record: &RecordId) -> Result<Guard, HostError> {
        let query = self.node.query()?;
        let found = query.facts().record(record).during("index")?.filter(|found| found.account == self.account);
        let found = found.ok_or_else(|| HostError::new("no such record"))?;
        let epoch = query.facts().epoch_of(&found).during("index")?;
        Ok(Guard::new(self.account, EpochNumber::new(epoch), self.committee()))
    }

    /// The order on the ledger, signed by every key of the patient: what is erased, and everybody who has to answer.
    async fn order_erasure(
        &mut self,
        guard: &Guard,
        erased: Erased,
        also: Option<Custodian>,
    ) -> Result<(ErasureId, Height), HostError> {
        let mut name = [0; 16];
        self.rng.fill_bytes(&mut name);
        let id = ErasureId::new(name);
        let (numbers, keys) = (self.node.roster().clone(), self.node.roster().keys());
        let nodes = numbers.members().zip(keys);
        let gate = nodes.map(|((number, _, _), key)| (MemberId::of(&key), custody(guard, number)));
        let mut all: Vec<_> = gate.map(|(member, custody)| Custodian { member, custody }).chain(also).collect();
        all.sort_unstable();
        let order = ErasureOrder { id, erased, custodians: List::new(all).during("custodians")? };
        let action = Action::OrderErasure(Box::new(order));
        let height = self.node.submit(&self.envelope(action, &self.patient.phone, &self.patient.home)?).await?;
        Ok((id, height))
    }

    /// The gate's nodes destroy, each once its own ledger holds the order; their receipts.
    async fn destroyed(
        &self,
        guard: &Guard,
        erased: Erased,
        order: ErasureId,
    ) -> Result<Vec<SignedReceipt>, HostError> {
        let task = match erased {
            Erased::Record(record) => GateTask::EraseRecord(order, record),
            _ => GateTask::EraseEpoch(order),
        };
        let order = self.order(guard, task, &[&self.patient.home])?;
        let errand = Errand::order(order, self.node.roster().peers(), Patience::default());
        let report = self.node.gate().run(errand).await.during("gate")?;
        let signed = report.receipts.iter().map(|(_, bytes)| codec::decode::<SignedReceipt>(bytes));
        signed.collect::<Result<_, _>>().during("receipt")
    }

    /// How many nodes have signed, and how many of them may have lied.
    fn worth(
        &self,
        guard: &Guard,
        erased: Erased,
        order: ErasureId,
        receipts: &[SignedReceipt],
    ) -> Result<Erasure, HostError> {
        let members = self.node.roster().keys();
        erasure_of(order, erased, self.node.chain(), guard, &members, receipts).during("erasure")
    }

    /// The receipts on the ledger; they carry the custodians' signatures and need no other.
    async fn put_down(&self, receipts: Vec<SignedReceipt>) -> Result<Height, HostError> {
        let mut tickets = Vec::new();
        for receipt in receipts {
            let body = Action::ConfirmErasure(Box::new(ConfirmErasure { receipt }));
            tickets.push(self.node.post(&Envelope::new(self.node.chain(), Some(self.account), body)).await?);
        }
        let mut height = Height::GENESIS;
        for ticket in tickets {
            height = height.max(ticket.outcome().await.during("receipt")?.height);
        }
        Ok(height)
    }
}
