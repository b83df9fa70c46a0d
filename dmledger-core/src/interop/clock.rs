//! Dates and times as the formats write them.

use crate::{record::ZoneOffset, time::Timestamp};

/// A wall clock and its zone: `2014-02-03T03:42`, seconds and up to nine decimals if given, a blank for the `T`, and
/// `Z`, `+01:00` or `-0700` if the zone is known. Only years from 1970.
pub(super) fn parse(text: &str) -> Option<(Timestamp, ZoneOffset)> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, zone) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) => (rest.get(..at)?, zone(rest.get(at..)?)?),
        None => (rest, ZoneOffset::UNKNOWN),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let date = (i64::from(number(year)?), two(month)?, two(day)?);
    let at = Timestamp::from_civil(date, (0, 0, 0)).ok()?;
    let at = Timestamp::from_millis(at.millis() + time_of_day(time)?);
    (at >= Timestamp::EPOCH).then_some((at, zone))
}

/// Milliseconds since midnight in `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`.
fn time_of_day(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = clock.split(':');
    let (hour, minute) = (two(parts.next()?)?, two(parts.next()?)?);
    let second = parts.next();
    if parts.next().is_some() || (second.is_none() && text.contains('.')) {
        return None;
    }
    let second = second.map_or(Some(0), two)?;
    let in_day = hour < 24 && minute < 60 && second < 60;
    if !in_day || fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis = fraction.bytes().chain(*b"00").take(3).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(((i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second)) * 1000 + millis)
}

fn zone(text: &str) -> Option<ZoneOffset> {
    if text.eq_ignore_ascii_case("z") {
        return Some(ZoneOffset::UTC);
    }
    let (sign, digits) = text.split_at_checked(1)?;
    let (hours, minutes) = digits.split_once(':').or_else(|| digits.split_at_checked(2))?;
    let (hours, minutes) = (i16::from(two(hours)?), i16::from(two(minutes)?));
    let offset = hours * 60 + minutes;
    (minutes < 60).then(|| ZoneOffset::from_minutes(if sign == "-" { -offset } else { offset }).ok()).flatten()
}

/// A number of exactly two digits.
fn two(text: &str) -> Option<u8> {
    if text.len() == 2 { u8::try_from(number(text)?).ok() } else { None }
}

fn number(text: &str) -> Option<u16> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn times_are_read_as_written() {
        for (text, wall_clock, zone) in [
            ("2014-02-03T03:42:00", "2014-02-03T03:42:00.000Z", "zone unknown"),
            ("2014-02-03 03:42", "2014-02-03T03:42:00.000Z", "zone unknown"),
            ("2022-04-04T06:59:46.120Z", "2022-04-04T06:59:46.120Z", "UTC+00:00"),
            ("2018-06-02T00:25:00-0700", "2018-06-02T00:25:00.000Z", "UTC-07:00"),
            ("2018-06-02T00:25:00.5+05:45", "2018-06-02T00:25:00.500Z", "UTC+05:45"),
        ] {
            let (at, found) = parse(text).unwrap();
            assert_eq!((at.to_string().as_str(), found.to_string().as_str()), (wall_clock, zone), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2014-02-03",
            "03-02-2014T03:42:00",
            "2014-02-30T03:42:00",
            "2014-13-03T03:42:00",
            "2014-02-03T24:00:00",
            "2014-02-03T03:60:00",
            "2014-02-03T3:42:00",
            "2014-02-03T03:42:00:00",
            "2014-02-03T03:42:00.",
            "2014-02-03T03:42.5",
            "2014-02-03T03:42:00+1",
            "2014-02-03T03:42:00+19:00",
            "2014-02-03T03:42:00 ",
            "1969-12-31T23:59:59",
            "2014-02-0\u{e9}T03:42:00",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
