//! What kind of network it is, and its limits: one code path, every difference a parameter.

use super::GenesisError;
use crate::{
    block::{MAX_ACTION_BYTES, MAX_ACTIONS, MAX_BLOCK_BYTES},
    codec::Canonical,
    identity::Role,
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::time::Duration;

/// Longest allowed distance between a block's time and a validator's clock.
pub const MAX_SKEW: Duration = Duration::from_secs(600);
/// Fewest cases that a cell of similar cases may be made to answer for.
pub const LEAST_CELL: u16 = 5;
/// The same where anybody may ask.
pub const LEAST_PUBLIC_CELL: u16 = 11;
/// Most cases that a cell may be made to wait for.
pub const MOST_CELL: u16 = 100;

/// What kind of network it is. One code path: a profile is a set of parameters.
///
/// | | consortium | private | public |
/// |---|---|---|---|
/// | who approves a member | institutions | institutions and the data centre | institutions |
/// | who joins without approval | nobody | nobody | homes, trustees, devices |
/// | homes may vote | no | if genesis says so | if genesis says so |
/// | texts and ciphertext on the ledger | short ones | short ones | none |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Profile {
    /// Several institutions; the default.
    Consortium = 1,
    /// One operator.
    Private = 2,
    /// Anybody may follow: commitments and proofs only, no ciphertext on the ledger.
    Public = 3,
}

impl Canonical for Profile {
    const MAX_BYTES: usize = 2;
}

impl Profile {
    /// The limits such a network begins with unless its founders choose others.
    #[must_use]
    pub const fn parameters(self) -> Parameters {
        let min_cell = match self {
            Self::Public => LEAST_PUBLIC_CELL,
            Self::Consortium | Self::Private => LEAST_CELL,
        };
        Parameters {
            max_skew_ms: 30_000,
            max_block_bytes: 4 * 1024 * 1024,
            max_block_actions: 8192,
            max_proof_elements: 65_536,
            min_cell,
            penalty: Penalty::Remove,
            home_votes: HomeVotes::Never,
        }
    }

    /// Whether a member in this role has a say in who is admitted and who decides.
    #[must_use]
    pub const fn approves(self, role: Role) -> bool {
        role.is_institution() || (matches!(self, Self::Private) && matches!(role, Role::DataCentre))
    }

    /// Whether a certificate is all that a newcomer in this role needs.
    #[must_use]
    pub const fn welcomes(self, role: Role) -> bool {
        matches!(self, Self::Public) && matches!(role, Role::Residence | Role::Trustee | Role::Device)
    }

    /// Whether short texts and sealed notes may stand on the ledger itself. Where anybody may follow, whatever is
    /// written once is read for ever.
    #[must_use]
    pub const fn allows_inline(self) -> bool {
        !matches!(self, Self::Public)
    }

    const fn lets_homes_vote(self) -> bool {
        !matches!(self, Self::Consortium)
    }

    const fn least_cell(self) -> u16 {
        match self {
            Self::Public => LEAST_PUBLIC_CELL,
            Self::Consortium | Self::Private => LEAST_CELL,
        }
    }
}

/// What happens to a validator that signed two things where it may sign one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Penalty {
    /// The offence stands on the ledger, nothing else.
    Flag = 1,
    /// It also leaves the validators, and no change of them brings it back.
    Remove = 2,
    /// The member behind it is also dismissed.
    Dismiss = 3,
}

/// Whether homes may be among the validators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "they may or they may not")]
pub enum HomeVotes {
    /// Homes follow and verify; their absence delays nobody.
    Never = 1,
    /// Homes may be named as validators like institutions.
    Allowed = 2,
}

