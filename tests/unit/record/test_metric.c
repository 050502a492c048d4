/* Every metric against values worked out by hand, the sum of the engine's parts, and NaN where a part is
 * missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "record/metric.h"

#define MS NS_PER_MS
#define S NS_PER_S

static double of(const struct request *r, const char *id)
{
    const struct metric *m = metric_find(id);
    if (!m || !m->of_request)
        fail_msg("no request metric %s", id);
    return m->of_request(r);
}

static void near(double got, double want)
{
    if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= 1e-9 * fmax(1, fabs(want))))
        fail_msg("got %.17g, want %.17g", got, want);
}

static void add(struct request *r, mono_ns t, enum chunk_kind kind, unsigned flags)
{
    chunk_list_reserve(&r->chunks, 1);
    chunk_list_add(&r->chunks, (struct chunk){t, t + 2000, 200, (uint8_t)kind, (uint8_t)flags, 4});
}

/* Role chunk at 50 ms; 1 token at 100; 3 tokens in one chunk at 140; 1 token at 180; usage at 182; done
 * 183; 5 tokens. One peer calls 50 its TTFT, others give 20, 40, 43.3 or 45 for one "ITL". */
static struct request worked_example(void)
{
    struct request r;
    request_init(&r);
    const mono_ns t0 = 7 * S;
    r.stamp[STAMP_PLANNED] = t0 - 2 * MS;
    r.stamp[STAMP_READY] = t0 - 1 * MS;
    r.stamp[STAMP_SENT] = t0;
    r.stamp[STAMP_FIRST_BYTE] = r.stamp[STAMP_FIRST_CHUNK] = t0 + 50 * MS;
    r.stamp[STAMP_FIRST_TOKEN] = r.stamp[STAMP_FIRST_ANSWER] = t0 + 100 * MS;
    r.stamp[STAMP_LAST_TOKEN] = t0 + 180 * MS;
    r.stamp[STAMP_DONE] = t0 + 183 * MS;
    r.usage.completion_tok = 5;
    r.usage.prompt_tok = 30;
    add(&r, t0 + 50 * MS, CHUNK_ROLE, 0);
    add(&r, t0 + 100 * MS, CHUNK_TEXT, 0);
    add(&r, t0 + 140 * MS, CHUNK_TEXT, 0);
    add(&r, t0 + 180 * MS, CHUNK_TEXT, 0);
    add(&r, t0 + 182 * MS, CHUNK_USAGE, CHUNK_UNSTAMPED);
    add(&r, t0 + 183 * MS, CHUNK_DONE, 0);
    return r;
}

static void test_worked_example(void **state)
{
    (void)state;
    struct request r = worked_example();
    near(of(&r, "ttfb"), 50);
    near(of(&r, "ttft"), 100);
    near(of(&r, "ttft.planned"), 102);
    near(of(&r, "ttfa"), 100);
    near(of(&r, "tpot"), 20);
    near(of(&r, "gap.p50"), 40);
    near(of(&r, "gap.p99"), 40);
    near(of(&r, "gap.max"), 40);
    near(of(&r, "e2e"), 183);
    near(of(&r, "e2e.planned"), 185);
    near(of(&r, "decode_rate.client"), 50);
    near(of(&r, "output_rate"), 5 / 0.183);
    near(of(&r, "send_lag"), 2000);
    near(of(&r, "tokens.completion"), 5);
    near(of(&r, "tokens.prompt"), 30);
    near(of(&r, "chunks.merged"), 0);
    near(of(&r, "chunks.unstamped"), 1);
    near(of(&r, "app_delay.p99"), 2);
    near(of(&r, "decode_rate.server"), NAN);
    near(of(&r, "queue.server"), NAN);
    near(of(&r, "queue.client"), NAN);
    near(of(&r, "load_time"), NAN);
    near(of(&r, "rtt"), NAN);
    r.rtt_ns = 31000;
    near(of(&r, "rtt"), 31);
    request_release(&r);
}

/* Ollama's answer to four calls at once (load 10, prompt 217, eval 2,308, total 4,897 ms): the queue is in
 * no field. */
