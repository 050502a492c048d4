/* executor.h: what the parts of the executor share; private to study/.
 *
 *   execute.c  the study as a whole: result file, servers, prompts, the loop over missing runs
 *   bench.c    servers up and their facts, starting states, prompts fitted: everything outside the window
 *   onerun.c   one run: sessions, window, verdict, storing
 *   loadrun.c  a plain load as such a run's session
 *   recorder.c stores that load while it runs */
#ifndef STUDY_EXECUTOR_H
#define STUDY_EXECUTOR_H

#include "agent/corpus.h"
#include "agent/workflow.h"
#include "analysis/precision.h"
#include "load/pool.h"
#include "load/shards.h"
#include "probe/sampler.h"
#include "store/store.h"
#include "study/calibration.h"
#include "study/execute.h"
#include "study/plan.h"
#include "study/recorder.h"

enum { RATES_KEPT = 64 };

struct executor {
    const struct study *study;
    const struct execute_options *options;
    struct execute_summary *summary;
    struct arena arena;
    struct corpus corpus;
    struct plan plan;
    struct store *store;
    struct server_spec *specs;   /* the study's, threads divided */
    struct server **servers;     /* owned; one per spec */
    struct driver_server *views; /* the driver's view of each */
    struct workflow_spec *flows; /* one per agent, prompts fitted */
    struct sampler *sampler;
    char stratum[65];
    struct calibration calibration; /* ceilings of 0: this host was not calibrated */
    char *work_dir;
    double prompt_rate[RATES_KEPT]; /* of uncached prompts seen so far, tok/s */
    size_t n_prompt_rates;
    int64_t stream_bytes; /* memory of a stream, the largest seen; 0: not measured */
    /* the run in progress, for the driver's callbacks */
    struct run *run;
    struct stage *stage;
    struct recorder *recorder; /* of a plain load; NULL: the callbacks store */
    volatile int stop;         /* ends the window: options->stop, or the recorder has failed */
    int store_code;            /* first failure of storing inside the window */
    struct err store_err;
};

/* Tells what has become of a run. */
void executor_tell(const struct executor *x, const struct run *r);
void executor_say(struct executor *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* bench.c */
int bench_start(struct executor *x, struct err *e);
int bench_fit_prompts(struct executor *x, struct err *e);
/* Restarts what crashed, then brings every server into the study's starting state; *json (arena) says how. */
int bench_prepare_run(struct executor *x, const char **json, struct err *e);
void bench_stop(struct executor *x);

/* What one run needs besides the record. */
struct stage {
    struct workflow *flow[64];
    struct driver_session sessions[64];
    size_t n;
    struct pool **pool; /* of a load, one for each session; NULL */
    struct schedule schedule;
    int64_t *at_ns; /* the schedule's, those of each session together; owned */
    struct trace trace;
    struct run_tally tally; /* of the run's requests, after the window */
    struct precision_rule precision;
    struct precision_watch watch; /* its rule NULL: the load does not stop by precision */
};

/* loadrun.c: sets the stage for a load: all that is decided before the window. */
int load_set(struct executor *x, const struct study_load *l, int32_t block, struct stage *st, struct err *e);
/* Cores that the threads of a load leave to others: one for the servers that run here because of us. */
size_t load_spare_cores(const struct executor *x);
/* Stores what the client is: its threads and what a stream costs it. */
int load_note_client(struct executor *x, const struct stage *st, const struct shards *s, struct err *e);
/* Stores what the record does not show of how a load was made. */
int load_note(struct executor *x, const struct run *r, const struct stage *st, struct err *e);
/* Told of every recorded request of a load, by one thread at a time: stops it when its precision is reached. */
void load_look(struct stage *st, const struct request *r);

/* onerun.c */
int onerun(struct executor *x, const struct plan_row *row, struct err *e);

#endif
