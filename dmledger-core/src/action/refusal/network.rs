//! Refusals: every action, and actions by which members come, stay and leave.

/// The rows of this room, behind those before it; then the next room.
macro_rules! network {
    ([$($rows:tt)*] $next:ident $($rooms:ident)*) => {
        $next! { [$($rows)*
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
        ] $($rooms)* }
    };
}
pub(super) use network;
