/* shards.h: a plain load in threads that share nothing while it runs: each has a driver of its own, with its loop, its
 * connections and its share of the load as a session. The caller's thread ticks, so that probes and progress delay no
 * loop. One barrier releases all, and what comes of it is one run with one session. */
#ifndef LOAD_SHARDS_H
#define LOAD_SHARDS_H

#include "load/driver.h"

enum { SHARDS_MAX = 64 };

struct shards;
/* Starts a thread for each session of the spec (at most SHARDS_MAX); returns when all have opened their connections and
 * built their first questions, or the first error. Threads are pinned to a core each when the process may use `spare`
 * more cores than there are threads. Of the spec, on_tick is called in the caller's thread, take (which there must be)
 * in all of them; on_request, barrier, next_seq and next_dialogue are not looked at; the rest is borrowed until
 * shards_free. */
int shards_new(struct shards **out, const struct driver_spec *spec, size_t spare, struct err *e);
/* As driver_run, without the requests, which were taken; release with driver_run_release. The health is that of the
 * worst loop and of the process as a whole. */
int shards_run(struct shards *s, struct run *r, struct err *e);
void shards_free(struct shards *s); /* NULL is fine; before shards_run it ends the threads */
bool shards_pinned(const struct shards *s);
/* Growth of this process's memory from shards_new to the first questions, divided by the connections opened ahead; with
 * few of them it is mostly what a thread needs once. */
int64_t shards_stream_bytes(const struct shards *s);

#endif
