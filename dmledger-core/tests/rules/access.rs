//! Asking for records: every answer with its reason, and every request in the log.

use super::{Done, anchored, ask_as, assert_refused, denied, last_answer, signed, world};
use core::time::Duration;
use dmledger_core::{
    account::Missing,
    action::{Action, Refusal, Revoke},
    consent::{AccessRequest, Audience, Effect, Grant, GrantId},
    decide::{AccessOutcome, Reason},
    envelope::Meaning::{Authored, CoSigned},
    identity::Role,
    ledger::{Ledger, Query, StateMachine},
    record::RecordId,
    scope::{Purpose, PurposeSet, Validity, Verb, VerbSet},
    testing::{World, world::WORLD_LASTS},
    time::{Height, TimeRange, Timestamp},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A world in which patient 0 has eight hourly records.
fn recorded() -> Result<(World, Ledger, Vec<RecordId>), Failed> {
    let (mut world, mut ledger) = world()?;
    let records = anchored(&mut world, &mut ledger, 0, 8)?;
    Ok((world, ledger, records))
}

/// Puts a grant of patient 0 on the ledger.
fn give(world: &mut World, ledger: &mut Ledger, grant: Grant) -> Result<GrantId, Failed> {
    let (id, action) = (grant.id, world.grant(0, grant)?);
    world.advance(ledger, &[action])?;
    Ok(id)
}

/// Institution 0 asks patient 0's account; what the ledger answers.
fn ask(world: &mut World, ledger: &mut Ledger, request: AccessRequest) -> Result<AccessOutcome, Failed> {
    ask_as(0, world, ledger, request)
}

#[test]
fn what_is_granted_is_allowed_and_everything_else_denied() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    let request = world.request(records.clone())?;
    assert_eq!(ask(&mut world, &mut ledger, request)?, denied(Reason::NoGrant));
    let grant = world.grant_to(0, 0);
    let grant = give(&mut world, &mut ledger, grant)?;
    let request = world.request(records.clone())?;
    assert_eq!(ask(&mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant });
    let request = world.request(records.clone())?;
    assert_eq!(ask_as(1, &mut world, &mut ledger, request)?, denied(Reason::NoGrant));
    let request = AccessRequest { verb: Verb::Update, ..world.request(records.clone())? };
    assert_eq!(ask(&mut world, &mut ledger, request)?, denied(Reason::WrongVerb));
    let request = AccessRequest { purpose: Purpose::Research, ..world.request(records)? };
    assert_eq!(ask(&mut world, &mut ledger, request)?, denied(Reason::WrongPurpose));
    let request = world.request(vec![RecordId::new([9; 32])])?;
    assert_eq!(ask(&mut world, &mut ledger, request)?, denied(Reason::UnknownRecord { position: 0 }));
    Ok(())
}

#[test]
fn a_record_outside_the_granted_hours_is_denied_to_the_hour() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    let (second, fifth) = (World::hour(2)?, World::hour(5)?);
    let grant = Grant { data: TimeRange::new(second.start(), fifth.end())?, ..world.grant_to(0, 0) };
    let grant = give(&mut world, &mut ledger, grant)?;
    let request = world.request(records[2..=5].to_vec())?;
    assert_eq!(ask(&mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant });
    let request = world.request(records[1..=5].to_vec())?;
    assert_eq!(ask(&mut world, &mut ledger, request)?, denied(Reason::OutsideDataRange { position: 0 }));
    let request = world.request(records[2..=6].to_vec())?;
    assert_eq!(ask(&mut world, &mut ledger, request)?, denied(Reason::OutsideDataRange { position: 4 }));
    Ok(())
}

#[test]
fn a_revocation_takes_effect_in_its_own_block_and_a_new_grant_after_it() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    let first = world.grant_to(0, 0);
    let first = give(&mut world, &mut ledger, first)?;
    let (request, later) = (world.request(records.clone())?, world.request(records.clone())?);
    let height = ledger.tip().height.next();
    // In one block: revoked, then asked.
    let actions = vec![world.revoke(0, first)?, world.access(0, 0, request)?];
    world.advance(&mut ledger, &actions)?;
    assert_eq!(last_answer(&world, &ledger, 0)?, denied(Reason::Revoked { height }));
    let named = AccessRequest { grant: Some(first), ..world.request(records)? };
    assert_eq!(ask(&mut world, &mut ledger, named.clone())?, denied(Reason::Revoked { height }));
    let second = world.grant_to(0, 0);
    let grant = give(&mut world, &mut ledger, second)?;
    assert_eq!(ask(&mut world, &mut ledger, later)?, AccessOutcome::Allowed { grant });
    // The old name stays void.
    let id = world.request(vec![named.records[0]])?.id;
    assert_eq!(ask(&mut world, &mut ledger, AccessRequest { id, ..named })?, denied(Reason::Revoked { height }));
    Ok(())
}

