/* What this host lets an instrument do, and what a missing thing costs, for `chimera doctor` and for the head of a result.
 * Kernel stamps are not here: they need a socket (net/loop.h, loop_warm_stamps). */
#ifndef PROBE_CAPABILITY_H
#define PROBE_CAPABILITY_H

#include <stdbool.h>
#include <stddef.h>

enum capability_state { CAPABILITY_YES, CAPABILITY_PARTLY, CAPABILITY_NO };

struct capability {
    const char *id;   /* "psi": constant */
    const char *what; /* "pressure stall information": constant */
    enum capability_state state;
    char found[160];  /* what is there: "governor performance on 8 cores" */
    const char *cost; /* one sentence: what is lost while it is not YES; constant */
};

enum { CAPABILITY_MAX = 24 };

const char *capability_word(enum capability_state s); /* "yes", "partly", "no" */

/* Looks at everything; returns how many were written. Takes some milliseconds: the timer is measured. root: see host.h;
 * under a root other than "" nothing of the real host is touched (timer, NVML and limits are left out). */
size_t capability_read(const char *root, struct capability out[CAPABILITY_MAX]);

#endif
