/* Reports of studies with factors, of drift, and of generations that may spoil a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check.h"
#include "report/figure.h"
#include "report/study_view.h"

/* num_ctx changes both agents, topology only where they run together. */
#define FACTORS_PLAN                                                                                                                                                       \
    "{\"arms\":[" SOLO("alpha", "512") "," SOLO("beta", "512") "," PAIR("512", "one") "," PAIR("512", "two") "," SOLO(                                                     \
        "alpha",                                                                                                                                                           \
        "1024") "," SOLO("beta",                                                                                                                                           \
                         "1024") "," PAIR("1024",                                                                                                                          \
                                          "one") "," PAIR("1024",                                                                                                          \
                                                          "two") "],\"compare\":"                                                                                          \
                                                                 "{\"baseline\":\"pair\",\"margin\":\"3%\",\"metrics\":[\"makespan\",\"ttft\"]},\"factors\":[{\"levels\":" \
                                                                 "[\"512\",\"1024\"],\"name\":\"num_ctx\"},{\"levels\":[\"one\",\"two\"],\"name\":\"topology\"}]}"
#define SOLO(agent, ctx)                                                                                               \
    "{\"agents\":[\"" agent ",num_ctx=" ctx "\"],\"base\":\"solo-" agent "\",\"levels\":{\"num_ctx\":\"" ctx           \
    "\"},\"name\":\"solo-" agent ",num_ctx=" ctx "\"}"
#define PAIR(ctx, topology)                                                                                            \
    "{\"agents\":[\"alpha,num_ctx=" ctx "\",\"beta,num_ctx=" ctx                                                       \
    "\"],\"base\":\"pair\",\"levels\":{\"num_ctx\":\"" ctx "\",\"topology\":\"" topology                               \
    "\"},\"name\":\"pair,num_ctx=" ctx ",topology=" topology "\"}"

static const char *const factor_arms[] = {"solo-alpha,num_ctx=512",         "solo-beta,num_ctx=512",
                                          "pair,num_ctx=512,topology=one",  "pair,num_ctx=512,topology=two",
                                          "solo-alpha,num_ctx=1024",        "solo-beta,num_ctx=1024",
                                          "pair,num_ctx=1024,topology=one", "pair,num_ctx=1024,topology=two"};
enum { FACTOR_ARMS = 8 };

/* 1024 is 10 % slower together; the topology does nothing but to differ by chance. */
static struct run factor_run(struct arena *a, int32_t block, int arm, double slope)
{
    static const double chance[] = {0, 0.01, -0.01, 0.005, -0.02, 0.015, -0.005, 0.012};
    int kind = arm % 4;
    struct run r = duet_run(a, block, kind < 2 ? kind : 2);
    r.arm = factor_arms[arm];
    r.position = FACTOR_ARMS * block + (arm + 3 * block) % FACTOR_ARMS;
    r.wall_ns = 1790000000LL * NS_PER_S + (int64_t)r.position * 20 * NS_PER_S;
    double slower = (kind >= 2 && arm >= 4 ? 1.1 : 1) * (1 + slope * r.position);
    slower *= 1 + (kind == 3 ? chance[(block + arm) % 8] : 0);
    for (size_t i = 0; i < r.n_sessions; i++) {
        struct session *s = &r.sessions[i];
        s->ended_ns = s->released_ns + (mono_ns)((double)(s->ended_ns - s->released_ns) * slower);
    }
    return r;
}

struct factor_spec {
    int32_t blocks;
    double slope; /* of durations, per place in the order */
    const char *plan;
    bool (*change)(struct run *r, int arm);
    bool enough; /* ended by its stop rule */
};

static void write_runs(struct store *s, struct arena *a, const struct factor_spec *spec)
{
    struct err e = ERR_INIT;
    char stratum[65];
    if (store_host(s, HOST_FACTS, stratum, &e) || store_server(s, "a", SERVER_FACTS, &e))
        fail_msg("%s", e.text);
    for (int32_t i = 0; i < FACTOR_ARMS * spec->blocks; i++)
        for (int arm = 0; arm < FACTOR_ARMS; arm++) {
            struct run r = factor_run(a, i / FACTOR_ARMS, arm, spec->slope);
            if (r.position == i && (!spec->change || spec->change(&r, arm)))
                write_run(s, &r, stratum);
        }
}

