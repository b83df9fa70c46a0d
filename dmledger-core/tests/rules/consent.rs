//! Renewing, narrowing, replacing, handing over and giving up grants; what the public gets; conditions of use.

use super::{Done, anchored, ask_as, assert_refused, denied, signed, world};
use core::time::Duration;
use dmledger_core::{
    account::Missing,
    action::{Action, Deidentify, HandOver, Refusal, Renounce, Replace, Succession},
    consent::{
        AccessRequest, Audience, Effect, Grant, GrantId, GrantStatus,
        grant::{Dimension, Origin},
    },
    decide::{AccessOutcome, Question, Reason, decide},
    envelope::{
        ChainId,
        Meaning::{Authored, CoSigned},
    },
    hash::Digest,
    identity::Role,
    ledger::{Ledger, Query, StateMachine},
    record::{IndexEntry, RecordId},
    scope::{Condition, Conditions, Purpose, PurposeSet, Validity, VerbSet},
    testing::World,
    time::{Height, Moment, TimeRange, Timestamp},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Two patients; patient 0 has eight hourly records and this grant.
fn granted(change: impl Fn(Grant) -> Grant) -> Result<(World, Ledger, Vec<RecordId>, Grant), Failed> {
    let (mut world, mut ledger) = world()?;
    let records = anchored(&mut world, &mut ledger, 0, 8)?;
    let grant = change(world.grant_to(0, 0));
    let action = world.grant(0, grant.clone())?;
    world.advance(&mut ledger, &[action])?;
    Ok((world, ledger, records, grant))
}

fn replace(from: GrantId, how: Succession, grant: Grant) -> Action {
    Action::Replace(Box::new(Replace { from, how, grant }))
}

fn later(grant: &Grant, id: u8, days: u64) -> Result<Grant, Failed> {
    let time = grant.validity.time();
    let longer = TimeRange::new(time.start(), time.end().plus(Duration::from_secs(86_400 * days)))?;
    Ok(Grant { id: GrantId::new([id; 16]), validity: Validity::during(longer), ..grant.clone() })
}

#[test]
fn a_renewed_grant_lasts_longer_and_both_stay_in_the_history() -> Done {
    let (mut world, mut ledger, records, old) = granted(|grant| grant)?;
    let new = later(&old, 7, 30)?;
    let shorter = later(&old, 8, 0)?;
    let wider = Grant { verbs: VerbSet::QUERY_AND_UPDATE, ..later(&old, 8, 1)? };
    let action = world.by_patient(0, replace(old.id, Succession::Renew, shorter))?;
    assert_refused(&mut world, &ledger, &action, Refusal::NotLonger);
    let action = world.by_patient(0, replace(old.id, Succession::Renew, wider))?;
    assert_refused(&mut world, &ledger, &action, Refusal::BeyondScope { dimension: Dimension::Verbs });
    let action = world.by_patient(0, replace(old.id, Succession::Renew, new.clone()))?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    let height = ledger.tip().height;
    assert_refused(&mut world, &ledger, &action, Refusal::GrantEnded);
    let request = world.request(records.clone())?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: new.id });
    let request = AccessRequest { grant: Some(old.id), ..world.request(records)? };
    let replaced = Reason::Superseded { height, by: new.id };
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, denied(replaced));
    let account = world.patients()[0].account;
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let answer = query.grants(&account)?;
    let grants = answer.verify(&ledger.tip().state_root, world.chain(), &account)?;
    assert_eq!(grants.len(), 2);
    assert_eq!(grants[0].status(), GrantStatus::Superseded { height, by: new.id });
    assert_eq!(grants[1].origin(), Origin::Renewed { from: old.id });
    assert_eq!(answer.lineage(&new.id).iter().map(|one| one.grant().id).collect::<Vec<_>>(), [new.id, old.id]);
    Ok(())
}

