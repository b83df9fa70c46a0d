use super::*;
use dmledger_core::{
    record::{Glucose, GlucoseUnit},
    time::Height,
};
use std::time::Duration;

const START: Timestamp = Timestamp::from_seconds(1_391_398_920);

fn right(grantee: &str, standing: Standing) -> GrantLine {
    GrantLine {
        grantee: grantee.to_owned(),
        right: "read continuous glucose".to_owned(),
        purpose: "treatment".to_owned(),
        range: TimeRange::new(START, START.plus(Duration::from_secs(3 * 86_400))).unwrap(),
        until: Timestamp::MAX,
        standing,
    }
}

/// Three days of five-minute readings with a gap, and one token of each kind.
fn data() -> ReportData {
    let point = |step: u32| {
        let mg = 60 + (step * 7) % 200;
        let measured = match step {
            10 => Measurement::BelowRange,
            20 => Measurement::AboveRange,
            _ => Glucose::parse(&mg.to_string(), GlucoseUnit::MgPerDl).unwrap().into(),
        };
        Point { wall_clock: START.plus(Duration::from_secs(300) * step), measured }
    };
    let end = START.plus(Duration::from_secs(3 * 86_400));
    ReportData {
        person: "Ann <script>alert('x')</script> & \"Bob\"".to_owned(),
        source: "Meter".to_owned(),
        made: end,
        verified: "864 readings read back".to_owned(),
        points: (0..864).filter(|step| !(300..340).contains(step)).map(point).collect(),
        left_out: vec![("no value".to_owned(), 3)],
        grants: vec![
            right("A1 <b>", Standing::Revoked { height: Height::new(1234) }),
            right("A4", Standing::Exhausted { quota: 1 }),
        ],
        accesses: vec![AccessLine {
            at: end,
            height: 7,
            who: "A2".to_owned(),
            what: "1 hour".to_owned(),
            answer: Answer::Refused { reason: "It has no right.".to_owned() },
        }],
        notices: vec![NoticeLine { at: end, height: 9, text: "A2 <i> broke the glass.".to_owned() }],
        proofs: vec![ProofLine {
            verifier: "A3".to_owned(),
            learned: "In range.".to_owned(),
            hidden: "No value.".to_owned(),
        }],
        checks: vec![CheckLine { altered: "A bit".to_owned(), noticed: "Refused.".to_owned(), detected: true }],
        network: vec![("Last block".to_owned(), "7".to_owned())],
    }
}

/// Elements without content or end tag.
const VOID: [&str; 2] = ["meta", "br"];

/// Names of elements that are open at the end, after checking that every end tag closes the element last opened.
fn still_open(page: &str) -> Vec<String> {
    let mut open = Vec::new();
    for tag in page.split('<').skip(1) {
        let (inside, _) = tag.split_once('>').unwrap();
        let name = inside.split([' ', '\n']).next().unwrap();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed));
        } else if !inside.ends_with('/') && !name.starts_with('!') && !VOID.contains(&name) {
            open.push(name.to_owned());
        }
    }
    open
}

#[test]
fn the_page_is_well_formed_with_and_without_readings() {
    assert_eq!(still_open(&render(&data())), Vec::<String>::new());
    let nothing = ReportData {
        points: vec![],
        grants: vec![],
        accesses: vec![],
        notices: vec![],
        proofs: vec![],
        checks: vec![],
        network: vec![],
        left_out: vec![],
        verified: String::new(),
        ..data()
    };
    let page = render(&nothing);
    assert_eq!(still_open(&page), Vec::<String>::new());
    assert!(!page.contains("NaN") && !page.contains("inf"), "a picture of nothing has no coordinates");
    assert!(!page.contains("class=\"seal"), "nothing was checked and nothing is claimed");
}

#[test]
fn texts_from_outside_cannot_become_markup() {
    let page = render(&data());
    assert!(!page.contains("<script") && !page.contains("A1 <b>"));
    assert!(page.contains("Ann &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;Bob&quot;"));
    assert!(page.contains("A1 &lt;b&gt;"));
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let page = render(&data());
    for word in ["http:", "https:", " src=", "@import", "<link", "<img", "<iframe", "javascript:"] {
        assert!(!page.contains(word), "{word}");
    }
    assert_eq!(page.matches("url(").count(), page.matches("url(#levels)").count());
}

#[test]
fn the_page_says_who_may_read_and_who_was_refused() {
    let page = render(&data());
    for text in [
        "taken back at block 1,234",
        "used up: its one request was served",
        "3 Feb to 6 Feb 2014",
        "no end",
        "<b>A2</b> asked for 1 hour. It has no right.",
        "<b>3</b> no value",
        "824 readings",
        "A2 &lt;i&gt; broke the glass.",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn alterations_that_went_unnoticed_are_not_hidden() {
    let mut data = data();
    data.checks[0].detected = false;
    let page = render(&data);
    assert!(page.contains("Alterations that went unnoticed: 1") && !page.contains("864 readings read back"));
}

#[test]
fn pictures_carry_their_content_in_words() {
    let page = render(&data());
    let pictures = page.matches("<svg ").count();
    let named = page.matches("<title").count() - 1;
    // The definitions of colours are no picture.
    assert_eq!(pictures - 1, named);
    assert!(page.contains("The median is lowest at"));
    assert_eq!(page.matches("class=\"token-low\"").count(), 1);
    assert_eq!(page.matches("class=\"token-high\"").count(), 1);
}
