/* One execution of one arm in one block: its sessions, its requests, its health and its verdict. Plain
 * data: load/ fills it, store/ writes and reads it, metric/ and analysis/ compute from it. */
#ifndef RECORD_RUN_H
#define RECORD_RUN_H

#include <stdint.h>

#include "record/health.h"
#include "record/request.h"

/* One client's dialogue within a run. */
struct session {
    int32_t number;
    const char *agent;        /* name of the agent; "load" for plain requests */
    const char *server;       /* name of the server it talks to */
    mono_ns released_ns;      /* when the barrier opened for it; of a load with a warm-up: when the window began */
    mono_ns started_ns;       /* when it began to act */
    mono_ns ended_ns;         /* when its last step (the report written) was finished */
    bool ok;                  /* every stage completed */
    const char *error;        /* why not; NULL */
    const char *quality_json; /* agent/: keyword score, grounding, sanity as one JSON object; NULL for plain load */
    const char *report_md;    /* the report the agent wrote; NULL for plain load */
};

#define RUN_STATE_LIST(X)                                                                                              \
    X(PLANNED, "planned")                                                                                              \
    X(RUNNING, "running")                                                                                              \
    X(COMPLETE, "complete")                                                                                            \
    X(ABORTED, "aborted")

enum run_state {
#define X(name, word) RUN_##name,
    RUN_STATE_LIST(X)
#undef X
        RUN_STATE_COUNT
};

struct run {
    int64_t id;       /* of the result file */
    int32_t position; /* place in the plan, from 0 */
    int32_t block;    /* from 0 */
    int32_t attempt;  /* from 0; an aborted run is repeated as the next attempt and its rows stay */
    const char *arm;
    enum run_state state;
    const char *stratum; /* hash of the host facts it ran under */
    int64_t wall_ns;     /* wall time at the start, for people; MONO_NONE: not known (of imported runs) */
    mono_ns started_ns, ended_ns;
    struct session *sessions;
    size_t n_sessions;
    /* First those of the window, which every number is over, then those of the warm-up; each part in the order of seq. */
    struct request *requests;
    size_t n_requests, n_warmup;
    struct health health;
    int verdict;             /* enum verdict of record/verdict.h */
    const char *verdict_why; /* the rules that fired, separated by "; "; "" when VALID */
    const char *start_state; /* proof of the servers' starting state as a JSON object */
};

const char *run_state_word(enum run_state s);
int run_state_find(const char *word);

/* Puts the requests with the flag warmup behind the others and counts them: from n_requests over all, once. */
void run_part_warmup(struct run *r);

/* The accounting identity of the window: planned = completed + failed (by cause) + cancelled + unsent. */
struct run_counts {
    int64_t planned, completed, failed, cancelled, unsent;
    int64_t by_outcome[OUTCOME_COUNT];
};
struct run_counts run_count(const struct run *r);
bool run_counts_balance(const struct run_counts *c);

/* The same counts, request by request in any order. Requests are numbered 0 … n-1 when they are planned, those of the
 * warm-up among them, which are counted apart. A number that is given twice, far out of range, or has no known outcome
 * is counted as planned but nowhere else, and one that is missing too, so that the identity breaks instead of hiding it.
 * Zero-initialised is empty and valid. */
struct request_counter {
    struct run_counts counts;
    int64_t n;                 /* requests added */
    int64_t numbers, n_warmup; /* numbers given out, as far as is known; of the warm-up */
    uint64_t *seen;            /* owned; a bit for each number */
    size_t words;              /* of 64 numbers */
};
void request_counter_add(struct request_counter *c, const struct request *r);
void request_counter_release(struct request_counter *c);

#endif
