//! The features of a case, in the bands that diabetes cohorts use.
//!
//! Bands are wide on purpose: they are what a stranger may be told. Codes are those of the ICD-10, HbA1c in the bands of
//! consensus reports, age in decades, glucose metrics at the consensus targets (time in range 70 %, below range 4 %,
//! coefficient of variation 36 %).

use core::fmt;

/// Type of diabetes (ICD-10 E10, E11, E13, O24, R73.03).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Diabetes {
    /// None known.
    None = 0,
    /// Type 1, E10.
    Type1 = 1,
    /// Type 2, E11.
    Type2 = 2,
    /// Other specified, E13.
    Other = 3,
    /// Gestational, O24.
    Gestational = 4,
    /// Prediabetes, R73.03.
    Prediabetes = 5,
}

/// Age in decades; everybody of ninety and more in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgeBand(u8);

impl AgeBand {
    /// The decade of an age in completed years.
    #[must_use]
    pub const fn of_years(years: u8) -> Self {
        let decade = years / 10;
        Self(if decade > 9 { 9 } else { decade })
    }

    /// 0 for under ten, 9 for ninety and over.
    #[must_use]
    pub const fn decade(self) -> u8 {
        self.0
    }
}

/// Sex as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Sex {
    /// Female.
    Female = 1,
    /// Male.
    Male = 2,
    /// Another, or mixed.
    Other = 3,
}

macro_rules! bands {
    ($(#[$doc:meta])* $name:ident of $argument:ident in $unit:literal up to $last:ident = $last_number:literal $last_text:literal;
     $($text:literal $band:ident = $number:literal below $limit:literal;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = $text] $band = $number,)*
            #[doc = $last_text] $last = $last_number,
        }

        impl $name {
            #[doc = concat!("The band of a value in ", $unit, ".")]
            #[must_use]
            pub const fn of($argument: u16) -> Self {
                $(if $argument < $limit { return Self::$band; })*
                Self::$last
            }
        }
    };
}

bands! {
    /// HbA1c.
    Hba1c of hundredths in "hundredths of a percent (NGSP)" up to From90 = 5 "9 % and more.";
    "Under 6.5 %." Below65 = 1 below 650;
    "6.5 to under 7 %." From65 = 2 below 700;
    "7 to under 8 %." From70 = 3 below 800;
    "8 to under 9 %." From80 = 4 below 900;
}

bands! {
    /// How long diabetes has been known.
    Duration of years in "completed years" up to From20 = 5 "Twenty years and more.";
    "Under one year." Below1 = 1 below 1;
    "One to four years." From1 = 2 below 5;
    "Five to nine years." From5 = 3 below 10;
    "Ten to nineteen years." From10 = 4 below 20;
}

bands! {
    /// Body mass index (WHO classes).
    BodyMass of tenths in "tenths of kg/m2" up to Obese3 = 6 "40 and more.";
    "Under 18.5." Under = 1 below 185;
    "18.5 to under 25." Normal = 2 below 250;
    "25 to under 30." Over = 3 below 300;
    "30 to under 35." Obese1 = 4 below 350;
    "35 to under 40." Obese2 = 5 below 400;
}

bands! {
    /// Time in range, 70 to 180 mg/dL.
    TimeInRange of permille in "tenths of a percent" up to Target = 3 "70 % and more: the target.";
    "Under 50 %." Below50 = 1 below 500;
    "50 to under 70 %." From50 = 2 below 700;
}

bands! {
    /// Time below 70 mg/dL.
    TimeBelow of permille in "tenths of a percent" up to From4 = 2 "4 % and more.";
    "Under 4 %: the target." Target = 1 below 40;
}

bands! {
    /// Coefficient of variation of glucose.
    Variation of permille in "tenths of a percent" up to Unstable = 2 "More.";
    "Up to 36 %: stable." Stable = 1 below 361;
}

