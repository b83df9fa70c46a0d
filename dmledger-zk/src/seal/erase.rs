//! Receipts of erasure: gate nodes sign that they have destroyed their keys of an epoch, or that they will never answer
//! for a record again; together the receipts prove how many of them may have lied without undoing the erasure.
//!
//! The key `K[S]` of a subset is gone once every node outside `S` has destroyed it. With receipts of `r` of `n` nodes, of
//! which `c` lied, `r - c` nodes have really erased; some `S` has all its `n - k + 1` holders among them as long as
//! `r - c >= n - k + 1`. So `c = r - (n - k + 1)` liars are tolerated: `k - 1` when every node has signed. One absent
//! `K[S]` makes every mask of the epoch unknown, to former grantees who kept range nodes and ciphertext too.
//!
//! The patient's side of an erasure is to forget: the [`EpochKey`](super::EpochKey) of an epoch, or the part of a record
//! in the lake with its slot and salt. For a single record the receipts are promises, not deletions; the strong form moves
//! all other records to a new epoch ([`reslot`](super::reslot())) and erases the old one.

use super::gate::{Guard, NodeNumber};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::codec::Canonical;
use dmledger_core::envelope::{ChainId, Envelope, Meaning, Signable};
use dmledger_core::hash::{Tag, tag};
use dmledger_core::key::PublicKey;
use dmledger_core::record::index::RecordId;
use dmledger_core::time::Height;
use std::collections::BTreeSet;
use thiserror::Error;

/// What is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum Erased {
    /// All keys of the epoch were destroyed.
    Epoch,
    /// No partial of this record will be released again.
    Record(RecordId),
}

/// A gate node's statement, signed by the key it is known by on the ledger.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct EraseReceipt {
    guard: Guard,
    node: NodeNumber,
    erased: Erased,
    height: Height,
}

impl Canonical for EraseReceipt {
    const MAX_BYTES: usize = 128;
}

impl Signable for EraseReceipt {
    const TAG: Tag = tag::SEAL_ERASED;
}

impl EraseReceipt {
    /// Node `node` of the committee of `guard` has erased `erased`, as the ledger asked at `height`. To be put in an
    /// envelope of the guarded account and signed with [`Meaning::Authored`] after the deletion is durable.
    #[must_use]
    pub const fn new(guard: Guard, node: NodeNumber, erased: Erased, height: Height) -> Self {
        Self { guard, node, erased, height }
    }

    /// The node that states it.
    #[must_use]
    pub const fn node(&self) -> NodeNumber {
        self.node
    }

    /// What it has erased.
    #[must_use]
    pub const fn erased(&self) -> Erased {
        self.erased
    }

    /// The height at which the ledger asked for it.
    #[must_use]
    pub const fn height(&self) -> Height {
        self.height
    }
}

/// A completed erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erasure {
    receipts: u8,
    tolerated: u8,
}

impl Erasure {
    /// How many nodes have signed.
    #[must_use]
    pub const fn receipts(&self) -> u8 {
        self.receipts
    }

    /// How many of them may have lied without undoing the erasure.
    #[must_use]
    pub const fn tolerated_liars(&self) -> u8 {
        self.tolerated
    }
}

/// Too few valid receipts.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{have} of {need} receipts of erasure present")]
pub struct MissingReceipts {
    /// Nodes with a valid receipt.
    pub have: u8,
    /// Nodes needed at least.
    pub need: u8,
    /// Nodes without a valid receipt, ascending.
    pub without: Vec<NodeNumber>,
}

