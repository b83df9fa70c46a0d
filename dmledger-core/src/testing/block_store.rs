//! What every [`BlockStore`] must do, one function a property.
//!
//! A back end supplies a [`Factory`], one that outlives its process a [`Durable`] factory too, and expands
//! [`block_store_suite!`](crate::block_store_suite) and
//! [`durable_block_store_suite!`](crate::durable_block_store_suite) in its tests.

pub mod durable;
pub mod model;
pub mod order;
pub mod state;

use std::sync::Arc;

use crate::{
    envelope::ChainId,
    time::Height,
    traits::{BlockStore, StoreError},
};

/// Makes stores of one back end, each factory at a place of its own.
pub trait Factory {
    /// Makes the empty store of `network`. Called once for each factory.
    ///
    /// # Errors
    /// Whatever the back end says; a failure of the property.
    fn create(&self, network: ChainId) -> Result<Arc<dyn BlockStore>, StoreError>;
}

/// A factory of stores that outlive their process.
pub trait Durable: Factory {
    /// Opens what [`Factory::create`] made.
    ///
    /// # Errors
    /// What the back end says; several properties expect an error here.
    fn reopen(&self, network: ChainId) -> Result<Arc<dyn BlockStore>, StoreError>;

    /// Stops the store as a killed process would: nothing is finished, flushed or told. It may be reopened after.
    fn kill(&self, store: Arc<dyn BlockStore>);

    /// Flips one bit in the stored bytes of the block at `height`, while the store is closed.
    ///
    /// # Errors
    /// Whatever hinders it; a failure of the property.
    fn corrupt(&self, height: Height) -> std::io::Result<()>;
}

/// Expands to one `#[test]` a property; the argument makes a fresh [`Factory`].
///
/// ```ignore
/// dmledger_core::block_store_suite!(MyFactory::new());
/// ```
#[macro_export]
macro_rules! block_store_suite {
    ($factory:expr) => {
        $crate::block_store_suite!(@each $factory, order:
            an_empty_store_has_nothing
            the_first_block_is_genesis
            a_committed_block_reads_back
            repeating_a_commit_changes_nothing
            another_block_at_a_known_height_conflicts
            a_gap_in_heights_conflicts
            a_wrong_parent_conflicts
            a_commit_that_disagrees_with_itself_conflicts
            a_block_of_another_network_is_refused
            a_refused_commit_leaves_nothing_behind
            unknown_heights_and_identities_are_none
            a_block_of_a_thousand_actions_reads_back
            of_many_threads_committing_one_block_one_applies_it
            readers_never_see_half_a_commit
        );
        $crate::block_store_suite!(@each $factory, state:
            rows_become_visible_with_their_block
            rows_come_in_the_order_asked_for
            old_rows_stay_readable_while_blocks_are_committed
            empty_and_large_rows_read_back
            keys_that_are_prefixes_or_all_ones_are_distinct
            a_block_without_rows_is_a_height_like_any_other
            states_above_the_tip_are_not_found
            prune_deletes_exactly_the_rows_retired_by_then
            pruned_heights_are_refused_and_name_the_lowest
            a_view_taken_before_a_prune_never_answers_wrongly
            pruning_again_or_lower_changes_nothing
            pruning_above_the_tip_is_refused
            commits_go_on_after_a_prune
        );
        $crate::block_store_suite!(@each $factory, model:
            a_random_history_equals_the_model
        );
    };
    (@each $factory:expr, $group:ident: $($property:ident)*) => {
        $(
            #[test]
            fn $property() -> $crate::testing::Outcome {
                $crate::testing::block_store::$group::$property(&$factory)
            }
        )*
    };
}

/// Expands to one `#[test]` a property of stores that outlive their process; the argument makes a fresh [`Durable`].
#[macro_export]
macro_rules! durable_block_store_suite {
    ($factory:expr) => {
        $crate::block_store_suite!(@each $factory, durable:
            an_empty_store_reopens_empty
            a_reopened_store_equals_what_was_committed
            a_reopened_store_goes_on
            a_killed_store_has_every_acknowledged_block
            a_killed_and_reopened_store_may_be_killed_again
            a_prune_outlives_reopening
            another_network_is_refused_and_changes_nothing
            a_second_opener_is_refused
            a_damaged_block_is_reported_and_never_returned
            sync_is_harmless_at_any_time
        );
        $crate::block_store_suite!(@each $factory, model:
            a_random_history_with_restarts_equals_the_model
        );
    };
}
