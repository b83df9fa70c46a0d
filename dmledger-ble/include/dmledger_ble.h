/* Bluetooth health devices: octets to exact values, and the records of a glucose meter to the last one.
 *
 * Made by cbindgen from the Rust sources; not to be edited. Link libdmledger_ble.a, see the crate's README.
 *
 * Ownership. The library keeps no pointer that a caller passes in; all are read or written during the call only. Structs
 * and buffers belong to the caller. The one thing that the library hands out is a DmledgerSync: it is made by
 * dmledger_sync_new and given back, once, by dmledger_sync_free. Pointers inside a DmledgerAction point into the handle
 * and live until the next call with that handle.
 *
 * Threads. Functions without a handle may be called from anywhere. One handle must not be used by two threads at a time.
 *
 * Errors. Every function that can fail returns a DmledgerStatus, and writes nothing unless that is DMLEDGER_STATUS_OK.
 * Null and misaligned pointers are refused. Fields of a struct that are described as kinds take values of the enum named;
 * any other value is refused or ignored, never undefined.
 */

#ifndef DMLEDGER_BLE_H
#define DMLEDGER_BLE_H

#include <stddef.h>
#include <stdint.h>

// Version of this interface. It changes when a struct or a function changes.
#define DMLEDGER_BLE_ABI 1

// How a call ended.
typedef enum DmledgerStatus {
  // Done.
  DMLEDGER_STATUS_OK = 0,
  // A pointer is null or misaligned, or a length is impossible.
  DMLEDGER_STATUS_BAD_POINTER = 1,
  // The caller's buffer is too small.
  DMLEDGER_STATUS_BUFFER_TOO_SMALL = 2,
  // The value ends inside a field that its flags announce.
  DMLEDGER_STATUS_TOO_SHORT = 3,
  // Octets follow the last field.
  DMLEDGER_STATUS_TRAILING_BYTES = 4,
  // A length octet contradicts the content.
  DMLEDGER_STATUS_WRONG_LENGTH = 5,
  // The E2E-CRC is wrong.
  DMLEDGER_STATUS_BAD_CRC = 6,
  // A field holds a forbidden value.
  DMLEDGER_STATUS_FORBIDDEN = 7,
  // Unknown op code.
  DMLEDGER_STATUS_UNKNOWN_OP_CODE = 8,
  // Fields of a value to be written contradict each other, or it would be too long.
  DMLEDGER_STATUS_CANNOT_ENCODE = 9,
  // The number has no exact equal in this form.
  DMLEDGER_STATUS_NOT_EXACT = 10,
  // The number does not fit.
  DMLEDGER_STATUS_OUT_OF_RANGE = 11,
  // There is no number: NaN, `NRes`, an infinity or the reserved pattern.
  DMLEDGER_STATUS_NOT_A_NUMBER = 12,
  // There is nothing more.
  DMLEDGER_STATUS_NO_MORE = 13,
  // A kind or another argument has a value without a meaning.
  DMLEDGER_STATUS_BAD_ARGUMENT = 14,
  // A defect of the library.
  DMLEDGER_STATUS_INTERNAL = 99,
} DmledgerStatus;

// What `kind` of a [`DmledgerNumber`] says.
typedef enum DmledgerNumberKind {
  // A number: `mantissa * 10^exponent`, exactly.
  DMLEDGER_NUMBER_KIND_NUMBER = 0,
  // There is no valid result.
  DMLEDGER_NUMBER_KIND_NOT_A_NUMBER = 1,
  // Not at this resolution.
  DMLEDGER_NUMBER_KIND_NOT_AT_THIS_RESOLUTION = 2,
  // Above what the device can state.
  DMLEDGER_NUMBER_KIND_POSITIVE_INFINITY = 3,
  // Below what the device can state.
  DMLEDGER_NUMBER_KIND_NEGATIVE_INFINITY = 4,
  // Reserved for future use.
  DMLEDGER_NUMBER_KIND_RESERVED = 5,
} DmledgerNumberKind;

