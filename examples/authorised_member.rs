//! "One of the forty clinics of the register says so", without saying which; and no clinic says it twice.
//!
//! ```text
//! cargo run --release --example authorised_member
//! ```
//!
//! Every clinic is heard once on every case. A second use shows by its nullifier, which key and case fix; from one case to
//! the next nothing links.

use dmledger_examples::{
    error::{During, HostError},
    stage::{ensure, run},
};
use dmledger_zk::{
    batch::BatchVerifier,
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    error::ProveError,
    member::{AuthorisedSet, MemberSecret, Membership, MembershipProof, Nullifier, Scope},
    statement::{Prove as _, Verify as _},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{collections::BTreeSet, process::ExitCode, time::Instant};

const CLINICS: usize = 40;

/// Who asks: a board that hears the clinics of a register on its cases.
struct Board {
    register: AuthorisedSet,
    heard: BTreeSet<Nullifier>,
}

impl Board {
    fn context(case: &[u8; 32]) -> Result<Context, HostError> {
        let purpose = Purpose::new("second opinion").during("purpose")?;
        Ok(Context::new(Chain::new([1; 32]), Pseudonym::new(*case), Epoch::new(3), purpose, Audience::new([9; 32])))
    }

    /// Within which a clinic is heard once.
    fn scope(case: &[u8; 32]) -> Result<Scope, HostError> {
        let purpose = Purpose::new("second opinion").during("purpose")?;
        Ok(Scope::new(Chain::new([1; 32]), Epoch::new(3), &purpose, case))
    }

    /// Takes an opinion, which is anybody's of the register who has not been heard on the case.
    fn hear(&mut self, case: &[u8; 32], said: &(Nullifier, MembershipProof)) -> Result<(), HostError> {
        let (nullifier, proof) = said;
        let statement = Membership::new(&self.register, Self::scope(case)?, *nullifier);
        statement.verify(&Self::context(case)?, proof).during("not of the register")?;
        if self.heard.insert(*nullifier) {
            Ok(())
        } else {
            Err(HostError::new("this clinic has been heard on the case"))
        }
    }
}

/// What a clinic sends.
fn speak(
    register: &AuthorisedSet,
    secret: &MemberSecret,
    case: &[u8; 32],
    rng: &mut ChaCha20Rng,
) -> Result<(Nullifier, MembershipProof), ProveError> {
    let scope = Board::scope(case).map_err(|_| ProveError::False)?;
    let context = Board::context(case).map_err(|_| ProveError::False)?;
    let statement = Membership::of(register, scope, secret)?;
    Ok((*statement.nullifier(), statement.prove(&context, secret, rng)?))
}

fn main() -> ExitCode {
    run(play())
}

#[expect(clippy::print_stdout, reason = "what happens is what the program is for")]
async fn play() -> Result<(), HostError> {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let clinics: Vec<_> = (0..CLINICS).map(|_| MemberSecret::random(&mut rng)).collect();

    // The register admits a key only from who holds it: a key made out of others' keys would be nobody's.
    let entry = Board::context(&[0; 32])?;
    for clinic in &clinics {
        let held = clinic.key().held();
        let proof = held.prove(&entry, &clinic.witness(), &mut rng).during("admission")?;
        held.verify(&entry, &proof).during("admission")?;
    }
    let keys: Vec<_> = clinics.iter().map(MemberSecret::key).collect();
    let register = AuthorisedSet::new(&keys).during("register")?;
    let mut board = Board { register: register.clone(), heard: BTreeSet::new() };
    let (first, second) = ([17; 32], [18; 32]);

    let start = Instant::now();
    let opinion = speak(&register, &clinics[7], &first, &mut rng).during("opinion")?;
    let (bytes, proved) = (opinion.1.as_bytes().len(), start.elapsed());
    let start = Instant::now();
    board.hear(&first, &opinion)?;
    println!("heard    one of {CLINICS}: {bytes} bytes, proved in {proved:?}, verified in {:?}", start.elapsed());

    // Again on the same case: another proof, the same nullifier. The same bytes again fare no better.
    let again = speak(&register, &clinics[7], &first, &mut rng).during("opinion")?;
    ensure(again.1 != opinion.1 && again.0 == opinion.0, "a second proof has the first one's nullifier")?;
    for repeated in [&again, &opinion] {
        let Err(refusal) = board.hear(&first, repeated) else { return Err(HostError::new("heard twice")) };
        println!("refused  {refusal}");
    }
    // On another case it is heard, and nobody sees that it is the one from before.
    let elsewhere = speak(&register, &clinics[7], &second, &mut rng).during("opinion")?;
    ensure(elsewhere.0 != opinion.0, "nullifiers of two cases differ")?;
    board.hear(&second, &elsewhere)?;
    println!("heard    the same clinic on another case; nothing links the two");

    strangers(&mut board, &opinion, &first, &mut rng)?;
    everybody(&board.register, &clinics, &mut rng)
}

/// Who is not in the register is not heard, whatever it sends.
#[expect(clippy::print_stdout, reason = "what happens is what the program is for")]
fn strangers(
    board: &mut Board,
    overheard: &(Nullifier, MembershipProof),
    case: &[u8; 32],
    rng: &mut ChaCha20Rng,
) -> Result<(), HostError> {
    let stranger = MemberSecret::random(rng);
    let Err(refusal) = speak(&board.register, &stranger, case, rng) else {
        return Err(HostError::new("a stranger proved membership"));
    };
    println!("refused  a stranger's own attempt: {refusal}");
    let own = stranger.nullifier(&Board::scope(case)?).ok_or_else(|| HostError::new("nullifier"))?;
    let replayed = [
        ("an overheard proof under the stranger's nullifier", *case, (own, overheard.1.clone())),
        ("an overheard proof on another case", [19; 32], overheard.clone()),
    ];
    for (what, case, said) in replayed {
        let Err(refusal) = board.hear(&case, &said) else { return Err(HostError::new(what)) };
        println!("refused  {what}: {refusal}");
    }
    // The stranger in a register of its own making proves membership of that one.
    let mut keys = board.register.keys().to_vec();
    keys[0] = stranger.key();
    let forged = AuthorisedSet::new(&keys).during("register")?;
    let said = speak(&forged, &stranger, case, rng).during("opinion")?;
    let Err(refusal) = board.hear(case, &said) else { return Err(HostError::new("a forged register served")) };
    println!("refused  a proof for another register: {refusal}");
    Ok(())
}

/// All clinics on one case, checked in one batch, in which the keys are paid for once.
#[expect(clippy::print_stdout, reason = "what happens is what the program is for")]
fn everybody(register: &AuthorisedSet, clinics: &[MemberSecret], rng: &mut ChaCha20Rng) -> Result<(), HostError> {
    let case = [20; 32];
    let context = Board::context(&case)?;
    let said = clinics.iter().map(|clinic| speak(register, clinic, &case, rng)).collect::<Result<Vec<_>, _>>();
    let said = said.during("opinion")?;
    let scope = Board::scope(&case)?;
    let statements: Vec<_> = said.iter().map(|(nullifier, _)| Membership::new(register, scope, *nullifier)).collect();

    let start = Instant::now();
    for (statement, (_, proof)) in statements.iter().zip(&said) {
        statement.verify(&context, proof).during("opinion")?;
    }
    let alone = start.elapsed();
    let start = Instant::now();
    let mut batch = BatchVerifier::new();
    for (statement, (_, proof)) in statements.iter().zip(&said) {
        batch.add(statement, &context, proof);
    }
    let held = batch.finish(rng).is_ok();
    ensure(held, "the batch holds")?;
    println!("heard    all {} in one batch: {:?}, one by one {alone:?}", said.len(), start.elapsed());
    let different: BTreeSet<_> = said.iter().map(|(nullifier, _)| *nullifier).collect();
    ensure(different.len() == clinics.len(), "forty clinics, forty nullifiers")
}
