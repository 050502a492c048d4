/* reply.c: see reply.h. */
#include "stub/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub/words.h"

#define DRIP_NS (50 * NS_PER_MS)
enum { STAMP_COLUMNS = 19, NO_LIMIT_CTX = 1 << 20, MAX_RESERVE = 1 << 16, CATCH_UP = 1024 };

const char *reply_finish_reason(const struct reply *r)
{
    return r->by_length ? "length" : "stop";
}

static bool is_ollama(const struct dialect *d)
{
    return !d->sse;
}

/* ---- the end of a reply ------------------------------------------------------------------------------------------ */

static void serve(struct reply *r);

static void reply_free(struct reply *r)
{
    ask_release(&r->ask);
    free(r->log.sends);
    str_release(&r->before);
    str_release(&r->after);
    str_release(&r->text);
    str_release(&r->line);
    str_release(&r->pending);
    free(r);
}

/* The slot passes on at the queue's own moment, which is the due moment of this reply's last step. */
static void over(struct reply *r, const char *how)
{
    struct stub *s = r->stub;
    struct slot_job *next = slots_leave(&s->slots, &r->job);
    r->log.t_end = clock_now(NULL);
    log_write(&s->log, &r->log, how);
    reply_free(r);
    if (next && !s->stopping)
        serve((struct reply *)(void *)next);
}

static void client_gone(void *user)
{
    struct reply *r = user;
    struct stub *s = r->stub;
    r->x = NULL;
    s->counts.gone += !s->stopping;
    if (!s->stopping) /* its slot must not pass on in the past */
        reply_steps(s, clock_now(NULL), CATCH_UP);
    over(r, s->stopping ? "stopped" : "gone");
}

/* ---- sending --------------------------------------------------------------------------------------------------- */

/* A send begins: everything until sent() leaves in one write. Returns the moment right before it. */
static mono_ns begin_send(struct reply *r)
{
    mono_ns now = clock_now(NULL), late = now - r->due;
    if (late > r->stub->counts.worst_late_ns)
        r->stub->counts.worst_late_ns = late;
    return now;
}

static void sent(struct reply *r, mono_ns at)
{
    if (!r->stub->log.file)
        return;
    r->log.blocked += r->x && exchange_queued(r->x) > 0;
    log_send(&r->log, r->due, at, r->log.bytes);
}

void reply_event(struct reply *r, const char *p, size_t n)
{
    if (r->dripping) {
        if (r->dialect->sse)
            str_addz(&r->pending, "data: ");
        str_add(&r->pending, p, n);
        str_addz(&r->pending, r->dialect->sse ? "\n\n" : "\n");
    } else if (r->fault->event) {
        r->fault->event(r, p, n);
    } else if (r->dialect->sse) {
        exchange_sse(r->x, p, n);
    } else {
        exchange_ndjson(r->x, p, n);
    }
}

/* What a hook decided. True: the step goes on. */
static bool go_on(struct reply *r, enum fault_next next, mono_ns at)
{
    if (next == FAULT_GO_ON)
        return true;
    if (next == FAULT_HANG) {
        exchange_uncork(r->x);
        sent(r, at);
    } else {
        r->x = NULL;
        sent(r, at);
        over(r, "fault");
    }
    return false;
}

static void done(struct reply *r)
{
    struct stub *s = r->stub;
    s->counts.finished++;
    if (r->ask.unload)
        s->loaded_ns = MONO_NONE;
    r->x = NULL;
    over(r, "done");
}

static void end_stream(struct reply *r)
{
    if (r->fault->flags & FAULT_RAW_BODY)
        exchange_abort(r->x, false);
    else
        exchange_end(r->x);
}

/* ---- steps ----------------------------------------------------------------------------------------------------- */

/* With leading zeros, so that it is one word. */
static void put_stamp(char *at, mono_ns t)
{
    for (char *p = at + STAMP_COLUMNS; p > at; t /= 10)
        *--p = (char)('0' + t % 10);
}

static int64_t tokens_of_next(const struct reply *r)
{
    int64_t left = r->n_tokens - r->log.tokens, most = r->stub->o.tokens_per_chunk;
    return left < most ? left : most;
}

