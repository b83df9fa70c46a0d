use super::*;
use crate::codec::date_time::DateTime;
use crate::codec::glucose::{ContextNotice, SequenceNumber};
use crate::codec::racp::{OpCode, Request, ResponseCode};
use crate::codec::uuid::GLUCOSE_FEATURE;

const METER: [Uuid; 3] = [GLUCOSE_MEASUREMENT, GLUCOSE_MEASUREMENT_CONTEXT, RECORD_ACCESS_CONTROL_POINT];

/// Drives a machine by hand; every call is a second after the one before.
struct Hand {
    sync: GlucoseSync,
    now: Uptime,
}

impl Hand {
    fn new(config: SyncConfig) -> Self {
        Self { sync: GlucoseSync::new(config), now: Uptime::default() }
    }

    /// Past the subscriptions; the first question has been asked.
    fn subscribed(config: SyncConfig) -> Self {
        let mut hand = Self::new(config);
        assert_eq!(hand.does(Event::Start), [Action::Connect]);
        assert_eq!(hand.does(Event::Connected), []);
        assert_eq!(hand.does(Event::ServicesResolved(&METER)), [Action::Subscribe(METER[0])]);
        assert_eq!(hand.does(Event::Subscribed(METER[0])), [Action::Subscribe(METER[1])]);
        assert_eq!(hand.does(Event::Subscribed(METER[1])), [Action::Subscribe(METER[2])]);
        assert_eq!(hand.does(Event::Subscribed(METER[2])), [write(&[4, 1])]);
        hand
    }

    /// What the machine wants, timers left out.
    fn does(&mut self, event: Event<'_>) -> Vec<Action> {
        self.now = Uptime::from_millis(self.now.millis() + 1000);
        let mut actions = self.sync.handle(event, self.now);
        actions.retain(|action| !matches!(action, Action::SetTimer(_)));
        actions
    }

    fn answer(&mut self, octets: &[u8]) -> Vec<Action> {
        self.does(Event::Value { characteristic: RECORD_ACCESS_CONTROL_POINT, bytes: octets })
    }

    fn measurement(&mut self, octets: &[u8]) -> Vec<Action> {
        self.does(Event::Value { characteristic: GLUCOSE_MEASUREMENT, bytes: octets })
    }

    /// Long silence.
    fn silence(&mut self) -> Vec<Action> {
        self.now = Uptime::from_millis(self.now.millis() + 60_000);
        self.does(Event::Tick)
    }
}

fn write(octets: &[u8]) -> Action {
    Action::Write { characteristic: RECORD_ACCESS_CONTROL_POINT, bytes: octets.to_vec() }
}

fn record(sequence: u16, context: ContextNotice) -> Vec<u8> {
    let at = DateTime::new(2024, 3, 15, 10, 30, 0).unwrap();
    GlucoseMeasurement::new(SequenceNumber::new(sequence), at).with_context(context).to_vec().unwrap()
}

fn outcome(actions: &[Action]) -> &Outcome {
    let Some(Action::Done(outcome)) = actions.last() else { panic!("not over: {actions:?}") };
    outcome
}

fn reason(actions: &[Action]) -> Reason {
    let Outcome::Incomplete(incomplete) = outcome(actions) else { panic!("complete: {actions:?}") };
    incomplete.reason()
}

#[test]
fn a_late_count_is_never_taken_for_the_answer_to_a_newer_question() {
    let mut hand = Hand::subscribed(SyncConfig::new());
    assert_eq!(hand.answer(&[5, 0, 2, 0]), [write(&[1, 1])]);
    assert!(matches!(hand.measurement(&record(1, ContextNotice::None))[..], [Action::Deliver(_)]));
    // The closing answer is lost, and so is record 2: abort, then count again.
    assert_eq!(hand.silence(), [write(&[3, 0])]);
    assert_eq!(hand.answer(&[5, 0, 1, 0]), [], "a count nobody asks for");
    assert_eq!(hand.answer(&[6, 0, 1, 1]), [], "the late answer to the report");
    assert_eq!(hand.answer(&[6, 0, 3, 1]), [write(&[4, 1])]);
    assert_eq!(hand.answer(&[6, 0, 1, 1]), [], "an answer to another question");
    // Still two: the numbers around record 1 are asked for, near gaps together.
    assert_eq!(hand.answer(&[5, 0, 2, 0]), [write(&[1, 1])]);
    assert!(matches!(hand.measurement(&record(2, ContextNotice::None))[..], [Action::Deliver(_)]));
    assert_eq!(hand.answer(&[6, 0, 1, 1]), [write(&[4, 1])]);
    assert_eq!(hand.answer(&[5, 0, 2, 0]), [write(&[4, 4, 1, 0, 0, 0, 0])]);
    assert_eq!(hand.answer(&[5, 0, 0, 0]), [write(&[4, 3, 1, 3, 0])]);
    let end = hand.answer(&[5, 0, 0, 0]);
    assert!(outcome(&end).is_complete());
    assert_eq!(outcome(&end).summary().delivered(), 2);
    assert!(hand.sync.is_finished());
    assert_eq!(hand.measurement(&record(3, ContextNotice::None)), [], "over is over");
}

