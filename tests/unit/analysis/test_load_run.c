/* What a run of plain load shows, on hand-built runs with values computed by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analysis/load.h"
#include "runs.h"

static bool near(double got, double want)
{
    return fabs(got - want) < 1e-9 * (1 + fabs(want));
}

#define NEAR(got, want) assert_true(near(got, want))

/* A run of n places whose one session ends after so many seconds. */
static struct run load_run(struct arena *a, size_t n, double window_s)
{
    struct run r = make_run(a, "load", 0, n / 4 + 1);
    add_session(&r, "load", window_s);
    return r;
}

/* Sent so late after its plan, first token and end from sending; `tok` tokens. All in seconds. */
static struct request *ask(struct run *r, double planned, double lag, double ttft, double e2e, int64_t tok)
{
    struct request *q = add_request(r, "load", 1, 10, tok, 1);
    q->stamp[STAMP_PLANNED] = at_s(planned);
    q->stamp[STAMP_SENT] = at_s(planned + lag);
    q->stamp[STAMP_FIRST_TOKEN] = at_s(planned + lag + ttft);
    q->stamp[STAMP_LAST_TOKEN] = q->stamp[STAMP_DONE] = at_s(planned + lag + e2e);
    return q;
}

static void fail_it(struct request *q, enum outcome o)
{
    q->outcome = o;
    q->stamp[STAMP_FIRST_TOKEN] = q->stamp[STAMP_LAST_TOKEN] = MONO_NONE;
    q->usage.completion_tok = -1;
}

static void only_plain_load(void **state)
{
    (void)state;
    struct arena a = {0};
    struct run r = make_run(&a, "x", 0, 2);
    assert_false(load_is(&r)); /* no session says nothing */
    add_session(&r, "load", 1);
    assert_true(load_is(&r));
    add_session(&r, "writer", 1);
    assert_false(load_is(&r));
    arena_release(&a);
}

/* Five sends at 0, 1, 2, 4, 6 s that take 2, 3, 1, 1, 2 s: in flight 1, 2, 2 (the first ended in that moment), 2 (one of
 * 1 s ended at 3, the one of 3 s at 4), 1. One fails after its second and one is never sent. */
static void counts_rates_and_concurrency(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = load_run(&a, 8, 10);
    ask(&r, 0, 0, 0.5, 2, 11);
    ask(&r, 1, 0, 0.5, 3, 11);
    fail_it(ask(&r, 2, 0, 0.5, 1, 0), OUTCOME_RESET);
    ask(&r, 4, 0, 0.7, 1, 11);
    ask(&r, 6, 0, 0.6, 2, 7);
    struct request *never = ask(&r, 8, 0, 0, 0, 0);
    fail_it(never, OUTCOME_UNSENT);
    never->stamp[STAMP_SENT] = never->stamp[STAMP_DONE] = MONO_NONE;
    load_of_run(&r, &l);
    assert_ptr_equal(l.run, &r);
    assert_int_equal(l.counts.planned, 6);
    assert_int_equal(l.counts.completed, 4);
    assert_int_equal(l.counts.failed, 1);
    assert_int_equal(l.counts.unsent, 1);
    NEAR(l.window_s, 10);
    NEAR(l.planned_rate, 5 / 8.0);
    NEAR(l.sent_rate, 4 / 6.0);
    NEAR(l.completed_rate, 0.4);
    NEAR(l.output_tok, 40);
    NEAR(l.output_rate, 4);
    NEAR(l.in_flight_mean, (2 + 3 + 1 + 1 + 2) / 10.0);
    assert_int_equal(l.in_flight_max, 2);
    assert_string_equal(l.latency[0].metric->id, "ttft");
    assert_string_equal(l.latency[4].metric->id, "e2e.planned");
    assert_int_equal(l.latency[0].n, 4); /* the failed one is in no latency, though it has an end */
    assert_int_equal(l.latency[3].n, 4);
    NEAR(l.latency[0].tail[0].q, 550); /* the median of 500 500 600 700, as in every other table */
    NEAR(l.latency[0].tail[1].q, 700);
    NEAR(l.latency[0].max, 700);
    NEAR(l.latency[3].tail[0].q, 2000); /* of 1 2 2 3 s */
    NEAR(l.latency[3].max, 3000);
    NEAR(l.latency[2].max, (3000 - 500) / 10.0); /* tpot: eleven tokens, ten steps */
    arena_release(&a);
}

