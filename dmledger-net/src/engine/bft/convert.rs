//! Between the engine's messages and the wire's.

use super::context::{At, Ctx, Proposed, Voted, Voter, block, vote_kind, vote_type};
use crate::wire::{PolkaProof, RoundProof, RoundRule, RoundVote, SignedProposal, SignedVote};
use arc_malachitebft_core_types::{
    self as bft, CommitCertificate, DoubleProposal, DoubleVote, NilOrVal, PolkaCertificate, PolkaSignature, Round,
    RoundCertificate, RoundCertificateType, RoundSignature, SignedMessage,
};
use dmledger_core::{
    codec::List,
    key::PublicKey,
    quorum::{Evidence, QuorumCertificate, QuorumError, evidence::Signed},
};

pub(super) fn vote_in(signed: &SignedVote) -> bft::SignedVote<Ctx> {
    SignedMessage::new(Voted::from_wire(signed.vote), signed.signature)
}

pub(super) fn vote_out(signed: &bft::SignedVote<Ctx>) -> SignedVote {
    SignedVote { vote: *signed.message.wire(), signature: signed.signature }
}

pub(super) fn proposal_in(signed: &SignedProposal) -> bft::SignedProposal<Ctx> {
    SignedMessage::new(Proposed::from_wire(signed.proposal), signed.signature)
}

pub(super) fn proposal_out(signed: &bft::SignedProposal<Ctx>) -> SignedProposal {
    SignedProposal { proposal: *signed.message.wire(), signature: signed.signature }
}

/// Two votes that convict the holder of `key`; `None` if they contradict each other in nothing the ledger knows.
pub(super) fn votes_evidence(key: PublicKey, (a, b): &DoubleVote<Ctx>) -> Option<Evidence> {
    let signed = |one: &bft::SignedVote<Ctx>| Signed { message: *one.message.wire(), signature: one.signature };
    Evidence::of_votes(key, signed(a), signed(b)).ok()
}

/// Two proposals that convict the holder of `key`.
pub(super) fn proposals_evidence(key: PublicKey, (a, b): &DoubleProposal<Ctx>) -> Option<Evidence> {
    let signed = |one: &bft::SignedProposal<Ctx>| Signed { message: *one.message.wire(), signature: one.signature };
    Evidence::of_proposals(key, signed(a), signed(b)).ok()
}

pub(super) fn polka_in(proof: &PolkaProof) -> PolkaCertificate<Ctx> {
    let signature = |(address, signature): &(_, _)| PolkaSignature::new(Voter(*address), *signature);
    PolkaCertificate {
        height: At::new(proof.height),
        round: Round::new(proof.round),
        value_id: proof.block,
        polka_signatures: proof.signatures.iter().map(signature).collect(),
    }
}

/// `None` only if the certificate outgrew the wire's limit of one signature a validator.
pub(super) fn polka_out(certificate: &PolkaCertificate<Ctx>) -> Option<PolkaProof> {
    let signatures = certificate.polka_signatures.iter().map(|one| (one.address.0, one.signature)).collect();
    Some(PolkaProof {
        height: certificate.height.height(),
        round: certificate.round.as_u32()?,
        block: certificate.value_id,
        signatures: List::new(signatures).ok()?,
    })
}

pub(super) fn round_in(proof: &RoundProof) -> RoundCertificate<Ctx> {
    let signature = |vote: &RoundVote| {
        let value = vote.block.map_or(NilOrVal::Nil, NilOrVal::Val);
        RoundSignature::new(vote_type(vote.kind), value, Voter(vote.voter), vote.signature)
    };
    RoundCertificate {
        height: At::new(proof.height),
        round: Round::new(proof.round),
        cert_type: match proof.rule {
            RoundRule::Skip => RoundCertificateType::Skip,
            RoundRule::Precommit => RoundCertificateType::Precommit,
        },
        round_signatures: proof.votes.iter().map(signature).collect(),
    }
}

/// `None` only if the certificate outgrew the wire's limit of two signatures a validator.
pub(super) fn round_out(certificate: &RoundCertificate<Ctx>) -> Option<RoundProof> {
    let vote = |one: &RoundSignature<Ctx>| RoundVote {
        kind: vote_kind(one.vote_type),
        block: block(&one.value_id),
        voter: one.address.0,
        signature: one.signature,
    };
    Some(RoundProof {
        height: certificate.height.height(),
        round: certificate.round.as_u32()?,
        rule: match certificate.cert_type {
            RoundCertificateType::Skip => RoundRule::Skip,
            RoundCertificateType::Precommit => RoundRule::Precommit,
        },
        votes: List::new(certificate.round_signatures.iter().map(vote).collect()).ok()?,
    })
}

pub(super) fn certificate_out(certificate: &CommitCertificate<Ctx>) -> Result<QuorumCertificate, QuorumError> {
    let signatures = certificate.commit_signatures.iter().map(|one| (one.address.0, one.signature)).collect();
    let round = certificate.round.as_u32().unwrap_or(0);
    QuorumCertificate::new(certificate.height.height(), round, certificate.value_id, signatures)
}
