//! X.509 certificates: one authority, one leaf, no path between them.
//!
//! The authorities are named in genesis. A leaf is a P-256 certificate issued directly by one of them, with the
//! [`Binding`] extension. Times are judged by block time, so every node comes to the same verdict.

use super::{
    Name,
    binding::{BINDING_OID, Binding},
    role::Role,
};
use crate::{
    codec::{self, Canonical},
    envelope::ChainId,
    hash::{Digest, tag, tagged},
    key::PublicKey,
    time::{TimeRange, Timestamp},
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use der::{
    Decode, Encode,
    asn1::{ObjectIdentifier, OctetString},
};
use p256::{
    ecdsa::{DerSignature, VerifyingKey, signature::Verifier},
    pkcs8::DecodePublicKey,
};
use thiserror::Error;
use x509_cert::{
    TbsCertificate,
    ext::pkix::{BasicConstraints, KeyUsage},
};

/// Longest certificate in bytes of DER.
pub const MAX_CERTIFICATE_BYTES: usize = 4096;

const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const SUBJECT_ALTERNATIVE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// A certificate that reads; nothing about it has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    inner: x509_cert::Certificate,
    digest: Digest,
}

/// What a verified certificate says about its holder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Credential {
    name: Name,
    region: Name,
    role: Role,
    key: PublicKey,
    kem: Digest,
    certificate: Digest,
    valid: TimeRange,
}

impl Credential {
    /// Name: the subject's common name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Administrative region: the subject's state or province, empty if none is given.
    #[must_use]
    pub const fn region(&self) -> &Name {
        &self.region
    }

    /// Role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Ledger key.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// Digest of the public key that others encapsulate to.
    #[must_use]
    pub const fn kem(&self) -> Digest {
        self.kem
    }

    /// Digest of the certificate.
    #[must_use]
    pub const fn certificate(&self) -> Digest {
        self.certificate
    }

    /// When the certificate is valid.
    #[must_use]
    pub const fn valid(&self) -> TimeRange {
        self.valid
    }
}

impl Canonical for Credential {
    const MAX_BYTES: usize = 320;
}

/// The authorities a network believes.
#[derive(Clone, Debug)]
pub struct AuthoritySet(Vec<Authority>);

#[derive(Clone, Debug)]
struct Authority {
    digest: Digest,
    subject: Vec<u8>,
    key: VerifyingKey,
    valid: TimeRange,
}

impl AuthoritySet {
    /// Reads self-signed authority certificates and checks each one's own signature.
    ///
    /// # Errors
    /// [`CertificateError`] of the first that is none: [`CertificateError::PathTooLong`] for a certificate under
    /// another authority, [`CertificateError::NotAnAuthority`] for a leaf.
    pub fn new<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, CertificateError> {
        certificates.into_iter().map(Authority::read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a certificate with this digest is one of the authorities.
    #[must_use]
    pub fn contains(&self, digest: &Digest) -> bool {
        self.0.iter().any(|authority| authority.digest == *digest)
    }
}

impl Authority {
    fn read(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = Certificate::from_der(der)?;
        let tbs = certificate.tbs();
        certificate.refuse_unknown_critical_extensions()?;
        let constraints = extension::<BasicConstraints>(tbs, BASIC_CONSTRAINTS)?;
        let usage = extension::<KeyUsage>(tbs, KEY_USAGE)?;
        if !constraints.is_some_and(|one| one.ca) || !usage.is_none_or(|usage| usage.key_cert_sign()) {
            return Err(CertificateError::NotAnAuthority);
        }
        if tbs.issuer() != tbs.subject() {
            return Err(CertificateError::PathTooLong);
        }
        let key = public_key(tbs)?;
        certificate.verify_signature(&key)?;
        Ok(Self { digest: certificate.digest, subject: encoded(tbs.subject())?, key, valid: validity(tbs)? })
    }
}

impl Certificate {
    /// Reads one DER certificate of at most [`MAX_CERTIFICATE_BYTES`]; other encodings of it are refused.
    ///
    /// # Errors
    /// [`CertificateError::TooLong`], [`CertificateError::Malformed`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(CertificateError::TooLong { len: der.len(), max: MAX_CERTIFICATE_BYTES });
        }
        let inner = x509_cert::Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        if encoded(&inner)? != der {
            return Err(CertificateError::Malformed);
        }
        Ok(Self { inner, digest: tagged(tag::CERTIFICATE, der) })
    }

