/* One generation on its way through the worker. The loop fills the first part and submits the job; from then on the
 * second part belongs to the worker until it has handed out the job's END event, its last word about the job. */
#ifndef ENGINE_JOB_H
#define ENGINE_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/gate.h"
#include "engine/sampling.h"

enum finish {
    FINISH_NONE,
    FINISH_EOS,       /* the model ended its turn */
    FINISH_STOP,      /* a stop string was completed */
    FINISH_LIMIT,     /* max_tokens reached */
    FINISH_CONTEXT,   /* the context is full */
    FINISH_CANCELLED, /* the client left */
    FINISH_ERROR      /* see err */
};

struct tokens {
    int32_t *at; /* owned */
    size_t n, cap;
};

void tokens_add(struct tokens *t, int32_t id);
void tokens_release(struct tokens *t);

struct job {
    /* the loop's */
    struct tokens prompt;
    int64_t max_tokens; /* < 0: as many as the context takes */
    struct sampling sampling;
    const struct span *stops; /* borrowed until the END event */
    size_t n_stops;
    bool cache_prompt;
    mono_ns received_ns, queued_ns;
    atomic_bool cancelled;

    /* the worker's */
    mono_ns prefill_start_ns, prefill_end_ns, done_ns;
    struct tokens output; /* every sampled token, the ending one too */
    mono_ns *token_ns;    /* owned; when each was sampled */
    size_t cap_token_ns;
    size_t n_cached; /* prompt tokens that were in the cache already */
    uint32_t seed;   /* the one that was used */
    enum finish finish;
    struct err err;

    struct job *next; /* in the queue */
};

void job_release(struct job *j); /* what it owns, not itself */
void job_token(struct job *j, int32_t id, mono_ns at);

/* What the worker tells the loop. TEXT covers one or more tokens whose bytes became showable together. */
enum event_kind { EVENT_TEXT, EVENT_END };

struct event {
    struct job *job;
    enum event_kind kind;
    int n_tokens;
    mono_ns stamp;  /* of the last token in it */
    size_t at, len; /* its text, in events.bytes */
};

struct events {
    struct event *list;
    size_t n, cap;
    struct str bytes;
};

void events_add(struct events *e, struct job *job, enum event_kind kind, int n_tokens, mono_ns stamp, struct span text);
void events_clear(struct events *e);
void events_release(struct events *e);

#endif
