/* isolate.c: a run whose client side is a process of its own: no memory, no connection and no cache of one run is there in the
 * next, and a crash costs the run and not the study. See executor.h.
 *
 * The servers stay children of this process, which closes the result file meanwhile: one process writes it at a time. Both are
 * in different process groups, so that ^C reaches the child once, from here. What goes to the caller's callbacks and what
 * later runs must know comes back through a pipe, a message each. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "study/executor.h"

enum { SAY, RUN, TICK, REQUEST, END };

struct message {
    int kind;
    size_t n; /* bytes that follow */
};

/* What the run leaves behind in the executor. */
struct leavings {
    int rc;
    struct err err;
    enum run_end end;
    struct execute_summary summary;
    double prompt_rate[RATES_KEPT];
    size_t n_prompt_rates;
    int64_t stream_bytes;
};

struct tick {
    mono_ns started_ns;
    struct driver_moment moment;
};

/* ---- the child -------------------------------------------------------------------------------------------------------- */

static void put(int fd, const void *p, size_t n)
{
    for (const char *at = p; n;) {
        ssize_t wrote = write(fd, at, n);
        if (wrote < 0 && errno != EINTR)
            _exit(1); /* nobody listens: this process dies with its parent anyway */
        at += wrote > 0 ? wrote : 0;
        n -= wrote > 0 ? (size_t)wrote : 0;
    }
}

struct channel {
    int fd;
    pthread_mutex_t lock; /* requests are told by the thread that stores them */
};

static void send(struct channel *c, int kind, const void *p, size_t n)
{
    struct message m = {kind, n};
    pthread_mutex_lock(&c->lock);
    put(c->fd, &m, sizeof m);
    put(c->fd, p, n);
    pthread_mutex_unlock(&c->lock);
}

/* Names in what follows are those of the study and its plan, which both processes have at the same place; whatever else is
 * pointed to stays here. */

static void say_up(void *user, const char *line)
{
    send(user, SAY, line, strlen(line) + 1);
}

static void run_up(void *user, const struct run *r)
{
    struct run plain = *r;
    plain.sessions = NULL;
    plain.requests = NULL;
    plain.verdict_why = plain.start_state = NULL;
    plain.n_sessions = plain.n_requests = plain.n_warmup = 0;
    send(user, RUN, &plain, sizeof plain);
}

static void tick_up(void *user, mono_ns started_ns, const struct driver_moment *m)
{
    struct tick t = {started_ns, *m};
    send(user, TICK, &t, sizeof t);
}

static void request_up(void *user, const struct request *r)
{
    struct request plain = *r, empty;
    request_init(&empty);
    plain.chunks = empty.chunks;
    plain.engine = empty.engine;
    plain.text = plain.prompt = plain.reasoning = plain.error = plain.finish_reason = plain.not_applied = empty.text;
    send(user, REQUEST, &plain, sizeof plain);
}

static _Noreturn void be_child(struct executor *x, const struct run_job *job, int fd)
{
    struct channel c = {fd, PTHREAD_MUTEX_INITIALIZER};
    struct execute_options o = *x->options;
    struct leavings out = {.end = RUN_DONE};
    o.say = o.say ? say_up : NULL;
    o.run = o.run ? run_up : NULL;
    o.tick = o.tick ? tick_up : NULL;
    o.request = o.request ? request_up : NULL;
    o.user = &c;
    x->options = &o;
    out.rc = executor_open_store(x, &out.err);
    if (!out.rc)
        out.rc = onerun_carry(x, job, &out.end, &out.err);
    int closed = store_close(x->store, out.rc ? NULL : &out.err);
    out.rc = out.rc ? out.rc : closed;
    out.summary = *x->summary;
    memcpy(out.prompt_rate, x->prompt_rate, sizeof out.prompt_rate);
    out.n_prompt_rates = x->n_prompt_rates;
    out.stream_bytes = x->stream_bytes;
    send(&c, END, &out, sizeof out);
    _exit(0);
}