// What happened.
typedef enum DmledgerEventKind {
  // Begin.
  DMLEDGER_EVENT_KIND_START = 0,
  // The link is up; services are not known yet.
  DMLEDGER_EVENT_KIND_CONNECTED = 1,
  // Service discovery is done: `characteristics`, `characteristic_count`.
  DMLEDGER_EVENT_KIND_SERVICES_RESOLVED = 2,
  // A subscription is in place: `characteristic`.
  DMLEDGER_EVENT_KIND_SUBSCRIBED = 3,
  // The device refused a subscription or a write: `characteristic`, `att_error`.
  DMLEDGER_EVENT_KIND_REFUSED = 4,
  // A notification or an indication: `characteristic`, `bytes`, `length`.
  DMLEDGER_EVENT_KIND_VALUE = 5,
  // The link is down.
  DMLEDGER_EVENT_KIND_DISCONNECTED = 6,
  // The time asked for has come.
  DMLEDGER_EVENT_KIND_TICK = 7,
  // Stop.
  DMLEDGER_EVENT_KIND_STOP = 8,
  // There is no radio any more.
  DMLEDGER_EVENT_KIND_RADIO_GONE = 9,
  // The device did not pair.
  DMLEDGER_EVENT_KIND_NOT_PAIRED = 10,
} DmledgerEventKind;

// What to do.
typedef enum DmledgerActionKind {
  // Make the link and discover services.
  DMLEDGER_ACTION_KIND_CONNECT = 0,
  // Drop the link.
  DMLEDGER_ACTION_KIND_DISCONNECT = 1,
  // Enable notifications or indications: `characteristic`.
  DMLEDGER_ACTION_KIND_SUBSCRIBE = 2,
  // Write with response: `characteristic`, `bytes`, `length`.
  DMLEDGER_ACTION_KIND_WRITE = 3,
  // Send a tick at `at_ms`; replaces the time asked for before.
  DMLEDGER_ACTION_KIND_SET_TIMER = 4,
  // A record, handed over once: `measurement`, `bytes`, `length`, and `context` if there is one.
  DMLEDGER_ACTION_KIND_DELIVER = 5,
  // A value that no decoder accepts: `characteristic`, `bytes`, `length`.
  DMLEDGER_ACTION_KIND_UNDECODABLE = 6,
  // Over: `outcome`.
  DMLEDGER_ACTION_KIND_DONE = 7,
  // Something a later version of the library asks for; not doing it does no harm.
  DMLEDGER_ACTION_KIND_UNKNOWN = 255,
} DmledgerActionKind;

// What shows that nothing is missing.
typedef enum DmledgerProof {
  // Nothing: something may be missing.
  DMLEDGER_PROOF_NONE = 0,
  // The count is right, and the device's counts leave no gap between the numbers received that could hold a record.
  DMLEDGER_PROOF_EVERY_GAP_COUNTED = 1,
  // The count is right.
  DMLEDGER_PROOF_COUNT_ONLY = 2,
  // The device cannot count; two whole reports agree.
  DMLEDGER_PROOF_REPORTS_AGREE = 3,
} DmledgerProof;

// Why a session ended early.
typedef enum DmledgerReason {
  // It did not.
  DMLEDGER_REASON_NONE = 0,
  // The device is no glucose meter.
  DMLEDGER_REASON_NOT_A_GLUCOSE_METER = 1,
  // The device wants a bond.
  DMLEDGER_REASON_NOT_PAIRED = 2,
  // The device refuses to report.
  DMLEDGER_REASON_REFUSED = 3,
  // Asking again brought nothing new.
  DMLEDGER_REASON_NO_PROGRESS = 4,
  // The device sends more records than its numbers allow.
  DMLEDGER_REASON_TOO_MANY_RECORDS = 5,
  // The session's time is up.
  DMLEDGER_REASON_OUT_OF_TIME = 6,
  // The host stopped it.
  DMLEDGER_REASON_STOPPED = 7,
  // Every record is here, but a context that one announced is lost.
  DMLEDGER_REASON_COMPANIONS_LOST = 8,
  // The radio is gone.
  DMLEDGER_REASON_RADIO_GONE = 9,
  // A reason of a later version.
  DMLEDGER_REASON_OTHER = 255,
} DmledgerReason;

