/* trace.h: recorded workloads: when requests came, how long they were, what they shared. Read before the window, from
 * the files in which they are published:
 *
 *   mooncake  JSON lines: timestamp (ms), input_length, output_length, hash_ids; session_id where there is one
 *   azure     CSV or JSON lines: TIMESTAMP (ISO 8601), ContextTokens, GeneratedTokens; further columns are passed over
 *   burstgpt  CSV: Timestamp (s), Request tokens, Response tokens; Session ID in version 2
 *   sharegpt  a JSON array or JSON lines: conversations of {from, value} or {role, content}; no times, no counts
 *
 * Columns are found by their header. Which format and which unit of time a file has is detected, and the reason is kept
 * with the trace, because copies of the same trace go round in s and in ms. */
#ifndef LOAD_TRACE_H
#define LOAD_TRACE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "load/schedule.h"

#define TRACE_FORMAT_LIST(X)                                                                                           \
    X(MOONCAKE, "mooncake")                                                                                            \
    X(AZURE, "azure")                                                                                                  \
    X(BURSTGPT, "burstgpt")                                                                                            \
    X(SHAREGPT, "sharegpt")
#define TRACE_UNIT_LIST(X)                                                                                             \
    X(S, "s")                                                                                                          \
    X(MS, "ms")                                                                                                        \
    X(US, "us")                                                                                                        \
    X(NS, "ns")                                                                                                        \
    X(ISO, "iso8601")

enum trace_format {
    TRACE_ANY_FORMAT, /* in a spec: detect it */
#define X(name, word) TRACE_##name,
    TRACE_FORMAT_LIST(X)
#undef X
};

enum trace_unit {
    TRACE_ANY_UNIT, /* in a spec: detect it; in a trace: it has no times */
#define X(name, word) TRACE_UNIT_##name,
    TRACE_UNIT_LIST(X)
#undef X
};

#define TRACE_MAX_FILE_BYTES ((size_t)1 << 30)
#define TRACE_MAX_KEPT_BYTES ((size_t)1 << 30) /* of texts, hash ids and session names */
enum {
    TRACE_MAX_ROWS = 5 * 1000 * 1000,       /* kept; 400 MB */
    TRACE_MAX_TOK = 100 * 1000 * 1000,      /* of one request */
    TRACE_MAX_DOC_BYTES = 16 * 1024 * 1024, /* one JSON line, one element of an array */
};

enum trace_role { TRACE_USER, TRACE_ASSISTANT, TRACE_SYSTEM };

struct trace_turn {
    enum trace_role role;
    const char *text; /* NUL-terminated, no NUL inside */
};

struct trace_row {
    int64_t at_ns;                 /* from the window's start, scaled; 0 where the trace has no times */
    int64_t input_tok, output_tok; /* -1: the trace does not say */
    long line;                     /* of the file, 1-based */
    const int64_t *hash_ids;       /* of the prompt's blocks, equal ids are equal prefixes; NULL */
    size_t n_hash_ids;
    const char *session; /* rows of one session share it; NULL */
    const struct trace_turn *turns;
    size_t n_turns;
};

struct trace_spec {
    enum trace_format format;
    enum trace_unit unit;   /* of numbers; a file with ISO 8601 times refuses another */
    double speed;           /* > 0: 2 makes twice the load in half the time; 0 is 1 */
    int64_t from_ns, to_ns; /* keep from <= t < to, t from the first row's time and before scaling; to 0: the end */
    int64_t count;          /* keep the first so many in the order of the file; 0: all */
};

struct trace {
    enum trace_format format;
    enum trace_unit unit;
    struct str format_why, unit_why; /* sentences for people */
    bool has_times;
    struct trace_row *rows; /* owned; ascending at_ns, equal times in the order of the file */
    size_t n;
    int64_t block_tok; /* tokens of one hash id: 512, 64 or 16 where every row agrees; 0: unknown */
    size_t n_outside;  /* rows before `from` or behind `to` */
    size_t n_empty;    /* rows without input or output tokens (failed requests), conversations without a user's text */
    size_t n_out_of_order; /* rows with a time before the one above; sorted in */
    struct arena arena;    /* of ids, names, texts */
    size_t kept_bytes;
};

/* Reads the file, twice over its bytes: the first rows for the unit, then all. Errors name file and line: ERR_INPUT for
 * what a line says, ERR_LIMIT for sizes, ERR_USAGE for a spec that does not fit the file. A trace of which the window
 * keeps nothing is ERR_INPUT. *out is empty after an error. */
int trace_read(struct trace *out, const char *path, const struct trace_spec *spec, struct err *e);
/* The same from bytes; nothing of them is borrowed. `name` is for messages. */
int trace_read_bytes(struct trace *out, const char *name, const char *p, size_t n, const struct trace_spec *spec,
                     struct err *e);
void trace_release(struct trace *t);
/* The arrivals of the rows as a schedule; ERR_USAGE when it has no times. */
int trace_schedule(const struct trace *t, struct schedule *out, struct err *e);

const char *trace_format_word(enum trace_format f);
int trace_format_find(const char *word); /* -1: unknown */
const char *trace_unit_word(enum trace_unit u);
int trace_unit_find(const char *word); /* -1: unknown */

#endif
