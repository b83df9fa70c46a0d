//! Changing one byte where somebody who keeps our bytes could, and seeing that it is noticed. Works on copies.

use crate::{
    error::{During, HostError},
    institution::{Institution, Question, Shown},
};
use dmledger_core::{
    codec,
    envelope::ChainId,
    quorum::QuorumCertificate,
    record::{ContentId, RecordId},
    state::tables::{AnchoredEntry, Proved},
    time::Height,
    traits::{BlobStore, BlockStore, proof_verifier::ProofClaim},
};
use dmledger_store::{
    embedded::{Embedded, Options, Profile},
    lake::Lake,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Flips the lowest bit of one byte of a file: the first of `needle`'s first occurrence.
fn flip_file(path: &Path, needle: &[u8]) -> Result<(), HostError> {
    let mut bytes = fs::read(path).during("scratch")?;
    let place = bytes.windows(needle.len().max(1)).position(|window| window == needle);
    let byte = place.and_then(|place| bytes.get_mut(place));
    *byte.ok_or_else(|| HostError::new("the file to be damaged does not hold the record"))? ^= 1;
    fs::write(path, bytes).during("scratch")
}

/// All files below a folder, by path.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

fn copy_all(from: &Path, to: &Path) -> std::io::Result<()> {
    for path in files(from)? {
        let target = to.join(path.strip_prefix(from).unwrap_or(&path));
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(path, target)?;
    }
    Ok(())
}

/// A flipped byte in an object of the lake.
///
/// # Errors
/// If the copy cannot be made, or the damage is not noticed.
pub async fn lake(lake: &Lake, object: &ContentId, scratch: &Path) -> Result<String, HostError> {
    let folder = scratch.join("lake");
    let copy = Lake::local(&folder).await.during("scratch")?;
    let bytes = lake.get(object).await.during("lake")?;
    copy.put(object, &bytes).await.during("scratch")?;
    let name = object.root().to_string();
    let all = files(&folder).during("scratch")?;
    let path = all.iter().find(|path| path.to_string_lossy().contains(&name));
    flip_file(path.ok_or_else(|| HostError::new("the copied object has no file"))?, &bytes)?;
    match copy.get(object).await {
        Err(error) => Ok(format!("lake object: {error}")),
        Ok(_) => Err(HostError::new("a flipped byte in the lake went unnoticed")),
    }
}

/// A flipped byte in the block that anchors `record`: the audit names it, and a node that goes on does not get past it.
///
/// # Errors
/// If the copy cannot be made, or the damage is not noticed.
pub fn block_file(store: &Path, chain: ChainId, record: &RecordId, scratch: &Path) -> Result<String, HostError> {
    let folder = scratch.join("store");
    copy_all(store, &folder).during("scratch")?;
    let all = files(&folder.join("segments")).during("scratch")?;
    flip_file(all.first().ok_or_else(|| HostError::new("the copied store has no segment"))?, record.as_bytes())?;
    let report = dmledger_store::audit::segments(&folder, chain).during("audit")?;
    let missed = || HostError::new("a flipped byte in a block file went unnoticed");
    let finding = report.findings().first().ok_or_else(missed)?;
    let refusal = use_damaged(&folder, chain).ok_or_else(missed)?;
    Ok(format!("block file: {finding}; {refusal}"))
}

/// What a node that goes on with a damaged folder runs into; `None` if no block is touched.
fn use_damaged(folder: &Path, chain: ChainId) -> Option<String> {
    let store = match Embedded::open(folder, chain, Options::new(Profile::Home)) {
        Ok(store) => store,
        Err(error) => return Some(format!("opening refused, {error}")),
    };
    let mut height = Height::GENESIS;
    loop {
        match store.block(height) {
            Ok(Some(_)) => height = height.next(),
            Ok(None) => return None,
            Err(error) => return Some(format!("reading refused, {error}")),
        }
    }
}

/// A flipped byte in every place of a proof: none may be accepted.
///
/// # Errors
/// If one is.
pub fn claim(verifier: &mut Institution<'_>, question: &Question<'_>, claim: &ProofClaim) -> Result<String, HostError> {
    let bytes = codec::encode(claim);
    // Every seventh byte: all parts of the claim, in a moment.
    let places: Vec<_> = (0..bytes.len()).step_by(7).collect();
    for &place in &places {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1;
        let Ok(changed) = codec::decode::<ProofClaim>(&bytes) else { continue };
        if verifier.verify(question, &changed).is_ok() {
            return Err(HostError::new(format!("a proof with byte {place} flipped was accepted")));
        }
    }
    Ok(format!("proof: refused with any of {} bytes flipped", places.len()))
}

/// A flipped byte in an index entry or its state proof.
///
/// # Errors
/// If one is accepted.
pub fn inclusion(verifier: &Institution<'_>, record: &RecordId, shown: &Shown) -> Result<String, HostError> {
    let bytes = codec::encode(&shown.entry);
    for place in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1;
        let Ok(entry) = codec::decode::<Proved<AnchoredEntry>>(&bytes) else { continue };
        if verifier.check(record, &Shown { entry, header: shown.header.clone() }).is_ok() {
            return Err(HostError::new(format!(
                "an index entry or state proof with byte {place} flipped was accepted"
            )));
        }
    }
    Ok(format!("entry of the index or its proof: refused with any of {} bytes flipped", bytes.len()))
}

/// A flipped byte in a quorum certificate.
///
/// # Errors
/// If one is accepted.
pub fn certificate(verifier: &Institution<'_>, shown: &Shown) -> Result<String, HostError> {
    let node = verifier.node();
    let block = node.store().block(shown.header.height).during("block")?;
    let decided = block.ok_or_else(|| HostError::new("the tip's block is missing"))?;
    let certificate = decided.certificate().ok_or_else(|| HostError::new("a block without certificate"))?;
    let set = verifier.validators(&shown.header)?;
    let bytes = codec::encode(certificate);
    for place in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1;
        let Ok(changed) = codec::decode::<QuorumCertificate>(&bytes) else { continue };
        if changed.block() == certificate.block() && changed.verify(&node.chain(), &set).is_ok() {
            return Err(HostError::new(format!("a certificate with byte {place} flipped was accepted")));
        }
    }
    Ok(format!("quorum certificate: refused with any of {} bytes flipped", bytes.len()))
}
