//! What waits and what became of it: bounded room, complete lists, nobody for ever.

use super::*;

#[test]
fn room_is_bounded_shared_and_cleared_of_what_has_lapsed() -> Done {
    let (mut world, mut ledger) = world()?;
    let mut names = Vec::new();
    let soon = Moment { height: Height::MAX, time: world.clock().plus(Duration::from_secs(60)) };
    for i in 0..3 {
        for _ in 0..MAX_PENDING_OF_ONE {
            let grant = world.grant_to(i, 0);
            let action = world.proposal_until(0, &granting(&grant), &world.institutions()[i].key, soon)?;
            names.push(World::proposal_of(&action));
            world.advance(&mut ledger, &[action])?;
        }
        let grant = world.grant_to(i, 0);
        let more = world.proposal_until(0, &granting(&grant), &world.institutions()[i].key, soon)?;
        assert_refused(&mut world, &ledger, &more, Refusal::TooManyProposals { max: MAX_PENDING });
    }
    let account = world.patients()[0].account;
    assert_eq!(ledger.facts().waiting(&account)?.all().len(), 3 * MAX_PENDING_OF_ONE);
    world.wait(Duration::from_secs(60));
    let grant = world.grant_to(0, 0);
    let action = world.proposal(0, &granting(&grant), &world.institutions()[0].key)?;
    world.advance(&mut ledger, &[action])?;
    assert_eq!(ledger.facts().waiting(&account)?.all().len(), 1);
    let now = Moment { height: ledger.tip().height, time: ledger.tip().time };
    for name in &names {
        assert_eq!(row(&ledger, *name)?.status_at(now), ProposalStatus::Lapsed);
        assert!(ledger.facts().proposed(name)?.is_none(), "what lapsed is cleared away");
    }
    Ok(())
}

#[test]
fn nobody_waits_for_ever() -> Done {
    let (mut world, ledger) = world()?;
    let grant = world.grant_to(0, 0);
    let until = |height, time| {
        world.proposal_until(0, &granting(&grant), &world.institutions()[0].key, Moment { height, time })
    };
    let latest = ledger.tip().time.plus(Duration::from_millis(1)).plus(LONGEST_WAIT);
    let long = until(Height::MAX, latest.plus(Duration::from_millis(1)))?;
    let over = until(Height::new(3), latest)?;
    assert_eq!(refusal(&ledger, &long), Some(Refusal::WaitsTooLong { latest }));
    assert_refused(&mut world, &ledger, &over, Refusal::ProposalLapsed);
    Ok(())
}

#[test]
fn the_list_of_what_waits_is_complete_says_who_lacks_and_cannot_be_doctored() -> Done {
    let (mut world, mut ledger) = world()?;
    let (first, grant) = waiting_grant(&mut world, &mut ledger)?;
    let revoke = Action::Revoke(Revoke { grant: GrantId::new([9; 16]) });
    let second = world.proposal(0, &revoke, &world.institutions()[1].key)?;
    world.advance(&mut ledger, std::slice::from_ref(&second))?;
    let (account, root) = (world.patients()[0].account, ledger.tip().state_root);
    let now = Moment { height: ledger.tip().height.next(), time: ledger.tip().time };
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let answer = query.pending(&account)?;
    let pending = answer.verify(&root, world.chain(), &account, now)?;
    assert_eq!(pending.iter().map(|one| one.proposal.id()).collect::<Vec<_>>(), [first, World::proposal_of(&second)]);
    let missing = Some(Missing::OfClass { class: KeyClass::Patient, have: 0, need: 1 });
    assert!(pending.iter().all(|one| one.missing == missing));
    assert_eq!(pending[0].action, granting(&grant));
    assert_eq!(pending[0].unsigned.iter().filter(|(class, _)| *class == KeyClass::Patient).count(), 2);
    assert_eq!(pending[0].unsigned.len(), 5, "all but the hospital");
    // Later it is the empty list, by the same proof.
    let later = Moment { time: now.time.plus(Duration::from_secs(3600)), ..now };
    assert!(answer.verify(&root, world.chain(), &account, later)?.is_empty());
    let other = world.patients()[1].account;
    assert!(answer.verify(&root, world.chain(), &other, now).is_err());
    assert!(query.pending(&other)?.verify(&root, world.chain(), &other, now)?.is_empty());
    let bytes = codec::encode(&answer);
    let step = bytes.len() / 97;
    for position in (0..bytes.len()).step_by(step.max(1)) {
        let mut bytes = bytes.clone();
        bytes[position] ^= 1;
        let doctored = codec::decode::<PendingProposals>(&bytes);
        let shows = doctored.is_ok_and(|one| one.verify(&root, world.chain(), &account, now).is_ok());
        assert!(!shows, "byte {position}");
    }
    Ok(())
}

#[test]
fn what_became_of_every_proposal_stays_in_order_and_provable() -> Done {
    let (mut world, mut ledger) = world()?;
    let (done, _) = waiting_grant(&mut world, &mut ledger)?;
    let action = world.endorse(0, done, &world.patients()[0].home)?;
    world.advance(&mut ledger, &[action])?;
    let (withdrawn, _) = waiting_grant(&mut world, &mut ledger)?;
    let action = world.withdraw(0, withdrawn, &world.institutions()[0].key)?;
    world.advance(&mut ledger, &[action])?;
    let (waiting, _) = waiting_grant(&mut world, &mut ledger)?;
    let (account, root) = (world.patients()[0].account, ledger.tip().state_root);
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let answer = query.proposals(&account)?;
    let all = answer.verify(&root, world.chain(), &account)?;
    assert_eq!(all.iter().map(|one| one.id()).collect::<Vec<_>>(), [done, withdrawn, waiting]);
    assert!(matches!(all[0].status(), ProposalStatus::Executed { .. }));
    assert!(matches!(all[1].status(), ProposalStatus::Withdrawn { .. }));
    assert_eq!((all[2].status(), all[2].number()), (ProposalStatus::Pending, 2));
    assert_eq!(all[0].signers().len(), 2);
    assert!(answer.verify(&root, world.chain(), &world.patients()[1].account).is_err());
    Ok(())
}
