//! Forgeries made with the real prover's code, and the challenge that stops each.

use super::{
    super::prover::{Bases, Parts, Scheme, carry, prove_scheme},
    *,
};
use crate::{accumulator::Terms, commit::Commitment, group::IsIdentity as _};
use zeroize::Zeroizing;

/// A forger's world: a true day, the claims it makes of it, and a verifier that can be made to take a challenge to be 1.
struct Forger {
    layout: Layout,
    bases: Bases,
    /// The true readings, as signed.
    truth: Vec<Scalar>,
    rho: Vec<Scalar>,
}

/// Draws every challenge but this one, which is 1.
fn without<const LETTER: u8>(transcript: &mut Transcript, label: &'static [u8]) -> Scalar {
    if label == [LETTER] { Scalar::ONE } else { transcript.challenge(label) }
}

/// Draws every challenge but those that separate the bases, which are 1.
fn without_separation(transcript: &mut Transcript, label: &'static [u8]) -> Scalar {
    if label == b"d" { Scalar::ONE } else { without::<b'e'>(transcript, label) }
}

impl Forger {
    fn new() -> Self {
        let (statement, secret) = sealed(1);
        let layout = Layout::new(statement.day());
        let bases = Bases::new(&layout);
        let truth = secret.entries().iter().map(|entry| Scalar::from(*entry)).collect();
        Self { layout, bases, truth, rho: (1_u64..8).map(Scalar::from).collect() }
    }

    /// A day all of whose readings are 100 mg/dL, as the forger would like it.
    fn wish(&self) -> Vec<Scalar> {
        vec![Scalar::from(100_u64); self.layout.readings]
    }

    fn histogram(&self, readings: &[Scalar]) -> Vec<Scalar> {
        let count = |entry: u16| readings.iter().filter(|reading| **reading == Scalar::from(entry)).count() as u64;
        self.layout.table.entries().map(|entry| Scalar::from(count(entry))).collect()
    }

    /// The metrics of a histogram, true or not.
    fn metrics(&self, histogram: &[Scalar]) -> [Scalar; 7] {
        let mut sums = [Scalar::ZERO; 7];
        for (entry, count) in self.layout.table.entries().zip(histogram) {
            for (sum, weight) in sums.iter_mut().zip(self.layout.table.weights(entry)) {
                *sum += Scalar::from(weight) * count;
            }
        }
        sums
    }

    fn digest(&self, histogram: &[Scalar]) -> DayDigest {
        self.digest_of(self.metrics(histogram))
    }

    fn digest_of(&self, sums: [Scalar; 7]) -> DayDigest {
        let mut place = 0;
        DayDigest::new(sums.map(|sum| {
            place += 1;
            Commitment::from_point(group::commit(&sum, &self.rho[place - 1]))
        }))
    }

    fn inverses(readings: &[Scalar], first: &Scalar) -> Vec<Scalar> {
        readings.iter().map(|reading| (first - reading).invert()).collect()
    }

    /// Whether the real verifier, and one that draws its challenges another way, accept what the forger makes for it.
    fn attempt(
        &self,
        draw: Draw,
        readings: &Parts,
        histogram: &Parts,
        inverses: &dyn Fn(&Scalar) -> Parts,
        digest: DayDigest,
    ) -> [bool; 2] {
        let blindings = core::array::from_fn(|place| &self.rho[place]);
        self.attempt_scheme(draw, &Scheme { readings, histogram, inverses, blindings, shift: Scalar::ZERO }, digest)
    }

    fn attempt_scheme(&self, draw: Draw, scheme: &Scheme<'_>, digest: DayDigest) -> [bool; 2] {
        let commitment = Commitment::from_point(scheme.readings.commit(&self.bases));
        let statement = DayHistogram::new(SealedDay::new(TABLE, Cadence::Minutes15, commitment), digest);
        [Transcript::challenge as Draw, draw].map(|draw| {
            let transcript = Transcript::bind(&testing::context(), &statement);
            let mut nonces = transcript.prover_rng(&[], &mut testing::rng(1));
            let proof = prove_scheme(&self.layout, &self.bases, transcript, scheme, &mut nonces, draw).unwrap();
            let mut weights = testing::rng(2);
            let mut accumulator = Accumulator::new(&mut weights);
            let transcript = Transcript::bind(&testing::context(), &statement);
            let emitted = statement.equations_with(transcript, &proof, draw, &mut accumulator);
            emitted.is_some() && Terms::sum([&accumulator.into_terms()].into_iter()).is_identity()
        })
    }
}

