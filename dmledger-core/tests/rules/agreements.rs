//! Agreements: concluding, visiting, noting, referring, renewing, ending.

use super::{Done, anchored, ask_as, assert_refused, denied, signed, world};
use dmledger_core::{
    action::{Action, Conclude, Dismiss, Note, Refer, Refusal, Renounce, Replace, Succession, Terminate},
    codec::List,
    consent::{
        AccessRequest, Agreement, AgreementId, Audience, Effect, Grant, GrantId, SignedAgreement, Standing,
        agreement::{AgreementEvent, EndedBy, MAX_REFERRALS, NoteKind},
        grant::{Dimension, Origin},
    },
    decide::{AccessOutcome, Reason},
    envelope::{
        Envelope,
        Meaning::{Approved, Authored},
    },
    hash::Digest,
    ledger::{Ledger, Query, StateMachine},
    record::RecordId,
    scope::VerbSet,
    testing::World,
    time::{Moment, TimeRange},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Patient 0 with eight records and an agreement with the hospital.
fn agreed(
    change: impl Fn(Agreement, &[RecordId]) -> Agreement,
) -> Result<(World, Ledger, Vec<RecordId>, Agreement), Failed> {
    let (mut world, mut ledger) = world()?;
    let records = anchored(&mut world, &mut ledger, 0, 8)?;
    let agreement = change(world.agreement(0, 0)?, &records);
    let action = world.conclude(0, 0, agreement.clone())?;
    world.advance(&mut ledger, &[action])?;
    Ok((world, ledger, records, agreement))
}

fn events(world: &World, ledger: &Ledger, id: &AgreementId) -> Result<Vec<AgreementEvent>, Failed> {
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let log = query.agreement_log(id)?;
    let entries = log.verify(&ledger.tip().state_root, world.chain(), id)?;
    assert!(log.verify(&ledger.tip().state_root, world.chain(), &AgreementId::new([9; 16])).is_err());
    Ok(entries.iter().map(|entry| entry.event).collect())
}

#[test]
fn an_agreement_needs_the_institutions_signature_and_the_accounts_policy() -> Done {
    let (mut world, ledger) = world()?;
    let agreement = world.agreement(0, 0)?;
    let (account, neighbour) = (world.patients()[0].account, world.patients()[1].account);
    let conclude = |signed| Action::Conclude(Box::new(Conclude { signed }));
    let (hospital, pharmacy) = (&world.institutions()[0].key, &world.institutions()[1].key);
    let right = SignedAgreement::sign(agreement.clone(), hospital, &world.chain(), &account)?;
    let by_other = SignedAgreement::sign(agreement.clone(), pharmacy, &world.chain(), &account)?;
    let for_other = SignedAgreement::sign(agreement.clone(), hospital, &world.chain(), &neighbour)?;
    let alone = signed(&world, Some(account), conclude(right.clone()), &[(hospital, Authored), (pharmacy, Approved)]);
    let by_other = world.by_patient(0, conclude(by_other))?;
    let for_other = world.by_patient(0, conclude(for_other))?;
    let right = world.by_patient(0, conclude(right))?;
    assert!(matches!(super::refusal(&ledger, &alone), Some(Refusal::Policy { .. })));
    assert_refused(&mut world, &ledger, &by_other, Refusal::NotTheGrantee);
    assert_refused(&mut world, &ledger, &for_other, Refusal::BadSignature { count: 1 });
    let deny = Agreement { terms: Grant { effect: Effect::Deny, ..agreement.terms.clone() }, ..agreement.clone() };
    let all = Grant { audience: Audience::Consortium, ..agreement.terms.clone() };
    let all = Agreement { terms: all, ..agreement.clone() };
    let many = Agreement { referrals: MAX_REFERRALS + 1, ..agreement.clone() };
    let strange = Agreement { index: List::new(vec![RecordId::new([9; 32])])?, ..agreement };
    for (agreement, refusal) in [
        (deny, Refusal::NotAPermit),
        (all, Refusal::OtherAudience),
        (many, Refusal::TooManyReferrals { max: MAX_REFERRALS }),
        (strange, Refusal::UnknownRecord { position: 0 }),
    ] {
        let action = world.conclude(0, 0, agreement)?;
        assert_refused(&mut world, &ledger, &action, refusal);
    }
    assert!(super::is_taken(&mut world, &ledger, &right));
    Ok(())
}

#[test]
fn a_visit_resolves_the_agreement_to_records_and_stays_in_both_logs() -> Done {
    let (mut world, mut ledger, records, agreement) = agreed(|agreement, records| Agreement {
        index: List::new(records[2..4].to_vec()).unwrap_or_default(),
        ..agreement
    })?;
    let (chain, root) = (world.chain(), ledger.tip().state_root);
    let at = Moment { height: ledger.tip().height, time: ledger.tip().time };
    let query = Query::at(chain, ledger.tip().height, ledger.store().as_ref())?;
    let index = query.visit(&agreement.id)?.ok_or("no agreement")?;
    let visit = index.verify(&root, chain, &agreement.id, at)?;
    let found: Vec<_> = visit.records.iter().map(|one| one.entry.facts().record).collect();
    assert_eq!((found, visit.standing), (records[2..4].to_vec(), Standing::InForce));
    assert!(index.verify(&root, chain, &AgreementId::new([9; 16]), at).is_err());
    assert!(query.visit(&AgreementId::new([9; 16]))?.is_none());
    let request = AccessRequest { grant: Some(agreement.terms.id), ..world.request(records[2..4].to_vec())? };
    let visited = request.id;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: agreement.terms.id });
    let request = world.request(records[2..5].to_vec())?;
    let strayed = request.id;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, denied(Reason::NotIndexed { position: 2 }));
    let named = AccessRequest { grant: Some(agreement.terms.id), ..world.request(records[..1].to_vec())? };
    let refused = named.id;
    ask_as(0, &mut world, &mut ledger, named.clone())?;
    // Another member that names the grant writes into nobody's log.
    let intruder = AccessRequest { id: dmledger_core::consent::RequestId::new([7; 16]), ..named };
    assert_eq!(ask_as(1, &mut world, &mut ledger, intruder)?, denied(Reason::UnknownGrant));
    let expected = [
        AgreementEvent::Concluded,
        AgreementEvent::Visited { request: visited, allowed: true },
        AgreementEvent::Visited { request: refused, allowed: false },
    ];
    assert_eq!(events(&world, &ledger, &agreement.id)?, expected);
    assert_ne!(strayed, refused);
    let account = world.patients()[0].account;
    let query = Query::at(chain, ledger.tip().height, ledger.store().as_ref())?;
    assert_eq!(query.access_log(&account)?.entries().len(), 4);
    let agreements = query.agreements(&account)?;
    let all = agreements.verify(&ledger.tip().state_root, chain, &account)?;
    assert_eq!((all.len(), all[0].agreement()), (1, &agreement));
    assert!(agreements.verify(&ledger.tip().state_root, chain, &world.patients()[1].account).is_err());
    Ok(())
}

