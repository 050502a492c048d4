/* fetch.c: one blocking exchange on a loop of its own, for asking servers about themselves outside the measured
 * window. */
#include <stdlib.h>
#include <string.h>

#include "net/client.h"

struct fetch {
    struct loop *loop;
    struct fetched *out;
    enum net_result result;
    int sys_errno;
    char why[512];
};

static void on_sent(void *user, mono_ns t_ns, bool kernel)
{
    struct fetch *f = user;
    (void)kernel;
    f->out->sent_ns = t_ns;
}

static void on_first_byte(void *user, const struct arrival *a)
{
    ((struct fetch *)user)->out->first_byte_ns = a->t_ns;
}

static void on_head(void *user, int status, struct span content_type)
{
    struct fetch *f = user;
    f->out->status = status;
    str_add(&f->out->content_type, content_type.at, content_type.len);
}

static void on_event(void *user, struct span data, struct span event_name, uint32_t wire_bytes, bool comment,
                     const struct arrival *a)
{
    struct fetch *f = user;
    (void)event_name, (void)wire_bytes, (void)comment, (void)a;
    str_add(&f->out->body, data.at, data.len);
}

static void on_end(void *user, const struct call_end *end)
{
    struct fetch *f = user;
    f->result = end->result;
    f->sys_errno = end->sys_errno;
    f->out->done_ns = end->t_ns;
    size_t n = strlen(end->why);
    n = n < sizeof f->why - 1 ? n : sizeof f->why - 1;
    memcpy(f->why, end->why, n);
    f->why[n] = 0;
    loop_stop(f->loop);
}

static const struct call_ops ops = {
    .sent = on_sent, .first_byte = on_first_byte, .head = on_head, .event = on_event, .end = on_end};

static int code_of(enum net_result r)
{
    switch (r) {
    case NET_DONE: return 0;
    case NET_TIMEOUT_CONNECT:
    case NET_TIMEOUT_FIRST_BYTE:
    case NET_TIMEOUT_IDLE:
    case NET_TIMEOUT_TOTAL: return ERR_TIMEOUT;
    case NET_CONNECT:
    case NET_RESET:
    case NET_PARSE:
    case NET_CANCELLED: break;
    }
    return ERR_NET;
}

static int exchange(struct fetch *f, const struct endpoint *ep, const struct client_options *o,
                    const struct call_spec *spec, struct err *e)
{
    struct client *c = NULL;
    int r = loop_new(&f->loop, e);
    if (!r)
        r = client_new(&c, f->loop, ep, o, e);
    if (!r && !call_start(c, spec, &ops, f, e))
        r = e && e->code ? e->code : ERR_IO;
    if (!r) {
        loop_run(f->loop);
        r = code_of(f->result);
        if (r)
            err_set(e, r, "%s", f->why);
    }
    client_free(c);
    loop_free(f->loop);
    return r;
}

int http_fetch(const struct endpoint *ep, const struct client_options *o, const char *method, const char *path,
               const char *body, mono_ns timeout_ns, struct fetched *out, struct err *e)
{
    struct err own = ERR_INIT;
    struct fetch f = {.out = out};
    struct call_spec spec = {.method = method,
                             .path = path,
                             .body = body,
                             .body_len = body ? strlen(body) : 0,
                             .framing = CALL_BODY,
                             .limits = {.total_ns = timeout_ns}};
    *out = (struct fetched){.sent_ns = MONO_NONE, .first_byte_ns = MONO_NONE, .done_ns = MONO_NONE};
    int r = exchange(&f, ep, o, &spec, &own);
    if (!r)
        return 0;
    fetched_release(out);
    struct str url = STR_INIT;
    endpoint_text(ep, &url);
    err_set(e, r, "%s %s%s: %s", method, str_z(&url), path, own.text);
    str_release(&url);
    return r;
}

void fetched_release(struct fetched *f)
{
    str_release(&f->body);
    str_release(&f->content_type);
    *f = (struct fetched){.sent_ns = MONO_NONE, .first_byte_ns = MONO_NONE, .done_ns = MONO_NONE};
}