fn difference(a: &[Scalar], b: &[Scalar]) -> Vec<Scalar> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

const BOTH: [bool; 2] = [true, true];
const ONLY_WITHOUT: [bool; 2] = [false, true];
const NEITHER: [bool; 2] = [false, false];

#[test]
fn the_honest_run_passes_with_and_without_separation() {
    let forger = Forger::new();
    let histogram = forger.histogram(&forger.truth);
    let digest = forger.digest(&histogram);
    let accepted = forger.attempt(
        without_separation,
        &Parts { g: carry(forger.truth.clone()), ..Parts::default() },
        &Parts { g_table: carry(histogram), ..Parts::default() },
        &|first| Parts { h: carry(Forger::inverses(&forger.truth, first)), ..Parts::default() },
        digest,
    );
    assert_eq!(accepted, BOTH);
}

#[test]
fn a_reading_part_on_the_histogram_commitment_is_a_forgery_only_d_stops() {
    let forger = Forger::new();
    let wish = forger.wish();
    let histogram = forger.histogram(&wish);
    let digest = forger.digest(&histogram);
    let accepted = forger.attempt(
        without::<b'd'>,
        &Parts { g: carry(forger.truth.clone()), ..Parts::default() },
        &Parts { g: carry(difference(&forger.truth, &wish)), g_table: carry(histogram), ..Parts::default() },
        &|first| Parts { h: carry(Forger::inverses(&wish, first)), ..Parts::default() },
        digest,
    );
    assert_eq!(accepted, ONLY_WITHOUT);
}

#[test]
fn a_reading_part_on_the_inverses_is_a_forgery_only_e_stops() {
    let forger = Forger::new();
    let wish = forger.wish();
    let histogram = forger.histogram(&wish);
    let digest = forger.digest(&histogram);
    for stray in [Scalar::ZERO, Scalar::from(5_u64)] {
        // With `stray`, H parts on the sealed day and G parts on the inverses work together.
        let readings =
            Parts { g: carry(forger.truth.clone()), h: carry(vec![stray; forger.layout.readings]), ..Parts::default() };
        let inverses = |first: &Scalar| Parts {
            g: carry(difference(&forger.truth, &wish)),
            h: carry(Forger::inverses(&wish, first).into_iter().map(|inverse| inverse + stray)),
            ..Parts::default()
        };
        let histogram = Parts { g_table: carry(histogram.clone()), ..Parts::default() };
        assert_eq!(forger.attempt(without::<b'e'>, &readings, &histogram, &inverses, digest), ONLY_WITHOUT);
    }
}

#[test]
fn a_histogram_part_on_the_inverses_is_a_forgery_only_separation_stops() {
    let forger = Forger::new();
    // The digest the forger wants, and nothing committed as histogram before X.
    let wanted = forger.histogram(&forger.wish());
    let digest = forger.digest(&wanted);
    let committed = vec![Scalar::ZERO; forger.layout.entries];
    let inverses = |first: &Scalar| {
        let inverses = Forger::inverses(&forger.truth, first);
        let late = late_histogram(&forger, first, &inverses.iter().sum(), &wanted);
        Parts { h: carry(inverses), g_table: carry(late), ..Parts::default() }
    };
    let accepted = forger.attempt(
        without_separation,
        &Parts { g: carry(forger.truth.clone()), ..Parts::default() },
        &Parts { g_table: carry(committed), blinding: Zeroizing::new(Scalar::ONE), ..Parts::default() },
        &inverses,
        digest,
    );
    assert_eq!(accepted, ONLY_WITHOUT);
}

