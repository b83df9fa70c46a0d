//! A prescription's way: proposed by the hospital, signed by the patient, read and dispensed by the pharmacy.

use super::{Done, last_answer, world};
use dmledger_core::{
    account::ProposalStatus,
    action::{Action, Anchor},
    codec::{List, Text, encode},
    decide::AccessOutcome,
    hash::Digest,
    key::SecretKey,
    ledger::{Ledger, Query, StateMachine},
    record::{
        ContentId, IndexEntry, RecordId,
        index::IndexFacts,
        prescription::{CirculationError, Dispensation, Prescription, Units, follow},
    },
    testing::{World, world::WORLD_BEGINS},
    time::{TimeRange, Timestamp},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Puts content into the first patient's account: proposed by the institution that authors it, signed by the patient.
fn registered(world: &mut World, ledger: &mut Ledger, institution: usize, content: &[u8]) -> Result<RecordId, Failed> {
    let facts = world.entries(0, 1)?[0].facts().clone();
    let sequence = ledger.facts().record_count(&world.patients()[0].account)?;
    let facts = IndexFacts { content: ContentId::of(content), sequence, span: World::hour(sequence)?, ..facts };
    let record = facts.record;
    let key: &SecretKey = &world.institutions()[institution].key;
    let entry = IndexEntry::sign(facts, key, &world.chain(), &world.patients()[0].account)?;
    let proposal = world.proposal(0, &Action::Anchor(Anchor { entries: List::new(vec![entry])? }), key)?;
    world.advance(ledger, std::slice::from_ref(&proposal))?;
    assert!(ledger.facts().record(&record)?.is_none(), "nothing lands without the patient");
    let endorsement = world.endorse(0, World::proposal_of(&proposal), &world.patients()[0].phone)?;
    world.advance(ledger, &[endorsement])?;
    let status = ledger.facts().proposal(&World::proposal_of(&proposal))?.ok_or("no proposal")?.status();
    assert!(matches!(status, ProposalStatus::Executed { .. }));
    Ok(record)
}

#[test]
fn a_prescription_lands_by_the_patients_signature_is_read_under_a_grant_and_followed_to_the_last_unit() -> Done {
    let (mut world, mut ledger) = world()?;
    let prescription = Prescription {
        medicine: Text::new("A10AE04 insulin glargine, pen")?,
        directions: Text::new("18 units at night")?,
        units: Units::new(5)?,
        valid: TimeRange::new(WORLD_BEGINS, Timestamp::MAX)?,
        prescriber: world.institutions()[0].id(),
    };
    let record = registered(&mut world, &mut ledger, 0, &encode(&prescription))?;
    let before = world.request(vec![record])?;
    let asked = world.access(1, 0, before)?;
    world.advance(&mut ledger, &[asked])?;
    assert!(matches!(last_answer(&world, &ledger, 0)?, AccessOutcome::Denied { .. }));
    let grant = world.grant_to(1, 1);
    let granting = world.grant(0, grant)?;
    let after = world.request(vec![record])?;
    let asked = world.access(1, 0, after)?;
    world.advance(&mut ledger, &[granting, asked])?;
    assert!(matches!(last_answer(&world, &ledger, 0)?, AccessOutcome::Allowed { .. }));
    let dispensed = Dispensation {
        prescription: record,
        content: prescription.digest(),
        units: Units::new(2)?,
        pharmacy: world.institutions()[1].id(),
        at: world.clock(),
    };
    let handed_out = registered(&mut world, &mut ledger, 1, &encode(&dispensed))?;
    // Whoever holds the contents checks them against the complete list of the account, and follows the medicine.
    let (account, root) = (world.patients()[0].account, ledger.tip().state_root);
    let query = Query::at(world.chain(), ledger.tip().height, ledger.store().as_ref())?;
    let records = query.records(&account)?;
    let entries = records.verify(&root, world.chain(), &account)?;
    let seen: Vec<_> = entries.iter().map(|one| (one.entry.facts().record, one.entry.author())).collect();
    let authors = [0, 1].map(|i| world.institutions()[i].key.public());
    assert_eq!(seen, [(record, authors[0]), (handed_out, authors[1])]);
    assert_eq!(entries[1].entry.facts().content, ContentId::of(&encode(&dispensed)));
    assert_eq!(follow(&record, &prescription, &[dispensed]), Ok(3));
    let too_much = CirculationError::TooMuch { position: 2, asked: 2, left: 1 };
    assert_eq!(follow(&record, &prescription, &[dispensed; 3]), Err(too_much));
    let forged = Dispensation { content: Digest::ZERO, ..dispensed };
    assert_eq!(follow(&record, &prescription, &[forged]), Err(CirculationError::AnotherPrescription { position: 0 }));
    Ok(())
}
