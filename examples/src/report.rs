//! The patient's report: one self-contained page of HTML with the glucose profile, who may read what, and what happened.
//!
//! Nothing is loaded from elsewhere and nothing is scripted. Every text that comes from outside is escaped. It reads on
//! light and dark screens and prints on paper.

mod days;
mod draw;
mod ledger;
mod profile;
mod summary;
mod words;

pub use words::{clock, date, date_and_clock};

use dmledger_core::{
    consent::Standing,
    record::{Measurement, Reading},
    time::{TimeRange, Timestamp},
};
use std::fmt::Write as _;

/// Everything the page shows.
#[derive(Clone, Debug)]
pub struct ReportData {
    /// Whose readings, as the patient would put it.
    pub person: String,
    /// Where the readings come from: device, file, home gateway.
    pub source: String,
    /// When the page was made, in the ledger's time.
    pub made: Timestamp,
    /// What was checked of the readings, a short sentence for the top of the page; empty if nothing was.
    pub verified: String,
    /// Readings in any order.
    pub points: Vec<Point>,
    /// Rows of the input that are no readings, by reason, with their number.
    pub left_out: Vec<(String, u64)>,
    /// Who was given what, in the order they were given.
    pub grants: Vec<GrantLine>,
    /// Who asked for what, in the order of the ledger.
    pub accesses: Vec<AccessLine>,
    /// What the patient was told of emergencies, in the order of the ledger.
    pub notices: Vec<NoticeLine>,
    /// What was shown to whom without showing a reading.
    pub proofs: Vec<ProofLine>,
    /// What was altered on purpose, and how that was noticed.
    pub checks: Vec<CheckLine>,
    /// Facts on the network, as name and value.
    pub network: Vec<(String, String)>,
}

/// One reading on the patient's own clock.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// What the clock on the wall showed.
    pub wall_clock: Timestamp,
    /// What the device showed.
    pub measured: Measurement,
}

impl From<&Reading> for Point {
    fn from(reading: &Reading) -> Self {
        Self { wall_clock: reading.wall_clock(), measured: reading.measured() }
    }
}

/// One right that was given.
#[derive(Clone, Debug)]
pub struct GrantLine {
    /// To whom.
    pub grantee: String,
    /// To do what with which data, for example "read continuous glucose".
    pub right: String,
    /// Why, for example "treatment".
    pub purpose: String,
    /// The data's time.
    pub range: TimeRange,
    /// Until when it holds, in the ledger's time.
    pub until: Timestamp,
    /// Where it stands when the page is made.
    pub standing: Standing,
}

/// One request for data, as the ledger keeps it.
#[derive(Clone, Debug)]
pub struct AccessLine {
    /// The block's time.
    pub at: Timestamp,
    /// The block's height.
    pub height: u64,
    /// Who asked.
    pub who: String,
    /// For what, for example "332 hours of continuous glucose".
    pub what: String,
    /// What the ledger said.
    pub answer: Answer,
}

/// What the ledger said to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Allowed {
        /// What became of it, a whole sentence; may be empty.
        outcome: String,
    },
    /// No.
    Refused {
        /// Why, a whole sentence.
        reason: String,
    },
}

/// Something the patient has to know.
#[derive(Clone, Debug)]
pub struct NoticeLine {
    /// The block's time.
    pub at: Timestamp,
    /// The block's height.
    pub height: u64,
    /// What happened, a whole sentence.
    pub text: String,
}

/// One statement that was proved.
#[derive(Clone, Debug)]
pub struct ProofLine {
    /// Who checked it.
    pub verifier: String,
    /// What it learned, a whole sentence.
    pub learned: String,
    /// What it did not learn, a whole sentence.
    pub hidden: String,
}

/// One alteration and how it was noticed.
#[derive(Clone, Debug)]
pub struct CheckLine {
    /// What was altered.
    pub altered: String,
    /// What the check said.
    pub noticed: String,
    /// Whether it was noticed.
    pub detected: bool,
}

/// The page.
#[must_use]
pub fn render(data: &ReportData) -> String {
    let mut points = data.points.clone();
    points.sort_by_key(|point| point.wall_clock);
    let mut page = String::with_capacity(256 << 10);
    page.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str("<meta name=\"referrer\" content=\"no-referrer\">\n");
    page.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
    );
    push!(page, "<title>Glucose report, {}</title>\n", escape(&data.person));
    push!(page, "<style>\n{}</style>\n</head>\n<body>\n<main>\n", include_str!("report/style.css"));
    header(&mut page, data, &points);
    summary::section(&mut page, &points);
    profile::section(&mut page, &points);
    days::section(&mut page, &points);
    ledger::notices(&mut page, &data.notices);
    ledger::grants(&mut page, &data.grants, &points);
    ledger::accesses(&mut page, &data.accesses);
    ledger::proofs(&mut page, &data.proofs);
    ledger::checks_and_rows(&mut page, &data.checks, &data.left_out);
    ledger::network(&mut page, &data.network);
    page.push_str(FOOTER);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn header(page: &mut String, data: &ReportData, points: &[Point]) {
    page.push_str("<header><div>\n");
    push!(page, "<h1>Glucose report</h1>\n<p class=\"soft\">{}", escape(&data.person));
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        push!(page, " · {} to {}", date(first.wall_clock), date(last.wall_clock));
    }
    push!(
        page,
        "</p>\n<p class=\"soft small\">{}. Made {} UTC.</p>\n</div>\n",
        escape(&data.source),
        date_and_clock(data.made)
    );
    let missed = data.checks.iter().filter(|check| !check.detected).count();
    if missed > 0 {
        push!(
            page,
            "<p class=\"seal bad\"><span aria-hidden=\"true\">!</span> Alterations that went unnoticed: {missed}</p>"
        );
    } else if !data.verified.is_empty() {
        let verified = escape(&data.verified);
        push!(page, "<p class=\"seal\"><span aria-hidden=\"true\">✓</span> {verified}</p>");
    }
    push!(page, "\n</header>\n");
}

/// Text for HTML, inside an element or a quoted attribute.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

const FOOTER: &str = "<footer><p>Time in range counts every reading once, without filling gaps; “Low” counts as very low \
and “High” as very high. Mean, variation and the management indicator use readings with a number. Profile: 5th to 95th \
percentile of each quarter of an hour, drawn lightly smoothed. Goals are those of the international consensus for most \
adults with diabetes; yours may differ. This page is no medical advice.</p></footer>\n";

/// Appends formatted text; writing to a string cannot fail.
macro_rules! push {
    ($page:expr, $($text:tt)*) => {{ let _ = write!($page, $($text)*); }};
}
use push;

#[cfg(test)]
mod tests;
