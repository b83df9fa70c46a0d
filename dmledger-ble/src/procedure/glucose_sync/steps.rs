//! The decisions of a synchronisation: what to ask next, what an answer means, when it is over.

use alloc::vec::Vec;

use super::ask::{Ask, GapCount, GapPart, Operators, octets};
use super::range::{SequenceRange, clusters};
use super::{Action, Continuity, GlucoseSync, Incomplete, Outcome, Phase, Proof, Reason};
use crate::codec::racp::{OpCode, Request, Response, ResponseCode};
use crate::codec::uuid::RECORD_ACCESS_CONTROL_POINT;
use crate::procedure::Uptime;

impl GlucoseSync {
    pub(super) fn connect(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        self.phase = Phase::Linking { closing: false, since: now };
        actions.push(Action::Connect);
    }

    pub(super) fn connect_again(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        self.summary.reconnects = self.summary.reconnects.saturating_add(1);
        self.connect(now, actions);
    }

    /// Drops a link that no longer answers; a new one follows.
    pub(super) fn reconnect(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        self.phase = Phase::Linking { closing: true, since: now };
        actions.push(Action::Disconnect);
    }

    /// Asks for the subscription with this index, or begins to ask questions when all are in place.
    pub(super) fn subscribe(&mut self, index: usize, now: Uptime, actions: &mut Vec<Action>) {
        match self.subscriptions.get(index) {
            Some(characteristic) => {
                self.phase = Phase::Subscribing { index, since: now };
                actions.push(Action::Subscribe(*characteristic));
            }
            None => {
                // What was counted on another link may have changed since.
                self.forget_counts();
                self.last_checked = false;
                self.next(now, actions);
            }
        }
    }

    pub(super) fn abort(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        self.phase = Phase::Aborting { since: now };
        self.write(Request::Abort, actions);
    }

    fn write(&mut self, request: Request, actions: &mut Vec<Action>) {
        self.summary.requests = self.summary.requests.saturating_add(1);
        actions.push(Action::Write { characteristic: RECORD_ACCESS_CONTROL_POINT, bytes: octets(request) });
    }

    fn ask(&mut self, ask: Ask, now: Uptime, actions: &mut Vec<Action>) {
        self.reports.asked(self.collected.progress());
        self.window.asked(self.collected.len_in(self.scope));
        if !ask.counts() {
            self.collected.forget_orphans();
            self.count = None;
            self.last_seen = None;
        }
        self.phase = Phase::Asking { ask, since: now };
        self.write(ask.request(self.operators), actions);
    }

    fn forget_counts(&mut self) {
        self.count = None;
        self.verified.clear();
        self.fetch.clear();
    }

    /// Chooses the next question, or ends the session.
    pub(super) fn next(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        if self.stopping {
            return self.give_up(Reason::Stopped, actions);
        }
        if let Some(range) = self.fetch.pop_front() {
            let (range, rest) = self.window.cut(range, self.operators);
            rest.into_iter().for_each(|rest| self.fetch.push_front(rest));
            return self.ask(Ask::Report(range), now, actions);
        }
        if self.reports.is_uncounted() {
            if self.asks_without_count(now, actions) {
                return;
            }
            if self.must_restart(None) {
                return self.restart(now, actions);
            }
        } else {
            let Some(count) = self.count else {
                return self.ask(Ask::CountScope(self.scope), now, actions);
            };
            if usize::from(count) > self.collected.len_in(self.scope) {
                return self.fetch_missing(now, actions);
            }
            if self.must_restart(Some(count)) {
                return self.restart(now, actions);
            }
            if let Some(gap) = self.first_unverified_gap(count) {
                return self.ask(Ask::CountGap { gap, part: GapPart::Start }, now, actions);
            }
        }
        self.next_with_all_records(now, actions);
    }

    /// Every record in scope is here: is it the newest, and are the companions here too?
    fn next_with_all_records(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        if self.scope != SequenceRange::ALL && !self.last_checked {
            return self.ask(Ask::ReportLast, now, actions);
        }
        if self.collected.is_waiting() {
            let waiting = self.collected.waiting();
            return self.fetch_round(&waiting, now, actions);
        }
        self.complete(actions);
    }

    fn fetch_missing(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        self.verified.clear();
        let gaps = self.collected.gaps(self.scope);
        if gaps.is_empty() || self.fruitless >= ROUNDS_OF_GAPS {
            // Nothing is in the gaps and yet records are missing: two of them share a number.
            self.fetch_round(&[self.scope], now, actions);
        } else {
            self.fetch_round(&gaps, now, actions);
        }
    }

