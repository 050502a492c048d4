/* isolate.c: a run whose client side is a process of its own: no memory, no connection and no cache of one run is there in the
 * next, and a crash costs the run and not the study. See executor.h.
 *
 * The servers stay children of this process, which closes the result file meanwhile: one process writes it at a time. Both are
 * in different process groups, so that ^C reaches the child once, from here. What goes to the caller's callbacks and what
 * later runs must know comes back through a pipe, a message each. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "study/executor.h"

enum { SAY, TICK, END };

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

static void send(int fd, int kind, const void *p, size_t n)
{
    struct message m = {kind, n};
    put(fd, &m, sizeof m);
    put(fd, p, n);
}

static void say_up(void *user, const char *line)
{
    send(*(const int *)user, SAY, line, strlen(line) + 1);
}

static void tick_up(void *user, const struct execute_progress *p)
{
    send(*(const int *)user, TICK, p, sizeof *p); /* its text is the study's, which both have */
}

static _Noreturn void be_child(struct executor *x, const struct run_job *job, int fd)
{
    struct execute_options o = *x->options;
    struct leavings out = {.end = RUN_DONE};
    o.say = say_up;
    o.tick = tick_up;
    o.user = &fd;
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
    send(fd, END, &out, sizeof out);
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

/* Until the child's end; true: it told what came of its run. */
static bool listen_to(struct executor *x, int fd, pid_t child, struct leavings *out)
{
    struct message m;
    bool told = false, ended = false;
    while (get(x, fd, child, &told, &m, sizeof m)) {
        char *body = xmalloc(m.n + 1);
        struct execute_progress p;
        bool whole = get(x, fd, child, &told, body, m.n);
        if (whole && m.kind == SAY) {
            executor_say(x, "%s", body);
        } else if (whole && m.kind == TICK && x->options->tick) {
            memcpy(&p, body, sizeof p);
            x->options->tick(x->options->user, &p);
        } else if (whole && m.kind == END) {
            memcpy(out, body, sizeof *out);
            ended = true;
        }
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
