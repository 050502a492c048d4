/* file.c: see file.h. */
#include "live/file.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "format/json.h"
#include "live/pulse.h"

struct live_file {
    const char *path; /* borrowed */
    live_ask_fn *ask;
    void *user;
    struct arena arena; /* of the last look */
    struct course course;
    struct pulse pulse;
    int64_t run_id, last_request; /* of the run in progress: what the pulse holds; 0: none */
};

struct live_file *live_file_new(const char *path, live_ask_fn *ask, void *user)
{
    struct live_file *f = xcalloc(1, sizeof *f);
    f->path = path;
    f->ask = ask;
    f->user = user;
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

/* Ended by its stop rule, which notes that (study/ending.c). */
static bool was_enough(struct store *s, struct arena *a)
{
    const char *text = store_get_note(s, a, "ended");
    yyjson_doc *doc = text ? json_read(text, strlen(text), NULL, NULL) : NULL;
    bool enough = span_eq_z(json_get_text(yyjson_doc_get_root(doc), "why"), "precision");
    yyjson_doc_free(doc);
    return enough;
}

/* Who writes is asked first: one that ends meanwhile has then written all that is read. */
static int look(struct live_file *f, struct store *s, struct live_view *v, struct err *e)
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
    f->ask(f->user, &f->course, info.study.source);
    v->study = info.study.name;
    v->silent_ns = activity.silent_ns;
    const struct run *running = take_runs(f, runs, n, v);
    bool done = info.complete || (!activity.writer && was_enough(s, &f->arena));
    v->state = done ? LIVE_COMPLETE : !activity.writer ? LIVE_STOPPED : n ? LIVE_PREPARING : LIVE_STARTING;
    if (running && !done) {
        rc = look_at_requests(f, s, running->id, v, e);
        show_run(running, v);
    }
    live_take_course(v, &f->course);
    if (done && !info.complete) /* what was not begun is not left */
        v->eta = (struct live_eta){.left_ns = -1};
    return rc;
}

int live_file_look(struct live_file *f, struct live_view *v, struct err *e)
{
    struct store *s = NULL;
    *v = (struct live_view){0};
    course_release(&f->course);
    arena_release(&f->arena);
    int rc = store_open(&s, f->path, false, e);
    rc = rc ? rc : look(f, s, v, e);
    store_close(s, NULL);
    return rc;
}
