/* Studies that are carried out: what is up when, starting states, runs that fail, waiting, stopping, going on. */
#include "lab.h"

#include "study/plan.h"

/* ---- what is up ------------------------------------------------------------------------------------------------------- */

static size_t changes(const struct lab *l)
{
    size_t n = 0;
    for (size_t i = 1; i < l->n_runs; i++)
        n += strcmp(l->runs[i].arm, l->runs[i - 1].arm) != 0;
    return n;
}

static int count_names(void *user, int64_t t, const char *json)
{
    (void)t;
    const char *at = strstr(json, user);
    return at && strstr(json, "\"name\":\"b\"") && !strstr(at + 1, "\"name\":\"a,first=") ? 0 : -1;
}

/* Of a slot's servers only the one that the arm names is up, watched and talked to; one that stays is not started again. */
static void test_slots(void **state)
{
    struct lab l;
    struct store *s = NULL;
    (void)state;
    lab_open(&l, "blocks: 4\n");
    must(lab_run(&l), &l.e);
    lab_read(&l);
    assert_int_equal(l.n_runs, 8);
    must(store_open(&s, l.scratch.path, false, &l.e), &l.e);
    for (size_t i = 0; i < l.n_runs; i++) {
        const struct run *r = &l.runs[i];
        char name[32], watched[48];
        bool again = i && strcmp(r->arm, l.runs[i - 1].arm) == 0;
        snprintf(name, sizeof name, "a,first=%c", r->arm[1]);
        snprintf(watched, sizeof watched, "\"name\":\"%s\"", name);
        assert_string_equal(r->sessions[0].server, name);
        assert_int_equal(store_each_sample(s, r->id, count_names, watched, &l.e), 0);
        const char *proof = strstr(r->start_state, name);
        assert_non_null(proof);
        if (i) /* the second run of an arm in a row finds its server up */
            assert_int_equal(again, strncmp(strstr(proof, "\"start_ns\":"), "\"start_ns\":0}", 13) == 0);
    }
    store_close(s, NULL);
    /* once before the first run, then at each change; the tour leaves the second one up */
    bool first_is_up = strcmp(l.runs[0].arm, "l2") == 0;
    assert_int_equal(lab_starts(&l, "1") + lab_starts(&l, "2"), 2 + changes(&l) + !first_is_up);
    assert_int_equal(lab_starts(&l, "b"), 1);
    assert_true(lab_said(&l, "servers started in"));
    lab_close(&l);
}

/* ---- order ------------------------------------------------------------------------------------------------------------ */

static void test_abba(void **state)
{
    static const char *const order[] = {"l1", "l2", "l2", "l1", "l1", "l2"};
    struct lab l;
    struct plan p;
    (void)state;
    lab_open(&l, "blocks: 3\n");
    l.study.order = ORDER_ABBA;
    plan_make(&p, &l.study, "");
    assert_int_equal(p.n, 6);
    for (size_t i = 0; i < p.n; i++)
        assert_string_equal(p.rows[i].arm, order[i]);
    assert_non_null(strstr(str_z(&p.json), "\"order\":\"abba\""));
    plan_release(&p);
    lab_close(&l);
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "serve") == 0)
        return lab_serve(argv + 2);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_abba),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
