//! Every refusal stands in the documentation, in the words that the entitled caller reads.

use super::*;
use crate::seal::{CapsuleError, KeystoreError, MissingReceipts, Shape, StreamError};
use dmledger_core::decide::Withheld;
use dmledger_core::traits::key_gate::GateFault;
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../docs/sealing.md");

/// What the table shows, word by word.
fn shown() -> BTreeSet<&'static str> {
    let table = DOCUMENT.split("## What a caller is told").nth(1).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| "));
    rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect()
}

fn missing(have: u16, need: u16, which: SubKey) -> OpenError {
    OpenError::MissingSubKey { have, need, which: vec![which] }
}

fn opening() -> Vec<OpenError> {
    let subset = Shape::DEFAULT.subsets().find(|subset| subset.to_string().ends_with("{1,4}")).unwrap();
    let altered = [
        Altered::Header,
        Altered::Entry,
        Altered::Author,
        Altered::Content,
        Altered::AccessPart,
        Altered::Custodian,
        Altered::RolledBack,
        Altered::DataKey,
        Altered::Length,
    ];
    let other = [
        missing(0, 1, SubKey::RangeNodes(EpochNumber::new(1))),
        missing(21, 22, SubKey::Gate(subset)),
        missing(1, 2, SubKey::GateSeed(CommitteeId::new(1))),
        OutsideRange.into(),
        OpenError::WrongKind,
        OpenError::NotYetValid { from: Height::new(10), begins: Timestamp::from_seconds(1_000) },
        OpenError::Expired { until: Height::new(100), ends: Timestamp::from_seconds(9_000) },
        OpenError::Revoked { height: Height::new(42) },
        OpenError::WrongChain,
        OpenError::WrongAccount,
        StreamError::Inauthentic(Inauthentic).into(),
    ];
    altered.map(OpenError::Tampered).into_iter().chain(other).collect()
}

fn others() -> Vec<String> {
    let letters = [
        WrapError::WrongRecipient,
        WrapError::WrongChain,
        WrapError::WrongAccount,
        WrapError::WrongSubject,
        WrapError::NotAnchored,
        WrapError::WrongSuite,
        WrapError::BadPublicKey,
    ];
    let gate = [
        GateFault::NotHeld,
        GateFault::Erased,
        GateFault::WrongRecipient,
        GateFault::Taken,
        GateFault::BadLetter,
        GateFault::Unavailable,
    ];
    let keystore = [KeystoreError::WrongPassphrase, KeystoreError::BadEffort, KeystoreError::NoSuchKey];
    let mut all: Vec<String> = letters.iter().map(ToString::to_string).collect();
    all.extend(gate.iter().map(ToString::to_string));
    all.extend(keystore.iter().map(ToString::to_string));
    all.push(Withheld::NotLogged { height: Height::new(41) }.to_string());
    all.push(Withheld::NotAsked { position: 1 }.to_string());
    all.push(CapsuleError::MissingShares { have: 3, need: 10, liars: Vec::new() }.to_string());
    all.push(MissingReceipts { have: 4, need: 5, without: Vec::new() }.to_string());
    all.push(SealError::OldSlot(Inauthentic.into()).to_string());
    all.push(SealError::NoSuchEpoch { number: 7 }.to_string());
    all
}

#[test]
fn every_refusal_stands_in_the_documentation_as_it_reads() {
    let shown = shown();
    let said = opening().iter().map(ToString::to_string).chain(others()).collect::<Vec<_>>();
    let undocumented: Vec<_> = said.iter().filter(|text| !shown.contains(text.as_str())).collect();
    assert!(undocumented.is_empty(), "{undocumented:#?}");
    assert_eq!(said.iter().collect::<BTreeSet<_>>().len(), said.len(), "each cause has words of its own");
}

#[test]
fn a_stranger_reads_one_word_whatever_the_reason() {
    for error in opening() {
        assert_eq!(error.for_stranger().to_string(), "refused");
    }
}
