//! The two powers that act where the patient cannot: break-glass reads, recovery replaces keys. Neither can do what the
//! other does, and nothing else goes round the patient's keys.
//!
//! | | [`break_glass`] | [`recovery`] |
//! |---|---|---|
//! | for | an emergency in which the patient cannot consent | keys of the patient that are lost |
//! | asked by | an institution or physician of a role the patient named | the holders of the keys that are to be put in |
//! | approved by | k of the emergency trustees | k of the recovery trustees, other parties |
//! | how fast | at once or after a short delay, as the patient chose | after a window of a day at least |
//! | stopped by | any one patient key, before and after it opens | any one patient key, until it is carried out |
//! | gives | reading of a span of records, for hours | new patient keys in the account's policy, no reading |
//! | afterwards | in the access log, marked; reviewed by somebody independent | the old keys are dead from that height |
//!
//! [`trustees`] says who may approve; the patient alone appoints, replaces and removes them.
#![doc = include_str!("../docs/emergency.md")]

pub mod break_glass;
pub mod recovery;
pub mod trustees;

pub use break_glass::{
    Emergency, EmergencyId, EmergencyRequest, EmergencyStatus, EmergencyTerms, Immediate, PatientState, Review, Verdict,
};
pub use recovery::{Recovery, RecoveryId, RecoveryRequest, RecoveryStatus, RecoveryTerms};
pub use trustees::{Appointed, Appointment, Circle, CircleError, Period, Power, TermsError};
