//! What a rule speaks of, dimension by dimension: whether it covers all of a thing, touches any of it, or overlaps with
//! what another rule speaks of.

use super::{
    RuleError,
    deed::{Deed, DeedKind, Party, Subject},
    verdict::Dimension,
};
use crate::{
    codec::List,
    identity::{MemberId, Role},
    record::DataKind,
    scope::{Purpose, PurposeSet, Verb, VerbSet},
    time::{TimeRange, Timestamp},
};
use alloc::vec::Vec;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult},
};

/// Most members one rule names.
pub const MAX_NAMED: usize = 16;

/// Any, or only some.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum Choice<T, const MAX: usize> {
    /// All there are.
    Any = 0,
    /// These, at least one.
    Only(List<T, MAX>) = 1,
}

impl<T: PartialEq, const MAX: usize> Choice<T, MAX> {
    /// Only these.
    ///
    /// # Errors
    /// [`RuleError::TooLong`].
    pub fn only(these: Vec<T>) -> Result<Self, RuleError> {
        Ok(Self::Only(List::new(these)?))
    }

    fn contains(&self, one: &T) -> bool {
        match self {
            Self::Any => true,
            Self::Only(list) => list.contains(one),
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Only(these), other) => these.iter().any(|one| other.contains(one)),
            (Self::Any, Self::Only(those)) => !those.is_empty(),
            (Self::Any, Self::Any) => true,
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Only(list) if list.is_empty())
    }
}

/// Members by name, or by role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Parties {
    /// Everybody, members or not.
    Anybody = 0,
    /// These members.
    Members(List<MemberId, MAX_NAMED>) = 1,
    /// Every member of these roles.
    Roles(List<Role, 12>) = 2,
    /// The patient's home: keys that are no member's.
    Home = 3,
}

impl Parties {
    /// These members.
    ///
    /// # Errors
    /// [`RuleError::TooLong`].
    pub fn members(members: Vec<MemberId>) -> Result<Self, RuleError> {
        Ok(Self::Members(List::new(members)?))
    }

    /// Every member of these roles.
    ///
    /// # Errors
    /// [`RuleError::TooLong`].
    pub fn roles(roles: Vec<Role>) -> Result<Self, RuleError> {
        Ok(Self::Roles(List::new(roles)?))
    }

    /// Whether all of `party` is among them.
    fn covers(&self, party: &Party) -> bool {
        match (self, party) {
            (Self::Anybody, _) | (Self::Home, Party::Home) => true,
            (Self::Members(list), Party::Member { id, .. }) => list.contains(id),
            (Self::Roles(list), Party::Member { role, .. } | Party::Role(role)) => list.contains(role),
            _ => false,
        }
    }

    /// Whether any of `party` is, or may be, among them.
    fn touches(&self, party: &Party) -> bool {
        match (self, party) {
            (Self::Home, Party::Home) => true,
            // A named member may have any role.
            (Self::Members(_) | Self::Roles(_), Party::Everybody) | (Self::Members(_), Party::Role(_)) => true,
            _ => self.covers(party),
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Anybody, _) | (_, Self::Anybody) | (Self::Home, Self::Home) => true,
            (Self::Home, _) | (_, Self::Home) => false,
            (Self::Members(these), Self::Members(those)) => these.iter().any(|one| those.contains(one)),
            (Self::Roles(these), Self::Roles(those)) => these.iter().any(|one| those.contains(one)),
            (Self::Members(_), Self::Roles(_)) | (Self::Roles(_), Self::Members(_)) => true,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Anybody | Self::Home => false,
            Self::Members(list) => list.is_empty(),
            Self::Roles(list) => list.is_empty(),
        }
    }
}

/// Hours of the day in UTC, in minutes since midnight: from the first up to, not including, the last, over midnight if
/// the last is not after the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct DayHours {
    from: u16,
    until: u16,
}

const DAY: u16 = 24 * 60;

impl DayHours {
    /// From `from` until `until`, in minutes since midnight UTC.
    ///
    /// # Errors
    /// [`RuleError::NoHours`] unless both lie in 0..1440 and differ.
    pub const fn new(from: u16, until: u16) -> Result<Self, RuleError> {
        if from < DAY && until < DAY && from != until { Ok(Self { from, until }) } else { Err(RuleError::NoHours) }
    }

    /// Whether `at` lies in these hours.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        let minute = at.millis().div_euclid(60_000).rem_euclid(i64::from(DAY));
        let (from, until) = (i64::from(self.from), i64::from(self.until));
        if from < until { (from..until).contains(&minute) } else { minute >= from || minute < until }
    }

    fn overlaps(self, other: Self) -> bool {
        let minutes = |minute: u16| Timestamp::from_seconds(i64::from(minute) * 60);
        self.contains(minutes(other.from)) || other.contains(minutes(self.from))
    }
}

impl BorshDeserialize for DayHours {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (from, until) = <(u16, u16)>::deserialize_reader(reader)?;
        Self::new(from, until).map_err(|_| ErrorKind::InvalidData.into())
    }
}

