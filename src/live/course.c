/* course.c: see course.h. */
#include "live/course.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "record/verdict.h"
#include "stats/quantile.h"

/* ---- taking up ------------------------------------------------------------------------------------------------------ */

static void add(struct course_values *v, double s)
{
    if (v->n == v->cap) {
        v->cap = v->cap ? 2 * v->cap : 8;
        v->at = xrealloc(v->at, v->cap * sizeof *v->at);
    }
    v->at[v->n++] = s;
}

struct course_arm *course_arm(const struct course *c, const char *name)
{
    for (size_t i = 0; i < c->n_arms; i++)
        if (!strcmp(c->arms[i].name, name))
            return &c->arms[i];
    return NULL;
}

void course_init(struct course *c, const struct plan_row *rows, size_t n)
{
    *c = (struct course){.planned = n, .last_ended_ns = MONO_NONE};
    for (size_t i = 0; i < n; i++) {
        struct course_arm *arm = course_arm(c, rows[i].arm);
        if (!arm) {
            c->arms = xrealloc(c->arms, (c->n_arms + 1) * sizeof *c->arms);
            arm = &c->arms[c->n_arms++];
            *arm = (struct course_arm){.name = rows[i].arm};
        }
        arm->planned++;
        c->blocks = rows[i].block >= c->blocks ? rows[i].block + 1 : c->blocks;
    }
}

void course_release(struct course *c)
{
    for (size_t i = 0; i < c->n_arms; i++)
        free(c->arms[i].took.at);
    free(c->arms);
    free(c->pauses.at);
    *c = (struct course){0};
}

/* A host that was started again has a new clock: then the pause is not known. */
void course_add(struct course *c, const struct run *r)
{
    struct course_arm *arm = course_arm(c, r->arm);
    c->complete++;
    if ((unsigned)r->verdict <= VERDICT_NONE)
        c->verdicts[r->verdict]++;
    if (arm)
        arm->complete++;
    if (!arm || r->started_ns == MONO_NONE || r->ended_ns < r->started_ns)
        return;
    add(&arm->took, (double)(r->ended_ns - r->started_ns) / 1e9);
    if (c->last_ended_ns != MONO_NONE && c->last_ended_ns <= r->started_ns)
        add(&c->pauses, (double)(r->started_ns - c->last_ended_ns) / 1e9);
    c->last_ended_ns = r->ended_ns;
}

/* ---- looking ahead -------------------------------------------------------------------------------------------------- */

/* What an estimate rests on. */
struct basis {
    size_t runs;
    bool asked, pace;
};

static double median_of(const struct course_values *v)
{
    struct course_values copy = {.at = xmalloc((v->n + 1) * sizeof *copy.at), .n = v->n};
    if (v->n)
        memcpy(copy.at, v->at, v->n * sizeof *copy.at);
    double m = median(copy.at, copy.n);
    free(copy.at);
    return m;
}

static double median_of_all(const struct course *c, size_t *n)
{
    struct course_values all = {0};
    for (size_t i = 0; i < c->n_arms; i++)
        for (size_t k = 0; k < c->arms[i].took.n; k++)
            add(&all, c->arms[i].took.at[k]);
    double m = median_of(&all);
    *n = all.n;
    free(all.at);
    return m;
}

/* Seconds of a run of the arm; NaN: nothing to go by. pace_s: what its run in progress will take at its pace; NaN: none. */
static double seconds_of(const struct course *c, const struct course_arm *arm, double pace_s, struct basis *b)
{
    size_t n;
    if (arm->took.n) {
        b->runs += arm->took.n;
        return median_of(&arm->took);
    }
    b->asked = b->asked || arm->asked_ns;
    if (arm->asked_ns)
        return (double)arm->asked_ns / 1e9;
    b->pace = b->pace || isfinite(pace_s);
    if (isfinite(pace_s))
        return pace_s;
    double all = median_of_all(c, &n);
    b->runs = n > b->runs ? n : b->runs;
    return all;
}

static double pace_of(const struct course_arm *arm, mono_ns elapsed_ns, int64_t ended)
{
    mono_ns window_ns = elapsed_ns - (arm ? arm->warmup_ns : 0);
    if (!arm || !arm->asked_requests || ended <= 0 || window_ns <= 0)
        return NAN;
    double left = (double)arm->asked_requests / (double)ended - 1;
    return (double)elapsed_ns / 1e9 + (left > 0 ? left : 0) * (double)window_ns / 1e9;
}

static void say_basis(const struct basis *b, char *out, size_t size)
{
    char runs[48] = "";
    if (b->runs)
        snprintf(runs, sizeof runs, "median of %zu run%s", b->runs, b->runs == 1 ? "" : "s");
    const char *asked = b->asked ? "the seconds asked for" : "", *pace = b->pace ? "this run's pace" : "";
    snprintf(out, size, "%s%s%s%s%s", runs, *runs && *asked ? ", " : "", asked, (*runs || *asked) && *pace ? ", " : "",
             pace);
}

struct live_eta course_eta(const struct course *c, const char *arm, mono_ns elapsed_ns, int64_t ended)
{
    const struct course_arm *now = arm ? course_arm(c, arm) : NULL;
    double pace_s = pace_of(now, elapsed_ns, ended), left_s = 0, pause_s = c->pauses.n ? median_of(&c->pauses) : 0;
    struct basis basis = {0};
    struct live_eta eta = {.left_ns = -1};
    for (size_t i = 0; i < c->n_arms; i++) {
        const struct course_arm *a = &c->arms[i];
        size_t to_do = a->planned > a->complete ? a->planned - a->complete : 0;
        if (!to_do)
            continue;
        double s = seconds_of(c, a, a == now ? pace_s : (double)NAN, &basis);
        if (a == now)
            left_s -= fmin(s, (double)elapsed_ns / 1e9); /* over time: about to end */
        left_s += (double)to_do * s + (double)(to_do - (a == now)) * pause_s;
    }
    if (isfinite(left_s) && c->planned) {
        eta.left_ns = (int64_t)(left_s * 1e9);
        say_basis(&basis, eta.basis, sizeof eta.basis);
    }
    return eta;
}
