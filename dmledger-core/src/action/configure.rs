//! Genesis: what a network agrees on before its first block, and the action that puts it into effect.
//!
//! The network's identity is the digest of its genesis. Certificates name the network they are for, so genesis cannot
//! contain them: it names founding members by key and role, and their certificates follow by [`Admit`](super::Admit).

mod contract;
mod parameters;

pub(super) use contract::replace as replace_contract;
pub use contract::{AdmissionContract, Provisioning, RoleSet, require_inline_allowed};
pub use parameters::{HomeVotes, LEAST_CELL, LEAST_PUBLIC_CELL, MAX_SKEW, MOST_CELL, Parameters, Penalty, Profile};

use super::{Fault, Frame, Handler, Refusal};
use crate::{
    codec::{Bytes, Canonical, CodecError, List},
    envelope::ChainId,
    hash::{of, tag},
    identity::{AuthoritySet, CertificateError, MemberId, Name, Role, certificate::MAX_CERTIFICATE_BYTES},
    key::PublicKey,
    quorum::ValidatorSet,
    state::{Delta, StateError, tables::Facts},
    time::{Height, Moment, Timestamp},
};
use alloc::{collections::BTreeSet, vec::Vec};
use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

/// Most authorities a network believes.
pub const MAX_AUTHORITIES: usize = 8;
/// Most members genesis can name; more join by admission.
pub const MAX_FOUNDERS: usize = 128;
/// A member that genesis names: its certificate is admitted without further approval.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a part of genesis: what stands in it is what is hashed")]
pub struct Founder {
    /// Its ledger key.
    pub key: PublicKey,
    /// Its role.
    pub role: Role,
    /// The name its certificate will carry.
    pub name: Name,
}

impl Canonical for Founder {
    const MAX_BYTES: usize = 128;
}

/// What a network agrees on before its first block.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Genesis {
    network: Name,
    profile: Profile,
    time: Timestamp,
    authorities: List<Bytes<MAX_CERTIFICATE_BYTES>, MAX_AUTHORITIES>,
    founders: List<Founder, MAX_FOUNDERS>,
    validators: ValidatorSet,
    approvals: u16,
    parameters: Parameters,
}

/// The parts of a [`Genesis`], by name.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument, built by the founders")]
pub struct GenesisParts {
    /// Name of the network.
    pub network: Name,
    /// Kind of network.
    pub profile: Profile,
    /// Time of block 0.
    pub time: Timestamp,
    /// Certificates of the authorities, DER.
    pub authorities: Vec<Vec<u8>>,
    /// Founding members.
    pub founders: Vec<Founder>,
    /// Validators of block 1.
    pub validators: ValidatorSet,
    /// Institutions that must approve a new member.
    pub approvals: u16,
    /// Limits.
    pub parameters: Parameters,
}

impl Genesis {
    /// Checks the parts against each other.
    ///
    /// # Errors
    /// [`GenesisError`] with the first part that does not fit.
    pub fn new(parts: GenesisParts) -> Result<Self, GenesisError> {
        let authorities: Vec<_> = parts.authorities.into_iter().map(Bytes::new).collect::<Result<_, _>>()?;
        let genesis = Self {
            network: parts.network,
            profile: parts.profile,
            time: parts.time,
            authorities: List::new(authorities)?,
            founders: List::new(parts.founders)?,
            validators: parts.validators,
            approvals: parts.approvals,
            parameters: parts.parameters,
        };
        genesis.validate()?;
        Ok(genesis)
    }

    /// The network's identity.
    #[must_use]
    pub fn chain(&self) -> ChainId {
        ChainId::new(of(tag::GENESIS, self))
    }

    /// Name of the network.
    #[must_use]
    pub const fn network(&self) -> &Name {
        &self.network
    }

    /// Kind of network.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// Time of block 0.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// Founding members.
    #[must_use]
    pub fn founders(&self) -> &[Founder] {
        &self.founders
    }

    /// Validators of block 1.
    #[must_use]
    pub const fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    /// The limits.
    #[must_use]
    pub const fn parameters(&self) -> Parameters {
        self.parameters
    }

