//! What was signed for one network, account, type, sense, suite or purpose is worth nothing for another, nor a second
//! time: for every action there is.

use super::{Done, Failed, account_bytes, bytes, emergency_bytes, refusal, ward::Ward, world};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{
    action::{self, Action, Refusal, SignedAction},
    block::RawAction,
    codec::Canonical,
    envelope::{AccountId, ChainId, Endorsement, Envelope, Meaning, Signable},
    hash::{Digest, Hasher, Tag, tag},
    key::{PublicKey, Signature, Suite},
    ledger::{Ledger, StateMachine},
    testing::World,
};

/// Where the number of the action stands: after version, chain and account.
const fn number_at(account: Option<AccountId>) -> usize {
    1 + 32 + if account.is_some() { 33 } else { 1 }
}

/// A world with its ledger, and actions that the ledger takes.
type Golden = (World, Ledger, Vec<SignedAction>);

/// Every kind of action, each on a ledger that takes it.
const EVERYTHING: [fn() -> Result<Golden, Failed>; 7] = [
    bytes::golden,
    bytes::escrow::golden,
    bytes::membership::golden,
    account_bytes::golden,
    || emergency_bytes::golden().map(of_ward),
    || emergency_bytes::golden_recovery().map(|[asked, _]| of_ward(asked)),
    || emergency_bytes::golden_recovery().map(|[_, due]| of_ward(due)),
];

fn of_ward((ward, actions): (Ward, Vec<SignedAction>)) -> Golden {
    (ward.world, ward.ledger, actions)
}

/// The same body in another envelope, with what `change` makes of each endorsement.
fn moved(
    action: &SignedAction,
    chain: ChainId,
    account: Option<AccountId>,
    change: impl Fn(&Endorsement) -> Result<Endorsement, Failed>,
) -> Result<SignedAction, Failed> {
    let copy = Envelope::new(chain, account, action.body().clone());
    action.endorsements().iter().try_fold(copy, |copy, one| Ok(copy.with(change(one)?)?))
}

fn in_another_sense(one: &Endorsement) -> Result<Endorsement, Failed> {
    let other = match one.meaning() {
        Meaning::Authored => Meaning::Approved,
        Meaning::Approved => Meaning::CoSigned,
        Meaning::CoSigned => Meaning::Witnessed,
        _ => Meaning::Authored,
    };
    Ok(Endorsement::new(one.signer(), other, one.signature()))
}

#[test]
fn no_action_serves_another_network_account_or_sense() -> Done {
    let foreign = ChainId::new(Digest::new([9; 32]));
    for golden in EVERYTHING {
        let (world, ledger, actions) = golden()?;
        for action in &actions {
            let name = action.body().name();
            assert_eq!(refusal(&ledger, action), None, "{name}");
            let elsewhere = moved(action, foreign, action.account(), |one| Ok(*one))?;
            assert_eq!(refusal(&ledger, &elsewhere), Some(Refusal::WrongChain), "{name}");
            let others = world.patients().iter().map(|patient| Some(patient.account)).chain([None]);
            for other in others.filter(|other| *other != action.account()) {
                let moved = moved(action, world.chain(), other, |one| Ok(*one))?;
                assert!(refusal(&ledger, &moved).is_some(), "{name} for another account");
            }
            if !action.endorsements().is_empty() {
                let other = moved(action, world.chain(), action.account(), in_another_sense)?;
                assert!(refusal(&ledger, &other).is_some(), "{name} in another sense");
            }
        }
    }
    Ok(())
}

#[test]
fn no_action_passes_for_another_type() -> Done {
    for golden in EVERYTHING {
        let (_, ledger, actions) = golden()?;
        for action in &actions {
            let (bytes, at) = (action::encode(action)?.as_slice().to_vec(), number_at(action.account()));
            assert_eq!(bytes[at], action.body().number());
            for number in (0..=u8::MAX).filter(|number| *number != bytes[at]) {
                let mut bytes = bytes.clone();
                bytes[at] = number;
                assert!(ledger.check(&RawAction::new(bytes)?).is_err(), "{} as {number}", action.body().name());
            }
        }
    }
    Ok(())
}

