//! Refusals: emergency, recovery and erasure.

/// The rows of this room, behind those before it; then the next room.
macro_rules! powers {
    ([$($rows:tt)*] $next:ident $($rooms:ident)*) => {
        $next! { [$($rows)*
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
            /// Records move forward only.
            350 "record {position} lies in epoch {epoch}, which is not an earlier one" NotALaterEpoch {
                /// Its place in the action, from 0.
                position: u16,
                /// Where its keys lie.
                epoch: u32,
            };
        ] $($rooms)* }
    };
}
pub(super) use powers;
