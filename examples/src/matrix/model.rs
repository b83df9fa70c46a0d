//! What ought to be allowed, in plain numbers: no type of the ledger's rules, no index, no proof.
//!
//! A request is allowed if and only if: it is made for this network; by the holder of an admitted member's key, whose
//! admission stands and whose certificate is valid; for an account that exists; for records that are all in it, none of
//! them waiting for the patient's word or erased; no rule of that account that excludes the asker is in force for the verb
//! and purpose and touches any of the records; and some rule that permits - the one named, if one is named - is for the
//! asker, has begun and not ended in time and in height, was neither taken back nor given up for another, has requests
//! left, and covers verb, purpose and every record entirely. Failing that, and only to read for the purpose of an emergency
//! and naming no rule: if the asker's latest emergency of that account is open, covers every record, and has requests left.
//!
//! What was allowed opens at the gate, then or later, if it was to read, and if what it relied on allows it still; that it
//! has been counted already does not count again.

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
    /// Requests it serves in all; none for any number.
    pub quota: Option<u32>,
    /// Requests it still serves.
    pub left: Option<u32>,
    /// Taken back, or given up for another rule.
    pub ended: bool,
}

impl Rule {
    /// Whether it has run out, in a block of this height and time (milliseconds).
    #[must_use]
    pub const fn is_over(&self, height: u64, time: i64) -> bool {
        time >= self.times.1 || height >= self.heights.1
    }
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a part of a model")]
pub enum Keeping {
    /// In the account.
    Kept,
    /// Published by an institution; the patient has said nothing.
    Waiting,
    /// Erased.
    Erased,
}

/// A record.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a part of a model")]
pub struct Record {
    /// Whose, by number of the patient.
    pub patient: usize,
    /// Which hour it is about.
    pub hour: u64,
    /// Where it is.
    pub keeping: Keeping,
}

/// An emergency that was asked for.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a part of a model")]
pub struct Emergency {
    /// Whose data.
    pub patient: usize,
    /// Who asked.
    pub asker: usize,
    /// First and first-not-included hour of the data.
    pub hours: (u64, u64),
    /// Whether enough people the patient trusts agreed.
    pub approved: bool,
    /// Height and millisecond from which on it is over, whichever comes first.
    pub until: (u64, i64),
    /// Requests it still serves.
    pub left: u32,
    /// Ended by the patient.
    pub ended: bool,
}

impl Emergency {
    /// Whether it is neither over nor ended, approved or not.
    #[must_use]
    pub const fn is_running(&self, height: u64, time: i64) -> bool {
        !self.ended && height < self.until.0 && time < self.until.1
    }
}

/// What a request was allowed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a part of a model")]
pub enum By {
    /// A rule, by number.
    Rule(usize),
    /// An emergency, by number.
    Emergency(usize),
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
    /// Which records, by number.
    pub records: Vec<usize>,
    /// Updating instead of reading.
    pub updates: bool,
    /// Code of the purpose.
    pub purpose: &'static str,
    /// Whether that is the purpose of emergencies.
    pub urgent: bool,
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
    /// Every record there ever was, in order.
    pub records: Vec<Record>,
    /// Every emergency that was ever asked for, in order.
    pub emergencies: Vec<Emergency>,
}

impl Model {
    /// Whether a member can act at this time.
    #[must_use]
    pub fn is_fit(&self, asker: usize, time: i64) -> bool {
        self.askers.get(asker).is_some_and(|asker| !asker.dismissed && time < asker.certified_until)
    }

