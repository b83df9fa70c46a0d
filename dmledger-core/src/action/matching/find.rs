//! Asking for similar cases. The answer is made when the block executes and stays in the network's log.

use crate::{
    action::{Fault, Frame, Handler, Refusal, configure::Settings, handler::acting_member},
    codec::{Canonical, List},
    consent::RequestId,
    envelope::Meaning,
    hash::{Digest, of, tag},
    identity::{Member, MemberId, Role},
    matching::{CaseId, CellToken, told},
    scope::Purpose,
    state::{
        Delta, StateError,
        tables::{CaseRow, Facts, MatchPosition, Places},
    },
    time::Moment,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// Most pseudonyms in one answer.
pub const MAX_SHOWN: usize = 16;

/// Asks how many cases are in a cell. Authored by one member that treats, studies, oversees, coaches, or is a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct FindSimilar {
    /// The question's name.
    pub id: RequestId,
    /// The cell.
    pub cell: CellToken,
    /// Why.
    pub purpose: Purpose,
}

/// The answer to a question for similar cases.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_enums, reason = "there are enough or there are not")]
pub enum MatchOutcome {
    /// Enough cases.
    Found {
        /// At least so many: a whole multiple of the smallest cell that answers.
        at_least: u32,
        /// Pseudonyms of some of them, good in this cell only.
        cases: List<CaseId, MAX_SHOWN>,
    },
    /// Fewer than the smallest cell that answers, perhaps none.
    TooFew,
}

/// One line of the network's log of questions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct MatchEntry {
    /// Its place in the log, from 0.
    pub number: u64,
    /// Who asked.
    pub member: MemberId,
    /// What was asked.
    pub question: FindSimilar,
    /// The answer.
    pub outcome: MatchOutcome,
    /// The block in which it was given.
    pub at: Moment,
}

impl MatchEntry {
    /// What the complete list holds for this entry.
    #[must_use]
    pub fn digest(&self) -> Digest {
        of(tag::MATCH_ENTRY, self)
    }
}

impl Canonical for MatchEntry {
    const MAX_BYTES: usize = 200 + MAX_SHOWN * 32;
}

/// The one who asks, if it may.
fn asker(frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<Member, Fault> {
    let mut authors = frame.signers(Meaning::Authored);
    let key = match (authors.next(), authors.next()) {
        (Some(key), None) => key,
        (None, _) => return Err(Refusal::NoAuthor.into()),
        (Some(_), Some(_)) => return Err(Refusal::SeveralAuthors.into()),
    };
    let member = acting_member(&key, facts, at.time)?.ok_or(Refusal::NotAMember)?;
    let role = member.role();
    let asks = role.is_institution() || matches!(role, Role::Physician | Role::HealthManager | Role::Residence);
    if asks { Ok(member) } else { Err(Refusal::MayNotMatch { role }.into()) }
}

/// What a cell answers.
fn answer(cell: &CellToken, facts: &Facts<'_>) -> Result<MatchOutcome, StateError> {
    let least = Settings::read(facts)?.parameters().min_cell;
    let Some(at_least) = told(facts.cell(cell)?.cases, least) else { return Ok(MatchOutcome::TooFew) };
    let mut cases = Vec::new();
    for place in (0..at_least).take(MAX_SHOWN) {
        cases.extend(facts.get::<CaseRow>(&facts.places().cell_case(cell, place))?.map(|row| row.case));
    }
    Ok(MatchOutcome::Found { at_least, cases: List::new(cases).unwrap_or_default() })
}

impl Handler for FindSimilar {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.no_account()
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        asker(frame, facts, at)?;
        if facts.has(&facts.places().match_asked(&self.id))? { Err(Refusal::RequestExists.into()) } else { Ok(()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let places = Places::new(frame.chain());
        let (member, outcome) = {
            let facts = Facts::new(frame.chain(), state);
            (asker(frame, &facts, at)?.id(), answer(&self.cell, &facts)?)
        };
        let list = places.match_entries();
        let number = list.leaf(state)?.count();
        let entry = MatchEntry { number, member, question: *self, outcome, at };
        state.put(places.match_asked(&self.id), &MatchPosition { number })?;
        state.put(places.match_entry(number), &entry)?;
        Ok(list.push(&entry.digest(), state)?)
    }
}