static void a_count_that_is_not_told(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = load_run(&a, 8, 10);
    ask(&r, 0, 0, 0.5, 2, 11);
    ask(&r, 3, 0, 0.5, 2, -1);
    load_of_run(&r, &l);
    assert_true(isnan(l.output_tok) && isnan(l.output_rate));
    assert_int_equal(l.latency[2].n, 1);
    r.requests[1].outcome = OUTCOME_RESET; /* a failed one need not tell */
    load_of_run(&r, &l);
    NEAR(l.output_tok, 11);
    r.requests[1].usage.completion_tok = 5; /* but counts when it does */
    load_of_run(&r, &l);
    NEAR(l.output_tok, 16);
    arena_release(&a);
}

static void none_and_one(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = load_run(&a, 8, 10);
    load_of_run(&r, &l);
    assert_int_equal(l.counts.planned, 0);
    assert_true(isnan(l.planned_rate) && isnan(l.sent_rate) && isnan(l.latency[0].max) && isnan(l.gap_max_ms));
    assert_true(isnan(l.latency[0].tail[2].q) && l.latency[0].tail[2].state == TAIL_UNRESOLVED);
    NEAR(l.completed_rate, 0);
    NEAR(l.in_flight_mean, 0);
    assert_true(!l.warmup.by && !l.warmup.settled && l.gap_max_seq == -1);
    ask(&r, 0, 0, 0.5, 2, 1);
    load_of_run(&r, &l);
    assert_true(isnan(l.sent_rate)); /* one send has no rate */
    NEAR(l.completed_rate, 0.1);
    NEAR(l.latency[0].tail[2].q, 500);
    assert_true(isnan(l.latency[0].tail[2].m) && l.latency[0].tail[2].state == TAIL_UNRESOLVED);
    NEAR(l.latency[0].tail[2].need_n, 1000); /* 10 / (1 - 0.99) */
    NEAR(l.latency[0].tail[2].need_s, 10000);
    NEAR(l.latency[0].tail[0].need_n, 20);
    assert_int_equal(l.latency[2].n, 0); /* one token has no tpot */
    assert_int_equal(l.in_flight_max, 1);
    arena_release(&a);
}

/* Hostile stamps: no time, an end before the sending, and a span that does not fit. */
static void stamps_that_are_no_times(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = load_run(&a, 8, 10);
    ask(&r, 0, 0, 0.5, 2, 3)->stamp[STAMP_DONE] = at_s(-1);
    ask(&r, 1, 0, 0.5, 2, 3)->stamp[STAMP_SENT] = INT64_MIN + 1;
    ask(&r, 2, 0, 0.5, 2, 3)->stamp[STAMP_DONE] = MONO_NONE;
    load_of_run(&r, &l);
    NEAR(l.in_flight_mean, 0);
    assert_true(isnan(l.sent_rate));
    r.sessions[0].ended_ns = MONO_NONE;
    load_of_run(&r, &l);
    assert_true(isnan(l.window_s) && isnan(l.completed_rate) && isnan(l.in_flight_mean));
    arena_release(&a);
}

static void who_left_late(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = load_run(&a, 8, 10);
    for (int i = 0; i < 4; i++)
        ask(&r, i, i * 0.0009, 0.01, 0.2, 3); /* 0, 0.9, 1.8, 2.7 ms; e2e 200 ms: the limit is 2 ms */
    load_of_run(&r, &l);
    NEAR(l.late_limit_ms, 2);
    assert_int_equal(l.late, 1);
    for (int i = 0; i < 4; i++)
        r.requests[i].stamp[STAMP_DONE] = r.requests[i].stamp[STAMP_SENT] + 50 * NS_PER_MS;
    load_of_run(&r, &l);
    NEAR(l.late_limit_ms, 1); /* not less than 1 ms */
    assert_int_equal(l.late, 2);
    NEAR(l.latency[4].max - l.latency[3].max, 2.7); /* from planned: the lag is in it */
    NEAR(l.latency[1].max, 12.7);
    arena_release(&a);
}

/* ---- tails ------------------------------------------------------------------------------------------------ */

/* n requests, one a second, each 0.5 s long and alone; its ttft by the function, in ms. */
static struct run series(struct arena *a, size_t n, double (*ttft_ms)(size_t i))
{
    struct run r = load_run(a, n, (double)n);
    for (size_t i = 0; i < n; i++)
        ask(&r, (double)i, 0, ttft_ms(i) / 1e3, 0.9, 11);
    return r;
}

