/* worker.c: see worker.h. The mutex guards the queue, the waiting events, the published counts and the phase's error. */
#include "engine/worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "engine/slots.h"

struct worker {
    const struct options *options;
    void (*wake)(void *user);
    void *user;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    atomic_bool stop, broken_off;
    _Atomic enum worker_phase phase;
    struct err err;
    struct model model;
    struct job *first, **last; /* the queue */
    int n_queued;
    struct events waiting;
    struct worker_counts counts; /* a copy of the slots', for others to read */
    uint64_t cancelled_waiting;  /* jobs that never got a slot */
};

static void set_phase(struct worker *w, enum worker_phase phase)
{
    atomic_store(&w->phase, phase);
    w->wake(w->user);
}

static struct job *pop(struct worker *w)
{
    struct job *job = w->first;
    if (!job)
        return NULL;
    w->first = job->next;
    if (!w->first)
        w->last = &w->first;
    job->next = NULL;
    w->n_queued--;
    return job;
}

/* Hands news over; the loop is woken only when it had none waiting. */
static bool publish(struct worker *w, struct slots *s)
{
    bool wake = !w->waiting.n && s->out.n;
    for (size_t i = 0; i < s->out.n; i++) {
        const struct event *e = &s->out.list[i];
        events_add(&w->waiting, e->job, e->kind, e->n_tokens, e->stamp,
                   (struct span){e->len ? s->out.bytes.at + e->at : NULL, e->len});
    }
    events_clear(&s->out);
    w->counts = s->counts;
    return wake;
}

static void end_waiting(struct worker *w, struct job *job)
{
    w->cancelled_waiting++;
    job->finish = FINISH_CANCELLED;
    job->done_ns = clock_now(NULL);
    events_add(&w->waiting, job, EVENT_END, 0, job->done_ns, SPAN_NONE);
}

static void cancel_queue(struct worker *w)
{
    for (struct job *job; (job = pop(w));)
        end_waiting(w, job);
}

static void *serve(struct worker *w)
{
    struct slots slots;
    slots_init(&slots, &w->model, w->options, &w->stop, &w->broken_off);
    pthread_mutex_lock(&w->lock);
    while (!atomic_load(&w->stop)) {
        struct job *job = slots_free_one(&slots) ? pop(w) : NULL;
        w->counts.active = slots.n_active + (job != NULL);
        if (!job && !slots.n_active) {
            pthread_cond_wait(&w->work, &w->lock);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        if (job)
            slots_admit(&slots, job); /* outside the lock: it may look through the whole vocabulary */
        else
            slots_step(&slots);
        pthread_mutex_lock(&w->lock);
        if (publish(w, &slots))
            w->wake(w->user);
    }
    slots_cancel_all(&slots);
    publish(w, &slots);
    cancel_queue(w);
    pthread_mutex_unlock(&w->lock);
    slots_release(&slots);
    return NULL;
}

static void *run(void *user)
{
    struct worker *w = user;
    if (model_load(&w->model, w->options, &w->stop, &w->err) != 0) {
        set_phase(w, WORKER_FAILED);
        return NULL;
    }
    set_phase(w, WORKER_READY);
    return serve(w);
}

int worker_start(struct worker **out, const struct options *o, void (*wake)(void *user), void *user, struct err *e)
{
    struct worker *w = xcalloc(1, sizeof *w);
    w->options = o;
    w->wake = wake;
    w->user = user;
    w->last = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    *out = w; /* before the thread, whose wake and log callbacks look at it */
    int rc = pthread_create(&w->thread, NULL, run, w);
    if (rc) {
        *out = NULL;
        free(w);
        return err_sys(e, ERR_IO, rc, "cannot start a thread");
    }
    return 0;
}

enum worker_phase worker_phase(const struct worker *w)
{
    return atomic_load(&w->phase);
}

const struct model *worker_model(const struct worker *w)
{
    return &w->model;
}

const struct err *worker_error(const struct worker *w)
{
    return &w->err;
}

bool worker_breaks_off(const struct worker *w)
{
    return atomic_load(&w->broken_off);
}

int worker_submit(struct worker *w, struct job *job)
{
    int rc = 0;
    pthread_mutex_lock(&w->lock);
    int idle = w->options->parallel - w->counts.active; /* slots that will take from the queue at once */
    if (w->n_queued >= w->options->max_queue + (idle > 0 ? idle : 0)) {
        rc = ERR_LIMIT;
    } else {
        job->queued_ns = clock_now(NULL);
        *w->last = job;
        w->last = &job->next;
        w->n_queued++;
        pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    return rc;
}

void worker_cancel(struct worker *w, struct job *job)
{
    atomic_store(&job->cancelled, true);
    pthread_mutex_lock(&w->lock);
    for (struct job **at = &w->first; *at; at = &(*at)->next) {
        if (*at != job)
            continue;
        *at = job->next;
        if (!*at)
            w->last = at;
        w->n_queued--;
        bool wake = !w->waiting.n;
        end_waiting(w, job);
        if (wake)
            w->wake(w->user);
        break;
    }
    pthread_mutex_unlock(&w->lock);
}

void worker_take_events(struct worker *w, struct events *out)
{
    pthread_mutex_lock(&w->lock);
    struct events mine = *out;
    *out = w->waiting;
    w->waiting = mine;
    pthread_mutex_unlock(&w->lock);
}

struct worker_counts worker_counts(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    struct worker_counts c = w->counts;
    c.queued = w->n_queued;
    c.jobs_cancelled += w->cancelled_waiting;
    pthread_mutex_unlock(&w->lock);
    return c;
}

bool worker_stop(struct worker *w, mono_ns grace_ns)
{
    if (!w)
        return true;
    atomic_store(&w->stop, true);
    pthread_mutex_lock(&w->lock);
    pthread_cond_broadcast(&w->work);
    pthread_mutex_unlock(&w->lock);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t ns = until.tv_nsec + grace_ns;
    until.tv_sec += ns / NS_PER_S;
    until.tv_nsec = ns % NS_PER_S;
    return pthread_timedjoin_np(w->thread, NULL, &until) == 0;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    model_release(&w->model);
    events_release(&w->waiting);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    free(w);
}
