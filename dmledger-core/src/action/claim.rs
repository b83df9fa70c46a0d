//! Showing a fact about anchored records without the records.
//!
//! The ledger knows no mathematics of proofs. It checks that a claim is about what is anchored - the account's records,
//! their commitments, in order, each once - and a [`ProofVerifier`] checks that the proof shows the statement about these
//! commitments. All proofs of a block are checked at once, before any rule runs, within the cost that genesis allows.
//!
//! Claims about several days speak about digests of days. That a digest is the one of its day is a claim of its own
//! (`DAY_HISTOGRAM`), and has to be accepted first; a day counts once, so days must not overlap.
//!
//! A member of an anchored set speaks without being named; the mark that its key leaves within a scope is accepted once.
//!
//! [`ProofVerifier`]: crate::traits::ProofVerifier

use super::{Fault, Frame, Handler, Refusal};
use crate::{
    codec::List,
    hash::{Digest, of, tag},
    record::RecordId,
    state::{
        Delta,
        tables::{AcceptedClaim, Facts, Places, ShownDay, UsedMark},
    },
    time::{Moment, TimeRange},
    traits::proof_verifier::{MAX_ANCHORS, ProofClaim, ProofFamily},
};
use alloc::{collections::BTreeSet, vec::Vec};
use borsh::{BorshDeserialize, BorshSerialize};

/// Has a claim accepted, under the account's policy: what is shown about a patient, the patient decides.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct ClaimAction {
    /// The records that the claim's anchors come from, in the anchors' order.
    pub records: List<RecordId, MAX_ANCHORS>,
    /// Statement and proof.
    pub claim: ProofClaim,
}

impl ClaimAction {
    /// The claim's name: the digest of its bytes.
    #[must_use]
    pub fn name(&self) -> Digest {
        of(tag::PROOF_CLAIM, &self.claim)
    }

    /// Checks that every record is the account's and carries the anchor at its place; gives back the hours they cover.
    fn spans(&self, frame: &Frame<'_>, facts: &Facts<'_>) -> Result<Vec<TimeRange>, Fault> {
        let account = frame.account()?;
        let mut spans = Vec::with_capacity(self.records.len());
        for (position, (record, anchor)) in (0..).zip(self.records.iter().zip(self.claim.anchors())) {
            let found = facts.record(record)?.filter(|found| found.account == account);
            let found = found.ok_or(Refusal::ClaimedRecordUnknown { position })?;
            if found.entry.facts().commitments != *anchor {
                return Err(Refusal::OtherAnchor { position }.into());
            }
            spans.push(found.entry.facts().span);
        }
        Ok(spans)
    }

    /// Checks that the days have been shown to be what their digests say, and that none counts twice.
    fn days(&self, facts: &Facts<'_>, mut spans: Vec<TimeRange>) -> Result<(), Fault> {
        for (position, record) in (0..).zip(&self.records) {
            if !facts.is_shown_day(record)? {
                return Err(Refusal::DayNotShown { position }.into());
            }
        }
        spans.sort_unstable_by_key(TimeRange::start);
        let overlap = spans.windows(2).any(|pair| matches!(pair, [a, b] if b.start() < a.end()));
        if overlap { Err(Refusal::DaysOverlap.into()) } else { Ok(()) }
    }
}

impl Handler for ClaimAction {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        let context = self.claim.context();
        if context.chain() != frame.chain() || context.subject() != frame.account()? {
            return Err(Refusal::OtherContext);
        }
        if self.records.is_empty() {
            return Err(Refusal::Empty);
        }
        let names: BTreeSet<_> = self.records.iter().collect();
        if names.len() != self.records.len() {
            return Err(Refusal::DuplicateRecord);
        }
        let (have, need) = (self.records.len(), self.claim.anchors().len());
        if have == need { Ok(()) } else { Err(Refusal::AnchorCount { have, need }) }
    }

    fn proof(&self) -> Option<&ProofClaim> {
        Some(&self.claim)
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, _: Moment) -> Result<(), Fault> {
        let account = facts.account(&frame.account()?)?.ok_or(Refusal::UnknownAccount)?;
        account.policy().satisfied_by(frame.acting()).map_err(Refusal::from)?;
        if facts.has(&facts.places().claim(&self.name()))? {
            return Err(Refusal::ClaimExists.into());
        }
        if let Some(mark) = self.claim.mark()
            && facts.has(&facts.places().used_mark(&mark))?
        {
            return Err(Refusal::MemberHeard.into());
        }
        let spans = self.spans(frame, facts)?;
        match self.claim.family() {
            ProofFamily::DAYS_BOUNDS | ProofFamily::DAYS_VARIATION => self.days(facts, spans),
            _ => Ok(()),
        }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, places, name) = (frame.account()?, Places::new(frame.chain()), self.name());
        let accepted = AcceptedClaim {
            claim: name,
            context: self.claim.context().clone(),
            family: self.claim.family(),
            records: self.records.clone(),
            height: at.height,
        };
        state.put(places.claim(&name), &accepted)?;
        if let (ProofFamily::DAY_HISTOGRAM, [record]) = (self.claim.family(), &self.records[..]) {
            state.put(places.shown_day(record), &ShownDay { height: at.height })?;
        }
        if let Some(mark) = self.claim.mark() {
            state.put(places.used_mark(&mark), &UsedMark { height: at.height })?;
        }
        Ok(places.claims(&account).push(&name, state)?)
    }
}
