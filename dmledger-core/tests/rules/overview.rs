//! "Who has access to what of mine", over several accounts, verified from bytes alone.

use super::{Done, world};
use core::time::Duration;
use dmledger_core::{
    action::{Action, Refer, Renounce},
    codec::{decode, encode},
    consent::{Audience, Effect, Grant, GrantId},
    decide::Reason,
    identity::Role,
    ledger::{Holding, Overview, Query, StateMachine},
    scope::Validity,
    time::{Moment, TimeRange, Timestamp},
};

#[test]
fn one_answer_lists_every_holder_of_every_account_and_nothing_can_be_left_out() -> Done {
    let (mut world, mut ledger) = world()?;
    let agreement = world.agreement(0, 0)?;
    let (plain, role, ended, expired, deny) =
        (world.grant_to(1, 0), world.grant_to(0, 0), world.grant_to(2, 0), world.grant_to(2, 0), world.grant_to(2, 0));
    let role = Grant { audience: Audience::Role(Role::Pharmacy), ..role };
    let end = world.clock().plus(Duration::from_secs(2));
    let expired = Grant { validity: Validity::during(TimeRange::new(Timestamp::EPOCH, end)?), ..expired };
    let deny = Grant { effect: Effect::Deny, audience: Audience::Consortium, ..deny };
    let referred = Grant { id: GrantId::new([7; 16]), audience: plain.audience, ..agreement.terms.clone() };
    let actions = [
        world.conclude(0, 0, agreement.clone())?,
        world.grant(0, plain)?,
        world.grant(1, role)?,
        world.grant(1, ended.clone())?,
        world.grant(1, expired)?,
        world.grant(1, deny)?,
    ];
    world.advance(&mut ledger, &actions)?;
    let refer = Action::Refer(Box::new(Refer { from: agreement.terms.id, grant: referred }));
    let actions = [
        world.by_institution(0, 0, refer)?,
        world.by_institution(2, 1, Action::Renounce(Renounce { grant: ended.id }))?,
    ];
    world.advance(&mut ledger, &actions)?;
    let (chain, tip) = (world.chain(), ledger.tip());
    let at = Moment { height: tip.height, time: tip.time };
    let accounts = [world.patients()[0].account, world.patients()[1].account];
    let query = Query::at(chain, tip.height, ledger.store().as_ref())?;
    let bytes = encode(&query.overview(&accounts)?);
    let overview: Overview = decode(&bytes)?;
    let holdings = overview.verify(&tip.state_root, chain, &accounts, at)?;
    let [hospital, pharmacy] = [0, 1].map(|i| world.institutions()[i].id());
    let seen: Vec<_> =
        holdings.iter().map(|one| (one.hindrance.map(|reason| reason.code()), one.holders.clone())).collect();
    let everybody = 3 + 2;
    assert_eq!(seen[..3], [(None, vec![hospital]), (None, vec![pharmacy]), (None, vec![pharmacy])]);
    assert_eq!(seen[3], (None, vec![pharmacy]), "role");
    assert_eq!(seen[4].0, Some(Reason::Renounced { height: tip.height }.code()));
    assert_eq!(seen[5].0, Some(Reason::Expired { at: end }.code()));
    assert_eq!((seen[6].0, seen[6].1.len()), (None, everybody));
    assert_eq!(Overview::who(&holdings).into_iter().collect::<Vec<_>>().len(), 2);
    assert!(holdings.iter().all(|one| one.is_in_force() == one.hindrance.is_none()));
    // Another account, another order, one account fewer: nothing is shown.
    let [first, second] = accounts;
    for wrong in [vec![second, first], vec![first], vec![first, first], vec![first, second, second]] {
        assert!(overview.verify(&tip.state_root, chain, &wrong, at).is_err());
    }
    for position in (1..bytes.len()).step_by(97) {
        let mut bytes = bytes.clone();
        bytes[position] ^= 1;
        let accepted =
            decode::<Overview>(&bytes).is_ok_and(|one| one.verify(&tip.state_root, chain, &accounts, at).is_ok());
        assert!(!accepted, "byte {position}");
    }
    Ok(())
}

#[test]
fn nobody_holds_anything_after_its_certificate_ran_out_or_its_referrer_fell() -> Done {
    let (mut world, mut ledger) = world()?;
    let agreement = world.agreement(0, 0)?;
    let referred = Grant {
        id: GrantId::new([7; 16]),
        audience: Audience::Member(world.institutions()[1].id()),
        ..agreement.terms.clone()
    };
    let action = world.conclude(0, 0, agreement.clone())?;
    world.advance(&mut ledger, &[action])?;
    let refer = Action::Refer(Box::new(Refer { from: agreement.terms.id, grant: referred }));
    let action = world.by_institution(0, 0, refer)?;
    world.advance(&mut ledger, &[action])?;
    let action = world.revoke(0, agreement.terms.id)?;
    world.advance(&mut ledger, &[action])?;
    let (chain, tip, account) = (world.chain(), ledger.tip(), world.patients()[0].account);
    let query = Query::at(chain, tip.height, ledger.store().as_ref())?;
    let overview = query.overview(&[account])?;
    let at = Moment { height: tip.height, time: tip.time };
    let holdings = overview.verify(&tip.state_root, chain, &[account], at)?;
    assert_eq!(holdings[0].hindrance, Some(Reason::Revoked { height: tip.height }));
    assert_eq!(holdings[1].hindrance, Some(Reason::ReferralEnded { grant: agreement.terms.id }));
    // One block earlier both served.
    let height = tip.height.previous().ok_or("genesis")?;
    let header = ledger.finalized(height)?.ok_or("no block")?.block().header().clone();
    let earlier = Query::at(chain, height, ledger.store().as_ref())?.overview(&[account])?;
    let at = Moment { height, time: header.time };
    assert!(earlier.verify(&header.state_root, chain, &[account], at)?.iter().all(Holding::is_in_force));
    // The same state judged at a later moment: standing follows the moment asked about.
    let years = Duration::from_secs(4 * 365 * 86_400);
    let later = Moment { height: tip.height, time: tip.time.plus(years) };
    assert!(overview.verify(&tip.state_root, chain, &[account], later)?.iter().all(|one| one.holders.is_empty()));
    Ok(())
}
