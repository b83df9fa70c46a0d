//! Scalars for the verifier's long computations: Montgomery form, four words, not reduced more than needed.
//!
//! A verifier multiplies hundreds of scalars for each proof and shows none of them; here a product costs a fifth of what it
//! costs in the curve's crate, which reduces fully and works on secrets too. **Public data only**: time depends on values.
//! P. Montgomery, *Modular multiplication without trial division*, 1985; the modulus is `p = 2^252 + 277..493`, so two of its four
//! words cost nothing.

use super::Scalar;
use core::{
    iter::{Product, Sum},
    ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub},
};

/// `x 2^256` modulo `p`, below `2 p`, lowest word first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Residue([u64; 4]);

/// The two low words of `p`; the third is 0, the fourth `2^60`.
const LOW: [u64; 2] = [0x5812_631a_5cf5_d3ed, 0x14de_f9de_a2f7_9cd6];
const TOP: u64 = 1 << 60;
/// `-1 / p` modulo `2^64`.
const INVERSE: u64 = 0xd2b5_1da3_1254_7e1b;
/// `2^512` modulo `p`: what brings a number into this form.
const SQUARED: Residue =
    Residue([0xa406_11e3_449c_0f01, 0xd00e_1ba7_6885_9347, 0xceec_73d2_17f5_be65, 0x0399_411b_7c30_9a3d]);
/// `2^64`, in this form.
const WORD: Residue =
    Residue([0x5812_631a_5cf5_d3ed, 0x93b8_c838_d39a_5e06, 0xb210_6215_d086_329a, 0x0fff_ffff_ffff_fffe]);

/// `a + b c + carry` as low and high word; it cannot overflow.
#[inline]
const fn step(a: u64, b: u64, c: u64, carry: u64) -> (u64, u64) {
    let wide = a as u128 + b as u128 * c as u128 + carry as u128;
    (wide as u64, (wide >> 64) as u64)
}

/// `a + b` and the carry out of it.
#[inline]
const fn add(a: u64, b: u64) -> (u64, u64) {
    let (sum, carry) = a.overflowing_add(b);
    (sum, carry as u64)
}

/// `t + a b`, plus the multiple of `p` that makes it divisible by `2^64`, divided by `2^64`.
#[inline]
const fn round([t0, t1, t2, t3]: [u64; 4], [a0, a1, a2, a3]: [u64; 4], b: u64) -> [u64; 4] {
    let (t0, carry) = step(t0, a0, b, 0);
    let (t1, carry) = step(t1, a1, b, carry);
    let (t2, carry) = step(t2, a2, b, carry);
    let (t3, t4) = step(t3, a3, b, carry);
    let factor = t0.wrapping_mul(INVERSE);
    let (_, carry) = step(t0, factor, LOW[0], 0);
    let (r0, carry) = step(t1, factor, LOW[1], carry);
    let (r1, carry) = add(t2, carry);
    let (r2, carry) = step(t3, factor, TOP, carry);
    // No carry is left: the sum before the division is below 2^64 (a + p) + t, and a below 2 p.
    [r0, r1, r2, t4 + carry]
}

impl Residue {
    /// One.
    pub(crate) const ONE: Self =
        Self([0xd6ec_3174_8d98_951d, 0xc6ef_5bf4_737d_cf70, 0xffff_ffff_ffff_fffe, 0x0fff_ffff_ffff_ffff]);
    /// A half.
    pub(crate) const HALF: Self =
        Self([0x977f_4a47_7547_3485, 0x6de7_2ae9_8b3a_b623, 0xffff_ffff_ffff_ffff, 0x0fff_ffff_ffff_ffff]);
    /// Zero.
    pub(crate) const ZERO: Self = Self([0; 4]);
    /// `4 p`.
    const FOUR_TIMES: [u64; 4] = [0x6049_8c69_73d7_4fb4, 0x537b_e77a_8bde_7359, 0, 0x4000_0000_0000_0000];
    /// `2 p`.
    const TWICE: [u64; 4] = [0xb024_c634_b9eb_a7da, 0x29bd_f3bd_45ef_39ac, 0, 0x2000_0000_0000_0000];

    /// The scalar.
    pub(crate) fn scalar(self) -> Scalar {
        // Times 1 out of the form; at most p then, and p itself is reduced with everything else.
        let [a, b, c, d] = (self * Self([1, 0, 0, 0])).0;
        let mut bytes = [0; 32];
        for (eight, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip([a, b, c, d]) {
            *eight = word.to_le_bytes();
        }
        Scalar::from_bytes_mod_order(bytes)
    }

    /// What [`Widened::times`] wants: this times `2^64`.
    pub(crate) fn widened(self) -> Widened {
        Widened(self * WORD)
    }

    /// The square.
    pub(crate) fn square(self) -> Self {
        self * self
    }
}

/// A sum of products that is reduced once for many of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wide([u64; 8]);

impl Wide {
    /// Products that may be added before [`Self::residue`]: each is below `4 p^2`, and 32 of them below `2^512`.
    pub(crate) const MOST: usize = 16;

