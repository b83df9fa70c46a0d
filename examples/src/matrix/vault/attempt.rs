//! One attempt to read: everything that the one who asks can do to open the records, whether or not it may.

use super::{Kept, Vault, none};
use crate::error::{During, HostError};
use dmledger_core::{
    codec::{self, Bytes, List},
    consent::{GateRequest, RequestId},
    envelope::{AccountId, ChainId, Envelope, Meaning},
    key::SecretKey,
    record::RecordId,
    testing::World,
    traits::GateAnswers,
};
use dmledger_net::wire::{GateMessage, GateSaid};
use dmledger_zk::seal::{Answers, GateReply, GrantBody, KemKeyPair, Keys, LedgerView, Standing, open, unwrap_grant};
use rand_core::Rng;
use std::{collections::BTreeMap, sync::Arc};

/// Who tries to read what.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument")]
pub struct Attempt<'a> {
    /// The member's key, if the one who tries holds it.
    pub key: Option<&'a SecretKey>,
    /// Which member it is, or says it is.
    pub asker: Option<usize>,
    /// Whose records; none for an account that does not exist.
    pub patient: Option<usize>,
    /// The account that is named.
    pub account: AccountId,
    /// The network that is named.
    pub chain: ChainId,
    /// The request on the ledger that is named.
    pub request: RequestId,
    /// The records.
    pub records: Vec<RecordId>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Opened {
    /// Every record was decrypted, to what was sealed.
    pub all: bool,
    /// Something came out: a record was decrypted, or a node answered, or a letter for another opened.
    pub any: bool,
}

type Replies = BTreeMap<RecordId, Vec<GateReply>>;