/* The words of the next text chunk, appended; with stamps the first of them is left blank for one. */
static void add_words(struct reply *r, struct str *out)
{
    int64_t n = tokens_of_next(r);
    for (int64_t i = 0; i < n; i++) {
        if (r->stub->o.stamps && r->streaming && i == 0)
            str_addf(out, "%s%*s", r->log.tokens ? " " : "", STAMP_COLUMNS, "");
        else if (r->fault->flags & FAULT_LOOP)
            str_addz(out, r->log.tokens + i ? " again" : "again");
        else
            words_add(out, &r->words, r->log.tokens + i == 0);
    }
    r->log.tokens += n;
    r->log.chunks++;
    r->stub->counts.tokens += (uint64_t)n;
    r->stub->counts.chunks++;
}

/* One text event; returns the clock right before its write. */
static void send_text(struct reply *r)
{
    struct str *line = &r->line;
    bool first = r->log.tokens == 0;
    str_clear(line);
    str_addc(line, '{');
    str_add(line, r->before.at, r->before.len);
    size_t text = line->len;
    add_words(r, line);
    str_add(line, r->after.at, r->after.len);
    if (r->stub->o.stamps)
        put_stamp(line->at + text + !first, clock_now(NULL));
    reply_event(r, line->at, line->len);
}

static void plan(struct reply *r, mono_ns after)
{
    slots_plan(&r->stub->slots, &r->job, r->job.due, after);
}

static void finish_stream(struct reply *r)
{
    mono_ns at = begin_send(r);
    exchange_cork(r->x);
    if (r->fault->last && !go_on(r, r->fault->last(r), at))
        return;
    r->dialect->finish(r);
    if (r->dripping) {
        r->finishing = true;
        exchange_uncork(r->x);
        plan(r, DRIP_NS);
        return;
    }
    end_stream(r);
    sent(r, at);
    done(r);
}

/* Head and half of the body, then what the fault does to a stream's middle. */
static bool cut_whole(struct reply *r, const struct str *body)
{
    struct str head = STR_INIT;
    mono_ns at = begin_send(r);
    str_addf(&head, "HTTP/1.1 200 OK\r\nContent-Type: " STUB_JSON "\r\nContent-Length: %zu\r\n\r\n", body->len);
    exchange_raw(r->x, head.at, head.len);
    exchange_raw(r->x, body->at, body->len / 2);
    str_release(&head);
    return go_on(r, r->fault->middle(r), at);
}

static void finish_whole(struct reply *r)
{
    str_clear(&r->line);
    r->dialect->whole(r, &r->line);
    if ((r->fault->flags & FAULT_CUTS) && !cut_whole(r, &r->line))
        return;
    mono_ns at = begin_send(r);
    exchange_reply(r->x, 200, STUB_JSON, r->line.at, r->line.len);
    sent(r, at);
    done(r);
}

/* A delay of the laws as this answer has it: each is slower than the one before. */
static mono_ns drifted(const struct reply *r, mono_ns ns)
{
    double factor = 1 + r->stub->o.drift * (double)(r->log.number - 1);
    return (mono_ns)((double)ns * factor);
}

static void after_text(struct reply *r)
{
    r->t_last = r->due;
    if (r->log.chunks < r->n_chunks)
        plan(r, drifted(r, law_draw(&r->stub->o.gap, &r->rng, (uint64_t)r->log.chunks)));
    else if (r->streaming)
        finish_stream(r);
    else
        finish_whole(r);
}

static void text_step(struct reply *r)
{
    if (!r->streaming) {
        add_words(r, &r->text);
        after_text(r);
        return;
    }
    mono_ns at = begin_send(r);
    bool middle = r->log.chunks == r->n_chunks / 2;
    if (middle && r->fault->middle && !go_on(r, r->fault->middle(r), at))
        return;
    r->dripping |= middle && (r->fault->flags & FAULT_DRIP);
    send_text(r);
    exchange_uncork(r->x);
    if (r->dripping) {
        plan(r, DRIP_NS);
        return;
    }
    sent(r, at);
    after_text(r);
}

