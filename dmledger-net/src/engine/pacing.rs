//! When the next height may begin: no sooner than the floor after the last block, and only if there is work.
//!
//! Without work nothing is proposed and no timer of a round runs. Work is an action waiting here, or a validator heard
//! at work on the next height: whoever has an action tells every validator, and whoever hears a vote joins in, so a
//! lost frame delays the others by one timeout at most.

/// Keeps blocks apart and idle nodes quiet.
#[derive(Debug, Default)]
pub(crate) struct Pacing {
    /// The floor after the last block has not passed yet.
    resting: bool,
    /// A validator is at work on the next height.
    peers_work: bool,
    /// The start is on its way.
    due: bool,
}

impl Pacing {
    /// A block was applied; the floor is now to be waited for.
    pub(crate) fn applied(&mut self) {
        *self = Self { resting: true, peers_work: false, due: false };
    }

    /// The floor has passed.
    pub(crate) fn rested(&mut self) {
        self.resting = false;
    }

    /// A validator was heard at work on the next height.
    pub(crate) fn heard_work(&mut self) {
        self.peers_work = true;
    }

    /// Whether the start is to be set in motion now, given whether actions wait here.
    pub(crate) fn schedule(&mut self, actions_wait: bool) -> bool {
        let now = !self.resting && !self.due && (actions_wait || self.peers_work);
        self.due |= now;
        now
    }

    /// The start has come; whether there is still work.
    pub(crate) fn start(&mut self, actions_wait: bool) -> bool {
        self.due = false;
        actions_wait || self.peers_work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_starts_without_work_or_before_the_floor() {
        let mut pacing = Pacing::default();
        assert!(!pacing.schedule(false));
        assert!(pacing.schedule(true) && !pacing.schedule(true), "once");
        pacing.applied();
        assert!(!pacing.schedule(true));
        pacing.rested();
        assert!(pacing.schedule(true));
        assert!(!pacing.start(false), "the work was done by others meanwhile");
    }

    #[test]
    fn work_of_peers_starts_an_idle_node_and_is_forgotten_with_the_height() {
        let mut pacing = Pacing::default();
        pacing.heard_work();
        assert!(pacing.schedule(false) && pacing.start(false));
        pacing.applied();
        pacing.rested();
        assert!(!pacing.schedule(false));
    }
}
