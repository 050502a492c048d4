/* call.c: see call.h. */
#include "engine/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "engine/dialects.h"
#include "engine/template.h"
#include "format/json.h"

static void call_free(struct call *c)
{
    job_release(&c->job);
    ask_release(&c->ask);
    str_release(&c->answer);
    str_release(&c->line);
    tokens_release(&c->chunk_tokens);
    free(c);
}

static void client_gone(void *user)
{
    struct call *c = user;
    c->x = NULL;
    worker_cancel(c->engine->worker, &c->job);
}

static void make_id(struct call *c)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
    unsigned char bytes[24];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        memset(bytes, 0, sizeof bytes);
    int n = snprintf(c->id, sizeof c->id, "%s", c->ask.route == ASK_COMPLETION ? "cmpl-" : "chatcmpl-");
    for (size_t i = 0; i < sizeof bytes && (size_t)n + 1 < sizeof c->id; i++)
        c->id[n++] = digits[bytes[i] & 31];
    c->id[n] = 0;
}

/* ---- the prompt ------------------------------------------------------------------------------------------------ */

static int prompt_text(struct call *c, const struct model *m, struct str *out, struct err *e)
{
    struct ask *a = &c->ask;
    if (ask_is_chat(a))
        return template_apply(m, a->messages, a->n_messages, out, e);
    if (a->route == ASK_GENERATE && !a->raw &&
        m->template_text) { /* Ollama puts the prompt into the model's template */
        if (memchr(a->prompt.at, 0, a->prompt.len) || (a->system.len && memchr(a->system.at, 0, a->system.len)))
            return err_set(e, ERR_INPUT, "prompt: a NUL character cannot go through a chat template");
        struct ask_message list[2];
        size_t n = 0;
        if (a->system.len)
            list[n++] = (struct ask_message){"system", a->system.at};
        list[n++] = (struct ask_message){"user", a->prompt.at};
        return template_apply(m, list, n, out, e);
    }
    if (a->system.len && !a->raw)
        str_addf(out, "%s\n\n", a->system.at);
    str_add(out, a->prompt.at, a->prompt.len);
    return 0;
}

static int take_tokens(struct call *c, const struct model *m, struct err *e)
{
    for (size_t i = 0; i < c->ask.n_prompt_tokens; i++) {
        if (c->ask.prompt_tokens[i] >= m->n_vocab)
            return err_set(e, ERR_INPUT, "prompt: there is no token %d", (int)c->ask.prompt_tokens[i]);
        tokens_add(&c->job.prompt, c->ask.prompt_tokens[i]);
    }
    return 0;
}

/* Cuts the beginning off, but for a first special token, so that there is room for the answer: for max_tokens, at most
 * for half of the context. */
static void cut(struct call *c, const struct model *m)
{
    struct tokens *p = &c->job.prompt;
    size_t n_ctx = (size_t)m->n_ctx, room = n_ctx / 2;
    if (c->ask.max_tokens > 0 && (size_t)c->ask.max_tokens < room)
        room = (size_t)c->ask.max_tokens;
    size_t keep = n_ctx - room, first = p->at[0] == llama_vocab_bos(m->vocab) && llama_vocab_get_add_bos(m->vocab);
    c->asked_tokens = p->n;
    memmove(p->at + first, p->at + (p->n - (keep - first)), (keep - first) * sizeof *p->at);
    p->n = keep;
    c->engine->totals.truncated++;
}

static int make_prompt(struct call *c, const struct model *m, struct err *e)
{
    struct str text = STR_INIT;
    int rc;
    if (c->ask.prompt_tokens) {
        rc = take_tokens(c, m, e);
    } else {
        rc = prompt_text(c, m, &text, e);
        rc = rc ? rc : model_tokenize(m, (struct span){str_z(&text), text.len}, true, true, &c->job.prompt, e);
    }
    str_release(&text);
    if (rc == 0 && !c->job.prompt.n)
        rc = err_set(e, ERR_INPUT, "the prompt is empty");
    if (rc == 0 && c->job.prompt.n >= (size_t)m->n_ctx) {
        if (c->engine->options.truncate == TRUNCATE_REFUSE)
            return err_at(e, ERR_LIMIT, (long)c->job.prompt.n, m->n_ctx,
                          "request (%zu tokens) exceeds the available context size (%d tokens), try increasing it",
                          c->job.prompt.n, m->n_ctx);
        cut(c, m);
    }
    return rc;
}

