/* A small study that is really carried out, for the tests of its execution. Its servers are this test program itself, called
 * as `PROGRAM serve PORT DIR NAME FIRST`: the reference server, which writes its name into DIR/starts each time and plays
 * the troubles whose files lie in DIR. */
#ifndef TESTS_STUDY_LAB_H
#define TESTS_STUDY_LAB_H

#include "../store/fixture.h"

#include "analysis/verify.h"
#include "base/clock.h"
#include "stub/stub.h"
#include "study/execute.h"

struct lab {
    struct scratch scratch;
    char self[512]; /* path of this program */
    struct study study;
    struct execute_options o;
    struct execute_summary sum;
    struct err e;
    volatile int stop;
    struct str said;
    const char *trouble_after, *trouble_name, *trouble; /* once these words were said; NULL: none */
    bool killed;                                        /* the client of a run */
    struct arena arena;
    struct run *runs; /* of lab_read */
    size_t n_runs;
};

/* ---- the servers ------------------------------------------------------------------------------------------------------ */

static inline bool lab_trouble(const char *dir, const char *name, const char *what)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s-%s", dir, name, what);
    return file_exists(path);
}

static inline int lab_serve(char **argv) /* PORT DIR NAME FIRST */
{
    char path[160];
    struct stub *s = NULL;
    struct stub_options o = {.port = atoi(argv[0]), .tokens = 8};
    snprintf(path, sizeof path, "%s/starts", argv[1]);
    FILE *f = fopen(path, "a");
    if (!f || fprintf(f, "%s\n", argv[2]) < 0 || fclose(f) || lab_trouble(argv[1], argv[2], "refuses"))
        return 3;
    if (lab_trouble(argv[1], argv[2], "loads"))
        o.load = 200 * NS_PER_MS; /* after an unload, as a real model does */
    if (law_parse(&o.first, argv[3], NULL) || stub_open(&s, &o, NULL))
        return 4;
    stub_run(s, NULL);
    return 0;
}

/* ---- the study -------------------------------------------------------------------------------------------------------- */

static inline void lab_make_trouble(const struct lab *l, const char *name, const char *what, bool on)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s-%s", l->scratch.dir, name, what);
    if (on)
        assert_int_equal(file_write(path, "", 0, NULL), 0);
    else
        unlink(path);
}

static inline void lab_say(void *user, const char *line)
{
    struct lab *l = user;
    str_addf(&l->said, "%s\n", line);
    if (l->trouble_after && strstr(line, l->trouble_after))
        lab_make_trouble(l, l->trouble_name, l->trouble, true);
}

/* Two loads on two servers of one slot, "a,first=1" and "a,first=2", beside a server b that they leave idle. */
static inline void lab_open(struct lab *l, const char *more)
{
    static const char *level[] = {"1", "2"};
    static const char *slots[] = {"a", "b"};
    static int slot_of[] = {0, 0, 1}, up[2][2] = {{0, 2}, {1, 2}};
    static struct study_factor factor = {"first", level, 2};
    struct str text = STR_INIT;
    *l = (struct lab){0};
    assert_true(readlink("/proc/self/exe", l->self, sizeof l->self - 1) > 0);
    scratch_make(&l->scratch);
    str_addz(&text, "study: lab\nseed: 4\nservers:\n");
    for (int i = 0; i < 3; i++)
        str_addf(&text, "  - {name: '%s', backend: ollama, kind: 'cmd:%s serve {port} %s %s %dms'}\n",
                 i == 0   ? "a1"
                 : i == 1 ? "a2"
                          : "b",
                 l->self, l->scratch.dir, i < 2 ? level[i] : "b", i == 1 ? 2 : 1);
    str_addz(&text, "loads:\n");
    for (int i = 0; i < 2; i++)
        str_addf(&text,
                 "  - {name: l%d, server: a%d, max_concurrency: 1, num_requests: 3, input_len: 8, "
                 "output_len: 4}\n",
                 i + 1, i + 1);
    str_addz(&text, more);
    must(study_parse(&l->study, "lab.yaml", l->scratch.dir, str_z(&text), text.len, &l->e), &l->e);
    str_release(&text);
    l->study.servers[0].name = "a,first=1";
    l->study.servers[1].name = "a,first=2";
    l->study.slots = slots;
    l->study.n_slots = 2;
    l->study.slot_of = slot_of;
    l->study.factors = &factor;
    l->study.n_factors = 1;
    for (int i = 0; i < 2; i++) {
        l->study.arms[i].level = &level[i];
        l->study.arms[i].servers = up[i];
    }
    l->o = (struct execute_options){.result_path = l->scratch.path,
                                    .self_path = l->self,
                                    .command_line = "test",
                                    .version = "0",
                                    .commit = "0",
                                    .stop = &l->stop,
                                    .say = lab_say,
                                    .user = l};
}

static inline int lab_run(struct lab *l)
{
    l->e = (struct err)ERR_INIT;
    str_clear(&l->said);
    return study_execute(&l->study, &l->o, &l->sum, &l->e);
}

/* Reads all runs; what they say of themselves must follow from their record. */
static inline void lab_read(struct lab *l)
{
    struct store *s = NULL;
    struct err e = ERR_INIT;
    store_runs_release(l->runs, l->n_runs);
    must(store_open(&s, l->scratch.path, false, &e), &e);
    must(store_runs(s, STORE_CHUNKS, &l->arena, &l->runs, &l->n_runs, &e), &e);
    must(store_close(s, &e), &e);
    for (size_t i = 0; i < l->n_runs; i++) {
        struct run_tally t = {0};
        struct str why = STR_INIT;
        if (l->runs[i].state == RUN_ABORTED && l->runs[i].health.chunks < 0)
            continue; /* killed: nobody judged it */
        for (size_t k = 0; k < l->runs[i].n_requests + l->runs[i].n_warmup; k++)
            run_tally_add(&t, &l->runs[i].requests[k]);
        if (!verify_run(&l->runs[i], &t, &why))
            fail_msg("run %zu: %s", i, str_z(&why));
        run_tally_release(&t);
        str_release(&why);
    }
}

/* Runs of this arm (NULL: all) in this state. */
static inline size_t lab_count(const struct lab *l, const char *arm, enum run_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_runs; i++)
        n += l->runs[i].state == state && (!arm || strcmp(l->runs[i].arm, arm) == 0);
    return n;
}

static inline size_t lab_starts(const struct lab *l, const char *name)
{
    struct str text = STR_INIT;
    char path[160], line[32];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/starts", l->scratch.dir);
    snprintf(line, sizeof line, "%s\n", name);
    assert_int_equal(file_read(path, 1 << 16, &text, NULL), 0);
    for (const char *p = str_z(&text); (p = strstr(p, line)); p += strlen(line))
        n++;
    str_release(&text);
    return n;
}

static inline bool lab_said(const struct lab *l, const char *words)
{
    return l->said.len && strstr(l->said.at, words);
}

static inline void lab_close(struct lab *l)
{
    store_runs_release(l->runs, l->n_runs);
    arena_release(&l->arena);
    str_release(&l->said);
    study_release(&l->study);
    scratch_remove(&l->scratch);
}

#endif
