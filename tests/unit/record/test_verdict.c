/* Each rule of the verdict fired once, alone, in a load run and in an agent run; just below its limit it
 * does not fire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "record/verdict.h"

#define MS NS_PER_MS

struct scene {
    struct session session;
    struct request requests[2];
    struct run run;
};

/* A quiet run of two requests of 200 ms each. */
static void quiet(struct scene *s, const char *agent)
{
    memset(s, 0, sizeof *s);
    s->session = (struct session){.agent = agent, .released_ns = 0, .ended_ns = NS_PER_S};
    for (int i = 0; i < 2; i++) {
        request_init(&s->requests[i]);
        s->requests[i].seq = i;
        s->requests[i].stamp[STAMP_PLANNED] = s->requests[i].stamp[STAMP_SENT] = i * 300 * MS;
        s->requests[i].stamp[STAMP_DONE] = i * 300 * MS + 200 * MS;
    }
    s->run = (struct run){
        .state = RUN_RUNNING, .sessions = &s->session, .n_sessions = 1, .requests = s->requests, .n_requests = 2};
    s->run.health = (struct health){
        .send_lag_p99_us = 20, .barrier_spread_us = NAN, .loop_busy = 0.1, .steal = 0, .chunks = 10000};
}

static enum verdict judge(const struct scene *s, char *why, size_t size)
{
    struct str text = STR_INIT;
    struct run_tally t = {0};
    for (size_t i = 0; i < s->run.n_requests; i++)
        run_tally_add(&t, &s->run.requests[i]);
    enum verdict v = verdict_of_run(&s->run, &t, &text);
    run_tally_release(&t);
    strncpy(why, str_z(&text), size - 1);
    why[size - 1] = 0;
    str_release(&text);
    return v;
}

static void expect(void (*change)(struct scene *, bool over), const char *word, enum verdict load, enum verdict agent)
{
    static const char *const agents[] = {"load", "writer"};
    char why[1024];
    for (int i = 0; i < 2; i++) {
        struct scene s;
        quiet(&s, agents[i]);
        change(&s, false);
        assert_int_equal(judge(&s, why, sizeof why), VERDICT_VALID);
        assert_string_equal(why, "");
        quiet(&s, agents[i]);
        change(&s, true);
        assert_int_equal(judge(&s, why, sizeof why), i ? agent : load);
        assert_memory_equal(why, word, strlen(word));
        assert_int_equal(why[strlen(word)], ':');
        assert_null(strchr(why, ';')); /* no other rule */
    }
}

static void aborted(struct scene *s, bool over)
{
    s->run.state = over ? RUN_ABORTED : RUN_COMPLETE;
}

static void accounting(struct scene *s, bool over)
{
    s->requests[1].seq = over ? 5 : 1;
}

static void stamps(struct scene *s, bool over)
{
    s->requests[1].stamp[STAMP_FIRST_BYTE] = s->requests[1].stamp[STAMP_SENT] - over;
}

static void clock_step(struct scene *s, bool over)
{
    s->run.health.clock_steps = over;
}

static void unsent(struct scene *s, bool over)
{
    s->requests[1].outcome = over ? OUTCOME_UNSENT : OUTCOME_TIMEOUT_TOTAL;
}

static void dropped(struct scene *s, bool over)
{
    s->run.health.dropped_chunks = over;
}

/* 10,000 chunks and 2 requests in 1 s: half of 20,000 and a little more, or 80 % and a little more. */
static void near_ceiling(struct scene *s, bool over)
{
    s->run.ended_ns = NS_PER_S;
    s->run.health.ceiling_chunks_per_s = over ? 20000 : 20001;
    s->run.health.ceiling_requests_per_s = over ? 1e6 : 1e9;
    s->requests[0].flags = s->requests[1].flags = REQUEST_WARMUP; /* they cost the client as much */
}

static void ceiling(struct scene *s, bool over)
{
    near_ceiling(s, false);
    if (over)
        s->run.health.ceiling_chunks_per_s = 12500;
    s->run.health.ceiling_requests_per_s = 1e6;
    s->run.health.merged = over ? 0 : 200; /* they cost no read of their own */
}

static void loop_busy(struct scene *s, bool over)
{
    s->run.health.loop_busy = over ? 0.81 : 0.80;
}

/* 1 % of the median latency of 200 ms is 2 ms, which is more than 1 ms. */
static void send_lag(struct scene *s, bool over)
{
    s->run.health.send_lag_p99_us = over ? 2001 : 2000;
}

/* With short latencies 1 ms is the limit. */
static void send_lag_short(struct scene *s, bool over)
{
    for (int i = 0; i < 2; i++)
        s->requests[i].stamp[STAMP_DONE] = s->requests[i].stamp[STAMP_SENT] + 10 * MS;
    s->run.health.send_lag_p99_us = over ? 1001 : 1000;
}

/* Without a completed request too. */
static void send_lag_none(struct scene *s, bool over)
{
    s->requests[0].outcome = s->requests[1].outcome = OUTCOME_RESET;
    s->run.health.send_lag_p99_us = over ? 1001 : 1000;
}

static void steal(struct scene *s, bool over)
{
    s->run.health.steal = over ? 0.011 : 0.01;
}

static void barrier(struct scene *s, bool over)
{
    s->run.health.barrier_spread_us = over ? 1001 : 1000;
}

