//! The table of actions: everything that can change the state, one file an action.
//!
//! An action travels as an [`Envelope`] with its endorsements. Each one passes three checks ([`Handler`]): what shows
//! without any state, what has to fit the state, and its execution. Every action creates or changes a thing with a name
//! of its own, so that repeating it is refused; the envelope binds chain and account, so that it cannot be carried
//! elsewhere.

pub mod access;
pub mod accuse;
pub mod admit;
pub mod amend;
pub mod anchor;
pub mod appoint;
pub mod approve_emergency;
pub mod cancel_recovery;
pub mod claim;
pub mod conclude;
pub mod configure;
pub mod confirm_erasure;
pub mod contract;
pub mod deidentify;
pub mod dismiss;
pub mod end_emergency;
pub mod endorse;
pub mod equip;
pub mod escrow;
pub mod execute_recovery;
pub mod grant;
pub mod hand_over;
pub mod handler;
pub mod instruct;
pub mod matching;
pub mod move_records;
pub mod note;
pub mod open;
mod order_erasure;
mod party;
pub mod propose;
pub mod provision;
pub mod reconfigure;
pub mod refer;
pub mod refusal;
pub mod renew;
pub mod renounce;
pub mod replace;
mod request_emergency;
mod request_recovery;
pub mod review_emergency;
pub mod revoke;
mod settle;
pub mod subscribe;
pub mod terminate;
pub mod update;
pub mod withdraw;

pub use accuse::Accuse;
pub use admit::Admit;
pub use amend::Amend;
pub use anchor::Anchor;
pub use appoint::Appoint;
pub use approve_emergency::ApproveEmergency;
pub use cancel_recovery::CancelRecovery;
pub use claim::ClaimAction;
pub use conclude::Conclude;
pub use configure::{AdmissionContract, Founder, Genesis, GenesisError, Parameters, Profile};
pub use confirm_erasure::ConfirmErasure;
pub use contract::ConfigureAdmission;
pub use deidentify::Deidentify;
pub use dismiss::Dismiss;
pub use end_emergency::EndEmergency;
pub use endorse::Endorse;
pub use equip::Equip;
pub use escrow::{Close, Confirm, Ending, PublishInfo, Submit};
pub use execute_recovery::ExecuteRecovery;
pub use grant::GrantAction;
pub use hand_over::HandOver;
pub use handler::{Fault, Frame, Handler};
pub use instruct::Instruct;
pub use matching::{Enrol, FindSimilar, Leave};
pub use move_records::MoveRecords;
pub use note::Note;
pub use open::Open;
pub use propose::Propose;
pub use provision::Provision;
pub use reconfigure::Reconfigure;
pub use refer::Refer;
pub use refusal::Refusal;
pub use renew::Renew;
pub use renounce::Renounce;
pub use replace::{Replace, Succession};
pub use review_emergency::ReviewEmergency;
pub use revoke::Revoke;
pub use subscribe::Subscribe;
pub use terminate::Terminate;
pub use update::Update;
pub use withdraw::Withdraw;

use crate::{
    block::{MAX_ACTION_BYTES, RawAction},
    codec::{self, Canonical, CodecError},
    consent::{AccessRequest, ErasureOrder},
    emergency::{EmergencyRequest, RecoveryRequest},
    envelope::{Envelope, Signable},
    hash::{Tag, tag},
    key::batch::Claim,
};
use alloc::{boxed::Box, vec::Vec};
use borsh::{BorshDeserialize, BorshSerialize};

