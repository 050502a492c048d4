/* seed_rust.c: the Rust agents (TR111, TR113 to TR117): calls with the server's timers and the client's time to first token,
 * stages with their durations. */
#include <stdio.h>
#include <string.h>

#include "exchange/seed_run.h"
#include "format/json.h"

#define MS 1e6
#define S 1e9

/* What the shapes differ in. In the repository's, an agent's answers and settings lie in objects of their own. */
struct agent {
    yyjson_val *config, *result, *calls, *workflow;
    const char *name, *server, *model;
    int64_t num_ctx;
    mono_ns start, duration; /* in the run; MONO_NONE: not told */
};

/* A call's object, and the timers in it. Records of one call only hold the timers. */
static yyjson_val *timers_of(yyjson_val *call)
{
    yyjson_val *m = field_either(call, "m", "metrics");
    return m ? m : call;
}

static int read_timers(struct request *q, yyjson_val *m, struct err *e)
{
    int64_t ttft = -1, total = -1;
    int rc = field_ns(m, "ttft_ms", MS, &ttft, e);
    rc = rc ? rc : field_ns(m, "total_duration_ms", MS, &total, e); /* the client's clock, in spite of its name */
    rc = rc ? rc : field_ns(m, "load_duration_ms", MS, &q->usage.load_ns, e);
    rc = rc ? rc : field_ns(m, "prompt_eval_duration_ms", MS, &q->usage.prompt_eval_ns, e);
    rc = rc ? rc : field_ns(m, "eval_duration_ms", MS, &q->usage.eval_ns, e);
    rc = rc ? rc : field_count(m, "tokens_generated", &q->usage.completion_tok, e);
    mono_ns sent = q->stamp[STAMP_SENT];
    if (!rc && sent != MONO_NONE && ttft >= 0)
        q->stamp[STAMP_FIRST_TOKEN] = sent + ttft;
    if (!rc && sent != MONO_NONE && total >= 0)
        q->stamp[STAMP_DONE] = sent + total;
    return rc;
}

/* The calls of a session, one after the other from `at` on; a stage ends when the workflow says so, which is a little after
 * its call did. */
static int read_calls(struct import_runs *out, struct run *r, struct session *s, const struct agent *a,
                      yyjson_val *const *calls, size_t n, struct err *e)
{
    int64_t ingest = 0;
    int rc = field_ns(a->workflow, "ingest_seconds", S, &ingest, e);
    mono_ns at = s->started_ns + ingest;
    for (size_t i = 0; !rc && i < n; i++) {
        struct request *q = seed_request(r, s, i);
        char key[64];
        int64_t stage = -1;
        if (!yyjson_is_obj(calls[i]))
            return err_set(e, ERR_INPUT, "a call that is no object");
        q->stage = field_text(out, calls[i], "stage");
        q->server = a->server;
        q->model = a->model;
        q->num_ctx = a->num_ctx;
        q->stamp[STAMP_PLANNED] = q->stamp[STAMP_SENT] = at;
        rc = read_timers(q, timers_of(calls[i]), e);
        seed_answer(q, calls[i]);
        if (q->outcome == OUTCOME_EMPTY)
            q->stamp[STAMP_FIRST_TOKEN] = MONO_NONE;
        snprintf(key, sizeof key, "%.40s_seconds", q->stage ? q->stage : "");
        rc = rc ? rc : field_ns(a->workflow, key, S, &stage, e);
        at = stage >= 0 ? at + stage : q->stamp[STAMP_DONE] == MONO_NONE ? at : q->stamp[STAMP_DONE];
    }
    if (!rc)
        seed_session_end(r, s, a->duration == MONO_NONE ? at : s->started_ns + a->duration);
    return rc;
}

/* ---- pairs ---------------------------------------------------------------------------------------------------------- */

static int read_agent(struct import_runs *out, yyjson_val *side, struct agent *a, struct err *e)
{
    *a = (struct agent){.num_ctx = -1, .duration = MONO_NONE};
    a->config = field_either(side, "config", "");
    a->config = a->config ? a->config : side;
    a->result = field_either(side, "result", "");
    a->result = a->result ? a->result : side;
    a->calls = field_either(a->result, "calls", "llm_calls");
    if (yyjson_arr_size(a->calls) == 0)
        a->calls = yyjson_obj_get(a->result, "individual_runs");
    a->workflow = yyjson_obj_get(a->result, "workflow");
    a->name = field_text(out, a->config, "id");
    a->server = field_text(out, a->config, "base_url");
    a->model = field_text(out, a->config, "model");
    int rc = field_count(yyjson_obj_get(a->config, "options"), "num_ctx", &a->num_ctx, e);
    return rc ? rc : field_ns(side, "execution_time_s", S, &a->duration, e);
}

/* Each agent's record was made when it ended, so both starts are known from the machine's clock; one that could only start
 * when the other had finished shows as that. Without such times: together. */
