//! A visit: from an agreement to the records it is about, with everything that shows it.

use crate::error::{During, HostError};
use dmledger_core::{
    consent::{AgreementId, Standing},
    envelope::ChainId,
    ledger::Query,
    record::RecordId,
    time::Moment,
};

/// What an agreement leads to.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Where the right it gives stands.
    pub standing: Standing,
    /// The latest versions of the records within it, in order of registration.
    pub records: Vec<RecordId>,
}

/// Checks that both parties have signed the agreement and that this is its text, and resolves it to its records under the
/// state that `query` reads, whose block is at `at`.
///
/// # Errors
/// If there is no such agreement, its text is another one, or the state does not verify.
pub fn resolve(
    query: &Query,
    chain: ChainId,
    agreement: &AgreementId,
    (salt, text): (&[u8; 32], &[u8]),
    at: Moment,
) -> Result<Resolved, HostError> {
    let answer = query.visit(agreement).during("visit")?.ok_or_else(|| HostError::new("no such agreement"))?;
    let visit = answer.verify(&query.root().digest, chain, agreement, at).during("visit")?;
    let known = visit.agreement;
    known.signed().verify(&chain, &known.account()).during("agreement")?;
    if !known.agreement().text.is(salt, text) {
        return Err(HostError::new("another text was agreed on"));
    }
    let records = visit.records.iter().map(|one| one.entry.facts().record).collect();
    Ok(Resolved { standing: visit.standing, records })
}

/// Which version of `original` a held copy of ciphertext is, from 0, and whether it is the latest.
///
/// # Errors
/// If it is none of them, or the state does not verify.
pub fn identify(query: &Query, chain: ChainId, original: &RecordId, copy: &[u8]) -> Result<(usize, bool), HostError> {
    let versions = query.versions(original).during("versions")?;
    versions.identify(copy, &query.root().digest, chain, original).during("versions")
}
