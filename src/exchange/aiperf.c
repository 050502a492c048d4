/* aiperf.c: see aiperf.h. */
#include "exchange/aiperf.h"

#include <math.h>
#include <string.h>

#include "exchange/one_run.h"
#include "record/verdict.h"

static double prompt_tokens(const struct request *r)
{
    return told_or_nan(r->usage.prompt_tok);
}

static double output_tokens(const struct request *r)
{
    return told_or_nan(r->usage.completion_tok);
}

static double cached_tokens(const struct request *r)
{
    return told_or_nan(r->usage.cached_tok);
}

/* Its metrics with one value per request or gap: tag, unit, and our number or count. */
struct tag {
    const char *tag, *unit;
    const char *row;                         /* id of record/peer.h without ".aiperf"; NULL: a count */
    double (*count)(const struct request *); /* of completed requests */
    bool list;                               /* several values per request */
};
static const struct tag tags[] = {
    {"time_to_first_token", "ms", "ttft", NULL, false},
    {"time_to_first_output_token", "ms", "ttfo", NULL, false},
    {"inter_token_latency", "ms", "itl", NULL, false},
    {"inter_chunk_latency", "ms", "icl", NULL, true},
    {"request_latency", "ms", "e2e", NULL, false},
    {"output_token_throughput_per_user", "tokens/sec/user", "user_rate", NULL, false},
    {"e2e_output_token_throughput", "tokens/sec/user", "e2e_rate", NULL, false},
    {"output_sequence_length", "tokens", NULL, output_tokens, false},
    {"input_sequence_length", "tokens", NULL, prompt_tokens, false},
    {"usage_prompt_tokens", "tokens", NULL, prompt_tokens, false},
    {"usage_completion_tokens", "tokens", NULL, output_tokens, false},
    {"usage_prompt_cache_read_tokens", "tokens", NULL, cached_tokens, false},
};
enum { TAGS = sizeof tags / sizeof tags[0] };

static const struct peer *row_of(const struct tag *tag)
{
    char id[32];
    snprintf(id, sizeof id, "%s.aiperf", tag->row);
    return peer_find(id);
}

/* ---- summary -------------------------------------------------------------------------------------------------------- */

static void put_distribution(struct json_writer *w, const struct tag *tag, const struct peer_pool *p)
{
    static const int percents[] = {1, 5, 10, 25, 50, 75, 90, 95, 99};
    struct peer_moments m = peer_pool_moments(p);
    if (!p->n || p->lack)
        return; /* absent, as it does: not zero */
    json_key(w, tag->tag);
    json_object(w);
    json_kz(w, "unit", tag->unit);
    json_kdouble(w, "avg", m.mean);
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        char key[8];
        snprintf(key, sizeof key, "p%d", percents[i]);
        json_kdouble(w, key, peer_pool_percentile(p, PEER_RULE_LINEAR, percents[i] / 100.0));
    }
    json_kdouble(w, "min", m.min);
    json_kdouble(w, "max", m.max);
    json_kdouble(w, "std", m.std);
    json_kint(w, "count", (int64_t)p->n);
    json_kdouble(w, "sum", p->sum);
    json_object_end(w);
}

static void put_counts(struct json_writer *w, const struct tag *tag, const struct run *run)
{
    struct peer_pool p = {0};
    for (size_t i = 0; i < run->n_requests; i++)
        if (run->requests[i].outcome == OUTCOME_OK)
            peer_pool_add(&p, tag->count(&run->requests[i]));
    peer_pool_sort(&p);
    put_distribution(w, tag, &p);
    peer_pool_release(&p);
}

static void put_scalar(struct json_writer *w, const char *tag, const char *unit, double v)
{
    if (!isfinite(v))
        return;
    json_key(w, tag);
    json_object(w);
    json_kz(w, "unit", unit);
    json_kdouble(w, "avg", v);
    json_object_end(w);
}

static void put_scalars(struct json_writer *w, struct totals *t)
{
    double s = peer_aiperf_s(&t->run);
    put_scalar(w, "request_throughput", "requests/sec", totals_rate(t, "request_rate"));
    put_scalar(w, "output_token_throughput", "tokens/sec", totals_rate(t, "output_rate"));
    put_scalar(w, "total_token_throughput", "tokens/sec", totals_total_rate(t, s));
    put_scalar(w, "request_count", "requests", (double)t->count[FATE_COMPLETED]);
    put_scalar(w, "error_request_count", "requests", (double)(t->count[FATE_FAILED] + t->count[FATE_CANCELLED]));
    put_scalar(w, "benchmark_duration", "sec", s);
    put_scalar(w, "total_isl", "tokens", t->prompt_tok);
    put_scalar(w, "total_osl", "tokens", t->completion_tok);
}

static void put_errors(struct json_writer *w, const struct run *run)
{
    int64_t n[OUTCOME_COUNT] = {0};
    for (size_t i = 0; i < run->n_requests; i++)
        n[run->requests[i].outcome]++;
    json_key(w, "error_summary");
    json_array(w);
    for (int o = OUTCOME_OK + 1; o < OUTCOME_COUNT; o++) {
        if (!n[o])
            continue;
        json_object(w);
        json_key(w, "error_details");
        json_object(w);
        json_kz(w, "type", outcome_word((enum outcome)o));
        json_kz(w, "message", outcome_what((enum outcome)o));
        json_object_end(w);
        json_kint(w, "count", n[o]);
        json_object_end(w);
    }
    json_array_end(w);
}

