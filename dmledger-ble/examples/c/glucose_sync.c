/* Reads a glucose meter in C: the program plays both the radio and a meter with three records, so it runs anywhere. A host
 * puts its own radio in the place of `radio_write` and feeds what arrives to `dmledger_sync_handle` in the same way. */
#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "dmledger_ble.h"

enum { GLUCOSE_MEASUREMENT = 0x2A18, CONTROL_POINT = 0x2A52, RECORDS = 3 };

static uint64_t now_ms;
static unsigned delivered;
static bool complete;

static void run_actions(DmledgerSync *sync);

static void tell(DmledgerSync *sync, DmledgerEvent event) {
    now_ms += 10;
    assert(dmledger_sync_handle(sync, &event, now_ms) == DMLEDGER_STATUS_OK);
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
    assert(dmledger_sfloat_encode(&value, &record.concentration_bits) == DMLEDGER_STATUS_OK);
    assert(dmledger_glucose_measurement_encode(&record, buffer, capacity, &written) == DMLEDGER_STATUS_OK);
    return written;
}

/* Answers what is written to the control point, as a meter does. */
static void radio_write(DmledgerSync *sync, const uint8_t *request, size_t length) {
    assert(length >= 2);
    uint16_t first = 0, last = 65535;
    if (request[1] == 3 || request[1] == 4) {
        first = (uint16_t)(request[3] | request[4] << 8);
    }
    if (request[1] == 4) {
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
    assert(dmledger_number_in_units_of(&record->concentration, -5, &milligrams) == DMLEDGER_STATUS_OK);
    assert(milligrams == 69 + record->sequence);
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
        assert(action->length <= sizeof request);
        memcpy(request, action->bytes, action->length);
        radio_write(sync, request, action->length);
        break;
    }
    case DMLEDGER_ACTION_KIND_DELIVER:
        deliver(action);
        break;
    case DMLEDGER_ACTION_KIND_DONE:
        complete = action->outcome.complete == 1 && action->outcome.proof == DMLEDGER_PROOF_EVERY_GAP_COUNTED;
        assert(action->outcome.delivered == RECORDS && action->outcome.has_resume == 1);
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

int main(void) {
    assert(dmledger_ble_abi() == DMLEDGER_BLE_ABI);

    /* NaN is a statement and never a number. */
    DmledgerNumber number;
    int64_t units = 0;
    assert(dmledger_sfloat_decode(0x07FF, &number) == DMLEDGER_STATUS_OK);
    assert(number.kind == DMLEDGER_NUMBER_KIND_NOT_A_NUMBER);
    assert(dmledger_number_in_units_of(&number, 0, &units) == DMLEDGER_STATUS_NOT_A_NUMBER);

    DmledgerSync *sync = dmledger_sync_new(NULL);
    assert(sync != NULL);
    tell(sync, (DmledgerEvent){.kind = DMLEDGER_EVENT_KIND_START});
    dmledger_sync_free(sync);

    printf("%u records, %s\n", delivered, complete ? "complete" : "incomplete");
    return delivered == RECORDS && complete ? 0 : 1;
}