impl Vault {
    /// Tries to open the records: asks the gate's nodes one after the other until their answers suffice, then decrypts with
    /// every range key at hand; failing that, with what one of the nodes holds beside.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn opens(&mut self, world: &World, attempt: &Attempt<'_>) -> Result<Opened, HostError> {
        let member = attempt.key.is_some().then_some(attempt.asker).flatten();
        let kem = member.and_then(|member| self.kems.get(member)).unwrap_or(&self.thief);
        let kem = Arc::clone(kem);
        let asked = self.asked(attempt, &kem)?;
        let stolen = member.is_none() && self.steals(world)?;
        let (replies, answered) = self.gather(world, attempt, member, &asked, &kem)?;
        let (mut all, mut any) = (!attempt.records.is_empty(), stolen || answered);
        for record in &attempt.records {
            let own = replies.get(record).map(Vec::as_slice).unwrap_or_default();
            let opened = self.decrypts(world, attempt, member, record, own)?;
            (all, any) = (all && opened, any || opened);
        }
        if let (true, Some(patient)) = (all, attempt.patient) {
            self.heard = Some((asked, attempt.records.clone(), patient));
        }
        Ok(Opened { all, any })
    }

    /// The request to the gate, under the key at hand.
    fn asked(&self, attempt: &Attempt<'_>, kem: &KemKeyPair) -> Result<Envelope<GateRequest>, HostError> {
        let body = GateRequest {
            request: attempt.request,
            epoch: 0,
            committee: 1,
            records: List::new(attempt.records.clone()).during("gate")?,
            recipient: Bytes::new(codec::encode(kem.public())).during("gate")?,
        };
        let key = attempt.key.unwrap_or(&self.thiefs_key);
        Envelope::new(attempt.chain, Some(attempt.account), body).sign(key, Meaning::Authored).during("gate")
    }

    /// Right answers of as many nodes as are needed, and whether any node answered at all.
    fn gather(
        &mut self,
        world: &World,
        attempt: &Attempt<'_>,
        member: Option<usize>,
        asked: &Envelope<GateRequest>,
        kem: &Arc<KemKeyPair>,
    ) -> Result<(Replies, bool), HostError> {
        let parts: Vec<_> = attempt.records.iter().filter_map(|record| self.objects.get(record)).collect();
        let parts: Vec<_> = parts.into_iter().map(|object| object.part.clone()).collect();
        let body = self.keys(member, attempt.patient).next_back().map(|kept| &kept.body);
        let key = || Arc::clone(kem) as _;
        let answers = body.and_then(|body| Answers::new(asked.id(), world.chain(), &parts, body, key()));
        let (message, first, mut answered) = (GateMessage::Ask(asked.clone()), self.rng.next_u32(), false);
        for node in 0..self.gate.len() {
            let node = (node + usize::try_from(first % 4).unwrap_or(0)) % self.gate.len();
            let (peer, service) = self.gate.get_mut(node).ok_or_else(|| none("node"))?;
            let answer = service.answer(*peer, &message, world.clock(), &mut self.rng);
            let Some(GateMessage::Answer { said: GateSaid::Sealed(sealed), .. }) = answer else { continue };
            answered = true;
            if let Some(answers) = &answers {
                answers.take(sealed.as_slice()).during("an honest node's answer")?;
                if answers.are_enough() {
                    break;
                }
            }
        }
        Ok((answers.map(|answers| answers.take_replies()).unwrap_or_default(), answered))
    }

    /// What somebody was given of a patient that holds range keys, in order.
    fn keys(&self, member: Option<usize>, patient: Option<usize>) -> impl DoubleEndedIterator<Item = &Kept> {
        let all = member.zip(patient).and_then(|pair| self.kept.get(&pair));
        all.into_iter().flatten().filter(|kept| kept.range.is_some())
    }

    /// Whether a record comes out, with these answers, or with these and what a node that is not honest gives away.
    fn decrypts(
        &mut self,
        world: &World,
        attempt: &Attempt<'_>,
        member: Option<usize>,
        record: &RecordId,
        replies: &[GateReply],
    ) -> Result<bool, HostError> {
        let node = usize::try_from(self.rng.next_u32() % 4).unwrap_or(0);
        let Some(object) = self.objects.get(record) else { return Ok(false) };
        let buckets = object.part.access().body().buckets();
        let covers = |kept: &&Kept| {
            kept.range.is_some_and(|range| range.first() <= buckets.first() && buckets.last() <= range.last())
        };
        // All keys of an hour are the same keys: the latest that covers it is as good as all of them. If none does, the
        // latest is tried all the same.
        let body =
            self.keys(member, attempt.patient).rfind(covers).or_else(|| self.keys(member, attempt.patient).next_back());
        let body = body.map(|kept| &kept.body);
        if self.comes_out(world, record, body, replies)? {
            return Ok(true);
        }
        let bundles = attempt.patient.and_then(|patient| self.homes.get(patient)).map(|home| &home.bundles);
        let bundles = bundles.or_else(|| self.homes.first().map(|home| &home.bundles));
        let leaked = bundles.and_then(|bundles| bundles.get(node)).map(|bundle| bundle.partials(record));
        self.comes_out(world, record, body, leaked.as_slice())
    }

    /// Opens a record as somebody would who does not keep to the rules: whatever the ledger says, the grant stands.
    fn comes_out(
        &self,
        world: &World,
        record: &RecordId,
        body: Option<&GrantBody>,
        replies: &[GateReply],
    ) -> Result<bool, HostError> {
        let object = self.objects.get(record).ok_or_else(|| none("record"))?;
        let account = object.part.header().account().ok_or_else(|| none("account"))?;
        let owner = world.patients().iter().find(|one| one.account == account).ok_or_else(|| none("patient"))?;
        let validity = body.map(|body| body.terms().validity);
        let view = LedgerView {
            chain: world.chain(),
            account,
            entry: &object.entry,
            custodians: &[owner.home.public()],
            least_version: 1,
            height: validity.map_or_else(Default::default, |validity| validity.from()),
            time: validity.map_or(world.clock(), |validity| validity.time().start()),
            standing: Standing::Active,
        };
        let keys = body.map_or(Keys::None, |body| Keys::Gated(body, replies));
        Ok(open(&object.part, &object.ciphertext, keys, &view).is_ok_and(|text| text.as_bytes() == object.plaintext))
    }

    /// Whether a thief makes anything of what others were sent: keys in a letter, or the gate's answers to a request that
    /// it heard and says again.
    fn steals(&mut self, world: &World) -> Result<bool, HostError> {
        let letter =
            self.letter.as_ref().is_some_and(|(letter, what)| unwrap_grant(letter, &*self.thief, what).is_ok());
        let Some((asked, records, patient)) = &self.heard else { return Ok(letter) };
        let parts: Vec<_> = records.iter().filter_map(|record| self.objects.get(record)).collect();
        let parts: Vec<_> = parts.into_iter().map(|object| object.part.clone()).collect();
        let mut body = self.kept.iter().filter(|((_, of), _)| of == patient).flat_map(|(_, all)| all);
        let body = body.rfind(|kept| kept.range.is_some()).ok_or_else(|| none("grant"))?;
        let answers = Answers::new(asked.id(), world.chain(), &parts, &body.body, Arc::clone(&self.thief) as _);
        let answers = answers.ok_or_else(|| none("committee"))?;
        let message = GateMessage::Ask(asked.clone());
        let (peer, service) = self.gate.first_mut().ok_or_else(|| none("node"))?;
        let taken = match service.answer(*peer, &message, world.clock(), &mut self.rng) {
            Some(GateMessage::Answer { said: GateSaid::Sealed(sealed), .. }) => answers.take(sealed.as_slice()).is_ok(),
            _ => false,
        };
        Ok(letter || taken)
    }
}
