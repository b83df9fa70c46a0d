//! The decisions of a session: what a value means, what comes next, when it is over.

use super::*;

impl CgmSession {
    /// The line is open: go on where the session stands.
    pub(super) fn opened(&mut self, now: Uptime, actions: &mut Vec<CgmAction>) {
        if self.crc.is_none() {
            // Without the features no value can be read.
            return self.drop_link(now, actions);
        }
        match self.config.start {
            Some(_) if !self.started => {
                self.stage = Stage::Starting;
                self.operate(SpecificOperation::StartSession, now, actions);
            }
            _ => self.proceed(now, actions),
        }
    }

    /// Follows while there is time, then fetches.
    fn proceed(&mut self, now: Uptime, actions: &mut Vec<CgmAction>) {
        let until = match (self.follow_until, self.config.follow) {
            (None, Some(time)) => *self.follow_until.insert(now.after(time)),
            (Some(until), _) => until,
            (None, None) => now,
        };
        if until > now {
            self.stage = Stage::Following;
            return self.line.expect(Some(until));
        }
        self.stage = Stage::Fetching;
        let numbering = if self.same_session { Numbering::Same } else { Numbering::Unknown };
        let step = self.history.begin(numbering);
        self.step(step, now, actions);
    }

    fn step(&mut self, step: Step, now: Uptime, actions: &mut Vec<CgmAction>) {
        match step {
            Step::Write(bytes) => {
                actions.push(Action::Write { characteristic: RECORD_ACCESS_CONTROL_POINT, bytes });
                self.line.expect(Some(now.after(self.line.limits().response)));
            }
            Step::Complete(proof) => self.close(Done::Complete(proof), now, actions),
            Step::Refused(code) => self.close(Done::Not(Failure::Refused(code)), now, actions),
            Step::Stuck => self.close(Done::Not(Failure::NoProgress), now, actions),
            Step::Wait => {}
        }
    }

    /// Stops the session if that was asked for, then ends.
    fn close(&mut self, done: Done, now: Uptime, actions: &mut Vec<CgmAction>) {
        if self.config.stop && !self.summary.was_stopped && self.line.offers(CGM_SPECIFIC_OPS_CONTROL_POINT) {
            self.stage = Stage::Stopping(done);
            return self.operate(SpecificOperation::StopSession, now, actions);
        }
        self.end(done, actions);
    }

    fn operate(&mut self, operation: SpecificOperation, now: Uptime, actions: &mut Vec<CgmAction>) {
        let mut buffer = [0; SpecificOperation::MAX_BYTES + 2];
        let bytes = operation.encode(self.crc.unwrap_or(E2eCrc::Absent), &mut buffer).unwrap_or_default().to_vec();
        actions.push(Action::Write { characteristic: CGM_SPECIFIC_OPS_CONTROL_POINT, bytes });
        self.line.expect(Some(now.after(self.line.limits().response)));
    }

    pub(super) fn read(&mut self, characteristic: Uuid, bytes: &[u8], now: Uptime, actions: &mut Vec<CgmAction>) {
        let crc = self.crc.unwrap_or(E2eCrc::Absent);
        let taken = match characteristic {
            CGM_FEATURE => CgmFeatures::decode(bytes).map(|features| {
                self.crc = Some(features.e2e_crc());
                self.summary.features = Some(features);
            }),
            CGM_STATUS => CgmStatus::decode(bytes, crc).map(|status| self.summary.status = Some(status)),
            CGM_SESSION_RUN_TIME => SessionRunTime::decode(bytes, crc).map(|hours| self.summary.run_time = Some(hours)),
            CGM_SESSION_START_TIME => SessionStartTime::decode(bytes, crc).map(|start| self.session(start)),
            _ => Ok(()),
        };
        if let Err(error) = taken {
            self.undecodable(characteristic, bytes, error, actions);
        }
        if self.stage == Stage::Reading {
            self.proceed(now, actions);
        }
    }

    /// The sensor says when its session began.
    fn session(&mut self, start: SessionStartTime) {
        // Another start than before makes the history forget.
        self.same_session = true;
        if self.summary.session == Some(start) {
            return;
        }
        if self.summary.session.replace(start).is_some() {
            self.summary.newest = None;
        }
        self.summary.sessions = self.summary.sessions.saturating_add(1);
        let scope = match self.config.resume {
            Some((session, minutes)) if session == start => match minutes.checked_add(1) {
                Some(next) => SequenceRange::starting_at(SequenceNumber::new(next)),
                None => SequenceRange::starting_at(SequenceNumber::new(minutes)),
            },
            _ => SequenceRange::ALL,
        };
        self.history.forget(scope);
    }

    pub(super) fn value(&mut self, characteristic: Uuid, bytes: &[u8], now: Uptime, actions: &mut Vec<CgmAction>) {
        let taken = match characteristic {
            CGM_MEASUREMENT => self.measured(bytes, now, actions),
            RECORD_ACCESS_CONTROL_POINT => Response::decode(bytes).map(|response| {
                if self.stage == Stage::Fetching {
                    let step = self.history.response(response);
                    if step != Step::Wait {
                        self.line.progress();
                    }
                    self.step(step, now, actions);
                }
            }),
            CGM_SPECIFIC_OPS_CONTROL_POINT => {
                let crc = self.crc.unwrap_or(E2eCrc::Absent);
                SpecificOperation::decode(bytes, crc).map(|operation| self.operated(operation, now, actions))
            }
            _ => return,
        };
        if let Err(error) = taken {
            self.undecodable(characteristic, bytes, error, actions);
        }
    }

