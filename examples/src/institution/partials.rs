//! Asking the gate: the partials of a committee's nodes for records that the ledger has allowed.

use super::{Institution, ReadError};
use crate::error::{During, HostError};
use dmledger_core::{
    codec::{self, Bytes, List},
    consent::{GateRequest, RequestId, release::MAX_GATE_RECORDS},
    envelope::{AccountId, Envelope, Meaning},
    record::RecordId,
};
use dmledger_net::{
    node::gate::{Errand, Patience, Report},
    transport::PeerId,
};
use dmledger_zk::seal::{Answers, GateReply, GrantBody, Part};
use std::{collections::BTreeMap, sync::Arc};

/// Partials of several nodes, by record.
pub type Partials = BTreeMap<RecordId, Vec<GateReply>>;

/// Why the gate did not give enough partials: what the node that knew most said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateRefusal {
    /// Nodes that answered rightly; too few.
    pub right: usize,
    /// Nodes that lied.
    pub liars: Vec<PeerId>,
    /// The reason, in the node's words; `None` if all were silent.
    pub reason: Option<String>,
}

impl std::fmt::Display for GateRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the gate: {}", self.reason.as_deref().unwrap_or("no answer"))
    }
}

impl From<&Report> for GateRefusal {
    fn from(report: &Report) -> Self {
        let reason = report.reason().map(ToString::to_string);
        Self { right: report.right.len(), liars: report.liars.clone(), reason }
    }
}

impl Institution<'_> {
    /// The partials for records that `request` was allowed, from enough nodes of the committee; empty for records that no
    /// committee guards.
    ///
    /// # Errors
    /// [`ReadError::Gate`] with what the nodes said.
    pub async fn partials(
        &self,
        account: AccountId,
        grant: &GrantBody,
        request: RequestId,
        records: &[RecordId],
    ) -> Result<Partials, ReadError> {
        let parts = self.parts(records).await?;
        self.partials_of(account, grant, request, &parts).await
    }

    /// As [`Self::partials`], for records whose parts are at hand.
    ///
    /// # Errors
    /// [`ReadError::Gate`] with what the nodes said.
    pub async fn partials_of(
        &self,
        account: AccountId,
        grant: &GrantBody,
        request: RequestId,
        parts: &[Part],
    ) -> Result<Partials, ReadError> {
        let mut by_epoch: BTreeMap<_, Vec<Part>> = BTreeMap::new();
        for part in parts {
            let access = part.access().body();
            by_epoch.entry((access.epoch(), access.committee())).or_default().push(part.clone());
        }
        let mut partials = BTreeMap::new();
        for ((epoch, committee), parts) in &by_epoch {
            for parts in parts.chunks(MAX_GATE_RECORDS) {
                let names = parts.iter().map(|part| *part.header().body().record()).collect();
                let body = GateRequest {
                    request,
                    epoch: epoch.number(),
                    committee: committee.number(),
                    records: List::new(names).during("gate")?,
                    recipient: Bytes::new(codec::encode(self.person.kem().public())).during("gate")?,
                };
                partials.extend(self.gather(account, grant, body, parts).await?);
            }
        }
        Ok(partials)
    }

    async fn gather(
        &self,
        account: AccountId,
        grant: &GrantBody,
        body: GateRequest,
        parts: &[Part],
    ) -> Result<Partials, ReadError> {
        let asked = Envelope::new(self.node.chain(), Some(account), body)
            .sign(self.person.key(), Meaning::Authored)
            .during(self.person.name())?;
        let key = Arc::clone(self.person.kem()) as _;
        // Without a cover of the epoch there is nothing to hold partials against; opening says what is missing.
        let Some(answers) = Answers::new(asked.id(), self.node.chain(), parts, grant, key).map(Arc::new) else {
            return Ok(Partials::new());
        };
        let errand = Errand::gather(asked, self.node.roster().peers(), Arc::clone(&answers) as _, Patience::default());
        let report = self.node.gate().run(errand).await.during("gate")?;
        if report.is_complete { Ok(answers.take_replies()) } else { Err(ReadError::Gate(GateRefusal::from(&report))) }
    }

    /// The parts of records, from the lake, in their order.
    ///
    /// # Errors
    /// If the lake lacks one.
    pub async fn parts(&self, records: &[RecordId]) -> Result<Vec<Part>, HostError> {
        let mut parts = Vec::with_capacity(records.len());
        for record in records {
            parts.push(self.part(record).await?);
        }
        Ok(parts)
    }

    /// A record's part, from the lake.
    ///
    /// # Errors
    /// If the lake has none.
    pub async fn part(&self, record: &RecordId) -> Result<Part, HostError> {
        let part = self.lake.part(record).await.during("lake")?;
        let (_, part) = part.ok_or_else(|| HostError::new("the lake has no part for this record"))?;
        Part::from_bytes(&part).during("access part")
    }
}