/// Everything that can be asked of the ledger; the number is what travels.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Action {
    /// Begins a network; block 0 only.
    Configure(Box<Genesis>) = 0,
    /// Makes the holder of a certificate a member.
    Admit(Admit) = 1,
    /// Opens an account.
    Open(Open) = 2,
    /// Registers records.
    Anchor(Anchor) = 3,
    /// Grants, or denies, the use of records.
    Grant(GrantAction) = 4,
    /// Takes a grant back.
    Revoke(Revoke) = 5,
    /// Asks for records; answered and logged.
    Access(AccessRequest) = 6,
    /// Ends a membership.
    Dismiss(Dismiss) = 7,
    /// Replaces a member's certificate.
    Renew(Renew) = 8,
    /// Changes the validators.
    Reconfigure(Box<Reconfigure>) = 9,
    /// Says that the keys of records lie in a later epoch.
    MoveRecords(MoveRecords) = 10,
    /// Puts an action before an account's holders.
    Propose(Propose) = 20,
    /// Adds a signature to a proposal.
    Endorse(Endorse) = 21,
    /// Takes a proposal, or a signature on it, back; or rejects it.
    Withdraw(Withdraw) = 22,
    /// Changes an account's policy.
    Amend(Box<Amend>) = 23,
    /// Pairs, replaces or retires a device.
    Equip(Box<Equip>) = 24,
    /// Tells which rules the patient's agent signs by.
    Instruct(Instruct) = 25,
    /// Lets an institution's records wait for the patient.
    Submit(Box<Submit>) = 50,
    /// Takes waiting records into the account.
    Confirm(Confirm) = 51,
    /// Ends what waits without release.
    Close(Close) = 52,
    /// Lets every member know something about an account.
    PublishInfo(Box<PublishInfo>) = 53,
    /// Joins similar cases.
    Enrol(Enrol) = 54,
    /// Leaves similar cases.
    Leave(Leave) = 55,
    /// Asks for similar cases.
    FindSimilar(FindSimilar) = 56,
    /// Convicts a validator.
    Accuse(Box<Accuse>) = 57,
    /// Changes the admission contract.
    ConfigureAdmission(ConfigureAdmission) = 58,
    /// Registers a chain node.
    Provision(Provision) = 59,
    /// Decides who may approve an emergency, or a recovery.
    Appoint(Box<Appoint>) = 40,
    /// Asks to read in an emergency.
    RequestEmergency(EmergencyRequest) = 41,
    /// Trustees agree to an emergency.
    ApproveEmergency(ApproveEmergency) = 42,
    /// Ends an emergency before its time.
    EndEmergency(EndEmergency) = 43,
    /// Records what a review of an emergency found.
    ReviewEmergency(ReviewEmergency) = 44,
    /// Asks that lost patient keys be replaced.
    RequestRecovery(Box<RecoveryRequest>) = 45,
    /// Stops a recovery.
    CancelRecovery(CancelRecovery) = 46,
    /// Puts recovered patient keys in.
    ExecuteRecovery(ExecuteRecovery) = 47,
    /// Orders that a record or an epoch be erased.
    OrderErasure(Box<ErasureOrder>) = 48,
    /// States that a custodian has erased.
    ConfirmErasure(Box<ConfirmErasure>) = 49,
    /// Shows a fact about anchored records.
    Claim(Box<ClaimAction>) = 60,
    /// Renews, narrows or replaces a grant.
    Replace(Box<Replace>) = 30,
    /// Passes a grant to another member.
    HandOver(Box<HandOver>) = 31,
    /// Gives a grant up.
    Renounce(Renounce) = 32,
    /// Lets another institution use what an agreement gives.
    Refer(Box<Refer>) = 33,
    /// Concludes an agreement.
    Conclude(Box<Conclude>) = 34,
    /// Ends an agreement.
    Terminate(Terminate) = 35,
    /// Puts a note into an agreement's log.
    Note(Note) = 36,
    /// Registers a later version of a record.
    Update(Box<Update>) = 37,
    /// Declares a record de-identified.
    Deidentify(Deidentify) = 38,
    /// Sets what a subscriber is told of.
    Subscribe(Box<Subscribe>) = 39,
}

impl Action {
    /// The rules of this action.
    #[must_use]
    pub fn handler(&self) -> &dyn Handler {
        match self {
            Self::Configure(action) => action.as_ref(),
            Self::Admit(action) => action,
            Self::Open(action) => action,
            Self::Anchor(action) => action,
            Self::Grant(action) => action,
            Self::Revoke(action) => action,
            Self::Access(action) => action,
            Self::Dismiss(action) => action,
            Self::Renew(action) => action,
            Self::Reconfigure(action) => action.as_ref(),
            Self::Propose(action) => action,
            Self::Endorse(action) => action,
            Self::Withdraw(action) => action,
            Self::Amend(action) => action.as_ref(),
            Self::Equip(action) => action.as_ref(),
            Self::Instruct(action) => action,
            Self::Submit(action) => action.as_ref(),
            Self::Confirm(action) => action,
            Self::Close(action) => action,
            Self::PublishInfo(action) => action.as_ref(),
            Self::Enrol(action) => action,
            Self::Leave(action) => action,
            Self::FindSimilar(action) => action,
            Self::Accuse(action) => action.as_ref(),
            Self::ConfigureAdmission(action) => action,
            Self::Provision(action) => action,
            Self::Appoint(action) => action.as_ref(),
            Self::RequestEmergency(action) => action,
            Self::ApproveEmergency(action) => action,
            Self::EndEmergency(action) => action,
            Self::ReviewEmergency(action) => action,
            Self::RequestRecovery(action) => action.as_ref(),
            Self::CancelRecovery(action) => action,
            Self::ExecuteRecovery(action) => action,
            Self::OrderErasure(action) => action.as_ref(),
            Self::ConfirmErasure(action) => action.as_ref(),
            Self::Claim(action) => action.as_ref(),
            Self::Replace(action) => action.as_ref(),
            Self::HandOver(action) => action.as_ref(),
            Self::Renounce(action) => action,
            Self::Refer(action) => action.as_ref(),
            Self::Conclude(action) => action.as_ref(),
            Self::Terminate(action) => action,
            Self::Note(action) => action,
            Self::Update(action) => action.as_ref(),
            Self::Deidentify(action) => action,
            Self::Subscribe(action) => action.as_ref(),
            Self::MoveRecords(action) => action,
        }
    }

