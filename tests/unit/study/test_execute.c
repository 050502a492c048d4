/* Studies that are carried out: what is up when, starting states, runs that fail, waiting, stopping, going on. */
#include "lab.h"

#include <signal.h>
#include <sys/wait.h>

#include "record/verdict.h"
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

/* ---- starting states -------------------------------------------------------------------------------------------------- */

/* A cold start that did not happen: the unloaded server answers as if nothing had to be loaded. */
static void test_cold_start_that_did_not_happen(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l, "blocks: 2\nstart: cold\n");
    lab_make_trouble(&l, "1", "loads", true); /* this one does have to load */
    must(lab_run(&l), &l.e);
    lab_read(&l);
    assert_int_equal(lab_count(&l, "l1", RUN_COMPLETE), 2);
    assert_int_equal(lab_count(&l, "l1", RUN_ABORTED), 0);
    assert_int_equal(lab_count(&l, "l2", RUN_COMPLETE), 2);
    assert_int_equal(lab_count(&l, "l2", RUN_ABORTED), 2); /* each was repeated once */
    for (size_t i = 0; i < l.n_runs; i++) {
        const struct run *r = &l.runs[i];
        bool bad = r->arm[1] == '2';
        assert_int_equal(bad, strstr(r->verdict_why, "start_state: ") != NULL);
        assert_non_null(strstr(r->start_state, bad ? "\"unproven\":1" : "\"unproven\":0"));
        assert_int_equal(r->attempt, bad && r->state == RUN_COMPLETE);
        assert_int_equal(r->n_requests, 3);
        assert_true(!bad || r->verdict == VERDICT_SUSPECT ||
                    r->verdict == VERDICT_VOID); /* a busy host may add to it */
    }
    assert_true(lab_said(&l, "is repeated once"));
    lab_close(&l);
}

/* A warm start that did not happen: the server loads the model in the middle of its first answer. */
static void test_warm_start_is_proven(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l, "blocks: 1\n");
    lab_make_trouble(&l, "1", "loads", true);
    must(lab_run(&l), &l.e);
    lab_read(&l);
    assert_int_equal(l.n_runs, 2); /* warmed before the window, and so nothing is repeated */
    for (size_t i = 0; i < l.n_runs; i++)
        assert_non_null(strstr(l.runs[i].start_state, "\"unproven\":0"));
    lab_close(&l);
}

static void test_load_time_against_state(void **state)
{
    const struct state_proof cold = {.cold = true, .by_request = true}, restarted = {.cold = true}, warm = {0},
                             slow = {.load_ns = 2000 * NS_PER_MS};
    (void)state;
    assert_true(server_load_agrees(&cold, 360 * NS_PER_MS));
    assert_false(server_load_agrees(&cold, 40 * NS_PER_MS));
    assert_false(server_load_agrees(&cold, -1)); /* nothing was seen */
    assert_true(server_load_agrees(&restarted, -1));
    assert_true(server_load_agrees(&warm, 40 * NS_PER_MS));
    assert_true(server_load_agrees(&warm, -1));
    assert_false(server_load_agrees(&warm, 360 * NS_PER_MS));
    assert_true(server_load_agrees(&slow, 360 * NS_PER_MS)); /* where a load takes two seconds */
    assert_false(server_load_agrees(&slow, 1100 * NS_PER_MS));
}

/* ---- guard ------------------------------------------------------------------------------------------------------------ */

/* A process that burns CPU and is not a child of this one. */
static pid_t start_other(void)
{
    int fd[2];
    pid_t other = 0;
    assert_int_equal(pipe(fd), 0);
    pid_t middle = fork();
    if (middle == 0) {
        if ((other = fork()) != 0)
            _exit(write(fd[1], &other, sizeof other) != sizeof other);
        alarm(60);
        for (;;)
            ;
    }
    assert_int_equal(read(fd[0], &other, sizeof other), sizeof other);
    assert_int_equal(waitpid(middle, NULL, 0), middle);
    close(fd[0]);
    close(fd[1]);
    return other;
}

/* A limit that no host keeps, with nothing to wait for: the runs are made and marked. And one that every host keeps. */
static void test_guard(void **state)
{
    static const struct study_guard never = {.load = 1e-9, .wait_ns = 1}, always = {.load = 1e6, .wait_ns = NS_PER_S};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct lab l;
        lab_open(&l, "blocks: 1\n");
        l.study.guard = i ? always : never;
        pid_t other = start_other();
        must(lab_run(&l), &l.e);
        lab_read(&l);
        assert_int_equal(lab_count(&l, NULL, RUN_COMPLETE), 2);
        assert_int_equal(l.n_runs, 2);
        for (size_t k = 0; k < l.n_runs; k++) {
            assert_non_null(strstr(l.runs[k].start_state, i ? "\"guard_missed\":0" : "\"guard_missed\":1"));
            assert_int_equal(i == 0, strstr(l.runs[k].verdict_why, "guard: ") != NULL);
        }
        kill(other, SIGKILL);
        assert_int_equal(i == 0, lab_said(&l, "begins all the same"));
        lab_close(&l);
    }
}

