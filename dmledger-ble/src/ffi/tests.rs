use core::ptr::{null, null_mut};

use super::*;

/// 77 mg/dL, record 42, offset -235 min, strip error and time fault, context follows.
const FULL: [u8; 17] =
    [0x1B, 0x2A, 0x00, 0xE8, 0x07, 0x03, 0x0F, 0x0E, 0x1E, 0x2D, 0x15, 0xFF, 0x4D, 0xB0, 0x11, 0x08, 0x08];

fn decoded(bytes: &[u8]) -> (DmledgerStatus, DmledgerGlucoseMeasurement) {
    let mut out = DmledgerGlucoseMeasurement::default();
    // SAFETY: both pointers come from references that live during the call.
    let status = unsafe { dmledger_glucose_measurement_decode(bytes.as_ptr(), bytes.len(), &raw mut out) };
    (status, out)
}

#[test]
fn a_measurement_goes_through_c_and_comes_back() {
    let (status, value) = decoded(&FULL);
    assert_eq!(status, DmledgerStatus::Ok);
    assert_eq!((value.sequence, value.time_offset_minutes, value.context_follows), (42, -235, 1));
    assert_eq!((value.concentration.mantissa, value.concentration.exponent, value.concentration.kind), (77, -5, 0));
    let mut milligrams = 0;
    // SAFETY: both pointers come from references that live during the call.
    let status = unsafe { dmledger_number_in_units_of(&raw const value.concentration, -5, &raw mut milligrams) };
    assert_eq!((status, milligrams), (DmledgerStatus::Ok, 77));
    let (mut buffer, mut written) = ([0; 17], 0);
    // SAFETY: all pointers come from references that live during the call.
    let status = unsafe {
        dmledger_glucose_measurement_encode(&raw const value, buffer.as_mut_ptr(), buffer.len(), &raw mut written)
    };
    assert_eq!((status, &buffer[..written]), (DmledgerStatus::Ok, &FULL[..]));
}

#[test]
fn every_cut_is_refused_and_a_small_buffer_too() {
    for length in 0..FULL.len() {
        assert_eq!(decoded(&FULL[..length]).0, DmledgerStatus::TooShort);
    }
    let (_, value) = decoded(&FULL);
    let (mut buffer, mut written) = ([0; 16], 7);
    // SAFETY: all pointers come from references that live during the call.
    let status = unsafe {
        dmledger_glucose_measurement_encode(&raw const value, buffer.as_mut_ptr(), buffer.len(), &raw mut written)
    };
    assert_eq!((status, written), (DmledgerStatus::BufferTooSmall, 7));
}

#[test]
fn null_misaligned_and_impossible_pointers_are_refused() {
    let mut out = DmledgerGlucoseMeasurement::default();
    let out = &raw mut out;
    // SAFETY: null is allowed and refused.
    assert_eq!(unsafe { dmledger_glucose_measurement_decode(null(), 17, out) }, DmledgerStatus::BadPointer);
    // SAFETY: no octets need no pointer.
    assert_eq!(unsafe { dmledger_glucose_measurement_decode(null(), 0, out) }, DmledgerStatus::TooShort);
    // SAFETY: null is allowed and refused.
    let no_out = unsafe { dmledger_glucose_measurement_decode(FULL.as_ptr(), FULL.len(), null_mut()) };
    assert_eq!(no_out, DmledgerStatus::BadPointer);
    // SAFETY: a length beyond the address space is refused before anything is read.
    let endless = unsafe { dmledger_glucose_measurement_decode(FULL.as_ptr(), usize::MAX, out) };
    assert_eq!(endless, DmledgerStatus::BadPointer);
    // SAFETY: a misaligned pointer is refused before anything is written.
    let askew = unsafe { dmledger_sfloat_decode(0, out.cast::<u8>().wrapping_add(1).cast()) };
    assert_eq!(askew, DmledgerStatus::BadPointer);
    // SAFETY: null is allowed and does nothing.
    unsafe { dmledger_sync_free(null_mut()) };
    // SAFETY: null is allowed and refused.
    assert_eq!(unsafe { dmledger_sync_handle(null_mut(), null(), 0) }, DmledgerStatus::BadPointer);
}

#[test]
fn statements_are_no_numbers_in_c_either() {
    for (bits, kind) in [
        (0x07FF, DmledgerNumberKind::NotANumber),
        (0x0800, DmledgerNumberKind::NotAtThisResolution),
        (0x07FE, DmledgerNumberKind::PositiveInfinity),
        (0x0802, DmledgerNumberKind::NegativeInfinity),
        (0x0801, DmledgerNumberKind::Reserved),
    ] {
        let (mut number, mut units) = (DmledgerNumber::default(), 5);
        // SAFETY: the pointer comes from a reference that lives during the call.
        assert_eq!(unsafe { dmledger_sfloat_decode(bits, &raw mut number) }, DmledgerStatus::Ok);
        assert_eq!(number, DmledgerNumber { mantissa: 0, exponent: 0, kind: kind as u8 });
        // SAFETY: both pointers come from references that live during the call.
        let status = unsafe { dmledger_number_in_units_of(&raw const number, 0, &raw mut units) };
        assert_eq!((status, units), (DmledgerStatus::NotANumber, 5));
    }
}

