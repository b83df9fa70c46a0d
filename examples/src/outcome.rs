//! What a run brought: the table at its end and the JSON that other programs read.

use serde::Serialize;
use std::{
    fmt::{self, Write as _},
    fs,
    io::Write as _,
    path::Path,
};

/// One row of the table: who asked for what, what they got, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Who asked.
    pub who: String,
    /// For what.
    pub what: String,
    /// What they got.
    pub got: String,
    /// Why.
    pub why: String,
}

impl Row {
    /// A row.
    pub fn new(who: &str, what: impl Into<String>, got: impl Into<String>, why: impl Into<String>) -> Self {
        Self { who: who.to_owned(), what: what.into(), got: got.into(), why: why.into() }
    }
}

/// A read that was refused.
#[derive(Clone, Debug, Serialize)]
pub struct Denied {
    /// Who asked.
    pub who: String,
    /// For what.
    pub what: String,
    /// The ledger's reason.
    pub reason: String,
}

/// An input row that did not become a reading.
#[derive(Clone, Debug, Serialize)]
pub struct Rejected {
    /// Line or entry number in the input, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// What a verifier learned from a proof that held.
#[derive(Clone, Debug, Serialize)]
pub struct Learned {
    /// Who checked it.
    pub verifier: String,
    /// Lower end of the interval it was asked about, mg/dL.
    pub at_least_mg_dl: u64,
    /// Upper end, mg/dL.
    pub at_most_mg_dl: u64,
}

/// What a device beside the meter brought.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceData {
    /// The device.
    pub device: String,
    /// What it measures.
    pub kind: String,
    /// Readings that were taken in.
    pub readings: usize,
    /// Readings that the grantee decrypted.
    pub read_back: usize,
    /// Whether these are the same.
    pub equal: bool,
}

/// A scene of the story and how it ended.
#[derive(Clone, Debug, Serialize)]
pub struct Scene {
    /// Its name.
    pub name: &'static str,
    /// How it ended, or why it was not played.
    pub outcome: String,
}

/// Everything a run brought. Serialises to the object that `--json` writes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// The network: its genesis digest in hex.
    pub network: String,
    /// Validators of the network.
    pub validators: usize,
    /// Followers of the network.
    pub followers: usize,
    /// Height of the last block.
    pub height: u64,
    /// State root after it, in hex.
    pub state_root: String,
    /// Whose readings.
    pub subject: String,
    /// Rows of the subject in the days asked for.
    pub input_rows: u64,
    /// Rows of the subject outside these days; not taken in.
    pub rows_outside_days: u64,
    /// Rows of other subjects in the file; not taken in.
    pub rows_of_others: u64,
    /// Rows that became readings.
    pub readings_ingested: usize,
    /// Rows that did not, each with its reason.
    pub readings_rejected: Vec<Rejected>,
    /// Sealed records, one an hour with readings.
    pub records_anchored: usize,
    /// Readings that the grantee decrypted.
    pub readings_read_by_grantee: usize,
    /// Whether what the grantee read equals the input, value by value.
    pub values_equal: bool,
    /// What the other devices of the home brought.
    pub devices: Vec<DeviceData>,
    /// Clips of the table camera that the grantee decrypted.
    pub clips: usize,
    /// Whether each is what the camera recorded.
    pub clips_equal: bool,
    /// Scenes, in the order they were played.
    pub scenes: Vec<Scene>,
    /// Access requests that the ledger allowed.
    pub reads_allowed: usize,
    /// Access requests that it denied.
    pub reads_denied: Vec<Denied>,
    /// Zero-knowledge proofs that a verifier without the reading accepted.
    pub proofs_verified: usize,
    /// What each of these proofs showed, and to whom.
    pub proofs: Vec<Learned>,
    /// State and inclusion proofs checked against finalised headers.
    pub inclusions_verified: usize,
    /// What was tampered with, each detected.
    pub tampering_detected: Vec<String>,
    /// Whether every node had the same height and state root after its folder was opened again.
    pub reopened_equal: bool,
    /// Wall-clock time of the run in milliseconds.
    pub elapsed_ms: u64,
    /// Most memory the process held, in KiB; 0 where the system does not tell.
    pub peak_memory_kib: u64,
    /// The table.
    pub table: Vec<Row>,
}

impl Outcome {
    /// Writes the JSON; the file is there whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_json(&self, path: &Path) -> std::io::Result<()> {
        write_whole(path, &format!("{}\n", serde_json::to_string_pretty(self)?))
    }

    /// What must hold at the end of every run, and does not; empty if all is well.
    #[must_use]
    pub fn failures(&self) -> Vec<&'static str> {
        let checks = [
            (self.readings_ingested > 0, "no reading was ingested"),
            (
                self.input_rows == (self.readings_ingested + self.readings_rejected.len()) as u64,
                "an input row is missing",
            ),
            (self.values_equal, "the grantee read other values than went in"),
            (self.readings_read_by_grantee == self.readings_ingested, "the grantee did not read every reading"),
            (self.devices.len() == 3 && self.devices.iter().all(|one| one.equal), "a device's readings differ"),
            (self.clips > 0 && self.clips_equal, "a clip differs"),
            (self.scenes.len() == SCENES, "a scene is missing"),
            (self.reads_denied.len() >= 3, "somebody was not denied"),
            (self.reopened_equal, "a re-opened node differs"),
            (self.tampering_detected.len() == 4 + self.proofs.len(), "tampering went unnoticed"),
        ];
        checks.iter().filter(|(holds, _)| !holds).map(|(_, what)| *what).collect()
    }
}

impl fmt::Display for Outcome {
    /// The table, fitted to its contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = Row::new("who", "asked for", "got", "why");
        let cells = |row: &Row| [row.who.clone(), row.what.clone(), row.got.clone(), row.why.clone()];
        let all: Vec<_> = std::iter::once(&header).chain(&self.table).map(cells).collect();
        let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        for (number, [who, what, got, why]) in all.iter().enumerate() {
            writeln!(f, "{who:<0$}  {what:<1$}  {got:<2$}  {why}", widths[0], widths[1], widths[2])?;
            if number == 0 {
                writeln!(f, "{}", "-".repeat(widths.iter().sum::<usize>() + 6 + width(3)))?;
            }
        }
        let mut tail = String::new();
        let _ = write!(
            tail,
            "\n{} readings in {} records, {} rows rejected; height {}, state {:.16}…; {} proofs, {} inclusions verified; {:.1} s",
            self.readings_ingested,
            self.records_anchored,
            self.readings_rejected.len(),
            self.height,
            self.state_root,
            self.proofs_verified,
            self.inclusions_verified,
            std::time::Duration::from_millis(self.elapsed_ms).as_secs_f64(),
        );
        f.write_str(&tail)
    }
}

/// Devices, escrow, co-signing, prescription, agreement, break-glass.
const SCENES: usize = 6;

/// Writes a file beside its place and moves it there: a reader never sees half of it, and a failure leaves nothing.
///
/// # Errors
/// If the file cannot be written.
pub fn write_whole(path: &Path, contents: &str) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder_of(path))?;
    file.write_all(contents.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Whether a file can be written at `path`, before the work for it is done.
///
/// # Errors
/// If it is a folder, or its folder is missing or takes no files.
pub fn check_writable(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    tempfile::NamedTempFile::new_in(folder_of(path)).map(drop)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Most memory this process has held, in KiB, from the kernel's own books; `None` where it keeps none.
#[must_use]
pub fn peak_memory_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
