//! Any supported device, read by the procedure of its kind, its values made readings as the ledger holds them.

use super::{DeviceArgs, Ending, pairs, read_meter, shown_by};
use crate::error::{During, HostError};
use async_trait::async_trait;
use dmledger_ble::{
    codec::uuid::{
        BLOOD_PRESSURE_SERVICE, CGM_SERVICE, GLUCOSE_SERVICE, HEALTH_THERMOMETER_SERVICE, HEART_RATE_SERVICE,
        PLX_SPOT_CHECK, PULSE_OXIMETER_SERVICE, Uuid, WEIGHT_SCALE_SERVICE,
    },
    ingest::{self, Device, IngestError},
    link::{BondState, Central, DeviceId, Link, LinkError, drive},
    procedure::{
        Uptime,
        blood_pressure::{Indicated, Indications, Measured},
        cgm_session::{CgmConfig, CgmOutcome, CgmSession},
        conversation::{Failure, Limits, Procedure},
        glucose_sync::SyncConfig,
        heart_rate::HeartRateStream,
        stream::{OximeterStream, Sample, StreamOutcome},
    },
    radio::{Radio, Sighting},
};
use dmledger_core::{
    record::Reading,
    time::{Clock as _, Timestamp},
};
use dmledger_net::node::SystemClock;
use serde_json::{Value, json};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The services of which a device is read, in the order in which they are looked for.
pub const SERVICES: [Uuid; 7] = [
    GLUCOSE_SERVICE,
    CGM_SERVICE,
    BLOOD_PRESSURE_SERVICE,
    HEART_RATE_SERVICE,
    PULSE_OXIMETER_SERVICE,
    HEALTH_THERMOMETER_SERVICE,
    WEIGHT_SCALE_SERVICE,
];

/// How long a device that streams may pause, and still nothing is missing.
const PAUSE: Duration = Duration::from_secs(3);

/// Reads a device for what it advertises and says how that went: a meter and a sensor to the last stored record, a cuff,
/// scale, thermometer or oximeter until it has been silent for `listen`, a heart rate and an oximeter that only streams
/// for as long as that.
///
/// # Errors
/// Only when the answer cannot be printed.
pub async fn read_device(
    radio: &Radio,
    seen: &Sighting,
    listen: Duration,
    args: &DeviceArgs,
) -> Result<Ending, HostError> {
    let Some(service) = SERVICES.into_iter().find(|service| seen.offers(*service)) else {
        return print(&json!({ "outcome": "failed", "error": "no service that is known" }), Ending::Failed, args);
    };
    if service == GLUCOSE_SERVICE {
        return read_meter(radio, seen, SyncConfig::new(), args, true).await;
    }
    let session = Session::new(radio, seen.device());
    let quiet = listen;
    let heard = match service {
        CGM_SERVICE => session.sensor().await,
        HEART_RATE_SERVICE => session.heart_rate(listen).await,
        BLOOD_PRESSURE_SERVICE => session.indicated("cuff", quiet, ingest::blood_pressure).await,
        PULSE_OXIMETER_SERVICE => session.oximeter(listen).await,
        HEALTH_THERMOMETER_SERVICE => session.indicated("thermometer", quiet, ingest::temperature).await,
        _ => session.indicated("scale", quiet, ingest::weight).await,
    };
    let bond = session.bond();
    heard.tell(seen, bond, args)
}

/// What a device delivered.
#[derive(Debug, Default)]
struct Heard {
    kind: &'static str,
    readings: Vec<Reading>,
    /// Values that are no readings, with the reason.
    refused: Vec<String>,
    undecodable: u32,
    repeats: u32,
    reconnects: u32,
    /// Stretches of a stream of which nothing came.
    gaps: u32,
    holes: Vec<(u16, u16)>,
    proof: Option<&'static str>,
    failure: Option<Failure>,
}

