//! The decisions of a transfer: what to ask, what a value means, when it is over.

use super::*;

impl ClipTransfer {
    /// Asks what the goal needs next.
    pub(super) fn ask(&mut self, now: Uptime, actions: &mut Vec<ClipAction>) {
        match &self.goal {
            Goal::List => self.write(CameraControl::List, now, actions),
            Goal::Delete(manifest) => {
                let (object, digest) = (manifest.object, manifest.digest);
                self.write(CameraControl::Delete { object, digest: &digest }, now, actions);
            }
            Goal::Fetch(partial) if partial.manifest().length > self.config.largest_object => {
                self.give_up(Failure::TooMuch, actions);
            }
            Goal::Fetch(partial) if partial.missing() == 0 => self.finish(actions),
            Goal::Fetch(partial) => {
                let (base, object) = (partial.first_missing(), partial.manifest().object);
                let most = u32::try_from(8 * self.config.bitmap).unwrap_or(8);
                let reach = partial.manifest().chunks().min(base.saturating_add(most));
                let missing = (base..reach).filter(|index| !partial.has(*index)).take(usize::from(self.window.size));
                let (due, last) = missing.fold((0_u16, base), |(due, _), index| (due + 1, index));
                let bitmap = partial.bitmap(base, last);
                self.window = Window { base, due, arrived: 0, open: true, ..self.window };
                self.summary.windows = self.summary.windows.saturating_add(1);
                let credit = self.window.size;
                self.write(CameraControl::Grant { object, base, credit, bitmap: &bitmap }, now, actions);
            }
        }
    }

    fn write(&mut self, control: CameraControl<'_>, now: Uptime, actions: &mut Vec<ClipAction>) {
        let mut buffer = [0; CameraControl::MAX_BYTES];
        let bytes = control.encode(&mut buffer).unwrap_or_default().to_vec();
        actions.push(Action::Write { characteristic: CAMERA_CONTROL, bytes });
        self.line.expect(Some(now.after(self.line.limits().response)));
    }

    pub(super) fn value(&mut self, characteristic: Uuid, bytes: &[u8], now: Uptime, actions: &mut Vec<ClipAction>) {
        let taken = match characteristic {
            CAMERA_DATA => Chunk::decode(bytes).and_then(|chunk| self.chunk(&chunk, now, actions)),
            CAMERA_MANIFEST => Manifest::decode(bytes).map(|manifest| self.listed(manifest)),
            CAMERA_CONTROL => CameraControl::decode(bytes).map(|control| self.answered(control, now, actions)),
            _ => return,
        };
        if let Err(error) = taken {
            self.summary.undecodable = self.summary.undecodable.saturating_add(1);
            actions.push(Action::Undecodable { characteristic, bytes: bytes.to_vec(), error });
        }
    }

    fn listed(&mut self, manifest: Manifest) {
        if let Some(known) = self.listed.iter_mut().find(|known| known.object == manifest.object) {
            *known = manifest;
        } else if self.listed.len() < MAX_OBJECTS {
            self.listed.push(manifest);
        }
    }

    fn answered(&mut self, control: CameraControl<'_>, now: Uptime, actions: &mut Vec<ClipAction>) {
        match (&self.goal, control) {
            (Goal::List, CameraControl::Listed(count)) => self.counted(count, now, actions),
            (Goal::Delete(_), CameraControl::Answer { request, answer }) if request == DELETE => match answer {
                CameraAnswer::SUCCESS | CameraAnswer::NO_OBJECT => self.end(ClipOutcome::Deleted, actions),
                other => self.give_up(Failure::Refused(other.number()), actions),
            },
            (Goal::Fetch(_), CameraControl::Answer { request, answer })
                if request == GRANT && answer != CameraAnswer::SUCCESS =>
            {
                self.give_up(Failure::Refused(answer.number()), actions);
            }
            (Goal::Fetch(partial), CameraControl::Window { object, base, .. })
                if object == partial.manifest().object && self.window.open && base == self.window.base =>
            {
                self.next_window(now, actions);
            }
            // The end of a window that was given up.
            _ => {}
        }
    }

    fn counted(&mut self, count: u16, now: Uptime, actions: &mut Vec<ClipAction>) {
        if self.listed.len() == usize::from(count) {
            let listed = core::mem::take(&mut self.listed);
            return self.end(ClipOutcome::Listed(listed), actions);
        }
        // Manifests were lost, or objects came and went meanwhile.
        if self.listed.len() > usize::from(count) {
            self.listed.clear();
        }
        match self.line.attempt() {
            Some(failure) => self.give_up(failure, actions),
            None => self.ask(now, actions),
        }
    }

