/* event.c: see event.h. */
#include "backend/event.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TOKEN_STAMPS = 1 << 20, MAX_WORD = 64, MAX_NOT_APPLIED = 64 };

#define MAX_COUNT 1e9
#define MAX_NS 1e18

void event_clear(struct event *ev)
{
    memset(ev, 0, offsetof(struct event, scratch));
    ev->kind = CHUNK_OTHER;
}

/* An upper bound of the depth that needs no look at strings: counted in bytes per block, which the
 * compiler turns into vector code. json_read's own pass would cost more than yyjson's parsing of an
 * ordinary event. */
static bool surely_shallow(const char *p, size_t n)
{
    enum { BLOCK = 128 };
    size_t openers = 0;
    while (n) {
        size_t len = n < BLOCK ? n : BLOCK;
        unsigned char in_block = 0;
        for (size_t i = 0; i < len; i++)
            in_block = (unsigned char)(in_block + ((p[i] | 0x20) == '{')); /* '[' | 0x20 is '{' too */
        openers += in_block;
        p += len;
        n -= len;
    }
    return openers <= JSON_MAX_DEPTH;
}

static yyjson_doc *parse(const char *p, size_t n, const yyjson_alc *alc, struct err *fault)
{
    yyjson_doc *doc = surely_shallow(p, n) ? yyjson_read_opts((char *)(uintptr_t)p, n, 0, alc, NULL) : NULL;
    return doc ? doc : json_read(p, n, alc, fault); /* the rare ways: deep, or broken and to be explained */
}

int event_read(struct backend_state *s, const char *p, size_t n, struct event_doc *d, struct err *e)
{
    yyjson_alc pool;
    struct err fault;
    err_clear(&fault);
    yyjson_doc_free(s->big_doc);
    s->big_doc = NULL;
    bool big = yyjson_read_max_memory_usage(n, 0) > s->pool_bytes ||
               !yyjson_alc_pool_init(&pool, s->pool, s->pool_bytes);
    *d = (struct event_doc){p, n, parse(p, n, big ? NULL : &pool, &fault), NULL};
    if (big) {
        s->big_events++;
        s->big_doc = d->doc;
    }
    if (!d->doc)
        return err_at(e, fault.code ? fault.code : ERR_INPUT, fault.line, fault.column, "%s", fault.text);
    d->root = yyjson_doc_get_root(d->doc);
    if (!yyjson_is_obj(d->root))
        return err_set(e, ERR_INPUT, "an event that is JSON but not an object");
    return 0;
}

struct span event_text(yyjson_val *string)
{
    if (!yyjson_is_str(string))
        return SPAN_NONE;
    return (struct span){yyjson_get_str(string), yyjson_get_len(string)};
}

/* yyjson works on a copy of the whole event and leaves unescaped strings where they are, so the place in
 * the copy is the place in the event; the bytes are compared all the same. */
