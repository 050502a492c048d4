/* ending.c: when a study has run enough: its blocks are done, its precision is reached, or its budget is spent. See
 * executor.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "record/verdict.h"
#include "study/executor.h"

static int note_end(struct executor *x, const char *why, int32_t blocks, struct err *e)
{
    struct str json = STR_INIT;
    struct json_writer w;
    json_init(&w, &json);
    json_object(&w);
    json_kint(&w, "blocks", blocks);
    json_kz(&w, "why", why);
    json_object_end(&w);
    int rc = store_note(x->store, "ended", str_z(&json), e);
    str_release(&json);
    return rc;
}

bool ending_was_enough(struct store *s, struct arena *a)
{
    const char *text = store_get_note(s, a, "ended");
    yyjson_doc *doc = json_read_z(text);
    bool enough = span_eq_z(json_get_text(yyjson_doc_get_root(doc), "why"), "precision");
    yyjson_doc_free(doc);
    return enough;
}

static size_t values_of(const struct run *runs, size_t n, const char *arm, const struct metric *m, double *out)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        const struct run *r = &runs[i];
        double v = run_is_counted(r) && strcmp(r->arm, arm) == 0 ? run_median_of(r, m) : NAN;
        if (isfinite(v))
            out[k++] = v;
    }
    return k;
}

/* Of all arms the least precise one decides. */
static int is_precise(struct executor *x, bool *reached, struct err *e)
{
    struct precision_rule rule;
    struct run *runs = NULL;
    struct arena arena = {0};
    size_t n = 0;
    int rc = precision_parse_of_runs(x->study->stop.precision, &rule, e);
    if (!rc)
        rc = store_runs(x->store, STORE_CHUNKS, &arena, &runs, &n, e);
    double *values = xmalloc((n + 1) * sizeof *values);
    *reached = !rc;
    for (size_t i = 0; i < x->study->n_arms && *reached; i++) {
        size_t k = values_of(runs, n, x->study->arms[i].name, rule.metric, values);
        *reached = precision_over_runs(&rule, values, k).reached;
    }
    free(values);
    store_runs_release(runs, n);
    arena_release(&arena);
    return rc;
}

/* By the mean of the runs of this call; before the first of them nothing is known and a block begins. */
static bool fits_budget(const struct executor *x)
{
    mono_ns spent = clock_now(NULL) - x->began_ns;
    size_t seen = x->summary->done_now + x->summary->failed_now;
    if (!x->study->budget_ns || !seen)
        return true;
    return spent + x->runs_ns / (mono_ns)seen * (mono_ns)x->study->n_arms <= x->study->budget_ns;
}

int ending_before_block(struct executor *x, int32_t block, bool *end, struct err *e)
{
    const struct study_stop *stop = &x->study->stop;
    bool precise = false;
    int rc = stop->precision && block >= stop->min_blocks ? is_precise(x, &precise, e) : 0;
    *end = !rc && (precise || !fits_budget(x));
    if (rc || !*end)
        return rc;
    if (precise)
        executor_say(x, "enough after %d of %d blocks: every arm is known to %s", (int)block, (int)x->study->blocks,
                     stop->precision);
    else
        executor_say(x, "block %d would not end within the budget: %zu of %zu runs are done (the same command goes on)",
                     (int)block + 1, x->summary->done_before + x->summary->done_now, x->plan.n);
    return note_end(x, precise ? "precision" : "budget", block, e);
}

int ending_at_end(struct executor *x, struct err *e)
{
    return note_end(x, x->summary->failed_now ? "failures" : "all", x->study->blocks, e);
}