static void place_agents(struct agent a[2], struct run *r)
{
    int64_t start[2];
    for (int i = 0; i < 2; i++) {
        yyjson_val *t = yyjson_obj_get(a[i].result, "timestamp");
        if (!field_wall_ns(yyjson_get_str(t), &start[i]) || a[i].duration == MONO_NONE)
            return;
        start[i] -= a[i].duration;
    }
    int64_t first = start[0] < start[1] ? start[0] : start[1];
    r->wall_ns = first;
    for (int i = 0; i < 2; i++)
        a[i].start = start[i] - first;
}

enum { CALLS_MAX = 64 };

static int add_agent(struct import_runs *out, struct run *r, const struct agent *a, struct err *e)
{
    yyjson_val *calls[CALLS_MAX], *call;
    size_t i, max, n = 0;
    yyjson_arr_foreach (a->calls, i, max, call) {
        if (n == CALLS_MAX)
            return err_set(e, ERR_LIMIT, "more than %d calls of one agent", CALLS_MAX);
        calls[n++] = call;
    }
    struct session *s = seed_session_new(out, r, a->name, n);
    s->server = a->server;
    s->released_ns = s->started_ns = a->start;
    return read_calls(out, r, s, a, calls, n, e);
}

int seed_rust_pair(yyjson_val *record, const char *origin, struct import_runs *out, struct err *e)
{
    struct agent a[2];
    struct run *r = seed_run_new(out, origin, NULL, json_get_int(record, "run_number", 0));
    int rc = read_agent(out, yyjson_obj_get(record, "collector"), &a[0], e);
    rc = rc ? rc : read_agent(out, yyjson_obj_get(record, "insight"), &a[1], e);
    if (rc)
        return rc;
    place_agents(a, r);
    for (int i = 0; !rc && i < 2; i++)
        rc = add_agent(out, r, &a[i], e);
    return rc ? rc : field_ns(yyjson_obj_get(record, "summary"), "concurrent_wall_time_s", S, &r->ended_ns, e);
}

/* ---- one agent, two configurations ---------------------------------------------------------------------------------- */

/* One repetition of one side: calls of it, and its stages where it had any. */
static int add_repetition(struct import_runs *out, const char *origin, const char *side_name, const struct agent *side,
                          int64_t number, yyjson_val *const *calls, size_t n, struct err *e)
{
    struct agent a = *side;
    struct run *r = seed_run_new(out, origin, side_name, 1);
    r->block += (int32_t)(number - 1);
    int rc = field_ns(a.workflow, "total_seconds", S, &a.duration, e);
    if (rc)
        return rc;
    struct session *s = seed_session_new(out, r, side_name, n);
    return read_calls(out, r, s, &a, calls, n, e);
}

static yyjson_val *workflow_of(yyjson_val *side, int64_t number)
{
    size_t i, max;
    yyjson_val *w;
    yyjson_arr_foreach (yyjson_obj_get(side, "workflow_runs"), i, max, w) {
        if (json_get_int(w, "run_number", -1) == number)
            return yyjson_obj_get(w, "workflow");
    }
    return NULL;
}

/* TR111 v2: three repetitions of two calls each, one after the other. Of v1 there is one call a repetition. */
static int add_side(struct import_runs *out, yyjson_val *record, const char *origin, const char *name, struct err *e)
{
    yyjson_val *side = yyjson_obj_get(record, name), *call;
    struct agent a = {.num_ctx = -1, .duration = MONO_NONE, .model = field_text(out, side, "model")};
    yyjson_val *calls = field_either(side, "calls", "llm_calls"), *single = yyjson_obj_get(side, "individual_runs");
    yyjson_val *of_run[CALLS_MAX];
    size_t i, max, n = yyjson_arr_size(calls);
    int rc = field_count(yyjson_obj_get(side, "configuration"), "num_ctx", &a.num_ctx, e);
    if (n > CALLS_MAX || yyjson_arr_size(single) > CALLS_MAX)
        return err_set(e, ERR_LIMIT, "more than %d calls of one agent", CALLS_MAX);
    if (!n) {
        yyjson_arr_foreach (single, i, max, call) {
            rc = rc ? rc : add_repetition(out, origin, name, &a, (int64_t)i + 1, &call, 1, e);
        }
        return rc;
    }
    for (int64_t number = 1; !rc && number <= (int64_t)n; number++) {
        size_t found = 0;
        yyjson_arr_foreach (calls, i, max, call) {
            if (json_get_int(call, "run_number", 1) == number)
                of_run[found++] = call;
        }
        a.workflow = workflow_of(side, number);
        if (found)
            rc = add_repetition(out, origin, name, &a, number, of_run, found, e);
    }
    return rc;
}

int seed_rust_single(yyjson_val *record, const char *origin, struct import_runs *out, struct err *e)
{
    int rc = add_side(out, record, origin, "baseline", e);
    return rc ? rc : add_side(out, record, origin, "chimera", e);
}
