/* import_vllm.c: results of `vllm bench serve` (peer_import.h). With --save-detailed a request has its send, the time to its
 * first event with choices and the gaps between such events. What was in an event is not told, so its kind is `other` and the
 * stamps that ask for text are not set; nor is the end of the response: vLLM's latency ends with the last such event. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "exchange/peer_run.h"
#include "format/json.h"

static bool is_result(yyjson_val *o)
{
    return yyjson_obj_get(o, "model_id") && yyjson_obj_get(o, "completed") && yyjson_obj_get(o, "duration") &&
           yyjson_obj_get(o, "request_throughput");
}

/* ---- what it was asked for ------------------------------------------------------------------------------------------ */

/* As vLLM names a file: LABEL-RATEqps-concurrencyN-MODEL-DATE.json; a file of that name says it all. */
static const char *arm_of(yyjson_val *o, const char *origin, struct import_runs *out)
{
    const char *ours = field_text(out, o, "chimera_arm"), *label = field_text(out, o, "label");
    const char *arm = label ? label : peer_arm_of_path(out, origin, "/");
    yyjson_val *rate = yyjson_obj_get(o, "request_rate");
    int64_t width = json_get_int(o, "max_concurrency", 0);
    if (ours || (!label && strstr(arm, "qps")))
        return ours ? ours : arm;
    if (yyjson_is_num(rate))
        arm = arena_printf(out->arena, "%s %gqps", arm, yyjson_get_num(rate));
    return width > 0 ? arena_printf(out->arena, "%s concurrency%lld", arm, (long long)width) : arm;
}

static void read_asked(yyjson_val *o, struct import_runs *out)
{
    struct import_asked *x = peer_asked(out);
    struct span backend = json_get_text(o, "backend");
    double rate = json_get_double(o, "request_rate", NAN), burstiness = json_get_double(o, "burstiness", NAN);
    x->max_concurrency = json_get_int(o, "max_concurrency", 0);
    x->route = span_eq_z(backend, "openai-chat") ? "chat" : span_eq_z(backend, "openai") ? "completion" : NULL;
    x->model = field_text(out, o, "model_id");
    if (json_get_text(o, "ramp_up_strategy").len) {
        x->from_rps = json_get_double(o, "ramp_up_start_rps", NAN);
        x->to_rps = json_get_double(o, "ramp_up_end_rps", NAN);
    } else {
        x->from_rps = x->to_rps = rate;
    }
    if (!(x->from_rps > 0) || !(x->to_rps > 0))
        return; /* all at once, as wide as it is allowed */
    x->law = isnan(burstiness) ? "constant" : burstiness == 1 ? "poisson" : "gamma";
    x->burstiness = isnan(burstiness) ? 1 : burstiness;
}

/* ---- what it says --------------------------------------------------------------------------------------------------- */

static void tell(yyjson_val *o, struct import_runs *out)
{
    static const struct {
        const char *theirs, *id;
        bool each; /* has a value of every completed request */
    } rows[] = {{"ttft", "ttft.vllm", true},
                {"tpot", "tpot.vllm", false},
                {"itl", "itl.vllm", false},
                {"e2el", "e2e.vllm", true}};
    static const char *const rates[][3] = {{"output_throughput", "output_rate.vllm", "tok/s"},
                                           {"request_throughput", "request_rate.vllm", "req/s"},
                                           {"request_goodput", "goodput.vllm", "req/s"}};
    static const char *const prefix[] = {"mean", "median", "p90", "p99"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double v[4];
        for (int k = 0; k < 4; k++) {
            char key[32];
            snprintf(key, sizeof key, "%s_%s_ms", prefix[k], rows[i].theirs);
            v[k] = json_get_double(o, key, NAN);
        }
        double n = rows[i].each ? json_get_double(o, "completed", NAN) : NAN;
        import_runs_tell(out, (struct import_told){rows[i].id, "ms", n, v[0], v[1], v[2], v[3]});
    }
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        import_runs_tell(out, (struct import_told){rates[i][1], rates[i][2], 1, json_get_double(o, rates[i][0], NAN),
                                                   NAN, NAN, NAN});
}

/* ---- requests ------------------------------------------------------------------------------------------------------- */

enum list { STARTS, INPUTS, OUTPUTS, TTFTS, ITLS, TEXTS, ERRORS, LISTS };
static const char *const list_keys[LISTS] = {"start_times", "input_lens",      "output_lens", "ttfts",
                                             "itls",        "generated_texts", "errors"};

