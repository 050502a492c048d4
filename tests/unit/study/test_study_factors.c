/* Studies with factors: which arms, servers and agents a file makes, what is refused and where the message points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "refusal.h"
#include "study/plan.h"

static const char good[] =
    "study: duet\n"                                             /* 1 */
    "servers:\n"                                                /* 2 */
    "  - {name: a, threads: 1}\n"                               /* 3 */
    "  - {name: b, threads: 1}\n"                               /* 4 */
    "corpus: files\n"                                           /* 5 */
    "agents:\n"                                                 /* 6 */
    "  - {name: one, server: a, options: {temperature: 0.8}}\n" /* 7 */
    "  - {name: two, server: b, options: {temperature: 0.8}}\n" /* 8 */
    "arms: [{name: s1, agents: [one]}, {name: s2, agents: [two]}, {name: pair, agents: [one, two], when: {topology: [split]}}]\n" /* 9 */
    "factors:\n"                                                                               /* 10 */
    "  - name: topology\n"                                                                     /* 11 */
    "    levels: [{name: shared, set: {agents.two.server: a}}, {name: split}]\n"               /* 12 */
    "  - {name: temperature, levels: [0.6, 0.8], set: agents.*.options.temperature}\n"         /* 13 */
    "  - {name: threads, levels: [1, 2], set: [servers.b.threads], when: {topology: split}}\n" /* 14 */
    "exclude: [{temperature: 0.6, threads: 2}]\n"                                              /* 15 */
    "compare: {baseline: 'pair,threads=2', metrics: [e2e, ttft], margin: 'ttft:20,e2e:5%'}\n"  /* 16 */
    "stop: {precision: 'makespan:5%', min_blocks: 2}\n"                                        /* 17 */
    "budget: 20m\n"                                                                            /* 18 */
    "guard: {load: 0.5, wait: 10}\n"                                                           /* 19 */
    "isolate: true\n"                                                                          /* 20 */
    "blocks: 4\n";

static void parse(struct study *s, const char *text, const char *const *set, size_t n_set, const char *scale)
{
    struct err e = ERR_INIT;
    const struct study_changes c = {set, n_set, scale};
    if (study_parse_changed(s, "f.yaml", "/dir", text, strlen(text), &c, &e))
        fail_msg("%s", e.text);
}

