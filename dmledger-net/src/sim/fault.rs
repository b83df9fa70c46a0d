//! Storms: faults at seeded random moments, never more of them at once than agreement tolerates for long.

use super::{
    World,
    crash::CrashPoint,
    network::{Quality, below},
};
use std::time::Duration;

/// What a storm may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "configuration of tests")]
pub struct Storm {
    /// How many faults.
    pub faults: u32,
    /// Longest time between two of them, and longest time one lasts.
    pub pause: Duration,
    /// Links while it rages.
    pub quality: Quality,
    /// Validators that crash are among the first so many nodes.
    pub validators: usize,
}

impl Storm {
    /// Rages, and leaves everything healed: links perfect, everybody up.
    ///
    /// `work` is called before every fault, so that there is something to disturb.
    pub fn rage(self, world: &mut World, mut work: impl FnMut(&mut World, u32)) {
        world.network().set_quality(self.quality);
        for fault in 0..self.faults {
            work(world, fault);
            let wait = self.moment(world);
            world.run_for(wait);
            let node = usize::try_from(below(&mut world.rng, self.validators as u64)).unwrap_or(0);
            let lasts = self.moment(world);
            match below(&mut world.rng, 4) {
                0 => world.crash(node, CrashPoint::Now),
                1 => {
                    let operations = below(&mut world.rng, 40);
                    world.crash(node, CrashPoint::LogOperation(operations));
                }
                2 => {
                    let outputs = usize::try_from(below(&mut world.rng, 6)).unwrap_or(0);
                    world.crash(node, CrashPoint::Outputs(outputs));
                }
                _ => world.network().cut_off(&[node]),
            }
            world.run_for(lasts);
            world.network().heal();
            self.raise(world);
        }
        world.network().set_quality(Quality::default());
        // Whoever still carries a crash point meets it now or never.
        for node in 0..self.validators {
            world.crash(node, CrashPoint::Now);
        }
        self.raise(world);
    }

    fn raise(self, world: &mut World) {
        for node in 0..self.validators {
            world.restart(node);
        }
    }

    fn moment(self, world: &mut World) -> Duration {
        let most = u64::try_from(self.pause.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(below(&mut world.rng, most))
    }
}