    fn validate(&self) -> Result<(), GenesisError> {
        if self.authorities.is_empty() {
            return Err(GenesisError::NoAuthority);
        }
        AuthoritySet::new(self.authorities.iter().map(Bytes::as_slice))?;
        let keys: BTreeSet<_> = self.founders.iter().map(|founder| founder.key).collect();
        if keys.len() != self.founders.len() {
            return Err(GenesisError::DuplicateFounder);
        }
        let approvers = self.profile.approvers(self.founders.iter().map(|founder| founder.role));
        AdmissionContract::founding(self.approvals).validate(approvers)?;
        self.parameters.validate(self.profile)?;
        Ok(())
    }
}

impl Canonical for Genesis {
    // Eight authorities of 4 KiB, 128 founders and 256 validators: below the cap of an action.
    const MAX_BYTES: usize = super::Action::MAX_BYTES;
}

/// What the state keeps of genesis, and governance may change later.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Settings {
    profile: Profile,
    authorities: List<Bytes<MAX_CERTIFICATE_BYTES>, MAX_AUTHORITIES>,
    contract: AdmissionContract,
    parameters: Parameters,
}

impl Settings {
    /// Reads the settings in force.
    ///
    /// # Errors
    /// [`StateError`]; [`StateError::Codec`] if the state holds none, as before genesis.
    pub fn read(facts: &Facts<'_>) -> Result<Self, StateError> {
        let settings = facts.known::<Self>(&facts.places().settings())?;
        Ok(settings.as_ref().clone().ok_or(CodecError::Malformed)?)
    }

    /// Kind of network.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// The limits.
    #[must_use]
    pub const fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// The admission contract in force.
    #[must_use]
    pub const fn contract(&self) -> &AdmissionContract {
        &self.contract
    }

    /// Members that must approve an admission.
    #[must_use]
    pub const fn approvals(&self) -> u16 {
        self.contract.approvals
    }

    /// The authorities.
    ///
    /// # Errors
    /// [`CertificateError`] if a stored certificate is none.
    pub fn authorities(&self) -> Result<AuthoritySet, CertificateError> {
        AuthoritySet::new(self.authorities.iter().map(Bytes::as_slice))
    }
}

impl Canonical for Settings {
    const MAX_BYTES: usize = 256 + MAX_AUTHORITIES * (MAX_CERTIFICATE_BYTES + 4);
}

impl Handler for Genesis {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.no_account()?;
        if frame.chain() != self.chain() {
            return Err(Refusal::WrongChain);
        }
        self.validate().map_err(|_| Refusal::NotGenesis)
    }

    fn verify(&self, _: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let fresh = at.height == Height::GENESIS && !facts.has(&facts.places().settings())?;
        if fresh { Ok(()) } else { Err(Refusal::NotGenesis.into()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, _: Moment) -> Result<(), Fault> {
        let places = crate::state::tables::Places::new(frame.chain());
        let settings = Settings {
            profile: self.profile,
            authorities: self.authorities.clone(),
            contract: AdmissionContract::founding(self.approvals),
            parameters: self.parameters,
        };
        state.put(places.settings(), &settings)?;
        state.put(places.profile(), &self.profile)?;
        state.put(places.validators(), &self.validators)?;
        for founder in &self.founders {
            state.put(places.founder(&MemberId::of(&founder.key)), founder)?;
        }
        Ok(())
    }
}

/// Why a genesis is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GenesisError {
    /// Nobody could issue a certificate.
    #[error("no certificate authority")]
    NoAuthority,
    /// An authority's certificate is none.
    #[error("certificate authority refused: {0}")]
    Authority(#[from] CertificateError),
    /// A founder is named twice.
    #[error("founding member named twice")]
    DuplicateFounder,
    /// Nobody could be admitted, or anybody.
    #[error("{approvals} approvals by {institutions} founding institutions")]
    Approvals {
        /// Approvals asked for.
        approvals: u16,
        /// Institutions among the founders.
        institutions: usize,
    },
    /// A limit out of range.
    #[error("parameter out of range")]
    Parameters,
    /// Homes are to vote in a network of institutions.
    #[error("homes do not vote in a consortium")]
    HomesVote,
    /// Cells of similar cases that would tell too much, or never answer.
    #[error("cells of {found} similar cases, this profile asks for {least} at least")]
    SmallCell {
        /// Cases asked for.
        found: u16,
        /// Fewest this profile allows.
        least: u16,
    },
    /// Too many parts, or too long.
    #[error(transparent)]
    TooLong(#[from] CodecError),
}
