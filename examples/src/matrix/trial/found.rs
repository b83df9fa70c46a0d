//! The founding: institutions, members with keys and certificates of their own, trustees, patients and their records.

use super::{MEMBERS, PATIENTS, Plan, Score, Trial};
use crate::{
    error::{During, HostError},
    matrix::{
        draw,
        model::{Asker, Keeping, Model},
        vault::Vault,
    },
};
use dmledger_core::{
    action::{Action, Appoint, SignedAction},
    codec::List,
    emergency::{Appointment, Circle, EmergencyTerms, Immediate, Period, RecoveryTerms},
    hash::Digest,
    identity::{Name, Role},
    ledger::Ledger,
    record::{DataKind, IndexEntry},
    testing::{
        MemoryStore, World, WorldPlan,
        world::{Party, WORLD_BEGINS, WORLD_LASTS},
    },
    time::{TimeRange, Timestamp},
};
use dmledger_zk::seal::{KemKeyPair, SealSuite};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{sync::Arc, time::Duration};

const ROLES: [Role; MEMBERS] =
    [Role::Hospital, Role::Pharmacy, Role::Regulator, Role::Research, Role::ThirdParty, Role::Hospital];
/// Members whose certificates are short.
pub(super) const SHORT: [usize; 2] = [2, 5];
/// How long an emergency is open, in time and blocks, and how many requests it serves.
pub(super) const EMERGENCY: (Duration, u64, u32) = (Duration::from_secs(12), 9, 3);
const DAY: Duration = Duration::from_secs(86_400);

impl Trial {
    /// Founds the network: three institutions that admit, six members that ask, trustees, three patients with a day of
    /// hourly records each. The second patient's data are of another kind than the others'.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn new(plan: Plan) -> Result<Self, HostError> {
        let kinds = [DataKind::ContinuousGlucose, DataKind::BloodPressure, DataKind::ContinuousGlucose];
        let setup = WorldPlan { seed: plan.seed, patients: 0, ..WorldPlan::default() };
        let mut world = World::new(setup).during("network")?;
        for kind in kinds {
            let patient = world.patient(0, kind).during("patient")?;
            world.join(patient);
        }
        let store = Arc::new(MemoryStore::new());
        let mut ledger = Ledger::create(world.genesis(), Arc::clone(&store) as _).during("network")?;
        world.populate(&mut ledger).during("network")?;
        let mut rng = ChaCha20Rng::seed_from_u64(plan.seed);
        let kems: Vec<_> =
            (0..MEMBERS).map(|_| Arc::new(KemKeyPair::generate(SealSuite::default(), &mut rng))).collect();
        let (mut members, mut askers) = (Vec::new(), Vec::new());
        for (number, (role, kem)) in ROLES.into_iter().zip(&kems).enumerate() {
            let lasts = if SHORT.contains(&number) { Duration::from_secs(60) } else { WORLD_LASTS };
            let key = world.key();
            let party = party(&mut world, key, role, kem.public().id().digest(), WORLD_BEGINS.plus(lasts))?;
            let certified_until = WORLD_BEGINS.plus(lasts).millis();
            askers.push(Asker { role: role as u8, certified_until, dismissed: false });
            members.push(party);
        }
        let mut trustees = Vec::new();
        for name in ["Sister", "Brother", "Friend", "Notary", "Bank", "Neighbour"] {
            let key = world.key();
            trustees.push(world.party(key, Role::Trustee, name).during("trustee")?);
        }
        let admissions: Vec<_> = members
            .iter()
            .chain(&trustees)
            .map(|one| world.admission(one, 3))
            .collect::<Result<_, _>>()
            .during("admission")?;
        world.advance(&mut ledger, &admissions).during("admission")?;
        let digests = kems.iter().map(|kem| kem.public().id().digest()).collect();
        let vault = plan.crypto.then(|| Vault::new(&world, &store, kems, &kinds, &mut rng)).transpose()?;
        let model = Model { askers, ..Model::default() };
        let mut trial = Self {
            world,
            ledger,
            members,
            kems: digests,
            trustees,
            model,
            grants: Vec::new(),
            records: Vec::new(),
            emergencies: Vec::new(),
            published: Vec::new(),
            late: Vec::new(),
            vault,
            plan,
            rng,
            rounds: 0,
            score: Score::default(),
        };
        let mut actions = Vec::new();
        for patient in 0..PATIENTS {
            actions.extend(trial.appointments(patient)?);
            let entries =
                (0..draw::HOURS).map(|hour| trial.entry(patient, hour, hour)).collect::<Result<Vec<_>, _>>()?;
            for (hour, entry) in (0..).zip(&entries) {
                trial.enter(entry.facts().record, patient, hour, Keeping::Kept);
            }
            actions.push(trial.world.anchor(patient, entries).during("records")?);
        }
        trial.block(&actions)?;
        Ok(trial)
    }

    /// An entry of the index for a record that is numbered `sequence`: of a sealed record, if there are keys.
    pub(super) fn entry(&mut self, patient: usize, hour: u64, sequence: u64) -> Result<IndexEntry, HostError> {
        if let Some(vault) = &mut self.vault {
            return vault.seal(&self.world, patient, hour, sequence);
        }
        super::change::made_up(&mut self.world, patient, hour, sequence)
    }

    /// Two of three for emergencies, at once if all three agree; two of three others for recoveries.
    fn appointments(&self, patient: usize) -> Result<[SignedAction; 2], HostError> {
        let circle = |of: &[Party]| Circle::new(2, of.iter().map(Party::id).collect()).during("circle");
        let (urgent, slow) = self.trustees.split_at(3);
        let (life, blocks, uses) = EMERGENCY;
        let terms = EmergencyTerms {
            circle: circle(urgent)?,
            requesters: List::new(vec![Role::Hospital]).during("roles")?,
            look_back_ms: None,
            delay: Period::new(DAY, 1_000),
            immediate: Some(Immediate { approvals: 3, role: None }),
            life: Period::new(life, blocks),
            uses,
            reviewer: None,
        };
        let recovery = RecoveryTerms { circle: circle(slow)?, window: Period::new(DAY, 2), pause: Period::new(DAY, 0) };
        let appoint = |appointment| {
            let body = Action::Appoint(Box::new(Appoint { number: 0, appointment }));
            self.world.by_patient(patient, body).during("trustees")
        };
        Ok([appoint(Appointment::BreakGlass(Some(terms)))?, appoint(Appointment::Recovery(Some(recovery)))?])
    }
}

/// A member to be, with a certificate that names its encapsulation key and is valid until `until`.
fn party(
    world: &mut World,
    key: dmledger_core::key::SecretKey,
    role: Role,
    kem: Digest,
    until: Timestamp,
) -> Result<Party, HostError> {
    let (tls, certificate) = certificate(world, &key, role, kem, until)?;
    Ok(Party { key, role, name: Name::new(role.name()).during("name")?, tls, certificate })
}

/// A certificate of the world's authority.
pub(super) fn certificate(
    world: &mut World,
    key: &dmledger_core::key::SecretKey,
    role: Role,
    kem: Digest,
    until: Timestamp,
) -> Result<(dmledger_core::identity::issue::TlsKey, Vec<u8>), HostError> {
    let valid = TimeRange::new(WORLD_BEGINS, until).during("certificate")?;
    world.certified(key, (role, role.name()), valid, Some(kem)).during("certificate")
}
