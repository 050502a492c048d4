/* True speedup on hand-built runs with values computed by hand, and on the original lab's runs: the audit of
 * TR114. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analysis/speedup.h"
#include "base/file.h"
#include "format/json.h"
#include "record/metric.h"
#include "runs.h"

static bool near(double got, double want)
{
    return fabs(got - want) < 1e-9 * (1 + fabs(want));
}

static const struct design none;

#define NEAR(got, want) assert_true(near(got, want))

/* alpha alone: 10 s, of which 2 s are not decode; 25 and 50 tok/s. beta alone: 8 s, 2 s not decode; 20 and
 * 30 tok/s. */
static struct run solo_alpha(struct arena *a, int32_t block)
{
    struct run r = make_run(a, "solo-alpha", block, 1);
    add_session(&r, "alpha", 10);
    add_request(&r, "analysis", 1, 400, 100, 4);
    add_request(&r, "report", 6, 300, 200, 4);
    return r;
}

static struct run solo_beta(struct arena *a, int32_t block)
{
    struct run r = make_run(a, "solo-beta", block, 1);
    add_session(&r, "beta", 8);
    add_request(&r, "analysis", 1, 400, 80, 4);
    add_request(&r, "report", 6, 300, 60, 2);
    return r;
}

/* Together: 12 s and 9 s. alpha's analysis has `tok` tokens. */
static struct run pair(struct arena *a, int32_t block, int64_t tok)
{
    struct run r = make_run(a, "pair", block, 2);
    add_session(&r, "alpha", 12);
    add_request(&r, "analysis", 1, 400, tok, 5);
    add_request(&r, "report", 6, 300, 200, 5);
    add_session(&r, "beta", 9);
    add_request(&r, "analysis", 1, 400, 80, 4.5);
    add_request(&r, "report", 6, 300, 60, 2.5);
    return r;
}

static void equal_work_by_hand(void **state)
{
    (void)state;
    struct arena a = {0};
    struct speedup s;
    struct run runs[] = {pair(&a, 0, 100), solo_beta(&a, 0), solo_alpha(&a, 0)};
    speedup_of_runs(runs, 3, &none, &a, &s);
    assert_int_equal(s.n_blocks, 1);
    assert_int_equal(s.n_excluded, 0);
    assert_int_equal(s.n_multi, 1);
    const struct speedup_block *b = &s.blocks[0];
    assert_true(b->match && !b->strata_differ && b->source == DECODE_SERVER);
    NEAR(b->makespan_s, 12);
    NEAR(b->time, 18.0 / 12);
    NEAR(b->tokens, 18.0 / 12); /* equal tokens: the same number */
    NEAR(b->overlap, 50 * (1 + 9.0 / 12));
    NEAR(b->contention, 0); /* 21 / 12 = 1.75 is not below 1.5 */
    NEAR(b->output_rate, (300 + 140) / 12.0);
    double x = 300 / 12.0, y = 140 / 9.0;
    NEAR(b->jain, (x + y) * (x + y) / (2 * (x * x + y * y)));
    NEAR(b->agents[0].slowdown, (300 / 8.0) / (300 / 10.0));
    NEAR(b->agents[1].slowdown, (140 / 6.0) / (140 / 7.0));
    assert_string_equal(b->queue_metric, "queue.server");
    NEAR(b->agents[0].together.queue_ms, 50);
    NEAR(b->agents[0].solo.ttft_ms, 500);
    assert_int_equal(speedup_headline(s.blocks, 1), SPEEDUP_BY_TIME);
    arena_release(&a);
}

static void more_tokens_are_not_slowness(void **state)
{
    (void)state;
    struct arena a = {0};
    struct speedup s;
    struct run runs[] = {pair(&a, 0, 150), solo_beta(&a, 0), solo_alpha(&a, 0),
                         pair(&a, 1, 102), solo_beta(&a, 1), solo_alpha(&a, 1)};
    speedup_of_runs(runs, 6, &none, &a, &s);
    assert_int_equal(s.n_blocks, 2);
    assert_false(s.blocks[0].match);
    NEAR(s.blocks[0].time, 1.5);
    NEAR(s.blocks[0].tokens, (150 / 25.0 + 200 / 50.0 + 2 + 8) / 12);
    assert_true(s.blocks[1].match); /* 302 for 300 tokens is within 2 % */
    NEAR(s.blocks[1].tokens, (102 / 25.0 + 4 + 2 + 8) / 12);
    assert_int_equal(speedup_headline(s.blocks, 2), SPEEDUP_BY_TOKENS);
    assert_int_equal(speedup_headline(s.blocks + 1, 1), SPEEDUP_BY_TIME);
    assert_int_equal(speedup_headline(s.blocks, 0), SPEEDUP_NONE);
    arena_release(&a);
}