impl Heard {
    fn take(&mut self, reading: Result<Reading, IngestError>) {
        match reading {
            Ok(reading) => self.readings.push(reading),
            Err(error) => self.refused.push(error.to_string()),
        }
    }

    fn ending(&self) -> Ending {
        let nothing = self.readings.is_empty() && self.refused.is_empty();
        match self.failure {
            Some(_) if nothing => Ending::Failed,
            None if self.undecodable == 0 && self.refused.is_empty() && self.gaps == 0 => Ending::Complete,
            _ => Ending::Incomplete,
        }
    }

    fn tell(&self, seen: &Sighting, bond: Option<BondState>, args: &DeviceArgs) -> Result<Ending, HostError> {
        let ending = self.ending();
        let answer = json!({
            "device": seen.device().as_str(),
            "name": seen.name(),
            "kind": self.kind,
            "bond": bond.map(|bond| format!("{bond:?}")),
            "outcome": format!("{ending:?}").to_lowercase(),
            "proof": self.proof,
            "reason": self.failure.map(|failure| format!("{failure:?}")),
            "holes": self.holes,
            "gaps": self.gaps,
            "records": self.readings.len(),
            "refused": self.refused,
            "undecodable": self.undecodable,
            "repeats": self.repeats,
            "reconnects": self.reconnects,
            "readings": self.readings.iter().map(reading).collect::<Vec<_>>(),
        });
        print(&answer, ending, args)
    }
}

fn reading(reading: &Reading) -> Value {
    let provenance = reading.provenance();
    json!({
        "kind": reading.kind().to_string(),
        "sequence": provenance.sequence,
        "base_time": provenance.base_time.to_string(),
        "value": reading.measured().to_string(),
        "raw": provenance.raw.to_string(),
    })
}

/// Prints one JSON object, or the same for a person.
#[expect(clippy::print_stdout, reason = "the answer is what the program is for")]
fn print(answer: &Value, ending: Ending, args: &DeviceArgs) -> Result<Ending, HostError> {
    if args.json {
        println!("{}", serde_json::to_string(answer).during("report")?);
        return Ok(ending);
    }
    for reading in answer["readings"].as_array().into_iter().flatten() {
        println!("{} {}", reading["base_time"].as_str().unwrap_or("?"), reading["value"].as_str().unwrap_or("?"));
    }
    let count = answer["records"].as_u64().unwrap_or(0);
    let why = ["reason", "error"].into_iter().find_map(|name| answer[name].as_str()).map(|why| format!(" ({why})"));
    let holes = answer["holes"].as_array().filter(|holes| !holes.is_empty());
    let holes = holes.map(|holes| format!(", may be missing: {}", Value::from(holes.clone())));
    let outcome = answer["outcome"].as_str().unwrap_or("?");
    println!("{outcome}{}: {count} readings{}", why.unwrap_or_default(), holes.unwrap_or_default());
    Ok(ending)
}

/// The radio, with the bond of the last link noted.
struct Session<'a> {
    radio: &'a Radio,
    device: &'a DeviceId,
    bond: Mutex<Option<BondState>>,
    began: (Timestamp, Uptime),
}

#[async_trait]
impl Central for Session<'_> {
    async fn connect(&self, device: &DeviceId) -> Result<Box<dyn Link>, LinkError> {
        let link = self.radio.connect(device).await?;
        *self.bond.lock().unwrap_or_else(PoisonError::into_inner) = Some(link.bond());
        Ok(link)
    }

    fn uptime(&self) -> Uptime {
        self.radio.uptime()
    }
}

impl<'a> Session<'a> {
    fn new(radio: &'a Radio, device: &'a DeviceId) -> Self {
        Self { radio, device, bond: Mutex::new(None), began: (SystemClock.now(), radio.uptime()) }
    }

