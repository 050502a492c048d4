/* execute.c: see execute.h and executor.h. */
#include "study/execute.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "study/executor.h"

void executor_say(struct executor *x, const char *fmt, ...)
{
    if (!x->options->say)
        return;
    struct str line = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&line, fmt, ap);
    va_end(ap);
    x->options->say(x->options->user, str_z(&line));
    str_release(&line);
}

bool executor_is_servers_fault(int rc)
{
    return rc == ERR_SERVER || rc == ERR_NET || rc == ERR_TIMEOUT;
}

size_t executor_run_number(const struct executor *x)
{
    return x->summary->done_before + x->summary->done_now + x->summary->failed_now + 1;
}

void executor_tell(const struct executor *x, const struct run *r)
{
    if (x->options->run)
        x->options->run(x->options->user, r);
}

/* ---- the result file ------------------------------------------------------------------------------------------------ */

static int create_result(struct executor *x, struct err *e)
{
    struct store_study st = {
        .name = x->study->name,
        .question = x->study->question,
        .source = x->study->source,
        .plan_json = str_z(&x->plan.json),
        .plan_sha256 = x->plan.sha256,
        .seed = x->study->seed,
        .chimera_version = x->options->version,
        .chimera_commit = x->options->commit,
        .command = x->options->command_line,
        .rows = x->plan.rows,
        .n_rows = x->plan.n,
    };
    int rc = store_create(&x->store, x->options->result_path, &st, e);
    if (!rc)
        store_keep(x->store, x->study->keep_text, x->study->keep_text);
    struct str corpus = STR_INIT;
    if (!rc && x->study->corpus_dir) {
        corpus_json(&x->corpus, &corpus);
        rc = store_note(x->store, "corpus", str_z(&corpus), e);
    }
    str_release(&corpus);
    return rc;
}

static int remove_result(const char *path, struct err *e)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        struct str name = STR_INIT;
        str_addf(&name, "%s%s", path, tails[i]);
        int failed = file_exists(str_z(&name)) && unlink(str_z(&name)) != 0;
        str_release(&name);
        if (failed)
            return err_set(e, ERR_IO, "cannot remove the old result %s", path);
    }
    return 0;
}

/* Looks at an existing result without changing it: complete → nothing to do, or --again; another plan → refused. */
static int look_at_result(struct executor *x, bool *create, struct err *e)
{
    const char *path = x->options->result_path;
    struct store *s = NULL;
    struct store_info info;
    *create = !file_exists(path);
    if (*create)
        return 0;
    int rc = store_open(&s, path, false, e);
    if (!rc)
        rc = store_info(s, &x->arena, &info, e);
    bool complete = !rc && (info.complete || ending_was_enough(s, &x->arena));
    store_close(s, NULL);
    if (rc)
        return rc;
    bool same = strcmp(info.study.plan_sha256, x->plan.sha256) == 0;
    if (x->options->again && (complete || !same)) {
        if (strcmp(info.study.name, x->study->name) != 0)
            return err_set(e, ERR_REFUSED, "%s holds the study '%s', not '%s': name another file with -o", path,
                           info.study.name, x->study->name);
        *create = true;
        return remove_result(path, e);
    }
    if (!same)
        return err_set(
            e, ERR_REFUSED,
            "%s holds another plan of '%s' (%.12s, this one is %.12s): name another file with -o, or replace it "
            "with --again",
            path, info.study.name, info.study.plan_sha256, x->plan.sha256);
    x->summary->done_before = info.n_complete;
    x->summary->already_complete = complete;
    return 0;
}

int executor_open_store(struct executor *x, struct err *e)
{
    int rc = store_open(&x->store, x->options->result_path, true, e);
    if (!rc)
        store_keep(x->store, x->study->keep_text, x->study->keep_text);
    return rc;
}

/* ---- the loop ------------------------------------------------------------------------------------------------------- */