static void test_server_times(void **state)
{
    (void)state;
    struct request r = worked_example();
    r.usage = (struct usage){4897 * MS, 10 * MS, 217 * MS, 2308 * MS, 38, 20, -1, 58};
    r.stamp[STAMP_DONE] = r.stamp[STAMP_SENT] + 4900 * MS;
    r.stamp[STAMP_FIRST_TOKEN] = r.stamp[STAMP_SENT] + 2600 * MS;
    near(of(&r, "queue.server"), 2362);
    near(of(&r, "queue.client"), 2600 - 10 - 217);
    near(of(&r, "client_overhead"), 3);
    near(of(&r, "load_time"), 10);
    near(of(&r, "decode_rate.server"), 20 / 2.308);
    near(of(&r, "decode_rate.steps"), 19 / 2.308);
    near(of(&r, "prompt_rate"), 38 / 0.217);
    r.usage.cached_tok = 8;
    near(of(&r, "prompt_rate"), 30 / 0.217);
    r.usage.cached_tok = 38;
    near(of(&r, "prompt_rate"), NAN);
    r.usage.load_ns = -1; /* llama-server tells none */
    near(of(&r, "queue.client"), 2600 - 217);
    near(of(&r, "queue.server"), NAN);
    r.usage.eval_ns = 0;
    near(of(&r, "decode_rate.server"), NAN);
    request_release(&r);
}

/* llama-server's own figures: 12 tokens, 142.021 ms, "predicted_per_second":77.45333436604446; one token,
 * 0.001 ms. */
static void test_llama_rates(void **state)
{
    (void)state;
    struct request r;
    request_init(&r);
    r.usage.completion_tok = 12;
    r.usage.eval_ns = 142021000;
    near(of(&r, "decode_rate.steps"), 77.45333436604446);
    r.usage.completion_tok = 1;
    r.usage.eval_ns = 1000;
    near(of(&r, "decode_rate.steps"), NAN);
    near(of(&r, "decode_rate.server"), NAN);
    near(of(&r, "decode_rate.client"), NAN);
    near(of(&r, "tpot"), NAN);
    request_release(&r);
}

static void test_gaps(void **state)
{
    (void)state;
    struct request r;
    request_init(&r);
    near(of(&r, "gap.max"), NAN);
    add(&r, 100 * MS, CHUNK_TEXT, 0);
    near(of(&r, "gap.max"), NAN);
    add(&r, 110 * MS, CHUNK_REASONING, 0);
    add(&r, 140 * MS, CHUNK_TEXT, CHUNK_MERGED); /* three of one read are one arrival */
    add(&r, 140 * MS, CHUNK_TEXT, CHUNK_MERGED);
    add(&r, 140 * MS, CHUNK_TEXT, 0);
    add(&r, 145 * MS, CHUNK_COMMENT, 0);         /* no text, no arrival */
    add(&r, 160 * MS, CHUNK_TEXT, CHUNK_MERGED); /* its read ended with the terminator */
    add(&r, 160 * MS, CHUNK_DONE, 0);
    near(of(&r, "gap.p50"), 20); /* of 10 30 20 */
    near(of(&r, "gap.p99"), 30);
    near(of(&r, "gap.max"), 30);
    near(of(&r, "chunks.merged"), 3);
    add(&r, 160 * MS, CHUNK_TEXT, 0); /* another read at the same time is a gap of 0 */
    r.chunks.at[6].flags = 0;
    near(of(&r, "gap.p50"), 10); /* of 0 10 20 30, nearest rank */
    request_release(&r);
}

/* Every chunk has 4 bytes of text. */
static void test_stalls_and_a_reader(void **state)
{
    (void)state;
    struct request r;
    request_init(&r);
    near(of(&r, "stall.time"), NAN);
    r.usage.completion_tok = 8; /* two tokens a chunk: read in 250 ms */
    add(&r, 100 * MS, CHUNK_TEXT, 0);
    near(of(&r, "stall.time"), NAN);
    near(of(&r, "reader.wait"), NAN); /* nothing to wait for */
    add(&r, 600 * MS, CHUNK_TEXT, 0); /* 500 ms is no stall yet, but 250 ms late */
    near(of(&r, "stall.time"), 0);
    add(&r, 700 * MS, CHUNK_COMMENT, 0);
    add(&r, 1200 * MS, CHUNK_REASONING, 0); /* read after 500 ms, there after 1100 */
    add(&r, 1250 * MS, CHUNK_TEXT, 0);      /* read after 750 ms, there after 1150: nothing more to wait for */
    near(of(&r, "stall.time"), 600);
    near(of(&r, "reader.wait"), 600);
    r.usage.completion_tok = 80;
    near(of(&r, "reader.wait"), 0); /* 20 tokens a chunk keep the reader busy for 2.5 s */
    r.usage.completion_tok = -1;
    near(of(&r, "reader.wait"), NAN);
    r.usage.completion_tok = 8;
    r.chunks.dropped = 1;
    near(of(&r, "reader.wait"), NAN);
    request_release(&r);
}