static struct report_view *factors_view(const struct factor_spec *spec)
{
    char path[] = "/tmp/chimera-factors-XXXXXX";
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store *s = NULL;
    size_t n = (size_t)FACTOR_ARMS * (size_t)spec->blocks;
    struct plan_row *rows = arena_alloc(&a, (n + 1) * sizeof *rows);
    for (int32_t block = 0; block < spec->blocks; block++)
        for (int arm = 0; arm < FACTOR_ARMS; arm++) {
            struct run r = factor_run(&a, block, arm, 0);
            rows[r.position] = (struct plan_row){r.position, block, r.arm};
        }
    struct store_study study = {.name = "factors",
                                .question = "What does the context cost?",
                                .source = "study: factors\n",
                                .plan_json = spec->plan ? spec->plan : FACTORS_PLAN,
                                .plan_sha256 = "0123456789abcdef",
                                .seed = 7,
                                .chimera_version = "0.1.0",
                                .chimera_commit = "abcdef123456",
                                .command = "chimera run factors.yaml",
                                .rows = rows,
                                .n_rows = n};
    new_path(path);
    unlink(path);
    if (store_create(&s, path, &study, &e))
        fail_msg("%s", e.text);
    write_runs(s, &a, spec);
    if (spec->enough && store_note(s, "ended", "{\"blocks\":6,\"why\":\"precision\"}", &e))
        fail_msg("%s", e.text);
    if (store_close(s, &e))
        fail_msg("%s", e.text);
    arena_release(&a);
    return view_at(path);
}

static const struct view_effect *effect(const struct report_view *v, const char *factor, const char *metric)
{
    for (size_t i = 0; i < v->study->n_effects; i++) {
        const struct view_effect *e = &v->study->effects[i];
        if (!strcmp(v->design.factors[e->factor].name, factor) && !strcmp(e->c.metric->id, metric))
            return e;
    }
    fail_msg("no effect of %s on %s", factor, metric);
    return NULL;
}

static bool says(const struct report_view *v, const char *format, const char *words)
{
    struct str s = rendered(v, format);
    bool found = strstr(s.at, words) != NULL;
    str_release(&s);
    return found;
}

static bool caution_has(const struct report_view *v, const char *words)
{
    for (size_t i = 0; i < v->n_cautions; i++)
        if (strstr(v->cautions[i], words))
            return true;
    return false;
}

static void effects_of_two_factors(void **state)
{
    (void)state;
    struct report_view *v = factors_view(&(struct factor_spec){.blocks = 8});
    const struct view_study *s = v->study;
    assert_true(v->design.n_factors == 2 && v->design.n_arms == FACTOR_ARMS && s->solos_left_out);
    assert_int_equal(v->speedup.n_blocks, 4 * 8); /* each pair arm beside the solo runs of its num_ctx */
    assert_int_equal(v->speedup.n_excluded, 0);
    /* two factors of one level more, over the speedup and the two metrics that the plan declares */
    assert_int_equal(s->n_effects, 6);
    struct effects_family family = effects_family(&v->design); /* what a dry run takes for it */
    assert_true(family.contrasts == 2 && family.speedups == 2);
    const struct view_effect *e = effect(v, "num_ctx", "makespan");
    assert_true(e->pairs == 2 && !e->uneven && e->c.n_a == 8 && e->c.verdict == COMPARE_WORSE);
    assert_true(fabs(e->c.shift / e->c.base - 0.1) < 0.01);
    assert_int_equal(effect(v, "num_ctx", "speedup.time")->c.verdict, COMPARE_WORSE);
    assert_int_equal(effect(v, "topology", "makespan")->c.verdict, COMPARE_EQUIVALENT); /* within 3 % */
    assert_int_equal(effect(v, "topology", "ttft")->c.verdict, COMPARE_EQUIVALENT);
    assert_true(answer_has(v, "2 of 6 effects of the factors are found"));
    assert_true(strstr(v->answers[0], "num_ctx: 1024 against 512") && !strstr(v->answers[0], "topology"));
    assert_non_null(strstr(v->answers[1], "the best arm by speedup.time is pair,num_ctx=512"));
    assert_int_equal(s->n_sources, 3);
    assert_true(s->sources[1].shares.n == 5 && s->sources[1].shares.blocks == 8 && !s->sources[1].shares.incomplete);
    assert_true(s->sources[1].shares.at[1].share > 10 * s->sources[1].shares.at[2].share);
    assert_int_equal(s->n_levels, 2 + 2 + 4 + 4); /* solos have no topology; and each arm of the pair */
    assert_true(s->levels[4 + 2].factor == 1 && s->levels[4 + 4].factor == 2);
    golden(v, "factors", "terminal");
    golden(v, "factors", "md");
    golden_json(v, "factors");
    check_all(v);
    report_view_free(v);
}

