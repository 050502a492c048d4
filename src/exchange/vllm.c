/* vllm.c: see vllm.h. The lists are written in one pass over the requests each: no list is ever in memory. */
#include "exchange/vllm.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "exchange/one_run.h"
#include "record/verdict.h"

static void put_date(struct json_writer *w, const struct run *run)
{
    if (run->wall_ns == MONO_NONE) {
        json_knull(w, "date"); /* of an imported run */
        return;
    }
    char date[32];
    time_t s = (time_t)(wall_of(run, MONO_NONE) / NS_PER_S);
    struct tm tm;
    gmtime_r(&s, &tm);
    strftime(date, sizeof date, "%Y%m%d-%H%M%S", &tm);
    json_kz(w, "date", date);
}

/* Its names of the OpenAI dialect's two routes; others by ours. */
static const char *backend_name(const struct totals *t, const struct asked *asked)
{
    if (!t->backend || strcmp(t->backend, "openai") != 0)
        return t->backend;
    return asked->route && !strcmp(asked->route, "completion") ? "openai" : "openai-chat";
}

static void put_load(struct json_writer *w, const struct asked *asked)
{
    bool ramp = isfinite(asked->ramp_from);
    json_key(w, "request_rate");
    if (isfinite(asked->rate))
        json_double(w, asked->rate);
    else if (!asked->law)
        json_z(w, "inf");
    else
        json_null(w); /* more than one rate */
    json_kdouble(w, "burstiness", asked->law && !strcmp(asked->law, "constant") ? INFINITY : asked->burstiness);
    json_key(w, "max_concurrency");
    if (asked->max_concurrency)
        json_int(w, asked->max_concurrency);
    else
        json_null(w);
    if (ramp) {
        json_kz(w, "ramp_up_strategy", "linear");
        json_kdouble(w, "ramp_up_start_rps", asked->ramp_from);
        json_kdouble(w, "ramp_up_end_rps", asked->ramp_to);
    }
}

static void put_stats(struct json_writer *w, struct totals *t, const char *ours, const char *theirs)
{
    static const struct {
        const char *prefix;
        double p;
    } percentiles[] = {{"median", 0.5}, {"p90", 0.90}, {"p95", 0.95}, {"p99", 0.99}};
    const struct peer_pool *p = totals_pool(t, ours);
    struct peer_moments m = peer_pool_moments(p);
    char key[48];
    snprintf(key, sizeof key, "mean_%s_ms", theirs);
    json_kdouble(w, key, p->lack ? NAN : m.mean);
    snprintf(key, sizeof key, "std_%s_ms", theirs);
    json_kdouble(w, key, p->lack ? NAN : m.std);
    for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++) {
        snprintf(key, sizeof key, "%s_%s_ms", percentiles[i].prefix, theirs);
        json_kdouble(w, key, p->lack ? NAN : peer_pool_percentile(p, PEER_RULE_LINEAR, percentiles[i].p));
    }
}

static void put_header(struct json_writer *w, const struct run *run, struct totals *t, const struct asked *asked)
{
    double s = peer_whole_s(&t->run);
    put_date(w, run);
    json_kz(w, "endpoint_type", backend_name(t, asked));
    json_kz(w, "backend", backend_name(t, asked));
    json_knull(w, "label");
    json_kz(w, "model_id", t->model);
    json_knull(w, "tokenizer_id");
    json_kint(w, "num_prompts", (int64_t)t->run.n_requests);
    put_load(w, asked);
    json_kz(w, "chimera_version", asked->info.study.chimera_version);
    json_kint(w, "chimera_run", run->id);
    json_kz(w, "chimera_arm", run->arm);
    json_kz(w, "chimera_verdict", verdict_word((enum verdict)run->verdict));
    json_kdouble(w, "duration", s);
    json_kint(w, "completed", t->count[FATE_COMPLETED]);
    json_kint(w, "failed", (int64_t)t->run.n_requests - t->count[FATE_COMPLETED]);
    json_kdouble(w, "total_input_tokens", t->prompt_tok);
    json_kdouble(w, "total_output_tokens", t->completion_tok);
    json_kdouble(w, "request_throughput", totals_rate(t, "request_rate"));
    json_knull(w, "request_goodput");
    json_kdouble(w, "output_throughput", totals_rate(t, "output_rate"));
    json_kdouble(w, "total_token_throughput", totals_total_rate(t, s));
    put_stats(w, t, "ttft", "ttft");
    put_stats(w, t, "tpot", "tpot");
    put_stats(w, t, "itl", "itl");
    put_stats(w, t, "e2e", "e2el");
}

/* ---- lists ---------------------------------------------------------------------------------------------------------- */

static void in_len(struct json_writer *w, const struct request *r)
{
    json_double(w, told_or_nan(r->usage.prompt_tok));
}

static void out_len(struct json_writer *w, const struct request *r)
{
    json_double(w, r->outcome == OUTCOME_OK ? told_or_nan(r->usage.completion_tok) : 0);
}

static void ttft(struct json_writer *w, const struct request *r)
{
    double ms = peer_value(peer_find("ttft.vllm"), r);
    json_double(w, isfinite(ms) ? ms / 1e3 : 0);
}

static void itl(struct json_writer *w, const struct request *r)
{
    struct peer_pool gaps = {0};
    peer_find("itl.vllm")->of_request(r, &gaps);
    json_array(w);
    for (size_t i = 0; i < gaps.n; i++)
        json_double(w, gaps.at[i] / 1e3);
    json_array_end(w);
    peer_pool_release(&gaps);
}

static void start(struct json_writer *w, const struct request *r)
{
    mono_ns t = r->stamp[STAMP_SENT];
    json_double(w, t == MONO_NONE ? NAN : (double)t / 1e9);
}

static void text(struct json_writer *w, const struct request *r)
{
    json_text(w, str_z(&r->text), r->text.len);
}

static void error(struct json_writer *w, const struct request *r)
{
    if (r->outcome == OUTCOME_OK)
        json_z(w, "");
    else if (r->error.len)
        json_text(w, r->error.at, r->error.len);
    else
        json_z(w, outcome_word(r->outcome));
}

struct list {
    struct out *o;
    void (*put)(struct json_writer *w, const struct request *r);
};

static int put_one(void *user, const struct run *run, const struct request *r)
{
    struct list *x = user;
    (void)run;
    x->put(&x->o->w, r);
    return out_spill(x->o);
}

static int put_lists(struct store *s, const struct run *run, struct out *o, struct err *e)
{
    static const struct {
        const char *key;
        void (*put)(struct json_writer *w, const struct request *r);
    } lists[] = {{"input_lens", in_len}, {"output_lens", out_len},  {"ttfts", ttft},  {"itls", itl},
                 {"start_times", start}, {"generated_texts", text}, {"errors", error}};
    int rc = 0;
    for (size_t i = 0; !rc && i < sizeof lists / sizeof lists[0]; i++) {
        struct list x = {o, lists[i].put};
        json_key(&o->w, lists[i].key);
        json_array(&o->w);
        rc = store_run_requests(s, run, put_one, &x, e);
        json_array_end(&o->w);
    }
    return rc;
}

int export_vllm(struct store *s, const struct run *runs, size_t n, FILE *out, struct err *e)
{
    struct one_run x;
    (void)n; /* one */
    int rc = one_run_begin(&x, s, runs, "vllm", out, e);
    if (!rc) {
        json_object(&x.out.w);
        put_header(&x.out.w, runs, &x.totals, &x.asked);
        rc = put_lists(s, runs, &x.out, e);
        json_object_end(&x.out.w);
    }
    return one_run_end(&x, rc);
}
