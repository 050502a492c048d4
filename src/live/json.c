/* json.c: the live view for programs. See view.h. */
#include <math.h>

#include "format/json.h"
#include "live/view.h"
#include "record/verdict.h"

static void add_count(struct json_writer *w, const char *key, int64_t v)
{
    json_key(w, key);
    if (v < 0)
        json_null(w);
    else
        json_int(w, v);
}

static void add_double(struct json_writer *w, const char *key, double v)
{
    json_key(w, key);
    json_double(w, v);
}

static void add_seconds(struct json_writer *w, const char *key, int64_t ns)
{
    add_double(w, key, ns < 0 ? (double)NAN : (double)ns / 1e9);
}

static void add_quantiles(struct json_writer *w, const char *metric, const char *unit, double ns_per_unit,
                          const struct live_quantiles *q)
{
    json_key(w, metric);
    json_object(w);
    json_kint(w, "n", q->n);
    add_double(w, "p50", q->p50_ns / ns_per_unit);
    add_double(w, "p90", q->p90_ns / ns_per_unit);
    add_double(w, "p99", q->p99_ns / ns_per_unit);
    json_kz(w, "unit", unit);
    json_object_end(w);
}

static void add_plan(struct json_writer *w, const struct live_view *v)
{
    json_key(w, "runs");
    json_object(w);
    json_kint(w, "aborted", (int64_t)v->aborted);
    json_kint(w, "complete", (int64_t)v->complete);
    json_kint(w, "planned", (int64_t)v->planned);
    for (int verdict = VERDICT_VALID; verdict <= VERDICT_VOID; verdict++)
        json_kint(w, verdict_word((enum verdict)verdict), (int64_t)v->verdicts[verdict]);
    json_object_end(w);
    json_key(w, "left");
    json_object(w);
    json_kz(w, "basis", v->eta.basis);
    add_seconds(w, "seconds", v->eta.left_ns);
    json_object_end(w);
}

static void add_requests(struct json_writer *w, const struct live_view *v)
{
    json_key(w, "requests");
    json_object(w);
    add_count(w, "asked", v->asked_requests ? v->asked_requests : -1);
    json_kint(w, "ended", v->ended);
    add_count(w, "in_flight", v->in_flight);
    json_key(w, "outcomes");
    json_object(w);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (v->by_outcome[i])
            json_kint(w, outcome_word((enum outcome)i), v->by_outcome[i]);
    json_object_end(w);
    add_double(w, "per_second", v->rate);
    json_kint(w, "warmup", v->warmup);
    json_object_end(w);
}

static void add_run(struct json_writer *w, const struct live_view *v)
{
    json_key(w, "run");
    if (!v->arm) {
        json_null(w);
        return;
    }
    json_object(w);
    json_kz(w, "arm", v->arm);
    json_kint(w, "attempt", v->attempt);
    json_kint(w, "block", v->block);
    json_kint(w, "blocks", v->blocks);
    add_count(w, "chunks", v->chunks);
    add_seconds(w, "elapsed_s", v->elapsed_ns);
    add_double(w, "loop_busy", v->loop_busy);
    json_kint(w, "position", v->position);
    json_kz(w, "quantiles", "so far, in buckets: at most 0.8 % off");
    add_requests(w, v);
    add_quantiles(w, "send_lag", "us", 1e3, &v->send_lag);
    add_quantiles(w, "tpot", "ms", 1e6, &v->tpot);
    add_quantiles(w, "ttft", "ms", 1e6, &v->ttft);
    json_object_end(w);
}

void live_json(const struct live_view *v, struct str *out)
{
    struct json_writer w;
    json_init(&w, out);
    json_object(&w);
    json_kz(&w, "schema", "chimera.watch/1");
    json_kz(&w, "study", v->study);
    json_kz(&w, "state", live_state_word(v->state));
    add_plan(&w, v);
    add_run(&w, v);
    add_seconds(&w, "silent_s", v->silent_ns);
    json_object_end(&w);
    str_addc(out, '\n');
}
