//! The requests: to the ledger as it would decide in the next block, to the ledger as it does decide in a block, and from
//! there to the gate and to the ciphertext.

use super::{MEMBERS, PATIENTS, Trial};
use crate::{
    error::{During, HostError},
    matrix::{
        draw,
        model::{By, Request},
        vault::Attempt,
    },
};
use dmledger_core::{
    action::{self, Action, SignedAction},
    block::RawAction,
    codec::List,
    consent::{AccessRequest, RequestId},
    decide::{AccessOutcome, Question, decide},
    envelope::{ChainId, Envelope, Meaning},
    hash::Digest,
    key::SecretKey,
    scope::{Conditions, Purpose, Verb},
    time::{Height, Moment},
};
use std::time::Duration;

/// A request that was answered by the ledger, and goes to the gate a block later.
pub(super) struct Late {
    request: Request,
    id: RequestId,
    by: Option<By>,
}

/// A request to be answered by a block.
struct Asked {
    request: Request,
    id: RequestId,
    action: Option<SignedAction>,
}

impl Trial {
    /// Some honest requests go into a block: the entry in the log is the answer, and a quota is spent.
    pub(super) fn answered(&mut self, count: u64) -> Result<(), HostError> {
        let mut asked = Vec::new();
        while (asked.len() as u64) < count {
            asked.extend(Some(self.ask()?).filter(|one| one.action.is_some()));
        }
        for (one, by) in self.logged(asked)? {
            let is_allowed = self.answer(&one.id)?;
            self.count(by.is_some(), is_allowed);
        }
        Ok(())
    }

    /// Requests go into a block, and then to the gate, most of them at once. Whoever asks takes every range key it ever
    /// got, every answer, and what one node of the committee holds; it has to decrypt if and only if it ought to.
    pub(super) fn open_logged(&mut self, count: u64) -> Result<(), HostError> {
        let asked = (0..count).map(|_| self.ask()).collect::<Result<Vec<_>, _>>()?;
        for (one, by) in self.logged(asked)? {
            if one.action.is_some() && self.once_in(5) {
                self.late.push(Late { request: one.request, id: one.id, by });
            } else {
                self.open(&one.request, one.id, by)?;
            }
        }
        Ok(())
    }

    /// Requests that were answered before the latest changes go to the gate.
    pub(super) fn open_late(&mut self, most: u64) -> Result<(), HostError> {
        let late = std::mem::take(&mut self.late);
        for one in late.into_iter().take(usize::try_from(most).unwrap_or(usize::MAX)) {
            self.open(&one.request, one.id, one.by)?;
        }
        Ok(())
    }

    fn open(&mut self, request: &Request, id: RequestId, by: Option<By>) -> Result<(), HostError> {
        let (height, time) = self.now();
        let ought = by.is_some_and(|by| self.model.opens(request, by, height, time));
        let records = request.records.iter().filter_map(|number| self.records.get(*number).copied()).collect();
        let key = request.asker.filter(|_| request.holds_key).and_then(|asker| self.members.get(asker));
        let attempt = Attempt {
            key: key.map(|party| &party.key),
            asker: request.asker,
            patient: request.patient,
            account: self.account(request.patient),
            chain: if request.this_network { self.world.chain() } else { ChainId::new(Digest::new([7; 32])) },
            request: id,
            records,
        };
        let vault = self.vault.as_mut().ok_or_else(|| HostError::new("a trial without keys"))?;
        let opened = vault.opens(&self.world, &attempt)?;
        self.count(ought, if ought { opened.all } else { opened.any });
        Ok(())
    }

    /// A block of requests, and what each ought to have been allowed by, in their order. Strangers' and thieves' requests
    /// are refused before they come into a block.
    fn logged(&mut self, asked: Vec<Asked>) -> Result<Vec<(Asked, Option<By>)>, HostError> {
        let actions: Vec<_> = asked.iter().filter_map(|one| one.action.clone()).collect();
        self.block(&actions)?;
        let (height, time) = self.now();
        let mut answers = Vec::with_capacity(asked.len());
        for one in asked {
            let by = one.action.as_ref().and_then(|_| self.model.allows(&one.request, height, time));
            if let Some(by) = by {
                self.model.spend(by);
            }
            answers.push((one, by));
        }
        Ok(answers)
    }

