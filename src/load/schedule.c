/* schedule.c: see schedule.h. */
#include "load/schedule.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "load/draw.h"

static const char *const law_words[] = {
#define X(name, word) word,
    ARRIVAL_LAW_LIST(X)
#undef X
};

const char *arrival_law_word(enum arrival_law law)
{
    return law_words[law];
}

int arrival_law_find(const char *word)
{
    for (int i = 0; i < ARRIVAL_LAW_COUNT; i++)
        if (strcmp(law_words[i], word) == 0)
            return i;
    return -1;
}

void schedule_release(struct schedule *s)
{
    free(s->at_ns);
    *s = (struct schedule){0};
}

/* ---- the inverse of the integrated rate, within one stage ----------------------------------------------------- */

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

/* Rate gained per second; an open stage is constant. */
static double slope(const struct rate_stage *s)
{
    return s->duration_ns == SCHEDULE_OPEN ? 0 : (s->to_rps - s->from_rps) / seconds(s->duration_ns);
}

static double stage_area(const struct rate_stage *s)
{
    if (s->duration_ns == SCHEDULE_OPEN)
        return INFINITY;
    return seconds(s->duration_ns) * (s->from_rps + s->to_rps) / 2;
}

/* The t with from t + slope t^2 / 2 = y, in the form that cancels nothing; 0 <= y <= area. */
static double stage_inverse(const struct rate_stage *s, double y)
{
    if (y <= 0)
        return 0;
    double under = s->from_rps * s->from_rps + 2 * slope(s) * y;
    return 2 * y / (s->from_rps + sqrt(fmax(0, under)));
}

/* ---- checks ----------------------------------------------------------------------------------------------------- */

static bool rate_ok(double rps)
{
    return rps >= 0 && rps <= SCHEDULE_MAX_RPS;
}

static int check_stage(const struct rate_stage *s, size_t number, bool last, struct err *e)
{
    if (!rate_ok(s->from_rps) || !rate_ok(s->to_rps))
        return err_set(e, ERR_USAGE, "stage %zu: a rate is a number of requests per second from 0 to %d", number,
                       SCHEDULE_MAX_RPS);
    if (s->duration_ns == SCHEDULE_OPEN) {
        if (!last || s->from_rps != s->to_rps || !(s->from_rps > 0))
            return err_set(e, ERR_USAGE, "stage %zu: only a last stage of one rate above 0 may leave its duration out",
                           number);
        return 0;
    }
    if (s->duration_ns <= 0)
        return err_set(e, ERR_USAGE, "stage %zu: its duration must be above 0", number);
    return s->duration_ns > SCHEDULE_MAX_NS ? err_set(e, ERR_LIMIT, "stage %zu: longer than 366 days", number) : 0;
}

