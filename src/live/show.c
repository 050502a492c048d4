/* show.c: see show.h. */
#include "live/show.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "format/escape.h"
#include "live/screen.h"

struct show {
    struct show_spec spec;
    pthread_t thread;
    bool running;           /* the thread is to be joined; without it lines are written at once */
    pthread_mutex_t lock;   /* of what follows */
    pthread_cond_t changed; /* `ending`, said */
    bool ending;
    struct str said; /* lines that are not written yet */
    struct screen screen;
};

static void write_out(const struct show *s, const struct str *bytes)
{
    if (bytes->len)
        s->spec.write(s->spec.user, bytes->at, bytes->len);
}

/* In the thread. The lock is held for as long as it takes to take what was said, never while painting or writing. */
static void repaint(struct show *s, bool with_view, struct str *bytes)
{
    struct live_style style = s->spec.style;
    struct live_view v;
    struct str said, block = STR_INIT;
    pthread_mutex_lock(&s->lock);
    said = s->said;
    s->said = (struct str)STR_INIT;
    pthread_mutex_unlock(&s->lock);
    s->spec.measure(s->spec.user, &style);
    if (with_view) {
        s->spec.fill(s->spec.user, &v);
        live_paint(&v, &style, &block);
    }
    str_clear(bytes);
    screen_show(&s->screen, (struct span){str_z(&said), said.len}, (struct span){str_z(&block), block.len},
                style.columns, bytes);
    write_out(s, bytes);
    str_release(&said);
    str_release(&block);
}

/* What is said goes out at once, so that only the line of a run in progress is this thread's. */
static void line_of_long_run(struct show *s, struct str *bytes)
{
    struct live_view v;
    s->spec.fill(s->spec.user, &v);
    if ((v.state != LIVE_MEASURING && v.state != LIVE_WARMING_UP) || v.elapsed_ns < SHOW_LINE_NS / 2)
        return; /* a short run has its line when it ends */
    str_clear(bytes);
    live_line(&v, bytes);
    str_addc(bytes, '\n');
    write_out(s, bytes);
}

static bool ended_while_waiting(struct show *s, mono_ns until)
{
    const struct timespec t = {until / NS_PER_S, until % NS_PER_S};
    pthread_mutex_lock(&s->lock);
    while (!s->ending && pthread_cond_clockwait(&s->changed, &s->lock, CLOCK_MONOTONIC, &t) == 0)
        ;
    bool ended = s->ending;
    pthread_mutex_unlock(&s->lock);
    return ended;
}

static void *run(void *show)
{
    struct show *s = show;
    struct str bytes = STR_INIT;
    mono_ns every = s->spec.measure ? SHOW_REPAINT_NS : SHOW_LINE_NS, next = clock_now(NULL) + every;
    const struct sched_param none = {0};
    pthread_setschedparam(pthread_self(), SCHED_IDLE, &none); /* best effort */
    while (!ended_while_waiting(s, next)) {
        if (s->spec.measure)
            repaint(s, true, &bytes);
        else
            line_of_long_run(s, &bytes);
        next = clock_now(NULL) + every; /* from the end of a painting: a slow terminal is not painted all the time */
    }
    if (s->spec.measure)
        repaint(s, false, &bytes);
    str_release(&bytes);
    return NULL;
}

struct show *show_start(const struct show_spec *spec)
{
    struct show *s = xcalloc(1, sizeof *s);
    sigset_t all, before;
    s->spec = *spec;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    sigfillset(&all); /* signals are for the main thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->running = pthread_create(&s->thread, NULL, run, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return s;
}

void show_say(struct show *s, const char *line)
{
    struct str safe = STR_INIT;
    escape_terminal(span_z(line), s->spec.style.ascii, &safe);
    str_addc(&safe, '\n');
    if (s->running && s->spec.measure) {
        pthread_mutex_lock(&s->lock);
        str_add(&s->said, safe.at, safe.len);
        pthread_mutex_unlock(&s->lock);
    } else {
        write_out(s, &safe);
    }
    str_release(&safe);
}

int64_t show_cpu_ns(const struct show *s)
{
    clockid_t clock;
    struct timespec t = {0};
    if (s->running && pthread_getcpuclockid(s->thread, &clock) == 0)
        clock_gettime(clock, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

void show_stop(struct show *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (s->running)
        pthread_join(s->thread, NULL);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    str_release(&s->said);
    free(s);
}
