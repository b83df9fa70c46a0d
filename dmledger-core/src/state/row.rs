//! Keys of the rows a tree is kept in.

use super::{StateKey, page::LEVELS};
use crate::{codec::CodecError, time::Height, traits::RowKey};
use alloc::vec::Vec;

const PAGE: u8 = 0;
const VALUE: u8 = 1;

/// Key of the page whose root stands `depth` levels below the tree's, on the way to `key`, as written at `version`:
/// version (8 bytes, big-endian), 0, number of pages above, the path's bits padded with zeros.
pub(super) fn page_key(version: Height, depth: usize, key: &StateKey) -> Result<RowKey, CodecError> {
    let path = depth.div_ceil(8);
    let mut bytes = Vec::with_capacity(10 + path);
    bytes.extend_from_slice(&version.value().to_be_bytes());
    // 128 pages at most lie above one another.
    bytes.extend_from_slice(&[PAGE, (depth / LEVELS) as u8]);
    bytes.extend(key.as_bytes().iter().take(path));
    if let Some(last) = bytes.last_mut()
        && !depth.is_multiple_of(8)
    {
        *last &= 0xff << (8 - depth % 8);
    }
    RowKey::new(bytes)
}

/// Key of the value of `key` as written at `version`: version (8 bytes, big-endian), 1, the key.
pub(super) fn value_key(version: Height, key: &StateKey) -> Result<RowKey, CodecError> {
    let mut bytes = Vec::with_capacity(41);
    bytes.extend_from_slice(&version.value().to_be_bytes());
    bytes.push(VALUE);
    bytes.extend_from_slice(key.as_bytes());
    RowKey::new(bytes)
}
