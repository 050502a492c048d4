/* json_arms.c: arms with their runs and metrics, blocks with their agents. */
#include <math.h>
#include <string.h>

#include "record/verdict.h"
#include "report/json_view.h"
#include "report/number.h"

/* ---- numbers --------------------------------------------------------------------------------------------- */

static void interval(struct json_writer *w, const struct view_number *n)
{
    json_key(w, "ci");
    if (n->method && isfinite(n->interval.lo) && isfinite(n->interval.hi)) {
        json_array(w);
        json_double(w, n->interval.lo);
        json_double(w, n->interval.hi);
        json_array_end(w);
    } else {
        json_null(w);
    }
    json_kdouble(w, "ci_of", n->interval.estimate);
    json_kdouble(w, "confidence", VIEW_CONFIDENCE);
    json_kz(w, "method", n->method);
}

void json_number(struct json_writer *w, const char *key, const struct view_number *n, const char *verdict)
{
    json_key(w, key);
    json_object(w);
    json_kz(w, "id", n->metric->id);
    if (n->agent)
        json_kz(w, "agent", n->agent);
    json_kdouble(w, "value", n->median);
    json_kz(w, "estimator", n->metric->level == METRIC_BLOCK ? "median over blocks" : "median over runs");
    json_kz(w, "unit", n->metric->unit);
    json_kz(w, "better", *metric_better_word(n->metric->better) ? metric_better_word(n->metric->better) : NULL);
    interval(w, n);
    json_kint(w, "n_runs", (int64_t)n->n);
    if (n->n_below >= 0)
        json_kint(w, n->metric->level == METRIC_SESSION ? "n_sessions" : "n_requests", n->n_below);
    json_kz(w, "label", n->label);
    json_kz(w, "verdict", verdict);
    json_key(w, "values");
    json_array(w);
    for (size_t i = 0; i < n->n_values; i++)
        json_double(w, n->values[i]);
    json_array_end(w);
    json_object_end(w);
}

/* The headline goes by the name "speedup" and says in its id which of the two it is; with none, its value is
 * null. */
static void headline(struct json_writer *w, const struct view_duet *d)
{
    struct view_number none = d->time;
    if (d->headline == SPEEDUP_NONE) {
        none.median = NAN;
        none.method = NULL;
        none.interval.estimate = NAN;
        none.label = "no headline: equal work is not shown";
    }
    json_number(w, "speedup",
                d->headline == SPEEDUP_NONE      ? &none
                : d->headline == SPEEDUP_BY_TIME ? &d->time
                                                 : &d->tokens,
                d->verdict);
}

static void duet_metrics(struct json_writer *w, const struct view_duet *d)
{
    headline(w, d);
    json_number(w, "speedup.time", &d->time, d->headline == SPEEDUP_BY_TIME ? d->verdict : NULL);
    json_number(w, "speedup.tokens", &d->tokens, d->headline == SPEEDUP_BY_TOKENS ? d->verdict : NULL);
    for (size_t i = 0; i < d->n_agents; i++) {
        struct str key = STR_INIT;
        str_addf(&key, "slowdown.%s", d->slowdown[i].agent);
        json_number(w, str_z(&key), &d->slowdown[i], NULL);
        str_release(&key);
    }
}

static void metrics(struct json_writer *w, const struct report_view *v, const struct view_arm *arm)
{
    json_key(w, "metrics");
    json_object(w);
    for (size_t i = 0; i < v->n_duets; i++)
        if (!strcmp(v->duets[i].arm, arm->name))
            duet_metrics(w, &v->duets[i]);
    for (size_t i = 0; i < arm->n_numbers; i++)
        json_number(w, arm->numbers[i].metric->id, &arm->numbers[i], view_worst_verdict(arm));
    json_object_end(w);
}

/* ---- runs ------------------------------------------------------------------------------------------------ */

void json_counts(struct json_writer *w, const struct view_counts *c)
{
    json_object(w);
    json_kint(w, "planned", c->planned);
    json_kint(w, "completed", c->completed);
    json_kint(w, "failed", c->failed);
    json_kint(w, "cancelled", c->cancelled);
    json_kint(w, "unsent", c->unsent);
    json_key(w, "by_outcome");
    json_object(w);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (c->by_outcome[i])
            json_kint(w, outcome_word((enum outcome)i), c->by_outcome[i]);
    json_object_end(w);
    json_key(w, "flags");
    json_object(w);
    for (int i = 0; i < VIEW_FLAGS && request_flag_row(i).word; i++)
        if (c->by_flag[i])
            json_kint(w, request_flag_row(i).word, c->by_flag[i]);
    json_object_end(w);
    json_object_end(w);
}

static void sessions(struct json_writer *w, const struct run *r)
{
    json_kint(w, "n_sessions", (int64_t)r->n_sessions);
    json_key(w, "sessions");
    json_array(w);
    for (size_t i = 0; i < r->n_sessions && run_is_agent(r); i++) {
        const struct session *s = &r->sessions[i];
        json_object(w);
        json_kz(w, "agent", s->agent);
        json_kz(w, "server", s->server);
        json_kbool(w, "ok", s->ok);
        if (s->error)
            json_kz(w, "error", s->error);
        json_kdouble(w, "duration_s", metric_find("session.duration")->of_session(r, s));
        json_object_end(w);
    }
    json_array_end(w);
}

