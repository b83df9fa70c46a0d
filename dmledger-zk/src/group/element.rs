//! Public elements with a meaning: 32 bytes and the point they encode, never the identity.

/// Makes a type for one kind of public element, so that a key is not taken for a ciphertext.
macro_rules! element {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name {
            bytes: [u8; $crate::group::ELEMENT_BYTES],
            point: $crate::group::Point,
        }

        impl $name {
            /// Reads one from its canonical encoding, 32 bytes.
            ///
            /// # Errors
            /// [`DecodeError::Point`](crate::error::DecodeError::Point) for another encoding, or the identity.
            pub fn from_bytes(
                bytes: &[u8; $crate::group::ELEMENT_BYTES],
            ) -> Result<Self, $crate::error::DecodeError> {
                let point = $crate::group::decode_message(bytes).ok_or($crate::error::DecodeError::Point { at: 0 })?;
                Ok(Self { bytes: *bytes, point })
            }

            /// The canonical encoding.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $crate::group::ELEMENT_BYTES] {
                &self.bytes
            }

            /// The group element.
            #[must_use]
            pub const fn point(&self) -> &$crate::group::Point {
                &self.point
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.bytes == other.bytes
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> core::cmp::Ordering {
                self.bytes.cmp(&other.bytes)
            }
        }

        impl core::hash::Hash for $name {
            fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
                self.bytes.hash(state);
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let [a, b, c, d, ..] = self.bytes;
                write!(f, concat!(stringify!($name), "({:02x}{:02x}{:02x}{:02x}..)"), a, b, c, d)
            }
        }
    };
}

/// Adds what wraps a computed point.
macro_rules! computed_element {
    ($name:ident) => {
        impl $name {
            /// `None` for the identity.
            pub(crate) fn from_point(point: $crate::group::Point) -> Option<Self> {
                use $crate::group::IsIdentity as _;
                (!point.is_identity()).then(|| Self { bytes: $crate::group::encode_point(&point), point })
            }
        }
    };
}

/// Makes a secret scalar that is never zero, wiped when dropped and never shown.
macro_rules! secret_scalar {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(zeroize::ZeroizeOnDrop)]
        pub struct $name($crate::group::Scalar);

        impl $name {
            /// Draws one.
            pub fn random<R: rand_core::CryptoRng + ?Sized>(rng: &mut R) -> Self {
                loop {
                    let drawn = *$crate::commit::Blinding::random(rng).scalar();
                    if drawn != $crate::group::Scalar::ZERO {
                        return Self(drawn);
                    }
                }
            }

            /// Reads one from 32 bytes: a canonical scalar that is not zero.
            ///
            /// # Errors
            /// [`DecodeError::Scalar`](crate::error::DecodeError::Scalar) for anything else.
            pub fn from_bytes(
                bytes: &[u8; $crate::group::ELEMENT_BYTES],
            ) -> Result<Self, $crate::error::DecodeError> {
                let scalar = $crate::group::decode_scalar(bytes)?;
                if scalar == $crate::group::Scalar::ZERO {
                    return Err($crate::error::DecodeError::Scalar { at: 0 });
                }
                Ok(Self(scalar))
            }

            /// The 32 bytes, to be kept as safe as the key.
            #[must_use]
            pub fn to_bytes(&self) -> zeroize::Zeroizing<[u8; $crate::group::ELEMENT_BYTES]> {
                zeroize::Zeroizing::new(self.0.to_bytes())
            }

            pub(crate) const fn scalar(&self) -> &$crate::group::Scalar {
                &self.0
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

pub(crate) use {computed_element, element, secret_scalar};