    /// The action's name in plain words.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Configure(_) => "configure",
            Self::Admit(_) => "admit",
            Self::Open(_) => "open",
            Self::Anchor(_) => "anchor",
            Self::Grant(_) => "grant",
            Self::Revoke(_) => "revoke",
            Self::Access(_) => "access",
            Self::Dismiss(_) => "dismiss",
            Self::Renew(_) => "renew",
            Self::Reconfigure(_) => "reconfigure",
            Self::Propose(_) => "propose",
            Self::Endorse(_) => "endorse",
            Self::Withdraw(_) => "withdraw",
            Self::Amend(_) => "amend",
            Self::Equip(_) => "equip",
            Self::Instruct(_) => "instruct",
            Self::Submit(_) => "submit",
            Self::Confirm(_) => "confirm",
            Self::Close(_) => "close",
            Self::PublishInfo(_) => "publish-info",
            Self::Enrol(_) => "enrol",
            Self::Leave(_) => "leave",
            Self::FindSimilar(_) => "find-similar",
            Self::Accuse(_) => "accuse",
            Self::ConfigureAdmission(_) => "configure-admission",
            Self::Provision(_) => "provision",
            Self::Appoint(_) => "appoint",
            Self::RequestEmergency(_) => "request emergency",
            Self::ApproveEmergency(_) => "approve emergency",
            Self::EndEmergency(_) => "end emergency",
            Self::ReviewEmergency(_) => "review emergency",
            Self::RequestRecovery(_) => "request recovery",
            Self::CancelRecovery(_) => "cancel recovery",
            Self::ExecuteRecovery(_) => "execute recovery",
            Self::OrderErasure(_) => "order erasure",
            Self::ConfirmErasure(_) => "confirm erasure",
            Self::Claim(_) => "claim",
            Self::Replace(_) => "replace",
            Self::HandOver(_) => "hand over",
            Self::Renounce(_) => "renounce",
            Self::Refer(_) => "refer",
            Self::Conclude(_) => "conclude",
            Self::Terminate(_) => "terminate",
            Self::Note(_) => "note",
            Self::Update(_) => "update",
            Self::Deidentify(_) => "deidentify",
            Self::Subscribe(_) => "subscribe",
            Self::MoveRecords(_) => "move records",
        }
    }

    /// The action's number: what travels.
    #[must_use]
    pub fn number(&self) -> u8 {
        // Version, then number.
        codec::encode(self).get(1).copied().unwrap_or_default()
    }
}

impl Canonical for Action {
    // The envelope around it takes at most 3.3 KiB of an action's 64 KiB.
    const MAX_BYTES: usize = MAX_ACTION_BYTES - 4096;
}

impl Signable for Action {
    const TAG: Tag = tag::ACTION;
}

/// An action with chain, account and endorsements.
pub type SignedAction = Envelope<Action>;

/// The action as it travels.
///
/// # Errors
/// [`CodecError::TooLong`] above [`MAX_ACTION_BYTES`].
pub fn encode(action: &SignedAction) -> Result<RawAction, CodecError> {
    RawAction::new(codec::encode(action))
}

/// Reads an action that travelled.
///
/// # Errors
/// [`CodecError`].
pub fn decode(action: &RawAction) -> Result<SignedAction, CodecError> {
    codec::decode(action.as_slice())
}

/// Every signature in an action, endorsements and those inside the body: what has to hold before the rules look at it.
#[must_use]
pub fn claims(action: &SignedAction) -> Vec<Claim> {
    let frame = Frame::of(action);
    let mut claims = action.claims_as(&frame.id());
    claims.extend(action.body().handler().claims(&frame));
    claims
}