static bool lose_one(struct run *r, int arm)
{
    if (arm == 3 && r->block == 2) {
        r->verdict = VERDICT_VOID;
        r->verdict_why = "clock";
    }
    return true;
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    struct report_view *v = factors_view(&(struct factor_spec){.blocks = 6, .change = lose_one});
    assert_true(effect(v, "num_ctx", "makespan")->uneven && effect(v, "num_ctx", "makespan")->c.n_a == 6);
    assert_true(v->study->sources[1].shares.blocks == 5 && v->study->sources[1].shares.missing == 1);
    assert_true(says(v, "md", "Unbalanced: 1 block without all arms is left out"));
    assert_true(says(v, "md", "Unbalanced: in some block a pair of runs is missing"));
    report_view_free(v);
    v = factors_view(&(struct factor_spec){.blocks = 3});
    assert_true(answer_has(v, "in a family of 6 that takes 8 blocks, and at most 3 count"));
    assert_true(says(v, "md", "signed ranks (confidence 75.0 %)"));
    check_all(v);
    report_view_free(v);
}

static void figure_of_the_effects(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str out = STR_INIT;
    struct svg s = {.out = &out, .arena = &a};
    struct report_view *v = factors_view(&(struct factor_spec){.blocks = 6});
    assert_true(figure_effects(&s, v));
    assert_non_null(strstr(out.at, ">makespan, num_ctx: 1024<"));
    assert_non_null(strstr(out.at, "pair, num_ctx: 1024 against 512, makespan: ")); /* the tip */
    assert_true(strstr(out.at, "\"full ") && strstr(out.at, "\"hollow "));
    assert_non_null(strstr(out.at, "adjusted p"));
    str_clear(&out);
    report_html(v, &out);
    assert_non_null(strstr(out.at, "Effects of the factors"));
    assert_non_null(strstr(out.at, "dot is the shift"));
    report_view_free(v);
    v = view_of(&(struct study_spec){.blocks = 2});
    str_clear(&out);
    assert_true(!figure_effects(&s, v) && out.len == 0 && !says(v, "md", "Effects of the factors"));
    report_view_free(v);
    str_release(&out);
    arena_release(&a);
}

/* 1 % more from run to run: 64 runs, about 50 % of the mean. */
static void drift_is_flagged(void **state)
{
    (void)state;
    struct report_view *v = factors_view(&(struct factor_spec){.blocks = 8, .slope = 0.01});
    assert_true(v->study->drifts[0].certain && v->study->drifts[0].large);
    assert_true(caution_has(v, "makespan changed by") && caution_has(v, "a drift of more than half of the margin"));
    assert_true(says(v, "md", "drift, beyond half the margin"));
    assert_int_equal(effect(v, "num_ctx", "makespan")->c.verdict, COMPARE_WORSE); /* blocks keep it out */
    report_view_free(v);
    v = factors_view(&(struct factor_spec){.blocks = 8});
    assert_true(!v->study->drifts[0].certain && !caution_has(v, "from the first to the last block"));
    report_view_free(v);
}

static bool spoil(struct run *r, int arm)
{
    if (arm == 2 && r->block == 1)
        r->requests[1].flags |= REQUEST_CONTEXT_TRUNCATED;
    if (arm == 4 && r->block == 3)
        r->requests[0].flags |= REQUEST_DEGENERATE | REQUEST_LENGTH;
    if (arm == 5 && r->block == 4) {
        r->requests[1].outcome = OUTCOME_NO_DONE;
        r->sessions[0].ok = false;
    }
    return true;
}

static const struct view_without *without(const struct report_view *v, const char *arm, enum view_cause c)
{
    for (size_t i = 0; i < v->study->n_without; i++)
        if (!strcmp(v->study->without[i].arm, arm) && v->study->without[i].cause == c)
            return &v->study->without[i];
    return NULL;
}