/* ---- ending ----------------------------------------------------------------------------------------------------------- */

/* The first block, from the third on, before which each arm has two runs that count; on a busy host some are VOID. */
static int32_t first_look(const struct lab *l)
{
    for (int32_t block = 3; block < l->study.blocks; block++) {
        size_t n[2] = {0};
        for (size_t i = 0; i < l->n_runs; i++)
            n[l->runs[i].arm[1] - '1'] += l->runs[i].block < block && l->runs[i].verdict != VERDICT_VOID;
        if (n[0] > 1 && n[1] > 1)
            return block;
    }
    return l->study.blocks;
}

static void test_precision_ends_it(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l, "blocks: 9\n");
    l.study.stop = (struct study_stop){"tokens.completion:1%", 3}; /* always the same */
    must(lab_run(&l), &l.e);
    lab_read(&l);
    assert_int_equal(l.sum.done_now, 2 * first_look(&l));
    assert_int_equal(lab_said(&l, "enough after "), first_look(&l) < 9);
    must(lab_run(&l), &l.e); /* is complete */
    assert_true(l.sum.already_complete);
    assert_int_equal(l.sum.done_now, 0);
    lab_close(&l);

    lab_open(&l, "blocks: 4\n");
    l.study.stop = (struct study_stop){"makespan:0.000001%", 2};
    must(lab_run(&l), &l.e);
    assert_int_equal(l.sum.done_now, 8);
    assert_false(lab_said(&l, "enough"));
    lab_close(&l);
}

/* A block that begins is ended; each call does one, because nothing is known before it. */
static void test_budget_ends_it(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l, "blocks: 3\n");
    l.study.budget_ns = 1;
    for (size_t i = 0; i < 3; i++) {
        must(lab_run(&l), &l.e);
        assert_int_equal(l.sum.done_before, 2 * i);
        assert_int_equal(l.sum.done_now, 2);
        assert_int_equal(lab_said(&l, "within the budget: "), i < 2);
    }
    must(lab_run(&l), &l.e);
    assert_true(l.sum.already_complete);
    lab_close(&l);
}

/* ---- going on --------------------------------------------------------------------------------------------------------- */

static void test_other_host_and_server(void **state)
{
    struct lab l;
    struct store *s = NULL;
    (void)state;
    lab_open(&l, "blocks: 2\n");
    l.study.budget_ns = 1;
    must(lab_run(&l), &l.e);
    must(store_open(&s, l.scratch.path, true, &l.e), &l.e);
    must(store_server(s, "b", "{\"version\":\"an older one\"}", &l.e), &l.e);
    must(store_close(s, &l.e), &l.e);
    must(lab_run(&l), &l.e);
    assert_true(lab_said(&l, "server b is not what it was"));
    assert_false(lab_said(&l, "server a,first=1 is not"));
    assert_false(lab_said(&l, "this host is not"));
    lab_close(&l);
}

/* ---- isolation -------------------------------------------------------------------------------------------------------- */

static void test_isolated(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l, "blocks: 2\n");
    l.study.isolate = true;
    must(lab_run(&l), &l.e);
    assert_int_equal(l.sum.done_now, 4);
    lab_read(&l);
    assert_int_equal(l.n_runs, 4);
    for (size_t i = 0; i < l.n_runs; i++) {
        assert_int_equal(l.runs[i].state, RUN_COMPLETE);
        assert_int_equal(l.runs[i].n_requests, 3);
        assert_int_equal(run_count(&l.runs[i]).completed, 3);
        assert_non_null(strstr(l.runs[i].start_state, "\"unproven\":0"));
    }
    assert_true(lab_said(&l, "run 4/4")); /* what the child says comes through */
    lab_close(&l);
}

/* Kills the child that is no server, in the first run only. */
static void kill_client(void *user, mono_ns started_ns, const struct driver_moment *m)
{
    struct lab *l = user;
    char path[64], text[512];
    FILE *f = fopen("/proc/thread-self/children", "r");
    long pid;
    (void)started_ns, (void)m;
    assert_non_null(f);
    while (!l->killed && fscanf(f, "%ld", &pid) == 1) {
        snprintf(path, sizeof path, "/proc/%ld/cmdline", pid);
        FILE *c = fopen(path, "r");
        size_t n = c ? fread(text, 1, sizeof text - 1, c) : 0;
        if (c)
            fclose(c);
        if (n && !memmem(text, n, "\0serve", 6))
            l->killed = kill((pid_t)pid, SIGKILL) == 0;
    }
    fclose(f);
}

