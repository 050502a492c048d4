/* The errors of a hand-built run on the reference server. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/calibration.h"

#define US NS_PER_US

/* Chunk k is written at 1 s + 100 ms * k, stamped `stamp` µs later and read `app` µs later. */
static void add_chunk(struct request *r, int k, int stamp, int app, uint8_t flags)
{
    mono_ns written = NS_PER_S + k * 100 * NS_PER_MS;
    char text[32];
    int n = snprintf(text, sizeof text, "%s%019lld", r->text.len ? " " : "", (long long)written);
    struct chunk c = {written + stamp * US, written + app * US, 200, CHUNK_TEXT, flags, (uint16_t)n};
    assert_true(chunk_list_add(&r->chunks, c));
    str_add(&r->text, text, (size_t)n);
}

static struct run one_second(void)
{
    return (struct run){
        .started_ns = NS_PER_S, .ended_ns = 2 * NS_PER_S, .health = {.app_delay_p99_us = 900, .loop_busy = 0.25}};
}

static void begin(struct request *r, mono_ns planned, mono_ns sent)
{
    request_init(r);
    chunk_list_init(&r->chunks, 16);
    r->stamp[STAMP_PLANNED] = planned;
    r->stamp[STAMP_SENT] = sent;
}

static void errors_of_stamps_and_sends(void **state)
{
    (void)state;
    struct run run = one_second();
    struct calibration_sum sum = {0};
    struct calibration_point p;
    struct request r;
    begin(&r, 1400 * NS_PER_MS, 1400 * NS_PER_MS + 30 * US);
    for (int k = 0; k < 8; k++)
        add_chunk(&r, k, 1 + k, 50 + k, 0);
    add_chunk(&r, 8, 900, 950, CHUNK_MERGED); /* an upper bound, no error */
    add_chunk(&r, 9, 950, 950, CHUNK_UNSTAMPED);
    calibration_add(&sum, &run, &r, true);
    calibration_point(&sum, &run, &p);
    request_release(&r);
    assert_int_equal(p.stamp.n, 8);
    assert_true(p.stamp.p50_us == 4 && p.stamp.p99_us == 8 && p.app.p50_us == 53 && p.app.p999_us == 57);
    assert_true(p.send.n == 1 && p.send.p50_us == 30);
    assert_true(p.n_chunks == 10 && p.n_merged == 1 && p.n_unstamped == 1);
    /* the middle half is 1.25 s … 1.75 s: chunks 3 to 7, and the send */
    assert_true(p.chunks_per_s == 10 && p.requests_per_s == 2);
    assert_true(p.held && p.wait_p99_us == 900 && p.loop_busy == 0.25);
}

static void held(const char *what, double wait_us, int late_us, enum outcome outcome, bool open, bool expected)
{
    struct run run = one_second();
    struct calibration_sum sum = {0};
    struct calibration_point p;
    struct request r;
    run.health.app_delay_p99_us = wait_us;
    begin(&r, 1400 * NS_PER_MS, 1400 * NS_PER_MS + late_us * US);
    r.outcome = outcome;
    calibration_add(&sum, &run, &r, open);
    calibration_point(&sum, &run, &p);
    request_release(&r);
    if (p.held != expected)
        fail_msg("%s", what);
    assert_int_equal(sum.send.n, 0);
}

static void what_counts_as_held(void **state)
{
    (void)state;
    held("at the limit", 1000, 1000, OUTCOME_OK, true, true);
    held("chunks waited", 1001, 10, OUTCOME_OK, true, false);
    held("a send was late", 10, 1001, OUTCOME_OK, true, false);
    held("nothing is planned in a closed loop", 10, 1001, OUTCOME_OK, false, true);
    held("a request failed", 10, 10, OUTCOME_RESET, true, false);
    held("the wait is not known", NAN, 10, OUTCOME_OK, true, false);
}

/* Texts that carry no stamp, or end inside one, give no error and are not read over. */
static void texts_without_stamps(void **state)
{
    static const char *const texts[] = {
        "", " ", "hello", "123456789012345678", " 12345678901234567x9", "1234567890123456789"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct run run = one_second();
        struct calibration_sum sum = {0};
        struct calibration_point p;
        struct request r;
        begin(&r, NS_PER_S, NS_PER_S);
        str_addz(&r.text, texts[i]);
        chunk_list_add(&r.chunks, (struct chunk){NS_PER_S, NS_PER_S, 9, CHUNK_TEXT, 0, 65535});
        chunk_list_add(&r.chunks, (struct chunk){NS_PER_S, NS_PER_S, 9, CHUNK_TEXT, 0, 20});
        calibration_add(&sum, &run, &r, false);
        calibration_point(&sum, &run, &p);
        request_release(&r);
        assert_int_equal(p.stamp.n, i == 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_of_stamps_and_sends),
        cmocka_unit_test(what_counts_as_held),
        cmocka_unit_test(texts_without_stamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
