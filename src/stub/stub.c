/* stub.c: see stub.h. The loop is httpd's; each turn does what is due and says when it wants to be called again. */
#include "stub/stub.h"

#include <stdlib.h>
#include <string.h>

#include "stub/facts.h"
#include "stub/reply.h"

/* A sleeping loop comes back some ten microseconds late; the last stretch before a due moment is spent polling. */
#define SPIN_NS (60 * NS_PER_US)
enum { STEPS_PER_TURN = 512, MAX_QUEUE_BYTES = 64 << 20, MAX_BODY_BYTES = 64 << 20, MAX_CONNECTIONS = 65536 };

static void on_chat(void *user, struct exchange *x, const struct http_request *r)
{
    reply_start(user, &dialect_chat, x, r);
}

static void on_completion(void *user, struct exchange *x, const struct http_request *r)
{
    reply_start(user, &dialect_completion, x, r);
}

static void on_generate(void *user, struct exchange *x, const struct http_request *r)
{
    reply_start(user, &dialect_generate, x, r);
}

static void on_ollama_chat(void *user, struct exchange *x, const struct http_request *r)
{
    reply_start(user, &dialect_ollama_chat, x, r);
}

static const struct httpd_route routes[] = {
    {"POST", "/v1/chat/completions", on_chat},
    {"POST", "/v1/completions", on_completion},
    {"GET", "/v1/models", facts_models},
    {"POST", "/api/generate", on_generate},
    {"POST", "/api/chat", on_ollama_chat},
    {"GET", "/api/tags", facts_tags},
    {"POST", "/api/show", facts_show},
    {"GET", "/api/ps", facts_ps},
    {"GET", "/api/version", facts_version},
    {"POST", "/tokenize", facts_tokenize},
    {"POST", "/apply-template", facts_apply_template},
    {"GET", "/health", facts_health},
    {"GET", "/props", facts_props},
    {"GET", "/slots", facts_slots},
    {"GET", "/", facts_root},
};

static mono_ns on_turn(void *user, mono_ns now)
{
    struct stub *s = user;
    if (reply_steps(s, now, STEPS_PER_TURN))
        return now;
    mono_ns next = slots_next(&s->slots);
    return next == MONO_NONE ? next : next - SPIN_NS;
}

static void on_stop(void *user)
{
    stub_stop(user);
}

static void fill_defaults(struct stub_options *o)
{
    if (!o->model)
        o->model = "stub";
    if (!o->tokens)
        o->tokens = 64;
    if (!o->tokens_per_chunk)
        o->tokens_per_chunk = 1;
}

int stub_open(struct stub **out, struct stub_options *options, struct err *e)
{
    struct stub *s = xcalloc(1, sizeof *s);
    struct httpd_options h = {.host = options->host,
                              .port = options->port,
                              .routes = routes,
                              .n_routes = sizeof routes / sizeof *routes,
                              .max_queue_bytes = MAX_QUEUE_BYTES,
                              .max_body_bytes = MAX_BODY_BYTES,
                              .max_connections = MAX_CONNECTIONS,
                              .idle_ns = -1,
                              .no_date = true,
                              .user = s,
                              .on_turn = on_turn};
    s->o = *options;
    s->loaded_ns = MONO_NONE;
    fill_defaults(&s->o);
    int rc = httpd_open(&s->httpd, &h, e);
    rc = rc ? rc : log_open(&s->log, s->o.log, e);
    if (rc) {
        httpd_free(s->httpd);
        free(s);
        return rc;
    }
    options->first = options->gap = (struct law){0}; /* taken */
    slots_init(&s->slots, s->o.slots, s->o.order, clock_now(NULL));
    *out = s;
    return 0;
}

int stub_port(const struct stub *s)
{
    return httpd_port(s->httpd);
}

int stub_stop_on(struct stub *s, int fd, struct err *e)
{
    return httpd_watch(s->httpd, fd, on_stop, e);
}

int stub_run(struct stub *s, struct err *e)
{
    return httpd_run(s->httpd, e);
}

void stub_stop(struct stub *s)
{
    httpd_stop(s->httpd);
}

struct stub_counts stub_counts(const struct stub *s)
{
    return s->counts;
}

int stub_free(struct stub *s, struct err *e)
{
    if (!s)
        return 0;
    s->stopping = true;
    httpd_free(s->httpd);
    int rc = log_close(&s->log, e);
    slots_release(&s->slots);
    law_release(&s->o.first);
    law_release(&s->o.gap);
    free(s);
    return rc;
}
