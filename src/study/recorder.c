/* recorder.c: see recorder.h.
 *
 * The queue is a list that many push to and one takes whole: a push is one compare-and-swap and cannot be held up by a
 * writer, which as the last in line for a CPU may be stopped anywhere. Nor does a push wake one: they look for themselves,
 * ten times a second. */
#include "study/recorder.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_EVERY_NS (100 * NS_PER_MS)
#define FLUSH_EVERY_NS (500 * NS_PER_MS)
enum { BEHIND_BYTES = 64 * 1024 * 1024, WRITERS = 2 };

/* A request, or a sample behind the struct. */
struct item {
    struct item *next;
    struct request *request; /* owned; NULL: a sample */
    size_t bytes;            /* of memory that it holds */
    mono_ns t_ns;
    char json[];
};

struct recorder {
    struct recorder_spec spec;
    pthread_t writers[WRITERS];
    sem_t wake; /* posted to stop */
    atomic_bool stopping, failed;
    _Atomic(struct item *) pushed; /* the latest first */
    atomic_size_t waiting;         /* bytes */
    pthread_mutex_t storing;       /* whose holder has the store and what follows; after the writers' end the stopper */
    struct item *todo;             /* the earliest first */
    mono_ns flushed_ns;
    struct run_tally tally;
    int rc; /* the first failure */
    struct err err;
};

/* ---- any thread -------------------------------------------------------------------------------------------------- */

static void push(struct recorder *rec, struct item *i)
{
    size_t waiting = atomic_fetch_add_explicit(&rec->waiting, i->bytes, memory_order_relaxed) + i->bytes;
    if (waiting > RECORDER_MOST_BYTES)
        atomic_store_explicit(&rec->failed, true, memory_order_relaxed);
    i->next = atomic_load_explicit(&rec->pushed, memory_order_relaxed);
    while (
        !atomic_compare_exchange_weak_explicit(&rec->pushed, &i->next, i, memory_order_release, memory_order_relaxed))
        ;
}

static size_t bytes_of(const struct request *r)
{
    return sizeof(struct item) + sizeof *r + r->chunks.cap * sizeof *r->chunks.at +
           r->engine.n * sizeof *r->engine.token_ns + r->prompt.cap + r->text.cap + r->reasoning.cap + r->error.cap;
}

void recorder_take(struct recorder *rec, struct request *r)
{
    struct item *i = xmalloc(sizeof *i);
    *i = (struct item){.request = r, .bytes = bytes_of(r)};
    push(rec, i);
}

void recorder_sample(struct recorder *rec, mono_ns t, const char *json, size_t n)
{
    struct item *i = xmalloc(sizeof *i + n + 1);
    *i = (struct item){.bytes = sizeof *i + n + 1, .t_ns = t};
    memcpy(i->json, json, n);
    i->json[n] = '\0';
    push(rec, i);
}

bool recorder_failed(const struct recorder *rec)
{
    return atomic_load_explicit(&rec->failed, memory_order_relaxed);
}

/* ---- the writers ------------------------------------------------------------------------------------------------- */

static void note(struct recorder *rec, int rc)
{
    if (rc && !rec->rc) {
        rec->rc = rc;
        atomic_store_explicit(&rec->failed, true, memory_order_relaxed);
    }
}

/* After a failure requests are only counted: the run can no longer be complete. */
static void put(struct recorder *rec, struct item *i)
{
    struct request *r = i->request;
    if (r) {
        if (r->text.len)
            request_check_text(r);
        run_tally_add(&rec->tally, r);
        rec->spec.on_request(rec->spec.user, r);
    }
    if (!rec->rc && r)
        note(rec, store_request(rec->spec.store, rec->spec.run_id, r, &rec->err));
    else if (!rec->rc)
        note(rec, store_sample(rec->spec.store, rec->spec.run_id, i->t_ns, i->json, &rec->err));
    if (r)
        request_release(r);
    free(r);
    atomic_fetch_sub_explicit(&rec->waiting, i->bytes, memory_order_relaxed);
    free(i);
}

/* Turns what was pushed into the order in which it was pushed. */
static void fetch(struct recorder *rec)
{
    struct item *i = atomic_exchange_explicit(&rec->pushed, NULL, memory_order_acquire);
    while (i) {
        struct item *before = i->next;
        i->next = rec->todo;
        rec->todo = i;
        i = before;
    }
}

