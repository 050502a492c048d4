/* speedup.c: finds the solo runs of each multi-agent run and computes the block. See speedup.h; costs are in
 * solo.c. */
#include "analysis/speedup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "record/metric.h"
#include "record/verdict.h"
#include "stats/quantile.h"

/* What is known of a run while pairing. */
struct place {
    const struct run *run;
    const struct run *shape; /* the run of its arm with most sessions: who takes part in the arm */
    bool multi, solo;        /* kind of its arm; neither: no part of the question */
    const char *why;         /* why it does not count; NULL: it does */
    bool used;
};

struct pairing {
    struct place *places;
    size_t n;
    const struct design *design;
    struct arena *arena;
    struct speedup *out;
};

/* ---- which arm is what ----------------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
    return a && b && !strcmp(a, b);
}

static const struct session *session_of(const struct run *r, const char *agent)
{
    for (size_t i = 0; i < r->n_sessions; i++)
        if (same(r->sessions[i].agent, agent))
            return &r->sessions[i];
    return NULL;
}

/* Two sessions or more, each of another named agent; plain load is no agent. */
static bool is_multi(const struct run *shape)
{
    for (size_t i = 0; i < shape->n_sessions; i++) {
        const char *agent = shape->sessions[i].agent;
        if (!agent || same(agent, "load") || session_of(shape, agent) != &shape->sessions[i])
            return false;
    }
    return shape->n_sessions >= 2;
}

static const struct run *shape_of(const struct pairing *p, const char *arm)
{
    const struct run *most = NULL;
    for (size_t i = 0; i < p->n; i++) {
        const struct run *r = p->places[i].run;
        if (same(r->arm, arm) && (!most || r->n_sessions > most->n_sessions))
            most = r;
    }
    return most;
}

static bool takes_part(const struct pairing *p, const char *agent)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->places[i].multi && session_of(p->places[i].shape, agent))
            return true;
    return false;
}

static const char *why_not(const struct run *r, const struct run *shape, struct arena *a)
{
    if (r->state != RUN_COMPLETE)
        return arena_printf(a, "%s, not complete", run_state_word(r->state));
    if (r->verdict == VERDICT_VOID)
        return arena_printf(a, "VOID: %s", r->verdict_why && *r->verdict_why ? r->verdict_why : "no rule named");
    for (size_t i = 0; i < r->n_sessions; i++)
        if (!r->sessions[i].ok)
            return arena_printf(a, "the session of %s failed: %s", r->sessions[i].agent ? r->sessions[i].agent : "?",
                                r->sessions[i].error ? r->sessions[i].error : "no cause recorded");
    if (r->n_sessions < shape->n_sessions)
        return arena_printf(a, "%zu of %zu sessions", r->n_sessions, shape->n_sessions);
    return NULL;
}

static void sort_out(struct pairing *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct place *at = &p->places[i];
        at->shape = at->run->arm ? shape_of(p, at->run->arm) : at->run;
        at->multi = is_multi(at->shape);
        p->out->n_multi += at->multi;
    }
    for (size_t i = 0; i < p->n; i++) {
        struct place *at = &p->places[i];
        at->solo = at->shape->n_sessions == 1 && takes_part(p, at->shape->sessions[0].agent);
        at->why = at->multi || at->solo ? why_not(at->run, at->shape, p->arena) : NULL;
    }
}

/* ---- one side of an agent -------------------------------------------------------------------------------- */

static double median_of(const struct run *r, const struct session *s, const char *id)
{
    const struct metric *m = metric_find(id);
    if (!m || !m->of_request)
        return NAN;
    double *values = xmalloc((r->n_requests + 1) * sizeof *values);
    size_t n = 0;
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        double v = q->session == s->number && q->outcome == OUTCOME_OK ? m->of_request(q) : NAN;
        if (isfinite(v))
            values[n++] = v;
    }
    double value = median(values, n);
    free(values);
    return value;
}

static double sum_tokens(const struct run *r, const struct session *s, bool prompt)
{
    double sum = 0;
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        if (q->session != s->number || q->outcome != OUTCOME_OK)
            continue;
        int64_t tok = prompt ? q->usage.prompt_tok : q->usage.completion_tok;
        sum += tok < 0 ? NAN : (double)tok;
    }
    return sum;
}

static struct agent_side side_of(const struct run *r, const struct session *s)
{
    const struct metric *duration = metric_find("session.duration");
    return (struct agent_side){
        .run = r,
        .session = s,
        .duration_s = duration ? duration->of_session(r, s) : NAN,
        .prompt_tok = sum_tokens(r, s, true),
        .completion_tok = sum_tokens(r, s, false),
        .decode_rate = NAN,
        .queue_ms = NAN,
        .ttft_ms = median_of(r, s, "ttft"),
    };
}

