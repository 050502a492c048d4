/* flight.c: fills one struct request from what net/ tells, through the session's backend. See flight.h.
 *
 * Between recvmsg and the appended chunk nothing here allocates: what a read brings goes to the driver's landing, and from
 * there to the request when the read is told to the end (settle). */
#include "load/flight.h"

#include <stdio.h>
#include <string.h>

enum { ERROR_TEXT_BYTES = 2000, CHUNKS_AT_FIRST = 16 };

/* ---- what net/ tells --------------------------------------------------------------------------------------------- */

static void on_sent(void *user, mono_ns t_ns, bool kernel)
{
    struct flight *f = user;
    f->now->stamp[STAMP_SENT] = t_ns;
    if (kernel)
        f->now->flags &= ~(unsigned)REQUEST_UNSTAMPED_SEND;
    else
        f->now->flags |= REQUEST_UNSTAMPED_SEND;
}

static void on_acked(void *user, mono_ns t_ns)
{
    struct flight *f = user;
    if (f->now->stamp[STAMP_SENT] != MONO_NONE)
        f->now->rtt_ns = t_ns - f->now->stamp[STAMP_SENT];
}

static void on_first_byte(void *user, const struct arrival *a)
{
    struct flight *f = user;
    f->now->stamp[STAMP_FIRST_BYTE] = a->t_ns;
}

static void on_head(void *user, int status, struct span content_type)
{
    struct flight *f = user;
    (void)content_type;
    f->now->http_status = status;
}

static void stamp_once(struct request *r, enum stamp s, mono_ns t)
{
    if (r->stamp[s] == MONO_NONE)
        r->stamp[s] = t;
}

static void stamp_text(struct flight *f, const struct event *ev, mono_ns t)
{
    struct request *r = f->now;
    struct landing *to = f->landing;
    struct span reasoning = ev->kind == CHUNK_REASONING ? ev->text : ev->reasoning;
    stamp_once(r, STAMP_FIRST_TOKEN, t);
    r->stamp[STAMP_LAST_TOKEN] = t;
    if (reasoning.len)
        str_add(&to->reasoning, reasoning.at, reasoning.len);
    if (ev->kind != CHUNK_REASONING) {
        stamp_once(r, STAMP_FIRST_ANSWER, t);
        str_add(&to->text, ev->text.at, ev->text.len);
    }
}

static void add_chunk(struct flight *f, const struct event *ev, uint32_t bytes, const struct arrival *a)
{
    struct chunk_list *l = f->landing->chunks.n ? &f->landing->chunks : &f->now->chunks; /* the chunk before this one */
    struct chunk c = {a->t_ns, a->app_ns, bytes, (uint8_t)ev->kind, a->unstamped ? CHUNK_UNSTAMPED : 0, 0};
    c.text_bytes = (uint16_t)(ev->text.len < UINT16_MAX ? ev->text.len : UINT16_MAX);
    if (l->n && f->last_read == a->read)
        l->at[l->n - 1].flags |= CHUNK_MERGED;
    f->last_read = a->read;
    chunk_list_add(&f->landing->chunks, c);
    f->tally->chunks++;
}

static void keep_error(struct flight *f, struct span text)
{
    struct str *to = &f->now->error;
    if (!to->len)
        str_add(to, text.at, text.len < ERROR_TEXT_BYTES ? text.len : ERROR_TEXT_BYTES);
}

/* Redirects are not followed, so whatever is no success is no answer. */
static bool failed_status(const struct request *r)
{
    return r->http_status >= 300;
}

static void on_event(void *user, struct span data, struct span name, uint32_t wire_bytes, bool comment,
                     const struct arrival *a)
{
    struct flight *f = user;
    struct request *r = f->now;
    struct event ev;
    struct err e;
    err_clear(&e);
    /* With a thousand streams none of it is in the cache: it comes while the event is read. */
    __builtin_prefetch(r->chunks.at + r->chunks.n, 1);
    __builtin_prefetch(r->text.at + r->text.len, 1);
    if (failed_status(r)) {
        str_add(&f->error_body, data.at, data.len);
        ev = (struct event){.kind = CHUNK_ERROR};
    } else if (comment) {
        ev = (struct event){.kind = CHUNK_COMMENT};
    } else if (span_eq_z(name, "error")) {
        backend_on_error_event(&f->translate, data.at, data.len, &ev);
    } else if (f->server->backend->on_event(&f->translate, data.at, data.len, &ev, &e) != 0) {
        f->parse_fault = true;
        ev = (struct event){.kind = CHUNK_OTHER};
        keep_error(f, span_z(e.text));
    }
    add_chunk(f, &ev, wire_bytes, a);
    if (comment)
        return;
    stamp_once(r, STAMP_FIRST_CHUNK, a->t_ns);
    if (ev.text.len && (ev.kind == CHUNK_TEXT || ev.kind == CHUNK_REASONING || ev.kind == CHUNK_TOOL))
        stamp_text(f, &ev, a->t_ns);
    if (ev.kind == CHUNK_ERROR && !failed_status(r)) {
        f->error_seen = true;
        f->refused |= ev.refused;
        keep_error(f, ev.error);
    }
    f->done_seen |= ev.done;
}

