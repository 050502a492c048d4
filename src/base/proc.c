/* proc.c: fork and exec, with an errno pipe so that a failed exec is an error of proc_start. See proc.h. */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In the child, between fork and exec: only async-signal-safe calls, except putenv-like ones that cannot deadlock here
 * because chimera starts servers from its only thread. */
static void child(const struct proc_spec *spec, int report, pid_t parent)
{
    int in = open("/dev/null", O_RDONLY);
    int out = open(spec->log_path ? spec->log_path : "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0666);
    sigset_t none;
    sigemptyset(&none);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        goto fail;
    if (in > 2)
        close(in);
    if (out > 2)
        close(out);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before prctl */
        _exit(127);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    if (spec->cwd && chdir(spec->cwd) != 0)
        goto fail;
    for (const char *const *v = spec->env; v && *v; v++)
        putenv((char *)(uintptr_t)*v);
    execvp(spec->argv[0], (char *const *)(uintptr_t)spec->argv);
fail:;
    int sys = errno;
    ssize_t ignored = write(report, &sys, sizeof sys);
    (void)ignored;
    _exit(127);
}

int proc_start(struct proc *p, const struct proc_spec *spec, struct err *e)
{
    int fds[2], sys = 0;
    *p = (struct proc){0};
    if (pipe2(fds, O_CLOEXEC) != 0)
        return err_sys(e, ERR_IO, errno, "cannot make a pipe");
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        child(spec, fds[1], parent);
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return err_sys(e, ERR_IO, errno, "cannot start %s", spec->argv[0]);
    }
    ssize_t n;
    do
        n = read(fds[0], &sys, sizeof sys);
    while (n < 0 && errno == EINTR);
    close(fds[0]);
    if (n > 0) {
        waitpid(pid, NULL, 0);
        return err_sys(e, sys == ENOENT ? ERR_NOTFOUND : ERR_IO, sys, "cannot start %s", spec->argv[0]);
    }
    p->pid = pid;
    return 0;
}

bool proc_running(struct proc *p)
{
    if (!p->pid || p->exited)
        return false;
    pid_t r = waitpid(p->pid, &p->status, WNOHANG);
    if (r == p->pid || (r < 0 && errno == ECHILD))
        p->exited = true;
    return !p->exited;
}

static void sleep_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

void proc_kill(struct proc *p)
{
    if (!proc_running(p))
        return;
    kill(-p->pid, SIGKILL);
    kill(p->pid, SIGKILL); /* the child may not have made its group yet */
    while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR)
        ;
    p->exited = true;
}

void proc_stop(struct proc *p, mono_ns grace_ns)
{
    if (!proc_running(p))
        return;
    mono_ns until = clock_now(NULL) + grace_ns;
    kill(-p->pid, SIGTERM);
    while (proc_running(p) && clock_now(NULL) < until)
        sleep_ms(2);
    if (p->exited)
        kill(-p->pid, SIGKILL); /* helpers of the group that outlived it */
    else
        proc_kill(p);
}

void proc_status_text(const struct proc *p, char out[64])
{
    if (WIFSIGNALED(p->status))
        snprintf(out, 64, "killed by signal %d", WTERMSIG(p->status));
    else
        snprintf(out, 64, "exited with %d", WEXITSTATUS(p->status));
}
