//! Similar cases: people alike in a few banded features, found without anybody being named.
//!
//! A case is described by bands ([`Features`]), never by values. What a few of them say together is a [`Cell`]; the
//! ledger sees only its [`CellToken`], a hash under a key that the institutions that ask share and rotate. The key
//! matters: there are some thirty thousand combinations of bands in all, so a hash without one is undone by trying them.
//! Within each cell a case has another pseudonym ([`CaseId`]), so that the answers of two cells cannot be laid side by
//! side.
//!
#![doc = include_str!("../docs/similar-cases.md")]

pub mod bands;

pub use bands::{
    AgeBand, BodyMass, Complication, ComplicationSet, Diabetes, Duration, Features, Hba1c, Sex, TimeBelow, TimeInRange,
    Treatment, TreatmentSet, Variation,
};

use crate::{
    codec::Canonical,
    envelope::digest_newtype,
    hash::{Digest, Hasher, tag},
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Most cells that one case is entered in.
pub const MAX_CELLS: usize = 8;

/// Which features a cell is about, from coarse to fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Level {
    /// Type of diabetes.
    Type = 1,
    /// Type and age.
    TypeAge = 2,
    /// Type, age and HbA1c.
    TypeAgeHba1c = 3,
    /// Type, age, HbA1c and sex.
    TypeAgeHba1cSex = 4,
    /// Type, age and how long it is known.
    TypeAgeDuration = 5,
    /// Type, age and treatment.
    TypeAgeTreatment = 6,
    /// Type, age and what has been harmed.
    TypeAgeComplications = 7,
    /// Type and what a sensor shows: time in range, time below, variation.
    TypeSensor = 8,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; MAX_CELLS] = [
        Self::Type,
        Self::TypeAge,
        Self::TypeAgeHba1c,
        Self::TypeAgeHba1cSex,
        Self::TypeAgeDuration,
        Self::TypeAgeTreatment,
        Self::TypeAgeComplications,
        Self::TypeSensor,
    ];
}

/// What the bands of one level say together. Never leaves whoever knows the features.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    level: Level,
    bands: Vec<u8>,
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cell({:?})", self.level)
    }
}

impl Cell {
    /// The cell of these features at a level; `None` if one of the features it needs is not known.
    #[must_use]
    pub fn of(features: &Features, level: Level) -> Option<Self> {
        let diabetes = features.diabetes as u8;
        let age = || features.age.map(AgeBand::decade);
        let bands = match level {
            Level::Type => alloc::vec![diabetes],
            Level::TypeAge => alloc::vec![diabetes, age()?],
            Level::TypeAgeHba1c => alloc::vec![diabetes, age()?, features.hba1c? as u8],
            Level::TypeAgeHba1cSex => {
                alloc::vec![diabetes, age()?, features.hba1c? as u8, features.sex? as u8]
            }
            Level::TypeAgeDuration => alloc::vec![diabetes, age()?, features.duration? as u8],
            Level::TypeAgeTreatment => alloc::vec![diabetes, age()?, features.treatment?.bits()],
            Level::TypeAgeComplications => alloc::vec![diabetes, age()?, features.complications?.bits()],
            Level::TypeSensor => alloc::vec![
                diabetes,
                features.time_in_range? as u8,
                features.time_below? as u8,
                features.variation? as u8
            ],
        };
        Some(Self { level, bands })
    }

    /// Every cell of these features, from coarse to fine.
    #[must_use]
    pub fn all(features: &Features) -> Vec<Self> {
        Level::ALL.iter().filter_map(|level| Self::of(features, *level)).collect()
    }

    /// Which features it is about.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }
}

/// The key under which cells are named, 32 bytes: shared by the institutions that ask, replaced from time to time.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MatchingKey([u8; 32]);

impl MatchingKey {
    /// Wraps 32 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The cell's name on the ledger: `H("match-cell", key, level, bands)`.
    #[must_use]
    pub fn token(&self, cell: &Cell) -> CellToken {
        let named = Hasher::new(tag::MATCH_CELL).chain(self.0).chain([cell.level as u8]).field(&cell.bands);
        CellToken(named.finish())
    }
}

impl fmt::Debug for MatchingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MatchingKey(..)")
    }
}

/// What a case's owner derives pseudonyms from, 32 bytes; held by the owner alone.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct CaseSecret([u8; 32]);

impl CaseSecret {
    /// Wraps 32 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The case's pseudonym in one cell: `H("match-case", secret, cell)`.
    #[must_use]
    pub fn pseudonym(&self, cell: &CellToken) -> CaseId {
        CaseId(Hasher::new(tag::MATCH_CASE).chain(self.0).chain(cell.as_bytes()).finish())
    }
}

impl fmt::Debug for CaseSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaseSecret(..)")
    }
}

/// A cell's name on the ledger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct CellToken(Digest);
digest_newtype!(CellToken);

/// A case's pseudonym within one cell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct CaseId(Digest);
digest_newtype!(CaseId);

/// A case entered in one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct CellEntry {
    /// The cell.
    pub cell: CellToken,
    /// The case's pseudonym in it.
    pub case: CaseId,
}

impl Canonical for CellEntry {
    const MAX_BYTES: usize = 65;
}

/// The entries of a case in every cell its features allow.
#[must_use]
pub fn entries(features: &Features, key: &MatchingKey, secret: &CaseSecret) -> Vec<CellEntry> {
    let entry = |cell: &Cell| {
        let cell = key.token(cell);
        CellEntry { cell, case: secret.pseudonym(&cell) }
    };
    Cell::all(features).iter().map(entry).collect()
}

/// How many cases may be said to be in a cell of `cases`, where `least` is the smallest cell that answers: whole
/// multiples of `least`, so that one who comes or goes seldom shows. `None` below it.
#[must_use]
pub const fn told(cases: u32, least: u16) -> Option<u32> {
    let least = least as u32;
    if least == 0 || cases < least { None } else { Some(cases - cases % least) }
}

#[cfg(test)]
mod tests;
