//! What every [`Transport`] promises, on two ends of it that reach each other.
//!
//! Call [`keeps_its_promises`] from a test of the implementation, with its own executor.

use crate::{
    error::TransportError,
    transport::{Channel, Transport},
};
use std::sync::Arc;

/// What a property hands back: the promise that is broken.
pub type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Holds two connected ends to every promise of the trait. Nothing else may be sent on them meanwhile.
///
/// # Errors
/// With the first promise that is broken.
pub async fn keeps_its_promises(a: &dyn Transport, b: &dyn Transport) -> Outcome {
    both_know_each_other(a, b)?;
    frames_arrive_whole_in_order_and_with_their_sender(a, b).await?;
    a_broadcast_reaches_the_peer(a, b).await?;
    the_most_urgent_channel_comes_first(a, b).await?;
    a_long_frame_is_refused(a, b)
}

fn both_know_each_other(a: &dyn Transport, b: &dyn Transport) -> Outcome {
    if a.local() == b.local() || !a.peers().contains(&b.local()) || !b.peers().contains(&a.local()) {
        return Err("the two ends do not know each other".into());
    }
    if a.peers().contains(&a.local()) {
        return Err("a node is its own peer".into());
    }
    Ok(())
}

async fn frames_arrive_whole_in_order_and_with_their_sender(a: &dyn Transport, b: &dyn Transport) -> Outcome {
    for channel in Channel::ALL {
        for number in 0..3_u8 {
            a.send(b.local(), channel, Arc::from(vec![number; 64 + usize::from(number)]))?;
        }
        for number in 0..3_u8 {
            let frame = b.recv().await?;
            if frame.from != a.local() || frame.channel != channel {
                return Err("a frame names another sender or channel".into());
            }
            if *frame.bytes != vec![number; 64 + usize::from(number)] {
                return Err("a frame came cut, changed or out of order".into());
            }
        }
    }
    Ok(())
}

async fn a_broadcast_reaches_the_peer(a: &dyn Transport, b: &dyn Transport) -> Outcome {
    b.broadcast(Channel::Gossip, Arc::from([9_u8].as_slice()))?;
    let frame = a.recv().await?;
    if frame.from == b.local() && *frame.bytes == [9] {
        Ok(())
    } else {
        Err("a broadcast came as another frame".into())
    }
}

async fn the_most_urgent_channel_comes_first(a: &dyn Transport, b: &dyn Transport) -> Outcome {
    for channel in Channel::ALL.into_iter().rev() {
        a.send(b.local(), channel, Arc::from([0_u8].as_slice()))?;
    }
    for channel in Channel::ALL {
        if b.recv().await?.channel != channel {
            return Err("a frame waited behind a less urgent one".into());
        }
    }
    Ok(())
}

fn a_long_frame_is_refused(a: &dyn Transport, b: &dyn Transport) -> Outcome {
    for channel in Channel::ALL {
        let max = a.max_frame(channel);
        if max > channel.max_bytes() {
            return Err("a transport carries longer frames than its channel".into());
        }
        match a.send(b.local(), channel, vec![0; max + 1].into()) {
            Err(TransportError::TooLong { len, max: limit }) if len == max + 1 && limit == max => {}
            _ => return Err("a frame over the limit was taken".into()),
        }
    }
    Ok(())
}
