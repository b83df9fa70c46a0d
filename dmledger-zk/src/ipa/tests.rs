use super::*;
use crate::{
    accumulator::{Accumulator, Terms},
    commit::Blinding,
    context::Context,
    group::IsIdentity as _,
    statement::Statement,
    testing,
};

struct Product;
impl Statement for Product {
    const DOMAIN: &'static str = "dmledger/zk/test-product/v1";
    type Witness = ();
    type Proof = Vec<u8>;
    fn absorb(&self, _: &mut Transcript) {}
}

fn context() -> Context {
    testing::context()
}

fn random(count: usize, seed: u64) -> Vec<Scalar> {
    let mut rng = testing::rng(seed);
    (0..count).map(|_| *Blinding::random(&mut rng).scalar()).collect()
}

/// An argument over vectors of `needed` coordinates, with the equation of a verifier who believes `claimed`.
struct Run {
    shape: Shape,
    sides: [Generators; 2],
    /// Of both runs on the left, of the second and the base of the falling powers of the first on the right.
    scales: [Scalar; 4],
    first_run: usize,
    commitment: Point,
    bytes: Vec<u8>,
    product: Scalar,
}

impl Run {
    fn new(needed: usize) -> Self {
        let shape = Shape::holding(needed);
        let len = shape.len();
        // A first run of whole steps, so that its scales may fall; none where there is but one.
        let first_run = len / shape.step() / 2 * shape.step();
        let runs = |first, second| Generators::new(&[(first, first_run), (second, len - first_run)]);
        let sides = [runs(Chain::ReadingG, Chain::PaddingG), runs(Chain::ReadingH, Chain::PaddingH)];
        let scales: [Scalar; 4] = random(4, 1).try_into().unwrap();
        let [one, two, three, base] = scales;
        let list = |first: Vec<Scalar>, rest| [first, vec![rest; len - first_run]].concat();
        let falling = core::iter::successors(Some(Scalar::ONE), |power| Some(power * base)).take(first_run);
        let each =
            [list(vec![one; first_run], two), list(falling.collect::<Vec<_>>().into_iter().rev().collect(), three)];
        let vectors = [random(len, 3), random(len, 4)];
        let product = vectors[0].iter().zip(&vectors[1]).map(|(a, b)| a * b).sum();
        let committed = |side: usize| Committed {
            vector: vectors[side].clone(),
            points: sides[side].points(),
            scales: each[side].clone(),
        };
        let open = |side: usize| {
            let scaled: Vec<_> = vectors[side].iter().zip(&each[side]).map(|(a, b)| a * b).collect();
            group::sum_of_public(&scaled, &sides[side].points())
        };
        let commitment = open(0) + open(1);
        let mut transcript = Transcript::bind(&context(), &Product);
        let bytes = prove(&mut transcript, shape, &group::value_base(), committed(0), committed(1));
        Self { shape, sides, scales, first_run, commitment, bytes, product }
    }

    fn accepts(&self, bytes: &[u8], claimed: &Scalar) -> bool {
        let mut transcript = Transcript::bind(&context(), &Product);
        let Some(argument) = Argument::replay(bytes, self.shape, &mut transcript) else { return false };
        let extra = Residue::from(&Scalar::from(7_u64));
        let [one, two, three, base] = self.scales.each_ref().map(Residue::from);
        let falling = Ladder::falling(base, self.first_run, self.shape.step()).unwrap();
        let mut weights = testing::rng(1);
        let mut accumulator = Accumulator::new(&mut weights);
        let mut equation = accumulator.scaled_equation(&(argument.factor() * extra).scalar()).unwrap();
        equation.point(&Scalar::ONE, self.commitment);
        equation.value(claimed);
        let right = vec![Scale::Each(extra, &falling), Scale::Same(three * extra)];
        let left = Side { generators: &self.sides[0], scales: vec![Scale::Same(one), Scale::Same(two)] };
        let right = Side { generators: &self.sides[1], scales: right };
        if argument.emit(&left, &right, extra, &Scalar::ONE, &mut equation).is_none() {
            return false;
        }
        Terms::sum([&accumulator.into_terms()].into_iter()).is_identity()
    }
}

