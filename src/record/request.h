/* record: the raw record of one run, and what follows from it alone.
 *
 * Owns: chunks, requests, sessions, runs, their outcomes and flags, metrics, health and verdicts.
 * Must not know: sockets, servers, files, or another run. Everything here is plain data and pure functions.
 *
 * request.h: one call to a server, from planned time to last byte. */
#ifndef RECORD_REQUEST_H
#define RECORD_REQUEST_H

#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"
#include "record/chunk.h"
#include "record/outcome.h"

/* The nine stamps, always in this order, always mono_ns, MONO_NONE when not taken: planned       when the
 * plan wanted it sent (for a barrier: its release; for a next stage: the last one's done) ready
 * when the session had built it sent          the kernel's transmit stamp of the request's last byte
 * first_byte    the first byte of the response, head included first_chunk   the first event of any kind
 * first_token   the first event with text, reasoning included first_answer  the first event with text that
 * is not reasoning last_token    the last event with text done          the last byte of the response, or
 * the end of the attempt */
#define STAMP_LIST(X)                                                                                                  \
    X(PLANNED, "planned")                                                                                              \
    X(READY, "ready")                                                                                                  \
    X(SENT, "sent")                                                                                                    \
    X(FIRST_BYTE, "first_byte")                                                                                        \
    X(FIRST_CHUNK, "first_chunk")                                                                                      \
    X(FIRST_TOKEN, "first_token")                                                                                      \
    X(FIRST_ANSWER, "first_answer")                                                                                    \
    X(LAST_TOKEN, "last_token")                                                                                        \
    X(DONE, "done")

enum stamp {
#define X(name, word) STAMP_##name,
    STAMP_LIST(X)
#undef X
        STAMP_COUNT
};

/* What the server says of itself: durations in ns and counts, -1 when it does not say. */
struct usage {
    int64_t total_ns, load_ns, prompt_eval_ns, eval_ns;
    int64_t prompt_tok;     /* tokens of the prompt, cached ones included when the server says so */
    int64_t completion_tok; /* tokens generated */
    int64_t cached_tok;     /* prompt tokens answered from a cache */
    int64_t context_ids; /* tokens of the whole prompt and the answer: the length of Ollama's `context` array; with it
                               silent truncation can be proven */
};
#define USAGE_NONE ((struct usage){-1, -1, -1, -1, -1, -1, -1, -1})

/* chimera-engine's own stamps, CLOCK_MONOTONIC of the same host; MONO_NONE when not given. */
struct engine_stamps {
    mono_ns queued_ns, prefill_start_ns, prefill_end_ns;
    mono_ns *token_ns; /* owned; n of them */
    size_t n;
};

struct request {
    int64_t seq;       /* number within the run, from 0, without gaps */
    int32_t session;   /* number of the session within the run */
    int32_t turn;      /* number within the session, from 0 */
    const char *agent; /* names: borrowed from the study or the arena of a loaded run; may be NULL */
    const char *stage; /* "analysis", "report", … */
    const char *server, *backend, *model;

    enum outcome outcome;
    unsigned flags;  /* enum request_flag */
    int http_status; /* 0: none came */
    int64_t num_ctx; /* context the server was asked or configured for, -1 unknown */
    int64_t max_tok; /* output limit that was sent, -1 none */

    /* what each chunk touches stands together: with a thousand streams it is never in the cache */
    mono_ns stamp[STAMP_COUNT];
    struct chunk_list chunks;
    struct str text; /* the answer */

    struct usage usage;
    struct engine_stamps engine;
    int64_t bytes_in, bytes_out; /* on the wire, TLS excluded */
    mono_ns rtt_ns;              /* from TX_ACK of the request, MONO_NONE when unknown */

    struct str prompt;        /* what was asked: the messages as JSON, or the completion prompt */
    char prompt_sha256[65];   /* of `prompt`; "" when not kept */
    struct str reasoning;     /* what came as reasoning */
    char text_sha256[65];     /* of `text` */
    struct str error;         /* the error's sentence; empty when ok */
    struct str finish_reason; /* the server's word: stop, length, unload, … */
    struct str not_applied;   /* options the backend or server could not honour, comma separated */
};

void request_init(struct request *r);
void request_release(struct request *r);
const char *stamp_word(enum stamp s);

/* Derives the flags that counts and timers prove (context_truncated, cached_prefix, cold, length; see
 * request.c for each rule with its source) and `empty` or `no_done` from what came. Called once, after the
 * last byte. `degenerate` is request_check_text's. The prompt rate of cached_prefix is compared with
 * `cold_prompt_rate` (tok/s of the run's uncached prompts; 0 unknown). */
void request_derive(struct request *r, double cold_prompt_rate);

/* Sets REQUEST_DEGENERATE where text/sanity finds so; about 70 ns a byte. Before the request is stored, as its text may not be. */
void request_check_text(struct request *r);

/* Checks that stamps are in causal order; returns NULL or the first broken pair as words ("sent >
 * first_byte"). */
const char *request_stamps_fault(const struct request *r);

#endif
