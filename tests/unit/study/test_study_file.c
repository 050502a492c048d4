/* The study file: what is read, what is refused, and where the message points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "refusal.h"
#include "study/plan.h"
#include "study/scenario.h"
#include "study/study.h"

static const char good[] =
    "study: duet\n"
    "question: Which?\n"
    "servers:\n"
    "  - {name: a, kind: engine, model: m, threads: 1, num_ctx: 512}\n"
    "  - {name: b, kind: \"http://127.0.0.1:1\", backend: ollama, model: x}\n"
    "corpus: files\n"
    "agents:\n"
    "  - {name: one, server: a, options: {temperature: 0.5, num_predict: 8, seed: 3}}\n"
    "  - {name: two, server: b, route: completion, stream: false}\n"
    "arms: [{name: s1, agents: [one]}, {name: s2, agents: [two]}, {name: pair, agents: [one, two]}]\n"
    "blocks: 4\n"
    "seed: 7\n"
    "timeouts: {connect: 1.5, total: 20}\n";

static void reads_everything(void **state)
{
    struct study s;
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(study_parse(&s, "f.yaml", "/dir", good, strlen(good), &e), 0);
    assert_string_equal(s.name, "duet");
    assert_string_equal(s.corpus_dir, "/dir/files");
    assert_int_equal(s.n_servers, 2);
    assert_int_equal(s.servers[0].num_ctx, 512);
    assert_string_equal(s.servers[1].backend, "ollama");
    assert_int_equal(s.agents[0].ask.options.set, OPTION_TEMPERATURE | OPTION_NUM_PREDICT | OPTION_SEED);
    assert_true(s.agents[0].ask.options.temperature == 0.5);
    assert_true(s.agents[0].ask.stream && !s.agents[1].ask.stream);
    assert_int_equal(s.agents[1].ask.route, ROUTE_COMPLETION);
    assert_true(s.agents[1].ask.options.num_predict > 0); /* every generation has a limit */
    assert_int_equal(s.n_arms, 3);
    assert_int_equal(s.arms[2].n_agents, 2);
    assert_int_equal(s.limits.connect_ns, 1500000000);
    assert_int_equal(s.limits.total_ns, 20 * NS_PER_S);
    assert_true(s.keep_text && !s.cold && s.order == ORDER_RANDOM);
    study_release(&s);
}

static void default_arms_hold_solos(void **state)
{
    static const char text[] = "study: x\nservers: [{name: a}]\ncorpus: c\n"
                               "agents: [{name: p}, {name: q}]\n";
    struct study s;
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(study_parse(&s, "f", ".", text, strlen(text), &e), 0);
    assert_int_equal(s.n_arms, 3);
    assert_string_equal(s.arms[0].name, "solo-p");
    assert_string_equal(s.arms[2].name, "pair");
    assert_int_equal(s.arms[2].n_agents, 2);
    study_release(&s);
}

static const struct bad bads[] = {
    {"blocks: 4", "block: 4", "did you mean"},
    {"blocks: 4", "blocks: four", "f.yaml:11:"},
    {"blocks: 4", "blocks: 0", "blocks"},
    {"blocks: 4", "blocks: 4\nblocks: 5", "f.yaml:12:"},
    {"kind: engine", "kind: engin", "did you mean 'engine'"},
    {"backend: ollama", "backend: olama", "did you mean 'ollama'"},
    {"server: a,", "server: c,", "f.yaml:8:"},
    {"server: a,", "", "must name its server"},
    {"temperature: 0.5", "temprature: 0.5", "did you mean"},
    {"temperature: 0.5", "temperature: hot", "f.yaml:8:"},
    {"temperature: 0.5", "temperature: -1", "temperature"},
    {"num_predict: 8", "num_predict: 0", "num_predict"},
    {"name: two", "name: one", "two agents are named"},
    {"name: b", "name: a", "two servers are named"},
    {"name: s2", "name: s1", "two arms are named"},
    {"agents: [two]", "agents: [three]", "f.yaml:10:"},
    {"agents: [two]", "agents: []", "no agents"},
    {"agents: [one, two]", "agents: [one, one]", "twice"},
    {"study: duet\n", "", "study"},
    {"study: duet", "study: a/b", "file name"},
    {"corpus: files\n", "", "corpus"},
    {"name: pair", "name: ../x", "letters"},
    {"seed: 7", "seed: 7\norder: sorted", "order"},
    {"connect: 1.5", "connect: -2", "connect"},
    {"connect: 1.5", "conect: 2", "did you mean"},
};

