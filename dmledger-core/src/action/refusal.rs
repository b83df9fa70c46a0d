//! Why an action is not accepted.

use crate::{
    account::{Missing, ProposalStatus, escrow::Intake},
    codec::CodecError,
    consent::grant::Dimension,
    decide::Reason,
    emergency::TermsError,
    identity::{CertificateError, MemberId, Role},
    record::RecordId,
    time::{Height, Timestamp},
    traits::proof_verifier::ProofRefusal,
};
use thiserror::Error;

macro_rules! refusals {
    ($($(#[$doc:meta])* $code:literal $text:literal $name:ident $({ $($(#[$field_doc:meta])* $field:ident: $kind:ty),* $(,)? })?;)*) => {
        /// Why an action is not accepted, each cause with a stable number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
        #[non_exhaustive]
        pub enum Refusal {
            $($(#[$doc])* #[error($text)] $name $({ $($(#[$field_doc])* $field: $kind),* })?,)*
        }

        impl Refusal {
            /// Stable number of the cause.
            #[must_use]
            pub const fn code(&self) -> u16 {
                match self { $(Self::$name $({ $($field: _),* })? => $code,)* }
            }
        }
    };
}

refusals! {
    /// The bytes are no action.
    100 "unreadable action: {error}" Malformed {
        /// What is wrong with them.
        error: CodecError,
    };
    /// Made for another network.
    101 "action for another network" WrongChain;
    /// A signature in it does not verify.
    102 "{count} signature(s) do not verify" BadSignature {
        /// How many.
        count: usize,
    };
    /// It has to name an account.
    103 "action names no account" NoAccount;
    /// It must not name an account.
    104 "action names an account it is not about" UnexpectedAccount;
    /// It lacks a signature that it cannot do without.
    105 "nobody signed as author" NoAuthor;
    /// Two authors where there can be one.
    106 "more than one author" SeveralAuthors;
    /// Holds nothing to do.
    107 "action does nothing" Empty;
    /// One name stands in it twice.
    108 "a record is named twice" DuplicateRecord;
    /// Only block 0 configures.
    110 "configuration outside the first block" NotGenesis;
    /// The certificate is no credential.
    120 "certificate refused: {error}" Certificate {
        /// Why.
        error: CertificateError,
    };
    /// The key is a member's already.
    121 "already a member" AlreadyMember;
    /// Too few institutions approve.
    122 "{have} of {need} approvals by institutions present" MissingApprovals {
        /// Approvals that count.
        have: u16,
        /// Approvals needed.
        need: u16,
    };
    /// The signer has no admitted certificate.
    123 "signer is not a member of this network" NotAMember;
    /// There is no such member.
    124 "no such member" UnknownMember;
    /// The member was dismissed before.
    125 "member was dismissed at height {height}" MemberDismissed {
        /// Height of the dismissal.
        height: Height,
    };
    /// A renewal for another role than the one admitted.
    126 "certificate is for another role than was admitted" RoleChanged;
    /// A renewal that ends no later than what it replaces.
    127 "certificate ends no later than the present one, {until}" NotLater {
        /// End of the present certificate.
        until: Timestamp,
    };
    /// A change of validators out of its turn.
    128 "change {found} of the validators where {expected} is next" WrongChange {
        /// Number found.
        found: u64,
        /// Number expected.
        expected: u64,
    };
    /// There is no such account.
    130 "no such account" UnknownAccount;
    /// The address is taken.
    131 "account exists already" AccountExists;
    /// The address does not follow from policy, kind and salt.
    132 "account address does not match its contents" WrongAddress;
    /// Protects the patient less than a medical account must.
    133 "policy with patient keys must require two signatures, one of them the patient's" NotMedical;
    /// A patient's key did not sign the opening.
    134 "{have} of {need} patient keys signed" MissingPatientKeys {
        /// Patient keys that signed.
        have: u8,
        /// Patient keys there are.
        need: u8,
    };
    /// A patient's key is used in another account.
    135 "patient key belongs to another account" PatientKeyInUse;
    /// No residence or end node certified the keys.
    136 "no residence or end node certified the patient's keys" NoCertifier;
    /// The signers do not satisfy the account's policy.
    140 "account policy not satisfied: {missing}" Policy {
        /// What is missing.
        missing: Missing,
    };
    /// The record has been registered before.
    150 "record {record:.16} is registered already" RecordExists {
        /// Which.
        record: RecordId,
    };
    /// A gap or a repetition in the account's records.
    151 "record number {found} where {expected} is next" WrongSequence {
        /// Number found.
        found: u64,
        /// Number expected.
        expected: u64,
    };
    /// The author may not write into this account.
    152 "author of a record is no gateway or cosigner of the account" WrongAuthor;
    /// The grant's name is taken.
    160 "grant exists already" GrantExists;
    /// The grantee is not a member, or no longer.
    161 "grantee {member:.16} is not an active member" UnknownGrantee {
        /// Who.
        member: MemberId,
    };
    /// It would never hold.
    162 "grant is over before it begins" GrantIsOver;
    /// No room for another grant in force.
    163 "{max} grants are in force for this audience already" TooManyGrants {
        /// How many there can be.
        max: usize,
    };
    /// There is no such grant in this account.
    170 "no such grant in this account" UnknownGrant;
    /// It was revoked before.
    171 "grant was revoked already" AlreadyRevoked;
    /// The request's name is taken.
    180 "request was answered already" RequestExists;
    /// What is proposed cannot be read as an action.
    200 "proposed action unreadable: {error}" UnreadableProposal {
        /// What is wrong with it.
        error: CodecError,
    };
    /// What is proposed is no action in an account's name that signatures can be collected for.
    201 "this action cannot be proposed" NotProposable;
    /// The very same proposal was made before.
    202 "proposed already" ProposalExists;
    /// There is no such proposal in this account.
    203 "no such proposal in this account" UnknownProposal;
    /// The proposal no longer waits.
    204 "proposal {status}" ProposalEnded {
        /// What became of it.
        status: ProposalStatus,
    };
    /// The proposal's time is over.
    205 "proposal lapsed" ProposalLapsed;
    /// It would wait longer than a proposal can.
    206 "proposal waits beyond {latest}" WaitsTooLong {
        /// Latest end.
        latest: Timestamp,
    };
    /// No room for another proposal, in the account or of this proposer.
    207 "no room for another proposal: {max} can wait, a quarter of them of one proposer" TooManyProposals {
        /// How many can wait in an account.
        max: usize,
    };
    /// A signer has no say in the account.
    208 "signer has no say in this account" NoStanding;
    /// A signer has signed the proposal before.
    209 "signer has endorsed this proposal before" EndorsedAlready;
    /// More signers than any policy has keys.
    210 "too many signers" TooManySigners;
    /// The signer neither proposed nor endorsed it, nor is the patient.
    211 "signer can neither withdraw, reject nor leave this proposal" NotYoursToWithdraw;
    /// A policy out of its turn.
    220 "policy number {found} where {expected} is next" WrongPolicyNumber {
        /// Number found.
        found: u64,
        /// Number expected.
        expected: u64,
    };
    /// The policy is the one in force.
    221 "policy is in force already" PolicyUnchanged;
    /// An account does not become a patient's, nor cease to be one.
    222 "an account keeps having patient keys, or having none" PatientKeysComeOrGo;
    /// A patient key enters a policy without proof that somebody holds it.
    223 "a patient key enters without proof that it is held" UnprovedKey;
    /// The device's key is known in this account.
    230 "device key is registered already" DeviceExists;
    /// There is no such device in this account.
    231 "no such device in this account" UnknownDevice;
    /// The device was retired or replaced before.
    232 "device was retired at height {height}" DeviceRetired {
        /// Since when.
        height: Height,
    };
    /// No room for another device.
    233 "{max} devices are paired already" TooManyDevices {
        /// How many there can be.
        max: usize,
    };
    /// A mandate out of its turn.
    240 "mandate number {found} where {expected} is next" WrongMandateNumber {
        /// Number found.
        found: u64,
        /// Number expected.
        expected: u64,
    };
    /// It was ended before, or is not in force.
    250 "grant has ended" GrantEnded;
    /// It stands in an agreement or hangs on a referral.
    251 "grant changes with its agreement only" BoundByAgreement;
    /// For another audience than it can be, or for none other than before.
    252 "grant is for the wrong audience" OtherAudience;
    /// Goes beyond the grant it comes from.
    253 "grant goes beyond the one it comes from: {dimension}" BeyondScope {
        /// In which dimension first.
        dimension: Dimension,
    };
    /// Somebody else's right.
    254 "signer is not the grantee" NotTheGrantee;
    /// Denials cannot be passed on, given up or agreed on.
    255 "grant does not permit anything" NotAPermit;
    /// A renewal that lasts no longer.
    256 "grant lasts no longer than the one it renews" NotLonger;
    /// More than the public can be given.
    257 "open to the public are reading, for research or public health, and nothing else" NotForThePublic;
    /// Research on a disease without the disease.
    258 "grant for disease-specific research names no disease" NoDisease;
    /// No agreement allows it, or no more of it.
    260 "no agreement allows this referral" NoReferral;
    /// The other party has to be one.
    261 "the other party is no institution" PartyNotInstitution;
    /// More than an agreement can allow.
    262 "at most {max} referrals in one agreement" TooManyReferrals {
        /// How many there can be.
        max: u8,
    };
    /// The agreement's name is taken.
    263 "agreement exists already" AgreementExists;
    /// There is no such agreement.
    264 "no such agreement in this account" UnknownAgreement;
    /// It was ended before.
    265 "agreement was ended at height {height}" AgreementEnded {
        /// When.
        height: Height,
    };
    /// The note is on file.
    266 "note is on file already" NoteExists;
    /// There is no such record.
    270 "record {position} is not in this account" UnknownRecord {
        /// Its place in the action, from 0.
        position: u16,
    };
    /// It has a later version.
    271 "record has a later version, {latest:.16}" NotLatest {
        /// The latest.
        latest: RecordId,
    };
    /// There is no such request of this member about this record.
    272 "no such request by this member" UnknownRequest;
    /// The request was answered in this very block.
    273 "request is not final yet" NotFinal;
    /// The request was denied, or would be by now.
    274 "access not allowed: {reason}" NotAllowed {
        /// Why.
        reason: Reason,
    };
    /// The record was updated under this request before.
    275 "request has served its update" RequestSpent;
    /// About other hours than the version before it.
    276 "version is about other hours than the one before it" OtherHours;
    /// Declared before.
    280 "record was declared de-identified already" AlreadyDeidentified;
    /// Too exact for the public.
    281 "a de-identified record names whole calendar years" NotWholeYears;
    /// One rule stands in a list twice.
    285 "an alert is listed twice" DuplicateAlert;
    /// A change of alerts out of its turn.
    286 "change {found} of the alerts where {expected} is next" WrongAlerts {
        /// Number found.
        found: u64,
        /// Number expected.
        expected: u64,
    };
    /// The publication does not fit an escrow: an entry is not the author's own, or is numbered.
    350 "an entry is not the publisher's own, or has a number already" NotForEscrow;
    /// The publisher is no institution.
    351 "only institutions publish" NotAnInstitution;
    /// The account takes no publications of this institution.
    352 "the account takes publications of: {intake:?}" IntakeClosed {
        /// Whose it takes.
        intake: Intake,
    };
    /// Not one of the patient's keys.
    353 "not a key of this account's patient" NotAPatientKey;
    /// The address is taken.
    354 "a publication waits or waited at this address already" EscrowExists;
    /// As many wait as there may.
    355 "{max} publications wait for this account already" TooManyWaiting {
        /// How many there can be.
        max: usize,
    };
    /// Nothing waits there for this account.
    356 "no such publication for this account" UnknownEscrow;
    /// It was decided before.
    357 "publication was decided already" EscrowDecided;
    /// Its time is over.
    358 "time to decide on the publication is over" EscrowOver;
    /// Its time is not over.
    359 "time to decide on the publication is not over" EscrowNotOver;
    /// The address is not made of these keys and this secret.
    360 "address does not follow from the two keys and this secret" WrongTweak;
    /// Only who published withdraws.
    361 "not the institution that published" NotThePublisher;
    /// The information is out of its turn.
    362 "information {found} where {expected} is next" WrongInfoNumber {
        /// Number found.
        found: u64,
        /// Number expected.
        expected: u64,
    };
    /// A text that would trouble a screen.
    363 "text contains control characters" ControlCharacters;
    /// The network's profile allows nothing inline.
    364 "{bytes} bytes of text or ciphertext, a public network carries none" InlineForbidden {
        /// How many there are.
        bytes: usize,
    };
    /// A cell or a pseudonym stands in it twice.
    370 "a cell or a case is named twice" DuplicateCase;
    /// The account is enrolled.
    371 "account is enrolled already" AlreadyEnrolled;
    /// The pseudonym is taken.
    372 "case is named so already" CaseExists;
    /// There is no such enrolment.
    373 "account is not enrolled so" NotEnrolled;
    /// The role does not ask for similar cases.
    374 "a {role} does not ask for similar cases" MayNotMatch {
        /// The role.
        role: Role,
    };
    /// The validator was convicted before.
    380 "validator was convicted at height {height}" ConvictedAlready {
        /// Height of the conviction.
        height: Height,
    };
    /// The key never had a vote here.
    381 "key is neither a validator's nor a member's" NotAValidator;
    /// A contract that would let nobody in.
    385 "contract that nobody could fulfil" NobodyApproves;
    /// Another contract is next, or in force.
    386 "admission contract {found} where {expected} is meant" WrongContract {
        /// Number found.
        found: u64,
        /// Number expected.
        expected: u64,
    };
    /// Only a data centre configures the contract.
    387 "no data centre signed as author" NotADataCentre;
    /// The contract is not open to this role.
    388 "admission contract is not open to a {role}" RoleNotAdmitted {
        /// The role.
        role: Role,
    };
    /// The certificate lives longer than the contract allows.
    389 "certificate is valid for more than {days} days" CertificateTooLong {
        /// Days allowed.
        days: u16,
    };
    /// Only an end node provisions.
    390 "no end node signed as author" NotAnEndNode;
    /// The node did not show its key.
    391 "node's own key did not sign" NodeKeyDidNotSign;
    /// The member did not agree to the node.
    392 "member whose node it is did not approve" OwnerDidNotApprove;
    /// The key serves something else.
    393 "key is in use already" NodeKeyInUse;
    /// No room for another node.
    394 "member has {max} nodes already" TooManyNodes {
        /// How many there can be.
        max: usize,
    };
    /// The contract asks for a provisioned node.
    395 "validators must be provisioned nodes" NotProvisioned;
    /// The role does not vote here.
    396 "a {role} does not vote in this network" MayNotVote {
        /// The role.
        role: Role,
    };
    /// Trustees cannot be appointed on these terms.
    300 "terms of trustees refused: {error}" Terms {
        /// Why.
        error: TermsError,
    };
    /// A decision about trustees out of its turn.
    301 "decision {found} about trustees where {expected} is next" WrongAppointment {
        /// Number found.
        found: u64,
        /// Number expected.
        expected: u64,
    };
    /// A trustee is no member that may act.
    302 "trustee {member:.16} is not an active member" UnknownTrustee {
        /// Who.
        member: MemberId,
    };
    /// A trustee has a key in the account's policy.
    303 "trustee {member:.16} holds a key of the account" TrusteeHoldsKey {
        /// Who.
        member: MemberId,
    };
    /// The two powers lie in different hands.
    304 "trustee {member:.16} has the other power already" TrusteeOfBoth {
        /// Who.
        member: MemberId,
    };
    /// Nobody has this power.
    305 "no trustees are appointed" NoTrustees;
    /// The patient has decided anew since.
    306 "relies on decision {found} about trustees, in force is {current}" TermsChanged {
        /// Number relied on.
        found: u64,
        /// Number in force.
        current: u64,
    };
    /// Not a reason for an emergency.
    310 "purpose is neither break-glass nor emergency treatment" NoEmergencyReason;
    /// The emergency's name is taken.
    311 "emergency exists already" EmergencyExists;
    /// There is no such emergency.
    312 "no such emergency in this account" UnknownEmergency;
    /// The requester's role may not ask.
    313 "a {role} may not ask in an emergency" NotEntitled {
        /// The role.
        role: Role,
    };
    /// The requester would approve its own request.
    314 "requester is a trustee of this account" RequesterIsTrustee;
    /// More data, or longer, than the patient's terms allow.
    315 "emergency goes beyond the patient's terms" BeyondTerms;
    /// The requester has one that is not over, or this one is not.
    316 "emergency is not over yet" EmergencyRunning;
    /// None of the signatures is an approval that counts and was not there before.
    317 "no further trustee approves" NoTrusteeApproves;
    /// It is open already.
    318 "emergency is open already" EmergencyOpen;
    /// It is over: nothing renews it.
    319 "emergency is over" EmergencyOver;
    /// The signer can stop nothing here.
    320 "nobody signed who can stop this" NoVeto;
    /// The signer may not review this emergency.
    321 "signer may not review this emergency" NotAReviewer;
    /// It never gave access to anything.
    322 "emergency was never open" NeverOpened;
    /// It was reviewed before.
    323 "emergency was reviewed already" AlreadyReviewed;
    /// The recovery's name is taken.
    330 "recovery exists already" RecoveryExists;
    /// There is no such recovery.
    331 "no such recovery in this account" UnknownRecovery;
    /// Another recovery of the account is not settled.
    332 "another recovery is pending" RecoveryPending;
    /// Too soon after the last one.
    333 "next recovery from {time} and height {height} on" RecoveryTooSoon {
        /// When the next can be asked for, in time.
        time: Timestamp,
        /// And in height.
        height: Height,
    };
    /// A key that is to be put in did not sign.
    334 "{have} of {need} keys that enter signed" UnsignedKeys {
        /// Keys that signed.
        have: u8,
        /// Keys that enter.
        need: u8,
    };
    /// The named keys cannot take the place of the patient's.
    335 "keys cannot take the place of the patient's" NoPolicy;
    /// Too few trustees approve.
    336 "{have} of {need} trustees approve" MissingTrustees {
        /// Trustees that count.
        have: u8,
        /// Trustees needed.
        need: u8,
    };
    /// The window has not passed.
    337 "recovery can be carried out from {time} and height {height} on" RecoveryNotDue {
        /// When it can be carried out, in time.
        time: Timestamp,
        /// And in height.
        height: Height,
    };
    /// Stopped, carried out, or too late.
    338 "recovery is settled or has lapsed" RecoverySettled;
    /// The patient's keys are not those that were to be replaced.
    339 "patient keys have changed since" KeysChanged;
    /// None of the keys that are put in signed.
    340 "none of the new keys signed" NoNewKey;
    /// The erasure's name is taken.
    341 "erasure exists already" ErasureExists;
    /// There is no such erasure.
    342 "no such erasure" UnknownErasure;
    /// The account has no such record.
    343 "record {record:.16} is not in this account" NoSuchRecord {
        /// Which.
        record: RecordId,
    };
    /// It was ordered before.
    344 "erasure was ordered already" ErasedAlready;
    /// A custodian is no member that may act.
    345 "custodian {member:.16} is not an active member" UnknownCustodian {
        /// Who.
        member: MemberId,
    };
    /// Custodians twice or out of order.
    346 "custodians twice or out of order" CustodiansOutOfOrder;
    /// The receipt does not answer the order.
    347 "receipt does not answer this order" WrongReceipt;
    /// This custodian has answered before.
    348 "custodian has answered already" AnsweredAlready;
    /// The epoch's keys are being destroyed.
    349 "epoch {epoch} was erased" EpochErased {
        /// Number of the epoch.
        epoch: u32,
    };
    /// The proof does not show what the claim states.
    400 "claim refused: {refusal}" Proof {
        /// Why.
        refusal: ProofRefusal,
    };
    /// The proofs of a block would cost more to check than genesis allows.
    401 "proof costs {cost} group elements, {left} are left in this block" ProofTooCostly {
        /// Cost of the proof.
        cost: u64,
        /// What is left of the block's allowance.
        left: u64,
    };
    /// This node was given nothing to check proofs with.
    402 "this node has no verifier of proofs" NoVerifier;
    /// A proof made for another network or account.
    403 "proof is bound to another network or account" OtherContext;
    /// Not one record for each anchor.
    404 "{have} records for {need} anchors" AnchorCount {
        /// Records named.
        have: usize,
        /// Anchors of the claim.
        need: usize,
    };
    /// The account has no such record.
    405 "record {position} of the claim is not in this account" ClaimedRecordUnknown {
        /// Its place in the claim, from 0.
        position: u16,
    };
    /// The record commits to something else than the claim is about.
    406 "record {position} of the claim commits to something else" OtherAnchor {
        /// Its place in the claim, from 0.
        position: u16,
    };
    /// Nobody has shown that the day's digest is that of its readings.
    407 "histogram of day {position} of the claim has not been shown" DayNotShown {
        /// Its place in the claim, from 0.
        position: u16,
    };
    /// An hour would count twice.
    408 "days of the claim overlap" DaysOverlap;
    /// The claim was accepted before.
    409 "claim was accepted already" ClaimExists;
}

impl From<Missing> for Refusal {
    fn from(missing: Missing) -> Self {
        Self::Policy { missing }
    }
}

impl From<CertificateError> for Refusal {
    fn from(error: CertificateError) -> Self {
        Self::Certificate { error }
    }
}

impl From<TermsError> for Refusal {
    fn from(error: TermsError) -> Self {
        Self::Terms { error }
    }
}
