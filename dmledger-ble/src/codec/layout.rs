//! The three shapes that attribute layouts are made of: records with optional fields, bit sets and numbered codes.
//!
//! Macros because the layouts are tables: each use reads like the row of the specification that it implements.

/// A value with mandatory and optional fields, its constructor, accessors and `with_` setters.
macro_rules! record {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            required { $( $(#[$rdoc:meta])* $rfield:ident : $rtype:ty, )* }
            optional { $( $(#[$odoc:meta])* $ofield:ident / $with:ident : $otype:ty, )* }
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            $( $rfield: $rtype, )*
            $( $ofield: Option<$otype>, )*
        }

        impl $name {
            /// A value with the mandatory fields; every optional field is absent.
            #[must_use]
            pub const fn new($( $rfield: $rtype ),*) -> Self {
                Self { $( $rfield, )* $( $ofield: None, )* }
            }

            $(
                $(#[$rdoc])*
                #[must_use]
                pub const fn $rfield(&self) -> $rtype {
                    self.$rfield
                }
            )*

            $(
                $(#[$odoc])*
                #[must_use]
                pub const fn $ofield(&self) -> Option<$otype> {
                    self.$ofield
                }

                #[doc = concat!("The same value with [`", stringify!($ofield), "`](Self::", stringify!($ofield), ") present.")]
                #[must_use]
                pub const fn $with(mut self, $ofield: $otype) -> Self {
                    self.$ofield = Some($ofield);
                    self
                }
            )*
        }
    };
}

/// A set of flags that keeps reserved bits, so that what was read can be written again.
macro_rules! flags {
    (
        $(#[$meta:meta])*
        pub struct $name:ident($raw:ty) { $( $(#[$doc:meta])* $flag:ident = $bit:literal; )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name($raw);

        impl $name {
            $( $(#[$doc])* pub const $flag: Self = Self(1 << $bit); )*

            /// No flag set.
            pub const EMPTY: Self = Self(0);

            /// All bits that have a name.
            pub const KNOWN: Self = Self(0 $( | 1 << $bit )*);

            /// From the bits as they travel; reserved bits are kept.
            #[must_use]
            pub const fn from_bits(bits: $raw) -> Self {
                Self(bits)
            }

            /// The bits as they travel.
            #[must_use]
            pub const fn bits(self) -> $raw {
                self.0
            }

            /// Whether every flag of `other` is set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Both sets together.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// The bits that have no name in this version of the specification.
            #[must_use]
            pub const fn reserved(self) -> $raw {
                self.0 & !Self::KNOWN.0
            }
        }
    };
}

/// A numbered code; numbers without a name are kept and reported as reserved.
macro_rules! codes {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $( $(#[$doc:meta])* $code:ident = $number:literal; )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(u8);

        impl $name {
            $( $(#[$doc])* pub const $code: Self = Self($number); )*

            /// From the number as it travels.
            #[must_use]
            pub const fn from_number(number: u8) -> Self {
                Self(number)
            }

            /// The number as it travels.
            #[must_use]
            pub const fn number(self) -> u8 {
                self.0
            }

            /// Whether the specification gives this number no meaning.
            #[must_use]
            pub const fn is_reserved(self) -> bool {
                let mut named: &[u8] = &[$( $number ),*];
                while let Some((number, rest)) = named.split_first() {
                    if *number == self.0 {
                        return false;
                    }
                    named = rest;
                }
                true
            }
        }
    };
}

/// One number is the whole value of a characteristic.
macro_rules! whole {
    ($name:ident($number:ident) = $uuid:expr) => {
        impl Characteristic for $name {
            const UUID: uuid::Uuid = $uuid;
            const MAX_BYTES: usize = size_of::<$number>();

            fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
                let mut input = Reader::new(bytes);
                let value = Self(input.$number()?);
                input.finish(Remainder::Refuse)?;
                Ok(value)
            }

            fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
                out.$number(self.0)
            }
        }
    };
}

pub(crate) use {codes, flags, record, whole};
