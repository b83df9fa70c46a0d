//! The proof that a digest is that of a sealed day: LogUp with base separation, one inner-product argument.
//!
//! Letters as in `docs/day-digest.md`.

mod layout;
mod prover;

use super::{
    digest::{DayDigest, DaySecret, SealedDay},
    table::METRICS,
};
use crate::{
    accumulator::Accumulator,
    error::{DecodeError, ProveError, Rejected},
    group::{
        self, Chain, ELEMENT_BYTES, Point, Scalar,
        products::{Ladder, Others},
        residue::Residue,
    },
    ipa::{Argument, Scale, Side},
    statement::{Prove, Statement, Verify},
    transcript::Transcript,
};
use layout::Layout;
use rand_core::CryptoRng;

/// `digest` holds the seven metrics of exactly the readings sealed in `day`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayHistogram {
    day: SealedDay,
    digest: DayDigest,
}

impl DayHistogram {
    /// States that a digest is that of a sealed day.
    #[must_use]
    pub const fn new(day: SealedDay, digest: DayDigest) -> Self {
        Self { day, digest }
    }

    /// The sealed day.
    #[must_use]
    pub const fn day(&self) -> &SealedDay {
        &self.day
    }

    /// The digest.
    #[must_use]
    pub const fn digest(&self) -> &DayDigest {
        &self.digest
    }

    /// `t^ B + tau B~ = (sum_i y^i) B + sum_k z^(k+1) S_k + x T_1 + x^2 T_2`.
    fn value_equation(
        &self,
        [value, blinding]: [Scalar; 2],
        [z, x]: [Residue; 2],
        [t_1, t_2]: [Point; 2],
        accumulator: &mut Accumulator<'_>,
    ) {
        let mut equation = accumulator.equation();
        equation.value(&value);
        equation.blinding(&blinding);
        let weight = Residue::from(&equation.weight());
        let mut power = weight * z;
        for commitment in self.digest.commitments() {
            power *= z;
            equation.weighted_point(power.scalar(), *commitment.point());
        }
        equation.weighted_point((weight * x).scalar(), t_1);
        equation.weighted_point((weight * x.square()).scalar(), t_2);
    }

    fn equations_with(
        &self,
        mut transcript: Transcript,
        proof: &DayProof,
        draw: Draw,
        accumulator: &mut Accumulator<'_>,
    ) -> Option<()> {
        let layout = Layout::new(&self.day);
        let messages = proof.messages()?;
        let [c_m, c_u, c_s, t_1, t_2] = messages.points;
        let first = layout.challenge(&mut transcript, c_m, draw)?;
        let middle = Challenges::draw(&mut transcript, c_u, c_s, draw);
        let x = polynomial_challenge(&mut transcript, t_1, t_2);
        let w = opening_challenge(&mut transcript, &messages.scalars, draw);
        let argument = Argument::replay(messages.argument, layout.shape, &mut transcript)?;
        let points = Points::decode(messages.points)?;
        let challenges = AllChallenges { first, middle, x, w };
        self.emit(&layout, (&points, &messages.scalars), &challenges, &argument, accumulator)
    }

    /// The two equations, whatever the challenges.
    fn emit(
        &self,
        layout: &Layout,
        (points, [t_x, tau, mu]): (&Points, &[Scalar; SCALARS]),
        challenges: &AllChallenges,
        argument: &Argument,
        accumulator: &mut Accumulator<'_>,
    ) -> Option<()> {
        let AllChallenges { first, middle, x, w } = challenges;
        let [d, e, y, z] = [&middle.d, &middle.e, &middle.y, &middle.z].map(Residue::from);
        // y^(N-i) for i = 1 .. N.
        let falling = Ladder::falling(y, layout.readings, layout.shape.step())?;
        let sum = (falling.total() * y).scalar();
        let both = [z, Residue::from(x)];
        self.value_equation([sum - t_x, -tau], both, [points.t_1, points.t_2], accumulator);

        // P0 + x C_s - mu B~ + w t^ B, times y^N and all X - t, so that no inverse of either is left.
        let top = falling.first()? * y;
        let gaps = layout.gaps(Residue::from(first));
        let others = Others::of(&gaps);
        let extra = top * others.all();
        let mut equation = accumulator.scaled_equation(&(argument.factor() * extra).scalar()).ok()?;
        equation.point(&-Scalar::ONE, *self.day.commitment().point());
        equation.point(&middle.d, points.c_m);
        equation.point(&middle.e, points.c_u);
        equation.point(x, points.c_s);
        equation.blinding(&-mu);
        equation.value(&(w * t_x));
        equation.weighted_run(Chain::ReadingG, layout.readings, equation.weight() * first);
        let drawn = Residue::from(&equation.drawn()) * argument.factor() * z;
        let left = Side { generators: &layout.left, scales: [Residue::ONE, d, Residue::ONE].map(Scale::Same).into() };
        let right = vec![Scale::Each(e * others.all(), &falling), Scale::Same(e * extra), Scale::Same(extra)];
        let right = Side { generators: &layout.right, scales: right };
        argument.emit(&left, &right, extra, w, &mut equation)?;
        equation.weighted_ladder(Chain::ReadingG, falling.scaled(drawn * others.all()), 0, layout.readings);
        let weight = Residue::from(&equation.weight());
        let mut public = others.scaled(&gaps, -(drawn * top * e));
        layout.add_weights(&mut public, weight * e, z);
        equation.weighted_residues(Chain::TableH, public);
        Some(())
    }
}

/// `C_m, C_u, C_s, T1, T2`, decoded; none is the identity.
struct Points {
    c_m: Point,
    c_u: Point,
    c_s: Point,
    t_1: Point,
    t_2: Point,
}

