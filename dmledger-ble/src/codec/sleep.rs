//! Sleep: the activity monitor's two characteristics 0x2B41 and 0x2B42, and the vendor's record of a night.
//!
//! **Unconfirmed layout.** The only public decoder of 2B41 and 2B42 contradicts the layout of their siblings (general
//! activity, step counter), and no second public source was found. [`ActivitySleep`] therefore reads the prefix that
//! the siblings share and keeps everything behind it as octets; nothing medical is read from it.
//!
//! [`Night`] is a vendor record for wearables built with this crate. Layout, least significant octet first: flags u8
//! (bit 0: stages present, others reserved), sequence number u16, start (7 octets, the device's clock), time offset i16
//! in minutes, seconds in bed u32, seconds asleep u32, awakenings u16; with stages three u32: seconds of light, deep and
//! REM sleep. 22 or 34 octets. Stored nights are fetched with the record access control point of the same service.

use super::Characteristic;
use super::cursor::{Reader, Remainder, Writer};
use super::date_time::DateTime;
use super::glucose::SequenceNumber;
use super::layout::{flags, record};
use super::uuid::Uuid;
use crate::error::{DecodeError, EncodeError};

/// The vendor service of a wearable that keeps nights: [`NIGHT`] and a record access control point.
pub const NIGHT_SERVICE: Uuid = Uuid::vendor(0x646D_6C65_6467_6572_8000_0000_0002_0000);

/// The vendor characteristic of [`Night`], notified.
pub const NIGHT: Uuid = Uuid::vendor(0x646D_6C65_6467_6572_8000_0000_0002_0001);

flags! {
    /// Which fields follow the prefix of a sleep summary (one public source, unconfirmed).
    pub struct SleepFields(u32) {
        /// Total sleep time.
        TOTAL_SLEEP = 0;
        /// Total wake time.
        TOTAL_WAKE = 1;
        /// Total bed time.
        TOTAL_BED = 2;
        /// Number of awakenings.
        AWAKENINGS = 3;
        /// Sleep latency.
        LATENCY = 4;
        /// Sleep efficiency.
        EFFICIENCY = 5;
    }
}

/// A value of Sleep Activity Instantaneous 0x2B41 or Sleep Activity Summary 0x2B42, 16 octets and more: the prefix of
/// the activity monitor's characteristics; what follows is kept as it came. `NUMBER` is the characteristic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivitySleep<const NUMBER: u16> {
    header: u8,
    fields: SleepFields,
    session: u16,
    sub_session: u16,
    relative_seconds: u32,
    sequence: u32,
    rest: [u8; MAX_REST],
    rest_length: usize,
}

/// Sleep Activity Instantaneous 0x2B41.
pub type SleepInstant = ActivitySleep<0x2B41>;
/// Sleep Activity Summary 0x2B42.
pub type SleepSummary = ActivitySleep<0x2B42>;

impl<const NUMBER: u16> ActivitySleep<NUMBER> {
    /// The header octet (segmentation), as it came.
    #[must_use]
    pub const fn header(&self) -> u8 {
        self.header
    }

    /// Which fields follow.
    #[must_use]
    pub const fn fields(&self) -> SleepFields {
        self.fields
    }

    /// Number of the session.
    #[must_use]
    pub const fn session(&self) -> u16 {
        self.session
    }

    /// Number of the part of the session.
    #[must_use]
    pub const fn sub_session(&self) -> u16 {
        self.sub_session
    }

    /// Seconds since the session began.
    #[must_use]
    pub const fn relative_seconds(&self) -> u32 {
        self.relative_seconds
    }

    /// Number of the value.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }

    /// What follows the prefix, undecoded.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        self.rest.get(..self.rest_length).unwrap_or_default()
    }
}

impl<const NUMBER: u16> Characteristic for ActivitySleep<NUMBER> {
    const UUID: Uuid = Uuid::assigned(NUMBER);
    const MAX_BYTES: usize = 16 + MAX_REST;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let (header, fields) = (input.u8()?, SleepFields::from_bits(input.u24()?));
        let (session, sub_session) = (input.u16()?, input.u16()?);
        let (relative_seconds, sequence) = (input.u32()?, input.u32()?);
        let tail = input.take_rest();
        let mut rest = [0; MAX_REST];
        let Some(target) = rest.get_mut(..tail.len()) else {
            return Err(DecodeError::TrailingBytes { extra: tail.len() - MAX_REST });
        };
        target.copy_from_slice(tail);
        let rest_length = tail.len();
        Ok(Self { header, fields, session, sub_session, relative_seconds, sequence, rest, rest_length })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u8(self.header)?;
        out.u24(self.fields.bits())?;
        out.u16(self.session)?;
        out.u16(self.sub_session)?;
        out.u32(self.relative_seconds)?;
        out.u32(self.sequence)?;
        out.put(self.rest())
    }
}