/// A vector with the seven metrics of `wanted` and `<m, w> = sum`: possible for anyone who knows X.
fn late_histogram(forger: &Forger, first: &Scalar, sum: &Scalar, wanted: &[Scalar]) -> Vec<Scalar> {
    let table = forger.layout.table;
    let entries: Vec<_> = table.entries().collect();
    // In one range three neighbours and the changes 1, -2, 1 keep the count and the sum, with 1, -3, 3, -1 the squares
    // too: four places of the same range change nothing but <m, w>.
    let at = table.place(100);
    let w = |place: usize| (first - Scalar::from(entries[place])).invert();
    let pattern = [Scalar::ONE, -Scalar::from(3_u64), Scalar::from(3_u64), -Scalar::ONE];
    let moved: Scalar = pattern.iter().enumerate().map(|(step, change)| change * w(at + step)).sum();
    let now: Scalar = wanted.iter().enumerate().map(|(place, count)| count * w(place)).sum();
    let factor = (sum - now) * moved.invert();
    let mut out = wanted.to_vec();
    for (step, change) in pattern.iter().enumerate() {
        out[at + step] += change * factor;
    }
    out
}

#[test]
fn a_table_part_on_the_sealed_day_is_a_forgery_only_d_stops() {
    let forger = Forger::new();
    let histogram = forger.histogram(&forger.truth);
    let digest = forger.digest(&histogram);
    let stray: Vec<_> = (0..forger.layout.entries as u64).map(Scalar::from).collect();
    let raised = histogram.iter().zip(&stray).map(|(count, stray)| count + stray).collect::<Vec<_>>();
    let accepted = forger.attempt(
        without::<b'd'>,
        &Parts { g: carry(forger.truth.clone()), g_table: carry(stray), ..Parts::default() },
        &Parts { g_table: carry(raised), ..Parts::default() },
        &|first| Parts { h: carry(Forger::inverses(&forger.truth, first)), ..Parts::default() },
        digest,
    );
    assert_eq!(accepted, ONLY_WITHOUT);
}

#[test]
fn a_histogram_fitted_to_a_known_challenge_is_a_forgery_only_x_stops() {
    let forger = Forger::new();
    let wanted = forger.histogram(&forger.wish());
    let sum: Scalar = Forger::inverses(&forger.truth, &Scalar::ONE).iter().sum();
    let accepted = forger.attempt(
        without::<b'X'>,
        &Parts { g: carry(forger.truth.clone()), ..Parts::default() },
        &Parts { g_table: carry(late_histogram(&forger, &Scalar::ONE, &sum, &wanted)), ..Parts::default() },
        &|first| Parts { h: carry(Forger::inverses(&forger.truth, first)), ..Parts::default() },
        forger.digest(&wanted),
    );
    assert_eq!(accepted, ONLY_WITHOUT);
}

#[test]
fn two_wrong_inverses_that_balance_are_a_forgery_only_y_stops() {
    let forger = Forger::new();
    let wish = forger.wish();
    let histogram = forger.histogram(&wish);
    let digest = forger.digest(&histogram);
    let [a, b] = [0, forger.truth.iter().position(|reading| *reading != forger.truth[0]).unwrap()];
    let inverses = |first: &Scalar| {
        let mut inverses = Forger::inverses(&forger.truth, first);
        let wanted: Scalar = Forger::inverses(&wish, first).iter().sum();
        // Both together: (X - v_a) u_a + (X - v_b) u_b = 2, and a sum of all u that is that of the wish.
        let both = wanted - inverses.iter().sum::<Scalar>() + inverses[a] + inverses[b];
        let gap = forger.truth[b] - forger.truth[a];
        inverses[a] = (Scalar::from(2_u64) - (first - forger.truth[b]) * both) * gap.invert();
        inverses[b] = both - inverses[a];
        Parts { h: carry(inverses), ..Parts::default() }
    };
    let accepted = forger.attempt(
        without::<b'y'>,
        &Parts { g: carry(forger.truth.clone()), ..Parts::default() },
        &Parts { g_table: carry(histogram), ..Parts::default() },
        &inverses,
        digest,
    );
    assert_eq!(accepted, ONLY_WITHOUT);
}

#[test]
fn two_wrong_metrics_that_balance_are_a_forgery_only_z_stops() {
    let forger = Forger::new();
    let histogram = forger.histogram(&forger.truth);
    let mut sums = forger.metrics(&histogram);
    // One high reading less, one in range more.
    sums[2] += Scalar::ONE;
    sums[3] -= Scalar::ONE;
    let accepted = forger.attempt(
        without::<b'z'>,
        &Parts { g: carry(forger.truth.clone()), ..Parts::default() },
        &Parts { g_table: carry(histogram), ..Parts::default() },
        &|first| Parts { h: carry(Forger::inverses(&forger.truth, first)), ..Parts::default() },
        forger.digest_of(sums),
    );
    assert_eq!(accepted, ONLY_WITHOUT);
}