// A synchronisation that runs. Not to be used by two threads at the same time.
typedef struct DmledgerSync DmledgerSync;

// An exact decimal, or a statement that there is no number. Look at `kind` first.
typedef struct DmledgerNumber {
  // The integer in front of the power of ten; 0 unless this is a number.
  int64_t mantissa;
  // The power of ten; 0 unless this is a number.
  int8_t exponent;
  // A [`DmledgerNumberKind`].
  uint8_t kind;
} DmledgerNumber;

// A device's own wall clock, as it states it: year 0, month 0 or day 0 mean that it does not know.
typedef struct DmledgerDateTime {
  // Year.
  uint16_t year;
  // Month, 1 to 12.
  uint8_t month;
  // Day of the month.
  uint8_t day;
  // Hours.
  uint8_t hours;
  // Minutes.
  uint8_t minutes;
  // Seconds.
  uint8_t seconds;
} DmledgerDateTime;

// Glucose Measurement 0x2A18.
typedef struct DmledgerGlucoseMeasurement {
  // The concentration in [`Self::unit`]. Not read when the value is written: that takes `concentration_bits`.
  struct DmledgerNumber concentration;
  // The meter's clock without its offset.
  struct DmledgerDateTime base_time;
  // Number of the record on the meter, 0 to 65,535.
  uint16_t sequence;
  // Minutes to add to `base_time` for the time the owner sees; 0x7FFF overrun, 0x8000 underrun.
  int16_t time_offset_minutes;
  // The SFLOAT of the concentration, its bit pattern.
  uint16_t concentration_bits;
  // Sensor status by bit: 0 battery low, 1 sensor malfunction, 2 sample too small, 3 strip insertion, 4 strip type,
  // 5 too high, 6 too low, 7 too warm, 8 too cold, 9 strip pulled too soon, 10 general fault, 11 time fault.
  uint16_t status;
  // Whether there is a time offset.
  uint8_t has_time_offset;
  // Whether there are concentration, type and location.
  uint8_t has_concentration;
  // 0 kg/L, 1 mol/L.
  uint8_t unit;
  // Sample type, 0 to 15: 1 to 8 capillary, venous, arterial and undetermined, each whole blood, then plasma;
  // 9 interstitial fluid, 10 control solution.
  uint8_t sample_type;
  // Sample location, 0 to 15: 1 finger, 2 alternate site, 3 earlobe, 4 control solution, 15 not available.
  uint8_t sample_location;
  // Whether there is a sensor status.
  uint8_t has_status;
  // Whether a context with the same sequence number follows.
  uint8_t context_follows;
  // Whether it is a test with control solution, which is no reading of a person. Not read when the value is written.
  uint8_t control_solution;
} DmledgerGlucoseMeasurement;