#[test]
fn a_count_that_grows_while_a_gap_is_counted_is_believed_only_after_a_fresh_count() {
    let mut hand = Hand::subscribed(SyncConfig::new());
    assert_eq!(hand.answer(&[5, 0, 1, 0]), [write(&[1, 1])]);
    hand.measurement(&record(0, ContextNotice::None));
    assert_eq!(hand.answer(&[6, 0, 1, 1]), [write(&[4, 1])]);
    assert_eq!(hand.answer(&[5, 0, 1, 0]), [write(&[4, 3, 1, 1, 0])]);
    // The owner measures: one record behind the gap. It is fetched and everything is counted again.
    assert_eq!(hand.answer(&[5, 0, 1, 0]), [write(&[1, 3, 1, 1, 0])]);
    hand.measurement(&record(1, ContextNotice::None));
    assert_eq!(hand.answer(&[6, 0, 1, 1]), [write(&[4, 1])]);
    assert_eq!(hand.answer(&[5, 0, 2, 0]), [write(&[4, 3, 1, 2, 0])]);
    assert!(outcome(&hand.answer(&[5, 0, 0, 0])).is_complete());
}

#[test]
fn a_meter_without_ranges_counts_a_gap_from_its_start_then_behind_it_and_then_what_was_added() {
    let mut hand = Hand::subscribed(SyncConfig::new());
    assert_eq!(hand.answer(&[5, 0, 4, 0]), [write(&[1, 1])]);
    for number in [0, 2, 3] {
        hand.measurement(&record(number, ContextNotice::None));
    }
    // Record 1 was lost, and record 0 is deleted: the count equals what came.
    assert_eq!(hand.answer(&[6, 0, 1, 1]), [write(&[4, 1])]);
    assert_eq!(hand.answer(&[5, 0, 3, 0]), [write(&[4, 4, 1, 1, 0, 1, 0])]);
    assert_eq!(hand.answer(&[6, 0, 4, 5]), [write(&[4, 1])], "ranges are refused");
    assert_eq!(hand.answer(&[5, 0, 3, 0]), [write(&[4, 3, 1, 1, 0])]);
    // Record 3 is deleted between the two counts: the gap is fetched, not believed to be empty.
    assert_eq!(hand.answer(&[5, 0, 3, 0]), [write(&[4, 3, 1, 2, 0])]);
    assert_eq!(hand.answer(&[5, 0, 1, 0]), [write(&[1, 3, 1, 1, 0])]);
    assert!(matches!(hand.measurement(&record(1, ContextNotice::None))[..], [Action::Deliver(_)]));
    hand.measurement(&record(2, ContextNotice::None));
    assert_eq!(hand.answer(&[6, 0, 1, 1]), [write(&[4, 1])]);
    assert_eq!(hand.answer(&[5, 0, 2, 0]), [write(&[4, 3, 1, 4, 0])], "no gap is left but the end");
    let end = hand.answer(&[5, 0, 0, 0]);
    assert!(matches!(outcome(&end), Outcome::Complete { proof: Proof::EveryGapCounted, .. }));
    // Equal counts of a gap are believed when nothing was added meanwhile.
    let mut hand = Hand::subscribed(SyncConfig::new());
    assert_eq!(hand.answer(&[6, 0, 4, 3]), [write(&[4, 1])], "ranges are refused");
    hand.answer(&[5, 0, 1, 0]);
    hand.measurement(&record(1, ContextNotice::None));
    assert_eq!(hand.answer(&[6, 0, 1, 1]), [write(&[4, 1])]);
    assert_eq!(hand.answer(&[5, 0, 1, 0]), [write(&[4, 3, 1, 0, 0])]);
    assert_eq!(hand.answer(&[5, 0, 1, 0]), [write(&[4, 3, 1, 1, 0])]);
    assert_eq!(hand.answer(&[5, 0, 1, 0]), [write(&[4, 3, 1, 2, 0])], "behind the newest");
    assert_eq!(hand.answer(&[5, 0, 1, 0]), [write(&[1, 3, 1, 2, 0])], "it was added and may hide another");
}