static void names_are(const struct study *s, const char *const *names, size_t n)
{
    assert_int_equal(s->n_arms, n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(s->arms[i].name, names[i]);
}

/* one: a, never touched by topology or threads; two: on a or on b, b with one thread or two. */
static void arms_are_the_combinations_that_differ(void **state)
{
    static const char *const names[] = {
        "s1,temperature=0.6",
        "s2,topology=shared,temperature=0.6",
        "s1,temperature=0.8",
        "s2,topology=shared,temperature=0.8",
        "s2,topology=split,temperature=0.6,threads=1",
        "pair,topology=split,temperature=0.6,threads=1",
        "s2,topology=split,temperature=0.8,threads=1",
        "pair,topology=split,temperature=0.8,threads=1",
        "s2,topology=split,temperature=0.8,threads=2",
        "pair,topology=split,temperature=0.8,threads=2",
    };
    struct study s;
    (void)state;
    parse(&s, good, NULL, 0, NULL);
    names_are(&s, names, 10);
    assert_string_equal(s.arms[0].base, "s1");
    assert_null(s.arms[0].level[0]);
    assert_string_equal(s.arms[0].level[1], "0.6");
    assert_null(s.arms[0].level[2]);
    assert_string_equal(s.arms[9].level[0], "split");
    assert_string_equal(s.arms[9].level[2], "2");
    study_release(&s);
}

static void servers_are_slots_with_variants(void **state)
{
    struct study s;
    (void)state;
    parse(&s, good, NULL, 0, NULL);
    assert_int_equal(s.n_slots, 2);
    assert_string_equal(s.slots[1], "b");
    assert_int_equal(s.n_servers, 3);
    assert_string_equal(s.servers[0].name, "a");
    assert_string_equal(s.servers[2].name, "b,threads=2");
    assert_int_equal(s.slot_of[1], 1);
    assert_int_equal(s.slot_of[2], 1);
    assert_int_equal(s.servers[2].threads, 2);
    const struct study_arm *last = &s.arms[9];
    assert_int_equal(last->servers[0], 0);
    assert_int_equal(last->servers[1], 2);
    assert_int_equal(s.agents[last->agents[1]].ask.server, 2);
    assert_string_equal(s.agents[last->agents[1]].agent, "two");
    assert_int_equal(s.arms[2].agents[0], last->agents[0]); /* alone and in the pair: the same agent */
    study_release(&s);
}

static void what_is_declared_is_read(void **state)
{
    struct study s;
    (void)state;
    parse(&s, good, NULL, 0, NULL);
    assert_string_equal(s.compare.baseline, "pair,threads=2");
    assert_int_equal(s.compare.n_metrics, 2);
    assert_string_equal(s.compare.margin, "ttft:20,e2e:5%");
    assert_string_equal(s.stop.precision, "makespan:5%");
    assert_int_equal(s.stop.min_blocks, 2);
    assert_int_equal(s.budget_ns, 1200 * NS_PER_S);
    assert_true(s.guard.load == 0.5 && s.guard.temperature_c == 0);
    assert_int_equal(s.guard.wait_ns, 10 * NS_PER_S);
    assert_true(s.isolate);
    study_release(&s);
}

static void a_level_may_take_a_key_away(void **state)
{
    static const char *const set[] = {"factors.temperature.levels=[null, 0.6]"};
    struct study s;
    (void)state;
    parse(&s, good, set, 1, NULL);
    assert_string_equal(s.arms[0].name, "s1,temperature=unset");
    assert_false(s.agents[s.arms[0].agents[0]].ask.options.set & OPTION_TEMPERATURE);
    study_release(&s);
}

/* hetero and homo are the same for s1, plain is not: the first of the two stands for both. */
static void a_partly_equal_arm_has_its_first_level(void **state)
{
    static const char *const set[] = {
        "exclude=null",
        "factors.topology=null",
        "factors.threads=null",
        "compare=null",
        "arms=[{name: s1, agents: [one]}, {name: pair, agents: [one, two]}]",
        "factors.temperature={name: who, levels: [{name: plain, set: {agents.one.options.temperature: 1}}, {name: hetero, "
        "set: {agents.two.options.temperature: 1}}, {name: homo}]}"};
    static const char *const names[] = {"s1,who=plain", "pair,who=plain", "s1,who=hetero", "pair,who=hetero",
                                        "pair,who=homo"};
    struct study s;
    (void)state;
    parse(&s, good, set, 6, NULL);
    names_are(&s, names, 5);
    study_release(&s);
}

/* temperature is varied at one level of topology only, and elsewhere as written: 0.8, one of its levels. s1, which topology
 * does not touch, is the same there; so topology is in no name of it, whichever level the condition names. */
static void what_is_varied_in_places_is_as_written_elsewhere(void **state)
{
    static const char *const split[] = {
        "exclude=null", "factors.threads=null", "compare=null",
        "factors.temperature={name: temperature, levels: [0.6, 0.8], set: agents.*.options.temperature, when: {topology: "
        "split}}"};
    static const char *const at_split[] = {"s1,temperature=0.8",
                                           "s2,topology=shared",
                                           "s1,temperature=0.6",
                                           "s2,topology=split,temperature=0.6",
                                           "pair,topology=split,temperature=0.6",
                                           "s2,topology=split,temperature=0.8",
                                           "pair,topology=split,temperature=0.8"};
    static const char *const shared[] = {
        "exclude=null", "factors.threads=null", "compare=null",
        "factors.temperature={name: temperature, levels: [0.6, 0.8], set: agents.*.options.temperature, when: {topology: "
        "shared}}"};
    static const char *const at_shared[] = {"s1,temperature=0.6", "s2,topology=shared,temperature=0.6",
                                            "s1,temperature=0.8", "s2,topology=shared,temperature=0.8",
                                            "s2,topology=split",  "pair,topology=split"};
    struct study s;
    (void)state;
    parse(&s, good, split, 4, NULL);
    names_are(&s, at_split, 7);
    study_release(&s);
    parse(&s, good, shared, 4, NULL);
    names_are(&s, at_shared, 6);
    study_release(&s);
}

/* g overrides f in l: l at (1, y) is as at (2, x), and its levels are those of the first, a combination that there is. */
static void a_level_that_overrides_another_names_what_there_is(void **state)
{
    static const char text[] = "study: o\nservers: [{name: a}]\n"
                               "loads: [{name: l, max_concurrency: 1}, {name: m, max_concurrency: 1}]\nfactors:\n"
                               "  - {name: f, levels: [1, 2], set: loads.*.num_requests}\n"
                               "  - {name: g, levels: [{name: x}, {name: y, set: {loads.l.num_requests: 2}}]}\n";
    static const char *const names[] = {"l,f=1,g=x", "m,f=1", "l,f=1,g=y", "m,f=2"};
    struct study s;
    (void)state;
    parse(&s, text, NULL, 0, NULL);
    names_are(&s, names, 4);
    assert_string_equal(s.arms[2].level[1], "y");
    study_release(&s);
}

static void without_factors_nothing_changes(void **state)
{
    static const char plain[] = "study: p\nservers: [{name: a}]\ncorpus: c\nagents: [{name: x, options: {seed: 1}}]\n";
    struct study s;
    struct plan p;
    (void)state;
    parse(&s, plain, NULL, 0, NULL);
    plan_make(&p, &s, "corpus");
    assert_string_equal(p.sha256, "99c45b103174f6186b226aa936d00aa98468e3c49243bab6f4b12edbd8e722ce");
    assert_null(strstr(str_z(&p.json), "factors"));
    plan_release(&p);
    study_release(&s);
}

static void the_plan_has_levels_and_what_is_declared(void **state)
{
    static const char *const held[] = {
        "\"compare\":{\"baseline\":\"pair,threads=2\",\"margin\":\"ttft:20,e2e:5%\",\"metrics\":[\"e2e\",\"ttft\"]}",
        "\"levels\":{\"topology\":\"split\",\"temperature\":\"0.8\",\"threads\":\"2\"}",
        "\"servers\":[\"a\",\"b,threads=2\"]",
        "\"slot\":\"b\"",
        "\"isolate\":true",
        "\"stop\":{\"min_blocks\":2,\"precision\":\"makespan:5%\"}",
        "\"guard\":{\"load\":0.5,\"temperature_c\":0",
    };
    struct study s;
    struct plan p;
    (void)state;
    parse(&s, good, NULL, 0, NULL);
    plan_make(&p, &s, "corpus");
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++)
        if (!strstr(str_z(&p.json), held[i]))
            fail_msg("%s is not in %s", held[i], str_z(&p.json));
    assert_null(strstr(str_z(&p.json), "budget")); /* of one call: a longer one goes on with the same plan */
    plan_release(&p);
    study_release(&s);
}