/// Seconds of the stages of a sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the three stages of the record")]
pub struct Stages {
    /// Light sleep.
    pub light: u32,
    /// Deep sleep.
    pub deep: u32,
    /// REM sleep.
    pub rem: u32,
}

record! {
    /// A night as a wearable of this crate's vendor service keeps it, 22 or 34 octets.
    pub struct Night {
        required {
            /// Number of the record.
            sequence: SequenceNumber,
            /// When it began, on the device's clock.
            start: DateTime,
            /// Minutes the device adds to its clock for its display.
            time_offset: i16,
            /// Seconds in bed.
            in_bed: u32,
            /// Seconds asleep.
            asleep: u32,
            /// How often the person woke.
            awakenings: u16,
        }
        optional {
            /// Stages of the sleep.
            stages / with_stages: Stages,
        }
    }
}

impl Characteristic for Night {
    const UUID: Uuid = NIGHT;
    const MAX_BYTES: usize = 34;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let flags = input.u8()?;
        let sequence = SequenceNumber::new(input.u16()?);
        let (start, time_offset) = (DateTime::read(&mut input)?, input.i16()?);
        let (in_bed, asleep, awakenings) = (input.u32()?, input.u32()?, input.u16()?);
        let stages = input.when(flags & STAGES != 0, |input| {
            Ok(Stages { light: input.u32()?, deep: input.u32()?, rem: input.u32()? })
        })?;
        input.finish(Remainder::of_reserved((flags & !STAGES).into()))?;
        Ok(Self { sequence, start, time_offset, in_bed, asleep, awakenings, stages })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u8(if self.stages.is_some() { STAGES } else { 0 })?;
        out.u16(self.sequence.value())?;
        self.start.write(out)?;
        out.put(&self.time_offset.to_le_bytes())?;
        out.u32(self.in_bed)?;
        out.u32(self.asleep)?;
        out.u16(self.awakenings)?;
        let Some(stages) = self.stages else { return Ok(()) };
        [stages.light, stages.deep, stages.rem].into_iter().try_for_each(|seconds| out.u32(seconds))
    }
}

const STAGES: u8 = 1;
/// Room for what follows the prefix: the summary's fields are at most about 60 octets.
const MAX_REST: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::testing::{every_cut_is_refused, survives};
    use crate::codec::uuid::{SLEEP_INSTANT, SLEEP_SUMMARY};

    #[test]
    fn a_night_reads_field_by_field_and_every_cut_is_refused() {
        let start = DateTime::new(2024, 3, 15, 23, 5, 0).unwrap();
        let bare = Night::new(SequenceNumber::new(9), start, -60, 28_800, 25_200, 3);
        let staged = bare.with_stages(Stages { light: 14_000, deep: 5000, rem: 6200 });
        for (night, length) in [(bare, 22), (staged, 34)] {
            let mut buffer = [0; Night::MAX_BYTES];
            let octets = night.encode(&mut buffer).unwrap();
            assert_eq!((octets.len(), Night::decode(octets)), (length, Ok(night)));
            every_cut_is_refused::<Night>(octets);
        }
    }

    #[test]
    fn the_prefix_of_the_activity_monitor_is_read_and_the_rest_is_kept() {
        let mut octets = [0; 20];
        octets[..16].copy_from_slice(&[3, 0x21, 0, 0, 7, 0, 1, 0, 60, 0, 0, 0, 5, 0, 0, 0]);
        octets[16..].copy_from_slice(&[9, 8, 7, 6]);
        let value = SleepSummary::decode(&octets).unwrap();
        assert_eq!((value.session(), value.sub_session(), value.sequence()), (7, 1, 5));
        assert_eq!((value.relative_seconds(), value.rest()), (60, &[9, 8, 7, 6][..]));
        assert!(value.fields().contains(SleepFields::EFFICIENCY));
        survives::<SleepSummary>(&octets, |_| false);
        assert!((0..16).all(|end| SleepInstant::decode(&octets[..end]).is_err()));
        assert_eq!(SleepInstant::decode(&[0; 113]), Err(DecodeError::TrailingBytes { extra: 1 }));
        assert_eq!((SleepInstant::UUID, SleepSummary::UUID), (SLEEP_INSTANT, SLEEP_SUMMARY));
    }
}
