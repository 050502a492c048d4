/* case.h: reads a case: who asks and how, the bytes and the timing that a server sends, what is right then. The format
 * is described in doc/conformance.md. The reader and the player (player.h) use nothing of httpd/ or of the
 * client: a fault in our own parsers cannot hide from them. */
#ifndef STUB_CASE_H
#define STUB_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

enum {
    CASE_MAX_FILE_BYTES = 1 << 20,
    CASE_MAX_STEPS = 4096,
    CASE_MAX_BYTES = 64 << 20, /* of all that is sent, written out */
    CASE_MAX_CONNECTIONS = 16,
    CASE_MAX_MARKS = 16,
    CASE_MAX_EXPECTS = 256,
    CASE_MAX_ASKS = 16
};

/* ---- the script ---- */

enum case_op {
    CASE_REQUEST,    /* read one whole request */
    CASE_SEND,       /* send bytes */
    CASE_WAIT,       /* at least so long */
    CASE_MARK,       /* note the time under a name */
    CASE_CLOSE,      /* both directions */
    CASE_HALF_CLOSE, /* nothing more is sent; reading goes on */
    CASE_RESET,      /* close with RST */
    CASE_STALL       /* do nothing until the client closes */
};

struct case_step {
    enum case_op op;
    struct str bytes; /* SEND; owned */
    int64_t times;    /* SEND: how often, at least 1 */
    size_t piece;     /* SEND: bytes at once; 0: all */
    mono_ns pause_ns; /* WAIT; SEND: between two times or pieces */
    int mark;         /* MARK: index */
};

struct case_connection {
    size_t first, n; /* its steps */
};

/* ---- what is right ---- */

/* Word of the key behind `expect`, and what its text is: read by who judges, as what it names is not known here. */
#define CASE_EXPECT_LIST(X)                                                                                            \
    X(OUTCOME, "outcome")                                                                                              \
    X(FLAGS, "flags")                                                                                                  \
    X(STATUS, "status")                                                                                                \
    X(TEXT, "text")                                                                                                    \
    X(REASONING, "reasoning")                                                                                          \
    X(FINISH, "finish")                                                                                                \
    X(ERROR, "error")                                                                                                  \
    X(PROMPT_TOK, "prompt_tok")                                                                                        \
    X(COMPLETION_TOK, "completion_tok")                                                                                \
    X(CACHED_TOK, "cached_tok")                                                                                        \
    X(CHUNKS, "chunks")                                                                                                \
    X(MERGED, "merged")                                                                                                \
    X(STAMP, "stamp")                                                                                                  \
    X(METRIC, "metric")                                                                                                \
    X(CONNECTIONS, "connections")                                                                                      \
    X(REQUESTS, "requests")                                                                                            \
    X(ASKED, "asked")                                                                                                  \
    X(NOT_ASKED, "not_asked")

enum case_expect_key {
#define X(name, word) CASE_EXPECT_##name,
    CASE_EXPECT_LIST(X)
#undef X
        CASE_EXPECT_COUNT
};

struct case_expect {
    enum case_expect_key key;
    int request;      /* from 0: of which question; 0 where it is about all */
    long line;        /* of the file, 1-based */
    struct span text; /* the rest of the line, escapes resolved; NUL behind it */
};

/* ---- a case ---- */

/* Durations in ns, sizes in bytes; -1: not given. */
struct case_limits {
    int64_t connect_ns, first_byte_ns, idle_ns, total_ns;
    int64_t head_bytes, line_bytes, event_bytes, body_bytes, drip_bytes_per_s;
};

struct stub_case {
    const char *why;     /* one sentence: what goes wrong where this is not right */
    const char *backend; /* a name of backend/, not checked here */
    bool chat, stream;
    bool listens;       /* false: connections are refused */
    int asks;           /* questions of the client, one after another */
    mono_ns think_ns;   /* pause of the client before each further question */
    int64_t num_ctx;    /* context the client believes in; -1 unknown */
    int64_t max_tokens; /* limit that the client sends */
    struct case_limits limits;

    struct case_step *steps; /* owned */
    size_t n_steps;
    struct case_connection connection[CASE_MAX_CONNECTIONS];
    int n_connections; /* the last one is played for all further connections, too */
    const char *mark[CASE_MAX_MARKS];
    int n_marks;
    struct case_expect expect[CASE_MAX_EXPECTS];
    int n_expects;
    struct arena arena; /* owned: all text */
};

/* Reads the file's bytes. ERR_INPUT or ERR_LIMIT with "NAME:LINE: " in front. The case is to be released also after a
 * failure. */
int case_parse(struct stub_case *c, const char *name, const char *p, size_t n, struct err *e);
int case_read(struct stub_case *c, const char *path, struct err *e);
void case_release(struct stub_case *c);

const char *case_expect_word(enum case_expect_key k);
int case_find_mark(const struct stub_case *c, struct span name); /* -1: no such mark */
/* "20ms", "1.5s", "300us": whole text; false when it is none or over an hour. */
bool case_duration(struct span text, mono_ns *out);

#endif
