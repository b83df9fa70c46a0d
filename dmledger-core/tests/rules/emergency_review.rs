//! What is known of an emergency afterwards: reviews, and lists that leave none out.

use super::{
    Done, assert_refused, refusal,
    ward::{Failed, HOUR, Ward, trusted},
};
use dmledger_core::{
    action::{Action, Refusal, ReviewEmergency, SignedAction},
    codec::{decode, encode},
    emergency::{EmergencyId, Verdict},
    envelope::Meaning::Authored,
    hash::Digest,
    key::SecretKey,
    ledger::{Emergencies, Query, StateMachine},
};

fn review(ward: &Ward, id: EmergencyId, key: &SecretKey) -> SignedAction {
    let body = ReviewEmergency { id, verdict: Verdict::Abuse, findings: Digest::new([7; 32]) };
    ward.signed(Action::ReviewEmergency(body), &[(key, Authored)])
}

#[test]
fn what_was_open_is_reviewed_once_by_somebody_who_took_no_part() -> Done {
    let mut ward = trusted()?;
    let (request, at) = ward.opened()?;
    let early = review(&ward, request.id, &ward.world.institutions()[2].key);
    assert_refused(&mut ward.world, &ward.ledger, &early, Refusal::EmergencyRunning);
    let query = |ward: &Ward| Query::at(ward.world.chain(), ward.ledger.tip().height, ward.ledger.store().as_ref());
    let unreviewed = |ward: &Ward| -> Result<usize, Failed> {
        let root = ward.ledger.tip().state_root;
        Ok(query(ward)?.emergencies_opened()?.unreviewed(&root, ward.world.chain(), ward.next())?.len())
    };
    assert_eq!(unreviewed(&ward)?, 0, "still running");
    ward.until(at.height.next(), at.time.plus(HOUR))?;
    assert_eq!(unreviewed(&ward)?, 1);
    // The hospital asked, the ombudsman approved, the pharmacy is no regulator.
    let (institutions, ombudsman) = (ward.world.institutions(), &ward.parties[2].key);
    for key in [&institutions[0].key, ombudsman, &institutions[1].key] {
        assert_eq!(refusal(&ward.ledger, &review(&ward, request.id, key)), Some(Refusal::NotAReviewer));
    }
    let reviewed = review(&ward, request.id, &institutions[2].key);
    ward.advance(&[reviewed])?;
    let found = ward.emergency(request.id)?.review().ok_or("no review")?;
    assert_eq!((found.reviewer, found.verdict), (ward.world.institutions()[2].id(), Verdict::Abuse));
    assert_eq!(unreviewed(&ward)?, 0);
    let again = review(&ward, request.id, &ward.world.institutions()[2].key);
    assert_refused(&mut ward.world, &ward.ledger, &again, Refusal::AlreadyReviewed);
    Ok(())
}

#[test]
fn what_never_opened_is_not_reviewed() -> Done {
    let mut ward = trusted()?;
    let request = ward.request();
    let asked = ward.ask(&request, &[0]);
    ward.advance(&[asked])?;
    let veto = ward.end(request.id, &ward.world.patients()[0].phone);
    ward.advance(&[veto])?;
    let body = ReviewEmergency { id: request.id, verdict: Verdict::Justified, findings: Digest::ZERO };
    let review = ward.signed(Action::ReviewEmergency(body), &[(&ward.world.institutions()[2].key, Authored)]);
    assert_refused(&mut ward.world, &ward.ledger, &review, Refusal::NeverOpened);
    Ok(())
}

#[test]
fn the_list_of_emergencies_is_complete_for_whoever_has_the_state_root() -> Done {
    let mut ward = trusted()?;
    let mut names = Vec::new();
    for _ in 0..3 {
        let (request, _) = ward.opened()?;
        names.push(request.id);
        let end = ward.end(request.id, &ward.world.institutions()[0].key);
        ward.advance(&[end])?;
    }
    let (chain, account, root) = (ward.world.chain(), ward.account(), ward.ledger.tip().state_root);
    let query = Query::at(chain, ward.ledger.tip().height, ward.ledger.store().as_ref())?;
    let bytes = encode(&query.emergencies(&account)?);
    let answer: Emergencies = decode(&bytes)?;
    let found: Vec<_> = answer.of_account(&root, chain, &account)?.iter().map(|one| one.id()).collect();
    assert_eq!(found, names);
    let neighbour = ward.world.patients()[1].account;
    assert!(answer.of_account(&root, chain, &neighbour).is_err());
    assert!(answer.of_network(&root, chain).is_err(), "another list");
    assert_eq!(query.emergencies_opened()?.of_network(&root, chain)?.len(), 3);
    let mut refused = 0;
    for bit in (0..bytes.len() * 8).step_by(61) {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let accepted = decode::<Emergencies>(&bytes).is_ok_and(|one| one.of_account(&root, chain, &account).is_ok());
        refused += usize::from(!accepted);
    }
    assert_eq!(refused, (0..bytes.len() * 8).step_by(61).count());
    Ok(())
}