macro_rules! sets {
    ($(#[$doc:meta])* $one:ident, $set:ident: $($(#[$member_doc:meta])* $member:ident = $bit:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum $one {
            $($(#[$member_doc])* $member = $bit,)*
        }

        #[doc = concat!("A set of [`", stringify!($one), "`]; the empty set says that there is none.")]
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $set(u8);

        impl $set {
            /// These.
            #[must_use]
            pub fn new(members: &[$one]) -> Self {
                Self(members.iter().fold(0, |bits, one| bits | 1 << *one as u8))
            }

            /// A bit each.
            #[must_use]
            pub const fn bits(self) -> u8 {
                self.0
            }
        }

        impl fmt::Debug for $set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($set), "({:#b})"), self.0)
            }
        }
    };
}

sets! {
    /// What diabetes has harmed (fourth digit of ICD-10 E10 to E14).
    Complication, ComplicationSet:
    /// Kidney, .2.
    Renal = 0,
    /// Eye, .3.
    Eye = 1,
    /// Nerves, .4.
    Neurological = 2,
    /// Circulation, .5.
    Circulatory = 3,
    /// Something else, .6.
    Other = 4,
}

sets! {
    /// What is taken (ATC).
    Treatment, TreatmentSet:
    /// Insulins, A10A.
    Insulin = 0,
    /// Metformin, A10BA.
    Metformin = 1,
    /// Sulfonylureas, A10BB.
    Sulfonylurea = 2,
    /// DPP-4 inhibitors, A10BH.
    Dpp4 = 3,
    /// GLP-1 analogues, A10BJ.
    Glp1 = 4,
    /// SGLT2 inhibitors, A10BK.
    Sglt2 = 5,
}

/// What is known of a case. Only the type of diabetes must be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "filled in by the owner of a case, field by field")]
pub struct Features {
    /// Type of diabetes.
    pub diabetes: Diabetes,
    /// Age.
    pub age: Option<AgeBand>,
    /// Sex.
    pub sex: Option<Sex>,
    /// How long it is known.
    pub duration: Option<Duration>,
    /// HbA1c.
    pub hba1c: Option<Hba1c>,
    /// Body mass index.
    pub body_mass: Option<BodyMass>,
    /// What has been harmed.
    pub complications: Option<ComplicationSet>,
    /// What is taken.
    pub treatment: Option<TreatmentSet>,
    /// Time in range.
    pub time_in_range: Option<TimeInRange>,
    /// Time below range.
    pub time_below: Option<TimeBelow>,
    /// Variation.
    pub variation: Option<Variation>,
}

impl Features {
    /// A case of which only the type of diabetes is known.
    #[must_use]
    pub const fn new(diabetes: Diabetes) -> Self {
        Self {
            diabetes,
            age: None,
            sex: None,
            duration: None,
            hba1c: None,
            body_mass: None,
            complications: None,
            treatment: None,
            time_in_range: None,
            time_below: None,
            variation: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_begin_and_end_where_the_consensus_says() {
        use Hba1c::{Below65, From65, From70, From80, From90};
        for (hundredths, band) in
            [(0, Below65), (649, Below65), (650, From65), (699, From65), (700, From70), (800, From80), (900, From90)]
        {
            assert_eq!(Hba1c::of(hundredths), band, "{hundredths}");
        }
        assert_eq!((TimeInRange::of(699), TimeInRange::of(700)), (TimeInRange::From50, TimeInRange::Target));
        assert_eq!((TimeBelow::of(39), TimeBelow::of(40)), (TimeBelow::Target, TimeBelow::From4));
        assert_eq!((Variation::of(360), Variation::of(361)), (Variation::Stable, Variation::Unstable));
        assert_eq!((BodyMass::of(249), BodyMass::of(400)), (BodyMass::Normal, BodyMass::Obese3));
        assert_eq!((Duration::of(0), Duration::of(20)), (Duration::Below1, Duration::From20));
    }

    #[test]
    fn the_very_old_share_a_band() {
        let decade = |years| AgeBand::of_years(years).decade();
        assert_eq!((decade(9), decade(10), decade(89), decade(90), decade(255)), (0, 1, 8, 9, 9));
    }
}
