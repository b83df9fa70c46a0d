//! Who takes part: keys, certificates and the network they found.

use crate::{
    error::{During, HostError},
    network::{Part, Seat},
};
use dmledger_core::{
    action::{Action, Admit, Founder, Genesis, Parameters, Profile, configure::GenesisParts},
    codec::Bytes,
    envelope::{ChainId, Envelope},
    identity::{
        Binding, MemberId, Name, Role,
        issue::{CertificateAuthority, CertificateRequest, LocalCa, TlsKey},
    },
    key::{SecretKey, Suite},
    quorum::{Validator, ValidatorSet},
    time::{TimeRange, Timestamp},
};
use dmledger_zk::seal::{KemKeyPair, SealSuite};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use std::{sync::Arc, time::Duration};

/// How many institutions have to agree to an admission.
const APPROVALS: u16 = 2;
/// How long certificates hold here.
const VALID: Duration = Duration::from_secs(90 * 24 * 3600);

/// A member of the network with everything it keeps to itself.
#[derive(Debug)]
pub struct Person {
    name: String,
    title: &'static str,
    role: Role,
    key: Arc<SecretKey>,
    kem: Arc<KemKeyPair>,
    tls: TlsKey,
}

impl Person {
    /// Draws the keys of a member called `name`.
    #[must_use]
    pub fn new(name: &str, role: Role, rng: &mut ChaCha20Rng) -> Self {
        let key = Arc::new(SecretKey::generate(Suite::Bip340, rng));
        let (kem, tls) = (Arc::new(KemKeyPair::generate(SealSuite::default(), rng)), TlsKey::generate(rng));
        Self { name: name.to_owned(), title: role.name(), role, key, kem, tls }
    }

    /// Its short name, for example `A1`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name and role, for tables: `A1 hospital`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.title)
    }

    /// Its role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Its name on the ledger.
    #[must_use]
    pub fn id(&self) -> MemberId {
        MemberId::of(&self.key.public())
    }

    /// Its ledger key.
    #[must_use]
    pub const fn key(&self) -> &Arc<SecretKey> {
        &self.key
    }

    /// The key pair grants are wrapped to.
    #[must_use]
    pub const fn kem(&self) -> &Arc<KemKeyPair> {
        &self.kem
    }

    /// Its place in the network: institutions vote, residences follow.
    #[must_use]
    pub fn seat(&self) -> Seat {
        let part = if self.role.is_institution() { Part::Validator } else { Part::Follower };
        Seat { name: self.name.clone(), key: Arc::clone(&self.key), kem: Arc::clone(&self.kem), part }
    }

    /// Asks the authority for a certificate and wraps it into a request for admission, unsigned.
    fn admission(
        &self,
        chain: ChainId,
        valid: TimeRange,
        authority: &dyn CertificateAuthority,
        rng: &mut ChaCha20Rng,
    ) -> Result<Envelope<Action>, HostError> {
        let tls = self.tls.public().during(&self.name)?;
        let kem = self.kem.public().id().digest();
        let binding = Binding::prove(self.role, chain, kem, &tls, &self.key).during(&self.name)?;
        let mut serial = [0; 16];
        rng.fill_bytes(&mut serial);
        let name = Name::new(&self.name).during(&self.name)?;
        let region = Name::new("example-region").during(&self.name)?;
        let request = CertificateRequest::new(name, region, valid, serial, tls, binding).during(&self.name)?;
        let certificate = Bytes::new(authority.issue(&request).during(&self.name)?).during(&self.name)?;
        Ok(Envelope::new(chain, None, Action::Admit(Admit { certificate })))
    }
}

/// Everybody, and the authority that certifies them.
#[derive(Debug)]
pub struct People {
    /// The institutions, A1 first.
    pub institutions: Vec<Person>,
    /// The residences, B1 first.
    pub residences: Vec<Person>,
    /// Whom the patient trusts in an emergency: two of the family and an independent office. They have no node.
    pub trustees: Vec<Person>,
    authority: LocalCa,
    valid: TimeRange,
}

