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
//! all other records to a new epoch ([`renew`](super::renew())), tells the ledger, and erases the old one.

pub use dmledger_core::consent::erasure::{Custody, EraseReceipt, Erased, ErasureId};

use super::gate::{Guard, NodeNumber};
use dmledger_core::envelope::{ChainId, Envelope, Meaning};
use dmledger_core::key::PublicKey;
use dmledger_core::time::Height;
use std::collections::BTreeSet;
use thiserror::Error;

/// What node `node` holds of the committee of `guard`: to be named in an order of erasure.
#[must_use]
pub const fn custody(guard: &Guard, node: NodeNumber) -> Custody {
    Custody::GateKeys { committee: guard.committee().id().number(), node: node.number() }
}

/// The statement of node `node` of the committee of `guard` that it has erased what `order` asked for in the block at
/// `ordered`. To be put in an envelope of the guarded account and signed with [`Meaning::Authored`] after the deletion is
/// durable.
#[must_use]
pub const fn receipt(
    order: ErasureId,
    erased: Erased,
    guard: &Guard,
    node: NodeNumber,
    ordered: Height,
) -> EraseReceipt {
    EraseReceipt { order, erased, custody: custody(guard, node), ordered }
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

/// Holds receipts for one order against the committee that had the keys: `members` are its nodes' keys, by node number.
///
/// Receipts about anything else, by anybody else, or with a signature that does not verify are not counted; nobody counts
/// twice.
///
/// # Errors
/// [`MissingReceipts`] if fewer than `n - k + 1` nodes have signed: then no subset key need be gone.
pub fn erasure_of(
    order: ErasureId,
    erased: Erased,
    chain: ChainId,
    guard: &Guard,
    members: &[PublicKey],
    receipts: &[Envelope<EraseReceipt>],
) -> Result<Erasure, MissingReceipts> {
    let shape = guard.committee().shape();
    let of_epoch = match erased {
        Erased::Epoch(epoch) => epoch == guard.epoch().number(),
        _ => true,
    };
    let valid = receipts.iter().filter_map(|signed| {
        let body = signed.body();
        let Custody::GateKeys { node, .. } = body.custody else { return None };
        let number = NodeNumber::new(node);
        let of_this = of_epoch
            && signed.chain() == chain
            && signed.account() == Some(guard.account())
            && *body == receipt(order, erased, guard, number, body.ordered)
            && node < shape.nodes();
        let key = members.get(usize::from(node)).filter(|_| of_this)?;
        let mut own = signed.endorsements().iter().filter(|one| one.signer() == *key);
        let is_signed = own.any(|one| {
            let digest = signed.digest(one.signer().suite(), one.meaning());
            one.meaning() == Meaning::Authored && key.verify(&digest, &one.signature()).is_ok()
        });
        is_signed.then_some(number)
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

    const ORDER: ErasureId = ErasureId::new([5; 16]);
    const EPOCH: Erased = Erased::Epoch(0);

    fn stated(node: u8, erased: Erased, key: &SecretKey) -> Envelope<EraseReceipt> {
        let body = receipt(ORDER, erased, &guard(), NodeNumber::new(node), Height::new(7));
        Envelope::new(chain(1), Some(account(2)), body).sign(key, Meaning::Authored).unwrap()
    }

    fn check(erased: Erased, receipts: &[Envelope<EraseReceipt>]) -> Result<Erasure, MissingReceipts> {
        let members: Vec<_> = keys().iter().map(SecretKey::public).collect();
        erasure_of(ORDER, erased, chain(1), &guard(), &members, receipts)
    }

    #[test]
    fn receipts_of_all_nodes_tolerate_as_many_liars_as_the_gate_does() {
        let keys = keys();
        for signed in 0..=7_u8 {
            let receipts: Vec<_> = (0..signed).map(|node| stated(node, EPOCH, &keys[usize::from(node)])).collect();
            match check(EPOCH, &receipts) {
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
        let good = |node: u8| stated(node, EPOCH, &keys[usize::from(node)]);
        let four: Vec<_> = (0..4).map(good).collect();
        let of_other_key = stated(4, EPOCH, &keys[5]);
        let of_record = stated(4, Erased::Record(record_id(1)), &keys[4]);
        let of_no_node = stated(9, EPOCH, &keys[4]);
        let other = Guard::new(account(2), EpochNumber::new(0), Committee::new(CommitteeId::new(2), Shape::DEFAULT));
        let sign =
            |chain, body| Envelope::new(chain, Some(account(2)), body).sign(&keys[4], Meaning::Authored).unwrap();
        let of_other_committee = sign(chain(1), receipt(ORDER, EPOCH, &other, NodeNumber::new(4), Height::new(7)));
        let of_other_epoch = stated(4, Erased::Epoch(1), &keys[4]);
        let body = *good(4).body();
        let of_other_order = sign(chain(1), EraseReceipt { order: ErasureId::new([6; 16]), ..body });
        let of_objects = sign(chain(1), EraseReceipt { custody: Custody::Objects, ..body });
        let of_other_chain = sign(chain(9), body);
        let unsigned = Envelope::new(chain(1), Some(account(2)), body);
        let witnessed = unsigned.clone().sign(&keys[4], Meaning::Witnessed).unwrap();
        let bad = [
            good(0),
            of_other_key,
            of_record,
            of_no_node,
            of_other_committee,
            of_other_epoch,
            of_other_order,
            of_objects,
            of_other_chain,
            unsigned,
            witnessed,
        ];
        for (i, bad) in bad.into_iter().enumerate() {
            let receipts = [&four[..], &[bad]].concat();
            assert_eq!(check(EPOCH, &receipts).unwrap_err().have, 4, "receipt {i}");
        }
        assert!(check(EPOCH, &[&four[..], &[good(4)]].concat()).is_ok());
    }

    #[test]
    fn a_receipt_reads_back_and_every_truncation_is_refused() {
        use dmledger_core::codec;
        let signed = stated(3, Erased::Record(record_id(1)), &keys()[3]);
        let bytes = codec::encode(&signed);
        assert_eq!(codec::decode::<Envelope<EraseReceipt>>(&bytes), Ok(signed));
        for end in 0..bytes.len() {
            assert!(codec::decode::<Envelope<EraseReceipt>>(&bytes[..end]).is_err(), "accepted {end} bytes");
        }
    }
}
