//! When a gate node hands out its partials: the logged request, the same asker, the same records, not long ago, and a
//! ledger that would say yes again at the node's own height.

use super::{Done, anchored, world};
use core::time::Duration;
use dmledger_core::{
    codec::{self, Bytes, List},
    consent::{AccessRequest, GateOrder, GateRequest, GateTask, GrantId, RequestId},
    decide::{Ordered, Reason, ReleaseError, Watch, Withheld, ordered, release, release::FRESH_FOR},
    envelope::{ChainId, Envelope, Meaning},
    hash::Digest,
    key::SecretKey,
    ledger::{Ledger, StateMachine},
    record::RecordId,
    scope::Purpose,
    testing::World,
    time::{Height, Moment, Timestamp},
    traits::key_gate::Permit,
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A patient with records, a grant for institution 0, and its request in the log.
struct Scene {
    world: World,
    ledger: Ledger,
    records: Vec<RecordId>,
    grant: GrantId,
    request: RequestId,
}

impl Scene {
    fn new(quota: u32) -> Result<Self, Failed> {
        let (mut world, mut ledger) = world()?;
        let records = anchored(&mut world, &mut ledger, 0, 4)?;
        let grant = world.grant_to(0, quota);
        let (id, action) = (grant.id, world.grant(0, grant)?);
        world.advance(&mut ledger, &[action])?;
        let mut scene = Self { world, ledger, records, grant: id, request: RequestId::new([0; 16]) };
        scene.request = scene.ask(0, Purpose::Treatment)?;
        Ok(scene)
    }

    /// An institution asks the ledger for the first three records.
    fn ask(&mut self, institution: usize, purpose: Purpose) -> Result<RequestId, Failed> {
        let request = self.world.request(self.records[..3].to_vec())?;
        let request = AccessRequest { purpose, ..request };
        let (id, action) = (request.id, self.world.access(institution, 0, request)?);
        self.world.advance(&mut self.ledger, &[action])?;
        Ok(id)
    }

    fn body(&self, records: &[RecordId]) -> Result<GateRequest, Failed> {
        let (records, recipient) = (List::new(records.to_vec())?, Bytes::new(vec![1, 2, 3])?);
        Ok(GateRequest { request: self.request, epoch: 0, committee: 1, records, recipient })
    }

    fn envelope(&self, body: GateRequest) -> Envelope<GateRequest> {
        Envelope::new(self.world.chain(), Some(self.world.patients()[0].account), body)
    }

    /// The request to the gate, signed by an institution.
    fn asked(&self, institution: usize, records: &[RecordId]) -> Result<Envelope<GateRequest>, Failed> {
        let key = &self.world.institutions()[institution].key;
        Ok(self.envelope(self.body(records)?).sign(key, Meaning::Authored)?)
    }

    fn watch(&self) -> Watch {
        let tip = self.ledger.tip();
        Watch { at: Moment { height: tip.height, time: tip.time }, now: tip.time, fresh_for: FRESH_FOR }
    }

    fn try_at(&self, asked: &Envelope<GateRequest>, watch: Watch) -> Result<Permit, Withheld> {
        release(&self.ledger.facts(), asked, watch).map_err(|error| match error {
            ReleaseError::Withheld(why) => why,
            other => panic!("{other}"),
        })
    }

    fn try_now(&self, asked: &Envelope<GateRequest>) -> Result<Permit, Withheld> {
        self.try_at(asked, self.watch())
    }
}

#[test]
fn the_author_of_a_logged_and_allowed_request_is_served() -> Done {
    let scene = Scene::new(0)?;
    let asked = scene.asked(0, &scene.records[..2])?;
    let permit = scene.try_now(&asked)?;
    assert_eq!(permit.records(), &scene.records[..2]);
    assert_eq!(
        (permit.chain(), permit.asked(), permit.height()),
        (scene.world.chain(), asked.id(), scene.ledger.tip().height)
    );
    assert_eq!((permit.place().account, permit.place().committee), (scene.world.patients()[0].account, 1));
    let id = scene.world.institutions()[0].id();
    let member = scene.ledger.facts().member(&id)?.ok_or("no member")?;
    assert_eq!(permit.recipient(), member.credential().kem());
    Ok(())
}

#[test]
fn what_was_not_logged_or_not_for_these_records_is_withheld() -> Done {
    let scene = Scene::new(0)?;
    let height = scene.ledger.tip().height;
    let unknown = GateRequest { request: RequestId::new([9; 16]), ..scene.body(&scene.records[..1])? };
    let unknown = scene.envelope(unknown).sign(&scene.world.institutions()[0].key, Meaning::Authored)?;
    assert_eq!(scene.try_now(&unknown), Err(Withheld::NotLogged { height }));
    let beyond = scene.asked(0, &scene.records[2..])?;
    assert_eq!(scene.try_now(&beyond), Err(Withheld::NotAsked { position: 1 }));
    Ok(())
}

#[test]
fn strangers_and_forgers_hear_no_reason() -> Done {
    let scene = Scene::new(0)?;
    let body = scene.body(&scene.records[..1])?;
    let [asker, other] = [0, 1].map(|n| &scene.world.institutions()[n].key);
    let unknown = SecretKey::from_bytes(asker.public().suite(), [77; 32])?;
    let sign = |key: &SecretKey, meaning| scene.envelope(body.clone()).sign(key, meaning);
    let elsewhere = Envelope::new(ChainId::new(Digest::ZERO), Some(scene.world.patients()[0].account), body.clone());
    let nowhere = Envelope::new(scene.world.chain(), None, body.clone());
    let both = sign(asker, Meaning::Authored)?.sign(other, Meaning::Authored)?;
    let mut forged = codec::encode(&sign(asker, Meaning::Authored)?);
    if let Some(byte) = forged.last_mut() {
        *byte ^= 1;
    }
    let attempts = [
        sign(other, Meaning::Authored)?,
        sign(&unknown, Meaning::Authored)?,
        sign(asker, Meaning::Witnessed)?,
        scene.envelope(body.clone()),
        elsewhere.sign(asker, Meaning::Authored)?,
        nowhere.sign(asker, Meaning::Authored)?,
        both,
        codec::decode(&forged)?,
    ];
    for (i, attempt) in attempts.iter().enumerate() {
        assert_eq!(scene.try_now(attempt), Err(Withheld::Refused), "attempt {i}");
    }
    let foreign = Envelope::new(scene.world.chain(), Some(scene.world.patients()[1].account), body);
    let foreign = foreign.sign(asker, Meaning::Authored)?;
    assert!(matches!(scene.try_now(&foreign), Err(Withheld::NotLogged { .. })));
    Ok(())
}

#[test]
fn a_denied_request_opens_no_gate() -> Done {
    let mut scene = Scene::new(0)?;
    scene.request = scene.ask(0, Purpose::Research)?;
    let asked = scene.asked(0, &scene.records[..1])?;
    assert_eq!(scene.try_now(&asked), Err(Withheld::Denied { reason: Reason::WrongPurpose }));
    Ok(())
}

#[test]
fn a_revocation_closes_the_gate_at_its_own_height_whatever_was_logged_before() -> Done {
    let mut scene = Scene::new(0)?;
    let asked = scene.asked(0, &scene.records[..1])?;
    assert!(scene.try_now(&asked).is_ok());
    let revoke = scene.world.revoke(0, scene.grant)?;
    scene.world.advance(&mut scene.ledger, &[revoke])?;
    let height = scene.ledger.tip().height;
    assert_eq!(scene.try_now(&asked), Err(Withheld::Denied { reason: Reason::Revoked { height } }));
    Ok(())
}

#[test]
fn the_last_request_of_a_quota_is_still_served_and_the_one_after_is_not() -> Done {
    let mut scene = Scene::new(2)?;
    let first = scene.asked(0, &scene.records[..1])?;
    scene.request = scene.ask(0, Purpose::Treatment)?;
    let last = scene.asked(0, &scene.records[..1])?;
    scene.request = scene.ask(0, Purpose::Treatment)?;
    let beyond = scene.asked(0, &scene.records[..1])?;
    assert!(scene.try_now(&first).is_ok() && scene.try_now(&last).is_ok());
    assert_eq!(scene.try_now(&beyond), Err(Withheld::Denied { reason: Reason::QuotaExhausted { quota: 2 } }));
    Ok(())
}

#[test]
fn a_used_up_quota_does_not_hide_that_a_grant_has_ended() -> Done {
    let scene = Scene::new(1)?;
    let asked = scene.asked(0, &scene.records[..1])?;
    let late = scene.ledger.tip().time.plus(Duration::from_secs(100 * 86_400));
    let watch = Watch { at: Moment { time: late, ..scene.watch().at }, ..scene.watch() };
    assert!(matches!(scene.try_at(&asked, watch), Err(Withheld::Denied { reason: Reason::Expired { .. } })));
    Ok(())
}

/// A node that is cut off sees no new entry, and the old ones stop counting.
#[test]
fn an_entry_opens_the_gate_for_a_while_only() -> Done {
    let scene = Scene::new(0)?;
    let asked = scene.asked(0, &scene.records[..1])?;
    let logged = scene.ledger.tip().time;
    let after = |by: Duration| Watch { now: logged.plus(by), ..scene.watch() };
    assert!(scene.try_at(&asked, after(FRESH_FOR)).is_ok());
    let late = after(FRESH_FOR + Duration::from_millis(1));
    assert_eq!(scene.try_at(&asked, late), Err(Withheld::Outdated { at: logged }));
    assert_eq!(Withheld::Outdated { at: Timestamp::EPOCH }.to_string(), OUTDATED);
    Ok(())
}
const OUTDATED: &str = "the request was logged at 1970-01-01T00:00:00.000Z, too long ago";

#[test]
fn one_key_of_the_patient_deals_and_nobody_elses_does() -> Done {
    let scene = Scene::new(0)?;
    let patient = &scene.world.patients()[0];
    let task = GateTask::Keep(Bytes::new(vec![4; 9])?);
    let keep = Envelope::new(scene.world.chain(), Some(patient.account), GateOrder { epoch: 3, committee: 1, task });
    let height = Height::new(5);
    let dealt = keep.clone().sign(&patient.home, Meaning::Authored)?;
    let Ordered::Keep(place, letter) = ordered(&scene.ledger.facts(), &dealt, height)? else { panic!("destroyed") };
    assert_eq!((place.account, place.epoch, place.committee, letter), (patient.account, 3, 1, &[4; 9][..]));
    for key in [&patient.gateway, &scene.world.institutions()[0].key] {
        let foreign = keep.clone().sign(key, Meaning::Authored)?;
        let answer = ordered(&scene.ledger.facts(), &foreign, height);
        assert!(matches!(answer, Err(ReleaseError::Withheld(Withheld::Refused))));
    }
    Ok(())
}