static void test_crash_of_an_isolated_run(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l, "blocks: 1\n");
    l.study.isolate = true;
    l.study.loads[0].num_requests = l.study.loads[1].num_requests = 200; /* long enough to be seen */
    l.o.tick = kill_client;
    must(lab_run(&l), &l.e);
    assert_true(l.killed);
    lab_read(&l);
    assert_int_equal(lab_count(&l, NULL, RUN_COMPLETE), 2);
    assert_int_equal(l.n_runs, 4); /* the killed attempt, the one that says why, its repetition, and the other arm */
    assert_int_equal(l.runs[0].state, RUN_ABORTED);
    assert_int_equal(l.runs[1].state, RUN_ABORTED);
    assert_non_null(strstr(l.runs[1].verdict_why, "the client's process was killed by signal 9"));
    assert_int_equal(l.runs[2].attempt, 2);
    assert_string_equal(l.runs[2].arm, l.runs[0].arm);
    lab_close(&l);
}

static volatile int interrupted; /* as in the program: a copy in each process, set by its own handler */

static void on_interrupt(int number)
{
    (void)number;
    interrupted++;
}

static void interrupt_here(void *user, mono_ns started_ns, const struct driver_moment *m)
{
    (void)user, (void)started_ns, (void)m;
    interrupted = 1; /* of the child's tick, in the parent */
}

/* What stops the study is passed on to the run's process, which ends in order. */
static void test_interrupted_while_isolated(void **state)
{
    struct lab l;
    (void)state;
    signal(SIGINT, on_interrupt);
    lab_open(&l, "blocks: 1\n");
    l.study.isolate = true;
    l.study.loads[0].num_requests = l.study.loads[1].num_requests = 2000;
    l.o.stop = &interrupted;
    l.o.tick = interrupt_here;
    assert_int_equal(lab_run(&l), ERR_INTERRUPTED);
    lab_read(&l);
    assert_int_equal(l.n_runs, 1);
    assert_int_equal(l.runs[0].state, RUN_ABORTED);
    assert_true(l.runs[0].health.chunks > 0); /* in order: it has its health */
    interrupted = 0;
    signal(SIGINT, SIG_DFL);
    lab_close(&l);
}

/* ---- failures --------------------------------------------------------------------------------------------------------- */

/* A server that can not be started any more takes its own runs with it, and no others; later the rest is done. */
static void test_server_lost(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l, "blocks: 4\n");
    l.trouble_after = "run 1/8";
    l.trouble_name = "2";
    l.trouble = "refuses";
    assert_int_equal(lab_run(&l), ERR_SERVER);
    assert_non_null(strstr(l.e.text, "runs could not be made, the first because server 'a,first=2'"));
    lab_read(&l);
    size_t done = lab_count(&l, "l2", RUN_COMPLETE);
    assert_int_equal(lab_count(&l, "l1", RUN_COMPLETE), 4);
    assert_in_range(done, 0, 2);
    assert_int_equal(l.sum.failed_now, 4 - done);
    assert_int_equal(l.sum.done_now, 4 + done);
    size_t starts = lab_starts(&l, "2");
    assert_in_range(starts, 4, 5); /* one or two that went well and three that did not: it is given up then */
    for (size_t i = 0; i < l.n_runs; i++)
        if (l.runs[i].state == RUN_ABORTED) {
            assert_string_equal(l.runs[i].arm, "l2");
            assert_non_null(strstr(l.runs[i].verdict_why, "failed: its servers failed (server 'a,first=2'"));
            assert_int_equal(l.runs[i].verdict, VERDICT_VOID);
        }

    lab_make_trouble(&l, "2", "refuses", false);
    l.trouble_after = NULL;
    must(lab_run(&l), &l.e);
    assert_int_equal(l.sum.done_now, 4 - done);
    lab_read(&l);
    assert_int_equal(lab_count(&l, NULL, RUN_COMPLETE), 8);
    lab_close(&l);
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "serve") == 0)
        return lab_serve(argv + 2);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_abba),
        cmocka_unit_test(test_cold_start_that_did_not_happen),
        cmocka_unit_test(test_warm_start_is_proven),
        cmocka_unit_test(test_load_time_against_state),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_precision_ends_it),
        cmocka_unit_test(test_budget_ends_it),
        cmocka_unit_test(test_other_host_and_server),
        cmocka_unit_test(test_isolated),
        cmocka_unit_test(test_crash_of_an_isolated_run),
        cmocka_unit_test(test_interrupted_while_isolated),
        cmocka_unit_test(test_server_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
