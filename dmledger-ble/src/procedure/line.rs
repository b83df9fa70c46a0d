//! The line to a device: makes the link, reads, subscribes, watches deadlines, tries again; shared by the procedures.

use alloc::vec::Vec;

use super::Uptime;
use super::conversation::{Action, Event, Failure, Limits};
use super::glucose_sync::AttError;
use crate::codec::uuid::Uuid;

/// What a procedure needs of a device.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Without these it is another device.
    pub(super) required: Vec<Uuid>,
    /// Read first, as far as present.
    pub(super) read: Vec<Uuid>,
    /// Subscribed to next, as far as present.
    pub(super) subscribe: Vec<Uuid>,
}

impl Plan {
    pub(super) fn new(required: &[Uuid], read: &[Uuid], subscribe: &[Uuid]) -> Self {
        Self { required: required.to_vec(), read: read.to_vec(), subscribe: subscribe.to_vec() }
    }
}

/// What an event meant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Heard<'a> {
    /// Nothing that concerns the procedure.
    Nothing,
    /// Everything is read and subscribed; the line is open.
    Open,
    /// A read was answered.
    Read(Uuid, &'a [u8]),
    /// A value came.
    Value(Uuid, &'a [u8]),
    /// Something was refused while the line was open.
    Refused(AttError),
    /// The procedure's own deadline has passed.
    Deadline,
    /// The link was lost; [`Line::again`] makes it anew.
    Lost,
    /// The host wants an end.
    Stop,
    /// It is over.
    Failed(Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Linking { closing: bool, since: Uptime },
    Reading { index: usize, since: Uptime },
    Subscribing { index: usize, since: Uptime },
    Open { deadline: Option<Uptime> },
    Over,
}

#[derive(Debug)]
pub(super) struct Line {
    plan: Plan,
    limits: Limits,
    phase: Phase,
    started: Option<Uptime>,
    timer: Option<Uptime>,
    found: Vec<Uuid>,
    attempts: u32,
    reconnects: u32,
}

impl Line {
    pub(super) const fn new(plan: Plan, limits: Limits) -> Self {
        let found = Vec::new();
        Self { plan, limits, phase: Phase::Idle, started: None, timer: None, found, attempts: 0, reconnects: 0 }
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }

    pub(super) const fn reconnects(&self) -> u32 {
        self.reconnects
    }

    pub(super) fn offers(&self, characteristic: Uuid) -> bool {
        self.found.contains(&characteristic)
    }

    /// Something new came: failed attempts before do not count any more.
    pub(super) const fn progress(&mut self) {
        self.attempts = 0;
    }

    /// One more attempt brought nothing.
    pub(super) const fn attempt(&mut self) -> Option<Failure> {
        self.attempts += 1;
        if self.attempts > self.limits.attempts { Some(Failure::NoProgress) } else { None }
    }

    /// Asks for [`Heard::Deadline`] at this time; only while the line is open.
    pub(super) const fn expect(&mut self, at: Option<Uptime>) {
        if let Phase::Open { deadline } = &mut self.phase {
            *deadline = at;
        }
    }

    /// Takes an event apart.
    pub(super) fn hear<'e, T, O>(
        &mut self,
        event: Event<'e>,
        now: Uptime,
        actions: &mut Vec<Action<T, O>>,
    ) -> Heard<'e> {
        let started = *self.started.get_or_insert(now);
        if now.since(started) >= self.limits.session {
            return Heard::Failed(Failure::OutOfTime);
        }
        match event {
            Event::Start => {
                if self.phase == Phase::Idle {
                    self.connect(now, actions);
                }
                Heard::Nothing
            }
            Event::ServicesResolved(found) => self.resolved(found, now, actions),
            Event::Subscribed(characteristic) => self.subscribed(characteristic, now, actions),
            Event::Read { characteristic, bytes } => self.read(characteristic, bytes, now, actions),
            Event::Refused { characteristic, error } => self.refused(characteristic, error, now, actions),
            Event::Value { characteristic, bytes } if self.is_linked() => Heard::Value(characteristic, bytes),
            Event::Value { .. } => Heard::Nothing,
            Event::Disconnected => self.disconnected(now, actions),
            Event::Tick => self.tick(now, actions),
            Event::RadioGone => Heard::Failed(Failure::RadioGone),
            Event::Stop => Heard::Stop,
        }
    }

    const fn is_linked(&self) -> bool {
        matches!(self.phase, Phase::Reading { .. } | Phase::Subscribing { .. } | Phase::Open { .. })
    }

    fn connect<T, O>(&mut self, now: Uptime, actions: &mut Vec<Action<T, O>>) {
        self.phase = Phase::Linking { closing: false, since: now };
        actions.push(Action::Connect);
    }

    /// Makes a lost link anew.
    pub(super) fn again<T, O>(&mut self, now: Uptime, actions: &mut Vec<Action<T, O>>) -> Option<Failure> {
        if let Some(failure) = self.attempt() {
            return Some(failure);
        }
        self.reconnects = self.reconnects.saturating_add(1);
        self.connect(now, actions);
        None
    }

    /// Drops a link that no longer answers; a new one follows.
    pub(super) fn drop_link<T, O>(&mut self, now: Uptime, actions: &mut Vec<Action<T, O>>) -> Option<Failure> {
        if let Some(failure) = self.attempt() {
            return Some(failure);
        }
        self.phase = Phase::Linking { closing: true, since: now };
        actions.push(Action::Disconnect);
        None
    }

    fn resolved<'e, T, O>(&mut self, found: &[Uuid], now: Uptime, actions: &mut Vec<Action<T, O>>) -> Heard<'e> {
        if !matches!(self.phase, Phase::Linking { closing: false, .. }) {
            return Heard::Nothing;
        }
        if let Some(missing) = self.plan.required.iter().find(|needed| !found.contains(needed)) {
            return Heard::Failed(Failure::Missing(*missing));
        }
        let named = |one: &&Uuid| self.plan.read.contains(one) || self.plan.subscribe.contains(one);
        self.found = found.iter().filter(|one| named(one) || self.plan.required.contains(one)).copied().collect();
        self.read_next(0, now, actions)
    }

    fn read_next<'e, T, O>(&mut self, from: usize, now: Uptime, actions: &mut Vec<Action<T, O>>) -> Heard<'e> {
        let mut rest = self.plan.read.iter().enumerate().skip(from);
        match rest.find(|(_, one)| self.found.contains(one)) {
            Some((index, characteristic)) => {
                self.phase = Phase::Reading { index, since: now };
                actions.push(Action::Read(*characteristic));
                Heard::Nothing
            }
            None => self.subscribe_next(0, now, actions),
        }
    }

    fn subscribe_next<'e, T, O>(&mut self, from: usize, now: Uptime, actions: &mut Vec<Action<T, O>>) -> Heard<'e> {
        let mut rest = self.plan.subscribe.iter().enumerate().skip(from);
        match rest.find(|(_, one)| self.found.contains(one)) {
            Some((index, characteristic)) => {
                self.phase = Phase::Subscribing { index, since: now };
                actions.push(Action::Subscribe(*characteristic));
                Heard::Nothing
            }
            None => {
                self.phase = Phase::Open { deadline: None };
                Heard::Open
            }
        }
    }

    fn subscribed<'e, T, O>(&mut self, one: Uuid, now: Uptime, actions: &mut Vec<Action<T, O>>) -> Heard<'e> {
        match self.phase {
            Phase::Subscribing { index, .. } if self.plan.subscribe.get(index) == Some(&one) => {
                self.subscribe_next(index + 1, now, actions)
            }
            _ => Heard::Nothing,
        }
    }

    fn read<'e, T, O>(
        &mut self,
        one: Uuid,
        bytes: &'e [u8],
        now: Uptime,
        actions: &mut Vec<Action<T, O>>,
    ) -> Heard<'e> {
        match self.phase {
            Phase::Reading { index, .. } if self.plan.read.get(index) == Some(&one) => {
                // With the last read the line may be open at once: the procedure asks whether it is.
                self.read_next(index + 1, now, actions);
                Heard::Read(one, bytes)
            }
            Phase::Open { .. } => Heard::Read(one, bytes),
            _ => Heard::Nothing,
        }
    }

    fn refused<'e, T, O>(
        &mut self,
        one: Uuid,
        error: AttError,
        now: Uptime,
        actions: &mut Vec<Action<T, O>>,
    ) -> Heard<'e> {
        if error.wants_bond() {
            return Heard::Failed(Failure::NotPaired);
        }
        match self.phase {
            Phase::Reading { index, .. } if !self.plan.required.contains(&one) => {
                self.read_next(index + 1, now, actions)
            }
            Phase::Reading { .. } | Phase::Subscribing { .. } => {
                self.drop_link(now, actions).map_or(Heard::Nothing, Heard::Failed)
            }
            Phase::Open { .. } => Heard::Refused(error),
            Phase::Idle | Phase::Linking { .. } | Phase::Over => Heard::Nothing,
        }
    }

    fn disconnected<'e, T, O>(&mut self, now: Uptime, actions: &mut Vec<Action<T, O>>) -> Heard<'e> {
        match self.phase {
            Phase::Idle | Phase::Over => Heard::Nothing,
            // the end that was asked for
            Phase::Linking { closing: true, .. } => {
                self.reconnects = self.reconnects.saturating_add(1);
                self.connect(now, actions);
                Heard::Nothing
            }
            _ => Heard::Lost,
        }
    }

    fn tick<'e, T, O>(&mut self, now: Uptime, actions: &mut Vec<Action<T, O>>) -> Heard<'e> {
        self.timer = None;
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Heard::Nothing;
        }
        match self.phase {
            Phase::Open { .. } => {
                self.expect(None);
                Heard::Deadline
            }
            Phase::Linking { .. } => self.again(now, actions).map_or(Heard::Nothing, Heard::Failed),
            _ => self.drop_link(now, actions).map_or(Heard::Nothing, Heard::Failed),
        }
    }

    fn deadline(&self) -> Option<Uptime> {
        match self.phase {
            Phase::Idle | Phase::Over => None,
            Phase::Linking { closing: false, since } => Some(since.after(self.limits.connect)),
            Phase::Linking { since, .. } | Phase::Reading { since, .. } | Phase::Subscribing { since, .. } => {
                Some(since.after(self.limits.response))
            }
            Phase::Open { deadline } => deadline,
        }
    }

    /// Asks for a tick unless one comes early enough anyway; the last thing a procedure does in a call.
    pub(super) fn set_timer<T, O>(&mut self, actions: &mut Vec<Action<T, O>>) {
        if self.is_over() {
            return;
        }
        let end = self.started.map(|started| started.after(self.limits.session));
        let Some(wanted) = self.deadline().into_iter().chain(end).min() else { return };
        if self.timer.is_none_or(|set| set > wanted) {
            self.timer = Some(wanted);
            actions.push(Action::SetTimer(wanted));
        }
    }

    /// Ends the procedure.
    pub(super) fn finish<T, O>(&mut self, outcome: O, actions: &mut Vec<Action<T, O>>) {
        self.phase = Phase::Over;
        actions.push(Action::Disconnect);
        actions.push(Action::Done(outcome));
    }
}
