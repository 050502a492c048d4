/* import_aiperf.c: AIPerf's profile_export.jsonl (a request a line) and its summary profile_export_aiperf.json
 * (peer_import.h). Where both lie in one folder they are one run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/peer_run.h"
#include "format/json.h"
#include "record/peer.h"

/* ---- a request a line ----------------------------------------------------------------------------------------------- */

static bool is_record(yyjson_val *o)
{
    return yyjson_obj_get(field_object(o, "metadata"), "request_start_ns") && field_object(o, "metrics");
}

/* ns in one of its units; NaN: not of time. */
static double unit_ns(const char *unit)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"ms", 1e6}, {"sec", 1e9}, {"s", 1e9}, {"us", 1e3}, {"ns", 1}};
    for (size_t i = 0; unit && i < sizeof units / sizeof units[0]; i++)
        if (!strcmp(unit, units[i].unit))
            return units[i].ns;
    return NAN;
}

static int metric_ns(yyjson_val *metrics, const char *tag, int64_t *ns, struct err *e)
{
    yyjson_val *m = yyjson_obj_get(metrics, tag);
    return value_ns(yyjson_obj_get(m, "value"), tag, unit_ns(yyjson_get_str(yyjson_obj_get(m, "unit"))), ns, e);
}

static int metric_count(yyjson_val *metrics, const char *tag, int64_t *n, struct err *e)
{
    return value_count(yyjson_obj_get(yyjson_obj_get(metrics, tag), "value"), tag, n, e);
}

/* ns since 1970; no time of ours before the year 2000. */
static int epoch_ns(yyjson_val *meta, const char *key, mono_ns *ns, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(meta, key);
    if (!v || yyjson_is_null(v))
        return 0;
    if (!yyjson_is_int(v) || yyjson_get_uint(v) < 946684800000000000u || yyjson_get_uint(v) > 4102444800000000000u)
        return err_set(e, ERR_INPUT, "%s is no time in ns since 1970", key);
    *ns = (mono_ns)yyjson_get_uint(v);
    return 0;
}

static int read_stamps(struct request *q, yyjson_val *meta, yyjson_val *metrics, struct err *e)
{
    static const struct {
        const char *key;
        enum stamp stamp;
    } times[] = {{"credit_issued_ns", STAMP_PLANNED},
                 {"request_start_ns", STAMP_SENT},
                 {"request_ack_ns", STAMP_FIRST_BYTE},
                 {"request_end_ns", STAMP_DONE}};
    static const struct {
        const char *tag;
        enum stamp stamp;
    } latencies[] = {{"time_to_first_token", STAMP_FIRST_TOKEN},
                     {"time_to_first_output_token", STAMP_FIRST_ANSWER},
                     {"request_latency", STAMP_LAST_TOKEN}};
    int rc = 0;
    for (size_t i = 0; !rc && i < sizeof times / sizeof times[0]; i++)
        rc = epoch_ns(meta, times[i].key, &q->stamp[times[i].stamp], e);
    for (size_t i = 0; !rc && i < sizeof latencies / sizeof latencies[0]; i++) {
        int64_t ns = -1;
        rc = metric_ns(metrics, latencies[i].tag, &ns, e);
        if (ns >= 0 && q->stamp[STAMP_SENT] != MONO_NONE)
            q->stamp[latencies[i].stamp] = q->stamp[STAMP_SENT] + ns;
    }
    return rc;
}

/* The chunks with text, which are all that it tells. */
static int read_chunks(struct request *q, yyjson_val *metrics, struct err *e)
{
    yyjson_val *m = yyjson_obj_get(metrics, "inter_chunk_latency"), *v;
    double unit = unit_ns(yyjson_get_str(yyjson_obj_get(m, "unit")));
    mono_ns t = q->stamp[STAMP_FIRST_TOKEN], answer = q->stamp[STAMP_FIRST_ANSWER];
    size_t i, max;
    int rc = 0;
    if (t == MONO_NONE)
        return 0;
    peer_chunk(q, t, t < answer ? CHUNK_REASONING : CHUNK_TEXT);
    yyjson_arr_foreach (yyjson_obj_get(m, "value"), i, max, v) {
        int64_t gap = 0;
        rc = value_ns(v, "an inter_chunk_latency", unit, &gap, e);
        if (rc || (rc = peer_later(&t, gap, e)))
            break;
        peer_chunk(q, t, t < answer ? CHUNK_REASONING : CHUNK_TEXT);
    }
    return rc;
}

