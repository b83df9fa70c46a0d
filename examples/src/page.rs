//! What the patient's page shows of a run, read from the ledger as the patient's own node has it.

use crate::{
    error::{During, HostError},
    input::Input,
    outcome::Outcome,
    people::People,
    report::{self, AccessLine, Answer, CheckLine, GrantLine, NoticeLine, Point, ProofLine, ReportData},
    residence::Residence,
};
use dmledger_core::{
    consent::{GrantRecord, grant},
    decide::{AccessEntry, AccessOutcome, Reason},
    identity::MemberId,
    record::{DataKind, Reading},
    scope::{Purpose, Verb, VerbSet},
    time::Moment,
};
use std::collections::BTreeMap;

/// Readings, and the rights and access logs of the patient's accounts, that of the readings first.
///
/// # Errors
/// If the node's state cannot be read or does not verify.
pub fn of<'a>(
    input: &Input,
    readings: &[Reading],
    accounts: impl Iterator<Item = &'a Residence>,
    notices: &[NoticeLine],
    people: &People,
) -> Result<ReportData, HostError> {
    let name = |id: &MemberId| people.title_of(id).unwrap_or_else(|| format!("member {id:.8}"));
    let (mut node, mut rights, mut requests) = (None, Vec::new(), Vec::new());
    for residence in accounts {
        let home = residence.node();
        node = node.or(Some(home));
        let (query, account, kind) = (home.query()?, residence.account(), residence.kind());
        let root = query.root().digest;
        let grants = query.grants(&account).during("grants")?;
        let log = query.access_log(&account).during("access log")?;
        let grants = grants.verify(&root, home.chain(), &account).during("grants")?;
        let tip = home.tip()?;
        let now = Moment { height: tip.height, time: tip.time };
        rights.extend(grants.into_iter().map(|one| grant_line(one, kind, now, &name)));
        let log = log.verify(&root, home.chain(), &account).during("access log")?;
        requests.extend(log.iter().map(|one| access_line(one, kind, &name)));
    }
    let node = node.ok_or_else(|| HostError::new("a patient without an account"))?;
    requests.sort_by_key(|one| one.height);
    Ok(ReportData {
        person: input.subject.clone(),
        source: format!("{}, read from a simulated meter over Bluetooth LE by home node {}", input.source, node.name()),
        made: node.tip()?.time,
        verified: String::new(),
        points: readings.iter().map(Point::from).collect(),
        left_out: Vec::new(),
        grants: rights,
        accesses: requests,
        notices: notices.to_vec(),
        proofs: Vec::new(),
        checks: Vec::new(),
        network: Vec::new(),
    })
}

