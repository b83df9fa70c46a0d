//! Members' keys, sets of them, scopes and nullifiers.

use crate::{
    context::{Chain, Epoch, Purpose},
    error::StatementError,
    group::{
        self, Point,
        element::{computed_element, element, secret_scalar},
    },
    sigma::{Base, Relation, Row, Witness},
};
use core::fmt;
use sha3::{Digest as _, Sha3_256, Sha3_512};
use std::sync::Arc;
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

/// Tag of the hash that stands for a set.
pub const SET_TAG: &str = "dmledger/zk/member-set/v1";
/// Tag of the hash that names a scope.
pub const SCOPE_TAG: &str = "dmledger/zk/member-scope/v1";
/// Tag of the hash that gives a scope its base.
pub const SCOPE_BASE_TAG: &str = "dmledger/zk/member-scope-base/v1";

secret_scalar! {
    /// A member's secret `x`.
    MemberSecret
}

element! {
    /// A member's public key `Q = x B`.
    ///
    /// Whoever admits keys asks for a proof of [`Self::held`].
    MemberKey
}

element! {
    /// The mark of a member in a scope, `N = x J`.
    Nullifier
}

computed_element!(Nullifier);

impl MemberSecret {
    /// The public key.
    #[must_use]
    pub fn key(&self) -> MemberKey {
        let point = group::times_value_base(self.scalar());
        MemberKey { bytes: group::encode_point(&point), point }
    }

    /// The mark in a scope; `None` never happens for a base that is a hash.
    #[must_use]
    pub fn nullifier(&self, scope: &Scope) -> Option<Nullifier> {
        Nullifier::from_point(self.scalar() * scope.base())
    }

    /// The witness of [`MemberKey::held`].
    #[must_use]
    pub fn witness(&self) -> Witness {
        Witness::new(vec![*self.scalar()])
    }
}

impl MemberKey {
    /// Someone holds the secret of this key: `Q = x B`. Secret: `x`, as [`MemberSecret::witness`].
    #[must_use]
    pub fn held(&self) -> Relation {
        Relation::of(1, vec![Row::new(self.point, vec![(0, Base::Value)])])
    }
}

/// Within what two uses of one key are seen to be the same; 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope([u8; 32]);

impl Scope {
    /// One use a ledger, period, purpose and `name`, for example the hash of a question or of a poll.
    #[must_use]
    pub fn new(chain: Chain, epoch: Epoch, purpose: &Purpose, name: &[u8]) -> Self {
        let purpose = purpose.as_str().as_bytes();
        let hash = Sha3_256::new()
            .chain_update([SCOPE_TAG.len() as u8])
            .chain_update(SCOPE_TAG)
            .chain_update(chain.as_bytes())
            .chain_update(epoch.number().to_le_bytes())
            .chain_update((purpose.len() as u64).to_le_bytes())
            .chain_update(purpose)
            .chain_update(name);
        Self(hash.finalize().into())
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// `J`.
    pub(super) fn base(&self) -> Point {
        let hash = Sha3_512::new()
            .chain_update([SCOPE_BASE_TAG.len() as u8])
            .chain_update(SCOPE_BASE_TAG)
            .chain_update(self.0);
        group::point_from_uniform(&hash.finalize().into())
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "Scope({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}

/// Keys of which any one may act, in the order of their encodings; cheap to clone.
#[derive(Clone)]
pub struct AuthorisedSet {
    keys: Arc<[MemberKey]>,
    points: Arc<[Point]>,
    digest: [u8; 32],
}

impl AuthorisedSet {
    /// Most keys of a set.
    pub const MAX_KEYS: usize = 4_096;

    /// The set of these keys, whatever their order.
    ///
    /// # Errors
    /// [`StatementError::Count`] for fewer than 2 keys or more than [`Self::MAX_KEYS`], [`StatementError::Twice`] for a key
    /// listed twice (the place is that among the sorted keys).
    pub fn new(keys: &[MemberKey]) -> Result<Self, StatementError> {
        let count = keys.len();
        if !(2..=Self::MAX_KEYS).contains(&count) {
            return Err(StatementError::Count { count, max: Self::MAX_KEYS });
        }
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        if let Some(place) = keys.windows(2).position(|pair| matches!(pair, [a, b] if a == b)) {
            return Err(StatementError::Twice { place: place + 1 });
        }
        let start = Sha3_256::new()
            .chain_update([SET_TAG.len() as u8])
            .chain_update(SET_TAG)
            .chain_update((count as u64).to_le_bytes());
        let digest = keys.iter().fold(start, |hash, key| hash.chain_update(key.as_bytes())).finalize().into();
        let points = keys.iter().map(|key| *key.point()).collect();
        Ok(Self { keys: keys.into(), points, digest })
    }

    /// The keys, ascending.
    #[must_use]
    pub fn keys(&self) -> &[MemberKey] {
        &self.keys
    }

    /// 32 bytes that stand for the set.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    pub(super) const fn points(&self) -> &Arc<[Point]> {
        &self.points
    }

    /// The place of a key, found by looking at all of them.
    pub(super) fn place_of(&self, key: &MemberKey) -> Option<usize> {
        let mut place = u64::MAX;
        for (at, own) in (0..).zip(self.keys.iter()) {
            place.conditional_assign(&at, own.as_bytes().ct_eq(key.as_bytes()));
        }
        usize::try_from(place).ok().filter(|place| *place < self.keys.len())
    }
}

impl fmt::Debug for AuthorisedSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.digest;
        write!(f, "AuthorisedSet({} keys, {a:02x}{b:02x}{c:02x}{d:02x}..)", self.keys.len())
    }
}

impl PartialEq for AuthorisedSet {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for AuthorisedSet {}