/* ---- the parent ------------------------------------------------------------------------------------------------------- */

/* False at the end of the pipe. A signal that stops the study is passed on, once. */
static bool get(struct executor *x, int fd, pid_t child, bool *told, void *p, size_t n)
{
    for (char *at = p; n;) {
        if (*x->options->stop && !*told) {
            kill(child, SIGINT);
            *told = true;
        }
        ssize_t got = read(fd, at, n);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        at += got > 0 ? got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* One message to whom it is for. Messages are copied out of the bytes, which have no alignment. */
static void pass_on(struct executor *x, const struct message *m, const char *body)
{
    const struct execute_options *o = x->options;
    if (m->kind == SAY) {
        o->say(o->user, body);
    } else if (m->kind == RUN) {
        struct run r;
        memcpy(&r, body, sizeof r);
        o->run(o->user, &r);
    } else if (m->kind == TICK) {
        struct tick t;
        memcpy(&t, body, sizeof t);
        o->tick(o->user, t.started_ns, &t.moment);
    } else if (m->kind == REQUEST) {
        struct request r;
        memcpy(&r, body, sizeof r);
        o->request(o->user, &r);
    }
}

/* Until the child's end; true: it told what came of its run. */
static bool listen_to(struct executor *x, int fd, pid_t child, struct leavings *out)
{
    struct message m;
    bool told = false, ended = false;
    while (get(x, fd, child, &told, &m, sizeof m)) {
        char *body = xmalloc(m.n + 1);
        bool whole = get(x, fd, child, &told, body, m.n);
        if (whole && m.kind == END)
            memcpy(out, body, sizeof *out);
        else if (whole)
            pass_on(x, &m, body);
        ended |= whole && m.kind == END;
        free(body);
    }
    return ended;
}

static int take(struct executor *x, const struct leavings *out, enum run_end *end, struct err *e)
{
    *end = out->end;
    *x->summary = out->summary;
    memcpy(x->prompt_rate, out->prompt_rate, sizeof x->prompt_rate);
    x->n_prompt_rates = out->n_prompt_rates;
    x->stream_bytes = out->stream_bytes;
    if (out->rc)
        *e = out->err;
    return out->rc;
}

/* The rows that it stored are an aborted attempt by now; a further one says why. */
static int crashed(struct executor *x, const struct run_job *job, int status, enum run_end *end, struct err *e)
{
    char why[96];
    struct run_job failed = *job;
    if (WIFSIGNALED(status))
        snprintf(why, sizeof why, "the client's process was killed by signal %d", WTERMSIG(status));
    else
        snprintf(why, sizeof why, "the client's process exited with %d", WEXITSTATUS(status));
    failed.failed = why;
    return onerun_carry(x, &failed, end, e);
}

int isolate_run(struct executor *x, const struct run_job *job, enum run_end *end, struct err *e)
{
    int fd[2], status = 0;
    struct leavings out;
    pid_t self = getpid();
    int rc = store_close(x->store, e);
    x->store = NULL;
    if (rc)
        return rc;
    if (pipe2(fd, O_CLOEXEC))
        return err_sys(e, ERR_IO, errno, "cannot make a pipe to a run's process");
    pid_t child = fork();
    if (child == 0) {
        close(fd[0]);
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != self)
            _exit(1);
        be_child(x, job, fd[1]);
    }
    close(fd[1]);
    bool ended = child > 0 && listen_to(x, fd[0], child, &out);
    close(fd[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (child < 0)
        return err_sys(e, ERR_IO, errno, "cannot start a run's process");
    rc = executor_open_store(x, e);
    if (rc)
        return rc;
    if (!ended && *x->options->stop)
        return err_set(e, ERR_INTERRUPTED, "interrupted");
    return ended ? take(x, &out, end, e) : crashed(x, job, status, end, e);
}