/* As written: s1 and s2 alone with b,threads=1, which goes once to two threads in each block, and back. */
static void starts_follow_the_order_of_the_runs(void **state)
{
    static const char *const set[] = {"order=nested", "blocks=3", "stop=null"};
    size_t starts[3];
    struct study s;
    struct plan p;
    (void)state;
    parse(&s, good, set, 3, NULL);
    plan_make(&p, &s, "corpus");
    plan_count_starts(&p, &s, starts);
    assert_int_equal(starts[0], 1);
    assert_int_equal(starts[1], 3);
    assert_int_equal(starts[2], 3);
    plan_release(&p);
    study_release(&s);
}

/* ---- presets, scales, --set ---------------------------------------------------------------------------------------- */

static const char scaled[] = "study: s\n"
                             "use: presets/engine-smollm2\n"
                             "servers: [{name: a, threads: 3}, {name: b}, {name: b.c}]\n"
                             "loads: [{name: l, server: a, max_concurrency: 1, num_requests: 100}]\n"
                             "scales:\n"
                             "  smoke: {blocks: 2, loads.*.num_requests: 5}\n";

static void a_preset_lies_under_the_file(void **state)
{
    struct study s;
    (void)state;
    parse(&s, scaled, NULL, 0, NULL);
    assert_int_equal(s.n_servers, 3);
    assert_string_equal(s.servers[0].model, "smollm2-135m");
    assert_int_equal(s.servers[0].threads, 3);
    assert_string_equal(s.servers[2].name, "b.c");
    assert_non_null(strstr(s.source, "# the preset presets/engine-smollm2:"));
    assert_non_null(strstr(s.source, "#   - {name: a, kind: engine"));
    study_release(&s);
}