#[test]
fn one_patient_key_narrows_and_narrows_only() -> Done {
    let (mut world, mut ledger, records, old) = granted(|grant| Grant { quota: Some(5), ..grant })?;
    let account = Some(world.patients()[0].account);
    let day = TimeRange::new(old.data.start(), old.data.start().plus(Duration::from_secs(3 * 3600)))?;
    let narrow = Grant { id: GrantId::new([7; 16]), data: day, quota: Some(4), ..old.clone() };
    let research = PurposeSet::new(&[Purpose::Treatment, Purpose::Research])?;
    for (dimension, grant) in [
        (Dimension::Data, Grant { data: TimeRange::ALWAYS, ..narrow.clone() }),
        (Dimension::Validity, Grant { validity: Validity::during(TimeRange::ALWAYS), ..narrow.clone() }),
        (Dimension::Verbs, Grant { verbs: VerbSet::UPDATE, ..narrow.clone() }),
        (Dimension::Purposes, Grant { purposes: research, ..narrow.clone() }),
        (Dimension::Quota, Grant { quota: Some(6), ..narrow.clone() }),
        (Dimension::Quota, Grant { quota: None, ..narrow.clone() }),
    ] {
        let body = replace(old.id, Succession::Narrow, grant);
        let action = signed(&world, account, body, &[(&world.patients()[0].phone, Authored)]);
        assert_refused(&mut world, &ledger, &action, Refusal::BeyondScope { dimension });
    }
    let elsewhere = Grant { audience: Audience::Consortium, ..narrow.clone() };
    let action = world.by_patient(0, replace(old.id, Succession::Narrow, elsewhere))?;
    assert_refused(&mut world, &ledger, &action, Refusal::OtherAudience);
    // Anything else than narrowing takes both signatures.
    let one = Refusal::Policy { missing: Missing::Signatures { have: 1, need: 2 } };
    for how in [Succession::Renew, Succession::Replace] {
        let body = replace(old.id, how, later(&old, 9, 1)?);
        let action = signed(&world, account, body, &[(&world.patients()[0].phone, Authored)]);
        assert_refused(&mut world, &ledger, &action, one);
    }
    let body = replace(old.id, Succession::Narrow, narrow.clone());
    let action = signed(&world, account, body, &[(&world.patients()[0].home, Authored)]);
    world.advance(&mut ledger, &[action])?;
    let request = world.request(records[..3].to_vec())?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: narrow.id });
    let request = world.request(records)?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, denied(Reason::OutsideDataRange { position: 3 }));
    Ok(())
}

#[test]
fn narrowing_counts_what_the_quota_has_left() -> Done {
    let (mut world, mut ledger, records, old) = granted(|grant| Grant { quota: Some(2), ..grant })?;
    let request = world.request(records)?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: old.id });
    let same = Grant { id: GrantId::new([7; 16]), ..old.clone() };
    let action = world.by_patient(0, replace(old.id, Succession::Narrow, same.clone()))?;
    assert_refused(&mut world, &ledger, &action, Refusal::BeyondScope { dimension: Dimension::Quota });
    let left = Grant { quota: Some(1), ..same };
    let action = world.by_patient(0, replace(old.id, Succession::Narrow, left))?;
    assert!(super::is_taken(&mut world, &ledger, &action));
    Ok(())
}

#[test]
fn an_expired_grant_can_be_renewed_and_a_revoked_one_cannot() -> Done {
    let (mut world, mut ledger, records, old) = granted(|grant| grant)?;
    let action = world.revoke(0, old.id)?;
    world.advance(&mut ledger, &[action])?;
    let action = world.by_patient(0, replace(old.id, Succession::Renew, later(&old, 7, 30)?))?;
    assert_refused(&mut world, &ledger, &action, Refusal::GrantEnded);
    let short = world.grant_to(0, 0);
    let end = world.clock().plus(Duration::from_secs(3));
    let short = Grant { validity: Validity::during(TimeRange::new(Timestamp::EPOCH, end)?), ..short };
    let action = world.grant(0, short.clone())?;
    world.advance(&mut ledger, &[action])?;
    world.wait(Duration::from_secs(5));
    let request = world.request(records.clone())?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, denied(Reason::Expired { at: end }));
    let renewed = later(&short, 8, 1)?;
    let action = world.by_patient(0, replace(short.id, Succession::Renew, renewed.clone()))?;
    world.advance(&mut ledger, &[action])?;
    let request = world.request(records)?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: renewed.id });
    Ok(())
}

