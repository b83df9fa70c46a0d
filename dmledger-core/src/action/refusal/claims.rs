//! Refusals: claims.

/// The rows of this room, behind those before it; then the next room.
macro_rules! claims {
    ([$($rows:tt)*] $next:ident $($rooms:ident)*) => {
        $next! { [$($rows)*
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
            /// The mark of a member within a scope was accepted before, under whatever proof.
            410 "this member has been heard in this scope" MemberHeard;
        ] $($rooms)* }
    };
}
pub(super) use claims;