    fn ask(&mut self) -> Result<Asked, HostError> {
        let request = draw::request(&mut self.rng, &self.model, PATIENTS);
        let put = self.request(&request)?;
        let (id, account) = (put.id, self.account(request.patient));
        let honest = request.holds_key && request.this_network && !put.records.is_empty();
        let known = request.asker.filter(|_| honest && request.patient.is_some());
        let action = match known {
            Some(asker) => {
                let action = Envelope::new(self.world.chain(), Some(account), Action::Access(put));
                Some(action.sign(&self.member(asker)?.key, Meaning::Authored).during("request")?)
            }
            None => None,
        };
        Ok(Asked { request, id, action })
    }

    fn answer(&self, id: &RequestId) -> Result<bool, HostError> {
        let entry = self.ledger.facts().answer(id).during("log")?;
        let entry = entry.ok_or_else(|| HostError::new("a request without an answer"))?;
        Ok(!matches!(entry.outcome, AccessOutcome::Denied { .. }))
    }

    /// One request, asked of both: as it would be answered in the next block, or some seconds later.
    pub(super) fn attempt(&mut self) -> Result<(), HostError> {
        let request = draw::request(&mut self.rng, &self.model, PATIENTS);
        let Moment { height, time } = self.tip();
        let later = Duration::from_millis(1 + 500 * draw::below(&mut self.rng, 9));
        let at = Moment { height: Height::new(height.value() + 1), time: time.plus(later) };
        let put = self.request(&request)?;
        let honest = request.holds_key && request.this_network && request.asker.is_some() && !put.records.is_empty();
        let is_allowed = if honest { self.decided(&request, &put, at)? } else { self.accepted(&request, put)? };
        let real = !request.records.is_empty();
        let ought = real && self.model.allows(&request, at.height.value(), at.time.millis()).is_some();
        self.count(ought, is_allowed);
        Ok(())
    }

    fn decided(&self, request: &Request, put: &AccessRequest, at: Moment) -> Result<bool, HostError> {
        let member = self.member(request.asker.unwrap_or(MEMBERS))?.id();
        let account = self.account(request.patient);
        let question = Question { chain: self.world.chain(), member, account, request: put };
        Ok(decide(&self.ledger.facts(), &question, at).during("decision")?.is_allowed())
    }

    /// Requests of strangers, of thieves and for other networks have to fail before anything is decided.
    fn accepted(&mut self, request: &Request, put: AccessRequest) -> Result<bool, HostError> {
        let account = self.account(request.patient);
        let chain = if request.this_network { self.world.chain() } else { ChainId::new(Digest::new([7; 32])) };
        let thief = self.world.key();
        let victim = request.asker.and_then(|one| self.members.get(one)).map(|party| &party.key);
        let signer = victim.filter(|_| request.holds_key).unwrap_or(&thief);
        let action = Envelope::new(chain, Some(account), Action::Access(put));
        let mut raw = action.sign(signer, Meaning::Authored).and_then(|one| action::encode(&one).map_err(Into::into));
        if let (Some(victim), false, Ok(signed)) = (victim, request.holds_key, &raw) {
            raw = Ok(disguised(signed, &thief, victim).unwrap_or_else(|| signed.clone()));
        }
        Ok(self.ledger.examine(&raw.during("request")?).is_ok())
    }

    fn request(&mut self, request: &Request) -> Result<AccessRequest, HostError> {
        let records: Vec<_> = request.records.iter().filter_map(|number| self.records.get(*number).copied()).collect();
        let purpose = Purpose::ALL.iter().copied().find(|one| one.code() == request.purpose);
        let named = request.named.and_then(|number| self.grants.get(number)).map(|grant| grant.id);
        Ok(AccessRequest {
            id: RequestId::new(self.world.bytes()),
            records: List::new(records).during("records")?,
            verb: if request.updates { Verb::Update } else { Verb::Query },
            purpose: purpose.ok_or_else(|| HostError::new("no such purpose"))?,
            undertaking: Conditions::NONE,
            grant: named,
        })
    }
}

/// The same bytes with the thief's name replaced by the victim's.
fn disguised(signed: &RawAction, thief: &SecretKey, victim: &SecretKey) -> Option<RawAction> {
    let (from, to) = (thief.public(), victim.public());
    let mut bytes = signed.as_slice().to_vec();
    let at = bytes.windows(from.as_bytes().len()).position(|window| window == from.as_bytes())?;
    bytes.get_mut(at..at + to.as_bytes().len())?.copy_from_slice(to.as_bytes());
    RawAction::new(bytes).ok()
}
