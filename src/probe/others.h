/* others.h: how much of the host others than this process and its descendants (its servers) keep busy, and how hot it is:
 * what a study waits for before a run. Paths below `root`, as in host.h. */
#ifndef PROBE_OTHERS_H
#define PROBE_OTHERS_H

#include "base/clock.h"
#include "probe/tree.h"

struct others {
    const char *root;
    struct tree own;
    int64_t busy_ticks; /* of all cores at the beginning; -1: unknown */
    mono_ns began_ns;
};

/* Between begin and end time passes; end releases what begin took. root is borrowed until then. */
void others_begin(struct others *o, const char *root, pid_t self, mono_ns now);
/* Cores that others kept busy in between, stolen time included; NaN: not known. Counted in ticks of 10 ms. */
double others_end(struct others *o, mono_ns now);

/* The hottest of the thermal zones and hardware monitors in °C; NaN: none tells. */
double host_temperature(const char *root);

#endif
