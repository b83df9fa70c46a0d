//! A seeded world: a network with institutions, homes and patients, and the actions they sign. The same plan makes the
//! same world, byte for byte.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! use dmledger_core::{ledger::StateMachine, testing::{World, WorldPlan}};
//!
//! let mut world = World::new(WorldPlan::default())?;
//! let mut ledger = world.populated()?;
//! let grant = world.grant_to(0, 0);
//! let action = world.grant(0, grant)?;
//! world.advance(&mut ledger, &[action])?;
//! assert_eq!(ledger.tip().height.value(), 3);
//! # Ok(()) }
//! ```

mod accounts;
mod blocks;
mod consent;
mod sign;

use crate::{
    account::{Policy, address},
    action::{Founder, Genesis, Open, Parameters, Profile, configure::GenesisParts},
    codec::List,
    envelope::{AccountId, ChainId},
    hash::Digest,
    identity::{
        Binding, MemberId, Name, Role,
        issue::{CertificateAuthority, CertificateRequest, LocalCa, TlsKey},
    },
    key::{SecretKey, Suite},
    quorum::{Validator, ValidatorSet},
    record::DataKind,
    time::{TimeRange, Timestamp},
};
use core::time::Duration;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::error::Error;

type Failed = Box<dyn Error + Send + Sync>;

/// When block 0 of every world was made: 2026-01-01T00:00:00Z.
pub const WORLD_BEGINS: Timestamp = Timestamp::from_seconds(1_767_225_600);
/// How long certificates of a world are valid.
pub const WORLD_LASTS: Duration = Duration::from_secs(3 * 365 * 86_400);

/// How large a world is.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument of tests")]
pub struct WorldPlan {
    /// Where all keys and names come from.
    pub seed: u64,
    /// Validators, each with power 1.
    pub validators: usize,
    /// Institutions: hospital, pharmacy, regulator, research institution, third party, and again.
    pub institutions: usize,
    /// Homes.
    pub residences: usize,
    /// Patients, spread over the homes in turn.
    pub patients: usize,
    /// The kind of data their accounts hold.
    pub kind: DataKind,
    /// What kind of network it is.
    pub profile: Profile,
    /// Limits.
    pub parameters: Parameters,
}

impl Default for WorldPlan {
    fn default() -> Self {
        Self {
            seed: 1,
            validators: 1,
            institutions: 3,
            residences: 1,
            patients: 1,
            kind: DataKind::ContinuousGlucose,
            profile: Profile::Consortium,
            parameters: Parameters::default(),
        }
    }
}

/// A member with its keys.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain part of a test world")]
pub struct Party {
    /// Its ledger key.
    pub key: SecretKey,
    /// Its role.
    pub role: Role,
    /// Its name.
    pub name: Name,
    /// Its TLS key.
    pub tls: TlsKey,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
}

impl Party {
    /// Its name on the ledger.
    #[must_use]
    pub fn id(&self) -> MemberId {
        MemberId::of(&self.key.public())
    }
}

/// A patient with keys and account.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain part of a test world")]
pub struct Patient {
    /// First key: on the phone.
    pub phone: SecretKey,
    /// Second key: on the home gateway.
    pub home: SecretKey,
    /// The gateway's key for this account: authors entries, and is a cosigner.
    pub gateway: SecretKey,
    /// Which residence certifies.
    pub residence: usize,
    /// The account.
    pub account: AccountId,
    /// How it is opened.
    pub opening: Open,
    /// Number of its next record.
    pub next: u64,
}

/// A network and everybody in it.
#[derive(Debug)]
pub struct World {
    genesis: Genesis,
    authority: LocalCa,
    validators: Vec<SecretKey>,
    institutions: Vec<Party>,
    residences: Vec<Party>,
    patients: Vec<Patient>,
    random: ChaCha20Rng,
    clock: Timestamp,
}

const INSTITUTIONS: [(Role, &str); 5] = [
    (Role::Hospital, "Hospital"),
    (Role::Pharmacy, "Pharmacy"),
    (Role::Regulator, "Regulator"),
    (Role::Research, "Institute"),
    (Role::ThirdParty, "Service"),
];

impl World {
    /// Makes a world.
    ///
    /// # Errors
    /// If the plan makes no network: no validator, or no institution.
    pub fn new(plan: WorldPlan) -> Result<Self, Failed> {
        let mut random = ChaCha20Rng::seed_from_u64(plan.seed);
        let life = TimeRange::new(WORLD_BEGINS, WORLD_BEGINS.plus(WORLD_LASTS))?;
        let authority = LocalCa::create(&Name::new("World CA")?, life, &mut random)?;
        let mut draw =
            |n: usize| -> Vec<_> { (0..n).map(|_| SecretKey::generate(Suite::Bip340, &mut random)).collect() };
        let (validators, keys, homes) = (draw(plan.validators), draw(plan.institutions), draw(plan.residences));
        let mut founders = Vec::new();
        for (i, key) in keys.iter().enumerate() {
            let (role, label) = INSTITUTIONS.get(i % INSTITUTIONS.len()).copied().ok_or("no institution")?;
            founders.push(Founder { key: key.public(), role, name: Name::new(&format!("{label} A{}", i + 1))? });
        }
        for (i, key) in homes.iter().enumerate() {
            let name = Name::new(&format!("Residence B{}", i + 1))?;
            founders.push(Founder { key: key.public(), role: Role::Residence, name });
        }
        let genesis = Genesis::new(GenesisParts {
            network: Name::new("world")?,
            profile: plan.profile,
            time: WORLD_BEGINS,
            authorities: vec![authority.certificate().to_vec()],
            founders: founders.clone(),
            validators: ValidatorSet::new(validators.iter().map(|key| Validator::new(key.public(), 1)).collect())?,
            approvals: u16::try_from(plan.institutions.div_ceil(2).max(1))?,
            parameters: plan.parameters,
        })?;
        let mut world = Self {
            genesis,
            authority,
            validators,
            institutions: Vec::new(),
            residences: Vec::new(),
            patients: Vec::new(),
            random,
            clock: WORLD_BEGINS,
        };
        for (key, founder) in keys.into_iter().chain(homes).zip(founders) {
            let party = world.party(key, founder.role, founder.name.as_str())?;
            if party.role.is_institution() { &mut world.institutions } else { &mut world.residences }.push(party);
        }
        for i in 0..plan.patients {
            let patient = world.patient(i % plan.residences.max(1), plan.kind)?;
            world.patients.push(patient);
        }
        Ok(world)
    }