static void two_percent_is_the_limit(void **state)
{
    (void)state;
    struct arena a = {0};
    for (int64_t tok = 90; tok <= 110; tok++) { /* of 300 in all: 294 … 306 match */
        struct speedup s;
        struct run runs[] = {pair(&a, 0, tok), solo_beta(&a, 0), solo_alpha(&a, 0)};
        speedup_of_runs(runs, 3, &none, &a, &s);
        assert_int_equal(s.blocks[0].match, tok >= 94 && tok <= 106);
    }
    struct speedup s;
    struct run runs[] = {pair(&a, 0, 100), solo_beta(&a, 0), solo_alpha(&a, 0)};
    runs[0].requests[1].usage.prompt_tok = 330; /* the prompt counts too */
    speedup_of_runs(runs, 3, &none, &a, &s);
    assert_false(s.blocks[0].match);
    arena_release(&a);
}

/* A server that reports no times: the rates come from the client's stamps, and with equal tokens nothing
 * changes. */
static void without_server_times(void **state)
{
    (void)state;
    struct arena a = {0};
    struct speedup s;
    struct run runs[] = {pair(&a, 0, 100), solo_beta(&a, 0), solo_alpha(&a, 0)};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < runs[i].n_requests; k++) {
            struct usage *u = &runs[i].requests[k].usage;
            u->eval_ns = u->total_ns = -1;
        }
    speedup_of_runs(runs, 3, &none, &a, &s);
    assert_int_equal(s.blocks[0].source, DECODE_CLIENT);
    NEAR(s.blocks[0].tokens, 1.5);
    NEAR(s.blocks[0].agents[0].slowdown, 10 / 8.0);
    assert_string_equal(s.blocks[0].queue_metric, "queue.client");
    NEAR(s.blocks[0].agents[0].together.queue_ms, 200); /* 500 - 100 - 200 */
    runs[0].requests[0].usage.completion_tok = -1;      /* and one that counts no tokens either */
    speedup_of_runs(runs, 3, &none, &a, &s);
    assert_int_equal(s.blocks[0].source, DECODE_UNKNOWN);
    assert_true(isnan(s.blocks[0].tokens) && isnan(s.blocks[0].agents[0].slowdown) && !s.blocks[0].match);
    NEAR(s.blocks[0].time, 1.5);
    assert_int_equal(speedup_headline(s.blocks, 1), SPEEDUP_NONE);
    arena_release(&a);
}

static const char *why(const struct speedup *s, const struct run *r)
{
    for (size_t i = 0; i < s->n_excluded; i++)
        if (s->excluded[i].run == r)
            return s->excluded[i].why;
    return "counted";
}

static void exclusions_name_their_cause(void **state)
{
    (void)state;
    struct arena a = {0};
    struct speedup s;
    struct run runs[] = {pair(&a, 0, 100),  solo_alpha(&a, 0), solo_beta(&a, 0), pair(&a, 1, 100),
                         solo_alpha(&a, 1), solo_beta(&a, 1),  pair(&a, 2, 100), solo_alpha(&a, 2)};
    runs[1].verdict = VERDICT_VOID;
    runs[1].verdict_why = "steal 4 %";
    runs[3].state = RUN_ABORTED;
    runs[3].n_sessions = 0; /* a killed run keeps its requests but no sessions */
    runs[7].sessions[0].ok = false;
    runs[7].sessions[0].error = "no answer";
    speedup_of_runs(runs, 8, &none, &a, &s);
    assert_int_equal(s.n_blocks, 0);
    assert_int_equal(s.n_multi, 3);
    assert_string_equal(why(&s, &runs[0]), "no counted solo run of alpha in block 1");
    assert_string_equal(why(&s, &runs[1]), "VOID: steal 4 %");
    assert_string_equal(why(&s, &runs[2]), "no counted multi-agent run of its agent in this block");
    assert_string_equal(why(&s, &runs[3]), "aborted, not complete");
    assert_string_equal(why(&s, &runs[7]), "the session of alpha failed: no answer");
    assert_int_equal(s.n_excluded, 8);
    arena_release(&a);
}