// Glucose Measurement Context 0x2A34.
typedef struct DmledgerGlucoseContext {
  // Carbohydrate in kilograms.
  struct DmledgerNumber carbohydrate_kilograms;
  // Medication in kilograms or litres.
  struct DmledgerNumber medication;
  // `HbA1c` in percent.
  struct DmledgerNumber hba1c_percent;
  // Number of the measurement it belongs to.
  uint16_t sequence;
  // Duration of exercise in seconds; 65,535 means longer than can be stated.
  uint16_t exercise_seconds;
  // Whether there is carbohydrate.
  uint8_t has_carbohydrate;
  // Which meal the carbohydrate belongs to: 1 breakfast, 2 lunch, 3 dinner, 4 snack, 5 drink, 6 supper, 7 brunch.
  uint8_t carbohydrate_kind;
  // Whether there is a relation to a meal.
  uint8_t has_meal;
  // Relation to a meal: 1 before, 2 after, 3 fasting, 4 casual, 5 bedtime.
  uint8_t meal;
  // Whether there are tester and health.
  uint8_t has_tester_health;
  // Who measured: 1 patient, 2 professional, 3 laboratory, 15 not available.
  uint8_t tester;
  // State of health: 1 minor issues, 2 major issues, 3 menses, 4 stress, 5 none, 15 not available.
  uint8_t health;
  // Whether there is exercise.
  uint8_t has_exercise;
  // Intensity of exercise in percent.
  uint8_t exercise_percent;
  // Whether there is medication.
  uint8_t has_medication;
  // Kind of medication: insulin, 1 rapid acting, 2 short acting, 3 intermediate acting, 4 long acting, 5 pre-mixed.
  uint8_t medication_kind;
  // 0 kilograms, 1 litres.
  uint8_t medication_unit;
  // Whether there is an `HbA1c`.
  uint8_t has_hba1c;
} DmledgerGlucoseContext;

// One record of a CGM Measurement 0x2AA7.
typedef struct DmledgerCgmMeasurement {
  // Concentration in mg/dL.
  struct DmledgerNumber glucose_mg_per_dl;
  // Trend in mg/dL per minute.
  struct DmledgerNumber trend;
  // Quality in percent.
  struct DmledgerNumber quality_percent;
  // Status in bits 0 to 7, calibration and temperature in 8 to 15, warning in 16 to 23.
  uint32_t annunciation;
  // Minutes since the session began.
  uint16_t minutes;
  // Whether there is a trend.
  uint8_t has_trend;
  // Whether there is a quality.
  uint8_t has_quality;
} DmledgerCgmMeasurement;

// Blood Pressure Measurement 0x2A35.
typedef struct DmledgerBloodPressure {
  // Systolic pressure, in `unit`.
  struct DmledgerNumber systolic;
  // Diastolic pressure, in `unit`.
  struct DmledgerNumber diastolic;
  // Mean arterial pressure, in `unit`.
  struct DmledgerNumber mean_arterial;
  // Pulse per minute.
  struct DmledgerNumber pulse;
  // The device's time of the measurement.
  struct DmledgerDateTime time;
  // Measurement status bits.
  uint16_t status;
  // 0 mmHg, 1 kPa.
  uint8_t unit;
  // Whether there is a time.
  uint8_t has_time;
  // Whether there is a pulse.
  uint8_t has_pulse;
  // Whether there is a user.
  uint8_t has_user;
  // The device's user number; 255 is an unknown user.
  uint8_t user;
  // Whether there is a status.
  uint8_t has_status;
} DmledgerBloodPressure;

// Heart Rate Measurement 0x2A37.
typedef struct DmledgerHeartRate {
  // Beats per minute.
  uint16_t beats_per_minute;
  // Energy expended since the last reset, in kilojoules.
  uint16_t energy_kilojoules;
  // Intervals between beats in 1/1024 s, oldest first; the first `interval_count` count.
  uint16_t intervals[32];
  // How many intervals there are.
  uint8_t interval_count;
  // Contact with the skin: 0 and 1 not supported, 2 missing, 3 detected.
  uint8_t contact;
  // Whether there is an energy.
  uint8_t has_energy;
} DmledgerHeartRate;

// Temperature Measurement 0x2A1C.
typedef struct DmledgerTemperature {
  // The temperature, in `unit`.
  struct DmledgerNumber temperature;
  // The device's time of the measurement.
  struct DmledgerDateTime time;
  // 0 degrees Celsius, 1 degrees Fahrenheit.
  uint8_t unit;
  // Whether there is a time.
  uint8_t has_time;
  // Whether there is a site.
  uint8_t has_site;
  // Where it was taken: 1 armpit, 2 body, 3 ear, 4 finger, 5 gut, 6 mouth, 7 rectum, 8 toe, 9 tympanum.
  uint8_t site;
} DmledgerTemperature;

