/* progress.c: see progress.h. Inside the window only atomics are written; all else happens between windows. */
#include "cli/progress.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "live/pulse.h"
#include "live/show.h"

struct progress {
    const struct study *study;
    bool quiet;
    struct show *show;    /* NULL: quiet */
    pthread_mutex_t lock; /* of course and run */
    struct course course;
    struct run run; /* the last one told; its arm is the study's, other pointers are not looked at */
    struct pulse pulse;
    _Atomic mono_ns started_ns; /* MONO_NONE: the window has not opened */
    _Atomic int64_t in_flight, chunks;
    _Atomic double loop_busy;
};

#define GET(a) atomic_load_explicit(&(a), memory_order_relaxed)
#define SET(a, v) atomic_store_explicit(&(a), (v), memory_order_relaxed)

/* ---- what the study tells -------------------------------------------------------------------------------------------- */

static void on_say(void *user, const char *line)
{
    progress_say(user, line);
}

static void on_planned(void *user, const struct plan_row *rows, size_t n)
{
    struct progress *p = user;
    pthread_mutex_lock(&p->lock);
    course_init(&p->course, rows, n);
    progress_asked(&p->course, p->study);
    pthread_mutex_unlock(&p->lock);
}

static void on_run(void *user, const struct run *r)
{
    struct progress *p = user;
    pthread_mutex_lock(&p->lock);
    p->run = *r;
    if (r->state == RUN_COMPLETE)
        course_add(&p->course, r);
    pulse_reset(&p->pulse);
    SET(p->started_ns, MONO_NONE);
    SET(p->in_flight, 0);
    SET(p->chunks, 0);
    SET(p->loop_busy, NAN);
    pthread_mutex_unlock(&p->lock);
}

static void on_tick(void *user, mono_ns started_ns, const struct driver_moment *m)
{
    struct progress *p = user;
    SET(p->started_ns, started_ns);
    SET(p->in_flight, m->in_flight);
    SET(p->chunks, m->chunks);
    SET(p->loop_busy, m->loop_busy);
}

static void on_request(void *user, const struct request *r)
{
    struct progress *p = user;
    pulse_add(&p->pulse, r);
}

/* ---- what the view shows --------------------------------------------------------------------------------------------- */

static void fill(void *user, struct live_view *v)
{
    struct progress *p = user;
    mono_ns started_ns = GET(p->started_ns);
    *v = (struct live_view){.study = p->study->name, .silent_ns = -1};
    pulse_read(&p->pulse, v);
    v->in_flight = GET(p->in_flight);
    v->chunks = GET(p->chunks);
    v->loop_busy = GET(p->loop_busy);
    v->elapsed_ns = started_ns == MONO_NONE ? 0 : clock_now(NULL) - started_ns;
    pthread_mutex_lock(&p->lock);
    if (p->run.arm && p->run.state != RUN_COMPLETE) {
        v->arm = p->run.arm;
        v->position = p->run.position;
        v->block = p->run.block;
        v->attempt = p->run.attempt;
    }
    v->state = v->arm && started_ns != MONO_NONE ? LIVE_MEASURING : p->run.arm ? LIVE_PREPARING : LIVE_STARTING;
    live_take_course(v, &p->course);
    pthread_mutex_unlock(&p->lock);
}

static void measure(void *user, struct live_style *style)
{
    (void)user;
    terminal_measure(STDERR_FILENO, style);
}

static void write_bytes(void *user, const char *bytes, size_t n)
{
    (void)user;
    fwrite(bytes, 1, n, stderr);
    fflush(stderr);
}

/* ---- life ------------------------------------------------------------------------------------------------------------ */

struct progress *progress_start(const struct app *app, const struct study *s, bool quiet, struct execute_options *o)
{
    struct progress *p = xcalloc(1, sizeof *p);
    bool terminal = terminal_can_repaint(STDERR_FILENO);
    struct show_spec spec = {.fill = fill,
                             .measure = terminal ? measure : NULL,
                             .write = write_bytes,
                             .user = p,
                             .style = {.color = terminal_may_color(STDERR_FILENO), .ascii = !app->utf8}};
    p->study = s;
    pthread_mutex_init(&p->lock, NULL);
    pulse_reset(&p->pulse);
    SET(p->started_ns, MONO_NONE);
    o->user = p;
    o->say = on_say;
    if (!quiet) { /* then nothing is counted either */
        o->planned = on_planned;
        o->run = on_run;
        o->tick = on_tick;
        o->request = on_request;
        p->show = show_start(&spec);
    }
    return p;
}

void progress_say(struct progress *p, const char *line)
{
    if (p->show)
        show_say(p->show, line);
}

void progress_stop(struct progress *p)
{
    show_stop(p->show);
    course_release(&p->course);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* ---- what is asked for ----------------------------------------------------------------------------------------------- */

static mono_ns asked_ns(const struct study_load *l)
{
    const struct schedule_spec *open = &l->schedule;
    mono_ns sum = 0;
    for (size_t i = 0; i < open->n_stages; i++) {
        if (open->stages[i].duration_ns == SCHEDULE_OPEN)
            return 0;
        sum += open->stages[i].duration_ns;
    }
    return sum ? sum : l->duration_ns ? l->warmup_ns + l->duration_ns : 0;
}

void progress_asked(struct course *c, const struct study *s)
{
    for (size_t i = 0; i < s->n_arms; i++) {
        struct course_arm *arm = course_arm(c, s->arms[i].name);
        if (!arm || s->arms[i].load < 0)
            continue;
        const struct study_load *l = &s->loads[s->arms[i].load];
        arm->warmup_ns = l->warmup_ns;
        arm->asked_requests = l->turns.high > 1 ? 0 : l->num_requests; /* else it counts conversations */
        arm->asked_ns = asked_ns(l);
    }
}