static void test_percentile_is_nearest_rank(void **state)
{
    (void)state;
    struct request r;
    request_init(&r);
    mono_ns t = 0;
    for (int i = 0; i <= 200; i++) {
        add(&r, t, CHUNK_TEXT, 0);
        t += (i + 1) * MS;
    }
    near(of(&r, "gap.p99"), 198); /* the 198th of 200 */
    near(of(&r, "gap.p50"), 100);
    request_release(&r);
}

static void test_engine_parts_add_up(void **state)
{
    (void)state;
    static const char *const parts[] = {"engine.client", "engine.transport", "engine.queue", "engine.prefill",
                                        "engine.decode"};
    struct request r = worked_example();
    const mono_ns t0 = r.stamp[STAMP_SENT];
    mono_ns tokens[] = {t0 + 99000001, t0 + 139000002, t0 + 179000003};
    r.engine = (struct engine_stamps){t0 + 300001, t0 + 20000007, t0 + 98500013, tokens, 3};
    near(of(&r, "engine.client"), 2);
    near(of(&r, "engine.queue"), (20000007 - 300001) / 1e6);
    near(of(&r, "engine.prefill"), (98500013 - 20000007) / 1e6);
    near(of(&r, "engine.decode"), (179000003 - 98500013) / 1e6);
    near(of(&r, "engine.transport"), (300001 + 183000000 - 179000003) / 1e6);
    double sum = 0;
    for (int i = 0; i < 5; i++)
        sum += of(&r, parts[i]);
    near(sum, of(&r, "e2e.planned"));
    near(sum - of(&r, "engine.client"), of(&r, "e2e"));

    r.engine.n = 0; /* nothing generated: no decode */
    near(of(&r, "engine.decode"), 0);
    sum = 0;
    for (int i = 0; i < 5; i++)
        sum += of(&r, parts[i]);
    near(sum, of(&r, "e2e.planned"));
    r.engine.queued_ns = t0 - 2 * S; /* another machine's clock: no part at all */
    for (int i = 0; i < 5; i++)
        near(of(&r, parts[i]), NAN);
    r.engine = (struct engine_stamps){MONO_NONE, MONO_NONE, MONO_NONE, NULL, 0};
    for (int i = 0; i < 5; i++)
        near(of(&r, parts[i]), NAN);
    request_release(&r);
}

/* ---- sessions and runs --------------------------------------------------------------------------------- */

struct pair {
    struct session sessions[2];
    struct request requests[4];
    struct run run;
};

/* Two agents released at 10 s, ending at 14 and 18 s; two requests each. */
static void make_pair(struct pair *p)
{
    memset(p, 0, sizeof *p);
    for (int i = 0; i < 2; i++)
        p->sessions[i] = (struct session){.number = i, .agent = "a", .released_ns = 10 * S, .started_ns = 10 * S};
    p->sessions[0].ended_ns = 14 * S;
    p->sessions[1].ended_ns = 18 * S;
    for (int i = 0; i < 4; i++) {
        struct request *r = &p->requests[i];
        request_init(r);
        r->seq = i;
        r->session = i % 2;
        r->stamp[STAMP_SENT] = 10 * S + i / 2 * 2 * S + S / 2;
        r->stamp[STAMP_DONE] = r->stamp[STAMP_SENT] + (i + 1) * S / 4;
        r->usage.completion_tok = 100 * (i + 1);
    }
    p->run = (struct run){.sessions = p->sessions, .n_sessions = 2, .requests = p->requests, .n_requests = 4};
}

static double of_session(const struct pair *p, int i, const char *id)
{
    return metric_find(id)->of_session(&p->run, &p->sessions[i]);
}

static double of_run(const struct pair *p, const char *id)
{
    return metric_find(id)->of_run(&p->run);
}

