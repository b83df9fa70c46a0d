//! Forgeries made with the real prover's code, and what separation stops of them.

use super::{
    super::prover::{Bases, Parts, Scheme, carry, prove_scheme},
    *,
};
use crate::{accumulator::Terms, commit::Commitment, group::IsIdentity as _};
use zeroize::Zeroizing;

/// A forger's world: a true day, the claims it makes of it, and a verifier that can be made to omit the separation.
struct Forger {
    layout: Layout,
    bases: Bases,
    /// The true readings, as signed.
    truth: Vec<Scalar>,
    rho: Vec<Scalar>,
}

fn together(_: &mut Transcript) -> [Scalar; 2] {
    [Scalar::ONE; 2]
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

    /// The digest of a histogram, true or not.
    fn digest(&self, histogram: &[Scalar]) -> DayDigest {
        let mut sums = [Scalar::ZERO; 7];
        for (entry, count) in self.layout.table.entries().zip(histogram) {
            for (sum, weight) in sums.iter_mut().zip(self.layout.table.weights(entry)) {
                *sum += Scalar::from(weight) * count;
            }
        }
        let mut place = 0;
        DayDigest::new(sums.map(|sum| {
            place += 1;
            Commitment::from_point(group::commit(&sum, &self.rho[place - 1]))
        }))
    }

    fn inverses(readings: &[Scalar], first: &Scalar) -> Vec<Scalar> {
        readings.iter().map(|reading| (first - reading).invert()).collect()
    }

    /// Whether the real verifier, and one without separation, accept what the forger makes.
    fn attempt(
        &self,
        readings: &Parts,
        histogram: &Parts,
        inverses: &dyn Fn(&Scalar) -> Parts,
        digest: DayDigest,
    ) -> [bool; 2] {
        let day = SealedDay::new(TABLE, Cadence::Minutes15, Commitment::from_point(readings.commit(&self.bases)));
        let statement = DayHistogram::new(day, digest);
        [draw_separation as Separation, together].map(|separation| {
            let transcript = Transcript::bind(&testing::context(), &statement);
            let mut nonces = transcript.prover_rng(&[], &mut testing::rng(1));
            let blindings = core::array::from_fn(|place| &self.rho[place]);
            let scheme = Scheme { readings, histogram, inverses, blindings };
            let proof = prove_scheme(&self.layout, &self.bases, transcript, &scheme, &mut nonces, separation).unwrap();
            let mut weights = testing::rng(2);
            let mut accumulator = Accumulator::new(&mut weights);
            let transcript = Transcript::bind(&testing::context(), &statement);
            let emitted = statement.equations_with(transcript, &proof, separation, &mut accumulator);
            emitted.is_some() && Terms::sum([&accumulator.into_terms()].into_iter()).is_identity()
        })
    }
}

fn difference(a: &[Scalar], b: &[Scalar]) -> Vec<Scalar> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

const BOTH: [bool; 2] = [true, true];
const WITHOUT_SEPARATION_ONLY: [bool; 2] = [false, true];
const NEITHER: [bool; 2] = [false, false];

#[test]
fn the_honest_run_passes_with_and_without_separation() {
    let forger = Forger::new();
    let histogram = forger.histogram(&forger.truth);
    let digest = forger.digest(&histogram);
    let accepted = forger.attempt(
        &Parts { g: carry(forger.truth.clone()), ..Parts::default() },
        &Parts { g_table: carry(histogram), ..Parts::default() },
        &|first| Parts { h: carry(Forger::inverses(&forger.truth, first)), ..Parts::default() },
        digest,
    );
    assert_eq!(accepted, BOTH);
}

#[test]
fn a_reading_part_on_the_histogram_commitment_is_a_forgery_only_separation_stops() {
    let forger = Forger::new();
    let wish = forger.wish();
    let histogram = forger.histogram(&wish);
    let digest = forger.digest(&histogram);
    let accepted = forger.attempt(
        &Parts { g: carry(forger.truth.clone()), ..Parts::default() },
        &Parts { g: carry(difference(&forger.truth, &wish)), g_table: carry(histogram), ..Parts::default() },
        &|first| Parts { h: carry(Forger::inverses(&wish, first)), ..Parts::default() },
        digest,
    );
    assert_eq!(accepted, WITHOUT_SEPARATION_ONLY);
}

#[test]
fn a_reading_part_on_the_inverses_is_a_forgery_only_separation_stops() {
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
        assert_eq!(forger.attempt(&readings, &histogram, &inverses, digest), WITHOUT_SEPARATION_ONLY);
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
        &Parts { g: carry(forger.truth.clone()), ..Parts::default() },
        &Parts { g_table: carry(committed), blinding: Zeroizing::new(Scalar::ONE), ..Parts::default() },
        &inverses,
        digest,
    );
    assert_eq!(accepted, WITHOUT_SEPARATION_ONLY);
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
fn a_table_part_on_the_sealed_day_is_refused() {
    let forger = Forger::new();
    let histogram = forger.histogram(&forger.truth);
    let digest = forger.digest(&histogram);
    let stray: Vec<_> = (0..forger.layout.entries as u64).map(Scalar::from).collect();
    let raised = histogram.iter().zip(&stray).map(|(count, stray)| count + stray).collect::<Vec<_>>();
    let accepted = forger.attempt(
        &Parts { g: carry(forger.truth.clone()), g_table: carry(stray), ..Parts::default() },
        &Parts { g_table: carry(raised), ..Parts::default() },
        &|first| Parts { h: carry(Forger::inverses(&forger.truth, first)), ..Parts::default() },
        digest,
    );
    assert_eq!(accepted, WITHOUT_SEPARATION_ONLY);
}

#[test]
fn a_part_on_the_value_base_is_refused_on_every_commitment() {
    let forger = Forger::new();
    let histogram = forger.histogram(&forger.truth);
    let digest = forger.digest(&histogram);
    for place in 0..3 {
        let value = |own| Zeroizing::new(if own == place { Scalar::ONE } else { Scalar::ZERO });
        let accepted = forger.attempt(
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
            &Parts { g: carry(readings.clone()), ..Parts::default() },
            &Parts { g_table: carry(histogram), ..Parts::default() },
            &|first| Parts { h: carry(Forger::inverses(readings, first)), ..Parts::default() },
            digest,
        );
        assert_eq!(accepted, NEITHER, "case {number}");
    }
}