    /// Adds `a b`.
    #[inline]
    pub(crate) const fn add(&mut self, Residue([a0, a1, a2, a3]): Residue, Residue([b0, b1, b2, b3]): Residue) {
        let ([p0, low @ ..], r4) = row([0; 4], [a0, a1, a2, a3], b0);
        let ([p1, low @ ..], r5) = row([low[0], low[1], low[2], r4], [a0, a1, a2, a3], b1);
        let ([p2, low @ ..], r6) = row([low[0], low[1], low[2], r5], [a0, a1, a2, a3], b2);
        let ([p3, low @ ..], r7) = row([low[0], low[1], low[2], r6], [a0, a1, a2, a3], b3);
        let [s0, s1, s2, s3, s4, s5, s6, s7] = self.0;
        let (s0, carry) = step(s0, p0, 1, 0);
        let (s1, carry) = step(s1, p1, 1, carry);
        let (s2, carry) = step(s2, p2, 1, carry);
        let (s3, carry) = step(s3, p3, 1, carry);
        let (s4, carry) = step(s4, low[0], 1, carry);
        let (s5, carry) = step(s5, low[1], 1, carry);
        let (s6, carry) = step(s6, low[2], 1, carry);
        self.0 = [s0, s1, s2, s3, s4, s5, s6, s7 + r7 + carry];
    }

    /// The sum.
    pub(crate) const fn residue(self) -> Residue {
        let [s0, s1, s2, s3, s4, s5, s6, s7] = self.0;
        // Times 1 out of the form brings the lower half below p + 1; the upper half is below 64 p^2 / 2^256 < 5 p.
        let low = round(round(round(round([s0, s1, s2, s3], ZERO, 0), ZERO, 0), ZERO, 0), ZERO, 0);
        let sum = plus(low, [s4, s5, s6, s7]);
        let (less, negative) = subtract(sum, Residue::FOUR_TIMES);
        let sum = select(negative, sum, less);
        let (less, negative) = subtract(sum, Residue::TWICE);
        Residue(select(negative, sum, less))
    }
}

const ZERO: [u64; 4] = [0; 4];

/// `t + a b` as five words: the lower four and the highest.
#[inline]
const fn row([t0, t1, t2, t3]: [u64; 4], [a0, a1, a2, a3]: [u64; 4], b: u64) -> ([u64; 4], u64) {
    let (t0, carry) = step(t0, a0, b, 0);
    let (t1, carry) = step(t1, a1, b, carry);
    let (t2, carry) = step(t2, a2, b, carry);
    let (t3, carry) = step(t3, a3, b, carry);
    ([t0, t1, t2, t3], carry)
}

/// A residue made ready to be multiplied by short numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Widened(Residue);

impl Widened {
    /// The residue times a number, for a quarter of a multiplication.
    pub(crate) const fn times(self, number: u64) -> Residue {
        // Below 3 p: (2 p 2^64 + 2^64 p) / 2^64.
        let product = round([0; 4], self.0.0, number);
        let (less, negative) = subtract(product, Residue::TWICE);
        Residue(select(negative, product, less))
    }
}

impl From<&Scalar> for Residue {
    fn from(scalar: &Scalar) -> Self {
        let mut words = [0; 4];
        for (word, eight) in words.iter_mut().zip(scalar.as_bytes().as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*eight);
        }
        Self(words) * SQUARED
    }
}

/// `a` or `b`, without a branch that would be guessed wrong half the time.
#[inline]
const fn select(first: bool, [a0, a1, a2, a3]: [u64; 4], [b0, b1, b2, b3]: [u64; 4]) -> [u64; 4] {
    let mask = (first as u64).wrapping_neg();
    [a0 & mask | b0 & !mask, a1 & mask | b1 & !mask, a2 & mask | b2 & !mask, a3 & mask | b3 & !mask]
}

/// `a - b` and whether it is negative.
#[inline]
const fn subtract(a: [u64; 4], b: [u64; 4]) -> ([u64; 4], bool) {
    let [a0, a1, a2, a3] = a;
    let [b0, b1, b2, b3] = b;
    let (r0, under) = a0.overflowing_sub(b0);
    let (r1, under) = borrow(a1, b1, under);
    let (r2, under) = borrow(a2, b2, under);
    let (r3, under) = borrow(a3, b3, under);
    ([r0, r1, r2, r3], under)
}

#[inline]
const fn borrow(a: u64, b: u64, under: bool) -> (u64, bool) {
    let (first, one) = a.overflowing_sub(b);
    let (second, two) = first.overflowing_sub(under as u64);
    (second, one || two)
}

#[inline]
const fn plus([a0, a1, a2, a3]: [u64; 4], [b0, b1, b2, b3]: [u64; 4]) -> [u64; 4] {
    let (r0, carry) = step(a0, b0, 1, 0);
    let (r1, carry) = step(a1, b1, 1, carry);
    let (r2, carry) = step(a2, b2, 1, carry);
    // No carry is left: two residues are below 4 p; the halves of a `Wide` are at most p and below 5 p, and 6 p < 2^255.
    [r0, r1, r2, a3 + b3 + carry]
}

