/* recorder.h: writes the requests and samples of a plain load into the result file while the load runs.
 *
 * The driver's threads put finished requests into a queue and go on; a thread that only gets idle CPU time stores them in
 * transactions of at most a second, takes them into the run's tally and frees them. So memory does not grow with the run,
 * and a killed load has lost its last second or so.
 *
 * Nobody ever waits for the writer and nothing is dropped: a loop that waits sends late, and a record with holes is worth
 * nothing. When the writer falls behind, requests wait in memory, which no number of the run shows. Where that is because
 * no CPU is idle, a second writer of ordinary priority helps from 64 MiB on; where it is the disk, it ends at
 * RECORDER_MOST_BYTES: then recorder_failed says so, as after a failure of the store, for the window to be ended; what came
 * until then is stored. */
#ifndef STUDY_RECORDER_H
#define STUDY_RECORDER_H

#include "record/tally.h"
#include "store/store.h"

enum { RECORDER_MOST_BYTES = 512 * 1024 * 1024 };

struct recorder_spec {
    struct store *store; /* borrowed; nobody else may use it between start and stop */
    int64_t run_id;      /* the open run */
    /* Called once for each request, by one thread at a time: a writer or recorder_stop. */
    void (*on_request)(void *user, const struct request *r);
    void *user;
};

struct recorder;
int recorder_start(struct recorder **out, const struct recorder_spec *spec, struct err *e);
/* Takes a request (from malloc; the names in it must outlive the recorder). Any thread; costs an allocation of 40 bytes. */
void recorder_take(struct recorder *rec, struct request *r);
/* Copies a probe sample. Any thread. */
void recorder_sample(struct recorder *rec, mono_ns t, const char *json, size_t n);
/* Whether storing has failed, or too much waits. Any thread. */
bool recorder_failed(const struct recorder *rec);
/* Stores what waits, at this thread's priority, and frees the recorder. Fills *tally, also on failure, with all requests
 * that were taken; the caller releases it. Returns the first failure. */
int recorder_stop(struct recorder *rec, struct run_tally *tally, struct err *e);

#endif
