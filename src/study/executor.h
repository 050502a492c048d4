/* executor.h: what the parts of the executor share; private to study/.
 *
 *   execute.c  the study as a whole: result file, servers, prompts, the loop over missing runs
 *   rack.c     which server is up in each slot
 *   bench.c    facts, prompts fitted, starting states: everything outside the window
 *   guard.c    waits for a quiet, cool host
 *   ending.c   whether another block is needed and fits
 *   isolate.c  a run in a process of its own
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
    struct server_spec *specs;           /* the study's, threads divided */
    struct server **servers;             /* owned; one per spec, of which those in `up` run */
    int *up;                             /* per slot: which server; -1: none */
    int *failures;                       /* per server, in a row */
    const char **facts;                  /* per server: as last seen, of this or an earlier call; NULL: not yet */
    struct driver_server *views;         /* per slot: the driver's view of what is up there */
    size_t inventory_chars, carry_chars; /* of all prompts */
    struct sampler *sampler;
    char stratum[65];
    struct calibration calibration; /* ceilings of 0: this host was not calibrated */
    char *work_dir;
    double prompt_rate[RATES_KEPT]; /* of uncached prompts seen so far, tok/s */
    size_t n_prompt_rates;
    int64_t stream_bytes;      /* memory of a stream, the largest seen; 0: not measured */
    mono_ns began_ns, runs_ns; /* start of this call; time spent in its runs */
    /* the run in progress, for the driver's callbacks */
    struct run *run;
    struct stage *stage;
    struct start_state *start;
    struct recorder *recorder; /* of a plain load; NULL: the callbacks store */
    volatile int stop;         /* ends the window: options->stop, or the recorder has failed */
    int store_code;            /* first failure of storing inside the window */
    struct err store_err;
};

/* Opens the result file for this study's runs. */
int executor_open_store(struct executor *x, struct err *e);
/* Tells what has become of a run. */
void executor_tell(const struct executor *x, const struct run *r);
/* A fault that ends a run, but not the study. */
bool executor_is_servers_fault(int rc);
size_t executor_run_number(const struct executor *x); /* of the run in progress, among those of the plan; from 1 */
void executor_say(struct executor *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* rack.c */
/* Makes every server of the study; none is started. */
int rack_open(struct executor *x, struct err *e);
/* Has servers[slot] up in every slot; cost_ns[slot]: how long its start took, 0 where it was up. */
int rack_bring(struct executor *x, const int *servers, mono_ns *cost_ns, struct err *e);
/* Fills x->views; every slot has its server up. */
void rack_look(struct executor *x);
void rack_close(struct executor *x);
/* Says which server failed, where the message does not say it yet; gives rc back. */
int rack_named(const struct executor *x, size_t server, int rc, struct err *e);
/* The same, and counts failures in a row: of too many the server is given up. */
int rack_note(struct executor *x, size_t server, int rc, struct err *e);
bool rack_gave_up(const struct executor *x, const struct study_arm *arm); /* on one of its servers */

/* bench.c */
/* Starts every server that an arm needs once, keeps its facts and fits the prompts: a wrong configuration shows before the
 * first run. */
int bench_tour(struct executor *x, struct err *e);
/* Stores what the tour found, and the facts of the host. */
int bench_store_first(struct executor *x, struct err *e);
/* The same of a result that goes on: its prompts are those that it began with. */
int bench_resume(struct executor *x, struct err *e);
/* What an agent's workflow is made of; its server is or was up. */
struct workflow_spec bench_flow(const struct executor *x, const struct study_agent *a);

/* How the host stood when a run began, where the study asks. */
struct start_guard {
    bool looked;
    double busy_cores, temperature_c; /* by others; of the hottest sensor; NaN: not known, or not asked for */
    mono_ns waited_ns;
    int missed; /* limits that were not kept in the end */
};
/* guard.c */
int guard_wait(struct executor *x, struct start_guard *g, struct err *e);

/* How the servers stood when a run began. */
struct start_state {
    struct start_guard guard;
    struct start_slot {
        const char *server;
        struct state_proof proof;
        mono_ns start_ns;      /* that starting it for this run took; 0: it was up */
        mono_ns first_sent_ns; /* of the run's first request to it; MONO_NONE */
        int64_t first_load_ns; /* that this request told; -1: none */
    } * slot;                  /* in the executor's arena */
    size_t n;
    mono_ns start_ns; /* of all */
};
/* Brings up the servers that the arm names, those that crashed too, and puts every one into the study's starting state. */
int bench_prepare_run(struct executor *x, const struct study_arm *arm, struct start_state *st, struct err *e);
/* Told of every finished request: the first of each server shows the state that it met. */
void bench_note_load(struct start_state *st, const struct request *r);
/* Servers whose state was not what the study asks for, or not seen to be. */
size_t bench_unproven(const struct start_state *st);
/* start_state of struct run; failed: why there was no run, or NULL. */
const char *bench_start_json(struct executor *x, const struct start_state *st, const char *failed);

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

/* ending.c */
/* Asked before a block; *end: it is not to begin, which is said and noted. */
int ending_before_block(struct executor *x, int32_t block, bool *end, struct err *e);
/* Notes that no run is left. */
int ending_at_end(struct executor *x, struct err *e);
/* Whether a result without some of its blocks is complete all the same. */
bool ending_was_enough(struct store *s, struct arena *a);

/* onerun.c */
enum run_end {
    RUN_DONE,
    RUN_AGAIN, /* kept as an aborted attempt, because its servers failed or were not in the state asked for */
    RUN_FAILED /* the same, and there is no point in another attempt */
};
struct run_job {
    const struct plan_row *row;
    const struct study_arm *arm;
    struct start_state *start;
    bool last;          /* what comes of it counts, even when the starting state could not be proven */
    const char *failed; /* why there can be no window; NULL */
};
/* Brings the servers into their state, then the run. */
int onerun(struct executor *x, const struct plan_row *row, bool last, enum run_end *end, struct err *e);
/* The run itself: its window, its verdict, its rows. */
int onerun_carry(struct executor *x, const struct run_job *job, enum run_end *end, struct err *e);

/* isolate.c: the same in a process of its own, whose crash is a failed run. */
int isolate_run(struct executor *x, const struct run_job *job, enum run_end *end, struct err *e);

#endif
