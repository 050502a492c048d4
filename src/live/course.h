/* course.h: the course of a study so far, and from it how long the rest may take.
 *
 * A run takes the median of the complete runs of its arm; without one, what the study asks of its arm in seconds; without
 * that, where it goes on and has a number of requests, as long as it will at its pace so far, and so do later ones of its arm;
 * else the median of all complete runs. Of the run that goes on what it has taken is off. Between two runs lies the median of
 * the pauses between complete ones: medians, so that a night's interruption does not count as a pause. */
#ifndef LIVE_COURSE_H
#define LIVE_COURSE_H

#include <stddef.h>

#include "record/run.h"
#include "store/store.h"

struct course_values {
    double *at; /* owned; seconds */
    size_t n, cap;
};

struct course_arm {
    const char *name;       /* borrowed */
    mono_ns warmup_ns;      /* the study's: 0 none */
    mono_ns asked_ns;       /* length of a run that the study asks for, warm-up included; 0: none */
    int64_t asked_requests; /* of a window; 0: none */
    size_t planned, complete;
    struct course_values took; /* of the complete ones */
};

struct course {
    struct course_arm *arms; /* owned, in the order of their first run */
    size_t n_arms, planned, complete;
    int32_t blocks;
    size_t verdicts[4];
    struct course_values pauses;
    mono_ns last_ended_ns;
};

/* From the plan; arm names are borrowed. */
void course_init(struct course *c, const struct plan_row *rows, size_t n);
void course_release(struct course *c);
struct course_arm *course_arm(const struct course *c, const char *name); /* NULL: the plan has no such arm */
/* Takes a complete run; in the order in which they ran. */
void course_add(struct course *c, const struct run *r);

struct live_eta {
    int64_t left_ns; /* -1: nothing to go by */
    char basis[96];  /* "median of 12 runs, the seconds asked for"; "" when left_ns is -1 */
};

/* What is left of the study when a run of `arm` (NULL: none) goes on for elapsed_ns and `ended` requests of its window. */
struct live_eta course_eta(const struct course *c, const char *arm, mono_ns elapsed_ns, int64_t ended);

#endif