static void a_preset_beside_the_file_comes_first(void **state)
{
    char dir[] = "/tmp/chimera-preset-XXXXXX", path[128];
    struct study s;
    struct err e = ERR_INIT;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/mine.yaml", dir);
    static const char mine[] = "servers: [{name: a, num_ctx: 64}]\nblocks: 9\n";
    assert_int_equal(file_write(path, mine, strlen(mine), &e), 0);
    static const char text[] = "study: s\nuse: [presets/engine-smollm2, mine]\n"
                               "loads: [{name: l, max_concurrency: 1, num_requests: 1}]\n";
    assert_int_equal(study_parse(&s, "f", dir, text, strlen(text), &e), 0);
    assert_int_equal(s.servers[0].num_ctx, 64);
    assert_string_equal(s.servers[0].model, "smollm2-135m");
    assert_int_equal(s.blocks, 9);
    study_release(&s);
    remove(path);
    remove(dir);
}

static void a_scale_and_set_change_what_was_written(void **state)
{
    static const char *const set[] = {"loads.l.num_requests=7", "servers.b.c.threads=2", "timeouts.total=5",
                                      "question=why not?"};
    struct study s;
    (void)state;
    parse(&s, scaled, NULL, 0, "smoke");
    assert_int_equal(s.blocks, 2);
    assert_int_equal(s.loads[0].num_requests, 5);
    study_release(&s);
    parse(&s, scaled, set, 4, "smoke");
    assert_int_equal(s.loads[0].num_requests, 7); /* above the scale */
    assert_int_equal(s.servers[2].threads, 2);    /* of two names that begin the path, the longer */
    assert_int_equal(s.limits.total_ns, 5 * NS_PER_S);
    assert_string_equal(s.question, "why not?");
    assert_non_null(strstr(s.source, "# with --set timeouts.total=5"));
    study_release(&s);
}