static void drip_step(struct reply *r)
{
    mono_ns at = begin_send(r);
    exchange_chunk(r->x, r->pending.at + r->pending_at, 1);
    sent(r, at);
    if (++r->pending_at < r->pending.len) {
        plan(r, DRIP_NS);
        return;
    }
    str_clear(&r->pending);
    r->pending_at = 0;
    if (r->finishing) {
        end_stream(r);
        done(r);
    } else {
        after_text(r);
    }
}

static bool send_head(struct reply *r)
{
    const char *type = r->fault->type ? r->fault->type : r->dialect->stream_type;
    mono_ns at = begin_send(r);
    exchange_cork(r->x); /* head and first events leave together */
    if (r->fault->head) {
        if (!go_on(r, r->fault->head(r), at))
            return false;
    } else {
        exchange_stream(r->x, 200, *type ? type : NULL);
    }
    if (r->dialect->begin)
        r->dialect->begin(r);
    return true;
}

static void first_step(struct reply *r)
{
    r->headed = true;
    r->t_first = r->t_last = r->due;
    if (r->fault->instead && !go_on(r, r->fault->instead(r), begin_send(r)))
        return;
    if (r->streaming && !send_head(r))
        return;
    if (r->n_chunks)
        text_step(r);
    else if (r->streaming)
        finish_stream(r);
    else
        finish_whole(r);
}

bool reply_steps(struct stub *s, mono_ns until, int max)
{
    struct slot_job *j;
    for (int i = 0; i < max && (j = slots_step(&s->slots, until)); i++) {
        struct reply *r = (struct reply *)(void *)j;
        r->due = s->slots.now;
        if (!r->x)
            continue; /* its client is gone, it is about to be freed */
        if (r->pending.len)
            drip_step(r);
        else if (r->headed)
            text_step(r);
        else
            first_step(r);
    }
    mono_ns next = slots_next(&s->slots);
    return next != MONO_NONE && next <= until;
}

/* ---- the beginning --------------------------------------------------------------------------------------------- */

/* From the slot on: load, prompt, first chunk. */
static void serve(struct reply *r)
{
    struct stub *s = r->stub;
    struct log_entry *l = &r->log;
    mono_ns behind = l->t_read > s->slots.now ? l->t_read - s->slots.now : 0; /* the queue's clock, when overloaded */
    mono_ns now = s->slots.now + behind;
    l->t_start = now;
    if (r->ask.nothing && r->ask.unload) {
        slots_plan(&s->slots, &r->job, s->slots.service, behind);
        return;
    }
    if (s->loaded_ns == MONO_NONE)
        s->loaded_ns = now + s->o.load;
    l->load_ns = s->loaded_ns > now ? s->loaded_ns - now : 0;
    if (s->o.prompt_rate > 0)
        l->prompt_ns = drifted(r, (mono_ns)((double)l->kept_tok / s->o.prompt_rate * 1e9));
    if (!r->ask.nothing)
        l->first_ns = drifted(r, law_draw(&s->o.first, &r->rng, l->number - 1));
    slots_plan(&s->slots, &r->job, s->slots.service, behind + l->load_ns + l->prompt_ns + l->first_ns);
}

void reply_error(const struct dialect *d, struct exchange *x, int status, const char *type, const char *text)
{
    struct str body = STR_INIT;
    d->error(&body, status, type, text);
    exchange_reply(x, status, STUB_JSON, body.at, body.len);
    str_release(&body);
}

/* How many tokens come, and why they end. False: the prompt is over the context and this dialect says so. */
static bool fit(struct reply *r)
{
    const struct stub_options *o = &r->stub->o;
    const struct ask *a = &r->ask;
    bool ollama = is_ollama(r->dialect);
    int64_t ctx = ollama && a->num_ctx > 0 ? a->num_ctx : o->num_ctx ? o->num_ctx : NO_LIMIT_CTX;
    int64_t n = a->ignore_eos || (r->fault->flags & FAULT_ENDLESS) ? ctx : o->tokens;
    r->log.prompt_tok = r->log.kept_tok = a->prompt_tok;
    if (a->prompt_tok >= ctx) {
        if (!ollama)
            return false;
        r->log.kept_tok = ctx;
    }
    int64_t most = ollama ? ctx : ctx - a->prompt_tok; /* Ollama shifts the context instead of stopping */
    if (a->max_tokens >= 0 && a->max_tokens < most)
        most = a->max_tokens;
    r->by_length = most <= n;
    r->n_tokens = r->by_length ? most : n;
    if (r->fault->flags & FAULT_ENDLESS)
        r->n_tokens = ASK_MAX_TOKENS;
    if (r->fault->flags & FAULT_NO_TEXT)
        r->n_tokens = 0;
    r->n_chunks = (r->n_tokens + o->tokens_per_chunk - 1) / o->tokens_per_chunk;
    return true;
}