/// Holds receipts against the committee that had the keys: `members` are its nodes' keys, by node number.
///
/// Receipts about anything else, by anybody else, or with a signature that does not verify are not counted; nobody counts
/// twice.
///
/// # Errors
/// [`MissingReceipts`] if fewer than `n - k + 1` nodes have signed: then no subset key need be gone.
pub fn erasure_of(
    erased: Erased,
    chain: ChainId,
    guard: &Guard,
    members: &[PublicKey],
    receipts: &[Envelope<EraseReceipt>],
) -> Result<Erasure, MissingReceipts> {
    let shape = guard.committee().shape();
    let valid = receipts.iter().filter_map(|receipt| {
        let body = receipt.body();
        let of_this = receipt.chain() == chain
            && receipt.account() == Some(guard.account())
            && body.guard == *guard
            && body.erased == erased
            && body.node.number() < shape.nodes();
        let key = members.get(usize::from(body.node.number())).filter(|_| of_this)?;
        let mut own = receipt.endorsements().iter().filter(|one| one.signer() == *key);
        let signed = own.any(|one| {
            let digest = receipt.digest(one.signer().suite(), one.meaning());
            one.meaning() == Meaning::Authored && key.verify(&digest, &one.signature()).is_ok()
        });
        signed.then_some(body.node)
    });
    let nodes: BTreeSet<NodeNumber> = valid.collect();
    let have = u8::try_from(nodes.len()).unwrap_or(u8::MAX);
    let need = shape.nodes() - shape.threshold() + 1;
    if have < need {
        let all = (0..shape.nodes()).map(NodeNumber::new);
        return Err(MissingReceipts { have, need, without: all.filter(|node| !nodes.contains(node)).collect() });
    }
    Ok(Erasure { receipts: have, tolerated: have - need })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::testing::{account, chain, record_id, rng};
    use crate::seal::{Committee, CommitteeId, EpochNumber, Shape};
    use dmledger_core::key::{SecretKey, Suite};

    fn guard() -> Guard {
        Guard::new(account(2), EpochNumber::new(0), Committee::new(CommitteeId::new(1), Shape::DEFAULT))
    }

    fn keys() -> Vec<SecretKey> {
        (0..7).map(|n| SecretKey::generate(Suite::Bip340, &mut rng(n))).collect()
    }

    fn receipt(node: u8, erased: Erased, key: &SecretKey) -> Envelope<EraseReceipt> {
        let body = EraseReceipt::new(guard(), NodeNumber::new(node), erased, Height::new(7));
        Envelope::new(chain(1), Some(account(2)), body).sign(key, Meaning::Authored).unwrap()
    }

    fn check(erased: Erased, receipts: &[Envelope<EraseReceipt>]) -> Result<Erasure, MissingReceipts> {
        let members: Vec<_> = keys().iter().map(SecretKey::public).collect();
        erasure_of(erased, chain(1), &guard(), &members, receipts)
    }

    #[test]
    fn receipts_of_all_nodes_tolerate_as_many_liars_as_the_gate_does() {
        let keys = keys();
        for signed in 0..=7_u8 {
            let receipts: Vec<_> =
                (0..signed).map(|node| receipt(node, Erased::Epoch, &keys[usize::from(node)])).collect();
            match check(Erased::Epoch, &receipts) {
                Ok(erasure) => {
                    assert!(signed >= 5);
                    assert_eq!((erasure.receipts(), erasure.tolerated_liars()), (signed, signed - 5));
                }
                Err(missing) => {
                    assert!(signed < 5);
                    assert_eq!(
                        (missing.have, missing.need, missing.without.len()),
                        (signed, 5, 7 - usize::from(signed))
                    );
                }
            }
        }
    }

    /// The counting argument, by enumeration: whoever really erased, the erasure is undone only if more lied than that.
    #[test]
    fn with_no_more_liars_than_tolerated_some_subset_key_is_gone() {
        let shape = Shape::DEFAULT;
        for signed in 0..1_u32 << 7 {
            let Some(tolerated) = signed.count_ones().checked_sub(5) else { continue };
            for liars in (0..1_u32 << 7).filter(|liars| liars & signed == *liars && liars.count_ones() <= tolerated) {
                let erased = signed & !liars;
                let gone = |subset: crate::seal::Subset| {
                    (0..7).all(|node| erased & (1 << node) != 0 || !subset.is_held_by(NodeNumber::new(node)))
                };
                assert!(shape.subsets().any(gone), "signed {signed:b}, liars {liars:b}");
            }
        }
    }

    #[test]
    fn receipts_that_are_doubled_foreign_or_forged_do_not_count() {
        let keys = keys();
        let good = |node: u8| receipt(node, Erased::Epoch, &keys[usize::from(node)]);
        let four: Vec<_> = (0..4).map(good).collect();
        let of_other_key = receipt(4, Erased::Epoch, &keys[5]);
        let of_record = receipt(4, Erased::Record(record_id(1)), &keys[4]);
        let of_no_node = receipt(9, Erased::Epoch, &keys[4]);
        let other = Guard::new(account(2), EpochNumber::new(1), guard().committee());
        let body = EraseReceipt::new(other, NodeNumber::new(4), Erased::Epoch, Height::new(7));
        let of_other_epoch = Envelope::new(chain(1), Some(account(2)), body.clone());
        let of_other_epoch = of_other_epoch.sign(&keys[4], Meaning::Authored).unwrap();
        let body = EraseReceipt { guard: guard(), ..body };
        let of_other_chain =
            Envelope::new(chain(9), Some(account(2)), body.clone()).sign(&keys[4], Meaning::Authored).unwrap();
        let unsigned = Envelope::new(chain(1), Some(account(2)), body.clone());
        let witnessed = unsigned.clone().sign(&keys[4], Meaning::Witnessed).unwrap();
        let bad = [good(0), of_other_key, of_record, of_no_node, of_other_epoch, of_other_chain, unsigned, witnessed];
        for (i, bad) in bad.into_iter().enumerate() {
            let receipts = [&four[..], &[bad]].concat();
            assert_eq!(check(Erased::Epoch, &receipts).unwrap_err().have, 4, "receipt {i}");
        }
        assert!(check(Erased::Epoch, &[&four[..], &[good(4)]].concat()).is_ok());
    }

    #[test]
    fn a_receipt_reads_back_and_every_truncation_is_refused() {
        use dmledger_core::codec;
        let signed = receipt(3, Erased::Record(record_id(1)), &keys()[3]);
        let bytes = codec::encode(&signed);
        assert_eq!(codec::decode::<Envelope<EraseReceipt>>(&bytes), Ok(signed));
        for end in 0..bytes.len() {
            assert!(codec::decode::<Envelope<EraseReceipt>>(&bytes[..end]).is_err(), "accepted {end} bytes");
        }
    }
}
