/* Reads a glucose meter in C: the program plays both the radio and a meter with three records, so it runs anywhere. A host
 * puts its own radio in the place of `radio_write` and feeds what arrives to `dmledger_sync_handle` in the same way. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmledger_ble.h"

enum { GLUCOSE_MEASUREMENT = 0x2A18, CONTROL_POINT = 0x2A52, RECORDS = 3 };

static uint64_t now_ms;
static unsigned delivered;
static bool complete;

static void run_actions(DmledgerSync *sync);

/* Unlike assert, it is there with NDEBUG too. */
static void must(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", what);
        exit(1);
    }
}

static void tell(DmledgerSync *sync, DmledgerEvent event) {
    now_ms += 10;
    must(dmledger_sync_handle(sync, &event, now_ms) == DMLEDGER_STATUS_OK, "an event is taken");
    run_actions(sync);
}

static void tell_value(DmledgerSync *sync, uint16_t characteristic, const uint8_t *bytes, size_t length) {
    DmledgerEvent event = {.kind = DMLEDGER_EVENT_KIND_VALUE, .bytes = bytes, .length = length};
    event.characteristic = dmledger_uuid_assigned(characteristic);
    tell(sync, event);
}

/* The meter: a record is 70, 71, 72 mg/dL. Note that the encoder takes the SFLOAT, which cannot be rounded by accident. */
static size_t meter_record(uint16_t number, uint8_t *buffer, size_t capacity) {
    DmledgerNumber value = {.mantissa = 69 + number, .exponent = -5, .kind = DMLEDGER_NUMBER_KIND_NUMBER};
    DmledgerGlucoseMeasurement record = {
        .sequence = number,
        .base_time = {.year = 2026, .month = 1, .day = 1, .hours = 7, .minutes = (uint8_t)number},
        .has_concentration = 1,
        .sample_type = 1,
        .sample_location = 1,
    };
    size_t written = 0;
    must(dmledger_sfloat_encode(&value, &record.concentration_bits) == DMLEDGER_STATUS_OK, "a whole number of mg/dL fits an SFLOAT");
    DmledgerStatus status = dmledger_glucose_measurement_encode(&record, buffer, capacity, &written);
    must(status == DMLEDGER_STATUS_OK, "a record fits its buffer");
    return written;
}

/* Answers what is written to the control point, as a meter does. */
static void radio_write(DmledgerSync *sync, const uint8_t *request, size_t length) {
    uint16_t first = 0, last = 65535;
    size_t needed = length < 2 || request[1] < 3 ? 2 : request[1] == 3 ? 5 : 7;
    must(length >= needed, "a request has its operands");
    if (needed >= 5) {
        first = (uint16_t)(request[3] | request[4] << 8);
    }
    if (needed >= 7) {
        last = (uint16_t)(request[5] | request[6] << 8);
    }
    uint8_t answer[4] = {6, 0, request[0], 1};
    uint16_t found = 0;
    for (uint16_t number = 1; number <= RECORDS; number++) {
        if (number < first || number > last) {
            continue;
        }
        found++;
        if (request[0] == 1) {
            uint8_t record[17];
            tell_value(sync, GLUCOSE_MEASUREMENT, record, meter_record(number, record, sizeof record));
        }
    }
    if (request[0] == 4) {
        memcpy(answer, (uint8_t[]){5, 0, (uint8_t)found, (uint8_t)(found >> 8)}, sizeof answer);
    }
    tell_value(sync, CONTROL_POINT, answer, sizeof answer);
}

static void deliver(const DmledgerAction *action) {
    int64_t milligrams = 0;
    const DmledgerGlucoseMeasurement *record = &action->measurement;
    /* kg/L in units of 10^-5 is mg/dL. */
    must(record->has_concentration && record->unit == 0, "the meter measures in kg/L");
    DmledgerStatus status = dmledger_number_in_units_of(&record->concentration, -5, &milligrams);
    must(status == DMLEDGER_STATUS_OK && milligrams == 69 + record->sequence, "the value is exact");
    printf("#%u %04u-%02u-%02u %02u:%02u %" PRId64 " mg/dL, %zu octets\n", record->sequence, record->base_time.year,
           record->base_time.month, record->base_time.day, record->base_time.hours, record->base_time.minutes, milligrams,
           action->length);
    delivered++;
}

