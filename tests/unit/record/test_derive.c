/* What is derived from one request's counts and timers, each rule both ways; the order of stamps; counts
 * and words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "record/run.h"
#include "record/tally.h"

/* ---- flags --------------------------------------------------------------------------------------------- */

static struct request completed(void)
{
    struct request r;
    request_init(&r);
    str_addz(&r.text, "some text");
    str_addz(&r.finish_reason, "stop");
    return r;
}

static void test_init(void **state)
{
    (void)state;
    struct request r;
    request_init(&r);
    assert_int_equal(r.outcome, OUTCOME_OK);
    for (int i = 0; i < STAMP_COUNT; i++)
        assert_int_equal(r.stamp[i], MONO_NONE);
    assert_int_equal(r.usage.total_ns, -1);
    assert_int_equal(r.usage.context_ids, -1);
    assert_int_equal(r.engine.queued_ns, MONO_NONE);
    assert_int_equal(r.num_ctx, -1);
    assert_int_equal(r.rtt_ns, MONO_NONE);
    request_release(&r);
    request_release(&r);
}

static void test_length(void **state)
{
    (void)state;
    static const struct {
        const char *reason;
        bool length;
    } rows[] = {{"length", true}, {"limit", true}, {"max_tokens", true},
                {"stop", false},  {"", false},     {"lengthy", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request r = completed();
        str_clear(&r.finish_reason);
        str_addz(&r.finish_reason, rows[i].reason);
        request_derive(&r, 0);
        assert_int_equal((r.flags & REQUEST_LENGTH) != 0, rows[i].length);
        request_release(&r);
    }
}

static void test_context_truncated(void **state)
{
    (void)state;
    static const struct {
        int64_t num_ctx, prompt, completion, ids;
        bool cut;
    } rows[] = {
        {512, 512, 6, 3175, true},                          /* the recorded answer of Ollama */
        {512, 512, 6, -1, true},                            /* by the context alone */
        {-1, 512, 6, 3175, true},                           /* by the ids alone */
        {512, 511, 6, 517, false},                          /* just fits */
        {-1, 512, 6, 518, false},                           /* ids are prompt and answer */
        {-1, 31, 10, 40, false},                            /* the end token is counted, not returned */
        {512, -1, 6, 3175, false},                          /* no prompt count: no proof */
        {512, 0, 6, 3175, false},                           /* an old Ollama's zero for a cached prompt */
        {-1, -1, -1, -1, false},   {-1, 10, -1, 50, false}, /* no completion count: no proof */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request r = completed();
        r.num_ctx = rows[i].num_ctx;
        r.usage.prompt_tok = rows[i].prompt;
        r.usage.completion_tok = rows[i].completion;
        r.usage.context_ids = rows[i].ids;
        request_derive(&r, 0);
        assert_int_equal((r.flags & REQUEST_CONTEXT_TRUNCATED) != 0, rows[i].cut);
        request_release(&r);
    }
}

static void test_cached_prefix(void **state)
{
    (void)state;
    static const struct {
        int64_t cached, prompt, eval_ns;
        double cold_rate;
        bool flag;
    } rows[] = {
        {32, 33, 12832000, 0, true},        /* told */
        {0, 38, 1, 148.2, false},           /* told that none: the rate does not matter */
        {-1, 38, 15362034, 148.2, true},    /* 2474 tok/s where uncached ones take 148 */
        {-1, 38, 256450494, 148.2, false},  /* 148 tok/s */
        {-1, 38, 15362034, 0, false},       /* nothing to compare with */
        {-1, 15, 1000000, 148.2, false},    /* too short to say */
        {-1, 38, -1, 148.2, false},         /* no time told */
        {-1, 100, 250000000, 148.2, false}, /* 400 tok/s: 2.7 times is not 3 */
        {-1, 100, 200000000, 148.2, true},  /* 500 tok/s: 3.4 times */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request r = completed();
        r.usage.cached_tok = rows[i].cached;
        r.usage.prompt_tok = rows[i].prompt;
        r.usage.prompt_eval_ns = rows[i].eval_ns;
        request_derive(&r, rows[i].cold_rate);
        assert_int_equal((r.flags & REQUEST_CACHED_PREFIX) != 0, rows[i].flag);
        request_release(&r);
    }
}

static void test_cold(void **state)
{
    (void)state;
    static const struct {
        int64_t load_ns;
        bool cold;
    } rows[] = {{-1, false}, {0, false}, {40000000, false}, {120000000, false}, {120000001, true}, {360000000, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request r = completed();
        r.usage.load_ns = rows[i].load_ns;
        request_derive(&r, 0);
        assert_int_equal((r.flags & REQUEST_COLD) != 0, rows[i].cold);
        request_release(&r);
    }
}

static void test_outcome(void **state)
{
    (void)state;
    struct request r;
    request_init(&r); /* complete, but nothing came */
    str_addz(&r.finish_reason, "stop");
    request_derive(&r, 0);
    assert_int_equal(r.outcome, OUTCOME_EMPTY);
    request_release(&r);

    r = completed(); /* cut without a word */
    str_clear(&r.finish_reason);
    chunk_list_init(&r.chunks, 2);
    chunk_list_add(&r.chunks, (struct chunk){.kind = CHUNK_TEXT});
    request_derive(&r, 0);
    assert_int_equal(r.outcome, OUTCOME_NO_DONE);
    chunk_list_add(&r.chunks, (struct chunk){.kind = CHUNK_DONE});
    r.outcome = OUTCOME_OK;
    request_derive(&r, 0);
    assert_int_equal(r.outcome, OUTCOME_OK);
    request_release(&r);

    request_init(&r); /* a tool call is an answer */
    str_addz(&r.finish_reason, "tool_calls");
    chunk_list_init(&r.chunks, 1);
    chunk_list_add(&r.chunks, (struct chunk){.kind = CHUNK_TOOL});
    request_derive(&r, 0);
    assert_int_equal(r.outcome, OUTCOME_OK);
    request_release(&r);

    request_init(&r); /* what failed stays as it is */
    r.outcome = OUTCOME_RESET;
    request_derive(&r, 0);
    assert_int_equal(r.outcome, OUTCOME_RESET);
    request_release(&r);
}

/* ---- stamps -------------------------------------------------------------------------------------------- */

static struct request stamped(void)
{
    struct request r;
    request_init(&r);
    for (int i = 0; i < STAMP_COUNT; i++)
        r.stamp[i] = 1000 + i;
    return r;
}

static void test_stamps_in_order(void **state)
{
    (void)state;
    struct request r = stamped();
    assert_null(request_stamps_fault(&r));
    for (int i = 0; i < STAMP_COUNT; i++)
        r.stamp[i] = 1000; /* all at once is no fault */
    assert_null(request_stamps_fault(&r));
    request_init(&r); /* none taken neither */
    assert_null(request_stamps_fault(&r));
}

static void test_every_swap_is_found(void **state)
{
    (void)state;
    for (int i = 0; i + 1 < STAMP_COUNT; i++) {
        struct request r = stamped();
        mono_ns t = r.stamp[i];
        r.stamp[i] = r.stamp[i + 1];
        r.stamp[i + 1] = t;
        const char *fault = request_stamps_fault(&r);
        assert_non_null(fault);
        assert_non_null(strstr(fault, stamp_word((enum stamp)i)));
        assert_non_null(strstr(fault, stamp_word((enum stamp)(i + 1))));
    }
}

static void test_missing_stamps_hide_nothing(void **state)
{
    (void)state;
    struct request r = stamped();
    r.stamp[STAMP_READY] = r.stamp[STAMP_FIRST_ANSWER] = MONO_NONE;
    assert_null(request_stamps_fault(&r));
    r.stamp[STAMP_PLANNED] = r.stamp[STAMP_SENT] + 1;
    assert_string_equal(request_stamps_fault(&r), "planned > sent");
    r = stamped();
    r.stamp[STAMP_SENT] = r.stamp[STAMP_FIRST_BYTE] + 1;
    assert_string_equal(request_stamps_fault(&r), "sent > first_byte");
    r.flags = REQUEST_UNSTAMPED_SEND; /* our clock after the write may be later than the answer */
    assert_null(request_stamps_fault(&r));
}

/* ---- counts and words ---------------------------------------------------------------------------------- */

static void test_counts(void **state)
{
    (void)state;
    struct request q[OUTCOME_COUNT] = {0};
    struct run r = {.requests = q, .n_requests = OUTCOME_COUNT};
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        q[i].seq = OUTCOME_COUNT - 1 - i; /* in any order */
        q[i].outcome = (enum outcome)i;
    }
    struct run_counts c = run_count(&r);
    assert_int_equal(c.planned, OUTCOME_COUNT);
    assert_int_equal(c.completed, 1);
    assert_int_equal(c.cancelled, 1);
    assert_int_equal(c.unsent, 1);
    assert_int_equal(c.failed, OUTCOME_COUNT - 3);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        assert_int_equal(c.by_outcome[i], 1);
    assert_true(run_counts_balance(&c));
    c.unsent++;
    assert_false(run_counts_balance(&c));
}

static void test_counts_of_a_broken_record(void **state)
{
    (void)state;
    static const struct {
        int64_t seq[3];
        int outcome;
        bool balance;
    } rows[] = {
        {{0, 1, 2}, OUTCOME_OK, true},   {{0, 1, 3}, OUTCOME_OK, false},         {{0, 1, 1}, OUTCOME_OK, false},
        {{0, 1, -1}, OUTCOME_OK, false}, {{0, 1, INT64_MAX}, OUTCOME_OK, false}, {{0, 1, 2}, OUTCOME_COUNT, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request q[3] = {0};
        struct run r = {.requests = q, .n_requests = 3};
        for (int k = 0; k < 3; k++)
            q[k].seq = rows[i].seq[k];
        q[2].outcome = (enum outcome)rows[i].outcome;
        struct run_counts c = run_count(&r);
        assert_int_equal(run_counts_balance(&c), rows[i].balance);
    }
}

/* Session 0 before the window and into it, 1 in it with an answer that failed, 2 before it alone. */
static void test_dialogues(void **state)
{
    (void)state;
    static const struct {
        int32_t session;
        mono_ns planned, done;
        enum outcome outcome;
    } rows[] = {{0, 10, 20, OUTCOME_OK},
                {0, 30, 130, OUTCOME_OK},
                {1, 140, 150, OUTCOME_OK},
                {1, 151, 155, OUTCOME_RESET},
                {2, 40, 50, OUTCOME_OK}};
    struct request q[5];
    struct run r = {.requests = q, .n_requests = 5, .n_sessions = 1, .sessions = xcalloc(1, sizeof *r.sessions)};
    r.sessions[0] = (struct session){.agent = "load", .server = "s", .released_ns = 100, .error = xstrdup("stopped")};
    for (int i = 0; i < 5; i++) {
        request_init(&q[i]);
        q[i].seq = i;
        q[i].session = rows[i].session;
        q[i].outcome = rows[i].outcome;
        q[i].stamp[STAMP_PLANNED] = rows[i].planned;
        q[i].stamp[STAMP_SENT] = rows[i].planned + 1;
        q[i].stamp[STAMP_DONE] = rows[i].done;
        q[i].flags = rows[i].planned < 100 ? REQUEST_WARMUP : 0;
    }
    run_part_warmup(&r);
    assert_true(r.n_requests == 2 && r.n_warmup == 3);
    assert_true(q[0].seq == 2 && q[1].seq == 3 && q[2].seq == 0 && q[3].seq == 1 && q[4].seq == 4);
    struct run_tally t = {0};
    chunk_list_init(&q[4].chunks, 1);
    chunk_list_add(&q[4].chunks, (struct chunk){.t_ns = 45, .app_ns = 46, .kind = CHUNK_TEXT});
    const int order[] = {4, 1, 3, 0, 2}; /* any */
    for (int i = 0; i < 5; i++)
        run_tally_add(&t, &q[order[i]]);
    run_tally_give_dialogues(&t, &r);
    assert_true(t.counter.counts.planned == 2 && t.lag_us.n == 2 && t.e2e_ms.n == 1);
    assert_int_equal(t.chunks, 1); /* what became of chunks is the instrument's, at any time */
    chunk_list_release(&q[4].chunks);
    run_tally_release(&t);
    const struct session *s = r.sessions;
    assert_int_equal(r.n_sessions, 3);
    assert_true(s[0].released_ns == 100 && s[0].started_ns == 11 && s[0].ended_ns == 130 && s[0].ok && !s[0].error);
    assert_true(s[1].released_ns == 140 && s[1].started_ns == 141 && s[1].ended_ns == 155 && !s[1].ok);
    assert_string_equal(s[1].error, "reset");
    assert_true(s[2].released_ns == 100 && s[2].ended_ns == 100 && s[2].number == 2 && s[2].ok);
    assert_string_equal(s[2].agent, "load");
    struct run_counts c = run_count(&r);
    assert_true(c.planned == 2 && c.completed == 1 && c.failed == 1 && run_counts_balance(&c));
    q[4].seq = 3; /* given twice, once in the warm-up */
    c = run_count(&r);
    assert_false(run_counts_balance(&c));
    free((char *)(uintptr_t)s[1].error);
    free(r.sessions);
}

static void test_words(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        assert_int_equal(outcome_find(outcome_word((enum outcome)i)), i);
        assert_true(outcome_what((enum outcome)i)[0] != 0);
    }
    assert_int_equal(outcome_find("fine"), -1);
    assert_string_equal(outcome_word((enum outcome)99), "?");
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        assert_int_equal(run_state_find(run_state_word((enum run_state)i)), i);
    assert_int_equal(run_state_find("x"), -1);
    request_flags_words(REQUEST_LENGTH | REQUEST_COLD, ", ", &s);
    assert_string_equal(str_z(&s), "length, cold");
    int rows = 0;
    while (request_flag_row(rows).word)
        rows++;
    assert_int_equal(rows, 8);
    assert_null(request_flag_row(-1).word);
    assert_string_equal(stamp_word(STAMP_FIRST_ANSWER), "first_answer");
    str_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_context_truncated),
        cmocka_unit_test(test_cached_prefix),
        cmocka_unit_test(test_cold),
        cmocka_unit_test(test_outcome),
        cmocka_unit_test(test_stamps_in_order),
        cmocka_unit_test(test_every_swap_is_found),
        cmocka_unit_test(test_missing_stamps_hide_nothing),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_counts_of_a_broken_record),
        cmocka_unit_test(test_dialogues),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