    /// Asks for ranges, near ones together; a device that knows no ranges gets one request for all of them.
    pub(super) fn fetch_round(&mut self, ranges: &[SequenceRange], now: Uptime, actions: &mut Vec<Action>) {
        if self.fruitless_round(actions) {
            return;
        }
        let distance = match self.operators {
            Operators::Within => self.config.cluster_distance,
            Operators::AtLeast | Operators::AllOnly => u16::MAX,
        };
        self.fetch.extend(clusters(ranges, distance));
        self.next(now, actions);
    }

    /// Whether a resumed session finds that the device was reset or has wrapped.
    fn must_restart(&self, count: Option<u16>) -> bool {
        let Some(last) = self.config.resume else { return false };
        self.scope != SequenceRange::ALL && (count == Some(0) || !self.collected.contains(&last))
    }

    fn restart(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        self.scope = SequenceRange::ALL;
        self.summary.continuity = Continuity::Restarted;
        self.forget_counts();
        self.next(now, actions);
    }

    fn first_unverified_gap(&mut self, count: u16) -> Option<SequenceRange> {
        if count == 0 || !self.operators.count_gaps(self.collected.largest_number()) {
            return None;
        }
        self.verified.first_open(|from| self.collected.gaps_from(self.scope, from))
    }

    /// The control point answered.
    pub(super) fn on_response(&mut self, response: Response, now: Uptime, actions: &mut Vec<Action>) {
        match (self.phase, response) {
            (Phase::Aborting { .. }, Response::Code { request: OpCode::ABORT, .. }) => {
                self.count = None;
                self.silent = 0;
                self.next(now, actions);
            }
            (Phase::Asking { ask, .. }, Response::Number(count)) if ask.counts() => {
                self.on_count(ask, count, now, actions);
            }
            (Phase::Asking { ask, .. }, Response::Code { request, code }) if request == ask.op_code() => {
                self.on_code(ask, code, now, actions);
            }
            (Phase::Asking { ask, .. }, Response::Code { request: OpCode::REPORT_RECORDS, code })
                if ask.counts() && code == ResponseCode::SUCCESS =>
            {
                self.on_report_instead(ask, now, actions);
            }
            // The answer to a question that was given up: believed by nobody.
            _ => {}
        }
    }

    fn on_count(&mut self, ask: Ask, count: u16, now: Uptime, actions: &mut Vec<Action>) {
        self.silent = 0;
        self.reports.counted();
        match ask {
            Ask::CountGap { gap, part } => {
                match self.operators.gap_counted(gap, part, count, self.collected.largest_number()) {
                    GapCount::Ask(ask) => return self.ask(ask, now, actions),
                    GapCount::Fetch(range) => return self.fetch_round(&[range], now, actions),
                    GapCount::Empty(gap) => self.verified.insert(gap),
                }
            }
            _ => {
                self.count = Some(count);
                self.last_count = Some(count);
                self.window.expect(count);
                self.summary.stored = Some(count);
            }
        }
        self.next(now, actions);
    }

    fn on_code(&mut self, ask: Ask, code: ResponseCode, now: Uptime, actions: &mut Vec<Action>) {
        match code {
            // Some devices say so instead of counting zero.
            ResponseCode::NO_RECORDS if ask.counts() => self.on_count(ask, 0, now, actions),
            ResponseCode::NO_RECORDS | ResponseCode::SUCCESS if !ask.counts() => {
                self.on_reported(ask, code, now, actions);
            }
            ResponseCode::INVALID_OPERATOR
            | ResponseCode::OPERATOR_NOT_SUPPORTED
            | ResponseCode::INVALID_OPERAND
            | ResponseCode::OPERAND_NOT_SUPPORTED => self.on_operator_refused(ask, code, now, actions),
            ResponseCode::OP_CODE_NOT_SUPPORTED if ask.counts() => {
                self.reports.refused();
                self.next(now, actions);
            }
            ResponseCode::OP_CODE_NOT_SUPPORTED => self.give_up(Reason::Refused(code), actions),
            _ => {
                if !self.silent_attempt(actions) {
                    self.settle(now, actions);
                }
            }
        }
    }

    /// A report ended without its closing answer: a sign of a flood when most of what was to come did not.
    pub(super) fn fell_silent(&mut self, ask: Ask) {
        let (Ask::Report(range), Some(stored)) = (ask, self.last_count) else { return };
        self.window.silent(range, self.collected.len_in(self.scope), stored);
    }