impl Points {
    fn decode(bytes: [&[u8; ELEMENT_BYTES]; POINTS]) -> Option<Self> {
        let [c_m, c_u, c_s, t_1, t_2] = bytes.map(group::decode_message);
        Some(Self { c_m: c_m?, c_u: c_u?, c_s: c_s?, t_1: t_1?, t_2: t_2? })
    }
}

/// The challenges but those of the argument.
struct AllChallenges {
    /// **X**.
    first: Scalar,
    /// **d, e, y, z**.
    middle: Challenges,
    x: Scalar,
    w: Scalar,
}

impl Statement for DayHistogram {
    const DOMAIN: &'static str = "dmledger/zk/day-histogram/v1";
    type Witness = DaySecret;
    type Proof = DayProof;

    fn absorb(&self, transcript: &mut Transcript) {
        self.day.absorb(transcript);
        self.digest.absorb(transcript);
    }
}

impl Prove for DayHistogram {
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        transcript: Transcript,
        witness: &DaySecret,
        rng: &mut R,
    ) -> Result<DayProof, ProveError> {
        prover::prove(self, transcript, witness, rng)
    }
}

impl Verify for DayHistogram {
    fn equations(
        &self,
        transcript: Transcript,
        proof: &DayProof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected> {
        self.equations_with(transcript, proof, Transcript::challenge, accumulator).ok_or(Rejected)
    }
}

/// A proof of [`DayHistogram`]: `C_m, C_u, C_s, T1, T2, t^, tau, mu` and the inner-product argument; 960 bytes for a
/// 5-minute sensor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DayProof(Vec<u8>);

const POINTS: usize = 5;
const SCALARS: usize = 3;
/// What stands before the argument.
const HEAD_BYTES: usize = ELEMENT_BYTES * (POINTS + SCALARS);

impl DayProof {
    /// Longest proof in bytes: a day of one-minute readings.
    pub const MAX_BYTES: usize = ELEMENT_BYTES * (POINTS + SCALARS + 2 * 12);

    /// Reads a proof about a day of any table and cadence. Points are decoded when it is verified.
    ///
    /// # Errors
    /// [`DecodeError::Length`] if no day's proof has this length, [`DecodeError::Scalar`] for a scalar not below the order.
    /// Proofs of 896 bytes end in four or six scalars, which the day decides; the two more are then read when the proof is
    /// verified.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wrong = DecodeError::Length { len: bytes.len() };
        let (head, argument) = bytes.split_at_checked(HEAD_BYTES).ok_or(wrong)?;
        // Of the shapes of one length, that of the fewest scalars asks for what all of them ask for.
        let of_length = Layout::shapes().filter(|shape| shape.bytes() == argument.len());
        let shape = of_length.min_by_key(|shape| shape.scalars()).ok_or(wrong)?;
        let (elements, _) = head.as_chunks::<ELEMENT_BYTES>();
        for (place, element) in elements.iter().enumerate().skip(POINTS) {
            group::decode_scalar(element).map_err(|_| DecodeError::Scalar { at: place * ELEMENT_BYTES })?;
        }
        match Argument::check(argument, shape) {
            Err(DecodeError::Scalar { at }) => Err(DecodeError::Scalar { at: at + HEAD_BYTES }),
            checked => checked.map(|()| Self(bytes.to_vec())),
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn messages(&self) -> Option<Messages<'_>> {
        let (head, argument) = self.0.split_at_checked(HEAD_BYTES)?;
        let (elements, _) = head.as_chunks::<ELEMENT_BYTES>();
        let (points, scalars) = elements.split_first_chunk::<POINTS>()?;
        let [t_x, tau, mu] = scalars else { return None };
        let scalar = |bytes| group::decode_scalar(bytes).ok();
        Some(Messages { points: points.each_ref(), scalars: [scalar(t_x)?, scalar(tau)?, scalar(mu)?], argument })
    }
}

impl AsRef<[u8]> for DayProof {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A proof taken apart.
struct Messages<'a> {
    /// `C_m, C_u, C_s, T1, T2`.
    points: [&'a [u8; ELEMENT_BYTES]; POINTS],
    /// `t^, tau, mu`.
    scalars: [Scalar; SCALARS],
    argument: &'a [u8],
}

/// How the challenge of a label is drawn; tests put constants here to show what that would let through.
type Draw = fn(&mut Transcript, &'static [u8]) -> Scalar;

/// The challenges after `C_u` and `C_s`.
struct Challenges {
    d: Scalar,
    e: Scalar,
    y: Scalar,
    z: Scalar,
}

impl Challenges {
    fn draw(transcript: &mut Transcript, c_u: &[u8; ELEMENT_BYTES], c_s: &[u8; ELEMENT_BYTES], draw: Draw) -> Self {
        transcript.append(b"C_u", c_u);
        transcript.append(b"C_s", c_s);
        let [d, e] = [draw(transcript, b"d"), draw(transcript, b"e")];
        Self { d, e, y: draw(transcript, b"y"), z: draw(transcript, b"z") }
    }
}

/// `x`, after `T1` and `T2`.
fn polynomial_challenge(transcript: &mut Transcript, t_1: &[u8; ELEMENT_BYTES], t_2: &[u8; ELEMENT_BYTES]) -> Scalar {
    transcript.append(b"T_1", t_1);
    transcript.append(b"T_2", t_2);
    transcript.challenge(b"x")
}

/// `w`, after `t^`, `tau` and `mu`.
fn opening_challenge(transcript: &mut Transcript, [t_x, tau, mu]: &[Scalar; SCALARS], draw: Draw) -> Scalar {
    transcript.append_scalar(b"t_x", t_x);
    transcript.append_scalar(b"tau", tau);
    transcript.append_scalar(b"mu", mu);
    draw(transcript, b"w")
}

#[cfg(test)]
mod tests;
