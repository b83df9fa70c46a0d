//! The ambulatory glucose profile: all days laid over one another.

use super::{
    Point,
    draw::{Plane, curve},
    push,
    words::day_number,
};
use dmledger_core::record::glycemic::{BINS, DailyProfile, Percentiles};
use std::{collections::BTreeSet, fmt::Write as _};

const WIDTH: f64 = 1070.0;
const HEIGHT: f64 = 400.0;
/// Days that a report usually covers.
const USUAL_DAYS: usize = 14;

pub(super) fn section(page: &mut String, points: &[Point]) {
    let values = points.iter().filter_map(|point| Some((point.wall_clock, point.measured.glucose()?)));
    let profile = DailyProfile::of(values);
    push!(page, "<section aria-labelledby=\"profile\">\n<h2 id=\"profile\">A usual day</h2>\n");
    push!(
        page,
        "<p class=\"soft lead\">All days laid over one another by the clock. Half of the time you were in the dark band, \
nine times out of ten in the light one."
    );
    let days: BTreeSet<_> = points.iter().map(|point| day_number(point.wall_clock)).collect();
    if days.len() < USUAL_DAYS {
        push!(page, " Days in this picture: {}; it is a rough one, {USUAL_DAYS} are usual.", days.len());
    }
    page.push_str("</p>\n");
    picture(page, &profile);
    page.push_str(
        "<p class=\"profile-key small soft\"><span><i style=\"background: var(--median); height: 4px; vertical-align: 3px\"></i>median</span>\
<span><i style=\"background: var(--band-mid)\"></i>25 to 75 %</span>\
<span><i style=\"background: var(--band-wide)\"></i>5 to 95 %</span>\
<span><i style=\"background: var(--target-zone); outline: 1px solid var(--target)\"></i>target, 70 to 180 mg/dL</span></p>\n</section>\n",
    );
}

fn picture(page: &mut String, profile: &DailyProfile) {
    let smooth = smoothed(profile.bins());
    let top = smooth.iter().flatten().map(|bin| bin.p95).fold(0.0, f64::max);
    let ceiling = if top > 335.0 {
        420.0
    } else if top > 285.0 {
        350.0
    } else {
        300.0
    };
    let plane = Plane { left: 46.0, top: 12.0, width: WIDTH - 62.0, height: HEIGHT - 44.0, ceiling };
    push!(page, "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"profile-title profile-text\">\n");
    push!(
        page,
        "<title id=\"profile-title\">Glucose by time of day</title>\n<desc id=\"profile-text\">{}</desc>\n",
        in_words(&smooth)
    );
    axes(page, &plane);
    for run in runs(&smooth) {
        band(page, &plane, &run, "wide", |bin| (bin.p5, bin.p95));
        band(page, &plane, &run, "mid", |bin| (bin.p25, bin.p75));
    }
    for bound in [70.0, 180.0] {
        let y = plane.y(bound);
        push!(page, "<path class=\"zone-edge\" d=\"M{:.1} {y:.1}H{:.1}\"/>\n", plane.left, plane.right());
    }
    for run in runs(&smooth) {
        let median: Vec<_> = run.iter().map(|(place, bin)| (across(&plane, *place), plane.y(bin.p50))).collect();
        let path = curve(&median);
        push!(page, "<path class=\"halo\" d=\"{path}\"/><path class=\"median\" d=\"{path}\"/>\n");
    }
    page.push_str("</svg>\n");
}

