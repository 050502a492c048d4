/* solo.c: what an agent does alone, and what another run's tokens would have cost it. See speedup.h.
 *
 * Time outside decode is defined as the rest, duration - decode time. So with equal tokens per stage the
 * cost is the solo duration itself, and speedup.tokens equals speedup.time whatever the source of the decode
 * times is. */
#include <math.h>
#include <string.h>

#include "analysis/speedup.h"

/* Tokens and seconds that count as decode of one completed request. */
struct work {
    double tok, s;
};

static bool counts(const struct request *q, const struct session *s)
{
    return q->session == s->number && q->outcome == OUTCOME_OK;
}

static bool told_by(const struct request *q, enum decode_source source)
{
    if (q->usage.completion_tok < 0)
        return false;
    if (source == DECODE_SERVER)
        return q->usage.eval_ns > 0 || (q->usage.eval_ns == 0 && q->usage.completion_tok == 0);
    return q->stamp[STAMP_FIRST_TOKEN] != MONO_NONE && q->stamp[STAMP_LAST_TOKEN] >= q->stamp[STAMP_FIRST_TOKEN];
}

static struct work work_of(const struct request *q, enum decode_source source)
{
    if (!told_by(q, source))
        return (struct work){NAN, NAN};
    double tok = (double)q->usage.completion_tok;
    if (source == DECODE_SERVER)
        return (struct work){tok, (double)q->usage.eval_ns / 1e9};
    /* the first token comes from the prefill */
    double span_ns = (double)q->stamp[STAMP_LAST_TOKEN] - (double)q->stamp[STAMP_FIRST_TOKEN];
    return (struct work){tok > 0 ? tok - 1 : 0, span_ns / 1e9};
}

enum decode_source decode_source_of(const struct run *r, const struct session *s)
{
    bool server = true, client = true, any = false;
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        if (!counts(q, s))
            continue;
        any = true;
        server = server && told_by(q, DECODE_SERVER);
        client = client && told_by(q, DECODE_CLIENT);
    }
    return !any ? DECODE_UNKNOWN : server ? DECODE_SERVER : client ? DECODE_CLIENT : DECODE_UNKNOWN;
}

static const char *stage_of(const struct request *q)
{
    return q->stage ? q->stage : "";
}

/* Index of a stage; n_stages when it is not there. */
static size_t find(const struct solo_profile *p, const char *name)
{
    size_t i = 0;
    while (i < p->n_stages && strcmp(p->stages[i].name, name) != 0)
        i++;
    return i;
}

static double duration_s(const struct session *s)
{
    if (s->released_ns == MONO_NONE || s->ended_ns == MONO_NONE)
        return NAN;
    return ((double)s->ended_ns - (double)s->released_ns) / 1e9;
}

void solo_profile_add(struct solo_profile *p, const struct run *r, const struct session *s)
{
    p->sessions += 1;
    p->duration_s += duration_s(s);
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        if (!counts(q, s))
            continue;
        size_t k = find(p, stage_of(q));
        if (k == SOLO_STAGES_MAX) {
            p->duration_s = NAN; /* more stages than any workflow has: no number rather than a wrong one */
            return;
        }
        if (k == p->n_stages)
            p->stages[p->n_stages++] = (struct solo_stage){.name = stage_of(q)};
        struct work w = work_of(q, p->source);
        p->stages[k].tok += w.tok;
        p->stages[k].decode_s += w.s;
    }
}

double solo_profile_cost_s(const struct solo_profile *p, const struct run *r, const struct session *s)
{
    if (!(p->sessions > 0))
        return NAN;
    double cost = p->duration_s;
    for (size_t i = 0; i < p->n_stages; i++)
        cost -= p->stages[i].decode_s;
    cost /= p->sessions;
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        if (!counts(q, s))
            continue;
        size_t k = find(p, stage_of(q));
        struct work w = work_of(q, p->source);
        if (k == p->n_stages || isnan(w.tok))
            return NAN;
        if (w.tok > 0) /* no tokens cost nothing, even where the solo stage had none either */
            cost += p->stages[k].tok > 0 ? w.tok * p->stages[k].decode_s / p->stages[k].tok : NAN;
    }
    return cost;
}