#[test]
fn a_grant_is_handed_over_by_its_grantee_and_the_patient_within_its_scope() -> Done {
    let (mut world, mut ledger, records, old) = granted(|grant| grant)?;
    let (account, pharmacy) = (Some(world.patients()[0].account), world.institutions()[1].id());
    let to_pharmacy = Grant { id: GrantId::new([7; 16]), audience: Audience::Member(pharmacy), ..old.clone() };
    let body = |grant: &Grant| Action::HandOver(Box::new(HandOver { from: old.id, grant: grant.clone() }));
    let patient = |world: &World, grant: &Grant| {
        let (hospital, patient) = (&world.institutions()[0].key, &world.patients()[0]);
        signed(world, account, body(grant), &[(hospital, Authored), (&patient.phone, CoSigned)])
    };
    let alone = world.by_institution(0, 0, body(&to_pharmacy))?;
    assert!(matches!(super::refusal(&ledger, &alone), Some(Refusal::Policy { .. })));
    let without_grantee = world.by_patient(0, body(&to_pharmacy))?;
    assert_refused(&mut world, &ledger, &without_grantee, Refusal::NotTheGrantee);
    let wider = Grant { data: TimeRange::ALWAYS, ..to_pharmacy.clone() };
    let wider = patient(&world, &wider);
    assert_refused(&mut world, &ledger, &wider, Refusal::BeyondScope { dimension: Dimension::Data });
    let to_all = patient(&world, &Grant { audience: Audience::Consortium, ..to_pharmacy.clone() });
    assert_refused(&mut world, &ledger, &to_all, Refusal::OtherAudience);
    let to_itself = patient(&world, &Grant { audience: old.audience, ..to_pharmacy.clone() });
    assert_refused(&mut world, &ledger, &to_itself, Refusal::OtherAudience);
    let action = patient(&world, &to_pharmacy);
    world.advance(&mut ledger, &[action])?;
    let height = ledger.tip().height;
    let record = ledger.facts().grant(&to_pharmacy.id)?.ok_or("no grant")?;
    let by = world.institutions()[0].id();
    assert_eq!((record.origin(), record.granted()), (Origin::HandedOver { from: old.id, by }, height));
    let request = world.request(records.clone())?;
    assert_eq!(ask_as(1, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: to_pharmacy.id });
    let request = world.request(records)?;
    let gone = Reason::Superseded { height, by: to_pharmacy.id };
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, denied(gone));
    Ok(())
}

#[test]
fn a_grantee_gives_its_grant_up_and_nobody_elses() -> Done {
    let (mut world, mut ledger, records, grant) = granted(|grant| grant)?;
    let body = || Action::Renounce(Renounce { grant: grant.id });
    let other = world.by_institution(1, 0, body())?;
    assert_refused(&mut world, &ledger, &other, Refusal::NotTheGrantee);
    let elsewhere = world.by_institution(0, 1, body())?;
    assert_refused(&mut world, &ledger, &elsewhere, Refusal::UnknownGrant);
    let action = world.by_institution(0, 0, body())?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    let height = ledger.tip().height;
    assert_refused(&mut world, &ledger, &action, Refusal::GrantEnded);
    let revoke = world.revoke(0, grant.id)?;
    assert_refused(&mut world, &ledger, &revoke, Refusal::GrantEnded);
    let request = world.request(records)?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, denied(Reason::Renounced { height }));
    // What is for many, or shuts out, cannot be given up by one.
    let (role, deny) = (world.grant_to(0, 0), world.grant_to(0, 0));
    let role = Grant { audience: Audience::Role(Role::Hospital), ..role };
    let deny = Grant { effect: Effect::Deny, ..deny };
    let actions = [world.grant(0, role.clone())?, world.grant(0, deny.clone())?];
    world.advance(&mut ledger, &actions)?;
    let action = world.by_institution(0, 0, Action::Renounce(Renounce { grant: role.id }))?;
    assert_refused(&mut world, &ledger, &action, Refusal::NotTheGrantee);
    let action = world.by_institution(0, 0, Action::Renounce(Renounce { grant: deny.id }))?;
    assert_refused(&mut world, &ledger, &action, Refusal::NotAPermit);
    Ok(())
}

