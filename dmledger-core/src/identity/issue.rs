//! Issuing certificates: the trait a hardware module implements, and an authority held in memory.
//!
//! A holder makes a [`TlsKey`], binds its ledger key to it and asks; the authority decides whom it knows and signs.
//! Nothing here admits anybody: that takes the approval of members on the ledger.

use super::{Binding, MemberId, Name, binding::BINDING_OID};
use crate::{codec, time::TimeRange};
use alloc::{string::String, vec::Vec};
use core::fmt;
use der::{
    Decode, Encode,
    asn1::{Any, GeneralizedTime, Ia5String, ObjectIdentifier, OctetString},
    flagset::FlagSet,
};
use p256::{
    SecretKey,
    ecdsa::{DerSignature, SigningKey},
    elliptic_curve::Generate,
    pkcs8::{EncodePrivateKey, EncodePublicKey},
};
use rand_core::CryptoRng;
use thiserror::Error;
use x509_cert::{
    TbsCertificate,
    attr::AttributeTypeAndValue,
    builder::{Builder, CertificateBuilder, profile::BuilderProfile},
    ext::{
        Extension, ToExtension,
        pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName, name::GeneralName},
    },
    name::{Name as X509Name, RdnSequence, RelativeDistinguishedName},
    serial_number::SerialNumber,
    spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef},
    time::{Time, Validity},
};
use zeroize::Zeroizing;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const STATE_OR_PROVINCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.8");
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

/// Issues certificates, under a key that may live in a hardware module.
pub trait CertificateAuthority: Send + Sync {
    /// The authority's own certificate, DER: what genesis names.
    fn certificate(&self) -> &[u8];

    /// Signs a certificate for `request`; DER.
    ///
    /// # Errors
    /// [`IssueError`] if the request is refused or cannot be signed.
    fn issue(&self, request: &CertificateRequest) -> Result<Vec<u8>, IssueError>;
}

/// What a holder asks an authority for.
#[derive(Clone, Debug)]
pub struct CertificateRequest {
    name: Name,
    region: Name,
    valid: TimeRange,
    serial: [u8; 16],
    tls: Vec<u8>,
    binding: Binding,
}

impl CertificateRequest {
    /// A request: `serial` is 16 random bytes, `tls` the DER encoding of the TLS key's SubjectPublicKeyInfo that
    /// `binding` was proved for.
    ///
    /// # Errors
    /// [`IssueError::BadPossession`] if the binding was made for another TLS key.
    pub fn new(
        name: Name,
        region: Name,
        valid: TimeRange,
        serial: [u8; 16],
        tls: Vec<u8>,
        binding: Binding,
    ) -> Result<Self, IssueError> {
        if !binding.is_proved_for(&tls) {
            return Err(IssueError::BadPossession);
        }
        Ok(Self { name, region, valid, serial, tls, binding })
    }

    /// The name asked for.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Role, network and ledger key asked for.
    #[must_use]
    pub const fn binding(&self) -> &Binding {
        &self.binding
    }
}

/// The key a member's TLS connections are made with. Wiped when dropped, never printed.
pub struct TlsKey(SecretKey);

impl TlsKey {
    /// Draws a P-256 key.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(SecretKey::generate_from_rng(rng))
    }

    /// DER encoding of the public half's SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`IssueError::Encoding`].
    pub fn public(&self) -> Result<Vec<u8>, IssueError> {
        Ok(self.0.public_key().to_public_key_der().map_err(failed)?.into_vec())
    }

    /// PKCS#8 DER, for a TLS stack.
    ///
    /// # Errors
    /// [`IssueError::Encoding`].
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, IssueError> {
        let document = self.0.to_pkcs8_der().map_err(failed)?;
        Ok(Zeroizing::new(document.as_bytes().to_vec()))
    }
}

impl fmt::Debug for TlsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsKey(..)")
    }
}

/// An authority whose key is held in memory: for trials, tests and small networks.
pub struct LocalCa {
    key: SigningKey,
    subject: X509Name,
    certificate: Vec<u8>,
}

impl fmt::Debug for LocalCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalCa({})", self.subject)
    }
}

impl LocalCa {
    /// Makes an authority with a fresh key and its self-signed certificate.
    ///
    /// # Errors
    /// [`IssueError::Encoding`] for times X.509 cannot write.
    pub fn create(name: &Name, valid: TimeRange, rng: &mut impl CryptoRng) -> Result<Self, IssueError> {
        let key = SigningKey::from(SecretKey::generate_from_rng(rng));
        let mut serial = [0; 16];
        rng.fill_bytes(&mut serial);
        let subject = subject(name, None)?;
        let tls = SubjectPublicKeyInfoOwned::from_key(key.verifying_key()).map_err(failed)?;
        let certificate = build(Profile::authority(subject.clone()), serial, valid, tls, &key)?;
        Ok(Self { key, subject, certificate })
    }
}

