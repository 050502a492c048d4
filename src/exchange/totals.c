/* totals.c: see totals.h. */
#include "exchange/totals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct totals *t;
    struct arena *arena;
    size_t cap;
};

enum fate fate_of(const struct request *r)
{
    return r->outcome == OUTCOME_OK ? FATE_COMPLETED : r->outcome == OUTCOME_CANCELLED ? FATE_CANCELLED : FATE_FAILED;
}

double told_or_nan(int64_t count)
{
    return count < 0 ? NAN : (double)count;
}

double peer_value(const struct peer *row, const struct request *r)
{
    struct peer_pool one = {0};
    row->of_request(r, &one);
    double v = one.n ? one.at[0] : NAN;
    peer_pool_release(&one);
    return v;
}

static struct request without_parts(const struct request *r)
{
    struct request q;
    request_init(&q);
    q.seq = r->seq;
    q.session = r->session;
    q.turn = r->turn;
    q.outcome = r->outcome;
    q.flags = r->flags;
    q.http_status = r->http_status;
    memcpy(q.stamp, r->stamp, sizeof q.stamp);
    q.usage = r->usage;
    return q;
}

static int take(void *user, const struct run *run, const struct request *r)
{
    struct reading *x = user;
    struct totals *t = x->t;
    enum fate fate = fate_of(r);
    (void)run;
    if (t->run.n_requests == x->cap) {
        x->cap = x->cap ? 2 * x->cap : 256;
        t->run.requests = xrealloc(t->run.requests, x->cap * sizeof *t->run.requests);
    }
    if (!t->run.n_requests) {
        t->model = arena_dupz(x->arena, r->model);
        t->backend = arena_dupz(x->arena, r->backend);
    }
    t->run.requests[t->run.n_requests++] = without_parts(r);
    t->count[fate]++;
    if (fate == FATE_COMPLETED) {
        t->prompt_tok += told_or_nan(r->usage.prompt_tok);
        t->completion_tok += told_or_nan(r->usage.completion_tok);
    }
    for (size_t i = 0; i < t->n_rows; i++)
        if (t->row[i]->of_request)
            t->row[i]->of_request(r, &t->pool[i][fate]);
    return 0;
}

static void find_rows(struct totals *t, const char *tool)
{
    const struct peer *row;
    for (size_t i = 0; (row = peer_at(i)); i++)
        if (!strcmp(row->tool->id, tool)) {
            if (t->n_rows == TOTALS_MAX_ROWS)
                BUG("a tool has more numbers than TOTALS_MAX_ROWS");
            t->row[t->n_rows++] = row;
        }
}

int totals_read(struct store *s, const struct run *run, const char *tool, struct arena *a, struct totals *t,
                struct err *e)
{
    struct reading x = {.t = t, .arena = a};
    *t = (struct totals){.run = *run};
    t->run.requests = NULL;
    t->run.n_requests = 0;
    find_rows(t, tool);
    int rc = store_run_requests(s, run, take, &x, e);
    for (size_t i = 0; !rc && i < t->n_rows; i++) {
        if (t->row[i]->of_run)
            t->row[i]->of_run(&t->run, &t->pool[i][0]);
        for (int fate = 0; fate < FATES; fate++)
            peer_pool_sort(&t->pool[i][fate]);
    }
    return rc;
}

void totals_release(struct totals *t)
{
    for (size_t i = 0; i < t->n_rows; i++)
        for (int fate = 0; fate < FATES; fate++)
            peer_pool_release(&t->pool[i][fate]);
    free(t->run.requests); /* they own nothing */
    *t = (struct totals){0};
}

struct peer_pool *totals_pool(struct totals *t, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < t->n_rows; i++)
        if (!strncmp(t->row[i]->id, name, n) && t->row[i]->id[n] == '.')
            return t->pool[i];
    BUG("a tool has no number of that name");
}

double totals_rate(struct totals *t, const char *name)
{
    const struct peer_pool *p = totals_pool(t, name);
    return p->n && !p->lack ? p->at[0] : NAN;
}

double totals_total_rate(const struct totals *t, double window_s)
{
    return window_s > 0 ? (t->prompt_tok + t->completion_tok) / window_s : NAN;
}