/// A record of patient 0 about the whole year 2025, and one about an hour.
fn yearly(world: &mut World, ledger: &mut Ledger) -> Result<[RecordId; 2], Failed> {
    let mut entries = world.entries(0, 2)?;
    let (chain, patient) = (world.chain(), &world.patients()[0]);
    let year = |y| Timestamp::from_civil((y, 1, 1), (0, 0, 0));
    let mut facts = entries[0].facts().clone();
    facts.span = TimeRange::new(year(2025)?, year(2026)?)?;
    entries[0] = IndexEntry::sign(facts, &patient.gateway, &chain, &patient.account)?;
    let names = [entries[0].facts().record, entries[1].facts().record];
    let action = world.anchor(0, entries)?;
    world.advance(ledger, &[action])?;
    Ok(names)
}

#[test]
fn the_public_reads_what_is_declared_deidentified_and_nothing_else() -> Done {
    let (mut world, mut ledger) = world()?;
    let [year, hour] = yearly(&mut world, &mut ledger)?;
    let open = Grant {
        audience: Audience::Public,
        data: TimeRange::ALWAYS,
        purposes: PurposeSet::only(Purpose::PublicHealth),
        ..world.grant_to(0, 0)
    };
    for closed in [
        Grant { verbs: VerbSet::QUERY_AND_UPDATE, ..open.clone() },
        Grant { purposes: PurposeSet::new(&[Purpose::PublicHealth, Purpose::Treatment])?, ..open.clone() },
        Grant { effect: Effect::Deny, ..open.clone() },
    ] {
        let action = world.grant(0, closed)?;
        assert_refused(&mut world, &ledger, &action, Refusal::NotForThePublic);
    }
    let action = world.grant(0, open.clone())?;
    world.advance(&mut ledger, &[action])?;
    let request = |world: &mut World, records: &[RecordId]| -> Result<AccessRequest, Failed> {
        Ok(AccessRequest { purpose: Purpose::PublicHealth, ..world.request(records.to_vec())? })
    };
    let asked = request(&mut world, &[year])?;
    assert_eq!(ask_as(2, &mut world, &mut ledger, asked)?, denied(Reason::Identified { position: 0 }));
    let declare = |record| Action::Deidentify(Deidentify { record, statement: Digest::new([1; 32]) });
    let action = world.by_patient(0, declare(hour))?;
    assert_refused(&mut world, &ledger, &action, Refusal::NotWholeYears);
    let action = world.by_patient(1, declare(year))?;
    assert_refused(&mut world, &ledger, &action, Refusal::UnknownRecord { position: 0 });
    let alone = world.patients()[0].account;
    let alone = signed(&world, Some(alone), declare(year), &[(&world.patients()[0].phone, Authored)]);
    assert!(matches!(super::refusal(&ledger, &alone), Some(Refusal::Policy { .. })));
    let action = world.by_patient(0, declare(year))?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    assert_refused(&mut world, &ledger, &action, Refusal::AlreadyDeidentified);
    let asked = request(&mut world, &[year])?;
    assert_eq!(ask_as(2, &mut world, &mut ledger, asked)?, AccessOutcome::Allowed { grant: open.id });
    let asked = request(&mut world, &[year, hour])?;
    assert_eq!(ask_as(2, &mut world, &mut ledger, asked)?, denied(Reason::Identified { position: 1 }));
    // The public scope serves its own purposes only.
    let asked = world.request(vec![year])?;
    assert_eq!(ask_as(2, &mut world, &mut ledger, asked)?, denied(Reason::WrongPurpose));
    Ok(())
}