impl Mul for Residue {
    type Output = Self;

    /// Below `2 p` since both operands are: `4 p^2 / 2^256 + p`.
    #[inline]
    fn mul(self, Self([b0, b1, b2, b3]): Self) -> Self {
        let sum = round([0; 4], self.0, b0);
        let sum = round(sum, self.0, b1);
        let sum = round(sum, self.0, b2);
        Self(round(sum, self.0, b3))
    }
}

impl Add for Residue {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        let sum = plus(self.0, other.0);
        let (less, negative) = subtract(sum, Self::TWICE);
        Self(select(negative, sum, less))
    }
}

impl Sub for Residue {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        let (difference, negative) = subtract(self.0, other.0);
        // Wrapping: the missing 2^256 of a negative difference comes back with the addition.
        Self(select(negative, wrapping_plus(difference, Self::TWICE), difference))
    }
}

#[inline]
const fn wrapping_plus([a0, a1, a2, a3]: [u64; 4], [b0, b1, b2, b3]: [u64; 4]) -> [u64; 4] {
    let (r0, carry) = step(a0, b0, 1, 0);
    let (r1, carry) = step(a1, b1, 1, carry);
    let (r2, carry) = step(a2, b2, 1, carry);
    [r0, r1, r2, a3.wrapping_add(b3).wrapping_add(carry)]
}

impl Neg for Residue {
    type Output = Self;

    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl AddAssign for Residue {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl MulAssign for Residue {
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl Sum for Residue {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl Product for Residue {
    fn product<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ONE, Mul::mul)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{commit::Blinding, testing};

    /// Random scalars and those at the edges.
    fn scalars() -> Vec<Scalar> {
        let mut rng = testing::rng(1);
        let edges = [Scalar::ZERO, Scalar::ONE, -Scalar::ONE, Scalar::from(u64::MAX), Scalar::from(u128::MAX)];
        edges.into_iter().chain((0..60).map(|_| *Blinding::random(&mut rng).scalar())).collect()
    }

    #[test]
    fn arithmetic_agrees_with_the_curves_crate() {
        for a in &scalars() {
            assert_eq!(Residue::from(a).scalar(), *a);
            assert_eq!((-Residue::from(a)).scalar(), -a);
            assert_eq!((Residue::from(a) * Residue::HALF).scalar(), a.div_by_2());
            assert_eq!(Residue::from(a).square().scalar(), a * a);
            for number in [0, 1, 160_801, u64::MAX] {
                assert_eq!(Residue::from(a).widened().times(number).scalar(), a * Scalar::from(number));
                assert!(!subtract(Residue::TWICE, Residue::from(a).widened().times(number).0).1);
            }
            for b in &scalars() {
                let (x, y) = (Residue::from(a), Residue::from(b));
                assert_eq!((x * y).scalar(), a * b);
                assert_eq!((x + y).scalar(), a + b);
                assert_eq!((x - y).scalar(), a - b);
            }
        }
        assert_eq!(Residue::ONE.scalar(), Scalar::ONE);
    }

    #[test]
    fn sums_of_products_are_reduced_once_and_to_below_twice_the_order() {
        let scalars = scalars();
        for some in scalars.chunks(Wide::MOST) {
            let (mut sum, mut expected) = (Wide::default(), Scalar::ZERO);
            for (a, b) in some.iter().zip(scalars.iter().rev()) {
                sum.add(Residue::from(a), Residue::from(b));
                expected += a * b;
            }
            assert_eq!(sum.residue().scalar(), expected);
            assert!(!subtract(Residue::TWICE, sum.residue().0).1);
        }
        // As large as operands can be.
        let largest = Residue(subtract(Residue::TWICE, [1, 0, 0, 0]).0);
        let mut sum = Wide::default();
        (0..Wide::MOST).for_each(|_| sum.add(largest, largest));
        let count = Residue::from(&Scalar::from(Wide::MOST as u64));
        assert_eq!(sum.residue().scalar(), (largest * largest * count).scalar());
        assert!(!subtract(Residue::TWICE, sum.residue().0).1);
    }

    #[test]
    fn long_chains_stay_within_bounds() {
        let scalars = scalars();
        let (mut fast, mut slow) = (Residue::ONE, Scalar::ONE);
        for (place, scalar) in scalars.iter().cycle().take(3_000).enumerate() {
            let x = Residue::from(scalar);
            (fast, slow) = match place % 5 {
                0 | 1 if *scalar != Scalar::ZERO => (fast * x, slow * scalar),
                2 => (fast + x + x, slow + scalar + scalar),
                3 => (fast - x - x, slow - scalar - scalar),
                _ => (-fast + fast + fast, slow),
            };
            assert!(!subtract(Residue::TWICE, fast.0).1, "step {place}");
        }
        assert_eq!(fast.scalar(), slow);
        let each = || scalars.iter().skip(1);
        assert_eq!(each().map(Residue::from).sum::<Residue>().scalar(), each().sum::<Scalar>());
        assert_eq!(each().map(Residue::from).product::<Residue>().scalar(), each().product::<Scalar>());
    }
}
