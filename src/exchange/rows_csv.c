/* rows_csv.c: see rows_csv.h. */
#include "exchange/rows_csv.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "format/csv.h"
#include "record/metric.h"
#include "record/verdict.h"

struct rows {
    struct store *store;
    FILE *out;
    struct err *e;
    struct str line; /* owned */
};

static void begin_field(struct rows *x)
{
    if (x->line.len)
        str_addc(&x->line, ',');
}

static void put_text(struct rows *x, const char *p, size_t n)
{
    begin_field(x);
    csv_add_text(&x->line, p, n);
}

static void put_z(struct rows *x, const char *z)
{
    if (z && *z)
        put_text(x, z, strlen(z));
    else
        begin_field(x);
}

static void put_str(struct rows *x, const struct str *s)
{
    if (s->len)
        put_text(x, s->at, s->len);
    else
        begin_field(x);
}

static void put_int(struct rows *x, int64_t v, bool there)
{
    begin_field(x);
    if (there)
        str_addf(&x->line, "%lld", (long long)v);
}

static void put_count(struct rows *x, int64_t v)
{
    put_int(x, v, v >= 0);
}

static void put_ns(struct rows *x, mono_ns t)
{
    put_int(x, t, t != MONO_NONE);
}

static void put_double(struct rows *x, double v)
{
    begin_field(x);
    if (isfinite(v))
        str_addf(&x->line, "%.9g", v);
}

static int end_line(struct rows *x)
{
    str_addc(&x->line, '\n');
    bool bad = fwrite(x->line.at, 1, x->line.len, x->out) != x->line.len;
    str_clear(&x->line);
    return bad ? err_sys(x->e, ERR_IO, errno, "cannot write the export") : 0;
}

/* ---- the columns, twice: their names, their values ------------------------------------------------------------------ */

static int put_header(struct rows *x)
{
    static const char *const first[] = {"run",
                                        "arm",
                                        "block",
                                        "attempt",
                                        "state",
                                        "verdict",
                                        "session",
                                        "agent",
                                        "turn",
                                        "stage",
                                        "seq",
                                        "server",
                                        "backend",
                                        "model",
                                        "outcome",
                                        "flags",
                                        "http_status",
                                        "prompt_tokens",
                                        "completion_tokens",
                                        "cached_tokens",
                                        "num_ctx",
                                        "max_tokens",
                                        "text_chars",
                                        "text_sha256",
                                        "prompt_sha256",
                                        "finish_reason",
                                        "error",
                                        "chunks"};
    static const char *const server[] = {"server_total_ns", "server_load_ns", "server_prompt_eval_ns",
                                         "server_eval_ns"};
    struct str name = STR_INIT;
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        put_z(x, first[i]);
    for (int i = 0; i < STAMP_COUNT; i++) {
        str_clear(&name);
        str_addf(&name, "%s_ns", stamp_word((enum stamp)i));
        put_z(x, name.at);
    }
    for (size_t i = 0; i < sizeof server / sizeof server[0]; i++)
        put_z(x, server[i]);
    for (size_t i = 0; metric_at(i); i++) {
        const struct metric *m = metric_at(i);
        if (!m->of_request)
            continue;
        str_clear(&name);
        str_addf(&name, "%s [%s]", m->id, m->unit);
        put_z(x, name.at);
    }
    str_release(&name);
    return end_line(x);
}

static void put_names(struct rows *x, const struct run *run, const struct request *r)
{
    struct str flags = STR_INIT;
    put_int(x, run->id, true);
    put_z(x, run->arm);
    put_int(x, run->block, true);
    put_int(x, run->attempt, true);
    put_z(x, run_state_word(run->state));
    put_z(x, verdict_word((enum verdict)run->verdict));
    put_int(x, r->session, true);
    put_z(x, r->agent);
    put_int(x, r->turn, true);
    put_z(x, r->stage);
    put_int(x, r->seq, true);
    put_z(x, r->server);
    put_z(x, r->backend);
    put_z(x, r->model);
    put_z(x, outcome_word(r->outcome));
    request_flags_words(r->flags, " ", &flags);
    put_str(x, &flags);
    str_release(&flags);
}

static void put_counts(struct rows *x, const struct request *r)
{
    struct store_size size = {-1, 0, false};
    if (r->text_sha256[0])
        store_text_size(x->store, r->text_sha256, &size);
    put_int(x, r->http_status, r->http_status != 0);
    put_count(x, r->usage.prompt_tok);
    put_count(x, r->usage.completion_tok);
    put_count(x, r->usage.cached_tok);
    put_count(x, r->num_ctx);
    put_count(x, r->max_tok);
    put_count(x, size.chars);
    put_z(x, r->text_sha256);
    put_z(x, r->prompt_sha256);
    put_str(x, &r->finish_reason);
    put_str(x, &r->error);
    put_int(x, (int64_t)r->chunks.n, true);
}

static int put_request(void *user, const struct run *run, const struct request *r)
{
    struct rows *x = user;
    put_names(x, run, r);
    put_counts(x, r);
    for (int i = 0; i < STAMP_COUNT; i++)
        put_ns(x, r->stamp[i]);
    put_count(x, r->usage.total_ns);
    put_count(x, r->usage.load_ns);
    put_count(x, r->usage.prompt_eval_ns);
    put_count(x, r->usage.eval_ns);
    for (size_t i = 0; metric_at(i); i++)
        if (metric_at(i)->of_request)
            put_double(x, metric_at(i)->of_request(r));
    return end_line(x);
}

int export_rows_csv(struct store *s, const struct run *runs, size_t n, FILE *out, struct err *e)
{
    struct rows x = {.store = s, .out = out, .e = e};
    int rc = put_header(&x);
    for (size_t i = 0; !rc && i < n; i++)
        rc = store_run_requests(s, &runs[i], put_request, &x, e);
    str_release(&x.line);
    if (!rc && fflush(out) != 0)
        rc = err_sys(e, ERR_IO, errno, "cannot write the export");
    return rc;
}
