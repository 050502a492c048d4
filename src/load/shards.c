/* shards.c: see shards.h.
 *
 *   a thread:   open connections, build ──► WAIT at the gate ──► run its driver ──► end
 *   the caller: shards_new waits for all at the gate; shards_run opens it, ticks until all have ended, joins, merges */
#include "load/shards.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load/watch.h"

#define TICK_NS (100 * NS_PER_MS)
#define HEAD_START_NS (2 * NS_PER_MS) /* from the opening of the gate to the release: time for all threads to wake up */

enum gate { GATE_SHUT, GATE_OPEN, GATE_ABANDONED };

struct shard {
    struct shards *all;
    struct driver_spec spec;
    pthread_t thread;
    bool started; /* the thread is to be joined */
    struct driver *driver;
    struct run run;
    int rc;
    struct err err;
    volatile int stop; /* its own thread's */
    _Atomic int64_t in_flight, chunks;
    _Atomic double loop_busy;
};

struct shards {
    struct driver_spec spec;
    struct shard *shard;
    size_t n;
    bool pinned;
    int64_t rss_before, stream_bytes;
    _Atomic int64_t next_seq;
    _Atomic int32_t next_dialogue;
    atomic_bool stop;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    enum gate gate;
    mono_ns release;
    size_t at_gate, ended; /* threads */
};

/* ---- in a thread ---------------------------------------------------------------------------------------------------- */

static mono_ns wait_at_gate(void *user)
{
    struct shard *k = user;
    struct shards *s = k->all;
    pthread_mutex_lock(&s->lock);
    s->at_gate++;
    pthread_cond_broadcast(&s->changed);
    while (s->gate == GATE_SHUT)
        pthread_cond_wait(&s->changed, &s->lock);
    mono_ns release = s->gate == GATE_OPEN ? s->release : MONO_NONE;
    pthread_mutex_unlock(&s->lock);
    return release;
}

static void on_tick_of_one(void *user, const struct driver_moment *m)
{
    struct shard *k = user;
    atomic_store(&k->in_flight, m->in_flight);
    atomic_store(&k->chunks, m->chunks);
    atomic_store(&k->loop_busy, m->loop_busy);
    k->stop = atomic_load(&k->all->stop);
}

static void take_from_one(void *user, struct request *r)
{
    const struct shards *s = ((struct shard *)user)->all;
    s->spec.take(s->spec.user, r);
}