static void run(struct json_writer *w, const struct view_arm *arm, const struct run *r, size_t index, bool complete)
{
    struct run_counts c = run_count(r);
    char wall[32];
    clock_wall_text(r->wall_ns, wall);
    json_object(w);
    json_kint(w, "run", r->id);
    json_kint(w, "block", r->block);
    json_kint(w, "position", r->position);
    json_kint(w, "attempt", r->attempt);
    json_kz(w, "state", run_state_word(r->state));
    json_kz(w, "verdict", complete ? verdict_word((enum verdict)r->verdict) : NULL);
    json_kz(w, "why", r->verdict_why);
    json_kbool(w, "counted", run_is_counted(r));
    json_kz(w, "started", r->wall_ns == MONO_NONE ? NULL : wall);
    json_kz(w, "stratum", r->stratum);
    json_kint(w, "requests_planned", c.planned);
    json_kint(w, "requests_ok", c.completed);
    sessions(w, r);
    json_key(w, "metrics");
    json_object(w);
    for (size_t i = 0; complete && i < arm->n_numbers; i++)
        if (isfinite(arm->numbers[i].values[index]))
            json_kdouble(w, arm->numbers[i].metric->id, arm->numbers[i].values[index]);
    json_object_end(w);
    json_object_end(w);
}

void json_arms(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "arms");
    json_array(w);
    for (size_t i = 0; i < v->n_arms; i++) {
        const struct view_arm *arm = &v->arms[i];
        json_object(w);
        json_kz(w, "arm", arm->name);
        json_key(w, "agents");
        json_array(w);
        for (size_t k = 0; k < arm->n_agents; k++)
            json_z(w, arm->agents[k]);
        json_array_end(w);
        json_kint(w, "runs_planned", (int64_t)arm->planned);
        json_kint(w, "runs_counted", (int64_t)arm->n_counted);
        json_key(w, "runs");
        json_array(w);
        for (size_t k = 0; k < arm->n_runs; k++)
            run(w, arm, arm->runs[k], k, true);
        json_array_end(w);
        json_key(w, "aborted");
        json_array(w);
        for (size_t k = 0; k < arm->n_others; k++)
            run(w, arm, arm->others[k], k, false);
        json_array_end(w);
        metrics(w, v, arm);
        if (arm->load)
            json_load(w, v, arm);
        json_key(w, "outcomes");
        json_counts(w, &arm->counts);
        json_object_end(w);
    }
    json_array_end(w);
}

/* ---- blocks ---------------------------------------------------------------------------------------------- */

static void side(struct json_writer *w, const char *key, const struct agent_side *s)
{
    json_key(w, key);
    json_object(w);
    json_kint(w, "run", s->run->id);
    json_kdouble(w, "duration_s", s->duration_s);
    json_kdouble(w, "prompt_tok", s->prompt_tok);
    json_kdouble(w, "completion_tok", s->completion_tok);
    json_kdouble(w, "decode_rate", s->decode_rate);
    json_kdouble(w, "queue_ms", s->queue_ms);
    json_kdouble(w, "ttft_ms", s->ttft_ms);
    json_object_end(w);
}

static void block(struct json_writer *w, const struct speedup_block *b)
{
    static const char *const sources[] = {NULL, "server", "client"};
    json_object(w);
    json_kint(w, "block", b->block);
    json_kz(w, "arm", b->arm);
    json_kint(w, "run", b->run->id);
    json_kdouble(w, "makespan_s", b->makespan_s);
    json_kdouble(w, "speedup.time", b->time);
    json_kdouble(w, "speedup.tokens", b->tokens);
    json_kbool(w, "tokens_match", b->match);
    json_kdouble(w, "overlap", b->overlap);
    if (isnan(b->contention))
        json_knull(w, "contention.tr110");
    else
        json_kbool(w, "contention.tr110", b->contention > 0);
    json_kdouble(w, "output_rate.system", b->output_rate);
    json_kdouble(w, "jain", b->jain);
    json_kz(w, "decode_times", sources[b->source]);
    json_kz(w, "queue_metric", b->queue_metric);
    json_kint(w, "degenerate_answers", b->degenerate);
    json_kbool(w, "strata_differ", b->strata_differ);
    json_key(w, "agents");
    json_array(w);
    for (size_t i = 0; i < b->n_agents; i++) {
        const struct speedup_agent *a = &b->agents[i];
        json_object(w);
        json_kz(w, "agent", a->name);
        json_kz(w, "server", a->server);
        json_kbool(w, "tokens_match", a->match);
        json_kdouble(w, "slowdown", a->slowdown);
        side(w, "alone", &a->solo);
        side(w, "together", &a->together);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
}

void json_blocks(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "blocks");
    json_array(w);
    for (size_t i = 0; i < v->speedup.n_blocks; i++)
        block(w, &v->speedup.blocks[i]);
    json_array_end(w);
}

void json_excluded(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "excluded");
    json_array(w);
    for (size_t i = 0; i < v->speedup.n_excluded; i++) {
        const struct speedup_exclusion *x = &v->speedup.excluded[i];
        json_object(w);
        json_kint(w, "run", x->run->id);
        json_kint(w, "block", x->run->block);
        json_kz(w, "arm", x->run->arm);
        json_kint(w, "attempt", x->run->attempt);
        json_kz(w, "why", x->why);
        json_object_end(w);
    }
    json_array_end(w);
}

void json_definitions(struct json_writer *w)
{
    const struct metric *m;
    json_key(w, "definitions");
    json_object(w);
    for (size_t i = 0; (m = metric_at(i)); i++) {
        json_key(w, m->id);
        json_object(w);
        json_kz(w, "unit", m->unit);
        json_kz(w, "level", metric_level_word(m->level));
        json_kz(w, "better", *metric_better_word(m->better) ? metric_better_word(m->better) : NULL);
        json_kz(w, "definition", m->definition);
        json_kz(w, "source", *m->source ? m->source : NULL);
        json_object_end(w);
    }
    json_object_end(w);
}
