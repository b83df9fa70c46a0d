use super::*;
use crate::{
    codec::{decode, encode},
    hash::{tag, tagged},
    time::Timestamp,
};
use alloc::format;

fn key(n: u8) -> PublicKey {
    let mut bytes = [n; 33];
    bytes[0] = 1;
    PublicKey::from_bytes(bytes).unwrap()
}

fn at(height: u64, millis: i64) -> Moment {
    Moment { height: Height::new(height), time: Timestamp::from_millis(millis) }
}

fn id(n: u8) -> ProposalId {
    ProposalId::new(Digest::new([n; 32]))
}

fn proposal() -> Proposal {
    Proposal::new(NewProposal {
        id: id(1),
        account: AccountId::new(Digest::new([2; 32])),
        number: 3,
        content: Digest::new([4; 32]),
        kind: 4,
        proposer: key(5),
        proposed: at(6, 6000),
        until: at(9, 9000),
    })
}

#[test]
fn it_lapses_at_the_exact_height_and_at_the_exact_instant() {
    let signed = proposal().sign(key(5), Meaning::Authored, Height::new(6)).unwrap();
    for (moment, expected) in [
        (at(8, 8999), ProposalStatus::Pending),
        (at(9, 8999), ProposalStatus::Lapsed),
        (at(8, 9000), ProposalStatus::Lapsed),
        (at(6, 6000), ProposalStatus::Pending),
    ] {
        assert_eq!(signed.status_at(moment), expected, "{moment:?}");
    }
    let done = signed.end(ProposalStatus::Executed { height: Height::new(7) });
    assert_eq!(done.status_at(at(100, 100_000)), ProposalStatus::Executed { height: Height::new(7) });
}

#[test]
fn the_first_end_stands() {
    let withdrawn = ProposalStatus::Withdrawn { height: Height::new(7) };
    let ended = proposal().end(withdrawn).end(ProposalStatus::Executed { height: Height::new(8) });
    assert_eq!(ended.status(), withdrawn);
}

#[test]
fn a_signature_taken_back_stays_on_the_row_and_does_not_stand() {
    let two = proposal().sign(key(5), Meaning::Authored, Height::new(6)).unwrap();
    let two = two.sign(key(6), Meaning::CoSigned, Height::new(7)).unwrap().retract(&key(6), Height::new(8));
    assert_eq!(two.standing().map(|signer| signer.key).collect::<Vec<_>>(), [key(5)]);
    assert!(two.has_signed(&key(6)) && two.signers().len() == 2);
    let policy = Policy::medical([key(7), key(8)], alloc::vec![key(5), key(6)]).unwrap();
    let left: Vec<_> = two.unsigned(&policy).into_iter().map(|(class, key)| (class, *key)).collect();
    assert_eq!(left, [(KeyClass::Patient, key(7)), (KeyClass::Patient, key(8))]);
}

#[test]
fn nobody_crowds_out_the_others_and_what_is_over_makes_room() {
    let mut list = WaitingList::default();
    for n in 0..8 {
        let waiting = Waiting { proposal: id(n), proposer: key(1), until: at(10 + u64::from(n), i64::MAX) };
        list.push(waiting).unwrap();
    }
    assert_eq!((list.room_for(&key(1)), list.room_for(&key(2))), (0, 8));
    assert_eq!(list.clear_lapsed(at(12, 0)), [id(0), id(1), id(2)]);
    assert_eq!(list.room_for(&key(1)), 3);
    list.remove(&id(5));
    assert_eq!(list.all().iter().map(|one| one.proposal).collect::<Vec<_>>(), [id(3), id(4), id(6), id(7)]);
    for n in 0..28 {
        list.push(Waiting { proposal: id(n), proposer: key(n), until: at(99, 0) }).unwrap();
    }
    assert_eq!(list.room_for(&key(200)), 0);
    assert!(list.push(Waiting { proposal: id(9), proposer: key(9), until: at(99, 0) }).is_err());
}

#[test]
fn rows_read_back_and_their_bytes_are_fixed() {
    let row = proposal().sign(key(5), Meaning::Authored, Height::new(6)).unwrap();
    let row = row.retract(&key(5), Height::new(8)).end(ProposalStatus::Failed { height: Height::new(8), code: 151 });
    let bytes = encode(&row);
    assert_eq!(decode::<Proposal>(&bytes), Ok(row));
    assert!((0..bytes.len()).all(|end| decode::<Proposal>(&bytes[..end]).is_err()));
    let mut list = WaitingList::default();
    list.push(Waiting { proposal: id(1), proposer: key(2), until: at(3, 4) }).unwrap();
    let waiting = encode(&list);
    assert_eq!(decode::<WaitingList>(&waiting), Ok(list));
    let fixed = [bytes, waiting].map(|bytes| format!("{:.16}", tagged(tag::STATE_VALUE, &bytes)));
    assert_eq!(fixed, FIXED);
}
const FIXED: [&str; 2] = ["3b4619b021dba164", "f3902eee83731f1a"];

#[test]
fn the_longest_row_fits_its_cap() {
    let mut row = proposal().end(ProposalStatus::Rejected { height: Height::MAX, by: key(1) });
    for n in 0..u8::try_from(MAX_SIGNERS).unwrap() {
        row = row.sign(key(n), Meaning::CoSigned, Height::MAX).unwrap().retract(&key(n), Height::MAX);
    }
    assert_eq!(decode::<Proposal>(&encode(&row)).as_ref(), Ok(&row));
    assert!(row.sign(key(255), Meaning::CoSigned, Height::MAX).is_err());
}
