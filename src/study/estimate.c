/* estimate.c: see estimate.h. */
#include "study/estimate.h"

#include <stdlib.h>
#include <string.h>

#include "stats/quantile.h"

struct prior {
    struct run *runs;
    size_t n;
    double *room; /* for as many numbers */
};

static bool counts(const struct run *r)
{
    return r->state == RUN_COMPLETE && r->ended_ns > r->started_ns && r->started_ns > 0;
}

/* Seconds of the arm's median run (arm NULL: of all), 0 when it has none; *n runs (may be NULL). */
static double typical(const struct prior *p, const char *arm, size_t *n)
{
    size_t k = 0;
    for (size_t i = 0; i < p->n; i++)
        if (counts(&p->runs[i]) && (!arm || strcmp(arm, p->runs[i].arm) == 0))
            p->room[k++] = (double)(p->runs[i].ended_ns - p->runs[i].started_ns) / 1e9;
    if (n)
        *n = k;
    return k ? median(p->room, k) : 0;
}

/* Between the end of a run and the start of the next: servers are reset there. One that was resumed waited longer; the
 * median does not mind. */
static double typical_pause(const struct prior *p)
{
    size_t k = 0;
    for (size_t i = 1; i < p->n; i++)
        if (counts(&p->runs[i - 1]) && counts(&p->runs[i]) && p->runs[i].started_ns > p->runs[i - 1].ended_ns)
            p->room[k++] = (double)(p->runs[i].started_ns - p->runs[i - 1].ended_ns) / 1e9;
    return k ? median(p->room, k) : 0;
}

static size_t done_of(const struct prior *p, const char *arm)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += p->runs[i].state == RUN_COMPLETE && strcmp(p->runs[i].arm, arm) == 0;
    return n;
}

static void estimate(const struct prior *prior, const struct study *s, bool same_plan, struct estimate *out)
{
    double all = typical(prior, NULL, &out->n_runs), pause = typical_pause(prior);
    if (!out->n_runs)
        return;
    for (size_t i = 0; i < s->n_arms; i++) {
        size_t n, done = same_plan ? done_of(prior, s->arms[i].name) : 0;
        double one = typical(prior, s->arms[i].name, &n);
        out->n_arms_known += n > 0;
        one = (n ? one : all) + pause;
        out->seconds += one * s->blocks;
        out->left_seconds += one * (double)((size_t)s->blocks - done);
        out->n_done += done;
    }
}

int estimate_from(const char *path, const struct study *s, const struct plan *p, struct estimate *out, struct err *e)
{
    struct store *store;
    struct store_info info;
    struct arena a = {0};
    struct prior prior = {0};
    *out = (struct estimate){0};
    int rc = store_open(&store, path, false, e);
    if (rc)
        return rc;
    rc = store_info(store, &a, &info, e);
    if (!rc)
        rc = store_run_heads(store, &a, &prior.runs, &prior.n, e);
    if (!rc) {
        prior.room = xcalloc(prior.n + 1, sizeof *prior.room);
        estimate(&prior, s, strcmp(info.study.plan_sha256, p->sha256) == 0, out);
        free(prior.room);
    }
    store_close(store, NULL);
    arena_release(&a);
    return rc;
}
