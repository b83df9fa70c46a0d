//! Malformed bytes: every truncation, every flipped bit and every lying length of one encoding of each action, block,
//! certificate, proof and update is refused, for little memory.

mod answers;

use super::{Done, account_bytes, bytes, emergency_bytes};
use core::hint::black_box;
use dmledger_core::{
    action::{self, Action, SignedAction},
    block::RawAction,
    codec::encode,
    key::batch::Claim,
    ledger::{Ledger, StateMachine},
};
use std::collections::BTreeSet;

/// Memory that reading so many bytes may hold at one time.
const fn allowance(len: usize) -> u64 {
    4 * len as u64 + 64 * 1024
}

/// Checks that `bytes` is accepted and nothing made of it by cutting it short, flipping one bit, or writing the largest
/// number over any four bytes; and that saying so takes no more memory than its length allows.
pub(super) fn only_these_bytes(what: &str, bytes: &[u8], accepts: impl Fn(&[u8]) -> bool) {
    assert!(within_its_memory(what, bytes, &accepts), "{what} itself is refused");
    for end in 0..bytes.len() {
        assert!(!within_its_memory(what, &bytes[..end], &accepts), "{what}: {end} bytes of {}", bytes.len());
    }
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(!within_its_memory(what, &bytes, &accepts), "{what}: bit {bit}");
    }
    for place in 0..bytes.len().saturating_sub(3) {
        let mut lying = bytes.to_vec();
        lying[place..place + 4].fill(u8::MAX);
        let accepted = within_its_memory(what, &lying, &accepts);
        assert!(!accepted || lying == bytes, "{what}: a length of {} at {place}", u32::MAX);
    }
}

/// The verdict, once it is seen to have taken no more memory than it may.
fn within_its_memory(what: &str, bytes: &[u8], accepts: impl Fn(&[u8]) -> bool) -> bool {
    let mut accepted = false;
    let taken = allocation_counter::measure(|| accepted = accepts(bytes)).bytes_max;
    let (len, most) = (bytes.len(), allowance(bytes.len()));
    assert!(taken <= most, "{what}: {taken} bytes of memory for {len} bytes, {most} are allowed");
    accepted
}

fn no_change_of_any_is_accepted(ledger: &Ledger, actions: &[SignedAction]) -> Done {
    for action in actions {
        only_these_bytes(action.body().name(), action::encode(action)?.as_slice(), |bytes| {
            is_acceptable(ledger, bytes)
        });
    }
    Ok(())
}

/// What a node finds out about an action that reaches it.
fn is_acceptable(ledger: &Ledger, bytes: &[u8]) -> bool {
    let Ok(raw) = RawAction::new(bytes.to_vec()) else { return false };
    let Ok(signed) = action::decode(&raw) else { return false };
    // One signature that does not verify is enough; the ledger would look for all of them.
    action::claims(&signed).iter().all(Claim::holds) && ledger.check(&raw).is_ok()
}

#[test]
fn memory_is_counted() {
    let taken = allocation_counter::measure(|| drop(black_box(vec![1_u8; 1 << 20]))).bytes_max;
    assert!(taken >= 1 << 20);
}

#[test]
fn no_change_of_an_action_of_consent_is_accepted() -> Done {
    let (_, ledger, actions) = bytes::golden()?;
    no_change_of_any_is_accepted(&ledger, &actions)
}

#[test]
fn no_change_of_an_action_of_escrow_or_matching_is_accepted() -> Done {
    let (_, ledger, actions) = bytes::escrow::golden()?;
    no_change_of_any_is_accepted(&ledger, &actions)
}

#[test]
fn no_change_of_an_action_about_an_account_is_accepted() -> Done {
    let (_, ledger, actions) = account_bytes::golden()?;
    no_change_of_any_is_accepted(&ledger, &actions)
}

#[test]
fn no_change_of_an_action_of_emergency_or_erasure_is_accepted() -> Done {
    let (ward, actions) = emergency_bytes::golden()?;
    no_change_of_any_is_accepted(&ward.ledger, &actions)
}

#[test]
fn no_change_of_an_action_of_recovery_is_accepted() -> Done {
    for (ward, actions) in emergency_bytes::golden_recovery()? {
        no_change_of_any_is_accepted(&ward.ledger, &actions)?;
    }
    Ok(())
}

#[test]
fn no_change_of_an_action_of_membership_or_of_a_claim_is_accepted() -> Done {
    let (_, ledger, actions) = bytes::membership::golden()?;
    no_change_of_any_is_accepted(&ledger, &actions)
}

/// Genesis has no signature: its digest is the network's name, and every changed one is another network.
#[test]
fn no_change_of_genesis_makes_the_same_network() -> Done {
    let (world, ..) = bytes::membership::golden()?;
    only_these_bytes("genesis", &encode(world.genesis()), |bytes| {
        dmledger_core::codec::decode::<action::Genesis>(bytes).is_ok_and(|genesis| genesis.chain() == world.chain())
    });
    Ok(())
}

#[test]
fn every_action_there_is_is_among_them() -> Done {
    let mut seen: BTreeSet<u8> = BTreeSet::new();
    let [asked, due] = emergency_bytes::golden_recovery()?;
    let all = [
        bytes::golden()?.2,
        bytes::escrow::golden()?.2,
        bytes::membership::golden()?.2,
        account_bytes::golden()?.2,
        emergency_bytes::golden()?.1,
        asked.1,
        due.1,
    ];
    seen.extend(all.iter().flatten().map(|action| action.body().number()));
    // Genesis, which no block but the first can hold.
    assert!(seen.insert(0));
    let known = |number: &u8| match borsh::from_slice::<Action>(&[*number]) {
        Ok(_) => true,
        Err(error) => !error.to_string().contains("variant tag"),
    };
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), (0..=u8::MAX).filter(known).collect::<Vec<_>>());
    Ok(())
}