#[test]
fn a_grant_begins_and_ends_at_the_exact_millisecond() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    // Every block is one second after the one before: the grant itself, then four questions.
    let second = |n: u64| world.clock().plus(Duration::from_secs(n));
    let (from, until) = (second(3), second(4));
    let time = TimeRange::new(from, until)?;
    let grant = Grant { validity: Validity::during(time), ..world.grant_to(0, 0) };
    let grant = give(&mut world, &mut ledger, grant)?;
    for expected in
        [denied(Reason::NotYetValid { from }), AccessOutcome::Allowed { grant }, denied(Reason::Expired { at: until })]
    {
        let request = world.request(records.clone())?;
        assert_eq!(ask(&mut world, &mut ledger, request)?, expected);
    }
    Ok(())
}

#[test]
fn a_grant_begins_and_ends_at_the_exact_height() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    let next = ledger.tip().height.next().value();
    let (from, until) = (Height::new(next + 2), Height::new(next + 3));
    let validity = Validity::new(TimeRange::new(Timestamp::EPOCH, Timestamp::MAX)?, from, until)?;
    let grant = Grant { validity, ..world.grant_to(0, 0) };
    let grant = give(&mut world, &mut ledger, grant)?;
    let expected = [
        denied(Reason::HeightNotReached { from }),
        AccessOutcome::Allowed { grant },
        denied(Reason::HeightExpired { until }),
    ];
    for expected in expected {
        let request = world.request(records.clone())?;
        assert_eq!(ask(&mut world, &mut ledger, request)?, expected);
    }
    Ok(())
}

#[test]
fn a_quota_serves_so_many_requests_and_denials_cost_nothing() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    let grant = world.grant_to(0, 2);
    let grant = give(&mut world, &mut ledger, grant)?;
    let allowed = AccessOutcome::Allowed { grant };
    let wrong = |world: &mut World| -> Result<_, Failed> {
        Ok(AccessRequest { verb: Verb::Update, ..world.request(records.clone())? })
    };
    let request = wrong(&mut world)?;
    assert_eq!(ask(&mut world, &mut ledger, request)?, denied(Reason::WrongVerb));
    for expected in [allowed, allowed, denied(Reason::QuotaExhausted { quota: 2 })] {
        let request = world.request(records.clone())?;
        assert_eq!(ask(&mut world, &mut ledger, request)?, expected);
    }
    Ok(())
}

#[test]
fn the_quota_holds_within_one_block_too() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    let grant = world.grant_to(0, 1);
    let grant = give(&mut world, &mut ledger, grant)?;
    let (one, two) = (world.request(records.clone())?, world.request(records)?);
    let actions = vec![world.access(0, 0, one)?, world.access(0, 0, two)?];
    world.advance(&mut ledger, &actions)?;
    let record = ledger.facts().grant(&grant)?.ok_or("no grant")?;
    assert_eq!((record.used(), record.left()), (1, Some(0)));
    assert_eq!(last_answer(&world, &ledger, 0)?, denied(Reason::QuotaExhausted { quota: 1 }));
    Ok(())
}

#[test]
fn roles_and_the_consortium_can_be_granted_to_and_a_denial_overrides() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    let role = Grant { audience: Audience::Role(Role::Pharmacy), ..world.grant_to(0, 0) };
    let role = give(&mut world, &mut ledger, role)?;
    let request = world.request(records.clone())?;
    assert_eq!(ask_as(1, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: role });
    let request = world.request(records.clone())?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, denied(Reason::NoGrant));
    let everybody = Grant { audience: Audience::Consortium, ..world.grant_to(0, 0) };
    let everybody = give(&mut world, &mut ledger, everybody)?;
    let request = world.request(records.clone())?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: everybody });
    // "Everybody but the hospital, for the first two hours".
    let data = TimeRange::new(World::hour(0)?.start(), World::hour(1)?.end())?;
    let but = Grant { effect: Effect::Deny, data, ..world.grant_to(0, 0) };
    let but = give(&mut world, &mut ledger, but)?;
    let request = world.request(records.clone())?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, denied(Reason::Prohibited { grant: but }));
    let request = AccessRequest { grant: Some(everybody), ..world.request(records.clone())? };
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, denied(Reason::Prohibited { grant: but }));
    let request = world.request(records[2..].to_vec())?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: everybody });
    let request = world.request(records.clone())?;
    assert_eq!(ask_as(1, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: everybody });
    // Lifted, the denial no longer counts.
    let alone = world.revoke(0, but)?;
    let missing = Missing::Signatures { have: 1, need: 2 };
    assert_refused(&mut world, &ledger, &alone, Refusal::Policy { missing });
    let lift = world.by_patient(0, Action::Revoke(Revoke { grant: but }))?;
    world.advance(&mut ledger, &[lift])?;
    let request = world.request(records)?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: everybody });
    Ok(())
}

