/* seed_python.c: the Python agents. Those of TR109 and TR110 wrote sums and means over their two calls, no call of its own, so
 * their runs have sessions but no requests. Those of TR116 and TR117 make one call each. */
#include "exchange/seed_run.h"
#include "format/json.h"

#define MS 1e6
#define S 1e9

static const char *const sides[] = {"collector", "insight"};

/* ---- TR110 ---------------------------------------------------------------------------------------------------------- */

int seed_python_pair(yyjson_val *record, const char *origin, struct import_runs *out, struct err *e)
{
    static const char *const urls[] = {"collector_ollama_url", "insight_ollama_url"};
    static const char *const times[] = {"collector_execution_time", "insight_execution_time"};
    yyjson_val *summary = yyjson_obj_get(record, "summary");
    struct run *r = seed_run_new(out, origin, NULL, json_get_int(summary, "run_number", 0));
    int rc = 0;
    for (int i = 0; !rc && i < 2; i++) {
        int64_t duration = MONO_NONE;
        struct session *s = seed_session_new(out, r, sides[i], 0);
        s->server = field_text(out, summary, urls[i]);
        rc = field_ns(yyjson_obj_get(record, sides[i]), "execution_time", S, &duration, e);
        rc = rc ? rc : field_ns(record, times[i], S, &duration, e);
        if (!rc)
            seed_session_end(r, s, duration);
    }
    return rc ? rc : field_ns(summary, "concurrent_wall_time", S, &r->ended_ns, e);
}

/* ---- TR109 ---------------------------------------------------------------------------------------------------------- */

int seed_python_single(yyjson_val *record, const char *origin, struct import_runs *out, struct err *e)
{
    static const char *const names[][2] = {{"baseline", "baseline_results"}, {"chimera", "chimera_results"}};
    int rc = 0;
    for (int i = 0; !rc && i < 2; i++) {
        yyjson_val *side = field_either(record, names[i][1], names[i][0]);
        int64_t duration = MONO_NONE;
        struct run *r = seed_run_new(out, origin, names[i][0], json_get_int(record, "run_number", 0));
        struct session *s = seed_session_new(out, r, names[i][0], 0);
        rc = field_ns(side, "execution_time", S, &duration, e);
        if (!rc)
            seed_session_end(r, s, duration);
    }
    return rc;
}

/* ---- TR116, TR117 --------------------------------------------------------------------------------------------------- */

/* TR116 asked without a stream: its ttft_ms is the server's prompt time, its total_duration_ms the server's prompt and decode
 * time together. TR117 streamed: both are the client's, and the server's stand beside them, in ns. */
static int read_call(struct request *q, yyjson_val *m, struct err *e)
{
    int64_t ttft = -1, total = -1, wall = -1;
    int rc = field_ns(m, "ttft_ms", MS, &ttft, e);
    rc = rc ? rc : field_ns(m, "total_duration_ms", MS, &total, e);
    rc = rc ? rc : field_ns(m, "wall_clock_ms", MS, &wall, e);
    rc = rc ? rc : field_count(m, "tokens_generated", &q->usage.completion_tok, e);
    rc = rc ? rc : field_count(m, "eval_count", &q->usage.completion_tok, e);
    rc = rc ? rc : field_ns(m, "prompt_eval_duration", 1, &q->usage.prompt_eval_ns, e);
    rc = rc ? rc : field_ns(m, "eval_duration", 1, &q->usage.eval_ns, e);
    q->stamp[STAMP_PLANNED] = q->stamp[STAMP_SENT] = 0;
    if (wall >= 0) {
        q->stamp[STAMP_DONE] = wall;
        q->usage.prompt_eval_ns = ttft;
        q->usage.eval_ns = ttft >= 0 && total >= ttft ? total - ttft : -1;
    } else {
        q->stamp[STAMP_DONE] = total >= 0 ? total : MONO_NONE;
        q->stamp[STAMP_FIRST_TOKEN] = ttft >= 0 ? ttft : MONO_NONE;
    }
    return rc;
}

int seed_python_call_pair(yyjson_val *record, const char *origin, struct import_runs *out, struct err *e)
{
    struct run *r = seed_run_new(out, origin, NULL, json_get_int(record, "run_number", 0));
    int rc = 0;
    for (int i = 0; !rc && i < 2; i++) {
        yyjson_val *side = yyjson_obj_get(record, sides[i]);
        struct session *s = seed_session_new(out, r, field_text(out, side, "id"), 1);
        struct request *q = seed_request(r, s, 0);
        s->server = q->server = field_text(out, side, "base_url");
        rc = field_count(yyjson_obj_get(side, "options"), "num_ctx", &q->num_ctx, e);
        rc = rc ? rc : read_call(q, yyjson_obj_get(side, "metrics"), e);
        seed_answer(q, side);
        if (!rc)
            seed_session_end(r, s, q->stamp[STAMP_DONE]);
    }
    return rc ? rc : field_ns(record, "concurrent_wall_time_ms", MS, &r->ended_ns, e);
}
