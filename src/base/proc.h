/* Child processes: started in a process group of their own, with their output in a file, and killed by the kernel when
 * this process dies, so that a killed study leaves no server behind. One owner, one thread. */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"

struct proc {
    pid_t pid;   /* 0: none */
    bool exited; /* true once waited for */
    int status;  /* of waitpid */
};

struct proc_spec {
    const char *const *argv; /* NULL-terminated; argv[0] is a path or found on PATH */
    const char *const *env;  /* "NAME=value" additions to our environment, NULL-terminated; may be NULL */
    const char *cwd;         /* NULL: ours */
    const char *log_path;    /* stdout and stderr are appended here; NULL: /dev/null */
};

int proc_start(struct proc *p, const struct proc_spec *spec, struct err *e);
bool proc_running(struct proc *p); /* reaps without blocking */
/* SIGTERM to the group, SIGKILL after grace; returns when the process is gone. No-op when none runs. */
void proc_stop(struct proc *p, mono_ns grace_ns);
void proc_kill(struct proc *p); /* SIGKILL to the group and reap */
/* "exited with 1", "killed by signal 9" of an ended process. */
void proc_status_text(const struct proc *p, char out[64]);

#endif
