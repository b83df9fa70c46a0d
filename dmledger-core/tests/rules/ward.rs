//! A patient with trustees: what tests of emergency, recovery and erasure begin with.

use super::{Done, anchored, signed, world};
use core::time::Duration;
use dmledger_core::{
    action::{Action, Appoint, ApproveEmergency, EndEmergency, SignedAction},
    codec::List,
    decide::AccessOutcome,
    emergency::{
        Appointment, Circle, Emergency, EmergencyId, EmergencyRequest, EmergencyTerms, Immediate, PatientState, Period,
        RecoveryTerms,
    },
    envelope::{
        AccountId,
        Meaning::{Approved, Authored, CoSigned},
    },
    hash::Digest,
    identity::Role,
    key::SecretKey,
    ledger::{Ledger, StateMachine},
    record::RecordId,
    scope::Purpose,
    testing::{World, world::Party},
    time::{Height, Moment, TimeRange, Timestamp},
};

pub(super) type Failed = Box<dyn std::error::Error + Send + Sync>;

pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// Patient 0 has five records; nobody has a grant. Six more members: three to be emergency trustees, the last of them a
/// regulator, and three to be recovery trustees; and a physician.
pub(super) struct Ward {
    pub(super) world: World,
    pub(super) ledger: Ledger,
    pub(super) parties: Vec<Party>,
    pub(super) records: Vec<RecordId>,
}

pub(super) const EMERGENCY: [usize; 3] = [0, 1, 2];
pub(super) const RECOVERY: [usize; 3] = [3, 4, 5];
pub(super) const PHYSICIAN: usize = 6;

/// A ward in which nobody has been appointed.
pub(super) fn ward() -> Result<Ward, Failed> {
    let (mut world, mut ledger) = world()?;
    let roles = [
        (Role::Trustee, "Sister"),
        (Role::Trustee, "Brother"),
        (Role::Regulator, "Ombudsman"),
        (Role::Trustee, "Friend"),
        (Role::Trustee, "Notary"),
        (Role::Trustee, "Bank"),
        (Role::Physician, "Doctor"),
    ];
    let mut parties = Vec::new();
    for (role, name) in roles {
        let key = world.key();
        parties.push(world.party(key, role, name)?);
    }
    let admissions = parties.iter().map(|party| world.admission(party, 2)).collect::<Result<Vec<_>, _>>()?;
    world.advance(&mut ledger, &admissions)?;
    let records = anchored(&mut world, &mut ledger, 0, 5)?;
    Ok(Ward { world, ledger, parties, records })
}

/// A ward with two of three emergency trustees and two of three recovery trustees.
pub(super) fn trusted() -> Result<Ward, Failed> {
    let mut ward = ward()?;
    let actions = [
        ward.appoint(0, Appointment::BreakGlass(Some(ward.emergency_terms()?))),
        ward.appoint(0, Appointment::Recovery(Some(ward.recovery_terms()?))),
    ];
    ward.advance(&actions)?;
    Ok(ward)
}

impl Ward {
    pub(super) fn account(&self) -> AccountId {
        self.world.patients()[0].account
    }

    pub(super) fn circle(&self, threshold: u8, who: &[usize]) -> Result<Circle, Failed> {
        Ok(Circle::new(threshold, who.iter().map(|i| self.parties[*i].id()).collect())?)
    }

    /// Two of three; hospitals and physicians; ten minutes and five blocks of delay, none with all three if one of them
    /// is a regulator; an hour and a hundred blocks of life; three requests.
    pub(super) fn emergency_terms(&self) -> Result<EmergencyTerms, Failed> {
        Ok(EmergencyTerms {
            circle: self.circle(2, &EMERGENCY)?,
            requesters: List::new(vec![Role::Hospital, Role::Physician])?,
            look_back_ms: None,
            delay: Period::new(HOUR / 6, 5),
            immediate: Some(Immediate { approvals: 3, role: Some(Role::Regulator) }),
            life: Period::new(HOUR, 100),
            uses: 3,
            reviewer: None,
        })
    }

    /// Two of three; three days and twenty blocks of window, ten days of pause.
    pub(super) fn recovery_terms(&self) -> Result<RecoveryTerms, Failed> {
        let circle = self.circle(2, &RECOVERY)?;
        Ok(RecoveryTerms { circle, window: Period::new(3 * DAY, 20), pause: Period::new(10 * DAY, 0) })
    }

