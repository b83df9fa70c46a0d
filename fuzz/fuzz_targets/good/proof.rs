//! A proof that holds, for the targets that change it.

use super::fixed::Fixed;
use dmledger_zk::{
    context::Context,
    error::DecodeError,
    statement::{Prove, Verify},
};

/// A statement of a family, its proof, and how proofs of the family are read.
pub struct Good<S: Verify> {
    pub statement: S,
    pub proof: S::Proof,
    pub read: fn(&[u8]) -> Result<S::Proof, DecodeError>,
}

impl<S: Prove + Verify> Good<S> {
    pub fn new(
        statement: S,
        context: &Context,
        witness: &S::Witness,
        read: fn(&[u8]) -> Result<S::Proof, DecodeError>,
    ) -> Option<Self> {
        let proof = statement.prove(context, witness, &mut Fixed).ok()?;
        Some(Self { statement, proof, read })
    }
}
