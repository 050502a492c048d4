/* load: when each session acts, and the generator's watch over itself.
 *
 * Owns: the measured window: sessions as state machines over net/'s client and a backend, the barrier, the schedule, the
 * filling of struct run. Must not know: what an agent is, where results go, how servers are started.
 *
 * driver.h: runs the sessions of one run. There is one way that time is taken: an agent, a closed loop of two hundred and
 * an open loop go through the same code. A session asks through session_ops.next, inside the window but between
 * requests: at the start, after each finished request, and, in an open loop, ahead of each arrival. */
#ifndef LOAD_DRIVER_H
#define LOAD_DRIVER_H

#include "backend/backend.h"
#include "base/clock.h"
#include "base/err.h"
#include "net/client.h"
#include "record/run.h"

/* SESSION_ANEW: as ASK, and the question begins a dialogue, which is a session of its own in the record: request.session is
 * its number (record/tally.h makes the sessions of it). All sessions of a run are dialogues then, and the driver has one. */
enum session_next { SESSION_ASK, SESSION_ANEW, SESSION_FINISHED, SESSION_FAILED };

struct session_ops {
    /* Builds the session's next question from its last request (NULL at the start; readable until next returns, and for
     * ever after when the run keeps its requests). *at is when it leaves if it leaves at once, from the window's start:
     * below 0 in the warm-up; a closed loop may make it later, from its second question on. ASK and ANEW: *ask, *stage are
     * set and borrowed until the next call. FINISHED and FAILED end the session; *why (FAILED) is borrowed. */
    enum session_next (*next)(void *user, const struct request *last, struct ask *ask, const char **stage, mono_ns *at,
                              const char **why);
    /* Told the number of each dialogue that an ANEW began, before anything else. NULL: next never answers ANEW. */
    void (*begun)(void *user, int32_t dialogue);
};

/* A server as the driver sees it. All borrowed. */
struct driver_server {
    const char *name, *model;
    const struct backend *backend;
    const struct endpoint *endpoint;
    const struct client_options *client; /* headers, key, CA */
    bool engine_stamps;                  /* it is chimera-engine */
    int64_t num_ctx;                     /* context per request, -1 unknown */
};

struct driver_session {
    const char *agent; /* name, borrowed for the life of the run */
    int server;        /* index into servers */
    const struct session_ops *ops;
    void *user;
    /* Closed loop: so many questions in flight, each asked when the one before it ended. 0: 1, as an agent. Open loop:
     * connections opened and questions built ahead. */
    size_t width;
    /* Open loop: one question at each of these offsets from the release, ascending, whatever became of the others; `last`
     * of next is NULL. Borrowed. NULL: closed loop. */
    const int64_t *at_ns;
    size_t n_at;
    /* Open loop: arrivals begin dialogues. After each answer next is asked what follows; FINISHED: nothing. */
    bool dialogues;
    mono_ns warmup_ns; /* the window begins so long after the release: requests planned earlier are flagged warmup */
};

/* Where the window is. */
struct driver_moment {
    mono_ns now;
    int64_t in_flight, chunks; /* chunks: so far */
    double loop_busy;          /* share of the window so far that the loop was not waiting */
};

struct driver_spec {
    const struct driver_server *servers;
    size_t n_servers;
    const struct driver_session *sessions; /* all released together */
    size_t n_sessions;
    struct call_limits limits;
    bool spin;                /* a core is free for exact timers */
    double cold_prompt_rate;  /* tok/s of uncached prompts seen so far, 0 unknown: for the cached_prefix flag */
    const volatile int *stop; /* set by a signal handler: cancel what is in flight and return; may be NULL */
    /* Called outside the measured path after each finished request (already derived): judge its text, store it. May be
     * NULL. */
    void (*on_request)(void *user, struct request *r);
    /* Takes each request (from malloc) when its end is known and on_request was called, also those that were cancelled or
     * never sent; the run then keeps none. Called in the driver's thread, so from several at once when several drivers
     * share it. NULL: driver_run gives them all in the run. */
    void (*take)(void *user, struct request *r);
    /* Called when the first questions are built: waits for others and gives the moment of the release, which the driver
     * then waits for; MONO_NONE: nothing is sent, the run ends as interrupted. NULL: at once. */
    mono_ns (*barrier)(void *user);
    _Atomic int64_t *next_seq;      /* numbers the requests of all drivers of one run; NULL: this is the only one */
    _Atomic int32_t *next_dialogue; /* the same for dialogues */
    /* Called about every 100 ms: progress, probes. May be NULL. */
    void (*on_tick)(void *user, const struct driver_moment *m);
    void *user;
};

struct driver;
/* Opens the connections and warms the stamps: before the window. */
int driver_new(struct driver **out, const struct driver_spec *spec, struct err *e);
void driver_free(struct driver *d);
/* The window: releases the barrier and runs until every session ended or *stop. Fills r's started/ended, sessions,
 * requests (unless taken) and the client's part of health, but for what the requests tell of it (record/tally.h); names in
 * them are borrowed from the spec. Requests that fail are data; a negative code is only for a fault of ours or
 * ERR_INTERRUPTED. */
int driver_run(struct driver *d, struct run *r, struct err *e);
/* Frees what driver_run filled. */
void driver_run_release(struct run *r);

#endif