/// What only the end of a run knows: proofs, checks, and the facts of the network.
pub fn finish(page: &mut ReportData, outcome: &Outcome) {
    let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
    for rejected in &outcome.readings_rejected {
        // "same time and value as line 17": the reason without its place.
        let reason = rejected.reason.split(" line ").next().unwrap_or_default();
        let reason = reason.split(" entry ").next().unwrap_or_default().trim_end_matches(" as").to_owned();
        *left_out.entry(reason).or_default() += 1;
    }
    page.left_out = left_out.into_iter().collect();
    page.verified = if outcome.values_equal && outcome.reopened_equal {
        format!(
            "A hospital with your permission read back {} readings, each equal to what your meter said; {} entries were \
             checked against blocks that {} institutions signed.",
            outcome.readings_read_by_grantee, outcome.inclusions_verified, outcome.validators
        )
    } else {
        String::new()
    };
    page.proofs = outcome
        .proofs
        .iter()
        .map(|one| ProofLine {
            verifier: one.verifier.clone(),
            learned: format!(
                "One of your anchored readings lies between {} and {} mg/dL.",
                one.at_least_mg_dl, one.at_most_mg_dl
            ),
            hidden: "Neither its value nor any other reading.".to_owned(),
        })
        .collect();
    page.checks = outcome
        .tampering_detected
        .iter()
        .map(|what| {
            let (altered, noticed) = what.split_once(": ").unwrap_or((what, ""));
            let (altered, noticed) = (format!("One byte changed: {altered}"), noticed.to_owned());
            CheckLine { altered, noticed, detected: true }
        })
        .collect();
    if !outcome.values_equal || !outcome.reopened_equal {
        let altered = "What a hospital read back, and what the nodes kept".to_owned();
        page.checks.push(CheckLine { altered, noticed: "differs from what went in".to_owned(), detected: false });
    }
    page.network = [
        ("Network", outcome.network.clone()),
        ("Institutions that decide blocks", outcome.validators.to_string()),
        ("Homes that follow", outcome.followers.to_string()),
        ("Blocks", outcome.height.to_string()),
        ("State root", outcome.state_root.clone()),
        ("Sealed records", outcome.records_anchored.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
}

fn grant_line(record: &GrantRecord, kind: DataKind, now: Moment, name: &dyn Fn(&MemberId) -> String) -> GrantLine {
    let given = record.grant();
    let grantee = match &given.audience {
        grant::Audience::Member(id) => name(id),
        grant::Audience::Role(role) => format!("every {}", role.name()),
        grant::Audience::Public => "everybody, de-identified".to_owned(),
        _ => "everybody in the network".to_owned(),
    };
    let purposes: Vec<_> = given.purposes.to_vec().into_iter().map(Purpose::name).collect();
    GrantLine {
        grantee,
        right: format!("{} {}", may(given.verbs), kind.to_string().replace('-', " ")),
        purpose: purposes.join(", "),
        range: given.data,
        until: given.validity.time().end(),
        standing: record.standing(now),
    }
}

/// What verbs mean to the patient.
const fn may(verbs: VerbSet) -> &'static str {
    match (verbs.contains(Verb::Query), verbs.contains(Verb::Update)) {
        (true, true) => "read and correct",
        (false, true) => "correct",
        _ => "read",
    }
}

fn access_line(entry: &AccessEntry, kind: DataKind, name: &dyn Fn(&MemberId) -> String) -> AccessLine {
    let hours = if entry.records.len() == 1 { "1 hour".to_owned() } else { format!("{} hours", entry.records.len()) };
    let asked = if entry.verb == Verb::Update { "leave to correct " } else { "" };
    let answer = match entry.outcome {
        AccessOutcome::Allowed { .. } => Answer::Allowed { outcome: String::new() },
        AccessOutcome::BreakGlass { .. } => {
            Answer::Allowed { outcome: "in an emergency, approved by your trustees".to_owned() }
        }
        AccessOutcome::Denied { reason } => Answer::Refused { reason: plain(&reason) },
    };
    AccessLine {
        at: entry.at.time,
        height: entry.at.height.value(),
        who: name(&entry.member),
        what: format!("{asked}{hours} of {}, for {}", kind.to_string().replace('-', " "), entry.purpose.name()),
        answer,
    }
}

/// The ledger's reason as one says it to the patient.
fn plain(reason: &Reason) -> String {
    match reason {
        Reason::NoGrant | Reason::UnknownGrant => "You have given it no right to.".to_owned(),
        Reason::Prohibited { .. } => "You have excluded it.".to_owned(),
        Reason::Revoked { height } => format!("You had taken its right back at block {height}."),
        Reason::Expired { at } => format!("Its right had ended on {}.", report::date_and_clock(*at)),
        Reason::HeightExpired { until } => format!("Its right had ended at block {until}."),
        Reason::NotYetValid { from } => format!("Its right begins only on {}.", report::date_and_clock(*from)),
        Reason::HeightNotReached { from } => format!("Its right begins only at block {from}."),
        Reason::WrongVerb => "You gave it a right to something else.".to_owned(),
        Reason::WrongPurpose => "You gave the right for another purpose.".to_owned(),
        Reason::OutsideDataRange { .. } => "It asked for a time that you did not share.".to_owned(),
        Reason::QuotaExhausted { quota: 1 } => "It had used up the one request you gave it.".to_owned(),
        Reason::QuotaExhausted { quota } => format!("It had used up the {quota} requests you gave it."),
        other => sentence(&other.to_string()),
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}
