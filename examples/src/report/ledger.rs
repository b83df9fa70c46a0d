//! What the ledger knows: rights, requests, proofs, checks.

use super::{
    AccessLine, Answer, CheckLine, GrantLine, NoticeLine, Point, ProofLine, escape, push,
    words::{clock, date, date_and_clock, day_and_month, thousands},
};
use dmledger_core::{
    consent::Standing,
    time::{TimeRange, Timestamp},
};
use std::fmt::Write as _;

pub(super) fn grants(page: &mut String, grants: &[GrantLine], points: &[Point]) {
    push!(
        page,
        "<section class=\"long\" aria-labelledby=\"grants\">\n<h2 id=\"grants\">Who can read what, until when</h2>\n"
    );
    if grants.is_empty() {
        page.push_str("<p class=\"soft\">Nobody but you: no right has been given.</p>\n</section>\n");
        return;
    }
    page.push_str("<p class=\"soft lead\">Only you give these rights, and you can take back each of them. The bar shows which part of your readings it covers.</p>\n");
    page.push_str("<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Who</th><th scope=\"col\">May</th><th scope=\"col\">Readings of</th><th scope=\"col\">Until</th><th scope=\"col\">Now</th></tr></thead>\n<tbody>\n");
    for grant in grants {
        let (class, status) = standing(&grant.standing);
        push!(page, "<tr><td><b>{}</b></td>", escape(&grant.grantee));
        push!(
            page,
            "<td>{}<br><span class=\"soft small\">for {}</span></td>",
            escape(&grant.right),
            escape(&grant.purpose)
        );
        push!(page, "<td>{}{}</td>", span(&grant.range), covered(grant, points));
        push!(page, "<td>{}</td>", escape(&date_and_clock(grant.until)));
        push!(page, "<td><span class=\"pill {class}\">{status}</span></td></tr>\n");
    }
    page.push_str("</tbody></table></div>\n</section>\n");
}

/// Where a right stands, in plain words, and the class of the words.
fn standing(standing: &Standing) -> (&'static str, String) {
    match standing {
        Standing::InForce => ("yes", "in force".to_owned()),
        Standing::NotYetValid { from } => ("idle", format!("begins {}", date_and_clock(*from))),
        Standing::HeightNotReached { from } => ("idle", format!("begins at block {}", thousands(from.value()))),
        Standing::Exhausted { quota: 1 } => ("idle", "used up: its one request was served".to_owned()),
        Standing::Exhausted { quota } => ("idle", format!("used up: all {quota} requests were served")),
        Standing::Revoked { height } => ("no", format!("taken back at block {}", thousands(height.value()))),
        Standing::Renounced { height } => ("idle", format!("given up by them at block {}", thousands(height.value()))),
        Standing::Superseded { .. } => ("idle", "replaced by another right".to_owned()),
        Standing::Terminated { .. } => ("idle", "ended with its agreement".to_owned()),
        _ => ("idle", "over".to_owned()),
    }
}

/// `3 Feb to 17 Feb 2014`: the first and the last day inside.
fn span(range: &TimeRange) -> String {
    let (start, end) = (range.start(), range.end());
    if start == Timestamp::MIN || end == Timestamp::MAX {
        return format!("{} to {}", date(start), date(end));
    }
    // The end is the first instant outside.
    let last = Timestamp::from_millis(end.millis() - 1);
    match (start.date(), last.date()) {
        (first, last_day) if first == last_day => date(start),
        (first, last_day) if first.0 == last_day.0 => format!("{} to {}", day_and_month(start), date(last)),
        _ => format!("{} to {}", date(start), date(last)),
    }
}

/// A bar of all readings' time with the granted part filled.
#[expect(clippy::cast_precision_loss, reason = "for drawing")]
fn covered(grant: &GrantLine, points: &[Point]) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return String::new() };
    let (start, end) = (first.wall_clock.millis(), last.wall_clock.millis() + 1);
    let part = |at: i64| (at.clamp(start, end) - start) as f64 * 100.0 / (end - start) as f64;
    let (from, to) = (part(grant.range.start().millis()), part(grant.range.end().millis()));
    let off = if grant.standing == Standing::InForce { "" } else { " off" };
    let width = (to - from).max(if to > from { 1.5 } else { 0.0 });
    format!(
        "<div class=\"span{off}\" aria-hidden=\"true\"><i style=\"left: {from:.1}%; width: {width:.1}%\"></i></div>"
    )
}