    fn on_reported(&mut self, ask: Ask, code: ResponseCode, now: Uptime, actions: &mut Vec<Action>) {
        self.silent = 0;
        if let Ask::Report(range) = ask {
            self.window.answered(range, self.collected.len_in(range));
        }
        if ask == Ask::Report(self.scope) {
            self.reports.whole(self.collected.progress());
        }
        match (ask, self.last_seen) {
            (Ask::Report(range), _) if code == ResponseCode::NO_RECORDS && self.operators == Operators::Within => {
                self.verified.insert(range);
            }
            (Ask::ReportLast, Some(last)) if self.scope.contains(last.sequence()) => self.last_checked = true,
            (Ask::ReportLast, Some(_)) => return self.restart(now, actions),
            // It was sent and lost: ask again.
            (Ask::ReportLast, None) if self.silent_attempt(actions) => return,
            _ => {}
        }
        self.settle(now, actions);
    }

    /// Waits for contexts under way, if any are due.
    fn settle(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        if self.collected.is_waiting() {
            self.phase = Phase::Settling { since: now };
        } else {
            self.next(now, actions);
        }
    }

    fn on_operator_refused(&mut self, ask: Ask, code: ResponseCode, now: Uptime, actions: &mut Vec<Action>) {
        if ask == Ask::ReportLast {
            self.last_checked = true;
            return self.settle(now, actions);
        }
        let Some(fewer) = self.operators.fewer() else {
            return self.give_up(Reason::Refused(code), actions);
        };
        self.operators = fewer;
        if fewer == Operators::AllOnly && self.scope != SequenceRange::ALL {
            self.scope = SequenceRange::ALL;
        }
        self.forget_counts();
        self.next(now, actions);
    }

    /// Notes a question that got no proper answer; ends the session and says `true` when there were too many in a row
    /// without a new record between them.
    pub(super) fn silent_attempt(&mut self, actions: &mut Vec<Action>) -> bool {
        self.note_progress();
        self.silent += 1;
        self.too_many(self.silent, actions)
    }

    /// Notes that a round of fetching begins; ends the session and says `true` when too many in a row brought nothing.
    fn fruitless_round(&mut self, actions: &mut Vec<Action>) -> bool {
        self.note_progress();
        self.fruitless += 1;
        self.too_many(self.fruitless, actions)
    }

    fn note_progress(&mut self) {
        let progress = self.collected.progress();
        if progress > self.progress {
            self.silent = 0;
            self.fruitless = 0;
        }
        self.progress = progress;
    }

    fn too_many(&mut self, attempts: u32, actions: &mut Vec<Action>) -> bool {
        if attempts <= self.config.fruitless_attempts {
            return false;
        }
        let all_received = self.count.is_some_and(|count| usize::from(count) <= self.collected.len_in(self.scope));
        let companions_only = all_received && self.collected.is_waiting() && self.first_unverified_gap(1).is_none();
        self.give_up(if companions_only { Reason::CompanionsLost } else { Reason::NoProgress }, actions);
        true
    }

    fn complete(&mut self, actions: &mut Vec<Action>) {
        if self.config.resume.is_some_and(|last| !self.collected.contains(&last)) {
            self.summary.continuity = Continuity::Restarted;
        }
        self.summary.resume = self.collected.newest(self.scope).or(self.config.resume);
        let proof = match self.operators {
            _ if self.reports.is_uncounted() => Proof::ReportsAgree,
            operators if operators.count_gaps(self.collected.largest_number()) => Proof::EveryGapCounted,
            _ => Proof::CountOnly,
        };
        let outcome = Outcome::Complete { proof, summary: self.summary.clone() };
        self.finish(outcome, actions);
    }

    /// Ends the session without the proof that nothing is missing.
    pub(super) fn give_up(&mut self, reason: Reason, actions: &mut Vec<Action>) {
        let mut companions_lost = Vec::new();
        for record in self.collected.drain_waiting() {
            companions_lost.push(record.key());
            self.deliver(Some(record), actions);
        }
        let received = self.collected.len_in(self.scope);
        let holes = self.collected.gaps(self.scope).into_iter().filter(|gap| !self.verified.covers(*gap)).collect();
        let missing =
            self.last_count.map(|count| u32::from(count).saturating_sub(u32::try_from(received).unwrap_or(u32::MAX)));
        let summary = self.summary.clone();
        let outcome = Outcome::Incomplete(Incomplete { reason, holes, missing, companions_lost, summary });
        self.finish(outcome, actions);
    }

    fn finish(&mut self, outcome: Outcome, actions: &mut Vec<Action>) {
        self.phase = Phase::Finished;
        actions.push(Action::Disconnect);
        actions.push(Action::Done(outcome));
    }
}

/// Rounds without progress after which the whole scope is asked for instead of its gaps.
const ROUNDS_OF_GAPS: u32 = 3;