static void act(DmledgerSync *sync, const DmledgerAction *action) {
    switch (action->kind) {
    case DMLEDGER_ACTION_KIND_CONNECT: {
        DmledgerUuid found[] = {dmledger_uuid_assigned(GLUCOSE_MEASUREMENT), dmledger_uuid_assigned(CONTROL_POINT)};
        tell(sync, (DmledgerEvent){.kind = DMLEDGER_EVENT_KIND_SERVICES_RESOLVED, .characteristics = found,
                                   .characteristic_count = sizeof found / sizeof *found});
        break;
    }
    case DMLEDGER_ACTION_KIND_SUBSCRIBE:
        tell(sync, (DmledgerEvent){.kind = DMLEDGER_EVENT_KIND_SUBSCRIBED, .characteristic = action->characteristic});
        break;
    case DMLEDGER_ACTION_KIND_WRITE: {
        /* The octets live until the next call with the handle, and the meter's answer is one. */
        uint8_t request[17];
        must(action->length <= sizeof request, "a request is short");
        memcpy(request, action->bytes, action->length);
        radio_write(sync, request, action->length);
        break;
    }
    case DMLEDGER_ACTION_KIND_DELIVER:
        deliver(action);
        break;
    case DMLEDGER_ACTION_KIND_DONE:
        complete = action->outcome.complete == 1 && action->outcome.proof == DMLEDGER_PROOF_EVERY_GAP_COUNTED;
        must(action->outcome.delivered == RECORDS && action->outcome.has_resume == 1, "everything came");
        break;
    default: /* timers: this meter is never late */
        break;
    }
}

static void run_actions(DmledgerSync *sync) {
    DmledgerAction action;
    while (dmledger_sync_next_action(sync, &action) == DMLEDGER_STATUS_OK) {
        act(sync, &action);
    }
}

/* What a radio may hand over: nothing, a part, too much, rubbish. Each is refused with its reason; nothing is written. */
static void broken_input(void) {
    uint8_t record[18] = {0}, small[4];
    size_t length = meter_record(1, record, sizeof record), written = 99;
    DmledgerGlucoseMeasurement value = {.sequence = 4711};
    for (size_t cut = 0; cut < length; cut++) {
        DmledgerStatus status = dmledger_glucose_measurement_decode(record, cut, &value);
        must(status == DMLEDGER_STATUS_TOO_SHORT && value.sequence == 4711, "a cut value is refused");
    }
    must(dmledger_glucose_measurement_decode(record, length + 1, &value) == DMLEDGER_STATUS_TRAILING_BYTES, "too much");
    must(dmledger_glucose_measurement_decode(NULL, length, &value) == DMLEDGER_STATUS_BAD_POINTER, "no octets");
    must(dmledger_glucose_measurement_decode(record, length, NULL) == DMLEDGER_STATUS_BAD_POINTER, "no struct");
    must(dmledger_glucose_measurement_decode(record, length, &value) == DMLEDGER_STATUS_OK, "whole");
    must(dmledger_glucose_measurement_encode(&value, small, sizeof small, &written) == DMLEDGER_STATUS_BUFFER_TOO_SMALL &&
             written == 99, "a small buffer is told");
    value.unit = 7;
    must(dmledger_glucose_measurement_encode(&value, record, sizeof record, &written) != DMLEDGER_STATUS_OK, "no such unit");

    DmledgerNumber number = {.mantissa = 2187, .exponent = -6, .kind = DMLEDGER_NUMBER_KIND_NUMBER};
    uint16_t bits = 0;
    must(dmledger_sfloat_encode(&number, &bits) != DMLEDGER_STATUS_OK, "218.7 mg/dL would have to be rounded");

    /* NaN is a statement and never a number. */
    int64_t units = 0;
    must(dmledger_sfloat_decode(0x07FF, &number) == DMLEDGER_STATUS_OK, "NaN is read");
    must(number.kind == DMLEDGER_NUMBER_KIND_NOT_A_NUMBER, "NaN is what it is");
    must(dmledger_number_in_units_of(&number, 0, &units) == DMLEDGER_STATUS_NOT_A_NUMBER, "NaN is no number");

    DmledgerSync *sync = dmledger_sync_new(NULL);
    must(dmledger_sync_handle(sync, &(DmledgerEvent){.kind = 4711}, 0) == DMLEDGER_STATUS_BAD_ARGUMENT, "no such event");
    DmledgerEvent value_without_octets = {.kind = DMLEDGER_EVENT_KIND_VALUE, .length = 17};
    must(dmledger_sync_handle(sync, &value_without_octets, 0) == DMLEDGER_STATUS_BAD_POINTER, "a value has octets");
    must(dmledger_sync_handle(NULL, &value_without_octets, 0) == DMLEDGER_STATUS_BAD_POINTER, "no handle");
    dmledger_sync_free(sync);
    dmledger_sync_free(NULL);
}

int main(void) {
    must(dmledger_ble_abi() == DMLEDGER_BLE_ABI, "library and header belong together");
    broken_input();

    DmledgerSync *sync = dmledger_sync_new(NULL);
    must(sync != NULL, "a handle is made");
    tell(sync, (DmledgerEvent){.kind = DMLEDGER_EVENT_KIND_START});
    dmledger_sync_free(sync);

    printf("%u records, %s\n", delivered, complete ? "complete" : "incomplete");
    return delivered == RECORDS && complete ? 0 : 1;
}