/// Limits of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a part of genesis: what stands in it is what is hashed")]
pub struct Parameters {
    /// Allowed distance between a proposal's time and a validator's clock, in milliseconds; at most [`MAX_SKEW`].
    pub max_skew_ms: u64,
    /// Longest block in bytes.
    pub max_block_bytes: u32,
    /// Most actions in one block.
    pub max_block_actions: u32,
    /// Most group elements that checking the proofs of one block may cost, 4 to 12 microseconds each; 0 in a network
    /// without proofs.
    pub max_proof_elements: u32,
    /// Fewest cases that a cell of similar cases answers for; at least [`LEAST_CELL`], in public [`LEAST_PUBLIC_CELL`].
    pub min_cell: u16,
    /// What becomes of a validator that contradicts itself.
    pub penalty: Penalty,
    /// Whether homes may vote.
    pub home_votes: HomeVotes,
}

impl Default for Parameters {
    fn default() -> Self {
        Profile::Consortium.parameters()
    }
}

impl Parameters {
    /// Whether a member in this role may be a validator.
    #[must_use]
    pub const fn may_vote(&self, role: Role) -> bool {
        role.is_institution()
            || matches!(role, Role::DataCentre)
            || (matches!(role, Role::Residence) && matches!(self.home_votes, HomeVotes::Allowed))
    }

    /// Checks that a network of this kind can live with them.
    ///
    /// # Errors
    /// [`GenesisError::Parameters`], [`GenesisError::HomesVote`], [`GenesisError::SmallCell`].
    pub(super) fn validate(&self, profile: Profile) -> Result<(), GenesisError> {
        let skew = Duration::from_millis(self.max_skew_ms);
        let bytes = usize::try_from(self.max_block_bytes).unwrap_or(usize::MAX);
        let actions = usize::try_from(self.max_block_actions).unwrap_or(usize::MAX);
        let bytes_fit = (MAX_ACTION_BYTES + 1024..=MAX_BLOCK_BYTES).contains(&bytes);
        if skew.is_zero() || skew > MAX_SKEW || !bytes_fit || !(1..=MAX_ACTIONS).contains(&actions) {
            return Err(GenesisError::Parameters);
        }
        if self.home_votes == HomeVotes::Allowed && !profile.lets_homes_vote() {
            return Err(GenesisError::HomesVote);
        }
        if !(profile.least_cell()..=MOST_CELL).contains(&self.min_cell) {
            return Err(GenesisError::SmallCell { found: self.min_cell, least: profile.least_cell() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILES: [Profile; 3] = [Profile::Consortium, Profile::Private, Profile::Public];

    #[test]
    fn what_a_profile_begins_with_it_can_live_with() {
        for profile in PROFILES {
            assert_eq!(profile.parameters().validate(profile), Ok(()), "{profile:?}");
        }
    }

    #[test]
    fn homes_vote_only_where_the_profile_and_genesis_say_so() {
        for profile in PROFILES {
            let never = profile.parameters();
            assert!(!never.may_vote(Role::Residence) && never.may_vote(Role::Hospital));
            let allowed = Parameters { home_votes: HomeVotes::Allowed, ..never };
            let refused = allowed.validate(profile) == Err(GenesisError::HomesVote);
            assert_eq!(refused, profile == Profile::Consortium);
            assert!(allowed.may_vote(Role::Residence) && !allowed.may_vote(Role::Device));
        }
    }

    #[test]
    fn cells_are_never_smaller_than_the_profile_allows() {
        for profile in PROFILES {
            let least = profile.least_cell();
            for (min_cell, fits) in [(0, false), (least - 1, false), (least, true), (MOST_CELL + 1, false)] {
                let parameters = Parameters { min_cell, ..profile.parameters() };
                assert_eq!(parameters.validate(profile).is_ok(), fits, "{profile:?} {min_cell}");
            }
        }
    }

    #[test]
    fn who_approves_and_who_is_welcome_follows_from_the_profile() {
        for role in Role::ALL {
            assert_eq!(Profile::Consortium.approves(role), role.is_institution());
            assert_eq!(Profile::Private.approves(role), role.is_institution() || role == Role::DataCentre);
            assert_eq!(Profile::Public.approves(role), role.is_institution());
            assert!(!Profile::Consortium.welcomes(role) && !Profile::Private.welcomes(role));
            assert!(!Profile::Public.welcomes(role) || !Profile::Public.approves(role), "{role} lets itself in");
        }
    }
}
