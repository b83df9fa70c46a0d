//! Refusals: accounts, policies, proposals, devices and records.

/// The rows of this room, behind those before it; then the next room.
macro_rules! accounts {
    ([$($rows:tt)*] $next:ident $($rooms:ident)*) => {
        $next! { [$($rows)*
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
        ] $($rooms)* }
    };
}
pub(super) use accounts;