/* 0 … 99 in each hundred, in an order that a multiplication mixes. */
static double mixed(size_t i)
{
    return (double)(i * 37 % 100) + 1;
}

/* The same values in one ascending ramp over 1000: sections differ as much as they can. */
static double ramp(size_t i)
{
    return 1 + (double)(i / 10);
}

static double sawtooth_e2e(size_t i)
{
    return i % 100 < 10 ? 100 : 10;
}

static void resolved_when_sections_agree(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = series(&a, 1000, mixed);
    /* as wide as independent values: h = 2.262 sqrt(p (1 - p) / 100) / sqrt(10) = 0.0358, 0.0215, 0.0071 */
    const double lo[LOAD_TAILS] = {47, 88, 99}, hi[LOAD_TAILS] = {54, 93, 100};
    load_of_run(&r, &l);
    for (size_t k = 0; k < LOAD_TAILS; k++) {
        const struct load_tail *t = &l.latency[0].tail[k];
        assert_int_equal(t->state, TAIL_OK);
        assert_true(isnan(t->need_n) && isnan(t->need_s));
        NEAR(t->m, 1000 * (1 - t->p));          /* equal shares in each section: no inflation */
        NEAR(t->q, k == 0 ? 50.5 : t->p * 100); /* p50 is the median, the others observed values */
        NEAR(t->lo, lo[k]);
        NEAR(t->hi, hi[k]);
    }
    r = series(&a, 500, mixed);
    load_of_run(&r, &l);
    assert_int_equal(l.latency[0].tail[1].state, TAIL_OK);
    assert_int_equal(l.latency[0].tail[2].state, TAIL_WEAK); /* m = 5 */
    NEAR(l.latency[0].tail[2].need_n, 1000);
    NEAR(l.latency[0].tail[2].need_s, 1000); /* one a second */
    r = series(&a, 200, mixed);
    load_of_run(&r, &l);
    assert_int_equal(l.latency[0].tail[2].state, TAIL_UNRESOLVED); /* m = 2 */
    assert_int_equal(l.latency[0].tail[1].state, TAIL_OK);         /* m = 20 */
    arena_release(&a);
}

/* One of each hundred takes 1000, all along; of the others 505 take 1 and then 485 take 2. */
static double steady_tail_on_a_step(size_t i)
{
    return i % 100 == 50 ? 1000 : i < 510 ? 1 : 2;
}

/* Each section has its one share of 0.01 above p99: by itself m = 10. But the shares above the median are five times 0.01,
 * 0.9 and four times 1, of variance 2.36025 / 9: D = 104.9. What forgets so slowly has not shown ten tails. */
static void a_tail_is_no_surer_than_the_middle(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = series(&a, 1000, steady_tail_on_a_step);
    load_of_run(&r, &l);
    const struct load_tail *t = &l.latency[0].tail[2];
    NEAR(t->q, 2);
    NEAR(t->m, 10 / 104.9);
    assert_int_equal(t->state, TAIL_UNRESOLVED);
    assert_true(isinf(t->hi) && t->lo == 2);
    arena_release(&a);
}

/* One of each ten is slow. */
static double tenth(size_t i)
{
    return i % 10 == 3 ? 90 : 20;
}

static void exactly_at_the_limits(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = series(&a, 100, tenth);
    load_of_run(&r, &l);
    assert_int_equal(l.latency[0].tail[1].state, TAIL_OK); /* m = 10 */
    assert_int_equal(l.latency[0].tail[2].state, TAIL_UNRESOLVED);
    r.n_requests = 90;
    load_of_run(&r, &l);
    assert_int_equal(l.latency[0].tail[1].state, TAIL_WEAK);
    r.n_requests = 30;
    load_of_run(&r, &l);
    assert_int_equal(l.latency[0].tail[1].state, TAIL_WEAK); /* m = 3 */
    r.n_requests = 20;
    load_of_run(&r, &l);
    assert_int_equal(l.latency[0].tail[1].state, TAIL_UNRESOLVED);
    assert_int_equal(l.latency[0].tail[0].state, TAIL_OK); /* m = 10 */
    arena_release(&a);
}

/* p90 of the ramp is 90: only the last section is above it. Shares 0 … 0, 1: their sd is sqrt(0.1), D = 0.1 · 100 / 0.09,
 * m = 100 / D = 0.9. p99 of a ramp that is e2e's driver makes e2e's own good tail WEAK. */