#[test]
fn no_signature_serves_another_suite() -> Done {
    let key = |one: &Endorsement, first: u8| {
        let mut bytes = *one.signer().as_bytes();
        bytes[0] = first;
        PublicKey::from_bytes(bytes)
    };
    let signature = |one: &Endorsement, suite: Suite| {
        let mut bytes = *one.signature().as_bytes();
        bytes[0] = suite as u8;
        Signature::from_bytes(bytes)
    };
    for golden in EVERYTHING {
        let (_, ledger, actions) = golden()?;
        for action in actions.iter().filter(|action| !action.endorsements().is_empty()) {
            let (name, chain, account) = (action.body().name(), action.chain(), action.account());
            for (first, suite) in
                [(1, Suite::EcdsaLowS), (2, Suite::Bip340), (2, Suite::EcdsaLowS), (3, Suite::EcdsaLowS)]
            {
                let other = moved(action, chain, account, |one| {
                    Ok(Endorsement::new(key(one, first)?, one.meaning(), signature(one, suite)?))
                })?;
                assert!(refusal(&ledger, &other).is_some(), "{name} as {suite:?} under a key of kind {first}");
            }
        }
    }
    Ok(())
}

/// The bytes of an action as a message of another type.
macro_rules! other_type {
    ($name:ident, $tag:expr) => {
        #[derive(BorshSerialize, BorshDeserialize)]
        struct $name(Action);
        impl Canonical for $name {
            const MAX_BYTES: usize = Action::MAX_BYTES;
        }
        impl Signable for $name {
            const TAG: Tag = $tag;
        }
    };
}
other_type!(AsAgreement, tag::AGREEMENT);
other_type!(AsReceipt, tag::ERASE_RECEIPT);
other_type!(AsGateOrder, tag::GATE_ORDER);
other_type!(AsGateRequest, tag::GATE_REQUEST);

#[test]
fn no_signature_serves_another_message_type_or_purpose() -> Done {
    let (mut world, ledger) = world()?;
    let grant = world.grant_to(0, 0);
    let granting = world.grant(0, grant)?;
    let (chain, account, body) = (granting.chain(), granting.account(), granting.body());
    let patient = &world.patients()[0];
    let keys = |key: PublicKey| if key == patient.phone.public() { &patient.phone } else { &patient.home };
    let signed = |digest: &dyn Fn(&Endorsement) -> Digest| {
        moved(&granting, chain, account, |one| {
            let signature = keys(one.signer()).sign(&digest(one))?;
            Ok(Endorsement::new(one.signer(), one.meaning(), signature))
        })
    };
    let suite = |one: &Endorsement| one.signer().suite();
    let right = signed(&|one| granting.digest(suite(one), one.meaning()))?;
    assert_eq!(refusal(&ledger, &right), None);
    let types: [&dyn Fn(&Endorsement) -> Digest; 4] = [
        &|one| Envelope::new(chain, account, AsAgreement(body.clone())).digest(suite(one), one.meaning()),
        &|one| Envelope::new(chain, account, AsReceipt(body.clone())).digest(suite(one), one.meaning()),
        &|one| Envelope::new(chain, account, AsGateOrder(body.clone())).digest(suite(one), one.meaning()),
        &|one| Envelope::new(chain, account, AsGateRequest(body.clone())).digest(suite(one), one.meaning()),
    ];
    let count = granting.endorsements().len();
    let forged = Some(Refusal::BadSignature { count });
    for other in types {
        assert_eq!(refusal(&ledger, &signed(other)?), forged);
    }
    // The same words under each tag there is: one of them is what an endorsement signs.
    for purpose in tag::ALL {
        let under = |one: &Endorsement| {
            Hasher::new(*purpose).chain([suite(one) as u8, one.meaning() as u8]).chain(granting.id()).finish()
        };
        let expected = if *purpose == tag::ENVELOPE { None } else { forged };
        assert_eq!(refusal(&ledger, &signed(&under)?), expected, "{purpose:?}");
    }
    Ok(())
}

#[test]
fn no_action_is_done_twice() -> Done {
    for golden in EVERYTHING {
        for position in 0..golden()?.2.len() {
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
    }
    Ok(())
}
