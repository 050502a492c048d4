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
    NEAR(l.errors.estimate, 2 / 6.0);
    assert_true(l.errors.n == 6 && fabs(l.errors.lo - 0.0968) < 5e-5 && fabs(l.errors.hi - 0.7000) < 5e-5);
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
    assert_true(isnan(l.planned_rate) && isnan(l.sent_rate) && isnan(l.latency[0].max) && isnan(l.streams.gap_max_ms));
    assert_true(isnan(l.latency[0].tail[2].q) && l.latency[0].tail[2].state == TAIL_UNRESOLVED);
    NEAR(l.completed_rate, 0);
    NEAR(l.in_flight_mean, 0);
    assert_true(!l.warmup.by && !l.warmup.settled && l.streams.gap_max_seq == -1);
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
    assert_int_equal(l.streams.n, 3);
    assert_int_equal(l.streams.stalled, 1);
    NEAR(l.streams.gap_max_ms, 600);
    assert_int_equal(l.streams.gap_max_seq, 1);
    assert_int_equal(l.streams.broken, 1);
    NEAR(l.streams.stall_share, 600 / 4500.0); /* first to last token: 1.5 s each */
    assert_int_equal(l.streams.readers, 0);    /* no chunk says how much text it is */
    assert_true(isnan(l.streams.wait_max_ms));
    for (size_t i = 0; i < r.n_requests; i++)
        for (size_t k = 0; k < r.requests[i].chunks.n; k++)
            r.requests[i].chunks.at[k].text_bytes = 1;
    load_of_run(&r, &l); /* a token a chunk, 125 ms each: at 0.5 1.1 s the second is 350 ms late; at 1.5 2.1 s 475 ms */
    assert_int_equal(l.streams.readers, 3);
    assert_int_equal(l.streams.waited, 2); /* 4.5 4.6 s with 1.5 tokens a chunk: none */
    NEAR(l.streams.wait_max_ms, 475);
    for (size_t i = 0; i < r.n_requests; i++)
        chunk_list_release(&r.requests[i].chunks);
    arena_release(&a);
}

/* ---- cut off, and in balance ------------------------------------------------------------------------------- */

/* A hundred requests of 1 … 100 s; those over 90 s ran into their timeout of 90 s. */
static struct run timed_out(struct arena *a)
{
    struct run r = series(a, 100, mixed);
    for (size_t i = 0; i < 100; i++) {
        struct request *q = &r.requests[i];
        double s = mixed(i);
        q->stamp[STAMP_PLANNED] -= 10 * NS_PER_MS;
        q->stamp[STAMP_DONE] = q->stamp[STAMP_SENT] + (mono_ns)(s > 90 ? 90 : s) * NS_PER_S;
        if (s <= 90)
            continue;
        fail_it(q, (enum outcome[]){OUTCOME_TIMEOUT_TOTAL, OUTCOME_TIMEOUT_IDLE, OUTCOME_TIMEOUT_FIRST_BYTE,
                                    OUTCOME_CANCELLED}[i % 4]);
    }
    return r;
}

static void a_timeout_is_no_success(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = timed_out(&a);
    load_of_run(&r, &l);
    const struct load_latency *ttft = &l.latency[0], *e2e = &l.latency[3], *planned = &l.latency[4];
    assert_true(ttft->n == 100 && ttft->cut_off == 10 && e2e->n == 100 && e2e->cut_off == 10);
    assert_true(l.latency[2].n == 90 && l.latency[2].cut_off == 0); /* tpot is of what completed */
    NEAR(e2e->tail[0].q, 50000);                                    /* not 45: half of all, and the 90th of a hundred */
    NEAR(e2e->tail[1].q, 90000);
    assert_true(isinf(e2e->tail[2].q) && isinf(e2e->tail[2].hi));
    NEAR(e2e->max, 90000);
    NEAR(planned->tail[0].q, 50010);
    NEAR(planned->max, 90010);
    NEAR(ttft->tail[1].q, 90); /* in ms; those without a first token waited 90 s for it */
    assert_true(isinf(ttft->tail[2].q));
    NEAR(ttft->max, 90000);
    for (size_t i = 0; i < 100; i++) /* with a first token, that is known */
        r.requests[i].stamp[STAMP_FIRST_TOKEN] = r.requests[i].stamp[STAMP_SENT] + (mono_ns)mixed(i) * NS_PER_MS;
    load_of_run(&r, &l);
    assert_true(ttft->cut_off == 0 && e2e->cut_off == 10);
    NEAR(ttft->tail[2].q, 99);
    assert_int_equal(l.streams.broken, 10);
    for (size_t i = 0; i < 100; i++) /* another end says nothing of how long it would have been */
        if (r.requests[i].outcome != OUTCOME_OK)
            r.requests[i].outcome = OUTCOME_RESET;
    load_of_run(&r, &l);
    assert_true(e2e->n == 90 && e2e->cut_off == 0);
    NEAR(e2e->tail[0].q, 45500);
    arena_release(&a);
}