pub(super) fn accesses(page: &mut String, accesses: &[AccessLine]) {
    push!(page, "<section class=\"long\" aria-labelledby=\"log\">\n<h2 id=\"log\">Who asked, and what happened</h2>\n");
    if accesses.is_empty() {
        page.push_str("<p class=\"soft\">Nobody has asked for your readings.</p>\n</section>\n");
        return;
    }
    page.push_str("<p class=\"soft lead\">Every request is written down for good before anything is opened, also when the answer is no.</p>\n<ol class=\"log\">\n");
    for access in accesses {
        let (class, word, rest) = match &access.answer {
            Answer::Allowed { outcome } => ("yes", "allowed", outcome),
            Answer::Refused { reason } => ("no", "refused", reason),
        };
        push!(
            page,
            "<li><span class=\"soft small\">{}, {}<br>block {}</span>",
            day_and_month(access.at),
            clock(access.at),
            thousands(access.height)
        );
        push!(page, "<span><span class=\"pill {class}\">{word}</span></span>");
        push!(
            page,
            "<span><b>{}</b> asked for {}. {}</span></li>\n",
            escape(&access.who),
            escape(&access.what),
            escape(rest)
        );
    }
    page.push_str("</ol>\n</section>\n");
}

pub(super) fn notices(page: &mut String, notices: &[NoticeLine]) {
    if notices.is_empty() {
        return;
    }
    push!(page, "<section aria-labelledby=\"notices\">\n<h2 id=\"notices\">What happened in an emergency</h2>\n");
    page.push_str("<p class=\"soft lead\">Somebody read without a right from you, because those you trust agreed. Nothing of it can be hidden from you.</p>\n<ol class=\"log\">\n");
    for notice in notices {
        push!(
            page,
            "<li><span class=\"soft small\">{}, {}<br>block {}</span>",
            day_and_month(notice.at),
            clock(notice.at),
            thousands(notice.height)
        );
        push!(
            page,
            "<span><span class=\"pill no\">emergency</span></span><span>{}</span></li>\n",
            escape(&notice.text)
        );
    }
    page.push_str("</ol>\n</section>\n");
}

pub(super) fn proofs(page: &mut String, proofs: &[ProofLine]) {
    if proofs.is_empty() {
        return;
    }
    push!(page, "<section aria-labelledby=\"proofs\">\n<h2 id=\"proofs\">Shown without showing</h2>\n");
    page.push_str("<p class=\"soft lead\">Statements about your readings that others checked for themselves, without seeing a reading.</p>\n<ul class=\"cards\">\n");
    for proof in proofs {
        push!(page, "<li><b>{}</b>{}", escape(&proof.verifier), escape(&proof.learned));
        push!(page, "<br><span class=\"soft small\">{}</span></li>\n", escape(&proof.hidden));
    }
    page.push_str("</ul>\n</section>\n");
}

pub(super) fn checks_and_rows(page: &mut String, checks: &[CheckLine], left_out: &[(String, u64)]) {
    page.push_str("<div class=\"pair\">\n");
    push!(page, "<section aria-labelledby=\"checks\">\n<h2 id=\"checks\">What would be noticed</h2>\n");
    page.push_str(
        "<p class=\"soft lead\">These were altered on purpose, to see whether it shows.</p>\n<ul class=\"plain\">\n",
    );
    for check in checks {
        let (class, word) = if check.detected { ("yes", "noticed") } else { ("no", "not noticed") };
        push!(page, "<li><span class=\"pill {class}\">{word}</span> <b>{}</b>", escape(&check.altered));
        push!(page, "<br><span class=\"soft small\">{}</span></li>\n", escape(&check.noticed));
    }
    if checks.is_empty() {
        page.push_str("<li class=\"soft\">Nothing was tried.</li>\n");
    }
    page.push_str("</ul>\n</section>\n");
    push!(page, "<section aria-labelledby=\"rows\">\n<h2 id=\"rows\">What was not taken in</h2>\n");
    page.push_str("<p class=\"soft lead\">Rows of the device's data that are no readings. None is dropped in silence.</p>\n<ul class=\"plain\">\n");
    for (reason, number) in left_out {
        push!(page, "<li><b>{}</b> {}</li>\n", thousands(*number), escape(reason));
    }
    if left_out.is_empty() {
        page.push_str("<li>Every row is a reading.</li>\n");
    }
    page.push_str("</ul>\n</section>\n</div>\n");
}

pub(super) fn network(page: &mut String, facts: &[(String, String)]) {
    if facts.is_empty() {
        return;
    }
    page.push_str(
        "<section aria-labelledby=\"network\">\n<h2 id=\"network\">Where this is kept</h2>\n<dl class=\"facts\">\n",
    );
    for (name, value) in facts {
        push!(page, "<dt>{}</dt><dd>{}</dd>\n", escape(name), escape(value));
    }
    page.push_str("</dl>\n</section>\n");
}