/* Grows by half: a stream of n chunks is copied a few times, and has no more than half of them unused; none when they are
 * the last. */
static void move_chunks(struct chunk_list *to, struct chunk_list *from, bool last)
{
    if (to->cap - to->n < from->n)
        chunk_list_reserve(to, from->n + (last ? 0 : to->n / 2 + CHUNKS_AT_FIRST));
    if (from->n)
        memcpy(to->at + to->n, from->at, from->n * sizeof *from->at);
    to->n += from->n;
    to->dropped += from->dropped;
    from->n = from->dropped = 0;
}

static void move_text(struct str *to, struct str *from)
{
    if (!from->len)
        return;
    str_add(to, from->at, from->len);
    str_clear(from);
}

static void settle(struct flight *f, bool last)
{
    move_chunks(&f->now->chunks, &f->landing->chunks, last);
    move_text(&f->now->text, &f->landing->text);
    move_text(&f->now->reasoning, &f->landing->reasoning);
}

static void on_read_done(void *user)
{
    settle(user, false);
}

/* ---- how it ended ------------------------------------------------------------------------------------------------- */

static enum outcome outcome_of_status(struct flight *f)
{
    struct event ev = {0};
    struct request *r = f->now;
    bool known = f->server->backend->on_error_body &&
                 f->server->backend->on_error_body(r->http_status, str_z(&f->error_body), f->error_body.len, &ev) == 0;
    if (known && ev.error.len)
        keep_error(f, ev.error);
    else
        keep_error(f, (struct span){str_z(&f->error_body), f->error_body.len});
    if (!r->error.len)
        str_addf(&r->error, "HTTP status %d without a word", r->http_status);
    if (r->http_status == 429 || r->http_status == 503 || (known && ev.refused))
        return OUTCOME_REFUSED;
    return known && ev.kind == CHUNK_ERROR ? OUTCOME_API_ERROR : OUTCOME_HTTP_ERROR;
}

static enum outcome outcome_of_done(struct flight *f)
{
    struct request *r = f->now;
    if (failed_status(r))
        return outcome_of_status(f);
    if (f->error_seen)
        return f->refused ? OUTCOME_REFUSED : OUTCOME_API_ERROR;
    if (f->parse_fault)
        return OUTCOME_PARSE_ERROR;
    if (!f->done_seen)
        return OUTCOME_NO_DONE;
    return r->stamp[STAMP_FIRST_TOKEN] == MONO_NONE ? OUTCOME_EMPTY : OUTCOME_OK;
}

static enum outcome outcome_of(struct flight *f, const struct call_end *end)
{
    switch (end->result) {
    case NET_DONE: return outcome_of_done(f);
    case NET_CONNECT: return OUTCOME_CONNECT_ERROR;
    case NET_TIMEOUT_CONNECT: return OUTCOME_TIMEOUT_CONNECT;
    case NET_TIMEOUT_FIRST_BYTE: return OUTCOME_TIMEOUT_FIRST_BYTE;
    case NET_TIMEOUT_IDLE: return OUTCOME_TIMEOUT_IDLE;
    case NET_TIMEOUT_TOTAL: return OUTCOME_TIMEOUT_TOTAL;
    case NET_RESET: return OUTCOME_RESET;
    case NET_PARSE: return OUTCOME_PARSE_ERROR;
    case NET_CANCELLED: return OUTCOME_CANCELLED;
    }
    BUG("unknown net_result");
}

static void on_end(void *user, const struct call_end *end)
{
    struct flight *f = user;
    struct request *r = f->now;
    f->call = NULL;
    f->tally->flying--;
    settle(f, true);
    chunk_list_fit(&r->chunks);
    str_fit(&r->text);
    str_reserve(&r->text, 0); /* an answer of no bytes is one, too */
    r->stamp[STAMP_DONE] = end->t_ns;
    r->bytes_in = end->bytes_in;
    r->bytes_out = end->bytes_out;
    if (!r->http_status)
        r->http_status = end->status;
    if (end->new_connection)
        r->flags |= REQUEST_RECONNECTED;
    r->outcome = outcome_of(f, end);
    if (end->result != NET_DONE)
        keep_error(f, span_z(end->why));
    else if (r->outcome == OUTCOME_NO_DONE)
        keep_error(f, span_z("the stream ended without its terminator"));
    request_derive(r, driver_spec_of(f->driver)->cold_prompt_rate);
    f->last = r;
    f->now = NULL;
    f->state = FLIGHT_IDLE;
    driver_finished(f->driver, f);
}

static const struct call_ops ops = {
    .sent = on_sent,
    .acked = on_acked,
    .first_byte = on_first_byte,
    .head = on_head,
    .event = on_event,
    .read_done = on_read_done,
    .end = on_end,
};

/* ---- before it flies ---------------------------------------------------------------------------------------------- */