/// What a rule speaks of. Grantees, verbs, purposes and data are looked at where there are such: data also in records.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "written by the patient, field by field")]
pub struct Match {
    /// What is done.
    pub deeds: Choice<DeedKind, 8>,
    /// In an account of which kind.
    pub kinds: Choice<DataKind, 32>,
    /// Proposed by whom.
    pub proposers: Parties,
    /// Granted to whom.
    pub grantees: Parties,
    /// Granted to do what.
    pub verbs: VerbSet,
    /// Granted for which purposes; `None` for any.
    pub purposes: Option<PurposeSet>,
    /// Data of which time.
    pub data: TimeRange,
    /// At which hours of the day; `None` for any.
    pub hours: Option<DayHours>,
}

impl Match {
    /// Everything; narrow it field by field.
    #[must_use]
    pub const fn everything() -> Self {
        Self {
            deeds: Choice::Any,
            kinds: Choice::Any,
            proposers: Parties::Anybody,
            grantees: Parties::Anybody,
            verbs: VerbSet::QUERY_AND_UPDATE,
            purposes: None,
            data: TimeRange::ALWAYS,
            hours: None,
        }
    }

    /// The dimensions in which it does not speak of all of the subject.
    pub(super) fn uncovered(&self, subject: &Subject, at: Timestamp) -> Vec<Dimension> {
        let mut out = self.outside(subject, at);
        out.extend(Dimension::among(self.proposers.covers(&subject.proposer), Dimension::Proposer));
        if let Deed::Grant { grantee, verbs, purposes, .. } = &subject.deed {
            out.extend(Dimension::among(self.grantees.covers(grantee), Dimension::Grantee));
            out.extend(Dimension::among(self.verbs.covers(*verbs), Dimension::Verb));
            let purposes = self.purposes.is_none_or(|mine| mine.covers(*purposes));
            out.extend(Dimension::among(purposes, Dimension::Purpose));
        }
        out.extend(Dimension::among(data(&subject.deed).is_none_or(|span| self.data.covers(&span)), Dimension::Data));
        out
    }

    /// The dimensions in which it speaks of nothing of the subject.
    pub(super) fn untouched(&self, subject: &Subject, at: Timestamp) -> Vec<Dimension> {
        let mut out = self.outside(subject, at);
        out.extend(Dimension::among(self.proposers.touches(&subject.proposer), Dimension::Proposer));
        if let Deed::Grant { grantee, verbs, purposes, .. } = &subject.deed {
            out.extend(Dimension::among(self.grantees.touches(grantee), Dimension::Grantee));
            out.extend(Dimension::among(share_verb(self.verbs, *verbs), Dimension::Verb));
            let purposes = self.purposes.is_none_or(|mine| share_purpose(mine, *purposes));
            out.extend(Dimension::among(purposes, Dimension::Purpose));
        }
        let touches = data(&subject.deed).is_none_or(|span| self.data.overlaps(&span));
        out.extend(Dimension::among(touches, Dimension::Data));
        out
    }

    /// Deed, kind and hour are one thing each: covered or not touched at all.
    fn outside(&self, subject: &Subject, at: Timestamp) -> Vec<Dimension> {
        let mut out = Vec::new();
        out.extend(Dimension::among(self.deeds.contains(&subject.deed.kind()), Dimension::Deed));
        out.extend(Dimension::among(self.kinds.contains(&subject.kind), Dimension::Kind));
        out.extend(Dimension::among(self.hours.is_none_or(|hours| hours.contains(at)), Dimension::Hour));
        out
    }

    /// Whether there can be something both apply to. One grant can be for several verbs, purposes, grantees and days at
    /// once: two rules that only need to touch it can then both apply though they share none of these.
    pub(super) fn meets(&self, other: &Self, reach: Reach) -> bool {
        let wide = matches!(reach, Reach::Touching);
        let data = || wide || self.data.overlaps(&other.data);
        let grant = || {
            wide || self.grantees.overlaps(&other.grantees)
                && share_verb(self.verbs, other.verbs)
                && self.purposes.zip(other.purposes).is_none_or(|(mine, yours)| share_purpose(mine, yours))
        };
        let deed =
            DeedKind::ALL.iter().filter(|deed| self.deeds.contains(deed) && other.deeds.contains(deed)).any(|deed| {
                match deed {
                    DeedKind::Grant => grant() && data(),
                    DeedKind::Records => data(),
                    DeedKind::Close | DeedKind::Pair | DeedKind::Retire => true,
                }
            });
        deed && self.kinds.overlaps(&other.kinds)
            && self.proposers.overlaps(&other.proposers)
            && self.hours.zip(other.hours).is_none_or(|(mine, yours)| mine.overlaps(yours))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.deeds.is_empty() || self.kinds.is_empty() || self.proposers.is_empty() || self.grantees.is_empty()
    }
}

/// How two rules have to apply to something to meet in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// One of them has to cover it.
    Covering,
    /// Both only need to touch it.
    Touching,
}

/// The data a deed is about, if it says.
const fn data(deed: &Deed) -> Option<TimeRange> {
    match deed {
        Deed::Records { span, .. } => Some(*span),
        Deed::Grant { data, .. } => Some(*data),
        Deed::Close | Deed::Pair { .. } | Deed::Retire => None,
    }
}

fn share_verb(a: VerbSet, b: VerbSet) -> bool {
    [Verb::Query, Verb::Update].into_iter().any(|verb| a.contains(verb) && b.contains(verb))
}

fn share_purpose(a: PurposeSet, b: PurposeSet) -> bool {
    Purpose::ALL.iter().any(|purpose| a.contains(*purpose) && b.contains(*purpose))
}