#[test]
fn answers_other_than_success_do_not_complete_a_session() {
    for code in [0, 7, 8, 200] {
        let mut hand = Hand::subscribed(SyncConfig::new().with_fruitless_attempts(2));
        let mut actions = hand.answer(&[5, 0, 1, 0]);
        for _ in 0..20 {
            let asks_to_report = actions.contains(&write(&[1, 1]));
            actions = if asks_to_report { hand.answer(&[6, 0, 1, code]) } else { hand.answer(&[5, 0, 1, 0]) };
            if hand.sync.is_finished() {
                break;
            }
        }
        assert_eq!(reason(&actions), Reason::NoProgress, "code {code}");
    }
    let mut hand = Hand::subscribed(SyncConfig::new());
    assert_eq!(hand.answer(&[6, 0, 4, 2]), [write(&[1, 1])], "what cannot be counted may be sent");
    let refused = hand.answer(&[6, 0, 1, 2]);
    assert_eq!(reason(&refused), Reason::Refused(ResponseCode::OP_CODE_NOT_SUPPORTED));
}

#[test]
fn no_records_is_an_empty_success_in_both_spellings() {
    for octets in [&[5, 0, 0, 0][..], &[6, 0, 4, 6]] {
        let mut hand = Hand::subscribed(SyncConfig::new());
        let end = hand.answer(octets);
        assert!(outcome(&end).is_complete());
        assert_eq!(end.first(), Some(&Action::Disconnect));
    }
}

#[test]
fn att_errors_are_answered_as_the_service_says() {
    let refused = |error| Event::Refused { characteristic: RECORD_ACCESS_CONTROL_POINT, error };
    let mut hand = Hand::subscribed(SyncConfig::new());
    assert_eq!(hand.does(refused(AttError::NOT_SUBSCRIBED)), [Action::Subscribe(METER[0])]);
    let mut hand = Hand::subscribed(SyncConfig::new());
    assert_eq!(hand.does(refused(AttError::PROCEDURE_IN_PROGRESS)), [write(&[3, 0])]);
    assert_eq!(hand.answer(&[6, 0, 3, 1]), [write(&[4, 1])]);
    let mut hand = Hand::subscribed(SyncConfig::new());
    assert_eq!(hand.does(refused(AttError::from_number(0x0E))), [Action::Disconnect]);
    assert_eq!(hand.does(Event::Disconnected), [Action::Connect]);
    for error in [0x05, 0x08, 0x0F] {
        let mut hand = Hand::subscribed(SyncConfig::new());
        assert_eq!(reason(&hand.does(refused(AttError::from_number(error)))), Reason::NotPaired);
    }
}

#[test]
fn a_device_without_the_service_is_no_meter() {
    let mut hand = Hand::new(SyncConfig::new());
    hand.does(Event::Start);
    assert_eq!(reason(&hand.does(Event::ServicesResolved(&[GLUCOSE_FEATURE]))), Reason::NotAGlucoseMeter);
}

#[test]
fn a_dropped_link_is_made_again_and_nothing_received_is_asked_twice() {
    let mut hand = Hand::subscribed(SyncConfig::new());
    hand.answer(&[5, 0, 40, 0]);
    for number in 0..39 {
        assert!(matches!(hand.measurement(&record(number, ContextNotice::None))[..], [Action::Deliver(_)]));
    }
    assert_eq!(hand.does(Event::Disconnected), [Action::Connect]);
    hand.does(Event::ServicesResolved(&METER));
    for characteristic in METER {
        hand.does(Event::Subscribed(characteristic));
    }
    assert_eq!(hand.answer(&[5, 0, 40, 0]), [write(&[1, 3, 1, 39, 0])], "only what is missing");
}