static void test_sessions(void **state)
{
    (void)state;
    struct pair p;
    make_pair(&p);
    near(of_session(&p, 0, "session.duration"), 4);
    near(of_session(&p, 1, "session.duration"), 8);
    near(of_session(&p, 0, "session.tokens"), 400);
    near(of_session(&p, 1, "session.tokens"), 600);
    near(of_session(&p, 0, "session.rate"), 100);
    near(of_session(&p, 1, "session.rate"), 75);
    near(of_session(&p, 0, "session.think"), 4 - 0.25 - 0.75);
    near(of_session(&p, 1, "session.think"), 8 - 0.5 - 1);
    p.requests[2].stamp[STAMP_SENT] = p.requests[0].stamp[STAMP_SENT] + S / 8; /* overlapping: taken once */
    p.requests[2].stamp[STAMP_DONE] = p.requests[0].stamp[STAMP_SENT] + S / 2;
    near(of_session(&p, 0, "session.think"), 4 - 0.5);
    p.requests[2].usage.completion_tok = -1; /* completed, but how much? */
    near(of_session(&p, 0, "session.tokens"), NAN);
    p.requests[2].outcome = OUTCOME_RESET; /* a failed one adds what it told */
    near(of_session(&p, 0, "session.tokens"), 100);
    p.sessions[0].ended_ns = MONO_NONE;
    near(of_session(&p, 0, "session.duration"), NAN);
    near(of_session(&p, 0, "session.rate"), NAN);
}

static void test_runs(void **state)
{
    (void)state;
    struct pair p;
    make_pair(&p);
    near(of_run(&p, "makespan"), 8);
    near(of_run(&p, "output_rate.system"), 1000.0 / 8);
    near(of_run(&p, "overlap"), 75);
    near(of_run(&p, "contention.tr110"), 0); /* (4 + 8) / 8 = 1.5 is not below 1.5 */
    near(of_run(&p, "jain"), 175.0 * 175 / (2 * (100.0 * 100 + 75 * 75)));
    near(of_run(&p, "requests.failed"), 0);
    p.sessions[0].ended_ns -= 1;
    near(of_run(&p, "contention.tr110"), 1);
    p.requests[0].outcome = OUTCOME_TIMEOUT_IDLE;
    near(of_run(&p, "requests.failed"), 0.25);
    p.requests[1].outcome = OUTCOME_UNSENT;
    p.requests[2].outcome = OUTCOME_CANCELLED;
    near(of_run(&p, "requests.failed"), 0.5);
    p.requests[3].usage.completion_tok = -1;
    near(of_run(&p, "output_rate.system"), NAN);
    near(of_run(&p, "jain"), NAN);
    p.run.n_sessions = 1;
    near(of_run(&p, "overlap"), NAN);
    near(of_run(&p, "contention.tr110"), NAN);
    near(of_run(&p, "jain"), NAN);
    near(of_run(&p, "makespan"), 4 - 1e-9);
    p.run.n_sessions = p.run.n_requests = 0;
    near(of_run(&p, "makespan"), NAN);
    near(of_run(&p, "output_rate.system"), NAN);
    near(of_run(&p, "requests.failed"), NAN);
}

static void test_median_of_a_run(void **state)
{
    (void)state;
    struct pair p;
    make_pair(&p);
    near(run_median_of(&p.run, metric_find("e2e")), 625); /* of 250 500 750 1000 */
    p.requests[3].outcome = OUTCOME_RESET;                /* failed ones have no latency */
    near(run_median_of(&p.run, metric_find("e2e")), 500);
    near(run_median_of(&p.run, metric_find("ttft")), NAN);
    near(run_median_of(&p.run, metric_find("session.rate")), 87.5);
    near(run_median_of(&p.run, metric_find("makespan")), 8);
    near(run_median_of(&p.run, metric_find("speedup.time")), NAN);
}

