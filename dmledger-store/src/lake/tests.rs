use std::fs;

use dmledger_core::record::index::SEGMENT_BYTES;
use dmledger_core::testing::blob_store::{object, record};
use futures::executor::block_on;
use object_store::memory::InMemory;
use tempfile::TempDir;

use super::*;

fn lake() -> (TempDir, Lake) {
    let folder = TempDir::new().unwrap();
    let lake = block_on(Lake::local(folder.path())).unwrap();
    (folder, lake)
}

fn files(folder: &FsPath) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn every_flipped_byte_of_an_object_is_noticed() {
    let (folder, lake) = lake();
    let (id, bytes) = object(300, 1);
    block_on(lake.put(&id, &bytes)).unwrap();
    let path = folder.path().join(names::object(&id).as_ref());
    for index in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[index] ^= 0x10;
        fs::write(&path, damaged).unwrap();
        assert!(matches!(block_on(lake.get(&id)), Err(BlobError::Corrupt)), "byte {index}");
    }
}

#[test]
fn every_flipped_byte_and_every_truncation_of_a_part_is_noticed() {
    let (folder, lake) = lake();
    block_on(lake.put_part(&record(1), 5, b"wrapped keys")).unwrap();
    let path = folder.path().join(names::part(&record(1), 5).as_ref());
    let kept = fs::read(&path).unwrap();
    for index in 0..kept.len() {
        let mut damaged = kept.clone();
        damaged[index] ^= 1;
        fs::write(&path, damaged).unwrap();
        assert!(matches!(block_on(lake.part(&record(1))), Err(BlobError::Corrupt)), "byte {index}");
        fs::write(&path, &kept[..index]).unwrap();
        assert!(matches!(block_on(lake.part(&record(1))), Err(BlobError::Corrupt)), "cut at {index}");
    }
}

#[test]
fn a_part_moved_to_another_record_or_version_is_noticed() {
    let (folder, lake) = lake();
    block_on(lake.put_part(&record(1), 1, b"old")).unwrap();
    let path = |name: Path| folder.path().join(name.as_ref());
    fs::copy(path(names::part(&record(1), 1)), path(names::part(&record(1), 2))).unwrap();
    assert!(matches!(block_on(lake.part(&record(1))), Err(BlobError::Corrupt)));
}

#[test]
fn putting_a_damaged_object_again_repairs_it() {
    let (folder, lake) = lake();
    let (id, bytes) = object(200_000, 2);
    block_on(lake.put(&id, &bytes)).unwrap();
    for name in [names::object(&id), names::tree(&id)] {
        fs::write(folder.path().join(name.as_ref()), b"damaged").unwrap();
        assert!(
            block_on(lake.get_range(&id, 70_000..70_001)).is_ok_and(|found| found == bytes[70_000..70_001])
                || name == names::object(&id)
        );
        block_on(lake.put(&id, &bytes)).unwrap();
        assert_eq!(block_on(lake.get(&id)).unwrap(), bytes);
        assert_eq!(block_on(lake.get_range(&id, 70_000..70_001)).unwrap(), bytes[70_000..70_001]);
    }
}

#[test]
fn an_object_cut_short_is_damaged_not_out_of_range() {
    let (folder, lake) = lake();
    let (id, bytes) = object(200_000, 3);
    block_on(lake.put(&id, &bytes)).unwrap();
    fs::write(folder.path().join(names::object(&id).as_ref()), &bytes[..70_000]).unwrap();
    for range in [0..10, 69_000..71_000, 190_000..200_000] {
        match block_on(lake.get_range(&id, range.clone())) {
            Ok(found) => assert_eq!((range.clone(), found), (0..10, bytes[..10].to_vec())),
            Err(error) => assert!(matches!(error, BlobError::Corrupt), "{range:?}: {error}"),
        }
    }
}

#[test]
fn no_name_in_the_folder_is_anything_but_a_digest_or_a_number() {
    let (folder, lake) = lake();
    let (id, bytes) = object(200_000, 4);
    block_on(lake.put(&id, &bytes)).unwrap();
    block_on(lake.put_part(&record(9), 2, b"part")).unwrap();
    for path in files(folder.path()) {
        let mut names = path.strip_prefix(folder.path()).unwrap().iter().map(|name| name.to_str().unwrap());
        assert!(["objects", "trees", "parts"].contains(&names.next().unwrap()), "{}", path.display());
        for name in names {
            assert!(name.chars().all(|c| c.is_ascii_hexdigit() || c == '.'), "{}", path.display());
        }
    }
}

#[test]
fn nothing_is_left_of_a_deleted_object_or_of_the_probe() {
    let (folder, lake) = lake();
    let (id, bytes) = object(200_000, 5);
    block_on(lake.put(&id, &bytes)).unwrap();
    block_on(lake.put_part(&record(1), 0, b"part")).unwrap();
    block_on(lake.delete(&id)).unwrap();
    block_on(lake.delete_parts(&record(1))).unwrap();
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_range_reads_only_the_segments_it_touches() {
    let (folder, lake) = lake();
    let (id, bytes) = object(5 * SEGMENT_BYTES, 6);
    block_on(lake.put(&id, &bytes)).unwrap();
    let mut damaged = bytes.clone();
    damaged[0] ^= 1;
    fs::write(folder.path().join(names::object(&id).as_ref()), damaged).unwrap();
    let second = SEGMENT_BYTES as u64;
    assert_eq!(block_on(lake.get_range(&id, second..second + 9)).unwrap(), bytes[SEGMENT_BYTES..SEGMENT_BYTES + 9]);
    assert!(matches!(block_on(lake.get_range(&id, 0..9)), Err(BlobError::Corrupt)));
}

/// A store that takes conditional writes and ignores the condition.
#[derive(Debug)]
struct Careless(InMemory);

impl fmt::Display for Careless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("careless")
    }
}

#[async_trait]
impl ObjectStore for Careless {
    async fn put_opts(
        &self,
        location: &Path,
        payload: object_store::PutPayload,
        _: PutOptions,
    ) -> object_store::Result<object_store::PutResult> {
        self.0.put(location, payload).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: object_store::PutMultipartOptions,
    ) -> object_store::Result<Box<dyn object_store::MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(
        &self,
        location: &Path,
        options: object_store::GetOptions,
    ) -> object_store::Result<object_store::GetResult> {
        self.0.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: futures::stream::BoxStream<'static, object_store::Result<Path>>,
    ) -> futures::stream::BoxStream<'static, object_store::Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(
        &self,
        prefix: Option<&Path>,
    ) -> futures::stream::BoxStream<'static, object_store::Result<object_store::ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<object_store::ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: object_store::CopyOptions) -> object_store::Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[test]
fn a_store_that_ignores_conditions_is_refused() {
    let refused = block_on(Lake::over(Arc::new(Careless(InMemory::new()))));
    assert!(matches!(refused, Err(BlobError::Unconditional)), "{refused:?}");
    assert!(block_on(Lake::over(Arc::new(InMemory::new()))).is_ok());
}
