//! Refusals: escrow and similar cases.

/// The rows of this room, behind those before it; then the next room.
macro_rules! escrow {
    ([$($rows:tt)*] $next:ident $($rooms:ident)*) => {
        $next! { [$($rows)*
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
        ] $($rooms)* }
    };
}
pub(super) use escrow;