static void spoilt_generations_are_named_and_the_headline_is_told_without_them(void **state)
{
    (void)state;
    struct report_view *v = factors_view(&(struct factor_spec){.blocks = 6, .change = spoil});
    const struct view_study *s = v->study;
    assert_true(s->by_cause[CAUSE_FAILED] == 1 && s->by_cause[CAUSE_DEGENERATE] == 1);
    assert_true(s->by_cause[CAUSE_CONTEXT_TRUNCATED] == 1 && s->by_cause[CAUSE_LENGTH] == 0); /* each once */
    assert_true(s->n_generations == 3 && s->generations[0].cause == CAUSE_FAILED);
    assert_string_equal(s->generations[1].run->arm, "solo-alpha,num_ctx=1024");
    assert_string_equal(s->generations[2].run->arm, "pair,num_ctx=512,topology=one");
    const struct view_without *w = without(v, "pair,num_ctx=512,topology=one", CAUSE_CONTEXT_TRUNCATED);
    assert_true(w && w->generations == 1 && w->all.n == 6 && w->without.n == 5 && isnan(w->without.values[1]));
    assert_string_equal(w->all.metric->id, "speedup.time");
    /* the solo run's answer takes its block of both pairs along; the failed one leaves its block without a speedup */
    w = without(v, "pair,num_ctx=1024,topology=two", CAUSE_DEGENERATE);
    assert_true(w && w->all.n == 5 && w->without.n == 4);
    w = without(v, "solo-alpha,num_ctx=1024", CAUSE_DEGENERATE);
    assert_true(w && !strcmp(w->all.metric->id, "makespan") && w->without.n == 5);
    assert_null(without(v, "solo-alpha,num_ctx=512", CAUSE_DEGENERATE));
    assert_true(says(v, "md", "| context\\_truncated | pair,num\\_ctx=512,topology=one | 2 | alpha | report | ok |"));
    assert_true(says(v, "md", "| degenerate | solo-alpha,num\\_ctx=1024 | 4 | alpha | analysis | ok |"));
    assert_true(says(v, "md", "| failed | solo-beta,num\\_ctx=1024 | 5 | beta | report | no\\_done |"));
    check_all(v);
    report_view_free(v);
}

static bool of_six_blocks(struct run *r, int arm)
{
    (void)arm;
    return r->block < 6;
}

static void what_a_stop_rule_left_out_is_not_missing(void **state)
{
    (void)state;
    struct report_view *v = factors_view(&(struct factor_spec){.blocks = 8, .change = of_six_blocks, .enough = true});
    assert_true(caution_has(v, "Ended by its stop rule: 16 of 64 planned runs were not needed."));
    assert_true(!caution_has(v, "incomplete") && v->verdict == VERDICT_VALID);
    report_view_free(v);
    v = factors_view(&(struct factor_spec){.blocks = 8, .change = of_six_blocks});
    assert_true(caution_has(v, "The study is incomplete: 16 of 64 planned runs are missing."));
    report_view_free(v);
}

/* Plans that a hostile or broken file may hold. */
static void a_plan_is_believed_as_far_as_it_makes_sense(void **state)
{
    (void)state;
    static const char *const plans[] = {
        "{\"factors\":[{}]}",
        "{\"factors\":[{\"name\":7,\"levels\":[1,2]}],\"arms\":[{\"name\":\"pair\"}]}",
        "{\"factors\":{\"a\":1},\"arms\":7}",
        "{\"arms\":[{}, 3],\"factors\":[{\"levels\":[],\"name\":\"x\"}],\"compare\":{\"margin\":\"-3%\",\"metrics\":"
        "[\"nonsense\", 4, \"speedup.time\"]},\"order\":\"abba\"}",
        "{\"arms\":[" SOLO("alpha", "9") "],\"factors\":[{\"levels\":[\"512\",\"1024\"],\"name\":\"num_ctx\"}]}",
    };
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        struct report_view *v = factors_view(&(struct factor_spec){.blocks = 2, .plan = plans[i]});
        assert_int_equal(v->study->n_effects, 0);
        assert_true(v->study->margin == 0);
        check_all(v);
        report_view_free(v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_of_two_factors),
        cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(figure_of_the_effects),
        cmocka_unit_test(drift_is_flagged),
        cmocka_unit_test(spoilt_generations_are_named_and_the_headline_is_told_without_them),
        cmocka_unit_test(what_a_stop_rule_left_out_is_not_missing),
        cmocka_unit_test(a_plan_is_believed_as_far_as_it_makes_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