    /// Tagged digest of the DER bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Checks issuer, signature, times, usage, network and proof of possession, at block time `at`.
    ///
    /// # Errors
    /// [`CertificateError`] with the first thing that does not hold.
    pub fn verify(
        &self,
        authorities: &AuthoritySet,
        chain: ChainId,
        at: Timestamp,
    ) -> Result<Credential, CertificateError> {
        let tbs = self.tbs();
        let issuer = encoded(tbs.issuer())?;
        let issuers: Vec<_> = authorities.0.iter().filter(|one| one.subject == issuer).collect();
        if issuers.is_empty() {
            return Err(CertificateError::UnknownAuthority);
        }
        // Two authorities may share a name while one is being replaced; the one whose key signed counts.
        let issuer = issuers
            .into_iter()
            .find(|one| self.verify_signature(&one.key).is_ok())
            .ok_or(CertificateError::BadSignature)?;
        in_force(issuer.valid, at).map_err(|_| CertificateError::AuthorityNotValid)?;
        self.refuse_unknown_critical_extensions()?;
        if extension::<BasicConstraints>(tbs, BASIC_CONSTRAINTS)?.is_some_and(|one| one.ca) {
            return Err(CertificateError::PathTooLong);
        }
        if extension::<KeyUsage>(tbs, KEY_USAGE)?.is_some_and(|usage| !usage.digital_signature()) {
            return Err(CertificateError::WrongUsage);
        }
        let valid = validity(tbs)?;
        in_force(valid, at)?;
        let binding = self.binding()?;
        if binding.chain() != chain {
            return Err(CertificateError::WrongChain);
        }
        if !binding.is_proved_for(&encoded(tbs.subject_public_key_info())?) {
            return Err(CertificateError::BadPossession);
        }
        Ok(Credential {
            name: common_name(tbs)?,
            region: region(tbs)?,
            role: binding.role(),
            key: binding.key(),
            kem: binding.kem(),
            certificate: self.digest,
            valid,
        })
    }

    /// The extension that binds the ledger key, unverified.
    ///
    /// # Errors
    /// [`CertificateError::MissingBinding`], [`CertificateError::Malformed`].
    pub fn binding(&self) -> Result<Binding, CertificateError> {
        let bytes = extension::<OctetString>(self.tbs(), BINDING_OID)?.ok_or(CertificateError::MissingBinding)?;
        codec::decode(bytes.as_bytes()).map_err(|_| CertificateError::Malformed)
    }

    fn tbs(&self) -> &TbsCertificate {
        self.inner.tbs_certificate()
    }

    fn verify_signature(&self, issuer: &VerifyingKey) -> Result<(), CertificateError> {
        let algorithm = self.inner.signature_algorithm();
        if algorithm.oid != ECDSA_WITH_SHA256 || algorithm != self.tbs().signature() {
            return Err(CertificateError::UnsupportedAlgorithm);
        }
        let signature = self.inner.signature().as_bytes().ok_or(CertificateError::BadSignature)?;
        let signature = DerSignature::from_bytes(signature).map_err(|_| CertificateError::BadSignature)?;
        issuer.verify(&encoded(self.tbs())?, &signature).map_err(|_| CertificateError::BadSignature)
    }

    fn refuse_unknown_critical_extensions(&self) -> Result<(), CertificateError> {
        let known = [BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, SUBJECT_ALTERNATIVE_NAME];
        let all = self.tbs().extensions().map_or(&[][..], Vec::as_slice);
        if all.iter().any(|one| one.critical && !known.contains(&one.extn_id)) {
            return Err(CertificateError::UnknownCriticalExtension);
        }
        Ok(())
    }
}

/// The one extension with this identifier; two of them are malformed.
fn extension<'a, T: Decode<'a>>(tbs: &'a TbsCertificate, oid: ObjectIdentifier) -> Result<Option<T>, CertificateError> {
    let mut found = tbs.extensions().into_iter().flatten().filter(|one| one.extn_id == oid);
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => T::from_der(one.extn_value.as_bytes()).map(Some).map_err(|_| CertificateError::Malformed),
        (Some(_), Some(_)) => Err(CertificateError::Malformed),
    }
}