// Weight Measurement 0x2A9D.
typedef struct DmledgerWeight {
  // The weight in kilograms or pounds.
  struct DmledgerNumber weight;
  // The height in metres or inches.
  struct DmledgerNumber height;
  // The device's time of the measurement.
  struct DmledgerDateTime time;
  // Body mass index in tenths of kg/m2.
  uint16_t body_mass_index_tenths;
  // 0 kilograms and metres, 1 pounds and inches.
  uint8_t units;
  // Whether there is a weight; there is none when the measurement was unsuccessful.
  uint8_t has_weight;
  // Whether there is a time.
  uint8_t has_time;
  // Whether there is a user.
  uint8_t has_user;
  // The device's user number; 255 is an unknown user.
  uint8_t user;
  // Whether there are body mass index and height.
  uint8_t has_body_mass;
} DmledgerWeight;

// PLX Spot-Check Measurement 0x2A5E.
typedef struct DmledgerOximeter {
  // Oxygen saturation in percent.
  struct DmledgerNumber saturation_percent;
  // Pulse per minute.
  struct DmledgerNumber pulse;
  // Pulse amplitude index in percent.
  struct DmledgerNumber pulse_amplitude_percent;
  // Device and sensor status bits.
  uint32_t device_status;
  // The device's time of the measurement.
  struct DmledgerDateTime time;
  // Measurement status bits.
  uint16_t status;
  // 1 when the device's clock was never set: its time means nothing.
  uint8_t clock_not_set;
  // Whether there is a time.
  uint8_t has_time;
  // Whether there is a measurement status.
  uint8_t has_status;
  // Whether there is a device and sensor status.
  uint8_t has_device_status;
  // Whether there is a pulse amplitude index.
  uint8_t has_pulse_amplitude;
} DmledgerOximeter;

// An attribute type: 128 bits in the order in which they are written with hyphens.
typedef struct DmledgerUuid {
  // The sixteen octets.
  uint8_t octets[16];
} DmledgerUuid;

// How patient a synchronisation is, and where it starts. A time of 0 asks for the default.
typedef struct DmledgerSyncConfig {
  // How long a device may stay silent while it owes an answer; 5 s.
  uint32_t response_timeout_ms;
  // How long to wait for a connection; 60 s.
  uint32_t connect_timeout_ms;
  // How long to wait for a late context; 1 s.
  uint32_t companion_timeout_ms;
  // How long the whole session may take; 30 minutes.
  uint32_t session_limit_ms;
  // Base time of the last record that is stored durably.
  struct DmledgerDateTime resume_base_time;
  // Number of the last record that is stored durably.
  uint16_t resume_sequence;
  // 1 to fetch only what is newer than that record.
  uint8_t has_resume;
} DmledgerSyncConfig;

// An event; which fields count depends on `kind`. Its pointers are read during the call only.
typedef struct DmledgerEvent {
  // The value.
  const uint8_t *bytes;
  // Octets of the value.
  size_t length;
  // The characteristics found.
  const struct DmledgerUuid *characteristics;
  // How many were found.
  size_t characteristic_count;
  // The characteristic it is about.
  struct DmledgerUuid characteristic;
  // A [`DmledgerEventKind`].
  uint32_t kind;
  // The ATT error.
  uint8_t att_error;
} DmledgerEvent;

// Sequence numbers from `first` to `last`, both included.
typedef struct DmledgerHole {
  // The smallest number.
  uint16_t first;
  // The largest number.
  uint16_t last;
} DmledgerHole;

// How a session ended.
typedef struct DmledgerOutcome {
  // Ranges in which records may be missing; empty when complete. Lives as long as the action.
  const struct DmledgerHole *holes;
  // How many ranges there are.
  size_t hole_count;
  // Records handed over.
  uint32_t delivered;
  // Records counted and not received.
  uint32_t missing;
  // A [`DmledgerProof`].
  uint32_t proof;
  // A [`DmledgerReason`].
  uint32_t reason;
  // Base time of the record after which the next session may start.
  struct DmledgerDateTime resume_base_time;
  // Number of that record.
  uint16_t resume_sequence;
  // 1 when there is such a record.
  uint8_t has_resume;
  // 1 when every stored record in scope was handed over, 0 when something may be missing.
  uint8_t complete;
  // 1 when `missing` is known.
  uint8_t has_missing;
} DmledgerOutcome;