    /// A decision of the patient, with both keys.
    pub(super) fn appoint(&self, number: u64, appointment: Appointment) -> SignedAction {
        self.by_patient(Action::Appoint(Box::new(Appoint { number, appointment })))
    }

    /// Something about the account, signed by both patient keys.
    pub(super) fn by_patient(&self, body: Action) -> SignedAction {
        let patient = &self.world.patients()[0];
        self.signed(body, &[(&patient.phone, Authored), (&patient.home, CoSigned)])
    }

    pub(super) fn signed(&self, body: Action, keys: &[(&SecretKey, dmledger_core::envelope::Meaning)]) -> SignedAction {
        signed(&self.world, Some(self.account()), body, keys)
    }

    /// A request for all data, break-glass, of a patient who can answer.
    pub(super) fn request(&mut self) -> EmergencyRequest {
        EmergencyRequest {
            id: EmergencyId::new(self.world.bytes()),
            terms: 0,
            reason: Purpose::BreakTheGlass,
            patient: PatientState::Responsive,
            data: TimeRange::ALWAYS,
            statement: Digest::new(self.world.bytes()),
        }
    }

    /// The hospital asks, with the approval of these parties.
    pub(super) fn ask(&self, request: &EmergencyRequest, approving: &[usize]) -> SignedAction {
        let mut keys = vec![(&self.world.institutions()[0].key, Authored)];
        keys.extend(approving.iter().map(|i| (&self.parties[*i].key, Approved)));
        self.signed(Action::RequestEmergency(request.clone()), &keys)
    }

    pub(super) fn approve(&self, id: EmergencyId, who: &[usize]) -> SignedAction {
        let keys: Vec<_> = who.iter().map(|i| (&self.parties[*i].key, Approved)).collect();
        self.signed(Action::ApproveEmergency(ApproveEmergency { id }), &keys)
    }

    /// Opens an emergency at once; returns its request and the block in which it opened.
    pub(super) fn opened(&mut self) -> Result<(EmergencyRequest, Moment), Failed> {
        let mut request = self.request();
        request.patient = PatientState::Unresponsive;
        let (asked, at) = (self.ask(&request, &EMERGENCY), self.next());
        self.advance(&[asked])?;
        Ok((request, at))
    }

    pub(super) fn end(&self, id: EmergencyId, key: &SecretKey) -> SignedAction {
        self.signed(Action::EndEmergency(EndEmergency { id }), &[(key, Authored)])
    }

    pub(super) fn emergency(&self, id: EmergencyId) -> Result<Emergency, Failed> {
        Ok(self.ledger.facts().emergency(&id)?.ok_or("no such emergency")?)
    }

    /// The block after the tip, if it is made a second from now.
    pub(super) fn next(&self) -> Moment {
        let time = self.world.clock().plus(Duration::from_secs(1));
        Moment { height: self.ledger.tip().height.next(), time }
    }

    pub(super) fn advance(&mut self, actions: &[SignedAction]) -> Done {
        self.world.advance(&mut self.ledger, actions)?;
        Ok(())
    }

    /// Empty blocks until the next one has this height and this time.
    pub(super) fn until(&mut self, height: Height, time: Timestamp) -> Done {
        while self.next().height < height {
            self.advance(&[])?;
        }
        let left = time.since(self.next().time);
        self.world.wait(left);
        assert_eq!(self.next(), Moment { height, time }, "a moment that cannot be reached exactly");
        Ok(())
    }

    /// Waits without blocks, then makes blocks, so that at least this much has passed in both measures.
    pub(super) fn pass(&mut self, period: Period) -> Done {
        self.world.wait(period.duration());
        for _ in 0..period.blocks() {
            self.advance(&[])?;
        }
        Ok(())
    }

    /// The hospital asks for records, for this purpose, and gets this answer.
    pub(super) fn read(&mut self, purpose: Purpose) -> Result<AccessOutcome, Failed> {
        self.read_as(0, self.records.clone(), purpose)
    }

    pub(super) fn read_as(
        &mut self,
        institution: usize,
        records: Vec<RecordId>,
        purpose: Purpose,
    ) -> Result<AccessOutcome, Failed> {
        let mut request = self.world.request(records)?;
        request.purpose = purpose;
        let action = self.world.access(institution, 0, request)?;
        self.advance(&[action])?;
        super::last_answer(&self.world, &self.ledger, 0)
    }
}
