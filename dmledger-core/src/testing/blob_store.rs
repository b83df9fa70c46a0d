//! What every [`BlobStore`] must do, one function a property.
//!
//! A back end supplies a [`Factory`] and expands [`blob_store_suite!`](crate::blob_store_suite) in its tests.
#![expect(clippy::missing_panics_doc, reason = "a property that does not hold panics")]
#![expect(clippy::missing_errors_doc, reason = "an error of the lake is a failure of the property")]

use std::sync::Arc;

use async_trait::async_trait;

use super::Outcome;
use crate::{
    record::index::{ContentId, RecordId, SEGMENT_BYTES},
    traits::{BlobError, BlobStore, blob_store::MAX_PART_BYTES},
};

/// One lake of a back end; each factory has its own, empty at first.
#[async_trait]
pub trait Factory: Send + Sync {
    /// Opens the lake, again if it was open before.
    async fn open(&self) -> Result<Arc<dyn BlobStore>, BlobError>;

    /// Flips one bit in the stored bytes of an object.
    async fn damage(&self, id: &ContentId) -> std::io::Result<()>;
}

/// Expands to one `#[test]` a property. The first argument makes a fresh [`Factory`], the second runs a future to its
/// end (`futures::executor::block_on`, or a runtime's).
///
/// ```ignore
/// dmledger_core::blob_store_suite!(MyFactory::new(), futures::executor::block_on);
/// ```
#[macro_export]
macro_rules! blob_store_suite {
    ($factory:expr, $run:expr) => {
        $crate::blob_store_suite!(@each $factory, $run,
            an_object_reads_back
            putting_an_object_again_changes_nothing
            bytes_under_a_wrong_address_are_refused
            an_unknown_object_is_not_found
            a_range_is_that_part_of_the_object
            a_range_outside_the_object_is_refused
            a_deleted_object_is_gone_and_no_other
            the_list_names_every_object_once
            objects_put_together_are_all_there
            the_newest_part_is_the_highest_version
            the_same_part_twice_is_a_success_and_another_conflicts
            parts_of_one_record_leave_others_alone
            outdated_versions_of_a_part_are_deleted_alone
            parts_put_together_are_all_there
            a_part_over_its_limit_is_refused
            two_handles_keep_one_part_a_version
            a_reopened_lake_has_everything
            a_damaged_object_is_reported_and_never_returned
        );
    };
    (@each $factory:expr, $run:expr, $($property:ident)*) => {
        $(
            #[test]
            fn $property() -> $crate::testing::Outcome {
                let factory = $factory;
                $run($crate::testing::blob_store::$property(&factory))
            }
        )*
    };
}

/// Of every length around the segment's.
pub async fn an_object_reads_back(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    for length in [0, 1, 1500, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 4 * SEGMENT_BYTES, 300_000] {
        let (id, bytes) = object(length, 1);
        lake.put(&id, &bytes).await?;
        assert!(lake.contains(&id).await?);
        assert_eq!(lake.get(&id).await?, bytes, "{length} bytes");
    }
    Ok(())
}

/// A repetition is a success.
pub async fn putting_an_object_again_changes_nothing(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    let (id, bytes) = object(100_000, 2);
    for _ in 0..3 {
        lake.put(&id, &bytes).await?;
        assert_eq!(lake.get(&id).await?, bytes);
    }
    assert_eq!(lake.list().await?, vec![id]);
    Ok(())
}

/// Neither other bytes nor another length.
pub async fn bytes_under_a_wrong_address_are_refused(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    let (id, bytes) = object(70_000, 3);
    let (other, _) = object(70_000, 4);
    let longer = ContentId::new(id.root(), id.length() + 1);
    for wrong in [other, longer] {
        assert!(matches!(lake.put(&wrong, &bytes).await, Err(BlobError::WrongContent)));
        assert!(matches!(lake.put_all(&[(wrong, bytes.clone())]).await, Err(BlobError::WrongContent)));
        assert!(!lake.contains(&wrong).await?);
    }
    assert_eq!(lake.list().await?, vec![]);
    Ok(())
}

/// Not there is said to be not there.
pub async fn an_unknown_object_is_not_found(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    for length in [10, 200_000] {
        let (id, _) = object(length, 5);
        assert!(!lake.contains(&id).await?);
        assert!(matches!(lake.get(&id).await, Err(BlobError::NotFound)));
        assert!(matches!(lake.get_range(&id, 0..5).await, Err(BlobError::NotFound)));
    }
    assert_eq!(lake.list().await?, vec![]);
    Ok(())
}