struct span event_token(const struct event_doc *d, yyjson_val *string)
{
    struct span s = event_text(string);
    if (!s.at || !d->doc->str_pool)
        return SPAN_NONE;
    ptrdiff_t at = s.at - d->doc->str_pool;
    if (at < 1 || (size_t)at + s.len >= d->n || memcmp(d->p + at, s.at, s.len) != 0)
        return SPAN_NONE;
    return (struct span){d->p + at, s.len};
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

static int64_t told(yyjson_val *obj, const char *key, double factor, double max)
{
    double v = json_get_double(obj, key, -1) * factor;
    return v >= 0 && v <= max ? (int64_t)(v + 0.5) : -1;
}

int64_t told_count(yyjson_val *obj, const char *key)
{
    return told(obj, key, 1, MAX_COUNT);
}

int64_t told_ns(yyjson_val *obj, const char *key)
{
    return told(obj, key, 1, MAX_NS);
}

int64_t told_ms(yyjson_val *obj, const char *key)
{
    return told(obj, key, 1e6, MAX_NS);
}

void event_finish(struct backend_state *s, struct event *ev, struct span reason)
{
    if (!reason.len)
        return;
    ev->finished = true;
    if (!s->finish_reason)
        return;
    str_clear(s->finish_reason);
    str_add(s->finish_reason, reason.at, reason.len < MAX_WORD ? reason.len : MAX_WORD);
}

/* prompt_n leaves cached tokens out; usage.prompt_tokens, where it comes too, counts them. load and total
 * are not told. */
bool event_timings(struct backend_state *s, yyjson_val *root)
{
    yyjson_val *t = yyjson_obj_get(root, "timings");
    if (!yyjson_is_obj(t) || !s->usage)
        return false;
    int64_t cached = told_count(t, "cache_n"), prompt = told_count(t, "prompt_n");
    s->usage->prompt_eval_ns = told_ms(t, "prompt_ms");
    s->usage->eval_ns = told_ms(t, "predicted_ms");
    s->usage->completion_tok = told_count(t, "predicted_n");
    s->usage->cached_tok = cached;
    if (prompt >= 0)
        s->usage->prompt_tok = prompt + (cached > 0 ? cached : 0);
    return true;
}

/* ---- chimera-engine ------------------------------------------------------------------------------------ */

static mono_ns stamp(yyjson_val *v)
{
    int64_t t = yyjson_is_int(v) ? yyjson_get_sint(v) : -1;
    return t >= 0 ? t : MONO_NONE;
}

/* All or none: a list with a hole would move every later token. */
static void read_token_stamps(struct engine_stamps *engine, yyjson_val *list)
{
    size_t i, max, n = yyjson_arr_size(list);
    yyjson_val *v;
    free(engine->token_ns);
    engine->token_ns = NULL;
    engine->n = 0;
    if (!n || n > MAX_TOKEN_STAMPS)
        return;
    mono_ns *at = xmalloc(n * sizeof *at), last = 0;
    yyjson_arr_foreach (list, i, max, v) {
        at[i] = stamp(v);
        if (at[i] < last) {
            free(at);
            return;
        }
        last = at[i];
    }
    engine->token_ns = at;
    engine->n = n;
}

static bool holds_word(const struct str *list, struct span word)
{
    const char *at = str_z(list);
    while (*at) {
        size_t n = strcspn(at, ",");
        if (n == word.len && !memcmp(at, word.at, n))
            return true;
        at += n + (at[n] == ',');
    }
    return false;
}

static void add_not_applied(struct str *out, yyjson_val *list)
{
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach (list, i, max, v) {
        struct span word = event_text(v);
        if (!word.len || word.len > MAX_WORD || memchr(word.at, ',', word.len) || i >= MAX_NOT_APPLIED ||
            holds_word(out, word))
            continue;
        if (out->len)
            str_addc(out, ',');
        str_add(out, word.at, word.len);
    }
}

/* Where Ollama's dialect cuts a prompt, the engine says how long it was. The length goes where Ollama's
 * own `context` would show it, so that one rule proves both. */
static void read_truncated(struct usage *u, yyjson_val *truncated)
{
    int64_t asked = told_count(truncated, "prompt_tokens");
    if (asked > 0 && u->completion_tok >= 0 && asked + u->completion_tok > u->context_ids)
        u->context_ids = asked + u->completion_tok;
}

bool event_engine(struct backend_state *s, yyjson_val *root)
{
    yyjson_val *c = yyjson_obj_get(root, "chimera");
    if (!yyjson_is_obj(c))
        return false;
    if (s->engine && yyjson_obj_get(c, "queued_ns")) {
        s->engine->queued_ns = stamp(yyjson_obj_get(c, "queued_ns"));
        s->engine->prefill_start_ns = stamp(yyjson_obj_get(c, "prefill_start_ns"));
        s->engine->prefill_end_ns = stamp(yyjson_obj_get(c, "prefill_end_ns"));
        read_token_stamps(s->engine, yyjson_obj_get(c, "token_ns"));
    }
    if (s->usage)
        read_truncated(s->usage, yyjson_obj_get(c, "truncated"));
    if (s->not_applied)
        add_not_applied(s->not_applied, yyjson_obj_get(c, "not_applied"));
    return true;
}

/* ---- errors -------------------------------------------------------------------------------------------- */

/* Words of `type` or `code` that mean: a sound request, declined. llama-server, vLLM, OpenAI, gateways. */
static bool word_refuses(struct span word)
{
    static const char *const words[] = {
        "exceed_context_size_error", "context_length_exceeded", "unavailable_error", "rate_limit_exceeded",
        "rate_limit_error",          "overloaded_error",        "server_overloaded", "insufficient_quota",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (span_eq_z(word, words[i]))
            return true;
    return false;
}

/* Ollama has sentences only. */
static bool sentence_refuses(struct span text)
{
    static const char busy[] = "maximum pending requests exceeded";
    return text.len && memmem(text.at, text.len, busy, sizeof busy - 1) != NULL;
}

static bool status_refuses(int64_t status)
{
    return status == 429 || status == 503;
}

static void read_fault(yyjson_val *fault, struct event *ev)
{
    ev->kind = CHUNK_ERROR;
    ev->text = ev->reasoning = SPAN_NONE;
    ev->error = yyjson_is_obj(fault) ? json_get_text(fault, "message") : event_text(fault);
    if (!ev->error.len)
        ev->error = json_get_text(fault, "type");
    if (!ev->error.len)
        ev->error = span_z("an error object without a message");
    ev->refused = sentence_refuses(ev->error) || word_refuses(json_get_text(fault, "type")) ||
                  word_refuses(json_get_text(fault, "code")) || status_refuses(json_get_int(fault, "code", 0));
}

bool event_error(yyjson_val *root, struct event *ev)
{
    yyjson_val *fault = yyjson_obj_get(root, "error");
    if (!fault && span_eq_z(json_get_text(root, "object"), "error"))
        fault = root;
    if (!fault || yyjson_is_null(fault) || yyjson_is_false(fault))
        return false;
    read_fault(fault, ev);
    return true;
}

static struct span first_line(const char *p, size_t n)
{
    size_t len = 0;
    while (len < n && p[len] != '\n' && p[len] != '\r')
        len++;
    return (struct span){p, len};
}

void backend_on_error_event(struct backend_state *s, const char *p, size_t n, struct event *out)
{
    struct event_doc d;
    struct err e = ERR_INIT;
    event_clear(out);
    s->events++;
    if (event_read(s, p, n, &d, &e) != 0) {
        out->kind = CHUNK_ERROR;
        out->error = n ? first_line(p, n) : span_z("an error event without data");
    } else if (!event_error(d.root, out)) {
        read_fault(d.root, out);
    }
}

/* An error body is read outside the measured path, without a state: its sentence is copied into the event
 * itself. */
static void keep_in_scratch(struct event *ev)
{
    size_t n = ev->error.len < sizeof ev->scratch ? ev->error.len : sizeof ev->scratch;
    while (n < ev->error.len && n && ((unsigned char)ev->error.at[n] & 0xC0) == 0x80)
        n--; /* not within a character */
    memcpy(ev->scratch, ev->error.at, n);
    ev->error = (struct span){ev->scratch, n};
}

int event_error_body(int status, const char *p, size_t n, struct event *ev)
{
    event_clear(ev);
    yyjson_doc *doc = n ? json_read(p, n, NULL, NULL) : NULL;
    bool known = doc && event_error(yyjson_doc_get_root(doc), ev);
    if (!known) {
        ev->kind = CHUNK_ERROR;
        ev->error = first_line(p, n);
    }
    if (ev->error.len)
        keep_in_scratch(ev);
    ev->refused |= status_refuses(status);
    yyjson_doc_free(doc);
    return known ? 0 : ERR_INPUT;
}
