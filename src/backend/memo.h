/* The shape of a stream's ordinary text event, learned from the first one; private to backend/.
 *
 * Nearly every event of a stream is the same JSON with another text in it (and, from Ollama, another
 * created_at):
 *
 *     {"choices":[{"delta":{"content":"  text  "}}],"created":1,"id":"x"}
 *     └─────────────── before ────────┘       └──────── after ──────────┘
 *
 * An event that has the same bytes around the same holes, and in the holes only characters that need no
 * escape, is the same JSON value with other strings, so it is read without parsing. Everything else takes
 * the slow path; nothing is guessed. */
#ifndef BACKEND_MEMO_H
#define BACKEND_MEMO_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/backend.h"

struct backend_memo *memo_new(void); /* freed with free() */
void memo_forget(struct backend_memo *m);

/* Learns from an event that was read the slow way and changed nothing but `out->text`. `text` is its text
 * and `other` a string before it that differs from event to event (SPAN_NONE: none); both are offsets into
 * p by value of `at`. */
void memo_learn(struct backend_memo *m, const char *p, size_t n, struct span text, struct span other,
                enum chunk_kind kind);
/* True: the event has the learned shape; kind and text (borrowed from p) are set. */
bool memo_match(const struct backend_memo *m, const char *p, size_t n, struct event *out);

#endif