static void bad_files_are_refused_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++)
        expect_refusal(good, &bads[i]);
}

static void plan_holds_every_arm_in_every_block(void **state)
{
    struct study s;
    struct plan p, q;
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(study_parse(&s, "f.yaml", "/dir", good, strlen(good), &e), 0);
    plan_make(&p, &s, "corpus");
    assert_int_equal(p.n, 12);
    for (size_t block = 0; block < 4; block++) {
        int seen = 0;
        for (size_t i = 0; i < 3; i++) {
            const struct plan_row *r = &p.rows[block * 3 + i];
            assert_int_equal(r->block, block);
            assert_int_equal(r->position, block * 3 + i);
            for (int k = 0; k < 3; k++)
                seen |= strcmp(r->arm, s.arms[k].name) == 0 ? 1 << k : 0;
        }
        assert_int_equal(seen, 7);
    }
    plan_make(&q, &s, "corpus"); /* same study, same plan */
    assert_string_equal(p.sha256, q.sha256);
    for (size_t i = 0; i < p.n; i++)
        assert_string_equal(p.rows[i].arm, q.rows[i].arm);
    plan_release(&q);
    plan_make(&q, &s, "another corpus");
    assert_string_not_equal(p.sha256, q.sha256);
    plan_release(&q);
    s.seed = 8;
    plan_make(&q, &s, "corpus");
    assert_string_not_equal(p.sha256, q.sha256);
    plan_release(&q);
    plan_release(&p);
    study_release(&s);
}

static void scenarios_are_good_study_files(void **state)
{
    const char *name;
    (void)state;
    for (size_t i = 0; (name = scenario_at(i, NULL)); i++) {
        struct scenario sc = {.name = name,
                              .server = "engine",
                              .n_servers = strcmp(name, "single") ? 2 : 1,
                              .n_runs = 2,
                              .corpus = "it's here",
                              .stream = true,
                              .options = "temperature=0.4,top_k=10"};
        struct str yaml = STR_INIT;
        struct study s;
        struct err e = ERR_INIT;
        if (strcmp(name, "chimera_hetero") == 0)
            sc.options_b = "temperature=0.9";
        assert_int_equal(scenario_write(&sc, &yaml, &e), 0);
        int rc = study_parse(&s, "scenario", "", str_z(&yaml), yaml.len, &e);
        if (rc)
            print_error("%s\n%s\n", e.text, str_z(&yaml));
        assert_int_equal(rc, 0);
        assert_string_equal(s.corpus_dir, "it's here");
        assert_int_equal(s.blocks, 2);
        assert_int_equal(s.n_arms, strcmp(name, "single") ? 3 : 1);
        if (strcmp(name, "baseline_vs_chimera") == 0) { /* the baseline sends no tuning at all */
            assert_false(s.agents[0].ask.options.set & (OPTION_TEMPERATURE | OPTION_TOP_K));
            assert_true(s.agents[1].ask.options.set & OPTION_TOP_K);
        }
        if (strcmp(name, "chimera_hetero") == 0)
            assert_true(s.agents[1].ask.options.temperature == 0.9);
        study_release(&s);
        str_release(&yaml);
    }
}

static void impossible_scenarios_are_refused(void **state)
{
    struct str yaml = STR_INIT;
    struct err e = ERR_INIT;
    (void)state;
    struct scenario sc = {.name = "chimera_hom", .server = "engine", .n_servers = 1, .corpus = "c"};
    assert_int_equal(scenario_write(&sc, &yaml, &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "chimera_homo"));
    err_clear(&e);
    sc.name = "single", sc.n_servers = 2;
    assert_int_equal(scenario_write(&sc, &yaml, &e), ERR_USAGE);
    err_clear(&e);
    sc.name = "chimera_hetero", sc.n_servers = 2;
    assert_int_equal(scenario_write(&sc, &yaml, &e), ERR_USAGE);
    str_release(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_everything),
        cmocka_unit_test(default_arms_hold_solos),
        cmocka_unit_test(bad_files_are_refused_with_their_place),
        cmocka_unit_test(plan_holds_every_arm_in_every_block),
        cmocka_unit_test(scenarios_are_good_study_files),
        cmocka_unit_test(impossible_scenarios_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
