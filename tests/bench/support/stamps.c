/* stamps.c: see stamps.h. */
#include "stamps.h"

#include <stdio.h>

#include "host.h"
#include "net/client.h"

/* A chunk in the same read as the one before it shows that one to be merged. */
static void on_event(void *user, struct span data, struct span name, uint32_t wire, bool comment,
                     const struct arrival *a)
{
    struct stamps *f = user;
    (void)name, (void)wire, (void)comment;
    if (data.len < SENDER_STAMP_AT + SENDER_STAMP_DIGITS || f->n_app == f->cap)
        return;
    mono_ns sent = sender_stamp(data.at + SENDER_STAMP_AT);
    if (f->n && f->read == a->read) {
        f->n--;
        f->merged++;
    }
    f->read = a->read;
    f->exact[f->n++] = a->t_ns - sent;
    f->app[f->n_app++] = a->app_ns - sent;
    f->unstamped += a->unstamped;
}

static void on_end(void *user, const struct call_end *end)
{
    struct stamps *f = user;
    if (end->result != NET_DONE)
        give_up(end->why);
    if (--f->running == 0)
        loop_stop(f->loop);
}

void stamps_read(struct stamps *f, const struct sender *s)
{
    static const struct call_ops ops = {.event = on_event, .end = on_end};
    struct call_spec spec = {.method = "POST",
                             .path = "/",
                             .body = "{}",
                             .body_len = 2,
                             .framing = CALL_SSE,
                             .limits = {.total_ns = 60 * NS_PER_S}};
    struct client_options options = {.cacert = s->spec.tls ? s->ca_file : NULL};
    struct endpoint ep;
    struct client *c;
    struct err e = ERR_INIT;
    char url[64];
    snprintf(url, sizeof url, "http%s://127.0.0.1:%d", s->spec.tls ? "s" : "", s->port);
    if (endpoint_parse(url, &ep, &e) || loop_new(&f->loop, &e) || client_new(&c, f->loop, &ep, &options, &e))
        give_up(e.text);
    if (!loop_warm_stamps(f->loop))
        give_up("this host gives no receive stamps");
    f->running = s->spec.streams;
    for (int i = 0; i < s->spec.streams; i++)
        if (!call_start(c, &spec, &ops, f, &e))
            give_up(e.text);
    double cpu = cpu_s();
    loop_run(f->loop);
    f->cpu_us = (cpu_s() - cpu) / (double)f->n_app * 1e6;
    client_free(c);
    loop_free(f->loop);
}