static void drifting_driver(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = series(&a, 1000, ramp);
    load_of_run(&r, &l);
    const struct load_tail *t = &l.latency[0].tail[1], *e2e = &l.latency[3].tail[1];
    NEAR(t->m, 0.9);
    assert_int_equal(t->state, TAIL_UNRESOLVED);
    assert_true(isinf(t->hi) && t->hi > 0);
    NEAR(t->need_n, ceil(1000 * 10 / 0.9));
    NEAR(e2e->m, 100); /* all e2e are equal */
    assert_int_equal(e2e->state, TAIL_WEAK);
    NEAR(e2e->need_n, ceil(1000 * 10 / 0.9));
    assert_true(l.warmup.by && !strcmp(l.warmup.by, "ttft") && !l.warmup.settled);
    arena_release(&a);
}

/* Time to first token is steady and so is e2e, but in the last tenth a hundred requests are in flight at once. */
static void in_flight_is_a_driver_too(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = series(&a, 1000, mixed);
    for (size_t i = 900; i < 1000; i++)
        for (int s = STAMP_PLANNED; s < STAMP_COUNT; s++)
            if (r.requests[i].stamp[s] != MONO_NONE)
                r.requests[i].stamp[s] -= (mono_ns)(i - 900) * 995 * NS_PER_MS;
    load_of_run(&r, &l);
    assert_int_equal(l.in_flight_max, 100);
    NEAR(l.latency[0].tail[1].m, 100);
    assert_int_equal(l.latency[0].tail[1].state, TAIL_WEAK);
    assert_int_equal(l.latency[3].tail[1].state, TAIL_WEAK);
    assert_true(l.latency[3].tail[1].need_n > 1000);
    arena_release(&a);
}

/* ---- warm-up and stalls ------------------------------------------------------------------------------------ */

static double slow_start(size_t i)
{
    return i < 12 ? 800 : 20 + (double)(i % 5);
}

static void warm_up_by_mser5(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = series(&a, 100, slow_start);
    load_of_run(&r, &l);
    assert_int_equal(l.warmup.n, 100);
    assert_int_equal(l.warmup.drop, 15); /* the batch that holds the last slow one goes too */
    assert_true(l.warmup.settled);
    assert_string_equal(l.warmup.by, "ttft");
    r = series(&a, 9, slow_start);
    load_of_run(&r, &l);
    assert_true(!l.warmup.by && !l.warmup.settled && l.warmup.n == 9);
    r = series(&a, 100, tenth);
    for (size_t i = 0; i < 100; i++) /* ttft is settled and e2e grows to the end: what never settles is told */
        r.requests[i].stamp[STAMP_DONE] = r.requests[i].stamp[STAMP_SENT] + (mono_ns)(200 + i) * NS_PER_MS;
    load_of_run(&r, &l);
    assert_string_equal(l.warmup.by, "e2e");
    assert_false(l.warmup.settled);
    r = series(&a, 100, sawtooth_e2e);
    load_of_run(&r, &l);
    assert_true(l.warmup.by && l.warmup.settled);
    arena_release(&a);
}

/* Text chunks at the given offsets in seconds. */
static void stream(struct request *q, const double *at, size_t n)
{
    chunk_list_init(&q->chunks, n);
    for (size_t i = 0; i < n; i++)
        chunk_list_add(&q->chunks, (struct chunk){.t_ns = at_s(at[i]), .app_ns = at_s(at[i]), .kind = CHUNK_TEXT});
}

static void stalls(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = load_run(&a, 8, 10);
    stream(ask(&r, 0, 0, 0.5, 2, 3), (double[]){0.5, 0.6, 1.1}, 3); /* 500 ms is none yet */
    stream(ask(&r, 1, 0, 0.5, 2, 3), (double[]){1.5, 2.1, 2.2}, 3); /* 600 ms */
    stream(ask(&r, 2, 0, 0.5, 2, 1), (double[]){2.5}, 1);           /* no gap */
    struct request *failed = ask(&r, 3, 0, 0.5, 2, 3);
    stream(failed, (double[]){3.5, 5.5}, 2);
    failed->outcome = OUTCOME_RESET;
    stream(ask(&r, 4, 0, 0.5, 2, 3), (double[]){4.5, 4.6}, 2);
    load_of_run(&r, &l);
    assert_int_equal(l.streamed, 3);
    assert_int_equal(l.stalled, 1);
    NEAR(l.gap_max_ms, 600);
    assert_int_equal(l.gap_max_seq, 1);
    for (size_t i = 0; i < r.n_requests; i++)
        chunk_list_release(&r.requests[i].chunks);
    arena_release(&a);
}