impl People {
    /// Draws the keys of `institutions` and `residences` members: two hospitals, a pharmacy, a regulator, then hospitals.
    ///
    /// # Errors
    /// If the authority's certificate cannot be made.
    pub fn new(institutions: u8, residences: u8, now: Timestamp, rng: &mut ChaCha20Rng) -> Result<Self, HostError> {
        let valid = TimeRange::new(now.minus(Duration::from_secs(3600)), now.plus(VALID)).during("validity")?;
        let ca = Name::new("example consortium authority").during("authority")?;
        let authority = LocalCa::create(&ca, valid, rng).during("authority")?;
        let role = |number| match number {
            3 => Role::Pharmacy,
            4 => Role::Regulator,
            _ => Role::Hospital,
        };
        let institutions = (1..=institutions).map(|n| Person::new(&format!("A{n}"), role(n), rng)).collect();
        let residences = (1..=residences).map(|n| Person::new(&format!("B{n}"), Role::Residence, rng)).collect();
        let kin = ["C1", "C2"].map(|name| Person::new(name, Role::Trustee, rng));
        let office = Person { title: "ombudsman", ..Person::new("C3", Role::Regulator, rng) };
        let trustees = kin.into_iter().chain([office]).collect();
        Ok(Self { institutions, residences, trustees, authority, valid })
    }

    /// The network the institutions found: they are its validators, and two of them admit whoever comes later.
    ///
    /// # Errors
    /// If there are too many of them.
    pub fn genesis(&self, now: Timestamp) -> Result<Genesis, HostError> {
        let founder = |person: &Person| {
            let name = Name::new(&person.name).during(&person.name)?;
            Ok(Founder { key: person.key.public(), role: person.role, name })
        };
        let validators = self.institutions.iter().map(|person| Validator::new(person.key.public(), 1)).collect();
        Genesis::new(GenesisParts {
            network: Name::new("dmledger example").during("genesis")?,
            profile: Profile::Consortium,
            time: now,
            authorities: vec![self.authority.certificate().to_vec()],
            founders: self.institutions.iter().map(founder).collect::<Result<_, HostError>>()?,
            validators: ValidatorSet::new(validators).during("genesis")?,
            approvals: APPROVALS,
            parameters: Parameters::default(),
        })
        .during("genesis")
    }

    /// The founders' certificates, each signed by its holder.
    ///
    /// # Errors
    /// If a certificate cannot be issued.
    pub fn founding(&self, chain: ChainId, rng: &mut ChaCha20Rng) -> Result<Vec<Envelope<Action>>, HostError> {
        use dmledger_core::envelope::Meaning::Authored;
        let admit = |person: &Person, rng: &mut ChaCha20Rng| {
            let admission = person.admission(chain, self.valid, &self.authority, rng)?;
            admission.sign(&person.key, Authored).during(&person.name)
        };
        self.institutions.iter().map(|person| admit(person, rng)).collect()
    }

    /// The residences' and trustees' certificates, each signed by its holder and approved by two institutions.
    ///
    /// # Errors
    /// If a certificate cannot be issued.
    pub fn joining(&self, chain: ChainId, rng: &mut ChaCha20Rng) -> Result<Vec<Envelope<Action>>, HostError> {
        use dmledger_core::envelope::Meaning::{Approved, Authored};
        let admit = |person: &Person, rng: &mut ChaCha20Rng| {
            let mut admission = person.admission(chain, self.valid, &self.authority, rng)?;
            admission = admission.sign(&person.key, Authored).during(&person.name)?;
            for institution in self.institutions.iter().take(usize::from(APPROVALS)) {
                admission = admission.sign(&institution.key, Approved).during(&institution.name)?;
            }
            Ok(admission)
        };
        self.residences.iter().chain(&self.trustees).map(|person| admit(person, rng)).collect()
    }

    /// Name and role of a member.
    #[must_use]
    pub fn title_of(&self, id: &MemberId) -> Option<String> {
        let mut all = self.institutions.iter().chain(&self.residences).chain(&self.trustees);
        all.find(|one| one.id() == *id).map(Person::title)
    }

    /// The seats of all, validators first.
    #[must_use]
    pub fn seats(&self) -> Vec<Seat> {
        self.institutions.iter().chain(&self.residences).map(Person::seat).collect()
    }
}