#[test]
fn a_lost_context_is_asked_for_again_and_then_said_to_be_lost() {
    let mut hand = Hand::subscribed(SyncConfig::new().with_fruitless_attempts(1));
    hand.answer(&[5, 0, 1, 0]);
    assert_eq!(hand.measurement(&record(0, ContextNotice::Follows)), [], "not before its context");
    assert_eq!(hand.answer(&[6, 0, 1, 1]), [], "it may be under way");
    assert_eq!(hand.silence(), [write(&[4, 1])]);
    assert_eq!(hand.answer(&[5, 0, 1, 0]), [write(&[4, 3, 1, 1, 0])]);
    assert_eq!(hand.answer(&[5, 0, 0, 0]), [write(&[1, 4, 1, 0, 0, 0, 0])]);
    hand.measurement(&record(0, ContextNotice::Follows));
    hand.answer(&[6, 0, 1, 1]);
    assert_eq!(hand.silence(), [write(&[4, 1])]);
    let end = hand.answer(&[5, 0, 1, 0]);
    let [Action::Deliver(delivered), Action::Disconnect, Action::Done(Outcome::Incomplete(incomplete))] = &end[..]
    else {
        panic!("{end:?}")
    };
    assert_eq!(delivered.context(), &Companion::Lost);
    assert_eq!(incomplete.reason(), Reason::CompanionsLost);
    assert_eq!((incomplete.holes(), incomplete.missing()), (&[][..], Some(0)));
    assert_eq!(incomplete.companions_lost(), [delivered.key()]);
}

#[test]
fn a_context_of_another_round_is_not_joined() {
    let mut hand = Hand::subscribed(SyncConfig::new());
    hand.answer(&[5, 0, 2, 0]);
    let context = GlucoseMeasurementContext::new(SequenceNumber::new(7)).to_vec().unwrap();
    let value = Event::Value { characteristic: GLUCOSE_MEASUREMENT_CONTEXT, bytes: &context };
    assert_eq!(hand.does(value), [], "its measurement was lost");
    hand.answer(&[6, 0, 1, 1]);
    hand.answer(&[5, 0, 2, 0]);
    assert_eq!(hand.measurement(&record(7, ContextNotice::Follows)), [], "waits for its own");
    assert!(matches!(hand.does(value)[..], [Action::Deliver(_)]));
    assert_eq!(hand.does(value), [], "once");
}

#[test]
fn undecodable_and_contradicting_values_are_reported_and_never_delivered() {
    let mut hand = Hand::subscribed(SyncConfig::new());
    hand.answer(&[5, 0, 2, 0]);
    let whole = record(1, ContextNotice::None);
    let cut = hand.measurement(&whole[..9]);
    assert!(
        matches!(&cut[..], [Action::Undecodable { bytes, error: DecodeError::TooShort { .. }, .. }] if *bytes == whole[..9])
    );
    assert!(matches!(hand.measurement(&whole)[..], [Action::Deliver(_)]));
    assert_eq!(hand.measurement(&whole), []);
    let mut other = whole;
    other[0] |= 0x80;
    assert_eq!(hand.measurement(&other), []);
    let end = hand.does(Event::Stop);
    assert_eq!(end, [write(&[3, 0])]);
    let end = hand.answer(&[6, 0, 3, 1]);
    let summary = outcome(&end).summary();
    assert_eq!((summary.undecodable(), summary.duplicates(), summary.conflicts().len()), (1, 1, 1));
    assert_eq!(reason(&end), Reason::Stopped);
}

#[test]
fn stop_ends_a_session_in_every_phase() {
    let mut hand = Hand::new(SyncConfig::new());
    hand.does(Event::Start);
    assert_eq!(reason(&hand.does(Event::Stop)), Reason::Stopped);
    let mut hand = Hand::subscribed(SyncConfig::new());
    assert_eq!(hand.does(Event::Stop), [write(&[3, 0])]);
    assert_eq!(reason(&hand.silence()), Reason::Stopped, "also when the abort stays unanswered");
    let mut hand = Hand::subscribed(SyncConfig::new());
    hand.does(Event::Stop);
    assert_eq!(reason(&hand.does(Event::Disconnected)), Reason::Stopped);
}

#[test]
fn time_is_limited_also_for_a_device_that_never_falls_silent() {
    let mut hand = Hand::subscribed(SyncConfig::new());
    hand.answer(&[5, 0, 1, 0]);
    let same = record(1, ContextNotice::None);
    let mut actions = Vec::new();
    for _ in 0..2000 {
        actions = hand.measurement(&same);
        if hand.sync.is_finished() {
            break;
        }
    }
    assert_eq!(reason(&actions), Reason::OutOfTime);
}

