/* Loads in a study file: what is read, what is refused and where, and that the plan knows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "refusal.h"
#include "study/plan.h"

static const char good[] =
    "study: l\n"
    "servers:\n"
    "  - {name: s, kind: \"http://127.0.0.1:1\", model: m}\n"
    "loads:\n"
    "  - {name: c8, max_concurrency: 8, num_requests: 100, precision: \"ttft:3%\", input_len: 16, output_len: 4..64}\n"
    "  - {name: r20, request_rate: 20, arrival: gamma, burstiness: 0.5, duration: 2.5, warmup: 0.5}\n"
    "  - {name: steps, request_rate: \"10:2s,10..30:4s\", shared_prefix: 9, stream: false, turns: 2..5, "
    "think_ms: 100}\n"
    "blocks: 2\n";

static void loads_are_read_and_become_arms(void **state)
{
    struct study s;
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(study_parse(&s, "f.yaml", "/dir", good, strlen(good), &e), 0);
    assert_null(s.corpus_dir);
    assert_int_equal(s.n_agents, 0);
    assert_int_equal(s.n_loads, 3);
    assert_int_equal(s.n_arms, 3);
    assert_string_equal(s.arms[1].name, "r20");
    assert_int_equal(s.arms[1].load, 1);
    assert_int_equal(s.arms[1].n_agents, 0);
    const struct study_load *c8 = &s.loads[0], *r20 = &s.loads[1], *steps = &s.loads[2];
    assert_int_equal(c8->max_concurrency, 8);
    assert_int_equal(c8->num_requests, 100);
    assert_int_equal(c8->schedule.n_stages, 0);
    assert_string_equal(c8->precision, "ttft:3%");
    assert_null(r20->precision);
    assert_int_equal(c8->input_tok.kind, AMOUNT_FIXED);
    assert_int_equal(c8->input_tok.low, 16);
    assert_int_equal(c8->output_tok.low, 4);
    assert_int_equal(c8->output_tok.high, 64);
    assert_true(c8->ask.stream);
    assert_int_equal(r20->schedule.law, ARRIVAL_GAMMA);
    assert_true(r20->schedule.burstiness == 0.5);
    assert_true(r20->schedule.stages[0].from_rps == 20);
    assert_int_equal(r20->schedule.stages[0].duration_ns, 3000 * NS_PER_MS); /* the load's own, behind its warm-up */
    assert_int_equal(r20->warmup_ns, 500 * NS_PER_MS);
    assert_int_equal(c8->warmup_ns, 0);
    assert_int_equal(steps->schedule.n_stages, 2);
    assert_int_equal(steps->schedule.law, ARRIVAL_POISSON);
    assert_true(steps->schedule.stages[1].to_rps == 30);
    assert_int_equal(steps->shared_tok, 9);
    assert_int_equal(steps->turns.high, 5);
    assert_int_equal(steps->think_ms.low, 100);
    assert_int_equal(r20->turns.high, 1);
    assert_false(steps->ask.stream);
    study_release(&s);
}

