//! Z3: the same batch with `tari_bulletproofs_plus` (Bulletproofs+, shorter proofs, on the same generation of the curve crate).

use crate::{
    report,
    zk::{Set, line},
};
use dmledger_zk::group::{Point, Scalar};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rand_core::Rng as _;
use tari_bulletproofs_plus::{
    Transcript,
    commitment_opening::CommitmentOpening,
    errors::ProofError,
    generators::pedersen_gens::ExtensionDegree,
    range_parameters::RangeParameters,
    range_proof::VerifyAction,
    range_statement::RangeStatement,
    range_witness::RangeWitness,
    ristretto::{RistrettoRangeProof, create_pedersen_gens_with_extension_degree},
};

const COUNT: usize = 256;

struct Peer {
    statements: Vec<RangeStatement<Point>>,
    proofs: Vec<RistrettoRangeProof>,
}

impl Peer {
    fn new() -> Result<Self, ProofError> {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let bases = create_pedersen_gens_with_extension_degree(ExtensionDegree::DefaultPedersen);
        let generators = RangeParameters::init(64, 1, bases)?;
        let (mut statements, mut proofs) = (Vec::new(), Vec::new());
        for _ in 0..COUNT {
            let (value, blinding) = (rng.next_u64(), vec![Scalar::from(rng.next_u64())]);
            let commitment = generators.pc_gens().commit(&Scalar::from(value), &blinding)?;
            let witness = RangeWitness::init(vec![CommitmentOpening::new(value, blinding)])?;
            let statement = RangeStatement::init(generators.clone(), vec![commitment], vec![None], None)?;
            let mut transcript = Transcript::new(b"peer");
            proofs.push(RistrettoRangeProof::prove_with_rng(&mut transcript, &statement, &witness, &mut rng)?);
            statements.push(statement);
        }
        Ok(Self { statements, proofs })
    }

    fn batch(&self) -> bool {
        let mut transcripts = vec![Transcript::new(b"peer"); COUNT];
        let action = VerifyAction::VerifyOnly;
        RistrettoRangeProof::verify_batch(&mut transcripts, &self.statements, &self.proofs, action).is_ok()
    }
}

/// Prints the line.
///
/// # Errors
/// If the peer's proofs cannot be made.
pub fn run(set: &Set) -> Result<(), Box<dyn std::error::Error>> {
    let peer = Peer::new().map_err(|error| format!("{error:?}"))?;
    let (ours, theirs) = report::beside(9, || assert!(set.batch().is_ok()), || assert!(peer.batch()));
    line("Z3 batch_256x64_tari", ours.median(), theirs.median(), "ms, tari_bulletproofs_plus batch, less is better");
    Ok(())
}