#[test]
fn what_the_grant_asks_for_has_to_be_undertaken_and_is_kept_in_the_log() -> Done {
    let conditions = Conditions::new(&[Condition::NonCommercial]).about("MONDO:0005148")?;
    let (mut world, mut ledger, records, grant) = granted(|grant| Grant {
        purposes: PurposeSet::only(Purpose::DiseaseResearch),
        conditions: conditions.clone(),
        ..grant
    })?;
    let mut request = |undertaking: &Conditions| -> Result<AccessOutcome, Failed> {
        let asked = world.request(records.clone())?;
        let asked = AccessRequest { purpose: Purpose::DiseaseResearch, undertaking: undertaking.clone(), ..asked };
        ask_as(0, &mut world, &mut ledger, asked)
    };
    let none = Conditions::NONE.about("MONDO:0005148")?;
    let other = Conditions::new(&[Condition::NonCommercial]).about("MONDO:0004992")?;
    assert_eq!(request(&none)?, denied(Reason::ConditionsNotAccepted));
    assert_eq!(request(&other)?, denied(Reason::WrongDisease));
    let more = Conditions::new(&[Condition::NonCommercial, Condition::EthicsApproval]).about("MONDO:0005148")?;
    assert_eq!(request(&more)?, AccessOutcome::Allowed { grant: grant.id });
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let log = query.access_log(&world.patients()[0].account)?;
    assert_eq!(log.entries().last().map(|entry| &entry.undertaking), Some(&more));
    // Disease-specific research without a disease is no grant.
    let vague = Grant { id: GrantId::new([9; 16]), conditions: Conditions::NONE, ..grant };
    let action = world.grant(0, vague)?;
    assert_refused(&mut world, &ledger, &action, Refusal::NoDisease);
    Ok(())
}

#[test]
fn a_decision_explains_itself_to_people_and_machines() -> Done {
    let (mut world, mut ledger, records, grant) = granted(|grant| grant)?;
    let action = world.revoke(0, grant.id)?;
    world.advance(&mut ledger, &[action])?;
    let request = AccessRequest { purpose: Purpose::Research, ..world.request(records)? };
    let (member, account) = (world.institutions()[0].id(), world.patients()[0].account);
    let question = Question { chain: world.chain(), member, account, request: &request };
    let at = Moment { height: Height::new(9), time: world.clock() };
    let decision = decide(&ledger.facts(), &question, at)?;
    let id = grant.id;
    let expected = format!(
        r#"{{"allowed":false,"code":22,"reason":"revoked at height 5","trace":[{{"grant":"{id}","codes":[22,28],"reasons":["revoked at height 5","granted for another purpose than this"]}}]}}"#
    );
    assert_eq!(decision.to_json(), expected);
    assert!(serde_json::from_str::<serde_json::Value>(&decision.to_json()).is_ok());
    assert!(decision.to_string().starts_with("denied (22): revoked at height 5\n  grant "));
    assert_eq!(dmledger_core::codec::decode(&dmledger_core::codec::encode(&decision)), Ok(decision));
    // Asked for another network, nothing is looked at.
    let chain = ChainId::new(Digest::new([1; 32]));
    let elsewhere = decide(&ledger.facts(), &Question { chain, ..question }, at)?;
    assert_eq!((elsewhere.outcome(), elsewhere.trace().len()), (denied(Reason::WrongChain), 0));
    Ok(())
}