#[test]
fn several_cgm_records_are_read_by_index_and_a_bad_one_refuses_all() {
    let two = [0x06, 0, 0x78, 0, 0x05, 0, 0x06, 0, 0x79, 0, 0x06, 0];
    let read = |bytes: &[u8], index| {
        let mut out = DmledgerCgmMeasurement::default();
        // SAFETY: both pointers come from references that live during the call.
        let status = unsafe { dmledger_cgm_measurement_decode(bytes.as_ptr(), bytes.len(), 0, index, &raw mut out) };
        (status, out.glucose_mg_per_dl.mantissa, out.minutes)
    };
    assert_eq!(read(&two, 0), (DmledgerStatus::Ok, 0x78, 5));
    assert_eq!(read(&two, 1), (DmledgerStatus::Ok, 0x79, 6));
    assert_eq!(read(&two, 2).0, DmledgerStatus::NoMore);
    assert_ne!(read(&two[..11], 0).0, DmledgerStatus::Ok);
}

const EVENT: DmledgerEvent = DmledgerEvent {
    bytes: null(),
    length: 0,
    characteristics: null(),
    characteristic_count: 0,
    characteristic: DmledgerUuid { octets: [0; 16] },
    kind: 0,
    att_error: 0,
};

/// A machine in the hands of a C program.
struct Hand(*mut DmledgerSync, u64);

impl Hand {
    fn new() -> Self {
        // SAFETY: null asks for the defaults.
        Self(unsafe { dmledger_sync_new(null()) }, 0)
    }

    /// Kinds of the actions, timers left out, and the octets of the last.
    fn does(&mut self, event: &DmledgerEvent) -> (Vec<u32>, Vec<u8>) {
        self.1 += 10;
        // SAFETY: the handle is live, the event's pointers come from references that live during the call.
        assert_eq!(unsafe { dmledger_sync_handle(self.0, event, self.1) }, DmledgerStatus::Ok);
        let (mut kinds, mut octets) = (Vec::new(), Vec::new());
        let mut action = core::mem::MaybeUninit::uninit();
        // SAFETY: the handle is live, the memory is large enough.
        while unsafe { dmledger_sync_next_action(self.0, action.as_mut_ptr()) } == DmledgerStatus::Ok {
            // SAFETY: `Ok` says that the action was written.
            let action: DmledgerAction = unsafe { action.assume_init() };
            if action.kind != DmledgerActionKind::SetTimer as u32 {
                kinds.push(action.kind);
                // SAFETY: the pointer lives until the next call.
                octets = unsafe { memory::octets(action.bytes, action.length) }.unwrap().to_vec();
            }
        }
        (kinds, octets)
    }

    fn value(&mut self, characteristic: u16, bytes: &[u8]) -> (Vec<u32>, Vec<u8>) {
        let characteristic = dmledger_uuid_assigned(characteristic);
        let kind = DmledgerEventKind::Value as u32;
        self.does(&DmledgerEvent { kind, characteristic, bytes: bytes.as_ptr(), length: bytes.len(), ..EVENT })
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        // SAFETY: the handle came from `dmledger_sync_new` and is given back once.
        unsafe { dmledger_sync_free(self.0) };
    }
}

#[test]
fn a_session_runs_to_its_end_through_c() {
    const WRITE: u32 = DmledgerActionKind::Write as u32;
    let mut hand = Hand::new();
    assert_eq!(hand.does(&EVENT).0, [DmledgerActionKind::Connect as u32]);
    let found = [0x2A18, 0x2A34, 0x2A52].map(|number| dmledger_uuid_assigned(number));
    let kind = DmledgerEventKind::ServicesResolved as u32;
    let resolved = DmledgerEvent { kind, characteristics: found.as_ptr(), characteristic_count: found.len(), ..EVENT };
    assert_eq!(hand.does(&resolved).0, [DmledgerActionKind::Subscribe as u32]);
    for characteristic in found {
        hand.does(&DmledgerEvent { kind: DmledgerEventKind::Subscribed as u32, characteristic, ..EVENT });
    }
    assert_eq!(hand.value(0x2A52, &[5, 0, 1, 0]), (vec![WRITE], vec![1, 1]));
    assert!(hand.value(0x2A18, &FULL).0.is_empty(), "its context is due");
    let context = [0, 0x2A, 0];
    assert_eq!(hand.value(0x2A34, &context), (vec![DmledgerActionKind::Deliver as u32], FULL.to_vec()));
    assert_eq!(hand.value(0x2A52, &[6, 0, 1, 1]), (vec![WRITE], vec![4, 1]));
    let kind = DmledgerEventKind::Stop as u32;
    hand.does(&DmledgerEvent { kind, ..EVENT });
    let (kinds, _) = hand.value(0x2A52, &[6, 0, 3, 1]);
    assert_eq!(kinds.last(), Some(&(DmledgerActionKind::Done as u32)));
    // SAFETY: the handle is live; an unknown kind is refused.
    let unknown = unsafe { dmledger_sync_handle(hand.0, &DmledgerEvent { kind: 77, ..EVENT }, 9999) };
    assert_eq!(unknown, DmledgerStatus::BadArgument);
}

#[test]
fn a_panic_inside_becomes_a_status() {
    assert_eq!(guarded(|| panic!("a defect")), DmledgerStatus::Internal);
}