static bool within(double together, double solo)
{
    return fabs(together - solo) <= SPEEDUP_MATCH * solo; /* false for NaN */
}

/* ---- the block ------------------------------------------------------------------------------------------- */

static double of_run(const struct run *r, const char *id)
{
    const struct metric *m = metric_find(id);
    return m && m->of_run ? m->of_run(r) : NAN;
}

static int64_t degenerate_in(const struct run *r)
{
    int64_t n = 0;
    for (size_t i = 0; i < r->n_requests; i++)
        n += (r->requests[i].flags & REQUEST_DEGENERATE) != 0;
    return n;
}

/* SERVER when every session of the block can give it, else CLIENT when every one can. */
static enum decode_source common_source(const struct speedup_block *b)
{
    enum decode_source worst = DECODE_SERVER;
    for (size_t i = 0; i < 2 * b->n_agents; i++) {
        const struct agent_side *side = i % 2 ? &b->agents[i / 2].together : &b->agents[i / 2].solo;
        enum decode_source s = decode_source_of(side->run, side->session);
        if (s == DECODE_UNKNOWN)
            return DECODE_UNKNOWN;
        worst = s > worst ? s : worst;
    }
    return worst;
}

static double rate_of(const struct agent_side *side, enum decode_source source)
{
    struct solo_profile p = {.source = source};
    double tok = 0, s = 0;
    solo_profile_add(&p, side->run, side->session);
    for (size_t i = 0; i < p.n_stages; i++) {
        tok += p.stages[i].tok;
        s += p.stages[i].decode_s;
    }
    return s > 0 ? tok / s : NAN;
}

static void set_rates(struct speedup_block *b)
{
    double cost_s = 0, solo_s = 0;
    b->source = common_source(b);
    for (size_t i = 0; i < b->n_agents; i++) {
        struct speedup_agent *a = &b->agents[i];
        struct solo_profile p = {.source = b->source};
        solo_s += a->solo.duration_s;
        if (b->source == DECODE_UNKNOWN) {
            cost_s = NAN;
            a->slowdown = NAN;
            continue;
        }
        solo_profile_add(&p, a->solo.run, a->solo.session);
        cost_s += solo_profile_cost_s(&p, a->together.run, a->together.session);
        a->solo.decode_rate = rate_of(&a->solo, b->source);
        a->together.decode_rate = rate_of(&a->together, b->source);
        a->slowdown = a->solo.decode_rate / a->together.decode_rate;
    }
    b->time = b->makespan_s > 0 ? solo_s / b->makespan_s : NAN;
    b->tokens = b->makespan_s > 0 ? cost_s / b->makespan_s : NAN;
}

static bool fill_queue(struct speedup_block *b, const char *id)
{
    bool all = true;
    for (size_t i = 0; i < b->n_agents; i++) {
        struct agent_side *solo = &b->agents[i].solo, *together = &b->agents[i].together;
        solo->queue_ms = median_of(solo->run, solo->session, id);
        together->queue_ms = median_of(together->run, together->session, id);
        all = all && isfinite(solo->queue_ms) && isfinite(together->queue_ms);
    }
    b->queue_metric = all ? id : NULL;
    return all;
}

static bool levels_fit(const struct pairing *p, const struct run *multi, const struct run *solo)
{
    const struct design_arm *a = design_find(p->design, multi->arm), *b = design_find(p->design, solo->arm);
    return !a || !b || design_serves(p->design, b, a);
}

/* The counted solo run of an agent in a block, with the same levels. Of several, the one on the same server; NULL and *why when it
 * cannot be told which one is meant. */
static struct place *solo_of(struct pairing *p, const struct run *multi, const struct session *s, const char **why)
{
    struct place *found[2] = {NULL, NULL};
    for (int same_server = 0; same_server < 2; same_server++) {
        found[0] = found[1] = NULL;
        for (size_t i = 0; i < p->n; i++) {
            struct place *at = &p->places[i];
            if (!at->solo || at->why || at->run->block != multi->block || !session_of(at->run, s->agent) ||
                !levels_fit(p, multi, at->run))
                continue;
            if (same_server && !same(at->run->sessions[0].server, s->server))
                continue;
            found[found[0] != NULL] = at;
        }
        if (found[0] && !found[1])
            return found[0];
        if (!found[0])
            break;
    }
    *why = arena_printf(p->arena,
                        found[0] ? "several solo runs of %s in block %d: which one is its own cannot be told"
                                 : "no counted solo run of %s in block %d",
                        s->agent, multi->block + 1);
    return NULL;
}