    /// What the network began with.
    #[must_use]
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The network.
    #[must_use]
    pub fn chain(&self) -> ChainId {
        self.genesis.chain()
    }

    /// Who issues certificates.
    #[must_use]
    pub const fn authority(&self) -> &LocalCa {
        &self.authority
    }

    /// The validators' keys.
    #[must_use]
    pub fn validators(&self) -> &[SecretKey] {
        &self.validators
    }

    /// Lets other keys certify from now on; returns those that did until now.
    pub fn replace_validators(&mut self, keys: Vec<SecretKey>) -> Vec<SecretKey> {
        core::mem::replace(&mut self.validators, keys)
    }

    /// The institutions, as planned.
    #[must_use]
    pub fn institutions(&self) -> &[Party] {
        &self.institutions
    }

    /// The institutions with their keys, for hosts that run each on its own.
    #[must_use]
    pub fn into_institutions(self) -> Vec<Party> {
        self.institutions
    }

    /// The homes.
    #[must_use]
    pub fn residences(&self) -> &[Party] {
        &self.residences
    }

    /// The patients.
    #[must_use]
    pub fn patients(&self) -> &[Patient] {
        &self.patients
    }

    /// The world's clock.
    #[must_use]
    pub const fn clock(&self) -> Timestamp {
        self.clock
    }

    /// Lets time pass.
    pub fn wait(&mut self, duration: Duration) {
        self.clock = self.clock.plus(duration);
    }

    /// Bytes from the world's generator.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill_bytes(&mut bytes);
        bytes
    }

    /// A key from the world's generator.
    pub fn key(&mut self) -> SecretKey {
        SecretKey::generate(Suite::Bip340, &mut self.random)
    }

    /// A new party with a certificate of the world's authority; genesis does not know it.
    ///
    /// # Errors
    /// If the name is too long.
    pub fn party(&mut self, key: SecretKey, role: Role, name: &str) -> Result<Party, Failed> {
        self.admissible(key, role, name, None)
    }

    /// As [`Self::party`], with an encapsulation key of the caller's in the certificate.
    ///
    /// # Errors
    /// If the name is too long.
    pub fn party_with(&mut self, key: SecretKey, role: Role, name: &str, kem: Digest) -> Result<Party, Failed> {
        self.admissible(key, role, name, Some(kem))
    }

    fn admissible(&mut self, key: SecretKey, role: Role, name: &str, kem: Option<Digest>) -> Result<Party, Failed> {
        let valid = TimeRange::new(WORLD_BEGINS, WORLD_BEGINS.plus(WORLD_LASTS))?;
        let (tls, certificate) = self.certified(&key, (role, name), valid, kem)?;
        Ok(Party { key, role, name: Name::new(name)?, tls, certificate })
    }

    /// A certificate of the world's authority, with a fresh TLS key.
    ///
    /// # Errors
    /// If the name is too long.
    pub fn certificate(
        &mut self,
        key: &SecretKey,
        role: Role,
        name: &str,
        valid: TimeRange,
    ) -> Result<(TlsKey, Vec<u8>), Failed> {
        self.certified(key, (role, name), valid, None)
    }

    /// As [`Self::certificate`], with an encapsulation key of the caller's, or a made-up one.
    ///
    /// # Errors
    /// If the name is too long.
    pub fn certified(
        &mut self,
        key: &SecretKey,
        (role, name): (Role, &str),
        valid: TimeRange,
        kem: Option<Digest>,
    ) -> Result<(TlsKey, Vec<u8>), Failed> {
        let tls = TlsKey::generate(&mut self.random);
        let public = tls.public()?;
        let kem = kem.unwrap_or_else(|| Digest::new(self.bytes()));
        let binding = Binding::prove(role, self.chain(), kem, &public, key)?;
        let (name, serial) = (Name::new(name)?, self.bytes());
        let request = CertificateRequest::new(name, Name::new("North")?, valid, serial, public, binding)?;
        Ok((tls, self.authority.issue(&request)?))
    }

    /// A new patient in a residence, with keys and an account that is not yet open. Institutions' ledger keys are
    /// cosigners beside the gateway's.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn patient(&mut self, residence: usize, kind: DataKind) -> Result<Patient, Failed> {
        let (phone, home, gateway) = (self.key(), self.key(), self.key());
        let mut cosigners = vec![gateway.public()];
        cosigners.extend(self.institutions.iter().map(|party| party.key.public()).take(4));
        let policy = Policy::medical([phone.public(), home.public()], cosigners)?;
        let salt = self.bytes();
        let account = address(&self.chain(), kind, &policy, &salt);
        let opening = Open { salt, kind, policy, gateways: List::new(vec![gateway.public()])? };
        Ok(Patient { phone, home, gateway, residence, account, opening, next: 0 })
    }
}
