/* jsonl.c: see jsonl.h. The line is built piece by piece and handed on whenever SPILL_BYTES are there: a million chunks
 * take no memory here, and of the texts there is one at a time. */
#include "exchange/jsonl.h"

#include <errno.h>

#include "format/json.h"

enum { SPILL_BYTES = 32 * 1024 };

struct jsonl {
    struct store *store;
    FILE *out;
    struct err *e;
    struct str line; /* owned */
    struct json_writer w;
    int rc; /* the first write that failed */
};

static void spill(struct jsonl *x, size_t when)
{
    if (x->line.len < when)
        return;
    if (!x->rc && fwrite(x->line.at, 1, x->line.len, x->out) != x->line.len)
        x->rc = err_sys(x->e, ERR_IO, errno, "cannot write the export");
    str_clear(&x->line);
}

static void put_ns(struct json_writer *w, const char *key, mono_ns t)
{
    if (t == MONO_NONE)
        json_knull(w, key);
    else
        json_kint(w, key, t);
}

static void put_count(struct json_writer *w, const char *key, int64_t v)
{
    if (v < 0)
        json_knull(w, key);
    else
        json_kint(w, key, v);
}

/* null when there is none; bytes may be anything. */
static void put_text(struct jsonl *x, const char *key, const struct str *text, bool there)
{
    json_key(&x->w, key);
    if (there)
        json_text(&x->w, str_z(text), text->len);
    else
        json_null(&x->w);
    spill(x, SPILL_BYTES);
}

static void put_names(struct json_writer *w, const struct run *run, const struct request *r)
{
    json_kint(w, "run", run->id);
    json_kz(w, "arm", run->arm);
    json_kint(w, "block", run->block);
    json_kint(w, "attempt", run->attempt);
    json_kz(w, "state", run_state_word(run->state));
    json_kint(w, "session", r->session);
    json_kz(w, "agent", r->agent);
    json_kint(w, "turn", r->turn);
    json_kz(w, "stage", r->stage);
    json_kint(w, "seq", r->seq);
    json_kz(w, "server", r->server);
    json_kz(w, "backend", r->backend);
    json_kz(w, "model", r->model);
}

