/* How long a study will take, from a result file that is made here: runs of known lengths and pauses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "study/estimate.h"

static const char text[] = "study: e\nservers: [{name: a}]\nblocks: 4\norder: nested\nloads:\n"
                           "  - {name: x, max_concurrency: 1, num_requests: 1}\n"
                           "  - {name: y, max_concurrency: 1, num_requests: 1}\n";

/* Runs of x take 1, 2, 6 s, those of y 10 s; between two runs is a pause of 1 s, once of 500. The last run is not complete. */
static void make_result(const char *path, const struct study *s, const struct plan *p)
{
    static const double seconds[] = {1, 10, 2, 10, 6, 3};
    struct err e = ERR_INIT;
    struct store *store;
    struct store_study head = {.name = s->name,
                               .question = "",
                               .source = "",
                               .plan_json = str_z(&p->json),
                               .plan_sha256 = p->sha256,
                               .chimera_version = "",
                               .chimera_commit = "",
                               .command = "",
                               .rows = p->rows,
                               .n_rows = p->n};
    char stratum[65];
    mono_ns now = NS_PER_S;
    if (store_create(&store, path, &head, &e) || store_host(store, "{}", stratum, &e))
        fail_msg("%s", e.text);
    for (int i = 0; i < 6; i++) {
        struct run r = {.position = p->rows[i].position,
                        .block = p->rows[i].block,
                        .arm = p->rows[i].arm,
                        .stratum = stratum,
                        .wall_ns = now,
                        .verdict_why = "",
                        .start_state = "{}"};
        assert_int_equal(store_run_begin(store, &r, &e), 0);
        r.started_ns = now;
        now += (mono_ns)(seconds[i] * 1e9);
        r.ended_ns = now;
        now += (i == 2 ? 500 : 1) * NS_PER_S;
        r.state = i == 5 ? RUN_ABORTED : RUN_COMPLETE;
        if (store_run_end(store, &r, &e))
            fail_msg("%s", e.text);
    }
    assert_int_equal(store_close(store, &e), 0);
}

static void an_estimate_is_of_medians(void **state)
{
    char dir[] = "/tmp/chimera-estimate-XXXXXX", path[128];
    struct study s;
    struct plan p;
    struct estimate m;
    struct err e = ERR_INIT;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/r.db", dir);
    assert_int_equal(study_parse(&s, "f", ".", text, strlen(text), &e), 0);
    plan_make(&p, &s, NULL);
    make_result(path, &s, &p);
    assert_int_equal(estimate_from(path, &s, &p, &m, &e), 0);
    assert_int_equal(m.n_runs, 5);
    assert_int_equal(m.n_arms_known, 2);
    assert_int_equal(m.n_done, 5);
    assert_true(m.seconds > 55.999 && m.seconds < 56.001);           /* 4 (2 + 1) + 4 (10 + 1) */
    assert_true(m.left_seconds > 24.999 && m.left_seconds < 25.001); /* (2 + 1) + 2 (10 + 1) */
    s.loads[1].name = s.arms[1].name = "z"; /* another plan, with an arm that the result does not have */
    plan_release(&p);
    plan_make(&p, &s, NULL);
    assert_int_equal(estimate_from(path, &s, &p, &m, &e), 0);
    assert_int_equal(m.n_arms_known, 1);
    assert_int_equal(m.n_done, 0);
    assert_true(m.seconds > 39.999 && m.seconds < 40.001); /* 4 (2 + 1) + 4 (6 + 1): the median of all five */
    remove(path);
    assert_int_not_equal(estimate_from(path, &s, &p, &m, &e), 0);
    remove(dir);
    plan_release(&p);
    study_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_estimate_is_of_medians)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
