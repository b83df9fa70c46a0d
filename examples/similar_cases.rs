//! Similar cases: people enrol in bands, an institution asks how many are like its patient, and gets counts and
//! pseudonyms or nothing. At the end every answer is held against a count made with everything in the open.
//!
//! ```text
//! cargo run --example similar_cases
//! cargo run --example similar_cases -- --readings ../shared/data/cgm      a cohort.csv beside series of readings
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use clap::Parser;
use dmledger_core::{
    action::{
        Action, Enrol, FindSimilar, Leave, SignedAction,
        matching::{MatchEntry, MatchOutcome},
    },
    codec::List,
    consent::RequestId,
    envelope::{
        Envelope,
        Meaning::{Authored, CoSigned},
    },
    interop::{self, Row},
    ledger::{Ledger, Query, StateMachine},
    matching::{
        AgeBand, CaseId, CaseSecret, Cell, CellToken, Diabetes, Features, Hba1c, MatchingKey, Sex, TimeBelow,
        TimeInRange, Variation, entries, told,
    },
    record::{
        GlucoseBand,
        glycemic::{GlycemicSummary, Tokens},
    },
    scope::Purpose,
    state::tables::MatchPosition,
    testing::{World, WorldPlan},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    path::{Path, PathBuf},
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Finds people alike without anybody being named.
#[derive(Debug, Parser)]
#[command(name = "similar_cases")]
struct Args {
    /// Folder with `cohort.csv` (a person a row) and one CSV of readings a data set. Without it sixty people are made up.
    #[arg(long, value_name = "DIR")]
    readings: Option<PathBuf>,
}

/// Enrolments in one block.
const AT_ONCE: usize = 64;
/// What the institutions that ask share.
const KEY: MatchingKey = MatchingKey::new([0x5a; 32]);

fn main() -> Result<()> {
    let people = match Args::parse().readings {
        Some(folder) => cohort(&folder)?,
        None => made_up(),
    };
    println!("{} people enrol, each in every cell their bands allow, under another pseudonym in each.", people.len());
    let mut study = Study::begin(&people)?;
    let least = study.ledger.settings().parameters().min_cell;

    println!("\nThe institute asks for every cell there is; cells of fewer than {least} do not answer.");
    let mut cells: BTreeMap<Cell, u32> = BTreeMap::new();
    people.iter().flat_map(Cell::all).for_each(|cell| *cells.entry(cell).or_default() += 1);
    let (mut answered, mut silent, mut pseudonyms) = (BTreeMap::<_, u32>::new(), 0, BTreeSet::new());
    for (cell, count) in &cells {
        let answer = study.ask(KEY.token(cell))?;
        assert_eq!(answer.as_ref().map(|(at_least, _)| *at_least), told(*count, least), "{count} in a {cell:?}");
        let Some((_, cases)) = answer else {
            silent += 1;
            continue;
        };
        *answered.entry(cell.level()).or_default() += 1;
        assert!(cases.into_iter().all(|case| pseudonyms.insert(case)), "a pseudonym was seen in another cell");
    }
    for (level, cells) in &answered {
        println!("  {level:?}: {cells} cells answer");
    }
    println!("  {silent} cells are too small, {} pseudonyms were shown, none of them twice", pseudonyms.len());
    assert!(!answered.is_empty() && silent > 0);

    let (largest, count) = cells.iter().max_by_key(|(_, count)| **count).ok_or("nobody")?;
    let member = people.iter().position(|one| Cell::all(one).contains(largest)).ok_or("nobody")?;
    println!("\nOne of {count} leaves and is out from that block on; one who waits takes the place, if anybody does.");
    study.leave(member)?;
    let answer = study.ask(KEY.token(largest))?.map(|(at_least, _)| at_least);
    assert_eq!(answer, told(count - 1, least));

    println!("\nWhoever has not got the key asks in vain: an unkeyed guess at every cell finds none.");
    let guess = MatchingKey::new([0; 32]);
    for cell in cells.keys().take(20) {
        assert_eq!(study.ask(guess.token(cell))?, None);
    }
    let query = Query::at(study.world.chain(), study.ledger.tip().height, study.ledger.store().as_ref())?;
    let log = query.match_log()?;
    let asked = log.verify(&study.ledger.tip().state_root, study.world.chain())?.len();
    println!("\nThe log has all {asked} questions with their answers.");
    assert_eq!(asked, cells.len() + 1 + cells.len().min(20));
    Ok(())
}

/// Sixty people: three types, four decades, five bands of HbA1c, in uneven numbers.
fn made_up() -> Vec<Features> {
    let person = |n: u16| Features {
        age: Some(AgeBand::of_years(if n.is_multiple_of(4) { 34 } else { 52 })),
        sex: Some(if n.is_multiple_of(3) { Sex::Male } else { Sex::Female }),
        hba1c: Some(Hba1c::of(600 + 37 * (n % 9))),
        time_in_range: Some(TimeInRange::of(300 + 10 * n)),
        time_below: Some(TimeBelow::of(n)),
        variation: Some(Variation::of(310 + n)),
        ..Features::new(match n % 5 {
            0 => Diabetes::Type2,
            1 => Diabetes::Prediabetes,
            _ => Diabetes::Type1,
        })
    };
    (0..60).map(person).collect()
}

/// Everybody of the cohort table, with what the sensor shows where there is a series.
fn cohort(folder: &Path) -> Result<Vec<Features>> {
    let table = fs::read_to_string(folder.join("cohort.csv"))?;
    let mut people = Vec::new();
    for row in table.lines().skip(1) {
        let [dataset, subject, diabetes, age, sex, hba1c, ..] = row.split(',').collect::<Vec<_>>()[..] else {
            return Err(format!("not a row of a cohort: {row}").into());
        };
        let mut one = Features::new(match diabetes {
            "T1D" => Diabetes::Type1,
            "T2D" => Diabetes::Type2,
            "Prediabetes" => Diabetes::Prediabetes,
            _ => Diabetes::None,
        });
        one.age = age.parse().ok().and_then(|years: f64| whole(years.floor())).map(AgeBand::of_years);
        one.sex = match sex {
            "male" => Some(Sex::Male),
            "female" => Some(Sex::Female),
            "" => None,
            _ => Some(Sex::Other),
        };
        one.hba1c = hba1c.parse().ok().and_then(|percent: f64| whole(100.0 * percent)).map(Hba1c::of);
        let series = folder.join(format!("{dataset}.csv"));
        if series.exists() {
            sensor(&series, subject, &mut one)?;
        }
        people.push(one);
    }
    Ok(people)
}

/// What a subject's series shows, if the file has one.
fn sensor(file: &Path, subject: &str, one: &mut Features) -> Result<()> {
    let text = fs::read_to_string(file)?;
    if !text.contains(&format!("\n{subject},")) {
        return Ok(());
    }
    let import = interop::read(text.as_bytes(), "series", Some(subject))?;
    let summary = GlycemicSummary::of(import.rows().iter().map(Row::measured));
    let percent = |band| summary.share(band, Tokens::LeftOut).percent();
    one.time_in_range = whole(10.0 * percent(GlucoseBand::Target)).map(TimeInRange::of);
    one.time_below = whole(10.0 * (percent(GlucoseBand::VeryLow) + percent(GlucoseBand::Low))).map(TimeBelow::of);
    one.variation = summary.variation().and_then(|percent| whole(10.0 * percent)).map(Variation::of);
    Ok(())
}

/// The nearest whole number, if it fits.
fn whole<T: std::str::FromStr>(number: f64) -> Option<T> {
    format!("{number:.0}").parse().ok()
}

/// A network with a patient a person, and an institute that asks.
struct Study {
    world: World,
    ledger: Ledger,
}

impl Study {
    fn begin(people: &[Features]) -> Result<Self> {
        let mut world = World::new(WorldPlan { patients: people.len(), ..WorldPlan::default() })?;
        let ledger = world.populated()?;
        let mut study = Self { world, ledger };
        let mut actions = Vec::new();
        for (n, features) in people.iter().enumerate() {
            let entries = entries(features, &KEY, &CaseSecret::new(study.world.bytes()));
            actions.push(study.by_patient(n, Action::Enrol(Enrol { entries: List::new(entries)? }))?);
        }
        for some in actions.chunks(AT_ONCE) {
            study.world.advance(&mut study.ledger, some)?;
        }
        Ok(study)
    }

    fn by_patient(&self, n: usize, body: Action) -> Result<SignedAction> {
        let one = &self.world.patients()[n];
        let action = Envelope::new(self.world.chain(), Some(one.account), body);
        Ok(action.sign(&one.phone, Authored)?.sign(&one.home, CoSigned)?)
    }

    fn leave(&mut self, n: usize) -> Result<()> {
        let account = self.world.patients()[n].account;
        let since = self.ledger.facts().enrolment(&account)?.ok_or("not enrolled")?.since;
        let action = self.by_patient(n, Action::Leave(Leave { since }))?;
        self.world.advance(&mut self.ledger, &[action])?;
        Ok(())
    }

    /// What the ledger answers the institute: how many at least, and pseudonyms of some; `None` for too few.
    fn ask(&mut self, cell: CellToken) -> Result<Option<(u32, Vec<CaseId>)>> {
        let question = FindSimilar { id: RequestId::new(self.world.bytes()), cell, purpose: Purpose::Research };
        let action = Envelope::new(self.world.chain(), None, Action::FindSimilar(question));
        let action = action.sign(&self.world.institutions()[0].key, Authored)?;
        self.world.advance(&mut self.ledger, &[action])?;
        let facts = self.ledger.facts();
        let at: MatchPosition = facts.get(&facts.places().match_asked(&question.id))?.ok_or("no answer")?;
        let entry: MatchEntry = facts.get(&facts.places().match_entry(at.number))?.ok_or("no answer")?;
        Ok(match entry.outcome {
            MatchOutcome::Found { at_least, cases } => Some((at_least, cases.into_vec())),
            MatchOutcome::TooFew => None,
        })
    }
}