static void several_solo_arms(void **state)
{
    (void)state;
    struct arena a = {0};
    struct speedup s;
    struct run runs[] = {pair(&a, 0, 100), solo_alpha(&a, 0), solo_beta(&a, 0), solo_beta(&a, 0)};
    runs[3].arm = "solo-beta-2";
    speedup_of_runs(runs, 4, &none, &a, &s);
    assert_int_equal(s.n_blocks, 0);
    assert_string_equal(why(&s, &runs[0]), "several solo runs of beta in block 1: which one is its own cannot be told");
    runs[3].sessions[0].server = "another";
    speedup_of_runs(runs, 4, &none, &a, &s);
    assert_int_equal(s.n_blocks, 1);
    assert_ptr_equal(s.blocks[0].agents[1].solo.run, &runs[2]);
    assert_int_equal(s.n_excluded, 1);
    arena_release(&a);
}

static void n_agents_and_other_arms(void **state)
{
    (void)state;
    struct arena a = {0};
    struct speedup s;
    struct run trio = make_run(&a, "trio", 0, 3), load = make_run(&a, "load", 0, 2),
               alone = make_run(&a, "other", 0, 1);
    const char *names[] = {"a", "b", "c"};
    struct run runs[6] = {trio, load, alone};
    for (int i = 0; i < 3; i++) {
        add_session(&runs[0], names[i], 10 + i);
        add_request(&runs[0], NULL, 1, 100, 100, 8);
        runs[3 + i] = make_run(&a, names[i], 0, 1);
        add_session(&runs[3 + i], names[i], 5);
        add_request(&runs[3 + i], NULL, 1, 100, 100, 4);
    }
    add_session(&runs[1], "load", 1);
    add_session(&runs[1], "load", 1);
    add_session(&runs[2], "somebody else", 1);
    speedup_of_runs(runs, 6, &none, &a, &s);
    assert_int_equal(s.n_blocks, 1);
    assert_int_equal(s.n_multi, 1);
    assert_int_equal(s.n_excluded, 0);
    assert_int_equal(s.blocks[0].n_agents, 3);
    NEAR(s.blocks[0].time, 15 / 12.0);
    assert_true(isnan(s.blocks[0].overlap)); /* defined for two */
    speedup_of_runs(runs, 0, &none, &a, &s);
    assert_true(!s.n_blocks && !s.n_multi && !s.n_excluded);
    arena_release(&a);
}

static void odd_stages(void **state)
{
    (void)state;
    struct arena a = {0};
    struct speedup s;
    struct run runs[] = {pair(&a, 0, 100), solo_beta(&a, 0), solo_alpha(&a, 0)};
    runs[0].requests[0].stage = "never seen alone";
    speedup_of_runs(runs, 3, &none, &a, &s);
    assert_true(isnan(s.blocks[0].tokens));
    NEAR(s.blocks[0].time, 1.5);
    struct solo_profile p = {.source = DECODE_SERVER};
    assert_true(isnan(solo_profile_cost_s(&p, &runs[0], &runs[0].sessions[0])));
    runs[0].stratum = "another host";
    runs[2].requests[1].flags = REQUEST_DEGENERATE;
    speedup_of_runs(runs, 3, &none, &a, &s);
    assert_true(s.blocks[0].strata_differ);
    assert_int_equal(s.blocks[0].degenerate, 1);
    arena_release(&a);
}

/* ---- the original's runs --------------------------------------------------------------------------------- */

static double in_ms(yyjson_val *obj, const char *key)
{
    return json_get_double(obj, key, NAN) / 1e3;
}

static void add_calls(struct run *r, yyjson_val *calls, int64_t run_number)
{
    size_t i, max;
    yyjson_val *call;
    yyjson_arr_foreach (calls, i, max, call) {
        yyjson_val *m = yyjson_obj_get(call, "m");
        struct span stage = json_get_text(call, "stage");
        if (run_number && json_get_int(call, "run_number", 0) != run_number)
            continue;
        add_request(r, span_eq_z(stage, "analysis") ? "analysis" : "report", 1, -1,
                    json_get_int(m, "tokens_generated", -1), in_ms(m, "eval_duration_ms"));
    }
}

