//! What ought to be allowed, in plain numbers: no type of the ledger's rules, no index, no proof.
//!
//! A request is allowed if and only if: it is made for this network; by the holder of an admitted member's key, whose
//! admission stands and whose certificate is valid; for an account that exists; for records that are all in it; no rule
//! of that account that excludes the asker is in force for the verb and purpose and touches any of the records; and some
//! rule that permits - the one named, if one is named - is for the asker, has begun and not ended in time and in height,
//! was not taken back, has requests left, and covers verb, purpose and every record entirely.

/// For whom a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a part of a model")]
pub enum Whom {
    /// One member, by number.
    One(usize),
    /// All of a role, by its number.
    Role(u8),
    /// Every member.
    All,
}

/// What a patient has said.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a part of a model")]
pub struct Rule {
    /// Whose rule, by number of the patient.
    pub patient: usize,
    /// Opens, or closes.
    pub permits: bool,
    /// For whom.
    pub whom: Whom,
    /// First and first-not-included hour of the data.
    pub hours: (u64, u64),
    /// First and first-not-included millisecond of its validity.
    pub times: (i64, i64),
    /// First and first-not-included height of its validity.
    pub heights: (u64, u64),
    /// Reading, updating.
    pub verbs: (bool, bool),
    /// Codes of its purposes.
    pub purposes: Vec<&'static str>,
    /// Requests it still serves; none for any number.
    pub left: Option<u32>,
    /// Taken back.
    pub ended: bool,
}

/// A member.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a part of a model")]
pub struct Asker {
    /// Number of the role.
    pub role: u8,
    /// First millisecond at which the certificate is no longer valid.
    pub certified_until: i64,
    /// Out of the network.
    pub dismissed: bool,
}

/// A request.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a part of a model")]
pub struct Request {
    /// Which member; none for a stranger.
    pub asker: Option<usize>,
    /// Whether the one who asks holds that member's key.
    pub holds_key: bool,
    /// Made for this network.
    pub this_network: bool,
    /// Which patient's account; none for one that does not exist.
    pub patient: Option<usize>,
    /// The hour each record is about, and whose it is.
    pub records: Vec<(usize, u64)>,
    /// Updating instead of reading.
    pub updates: bool,
    /// Code of the purpose.
    pub purpose: &'static str,
    /// Number of the rule that is relied on, if one is named.
    pub named: Option<usize>,
}

/// The whole model.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a part of a model")]
pub struct Model {
    /// Members.
    pub askers: Vec<Asker>,
    /// Everything the patients ever said, in order.
    pub rules: Vec<Rule>,
}

impl Model {
    /// Whether a request in a block of this height and time (milliseconds) ought to be allowed, and by which rule first
    /// of the latest.
    #[must_use]
    pub fn allows(&self, request: &Request, height: u64, time: i64) -> Option<usize> {
        let asker = self.askers.get(request.asker?)?;
        let fit = request.holds_key && request.this_network && !asker.dismissed && time < asker.certified_until;
        let patient = request.patient?;
        if !fit || request.records.iter().any(|(owner, _)| *owner != patient) {
            return None;
        }
        let for_asker = |rule: &Rule| match rule.whom {
            Whom::One(one) => Some(one) == request.asker,
            Whom::Role(role) => role == asker.role,
            Whom::All => true,
        };
        let speaks = |rule: &Rule| {
            let verb = if request.updates { rule.verbs.1 } else { rule.verbs.0 };
            let begun = rule.times.0 <= time && rule.heights.0 <= height;
            let over = time >= rule.times.1 || height >= rule.heights.1;
            let purpose = rule.purposes.contains(&request.purpose);
            rule.patient == patient && for_asker(rule) && !rule.ended && verb && begun && !over && purpose
        };
        let inside = |rule: &Rule, hour: u64| rule.hours.0 <= hour && hour < rule.hours.1;
        let excluded = self
            .rules
            .iter()
            .any(|rule| !rule.permits && speaks(rule) && request.records.iter().any(|(_, hour)| inside(rule, *hour)));
        if excluded {
            return None;
        }
        let mut usable = self.rules.iter().enumerate().filter(|(number, rule)| {
            rule.permits
                && speaks(rule)
                && rule.left != Some(0)
                && request.named.is_none_or(|named| named == *number)
                && request.records.iter().all(|(_, hour)| inside(rule, *hour))
        });
        usable.rfind(|_| true).map(|(number, _)| number)
    }

    /// One request of a rule has been served.
    pub fn spend(&mut self, rule: usize) {
        if let Some(left) = self.rules.get_mut(rule).and_then(|rule| rule.left.as_mut()) {
            *left = left.saturating_sub(1);
        }
    }
}
