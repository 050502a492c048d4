/* probe: what the host is and how it did: facts, capabilities, and samples on the run's own clock.
 *
 * Owns: reading /proc and /sys, CPU and memory of managed servers, the host's part of struct health.
 * Must not know: servers as such (it is given process ids), requests, results.
 *
 * host.h: the facts of a host in two JSON objects with sorted keys. Every path is read below `root`: "" is the real host,
 * a test gives a folder with its own proc/ and sys/. */
#ifndef PROBE_HOST_H
#define PROBE_HOST_H

#include "base/str.h"

/* Appends both objects; a fact that cannot be read is null.
 * stable: what makes two runs comparable (its hash is the stratum): arch, cgroup_cpu_limit, clocksource, container,
 *   cores, cores_physical, cpu, cpu_microcode, governor, hostname_sha256, kernel, memory_bytes (rounded to 64 MiB),
 *   numa_nodes, page_bytes, smt, virtualisation.
 * momentary: boot_id, cpu_mhz, load_1, load_5, load_15, memory_available_bytes, processes_running, swap_used_bytes,
 *   uptime_s. Either may be NULL. */
void host_facts(const char *root, struct str *stable, struct str *momentary);

/* Cores that this process may use: its affinity mask (the host's cores under another root), less where a cgroup limits
 * CPU time; at least 1. This is what servers_divide_threads divides. */
int host_cores(const char *root);

/* CPU limit of the cgroup in cores, the tightest on the way to the root; 0: none. */
double host_cgroup_limit(const char *root);

#endif