/// A stray table part of 1 everywhere adds the number of slots to `<l, r>`; what is on the value base takes it off `t^`.
#[test]
fn parts_on_the_value_base_and_on_the_table_that_balance_are_stopped_by_w_only() {
    let forger = Forger::new();
    let histogram = forger.histogram(&forger.truth);
    let digest = forger.digest(&histogram);
    let shift = -Scalar::from(forger.layout.readings as u64);
    let stray = vec![Scalar::ONE; forger.layout.entries];
    let inverses = |first: &Scalar| Parts {
        h: carry(Forger::inverses(&forger.truth, first)),
        h_table: carry(stray.clone()),
        ..Parts::default()
    };
    let scheme = Scheme {
        readings: &Parts { g: carry(forger.truth.clone()), value: Zeroizing::new(shift), ..Parts::default() },
        histogram: &Parts { g_table: carry(histogram), ..Parts::default() },
        inverses: &inverses,
        blindings: core::array::from_fn(|place| &forger.rho[place]),
        shift,
    };
    assert_eq!(forger.attempt_scheme(without::<b'w'>, &scheme, digest), ONLY_WITHOUT);
}

#[test]
fn a_part_on_the_value_base_that_nothing_balances_is_refused_on_every_commitment() {
    let forger = Forger::new();
    let histogram = forger.histogram(&forger.truth);
    let digest = forger.digest(&histogram);
    for place in 0..3 {
        let value = |own| Zeroizing::new(if own == place { Scalar::ONE } else { Scalar::ZERO });
        let accepted = forger.attempt(
            without_separation,
            &Parts { g: carry(forger.truth.clone()), value: value(0), ..Parts::default() },
            &Parts { g_table: carry(histogram.clone()), value: value(1), ..Parts::default() },
            &|first| Parts { h: carry(Forger::inverses(&forger.truth, first)), value: value(2), ..Parts::default() },
            digest,
        );
        assert_eq!(accepted, NEITHER, "commitment {place}");
    }
}

#[test]
fn parts_on_the_table_weights_are_refused_on_every_commitment() {
    let forger = Forger::new();
    let histogram = forger.histogram(&forger.truth);
    let digest = forger.digest(&histogram);
    for place in 0..3 {
        let stray = |own| if own == place { carry(vec![Scalar::ONE; forger.layout.entries]) } else { None };
        let accepted = forger.attempt(
            without_separation,
            &Parts { g: carry(forger.truth.clone()), h_table: stray(0), ..Parts::default() },
            &Parts { g_table: carry(histogram.clone()), h_table: stray(1), ..Parts::default() },
            &|first| Parts { h: carry(Forger::inverses(&forger.truth, first)), h_table: stray(2), ..Parts::default() },
            digest,
        );
        assert!(!accepted[0], "commitment {place}");
    }
}

#[test]
fn false_histograms_and_readings_off_the_table_are_refused() {
    let forger = Forger::new();
    let histogram = forger.histogram(&forger.truth);
    let [one, first_entry] = [Scalar::ONE, Scalar::from(100_u64)];
    let mut off_by_one = histogram.clone();
    // One reading moved from 100 to 101: the count of the range stays.
    off_by_one[TABLE.place(100)] -= one;
    off_by_one[TABLE.place(101)] += one;
    let mut more = histogram.clone();
    more[TABLE.place(100)] += one;
    let mut off_table = forger.truth.clone();
    off_table[0] = Scalar::from(500_u64);
    let mut changed = forger.truth.clone();
    changed[0] = if changed[0] == first_entry { first_entry + one } else { first_entry };
    let cases =
        [(&forger.truth, off_by_one), (&forger.truth, more), (&off_table, histogram.clone()), (&changed, histogram)];
    for (number, (readings, histogram)) in cases.into_iter().enumerate() {
        let digest = forger.digest(&histogram);
        let accepted = forger.attempt(
            without_separation,
            &Parts { g: carry(readings.clone()), ..Parts::default() },
            &Parts { g_table: carry(histogram), ..Parts::default() },
            &|first| Parts { h: carry(Forger::inverses(readings, first)), ..Parts::default() },
            digest,
        );
        assert_eq!(accepted, NEITHER, "case {number}");
    }
}