#[test]
fn the_institution_logs_its_treatment_and_nobody_else_does() -> Done {
    let (mut world, mut ledger, records, agreement) = agreed(|agreement, _| agreement)?;
    let request = world.request(records)?;
    let visit = request.id;
    ask_as(0, &mut world, &mut ledger, request)?;
    let note = |digest, request| {
        let (agreement, kind) = (agreement.id, NoteKind::Treatment);
        Action::Note(Note { agreement, kind, digest: Digest::new([digest; 32]), request })
    };
    let other = world.by_institution(1, 0, note(1, None))?;
    assert_refused(&mut world, &ledger, &other, Refusal::NotTheGrantee);
    let strange = world.by_institution(0, 0, note(1, Some(dmledger_core::consent::RequestId::new([9; 16]))))?;
    assert_refused(&mut world, &ledger, &strange, Refusal::UnknownRequest);
    let action = world.by_institution(0, 0, note(1, Some(visit)))?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    assert_refused(&mut world, &ledger, &action, Refusal::NoteExists);
    let noted = AgreementEvent::Noted { kind: NoteKind::Treatment, digest: Digest::new([1; 32]), request: Some(visit) };
    assert_eq!(events(&world, &ledger, &agreement.id)?.last(), Some(&noted));
    Ok(())
}