/* An attempt that failed, or whose starting state was not proven, is repeated once. */
static int run_row(struct executor *x, const struct plan_row *row, struct err *e)
{
    enum run_end end = RUN_AGAIN;
    int rc = 0;
    mono_ns before = clock_now(NULL);
    for (int i = 0; i < 2 && !rc && end == RUN_AGAIN; i++) {
        if (i)
            executor_say(x, "run %zu/%zu is repeated once", executor_run_number(x), x->plan.n);
        rc = onerun(x, row, i == 1, &end, e);
    }
    x->runs_ns += clock_now(NULL) - before;
    x->summary->done_now += !rc && end == RUN_DONE;
    return rc;
}

/* What the plan is, and what is done of it. */
static int tell_plan(struct executor *x, struct err *e)
{
    struct run *runs = NULL;
    size_t n = 0;
    if (x->options->planned)
        x->options->planned(x->options->user, x->plan.rows, x->plan.n);
    int rc = x->options->run ? store_run_heads(x->store, &x->arena, &runs, &n, e) : 0;
    for (size_t i = 0; i < n; i++)
        if (runs[i].state == RUN_COMPLETE)
            executor_tell(x, &runs[i]);
    return rc;
}

/* Whether row i of the missing ones begins a block of which nothing is done. */
static bool begins_block(const struct executor *x, const int32_t *missing, size_t i, size_t n)
{
    size_t k = i;
    int32_t block = x->plan.rows[missing[i]].block;
    while (k < n && x->plan.rows[missing[k]].block == block)
        k++;
    return k - i == x->study->n_arms;
}

/* *early: the rest is not needed, or does not fit. */
static int run_rows(struct executor *x, const int32_t *missing, size_t n, bool *early, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < n; i++) {
        const struct plan_row *row = &x->plan.rows[missing[i]];
        if (*x->options->stop)
            return err_set(e, ERR_INTERRUPTED, "interrupted");
        if (begins_block(x, missing, i, n))
            rc = ending_before_block(x, row->block, early, e);
        if (rc || *early)
            return rc;
        rc = run_row(x, row, e);
    }
    return rc;
}

static int run_missing(struct executor *x, struct err *e)
{
    int32_t *missing = NULL;
    size_t n = 0;
    bool early = false;
    int rc = store_missing(x->store, &x->arena, &missing, &n, e);
    if (!rc)
        rc = run_rows(x, missing, n, &early, e);
    if (!rc && !early)
        rc = ending_at_end(x, e);
    if (!rc && x->summary->failed_now)
        rc = err_set(e, ERR_SERVER,
                     "%zu of %zu runs could not be made, the first because %s (the same command tries them again)",
                     x->summary->failed_now, x->plan.n, x->summary->why);
    return rc;
}

static int carry_out(struct executor *x, struct err *e)
{
    bool create;
    int rc = look_at_result(x, &create, e);
    if (rc || x->summary->already_complete)
        return rc;
    rc = rack_open(x, e);
    x->facts = arena_alloc(&x->arena, x->study->n_servers * sizeof *x->facts);
    if (!rc && create)
        rc = bench_tour(x, e);
    if (!rc)
        rc = create ? create_result(x, e) : executor_open_store(x, e);
    if (!rc)
        rc = create ? bench_store_first(x, e) : bench_resume(x, e);
    rc = rc ? rc : tell_plan(x, e);
    return rc ? rc : run_missing(x, e);
}

static void release(struct executor *x)
{
    rack_close(x);
    plan_release(&x->plan);
    corpus_release(&x->corpus);
    arena_release(&x->arena);
    free(x->work_dir);
}

int study_execute(const struct study *s, const struct execute_options *o, struct execute_summary *out, struct err *e)
{
    struct executor x = {.study = s, .options = o, .summary = out, .began_ns = clock_now(NULL)};
    *out = (struct execute_summary){0};
    int rc = s->corpus_dir ? corpus_open(&x.corpus, s->corpus_dir, e) : 0;
    if (!rc) {
        plan_make(&x.plan, s, x.corpus.sha256);
        out->planned = x.plan.n;
        rc = carry_out(&x, e);
    }
    int closed = store_close(x.store, rc ? NULL : e);
    release(&x);
    return rc ? rc : closed;
}
