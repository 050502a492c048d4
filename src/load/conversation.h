/* conversation.h: a dialogue of several turns: planned before the window (lengths, pauses), and the history that each
 * request carries inside it. Closed inside a session: turn k leaves at the end of answer k-1 plus its pause. */
#ifndef LOAD_CONVERSATION_H
#define LOAD_CONVERSATION_H

#include "base/str.h"
#include "load/amount.h"

enum { CONVERSATION_MAX_TURNS = 1000 };

struct turn_plan {
    int64_t input_tok, output_tok; /* of this turn alone: the history comes on top */
    int64_t think_ns;              /* pause before it; 0 for the first */
};

struct conversation_spec {
    struct amount_law turns; /* 1 … CONVERSATION_MAX_TURNS; always 1: single requests */
    struct amount_law input_tok, output_tok, think_ms;
    uint64_t seed; /* of the run; each amount has a stream of its own per session */
};

/* How many turns session `number` has. */
size_t conversation_turns(const struct conversation_spec *spec, int64_t number);
/* The first n turns of session `number`; the first k of them are the same for every n >= k. n = 1 is a single request. */
void conversation_plan(const struct conversation_spec *spec, int64_t number, struct turn_plan *turns, size_t n);

enum conversation_role { CONVERSATION_SYSTEM, CONVERSATION_USER, CONVERSATION_ASSISTANT };

/* What was said so far. Zero-initialised is empty. */
struct conversation {
    struct str messages; /* owned: JSON objects separated by commas */
    size_t n;
};

/* Appends a message; bytes that are not UTF-8 become U+FFFD. */
void conversation_say(struct conversation *c, enum conversation_role role, const char *text, size_t n);
/* {"messages": […]} and the members of the object extra_json (NULL: none), replaced in *out: the whole history as
 * ask.extra_body_json of a chat request. */
void conversation_body(const struct conversation *c, const char *extra_json, struct str *out);
void conversation_release(struct conversation *c);

#endif
