//! Names of cells and cases.

use super::*;
use alloc::collections::BTreeSet;

fn features() -> Features {
    Features {
        age: Some(AgeBand::of_years(47)),
        sex: Some(Sex::Female),
        duration: Some(Duration::of(12)),
        hba1c: Some(Hba1c::of(720)),
        complications: Some(ComplicationSet::new(&[Complication::Eye])),
        treatment: Some(TreatmentSet::new(&[Treatment::Insulin, Treatment::Metformin])),
        time_in_range: Some(TimeInRange::of(640)),
        time_below: Some(TimeBelow::of(20)),
        variation: Some(Variation::of(340)),
        ..Features::new(Diabetes::Type1)
    }
}

const fn key(n: u8) -> MatchingKey {
    MatchingKey::new([n; 32])
}

#[test]
fn a_case_stands_under_another_name_in_every_cell() {
    let all = entries(&features(), &key(1), &CaseSecret::new([2; 32]));
    assert_eq!(all.len(), MAX_CELLS);
    assert_eq!(all.iter().map(|one| one.cell).collect::<BTreeSet<_>>().len(), MAX_CELLS);
    assert_eq!(all.iter().map(|one| one.case).collect::<BTreeSet<_>>().len(), MAX_CELLS);
}

#[test]
fn like_cases_meet_in_the_same_cells_and_unlike_ones_where_they_are_alike() {
    let mut other = features();
    let same = Cell::all(&other);
    assert_eq!(same, Cell::all(&features()));
    other.hba1c = Some(Hba1c::of(910));
    let differ: BTreeSet<_> =
        same.iter().zip(Cell::all(&other)).filter(|(a, b)| **a != *b).map(|(a, _)| a.level()).collect();
    assert_eq!(differ, BTreeSet::from([Level::TypeAgeHba1c, Level::TypeAgeHba1cSex]));
}

#[test]
fn what_is_not_known_puts_a_case_into_no_cell() {
    let known = Features { age: Some(AgeBand::of_years(30)), ..Features::new(Diabetes::Type2) };
    let levels: Vec<_> = Cell::all(&known).iter().map(Cell::level).collect();
    assert_eq!(levels, [Level::Type, Level::TypeAge]);
}

#[test]
fn without_the_key_no_band_can_be_found_by_trying_all() {
    let cell = Cell::of(&features(), Level::TypeAgeHba1c).unwrap();
    let token = key(1).token(&cell);
    let mut tried = 0;
    for diabetes in 0..6 {
        for (age, hba1c) in (0..10).flat_map(|age| (1..6).map(move |hba1c| (age, hba1c))) {
            let guess = Cell { level: Level::TypeAgeHba1c, bands: alloc::vec![diabetes, age, hba1c] };
            // With the key one guess hits; with another key, as with none, not one does.
            assert_eq!(key(1).token(&guess) == token, guess == cell);
            assert_ne!(key(0).token(&guess), token);
            tried += 1;
        }
    }
    assert_eq!(tried, 300);
}

#[test]
fn secrets_are_never_shown() {
    let shown = alloc::format!("{:?} {:?} {:?}", key(7), CaseSecret::new([7; 32]), Cell::all(&features()));
    assert!(!shown.contains('7') && !shown.contains("07"), "{shown}");
}

#[test]
fn counts_are_told_in_whole_cells_only() {
    for least in [5_u16, 11] {
        let step = u32::from(least);
        for cases in 0..step {
            assert_eq!(told(cases, least), None);
        }
        for cases in step..10 * step {
            let told = told(cases, least).unwrap();
            assert!(told <= cases && cases - told < step && told.is_multiple_of(step), "{cases}");
        }
    }
    assert_eq!(told(3, 0), None);
}
