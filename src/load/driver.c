/* driver.c: the window of one run: a barrier, N flights on one loop, and the account of what happened. See driver.h. */
#include "load/driver.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "load/flight.h"
#include "load/watch.h"
#include "stats/quantile.h"

enum { TICK_NS = 100 * NS_PER_MS, TEXT_ROOM_BYTES = 4096, CHUNK_ROOM = 64 };
#define PRECONNECT_NS (10 * NS_PER_S)

struct driver {
    struct driver_spec spec;
    struct loop *loop;
    struct client **clients; /* one per server */
    struct flight *flights;  /* one per session */
    struct request **requests;
    size_t n_requests, cap_requests;
    struct timer tick;
    mono_ns next_tick;
    bool stopping;
};

/* ---- for flight.c ------------------------------------------------------------------------------------------------- */

const struct driver_spec *driver_spec_of(const struct driver *d)
{
    return &d->spec;
}

struct loop *driver_loop(const struct driver *d)
{
    return d->loop;
}

struct request *driver_new_request(struct driver *d)
{
    if (d->n_requests == d->cap_requests) {
        d->cap_requests = d->cap_requests ? 2 * d->cap_requests : 16;
        d->requests = xrealloc(d->requests, d->cap_requests * sizeof *d->requests);
    }
    struct request *r = xmalloc(sizeof *r);
    request_init(r);
    r->seq = (int64_t)d->n_requests;
    d->requests[d->n_requests++] = r;
    return r;
}

void driver_finished(struct driver *d, struct flight *f)
{
    struct request *finished = f->last;
    if (!d->stopping) { /* else flight_cancel ends the session */
        flight_prepare(f);
        if (f->state == FLIGHT_WAITING && !f->timer.slot)
            flight_send(f, finished->stamp[STAMP_DONE]);
    }
    if (d->spec.on_request) /* after the next one left: storing must not delay the session */
        d->spec.on_request(d->spec.user, finished);
}

/* ---- the loop around them ------------------------------------------------------------------------------------------ */

static int64_t in_flight(const struct driver *d, int64_t *tokens)
{
    int64_t n = 0;
    *tokens = 0;
    for (size_t i = 0; i < d->n_requests; i++)
        *tokens += (int64_t)d->requests[i]->chunks.n;
    for (size_t i = 0; i < d->spec.n_sessions; i++)
        n += d->flights[i].state == FLIGHT_FLYING;
    return n;
}

static void on_tick(struct timer *t)
{
    struct driver *d = (struct driver *)(void *)((char *)t - offsetof(struct driver, tick));
    mono_ns now = clock_now(NULL);
    int64_t tokens, flying = in_flight(d, &tokens);
    if (d->spec.on_tick)
        d->spec.on_tick(d->spec.user, now, flying, tokens);
    do
        d->next_tick += TICK_NS; /* absolute: a late tick does not shift the next */
    while (d->next_tick <= now);
    loop_timer_set(d->loop, &d->tick, d->next_tick);
}

static void after_batch(void *user)
{
    struct driver *d = user;
    for (size_t i = 0; i < d->spec.n_sessions; i++) {
        struct request *r = d->flights[i].now;
        if (!r)
            continue;
        chunk_list_reserve(&r->chunks, CHUNK_ROOM);
        str_reserve(&r->text, TEXT_ROOM_BYTES);
    }
}

static bool all_ended(const struct driver *d)
{
    for (size_t i = 0; i < d->spec.n_sessions; i++)
        if (d->flights[i].state != FLIGHT_ENDED)
            return false;
    return true;
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

static int open_clients(struct driver *d, struct err *e)
{
    for (size_t i = 0; i < d->spec.n_servers; i++) {
        const struct driver_server *s = &d->spec.servers[i];
        int users = 0;
        for (size_t k = 0; k < d->spec.n_sessions; k++)
            users += d->spec.sessions[k].server == (int)i;
        if (!users)
            continue;
        int rc = client_new(&d->clients[i], d->loop, s->endpoint, s->client, e);
        if (!rc) /* a connection that fails now is tried again by its request, and becomes an outcome */
            client_preconnect(d->clients[i], users, PRECONNECT_NS, NULL);
        if (rc)
            return rc;
    }
    return 0;
}

int driver_new(struct driver **out, const struct driver_spec *spec, struct err *e)
{
    struct driver *d = xcalloc(1, sizeof *d);
    d->spec = *spec;
    d->clients = xcalloc(spec->n_servers, sizeof *d->clients);
    d->flights = xcalloc(spec->n_sessions, sizeof *d->flights);
    int rc = loop_new(&d->loop, e);
    if (!rc) {
        loop_warm_stamps(d->loop);
        loop_allow_spin(d->loop, spec->spin);
        loop_after_batch(d->loop, after_batch, d);
        rc = open_clients(d, e);
    }
    if (rc) {
        driver_free(d);
        return rc;
    }
    for (size_t i = 0; i < spec->n_sessions; i++) {
        struct flight *f = &d->flights[i];
        f->driver = d;
        f->session = &spec->sessions[i];
        f->server = &spec->servers[f->session->server];
        f->client = d->clients[f->session->server];
        backend_state_init(&f->translate);
    }
    *out = d;
    return 0;
}

void driver_free(struct driver *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->spec.n_servers; i++)
        client_free(d->clients[i]);
    for (size_t i = 0; i < d->spec.n_sessions; i++)
        flight_release(&d->flights[i]);
    loop_free(d->loop);
    for (size_t i = 0; i < d->n_requests; i++) {
        request_release(d->requests[i]);
        free(d->requests[i]);
    }
    free(d->requests);
    free(d->clients);
    free(d->flights);
    free(d);
}

