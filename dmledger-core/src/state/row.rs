//! Keys of the rows a tree is kept in.

use super::{StateKey, page::LEVELS};
use crate::{codec::CodecError, time::Height, traits::RowKey};

const PAGE: u8 = 0;
const VALUE: u8 = 1;

/// Key of the page whose root stands `depth` levels below the tree's, on the way to `key`, as written at `version`:
/// version (8 bytes, big-endian), 0, number of pages above, the path's bits padded with zeros.
pub(super) fn page_key(version: Height, depth: usize, key: &StateKey) -> Result<RowKey, CodecError> {
    let mut path = *key.as_bytes();
    let path = path.get_mut(..depth.div_ceil(8)).unwrap_or_default();
    if let Some(last) = path.last_mut()
        && !depth.is_multiple_of(8)
    {
        *last &= 0xff << (8 - depth % 8);
    }
    // 128 pages at most lie above one another.
    RowKey::of(&[&version.value().to_be_bytes(), &[PAGE, (depth / LEVELS) as u8], path])
}

/// Key of the value of `key` as written at `version`: version (8 bytes, big-endian), 1, the key.
pub(super) fn value_key(version: Height, key: &StateKey) -> Result<RowKey, CodecError> {
    RowKey::of(&[&version.value().to_be_bytes(), &[VALUE], key.as_bytes()])
}