#[test]
fn either_party_ends_an_agreement_and_its_right_ends_with_it() -> Done {
    for by_institution in [true, false] {
        let (mut world, mut ledger, records, agreement) = agreed(|agreement, _| agreement)?;
        let body = || Action::Terminate(Terminate { agreement: agreement.id });
        let other = world.by_institution(1, 0, body())?;
        assert!(matches!(super::refusal(&ledger, &other), Some(Refusal::Policy { .. })));
        let (account, phone) = (Some(world.patients()[0].account), &world.patients()[0].phone);
        let (action, by) = if by_institution {
            (world.by_institution(0, 0, body())?, EndedBy::Institution)
        } else {
            (signed(&world, account, body(), &[(phone, Authored)]), EndedBy::Account)
        };
        world.advance(&mut ledger, std::slice::from_ref(&action))?;
        let height = ledger.tip().height;
        assert_refused(&mut world, &ledger, &action, Refusal::AgreementEnded { height });
        let record = ledger.facts().agreement(&agreement.id)?.ok_or("no agreement")?;
        assert_eq!(record.ended(), Some((height, by)));
        let request = world.request(records)?;
        assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, denied(Reason::Terminated { height }));
    }
    Ok(())
}

#[test]
fn a_renewal_takes_the_place_of_the_agreement_before_it() -> Done {
    let (mut world, mut ledger, records, old) = agreed(|agreement, _| agreement)?;
    let new = Agreement { supersedes: Some(old.id), ..world.agreement(0, 0)? };
    let foreign = Agreement { supersedes: Some(old.id), ..world.agreement(1, 0)? };
    let foreign = world.conclude(1, 0, foreign)?;
    assert_refused(&mut world, &ledger, &foreign, Refusal::OtherAudience);
    let elsewhere = world.conclude(0, 1, new.clone())?;
    assert_refused(&mut world, &ledger, &elsewhere, Refusal::UnknownAgreement);
    let action = world.conclude(0, 0, new.clone())?;
    world.advance(&mut ledger, std::slice::from_ref(&action))?;
    assert_refused(&mut world, &ledger, &action, Refusal::AgreementExists);
    let height = ledger.tip().height;
    let before = ledger.facts().agreement(&old.id)?.ok_or("no agreement")?;
    assert_eq!(before.ended(), Some((height, EndedBy::Renewal(new.id))));
    assert_eq!(events(&world, &ledger, &old.id)?.last(), Some(&AgreementEvent::Renewed { by: new.id }));
    let request = world.request(records)?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: new.terms.id });
    Ok(())
}

/// A grant for institution `to` on the hospital's terms.
fn referral(world: &World, agreement: &Agreement, to: usize, id: u8) -> Grant {
    let audience = Audience::Member(world.institutions()[to].id());
    Grant { id: GrantId::new([id; 16]), audience, verbs: VerbSet::QUERY, ..agreement.terms.clone() }
}

fn refer(agreement: &Agreement, grant: Grant) -> Action {
    Action::Refer(Box::new(Refer { from: agreement.terms.id, grant }))
}

