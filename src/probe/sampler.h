/* Samples the host, this process and the managed servers during a run, at most ten times a second, for at most 2 ms of CPU
 * per second: files stay open and are read with pread, nothing is allocated after the start but the text of a sample.
 *
 * A sample is one JSON object with sorted keys; its counters are cumulative since sampler_start, so that a rate can be
 * taken between any two samples and a lost one loses nothing:
 *   client_cpu_s, client_rss_bytes, ctx_involuntary, ctx_voluntary   this process
 *   cpu_busy_s, cpu_steal_s, cpu_total_s                             all cores, from /proc/stat
 *   energy: [{"joules", "name"}]                                     per RAPL domain, which nest; left out without RAPL
 *   gpus: [{…}]                                                      see nvml.h; left out without a GPU
 *   psi_cpu_s                                                        time in which some task waited for a CPU
 *   retransmits                                                      TCP segments sent again by the host
 *   servers: [{"cpu_s", "name", "processes", "rss_bytes"}]           with their children (Ollama's runner)
 * What cannot be read is null. One thread. */
#ifndef PROBE_SAMPLER_H
#define PROBE_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"
#include "record/health.h"

struct sampler_server {
    const char *name; /* borrowed for the life of the sampler */
    pid_t pid;        /* 0: not ours, left out */
};

struct sampler_spec {
    const char *root; /* "" normally; see host.h */
    const struct sampler_server *servers;
    size_t n_servers;
    mono_ns every_ns;                                                /* cadence; 0: 200 ms; below 100 ms: 100 ms */
    void (*emit)(void *user, mono_ns t, const char *json, size_t n); /* may be NULL */
    void *user;
};

struct sampler;
/* Opens what can be opened; a missing file is not an error. */
int sampler_new(struct sampler **out, const struct sampler_spec *spec, struct err *e);
void sampler_free(struct sampler *s); /* NULL is fine */

/* Right before the window: the counters' zero. Emits the first sample. */
void sampler_start(struct sampler *s, mono_ns now);
/* From the driver's tick: takes a sample when one is due; true when it did. */
bool sampler_tick(struct sampler *s, mono_ns now);
/* Right after the window: a last sample, and the host's part of health: steal, host_busy, psi_cpu_some, ctx_voluntary,
 * ctx_involuntary, client_cpu_s, client_rss_bytes, samples. -1 or NaN where a thing could not be read. */
void sampler_stop(struct sampler *s, mono_ns now, struct health *h);

/* CPU time and the resident memory at the last sample of server i (of the spec) with its children; false when unknown. */
bool sampler_server_use(const struct sampler *s, size_t i, double *cpu_s, int64_t *rss_bytes);
/* CPU time of this thread spent in sampling since the start. */
int64_t sampler_cost_ns(const struct sampler *s);

#endif
