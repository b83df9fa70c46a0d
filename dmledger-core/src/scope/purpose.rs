//! Why data is asked for: the codes that hospitals and research repositories already use.
//!
//! Care purposes are HL7 v3 ActReason codes (value set PurposeOfUse), research purposes GA4GH Data Use Ontology terms.
//! Left out are the codes of administration that no patient grants (fraud, accreditation, directories), marketing, and
//! DUO's "no restriction": a purpose is always named. DUO's modifiers are [conditions](super::condition), except those
//! that a grant says by itself: user, institution and time limit.
//! A purpose matches only itself: the ontologies' "is a" relations are not followed, so a grant for treatment opens
//! nothing to emergency treatment unless it says so.

use super::ScopeError;
use alloc::vec::Vec;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error, ErrorKind, Read, Result as IoResult},
};
use core::fmt;

macro_rules! purposes {
    ($($name:ident = $bit:literal, $code:literal, $what:literal;)*) => {
        /// A purpose of use.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
        #[borsh(use_discriminant = true)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Purpose {
            $(#[doc = concat!($what, " (`", $code, "`).")] $name = $bit,)*
        }

        impl Purpose {
            /// Every purpose.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code in HL7 ActReason, or the DUO term.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The purpose in plain words.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }
    };
}

purposes! {
    Treatment = 0, "TREAT", "treatment";
    EmergencyTreatment = 1, "ETREAT", "emergency treatment";
    CareManagement = 2, "CAREMGT", "care management";
    CoordinationOfCare = 3, "COC", "coordination of care";
    Payment = 4, "HPAYMT", "healthcare payment";
    Operations = 5, "HOPERAT", "healthcare operations";
    PublicHealth = 6, "PUBHLTH", "public health";
    PatientRequest = 7, "PATRQT", "patient requested";
    FamilyRequest = 8, "FAMRQT", "family requested";
    Research = 9, "HRESCH", "healthcare research";
    BreakTheGlass = 10, "BTG", "break the glass";
    QualityImprovement = 11, "HQUALIMP", "health quality improvement";
    PatientSafety = 12, "PATSFTY", "patient safety";
    PopulationHealth = 13, "POPHLTH", "population health";
    SupportNetwork = 14, "SUPNWK", "support network";
    Training = 15, "TRAIN", "training";
    GeneralResearch = 16, "DUO:0000042", "general research use";
    BiomedicalResearch = 17, "DUO:0000006", "health, medical or biomedical research";
    DiseaseResearch = 18, "DUO:0000007", "disease-specific research";
    PopulationResearch = 19, "DUO:0000011", "population origins or ancestry research";
    ClinicalTrial = 20, "CLINTRCH", "clinical trial research";
    Disaster = 21, "DISASTER", "disaster";
    Threat = 22, "THREAT", "threat";
    Legal = 23, "HLEGAL", "legal";
    Coverage = 24, "COVERAGE", "coverage under policy or program";
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A non-empty set of purposes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct PurposeSet(u32);

impl PurposeSet {
    /// The set of these purposes.
    ///
    /// # Errors
    /// [`ScopeError::NoPurpose`] if there is none.
    pub fn new(purposes: &[Purpose]) -> Result<Self, ScopeError> {
        let bits = purposes.iter().fold(0, |bits, purpose| bits | bit(*purpose));
        if bits == 0 { Err(ScopeError::NoPurpose) } else { Ok(Self(bits)) }
    }

    /// The set of this one purpose.
    #[must_use]
    pub fn only(purpose: Purpose) -> Self {
        Self(bit(purpose))
    }

    /// Whether `purpose` is one of them.
    #[must_use]
    pub fn contains(self, purpose: Purpose) -> bool {
        self.0 & bit(purpose) != 0
    }

    /// What may be done with data that are open to the public: research and public health, never a person's care.
    #[must_use]
    pub fn open_to_the_public() -> Self {
        use Purpose::{
            BiomedicalResearch, DiseaseResearch, GeneralResearch, PopulationHealth, PopulationResearch, PublicHealth,
            Research,
        };
        let all = [
            Research,
            PublicHealth,
            PopulationHealth,
            GeneralResearch,
            BiomedicalResearch,
            DiseaseResearch,
            PopulationResearch,
        ];
        Self(all.into_iter().fold(0, |bits, purpose| bits | bit(purpose)))
    }

    /// Whether every purpose of `other` is one of them.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The purposes, in the order of their numbers.
    #[must_use]
    pub fn to_vec(self) -> Vec<Purpose> {
        Purpose::ALL.iter().copied().filter(|purpose| self.contains(*purpose)).collect()
    }
}

const fn bit(purpose: Purpose) -> u32 {
    1 << purpose as u8
}

impl fmt::Debug for PurposeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.to_vec()).finish()
    }
}

impl fmt::Display for PurposeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, purpose) in self.to_vec().iter().enumerate() {
            write!(f, "{}{purpose}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl BorshDeserialize for PurposeSet {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let bits = u32::deserialize_reader(reader)?;
        let known = Purpose::ALL.iter().fold(0, |known, purpose| known | bit(*purpose));
        if bits == 0 || bits & !known != 0 {
            return Err(Error::new(ErrorKind::InvalidData, "not a set of purposes"));
        }
        Ok(Self(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn a_purpose_opens_nothing_but_itself() {
        for a in Purpose::ALL {
            for b in Purpose::ALL {
                assert_eq!(PurposeSet::only(*a).contains(*b), a == b);
            }
        }
    }

    #[test]
    fn numbers_and_codes_are_fixed() {
        let seen: Vec<_> = Purpose::ALL.iter().map(|purpose| (*purpose as u8, purpose.code())).collect();
        assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for fixed in
            [(0, "TREAT"), (1, "ETREAT"), (9, "HRESCH"), (16, "DUO:0000042"), (20, "CLINTRCH"), (24, "COVERAGE")]
        {
            assert!(seen.contains(&fixed), "{fixed:?}");
        }
    }

    #[test]
    fn nothing_a_person_is_treated_or_billed_by_is_open_to_the_public() {
        let open = PurposeSet::open_to_the_public();
        for purpose in
            [Purpose::Treatment, Purpose::Payment, Purpose::PatientRequest, Purpose::BreakTheGlass, Purpose::Legal]
        {
            assert!(!open.contains(purpose), "{purpose}");
        }
        assert!(open.covers(PurposeSet::only(Purpose::Research)));
    }

    #[test]
    fn codes_are_unique() {
        let codes: BTreeSet<_> = Purpose::ALL.iter().map(|purpose| purpose.code()).collect();
        assert_eq!(codes.len(), Purpose::ALL.len());
    }

    #[test]
    fn unknown_and_empty_sets_are_refused() {
        assert_eq!(PurposeSet::new(&[]), Err(ScopeError::NoPurpose));
        for bits in [0_u32, 1 << 25, 1 << 31] {
            assert!(PurposeSet::try_from_slice(&bits.to_le_bytes()).is_err());
        }
        let set = PurposeSet::new(&[Purpose::Treatment, Purpose::GeneralResearch]).unwrap();
        assert_eq!(PurposeSet::try_from_slice(&borsh::to_vec(&set).unwrap()).unwrap(), set);
    }
}
