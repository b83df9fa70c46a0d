//! Refusals: grants, agreements, versions and alerts.

/// The rows of this room, behind those before it; then the next room.
macro_rules! consent {
    ([$($rows:tt)*] $next:ident $($rooms:ident)*) => {
        $next! { [$($rows)*
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
        ] $($rooms)* }
    };
}
pub(super) use consent;
