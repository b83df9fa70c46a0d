//! The driver of every procedure of [`conversation`](crate::procedure::conversation).

use core::time::Duration;
use std::collections::VecDeque;

use super::{Central, DeviceId, LONGEST_WAIT, Link, LinkError, LinkEvent};
use crate::codec::uuid::{RECORD_ACCESS_CONTROL_POINT, Uuid};
use crate::procedure::Uptime;
use crate::procedure::conversation::{Action, Event, Procedure};
use crate::procedure::glucose_sync::AttError;

/// Runs one procedure to its end over a real or simulated radio; `take` gets what it delivers.
///
/// Octets that no decoder accepts are counted by the procedure and not shown here.
pub async fn drive<P>(
    central: &dyn Central,
    device: &DeviceId,
    procedure: &mut P,
    take: &mut (dyn FnMut(P::Item) + Send),
) -> P::Outcome
where
    P: Procedure + Send,
    P::Item: Send,
    P::Outcome: Send,
{
    let mut driver = Driver { central, device, link: None, timer: None };
    let mut actions: VecDeque<_> = procedure.handle(Event::Start, central.uptime()).into();
    loop {
        let Some(action) = actions.pop_front() else {
            actions.extend(driver.listen(procedure).await);
            continue;
        };
        match action {
            Action::Deliver(item) => take(item),
            Action::SetTimer(at) => driver.timer = Some(at),
            Action::Undecodable { .. } => {}
            Action::Done(outcome) => {
                // The last wish before the end is to disconnect.
                driver.disconnect().await;
                return outcome;
            }
            action => actions.extend(driver.act(action, procedure).await),
        }
    }
}

struct Driver<'a> {
    central: &'a dyn Central,
    device: &'a DeviceId,
    link: Option<Box<dyn Link>>,
    timer: Option<Uptime>,
}

type Actions<P> = Vec<Action<<P as Procedure>::Item, <P as Procedure>::Outcome>>;

impl Driver<'_> {
    /// Waits for the next event of the link or the timer.
    async fn listen<P: Procedure>(&mut self, procedure: &mut P) -> Actions<P> {
        let wait = self.timer.map_or(LONGEST_WAIT, |at| at.since(self.central.uptime()));
        let event = match &mut self.link {
            Some(link) if wait > Duration::ZERO => link.next(wait).await,
            _ => LinkEvent::Idle,
        };
        let now = self.central.uptime();
        match event {
            LinkEvent::Value { characteristic, bytes } => {
                procedure.handle(Event::Value { characteristic, bytes: &bytes }, now)
            }
            LinkEvent::Disconnected => self.lost(procedure),
            LinkEvent::Idle => {
                // Without a link nobody else would wait: the procedure's own deadline is what comes next.
                let now = self.timer.take().map_or(now, |at| at.max(now));
                procedure.handle(Event::Tick, now)
            }
        }
    }

    /// Does what needs the radio.
    async fn act<P: Procedure>(&mut self, action: Action<P::Item, P::Outcome>, procedure: &mut P) -> Actions<P> {
        match action {
            Action::Connect => self.connect(procedure).await,
            Action::Disconnect => {
                self.disconnect().await;
                procedure.handle(Event::Disconnected, self.central.uptime())
            }
            Action::Subscribe(characteristic) => {
                let result = match &mut self.link {
                    Some(link) => link.subscribe(characteristic).await,
                    None => Err(LinkError::Lost),
                };
                match result {
                    Ok(()) => procedure.handle(Event::Subscribed(characteristic), self.central.uptime()),
                    Err(error) => self.failed(characteristic, &error, procedure),
                }
            }
            Action::Read(characteristic) => {
                let result = match &mut self.link {
                    Some(link) => link.read(characteristic).await,
                    None => Err(LinkError::Lost),
                };
                match result {
                    Ok(bytes) => procedure.handle(Event::Read { characteristic, bytes: &bytes }, self.central.uptime()),
                    Err(error) => self.failed(characteristic, &error, procedure),
                }
            }
            Action::Write { characteristic, bytes } => {
                let result = match &mut self.link {
                    Some(link) => link.write(characteristic, &bytes).await,
                    None => Err(LinkError::Lost),
                };
                match result {
                    Ok(()) => Vec::new(),
                    Err(error) => self.failed(characteristic, &error, procedure),
                }
            }
            _ => Vec::new(),
        }
    }

    async fn connect<P: Procedure>(&mut self, procedure: &mut P) -> Actions<P> {
        self.link = None;
        let found = match self.central.connect(self.device).await {
            Ok(mut link) => {
                let found = link.characteristics().await;
                self.link = Some(link);
                found
            }
            Err(error) => Err(error),
        };
        match found {
            Ok(found) => procedure.handle(Event::ServicesResolved(&found), self.central.uptime()),
            Err(error) => self.unreachable(&error, procedure),
        }
    }

    async fn disconnect(&mut self) {
        if let Some(mut link) = self.link.take() {
            link.disconnect().await;
        }
    }

    fn failed<P: Procedure>(&mut self, characteristic: Uuid, error: &LinkError, procedure: &mut P) -> Actions<P> {
        match error {
            LinkError::Att(error) => {
                procedure.handle(Event::Refused { characteristic, error: *error }, self.central.uptime())
            }
            error => self.unreachable(error, procedure),
        }
    }

    fn unreachable<P: Procedure>(&mut self, error: &LinkError, procedure: &mut P) -> Actions<P> {
        let event = match error {
            LinkError::Unavailable => Event::RadioGone,
            LinkError::Pairing(_) => {
                // as if the device had said so itself
                let error = AttError::INSUFFICIENT_AUTHENTICATION;
                Event::Refused { characteristic: RECORD_ACCESS_CONTROL_POINT, error }
            }
            _ => Event::Disconnected,
        };
        self.link = None;
        procedure.handle(event, self.central.uptime())
    }

    fn lost<P: Procedure>(&mut self, procedure: &mut P) -> Actions<P> {
        self.link = None;
        procedure.handle(Event::Disconnected, self.central.uptime())
    }
}