    fn chunk(&mut self, chunk: &Chunk<'_>, now: Uptime, actions: &mut Vec<ClipAction>) -> Result<(), DecodeError> {
        let Goal::Fetch(partial) = &mut self.goal else { return Ok(()) };
        if chunk.object != partial.manifest().object {
            return Ok(());
        }
        let most_corrupt = MOST_CORRUPT.saturating_add(4 * partial.manifest().pieces());
        match partial.store(chunk.index, chunk.payload) {
            Stored::Misfit => return Err(DecodeError::Forbidden { field: "chunk" }),
            Stored::Repeat => self.summary.repeats = self.summary.repeats.saturating_add(1),
            Stored::First => {
                self.line.progress();
                self.arrived(chunk, actions);
            }
            Stored::Corrupt(_) => {
                self.arrived(chunk, actions);
                self.summary.corrupt = self.summary.corrupt.saturating_add(1);
                if self.summary.corrupt > most_corrupt {
                    self.give_up(Failure::Corrupt, actions);
                    return Ok(());
                }
            }
        }
        if self.window.open {
            self.line.expect(Some(now.after(self.config.quiet)));
        }
        if matches!(&self.goal, Goal::Fetch(partial) if partial.missing() == 0) {
            self.finish(actions);
        }
        Ok(())
    }

    fn arrived(&mut self, chunk: &Chunk<'_>, actions: &mut Vec<ClipAction>) {
        self.summary.chunks = self.summary.chunks.saturating_add(1);
        self.window.arrived = self.window.arrived.saturating_add(1);
        actions.push(Action::Deliver(Arrived { index: chunk.index, payload: chunk.payload.to_vec() }));
    }

    /// The window is over: a clean one grows, one with a hole shrinks.
    fn next_window(&mut self, now: Uptime, actions: &mut Vec<ClipAction>) {
        let clean = self.window.arrived >= self.window.due;
        self.window.size = if clean {
            self.window.size.saturating_mul(2).min(self.config.largest_window)
        } else {
            (self.window.size / 2).max(SMALLEST_WINDOW.min(self.config.largest_window))
        };
        self.window.open = false;
        if self.window.arrived == 0
            && let Some(failure) = self.line.attempt()
        {
            return self.give_up(failure, actions);
        }
        self.ask(now, actions);
    }

    pub(super) fn deadline(&mut self, now: Uptime, actions: &mut Vec<ClipAction>) -> Option<Failure> {
        match &self.goal {
            Goal::Fetch(_) if self.window.open && self.window.arrived > 0 => {
                self.next_window(now, actions);
                None
            }
            _ => match self.line.attempt() {
                Some(failure) => Some(failure),
                None => {
                    self.ask(now, actions);
                    None
                }
            },
        }
    }

    /// Everything has arrived.
    fn finish(&mut self, actions: &mut Vec<ClipAction>) {
        let Goal::Fetch(partial) = &mut self.goal else { return };
        let manifest = *partial.manifest();
        match partial.object().map(<[u8]>::to_vec) {
            Some(object) => {
                let summary = self.seen();
                self.end(ClipOutcome::Fetched { manifest, object, summary }, actions);
            }
            None => {
                // Every piece is right and the whole is not: what has arrived is worth nothing.
                *partial = Partial::new(manifest);
                self.summary.corrupt = self.summary.corrupt.saturating_add(1);
                self.give_up(Failure::Corrupt, actions);
            }
        }
    }

    fn seen(&self) -> ClipSummary {
        ClipSummary { reconnects: self.line.reconnects(), ..self.summary }
    }

    pub(super) fn give_up(&mut self, reason: Failure, actions: &mut Vec<ClipAction>) {
        if self.over {
            return;
        }
        let partial = match core::mem::replace(&mut self.goal, Goal::List) {
            Goal::Fetch(partial) => Some(partial),
            Goal::List | Goal::Delete(_) => None,
        };
        let summary = self.seen();
        self.end(ClipOutcome::Incomplete { reason, partial, summary }, actions);
    }

    fn end(&mut self, outcome: ClipOutcome, actions: &mut Vec<ClipAction>) {
        self.over = true;
        self.line.finish(outcome, actions);
    }
}

const SMALLEST_WINDOW: u16 = 4;
const GRANT: u8 = 2;
const DELETE: u8 = 4;