static yyjson_doc *read_line(char **at)
{
    size_t n = strcspn(*at, "\n");
    struct err e = ERR_INIT;
    yyjson_doc *doc = json_read(*at, n, NULL, &e);
    assert_non_null(doc);
    *at += n + ((*at)[n] == '\n');
    return doc;
}

static bool seed_file(const char *name, struct str *text)
{
    struct str path = STR_INIT;
    struct err e = ERR_INIT;
    str_addf(&path, "%s/../../shared/seed-data/%s", TESTS_DIR, name);
    bool there = file_read(str_z(&path), 64 << 20, text, &e) == 0;
    str_release(&path);
    if (!there && getenv("CI"))
        fail_msg("the original's data (%s) is not there, and CI is set", name);
    return there;
}

struct tr114 {
    double tokens, overlap, worst_identity;
    size_t n, faster;
};

/* Mean of speedup.tokens and of overlap over the 135 runs, for a solo profile. */
static struct tr114 audit(char *text, const struct solo_profile *solo)
{
    static const char *const agents[] = {"collector", "insight"};
    struct tr114 t = {0};
    struct arena a = {0};
    for (char *at = text; *at;) {
        yyjson_doc *doc = read_line(&at);
        yyjson_val *row = yyjson_doc_get_root(doc), *summary = yyjson_obj_get(row, "summary");
        struct run r = make_run(&a, "pair", (int32_t)t.n, 2);
        double cost = 0;
        for (int i = 0; i < 2; i++) {
            yyjson_val *agent = yyjson_obj_get(row, agents[i]);
            add_session(&r, agents[i], json_get_double(agent, "execution_time_s", NAN));
            add_calls(&r, yyjson_obj_get(agent, "calls"), 0);
            cost += solo_profile_cost_s(solo, &r, &r.sessions[i]);
        }
        double overlap = metric_find("overlap")->of_run(&r), tokens = cost / metric_find("makespan")->of_run(&r);
        t.tokens += tokens;
        t.overlap += overlap;
        t.faster += tokens > 1;
        t.worst_identity = fmax(t.worst_identity, fabs(overlap - json_get_double(summary, "efficiency_percent", NAN)));
        t.n++;
        yyjson_doc_free(doc);
    }
    t.tokens /= (double)t.n;
    t.overlap /= (double)t.n;
    arena_release(&a);
    return t;
}

/* The solo runs of TR111 that were warm (load below 1 s) and valid (tokens told, no runaway). */
static struct solo_profile solo_of_tr111(char *text)
{
    static const char *const sides[] = {"baseline", "chimera"};
    struct solo_profile p = {.source = DECODE_SERVER};
    struct arena a = {0};
    for (char *at = text; *at;) {
        yyjson_doc *doc = read_line(&at);
        for (int side = 0; side < 2; side++) {
            yyjson_val *s = yyjson_obj_get(yyjson_doc_get_root(doc), sides[side]);
            for (int64_t k = 1; k <= 3; k++) {
                yyjson_val *w = yyjson_arr_get(yyjson_obj_get(s, "workflow_runs"), (size_t)k - 1);
                struct run r = make_run(&a, "solo", 0, 1);
                add_session(&r, "agent", json_get_double(yyjson_obj_get(w, "workflow"), "total_seconds", NAN));
                add_calls(&r, yyjson_obj_get(s, "calls"), k);
                bool valid = true;
                size_t i, max;
                yyjson_val *call;
                yyjson_arr_foreach (yyjson_obj_get(s, "calls"), i, max, call) {
                    yyjson_val *m = yyjson_obj_get(call, "m");
                    int64_t tok = json_get_int(m, "tokens_generated", 0);
                    if (json_get_int(call, "run_number", 0) == k)
                        valid = valid && tok > 0 && tok < 5000 && in_ms(m, "load_duration_ms") < 1;
                }
                if (valid)
                    solo_profile_add(&p, &r, &r.sessions[0]);
            }
        }
        yyjson_doc_free(doc);
    }
    arena_release(&a);
    return p;
}