/// Inside a segment, across several, to the end, of nothing.
pub async fn a_range_is_that_part_of_the_object(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    for length in [1500, SEGMENT_BYTES, 3 * SEGMENT_BYTES + 17] {
        let (id, bytes) = object(length, 6);
        lake.put(&id, &bytes).await?;
        let s = SEGMENT_BYTES;
        for (start, end) in [
            (0, 1),
            (0, length),
            (length - 1, length),
            (5, 5),
            (length, length),
            (s - 1, s + 1),
            (s, 2 * s),
            (s + 9, 3 * s + 5),
        ] {
            if end <= length {
                assert_eq!(lake.get_range(&id, start as u64..end as u64).await?, bytes[start..end], "{start}..{end}");
            }
        }
    }
    Ok(())
}

/// No clipping.
pub async fn a_range_outside_the_object_is_refused(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    for length in [10_u64, 200_000] {
        let (id, bytes) = object(usize::try_from(length)?, 7);
        lake.put(&id, &bytes).await?;
        #[expect(clippy::reversed_empty_ranges, reason = "that such a range is refused is the property")]
        for range in [0..length + 1, length..length + 1, length + 5..length + 9, 5..3, 0..u64::MAX] {
            let refused = lake.get_range(&id, range.clone()).await;
            assert!(matches!(refused, Err(BlobError::OutOfRange { .. })), "{range:?} of {length}");
        }
    }
    Ok(())
}

/// Deleting is idempotent; the object may come back.
pub async fn a_deleted_object_is_gone_and_no_other(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    let (kept, kept_bytes) = object(100, 8);
    lake.put(&kept, &kept_bytes).await?;
    for length in [100, 150_000] {
        let (id, bytes) = object(length, 9);
        lake.delete(&id).await?;
        lake.put(&id, &bytes).await?;
        lake.delete(&id).await?;
        lake.delete(&id).await?;
        assert!(matches!(lake.get(&id).await, Err(BlobError::NotFound)));
        assert_eq!(lake.list().await?, vec![kept]);
        lake.put(&id, &bytes).await?;
        assert_eq!(lake.get(&id).await?, bytes);
        lake.delete(&id).await?;
    }
    assert_eq!(lake.get(&kept).await?, kept_bytes);
    Ok(())
}

/// Ascending; parts are not objects.
pub async fn the_list_names_every_object_once(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    let mut expected = Vec::new();
    for seed in 0..30 {
        let (id, bytes) = object(if seed == 0 { 100_000 } else { 50 }, seed);
        lake.put(&id, &bytes).await?;
        expected.push(id);
    }
    lake.put_part(&record(1), 0, b"part").await?;
    expected.sort_unstable();
    assert_eq!(lake.list().await?, expected);
    Ok(())
}

/// Also with repetitions among them.
pub async fn objects_put_together_are_all_there(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    let mut objects: Vec<_> = (0..60).map(|seed| object(1500, seed)).collect();
    objects.push(object(1500, 7));
    lake.put_all(&objects).await?;
    lake.put_all(&[]).await?;
    for (id, bytes) in &objects {
        assert_eq!(&lake.get(id).await?, bytes);
    }
    assert_eq!(lake.list().await?.len(), 60);
    Ok(())
}

/// In whatever order versions came, also with gaps.
pub async fn the_newest_part_is_the_highest_version(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    assert_eq!(lake.part(&record(1)).await?, None);
    let mut newest = 0;
    for version in [3, 0, 12, 255, 256, 10, u64::MAX] {
        lake.put_part(&record(1), version, &version.to_le_bytes()).await?;
        newest = newest.max(version);
        assert_eq!(lake.part(&record(1)).await?, Some((newest, newest.to_le_bytes().to_vec())));
    }
    Ok(())
}

/// A version is written once.
pub async fn the_same_part_twice_is_a_success_and_another_conflicts(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    lake.put_part(&record(1), 4, b"one").await?;
    lake.put_part(&record(1), 4, b"one").await?;
    for other in [&b"two"[..], b"", b"one and more"] {
        let refused = lake.put_part(&record(1), 4, other).await;
        assert!(matches!(refused, Err(BlobError::Conflict { version: 4 })), "{refused:?}");
    }
    assert_eq!(lake.part(&record(1)).await?, Some((4, b"one".to_vec())));
    Ok(())
}

/// Deleting too.
pub async fn parts_of_one_record_leave_others_alone(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    for version in 0..3 {
        lake.put_part(&record(1), version, b"first").await?;
        lake.put_part(&record(2), version, b"second").await?;
    }
    lake.delete_parts(&record(1)).await?;
    lake.delete_parts(&record(1)).await?;
    lake.delete_parts(&record(3)).await?;
    assert_eq!(lake.part(&record(1)).await?, None);
    assert_eq!(lake.part(&record(2)).await?, Some((2, b"second".to_vec())));
    lake.put_part(&record(1), 0, b"again").await?;
    assert_eq!(lake.part(&record(1)).await?, Some((0, b"again".to_vec())));
    Ok(())
}