fn axes(page: &mut String, plane: &Plane) {
    let (left, right, bottom) = (plane.left, plane.right(), plane.bottom());
    let (zone_top, zone_end) = (plane.y(180.0), plane.y(70.0));
    push!(
        page,
        "<rect class=\"zone\" x=\"{left:.1}\" y=\"{zone_top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>\n",
        plane.width,
        zone_end - zone_top
    );
    for hour in (0..=24).step_by(3) {
        let x = plane.x(f64::from(hour) / 24.0);
        push!(page, "<path class=\"grid\" d=\"M{x:.1} {:.1}V{bottom:.1}\"/>", plane.top);
        push!(page, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{hour:02}:00</text>\n", bottom + 20.0);
    }
    for value in [54.0, 70.0, 180.0, 250.0, 350.0] {
        if value > plane.ceiling {
            continue;
        }
        let y = plane.y(value);
        let class = if value == 70.0 || value == 180.0 { " class=\"strong\"" } else { "" };
        push!(page, "<path class=\"grid\" d=\"M{left:.1} {y:.1}H{right:.1}\"/>");
        push!(
            page,
            "<text{class} x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.0}</text>\n",
            left - 8.0,
            y + 4.0
        );
    }
    push!(page, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">mg/dL</text>\n", left - 8.0, bottom + 4.0);
}

type Run = Vec<(usize, Percentiles)>;

fn band(page: &mut String, plane: &Plane, run: &Run, class: &str, of: fn(&Percentiles) -> (f64, f64)) {
    let side = |upper: bool| -> Vec<_> {
        run.iter()
            .map(|(place, bin)| (across(plane, *place), plane.y(if upper { of(bin).1 } else { of(bin).0 })))
            .collect()
    };
    let mut lower = side(false);
    lower.reverse();
    let back = curve(&lower).replacen('M', "L", 1);
    push!(page, "<path class=\"{class}\" d=\"{}{back}Z\"/>\n", curve(&side(true)));
}

/// The middle of a bin; the first and last reach the edges of the day.
#[expect(clippy::cast_precision_loss, reason = "96 bins")]
fn across(plane: &Plane, bin: usize) -> f64 {
    match bin {
        0 => plane.left,
        last if last + 1 == BINS => plane.right(),
        _ => plane.x((bin as f64 + 0.5) / BINS as f64),
    }
}

/// Stretches of bins without a gap.
fn runs(bins: &[Option<Percentiles>]) -> Vec<Run> {
    let mut runs: Vec<Run> = vec![Vec::new()];
    for (place, bin) in bins.iter().enumerate() {
        match (bin, runs.last_mut()) {
            (Some(bin), Some(run)) => run.push((place, *bin)),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| run.len() > 1);
    runs
}

/// Each bin with half the weight of its neighbours, around midnight too: for the eye only.
fn smoothed(bins: &[Option<Percentiles>]) -> Vec<Option<Percentiles>> {
    let count = bins.len();
    let at = |place: usize| bins.get(place % count).copied().flatten();
    (0..count)
        .map(|place| {
            let here = at(place)?;
            let near =
                [(here, 2.0), (at(place + 1).unwrap_or(here), 1.0), (at(place + count - 1).unwrap_or(here), 1.0)];
            let mean =
                |of: fn(&Percentiles) -> f64| near.iter().map(|(bin, weight)| of(bin) * weight).sum::<f64>() / 4.0;
            Some(Percentiles {
                p5: mean(|bin| bin.p5),
                p25: mean(|bin| bin.p25),
                p50: mean(|bin| bin.p50),
                p75: mean(|bin| bin.p75),
                p95: mean(|bin| bin.p95),
            })
        })
        .collect()
}

/// The picture for those who do not see it.
fn in_words(bins: &[Option<Percentiles>]) -> String {
    let known = || bins.iter().enumerate().filter_map(|(place, bin)| Some((place, bin.as_ref()?.p50)));
    let lowest = known().min_by(|a, b| a.1.total_cmp(&b.1));
    let highest = known().max_by(|a, b| a.1.total_cmp(&b.1));
    let (Some((low_at, low)), Some((high_at, high))) = (lowest, highest) else { return "No readings.".to_owned() };
    let clock = |bin: usize| format!("{:02}:{:02}", bin / 4, bin % 4 * 15);
    format!(
        "The median is lowest at {}, {low:.0} mg/dL, and highest at {}, {high:.0} mg/dL. The target is 70 to 180 mg/dL.",
        clock(low_at),
        clock(high_at)
    )
}