static void stopped(struct scene *s, bool over)
{
    s->run.health.stopped_max_ms = over ? 251 : 250;
}

static void receive_full(struct scene *s, bool over)
{
    s->run.health.receive_full = over ? 0.011 : 0.01;
}

static void unstamped(struct scene *s, bool over)
{
    s->run.health.unstamped = over ? 501 : 500;
}

static void retransmits(struct scene *s, bool over)
{
    s->run.health.retransmits = over ? 11 : 10;
}

/* Text that only looks like a key, inside a string, is none. */
static void failed(struct scene *s, bool over)
{
    s->run.start_state = over ? "{\"failed\":\"no 'gpu' here\",\"servers\":{}}"
                              : "{\"servers\":{\"a\\\",\\\"failed\\\":\\\"\":{}}}";
}

static void start_state(struct scene *s, bool over)
{
    s->run.start_state = over ? "{\"servers\":{},\"unproven\":2}"
                              : "{\"servers\":{\"\\\"unproven\\\":1\":{}},\"unproven\":0}";
}

static void guard(struct scene *s, bool over)
{
    s->run.start_state = over ? "{\"guard_missed\":1}" : "{\"guard_missed\":0}";
}

static void test_each_rule(void **state)
{
    (void)state;
    expect(aborted, "aborted", VERDICT_VOID, VERDICT_VOID);
    expect(failed, "failed", VERDICT_VOID, VERDICT_VOID);
    expect(start_state, "start_state", VERDICT_SUSPECT, VERDICT_SUSPECT);
    expect(guard, "guard", VERDICT_SUSPECT, VERDICT_SUSPECT);
    expect(accounting, "accounting", VERDICT_VOID, VERDICT_VOID);
    expect(stamps, "stamps", VERDICT_VOID, VERDICT_VOID);
    expect(clock_step, "clock_step", VERDICT_VOID, VERDICT_VOID);
    expect(unsent, "unsent", VERDICT_VOID, VERDICT_VOID);
    expect(dropped, "dropped_chunks", VERDICT_VOID, VERDICT_VOID);
    expect(near_ceiling, "near_ceiling", VERDICT_SUSPECT, VERDICT_SUSPECT);
    expect(ceiling, "ceiling", VERDICT_VOID, VERDICT_SUSPECT);
    expect(loop_busy, "loop_busy", VERDICT_VOID, VERDICT_VOID);
    expect(send_lag, "send_lag", VERDICT_VOID, VERDICT_SUSPECT);
    expect(send_lag_short, "send_lag", VERDICT_VOID, VERDICT_SUSPECT);
    expect(send_lag_none, "send_lag", VERDICT_VOID, VERDICT_SUSPECT);
    expect(steal, "steal", VERDICT_VOID, VERDICT_SUSPECT);
    expect(stopped, "stopped", VERDICT_VOID, VERDICT_SUSPECT);
    expect(receive_full, "receive_full", VERDICT_SUSPECT, VERDICT_SUSPECT);
    expect(barrier, "barrier_spread", VERDICT_SUSPECT, VERDICT_SUSPECT);
    expect(unstamped, "unstamped", VERDICT_SUSPECT, VERDICT_SUSPECT);
    expect(retransmits, "retransmits", VERDICT_SUSPECT, VERDICT_SUSPECT);
    size_t rules = 0;
    while (verdict_rule_at(rules))
        rules++;
    assert_int_equal(rules, 19); /* a new rule needs its line above */
}

static void test_unmeasured_does_not_fire(void **state)
{
    (void)state;
    struct scene s;
    char why[256];
    quiet(&s, "load");
    s.run.health = (struct health){.send_lag_p99_us = NAN,
                                   .barrier_spread_us = NAN,
                                   .loop_busy = NAN,
                                   .stopped_max_ms = NAN,
                                   .receive_full = NAN,
                                   .steal = -1,
                                   .retransmits = -1,
                                   .chunks = -1,
                                   .unstamped = -1,
                                   .dropped_chunks = -1,
                                   .clock_steps = -1};
    assert_int_equal(judge(&s, why, sizeof why), VERDICT_VALID);
}

static void test_worst_wins_and_all_are_named(void **state)
{
    (void)state;
    struct scene s;
    char why[1024];
    quiet(&s, "writer");
    s.run.health.steal = 0.5;
    s.run.health.dropped_chunks = 3;
    s.run.health.barrier_spread_us = 5300e3;
    assert_int_equal(judge(&s, why, sizeof why), VERDICT_VOID);
    assert_string_equal(why, "dropped_chunks: chunks found no room in the record (3, limit 0); "
                             "steal: the hypervisor took CPU time (50 %, limit 1 %); "
                             "barrier_spread: sessions did not start together (5300 ms, limit 1 ms)");
    stamps(&s, true);
    judge(&s, why, sizeof why);
    assert_non_null(strstr(why, "(sent > first_byte in request 1)"));
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(verdict_word(VERDICT_VALID), "VALID");
    assert_string_equal(verdict_word(VERDICT_SUSPECT), "SUSPECT");
    assert_string_equal(verdict_word(VERDICT_VOID), "VOID");
    assert_string_equal(verdict_word((enum verdict)7), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_rule),
        cmocka_unit_test(test_unmeasured_does_not_fire),
        cmocka_unit_test(test_worst_wins_and_all_are_named),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
