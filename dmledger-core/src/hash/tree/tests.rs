use super::*;
use crate::codec::{decode, encode};
use alloc::string::ToString;
use ct_merkle::mem_backed_tree::MemoryBackedTree;

type Oracle = MemoryBackedTree<Sha3_256, Vec<u8>>;

fn data(n: usize) -> Vec<Vec<u8>> {
    (0..n).map(|i| i.to_string().repeat(i % 7).into_bytes()).collect()
}

fn bytes(path: &[Digest]) -> Vec<u8> {
    path.iter().flat_map(|digest| digest.to_bytes()).collect()
}

#[test]
fn roots_agree_with_ct_merkle_at_every_size() {
    let leaves = data(130);
    let mut oracle = Oracle::new();
    let mut frontier = Frontier::new();
    let mut tree = Tree::default();
    for size in 0..=130 {
        let expected = Digest::new(oracle.root().as_bytes().as_slice().try_into().unwrap());
        assert_eq!(root(&leaves[..size]), expected, "size {size}");
        assert_eq!(frontier.root(), expected, "size {size}");
        assert_eq!(tree.root(), expected, "size {size}");
        assert_eq!((frontier.len(), tree.len()), (size as u64, size as u64));
        if let Some(next) = leaves.get(size) {
            oracle.push(next.clone());
            frontier.push(next);
            tree.push(next);
        }
    }
    for size in 0..=130 {
        assert_eq!(tree.root_at(size as u64), Ok(root(&leaves[..size])));
    }
    assert_eq!(tree.root_at(131), Err(NoSuchLeaf { index: 131, size: 130 }));
}

#[test]
fn inclusion_proofs_agree_with_ct_merkle_and_show_only_their_own_leaf() {
    let leaves = data(130);
    let mut oracle = Oracle::new();
    let mut tree = Tree::default();
    for size in 1..=130_u64 {
        oracle.push(leaves[size as usize - 1].clone());
        tree.push(&leaves[size as usize - 1]);
        let root = tree.root();
        for index in 0..size {
            let proof = tree.prove(index).unwrap();
            assert_eq!(bytes(proof.path()), oracle.prove_inclusion(index as usize).as_bytes(), "{index} of {size}");
            let leaf = &leaves[index as usize];
            assert_eq!(proof.verify(&root, index, size, leaf), Ok(()));
            assert_eq!(proof.verify(&root, index, size, b"another"), Err(BadProof));
            assert_eq!(proof.verify(&empty(), index, size, leaf), Err(BadProof));
            assert_eq!(proof.verify(&root, size, size, leaf), Err(BadProof));
            if size > 1 {
                assert_eq!(proof.verify(&root, (index + 1) % size, size, leaf), Err(BadProof));
            }
        }
        assert_eq!(tree.prove(size), Err(NoSuchLeaf { index: size, size }));
    }
}

#[test]
fn consistency_proofs_agree_with_ct_merkle_and_refuse_another_past() {
    let leaves = data(70);
    let mut oracle = Oracle::new();
    let mut tree = Tree::default();
    for size in 1..=70_u64 {
        oracle.push(leaves[size as usize - 1].clone());
        tree.push(&leaves[size as usize - 1]);
        let root = tree.root();
        for old in 1..=size {
            let proof = tree.prove_consistency(old).unwrap();
            if old < size {
                let expected = oracle.prove_consistency((size - old) as usize);
                assert_eq!(bytes(proof.path()), expected.as_bytes(), "{old} of {size}");
            }
            let old_root = tree.root_at(old).unwrap();
            assert_eq!(proof.verify(&old_root, old, &root, size), Ok(()), "{old} of {size}");
            assert_eq!(proof.verify(&empty(), old, &root, size), Err(BadProof));
            assert_eq!(proof.verify(&old_root, old, &empty(), size), Err(BadProof));
            assert_eq!(proof.verify(&old_root, old - 1, &root, size), Err(BadProof));
            assert_eq!(proof.verify(&old_root, old, &root, old - 1), Err(BadProof));
        }
        assert_eq!(tree.prove_consistency(0).unwrap().verify(&empty(), 0, &root, size), Ok(()));
        assert!(tree.prove_consistency(size + 1).is_err());
    }
}

#[test]
fn every_altered_or_cut_proof_is_refused() {
    let leaves = data(11);
    let tree = Tree::new(&leaves);
    let (root, old_root) = (tree.root(), tree.root_at(6).unwrap());
    let inclusion = encode(&tree.prove(9).unwrap());
    let consistency = encode(&tree.prove_consistency(6).unwrap());
    let refused = |bytes: &[u8], inclusion: bool| {
        if inclusion {
            let proof = decode::<InclusionProof>(bytes);
            proof.is_err() || proof.unwrap().verify(&root, 9, 11, &leaves[9]).is_err()
        } else {
            let proof = decode::<ConsistencyProof>(bytes);
            proof.is_err() || proof.unwrap().verify(&old_root, 6, &root, 11).is_err()
        }
    };
    for (bytes, kind) in [(inclusion, true), (consistency, false)] {
        assert!(!refused(&bytes, kind));
        for end in 0..bytes.len() {
            assert!(refused(&bytes[..end], kind), "accepted {end} bytes");
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(refused(&flipped, kind), "accepted flipped bit {bit}");
        }
    }
}

#[test]
fn a_frontier_reads_back_and_goes_on() {
    for size in [0, 1, 2, 3, 64, 127, 130] {
        let mut frontier: Frontier = data(size).iter().collect();
        let bytes = encode(&frontier);
        assert_eq!(bytes.len(), 9 + 32 * size.count_ones() as usize);
        let mut back: Frontier = decode(&bytes).unwrap();
        assert_eq!(back, frontier);
        back.push(b"next");
        frontier.push(b"next");
        assert_eq!(back.root(), frontier.root());
        for end in 0..bytes.len() {
            assert!(decode::<Frontier>(&bytes[..end]).is_err());
        }
    }
    let mut bytes = encode(&data(3).iter().collect::<Frontier>());
    bytes[1] = 4;
    assert!(decode::<Frontier>(&bytes).is_err(), "two peaks do not make four leaves");
}

#[test]
fn the_root_of_three_leaves_is_fixed() {
    // node(node(leaf(a), leaf(b)), leaf(c)) computed with Python's hashlib.sha3_256.
    assert_eq!(root(&["a", "b", "c"]).to_string(), ROOT_ABC);
}
const ROOT_ABC: &str = "3eaea59d209d4f38ef1fec603f66e86df85d5d8af007985389422debfeaf2e30";
