//! The driver of every procedure of [`conversation`](crate::procedure::conversation).

use std::collections::VecDeque;

use super::wire::Wire;
use super::{Central, DeviceId, LinkError, LinkEvent};
use crate::codec::uuid::{RECORD_ACCESS_CONTROL_POINT, Uuid};
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
    let mut driver = Driver { wire: Wire::new(central, device) };
    let mut actions: VecDeque<_> = procedure.handle(Event::Start, central.uptime()).into();
    loop {
        let Some(action) = actions.pop_front() else {
            actions.extend(driver.listen(procedure).await);
            continue;
        };
        match action {
            Action::Deliver(item) => take(item),
            Action::SetTimer(at) => driver.wire.set_timer(at),
            Action::Undecodable { .. } => {}
            Action::Done(outcome) => {
                // The last wish before the end is to disconnect.
                driver.wire.disconnect().await;
                return outcome;
            }
            action => actions.extend(driver.act(action, procedure).await),
        }
    }
}

struct Driver<'a> {
    wire: Wire<'a>,
}

type Actions<P> = Vec<Action<<P as Procedure>::Item, <P as Procedure>::Outcome>>;

impl Driver<'_> {
    /// Waits for the next event of the link or the timer.
    async fn listen<P: Procedure>(&mut self, procedure: &mut P) -> Actions<P> {
        match self.wire.listen().await {
            LinkEvent::Value { characteristic, bytes } => {
                procedure.handle(Event::Value { characteristic, bytes: &bytes }, self.wire.now())
            }
            LinkEvent::Disconnected => self.ended(Event::Disconnected, procedure),
            LinkEvent::Idle => procedure.handle(Event::Tick, self.wire.tick()),
        }
    }

    /// Does what needs the radio.
    async fn act<P: Procedure>(&mut self, action: Action<P::Item, P::Outcome>, procedure: &mut P) -> Actions<P> {
        match action {
            Action::Connect => match self.wire.connect().await {
                Ok(found) => procedure.handle(Event::ServicesResolved(&found), self.wire.now()),
                Err(error) => self.unreachable(&error, procedure),
            },
            Action::Disconnect => {
                self.wire.disconnect().await;
                procedure.handle(Event::Disconnected, self.wire.now())
            }
            Action::Subscribe(characteristic) => match self.wire.subscribe(characteristic).await {
                Ok(()) => procedure.handle(Event::Subscribed(characteristic), self.wire.now()),
                Err(error) => self.failed(characteristic, &error, procedure),
            },
            Action::Read(characteristic) => match self.wire.read(characteristic).await {
                Ok(bytes) => procedure.handle(Event::Read { characteristic, bytes: &bytes }, self.wire.now()),
                Err(error) => self.failed(characteristic, &error, procedure),
            },
            Action::Write { characteristic, bytes } => match self.wire.write(characteristic, &bytes).await {
                Ok(()) => Vec::new(),
                Err(error) => self.failed(characteristic, &error, procedure),
            },
            _ => Vec::new(),
        }
    }

    fn failed<P: Procedure>(&mut self, characteristic: Uuid, error: &LinkError, procedure: &mut P) -> Actions<P> {
        match error {
            LinkError::Att(error) => {
                procedure.handle(Event::Refused { characteristic, error: *error }, self.wire.now())
            }
            error => self.unreachable(error, procedure),
        }
    }

    fn unreachable<P: Procedure>(&mut self, error: &LinkError, procedure: &mut P) -> Actions<P> {
        let event = match error {
            LinkError::Unavailable | LinkError::StillUp => Event::RadioGone,
            LinkError::Pairing(_) => {
                // as if the device had said so itself
                let error = AttError::INSUFFICIENT_AUTHENTICATION;
                Event::Refused { characteristic: RECORD_ACCESS_CONTROL_POINT, error }
            }
            _ => Event::Disconnected,
        };
        self.ended(event, procedure)
    }

    fn ended<P: Procedure>(&mut self, event: Event<'_>, procedure: &mut P) -> Actions<P> {
        self.wire.down();
        procedure.handle(event, self.wire.now())
    }
}
