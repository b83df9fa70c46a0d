//! What the user of data undertakes beside the purpose: the modifiers of the GA4GH Data Use Ontology, and the disease
//! that disease-specific research is about.
//!
//! A grant names its conditions, a request those it undertakes. The ledger compares the two and keeps the undertaking in
//! the log; whether it is honoured shows outside the ledger, against a signature.

use crate::codec::{CodecError, Text};
use alloc::vec::Vec;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error, ErrorKind, Read, Result as IoResult},
};
use core::fmt;

/// Longest name of a disease in bytes.
pub const MAX_DISEASE_BYTES: usize = 24;

macro_rules! conditions {
    ($($name:ident = $bit:literal, $code:literal, $what:literal;)*) => {
        /// A condition of use.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Condition {
            $(#[doc = concat!("Undertaking: ", $what, " (`", $code, "`).")] $name = $bit,)*
        }

        impl Condition {
            /// Every condition.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The DUO term.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The condition in plain words.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }
    };
}

conditions! {
    NoMethodsResearch = 0, "DUO:0000015", "no general methods research";
    GeneticStudiesOnly = 1, "DUO:0000016", "genetic studies only";
    NotForProfitNonCommercial = 2, "DUO:0000018", "not for profit, non-commercial use only";
    PublicationRequired = 3, "DUO:0000019", "publication required";
    CollaborationRequired = 4, "DUO:0000020", "collaboration required";
    EthicsApproval = 5, "DUO:0000021", "ethics approval required";
    ReturnToResource = 6, "DUO:0000029", "return of results to the resource";
    NoAncestryResearch = 7, "DUO:0000044", "no population origins or ancestry research";
    NotForProfit = 8, "DUO:0000045", "not for profit organisation use only";
    NonCommercial = 9, "DUO:0000046", "non-commercial use only";
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A disease as an ontology names it, for example `MONDO:0005148` (type 2 diabetes) or `ICD10:E11`.
pub type Disease = Text<MAX_DISEASE_BYTES>;

/// A set of conditions, perhaps empty, and the disease that research is limited to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Conditions {
    bits: u16,
    disease: Option<Disease>,
}

impl Conditions {
    /// No condition.
    pub const NONE: Self = Self { bits: 0, disease: None };

    /// These conditions.
    #[must_use]
    pub fn new(conditions: &[Condition]) -> Self {
        Self { bits: conditions.iter().fold(0, |bits, one| bits | bit(*one)), disease: None }
    }

    /// The same, for research on this disease.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] above [`MAX_DISEASE_BYTES`].
    pub fn about(mut self, disease: &str) -> Result<Self, CodecError> {
        self.disease = Some(Disease::new(disease)?);
        Ok(self)
    }

    /// Whether `condition` is one of them.
    #[must_use]
    pub const fn contains(&self, condition: Condition) -> bool {
        self.bits & bit(condition) != 0
    }

    /// Whether every condition of `other` is one of them; says nothing of the disease.
    #[must_use]
    pub const fn covers(&self, other: &Self) -> bool {
        self.bits & other.bits == other.bits
    }

    /// The disease.
    #[must_use]
    pub const fn disease(&self) -> Option<&Disease> {
        self.disease.as_ref()
    }

    /// The conditions, in the order of their numbers.
    #[must_use]
    pub fn to_vec(&self) -> Vec<Condition> {
        Condition::ALL.iter().copied().filter(|one| self.contains(*one)).collect()
    }

    /// Most bytes of an encoding.
    pub const MAX_BYTES: usize = 2 + 1 + 4 + MAX_DISEASE_BYTES;
}

const fn bit(condition: Condition) -> u16 {
    1 << condition as u8
}

impl BorshDeserialize for Conditions {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (bits, disease) = <(u16, Option<Disease>)>::deserialize_reader(reader)?;
        let known = Condition::ALL.iter().fold(0, |known, one| known | bit(*one));
        if bits & !known != 0 {
            return Err(Error::new(ErrorKind::InvalidData, "unknown condition of use"));
        }
        Ok(Self { bits, disease })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn an_undertaking_covers_what_it_names_and_nothing_else() {
        let asked = Conditions::new(&[Condition::NonCommercial, Condition::EthicsApproval]);
        let given = Conditions::new(&[Condition::NonCommercial]);
        assert!(asked.covers(&given) && !given.covers(&asked));
        assert!(given.covers(&Conditions::NONE));
        assert_eq!(asked.to_vec(), [Condition::EthicsApproval, Condition::NonCommercial]);
    }

    #[test]
    fn codes_are_unique_and_unknown_bits_refused() {
        let codes: BTreeSet<_> = Condition::ALL.iter().map(|one| one.code()).collect();
        assert_eq!(codes.len(), Condition::ALL.len());
        let conditions = Conditions::new(Condition::ALL).about("MONDO:0005148").unwrap();
        let bytes = borsh::to_vec(&conditions).unwrap();
        assert_eq!(Conditions::try_from_slice(&bytes).unwrap(), conditions);
        assert!(Conditions::try_from_slice(&[0, 4, 0]).is_err(), "bit 10");
        assert!(Conditions::NONE.about("a name of a disease that is too long").is_err());
    }
}
