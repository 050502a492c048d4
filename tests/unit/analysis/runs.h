/* Hand-built runs: seconds in, one line per session and per request. Each test program owns its pool. */
#ifndef TESTS_ANALYSIS_RUNS_H
#define TESTS_ANALYSIS_RUNS_H

#include <string.h>

#include "base/arena.h"
#include "record/run.h"
#include "record/verdict.h"

static mono_ns at_s(double s)
{
    return 1000 * NS_PER_S + (mono_ns)(s * 1e9 + 0.5);
}

/* An empty complete run with room for n agents of four requests each. */
static struct run make_run(struct arena *a, const char *arm, int32_t block, size_t n)
{
    struct run r = {.arm = arm, .block = block, .state = RUN_COMPLETE, .stratum = "s", .verdict = VERDICT_VALID};
    r.verdict_why = "";
    r.started_ns = at_s(0);
    r.sessions = arena_alloc(a, (n + 1) * sizeof *r.sessions);
    r.requests = arena_alloc(a, (4 * n + 1) * sizeof *r.requests);
    return r;
}

static struct session *add_session(struct run *r, const char *agent, double duration_s)
{
    struct session *s = &r->sessions[r->n_sessions];
    *s = (struct session){.number = (int32_t)r->n_sessions, .agent = agent, .server = agent, .ok = true};
    s->released_ns = s->started_ns = at_s(0);
    s->ended_ns = at_s(duration_s);
    r->n_sessions++;
    return s;
}

/* A completed request of the last session. Decode begins at first_s; the server tells eval_s, 0.1 s of load,
 * 0.2 s of prompt evaluation, and 0.05 s more in total: its queue. */
static struct request *add_request(struct run *r, const char *stage, double first_s, int64_t prompt_tok, int64_t tok,
                                   double eval_s)
{
    struct request *q = &r->requests[r->n_requests];
    request_init(q);
    q->seq = (int64_t)r->n_requests++;
    q->session = (int32_t)r->n_sessions - 1;
    q->agent = r->sessions[r->n_sessions - 1].agent;
    q->stage = stage;
    q->outcome = OUTCOME_OK;
    q->stamp[STAMP_PLANNED] = q->stamp[STAMP_SENT] = at_s(first_s - 0.5);
    q->stamp[STAMP_FIRST_TOKEN] = at_s(first_s);
    q->stamp[STAMP_LAST_TOKEN] = q->stamp[STAMP_DONE] = at_s(first_s + eval_s);
    q->usage.prompt_tok = prompt_tok;
    q->usage.completion_tok = tok;
    q->usage.eval_ns = (int64_t)(eval_s * 1e9 + 0.5);
    q->usage.load_ns = 100 * NS_PER_MS;
    q->usage.prompt_eval_ns = 200 * NS_PER_MS;
    q->usage.total_ns = q->usage.eval_ns + 350 * NS_PER_MS;
    return q;
}

#endif
