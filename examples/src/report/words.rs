//! Times, shares and numbers as a person reads them.

use dmledger_core::time::Timestamp;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `3 Feb 2014`; "the beginning" and "no end" for the ends of time.
#[must_use]
pub fn date(at: Timestamp) -> String {
    match at {
        Timestamp::MIN => "the beginning".to_owned(),
        Timestamp::MAX => "no end".to_owned(),
        _ => format!("{} {}", day_and_month(at), at.date().0),
    }
}

/// `3 Feb`.
pub(super) fn day_and_month(at: Timestamp) -> String {
    let (_, month, day) = at.date();
    format!("{day} {}", MONTHS.get(usize::from(month).saturating_sub(1)).copied().unwrap_or_default())
}

/// `03:42`.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    let minutes = at.millis().rem_euclid(86_400_000) / 60_000;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// `3 Feb 2014, 03:42`.
#[must_use]
pub fn date_and_clock(at: Timestamp) -> String {
    if at == Timestamp::MIN || at == Timestamp::MAX { date(at) } else { format!("{}, {}", date(at), clock(at)) }
}

/// Days since 1970.
pub(super) const fn day_number(at: Timestamp) -> i64 {
    at.millis().div_euclid(86_400_000)
}

/// 0 for Monday.
pub(super) const fn weekday(day: i64) -> usize {
    // 1 January 1970 was a Thursday.
    (day + 3).rem_euclid(7).unsigned_abs() as usize
}

pub(super) fn weekday_name(day: i64) -> &'static str {
    WEEKDAYS.get(weekday(day)).copied().unwrap_or_default()
}

/// A share in per cent: one decimal below 10, none above; never 0 for something, never 100 for not everything.
pub(super) fn percent(value: f64) -> String {
    if value <= 0.0 {
        "0".to_owned()
    } else if value < 0.1 {
        "&lt; 0.1".to_owned()
    } else if value < 9.95 {
        format!("{value:.1}")
    } else if (99.5..100.0).contains(&value) {
        format!("{:.1}", value.min(99.9))
    } else {
        format!("{value:.0}")
    }
}

/// The part of a day that a share stands for: `18 h 40 min`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1440 minutes")]
pub(super) fn of_a_day(percent: f64) -> String {
    let minutes = (percent.clamp(0.0, 100.0) * 14.4).round() as u32;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// `1,234`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_to_nothing_or_to_all() {
        for (value, text) in [
            (0.0, "0"),
            (0.01, "&lt; 0.1"),
            (0.5, "0.5"),
            (9.94, "9.9"),
            (9.96, "10"),
            (99.4, "99"),
            (99.97, "99.9"),
            (100.0, "100"),
        ] {
            assert_eq!(percent(value), text);
        }
    }

    #[test]
    fn times_read_as_a_person_writes_them() {
        let at = Timestamp::from_civil((2014, 2, 3), (3, 42, 0)).unwrap();
        assert_eq!(date_and_clock(at), "3 Feb 2014, 03:42");
        assert_eq!((date_and_clock(Timestamp::MAX), date(Timestamp::MIN)), ("no end".into(), "the beginning".into()));
        assert_eq!((weekday_name(day_number(at)), weekday(day_number(at))), ("Mon", 0));
        assert_eq!(
            (of_a_day(77.8).as_str(), of_a_day(0.2).as_str(), of_a_day(100.0).as_str()),
            ("18 h 40 min", "3 min", "24 h")
        );
        assert_eq!(
            (thousands(7).as_str(), thousands(1234).as_str(), thousands(1_000_000).as_str()),
            ("7", "1,234", "1,000,000")
        );
    }
}