impl CertificateAuthority for LocalCa {
    fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    fn issue(&self, request: &CertificateRequest) -> Result<Vec<u8>, IssueError> {
        let tls = SubjectPublicKeyInfoOwned::from_der(&request.tls).map_err(failed)?;
        let region = (!request.region.as_str().is_empty()).then_some(&request.region);
        let profile = Profile {
            issuer: self.subject.clone(),
            subject: subject(&request.name, region)?,
            leaf: Some(request.binding.clone()),
        };
        build(profile, request.serial, request.valid, tls, &self.key)
    }
}

/// Which extensions a certificate gets: an authority's, or a member's with its binding.
struct Profile {
    issuer: X509Name,
    subject: X509Name,
    leaf: Option<Binding>,
}

impl Profile {
    fn authority(subject: X509Name) -> Self {
        Self { issuer: subject.clone(), subject, leaf: None }
    }
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _subject: &X509Name) -> X509Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> X509Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let subject = tbs.subject();
        let mut all = Vec::new();
        let constraints =
            BasicConstraints { ca: self.leaf.is_none(), path_len_constraint: self.leaf.is_none().then_some(0) };
        all.push((&constraints).to_extension(subject, &all)?);
        let Some(binding) = &self.leaf else {
            let usage = KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign);
            all.push((&usage).to_extension(subject, &all)?);
            return Ok(all);
        };
        let usage = KeyUsage(FlagSet::from(KeyUsages::DigitalSignature));
        all.push((&usage).to_extension(subject, &all)?);
        all.push((&ExtendedKeyUsage(alloc::vec![SERVER_AUTH, CLIENT_AUTH])).to_extension(subject, &all)?);
        let host = GeneralName::DnsName(Ia5String::new(&host_name(&MemberId::of(&binding.key())))?);
        all.push((&SubjectAltName(alloc::vec![host])).to_extension(subject, &all)?);
        let inner = OctetString::new(codec::encode(binding))?.to_der()?;
        all.push(Extension { extn_id: BINDING_OID, critical: false, extn_value: OctetString::new(inner)? });
        Ok(all)
    }
}

/// The name a member's certificate carries for TLS: peers are found by member, not by address.
#[must_use]
pub fn host_name(member: &MemberId) -> String {
    alloc::format!("{member:.40}.member.dmledger")
}

fn build(
    profile: Profile,
    serial: [u8; 16],
    valid: TimeRange,
    tls: SubjectPublicKeyInfoOwned,
    key: &SigningKey,
) -> Result<Vec<u8>, IssueError> {
    // Positive, and never zero at the front, so that DER has one way to write it.
    let [first, rest @ ..] = serial;
    let mut number = Vec::from([(first & 0x7f) | 0x40]);
    number.extend_from_slice(&rest);
    let serial = SerialNumber::new(&number).map_err(failed)?;
    // X.509 names the last valid second.
    let validity = Validity::new(instant(valid.start().millis())?, instant(valid.end().millis() - 1000)?);
    let builder = CertificateBuilder::new(profile, serial, validity, tls).map_err(failed)?;
    let certificate = builder.build::<_, DerSignature>(key).map_err(failed)?;
    certificate.to_der().map_err(failed)
}

fn instant(millis: i64) -> Result<Time, IssueError> {
    let seconds = u64::try_from(millis.div_euclid(1000)).map_err(failed)?;
    let time = GeneralizedTime::from_unix_duration(core::time::Duration::from_secs(seconds)).map_err(failed)?;
    Ok(Time::GeneralTime(time))
}

fn subject(name: &Name, region: Option<&Name>) -> Result<X509Name, IssueError> {
    let mut sequence = RdnSequence::default();
    let region = region.map(|region| (STATE_OR_PROVINCE, region));
    for (oid, text) in region.into_iter().chain([(COMMON_NAME, name)]) {
        let value = Any::new(der::Tag::Utf8String, text.as_str().as_bytes()).map_err(failed)?;
        let part = RelativeDistinguishedName::try_from(alloc::vec![AttributeTypeAndValue { oid, value }]);
        sequence.push(part.map_err(failed)?);
    }
    X509Name::from_der(&sequence.to_der().map_err(failed)?).map_err(failed)
}

fn failed<E>(_: E) -> IssueError {
    IssueError::Encoding
}

/// Why no certificate was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The ledger key did not prove itself for this TLS key.
    #[error("ledger key is not bound to this tls key")]
    BadPossession,
    /// The authority does not know or want this applicant.
    #[error("authority declines the request")]
    Declined,
    /// A name, time or key that X.509 cannot write.
    #[error("request cannot be written as x.509")]
    Encoding,
}
