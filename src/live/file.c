/* file.c: see file.h. */
#include "live/file.h"

#include <math.h>
#include <stdlib.h>

struct live_file *live_file_new(const char *path)
{
    struct live_file *f = xcalloc(1, sizeof *f);
    f->path = path;
    return f;
}

void live_file_free(struct live_file *f)
{
    if (!f)
        return;
    course_release(&f->course);
    arena_release(&f->arena);
    free(f);
}

static int add_request(void *user, const struct request *r)
{
    pulse_add(user, r);
    return 0;
}

/* The runs, and the last of them if it goes on. */
static const struct run *take_runs(struct live_file *f, const struct run *runs, size_t n, struct live_view *v)
{
    const struct run *running = NULL;
    for (size_t i = 0; i < n; i++) {
        if (runs[i].state == RUN_COMPLETE)
            course_add(&f->course, &runs[i]);
        v->aborted += runs[i].state == RUN_ABORTED;
        running = runs[i].state == RUN_RUNNING ? &runs[i] : NULL;
    }
    return running;
}

static int look_at_requests(struct live_file *f, struct store *s, int64_t run_id, struct live_view *v, struct err *e)
{
    if (f->run_id != run_id) {
        pulse_reset(&f->pulse);
        f->last_request = 0;
        f->run_id = run_id;
    }
    int rc = store_new_requests(s, run_id, &f->last_request, add_request, &f->pulse, e);
    pulse_read(&f->pulse, v);
    return rc;
}

static void show_run(const struct run *r, struct live_view *v)
{
    int64_t until_ns = clock_wall_ns() - (v->state == LIVE_STOPPED ? v->silent_ns : 0);
    v->arm = r->arm;
    v->position = r->position;
    v->block = r->block;
    v->attempt = r->attempt;
    v->elapsed_ns = r->wall_ns < until_ns && r->wall_ns > 0 ? until_ns - r->wall_ns : 0;
    v->in_flight = v->chunks = -1;
    v->loop_busy = NAN;
    if (v->state != LIVE_STOPPED)
        v->state = LIVE_MEASURING;
}

/* Who writes is asked first: one that ends meanwhile has then written all that is read. */
static int look(struct live_file *f, struct store *s, live_ask_fn *ask, struct live_view *v, struct err *e)
{
    struct store_info info;
    struct store_activity activity;
    struct run *runs;
    size_t n;
    store_activity(s, &activity);
    int rc = store_info(s, &f->arena, &info, e);
    rc = rc ? rc : store_run_heads(s, &f->arena, &runs, &n, e);
    if (rc)
        return rc;
    course_init(&f->course, info.study.rows, info.study.n_rows);
    ask(&f->course, info.study.source);
    v->study = info.study.name;
    v->silent_ns = activity.silent_ns;
    const struct run *running = take_runs(f, runs, n, v);
    v->state = info.complete ? LIVE_COMPLETE : !activity.writer ? LIVE_STOPPED : n ? LIVE_PREPARING : LIVE_STARTING;
    if (running && !info.complete) {
        rc = look_at_requests(f, s, running->id, v, e);
        show_run(running, v);
    }
    live_take_course(v, &f->course);
    return rc;
}

int live_file_look(struct live_file *f, live_ask_fn *ask, struct live_view *v, struct err *e)
{
    struct store *s = NULL;
    *v = (struct live_view){0};
    course_release(&f->course);
    arena_release(&f->arena);
    int rc = store_open(&s, f->path, false, e);
    rc = rc ? rc : look(f, s, ask, v, e);
    store_close(s, NULL);
    return rc;
}