#[test]
fn a_referral_stays_within_the_referrers_right_and_the_clause() -> Done {
    let (mut world, mut ledger, records, agreement) = agreed(|agreement, _| agreement)?;
    let grant = referral(&world, &agreement, 1, 7);
    let wider = Grant { data: TimeRange::ALWAYS, ..grant.clone() };
    let wider = world.by_institution(0, 0, refer(&agreement, wider))?;
    assert_refused(&mut world, &ledger, &wider, Refusal::BeyondScope { dimension: Dimension::Data });
    let by_other = world.by_institution(1, 0, refer(&agreement, grant.clone()))?;
    assert_refused(&mut world, &ledger, &by_other, Refusal::NotTheGrantee);
    let to_all = Grant { audience: Audience::Consortium, ..grant.clone() };
    let to_all = world.by_institution(0, 0, refer(&agreement, to_all))?;
    assert_refused(&mut world, &ledger, &to_all, Refusal::OtherAudience);
    let home = Audience::Member(world.residences()[0].id());
    let to_home = world.by_institution(0, 0, refer(&agreement, Grant { audience: home, ..grant.clone() }))?;
    assert_refused(&mut world, &ledger, &to_home, Refusal::PartyNotInstitution);
    let action = world.by_institution(0, 0, refer(&agreement, grant.clone()))?;
    world.advance(&mut ledger, &[action])?;
    let record = ledger.facts().grant(&grant.id)?.ok_or("no grant")?;
    let by = world.institutions()[0].id();
    assert_eq!(record.origin(), Origin::Referred { from: agreement.terms.id, by });
    let request = world.request(records.clone())?;
    assert_eq!(ask_as(1, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: grant.id });
    // The clause allowed one referral; and what was referred is not referred on.
    let second = world.by_institution(0, 0, refer(&agreement, referral(&world, &agreement, 2, 8)))?;
    assert_refused(&mut world, &ledger, &second, Refusal::NoReferral);
    let on =
        Grant { id: GrantId::new([9; 16]), audience: Audience::Member(world.institutions()[2].id()), ..grant.clone() };
    let on = world.by_institution(1, 0, Action::Refer(Box::new(Refer { from: grant.id, grant: on })))?;
    assert_refused(&mut world, &ledger, &on, Refusal::NoReferral);
    // Neither the right of an agreement nor a referral changes on its own.
    for id in [agreement.terms.id, grant.id] {
        let old = ledger.facts().grant(&id)?.ok_or("no grant")?.grant().clone();
        let next = Grant { id: GrantId::new([11; 16]), ..old };
        let body = Action::Replace(Box::new(Replace { from: id, how: Succession::Replace, grant: next }));
        let action = world.by_patient(0, body)?;
        assert_refused(&mut world, &ledger, &action, Refusal::BoundByAgreement);
    }
    let renounce = world.by_institution(0, 0, Action::Renounce(Renounce { grant: agreement.terms.id }))?;
    assert_refused(&mut world, &ledger, &renounce, Refusal::BoundByAgreement);
    Ok(())
}

#[test]
fn a_referral_falls_with_the_referrers_right_and_spends_its_quota() -> Done {
    let (mut world, mut ledger, records, agreement) = agreed(|agreement, _| {
        let terms = Grant { quota: Some(2), ..agreement.terms.clone() };
        Agreement { terms, ..agreement }
    })?;
    let grant = Grant { quota: Some(2), ..referral(&world, &agreement, 1, 7) };
    let action = world.by_institution(0, 0, refer(&agreement, grant.clone()))?;
    world.advance(&mut ledger, &[action])?;
    let request = world.request(records.clone())?;
    assert_eq!(ask_as(1, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: grant.id });
    assert_eq!(ledger.facts().grant(&agreement.terms.id)?.ok_or("no grant")?.used(), 1);
    let request = world.request(records.clone())?;
    assert_eq!(ask_as(0, &mut world, &mut ledger, request)?, AccessOutcome::Allowed { grant: agreement.terms.id });
    let ended = denied(Reason::ReferralEnded { grant: agreement.terms.id });
    let request = world.request(records)?;
    assert_eq!(ask_as(1, &mut world, &mut ledger, request)?, ended);
    Ok(())
}

#[test]
fn a_referral_falls_when_the_referrer_is_dismissed_or_the_agreement_ended() -> Done {
    for dismissed in [true, false] {
        let (mut world, mut ledger, records, agreement) = agreed(|agreement, _| agreement)?;
        let grant = referral(&world, &agreement, 1, 7);
        let action = world.by_institution(0, 0, refer(&agreement, grant))?;
        world.advance(&mut ledger, &[action])?;
        let action = if dismissed {
            let member = world.institutions()[0].id();
            let approvers = [&world.institutions()[1].key, &world.institutions()[2].key];
            approvers
                .into_iter()
                .try_fold(Envelope::new(world.chain(), None, Action::Dismiss(Dismiss { member })), |action, key| {
                    action.sign(key, Approved)
                })?
        } else {
            world.by_institution(0, 0, Action::Terminate(Terminate { agreement: agreement.id }))?
        };
        world.advance(&mut ledger, &[action])?;
        let request = world.request(records)?;
        let ended = denied(Reason::ReferralEnded { grant: agreement.terms.id });
        assert_eq!(ask_as(1, &mut world, &mut ledger, request)?, ended);
    }
    Ok(())
}
