/* How a request ended: one word of one list, and the flags that a completed request may carry besides.
 * `chimera list outcomes` and the report are made from these tables. */
#ifndef RECORD_OUTCOME_H
#define RECORD_OUTCOME_H

#include "base/str.h"

#define OUTCOME_LIST(X)                                                                                                \
    X(OK, "ok", "completed: its terminator came and it carried text")                                                  \
    X(HTTP_ERROR, "http_error", "an HTTP status of 300 or more without an error body we know")                         \
    X(API_ERROR, "api_error", "an error object of the API, with any status (200 included)")                            \
    X(CONNECT_ERROR, "connect_error", "no connection: refused, unreachable, TLS failed, name not found")               \
    X(TIMEOUT_CONNECT, "timeout_connect", "no connection within the connect limit")                                    \
    X(TIMEOUT_FIRST_BYTE, "timeout_first_byte", "connected and sent, but no byte came within the limit")               \
    X(TIMEOUT_IDLE, "timeout_idle", "the stream stood still longer than the idle limit")                               \
    X(TIMEOUT_TOTAL, "timeout_total", "not finished within the total limit")                                           \
    X(RESET, "reset", "the connection broke before the end of the response")                                           \
    X(NO_DONE, "no_done", "the response ended cleanly but without its terminator")                                     \
    X(EMPTY, "empty", "completed without any text")                                                                    \
    X(REFUSED, "refused", "the server declined the work: 429, 503, or a prompt over its context")                      \
    X(PARSE_ERROR, "parse_error", "the bytes are not the HTTP, SSE, NDJSON or JSON they claim to be")                  \
    X(CANCELLED, "cancelled", "ended by us before its end")                                                            \
    X(UNSENT, "unsent", "planned, but never sent")                                                                     \
    X(UNTOLD, "untold", "failed in another tool, whose file does not say how: imports only")

enum outcome {
#define X(name, word, what) OUTCOME_##name,
    OUTCOME_LIST(X)
#undef X
        OUTCOME_COUNT
};

/* Flags of a request; bits are stored, never renumbered. */
#define REQUEST_FLAG_LIST(X)                                                                                           \
    X(LENGTH, 0, "length", "ended at the token limit, not by the model")                                               \
    X(DEGENERATE, 1, "degenerate", "repetition loop or mostly non-text output")                                        \
    X(CONTEXT_TRUNCATED, 2, "context_truncated", "the server cut the prompt; proven by its token counts")              \
    X(CACHED_PREFIX, 3, "cached_prefix", "the prompt was answered from a prefix cache, in part or whole")              \
    X(COLD, 4, "cold", "the model was loaded for this request")                                                        \
    X(RECONNECTED, 5, "reconnected", "a new connection was opened for it")                                             \
    X(UNSTAMPED_SEND, 6, "unstamped_send", "`sent` is our clock after the write, not the kernel's stamp")              \
    X(WARMUP, 7, "warmup", "planned before the window began: sent and kept, and in no number")

enum request_flag {
#define X(name, bit, word, what) REQUEST_##name = 1u << (bit),
    REQUEST_FLAG_LIST(X)
#undef X
};

const char *outcome_word(enum outcome o);
const char *outcome_what(enum outcome o);
int outcome_find(const char *word); /* -1: no such word */
/* Appends the words of set flags separated by `separator`. */
void request_flags_words(unsigned flags, const char *separator, struct str *out);
struct word_what {
    const char *word, *what;
};
/* Row i of the flag table; word is NULL behind the last. */
struct word_what request_flag_row(int i);

#endif
