/* The stub's log: JSON Lines, one generation request a line, written when it ended; per send only three numbers are stored
 * meanwhile, in memory that was taken when the request came.
 *
 *   n              number of the request, from 1, as rules count it
 *   conn, on_conn  number of the connection, and of the request on it (other routes' requests counted): 2 or more is reuse
 *   route, stream, fault, end: "done", "fault", "gone" (the client left) or "stopped"
 *   prompt_tok, kept_tok (behind a cut), tokens, chunks (text chunks sent)
 *   t_read         the request was fully read; all t_ and _ns are CLOCK_MONOTONIC
 *   t_start        service began: t_start - t_read is the wait for a slot; null: never
 *   load_ns, prompt_ns, first_ns: the parts of the time to the first chunk at full speed
 *   due_ns, sent_ns, sent_bytes: one entry a send: when it should have been, the clock right before the write, and the bytes
 *                  handed to the socket or queued behind earlier ones, HTTP framing included
 *   blocked        sends that the socket did not take at once
 *   bytes          of the whole answer
 *   t_end          the last write, or the moment the client was found gone */
#ifndef STUB_LOG_H
#define STUB_LOG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

struct log_send {
    mono_ns due, at;
    uint64_t bytes_after; /* of the answer so far */
};

struct log_entry {
    uint64_t number, connection, on_connection;
    const char *route, *fault; /* constant texts; fault NULL: none */
    bool stream;
    int64_t prompt_tok, kept_tok, tokens, chunks;
    mono_ns t_read, t_start, t_end; /* MONO_NONE: null */
    mono_ns load_ns, prompt_ns, first_ns;
    struct log_send *sends; /* owned */
    size_t n_sends, cap_sends;
    uint64_t blocked, bytes;
};

struct log {
    FILE *file; /* NULL: no log is kept */
    struct str line;
};

int log_open(struct log *l, const char *path, struct err *e);
/* ERR_IO when something could not be written. */
int log_close(struct log *l, struct err *e);
void log_write(struct log *l, const struct log_entry *entry, const char *end);
void log_reserve(struct log_entry *entry, size_t sends);
void log_send(struct log_entry *entry, mono_ns due, mono_ns at, uint64_t bytes_after);

#endif