static void put_flags(struct json_writer *w, unsigned flags)
{
    json_key(w, "flags");
    json_array(w);
#define X(name, bit, word, what)                                                                                       \
    if (flags & REQUEST_##name)                                                                                        \
        json_z(w, word);
    REQUEST_FLAG_LIST(X)
#undef X
    json_array_end(w);
}

static void put_end(struct json_writer *w, const struct request *r)
{
    json_kz(w, "outcome", outcome_word(r->outcome));
    put_count(w, "http_status", r->http_status ? r->http_status : -1);
    put_flags(w, r->flags);
    put_count(w, "prompt_tokens", r->usage.prompt_tok);
    put_count(w, "completion_tokens", r->usage.completion_tok);
    put_count(w, "cached_tokens", r->usage.cached_tok);
    put_count(w, "num_ctx", r->num_ctx);
    put_count(w, "max_tokens", r->max_tok);
}

static void put_times(struct json_writer *w, const struct request *r)
{
    json_key(w, "stamps_ns");
    json_object(w);
    for (int i = 0; i < STAMP_COUNT; i++)
        put_ns(w, stamp_word((enum stamp)i), r->stamp[i]);
    json_object_end(w);
    json_key(w, "server_dur_ns");
    json_object(w);
    put_count(w, "total", r->usage.total_ns);
    put_count(w, "load", r->usage.load_ns);
    put_count(w, "prompt_eval", r->usage.prompt_eval_ns);
    put_count(w, "eval", r->usage.eval_ns);
    json_object_end(w);
    put_ns(w, "rtt_ns", r->rtt_ns);
    json_kint(w, "bytes_in", r->bytes_in);
    json_kint(w, "bytes_out", r->bytes_out);
}

static void put_engine(struct jsonl *x, const struct engine_stamps *g)
{
    struct json_writer *w = &x->w;
    bool given = g->n || g->queued_ns != MONO_NONE || g->prefill_start_ns != MONO_NONE ||
                 g->prefill_end_ns != MONO_NONE;
    json_key(w, "engine");
    if (!given) {
        json_null(w);
        return;
    }
    json_object(w);
    put_ns(w, "queued_ns", g->queued_ns);
    put_ns(w, "prefill_start_ns", g->prefill_start_ns);
    put_ns(w, "prefill_end_ns", g->prefill_end_ns);
    json_key(w, "token_ns");
    json_array(w);
    for (size_t i = 0; i < g->n; i++) {
        if (g->token_ns[i] == MONO_NONE)
            json_null(w);
        else
            json_int(w, g->token_ns[i]);
        spill(x, SPILL_BYTES);
    }
    json_array_end(w);
    json_object_end(w);
}

static void put_chunks(struct jsonl *x, const struct chunk_list *l)
{
    struct json_writer *w = &x->w;
    json_key(w, "chunks");
    json_array(w);
    for (size_t i = 0; i < l->n; i++) {
        const struct chunk *c = &l->at[i];
        json_object(w);
        put_ns(w, "t_ns", c->t_ns);
        put_ns(w, "app_ns", c->app_ns);
        json_kint(w, "bytes", c->bytes);
        json_kint(w, "text_bytes", c->text_bytes);
        json_kz(w, "kind", chunk_kind_word((enum chunk_kind)c->kind));
        json_kbool(w, "merged", c->flags & CHUNK_MERGED);
        json_kbool(w, "unstamped", c->flags & CHUNK_UNSTAMPED);
        json_object_end(w);
        spill(x, SPILL_BYTES);
    }
    json_array_end(w);
    json_kint(w, "chunks_dropped", (int64_t)l->dropped);
}

static void put_texts(struct jsonl *x, const struct request *r)
{
    struct store_size size = {-1, 0, false}; /* without a hash there never was a text */
    if (r->text_sha256[0])
        store_text_size(x->store, r->text_sha256, &size);
    put_text(x, "finish_reason", &r->finish_reason, r->finish_reason.len);
    put_text(x, "error", &r->error, r->error.len);
    put_text(x, "not_applied", &r->not_applied, r->not_applied.len);
    put_text(x, "text", &r->text, r->text.at);
    json_kz(&x->w, "text_sha256", r->text_sha256[0] ? r->text_sha256 : NULL);
    put_count(&x->w, "text_chars", size.chars);
    put_text(x, "reasoning", &r->reasoning, r->reasoning.len);
    put_text(x, "prompt", &r->prompt, r->prompt.at);
    json_kz(&x->w, "prompt_sha256", r->prompt_sha256[0] ? r->prompt_sha256 : NULL);
}

static int put_request(void *user, const struct run *run, const struct request *r)
{
    struct jsonl *x = user;
    json_init(&x->w, &x->line);
    json_object(&x->w);
    put_names(&x->w, run, r);
    put_end(&x->w, r);
    put_times(&x->w, r);
    put_engine(x, &r->engine);
    put_chunks(x, &r->chunks);
    put_texts(x, r);
    json_object_end(&x->w);
    str_addc(&x->line, '\n');
    spill(x, 1);
    return x->rc;
}

int export_jsonl(struct store *s, const struct run *runs, size_t n, FILE *out, struct err *e)
{
    struct jsonl x = {.store = s, .out = out, .e = e};
    int rc = 0;
    for (size_t i = 0; !rc && i < n; i++)
        rc = store_run_requests(s, &runs[i], put_request, &x, e);
    str_release(&x.line);
    if (!rc && fflush(out) != 0)
        rc = err_sys(e, ERR_IO, errno, "cannot write the export");
    return rc;
}
