/* import_guidellm.c: GuideLLM's benchmarks.json, report version 2 (peer_import.h): a run for each benchmark. It keeps the first
 * and the last token's time of a request, no chunk between them: chunks are counted as dropped. */
#include <math.h>
#include <string.h>

#include "exchange/peer_run.h"
#include "format/json.h"
#include "record/peer.h"

static bool is_report(yyjson_val *o)
{
    yyjson_val *first = yyjson_arr_get_first(yyjson_obj_get(o, "benchmarks"));
    return field_object(first, "config") && field_object(first, "metrics") && field_object(first, "scheduler_metrics");
}

/* ---- what it was asked for ------------------------------------------------------------------------------------------ */

static const char *arm_of(yyjson_val *config, const char *origin, struct import_runs *out)
{
    yyjson_val *strategy = field_object(config, "strategy");
    const char *ours = field_text(out, field_object(field_object(config, "environment"), "chimera"), "arm");
    const char *type = field_text(out, strategy, "type_");
    const char *arm = peer_arm_of_path(out, origin, "benchmarks");
    double width = json_get_double(strategy, "streams", json_get_double(strategy, "rate", NAN));
    if (ours)
        return ours;
    arm = type ? arena_printf(out->arena, "%s %s", arm, type) : arm;
    return isnan(width) ? arm : arena_printf(out->arena, "%s %g", arm, width);
}

static void read_asked(yyjson_val *config, struct import_runs *out)
{
    struct import_asked *x = peer_asked(out);
    yyjson_val *strategy = field_object(config, "strategy");
    struct span type = json_get_text(strategy, "type_");
    double rate = json_get_double(strategy, "rate", NAN);
    x->max_concurrency = span_eq_z(type, "synchronous") ? 1 : json_get_int(strategy, "streams", 0);
    x->model = field_text(out, field_object(config, "backend"), "model");
    if (!(rate > 0))
        return;
    x->law = span_eq_z(type, "constant") ? "constant" : "poisson";
    x->from_rps = x->to_rps = rate;
}

/* ---- what it says --------------------------------------------------------------------------------------------------- */

static void tell(yyjson_val *metrics, struct import_runs *out)
{
    const struct peer *row;
    for (size_t i = 0; (row = peer_at(i)); i++) {
        yyjson_val *all = strcmp(row->tool->id, "guidellm") ? NULL : field_object(metrics, row->name);
        yyjson_val *m = field_object(all, "successful"), *p = field_object(m, "percentiles");
        double n = json_get_double(m, "count", NAN);
        double scale = !strcmp(row->name, "request_latency") ? 1e3 : 1; /* in s */
        if (!(n > 0))
            continue; /* all zeros: there is none */
        struct import_told told = {row->id, row->unit, n, scale * json_get_double(m, "mean", NAN), NAN, NAN, NAN};
        if (!row->of_run) { /* of a rate over time they are not of runs */
            told.p50 = scale * json_get_double(p, "p50", NAN);
            told.p90 = scale * json_get_double(p, "p90", NAN);
            told.p99 = scale * json_get_double(p, "p99", NAN);
        }
        import_runs_tell(out, told);
    }
}

/* ---- requests ------------------------------------------------------------------------------------------------------- */

/* Seconds since 1970 as ns from from_s. Their difference is exact: both are multiples of 2^-22 s. */
static int since(yyjson_val *timings, const char *key, double from_s, int64_t *ns, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(timings, key);
    if (!v || yyjson_is_null(v))
        return 0;
    double s = yyjson_is_num(v) ? yyjson_get_num(v) - from_s : NAN;
    if (!(fabs(s) < 3.2e7)) /* a year */
        return err_set(e, ERR_INPUT, "%s is not within a year of the start", key);
    *ns = (int64_t)llround(s * 1e9);
    return 0;
}

static int read_timings(struct request *q, yyjson_val *timings, double from_s, struct err *e)
{
    static const struct {
        const char *key;
        enum stamp stamp;
    } rows[] = {{"targeted_start", STAMP_PLANNED},
                {"resolve_start", STAMP_READY},
                {"request_start", STAMP_SENT},
                {"first_request_iteration", STAMP_FIRST_CHUNK},
                {"first_token_iteration", STAMP_FIRST_TOKEN},
                {"first_output_token_iteration", STAMP_FIRST_ANSWER},
                {"last_token_iteration", STAMP_LAST_TOKEN},
                {"request_end", STAMP_DONE}};
    int64_t events = 0;
    int rc = field_count(timings, "request_iterations", &events, e);
    for (size_t i = 0; !rc && i < sizeof rows / sizeof rows[0]; i++)
        rc = since(timings, rows[i].key, from_s, &q->stamp[rows[i].stamp], e);
    q->chunks.dropped = (size_t)events;
    return rc;
}

