use super::*;
use crate::{record::GlucoseUnit, time::Timestamp};
use alloc::vec::Vec;

fn mg(text: &str) -> Glucose {
    Glucose::parse(text, GlucoseUnit::MgPerDl).unwrap()
}

fn summary(values: &[&str]) -> GlycemicSummary {
    GlycemicSummary::of(values.iter().map(|text| match *text {
        "Low" => Measurement::BelowRange,
        "High" => Measurement::AboveRange,
        "-" => Measurement::NoValue,
        number => mg(number).into(),
    }))
}

fn close(found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|found| (found - expected).abs() < 1e-9), "{found:?} is not {expected}");
}

#[test]
fn metrics_are_those_of_a_hand_computed_series() {
    // Mean 130, deviations -80 -30 0 30 80: sum of squares 14,600, variance 3,650.
    let summary = summary(&["50", "100", "130", "160", "210"]);
    close(summary.mean(), 130.0);
    close(summary.standard_deviation(), 60.415_229_867_972_86);
    close(summary.variation(), 46.473_253_744_594_51);
    close(summary.management_indicator(), 6.4196);
    close(summary.risk_index(), 3.0 * 20.0 + 0.8 * 20.0);
    close(summary.percentile(50), 130.0);
    close(summary.percentile(5), 60.0);
    close(summary.percentile(95), 200.0);
    close(summary.percentile(100), 210.0);
    let shares: Vec<_> = [GlucoseBand::VeryLow, GlucoseBand::Low, GlucoseBand::Target, GlucoseBand::High]
        .map(|band| summary.share(band, Tokens::LeftOut).part())
        .into();
    assert_eq!(shares, [1, 0, 3, 1]);
    assert_eq!((summary.tight_range().part(), summary.tight_range().whole()), (2, 5));
}

#[test]
fn tokens_count_only_when_asked_for() {
    let summary = summary(&["Low", "100", "High", "High", "-"]);
    let very_high = |tokens| summary.share(GlucoseBand::VeryHigh, tokens);
    assert_eq!((very_high(Tokens::LeftOut).part(), very_high(Tokens::LeftOut).whole()), (0, 1));
    assert_eq!((very_high(Tokens::Counted).part(), very_high(Tokens::Counted).whole()), (2, 4));
    assert_eq!(summary.share(GlucoseBand::VeryLow, Tokens::Counted).part(), 1);
    assert_eq!((summary.tokens(), summary.values()), ((1, 2), 1));
}

#[test]
fn a_share_meets_its_goal_exactly_at_the_bound() {
    let seven_of_ten = Share { part: 7, whole: 10 };
    assert!(seven_of_ten.is_at_least(70) && !seven_of_ten.is_at_least(71));
    assert!(!Share { part: 0, whole: 0 }.is_at_least(0));
    assert!((seven_of_ten.percent() - 70.0).abs() < 1e-12);
}

#[test]
fn nothing_has_no_metrics_and_one_value_no_deviation() {
    let none = summary(&["Low"]);
    assert_eq!((none.mean(), none.percentile(50), none.risk_index()), (None, None, None));
    let one = summary(&["100"]);
    close(one.mean(), 100.0);
    assert_eq!((one.standard_deviation(), one.variation()), (None, None));
}

#[test]
fn a_value_in_mmol_counts_in_its_own_range_and_adds_in_mg() {
    let ten = Glucose::parse("10.0", GlucoseUnit::MmolPerL).unwrap();
    let summary = GlycemicSummary::of([ten.into()]);
    assert_eq!(summary.share(GlucoseBand::Target, Tokens::LeftOut).part(), 1);
    close(summary.mean(), 180.1559);
}

#[test]
fn values_fall_into_the_quarter_hours_of_their_clock() {
    let at = |hour, minute| Timestamp::from_civil((2024, 2, 29), (hour, minute, 59)).unwrap();
    let values = [(at(0, 0), "100"), (at(0, 14), "110"), (at(0, 15), "150"), (at(23, 59), "60")];
    let profile = DailyProfile::of(values.map(|(at, text)| (at, mg(text))));
    let medians: Vec<_> = profile.bins().iter().map(|bin| bin.map(|bin| bin.p50)).collect();
    assert_eq!(medians.len(), BINS);
    close(medians[0], 105.0);
    close(medians[1], 150.0);
    close(medians[95], 60.0);
    assert_eq!(medians.iter().flatten().count(), 3);
}
