//! Nobody goes round the patient's keys: every set of other keys, every action about the account, in every sense of
//! signing. What the two powers allow beyond that is in `emergency` and `recovery`, set by set.

use super::{
    Done, refusal,
    ward::{EMERGENCY, RECOVERY, trusted},
};
use dmledger_core::{
    action::{Action, Anchor, Appoint, GrantAction, Refusal, Revoke},
    codec::List,
    consent::erasure::{Custodian, Custody, Erased, ErasureId, ErasureOrder},
    emergency::Appointment,
    envelope::{
        Envelope,
        Meaning::{Approved, Authored, CoSigned, Witnessed},
    },
};

#[test]
fn no_set_of_keys_without_the_patients_does_anything_in_the_patients_name() -> Done {
    let mut ward = trusted()?;
    let standing = ward.world.grant_to(0, 0);
    let granting = ward.world.grant(0, standing.clone())?;
    ward.advance(&[granting])?;
    let grant = ward.world.grant_to(1, 0);
    let entries = List::new(ward.world.entries(0, 1)?)?;
    let member = ward.world.institutions()[1].id();
    let custodians = List::new(vec![Custodian { member, custody: Custody::Objects }])?;
    let order = ErasureOrder { id: ErasureId::new(ward.world.bytes()), erased: Erased::Epoch(0), custodians };
    let bodies = [
        Action::Grant(GrantAction { grant }),
        Action::Revoke(Revoke { grant: standing.id }),
        Action::Anchor(Anchor { entries }),
        Action::Appoint(Box::new(Appoint { number: 1, appointment: Appointment::BreakGlass(None) })),
        Action::Appoint(Box::new(Appoint {
            number: 1,
            appointment: Appointment::Recovery(Some(ward.recovery_terms()?)),
        })),
        Action::OrderErasure(Box::new(order)),
    ];
    let patient = &ward.world.patients()[0];
    for body in &bodies {
        let by_both = ward.by_patient(body.clone());
        assert_eq!(refusal(&ward.ledger, &by_both), None, "{}: the patient can", body.name());
    }
    let others = [
        &ward.world.institutions()[0].key,
        &ward.world.institutions()[1].key,
        &patient.gateway,
        &ward.world.residences()[0].key,
        &ward.parties[EMERGENCY[0]].key,
        &ward.parties[RECOVERY[0]].key,
        &ward.world.patients()[1].phone,
    ];
    for (body, meaning) in bodies.iter().flat_map(|body| [Authored, Approved, CoSigned].map(|meaning| (body, meaning)))
    {
        // The rules come before the signatures, so a signature a key gives once stands for it in every set.
        let all = others.map(|key| (key, meaning));
        let full = ward.signed(body.clone(), &all);
        for set in 0..1_u32 << others.len() {
            let mut action = Envelope::new(ward.world.chain(), Some(ward.account()), body.clone());
            for one in full.endorsements() {
                let place = others.iter().position(|key| key.public() == one.signer()).ok_or("a stranger")?;
                if set >> place & 1 == 1 {
                    action = action.with(*one)?;
                }
            }
            let refused = refusal(&ward.ledger, &action);
            let by_rule = matches!(refused, Some(Refusal::Policy { .. }));
            assert!(by_rule, "{} by {set:b}: {refused:?}", body.name());
        }
    }
    // A patient's key that only witnesses does not act.
    for body in &bodies {
        let seen = ward.signed(
            body.clone(),
            &[(others[0], Authored), (others[1], CoSigned), (&patient.phone, Witnessed), (&patient.home, Witnessed)],
        );
        assert!(refusal(&ward.ledger, &seen).is_some(), "{}", body.name());
    }
    Ok(())
}
