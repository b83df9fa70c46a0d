//! Each way a publication ends without being released.

use super::*;
use dmledger_core::consent::erasure::{Custodian, Custody, Erased, ErasureId, ErasureOrder};

#[test]
fn rejecting_withdrawing_and_running_out_leave_a_line_and_no_record() -> Done {
    for (ending, expected) in [
        (Ending::Reject(Objection::NotMine), EscrowStatus::Rejected(Objection::NotMine)),
        (Ending::Withdraw, EscrowStatus::Withdrawn),
        (Ending::Expire, EscrowStatus::Expired),
    ] {
        let (mut world, mut ledger, one) = submitted()?;
        let action = match ending {
            Ending::Withdraw => close(&world, &world.institutions()[0].key, one.address, ending),
            Ending::Expire => {
                world.wait(Duration::from_secs(3600));
                signed(
                    &world,
                    Some(world.patients()[0].account),
                    Action::Close(Close { address: one.address, ending }),
                    &[],
                )
            }
            _ => close(&world, &world.patients()[0].home, one.address, ending),
        };
        world.advance(&mut ledger, std::slice::from_ref(&action))?;
        assert_eq!(log(&world, &ledger)?, [(EscrowStatus::Waiting, 2), (expected, 2)]);
        assert_eq!((waiting(&world, &ledger)?, records(&ledger, one.records())?), (0, 0));
        let row = ledger.facts().escrow(&one.address)?.ok_or("gone")?;
        assert!(row.waiting().is_none(), "{expected:?} keeps a digest only");
        assert_eq!((row.status(), row.decided().map(|at| at.height)), (expected, Some(ledger.tip().height)));
        assert_refused(&mut world, &ledger, &action, Refusal::EscrowDecided);
        let late = confirm(&world, 0, one.address);
        assert_refused(&mut world, &ledger, &late, Refusal::EscrowDecided);
        let again = {
            let hospital = &world.institutions()[0].key;
            submit(&world, hospital, 0, one)
        };
        let refused = refusal(&ledger, &again);
        assert!(matches!(refused, Some(Refusal::EscrowExists | Refusal::EscrowOver)), "{refused:?}");
    }
    Ok(())
}

#[test]
fn only_the_right_ones_close() -> Done {
    let (mut world, ledger, one) = submitted()?;
    let (hospital, pharmacy) = (&world.institutions()[0].key, &world.institutions()[1].key);
    let rejected = close(&world, hospital, one.address, Ending::Reject(Objection::Unwanted));
    let gateway = close(&world, &world.patients()[0].gateway, one.address, Ending::Reject(Objection::Unwanted));
    let foreign = close(&world, pharmacy, one.address, Ending::Withdraw);
    let patient = close(&world, &world.patients()[0].phone, one.address, Ending::Withdraw);
    let early = close(&world, hospital, one.address, Ending::Expire);
    assert_refused(&mut world, &ledger, &rejected, Refusal::NotAPatientKey);
    assert_refused(&mut world, &ledger, &gateway, Refusal::NotAPatientKey);
    assert_refused(&mut world, &ledger, &foreign, Refusal::NotThePublisher);
    assert_refused(&mut world, &ledger, &patient, Refusal::NotThePublisher);
    // Time may pass while it waits: the pool keeps it, no block takes it.
    assert_eq!(refusal(&ledger, &early), None);
    assert!(!crate::is_taken(&mut world, &ledger, &early));
    Ok(())
}

/// A publication that waits until so many seconds and heights after the block it is submitted in.
fn waiting_until(seconds: u64, heights: u64) -> Result<(World, Ledger, Publication), Failed> {
    let (mut world, mut ledger) = world()?;
    let hospital = hospital()?;
    let one = publication(&mut world, &hospital, 0, 1)?;
    let one = at_known_address(&world, &hospital, 0, one);
    let end = world.clock().plus(Duration::from_secs(1 + seconds));
    let until = Height::new(ledger.tip().height.value() + 1 + heights);
    let one =
        Publication { open: Validity::new(TimeRange::new(Timestamp::EPOCH, end)?, Height::GENESIS, until)?, ..one };
    let action = submit(&world, &hospital, 0, one.clone());
    world.advance(&mut ledger, &[action])?;
    Ok((world, ledger, one))
}

#[test]
fn time_runs_out_at_the_exact_instant_and_the_exact_height() -> Done {
    // Decided in the block one second and one height after the one it is submitted in.
    for (seconds, heights, in_time) in [(2, 2, true), (1, 2, false), (2, 1, false), (1, 1, false)] {
        let (mut world, ledger, one) = waiting_until(seconds, heights)?;
        let confirmed = confirm(&world, 0, one.address);
        assert_eq!(crate::is_taken(&mut world, &ledger, &confirmed), in_time, "{seconds} s, {heights} blocks");
        for (ending, ends) in [(Ending::Expire, !in_time), (Ending::Reject(Objection::Unwanted), in_time)] {
            let (mut world, ledger, one) = waiting_until(seconds, heights)?;
            let ended = close(&world, &world.patients()[0].phone, one.address, ending);
            assert_eq!(crate::is_taken(&mut world, &ledger, &ended), ends, "{ending:?} {seconds} s, {heights} blocks");
        }
    }
    Ok(())
}

#[test]
fn nothing_is_released_into_an_epoch_that_was_erased_while_it_waited() -> Done {
    let (mut world, mut ledger, one) = submitted()?;
    let confirmed = confirm(&world, 0, one.address);
    assert_eq!(refusal(&ledger, &confirmed), None);
    let custodian = Custodian { member: world.institutions()[1].id(), custody: Custody::Objects };
    let custodians = List::new(vec![custodian])?;
    let order = ErasureOrder { id: ErasureId::new(world.bytes()), erased: Erased::Epoch(0), custodians };
    let ordered = world.by_patient(0, Action::OrderErasure(Box::new(order)))?;
    world.advance(&mut ledger, &[ordered])?;
    assert_refused(&mut world, &ledger, &confirmed, Refusal::EpochErased { epoch: 0 });
    // It can still be turned away.
    let rejected = close(&world, &world.patients()[0].home, one.address, Ending::Reject(Objection::Unreadable));
    world.advance(&mut ledger, &[rejected])?;
    assert_eq!(waiting(&world, &ledger)?, 0);
    Ok(())
}