/* The server's counts where it told them, else those of AIPerf's tokenizer. */
static int read_counts(struct request *q, yyjson_val *metrics, struct err *e)
{
    int rc = metric_count(metrics, "input_sequence_length", &q->usage.prompt_tok, e);
    rc = rc ? rc : metric_count(metrics, "usage_prompt_tokens", &q->usage.prompt_tok, e);
    rc = rc ? rc : metric_count(metrics, "output_sequence_length", &q->usage.completion_tok, e);
    rc = rc ? rc : metric_count(metrics, "usage_completion_tokens", &q->usage.completion_tok, e);
    return rc ? rc : metric_count(metrics, "usage_prompt_cache_read_tokens", &q->usage.cached_tok, e);
}

static void read_end(struct request *q, yyjson_val *record, yyjson_val *meta)
{
    yyjson_val *error = field_object(record, "error");
    if (span_eq_z(json_get_text(meta, "benchmark_phase"), "warmup"))
        q->flags |= REQUEST_WARMUP;
    if (error) {
        int64_t code = json_get_int(error, "code", 0);
        q->outcome = peer_outcome(yyjson_get_str(yyjson_obj_get(error, "type")));
        q->http_status = code > 0 && code < 1000 ? (int)code : 0;
        if (q->outcome == OUTCOME_UNTOLD && q->http_status >= 300)
            q->outcome = OUTCOME_HTTP_ERROR;
        peer_copy(&q->error, yyjson_obj_get(error, "message"));
    }
    if (json_get_bool(meta, "was_cancelled", false))
        q->outcome = OUTCOME_CANCELLED;
}

static int read_record(yyjson_val *record, const char *origin, struct import_runs *out, struct err *e)
{
    yyjson_val *meta = field_object(record, "metadata"), *metrics = field_object(record, "metrics");
    int64_t turn = 0;
    struct request q;
    request_init(&q);
    int rc = read_stamps(&q, meta, metrics, e);
    rc = rc ? rc : read_chunks(&q, metrics, e);
    rc = rc ? rc : read_counts(&q, metrics, e);
    rc = rc ? rc : field_count(meta, "turn_index", &turn, e);
    read_end(&q, record, meta);
    if (rc) {
        request_release(&q);
        return rc;
    }
    q.turn = turn < INT32_MAX ? (int32_t)turn : 0;
    q.backend = "openai";
    struct run *r = out->n ? &out->at[0] : peer_run_new(out, peer_arm_of_path(out, origin, "profile_export"));
    peer_run_add(out, r, &q);
    return 0;
}

static void finish(struct import_runs *out)
{
    peer_run_end_epoch(&out->at[0]);
}

/* ---- the summary ---------------------------------------------------------------------------------------------------- */

static bool is_summary(yyjson_val *o)
{
    yyjson_val *m = field_object(o, "request_throughput");
    return m && yyjson_obj_get(m, "unit") && yyjson_obj_get(m, "avg");
}

static void tell(yyjson_val *summary, struct import_runs *out)
{
    const struct peer *row;
    for (size_t i = 0; (row = peer_at(i)); i++) {
        yyjson_val *m = strcmp(row->tool->id, "aiperf") ? NULL : yyjson_obj_get(summary, row->name);
        double ns = unit_ns(yyjson_get_str(yyjson_obj_get(m, "unit")));
        double scale = isnan(ns) ? 1 : ns / 1e6; /* times are in ms here */
        import_runs_tell(
            out, (struct import_told){row->id, row->unit, json_get_double(m, "count", row->of_run ? 1 : NAN),
                                      scale * json_get_double(m, "avg", NAN), scale * json_get_double(m, "p50", NAN),
                                      scale * json_get_double(m, "p90", NAN), scale * json_get_double(m, "p99", NAN)});
    }
}

static int read_summary(yyjson_val *o, const char *origin, struct import_runs *out, struct err *e)
{
    const char *label = field_text(out, field_object(o, "run_info"), "run_label");
    struct run *r = peer_run_new(out, label && *label ? label : peer_arm_of_path(out, origin, "profile_export"));
    yyjson_val *duration = yyjson_obj_get(o, "benchmark_duration");
    int64_t ns = MONO_NONE;
    r->wall_ns = MONO_NONE;
    field_wall_ns(yyjson_get_str(yyjson_obj_get(o, "start_time")), &r->wall_ns);
    tell(o, out);
    int rc = value_ns(yyjson_obj_get(duration, "avg"), "benchmark_duration", 1e9, &ns, e);
    peer_run_end(r, ns);
    return rc;
}

const struct import_format aiperf_formats[] = {
    {.id = "aiperf-records",
     .what = "requests of AIPerf, one a line",
     .matches = is_record,
     .runs = read_record,
     .finish = finish,
     .clock =
         "times of AIPerf's records: its perf_counter at the client, on wall time in ns; only chunks with text are in "
         "them, so definitions that count other events (vLLM's) see the first text as the first event"},
    {.id = "aiperf",
     .what = "summaries of AIPerf",
     .matches = is_summary,
     .runs = read_summary,
     .beside = "profile_export.jsonl"},
    {0},
};
