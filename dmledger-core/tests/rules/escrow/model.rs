//! Escrow against a model of a few lines: whatever is tried in whatever order, the ledger takes what the model allows,
//! and the log, the list of what waits and the account's records are what the model says.

use super::{address, close, confirm_with, hospital, log, publication, submit, waiting};
use crate::{Done, is_taken, world};
use core::time::Duration;
use dmledger_core::{
    account::escrow::{EscrowStatus, Objection, Publication, Tweak},
    action::Ending,
    envelope::AccountId,
    ledger::{Query, StateMachine},
    scope::Validity,
    time::{Height, TimeRange, Timestamp},
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

/// A publication as the model knows it: no rule, only what became of it.
struct Known {
    address: AccountId,
    tweak: Tweak,
    end: Timestamp,
    status: EscrowStatus,
    records: usize,
}

#[test]
fn whatever_is_tried_the_ledger_does_what_the_model_does() -> Done {
    for seed in 0..12 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut draw = |n: u64| rng.next_u64() % n;
        let (mut world, mut ledger) = world()?;
        let hospital = hospital()?;
        let (mut known, mut expected): (Vec<Known>, Vec<(EscrowStatus, usize)>) = (Vec::new(), Vec::new());
        for step in 0..40 {
            if draw(4) == 0 {
                world.wait(Duration::from_secs(draw(5)));
            }
            // The next block is a second away.
            let at = world.clock().plus(Duration::from_secs(1));
            if known.is_empty() || draw(4) == 0 {
                let (count, life) = (1 + draw(3), 2 + draw(8));
                let one = publication(&mut world, &hospital, 0, count)?;
                let (tweak, end) = (Tweak::new(world.bytes()), at.plus(Duration::from_secs(life)));
                let to = &world.patients()[0];
                let parties = [hospital.public(), to.phone.public()];
                let open = Validity::new(TimeRange::new(Timestamp::EPOCH, end)?, Height::GENESIS, Height::MAX)?;
                let address = address(&world.chain(), &to.account, parties, &tweak);
                let action = submit(&world, &hospital, 0, Publication { address, open, ..one });
                world.advance(&mut ledger, &[action])?;
                // What has run out is swept away by whoever publishes next.
                for over in known.iter_mut().filter(|one| one.status == EscrowStatus::Waiting && one.end <= at) {
                    over.status = EscrowStatus::Expired;
                    expected.push((over.status, over.records));
                }
                let records = usize::try_from(count)?;
                expected.push((EscrowStatus::Waiting, records));
                known.push(Known { address, tweak, end, status: EscrowStatus::Waiting, records });
                continue;
            }
            let pick = usize::try_from(draw(known.len() as u64))?;
            let one = &mut known[pick];
            let over = one.end <= at;
            let (action, becomes, allowed) = match draw(5) {
                0 => (confirm_with(&world, 0, one.address, one.tweak), EscrowStatus::Released, !over),
                1 => {
                    let objection = Objection::Inaccurate;
                    let rejected = close(&world, &world.patients()[0].phone, one.address, Ending::Reject(objection));
                    (rejected, EscrowStatus::Rejected(objection), !over)
                }
                2 => (close(&world, &hospital, one.address, Ending::Withdraw), EscrowStatus::Withdrawn, !over),
                3 => (close(&world, &hospital, one.address, Ending::Expire), EscrowStatus::Expired, over),
                _ => (confirm_with(&world, 0, one.address, Tweak::new([0; 32])), EscrowStatus::Released, false),
            };
            if allowed && one.status == EscrowStatus::Waiting {
                world.advance(&mut ledger, &[action])?;
                one.status = becomes;
                expected.push((becomes, one.records));
            } else {
                assert!(!is_taken(&mut world, &ledger, &action), "seed {seed}, step {step}: {becomes:?}");
            }
        }
        let count = |status| known.iter().filter(move |one| one.status == status);
        assert_eq!(log(&world, &ledger)?, expected, "seed {seed}");
        assert_eq!(waiting(&world, &ledger)?, count(EscrowStatus::Waiting).count(), "seed {seed}");
        let account = world.patients()[0].account;
        let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
        let released: usize = count(EscrowStatus::Released).map(|one| one.records).sum();
        assert_eq!(query.records(&account)?.entries().count(), released, "seed {seed}");
    }
    Ok(())
}
