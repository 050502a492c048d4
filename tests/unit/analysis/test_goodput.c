/* Goodput on hand-built runs, and the text its limits are given as. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analysis/goodput.h"
#include "runs.h"

static struct goodput parsed(const char *text)
{
    struct goodput g;
    struct err e = ERR_INIT;
    if (goodput_parse(text, &g, &e))
        fail_msg("%s", e.text);
    return g;
}

static void limits_are_read(void **state)
{
    (void)state;
    struct goodput g = parsed("ttft:200,tpot:50, gap:500 e2e:5e3,");
    assert_int_equal(g.n, 4);
    assert_string_equal(g.limit[0].word, "ttft");
    assert_string_equal(g.limit[2].word, "gap");
    assert_string_equal(g.limit[2].metric->id, "gap.max");
    assert_true(g.limit[1].limit_ms == 50 && g.limit[3].limit_ms == 5000);
    g = parsed("e2e.planned:1.5,ttft.planned:0.25");
    assert_string_equal(g.limit[0].metric->id, "e2e.planned");
    assert_true(g.limit[1].limit_ms == 0.25);
    assert_int_equal(parsed("ttft:1,ttft.planned:1,tpot:1,gap:1,e2e:1,e2e.planned:1").n, 6);
}

static void bad_limits_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "needs a limit"},
        {" , ", "needs a limit"},
        {"ttft", "'ttft' is no limit"},
        {"tfft:200", "did you mean 'ttft'"},
        {"throughput:200", "there are ttft, ttft.planned, tpot, gap, e2e"},
        {"gap.max:200", "no limit 'gap.max'"},
        {"ttft:200,ttft:300", "ttft is given twice"},
        {"ttft:", "'' is no limit for ttft"},
        {"ttft:-1", "'-1' is no limit for ttft"},
        {"ttft:0", "above 0"},
        {"ttft:nan", "above 0"},
        {"ttft:inf", "above 0"},
        {"ttft:20ms", "'20ms' is no limit"},
        {"ttft:1:2", "'1:2' is no limit"},
        {":5", "no limit ''"},
        {"ttft:200,e2e:00000000000000000000000000000000000000000000000000000000000000000000005", "is no limit"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct goodput g;
        struct err e = ERR_INIT;
        assert_int_equal(goodput_parse(bad[i][0], &g, &e), ERR_USAGE);
        if (!strstr(e.text, bad[i][1]))
            fail_msg("'%s' gives: %s", bad[i][0], e.text);
    }
}

/* ttft is 0.5 s, e2e 0.5 s + eval_s; planned and sent are the same. */
static struct run eight(struct arena *a)
{
    struct run r = make_run(a, "load", 0, 2);
    add_session(&r, "load", 20);
    for (int i = 0; i < 8; i++)
        add_request(&r, "load", 1 + i, 10, 11, 1);
    return r;
}

static void every_limit_counts(void **state)
{
    (void)state;
    struct arena a = {0};
    struct goodput_run out;
    struct run r = eight(&a);
    struct goodput g = parsed("ttft:500,tpot:100,e2e:1500");
    goodput_of_run(&r, &g, &out);
    assert_int_equal(out.good, 8); /* a limit met exactly is kept: 500 ms, 100 ms, 1500 ms */
    assert_true(out.share.estimate == 1 && fabs(out.rate - 0.4) < 1e-12);
    r.requests[0].stamp[STAMP_SENT] -= 1; /* ttft and e2e a nanosecond longer: one request, two limits missed */
    r.requests[1].outcome = OUTCOME_TIMEOUT_TOTAL;
    r.requests[2].outcome = OUTCOME_UNSENT;
    r.requests[3].outcome = OUTCOME_CANCELLED;
    r.requests[4].stamp[STAMP_LAST_TOKEN] += NS_PER_S;  /* tpot alone */
    r.requests[5].stamp[STAMP_FIRST_TOKEN] = MONO_NONE; /* neither ttft nor tpot can be told */
    goodput_of_run(&r, &g, &out);
    assert_int_equal(out.planned, 8);
    assert_int_equal(out.not_completed, 3);
    assert_int_equal(out.good, 2);
    assert_int_equal(out.missed[0], 1);
    assert_int_equal(out.missed[1], 1);
    assert_int_equal(out.missed[2], 1);
    assert_int_equal(out.untold[0], 1);
    assert_int_equal(out.untold[1], 1);
    assert_int_equal(out.untold[2], 0);
    assert_true(out.share.estimate == 0.25 && fabs(out.rate - 0.1) < 1e-12);
    assert_true(out.share.n == 8); /* 2 of 8 by Wilson: 0.0715, 0.5907 */
    assert_true(fabs(out.share.lo - 0.0715) < 5e-5 && fabs(out.share.hi - 0.5907) < 5e-5);
    g = parsed("ttft.planned:500");
    r.requests[6].stamp[STAMP_PLANNED] -= 1;
    goodput_of_run(&r, &g, &out);
    assert_int_equal(out.missed[0], 1);
    arena_release(&a);
}

static void short_answers_and_silent_servers(void **state)
{
    (void)state;
    struct arena a = {0};
    struct goodput_run out;
    struct run r = eight(&a);
    struct goodput g = parsed("tpot:1000,gap:100");
    r.requests[0].usage.completion_tok = 1;  /* no tpot: kept */
    r.requests[1].usage.completion_tok = -1; /* not told: not good */
    r.requests[2].usage.completion_tok = 0;
    chunk_list_init(&r.requests[3].chunks, 2);
    for (int i = 0; i < 3; i++) /* the third finds no room */
        chunk_list_add(&r.requests[3].chunks, (struct chunk){.t_ns = at_s(i * 0.2), .kind = CHUNK_TEXT});
    chunk_list_init(&r.requests[4].chunks, 1);
    for (int i = 0; i < 2; i++)
        chunk_list_add(&r.requests[4].chunks, (struct chunk){.t_ns = at_s(i * 0.05), .kind = CHUNK_TEXT});
    goodput_of_run(&r, &g, &out);
    assert_int_equal(out.untold[0], 1);
    assert_int_equal(out.missed[1], 1);
    assert_int_equal(out.untold[1], 1); /* chunks were dropped: that there is one arrival shows no gap to be short */
    assert_int_equal(out.good, 5);
    chunk_list_release(&r.requests[3].chunks);
    chunk_list_release(&r.requests[4].chunks);
    arena_release(&a);
}

static void nothing_planned(void **state)
{
    (void)state;
    struct arena a = {0};
    struct goodput_run out;
    struct goodput g = parsed("ttft:1");
    struct run r = make_run(&a, "load", 0, 1);
    goodput_of_run(&r, &g, &out);
    assert_true(isnan(out.share.estimate) && isnan(out.rate) && !out.good && !out.planned);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_read),    cmocka_unit_test(bad_limits_are_refused),
        cmocka_unit_test(every_limit_counts), cmocka_unit_test(short_answers_and_silent_servers),
        cmocka_unit_test(nothing_planned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