// An action; which fields count depends on `kind`.
typedef struct DmledgerAction {
  // The value; lives until the next call with the same handle.
  const uint8_t *bytes;
  // Octets of the value.
  size_t length;
  // When to send a tick, in milliseconds of the caller's clock.
  uint64_t at_ms;
  // How it ended.
  struct DmledgerOutcome outcome;
  // The record.
  struct DmledgerGlucoseMeasurement measurement;
  // Its context.
  struct DmledgerGlucoseContext context;
  // The characteristic.
  struct DmledgerUuid characteristic;
  // A [`DmledgerActionKind`].
  uint32_t kind;
  // 1 when there is a context.
  uint8_t has_context;
} DmledgerAction;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of this interface that the library was built with; compare it with `DMLEDGER_BLE_ABI` of the header.
uint32_t dmledger_ble_abi(void);

// Reads an SFLOAT from its bit pattern.
//
// # Safety
// `out` points to a writable number.
enum DmledgerStatus dmledger_sfloat_decode(uint16_t bits, struct DmledgerNumber *out);

// Reads a FLOAT from its bit pattern.
//
// # Safety
// `out` points to a writable number.
enum DmledgerStatus dmledger_float_decode(uint32_t bits, struct DmledgerNumber *out);

// Writes a number as SFLOAT; refuses one that would have to be rounded.
//
// # Safety
// `number` points to a number, `out` to a writable integer.
enum DmledgerStatus dmledger_sfloat_encode(const struct DmledgerNumber *number, uint16_t *out);

// Writes a number as FLOAT; refuses one that would have to be rounded.
//
// # Safety
// `number` points to a number, `out` to a writable integer.
enum DmledgerStatus dmledger_float_encode(const struct DmledgerNumber *number, uint32_t *out);

// How many units of `10^exponent` a number is, if that is an integer: 77e-5 kg/L in units of 10^-5 kg/L (mg/dL) is 77.
//
// # Safety
// `number` points to a number, `out` to a writable integer.
enum DmledgerStatus dmledger_number_in_units_of(const struct DmledgerNumber *number,
                                                int8_t exponent,
                                                int64_t *out);

// The E2E-CRC of octets: polynomial x^16 + x^12 + x^5 + 1, seed 0xFFFF, least significant bit first, no final inversion
// (CRC-16/MCRF4XX). A value that is checked ends in it, low octet first.
//
// # Safety
// `bytes` points to `length` octets, `out` to a writable integer.
enum DmledgerStatus dmledger_e2e_crc(const uint8_t *bytes,
                                     size_t length,
                                     uint16_t *out);

// Reads a Glucose Measurement 0x2A18, 10 to 17 octets.
//
// # Safety
// `bytes` points to `length` octets, `out` to a writable struct.
enum DmledgerStatus dmledger_glucose_measurement_decode(const uint8_t *bytes,
                                                        size_t length,
                                                        struct DmledgerGlucoseMeasurement *out);

// Writes a Glucose Measurement 0x2A18, at most 17 octets, and how many it took.
//
// # Safety
// `value` points to a struct, `buffer` to `capacity` octets, `written` to a writable size.
enum DmledgerStatus dmledger_glucose_measurement_encode(const struct DmledgerGlucoseMeasurement *value,
                                                        uint8_t *buffer,
                                                        size_t capacity,
                                                        size_t *written);

// Reads a Glucose Measurement Context 0x2A34, 3 to 17 octets.
//
// # Safety
// `bytes` points to `length` octets, `out` to a writable struct.
enum DmledgerStatus dmledger_glucose_context_decode(const uint8_t *bytes,
                                                    size_t length,
                                                    struct DmledgerGlucoseContext *out);