static void bad_changes_are_refused(void **state)
{
    static const struct {
        const char *set, *scale, *says;
    } all[] = {
        {NULL, "smok", "did you mean 'smoke'"},
        {"blocks", NULL, "PATH=VALUE"},
        {"=3", NULL, "PATH=VALUE"},
        {"blocks=", NULL, "PATH=VALUE"},
        {"use=x", NULL, "before values"},
        {"scales.smoke=null", NULL, "before values"},
        {"bloks=3", NULL, "did you mean 'blocks'"},
        {"blocks=many", NULL, "--set 1:1:1: blocks must be a whole number"},
        {"servers.d.threads=1", NULL, "there is no 'd'"},
        {"agents.x.server=a", NULL, "has no 'agents'"},
        {"study.x=1", NULL, "stands text"},
        {"servers..threads=1", NULL, "is no path"},
        {"servers.=1", NULL, "is no path"},
        {"servers.a.threads=[", NULL, "--set 1:"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct study s;
        struct err e = ERR_INIT;
        const struct study_changes c = {&all[i].set, all[i].set != NULL, all[i].scale};
        assert_int_not_equal(study_parse_changed(&s, "f.yaml", "/dir", scaled, strlen(scaled), &c, &e), 0);
        if (!strstr(e.text, all[i].says))
            fail_msg("%s%s: \"%s\"", all[i].set ? all[i].set : "", all[i].scale ? all[i].scale : "", e.text);
    }
}

/* ---- refusals ------------------------------------------------------------------------------------------------------ */

static const struct bad bads[] = {
    {"{topology: [split]}}]", "{topologie: [split]}}]", "f.yaml:9:102: no factor 'topologie'; did you mean 'topology'"},
    {"{topology: [split]}}]", "{topology: [splitt]}}]", "did you mean 'split'"},
    {"{topology: [split]}}]", "{topology: []}}]", "at which levels"},
    {"{topology: [split]}}]", "{}}]", "empty condition"},
    {"{topology: split}}", "{threads: 1}}", "f.yaml:14:"},
    {"name: topology\n", "name: temperature\n", "two factors are named"},
    {"[0.6, 0.8]", "[0.6, 0.6]", "f.yaml:13:39: two levels"},
    {"[0.6, 0.8]", "[]", "levels: 0"},
    {"[0.6, 0.8]", "[0.6, [1]]", "a level is a value"},
    {"[0.6, 0.8]", "[0.6, hot]",
     "f.yaml:13:39: temperature must be a number, not 'hot' (at topology=shared, temperature=hot)"},
    {"[0.6, 0.8]", "[0.6, 0.8, 0.80]", "changes nothing: every arm there is as at another level"},
    {"[0.6, 0.8], set:", "[0.6, 0.8], sets:", "unknown key 'sets' in factors"},
    {"agents.*.options.temperature", "agents.*.option.temperature", "unknown key 'option' in agents"},
    {"agents.*.options.temperature", "agents.three.options.temperature", "there is no 'three'"},
    {"agents.*.options.temperature", "blocks", "a factor changes something of servers, agents or loads"},
    {"agents.*.options.temperature", "loads.*.num_requests", "has no 'loads'"},
    {"set: [servers.b.threads], ", "", "no 'set'"},
    {"{agents.two.server: a}", "{agents.two.server: c}", "f.yaml:12:54: server cannot be 'c'"},
    {"{agents.two.server: a}", "{seed: 1}", "a factor changes something"},
    {"{temperature: 0.6, threads: 2}", "{temperature: 0.6, topology: shared, threads: 2}", "excludes no combination"},
    {"{temperature: 0.6, threads: 2}", "{temperature: [0.6, 0.8]}", "no combination"},
    {"{temperature: 0.6, threads: 2}", "{threads: 2}", "f.yaml:14:33: no combination has the level '2' of 'threads'"},
    {"{name: s2, agents: [two]}, {name: pair, agents: [one, two], when: {topology: [split]}}]", "]",
     "f.yaml:11:5: the factor 'topology' changes nothing"},
    {"'pair,threads=2'", "'pair,threads=3'", "f.yaml:16:21: no arm"},
    {"'pair,threads=2'", "pairs", "did you mean 'pair'"},
    {"[e2e, ttft]", "[e2e, speedup.time]", "speedup.time is of a whole block, not of one arm"},
    {"[e2e, ttft]", "[e2e, tfft]", "did you mean 'ttft'"},
    {"'ttft:20,e2e:5%'", "'ttft:20,x'", "no metric"},
    {"'ttft:20,e2e:5%'", "0", "no metric"},
    {"'ttft:20,e2e:5%'", "'ttft:-20'", "above 0"},
    {"'makespan:5%'", "'makespan:5x'", "METRIC:WIDTH"},
    {"'makespan:5%'", "'makespn:5%'", "did you mean 'makespan'"},
    {"min_blocks: 2", "min_blocks: 1", "min_blocks must be 2 to 10000"},
    {"budget: 20m", "budget: 20d", "f.yaml:18:9: budget: a time"},
    {"load: 0.5, ", "", "load or temperature_c"},
    {"isolate: true", "order: abba", "two arms"},
};

static void bad_files_are_refused_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++)
        expect_refusal(good, &bads[i]);
}