static void fill_request(struct flight *f, struct request *r, const struct ask *ask, const char *stage)
{
    r->session = f->dialogue < 0 ? f->out->number : f->dialogue;
    r->turn = f->turn++;
    r->agent = f->session->agent;
    r->stage = stage;
    r->server = f->server->name;
    r->backend = f->server->backend->name;
    r->model = f->server->model;
    r->num_ctx = ask->options.set & OPTION_NUM_CTX ? ask->options.num_ctx : f->server->num_ctx;
    r->max_tok = ask->options.set & OPTION_NUM_PREDICT ? ask->options.num_predict : -1;
    r->prompt = f->built.body;
    f->built.body = (struct str)STR_INIT;
    r->not_applied = f->built.not_applied;
    f->built.not_applied = (struct str)STR_INIT;
}

static void timer_fire(struct timer *t)
{
    struct flight *f = (struct flight *)(void *)((char *)t - offsetof(struct flight, timer));
    flight_send(f, t->at);
    if (f->state == FLIGHT_ENDED)
        driver_grounded(f);
}

static void reset(struct flight *f)
{
    f->done_seen = f->error_seen = f->refused = f->parse_fault = false;
    f->last_read = UINT64_MAX;
    str_clear(&f->error_body);
    built_release(&f->built);
    f->built = (struct built){0};
}

static void build_failed(struct flight *f, struct request *r, const struct err *e)
{
    r->outcome = OUTCOME_UNSENT;
    str_addz(&r->error, e->text);
    f->now = NULL;
    flight_end(f, false, e->text);
    driver_let_go(f->driver, r);
}

void flight_prepare(struct flight *f, mono_ns at)
{
    struct ask ask = {0};
    struct err e;
    const char *stage = NULL, *why = NULL;
    mono_ns later = at;
    err_clear(&e);
    enum session_next n = f->session->ops->next(f->session->user, f->last, &ask, &stage, &later, &why);
    if (n != SESSION_ASK && n != SESSION_ANEW) {
        flight_end(f, n == SESSION_FINISHED, why);
        return;
    }
    if (n == SESSION_ANEW) {
        f->dialogue = driver_new_dialogue(f->driver);
        f->turn = 0;
        f->session->ops->begun(f->session->user, f->dialogue);
    }
    reset(f);
    ask.model = f->server->model;
    ask.want_engine_stamps = f->server->engine_stamps;
    struct request *r = driver_new_request(f->driver);
    int rc = f->server->backend->build(&ask, &f->built, &e);
    fill_request(f, r, &ask, stage);
    if (at < 0 && later < 0)
        r->flags |= REQUEST_WARMUP;
    f->now = r;
    backend_state_begin(&f->translate, r);
    r->stamp[STAMP_READY] = clock_now(NULL);
    if (rc) {
        build_failed(f, r, &e);
        return;
    }
    f->state = FLIGHT_WAITING;
    if (later > at && f->last) {
        f->timer.fire = timer_fire;
        loop_timer_set(driver_loop(f->driver), &f->timer, f->out->released_ns + later);
    }
}

void flight_send(struct flight *f, mono_ns planned)
{
    struct request *r = f->now;
    struct err e;
    struct call_spec spec = {
        .method = f->built.method,
        .path = f->built.path,
        .body = str_z(&r->prompt),
        .body_len = r->prompt.len,
        .framing = f->built.framing == FRAMING_SSE      ? CALL_SSE
                   : f->built.framing == FRAMING_NDJSON ? CALL_NDJSON
                                                        : CALL_BODY,
        .limits = driver_spec_of(f->driver)->limits,
    };
    err_clear(&e);
    r->stamp[STAMP_PLANNED] = planned;
    if (r->stamp[STAMP_READY] < planned) /* built ahead of its time: ready is when it could have left */
        r->stamp[STAMP_READY] = planned;
    if (f->out->started_ns == MONO_NONE)
        f->out->started_ns = clock_now(NULL);
    f->state = FLIGHT_FLYING;
    f->tally->flying++;
    f->call = call_start(f->client, &spec, &ops, f, &e);
    if (!f->call && f->now) { /* `end` was not and will not be called */
        f->tally->flying--;
        build_failed(f, r, &e);
    }
}

void flight_end(struct flight *f, bool ok, const char *why)
{
    f->state = FLIGHT_ENDED;
    if (!f->opener)
        f->tally->live--;
    f->out->ended_ns = clock_now(NULL);
    f->out->ok &= ok;
    if (!ok && !f->out->error)
        f->out->error = xstrdup(why ? why : "stopped");
}

void flight_cancel(struct flight *f)
{
    if (f->state == FLIGHT_WAITING && f->now) {
        loop_timer_cancel(driver_loop(f->driver), &f->timer);
        f->now->outcome = OUTCOME_UNSENT;
        driver_let_go(f->driver, f->now);
        f->now = NULL;
    }
    if (f->state == FLIGHT_FLYING && f->call)
        call_cancel(f->call);
    bool spare = f->opener && f->state == FLIGHT_IDLE;
    if (f->state != FLIGHT_ENDED && !spare)
        flight_end(f, false, "stopped");
}

void flight_release(struct flight *f)
{
    built_release(&f->built);
    backend_state_release(&f->translate);
    str_release(&f->error_body);
}
