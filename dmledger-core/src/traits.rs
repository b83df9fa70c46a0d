//! What a host supplies and who calls it. Each contract is written on the trait; those of the stores, the lake, the
//! gate and the proof verifier are made executable by a suite in `testing`, which every implementation runs, ours or a vendor's.
//!
//! | trait | called by | implemented by |
//! |---|---|---|
//! | [`StateStore`], [`BlockStore`] | ledger, node | `dmledger-store`, a vendor's database |
//! | [`BlobStore`] | host | `dmledger-store`, a vendor's data lake |
//! | [`KeyGate`], [`GateAnswers`] | gate service, gatherer | `dmledger-zk` |
//! | [`ProofVerifier`] | ledger, host | `dmledger-zk` |
//! | [`Signer`] | host, node | [`SecretKey`](crate::key::SecretKey), a hardware module |

#[cfg(feature = "std")]
pub mod blob_store;
pub mod block_store;
pub mod key_gate;
pub mod proof_verifier;
pub mod signer;
pub mod state_store;

#[cfg(feature = "std")]
pub use blob_store::{BlobError, BlobStore};
pub use block_store::{BlockCommit, BlockStore, Committed};
pub use key_gate::{Destruction, GateAnswers, GateFault, GatePlace, KeyGate, Permit, WrongAnswer};
pub use proof_verifier::{BadClaim, ProofClaim, ProofContext, ProofCost, ProofFamily, ProofRefusal, ProofVerifier};
pub use signer::{Signer, SignerError};
pub use state_store::{PruneReport, RowKey, StateChanges, StateRows, StateStore, StoreError};