/* ---- start ----------------------------------------------------------------------------------------------------- */

static void refuse(struct call *c, struct err *e, struct exchange *x)
{
    c->engine->totals.refused_input++;
    if (e->code == ERR_LIMIT && c->job.prompt.n) { /* line and column carry the two numbers */
        c->dialect->fail(x, 400, ENGINE_TOO_LONG, e);
    } else {
        if (e->line)
            err_prefix(e, "line %ld, column %ld", e->line, e->column);
        c->dialect->fail(x, e->code == ERR_NOTFOUND ? 404 : 400, "invalid_request_error", e);
    }
    call_free(c);
}

static void refuse_full(struct call *c, struct exchange *x)
{
    struct err e = ERR_INIT;
    err_set(&e, ERR_LIMIT, "server busy, please try again: %d requests are waiting", c->engine->options.max_queue);
    c->engine->totals.refused_full++;
    exchange_field(x, "Retry-After", "1");
    c->dialect->fail(x, c->dialect->full_status, "server_busy", &e);
    call_free(c);
}

/* Ollama's load and unload: nothing to generate. The engine stays loaded; a cold start is a restart of the process. */
static bool only_load(const struct ask *a)
{
    return (a->route == ASK_GENERATE && !a->prompt.len) || (a->route == ASK_OLLAMA_CHAT && !a->n_messages);
}

static int check_model(const struct call *c, struct err *e)
{
    if (ask_is_openai(&c->ask) || !c->ask.model.len || engine_is_model(c->engine, c->ask.model))
        return 0;
    return err_set(e, ERR_NOTFOUND, "model '%.*s' not found", (int)(c->ask.model.len < 200 ? c->ask.model.len : 200),
                   c->ask.model.at);
}

static void submit(struct call *c, struct exchange *x)
{
    struct job *j = &c->job;
    j->max_tokens = c->ask.max_tokens;
    j->sampling = c->ask.sampling;
    j->stops = c->ask.stops;
    j->n_stops = c->ask.n_stops;
    j->cache_prompt = c->ask.cache_prompt;
    if (worker_submit(c->engine->worker, j) != 0) {
        refuse_full(c, x);
        return;
    }
    c->x = x;
    exchange_on_gone(x, client_gone, c);
    if (!c->ask.stream)
        return;
    exchange_cork(x); /* head and first chunk leave together */
    exchange_stream(x, 200, c->dialect->stream_type);
    c->dialect->begin(c);
    exchange_uncork(x);
}

