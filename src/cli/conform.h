/* conform.h: one case of tests/conformance against our own client: the player in a thread, the driver in this one, then
 * what was recorded against what the case expects. */
#ifndef CLI_CONFORM_H
#define CLI_CONFORM_H

#include "base/err.h"
#include "record/run.h"
#include "stub/case.h"
#include "stub/player.h"

struct verdict_on_case {
    struct str faults;  /* a line for each expectation that does not hold; empty: conforms. Owned */
    struct str outcome; /* of the first request; owned */
    double ms;          /* how long it took */
};
void verdict_on_case_release(struct verdict_on_case *v);

/* Runs the case of that path. A negative code is for what is no verdict: a file that is no case (ERR_INPUT), a host
 * without sockets, ERR_INTERRUPTED. */
int conform_run(const char *path, const volatile int *stop, struct verdict_on_case *v, struct err *e);

/* conform_judge.c: appends what does not hold; ERR_INPUT with "NAME:LINE: " for an expectation that cannot be read. */
int conform_judge(const struct stub_case *c, const char *name, const struct run *run, const struct player_log *log,
                  struct str *faults, struct err *e);

#endif