/* Fifty sessions of three requests each, in any order: laid out by session, every value is what it is one by one. */
static void test_median_over_many_sessions(void **state)
{
    (void)state;
    enum { SESSIONS = 50, REQUESTS = 150 };
    static struct session sessions[SESSIONS];
    static struct request requests[REQUESTS];
    struct run run = {.sessions = sessions, .n_sessions = SESSIONS, .requests = requests, .n_requests = REQUESTS};
    static const char *const ids[] = {"session.duration", "session.tokens", "session.rate", "session.think"};
    for (int i = 0; i < SESSIONS; i++)
        sessions[i] = (struct session){.number = i, .released_ns = 0, .ended_ns = (100 + i) * S};
    for (int i = 0; i < REQUESTS; i++) {
        request_init(&requests[i]);
        requests[i].session = i * 7 % SESSIONS;
        requests[i].stamp[STAMP_SENT] = i * S / 2;
        requests[i].stamp[STAMP_DONE] = i * S / 2 + (1 + i % 3) * S / 10;
        requests[i].usage.completion_tok = 10 + i;
    }
    for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
        const struct metric *m = metric_find(ids[k]);
        int below = 0, above = 0;
        double middle = run_median_of(&run, m);
        for (int i = 0; i < SESSIONS; i++) {
            double v = m->of_session(&run, &sessions[i]);
            below += v < middle;
            above += v > middle;
        }
        assert_int_equal(below, SESSIONS / 2);
        assert_int_equal(above, SESSIONS / 2);
    }
    requests[0].session = SESSIONS; /* one of no session: the slow way, which skips it */
    assert_true(run_median_of(&run, metric_find("session.tokens")) > 0);
}

/* ---- the table ----------------------------------------------------------------------------------------- */

static void test_table(void **state)
{
    (void)state;
    static const char *const units[] = {"ms", "us", "s", "tok", "tok/s", "%", "1", "ratio"};
    const struct metric *m;
    size_t n = 0;
    for (; (m = metric_at(n)); n++) {
        bool known = false;
        for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
            known |= !strcmp(m->unit, units[i]);
        assert_true(known);
        assert_ptr_equal(metric_find(m->id), m); /* ids are unique */
        assert_true(strlen(m->definition) > 10);
        assert_non_null(m->source);
        assert_int_equal(m->of_request != NULL, m->level == METRIC_REQUEST);
        assert_int_equal(m->of_session != NULL, m->level == METRIC_SESSION);
        assert_int_equal(m->of_run != NULL, m->level == METRIC_RUN);
    }
    assert_true(n > 40);
    assert_null(metric_find("itl"));
    assert_string_equal(metric_level_word(METRIC_BLOCK), "block");
    assert_string_equal(metric_better_word(BETTER_HIGHER), "higher");
}

static bool all_finite_or_nan(const struct pair *p, const struct metric *m)
{
    double v = m->of_request   ? m->of_request(&p->requests[0])
               : m->of_session ? m->of_session(&p->run, &p->sessions[0])
                               : 0;
    return !isinf(v) && !isinf(run_median_of(&p->run, m));
}

/* An empty record and one full of lies: no metric traps, none gives an infinity. */
static void test_hostile_records(void **state)
{
    (void)state;
    static const int64_t values[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX};
    struct pair p;
    for (size_t a = 0; a < 6; a++)
        for (size_t b = 0; b < 6; b++) {
            make_pair(&p);
            struct request *r = &p.requests[0];
            mono_ns tokens[1] = {values[b]};
            for (int i = 0; i < STAMP_COUNT; i++)
                r->stamp[i] = values[i % 2 ? a : b];
            r->usage = (struct usage){values[a], values[b], values[a], values[b],
                                      values[a], values[b], values[a], values[b]};
            r->engine = (struct engine_stamps){values[a], values[b], values[a], tokens, 1};
            r->rtt_ns = values[a];
            add(r, values[b] < INT64_MAX - 5000 ? values[b] : 0, CHUNK_TEXT, 0);
            add(r, values[a] < INT64_MAX - 5000 ? values[a] : 0, CHUNK_TEXT, 0);
            p.sessions[0].released_ns = values[a];
            p.sessions[0].ended_ns = values[b];
            for (size_t i = 0; metric_at(i); i++)
                assert_true(all_finite_or_nan(&p, metric_at(i)));
            request_derive(r, 100);
            chunk_list_release(&r->chunks);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worked_example),
        cmocka_unit_test(test_server_times),
        cmocka_unit_test(test_llama_rates),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_stalls_and_a_reader),
        cmocka_unit_test(test_percentile_is_nearest_rank),
        cmocka_unit_test(test_engine_parts_add_up),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_median_of_a_run),
        cmocka_unit_test(test_median_over_many_sessions),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_hostile_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