/* False: nothing waits. */
static bool put_next(struct recorder *rec)
{
    if (!rec->todo)
        fetch(rec);
    struct item *i = rec->todo;
    if (!i)
        return false;
    rec->todo = i->next;
    put(rec, i);
    return true;
}

static size_t waiting_bytes(const struct recorder *rec)
{
    return atomic_load_explicit(&rec->waiting, memory_order_relaxed);
}

static bool stopped_while_waiting(struct recorder *rec)
{
    mono_ns look = clock_now(NULL) + LOOK_EVERY_NS;
    struct timespec until = {look / NS_PER_S, look % NS_PER_S};
    sem_clockwait(&rec->wake, CLOCK_MONOTONIC, &until);
    return atomic_load(&rec->stopping);
}

static void flush_when_due(struct recorder *rec)
{
    mono_ns now = clock_now(NULL);
    if (rec->rc || now - rec->flushed_ns < FLUSH_EVERY_NS)
        return;
    note(rec, store_flush(rec->spec.store, &rec->err));
    rec->flushed_ns = now;
}

/* A load must not be slowed by its own record: this one is of the idle class, from which any other thread that wakes up
 * takes the CPU at once. It may be stopped for long with the store in its hands, so it lets go of it after every item. */
static void *write_when_idle(void *recorder)
{
    struct recorder *rec = recorder;
    const struct sched_param none = {0};
    pthread_setschedparam(pthread_self(), SCHED_IDLE, &none); /* best effort */
    do {
        bool more;
        do {
            pthread_mutex_lock(&rec->storing);
            more = put_next(rec);
            pthread_mutex_unlock(&rec->storing);
        } while (more && !atomic_load_explicit(&rec->stopping, memory_order_relaxed));
        pthread_mutex_lock(&rec->storing);
        flush_when_due(rec);
        pthread_mutex_unlock(&rec->storing);
    } while (!stopped_while_waiting(rec));
    return NULL;
}

/* Where no CPU is ever idle the record must have its share all the same. */
static void *write_when_behind(void *recorder)
{
    struct recorder *rec = recorder;
    while (!stopped_while_waiting(rec)) {
        if (waiting_bytes(rec) < BEHIND_BYTES)
            continue;
        pthread_mutex_lock(&rec->storing);
        while (waiting_bytes(rec) > BEHIND_BYTES / 2 && put_next(rec))
            ;
        pthread_mutex_unlock(&rec->storing);
    }
    return NULL;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static void join(struct recorder *rec, size_t writers)
{
    atomic_store(&rec->stopping, true);
    for (size_t i = 0; i < writers; i++)
        sem_post(&rec->wake);
    for (size_t i = 0; i < writers; i++)
        pthread_join(rec->writers[i], NULL);
    pthread_mutex_destroy(&rec->storing);
    sem_destroy(&rec->wake);
}

int recorder_start(struct recorder **out, const struct recorder_spec *spec, struct err *e)
{
    static void *(*const bodies[WRITERS])(void *) = {write_when_idle, write_when_behind};
    struct recorder *rec = xcalloc(1, sizeof *rec);
    sigset_t all, before;
    size_t n = 0;
    int failed = 0;
    rec->spec = *spec;
    rec->flushed_ns = clock_now(NULL);
    sem_init(&rec->wake, 0, 0);
    pthread_mutex_init(&rec->storing, NULL);
    store_batching(spec->store, true);
    sigfillset(&all); /* signals are for the main thread, which waits in epoll */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (n < WRITERS && !(failed = pthread_create(&rec->writers[n], NULL, bodies[n], rec)))
        n++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        join(rec, n);
        store_batching(spec->store, false);
        free(rec);
        return err_sys(e, ERR_IO, failed, "cannot start a thread that records");
    }
    *out = rec;
    return 0;
}

int recorder_stop(struct recorder *rec, struct run_tally *tally, struct err *e)
{
    join(rec, WRITERS);
    while (put_next(rec))
        ;
    if (!rec->rc)
        note(rec, store_flush(rec->spec.store, &rec->err));
    store_batching(rec->spec.store, false);
    int rc = rec->rc;
    if (rc)
        err_set(e, rc, "%s", rec->err.text);
    else if (recorder_failed(rec))
        rc = err_set(
            e, ERR_IO,
            "more than %d MiB of the record waited to be written: this disk or CPU cannot keep up with the load; "
            "the run was ended, and what came until then is stored",
            RECORDER_MOST_BYTES / 1024 / 1024);
    *tally = rec->tally;
    free(rec);
    return rc;
}