static bool pair_agents(struct pairing *p, struct place *multi, struct speedup_block *b)
{
    const struct run *r = multi->run;
    b->agents = arena_alloc(p->arena, r->n_sessions * sizeof *b->agents);
    b->n_agents = r->n_sessions;
    b->match = true;
    for (size_t i = 0; i < r->n_sessions; i++) {
        const struct session *s = &r->sessions[i];
        struct place *solo = solo_of(p, r, s, &multi->why);
        if (!solo)
            return false;
        struct speedup_agent *a = &b->agents[i];
        *a = (struct speedup_agent){.name = s->agent,
                                    .server = s->server,
                                    .solo = side_of(solo->run, &solo->run->sessions[0]),
                                    .together = side_of(r, s)};
        a->match = within(a->together.prompt_tok, a->solo.prompt_tok) &&
                   within(a->together.completion_tok, a->solo.completion_tok);
        b->match = b->match && a->match;
        b->strata_differ = b->strata_differ ||
                           !(r->stratum == solo->run->stratum || same(r->stratum, solo->run->stratum));
        b->degenerate += degenerate_in(solo->run);
    }
    for (size_t i = 0; i < r->n_sessions; i++)
        solo_of(p, r, &r->sessions[i], &multi->why)->used = true;
    return multi->used = true;
}

static void add_block(struct pairing *p, struct place *multi)
{
    struct speedup_block b = {.block = multi->run->block, .arm = multi->run->arm, .run = multi->run};
    if (!pair_agents(p, multi, &b))
        return;
    b.makespan_s = of_run(b.run, "makespan");
    b.overlap = of_run(b.run, "overlap");
    b.contention = of_run(b.run, "contention.tr110");
    b.output_rate = of_run(b.run, "output_rate.system");
    b.jain = of_run(b.run, "jain");
    b.degenerate += degenerate_in(b.run);
    set_rates(&b);
    if (!fill_queue(&b, "queue.server"))
        fill_queue(&b, "queue.client");
    p->out->blocks[p->out->n_blocks++] = b;
}

/* ---- all ------------------------------------------------------------------------------------------------- */

static void list_excluded(struct pairing *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct place *at = &p->places[i];
        if (!(at->multi || at->solo) || (!at->why && at->used))
            continue;
        p->out->excluded[p->out->n_excluded++] = (struct speedup_exclusion){
            at->run, at->why ? at->why : "no counted multi-agent run of its agent in this block"};
    }
}

static bool seen_before(const struct pairing *p, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (same(p->places[k].run->arm, p->places[i].run->arm))
            return true;
    return false;
}

static int by_block(const void *a, const void *b)
{
    int32_t x = ((const struct speedup_block *)a)->block, y = ((const struct speedup_block *)b)->block;
    return (x > y) - (x < y);
}

void speedup_of_runs(const struct run *runs, size_t n, const struct design *design, struct arena *a,
                     struct speedup *out)
{
    struct pairing p = {.n = n, .design = design, .arena = a, .out = out};
    *out = (struct speedup){0};
    p.places = arena_alloc(a, (n + 1) * sizeof *p.places);
    out->blocks = arena_alloc(a, (n + 1) * sizeof *out->blocks);
    out->excluded = arena_alloc(a, (n + 1) * sizeof *out->excluded);
    for (size_t i = 0; i < n; i++)
        p.places[i].run = &runs[i];
    sort_out(&p);
    for (size_t arm = 0; arm < n; arm++) {
        size_t first = out->n_blocks;
        if (!p.places[arm].multi || seen_before(&p, arm))
            continue;
        for (size_t i = arm; i < n; i++)
            if (same(runs[i].arm, runs[arm].arm) && !p.places[i].why)
                add_block(&p, &p.places[i]);
        if (out->n_blocks > first)
            qsort(out->blocks + first, out->n_blocks - first, sizeof *out->blocks, by_block);
    }
    list_excluded(&p);
}

enum speedup_headline speedup_headline(const struct speedup_block *blocks, size_t n)
{
    bool match = n > 0, tokens = n > 0;
    for (size_t i = 0; i < n; i++) {
        match = match && blocks[i].match && isfinite(blocks[i].time);
        tokens = tokens && isfinite(blocks[i].tokens);
    }
    return match ? SPEEDUP_BY_TIME : tokens ? SPEEDUP_BY_TOKENS : SPEEDUP_NONE;
}

const char *speedup_headline_rule(void)
{
    return "speedup.time when in every block each agent's prompt and output tokens are within 2 % of its solo run, else "
           "speedup.tokens";
}

const char *speedup_contention_rule(void)
{
    return "the original's flag: sum of the concurrent durations / makespan < 1.5 (TR110, in code)";
}