static void all_were_cut_off(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = series(&a, 50, mixed);
    for (size_t i = 0; i < 50; i++)
        fail_it(&r.requests[i], OUTCOME_TIMEOUT_TOTAL);
    load_of_run(&r, &l);
    assert_true(l.latency[3].n == 50 && l.latency[3].cut_off == 50);
    for (size_t k = 0; k < LOAD_TAILS; k++)
        assert_true(isinf(l.latency[3].tail[k].q) && isinf(l.latency[3].tail[k].lo));
    assert_int_equal(l.latency[3].tail[0].state, TAIL_OK); /* that all of them took longer is firm */
    NEAR(l.latency[3].max, 900);
    r.n_requests = 3; /* fewer than sections */
    load_of_run(&r, &l);
    assert_true(isinf(l.latency[3].tail[2].q) && isnan(l.latency[3].tail[2].lo));
    assert_int_equal(l.latency[3].tail[2].state, TAIL_UNRESOLVED);
    arena_release(&a);
}

static void in_balance_or_not(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct run r = series(&a, 101, mixed); /* one a second, each 0.9 s */
    load_of_run(&r, &l);
    NEAR(l.balance.in_flight, 0.9);
    NEAR(l.balance.law, 0.9);
    for (size_t i = 0; i <= 100; i++) /* the later, the longer, and never done before the end */
        r.requests[i].stamp[STAMP_DONE] = at_s(200);
    load_of_run(&r, &l);
    NEAR(l.balance.in_flight, 50.5); /* 1 … 100 in the hundred seconds */
    NEAR(l.balance.law, 150);
    r.n_requests = 1;
    load_of_run(&r, &l);
    assert_true(isnan(l.balance.in_flight) && isnan(l.balance.law));
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

static const struct load_law *law(double rate, double shape)
{
    static struct rate_stage stage;
    static struct load_law l;
    stage = (struct rate_stage){rate, rate, RATE_OPEN};
    l = (struct load_law){&stage, 1, shape};
    return &l;
}

static void arrivals_of_a_law(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_arrivals x;
    struct run r = exponential(&a, 10);
    load_arrivals_of_run(&r, law(10, 1), &x);
    assert_int_equal(x.n, 100);
    assert_true(x.tested && x.ks_p > 0.999 && x.dispersion_p > 0.5 && x.acf1_p > 0.5 && x.p == 1);
    assert_true(x.cv2 > 0.8 && x.cv2 < 1.05 && x.cv2_law == 1);
    load_arrivals_of_run(&r, law(20, 1), &x); /* half the asked rate */
    assert_true(x.tested && x.ks_p < 1e-4 && x.p < 1e-3);
    load_arrivals_of_run(&r, law(10, 4), &x); /* burstier than asked */
    assert_true(x.tested && x.p < 1e-3 && x.cv2_law == 0.25);
    load_arrivals_of_run(&r, law(10, INFINITY), &x);
    assert_true(!x.tested && isnan(x.p) && isnan(x.ks_p) && x.cv2_law == 0 && x.cv2 > 0.8);
    r.n_requests = 19;
    load_arrivals_of_run(&r, law(10, 1), &x);
    assert_true(!x.tested && isnan(x.p) && x.cv2 > 0);
    r.n_requests = 0;
    load_arrivals_of_run(&r, law(10, 1), &x);
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
    load_arrivals_of_run(&r, law(10, INFINITY), &x);
    assert_true(x.cv2 < 1e-9);
    load_arrivals_of_run(&r, law(10, 1), &x);
    assert_true(x.cv2 > 10); /* one gap of 50 s */
    for (int i = 0; i < 40; i++)
        r.requests[i].stamp[STAMP_SENT] -= 50 * NS_PER_S;
    load_arrivals_of_run(&r, law(10, 1), &x);
    assert_true(x.tested && x.ks_p < 1e-3);
    r.health.send_lag_p99_us = 3e5;
    load_arrivals_of_run(&r, law(10, 1), &x);
    assert_true(x.tested && x.ks_p > 0.9);
    arena_release(&a);
}

/* Two requests before the window, of 2 and 5 s; the window begins at 4 s and has two more of 2 s each. In flight when
 * these are sent, at 4 and 5 s: that of 5 s until 6. */
static void a_warm_up_is_seen_in_flight_only(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct load_arrivals x;
    struct run r = load_run(&a, 8, 8);
    ask(&r, 0, 0, 0.5, 2, 100)->flags |= REQUEST_WARMUP;
    ask(&r, 1, 0.9, 3, 4.1, 100)->flags |= REQUEST_WARMUP;
    ask(&r, 4, 0, 0.5, 2, 10);
    ask(&r, 5, 0, 0.7, 2, 10);
    r.sessions[0].released_ns = at_s(4);
    run_part_warmup(&r);
    assert_int_equal(r.n_warmup, 2);
    load_of_run(&r, &l);
    assert_int_equal(l.counts.planned, 2);
    assert_int_equal(l.counts.completed, 2);
    NEAR(l.window_s, 4);
    NEAR(l.completed_rate, 0.5);
    NEAR(l.sent_rate, 1);
    NEAR(l.output_tok, 20);
    NEAR(l.output_rate, 5);
    NEAR(l.in_flight_mean, (2 + 2 + 2) / 4.0);
    NEAR(l.balance.in_flight, 2); /* between 4 and 5 s */
    NEAR(l.balance.law, 2);
    assert_int_equal(l.in_flight_max, 3);
    assert_int_equal(l.latency[0].n, 2);
    NEAR(l.latency[0].max, 700);
    assert_int_equal(l.late, 0);
    assert_int_equal(l.warmup.n, 2);
    load_arrivals_of_run(&r, law(1, 1), &x); /* no gap from the release */
    assert_int_equal(x.n, 2);
    assert_true(isnan(x.cv2));
    arena_release(&a);
}

/* First turns keep a constant law, second ones do not; one conversation was cut short. */
static void conversations_arrive_by_their_first_turns(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_run l;
    struct load_arrivals x;
    struct run r = load_run(&a, 24, 10);
    for (int i = 0; i < 8; i++)
        add_session(&r, "load", 10);
    for (int i = 0; i < 9; i++) {
        ask(&r, i * 0.1, 0, 0.01, 0.02, 3)->session = i;
        struct request *q = ask(&r, i * 0.1 + 0.03 * (i % 3), 0, 0.01, 0.02, 3);
        q->session = i;
        q->turn = 1;
    }
    r.sessions[4].ok = false;
    load_arrivals_of_run(&r, law(10, INFINITY), &x);
    assert_int_equal(x.n, 9);
    assert_true(x.cv2 < 1e-9);
    load_of_run(&r, &l);
    assert_int_equal(l.conversations, 9);
    assert_int_equal(l.cut_short, 1);
    assert_int_equal(l.counts.completed, 18);
    arena_release(&a);
}

/* 0 to 20 per second in 2 s, then 20: by the integral 5 t^2 the k-th send is at sqrt(k / 5), then every 0.05 s; the warm-up of
 * 1 s takes the first five. */
static void a_ramp_is_tested_in_its_own_time(void **state)
{
    (void)state;
    struct arena a = {0};
    struct load_arrivals x;
    const struct rate_stage stages[] = {{0, 20, 2 * NS_PER_S}, {20, 20, RATE_OPEN}};
    const struct load_law constant = {stages, 2, INFINITY}, flat = {&stages[1], 1, INFINITY};
    struct run r = load_run(&a, 40, 4);
    for (int k = 0; k < 40; k++)
        ask(&r, k < 20 ? sqrt(k / 5.0) : 2 + (k - 20) * 0.05, 0, 0.01, 0.02, 3);
    load_arrivals_of_run(&r, &constant, &x);
    assert_int_equal(x.n, 40);
    assert_true(x.cv2 < 1e-9 && !x.tested);
    load_arrivals_of_run(&r, &flat, &x);
    assert_true(x.cv2 > 0.1);
    for (int k = 0; k < 5; k++)
        r.requests[k].flags |= REQUEST_WARMUP;
    r.sessions[0].released_ns = at_s(1);
    run_part_warmup(&r);
    load_arrivals_of_run(&r, &constant, &x);
    assert_int_equal(x.n, 35);
    assert_true(x.cv2 < 1e-9);
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
        cmocka_unit_test(a_timeout_is_no_success),
        cmocka_unit_test(all_were_cut_off),
        cmocka_unit_test(in_balance_or_not),
        cmocka_unit_test(arrivals_of_a_law),
        cmocka_unit_test(where_gaps_begin),
        cmocka_unit_test(a_ramp_is_tested_in_its_own_time),
        cmocka_unit_test(a_warm_up_is_seen_in_flight_only),
        cmocka_unit_test(conversations_arrive_by_their_first_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
