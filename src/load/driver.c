/* driver.c: the window of one run: a barrier, flights on one loop, and the account of what happened. See driver.h. */
#include "load/driver.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load/flight.h"
#include "load/watch.h"

enum { TICK_NS = 100 * NS_PER_MS, BUILT_AHEAD = 16, SMALLEST_EVENT = 2 /* bytes: a line of one character */ };
#define PRECONNECT_NS (10 * NS_PER_S)
#define PRECONNECT_EACH_NS NS_PER_MS

/* Sends the questions of an open loop at their times. They are built ahead, and leave in the order in which they were
 * built. */
struct opener {
    struct driver *driver;
    const struct driver_session *session;
    struct session *out;
    size_t next;                  /* arrival to be sent next */
    struct flight *ready, **last; /* built, in order; where the next one goes */
    struct flight *idle;          /* to be used again */
    size_t n_ready, n_flying;
    bool ended;
    mono_ns release;
    struct timer timer;
};

struct driver {
    struct driver_spec spec;
    struct loop *loop;
    struct client **clients; /* one per server */
    struct opener *openers;  /* one per session; used by open loops */
    struct flight **flights; /* in the order of their sessions, those that open loops added later behind */
    size_t n_flights, cap_flights;
    struct tally tally;
    struct landing landing;
    struct backend_state translate; /* its pool is that of all flights */
    struct request **requests;      /* owned; all of the run, unless they are taken */
    size_t n_requests, cap_requests;
    int64_t next_seq;
    int32_t next_dialogue;
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

static void keep(struct driver *d, struct request *r)
{
    if (d->n_requests == d->cap_requests) {
        d->cap_requests = d->cap_requests ? 2 * d->cap_requests : 16;
        d->requests = xrealloc(d->requests, d->cap_requests * sizeof *d->requests);
    }
    d->requests[d->n_requests++] = r;
}

struct request *driver_new_request(struct driver *d)
{
    struct request *r = xmalloc(sizeof *r);
    request_init(r);
    r->seq = d->spec.next_seq ? atomic_fetch_add(d->spec.next_seq, 1) : d->next_seq++;
    if (!d->spec.take)
        keep(d, r);
    return r;
}

int32_t driver_new_dialogue(struct driver *d)
{
    return d->spec.next_dialogue ? atomic_fetch_add(d->spec.next_dialogue, 1) : d->next_dialogue++;
}

void driver_let_go(struct driver *d, struct request *r)
{
    if (d->spec.take)
        d->spec.take(d->spec.user, r);
}

/* ---- open loops ---------------------------------------------------------------------------------------------------- */

static struct flight *add_flight(struct driver *d, size_t session)
{
    struct flight *f = xcalloc(1, sizeof *f);
    if (d->n_flights == d->cap_flights) {
        d->cap_flights = d->cap_flights ? 2 * d->cap_flights : 16;
        d->flights = xrealloc(d->flights, d->cap_flights * sizeof *d->flights);
    }
    d->flights[d->n_flights++] = f;
    f->driver = d;
    f->tally = &d->tally;
    f->landing = &d->landing;
    f->dialogue = -1;
    f->session = &d->spec.sessions[session];
    f->server = &d->spec.servers[f->session->server];
    f->client = d->clients[f->session->server];
    backend_state_init_sharing(&f->translate, &d->translate);
    return f;
}

static void opener_end(struct opener *o)
{
    o->next = o->session->n_at;
    if (o->n_flying || o->ended)
        return;
    o->ended = true;
    o->driver->tally.live--;
    o->out->ended_ns = clock_now(NULL);
}

/* Builds one more question; false when the session has none or it cannot be built. */
static bool build_ahead(struct opener *o)
{
    struct flight *f = o->idle;
    if (f) {
        o->idle = f->link;
    } else {
        f = add_flight(o->driver, (size_t)(o->session - o->driver->spec.sessions));
        f->opener = o;
        f->out = o->out;
    }
    f->last = NULL;
    f->link = NULL;
    flight_prepare(f, o->session->at_ns[o->next + o->n_ready] - o->session->warmup_ns);
    if (f->state != FLIGHT_WAITING)
        return false;
    *o->last = f;
    o->last = &f->link;
    o->n_ready++;
    return true;
}

static void fill_ahead(struct opener *o)
{
    size_t want = o->session->width ? o->session->width : BUILT_AHEAD;
    while (o->n_ready < want && o->next + o->n_ready < o->session->n_at && build_ahead(o))
        ;
}

static void send_next(struct opener *o)
{
    struct flight *f = o->ready;
    o->ready = f->link;
    if (!o->ready)
        o->last = &o->ready;
    o->n_ready--;
    o->n_flying++;
    flight_send(f, o->release + o->session->at_ns[o->next++]);
    if (f->state == FLIGHT_ENDED) /* it could not be sent */
        o->n_flying--;
}

/* Everything that is due leaves before anything is built: a late loop catches up, and the lag is recorded. */
static void on_arrival(struct timer *t)
{
    struct opener *o = (struct opener *)(void *)((char *)t - offsetof(struct opener, timer));
    const struct driver_session *s = o->session;
    while (o->next < s->n_at && o->release + s->at_ns[o->next] <= clock_now(NULL) && (o->n_ready || build_ahead(o)))
        send_next(o);
    fill_ahead(o);
    if (o->next < s->n_at && o->n_ready)
        loop_timer_set(o->driver->loop, &o->timer, o->release + s->at_ns[o->next]);
    else
        opener_end(o);
}

static void take_back(struct opener *o, struct flight *f)
{
    o->n_flying--;
    f->link = o->idle;
    o->idle = f;
    if (o->next == o->session->n_at && !o->n_flying)
        opener_end(o);
}

/* ---- for flight.c ------------------------------------------------------------------------------------------------- */

void driver_finished(struct driver *d, struct flight *f)
{
    struct request *finished = f->last;
    bool asks = !f->opener || f->session->dialogues;
    if (asks && !d->stopping) { /* else flight_cancel ends the session */
        flight_prepare(f, finished->stamp[STAMP_DONE] - f->out->released_ns);
        if (f->state == FLIGHT_WAITING && !f->timer.slot)
            flight_send(f, finished->stamp[STAMP_DONE]);
    }
    if (f->opener && (f->state == FLIGHT_IDLE || f->state == FLIGHT_ENDED))
        take_back(f->opener, f);
    if (d->spec.on_request) /* after the next one left: storing must not delay the session */
        d->spec.on_request(d->spec.user, finished);
    driver_let_go(d, finished);
}

void driver_grounded(struct flight *f)
{
    if (f->opener)
        take_back(f->opener, f);
}

/* ---- the loop around them ------------------------------------------------------------------------------------------ */

static void on_tick(struct timer *t)
{
    struct driver *d = (struct driver *)(void *)((char *)t - offsetof(struct driver, tick));
    mono_ns now = clock_now(NULL);
    struct driver_moment m = {now, d->tally.flying, d->tally.chunks, watch_loop_busy(loop_stats(d->loop))};
    if (d->spec.on_tick)
        d->spec.on_tick(d->spec.user, &m);
    do
        d->next_tick += TICK_NS; /* absolute: a late tick does not shift the next */
    while (d->next_tick <= now);
    loop_timer_set(d->loop, &d->tick, d->next_tick);
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

/* Only what is used of it becomes memory. A read may end an event that began in another: one more. */
static void open_landing(struct driver *d)
{
    size_t cap;
    loop_buffer(d->loop, &cap);
    chunk_list_init(&d->landing.chunks, cap / SMALLEST_EVENT + 1);
    str_reserve(&d->landing.text, cap);
    str_reserve(&d->landing.reasoning, cap);
}

static int open_clients(struct driver *d, struct err *e)
{
    for (size_t i = 0; i < d->spec.n_servers; i++) {
        const struct driver_server *s = &d->spec.servers[i];
        int users = 0;
        for (size_t k = 0; k < d->spec.n_sessions; k++)
            if (d->spec.sessions[k].server == (int)i)
                users += d->spec.sessions[k].width ? (int)d->spec.sessions[k].width : 1;
        if (!users)
            continue;
        int rc = client_new(&d->clients[i], d->loop, s->endpoint, s->client, e);
        if (!rc) /* a connection that fails now is tried again by its request, and becomes an outcome */
            client_preconnect(d->clients[i], users, PRECONNECT_NS + users * PRECONNECT_EACH_NS, NULL);
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
    d->openers = xcalloc(spec->n_sessions, sizeof *d->openers);
    backend_state_init(&d->translate);
    int rc = loop_new(&d->loop, e);
    if (!rc) {
        loop_warm_stamps(d->loop);
        loop_allow_spin(d->loop, spec->spin);
        open_landing(d);
        rc = open_clients(d, e);
    }
    if (rc) {
        driver_free(d);
        return rc;
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
    for (size_t i = 0; i < d->n_flights; i++) {
        flight_release(d->flights[i]);
        free(d->flights[i]);
    }
    loop_free(d->loop);
    for (size_t i = 0; i < d->n_requests; i++) {
        request_release(d->requests[i]);
        free(d->requests[i]);
    }
    backend_state_release(&d->translate);
    chunk_list_release(&d->landing.chunks);
    str_release(&d->landing.text);
    str_release(&d->landing.reasoning);
    free(d->requests);
    free(d->clients);
    free(d->flights);
    free(d->openers);
    free(d);
}

static void open_closed_loop(struct driver *d, size_t session, struct session *out)
{
    size_t width = d->spec.sessions[session].width;
    for (size_t k = 0; k < (width ? width : 1); k++) {
        struct flight *f = add_flight(d, session);
        f->out = out;
        d->tally.live++;
        flight_prepare(f, -f->session->warmup_ns);
    }
}

static void open_open_loop(struct driver *d, size_t session, struct session *out)
{
    struct opener *o = &d->openers[session];
    *o = (struct opener){.driver = d, .session = &d->spec.sessions[session], .out = out, .timer.fire = on_arrival};
    o->last = &o->ready;
    d->tally.live++;
    fill_ahead(o);
    if (!o->n_ready)
        opener_end(o);
}

static void open_sessions(struct driver *d, struct run *r)
{
    r->n_sessions = d->spec.n_sessions;
    r->sessions = xcalloc(r->n_sessions, sizeof *r->sessions);
    for (size_t i = 0; i < r->n_sessions; i++) {
        const struct driver_session *from = &d->spec.sessions[i];
        struct session *s = &r->sessions[i];
        *s = (struct session){.number = (int32_t)i,
                              .agent = from->agent,
                              .server = d->spec.servers[from->server].name,
                              .released_ns = MONO_NONE,
                              .started_ns = MONO_NONE,
                              .ended_ns = MONO_NONE,
                              .ok = true};
        if (from->at_ns)
            open_open_loop(d, i, s);
        else
            open_closed_loop(d, i, s);
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

/* The moment of the release; MONO_NONE when there is none. */
static mono_ns wait_for_release(const struct driver *d)
{
    mono_ns at = d->spec.barrier ? d->spec.barrier(d->spec.user) : clock_now(NULL);
    const struct timespec t = {.tv_sec = (time_t)(at / NS_PER_S), .tv_nsec = (long)(at % NS_PER_S)};
    while (at != MONO_NONE && clock_now(NULL) < at)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
    return at;
}

/* All first questions are built; release them together. */
static void open_barrier(struct driver *d, struct run *r, mono_ns release)
{
    struct sched_param before = {0};
    int policy = SCHED_OTHER;
    bool held = r->n_sessions > 1 && hold_core(&before, &policy);
    for (size_t i = 0; i < r->n_sessions; i++)
        r->sessions[i].released_ns = release + d->spec.sessions[i].warmup_ns;
    /* Agents are planned for the release. The flights of a wide loop leave one after the other: each is planned for its turn,
     * or the last of two hundred would be called late. */
    for (size_t i = 0; i < d->n_flights; i++) {
        struct flight *f = d->flights[i];
        if (f->state == FLIGHT_WAITING && !f->timer.slot && !f->opener)
            flight_send(f, f->session->width > 1 ? clock_now(NULL) : release);
    }
    for (size_t i = 0; i < r->n_sessions; i++) {
        struct opener *o = &d->openers[i];
        if (!o->n_ready)
            continue;
        o->release = release;
        loop_timer_set(d->loop, &o->timer, release + o->session->at_ns[0]);
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
    run_part_warmup(r);
}

int driver_run(struct driver *d, struct run *r, struct err *e)
{
    struct watch_of_self before, after;
    open_sessions(d, r);
    mono_ns release = wait_for_release(d);
    d->stopping = release == MONO_NONE;
    r->started_ns = d->stopping ? clock_now(NULL) : release;
    loop_stats_reset(d->loop);
    watch_read(&before);
    if (!d->stopping)
        open_barrier(d, r, release);
    d->tick.fire = on_tick;
    d->next_tick = r->started_ns + TICK_NS;
    loop_timer_set(d->loop, &d->tick, d->next_tick);
    while (d->tally.live && !d->stopping) {
        loop_step(d->loop, MONO_NONE);
        d->stopping = d->spec.stop && *d->spec.stop;
    }
    loop_timer_cancel(d->loop, &d->tick);
    for (size_t i = 0; i < d->n_flights; i++)
        flight_cancel(d->flights[i]);
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
    for (size_t i = 0; i < r->n_requests + r->n_warmup; i++)
        request_release(&r->requests[i]);
    for (size_t i = 0; i < r->n_sessions; i++)
        free((char *)(uintptr_t)r->sessions[i].error);
    free(r->requests);
    free(r->sessions);
    r->requests = NULL;
    r->sessions = NULL;
    r->n_requests = r->n_warmup = r->n_sessions = 0;
}
