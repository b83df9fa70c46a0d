//! Prescriptions: what a hospital writes, what a pharmacy hands out, and the rule by which a home signs for either.

use crate::error::{During, HostError};
use dmledger_core::{
    account::auto_sign::{Choice, DeedKind, Effect, Limits, Match, Parties, Rule, RuleName, RuleSet},
    codec::Text,
    envelope::AccountId,
    identity::MemberId,
    record::{
        DataKind, RecordId,
        prescription::{Dispensation, Prescription, Units},
    },
    time::{TimeRange, Timestamp},
};

/// Pens of a medicine, prescribed by `prescriber`.
///
/// # Errors
/// If there are none, or the name is too long.
pub fn prescription(
    medicine: &str,
    pens: u32,
    valid: TimeRange,
    prescriber: MemberId,
) -> Result<Prescription, HostError> {
    Ok(Prescription {
        medicine: Text::new(medicine).during("prescription")?,
        directions: Text::new("as discussed").during("prescription")?,
        units: Units::new(pens).during("prescription")?,
        valid,
        prescriber,
    })
}

/// What a pharmacy writes down when it hands out pens of a prescription it has read.
///
/// # Errors
/// If there are none.
pub fn dispensation(
    prescription: RecordId,
    read: &Prescription,
    pens: u32,
    pharmacy: MemberId,
    at: Timestamp,
) -> Result<Dispensation, HostError> {
    let (content, units) = (read.digest(), Units::new(pens).during("dispensation")?);
    Ok(Dispensation { prescription, content, units, pharmacy, at })
}

/// Records that these institutions propose for the medication account are signed; nothing else is.
///
/// # Errors
/// If there are too many of them.
pub fn rules(account: AccountId, from: Vec<MemberId>) -> Result<RuleSet, HostError> {
    let when = Match {
        deeds: Choice::only(vec![DeedKind::Records]).during("rules")?,
        kinds: Choice::only(vec![DataKind::Medication]).during("rules")?,
        proposers: Parties::members(from).during("rules")?,
        ..Match::everything()
    };
    let name = RuleName::new("my hospital prescribes, my pharmacy dispenses").during("rules")?;
    let rule = Rule { name, when, effect: Effect::Sign(Limits::default()) };
    RuleSet::new(account, vec![rule]).during("rules")
}