void call_start(struct engine *en, const struct dialect *d, struct exchange *x, const struct http_request *r)
{
    const struct model *m = engine_model(en);
    struct err e = ERR_INIT;
    if (!m) {
        err_set(&e, ERR_SERVER, "Loading model");
        d->fail(x, 503, "unavailable_error", &e);
        return;
    }
    struct call *c = xcalloc(1, sizeof *c);
    c->engine = en;
    c->dialect = d;
    c->job.received_ns = r->received;
    c->wall_offset_ns = clock_realtime_offset(1, NULL);
    c->created_s = (r->received + c->wall_offset_ns) / NS_PER_S;
    struct ask_limits limits = {m->n_ctx, en->options.threads, en->options.batch_size};
    int rc = ask_parse(&c->ask, d->route, r->body, &limits, &e);
    rc = rc ? rc : check_model(c, &e);
    make_id(c);
    if (rc == 0 && only_load(&c->ask)) {
        c->x = x;
        c->job.done_ns = clock_now(NULL);
        d->finish(c);
        call_free(c);
        return;
    }
    rc = rc ? rc : make_prompt(c, m, &e);
    if (rc)
        refuse(c, &e, x);
    else
        submit(c, x);
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

static void on_end(struct call *c)
{
    if (c->x && c->job.finish == FINISH_CANCELLED)
        exchange_abort(c->x, false); /* the engine is being stopped: a stream without its end, not a false one */
    else if (c->x && c->job.finish == FINISH_ERROR && c->ask.stream)
        c->dialect->fail_late(c);
    else if (c->x && c->job.finish == FINISH_ERROR)
        c->dialect->fail(c->x, 500, "server_error", &c->job.err);
    else if (c->x)
        c->dialect->finish(c);
    call_free(c);
}

void call_events(struct engine *en)
{
    events_clear(&en->events);
    worker_take_events(en->worker, &en->events);
    for (size_t i = 0; i < en->events.n; i++) {
        const struct event *ev = &en->events.list[i];
        struct call *c = (struct call *)(void *)ev->job;
        if (ev->kind == EVENT_END) {
            on_end(c);
            continue;
        }
        struct span text = {en->events.bytes.at + ev->at, ev->len};
        tokens_add(&c->chunk_tokens, ev->n_tokens);
        if (!c->x)
            continue;
        if (c->ask.stream)
            c->dialect->text(c, text, ev->stamp);
        else
            str_add(&c->answer, text.at, text.len);
    }
}

/* ---- what both dialects say at the end ------------------------------------------------------------------------- */

const char *call_finish_reason(const struct call *c)
{
    return c->job.finish == FINISH_LIMIT || c->job.finish == FINISH_CONTEXT ? "length" : "stop";
}

static void write_stamps(const struct call *c, struct json_writer *w)
{
    static const char *const ends[] = {
        [FINISH_NONE] = "none",        [FINISH_EOS] = "eos",         [FINISH_STOP] = "stop_string",
        [FINISH_LIMIT] = "max_tokens", [FINISH_CONTEXT] = "context", [FINISH_CANCELLED] = "cancelled",
        [FINISH_ERROR] = "error"};
    const struct job *j = &c->job;
    json_kint(w, "received_ns", j->received_ns);
    json_kint(w, "queued_ns", j->queued_ns);
    json_kint(w, "prefill_start_ns", j->prefill_start_ns);
    json_kint(w, "prefill_end_ns", j->prefill_end_ns);
    json_key(w, "token_ns");
    json_array(w);
    for (size_t i = 0; i < j->output.n; i++)
        json_int(w, j->token_ns[i]);
    json_array_end(w);
    json_kint(w, "done_ns", j->done_ns);
    json_key(w, "chunk_tokens");
    json_array(w);
    for (size_t i = 0; i < c->chunk_tokens.n; i++)
        json_int(w, c->chunk_tokens.at[i]);
    json_array_end(w);
    json_key(w, "tokens");
    json_array(w);
    for (size_t i = 0; i < j->output.n; i++)
        json_int(w, j->output.at[i]);
    json_array_end(w);
    json_kz(w, "ended_by", ends[j->finish]);
    json_kint(w, "prompt_tokens", (int64_t)j->prompt.n);
    json_kint(w, "cached_tokens", (int64_t)j->n_cached);
    json_kint(w, "seed", j->seed);
}

void call_chimera(const struct call *c, struct json_writer *w)
{
    const struct ask *a = &c->ask;
    if (!a->stamps && !a->n_not_applied && !c->asked_tokens)
        return;
    json_key(w, "chimera");
    json_object(w);
    if (a->stamps && c->job.queued_ns)
        write_stamps(c, w);
    if (c->asked_tokens) {
        json_key(w, "truncated");
        json_object(w);
        json_kint(w, "prompt_tokens", (int64_t)c->asked_tokens);
        json_kint(w, "kept_tokens", (int64_t)c->job.prompt.n);
        json_object_end(w);
    }
    if (a->n_not_applied) {
        json_key(w, "not_applied");
        json_array(w);
        for (size_t i = 0; i < a->n_not_applied; i++)
            json_z(w, a->not_applied[i]);
        json_array_end(w);
    }
    json_object_end(w);
}