static void put_run(struct json_writer *w, const struct run *run, const struct asked *asked)
{
    char from[32], to[32];
    clock_wall_text(wall_of(run, MONO_NONE), from);
    clock_wall_text(wall_of(run, run->ended_ns), to);
    json_kz(w, "start_time", from);
    json_kz(w, "end_time", to);
    json_kbool(w, "was_cancelled", false);
    json_kbool(w, "is_complete", true);
    json_key(w, "run_info");
    json_object(w);
    json_kint(w, "trial", run->block);
    json_kz(w, "run_label", run->arm);
    json_kz(w, "cli_command", asked->info.study.command);
    json_object_end(w);
    put_origin(w, run, asked);
}

static void put_summary(struct json_writer *w, const struct run *run, struct totals *t, const struct asked *asked)
{
    json_object(w);
    json_kz(w, "schema_version", "1.4");
    for (size_t i = 0; i < TAGS; i++)
        if (tags[i].row)
            put_distribution(w, &tags[i], totals_pool(t, tags[i].row));
        else
            put_counts(w, &tags[i], &t->run);
    put_scalars(w, t);
    put_errors(w, &t->run);
    put_run(w, run, asked);
    json_object_end(w);
}

int export_aiperf(struct store *s, const struct run *runs, size_t n, FILE *out, struct err *e)
{
    struct one_run x;
    (void)n; /* one */
    int rc = one_run_begin(&x, s, runs, "aiperf", out, e);
    if (!rc) {
        put_summary(&x.out.w, runs, &x.totals, &x.asked);
    }
    return one_run_end(&x, rc);
}

/* ---- records -------------------------------------------------------------------------------------------------------- */

static void put_wall(struct json_writer *w, const char *key, const struct run *run, mono_ns t)
{
    if (t != MONO_NONE)
        json_kint(w, key, wall_of(run, t));
}

static void put_metadata(struct json_writer *w, const struct run *run, const struct request *r)
{
    char id[48];
    snprintf(id, sizeof id, "%lld-%d", (long long)run->id, r->session);
    json_key(w, "metadata");
    json_object(w);
    json_kint(w, "session_num", r->seq);
    json_kz(w, "conversation_id", id);
    json_kint(w, "turn_index", r->turn);
    put_wall(w, "credit_issued_ns", run, r->stamp[STAMP_PLANNED]);
    put_wall(w, "request_start_ns", run, r->stamp[STAMP_SENT]);
    put_wall(w, "request_ack_ns", run, r->stamp[STAMP_FIRST_BYTE]);
    json_kint(w, "request_end_ns", wall_of(run, r->stamp[STAMP_DONE]));
    json_kz(w, "worker_id", "chimera");
    json_kz(w, "record_processor_id", "chimera");
    json_kz(w, "benchmark_phase", "profiling");
    json_kbool(w, "was_cancelled", r->outcome == OUTCOME_CANCELLED);
    json_object_end(w);
}

static void put_value(struct json_writer *w, const struct tag *tag, const struct peer_pool *p)
{
    if (!p->n)
        return;
    json_key(w, tag->tag);
    json_object(w);
    json_key(w, "value");
    if (tag->list)
        json_array(w);
    for (size_t i = 0; i < p->n; i++)
        json_double(w, p->at[i]);
    if (tag->list)
        json_array_end(w);
    json_kz(w, "unit", tag->unit);
    json_object_end(w);
}

static void put_error(struct json_writer *w, const struct request *r)
{
    json_key(w, "error");
    json_object(w);
    if (r->http_status)
        json_kint(w, "code", r->http_status);
    json_kz(w, "type", outcome_word(r->outcome));
    json_key(w, "message");
    if (r->error.len)
        json_text(w, r->error.at, r->error.len);
    else
        json_z(w, outcome_what(r->outcome));
    json_object_end(w);
}

static int put_record(void *user, const struct run *run, const struct request *r)
{
    struct out *o = user;
    struct json_writer *w = &o->w;
    if (r->stamp[STAMP_SENT] == MONO_NONE)
        return 0;
    json_init(w, &o->text);
    json_object(w);
    put_metadata(w, run, r);
    json_key(w, "metrics");
    json_object(w);
    for (size_t i = 0; r->outcome == OUTCOME_OK && i < TAGS; i++) {
        struct peer_pool p = {0};
        if (tags[i].row)
            row_of(&tags[i])->of_request(r, &p);
        else
            peer_pool_add(&p, tags[i].count(r));
        put_value(w, &tags[i], &p);
        peer_pool_release(&p);
    }
    json_object_end(w);
    if (r->outcome != OUTCOME_OK)
        put_error(w, r);
    json_object_end(w);
    str_addc(&o->text, '\n');
    return out_spill(o);
}

int export_aiperf_records(struct store *s, const struct run *runs, size_t n, FILE *out, struct err *e)
{
    struct out o;
    (void)n; /* one */
    out_init(&o, out, e);
    return out_end(&o, store_run_requests(s, runs, put_record, &o, e));
}