/// What is below a version goes, that version and what is above it stays; so do other records.
pub async fn outdated_versions_of_a_part_are_deleted_alone(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    for version in 1..=4 {
        lake.put_part(&record(1), version, &version.to_be_bytes()).await?;
    }
    lake.put_part(&record(2), 1, b"other").await?;
    lake.delete_parts_below(&record(1), 3).await?;
    lake.delete_parts_below(&record(1), 3).await?;
    lake.delete_parts_below(&record(3), 9).await?;
    // The places of the first two are free again, those of the others are not.
    lake.put_part(&record(1), 2, b"new").await?;
    let refused = lake.put_part(&record(1), 3, b"new").await;
    assert!(matches!(refused, Err(BlobError::Conflict { version: 3 })), "{refused:?}");
    assert_eq!(lake.part(&record(1)).await?, Some((4, 4_u64.to_be_bytes().to_vec())));
    assert_eq!(lake.part(&record(2)).await?, Some((1, b"other".to_vec())));
    lake.delete_parts_below(&record(1), u64::MAX).await?;
    assert_eq!(lake.part(&record(1)).await?, None);
    Ok(())
}

/// As one by one.
pub async fn parts_put_together_are_all_there(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    let parts: Vec<_> = (0..40).map(|seed| (record(seed), u64::from(seed % 3), vec![seed; 90])).collect();
    lake.put_parts(&parts).await?;
    lake.put_parts(&parts).await?;
    for (record, version, bytes) in &parts {
        assert_eq!(lake.part(record).await?, Some((*version, bytes.clone())));
    }
    Ok(())
}

/// The limit itself is allowed, and so is nothing.
pub async fn a_part_over_its_limit_is_refused(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    let refused = lake.put_part(&record(1), 0, &vec![1; MAX_PART_BYTES + 1]).await;
    assert!(matches!(refused, Err(BlobError::TooLong { .. })), "{refused:?}");
    assert_eq!(lake.part(&record(1)).await?, None);
    for (version, length) in [(0, MAX_PART_BYTES), (1, 0)] {
        lake.put_part(&record(1), version, &vec![1; length]).await?;
        assert_eq!(lake.part(&record(1)).await?, Some((version, vec![1; length])));
    }
    Ok(())
}

/// The first one stays, whoever reads; the second writer is told.
pub async fn two_handles_keep_one_part_a_version(factory: &dyn Factory) -> Outcome {
    let (left, right) = (factory.open().await?, factory.open().await?);
    for version in 0..10 {
        let first = left.put_part(&record(1), version, b"left").await;
        let second = right.put_part(&record(1), version, b"right").await;
        first?;
        assert!(matches!(second, Err(BlobError::Conflict { .. })), "{second:?}");
        assert_eq!(right.part(&record(1)).await?, Some((version, b"left".to_vec())));
    }
    Ok(())
}

/// Objects and parts.
pub async fn a_reopened_lake_has_everything(factory: &dyn Factory) -> Outcome {
    let (small, large) = (object(1500, 1), object(200_000, 2));
    let lake = factory.open().await?;
    lake.put_all(&[small.clone(), large.clone()]).await?;
    lake.put_part(&record(1), 3, b"part").await?;
    drop(lake);
    let lake = factory.open().await?;
    assert_eq!(lake.get(&small.0).await?, small.1);
    assert_eq!(lake.get_range(&large.0, 65_000..70_000).await?, large.1[65_000..70_000]);
    assert_eq!(lake.part(&record(1)).await?, Some((3, b"part".to_vec())));
    Ok(())
}

/// [`BlobError::Corrupt`], whole and by range; other objects are not concerned.
pub async fn a_damaged_object_is_reported_and_never_returned(factory: &dyn Factory) -> Outcome {
    let lake = factory.open().await?;
    let (healthy, healthy_bytes) = object(90_000, 3);
    lake.put(&healthy, &healthy_bytes).await?;
    for length in [1500, 3 * SEGMENT_BYTES] {
        let (id, bytes) = object(length, 4);
        lake.put(&id, &bytes).await?;
        factory.damage(&id).await?;
        assert!(matches!(lake.get(&id).await, Err(BlobError::Corrupt)));
        assert!(matches!(lake.get_range(&id, 0..length as u64).await, Err(BlobError::Corrupt)));
        for start in (0..length).step_by(16_000) {
            match lake.get_range(&id, start as u64..start as u64 + 1).await {
                Ok(found) => assert_eq!(found, bytes[start..=start]),
                Err(BlobError::Corrupt) => {}
                Err(other) => return Err(other.into()),
            }
        }
    }
    assert_eq!(lake.get(&healthy).await?, healthy_bytes);
    Ok(())
}

/// An object of `length` bytes that a seed makes.
#[must_use]
pub fn object(length: usize, seed: u8) -> (ContentId, Vec<u8>) {
    let bytes: Vec<u8> = (0..length).map(|index| (index / 7) as u8 ^ (index >> 12) as u8 ^ seed).collect();
    (ContentId::of(&bytes), bytes)
}

/// The name of a record that a seed makes.
#[must_use]
pub const fn record(seed: u8) -> RecordId {
    RecordId::new([seed; 32])
}