#[test]
fn of_several_grants_the_latest_that_allows_is_used_and_the_nearest_miss_gives_the_reason() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    let research = Grant { purposes: PurposeSet::only(Purpose::Research), ..world.grant_to(0, 0) };
    let far = Grant { verbs: VerbSet::UPDATE, ..research.clone() };
    let far = Grant { id: GrantId::new([1; 16]), ..far };
    give(&mut world, &mut ledger, far)?;
    let request = world.request(records.clone())?;
    assert_eq!(ask(&mut world, &mut ledger, request)?, denied(Reason::WrongVerb));
    give(&mut world, &mut ledger, research)?;
    let request = world.request(records.clone())?;
    assert_eq!(ask(&mut world, &mut ledger, request)?, denied(Reason::WrongPurpose));
    let (old, new) = (world.grant_to(0, 0), world.grant_to(0, 0));
    let old = give(&mut world, &mut ledger, old)?;
    let new = give(&mut world, &mut ledger, new)?;
    let request = world.request(records.clone())?;
    assert_eq!(ask(&mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: new });
    let request = AccessRequest { grant: Some(old), ..world.request(records)? };
    assert_eq!(ask(&mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: old });
    Ok(())
}

#[test]
fn a_named_grant_of_somebody_else_is_as_good_as_none() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    let theirs = world.grant_to(1, 0);
    let theirs = give(&mut world, &mut ledger, theirs)?;
    let request = AccessRequest { grant: Some(theirs), ..world.request(records)? };
    assert_eq!(ask(&mut world, &mut ledger, request)?, denied(Reason::UnknownGrant));
    Ok(())
}

#[test]
fn strangers_repetitions_and_shared_authorship_are_refused() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    let (request, stranger) = (world.request(records.clone())?, world.key());
    let account = Some(world.patients()[0].account);
    let body = || Action::Access(request.clone());
    let strange = signed(&world, account, body(), &[(&stranger, Authored)]);
    let (hospital, pharmacy) = (&world.institutions()[0].key, &world.institutions()[1].key);
    let nobody = signed(&world, account, body(), &[(hospital, CoSigned)]);
    let two = signed(&world, account, body(), &[(hospital, Authored), (pharmacy, Authored)]);
    let right = signed(&world, account, body(), &[(hospital, Authored)]);
    assert_refused(&mut world, &ledger, &strange, Refusal::NotAMember);
    assert_refused(&mut world, &ledger, &nobody, Refusal::NoAuthor);
    assert_refused(&mut world, &ledger, &two, Refusal::SeveralAuthors);
    world.advance(&mut ledger, std::slice::from_ref(&right))?;
    assert_refused(&mut world, &ledger, &right, Refusal::RequestExists);
    let empty = world.request(vec![])?;
    let empty = world.access(0, 0, empty)?;
    assert_refused(&mut world, &ledger, &empty, Refusal::Empty);
    Ok(())
}

#[test]
fn a_member_whose_certificate_ran_out_is_denied_and_logged() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    let mut grant = world.grant_to(0, 0);
    grant.validity = Validity::during(TimeRange::ALWAYS);
    give(&mut world, &mut ledger, grant)?;
    let at = dmledger_core::testing::world::WORLD_BEGINS.plus(WORLD_LASTS);
    world.wait(at.since(world.clock()));
    let request = world.request(records)?;
    assert_eq!(ask(&mut world, &mut ledger, request)?, denied(Reason::CertificateExpired { at }));
    Ok(())
}

#[test]
fn the_log_is_complete_in_order_and_cannot_be_shortened() -> Done {
    let (mut world, mut ledger, records) = recorded()?;
    let grant = world.grant_to(0, 1);
    let grant = give(&mut world, &mut ledger, grant)?;
    let mut names = Vec::new();
    for _ in 0..3 {
        let request = world.request(records.clone())?;
        names.push(request.id);
        ask(&mut world, &mut ledger, request)?;
    }
    let (chain, root, account) = (world.chain(), ledger.tip().state_root, world.patients()[0].account);
    let query = Query::at(chain, ledger.tip().height, ledger.store().as_ref())?;
    let log = query.access_log(&account)?;
    let entries = log.verify(&root, chain, &account)?;
    assert_eq!(entries.iter().map(|entry| entry.request).collect::<Vec<_>>(), names);
    assert_eq!(entries[0].outcome, AccessOutcome::Allowed { grant });
    assert_eq!(entries[2].outcome, denied(Reason::QuotaExhausted { quota: 1 }));
    assert!(entries.iter().all(|entry| entry.member == world.institutions()[0].id()));
    // An empty log is proved as well, and one account's proof is worth nothing for another.
    let other = world.patients()[1].account;
    assert_eq!(query.access_log(&other)?.verify(&root, chain, &other)?.len(), 0);
    assert!(query.access_log(&other)?.verify(&root, chain, &account).is_err());
    let mut bytes = dmledger_core::codec::encode(&log);
    let denied_at = bytes.len() - 40;
    bytes[denied_at] ^= 1;
    let altered = dmledger_core::codec::decode::<dmledger_core::ledger::AccessLog>(&bytes);
    assert!(altered.is_err() || altered.is_ok_and(|log| log.verify(&root, chain, &account).is_err()));
    Ok(())
}