    fn bond(&self) -> Option<BondState> {
        *self.bond.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a procedure to its end.
    async fn run<P>(&self, mut procedure: P) -> (Vec<P::Item>, P::Outcome)
    where
        P: Procedure + Send,
        P::Item: Send,
        P::Outcome: Send,
    {
        let mut items = Vec::new();
        let outcome = drive(self, self.device, &mut procedure, &mut |item| items.push(item)).await;
        (items, outcome)
    }

    /// Who the readings are of; its zone is not known.
    fn identity(&self) -> Device {
        Device::new(self.device.as_str().as_bytes(), self.bond().unwrap_or(BondState::NotBonded))
    }

    fn received(&self, at: Uptime) -> Timestamp {
        let (wall, uptime) = self.began;
        wall.plus(at.since(uptime))
    }

    async fn sensor(&self) -> Heard {
        let (items, outcome) = self.run(CgmSession::new(CgmConfig::new())).await;
        let (identity, received) = (self.identity(), self.received(self.uptime()));
        let summary = outcome.summary();
        let mut heard = Heard { kind: "sensor", ..Heard::default() };
        (heard.undecodable, heard.repeats, heard.reconnects) =
            (summary.undecodable(), summary.repeats(), summary.reconnects());
        items.iter().for_each(|item| heard.take(ingest::cgm(item, &identity, received)));
        match &outcome {
            CgmOutcome::Complete { proof, .. } => {
                // What no decoder accepted was fetched again.
                heard.undecodable = 0;
                heard.proof = Some(shown_by(*proof));
            }
            CgmOutcome::Incomplete(incomplete) => {
                heard.failure = Some(incomplete.reason());
                heard.holes = pairs(incomplete.holes()).collect();
            }
        }
        heard
    }

    async fn heart_rate(&self, listen: Duration) -> Heard {
        let (items, outcome) = self.run(HeartRateStream::new(listen, PAUSE, limits(listen))).await;
        self.streamed("heart rate", &items, outcome.stream(), ingest::heart_rate)
    }

    /// An oximeter offers spot checks that it keeps, a stream, or both; what is kept goes first.
    async fn oximeter(&self, listen: Duration) -> Heard {
        let heard = self.indicated("oximeter", listen, ingest::oxygen).await;
        if heard.failure != Some(Failure::Missing(PLX_SPOT_CHECK)) {
            return heard;
        }
        let (items, outcome) = self.run(OximeterStream::new(listen, PAUSE, limits(listen))).await;
        self.streamed("streaming oximeter", &items, &outcome, ingest::oxygen_sample)
    }

    fn streamed<C>(
        &self,
        kind: &'static str,
        items: &[Sample<C>],
        outcome: &StreamOutcome,
        ingest: fn(&Sample<C>, u32, &Device, Timestamp) -> Result<Reading, IngestError>,
    ) -> Heard {
        let identity = self.identity();
        let mut heard = Heard { kind, gaps: outcome.gaps(), failure: outcome.end().err(), ..Heard::default() };
        (heard.undecodable, heard.repeats, heard.reconnects) =
            (outcome.undecodable(), outcome.repeats(), outcome.reconnects());
        for (number, item) in (0_u32..).zip(items) {
            heard.take(ingest(item, number, &identity, self.received(item.received())));
        }
        heard
    }

    async fn indicated<C: Indicated + Send>(
        &self,
        kind: &'static str,
        quiet: Duration,
        ingest: fn(&Measured<C>, &Device, Timestamp) -> Result<Reading, IngestError>,
    ) -> Heard {
        let (items, outcome) = self.run(Indications::<C>::new(quiet, limits(quiet))).await;
        let identity = self.identity();
        let mut heard = Heard { kind, undecodable: outcome.undecodable(), ..Heard::default() };
        (heard.repeats, heard.reconnects) = (outcome.repeats(), outcome.reconnects());
        items.iter().for_each(|item| heard.take(ingest(item, &identity, self.received(item.received()))));
        heard.failure = outcome.end().err();
        heard
    }
}

/// Limits that leave the time asked for.
fn limits(listen: Duration) -> Limits {
    Limits::new().with_session(Duration::from_secs(30 * 60).saturating_add(listen))
}