static bool choose_fault(struct reply *r, struct err *e)
{
    static const struct fault none = {0};
    struct stub *s = r->stub;
    struct rng dice = rng_stream(s->o.seed + r->log.number * 0x9E3779B97F4A7C15u, "fault");
    r->fault = fault_pick(s->o.rules, s->o.n_rules, r->log.number, &dice);
    if (r->ask.fault[0] && !(r->fault = fault_find(r->ask.fault))) {
        err_set(e, ERR_INPUT, "stub_fault: there is no fault '%s'; chimera stub --list-faults", r->ask.fault);
        return false;
    }
    s->counts.faulted += r->fault != NULL;
    r->log.fault = r->fault ? r->fault->name : NULL;
    r->fault = r->fault ? r->fault : &none;
    return true;
}

static struct reply *reply_new(struct stub *s, const struct dialect *d, struct exchange *x,
                               const struct http_request *q)
{
    struct reply *r = xcalloc(1, sizeof *r);
    mono_ns at = q->received > s->slots.now ? q->received : s->slots.now;
    uint64_t n = ++s->counts.requests;
    if (q->connection > s->counts.connections)
        s->counts.connections = q->connection;
    r->stub = s;
    r->x = x;
    r->dialect = d;
    r->rng = rng_stream(s->o.seed + n * 0x9E3779B97F4A7C15u, "delays");
    r->words = rng_stream(s->o.seed + n * 0x9E3779B97F4A7C15u, "words");
    r->log = (struct log_entry){.number = n,
                                .connection = q->connection,
                                .on_connection = q->number,
                                .route = d->path,
                                .t_read = at,
                                .t_start = MONO_NONE,
                                .t_end = MONO_NONE};
    snprintf(r->id, sizeof r->id, "%s-stub-%08" PRIu64, d->route == ASK_COMPLETION ? "cmpl" : "chatcmpl", n);
    return r;
}

static void refuse(struct reply *r, const char *type, const char *text)
{
    mono_ns at = r->due = clock_now(NULL);
    reply_error(r->dialect, r->x, 400, type, text);
    r->x = NULL;
    sent(r, at);
    over(r, "refused");
}

/* Ollama's load and unload: nothing is generated. The load's time passes in service as that of any request. */
static void only_load(struct reply *r)
{
    static const struct fault none = {0};
    r->n_tokens = r->n_chunks = 0;
    r->streaming = false;
    r->fault = &none;
    r->log.fault = NULL;
}

void reply_start(struct stub *s, const struct dialect *d, struct exchange *x, const struct http_request *q)
{
    struct err e = ERR_INIT;
    /* What was due before it came happens before it comes, unless the stub is overloaded: then it must go on reading. */
    reply_steps(s, q->received, CATCH_UP);
    struct reply *r = reply_new(s, d, x, q);
    exchange_count(x, &r->log.bytes);
    if (ask_parse(&r->ask, d->route, q->body, false, &e) || !choose_fault(r, &e)) {
        refuse(r, "invalid_request_error", e.text);
        return;
    }
    if (!fit(r)) {
        err_set(&e, ERR_LIMIT, "the request exceeds the available context size, try increasing it (%" PRId64 " tokens)",
                r->ask.prompt_tok);
        refuse(r, STUB_TOO_LONG, e.text);
        return;
    }
    r->streaming = r->log.stream = r->ask.stream && !(r->fault->flags & FAULT_WHOLE);
    if (r->ask.nothing)
        only_load(r);
    if (s->log.file)
        log_reserve(&r->log, r->streaming && r->n_chunks < MAX_RESERVE ? (size_t)r->n_chunks + 4 : 4);
    d->frame(r);
    exchange_on_gone(x, client_gone, r);
    if (slots_enter(&s->slots, &r->job))
        serve(r);
}
