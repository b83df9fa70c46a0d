//! What was signed for one network, account, type and sense is worth nothing for another, nor a second time.

use super::{Done, bytes::golden, refusal};
use dmledger_core::{
    action::{self, Action, Refusal, SignedAction},
    block::RawAction,
    envelope::{AccountId, ChainId, Endorsement, Envelope, Meaning},
    hash::Digest,
    ledger::StateMachine,
};

/// Where the number of the action stands: after version, chain and account.
const NUMBER_AT: usize = 1 + 32 + 33;

/// The same body and endorsements in another envelope.
fn moved(
    action: &SignedAction,
    chain: ChainId,
    account: Option<AccountId>,
    sense: impl Fn(Meaning) -> Meaning,
) -> Result<SignedAction, Box<dyn std::error::Error + Send + Sync>> {
    let mut copy = Envelope::new(chain, account, action.body().clone());
    for one in action.endorsements() {
        copy = copy.with(Endorsement::new(one.signer(), sense(one.meaning()), one.signature()))?;
    }
    Ok(copy)
}

#[test]
fn no_action_serves_another_network_account_or_sense() -> Done {
    let (world, ledger, actions) = golden()?;
    let foreign = ChainId::new(Digest::new([9; 32]));
    for action in &actions {
        let name = action.body().name();
        assert_eq!(refusal(&ledger, action), None, "{name}");
        let elsewhere = moved(action, foreign, action.account(), |sense| sense)?;
        assert_eq!(refusal(&ledger, &elsewhere), Some(Refusal::WrongChain), "{name}");
        for patient in world.patients() {
            if action.account() != Some(patient.account) {
                let other = moved(action, world.chain(), Some(patient.account), |sense| sense)?;
                assert!(refusal(&ledger, &other).is_some(), "{name} for another account");
            }
        }
        let other = moved(action, world.chain(), action.account(), |sense| match sense {
            Meaning::Authored => Meaning::Approved,
            Meaning::Approved => Meaning::CoSigned,
            Meaning::CoSigned => Meaning::Witnessed,
            _ => Meaning::Authored,
        })?;
        assert!(refusal(&ledger, &other).is_some(), "{name} in another sense");
    }
    Ok(())
}

#[test]
fn no_action_passes_for_another_type() -> Done {
    let (_, ledger, actions) = golden()?;
    for action in actions.iter().filter(|action| action.account().is_some()) {
        let bytes = action::encode(action)?.as_slice().to_vec();
        for number in (0..=u8::MAX).filter(|number| *number != bytes[NUMBER_AT]) {
            let mut bytes = bytes.clone();
            bytes[NUMBER_AT] = number;
            assert!(ledger.check(&RawAction::new(bytes)?).is_err(), "{} as {number}", action.body().name());
        }
    }
    Ok(())
}

#[test]
fn no_action_is_done_twice() -> Done {
    let count = golden()?.2.len();
    for position in 0..count {
        let (mut world, mut ledger, actions) = golden()?;
        let action = &actions[position];
        world.advance(&mut ledger, std::slice::from_ref(action))?;
        assert!(refusal(&ledger, action).is_some(), "{} again", action.body().name());
        assert!(!super::is_taken(&mut world, &ledger, action), "{} again", action.body().name());
        // Nor with another key's signature added.
        let stranger = world.key();
        let again = action.clone().sign(&stranger, Meaning::Witnessed)?;
        assert!(refusal(&ledger, &again).is_some(), "{} again", action.body().name());
    }
    assert!(matches!(golden()?.2[count - 1].body(), Action::Subscribe(_)));
    Ok(())
}
