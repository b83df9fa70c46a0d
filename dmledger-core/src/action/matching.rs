//! Similar cases: enrolled by their owners, counted for members, named to nobody.
//!
//! - A case comes into a cell only together with others: newcomers wait until there are as many as the smallest cell
//!   that answers (genesis sets it). Asking before and after somebody enrols shows either nothing or a whole cohort.
//! - A cell with fewer cases than that does not answer, and an unknown cell answers as a small one does.
//! - Counts are told in whole multiples of that number, and as many pseudonyms at most.
//! - Whoever leaves is out from that block on, and one who waits takes the place, so that the count stays. Where nobody
//!   waits, a departure can show: leaving at once was worth more than hiding it.
//! - Everything that is asked stays in the network's log, with its answer.

mod enrol;
mod find;
mod leave;

pub use enrol::Enrol;
pub use find::{FindSimilar, MAX_SHOWN, MatchEntry, MatchOutcome};
pub use leave::Leave;
