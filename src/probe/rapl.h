/* Inside probe/: the CPU's energy counters (RAPL, by the kernel's powercap): packages, their memory (dram), and the whole
 * board (psys). The domains nest: they are told one by one and must not be added up. Since 2020 only root may read them
 * (CVE-2020-8694). Source: Documentation/power/powercap/powercap.rst of the kernel. */
#ifndef PROBE_RAPL_H
#define PROBE_RAPL_H

#include <stdint.h>

#include "base/str.h"

enum { RAPL_ZONES = 24 };

struct rapl {
    int n; /* 0: none there, or not for us */
    struct rapl_zone {
        char name[32]; /* "package-0", "package-0/dram", "psys" */
        int fd;
        int64_t range_uj; /* the counter runs from 0 to this and begins again */
        int64_t last_uj;  /* -1: not read yet */
        int64_t sum_uj;   /* since rapl_zero */
    } zone[RAPL_ZONES];
};

void rapl_open(struct rapl *r, const char *root);
void rapl_read(struct rapl *r); /* at least once in the range: at 1 kW that is four minutes */
void rapl_zero(struct rapl *r);
void rapl_put(const struct rapl *r, struct str *out); /* "energy": [{"joules", "name"}]; nothing without a zone */
void rapl_close(struct rapl *r);

#endif