static int read_request(yyjson_val *v, double from_s, struct request *q, struct err *e)
{
    yyjson_val *info = field_object(v, "info"), *in = field_object(v, "input_metrics");
    int64_t turn = 0;
    int rc = read_timings(q, field_object(info, "timings"), from_s, e);
    rc = rc ? rc : field_count(info, "turn_index", &turn, e);
    rc = rc ? rc : field_count(in, "text_tokens", &q->usage.prompt_tok, e);
    rc = rc ? rc : field_count(in, "cached_tokens", &q->usage.cached_tok, e);
    rc = rc ? rc : field_count(field_object(v, "output_metrics"), "text_tokens", &q->usage.completion_tok, e);
    q->turn = turn < INT32_MAX ? (int32_t)turn : 0;
    peer_copy(&q->prompt, yyjson_obj_get(v, "request_args"));
    peer_copy(&q->text, yyjson_obj_get(v, "output"));
    peer_copy(&q->reasoning, yyjson_obj_get(v, "reasoning_output"));
    if (q->outcome == OUTCOME_UNTOLD) {
        q->outcome = peer_outcome(yyjson_get_str(yyjson_obj_get(info, "error")));
        if (q->outcome == OUTCOME_UNTOLD)
            peer_copy(&q->error, yyjson_obj_get(info, "error"));
    }
    return rc;
}

static int read_requests(yyjson_val *lists, double from_s, const char *model, struct import_runs *out, struct run *r,
                         struct err *e)
{
    static const struct {
        const char *key;
        enum outcome outcome;
    } fates[] = {{"successful", OUTCOME_OK}, {"errored", OUTCOME_UNTOLD}, {"incomplete", OUTCOME_CANCELLED}};
    int rc = 0;
    for (size_t k = 0; k < 3; k++) {
        size_t i, max;
        yyjson_val *v;
        yyjson_arr_foreach (yyjson_obj_get(lists, fates[k].key), i, max, v) {
            struct request q;
            if (rc)
                return rc;
            request_init(&q);
            q.outcome = fates[k].outcome;
            rc = read_request(v, from_s, &q, e);
            q.backend = "openai";
            q.model = model;
            peer_run_add(out, r, &q);
        }
    }
    return rc;
}

/* The lists may be a sample (its sample_size), whose rates would be those of no run. */
static bool has_all(yyjson_val *benchmark)
{
    static const char *const keys[] = {"successful", "errored", "incomplete"};
    yyjson_val *totals = field_object(field_object(benchmark, "metrics"), "request_totals");
    yyjson_val *lists = field_object(benchmark, "requests");
    for (size_t i = 0; i < 3; i++)
        if (json_get_int(totals, keys[i], 0) != (int64_t)yyjson_arr_size(yyjson_obj_get(lists, keys[i])))
            return false;
    return true;
}

static int read_benchmark(yyjson_val *o, const char *origin, struct import_runs *out, struct err *e)
{
    yyjson_val *config = field_object(o, "config"), *times = field_object(o, "scheduler_metrics");
    double start_s = json_get_double(times, "start_time", NAN);
    mono_ns ended = MONO_NONE;
    struct run *r = peer_run_new(out, arm_of(config, origin, out));
    read_asked(config, out);
    tell(field_object(o, "metrics"), out);
    r->started_ns = 0;
    if (!(start_s > 9.4e8 && start_s < 4.2e9)) /* 2000 to 2100 */
        return err_set(e, ERR_INPUT, "start_time is no time in s since 1970");
    double whole_s = floor(start_s); /* times 1e9 at once it would be rounded to 256 ns */
    r->wall_ns = (int64_t)whole_s * NS_PER_S + (int64_t)llround((start_s - whole_s) * 1e9);
    int rc = since(times, "end_time", start_s, &ended, e);
    if (has_all(o))
        rc = rc ? rc : read_requests(field_object(o, "requests"), start_s, out->asked->model, out, r, e);
    else
        out->remark = "it lists only a sample of its requests, so none are made of them";
    peer_run_end(r, ended);
    return rc;
}

const struct import_format guidellm_formats[] = {
    {.id = "guidellm",
     .what = "benchmarks of GuideLLM",
     .matches = is_report,
     .list = "benchmarks",
     .runs = read_benchmark,
     .clock =
         "times of GuideLLM: time.time() of its worker processes, as seconds since 1970 in a double: 0.24 us apart, and "
         "the wall clock may have been set in between; of the chunks only the first and the last are told"},
    {0},
};
