//! Published proofs of another implementation and age, checked by this crate's verifier.

use super::{Aggregate, Bits, Commitment, RangeProof};
use crate::{group::IsIdentity as _, testing, transcript::Transcript};

const VECTORS: &str = include_str!("../../tests/vectors/bulletproofs.txt");

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// All values of a name, in order.
fn all(name: &str) -> Vec<&'static str> {
    VECTORS.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(" = ")).collect()
}

#[test]
fn published_proofs_of_version_1_verify_here_and_not_for_other_values() {
    let commitments: Vec<_> =
        all("V").iter().map(|hex| Commitment::from_bytes(bytes(hex).first_chunk().unwrap()).unwrap()).collect();
    let each = all("bits").into_iter().zip(all("values")).zip(all("proof"));
    let mut count = 0;
    for ((bits, values), proof) in each {
        let bits = Bits::ALL.into_iter().find(|one| one.number().to_string() == bits).unwrap();
        let proof = RangeProof::from_bytes(&bytes(proof)).unwrap();
        let holds = |commitments: &[Commitment]| {
            let aggregate = Aggregate::new(commitments.to_vec(), bits);
            let transcript = Transcript::unbound(b"Deserialize-And-Verify Test");
            testing::sum_of(1, |accumulator| aggregate.equations(transcript, &proof, accumulator).ok()).is_identity()
        };
        let values: usize = values.parse().unwrap();
        assert!(holds(&commitments[..values]), "{bits:?} {values}");
        let mut others = commitments[..values].to_vec();
        others[values - 1] = Commitment::from_point(others[0].point() + others[values - 1].point());
        assert!(!holds(&others), "{bits:?} {values}");
        count += 1;
    }
    assert_eq!(count, 16);
}