static void conditions_need_factors(void **state)
{
    static const char text[] =
        "study: s\nservers: [{name: a}]\nloads: [{name: l, max_concurrency: 1, num_requests: 1}]\n"
        "arms: [{name: l, load: l}]\nblocks: 1\n";
    static const struct bad all[] = {
        {"load: l}", "load: l, when: {x: 1}}", "no factors"},
        {"blocks: 1", "exclude: [{x: 1}]", "no factors"},
        {"[{name: a}]", "[{name: a}, {name: b}]\nfactors: [{name: x, levels: [p, q], set: servers.b.name}]",
         "must name its server"},
        {"[{name: a}]\nloads: [{name: l,",
         "[{name: a}, {name: b}]\nfactors: [{name: x, levels: [p, q], set: servers.b.name}]\nloads: [{name: l, server: a,",
         "f.yaml:3:10: a factor cannot add, remove or rename servers"},
        {"blocks: 1", "use: presets/engine-smolm2", "did you mean 'presets/engine-smollm2'"},
        {"blocks: 1", "scales: {smoke: {loads.m.num_requests: 1}}", "there is no 'm'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        expect_refusal(text, &all[i]);
}

/* 17 × 17 × 17 combinations, and 65 levels. */
static void too_much_is_refused(void **state)
{
    struct str text = STR_INIT;
    struct study s;
    struct err e = ERR_INIT;
    (void)state;
    str_addz(&text,
             "study: s\nservers: [{name: a}]\nloads: [{name: l, max_concurrency: 1, num_requests: 1}]\nfactors:\n");
    for (int f = 0; f < 3; f++) {
        static const char *const keys[] = {"num_requests", "max_concurrency", "threads"};
        str_addf(&text, "  - {name: f%d, set: loads.l.%s, levels: [", f, keys[f]);
        for (int i = 0; i < 17; i++)
            str_addf(&text, "%s%d", i ? ", " : "", i + (f == 1 ? 100 : 1));
        str_addz(&text, "]}\n");
    }
    assert_int_equal(study_parse(&s, "f", ".", str_z(&text), text.len, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "more than 4096 combinations"));
    str_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arms_are_the_combinations_that_differ),
        cmocka_unit_test(servers_are_slots_with_variants),
        cmocka_unit_test(what_is_declared_is_read),
        cmocka_unit_test(a_level_may_take_a_key_away),
        cmocka_unit_test(a_partly_equal_arm_has_its_first_level),
        cmocka_unit_test(what_is_varied_in_places_is_as_written_elsewhere),
        cmocka_unit_test(a_level_that_overrides_another_names_what_there_is),
        cmocka_unit_test(without_factors_nothing_changes),
        cmocka_unit_test(the_plan_has_levels_and_what_is_declared),
        cmocka_unit_test(starts_follow_the_order_of_the_runs),
        cmocka_unit_test(a_preset_lies_under_the_file),
        cmocka_unit_test(a_preset_beside_the_file_comes_first),
        cmocka_unit_test(a_scale_and_set_change_what_was_written),
        cmocka_unit_test(bad_changes_are_refused),
        cmocka_unit_test(bad_files_are_refused_with_their_place),
        cmocka_unit_test(conditions_need_factors),
        cmocka_unit_test(too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