static int check(const struct schedule_spec *spec, struct err *e)
{
    double expected = 0, total_s = 0;
    if (spec->n_stages == 0 || spec->n_stages > SCHEDULE_MAX_STAGES)
        return err_set(e, ERR_USAGE, "a schedule has 1 to %d stages", SCHEDULE_MAX_STAGES);
    if (spec->count < 0)
        return err_set(e, ERR_USAGE, "the number of requests must be above 0");
    if (spec->count > SCHEDULE_MAX_N)
        return err_set(e, ERR_LIMIT, "%lld requests: a schedule holds at most %d", (long long)spec->count,
                       SCHEDULE_MAX_N);
    if (spec->law == ARRIVAL_GAMMA && !(spec->burstiness >= 0.1 && spec->burstiness <= 10000))
        return err_set(e, ERR_USAGE, "burstiness is from 0.1 (bursts) over 1 (Poisson) to 10000 (even gaps)");
    for (size_t i = 0; i < spec->n_stages; i++) {
        const struct rate_stage *s = &spec->stages[i];
        int rc = check_stage(s, i + 1, i + 1 == spec->n_stages, e);
        if (rc)
            return rc;
        expected += stage_area(s);
        total_s += s->duration_ns == SCHEDULE_OPEN ? 0 : seconds(s->duration_ns);
    }
    if (!(expected > 0))
        return err_set(e, ERR_USAGE, "every rate is 0: nothing would ever be sent");
    if (isinf(expected) && !spec->count)
        return err_set(e, ERR_USAGE, "a stage without a duration needs a number of requests to stop at");
    if (total_s > seconds(SCHEDULE_MAX_NS))
        return err_set(e, ERR_LIMIT, "the stages together are longer than 366 days");
    if (!spec->count && expected > SCHEDULE_MAX_N)
        return err_set(e, ERR_LIMIT, "the stages would send about %.0f requests: a schedule holds at most %d", expected,
                       SCHEDULE_MAX_N);
    return 0;
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

static double gap(const struct schedule_spec *spec, struct rng *r)
{
    switch (spec->law) {
    case ARRIVAL_CONSTANT: return 1;
    case ARRIVAL_POISSON: return draw_exponential(r);
    case ARRIVAL_GAMMA: return draw_gamma(r, spec->burstiness) / spec->burstiness;
    case ARRIVAL_LAW_COUNT: break;
    }
    BUG("an arrival law without gaps");
}

/* Where the walk through the stages is. */
struct place {
    const struct rate_stage *stage, *end;
    double used;      /* operational time before the stage */
    int64_t start_ns; /* clock time before it */
};

/* Moves to the stage that holds operational time `at`; false: behind the last. */
static bool seek(struct place *p, double at)
{
    while (p->stage < p->end && at - p->used >= stage_area(p->stage)) {
        p->used += stage_area(p->stage);
        p->start_ns += p->stage->duration_ns;
        p->stage++;
    }
    return p->stage < p->end;
}

static int64_t end_of(const struct schedule_spec *spec)
{
    int64_t sum = 0;
    for (size_t i = 0; i < spec->n_stages; i++) {
        if (spec->stages[i].duration_ns == SCHEDULE_OPEN)
            return SCHEDULE_OPEN;
        sum += spec->stages[i].duration_ns;
    }
    return sum;
}

static int append(struct schedule *s, size_t *cap, int64_t at_ns, struct err *e)
{
    if (s->n >= SCHEDULE_MAX_N)
        return err_set(e, ERR_LIMIT, "a schedule holds at most %d requests", SCHEDULE_MAX_N);
    if (s->n == *cap) {
        *cap = *cap ? *cap * 2 : 1024;
        s->at_ns = xrealloc(s->at_ns, *cap * sizeof *s->at_ns);
    }
    s->at_ns[s->n++] = at_ns;
    return 0;
}

static int fill(const struct schedule_spec *spec, struct schedule *s, struct err *e)
{
    struct rng r = rng_stream(spec->seed, "arrivals");
    struct place p = {.stage = spec->stages, .end = spec->stages + spec->n_stages};
    const int64_t end_ns = end_of(spec);
    double at = spec->law == ARRIVAL_CONSTANT ? 0 : gap(spec, &r);
    size_t cap = 0;
    int64_t counted = 0;
    while ((!spec->count || counted < spec->count) && seek(&p, at)) {
        double ns = (double)p.start_ns + stage_inverse(p.stage, at - p.used) * (double)NS_PER_S;
        if (ns > (double)SCHEDULE_MAX_NS)
            return err_set(e, ERR_LIMIT, "request %zu would be sent after more than 366 days", s->n + 1);
        int64_t at_ns = llround(ns);
        if (at_ns >= end_ns) /* by rounding */
            break;
        int rc = append(s, &cap, at_ns, e);
        if (rc)
            return rc;
        counted += at_ns >= spec->uncounted_ns;
        at += gap(spec, &r);
    }
    return 0;
}

int schedule_make(const struct schedule_spec *spec, struct schedule *out, struct err *e)
{
    *out = (struct schedule){0};
    int rc = check(spec, e);
    if (!rc)
        rc = fill(spec, out, e);
    if (rc)
        schedule_release(out);
    return rc;
}
