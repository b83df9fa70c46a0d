//! Where things lie in the lake. A name is made of digests and random numbers alone: nothing tells patient, kind or time.
//!
//! ```text
//! objects/<2 hex>/<root, 64 hex>.<length, 16 hex>     an object
//! trees/<2 hex>/<root, 64 hex>.<length, 16 hex>       leaf digests of an object of several segments
//! parts/<2 hex>/<record, 64 hex>/<version, 16 hex>    a part
//! uploads/<2 hex>/<record, 64 hex>/<piece, 8 hex>.<root, 64 hex>   a piece of an object under way
//! ```

use dmledger_core::hash::Digest;
use dmledger_core::record::index::{ContentId, RecordId};
use object_store::path::Path;

pub(crate) const OBJECTS: &str = "objects";

pub(crate) fn object(id: &ContentId) -> Path {
    under(OBJECTS, id)
}

pub(crate) fn tree(id: &ContentId) -> Path {
    under("trees", id)
}

pub(crate) fn parts(record: &RecordId) -> Path {
    let name = record.to_string();
    Path::from(format!("parts/{}/{name}", name.get(..2).unwrap_or_default()))
}

pub(crate) fn part(record: &RecordId, version: u64) -> Path {
    parts(record).join(format!("{version:016x}"))
}

pub(crate) fn uploads(record: &RecordId) -> Path {
    let name = record.to_string();
    Path::from(format!("uploads/{}/{name}", name.get(..2).unwrap_or_default()))
}

pub(crate) fn piece(record: &RecordId, number: u64, root: &Digest) -> Path {
    uploads(record).join(format!("{number:08x}.{root}"))
}

/// Number and root that a path of a piece stands for; `None` for anything else.
pub(crate) fn parse_piece(path: &Path, record: &RecordId) -> Option<(u64, Digest)> {
    let (number, root) = path.filename()?.split_once('.')?;
    let (number, root) = (u64::from_str_radix(number, 16).ok()?, root.parse::<Digest>().ok()?);
    (piece(record, number, &root) == *path).then_some((number, root))
}

/// The address that a path of an object stands for; `None` for anything else.
pub(crate) fn parse_object(path: &Path) -> Option<ContentId> {
    let (root, length) = path.filename()?.split_once('.')?;
    let id = ContentId::new(root.parse::<Digest>().ok()?, u64::from_str_radix(length, 16).ok()?);
    (object(&id) == *path).then_some(id)
}

/// The version that a path of a part stands for; `None` for anything else.
pub(crate) fn parse_part(path: &Path, record: &RecordId) -> Option<u64> {
    let version = u64::from_str_radix(path.filename()?, 16).ok()?;
    (part(record, version) == *path).then_some(version)
}

fn under(folder: &str, id: &ContentId) -> Path {
    let root = id.root().to_string();
    Path::from(format!("{folder}/{}/{root}.{:016x}", root.get(..2).unwrap_or_default(), id.length()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_others_do_not() {
        let id = ContentId::of(b"ciphertext");
        let record = RecordId::new([0xab; 32]);
        assert_eq!(parse_object(&object(&id)), Some(id));
        assert_eq!(parse_part(&part(&record, 77), &record), Some(77));
        assert_eq!(parse_part(&part(&record, 77), &RecordId::new([1; 32])), None);
        for other in ["objects/00/x", "objects/00/00.1", "trees/ab/cd.0000000000000001", "LOCK"] {
            assert_eq!(parse_object(&Path::from(other)), None);
        }
    }

    #[test]
    fn names_are_fixed() {
        let record = RecordId::new([0xab; 32]);
        assert_eq!(part(&record, 16).as_ref(), format!("parts/ab/{}/0000000000000010", "ab".repeat(32)));
        let id = ContentId::new(Digest::new([0xcd; 32]), 300);
        assert_eq!(object(&id).as_ref(), format!("objects/cd/{}.000000000000012c", "cd".repeat(32)));
    }
}