/* ---- arrivals ---------------------------------------------------------------------------------------------- */

/* 100 sends whose gaps are the exponential law's quantiles at 0.005, 0.015, …, each once, in the order of the powers of 11
 * modulo 101: mean 1 / rate. */
static struct run exponential(struct arena *a, double rate)
{
    struct run r = load_run(a, 100, 100);
    double at = 0;
    for (size_t i = 0, k = 1; i < 100; i++, k = k * 11 % 101) {
        at -= log(1 - ((double)k - 0.5) / 100) / rate;
        ask(&r, at, 0, 0.01, 0.05, 3);
    }
    return r;
}

static void arrivals_of_a_law(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_arrivals x;
    struct run r = exponential(&a, 10);
    load_arrivals_of_run(&r, &(struct load_law){10, 1}, &x);
    assert_int_equal(x.n, 100);
    assert_true(x.tested && x.ks_p > 0.999 && x.dispersion_p > 0.5 && x.acf1_p > 0.5 && x.p == 1);
    assert_true(x.cv2 > 0.8 && x.cv2 < 1.05 && x.cv2_law == 1);
    load_arrivals_of_run(&r, &(struct load_law){20, 1}, &x); /* half the asked rate */
    assert_true(x.tested && x.ks_p < 1e-4 && x.p < 1e-3);
    load_arrivals_of_run(&r, &(struct load_law){10, 4}, &x); /* burstier than asked */
    assert_true(x.tested && x.p < 1e-3 && x.cv2_law == 0.25);
    load_arrivals_of_run(&r, &(struct load_law){10, INFINITY}, &x);
    assert_true(!x.tested && isnan(x.p) && isnan(x.ks_p) && x.cv2_law == 0 && x.cv2 > 0.8);
    r.n_requests = 19;
    load_arrivals_of_run(&r, &(struct load_law){10, 1}, &x);
    assert_true(!x.tested && isnan(x.p) && x.cv2 > 0);
    r.n_requests = 0;
    load_arrivals_of_run(&r, &(struct load_law){10, 1}, &x);
    assert_true(!x.tested && isnan(x.cv2) && x.n == 0);
    arena_release(&a);
}

/* The first gap of a random law begins at the release, that of a constant law with the first send. Gaps that are only
 * known to a lag of their own size show nothing. */
static void where_gaps_begin(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_arrivals x;
    struct run r = load_run(&a, 40, 10);
    for (int i = 0; i < 40; i++)
        ask(&r, 50 + i * 0.1, 0, 0.01, 0.05, 3);
    load_arrivals_of_run(&r, &(struct load_law){10, INFINITY}, &x);
    assert_true(x.cv2 < 1e-9);
    load_arrivals_of_run(&r, &(struct load_law){10, 1}, &x);
    assert_true(x.cv2 > 10); /* one gap of 50 s */
    for (int i = 0; i < 40; i++)
        r.requests[i].stamp[STAMP_SENT] -= 50 * NS_PER_S;
    load_arrivals_of_run(&r, &(struct load_law){10, 1}, &x);
    assert_true(x.tested && x.ks_p < 1e-3);
    r.health.send_lag_p99_us = 3e5;
    load_arrivals_of_run(&r, &(struct load_law){10, 1}, &x);
    assert_true(x.tested && x.ks_p > 0.9);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_plain_load),
        cmocka_unit_test(counts_rates_and_concurrency),
        cmocka_unit_test(a_count_that_is_not_told),
        cmocka_unit_test(none_and_one),
        cmocka_unit_test(stamps_that_are_no_times),
        cmocka_unit_test(who_left_late),
        cmocka_unit_test(resolved_when_sections_agree),
        cmocka_unit_test(a_tail_is_no_surer_than_the_middle),
        cmocka_unit_test(exactly_at_the_limits),
        cmocka_unit_test(drifting_driver),
        cmocka_unit_test(in_flight_is_a_driver_too),
        cmocka_unit_test(warm_up_by_mser5),
        cmocka_unit_test(stalls),
        cmocka_unit_test(arrivals_of_a_law),
        cmocka_unit_test(where_gaps_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
