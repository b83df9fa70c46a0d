//! Every day by itself, in the columns of the week.

use super::{
    Point,
    draw::{Plane, drawn, part_of_day, polyline},
    push,
    words::{day_and_month, day_number, percent, weekday, weekday_name},
};
use dmledger_core::{
    record::{
        GlucoseBand, Measurement,
        glycemic::{GlycemicSummary, Tokens},
    },
    time::Timestamp,
};
use std::{collections::BTreeMap, fmt::Write as _};

/// Most days drawn: the last ones.
const MAX_DAYS: usize = 28;
/// A line is broken where readings are further apart than this part of a day: 20 minutes.
const GAP: f64 = 20.0 / 1440.0;
const PLANE: Plane = Plane { left: 0.0, top: 0.0, width: 140.0, height: 92.0, ceiling: 320.0 };

pub(super) fn section(page: &mut String, points: &[Point]) {
    let mut days: BTreeMap<i64, Vec<Point>> = BTreeMap::new();
    for point in points {
        days.entry(day_number(point.wall_clock)).or_default().push(*point);
    }
    let hidden = days.len().saturating_sub(MAX_DAYS);
    let shown: Vec<_> = days.into_iter().skip(hidden).collect();
    push!(page, "<section class=\"long\" aria-labelledby=\"days\">\n<h2 id=\"days\">Day by day</h2>\n");
    push!(
        page,
        "<p class=\"soft lead\">Midnight to midnight, with the target in the background and the time in range at the corner."
    );
    if hidden > 0 {
        push!(page, " The last {MAX_DAYS} days of {}.", hidden + MAX_DAYS);
    }
    page.push_str("</p>\n");
    levels(page);
    page.push_str("<div class=\"days\">\n");
    let mut previous = None;
    for (day, points) in &shown {
        let blanks = previous.map_or_else(|| weekday(*day), |last: i64| blanks(last, *day));
        for _ in 0..blanks {
            page.push_str("<div class=\"day blank\"></div>");
        }
        one(page, *day, points);
        previous = Some(*day);
    }
    page.push_str("</div>\n</section>\n");
}

/// Empty places between two days: those of the days between, of a long pause only as many as keep the weekday's column.
fn blanks(last: i64, day: i64) -> usize {
    let between = usize::try_from(day - last - 1).unwrap_or(0);
    if between < 14 { between } else { between % 7 }
}

fn one(page: &mut String, day: i64, points: &[Point]) {
    let summary = GlycemicSummary::of(points.iter().map(|point| point.measured));
    let in_range = percent(summary.share(GlucoseBand::Target, Tokens::Counted).percent());
    let start = Timestamp::from_seconds(day * 86_400);
    push!(page, "<div class=\"day\"><p><span><b>{}</b> {}</span>", weekday_name(day), day_and_month(start));
    push!(page, "<span class=\"soft\">{in_range} %</span></p>");
    push!(page, "<svg viewBox=\"0 0 {} {}\" role=\"img\"><title>", PLANE.width, PLANE.height);
    push!(page, "{} {}: {in_range} % in range", weekday_name(day), day_and_month(start));
    if let (Some(low), Some(high)) = (summary.percentile(0), summary.percentile(100)) {
        push!(page, ", {low:.0} to {high:.0} mg/dL");
    }
    page.push_str("</title>");
    let (top, bottom) = (PLANE.y(180.0), PLANE.y(70.0));
    push!(page, "<rect class=\"zone\" y=\"{top:.1}\" width=\"{}\" height=\"{:.1}\"/>", PLANE.width, bottom - top);
    for noon in [0.25, 0.5, 0.75] {
        push!(page, "<path class=\"grid\" d=\"M{:.1} 0V{}\"/>", PLANE.x(noon), PLANE.height);
    }
    for run in runs(points) {
        push!(page, "<path class=\"trace\" d=\"{}\"/>", polyline(&run));
    }
    tokens(page, points);
    page.push_str("</svg></div>\n");
}

/// Stretches without a gap, in the picture's own measures.
fn runs(points: &[Point]) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut last = f64::NEG_INFINITY;
    for point in points {
        let Some(value) = drawn(point.measured) else { continue };
        let at = part_of_day(point);
        let place = (PLANE.x(at), PLANE.y(value).clamp(1.0, PLANE.height - 1.0));
        match runs.last_mut() {
            Some(run) if at - last <= GAP => run.push(place),
            _ => runs.push(vec![place]),
        }
        last = at;
    }
    // A reading alone is drawn as a dot: a line of no length with round ends.
    for run in &mut runs {
        if let [(x, y)] = run[..] {
            run.push((x + 0.1, y));
        }
    }
    runs
}

/// Marks where the device said only "Low" or "High".
fn tokens(page: &mut String, points: &[Point]) {
    for point in points {
        let x = PLANE.x(part_of_day(point));
        let (class, tip, base) = match point.measured {
            Measurement::BelowRange => ("token-low", PLANE.height, PLANE.height - 6.0),
            Measurement::AboveRange => ("token-high", 0.0, 6.0),
            Measurement::Value(_) | Measurement::NoValue => continue,
        };
        push!(page, "<path class=\"{class}\" d=\"M{x:.1} {tip:.1}L{:.1} {base:.1}H{:.1}Z\"/>", x - 3.5, x + 3.5);
    }
}

/// Colours by level, for every line of a day: hard steps at the bounds of the ranges.
fn levels(page: &mut String) {
    push!(
        page,
        "<svg class=\"defs\" aria-hidden=\"true\"><defs><linearGradient id=\"levels\" gradientUnits=\"userSpaceOnUse\" "
    );
    push!(page, "x1=\"0\" y1=\"0\" x2=\"0\" y2=\"{}\">", PLANE.height);
    let mut from = 0.0;
    for (bound, class) in [(250.0, "vh"), (180.0, "hi"), (69.5, "ok"), (53.5, "lo"), (0.0, "vl")] {
        let to = PLANE.y(bound) / PLANE.height;
        push!(
            page,
            "<stop class=\"stop-{class}\" offset=\"{from:.4}\"/><stop class=\"stop-{class}\" offset=\"{to:.4}\"/>"
        );
        from = to;
    }
    page.push_str("</linearGradient></defs></svg>\n");
}
