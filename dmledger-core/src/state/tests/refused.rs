//! Damaged rows and proofs that show something else: refused, never believed.

use super::*;

#[test]
fn damaged_rows_are_refused_never_believed() {
    let mut world = World::new();
    world.step((0..40).map(|n| (key(n), Some(vec![n as u8; 3]))).collect());
    let root = world.tree.root();
    for (row_key, row) in world.rows.dump() {
        for bit in (0..row.len() * 8).step_by(7) {
            let mut bad = row.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            world.rows.damage(&row_key, bad);
            let Ok(tree) = Tree::open(world.rows.clone(), Height::GENESIS) else { continue };
            let mut refused = tree.root() != root;
            for n in 0..40 {
                match tree.raw(&key(n)) {
                    Ok(value) => assert!(refused || value == Some(vec![n as u8; 3]), "believed bit {bit}"),
                    Err(_) => refused = true,
                }
            }
            assert!(refused, "no reader noticed bit {bit} of {row_key:?}");
        }
        world.rows.damage(&row_key, row[..row.len() - 1].to_vec());
        let tree = Tree::open(world.rows.clone(), Height::GENESIS);
        assert!(tree.is_err() || (0..40).any(|n| tree.as_ref().unwrap().raw(&key(n)).is_err()));
        world.rows.damage(&row_key, row);
    }
    world.check_stored(0, &[]);
}

#[test]
fn every_cut_or_altered_proof_of_each_kind_is_refused() {
    let mut world = World::new();
    let root = world.step((0..100).map(|n| (key(n), Some(vec![1]))).collect()).digest;
    let mut kinds = [0; 3];
    for n in 95..180 {
        let probe = key(n);
        let proof = world.tree.prove(&probe).unwrap();
        let kind = match proof.claim() {
            Outcome::Present(_) => 0,
            Outcome::AbsentEmpty => 1,
            Outcome::AbsentOther { .. } => 2,
        };
        kinds[kind] += 1;
        if kinds[kind] > 3 {
            continue;
        }
        let bytes = encode(&proof);
        assert_eq!(proof.verify(&root, &probe).as_ref(), Ok(proof.claim()));
        let refused =
            |bytes: &[u8]| decode::<StateProof>(bytes).map_or(true, |proof| proof.verify(&root, &probe).is_err());
        for end in 0..bytes.len() {
            assert!(refused(&bytes[..end]));
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(refused(&flipped), "accepted flipped bit {bit} of kind {kind}");
        }
        assert!(proof.verify(&EMPTY, &probe).is_err());
        for other in (0..100).map(key).filter(|other| *other != probe) {
            assert!(proof.verify(&root, &other).is_err() || !proof.claim().is_present());
        }
    }
    assert!(kinds.iter().all(|count| *count >= 3), "not all kinds occurred: {kinds:?}");
}

#[test]
fn page_rows_have_one_form_and_any_other_bytes_are_refused() {
    let mut world = World::new();
    world.step((0..40).map(|n| (key(n), Some(vec![1]))).collect());
    for _ in 0..200 {
        world.step(Vec::new());
    }
    world.step(vec![(key(7), None), (key(50), Some(vec![1]))]);
    let pages = world.rows.dump().into_iter().filter(|(key, _)| key.as_slice()[8] == 0);
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    for (row_key, row) in pages {
        let version = u64::from_be_bytes(row_key.as_slice()[..8].try_into().unwrap());
        let read = |row: &[u8]| {
            let (page, leaves) = page::Page::decode(row, version)?;
            Some((page.encode(version, |at| leaves.get(at.0 as usize)).unwrap(), *page.digest(1)))
        };
        let (again, digest) = read(&row).unwrap();
        assert_eq!(again, row);
        assert!((0..row.len()).all(|end| read(&row[..end]).is_none()));
        assert_eq!(read(&[&row[..], &[0]].concat()), None);
        for bit in 0..row.len() * 8 {
            let mut flipped = row.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // A changed age alone names another row, which is then missing or does not match its digest.
            let read = read(&flipped);
            assert!(
                read.is_none_or(|(again, other)| again == flipped && (other != digest || again.len() == row.len()))
            );
        }
        let mut noise = vec![1; row.len()];
        rng.fill_bytes(&mut noise[1..]);
        assert!(read(&noise).is_none_or(|(again, _)| again == noise));
    }
}

#[test]
fn absence_is_never_shown_for_a_key_that_is_there() {
    let mut world = World::new();
    let root = world.step((0..200).map(|n| (key(n), Some(vec![1]))).collect()).digest;
    let proofs: Vec<_> = (0..400).map(|n| world.tree.prove(&key(n)).unwrap()).collect();
    for proof in &proofs {
        for n in 0..200 {
            assert!(proof.verify_absent(&root, &key(n)).is_err());
        }
    }
}