static void open_sessions(struct driver *d, struct run *r)
{
    r->n_sessions = d->spec.n_sessions;
    r->sessions = xcalloc(r->n_sessions, sizeof *r->sessions);
    for (size_t i = 0; i < r->n_sessions; i++) {
        struct session *s = &r->sessions[i];
        *s = (struct session){.number = (int32_t)i,
                              .agent = d->flights[i].session->agent,
                              .server = d->flights[i].server->name,
                              .released_ns = MONO_NONE,
                              .started_ns = MONO_NONE,
                              .ended_ns = MONO_NONE};
        d->flights[i].out = s;
        flight_prepare(&d->flights[i]);
    }
}

/* On loopback the first send wakes its server, which would take this core for milliseconds before the second send. So the
 * sends are made as a real-time thread where that is allowed, for the tens of microseconds that they take; an ordinary user
 * is refused, and then the spread is what it is: measured and judged. */
static bool hold_core(struct sched_param *before, int *policy)
{
    const struct sched_param first = {.sched_priority = 1};
    *policy = sched_getscheduler(0);
    return sched_getparam(0, before) == 0 && sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first) == 0;
}

/* All first questions are built; release them together. */
static void open_barrier(struct driver *d, struct run *r)
{
    struct sched_param before;
    int policy;
    bool held = hold_core(&before, &policy);
    mono_ns release = clock_now(NULL);
    r->started_ns = release;
    for (size_t i = 0; i < r->n_sessions; i++)
        r->sessions[i].released_ns = release;
    for (size_t i = 0; i < r->n_sessions; i++) {
        struct flight *f = &d->flights[i];
        if (f->state == FLIGHT_WAITING && !f->timer.slot)
            flight_send(f, release);
    }
    if (held)
        sched_setscheduler(0, policy, &before);
}

static void hand_over(struct driver *d, struct run *r)
{
    r->n_requests = d->n_requests;
    r->requests = xcalloc(d->n_requests, sizeof *r->requests);
    for (size_t i = 0; i < d->n_requests; i++) {
        r->requests[i] = *d->requests[i];
        free(d->requests[i]);
    }
    d->n_requests = 0;
}

int driver_run(struct driver *d, struct run *r, struct err *e)
{
    struct watch_of_self before, after;
    open_sessions(d, r);
    loop_stats_reset(d->loop);
    watch_read(&before);
    open_barrier(d, r);
    d->tick.fire = on_tick;
    d->next_tick = r->started_ns + TICK_NS;
    loop_timer_set(d->loop, &d->tick, d->next_tick);
    while (!all_ended(d) && !d->stopping) {
        loop_step(d->loop, MONO_NONE);
        d->stopping = d->spec.stop && *d->spec.stop;
    }
    loop_timer_cancel(d->loop, &d->tick);
    for (size_t i = 0; i < d->spec.n_sessions; i++)
        flight_cancel(&d->flights[i]);
    r->ended_ns = clock_now(NULL);
    watch_read(&after);
    hand_over(d, r);
    watch_fill_health(r, loop_stats(d->loop), &before, &after);
    r->health.retransmits = 0;
    for (size_t i = 0; i < d->spec.n_servers; i++)
        r->health.retransmits += d->clients[i] ? client_retransmits(d->clients[i]) : 0;
    return d->stopping ? err_set(e, ERR_INTERRUPTED, "interrupted") : 0;
}

void driver_run_release(struct run *r)
{
    for (size_t i = 0; i < r->n_requests; i++)
        request_release(&r->requests[i]);
    for (size_t i = 0; i < r->n_sessions; i++)
        free((char *)(uintptr_t)r->sessions[i].error);
    free(r->requests);
    free(r->sessions);
    r->requests = NULL;
    r->sessions = NULL;
    r->n_requests = r->n_sessions = 0;
}