    /// One value may hold several records.
    fn measured(&mut self, bytes: &[u8], now: Uptime, actions: &mut Vec<CgmAction>) -> Result<(), DecodeError> {
        let (Some(crc), Some(features)) = (self.crc, self.summary.features) else { return Ok(()) };
        let mut rest = bytes;
        for record in measurements(bytes, crc) {
            let measurement = record?;
            let length = usize::from(rest.first().copied().unwrap_or(0)).clamp(1, rest.len().max(1));
            let (raw, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            rest = behind;
            match self.history.record(measurement.minutes(), raw) {
                Arrival::First => {
                    self.line.progress();
                    self.summary.delivered = self.summary.delivered.saturating_add(1);
                    self.summary.newest = self.summary.newest.max(Some(measurement.minutes()));
                    let (session, raw) = (self.summary.session, raw.to_vec());
                    actions.push(Action::Deliver(CgmReading { measurement, raw, session, features }));
                }
                Arrival::Repeat => self.summary.repeats = self.summary.repeats.saturating_add(1),
                Arrival::Conflict => self.summary.conflicts = self.summary.conflicts.saturating_add(1),
            }
        }
        if self.stage == Stage::Fetching {
            self.line.expect(Some(now.after(self.line.limits().response)));
        }
        Ok(())
    }

    fn operated(&mut self, operation: SpecificOperation, now: Uptime, actions: &mut Vec<CgmAction>) {
        let SpecificOperation::Response { request, response } = operation else { return };
        match (self.stage, request) {
            (Stage::Starting, OperationCode::START_SESSION) => {
                // A refusal mostly means that a session runs already; its start time will tell.
                self.started = true;
                // A session without a start is one whose start time was never written.
                let fresh = response == OperationResponse::SUCCESS || self.summary.session.is_none();
                if let (true, Some(start)) = (fresh, self.config.start) {
                    let mut buffer = [0; SessionStartTime::MAX_BYTES + 2];
                    let crc = self.crc.unwrap_or(E2eCrc::Absent);
                    let bytes = start.encode(crc, &mut buffer).unwrap_or_default().to_vec();
                    actions.push(Action::Write { characteristic: CGM_SESSION_START_TIME, bytes });
                }
                self.stage = Stage::Reading;
                actions.push(Action::Read(CGM_SESSION_START_TIME));
                self.line.expect(Some(now.after(self.line.limits().response)));
            }
            (Stage::Stopping(done), OperationCode::STOP_SESSION) => {
                self.summary.was_stopped = response == OperationResponse::SUCCESS;
                self.end(done, actions);
            }
            _ => {}
        }
    }

    /// Something was refused while the line was open.
    pub(super) fn lost_patience(&mut self, now: Uptime, actions: &mut Vec<CgmAction>) {
        match self.stage {
            Stage::Fetching if self.history.is_asking() => self.deadline(now, actions),
            Stage::Starting | Stage::Reading => {
                self.started = true;
                self.proceed(now, actions);
            }
            Stage::Stopping(done) => self.end(done, actions),
            _ => self.drop_link(now, actions),
        }
    }

    pub(super) fn deadline(&mut self, now: Uptime, actions: &mut Vec<CgmAction>) {
        match self.stage {
            Stage::Following => self.proceed(now, actions),
            Stage::Fetching => match self.line.attempt() {
                Some(failure) => self.close(Done::Not(failure), now, actions),
                None => {
                    let step = self.history.silence();
                    self.step(step, now, actions);
                }
            },
            Stage::Stopping(done) => match self.line.attempt() {
                Some(_) => self.end(done, actions),
                None => self.operate(SpecificOperation::StopSession, now, actions),
            },
            Stage::Over => {}
            Stage::Opening | Stage::Starting | Stage::Reading => self.drop_link(now, actions),
        }
    }

    pub(super) fn drop_link(&mut self, now: Uptime, actions: &mut Vec<CgmAction>) {
        self.unlinked();
        if let Some(failure) = self.line.drop_link(now, actions) {
            self.end(Done::Not(failure), actions);
        }
    }

    /// On another link the sensor may be in another session.
    pub(super) fn unlinked(&mut self) {
        (self.stage, self.same_session) = (Stage::Opening, false);
    }

    fn undecodable(&mut self, characteristic: Uuid, bytes: &[u8], error: DecodeError, actions: &mut Vec<CgmAction>) {
        self.summary.undecodable = self.summary.undecodable.saturating_add(1);
        actions.push(Action::Undecodable { characteristic, bytes: bytes.to_vec(), error });
    }

    pub(super) fn end(&mut self, done: Done, actions: &mut Vec<CgmAction>) {
        self.stage = Stage::Over;
        self.summary.reconnects = self.line.reconnects();
        self.summary.stored = self.history.stored();
        self.summary.newest = self.summary.newest.max(self.history.newest());
        let summary = self.summary.clone();
        let outcome = match done {
            Done::Complete(proof) => CgmOutcome::Complete { proof, summary },
            Done::Not(reason) => CgmOutcome::Incomplete(CgmIncomplete { reason, holes: self.history.holes(), summary }),
        };
        self.line.finish(outcome, actions);
    }
}