fn encoded(value: &impl Encode) -> Result<Vec<u8>, CertificateError> {
    value.to_der().map_err(|_| CertificateError::Malformed)
}

fn public_key(tbs: &TbsCertificate) -> Result<VerifyingKey, CertificateError> {
    let der = encoded(tbs.subject_public_key_info())?;
    VerifyingKey::from_public_key_der(&der).map_err(|_| CertificateError::UnsupportedAlgorithm)
}

/// X.509 names the last valid second; the range ends one second later.
fn validity(tbs: &TbsCertificate) -> Result<TimeRange, CertificateError> {
    let seconds = |time: x509_cert::time::Time| {
        i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| CertificateError::Malformed)
    };
    let (start, last) = (seconds(tbs.validity().not_before)?, seconds(tbs.validity().not_after)?);
    let end = Timestamp::from_seconds(last.saturating_add(1));
    TimeRange::new(Timestamp::from_seconds(start), end).map_err(|_| CertificateError::Malformed)
}

fn in_force(valid: TimeRange, at: Timestamp) -> Result<(), CertificateError> {
    if at < valid.start() {
        return Err(CertificateError::NotYetValid { from: valid.start() });
    }
    if at >= valid.end() {
        return Err(CertificateError::Expired { at: valid.end() });
    }
    Ok(())
}

fn common_name(tbs: &TbsCertificate) -> Result<Name, CertificateError> {
    let name = tbs.subject().common_name().map_err(|_| CertificateError::Malformed)?;
    let name = name.ok_or(CertificateError::Malformed)?;
    plain(&name.value())
}

fn region(tbs: &TbsCertificate) -> Result<Name, CertificateError> {
    match tbs.subject().state_or_province().map_err(|_| CertificateError::Malformed)? {
        Some(region) => plain(&region.value()),
        None => plain(""),
    }
}

/// A name without control characters: it is shown on screens and in reports.
fn plain(text: &str) -> Result<Name, CertificateError> {
    if text.chars().any(char::is_control) {
        return Err(CertificateError::Malformed);
    }
    Name::new(text).map_err(|_| CertificateError::Malformed)
}

/// Why a certificate is no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// More bytes than a certificate may have.
    #[error("certificate of {len} bytes, at most {max} are allowed")]
    TooLong {
        /// Bytes given.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// Not DER, not X.509, or a part of it does not read.
    #[error("malformed certificate")]
    Malformed,
    /// Key or signature of another kind than ECDSA on P-256 with SHA-256.
    #[error("certificate key or signature is not ecdsa p-256 with sha-256")]
    UnsupportedAlgorithm,
    /// A critical extension this ledger does not know.
    #[error("certificate has an unknown critical extension")]
    UnknownCriticalExtension,
    /// Given as an authority, but it may not issue certificates.
    #[error("certificate may not issue certificates")]
    NotAnAuthority,
    /// Issued by an authority that is not in genesis.
    #[error("certificate of an authority this network does not know")]
    UnknownAuthority,
    /// The authority did not sign it.
    #[error("authority's signature does not verify")]
    BadSignature,
    /// An authority under another authority, or an authority offered as a member.
    #[error("more than one step between authority and member")]
    PathTooLong,
    /// Not meant for signing.
    #[error("certificate is not for digital signatures")]
    WrongUsage,
    /// The authority's own certificate is not in force.
    #[error("certificate of the authority is not in force")]
    AuthorityNotValid,
    /// Not yet in force.
    #[error("certificate is valid from {from} only")]
    NotYetValid {
        /// When it begins.
        from: Timestamp,
    },
    /// Run out.
    #[error("certificate expired at {at}")]
    Expired {
        /// First instant it is no longer valid.
        at: Timestamp,
    },
    /// No ledger key in it.
    #[error("certificate binds no ledger key")]
    MissingBinding,
    /// Issued for another network.
    #[error("certificate of another network")]
    WrongChain,
    /// The ledger key did not sign the binding.
    #[error("ledger key did not sign its binding")]
    BadPossession,
}