static void *run_one(void *user)
{
    struct shard *k = user;
    struct shards *s = k->all;
    k->rc = driver_new(&k->driver, &k->spec, &k->err);
    if (!k->rc)
        k->rc = driver_run(k->driver, &k->run, &k->err);
    pthread_mutex_lock(&s->lock);
    s->ended++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- starting ------------------------------------------------------------------------------------------------------- */

/* The core of thread k: the k-th last that the process may use, so that the first ones are left. */
static int core_of(const cpu_set_t *may, size_t k)
{
    for (int core = CPU_SETSIZE - 1; core >= 0; core--)
        if (CPU_ISSET((unsigned)core, may) && k-- == 0)
            return core;
    BUG("more threads to pin than cores");
}

static void pin(const struct shards *s, size_t k, const cpu_set_t *may, pthread_attr_t *attr)
{
    cpu_set_t one;
    if (!s->pinned)
        return;
    CPU_ZERO(&one);
    CPU_SET((unsigned)core_of(may, k), &one);
    pthread_attr_setaffinity_np(attr, sizeof one, &one);
}

static int start_one(struct shards *s, size_t i, const cpu_set_t *may, struct err *e)
{
    struct shard *k = &s->shard[i];
    pthread_attr_t attr;
    sigset_t all, before;
    k->all = s;
    k->run = (struct run){.started_ns = MONO_NONE, .ended_ns = MONO_NONE};
    k->spec = s->spec;
    k->spec.sessions = &s->spec.sessions[i];
    k->spec.n_sessions = 1;
    k->spec.stop = &k->stop;
    k->spec.on_request = NULL;
    k->spec.take = take_from_one;
    k->spec.barrier = wait_at_gate;
    k->spec.next_seq = &s->next_seq;
    k->spec.next_dialogue = &s->next_dialogue;
    k->spec.on_tick = on_tick_of_one;
    k->spec.user = k;
    pthread_attr_init(&attr);
    pin(s, i, may, &attr);
    sigfillset(&all); /* signals are the caller's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&k->thread, &attr, run_one, k);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    k->started = !failure;
    return failure ? err_sys(e, ERR_IO, failure, "cannot start thread %zu of a load", i + 1) : 0;
}

static int64_t connections(const struct driver_spec *spec)
{
    int64_t n = 0;
    for (size_t i = 0; i < spec->n_sessions; i++)
        n += spec->sessions[i].width ? (int64_t)spec->sessions[i].width : 1;
    return n;
}

/* All at the gate, or one that ended before it. */
static int wait_until_ready(struct shards *s, struct err *e)
{
    int rc = 0;
    pthread_mutex_lock(&s->lock);
    while (s->at_gate + s->ended < s->n)
        pthread_cond_wait(&s->changed, &s->lock);
    for (size_t i = 0; i < s->n && s->ended && !rc; i++)
        if ((rc = s->shard[i].driver ? 0 : s->shard[i].rc) != 0)
            *e = s->shard[i].err;
    pthread_mutex_unlock(&s->lock);
    s->stream_bytes = (watch_rss_bytes() - s->rss_before) / connections(&s->spec);
    return rc;
}

int shards_new(struct shards **out, const struct driver_spec *spec, size_t spare, struct err *e)
{
    struct shards *s = xcalloc(1, sizeof *s);
    pthread_condattr_t monotonic;
    cpu_set_t may;
    s->spec = *spec;
    s->n = spec->n_sessions;
    s->shard = xcalloc(s->n, sizeof *s->shard);
    s->rss_before = watch_rss_bytes();
    s->pinned = sched_getaffinity(0, sizeof may, &may) == 0 && (size_t)CPU_COUNT(&may) >= s->n + spare;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int rc = s->n >= 1 && s->n <= SHARDS_MAX ? 0 : err_set(e, ERR_USAGE, "a load has 1 to %d threads", SHARDS_MAX);
    for (size_t i = 0; i < s->n && !rc; i++)
        rc = start_one(s, i, &may, e);
    if (!rc)
        rc = wait_until_ready(s, e);
    if (rc) {
        shards_free(s);
        return rc;
    }
    *out = s;
    return 0;
}

static void join(struct shards *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->shard[i].started)
            pthread_join(s->shard[i].thread, NULL);
    for (size_t i = 0; i < s->n; i++)
        s->shard[i].started = false;
}

static void open_gate(struct shards *s, enum gate gate)
{
    pthread_mutex_lock(&s->lock);
    s->gate = gate;
    s->release = clock_now(NULL) + HEAD_START_NS;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void shards_free(struct shards *s)
{
    if (!s)
        return;
    if (s->gate == GATE_SHUT)
        open_gate(s, GATE_ABANDONED);
    join(s);
    for (size_t i = 0; i < s->n; i++) {
        driver_run_release(&s->shard[i].run);
        driver_free(s->shard[i].driver);
    }
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s->shard);
    free(s);
}

bool shards_pinned(const struct shards *s)
{
    return s->pinned;
}

int64_t shards_stream_bytes(const struct shards *s)
{
    return s->stream_bytes;
}

/* ---- the run -------------------------------------------------------------------------------------------------------- */

static void tick(struct shards *s)
{
    struct driver_moment m = {.now = clock_now(NULL), .loop_busy = NAN};
    for (size_t i = 0; i < s->n; i++) {
        m.in_flight += atomic_load(&s->shard[i].in_flight);
        m.chunks += atomic_load(&s->shard[i].chunks);
        m.loop_busy = fmax(m.loop_busy, atomic_load(&s->shard[i].loop_busy));
    }
    if (s->spec.on_tick)
        s->spec.on_tick(s->spec.user, &m);
    if (s->spec.stop && *s->spec.stop)
        atomic_store(&s->stop, true);
}

static void tick_until_all_ended(struct shards *s)
{
    mono_ns next = s->release + TICK_NS;
    pthread_mutex_lock(&s->lock);
    while (s->ended < s->n) {
        const struct timespec t = {.tv_sec = (time_t)(next / NS_PER_S), .tv_nsec = (long)(next % NS_PER_S)};
        if (pthread_cond_timedwait(&s->changed, &s->lock, &t) != ETIMEDOUT)
            continue;
        pthread_mutex_unlock(&s->lock);
        tick(s);
        while (next <= clock_now(NULL))
            next += TICK_NS;
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
}

/* ---- one run of many ------------------------------------------------------------------------------------------------ */

static mono_ns earlier(mono_ns a, mono_ns b)
{
    return a == MONO_NONE || (b != MONO_NONE && b < a) ? b : a;
}

static void merge_session(struct session *to, struct session *from)
{
    if (!to->agent) {
        *to = *from;
        from->error = NULL; /* taken */
        return;
    }
    to->started_ns = earlier(to->started_ns, from->started_ns);
    to->ended_ns = from->ended_ns > to->ended_ns ? from->ended_ns : to->ended_ns;
    to->ok &= from->ok;
    if (!to->error) {
        to->error = from->error;
        from->error = NULL;
    }
}

/* Context switches and CPU time are the process's, each thread has read nearly the same. */
static void merge_health(struct health *to, const struct health *from)
{
    to->loop_busy = fmax(to->loop_busy, from->loop_busy);
    to->stopped_max_ms = fmax(to->stopped_max_ms, from->stopped_max_ms);
    to->receive_full = fmax(to->receive_full, from->receive_full);
    to->clock_steps = from->clock_steps > to->clock_steps ? from->clock_steps : to->clock_steps;
    to->clock_step_max_ns = from->clock_step_max_ns > to->clock_step_max_ns ? from->clock_step_max_ns
                                                                            : to->clock_step_max_ns;
    to->ctx_voluntary = from->ctx_voluntary > to->ctx_voluntary ? from->ctx_voluntary : to->ctx_voluntary;
    to->ctx_involuntary = from->ctx_involuntary > to->ctx_involuntary ? from->ctx_involuntary : to->ctx_involuntary;
    to->client_cpu_s = fmax(to->client_cpu_s, from->client_cpu_s);
    to->client_rss_bytes = from->client_rss_bytes > to->client_rss_bytes ? from->client_rss_bytes
                                                                         : to->client_rss_bytes;
    to->retransmits += from->retransmits;
}

static void merge(struct shards *s, struct run *r)
{
    r->n_sessions = 1;
    r->sessions = xcalloc(1, sizeof *r->sessions);
    r->health = s->shard[0].run.health;
    for (size_t i = 0; i < s->n; i++) {
        struct run *from = &s->shard[i].run;
        r->ended_ns = from->ended_ns > r->ended_ns ? from->ended_ns : r->ended_ns;
        merge_session(&r->sessions[0], &from->sessions[0]);
        if (i)
            merge_health(&r->health, &from->health);
    }
}

int shards_run(struct shards *s, struct run *r, struct err *e)
{
    int rc = 0;
    open_gate(s, GATE_OPEN);
    r->started_ns = s->release; /* for on_tick, as the driver does */
    tick_until_all_ended(s);
    join(s);
    merge(s, r);
    for (size_t i = 0; i < s->n && !rc; i++)
        if ((rc = s->shard[i].rc) != 0)
            *e = s->shard[i].err;
    return rc;
}
