//! What a home gateway pays for a store.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]
#![cfg(target_os = "linux")]

use std::fs;
use std::sync::Arc;

use dmledger_core::testing::Outcome;
use dmledger_core::testing::chain::{Chain, Content, row_key};
use dmledger_core::traits::BlockStore;
use dmledger_store::embedded::{Embedded, Options};
use tempfile::TempDir;

const PAGE_BYTES: usize = 4096;

fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * PAGE_BYTES
}

/// Seven nodes of one process, as the example network has them: 14 days of hourly blocks, 20 rows of 500 bytes each.
#[test]
fn seven_home_stores_take_less_than_ninety_megabytes() -> Outcome {
    let before = resident();
    let mut chain = Chain::new(1)?;
    let folders = (0..7).map(|_| TempDir::new()).collect::<Result<Vec<_>, _>>()?;
    let stores: Vec<Arc<Embedded>> = folders
        .iter()
        .map(|folder| Embedded::open(folder.path(), chain.network(), Options::default()))
        .collect::<Result<_, _>>()?;
    for _ in 0..336 {
        let version = chain.height();
        let mut put = Vec::new();
        for index in 0..20_u8 {
            put.push((row_key(version, &[index])?, chain.random_bytes(500)));
        }
        let commit = chain.next(Content { actions: 3, action_bytes: 500, put, ..Content::default() })?;
        for store in &stores {
            store.commit(&commit)?;
        }
    }
    for store in &stores {
        store.sync()?;
    }
    let grown = resident().saturating_sub(before) / 1024 / 1024;
    println!("{grown} MB for seven stores");
    assert!(grown < 90, "{grown} MB for seven stores");
    Ok(())
}