#[test]
fn the_shape_is_the_smallest_with_two_or_three_coordinates_left() {
    for (needed, len, bytes) in
        [(1, 2, 128), (3, 3, 192), (5, 6, 256), (652, 768, 704), (1_372, 1_536, 768), (33, 48, 448)]
    {
        let shape = Shape::holding(needed);
        assert_eq!((shape.len(), shape.bytes()), (len, bytes), "{needed}");
    }
}

#[test]
fn the_true_product_is_accepted_and_no_other_for_every_shape() {
    for needed in [2, 3, 4, 6, 11, 24, 33, 96] {
        let run = Run::new(needed);
        assert_eq!(run.bytes.len(), run.shape.bytes());
        assert!(run.accepts(&run.bytes, &run.product), "{needed}");
        assert!(!run.accepts(&run.bytes, &(run.product + Scalar::ONE)), "{needed}");
    }
}

#[test]
fn every_flipped_byte_and_every_truncation_is_refused() {
    let run = Run::new(6);
    for at in 0..run.bytes.len() {
        let mut changed = run.bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(!run.accepts(&changed, &run.product), "byte {at}");
        assert!(!run.accepts(&run.bytes[..at], &run.product), "{at} bytes");
    }
}

/// Why padding has generators: without them a false product passes.
#[test]
fn padding_without_generators_would_prove_anything() {
    let run = Run::new(6);
    let (len, shape) = (run.shape.len(), run.shape);
    let forge = |absent: Point| {
        let mut points = [run.sides[0].points(), run.sides[1].points()];
        let mut vectors = [vec![Scalar::ZERO; len], vec![Scalar::ZERO; len]];
        for side in 0..2 {
            // The last coordinate holds the lie; everything committed to is zero.
            points[side][len - 1] = absent;
            vectors[side][len - 1] = Scalar::from(3_u64);
        }
        let [left, right] = points.clone();
        let [l, r] = vectors;
        let ones = vec![Scalar::ONE; len];
        let mut transcript = Transcript::bind(&context(), &Product);
        let side = |vector, points| Committed { vector, points, scales: ones.clone() };
        let bytes = prove(&mut transcript, shape, &group::value_base(), side(l, left), side(r, right));
        // The verifier's sum in the open: P = 0, claimed product 9.
        let mut transcript = Transcript::bind(&context(), &Product);
        let argument = Argument::replay(&bytes, shape, &mut transcript).unwrap();
        let mut sum = Scalar::from(9_u64) * group::value_base();
        for (u, [l, r]) in argument.u.iter().zip(&argument.rounds) {
            let square = u * u;
            // A round may add nothing here, so the identity is let through.
            sum += square * group::decode_point(l).unwrap() + square.invert() * group::decode_point(r).unwrap();
        }
        let bits: Vec<_> = argument.u.iter().rev().map(|u| Residue::from(u).square()).collect();
        let inverse = argument.u.iter().product::<Scalar>().invert();
        let blocks = tensor(&[Residue::from(&inverse)], &bits);
        for (i, (left, right)) in points[0].iter().zip(&points[1]).enumerate() {
            let (block, rest) = (i / shape.last, i % shape.last);
            let s = blocks[block].scalar();
            sum -= argument.a[rest] * s * left + argument.b[rest] * s.invert() * right;
        }
        let inner: Scalar = argument.a.iter().zip(&argument.b).map(|(a, b)| a * b).sum();
        (sum - inner * group::value_base()).is_identity()
    };
    assert!(forge(Point::default()), "the forgery has teeth");
    assert!(!forge(group::generators(Chain::TableG, 1)[0]));
}