static int read_events(struct request *q, yyjson_val *ttft, yyjson_val *gaps, struct err *e)
{
    int64_t first = 0, gap;
    size_t i, max;
    yyjson_val *v;
    int rc = value_ns(ttft, "a ttft", 1e9, &first, e);
    if (rc || first == 0 || q->stamp[STAMP_SENT] == MONO_NONE)
        return rc; /* 0: there was none */
    mono_ns t = q->stamp[STAMP_SENT] + first;
    peer_chunk(q, t, CHUNK_OTHER);
    yyjson_arr_foreach (gaps, i, max, v) {
        gap = 0;
        rc = value_ns(v, "an itl", 1e9, &gap, e);
        if (rc || (rc = peer_later(&t, gap, e)))
            return rc;
        peer_chunk(q, t, CHUNK_OTHER);
    }
    return 0;
}

static int read_request(yyjson_val *const of[LISTS], struct request *q, struct err *e)
{
    const char *error = yyjson_get_str(of[ERRORS]);
    int rc = value_ns(of[STARTS], "a start time", 1e9, &q->stamp[STAMP_SENT], e);
    if (q->stamp[STAMP_SENT] == 0)
        q->stamp[STAMP_SENT] = MONO_NONE; /* it was never sent */
    rc = rc ? rc : value_count(of[INPUTS], "an input length", &q->usage.prompt_tok, e);
    rc = rc ? rc : value_count(of[OUTPUTS], "an output length", &q->usage.completion_tok, e);
    rc = rc ? rc : read_events(q, of[TTFTS], of[ITLS], e);
    peer_copy(&q->text, of[TEXTS]);
    if (error ? *error != 0 : q->usage.completion_tok == 0) {
        q->outcome = peer_outcome(error);
        q->usage.completion_tok = -1; /* it writes 0 */
        if (q->outcome == OUTCOME_UNTOLD)
            peer_copy(&q->error, of[ERRORS]);
    }
    return rc;
}

/* All lists are gone through in step: to find an element by its number takes the time of all before it. */
static int read_requests(yyjson_val *o, struct import_runs *out, struct run *r, const char *backend, struct err *e)
{
    yyjson_arr_iter iter[LISTS];
    size_t n = yyjson_arr_size(yyjson_obj_get(o, list_keys[STARTS]));
    const char *model = field_text(out, o, "model_id");
    int rc = 0;
    for (int k = 0; k < LISTS; k++) {
        yyjson_val *list = yyjson_obj_get(o, list_keys[k]);
        if (list && yyjson_arr_size(list) != n)
            return err_set(e, ERR_INPUT, "%s has another length than %s", list_keys[k], list_keys[STARTS]);
        yyjson_arr_iter_init(list, &iter[k]);
    }
    for (size_t i = 0; !rc && i < n; i++) {
        struct request q;
        yyjson_val *of[LISTS];
        request_init(&q);
        for (int k = 0; k < LISTS; k++)
            of[k] = yyjson_arr_iter_next(&iter[k]);
        rc = read_request(of, &q, e);
        q.backend = backend;
        q.model = model;
        q.turn = (int32_t)i;
        peer_run_add(out, r, &q);
    }
    return rc;
}

/* Its date is the client's local time, of a zone that is not told; in our own exports it is UTC. */
static int64_t wall_of_date(yyjson_val *o)
{
    struct tm tm = {0};
    const char *date = yyjson_get_str(yyjson_obj_get(o, "date"));
    if (!yyjson_obj_get(o, "chimera_version") || !date || !strptime(date, "%Y%m%d-%H%M%S", &tm) || tm.tm_year < 100 ||
        tm.tm_year > 200)
        return MONO_NONE;
    return (int64_t)timegm(&tm) * NS_PER_S;
}

static int read_result(yyjson_val *o, const char *origin, struct import_runs *out, struct err *e)
{
    struct run *r = peer_run_new(out, arm_of(o, origin, out));
    struct span backend = json_get_text(o, "backend");
    bool openai = span_starts(backend, "openai");
    int64_t duration = MONO_NONE;
    int rc = field_ns(o, "duration", 1e9, &duration, e);
    r->wall_ns = wall_of_date(o);
    read_asked(o, out);
    tell(o, out);
    if (yyjson_obj_get(o, list_keys[STARTS]) && yyjson_obj_get(o, list_keys[TTFTS]))
        rc = rc ? rc : read_requests(o, out, r, openai ? "openai" : field_text(out, o, "backend"), e);
    else if (yyjson_obj_get(o, list_keys[TTFTS]))
        out->remark =
            "it has a ttft of each request but no start_times: when they were sent is not known, so no requests "
            "are made of them";
    peer_run_end(r, MONO_NONE);
    if (duration != MONO_NONE)
        peer_run_end(r, r->started_ns + duration);
    return rc;
}

const struct import_format vllm_formats[] = {
    {.id = "vllm",
     .what = "results of vllm bench serve",
     .matches = is_result,
     .runs = read_result,
     .clock =
         "sends and events of vllm: perf_counter of its one Python process, each when it was parsed there, as seconds in "
         "a double; lengths are the tokenizer's, or of answers the server's where it told them"},
    {0},
};