#[test]
fn the_timer_asked_for_is_the_next_deadline() {
    let mut sync = GlucoseSync::new(SyncConfig::new());
    let timer = |actions: &[Action]| {
        actions.iter().find_map(|action| if let Action::SetTimer(at) = action { Some(at.millis()) } else { None })
    };
    assert_eq!(timer(&sync.handle(Event::Start, Uptime::from_millis(10))), Some(60_010));
    let resolved = sync.handle(Event::ServicesResolved(&METER), Uptime::from_millis(20));
    assert_eq!(timer(&resolved), Some(5020), "an answer is due earlier than a link");
    assert_eq!(timer(&sync.handle(Event::Tick, Uptime::from_millis(30))), Some(5020), "an early tick changes nothing");
}

#[test]
fn requests_of_every_question_are_readable_by_a_device() {
    for ask in [Ask::CountScope(SequenceRange::ALL), Ask::Report(SequenceRange::ALL), Ask::ReportLast] {
        for operators in [Operators::Within, Operators::AtLeast, Operators::AllOnly] {
            let octets = ask::octets(ask.request(operators));
            assert_eq!(Request::decode(&octets), Ok(ask.request(operators)));
            assert!(matches!(ask.op_code(), OpCode::REPORT_NUMBER | OpCode::REPORT_RECORDS));
        }
    }
}

/// A device that answers every question by sending these records and ending its report in success.
fn sends_instead(hand: &mut Hand, numbers: &[u16]) -> Vec<Action> {
    for number in numbers {
        hand.measurement(&record(*number, ContextNotice::None));
    }
    hand.answer(&[6, 0, 1, 1])
}

#[test]
fn a_device_that_sends_instead_of_counting_is_complete_when_reports_agree_without_a_gap() {
    let mut hand = Hand::subscribed(SyncConfig::new());
    assert_eq!(sends_instead(&mut hand, &[1, 3]), [write(&[4, 1])], "asked to count once more");
    // The second time number 2 is there: it brought something new, so it agrees with nothing.
    assert_eq!(sends_instead(&mut hand, &[1, 2, 3]), [write(&[1, 1])]);
    let end = sends_instead(&mut hand, &[1, 2, 3]);
    assert!(matches!(outcome(&end), Outcome::Complete { proof: Proof::ReportsAgree, .. }));
    assert_eq!(outcome(&end).summary().delivered(), 3);
}

#[test]
fn a_device_that_cannot_count_and_leaves_a_gap_is_complete_only_when_the_gap_is_reported_empty() {
    for (empty, complete) in [(&[6, 0, 1, 6], true), (&[6, 0, 1, 1], false)] {
        let mut hand = Hand::subscribed(SyncConfig::new().with_fruitless_attempts(2));
        assert_eq!(hand.answer(&[6, 0, 4, 2]), [write(&[1, 1])], "op code not supported");
        assert_eq!(sends_instead(&mut hand, &[1, 3]), [write(&[1, 1])]);
        let mut actions = sends_instead(&mut hand, &[1, 3]);
        assert_eq!(actions, [write(&[1, 4, 1, 2, 0, 2, 0])], "the gap");
        while !hand.sync.is_finished() {
            actions = hand.answer(empty);
        }
        assert_eq!(outcome(&actions).is_complete(), complete);
        if let Outcome::Incomplete(incomplete) = outcome(&actions) {
            assert!(incomplete.holes().iter().any(|hole| hole.contains(SequenceNumber::new(2))));
        }
    }
}

#[test]
fn a_repeated_answer_does_not_make_a_device_one_that_cannot_count() {
    let mut hand = Hand::subscribed(SyncConfig::new());
    assert_eq!(hand.answer(&[6, 0, 1, 1]), [], "no record came with it");
    hand.measurement(&record(0, ContextNotice::None));
    assert_eq!(hand.answer(&[6, 0, 1, 1]), [write(&[4, 1])], "once is no habit");
    assert_eq!(hand.answer(&[5, 0, 1, 0]), [write(&[4, 3, 1, 1, 0])], "it counts");
    let end = hand.answer(&[5, 0, 0, 0]);
    assert!(matches!(outcome(&end), Outcome::Complete { proof: Proof::EveryGapCounted, .. }));
}

#[test]
fn without_a_radio_the_session_ends_at_once() {
    let mut hand = Hand::subscribed(SyncConfig::new());
    assert_eq!(reason(&hand.does(Event::RadioGone)), Reason::RadioGone);
    let mut hand = Hand::new(SyncConfig::new());
    hand.does(Event::Start);
    assert_eq!(reason(&hand.does(Event::NotPaired)), Reason::NotPaired);
}
