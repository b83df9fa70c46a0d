//! The numbers: time in range and the consensus metrics.

use super::{
    Point, push,
    words::{of_a_day, percent, thousands},
};
use dmledger_core::record::{
    GlucoseBand,
    glycemic::{GlycemicSummary, Tokens},
};
use std::fmt::Write as _;

/// A consensus range: its place in the bar, and its goal.
const BANDS: [(GlucoseBand, &str, &str, &str, &str); 5] = [
    (GlucoseBand::VeryLow, "vl", "Very low", "below 54", "goal: under 1 %"),
    (GlucoseBand::Low, "lo", "Low", "54 to 69", "both lows: under 4 %"),
    (GlucoseBand::Target, "ok", "In range", "70 to 180", "goal: over 70 %"),
    (GlucoseBand::High, "hi", "High", "181 to 250", "both highs: under 25 %"),
    (GlucoseBand::VeryHigh, "vh", "Very high", "above 250", "goal: under 5 %"),
];

pub(super) fn section(page: &mut String, points: &[Point]) {
    let summary = GlycemicSummary::of(points.iter().map(|point| point.measured));
    let share = |band| summary.share(band, Tokens::Counted).percent();
    page.push_str("<section aria-labelledby=\"summary\">\n<h2 id=\"summary\">At a glance</h2>\n<ul class=\"tiles\">\n");
    let in_range = share(GlucoseBand::Target);
    let hours = format!("{} of a day", of_a_day(in_range));
    tile(page, "Time in range", &percent(in_range), "%", &hours);
    if let Some(mean) = summary.mean() {
        let note = format!("{:.1} mmol/L", mean / 18.015_59);
        tile(page, "Mean glucose", &format!("{mean:.0}"), "mg/dL", &note);
    }
    if let Some(indicator) = summary.management_indicator() {
        tile(page, "GMI", &format!("{indicator:.1}"), "%", "estimate of HbA1c");
    }
    if let Some(variation) = summary.variation() {
        let note = if variation <= 36.0 { "stable: at most 36 %" } else { "goal: at most 36 %" };
        tile(page, "Variation", &format!("{variation:.0}"), "%", note);
    }
    let readings = thousands(summary.readings(Tokens::Counted));
    match active(points) {
        Some(active) => tile(page, "Sensor active", &percent(active), "%", &format!("{readings} readings")),
        None => tile(page, "Readings", &readings, "", ""),
    }
    page.push_str("</ul>\n");
    bar(page, &share);
    page.push_str("</section>\n");
}

fn tile(page: &mut String, name: &str, value: &str, unit: &str, note: &str) {
    push!(page, "<li><p class=\"name\">{name}</p><p class=\"value\">{value} <span class=\"unit\">{unit}</span></p>");
    push!(page, "<p class=\"soft small\">{note}</p></li>\n");
}

fn bar(page: &mut String, share: &dyn Fn(GlucoseBand) -> f64) {
    push!(page, "<div class=\"bar\" role=\"img\" aria-label=\"Time in ranges; the numbers follow\">");
    for (band, class, ..) in BANDS {
        let part = share(band);
        if part > 0.0 {
            push!(page, "<span class=\"{class}\" style=\"flex: {part:.3} 1 0\"></span>");
        }
    }
    page.push_str("</div>\n<ul class=\"legend\">\n");
    for (band, class, name, bounds, goal) in BANDS {
        push!(
            page,
            "<li><span class=\"key {class}\" aria-hidden=\"true\"></span><b>{} %</b> {name}",
            percent(share(band))
        );
        push!(page, "<br><span class=\"soft small\">{bounds} · {}<br>{goal}</span></li>\n", of_a_day(share(band)));
    }
    page.push_str("</ul>\n");
}

/// Per cent of the readings that a sensor of the series' own interval would have made from the first to the last.
#[expect(clippy::cast_precision_loss, reason = "for display")]
fn active(points: &[Point]) -> Option<f64> {
    let times: Vec<_> = points.iter().map(|point| point.wall_clock.millis()).collect();
    let mut steps: Vec<_> = times.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?)).collect();
    steps.sort_unstable();
    let step = *steps.get(steps.len() / 2)?;
    let expected = (times.last()? - times.first()?).checked_div(step)? + 1;
    Some((points.len() as f64 * 100.0 / expected as f64).min(100.0))
}
