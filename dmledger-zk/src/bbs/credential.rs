//! Issuers, what they sign, and what a holder keeps.

use super::{
    scheme::{self, Signature},
    suite::{self, POINT_BYTES, SCALAR_BYTES},
};
use crate::{
    context::Chain,
    error::{DecodeError, Rejected, StatementError},
};
use bls12_381_plus::{G2Affine, G2Projective, Scalar, elliptic_curve::group::Curve as _};
use core::fmt;
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// Tag of the header that binds credentials to a ledger.
pub const HEADER_TAG: &str = "dmledger/zk/bbs-header/v1";

/// An issuer's secret, 32 bytes. Wiped when dropped.
pub struct IssuerSecret(Zeroizing<Scalar>);

impl IssuerSecret {
    /// Least bytes of key material.
    pub const MATERIAL_BYTES: usize = 32;

    /// Draws a secret.
    pub fn random<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut material = Zeroizing::new([0; Self::MATERIAL_BYTES]);
        loop {
            rng.fill_bytes(material.as_mut());
            if let Ok(secret) = Self::generate(material.as_ref(), &[]) {
                return secret;
            }
        }
    }

    /// The secret that key material and public information determine: `KeyGen` of the draft, section 3.4.1.
    ///
    /// # Errors
    /// [`DecodeError::Length`] for less than [`Self::MATERIAL_BYTES`] of material or more than 65,535 bytes of information,
    /// [`DecodeError::Scalar`] if the secret were zero, which does not happen.
    pub fn generate(material: &[u8], information: &[u8]) -> Result<Self, DecodeError> {
        let length = u16::try_from(information.len());
        let length = length.map_err(|_| DecodeError::Length { len: information.len() })?;
        if material.len() < Self::MATERIAL_BYTES {
            return Err(DecodeError::Length { len: material.len() });
        }
        let input = Zeroizing::new([material, &length.to_be_bytes(), information].concat());
        Self::from_bytes(&suite::scalar_under(suite::KEYGEN_TAG, &input).to_be_bytes())
    }

    /// Reads a secret: a canonical scalar that is not zero, most significant byte first.
    ///
    /// # Errors
    /// [`DecodeError::Scalar`] for anything else.
    pub fn from_bytes(bytes: &[u8; SCALAR_BYTES]) -> Result<Self, DecodeError> {
        scheme::read_scalar(bytes).map(|scalar| Self(Zeroizing::new(scalar))).ok_or(DecodeError::Scalar { at: 0 })
    }

    /// The bytes, to be kept as safe as the key.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; SCALAR_BYTES]> {
        Zeroizing::new(self.0.to_be_bytes())
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> IssuerKey {
        let point = (G2Projective::GENERATOR * *self.0).to_affine();
        IssuerKey { bytes: point.to_compressed(), point }
    }

    /// Certifies attributes under a header.
    ///
    /// # Errors
    /// [`StatementError::Identity`] for a signature that would be the identity, which does not happen.
    pub fn issue(&self, header: &Header, attributes: &Attributes) -> Result<Credential, StatementError> {
        let (key, scalars) = (self.public(), attributes.scalars());
        let signature = scheme::sign(&self.0, &key.point, header.as_bytes(), &scalars);
        signature.map(Credential).ok_or(StatementError::Identity)
    }
}

impl fmt::Debug for IssuerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuerSecret(..)")
    }
}

/// An issuer's public key, 96 bytes.
#[derive(Clone, Copy)]
pub struct IssuerKey {
    bytes: [u8; Self::BYTES],
    point: G2Affine,
}

impl IssuerKey {
    /// Length in bytes.
    pub const BYTES: usize = 2 * POINT_BYTES;

    /// Reads a key: a point of the group that is not the identity.
    ///
    /// # Errors
    /// [`DecodeError::Point`] for anything else.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, DecodeError> {
        let point: Option<G2Affine> = G2Affine::from_compressed(bytes).into();
        let point = point.filter(|point| !bool::from(point.is_identity())).ok_or(DecodeError::Point { at: 0 })?;
        Ok(Self { bytes: *bytes, point })
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.bytes
    }

    pub(super) const fn point(&self) -> &G2Affine {
        &self.point
    }
}

impl PartialEq for IssuerKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for IssuerKey {}

impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.bytes;
        write!(f, "IssuerKey({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}

/// What every attribute of a credential is bound to, public.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Header(Vec<u8>);

impl Header {
    /// Longest name of a kind of credential in bytes.
    pub const MAX_KIND_BYTES: usize = 64;

    /// Credentials of one kind, on one ledger.
    ///
    /// # Errors
    /// [`StatementError::Name`] for an empty or too long name.
    pub fn for_ledger(chain: Chain, kind: &str) -> Result<Self, StatementError> {
        match kind.len() {
            1..=Self::MAX_KIND_BYTES => {
                let tag = [&[HEADER_TAG.len() as u8], HEADER_TAG.as_bytes()].concat();
                Ok(Self([&tag, chain.as_bytes().as_slice(), kind.as_bytes()].concat()))
            }
            len => Err(StatementError::Name { len, max: Self::MAX_KIND_BYTES }),
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What a credential certifies, in order. Wiped when dropped.
#[derive(PartialEq, Eq)]
pub struct Attributes(Vec<Vec<u8>>);

impl Attributes {
    /// Most attributes of a credential.
    pub const MAX: usize = 32;
    /// Longest attribute in bytes.
    pub const MAX_BYTES: usize = 1_024;

    /// A list of attributes. What they mean at which place is the matter of the kind of credential.
    ///
    /// # Errors
    /// [`StatementError::Count`] for none or more than [`Self::MAX`], [`StatementError::Name`] for one longer than
    /// [`Self::MAX_BYTES`].
    pub fn new<A: AsRef<[u8]>>(attributes: &[A]) -> Result<Self, StatementError> {
        let count = attributes.len();
        if count == 0 || count > Self::MAX {
            return Err(StatementError::Count { count, max: Self::MAX });
        }
        attributes.iter().try_for_each(|attribute| check_attribute(attribute.as_ref()))?;
        Ok(Self(attributes.iter().map(|attribute| attribute.as_ref().to_vec()).collect()))
    }

    /// The attributes.
    #[must_use]
    pub fn as_slice(&self) -> &[Vec<u8>] {
        &self.0
    }

    pub(super) fn scalars(&self) -> Zeroizing<Vec<Scalar>> {
        Zeroizing::new(self.0.iter().map(|attribute| suite::message_to_scalar(attribute)).collect())
    }
}

pub(super) const fn check_attribute(attribute: &[u8]) -> Result<(), StatementError> {
    let (len, max) = (attribute.len(), Attributes::MAX_BYTES);
    if len > max { Err(StatementError::Name { len, max }) } else { Ok(()) }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for Attributes {}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attributes({} ..)", self.0.len())
    }
}

/// A signature over attributes, 80 bytes. Whoever has it and the attributes can present them; keep it as a secret. Wiped
/// when dropped.
pub struct Credential(Signature);

impl Credential {
    /// Length in bytes: a point and a scalar.
    pub const BYTES: usize = POINT_BYTES + SCALAR_BYTES;

    /// Reads a credential; whether it is one is what [`Self::verify`] says.
    ///
    /// # Errors
    /// [`DecodeError::Point`] or [`DecodeError::Scalar`] for an element that is not canonical, the identity or zero.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, DecodeError> {
        let (point, rest) = bytes.split_first_chunk().ok_or(DecodeError::Point { at: 0 })?;
        let scalar = rest.first_chunk().ok_or(DecodeError::Scalar { at: POINT_BYTES })?;
        let a = scheme::read_point(point).ok_or(DecodeError::Point { at: 0 })?;
        let e = scheme::read_scalar(scalar).ok_or(DecodeError::Scalar { at: POINT_BYTES })?;
        Ok(Self(Signature { a, e }))
    }

    /// The bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; Self::BYTES]> {
        let mut out = Zeroizing::new([0; Self::BYTES]);
        let bytes = self.0.a.to_compressed().into_iter().chain(self.0.e.to_be_bytes());
        out.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        out
    }

    /// Checks that the issuer certified these attributes under this header.
    ///
    /// # Errors
    /// [`Rejected`] if it did not.
    pub fn verify(&self, issuer: &IssuerKey, header: &Header, attributes: &Attributes) -> Result<(), Rejected> {
        match scheme::verify(issuer.point(), &self.0, header.as_bytes(), &attributes.scalars()) {
            Some(true) => Ok(()),
            _ => Err(Rejected),
        }
    }

    pub(super) const fn signature(&self) -> &Signature {
        &self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

/// A credential with its attributes: what a holder keeps.
#[derive(Debug)]
pub struct Held {
    credential: Credential,
    attributes: Attributes,
}

impl Held {
    /// Puts both together.
    #[must_use]
    pub const fn new(credential: Credential, attributes: Attributes) -> Self {
        Self { credential, attributes }
    }

    /// The credential.
    #[must_use]
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The attributes.
    #[must_use]
    pub const fn attributes(&self) -> &Attributes {
        &self.attributes
    }
}