static const struct bad bads[] = {
    {"max_concurrency: 8, ", "", "f.yaml:5:"},
    {"max_concurrency: 8", "max_concurrency: 8, request_rate: 2", "one of them"},
    {"max_concurrency: 8", "max_concurrency: 0", "max_concurrency"},
    {"max_concurrency: 8", "max_concurency: 8", "did you mean"},
    {"num_requests: 100, ", "", "never ends"},
    {"request_rate: 20", "request_rate: -20", "f.yaml:6:"},
    {"duration: 2.5", "duration: 0", "duration"},
    {"warmup: 0.5", "warmup: -1", "warmup"},
    {"turns: 2..5", "turns: 0..5", "turns"},
    {"turns: 2..5", "turns: 2..1001", "at most 1000"},
    {"turns: 2..5", "turns: 1", "give turns"},
    {"turns: 2..5", "turns: 2, route: completion", "route chat"},
    {"ttft:3%", "tftt:3%", "did you mean 'ttft'"},
    {"gamma", "gama", "arrival"},
    {"4..64", "64..4", "output_len"},
    {"input_len: 16", "input_len: 0", "input_len"},
    {"shared_prefix: 9", "duration: 9", "end by themselves"},
    {"name: r20", "name: c8", "two loads"},
    {"max_concurrency: 8", "trace: no-such-file.csv", "no-such-file.csv"},
    {"max_concurrency: 8", "max_concurrency: 8, trace: /dev/null, trace_speed: 2", "its own times"},
    {"max_concurrency: 8", "max_concurrency: 8, request_rate: 8, trace: /dev/null", "one of them"},
    {"duration: 2.5", "duration: 2.5, trace_speed: 0", "trace_speed"},
    {"input_len: 16", "prompts: []", "the list is empty"},
    {"input_len: 16", "prompts: [one, '']", "an empty one"},
    {"input_len: 16", "input_len: 16, prompts: [one]", "make prompts, too"},
    {"blocks: 2", "arms: [{name: x, load: c9}]", "c9"},
    {"blocks: 2", "arms: [{name: x, load: c8, agents: [a]}]", "one of them"},
    {"study: l\n", "study: l\ncorpus: c\nagents: []\n", "agents"},
};

static void bad_loads_are_refused_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++)
        expect_refusal(good, &bads[i]);
}

/* A word of the load that the plan did not know would let a changed study go on with an old result. */
static void every_word_of_a_load_changes_the_plan(void **state)
{
    static const struct {
        const char *from, *to;
    } changes[] = {
        {"max_concurrency: 8", "max_concurrency: 9"},
        {"num_requests: 100", "num_requests: 101"},
        {"input_len: 16", "input_len: 17"},
        {"4..64", "4..65"},
        {"request_rate: 20", "request_rate: 21"},
        {"gamma", "poisson"},
        {"burstiness: 0.5", "burstiness: 0.6"},
        {"duration: 2.5", "duration: 2.6"},
        {"warmup: 0.5", "warmup: 0.6"},
        {"turns: 2..5", "turns: 2..4"},
        {"think_ms: 100", "think_ms: 99"},
        {"ttft:3%", "ttft:4%"},
        {"max_concurrency: 8", "max_concurrency: 8, trace: /dev/null"},
        {"input_len: 16", "prompts: [one, two]"},
        {"input_len: 16", "prompts: [one, tow]"},
        {"10..30", "10..31"},
        {"shared_prefix: 9", "shared_prefix: 8"},
        {"stream: false", "stream: true"},
        {"name: c8", "name: c8, route: completion"},
        {"name: c8", "name: c8, extra_body: '{\"a\":1}'"},
        {"name: c8", "name: c8, options: {temperature: 0}"},
    };
    struct study s;
    struct plan p;
    char before[65];
    (void)state;
    assert_int_equal(study_parse(&s, "f", ".", good, strlen(good), NULL), 0);
    plan_make(&p, &s, "");
    memcpy(before, p.sha256, sizeof before);
    assert_int_equal(p.n, 6);
    plan_release(&p);
    study_release(&s);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct str text = STR_INIT;
        const char *at = strstr(good, changes[i].from);
        assert_non_null(at);
        str_add(&text, good, (size_t)(at - good));
        str_addz(&text, changes[i].to);
        str_addz(&text, at + strlen(changes[i].from));
        assert_int_equal(study_parse(&s, "f", ".", str_z(&text), text.len, NULL), 0);
        plan_make(&p, &s, "");
        if (!strcmp(before, p.sha256))
            print_error("%s -> %s: the plan did not change\n", changes[i].from, changes[i].to);
        assert_string_not_equal(before, p.sha256);
        plan_release(&p);
        study_release(&s);
        str_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_are_read_and_become_arms),
        cmocka_unit_test(bad_loads_are_refused_with_their_place),
        cmocka_unit_test(every_word_of_a_load_changes_the_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