    /// Whether a request in a block of this height and time (milliseconds) ought to be allowed, and by what: the latest
    /// rule that allows it, or an emergency.
    #[must_use]
    pub fn allows(&self, request: &Request, height: u64, time: i64) -> Option<By> {
        let asker = request.asker?;
        if !self.is_open(request, height, time)? {
            return None;
        }
        let has_left = |number: &usize| {
            let named = request.named.is_none_or(|named| named == *number);
            named && self.rules.get(*number).is_some_and(|rule| rule.left != Some(0))
        };
        let mut numbers = (0..self.rules.len()).rev().filter(has_left);
        if let Some(number) = numbers.find(|number| self.permits(*number, request, height, time)) {
            return Some(By::Rule(number));
        }
        if !request.urgent || request.updates || request.named.is_some() {
            return None;
        }
        let own = |one: &Emergency| Some(one.patient) == request.patient && one.asker == asker;
        let number = self.emergencies.iter().rposition(own)?;
        let one = self.emergencies.get(number)?;
        let covers = request.records.iter().filter_map(|number| self.records.get(*number)).all(|record| {
            let (from, until) = one.hours;
            from <= record.hour && record.hour < until
        });
        let open = one.approved && one.is_running(height, time);
        (open && covers && one.left > 0).then_some(By::Emergency(number))
    }

    /// Whether what was allowed by `by` ought to open at the gate in a block of this height and time.
    #[must_use]
    pub fn opens(&self, request: &Request, by: By, height: u64, time: i64) -> bool {
        let holds = match by {
            By::Rule(number) => self.permits(number, request, height, time),
            By::Emergency(number) => self.emergencies.get(number).is_some_and(|one| one.is_running(height, time)),
        };
        holds && !request.updates && self.is_open(request, height, time) == Some(true)
    }

    /// What has to hold whatever allows the request: asker, account, records, and nobody excluded.
    fn is_open(&self, request: &Request, height: u64, time: i64) -> Option<bool> {
        let fit = request.holds_key && request.this_network && self.is_fit(request.asker?, time);
        let patient = request.patient?;
        let there = |number: &usize| {
            let record = self.records.get(*number);
            record.is_some_and(|record| record.patient == patient && record.keeping == Keeping::Kept)
        };
        if !fit || !request.records.iter().all(there) {
            return Some(false);
        }
        let touches = |rule: &Rule| self.hours(request).any(|hour| rule.hours.0 <= hour && hour < rule.hours.1);
        let excludes = |rule: &&Rule| !rule.permits && self.speaks(rule, request, height, time) && touches(rule);
        Some(!self.rules.iter().any(|rule| excludes(&rule)))
    }

    /// Whether a rule permits and covers everything that is asked, its quota aside.
    fn permits(&self, number: usize, request: &Request, height: u64, time: i64) -> bool {
        self.rules.get(number).is_some_and(|rule| {
            let covers = self.hours(request).all(|hour| rule.hours.0 <= hour && hour < rule.hours.1);
            rule.permits && covers && self.speaks(rule, request, height, time)
        })
    }

    /// Whether a rule is in force and has a word for this asker, verb and purpose.
    fn speaks(&self, rule: &Rule, request: &Request, height: u64, time: i64) -> bool {
        if rule.ended || Some(rule.patient) != request.patient || rule.is_over(height, time) {
            return false;
        }
        let role = request.asker.and_then(|asker| self.askers.get(asker)).map(|asker| asker.role);
        let for_asker = match rule.whom {
            Whom::One(one) => Some(one) == request.asker,
            Whom::Role(one) => Some(one) == role,
            Whom::All => true,
        };
        let verb = if request.updates { rule.verbs.1 } else { rule.verbs.0 };
        let begun = rule.times.0 <= time && rule.heights.0 <= height;
        for_asker && verb && begun && rule.purposes.contains(&request.purpose)
    }

    fn hours(&self, request: &Request) -> impl Iterator<Item = u64> {
        request.records.iter().filter_map(|number| self.records.get(*number)).map(|record| record.hour)
    }

    /// One request has been served.
    pub fn spend(&mut self, by: By) {
        match by {
            By::Rule(number) => {
                if let Some(left) = self.rules.get_mut(number).and_then(|rule| rule.left.as_mut()) {
                    *left = left.saturating_sub(1);
                }
            }
            By::Emergency(number) => {
                if let Some(one) = self.emergencies.get_mut(number) {
                    one.left = one.left.saturating_sub(1);
                }
            }
        }
    }
}