static void audit_of_tr114(void **state)
{
    (void)state;
    struct str runs = STR_INIT, solo = STR_INIT;
    if (!seed_file("tr114_runs.jsonl", &runs) || !seed_file("tr111_rust_single.jsonl", &solo)) {
        print_message("SKIP: the original's data is not beside this clone\n");
        skip();
    }
    /* As the audit wrote it: 116.0 and 113.57 tok/s alone, 1.068 s outside decode per call. */
    struct solo_profile stated = {.source = DECODE_SERVER, .sessions = 1, .duration_s = 2 + 2 * 1.068, .n_stages = 2};
    stated.stages[0] = (struct solo_stage){"analysis", 116.0, 1};
    stated.stages[1] = (struct solo_stage){"report", 113.57, 1};
    struct tr114 t = audit(runs.at, &stated);
    assert_int_equal(t.n, 135);
    assert_true(fabs(t.tokens - 0.756) < 0.0005);
    assert_int_equal(t.faster, 0);
    assert_true(fabs(t.overlap - 98.281) <
                0.005); /* theirs uses a wall time that is some ms longer than the makespan */
    assert_true(t.worst_identity < 0.0072);
    /* The same from the raw solo runs, nothing rounded on the way. */
    struct solo_profile raw = solo_of_tr111(solo.at);
    assert_true(raw.sessions == 77);
    t = audit(runs.at, &raw);
    assert_true(fabs(t.tokens - 0.7536) < 0.0005);
    assert_int_equal(t.faster, 0);
    str_release(&runs);
    str_release(&solo);
}

/* num_ctx changes both agents, topology only the pair: one solo arm per num_ctx serves both topologies. */
static void solo_runs_are_matched_by_level(void **state)
{
    (void)state;
    struct arena a = {0};
    struct speedup s;
    struct design_factor factors[] = {{"num_ctx", (const char *[]){"512", "1024"}, 2},
                                      {"topology", (const char *[]){"one", "two"}, 2}};
    struct design_arm arms[] = {{.name = "alpha,512", .base = "solo-alpha", .level = (int[]){0, DESIGN_ANY}},
                                {.name = "alpha,1024", .base = "solo-alpha", .level = (int[]){1, DESIGN_ANY}},
                                {.name = "beta,512", .base = "solo-beta", .level = (int[]){0, DESIGN_ANY}},
                                {.name = "beta,1024", .base = "solo-beta", .level = (int[]){1, DESIGN_ANY}},
                                {.name = "pair,512,one", .base = "pair", .level = (int[]){0, 0}},
                                {.name = "pair,1024,two", .base = "pair", .level = (int[]){1, 1}}};
    struct design d = {factors, 2, arms, 6};
    struct run runs[] = {solo_alpha(&a, 0), solo_alpha(&a, 0), solo_beta(&a, 0),
                         solo_beta(&a, 0),  pair(&a, 0, 100),  pair(&a, 0, 100)};
    for (size_t i = 0; i < 6; i++)
        runs[i].arm = arms[i].name;
    runs[1].sessions[0].ended_ns = at_s(20);
    speedup_of_runs(runs, 6, &d, &a, &s);
    assert_true(s.n_blocks == 2 && s.n_excluded == 0);
    assert_string_equal(s.blocks[0].arm, "pair,512,one");
    NEAR(s.blocks[0].time, 18.0 / 12);
    NEAR(s.blocks[1].time, 28.0 / 12);
    assert_ptr_equal(s.blocks[1].agents[1].solo.run, &runs[3]);
    speedup_of_runs(runs, 6, &none, &a, &s); /* without levels it cannot be told which solo run is meant */
    assert_true(s.n_blocks == 0 && s.n_excluded == 6);
    assert_non_null(strstr(s.excluded[5].why, "several solo runs"));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_work_by_hand),
        cmocka_unit_test(more_tokens_are_not_slowness),
        cmocka_unit_test(two_percent_is_the_limit),
        cmocka_unit_test(without_server_times),
        cmocka_unit_test(exclusions_name_their_cause),
        cmocka_unit_test(several_solo_arms),
        cmocka_unit_test(n_agents_and_other_arms),
        cmocka_unit_test(odd_stages),
        cmocka_unit_test(solo_runs_are_matched_by_level),
        cmocka_unit_test(audit_of_tr114),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