// Reads the record with this index (from 0) of a CGM Measurement 0x2AA7, which may hold several of 6 to 15 octets;
// `DMLEDGER_STATUS_NO_MORE` behind the last. `e2e_crc` is 1 when the sensor's CGM Feature says that its values end in a
// check, else 0.
//
// # Safety
// `bytes` points to `length` octets, `out` to a writable struct.
enum DmledgerStatus dmledger_cgm_measurement_decode(const uint8_t *bytes,
                                                    size_t length,
                                                    uint8_t e2e_crc,
                                                    size_t index,
                                                    struct DmledgerCgmMeasurement *out);

// Reads a Blood Pressure Measurement 0x2A35, 7 to 19 octets.
//
// # Safety
// `bytes` points to `length` octets, `out` to a writable struct.
enum DmledgerStatus dmledger_blood_pressure_decode(const uint8_t *bytes,
                                                   size_t length,
                                                   struct DmledgerBloodPressure *out);

// Reads a Heart Rate Measurement 0x2A37, 2 to 69 octets.
//
// # Safety
// `bytes` points to `length` octets, `out` to a writable struct.
enum DmledgerStatus dmledger_heart_rate_decode(const uint8_t *bytes,
                                               size_t length,
                                               struct DmledgerHeartRate *out);

// Reads a Temperature Measurement 0x2A1C, 5 to 13 octets.
//
// # Safety
// `bytes` points to `length` octets, `out` to a writable struct.
enum DmledgerStatus dmledger_temperature_decode(const uint8_t *bytes,
                                                size_t length,
                                                struct DmledgerTemperature *out);

// Reads a Weight Measurement 0x2A9D, 3 to 15 octets.
//
// # Safety
// `bytes` points to `length` octets, `out` to a writable struct.
enum DmledgerStatus dmledger_weight_decode(const uint8_t *bytes,
                                           size_t length,
                                           struct DmledgerWeight *out);

// Reads a PLX Spot-Check Measurement 0x2A5E, 5 to 19 octets.
//
// # Safety
// `bytes` points to `length` octets, `out` to a writable struct.
enum DmledgerStatus dmledger_oximeter_decode(const uint8_t *bytes,
                                             size_t length,
                                             struct DmledgerOximeter *out);

// The attribute type with a number assigned by the Bluetooth SIG, for example 0x2A18.
struct DmledgerUuid dmledger_uuid_assigned(uint16_t number);

// Makes a synchronisation; null on bad arguments. `config` may be null for the defaults. The caller owns the handle and
// gives it back with `dmledger_sync_free`.
//
// # Safety
// `config` is null or points to a struct.
struct DmledgerSync *dmledger_sync_new(const struct DmledgerSyncConfig *config);

// Gives a handle back; null does nothing. The handle and every pointer got from it are invalid afterwards.
//
// # Safety
// `sync` is null, or came from `dmledger_sync_new` and was not given back yet.
void dmledger_sync_free(struct DmledgerSync *sync);

// Says what happened at `now_ms`, milliseconds of a clock that never goes back. Then take the actions with
// `dmledger_sync_next_action` until it says `DMLEDGER_STATUS_NO_MORE`, and do them in order. Pointers of earlier actions
// are invalid afterwards.
//
// # Safety
// `sync` is a handle; `event` points to a struct whose pointers are as its kind says.
enum DmledgerStatus dmledger_sync_handle(struct DmledgerSync *sync,
                                         const struct DmledgerEvent *event,
                                         uint64_t now_ms);

// Takes the next action; `DMLEDGER_STATUS_NO_MORE` when there is none. Pointers of the action before are invalid
// afterwards.
//
// # Safety
// `sync` is a handle, `out` points to a writable struct.
enum DmledgerStatus dmledger_sync_next_action(struct DmledgerSync *sync,
                                              struct DmledgerAction *out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* DMLEDGER_BLE_H */
